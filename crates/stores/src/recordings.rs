//! Recordings on their way into the archive and out of it, and the links that lend them. Only the recordings
//! functions write them.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `call#<sid>` | `recording#<sid>` | the recording; one query finds all of a call |
//! | `call#<sid>` | `recording` | the search for the recording of a call of which nothing was heard |
//! | `recording#<sid>` | `recording` | which call a recording belongs to |
//! | `call#<sid>` | `share#<id>` | a share link |
//! | `share#<SHA-256 of the token>` | `share` | which link a token opens; the token itself is nowhere |
//! | `access#<share id>` | `<milliseconds>#<random>` | one use of a link, and how it ended |
//! | `guesses#<share id>` | `<visitor>` | the passcodes that one visitor got wrong in a row |
//!
//! What something is still owed to carries `due` and `due_at`, and so is in the index `by_due`.

mod erase;
mod row;
mod search;
mod shares;
mod sweep;

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem};
use domain::recording::{Archived, CallRecordings, Deletion, DeletionReason, Due, Waveform};
use domain::{CallSid, Recording, RecordingSid, RecordingState, Timestamp, event};

use crate::StoreError;
use crate::events::Telling;
use crate::item::{Draft, number, text};
use crate::random;
use crate::table::{ABSENT, Key, Table, WriteOutcome};
use crate::transaction::{Action, Transacted, transact, update_action};
use platform::Aws;
use row::{CALL, DELETED_AT_TWILIO, HELD, REFUSED_BODY, STATE};

pub use erase::{Eraser, ToErase};
pub use shares::{Access, Guess, Taken, token_hash};
pub use sweep::{Owed, Swept};

const RECORDING: &str = "recording#";
/// What the keys of recordings and of the search for one have in common.
const ABOUT_RECORDINGS: &str = "recording";

/// Whether an announcement was news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Announced {
    /// It was not known before.
    New,
    /// It is known in this state or a later one.
    Already,
}

/// What became of the wish to delete a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// It is deleted, by this or before; its bytes are still to be removed.
    Done,
    /// It is under legal hold.
    Held,
    /// There is nothing to delete, or not yet.
    Nothing,
}

/// Held by the recordings functions.
#[derive(Debug, Clone)]
pub struct Writer {
    recordings: Table,
}

impl Writer {
    /// `table` is the name of Recordings.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { recordings: Table::new(aws, table) }
    }

    /// Records what Twilio announced, once. What is in progress gives way to everything else and replaces nothing.
    ///
    /// # Errors
    /// [`StoreError`]; announcing again is safe.
    pub async fn announce(&self, recording: &Recording) -> Result<Announced, StoreError> {
        let condition = match recording.state {
            RecordingState::InProgress => ABSENT,
            _ => "attribute_not_exists(pk) OR #state = :in_progress",
        };
        let due = Due::of(&recording.state, false, recording.announced_at);
        let key = recording_key(&recording.call, &recording.sid);
        let item = key.item(row::draft(&self.recordings.name, recording, due)?);
        let pointer = pointer_key(&recording.sid).item(Draft::default().text(CALL, recording.call.as_str()));
        let actions = [
            self.recordings.put_action(item, |put| {
                let put = put.condition_expression(condition);
                if condition == ABSENT {
                    return put;
                }
                put.expression_attribute_names("#state", STATE)
                    .expression_attribute_values(":in_progress", text(RecordingState::InProgress.as_str()))
            }),
            self.recordings.put_action(pointer, |put| put),
        ];
        match transact(&self.recordings, &actions, &random::id(&self.recordings.name)?).await? {
            Transacted::Done => Ok(Announced::New),
            Transacted::Refused(_) => Ok(Announced::Already),
        }
    }

    /// We hold it now, its `waveform` is this, and the business is told. Only an announced or failed recording can be archived; saying it twice is
    /// harmless.
    ///
    /// # Errors
    /// [`StoreError::Conditional`] from any other state.
    pub async fn archived(
        &self,
        sid: &RecordingSid,
        archived: &Archived,
        waveform: Option<&Waveform>,
        told: Telling<'_>,
    ) -> Result<(), StoreError> {
        let told = match (told, Reader { recordings: self.recordings.clone() }.recording(sid).await?) {
            (Some((events, call)), Some(recording)) => {
                Some(events.tell(&event::archived(call, &recording, archived))?)
            }
            (None, _) | (_, None) => None,
        };
        self.leave_waiting(sid, RecordingState::Archived(archived.clone()), waveform, told).await
    }

    /// Every attempt failed, or none can succeed.
    ///
    /// # Errors
    /// [`StoreError::Conditional`] unless the recording is in progress, announced or failed.
    pub async fn failed(&self, sid: &RecordingSid, reason: &str) -> Result<(), StoreError> {
        self.leave_waiting(sid, RecordingState::Failed { reason: reason.to_owned() }, None, None).await
    }

    /// Twilio says that it was deleted.
    ///
    /// # Errors
    /// [`StoreError::Conditional`] unless the recording is in progress, announced or failed.
    pub async fn lost(&self, sid: &RecordingSid) -> Result<(), StoreError> {
        self.leave_waiting(sid, RecordingState::Lost, None, None).await
    }

    async fn leave_waiting(
        &self,
        sid: &RecordingSid,
        next: RecordingState,
        waveform: Option<&Waveform>,
        told: Option<TransactWriteItem>,
    ) -> Result<(), StoreError> {
        let key = self.key_of(sid).await?;
        // What was never announced can be given up, and nothing else.
        let from = match next {
            RecordingState::Lost | RecordingState::Failed { .. } => {
                "#state IN (:in_progress, :announced, :failed)"
            }
            _ => "#state IN (:announced, :failed)",
        };
        let due = Due::of(&next, false, Timestamp::default());
        let mut request = row::move_to(self.update(&key), &self.recordings.name, &next, due, waveform)?
            .condition_expression(from)
            .expression_attribute_values(":announced", text(RecordingState::Announced.as_str()))
            .expression_attribute_values(":failed", text("failed"));
        if from.contains(":in_progress") {
            request = request
                .expression_attribute_values(":in_progress", text(RecordingState::InProgress.as_str()));
        }
        let table = &self.recordings;
        let actions: Vec<TransactWriteItem> = std::iter::once(update_action(&request)).chain(told).collect();
        let refused = match transact(table, &actions, &random::id(&table.name)?).await? {
            Transacted::Done => return Ok(()),
            Transacted::Refused(refused) => refused,
        };
        match refused.into_iter().next() {
            Some(Action::Refused(Some(standing)))
                if row::recording(&table.row(standing.clone()))?.state == next =>
            {
                Ok(())
            }
            _ => Err(table.forbidden("only an announced or failed recording can change its state")),
        }
    }

    /// Notes a body that Twilio sent and that is not the recording, by its `fingerprint`. Whether the one before was the
    /// same.
    ///
    /// # Errors
    /// [`StoreError`]. Of a note that was made and whose answer was lost, the next one says that it was the same.
    pub async fn refused_body(&self, recording: &Recording, fingerprint: &str) -> Result<bool, StoreError> {
        let request = self
            .update(&recording_key(&recording.call, &recording.sid))
            .update_expression("SET #body = :body")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#body", REFUSED_BODY)
            .expression_attribute_values(":body", text(fingerprint))
            .return_values(ReturnValue::UpdatedOld);
        match self.recordings.outcome(request.send().await)? {
            WriteOutcome::Done(output) => {
                let before = self.recordings.row(output.attributes.unwrap_or_default());
                Ok(before.optional_text(REFUSED_BODY)? == Some(fingerprint))
            }
            WriteOutcome::Refused(_) => Ok(false),
        }
    }

    /// Makes a tombstone of a recording, unless it is held. A job of the queue removes its bytes, see
    /// [`Self::erased`].
    ///
    /// # Errors
    /// [`StoreError`]; deleting again is safe.
    pub async fn delete(
        &self,
        recording: &Recording,
        reason: DeletionReason,
        now: Timestamp,
    ) -> Result<Deleted, StoreError> {
        let archived = match &recording.state {
            RecordingState::Archived(archived) => Some(archived.clone()),
            RecordingState::Announced | RecordingState::Failed { .. } => None,
            RecordingState::Deleted(_) => return Ok(Deleted::Done),
            RecordingState::InProgress | RecordingState::Lost | RecordingState::Absent => {
                return Ok(Deleted::Nothing);
            }
        };
        let next = RecordingState::Deleted(Deletion { at: now, reason, archived });
        let due = Due::of(&next, false, now);
        let key = recording_key(&recording.call, &recording.sid);
        let request = row::move_to(self.update(&key), &self.recordings.name, &next, due, None)?
            .condition_expression("#state = :seen AND attribute_not_exists(#held)")
            .expression_attribute_names("#held", HELD)
            .expression_attribute_values(":seen", text(recording.state.as_str()));
        match self.recordings.outcome(request.send().await)? {
            WriteOutcome::Done(_) => Ok(Deleted::Done),
            WriteOutcome::Refused(Some(standing)) => {
                let standing = row::recording(&standing)?;
                match standing.state {
                    RecordingState::Deleted(_) => Ok(Deleted::Done),
                    _ if standing.held => Ok(Deleted::Held),
                    // It moved on meanwhile: another attempt sees where to.
                    _ => Err(self.recordings.contended()),
                }
            }
            WriteOutcome::Refused(None) => Ok(Deleted::Nothing),
        }
    }

    /// Puts an archived recording under legal hold, or takes it off. `None` when it is not archived.
    ///
    /// # Errors
    /// [`StoreError`]; saying it again is safe.
    pub async fn hold(&self, recording: &Recording, held: bool) -> Result<Option<Archived>, StoreError> {
        let RecordingState::Archived(archived) = &recording.state else { return Ok(None) };
        let key = recording_key(&recording.call, &recording.sid);
        let due = Due::of(&recording.state, held, archived.at);
        let request = self
            .update(&key)
            .condition_expression("#state = :archived")
            .expression_attribute_names("#state", STATE)
            .expression_attribute_names("#held", HELD)
            .expression_attribute_names("#due", row::DUE)
            .expression_attribute_names("#due_at", row::DUE_AT)
            .expression_attribute_values(":archived", text(recording.state.as_str()));
        let request = match (held, due) {
            (true, _) => request
                .update_expression("SET #held = :held REMOVE #due, #due_at")
                .expression_attribute_values(":held", text("yes")),
            (false, Some((due, at))) => request
                .update_expression("SET #due = :due, #due_at = :due_at REMOVE #held")
                .expression_attribute_values(":due", text(due.as_str()))
                .expression_attribute_values(":due_at", number(at.0)),
            (false, None) => request.update_expression("REMOVE #held, #due, #due_at"),
        };
        match self.recordings.outcome(request.send().await)? {
            WriteOutcome::Done(_) => Ok(Some(archived.clone())),
            WriteOutcome::Refused(_) => Ok(None),
        }
    }

    /// Twilio's copy is gone by our own request.
    ///
    /// # Errors
    /// [`StoreError`]; saying it again is harmless.
    pub async fn deleted_at_twilio(&self, recording: &Recording, now: Timestamp) -> Result<(), StoreError> {
        let request = self
            .update(&recording_key(&recording.call, &recording.sid))
            .update_expression("SET #deleted = if_not_exists(#deleted, :now)")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#deleted", DELETED_AT_TWILIO)
            .expression_attribute_values(":now", number(now.0));
        self.recordings.outcome(request.send().await).map(drop)
    }

    /// Nothing is left of a deleted recording but its tombstone.
    ///
    /// # Errors
    /// [`StoreError`]; saying it again is harmless.
    pub async fn erased(&self, recording: &Recording) -> Result<(), StoreError> {
        let request = self
            .update(&recording_key(&recording.call, &recording.sid))
            .update_expression("REMOVE #due, #due_at, #sweeps")
            .condition_expression("#state = :deleted")
            .expression_attribute_names("#state", STATE)
            .expression_attribute_names("#due", row::DUE)
            .expression_attribute_names("#due_at", row::DUE_AT)
            .expression_attribute_names("#sweeps", row::SWEEPS)
            .expression_attribute_values(":deleted", text("deleted"));
        self.recordings.outcome(request.send().await).map(drop)
    }

    async fn key_of(&self, sid: &RecordingSid) -> Result<Key, StoreError> {
        match call_of(&self.recordings, sid).await? {
            Some(call) => Ok(recording_key(&call, sid)),
            None => Err(self.recordings.forbidden("the recording was never announced")),
        }
    }

    fn update(&self, key: &Key) -> UpdateItemFluentBuilder {
        self.recordings
            .client
            .update_item()
            .table_name(&*self.recordings.name)
            .set_key(Some(key.attributes()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }
}

/// Held by everything that reads recordings and may not write them.
#[derive(Debug, Clone)]
pub struct Reader {
    recordings: Table,
}

impl Reader {
    /// `table` is the name of Recordings.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { recordings: Table::new(aws, table) }
    }

    /// # Errors
    /// [`StoreError`].
    pub async fn recording(&self, sid: &RecordingSid) -> Result<Option<Recording>, StoreError> {
        match call_of(&self.recordings, sid).await? {
            Some(call) => self.of_call(&call, sid).await,
            None => Ok(None),
        }
    }

    /// The same where the call is known.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn of_call(&self, call: &CallSid, sid: &RecordingSid) -> Result<Option<Recording>, StoreError> {
        let row = self.recordings.get(&recording_key(call, sid)).await?;
        row.map(|row| row::recording(&row)).transpose()
    }

    /// All that is known of a call's recordings.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn for_call(&self, call: &CallSid) -> Result<CallRecordings, StoreError> {
        let mut known = CallRecordings::default();
        for row in self.recordings.query(&partition(call), ABOUT_RECORDINGS).await? {
            if search::is_search(&row)? {
                known.search = Some(search::search(&row)?);
            } else {
                known.all.push(row::recording(&row)?);
            }
        }
        Ok(known)
    }
}

fn partition(call: &CallSid) -> String {
    format!("call#{call}")
}

fn recording_key(call: &CallSid, sid: &RecordingSid) -> Key {
    Key::new(partition(call), format!("{RECORDING}{sid}"))
}

fn pointer_key(sid: &RecordingSid) -> Key {
    Key::new(format!("{RECORDING}{sid}"), "recording")
}

async fn call_of(recordings: &Table, sid: &RecordingSid) -> Result<Option<CallSid>, StoreError> {
    recordings.get(&pointer_key(sid)).await?.map(|row| row.parsed(CALL, CallSid::parse)).transpose()
}
