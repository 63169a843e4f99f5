//! People whom a business knows.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `contact#<business>` | `id#<contact>` | the contact; of one that was merged, which contact it went into |
//! | `contact#<business>` | `handle#<handle>` | which contact the handle belongs to |
//! | `contact#<business>` | `word#<word>#<contact>` | a word of its name, by which it is found |
//! | `contact#<business>` | `merge#<contact>` | the merge by which that contact went, for its undoing |
//! | `contact#<business>` | `request#<key>` | what a request with this key made, under a hash of the key |
//! | `contact#<business>` | `document#fields`, `document#pipeline` | the business's own fields and statuses |
//! | `timeline#<business>#<contact>` | `<entry>` | what happened, told by the owner of the fact |
//! | `note#<business>#<contact>` | `<entry>` | what people noted |
//! | `task#<business>#<contact>` | `<task>` | what is to be done |
//! | `erasure#<business>` | `request#<request>` | how far the erasing of a person is; who it is about until it is over |
//! | `erasure#<business>` | `contact#<contact>` | which request is about this contact |
//! | `erasure#<business>` | `erased#<hash>` | that a person with this handle was erased |
//! | `file#<business>` | `import#<import>`, `export#<export>`, `person#<request>` | how far an import or export is |
//! | `file-row#<business>#<import>` | `<line>` | what a row of an import did, for its undoing |
//!
//! A handle's row is the guard of its uniqueness: it is put where none is, in the transaction that writes the contact. So
//! of many first calls from one number one makes the contact, and the others find it. Whatever is kept of a contact stays
//! under the id that it had then: a merge moves no rows, and the contact that stays is read together with those that went
//! into it.

mod create;
mod documents;
mod erase;
mod erased;
pub mod files;
mod first;
pub(crate) mod joined;
mod list;
mod merge;
mod person_exports;
pub mod taken;
pub mod timeline;
mod write;

use std::collections::BTreeSet;

use domain::contact::{Contact, ContactId, Handle, MAX_MERGED, MergeRecord};
use domain::{BusinessId, Timestamp};
use platform::Aws;

use crate::item::{Draft, Row, to_json};
use crate::table::{Key, Table};
use crate::{StoreError, events};

pub use create::{Created, Request};
pub use documents::{BusinessDocument, Document, DocumentSaved};
pub use erase::{ERASURE_KEYS, Eraser, ErasureBegun, OldExport};
pub use first::First;
pub use list::{NamePosition, Page};
pub use merge::{Merged, Unmerged};
pub use person_exports::{PersonExportBegun, PersonExports};
pub use timeline::{Put, TimelinePage};
pub use write::{Learner, Lesson, NotSaved};

/// What the partition keys of contacts begin with.
pub const CONTACT_KEYS: &str = "contact#";
/// What the partition keys of their timelines begin with.
pub const TIMELINE_KEYS: &str = "timeline#";
/// What the partition keys of their notes begin with.
pub const NOTE_KEYS: &str = "note#";
/// What the partition keys of their tasks begin with.
pub const TASK_KEYS: &str = "task#";

const ID: &str = "id#";
const HANDLE: &str = "handle#";
const WORD: &str = "word#";
const MERGE: &str = "merge#";

const BODY: &str = "body";
const VERSION: &str = "version";
const UPDATED_AT: &str = "updated_at";
const CONTACT: &str = "contact";
const WORDS: &str = "words";
const INTO: &str = "into";

/// The most bytes of a contact. A merge keeps three, and DynamoDB's items have 400 kB.
pub const MAX_BYTES: usize = 100_000;
/// The words of earlier names under which a contact is still found.
const MAX_INDEXED: usize = 12;
/// The words of a name by which it is found.
const INDEXED_WORDS: usize = 4;
/// The characters of such a word.
const INDEXED_CHARS: usize = 40;

/// A contact as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The contact.
    pub contact: Contact,
    /// Raised by every write, a merge included.
    pub version: u64,
    /// When it was last written.
    pub updated_at: Timestamp,
    /// The words by which it is found: those of its name, and of names that calls gave it before.
    words: BTreeSet<String>,
}

impl Stored {
    /// As it is written in the place of the version `before`; 0: there was none. Its words are its name's.
    fn next(contact: Contact, before: u64, now: Timestamp) -> Self {
        let words = words_of(&contact);
        Self { contact, version: before + 1, updated_at: now, words }
    }
}

/// What a contact's row says.
enum Standing {
    Here(Box<Stored>),
    Merged { into: ContactId, version: u64 },
}

/// Held by everything that shows contacts.
#[derive(Debug, Clone)]
pub struct Reader {
    contacts: Table,
}

impl Reader {
    /// `table` is the name of Contacts.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { contacts: Table::new(aws, table) }
    }

    /// The contact of this id, or the one that it was merged into.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn one(&self, business: &BusinessId, id: ContactId) -> Result<Option<Stored>, StoreError> {
        resolved(&self.contacts, business, id).await
    }

    /// The id of the contact to which this handle belongs: one that went into no other one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn id_of(
        &self,
        business: &BusinessId,
        handle: &Handle,
    ) -> Result<Option<ContactId>, StoreError> {
        guard(&self.contacts, business, handle).await
    }

    /// The contact to which this handle belongs.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn by_handle(
        &self,
        business: &BusinessId,
        handle: &Handle,
    ) -> Result<Option<Stored>, StoreError> {
        match guard(&self.contacts, business, handle).await? {
            Some(id) => self.one(business, id).await,
            None => Ok(None),
        }
    }

    /// The merge by which a contact went; `None`: it did not, or it was undone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn merge_of(
        &self,
        business: &BusinessId,
        loser: ContactId,
    ) -> Result<Option<MergeRecord>, StoreError> {
        let row = self.contacts.get(&merge_key(business, loser)).await?;
        row.as_ref().map(|row| row.json(BODY)).transpose()
    }
}

/// Held by the API through which people keep their contacts.
#[derive(Debug, Clone)]
pub struct Writer {
    contacts: Table,
    events: events::Writer,
}

impl Writer {
    /// `table` is the name of Contacts, `events` that of Events: the business is told of new contacts and of leads that move.
    pub fn new(aws: &Aws, table: &str, events: &str) -> Self {
        Self { contacts: Table::new(aws, table), events: events::Writer::new(aws, events) }
    }
}

/// The contact that an id leads to now.
async fn resolved(
    table: &Table,
    business: &BusinessId,
    mut id: ContactId,
) -> Result<Option<Stored>, StoreError> {
    // One that went into another one may have gone on with it.
    for _ in 0..=MAX_MERGED {
        let Some(row) = table.get(&key(business, id)).await? else { return Ok(None) };
        match standing(&row)? {
            Standing::Here(stored) => return Ok(Some(*stored)),
            Standing::Merged { into, .. } => id = into,
        }
    }
    Err(StoreError::Corrupt { table: table.name.to_string(), attribute: INTO })
}

async fn guard(
    table: &Table,
    business: &BusinessId,
    handle: &Handle,
) -> Result<Option<ContactId>, StoreError> {
    let row = table.get(&handle_key(business, handle)).await?;
    row.as_ref().map(|row| row.parsed(CONTACT, ContactId::parse)).transpose()
}

fn standing(row: &Row) -> Result<Standing, StoreError> {
    let version = row.number(VERSION)?;
    Ok(match row.optional_parsed(INTO, ContactId::parse)? {
        Some(into) => Standing::Merged { into, version },
        None => Standing::Here(Box::new(Stored {
            contact: row.json(BODY)?,
            version,
            updated_at: row.time(UPDATED_AT)?,
            words: row.json(WORDS)?,
        })),
    })
}

fn draft(table: &Table, stored: &Stored) -> Result<Draft, StoreError> {
    let body = to_json(&table.name, BODY, &stored.contact)?;
    let words = to_json(&table.name, WORDS, &stored.words)?;
    let draft = Draft::default().text(BODY, body).text(WORDS, words);
    Ok(draft.number(VERSION, stored.version).time(UPDATED_AT, stored.updated_at))
}

fn is_not_too_large(table: &Table, contact: &Contact) -> Result<(), NotSaved> {
    match to_json(&table.name, BODY, contact)?.len() > MAX_BYTES {
        true => Err(NotSaved::TooLarge),
        false => Ok(()),
    }
}

/// The words by which a contact is found.
fn words_of(contact: &Contact) -> BTreeSet<String> {
    let words = contact.name_words().into_iter().take(INDEXED_WORDS);
    words.map(|word| word.chars().take(INDEXED_CHARS).collect()).collect()
}

fn partition(business: &BusinessId) -> String {
    format!("{CONTACT_KEYS}{business}")
}

fn key(business: &BusinessId, id: ContactId) -> Key {
    Key::new(partition(business), format!("{ID}{id}"))
}

fn handle_key(business: &BusinessId, handle: &Handle) -> Key {
    Key::new(partition(business), format!("{HANDLE}{handle}"))
}

fn word_key(business: &BusinessId, word: &str, id: ContactId) -> Key {
    Key::new(partition(business), format!("{WORD}{word}#{id}"))
}

fn merge_key(business: &BusinessId, loser: ContactId) -> Key {
    Key::new(partition(business), format!("{MERGE}{loser}"))
}
