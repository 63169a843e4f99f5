//! Before the conversation: which call is this, may it be carried, and is the model there?

use std::time::{Duration, Instant};

use domain::CallPlan;
use domain::phrases::Phrases;
use domain::plan::Resumption;
use domain::turn::EndReason;

use crate::deadlines::Deadline;
use crate::facts::caller_audio::Accepted;
use crate::input::{CallerAudio, ClaimRefusal, ModelLoss};
use crate::output::Event;
use crate::rules::silence::Silence;
use crate::{Input, Output, Phase, Session, instructions};

/// One conditional delete takes milliseconds; a store that takes longer is down. The caller waits in silence.
const CLAIM_WAIT: Duration = Duration::from_millis(1_500);
/// How long a line may give no sign of life: neither a frame nor the answer to a ping. Twilio sends a frame every
/// 20 ms, and nothing at all for a caller on hold; but whoever answers pings is there.
const LIFE_WAIT: Duration = Duration::from_secs(30);

impl Session {
    pub(crate) fn awaiting_start(&mut self, now: Instant, input: Input<'_>) {
        match input {
            Input::StreamStarted { call, stream, token } => {
                self.phase = Phase::Connecting;
                self.started = Some(now);
                self.call = Some(call.clone());
                self.deadlines.clear(Deadline::Start);
                self.deadlines.set(Deadline::Claim, now + CLAIM_WAIT);
                self.line_lives(now);
                self.emit(Output::Claim { call, stream, token });
            }
            Input::CallerAudio(_) => self.drop_frame(),
            Input::CallerStopped => self.close(now, EndReason::CallerHangUp),
            Input::CallerGone => self.close(now, EndReason::CallerLost),
            Input::CallerMisbehaved => self.close(now, EndReason::Protocol),
            Input::Drain { .. } => self.close(now, EndReason::Drained),
            Input::Superseded => self.close(now, EndReason::Superseded),
            // Which call is at the other end has to be said, however alive it is.
            Input::CallerAlive
            // Nobody has been asked for anything yet.
            | Input::Claimed(_)
            | Input::ClaimRefused(_)
            | Input::Mark(_)
            | Input::Dtmf(_)
            | Input::AnsweredBy(_)
            | Input::ModelReady { .. }
            | Input::ConnectFailed(_)
            | Input::ModelGone(_)
            | Input::Model(_)
            | Input::ToolDone { .. }
            | Input::HungUp { .. } => {}
        }
    }

    pub(crate) fn connecting(&mut self, now: Instant, input: Input<'_>) {
        match input {
            Input::Claimed(plan) => self.claimed(now, plan),
            Input::ClaimRefused(ClaimRefusal::NotYours) => self.close(now, EndReason::Unauthorised),
            Input::ClaimRefused(ClaimRefusal::Unavailable) => self.close(now, EndReason::Internal),
            Input::CallerAudio(frame) => self.keep_audio(now, &frame),
            Input::CallerAlive => self.line_lives(now),
            Input::ModelReady { lifetime } => self.model_ready(now, lifetime),
            Input::ConnectFailed(loss) => self.attempt_failed(now, loss),
            Input::CallerStopped => self.close(now, EndReason::CallerHangUp),
            Input::CallerGone => self.close(now, EndReason::CallerLost),
            Input::CallerMisbehaved | Input::StreamStarted { .. } => self.close(now, EndReason::Protocol),
            Input::Drain { .. } => self.close(now, EndReason::Drained),
            Input::Superseded => self.close(now, EndReason::Superseded),
            // It is the conversation's business what they mean; they are kept until there is one.
            Input::Dtmf(key) => {
                if let Some(keys) = self.keypad.press(key) {
                    self.early_keys.get_or_insert(keys);
                }
            }
            Input::AnsweredBy(verdict) => self.answered_early(verdict),
            // There is no conversation yet that these could be part of.
            Input::Mark(_)
            | Input::Model(_)
            | Input::ModelGone(_)
            | Input::ToolDone { .. }
            | Input::HungUp { .. } => {}
        }
    }

    pub(crate) fn connecting_deadline(&mut self, now: Instant, deadline: Deadline) {
        let reason = match deadline {
            Deadline::Start => EndReason::Protocol,
            Deadline::ModelReady => EndReason::ModelLost,
            Deadline::ModelAttempt => return self.attempt_failed(now, ModelLoss::Transient),
            Deadline::ModelRetry => return self.attempt(now),
            Deadline::Media => EndReason::CallerLost,
            // The store did not answer. Nothing else is armed before the conversation.
            Deadline::Claim
            | Deadline::SpeechFrame
            | Deadline::SpeechEnd
            | Deadline::Interruption
            | Deadline::Overheard
            | Deadline::Answer
            | Deadline::ResponseCreated
            | Deadline::ResponseProgress
            | Deadline::GateRetry
            | Deadline::Playout
            | Deadline::Silence
            | Deadline::Wordless
            | Deadline::Monologue
            | Deadline::Voicemail
            | Deadline::Screening
            | Deadline::Farewell
            | Deadline::Warning
            | Deadline::LastWords
            | Deadline::MaxDuration
            | Deadline::Goodbye
            | Deadline::Tool
            | Deadline::Filler
            | Deadline::Dtmf
            | Deadline::Turn
            | Deadline::Drain
            | Deadline::LastDrain
            | Deadline::Stop
            | Deadline::LateTranscripts
            | Deadline::Rollover
            | Deadline::LastRollover => EndReason::Internal,
        };
        self.close(now, reason);
    }

    /// The token is used up and the plan is ours. A second plan would be somebody's mistake.
    fn claimed(&mut self, now: Instant, plan: Box<CallPlan>) {
        if self.plan.is_some() {
            return;
        }
        if self.call.as_ref() != Some(&plan.call) {
            return self.close(now, EndReason::Unauthorised);
        }
        self.silence = Silence::new(&plan.conversation);
        let languages = plan.voice.languages.iter().map(String::as_str);
        self.phrases = Phrases::new(languages, &plan.conversation.phrases);
        self.turns.remember(&plan.history);
        if let Resumption::TransferFailed { label } = &plan.resumption {
            self.turns.remember_note(&instructions::nobody_answered(label));
        }
        self.plan = Some(plan);
        self.deadlines.clear(Deadline::Claim);
        self.note(Event::Authorised);
        self.connect_first_leg(now);
    }

    /// The line gave a sign of life.
    pub(crate) fn line_lives(&mut self, now: Instant) {
        self.deadlines.set(Deadline::Media, now + LIFE_WAIT);
    }

    pub(crate) fn keep_audio(&mut self, now: Instant, frame: &CallerAudio<'_>) {
        self.line_lives(now);
        match self.line.accept(now, frame) {
            Accepted::Forward { gap } => {
                self.figures.frames_in += 1;
                self.figures.frames_dropped += self.line.keep(gap, frame.payload);
            }
            Accepted::Dropped => self.drop_frame(),
            Accepted::Flood => {
                self.drop_frame();
                self.close(now, EndReason::Protocol);
            }
        }
    }

    pub(crate) fn drop_frame(&mut self) {
        self.figures.frames_in += 1;
        self.figures.frames_dropped += 1;
    }
}
