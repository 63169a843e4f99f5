//! Before the conversation: which call is this, may it be carried, and is the model there?

use std::time::Instant;

use domain::CallPlan;
use domain::plan::Resumption;
use domain::turn::EndReason;

use crate::deadline::Deadline;
use crate::facts::steering::Asked;
use crate::input::{ClaimRefusal, Input, ModelLoss};
use crate::instructions;
use crate::output::{Event, Output, Settled};
use crate::phase::Phase;
use crate::rules::silence::Silence;
use crate::rules::{first_words, voicemail};
use crate::session::Session;

impl Session {
    pub(crate) fn awaiting_start(&mut self, now: Instant, input: Input<'_>) {
        match input {
            Input::StreamStarted { call, stream, token } => {
                self.phase = Phase::Connecting;
                self.facts.call.start(now, call.clone());
                self.facts.line.lives(now);
                self.outputs.push(Output::Claim { call, stream, token });
            }
            Input::CallerAudio(_) => self.facts.line.drop_frame(),
            Input::CallerStopped => self.close(now, EndReason::CallerHangUp),
            Input::CallerGone => self.close(now, EndReason::CallerLost),
            Input::CallerMisbehaved => self.close(now, EndReason::Protocol),
            Input::Drain { .. } => self.close(now, EndReason::Drained),
            Input::Superseded => self.close(now, EndReason::Superseded),
            // Which call is at the other end has to be said, however alive it is.
            Input::CallerAlive
            // Nothing has been asked for yet.
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
            | Input::Steered { .. }
            | Input::HungUp { .. } => {}
            Input::Action { number, .. } => self.settle(number, Settled::HandedOn),
        }
    }

    pub(crate) fn connecting(&mut self, now: Instant, input: Input<'_>) {
        match input {
            Input::Claimed(plan) => self.claimed(now, plan),
            Input::ClaimRefused(ClaimRefusal::NotYours) => self.close(now, EndReason::Unauthorised),
            Input::ClaimRefused(ClaimRefusal::Unavailable) => self.close(now, EndReason::Internal),
            Input::CallerAudio(frame) => self.keep_audio(now, &frame),
            Input::CallerAlive => self.facts.line.lives(now),
            Input::ModelReady { lifetime } => {
                if self.facts.leg.configured(lifetime) && self.take_leg(now).is_some() {
                    self.phase = Phase::Live;
                    self.begin_conversation(now);
                }
            }
            Input::ConnectFailed(loss) => self.attempt_failed(now, loss),
            Input::CallerStopped => self.close(now, EndReason::CallerHangUp),
            Input::CallerGone => self.close(now, EndReason::CallerLost),
            Input::CallerMisbehaved | Input::StreamStarted { .. } => self.close(now, EndReason::Protocol),
            Input::Drain { .. } => self.close(now, EndReason::Drained),
            Input::Superseded => self.close(now, EndReason::Superseded),
            // It is the conversation's business what they mean; they are kept until there is one.
            Input::Dtmf(key) => self.rules.keys.press_early(key),
            Input::AnsweredBy(verdict) => self.rules.voicemail.answered_early(verdict),
            Input::Action { number, action } => self.facts.steering.wait(Asked { number, action }),
            Input::Steered { muted, notes } => {
                self.facts.steering.mute(muted);
                for note in notes {
                    self.facts.turns.remember_note(&instructions::note_of_business(&note));
                }
            }
            // There is no conversation yet that these could be part of.
            Input::Mark(_)
            | Input::Model(_)
            | Input::ModelGone(_)
            | Input::ToolDone { .. }
            | Input::HungUp { .. } => {}
        }
    }

    pub(crate) fn connecting_deadline(&mut self, now: Instant, deadline: Deadline) {
        match deadline {
            Deadline::Start => self.close(now, EndReason::Protocol),
            Deadline::ModelReady => self.close(now, EndReason::ModelLost),
            Deadline::ModelAttempt => self.attempt_failed(now, ModelLoss::Transient),
            Deadline::ModelRetry => self.attempt_leg(now),
            Deadline::Media => self.close(now, EndReason::CallerLost),
            // The store did not answer the claim; nothing else is waited for before the conversation.
            _ => self.close(now, EndReason::Internal),
        }
    }

    /// The token is used up and the plan is ours. A second plan would be a mistake of the store's.
    fn claimed(&mut self, now: Instant, plan: Box<CallPlan>) {
        if self.facts.call.plan().is_some() {
            return;
        }
        if self.facts.call.sid() != Some(&plan.call) {
            return self.close(now, EndReason::Unauthorised);
        }
        self.rules.silence = Silence::new(&plan.conversation);
        self.facts.turns.remember(&plan.history);
        if let Resumption::TransferFailed { label } = &plan.resumption {
            self.facts.turns.remember_note(&instructions::transfer_failed(label));
        }
        self.facts.call.plan_claimed(plan);
        self.outputs.report(Event::Authorised);
        self.facts.leg.await_first(now, self.facts.call.started());
        self.attempt_leg(now);
    }

    /// Entry into the live phase. The greeting is asked for before the kept audio is sent: the model must not
    /// answer a caller's "hello?" instead of greeting.
    fn begin_conversation(&mut self, now: Instant) {
        self.rules.call_limit.begin(now, &self.facts);
        self.apply(now, voicemail::begin(&self.facts));
        if let Some(verdict) = self.rules.voicemail.take_early() {
            let actions = self.rules.voicemail.answered_by(now, &self.facts, verdict);
            self.apply(now, actions);
        }
        self.apply(now, first_words::first_words(&self.facts));
        if let Some(keys) = self.rules.keys.begin(now) {
            self.keys_entered(now, &keys);
        }
        let greets = self.facts.call.plan().is_some_and(|plan| plan.greeting.is_some());
        if greets && !self.facts.steering.is_muted() {
            let after_start = self.facts.call.since_start(now);
            self.facts.greeting.requested(after_start);
            self.outputs.report(Event::GreetingRequested { after_start });
        }
        self.conclude(now);
    }
}
