//! What was said on a call, the figures of its sessions, and who listened to it. Only the bridge writes them, and of its
//! sessions only the one that has the call: every write is conditional on the fence in Leases.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `call#<sid>` | `turn#<epoch>#<position>` | a turn; long ones have further parts behind it |
//! | `call#<sid>` | `report#<epoch>` | the report of one session |
//! | `call#<sid>` | `message#<name>` | a message that the caller left, by a name that any session of the call gives it |
//! | `call#<sid>` | `call-back` | when the person was promised to be called again |
//! | `call#<sid>` | `listener#<view>` | that a person listened to the call, from when to when |
//!
//! Epochs and positions have six digits, so that the order of the keys is the order of the conversation.

mod erase;

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::types::{PutRequest, TransactWriteItem, WriteRequest};
use domain::listening::Listener;
use domain::tools::TakenMessage;
use domain::{CallSid, Epoch, SessionReport, Timestamp, Turn};

use crate::chunks::{self, Chunked};
use crate::item::{Draft, Row, to_json};
use crate::random;
use crate::table::{ABSENT, Key, SK, Table, WriteOutcome};
use crate::transaction::{Action, Transacted, transact};
use crate::{StoreError, plans};
use platform::Aws;
use platform::backoff::{THROTTLING, Tries};

pub use erase::Eraser;

/// DynamoDB's limit on one BatchWriteItem.
const BATCH_WRITE_ITEMS: usize = 25;
/// Heads in one transaction, which may hold 100 items and 4 MB: 25 of them are below 2 MB.
const TRANSACTION_TURNS: usize = 25;

const TURN: &str = "turn#";
const REPORT: &str = "report#";
const MESSAGE: &str = "message#";
const CALL_BACK: &str = "call-back";
const LISTENER: &str = "listener#";
const AT: &str = "at";
const BODY: &str = "body";

/// Held by the bridge.
#[derive(Debug, Clone)]
pub struct Writer {
    turns: Table,
    leases: Table,
}

impl Writer {
    /// `turns` and `leases` are table names.
    pub fn new(aws: &Aws, turns: &str, leases: &str) -> Self {
        Self { turns: Table::new(aws, turns), leases: Table::new(aws, leases) }
    }

    /// Puts turns of one session; putting one again replaces it. If several are for one position, the last one
    /// counts.
    ///
    /// # Errors
    /// [`StoreError::Conditional`] when a later session has the call; then trying again is of no use. After any
    /// error some turns may have been written, and all may be put again.
    pub async fn put_turns(&self, turns: &[Turn]) -> Result<(), StoreError> {
        let Some(first) = turns.first() else { return Ok(()) };
        let latest: BTreeMap<(String, String), &Turn> =
            turns.iter().map(|turn| ((partition(&turn.call), turn_sk(turn)), turn)).collect();
        let (mut heads, mut further) = (Vec::new(), Vec::new());
        for ((pk, sk), turn) in latest {
            let body = to_json(&self.turns.name, BODY, turn)?;
            let chunked: Chunked = chunks::split(&pk, &sk, Draft::default(), &body);
            further.extend(chunked.further);
            heads.push(self.turns.put_action(Key::new(pk, sk).item(chunked.head), |put| put));
        }
        // A part whose head is missing is never read, so only the heads need the fence.
        put_all(&self.turns, further).await?;
        for heads in heads.chunks(TRANSACTION_TURNS) {
            self.fenced("turns", &first.call, first.epoch, heads).await?;
        }
        Ok(())
    }

    /// Puts the report of a session. The first one stands.
    ///
    /// # Errors
    /// [`StoreError::Conditional`] when a later session has the call.
    pub async fn put_report(&self, report: &SessionReport) -> Result<(), StoreError> {
        let draft = Draft::default().text(BODY, to_json(&self.turns.name, BODY, report)?);
        let key = Key::new(partition(&report.call), format!("{REPORT}{:06}", report.epoch.0));
        let put = self.turns.put_new_action(&key, draft);
        self.fenced("report", &report.call, report.epoch, &[put]).await
    }

    /// Writes `puts` if no later epoch has the call.
    async fn fenced(
        &self,
        effect: &'static str,
        call: &CallSid,
        epoch: Epoch,
        puts: &[TransactWriteItem],
    ) -> Result<(), StoreError> {
        let mut actions = vec![plans::fence_action(&self.leases, call, epoch)];
        actions.extend_from_slice(puts);
        // Equal turns put twice are two transactions.
        let identity = random::id(&self.turns.name)?;
        match transact(&self.turns, &actions, &identity).await? {
            Transacted::Refused(refused) if matches!(refused.first(), Some(Action::Refused(_))) => {
                plans::fenced(effect);
                Err(self.turns.forbidden(plans::SUPERSEDED))
            }
            // What is there already stands.
            Transacted::Done | Transacted::Refused(_) => Ok(()),
        }
    }

    /// Keeps a message that a caller left. `id` is its name in the whole call, whichever session takes it; the first
    /// one stands.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_message(
        &self,
        call: &CallSid,
        epoch: Epoch,
        id: &str,
        message: &TakenMessage,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let draft = Draft::default().text(BODY, to_json(&self.turns.name, BODY, message)?).number(AT, at.0);
        let key = Key::new(partition(call), format!("{MESSAGE}{id}"));
        let put = self.turns.put_new_action(&key, draft);
        self.fenced("message", call, epoch, &[put]).await
    }

    /// Keeps when the person was promised to be called again. A later promise takes the place of an earlier one of the call.
    ///
    /// # Errors
    /// [`StoreError::Conditional`] when a later session has the call; after any other error it may be kept, and may be kept again.
    pub async fn put_call_back(&self, call: &CallSid, epoch: Epoch, at: Timestamp) -> Result<(), StoreError> {
        let item = Key::new(partition(call), CALL_BACK).item(Draft::default().number(AT, at.0));
        let put = self.turns.put_action(item, |put| put);
        self.fenced("call_back", call, epoch, &[put]).await
    }

    /// Notes that a person begins to listen to a call. `false`: the view was opened before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn begin_listening(&self, call: &CallSid, listener: &Listener) -> Result<bool, StoreError> {
        let request = self.put_listener(call, listener)?.condition_expression(ABSENT);
        Ok(matches!(self.turns.outcome(request.send().await)?, WriteOutcome::Done(_)))
    }

    /// Notes until when a person listened.
    ///
    /// # Errors
    /// [`StoreError`]; noting it again is safe.
    pub async fn end_listening(&self, call: &CallSid, listener: &Listener) -> Result<(), StoreError> {
        let request = self.put_listener(call, listener)?;
        request.send().await.map(drop).map_err(|error| self.turns.error(&error))
    }

    fn put_listener(&self, call: &CallSid, listener: &Listener) -> Result<PutItemFluentBuilder, StoreError> {
        let draft = Draft::default().text(BODY, to_json(&self.turns.name, BODY, listener)?);
        let key = Key::new(partition(call), format!("{LISTENER}{}", listener.view.as_str()));
        let request = self.turns.client.put_item().table_name(&*self.turns.name);
        Ok(request.set_item(Some(key.item(draft))))
    }
}

/// Held by everything that reads turns and may not write them.
#[derive(Debug, Clone)]
pub struct Reader {
    turns: Table,
}

impl Reader {
    /// `table` is the name of Turns.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { turns: Table::new(aws, table) }
    }

    /// Every turn of a call, in the order of the conversation.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn turns(&self, call: &CallSid) -> Result<Vec<Turn>, StoreError> {
        let rows = self.turns.query(&partition(call), TURN).await?;
        let bodies = chunks::join(&rows)?.into_iter();
        bodies.map(|(row, body)| serde_json::from_str(&body).map_err(|_| row.corrupt(BODY))).collect()
    }

    /// The last turn of a call so far.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn last_turn(&self, call: &CallSid) -> Result<Option<Turn>, StoreError> {
        let Some(row) = self.turns.last(&partition(call), TURN).await? else { return Ok(None) };
        match chunks::of_one(&row)? {
            Some(body) => serde_json::from_str(body).map(Some).map_err(|_| row.corrupt(BODY)),
            // The last row is a part of a long turn, or of one that was never finished.
            None => Ok(self.turns(call).await?.pop()),
        }
    }

    /// The messages that callers left, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn messages(&self, call: &CallSid) -> Result<Vec<(Timestamp, TakenMessage)>, StoreError> {
        let named = self.named_messages(call).await?;
        Ok(named.into_iter().map(|(_, at, message)| (at, message)).collect())
    }

    /// The same, each with the name that it has in its call.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn named_messages(
        &self,
        call: &CallSid,
    ) -> Result<Vec<(String, Timestamp, TakenMessage)>, StoreError> {
        let rows = self.turns.query(&partition(call), MESSAGE).await?;
        let message = |row: &Row| {
            let name = row.text(SK)?.strip_prefix(MESSAGE).unwrap_or_default().to_owned();
            Ok((name, row.time(AT)?, row.json(BODY)?))
        };
        let mut messages: Vec<_> = rows.iter().map(message).collect::<Result<_, StoreError>>()?;
        messages.sort_by_key(|(_, at, _)| *at);
        Ok(messages)
    }

    /// When the person of a call was promised to be called again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn call_back(&self, call: &CallSid) -> Result<Option<Timestamp>, StoreError> {
        let row = self.turns.get(&Key::new(partition(call), CALL_BACK)).await?;
        row.map(|row| row.time(AT)).transpose()
    }

    /// Those who listened to a call while it went on, the first one first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn listeners(&self, call: &CallSid) -> Result<Vec<Listener>, StoreError> {
        let rows = self.turns.query(&partition(call), LISTENER).await?;
        let mut listeners: Vec<Listener> =
            rows.iter().map(|row| row.json(BODY)).collect::<Result<_, StoreError>>()?;
        listeners.sort_by_key(|listener| listener.began_at);
        Ok(listeners)
    }

    /// The reports of all sessions of a call, the first one first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reports(&self, call: &CallSid) -> Result<Vec<SessionReport>, StoreError> {
        self.turns.query(&partition(call), REPORT).await?.iter().map(|row| row.json(BODY)).collect()
    }

    /// The report of the latest session, the one with the highest epoch.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn report(&self, call: &CallSid) -> Result<Option<SessionReport>, StoreError> {
        let row = self.turns.last(&partition(call), REPORT).await?;
        row.map(|row| row.json(BODY)).transpose()
    }
}

fn partition(call: &CallSid) -> String {
    format!("call#{call}")
}

fn turn_sk(turn: &Turn) -> String {
    format!("{TURN}{:06}#{:06}", turn.epoch.0, turn.position)
}

/// Puts items of distinct keys, in batches, until DynamoDB has taken every one.
async fn put_all(table: &Table, items: Vec<(Key, Draft)>) -> Result<(), StoreError> {
    let mut left = items.into_iter().map(|(key, draft)| {
        // Building fails only without an item.
        let put = PutRequest::builder().set_item(Some(key.item(draft))).build().ok();
        WriteRequest::builder().set_put_request(put).build()
    });
    loop {
        let batch: Vec<WriteRequest> = left.by_ref().take(BATCH_WRITE_ITEMS).collect();
        if batch.is_empty() {
            return Ok(());
        }
        put_batch(table, batch).await?;
    }
}

async fn put_batch(table: &Table, mut batch: Vec<WriteRequest>) -> Result<(), StoreError> {
    let mut tries = Tries::with(THROTTLING);
    while tries.next().await {
        let requests = HashMap::from([(table.name.to_string(), batch)]);
        let request = table.client.batch_write_item().set_request_items(Some(requests));
        let output = request.send().await.map_err(|e| table.error(&e))?;
        batch =
            output.unprocessed_items.and_then(|mut tables| tables.remove(&*table.name)).unwrap_or_default();
        if batch.is_empty() {
            return Ok(());
        }
    }
    Err(StoreError::Throttled { table: table.name.to_string() })
}
