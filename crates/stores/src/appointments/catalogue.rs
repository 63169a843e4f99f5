//! Calendars and services: what a business offers.

use domain::BusinessId;
use domain::appointments::{Calendar, CalendarId, Candidate, Refusal, Service, ServiceId};
use platform::Aws;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::rows::{BODY, VERSION, versioned_put};
use super::{CALENDAR_KEYS, SERVICE_KEYS, table};
use crate::StoreError;
use crate::item::{Draft, Row, to_json};
use crate::random;
use crate::table::{Key, Table};
use crate::transaction::{Transacted, transact};

/// Something with the version that it has, from 1 on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<T> {
    /// The thing.
    pub value: T,
    /// Counts its writes.
    pub version: u64,
}

/// Everything that a business offers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Catalogue {
    /// The services, in the order of their ids.
    pub services: Vec<Service>,
    /// The calendars, in the order of their ids.
    pub calendars: Vec<Calendar>,
}

impl Catalogue {
    /// A service that is offered.
    ///
    /// # Errors
    /// [`Refusal::UnknownService`].
    pub fn service(&self, id: &ServiceId) -> Result<&Service, Refusal> {
        let service = self.services.iter().find(|service| service.id == *id && service.active);
        service.ok_or(Refusal::UnknownService)
    }

    /// A calendar.
    pub fn calendar(&self, id: &CalendarId) -> Option<&Calendar> {
        self.calendars.iter().find(|calendar| calendar.id == *id)
    }

    /// What a service takes along, besides its calendar. Those that are not there are missing here too, and then
    /// [`Candidate::offered`] refuses.
    pub fn resources(&self, service: &Service) -> Vec<&Calendar> {
        service.resources.iter().filter_map(|id| self.calendar(id)).collect()
    }

    /// A service in one of its calendars.
    ///
    /// # Errors
    /// [`Refusal::UnknownCalendar`].
    pub fn candidate<'a>(
        &'a self,
        service: &'a Service,
        calendar: &CalendarId,
        resources: &'a [&'a Calendar],
    ) -> Result<Candidate<'a>, Refusal> {
        let calendar = self.calendar(calendar).ok_or(Refusal::UnknownCalendar)?;
        let candidate = Candidate { service, calendar, resources };
        candidate.offered().map(|()| candidate)
    }
}

/// Held by the API through which a business says what it offers.
#[derive(Debug, Clone)]
pub struct CatalogueWriter {
    pub(super) table: Table,
}

impl CatalogueWriter {
    /// `name` is the name of Appointments.
    pub fn new(aws: &Aws, name: &str) -> Self {
        Self { table: table(aws, name) }
    }

    /// Puts a calendar in place of the version `seen`; 0: where none is. The version that it has now.
    ///
    /// # Errors
    /// `Err(None)`: there is another version. Otherwise a [`StoreError`]; asking again is safe.
    pub async fn put_calendar(
        &self,
        business: &BusinessId,
        calendar: &Calendar,
        seen: u64,
    ) -> Result<u64, Option<StoreError>> {
        self.put(key(CALENDAR_KEYS, business, calendar.id.as_str()), calendar, seen).await
    }

    /// Puts a service in place of the version `seen`, as with a calendar.
    ///
    /// # Errors
    /// As for a calendar.
    pub async fn put_service(
        &self,
        business: &BusinessId,
        service: &Service,
        seen: u64,
    ) -> Result<u64, Option<StoreError>> {
        self.put(key(SERVICE_KEYS, business, service.id.as_str()), service, seen).await
    }

    async fn put(&self, key: Key, value: &impl Serialize, seen: u64) -> Result<u64, Option<StoreError>> {
        let table = &self.table;
        let body = to_json(&table.name, BODY, value)?;
        let draft = Draft::default().text(BODY, body).number(VERSION, seen + 1);
        let put = versioned_put(table, &key, draft, seen);
        match transact(table, &[put], &random::id(&table.name)?).await? {
            Transacted::Done => Ok(seen + 1),
            Transacted::Refused(_) => Err(None),
        }
    }
}

impl super::Reader {
    /// Everything that the business offers.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn catalogue(&self, business: &BusinessId) -> Result<Catalogue, StoreError> {
        let services = self.services(business).await?;
        let calendars = self.calendars(business).await?;
        Ok(Catalogue {
            services: services.into_iter().map(|versioned| versioned.value).collect(),
            calendars: calendars.into_iter().map(|versioned| versioned.value).collect(),
        })
    }

    /// The calendars of a business, in the order of their ids.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn calendars(&self, business: &BusinessId) -> Result<Vec<Versioned<Calendar>>, StoreError> {
        self.all(CALENDAR_KEYS, business).await
    }

    /// The services of a business, in the order of their ids.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn services(&self, business: &BusinessId) -> Result<Vec<Versioned<Service>>, StoreError> {
        self.all(SERVICE_KEYS, business).await
    }

    /// One calendar.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn calendar(
        &self,
        business: &BusinessId,
        id: &CalendarId,
    ) -> Result<Option<Versioned<Calendar>>, StoreError> {
        self.versioned(&key(CALENDAR_KEYS, business, id.as_str())).await
    }

    /// One service.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn service(
        &self,
        business: &BusinessId,
        id: &ServiceId,
    ) -> Result<Option<Versioned<Service>>, StoreError> {
        self.versioned(&key(SERVICE_KEYS, business, id.as_str())).await
    }

    async fn all<T: DeserializeOwned>(
        &self,
        keys: &str,
        business: &BusinessId,
    ) -> Result<Vec<Versioned<T>>, StoreError> {
        let rows = self.table.query(&format!("{keys}{business}"), "").await?;
        rows.iter().map(versioned).collect()
    }

    async fn versioned<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<Versioned<T>>, StoreError> {
        self.table.get(key).await?.as_ref().map(versioned).transpose()
    }
}

fn versioned<T: DeserializeOwned>(row: &Row) -> Result<Versioned<T>, StoreError> {
    Ok(Versioned { value: row.json(BODY)?, version: row.number(VERSION)? })
}

fn key(keys: &str, business: &BusinessId, id: &str) -> Key {
    Key::new(format!("{keys}{business}"), id)
}
