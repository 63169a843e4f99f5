//! Feeds, as RFC 5545 has them.

use super::*;
use crate::testing::{business, phone};

fn appointment(name: &str, notes: &str) -> Appointment {
    let calendar = calendar("anna", "Europe/Vienna", &["09:00-17:00"]);
    let candidate = Candidate { service: &service(60), calendar: &calendar, resources: &[] };
    let now = at(&calendar, date(2026, 12, 1).at(8, 0, 0, 0));
    let start = at(&calendar, date(2026, 12, 3).at(14, 30, 0, 0));
    let person = Person { name: name.into(), number: Some(phone(7)), contact: None };
    let wanted = Wanted {
        id: id(7),
        person,
        notes: Some(notes.into()),
        source: Source::Api,
        hold: false,
        in_place_of: None,
    };
    Appointment::new(wanted, &candidate, start, now)
}

fn feed(appointments: &[Appointment], full: bool) -> String {
    let calendar = Calendar { name: "Anna; room, 2".into(), ..calendar("anna", "Europe/Vienna", &[]) };
    let services = [service(60)];
    let business = business().id;
    Feed { business: &business, calendar: &calendar, services: &services, appointments, full }.write()
}

/// What a reader makes of it: lines are put together before anything else.
fn unfolded(feed: &str) -> Vec<String> {
    feed.replace("\r\n ", "").split_terminator("\r\n").map(str::to_owned).collect()
}

#[test]
fn a_line_has_75_octets_at_most_and_no_letter_is_cut() {
    let hebrew = "תור לתספורת, צבע; ופן 💇‍♀️ ".repeat(20);
    let text = feed(&[appointment(&hebrew, &hebrew)], true);
    assert!(text.split("\r\n").all(|line| line.len() <= 75 && !line.contains('\n')), "{text}");
    assert!(text.ends_with("END:VCALENDAR\r\n"));
    let escaped = hebrew.replace(',', "\\,").replace(';', "\\;");
    assert!(unfolded(&text).contains(&format!("DESCRIPTION:{escaped}")));
    // Octets that are no letter of their own would be refused here.
    assert!(text.split("\r\n").all(|line| std::str::from_utf8(line.as_bytes()).is_ok()));
}

#[test]
fn an_event_has_all_that_a_subscriber_needs() {
    let lines = unfolded(&feed(&[appointment("Maria Huber", "line 1\r\nline 2\\")], false));
    for line in [
        "VERSION:2.0",
        "NAME:Anna\\; room\\, 2",
        "UID:00000000000000000000000000000007@harbour.switchboard",
        "DTSTAMP:20261201T070000Z",
        "DTSTART:20261203T133000Z",
        "DTEND:20261203T143000Z",
        "SEQUENCE:0",
        "SUMMARY:Trim: Maria",
        "STATUS:CONFIRMED",
    ] {
        assert!(lines.contains(&line.to_owned()), "{line} in {lines:#?}");
    }
    assert!(
        !lines.iter().any(|line| line.starts_with("DESCRIPTION") || line.contains("Huber")),
        "{lines:#?}"
    );
    let full = unfolded(&feed(&[appointment("Maria Huber", "line 1\r\nline 2\\")], true));
    assert!(full.contains(&"DESCRIPTION:line 1\\nline 2\\\\".to_owned()), "{full:#?}");
}

#[test]
fn a_cancelled_one_is_told_and_a_hold_is_not() {
    let booked = appointment("Maria", "");
    let cancelled = booked.clone().cancelled(booked.created_at).unwrap();
    let lines = unfolded(&feed(&[cancelled], false));
    assert!(lines.contains(&"STATUS:CANCELLED".to_owned()) && lines.contains(&"SEQUENCE:1".to_owned()));
    let held = Appointment { status: Status::Held, ..booked };
    assert!(!feed(&[held], false).contains("VEVENT"));
}
