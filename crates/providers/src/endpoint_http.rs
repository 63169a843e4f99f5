//! Tells an endpoint of a business of one event, or posts a notification into a room of its chat. The address is the business's, so
//! it is checked before and after its name is resolved, nothing is followed, and time and size are bounded. Whatever comes back is
//! an [`Answer`].

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use domain::endpoint::attempt::{Answer, Trouble};
use domain::endpoint::log::MAX_HEAD;
use domain::endpoint::signing::SigningSecrets;
use domain::{Secret, Timestamp};
use platform::tls::NoTrustStore;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use reqwest::{Client, RequestBuilder, Response};
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::public_address::{NotPublic, NotResolved, Reach};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// From the beginning of a request to the end of its answer.
pub const WITHIN: Duration = Duration::from_secs(15);
/// More of an answer is not read: its status has said what it means.
const MAX_READ: usize = 64 * 1024;
/// What the requests say of who sends them.
const AGENT: &str = "Switchboard-Events/1.0";
const NOTIFIER: &str = "Switchboard-Notifications/1.0";

/// One request to an endpoint.
#[derive(Debug)]
pub struct EventRequest<'a> {
    /// Where it goes.
    pub url: &'a Secret,
    /// Names the event, the same whenever it is sent.
    pub id: &'a str,
    /// What is sent, byte for byte.
    pub body: &'a str,
    /// The owner's own headers.
    pub headers: &'a BTreeMap<String, Secret>,
    /// Sign it.
    pub secrets: &'a SigningSecrets,
    /// The time of the attempt.
    pub now: Timestamp,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// What came back.
    pub answer: Answer,
    /// The beginning of the answer's body.
    pub head: String,
    /// How long it took.
    pub took: Duration,
}

/// What came of a post into a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// What came back.
    pub answer: Answer,
    /// There was a connection, so it may have arrived even if no answer came.
    pub sent: bool,
    /// How long it took.
    pub took: Duration,
}

/// Tells endpoints of events, and rooms of notifications.
#[derive(Debug, Clone)]
pub struct EndpointClient {
    client: Client,
    reach: Reach,
}

impl EndpointClient {
    /// A client that goes as far as `reach`.
    ///
    /// # Errors
    /// [`NoTrustStore`].
    pub fn new(reach: Reach) -> Result<Self, NoTrustStore> {
        let client = reach.client(CONNECT_TIMEOUT)?;
        Ok(Self { client, reach })
    }

    /// Whether an address may be an endpoint, as far as that is seen without asking.
    ///
    /// # Errors
    /// [`NotPublic`].
    pub fn check(&self, text: &str) -> Result<(), NotPublic> {
        let url = Url::parse(text).map_err(|_| NotPublic::Scheme)?;
        self.reach.check(&url)
    }

    /// Sends once.
    pub async fn send(&self, request: &EventRequest<'_>) -> Sent {
        let began = Instant::now();
        let deadline = began + WITHIN;
        let (answer, head) = match timeout_at(deadline, self.ask(request)).await {
            Err(_) => (Answer::None(Trouble::Timeout), String::new()),
            Ok(Err(trouble)) => (Answer::None(trouble), String::new()),
            Ok(Ok(response)) => {
                let (code, retry_after) = (response.status().as_u16(), retry_after(&response, request.now));
                match head(response, deadline).await {
                    Some(head) => (Answer::Status { code, retry_after }, head),
                    None => (Answer::None(Trouble::Timeout), String::new()),
                }
            }
        };
        Sent { answer, head, took: began.elapsed() }
    }

    /// Posts a body of JSON into a room, once. The address is what lets us, so nothing is signed.
    pub async fn post(&self, url: &Secret, body: &str, now: Timestamp) -> Posted {
        let began = Instant::now();
        let posted = async {
            let asked = self.to(url).map_err(|trouble| (trouble, false))?;
            let asked = asked.header(USER_AGENT, NOTIFIER).body(body.to_owned()).send();
            asked.await.map_err(|error| (trouble(&error), !error.is_connect() && !error.is_builder()))
        };
        let (answer, sent) = match timeout_at(began + WITHIN, posted).await {
            // It had a connection, which has a shorter time of its own.
            Err(_) => (Answer::None(Trouble::Timeout), true),
            Ok(Err((trouble, sent))) => (Answer::None(trouble), sent),
            Ok(Ok(response)) => {
                let (code, retry_after) = (response.status().as_u16(), retry_after(&response, now));
                (Answer::Status { code, retry_after }, true)
            }
        };
        Posted { answer, sent, took: began.elapsed() }
    }

    fn to(&self, url: &Secret) -> Result<RequestBuilder, Trouble> {
        let url = Url::parse(url.expose()).map_err(|_| Trouble::NotPublic)?;
        self.reach.check(&url).map_err(|_| Trouble::NotPublic)?;
        Ok(self.client.post(url).header(CONTENT_TYPE, "application/json"))
    }

    async fn ask(&self, request: &EventRequest<'_>) -> Result<Response, Trouble> {
        let EventRequest { url, id, body, headers, secrets, now } = *request;
        let asked = headers
            .iter()
            .fold(self.to(url)?, |asked, (name, value)| asked.header(name.as_str(), value.expose()));
        let asked = asked
            .header(USER_AGENT, AGENT)
            .header("webhook-id", id)
            .header("webhook-timestamp", now.secs())
            .header("webhook-signature", secrets.header(id, body.as_bytes(), now))
            .body(body.to_owned());
        asked.send().await.map_err(|error| trouble(&error))
    }
}

/// Why there is no answer. What the error says is not looked at: it names the address.
fn trouble(error: &reqwest::Error) -> Trouble {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(error) = cause {
        if error.is::<NotPublic>() {
            return Trouble::NotPublic;
        }
        match error.downcast_ref() {
            Some(NotResolved::UnknownName) => return Trouble::UnknownName,
            Some(NotResolved::Resolver) => return Trouble::Resolver,
            None => cause = error.source(),
        }
    }
    if error.is_timeout() { Trouble::Timeout } else { Trouble::Connection }
}

/// Seconds, or a moment by the receiver's clock (RFC 9110, 10.2.3).
fn retry_after(response: &Response, now: Timestamp) -> Option<Duration> {
    let said = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = said.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(said).ok()?.timestamp().as_millisecond();
    Some(Timestamp(at).since(now))
}

/// The beginning of the answer's body. One that breaks off or is too long is cut; `None`: it did not end in time.
async fn head(mut response: Response, deadline: Instant) -> Option<String> {
    let (mut head, mut read) = (Vec::new(), 0);
    while read < MAX_READ {
        match timeout_at(deadline, response.chunk()).await {
            Err(_) => return None,
            Ok(Ok(Some(chunk))) => {
                read += chunk.len();
                let room = MAX_HEAD.saturating_sub(head.len());
                head.extend_from_slice(&chunk[..chunk.len().min(room)]);
            }
            Ok(Ok(None) | Err(_)) => break,
        }
    }
    Some(String::from_utf8_lossy(&head).into_owned())
}
