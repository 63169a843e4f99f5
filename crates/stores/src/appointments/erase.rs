//! Taking a person out of their appointments. One that is to come is called off: the person cannot be told of it any more.

use domain::appointments::{Agendas, Appointment, AppointmentId, Person, Whose};
use domain::{BusinessId, Timestamp};
use platform::Aws;

use super::rows::{Stored, appointment_key, stored};
use super::write::Writer;
use super::{AppointmentError, PERSON_KEYS, table};
use crate::table::{SK, Table};
use crate::{StoreError, events};

/// Held by what erases persons.
#[derive(Debug, Clone)]
pub struct Eraser {
    table: Table,
    events: events::Writer,
}

impl Eraser {
    /// `name` is the name of Appointments, `events` that of Events: the business is told of what is called off.
    pub fn new(aws: &Aws, name: &str, events: &str) -> Self {
        Self { table: table(aws, name), events: events::Writer::new(aws, events) }
    }

    /// Of a person who is taken out no timeline is told, so that no table of contacts is asked for.
    fn writer(&self) -> Writer {
        let (table, events) = (self.table.clone(), self.events.clone());
        Writer { contacts: table.clone(), table, events, leases: None }
    }

    /// Takes a person out of the appointments that they have since before a moment, and says how many these were.
    ///
    /// # Errors
    /// [`AppointmentError`]; doing it again goes on with what is left.
    pub async fn forget(
        &self,
        business: &BusinessId,
        whose: Whose<'_>,
        (before, now): (Timestamp, Timestamp),
    ) -> Result<u64, AppointmentError> {
        let pk = format!("{PERSON_KEYS}{business}");
        let number = whose.number.map(|number| number.as_e164().to_owned());
        let contacts = whose.contacts.iter().map(ToString::to_string);
        let mut count = 0;
        for name in number.into_iter().chain(contacts) {
            for row in self.table.query_only(&pk, &format!("{name}#"), "pk, sk").await? {
                let id =
                    row.parsed(SK, |sk| AppointmentId::parse(sk.rsplit('#').next().unwrap_or_default()))?;
                if self.forget_one(business, &id, whose, (before, now)).await? {
                    count += 1;
                }
            }
        }
        Ok(count)
    }

    async fn forget_one(
        &self,
        business: &BusinessId,
        id: &AppointmentId,
        whose: Whose<'_>,
        (before, now): (Timestamp, Timestamp),
    ) -> Result<bool, AppointmentError> {
        let theirs = |appointment: &Appointment| appointment.is_of(whose) && appointment.created_at < before;
        let Some(seen) = self.stored(business, id).await?.filter(|seen| theirs(&seen.appointment)) else {
            return Ok(false);
        };
        let mut agendas = Agendas::default();
        let mut appointment = seen.appointment.clone();
        if appointment.stands(now) && now < appointment.start {
            agendas = self.writer().agendas(business, &[&appointment]).await?;
            agendas.release(id);
            appointment = appointment.cancelled(now)?;
        } else {
            appointment.changed_at = now;
            appointment.version += 1;
        }
        appointment.person = Person { name: String::new(), number: None, contact: None };
        appointment.notes = None;
        let after = Stored { appointment, reminders: vec![] };
        if self.writer().write(business, Some(&seen), &after, &agendas, None).await? {
            return Ok(true);
        }
        // It was changed in this moment: another attempt sees how.
        Err(self.table.contended().into())
    }

    async fn stored(&self, business: &BusinessId, id: &AppointmentId) -> Result<Option<Stored>, StoreError> {
        self.table.get(&appointment_key(business, id)).await?.as_ref().map(stored).transpose()
    }
}
