//! Leads that came, and what would become of one.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::contact::LeadId;
use domain::lead::form::NotALead;
use domain::lead::mapping::Leaf;
use domain::lead::{LeadNote, MAX_BODY};
use serde::{Deserialize, Serialize};
use stores::leads::{Raw, RawKind};
use utoipa::{IntoParams, ToSchema};

use super::LeadSources;
use super::leaves::leaves;
use super::shapes::{LeadList, NoteView, WholeView};
use crate::edge::api::input::{Body, Query, page_limit};
use crate::edge::api::paging::Paging;
use crate::edge::api::requester::Tenant;
use crate::edge::api::schema;
use crate::edge::problem::Problem;

/// The ways of what was sent that are told.
const MAX_PATHS: usize = 100;
/// The longest of them, characters.
const MAX_PATH: usize = 120;

/// The query. Unknown parameters are refused with 400.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListLeads {
    /// Leads on one page, 1 to 100; 25 without it.
    #[param(minimum = 1, maximum = 100, default = 25, nullable = false)]
    limit: Option<u16>,
    /// `next` of the page before.
    #[param(value_type = Option<schema::Cursor>, nullable = false)]
    cursor: Option<String>,
}

/// Something that could be sent to a source.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TestLeadSource, example = json!({ "body": "{\"phone\": \"+12025550143\", \"name\": \"Dana Levi\"}" }))]
pub(super) struct Sample {
    /// The body, as it would be sent.
    #[schema(max_length = 32_768)]
    body: String,
    /// In which form: `json` without the field.
    #[serde(default = "json")]
    #[schema(value_type = schema::LeadRawChoice, required = false)]
    kind: RawKind,
}

const fn json() -> RawKind {
    RawKind::Json
}

/// What would be read of it.
#[derive(Serialize, ToSchema)]
#[schema(as = LeadSourceTest)]
struct TestView<'a> {
    /// Whether it would be taken.
    taken: bool,
    /// What was found, by the parts of a lead.
    parts: Vec<PartView<'a>>,
    /// What would be left out, or why it would be refused.
    notes: Vec<NoteView<'a>>,
    /// The ways in what was sent.
    paths: Vec<String>,
}

/// A part of a lead.
#[derive(Serialize, ToSchema)]
#[schema(as = LeadPart)]
struct PartView<'a> {
    part: String,
    text: &'a str,
    /// The way to it.
    path: String,
}

/// The ways in what was sent: enough to set a mapping right, and no word of a person.
pub(super) fn paths(leaves: &[Leaf]) -> Vec<String> {
    let cut = |leaf: &Leaf| leaf.path.to_string().chars().take(MAX_PATH).collect();
    leaves.iter().take(MAX_PATHS).map(cut).collect()
}

/// Says what would be read of something that is sent to the source. Nothing is kept of it, and no one is called.
#[utoipa::path(
    post,
    path = "/v1/lead-sources/{lead_source}/test",
    operation_id = "test_lead_source",
    request_body = Sample,
    responses((status = 200, description = "What would be read.", body = TestView)),
)]
pub(super) async fn test(
    State(app): State<Arc<LeadSources>>,
    tenant: Tenant,
    Path(id): Path<String>,
    Body(sample): Body<Sample>,
) -> Result<Response, Problem> {
    let source = app.source(&tenant.0, &id).await?.source;
    if sample.body.len() > MAX_BODY {
        return Err(Problem::invalid("/body", "length", format!("give {MAX_BODY} bytes at most")));
    }
    let leaves = leaves(&Raw { kind: sample.kind, body: sample.body })?;
    let schema = app.contacts.fields(&tenant.0).await?.value;
    let pipeline = app.contacts.pipeline(&tenant.0).await?.value;
    let (taken, notes): (bool, Vec<LeadNote>) = match source.read(&leaves, &schema, &pipeline) {
        Ok(form) => (true, form.notes),
        Err(NotALead { notes }) => (false, notes),
    };
    let picked = source.mapping.pick(&leaves, &schema).into_iter();
    let parts = picked.map(|(target, (text, path))| PartView { part: target.to_string(), text, path });
    let view =
        TestView { taken, parts: parts.collect(), notes: NoteView::all(&notes), paths: paths(&leaves) };
    Ok(Json(view).into_response())
}

/// A page of the leads that came from the source in the last 30 days, the newest first, with what became of each. Readings are in
/// the log.
#[utoipa::path(
    get,
    path = "/v1/lead-sources/{lead_source}/leads",
    operation_id = "list_leads",
    params(ListLeads),
    responses((status = 200, description = "A page of the leads.", body = LeadList)),
)]
pub(super) async fn list(
    State(app): State<Arc<LeadSources>>,
    tenant: Tenant,
    paging: Paging,
    Path(id): Path<String>,
    Query(query): Query<ListLeads>,
) -> Result<Response, Problem> {
    let limit = page_limit(query.limit)?;
    let source = app.source(&tenant.0, &id).await?.source;
    let asked = paging.of("leads", &source.id.as_str())?;
    let behind: Option<LeadId> = asked.behind(query.cursor.as_deref())?;
    let page = app.reader.leads(&tenant.0, &source.id, (limit, behind), app.clock.now()).await?;
    asked.page(page.next.as_ref(), |next| LeadList::new(&page.leads, next))
}

/// One lead, with what was sent.
#[utoipa::path(
    get,
    path = "/v1/lead-sources/{lead_source}/leads/{lead}",
    operation_id = "get_lead",
    responses((status = 200, description = "The lead.", body = WholeView)),
)]
pub(super) async fn one(
    State(app): State<Arc<LeadSources>>,
    tenant: Tenant,
    Path((id, lead)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("lead");
    let source = app.source(&tenant.0, &id).await?.source;
    let lead = LeadId::parse(&lead).map_err(|_| unknown())?;
    let stored = app.reader.lead(&tenant.0, &source.id, lead, app.clock.now()).await?;
    Ok(Json(WholeView::new(&stored.ok_or_else(unknown)?)).into_response())
}
