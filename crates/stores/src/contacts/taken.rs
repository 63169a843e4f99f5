//! What each row of an import did, so that it is done once and can be undone.
//!
//! Under `file-row#<business>#<import>`: `<line>`, seven digits, for as long as the import can be undone.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::contact::import::{FILE_KEPT, UNDO_IMPORT_FOR};
use domain::contact::{Contact, ContactId, Entry, ImportId};
use domain::{BusinessId, Timestamp};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::create::new_actions;
use super::write::save_with;
use super::{CONTACT, NotSaved, Reader, Stored, Writer, is_not_too_large};
use crate::StoreError;
use crate::digest::sha256_hex;
use crate::item::{Draft, Row, text, to_json};
use crate::random;
use crate::table::{ABSENT, Key, SK, Table};
use crate::transaction::{Action, Transacted, transact};

/// What the partition keys of rows of imports begin with.
pub const ROW_KEYS: &str = "file-row#";

const BEFORE: &str = "before";
const AFTER: &str = "after";
/// The actions that one transaction may have (TransactWriteItems API reference).
const TRANSACTION_ACTIONS: usize = 100;
/// The rows that one transaction may have: a contact, told once more in its event, has at most a hundred kilobytes, and a
/// transaction four megabytes.
const ROWS_TOGETHER: usize = 16;
/// The transactions that are under way at once.
const AT_ONCE: usize = 8;
/// How long what a row did is kept: an import may wait for its run, and then be undone.
const ROWS_KEPT: Duration = Duration::from_secs(FILE_KEPT.as_secs() + UNDO_IMPORT_FOR.as_secs());

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
}

impl Writer {
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
