//! Campaigns in answers.

use std::collections::BTreeMap;

use domain::campaign::forecast::{Forecast, Unknown};
use domain::campaign::guard::Sample;
use domain::campaign::progress::{AWAITED, COST, GOALS, MICROS, MINUTES, Progress, TOTAL};
use domain::campaign::retry::Outcome;
use domain::campaign::{Campaign, Pause, Purpose, Report, State};
use domain::hours::Week;
use domain::numbering::Country;
use domain::{CallSid, PhoneNumber};
use serde::Serialize;
use utoipa::ToSchema;

use super::requests::{AttemptsShape, BudgetShape, GoalShape};
use crate::edge::api::schema;
use crate::shared::file_bucket::LINK_TTL;
use crate::shared::shapes::Time;

/// A campaign.
#[derive(Serialize, ToSchema)]
#[schema(as = Campaign)]
pub(super) struct CampaignView<'a> {
    #[schema(value_type = schema::CampaignId)]
    id: &'a str,
    name: &'a str,
    #[schema(value_type = schema::CampaignPurposeWord)]
    purpose: Purpose,
    #[schema(value_type = Vec<schema::E164>)]
    from: Vec<&'a str>,
    reason: Option<&'a str>,
    context: Option<&'a str>,
    language: Option<&'a str>,
    hours: Option<&'a Week>,
    starts_at: Option<Time>,
    ends_at: Option<Time>,
    at_once: u16,
    attempts: AttemptsShape,
    budget: BudgetShape,
    country: Option<&'a str>,
    goal: Option<GoalShape>,
    created_at: Time,
    #[schema(value_type = schema::CampaignStateWord)]
    state: State,
    /// Since when it is in this state.
    since: Time,
    /// Why it is paused; null: it is not.
    pause: Option<PauseView<'a>>,
    /// Where the file goes; null once it was started.
    upload: Option<CampaignUpload>,
    /// What the check of the file found; null until then.
    report: Option<ReportView<'a>>,
    progress: ProgressView,
    /// What is expected of a campaign that runs; null in lists, and while it does not run.
    forecast: Option<ForecastView>,
}

/// When a campaign will be over, if it goes on as it went since it began to call or went on: what is left, at the rate of the hours
/// in which there could be calls.
#[derive(Serialize, ToSchema)]
#[schema(as = CampaignForecast)]
struct ForecastView {
    /// People who were dealt with for each such hour; null: none was yet.
    per_hour: Option<u64>,
    /// When the last person will have been dealt with; null: it is not known.
    ends_at: Option<Time>,
    /// Why it is not known; null: it is.
    #[schema(value_type = Option<schema::CampaignForecastWord>)]
    unknown: Option<Unknown>,
    /// `ends_at` of the campaign comes before that: those who are left by then are not called.
    is_cut: bool,
}

/// Why a campaign is paused.
#[derive(Serialize, ToSchema)]
#[schema(as = CampaignPause)]
struct PauseView<'a> {
    #[schema(value_type = schema::CampaignPauseWord)]
    code: Pause,
    /// What is so, and what to do about it.
    detail: &'static str,
    /// The calls because of which it paused by itself.
    calls: Vec<SampleView<'a>>,
}

/// A call that is over.
#[derive(Serialize, ToSchema)]
#[schema(as = CampaignCall)]
struct SampleView<'a> {
    #[schema(value_type = schema::CallSid)]
    call: &'a CallSid,
    ended_at: Time,
    #[schema(value_type = schema::CampaignOutcomeWord)]
    outcome: Outcome,
    /// It failed for a technical reason.
    failed: bool,
}

/// Where the file goes.
#[derive(Serialize, ToSchema)]
pub(super) struct CampaignUpload {
    /// Good for 15 minutes, for a file of the length that was said.
    #[schema(value_type = String, format = "uri")]
    url: String,
    #[schema(value_type = schema::UploadMethod)]
    method: &'static str,
    /// The request must have these headers.
    headers: BTreeMap<String, String>,
    expires_in_seconds: u64,
}

impl CampaignUpload {
    pub(super) fn new(url: String, headers: BTreeMap<String, String>) -> Self {
        Self { url, method: "PUT", headers, expires_in_seconds: LINK_TTL.as_secs() }
    }
}

/// What the check of the file found.
#[derive(Serialize, ToSchema)]
#[schema(as = CampaignReport)]
struct ReportView<'a> {
    /// Rows, without the one of the headers and without empty ones.
    rows: u32,
    /// Those that will be called.
    valid: u32,
    /// Those that are left out, each with its reason among the problems.
    left_out: u32,
    /// What there is to say of rows, all in all.
    problems: u32,
    headers: &'a [String],
    /// Variables that the words need and the file does not have. Such a campaign is not started.
    missing: &'a [String],
    /// How many of those that will be called are of each country.
    countries: &'a BTreeMap<String, u32>,
    /// Why the file is no list of people; null: it is one.
    refused: Option<RefusedView<'a>>,
}

/// Why a file is refused.
#[derive(Serialize, ToSchema)]
#[schema(as = CampaignFileRefusal)]
struct RefusedView<'a> {
    code: &'a str,
    detail: &'a str,
}

/// What a campaign has come to. The sums are those of its entries at this moment.
#[derive(Serialize, ToSchema)]
#[schema(as = CampaignProgress)]
pub(super) struct ProgressView {
    total: u64,
    /// How many entries are `pending`, `waiting`, `dialling`, `calling`, `done`, `skipped`.
    entries: BTreeMap<String, u64>,
    /// What those that are done came to.
    done: BTreeMap<String, u64>,
    /// Why those that are skipped are not called.
    skipped: BTreeMap<String, u64>,
    /// Calls that are over.
    calls: u64,
    /// What they came to.
    outcomes: BTreeMap<String, u64>,
    /// Of a hundred calls, how many a person answered and spoke; null: there was none.
    answer_rate: Option<u64>,
    /// The same by hour of day, by the clocks of the business: calls, and those that a person answered.
    hours: BTreeMap<String, HourView>,
    /// How long people spoke with the agent, seconds.
    talk_seconds: u64,
    /// Begun minutes that were spent or are kept for calls that run.
    minutes: u64,
    /// What that costs at most, micro-dollars.
    micros: u64,
    /// What the calls brought about; null: the campaign has no goal.
    goal: Option<GoalProgress>,
}

/// What the calls of a campaign with a goal brought about.
#[derive(Serialize, ToSchema)]
#[schema(as = CampaignGoalProgress)]
struct GoalProgress {
    /// People whose call reached the goal, each once.
    reached: u64,
    /// Of a hundred calls that a person answered, how many reached it; null: there was none.
    rate: Option<u64>,
    /// Calls that are not summed up yet.
    awaited: u64,
    /// What all calls cost; those whose cost is not known, with the most that it may be. Micro-dollars.
    micros: u64,
    /// The same for each that reached the goal; null: none did.
    micros_each: Option<u64>,
}

/// The calls of an hour of the day.
#[derive(Default, Serialize, ToSchema)]
#[schema(as = CampaignHour)]
struct HourView {
    calls: u64,
    answered: u64,
    /// Of a hundred calls, how many a person answered and spoke; null: there was none.
    answer_rate: Option<u64>,
}

impl GoalProgress {
    fn new(sums: &Progress) -> Self {
        let (reached, micros) = (sums.get(GOALS), sums.get(COST));
        Self {
            reached,
            rate: (reached * 100).checked_div(sums.answered()),
            awaited: sums.get(AWAITED),
            micros,
            micros_each: micros.checked_div(reached),
        }
    }
}

impl ProgressView {
    pub(super) fn new(sums: &Progress, has_goal: bool) -> Self {
        let beginning = |with: &str| -> BTreeMap<String, u64> {
            let of =
                sums.0.keys().filter_map(|name| Some((name.strip_prefix(with)?.to_owned(), sums.get(name))));
            of.filter(|(_, sum)| *sum > 0).collect()
        };
        let mut hours: BTreeMap<String, HourView> = BTreeMap::new();
        for (name, sum) in beginning("hour_") {
            let Some((hour, what)) = name.split_once('_') else { continue };
            let hour = hours.entry(hour.to_owned()).or_default();
            match what {
                "calls" => hour.calls = sum,
                _ => hour.answered = sum,
            }
        }
        for hour in hours.values_mut() {
            hour.answer_rate = (hour.answered * 100).checked_div(hour.calls);
        }
        let calls = sums.get("calls");
        Self {
            total: sums.get(TOTAL),
            entries: beginning("state_"),
            done: beginning("done_"),
            skipped: beginning("skipped_"),
            calls,
            outcomes: beginning("calls_"),
            answer_rate: (sums.answered() * 100).checked_div(calls),
            hours,
            talk_seconds: sums.get("human_seconds"),
            minutes: sums.get(MINUTES),
            micros: sums.get(MICROS),
            goal: has_goal.then(|| GoalProgress::new(sums)),
        }
    }
}

/// The campaigns of a business, the newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = CampaignList)]
pub(super) struct CampaignList<'a> {
    pub(super) campaigns: Vec<CampaignView<'a>>,
}

impl<'a> CampaignView<'a> {
    pub(super) fn new(campaign: &'a Campaign, sums: &Progress, upload: Option<CampaignUpload>) -> Self {
        let plan = &campaign.plan;
        let pause = campaign.pause.map(|code| PauseView {
            code,
            detail: code.words(),
            calls: campaign.samples.iter().map(sample).collect(),
        });
        Self {
            id: campaign.id.as_str(),
            name: &plan.name,
            purpose: plan.purpose,
            from: plan.from.iter().map(PhoneNumber::as_e164).collect(),
            reason: plan.reason.as_deref(),
            context: plan.context.as_deref(),
            language: plan.language.as_deref(),
            hours: plan.hours.as_ref(),
            starts_at: plan.starts_at.map(Time),
            ends_at: plan.ends_at.map(Time),
            at_once: plan.at_once,
            attempts: plan.retries.into(),
            budget: plan.budget.into(),
            country: plan.country.as_ref().map(Country::as_str),
            goal: plan.goal.as_ref().map(Into::into),
            created_at: Time(campaign.created_at),
            state: campaign.state,
            since: Time(campaign.since),
            pause,
            upload,
            report: campaign.report.as_ref().map(report),
            progress: ProgressView::new(sums, plan.goal.is_some()),
            forecast: None,
        }
    }

    /// With what is expected of it.
    pub(super) fn expecting(self, campaign: &Campaign, forecast: Forecast) -> Self {
        let ends_at = forecast.ends_at.ok();
        let is_cut = ends_at.zip(campaign.plan.ends_at).is_some_and(|(at, end)| end < at);
        let forecast = ForecastView {
            per_hour: forecast.per_hour,
            ends_at: ends_at.map(Time),
            unknown: forecast.ends_at.err(),
            is_cut,
        };
        Self { forecast: Some(forecast), ..self }
    }
}

fn sample(sample: &Sample) -> SampleView<'_> {
    SampleView {
        call: &sample.call,
        ended_at: Time(sample.at),
        outcome: sample.outcome,
        failed: sample.failed,
    }
}

fn report(report: &Report) -> ReportView<'_> {
    let Report { rows, valid, left_out, problems, .. } = *report;
    let refused = report.refused.as_ref().map(|(code, detail)| RefusedView { code, detail });
    ReportView {
        rows,
        valid,
        left_out,
        problems,
        headers: &report.headers,
        missing: &report.missing,
        countries: &report.countries,
        refused,
    }
}
