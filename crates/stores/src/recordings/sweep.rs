//! What recordings are owed: found by an index, claimed by moving the date on.

use domain::recording::Due;
use domain::{CallSid, Recording, Timestamp};

use super::row::{self, CALL, DUE, DUE_AT, SWEEPS};
use super::{Reader, Writer, recording_key, search};
use crate::StoreError;
use crate::item::{Row, number, text};
use crate::table::{Key, WriteOutcome};

/// Sparse: only what is owed something is in it.
const INDEX: &str = "by_due";

/// What something was owed to when the index was read: a recording, or a call that has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owed<T> {
    /// The recording, or the call.
    pub to: T,
    key: Key,
    due: Due,
    due_at: Timestamp,
    /// How often the sweep did the same for it before.
    pub sweeps: u32,
}

/// Whether a debt is the caller's to pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swept {
    /// It is the caller's: the date on the row has moved on.
    Claimed,
    /// It was paid, or another sweep was faster.
    Gone,
}

impl Reader {
    /// At most `limit` recordings that are owed `due` at `now`, the oldest debts first. An index lags behind, so
    /// each is to be claimed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn owed(
        &self,
        due: Due,
        now: Timestamp,
        limit: u16,
    ) -> Result<Vec<Owed<Recording>>, StoreError> {
        let owed = |row: Row| {
            let recording = row::recording(&row)?;
            let key = recording_key(&recording.call, &recording.sid);
            debt(&row, recording, key, due)
        };
        self.rows_owed(due, now, limit).await?.into_iter().map(owed).collect()
    }

    /// At most `limit` calls whose recording is to be asked for at `now`, the oldest debts first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn searches(&self, now: Timestamp, limit: u16) -> Result<Vec<Owed<CallSid>>, StoreError> {
        let owed = |row: Row| {
            let call = row.parsed(CALL, CallSid::parse)?;
            let key = search::key(&call);
            debt(&row, call, key, Due::Search)
        };
        self.rows_owed(Due::Search, now, limit).await?.into_iter().map(owed).collect()
    }

    async fn rows_owed(&self, due: Due, now: Timestamp, limit: u16) -> Result<Vec<Row>, StoreError> {
        let page = self
            .recordings
            .client
            .query()
            .table_name(&*self.recordings.name)
            .index_name(INDEX)
            .key_condition_expression("#due = :due AND #due_at <= :now")
            .expression_attribute_names("#due", DUE)
            .expression_attribute_names("#due_at", DUE_AT)
            .expression_attribute_values(":due", text(due.as_str()))
            .expression_attribute_values(":now", number(now.0))
            .limit(i32::from(limit))
            .send()
            .await
            .map_err(|e| self.recordings.error(&e))?;
        Ok(page.items.unwrap_or_default().into_iter().map(|item| self.recordings.row(item)).collect())
    }
}

fn debt<T>(row: &Row, to: T, key: Key, due: Due) -> Result<Owed<T>, StoreError> {
    let sweeps = row.optional_number(SWEEPS)?.unwrap_or(0);
    Ok(Owed { to, key, due, due_at: row.time(DUE_AT)?, sweeps })
}

impl Writer {
    /// Claims a debt: until [`Due::pause`] from now no other sweep sees it. If this sweep dies before it is paid, a
    /// later one finds it.
    ///
    /// # Errors
    /// [`StoreError`]; claiming again finds it gone.
    pub async fn claim<T>(&self, owed: &Owed<T>, now: Timestamp) -> Result<Swept, StoreError> {
        let request = self
            .update(&owed.key)
            .update_expression("SET #due_at = :later, #sweeps = :sweeps")
            .condition_expression("#due = :due AND #due_at = :seen")
            .expression_attribute_names("#due", DUE)
            .expression_attribute_names("#due_at", DUE_AT)
            .expression_attribute_names("#sweeps", SWEEPS)
            .expression_attribute_values(":due", text(owed.due.as_str()))
            .expression_attribute_values(":seen", number(owed.due_at.0))
            .expression_attribute_values(":later", number(now.plus(Due::pause(owed.sweeps)).0))
            .expression_attribute_values(":sweeps", number(owed.sweeps.saturating_add(1)));
        match self.recordings.outcome(request.send().await)? {
            WriteOutcome::Done(_) => Ok(Swept::Claimed),
            WriteOutcome::Refused(_) => Ok(Swept::Gone),
        }
    }
}
