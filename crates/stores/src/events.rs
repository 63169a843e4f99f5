//! The outbox: what a business is owed to know, in the order in which it happened.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `happened#<business>` | `<time>#<id>` | one event that has no number yet, put with its cause; fifteen digits |
//! | `business#<id>` | `event#<sequence>` | one event in the order, twelve digits |
//!
//! An event is put in the transaction that causes it, or it did not happen. That put reads nothing and is conditional on nothing:
//! however many things happen at once in one business, none waits for another, and no cause fails for its event. Numbers are
//! given afterwards, before events are read ([`Sequencer`]): one transaction takes events from where they wait and puts them
//! under the next numbers, which are taken only if they are free. So each has one number, there is no gap, and a reader who has
//! seen number n has seen all before it.

mod erase;
mod order;

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::event::{Happened, Type};
use domain::{BusinessId, Call, CallSid, Direction, Timestamp};

use crate::StoreError;
use crate::item::{Draft, Row, text, time_sk, to_json};
use crate::table::{Key, SK, Table, next_key};
use platform::Aws;

pub use erase::Eraser;
pub use order::Sequencer;

/// What the keys of the events in their order begin with.
pub const OUTBOX_KEYS: &str = "business#";
/// What the keys of the events that wait for a number begin with.
pub const HAPPENED_KEYS: &str = "happened#";

const EVENT: &str = "event#";
const ID: &str = "id";
const KIND: &str = "kind";
const CALL: &str = "call";
const DIRECTION: &str = "direction";
const AT: &str = "at";
const BODY: &str = "body";

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
    /// Its type.
    pub kind: Type,
    /// The call it tells of; of a cap, the call whose settling brought the sum there. `None`: it has to do with no call.
    pub call: Option<CallSid>,
    /// Which way the call went that it tells of.
    pub direction: Option<Direction>,
    /// JSON.
    pub body: String,
    /// When it happened.
    pub at: Timestamp,
}

/// With what the business is told of something that is done about this call. `None`: it is told nothing, since there is no call.
pub type Telling<'a> = Option<(&'a Writer, &'a Call)>;

/// An event as it stands.
#[derive(Clone, PartialEq, Eq)]
pub struct Event {
    /// Its place in the business's order, from 1.
    pub sequence: u64,
    /// Its name, unique within the business.
    pub id: String,
    /// Its type, such as `call.completed`.
    pub kind: String,
    /// The call it tells of, if there is one.
    pub call: Option<CallSid>,
    /// Which way that call went; `None`: it tells of no call, or was put before this was kept.
    pub direction: Option<Direction>,
    /// JSON, as the business receives it.
    pub body: String,
    /// When it happened.
    pub at: Timestamp,
}

// What was said is in the body.
impl std::fmt::Debug for NewEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewEvent").field("kind", &self.kind).finish_non_exhaustive()
    }
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

    /// The put of this event. It is never refused, and putting it again in a transaction of the same cause changes nothing.
    pub(crate) fn action(&self, event: &NewEvent) -> Result<TransactWriteItem, StoreError> {
        if event.body.len() > MAX_BODY_BYTES {
            return Err(StoreError::Corrupt { table: self.events.name.to_string(), attribute: BODY });
        }
        let draft = Draft::default()
            .text(ID, &event.id)
            .text(KIND, event.kind.name())
            .optional_text(CALL, event.call.as_ref().map(CallSid::as_str))
            .optional_text(DIRECTION, event.direction.map(Direction::as_str))
            .text(BODY, &event.body)
            .time(AT, event.at);
        let key = Key::new(waiting(&event.business), format!("{}#{}", time_sk(event.at), event.id));
        Ok(self.events.put_action(key.item(draft), |put| put))
    }

    /// The put of what the domain says that happened.
    pub(crate) fn tell(&self, happened: &Happened<'_>) -> Result<TransactWriteItem, StoreError> {
        self.action(&NewEvent::of(happened)?)
    }
}

impl NewEvent {
    /// What happened, as it is kept.
    ///
    /// # Errors
    /// [`StoreError`], when it has no JSON form.
    pub fn of(happened: &Happened<'_>) -> Result<Self, StoreError> {
        let Happened { business, id, kind, call, direction, at, body } = happened;
        Ok(Self {
            business: business.clone(),
            id: id.clone(),
            kind: *kind,
            call: call.clone(),
            direction: *direction,
            body: to_json("Events", BODY, body)?,
            at: *at,
        })
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

impl Reader {
    /// Whether an event of the business waits for a number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn waits(&self, business: &BusinessId) -> Result<bool, StoreError> {
        Ok(!order::waiting_rows(&self.events, business, 1).await?.0.is_empty())
    }

    /// The event of this sequence number, if it was put.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn one(&self, business: &BusinessId, sequence: u64) -> Result<Option<Event>, StoreError> {
        self.events.get(&key(business, sequence)).await?.as_ref().map(event).transpose()
    }
}

/// The highest number that a business's events have; 0 before the first one.
pub(crate) async fn last(events: &Table, business: &BusinessId) -> Result<u64, StoreError> {
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
        call: row.optional_parsed(CALL, CallSid::parse)?,
        direction: row.optional_text(DIRECTION)?.map(Direction::parse),
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

fn waiting(business: &BusinessId) -> String {
    format!("{HAPPENED_KEYS}{business}")
}

fn partition(business: &BusinessId) -> String {
    format!("{OUTBOX_KEYS}{business}")
}

/// Numbers beyond twelve digits sort behind all that can exist.
fn sort_key(sequence: u64) -> String {
    format!("{EVENT}{:012}", sequence.min(999_999_999_999))
}
