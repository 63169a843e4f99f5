//! Laws of slots and agendas.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const ZONES: [&str; 12] = [
    "Asia/Jerusalem",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "America/Sao_Paulo",
    "Africa/Casablanca",
    "Europe/Vienna",
    "Pacific/Chatham",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "UTC",
];

/// 400 days in 12 zones: each slot is in the hours by local clocks, on the grid, there once, and at a wall time that clocks
/// show.
#[test]
fn slots_of_400_days_in_12_zones_are_in_the_hours() {
    let first = date(2026, 11, 30);
    for name in ZONES {
        let calendar = calendar("anna", name, &["01:15-04:00", "22:30-24:00"]);
        let service = Service { window_days: 400, ..service(45) };
        let candidate = Candidate { service: &service, calendar: &calendar, resources: &[] };
        let now = at(&calendar, first.at(0, 0, 0, 0));
        let wanted = service.bookable(now);
        let slots = candidate.slots(wanted, &nothing_taken(&candidate, wanted), now, usize::MAX);
        assert!(slots.len() >= 400 * 4, "{name}: {}", slots.len());
        let locals: BTreeSet<DateTime> = slots.iter().map(|slot| slot.local).collect();
        assert_eq!(locals.len(), slots.len(), "{name}: a wall time comes twice");
        assert!(slots.is_sorted_by_key(|slot| slot.start), "{name}");
        for slot in &slots {
            let minute = i32::from(slot.local.hour()) * 60 + i32::from(slot.local.minute());
            let end = calendar.time_zone.local(slot.end);
            let in_hours =
                (75..=240 - 45).contains(&minute) || (22 * 60 + 30..=23 * 60 + 15).contains(&minute);
            // Clocks may be changed in the middle of it: then its end says so.
            let changed = slot.local + jiff::Span::new().minutes(45) != end;
            assert!(in_hours || changed, "{name}: {}", slot.local);
            assert_eq!(minute % 30, 0, "{name}: {}", slot.local);
            assert_eq!(calendar.time_zone.reached(slot.local), Some(slot.start), "{name}: no clock shows it");
            assert!(wanted.holds(slot.start));
            assert_eq!(candidate.allowed(slot.start, now), Ok(()), "{name}: {}", slot.local);
        }
    }
}

/// An appointment of `length` minutes that begins `after` minutes after the first moment of a day.
fn entry(n: u32, after: u16, length: u16, seats: u16) -> Entry {
    let day = Timestamp::from_secs(1_796_083_200);
    let start = day.plus(Duration::from_secs(u64::from(after) * 60));
    let until = start.plus(Duration::from_secs(u64::from(length) * 60));
    let service = ServiceId::parse("trim").unwrap();
    Entry { appointment: id(n), service, start, from: start, until, seats, held_until: None }
}

fn two_days(lane: &Lane) -> Agendas {
    let whole = Interval { from: entry(0, 0, 1, 1).from, until: entry(0, 2_880, 1, 1).from };
    let mut agendas = Agendas::default();
    for key in Agendas::needed([&lane.calendar], whole) {
        agendas.insert(key, Agenda::default());
    }
    agendas
}

proptest! {
    /// At no moment is more taken than there is, and adding what is taken makes nothing free.
    #[test]
    fn no_more_is_taken_than_there_is(
        asked in prop::collection::vec((0_u16..2_000, 1_u16..400), 1..40),
        seats in 1_u16..4,
        probe in (0_u16..2_000, 1_u16..400),
    ) {
        let lane = Lane { calendar: CalendarId::parse("anna").unwrap(), seats };
        let mut agendas = two_days(&lane);
        let probe = entry(9_999, probe.0, probe.1, 1);
        let lanes = std::slice::from_ref(&lane);
        let mut taken: Vec<Entry> = vec![];
        let mut was_free = true;
        for (n, (after, length)) in (1..).zip(asked) {
            let entry = entry(n, after, length, 1);
            if agendas.take(lanes, &entry, Timestamp(0)).is_ok() {
                taken.push(entry);
            }
            let free = agendas.room(lanes, &probe, Timestamp(0)).is_ok();
            prop_assert!(was_free || !free, "something became free");
            was_free = free;
        }
        for at in taken.iter().map(|entry| entry.from) {
            let there = taken.iter().filter(|entry| entry.from <= at && at < entry.until).count();
            prop_assert!(there <= usize::from(seats), "{there} of {seats}");
        }
    }

    /// Moving an appointment leaves exactly one interval of it, or the one that it had.
    #[test]
    fn a_move_takes_the_new_time_or_keeps_the_old_one(
        others in prop::collection::vec((0_u16..2_000, 1_u16..400), 0..10),
        from in (0_u16..2_000, 1_u16..400),
        to in (0_u16..2_000, 1_u16..400),
    ) {
        let lane = Lane { calendar: CalendarId::parse("anna").unwrap(), seats: 1 };
        let mut agendas = two_days(&lane);
        let lanes = std::slice::from_ref(&lane);
        let old = entry(1, from.0, from.1, 1);
        agendas.take(lanes, &old, Timestamp(0)).unwrap();
        for (n, (after, length)) in (2..).zip(others) {
            let _ = agendas.take(lanes, &entry(n, after, length, 1), Timestamp(0));
        }
        let new = entry(1, to.0, to.1, 1);
        let moved = agendas.take(lanes, &new, Timestamp(0)).is_ok();
        let entries = agendas.entries(&lane.calendar, Timestamp(0));
        let own: Vec<&&Entry> = entries.iter().filter(|entry| entry.appointment == id(1)).collect();
        prop_assert_eq!(own.len(), 1);
        prop_assert_eq!(*own[0], if moved { &new } else { &old });
    }
}

#[test]
fn a_class_takes_its_calendar_once_and_has_a_limit() {
    let lane = Lane { calendar: CalendarId::parse("anna").unwrap(), seats: 1 };
    let mut agendas = two_days(&lane);
    let lanes = std::slice::from_ref(&lane);
    for n in 1..=3 {
        assert_eq!(agendas.take(lanes, &entry(n, 600, 60, 3), Timestamp(0)), Ok(()));
    }
    assert_eq!(agendas.take(lanes, &entry(4, 600, 60, 3), Timestamp(0)), Err(Refusal::SlotTaken));
    assert_eq!(
        agendas.take(lanes, &entry(5, 630, 60, 3), Timestamp(0)),
        Err(Refusal::SlotTaken),
        "another class"
    );
    assert_eq!(agendas.take(lanes, &entry(6, 660, 60, 3), Timestamp(0)), Ok(()));
    agendas.release(&id(2));
    assert_eq!(agendas.take(lanes, &entry(4, 600, 60, 3), Timestamp(0)), Ok(()));
}

/// A hold ends after 180 seconds, whether its row was deleted or not.
#[test]
fn a_hold_ends_by_the_clock() {
    let lane = Lane { calendar: CalendarId::parse("anna").unwrap(), seats: 1 };
    let mut agendas = two_days(&lane);
    let lanes = std::slice::from_ref(&lane);
    let now = Timestamp::from_secs(1_796_000_000);
    let held = Entry { held_until: Some(now.plus(HOLD_LASTS)), ..entry(1, 600, 60, 1) };
    assert_eq!(agendas.take(lanes, &held, now), Ok(()));
    let almost = now.plus(Duration::from_millis(179_999));
    assert_eq!(agendas.room(lanes, &entry(2, 600, 60, 1), almost), Err(Refusal::SlotTaken));
    assert_eq!(agendas.room(lanes, &entry(2, 600, 60, 1), now.plus(Duration::from_secs(180))), Ok(()));
}

#[test]
fn a_day_that_was_not_read_is_not_free() {
    let lane = Lane { calendar: CalendarId::parse("anna").unwrap(), seats: 1 };
    let room = Agendas::default().room(&[lane], &entry(1, 600, 60, 1), Timestamp(0));
    assert_eq!(room, Err(Refusal::CalendarUnavailable));
}
