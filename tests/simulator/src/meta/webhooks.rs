//! Meta's requests to the app: the challenge, and signed bodies.

use std::time::{Duration, Instant};

use ring::hmac;
use thiserror::Error;
use url::Url;
use uuid::Uuid;

use super::state::State;

/// The header of every webhook.
pub const SIGNATURE_HEADER: &str = "X-Hub-Signature-256";

/// The longest answer that is looked at, bytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// The value of [`SIGNATURE_HEADER`] for a body: HMAC-SHA256 with the app's secret over its bytes.
pub fn sign(app_secret: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, app_secret.as_bytes());
    format!("sha256={}", hex(hmac::sign(&key, body).as_ref()))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Why an address was not subscribed.
#[derive(Debug, Error)]
pub enum SubscribeError {
    /// There was no answer.
    #[error("the address does not answer the challenge: {0}")]
    NoAnswer(#[from] reqwest::Error),
    /// The answer was not 200 with the challenge.
    #[error("the address answers the challenge with {status}, and {}", if *.echoed { "echoes it" } else { "does not echo it" })]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Whether the body was the challenge.
        echoed: bool,
    },
}

/// One attempt at a webhook.
#[derive(Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The answer's HTTP status; `None` if there was no answer, or no address to ask.
    pub status: Option<u16>,
    /// The start of the answer.
    pub answer: String,
    /// From request to answer.
    pub took: Duration,
}

impl Delivery {
    /// Whether Meta would not send it again.
    pub fn is_taken(&self) -> bool {
        self.status == Some(200)
    }
}

impl std::fmt::Debug for Delivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Delivery")
            .field("status", &self.status)
            .field("took", &self.took)
            .finish_non_exhaustive()
    }
}

/// How a body is signed.
pub(crate) enum Signing<'a> {
    Correct,
    Missing,
    Is(&'a str),
}

pub(super) async fn challenge(
    state: &State,
    url: &Url,
    mode: &str,
    verify_token: &str,
    challenge: &str,
) -> Result<(u16, String), reqwest::Error> {
    let mut url = url.clone();
    url.query_pairs_mut()
        .append_pair("hub.mode", mode)
        .append_pair("hub.challenge", challenge)
        .append_pair("hub.verify_token", verify_token);
    let answer = state.http.get(url).send().await?;
    let status = answer.status().as_u16();
    Ok((status, answer.text().await?))
}

pub(super) async fn subscribe(state: &State, url: Url) -> Result<(), SubscribeError> {
    let number = (Uuid::new_v4().as_u128() % 10_000_000_000).to_string();
    let (status, body) = challenge(state, &url, "subscribe", &state.config.verify_token, &number).await?;
    let echoed = body == number;
    if status != 200 || !echoed {
        return Err(SubscribeError::Refused { status, echoed });
    }
    state.set_webhook(url);
    Ok(())
}

/// Posts a body once. What Meta does after a refusal, for up to seven days, is the caller's.
pub(crate) async fn post(state: &State, body: &str, signing: Signing<'_>) -> Delivery {
    let began = Instant::now();
    let answered = match state.webhook() {
        None => None,
        Some(url) => {
            let request = state.http.post(url).header("content-type", "application/json");
            let request = request.header("user-agent", "facebookexternalua");
            let request = match signing {
                Signing::Correct => {
                    request.header(SIGNATURE_HEADER, sign(&state.config.app_secret, body.as_bytes()))
                }
                Signing::Missing => request,
                Signing::Is(signature) => request.header(SIGNATURE_HEADER, signature),
            };
            match request.body(body.to_owned()).send().await {
                Ok(answer) => {
                    let status = answer.status().as_u16();
                    let mut text = answer.text().await.unwrap_or_default();
                    if text.len() > MAX_ANSWER_BYTES {
                        text.clear();
                    }
                    Some((status, text))
                }
                Err(error) => {
                    tracing::debug!(%error, "a webhook of the simulated Meta has no answer");
                    None
                }
            }
        }
    };
    let (status, answer) = answered.map_or((None, String::new()), |(status, text)| (Some(status), text));
    let delivery = Delivery { status, answer, took: began.elapsed() };
    state.keep_delivery(delivery.clone());
    delivery
}
