//! Reading appointments and what is taken.

use std::collections::HashMap;

use domain::appointments::{Agendas, Appointment, AppointmentId, CalendarId, Interval, UtcDay, Whose};
use domain::contact::ContactId;
use domain::{BusinessId, PhoneNumber, Timestamp};
use futures_util::future::try_join;
use platform::Aws;
use serde::{Deserialize, Serialize};

use super::rows::{agenda, appointment_key, day_sk, stored};
use super::{AGENDA_KEYS, PERSON_KEYS, START_KEYS, table};
use crate::StoreError;
use crate::batch_get::{BATCH_GET_ITEMS, batch_get};
use crate::item::{Row, time_sk};
use crate::table::{SK, Table, next_key};

/// Appointments of one person that are looked at by one of the names that they have, at most.
const OF_PERSON_MAX: i32 = 50;

/// Where a page of appointments ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// When the last one begins.
    pub start: Timestamp,
    /// Which it is.
    pub id: AppointmentId,
}

/// A page of appointments, the earliest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The appointments.
    pub appointments: Vec<Appointment>,
    /// Behind which the next page begins; `None` at the end.
    pub next: Option<Position>,
}

/// Held by all code that reads appointments.
#[derive(Debug, Clone)]
pub struct Reader {
    pub(super) table: Table,
}

impl Reader {
    /// `table` is the name of Appointments.
    pub fn new(aws: &Aws, name: &str) -> Self {
        Self { table: table(aws, name) }
    }

    /// One appointment of the business.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn one(
        &self,
        business: &BusinessId,
        id: &AppointmentId,
    ) -> Result<Option<Appointment>, StoreError> {
        let row = self.table.get(&appointment_key(business, id)).await?;
        row.as_ref().map(|row| Ok(stored(row)?.appointment)).transpose()
    }

    /// At most `limit` (1 to 100) appointments of the business that begin within `interval`, those behind a position.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list(
        &self,
        business: &BusinessId,
        interval: Interval,
        limit: u16,
        behind: Option<&Position>,
    ) -> Result<Page, StoreError> {
        // `$` follows `#`: behind the appointment of the position, and before the next one of its moment.
        let from = match behind {
            Some(behind) => format!("{}#{}$", time_sk(behind.start), behind.id),
            None => time_sk(interval.from),
        };
        let page = self
            .table
            .spanning(&format!("{START_KEYS}{business}"), &from, &time_sk(interval.until))
            .limit(i32::from(limit.clamp(1, 100)))
            .send()
            .await
            .map_err(|error| self.table.error(&error))?;
        let more = next_key(page.last_evaluated_key).is_some();
        let rows: Vec<Row> =
            page.items.unwrap_or_default().into_iter().map(|item| self.table.row(item)).collect();
        let positions = rows.iter().map(position).collect::<Result<Vec<_>, _>>()?;
        let next = positions.last().filter(|_| more).cloned();
        let appointments = self.of_positions(business, positions).await?;
        Ok(Page { appointments, next })
    }

    /// The appointments of this person that begin at `from` or later, the earliest first; of each name by which they are
    /// found, fifty at most.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn of_person(
        &self,
        business: &BusinessId,
        whose: Whose<'_>,
        from: Timestamp,
    ) -> Result<Vec<Appointment>, StoreError> {
        let number = whose.number.map(|number| number.as_e164().to_owned());
        let names: Vec<String> =
            number.into_iter().chain(whose.contacts.iter().map(ToString::to_string)).collect();
        let reads = names.iter().map(|name| self.of_name(business, name, from));
        let mut found: Vec<Position> =
            futures_util::future::try_join_all(reads).await?.into_iter().flatten().collect();
        found.sort_by(|one, other| (one.start, one.id.as_str()).cmp(&(other.start, other.id.as_str())));
        // One that has both a number and a contact is found by each.
        found.dedup();
        self.of_positions(business, found).await
    }

    /// The same, of a person whose contact is still being looked up: what stands under their number is read meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn of_caller(
        &self,
        business: &BusinessId,
        number: Option<&PhoneNumber>,
        contact: impl Future<Output = Option<ContactId>>,
        from: Timestamp,
    ) -> Result<Vec<Appointment>, StoreError> {
        let under_number = Box::pin(self.of_person(business, Whose { number, contacts: &[] }, from));
        let under_contact = async {
            match contact.await {
                Some(contact) => self.of_name(business, &contact.to_string(), from).await,
                None => Ok(vec![]),
            }
        };
        let (mut found, mut more) = try_join(under_number, under_contact).await?;
        // One that has both a number and a contact is found by each.
        more.retain(|position| found.iter().all(|appointment| appointment.id != position.id));
        found.extend(self.of_positions(business, more).await?);
        found.sort_by(|one, other| (one.start, one.id.as_str()).cmp(&(other.start, other.id.as_str())));
        Ok(found)
    }

    /// At most `limit` (1 to 100) appointments of one person that begin within `interval`, those behind a position. The person
    /// is known by some names: numbers, and the ids of contacts.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_of(
        &self,
        business: &BusinessId,
        names: &[String],
        interval: Interval,
        limit: u16,
        behind: Option<&Position>,
    ) -> Result<Page, StoreError> {
        let limit = usize::from(limit.clamp(1, 100));
        let pk = format!("{PERSON_KEYS}{business}");
        // One that has both a number and a contact is found by each, so that one more than `limit` of each says whether
        // there are more.
        let most = i32::try_from(limit + 1).unwrap_or(i32::MAX);
        let read = |name: &String| {
            let from = match behind {
                Some(behind) => format!("{name}#{}#{}$", time_sk(behind.start), behind.id),
                None => format!("{name}#{}", time_sk(interval.from)),
            };
            let request = self.table.spanning(&pk, &from, &format!("{name}#{}", time_sk(interval.until)));
            async move {
                let page = request.limit(most).send().await.map_err(|error| self.table.error(&error))?;
                let rows = page.items.unwrap_or_default().into_iter().map(|item| self.table.row(item));
                rows.map(|row| position(&row)).collect::<Result<Vec<_>, _>>()
            }
        };
        let found = futures_util::future::try_join_all(names.iter().map(read)).await?;
        let mut found: Vec<Position> = found.into_iter().flatten().collect();
        found.sort_by(|one, other| (one.start, one.id.as_str()).cmp(&(other.start, other.id.as_str())));
        found.dedup();
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).cloned();
        Ok(Page { appointments: self.of_positions(business, found).await?, next })
    }

    async fn of_name(
        &self,
        business: &BusinessId,
        name: &str,
        from: Timestamp,
    ) -> Result<Vec<Position>, StoreError> {
        let page = self
            .table
            .spanning(
                &format!("{PERSON_KEYS}{business}"),
                &format!("{name}#{}", time_sk(from)),
                &format!("{name}#~"),
            )
            .limit(OF_PERSON_MAX)
            .send()
            .await
            .map_err(|error| self.table.error(&error))?;
        let rows: Vec<Row> =
            page.items.unwrap_or_default().into_iter().map(|item| self.table.row(item)).collect();
        rows.iter().map(position).collect()
    }

    /// The appointments of some pointers, in their order. One that was moved in this moment is at its new place.
    async fn of_positions(
        &self,
        business: &BusinessId,
        positions: Vec<Position>,
    ) -> Result<Vec<Appointment>, StoreError> {
        let mut found = HashMap::new();
        for chunk in positions.chunks(BATCH_GET_ITEMS) {
            let keys = chunk.iter().map(|position| appointment_key(business, &position.id).attributes());
            for row in batch_get(&self.table, keys.collect()).await? {
                let appointment = stored(&row)?.appointment;
                found.insert(appointment.id.as_str().to_owned(), appointment);
            }
        }
        let appointments = positions.iter().filter_map(|position| found.remove(position.id.as_str()));
        Ok(appointments.collect())
    }

    /// What is taken of some calendars in an interval, by our own appointments and by calendars of other systems as they are
    /// known at `now`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn agendas(
        &self,
        business: &BusinessId,
        calendars: Vec<CalendarId>,
        interval: Interval,
        now: Timestamp,
    ) -> Result<Agendas, StoreError> {
        let mut agendas = Agendas::default();
        for calendar in calendars {
            for external in self.externals(business, &calendar, now).await? {
                agendas.insert_external(calendar.clone(), external);
            }
            let days: Vec<UtcDay> = UtcDay::covering(interval).collect();
            let (Some(first), Some(last)) = (days.first(), days.last()) else { continue };
            let pk = format!("{AGENDA_KEYS}{business}#{calendar}");
            let rows = self.table.between(&pk, &day_sk(first.0), &day_sk(last.0)).await?;
            let mut read: HashMap<&str, &Row> = HashMap::new();
            for row in &rows {
                read.insert(row.text(SK)?, row);
            }
            for day in days {
                let agenda = agenda(read.get(day_sk(day.0).as_str()).copied())?;
                agendas.insert((calendar.clone(), day), agenda);
            }
        }
        Ok(agendas)
    }
}

/// The end of a pointer's key: `<start>#<id>`.
fn position(row: &Row) -> Result<Position, StoreError> {
    row.parsed(SK, |sk| {
        let mut parts = sk.rsplit('#');
        let id = AppointmentId::parse(parts.next().unwrap_or_default()).map_err(drop)?;
        let start = parts.next().unwrap_or_default().parse().map(Timestamp).map_err(drop)?;
        Ok::<_, ()>(Position { start, id })
    })
}
