//! The life of one call: ringing, answer, TwiML, end, and what is reported of it.

mod callbacks;
mod document;
mod program;
mod prompts;
mod verbs;
mod voicemail;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use self::callbacks::CallbackQueue;
pub(crate) use self::callbacks::post;
use self::voicemail::Message;
use super::account::Account;
use super::events::{CallEventKind, CallOutcome, CallStatus, EndedBy, EventLog, LineRecording, WebhookKind};
use super::line::Line;
use super::lock;
use super::recording::Recording;
use super::script::CallerScript;
use super::spec::{CallSpec, Direction, Person, RecordingRequest, RecordingSource, TwimlSource};
use super::webhooks::Webhook;

/// Orders waiting for a call's attention: more than REST clients send while one is carried out.
const INTERRUPT_BACKLOG: usize = 16;

/// An order from outside the TwiML.
pub(crate) enum Interrupt {
    HangUp(Ending),
    Redirect(TwimlSource),
}

/// How a call ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ending {
    pub(crate) by: EndedBy,
    /// The status if the call was never answered; an answered call is `completed`.
    pub(crate) unanswered: CallStatus,
}

impl Ending {
    const fn new(by: EndedBy) -> Self {
        Self { by, unanswered: CallStatus::NoAnswer }
    }
}

/// What the REST API shows of a call and acts on.
pub(crate) struct CallState {
    pub(crate) sid: String,
    pub(crate) spec: CallSpec,
    pub(crate) line: Line,
    pub(crate) events: EventLog,
    pub(crate) outcome: watch::Sender<Option<Arc<CallOutcome>>>,
    progress: Mutex<CallProgress>,
    interrupts: mpsc::Sender<Interrupt>,
    recordings: Mutex<Vec<Arc<Recording>>>,
    /// The message that is being taken.
    message: Mutex<Option<Message>>,
    /// Media streams saying goodbye.
    streams: TaskTracker,
}

/// How far a call has come.
#[derive(Clone, Copy)]
pub(crate) struct CallProgress {
    pub(crate) status: CallStatus,
    pub(crate) created: Timestamp,
    pub(crate) answered: Option<(Timestamp, Instant)>,
    pub(crate) ended: Option<(Timestamp, Duration)>,
    pub(crate) answered_by: Option<&'static str>,
}

impl CallState {
    pub(crate) fn progress(&self) -> CallProgress {
        *lock(&self.progress)
    }

    /// Gives an order; `false` when the call is over or too many are waiting.
    pub(crate) fn interrupt(&self, interrupt: Interrupt) -> bool {
        !self.progress().status.is_final() && self.interrupts.try_send(interrupt).is_ok()
    }

    /// The fields common to every webhook of the call.
    pub(crate) fn params(&self, account_sid: &str) -> Vec<(String, String)> {
        let CallSpec { from, to, direction, .. } = &self.spec;
        let status = self.progress().status;
        [
            ("CallSid", self.sid.as_str()),
            ("AccountSid", account_sid),
            ("From", from),
            ("To", to),
            ("Caller", from),
            ("Called", to),
            ("CallStatus", status.as_str()),
            ("Direction", direction.as_str()),
            ("ApiVersion", "2010-04-01"),
            ("CallerZip", "02101"),
            ("FromCountry", ""),
            ("FromCity", ""),
            ("FromZip", "02101"),
            ("ToCountry", ""),
            ("ToCity", ""),
            // What Twilio may add one day, and what Voice SDK applications and SIP trunks add today.
            ("Region", "us1"),
            ("Price", "0.01"),
            ("CNAM", "ANNA"),
            ("SipHeader_X_Route_Id", "7"),
            ("SipHeader_X-Original-To", "+12025550199"),
            ("msg", "Gather End"),
            ("user_id", "17"),
            ("Caller name", "x"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    /// Records from this moment on.
    pub(crate) fn start_recording(
        self: &Arc<Self>,
        account: &Arc<Account>,
        request: RecordingRequest,
    ) -> Arc<Recording> {
        let faults = self.spec.faults.recording.clone();
        let recording = Arc::new(Recording::new(
            self.sid.clone(),
            request,
            self.line.position(),
            account.config.now(),
            faults,
        ));
        account.recordings.insert(recording.sid.clone(), Arc::clone(&recording));
        lock(&self.recordings).push(Arc::clone(&recording));
        self.line.log(CallEventKind::RecordingStarted { recording_sid: recording.sid.clone() });
        recording.announce(account, self, "in-progress");
        recording
    }

    /// Completes a recording with what was said since it began.
    fn stop_recording(self: &Arc<Self>, account: &Arc<Account>, recording: &Recording, audio: LineRecording) {
        lock(&self.recordings).retain(|active| active.sid != recording.sid);
        if recording.comes_to_nothing() {
            recording.announce(account, self, "absent");
            return;
        }
        recording.complete(audio);
        recording.announce(account, self, "completed");
    }

    /// Whether something of this source is being recorded: a second one of a kind is not begun.
    fn is_recorded_by(&self, source: RecordingSource) -> bool {
        lock(&self.recordings).iter().any(|active| active.request.source == source)
    }

    pub(crate) fn streams(&self) -> &TaskTracker {
        &self.streams
    }

    pub(crate) fn debugger(&self, code: u32, message: impl Into<String>) {
        self.line.log(CallEventKind::Debugger { code, message: message.into() });
    }
}

/// Places a call.
pub(crate) fn place(account: &Arc<Account>, spec: CallSpec) -> Arc<CallState> {
    let (interrupts, orders) = mpsc::channel(INTERRUPT_BACKLOG);
    let (hung_up, hang_ups) = mpsc::channel(1);
    let script = match &spec.person {
        Person::Talks { script, .. } => script.clone(),
        Person::DoesNotAnswer(_) => CallerScript::new(Vec::new()),
    };
    let events = EventLog::new();
    let status = match spec.direction {
        Direction::Inbound => CallStatus::Ringing,
        Direction::OutboundApi => CallStatus::Queued,
    };
    let call = Arc::new(CallState {
        sid: format!("CA{}", Uuid::new_v4().simple()),
        line: Line::new(script, events.clone(), hung_up),
        spec,
        events,
        outcome: watch::channel(None).0,
        progress: Mutex::new(CallProgress {
            status,
            created: account.config.now(),
            answered: None,
            ended: None,
            answered_by: None,
        }),
        interrupts,
        recordings: Mutex::default(),
        message: Mutex::default(),
        streams: TaskTracker::new(),
    });
    account.calls.insert(call.sid.clone(), Arc::clone(&call));
    let runner = Runner {
        callbacks: CallbackQueue::new(account, &call),
        account: Arc::clone(account),
        call: Arc::clone(&call),
    };
    account.tasks.spawn(Box::pin(runner.run(orders, hang_ups)));
    account.created.send_modify(|created| *created += 1);
    call
}

struct Runner {
    account: Arc<Account>,
    call: Arc<CallState>,
    callbacks: CallbackQueue,
}

impl Runner {
    async fn run(self, mut orders: mpsc::Receiver<Interrupt>, mut hang_ups: mpsc::Receiver<()>) {
        let mut redirected = None;
        let ending = loop {
            tokio::select! {
                biased;
                Some(order) = orders.recv() => match order {
                    Interrupt::HangUp(ending) => break ending,
                    Interrupt::Redirect(source) => redirected = Some(source),
                },
                Some(()) = hang_ups.recv() => break Ending::new(EndedBy::Caller),
                () = self.account.shutdown.cancelled() => break Ending::new(EndedBy::Stopped),
                () = self.patience_ends() => break Ending::new(EndedBy::Caller),
                ending = Box::pin(self.follow(redirected.take())) => break ending,
            }
        };
        self.finish(ending).await;
    }

    async fn patience_ends(&self) {
        let CallSpec { person, direction: Direction::Inbound, .. } = &self.call.spec else {
            return std::future::pending().await;
        };
        let Person::Talks { patience: Some(patience), .. } = person else {
            return std::future::pending().await;
        };
        tokio::time::sleep(*patience).await;
        if self.call.progress().answered.is_some() {
            std::future::pending().await
        }
    }

    async fn set_status(&self, status: CallStatus) {
        lock(&self.call.progress).status = status;
        self.call.line.log(CallEventKind::Status(status));
        self.callbacks.status(status).await;
    }

    /// Picks up, unless that has happened.
    async fn answer(&self) {
        if self.call.progress().answered.is_some() {
            return;
        }
        lock(&self.call.progress).answered = Some((self.account.config.now(), Instant::now()));
        self.call.line.answer(&self.account.tasks);
        self.set_status(CallStatus::InProgress).await;
        if let Some(request) = &self.call.spec.record {
            self.call.start_recording(&self.account, request.clone());
        }
        for source in &self.call.spec.faults.recording.foreign {
            let request = RecordingRequest {
                dual: true,
                trim: false,
                status_callback: None,
                events: Vec::new(),
                source: *source,
            };
            self.call.start_recording(&self.account, request);
        }
    }

    /// The person called reacts, and machine detection begins: everything before the first TwiML of an
    /// outbound call. An ending means that there will be none.
    async fn dial_out(&self) -> Option<Ending> {
        tokio::time::sleep_until(self.account.next_dial()).await;
        self.set_status(CallStatus::Initiated).await;
        self.set_status(CallStatus::Ringing).await;
        tokio::time::sleep(self.call.spec.rings).await;
        if let Person::DoesNotAnswer(status) = self.call.spec.person {
            return Some(Ending { by: EndedBy::NotAnswered, unanswered: status });
        }
        self.answer().await;
        if let Some(amd) = self.call.spec.amd.clone() {
            let Some(callback) = amd.callback else {
                tokio::time::sleep(amd.takes).await;
                lock(&self.call.progress).answered_by = Some(amd.answered_by);
                return None;
            };
            let params = [
                ("CallSid", self.call.sid.clone()),
                ("AccountSid", self.account.config.account_sid.clone()),
                ("AnsweredBy", amd.answered_by.to_owned()),
                ("MachineDetectionDuration", amd.takes.as_millis().to_string()),
            ];
            let params = params.map(|(name, value)| (name.to_owned(), value)).into();
            self.callbacks.later(Webhook::new(WebhookKind::Amd, callback, false, params), amd.takes);
        }
        None
    }

    async fn finish(self, ending: Ending) {
        let Self { account, call, callbacks } = &self;
        call.line.log(CallEventKind::Ended(ending.by));
        let line = call.line.finish();
        let recordings = lock(&call.recordings).clone();
        for recording in recordings {
            call.stop_recording(account, &recording, line.since(recording.from));
        }
        let (status, duration) = match call.progress().answered {
            Some((_, answered)) => (CallStatus::Completed, answered.elapsed()),
            None => (ending.unanswered, Duration::ZERO),
        };
        lock(&call.progress).ended = Some((account.config.now(), duration));
        self.set_status(status).await;
        self.message_ended_by_hanging_up().await;
        call.streams.close();
        call.streams.wait().await;
        callbacks.drain().await;
        self.publish(ending.by, status, duration, line);
    }

    fn publish(&self, ended_by: EndedBy, status: CallStatus, duration: Duration, line: LineRecording) {
        let call = &self.call;
        call.events.close();
        let outcome = CallOutcome {
            call_sid: call.sid.clone(),
            status,
            ended_by,
            duration,
            line,
            events: call.events.snapshot(),
        };
        call.outcome.send_replace(Some(Arc::new(outcome)));
    }
}

/// RFC 2822 in UTC, as call and recording callbacks and the REST API write times.
pub(crate) fn rfc2822(timestamp: Timestamp) -> String {
    jiff::fmt::rfc2822::to_string(&timestamp.to_zoned(TimeZone::UTC)).unwrap_or_default()
}
