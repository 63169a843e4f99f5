//! The queues themselves: made, found, changed, counted, removed.

use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::errors::SqsError;
use super::settings::{self, Settings, arn_of, check_name};
use super::wire::Attributes;

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS queues(
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        settings TEXT NOT NULL,
        created_ms INTEGER NOT NULL,
        modified_ms INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS messages(
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        queue INTEGER NOT NULL REFERENCES queues(id) ON DELETE CASCADE,
        dead_lettered_from INTEGER REFERENCES queues(id) ON DELETE SET NULL,
        message_id TEXT NOT NULL,
        body TEXT NOT NULL,
        attributes TEXT NOT NULL,
        system_attributes TEXT NOT NULL,
        sent_ms INTEGER NOT NULL,
        visible_ms INTEGER NOT NULL,
        receive TEXT,
        received_ms INTEGER,
        first_received_ms INTEGER,
        receive_count INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX IF NOT EXISTS messages_by_visibility ON messages(queue, visible_ms, id);
    CREATE INDEX IF NOT EXISTS messages_by_age ON messages(queue, sent_ms);
    CREATE INDEX IF NOT EXISTS messages_by_origin ON messages(dead_lettered_from);
    CREATE TABLE IF NOT EXISTS move_tasks(
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        source TEXT NOT NULL,
        destination TEXT,
        moved INTEGER NOT NULL,
        found INTEGER NOT NULL,
        started_ms INTEGER NOT NULL
    ) STRICT;
";

#[derive(Debug, Clone)]
pub(super) struct Queue {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) settings: Settings,
    created_ms: i64,
    modified_ms: i64,
}

/// Makes a queue. One that exists already is left as it is if the attributes given are the ones it has.
pub(super) fn create(
    tx: &Transaction<'_>,
    name: &str,
    attributes: &Attributes,
    now_ms: i64,
) -> Result<(), SqsError> {
    check_name(name)?;
    if let Some(existing) = find(tx, name)? {
        let mut wanted = existing.settings.clone();
        wanted.apply(attributes)?;
        return if wanted == existing.settings { Ok(()) } else { Err(SqsError::QueueNameExists) };
    }
    let mut settings = Settings::default();
    settings.apply(attributes)?;
    check_redrive(tx, name, &settings)?;
    tx.execute(
        "INSERT INTO queues(name, settings, created_ms, modified_ms) VALUES (?1, ?2, ?3, ?3)",
        params![name, serde_json::to_string(&settings)?, now_ms],
    )?;
    Ok(())
}

pub(super) fn set_attributes(
    tx: &Transaction<'_>,
    name: &str,
    attributes: &Attributes,
    now_ms: i64,
) -> Result<(), SqsError> {
    let Queue { id, mut settings, .. } = require(tx, name)?;
    settings.apply(attributes)?;
    check_redrive(tx, name, &settings)?;
    tx.execute(
        "UPDATE queues SET settings = ?2, modified_ms = ?3 WHERE id = ?1",
        params![id, serde_json::to_string(&settings)?, now_ms],
    )?;
    Ok(())
}

/// The attributes asked for by name, or all of them for `All`.
pub(super) fn attributes(
    tx: &Transaction<'_>,
    name: &str,
    wanted: &[String],
    now_ms: i64,
) -> Result<Attributes, SqsError> {
    let queue = require(tx, name)?;
    let mut all = queue.settings.attributes();
    let (visible, hidden, delayed) = count(tx, &queue, now_ms)?;
    for (name, value) in [
        ("QueueArn", arn_of(&queue.name)),
        ("ApproximateNumberOfMessages", visible.to_string()),
        ("ApproximateNumberOfMessagesNotVisible", hidden.to_string()),
        ("ApproximateNumberOfMessagesDelayed", delayed.to_string()),
        ("CreatedTimestamp", (queue.created_ms / 1000).to_string()),
        ("LastModifiedTimestamp", (queue.modified_ms / 1000).to_string()),
    ] {
        all.insert(name.to_owned(), value);
    }
    if wanted.iter().any(|name| name == "All") {
        return Ok(all);
    }
    for name in wanted {
        if !all.contains_key(name) && !settings::is_known(name) {
            return Err(SqsError::InvalidAttributeName(name.clone()));
        }
    }
    all.retain(|name, _| wanted.contains(name));
    Ok(all)
}

/// Messages that a receive would find, that are in flight, and that were sent with a delay still running.
fn count(tx: &Transaction<'_>, queue: &Queue, now_ms: i64) -> Result<(i64, i64, i64), SqsError> {
    let counts = tx.query_row(
        "SELECT count(*) FILTER (WHERE visible_ms <= ?2),
                count(*) FILTER (WHERE visible_ms > ?2 AND receive IS NOT NULL),
                count(*) FILTER (WHERE visible_ms > ?2 AND receive IS NULL)
         FROM messages WHERE queue = ?1 AND sent_ms > ?3",
        params![queue.id, now_ms, queue.oldest_kept_ms(now_ms)],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    Ok(counts)
}

impl Queue {
    /// A message sent at this time or before is past its retention.
    pub(super) fn oldest_kept_ms(&self, now_ms: i64) -> i64 {
        now_ms - self.settings.retention_seconds * 1000
    }
}

pub(super) fn delete(tx: &Transaction<'_>, name: &str) -> Result<(), SqsError> {
    let queue = require(tx, name)?;
    tx.execute("DELETE FROM queues WHERE id = ?1", [queue.id])?;
    Ok(())
}

/// Names that begin with `prefix`, after `after`, one more than `limit` if there are more.
pub(super) fn list(
    tx: &Transaction<'_>,
    prefix: &str,
    after: &str,
    limit: usize,
) -> Result<Vec<String>, SqsError> {
    let mut statement = tx.prepare_cached(
        "SELECT name FROM queues WHERE substr(name, 1, length(?1)) = ?1 AND name > ?2 ORDER BY name LIMIT ?3",
    )?;
    let names = statement.query_map(params![prefix, after, limit + 1], |row| row.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}

pub(super) fn all(tx: &Transaction<'_>) -> Result<Vec<Queue>, SqsError> {
    let mut statement =
        tx.prepare_cached("SELECT id, name, created_ms, modified_ms, settings FROM queues")?;
    let rows = statement.query_map([], fields)?;
    rows.map(|row| parse(row?)).collect()
}

pub(super) fn require(tx: &Transaction<'_>, name: &str) -> Result<Queue, SqsError> {
    find(tx, name)?.ok_or(SqsError::QueueDoesNotExist)
}

pub(super) fn find(tx: &Transaction<'_>, name: &str) -> Result<Option<Queue>, SqsError> {
    tx.prepare_cached("SELECT id, name, created_ms, modified_ms, settings FROM queues WHERE name = ?1")?
        .query_row([name], fields)
        .optional()?
        .map(parse)
        .transpose()
}

type Fields = (i64, String, i64, i64, String);

fn fields(row: &Row<'_>) -> rusqlite::Result<Fields> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
}

fn parse((id, name, created_ms, modified_ms, settings): Fields) -> Result<Queue, SqsError> {
    Ok(Queue { id, name, settings: serde_json::from_str(&settings)?, created_ms, modified_ms })
}

/// A dead-letter queue must exist and be another queue: a queue of its own dead letters would never deliver one.
fn check_redrive(tx: &Transaction<'_>, name: &str, settings: &Settings) -> Result<(), SqsError> {
    let Some(redrive) = &settings.redrive else { return Ok(()) };
    if redrive.target == name || find(tx, &redrive.target)?.is_none() {
        let message = format!("RedrivePolicy must name another existing queue, not {}.", redrive.target);
        return Err(SqsError::InvalidParameterValue(message));
    }
    Ok(())
}
