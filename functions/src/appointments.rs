//! Appointments: calendars, services, free times, and who has which. An agent makes appointments through the bridge; here
//! a business says what it offers, and people see and change what was made.

mod api;
mod catalogue;
mod changes;
mod feed;
pub mod fetching;
pub(crate) mod of_person;
mod offered;
mod reminding;
mod shapes;
mod sources;
mod week;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use domain::access::Scope;
use domain::appointments::{Agendas, CalendarId, Candidate, Interval, Refusal, Service, ServiceId, Slot};
use domain::{BusinessId, Timestamp};
use http::StatusCode;
use platform::Clock;
use stores::appointments::{AppointmentError, Catalogue, CatalogueWriter, Reader, SourceWriter, Writer};
use stores::{businesses, contacts};
use url::Url;
use utoipa_axum::routes;

use self::fetching::Fetcher;
use crate::edge::api::ApiFunction;
use crate::edge::api::admission::Gatekeeper;
use crate::edge::api::routes::Routes;
use crate::edge::etag;
use crate::edge::inbox::Jobs;
use crate::edge::parts::{Needs, Opener, Part, parts, table_parts};
use crate::edge::problem::Problem;
use crate::jobs::EndpointJob;

/// Times that are offered in place of one that is taken.
const ALTERNATIVES: usize = 3;
/// How far from a time that is taken others are looked for, seconds.
const NEAR_SECONDS: i64 = 7 * 24 * 60 * 60;

table_parts! {
    CatalogueWriter: "TABLE_APPOINTMENTS";
    SourceWriter: "TABLE_APPOINTMENTS";
}

/// The writer of appointments, which tells the timelines of contacts and the business too.
impl Part for Writer {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        let (table, contacts) = (needs.table("TABLE_APPOINTMENTS"), needs.table("TABLE_CONTACTS"));
        let events = needs.table("TABLE_EVENTS");
        Box::new(move |deployment| Ok(Self::new(&deployment.aws, &table, &contacts, &events)))
    }
}

parts! {
    pub struct Appointments {
        gatekeeper: Gatekeeper,
        clock: Clock,
        businesses: businesses::Reader,
        reader: Reader,
        writer: Writer,
        contacts: contacts::Reader,
        offered: CatalogueWriter,
        fetcher: Fetcher,
        endpoints: Jobs<EndpointJob>,
        base: Url => |needs| needs.public_base(),
    }
}

impl ApiFunction for Appointments {
    const NAME: &'static str = "appointments";

    fn gatekeeper(&self) -> &Gatekeeper {
        &self.gatekeeper
    }

    fn routes() -> Routes<Arc<Self>> {
        Routes::new()
            .of_business(Scope::AppointmentsRead, routes!(catalogue::calendars))
            .of_business(Scope::AppointmentsRead, routes!(catalogue::calendar))
            .of_business(Scope::SettingsWrite, routes!(catalogue::put_calendar))
            .of_business(Scope::AppointmentsRead, routes!(catalogue::services))
            .of_business(Scope::AppointmentsRead, routes!(catalogue::service))
            .of_business(Scope::SettingsWrite, routes!(catalogue::put_service))
            .of_business(Scope::SettingsWrite, routes!(feed::make))
            .of_business(Scope::SettingsWrite, routes!(feed::end))
            .of_business(Scope::AppointmentsRead, routes!(sources::list))
            .of_business(Scope::SettingsWrite, routes!(sources::put))
            .of_business(Scope::SettingsWrite, routes!(sources::end))
            .of_business(Scope::AppointmentsRead, routes!(api::slots))
            .of_business(Scope::AppointmentsRead, routes!(api::list))
            .of_business(Scope::AppointmentsWrite, routes!(changes::book))
            .of_business(Scope::AppointmentsRead, routes!(api::one))
            .of_business(Scope::AppointmentsWrite, routes!(changes::change))
            .of_business(Scope::AppointmentsRead, routes!(reminding::of_appointment))
            .besides(|app| Router::new().route("/feeds/{file}", get(feed::read)).with_state(app))
    }
}

impl Appointments {
    /// The free times of a service, in all of its calendars or in one, the earliest first.
    async fn free(
        &self,
        business: &BusinessId,
        catalogue: &Catalogue,
        (service, calendar): (&Service, Option<&CalendarId>),
        wanted: Interval,
        limit: usize,
    ) -> Result<Vec<Slot>, Problem> {
        let (now, resources) = (self.clock.now(), catalogue.resources(service));
        let (mut free, mut silent, mut told): (Vec<Slot>, usize, usize) = (vec![], 0, 0);
        for id in wanted_of(service, calendar) {
            let Ok(candidate) = catalogue.candidate(service, id, &resources) else { continue };
            let busy = self.busy(business, &candidate, wanted).await?;
            let first = wanted.and(service.bookable(now)).from;
            match busy.is_silent(&candidate.lanes(), service.takes(first)) {
                true => silent += 1,
                false => told += 1,
            }
            free.extend(candidate.slots(wanted, &busy, now, limit));
        }
        if told == 0 && silent > 0 {
            return Err(refused(Refusal::CalendarUnavailable));
        }
        free.sort_by_key(|slot| slot.start);
        free.truncate(limit);
        Ok(free)
    }

    async fn busy(
        &self,
        business: &BusinessId,
        candidate: &Candidate<'_>,
        wanted: Interval,
    ) -> Result<Agendas, Problem> {
        let wanted = wanted.and(candidate.service.bookable(self.clock.now()));
        if wanted.from >= wanted.until {
            return Ok(Agendas::default());
        }
        let calendars = candidate.lanes().into_iter().map(|lane| lane.calendar).collect();
        Ok(self.reader.agendas(business, calendars, candidate.needs(wanted), self.clock.now()).await?)
    }

    /// Why an appointment was not made or moved; with other times if this one is taken.
    async fn refused(
        &self,
        business: &BusinessId,
        catalogue: &Catalogue,
        (service, start): (&ServiceId, Timestamp),
        error: AppointmentError,
    ) -> Problem {
        let taken = error == AppointmentError::Refused(Refusal::SlotTaken);
        let problem = problem(error);
        let Some(service) = catalogue.service(service).ok().filter(|_| taken) else { return problem };
        let near = |seconds: i64| Timestamp(start.0.saturating_add(seconds * 1_000));
        let wanted = Interval { from: near(-NEAR_SECONDS / 7), until: near(NEAR_SECONDS) };
        match self.free(business, catalogue, (service, None), wanted, 500).await {
            Ok(mut free) => {
                free.sort_by_key(|slot| slot.start.0.abs_diff(start.0));
                free.truncate(ALTERNATIVES);
                free.sort_by_key(|slot| slot.start);
                problem.alternatives(free.iter().map(|slot| platform::clock::rfc3339(slot.start)))
            }
            Err(_) => problem,
        }
    }
}

/// The calendars of a service, or the one of them that is named.
fn wanted_of<'a>(service: &'a Service, named: Option<&CalendarId>) -> Vec<&'a CalendarId> {
    service.calendars.iter().filter(|id| named.is_none_or(|named| named == *id)).collect()
}

/// The answer to what was not done.
fn problem(error: AppointmentError) -> Problem {
    match error {
        AppointmentError::Refused(refusal) => refused(refusal),
        AppointmentError::Changed(version) => etag::stale(version),
        AppointmentError::Superseded => Problem::unavailable(),
        AppointmentError::Store(error) => error.into(),
    }
}

fn refused(refusal: Refusal) -> Problem {
    let (status, title) = match refusal {
        Refusal::NotYours => return Problem::not_found("appointment"),
        Refusal::SlotTaken | Refusal::DayFull => (StatusCode::CONFLICT, "time not free"),
        Refusal::HoldExpired | Refusal::WrongStatus => (StatusCode::CONFLICT, "wrong state"),
        Refusal::CalendarUnavailable => (StatusCode::SERVICE_UNAVAILABLE, "calendar unavailable"),
        Refusal::OutsideHours
        | Refusal::NotASlot
        | Refusal::TooSoon
        | Refusal::TooFar
        | Refusal::UnknownService
        | Refusal::UnknownCalendar
        | Refusal::InvalidSlot
        | Refusal::StaleSlot
        | Refusal::NeedsPhone => (StatusCode::UNPROCESSABLE_ENTITY, "cannot be booked"),
    };
    Problem::new(status, title).code(refusal.code()).detail(refusal.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_has_a_status_and_its_own_code() {
        for refusal in Refusal::ALL {
            let status = problem(refusal.into()).status();
            assert!((404..=503).contains(&status), "{refusal:?}");
        }
        assert_eq!(refused(Refusal::SlotTaken).status(), 409);
        assert_eq!(problem(AppointmentError::Changed(4)).status(), 412);
    }
}
