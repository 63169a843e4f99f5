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

/// What Twilio says: each thing with its name in settings and as a value.
macro_rules! said {
    ($($(#[doc = $doc:literal])+ $name:ident = $said:ident,)+) => {
        /// One value for each thing that Twilio says: a language's words, or a business's own.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
        #[serde(default, bound(deserialize = "T: Deserialize<'de> + Default"))]
        pub struct Words<T> {
            $($(#[doc = $doc])+ pub $name: T,)+
        }

        /// One thing that Twilio says, by its name in settings.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr, EnumString, VariantArray)]
        #[strum(serialize_all = "snake_case")]
        pub enum Said {
            $($(#[doc = $doc])+ $said,)+
        }

        impl<T> Words<T> {
            /// The value for one of them.
            pub const fn get(&self, said: Said) -> &T {
                match said {
                    $(Said::$said => &self.$name,)+
                }
            }
        }

        impl Said {
            /// When it is said.
            pub const fn described(self) -> &'static str {
                match self {
                    $(Self::$said => concat!($($doc),+).trim_ascii(),)+
                }
            }
        }
    };
}

said! {
    /// The called number belongs to no business.
    unknown_number = UnknownNumber,
    /// The business is suspended: its calls are refused.
    suspended = Suspended,
    /// No slot is free.
    busy = Busy,
    /// The call cannot be taken, for a reason that is no concern of the caller's.
    not_now = NotNow,
    /// The agent was lost and nothing else can be offered.
    apology = Apology,
    /// The person who was rung instead of the agent did not answer.
    not_available = NotAvailable,
    /// A person is rung.
    connecting = Connecting,
    /// A person is rung because no slot is free.
    connecting_busy = ConnectingBusy,
    /// A person is rung because the agent was lost.
    connecting_trouble = ConnectingTrouble,
    /// The business is closed and offers nothing else.
    closed = Closed,
    /// The business is closed and takes a message; a beep follows.
    closed_voicemail = ClosedVoicemail,
    /// Asks for a message; a beep follows.
    voicemail = Voicemail,
    /// No message was heard.
    no_message = NoMessage,
    /// A message was left.
    thanks = Thanks,
}

/// A business's own words, in place of its language's. What is null is said in the product's words.
pub type OwnWords = Words<Option<Announcement>>;

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

/// A text with the business's name in its place, without what XML cannot carry.
pub(super) fn filled(text: &str, business_name: &str) -> String {
    let name = business_name.trim().chars().filter(|c| !c.is_control()).take(MAX_NAME_CHARS);
    let filled = text.replace(BUSINESS_NAME, &name.collect::<String>());
    filled.chars().take(MAX_SAY_CHARS).collect()
}
