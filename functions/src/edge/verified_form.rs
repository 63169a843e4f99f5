//! Twilio's webhooks, verified by type: a handler takes a [`Verified`], and only a request whose signature
//! held becomes one.

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use platform::secrets::Secrets;
use platform::telemetry::{self, Unit};
use twilio::form::{Form, MAX_BODY_BYTES};
use twilio::signature::Verifier;
use twilio::webhook::{
    AmdCallback, ConnectAction, DialAction, RecordingStatus, StatusCallback, StreamStatus, VoiceRequest,
    WebhookError,
};
use url::Url;

use super::StartError;

/// What it takes to believe a webhook: the configured public address and the account's keys.
///
/// The address is configured because the one in the request is the attacker's to choose (`Host`,
/// `X-Forwarded-*`).
pub struct Gate {
    public_base: String,
    verifier: Verifier,
    account_sid: String,
}

impl Gate {
    pub fn new(public_base: &Url, secrets: &Secrets) -> Result<Self, StartError> {
        let key = |what: &str, key: &domain::Secret| {
            twilio::Secret::new(key.expose()).map_err(|error| StartError::Other(format!("{what}: {error}")))
        };
        let tokens = secrets.twilio_auth_tokens.iter().map(|token| key("twilio auth token", token));
        let shared = secrets
            .twilio_webhook_keys
            .iter()
            .map(|(id, shared)| Ok((id.clone(), key("twilio webhook key", shared)?)));
        Ok(Self {
            public_base: public_base.as_str().trim_end_matches('/').to_owned(),
            verifier: Verifier::new(
                tokens.collect::<Result<_, _>>()?,
                shared.collect::<Result<_, StartError>>()?,
            ),
            account_sid: secrets.twilio_account_sid.clone(),
        })
    }

    /// The public address of one of our own paths, as Twilio is to call it: with [`DELIVERY`]. `path` may end in a
    /// query.
    pub fn url(&self, path: &str) -> String {
        format!("{}#{DELIVERY}", self.signed_url(path))
    }

    fn signed_url(&self, path: &str) -> String {
        format!("{}{path}", self.public_base)
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
    fn parse(form: &Form) -> Result<Self, WebhookError>;
}

macro_rules! webhook {
    ($($form:ty),+ $(,)?) => {
        $(impl Webhook for $form {
            fn parse(form: &Form) -> Result<Self, WebhookError> {
                <$form>::parse(form)
            }
        })+
    };
}

webhook!(VoiceRequest, StatusCallback, StreamStatus, ConnectAction, DialAction, RecordingStatus, AmdCallback,);

/// A form that Twilio signed, parsed into the shape its handler asked for.
pub struct Verified<F> {
    pub form: F,
    /// Every parameter as it came, for the event log.
    pub raw: Form,
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
            tracing::warn!(%error, path, "webhook refused");
            Refused::Malformed
        })?;
        let signature = header(&parts.headers, "x-twilio-signature").unwrap_or_default();
        let settings = header(&parts.headers, "x-twilio-webhooks-signature-settings");
        let raw = gate.verifier.verify_form(&url, form, signature, settings).map_err(|refused| {
            tracing::warn!(%refused, path, "webhook refused");
            Refused::Signature
        })?;
        // A subaccount's webhooks carry another account; they are signed with another token as well.
        if raw.first("AccountSid") != Some(gate.account_sid.as_str()) {
            return Err(Refused::Signature);
        }
        let form = F::parse(&raw).map_err(|error| match error {
            WebhookError::Ambiguous(ambiguous) => {
                tracing::warn!(refused = %ambiguous, path, "webhook refused");
                Refused::Signature
            }
            WebhookError::Missing(_) | WebhookError::Sid(..) => {
                tracing::error!(%error, path, "a signed webhook lacks what it must have");
                Refused::Malformed
            }
        })?;
        if !raw.is_text() {
            tracing::warn!(path, "a webhook holds bytes that are no UTF-8; what they stand for is unknown");
        }
        Ok(Self { form, raw: raw.into_inner() })
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
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, label) = match self {
            Self::Signature => (StatusCode::FORBIDDEN, "signature"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Self::Malformed => (StatusCode::BAD_REQUEST, "malformed"),
        };
        telemetry::metric("WebhooksRefused", 1.0, Unit::Count, &[("Reason", label)]);
        status.into_response()
    }
}
