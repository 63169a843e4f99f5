//! Names of calendars and services, which a business chooses, and of appointments, which follow from the request.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::BusinessId;
use crate::ids::{InvalidId, named_by_request};

named_by_request! {
    /// Our key of an appointment: equal for requests that ask for the same thing.
    AppointmentId, business: BusinessId
}

macro_rules! chosen {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Accepts 1 to 32 lower-case letters, digits and hyphens.
            ///
            /// # Errors
            /// [`InvalidId`].
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
                if (1..=32).contains(&text.len()) && text.bytes().all(plain) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(InvalidId { kind: $kind, expected: "1 to 32 of a-z, 0-9 and '-'" })
                }
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

chosen!(
    /// A business's own key of a calendar: 1 to 32 lower-case letters, digits and hyphens.
    CalendarId,
    "calendar id"
);
chosen!(
    /// A business's own key of a service: 1 to 32 lower-case letters, digits and hyphens.
    ServiceId,
    "service id"
);
chosen!(
    /// A business's own key of a calendar of another system: 1 to 32 lower-case letters, digits and hyphens.
    SourceId,
    "source id"
);
