//! Dead-letter queues: messages received too often go there, and a move task brings them back.

use rusqlite::{Transaction, params};
use uuid::Uuid;

use super::errors::SqsError;
use super::messages;
use super::queues::{self, Queue};
use super::settings::{arn_of, name_in_arn};
use super::wire::MoveTask;

/// How many finished tasks of a queue are remembered, and the most that a listing shows.
const MAX_TASKS_LISTED: u32 = 10;

/// The dead-letter queue of `queue` and its limit on receives; `None` too if it has been deleted since it was named.
pub(super) fn target(tx: &Transaction<'_>, queue: &Queue) -> Result<Option<(Queue, i64)>, SqsError> {
    let Some(redrive) = &queue.settings.redrive else { return Ok(None) };
    Ok(queues::find(tx, &redrive.target)?.map(|target| (target, redrive.max_receives)))
}

/// Moves messages to `target`, where they are visible at once. They keep their id, send time and receive count
/// ("Using dead-letter queues in Amazon SQS", Developer Guide).
pub(super) fn dead_letter(
    tx: &Transaction<'_>,
    ids: &[i64],
    from: &Queue,
    target: &Queue,
    now_ms: i64,
) -> Result<(), SqsError> {
    let mut statement = tx.prepare_cached(
        "UPDATE messages SET queue = ?2, dead_lettered_from = ?3, visible_ms = ?4, receive = NULL WHERE id = ?1",
    )?;
    for id in ids {
        statement.execute(params![id, target.id, from.id, now_ms])?;
    }
    Ok(())
}

/// The outcome of a started move task.
#[derive(Debug)]
pub(super) struct Moved {
    pub(super) handle: String,
    /// The queues that got messages.
    pub(super) into: Vec<String>,
}

/// Moves the visible messages of a dead-letter queue to `destination`, or each back to the queue it came from. They
/// arrive as new messages: new id, send time and retention ("Learn how to configure a dead-letter queue redrive",
/// Developer Guide). The whole move is one transaction, so a task is finished when it is started.
pub(super) fn start_move(
    tx: &Transaction<'_>,
    source_arn: &str,
    destination_arn: Option<&str>,
    now_ms: i64,
) -> Result<Moved, SqsError> {
    let source = named(tx, "SourceArn", source_arn)?;
    let destination = destination_arn.map(|arn| named(tx, "DestinationArn", arn)).transpose()?;
    let all = queues::all(tx)?;
    let dead_letters_here =
        |queue: &Queue| queue.settings.redrive.as_ref().is_some_and(|redrive| redrive.target == source.name);
    if !all.iter().any(dead_letters_here) {
        let message = "Source queue must be configured as a dead-letter queue.";
        return Err(SqsError::InvalidParameterValue(message.to_owned()));
    }
    messages::expire(tx, &source, now_ms)?;
    let found: Vec<(i64, Option<i64>)> = tx
        .prepare_cached(
            "SELECT id, dead_lettered_from FROM messages WHERE queue = ?1 AND visible_ms <= ?2 ORDER BY sent_ms, id",
        )?
        .query_map(params![source.id, now_ms], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let mut statement = tx.prepare_cached(
        "UPDATE messages SET queue = ?2, message_id = ?3, sent_ms = ?4, visible_ms = ?4, dead_lettered_from = NULL,
                receive = NULL, received_ms = NULL, first_received_ms = NULL, receive_count = 0 WHERE id = ?1",
    )?;
    let mut moved = 0;
    let mut into = std::collections::BTreeSet::new();
    for (id, origin) in &found {
        // A message sent straight to the dead-letter queue has nowhere to go back to.
        let Some(queue) = destination.as_ref().map(|queue| queue.id).or(*origin) else { continue };
        moved += statement.execute(params![id, queue, Uuid::new_v4().to_string(), now_ms])?;
        into.insert(queue);
    }
    record(tx, &source.name, destination.as_ref(), moved, found.len(), now_ms)?;
    let into = all.into_iter().filter(|queue| into.contains(&queue.id)).map(|queue| queue.name).collect();
    Ok(Moved { handle: Uuid::new_v4().to_string(), into })
}

/// The latest tasks of a source, newest first.
pub(super) fn moves(
    tx: &Transaction<'_>,
    source_arn: &str,
    max_results: Option<u32>,
) -> Result<Vec<MoveTask>, SqsError> {
    let source = named(tx, "SourceArn", source_arn)?;
    let mut statement = tx.prepare_cached(
        "SELECT destination, moved, found, started_ms FROM move_tasks WHERE source = ?1 ORDER BY id DESC LIMIT ?2",
    )?;
    let limit = max_results.unwrap_or(1).clamp(1, MAX_TASKS_LISTED);
    let tasks = statement.query_map(params![source.name, limit], |row| {
        let (moved, found) = (row.get(1)?, row.get(2)?);
        let all_moved = moved == found;
        Ok(MoveTask {
            status: if all_moved { "COMPLETED" } else { "FAILED" },
            failure_reason: (!all_moved).then_some("CouldNotDetermineMessageSource"),
            source_arn: arn_of(&source.name),
            destination_arn: row.get::<_, Option<String>>(0)?.map(|name| arn_of(&name)),
            approximate_number_of_messages_moved: moved,
            approximate_number_of_messages_to_move: found,
            started_timestamp: row.get(3)?,
        })
    })?;
    Ok(tasks.collect::<Result<_, _>>()?)
}

fn record(
    tx: &Transaction<'_>,
    source: &str,
    destination: Option<&Queue>,
    moved: usize,
    found: usize,
    now_ms: i64,
) -> Result<(), SqsError> {
    let destination = destination.map(|queue| queue.name.as_str());
    tx.execute(
        "INSERT INTO move_tasks(source, destination, moved, found, started_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![source, destination, moved, found, now_ms],
    )?;
    tx.execute(
        "DELETE FROM move_tasks WHERE source = ?1 AND id NOT IN
            (SELECT id FROM move_tasks WHERE source = ?1 ORDER BY id DESC LIMIT ?2)",
        params![source, MAX_TASKS_LISTED],
    )?;
    Ok(())
}

fn named(tx: &Transaction<'_>, parameter: &str, arn: &str) -> Result<Queue, SqsError> {
    let missing = || {
        SqsError::ResourceNotFound(format!(
            "The resource that you specified for the {parameter} parameter doesn't exist."
        ))
    };
    queues::find(tx, name_in_arn(arn)?)?.ok_or_else(missing)
}
