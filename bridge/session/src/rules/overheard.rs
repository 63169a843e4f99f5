//! Speech over the agent's that did not last: a sound of listening, a cough, or a short word that matters.
//!
//! A business may ask for more than a first sound before its agent stops, and a goodbye is not given up for the
//! caller's own "bye". Such speech is let pass, and *what it was* decides afterwards: its words, as soon as they are
//! transcribed. The agent is still speaking meanwhile, so nobody waits for that.
//!
//! The model's turn detection knows nothing of this and answers such speech like any other, unless a response is
//! under way (then the API drops the turn). That answer is cancelled as it begins; if the words turn out to want one,
//! it is asked for.

use std::time::{Duration, Instant};

use crate::deadlines::Deadline;
use crate::input::ResponseReason;
use crate::output::ModelCommand;
use crate::{Session, instructions};

/// How long the words of overheard speech may take. Without them it is answered, to be safe.
const WORDS_WAIT: Duration = Duration::from_secs(2);
/// A caller who says "bye" over the agent's goodbye does not object to it; one who goes on for this long does. It
/// includes the silence that turn detection waits for.
const GOODBYE_PATIENCE: Duration = Duration::from_millis(1_200);

impl Session {
    /// How long the caller must go on before the agent stops what it is saying.
    pub(crate) fn patience(&self) -> Duration {
        let Some(plan) = &self.plan else { return Duration::ZERO };
        // What is not heard is not interrupted, and without words nothing can be decided afterwards.
        if !self.playback.is_audible() || plan.voice.transcription_model.is_none() {
            return Duration::ZERO;
        }
        let policy = plan.conversation.min_interruption;
        // What is heard before the goodbye was even asked for is an answer like any other.
        let in_goodbye = self.hangup.says_goodbye() && !self.gate.is_held_back(ResponseReason::Goodbye);
        if in_goodbye { policy.max(GOODBYE_PATIENCE) } else { policy }
    }

    /// The caller has stopped before it was an interruption.
    pub(crate) fn speech_passed(&mut self, now: Instant) {
        self.speech.passed();
        self.deadlines.set(Deadline::Overheard, now + WORDS_WAIT);
    }

    /// Somebody is speaking, or has spoken, of whom it is not known yet whether they object to what goes on.
    pub(crate) fn is_undecided(&self) -> bool {
        self.deadlines.is_armed(Deadline::Interruption) || self.deadlines.is_armed(Deadline::Overheard)
    }

    /// What was overheard is known: `None` for words that could not be had.
    pub(crate) fn overheard(&mut self, item: &str, text: Option<&str>) {
        if !self.speech.is_overheard(item) {
            return;
        }
        self.deadlines.clear(Deadline::Overheard);
        let matters = text.is_some_and(|text| {
            let agrees = self.hangup.reason().is_some() && self.phrases.is_goodbye(text);
            !self.phrases.is_backchannel(text) && !agrees
        });
        self.speech.decided();
        if matters {
            self.answer_overheard();
        }
    }

    /// The words did not come in time.
    pub(crate) fn overheard_in_vain(&mut self) {
        self.speech.decided();
        self.answer_overheard();
    }

    fn answer_overheard(&mut self) {
        if self.hangup.is_final() || self.voicemail.mutes() {
            return;
        }
        self.caller_objects();
        if self.gate.is_idle() || self.playback.is_audible() {
            self.gate.request(ResponseReason::Overheard, None);
        }
    }

    /// The caller goes on speaking: a hang-up that was about to happen does not.
    pub(crate) fn caller_objects(&mut self) {
        let told = self.hangup.says_goodbye();
        if !self.hangup.caller_objects() {
            return;
        }
        self.deadlines.clear(Deadline::Goodbye);
        self.gate.withdraw(ResponseReason::Goodbye);
        if told {
            self.turns.remember_note(instructions::CALL_GOES_ON);
            self.tell(ModelCommand::SystemText { text: instructions::CALL_GOES_ON.to_owned() });
        }
    }
}
