//! The request and the answer of `GET /v1/usage`.

use domain::usage::{ByDirection, Caps, Level, Meter, Month, Reading, UsageFigures, readings};
use domain::zone::Zone;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::edge::api::schema;
use crate::shared::shapes::Time;

/// The query. Unknown parameters are refused with 400.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ReadUsage {
    /// By the business's clocks; the current month without it.
    #[param(value_type = Option<schema::Month>, nullable = false)]
    pub(super) month: Option<String>,
}

/// What a business used in a month.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MonthUsage)]
pub(super) struct UsageView {
    /// The month, by the business's clocks.
    #[schema(value_type = schema::Month)]
    month: Month,
    /// When the next month begins and the caps with it.
    ends_at: Option<Time>,
    /// Calls that were let in.
    calls: Directions,
    /// Calls that were answered with a refusal.
    refused: u64,
    /// How long calls lasted, seconds.
    talk_s: Directions,
    /// Begun minutes of all calls together.
    minutes: u64,
    /// What is known of the cost.
    cost: UsageCost,
    recordings: StoredRecordings,
    /// The business's caps on a month, with what was used of each.
    caps: Vec<CapView>,
}

/// Figures by which way calls went.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsageByDirection)]
struct Directions {
    inbound: u64,
    outbound: u64,
    /// Of calls from the console.
    test: u64,
    /// Of calls of which it was never known.
    unknown: u64,
}

/// Micro-dollars.
#[derive(Debug, Serialize, ToSchema)]
struct UsageCost {
    /// Models and carrier together.
    usd_micros: u64,
    model_usd_micros: u64,
    carrier_usd_micros: u64,
    /// Calls, and later work on them, of whose cost a part is not known.
    incomplete: u64,
}

/// Recordings in the business's bucket.
#[derive(Debug, Serialize, ToSchema)]
struct StoredRecordings {
    /// Bytes that were stored in this month.
    stored_bytes: u64,
    /// Bytes that were deleted in this month, whenever they were stored.
    deleted_bytes: u64,
    /// Bytes that are kept now: what was stored in all months and not deleted.
    kept_bytes: u64,
}

/// A cap and what was used of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsageCap)]
struct CapView {
    #[schema(value_type = schema::MeterWord)]
    meter: Meter,
    /// Begun minutes, or micro-dollars.
    used: u64,
    /// In the same unit.
    cap: u64,
    #[schema(value_type = schema::LevelWord)]
    level: Level,
}

impl UsageView {
    pub(super) fn new(
        (month, zone): (Month, &Zone),
        figures: &UsageFigures,
        kept_bytes: u64,
        caps: &Caps,
    ) -> Self {
        let seconds = |ms: u64| ms / 1_000;
        let ByDirection { inbound, outbound, test, unknown } = figures.talk_ms;
        let cap = |reading: Reading| {
            let Reading { meter, used, cap, level } = reading;
            CapView { meter, used, cap, level }
        };
        Self {
            month,
            ends_at: month.end(zone).map(Time),
            calls: Directions {
                inbound: figures.calls.inbound,
                outbound: figures.calls.outbound,
                test: figures.calls.test,
                unknown: figures.calls.unknown,
            },
            refused: figures.refused,
            talk_s: Directions {
                inbound: seconds(inbound),
                outbound: seconds(outbound),
                test: seconds(test),
                unknown: seconds(unknown),
            },
            minutes: figures.minutes(),
            cost: UsageCost {
                usd_micros: figures.micros(),
                model_usd_micros: figures.model_micros,
                carrier_usd_micros: figures.carrier_micros,
                incomplete: figures.unpriced,
            },
            recordings: StoredRecordings {
                stored_bytes: figures.stored_bytes,
                deleted_bytes: figures.deleted_bytes,
                kept_bytes,
            },
            caps: readings(figures, caps).into_iter().map(cap).collect(),
        }
    }
}
