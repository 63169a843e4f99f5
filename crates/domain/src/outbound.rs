//! Whether a call may be placed: decided before it is ordered, and again when its turn comes, by the same rules from
//! the facts of that moment.
//!
//! Where the called person is, is known from the number alone, or from a time zone that the business knows of its
//! contact. A number tells the country that gave it out, not the place, and a mobile number travels abroad. So the
//! hours must allow the call in *every* time zone of that country; a person who is abroad with it may still be called
//! at night. Holidays of the called person's country are not known here.

mod not_placed;
mod policy;
mod slots;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::dial::barred::{Barred, barred};
use crate::hours::{Covering, Week};
use crate::numbering::{Country, countries};
use crate::usage::{Level, Reading};
use crate::zone::{Zone, zones_of};
use crate::{PhoneNumber, Timestamp};

pub use not_placed::{NotPlaced, Retry};
pub use policy::{DayCaps, InvalidOutboundPolicy, MAX_COOL_DOWN, OutboundPolicy};
pub use slots::{Capacity, InvalidPortion, Pace, Portion, SlotCount};

/// How far ahead a moment is looked for at which every zone allows a call: two weeks and a day.
const LOOK_AHEAD: Duration = Duration::from_secs(15 * 86_400);

/// All that the decision depends on beside the policy. Of the call itself only these facts count: its own
/// reservations, if it has any by now, are in none of them.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// When the call would be placed.
    pub now: Timestamp,
    /// The business's number that would call.
    pub from: &'a PhoneNumber,
    /// The number that would be called.
    pub to: &'a PhoneNumber,
    /// The called person's time zone, if the business knows it. It is believed, and no other is asked.
    pub zone: Option<&'a Zone>,
    /// The called person asked this business not to be called.
    pub do_not_call: bool,
    /// When the business last began to call this number, whether it was answered or not.
    pub last_dialled: Option<Timestamp>,
    /// A pause after that which is longer than the policy's.
    pub pause: Option<Duration>,
    /// The call is not placed from then on.
    pub not_after: Option<Timestamp>,
    /// What the business's outbound calls came to on its day. Calls that run are in it with the most that they may
    /// come to.
    pub today: Amounts,
    /// When the business's day ends, by its clocks.
    pub day_ends: Timestamp,
    /// The most that this call may come to.
    pub this_call: AtMost,
    /// The cap of the month that is nearest to being reached, if there are caps.
    pub month: Option<Reading>,
    /// Room for the call at this moment. `None` while it is only ordered: room is needed when its turn comes.
    pub capacity: Option<Capacity>,
}

/// What calls came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Amounts {
    /// How many.
    pub calls: u64,
    /// Begun minutes.
    pub minutes: u64,
    /// Micro-dollars.
    pub micros: u64,
}

/// The most that one call may come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtMost {
    /// Begun minutes: the longest that the settings let a call last.
    pub minutes: u64,
    /// Micro-dollars for these minutes. `None`: a price is not known.
    pub micros: Option<u64>,
}

impl AtMost {
    /// What the call came to when it lasted for so many minutes, at the same price a minute.
    #[must_use]
    pub fn lasting(self, minutes: u64) -> Self {
        let part = |micros: u64| {
            let whole = u128::from(micros) * u128::from(minutes);
            u64::try_from(whole.div_ceil(u128::from(self.minutes.max(1)))).unwrap_or(u64::MAX)
        };
        Self { minutes, micros: self.micros.map(part) }
    }
}

/// Whether the call may be placed.
///
/// # Errors
/// The first [`NotPlaced`]: what no waiting changes comes before what it does.
pub fn decide(policy: &OutboundPolicy, facts: &Facts<'_>) -> Result<(), NotPlaced> {
    reasons_against(policy, facts).next().map_or(Ok(()), Err)
}

/// Every reason against the call, for a list of calls that would be placed.
pub fn reasons_against<'a>(
    policy: &'a OutboundPolicy,
    facts: &'a Facts<'a>,
) -> impl Iterator<Item = NotPlaced> {
    const CHECKS: [fn(&OutboundPolicy, &Known<'_>) -> Option<NotPlaced>; 12] = [
        understood,
        number,
        country,
        list,
        late,
        month,
        day_calls,
        day_minutes,
        day_money,
        hours,
        cool_down,
        room,
    ];
    let known = Known { facts, countries: countries(facts.to) };
    CHECKS.into_iter().filter_map(move |check| check(policy, &known))
}

/// The facts, and what follows from the called number.
struct Known<'a> {
    facts: &'a Facts<'a>,
    /// Those that the number may be of. Looking them up takes longer than all the rest, so it is done once.
    countries: Vec<Country>,
}

impl<'a> std::ops::Deref for Known<'a> {
    type Target = Facts<'a>;
    fn deref(&self) -> &Facts<'a> {
        self.facts
    }
}

fn understood(policy: &OutboundPolicy, _: &Known<'_>) -> Option<NotPlaced> {
    policy.not_understood.then_some(NotPlaced::PolicyNotUnderstood)
}

fn number(policy: &OutboundPolicy, known: &Known<'_>) -> Option<NotPlaced> {
    if known.to == known.from {
        return Some(NotPlaced::Itself);
    }
    let kind = barred(known.to, known.from)?;
    // It is barred because it looks domestic; a list that names its country says that it is meant.
    let named = || known.countries.iter().all(|country| policy.countries.contains(country));
    (kind != Barred::OtherCountryBehindPlusOne || !named()).then_some(NotPlaced::Barred(kind))
}

fn country(policy: &OutboundPolicy, known: &Known<'_>) -> Option<NotPlaced> {
    if known.countries.is_empty() {
        return Some(NotPlaced::UnknownCountry);
    }
    let own;
    let allowed = if policy.countries.is_empty() {
        own = countries(known.from).into_iter().collect();
        &own
    } else {
        &policy.countries
    };
    known.countries.iter().find(|country| !allowed.contains(country)).copied().map(NotPlaced::Country)
}

fn list(_: &OutboundPolicy, known: &Known<'_>) -> Option<NotPlaced> {
    known.do_not_call.then_some(NotPlaced::DoNotCall)
}

fn late(_: &OutboundPolicy, known: &Known<'_>) -> Option<NotPlaced> {
    known.not_after.is_some_and(|end| end <= known.now).then_some(NotPlaced::Late)
}

fn month(_: &OutboundPolicy, known: &Known<'_>) -> Option<NotPlaced> {
    let reading = known.month.filter(|reading| reading.level == Level::Reached)?;
    Some(NotPlaced::MonthCap(reading.meter))
}

fn day_calls(policy: &OutboundPolicy, known: &Known<'_>) -> Option<NotPlaced> {
    let max = policy.per_day.calls?;
    (known.today.calls >= max).then_some(NotPlaced::DayCalls { max, until: known.day_ends })
}

fn day_minutes(policy: &OutboundPolicy, known: &Known<'_>) -> Option<NotPlaced> {
    let max = policy.per_day.minutes?;
    let sum = known.today.minutes.saturating_add(known.this_call.minutes);
    (sum > max).then_some(NotPlaced::DayMinutes { max, until: known.day_ends })
}

fn day_money(policy: &OutboundPolicy, known: &Known<'_>) -> Option<NotPlaced> {
    let max_micros = policy.per_day.micros?;
    let Some(expected) = known.this_call.micros else { return Some(NotPlaced::UnknownPrice) };
    let sum = known.today.micros.saturating_add(expected);
    (sum > max_micros).then_some(NotPlaced::DayMoney { max_micros, until: known.day_ends })
}

fn hours(policy: &OutboundPolicy, known: &Known<'_>) -> Option<NotPlaced> {
    // The zones in which the called person may be.
    let zones: Vec<&Zone> = match known.zone {
        Some(zone) => vec![zone],
        None => known.countries.iter().flat_map(|country| zones_of(*country)).collect(),
    };
    if zones.is_empty() {
        return Some(NotPlaced::UnknownZone);
    }
    let allowed = allowed_from(&policy.hours, &zones, known.now);
    (allowed != Some(known.now)).then_some(NotPlaced::Hours { until: allowed })
}

/// The first moment from `now` on at which the hours allow a call in every zone; `None` if no such moment comes soon.
fn allowed_from(hours: &Week, zones: &[&Zone], now: Timestamp) -> Option<Timestamp> {
    let latest = now.plus(LOOK_AHEAD);
    let mut at = now;
    while at <= latest {
        let mut next = at;
        for zone in zones {
            match hours.covering(at, zone) {
                Covering::Within { .. } => {}
                Covering::Outside { until } => next = next.max(until?),
            }
        }
        if next == at {
            return Some(at);
        }
        // Before it at least one zone does not allow the call.
        at = next;
    }
    None
}

fn cool_down(policy: &OutboundPolicy, known: &Known<'_>) -> Option<NotPlaced> {
    let pause = known.pause.map_or(policy.cool_down, |pause| pause.max(policy.cool_down));
    let until = known.last_dialled?.plus(pause);
    (known.now < until).then_some(NotPlaced::CoolingDown { until })
}

fn room(policy: &OutboundPolicy, known: &Known<'_>) -> Option<NotPlaced> {
    let room = known.capacity?;
    if !room.business.admits_outbound(policy.share) {
        return Some(NotPlaced::BusinessSlots);
    }
    if !room.deployment.admits_outbound(room.deployment_share) {
        return Some(NotPlaced::DeploymentSlots);
    }
    (room.pace.started >= room.pace.per_second).then_some(NotPlaced::Pace { until: room.pace.second_ends })
}

#[cfg(test)]
mod tests;
