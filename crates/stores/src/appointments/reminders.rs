//! Reminders: those that are due, and what became of each. Whatever sends them asks [`Reminder::is_wanted`] with the
//! appointment as it is, sends under [`Reminder::name`], and settles; so one that is cut off sends the same once more, under
//! the same name.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::appointments::{AppointmentId, Reminded, Reminder};
use domain::{BusinessId, Timestamp};
use platform::Aws;

use super::rows::{BODY, SHARES, appointment_key, reminder_key, stored};
use super::{REMINDED_KEYS, REMINDER_KEYS, Reader, table};
use crate::item::{Draft, Row, text, time_sk, to_json};
use crate::table::{Key, Table};
use crate::transaction::{Transacted, transact};
use crate::{StoreError, random};

/// Reminders of one share that are looked at in one scan.
const PAGE: i32 = 100;

/// The reminders of an appointment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemindersOf {
    /// Those that are owed.
    pub owed: Vec<Reminder>,
    /// What became of the others, by the appointment's time and then by the rule.
    pub over: Vec<Reminded>,
}

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

    /// The reminders of an appointment. `None`: there is no such appointment.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reminders(
        &self,
        business: &BusinessId,
        id: &AppointmentId,
    ) -> Result<Option<RemindersOf>, StoreError> {
        let Some(row) = self.table.get(&appointment_key(business, id)).await? else { return Ok(None) };
        let planned = stored(&row)?.reminders;
        let rows = self.table.query(&format!("{REMINDED_KEYS}{business}"), &format!("{id}#")).await?;
        let over: Vec<Reminded> = rows.iter().map(|row| row.json(BODY)).collect::<Result<_, _>>()?;
        let is_over = |owed: &Reminder| {
            over.iter().any(|over| (over.start, over.before_minutes) == (owed.start, owed.before_minutes))
        };
        let owed = planned.into_iter().filter(|owed| !is_over(owed)).collect();
        Ok(Some(RemindersOf { owed, over }))
    }
}

/// Held by what sends reminders.
#[derive(Debug, Clone)]
pub struct ReminderWriter {
    table: Table,
}

impl ReminderWriter {
    /// `name` is the name of Appointments.
    pub fn new(aws: &Aws, name: &str) -> Self {
        Self { table: table(aws, name) }
    }

    /// Takes a reminder off the list, and keeps what became of it. `false`: it is gone, by another sweep or since its
    /// appointment was changed.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn settle(&self, reminder: &Reminder, became: &Reminded) -> Result<bool, StoreError> {
        let table = &self.table;
        let draft = Draft::default().text(BODY, to_json(&table.name, BODY, became)?);
        let over = table.put_action(reminded_key(reminder).item(draft), |put| put);
        self.take(reminder, Some(over)).await
    }

    /// Takes a reminder off the list of which nothing is to be kept: its appointment has another time, or does not stand.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn drop_unwanted(&self, reminder: &Reminder) -> Result<bool, StoreError> {
        self.take(reminder, None).await
    }

    /// Puts a reminder off. `false`: it is gone.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn put_off(&self, reminder: &Reminder, until: Timestamp) -> Result<bool, StoreError> {
        let later = reminder.put_off(until);
        if later.due == reminder.due {
            return Ok(true);
        }
        let table = &self.table;
        let draft = Draft::default().text(BODY, to_json(&table.name, BODY, &later)?);
        let put = table.put_action(reminder_key(&later).item(draft), |put| put);
        self.take(reminder, Some(put)).await
    }

    async fn take(&self, reminder: &Reminder, with: Option<TransactWriteItem>) -> Result<bool, StoreError> {
        let table = &self.table;
        let delete = table.delete_action(&reminder_key(reminder), |delete| {
            delete.condition_expression("attribute_exists(pk)")
        });
        let actions: Vec<TransactWriteItem> = [delete].into_iter().chain(with).collect();
        let done = transact(table, &actions, &random::id(&table.name)?).await?;
        Ok(matches!(done, Transacted::Done))
    }
}

fn reminded_key(reminder: &Reminder) -> Key {
    let Reminder { business, appointment, start, before_minutes, .. } = reminder;
    Key::new(
        format!("{REMINDED_KEYS}{business}"),
        format!("{appointment}#{}#{before_minutes:06}", time_sk(*start)),
    )
}
