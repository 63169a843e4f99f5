//! Making, moving and calling off appointments.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::appointments::{
    self, Agendas, Appointment, AppointmentId, Candidate, Entry, Lane, Refusal, Reminder, Service, Status,
    Wanted,
};
use domain::{BusinessId, CallSid, Epoch, Timestamp, event};
use platform::Aws;
use platform::backoff::{CONTENTION, Tries};

use super::read::Reader;
use super::rows::{Stored, agenda, agenda_action, agenda_key, appointment_actions, appointment_key, stored};
use super::{AppointmentError, Made, table};
use crate::contacts::timeline::telling;
use crate::item::Row;
use crate::table::Table;
use crate::transaction::{Action, Transacted, transact};
use crate::{StoreError, events, plans, random};

/// How often a write is tried that others were before.
const TRIES: u32 = 5;

/// The session on whose behalf something is written: once a later one has the call, nothing is.
#[derive(Debug, Clone, Copy)]
pub struct Fence<'a> {
    /// The call.
    pub call: &'a CallSid,
    /// The session's epoch.
    pub epoch: Epoch,
}

/// A time that is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Of which service, and where.
    pub candidate: Candidate<'a>,
    /// When.
    pub start: Timestamp,
}

/// What is said of a person once a time is held for them.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    /// How they are called.
    pub name: &'a str,
    /// Whatever else matters.
    pub notes: Option<&'a str>,
}

/// Held by the API of appointments, by the bridge and by the agent that writes.
#[derive(Debug, Clone)]
pub struct Writer {
    pub(super) table: Table,
    pub(super) contacts: Table,
    pub(super) events: events::Writer,
    pub(super) leases: Option<Table>,
}

impl Writer {
    /// `name` is the name of Appointments, `contacts` that of Contacts, whose timelines are told, and `events` that of Events,
    /// by which the business is. Such a writer acts for no session.
    pub fn new(aws: &Aws, name: &str, contacts: &str, events: &str) -> Self {
        let events = events::Writer::new(aws, events);
        Self { table: table(aws, name), contacts: table(aws, contacts), events, leases: None }
    }

    /// `leases` is the name of Leases: what this writer does for a session is fenced.
    pub fn of_sessions(aws: &Aws, name: &str, contacts: &str, events: &str, leases: &str) -> Self {
        Self { leases: Some(table(aws, leases)), ..Self::new(aws, name, contacts, events) }
    }

    /// Makes an appointment, or holds a time. An appointment with this id that is there already is the answer.
    ///
    /// # Errors
    /// [`AppointmentError`]; asking again is safe.
    pub async fn book(
        &self,
        business: &BusinessId,
        wanted: &Wanted,
        place: Place<'_>,
        now: Timestamp,
        fence: Option<Fence<'_>>,
    ) -> Result<Made, AppointmentError> {
        let candidate = &place.candidate;
        let lanes = candidate.lanes();
        let mut tries = Tries::with(CONTENTION);
        while tries.next().await && tries.number() <= TRIES {
            if let Some(appointment) = self.one(business, &wanted.id).await? {
                return Ok(Made { appointment, replayed: true });
            }
            candidate.allowed(place.start, now)?;
            let appointment = Appointment::new(wanted.clone(), candidate, place.start, now);
            let held = self.held(business, wanted.in_place_of.as_ref()).await?;
            let mut both = vec![&appointment];
            both.extend(held.as_ref().map(|held| &held.appointment));
            let mut agendas = self.agendas(business, &both).await?;
            self.ask_sources(business, &appointment, &mut agendas, now).await?;
            let mut changes = vec![];
            if let Some(held) = held {
                agendas.release(&held.appointment.id);
                let appointment = held.appointment.clone().given_back(now)?;
                changes.push((Some(held), Stored { appointment, reminders: vec![] }));
            }
            agendas.take(&lanes, &entry_of(&appointment, candidate.service), now)?;
            let reminders = Reminder::all(business, &appointment, candidate.service, now);
            let after = Stored { appointment, reminders };
            changes.push((None, after.clone()));
            if self.write_all(business, &changes, &agendas, fence).await? {
                return Ok(Made { appointment: after.appointment, replayed: false });
            }
        }
        Err(self.table().contended().into())
    }

    /// Makes an appointment of a time that is held, for the person who is named meanwhile.
    ///
    /// # Errors
    /// [`AppointmentError`]; asking again is safe.
    pub async fn confirm(
        &self,
        business: &BusinessId,
        id: &AppointmentId,
        (service, lanes): (&Service, &[Lane]),
        named: Option<Named<'_>>,
        now: Timestamp,
        fence: Option<Fence<'_>>,
    ) -> Result<Made, AppointmentError> {
        let mut tries = Tries::with(CONTENTION);
        while tries.next().await && tries.number() <= TRIES {
            let before = self.stored(business, id).await?;
            if before.appointment.status == Status::Booked {
                return Ok(Made { appointment: before.appointment, replayed: true });
            }
            let mut appointment = before.appointment.clone().confirmed(now)?;
            if let Some(Named { name, notes }) = named {
                name.clone_into(&mut appointment.person.name);
                appointment.notes = notes.map(str::to_owned);
            }
            let mut agendas = self.agendas(business, &[&appointment]).await?;
            self.ask_sources(business, &appointment, &mut agendas, now).await?;
            agendas.take(lanes, &entry_of(&appointment, service), now)?;
            let reminders = Reminder::all(business, &appointment, service, now);
            let after = Stored { appointment, reminders };
            if self.write(business, Some(&before), &after, &agendas, fence).await? {
                return Ok(Made { appointment: after.appointment, replayed: false });
            }
        }
        Err(self.table().contended().into())
    }

    /// Moves an appointment: its old time is given back in the transaction that takes the new one. `may` says whether the
    /// one who asks may do so. One that is there already is the answer.
    ///
    /// # Errors
    /// [`AppointmentError`]; asking again is safe.
    pub async fn reschedule(
        &self,
        business: &BusinessId,
        id: &AppointmentId,
        may: impl Fn(&Appointment) -> Result<(), AppointmentError>,
        place: Place<'_>,
        now: Timestamp,
        fence: Option<Fence<'_>>,
    ) -> Result<Made, AppointmentError> {
        let candidate = &place.candidate;
        let lanes = candidate.lanes();
        let mut tries = Tries::with(CONTENTION);
        while tries.next().await && tries.number() <= TRIES {
            let before = self.stored(business, id).await?;
            let is_there = |appointment: &Appointment| {
                appointment.status == Status::Booked
                    && appointment.start == place.start
                    && appointment.service == candidate.service.id
                    && appointment.calendar == candidate.calendar.id
            };
            if is_there(&before.appointment) && may(&before.appointment) != Err(Refusal::NotYours.into()) {
                return Ok(Made { appointment: before.appointment, replayed: true });
            }
            may(&before.appointment)?;
            candidate.allowed(place.start, now)?;
            let appointment = before.appointment.clone().moved(candidate, place.start, now)?;
            let mut agendas = self.agendas(business, &[&before.appointment, &appointment]).await?;
            self.ask_sources(business, &appointment, &mut agendas, now).await?;
            agendas.take(&lanes, &entry_of(&appointment, candidate.service), now)?;
            let reminders = Reminder::all(business, &appointment, candidate.service, now);
            let after = Stored { appointment, reminders };
            if self.write(business, Some(&before), &after, &agendas, fence).await? {
                return Ok(Made { appointment: after.appointment, replayed: false });
            }
        }
        Err(self.table().contended().into())
    }

    /// Calls an appointment off, or gives a hold back. One that is called off already is the answer.
    ///
    /// # Errors
    /// [`AppointmentError`]; asking again is safe.
    pub async fn cancel(
        &self,
        business: &BusinessId,
        id: &AppointmentId,
        may: impl Fn(&Appointment) -> Result<(), AppointmentError>,
        now: Timestamp,
        fence: Option<Fence<'_>>,
    ) -> Result<Made, AppointmentError> {
        let mut tries = Tries::with(CONTENTION);
        while tries.next().await && tries.number() <= TRIES {
            let before = self.stored(business, id).await?;
            let is_gone = before.appointment.status == Status::Cancelled;
            if is_gone && may(&before.appointment) != Err(Refusal::NotYours.into()) {
                return Ok(Made { appointment: before.appointment, replayed: true });
            }
            may(&before.appointment)?;
            let appointment = before.appointment.clone().cancelled(now)?;
            let mut agendas = self.agendas(business, &[&appointment]).await?;
            agendas.release(id);
            let after = Stored { appointment, reminders: vec![] };
            if self.write(business, Some(&before), &after, &agendas, fence).await? {
                return Ok(Made { appointment: after.appointment, replayed: false });
            }
        }
        Err(self.table().contended().into())
    }

    /// Says what became of an appointment that has begun.
    ///
    /// # Errors
    /// [`AppointmentError`]; asking again is safe.
    pub async fn end(
        &self,
        business: &BusinessId,
        id: &AppointmentId,
        may: impl Fn(&Appointment) -> Result<(), AppointmentError>,
        came: bool,
        now: Timestamp,
    ) -> Result<Made, AppointmentError> {
        let mut tries = Tries::with(CONTENTION);
        while tries.next().await && tries.number() <= TRIES {
            let before = self.stored(business, id).await?;
            let ended = if came { Status::Done } else { Status::NoShow };
            if before.appointment.status == ended {
                return Ok(Made { appointment: before.appointment, replayed: true });
            }
            may(&before.appointment)?;
            let appointment = before.appointment.clone().ended(came, now)?;
            let after = Stored { appointment, reminders: vec![] };
            if self.write(business, Some(&before), &after, &Agendas::default(), None).await? {
                return Ok(Made { appointment: after.appointment, replayed: false });
            }
        }
        Err(self.table().contended().into())
    }

    pub(super) fn table(&self) -> &Table {
        &self.table
    }

    async fn one(
        &self,
        business: &BusinessId,
        id: &AppointmentId,
    ) -> Result<Option<Appointment>, StoreError> {
        Reader { table: self.table.clone() }.one(business, id).await
    }

    async fn stored(&self, business: &BusinessId, id: &AppointmentId) -> Result<Stored, AppointmentError> {
        let row = self.table().get(&appointment_key(business, id)).await?;
        match row {
            Some(row) => Ok(stored(&row)?),
            None => Err(Refusal::NotYours.into()),
        }
    }

    /// The time that is held under this name, if it is still held.
    async fn held(
        &self,
        business: &BusinessId,
        id: Option<&AppointmentId>,
    ) -> Result<Option<Stored>, StoreError> {
        let Some(id) = id else { return Ok(None) };
        let row = self.table().get(&appointment_key(business, id)).await?;
        let found = row.as_ref().map(stored).transpose()?;
        Ok(found.filter(|found| found.appointment.status == Status::Held))
    }

    /// The agendas that these appointments are in, or are to be in.
    pub(super) async fn agendas(
        &self,
        business: &BusinessId,
        of: &[&Appointment],
    ) -> Result<Agendas, StoreError> {
        let mut keys = BTreeSet::new();
        for appointment in of {
            keys.extend(Agendas::needed(appointment.calendars(), appointment.takes()));
        }
        let mut agendas = Agendas::default();
        for key in keys {
            let row: Option<Row> = self.table().get(&agenda_key(business, &key)).await?;
            agendas.insert(key, agenda(row.as_ref())?);
        }
        Ok(agendas)
    }

    /// What calendars of other systems say of the calendars that an appointment is to take.
    async fn ask_sources(
        &self,
        business: &BusinessId,
        of: &Appointment,
        agendas: &mut Agendas,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let reader = Reader { table: self.table.clone() };
        for calendar in of.calendars() {
            for external in reader.externals(business, calendar, now).await? {
                agendas.insert_external(calendar.clone(), external);
            }
        }
        Ok(())
    }

    pub(super) async fn write(
        &self,
        business: &BusinessId,
        before: Option<&Stored>,
        after: &Stored,
        agendas: &Agendas,
        fence: Option<Fence<'_>>,
    ) -> Result<bool, AppointmentError> {
        self.write_all(business, &[(before.cloned(), after.clone())], agendas, fence).await
    }

    /// Writes appointments, each as it was read and as it is to be, and tells the business and the timelines of their contacts. `false`:
    /// something was written by others since it was read, and all is to be decided anew.
    async fn write_all(
        &self,
        business: &BusinessId,
        changes: &[(Option<Stored>, Stored)],
        agendas: &Agendas,
        fence: Option<Fence<'_>>,
    ) -> Result<bool, AppointmentError> {
        let mut told = vec![];
        for (before, after) in changes {
            let after = &after.appointment;
            let entry = appointments::told(before.as_ref().map(|before| &before.appointment), after);
            if let Some((contact, entry)) = after.person.contact.zip(entry) {
                told.extend(telling(&self.contacts, business, contact, &entry)?);
            }
        }
        Ok(match self.transact(business, changes, agendas, fence, &told).await? {
            // A contact that was deleted has no timeline any more.
            Written::Untold => {
                matches!(self.transact(business, changes, agendas, fence, &[]).await?, Written::Done)
            }
            written => matches!(written, Written::Done),
        })
    }

    async fn transact(
        &self,
        business: &BusinessId,
        changes: &[(Option<Stored>, Stored)],
        agendas: &Agendas,
        fence: Option<Fence<'_>>,
        told: &[TransactWriteItem],
    ) -> Result<Written, AppointmentError> {
        let table = self.table();
        let mut actions: Vec<TransactWriteItem> = vec![];
        if let Some(fence) = fence {
            // Without the table of fences there is no way to know: nothing is done.
            let leases = self.leases.as_ref().ok_or(AppointmentError::Superseded)?;
            actions.push(plans::fence_action(leases, fence.call, fence.epoch));
        }
        for (before, after) in changes {
            actions.extend(appointment_actions(table, business, before.as_ref(), after)?);
            let before = before.as_ref().map(|before| &before.appointment);
            if let Some(happened) = event::appointment(business, before, &after.appointment) {
                actions.push(self.events.tell(&happened)?);
            }
        }
        for (key, agenda) in agendas.changed() {
            actions.push(agenda_action(table, business, key, agenda)?);
        }
        let own = actions.len();
        actions.extend_from_slice(told);
        let identity = random::id(&table.name)?;
        match transact(table, &actions, &identity).await {
            Ok(Transacted::Done) => Ok(Written::Done),
            Ok(Transacted::Refused(refused)) => {
                if fence.is_some() && matches!(refused.first(), Some(Action::Refused(_))) {
                    plans::fenced("appointment");
                    return Err(AppointmentError::Superseded);
                }
                let (own, told) = refused.split_at(own.min(refused.len()));
                let refuses =
                    |actions: &[Action]| actions.iter().any(|one| matches!(one, Action::Refused(_)));
                Ok(if !refuses(own) && refuses(told) { Written::Untold } else { Written::Overtaken })
            }
            Err(StoreError::Contended { .. }) => Ok(Written::Overtaken),
            Err(error) => Err(error.into()),
        }
    }
}

/// What became of a transaction.
enum Written {
    Done,
    /// Something was written by others since it was read.
    Overtaken,
    /// There is no contact whose timeline could be told; nothing was written.
    Untold,
}

fn entry_of(appointment: &Appointment, service: &Service) -> Entry {
    Entry {
        appointment: appointment.id.clone(),
        service: appointment.service.clone(),
        start: appointment.start,
        from: appointment.taken_from,
        until: appointment.taken_until,
        seats: service.seats,
        held_until: appointment.held_until,
    }
}
