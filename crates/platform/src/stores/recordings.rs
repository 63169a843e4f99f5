//! Recordings on their way into the archive. Written by the recordings functions and nobody else.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `call#<sid>` | `recording#<sid>` | the recording; one query finds all of a call |
//! | `recording#<sid>` | `recording` | which call a recording belongs to |

use std::time::Duration;

use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use domain::recording::{Archived, RecordingKind};
use domain::{BusinessId, CallSid, Recording, RecordingSid, RecordingState};

use crate::item::{Draft, Row, text, to_json};
use crate::stores::StoreError;
use crate::stores::table::{Key, Outcome, SK, Table};
use crate::stores::transaction::{Transacted, transact};
use crate::{Aws, random};

const RECORDING: &str = "recording#";
const CALL: &str = "call";
const KIND: &str = "kind";
const STATE: &str = "state";
const ARCHIVED: &str = "archived";
const REASON: &str = "reason";

/// Whether an announcement was news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Announced {
    New,
    Already,
}

/// Held by the recordings functions.
#[derive(Debug, Clone)]
pub struct Writer {
    recordings: Table,
}

impl Writer {
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { recordings: Table::new(aws, table) }
    }

    /// Records what Twilio announced, once.
    ///
    /// # Errors
    /// [`StoreError`]; announcing again is safe.
    pub async fn announce(&self, recording: &Recording) -> Result<Announced, StoreError> {
        let key = recording_key(&recording.call, &recording.sid);
        let actions = [
            self.recordings.put_new_action(&key, draft(&self.recordings.name, recording)?),
            self.recordings.put_action(
                pointer_key(&recording.sid).item(Draft::default().text(CALL, recording.call.as_str())),
                |put| put,
            ),
        ];
        match transact(&self.recordings, &actions, &random::id(&self.recordings.name)?).await? {
            Transacted::Done => Ok(Announced::New),
            Transacted::Refused(_) => Ok(Announced::Already),
        }
    }

    /// We hold it now. Only an announced or failed recording can be archived; saying it twice is harmless.
    ///
    /// # Errors
    /// [`StoreError::Conditional`] from any other state.
    pub async fn archived(&self, sid: &RecordingSid, archived: &Archived) -> Result<(), StoreError> {
        self.leave_waiting(sid, &RecordingState::Archived(archived.clone())).await
    }

    /// Every attempt failed.
    ///
    /// # Errors
    /// [`StoreError::Conditional`] unless the recording is announced or failed.
    pub async fn failed(&self, sid: &RecordingSid, reason: &str) -> Result<(), StoreError> {
        self.leave_waiting(sid, &RecordingState::Failed { reason: reason.to_owned() }).await
    }

    /// Gone at Twilio.
    ///
    /// # Errors
    /// [`StoreError::Conditional`] unless the recording is announced or failed.
    pub async fn lost(&self, sid: &RecordingSid) -> Result<(), StoreError> {
        self.leave_waiting(sid, &RecordingState::Lost).await
    }

    async fn leave_waiting(&self, sid: &RecordingSid, next: &RecordingState) -> Result<(), StoreError> {
        let Some(call) = call_of(&self.recordings, sid).await? else {
            return Err(self.recordings.forbidden("the recording was never announced"));
        };
        let mut expression = "SET #state = :next".to_owned();
        let request = self
            .recordings
            .client
            .update_item()
            .table_name(&*self.recordings.name)
            .set_key(Some(recording_key(&call, sid).attributes()))
            .condition_expression("#state IN (:announced, :failed)")
            .expression_attribute_names("#state", STATE)
            .expression_attribute_values(":next", text(next.as_str()))
            .expression_attribute_values(":announced", text(RecordingState::Announced.as_str()))
            .expression_attribute_values(":failed", text("failed"))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let detail = match next {
            RecordingState::Archived(archived) => {
                Some((ARCHIVED, to_json(&self.recordings.name, ARCHIVED, archived)?))
            }
            RecordingState::Failed { reason } => Some((REASON, reason.clone())),
            RecordingState::Announced
            | RecordingState::Lost
            | RecordingState::Absent
            | RecordingState::Deleted => None,
        };
        let request = match detail {
            Some((name, value)) => {
                expression.push_str(", #detail = :detail");
                request
                    .expression_attribute_names("#detail", name)
                    .expression_attribute_values(":detail", text(value))
            }
            None => request,
        };
        match self.recordings.settle(request.update_expression(expression).send().await)? {
            Outcome::Done(_) => Ok(()),
            Outcome::Refused(Some(row)) if recording(&row)?.state == *next => Ok(()),
            Outcome::Refused(_) => {
                Err(self.recordings.forbidden("only an announced or failed recording can change its state"))
            }
        }
    }
}

#[derive(Debug, Clone)]
pub struct Reader {
    recordings: Table,
}

impl Reader {
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { recordings: Table::new(aws, table) }
    }

    /// # Errors
    /// [`StoreError`].
    pub async fn recording(&self, sid: &RecordingSid) -> Result<Option<Recording>, StoreError> {
        let Some(call) = call_of(&self.recordings, sid).await? else { return Ok(None) };
        let row = self.recordings.get(&recording_key(&call, sid)).await?;
        row.map(|row| recording(&row)).transpose()
    }

    /// Every recording of a call.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn for_call(&self, call: &CallSid) -> Result<Vec<Recording>, StoreError> {
        self.recordings.query(&partition(call), RECORDING).await?.iter().map(recording).collect()
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

fn draft(table: &str, recording: &Recording) -> Result<Draft, StoreError> {
    let draft = Draft::default()
        .text(CALL, recording.call.as_str())
        .text("business", recording.business.as_str())
        .text(KIND, recording.kind.as_str())
        .text(STATE, recording.state.as_str())
        .time("announced_at", recording.announced_at)
        .optional_number("announced_secs", recording.announced_duration.as_ref().map(Duration::as_secs))
        .optional_number("channels", recording.channels)
        .optional_number("started_at", recording.started_at.map(|at| at.0));
    Ok(match &recording.state {
        RecordingState::Archived(archived) => draft.text(ARCHIVED, to_json(table, ARCHIVED, archived)?),
        RecordingState::Failed { reason } => draft.text(REASON, reason),
        RecordingState::Announced
        | RecordingState::Lost
        | RecordingState::Absent
        | RecordingState::Deleted => draft,
    })
}

fn recording(row: &Row) -> Result<Recording, StoreError> {
    Ok(Recording {
        sid: row.parsed(SK, |sk| RecordingSid::parse(sk.strip_prefix(RECORDING).unwrap_or_default()))?,
        kind: match row.optional_text(KIND)? {
            Some(word) => RecordingKind::parse(word).ok_or_else(|| row.corrupt(KIND))?,
            None => RecordingKind::default(),
        },
        call: row.parsed(CALL, CallSid::parse)?,
        business: row.parsed("business", BusinessId::parse)?,
        state: match row.text(STATE)? {
            "announced" => RecordingState::Announced,
            "archived" => RecordingState::Archived(row.json(ARCHIVED)?),
            "failed" => RecordingState::Failed { reason: row.text(REASON)?.to_owned() },
            "lost" => RecordingState::Lost,
            "absent" => RecordingState::Absent,
            "deleted" => RecordingState::Deleted,
            _ => return Err(row.corrupt(STATE)),
        },
        announced_at: row.time("announced_at")?,
        announced_duration: row.optional_seconds("announced_secs")?,
        channels: row.optional_number("channels")?,
        started_at: row.optional_time("started_at")?,
    })
}
