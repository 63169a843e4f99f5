//! People whom a business knows: who they are, what is known of them and how sure that is, and how two turn out to be one.
//!
//! A person is known by [handles](Handle): numbers, WhatsApp ids, addresses, names in other systems. Each handle belongs to
//! one contact of a business, so that two first calls from one number make one contact. Everything that is known has a
//! [source](Source): what a person typed is never replaced by what a call or a profile says.

pub mod erasure;
mod facts;
mod fields;
mod handle;
mod id;
pub mod import;
mod lead;
mod merge;
pub mod person_export;
pub mod sheet;
mod task;
#[cfg(test)]
mod tests;
mod timeline;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::access::KeyId;
use crate::language::Tongue;
use crate::prompt::caller::NamePolicy;
use crate::zone::Zone;
use crate::{CallSid, Timestamp};

pub use facts::{Known, Source};
pub use fields::{FieldKey, FieldKind, FieldSchema, FieldSpec, FieldValue, NotThatKind, Raw};
pub use handle::{Handle, HandleKind, InvalidHandle};
pub use id::{ContactId, ExportId, ImportId, LeadId, PersonRequestId};
pub use lead::{
    Lead, LeadChange, LeadMove, LeadRequest, MovedBy, NotMoved, Pipeline, SURE_ENOUGH, Status, StatusId,
    StatusKind, Suggestion,
};
pub use merge::{
    Candidate, Choice, Likeness, MergeRecord, NotMerged, UNDO_FOR, Undone, candidates, joined_by_carrier,
    merge, named_handles, undo,
};
pub use task::{Task, TaskId};
pub use timeline::{CallEntry, Entry, EntryId, EntryKind, Note, What};

/// The most handles of one contact. All of them are written in one transaction when contacts are merged.
pub const MAX_HANDLES: usize = 20;
/// The most tags of one contact.
pub const MAX_TAGS: usize = 30;
/// The most contacts that were merged into one, all levels together: their timelines are read beside its own.
pub const MAX_MERGED: usize = 10;
/// The longest name, company, tag or label, characters.
pub const MAX_WORDS: usize = 100;
/// The longest note, task or reason, characters.
pub const MAX_TEXT: usize = 4_000;
/// The characters of an earlier conversation that are kept with the contact, for the agent's next call.
pub const MAX_SUMMARY: usize = 500;
/// The characters of a quote that are kept beside a value.
pub const MAX_QUOTE: usize = 300;

/// A person, or a house that shares a number, as one business knows them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Names the contact, for good.
    pub id: ContactId,
    /// What identifies it; each belongs to no other contact of the business. Empty is allowed: a person may be known by a
    /// name alone.
    #[serde(default)]
    pub handles: BTreeSet<Handle>,
    /// What it is called, by each source. The one of the highest source is shown.
    #[serde(default)]
    pub names: BTreeMap<Source, Known<String>>,
    /// How the agent may use the name; `None`: as the business's other contacts.
    #[serde(default, with = "policy")]
    pub name_policy: Option<NamePolicy>,
    /// The language that it speaks, a BCP 47 tag.
    #[serde(default)]
    pub language: Option<Known<String>>,
    /// Its clocks, an IANA name.
    #[serde(default)]
    pub time_zone: Option<Known<String>>,
    /// Where it works.
    #[serde(default)]
    pub company: Option<Known<String>>,
    /// The business's own words about it.
    #[serde(default)]
    pub tags: BTreeSet<String>,
    /// The business's own fields, by their keys.
    #[serde(default)]
    pub fields: BTreeMap<FieldKey, Known<FieldValue>>,
    /// The member who looks after it, by the member's key.
    #[serde(default)]
    pub owner: Option<KeyId>,
    /// How far it is in the business's pipeline.
    #[serde(default)]
    pub lead: Lead,
    /// The last conversation that was summed up.
    #[serde(default)]
    pub last_call: Option<LastCall>,
    /// The contacts that were merged into it, the first one first.
    #[serde(default)]
    pub merged: Vec<ContactId>,
}

/// The last conversation with a contact.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastCall {
    /// The call.
    pub call: CallSid,
    /// When it began.
    pub at: Timestamp,
    /// What it came to, [`MAX_SUMMARY`] characters at most.
    pub summary: String,
}

// A person's data reaches the store, the API and the agent, never a log line.
impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contact").field("id", &self.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for LastCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LastCall").field("call", &self.call).finish_non_exhaustive()
    }
}

/// A part of a contact that cannot be as it is: the field's name as in the API, a word for programs, what would be right.
pub type Mistake = (&'static str, &'static str, String);

impl Contact {
    /// A contact of which nothing is known yet.
    pub fn new(id: ContactId) -> Self {
        Self {
            id,
            handles: BTreeSet::new(),
            names: BTreeMap::new(),
            name_policy: None,
            language: None,
            time_zone: None,
            company: None,
            tags: BTreeSet::new(),
            fields: BTreeMap::new(),
            owner: None,
            lead: Lead::default(),
            last_call: None,
            merged: vec![],
        }
    }

    /// A name of a profile as it can be kept: one line, [`MAX_WORDS`] characters. `None`: it says nothing.
    pub fn profile_name(text: &str, at: Timestamp) -> Option<Known<String>> {
        let line = text.split(|letter: char| letter.is_whitespace() || letter.is_control());
        let line = line.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        let line = cut(&line, MAX_WORDS).trim().to_owned();
        is_words(&line).then(|| Known::by(Source::Profile, line, at))
    }

    /// The contact that a first call or text from this handle makes.
    pub fn first(id: ContactId, handle: Handle) -> Self {
        Self { handles: BTreeSet::from([handle]), ..Self::new(id) }
    }

    /// What it is called: the name of the highest source.
    pub fn name(&self) -> Option<&Known<String>> {
        self.names.values().next_back()
    }

    /// Its name's words, as names are compared and found.
    pub fn name_words(&self) -> Vec<String> {
        self.name().map(|name| crate::text::words(&name.value)).unwrap_or_default()
    }

    /// Says what it is called. Each source has its own name, so a lower one replaces nothing that a higher one said; of
    /// equal sources a name takes the place of one that is not more certain. `false`: it changes nothing.
    pub fn call_it(&mut self, name: Known<String>) -> bool {
        let standing = self.names.get(&name.source);
        let new = standing.is_none_or(|standing| standing.yields_to(&name) && standing.value != name.value);
        if new {
            self.names.insert(name.source, name);
        }
        new
    }

    /// Every part that cannot be stored as it is, from any source.
    pub fn mistakes(&self) -> Vec<Mistake> {
        let mut mistakes = vec![];
        if self.handles.len() > MAX_HANDLES {
            mistakes.push(("handles", "length", format!("give {MAX_HANDLES} handles at most")));
        }
        if self.names.values().any(|name| !is_words(&name.value)) {
            mistakes.push(("name", "length", words_wanted()));
        }
        if self.company.as_ref().is_some_and(|company| !is_words(&company.value)) {
            mistakes.push(("company", "length", words_wanted()));
        }
        if self
            .language
            .as_ref()
            .is_some_and(|tag| tag.value.len() > 35 || Tongue::parse(&tag.value).is_none())
        {
            mistakes.push((
                "language",
                "unknown",
                "give a language by its BCP 47 tag, such as `de-AT`".into(),
            ));
        }
        if self.time_zone.as_ref().is_some_and(|zone| Zone::parse(&zone.value).is_err()) {
            let detail = "give a time zone by its IANA name, such as `Europe/Vienna`";
            mistakes.push(("time_zone", "unknown", detail.into()));
        }
        if self.tags.len() > MAX_TAGS {
            mistakes.push(("tags", "length", format!("give {MAX_TAGS} tags at most")));
        }
        if self.tags.iter().any(|tag| !is_words(tag)) {
            mistakes.push(("tags", "length", words_wanted()));
        }
        mistakes
    }

    /// This contact and those that were merged into it: what is kept of a person is kept under one of these.
    pub fn all_ids(&self) -> impl Iterator<Item = &ContactId> {
        std::iter::once(&self.id).chain(&self.merged)
    }
}

/// Whether a text is a line of 1 to [`MAX_WORDS`] characters with something to say.
pub fn is_words(text: &str) -> bool {
    text.chars().count() <= MAX_WORDS && !text.chars().any(char::is_control) && crate::text::has_words(text)
}

fn words_wanted() -> String {
    format!("give 1 to {MAX_WORDS} characters in one line, with a letter or a digit")
}

/// The first characters of a text.
pub fn cut(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}

/// A name policy by its word.
mod policy {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::prompt::caller::NamePolicy;

    #[allow(clippy::ref_option, reason = "serde hands over a reference to the field")]
    pub(super) fn serialize<S: Serializer>(policy: &Option<NamePolicy>, out: S) -> Result<S::Ok, S::Error> {
        match policy {
            Some(policy) => out.serialize_some(policy.as_str()),
            None => out.serialize_none(),
        }
    }

    /// An unknown word is read as the harmless policy.
    pub(super) fn deserialize<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<NamePolicy>, D::Error> {
        let word: Option<String> = Option::deserialize(reader)?;
        Ok(word.map(|word| NamePolicy::parse(&word).unwrap_or_default()))
    }
}
