use std::collections::BTreeMap;
use std::time::Duration;

use jiff::civil::{Date, DateTime, Weekday, date};

use super::*;
use crate::Timestamp;
use crate::hours::{DAYS, Span, Week as OpenWeek};
use crate::zone::Zone;

mod changes;
mod feeds;
mod hints;
mod properties;
mod regressions;
mod reminders;
mod sources;

fn zone(name: &str) -> Zone {
    Zone::parse(name).unwrap()
}

fn spans(texts: &[&str]) -> Vec<Span> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

const WORKDAYS: [Weekday; 5] =
    [Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday];

fn calendar(id: &str, zone_name: &str, open: &[&str]) -> Calendar {
    Calendar {
        id: CalendarId::parse(id).unwrap(),
        name: "Anna".into(),
        time_zone: zone(zone_name),
        week: OpenWeek::of(&DAYS.map(|(day, _)| day), &spans(open)),
        exceptions: vec![],
        seats: 1,
        active: true,
    }
}

fn service(minutes: u16) -> Service {
    Service {
        id: ServiceId::parse("trim").unwrap(),
        name: "Trim".into(),
        names: BTreeMap::new(),
        price: Some("40 euros".into()),
        minutes,
        before_minutes: 0,
        after_minutes: 0,
        notice_minutes: 0,
        window_days: 400,
        step_minutes: 30,
        seats: 1,
        calendars: vec![CalendarId::parse("anna").unwrap()],
        resources: vec![],
        reminders: vec![],
        remind: None,
        active: true,
    }
}

/// Empty agendas of all that is needed for slots within `wanted`.
fn nothing_taken(candidate: &Candidate<'_>, wanted: Interval) -> Agendas {
    let lanes = candidate.lanes();
    let mut agendas = Agendas::default();
    for key in Agendas::needed(lanes.iter().map(|lane| &lane.calendar), candidate.needs(wanted)) {
        agendas.insert(key, Agenda::default());
    }
    agendas
}

fn day_of(calendar: &Calendar, day: Date) -> Interval {
    let at = |day: Date| calendar.time_zone.reached(day.at(0, 0, 0, 0)).unwrap();
    Interval { from: at(day), until: at(day.tomorrow().unwrap()) }
}

/// What clocks show at the free slots of one day, looked for at `now`.
fn times(service: &Service, calendar: &Calendar, day: Date, now: Timestamp) -> Vec<String> {
    let candidate = Candidate { service, calendar, resources: &[] };
    let wanted = day_of(calendar, day);
    let slots = candidate.slots(wanted, &nothing_taken(&candidate, wanted), now, usize::MAX);
    slots.iter().map(|slot| slot.local.strftime("%H:%M").to_string()).collect()
}

fn at(calendar: &Calendar, local: DateTime) -> Timestamp {
    calendar.time_zone.reached(local).unwrap()
}

fn hours(count: u64) -> Duration {
    Duration::from_secs(count * 3_600)
}

fn id(n: u32) -> AppointmentId {
    AppointmentId::parse(&format!("{n:032x}")).unwrap()
}
