//! Connecting to a model, losing it and going over to another one.

use std::time::Instant;

use crate::facts::model_leg::AfterLoss;
use crate::input::{ModelLoss, ResponseStatus};
use crate::output::{Event, ModelCommand, Output};
use crate::phase::Phase;
use crate::response_reason::ResponseReason;
use crate::rules::leg_change::{self, Lost};
use crate::rules::{first_words, steering};
use crate::session::Session;

impl Session {
    /// Asks for a leg, beside the one in use if there is one.
    pub(crate) fn attempt_leg(&mut self, now: Instant) {
        self.facts.leg.attempt(now);
        self.outputs.push(Output::ConnectModel);
    }

    /// The attempt under way came to nothing.
    pub(crate) fn attempt_failed(&mut self, now: Instant, loss: ModelLoss) {
        let first = self.phase == Phase::Connecting;
        if self.facts.leg.attempt_failed(now, loss, first) {
            self.without_model(now);
        }
    }

    /// The leg in use is gone, and with it everything that was under way on it.
    pub(crate) fn leg_lost(&mut self, now: Instant, loss: ModelLoss) {
        if !self.facts.leg.is_up() {
            return;
        }
        self.outputs.report(Event::ModelLost);
        let worth_another = self.facts.leg.count_loss(loss);
        self.leave_leg(now);
        // A goodbye that was said and is being played needs no other model.
        if self.facts.ending.is_ready() {
            return;
        }
        if !worth_another {
            return self.without_model(now);
        }
        match self.facts.leg.await_next(now) {
            AfterLoss::Attempt => self.attempt_leg(now),
            AfterLoss::Wait => {}
            AfterLoss::GoOver => self.go_over(now),
        }
    }

    /// Replaces the leg in use by its successor, if that is ready. What is being said is cut off by us, rather than a
    /// little later by the server.
    pub(crate) fn roll_over(&mut self, now: Instant) {
        if self.facts.leg.begin_rollover() {
            self.leave_leg(now);
            self.go_over(now);
        }
    }

    /// Goes over to the leg that is ready, and makes good what the caller was owed.
    pub(crate) fn go_over(&mut self, now: Instant) {
        let Some(heard) = self.take_leg(now) else { return };
        let owed = self.facts.leg.take_owed();
        self.apply(now, leg_change::make_good(&self.facts, owed, heard.as_deref()));
    }

    /// Takes the leg that is ready into use; `None` if none is. From here on everything is said to it and nothing to the
    /// old one. Returns what the caller heard of the agent last.
    pub(crate) fn take_leg(&mut self, now: Instant) -> Option<Option<String>> {
        if !self.facts.leg.go_over(now) {
            return None;
        }
        self.outputs.push(Output::UseModel);
        self.outputs.report(Event::ModelReady { after_start: self.facts.call.since_start(now) });
        Some(self.replay(now))
    }

    /// Settles what was under way on this leg: some of it is to be asked for again, some can only be made good.
    fn leave_leg(&mut self, now: Instant) {
        let left = self.facts.leave_leg();
        self.rules.silence.leg_lost();
        let mut lost = Lost::Nothing;
        if let Some((response, ended)) = &left.response {
            if ended.reason == Some(ResponseReason::Words) {
                let status = if ended.spoke { ResponseStatus::Failed } else { ResponseStatus::Cancelled };
                self.apply(now, steering::response_ended(ended, status));
            }
            lost = leg_change::lost(ended);
            if lost == Lost::Goodbye {
                self.request_goodbye(now);
            } else {
                self.response_ended(now, response, ended, ResponseStatus::Failed);
            }
            if lost == Lost::Greeting {
                self.apply(now, first_words::greeting(&self.facts));
            }
        }
        self.facts.leg.owe(leg_change::owed(&left, lost));
    }

    /// Tells the new leg what was said and done before, and returns what the caller heard of the agent last.
    fn replay(&mut self, now: Instant) -> Option<String> {
        let recalled = self.facts.recall();
        let heard = recalled.last_words_of_agent().map(str::to_owned);
        let mut last = None;
        for (n, piece) in recalled.into_pieces().enumerate() {
            let item = self.facts.leg.replay_id(n);
            self.outputs.push(Output::ToModel(ModelCommand::Replay { item: item.clone(), piece }));
            last = Some(item);
        }
        let at = self.facts.call.wall(now);
        self.facts.turns.leg_begins(now, at, last.as_deref());
        heard
    }
}
