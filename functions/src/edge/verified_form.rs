//! Twilio's webhooks, verified by type: a handler takes a [`Verified`], and only a request whose signature
//! held becomes one.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use domain::Call;
use domain::ids::AccountSid;
use domain::own_account::Signer;
use http::{HeaderMap, StatusCode};
use platform::rate_limit::RateLimited;
use platform::secrets::Secrets;
use platform::telemetry::{self, Unit};
use twilio::form::{Form, MAX_BODY_BYTES};
use twilio::signature::{self, Verifier};
use twilio::webhook::{
    AmdCallback, ConnectAction, DialAction, IncomingMessage, MessageStatus, RecordingStatus, StatusCallback,
    StreamStatus, VoiceRequest, WebhookError,
};
use url::Url;

use super::own_accounts::{BroughtAccounts, NotBelieved, Signed};
use super::parts::{Needs, Opener, Part};
use super::{StartError, answer};

/// What it takes to believe a webhook: the configured public address, the account's keys, and those that businesses
/// brought.
///
/// The address is configured because the one in the request is the attacker's to choose (`Host`,
/// `X-Forwarded-*`).
pub struct Gate {
    public_base: String,
    verifier: Verifier,
    account: AccountSid,
    brought: BroughtAccounts,
    /// A caller chooses some of the bytes, and may call often.
    not_text: RateLimited,
    /// Anyone who knows an address may send to it, as often as they like.
    refused: RateLimited,
}

impl Gate {
    fn new(public_base: &Url, secrets: &Secrets, brought: BroughtAccounts) -> Result<Self, StartError> {
        let account = AccountSid::parse(&secrets.twilio_account_sid)
            .map_err(|error| StartError::Other(error.to_string()))?;
        let tokens = secrets.twilio_auth_tokens.iter().map(|token| token.expose());
        let keys = secrets.twilio_webhook_keys.iter().map(|(id, key)| (id.as_str(), key.expose()));
        let verifier =
            Verifier::configured(tokens, keys).map_err(|error| StartError::Other(error.to_string()))?;
        Ok(Self {
            public_base: public_base.as_str().trim_end_matches('/').to_owned(),
            verifier,
            account,
            brought,
            not_text: RateLimited::default(),
            refused: RateLimited::default(),
        })
    }

    /// The public address of one of our own paths, as Twilio is to call it: with [`DELIVERY`]. `path` may end in a
    /// query.
    pub fn url(&self, path: &str) -> String {
        format!("{}#{DELIVERY}", self.signed_url(path))
    }

    /// Whether the account is the deployment's own.
    pub fn is_of_deployment(&self, account: &AccountSid) -> bool {
        *account == self.account
    }

    /// The form, if its account signed it.
    async fn verify(
        &self,
        path: &str,
        form: Form,
        signed: Signed<'_>,
    ) -> Result<(signature::Verified<Form>, Signer), Refused> {
        let account = form.first("AccountSid").and_then(|account| AccountSid::parse(account).ok());
        let Some(account) = account else {
            self.tell_refused(path, &"it names no account");
            return Err(Refused::Signature);
        };
        let verified = if account == self.account {
            let Signed { url, signature, settings } = signed;
            let verified = self.verifier.verify_form(url, form, signature, settings);
            let signer = Signer { account, business: None };
            verified.map(|form| (form, signer)).map_err(NotBelieved::Signature)
        } else {
            Box::pin(self.brought.verify(account, form, signed)).await
        };
        verified.map_err(|error| {
            self.tell_refused(path, &error);
            match error {
                NotBelieved::NoOwner | NotBelieved::Signature(_) => Refused::Signature,
                NotBelieved::NoKeys => Refused::NoKeys,
                NotBelieved::Unavailable(_) | NotBelieved::Store(_) => Refused::Unavailable,
            }
        })
    }

    fn tell_refused(&self, path: &str, why: &dyn std::fmt::Display) {
        if let Some(others) = self.refused.admit(Instant::now()) {
            tracing::warn!(%why, path, others, "webhook refused");
        }
    }

    fn signed_url(&self, path: &str) -> String {
        format!("{}{path}", self.public_base)
    }
}

impl Part for Gate {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        let base = needs.public_base();
        needs.secrets();
        let brought = BroughtAccounts::declare(needs);
        Box::new(move |deployment| Self::new(&base, deployment.secrets()?, brought(deployment)?))
    }
}

/// How Twilio is to deliver webhooks, as the fragment of their address, which is neither sent nor signed (Twilio
/// docs, "Webhooks: connection overrides"). By default Twilio retries a connection that failed and nothing else: an
/// answer of 5xx, or none, would lose the webhook for good. So would a 429, which the gateway gives when a stage or
/// Lambda has its fill; a 403 or 400 that comes three times does no harm, and one that is owed to a key in rotation may
/// pass the second time.
pub const DELIVERY: &str = "rc=2&rp=ct,4xx,5xx,rt&rt=5000&tt=14000";

/// A webhook's typed form.
pub trait Webhook: Sized {
    /// Whether a caller hears the answer.
    const IS_HEARD: bool;

    fn parse(form: &Form) -> Result<Self, WebhookError>;
}

macro_rules! webhook {
    ($($form:ty: $heard:literal),+ $(,)?) => {
        $(impl Webhook for $form {
            const IS_HEARD: bool = $heard;

            fn parse(form: &Form) -> Result<Self, WebhookError> {
                <$form>::parse(form)
            }
        })+
    };
}

webhook! {
    VoiceRequest: true,
    ConnectAction: true,
    DialAction: true,
    StatusCallback: false,
    StreamStatus: false,
    RecordingStatus: false,
    AmdCallback: false,
    IncomingMessage: false,
    MessageStatus: false,
}

/// A form that Twilio signed, parsed into the shape its handler asked for.
pub struct Verified<F> {
    pub form: F,
    /// Every parameter as it came, for the event log.
    pub raw: Form,
    /// Whose signature it carries. What it says about a call counts only if the signer
    /// [speaks for it](Signer::speaks_for).
    pub signer: Signer,
}

impl<F> Verified<F> {
    /// Refuses what is said about a call by an account that does not carry it.
    pub fn about(&self, call: &Call) -> Result<(), Refused> {
        if self.signer.speaks_for(&call.account, &call.business) {
            return Ok(());
        }
        tracing::error!(call = %call.sid, by = %self.signer.account, "a webhook about a call of another account");
        Err(Refused::NotTheirs)
    }
}

impl<T, F> FromRequest<Arc<T>> for Verified<F>
where
    T: AsRef<Gate> + Send + Sync,
    F: Webhook,
{
    type Rejection = Refused;

    async fn from_request(request: Request, state: &Arc<T>) -> Result<Self, Refused> {
        let gate: &Gate = (**state).as_ref();
        let (parts, body) = request.into_parts();
        let url = gate.signed_url(parts.uri.path_and_query().map_or("/", |path| path.as_str()));
        let body = axum::body::to_bytes(body, MAX_BODY_BYTES).await.map_err(|_| Refused::TooLarge)?;
        let path = parts.uri.path();
        let form = Form::parse(&body).map_err(|error| {
            gate.tell_refused(path, &error);
            Refused::Malformed
        })?;
        let signed = Signed {
            url: &url,
            signature: header(&parts.headers, "x-twilio-signature").unwrap_or_default(),
            settings: header(&parts.headers, "x-twilio-webhooks-signature-settings"),
        };
        // Twilio says at its fallback address why it asks there: it does not ask again.
        let is_last = form.first("ErrorUrl").is_some();
        let (raw, signer) = gate.verify(path, form, signed).await.map_err(|refused| match refused {
            // These words tell nothing, so they may be said to a request that is not believed.
            Refused::NoKeys if F::IS_HEARD => Refused::Apology,
            Refused::Unavailable if F::IS_HEARD && is_last => Refused::Apology,
            refused => refused,
        })?;
        let form = F::parse(&raw).map_err(|error| match error {
            WebhookError::Ambiguous(ambiguous) => {
                gate.tell_refused(path, &ambiguous);
                Refused::Signature
            }
            WebhookError::Missing(_) | WebhookError::Sid(..) => {
                tracing::error!(%error, path, "a signed webhook lacks what it must have");
                Refused::Malformed
            }
        })?;
        if !raw.is_text()
            && let Some(others) = gate.not_text.admit(Instant::now())
        {
            tracing::warn!(
                path,
                others,
                "a webhook holds bytes that are no UTF-8; what they stand for is unknown"
            );
        }
        Ok(Self { form, raw: raw.into_inner(), signer })
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Why a webhook was not let in. The answer says no more than its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    Signature,
    TooLarge,
    Malformed,
    /// The account that signed it does not carry the call that it is about.
    NotTheirs,
    /// It is of an account whose keys are not kept: it cannot be told whether it is Twilio's.
    NoKeys,
    /// Whose it is, or with which keys it must be signed, cannot be read now.
    Unavailable,
    /// The same, where a caller hears the answer and Twilio asks no more.
    Apology,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, label) = match self {
            Self::Signature => (StatusCode::FORBIDDEN, "signature"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Self::Malformed => (StatusCode::BAD_REQUEST, "malformed"),
            Self::NotTheirs => (StatusCode::FORBIDDEN, "account"),
            Self::NoKeys => (StatusCode::SERVICE_UNAVAILABLE, "no_keys"),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            Self::Apology => (StatusCode::OK, "apology"),
        };
        telemetry::metric("WebhooksRefused", 1.0, Unit::Count, &[("Reason", label)]);
        match self {
            Self::Apology => answer::xml(answer::LAST_RESORT.to_owned()),
            _ => status.into_response(),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use platform::env::MapEnv;
    use twilio::signature::{Algorithm, sign_form};

    use super::*;
    use crate::edge::parts::{Warm, load};

    const TOKEN: &str = "f00dbabe00112233445566778899aabb";
    const ACCOUNT: &str = "AC00000000000000000000000000000007";
    const PATH: &str = "/twilio/any";

    struct Doors(Gate);

    impl AsRef<Gate> for Doors {
        fn as_ref(&self) -> &Gate {
            &self.0
        }
    }

    struct Any;

    impl Webhook for Any {
        const IS_HEARD: bool = false;

        fn parse(_: &Form) -> Result<Self, WebhookError> {
            Ok(Self)
        }
    }

    async fn doors() -> Arc<Doors> {
        let env: MapEnv = [
            ("AWS_REGION", "us-east-1"),
            ("TABLE_BUSINESSES", "B"),
            ("TABLE_CALLS", "C"),
            ("BUSINESS_SECRETS_PREFIX", "test/"),
        ]
        .into_iter()
        .collect();
        let brought = load::<BroughtAccounts>(&env, Warm::Nothing).await.unwrap();
        let secrets = Secrets {
            changed_at: None,
            twilio_account_sid: ACCOUNT.to_owned(),
            twilio_auth_tokens: vec![domain::Secret::new(TOKEN)],
            twilio_webhook_keys: [].into(),
            openai_api_key: domain::Secret::new("test"),
            stream_token_key: domain::token::TokenKey::new(domain::Secret::new("k".repeat(32))).unwrap(),
            oidc_client_secret: None,
            meta: None,
            operator_key: None,
        };
        Arc::new(Doors(
            Gate::new(&"https://calls.harbour.example".parse().unwrap(), &secrets, brought).unwrap(),
        ))
    }

    async fn signed(doors: &Arc<Doors>, body: String) -> Result<Verified<Any>, Refused> {
        let key = twilio::SigningKey::new(TOKEN).unwrap();
        let form = Form::parse(body.as_bytes()).unwrap();
        let signature = sign_form(Algorithm::HmacSha1, &key, &doors.0.signed_url(PATH), &form);
        let request = Request::post(PATH).header("x-twilio-signature", signature).body(Body::from(body));
        Verified::from_request(request.unwrap(), doors).await
    }

    /// A caller's name may hold such bytes, and a caller may call often.
    #[tokio::test]
    async fn bytes_that_are_no_text_are_let_in_and_logged_once_in_a_while() {
        let doors = doors().await;
        for _ in 0..5 {
            let let_in = signed(&doors, format!("AccountSid={ACCOUNT}&CallerName=%E9")).await.unwrap();
            assert!(!let_in.raw.is_text());
            assert!(signed(&doors, format!("AccountSid={ACCOUNT}&CallerName=%C3%A9")).await.is_ok());
        }
        let later = Instant::now() + std::time::Duration::from_secs(10);
        assert_eq!(
            doors.0.not_text.admit(later),
            Some(4),
            "one line was written, and stood for its interval"
        );
    }

    /// Each is counted; an attacker decides how many there are.
    #[tokio::test]
    async fn refused_webhooks_are_logged_once_in_a_while() {
        let doors = doors().await;
        for _ in 0..5 {
            let request = Request::post(PATH).body(Body::from(format!("AccountSid={ACCOUNT}")));
            let refused = Verified::<Any>::from_request(request.unwrap(), &doors).await;
            assert_eq!(refused.err(), Some(Refused::Signature));
        }
        let later = Instant::now() + std::time::Duration::from_secs(10);
        assert_eq!(doors.0.refused.admit(later), Some(4));
    }

    #[tokio::test]
    async fn a_signed_webhook_of_another_account_is_refused() {
        let other = ACCOUNT.replace('7', "8");
        for body in [format!("AccountSid={other}"), "AccountSid=".to_owned(), "CallerName=x".to_owned()] {
            assert_eq!(signed(&doors().await, body.clone()).await.err(), Some(Refused::Signature), "{body}");
        }
    }
}
