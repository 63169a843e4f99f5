//! The requests and answers about profiles.

use domain::business::Standing;
use domain::usage::Caps;
use domain::{Business, BusinessId, PhoneNumber};
use serde::{Deserialize, Serialize};
use stores::businesses::Listed;
use utoipa::{IntoParams, ToSchema};

use crate::edge::api::input::present;
use crate::edge::api::schema;
use crate::edge::problem::Problem;
use crate::shared::shapes::Time;

/// Calls at once, of a business that says nothing about it.
const USUAL_CALLS: u16 = 20;
/// The longest reason of a suspension, characters.
const MAX_REASON_CHARS: usize = 500;

/// Which businesses are listed.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListBusinesses {
    /// Only those whose id or name contains this.
    #[param(nullable = false)]
    pub(super) q: Option<String>,
    /// Only those of this standing.
    #[param(inline, nullable = false)]
    pub(super) standing: Option<ListedStanding>,
    /// Businesses on one page, 1 to 100; 25 without it.
    #[param(minimum = 1, maximum = 100, default = 25, nullable = false)]
    pub(super) limit: Option<u16>,
    /// `next` of the page before.
    #[param(value_type = Option<schema::Cursor>, nullable = false)]
    pub(super) cursor: Option<String>,
}

/// What businesses can be listed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum ListedStanding {
    Active,
    Suspended,
    Leaving,
}

impl ListedStanding {
    /// The word of the [`Standing`].
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Leaving => "leaving",
        }
    }
}

/// A page of businesses, by id.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BusinessList {
    businesses: Vec<ListedBusiness>,
    /// The cursor of the next page; null on the last one.
    #[schema(value_type = Option<schema::Cursor>)]
    next: Option<String>,
}

/// A business in the list.
#[derive(Debug, Serialize, ToSchema)]
struct ListedBusiness {
    id: String,
    name: String,
    /// `active`, `suspended` or `leaving`.
    standing: String,
}

impl BusinessList {
    pub(super) fn new(businesses: &[Listed], next: Option<String>) -> Self {
        let listed = businesses.iter().map(|listed| ListedBusiness {
            id: listed.id.to_string(),
            name: listed.name.clone(),
            standing: listed.standing.clone(),
        });
        Self { businesses: listed.collect(), next }
    }
}

/// A business that is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"id": "harbour-bicycles", "name": "Harbour Bicycles", "time_zone": "Europe/Vienna"}))]
pub(super) struct NewBusinessRequest {
    /// Its key in every path: lower-case letters, digits and hyphens. It never changes.
    #[schema(example = "harbour-bicycles")]
    id: String,
    /// Its name, as the agent says it.
    #[schema(min_length = 1, max_length = 120)]
    name: String,
    /// The IANA name of its time zone.
    #[schema(example = "Europe/Vienna")]
    time_zone: String,
    /// Calls that it may have at once; 20 if nothing is said.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 10_000)]
    max_concurrent_calls: Option<u16>,
    /// Where a call goes when no agent can be had, E.164.
    #[serde(default)]
    #[schema(pattern = r"^\+[1-9][0-9]{6,14}$")]
    fallback_number: Option<String>,
}

impl NewBusinessRequest {
    pub(super) fn read(self) -> Result<Business, Problem> {
        let id =
            BusinessId::parse(&self.id).map_err(|error| Problem::invalid("/id", "id", error.to_string()))?;
        Ok(Business {
            id,
            name: self.name,
            time_zone: self.time_zone,
            max_concurrent_calls: self.max_concurrent_calls.unwrap_or(USUAL_CALLS),
            fallback_number: self.fallback_number.as_deref().map(number).transpose()?,
            caps: Caps::default(),
            twilio_account: None,
            twilio_keys_until: None,
            twilio_change_until: None,
            standing: Standing::Active,
        })
    }
}

fn number(text: &str) -> Result<PhoneNumber, Problem> {
    PhoneNumber::parse(text).map_err(|error| Problem::invalid("/fallback_number", "e164", error.to_string()))
}

/// What is to change of a profile; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Harbour Bicycles"}))]
pub(super) struct BusinessChange {
    #[schema(min_length = 1, max_length = 120)]
    name: Option<String>,
    /// The IANA name of its time zone.
    time_zone: Option<String>,
    /// Calls that it may have at once. For operators.
    #[schema(minimum = 1, maximum = 10_000)]
    max_concurrent_calls: Option<u16>,
    /// Where a call goes when no agent can be had, E.164; null: to no one.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, pattern = r"^\+[1-9][0-9]{6,14}$")]
    fallback_number: Option<Option<String>>,
    /// What the business may use in a month, both caps at once.
    caps: Option<CapsOfMonth>,
}

/// The most that a business may use in a month. Its new calls are refused politely beyond it, and it is told at 80 %.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CapsOfMonth {
    /// Begun minutes of all calls together; null: no cap.
    minutes: Option<u64>,
    /// Micro-dollars, for models and carrier together; null: no cap.
    micros: Option<u64>,
}

impl BusinessChange {
    pub(super) const fn is_operators(&self) -> bool {
        self.max_concurrent_calls.is_some()
    }

    pub(super) fn apply(self, business: &mut Business) -> Result<(), Problem> {
        if let Some(name) = self.name {
            business.name = name;
        }
        if let Some(time_zone) = self.time_zone {
            business.time_zone = time_zone;
        }
        if let Some(calls) = self.max_concurrent_calls {
            business.max_concurrent_calls = calls;
        }
        if let Some(fallback) = self.fallback_number {
            business.fallback_number = fallback.as_deref().map(number).transpose()?;
        }
        if let Some(CapsOfMonth { minutes, micros }) = self.caps {
            business.caps = Caps { minutes, micros };
        }
        Ok(())
    }
}

/// Why a business is suspended.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({"reason": "not paid"}))]
pub(super) struct Suspension {
    /// For the operator; callers do not hear it.
    #[schema(max_length = 500)]
    pub(super) reason: Option<String>,
}

impl Suspension {
    pub(super) fn check(&self) -> Result<(), Problem> {
        match &self.reason {
            Some(reason) if reason.chars().count() > MAX_REASON_CHARS => Err(Problem::invalid(
                "/reason",
                "length",
                format!("give {MAX_REASON_CHARS} characters at most"),
            )),
            Some(_) | None => Ok(()),
        }
    }
}

/// A business.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BusinessView {
    id: String,
    name: String,
    time_zone: String,
    /// Calls that it may have at once.
    max_concurrent_calls: u16,
    /// Where a call goes when no agent can be had.
    fallback_number: Option<String>,
    /// What it may use in a month.
    caps: CapsOfMonth,
    /// `active`, `suspended` or `leaving`.
    standing: &'static str,
    /// Since when it is not active.
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Time>,
    /// Why it is suspended.
    reason: Option<String>,
    /// When it is deleted, of one that is leaving.
    #[schema(value_type = Option<String>, format = DateTime)]
    gone_at: Option<Time>,
}

impl BusinessView {
    pub(super) fn new(business: &Business) -> Self {
        let (since, reason, gone_at) = match &business.standing {
            Standing::Active => (None, None, None),
            Standing::Suspended { since, reason } => (Some(Time(*since)), reason.clone(), None),
            Standing::Leaving { since, gone_at } => (Some(Time(*since)), None, Some(Time(*gone_at))),
        };
        Self {
            id: business.id.to_string(),
            name: business.name.clone(),
            time_zone: business.time_zone.clone(),
            max_concurrent_calls: business.max_concurrent_calls,
            fallback_number: business.fallback_number.as_ref().map(|number| number.as_e164().to_owned()),
            caps: CapsOfMonth { minutes: business.caps.minutes, micros: business.caps.micros },
            standing: business.standing.word(),
            since,
            reason,
            gone_at,
        }
    }
}
