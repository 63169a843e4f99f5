//! The conversation: who is told of each thing that can happen in it.

use std::time::{Duration, Instant};

use domain::turn::EndReason;

use crate::action::Action;
use crate::deadline::Deadline;
use crate::facts::caller_audio::Accepted;
use crate::facts::response_gate::Refusal;
use crate::facts::steering::Asked;
use crate::facts::trouble::Vain;
use crate::input::{CallerAudio, Input, ModelEvent, ModelLoss};
use crate::instructions;
use crate::output::{Audio, Event, Output};
use crate::response_reason::ResponseReason;
use crate::rules::{barge_in, steering, tool_use};
use crate::session::Session;

/// What the model hears in place of frames that do not come: longer than a usual end of speech.
const SPEECH_FRAME_PADDING: Duration = Duration::from_secs(1);

impl Session {
    pub(crate) fn live(&mut self, now: Instant, input: Input<'_>) {
        match input {
            Input::CallerAudio(frame) => return self.forward_audio(now, &frame),
            Input::CallerAlive => return self.facts.line.lives(now),
            // A leg that is gone is not listened to, however late its words come.
            Input::Model(_) if !self.facts.leg.is_up() => return,
            Input::Model(ModelEvent::Audio(audio)) if self.facts.playback.is_current(&audio) => {
                self.play(now, &audio);
                return;
            }
            Input::Model(event) => self.model_event(now, event),
            Input::Mark(mark) => self.facts.playback.mark(now, mark),
            Input::Dtmf(key) => self.key_pressed(now, key),
            Input::AnsweredBy(verdict) => {
                let actions = self.rules.voicemail.answered_by(now, &self.facts, verdict);
                self.apply(now, actions);
            }
            Input::ToolDone { call_id, output, transfer } => {
                if let Some(call) = self.facts.tools.done(call_id) {
                    self.apply(now, tool_use::done(&self.facts, call, output, transfer));
                }
            }
            Input::Action { number, action } => {
                let actions = steering::received(&self.facts, Asked { number, action });
                self.apply(now, actions);
            }
            Input::Drain { within } => self.rules.drain.told(now, within),
            Input::CallerStopped => return self.caller_left(now, EndReason::CallerHangUp),
            Input::CallerGone => return self.caller_left(now, EndReason::CallerLost),
            Input::CallerMisbehaved | Input::StreamStarted { .. } => {
                return self.close(now, EndReason::Protocol);
            }
            Input::Superseded => return self.close(now, EndReason::Superseded),
            Input::ModelReady { lifetime } => {
                if self.facts.leg.configured(lifetime) {
                    self.go_over(now);
                }
            }
            Input::ConnectFailed(loss) => self.attempt_failed(now, loss),
            Input::ModelGone(loss) => self.leg_lost(now, loss),
            // Answers to questions that were given before the conversation, or not asked yet.
            Input::Claimed(_) | Input::ClaimRefused(_) | Input::Steered { .. } | Input::HungUp { .. } => {
                return;
            }
        }
        self.conclude(now);
    }

    pub(crate) fn live_deadline(&mut self, now: Instant, deadline: Deadline) {
        match deadline {
            Deadline::Media => return self.caller_left(now, EndReason::CallerLost),
            Deadline::SpeechFrame => self.replace_frame(),
            Deadline::SpeechEnd => {
                self.speech_ended();
                self.rules.presence.sound_without_words(now, &self.facts);
                self.outputs.report(Event::CallerSilent);
            }
            Deadline::Interruption => {
                self.facts.speech.decided();
                self.apply(now, barge_in::interruption(&self.facts));
            }
            Deadline::Overheard => self.overheard_in_vain(now),
            Deadline::Wordless => {
                let silence = self.rules.silence.after();
                let action = self.rules.presence.wordless_lasted(now, &self.facts, silence);
                self.apply(now, action);
            }
            Deadline::Monologue => {
                let actions = self.rules.voicemail.monologue_lasted(now, &self.facts);
                self.apply(now, actions);
            }
            Deadline::Voicemail => {
                let actions = self.rules.voicemail.silence_over(now, &self.facts);
                self.apply(now, actions);
            }
            Deadline::Screening => self.facts.party.screened(None),
            Deadline::Farewell => {
                let action = self.rules.farewell.pause_over(&self.facts);
                self.apply(now, [action]);
            }
            Deadline::Warning => {
                let action = self.rules.call_limit.warning_due(&self.facts);
                self.apply(now, action);
            }
            Deadline::Answer => {
                self.facts.speech.owe_nothing();
                if self.facts.gate.is_idle() {
                    self.answered_in_vain(now, Vain::Failed);
                }
            }
            Deadline::ResponseCreated => self.request_refused(now, Refusal::Lost),
            Deadline::ResponseProgress => self.response_stalled(now),
            Deadline::Playout => self.facts.playback.give_up_on_marks(),
            Deadline::Silence => {
                let actions = self.rules.silence.has_lasted(&self.facts);
                self.apply(now, actions);
            }
            Deadline::LastWords => {
                let action = self.rules.call_limit.last_words_due(&self.facts);
                self.apply(now, action);
            }
            Deadline::MaxDuration => {
                let action = self.rules.call_limit.end_due();
                self.apply(now, [action]);
                return self.hang_up(now);
            }
            Deadline::Words => self.apply(now, [steering::give_up_words()]),
            Deadline::Goodbye => {
                self.facts.ending.goodbye_overdue();
                return self.hang_up(now);
            }
            Deadline::Tool => {
                while let Some(call) = self.facts.tools.take_overdue(now) {
                    self.apply(now, tool_use::overdue(&self.facts, call));
                }
            }
            Deadline::Filler => {
                self.facts.tools.filled();
                self.apply(now, tool_use::takes_its_time(&self.facts));
            }
            Deadline::Dtmf => {
                if let Some(keys) = self.rules.keys.pause_over() {
                    self.keys_entered(now, &keys);
                }
            }
            Deadline::Drain => self.rules.drain.patience_is_over(),
            Deadline::LastDrain => return self.leave_now(now),
            Deadline::ModelReady => return self.without_model(now),
            Deadline::ModelAttempt => self.attempt_failed(now, ModelLoss::Transient),
            Deadline::ModelRetry => self.attempt_leg(now),
            Deadline::Rollover => {
                if self.facts.leg.rollover_due(now, self.facts.ending.is_pending()) {
                    self.attempt_leg(now);
                }
            }
            Deadline::LastRollover => {
                self.facts.leg.last_rollover_due();
                self.roll_over(now);
            }
            // What waited for these is in `conclude`.
            Deadline::GateRetry | Deadline::Turn => {}
            // Not of this phase.
            Deadline::Start | Deadline::Claim | Deadline::Stop | Deadline::LateTranscripts => {}
        }
        self.conclude(now);
    }

    /// A frame that there is no model for.
    pub(crate) fn keep_audio(&mut self, now: Instant, frame: &CallerAudio<'_>) {
        self.facts.line.lives(now);
        if !self.facts.line.keep_frame(now, frame) {
            self.close(now, EndReason::Protocol);
        }
    }

    /// The caller entered keys, which is a turn of the conversation.
    pub(crate) fn keys_entered(&mut self, now: Instant, keys: &str) {
        self.facts.tools.new_turn();
        self.facts.steering.caller_began();
        let note = Action::Note(instructions::keys_pressed(keys).into());
        self.apply(now, [note, Action::ask(ResponseReason::Dtmf, None)]);
    }

    /// This is the path of every frame of the caller's: it does not allocate.
    fn forward_audio(&mut self, now: Instant, frame: &CallerAudio<'_>) {
        if !self.facts.leg.is_up() {
            return self.keep_audio(now, frame);
        }
        self.facts.line.lives(now);
        self.facts.speech.frame_came(now);
        match self.facts.line.forward(now, frame) {
            Accepted::Forward { gap } => {
                if !gap.is_zero() {
                    self.outputs.push(Output::AudioToModel(Audio::Silence(gap)));
                }
                self.outputs.push(Output::AudioToModel(Audio::Current));
            }
            Accepted::Dropped => {}
            Accepted::Flood => self.close(now, EndReason::Protocol),
        }
    }

    fn replace_frame(&mut self) {
        self.facts.speech.frame_replaced();
        self.facts.line.padded(SPEECH_FRAME_PADDING);
        self.outputs.push(Output::AudioToModel(Audio::Silence(SPEECH_FRAME_PADDING)));
    }

    fn key_pressed(&mut self, now: Instant, key: char) {
        self.rules.key_pressed();
        if let Some(keys) = self.rules.keys.press(now, key) {
            self.keys_entered(now, &keys);
        }
    }

    /// The process ends, and the call found no place to leave. What is being said is cut off by us, with a record of it,
    /// rather than by the kill. A call that was ending ends.
    fn leave_now(&mut self, now: Instant) {
        if self.facts.ending.is_pending() {
            self.hang_up(now);
        } else {
            self.close(now, EndReason::Drained);
        }
    }
}
