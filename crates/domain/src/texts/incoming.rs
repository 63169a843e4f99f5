//! What a person sent.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};

use super::consent::Wish;
use super::media::{Archived, NotKept};
use super::{Body, Handle, Sender};
use crate::ids::AccountSid;
use crate::{Timestamp, contact};

/// Media of one text, at most: Twilio's bound, and Meta sends one.
pub const MAX_MEDIA: usize = 10;

/// A text as a carrier delivered it, whatever it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incoming {
    /// The carrier's name of it, which a second delivery has as well: a message sid, or a `wamid`.
    pub key: String,
    /// Twilio's account that received it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountSid>,
    /// At which sender.
    pub sender: Sender,
    /// From where, and where an answer goes.
    pub from: Handle,
    /// Under which other handles the person is known, the one that says most first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Handle>,
    /// What the person calls themselves. It proves nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Body>,
    /// What it is.
    pub kind: Kind,
    /// The words, or a line that says what it is.
    pub body: Body,
    /// Pictures and the like.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<Media>,
    /// The carrier's name of the text that this one answers, edits, deletes or reacts to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// What the carrier itself took it for (Twilio's Advanced Opt-Out). It weighs more than our own reading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wish: Option<Wish>,
    /// Whether a number of a business of this deployment sent it: a program, perhaps, and never answered.
    #[serde(default)]
    pub own: bool,
    /// When the person wrote it, if the carrier says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said_at: Option<Timestamp>,
    /// When it came to us.
    pub came_at: Timestamp,
}

/// What something that came is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr, EnumString)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    /// Words.
    Text,
    /// Pictures, voice notes, documents, with or without words.
    Media,
    /// A place.
    Location,
    /// A card of an address book.
    Card,
    /// A button or a row of a list that the person chose, or a form that they filled in.
    Choice,
    /// Goods that the person ordered from a catalogue.
    Order,
    /// A sign at an earlier text, or that it was taken off.
    Reaction,
    /// Other words in the place of an earlier text.
    Edit,
    /// An earlier text was taken back.
    Deletion,
    /// The carrier tells something of the person: another number, another identity.
    System,
    /// A person of the business wrote it, in the carrier's own app.
    Echo,
    /// Something that the carrier does not hand on, or that we do not know.
    Unsupported,
}

impl Kind {
    /// The word by which it is stored and shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Whether a person who sends this expects an answer. What does not is kept and shown.
    pub const fn wants_answer(self) -> bool {
        match self {
            Self::Text | Self::Media | Self::Location | Self::Card | Self::Choice | Self::Order => true,
            Self::Reaction | Self::Edit | Self::Deletion | Self::System | Self::Echo | Self::Unsupported => {
                false
            }
        }
    }

    /// Whether the person wrote to the business with it, which opens WhatsApp's window.
    pub const fn is_from_person(self) -> bool {
        match self {
            Self::System | Self::Echo => false,
            Self::Text
            | Self::Media
            | Self::Location
            | Self::Card
            | Self::Choice
            | Self::Order
            | Self::Reaction
            | Self::Edit
            | Self::Deletion
            | Self::Unsupported => true,
        }
    }
}

/// One picture, voice note or document.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// Where the carrier has it: an address of Twilio's, or Meta's id.
    pub source: String,
    /// What the carrier says that it is, such as `image/jpeg`. It is checked against the bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// SHA-256 of the bytes in hexadecimal digits, if the carrier says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The name of a document, as the person's device gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_name: Option<Body>,
    /// Whether it is a voice note.
    #[serde(default)]
    pub voice: bool,
    /// Where the business has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<Archived>,
    /// Why it has not, and never will.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_kept: Option<NotKept>,
    /// What is said in it, if it is a voice note that was understood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Body>,
}

impl Media {
    /// Whether it is known what became of it.
    pub const fn is_settled(&self) -> bool {
        self.archived.is_some() || self.not_kept.is_some()
    }
}

// Its address opens it for those with the account's keys.
impl std::fmt::Debug for Media {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Media").field("content_type", &self.content_type).finish_non_exhaustive()
    }
}

impl Incoming {
    /// When it was said, for the order of a thread: by the carrier's clock, and never later than it came.
    pub fn order(&self) -> Timestamp {
        self.said_at.map_or(self.came_at, |said| said.min(self.came_at))
    }

    /// All handles of the person, the one that says most first.
    pub fn handles(&self) -> Vec<&Handle> {
        let mut all: Vec<&Handle> = vec![];
        for handle in self.also.iter().chain([&self.from]) {
            // Carriers tell one number in several spellings.
            if all.iter().all(|known| known.key() != handle.key()) {
                all.push(handle);
            }
        }
        all
    }

    /// The handles by which the person's contact is known: ids first, which belong to one person for good, then numbers.
    pub fn contact_handles(&self) -> Vec<contact::Handle> {
        let all = self.handles().into_iter().filter_map(|handle| handle.of_contact(self.sender.medium));
        let mut all: Vec<contact::Handle> = all.collect();
        all.sort_by_key(|handle| handle.kind() == contact::HandleKind::Phone);
        all
    }

    /// Whether it is media whose words may be on their way.
    pub fn is_bare_media(&self) -> bool {
        self.kind == Kind::Media && !crate::text::has_words(self.body.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{handle, whatsapp};
    use super::*;

    #[test]
    fn the_handle_that_says_most_comes_first_and_none_twice() {
        let incoming = Incoming {
            key: "wamid.1".into(),
            account: None,
            sender: whatsapp(),
            from: handle("436641234567"),
            also: vec![handle("US.1349"), handle("whatsapp:+436641234567"), handle("436641234567")],
            name: None,
            kind: Kind::Text,
            body: Body::received("Hi\0"),
            media: vec![],
            about: None,
            wish: None,
            own: false,
            said_at: Some(Timestamp(2_000)),
            came_at: Timestamp(1_000),
        };
        assert_eq!(incoming.handles(), [&handle("US.1349"), &handle("whatsapp:+436641234567")]);
        assert_eq!((incoming.body.as_str(), incoming.order()), ("Hi", Timestamp(1_000)));
        let shown = format!("{incoming:?}");
        assert!(!shown.contains("Hi") && !shown.contains("4366"), "{shown}");
    }

    #[test]
    fn what_is_no_question_gets_no_answer() {
        for silent in ["reaction", "edit", "deletion", "system", "echo", "unsupported"] {
            assert!(!silent.parse::<Kind>().unwrap().wants_answer(), "{silent}");
        }
        for asked in ["text", "media", "location", "card", "choice", "order"] {
            assert!(asked.parse::<Kind>().unwrap().wants_answer(), "{asked}");
        }
    }
}
