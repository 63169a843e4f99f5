//! The moment of a call in words: what clocks show at the business, and whether it is open.

use jiff::civil::DateTime;

use super::layers::times;
use crate::Timestamp;
use crate::hours::{Opening, OpeningHours, Why};
use crate::zone::{self, Zone};

/// How far ahead days with other times are told.
const TOLD_DAYS: usize = 14;

/// One line of time, one of opening, one for days that are kept otherwise.
pub(super) fn of(hours: Option<&OpeningHours>, time_zone: &str, now: Timestamp) -> String {
    let mut text = format!("It is {} at the business.", zone::local_words(now, time_zone));
    let (Some(hours), Ok(zone)) = (hours, Zone::parse(time_zone)) else { return text };
    let local = |at: Timestamp| zone.local(at);
    match hours.at(now, &zone) {
        Opening::Open { until } => {
            text.push_str(" It is open");
            if let Some(until) = until {
                text.push_str(&format!(" until {}", when(local(now), local(until))));
            }
        }
        Opening::Closed { until, why, what: _ } => {
            text.push_str(" It is closed");
            if let Why::Holiday(name) | Why::Exception(name) = why {
                text.push_str(&format!(" ({name})"));
            }
            if let Some(until) = until {
                text.push_str(&format!(" until {}", when(local(now), local(until))));
            }
        }
    }
    text.push('.');
    let days: Vec<String> = hours
        .special_days(local(now).date(), TOLD_DAYS)
        .into_iter()
        .map(|day| format!("- {}, {}: {}", day.date.strftime("%A %-d %B %Y"), day.name, times(day.open)))
        .collect();
    if !days.is_empty() {
        text.push_str(&format!(
            "\nDays with other opening hours in the next two weeks:\n{}",
            days.join("\n")
        ));
    }
    text
}

/// A moment that comes, as seen from the present one.
fn when(now: DateTime, at: DateTime) -> String {
    let time = at.strftime("%H:%M");
    if now.date() == at.date() {
        return format!("{time} today");
    }
    if now.date().tomorrow().is_ok_and(|tomorrow| tomorrow == at.date()) {
        return format!("{time} tomorrow");
    }
    format!("{} at {time}", at.strftime("%A %-d %B %Y"))
}
