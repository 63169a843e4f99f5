//! Imports and exports of contacts. What each row of an import did is in `taken`.
//!
//! Under `file#<business>`: `import#<import>` and `export#<export>`; of exports of one person see `person_exports`.

use std::collections::HashMap;

use domain::contact::import::{IMPORT_KEPT, Import};
use domain::contact::person_export::PersonExport;
use domain::contact::{ContactId, ExportId, Handle, ImportId, PersonRequestId};
use domain::{BusinessId, Timestamp};
use serde::{Deserialize, Serialize};

use super::create::{Request, stands};
use super::timeline::partitions;
use super::{
    BODY, CONTACT, NOTE_KEYS, Reader, Standing, Stored, TASK_KEYS, TIMELINE_KEYS, VERSION, Writer,
    handle_key, key, resolved, standing,
};
use crate::StoreError;
use crate::batch_get::{BATCH_GET_ITEMS, batch_get};
use crate::item::{Draft, Row, number, to_json};
use crate::random;
use crate::table::{Key, SK, Table, WriteOutcome};
use crate::transaction::{Action, Transacted, transact};

/// What the partition keys of imports and exports begin with.
pub const FILE_KEYS: &str = "file#";

const IMPORT: &str = "import#";
const EXPORT: &str = "export#";
const PERSON: &str = "person#";
/// The imports, and the exports, that a list shows.
const MAX_SHOWN: i32 = 50;

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

fn sk_of(key: &crate::item::Attributes) -> Option<&String> {
    key.get(SK).and_then(|value| value.as_s().ok())
}
