//! What follows from what is true now.
//!
//! The facts change in the order in which events arrive, and that order means nothing: only what is true once they have
//! arrived does. So every conclusion that depends on more than one fact is drawn here, after whatever happened, in one
//! fixed order.

use std::time::Instant;

use domain::turn::EndReason;

use crate::output::{Event, Output};
use crate::phase::Phase;
use crate::response_reason::ResponseReason;
use crate::rules::{hang_up, steering, tool_use};
use crate::session::Session;

impl Session {
    /// Draws the conclusions of a conversation.
    pub(crate) fn conclude(&mut self, now: Instant) {
        if self.phase != Phase::Live {
            return;
        }
        self.facts.gate.pass_time(now);
        self.answer_tool_outputs(now);
        self.steer(now);
        self.release_response(now);
        if self.facts.playback.take_fell_silent() {
            self.outputs.report(Event::AgentSilent);
        }
        if hang_up::is_due(&self.facts) {
            return self.hang_up(now);
        }
        while let Some(turn) = self.facts.next_final_turn(now) {
            self.outputs.push(Output::Turn(turn));
        }
        let quiet = self.facts.is_quiet();
        if self.rules.drain.leaves_here(&self.facts, quiet) {
            return self.close(now, EndReason::Drained);
        }
        // At a turn boundary nothing is lost by going over to the leg that is ready.
        if quiet && !self.facts.awaits_words() {
            self.roll_over(now);
        }
        self.rules.farewell.follow(now, &self.facts, quiet);
        self.rules.voicemail.follow(now, &self.facts, quiet);
        self.rules.silence.follow(now, &self.facts, quiet);
        self.facts.plan_turn_wait(now);
    }

    /// Asks for the response that is owed once all tool calls of a response are answered.
    fn answer_tool_outputs(&mut self, now: Instant) {
        let gate = &self.facts.gate;
        if self.facts.tools.take_owed(|response| gate.is_active(response)) && !self.facts.ending.is_pending()
        {
            let words = !self.facts.tools.next_round();
            self.apply(now, [tool_use::response_to_outputs(&self.facts, words)]);
        }
    }

    /// Carries out what the business asked for, as far as its turn has come.
    fn steer(&mut self, now: Instant) {
        self.apply(now, steering::follow(&self.facts));
        while let Some(asked) = self.facts.steering.take_next() {
            self.apply(now, steering::begin(&self.facts, asked));
        }
        self.apply(now, steering::ask_again(&self.facts));
    }

    /// Makes the request that is due, if there is one.
    fn release_response(&mut self, now: Instant) {
        // What a lost leg had been asked for before the agent was muted.
        if self.facts.steering.is_muted() {
            return self.facts.gate.withdraw_all();
        }
        if !self.facts.leg.is_up() {
            return;
        }
        let floor_taken = self.facts.speech.has_floor();
        let Some(command) = self.facts.gate.release(now, floor_taken) else { return };
        let command = Output::ToModel(command);
        // A greeting must not wait for an answer to what the caller said before it.
        if self.facts.line.has_kept() && !self.facts.gate.is_about(ResponseReason::Greeting) {
            self.outputs.push_after_kept_audio(command);
        } else {
            self.outputs.push(command);
        }
    }
}
