//! When a person may be called: the times at which the business, the campaign and the law of the country all allow it, by the
//! clocks of every place in which the person may be.
//!
//! What is not known closes the window: a number of no known country, a country without rules, a country without a zone.

use std::time::Duration;

use jiff::civil::{Date, DateTime};

use super::entry::Skip;
use super::law::{Law, law_of};
use crate::Timestamp;
use crate::hours::{Covering, Week};
use crate::numbering::{Country, countries};
use crate::phone::PhoneNumber;
use crate::zone::{Zone, zones_of};

/// How far ahead a moment is looked for: holidays and weekends together are shorter.
const LOOK_AHEAD: Duration = Duration::from_secs(15 * 86_400);

/// Whether a person may be called at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// They may, until then.
    Open {
        /// When that ends; `None`: not soon.
        until: Option<Timestamp>,
    },
    /// They may not before this.
    Closed {
        /// The first moment at which they may.
        until: Timestamp,
    },
}

/// The places in which a person may be, each with the law that holds there.
#[derive(Debug)]
pub struct Places<'a> {
    places: Vec<(&'a Zone, &'static Law)>,
}

impl<'a> Places<'a> {
    /// The places of a number: its countries, and in these the zone that is known of the person, or every zone.
    ///
    /// # Errors
    /// [`Skip::Country`] for a number of no known country, [`Skip::NoRule`] for a country without rules or without zones.
    pub fn of(to: &PhoneNumber, zone: Option<&'a Zone>) -> Result<Self, Skip> {
        let countries: Vec<Country> = countries(to);
        if countries.is_empty() {
            return Err(Skip::Country);
        }
        let mut places = vec![];
        for country in countries {
            let law = law_of(country).ok_or(Skip::NoRule)?;
            let zones: Vec<&'a Zone> =
                zone.map_or_else(|| zones_of(country).iter().collect(), |zone| vec![zone]);
            if zones.is_empty() {
                return Err(Skip::NoRule);
            }
            places.extend(zones.into_iter().map(|zone| (zone, law)));
        }
        Ok(Self { places })
    }

    /// The places of a country: the zone of this name if it is one of the country's, or every zone.
    ///
    /// # Errors
    /// [`Skip::NoRule`] for a country without rules or without zones.
    pub fn in_country(country: Country, zone: Option<&str>) -> Result<Self, Skip> {
        let law = law_of(country).ok_or(Skip::NoRule)?;
        let zones = zones_of(country);
        if zones.is_empty() {
            return Err(Skip::NoRule);
        }
        let known = zone.and_then(|name| zones.iter().find(|zone| zone.name() == name));
        let zones = known.map_or(zones, std::slice::from_ref);
        Ok(Self { places: zones.iter().map(|zone| (zone, law)).collect() })
    }

    /// The time zones of all places.
    pub fn zones(&self) -> impl Iterator<Item = &'a Zone> {
        self.places.iter().map(|(zone, _)| *zone)
    }

    /// What the person's clocks show; `None`: it is not the same in all of them.
    pub fn local(&self, at: Timestamp) -> Option<DateTime> {
        let mut shown = self.places.iter().map(|(zone, _)| zone.local(at));
        let first = shown.next()?;
        shown.all(|other| other == first).then_some(first)
    }

    /// Whether marketing needs a consent in one of them.
    pub fn need_consent(&self) -> bool {
        self.places.iter().any(|(_, law)| law.marketing_needs_consent)
    }

    /// Whether a person may be called at `now`, with these hours beside the law's.
    ///
    /// # Errors
    /// [`Skip::NoHours`]: no moment suits all hours in all places.
    pub fn window(&self, hours: &[&Week], now: Timestamp) -> Result<Window, Skip> {
        let latest = now.plus(LOOK_AHEAD);
        let mut at = now;
        while at <= latest {
            let (mut next, mut until) = (at, None::<Timestamp>);
            for (zone, law) in &self.places {
                let closed = |date: Date| law.is_holiday(date);
                let of_law: Option<&Week> = law.week();
                for week in hours.iter().copied().chain(of_law) {
                    match week.covering_but(at, zone, closed) {
                        Covering::Within { until: end } => {
                            until = [until, end].into_iter().flatten().min();
                        }
                        Covering::Outside { until: begin } => next = next.max(begin.ok_or(Skip::NoHours)?),
                    }
                }
            }
            if next == at {
                return Ok(if at == now { Window::Open { until } } else { Window::Closed { until: at } });
            }
            // Before it at least one of them does not allow the call.
            at = next;
        }
        Err(Skip::NoHours)
    }
}
