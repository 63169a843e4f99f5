//! How much can be said in a time: the bounds beyond which words were not spoken.

use std::time::Duration;

/// Fast speech is some 20 characters a second.
const MAX_CHARACTERS_PER_SECOND: f64 = 45.0;
/// The fastest that people speak, words a second.
const MAX_WORDS_PER_SECOND: f64 = 8.0;
/// The least time in which a letter is spoken.
const LETTER: Duration = Duration::from_millis(25);

/// What turn detection may have missed of a turn's beginning and end. Words that are refused by their number alone get
/// all of it.
const MISSED: Duration = Duration::from_secs(2);
/// The same for words that already repeat themselves, which need less proof.
const MISSED_OF_REPETITION: Duration = Duration::from_secs(1);

/// The most characters of a turn that was heard for `speech`.
pub(super) fn max_characters(speech: Duration) -> f64 {
    MAX_CHARACTERS_PER_SECOND * (speech + MISSED).as_secs_f64()
}

/// The most words of a repetition that was heard for `speech`.
pub(super) fn max_words(speech: Duration) -> f64 {
    MAX_WORDS_PER_SECOND * (speech + MISSED_OF_REPETITION).as_secs_f64()
}

/// The least time in which `letters` are spoken.
pub(super) fn least_time(letters: usize) -> Duration {
    LETTER.saturating_mul(u32::try_from(letters).unwrap_or(u32::MAX))
}
