//! Campaigns in requests.

use domain::PhoneNumber;
use domain::Timestamp;
use domain::campaign::goal::{Goal, MAX_VALUE};
use domain::campaign::retry::Retries;
use domain::campaign::{
    Budget, CampaignId, MAX_AT_ONCE, MAX_FILE_BYTES, MAX_NAME, MAX_NUMBERS, Plan, Purpose,
};
use domain::dial::CallTask;
use domain::hours::Week;
use domain::language::Tongue;
use domain::numbering::Country;
use platform::clock;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::edge::api::schema;
use crate::edge::problem::{FieldError, Problem};

/// The longest language tag (RFC 5646, 4.4.1), bytes.
const MAX_TAG_BYTES: usize = 35;

/// A campaign as it is to be.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Service in spring",
    "purpose": "service",
    "from": ["+12025550143"],
    "reason": "the service of your {{bicycle}}",
    "bytes": 51_200,
}))]
pub(super) struct NewCampaign {
    /// What people call it.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// What the calls are for. `marketing` leaves out each row without a `consent`, and leaves no messages.
    #[schema(value_type = schema::CampaignPurposeWord)]
    purpose: Purpose,
    /// Numbers of the business to call from. Each person is called from the same one at each attempt.
    #[schema(value_type = Vec<schema::E164>, min_items = 1, max_items = 10)]
    from: Vec<String>,
    /// The length of the file; 50 MiB at most, and 100,000 rows.
    #[schema(minimum = 1, maximum = 52_428_800)]
    bytes: u64,
    /// Why the call is made, for the agent to say. `{{name}}` and every column of the file may stand in it.
    #[serde(default)]
    #[schema(max_length = 200)]
    reason: Option<String>,
    /// What the agent should know; the same.
    #[serde(default)]
    #[schema(max_length = 4_000)]
    context: Option<String>,
    /// The language that the agent opens in; a column `language` goes before it.
    #[serde(default)]
    #[schema(pattern = r"^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$", max_length = 35, example = "de")]
    language: Option<String>,
    /// When people may be called, by their clocks, beside the hours of the settings and of their country.
    #[serde(default)]
    #[schema(required = false)]
    hours: Option<Week>,
    /// Before this no call begins.
    #[serde(default)]
    #[schema(format = "date-time", required = false)]
    starts_at: Option<String>,
    /// From then on no call begins any more.
    #[serde(default)]
    #[schema(format = "date-time", required = false)]
    ends_at: Option<String>,
    /// The most calls at once. It begins with one and doubles each minute.
    #[serde(default = "usual_at_once")]
    #[schema(minimum = 1, maximum = 100, default = 10)]
    at_once: u16,
    #[serde(default)]
    attempts: AttemptsShape,
    #[serde(default)]
    budget: BudgetShape,
    /// The country of numbers in the file without a country code, two capital letters.
    #[serde(default)]
    #[schema(max_length = 2)]
    country: Option<String>,
    /// What its calls are to bring about; null: nothing that is counted.
    #[serde(default)]
    goal: Option<GoalShape>,
}

const fn usual_at_once() -> u16 {
    10
}

/// How often people are tried. A technical failure is no attempt.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = CampaignAttempts)]
pub(super) struct AttemptsShape {
    /// All in all.
    #[schema(minimum = 1, maximum = 10, default = 4)]
    total: u8,
    /// Within 24 hours.
    #[schema(minimum = 1, maximum = 10, default = 2)]
    per_day: u8,
    /// Within seven days.
    #[schema(minimum = 1, maximum = 10, default = 3)]
    per_week: u8,
}

impl Default for AttemptsShape {
    fn default() -> Self {
        Retries::default().into()
    }
}

impl From<Retries> for AttemptsShape {
    fn from(retries: Retries) -> Self {
        Self { total: retries.attempts, per_day: retries.per_day, per_week: retries.per_week }
    }
}

/// The most that a campaign may come to. Calls that run count with the most that they may come to.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = CampaignBudget)]
pub(super) struct BudgetShape {
    /// Micro-dollars; null: no cap.
    micros: Option<u64>,
    /// Begun minutes; null: no cap.
    minutes: Option<u64>,
}

/// A change of a campaign. What is left out stays.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({ "at_once": 5 }))]
pub(super) struct CampaignChange {
    #[schema(min_length = 1, max_length = 100, required = false, nullable = false)]
    name: Option<String>,
    #[schema(minimum = 1, maximum = 100, required = false, nullable = false)]
    at_once: Option<u16>,
    #[schema(required = false, nullable = false)]
    budget: Option<BudgetShape>,
}

/// A fact of a call, as the summing-up of it says: `lead_status` or `field`. It counts once for each person.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CampaignGoal, example = json!({ "lead_status": "booked" }))]
pub(super) struct GoalShape {
    /// A lead status of the settings.
    #[serde(default)]
    #[schema(max_length = 100)]
    lead_status: Option<String>,
    /// A field that the settings ask calls for.
    #[serde(default)]
    #[schema(max_length = 100)]
    field: Option<String>,
    /// The field's value, in any case; null: any value.
    #[serde(default)]
    #[schema(max_length = 100)]
    value: Option<String>,
}

impl GoalShape {
    fn read(self) -> Result<Goal, (&'static str, &'static str, String)> {
        let Self { lead_status, field, value } = self;
        let fits = |text: &String| (1..=MAX_VALUE).contains(&text.trim().chars().count());
        if ![&lead_status, &field, &value].into_iter().flatten().all(fits) {
            return Err(("/goal", "length", format!("give 1 to {MAX_VALUE} characters")));
        }
        match (lead_status, field, value) {
            (Some(status), None, None) => Ok(Goal::LeadStatus(status)),
            (None, Some(name), value) => Ok(Goal::Field { name, value }),
            _ => Err((
                "/goal",
                "shape",
                "give either `lead_status` or `field`, and `value` beside `field` alone".to_owned(),
            )),
        }
    }
}

impl From<&Goal> for GoalShape {
    fn from(goal: &Goal) -> Self {
        match goal.clone() {
            Goal::LeadStatus(status) => Self { lead_status: Some(status), field: None, value: None },
            Goal::Field { name, value } => Self { lead_status: None, field: Some(name), value },
        }
    }
}

/// How a campaign is to be ended.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({ "hangup": true }))]
pub(super) struct StopCampaign {
    /// Calls that run are ended with a goodbye, and those that ring are given up.
    #[schema(default = false)]
    pub(super) hangup: bool,
}

/// What is wrong with a request, gathered.
#[derive(Default)]
struct Wrong(Vec<FieldError>);

impl Wrong {
    fn with(&mut self, pointer: impl Into<String>, code: &str, detail: impl Into<String>) {
        self.0.push(FieldError { pointer: pointer.into(), code: code.to_owned(), detail: detail.into() });
    }

    fn unless<T>(&mut self, read: Result<T, (&str, &str, String)>) -> Option<T> {
        read.map_err(|(pointer, code, detail)| self.with(pointer, code, detail)).ok()
    }

    fn done(self) -> Result<(), Problem> {
        if self.0.is_empty() { Ok(()) } else { Err(Problem::fields(self.0)) }
    }
}

impl NewCampaign {
    /// Tells whether two requests ask for the same.
    pub(super) fn fingerprint(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The length of the file, and how it is conducted.
    pub(super) fn read(self) -> Result<(u64, Plan), Problem> {
        let mut wrong = Wrong::default();
        if !(1..=MAX_FILE_BYTES).contains(&self.bytes) {
            wrong.with(
                "/bytes",
                "range",
                format!("give the length of the file, 1 to {MAX_FILE_BYTES} bytes"),
            );
        }
        let name = wrong.unless(named(&self.name)).unwrap_or_default();
        if self.from.is_empty() || self.from.len() > MAX_NUMBERS {
            wrong.with("/from", "length", format!("give 1 to {MAX_NUMBERS} numbers"));
        }
        let mut from = vec![];
        for (place, number) in self.from.iter().enumerate() {
            match PhoneNumber::parse(number) {
                Ok(number) if !from.contains(&number) => from.push(number),
                Ok(_) => wrong.with(format!("/from/{place}"), "duplicate", "it is there already"),
                Err(error) => wrong.with(format!("/from/{place}"), "e164", error.to_string()),
            }
        }
        let long = |text: &Option<String>, most: usize| {
            text.as_ref().is_some_and(|text| text.chars().count() > most)
        };
        for (pointer, text, most) in [
            ("/reason", &self.reason, CallTask::MAX_REASON_CHARS),
            ("/context", &self.context, CallTask::MAX_CONTEXT_CHARS),
        ] {
            if long(text, most) {
                wrong.with(pointer, "length", format!("give {most} characters at most"));
            }
        }
        let is_tongue = |tag: &String| tag.len() <= MAX_TAG_BYTES && Tongue::parse(tag).is_some();
        if self.language.as_ref().is_some_and(|tag| !is_tongue(tag)) {
            let detail = "no language has this code: give one such as `de` or `de-AT`";
            wrong.with("/language", "unknown_language", detail);
        }
        if self.hours.as_ref().is_some_and(Week::is_empty) {
            wrong.with("/hours", "no_hours", "it has no time at which people may be called");
        }
        let starts_at = moment(&mut wrong, "/starts_at", self.starts_at.as_deref());
        let ends_at = moment(&mut wrong, "/ends_at", self.ends_at.as_deref());
        if let (Some(start), Some(end)) = (starts_at, ends_at)
            && end <= start
        {
            wrong.with("/ends_at", "order", "it ends before it starts");
        }
        let at_once = wrong.unless(calls(self.at_once)).unwrap_or(1);
        let AttemptsShape { total, per_day, per_week } = self.attempts;
        for (pointer, count) in
            [("/attempts/total", total), ("/attempts/per_day", per_day), ("/attempts/per_week", per_week)]
        {
            if !(1..=Retries::MOST).contains(&count) {
                wrong.with(pointer, "range", format!("give 1 to {}", Retries::MOST));
            }
        }
        let country = self.country.as_deref().map(Country::parse).transpose();
        let country = country.unwrap_or_else(|error| {
            wrong.with("/country", "unknown", error.to_string());
            None
        });
        let goal = self.goal.and_then(|goal| wrong.unless(goal.read()));
        wrong.done()?;
        let text =
            |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let plan = Plan {
            name,
            purpose: self.purpose,
            from,
            reason: text(self.reason),
            context: text(self.context),
            language: self.language,
            hours: self.hours,
            starts_at,
            ends_at,
            at_once,
            retries: Retries { attempts: total, per_day, per_week },
            budget: self.budget.into(),
            country,
            goal,
        };
        Ok((self.bytes, plan))
    }
}

impl From<BudgetShape> for Budget {
    fn from(shape: BudgetShape) -> Self {
        Self { micros: shape.micros, minutes: shape.minutes }
    }
}

impl From<Budget> for BudgetShape {
    fn from(budget: Budget) -> Self {
        Self { micros: budget.micros, minutes: budget.minutes }
    }
}

impl CampaignChange {
    pub(super) fn apply(self, plan: &mut Plan) -> Result<(), Problem> {
        let mut wrong = Wrong::default();
        if let Some(name) = self.name.as_deref().and_then(|name| wrong.unless(named(name))) {
            plan.name = name;
        }
        if let Some(at_once) = self.at_once.and_then(|count| wrong.unless(calls(count))) {
            plan.at_once = at_once;
        }
        if let Some(budget) = self.budget {
            plan.budget = budget.into();
        }
        wrong.done()
    }
}

fn named(name: &str) -> Result<String, (&'static str, &'static str, String)> {
    let name = name.trim();
    let fits = (1..=MAX_NAME).contains(&name.chars().count()) && !name.contains(char::is_control);
    fits.then(|| name.to_owned())
        .ok_or_else(|| ("/name", "length", format!("give 1 to {MAX_NAME} characters in one line")))
}

fn calls(count: u16) -> Result<u16, (&'static str, &'static str, String)> {
    let fits = (1..=MAX_AT_ONCE).contains(&count);
    fits.then_some(count).ok_or_else(|| ("/at_once", "range", format!("give 1 to {MAX_AT_ONCE}")))
}

fn moment(wrong: &mut Wrong, pointer: &str, text: Option<&str>) -> Option<Timestamp> {
    let at = clock::from_rfc3339(text?);
    if at.is_none() {
        wrong.with(pointer, "date_time", "give a moment such as `2026-12-01T09:00:00Z`");
    }
    at
}

/// The id of a path.
pub(super) fn id(text: &str) -> Result<CampaignId, Problem> {
    CampaignId::parse(text).map_err(|_| Problem::not_found("campaign"))
}
