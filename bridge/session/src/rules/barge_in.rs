//! The caller speaks: whether that interrupts the agent, and what interrupting means.
//!
//! The session is configured with `interrupt_response` off, so nobody else interrupts. The truth is what is
//! audible, not what is being generated: the model is usually done long before the line has played its words.

use std::time::{Duration, Instant};

use domain::business::TurnDetection;

use crate::audio::millis;
use crate::deadlines::Deadline;
use crate::input::ResponseReason;
use crate::live::MAX_CALL;
use crate::output::{Event, ModelCommand};
use crate::{Output, Session, instructions};

/// Nobody speaks this long without a breath; line noise and hold music do.
const SPEECH_MAX: Duration = Duration::from_secs(60);
/// The least that counts as having spoken; a turn of no length is one whose length is not known.
const SPEECH_MIN: Duration = Duration::from_millis(1);
/// The model's turn detection creates the answer at once. When it has not by now, it will not.
const ANSWER_WAIT: Duration = Duration::from_secs(3);
/// A cancelled response ends within a round trip.
const CANCEL_WAIT: Duration = Duration::from_secs(3);
/// Without a frame for this long the model would wait for the end of a sentence that has ended.
pub(crate) const SPEECH_FRAME_WAIT: Duration = Duration::from_millis(750);

/// The caller's speech, as the model's turn detection reports it.
#[derive(Debug, Default)]
pub(crate) struct CallerSpeech {
    last: Option<Speech>,
    /// When the caller stopped, until the agent answers.
    pub(crate) stopped: Option<Instant>,
    /// The last speech was let pass, and what it was is not known yet.
    overheard: bool,
    /// The agent stopped for the last speech.
    interrupted: bool,
}

/// One stretch of speech, which becomes an item.
#[derive(Debug)]
struct Speech {
    item: String,
    began: Instant,
    /// Where it begins in the audio that the model was given, padding included, if the model said so.
    audio_start: Option<Duration>,
    /// How long it lasted, as soon as the model has said where it ends.
    spoken: Option<Duration>,
}

impl CallerSpeech {
    /// Speech on a leg that is gone will not be spoken of again.
    pub(crate) fn leg_lost(&mut self) {
        *self = Self::default();
    }

    /// The last speech ended before it was an interruption.
    pub(crate) fn passed(&mut self) {
        self.overheard = true;
        self.stopped = None;
    }

    pub(crate) fn is_overheard(&self, item: &str) -> bool {
        self.overheard && self.began(item).is_some()
    }

    pub(crate) fn decided(&mut self) {
        self.overheard = false;
    }

    /// The agent stopped for speech that nothing came of; known once.
    pub(crate) fn take_interrupted(&mut self) -> bool {
        std::mem::take(&mut self.interrupted)
    }

    pub(crate) fn began(&self, item: &str) -> Option<Instant> {
        self.of(item).map(|speech| speech.began)
    }

    /// How long the caller spoke. A turn may be committed before its end was told; then the time since it began has
    /// to do.
    pub(crate) fn spoken(&self, now: Instant, item: &str) -> Option<Duration> {
        let speech = self.of(item)?;
        Some(speech.spoken.unwrap_or_else(|| now.saturating_duration_since(speech.began)))
    }

    fn of(&self, item: &str) -> Option<&Speech> {
        // Speech without a name is never the speech that is known.
        self.last.as_ref().filter(|speech| speech.item == item && !item.is_empty())
    }
}

impl Session {
    pub(crate) fn caller_began(&mut self, now: Instant, item: &str, audio_start: Option<Duration>) {
        if self.speech.began(item).is_some() {
            return;
        }
        self.speech.last = Some(Speech { item: item.to_owned(), began: now, audio_start, spoken: None });
        self.speech.stopped = None;
        (self.speech.overheard, self.speech.interrupted) = (false, false);
        self.silence.broken();
        self.farewell.caller_began();
        self.turns.caller_began();
        self.gate.new_turn();
        self.tools.new_turn();
        self.deadlines.clear(Deadline::Answer);
        self.deadlines.clear(Deadline::Overheard);
        self.deadlines.set(Deadline::SpeechEnd, now + SPEECH_MAX);
        self.deadlines.set(Deadline::SpeechFrame, now + SPEECH_FRAME_WAIT);
        self.note(Event::CallerSpeaking);
        self.other_party_began(now);
        let patience = self.patience();
        if self.yields() && !patience.is_zero() {
            self.deadlines.set(Deadline::Interruption, now + patience);
        } else {
            self.interruption(now);
        }
    }

    /// The caller takes the floor.
    pub(crate) fn interruption(&mut self, now: Instant) {
        // Asked before the hang-up is given up: last words are not interrupted.
        let yields = self.yields();
        if yields {
            self.interrupt(now);
        }
        self.caller_objects();
    }

    /// Takes the length of a speech from where the model says that it begins and ends. Both edges lie in silence:
    /// padding goes before the speech, and the silence that proves its end behind it. What semantic turn detection
    /// waits for is not known, and counts as speech.
    pub(crate) fn speech_measured(&mut self, item: &str, audio_end: Option<Duration>) -> Option<Duration> {
        let silence = match self.plan.as_ref()?.voice.turn_detection {
            TurnDetection::Server { prefix_padding_ms, silence_duration_ms, .. } => {
                Duration::from_millis(u64::from(prefix_padding_ms) + u64::from(silence_duration_ms))
            }
            TurnDetection::Semantic { .. } => Duration::ZERO,
        };
        let speech = self.speech.last.as_mut().filter(|speech| speech.item == item)?;
        let spoken = audio_end?.saturating_sub(speech.audio_start?).saturating_sub(silence);
        // Somebody spoke, however little is left of it; and no claim of the model's is longer than a call.
        speech.spoken = Some(spoken.clamp(SPEECH_MIN, MAX_CALL));
        speech.spoken
    }

    pub(crate) fn caller_stopped_speaking(&mut self, now: Instant) {
        if !self.deadlines.is_armed(Deadline::SpeechEnd) {
            return;
        }
        self.speech_ended();
        self.speech.stopped = Some(now);
        self.note(Event::CallerSilent);
        if self.deadlines.is_armed(Deadline::Interruption) {
            self.deadlines.clear(Deadline::Interruption);
            // Once the agent has finished by itself this is a turn like any other.
            if self.playback.is_audible() || self.hangup.reason().is_some() {
                return self.speech_passed(now);
            }
        }
        // The greeting answers whatever was said before its end, and a machine is not answered.
        if !self.is_greeting() && self.hangup.reason().is_none() && !self.voicemail.mutes() {
            self.deadlines.set(Deadline::Answer, now + ANSWER_WAIT);
        }
    }

    pub(crate) fn speech_ended(&mut self) {
        self.deadlines.clear(Deadline::SpeechEnd);
        self.deadlines.clear(Deadline::SpeechFrame);
        self.deadlines.clear(Deadline::Monologue);
    }

    /// The caller is speaking, or has stopped and is about to be answered.
    pub(crate) fn caller_has_floor(&self) -> bool {
        self.deadlines.is_armed(Deadline::SpeechEnd) || self.deadlines.is_armed(Deadline::Answer)
    }

    /// Whether a response that begins now would speak over the caller.
    pub(crate) fn speaks_over_caller(&self, reason: Option<ResponseReason>) -> bool {
        self.deadlines.is_armed(Deadline::SpeechEnd)
            && match reason {
                Some(ResponseReason::Greeting) => false,
                Some(ResponseReason::Goodbye) => self.hangup.reason().is_none(),
                Some(
                    ResponseReason::ToolOutput
                    | ResponseReason::Filler
                    | ResponseReason::SilencePrompt
                    | ResponseReason::Dtmf
                    | ResponseReason::Overheard
                    | ResponseReason::Warning
                    | ResponseReason::Screening
                    | ResponseReason::Recovery,
                ) => true,
                // Turn detection creates responses when the caller has stopped; it knows best.
                None => false,
            }
            // Nor is there to be an answer to speech of which it is not known yet whether it wants one, or to a machine.
            || (reason.is_none() && (self.speech.overheard || self.voicemail.mutes()))
    }

    /// The greeting is asked for, generated or heard.
    pub(crate) fn is_greeting(&self) -> bool {
        self.gate.is_about(ResponseReason::Greeting)
            || self.greeting.as_deref().is_some_and(|greeting| self.playback.is_audible_from(greeting))
    }

    /// Whether the agent lets itself be interrupted in what it is doing now.
    fn yields(&self) -> bool {
        let audible = self.playback.is_audible();
        if self.is_greeting() {
            let protected = self.plan.as_ref().is_some_and(|plan| plan.conversation.protect_greeting);
            // One that nobody has heard of yet is never interrupted: the caller would get none.
            return audible && !protected;
        }
        !self.hangup.is_final() && (audible || self.gate.is_generating())
    }

    /// Cancels the response under way, once; true if that was now.
    pub(crate) fn cancel_response(&mut self, now: Instant) -> bool {
        let Some(response) = self.gate.interrupt() else { return false };
        self.turns.cut_off(&response);
        self.deadlines.set(Deadline::ResponseProgress, now + CANCEL_WAIT);
        self.tell(ModelCommand::CancelResponse { response });
        true
    }

    fn interrupt(&mut self, now: Instant) {
        let Some((heard, dropped)) = self.hush(now) else { return };
        self.speech.interrupted = true;
        self.figures.barge_ins += 1;
        self.note(Event::BargeIn { heard, dropped });
    }

    /// The agent stops, and the model forgets what was not heard. Says how much of what was audible was heard and how
    /// much was dropped, if that cut anything short.
    pub(crate) fn hush(&mut self, now: Instant) -> Option<(Duration, Duration)> {
        let audible = self.playback.is_audible();
        if audible {
            self.emit(Output::ClearCaller);
        }
        let cancelled = self.cancel_response(now);
        let cuts = self.playback.interrupt(now);
        for cut in &cuts {
            self.gate.discard(&cut.response);
            // Less than a millisecond cannot be addressed, and an end of 0 is refused for an item whose audio the
            // model has not begun; of what was sent, 1 ms is always there and nobody hears it.
            let sent_ms = millis(cut.sent);
            if sent_ms > 0 && !cut.orphaned {
                self.tell(ModelCommand::Truncate {
                    item: cut.item.clone(),
                    content_index: cut.content_index,
                    audio_end_ms: millis(cut.heard).clamp(1, sent_ms),
                });
            }
        }
        // A replayed text cannot be truncated; the model is told instead.
        if cuts.iter().any(|cut| cut.orphaned) {
            self.tell(ModelCommand::SystemText { text: instructions::NOT_ALL_HEARD.to_owned() });
        }
        // Audio whose marks are on their way was heard: stopping it interrupts nobody.
        (audible && (cancelled || !cuts.is_empty())).then(|| {
            self.agent_speaking = false;
            let heard = cuts.first().map_or(Duration::ZERO, |cut| cut.heard);
            (heard, cuts.iter().map(|cut| cut.sent.saturating_sub(cut.heard)).sum())
        })
    }
}
