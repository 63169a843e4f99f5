//! Twilio's requests to the product: signed, timed, retried and remembered.

mod overrides;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use tokio::time::Instant;
use url::Url;
use uuid::Uuid;

use self::overrides::{Failure, Overrides};
use super::account::Account;
use super::events::WebhookKind;
use super::signature::{SIGNATURE_HEADER, sign_form, sign_url};
use super::twiml::MAX_TWIML_BYTES;

/// Distinguishes retries of one request from a new request (Twilio docs).
pub const IDEMPOTENCY_HEADER: &str = "I-Twilio-Idempotency-Token";

const USER_AGENT: &str = "TwilioProxy/1.1";

/// Time to open a TCP connection.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// HTTP redirects followed (error 11215).
pub(crate) const MAX_HTTP_REDIRECTS: usize = 10;

/// The largest answer read, in bytes; larger than any TwiML so that `<Play>` can fetch a file.
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

/// A request to be made.
#[derive(Clone)]
pub(crate) struct Webhook {
    pub(crate) kind: WebhookKind,
    /// May carry connection overrides in its fragment, which is neither sent nor signed.
    pub(crate) url: Url,
    pub(crate) get: bool,
    pub(crate) params: Vec<(String, String)>,
    /// The same for every retry and injected copy.
    pub(crate) idempotency_token: String,
}

impl Webhook {
    pub(crate) fn new(kind: WebhookKind, url: Url, get: bool, params: Vec<(String, String)>) -> Self {
        Self { kind, url, get, params, idempotency_token: Uuid::new_v4().to_string() }
    }
}

/// An answer with a 2xx status.
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// The media type in lower case, without parameters.
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

/// A request that brought nothing usable; `code` is Twilio's error number.
#[derive(Clone, Debug)]
pub(crate) struct DeliveryError {
    pub(crate) code: u32,
    pub(crate) status: Option<u16>,
    pub(crate) message: String,
}

/// One attempt at one webhook, as the account's inspection shows it.
#[derive(Clone)]
pub struct WebhookRecord {
    /// What it was for.
    pub kind: WebhookKind,
    /// As requested, without the fragment.
    pub url: String,
    /// The form's fields, or the query's for a GET.
    pub params: Vec<(String, String)>,
    /// The value of [`IDEMPOTENCY_HEADER`].
    pub idempotency_token: String,
    /// The answer's HTTP status; `None` if there was no answer.
    pub status: Option<u16>,
    /// The body of a 2xx answer as text, up to 64 KiB.
    pub body: String,
    /// From request to answer.
    pub took: Duration,
}

impl WebhookRecord {
    /// The first value of a field.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for WebhookRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookRecord")
            .field("kind", &self.kind)
            .field("status", &self.status)
            .field("took", &self.took)
            .finish_non_exhaustive()
    }
}

/// Delivers a webhook within its total time, with its retries.
pub(crate) async fn deliver(account: &Arc<Account>, webhook: &Webhook) -> Result<Reply, DeliveryError> {
    let overrides = Overrides::parse(webhook.url.fragment().unwrap_or_default());
    let deadline = Instant::now() + overrides.total;
    let mut attempt = 0;
    loop {
        let (failure, error) = match attempt_once(account, webhook, &overrides, deadline).await {
            Ok(reply) => return Ok(reply),
            Err(failed) => failed,
        };
        attempt += 1;
        if attempt > overrides.retries || !overrides.retries_on(failure) || Instant::now() >= deadline {
            return Err(error);
        }
    }
}

async fn attempt_once(
    account: &Account,
    webhook: &Webhook,
    overrides: &Overrides,
    deadline: Instant,
) -> Result<Reply, (Failure, DeliveryError)> {
    let started = Instant::now();
    let mut url = webhook.url.clone();
    url.set_fragment(None);
    if webhook.get && !webhook.params.is_empty() {
        url.query_pairs_mut().extend_pairs(&webhook.params);
    }
    let until = deadline.min(started + overrides.first_byte);
    let answer = match tokio::time::timeout_at(until, request(account, webhook, &url).send()).await {
        Err(_) => Err((Failure::Timeout, no_answer("no answer in time"))),
        Ok(Err(error)) if error.is_connect() => Err((Failure::Connect, no_answer("the connection failed"))),
        Ok(Err(error)) if error.is_redirect() => Err((
            Failure::Other,
            DeliveryError { code: 11215, status: None, message: "too many HTTP redirects".to_owned() },
        )),
        Ok(Err(_)) => Err((Failure::Timeout, no_answer("the connection broke before an answer"))),
        Ok(Ok(response)) => read(response, deadline).await,
    };
    let (status, body) = match &answer {
        Ok(reply) => {
            let kept = &reply.body[..reply.body.len().min(MAX_TWIML_BYTES)];
            (Some(reply.status), String::from_utf8_lossy(kept).into_owned())
        }
        Err((_, error)) => (error.status, String::new()),
    };
    account.webhooks.push(WebhookRecord {
        kind: webhook.kind,
        url: url.into(),
        params: webhook.params.clone(),
        idempotency_token: webhook.idempotency_token.clone(),
        status,
        body,
        took: started.elapsed(),
    });
    answer
}

fn request(account: &Account, webhook: &Webhook, url: &Url) -> reqwest::RequestBuilder {
    let token = &account.signing_token();
    let request = if webhook.get {
        account.http.get(url.clone()).header(SIGNATURE_HEADER, sign_url(token, url.as_str()))
    } else {
        let signature = sign_form(token, url.as_str(), &webhook.params);
        account.http.post(url.clone()).header(SIGNATURE_HEADER, signature).form(&webhook.params)
    };
    request
        .header(reqwest::header::USER_AGENT, USER_AGENT)
        .header(IDEMPOTENCY_HEADER, &webhook.idempotency_token)
        .header(reqwest::header::ACCEPT, "*/*")
}

async fn read(mut response: reqwest::Response, deadline: Instant) -> Result<Reply, (Failure, DeliveryError)> {
    let status = response.status().as_u16();
    if !response.status().is_success() {
        let failure = match status {
            400..=499 => Failure::ClientError,
            500..=599 => Failure::ServerError,
            _ => Failure::Other,
        };
        let message = format!("the server answered HTTP {status}");
        return Err((failure, DeliveryError { code: 11200, status: Some(status), message }));
    }
    let content_type = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(|value| value.trim().to_ascii_lowercase())
        .unwrap_or_default();
    let mut body = Vec::new();
    loop {
        let cut_off = || DeliveryError {
            code: 11205,
            status: Some(status),
            message: "the answer stopped before its end".to_owned(),
        };
        match tokio::time::timeout_at(deadline, response.chunk()).await {
            Ok(Ok(Some(chunk))) if body.len() + chunk.len() <= MAX_BODY_BYTES => {
                body.extend_from_slice(&chunk)
            }
            Ok(Ok(None)) => return Ok(Reply { status, content_type, body }),
            Ok(Ok(Some(_)) | Err(_)) | Err(_) => return Err((Failure::Timeout, cut_off())),
        }
    }
}

fn no_answer(message: &str) -> DeliveryError {
    DeliveryError { code: 11205, status: None, message: message.to_owned() }
}
