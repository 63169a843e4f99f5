//! What holds for every session, whatever happens around it. Looked at after every step.

use std::collections::BTreeSet;

use domain::CallAction;
use session::input::ResponseReason as Reason;
use session::output::{Audio, Close, Event, ModelCommand};
use session::{Output, Phase};

use crate::model::Said;

/// No phase lasts longer, in milliseconds: its deadlines add up to less.
const AWAITING_START_MAX: u64 = 5_000;
const CONNECTING_MAX: u64 = 2_000 + 8_000;
const CLOSING_MAX: u64 = 5_000 + 2_000;
/// What the end of a call may take beyond its maximum duration.
const LIVE_BEYOND: u64 = 1;
/// All the audio that is kept while there is no model.
const KEPT_MAX: u64 = 5_000;
/// All turns that can be open, or all that is told to a new model.
const OUTPUTS_MAX: usize = 2_048;
/// Audio that the line still has to play; with the marks of some of it lost, that much and a delta.
const BACKLOG_MAX: u64 = 300_000;
/// A request that nothing came of may be made again.
const REQUEST_LOST_AFTER: u64 = 10_000;

#[derive(Debug)]
pub(crate) struct Laws {
    phase: Phase,
    began: u64,
    since: u64,
    /// Time in this phase in which the process did not run.
    stalled: u64,
    max_call: u64,
    /// The process ends then.
    ends_with_process: Option<u64>,
    closed: bool,
    hung_up: bool,
    /// The response that the session was told of and not told the end of.
    told_active: Option<String>,
    told_done: BTreeSet<String>,
    cancelled: BTreeSet<String>,
    in_flight: Option<(Reason, String, u64)>,
    /// A goodbye was asked for or may have been said.
    pub(crate) ending: bool,
    /// Actions of the business that the session has not answered yet.
    asked: BTreeSet<u32>,
    /// The session said that the agent is muted.
    pub(crate) muted: bool,
    turns: u32,
    items: BTreeSet<String>,
    outputs: usize,
    kept: u64,
}

impl Laws {
    pub(crate) fn new(now: u64, max_call: u64) -> Self {
        Self {
            phase: Phase::AwaitingStart,
            began: now,
            since: now,
            stalled: 0,
            max_call,
            ends_with_process: None,
            closed: false,
            hung_up: false,
            told_active: None,
            told_done: BTreeSet::new(),
            cancelled: BTreeSet::new(),
            in_flight: None,
            ending: false,
            asked: BTreeSet::new(),
            muted: false,
            turns: 0,
            items: BTreeSet::new(),
            outputs: 0,
            kept: 0,
        }
    }

    /// When the call has to end, by the world's time, if it is live.
    pub(crate) fn ends(&self) -> u64 {
        self.began + self.max_call
    }

    /// The process is being stopped.
    pub(crate) fn drained(&mut self, now: u64, within: u64) {
        self.ends_with_process.get_or_insert(now + within);
    }

    pub(crate) fn stalled(&mut self, millis: u64) {
        self.stalled += millis;
    }

    /// What the session is about to be told.
    pub(crate) fn told(&mut self, said: &Said) {
        match said {
            Said::Created { response, reason } => {
                self.begun(response);
                if self.in_flight.as_ref().is_some_and(|(asked, ..)| Some(*asked) == *reason) {
                    self.in_flight = None;
                }
            }
            Said::Audio { response, .. } | Said::Piece { response, .. } => self.begun(response),
            Said::Tool { response, name, .. } => {
                self.begun(response);
                self.ending |= *name == session::END_CALL;
            }
            Said::Done { response, .. } => {
                self.told_done.insert(response.clone());
                self.told_active.take_if(|active| active == response);
            }
            Said::Error { event_id, .. } => {
                let ours = |asked: &String| event_id.as_ref().is_none_or(|id| id == asked);
                self.in_flight.take_if(|(_, asked, _)| ours(asked));
            }
            Said::SpeechStarted(_)
            | Said::SpeechStopped(_)
            | Said::Item { .. }
            | Said::CallerWords { .. }
            | Said::Whole { .. } => {}
        }
    }

    /// The business asks for something.
    pub(crate) fn asked(&mut self, number: u32, action: &CallAction) {
        if self.closed {
            return;
        }
        assert!(self.asked.insert(number), "asked twice by the test");
        if matches!(action, CallAction::End | CallAction::Transfer { .. }) {
            // Nothing interrupts it, and the last words lift a mute.
            (self.ending, self.muted) = (true, false);
        }
    }

    fn begun(&mut self, response: &str) {
        if !self.told_done.contains(response) && !self.cancelled.contains(response) {
            self.told_active = Some(response.to_owned());
        }
    }

    /// The model in use is another one, or none.
    pub(crate) fn leg_left(&mut self) {
        self.told_active = None;
        self.in_flight = None;
    }

    pub(crate) fn output(&mut self, now: u64, output: &Output, speaks: Option<&Said>) {
        assert!(!self.closed, "after the close: {output:?}");
        self.outputs += 1;
        assert!(self.outputs <= OUTPUTS_MAX, "too much at once");
        match output {
            Output::AudioToCaller => {
                assert!(!self.hung_up, "speaks after the hang-up");
                assert!(!self.muted, "a muted agent speaks");
                let Some(Said::Audio { response, .. }) = speaks else { panic!("audio out of nothing") };
                assert!(!self.cancelled.contains(response), "late audio of {response}");
            }
            Output::ToModel(ModelCommand::CreateResponse { reason, event_id, .. }) => {
                assert!(!self.hung_up, "asks for words after the hang-up");
                assert!(!self.muted, "asks for words of a muted agent");
                assert_eq!(self.told_active, None, "a second response");
                if let Some((asked, _, at)) = &self.in_flight {
                    assert!(now >= at + REQUEST_LOST_AFTER, "{reason:?} is asked for beside {asked:?}");
                }
                self.in_flight = Some((*reason, event_id.clone(), now));
                self.ending |= *reason == Reason::Goodbye;
            }
            Output::ToModel(ModelCommand::CancelResponse { response }) => {
                assert!(self.cancelled.insert(response.clone()), "{response} is cancelled twice");
                self.told_active.take_if(|active| active == response);
            }
            Output::AudioToModel(Audio::Kept(payload)) => {
                self.kept += payload.len() as u64 * 3 / 4 / 8;
                assert!(self.kept <= KEPT_MAX, "{} ms were kept", self.kept);
            }
            Output::HangUp => assert!(!std::mem::replace(&mut self.hung_up, true), "hangs up twice"),
            Output::Turn(turn) => {
                assert_eq!(turn.position, self.turns, "turns out of order");
                self.turns += 1;
                assert!(self.items.insert(turn.item.clone()), "an item is two turns");
                assert!(turn.heard <= turn.spoken, "more heard than spoken");
            }
            Output::ActionSettled { number, .. } => {
                assert!(self.asked.remove(number), "action {number} is answered twice");
            }
            Output::Event(Event::HangUpRequested { .. }) => self.ending = true,
            Output::Close(close) => self.close(close),
            _ => {}
        }
    }

    fn close(&mut self, close: &Close) {
        self.closed = true;
        assert!(self.asked.is_empty(), "actions are not answered: {:?}", self.asked);
        let figures = &close.figures;
        assert!(figures.agent_audio_heard <= figures.agent_audio_sent, "more heard than sent");
        assert_eq!(
            figures.frames_in,
            figures.frames_forwarded + figures.frames_dropped,
            "frames are missing"
        );
        assert_eq!(figures.turns, self.turns, "turns are missing");
    }

    /// After all outputs of a step.
    pub(crate) fn at_rest(&mut self, now: u64, phase: Phase, waits: bool, backlog: u64) {
        (self.outputs, self.kept) = (0, 0);
        if phase != self.phase {
            (self.phase, self.since, self.stalled) = (phase, now, 0);
        }
        assert_eq!(waits, phase != Phase::Closed, "waits for nothing, or for something when it is over");
        assert!(backlog <= BACKLOG_MAX, "{backlog} ms are still to be played");
        let longest = match phase {
            Phase::AwaitingStart => AWAITING_START_MAX,
            Phase::Connecting => CONNECTING_MAX,
            Phase::Live => self.max_call + LIVE_BEYOND,
            Phase::Closing(_) => CLOSING_MAX,
            Phase::Closed => return,
        };
        let lasted = (now - self.since).saturating_sub(self.stalled);
        assert!(lasted <= longest, "{phase:?} has lasted {lasted} ms");
        let killed = self.ends_with_process.is_some_and(|end| now.saturating_sub(self.stalled) >= end);
        assert!(!killed || phase != Phase::Live, "the process is killed in mid-call");
    }
}
