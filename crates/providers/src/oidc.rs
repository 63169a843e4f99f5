//! An issuer of OpenID Connect, as a client: its discovery document, its keys, and the exchange of a code for an ID token.
//!
//! The operator names the issuer; where its endpoints are, its own document says. So each address is looked at before it is
//! asked, redirects are not followed, and time and size are bounded. Nothing that the issuer says is repeated.

mod id_token;

use std::sync::Arc;
use std::time::Duration;

use domain::access::oidc::{Claims, Expected, Person, TokenFault};
use domain::{Secret, Timestamp};
use jsonwebtoken::jwk::JwkSet;
use reqwest::header::ACCEPT;
use reqwest::{Client, RequestBuilder};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use url::Url;
use url::form_urlencoded::byte_serialize;

use crate::bounded_body::{NoBody, bounded_body};
use crate::public_address::Reach;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// For everything that one request of a person asks of the issuer: a function has ten seconds for all of it.
const WITHIN: Duration = Duration::from_secs(6);
/// The largest answer that is read. Documents and keys are some kilobytes, an ID token with many claims a little more.
const MAX_ANSWER_BYTES: usize = 256 * 1024;
/// How long the document and the keys are held. Keys that are not among them are looked for at once.
const HELD: Duration = Duration::from_secs(60 * 60);
const DISCOVERY: &str = "/.well-known/openid-configuration";

/// How we are known at an issuer.
#[derive(Debug, Clone)]
pub struct Registration {
    /// The issuer, as its ID tokens name it.
    pub issuer: String,
    /// Our name there.
    pub client_id: String,
    /// Our secret there; none for a client that PKCE alone protects.
    pub secret: Option<Secret>,
}

/// What an attempt sends along to the issuer.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Where the issuer sends the browser back to.
    pub redirect_uri: &'a str,
    /// What it sends back with it.
    pub state: &'a str,
    /// What the ID token repeats.
    pub nonce: &'a str,
    /// What is shown of the code verifier.
    pub challenge: &'a str,
}

/// What came back from the issuer, with what the browser kept.
#[derive(Debug, Clone, Copy)]
pub struct Return<'a> {
    /// The authorization code.
    pub code: &'a str,
    /// The address that it was sent to.
    pub redirect_uri: &'a str,
    /// The code verifier.
    pub verifier: &'a Secret,
    /// What the ID token must repeat.
    pub nonce: &'a str,
}

/// Why an issuer did not identify a person. Never contains what it said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OidcError {
    /// It cannot be reached, or took too long.
    #[error("the issuer cannot be reached: {0}")]
    Unreachable(&'static str),
    /// An answer is not as the standard has it.
    #[error("the issuer's answer is not usable: {0}")]
    Answer(&'static str),
    /// The token endpoint refused the code, or our credentials.
    #[error("the issuer's token endpoint answered {status}")]
    Refused {
        /// The HTTP status.
        status: u16,
    },
    /// The ID token's signature is not one of the issuer's keys.
    #[error("the ID token's signature is not good: {0}")]
    Signature(&'static str),
    /// What the ID token says is not for us, now.
    #[error(transparent)]
    Token(#[from] TokenFault),
}

/// The client of an issuer cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoIssuer {
    /// The address must not be asked.
    #[error("the issuer is an address that begins with https:// and has neither query nor fragment")]
    Address,
    /// There is no HTTP client.
    #[error("the HTTP client cannot be used")]
    Client,
}

/// The discovery document, as far as it is of interest (OpenID Connect Discovery 1.0, 3).
#[derive(Debug, Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

/// Where the issuer is asked what.
#[derive(Debug)]
struct Endpoints {
    authorization: Url,
    token: Url,
    keys: Url,
    /// The token endpoint wants a secret in a header.
    basic: bool,
}

/// A successful answer of the token endpoint (OpenID Connect Core, 3.1.3.3).
#[derive(Deserialize)]
struct Tokens {
    id_token: Secret,
}

/// Something of the issuer's, and when it was asked for.
type Held<T> = Mutex<Option<(Instant, Arc<T>)>>;

/// Asks one issuer.
#[derive(Debug)]
pub struct Oidc {
    client: Client,
    reach: Reach,
    registration: Registration,
    host: String,
    endpoints: Held<Endpoints>,
    keys: Held<JwkSet>,
}

impl Oidc {
    /// Nothing is asked yet. An issuer on this machine may have its endpoints here, and no other may.
    ///
    /// # Errors
    /// [`NoIssuer`].
    pub fn new(registration: Registration) -> Result<Self, NoIssuer> {
        let url = Url::parse(&registration.issuer).map_err(|_| NoIssuer::Address)?;
        let is_plain = url.query().is_none() && url.fragment().is_none();
        let reaches = |reach: &Reach| is_plain && reach.check(&url).is_ok();
        let reach = [Reach::Public, Reach::AndLoopback].into_iter().find(reaches).ok_or(NoIssuer::Address)?;
        let host = url[url::Position::BeforeHost..url::Position::AfterPort].to_owned();
        let client = reach.client(CONNECT_TIMEOUT).map_err(|_| NoIssuer::Client)?;
        id_token::install();
        let (endpoints, keys) = (Mutex::default(), Mutex::default());
        Ok(Self { client, reach, registration, host, endpoints, keys })
    }

    /// The issuer's host, for people.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The issuer, as its ID tokens name it.
    pub fn issuer(&self) -> &str {
        &self.registration.issuer
    }

    /// Where a person signs in at the issuer.
    ///
    /// # Errors
    /// [`OidcError`].
    pub async fn sign_in_at(&self, request: Request<'_>) -> Result<Url, OidcError> {
        let mut url = within(self.endpoints()).await?.authorization.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.registration.client_id)
            .append_pair("redirect_uri", request.redirect_uri)
            .append_pair("scope", "openid email")
            .append_pair("state", request.state)
            .append_pair("nonce", request.nonce)
            .append_pair("code_challenge", request.challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(url)
    }

    /// The person that a code stands for.
    ///
    /// # Errors
    /// [`OidcError`].
    pub async fn identify(&self, returned: Return<'_>, now: Timestamp) -> Result<Person, OidcError> {
        within(async {
            let token = self.exchange(returned).await?;
            let claims = self.verified(token.expose()).await?;
            let Registration { issuer, client_id, .. } = &self.registration;
            Ok(claims.person(Expected { issuer, client_id, nonce: returned.nonce }, now)?)
        })
        .await
    }

    async fn exchange(&self, returned: Return<'_>) -> Result<Secret, OidcError> {
        let endpoints = self.endpoints().await?;
        let Registration { client_id, secret, .. } = &self.registration;
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", returned.code),
            ("redirect_uri", returned.redirect_uri),
            ("code_verifier", returned.verifier.expose()),
        ];
        let request = self.client.post(endpoints.token.clone());
        let request = match secret {
            Some(secret) if endpoints.basic => {
                request.basic_auth(encoded(client_id), Some(encoded(secret.expose())))
            }
            Some(secret) => {
                form.extend([("client_id", client_id.as_str()), ("client_secret", secret.expose())]);
                request
            }
            None => {
                form.push(("client_id", client_id));
                request
            }
        };
        let tokens: Tokens = self.ask(request.form(&form)).await?;
        Ok(tokens.id_token)
    }

    /// What an ID token says, if one of the issuer's keys signed it. Keys are changed from time to time: if the one is not
    /// among those that are held, they are asked for again, once. An ID token comes from the issuer alone, so that no
    /// stranger can have us ask.
    async fn verified(&self, token: &str) -> Result<Claims, OidcError> {
        let (keys, fresh) = self.keys(false).await?;
        match id_token::verified(token, &keys) {
            Err(OidcError::Signature(id_token::NO_KEY)) if !fresh => {
                id_token::verified(token, &self.keys(true).await?.0)
            }
            verified => verified,
        }
    }

    async fn endpoints(&self) -> Result<Arc<Endpoints>, OidcError> {
        let mut held = self.endpoints.lock().await;
        if let Some((at, endpoints)) = &*held
            && at.elapsed() < HELD
        {
            return Ok(Arc::clone(endpoints));
        }
        let issuer = &self.registration.issuer;
        let url = self.reached(&format!("{}{DISCOVERY}", issuer.trim_end_matches('/')))?;
        let document: Document = self.ask(self.client.get(url)).await?;
        if document.issuer != *issuer {
            return Err(OidcError::Answer("its document is another issuer's"));
        }
        let endpoints = Arc::new(Endpoints {
            authorization: self.reached(&document.authorization_endpoint)?,
            token: self.reached(&document.token_endpoint)?,
            keys: self.reached(&document.jwks_uri)?,
            basic: document.takes_basic(),
        });
        *held = Some((Instant::now(), Arc::clone(&endpoints)));
        Ok(endpoints)
    }

    /// An address that may be reached.
    fn reached(&self, address: &str) -> Result<Url, OidcError> {
        let url = Url::parse(address).ok().filter(|url| self.reach.check(url).is_ok());
        url.ok_or(OidcError::Answer("an endpoint is no public address"))
    }

    /// The issuer's keys, and whether they were asked for just now.
    async fn keys(&self, anew: bool) -> Result<(Arc<JwkSet>, bool), OidcError> {
        let mut held = self.keys.lock().await;
        if let Some((at, keys)) = &*held
            && at.elapsed() < HELD
            && !anew
        {
            return Ok((Arc::clone(keys), false));
        }
        let endpoints = self.endpoints().await?;
        let keys: Arc<JwkSet> = Arc::new(self.ask(self.client.get(endpoints.keys.clone())).await?);
        *held = Some((Instant::now(), Arc::clone(&keys)));
        Ok((keys, true))
    }

    async fn ask<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, OidcError> {
        let sent = request.header(ACCEPT, "application/json").send().await;
        let mut response = sent.map_err(|error| OidcError::Unreachable(what_failed(&error)))?;
        let status = response.status();
        if status.is_server_error() {
            return Err(OidcError::Unreachable("it answered with an error of its own"));
        }
        if !status.is_success() {
            return Err(OidcError::Refused { status: status.as_u16() });
        }
        let body = bounded_body(&mut response, MAX_ANSWER_BYTES).await.map_err(|no_body| match no_body {
            NoBody::TooLong => OidcError::Answer("it is too long"),
            NoBody::Cut(error) => OidcError::Unreachable(what_failed(&error)),
        })?;
        serde_json::from_slice(&body).map_err(|_| OidcError::Answer("it is of another shape"))
    }
}

impl Document {
    /// How the token endpoint wants a secret: in a header, unless it says otherwise (Discovery, 3).
    fn takes_basic(&self) -> bool {
        let methods = self.token_endpoint_auth_methods_supported.as_deref();
        methods.is_none_or(|methods| methods.iter().any(|method| method == "client_secret_basic"))
    }
}

async fn within<T>(asking: impl Future<Output = Result<T, OidcError>>) -> Result<T, OidcError> {
    timeout(WITHIN, asking).await.unwrap_or(Err(OidcError::Unreachable("it took too long")))
}

/// Name and secret are form-encoded before they become user and password (RFC 6749, 2.3.1).
fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

fn what_failed(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "it took too long"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection broke off"
    }
}

#[cfg(test)]
mod tests;
