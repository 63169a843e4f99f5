//! Whether the person of a lead is called at once.
//!
//! They are called within minutes or not at all: a person who asked for a call now is not rung the next morning. The law of the
//! place, its hours and the business's own decide as they do for campaigns, and say why not.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::campaign::Purpose;
use crate::campaign::entry::Skip;
use crate::campaign::window::{Places, Window};
use crate::hours::Week;
use crate::zone::Zone;
use crate::{CallSid, PhoneNumber, Timestamp};

/// How long after the lead its person may be called: for as long as there is no room, or a rate holds it up.
pub const WITHIN: Duration = Duration::from_secs(10 * 60);
/// When what had no room is tried again.
pub const AGAIN: Duration = Duration::from_secs(20);

/// How far the call to the person of a lead is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Calling {
    /// The source has no one called.
    None,
    /// It is ordered.
    Ordered {
        /// It is not dialled from then on.
        until: Timestamp,
        /// The number.
        to: PhoneNumber,
    },
    /// It was dialled.
    Placed {
        /// The call.
        call: CallSid,
    },
    /// The person is not called.
    NotCalled {
        /// The word for programs.
        why: String,
        /// What is so, for people.
        detail: String,
    },
}

impl Calling {
    /// The words for how far it can be.
    pub const WORDS: [&str; 4] = ["none", "ordered", "placed", "not_called"];

    /// The word for how far it is.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Ordered { .. } => "ordered",
            Self::Placed { .. } => "placed",
            Self::NotCalled { .. } => "not_called",
        }
    }

    /// Not called, for this reason.
    pub fn not(why: NotCalled) -> Self {
        Self::NotCalled { why: why.as_str().to_owned(), detail: why.words().to_owned() }
    }
}

/// Why the person of a lead is not called. Orders that are refused when their turn comes have the words of orders besides.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum NotCalled {
    /// The lead has no telephone number.
    NoNumber,
    /// The number is on the list of those that are not called.
    DoNotCall,
    /// It would be to sell something, and the person has not consented.
    NoConsent,
    /// The number is of no known country.
    Country,
    /// What holds in its country is not known.
    NoRule,
    /// No time suits the hours of all places in which the person may be.
    NoHours,
    /// It is not a time to call people there.
    Hours,
    /// There was no room for the call for as long as it was wanted.
    Late,
    /// The source or the contact is gone.
    Gone,
    /// The business has no settings with which it could call.
    Settings,
}

impl NotCalled {
    /// Every reason.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// What is so, for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::NoNumber => "the lead has no telephone number",
            Self::DoNotCall => "the person asked this business not to be called",
            Self::NoConsent => "a call to sell something needs the person's consent, and the lead has none",
            Self::Country => "the number's country is not known",
            Self::NoRule => "when people may be called in the number's country is not known",
            Self::NoHours => "no time suits the hours of all places in which the person may be",
            Self::Hours => "it is, or may be, outside the hours for calls where the person is",
            Self::Late => "there was no room for the call for as long as it was wanted",
            Self::Gone => "the source or the contact is not there any more",
            Self::Settings => "the business is suspended or has no settings to call with",
        }
    }
}

/// What decides whether a person is called.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Their number.
    pub to: Option<&'a PhoneNumber>,
    /// Their clocks, if they are known.
    pub zone: Option<&'a Zone>,
    /// What for.
    pub purpose: Purpose,
    /// Whether they consented.
    pub consents: bool,
    /// Whether the number is on the list.
    pub do_not_call: bool,
    /// The hours of the business's outbound policy.
    pub hours: &'a Week,
}

/// Whether a person may be called at `now`, and until when the window stays open.
///
/// # Errors
/// [`NotCalled`].
pub fn judge(facts: &Facts<'_>, now: Timestamp) -> Result<Option<Timestamp>, NotCalled> {
    let to = facts.to.ok_or(NotCalled::NoNumber)?;
    if facts.do_not_call {
        return Err(NotCalled::DoNotCall);
    }
    let places = Places::of(to, facts.zone).map_err(of_place)?;
    if facts.purpose == Purpose::Marketing && places.need_consent() && !facts.consents {
        return Err(NotCalled::NoConsent);
    }
    match places.window(&[facts.hours], now).map_err(of_place)? {
        Window::Open { until } => Ok(until),
        Window::Closed { .. } => Err(NotCalled::Hours),
    }
}

/// Until when a call that is ordered at `now` may be dialled.
pub fn until(window: Option<Timestamp>, now: Timestamp) -> Timestamp {
    let latest = now.plus(WITHIN);
    window.map_or(latest, |window| window.min(latest))
}

const fn of_place(why: Skip) -> NotCalled {
    match why {
        Skip::Country => NotCalled::Country,
        Skip::NoRule => NotCalled::NoRule,
        _ => NotCalled::NoHours,
    }
}

/// What an order that was not placed means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// There may be room for it soon.
    Again,
    /// It is not placed any more.
    Never,
}

/// What it means that an order was refused with this word. What only waits for room is tried again; what waits for hours, a pause
/// or another day is not "now" any more.
pub fn refused(word: &str) -> Refused {
    match word {
        "business_slots" | "deployment_slots" | "pace" => Refused::Again,
        _ => Refused::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbound::OutboundPolicy;

    /// A time of December 2026 in New York, five hours behind UTC.
    fn at(hour: i64, day: i64) -> Timestamp {
        const FIRST: i64 = 1_796_083_200;
        Timestamp::from_secs(FIRST + (day - 1) * 86_400 + (hour + 5) * 3_600)
    }

    fn judged(change: impl Fn(&mut Facts<'_>), now: Timestamp) -> Result<Option<Timestamp>, NotCalled> {
        let (to, zone) =
            (PhoneNumber::parse("+12025550143").unwrap(), Zone::parse("America/New_York").unwrap());
        let policy = OutboundPolicy::default();
        let mut facts = Facts {
            to: Some(&to),
            zone: Some(&zone),
            purpose: Purpose::Service,
            consents: false,
            do_not_call: false,
            hours: &policy.hours,
        };
        change(&mut facts);
        judge(&facts, now)
    }

    #[test]
    fn a_person_is_called_in_the_hours_of_law_and_business_alone() {
        assert!(judged(|_| (), at(12, 1)).is_ok());
        assert_eq!(judged(|_| (), at(22, 1)), Err(NotCalled::Hours));
        assert_eq!(judged(|_| (), at(12, 25)), Err(NotCalled::Hours), "a holiday");
        assert_eq!(judged(|facts| facts.to = None, at(12, 1)), Err(NotCalled::NoNumber));
        assert_eq!(judged(|facts| facts.do_not_call = true, at(12, 1)), Err(NotCalled::DoNotCall));
        let sells = |facts: &mut Facts<'_>| facts.purpose = Purpose::Marketing;
        assert_eq!(judged(sells, at(12, 1)), Err(NotCalled::NoConsent));
        assert!(
            judged(|facts| (facts.purpose, facts.consents) = (Purpose::Marketing, true), at(12, 1)).is_ok()
        );
    }

    #[test]
    fn now_ends_after_some_minutes_or_with_the_window() {
        let now = at(12, 1);
        assert_eq!(until(None, now), now.plus(WITHIN));
        let soon = now.plus(Duration::from_secs(60));
        assert_eq!(until(Some(soon), now), soon);
        assert_eq!((refused("pace"), refused("cooling_down")), (Refused::Again, Refused::Never));
    }

    #[test]
    fn every_reason_has_words() {
        for why in NotCalled::ALL {
            assert!(!why.words().is_empty());
            assert_eq!(Calling::not(*why).word(), "not_called");
        }
    }
}
