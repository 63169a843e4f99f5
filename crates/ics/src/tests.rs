use jiff::civil::{DateTime, date};

use super::*;

fn vienna() -> Zone {
    Zone::parse("Europe/Vienna").unwrap()
}

fn moment(zone: &str, at: DateTime) -> Timestamp {
    Zone::parse(zone).unwrap().reached(at).unwrap()
}

/// November 2026 to January 2027.
fn within() -> Interval {
    let at = |year, month| moment("UTC", date(year, month, 1).at(0, 0, 0, 0));
    Interval { from: at(2026, 11), until: at(2027, 1) }
}

fn calendar(events: &[&str]) -> String {
    let events: String = events.iter().map(|event| format!("BEGIN:VEVENT\n{event}\nEND:VEVENT\n")).collect();
    format!("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Other//EN\n{events}END:VCALENDAR\n")
        .replace('\n', "\r\n")
}

fn read_all(text: &str) -> Result<Busy, Unreadable> {
    let zone = vienna();
    read(text, &Reading { within: within(), zone: &zone, own: "@harbour.switchboard" }, || true)
}

/// What is taken, by clocks in Vienna.
fn busy(events: &[&str]) -> Vec<String> {
    shown(&read_all(&calendar(events)).unwrap().times)
}

fn shown(times: &[Interval]) -> Vec<String> {
    let zone = vienna();
    let show = |at: Timestamp| zone.local(at).strftime("%m-%d %H:%M").to_string();
    times.iter().map(|time| format!("{} {}", show(time.from), show(time.until))).collect()
}

#[test]
fn times_are_those_of_their_zones() {
    assert_eq!(
        busy(&["UID:1\nDTSTART:20261203T133000Z\nDTEND:20261203T143000Z"]),
        ["12-03 14:30 12-03 15:30"]
    );
    assert_eq!(
        busy(&["UID:1\nDTSTART;TZID=America/New_York:20261203T083000\nDURATION:PT1H30M"]),
        ["12-03 14:30 12-03 16:00"]
    );
    assert_eq!(
        busy(&[
            "UID:1\nDTSTART;TZID=\"W. Europe Standard Time\":20261203T083000\nDTEND;TZID=\"W. Europe Standard Time\":20261203T093000"
        ]),
        ["12-03 08:30 12-03 09:30"]
    );
}

/// Trap 9 of appointments. A floating time is one on the clocks of the calendar that is asked about.
#[test]
fn a_floating_time_is_one_of_the_calendar() {
    assert_eq!(busy(&["UID:1\nDTSTART:20261203T083000\nDTEND:20261203T093000"]), ["12-03 08:30 12-03 09:30"]);
}

#[test]
fn a_zone_that_is_not_known_is_the_calendars_and_is_told() {
    let text =
        calendar(&["UID:1\nDTSTART;TZID=Customized:20261203T083000\nDTEND;TZID=Customized:20261203T093000"]);
    let busy = read_all(&text).unwrap();
    assert_eq!((shown(&busy.times), busy.unknown_zone), (vec!["12-03 08:30 12-03 09:30".to_owned()], true));
}

#[test]
fn a_whole_day_is_taken_from_midnight_to_midnight_by_the_calendars_clocks() {
    for event in [
        "UID:1\nDTSTART;VALUE=DATE:20261203\nDTEND;VALUE=DATE:20261205",
        "UID:1\nDTSTART;VALUE=DATE:20261203\nDURATION:P2D",
    ] {
        assert_eq!(busy(&[event]), ["12-03 00:00 12-05 00:00"], "{event}");
    }
    for event in ["UID:1\nDTSTART;VALUE=DATE:20261203", "UID:1\nDTSTART:20261203\nDTEND:20261203"] {
        assert_eq!(busy(&[event]), ["12-03 00:00 12-04 00:00"], "{event}");
    }
}

#[test]
fn what_is_transparent_or_cancelled_takes_nothing() {
    let event = "UID:1\nDTSTART:20261203T133000Z\nDTEND:20261203T143000Z";
    assert_eq!(busy(&[&format!("{event}\nTRANSP:TRANSPARENT")]), Vec::<String>::new());
    assert_eq!(busy(&[&format!("{event}\nSTATUS:CANCELLED")]), Vec::<String>::new());
    assert_eq!(busy(&[&format!("{event}\nTRANSP:OPAQUE\nSTATUS:TENTATIVE")]).len(), 1);
    assert_eq!(busy(&["UID:1\nDTSTART:20261203T133000Z"]), Vec::<String>::new(), "it lasts for nothing");
    assert_eq!(busy(&["UID:1\nSUMMARY:no beginning"]), Vec::<String>::new());
}

/// Our own appointments come back by way of a calendar that subscribes to ours.
#[test]
fn our_own_events_take_nothing_a_second_time() {
    let event = "DTSTART:20261203T133000Z\nDTEND:20261203T143000Z";
    assert_eq!(busy(&[&format!("UID:17@harbour.switchboard\n{event}")]), Vec::<String>::new());
    assert_eq!(busy(&[&format!("UID:17@another.switchboard\n{event}")]).len(), 1);
}

/// cal.com PR 28519: the offset is that of each date, not that of the first one.
#[test]
fn what_recurs_keeps_its_wall_time_when_clocks_are_changed() {
    let event = "UID:1\nDTSTART;TZID=Europe/Vienna:20261024T090000\nDTEND;TZID=Europe/Vienna:20261024T100000\n\
                 RRULE:FREQ=WEEKLY;UNTIL=20261114T080000Z";
    assert_eq!(busy(&[event]), ["11-07 09:00 11-07 10:00", "11-14 09:00 11-14 10:00"]);
    let october =
        "UID:1\nDTSTART;TZID=America/New_York:20261101T003000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=2";
    assert_eq!(busy(&[october]), ["11-01 05:30 11-01 06:30", "11-02 06:30 11-02 07:30"]);
}

#[test]
fn rules_end_by_count_by_a_day_and_by_a_moment() {
    let event = |rule: &str| {
        format!("UID:1\nDTSTART;TZID=Europe/Vienna:20261201T090000\nDURATION:PT1H\nRRULE:{rule}")
    };
    for (rule, count) in [
        ("FREQ=DAILY;COUNT=3", 3),
        ("FREQ=DAILY;UNTIL=20261203", 3),
        ("FREQ=DAILY;UNTIL=20261203T080000Z", 3),
        ("FREQ=DAILY;UNTIL=20261203T075959Z", 2),
        ("FREQ=DAILY;UNTIL=20261203T090000", 3),
        ("FREQ=DAILY;UNTIL=20261101T000000Z", 1),
        ("FREQ=WEEKLY;BYDAY=TU,TH;COUNT=4", 4),
        ("FREQ=MONTHLY;BYDAY=1TU;COUNT=1", 1),
        ("FREQ=DAILY", 31),
        ("FREQ=YEARLY", 1),
    ] {
        assert_eq!(busy(&[&event(rule)]).len(), count, "{rule}");
    }
    // One that began long ago is looked at from its beginning on.
    let old = "UID:1\nDTSTART;TZID=Europe/Vienna:20160104T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY";
    assert_eq!(busy(&[old]).first().map(String::as_str), Some("11-02 09:00 11-02 10:00"));
    let whole = "UID:1\nDTSTART;VALUE=DATE:20261204\nRRULE:FREQ=WEEKLY;COUNT=2";
    assert_eq!(busy(&[whole]), ["12-04 00:00 12-05 00:00", "12-11 00:00 12-12 00:00"]);
}

#[test]
fn dates_are_left_out_and_added() {
    let event = "UID:1\nDTSTART;TZID=Europe/Vienna:20261201T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=4";
    let left = |more: &str| busy(&[&format!("{event}\n{more}")]);
    assert_eq!(left("EXDATE;TZID=Europe/Vienna:20261202T090000,20261203T090000").len(), 2);
    assert_eq!(left("EXDATE:20261202T080000Z\nEXDATE:20261203T080000Z").len(), 2);
    assert_eq!(left("EXDATE:20261202T090000").len(), 3, "a time of the event's zone");
    assert_eq!(left("EXDATE:20261202T091500").len(), 4, "no beginning");
    assert_eq!(left("RDATE;TZID=Europe/Vienna:20261210T120000").last().unwrap(), "12-10 12:00 12-10 13:00");
    assert_eq!(left("RDATE;VALUE=PERIOD:20261210T110000Z/PT3H").last().unwrap(), "12-10 12:00 12-10 15:00");
}

#[test]
fn an_event_with_a_time_of_its_own_stands_in_place_of_the_one_that_recurs() {
    let event = "UID:1\nDTSTART;TZID=Europe/Vienna:20261201T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3";
    let moved =
        "UID:1\nRECURRENCE-ID;TZID=Europe/Vienna:20261202T090000\nDTSTART:20261202T130000Z\nDURATION:PT1H";
    let three = ["12-01 09:00 12-01 10:00", "12-02 14:00 12-02 15:00", "12-03 09:00 12-03 10:00"];
    assert_eq!(busy(&[event, moved]), three);
    assert_eq!(busy(&[moved, event]), three, "whichever comes first");
    let off = format!("{moved}\nSTATUS:CANCELLED");
    assert_eq!(busy(&[event, &off]), ["12-01 09:00 12-01 10:00", "12-03 09:00 12-03 10:00"]);
    let others = moved.replace("UID:1", "UID:2");
    assert_eq!(busy(&[event, &others]).len(), 4);
    // What it says of later ones is not followed, so that all of them count.
    let and_later = moved.replace("RECURRENCE-ID;", "RECURRENCE-ID;RANGE=THISANDFUTURE;");
    assert_eq!(busy(&[event, &and_later]).len(), 4);
}

#[test]
fn a_list_of_periods_is_read_as_well() {
    let text = "BEGIN:VCALENDAR\r\nBEGIN:VFREEBUSY\r\nFREEBUSY:20261203T080000Z/PT1H,20261203T100000Z/20261203T110000Z\r\n\
                FREEBUSY;FBTYPE=FREE:20261204T080000Z/PT1H\r\nEND:VFREEBUSY\r\nEND:VCALENDAR\r\n";
    assert_eq!(shown(&read_all(text).unwrap().times), ["12-03 09:00 12-03 10:00", "12-03 11:00 12-03 12:00"]);
}

#[test]
fn neighbours_are_one_time_and_the_rest_is_cut_to_what_is_asked_for() {
    let event = |from: &str, until: &str| format!("UID:{from}\nDTSTART:{from}\nDTEND:{until}");
    let one = event("20261203T080000Z", "20261203T090000Z");
    let (next, within) =
        (event("20261203T090000Z", "20261203T093000Z"), event("20261203T081500Z", "20261203T083000Z"));
    assert_eq!(busy(&[&next, &one, &within]), ["12-03 09:00 12-03 10:30"]);
    let long = event("20261001T000000Z", "20261102T000000Z");
    assert_eq!(busy(&[&long]), ["11-01 01:00 11-02 01:00"]);
    assert_eq!(busy(&[&event("20270301T000000Z", "20270302T000000Z")]), Vec::<String>::new());
}

/// Trap 13 of appointments. A stranger's rule is no endless work, and what is not looked at is not free.
#[test]
fn endless_rules_are_too_much() {
    for rule in ["FREQ=SECONDLY", "FREQ=MINUTELY", "FREQ=SECONDLY;INTERVAL=1;BYSECOND=1,2,3,4,5,6,7,8,9"] {
        let event = format!("UID:1\nDTSTART:20261101T000000Z\nDURATION:PT1S\nRRULE:{rule}");
        assert_eq!(read_all(&calendar(&[&event])), Err(Unreadable::TooMuch), "{rule}");
    }
    let never = "UID:1\nDTSTART:20261101T000000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30";
    assert_ne!(read_all(&calendar(&[never])), Err(Unreadable::NotACalendar), "it comes to an end");
    let many: Vec<String> =
        (0..EVENTS_MAX + 1).map(|n| format!("UID:{n}\nDTSTART:20261203T080000Z")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(read_all(&calendar(&many)), Err(Unreadable::TooMuch));
    let apart: Vec<String> = (0..BUSY_MAX + 1)
        .map(|n| {
            format!(
                "UID:{n}\nDTSTART:202611{:02}T{:02}{:02}{:02}Z\nDURATION:PT1S",
                1 + n / 2_000,
                n % 2_000 / 100,
                n % 100 / 2,
                n % 2 * 30
            )
        })
        .collect();
    let apart: Vec<&str> = apart.iter().map(String::as_str).collect();
    assert_eq!(read_all(&calendar(&apart)), Err(Unreadable::TooMuch));
    let zone = vienna();
    let reading = Reading { within: within(), zone: &zone, own: "" };
    let one = calendar(&["UID:1\nDTSTART:20261203T080000Z"]);
    assert_eq!(read(&one, &reading, || false), Err(Unreadable::TooMuch), "its time is up");
}

#[test]
fn what_is_damaged_is_not_read_in_part() {
    let good = calendar(&["UID:1\nDTSTART:20261203T080000Z\nDURATION:PT1H"]);
    assert!(read_all(&good).is_ok());
    assert!(read_all(&format!("\u{feff}{good}")).is_ok(), "a mark of the byte order");
    assert!(read_all(&good.replace("\r\n", "\n")).is_ok(), "lines of another system");
    for text in
        ["", "<html><body>Sign in</body></html>", "BEGIN:VCALENDAR", &good.replace("END:VCALENDAR\r\n", "")]
    {
        assert_eq!(read_all(text), Err(Unreadable::NotACalendar), "{text}");
    }
    let deep = format!("{}{}", "BEGIN:VCALENDAR\r\n".repeat(100_000), "END:VCALENDAR\r\n".repeat(100_000));
    assert_eq!(read_all(&deep), Err(Unreadable::NotACalendar));
    for event in [
        "UID:1\nDTSTART:someday",
        "UID:1\nDTSTART:20261301T000000Z",
        "UID:1\nDTSTART:20261203T080000Z\nDURATION:an hour",
        "UID:1\nDTSTART:20261203T080000Z\nDURATION:P1H",
        "UID:1\nDTSTART:20261203T080000Z\nDURATION:PT1H\nRRULE:FREQ=SOMETIMES",
        "UID:1\nDTSTART:20261203T080000Z\nDURATION:PT1H\nRRULE:every day",
        "UID:1\nDTSTART:20261203T080000Z\nDURATION:PT1H\nEXDATE:never",
    ] {
        assert_eq!(read_all(&calendar(&[event])), Err(Unreadable::NotUnderstood), "{event}");
    }
}

#[test]
fn a_reminder_within_an_event_is_no_event() {
    let event = "UID:1\nDTSTART:20261203T080000Z\nDURATION:PT1H\nBEGIN:VALARM\nTRIGGER:-PT15M\nDURATION:PT5H\nACTION:DISPLAY\nEND:VALARM";
    assert_eq!(busy(&[event]), ["12-03 09:00 12-03 10:00"]);
    let with_zone = format!(
        "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:Europe/Vienna\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n{}",
        calendar(&["UID:1\nDTSTART;TZID=Europe/Vienna:20261203T080000\nDURATION:PT1H"])
            .trim_start_matches("BEGIN:VCALENDAR\r\n")
    );
    assert_eq!(shown(&read_all(&with_zone).unwrap().times), ["12-03 08:00 12-03 09:00"]);
}

/// Requirement 11 of appointments. Our own feed, as a reader of other hands has it.
#[test]
fn our_feed_is_read_as_it_was_meant() {
    use domain::appointments::{
        Appointment, AppointmentId, Calendar, CalendarId, Candidate, Feed, Person, Service, ServiceId,
        Source, Wanted,
    };
    const NAME: &str = "תור לתספורת, צבע; ופן 💇‍♀️ Müller";
    let notes = format!("line 1\nline 2 \\ {}", "שלום 👋; ".repeat(30));
    let calendar = Calendar {
        id: CalendarId::parse("anna").unwrap(),
        name: "Anna; room, 2".into(),
        time_zone: vienna(),
        week: Default::default(),
        exceptions: vec![],
        seats: 1,
        active: true,
    };
    let service = Service {
        id: ServiceId::parse("trim").unwrap(),
        name: "Trim".into(),
        names: BTreeMap::new(),
        price: None,
        minutes: 60,
        before_minutes: 0,
        after_minutes: 0,
        notice_minutes: 0,
        window_days: 60,
        step_minutes: 15,
        seats: 1,
        calendars: vec![calendar.id.clone()],
        resources: vec![],
        reminders: vec![],
        remind: None,
        active: true,
    };
    let candidate = Candidate { service: &service, calendar: &calendar, resources: &[] };
    let (now, start) = (within().from, moment("Europe/Vienna", date(2026, 12, 3).at(14, 30, 0, 0)));
    let wanted = Wanted {
        id: AppointmentId::parse(&"7".repeat(32)).unwrap(),
        person: Person { name: NAME.into(), number: None, contact: None },
        notes: Some(notes.clone()),
        source: Source::Api,
        hold: false,
        in_place_of: None,
    };
    let booked = Appointment::new(wanted, &candidate, start, now);
    let cancelled = booked.clone().cancelled(now).unwrap();
    let business = domain::BusinessId::parse("harbour").unwrap();
    let feed = |appointment: Appointment| {
        let (services, appointments) = ([service.clone()], [appointment]);
        Feed {
            business: &business,
            calendar: &calendar,
            services: &services,
            appointments: &appointments,
            full: true,
        }
        .write()
    };
    let text = feed(booked);
    let unfolded = unfold(&text);
    let components = read_components(&unfolded).unwrap();
    let event = &components[0].components[0];
    let value = |name: &str| event.find_prop(name).unwrap().val.as_str().to_owned();
    assert_eq!((value("SUMMARY"), value("DESCRIPTION")), (format!("Trim: {NAME}"), notes));
    let zone = vienna();
    let reading = |own| Reading { within: within(), zone: &zone, own };
    let times = |text: &str, own| shown(&read(text, &reading(own), || true).unwrap().times);
    assert_eq!(times(&text, ""), ["12-03 14:30 12-03 15:30"]);
    assert_eq!(
        times(&text, "@harbour.switchboard"),
        Vec::<String>::new(),
        "it comes back by way of another calendar"
    );
    assert_eq!(times(&feed(cancelled), ""), Vec::<String>::new(), "a cancelled event takes nothing");
}
