//! Requests to erase all that is kept of a person, and the deletion of what lies here.

use std::collections::BTreeSet;

use domain::contact::erasure::Erasure;
use domain::contact::import::Import;
use domain::contact::{ContactId, ExportId, PersonRequestId};
use domain::{BusinessId, Timestamp};
use platform::Aws;

use super::create::{Request, stands};
use super::files::{Export, ExportState, FILE_KEYS, FileRow as _};
use super::taken::ROW_KEYS;
use super::{BODY, CONTACT, Reader, Stored, VERSION, Writer, key, write};
use crate::StoreError;
use crate::item::{Draft, number, to_json};
use crate::random;
use crate::table::{Key, PK, SK, Table, WriteOutcome};
use crate::transaction::{Action, Transacted, transact};

/// What the partition keys of these requests begin with.
pub const ERASURE_KEYS: &str = "erasure#";

const REQUEST: &str = "request#";
const OF_CONTACT: &str = "contact#";
/// The requests that a list shows.
const MAX_SHOWN: i32 = 50;

/// What became of a request to erase a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErasureBegun {
    /// It is new.
    New(Erasure),
    /// There is one: by an earlier request with the same key, or one that is about the same contact.
    Before(Erasure),
    /// The key was used for something else.
    Reused,
    /// There is no such contact.
    NoContact,
}

impl Reader {
    /// One request.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn erasure(
        &self,
        business: &BusinessId,
        id: PersonRequestId,
    ) -> Result<Option<Erasure>, StoreError> {
        one(&self.contacts, business, &id.to_string()).await
    }

    /// The request that is about this contact.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn erasure_of(
        &self,
        business: &BusinessId,
        contact: ContactId,
    ) -> Result<Option<Erasure>, StoreError> {
        of_contact(&self.contacts, business, contact).await
    }

    /// The newest requests, the newest first; fifty at most.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn erasures(&self, business: &BusinessId) -> Result<Vec<Erasure>, StoreError> {
        let table = &self.contacts;
        let request = table.starting_with(&partition(business), REQUEST);
        let page = request.scan_index_forward(false).limit(MAX_SHOWN).send().await;
        let page = page.map_err(|error| table.error(&error))?;
        page.items.unwrap_or_default().into_iter().map(|item| table.row(item).json(BODY)).collect()
    }
}

impl Writer {
    /// Begins to erase a person. A contact has one such request: another one finds it.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn begin_erasure(
        &self,
        business: &BusinessId,
        mut erasure: Erasure,
        request: Request<'_>,
    ) -> Result<ErasureBegun, StoreError> {
        let table = &self.contacts;
        erasure.version = 1;
        let (now, name) = (erasure.id.at(), erasure.id.to_string());
        let contact = erasure.contact;
        let pointer = Draft::default().text(CONTACT, &name);
        let actions = [
            request.once(table, business, &name, now),
            table.put_new_action(&request_key(business, &name), draft(table, &erasure)?),
            table.put_new_action(&contact_key(business, contact), pointer),
            table.check_action(&key(business, contact), |check| {
                check.condition_expression(format!("attribute_exists({VERSION})"))
            }),
        ];
        let refused = match transact(table, &actions, &random::id(&table.name)?).await? {
            Transacted::Done => return Ok(ErasureBegun::New(erasure)),
            Transacted::Refused(refused) => refused,
        };
        let mut refused = refused.into_iter();
        if let Some(Action::Refused(Some(before))) = refused.next() {
            let before = table.row(before);
            if !request.is_of(&before)? || !stands(&before, now) {
                return Ok(ErasureBegun::Reused);
            }
            let made = one(table, business, before.text(CONTACT)?).await?;
            return Ok(made.map_or(ErasureBegun::Reused, ErasureBegun::Before));
        }
        Ok(match of_contact(table, business, contact).await? {
            Some(before) => ErasureBegun::Before(before),
            None => ErasureBegun::NoContact,
        })
    }

    /// Writes how far an erasure is, if no other write came since it was read. `false`: one did.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn save_erasure(
        &self,
        business: &BusinessId,
        erasure: &mut Erasure,
    ) -> Result<bool, StoreError> {
        save(&self.contacts, business, erasure).await
    }
}

/// Held by what erases persons.
#[derive(Debug, Clone)]
pub struct Eraser {
    pub(super) contacts: Table,
}

impl Eraser {
    /// `table` is the name of Contacts.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { contacts: Table::new(aws, table) }
    }

    /// Writes how far an erasure is, if no other write came since it was read. `false`: one did.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn save_erasure(
        &self,
        business: &BusinessId,
        erasure: &mut Erasure,
    ) -> Result<bool, StoreError> {
        save(&self.contacts, business, erasure).await
    }

    /// Deletes a contact with all that is kept of it here, and says how many rows that were. `None`: it has changed since it
    /// was read.
    ///
    /// # Errors
    /// [`StoreError`]; deleting again deletes what is left.
    pub async fn delete(&self, business: &BusinessId, stored: &Stored) -> Result<Option<u64>, StoreError> {
        write::delete(&self.contacts, business, stored).await
    }

    /// Deletes what is kept beside contacts that are gone: timelines, notes, tasks.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_beside(
        &self,
        business: &BusinessId,
        ids: &BTreeSet<ContactId>,
    ) -> Result<u64, StoreError> {
        let ids: Vec<ContactId> = ids.iter().copied().collect();
        write::forget(&self.contacts, business, &ids).await
    }

    /// Deletes what rows of imports did to these contacts: it says what they were before. Such an import takes nothing of
    /// them back.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_rows(
        &self,
        business: &BusinessId,
        ids: &BTreeSet<ContactId>,
    ) -> Result<u64, StoreError> {
        let table = &self.contacts;
        let mut keys = vec![];
        for row in table.query_only(&format!("{FILE_KEYS}{business}"), Import::KIND, "pk, sk").await? {
            let import = row.text(SK)?.trim_start_matches(Import::KIND).to_owned();
            let rows =
                table.query_only(&format!("{ROW_KEYS}{business}#{import}"), "", "pk, sk, contact").await?;
            for row in rows {
                if ids.contains(&row.parsed(CONTACT, ContactId::parse)?) {
                    keys.push(Key::new(row.text(PK)?, row.text(SK)?));
                }
            }
        }
        table.delete_each(keys).await
    }
}

/// An export of contacts that may hold a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldExport {
    /// Its name.
    pub id: ExportId,
    /// Whether its file is there.
    pub is_written: bool,
}

impl Eraser {
    /// The exports that were asked for at this moment or before, and the imports.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn files(
        &self,
        business: &BusinessId,
        until: Timestamp,
    ) -> Result<(Vec<OldExport>, Vec<Import>), StoreError> {
        let pk = format!("{FILE_KEYS}{business}");
        let exports = self.contacts.query(&pk, Export::KIND).await?;
        let exports = exports.iter().map(|row| {
            let export: Export = row.json(BODY)?;
            Ok(OldExport { id: export.id, is_written: export.state == ExportState::Done })
        });
        let exports = exports.collect::<Result<Vec<_>, StoreError>>()?;
        let old = |export: &OldExport| export.id.at() <= until;
        let imports = self.contacts.query(&pk, Import::KIND).await?;
        let imports = imports.iter().map(|row| row.json(BODY)).collect::<Result<_, _>>()?;
        Ok((exports.into_iter().filter(old).collect(), imports))
    }

    /// Deletes the row of an export whose file is gone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_export(&self, business: &BusinessId, export: ExportId) -> Result<bool, StoreError> {
        let key = Key::new(format!("{FILE_KEYS}{business}"), format!("{}{export}", Export::KIND));
        self.contacts.delete(&key).await
    }
}

async fn save(table: &Table, business: &BusinessId, erasure: &mut Erasure) -> Result<bool, StoreError> {
    let seen = erasure.version;
    erasure.version = seen + 1;
    let item = request_key(business, &erasure.id.to_string()).item(draft(table, erasure)?);
    let request = table.client.put_item().table_name(&*table.name).set_item(Some(item));
    let request =
        request.condition_expression("version = :seen").expression_attribute_values(":seen", number(seen));
    Ok(matches!(table.outcome(request.send().await)?, WriteOutcome::Done(_)))
}

async fn one(table: &Table, business: &BusinessId, name: &str) -> Result<Option<Erasure>, StoreError> {
    table.get(&request_key(business, name)).await?.map(|row| row.json(BODY)).transpose()
}

async fn of_contact(
    table: &Table,
    business: &BusinessId,
    contact: ContactId,
) -> Result<Option<Erasure>, StoreError> {
    match table.get(&contact_key(business, contact)).await? {
        Some(row) => one(table, business, row.text(CONTACT)?).await,
        None => Ok(None),
    }
}

fn draft(table: &Table, erasure: &Erasure) -> Result<Draft, StoreError> {
    Ok(Draft::default().text(BODY, to_json(&table.name, BODY, erasure)?).number(VERSION, erasure.version))
}

pub(super) fn partition(business: &BusinessId) -> String {
    format!("{ERASURE_KEYS}{business}")
}

fn request_key(business: &BusinessId, name: &str) -> Key {
    Key::new(partition(business), format!("{REQUEST}{name}"))
}

fn contact_key(business: &BusinessId, contact: ContactId) -> Key {
    Key::new(partition(business), format!("{OF_CONTACT}{contact}"))
}
