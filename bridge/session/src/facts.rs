//! What is true of a call: each fact is held, changed and answered for by one struct.
//!
//! A fact knows no rule. Where several facts change over one event, or together answer a question, that is a method of
//! [`Facts`].

use std::time::{Duration, Instant};

use domain::business::TurnDetection;
use domain::turn::{ToolCall, Usage};
use domain::{Timestamp, Turn};

use crate::input::{ModelEvent, Role};
use crate::response_reason::ResponseReason;

pub(crate) mod after_call;
pub(crate) mod call_details;
pub(crate) mod caller_audio;
pub(crate) mod caller_speech;
pub(crate) mod ending;
pub(crate) mod greeting;
pub(crate) mod model_leg;
pub(crate) mod other_party;
pub(crate) mod playback;
pub(crate) mod recent_ids;
pub(crate) mod response_gate;
pub(crate) mod steering;
pub(crate) mod tool_calls;
pub(crate) mod trouble;
pub(crate) mod turns;

use after_call::AfterCall;
use call_details::CallDetails;
use caller_audio::CallerLine;
use caller_speech::CallerSpeech;
use ending::Ending;
use greeting::Greeting;
use model_leg::{ModelLeg, is_replayed};
use other_party::OtherParty;
use playback::Playback;
use response_gate::{Ended, ResponseGate};
use steering::Steering;
use tool_calls::{ARGUMENTS_MAX_BYTES, ToolCalls};
use turns::Turns;
use turns::memory::Memory;

/// All facts of a call.
pub(crate) struct Facts {
    pub(crate) call: CallDetails,
    pub(crate) line: CallerLine,
    pub(crate) speech: CallerSpeech,
    pub(crate) playback: Playback,
    pub(crate) greeting: Greeting,
    pub(crate) gate: ResponseGate,
    pub(crate) tools: ToolCalls,
    pub(crate) turns: Turns,
    pub(crate) leg: ModelLeg,
    pub(crate) ending: Ending,
    pub(crate) party: OtherParty,
    pub(crate) steering: Steering,
    pub(crate) after_call: AfterCall,
    pub(crate) usage: Usage,
}

/// What was under way on a leg that is left.
#[derive(Debug)]
pub(crate) struct LeftBehind {
    pub(crate) caller_was_speaking: bool,
    pub(crate) caller_was_waiting: bool,
    /// Words of the caller's were on their way.
    pub(crate) words_lost: bool,
    /// The response that was under way and wanted.
    pub(crate) response: Option<(String, Ended)>,
}

impl Facts {
    pub(crate) fn new(now: Instant, wall: Timestamp) -> Self {
        Self {
            call: CallDetails::new(now, wall),
            line: CallerLine::default(),
            speech: CallerSpeech::default(),
            playback: Playback::new(),
            greeting: Greeting::default(),
            gate: ResponseGate::default(),
            tools: ToolCalls::default(),
            turns: Turns::default(),
            leg: ModelLeg::default(),
            ending: Ending::default(),
            party: OtherParty::default(),
            steering: Steering::default(),
            after_call: AfterCall::default(),
            usage: Usage::default(),
        }
    }

    /// The caller began to speak; false if that was known.
    pub(crate) fn caller_began(&mut self, now: Instant, item: &str, audio_start: Option<Duration>) -> bool {
        if !self.speech.begin(now, item, audio_start) {
            return false;
        }
        self.turns.caller_began();
        self.steering.caller_began();
        self.gate.new_turn();
        self.tools.new_turn();
        true
    }

    /// Items and their texts: they make turns, whatever else goes on.
    pub(crate) fn words(&mut self, now: Instant, event: &ModelEvent<'_>) {
        let at = self.call.wall(now);
        match *event {
            // What was replayed are turns already.
            ModelEvent::ItemAdded { item, .. } if is_replayed(item) => {}
            ModelEvent::ItemAdded { item, previous, role } => {
                let began = self.call.wall(self.speech.began(item).unwrap_or(now));
                let active = if role == Role::Agent { self.gate.active_id() } else { None };
                self.turns.item_added(now, began, item, previous, role, active);
                if let Some(spoken) = self.speech.spoken(now, item) {
                    self.turns.caller_spoke(item, spoken);
                }
            }
            ModelEvent::SpeechStopped { item, audio_end } => {
                let Some(silence) = self.silence_around_speech() else { return };
                if let Some(spoken) = self.speech.measure(item, audio_end, silence) {
                    self.turns.caller_spoke(item, spoken);
                }
            }
            ModelEvent::CallerTranscript { item, text } => {
                self.turns.caller_words(now, at, item, Some(text), self.speech.stopped(item));
            }
            ModelEvent::CallerTranscriptFailed { item } => self.turns.caller_words(now, at, item, None, None),
            ModelEvent::AgentTranscriptDelta { response, item, text } => {
                self.gate.saw(now, response, false, false);
                self.turns.agent_piece(now, at, response, item, text);
            }
            ModelEvent::AgentTranscript { response, item, text } => {
                self.turns.agent_words(now, at, response, item, text);
            }
            ModelEvent::SpeechStarted { .. }
            | ModelEvent::ResponseCreated { .. }
            | ModelEvent::Audio(_)
            | ModelEvent::ToolCall { .. }
            | ModelEvent::ResponseDone { .. }
            | ModelEvent::Error { .. } => {}
        }
    }

    /// The model calls a tool; false if that is known. Arguments that are too long to be looked at are not kept either.
    pub(crate) fn tool_called(
        &mut self,
        now: Instant,
        response: &str,
        item: &str,
        [call_id, name, arguments]: [&str; 3],
    ) -> bool {
        if !self.tools.is_new(call_id) {
            return false;
        }
        self.call.tool_called(name);
        // A call that is not carried out is no use to the caller, and no answer.
        let refused = self.refuses_tool(response, name);
        self.gate.saw(now, response, false, !refused);
        let kept = &arguments[..arguments.floor_char_boundary(ARGUMENTS_MAX_BYTES)];
        let call = ToolCall {
            call_id: call_id.to_owned(),
            name: name.to_owned(),
            arguments: kept.to_owned(),
            output: None,
        };
        self.turns.tool_called(self.call.wall(now), response, item, call);
        true
    }

    /// Whether a call of this tool is not even tried. A person's wish not to be called again is heard however many tools were
    /// called before.
    pub(crate) fn refuses_tool(&self, response: &str, name: &str) -> bool {
        !self.call.is_opt_out(name) && self.tools.refuses(response, name)
    }

    /// Adds what a response cost, once.
    pub(crate) fn count_usage(&mut self, usage: Option<Usage>, response: &str) {
        if self.gate.has_ended(response) {
            return;
        }
        let total = &mut self.usage;
        total.responses += 1;
        let Some(usage) = usage else { return };
        total.input_text += usage.input_text;
        total.input_audio += usage.input_audio;
        total.cached_text += usage.cached_text;
        total.cached_audio += usage.cached_audio;
        total.output_text += usage.output_text;
        total.output_audio += usage.output_audio;
    }

    /// Leaves the leg in use. Everything that was under way on it is over.
    pub(crate) fn leave_leg(&mut self) -> LeftBehind {
        let (caller_was_speaking, caller_was_waiting) =
            (self.speech.is_speaking(), self.speech.awaits_answer());
        self.leg.leave();
        self.speech.leg_lost();
        self.playback.leg_lost();
        let response = self.gate.leg_lost();
        if let Some((response, _)) = &response {
            self.turns.cut_off(response);
        }
        let words_lost = self.turns.leg_lost();
        LeftBehind { caller_was_speaking, caller_was_waiting, words_lost, response }
    }

    /// The next turn that cannot change any more.
    pub(crate) fn next_final_turn(&mut self, now: Instant) -> Option<Turn> {
        let plan = self.call.plan()?;
        self.turns.next_final(now, plan, &self.gate, &mut self.playback)
    }

    /// The next turn as it is: the call is closed.
    pub(crate) fn next_turn_at_close(&mut self) -> Option<Turn> {
        let plan = self.call.plan()?;
        self.turns.next_at_close(plan, &mut self.playback)
    }

    /// Says how long the oldest open turn waits, as things stand.
    pub(crate) fn plan_turn_wait(&mut self, now: Instant) {
        if let Some(plan) = self.call.plan() {
            self.turns.plan_wait(now, plan);
        }
    }

    /// The conversation so far, as a new leg is to know it.
    pub(crate) fn recall(&self) -> Memory {
        self.turns.recall(&self.playback)
    }

    /// Words of the caller's are still on their way.
    pub(crate) fn awaits_words(&self) -> bool {
        self.call.plan().is_some_and(|plan| self.turns.awaits_words(plan))
    }

    /// The greeting is asked for, generated or heard.
    pub(crate) fn is_greeting(&self) -> bool {
        self.gate.is_about(ResponseReason::Greeting)
            || self.greeting.response().is_some_and(|response| self.playback.is_audible_from(response))
    }

    /// Neither side is speaking, and neither is about to.
    pub(crate) fn is_quiet(&self) -> bool {
        !self.speech.has_floor()
            && !self.playback.is_audible()
            && self.gate.is_idle()
            && self.tools.is_idle()
            && !self.speech.is_undecided()
            && !self.ending.is_pending()
    }

    /// The silence that the model counts as part of a speech. What semantic turn detection waits for is not known, and
    /// counts as speech.
    fn silence_around_speech(&self) -> Option<Duration> {
        Some(match self.call.plan()?.voice.turn_detection {
            TurnDetection::Server { prefix_padding_ms, silence_duration_ms, .. } => {
                Duration::from_millis(u64::from(prefix_padding_ms) + u64::from(silence_duration_ms))
            }
            TurnDetection::Semantic { .. } => Duration::ZERO,
        })
    }
}
