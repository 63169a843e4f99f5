use jiff::civil::Weekday;

use super::*;
use crate::hours::Span;

fn receiver(on: Cause, urgent: bool, quiet: Option<Week>) -> Receiver {
    Receiver {
        id: ReceiverId::of(&BusinessId::parse("harbour").unwrap(), "one"),
        name: "The shop".to_owned(),
        address: Address::Slack {
            url: Secret::new("https://hooks.slack.com/services/T00/B00/abcdefghijklmnop"),
        },
        rules: vec![Rule { on, urgent }],
        quiet,
        disabled: None,
        created_at: Timestamp(0),
        begins_behind: 5,
    }
}

fn nights() -> Week {
    let every: Vec<Weekday> = crate::hours::DAYS.iter().map(|(day, _)| *day).collect();
    Week::of(&every, &["22:00-07:00".parse::<Span>().unwrap()])
}

fn vienna() -> Zone {
    Zone::parse("Europe/Vienna").unwrap()
}

fn at(text: &str) -> Timestamp {
    let local: jiff::civil::DateTime = text.parse().unwrap();
    vienna().reached(local).unwrap()
}

#[test]
fn a_receiver_is_told_of_what_its_rules_name_from_its_making_on_while_it_is_enabled() {
    let one = receiver(Cause::Voicemail, false, None);
    let is_told =
        |one: &Receiver, cause, sequence| !told(std::slice::from_ref(one), cause, sequence).is_empty();
    assert!(is_told(&one, Cause::Voicemail, 6));
    assert!(!is_told(&one, Cause::Voicemail, 5), "it was not there yet");
    assert!(!is_told(&one, Cause::MissedCall, 6));
    let disabled = Receiver { disabled: Some((Disabled::Gone, Timestamp(1))), ..one };
    assert!(!is_told(&disabled, Cause::Voicemail, 6));
}

#[test]
fn every_cause_is_an_event_and_few_events_are_for_people() {
    for cause in Cause::ALL {
        assert!(Type::ALL.iter().any(|kind| Cause::of(*kind) == Some(*cause)), "{cause:?}");
    }
    assert_eq!(Cause::of(Type::CallCompleted), None);
    assert_eq!(Cause::of(Type::TranscriptFinal), None);
}

#[test]
fn what_happens_at_night_waits_until_morning_unless_it_is_urgent() {
    let patient = receiver(Cause::MissedCall, false, Some(nights()));
    let wait = |text: &str| patient.waits(Cause::MissedCall, at(text), &vienna());
    assert_eq!(wait("2026-12-01T21:59:59"), None);
    assert_eq!(wait("2026-12-01T22:00:00"), Some(at("2026-12-02T07:00:00")));
    assert_eq!(wait("2026-12-02T06:59:59"), Some(at("2026-12-02T07:00:00")));
    assert_eq!(wait("2026-12-02T07:00:00"), None);
    let urgent = receiver(Cause::MissedCall, true, Some(nights()));
    assert_eq!(urgent.waits(Cause::MissedCall, at("2026-12-02T03:00:00"), &vienna()), None);
}

/// On 28 March 2027 clocks go from 2 to 3, on 25 October 2026 from 3 back to 2: nights of eight and of ten hours.
#[test]
fn a_night_in_which_clocks_change_ends_when_they_show_its_end() {
    let patient = receiver(Cause::MissedCall, false, Some(nights()));
    let night = |evening: &str, hours: u64| {
        let begins = at(evening);
        let until = patient.waits(Cause::MissedCall, begins, &vienna()).unwrap();
        assert_eq!(until.since(begins).as_secs(), hours * 3_600, "{evening}");
        assert_eq!(vienna().local(until).hour(), 7);
    };
    night("2026-12-01T22:00:00", 9);
    night("2027-03-27T22:00:00", 8);
    night("2026-10-24T22:00:00", 10);
    // The hour that comes twice is quiet both times.
    let twice = at("2026-10-25T02:30:00");
    let second = twice.plus(std::time::Duration::from_secs(3_600));
    let until = Some(at("2026-10-25T07:00:00"));
    assert_eq!([twice, second].map(|now| patient.waits(Cause::MissedCall, now, &vienna())), [until; 2]);
}

#[test]
fn quiet_hours_that_never_end_are_known() {
    let every: Vec<Weekday> = crate::hours::DAYS.iter().map(|(day, _)| *day).collect();
    assert!(ends(&nights()) && ends(&Week::default()));
    assert!(!ends(&Week::of(&every, &["00:00-24:00".parse().unwrap()])));
}

#[test]
fn of_an_address_that_lets_everybody_write_little_is_shown() {
    let slack = receiver(Cause::Voicemail, false, None).address;
    assert_eq!((slack.shown(), slack.kind().as_str()), ("hooks.slack.com/…mnop".to_owned(), "slack"));
    assert!(!format!("{slack:?}").contains("abcdef"), "{slack:?}");
    let short = Address::Teams { url: Secret::new("https://hooks.example/short") };
    assert_eq!(short.shown(), "hooks.example/…");
}
