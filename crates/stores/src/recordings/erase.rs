//! Deleting the recordings of a call as any deletion does: a tombstone, and a job that removes the bytes.

use domain::recording::DeletionReason;
use domain::{CallSid, Recording, RecordingState, Timestamp};
use platform::Aws;

use super::{ABOUT_RECORDINGS, Deleted, Writer, partition, row, search};
use crate::StoreError;
use crate::table::Table;

/// What is to be done about a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToErase {
    /// Nothing of it is left, or there never was anything.
    Nothing,
    /// It is on its way, or its bytes are being removed.
    Wait(Box<Recording>),
    /// It is under legal hold.
    Held,
    /// It is to be deleted.
    Delete(Box<Recording>),
}

/// Held by what erases persons.
#[derive(Debug, Clone)]
pub struct Eraser {
    recordings: Table,
}

impl Eraser {
    /// `table` is the name of Recordings.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { recordings: Table::new(aws, table) }
    }

    /// What is to be done about each recording of a call.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn of_call(&self, call: &CallSid) -> Result<Vec<ToErase>, StoreError> {
        let mut all = vec![];
        for row in self.recordings.query(&partition(call), ABOUT_RECORDINGS).await? {
            if search::is_search(&row)? {
                continue;
            }
            let recording = row::recording(&row)?;
            all.push(match &recording.state {
                _ if recording.held => ToErase::Held,
                RecordingState::InProgress => ToErase::Wait(Box::new(recording)),
                RecordingState::Deleted(_) if row.optional_text(row::DUE)?.is_some() => {
                    ToErase::Wait(Box::new(recording))
                }
                RecordingState::Announced | RecordingState::Failed { .. } | RecordingState::Archived(_) => {
                    ToErase::Delete(Box::new(recording))
                }
                RecordingState::Lost | RecordingState::Absent | RecordingState::Deleted(_) => {
                    ToErase::Nothing
                }
            });
        }
        Ok(all)
    }

    /// Makes a tombstone of a recording, unless it is held. A job removes its bytes.
    ///
    /// # Errors
    /// [`StoreError`]; deleting again is safe.
    pub async fn delete(&self, recording: &Recording, now: Timestamp) -> Result<Deleted, StoreError> {
        let writer = Writer { recordings: self.recordings.clone() };
        writer.delete(recording, DeletionReason::Requested, now).await
    }
}
