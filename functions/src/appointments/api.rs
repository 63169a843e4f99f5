//! Reading: free times, and what was booked.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::BusinessId;
use domain::appointments::{AppointmentId, CalendarId, Interval, ServiceId};
use domain::contact::{ContactId, Handle};
use stores::appointments::Position;

use super::Appointments;
use super::shapes::{AppointmentList, AppointmentView, FindSlots, ListAppointments, SlotList};
use crate::edge::api::input::{Query, page_limit};
use crate::edge::api::paging::Paging;
use crate::edge::api::requester::Tenant;
use crate::edge::api::schema;
use crate::edge::etag;
use crate::edge::problem::Problem;

/// The free times of a service, the earliest first. What is free now may be taken when it is booked.
#[utoipa::path(
    get,
    path = "/v1/appointments/slots",
    operation_id = "find_slots",
    params(FindSlots),
    responses((status = 200, description = "Times at which the service can begin.", body = SlotList)),
)]
pub(super) async fn slots(
    State(app): State<Arc<Appointments>>,
    tenant: Tenant,
    Query(query): Query<FindSlots>,
) -> Result<Response, Problem> {
    let (limit, wanted) = (page_limit(query.limit)?, query.interval(app.clock.now())?);
    let service = ServiceId::parse(&query.service)
        .map_err(|error| Problem::bad_request(format!("`service`: {error}")))?;
    let calendar = query.calendar.as_deref().map(CalendarId::parse).transpose();
    let calendar = calendar.map_err(|error| Problem::bad_request(format!("`calendar`: {error}")))?;
    let catalogue = app.reader.catalogue(&tenant.0).await?;
    let service = catalogue.service(&service).map_err(|_| Problem::not_found("service"))?;
    let free = app.free(&tenant.0, &catalogue, (service, calendar.as_ref()), wanted, limit.into()).await?;
    Ok(Json(SlotList::new(&free, &catalogue)).into_response())
}

/// A page of appointments, those that begin first in front; with `contact` of one person. Held times and cancelled
/// appointments are among them.
#[utoipa::path(
    get,
    path = "/v1/appointments",
    operation_id = "list_appointments",
    params(ListAppointments),
    responses((status = 200, description = "A page of appointments.", body = AppointmentList)),
)]
pub(super) async fn list(
    State(app): State<Arc<Appointments>>,
    tenant: Tenant,
    paging: Paging,
    Query(query): Query<ListAppointments>,
) -> Result<Response, Problem> {
    let limit = page_limit(query.limit)?;
    let wanted: Interval = query.interval()?;
    let contact = query.contact()?;
    let asked = paging.of("appointments", &(&wanted, contact))?;
    let behind: Option<Position> = asked.behind(query.cursor.as_deref())?;
    let page = match contact {
        Some(contact) => {
            let names = app.names(&tenant.0, contact).await?;
            app.reader.list_of(&tenant.0, &names, wanted, limit, behind.as_ref()).await?
        }
        None => app.reader.list(&tenant.0, wanted, limit, behind.as_ref()).await?,
    };
    asked.page(page.next.as_ref(), |next| AppointmentList::new(&page.appointments, next))
}

impl Appointments {
    /// By what a contact's appointments are found. One that is gone is still known by its id.
    async fn names(&self, business: &BusinessId, contact: ContactId) -> Result<Vec<String>, Problem> {
        let mut names = BTreeSet::from([contact.to_string()]);
        if let Some(stored) = self.contacts.one(business, contact).await? {
            names.extend(stored.contact.all_ids().map(ToString::to_string));
            let numbers = stored.contact.handles.iter().filter_map(Handle::number);
            names.extend(numbers.map(|number| number.as_e164().to_owned()));
        }
        Ok(names.into_iter().collect())
    }
}

/// One appointment.
#[utoipa::path(
    get,
    path = "/v1/appointments/{appointment}",
    operation_id = "get_appointment",
    responses((status = 200, description = "The appointment.", body = AppointmentView, headers(("ETag" = schema::VersionTag)))),
)]
pub(super) async fn one(
    State(app): State<Arc<Appointments>>,
    tenant: Tenant,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("appointment");
    let id = AppointmentId::parse(&id).map_err(|_| unknown())?;
    let appointment = app.reader.one(&tenant.0, &id).await?.ok_or_else(unknown)?;
    Ok((etag::of(appointment.version), Json(AppointmentView::new(&appointment))).into_response())
}
