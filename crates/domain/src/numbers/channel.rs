//! Which settings the calls of a number run with.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Which settings the calls of a number run with.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettingsChannel {
    /// Those that the business has published.
    #[default]
    Published,
    /// Those to which a channel of the business points: settings on trial at one number, or another language.
    Channel(ChannelName),
}

/// The name of a settings channel: 1 to 32 lower-case letters, digits and hyphens, the first of them a letter. What stands
/// beside channels in requests, `published` and `draft`, names none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ChannelName(String);

/// The text is no channel's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a settings channel is named by 1 to 32 of a-z, 0-9 and '-', begins with a letter, and is not `published` or `draft`"
)]
pub struct InvalidChannelName;

impl ChannelName {
    /// The longest name, characters.
    pub const MAX_CHARS: usize = 32;

    /// Accepts 1 to 32 lower-case letters, digits and hyphens that begin with a letter, except words that mean other
    /// settings.
    ///
    /// # Errors
    /// [`InvalidChannelName`].
    pub fn parse(text: &str) -> Result<Self, InvalidChannelName> {
        let fits = (1..=Self::MAX_CHARS).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        let begins = text.starts_with(|first: char| first.is_ascii_lowercase());
        if fits && begins && ![PUBLISHED, "draft"].contains(&text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidChannelName)
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The word for settings that need no channel.
const PUBLISHED: &str = "published";

impl SettingsChannel {
    /// A channel by its name, or `published`.
    ///
    /// # Errors
    /// [`InvalidChannelName`].
    pub fn parse(text: &str) -> Result<Self, InvalidChannelName> {
        if text == PUBLISHED { Ok(Self::Published) } else { ChannelName::parse(text).map(Self::Channel) }
    }

    /// Its name, or `published`.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Published => PUBLISHED,
            Self::Channel(name) => name.as_str(),
        }
    }
}

impl fmt::Display for ChannelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ChannelName {
    type Error = InvalidChannelName;
    fn try_from(text: String) -> Result<Self, InvalidChannelName> {
        Self::parse(&text)
    }
}

impl From<ChannelName> for String {
    fn from(name: ChannelName) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_channel_is_named_by_a_word_that_means_nothing_else() {
        for name in ["trial", "a", "spring-2027", &"x".repeat(32)] {
            assert_eq!(SettingsChannel::parse(name).unwrap().as_str(), name);
        }
        assert_eq!(SettingsChannel::parse("published"), Ok(SettingsChannel::Published));
        for bad in ["", "draft", "7", "-a", "Trial", "a b", "a_b", "ä", &"x".repeat(33)] {
            assert_eq!(SettingsChannel::parse(bad), Err(InvalidChannelName), "{bad}");
        }
        assert!(ChannelName::parse("published").is_err());
    }

    proptest! {
        #[test]
        fn a_channel_reads_back_from_its_name(name in "[a-z][a-z0-9-]{0,31}") {
            if let Ok(channel) = SettingsChannel::parse(&name) {
                prop_assert_eq!(SettingsChannel::parse(channel.as_str()), Ok(channel));
            } else {
                prop_assert_eq!(name, "draft");
            }
        }
    }
}
