//! The entries of a campaign and the problems of its file, a page at a time.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use domain::campaign::entry::{Attempt, Entry, Skip, State as EntryState, Wait};
use domain::campaign::retry::Outcome;
use domain::campaign::sheet::RowCode;
use domain::zone::Zone;
use domain::{CallSid, PhoneNumber};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::files::RowProblem;
use super::super::requests::id;
use super::Campaigns;
use crate::edge::api::input::{Query, page_limit};
use crate::edge::api::paging::Paging;
use crate::edge::api::requester::Tenant;
use crate::edge::api::schema;
use crate::edge::problem::Problem;
use crate::shared::file_bucket::no_file;
use crate::shared::shapes::Time;

/// The query of a campaign's entries. Unknown parameters are refused with 400.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListEntries {
    /// The most entries of the page; 50 without it.
    #[param(minimum = 1, maximum = 100, nullable = false)]
    limit: Option<u16>,
    /// `next` of the page before.
    #[param(value_type = Option<schema::Cursor>, nullable = false)]
    cursor: Option<String>,
}

/// The query of the problems of a campaign's file. Unknown parameters are refused with 400.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListRowProblems {
    /// `next` of the page before.
    #[param(value_type = Option<schema::Cursor>, nullable = false)]
    cursor: Option<String>,
}

/// One person of a campaign.
#[derive(Serialize, ToSchema)]
#[schema(as = CampaignEntry)]
pub(in crate::voice::campaigns) struct EntryView<'a> {
    /// Its place among those of the file that are called, from 0.
    number: u32,
    /// Null: the person was erased.
    #[schema(value_type = Option<schema::E164>)]
    to: Option<&'a str>,
    name: Option<&'a str>,
    time_zone: Option<&'a str>,
    language: Option<&'a str>,
    /// How and when they agreed to be called, as the file says it.
    consent: Option<&'a str>,
    variables: Option<&'a BTreeMap<String, String>>,
    #[schema(value_type = schema::CampaignEntryStateWord)]
    state: &'static str,
    /// What it came to; null: it is not done.
    #[schema(value_type = Option<schema::CampaignOutcomeWord>)]
    outcome: Option<Outcome>,
    /// Why it is not called; null: it is.
    #[schema(value_type = Option<schema::CampaignSkipWord>)]
    skipped: Option<Skip>,
    /// Why it waits; null: it does not.
    #[schema(value_type = Option<schema::CampaignWaitWord>)]
    waiting_for: Option<Wait>,
    /// When it is looked at next; null: it is not waited for.
    next_at: Option<Time>,
    attempts: Vec<AttemptView<'a>>,
}

/// One call to a person, or the attempt at one.
#[derive(Serialize, ToSchema)]
#[schema(as = CampaignAttempt)]
struct AttemptView<'a> {
    at: Time,
    #[schema(value_type = schema::E164)]
    from: &'a str,
    /// Null: it is being dialled.
    #[schema(value_type = Option<schema::CallSid>)]
    call: Option<&'a CallSid>,
    /// Null: it is under way.
    #[schema(value_type = Option<schema::CampaignOutcomeWord>)]
    outcome: Option<Outcome>,
    seconds: u64,
    /// When the person was promised to be called again; null: they were not.
    call_back_at: Option<Time>,
}

/// Entries in the order of the file.
#[derive(Serialize, ToSchema)]
#[schema(as = CampaignEntries)]
struct EntryList<'a> {
    entries: Vec<EntryView<'a>>,
    /// The cursor of the next page; null on the last one.
    #[schema(value_type = Option<schema::Cursor>)]
    next: Option<String>,
}

/// Something about a row. It names the place and never what stands there.
#[derive(Serialize, ToSchema)]
#[schema(as = CampaignRowProblem)]
struct ProblemView<'a> {
    /// The line in which the row begins, from 1.
    line: u32,
    /// The header of the column; null: it is of the row.
    column: Option<&'a str>,
    #[schema(value_type = schema::CampaignRowWord)]
    code: RowCode,
    /// Whether the row is left out.
    left_out: bool,
    detail: &'static str,
}

/// What there is to say of a file's rows, in their order.
#[derive(Serialize, ToSchema)]
#[schema(as = CampaignRowProblems)]
struct ProblemList<'a> {
    problems: Vec<ProblemView<'a>>,
    /// The cursor of the next page; null on the last one. A page may be empty and yet have a `next`.
    #[schema(value_type = Option<schema::Cursor>)]
    next: Option<String>,
}

impl<'a> EntryView<'a> {
    pub(in crate::voice::campaigns) fn new(entry: &'a Entry) -> Self {
        let person = entry.person.as_ref();
        let (mut outcome, mut skipped, mut waiting_for) = (None, None, None);
        match &entry.state {
            EntryState::Done { outcome: came, .. } => outcome = Some(*came),
            EntryState::Skipped { why, .. } => skipped = Some(*why),
            EntryState::Waiting { why, .. } => waiting_for = Some(*why),
            EntryState::Pending { .. } | EntryState::Dialling { .. } | EntryState::Calling { .. } => {}
        }
        Self {
            number: entry.number,
            to: person.map(|person| PhoneNumber::as_e164(&person.to)),
            name: person.and_then(|person| person.name.as_deref()),
            time_zone: person.and_then(|person| person.zone.as_ref()).map(Zone::name),
            language: person.and_then(|person| person.language.as_deref()),
            consent: person.and_then(|person| person.consent.as_deref()),
            variables: person.map(|person| &person.vars),
            state: entry.state.word(),
            outcome,
            skipped,
            waiting_for,
            next_at: entry.state.due().map(Time),
            attempts: entry.attempts.iter().map(attempt).collect(),
        }
    }
}

fn attempt(attempt: &Attempt) -> AttemptView<'_> {
    AttemptView {
        at: Time(attempt.at),
        from: attempt.from.as_e164(),
        call: attempt.call.as_ref(),
        outcome: attempt.outcome,
        seconds: attempt.seconds,
        call_back_at: attempt.call_back.map(Time),
    }
}

fn problem(problem: &RowProblem) -> ProblemView<'_> {
    ProblemView {
        line: problem.line,
        column: problem.column.as_deref(),
        code: problem.code,
        left_out: !problem.code.is_note(),
        detail: problem.code.detail(),
    }
}

/// The people of a campaign, in the order of its file, with what their calls came to. Readings are in the log.
#[utoipa::path(
    get,
    path = "/v1/campaigns/{campaign}/entries",
    operation_id = "list_campaign_entries",
    params(ListEntries),
    responses((status = 200, description = "A page of entries.", body = EntryList)),
)]
pub(super) async fn list(
    State(app): State<Arc<Campaigns>>,
    tenant: Tenant,
    paging: Paging,
    Path(campaign): Path<String>,
    Query(query): Query<ListEntries>,
) -> Result<Response, Problem> {
    let stored = app.campaign(&tenant.0, &id(&campaign)?).await?;
    let asked = paging.of("campaign-entries", &stored.campaign.id.as_str())?;
    let after: Option<u32> = asked.behind(query.cursor.as_deref())?;
    let limit = page_limit(query.limit)?;
    let page = app.reader.entries(&tenant.0, &stored.campaign.id, after, limit).await?;
    asked.page(page.next.as_ref(), |next| EntryList {
        entries: page.entries.iter().map(EntryView::new).collect(),
        next,
    })
}

/// What there is to say of the rows of a campaign's file. It is kept for a week.
#[utoipa::path(
    get,
    path = "/v1/campaigns/{campaign}/problems",
    operation_id = "list_campaign_problems",
    params(ListRowProblems),
    responses((status = 200, description = "A page of problems.", body = ProblemList)),
)]
pub(super) async fn problems(
    State(app): State<Arc<Campaigns>>,
    tenant: Tenant,
    paging: Paging,
    Path(campaign): Path<String>,
    Query(query): Query<ListRowProblems>,
) -> Result<Response, Problem> {
    let stored = app.campaign(&tenant.0, &id(&campaign)?).await?;
    let campaign = &stored.campaign;
    let slices = campaign.report.as_ref().map_or(0, |report| report.slices);
    let began = campaign.report.as_ref().map_or(0, |report| report.began_at.0);
    let asked = paging.of("campaign-problems", &(campaign.id.as_str(), began))?;
    let slice: u32 = asked.behind(query.cursor.as_deref())?.unwrap_or(0);
    let found = match slice < slices {
        true => app.files.problems(&tenant.0, campaign, slice).await.map_err(|error| no_file(&error))?,
        false => None,
    };
    let found = found.unwrap_or_default();
    let next = (slice + 1 < slices).then_some(slice + 1);
    asked.page(next.as_ref(), |next| ProblemList { problems: found.iter().map(problem).collect(), next })
}
