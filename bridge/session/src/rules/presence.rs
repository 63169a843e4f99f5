//! Whether somebody who converses is there at all.
//!
//! Silence has a limit of its own, but hold music, a bad line or an answering machine is not silent: turn detection
//! takes it for speech and the model goes on answering it. What such a line never does is say something new.
//! These limits run by the wall clock, and no noise resets them.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

use domain::text;
use domain::turn::EndReason;

use crate::Session;
use crate::deadlines::Deadline;

/// A policy below this would end calls over a cough or two.
const WORDLESS_MIN: Duration = Duration::from_secs(20);
/// What the agent is saying when the time is up may be heard to its end, this many times over at most.
const EXTENSIONS_MAX: u8 = 3;
/// A machine says the same again and again. A person repeats "yes", but not a sentence, and not this often.
const REPEATED_WORDS_MIN: usize = 4;
const REPEATS_MAX: u8 = 3;

#[derive(Debug, Default)]
pub(crate) struct Presence {
    extensions: u8,
    /// What was said last, as a hash: a caller's words are kept nowhere but in their turn.
    last: Option<u64>,
    repeats: u8,
}

impl Session {
    /// The caller was understood, or pressed a key.
    pub(crate) fn somebody_is_there(&mut self) {
        self.presence.extensions = 0;
        self.deadlines.clear(Deadline::Wordless);
    }

    /// There was a sound and no word in it. From the first such sound on the time runs until there is one. A
    /// transcription that failed says nothing: its provider's bad day must not end calls.
    pub(crate) fn sound_without_words(&mut self, now: Instant) {
        let Some(plan) = &self.plan else { return };
        if !self.deadlines.is_armed(Deadline::Wordless) {
            self.deadlines.set(Deadline::Wordless, now + plan.conversation.max_wordless.max(WORDLESS_MIN));
        }
    }

    /// What the caller's words say about who is there.
    pub(crate) fn understood(&mut self, now: Instant, text: &str) {
        let words = text::words(text);
        if words.is_empty() {
            return self.sound_without_words(now);
        }
        let mut hasher = DefaultHasher::new();
        words.hash(&mut hasher);
        let said = Some(hasher.finish());
        let repeated = words.len() >= REPEATED_WORDS_MIN && self.presence.last == said;
        self.presence.repeats = if repeated { self.presence.repeats + 1 } else { 0 };
        self.presence.last = said;
        if self.presence.repeats >= REPEATS_MAX {
            self.say_goodbye(now, EndReason::Silence);
        } else if !repeated {
            self.somebody_is_there();
        }
    }

    pub(crate) fn wordless_lasted(&mut self, now: Instant) {
        let heard_by = self.playback.plays_until().filter(|end| *end > now);
        if let Some(end) = heard_by.filter(|_| self.presence.extensions < EXTENSIONS_MAX) {
            self.presence.extensions += 1;
            // What follows it is the usual silence, unless there is noise again.
            self.deadlines.set(Deadline::Wordless, end + self.silence.after() * 2);
        } else {
            self.say_goodbye(now, EndReason::Silence);
        }
    }
}
