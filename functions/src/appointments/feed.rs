//! A calendar's appointments as a feed, behind a secret link that calendar programs subscribe to.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::appointments::{Appointment, CalendarId, FEED_KEPT, Feed, Interval, Status};
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use stores::appointments::FeedOf;
use utoipa::ToSchema;

use super::Appointments;
use crate::edge::address;
use crate::edge::answer::no_content;
use crate::edge::api::input::OptionalBody;
use crate::edge::api::requester::Tenant;
use crate::edge::etag;
use crate::edge::problem::Problem;

/// How far ahead appointments are told: as far as any can be booked.
const AHEAD: Duration = Duration::from_secs(400 * 24 * 60 * 60);
/// Appointments of a feed, at most.
const MOST: usize = 2_000;
const PAGE: u16 = 100;
const MAX_AGE: &str = "private, max-age=300";

/// How a feed is to be.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewCalendarFeed, example = json!({ "full": true }))]
pub(super) struct NewFeed {
    /// Whether people are named in full, with the notes; otherwise by their first name.
    #[serde(default)]
    #[schema(default = false)]
    full: bool,
}

/// The link of a feed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CalendarFeed)]
pub(super) struct FeedLink {
    /// The address for calendar programs. It is the right to the feed, and it is shown once.
    url: String,
    /// Whether people are named in full.
    full: bool,
}

/// Gives a calendar a secret link for calendar programs, in place of the one that it has. It shows appointments from thirty
/// days ago on.
#[utoipa::path(
    post,
    path = "/v1/appointments/calendars/{calendar}/feed",
    operation_id = "make_calendar_feed",
    request_body = Option<NewFeed>,
    responses((status = 201, description = "The link.", body = FeedLink)),
)]
pub(super) async fn make(
    State(app): State<Arc<Appointments>>,
    tenant: Tenant,
    Path(id): Path<String>,
    OptionalBody(new): OptionalBody<NewFeed>,
) -> Result<Response, Problem> {
    let calendar = app.calendar_of(&tenant, &id).await?;
    let feed = FeedOf { business: tenant.0, calendar, full: new.full };
    let secret = app.offered.make_feed(&feed).await?;
    let url = address::of(&app.base, &format!("/feeds/{secret}.ics"));
    Ok((StatusCode::CREATED, Json(FeedLink { url, full: new.full })).into_response())
}

/// Ends the link of a calendar.
#[utoipa::path(
    delete,
    path = "/v1/appointments/calendars/{calendar}/feed",
    operation_id = "end_calendar_feed",
    responses((status = 204, description = "The link leads nowhere any more.")),
)]
pub(super) async fn end(
    State(app): State<Arc<Appointments>>,
    tenant: Tenant,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let calendar = app.calendar_of(&tenant, &id).await?;
    match app.offered.end_feed(&tenant.0, &calendar).await? {
        true => Ok(no_content()),
        false => Err(Problem::not_found("feed")),
    }
}

/// `GET /feeds/{secret}.ics`. A link that was made up answers like one that has ended.
pub(super) async fn read(
    State(app): State<Arc<Appointments>>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Response {
    app.feed(&file, &headers).await.unwrap_or_else(IntoResponse::into_response)
}

impl Appointments {
    async fn calendar_of(&self, tenant: &Tenant, id: &str) -> Result<CalendarId, Problem> {
        Ok(self.calendar(tenant, id).await?.id)
    }

    async fn feed(&self, file: &str, headers: &HeaderMap) -> Result<Response, Problem> {
        let unknown = || Problem::not_found("feed");
        let secret = file.strip_suffix(".ics").filter(|secret| secret.len() == 32).ok_or_else(unknown)?;
        let FeedOf { business, calendar, full } = self.reader.feed(secret).await?.ok_or_else(unknown)?;
        if let Err(seconds) = self.offered.ask_feed(secret, self.clock.now()).await? {
            return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate limited")
                .detail("this link was asked too often: ask again in the next minute")
                .retry_after(seconds));
        }
        let calendar = self.reader.calendar(&business, &calendar).await?.ok_or_else(unknown)?.value;
        let services = self.reader.services(&business).await?;
        let services: Vec<_> = services.into_iter().map(|service| service.value).collect();
        let now = self.clock.now();
        let told = Interval { from: now.minus(FEED_KEPT), until: now.plus(AHEAD) };
        let mut appointments: Vec<Appointment> = vec![];
        let mut behind = None;
        while appointments.len() < MOST {
            let page = self.reader.list(&business, told, PAGE, behind.as_ref()).await?;
            let ours = page.appointments.into_iter().filter(|appointment| {
                appointment.calendar == calendar.id && appointment.status != Status::Held
            });
            appointments.extend(ours);
            match page.next {
                Some(next) => behind = Some(next),
                None => break,
            }
        }
        let feed = Feed {
            business: &business,
            calendar: &calendar,
            services: &services,
            appointments: &appointments,
            full,
        };
        let text = feed.write();
        let tag = etag::of_content(Sha256::digest(text.as_bytes()).into());
        let shared = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, MAX_AGE.to_owned())];
        if etag::is_held(headers, &tag) {
            return Ok((StatusCode::NOT_MODIFIED, shared).into_response());
        }
        Ok((shared, [(header::CONTENT_TYPE, "text/calendar; charset=utf-8")], text).into_response())
    }
}
