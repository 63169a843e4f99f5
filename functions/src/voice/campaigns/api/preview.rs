//! Who would be called next, when and at what cost, or why not. No call is placed and nothing is written; what is shown is decided
//! by the function that claims decide by.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use domain::campaign::decision::{Callees, first_moment};
use domain::campaign::entry::{Person, Skip, State as EntryState, Wait};
use domain::campaign::forecast::expected_call;
use domain::campaign::progress::Progress;
use domain::campaign::window::Places;
use domain::campaign::{Campaign, State as CampaignState};
use domain::outbound::AtMost;
use domain::zone::Zone;
use domain::{BusinessId, PhoneNumber, Timestamp};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use http::StatusCode;
use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};
use stores::businesses::Published;
use utoipa::{IntoParams, ToSchema};

use super::super::requests::id;
use super::Campaigns;
use crate::edge::api::input::{Query, page_limit};
use crate::edge::api::paging::Paging;
use crate::edge::api::requester::Tenant;
use crate::edge::api::schema;
use crate::edge::problem::Problem;
use crate::shared::file_bucket::no_file;
use crate::shared::shapes::Time;

/// People who are looked at at once.
const AT_ONCE: usize = 16;

/// The query of those who would be called. Unknown parameters are refused with 400.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PreviewCampaign {
    /// The most people of the page; 25 without it.
    #[param(minimum = 1, maximum = 100, nullable = false)]
    limit: Option<u16>,
    /// `next` of the page before.
    #[param(value_type = Option<schema::Cursor>, nullable = false)]
    cursor: Option<String>,
}

/// Where a page begins.
#[derive(Serialize, Deserialize)]
enum Position {
    /// Behind an entry that is due then.
    Due(Timestamp, u32),
    /// At a place of a slice of the file, before the campaign was started.
    Slice(u32, usize),
}

/// Someone who may be called, from a moment on.
struct Candidate {
    number: u32,
    person: Person,
    from: Timestamp,
    waits: Option<Wait>,
}

/// Who would be called next, and what a call is expected to come to.
#[derive(Serialize, ToSchema)]
#[schema(as = CampaignPreview)]
struct PreviewPage<'a> {
    #[schema(value_type = schema::CampaignStateWord)]
    state: CampaignState,
    each: ExpectedView,
    people: Vec<PreviewView<'a>>,
    /// The cursor of the next page; null on the last one. A page may have fewer people than asked for and yet a `next`.
    #[schema(value_type = Option<schema::Cursor>)]
    next: Option<String>,
}

/// What one call is expected to come to.
#[derive(Serialize, ToSchema)]
#[schema(as = CampaignExpectedCall)]
struct ExpectedView {
    /// The mean of this campaign's conversations; null: there was none yet.
    seconds: Option<u64>,
    /// What such a call costs at most, micro-dollars; null: there was none yet, or a price is not known.
    micros: Option<u64>,
    /// The longest that a call may last, begun minutes.
    minutes_at_most: u64,
    /// What that costs at most, micro-dollars; null: a price is not known.
    micros_at_most: Option<u64>,
}

/// One person who would be called, or why not.
#[derive(Serialize, ToSchema)]
#[schema(as = CampaignPreviewPerson)]
struct PreviewView<'a> {
    /// Their place among those of the file that are called, from 0.
    number: u32,
    #[schema(value_type = schema::E164)]
    to: &'a str,
    name: Option<&'a str>,
    /// The first moment at which they may be called, once there is room for the call; null: they are not called.
    at: Option<Time>,
    /// What their clocks show then; null: it is not known, or not the same everywhere where they may be.
    #[schema(example = "2026-12-01T09:30:00")]
    callee_time: Option<String>,
    /// What the clocks of the business show then.
    #[schema(example = "2026-12-01T15:30:00")]
    business_time: Option<String>,
    /// Why they wait; null: it is for their hours alone, or they do not.
    #[schema(value_type = Option<schema::CampaignWaitWord>)]
    waiting_for: Option<Wait>,
    /// Why they are not called; null: they are.
    #[schema(value_type = Option<schema::CampaignSkipWord>)]
    skipped: Option<Skip>,
    /// The reason in words.
    detail: Option<&'static str>,
}

/// Who would be called next: when, by their clocks and the business's, or why not. Of a campaign that was not started yet it is the
/// people of its file, in their order; later those who are left, the longest due first. Of one whose file was not checked, or that
/// calls no more, the list is empty. Room for calls, caps and the pause after an
/// earlier call are known when a call is dialled. Readings are in the log.
#[utoipa::path(
    get,
    path = "/v1/campaigns/{campaign}/preview",
    operation_id = "preview_campaign",
    params(PreviewCampaign),
    responses(
        (status = 200, description = "A page of people.", body = PreviewPage),
        (status = 409, description = "What the check made of its file is not kept any more: check it again."),
    ),
)]
pub(super) async fn preview(
    State(app): State<Arc<Campaigns>>,
    tenant: Tenant,
    paging: Paging,
    Path(campaign): Path<String>,
    Query(query): Query<PreviewCampaign>,
) -> Result<Response, Problem> {
    let stored = app.campaign(&tenant.0, &id(&campaign)?).await?;
    let campaign = &stored.campaign;
    // Before the start the list is another one, and so are its cursors.
    let began = campaign.report.as_ref().map_or(0, |report| report.began_at.0);
    let asked = paging.of("campaign-preview", &(campaign.id.as_str(), campaign.callees(), began))?;
    let behind: Option<Position> = asked.behind(query.cursor.as_deref())?;
    let limit = page_limit(query.limit)?;
    let published = app.settings.of_business(&tenant.0).await?.ok_or_else(Problem::unavailable)?;
    let (candidates, next) = match campaign.callees() {
        Callees::Left => app.left(&tenant.0, campaign, behind, limit).await?,
        Callees::OfFile => app.of_file(&tenant.0, campaign, behind, limit).await?,
        Callees::Unknown => (vec![], None),
    };
    let now = app.clock.now();
    let listed: Vec<_> = candidates.iter().map(|one| app.list.entry(&tenant.0, &one.person.to)).collect();
    let listed: Vec<_> = stream::iter(listed).buffered(AT_ONCE).try_collect().await?;
    let own = published.business.zone();
    let looked = candidates.iter().zip(listed);
    let people = looked.map(|(one, listed)| one.view(campaign, &published, &own, (listed.is_some(), now)));
    let people: Vec<PreviewView<'_>> = people.collect();
    let sums = app.reader.sums(&tenant.0, &campaign.id).await?;
    let each = ExpectedView::new(&sums, app.prices.most_of_a_call(&published.settings));
    asked.page(next.as_ref(), |next| PreviewPage { state: campaign.state, each, people, next })
}

impl Campaigns {
    /// Entries that are left, by when they are due.
    async fn left(
        &self,
        business: &BusinessId,
        campaign: &Campaign,
        behind: Option<Position>,
        limit: u16,
    ) -> Result<(Vec<Candidate>, Option<Position>), Problem> {
        let behind = behind.and_then(|behind| match behind {
            Position::Due(due, number) => Some((due, number)),
            Position::Slice(..) => None,
        });
        let (due, more) = self.reader.due_behind(business, &campaign.id, behind, limit).await?;
        let found: Vec<_> =
            due.iter().map(|(_, number)| self.reader.entry(business, &campaign.id, *number)).collect();
        let found: Vec<_> = stream::iter(found).buffered(AT_ONCE).try_collect().await?;
        let left = due.iter().zip(found).filter_map(|((due, number), found)| {
            let entry = found?.entry;
            // One that has moved meanwhile stands at another place of the list.
            let from = entry.state.due().filter(|at| at == due)?;
            let waits = match entry.state {
                EntryState::Waiting { why, .. } if why != Wait::Hours => Some(why),
                _ => None,
            };
            Some(Candidate { number: *number, person: entry.person?, from, waits })
        });
        let next = due.last().filter(|_| more).map(|(due, number)| Position::Due(*due, *number));
        Ok((left.collect(), next))
    }

    /// People of the file.
    async fn of_file(
        &self,
        business: &BusinessId,
        campaign: &Campaign,
        behind: Option<Position>,
        limit: u16,
    ) -> Result<(Vec<Candidate>, Option<Position>), Problem> {
        let (slice, begin) = match behind {
            Some(Position::Slice(slice, begin)) => (slice, begin),
            _ => (0, 0),
        };
        let slices = campaign.report.as_ref().map_or(0, |report| report.slices);
        if slice >= slices {
            return Ok((vec![], None));
        }
        let found = self.files.slice(business, campaign, slice).await.map_err(|error| no_file(&error))?;
        let found = found.ok_or_else(|| {
            let detail =
                "what the check made of the file is not kept any more: put the file and check it again";
            Problem::new(StatusCode::CONFLICT, "not now").code("no_file").detail(detail)
        })?;
        let (all, end) = (found.people.len(), begin.saturating_add(usize::from(limit)));
        let people = (found.first..).zip(found.people).skip(begin).take(usize::from(limit));
        let from = self.clock.now();
        let people = people.map(|(number, person)| Candidate { number, person, from, waits: None });
        let next = if end < all { Position::Slice(slice, end) } else { Position::Slice(slice + 1, 0) };
        let is_last = end >= all && slice + 1 >= slices;
        Ok((people.collect(), (!is_last).then_some(next)))
    }
}

impl Candidate {
    fn view(
        &self,
        campaign: &Campaign,
        published: &Published,
        own: &Zone,
        (is_listed, now): (bool, Timestamp),
    ) -> PreviewView<'_> {
        let (person, hours) = (&self.person, &published.settings.outbound.hours);
        let first = first_moment(&campaign.plan, hours, person, is_listed, self.from.max(now));
        let (at, skipped) = (first.ok(), first.err());
        let places = Places::of(&person.to, person.zone.as_ref()).ok();
        let callee_time = at.and_then(|at| places.as_ref()?.local(at));
        let waiting_for = self.waits.filter(|_| skipped.is_none());
        let shown = |time: DateTime| time.strftime("%Y-%m-%dT%H:%M:%S").to_string();
        PreviewView {
            number: self.number,
            to: PhoneNumber::as_e164(&person.to),
            name: person.name.as_deref(),
            at: at.map(Time),
            callee_time: callee_time.map(shown),
            business_time: at.map(|at| shown(own.local(at))),
            waiting_for,
            skipped,
            detail: skipped.map(Skip::words).or_else(|| waiting_for.map(Wait::words)),
        }
    }
}

impl ExpectedView {
    fn new(sums: &Progress, most: AtMost) -> Self {
        let expected = expected_call(sums, most);
        Self {
            seconds: expected.map(|(lasts, _)| lasts.as_secs()),
            micros: expected.and_then(|(_, costs)| costs.micros),
            minutes_at_most: most.minutes,
            micros_at_most: most.micros,
        }
    }
}
