//! Imports and exports of contacts, and what each row of an import did, so that it is done once and can be undone.
//!
//! Under `file#<business>`: `import#<import>` and `export#<export>`; of exports of one person see `person_exports`. Under `file-row#<business>#<import>`: `<line>`, seven
//! digits, for as long as the import can be undone.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::contact::import::{FILE_KEPT, IMPORT_KEPT, Import, UNDO_IMPORT_FOR};
use domain::contact::person_export::PersonExport;
use domain::contact::{Contact, ContactId, Entry, ExportId, Handle, ImportId, PersonRequestId};
use domain::{BusinessId, Timestamp};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};

use super::create::{Request, new_actions, stands};
use super::timeline::partitions;
use super::write::save_with;
use super::{
    BODY, CONTACT, NOTE_KEYS, NotSaved, Reader, Standing, Stored, TASK_KEYS, TIMELINE_KEYS, VERSION, Writer,
    handle_key, is_not_too_large, key, resolved, standing,
};
use crate::StoreError;
use crate::batch_get::{BATCH_GET_ITEMS, batch_get};
use crate::digest::sha256_hex;
use crate::item::{Draft, Row, number, text, to_json};
use crate::random;
use crate::table::{ABSENT, Key, SK, Table, WriteOutcome};
use crate::transaction::{Action, Transacted, transact};

/// What the partition keys of imports and exports begin with.
pub const FILE_KEYS: &str = "file#";
/// What the partition keys of rows of imports begin with.
pub const ROW_KEYS: &str = "file-row#";

const IMPORT: &str = "import#";
const EXPORT: &str = "export#";
const PERSON: &str = "person#";
const BEFORE: &str = "before";
const AFTER: &str = "after";
/// The imports, and the exports, that a list shows.
const MAX_SHOWN: i32 = 50;
/// The actions that one transaction may have (TransactWriteItems API reference).
const TRANSACTION_ACTIONS: usize = 100;
/// The rows that one transaction may have: a contact, told once more in its event, has at most a hundred kilobytes, and a
/// transaction four megabytes.
const ROWS_TOGETHER: usize = 16;
/// The transactions that are under way at once.
const AT_ONCE: usize = 8;
/// How long what a row did is kept: an import may wait for its run, and then be undone.
const ROWS_KEPT: Duration = Duration::from_secs(FILE_KEPT.as_secs() + UNDO_IMPORT_FOR.as_secs());

/// How far an export is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr, strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ExportState {
    /// It is being written.
    Writing,
    /// The file is there.
    Done,
}

/// An export of all contacts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    /// Its name.
    pub id: ExportId,
    /// How far it is.
    pub state: ExportState,
    /// The contacts in it.
    #[serde(default)]
    pub contacts: u32,
    /// The length of the file.
    #[serde(default)]
    pub bytes: u64,
    /// Raised by every write.
    #[serde(default)]
    pub version: u64,
}

/// Something that is kept of a file: an import or an export.
pub trait FileRow: Serialize + serde::de::DeserializeOwned + Clone + Send + Sync {
    /// What it is called.
    type Id: std::fmt::Display + Copy + Send + Sync;
    /// What its sort key begins with.
    const KIND: &'static str;
    /// Its name.
    fn id(&self) -> Self::Id;
    /// When it was asked for.
    fn asked_at(&self) -> Timestamp;
    /// Its version, 0 before the first write.
    fn version(&self) -> u64;
    /// Sets the version.
    fn set_version(&mut self, version: u64);
}

macro_rules! file_row {
    ($row:ty, $id:ty, $kind:expr) => {
        impl FileRow for $row {
            type Id = $id;
            const KIND: &'static str = $kind;
            fn id(&self) -> $id {
                self.id
            }
            fn asked_at(&self) -> Timestamp {
                self.id.at()
            }
            fn version(&self) -> u64 {
                self.version
            }
            fn set_version(&mut self, version: u64) {
                self.version = version;
            }
        }
    };
}

file_row!(Import, ImportId, IMPORT);
file_row!(Export, ExportId, EXPORT);
file_row!(PersonExport, PersonRequestId, PERSON);

/// What became of a request to begin with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun<T> {
    /// It is new.
    New(T),
    /// An earlier request with the same key began it.
    Before(T),
    /// The key was used for something else.
    Reused,
}

/// What a row of an import did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenRow {
    /// The row's line in the file.
    pub line: u32,
    /// The contact.
    pub contact: ContactId,
    /// What the contact was; `None`: it is new.
    pub before: Option<Contact>,
    /// A digest of what the contact was after it.
    pub after: String,
}

/// A digest of what is kept of a contact in its own row.
pub fn digest(contact: &Contact) -> String {
    sha256_hex(serde_json::to_string(contact).unwrap_or_default().as_bytes())
}

impl Reader {
    /// One import or export of a business.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn file<T: FileRow>(&self, business: &BusinessId, id: T::Id) -> Result<Option<T>, StoreError> {
        let row = self.contacts.get(&file_key::<T>(business, id)).await?;
        row.as_ref().map(read).transpose()
    }

    /// The newest imports, or exports, of a business, the newest first; fifty at most.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn files<T: FileRow>(&self, business: &BusinessId) -> Result<Vec<T>, StoreError> {
        let table = &self.contacts;
        let request = table.starting_with(&format!("{FILE_KEYS}{business}"), T::KIND);
        let page = request.scan_index_forward(false).limit(MAX_SHOWN).send().await;
        let page = page.map_err(|error| table.error(&error))?;
        page.items.unwrap_or_default().into_iter().map(|item| read(&table.row(item))).collect()
    }

    /// What the rows of an import did, those of these lines.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn taken_rows(
        &self,
        business: &BusinessId,
        import: ImportId,
        (first, last): (u32, u32),
    ) -> Result<BTreeMap<u32, TakenRow>, StoreError> {
        let pk = rows_partition(business, import);
        let rows = self.contacts.between(&pk, &line_sk(first), &line_sk(last)).await?;
        let rows = rows.iter().map(|row| taken(row).map(|taken| (taken.line, taken)));
        rows.collect()
    }

    /// The last ones before a line, the last one first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn taken_rows_before(
        &self,
        business: &BusinessId,
        import: ImportId,
        line: u32,
        limit: u16,
    ) -> Result<Vec<TakenRow>, StoreError> {
        let table = &self.contacts;
        let request = table.client.query().table_name(&*table.name).consistent_read(true);
        let request = request
            .key_condition_expression("pk = :pk AND sk < :line")
            .expression_attribute_values(":pk", text(rows_partition(business, import)))
            .expression_attribute_values(":line", text(line_sk(line)));
        let page = request
            .scan_index_forward(false)
            .limit(limit.into())
            .send()
            .await
            .map_err(|error| table.error(&error))?;
        page.items.unwrap_or_default().into_iter().map(|item| taken(&table.row(item))).collect()
    }

    /// To which contacts these handles belong.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ids_of(
        &self,
        business: &BusinessId,
        handles: impl Iterator<Item = &Handle>,
    ) -> Result<HashMap<Handle, ContactId>, StoreError> {
        const GUARD: &str = "handle#";
        let mut keys: Vec<_> = handles.map(|handle| handle_key(business, handle).attributes()).collect();
        keys.sort_by(|one, other| sk_of(one).cmp(&sk_of(other)));
        keys.dedup_by(|one, other| sk_of(one) == sk_of(other));
        let mut found = HashMap::new();
        for row in self.chunks(keys).await? {
            let handle = row.parsed(SK, |sk| Handle::parse(sk.strip_prefix(GUARD).unwrap_or(sk)))?;
            found.insert(handle, row.parsed(CONTACT, ContactId::parse)?);
        }
        Ok(found)
    }

    /// The contacts of these ids; of one that was merged the one that it went into, under the id that was asked for.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn by_ids(
        &self,
        business: &BusinessId,
        ids: impl Iterator<Item = ContactId>,
    ) -> Result<HashMap<ContactId, Stored>, StoreError> {
        let mut ids: Vec<ContactId> = ids.collect();
        ids.sort_unstable();
        ids.dedup();
        let keys = ids.iter().map(|id| key(business, *id).attributes()).collect();
        let mut found = HashMap::new();
        for row in self.chunks(keys).await? {
            let id = row.parsed(SK, |sk| ContactId::parse(sk.strip_prefix("id#").unwrap_or(sk)))?;
            let stored = match standing(&row)? {
                Standing::Here(stored) => Some(*stored),
                Standing::Merged { into, .. } => resolved(&self.contacts, business, into).await?,
            };
            found.extend(stored.map(|stored| (id, stored)));
        }
        Ok(found)
    }

    /// Whether nothing is kept beside a contact: no entry, no note, no task.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_bare(&self, business: &BusinessId, id: ContactId) -> Result<bool, StoreError> {
        let table = &self.contacts;
        for pk in partitions(business, &[id], &[TIMELINE_KEYS, NOTE_KEYS, TASK_KEYS]) {
            let page = table.starting_with(&pk, "").limit(1).send().await;
            if !page.map_err(|error| table.error(&error))?.items().is_empty() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn chunks(&self, keys: Vec<crate::item::Attributes>) -> Result<Vec<Row>, StoreError> {
        let chunks = keys.chunks(BATCH_GET_ITEMS).map(|keys| batch_get(&self.contacts, keys.to_vec()));
        Ok(futures_util::future::try_join_all(chunks).await?.into_iter().flatten().collect())
    }
}

impl Writer {
    /// Begins with a file, once however often the request comes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn begin_file<T: FileRow>(
        &self,
        business: &BusinessId,
        mut file: T,
        request: Request<'_>,
    ) -> Result<Begun<T>, StoreError> {
        let table = &self.contacts;
        file.set_version(1);
        let (now, name) = (file.asked_at(), file.id().to_string());
        let row = table.put_new_action(&file_key::<T>(business, file.id()), file_draft(table, &file)?);
        let once = request.once(table, business, &name, now);
        let refused = match transact(table, &[once, row], &random::id(&table.name)?).await? {
            Transacted::Done => return Ok(Begun::New(file)),
            Transacted::Refused(refused) => refused,
        };
        let Some(Action::Refused(Some(before))) = refused.into_iter().next() else {
            return Err(table.contended());
        };
        let before = table.row(before);
        if !request.is_of(&before)? || !stands(&before, now) {
            return Ok(Begun::Reused);
        }
        let sk = format!("{}{}", T::KIND, before.text(CONTACT)?);
        let row = table.get(&Key::new(format!("{FILE_KEYS}{business}"), sk)).await?;
        Ok(row.as_ref().map(read).transpose()?.map_or(Begun::Reused, Begun::Before))
    }

    /// Writes how far an import or export is, if no other write came since it was read. `false`: one did.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn save_file<T: FileRow>(
        &self,
        business: &BusinessId,
        file: &mut T,
    ) -> Result<bool, StoreError> {
        save(&self.contacts, business, file).await
    }

    /// Makes contacts of rows, many in one transaction, and says which rows are done. A transaction of which one row was refused
    /// leaves all of its rows to [`take_new`](Self::take_new), which says why.
    ///
    /// # Errors
    /// [`StoreError`]; doing it again is safe.
    pub async fn take_new_together(
        &self,
        business: &BusinessId,
        import: ImportId,
        rows: Vec<(u32, Contact)>,
        now: Timestamp,
    ) -> Result<Vec<TakenRow>, StoreError> {
        let mut together: Vec<Together> = vec![Together::default()];
        for (line, contact) in rows {
            if is_not_too_large(&self.contacts, &contact).is_err() {
                continue;
            }
            let stored = Stored::next(contact, 0, now);
            let actions = self.new_row(business, (import, line), &stored, now)?;
            match together.last_mut() {
                Some(last) if last.has_room_for(actions.len()) => last.add(line, &stored, actions),
                _ => {
                    let mut next = Together::default();
                    next.add(line, &stored, actions);
                    together.push(next);
                }
            }
        }
        let write = |together: Together| async move {
            let id = random::id(&self.contacts.name)?;
            let written = transact(&self.contacts, &together.actions, &id).await?;
            Ok(match written {
                Transacted::Done => together.rows,
                Transacted::Refused(_) => vec![],
            })
        };
        let together = together.into_iter().filter(|together| !together.actions.is_empty());
        let taken: Vec<_> =
            stream::iter(together).map(write).buffer_unordered(AT_ONCE).try_collect::<Vec<_>>().await?;
        Ok(taken.into_iter().flatten().collect())
    }

    /// Makes a contact of a row, once: a row that was taken before is [`NotSaved::Overtaken`].
    ///
    /// # Errors
    /// [`NotSaved`].
    pub async fn take_new(
        &self,
        business: &BusinessId,
        row: (ImportId, u32),
        contact: Contact,
        now: Timestamp,
    ) -> Result<Stored, NotSaved> {
        let table = &self.contacts;
        is_not_too_large(table, &contact)?;
        let stored = Stored::next(contact, 0, now);
        let actions = self.new_row(business, row, &stored, now)?;
        let refused = match transact(table, &actions, &random::id(&table.name)?).await? {
            Transacted::Done => return Ok(stored),
            Transacted::Refused(refused) => refused,
        };
        // The guards stand behind the contact, in the order of its handles.
        for (handle, action) in stored.contact.handles.iter().zip(refused.iter().skip(1)) {
            if let Action::Refused(Some(standing)) = action {
                let by = table.row(standing.clone()).parsed(CONTACT, ContactId::parse)?;
                return Err(NotSaved::Taken { handle: handle.clone(), by });
            }
        }
        Err(NotSaved::Overtaken)
    }

    /// A new contact, and the row of which it was made.
    fn new_row(
        &self,
        business: &BusinessId,
        row: (ImportId, u32),
        stored: &Stored,
        now: Timestamp,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let table = &self.contacts;
        let mut actions = new_actions(table, business, stored, (&self.events, "import"))?;
        actions.push(row_action(table, business, row, (stored, None), now)?);
        Ok(actions)
    }

    /// Takes a row over into a contact, if that is still as it was read, once: a row that was taken before is
    /// [`NotSaved::Overtaken`].
    ///
    /// # Errors
    /// [`NotSaved`].
    pub async fn take_into(
        &self,
        business: &BusinessId,
        (import, line): (ImportId, u32),
        (before, after): (&Stored, Contact),
        entries: &[Entry],
        now: Timestamp,
    ) -> Result<Stored, NotSaved> {
        let table = &self.contacts;
        let after = Stored::next(after, before.version, now);
        let row = row_action(table, business, (import, line), (&after, Some(&before.contact)), now)?;
        let mut besides = self.moves(business, &after, entries)?;
        besides.push(row);
        save_with(table, business, before, after, entries, besides).await
    }
}

/// Rows that are written in one transaction.
#[derive(Default)]
struct Together {
    actions: Vec<TransactWriteItem>,
    rows: Vec<TakenRow>,
}

impl Together {
    fn has_room_for(&self, actions: usize) -> bool {
        self.rows.len() < ROWS_TOGETHER && self.actions.len() + actions <= TRANSACTION_ACTIONS
    }

    fn add(&mut self, line: u32, stored: &Stored, actions: Vec<TransactWriteItem>) {
        self.actions.extend(actions);
        self.rows.push(TakenRow {
            line,
            contact: stored.contact.id,
            before: None,
            after: digest(&stored.contact),
        });
    }
}

pub(super) fn file_key<T: FileRow>(business: &BusinessId, id: T::Id) -> Key {
    Key::new(format!("{FILE_KEYS}{business}"), format!("{}{id}", T::KIND))
}

pub(super) fn file_draft<T: FileRow>(table: &Table, file: &T) -> Result<Draft, StoreError> {
    let draft = Draft::default().text(BODY, to_json(&table.name, BODY, file)?);
    Ok(draft.number(VERSION, file.version()).expires(file.asked_at().plus(IMPORT_KEPT)))
}

pub(super) fn read<T: FileRow>(row: &Row) -> Result<T, StoreError> {
    row.json(BODY)
}

pub(super) async fn save<T: FileRow>(
    table: &Table,
    business: &BusinessId,
    file: &mut T,
) -> Result<bool, StoreError> {
    let seen = file.version();
    file.set_version(seen + 1);
    let item = file_key::<T>(business, file.id()).item(file_draft(table, file)?);
    let request = table.client.put_item().table_name(&*table.name).set_item(Some(item));
    let request =
        request.condition_expression("version = :seen").expression_attribute_values(":seen", number(seen));
    Ok(matches!(table.outcome(request.send().await)?, WriteOutcome::Done(_)))
}

fn rows_partition(business: &BusinessId, import: ImportId) -> String {
    format!("{ROW_KEYS}{business}#{import}")
}

fn line_sk(line: u32) -> String {
    format!("{line:07}")
}

fn row_action(
    table: &Table,
    business: &BusinessId,
    (import, line): (ImportId, u32),
    (after, before): (&Stored, Option<&Contact>),
    now: Timestamp,
) -> Result<TransactWriteItem, StoreError> {
    let before = before.map(|contact| to_json(&table.name, BEFORE, contact)).transpose()?;
    let draft = Draft::default()
        .text(CONTACT, after.contact.id.to_string())
        .text(AFTER, digest(&after.contact))
        .optional_text(BEFORE, before)
        .expires(now.plus(ROWS_KEPT));
    let item = Key::new(rows_partition(business, import), line_sk(line)).item(draft);
    Ok(table.put_action(item, |put| put.condition_expression(ABSENT)))
}

fn taken(row: &Row) -> Result<TakenRow, StoreError> {
    let before = match row.optional_text(BEFORE)? {
        Some(_) => Some(row.json(BEFORE)?),
        None => None,
    };
    Ok(TakenRow {
        line: row.parsed(SK, str::parse)?,
        contact: row.parsed(CONTACT, ContactId::parse)?,
        before,
        after: row.text(AFTER)?.to_owned(),
    })
}

fn sk_of(key: &crate::item::Attributes) -> Option<&String> {
    key.get(SK).and_then(|value| value.as_s().ok())
}
