//! What the user of the simulator asks for: the account, a call, the people on it, and the faults.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use strum::IntoStaticStr;
use tokio::sync::watch;
use url::Url;

use super::events::CallStatus;
use super::script::CallerScript;

mod recording;

pub use recording::{MediaFault, RecordingFaults, RecordingRequest, RecordingSource};

/// The account and how its world behaves.
#[derive(Clone)]
pub struct TwilioConfig {
    /// `AC` and 32 hex digits.
    pub account_sid: String,
    /// Signs webhooks and opens the REST API, until another one is promoted.
    pub auth_token: String,
    /// Other accounts at the same addresses, each with its own token: their sids and tokens.
    pub others: Vec<(String, String)>,
    /// How long `<Say>` takes per character.
    pub say_ms_per_char: u64,
    /// From the end of a call to its recordings' `completed` callback.
    pub recording_ready_after: Duration,
    /// Whether `<Connect action>` is requested after a connection that broke without a close frame. Twilio
    /// documents it only for a close; without it the next verb runs.
    pub connect_action_after_break: bool,
    /// From the dialling of one call of the REST API to that of the next: an account dials one a second, and queues
    /// what it is asked beyond it.
    pub dials_every: Duration,
    /// Whether the account has each number that is asked for; else it has none.
    pub has_every_number: bool,
    /// How far the account's calendar is ahead of the machine's: what calls, recordings and callbacks are dated by.
    pub ahead: Option<watch::Receiver<Duration>>,
}

impl TwilioConfig {
    /// An account with Twilio's usual behaviour.
    pub fn new(account_sid: impl Into<String>, auth_token: impl Into<String>) -> Self {
        Self {
            account_sid: account_sid.into(),
            auth_token: auth_token.into(),
            others: Vec::new(),
            say_ms_per_char: 60,
            recording_ready_after: Duration::from_millis(50),
            connect_action_after_break: true,
            dials_every: Duration::from_secs(1),
            has_every_number: true,
            ahead: None,
        }
    }

    /// The date and time by the account's calendar.
    pub(crate) fn now(&self) -> Timestamp {
        let ahead = self.ahead.as_ref().map(|ahead| *ahead.borrow()).unwrap_or_default();
        Timestamp::now() + ahead
    }
}

impl fmt::Debug for TwilioConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TwilioConfig").field("account_sid", &self.account_sid).finish_non_exhaustive()
    }
}

/// Which way a call goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Direction {
    /// A person calls a number of the account.
    Inbound,
    /// The account calls a person through the REST API.
    OutboundApi,
}

impl Direction {
    /// The value of `Direction` in webhooks.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Which status callbacks are sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StatusEvents {
    /// Only the final one: what a number's configuration sends for inbound calls.
    Final,
    /// Ringing, answered and the final one; outbound calls begin with `initiated`.
    All,
    /// These words of `StatusCallbackEvent`.
    Only(Vec<String>),
}

impl StatusEvents {
    pub(crate) fn wants(&self, status: CallStatus) -> bool {
        let event = match status {
            CallStatus::Queued => return false,
            CallStatus::Initiated => "initiated",
            CallStatus::Ringing => "ringing",
            CallStatus::InProgress => "answered",
            CallStatus::Completed
            | CallStatus::Busy
            | CallStatus::Failed
            | CallStatus::NoAnswer
            | CallStatus::Canceled => "completed",
        };
        match self {
            Self::Final => event == "completed",
            Self::All => true,
            Self::Only(events) => events.iter().any(|wanted| wanted == event),
        }
    }
}

/// Where a call gets its TwiML.
#[derive(Clone)]
pub enum TwimlSource {
    /// Requested.
    Url {
        /// From here; a fragment may hold connection overrides.
        url: Url,
        /// With GET instead of POST.
        get: bool,
    },
    /// Given with the call.
    Inline(String),
}

/// A call to place.
#[derive(Clone)]
pub struct CallSpec {
    /// The caller: E.164, or what a hidden number sends instead.
    pub from: String,
    /// The called number.
    pub to: String,
    /// Which way it goes.
    pub direction: Direction,
    /// What answers: the voice URL of the number or of the REST request.
    pub twiml: TwimlSource,
    /// Asked when the TwiML cannot be had.
    pub fallback_url: Option<Url>,
    /// Told the call's progress.
    pub status_callback: Option<Url>,
    /// Which progress.
    pub status_events: StatusEvents,
    /// How long an outbound call rings before the person reacts.
    pub rings: Duration,
    /// The person on the telephone: the caller of an inbound call, the one called of an outbound call.
    pub person: Person,
    /// Further fields of the voice request, such as `CallerName` or `StirVerstat`.
    pub extra_params: Vec<(String, String)>,
    /// What `<Dial>` meets.
    pub dial: DialOutcome,
    /// What goes wrong.
    pub faults: CallFaults,
    /// Recorded from the answer on: `Record=true`.
    pub record: Option<RecordingRequest>,
    /// Where and whether machine detection reports.
    pub amd: Option<AmdRequest>,
}

impl CallSpec {
    /// A call to a number whose voice URL is `voice_url`.
    pub fn inbound(
        from: impl Into<String>,
        to: impl Into<String>,
        voice_url: Url,
        caller: CallerScript,
    ) -> Self {
        Self {
            from: from.into(),
            to: to.into(),
            direction: Direction::Inbound,
            twiml: TwimlSource::Url { url: voice_url, get: false },
            fallback_url: None,
            status_callback: None,
            status_events: StatusEvents::Final,
            rings: Duration::ZERO,
            person: Person::Talks { script: caller, patience: None },
            extra_params: Vec::new(),
            dial: DialOutcome::Busy,
            faults: CallFaults::default(),
            record: None,
            amd: None,
        }
    }
}

/// What the person on the telephone does about the call.
#[derive(Clone)]
pub enum Person {
    /// Talks.
    Talks {
        /// From the answer on.
        script: CallerScript,
        /// How long an inbound caller waits for the answer before giving up.
        patience: Option<Duration>,
    },
    /// Does not take an outbound call: busy, no-answer or failed.
    DoesNotAnswer(CallStatus),
}

/// How the called person reacts to an outbound call.
#[derive(Clone)]
pub struct Callee {
    /// How long it rings.
    pub rings: Duration,
    /// What the person then does.
    pub person: Person,
    /// What machine detection finds.
    pub answered_by: Answerer,
    /// How long it takes to find it. For a machine this is how long it takes to know it; its greeting ends when
    /// the machine's script says so.
    pub amd_takes: Duration,
    /// What `<Dial>` meets in the call.
    pub dial: DialOutcome,
    /// What goes wrong in it.
    pub faults: CallFaults,
}

impl Callee {
    /// A person who answers at once and follows the script.
    pub fn answers(script: CallerScript) -> Self {
        Self {
            rings: Duration::ZERO,
            person: Person::Talks { script, patience: None },
            answered_by: Answerer::Word("human"),
            amd_takes: Duration::from_millis(100),
            dial: DialOutcome::Busy,
            faults: CallFaults::default(),
        }
    }
}

/// What machine detection finds at the other end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answerer {
    /// This word of `AnsweredBy`, whatever was asked for.
    Word(&'static str),
    /// A machine whose greeting takes this long, tone included: `machine_start`, or with `DetectMessageEnd`
    /// `machine_end_beep` after it.
    Machine { greeting: Duration },
    /// Detection comes to nothing, and no callback is sent.
    Nothing,
}

/// What `<Dial>` meets at the other end.
#[derive(Clone, Copy, Debug)]
pub enum DialOutcome {
    /// Answered, and hung up by the other side after this long.
    Answered(Duration),
    /// Engaged.
    Busy,
    /// Rings for this long, or for the verb's `timeout` if that is shorter.
    NoAnswer(Duration),
    /// Cannot be reached.
    Failed,
}

/// Machine detection asked for by the REST request.
#[derive(Clone)]
pub struct AmdRequest {
    /// The verdict, in the words of `AnsweredBy`.
    pub answered_by: &'static str,
    /// How long detection takes.
    pub takes: Duration,
    /// Asynchronous detection reports here; synchronous detection delays the voice request.
    pub callback: Option<Url>,
}

/// What goes wrong in one call.
#[derive(Clone, Default)]
pub struct CallFaults {
    /// Of its webhooks.
    pub webhooks: WebhookFaults,
    /// Of its media stream.
    pub stream: StreamFaults,
    /// Of its recordings.
    pub recording: RecordingFaults,
}

/// Faults of the webhooks of one call.
#[derive(Clone, Default)]
pub struct WebhookFaults {
    /// Further simultaneous copies of the first voice request, with the same idempotency token.
    pub voice_copies: u32,
    /// Further copies of each status callback, right after it.
    pub status_copies: u32,
    /// Each status callback leaves this late.
    pub status_delay: Duration,
    /// Status callbacks that never leave.
    pub lost: Vec<CallStatus>,
    /// The order in which status callbacks arrive.
    pub order: StatusOrder,
}

/// The order in which status callbacks arrive.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub enum StatusOrder {
    /// As they happen.
    #[default]
    AsFired,
    /// All after the end, the last first.
    Reversed,
    /// All after the end, in an order fixed by the seed.
    Shuffled(u64),
}

/// Faults of the media stream of one call.
#[derive(Clone, Default)]
pub struct StreamFaults {
    /// Sent verbatim to the server at these times after `start`.
    pub inject: Vec<(Duration, Injected)>,
    /// The connection breaks, without `stop` and without a close frame, this long after `start`.
    pub break_after: Option<Duration>,
    /// From `start` plus the first time, nothing is read for the second.
    pub stall: Option<(Duration, Duration)>,
    /// The signature of the WebSocket upgrade.
    pub upgrade: UpgradeSignature,
}

/// A WebSocket message that Twilio would not send.
#[derive(Clone)]
pub enum Injected {
    /// `{streamSid}` is replaced by the stream's.
    Text(String),
    /// Twilio never sends binary messages.
    Binary(Vec<u8>),
}

/// The signature of the WebSocket upgrade.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub enum UpgradeSignature {
    /// As documented.
    #[default]
    Correct,
    /// No header.
    Missing,
    /// Made with another key.
    Wrong,
}
