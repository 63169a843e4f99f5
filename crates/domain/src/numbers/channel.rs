//! Which settings the calls of a number run with.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Which settings the calls of a number run with.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettingsChannel {
    /// Those that the business has published.
    #[default]
    Published,
    /// Those to which a channel of the business points: settings on trial at one number, or another language.
    Channel(ChannelName),
}

/// The name of a settings channel: 1 to 32 lower-case letters, digits and hyphens, and not `published`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ChannelName(String);

/// The text is no channel's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a settings channel is named by 1 to 32 of a-z, 0-9 and '-', and not `published`")]
pub struct InvalidChannelName;

impl ChannelName {
    /// The longest name, characters.
    pub const MAX_CHARS: usize = 32;

    /// Accepts 1 to 32 lower-case letters, digits and hyphens, except the name of what needs no channel.
    ///
    /// # Errors
    /// [`InvalidChannelName`].
    pub fn parse(text: &str) -> Result<Self, InvalidChannelName> {
        let fits = (1..=Self::MAX_CHARS).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if fits && text != "published" { Ok(Self(text.to_owned())) } else { Err(InvalidChannelName) }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
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
