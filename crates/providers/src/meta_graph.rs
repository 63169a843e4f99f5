//! Meta's Graph API, as far as texts over WhatsApp need it. Addresses, bodies and codes are the `meta` crate's.

use std::time::Duration;

use domain::Secret;
use meta::graph::{ErrorBody, Graph, MediaAddress, Outgoing, Seen, Sent};
use platform::tls;
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use url::Url;

use crate::bounded_body::bounded_body;
use crate::text_media::NotFetched;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
/// For a medium.
const MEDIA_TIMEOUT: Duration = Duration::from_secs(60);
/// The longest answer to a text is some hundred bytes.
const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// Why a text was not sent, as far as that is known. Meta's own words may quote numbers and are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// Meta has certainly not taken it.
    #[error("Meta refused the request ({code}): see its error codes")]
    Refused {
        /// Meta's error code or, where it gave none, the HTTP status.
        code: u32,
    },
    /// The request was not sent.
    #[error("Meta cannot be reached")]
    NotSent,
    /// The answer was lost, or was none: Meta may have taken it.
    #[error("it is not known whether Meta has taken the text")]
    Unknown,
    /// The settings cannot be used; why.
    #[error("Meta cannot be called: {0}")]
    Settings(&'static str),
}

/// The Graph API with one token.
#[derive(Debug, Clone)]
pub struct MetaGraph {
    client: Client,
    graph: Graph,
    token: Secret,
}

impl MetaGraph {
    /// `base` is [`meta::graph::DEFAULT_BASE`] or the simulator's address.
    ///
    /// # Errors
    /// [`GraphError::Settings`] without a TLS trust store.
    pub fn new(base: &Url, version: &str, token: Secret) -> Result<Self, GraphError> {
        let client = tls::client().map_err(|_| GraphError::Settings("no TLS trust store"))?;
        // A redirect must not carry the token to wherever it leads.
        let client = client.connect_timeout(CONNECT_TIMEOUT).redirect(Policy::none()).build();
        let client = client.map_err(|_| GraphError::Settings("no TLS provider"))?;
        Ok(Self { client, graph: Graph::new(base.as_str(), version), token })
    }

    /// Asks for a text to be sent, once, and gives Meta's name of it.
    ///
    /// # Errors
    /// [`GraphError`] tells whether it may have been sent all the same.
    pub async fn send(&self, phone_number_id: &str, text: &Outgoing<'_>) -> Result<String, GraphError> {
        let body = self.post(phone_number_id, text.to_json()).await?;
        Sent::id(&body).ok_or(GraphError::Unknown)
    }

    /// Shows the person that an answer is being written.
    ///
    /// # Errors
    /// [`GraphError`]; showing it again is safe.
    pub async fn show_writing(&self, phone_number_id: &str, message: &str) -> Result<(), GraphError> {
        self.post(phone_number_id, Seen::new(message, true).to_json()).await.map(drop)
    }

    /// Whether an address is the API's own or that of Meta's storage, which wants the token.
    pub fn is_own(&self, url: &Url) -> bool {
        let storage = |host: &str| host == "lookaside.fbsbx.com" || host.ends_with(".fbcdn.net");
        let own = Url::parse(&self.graph.media("0")).is_ok_and(|own| own.origin() == url.origin());
        own || (url.scheme() == "https" && url.host_str().is_some_and(storage))
    }

    /// Where a medium is, for a few minutes.
    ///
    /// # Errors
    /// [`NotFetched`].
    pub async fn media_address(&self, id: &str) -> Result<Url, NotFetched> {
        let get = self.client.get(self.graph.media(id)).bearer_auth(self.token.expose());
        let mut response = get.timeout(REQUEST_TIMEOUT).send().await.map_err(|_| NotFetched::Later)?;
        let body = bounded_body(&mut response, MAX_ANSWER_BYTES).await.map_err(|_| NotFetched::Later)?;
        match response.status().as_u16() {
            200..=299 => {}
            404 | 429 | 500..=599 => return Err(NotFetched::Later),
            _ => return Err(NotFetched::Refused),
        }
        let address: MediaAddress = serde_json::from_slice(&body).map_err(|_| NotFetched::Later)?;
        Url::parse(&address.url).map_err(|_| NotFetched::Refused)
    }

    /// What lies there. A redirect would carry the token away, and Meta makes none.
    ///
    /// # Errors
    /// [`NotFetched`].
    pub async fn media(&self, url: &Url) -> Result<Response, NotFetched> {
        let get = self.client.get(url.clone()).bearer_auth(self.token.expose());
        get.timeout(MEDIA_TIMEOUT).send().await.map_err(|_| NotFetched::Later)
    }

    async fn post(&self, phone_number_id: &str, json: String) -> Result<Vec<u8>, GraphError> {
        let post = self.client.post(self.graph.messages(phone_number_id)).bearer_auth(self.token.expose());
        let post = post.header(CONTENT_TYPE, "application/json").body(json).timeout(REQUEST_TIMEOUT);
        let mut response = post.send().await.map_err(|error| {
            if error.is_connect() || error.is_builder() { GraphError::NotSent } else { GraphError::Unknown }
        })?;
        let body = bounded_body(&mut response, MAX_ANSWER_BYTES).await.map_err(|_| GraphError::Unknown)?;
        let status = response.status();
        if status.is_success() {
            return Ok(body);
        }
        match ErrorBody::code(&body) {
            Some(code) => Err(GraphError::Refused { code }),
            None if status.is_server_error() => Err(GraphError::Unknown),
            None => Err(GraphError::Refused { code: u32::from(status.as_u16()) }),
        }
    }
}
