//! Asks a business's own tools. What a caller says decides what is asked, so nothing about the request is left to
//! the other side: the address is the settings', checked before and after its name is resolved, redirects are not
//! followed, and time and size are bounded. Whatever happens is an [`ToolOutcome`]: the status of an answer decides whether
//! the tool acted, its body is for the model.
//!
//! Requests are signed as Standard Webhooks are ([`domain::endpoint::signing`]): `webhook-id`, `webhook-timestamp` and
//! `webhook-signature`. The id names the effect, so a tool that has seen it must not do the thing again.

use std::time::Duration;

use domain::BusinessId;
use domain::endpoint::signing::SigningSecret;
use domain::token::TokenKey;
use domain::tools::{ANSWER_MAX_BYTES, Lost, Missed, ToolOutcome, ToolReply};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Response};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::public_address::Reach;
use platform::Clock;
use platform::tls::NoTrustStore;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Keeps the signing keys apart from every other use of the key they are made of.
const PURPOSE: &str = "tool requests of ";
/// Some servers begin what they write with it; it is not part of what they say.
const BYTE_ORDER_MARK: &[u8] = &[0xEF, 0xBB, 0xBF];

/// One request to a tool.
#[derive(Debug)]
pub struct ToolRequest<'a> {
    /// The business whose key signs the request.
    pub business: &'a BusinessId,
    /// Where the request goes.
    pub url: &'a str,
    /// What is asked for, the same whenever it is asked again.
    pub id: &'a str,
    /// The request's body.
    pub body: &'a Value,
    /// From the beginning of the request to the end of the answer.
    pub timeout: Duration,
}

/// Asks businesses' own tools.
#[derive(Debug, Clone)]
pub struct ToolClient {
    client: Client,
    reach: Reach,
    key: TokenKey,
}

impl ToolClient {
    /// Every business's signing key is derived from `key`.
    ///
    /// # Errors
    /// [`NoTrustStore`].
    pub fn new(key: TokenKey, reach: Reach) -> Result<Self, NoTrustStore> {
        let client = reach.client(CONNECT_TIMEOUT)?;
        Ok(Self { client, reach, key })
    }

    /// Asks once, and says what came of it.
    pub async fn call(&self, request: &ToolRequest<'_>) -> ToolOutcome {
        let deadline = Instant::now() + request.timeout;
        let Ok(url) = Url::parse(request.url) else { return ToolOutcome::NotDone { why: Missed::Address } };
        if self.reach.check(&url).is_err() {
            return ToolOutcome::NotDone { why: Missed::Address };
        }
        match timeout_at(deadline, self.send(url, request)).await {
            Ok(Ok(response)) => {
                let status = response.status().as_u16();
                ToolOutcome::of(status, reply(response, deadline).await)
            }
            // Nothing was sent: no name, no connection or no TLS.
            Ok(Err(error)) if error.is_connect() || error.is_builder() => {
                ToolOutcome::NotDone { why: Missed::Unreachable }
            }
            Ok(Err(error)) if error.is_timeout() => ToolOutcome::Unknown { why: Lost::Timeout },
            Ok(Err(_)) => ToolOutcome::Unknown { why: Lost::Connection },
            Err(_) => ToolOutcome::Unknown { why: Lost::Timeout },
        }
    }

    async fn send(&self, url: Url, request: &ToolRequest<'_>) -> Result<Response, reqwest::Error> {
        let body = request.body.to_string();
        let now = Clock::system().now();
        let signature = secret(&self.key, request.business).signature(request.id, body.as_bytes(), now);
        self.client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", request.id)
            .header("webhook-timestamp", now.secs())
            .header("webhook-signature", signature)
            .header("idempotency-key", request.id)
            .body(body)
            .send()
            .await
    }

    /// The key that a business verifies its tool requests with, as Standard Webhooks write it.
    pub fn signing_key(key: &TokenKey, business: &BusinessId) -> domain::Secret {
        secret(key, business).shown().clone()
    }
}

fn secret(key: &TokenKey, business: &BusinessId) -> SigningSecret {
    SigningSecret::of_bytes(&key.derived(&format!("{PURPOSE}{business}")))
}

/// What there is of the answer's body by the deadline. Its status has said what it means, so that a body which is too
/// long, breaks off or never ends takes nothing back.
async fn reply(mut response: Response, deadline: Instant) -> ToolReply {
    let (mut bytes, mut cut) = (Vec::new(), false);
    loop {
        match timeout_at(deadline, response.chunk()).await {
            Ok(Ok(Some(chunk))) => bytes.extend_from_slice(&chunk),
            Ok(Ok(None)) => break,
            Ok(Err(_)) | Err(_) => {
                cut = true;
                break;
            }
        }
        if bytes.len() > ANSWER_MAX_BYTES + BYTE_ORDER_MARK.len() {
            break;
        }
    }
    let said = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&bytes);
    let text = String::from_utf8_lossy(said);
    let end = text.floor_char_boundary(ANSWER_MAX_BYTES);
    ToolReply { cut: cut || end < text.len(), text: text[..end].to_owned() }
}
