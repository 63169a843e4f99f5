//! The conversation: what follows from each thing that can happen in it.

use std::time::{Duration, Instant};

use domain::turn::EndReason;

use crate::deadlines::Deadline;
use crate::facts::caller_audio::Accepted;
use crate::facts::ending::{GOODBYE_WAIT, Goodbye};
use crate::facts::trouble::Vain;
use crate::input::{CallerAudio, ModelEvent, ModelLoss, ResponseReason};
use crate::output::{Audio, Event, ModelCommand};
use crate::rules::barge_in::SPEECH_FRAME_WAIT;
use crate::rules::keys;
use crate::rules::silence::NextStep;
use crate::{Input, Output, Phase, Session, instructions};

/// Twilio ends calls at four hours unless told otherwise; no policy goes beyond it.
pub(crate) const MAX_CALL: Duration = Duration::from_secs(4 * 60 * 60);
/// A call that may not last this long would be greeted and cut off.
const MAX_CALL_MIN: Duration = Duration::from_secs(10);
/// How long before the end of its maximum duration a call gets its last words.
const LAST_WORDS: Duration = Duration::from_secs(30);
/// What the model hears in place of frames that do not come: longer than a usual end of speech.
const SPEECH_FRAME_PADDING: Duration = Duration::from_secs(1);
/// A response that was asked for and did not begin is lost.
const RESPONSE_CREATED_WAIT: Duration = Duration::from_secs(10);

impl Session {
    /// Entry into the live phase. The greeting is asked for before the kept audio is sent: the model must not
    /// answer a caller's "hello?" instead of greeting.
    pub(crate) fn begin_conversation(&mut self, now: Instant) {
        let Some(plan) = &self.plan else { return };
        let max_call = plan.conversation.max_call.clamp(MAX_CALL_MIN, MAX_CALL);
        let ends = self.started.unwrap_or(now) + max_call;
        self.deadlines.set(Deadline::MaxDuration, ends);
        self.deadlines.set(Deadline::LastWords, ends - LAST_WORDS.min(max_call / 2));
        let warn_before = plan.conversation.warn_before_end;
        // Said so late, or in so short a call, it would only be in the way of the last words.
        if warn_before > LAST_WORDS && warn_before < max_call / 2 {
            self.deadlines.set(Deadline::Warning, ends - warn_before);
        }
        let greets = plan.greeting.is_some();
        self.watch_for_machines(now);
        self.ask_for_first_words();
        if let Some(keys) = self.early_keys.take() {
            self.keys_entered(&keys);
        }
        let waits = (!self.keypad.is_empty()).then(|| now + keys::KEY_WAIT);
        self.deadlines.follow(Deadline::Dtmf, waits);
        if greets {
            let after_start = self.since_start(now);
            self.figures.greeting_requested = Some(after_start);
            self.note(Event::GreetingRequested { after_start });
        }
        self.settle(now);
    }

    pub(crate) fn live(&mut self, now: Instant, input: Input<'_>) {
        match input {
            Input::CallerAudio(frame) => return self.forward_audio(now, &frame),
            Input::CallerAlive => return self.line_lives(now),
            // A leg that is gone is not listened to, however late its words come.
            Input::Model(_) if !self.leg.is_up() => return,
            Input::Model(ModelEvent::Audio(audio)) => {
                if self.playback.is_current(&audio) {
                    return self.play(now, &audio);
                }
                self.begin_playing(now, &audio);
            }
            Input::Model(event) => self.model_event(now, event),
            Input::Mark(mark) => self.playback.mark(now, mark),
            Input::Dtmf(key) => self.key_pressed(now, key),
            Input::AnsweredBy(verdict) => self.answered_by(now, verdict),
            Input::ToolDone { call_id, output, transfer } => self.tool_done(now, call_id, output, transfer),
            Input::Drain { within } => self.drain(now, within),
            Input::CallerStopped => return self.caller_left(now, EndReason::CallerHangUp),
            Input::CallerGone => return self.caller_left(now, EndReason::CallerLost),
            Input::CallerMisbehaved | Input::StreamStarted { .. } => {
                return self.close(now, EndReason::Protocol);
            }
            Input::Superseded => return self.close(now, EndReason::Superseded),
            Input::ModelReady { lifetime } => self.model_ready(now, lifetime),
            Input::ConnectFailed(loss) => self.attempt_failed(now, loss),
            Input::ModelGone(loss) => self.leg_lost(now, loss),
            // Answers to questions that were settled before the conversation, or not asked yet.
            Input::Claimed(_) | Input::ClaimRefused(_) | Input::HungUp { .. } => return,
        }
        self.settle(now);
    }

    pub(crate) fn live_deadline(&mut self, now: Instant, deadline: Deadline) {
        match deadline {
            Deadline::Media => return self.caller_left(now, EndReason::CallerLost),
            Deadline::SpeechFrame => {
                self.line.padded(SPEECH_FRAME_PADDING);
                self.figures.padded += SPEECH_FRAME_PADDING;
                self.emit(Output::AudioToModel(Audio::Silence(SPEECH_FRAME_PADDING)));
            }
            Deadline::SpeechEnd => {
                self.speech_ended();
                self.sound_without_words(now);
                self.note(Event::CallerSilent);
            }
            Deadline::Interruption => self.interruption(now),
            Deadline::Overheard => self.overheard_in_vain(),
            Deadline::Wordless => self.wordless_lasted(now),
            Deadline::Monologue => self.monologue_lasted(now),
            Deadline::Voicemail => self.voicemail_due(now),
            Deadline::Farewell => self.farewell_stands(),
            Deadline::Warning => {
                if self.hangup.reason().is_none() {
                    let text = self.plan.as_ref().map(|plan| instructions::warning(plan));
                    self.gate.request(ResponseReason::Warning, text);
                }
            }
            Deadline::Answer => {
                if self.gate.is_idle() {
                    self.answered_in_vain(now, Vain::Failed);
                }
            }
            Deadline::ResponseCreated => {
                self.request_refused(now, crate::facts::response_gate::Refusal::Lost)
            }
            Deadline::ResponseProgress => self.response_stalled(now),
            Deadline::Playout => self.playback.give_up_on_marks(),
            Deadline::Silence => self.silence_lasted(now),
            Deadline::LastWords => self.say_goodbye(now, EndReason::MaxDuration),
            Deadline::MaxDuration => {
                self.hangup.begin(EndReason::MaxDuration, Goodbye::Failed);
                return self.hang_up(now);
            }
            Deadline::Goodbye => return self.hang_up(now),
            Deadline::Tool => self.tools_overdue(now),
            Deadline::Filler => self.tool_takes_its_time(),
            Deadline::Dtmf => {
                if let Some(keys) = self.keypad.take() {
                    self.keys_entered(&keys);
                }
            }
            Deadline::LastDrain => return self.leave_now(now),
            Deadline::ModelReady => return self.close(now, EndReason::ModelLost),
            Deadline::ModelAttempt => self.attempt_failed(now, ModelLoss::Transient),
            Deadline::ModelRetry => self.attempt(now),
            Deadline::Rollover => self.rollover_due(now),
            Deadline::LastRollover => self.roll_over_now(now),
            // What waited for these is in `settle`.
            Deadline::GateRetry | Deadline::Turn | Deadline::Screening | Deadline::Drain => {}
            // Disarmed on entry to the live phase, or armed after it.
            Deadline::Start | Deadline::Claim | Deadline::Stop | Deadline::LateTranscripts => {}
        }
        self.settle(now);
    }

    /// Draws the conclusions from what is true now. Every rule that depends on more than one concern is here,
    /// so that none depends on the order in which the news came.
    pub(crate) fn settle(&mut self, now: Instant) {
        if self.phase != Phase::Live {
            return;
        }
        let gate = &self.gate;
        if self.tools.take_owed(|response| gate.is_active(response)) && self.hangup.reason().is_none() {
            if self.tools.next_round() {
                self.gate.request(ResponseReason::ToolOutput, None);
            } else {
                let text = self.plan.as_ref().map(|plan| instructions::talk_first(plan));
                self.gate.request_words(ResponseReason::ToolOutput, text);
            }
        }
        self.release_response(now);
        if self.agent_speaking && !self.playback.is_audible() {
            self.agent_speaking = false;
            self.note(Event::AgentSilent);
        }
        if self.hangup.is_ready() && !self.playback.is_audible() && !self.is_undecided() {
            return self.hang_up(now);
        }
        self.emit_final_turns(now);
        let quiet = self.is_quiet();
        if self.leaves_here(quiet) {
            return self.close(now, EndReason::Drained);
        }
        if quiet {
            self.roll_over_at_boundary(now);
        }
        self.follow_farewell(now, quiet);
        self.follow_voicemail(now, quiet);
        // Whoever is on the line is not asked whether they are still there while nobody is.
        let expected = self.voicemail.mutes() || self.is_screened();
        if !quiet || expected || !self.leg.is_up() {
            self.deadlines.clear(Deadline::Silence);
        } else if !self.deadlines.is_armed(Deadline::Silence) {
            self.deadlines.set(Deadline::Silence, now + self.silence.after());
        }
        self.deadlines.follow(Deadline::Playout, self.playback.marks_lost_at());
        self.deadlines.follow(Deadline::Tool, self.tools.due());
        self.deadlines.follow(Deadline::Filler, self.tools.filler_due());
        self.deadlines.follow(Deadline::GateRetry, self.gate.retry_at(now));
        let turn_waits_until = self.plan.as_ref().and_then(|plan| self.turns.waits_until(now, plan));
        self.deadlines.follow(Deadline::Turn, turn_waits_until);
    }

    /// Ends the call after a goodbye.
    pub(crate) fn say_goodbye(&mut self, now: Instant, reason: EndReason) {
        if self.hangup.begin(reason, Goodbye::Requested) {
            self.request_goodbye(now, reason);
        }
    }

    pub(crate) fn request_goodbye(&mut self, now: Instant, reason: EndReason) {
        let Some(plan) = &self.plan else { return };
        let text = instructions::goodbye(plan, reason);
        self.gate.withdraw_all();
        self.gate.request(ResponseReason::Goodbye, Some(text));
        self.await_goodbye(now);
    }

    /// The goodbye may take as long as the line takes to play what it has been given, and no longer than the
    /// wait beyond that. At the maximum duration the call ends without regard to it.
    pub(crate) fn await_goodbye(&mut self, now: Instant) {
        if self.hangup.reason().is_some_and(|reason| reason != EndReason::MaxDuration) {
            let played = self.playback.plays_until().map_or(now, |end| end.max(now));
            self.deadlines.set(Deadline::Goodbye, played + GOODBYE_WAIT);
        }
    }

    /// Nobody is speaking and nobody is about to.
    fn is_quiet(&self) -> bool {
        !self.caller_has_floor()
            && !self.playback.is_audible()
            && self.gate.is_idle()
            && self.tools.is_idle()
            && !self.is_undecided()
            && self.hangup.reason().is_none()
    }

    fn release_response(&mut self, now: Instant) {
        if !self.leg.is_up() {
            return;
        }
        let Some(command) = self.gate.release(now, self.caller_has_floor()) else { return };
        self.deadlines.set(Deadline::ResponseCreated, now + RESPONSE_CREATED_WAIT);
        let command = Output::ToModel(command);
        // A greeting must not wait for an answer to what the caller said before it.
        if self.line.has_kept() && !self.gate.is_about(ResponseReason::Greeting) {
            self.after_kept_audio = Some(command);
        } else {
            self.emit(command);
        }
    }

    fn forward_audio(&mut self, now: Instant, frame: &CallerAudio<'_>) {
        if !self.leg.is_up() {
            return self.keep_audio(now, frame);
        }
        self.line_lives(now);
        if self.deadlines.is_armed(Deadline::SpeechEnd) {
            self.deadlines.set(Deadline::SpeechFrame, now + SPEECH_FRAME_WAIT);
        }
        match self.line.accept(now, frame) {
            Accepted::Forward { gap } => {
                if !gap.is_zero() {
                    self.figures.padded += gap;
                    self.emit(Output::AudioToModel(Audio::Silence(gap)));
                }
                self.figures.frames_in += 1;
                self.figures.frames_forwarded += 1;
                self.emit(Output::AudioToModel(Audio::Current));
            }
            Accepted::Dropped => self.drop_frame(),
            Accepted::Flood => {
                self.drop_frame();
                self.close(now, EndReason::Protocol);
            }
        }
    }

    fn silence_lasted(&mut self, now: Instant) {
        match self.silence.lasted() {
            NextStep::Prompt(number) => {
                let text = self.plan.as_ref().map(|plan| instructions::silence_prompt(plan));
                self.gate.request(ResponseReason::SilencePrompt, text);
                self.note(Event::SilencePrompt { number });
            }
            NextStep::Goodbye => self.say_goodbye(now, EndReason::Silence),
        }
    }

    fn key_pressed(&mut self, now: Instant, key: char) {
        self.silence.broken();
        self.somebody_is_there();
        self.deadlines.clear(Deadline::Silence);
        if let Some(keys) = self.keypad.press(key) {
            self.keys_entered(&keys);
        }
        let waits = (!self.keypad.is_empty()).then(|| now + keys::KEY_WAIT);
        self.deadlines.follow(Deadline::Dtmf, waits);
    }

    fn keys_entered(&mut self, keys: &str) {
        let text = instructions::keys_pressed(keys);
        self.tools.new_turn();
        self.turns.remember_note(&text);
        self.tell(ModelCommand::SystemText { text });
        self.gate.request(ResponseReason::Dtmf, None);
    }
}
