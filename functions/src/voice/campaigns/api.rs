//! What people and programs ask about campaigns.

pub(super) mod entries;
mod export;
mod preview;

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::BusinessId;
use domain::access::Scope;
use domain::campaign::forecast::{Seen, Whereabouts, forecast};
use domain::campaign::progress::Progress;
use domain::campaign::{
    Campaign, CampaignId, MAX_CAMPAIGNS, MAX_OPEN, NotNow, Pause, State as CampaignState, Step,
};
use domain::cost::PriceList;
use http::{HeaderMap, StatusCode};
use platform::Clock;
use stores::campaigns::{Created, Reader, Request, Stored, Writer};
use stores::{businesses, do_not_call};
use utoipa_axum::routes;

use super::files::Files;
use super::requests::{CampaignChange, NewCampaign, StopCampaign, id};
use super::shapes::{CampaignList, CampaignUpload, CampaignView};
use super::telling::{Stepped, step};
use crate::edge::api::ApiFunction;
use crate::edge::api::admission::Gatekeeper;
use crate::edge::api::input::{Body, OptionalBody};
use crate::edge::api::requester::{Requester, Tenant};
use crate::edge::api::routes::Routes;
use crate::edge::api::schema;
use crate::edge::etag;
use crate::edge::idempotency::{self, Replayed};
use crate::edge::inbox::Jobs;
use crate::edge::parts::parts;
use crate::edge::problem::Problem;
use crate::jobs::{CampaignJob, EndpointJob};
use crate::shared::file_bucket::no_file;
use crate::shared::settings_cache::SettingsCache;
use crate::shared::telling::tell_endpoints;

/// How often a step is tried that others overtake.
const TRIES: usize = 5;

parts! {
    pub struct Campaigns {
        gatekeeper: Gatekeeper,
        clock: Clock,
        reader: Reader,
        writer: Writer,
        files: Files,
        businesses: businesses::Reader,
        settings: SettingsCache,
        list: do_not_call::Reader,
        prices: PriceList => |needs| needs.prices(),
        jobs: Jobs<CampaignJob>,
        endpoints: Jobs<EndpointJob>,
    }
}

impl ApiFunction for Campaigns {
    const NAME: &'static str = "campaigns";

    fn gatekeeper(&self) -> &Gatekeeper {
        &self.gatekeeper
    }

    fn routes() -> Routes<Arc<Self>> {
        Routes::new()
            .of_business(Scope::CampaignsRead, routes!(list))
            .of_business(Scope::CampaignsWrite, routes!(create))
            .of_business(Scope::CampaignsRead, routes!(one))
            .of_business(Scope::CampaignsWrite, routes!(change))
            .of_business(Scope::CampaignsWrite, routes!(check))
            .of_business(Scope::CampaignsWrite, routes!(start))
            .of_business(Scope::CampaignsWrite, routes!(pause))
            .of_business(Scope::CampaignsWrite, routes!(resume))
            .of_business(Scope::CampaignsWrite, routes!(stop))
            .of_business(Scope::CampaignsRead, routes!(entries::problems))
            .of_business(Scope::CampaignsRead, routes!(entries::list))
            .of_business(Scope::CampaignsRead, routes!(export::export))
            .of_business(Scope::CampaignsRead, routes!(preview::preview))
    }
}

/// The campaigns of the business, the newest first.
#[utoipa::path(
    get,
    path = "/v1/campaigns",
    operation_id = "list_campaigns",
    responses((status = 200, description = "The campaigns.", body = CampaignList)),
)]
async fn list(State(app): State<Arc<Campaigns>>, tenant: Tenant) -> Result<Response, Problem> {
    let all = app.reader.all(&tenant.0).await?;
    let (sums, none) = (app.reader.all_sums(&tenant.0).await?, Progress::default());
    let views = all.iter().map(|Stored { campaign, .. }| {
        CampaignView::new(campaign, sums.get(campaign.id.as_str()).unwrap_or(&none), None)
    });
    Ok(Json(CampaignList { campaigns: views.collect() }).into_response())
}

/// Makes a campaign. Put the file of the people where `upload` says, then ask for its check. The request may be repeated with the
/// same `Idempotency-Key`.
#[utoipa::path(
    post,
    path = "/v1/campaigns",
    operation_id = "create_campaign",
    params(("Idempotency-Key" = schema::IdempotencyKey, Header)),
    request_body = NewCampaign,
    responses(
        (status = 201, description = "The campaign.", body = CampaignView, headers(("ETag" = schema::VersionTag))),
        (status = 409, description = "There may be no more campaigns."),
    ),
)]
async fn create(
    State(app): State<Arc<Campaigns>>,
    tenant: Tenant,
    requester: Requester,
    headers: HeaderMap,
    Body(new): Body<NewCampaign>,
) -> Result<Response, Problem> {
    let key = idempotency::required(&headers)?;
    let body = new.fingerprint();
    let (bytes, plan) = new.read()?;
    for (place, number) in plan.from.iter().enumerate() {
        if app.businesses.number(number).await?.is_none_or(|own| own.business != tenant.0) {
            let detail = "it is not a number of this business";
            return Err(Problem::invalid(format!("/from/{place}"), "unknown_number", detail));
        }
    }
    if let Some(goal) = &plan.goal {
        let published = app.settings.of_business(&tenant.0).await?.ok_or_else(Problem::unavailable)?;
        goal.fits(&published.settings.insights)
            .map_err(|error| Problem::invalid("/goal", "unknown_goal", error.to_string()))?;
    }
    let id = CampaignId::of(&tenant.0, key);
    let full = |detail: String| Problem::new(StatusCode::CONFLICT, "too many").detail(detail);
    let others = app.reader.all(&tenant.0).await?;
    let open =
        others.iter().filter(|other| !other.campaign.state.is_over() && other.campaign.id != id).count();
    if open >= usize::try_from(MAX_OPEN).unwrap_or(usize::MAX) {
        return Err(full(format!("a business has {MAX_OPEN} campaigns at once: stop one first")));
    }
    let now = app.clock.now();
    let campaign = Campaign {
        id,
        plan,
        bytes,
        by: requester.key.id.clone(),
        created_at: now,
        state: CampaignState::Draft,
        since: now,
        pause: None,
        samples: vec![],
        report: None,
        loaded: 0,
        running_since: None,
        over_before: 0,
        hangs_up: false,
    };
    let request = Request { key, body: &body };
    let (stored, replayed) = match app.writer.create(&tenant.0, campaign, request).await? {
        Created::Done(stored) => (stored, false),
        Created::Before(stored) => (stored, true),
        Created::Reused => return Err(idempotency::reused()),
        Created::Full => return Err(full(format!("a business has {MAX_CAMPAIGNS} campaigns at most"))),
    };
    let shown = app.shown(&tenant.0, &stored).await?;
    Ok((StatusCode::CREATED, Replayed(replayed), shown).into_response())
}

/// One campaign, with its progress. Readings are in the log.
#[utoipa::path(
    get,
    path = "/v1/campaigns/{campaign}",
    operation_id = "get_campaign",
    responses((status = 200, description = "The campaign.", body = CampaignView, headers(("ETag" = schema::VersionTag)))),
)]
async fn one(
    State(app): State<Arc<Campaigns>>,
    tenant: Tenant,
    Path(campaign): Path<String>,
) -> Result<Response, Problem> {
    let stored = app.campaign(&tenant.0, &id(&campaign)?).await?;
    app.shown(&tenant.0, &stored).await
}

/// Changes a campaign: what is left out stays. A budget that is raised lets a campaign go on once it is resumed.
#[utoipa::path(
    patch,
    path = "/v1/campaigns/{campaign}",
    operation_id = "change_campaign",
    params(("If-Match" = schema::VersionTag, Header)),
    request_body = CampaignChange,
    responses(
        (status = 200, description = "The campaign.", body = CampaignView, headers(("ETag" = schema::VersionTag))),
        (status = 409, description = "It is over."),
        (status = 412, description = "It has changed since it was read."),
        (status = 428, description = "`If-Match` is missing."),
    ),
)]
async fn change(
    State(app): State<Arc<Campaigns>>,
    tenant: Tenant,
    Path(campaign): Path<String>,
    headers: HeaderMap,
    Body(change): Body<CampaignChange>,
) -> Result<Response, Problem> {
    let version = etag::seen(&headers)?;
    let seen = app.campaign(&tenant.0, &id(&campaign)?).await?;
    if seen.version != version {
        return Err(etag::stale(seen.version));
    }
    if seen.campaign.state.is_over() {
        return Err(not_now(NotNow::State(seen.campaign.state)));
    }
    let mut campaign = seen.campaign.clone();
    change.apply(&mut campaign.plan)?;
    match app.writer.save(&tenant.0, &seen, campaign, None).await? {
        Some(stored) => app.shown(&tenant.0, &stored).await,
        None => Err(etag::stale(app.campaign(&tenant.0, &seen.campaign.id).await?.version)),
    }
}

/// Checks the file: who will be called, and what there is to say of its rows. No call begins.
#[utoipa::path(
    post,
    path = "/v1/campaigns/{campaign}/check",
    operation_id = "check_campaign",
    responses(
        (status = 202, description = "It is being checked.", body = CampaignView, headers(("ETag" = schema::VersionTag))),
        (status = 409, description = "It is not in a state for that."),
    ),
)]
async fn check(
    State(app): State<Arc<Campaigns>>,
    tenant: Tenant,
    Path(campaign): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    app.ask(&tenant.0, &campaign, &headers, &Step::Check).await
}

/// Starts the campaign with the people that the check found.
#[utoipa::path(
    post,
    path = "/v1/campaigns/{campaign}/start",
    operation_id = "start_campaign",
    responses(
        (status = 202, description = "It begins.", body = CampaignView, headers(("ETag" = schema::VersionTag))),
        (status = 409, description = "It is not in a state for that."),
    ),
)]
async fn start(
    State(app): State<Arc<Campaigns>>,
    tenant: Tenant,
    Path(campaign): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    app.ask(&tenant.0, &campaign, &headers, &Step::Start).await
}

/// Pauses the campaign: no call begins until it is resumed. Calls that run go on.
#[utoipa::path(
    post,
    path = "/v1/campaigns/{campaign}/pause",
    operation_id = "pause_campaign",
    responses(
        (status = 202, description = "It is paused.", body = CampaignView, headers(("ETag" = schema::VersionTag))),
        (status = 409, description = "It is not in a state for that."),
    ),
)]
async fn pause(
    State(app): State<Arc<Campaigns>>,
    tenant: Tenant,
    Path(campaign): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    app.ask(&tenant.0, &campaign, &headers, &Step::Pause(Pause::Requested, vec![])).await
}

/// Lets a campaign go on that is paused, whatever it is paused for.
#[utoipa::path(
    post,
    path = "/v1/campaigns/{campaign}/resume",
    operation_id = "resume_campaign",
    responses(
        (status = 202, description = "It goes on.", body = CampaignView, headers(("ETag" = schema::VersionTag))),
        (status = 409, description = "It is not in a state for that."),
    ),
)]
async fn resume(
    State(app): State<Arc<Campaigns>>,
    tenant: Tenant,
    Path(campaign): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    app.ask(&tenant.0, &campaign, &headers, &Step::Resume).await
}

/// Ends the campaign: no call begins any more, and those who were not called are skipped. Calls that run go on, or with `hangup` the
/// agent says goodbye and ends them, and those that ring are given up; also of a campaign that is being ended without that.
#[utoipa::path(
    post,
    path = "/v1/campaigns/{campaign}/stop",
    operation_id = "stop_campaign",
    request_body = Option<StopCampaign>,
    responses(
        (status = 202, description = "It ends.", body = CampaignView, headers(("ETag" = schema::VersionTag))),
        (status = 409, description = "It is not in a state for that."),
    ),
)]
async fn stop(
    State(app): State<Arc<Campaigns>>,
    tenant: Tenant,
    Path(campaign): Path<String>,
    headers: HeaderMap,
    OptionalBody(wish): OptionalBody<StopCampaign>,
) -> Result<Response, Problem> {
    app.ask(&tenant.0, &campaign, &headers, &Step::Stop { hang_up: wish.hangup }).await
}

impl Campaigns {
    pub(super) async fn campaign(&self, business: &BusinessId, id: &CampaignId) -> Result<Stored, Problem> {
        self.reader.one(business, id).await?.ok_or_else(|| Problem::not_found("campaign"))
    }

    async fn shown(&self, business: &BusinessId, stored: &Stored) -> Result<Response, Problem> {
        let campaign = &stored.campaign;
        let upload = match campaign.state {
            CampaignState::Draft | CampaignState::Ready => {
                let link = self.files.link_to_put(business, campaign).await;
                let (url, headers) = link.map_err(|error| no_file(&error))?;
                Some(CampaignUpload::new(url.into(), headers))
            }
            _ => None,
        };
        let sums: Progress = self.reader.sums(business, &campaign.id).await?;
        let mut view = CampaignView::new(campaign, &sums, upload);
        if let Some(seen) = Seen::of(campaign, &sums)
            && let Some(published) = self.settings.of_business(business).await?
        {
            let whereabouts = Whereabouts::of(campaign, &published.settings.outbound.hours);
            let forecast = forecast(seen, |at| whereabouts.window(at), self.clock.now());
            view = view.expecting(campaign, forecast);
        }
        Ok((etag::of(stored.version), Json(view)).into_response())
    }

    /// Moves a campaign, and has a worker look at it. With `If-Match`, only the version that was seen.
    async fn ask(
        &self,
        business: &BusinessId,
        campaign: &str,
        headers: &HeaderMap,
        what: &Step,
    ) -> Result<Response, Problem> {
        let (id, version) = (id(campaign)?, etag::optional(headers)?);
        for _ in 0..TRIES {
            let seen = self.campaign(business, &id).await?;
            if version.is_some_and(|version| version != seen.version) {
                return Err(etag::stale(seen.version));
            }
            let of = (&self.reader, &self.writer);
            let stored = match step(of, business, &seen, what.clone(), self.clock.now()).await? {
                Stepped::Moved(stored, is_told) => {
                    if is_told {
                        tell_endpoints(&self.endpoints, business).await;
                    }
                    *stored
                }
                Stepped::Same => seen,
                Stepped::NotNow(why) => return Err(not_now(why)),
                Stepped::Overtaken => continue,
            };
            let job = CampaignJob::Work { business: business.clone(), campaign: id, turn: None };
            if let Err(error) = self.jobs.send(&job, Duration::ZERO).await {
                // It is written down, and the sweep looks.
                tracing::warn!(%error, %business, "a campaign waits for the sweep");
            }
            let shown = self.shown(business, &stored).await?;
            return Ok((StatusCode::ACCEPTED, shown).into_response());
        }
        Err(Problem::unavailable())
    }
}

/// 409, with the reason.
fn not_now(why: NotNow) -> Problem {
    let code: &'static str = why.into();
    Problem::new(StatusCode::CONFLICT, "not now").code(code).detail(why.to_string())
}
