use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::outbound::OutboundPolicy;

/// A Monday, 09:30 in New York.
fn monday() -> Timestamp {
    at("America/New_York", date(2026, 11, 30).at(9, 30, 0, 0))
}

fn at(zone: &str, local: DateTime) -> Timestamp {
    Zone::parse(zone).unwrap().reached(local).unwrap()
}

fn terms(zone: Option<&str>) -> Terms {
    Terms {
        earliest: monday(),
        latest: None,
        hours: vec![],
        zone: zone.map(|zone| Zone::parse(zone).unwrap()),
    }
}

fn newyorker(wish: &Wish, now: Timestamp) -> Result<Timestamp, Declined> {
    resolve(&terms(Some("America/New_York")), wish, now)
}

fn resolve(terms: &Terms, wish: &Wish, now: Timestamp) -> Result<Timestamp, Declined> {
    let to = PhoneNumber::parse("+12025550143").unwrap();
    terms.resolve(&to, wish, "en", now).map(|moment| moment.at)
}

fn clock(text: &str) -> Option<Clock> {
    Some(text.parse().unwrap())
}

fn wish(day: &str, hour: &str) -> Wish {
    let day = (!day.is_empty()).then(|| day.to_owned());
    Wish { day, at: (!hour.is_empty()).then(|| hour.parse().unwrap()), ..Wish::default() }
}

fn ny(month: i8, day: i8, hour: i8) -> Timestamp {
    at("America/New_York", date(2026, month, day).at(hour, 0, 0, 0))
}

#[test]
fn what_a_person_says_of_a_time_becomes_a_moment_by_their_clocks() {
    for (day, hour, then) in [
        ("tomorrow", "16:00", ny(12, 1, 16)),
        ("tomorrow", "4", ny(12, 1, 16)),
        ("tomorrow", "8", ny(12, 1, 8)),
        ("", "11", ny(11, 30, 11)),
        ("Thursday", "9am", ny(12, 3, 9)),
        ("12-24", "10:00", ny(12, 24, 10)),
    ] {
        assert_eq!(newyorker(&wish(day, hour), monday()), Ok(then), "{day} {hour}");
    }
    let in_an_hour = Wish { in_minutes: Some(60), ..Wish::default() };
    assert_eq!(newyorker(&in_an_hour, monday()), Ok(monday().plus(Duration::from_secs(3_600))));
    let evening = Wish { day: Some("tomorrow".into()), part: Some(Part::Evening), ..Wish::default() };
    assert_eq!(newyorker(&evening, monday()), Ok(ny(12, 1, 17)));
}

#[test]
fn what_is_past_or_has_two_meanings_is_a_question() {
    let asked = |wish: Wish| match newyorker(&wish, monday()) {
        Err(Declined::Ask(ask)) => ask.code(),
        other => panic!("{other:?}"),
    };
    assert_eq!(asked(wish("today", "09:00")), "time_is_past");
    assert_eq!(asked(wish("2026-11-02", "10:00")), "day_is_past");
    assert_eq!(asked(wish("Monday", "16:00")), "which_day");
    // Nine is past and twenty-one is too late.
    assert_eq!(asked(wish("today", "9")), "which_hour");
    assert_eq!(asked(wish("soonish", "16:00")), "unknown_day");
    assert_eq!(asked(wish("tomorrow", "")), "at_what_hour");
    assert_eq!(asked(Wish::default()), "at_what_hour");
    assert_eq!(asked(Wish { time_zone: Some("Atlantis".into()), ..wish("tomorrow", "16:00") }), "where");
    assert_eq!(asked(Wish { offer: Some("1".into()), ..Wish::default() }), "time_is_past");
}

#[test]
fn a_time_at_which_they_may_not_be_called_is_answered_with_the_nearest_one() {
    let instead = |terms: &Terms, wish: &Wish| match resolve(terms, wish, monday()) {
        Err(Declined::Instead(moment)) => moment,
        other => panic!("{other:?}"),
    };
    let mut terms = terms(Some("America/New_York"));
    // The law of the country allows no call at ten at night.
    let late = instead(&terms, &wish("tomorrow", "22:00"));
    assert_eq!(late.at, ny(12, 2, 8));
    let taken = Wish { offer: Some(late.offer()), ..Wish::default() };
    assert_eq!(resolve(&terms, &taken, monday()), Ok(late.at), "it is taken as it was offered");
    terms.earliest = ny(12, 1, 10);
    assert_eq!(instead(&terms, &wish("today", "16:00")).at, ny(12, 1, 10), "caps and the pause");
    terms.latest = Some(ny(12, 5, 0));
    assert_eq!(resolve(&terms, &wish("12-05", "10:00"), monday()), Err(Declined::Refused(Refusal::TooLate)));
    terms.latest = None;
    assert_eq!(resolve(&terms, &wish("01-15", "10:00"), monday()), Err(Declined::Refused(Refusal::TooFar)));
}

/// Clocks of one country do not show the same. An hour from now is the same moment in all of them.
#[test]
fn who_may_be_in_several_places_is_asked_where_they_are() {
    let terms = terms(None);
    let noon = at("America/New_York", date(2026, 11, 30).at(15, 0, 0, 0));
    assert_eq!(resolve(&terms, &wish("tomorrow", "15:00"), noon), Err(Declined::Ask(Ask::Where)));
    let said = Wish { time_zone: Some("America/Chicago".into()), ..wish("tomorrow", "14:00") };
    assert_eq!(resolve(&terms, &said, noon), Ok(ny(12, 1, 15)));
    let in_an_hour = Wish { in_minutes: Some(60), ..Wish::default() };
    assert_eq!(resolve(&terms, &in_an_hour, noon), Ok(ny(11, 30, 16)));
    // One country, one clock.
    let austrian = PhoneNumber::parse("+436641234567").unwrap();
    let moment = terms.resolve(&austrian, &wish("tomorrow", "14:00"), "de", noon).unwrap();
    assert_eq!(moment.at, at("Europe/Vienna", date(2026, 12, 1).at(14, 0, 0, 0)));
}

/// Ten o'clock is ten o'clock on either side of a change of clocks.
#[test]
fn clocks_that_change_before_the_call_change_it() {
    let zone = "America/New_York";
    let friday = at(zone, date(2027, 3, 12).at(12, 0, 0, 0));
    let terms = Terms { earliest: friday, ..terms(Some(zone)) };
    let then = resolve(&terms, &wish("03-15", "10:00"), friday).unwrap();
    assert_eq!(then, at(zone, date(2027, 3, 15).at(10, 0, 0, 0)));
    assert_eq!(then.since(friday), Duration::from_secs((2 * 24 + 22 - 1) * 3_600));
}

proptest! {
    /// Whatever is promised or offered is a time at which the person may be called, within all bounds, and what is promised is what
    /// they said.
    #[test]
    fn what_is_promised_may_be_kept(
        after in 0_u64..24 * 400,
        day in prop::option::of(prop::sample::select(vec!["today", "tomorrow", "Friday", "Sunday", "12-31", "03-14"])),
        hour in prop::option::of(0_u16..24),
        part in prop::option::of(prop::sample::select(vec![Part::Morning, Part::Afternoon, Part::Evening])),
        minutes in prop::option::of(1_u32..MAX_MINUTES),
        rests in 0_u64..72,
        ends in prop::option::of(1_u64..24 * 40),
        which in 0_usize..3,
    ) {
        let now = monday().plus(Duration::from_millis(after * 3_600_000 + 1_234));
        let (to, zone) = [
            ("+12025550143", Some("America/New_York")), ("+436641234567", None), ("+12025550143", None),
        ][which];
        let to = PhoneNumber::parse(to).unwrap();
        let later = |hours: u64| now.plus(Duration::from_secs(hours * 3_600));
        let terms = Terms {
            earliest: later(rests),
            latest: ends.map(later),
            hours: vec![OutboundPolicy::default().hours],
            zone: zone.map(|zone| Zone::parse(zone).unwrap()),
        };
        let at = hour.and_then(|hour| clock(&format!("{hour:02}:00")));
        let wish = Wish { in_minutes: minutes, day: day.map(str::to_owned), part, at, ..Wish::default() };
        let told = terms.resolve(&to, &wish, "en", now);
        let (moment, promised) = match &told {
            Ok(moment) => (moment, true),
            Err(Declined::Instead(moment)) => (moment, false),
            Err(_) => return Ok(()),
        };
        prop_assert!(moment.at > now && moment.at >= terms.earliest);
        prop_assert!(terms.latest.is_none_or(|latest| moment.at < latest));
        prop_assert!(moment.at <= now.plus(AHEAD));
        let places = Places::of(&to, terms.zone.as_ref()).unwrap();
        let hours: Vec<&Week> = terms.hours.iter().collect();
        let is_open = matches!(places.window(&hours, moment.at), Ok(Window::Open { .. }));
        prop_assert!(is_open);
        match (promised, minutes, hour) {
            (true, Some(minutes), _) => {
                let wanted = now.plus(Duration::from_secs(u64::from(minutes) * 60));
                prop_assert!(moment.at >= wanted && moment.at.since(wanted) < Duration::from_secs(60));
            }
            (true, None, Some(hour)) => {
                prop_assert_eq!(moment.local.map(|local| local.hour()), i8::try_from(hour).ok());
            }
            (true, None, None) => prop_assert!(moment.local.is_some()),
            (false, ..) => {
                let taken = Wish { offer: Some(moment.offer()), ..Wish::default() };
                prop_assert_eq!(&terms.resolve(&to, &taken, "en", now).map(|moment| moment.at), &Ok(moment.at));
            }
        }
    }
}
