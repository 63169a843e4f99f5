//! What a business offers: its calendars and its services.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::BusinessId;
use domain::appointments::{CalendarId, Invalid, Reminding, ServiceId};
use domain::zone::Zone;
use http::{HeaderMap, StatusCode};
use stores::StoreError;

use super::Appointments;
use super::offered::{CalendarBody, CalendarList, CalendarView, ServiceBody, ServiceList, ServiceView};
use crate::edge::api::input::Body;
use crate::edge::api::requester::Tenant;
use crate::edge::api::schema;
use crate::edge::etag;
use crate::edge::problem::{FieldError, Problem};

/// Calendars, or services, of one business, at most.
const MOST: usize = 100;

/// The calendars of the business: people, rooms and machines whose time is taken by appointments.
#[utoipa::path(
    get,
    path = "/v1/appointments/calendars",
    operation_id = "list_calendars",
    responses((status = 200, description = "The calendars, in the order of their ids.", body = CalendarList)),
)]
pub(super) async fn calendars(
    State(app): State<Arc<Appointments>>,
    tenant: Tenant,
) -> Result<Response, Problem> {
    let calendars = app.reader.calendars(&tenant.0).await?;
    Ok(Json(CalendarList::new(&calendars)).into_response())
}

/// One calendar.
#[utoipa::path(
    get,
    path = "/v1/appointments/calendars/{calendar}",
    operation_id = "get_calendar",
    responses((status = 200, description = "The calendar.", body = CalendarView, headers(("ETag" = schema::VersionTag)))),
)]
pub(super) async fn calendar(
    State(app): State<Arc<Appointments>>,
    tenant: Tenant,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("calendar");
    let id = CalendarId::parse(&id).map_err(|_| unknown())?;
    let calendar = app.reader.calendar(&tenant.0, &id).await?.ok_or_else(unknown)?;
    Ok((etag::of(calendar.version), Json(CalendarView::new(&calendar.value))).into_response())
}

/// Makes a calendar, or, with `If-Match`, replaces one. One that is no longer offered is made `active: false`: what is in it
/// stays.
#[utoipa::path(
    put,
    path = "/v1/appointments/calendars/{calendar}",
    operation_id = "put_calendar",
    params(("If-Match" = Option<schema::VersionTag>, Header)),
    request_body = CalendarBody,
    responses(
        (status = 200, description = "It was replaced.", body = CalendarView, headers(("ETag" = schema::VersionTag))),
        (status = 201, description = "It was made.", body = CalendarView, headers(("ETag" = schema::VersionTag))),
        (status = 409, description = "There may be no more of them."),
        (status = 412, description = "It has changed since it was read, or is there although `If-Match` is missing."),
    ),
)]
pub(super) async fn put_calendar(
    State(app): State<Arc<Appointments>>,
    tenant: Tenant,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(body): Body<CalendarBody>,
) -> Result<Response, Problem> {
    let id = CalendarId::parse(&id)
        .map_err(|error| Problem::invalid("", "id", format!("the id in the path: {error}")))?;
    let seen = etag::optional(&headers)?.unwrap_or(0);
    let there = app.reader.calendar(&tenant.0, &id).await?.map_or(0, |stored| stored.version);
    replaces("calendar", seen, there)?;
    let zone = app.zone(&tenant.0, body.time_zone.as_deref()).await?;
    let calendar = body.read(id, zone);
    valid(calendar.lint())?;
    if seen == 0 && app.reader.calendars(&tenant.0).await?.len() >= MOST {
        return Err(too_many());
    }
    let version = overtaken(app.offered.put_calendar(&tenant.0, &calendar, seen).await, there)?;
    Ok((made(seen), etag::of(version), Json(CalendarView::new(&calendar))).into_response())
}

/// The services of the business: what can be booked.
#[utoipa::path(
    get,
    path = "/v1/appointments/services",
    operation_id = "list_services",
    responses((status = 200, description = "The services, in the order of their ids.", body = ServiceList)),
)]
pub(super) async fn services(
    State(app): State<Arc<Appointments>>,
    tenant: Tenant,
) -> Result<Response, Problem> {
    let services = app.reader.services(&tenant.0).await?;
    Ok(Json(ServiceList::new(&services)).into_response())
}

/// One service.
#[utoipa::path(
    get,
    path = "/v1/appointments/services/{service}",
    operation_id = "get_service",
    responses((status = 200, description = "The service.", body = ServiceView, headers(("ETag" = schema::VersionTag)))),
)]
pub(super) async fn service(
    State(app): State<Arc<Appointments>>,
    tenant: Tenant,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("service");
    let id = ServiceId::parse(&id).map_err(|_| unknown())?;
    let service = app.reader.service(&tenant.0, &id).await?.ok_or_else(unknown)?;
    Ok((etag::of(service.version), Json(ServiceView::new(&service.value))).into_response())
}

/// Makes a service, or, with `If-Match`, replaces one. Appointments that were made keep the length that they have.
#[utoipa::path(
    put,
    path = "/v1/appointments/services/{service}",
    operation_id = "put_service",
    params(("If-Match" = Option<schema::VersionTag>, Header)),
    request_body = ServiceBody,
    responses(
        (status = 200, description = "It was replaced.", body = ServiceView, headers(("ETag" = schema::VersionTag))),
        (status = 201, description = "It was made.", body = ServiceView, headers(("ETag" = schema::VersionTag))),
        (status = 409, description = "There may be no more of them."),
        (status = 412, description = "It has changed since it was read, or is there although `If-Match` is missing."),
    ),
)]
pub(super) async fn put_service(
    State(app): State<Arc<Appointments>>,
    tenant: Tenant,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(body): Body<ServiceBody>,
) -> Result<Response, Problem> {
    let id = ServiceId::parse(&id)
        .map_err(|error| Problem::invalid("", "id", format!("the id in the path: {error}")))?;
    let seen = etag::optional(&headers)?.unwrap_or(0);
    let there = app.reader.service(&tenant.0, &id).await?.map_or(0, |stored| stored.version);
    replaces("service", seen, there)?;
    let service = body.read(id)?;
    valid(service.lint())?;
    app.own_number(&tenant.0, service.remind.as_ref()).await?;
    let calendars = app.reader.calendars(&tenant.0).await?;
    let is_there = |id: &CalendarId| calendars.iter().any(|calendar| calendar.value.id == *id);
    for (path, named) in [("/calendars", &service.calendars), ("/resources", &service.resources)] {
        if let Some(index) = named.iter().position(|id| !is_there(id)) {
            return Err(Problem::invalid(
                format!("{path}/{index}"),
                "unknown_calendar",
                "there is no such calendar",
            ));
        }
    }
    if seen == 0 && app.reader.services(&tenant.0).await?.len() >= MOST {
        return Err(too_many());
    }
    let version = overtaken(app.offered.put_service(&tenant.0, &service, seen).await, there)?;
    Ok((made(seen), etag::of(version), Json(ServiceView::new(&service))).into_response())
}

const fn made(seen: u64) -> StatusCode {
    if seen == 0 { StatusCode::CREATED } else { StatusCode::OK }
}

fn too_many() -> Problem {
    Problem::new(StatusCode::CONFLICT, "too many")
        .detail(format!("{MOST} at most: make one inactive and reuse it"))
}

/// Whether the version that was `seen` (0: none) is the one that is there.
fn replaces(what: &'static str, seen: u64, there: u64) -> Result<(), Problem> {
    match (seen, there) {
        (0, 0) => Ok(()),
        (_, 0) => Err(Problem::not_found(what)),
        (seen, there) if seen == there => Ok(()),
        _ => Err(etag::stale(there)),
    }
}

/// Another request was there in between: the version that it made is the next one.
fn overtaken(put: Result<u64, Option<StoreError>>, there: u64) -> Result<u64, Problem> {
    put.map_err(|error| error.map_or_else(|| etag::stale(there + 1), Problem::from))
}

fn valid(found: Vec<Invalid>) -> Result<(), Problem> {
    if found.is_empty() {
        return Ok(());
    }
    let error = |invalid: Invalid| FieldError {
        pointer: pointer(&invalid.path),
        code: "not_allowed".to_owned(),
        detail: invalid.problem,
    };
    Err(Problem::fields(found.into_iter().map(error).collect()))
}

/// `exceptions[0].name` as a JSON pointer.
fn pointer(path: &str) -> String {
    format!("/{}", path.replace(['.', '['], "/").replace(']', ""))
}

impl Appointments {
    /// Reminders come from a number of the business.
    async fn own_number(&self, business: &BusinessId, remind: Option<&Reminding>) -> Result<(), Problem> {
        let Some(remind) = remind else { return Ok(()) };
        let own = self.businesses.number(&remind.from).await?;
        // Another business's number and a number of no business are answered alike.
        match own.is_some_and(|own| own.business == *business) {
            true => Ok(()),
            false => Err(Problem::invalid(
                "/remind/from",
                "unknown_number",
                "this is not a number of this business",
            )),
        }
    }

    /// The zone that is named, or the business's own.
    async fn zone(&self, business: &BusinessId, named: Option<&str>) -> Result<Zone, Problem> {
        if let Some(named) = named {
            let unknown = |error: domain::zone::UnknownZone| {
                Problem::invalid("/time_zone", "unknown_zone", error.to_string())
            };
            return Zone::parse(named).map_err(unknown);
        }
        let business = self.businesses.business(business).await?;
        Ok(business.and_then(|business| Zone::parse(&business.time_zone).ok()).unwrap_or_else(Zone::utc))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_pointer() {
        assert_eq!(pointer("exceptions[0].name"), "/exceptions/0/name");
        assert_eq!(pointer("week.monday"), "/week/monday");
    }
}
