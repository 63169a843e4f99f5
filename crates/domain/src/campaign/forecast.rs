//! When a campaign will be over, if it goes on as it went: what is left, at the rate that was seen, in the hours in which there
//! are calls. While nothing was seen it is not known, and that is said.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::progress::{OPEN, Progress, TOTAL};
use super::window::{Places, Window};
use super::{Campaign, State};
use crate::Timestamp;
use crate::hours::Week;
use crate::numbering::Country;
use crate::outbound::AtMost;

/// How far ahead an end is looked for.
pub const AHEAD: Duration = Duration::from_secs(366 * 86_400);
/// Places whose hours are looked at: those of most people.
const PLACES: usize = 5;
/// Windows that are walked through, open and closed ones: more than there are in the time that is looked ahead.
const MOST_WINDOWS: usize = 4_000;

/// Why it is not known when a campaign will be over.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Unknown {
    /// No person was dealt with since it began to call, or went on.
    NothingSeen,
    /// No moment suits the hours of the settings, of the campaign and of the law.
    NoHours,
    /// At this rate it takes more than a year.
    TooFar,
}

impl Unknown {
    /// Every reason.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// What is expected of a campaign that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forecast {
    /// People who were dealt with, for each hour in which there could be calls; `None`: it is not known.
    pub per_hour: Option<u64>,
    /// When the last person will have been dealt with.
    pub ends_at: Result<Timestamp, Unknown>,
}

/// What was seen of a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Since when.
    pub since: Timestamp,
    /// People who were dealt with since.
    pub over: u64,
    /// People who are left.
    pub left: u64,
}

impl Seen {
    /// What was seen of a campaign since it last began to call. `None`: it does not call.
    pub fn of(campaign: &Campaign, sums: &Progress) -> Option<Self> {
        let began = campaign.running_since.filter(|_| campaign.state == State::Running)?;
        let since = campaign.plan.starts_at.map_or(began, |start| start.max(began));
        Some(Self { since, over: over(sums).saturating_sub(campaign.over_before), left: sums.get(OPEN) })
    }
}

/// People of a campaign who were dealt with.
pub fn over(sums: &Progress) -> u64 {
    sums.get(TOTAL).saturating_sub(sums.get(OPEN))
}

/// How long a conversation of the campaign lasts, in the mean of those that there were, and what one costs at most. `None`: there
/// was none.
pub fn expected_call(sums: &Progress, most: AtMost) -> Option<(Duration, AtMost)> {
    let seconds = sums.get("human_seconds").checked_div(sums.get("calls_human"))?;
    Some((Duration::from_secs(seconds), most.lasting(seconds.div_ceil(60).min(most.minutes))))
}

/// When it will be over. `window` tells whether there can be calls at a moment; `None`: never.
pub fn forecast(seen: Seen, window: impl Fn(Timestamp) -> Option<Window>, now: Timestamp) -> Forecast {
    let open = open_between(&window, seen.since, now);
    let (open_ms, over) = (open.as_millis(), u128::from(seen.over));
    let rate = (over * 3_600_000).checked_div(open_ms).filter(|_| over > 0);
    let per_hour = rate.map(|rate| u64::try_from(rate).unwrap_or(u64::MAX));
    let ends_at = if seen.left == 0 {
        Ok(now)
    } else if rate.is_none() {
        Err(if window(now).is_none() { Unknown::NoHours } else { Unknown::NothingSeen })
    } else {
        let needed = (u128::from(seen.left) * open_ms).div_ceil(over);
        u64::try_from(needed).map_err(|_| Unknown::TooFar).and_then(|needed| {
            open_for(&window, now, Duration::from_millis(needed.min(AHEAD.as_secs() * 1_000 + 1)))
        })
    };
    Forecast { per_hour, ends_at }
}

/// How long the window is open between two moments.
fn open_between(window: &impl Fn(Timestamp) -> Option<Window>, from: Timestamp, to: Timestamp) -> Duration {
    let (mut at, mut open) = (from, Duration::ZERO);
    for _ in 0..MOST_WINDOWS {
        let next = match window(at).filter(|_| at < to) {
            Some(Window::Open { until }) => {
                let end = until.map_or(to, |until| until.min(to));
                open += end.since(at);
                end
            }
            Some(Window::Closed { until }) => until,
            None => return open,
        };
        if next <= at {
            return open;
        }
        at = next;
    }
    open
}

/// The moment at which the window has been open for so long.
fn open_for(
    window: &impl Fn(Timestamp) -> Option<Window>,
    from: Timestamp,
    mut needed: Duration,
) -> Result<Timestamp, Unknown> {
    let (latest, mut at) = (from.plus(AHEAD), from);
    for _ in 0..MOST_WINDOWS {
        if at > latest {
            return Err(Unknown::TooFar);
        }
        let next = match window(at).ok_or(Unknown::NoHours)? {
            Window::Open { until } => {
                let end = at.plus(needed);
                match until {
                    Some(until) if until < end => {
                        needed = needed.saturating_sub(until.since(at));
                        until
                    }
                    _ => return if end <= latest { Ok(end) } else { Err(Unknown::TooFar) },
                }
            }
            Window::Closed { until } => until,
        };
        if next <= at {
            return Err(Unknown::NoHours);
        }
        at = next;
    }
    Err(Unknown::TooFar)
}

/// Where most people of a campaign are, as far as their numbers and the file say it.
#[derive(Debug)]
pub struct Whereabouts<'a> {
    places: Vec<Places<'a>>,
    hours: Vec<&'a Week>,
}

impl<'a> Whereabouts<'a> {
    /// The places that the check of the file found.
    pub fn of(campaign: &'a Campaign, settings: &'a Week) -> Self {
        let found = campaign.report.as_ref().map(|report| &report.places);
        let mut found: Vec<(&String, &u32)> = found.into_iter().flatten().collect();
        found.sort_by_key(|(_, people)| std::cmp::Reverse(**people));
        let places = found.into_iter().take(PLACES).filter_map(|(name, _)| {
            let (country, zone) =
                name.split_once(' ').map_or((name.as_str(), None), |(of, zone)| (of, Some(zone)));
            Places::in_country(Country::parse(country).ok()?, zone).ok()
        });
        let hours = [Some(settings), campaign.plan.hours.as_ref()].into_iter().flatten().collect();
        Self { places: places.collect(), hours }
    }

    /// Whether there can be calls at `now`: in one of the places is enough. `None`: never.
    pub fn window(&self, now: Timestamp) -> Option<Window> {
        let windows = self.places.iter().filter_map(|places| places.window(&self.hours, now).ok());
        windows.reduce(|one, other| match (one, other) {
            (Window::Open { until: one }, Window::Open { until: other }) => {
                Window::Open { until: one.zip(other).map(|(one, other)| one.max(other)) }
            }
            (open @ Window::Open { .. }, Window::Closed { .. })
            | (Window::Closed { .. }, open @ Window::Open { .. }) => open,
            (Window::Closed { until: one }, Window::Closed { until: other }) => {
                Window::Closed { until: one.min(other) }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::{NOW, campaign};
    use super::*;

    const HOUR: i64 = 3_600_000;

    /// Open for the first eight hours of each day since the epoch.
    fn days(at: Timestamp) -> Option<Window> {
        let day = at.0.div_euclid(24 * HOUR) * 24 * HOUR;
        Some(match at.0 - day < 8 * HOUR {
            true => Window::Open { until: Some(Timestamp(day + 8 * HOUR)) },
            false => Window::Closed { until: Timestamp(day + 24 * HOUR) },
        })
    }

    fn any_time() -> Week {
        let week = |days: &str| serde_json::from_str(days).unwrap();
        let days = crate::hours::DAYS.map(|(_, day)| format!("\"{day}\": [\"00:00-24:00\"]"));
        week(&format!("{{{}}}", days.join(",")))
    }

    fn seen(since: i64, over: u64, left: u64) -> Seen {
        Seen { since: Timestamp(since), over, left }
    }

    #[test]
    fn what_is_left_takes_as_long_as_what_was_done_and_nights_do_not_count() {
        // Ten people in four hours, and thirty are left: the rest of today, and all of tomorrow.
        let told = forecast(seen(0, 10, 30), days, Timestamp(4 * HOUR));
        assert_eq!(told, Forecast { per_hour: Some(2), ends_at: Ok(Timestamp(32 * HOUR)) });
        // Said at night it is the same.
        let at_night = forecast(seen(0, 10, 10), days, Timestamp(20 * HOUR));
        assert_eq!(at_night, Forecast { per_hour: Some(1), ends_at: Ok(Timestamp(32 * HOUR)) });
    }

    #[test]
    fn what_is_not_known_is_named() {
        let now = Timestamp(HOUR);
        let end = |seen, window: fn(Timestamp) -> Option<Window>| forecast(seen, window, now).ends_at;
        assert_eq!(end(seen(0, 0, 5), days), Err(Unknown::NothingSeen));
        assert_eq!(end(seen(HOUR, 5, 5), days), Err(Unknown::NothingSeen), "in no time");
        assert_eq!(end(seen(0, 0, 5), |_| None), Err(Unknown::NoHours));
        assert_eq!(end(seen(0, 1, 1_000_000), days), Err(Unknown::TooFar));
        assert_eq!(end(seen(0, 1, u64::MAX), days), Err(Unknown::TooFar));
        assert_eq!(end(seen(0, 5, 0), days), Ok(now));
    }

    #[test]
    fn only_a_campaign_that_runs_is_looked_at_and_since_it_last_went_on() {
        let sums = Progress([(TOTAL.to_owned(), 10), (OPEN.to_owned(), 4)].into());
        let mut one = campaign("one", NOW);
        assert_eq!(Seen::of(&one, &sums), None);
        (one.state, one.running_since, one.over_before) = (State::Running, Some(NOW), 5);
        assert_eq!(Seen::of(&one, &sums), Some(seen(NOW.0, 1, 4)));
        one.plan.starts_at = Some(NOW.plus(Duration::from_secs(60)));
        assert_eq!(Seen::of(&one, &sums).unwrap().since, NOW.plus(Duration::from_secs(60)));
    }

    #[test]
    fn a_call_is_expected_to_last_as_long_as_those_before() {
        let most = AtMost { minutes: 10, micros: Some(100_000) };
        let mut sums = Progress::default();
        assert_eq!(expected_call(&sums, most), None);
        sums.0 = [("calls_human".to_owned(), 2), ("human_seconds".to_owned(), 190)].into();
        let two = AtMost { minutes: 2, micros: Some(20_000) };
        assert_eq!(expected_call(&sums, most), Some((Duration::from_secs(95), two)));
    }

    #[test]
    fn people_in_several_places_are_called_when_one_of_them_allows_it() {
        let mut one = campaign("one", NOW);
        let settings = any_time();
        assert_eq!(Whereabouts::of(&one, &settings).window(NOW), None, "there are no people");
        let is_open = |one: &Campaign, hours: u64| {
            let at = NOW.plus(Duration::from_secs(hours * 3_600));
            matches!(Whereabouts::of(one, &settings).window(at), Some(Window::Open { .. }))
        };
        let mut at = |names: &[&str], hours: [u64; 3]| {
            let places = names.iter().map(|name| ((*name).to_owned(), 3)).collect();
            one.report = Some(super::super::Report { places, ..Default::default() });
            hours.map(|hours| is_open(&one, hours))
        };
        // Noon in Vienna on a Monday; four hours later the day has begun in New York, and after nine in all of the United States.
        let hours = [0, 4, 9];
        assert_eq!(at(&["AT"], hours), [true, true, false]);
        assert_eq!(at(&["US"], hours), [false, false, true]);
        assert_eq!(at(&["US America/New_York"], hours), [false, true, true]);
        assert_eq!(at(&["AT", "US"], hours), [true, true, true]);
    }

    proptest! {
        /// The end is no earlier than now, lies where calls are possible, leaves just the time that is needed, and comes no sooner if
        /// more people are left.
        #[test]
        fn an_end_leaves_just_the_time_that_is_needed(
            now in 1_i64..40 * 24,
            since in 0_i64..40 * 24,
            over in 1_u64..1_000,
            left in 1_u64..1_000,
        ) {
            let (now, since) = (Timestamp(now * HOUR), since * HOUR);
            prop_assume!(since < now.0);
            let told = forecast(seen(since, over, left), days, now);
            let open = open_between(&days, Timestamp(since), now);
            match told.ends_at {
                Ok(end) => {
                    prop_assert!(end >= now);
                    let needed = (open.as_millis() * u128::from(left)).div_ceil(u128::from(over));
                    prop_assert_eq!(open_between(&days, now, end).as_millis(), needed);
                    let more = forecast(seen(since, over, left + 1), days, now);
                    prop_assert!(more.ends_at.map_or(true, |later| later >= end));
                }
                Err(why) => prop_assert!(open.is_zero() && why == Unknown::NothingSeen || why == Unknown::TooFar),
            }
        }
    }
}
