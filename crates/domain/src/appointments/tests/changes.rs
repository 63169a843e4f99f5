//! How appointments, calendars and services may be.

use super::*;
use crate::contact::{ContactId, What};
use crate::testing::{business, phone};

fn wanted(n: u32, hold: bool) -> Wanted {
    let person = Person { name: "Maria Huber".into(), number: Some(phone(n)), contact: None };
    Wanted { id: id(n), person, notes: None, source: Source::Api, hold, in_place_of: None }
}

#[test]
fn buffers_of_two_neighbours_add_up() {
    let calendar = calendar("anna", "Europe/Vienna", &["09:00-17:00"]);
    let service = Service { before_minutes: 10, after_minutes: 20, step_minutes: 10, ..service(60) };
    let candidate = Candidate { service: &service, calendar: &calendar, resources: &[] };
    let wanted = day_of(&calendar, date(2026, 12, 1));
    let mut agendas = nothing_taken(&candidate, wanted);
    let now = at(&calendar, date(2026, 11, 30).at(8, 0, 0, 0));
    let noon = at(&calendar, date(2026, 12, 1).at(12, 0, 0, 0));
    agendas.take(&candidate.lanes(), &candidate.entry(id(1), noon, None), now).unwrap();
    let slots = candidate.slots(wanted, &agendas, now, usize::MAX);
    let times: Vec<String> = slots.iter().map(|slot| slot.local.strftime("%H:%M").to_string()).collect();
    assert!(times.contains(&"10:30".to_owned()) && !times.contains(&"10:40".to_owned()), "{times:?}");
    assert!(times.contains(&"13:30".to_owned()) && !times.contains(&"13:20".to_owned()), "{times:?}");
    assert_eq!(times.last().map(String::as_str), Some("16:00"), "a buffer may lie outside the hours");
}

#[test]
fn a_resource_must_be_open_and_free_too() {
    let anna = calendar("anna", "Europe/Vienna", &["09:00-17:00"]);
    let room = Calendar {
        week: OpenWeek::of(&WORKDAYS, &spans(&["10:00-12:00"])),
        ..calendar("room", "Europe/Vienna", &[])
    };
    let service = Service { resources: vec![room.id.clone()], ..service(60) };
    let resources = [&room];
    let candidate = Candidate { service: &service, calendar: &anna, resources: &resources };
    let wanted = day_of(&anna, date(2026, 12, 1));
    let mut agendas = nothing_taken(&candidate, wanted);
    let now = at(&anna, date(2026, 11, 30).at(8, 0, 0, 0));
    let times = |agendas: &Agendas| -> Vec<String> {
        let slots = candidate.slots(wanted, agendas, now, usize::MAX);
        slots.iter().map(|slot| slot.local.strftime("%H:%M").to_string()).collect()
    };
    assert_eq!(times(&agendas), ["10:00", "10:30", "11:00"]);
    let eleven = at(&anna, date(2026, 12, 1).at(11, 0, 0, 0));
    agendas.take(&[room.lane()], &candidate.entry(id(1), eleven, None), now).unwrap();
    assert_eq!(times(&agendas), ["10:00"]);
    let closed = Candidate { resources: &[], ..candidate };
    assert_eq!(closed.allowed(eleven, now), Err(Refusal::UnknownCalendar), "without its resource");
    let sunday = at(&anna, date(2026, 12, 6).at(11, 0, 0, 0));
    assert_eq!(candidate.allowed(sunday, now), Err(Refusal::OutsideHours));
}

#[test]
fn each_refusal_has_its_reason() {
    let mut calendar = calendar("anna", "Europe/Vienna", &["09:00-17:00"]);
    calendar.exceptions.push(CalendarException {
        first: date(2026, 12, 24),
        last: Some(date(2026, 12, 26)),
        name: "Christmas".into(),
        open: vec![],
    });
    let service = Service { notice_minutes: 120, window_days: 30, ..service(60) };
    let candidate = Candidate { service: &service, calendar: &calendar, resources: &[] };
    let now = at(&calendar, date(2026, 12, 1).at(8, 0, 0, 0));
    let allowed =
        |day: Date, hour: i8, minute: i8| candidate.allowed(at(&calendar, day.at(hour, minute, 0, 0)), now);
    assert_eq!(allowed(date(2026, 12, 1), 10, 0), Ok(()));
    assert_eq!(allowed(date(2026, 12, 1), 9, 30), Err(Refusal::TooSoon));
    assert_eq!(allowed(date(2026, 11, 1), 10, 0), Err(Refusal::TooSoon));
    assert_eq!(allowed(date(2027, 1, 4), 10, 0), Err(Refusal::TooFar));
    assert_eq!(allowed(date(2026, 12, 2), 10, 10), Err(Refusal::NotASlot));
    assert_eq!(allowed(date(2026, 12, 2), 16, 30), Err(Refusal::OutsideHours));
    assert_eq!(allowed(date(2026, 12, 25), 10, 0), Err(Refusal::OutsideHours));
    let gone = Service { active: false, ..service.clone() };
    let candidate = Candidate { service: &gone, ..candidate };
    assert_eq!(candidate.allowed(now, now), Err(Refusal::UnknownService));
}

#[test]
fn an_appointment_keeps_its_wall_time_and_counts_its_changes() {
    let calendar = calendar("anna", "Europe/Vienna", &["09:00-17:00"]);
    let service = Service { reminders: vec![24 * 60, 180], ..service(60) };
    let candidate = Candidate { service: &service, calendar: &calendar, resources: &[] };
    let now = at(&calendar, date(2026, 12, 1).at(8, 0, 0, 0));
    let start = at(&calendar, date(2026, 12, 3).at(14, 30, 0, 0));
    let booked = Appointment::new(wanted(1, false), &candidate, start, now);
    assert_eq!((booked.status, booked.local), (Status::Booked, date(2026, 12, 3).at(14, 30, 0, 0)));
    assert_eq!(booked.promised(), booked.start);
    let of = |n| booked.is_of(Whose { number: Some(&phone(n)), contacts: &[] });
    assert!(of(1) && !of(2));
    let business = business().id;
    let before = Reminder::all(&business, &booked, &service, now);
    assert_eq!(before.iter().map(|reminder| reminder.before_minutes).collect::<Vec<_>>(), [180, 1_440]);
    assert!(before[0].is_wanted(before[0].due, &booked));
    let later = at(&calendar, date(2026, 12, 4).at(9, 0, 0, 0));
    let moved = booked.moved(&candidate, later, now).unwrap();
    assert_eq!((moved.sequence, moved.version, moved.start), (1, 2, later));
    assert!(before.iter().all(|reminder| !reminder.is_wanted(reminder.due, &moved)), "the old time");
    assert_eq!(Reminder::all(&business, &moved, &service, later.minus(hours(5))).len(), 1, "one is past");
    let cancelled = moved.clone().cancelled(now).unwrap();
    assert_eq!((cancelled.status, cancelled.sequence), (Status::Cancelled, 2));
    assert_eq!(Reminder::all(&business, &cancelled, &service, now), []);
    assert_eq!(cancelled.clone().cancelled(now), Err(Refusal::WrongStatus));
    assert_eq!(cancelled.moved(&candidate, start, now), Err(Refusal::WrongStatus));
    assert_eq!(moved.clone().ended(true, now), Err(Refusal::WrongStatus), "it has not begun");
    let missed = moved.clone().ended(false, later).unwrap();
    assert_eq!(missed.status, Status::NoShow);
    assert_eq!(missed.ended(true, later.plus(hours(1))).map(|ended| ended.status), Ok(Status::Done));
    assert_eq!(moved.cancelled(later), Err(Refusal::WrongStatus), "it has begun");
}

#[test]
fn a_hold_is_confirmed_in_time() {
    let calendar = calendar("anna", "Europe/Vienna", &["09:00-17:00"]);
    let service = service(60);
    let candidate = Candidate { service: &service, calendar: &calendar, resources: &[] };
    let now = at(&calendar, date(2026, 12, 1).at(8, 0, 0, 0));
    let start = at(&calendar, date(2026, 12, 3).at(14, 30, 0, 0));
    let held = Appointment::new(wanted(1, true), &candidate, start, now);
    assert!(held.stands(now.plus(Duration::from_secs(179))) && !held.stands(now.plus(HOLD_LASTS)));
    let booked = held.clone().confirmed(now.plus(Duration::from_secs(179))).unwrap();
    assert_eq!((booked.status, booked.held_until, booked.sequence), (Status::Booked, None, 0));
    assert_eq!(booked.confirmed(now), Err(Refusal::WrongStatus));
    assert_eq!(held.clone().confirmed(now.plus(HOLD_LASTS)), Err(Refusal::HoldExpired));
    assert!(Reminder::all(&business().id, &held, &service, now).is_empty());
    assert!(!format!("{held:?}").contains("Maria"));
}

#[test]
fn calendars_and_services_say_what_is_wrong_with_them() {
    let good = calendar("anna", "Europe/Vienna", &["09:00-12:00", "13:00-17:00"]);
    assert_eq!((good.lint(), service(60).lint()), (vec![], vec![]));
    let paths = |found: Vec<Invalid>| found.into_iter().map(|invalid| invalid.path).collect::<Vec<_>>();
    let bad = Calendar {
        name: " ".into(),
        seats: 0,
        week: OpenWeek::of(&[Weekday::Monday], &spans(&["09:00-12:00", "11:00-13:00"])),
        ..good
    };
    assert_eq!(paths(bad.lint()), ["name", "seats", "week.monday"]);
    let bad = Service {
        names: BTreeMap::from([("xx".to_owned(), "Schnitt".to_owned())]),
        minutes: 1_430,
        after_minutes: 20,
        step_minutes: 7,
        window_days: 0,
        calendars: vec![],
        resources: vec![CalendarId::parse("room").unwrap(); 2],
        reminders: vec![1],
        ..service(60)
    };
    assert_eq!(
        paths(bad.lint()),
        ["names.xx", "minutes", "window_days", "step_minutes", "calendars", "calendars", "reminders",]
    );
}

/// It is found by the number and by the contact, and nothing that is not known makes two people one.
#[test]
fn an_appointment_is_its_persons_by_number_and_by_contact() {
    let [theirs, merged, other] = [1, 2, 3].map(|n| ContactId::new(Timestamp(0), n));
    let of = |number, contact| Person { name: "Maria".into(), number, contact };
    let is = |number: Option<u32>, contacts: &[ContactId], person: &Person| {
        let number = number.map(phone);
        Whose { number: number.as_ref(), contacts }.is(person)
    };
    let known = of(Some(phone(1)), Some(theirs));
    assert!(is(Some(1), &[], &known) && is(None, &[theirs], &known) && is(None, &[merged, theirs], &known));
    assert!(is(Some(1), &[other], &known), "the number that the network gives");
    assert!(!is(Some(2), &[other, merged], &known) && !is(None, &[], &known));
    let nameless = of(None, None);
    assert!(
        !is(None, &[], &nameless) && !is(Some(1), &[theirs], &nameless),
        "an appointment without number and contact is not the person's"
    );
}

/// A timeline is told what was made, moved, called off and came to pass, each once, and of no time that was only held.
#[test]
fn a_timeline_is_told_of_what_became_of_an_appointment() {
    let calendar = calendar("anna", "Europe/Vienna", &["09:00-17:00"]);
    let service = service(60);
    let candidate = Candidate { service: &service, calendar: &calendar, resources: &[] };
    let now = at(&calendar, date(2026, 12, 1).at(8, 0, 0, 0));
    let [start, later] = [3, 4].map(|day| at(&calendar, date(2026, 12, day).at(14, 30, 0, 0)));
    let new = |hold, contact| {
        let wanted = wanted(1, hold);
        let person = Person { contact, ..wanted.person.clone() };
        Appointment::new(Wanted { person, ..wanted }, &candidate, start, now)
    };
    let contact = Some(ContactId::new(now, 1));
    let said = |before: Option<&Appointment>, after: &Appointment| {
        told(before, after).map(|entry| match entry.what {
            What::Appointment { became, start, .. } => (became, start, entry.id.at()),
            what => panic!("{what:?}"),
        })
    };
    let became = |word: &str, start, at| Some((word.to_owned(), Some(start), at));
    assert_eq!(said(None, &new(false, None)), None, "it names no contact");
    let held = new(true, contact);
    assert_eq!(said(None, &held), None);
    assert_eq!(said(Some(&held), &held.clone().given_back(now).unwrap()), None);
    let booked = held.clone().confirmed(now).unwrap();
    assert_eq!(said(Some(&held), &booked), became("booked", start, now));
    assert_eq!(said(None, &new(false, contact)), became("booked", start, now));
    let moved = booked.clone().moved(&candidate, later, now).unwrap();
    assert_eq!(said(Some(&booked), &moved), became("moved", later, now));
    let off = moved.clone().cancelled(now).unwrap();
    assert_eq!(said(Some(&moved), &off), became("cancelled", later, now));
    let missed = moved.clone().ended(false, later).unwrap();
    let came = missed.clone().ended(true, later).unwrap();
    assert_eq!(said(Some(&moved), &missed), became("no_show", later, later));
    assert_eq!(said(Some(&missed), &came), became("done", later, later));
    let name = |before, after| told(Some(before), after).unwrap().id;
    assert_eq!(name(&moved, &missed), name(&missed, &came), "a correction takes its place");
}
