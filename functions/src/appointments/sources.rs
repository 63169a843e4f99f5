//! Calendars of other systems: a business names them, and they say when a calendar of its own is taken.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::Secret;
use domain::appointments::{
    ADDRESS_MAX_BYTES, BusySource, Calendar, CalendarId, SOURCES_MAX, SourceId, WhileAway,
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use stores::appointments::{SourceKey, StoredSource};
use url::Url;
use utoipa::ToSchema;

use super::Appointments;
use crate::edge::answer::no_content;
use crate::edge::api::input::Body;
use crate::edge::api::requester::Tenant;
use crate::edge::api::schema;
use crate::edge::problem::Problem;
use crate::shared::shapes::Time;

/// A calendar of another system as it is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewCalendarSource, example = json!({ "url": "https://calendar.example/anna/private-3f9a/basic.ics" }))]
pub(super) struct SourceBody {
    /// Where it is read: the address of an iCalendar document, `https` or `webcal`. It is kept like a key, and not shown again.
    #[schema(min_length = 1, max_length = 2000)]
    url: String,
    /// What happens while it cannot be read: `refuse`: nothing is booked in the calendar; `own_calendar`: its own appointments
    /// decide, with what was read last.
    #[serde(default)]
    #[schema(value_type = schema::WhileAwayChoice)]
    while_away: WhileAway,
}

/// A calendar of another system.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CalendarSource)]
pub(super) struct SourceView {
    #[schema(value_type = schema::OfferedId)]
    id: SourceId,
    /// The host of its address; the rest is not shown.
    host: String,
    #[schema(value_type = schema::WhileAwayWord)]
    while_away: WhileAway,
    /// When it was read last; null: never.
    read_at: Option<Time>,
    /// When it was tried last; null: not yet.
    tried_at: Option<Time>,
    /// Why it was not read then; null if it was.
    #[schema(value_type = Option<schema::NotReadWord>)]
    failure: Option<&'static str>,
    /// Whether it names a time zone that is not known, so that the calendar's own was taken for it.
    unknown_zone: bool,
    /// Times that it takes; those that touch are one.
    busy_times: usize,
}

impl SourceView {
    fn new(stored: &StoredSource) -> Self {
        let StoredSource { source, known, .. } = stored;
        let url = Url::parse(source.address.expose()).ok();
        Self {
            id: source.id.clone(),
            host: url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default(),
            while_away: source.while_away,
            read_at: known.read_at.map(Time),
            tried_at: known.tried_at.map(Time),
            failure: known.failure.map(|why| why.as_str()),
            unknown_zone: known.unknown_zone,
            busy_times: known.busy.len(),
        }
    }
}

/// The calendars of other systems that decide about one calendar.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CalendarSourceList)]
struct SourceList {
    sources: Vec<SourceView>,
}

/// The calendars of other systems that say when this calendar is taken.
#[utoipa::path(
    get,
    path = "/v1/appointments/calendars/{calendar}/sources",
    operation_id = "list_calendar_sources",
    responses((status = 200, description = "The sources, in the order of their ids.", body = SourceList)),
)]
pub(super) async fn list(
    State(app): State<Arc<Appointments>>,
    tenant: Tenant,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let calendar = app.calendar(&tenant, &id).await?.id;
    let sources = app.reader.sources(&tenant.0, &calendar).await?;
    Ok(Json(SourceList { sources: sources.iter().map(SourceView::new).collect() }).into_response())
}

/// Names a calendar of another system that says when this calendar is taken, in place of one of the same name, and reads it
/// at once. One that cannot be read is kept and tried again; `failure` says why.
#[utoipa::path(
    put,
    path = "/v1/appointments/calendars/{calendar}/sources/{source}",
    operation_id = "put_calendar_source",
    request_body = SourceBody,
    responses(
        (status = 200, description = "It is named, and was tried.", body = SourceView),
        (status = 409, description = "There may be no more of them."),
    ),
)]
pub(super) async fn put(
    State(app): State<Arc<Appointments>>,
    tenant: Tenant,
    Path((calendar, id)): Path<(String, String)>,
    Body(body): Body<SourceBody>,
) -> Result<Response, Problem> {
    let id = SourceId::parse(&id)
        .map_err(|error| Problem::invalid("", "id", format!("the id in the path: {error}")))?;
    let calendar = app.calendar(&tenant, &calendar).await?;
    if body.url.len() > ADDRESS_MAX_BYTES {
        return Err(Problem::invalid("/url", "length", format!("give {ADDRESS_MAX_BYTES} bytes at most")));
    }
    let url = app.fetcher.client.address(&body.url).map_err(|_| {
        let detail = "give the address of an iCalendar document: it begins with https:// or webcal://, carries no user \
                      name, and leads to a public network";
        Problem::invalid("/url", "address", detail)
    })?;
    let others = app.reader.sources(&tenant.0, &calendar.id).await?;
    if others.iter().filter(|other| other.source.id != id).count() >= SOURCES_MAX {
        return Err(Problem::new(StatusCode::CONFLICT, "too many")
            .detail(format!("{SOURCES_MAX} sources of one calendar at most: take another one away first")));
    }
    let source = BusySource {
        id: id.clone(),
        calendar: calendar.id.clone(),
        address: Secret::new(String::from(url)),
        while_away: body.while_away,
    };
    let mut stored = app.offered.put_source(&tenant.0, &source).await?;
    let key = SourceKey { business: tenant.0, calendar: calendar.id, source: id };
    let read = app.fetcher.fetch(&key, &stored, &calendar.time_zone, app.clock.now()).await?;
    stored.known = read.unwrap_or(stored.known);
    Ok(Json(SourceView::new(&stored)).into_response())
}

/// Takes a calendar of another system away: from now on it decides nothing.
#[utoipa::path(
    delete,
    path = "/v1/appointments/calendars/{calendar}/sources/{source}",
    operation_id = "end_calendar_source",
    responses((status = 204, description = "It decides nothing any more.")),
)]
pub(super) async fn end(
    State(app): State<Arc<Appointments>>,
    tenant: Tenant,
    Path((calendar, id)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("source");
    let source = SourceId::parse(&id).map_err(|_| unknown())?;
    let calendar = CalendarId::parse(&calendar).map_err(|_| unknown())?;
    match app.offered.end_source(&SourceKey { business: tenant.0, calendar, source }).await? {
        true => Ok(no_content()),
        false => Err(unknown()),
    }
}

impl Appointments {
    pub(super) async fn calendar(&self, tenant: &Tenant, id: &str) -> Result<Calendar, Problem> {
        let unknown = || Problem::not_found("calendar");
        let id = CalendarId::parse(id).map_err(|_| unknown())?;
        Ok(self.reader.calendar(&tenant.0, &id).await?.ok_or_else(unknown)?.value)
    }
}
