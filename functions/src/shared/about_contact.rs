//! What an agent is told of the person that it speaks or writes with: name, fields and notes that are marked for it, the last
//! call, and the appointments that stand.
//!
//! It is read anew for each conversation and kept nowhere. What is kept for a moment says nothing of a person: the fields
//! that a business has, and what its services are called.

use std::sync::Arc;
use std::time::Duration;

use domain::appointments::{Appointment, Service, Status, Whose};
use domain::contact::{ContactId, FieldSchema, Note};
use domain::prompt::caller::{AboutCaller, NamePolicy};
use domain::{Business, BusinessId, PhoneNumber, Timestamp};
use futures_util::FutureExt as _;
use moka::future::Cache;
use platform::telemetry::{Unit, metric};
use stores::contacts::Stored;
use stores::{StoreError, appointments, contacts};
use tokio::time::{Instant, timeout_at};

use crate::edge::parts::parts;

/// The notes that the agent is told, the newest ones.
const NOTES: usize = 10;
/// The appointments that the agent is told, the earliest ones.
const APPOINTMENTS: usize = 5;
/// How stale a business's fields and the names of its services may be.
const KEPT_FOR: Duration = Duration::from_secs(30);
/// Businesses of which they are kept.
const MAX_KEPT: u64 = 10_000;

/// What is known of the person.
#[derive(Clone, Default)]
pub(crate) struct Told {
    /// The contact; `None`: the number was withheld, or the contacts could not be asked in time.
    pub(crate) id: Option<ContactId>,
    /// Those that were merged into it.
    pub(crate) merged: Vec<ContactId>,
    name: Option<String>,
    policy: NamePolicy,
    notes: Vec<String>,
    history: Vec<String>,
    appointments: Vec<String>,
}

impl Told {
    /// As a part of a prompt.
    pub(crate) fn about(&self) -> AboutCaller<'_> {
        AboutCaller {
            name: self.name.as_deref(),
            name_policy: self.policy,
            appointments: &self.appointments,
            notes: &self.notes,
            history: &self.history,
        }
    }

    /// What the person is called, if that is known.
    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Of a contact that is made in this moment: nothing else is known of it than what stands under the number.
    pub(crate) fn made(self, business: &Business, stored: &Stored) -> Self {
        Self { appointments: self.appointments, ..Self::of(business, stored) }
    }

    /// With these appointments, if they could be asked for.
    fn with(self, appointments: Option<Vec<String>>) -> Self {
        Self { appointments: appointments.unwrap_or_default(), ..self }
    }

    /// Of a contact's own row.
    fn of(business: &Business, stored: &Stored) -> Self {
        let contact = &stored.contact;
        let day = |at| business.zone().day(at);
        let history = contact.last_call.iter().map(|last| format!("{}: {}", day(last.at), last.summary));
        Self {
            id: Some(contact.id),
            merged: contact.merged.clone(),
            name: contact.name().map(|name| name.value.clone()),
            policy: contact.name_policy.unwrap_or_default(),
            history: history.collect(),
            ..Self::default()
        }
    }
}

/// What is kept for a moment.
struct Kept {
    fields: Cache<BusinessId, Arc<FieldSchema>>,
    services: Cache<BusinessId, Arc<Vec<Service>>>,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            fields: Cache::builder().max_capacity(MAX_KEPT).time_to_live(KEPT_FOR).build(),
            services: Cache::builder().max_capacity(MAX_KEPT).time_to_live(KEPT_FOR).build(),
        }
    }
}

parts! {
    /// Asks what is known of a person.
    pub(crate) struct AboutContact {
        contacts: contacts::Reader,
        appointments: appointments::Reader,
        kept: Kept = Kept::default(),
    }
}

impl AboutContact {
    /// What is known of a contact that may still be looked up, and which appointments of theirs stand, as far as it is answered in
    /// time. What stands under the number is asked for at once.
    pub(crate) async fn known(
        &self,
        business: &Business,
        contact: impl Future<Output = Option<ContactId>> + Send,
        number: Option<&PhoneNumber>,
        now: Timestamp,
        until: Instant,
    ) -> Told {
        let contact = contact.shared();
        let person = async { Box::pin(self.of(business, contact.clone().await?, until)).await };
        let found = self.appointments.of_caller(&business.id, number, contact.clone(), now);
        let found = Box::pin(in_time(business, until, self.standing(&business.id, found, now)));
        let (told, appointments) = tokio::join!(person, found);
        let contacts: Vec<ContactId> = contact.await.into_iter().collect();
        let whose = Whose { number, contacts: &contacts };
        let told = told.unwrap_or_default();
        Box::pin(self.complete(business, told, (whose, appointments), now, until)).await
    }

    /// With the appointments that stand. Those that were looked for before the contact's row was there are all unless the
    /// row names other contacts than these.
    async fn complete(
        &self,
        business: &Business,
        told: Told,
        (asked, found): (Whose<'_>, Option<Vec<String>>),
        now: Timestamp,
        until: Instant,
    ) -> Told {
        let contacts: Vec<ContactId> = told.id.iter().chain(&told.merged).copied().collect();
        if contacts.iter().all(|contact| asked.contacts.contains(contact)) {
            return told.with(found);
        }
        let whose = Whose { contacts: &contacts, ..asked };
        let all = self.appointments.of_person(&business.id, whose, now);
        let all = Box::pin(in_time(business, until, self.standing(&business.id, all, now))).await;
        told.with(all.or(found))
    }

    /// What is known of the contact of this id, or of the one that it was merged into, as far as it is answered in time.
    /// Its row and its notes are read side by side. `None`: there is no such contact, or its row was not to be had.
    pub(crate) async fn of(&self, business: &Business, id: ContactId, until: Instant) -> Option<Told> {
        let own = [id];
        let (stored, notes, fields) = tokio::join!(
            in_time(business, until, self.contacts.one(&business.id, id)),
            in_time(business, until, self.contacts.told_notes(&business.id, &own, NOTES)),
            in_time(business, until, self.fields(&business.id)),
        );
        let stored = stored??;
        // Notes of contacts that were merged lie beside those: which ones they are, the row says.
        let notes = match stored.contact.id == id && stored.contact.merged.is_empty() {
            true => notes,
            false => {
                let ids: Vec<ContactId> = stored.contact.all_ids().copied().collect();
                in_time(business, until, self.contacts.told_notes(&business.id, &ids, NOTES)).await
            }
        };
        let mut told = Told::of(business, &stored);
        let fields = fields.unwrap_or_default();
        let fields = fields.told(&stored.contact).map(|(label, value)| format!("{label}: {value}"));
        let notes = notes.into_iter().flatten().map(|Note { text, .. }| text);
        told.notes = fields.chain(notes).collect();
        Some(told)
    }

    /// Those of the appointments found that stand and are to come: when each begins, by the clocks of its calendar, and what it is.
    async fn standing(
        &self,
        business: &BusinessId,
        found: impl Future<Output = Result<Vec<Appointment>, StoreError>>,
        now: Timestamp,
    ) -> Result<Vec<String>, StoreError> {
        let mut found = found.await?;
        found.retain(|appointment| appointment.stands(now));
        found.truncate(APPOINTMENTS);
        if found.is_empty() {
            return Ok(vec![]);
        }
        let services = self.services(business).await?;
        Ok(found.iter().map(|appointment| in_words(appointment, &services)).collect())
    }

    /// Absence is not kept: the first fields of a business are known at once.
    async fn fields(&self, business: &BusinessId) -> Result<Arc<FieldSchema>, StoreError> {
        if let Some(fields) = self.kept.fields.get(business).await {
            return Ok(fields);
        }
        let document = self.contacts.fields(business).await?;
        let fields = Arc::new(document.value);
        if document.version > 0 {
            self.kept.fields.insert(business.clone(), Arc::clone(&fields)).await;
        }
        Ok(fields)
    }

    async fn services(&self, business: &BusinessId) -> Result<Arc<Vec<Service>>, StoreError> {
        if let Some(services) = self.kept.services.get(business).await {
            return Ok(services);
        }
        let services = self.appointments.services(business).await?;
        let services = Arc::new(services.into_iter().map(|service| service.value).collect::<Vec<_>>());
        self.kept.services.insert(business.clone(), Arc::clone(&services)).await;
        Ok(services)
    }
}

fn in_words(appointment: &Appointment, services: &[Service]) -> String {
    let service = services.iter().find(|service| service.id == appointment.service);
    let name = service.map_or(appointment.service.as_str(), |service| service.name_in("en"));
    let begins = appointment.time_zone.local(appointment.start).strftime("%A %Y-%m-%d %H:%M");
    let held = if appointment.status == Status::Held { " (held, not confirmed)" } else { "" };
    format!("{begins}: {name}{held}")
}

/// What is answered until then. What is not is counted, and the conversation goes on without it.
pub(crate) async fn in_time<T>(
    business: &Business,
    until: Instant,
    asked: impl Future<Output = Result<T, StoreError>>,
) -> Option<T> {
    let why = match timeout_at(until, asked).await {
        Ok(Ok(answer)) => return Some(answer),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "no answer in time".to_owned(),
    };
    metric("ContactsNotAsked", 1.0, Unit::Count, &[]);
    tracing::warn!(business = %business.id, why, "a conversation goes on without what the contacts know");
    None
}
