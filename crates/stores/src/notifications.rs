//! Receivers of notifications, and what becomes of each event on its way to them. They lie in Events.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `receiver#<business>` | `desk` | how many receivers there are, and up to which event all were given theirs |
//! | `receiver#<business>` | `one#<receiver>` | one receiver; of one that was deleted, that it was there |
//! | `notifying#<share>` | `<business>` | that the business has receivers, so that a sweep finds it |
//! | `notice#<business>` | `at#<sequence>#<receiver>` | one event on its way to one receiver |
//! | `notice#<business>` | `due#<time>#<sequence>#<receiver>` | when a worker has to look at it next |
//!
//! A row of an event on its way names the event, and nothing that it says: words are made when they are sent, out of the event, from
//! which a person may have been taken by then. So nothing here is about a caller.

mod give;
mod notices;
mod write;

use domain::BusinessId;
use domain::notification::{Receiver, ReceiverId};
use platform::Aws;

use crate::StoreError;
use crate::desk::{self, Desks};
use crate::item::Row;
use crate::table::{Key, Table};

pub use crate::endpoints::Request;
pub use give::Given;
pub use notices::{NoticePage, Place, Save, StoredNotice};
pub use write::Created;

/// What the keys of receivers begin with.
pub const RECEIVER_KEYS: &str = "receiver#";
/// What the keys of the list of businesses with receivers begin with.
pub const NOTIFYING_KEYS: &str = "notifying#";
/// What the keys of notifications begin with.
pub const NOTICE_KEYS: &str = "notice#";

const DESKS: Desks = Desks { keys: RECEIVER_KEYS, listed: NOTIFYING_KEYS };
const ONE: &str = "one#";
const BODY: &str = "body";
const VERSION: &str = "version";
/// What made a receiver.
const MADE_BY: &str = "made_by";

/// A receiver as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReceiver {
    /// The receiver.
    pub receiver: Receiver,
    /// Counts its writes, from 1.
    pub version: u64,
    made_by: String,
}

/// Held by what looks at receivers and notifications.
#[derive(Debug, Clone)]
pub struct Reader {
    table: Table,
}

/// Held by the API of notifications, and by what sends them.
#[derive(Debug, Clone)]
pub struct Writer {
    table: Table,
    reader: Reader,
    events: crate::events::Reader,
    sequencer: crate::events::Sequencer,
    outbox: crate::events::Writer,
}

/// Held by what deletes businesses.
#[derive(Debug, Clone)]
pub struct Eraser {
    table: Table,
}

impl Writer {
    /// `table` is the name of Events.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self {
            table: Table::new(aws, table),
            reader: Reader::new(aws, table),
            events: crate::events::Reader::new(aws, table),
            sequencer: crate::events::Sequencer::new(aws, table),
            outbox: crate::events::Writer::new(aws, table),
        }
    }
}

impl Reader {
    /// `table` is the name of Events.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { table: Table::new(aws, table) }
    }

    /// The receivers of a business, in the order of their making.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn all(&self, business: &BusinessId) -> Result<Vec<StoredReceiver>, StoreError> {
        let rows = self.table.query(&DESKS.pk(business), ONE).await?;
        let mut all: Vec<StoredReceiver> =
            rows.iter().filter_map(|row| stored(row).transpose()).collect::<Result<_, _>>()?;
        all.sort_by_key(|stored| (stored.receiver.created_at, stored.receiver.id.to_string()));
        Ok(all)
    }

    /// One receiver. `None`: no receiver has this name, or no more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn one(
        &self,
        business: &BusinessId,
        id: &ReceiverId,
    ) -> Result<Option<StoredReceiver>, StoreError> {
        let row = self.table.get(&one_key(business, id)).await?;
        row.as_ref().map_or(Ok(None), stored)
    }

    /// Whether a business has receivers.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn has_any(&self, business: &BusinessId) -> Result<bool, StoreError> {
        Ok(DESKS.read(&self.table, business).await?.count > 0)
    }

    /// The businesses of one share of those that have receivers.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn notifying(&self, share: u64) -> Result<Vec<BusinessId>, StoreError> {
        DESKS.listed(&self.table, share).await
    }

    /// The shares of [`Reader::notifying`].
    pub fn shares() -> std::ops::Range<u64> {
        desk::shares()
    }
}

impl Eraser {
    /// `table` is the name of Events.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { table: Table::new(aws, table) }
    }

    /// Deletes the receivers of a business, the way by which they are found first. What is noted of notifications goes with time.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn erase(&self, business: &BusinessId) -> Result<(), StoreError> {
        self.table.delete(&DESKS.listed_key(business)).await?;
        self.table.delete_all(&DESKS.pk(business), "").await.map(drop)
    }
}

/// The receiver of a row; `None`: it was deleted.
fn stored(row: &Row) -> Result<Option<StoredReceiver>, StoreError> {
    if row.optional_text(BODY)?.is_none() {
        return Ok(None);
    }
    let (version, made_by) = (row.number(VERSION)?, row.text(MADE_BY)?.to_owned());
    Ok(Some(StoredReceiver { receiver: row.json(BODY)?, version, made_by }))
}

fn one_key(business: &BusinessId, id: &ReceiverId) -> Key {
    Key::new(DESKS.pk(business), format!("{ONE}{id}"))
}
