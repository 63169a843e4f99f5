//! What one person left: in a call, or in writing.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::messages::Left;
use domain::texts::ThreadId;
use domain::{BusinessId, Call, Timestamp};

use super::list::Entry;
use super::{CALL, DONE_KEYS, ITEM, LEFT_KEYS, Reader, THREAD, item_key, left, marks, partition};
use crate::StoreError;
use crate::item::Row;
use crate::table::Table;

/// How long after a call something that was left in it may be named: its recording is heard of later.
const NAMED_WITHIN: Duration = Duration::from_secs(2 * 86_400);

impl Reader {
    /// What was left in a call, with its marks.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn of_call(&self, call: &Call) -> Result<Vec<Entry>, StoreError> {
        let rows = rows_of_call(&self.messages, call).await?;
        self.marked(&call.business, &rows).await
    }

    /// What was left in these threads, with its marks.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn of_threads(
        &self,
        business: &BusinessId,
        threads: &BTreeSet<ThreadId>,
    ) -> Result<Vec<Entry>, StoreError> {
        let rows = rows_of_threads(&self.messages, business, threads).await?;
        self.marked(business, &rows).await
    }

    async fn marked(&self, business: &BusinessId, rows: &[Row]) -> Result<Vec<Entry>, StoreError> {
        let mut entries = vec![];
        for row in rows {
            let left: Left = left(row)?;
            let mark = self.messages.get(&item_key(DONE_KEYS, business, left.id)).await?;
            entries.push((left, mark.as_ref().map(marks::of).transpose()?));
        }
        Ok(entries)
    }
}

/// The rows of what was left in a call.
pub(super) async fn rows_of_call(table: &Table, call: &Call) -> Result<Vec<Row>, StoreError> {
    // An item is named by its time, which is that of its call.
    let name = |at: Timestamp| format!("{ITEM}{:032x}", u128::try_from(at.0).unwrap_or(0) << 80);
    // The end comes from another clock than the opening.
    let over = call.ended_at.max(Some(call.opened_at)).unwrap_or_default().plus(NAMED_WITHIN);
    let pk = partition(LEFT_KEYS, &call.business);
    let mut rows = table.between(&pk, &name(call.opened_at), &name(over)).await?;
    let is_of_call = |row: &Row| Ok(row.optional_text(CALL)? == Some(call.sid.as_str()));
    keep(&mut rows, is_of_call)?;
    Ok(rows)
}

/// The rows of what was left in these threads.
pub(super) async fn rows_of_threads(
    table: &Table,
    business: &BusinessId,
    threads: &BTreeSet<ThreadId>,
) -> Result<Vec<Row>, StoreError> {
    if threads.is_empty() {
        return Ok(vec![]);
    }
    let mut rows = table.query(&partition(LEFT_KEYS, business), ITEM).await?;
    let is_theirs = |row: &Row| {
        let thread = row.optional_text(THREAD)?;
        Ok(threads.iter().any(|one| thread == Some(one.as_str())))
    };
    keep(&mut rows, is_theirs)?;
    Ok(rows)
}

fn keep(rows: &mut Vec<Row>, wanted: impl Fn(&Row) -> Result<bool, StoreError>) -> Result<(), StoreError> {
    let mut kept = vec![];
    for row in rows.drain(..) {
        if wanted(&row)? {
            kept.push(row);
        }
    }
    *rows = kept;
    Ok(())
}
