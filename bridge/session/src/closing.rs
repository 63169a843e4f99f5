//! After the conversation: the hang-up, the last transcripts, and the one close.

use std::time::{Duration, Instant};

use domain::turn::EndReason;

use crate::deadlines::Deadline;
use crate::facts::caller_audio::Kept;
use crate::input::ModelEvent;
use crate::output::{Close, Event};
use crate::phase::close_code;
use crate::{Input, Output, Phase, Session};

/// Twilio stops the stream of a call it has ended.
const STOP_WAIT: Duration = Duration::from_secs(5);
/// The last words of a caller are transcribed after the call.
const LATE_TRANSCRIPTS_WAIT: Duration = Duration::from_secs(2);

impl Session {
    /// Ends the call at Twilio, once: the phase is left for good.
    pub(crate) fn hang_up(&mut self, now: Instant) {
        let reason = self.hangup.reason().unwrap_or(EndReason::Internal);
        if reason == EndReason::ModelLost {
            // Twilio asks what follows, and a voice that does not depend on the model speaks, or a person.
            self.cancel_response(now);
            return self.close(now, reason);
        }
        self.end_conversation(now, reason);
        if reason == EndReason::Transfer {
            // The line is Twilio's again as soon as the stream is closed, and it asks where to dial.
            self.note(Event::HangUpRequested { reason });
            self.figures.transfer_to = self.hangup.take_transfer();
            return self.close(now, reason);
        }
        self.deadlines.set(Deadline::Stop, now + STOP_WAIT);
        self.note(Event::HangUpRequested { reason });
        self.emit(Output::HangUp);
    }

    /// The caller cannot hear us any more.
    pub(crate) fn caller_left(&mut self, now: Instant, reason: EndReason) {
        self.end_conversation(now, reason);
        self.playback.interrupt(now);
        if self.awaits_words() && self.leg.is_up() {
            self.deadlines.set(Deadline::LateTranscripts, now + LATE_TRANSCRIPTS_WAIT);
        } else {
            self.close(now, reason);
        }
    }

    pub(crate) fn closing(&mut self, now: Instant, reason: EndReason, input: Input<'_>) {
        let caller_is_gone = self.deadlines.is_armed(Deadline::LateTranscripts);
        match input {
            // Said after the last words: nobody was to hear it.
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
            Input::Mark(mark) => self.playback.mark(now, mark),
            Input::Model(ModelEvent::ResponseDone { response, usage, .. }) => {
                if let Some(response) = self.named(response) {
                    self.count_usage(usage, &response);
                    self.gate.ended(&response);
                }
            }
            Input::Model(event) => {
                self.words(now, event);
                if caller_is_gone && !self.awaits_words() {
                    self.close(now, reason);
                }
            }
            Input::ModelGone(_) => {
                self.leg.give_up();
                if caller_is_gone {
                    self.close(now, reason);
                }
            }
            Input::Superseded => self.close(now, EndReason::Superseded),
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
            | Input::Drain { .. } => {}
        }
    }

    /// Hands over what is left and closes. The last thing a session does.
    pub(crate) fn close(&mut self, now: Instant, reason: EndReason) {
        self.phase = Phase::Closed;
        self.deadlines.clear_all();
        while let Some(piece) = self.line.take_kept() {
            match piece {
                Kept::Frame(_) => self.figures.frames_dropped += 1,
                Kept::Gap(_) => {}
            }
        }
        self.playback.interrupt(now);
        if let Some(plan) = self.plan.take() {
            while let Some(turn) = self.turns.next_at_close(&plan, &mut self.playback) {
                self.figures.turns += 1;
                self.emit(Output::Turn(turn));
            }
        }
        let audio = self.playback.total();
        self.figures.agent_audio_sent = audio.sent;
        self.figures.agent_audio_heard = audio.heard;
        let figures = std::mem::take(&mut self.figures);
        self.emit(Output::Close(Close { reason, code: close_code(reason), figures }));
    }

    pub(crate) fn emit_final_turns(&mut self, now: Instant) {
        let Some(plan) = &self.plan else { return };
        while let Some(turn) = self.turns.next_final(now, plan, &self.gate, &mut self.playback) {
            self.figures.turns += 1;
            self.outputs.push_back(Output::Turn(turn));
        }
    }

    /// Words of the caller's are still on their way.
    pub(crate) fn awaits_words(&self) -> bool {
        self.plan.as_ref().is_some_and(|plan| self.turns.awaits_words(plan))
    }

    fn end_conversation(&mut self, now: Instant, reason: EndReason) {
        self.cancel_response(now);
        self.phase = Phase::Closing(reason);
        self.deadlines.clear_all();
    }
}
