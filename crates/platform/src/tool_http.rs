//! Asks a business's own tools. What a caller says decides what is asked, so nothing about the request is left to
//! the other side: the address is the settings', checked before and after its name is resolved, redirects are not
//! followed, and time and size are bounded.
//!
//! Requests are signed as Standard Webhooks are: `webhook-id`, `webhook-timestamp` and `webhook-signature`
//! (`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`). The id names the effect, so a tool that has
//! seen it must not do the thing again.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::BusinessId;
use domain::token::TokenKey;
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use serde_json::Value;
use url::Url;

use crate::clock;
use crate::public_address::{NotPublic, Reach};
use crate::tls;

/// Longer answers would crowd out the conversation.
pub const ANSWER_MAX_BYTES: usize = 16 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Keeps the signing keys apart from every other use of the key they are made of.
const PURPOSE: &str = "tool requests of ";

/// Why a tool gave no answer. What the other side said is never repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ToolError {
    #[error(transparent)]
    Address(#[from] NotPublic),
    #[error("the address of the tool is not a URL")]
    Url,
    #[error("the tool did not answer in time")]
    Timeout,
    #[error("the tool cannot be reached")]
    Unreachable,
    #[error("the tool answered with HTTP {0}")]
    Status(u16),
    #[error("the tool's answer is longer than {ANSWER_MAX_BYTES} bytes")]
    TooLong,
    #[error("the tool's answer is not JSON")]
    NotJson,
}

/// One request to a tool.
#[derive(Debug)]
pub struct ToolRequest<'a> {
    pub business: &'a BusinessId,
    pub url: &'a str,
    /// What is asked for, the same whenever it is asked again.
    pub id: &'a str,
    pub body: &'a Value,
    pub timeout: Duration,
}

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
    /// [`ToolError::Unreachable`] without a TLS trust store.
    pub fn new(key: TokenKey, reach: Reach) -> Result<Self, ToolError> {
        let client = tls::client()
            .map_err(|_| ToolError::Unreachable)?
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(Policy::none())
            .no_proxy()
            .dns_resolver(reach)
            .build()
            .map_err(|_| ToolError::Unreachable)?;
        Ok(Self { client, reach, key })
    }

    /// Asks once. An error says nothing about whether the tool acted: only its id keeps that from happening twice.
    ///
    /// # Errors
    /// [`ToolError`].
    pub async fn call(&self, request: &ToolRequest<'_>) -> Result<Value, ToolError> {
        let url = Url::parse(request.url).map_err(|_| ToolError::Url)?;
        self.reach.check(&url)?;
        match tokio::time::timeout(request.timeout, self.send(url, request)).await {
            Ok(answer) => answer,
            Err(_) => Err(ToolError::Timeout),
        }
    }

    async fn send(&self, url: Url, request: &ToolRequest<'_>) -> Result<Value, ToolError> {
        let body = request.body.to_string();
        let seconds = clock::now().secs();
        let signed = format!("{}.{seconds}.{body}", request.id);
        let mac = self.key.derived_mac(&format!("{PURPOSE}{}", request.business), signed.as_bytes());
        let mut response = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", request.id)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", format!("v1,{}", STANDARD.encode(mac)))
            .header("idempotency-key", request.id)
            .body(body)
            .send()
            .await
            .map_err(|error| if error.is_timeout() { ToolError::Timeout } else { ToolError::Unreachable })?;
        if !response.status().is_success() {
            return Err(ToolError::Status(response.status().as_u16()));
        }
        if response.status() == StatusCode::NO_CONTENT {
            return Ok(serde_json::json!({ "ok": true }));
        }
        let mut answer = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| ToolError::Unreachable)? {
            if answer.len() + chunk.len() > ANSWER_MAX_BYTES {
                return Err(ToolError::TooLong);
            }
            answer.extend_from_slice(&chunk);
        }
        serde_json::from_slice(&answer).map_err(|_| ToolError::NotJson)
    }

    /// The key that a business verifies its tool requests with, as Standard Webhooks write it.
    pub fn signing_key(key: &TokenKey, business: &BusinessId) -> domain::Secret {
        let key = key.derived(&format!("{PURPOSE}{business}"));
        domain::Secret::new(format!("whsec_{}", STANDARD.encode(key)))
    }
}
