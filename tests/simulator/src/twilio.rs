//! A Twilio account on this machine: it places calls, follows TwiML, streams media and keeps recordings.
//!
//! What it sends and when it objects follows Twilio's public documentation of webhooks, TwiML, Media
//! Streams and the REST API of 2010-04-01. Time is real: audio takes as long as it lasts.
//!
//! ```no_run
//! use simulator::twilio::{CallSpec, CallerScript, CallerStep, Twilio, TwilioConfig};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let twilio = Twilio::start(TwilioConfig::new("AC00000000000000000000000000000000", "token")).await?;
//! let script = CallerScript::new(vec![
//!     CallerStep::WaitForAgent { quiet_ms: 500, max_ms: 10_000 },
//!     CallerStep::HangUp,
//! ]);
//! let voice_url = "http://127.0.0.1:8080/twilio/voice".parse()?;
//! let call = twilio.call(CallSpec::inbound("+15005550001", "+15005550006", voice_url, script));
//! let outcome = call.finished().await;
//! assert!(outcome.debugger_codes().is_empty());
//! # Ok(())
//! # }
//! ```

mod account;
mod attachments;
mod call;
mod ear;
mod events;
mod line;
mod playout;
mod recording;
mod rest;
mod script;
mod signature;
mod spec;
mod stream;
mod twiml;
mod webhooks;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

pub(crate) use self::account::Account;
pub(crate) use self::attachments::Attachment;
use self::call::{CallState, Ending, Interrupt};
pub use self::events::{
    CallEvent, CallEventKind, CallEvents, CallOutcome, CallStatus, EndedBy, LineRecording, Private,
    StreamEnd, WebhookKind,
};
pub use self::recording::RecordingStatus;
pub use self::rest::{RestFault, RestRequest, SentText};
pub use self::script::{CallerScript, CallerSilence, CallerStep, DEFAULT_MAX_MS};
pub use self::signature::{SIGNATURE_HEADER, sign_form, sign_url};
pub use self::spec::{
    AmdRequest, Answerer, CallFaults, CallSpec, Callee, DialOutcome, Direction, Injected, MediaFault, Person,
    RecordingFaults, RecordingRequest, RecordingSource, StatusEvents, StatusOrder, StreamFaults,
    TwilioConfig, TwimlSource, UpgradeSignature, WebhookFaults,
};
pub use self::webhooks::{IDEMPOTENCY_HEADER, WebhookRecord};
pub(crate) use self::webhooks::{Webhook, deliver};

/// Why the simulator did not start.
#[derive(Debug, Error)]
pub enum TwilioError {
    /// No port of this machine could be opened.
    #[error("the Twilio simulator could not listen on 127.0.0.1: {0}")]
    Listen(#[from] io::Error),
    /// The HTTP client for webhooks could not be built.
    #[error("the Twilio simulator's HTTP client could not be built: {0}")]
    HttpClient(#[from] reqwest::Error),
    /// An address could not be written as a URL.
    #[error("the Twilio simulator's own address is no URL: {0}")]
    Address(#[from] url::ParseError),
}

/// A running account. Dropping the one that was started stops everything.
pub struct Twilio {
    account: Arc<Account>,
    others: Vec<Arc<Account>>,
    _shutdown: Option<DropGuard>,
}

impl Twilio {
    /// Serves the REST API on a free port of this machine.
    ///
    /// # Errors
    /// [`TwilioError`] says what could not be opened.
    pub async fn start(config: TwilioConfig) -> Result<Self, TwilioError> {
        let (api, api_url) = listen().await?;
        let (media, media_url) = listen().await?;
        let shutdown = CancellationToken::new();
        let open = |config| Account::new(config, api_url.clone(), media_url.clone(), shutdown.clone());
        let others = config.others.iter().map(|(sid, token)| {
            let (account_sid, auth_token) = (sid.clone(), token.clone());
            open(TwilioConfig { account_sid, auth_token, others: Vec::new(), ..config.clone() })
        });
        let others = others.collect::<Result<Vec<_>, _>>()?;
        let account = open(config)?;
        let all: Arc<[_]> = std::iter::once(&account).chain(&others).cloned().collect();
        serve(&account, api, rest::router(&all));
        serve(&account, media, rest::media_router(all));
        Ok(Self { account, others, _shutdown: Some(shutdown.drop_guard()) })
    }

    /// Another account at the same addresses, with its own calls, recordings and journals. `None`: no account has
    /// that sid.
    pub fn other(&self, account_sid: &str) -> Option<Self> {
        let account = self.others.iter().find(|other| other.config.account_sid == account_sid)?;
        Some(Self { account: Arc::clone(account), others: Vec::new(), _shutdown: None })
    }

    /// Makes a second token, which opens the REST API beside the first one and signs nothing yet.
    pub fn set_secondary_token(&self, token: impl Into<String>) {
        self.account.set_secondary_token(token.into());
    }

    /// Has the second token sign from now on. The first one is good for nothing any more.
    pub fn promote_secondary_token(&self) {
        self.account.promote_secondary_token();
    }

    /// Where the REST API is: stands for `https://api.twilio.com`.
    pub fn api_url(&self) -> &Url {
        &self.account.api_url
    }

    /// Places a call and follows it to its end.
    pub fn call(&self, spec: CallSpec) -> Call {
        Call { state: call::place(&self.account, spec) }
    }

    /// How the person at `number` reacts to outbound calls. At every other number a person answers at once and is
    /// silent.
    pub fn set_callee(&self, number: impl Into<String>, callee: Callee) {
        lock(&self.account.callees).insert(number.into(), callee);
    }

    /// Has the calls of a number of the account, and their callbacks, go there.
    pub fn point_number(&self, number: &str, voice_url: &Url, status_url: &Url) {
        let told = [("VoiceUrl", voice_url), ("VoiceFallbackUrl", voice_url), ("StatusCallback", status_url)];
        let told = told.map(|(name, url)| (name.to_owned(), url.to_string())).into();
        rest::numbers::set_up(&self.account, number, told);
    }

    /// Suspends the account, or closes it.
    pub fn account_is(&self, status: &'static str) {
        lock(&self.account.standing).status = status;
    }

    /// What the account has left to spend, USD.
    pub fn balance_is(&self, balance: &str) {
        balance.clone_into(&mut lock(&self.account.standing).balance);
    }

    /// Takes the geographic permission for a country, by its two letters, from the account.
    pub fn refuse_country(&self, iso: &str) {
        lock(&self.account.standing).refused.insert(iso.to_owned());
    }

    /// The calls so far, in order of creation, those of the REST API included.
    pub fn calls(&self) -> Vec<Call> {
        self.account.calls.all().into_iter().map(|state| Call { state }).collect()
    }

    /// The texts that the account was asked to send, in that order.
    pub fn texts(&self) -> Vec<SentText> {
        self.account.texts.all().iter().map(|text| (**text).clone()).collect()
    }

    /// The next request is carried out, and the connection breaks before its answer is whole.
    pub fn lose_next_answer(&self) {
        self.fail_next_request(RestFault { status: 0, code: 0, retry_after_s: None, carried_out: true });
    }

    /// Refuses texts to a person with this code.
    pub fn refuse_texts_to(&self, person: &str, code: u32) {
        lock(&self.account.unreachable).insert(person.to_owned(), code);
    }

    /// Takes texts to a person again.
    pub fn take_texts_to(&self, person: &str) {
        lock(&self.account.unreachable).remove(person);
    }

    /// Where a text stands is changed without a callback: it is lost, as far as the product sees.
    pub fn text_becomes(&self, sid: &str, status: &str, code: Option<u32>) {
        lock(&self.account.fates).insert(sid.to_owned(), (status.to_owned(), code));
    }

    pub(crate) fn account(&self) -> &Arc<Account> {
        &self.account
    }

    /// The call of this order of creation, as soon as it exists.
    pub async fn nth_call(&self, index: usize) -> Option<Call> {
        let mut created = self.account.created.subscribe();
        created.wait_for(|created| *created > index).await.ok()?;
        self.account.calls.nth(index).map(|state| Call { state })
    }

    /// Answers the next REST request with a fault, after those already waiting.
    pub fn fail_next_request(&self, fault: RestFault) {
        lock(&self.account.rest_faults).push_back(fault);
    }

    /// Every attempt at a webhook, in the order they were answered.
    pub fn webhooks(&self) -> Vec<WebhookRecord> {
        self.account.webhooks.entries()
    }

    /// Every request of the REST API, in the order they were answered.
    pub fn requests(&self) -> Vec<RestRequest> {
        self.account.requests.entries()
    }

    /// The recordings of a call.
    pub fn recordings(&self, call_sid: &str) -> Vec<RecordingInfo> {
        let all = self.account.recordings.all();
        all.iter().filter(|recording| recording.call_sid == call_sid).map(|r| RecordingInfo::of(r)).collect()
    }

    /// Makes a completed recording what it would be after another, perhaps a much longer call.
    pub fn replace_recording(&self, recording_sid: &str, audio: LineRecording) {
        if let Some(recording) = self.account.recordings.find(recording_sid) {
            recording.complete(audio);
        }
    }

    /// Lets a withheld recording be found.
    pub fn release_recording(&self, recording_sid: &str) {
        if let Some(recording) = self.account.recordings.find(recording_sid) {
            recording.release();
        }
    }

    /// Waits until no call is live and no callback is due.
    pub async fn at_rest(&self) {
        self.account.tasks.close();
        self.account.tasks.wait().await;
        self.account.tasks.reopen();
    }
}

/// A recording as the account knows it.
#[derive(Clone, Debug)]
pub struct RecordingInfo {
    /// `RE` and 32 hex digits.
    pub sid: String,
    /// How far it is.
    pub status: RecordingStatus,
    /// What started it.
    pub source: RecordingSource,
    /// 1, or 2 with the person first and the agent second, of a trunk's the other way round.
    pub channels: u16,
    /// Whole seconds, rounded up.
    pub duration_s: u64,
    /// What was recorded.
    pub audio: Arc<LineRecording>,
}

impl RecordingInfo {
    fn of(recording: &recording::Recording) -> Self {
        Self {
            sid: recording.sid.clone(),
            status: recording.status(),
            source: recording.request.source,
            channels: recording.channels(),
            duration_s: recording.duration_s(),
            audio: recording.audio(),
        }
    }
}

/// One call, live or over.
#[derive(Clone)]
pub struct Call {
    state: Arc<CallState>,
}

impl Call {
    /// `CA` and 32 hex digits.
    pub fn sid(&self) -> &str {
        &self.state.sid
    }

    /// The status at this moment.
    pub fn status(&self) -> CallStatus {
        self.state.progress().status
    }

    /// What has happened and what does, until the call is over.
    pub fn events(&self) -> CallEvents {
        self.state.events.read()
    }

    /// The person hangs up now, whatever the script says.
    pub fn hang_up(&self) {
        let ending = Ending { by: EndedBy::Caller, unanswered: CallStatus::NoAnswer };
        // A call that is over needs no hanging up.
        let _ = self.state.interrupt(Interrupt::HangUp(ending));
    }

    /// The whole call, once it is over and its status callbacks have been sent. Recording callbacks follow.
    pub async fn finished(&self) -> Arc<CallOutcome> {
        let mut outcome = self.state.outcome.subscribe();
        let published = outcome.wait_for(Option::is_some).await.ok().and_then(|outcome| outcome.clone());
        match published {
            Some(outcome) => outcome,
            // The call holds the other end while there can be a waiter.
            None => std::future::pending().await,
        }
    }
}

async fn listen() -> Result<(TcpListener, Url), TwilioError> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = Url::parse(&format!("http://{}", listener.local_addr()?))?;
    Ok((listener, url))
}

fn serve(account: &Arc<Account>, listener: TcpListener, router: Router) {
    let shutdown = account.shutdown.clone();
    tokio::spawn(async move {
        tokio::select! {
            // Serving ends only with the listener, which lives as long as this task.
            _ = axum::serve(listener, router) => {}
            () = shutdown.cancelled() => {}
        }
    });
}

/// A thread that panicked with the lock leaves its state readable.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
