//! Exports of all that is kept of one person: how far each is.
//!
//! Under `file#<business>`: `person#<request>`. Who it is about stands in it by the contact's id alone.

use std::collections::BTreeSet;

use domain::BusinessId;
use domain::contact::person_export::PersonExport;
use domain::contact::{ContactId, PersonRequestId};
use platform::Aws;

use super::create::{Request, stands};
use super::files::{FILE_KEYS, FileRow, file_draft, file_key, read, save};
use super::{CONTACT, Eraser, Reader, VERSION, Writer, key};
use crate::StoreError;
use crate::item::number;
use crate::random;
use crate::table::{Table, WriteOutcome};
use crate::transaction::{Action, Transacted, transact};

/// What became of a request to export a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PersonExportBegun {
    /// It is new.
    New(PersonExport),
    /// An earlier request with the same key began it.
    Before(PersonExport),
    /// The key was used for something else.
    Reused,
    /// There is no such contact.
    NoContact,
}

impl Reader {
    /// The exports that have one of these contacts in them, the newest first. A business asks for few in the month for which
    /// they are remembered.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn person_exports(
        &self,
        business: &BusinessId,
        contacts: &BTreeSet<ContactId>,
    ) -> Result<Vec<PersonExport>, StoreError> {
        of_contacts(&self.contacts, business, contacts).await
    }
}

impl Writer {
    /// Begins to export a person, once however often the request comes.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn begin_person_export(
        &self,
        business: &BusinessId,
        mut export: PersonExport,
        request: Request<'_>,
    ) -> Result<PersonExportBegun, StoreError> {
        let table = &self.contacts;
        export.version = 1;
        let (now, name) = (export.id.at(), export.id.to_string());
        let actions = [
            request.once(table, business, &name, now),
            table.put_new_action(&file_key::<PersonExport>(business, export.id), file_draft(table, &export)?),
            table.check_action(&key(business, export.contact), |check| {
                check.condition_expression(format!("attribute_exists({VERSION})"))
            }),
        ];
        let refused = match transact(table, &actions, &random::id(&table.name)?).await? {
            Transacted::Done => return Ok(PersonExportBegun::New(export)),
            Transacted::Refused(refused) => refused,
        };
        let Some(Action::Refused(Some(before))) = refused.into_iter().next() else {
            return Ok(PersonExportBegun::NoContact);
        };
        let before = table.row(before);
        if !request.is_of(&before)? || !stands(&before, now) {
            return Ok(PersonExportBegun::Reused);
        }
        let made = before.parsed(CONTACT, PersonRequestId::parse);
        let Ok(made) = made else { return Ok(PersonExportBegun::Reused) };
        let row = table.get(&file_key::<PersonExport>(business, made)).await?;
        let made = row.as_ref().map(read::<PersonExport>).transpose()?;
        Ok(made.map_or(PersonExportBegun::Reused, PersonExportBegun::Before))
    }
}

/// Held by what exports persons.
#[derive(Debug, Clone)]
pub struct PersonExports {
    contacts: Table,
}

impl PersonExports {
    /// `table` is the name of Contacts.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { contacts: Table::new(aws, table) }
    }

    /// Writes how far an export is, if no other write came since it was read. `false`: one did, or it was erased.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn save(&self, business: &BusinessId, export: &mut PersonExport) -> Result<bool, StoreError> {
        save(&self.contacts, business, export).await
    }
}

impl Eraser {
    /// The exports that have one of these contacts in them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn person_exports(
        &self,
        business: &BusinessId,
        contacts: &BTreeSet<ContactId>,
    ) -> Result<Vec<PersonExport>, StoreError> {
        of_contacts(&self.contacts, business, contacts).await
    }

    /// Deletes the row of an export, if it is as it was read: a worker that still writes it can end it no more. `false`: it has
    /// changed, or is gone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_person_export(
        &self,
        business: &BusinessId,
        export: &PersonExport,
    ) -> Result<bool, StoreError> {
        let table = &self.contacts;
        let request = table.client.delete_item().table_name(&*table.name);
        let request = request
            .set_key(Some(file_key::<PersonExport>(business, export.id).attributes()))
            .condition_expression("version = :seen")
            .expression_attribute_values(":seen", number(export.version));
        Ok(matches!(table.outcome(request.send().await)?, WriteOutcome::Done(_)))
    }
}

async fn of_contacts(
    table: &Table,
    business: &BusinessId,
    contacts: &BTreeSet<ContactId>,
) -> Result<Vec<PersonExport>, StoreError> {
    let rows = table.query(&format!("{FILE_KEYS}{business}"), PersonExport::KIND).await?;
    let exports = rows.iter().rev().map(read::<PersonExport>);
    let has = |export: &PersonExport| !export.contacts.is_disjoint(contacts);
    let exports: Vec<_> = exports.collect::<Result<_, _>>()?;
    Ok(exports.into_iter().filter(has).collect())
}
