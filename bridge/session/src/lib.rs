//! One call, as a pure state machine.
//!
//! [`Session`] is told what happened ([`Input`]) and when, and answers with what to do ([`Output`]). It knows no
//! sockets, no JSON and no clock, so the same inputs at the same times always give the same outputs, and a
//! call of an hour is tested in microseconds. Drive it like this, whatever the source of inputs is:
//!
//! 1. [`Session::handle_input`] with one input, or [`Session::handle_timeout`] when [`Session::poll_timeout`]
//!    is due;
//! 2. [`Session::poll_output`] until it is empty. [`output::Audio::Current`] and [`Output::AudioToCaller`] mean the
//!    payload of the input just handled, which is why no second input may come in between.
//!
//! | concern | owner |
//! |---|---|
//! | every wait | `deadlines` |
//! | phases before, of and after the conversation | `connecting`, `live`, `closing` |
//! | having a model: losing it, replacing it, telling it what was | `model_leg` |
//! | what the model says | `model` |
//! | audio sent and audio heard | `playback` |
//! | interruption by the caller | `barge_in` |
//! | the caller's audio | `caller_audio` |
//! | who said what, in order | `turns` |
//! | short sounds over the agent's speech | `overheard` |
//! | asking the model to speak, and asking it again | `response_gate`, `trouble` |
//! | tool calls | `tools`, `tool_calls` |
//! | nobody speaking, or nobody there | `silence`, `presence` |
//! | a machine or a screening service in a person's place | `voicemail`, `screening` |
//! | ending the call | `hangup`, `farewell` |
//! | leaving a process that is being stopped | `drain` |
//! | keys pressed | `dtmf` |
//!
//! Concerns decide from facts, in one place (`live`'s `settle`), after whatever happened: the order in which events
//! arrive does not matter, only what is true once they have.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use domain::{CallPlan, CallSid, Timestamp};

mod audio;
mod closing;
mod connecting;
mod deadlines;
mod facts;
pub mod input;
mod instructions;
mod live;
mod model;
pub mod output;
mod phase;
mod reasons;
mod redact;
mod rules;
#[cfg(test)]
mod testing;

pub use domain::tools::END_CALL;
pub use input::Input;
pub use output::Output;
pub use phase::Phase;

use deadlines::{Deadline, Deadlines};
use domain::phrases::Phrases;
use facts::caller_audio::{CallerLine, Kept};
use facts::ending::HangUp;
use facts::model_leg::ModelLeg;
use facts::playback::Playback;
use facts::response_gate::ResponseGate;
use facts::tool_calls::Tools;
use facts::turns::Turns;
use output::{Audio, Event, Figures};
use rules::barge_in::CallerSpeech;
use rules::farewell::Farewell;
use rules::keys::Keypad;
use rules::presence::Presence;
use rules::screening::Screening;
use rules::silence::Silence;
use rules::voicemail::Voicemail;

/// Twilio says which call it is right after connecting.
const START_WAIT: Duration = Duration::from_secs(5);
/// More outputs than any frame of audio causes, so that frames do not allocate.
const OUTPUTS_CAPACITY: usize = 16;

/// One call.
pub struct Session {
    phase: Phase,
    outputs: VecDeque<Output>,
    deadlines: Deadlines,
    /// When the session began, by both clocks.
    born: (Instant, Timestamp),
    /// When Twilio's stream started.
    started: Option<Instant>,
    call: Option<CallSid>,
    plan: Option<Box<CallPlan>>,
    line: CallerLine,
    speech: CallerSpeech,
    playback: Playback,
    gate: ResponseGate,
    tools: Tools,
    turns: Turns,
    silence: Silence,
    hangup: HangUp,
    farewell: Farewell,
    presence: Presence,
    voicemail: Voicemail,
    screening: Screening,
    phrases: Phrases,
    keypad: Keypad,
    /// An entry that was complete before the conversation began.
    early_keys: Option<String>,
    /// The response that carries the greeting.
    greeting: Option<String>,
    /// The caller is hearing us, as far as anybody was told.
    agent_speaking: bool,
    leg: ModelLeg,
    /// A request that the model must not see before the audio that was kept.
    after_kept_audio: Option<Output>,
    figures: Figures,
}

impl Session {
    /// A call whose socket was opened at `now`, which is `wall` by the calendar.
    pub fn new(now: Instant, wall: Timestamp) -> Self {
        let mut deadlines = Deadlines::default();
        deadlines.set(Deadline::Start, now + START_WAIT);
        Self {
            phase: Phase::AwaitingStart,
            outputs: VecDeque::with_capacity(OUTPUTS_CAPACITY),
            deadlines,
            born: (now, wall),
            started: None,
            call: None,
            plan: None,
            line: CallerLine::default(),
            speech: CallerSpeech::default(),
            playback: Playback::new(),
            gate: ResponseGate::default(),
            tools: Tools::default(),
            turns: Turns::default(),
            silence: Silence::default(),
            hangup: HangUp::default(),
            farewell: Farewell::default(),
            presence: Presence::default(),
            voicemail: Voicemail::default(),
            screening: Screening::default(),
            phrases: Phrases::default(),
            keypad: Keypad::default(),
            early_keys: None,
            greeting: None,
            agent_speaking: false,
            leg: ModelLeg::default(),
            after_kept_audio: None,
            figures: Figures::default(),
        }
    }

    /// Takes one input. All outputs of the one before must have been polled.
    pub fn handle_input(&mut self, now: Instant, input: Input<'_>) {
        debug_assert!(self.outputs.is_empty(), "an input before the outputs of the last one were polled");
        match self.phase {
            Phase::AwaitingStart => self.awaiting_start(now, input),
            Phase::Connecting => self.connecting(now, input),
            Phase::Live => self.live(now, input),
            Phase::Closing(reason) => self.closing(now, reason, input),
            Phase::Closed => {}
        }
    }

    /// Acts on every deadline that has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        debug_assert!(self.outputs.is_empty(), "a timeout before the outputs of the last input were polled");
        while let Some(deadline) = self.deadlines.take_due(now) {
            match self.phase {
                Phase::AwaitingStart | Phase::Connecting => self.connecting_deadline(now, deadline),
                Phase::Live => self.live_deadline(now, deadline),
                Phase::Closing(reason) => self.close(now, reason),
                Phase::Closed => {}
            }
        }
    }

    /// What to do next; `None` until the next input or timeout.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front().or_else(|| self.take_kept_audio()).or_else(|| self.after_kept_audio.take())
    }

    /// When to call [`Session::handle_timeout`], and what is being waited for.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        self.deadlines.earliest().map(|(at, deadline)| (at, deadline.name()))
    }

    pub fn phase(&self) -> Phase {
        self.phase
    }

    pub fn is_closed(&self) -> bool {
        self.phase == Phase::Closed
    }

    /// What was kept while the model connected goes to it before anything newer. It is taken from where it
    /// lies: seconds of audio never sit in the output queue.
    fn take_kept_audio(&mut self) -> Option<Output> {
        if self.phase != Phase::Live || !self.leg.is_up() {
            return None;
        }
        Some(Output::AudioToModel(match self.line.take_kept()? {
            Kept::Frame(payload) => {
                self.figures.frames_forwarded += 1;
                Audio::Kept(payload)
            }
            Kept::Gap(gap) => {
                self.figures.padded += gap;
                Audio::Silence(gap)
            }
        }))
    }

    fn emit(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    fn note(&mut self, event: Event) {
        self.emit(Output::Event(event));
    }

    fn wall(&self, now: Instant) -> Timestamp {
        let (born, wall) = self.born;
        wall.plus(now.saturating_duration_since(born))
    }

    fn since_start(&self, now: Instant) -> Duration {
        self.started.map_or(Duration::ZERO, |started| now.saturating_duration_since(started))
    }
}
