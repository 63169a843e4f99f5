//! After the conversation: the hang-up, the last transcripts, and the one close.

use std::time::Instant;

use domain::action::NotDone;
use domain::turn::EndReason;

use crate::input::{Input, ModelEvent};
use crate::output::{Close, Event, Figures, Output, Settled};
use crate::phase::{Phase, close_code};
use crate::rules::steering;
use crate::session::Session;

impl Session {
    /// Ends the call at Twilio, once: the phase is left for good.
    pub(crate) fn hang_up(&mut self, now: Instant) {
        let reason = self.facts.ending.reason().unwrap_or(EndReason::Internal);
        if reason == EndReason::ModelLost {
            // Twilio asks what follows, and a voice that does not depend on the model speaks, or a person.
            self.cancel_response(now);
            return self.close(now, reason);
        }
        self.end_conversation(now, reason);
        if let Some(number) = self.facts.steering.take_ending() {
            self.settle(number, Settled::Done);
        }
        self.outputs.report(Event::HangUpRequested { reason });
        if reason == EndReason::Transfer {
            // The line is Twilio's again as soon as the stream is closed, and it asks where to dial.
            return self.close(now, reason);
        }
        self.facts.after_call.hung_up(now);
        self.outputs.push(Output::HangUp);
    }

    /// No model is to be had for this call any more. An end that the business wants comes without last words; otherwise
    /// Twilio asks what follows.
    pub(crate) fn without_model(&mut self, now: Instant) {
        if self.facts.ending.is_insisted() {
            self.facts.ending.goodbye_failed();
            self.hang_up(now);
        } else {
            self.close(now, EndReason::ModelLost);
        }
    }

    /// The caller cannot hear us any more.
    pub(crate) fn caller_left(&mut self, now: Instant, reason: EndReason) {
        self.end_conversation(now, reason);
        self.facts.playback.interrupt(now);
        if self.facts.awaits_words() && self.facts.leg.is_up() {
            self.facts.after_call.await_words(now);
        } else {
            self.close(now, reason);
        }
    }

    pub(crate) fn closing(&mut self, now: Instant, reason: EndReason, input: Input<'_>) {
        let caller_is_gone = self.facts.after_call.caller_is_gone();
        match input {
            // Said after the last words: the agent was not to hear it.
            Input::CallerAudio(_) | Input::CallerAlive => {}
            // After our hang-up this is what was asked for, and after a failed one nothing else will come.
            Input::CallerStopped
            | Input::CallerGone
            | Input::CallerMisbehaved
            | Input::HungUp { ok: false } => {
                if !caller_is_gone {
                    self.caller_left(now, reason);
                }
            }
            Input::Mark(mark) => self.facts.playback.mark(now, mark),
            Input::Model(ModelEvent::ResponseDone { response, usage, .. }) => {
                if let Some(response) = self.facts.gate.named(response) {
                    self.facts.count_usage(usage, &response);
                    self.facts.gate.ended(&response);
                }
            }
            Input::Model(event) => {
                self.facts.words(now, &event);
                if caller_is_gone && !self.facts.awaits_words() {
                    self.close(now, reason);
                }
            }
            Input::ModelGone(_) => {
                self.facts.leg.give_up();
                if caller_is_gone {
                    self.close(now, reason);
                }
            }
            Input::Superseded => self.close(now, EndReason::Superseded),
            Input::Action { number, .. } => self.settle(number, unfinished(reason)),
            // The conversation that these belong to is over.
            Input::StreamStarted { .. }
            | Input::Claimed(_)
            | Input::ClaimRefused(_)
            | Input::Dtmf(_)
            | Input::AnsweredBy(_)
            | Input::ModelReady { .. }
            | Input::ConnectFailed(_)
            | Input::ToolDone { .. }
            | Input::HungUp { ok: true }
            | Input::Steered { .. }
            | Input::Drain { .. } => {}
        }
    }

    /// Hands over what is left and closes. The last thing a session does.
    pub(crate) fn close(&mut self, now: Instant, reason: EndReason) {
        self.phase = Phase::Closed;
        self.facts.line.drop_kept();
        self.facts.playback.interrupt(now);
        while let Some(turn) = self.facts.next_turn_at_close() {
            self.outputs.push(Output::Turn(turn));
        }
        self.leave_actions(reason);
        let figures = self.figures(reason);
        self.outputs.push(Output::Close(Close { reason, code: close_code(reason), figures }));
    }

    /// Says of every action that was not carried out what becomes of it.
    fn leave_actions(&mut self, reason: EndReason) {
        let begun = self.facts.steering.has_begun();
        if let Some(number) = self.facts.steering.take_saying() {
            let cut_short = Settled::NotDone(NotDone::CutShort);
            self.settle(number, if begun { cut_short } else { unfinished(reason) });
        }
        while let Some(number) = self.facts.steering.take_any() {
            self.settle(number, unfinished(reason));
        }
    }

    fn end_conversation(&mut self, now: Instant, reason: EndReason) {
        self.cancel_response(now);
        self.phase = Phase::Closing(reason);
    }

    fn figures(&mut self, reason: EndReason) -> Figures {
        let unbacked_claims = self.rules.claims.unbacked();
        let facts = &mut self.facts;
        let (frames, audio) = (facts.line.frames(), facts.playback.total());
        let transfers = reason == EndReason::Transfer;
        Figures {
            turns: facts.turns.count(),
            model_losses: facts.leg.losses(),
            model_rollovers: facts.leg.rollovers(),
            greeting_requested: facts.greeting.requested_after(),
            greeting_heard: facts.greeting.heard_after(),
            turn_latencies: facts.speech.take_latencies(),
            barge_ins: facts.speech.interruptions(),
            unbacked_claims,
            frames_in: frames.received,
            frames_forwarded: frames.forwarded,
            frames_dropped: frames.dropped,
            padded: frames.padded,
            agent_audio_sent: audio.sent,
            agent_audio_heard: audio.heard,
            usage: std::mem::take(&mut facts.usage),
            transfer_to: if transfers { facts.ending.take_transfer() } else { None },
        }
    }
}

/// What becomes of an action that a session which ended for this reason has not carried out.
const fn unfinished(reason: EndReason) -> Settled {
    if steering::is_handed_on(reason) { Settled::HandedOn } else { Settled::NotDone(NotDone::CallOver) }
}
