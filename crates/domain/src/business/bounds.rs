//! How far the figures of settings may go. Settings beyond these bounds are not published, and code that applies a
//! figure keeps to them, too, since a revision may be older than its bounds.

use std::time::Duration;

/// The least and the most that a duration may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The least.
    pub min: Duration,
    /// The most.
    pub max: Duration,
}

impl Bounds {
    const fn secs(min: u64, max: u64) -> Self {
        Self { min: Duration::from_secs(min), max: Duration::from_secs(max) }
    }

    /// Whether a duration keeps to them.
    pub fn contain(self, duration: Duration) -> bool {
        (self.min..=self.max).contains(&duration)
    }
}

/// How long a call may last: shorter, it would be greeted and cut off; Twilio ends calls at four hours unless told
/// otherwise.
pub const MAX_CALL: Bounds = Bounds::secs(10, 4 * 60 * 60);
/// Silence until the agent asks whether the caller is still there.
pub const SILENCE_PROMPT_AFTER: Bounds = Bounds { min: Duration::from_secs(2), max: MAX_CALL.max };
/// Sounds without words until the agent says goodbye.
pub const MAX_WORDLESS: Bounds = Bounds { min: Duration::from_secs(20), max: MAX_CALL.max };
/// How long a caller must speak to be heard over the agent.
pub const MIN_INTERRUPTION: Bounds = Bounds::secs(0, 10);
/// How long a telephone rings in place of the agent, and how long a message may be. Twilio's bounds on
/// `<Dial timeout>` end at 600 s; the same for a message keeps its file small.
pub const IN_PLACE_OF_AGENT: Bounds = Bounds::secs(5, 600);
/// Silence that ends a turn, by level.
pub const TURN_SILENCE: Bounds = Bounds { min: Duration::from_millis(100), max: Duration::from_secs(10) };
/// Audio before the speech that belongs to it.
pub const TURN_PADDING: Bounds = Bounds::secs(0, 10);

/// The end of a call that is kept for last words. A warning must come before it, and in the second half of the call.
pub const LAST_WORDS: Duration = Duration::from_secs(30);
/// Questions whether the caller is still there, in a row.
pub const MAX_SILENCE_PROMPTS: u8 = 10;
/// Languages of one business.
pub const MAX_LANGUAGES: usize = 24;
/// Names and terms that a transcription model is told of: with more it hears them where they were not said.
pub const MAX_KEYWORDS: usize = 100;
/// Own phrases of one meaning.
pub const MAX_PHRASES: usize = 100;
/// Characters of a phrase, a keyword, a field's name or a status.
pub const MAX_TERM_CHARS: usize = 100;
/// Characters of the description of a field.
pub const MAX_DESCRIPTION_CHARS: usize = 1_000;
/// Words among which a value is chosen.
pub const MAX_CHOICES: usize = 50;
/// Characters of the name of a model or of its voice.
pub const MAX_MODEL_CHARS: usize = 64;
