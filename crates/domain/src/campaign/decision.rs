//! Whether a person of a campaign may be called at a moment. What claims an entry decides by this, and so does the list of those
//! who would be called, which places no call.

use serde::Serialize;

use super::entry::{Person, Skip};
use super::window::{Places, Window};
use super::{Campaign, Plan, Purpose, State};
use crate::Timestamp;
use crate::hours::Week;

/// What there is to do about a person at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// They may be called.
    Call {
        /// Until then; `None`: there is no end soon.
        until: Option<Timestamp>,
    },
    /// They may be called from then on.
    Wait {
        /// When.
        until: Timestamp,
    },
    /// They are not called.
    Never(Skip),
}

/// Where those stand who would be called next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Callees {
    /// In the file, as its check read it: entries are made with the start.
    OfFile,
    /// Among the entries, as those that are left.
    Left,
    /// The file was not checked, or the campaign calls no more.
    Unknown,
}

impl Campaign {
    /// Where those stand who would be called next.
    pub const fn callees(&self) -> Callees {
        match self.state {
            State::Ready => Callees::OfFile,
            State::Loading | State::Running | State::Paused => Callees::Left,
            State::Draft | State::Checking | State::Stopping | State::Completed | State::Stopped => {
                Callees::Unknown
            }
        }
    }
}

/// Whether a person may be called at `now`, as far as it depends on them: on their wish, their consent, and their clocks. Room for
/// the call, caps and the pause after an earlier call are known once it is dialled.
pub fn decide(plan: &Plan, settings: &Week, person: &Person, is_listed: bool, now: Timestamp) -> Decision {
    if is_listed {
        return Decision::Never(Skip::DoNotCall);
    }
    let places = match Places::of(&person.to, person.zone.as_ref()) {
        Ok(places) => places,
        Err(why) => return Decision::Never(why),
    };
    if plan.purpose == Purpose::Marketing && places.need_consent() && person.consent.is_none() {
        return Decision::Never(Skip::NoConsent);
    }
    let hours: Vec<&Week> = [Some(settings), plan.hours.as_ref()].into_iter().flatten().collect();
    match places.window(&hours, now) {
        Ok(Window::Open { until }) => Decision::Call { until },
        Ok(Window::Closed { until }) => Decision::Wait { until },
        Err(why) => Decision::Never(why),
    }
}

/// The first moment from `from` on at which a person may be called.
///
/// # Errors
/// Why there is no such moment.
pub fn first_moment(
    plan: &Plan,
    settings: &Week,
    person: &Person,
    is_listed: bool,
    from: Timestamp,
) -> Result<Timestamp, Skip> {
    let from = plan.starts_at.map_or(from, |start| start.max(from));
    let from = person.not_before.map_or(from, |at| at.max(from));
    let at = match decide(plan, settings, person, is_listed, from) {
        Decision::Call { .. } => from,
        Decision::Wait { until } => until,
        Decision::Never(why) => return Err(why),
    };
    if plan.ends_at.is_some_and(|end| end <= at) { Err(Skip::Expired) } else { Ok(at) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::super::tests::{NOW, person, plan};
    use super::*;
    use crate::outbound::OutboundPolicy;

    #[test]
    fn wishes_and_consents_are_looked_at_before_clocks() {
        let (mut plan, mut someone) = (plan(), person("+12025550143"));
        let hours = OutboundPolicy::default().hours;
        let at_night = NOW.plus(Duration::from_secs(16 * 3_600));
        let first =
            |plan: &Plan, person: &Person, listed| first_moment(plan, &hours, person, listed, at_night);
        let waits = first(&plan, &someone, false).unwrap();
        assert!(waits > at_night);
        assert_eq!(first(&plan, &someone, true), Err(Skip::DoNotCall));
        plan.purpose = Purpose::Marketing;
        assert_eq!(first(&plan, &someone, false), Err(Skip::NoConsent));
        someone.consent = Some("form of 3 May".to_owned());
        assert_eq!(first(&plan, &someone, false), Ok(waits));
        plan.ends_at = Some(waits);
        assert_eq!(first(&plan, &someone, false), Err(Skip::Expired));
        assert_eq!(first(&plan, &person("+81312345678"), false), Err(Skip::NoRule));
    }

    proptest! {
        /// The moment that is told is one at which a claim would call, and none before it is.
        #[test]
        fn the_moment_that_is_told_is_one_at_which_a_claim_calls(
            hours in 0_u64..24 * 200,
            after in prop::option::of(0_u64..100),
            which in 0_usize..3,
        ) {
            let settings = OutboundPolicy::default().hours;
            let to = ["+12025550143", "+436641234567", "+33612345678"][which];
            let (plan, mut someone) = (plan(), person(to));
            let later = |hours: u64| NOW.plus(Duration::from_secs(hours * 3_600));
            let from = later(hours);
            someone.not_before = after.map(|after| later(hours + after));
            let at = first_moment(&plan, &settings, &someone, false, from).unwrap();
            let earliest = someone.not_before.unwrap_or(from);
            prop_assert!(at >= earliest);
            let now = decide(&plan, &settings, &someone, false, at);
            prop_assert!(matches!(now, Decision::Call { .. }), "{now:?}");
            if at > earliest {
                let before = decide(&plan, &settings, &someone, false, at.minus(Duration::from_millis(1)));
                prop_assert_eq!(before, Decision::Wait { until: at });
            }
        }
    }
}
