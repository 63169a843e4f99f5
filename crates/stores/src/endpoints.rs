//! Endpoints of businesses, and what becomes of each event on its way to them. They lie in Events.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `endpoint#<business>` | `desk` | how many endpoints there are, and up to which event all were given theirs |
//! | `endpoint#<business>` | `one#<endpoint>` | one endpoint; of one that was deleted, that it was there |
//! | `endpoint#<business>` | `health#<endpoint>` | since when it takes nothing |
//! | `endpoint#<business>` | `slot#<endpoint>#<n>` | which worker may send to it until when |
//! | `serving#<share>` | `<business>` | that the business has endpoints, so that a sweep finds it |
//! | `delivery#<business>#<endpoint>` | `event#<sequence>` | one event on its way |
//! | `delivery#<business>#<endpoint>` | `due#<time>#<sequence>` | when a worker has to look at it next |
//!
//! An event is given to all endpoints that want it in the transaction that moves the desk's mark. A delivery moves under its
//! version, with the row by which it is found.

mod deliveries;
mod give;
mod slots;
mod write;

use domain::BusinessId;
use domain::endpoint::{Endpoint, EndpointId};
use platform::Aws;

use crate::StoreError;
use crate::desk::{self, Desks};
use crate::item::Row;
use crate::table::{Key, SK, Table};

pub use deliveries::{DeliveryPage, Save, StoredDelivery};
pub use give::Given;
pub use slots::Slot;
pub use write::{Created, Request};

/// What the keys of endpoints begin with.
pub const ENDPOINT_KEYS: &str = "endpoint#";
/// What the keys of the list of businesses with endpoints begin with.
pub const SERVING_KEYS: &str = "serving#";
/// What the keys of deliveries begin with.
pub const DELIVERY_KEYS: &str = "delivery#";

const DESKS: Desks = Desks { keys: ENDPOINT_KEYS, listed: SERVING_KEYS };
const ONE: &str = "one#";
const HEALTH: &str = "health#";
const BODY: &str = "body";
const VERSION: &str = "version";
/// What made an endpoint, and what rotated it last.
const MADE_BY: &str = "made_by";
const ROTATED_BY: &str = "rotated_by";
const FAILING_SINCE: &str = "failing_since";

/// An endpoint as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEndpoint {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// Counts its writes, from 1.
    pub version: u64,
    made_by: String,
    rotated_by: Option<String>,
}

/// Held by what looks at endpoints and deliveries.
#[derive(Debug, Clone)]
pub struct Reader {
    table: Table,
}

/// Held by the API of endpoints, and by what sends to them.
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

    /// The endpoints of a business, in the order of their making.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn all(&self, business: &BusinessId) -> Result<Vec<StoredEndpoint>, StoreError> {
        let rows = self.table.query(&pk(business), ONE).await?;
        let mut all: Vec<StoredEndpoint> =
            rows.iter().filter_map(|row| stored(row).transpose()).collect::<Result<_, _>>()?;
        all.sort_by_key(|stored| (stored.endpoint.created_at, stored.endpoint.id.to_string()));
        Ok(all)
    }

    /// One endpoint. `None`: no endpoint has this name, or no more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn one(
        &self,
        business: &BusinessId,
        id: &EndpointId,
    ) -> Result<Option<StoredEndpoint>, StoreError> {
        let row = self.table.get(&one_key(business, id)).await?;
        row.as_ref().map_or(Ok(None), stored)
    }

    /// The businesses of one share of those that have endpoints.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn served(&self, share: u64) -> Result<Vec<BusinessId>, StoreError> {
        DESKS.listed(&self.table, share).await
    }

    /// The shares of [`Reader::served`].
    pub fn shares() -> std::ops::Range<u64> {
        desk::shares()
    }

    /// The names of all endpoints that a business has or had within the time that deliveries are kept.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn names(&self, business: &BusinessId) -> Result<Vec<EndpointId>, StoreError> {
        let rows = self.table.query_only(&pk(business), ONE, SK).await?;
        let name = |sk: &str| EndpointId::parse(sk.strip_prefix(ONE).unwrap_or_default());
        rows.iter().map(|row| row.parsed(SK, name)).collect()
    }
}

impl Eraser {
    /// `table` is the name of Events.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { table: Table::new(aws, table) }
    }

    /// Deletes the endpoints of a business, the way by which they are found first. What is noted of deliveries goes with time.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn erase(&self, business: &BusinessId) -> Result<(), StoreError> {
        self.table.delete(&DESKS.listed_key(business)).await?;
        self.table.delete_all(&pk(business), "").await.map(drop)
    }
}

/// The endpoint of a row; `None`: it was deleted.
fn stored(row: &Row) -> Result<Option<StoredEndpoint>, StoreError> {
    if row.optional_text(BODY)?.is_none() {
        return Ok(None);
    }
    Ok(Some(StoredEndpoint {
        endpoint: row.json(BODY)?,
        version: row.number(VERSION)?,
        made_by: row.text(MADE_BY)?.to_owned(),
        rotated_by: row.optional_text(ROTATED_BY)?.map(str::to_owned),
    }))
}

fn pk(business: &BusinessId) -> String {
    DESKS.pk(business)
}

fn one_key(business: &BusinessId, id: &EndpointId) -> Key {
    Key::new(pk(business), format!("{ONE}{id}"))
}

fn health_key(business: &BusinessId, id: &EndpointId) -> Key {
    Key::new(pk(business), format!("{HEALTH}{id}"))
}
