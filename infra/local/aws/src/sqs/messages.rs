//! Messages in a queue: sent, received, hidden, deleted, expired. The time is an argument throughout.

use rusqlite::{Row, Transaction, params};
use uuid::Uuid;

use super::checks;
use super::digest;
use super::errors::SqsError;
use super::queues::Queue;
use super::receipts::Handle;
use super::redrive;
use super::settings::{MAX_VISIBILITY_SECONDS, arn_of};
use super::wire::{Attributes, Message, MessageAttributes, Outgoing, SentMessage};
use crate::ACCOUNT_ID;

/// Checks and stores one message.
pub(super) fn send(
    tx: &Transaction<'_>,
    queue: &Queue,
    message: &Outgoing,
    now_ms: i64,
) -> Result<SentMessage, SqsError> {
    message.check(&queue.settings)?;
    let (md5_of_body, md5_of_attributes) = checks::digests(message)?;
    let message_id = Uuid::new_v4().to_string();
    let delay_seconds = message.delay_seconds.unwrap_or(queue.settings.delay_seconds);
    tx.prepare_cached(
        "INSERT INTO messages(queue, message_id, body, attributes, system_attributes, sent_ms, visible_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        queue.id,
        message_id,
        message.message_body,
        serde_json::to_string(&message.message_attributes)?,
        serde_json::to_string(&message.system_attributes())?,
        now_ms,
        now_ms + delay_seconds * 1000
    ])?;
    Ok(SentMessage { message_id, md5_of_body, md5_of_attributes })
}

/// What a receive asks for.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    /// 1 to 10.
    pub(super) messages: usize,
    /// How long the received stay hidden; the queue's own timeout if `None`.
    pub(super) visibility_seconds: Option<i64>,
    pub(super) system_attributes: Vec<String>,
    pub(super) message_attributes: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Received {
    pub(super) messages: Vec<Message>,
    /// The dead-letter queue, if this receive moved messages there.
    pub(super) dead_lettered_to: Option<String>,
    /// When the next hidden message comes back, if nothing else happens.
    pub(super) next_visible_ms: Option<i64>,
}

/// Takes visible messages and hides them. Those received too often already go to the dead-letter queue instead.
pub(super) fn receive(
    tx: &Transaction<'_>,
    queue: &Queue,
    wanted: &Wanted,
    now_ms: i64,
) -> Result<Received, SqsError> {
    expire(tx, queue, now_ms)?;
    let target = redrive::target(tx, queue)?;
    let mut dead_lettered_to = None;
    let found = loop {
        let found = visible(tx, queue, wanted.messages, now_ms)?;
        let Some((target, max_receives)) = &target else { break found };
        let spent: Vec<i64> =
            found.iter().filter(|row| row.receive_count >= *max_receives).map(|row| row.id).collect();
        if spent.is_empty() {
            break found;
        }
        redrive::dead_letter(tx, &spent, queue, target, now_ms)?;
        dead_lettered_to = Some(target.name.clone());
    };
    let visibility_seconds = wanted.visibility_seconds.unwrap_or(queue.settings.visibility_seconds);
    let taken = found.into_iter().map(|row| take(tx, queue, row, now_ms, visibility_seconds, wanted));
    let messages = taken.collect::<Result<Vec<_>, _>>()?;
    let next_visible_ms = tx
        .prepare_cached("SELECT min(visible_ms) FROM messages WHERE queue = ?1 AND visible_ms > ?2")?
        .query_row(params![queue.id, now_ms], |row| row.get(0))?;
    Ok(Received { messages, dead_lettered_to, next_visible_ms })
}

struct Stored {
    id: i64,
    message_id: String,
    body: String,
    attributes: String,
    system_attributes: String,
    sent_ms: i64,
    first_received_ms: Option<i64>,
    receive_count: i64,
    dead_lettered_from: Option<String>,
}

fn visible(tx: &Transaction<'_>, queue: &Queue, limit: usize, now_ms: i64) -> Result<Vec<Stored>, SqsError> {
    let mut statement = tx.prepare_cached(
        "SELECT m.id, m.message_id, m.body, m.attributes, m.system_attributes, m.sent_ms, m.first_received_ms,
                m.receive_count, origin.name
         FROM messages m LEFT JOIN queues origin ON origin.id = m.dead_lettered_from
         WHERE m.queue = ?1 AND m.visible_ms <= ?2 ORDER BY m.visible_ms, m.id LIMIT ?3",
    )?;
    let rows = statement.query_map(params![queue.id, now_ms, limit], |row: &Row<'_>| {
        Ok(Stored {
            id: row.get(0)?,
            message_id: row.get(1)?,
            body: row.get(2)?,
            attributes: row.get(3)?,
            system_attributes: row.get(4)?,
            sent_ms: row.get(5)?,
            first_received_ms: row.get(6)?,
            receive_count: row.get(7)?,
            dead_lettered_from: row.get(8)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Hides a message and makes the client's view of it, under a handle of its own.
fn take(
    tx: &Transaction<'_>,
    queue: &Queue,
    row: Stored,
    now_ms: i64,
    visibility_seconds: i64,
    wanted: &Wanted,
) -> Result<Message, SqsError> {
    let handle = Handle { queue: queue.id, message: row.id, receive: Uuid::new_v4() };
    let first_received_ms = row.first_received_ms.unwrap_or(now_ms);
    tx.prepare_cached(
        "UPDATE messages SET visible_ms = ?2, receive = ?3, received_ms = ?4, first_received_ms = ?5,
                receive_count = receive_count + 1 WHERE id = ?1",
    )?
    .execute(params![
        row.id,
        now_ms + visibility_seconds * 1000,
        handle.receive.to_string(),
        now_ms,
        first_received_ms
    ])?;

    let mut system: Attributes = serde_json::from_str(&row.system_attributes)?;
    system.extend([
        ("SenderId".to_owned(), ACCOUNT_ID.to_owned()),
        ("SentTimestamp".to_owned(), row.sent_ms.to_string()),
        ("ApproximateReceiveCount".to_owned(), (row.receive_count + 1).to_string()),
        ("ApproximateFirstReceiveTimestamp".to_owned(), first_received_ms.to_string()),
    ]);
    if let Some(origin) = row.dead_lettered_from {
        system.insert("DeadLetterQueueSourceArn".to_owned(), arn_of(&origin));
    }
    system.retain(|name, _| wanted.system_attributes.iter().any(|asked| asked == "All" || asked == name));
    let mut attributes: MessageAttributes = serde_json::from_str(&row.attributes)?;
    attributes.retain(|name, _| wanted.message_attributes.iter().any(|asked| is_asked_for(name, asked)));
    Ok(Message {
        message_id: row.message_id,
        receipt_handle: handle.encode(),
        md5_of_body: digest::of_body(&row.body),
        body: row.body,
        attributes: system,
        md5_of_attributes: digest::of_attributes(&attributes)?,
        message_attributes: attributes,
    })
}

/// `All`, `.*`, a name, or the beginning of one before `.*` ("ReceiveMessage", Amazon SQS API Reference).
fn is_asked_for(name: &str, asked: &str) -> bool {
    asked == "All" || asked == name || asked.strip_suffix(".*").is_some_and(|prefix| name.starts_with(prefix))
}

/// Deletes the message if the handle is from its latest receive. An older one succeeds and deletes nothing
/// ("DeleteMessage", Amazon SQS API Reference).
pub(super) fn delete(tx: &Transaction<'_>, queue: &Queue, handle: &str) -> Result<(), SqsError> {
    let handle = Handle::decode(handle, queue.id)?;
    tx.prepare_cached("DELETE FROM messages WHERE id = ?1 AND queue = ?2 AND receive = ?3")?
        .execute(params![handle.message, queue.id, handle.receive.to_string()])?;
    Ok(())
}

/// Hides the message for another while, counted from now, within 12 hours of its receive. 0 shows it at once.
pub(super) fn change_visibility(
    tx: &Transaction<'_>,
    queue: &Queue,
    handle: &str,
    seconds: Option<i64>,
    now_ms: i64,
) -> Result<(), SqsError> {
    let seconds = seconds.ok_or(SqsError::MissingParameter("VisibilityTimeout"))?;
    checks::within("VisibilityTimeout", seconds, 0, MAX_VISIBILITY_SECONDS)?;
    let handle = Handle::decode(handle, queue.id)?;
    expire(tx, queue, now_ms)?;
    let visible_ms = now_ms + seconds * 1000;
    let changed = tx
        .prepare_cached(
            "UPDATE messages SET visible_ms = ?4
             WHERE id = ?1 AND queue = ?2 AND receive = ?3 AND received_ms >= ?4 - ?5",
        )?
        .execute(params![
            handle.message,
            queue.id,
            handle.receive.to_string(),
            visible_ms,
            MAX_VISIBILITY_SECONDS * 1000
        ])?;
    if changed == 1 {
        return Ok(());
    }
    let reason =
        "The message does not exist, was received again since, or would stay hidden for more than 12 hours.";
    Err(SqsError::InvalidParameterValue(reason.to_owned()))
}

pub(super) fn purge(tx: &Transaction<'_>, queue: &Queue) -> Result<(), SqsError> {
    tx.execute("DELETE FROM messages WHERE queue = ?1", [queue.id])?;
    Ok(())
}

/// Removes what is past its retention.
pub(super) fn expire(tx: &Transaction<'_>, queue: &Queue, now_ms: i64) -> Result<(), SqsError> {
    tx.prepare_cached("DELETE FROM messages WHERE queue = ?1 AND sent_ms <= ?2")?
        .execute(params![queue.id, queue.oldest_kept_ms(now_ms)])?;
    Ok(())
}

#[cfg(test)]
mod tests;
