//! Meta's WhatsApp Cloud API on this machine: the Graph API that takes messages and gives media away, and signed webhooks.
//!
//! What it takes, refuses and sends follows Meta's public documentation (Cloud API reference, webhooks reference, business-scoped
//! user ids, error codes). Any version of the Graph API is answered alike.
//!
//! ```no_run
//! use simulator::meta::{Meta, MetaConfig, Sender};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let meta = Meta::start(MetaConfig::new("token", "app secret", "verify token")).await?;
//! meta.add_sender(Sender { phone_number_id: "1055".into(), display_phone_number: "15005550006".into() });
//! meta.subscribe("http://127.0.0.1:8080/meta/whatsapp".parse()?).await?;
//! # Ok(())
//! # }
//! ```

mod check;
mod faults;
mod graph;
mod media;
mod state;
#[cfg(test)]
mod tests;
mod webhooks;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::DropGuard;
use url::Url;

pub(crate) use self::faults::broken;
pub use self::faults::{Breakage, GraphFault};
pub use self::graph::{GraphRequest, Sent, SentTemplate, Sign};
pub(crate) use self::media::Medium;
pub(crate) use self::state::State;
pub(crate) use self::state::wamid;
pub use self::webhooks::{Delivery, SIGNATURE_HEADER, SubscribeError, sign};
pub(crate) use self::webhooks::{Signing, post};

/// A number of the business at Meta.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// Meta's name of it.
    pub phone_number_id: String,
    /// The number, digits alone.
    pub display_phone_number: String,
}

/// A template that was approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// Its name.
    pub name: String,
    /// The language under which it was approved.
    pub language: String,
    /// How many places its body has.
    pub places: usize,
}

/// The app and the business account.
#[derive(Clone)]
pub struct MetaConfig {
    /// Opens the Graph API.
    pub token: String,
    /// Signs webhooks.
    pub app_secret: String,
    /// Sent when the app subscribes.
    pub verify_token: String,
    /// The business account's id.
    pub account: String,
    /// Numbers of the account.
    pub senders: Vec<Sender>,
    /// Templates of the account.
    pub templates: Vec<Template>,
    /// How far Meta's clock is ahead of the machine's.
    pub ahead: Option<watch::Receiver<Duration>>,
}

impl MetaConfig {
    /// An account without numbers and templates.
    pub fn new(
        token: impl Into<String>,
        app_secret: impl Into<String>,
        verify_token: impl Into<String>,
    ) -> Self {
        Self {
            token: token.into(),
            app_secret: app_secret.into(),
            verify_token: verify_token.into(),
            account: "102290129340398".to_owned(),
            senders: Vec::new(),
            templates: Vec::new(),
            ahead: None,
        }
    }

    /// The time by Meta's clock.
    pub(crate) fn now(&self) -> Timestamp {
        let ahead = self.ahead.as_ref().map(|ahead| *ahead.borrow()).unwrap_or_default();
        Timestamp::now() + ahead
    }
}

impl std::fmt::Debug for MetaConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MetaConfig").field("account", &self.account).finish_non_exhaustive()
    }
}

/// Why the simulator did not start.
#[derive(Debug, Error)]
pub enum MetaError {
    /// No port of this machine could be opened.
    #[error("the simulated Meta could not listen on 127.0.0.1: {0}")]
    Listen(#[from] io::Error),
    /// The HTTP client for webhooks could not be built.
    #[error("the simulated Meta's HTTP client could not be built: {0}")]
    HttpClient(#[from] reqwest::Error),
    /// An address could not be written as a URL.
    #[error("the simulated Meta's own address is no URL: {0}")]
    Address(#[from] url::ParseError),
}

/// A running Meta. Dropping it closes its port.
pub struct Meta {
    state: Arc<State>,
    _shutdown: DropGuard,
}

impl Meta {
    /// Serves the Graph API on a free port of this machine.
    ///
    /// # Errors
    /// [`MetaError`] says what could not be opened.
    pub async fn start(config: MetaConfig) -> Result<Self, MetaError> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let api_url = Url::parse(&format!("http://{}", listener.local_addr()?))?;
        let state = Arc::new(State::new(config, api_url)?);
        let (shutdown, router) = (state.shutdown.clone(), graph::router(&state));
        let stopped = shutdown.clone();
        tokio::spawn(async move {
            tokio::select! {
                // Serving ends only with the listener, which lives as long as this task.
                _ = axum::serve(listener, router) => {}
                () = stopped.cancelled() => {}
            }
        });
        Ok(Self { state, _shutdown: shutdown.drop_guard() })
    }

    /// Where the Graph API is: stands for `https://graph.facebook.com`.
    pub fn api_url(&self) -> &Url {
        &self.state.api_url
    }

    /// One more number of the account, or another number under the same name.
    pub fn add_sender(&self, sender: Sender) {
        self.state.add_sender(sender);
    }

    /// One more approved template.
    pub fn approve(&self, template: Template) {
        self.state.approve(template);
    }

    /// Has webhooks go to `url`, once it has answered the challenge.
    ///
    /// # Errors
    /// [`SubscribeError`] when it does not answer as Meta wants it.
    pub async fn subscribe(&self, url: Url) -> Result<(), SubscribeError> {
        webhooks::subscribe(&self.state, url).await
    }

    /// Asks whether `url` would be taken, with a token and a mode of the caller's, and gives the status and the body.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn challenge(
        &self,
        url: &Url,
        mode: &str,
        verify_token: &str,
        challenge: &str,
    ) -> Result<(u16, String), reqwest::Error> {
        webhooks::challenge(&self.state, url, mode, verify_token, challenge).await
    }

    /// What was taken to be sent, in that order.
    pub fn sent(&self) -> Vec<Sent> {
        self.state.sent()
    }

    /// The messages that were marked as read, some with a sign that an answer is being written.
    pub fn signs(&self) -> Vec<Sign> {
        self.state.signs()
    }

    /// Every request to the Graph API, in the order they were answered.
    pub fn requests(&self) -> Vec<GraphRequest> {
        self.state.requests()
    }

    /// Every attempt at a webhook.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.state.deliveries()
    }

    /// Answers the next request with a fault, after those already waiting.
    pub fn fail_next_request(&self, fault: GraphFault) {
        self.state.faults.push(fault);
    }

    /// Refuses what goes to this person with this code, `times` often, or always.
    pub fn refuse_person(&self, person: &str, code: u32, times: Option<u32>) {
        self.state.faults.refuse(&state::plain(person), code, times);
    }

    /// Refuses what this sender sends with this code, `times` often, or always.
    pub fn refuse_sender(&self, phone_number_id: &str, code: u32, times: Option<u32>) {
        self.state.faults.refuse(phone_number_id, code, times);
    }

    /// Posts a body of the caller's own, signed as it is.
    pub async fn post(&self, body: &str) -> Delivery {
        webhooks::post(&self.state, body, webhooks::Signing::Correct).await
    }

    /// Posts a body with another signature, or without one.
    pub async fn post_with(&self, body: &str, signature: Option<&str>) -> Delivery {
        let signing = signature.map_or(webhooks::Signing::Missing, webhooks::Signing::Is);
        webhooks::post(&self.state, body, signing).await
    }

    pub(crate) fn state(&self) -> &Arc<State> {
        &self.state
    }
}
