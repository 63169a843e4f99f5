//! Reminders that are due. Whatever sends them asks [`Reminder::is_wanted`] with the appointment as it is, sends under a
//! key of its own, and settles.

use domain::Timestamp;
use domain::appointments::Reminder;

use super::rows::{BODY, SHARES, reminder_key, time_sk};
use super::{REMINDER_KEYS, Reader, Writer};
use crate::StoreError;
use crate::item::{Row, text};
use crate::table::WriteOutcome;

/// Reminders of one share that are looked at in one scan.
const PAGE: i32 = 100;

impl Reader {
    /// Reminders that are due at `now`, those that waited longest first in each of the shares; 800 at most.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due(&self, now: Timestamp) -> Result<Vec<Reminder>, StoreError> {
        let mut due = vec![];
        for share in 0..SHARES {
            let page = self
                .table
                .client
                .query()
                .table_name(&*self.table.name)
                .consistent_read(true)
                .key_condition_expression("pk = :pk AND sk < :now")
                .expression_attribute_values(":pk", text(format!("{REMINDER_KEYS}{share}")))
                .expression_attribute_values(":now", text(time_sk(Timestamp(now.0.saturating_add(1)))))
                .limit(PAGE)
                .send()
                .await
                .map_err(|error| self.table.error(&error))?;
            let rows = page.items.unwrap_or_default().into_iter().map(|item| self.table.row(item));
            due.extend(rows.map(|row: Row| row.json(BODY)).collect::<Result<Vec<Reminder>, _>>()?);
        }
        Ok(due)
    }
}

impl Writer {
    /// Takes a reminder off the list. `false`: it is gone, by another sweep or since its appointment was changed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn settle(&self, reminder: &Reminder) -> Result<bool, StoreError> {
        let request = self
            .table()
            .client
            .delete_item()
            .table_name(&*self.table().name)
            .set_key(Some(reminder_key(reminder).attributes()))
            .condition_expression("attribute_exists(pk)");
        Ok(matches!(self.table().outcome(request.send().await)?, WriteOutcome::Done(_)))
    }
}
