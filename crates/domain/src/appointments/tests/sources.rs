//! Calendars of other systems: what they take is taken, and what they do not tell of is not free.

use proptest::prelude::*;

use super::*;

fn known(times: &[Interval], now: Timestamp) -> Known {
    let within = Interval { from: now.minus(hours(1)), until: now.plus(READ_AHEAD) };
    Known::read(within, times, false, now)
}

/// The times of a day that are free, if the calendar has this source.
fn free(known: Known, while_away: WhileAway, now: Timestamp) -> Vec<String> {
    let calendar = calendar("anna", "Europe/Vienna", &["09:00-12:00"]);
    let service = Service { after_minutes: 15, ..service(60) };
    let candidate = Candidate { service: &service, calendar: &calendar, resources: &[] };
    let wanted = day_of(&calendar, date(2026, 12, 3));
    let mut agendas = nothing_taken(&candidate, wanted);
    agendas.insert_external(calendar.id.clone(), known.external(while_away, now));
    let slots = candidate.slots(wanted, &agendas, now, usize::MAX);
    slots.iter().map(|slot| slot.local.strftime("%H:%M").to_string()).collect()
}

fn clock(hour: i8, minute: i8) -> Timestamp {
    zone("Europe/Vienna").reached(date(2026, 12, 3).at(hour, minute, 0, 0)).unwrap()
}

const ALL: [&str; 5] = ["09:00", "09:30", "10:00", "10:30", "11:00"];

#[test]
fn what_another_calendar_takes_is_taken_with_our_buffers() {
    let now = clock(6, 0);
    let busy = known(&[Interval { from: clock(10, 30), until: clock(11, 0) }], now);
    assert_eq!(
        free(busy, WhileAway::Refuse, now),
        ["09:00", "11:00"],
        "09:30 needs a quarter of an hour after it"
    );
    assert_eq!(free(known(&[], now), WhileAway::Refuse, now), ALL);
}

/// Requirement 19 of appointments.
#[test]
fn a_source_that_cannot_be_read_makes_nothing_free() {
    let read = clock(6, 0);
    let busy = || known(&[Interval { from: clock(10, 0), until: clock(12, 0) }], read);
    let fresh = read.plus(STALE_AFTER - Duration::from_millis(1));
    let stale = read.plus(STALE_AFTER);
    let later = |now: Timestamp| busy().external(WhileAway::Refuse, now);
    let free_hour = Interval { from: clock(8, 0), until: clock(9, 0) };
    assert!(!later(fresh).is_silent_about(free_hour) && later(stale).is_silent_about(free_hour));
    assert_eq!(free(busy(), WhileAway::Refuse, stale), Vec::<String>::new());
    assert_eq!(free(Known::default(), WhileAway::Refuse, read), Vec::<String>::new(), "it was never read");
    // The calendar's own appointments decide, and what was read last.
    assert_eq!(free(Known::default(), WhileAway::OwnCalendar, read), ALL);
    let failed = busy().not_read(NotRead::Unreachable, stale);
    assert_eq!((failed.read_at, failed.is_due(stale)), (Some(read), false));
}

#[test]
fn a_calendar_that_is_not_known_is_told_apart_from_one_that_is_full() {
    let calendar = calendar("anna", "Europe/Vienna", &["09:00-12:00"]);
    let service = service(60);
    let candidate = Candidate { service: &service, calendar: &calendar, resources: &[] };
    let (now, wanted) = (clock(6, 0), day_of(&calendar, date(2026, 12, 3)));
    let mut agendas = nothing_taken(&candidate, wanted);
    assert!(!agendas.is_silent(&candidate.lanes(), wanted));
    agendas.insert_external(calendar.id.clone(), Known::default().external(WhileAway::Refuse, now));
    assert!(agendas.is_silent(&candidate.lanes(), wanted));
    let entry = candidate.entry(id(1), clock(10, 0), None);
    assert_eq!(agendas.take(&candidate.lanes(), &entry, now), Err(Refusal::CalendarUnavailable));
}

proptest! {
    /// A source only ever takes time away, and what it takes meets no slot.
    #[test]
    fn a_source_adds_no_slot(times in proptest::collection::vec((0i64..2_000, 1i64..200), 0..8)) {
        let now = clock(0, 0);
        let mut times: Vec<Interval> = times
            .into_iter()
            .map(|(from, lasts)| Interval {
                from: Timestamp(now.0 + from * 60_000),
                until: Timestamp(now.0 + (from + lasts) * 60_000),
            })
            .collect();
        times.sort_by_key(|time| time.from);
        let mut apart: Vec<Interval> = vec![];
        for time in times {
            match apart.last_mut() {
                Some(last) if time.from <= last.until => last.until = last.until.max(time.until),
                _ => apart.push(time),
            }
        }
        let external = known(&apart, now).external(WhileAway::Refuse, now);
        for from in (0..2_500).step_by(7) {
            let at = Timestamp(now.0 + from * 60_000);
            let interval = Interval { from: at, until: at.plus(Duration::from_secs(30 * 60)) };
            prop_assert_eq!(external.takes(interval), apart.iter().any(|time| time.meets(interval)));
        }
        let found = free(known(&apart, now), WhileAway::Refuse, now);
        prop_assert!(found.iter().all(|time| ALL.contains(&time.as_str())));
    }
}
