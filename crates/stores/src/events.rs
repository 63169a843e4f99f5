//! The outbox: what a business is owed to know, in the order in which it happened.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `business#<id>` | `event#<sequence>` | one event, twelve digits |
//!
//! An event is put in the transaction that causes it, or it did not happen. Its sequence number is one more than
//! the last one's and is taken only if it is free: so a reader who has seen number n has seen all before it.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::{BusinessId, CallSid, Timestamp};

use crate::StoreError;
use crate::item::{Draft, Row, text};
use crate::table::{Key, SK, Table, next_key};
use backon::ExponentialBuilder;
use platform::Aws;
use platform::backoff::CONTENTION;

const EVENT: &str = "event#";
const ID: &str = "id";
const KIND: &str = "kind";
const CALL: &str = "call";
const AT: &str = "at";
const BODY: &str = "body";

/// For the order of one business's events, which many writers want to be next in.
pub(crate) const NEXT_IN_ORDER: ExponentialBuilder = CONTENTION.with_max_times(39);

/// The most events one page holds.
pub const MAX_PAGE: u16 = 100;
/// The most text an event may hold: an item has at most 400 KB.
pub const MAX_BODY_BYTES: usize = 300 * 1024;

/// Something that a business is to be told.
#[derive(Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Whose events it is one of.
    pub business: BusinessId,
    /// Names the effect, so that a receiver can tell a repetition from a second one.
    pub id: String,
    /// `call.completed`, `call.updated`, `usage.warning`, `usage.cap_reached`.
    pub kind: &'static str,
    /// The call it tells of; of a cap, the call whose settling brought the sum there.
    pub call: CallSid,
    /// JSON.
    pub body: String,
    /// When it happened.
    pub at: Timestamp,
}

/// An event as it stands.
#[derive(Clone, PartialEq, Eq)]
pub struct Event {
    /// Its place in the business's order, from 1.
    pub sequence: u64,
    /// Its name, unique within the business.
    pub id: String,
    /// Its type, such as `call.completed`.
    pub kind: String,
    /// The call it tells of.
    pub call: CallSid,
    /// JSON, as the business receives it.
    pub body: String,
    /// When it happened.
    pub at: Timestamp,
}

// What was said on a call is in the body.
impl std::fmt::Debug for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Event")
            .field("sequence", &self.sequence)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// Events in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Without gaps.
    pub events: Vec<Event>,
    /// The sequence number that the next page begins behind; `None` at the end.
    pub next: Option<u64>,
}

/// Held by the code that causes events.
#[derive(Debug, Clone)]
pub struct Writer {
    events: Table,
}

impl Writer {
    /// `table` is the name of Events.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { events: Table::new(aws, table) }
    }

    /// The put of this event as the next of its business. It is refused when another event was faster: then
    /// take the next number again.
    pub(crate) async fn append_action(&self, event: &NewEvent) -> Result<TransactWriteItem, StoreError> {
        if event.body.len() > MAX_BODY_BYTES {
            return Err(StoreError::Corrupt { table: self.events.name.to_string(), attribute: BODY });
        }
        let sequence = last(&self.events, &event.business).await? + 1;
        let draft = Draft::default()
            .text(ID, &event.id)
            .text(KIND, event.kind)
            .text(CALL, event.call.as_str())
            .text(BODY, &event.body)
            .time(AT, event.at);
        Ok(self.events.put_new_action(&key(&event.business, sequence), draft))
    }
}

/// Held by the API that lists events.
#[derive(Debug, Clone)]
pub struct Reader {
    events: Table,
}

impl Reader {
    /// `table` is the name of Events.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { events: Table::new(aws, table) }
    }

    /// At most `limit` (1 to [`MAX_PAGE`]) events of a business behind the sequence number `after`, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn after(&self, business: &BusinessId, after: u64, limit: u16) -> Result<Page, StoreError> {
        let page = self
            .events
            .client
            .query()
            .table_name(&*self.events.name)
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND sk > :after")
            .expression_attribute_values(":pk", text(partition(business)))
            .expression_attribute_values(":after", text(sort_key(after)))
            .limit(i32::from(limit.clamp(1, MAX_PAGE)))
            .send()
            .await
            .map_err(|e| self.events.error(&e))?;
        let more = next_key(page.last_evaluated_key).is_some();
        let rows = page.items.unwrap_or_default().into_iter().map(|item| self.events.row(item));
        let events = rows.map(|row| event(&row)).collect::<Result<Vec<_>, _>>()?;
        let next = events.last().filter(|_| more).map(|last| last.sequence);
        Ok(Page { events, next })
    }
}

/// The highest number that a business's events have; 0 before the first one.
async fn last(events: &Table, business: &BusinessId) -> Result<u64, StoreError> {
    let page = events
        .starting_with(&partition(business), EVENT)
        .projection_expression(SK)
        .scan_index_forward(false)
        .limit(1)
        .send()
        .await
        .map_err(|e| events.error(&e))?;
    let row = page.items.unwrap_or_default().pop().map(|item| events.row(item));
    row.map_or(Ok(0), |row| sequence(&row))
}

fn event(row: &Row) -> Result<Event, StoreError> {
    Ok(Event {
        sequence: sequence(row)?,
        id: row.text(ID)?.to_owned(),
        kind: row.text(KIND)?.to_owned(),
        call: row.parsed(CALL, CallSid::parse)?,
        body: row.text(BODY)?.to_owned(),
        at: row.time(AT)?,
    })
}

fn sequence(row: &Row) -> Result<u64, StoreError> {
    row.parsed(SK, |sk| sk.strip_prefix(EVENT).unwrap_or_default().parse())
}

fn key(business: &BusinessId, sequence: u64) -> Key {
    Key::new(partition(business), sort_key(sequence))
}

fn partition(business: &BusinessId) -> String {
    format!("business#{business}")
}

/// Numbers beyond twelve digits sort behind all that can exist.
fn sort_key(sequence: u64) -> String {
    format!("{EVENT}{:012}", sequence.min(999_999_999_999))
}
