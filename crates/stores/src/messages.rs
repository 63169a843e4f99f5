//! What callers left for a business, and what of it is dealt with.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `left#<business>` | `item#<id>` | a message, or which recording is a voicemail; put once, never changed |
//! | `left#<business>` | `day#<day>` | how many of each kind were left on a day, counted from 1 January 1970, six digits |
//! | `left#<business>` | `all` | how many of each kind were left |
//! | `done#<business>` | `item#<id>` | who dealt with it, and when |
//! | `done#<business>` | `day#<day>` | how many of each kind that were left on the day are done |
//! | `done#<business>` | `all` | how many of each kind are done |
//!
//! A row and its counts are one transaction, whose condition is that the row is new, or there. So the counts are those of
//! the rows at all times, and what waits is the difference of two. The rows of `left#` are the agent's side's and those of
//! `done#` the API's.

mod erase;
mod list;
mod marks;
mod theirs;

use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use domain::messages::{Day, Left, MessageId, MessageKind, Origin, Tally, What};
use domain::texts::ThreadId;
use domain::{BusinessId, CallSid, PhoneNumber, RecordingSid, event};
use platform::Aws;

use crate::StoreError;
use crate::events::Telling;
use crate::item::{Draft, Row, number, to_json};
use crate::random;
use crate::table::{Key, SK, Table};
use crate::transaction::{Transacted, transact};

pub use erase::Eraser;
pub use list::{Entry, Page, Reader};
pub use marks::Marks;

/// What the partition keys of what was left begin with.
pub const LEFT_KEYS: &str = "left#";
/// What the partition keys of marks begin with.
pub const DONE_KEYS: &str = "done#";

const ITEM: &str = "item#";
const DAY: &str = "day#";
const ALL: &str = "all";

const KIND: &str = "kind";
const CALL: &str = "call";
const THREAD: &str = "thread";
const CALLER: &str = "caller";
const BODY: &str = "body";
const RECORDING: &str = "recording";

/// Held by the function that looks at what a call has left behind, and by the agent that writes.
#[derive(Debug, Clone)]
pub struct Writer {
    messages: Table,
}

impl Writer {
    /// `table` is the name of Messages.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { messages: Table::new(aws, table) }
    }

    /// Puts one thing that was left in a call, counts it and tells the business. `false`: it is there already.
    ///
    /// # Errors
    /// [`StoreError`]; putting it again is safe.
    pub async fn put(
        &self,
        business: &BusinessId,
        left: &Left,
        told: Telling<'_>,
    ) -> Result<bool, StoreError> {
        let table = &self.messages;
        let key = item_key(LEFT_KEYS, business, left.id);
        // Each job about the call tells it again: a read is cheaper than a transaction that is refused.
        if table.get(&key).await?.is_some() {
            return Ok(false);
        }
        let mut actions = self.actions(business, left)?.to_vec();
        if let Some((events, call)) = told
            && let Some(happened) = event::left(business, Some(call), None, left)
        {
            actions.push(events.tell(&happened)?);
        }
        let done = transact(table, &actions, &random::id(&table.name)?).await?;
        Ok(matches!(done, Transacted::Done))
    }

    /// The same as actions of a transaction, which is refused if it is there already.
    pub(crate) fn actions(
        &self,
        business: &BusinessId,
        left: &Left,
    ) -> Result<[TransactWriteItem; 3], StoreError> {
        let table = &self.messages;
        let put = table.put_new_action(&item_key(LEFT_KEYS, business, left.id), draft(table, left)?);
        let [day, all] = counts(table, LEFT_KEYS, business, (left.id, left.kind()), 1);
        Ok([put, day, all])
    }
}

/// The additions to the counts of one side of the list.
fn counts(
    table: &Table,
    side: &str,
    business: &BusinessId,
    (id, kind): (MessageId, MessageKind),
    more: i64,
) -> [TransactWriteItem; 2] {
    let add = |sk: String| {
        let update = Update::builder()
            .table_name(&*table.name)
            .set_key(Some(Key::new(partition(side, business), sk).attributes()))
            .update_expression("ADD #kind :more")
            .expression_attribute_names("#kind", kind.as_str())
            .expression_attribute_values(":more", number(more));
        // Building fails only without table, key or expression; all are given.
        TransactWriteItem::builder().set_update(update.build().ok()).build()
    };
    [add(day_sk(id.day())), add(ALL.to_owned())]
}

fn draft(table: &Table, left: &Left) -> Result<Draft, StoreError> {
    let draft = Draft::default()
        .text(KIND, left.kind().as_str())
        .optional_text(CALL, left.origin.call().map(CallSid::as_str))
        .optional_text(THREAD, left.origin.thread().map(ThreadId::as_str))
        .optional_text(CALLER, left.caller.as_ref().map(PhoneNumber::as_e164));
    Ok(match &left.what {
        What::Message(message) => draft.text(BODY, to_json(&table.name, BODY, message)?),
        What::Voicemail(recording) => draft.text(RECORDING, recording.as_str()),
    })
}

fn left(row: &Row) -> Result<Left, StoreError> {
    Ok(Left {
        id: id_of(row)?,
        origin: match row.optional_parsed(THREAD, ThreadId::parse)? {
            Some(thread) => Origin::Thread(thread),
            None => Origin::Call(row.parsed(CALL, CallSid::parse)?),
        },
        caller: row.optional_parsed(CALLER, PhoneNumber::parse)?,
        what: match kind_of(row)? {
            MessageKind::Message => What::Message(row.json(BODY)?),
            MessageKind::Voicemail => What::Voicemail(row.parsed(RECORDING, RecordingSid::parse)?),
        },
    })
}

fn tally(row: &Row) -> Result<Tally, StoreError> {
    let count = |kind: MessageKind| Ok(row.optional_number(kind.as_str())?.unwrap_or(0));
    Ok(Tally { messages: count(MessageKind::Message)?, voicemails: count(MessageKind::Voicemail)? })
}

fn id_of(row: &Row) -> Result<MessageId, StoreError> {
    row.parsed(SK, |sk| MessageId::parse(sk.strip_prefix(ITEM).unwrap_or_default()))
}

fn kind_of(row: &Row) -> Result<MessageKind, StoreError> {
    row.parsed(KIND, |word| MessageKind::parse(word).ok_or(()))
}

fn partition(side: &str, business: &BusinessId) -> String {
    format!("{side}{business}")
}

fn item_key(side: &str, business: &BusinessId, id: MessageId) -> Key {
    Key::new(partition(side, business), item_sk(id))
}

fn item_sk(id: MessageId) -> String {
    format!("{ITEM}{id}")
}

fn day_sk(day: Day) -> String {
    format!("{DAY}{:06}", day.0)
}
