//! What a caller hears from Twilio instead of the agent, word for word.
//!
//! A model speaks freely, so words that must be exact, such as a notice that the call is recorded, are no business
//! of its. What is wrong with an announcement is found when it is set, never when a caller waits for it.

use serde::{Deserialize, Serialize};

/// About a minute and a half of speech. Twilio's `<Say>` takes 4,096.
pub const MAX_TEXT_CHARACTERS: usize = 1_500;
/// The longest address of a file.
pub const MAX_URL_BYTES: usize = 2_000;
/// Longer than any language tag or name of a Twilio voice.
pub const MAX_NAME_BYTES: usize = 64;

/// An announcement that Twilio can make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Wording", into = "Wording")]
pub struct Announcement(Wording);

/// What Twilio is to do: say a text or play a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = Announcement))]
#[serde(rename_all = "snake_case")]
pub enum Wording {
    /// A text, spoken by Twilio.
    Say {
        /// What is said.
        text: String,
        /// A language tag, such as `de-DE`; without it Twilio takes `en-US`.
        #[serde(default)]
        language: Option<String>,
        /// One of Twilio's voices, such as `Polly.Vicki-Neural`.
        #[serde(default)]
        voice: Option<String>,
    },
    /// A recorded file, mp3 or wav, at an `https` address.
    Play {
        /// The file's address.
        url: String,
    },
}

/// Why Twilio could not make an announcement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAnnouncement {
    /// The text is empty or blank.
    #[error("the text of an announcement is blank")]
    Blank,
    /// The text is longer than [`MAX_TEXT_CHARACTERS`].
    #[error("the text of an announcement has more than {MAX_TEXT_CHARACTERS} characters")]
    TooLong,
    /// The text holds a control character.
    #[error("the text of an announcement has a control character")]
    Control,
    /// The language is not a language tag.
    #[error("the language of an announcement is not a language tag")]
    Language,
    /// The voice is not the name of a Twilio voice.
    #[error("the voice of an announcement is not the name of a voice")]
    Voice,
    /// The address is not an `https` address, or too long.
    #[error("the file of an announcement needs an https address of printable ASCII characters")]
    Url,
}

impl Announcement {
    /// # Errors
    /// [`InvalidAnnouncement`] for what Twilio could not say or play.
    pub fn new(wording: Wording) -> Result<Self, InvalidAnnouncement> {
        match &wording {
            Wording::Say { text, language, voice } => {
                if text.trim().is_empty() {
                    return Err(InvalidAnnouncement::Blank);
                }
                if text.chars().count() > MAX_TEXT_CHARACTERS {
                    return Err(InvalidAnnouncement::TooLong);
                }
                // XML 1.0 cannot carry most of them, not even escaped.
                if text.chars().any(|c| c.is_control() && c != '\n') {
                    return Err(InvalidAnnouncement::Control);
                }
                if !language.as_deref().is_none_or(|tag| is_name(tag, b"-")) {
                    return Err(InvalidAnnouncement::Language);
                }
                if !voice.as_deref().is_none_or(|voice| is_name(voice, b"-._")) {
                    return Err(InvalidAnnouncement::Voice);
                }
            }
            Wording::Play { url } => {
                let printable = url.len() <= MAX_URL_BYTES && url.bytes().all(|b| b.is_ascii_graphic());
                let host = url.strip_prefix("https://").unwrap_or_default();
                let host = host.split(['/', '?', '#']).next().unwrap_or_default();
                if !printable || host.is_empty() || host.contains('@') {
                    return Err(InvalidAnnouncement::Url);
                }
            }
        }
        Ok(Self(wording))
    }

    /// A text in Twilio's own voice for `language`.
    ///
    /// # Errors
    /// [`InvalidAnnouncement`].
    pub fn say(text: &str, language: &str) -> Result<Self, InvalidAnnouncement> {
        Self::new(Wording::Say { text: text.to_owned(), language: Some(language.to_owned()), voice: None })
    }

    /// What Twilio is to do.
    pub const fn wording(&self) -> &Wording {
        &self.0
    }
}

fn is_name(text: &str, marks: &[u8]) -> bool {
    (1..=MAX_NAME_BYTES).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || marks.contains(&b))
}

impl TryFrom<Wording> for Announcement {
    type Error = InvalidAnnouncement;

    fn try_from(wording: Wording) -> Result<Self, InvalidAnnouncement> {
        Self::new(wording)
    }
}

impl From<Announcement> for Wording {
    fn from(announcement: Announcement) -> Self {
        announcement.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(
        text: &str,
        language: Option<&str>,
        voice: Option<&str>,
    ) -> Result<Announcement, InvalidAnnouncement> {
        let (language, voice) = (language.map(str::to_owned), voice.map(str::to_owned));
        Announcement::new(Wording::Say { text: text.to_owned(), language, voice })
    }

    fn play(url: &str) -> Result<Announcement, InvalidAnnouncement> {
        Announcement::new(Wording::Play { url: url.to_owned() })
    }

    #[test]
    fn what_twilio_can_say_or_play_is_an_announcement() {
        for text in ["This call is recorded.", "Grüß Gott <&> \"zusammen\"\nund willkommen"] {
            assert!(say(text, Some("de-AT"), Some("Polly.Vicki-Neural")).is_ok());
        }
        assert!(say(&"ü".repeat(MAX_TEXT_CHARACTERS), None, None).is_ok());
        assert!(play("https://media.example.com/consent.mp3?v=2").is_ok());
    }

    #[test]
    fn what_it_cannot_is_refused_when_it_is_set() {
        use InvalidAnnouncement as E;
        assert_eq!(say(" \n", None, None), Err(E::Blank));
        assert_eq!(say(&"a".repeat(MAX_TEXT_CHARACTERS + 1), None, None), Err(E::TooLong));
        assert_eq!(say("a\u{0}b", None, None), Err(E::Control));
        for language in ["", "de DE", "\"", &"a".repeat(65)] {
            assert_eq!(say("a", Some(language), None), Err(E::Language), "{language}");
        }
        assert_eq!(say("a", None, Some("Polly Vicki")), Err(E::Voice));
        for url in [
            "",
            "http://example.com/a.mp3",
            "https://",
            "https:///a.mp3",
            "https://a@b/c",
            "https://a/b c",
            "ftp://a/b",
        ] {
            assert_eq!(play(url), Err(E::Url), "{url}");
        }
    }
}
