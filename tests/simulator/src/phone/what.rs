//! What a person does with their phone.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;
use strum::IntoStaticStr;

use super::person::Person;

/// A picture, a voice note or a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// What it is called.
    pub name: String,
    /// What the phone says that it is.
    pub content_type: String,
    /// What it is.
    pub bytes: Bytes,
    /// An address elsewhere, in place of the carrier's own.
    pub elsewhere: Option<String>,
    /// Requests for it that find nothing yet.
    pub late: u32,
}

impl File {
    /// A file as it is.
    pub fn new(name: &str, content_type: &str, bytes: impl Into<Bytes>) -> Self {
        Self {
            name: name.to_owned(),
            content_type: content_type.to_owned(),
            bytes: bytes.into(),
            elsewhere: None,
            late: 0,
        }
    }

    /// A file that is not at the carrier.
    pub fn elsewhere(url: &str, content_type: &str) -> Self {
        Self { elsewhere: Some(url.to_owned()), ..Self::new("", content_type, Bytes::new()) }
    }

    /// The same file, which is not found by the first requests for it.
    #[must_use]
    pub const fn late(mut self, requests: u32) -> Self {
        self.late = requests;
        self
    }
}

/// One thing that a person does, or that the carrier tells of them.
#[derive(Clone, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum What {
    /// Words.
    Text(String),
    /// Pictures and documents, with or without words.
    Media { files: Vec<File>, caption: String },
    /// A voice note.
    VoiceNote(File),
    /// A sticker.
    Sticker(File),
    /// A place. The texts may be blank.
    Location { latitude: String, longitude: String, name: String, address: String },
    /// A card of the address book: a name and a number.
    Card { name: String, number: String },
    /// A button of a template.
    TemplateButton { text: String, payload: String },
    /// A button of a message.
    Button { id: String, title: String },
    /// A row of a list.
    Row { id: String, title: String, description: String },
    /// A form that was filled in.
    Form(Value),
    /// Goods of a catalogue: each with how many.
    Order(Vec<(String, u32)>),
    /// A sign at an earlier message; without one it is taken off.
    Reaction { about: String, emoji: Option<String> },
    /// Other words in place of an earlier message's.
    Edit { about: String, body: String },
    /// An earlier message is taken back.
    Deletion { about: String },
    /// Something that the carrier does not hand on.
    Unsupported,
    /// Something of a type that was not there when this was written.
    Unknown { kind: String },
    /// The person has another number, and another id with it. Told under the old number.
    ChangedNumber { number: String, user_id: Option<String> },
    /// The person has another id. Told under no handle at all.
    ChangedUserId { user_id: String },
    /// The same, by the webhook of its own for it: what it was, and what it is.
    UserIdUpdate { previous: String, current: String },
    /// The person uses another device.
    IdentityChanged,
    /// Whether the person wants advertising.
    Preference { wants_marketing: bool },
    /// A person of the business answered in the carrier's own app.
    Echo(String),
}

impl What {
    /// A word for it.
    pub fn as_str(&self) -> &'static str {
        self.into()
    }

    /// Words that come with a picture.
    pub fn picture(file: File, caption: &str) -> Self {
        Self::Media { files: vec![file], caption: caption.to_owned() }
    }

    /// Whether the person wrote with it.
    pub(crate) const fn is_written(&self) -> bool {
        !matches!(
            self,
            Self::ChangedNumber { .. }
                | Self::ChangedUserId { .. }
                | Self::UserIdUpdate { .. }
                | Self::IdentityChanged
                | Self::Preference { .. }
                | Self::Echo(_)
        )
    }
}

impl From<&str> for What {
    fn from(words: &str) -> Self {
        Self::Text(words.to_owned())
    }
}

/// The advertisement through which the person came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ad {
    pub url: String,
    pub id: String,
    pub headline: String,
    pub body: String,
    pub click_id: String,
}

/// A message, or something that is told like one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The carrier's name of it.
    pub key: String,
    /// What it is.
    pub what: What,
    /// The message that it answers.
    pub about: Option<String>,
    /// Whether it was forwarded, and whether that happened to it often.
    pub forwarded: (bool, bool),
    /// The advertisement before it.
    pub ad: Option<Ad>,
    /// What Twilio's Advanced Opt-Out took it for: `STOP`, `START` or `HELP`.
    pub opt_out: Option<&'static str>,
    /// The messaging service that received it, at Twilio.
    pub service: Option<String>,
    /// Fields that the carrier added without notice.
    pub extra: Vec<(String, String)>,
    /// When the person wrote it.
    pub at: Timestamp,
    /// The person, as they were known then.
    pub person: Person,
    /// Addresses or names of its media, once it was delivered.
    pub(crate) media: std::sync::Arc<std::sync::OnceLock<Vec<String>>>,
}

impl Message {
    pub(crate) fn new(key: String, what: What, person: Person, at: Timestamp) -> Self {
        Self {
            key,
            what,
            about: None,
            forwarded: (false, false),
            ad: None,
            opt_out: None,
            service: None,
            extra: Vec::new(),
            at,
            person,
            media: std::sync::Arc::default(),
        }
    }

    /// In answer to another one.
    #[must_use]
    pub fn about(mut self, key: &str) -> Self {
        self.about = Some(key.to_owned());
        self
    }

    /// Taken for a wish by Twilio's Advanced Opt-Out.
    #[must_use]
    pub fn opted(mut self, wish: &'static str) -> Self {
        self.opt_out = Some(wish);
        self.service.get_or_insert_with(|| format!("MG{}", "5".repeat(32)));
        self
    }

    /// Written so long ago.
    #[must_use]
    pub fn written_before(mut self, age: Duration) -> Self {
        self.at -= age;
        self
    }

    /// With a field that Twilio added without notice, or another value of one.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.extra.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The files, in their order.
    pub(crate) fn files(&self) -> &[File] {
        match &self.what {
            What::Media { files, .. } => files,
            What::VoiceNote(file) | What::Sticker(file) => std::slice::from_ref(file),
            _ => &[],
        }
    }
}
