//! What recordings are owed: found by an index, claimed by moving the date on.

use domain::recording::Due;
use domain::{Recording, Timestamp};

use super::row::{self, DUE, DUE_AT, SWEEPS};
use super::{Reader, Writer, recording_key};
use crate::item::{number, text};
use crate::stores::StoreError;
use crate::stores::table::Outcome;

/// Sparse: only what is owed something is in it.
const INDEX: &str = "by_due";

/// A recording that something was owed to when the index was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owed {
    pub recording: Recording,
    due: Due,
    due_at: Timestamp,
    /// How often the sweep did the same for it before.
    pub sweeps: u32,
}

/// Whether a debt is the caller's to pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swept {
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
    pub async fn owed(&self, due: Due, now: Timestamp, limit: u16) -> Result<Vec<Owed>, StoreError> {
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
        let rows = page.items.unwrap_or_default().into_iter().map(|item| self.recordings.row(item));
        rows.map(|row| {
            Ok(Owed {
                recording: row::recording(&row)?,
                due,
                due_at: row.time(DUE_AT)?,
                sweeps: row.optional_number(SWEEPS)?.unwrap_or(0),
            })
        })
        .collect()
    }
}

impl Writer {
    /// Takes a debt upon oneself: until [`Due::pause`] from now no other sweep sees it. Whoever dies before it is
    /// paid leaves it to a later one.
    ///
    /// # Errors
    /// [`StoreError`]; claiming again finds it gone.
    pub async fn claim(&self, owed: &Owed, now: Timestamp) -> Result<Swept, StoreError> {
        let request = self
            .update(&recording_key(&owed.recording.call, &owed.recording.sid))
            .update_expression("SET #due_at = :later, #sweeps = :sweeps")
            .condition_expression("#due = :due AND #due_at = :seen")
            .expression_attribute_names("#due", DUE)
            .expression_attribute_names("#due_at", DUE_AT)
            .expression_attribute_names("#sweeps", SWEEPS)
            .expression_attribute_values(":due", text(owed.due.as_str()))
            .expression_attribute_values(":seen", number(owed.due_at.0))
            .expression_attribute_values(":later", number(now.plus(Due::pause(owed.sweeps)).0))
            .expression_attribute_values(":sweeps", number(owed.sweeps.saturating_add(1)));
        match self.recordings.settle(request.send().await)? {
            Outcome::Done(_) => Ok(Swept::Claimed),
            Outcome::Refused(_) => Ok(Swept::Gone),
        }
    }
}
