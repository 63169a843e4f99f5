//! What Twilio says in an agent's place.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::Announcement;

/// Stands for the business's name in every text that is said.
pub const BUSINESS_NAME: &str = "{{business_name}}";

/// The characters of a business's name that are said; the rest is cut.
pub const MAX_NAME_CHARS: usize = 200;

/// The characters that one `<Say>` takes; the rest is cut, since Twilio would refuse the whole document.
pub const MAX_SAY_CHARS: usize = 4_096;

/// One value for each thing that Twilio says: a language's words, or a business's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, bound(deserialize = "T: Deserialize<'de> + Default"))]
pub struct Words<T> {
    /// The called number belongs to no business.
    pub unknown_number: T,
    /// The business is suspended: its calls are refused.
    pub suspended: T,
    /// No slot is free.
    pub busy: T,
    /// The call cannot be taken, for a reason that is no concern of the caller's.
    pub not_now: T,
    /// The agent was lost and nothing else can be offered.
    pub apology: T,
    /// The person who was rung instead of the agent did not answer.
    pub not_available: T,
    /// A person is rung.
    pub connecting: T,
    /// A person is rung because no slot is free.
    pub connecting_busy: T,
    /// A person is rung because the agent was lost.
    pub connecting_trouble: T,
    /// The business is closed and offers nothing else.
    pub closed: T,
    /// The business is closed and takes a message; a beep follows.
    pub closed_voicemail: T,
    /// Asks for a message; a beep follows.
    pub voicemail: T,
    /// No message was heard.
    pub no_message: T,
    /// A message was left.
    pub thanks: T,
}

/// A business's own words, in place of its language's.
pub type OwnWords = Words<Option<Announcement>>;

/// One thing that Twilio says, by its name in settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr, EnumString, VariantArray)]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the fields of `Words` say what each one is")]
pub enum Said {
    UnknownNumber,
    Suspended,
    Busy,
    NotNow,
    Apology,
    NotAvailable,
    Connecting,
    ConnectingBusy,
    ConnectingTrouble,
    Closed,
    ClosedVoicemail,
    Voicemail,
    NoMessage,
    Thanks,
}

impl Said {
    /// Each of them.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// Its name in settings.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// From its name in settings.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    /// Whether the text names the business. A number of no business, or of one that is suspended, names none.
    pub const fn names_business(self) -> bool {
        matches!(self, Self::Closed | Self::ClosedVoicemail | Self::Voicemail)
    }

    /// Whether the call ends with these words.
    pub const fn ends_call(self) -> bool {
        match self {
            Self::UnknownNumber
            | Self::Suspended
            | Self::Busy
            | Self::NotNow
            | Self::Apology
            | Self::NotAvailable
            | Self::Closed
            | Self::NoMessage
            | Self::Thanks => true,
            Self::Connecting
            | Self::ConnectingBusy
            | Self::ConnectingTrouble
            | Self::ClosedVoicemail
            | Self::Voicemail => false,
        }
    }
}

impl<T> Words<T> {
    /// The value for one of them.
    pub const fn get(&self, said: Said) -> &T {
        match said {
            Said::UnknownNumber => &self.unknown_number,
            Said::Suspended => &self.suspended,
            Said::Busy => &self.busy,
            Said::NotNow => &self.not_now,
            Said::Apology => &self.apology,
            Said::NotAvailable => &self.not_available,
            Said::Connecting => &self.connecting,
            Said::ConnectingBusy => &self.connecting_busy,
            Said::ConnectingTrouble => &self.connecting_trouble,
            Said::Closed => &self.closed,
            Said::ClosedVoicemail => &self.closed_voicemail,
            Said::Voicemail => &self.voicemail,
            Said::NoMessage => &self.no_message,
            Said::Thanks => &self.thanks,
        }
    }
}

/// A text with the business's name in its place, without what XML cannot carry.
pub(super) fn filled(text: &str, business_name: &str) -> String {
    let name = business_name.trim().chars().filter(|c| !c.is_control()).take(MAX_NAME_CHARS);
    let filled = text.replace(BUSINESS_NAME, &name.collect::<String>());
    filled.chars().take(MAX_SAY_CHARS).collect()
}
