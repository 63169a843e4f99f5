//! A model as the Realtime API shows it: turn detection that creates responses, one response at a time, items,
//! tool calls, cancels that come too late, and everything that goes wrong with it (OpenAI Realtime GA).

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use session::END_CALL;
use session::input::{
    ErrorClass, ModelAudio, ModelEvent, ModelLoss, ResponseReason as Reason, ResponseStatus as Status, Role,
};
use session::output::{ModelCommand, Past};

use crate::events::Ev;
use crate::world::World;

/// One connection.
#[derive(Debug, Default)]
pub(crate) struct Leg {
    pub(crate) state: State,
    /// The socket is cut, whether or not the bridge has noticed.
    pub(crate) cut: bool,
    active: Option<Active>,
    last_item: Option<String>,
    /// Generated audio by item, in milliseconds.
    generated: BTreeMap<String, u64>,
    calls: BTreeSet<String>,
    answered: BTreeSet<String>,
    hearing: Option<String>,
    /// Events leave in order: none before this moment.
    sent_until: u64,
    told: u64,
    /// There is no capacity before this moment.
    short_until: u64,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    #[default]
    Connecting,
    Ready,
    InUse,
    Gone,
}

#[derive(Debug)]
struct Active {
    id: String,
    cancelled: bool,
}

/// A server event on its way.
#[derive(Debug, Clone)]
pub(crate) enum Said {
    SpeechStarted(String),
    SpeechStopped(String),
    Item { item: String, previous: Option<String>, role: Role },
    CallerWords { item: String, text: Option<&'static str> },
    Created { response: String, reason: Option<Reason> },
    Audio { response: String, item: String, millis: u64 },
    Piece { response: String, item: String },
    Whole { response: String, item: String, text: &'static str },
    Tool { response: String, call_id: String, name: &'static str },
    Done { response: String, status: Status },
    Error { class: ErrorClass, event_id: Option<String> },
}

impl Said {
    pub(crate) fn event<'a>(&'a self, sound: &'a Rc<[u8]>) -> ModelEvent<'a> {
        match self {
            // No law depends on where in the audio it was.
            Self::SpeechStarted(item) => ModelEvent::SpeechStarted { item, audio_start: None },
            Self::SpeechStopped(item) => ModelEvent::SpeechStopped { item, audio_end: Some(Duration::MAX) },
            Self::Item { item, previous, role } => {
                ModelEvent::ItemAdded { item, previous: previous.as_deref(), role: *role }
            }
            Self::CallerWords { item, text: Some(text) } => ModelEvent::CallerTranscript { item, text },
            Self::CallerWords { item, text: None } => ModelEvent::CallerTranscriptFailed { item },
            Self::Created { response, reason } => ModelEvent::ResponseCreated { response, reason: *reason },
            Self::Audio { response, item, .. } => {
                ModelEvent::Audio(ModelAudio { response, item, content_index: 0, payload: sound })
            }
            Self::Piece { response, item } => {
                ModelEvent::AgentTranscriptDelta { response, item, text: "a few words " }
            }
            Self::Whole { response, item, text } => ModelEvent::AgentTranscript { response, item, text },
            Self::Tool { response, call_id, name } => {
                ModelEvent::ToolCall { response, item: call_id, call_id, name, arguments: "{}" }
            }
            Self::Done { response, status } => {
                ModelEvent::ResponseDone { response, status: *status, usage: None }
            }
            Self::Error { class, event_id } => {
                ModelEvent::Error { class: *class, event_id: event_id.as_deref() }
            }
        }
    }

    pub(crate) fn millis(&self) -> u64 {
        if let Self::Audio { millis, .. } = self { *millis } else { 0 }
    }
}

/// What becomes of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Said,
    /// Ends without a word.
    Silent(Status),
    /// Ends in the middle of its words.
    BrokenOff(Status),
    /// Stops sending, in the middle or from the beginning.
    Stalled {
        spoke: bool,
    },
}

impl World {
    /// The bridge wants a connection.
    pub(crate) fn connect(&mut self, b: usize) {
        let bridge = &mut self.bridges[b];
        if let Some(earlier) = bridge.attempt.take() {
            bridge.legs[earlier].state = State::Gone;
        }
        let leg = bridge.legs.len();
        bridge.legs.push(Leg::default());
        bridge.attempt = Some(leg);
        if self.fault("connect never answers", 15) {
            return;
        }
        let slow = self.fault("connect slow", 30);
        let takes = if slow { self.rng.between(2_000, 7_000) } else { self.rng.between(80, 600) };
        let ev = if self.fault("connect refused", 40) {
            Ev::LegFails { b, leg, loss: ModelLoss::Transient }
        } else if self.fault("connect refused for good", 2) {
            Ev::LegFails { b, leg, loss: ModelLoss::Fatal }
        } else {
            Ev::LegReady { b, leg }
        };
        self.at(takes, ev);
    }

    /// From here on this leg carries the call.
    pub(crate) fn leg_taken(&mut self, b: usize, leg: usize) {
        if self.fault("model dropped", 60) {
            let after = self.rng.between(0, 60_000);
            self.at(after, Ev::LegCut { b, leg, loss: ModelLoss::Transient });
        }
        if self.fault("model dropped for good", 2) {
            let after = self.rng.between(0, 120_000);
            self.at(after, Ev::LegCut { b, leg, loss: ModelLoss::Fatal });
        }
        self.at(self.lifetime, Ev::LegCut { b, leg, loss: ModelLoss::Transient });
        self.heard_by_new_leg(b, leg);
    }

    pub(crate) fn at_model(&mut self, b: usize, leg: usize, command: ModelCommand) {
        if self.bridges[b].legs[leg].cut {
            return;
        }
        let state = &mut self.bridges[b].legs[leg];
        match command {
            ModelCommand::CreateResponse { reason, event_id, .. } => {
                let busy = state.active.is_some();
                let reject = |class| Said::Error { class, event_id: Some(event_id.clone()) };
                if busy {
                    let names_it = !self.fault("a refusal that does not say whose", 200);
                    let event_id = names_it.then_some(event_id);
                    self.say(b, leg, Said::Error { class: ErrorClass::ResponseActive, event_id });
                } else if self.fault("request lost", 8) {
                } else if self.fault("rate limit", 15) {
                    let event_id = (!self.fault("a limit that does not say whose", 200)).then_some(event_id);
                    let wait = self.wait_told();
                    self.say(b, leg, Said::Error { class: ErrorClass::Limited { wait }, event_id });
                } else if self.fault("request rejected", 6) {
                    self.say(b, leg, reject(ErrorClass::Rejected));
                } else {
                    self.respond(b, leg, Some(reason));
                }
            }
            ModelCommand::CancelResponse { response } => match &mut state.active {
                Some(active) if active.id == response => {
                    assert!(!std::mem::replace(&mut active.cancelled, true), "{response} is cancelled twice");
                    if !self.fault("cancel never confirmed", 20) {
                        let done = Said::Done { response: response.clone(), status: Status::Cancelled };
                        self.at(5, Ev::Generate { b, leg, response, said: done });
                    }
                }
                // `response_cancel_not_active`: it had ended when the cancel arrived.
                _ => self.say(b, leg, Said::Error { class: ErrorClass::Benign, event_id: None }),
            },
            ModelCommand::Truncate { item, audio_end_ms, .. } => {
                let generated = state.generated.get(&item).copied();
                assert!(
                    generated.is_some_and(|generated| u64::from(audio_end_ms) <= generated),
                    "{item} truncated at {audio_end_ms} of {generated:?} ms"
                );
            }
            ModelCommand::ToolOutput { call_id, .. } => {
                assert!(state.calls.contains(&call_id), "an output of a call this model knows nothing of");
                assert!(state.answered.insert(call_id), "a call is answered twice");
            }
            ModelCommand::Replay { item, piece } => {
                assert_eq!(state.told, 0, "the past is told after the present");
                state.last_item = Some(item);
                match piece {
                    Past::ToolCall { call_id, .. } => assert!(state.calls.insert(call_id)),
                    Past::ToolOutput { call_id, .. } => {
                        assert!(state.calls.contains(&call_id), "an output before its call");
                        assert!(state.answered.insert(call_id), "a call is answered twice");
                    }
                    Past::Said { text, .. } => assert!(!text.is_empty()),
                    Past::Note { .. } => {}
                }
                return;
            }
            ModelCommand::SystemText { .. } => {}
        }
        self.bridges[b].legs[leg].told += 1;
    }

    /// Turn detection hears the caller begin.
    pub(crate) fn model_hears(&mut self, b: usize, leg: usize) {
        let item = self.id("item");
        let state = &mut self.bridges[b].legs[leg];
        if state.cut || state.state != State::InUse || state.hearing.is_some() {
            return;
        }
        state.hearing = Some(item.clone());
        self.say(b, leg, Said::SpeechStarted(item));
    }

    /// Turn detection hears the caller stop: the speech becomes an item and is answered.
    pub(crate) fn model_heard(&mut self, b: usize, leg: usize, text: Option<&'static str>) {
        let state = &mut self.bridges[b].legs[leg];
        if state.cut || state.state != State::InUse || state.hearing.is_none() {
            return;
        }
        if self.fault("speech that never stops", 10) {
            return;
        }
        let state = &mut self.bridges[b].legs[leg];
        let Some(item) = state.hearing.take() else { return };
        let previous = state.last_item.replace(item.clone());
        self.say(b, leg, Said::SpeechStopped(item.clone()));
        self.say(b, leg, Said::Item { item: item.clone(), previous, role: Role::Caller });
        if !self.fault("words never transcribed", 20) {
            let late = self.fault("words late", 30);
            let after = if late { self.rng.between(2_000, 9_000) } else { self.rng.between(200, 900) };
            let failed = self.fault("transcription failed", 20);
            let said = Said::CallerWords { item, text: text.filter(|_| !failed) };
            self.at(after, Ev::Generate { b, leg, response: String::new(), said });
        }
        let busy = self.bridges[b].legs[leg].active.is_some();
        if !busy && !self.fault("a turn that is not answered", 15) {
            self.respond(b, leg, None);
        }
    }

    fn respond(&mut self, b: usize, leg: usize, reason: Option<Reason>) {
        let response = self.id("resp");
        let item = self.id("item");
        self.bridges[b].legs[leg].active = Some(Active { id: response.clone(), cancelled: false });
        let fate = self.fate(b, leg);
        self.generate(b, leg, 0, Said::Created { response: response.clone(), reason });
        if fate == (Fate::Stalled { spoke: false }) {
            return;
        }
        let slow = self.fault("first word slow", 20);
        let mut at = if slow { self.rng.between(4_000, 12_000) } else { self.rng.between(150, 900) };
        let done = |status| Said::Done { response: response.clone(), status };
        if let Fate::Silent(status) = fate {
            return self.generate(b, leg, at, done(status));
        }
        let calls_tool = reason.is_none_or(|reason| reason == Reason::ToolOutput) && self.rng.per_mille(120);
        let ends = reason.is_none() && self.rng.per_mille(15);
        let spoken = if calls_tool && self.rng.per_mille(500) { 0 } else { self.rng.between(2, 30) };
        if spoken > 0 {
            self.generate(b, leg, at, Said::Item { item: item.clone(), previous: None, role: Role::Agent });
        }
        let breaks_at = if fate == Fate::Said { u64::MAX } else { self.rng.between(1, spoken.max(1)) };
        for delta in 0..spoken.min(breaks_at) {
            let millis = self.rng.between(4, 20) * 30;
            let (response, item) = (response.clone(), item.clone());
            *self.bridges[b].legs[leg].generated.entry(item.clone()).or_default() += millis;
            if delta % 3 == 0 {
                self.generate(b, leg, at, Said::Piece { response: response.clone(), item: item.clone() });
            }
            self.generate(b, leg, at, Said::Audio { response, item, millis });
            at += self.rng.between(20, millis / 2);
        }
        if let Fate::BrokenOff(status) = fate {
            return self.generate(b, leg, at, done(status));
        }
        if fate != Fate::Said {
            return;
        }
        let text = match reason {
            Some(Reason::Goodbye) => "Goodbye.",
            _ if ends => "You are welcome. Goodbye!",
            _ if self.rng.per_mille(500) => "Would Tuesday at nine suit you?",
            _ => "The bicycle will be ready on Tuesday.",
        };
        if spoken > 0 {
            self.generate(b, leg, at, Said::Whole { response: response.clone(), item, text });
        }
        let calls = if ends { 1 } else { u64::from(calls_tool) * self.rng.between(1, 2) };
        for _ in 0..calls {
            let call_id = self.id("call");
            let name = if ends { END_CALL } else { "book" };
            self.generate(
                b,
                leg,
                at,
                Said::Item { item: call_id.clone(), previous: None, role: Role::Other },
            );
            self.generate(b, leg, at, Said::Tool { response: response.clone(), call_id, name });
        }
        self.generate(b, leg, at, done(Status::Completed));
    }

    /// How long the model says that it is out of capacity, if it does, right or wrong.
    fn wait_told(&mut self) -> Option<Duration> {
        self.rng.per_mille(700).then(|| Duration::from_millis(self.rng.between(0, 20_000)))
    }

    fn fate(&mut self, b: usize, leg: usize) -> Fate {
        if self.fault("model out of capacity", 8) {
            self.bridges[b].legs[leg].short_until = self.now + self.rng.between(500, 15_000);
        }
        if self.now < self.bridges[b].legs[leg].short_until {
            return Fate::Silent(Status::Limited { wait: self.wait_told() });
        }
        let early = [Status::Completed, Status::Failed, Status::IncompleteContentFilter, Status::Failed];
        let late = [Status::IncompleteMaxTokens, Status::IncompleteContentFilter, Status::Failed];
        if self.fault("response without a word", 20) {
            Fate::Silent(self.rng.pick(&early))
        } else if self.fault("response broken off", 20) {
            Fate::BrokenOff(self.rng.pick(&late))
        } else if self.fault("response stalled", 10) {
            Fate::Stalled { spoke: self.rng.per_mille(500) }
        } else {
            Fate::Said
        }
    }

    fn generate(&mut self, b: usize, leg: usize, after: u64, said: Said) {
        let response = self.bridges[b].legs[leg].active.as_ref().map(|active| active.id.clone());
        self.at(after, Ev::Generate { b, leg, response: response.unwrap_or_default(), said });
    }

    /// The moment something would be generated: it is, unless the response was given up.
    pub(crate) fn generated(&mut self, b: usize, leg: usize, response: &str, mut said: Said) {
        let state = &mut self.bridges[b].legs[leg];
        if state.cut {
            return;
        }
        if !response.is_empty() {
            let Some(active) = state.active.as_ref().filter(|active| active.id == response) else { return };
            let ends = matches!(said, Said::Done { .. });
            let cancelled = Said::Done { response: response.to_owned(), status: Status::Cancelled };
            if active.cancelled && !matches!(&said, Said::Done { status: Status::Cancelled, .. }) {
                // A cancel that is never confirmed ends the response all the same.
                if ends {
                    state.active = None;
                    self.say(b, leg, cancelled);
                }
                return;
            }
            if ends {
                state.active = None;
            }
        }
        let state = &mut self.bridges[b].legs[leg];
        match &mut said {
            Said::Tool { call_id, .. } => drop(state.calls.insert(call_id.clone())),
            Said::Item { item, previous, .. } => *previous = state.last_item.replace(item.clone()),
            _ => {}
        }
        self.say(b, leg, said);
    }

    /// Puts an event on the socket, behind those before it.
    fn say(&mut self, b: usize, leg: usize, said: Said) {
        // A delta that comes twice cannot be told from two that sound alike.
        let once = matches!(said, Said::Audio { .. } | Said::Piece { .. });
        let copies = 1 + u64::from(!once && self.fault("event twice", 5));
        let stalls = self.fault("network stalls downwards", 1);
        let overtaken = self.fault("event overtaken", 3);
        let delay = self.bridges[b].down + if stalls { self.rng.between(200, 3_000) } else { 0 };
        let state = &mut self.bridges[b].legs[leg];
        let mut at = state.sent_until.max(self.now + delay);
        if overtaken {
            at += 40;
        } else {
            state.sent_until = at;
        }
        for _ in 0..copies {
            self.at(at - self.now, Ev::FromModel { b, leg, said: said.clone() });
        }
    }
}
