//! Who answers a call that comes in: the agent, or what the business has outside its opening hours.

use crate::business::Settings;
use crate::hours::{Opening, Outside};
use crate::tools::Destination;
use crate::zone::Zone;
use crate::{Business, Timestamp};

/// What a call comes to at the moment when it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reception<'a> {
    /// The agent answers.
    Agent {
        /// What it is told beside the ordinary instructions, because the business is closed.
        after_hours: Option<&'a str>,
    },
    /// The business is closed: the caller is asked for a message.
    Voicemail,
    /// The business is closed: a person is rung.
    Forward(&'a Destination),
    /// The business is closed, and whom its calls were to go to is not in the directory.
    Closed,
}

/// What a call that begins at `now` comes to. Without hours, or in a time zone that does not exist, the agent answers.
pub fn reception<'a>(business: &Business, settings: &'a Settings, now: Timestamp) -> Reception<'a> {
    let (Some(hours), Ok(zone)) = (&settings.hours, Zone::parse(&business.time_zone)) else {
        return Reception::Agent { after_hours: None };
    };
    match hours.at(now, &zone) {
        Opening::Open { .. } => Reception::Agent { after_hours: None },
        Opening::Closed { what: Outside::Agent { instructions }, .. } => {
            Reception::Agent { after_hours: Some(instructions) }
        }
        Opening::Closed { what: Outside::Voicemail, .. } => Reception::Voicemail,
        Opening::Closed { what: Outside::Forward { to }, .. } => {
            settings.tools.destination(to).map_or(Reception::Closed, Reception::Forward)
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Weekday, date};

    use super::*;
    use crate::hours::{OpeningHours, Week};
    use crate::{PhoneNumber, testing};

    fn settings(outside: Outside) -> Settings {
        let mut settings = testing::settings();
        let week = Week::of(&[Weekday::Friday], &["09:00-17:00".parse().unwrap()]);
        settings.hours = Some(OpeningHours { week, holidays: vec![], exceptions: vec![], outside });
        let number = PhoneNumber::parse("+12025550101").unwrap();
        settings.tools.directory = vec![Destination { id: "desk".into(), label: "the desk".into(), number }];
        settings
    }

    /// On Friday 4 December 2026, by clocks in Vienna.
    fn at(hour: i8) -> Timestamp {
        let zone = Zone::parse(&testing::business().time_zone).unwrap();
        zone.reached(date(2026, 12, 4).at(hour, 0, 0, 0)).unwrap()
    }

    #[test]
    fn the_moment_decides_who_answers() {
        let business = testing::business();
        let agent = settings(Outside::Agent { instructions: "Take no orders.".into() });
        let usual = Reception::Agent { after_hours: None };
        assert_eq!(reception(&business, &agent, at(16)), usual);
        let after_hours = Reception::Agent { after_hours: Some("Take no orders.") };
        assert_eq!(reception(&business, &agent, at(17)), after_hours);
        let voicemail = settings(Outside::Voicemail);
        assert_eq!(reception(&business, &voicemail, at(9)), usual);
        assert_eq!(reception(&business, &voicemail, at(8)), Reception::Voicemail);
        let forward = settings(Outside::Forward { to: "desk".into() });
        assert_eq!(reception(&business, &forward, at(8)), Reception::Forward(&forward.tools.directory[0]));
        let nowhere = settings(Outside::Forward { to: "gone".into() });
        assert_eq!(reception(&business, &nowhere, at(8)), Reception::Closed);
    }

    #[test]
    fn without_hours_or_a_zone_the_agent_answers_at_all_times() {
        let usual = Reception::Agent { after_hours: None };
        assert_eq!(reception(&testing::business(), &testing::settings(), at(3)), usual);
        let nowhere = Business { time_zone: "Atlantis".into(), ..testing::business() };
        assert_eq!(reception(&nowhere, &settings(Outside::Voicemail), at(3)), usual);
    }
}
