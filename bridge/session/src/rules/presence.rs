//! Whether a person who converses is there at all.
//!
//! Silence has a limit of its own, but hold music, a bad line or an answering machine is not silent: turn detection
//! takes it for speech and the model goes on answering it. Only a person says something new.
//! These limits run by the wall clock, and no noise resets them.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

use domain::business::bounds;
use domain::text;
use domain::turn::EndReason;

use crate::action::Action;
use crate::facts::Facts;

/// A policy below this would end calls over a cough or two.
const WORDLESS_MIN: Duration = bounds::MAX_WORDLESS.min;
/// What the agent is saying when the time is up may be heard to its end, this many times over at most.
const EXTENSIONS_MAX: u8 = 3;
/// A machine says the same again and again. A person repeats "yes", but not a sentence, and not this often.
const REPEATED_WORDS_MIN: usize = 4;
const REPEATS_MAX: u8 = 3;

/// The signs for and against a person.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    /// There was a sound without a word; without a word by then the call ends.
    wordless_until: Option<Instant>,
    extensions: u8,
    /// What was said last, as a hash: a caller's words are kept nowhere but in their turn.
    last: Option<u64>,
    repeats: u8,
}

impl Presence {
    /// The caller was understood, or pressed a key.
    pub(crate) fn person_is_there(&mut self) {
        self.extensions = 0;
        self.wordless_until = None;
    }

    /// There was a sound without a word. The time runs from the first such sound until a word is understood. A
    /// transcription that failed is no sign: a failure of its provider must not end calls.
    pub(crate) fn sound_without_words(&mut self, now: Instant, facts: &Facts) {
        if facts.steering.is_muted() {
            return;
        }
        let Some(policy) = facts.call.policy() else { return };
        let wordless = policy.max_wordless.max(WORDLESS_MIN);
        self.wordless_until.get_or_insert(now + wordless);
    }

    /// What the caller's words say about who is there.
    pub(crate) fn understood(&mut self, now: Instant, facts: &Facts, text: &str) -> Option<Action> {
        // A caller who gets no answer says the same again, and is there.
        if facts.steering.is_muted() {
            return None;
        }
        let words = text::words(text);
        if words.is_empty() {
            self.sound_without_words(now, facts);
            return None;
        }
        let mut hasher = DefaultHasher::new();
        words.hash(&mut hasher);
        let said = Some(hasher.finish());
        let repeated = words.len() >= REPEATED_WORDS_MIN && self.last == said;
        self.repeats = if repeated { self.repeats + 1 } else { 0 };
        self.last = said;
        if self.repeats >= REPEATS_MAX {
            return Some(Action::say_goodbye(EndReason::Silence));
        }
        if !repeated {
            self.person_is_there();
        }
        None
    }

    /// The time without a word is up. What the agent is saying may be heard out; what follows it is the usual silence of
    /// `silence`, unless there is noise again.
    pub(crate) fn wordless_lasted(
        &mut self,
        now: Instant,
        facts: &Facts,
        silence: Duration,
    ) -> Option<Action> {
        self.wordless_until = None;
        if facts.steering.is_muted() {
            return None;
        }
        let heard_by = facts.playback.plays_until().filter(|end| *end > now);
        if let Some(end) = heard_by.filter(|_| self.extensions < EXTENSIONS_MAX) {
            self.extensions += 1;
            self.wordless_until = Some(end + silence * 2);
            return None;
        }
        Some(Action::say_goodbye(EndReason::Silence))
    }

    pub(crate) const fn wordless_until(&self) -> Option<Instant> {
        self.wordless_until
    }
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::*;
    use crate::testing::origin;

    #[test]
    fn a_repeated_sentence_is_a_machine_s_and_a_repeated_word_is_not() {
        let now = origin();
        let facts = Facts::new(now, Timestamp(0));
        let sentence = "to be connected press one";
        let mut presence = Presence::default();
        let said: Vec<_> = (0..=REPEATS_MAX).map(|_| presence.understood(now, &facts, sentence)).collect();
        let (last, earlier) = said.split_last().unwrap();
        assert!(earlier.iter().all(Option::is_none));
        assert_eq!(last, &Some(Action::say_goodbye(EndReason::Silence)));
        let mut presence = Presence::default();
        assert!((0..20).all(|_| presence.understood(now, &facts, "yes").is_none()));
    }
}
