//! The entries of a campaign as a file for people, a page at a time: a page is one read of the table, so a campaign of a hundred
//! thousand people takes no more memory than a small one.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use domain::campaign::file::{cells, headers, variables};
use http::header;
use serde::Deserialize;
use utoipa::IntoParams;

use super::super::requests::id;
use super::Campaigns;
use crate::edge::api::input::Query;
use crate::edge::api::paging::Paging;
use crate::edge::api::requester::Tenant;
use crate::edge::api::schema;
use crate::edge::problem::Problem;
use crate::shared::table_file::writing::{CSV, MARK, written};

/// Rows of a page: what one read of the table gives at most is a megabyte.
const LARGEST_PAGE: u16 = 1_000;

/// The query of a campaign's file. Unknown parameters are refused with 400.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ExportEntries {
    /// The most rows of the page; 1,000 without it.
    #[param(minimum = 1, maximum = 1000, nullable = false)]
    limit: Option<u16>,
    /// What `Link` of the page before says.
    #[param(value_type = Option<schema::Cursor>, nullable = false)]
    cursor: Option<String>,
}

/// The people of a campaign as CSV in UTF-8, in the order of its file: what the file says of each, how far they are and why in
/// words, and what their calls came to; times in UTC and by their clocks. The first page begins with the headers, and `Link` names
/// the next one: put one behind the other, pages are one file. Cells that a spreadsheet would run begin with `'`. Readings are in
/// the log.
#[utoipa::path(
    get,
    path = "/v1/campaigns/{campaign}/entries.csv",
    operation_id = "export_campaign_entries",
    params(ExportEntries),
    responses((status = 200, description = "A page of rows.", body = String, content_type = "text/csv")),
)]
pub(super) async fn export(
    State(app): State<Arc<Campaigns>>,
    tenant: Tenant,
    paging: Paging,
    Path(campaign): Path<String>,
    Query(query): Query<ExportEntries>,
) -> Result<Response, Problem> {
    let stored = app.campaign(&tenant.0, &id(&campaign)?).await?;
    let campaign = &stored.campaign;
    let asked = paging.of("campaign-file", &campaign.id.as_str())?;
    let after: Option<u32> = asked.behind(query.cursor.as_deref())?;
    let limit = query.limit.unwrap_or(LARGEST_PAGE);
    if !(1..=LARGEST_PAGE).contains(&limit) {
        return Err(Problem::bad_request(format!("`limit` must be between 1 and {LARGEST_PAGE}")));
    }
    let page = app.reader.entries(&tenant.0, &campaign.id, after, limit).await?;
    let variables = campaign.report.as_ref().map(variables).unwrap_or_default();
    let first = after.is_none().then(|| headers(&variables));
    let rows = page.entries.iter().map(|entry| cells(entry, &variables));
    let rows = written(first.into_iter().chain(rows)).map_err(|error| {
        tracing::error!(%error, campaign = %campaign.id, "entries of a campaign cannot be exported");
        Problem::unavailable()
    })?;
    let text = if after.is_none() { [MARK, &rows].concat() } else { rows };
    let name = format!("attachment; filename=\"campaign-{}.csv\"", campaign.id);
    asked.page_as(page.next.as_ref(), |_| {
        ([(header::CONTENT_TYPE, CSV), (header::CONTENT_DISPOSITION, name.as_str())], text).into_response()
    })
}
