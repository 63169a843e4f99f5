use std::time::Duration;

use jiff::civil::{Date, Weekday, date};
use proptest::prelude::*;

use super::*;
use crate::tools::Destination;

fn vienna() -> Zone {
    Zone::parse("Europe/Vienna").unwrap()
}

fn spans(texts: &[&str]) -> Vec<Span> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

const WORKDAYS: [Weekday; 5] =
    [Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday];

/// Workdays from 9 to 12:30 and from 13:30 to 18.
fn workshop() -> OpeningHours {
    OpeningHours {
        week: Week::of(&WORKDAYS, &spans(&["09:00-12:30", "13:30-18:00"])),
        holidays: vec![],
        exceptions: vec![],
        outside: Outside::Voicemail,
    }
}

fn always() -> OpeningHours {
    OpeningHours { week: Week::of(&DAYS.map(|(day, _)| day), &spans(&["00:00-24:00"])), ..workshop() }
}

/// What clocks in Vienna show.
fn at(date: Date, hour: i8, minute: i8) -> Timestamp {
    vienna().reached(date.at(hour, minute, 0, 0)).unwrap()
}

fn open(hours: &OpeningHours, now: Timestamp) -> bool {
    hours.at(now, &vienna()).is_open()
}

/// A Monday.
const MONDAY: Date = date(2026, 11, 30);
const FRIDAY: Date = date(2026, 12, 4);

#[test]
fn a_business_is_open_from_the_first_minute_until_before_the_last() {
    let hours = workshop();
    let closes = at(MONDAY, 12, 30);
    assert_eq!(hours.at(at(MONDAY, 9, 0), &vienna()), Opening::Open { until: Some(closes) });
    assert!(open(&hours, Timestamp(closes.0 - 1)) && !open(&hours, closes));
    let lunch =
        Opening::Closed { until: Some(at(MONDAY, 13, 30)), why: Why::Hours, what: &Outside::Voicemail };
    assert_eq!(hours.at(closes, &vienna()), lunch);
    // From Friday evening until Monday.
    let weekend = hours.at(at(FRIDAY, 18, 0), &vienna());
    assert_eq!(weekend.until(), Some(at(date(2026, 12, 7), 9, 0)));
}

#[test]
fn a_span_over_midnight_belongs_to_the_day_that_it_begins_on() {
    let bar = OpeningHours {
        week: Week::of(&[Weekday::Friday], &spans(&["18:00-02:00"])),
        holidays: vec![Holiday {
            on: "2026-12-05".parse().unwrap(),
            name: "Saint Nicholas' Eve".into(),
            open: vec![],
            outside: None,
        }],
        ..workshop()
    };
    let saturday = date(2026, 12, 5);
    assert_eq!(bar.at(at(FRIDAY, 23, 0), &vienna()).until(), Some(at(saturday, 2, 0)));
    assert!(open(&bar, at(saturday, 1, 59)), "it is Friday's span");
    let after = bar.at(at(saturday, 2, 0), &vienna());
    assert!(matches!(after, Opening::Closed { why: Why::Holiday("Saint Nicholas' Eve"), .. }));
    assert!(!open(&bar, at(FRIDAY, 1, 0)), "Thursday has none");
}

#[test]
fn an_exception_goes_before_a_holiday_and_a_holiday_before_the_weekday() {
    let agent = Outside::Agent { instructions: "Wish a merry Christmas.".into() };
    let christmas = date(2026, 12, 25);
    assert_eq!(christmas.weekday(), Weekday::Friday);
    let mut hours = workshop();
    hours.holidays.push(Holiday {
        on: "12-25".parse().unwrap(),
        name: "Christmas".into(),
        open: vec![],
        outside: Some(agent.clone()),
    });
    let closed = hours.at(at(christmas, 10, 0), &vienna());
    let until = Some(at(date(2026, 12, 28), 9, 0));
    assert_eq!(closed, Opening::Closed { until, why: Why::Holiday("Christmas"), what: &agent });
    hours.exceptions.push(Exception {
        first: date(2026, 12, 24),
        last: Some(date(2026, 12, 31)),
        name: "Fair".into(),
        open: spans(&["10:00-11:00"]),
        outside: None,
    });
    assert!(open(&hours, at(christmas, 10, 30)));
    let closed = hours.at(at(christmas, 11, 0), &vienna());
    assert!(matches!(closed, Opening::Closed { why: Why::Exception("Fair"), what: Outside::Voicemail, .. }));
    assert!(open(&hours, at(date(2026, 12, 26), 10, 30)), "a Saturday");
    assert!(!open(&hours, at(date(2027, 1, 2), 10, 30)), "a Saturday after it");
    // The next year's is a Saturday; a weekday's one of 2028 is a holiday again.
    assert!(!open(&hours, at(date(2028, 12, 25), 10, 0)));
}

#[test]
fn hours_without_an_opening_or_closing_have_no_next_time() {
    let monday = at(MONDAY, 3, 0);
    assert_eq!(always().at(monday, &vienna()), Opening::Open { until: None });
    let never = OpeningHours { week: Week::default(), ..workshop() };
    assert_eq!(never.at(monday, &vienna()).until(), None);
    let mut but_one_day = always();
    let closed = Exception { first: FRIDAY, last: None, name: "Outing".into(), open: vec![], outside: None };
    but_one_day.exceptions.push(closed);
    assert_eq!(but_one_day.at(monday, &vienna()).until(), Some(at(FRIDAY, 0, 0)), "nights are no break");
}

/// On 29 March 2026 clocks go from 02:00 to 03:00, on 25 October from 03:00 to 02:00.
#[test]
fn hours_follow_the_clock_when_it_is_changed() {
    let night =
        OpeningHours { week: Week::of(&DAYS.map(|(day, _)| day), &spans(&["01:30-03:30"])), ..workshop() };
    let (spring, autumn) = (date(2026, 3, 29), date(2026, 10, 25));
    for (day, hours) in [(spring, 1), (date(2026, 6, 1), 2), (autumn, 3)] {
        let (opens, closes) = (at(day, 1, 30), at(day, 3, 30));
        assert_eq!(closes.since(opens), Duration::from_secs(hours * 3_600), "{day}");
        assert_eq!(night.at(opens, &vienna()).until(), Some(closes), "{day}");
    }
    // A span that clocks skip whole does not take place that day.
    let skipped =
        OpeningHours { week: Week::of(&DAYS.map(|(day, _)| day), &spans(&["02:15-02:45"])), ..workshop() };
    let before = skipped.at(at(spring, 1, 0), &vienna());
    assert_eq!(before.until(), Some(at(date(2026, 3, 30), 2, 15)));
    // One that comes twice is open from its first beginning to its first end.
    assert_eq!(skipped.at(at(autumn, 2, 15), &vienna()).until(), Some(at(autumn, 2, 45)));
    let until = skipped.at(at(autumn, 2, 45), &vienna()).until();
    assert_eq!(until, Some(at(date(2026, 10, 26), 2, 15)));
}

#[test]
fn settings_are_written_as_people_write_them() {
    let read = |json: &str| serde_json::from_str::<OpeningHours>(json).map_err(|error| error.to_string());
    let hours = read(
        r#"{"week": {"monday": ["09:00-12:30", "13:30-18:00"]},
            "holidays": [{"on": "12-25", "name": "Christmas"}],
            "exceptions": [{"first": "2026-12-28", "last": "2026-12-31", "name": "Stocktaking",
                            "outside": {"agent": {"instructions": "We count."}}}],
            "outside": {"forward": {"to": "night-desk"}}}"#,
    )
    .unwrap();
    let again = serde_json::to_string(&hours).unwrap();
    assert_eq!(read(&again), Ok(hours));
    let error = read(r#"{"week": {}, "outside": "fax"}"#).unwrap_err();
    assert!(error.contains("fax"), "{error}");
}

#[test]
fn each_mistake_is_found_where_it_is() {
    let rule = |first, last: Option<Date>, name: &str| Exception {
        first,
        last,
        name: name.into(),
        open: vec![],
        outside: None,
    };
    let mut hours = workshop();
    hours.week.monday = spans(&["09:00-12:00", "11:00-13:00"]);
    hours.week.sunday = spans(&["20:00-10:00"]);
    hours.outside = Outside::Forward { to: "nowhere".into() };
    let christmas = |on: &str| Holiday {
        on: on.parse().unwrap(),
        name: "Christmas".into(),
        open: spans(&["10:00-12:00"; 9]),
        outside: Some(Outside::Agent { instructions: " ".into() }),
    };
    hours.holidays = vec![christmas("12-25"), Holiday { open: vec![], ..christmas("2026-12-25") }];
    hours.exceptions = vec![
        rule(MONDAY, Some(FRIDAY), "Fair"),
        rule(FRIDAY, None, ""),
        rule(FRIDAY, Some(MONDAY), &"x".repeat(81)),
    ];
    let found: Vec<_> = hours
        .lint("Europe/Atlantis", &[])
        .into_iter()
        .map(|finding| format!("{} {}", finding.path, finding.lint.code()))
        .filter(|text| !text.starts_with("holidays[0].open["))
        .collect();
    assert_eq!(
        found,
        [
            " unknown_zone",
            "week.monday[1] overlap",
            "week.sunday[0] overlap",
            "holidays[0].open too_many",
            "holidays[0].outside.agent.instructions instructions",
            "holidays[1].outside.agent.instructions instructions",
            "holidays[1].on twice",
            "exceptions[1].name name",
            "exceptions[1].first twice",
            "exceptions[2].name name",
            "exceptions[2].last backwards",
            "outside.forward.to unknown_destination",
        ]
    );
    let mut touching = workshop();
    touching.week.monday = spans(&["09:00-12:00", "12:00-13:00"]);
    touching.week.tuesday = spans(&["12:00-13:00", "09:00-12:00"]);
    touching.week.sunday = spans(&["20:00-09:00"]);
    assert_eq!(touching.lint("Europe/Vienna", &[]), [], "an end is no part of its span");
    let none = OpeningHours { week: Week::default(), ..workshop() };
    assert_eq!(none.lint("UTC", &[]), [Finding { path: "week".into(), lint: Lint::NeverOpen }]);
    assert!(!Lint::NeverOpen.is_error() && Lint::UnknownZone.is_error());
    let desk =
        Destination { id: "desk".into(), label: "the night desk".into(), number: crate::testing::phone(1) };
    let good = OpeningHours { outside: Outside::Forward { to: "desk".into() }, ..workshop() };
    assert_eq!(good.lint("Europe/Vienna", &[desk]), []);
}

fn a_span() -> impl Strategy<Value = Span> {
    (0_u16..288, 0_u16..=288).prop_filter_map("empty", |(from, to)| {
        let text = |minutes: u16| format!("{:02}:{:02}", minutes * 5 / 60, minutes * 5 % 60);
        format!("{}-{}", text(from), text(to)).parse().ok()
    })
}

fn a_week() -> impl Strategy<Value = Week> {
    prop::array::uniform7(prop::collection::vec(a_span(), 0..3)).prop_map(|days| {
        let [monday, tuesday, wednesday, thursday, friday, saturday, sunday] = days;
        Week { monday, tuesday, wednesday, thursday, friday, saturday, sunday }
    })
}

/// In 2026 and 2027.
fn a_moment() -> impl Strategy<Value = Timestamp> {
    (1_767_225_600_i64..1_830_297_600).prop_map(Timestamp::from_secs)
}

proptest! {
    /// In a zone without changes of the clock, the clock alone tells.
    #[test]
    fn a_week_covers_what_the_clock_says(week in a_week(), now in a_moment()) {
        let utc = Zone::parse("UTC").unwrap();
        let local = utc.local(now);
        let second = i64::from(local.hour()) * 3_600 + i64::from(local.minute()) * 60 + i64::from(local.second());
        let covers = |span: &Span, second: i64| {
            let (from, to) = span.on(MONDAY).unwrap();
            let from = i64::from(from.hour()) * 3_600 + i64::from(from.minute()) * 60;
            let to = if span.is_over_midnight() || to.date() != MONDAY {
                86_400 + i64::from(to.hour()) * 3_600 + i64::from(to.minute()) * 60
            } else {
                i64::from(to.hour()) * 3_600 + i64::from(to.minute()) * 60
            };
            from <= second && second < to
        };
        let today = week.spans(local.weekday()).iter().any(|span| covers(span, second));
        let yesterday = week.spans(local.weekday().previous()).iter().any(|span| covers(span, second + 86_400));
        let hours = OpeningHours { week, ..workshop() };
        prop_assert_eq!(hours.at(now, &utc).is_open(), today || yesterday);
    }

    /// What is said to hold until a time holds until then, and no longer.
    #[test]
    fn a_state_ends_when_it_says(
        week in a_week(),
        now in a_moment(),
        name in prop::sample::select(vec!["Europe/Vienna", "America/New_York", "Australia/Lord_Howe", "America/Nuuk"]),
    ) {
        let (hours, zone) = (OpeningHours { week, ..workshop() }, Zone::parse(name).unwrap());
        let mut now = now;
        for _ in 0..6 {
            let state = hours.at(now, &zone);
            let Some(until) = state.until() else {
                prop_assert!(hours.week.is_empty() || state.is_open());
                break;
            };
            prop_assert!(until > now);
            let middle = Timestamp(now.0 + (until.0 - now.0) / 2);
            for held in [middle, Timestamp(until.0 - 1)] {
                prop_assert_eq!(hours.at(held, &zone).is_open(), state.is_open());
                prop_assert_eq!(hours.at(held, &zone).until(), Some(until));
            }
            prop_assert_ne!(hours.at(until, &zone).is_open(), state.is_open());
            now = until;
        }
    }
}
