//! One item of the conversation, as far as it is known.

use std::time::Duration;

use domain::Timestamp;
use domain::turn::ToolCall;

use crate::facts::caller_speech::Answered;
use crate::facts::playback::Heard;

/// Far more than is said in one turn, in bytes.
const TEXT_BYTES_MAX: usize = 32 * 1024;

#[derive(Debug)]
pub(super) struct Item {
    pub(super) at: Timestamp,
    /// When the leg that it joined was taken into use.
    pub(super) leg: Option<Timestamp>,
    pub(super) kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    Caller {
        words: Words,
        spoken: Duration,
        /// From the end of the speech until its words were known.
        known_after: Option<Duration>,
    },
    Agent(Agent),
    Other,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Words {
    Awaited,
    Known(Text),
    Failed,
}

#[derive(Debug, Default)]
pub(super) struct Agent {
    pub(super) response: Option<String>,
    pub(super) text: Text,
    /// The model has given the whole text.
    pub(super) whole: bool,
    pub(super) cut_off: bool,
    pub(super) answered: Option<Answered>,
}

impl Kind {
    pub(super) const fn caller() -> Self {
        Self::Caller { words: Words::Awaited, spoken: Duration::ZERO, known_after: None }
    }
}

/// What was said in one turn: bounded, and never printed.
#[derive(Default, PartialEq, Eq)]
pub(super) struct Text(pub(super) String);

/// A tool call and its place in the conversation.
#[derive(Debug)]
pub(super) struct PlacedCall {
    pub(super) response: String,
    pub(super) item: String,
    pub(super) at: Timestamp,
    pub(super) call: ToolCall,
}

impl Text {
    /// What the caller got of it.
    pub(super) fn heard(&self, heard: Heard) -> &str {
        heard_text(&self.0, heard)
    }

    pub(super) fn of(text: &str) -> Self {
        let mut bounded = Self::default();
        bounded.push(text);
        bounded
    }

    pub(super) fn push(&mut self, text: &str) {
        let room = TEXT_BYTES_MAX - self.0.len();
        self.0.push_str(&text[..text.floor_char_boundary(room)]);
    }
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Text({} bytes)", self.0.len())
    }
}

/// Speech has no word times, so a share of its duration is that share of its text, in whole words.
fn heard_text(text: &str, Heard { sent, heard }: Heard) -> &str {
    if heard >= sent {
        return if sent == Duration::ZERO { "" } else { text };
    }
    let share = heard.as_secs_f64() / sent.as_secs_f64();
    // A share of a length that fits in memory.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "0..=len"
    )]
    let end = text.floor_char_boundary((text.len() as f64 * share) as usize);
    text[..end].rfind(char::is_whitespace).map_or("", |end| text[..end].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(text: &str, heard: u64, sent: u64) -> &str {
        heard_text(text, Heard { sent: Duration::from_millis(sent), heard: Duration::from_millis(heard) })
    }

    #[test]
    fn half_of_the_speech_is_half_of_the_text_in_whole_words() {
        let text = "We are open until six.";
        assert_eq!(heard(text, 2_000, 2_000), text);
        assert_eq!(heard(text, 1_000, 2_000), "We are");
        assert_eq!(heard(text, 1_999, 2_000), "We are open until");
        assert_eq!(heard(text, 0, 2_000), "");
        assert_eq!(heard(text, 0, 0), "", "words without a sound were not heard");
        assert_eq!(heard("Grüß Gott", 900, 2_000), "");
    }
}
