//! The request and the answer of `GET /v1/statistics`.

use domain::usage::{DayFigures, Histogram};
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::edge::api::schema;
use crate::edge::problem::Problem;

/// Days that one answer is about, at most.
const MAX_DAYS: i32 = 92;
/// Days before the last one, if the query names no first one.
const USUAL_DAYS: i32 = 29;

/// The query. Unknown parameters are refused with 400.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ReadStatistics {
    /// The first day, by the business's clocks; 29 days before the last one without it.
    #[param(value_type = Option<schema::Day>, nullable = false)]
    from: Option<String>,
    /// How many days, the last one among them, in place of the first one.
    #[param(minimum = 1, maximum = 92, nullable = false)]
    days: Option<u8>,
    /// The last day, 91 days behind the first one at most; today without it.
    #[param(value_type = Option<schema::Day>, nullable = false)]
    to: Option<String>,
}

impl ReadStatistics {
    /// The first and the last day.
    ///
    /// # Errors
    /// 400 for what are no days, for days that do not follow each other or are too far apart, and for a first day beside
    /// a number of days.
    pub(super) fn read(&self, today: Date) -> Result<(Date, Date), Problem> {
        let day = |name, text: &String| {
            text.parse::<Date>()
                .map_err(|_| Problem::bad_request(format!("`{name}` is a day such as `2026-11-29`")))
        };
        let to = self.to.as_ref().map_or(Ok(today), |text| day("to", text))?;
        let before = match self.days.map(i32::from) {
            None => USUAL_DAYS,
            Some(_) if self.from.is_some() => {
                return Err(Problem::bad_request("give `from` or `days`"));
            }
            Some(days @ 1..=MAX_DAYS) => days - 1,
            Some(_) => return Err(Problem::bad_request(format!("`days` is 1 to {MAX_DAYS}"))),
        };
        let usual = to.saturating_sub(before.days());
        let from = self.from.as_ref().map_or(Ok(usual), |text| day("from", text))?;
        if from > to || from.saturating_add((MAX_DAYS - 1).days()) < to {
            return Err(Problem::bad_request(format!("`from` is 0 to {} days before `to`", MAX_DAYS - 1)));
        }
        Ok((from, to))
    }
}

/// What happened to the calls that began on some days and are summed up.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallStatistics)]
pub(super) struct StatisticsView {
    /// The first day, by the business's clocks.
    #[schema(value_type = schema::Day)]
    from: String,
    /// The last day.
    #[schema(value_type = schema::Day)]
    to: String,
    /// The days on which calls began, in order.
    days: Vec<DayView>,
    /// The 24 hours of the day, all days together.
    hours: Vec<HourView>,
    /// From the beginning of a call's stream to the first sound of the greeting; null without one.
    greeting: Option<Percentiles>,
    /// From the end of what a caller said to the first sound of the agent's answer, turn by turn; null without one.
    turn_latency: Option<Percentiles>,
    /// How calls ended, the most frequent way first.
    ends: Vec<EndView>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DayOfCalls)]
struct DayView {
    #[schema(value_type = schema::Day)]
    day: String,
    /// Calls that were let in and answered.
    answered: u64,
    /// The others: refused, or over before they were answered.
    missed: u64,
    /// How long calls lasted, seconds.
    talk_s: u64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HourOfCalls)]
struct HourView {
    /// 0 to 23, by the business's clocks.
    #[schema(maximum = 23)]
    hour: usize,
    answered: u64,
    missed: u64,
}

/// The times that 50, 90, 95 and 99 percent of all times do not exceed, read off a histogram with steps of 100 ms and more;
/// above ten seconds it is ten seconds.
#[derive(Debug, Serialize, ToSchema)]
struct Percentiles {
    /// How many times there are.
    count: u64,
    p50_ms: u64,
    p90_ms: u64,
    p95_ms: u64,
    p99_ms: u64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EndOfCalls)]
struct EndView {
    /// The `end_reason` of the last session; of a call without one its `refusal`, or its status.
    end: String,
    calls: u64,
}

impl StatisticsView {
    pub(super) fn new((from, to): (Date, Date), days: &[(Date, DayFigures)]) -> Self {
        let mut all = DayFigures::default();
        for (_, figures) in days {
            all.add_all(figures);
        }
        let day = |(day, figures): &(Date, DayFigures)| DayView {
            day: day.to_string(),
            answered: figures.answered(),
            missed: figures.missed(),
            talk_s: figures.talk_ms / 1_000,
        };
        let hours = all.hours.iter().enumerate();
        let mut ends: Vec<_> =
            all.ends.iter().map(|(end, calls)| EndView { end: end.clone(), calls: *calls }).collect();
        ends.sort_by_key(|end| std::cmp::Reverse(end.calls));
        Self {
            from: from.to_string(),
            to: to.to_string(),
            days: days.iter().map(day).collect(),
            hours: hours
                .map(|(hour, of)| HourView { hour, answered: of.answered, missed: of.missed })
                .collect(),
            greeting: Percentiles::of(&all.greeting),
            turn_latency: Percentiles::of(&all.latency),
            ends,
        }
    }
}

impl Percentiles {
    fn of(times: &Histogram) -> Option<Self> {
        Some(Self {
            count: times.total(),
            p50_ms: times.percentile_ms(50)?,
            p90_ms: times.percentile_ms(90)?,
            p95_ms: times.percentile_ms(95)?,
            p99_ms: times.percentile_ms(99)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_days_of_a_query_follow_each_other_and_are_bounded() {
        let today: Date = "2026-11-29".parse().unwrap();
        let read_days = |days: Option<u8>, from: Option<&str>, to: Option<&str>| {
            let query = ReadStatistics { days, from: from.map(str::to_owned), to: to.map(str::to_owned) };
            query.read(today).map(|(from, to)| format!("{from} {to}")).map_err(|problem| problem.status())
        };
        let read = |from, to| read_days(None, from, to);
        assert_eq!(read_days(Some(1), None, None).unwrap(), "2026-11-29 2026-11-29");
        assert_eq!(read_days(Some(7), None, Some("2026-03-01")).unwrap(), "2026-02-23 2026-03-01");
        assert_eq!(read_days(Some(92), None, None).unwrap(), "2026-08-30 2026-11-29");
        for (days, from) in [(0, None), (93, None), (7, Some("2026-11-29"))] {
            assert_eq!(read_days(Some(days), from, None).unwrap_err(), 400, "{days} {from:?}");
        }
        assert_eq!(read(None, None).unwrap(), "2026-10-31 2026-11-29");
        assert_eq!(read(Some("2026-11-29"), None).unwrap(), "2026-11-29 2026-11-29");
        assert_eq!(read(Some("2026-01-01"), Some("2026-04-02")).unwrap(), "2026-01-01 2026-04-02");
        for (from, to) in [
            (Some("2026-01-01"), Some("2026-04-03")),
            (Some("2026-11-30"), None),
            (Some("2026-02-30"), Some("2026-03-01")),
            (None, Some("today")),
        ] {
            assert_eq!(read(from, to).unwrap_err(), 400, "{from:?} {to:?}");
        }
    }
}
