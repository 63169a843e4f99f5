//! The numbers that a business does not call. No call is ordered to a number on the list, and none that was ordered is
//! dialled.

mod api;
pub(crate) mod of_person;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::PhoneNumber;
use domain::access::Scope;
use platform::Clock;
use stores::do_not_call::{Reader, Writer};
use utoipa_axum::routes;

use crate::edge::answer::no_content;
use crate::edge::api::ApiFunction;
use crate::edge::api::admission::Gatekeeper;
use crate::edge::api::input::{OptionalBody, Query, page_limit};
use crate::edge::api::paging::Paging;
use crate::edge::api::requester::Tenant;
use crate::edge::api::routes::Routes;
use crate::edge::parts::{parts, table_parts};
use crate::edge::problem::Problem;
use api::{EntryList, EntryView, ListEntries, Listing};

table_parts! {
    Writer: "TABLE_DO_NOT_CALL";
}

parts! {
    pub struct DoNotCall {
        gatekeeper: Gatekeeper,
        clock: Clock,
        reader: Reader,
        writer: Writer,
    }
}

impl ApiFunction for DoNotCall {
    const NAME: &'static str = "do-not-call";

    fn gatekeeper(&self) -> &Gatekeeper {
        &self.gatekeeper
    }

    fn routes() -> Routes<Arc<Self>> {
        Routes::new()
            .of_business(Scope::DoNotCallRead, routes!(list))
            .of_business(Scope::DoNotCallRead, routes!(one))
            .of_business(Scope::DoNotCallWrite, routes!(put))
            .of_business(Scope::DoNotCallWrite, routes!(remove))
    }
}

/// A page of the numbers that the business does not call.
#[utoipa::path(
    get,
    path = "/v1/do-not-call",
    operation_id = "list_do_not_call",
    params(ListEntries),
    responses((status = 200, description = "The numbers.", body = EntryList)),
)]
async fn list(
    State(app): State<Arc<DoNotCall>>,
    tenant: Tenant,
    paging: Paging,
    Query(query): Query<ListEntries>,
) -> Result<Response, Problem> {
    let limit = page_limit(query.limit)?;
    let asked = paging.of("do_not_call", &())?;
    let after: Option<PhoneNumber> = asked.behind(query.cursor.as_deref())?;
    let page = app.reader.list(&tenant.0, limit, after.as_ref()).await?;
    asked.page(page.next.as_ref(), |next| EntryList::new(&page.entries, next))
}

/// One number of the list.
#[utoipa::path(
    get,
    path = "/v1/do-not-call/{callee}",
    operation_id = "get_do_not_call",
    responses((status = 200, description = "The number.", body = EntryView)),
)]
async fn one(
    State(app): State<Arc<DoNotCall>>,
    tenant: Tenant,
    Path(number): Path<String>,
) -> Result<Response, Problem> {
    let entry = app.reader.entry(&tenant.0, &read(&number)?).await?;
    let entry = entry.ok_or_else(|| Problem::not_found("number on the list"))?;
    Ok(Json(EntryView::new(&entry)).into_response())
}

/// Puts a number on the list, or changes its reason.
#[utoipa::path(
    put,
    path = "/v1/do-not-call/{callee}",
    operation_id = "put_do_not_call",
    request_body = Option<Listing>,
    responses((status = 200, description = "The number is on the list.", body = EntryView)),
)]
async fn put(
    State(app): State<Arc<DoNotCall>>,
    tenant: Tenant,
    Path(number): Path<String>,
    OptionalBody(listing): OptionalBody<Listing>,
) -> Result<Response, Problem> {
    let (number, reason) = (read(&number)?, listing.reason()?);
    let entry = app.writer.put(&tenant.0, &number, reason.as_deref(), app.clock.now()).await?;
    Ok(Json(EntryView::new(&entry)).into_response())
}

/// Takes a number off the list.
#[utoipa::path(
    delete,
    path = "/v1/do-not-call/{callee}",
    operation_id = "remove_do_not_call",
    responses((status = 204, description = "The number is not on the list any more.")),
)]
async fn remove(
    State(app): State<Arc<DoNotCall>>,
    tenant: Tenant,
    Path(number): Path<String>,
) -> Result<Response, Problem> {
    match app.writer.remove(&tenant.0, &read(&number)?).await? {
        true => Ok(no_content()),
        false => Err(Problem::not_found("number on the list")),
    }
}

/// The number in a path. What is no number is on no list.
fn read(number: &str) -> Result<PhoneNumber, Problem> {
    PhoneNumber::parse(number).map_err(|_| Problem::not_found("number: give it as E.164"))
}
