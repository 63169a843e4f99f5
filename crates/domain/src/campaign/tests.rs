mod call_backs;
mod goals;
mod simulation;

use std::time::Duration;

use jiff::civil::date;
use proptest::prelude::*;

use super::entry::{
    Claim, DIALLED_WITHIN, Ended, Entry, Event, Person, Skip, Stale, State as EntryState, Wait,
};
use super::guard::{Sample, at_once, trips};
use super::progress::Progress;
use super::retry::{Outcome, Retries};
use super::sheet::{NoSheet, RowCode, Sheet};
use super::window::{Places, Window};
use super::*;
use crate::outbound::AtMost;
use crate::zone::Zone;
use crate::{CallSid, testing};

pub(super) const NOW: Timestamp = Timestamp::from_secs(1_796_036_400);
const MOST: AtMost = AtMost { minutes: 30, micros: Some(3_000_000) };

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text).unwrap()
}

fn call(n: u32) -> CallSid {
    CallSid::parse(&format!("CA{n:032x}")).unwrap()
}

pub(super) fn person(to: &str) -> Person {
    Person {
        to: number(to),
        name: None,
        zone: None,
        language: None,
        not_before: None,
        consent: None,
        vars: Default::default(),
    }
}

pub(super) fn plan() -> Plan {
    Plan {
        name: "Service in spring".into(),
        purpose: Purpose::Service,
        from: vec![number("+43720123456")],
        reason: Some("your {{thing}} is ready".into()),
        context: None,
        language: None,
        hours: None,
        starts_at: None,
        ends_at: None,
        at_once: 10,
        retries: Retries::default(),
        budget: Budget::default(),
        country: None,
        goal: None,
    }
}

pub(super) fn campaign(name: &str, now: Timestamp) -> Campaign {
    Campaign {
        id: CampaignId::of(&testing::business().id, name),
        plan: plan(),
        bytes: 10,
        by: crate::access::KeyId::parse("abcdefgh").unwrap(),
        created_at: now,
        state: State::Draft,
        since: now,
        pause: None,
        samples: vec![],
        report: None,
        loaded: 0,
        running_since: None,
        over_before: 0,
        hangs_up: false,
    }
}

pub(super) fn claim(now: Timestamp) -> Claim {
    Claim { from: number("+43720123456"), hour: 12, until: now.plus(DIALLED_WITHIN), most: MOST }
}

#[test]
fn an_entry_is_called_from_one_number_as_long_as_it_is_the_businesss() {
    let [one, two, three] = ["+43720123456", "+43720123457", "+43720123458"].map(number);
    let from = vec![one.clone(), two.clone(), three.clone()];
    let campaign = Campaign { plan: Plan { from, ..plan() }, ..campaign("numbers", NOW) };
    let all = [&one, &two, &three];
    for (entry, number) in [(0, &one), (1, &two), (2, &three), (3, &one)] {
        assert_eq!(campaign.number_for(entry, &all), Some(number), "{entry}");
    }
    assert_eq!(campaign.number_for(1, &[&one, &three]), Some(&three), "the next one");
    assert_eq!(campaign.number_for(2, &[&one, &two]), Some(&one));
    assert_eq!(campaign.number_for(2, &[]), None);
}

fn report(valid: u32) -> Report {
    Report { began_at: NOW, rows: valid, valid, slices: 1, ..Report::default() }
}

pub(super) fn attempted(entry: &mut Entry, outcome: Outcome, now: Timestamp) {
    let retries = Retries::default();
    entry.apply(Event::Claim(claim(now)), retries, now).unwrap();
    let order = entry.order().unwrap();
    entry.apply(Event::Placed { order, call: call(order) }, retries, now).unwrap();
    let ended = Ended {
        outcome,
        lasted: Duration::from_secs(61),
        at: now.plus(Duration::from_secs(70)),
        has_goal: false,
        call_back: None,
    };
    entry.apply(Event::Ended { call: call(order), ended }, retries, ended.at).unwrap();
}

#[test]
fn a_campaign_goes_its_way_and_says_what_it_cannot_do() {
    let mut one = campaign("one", NOW);
    assert_eq!(one.step(Step::Start, NOW), Err(NotNow::State(State::Draft)), "without a report");
    for (step, state) in [
        (Step::Check, State::Checking),
        (Step::Checked(report(2)), State::Ready),
        (Step::Start, State::Loading),
        (Step::LoadedSlice(0), State::Running),
        (Step::Pause(Pause::Failures, vec![]), State::Paused),
        (Step::Resume, State::Running),
        (Step::Stop { hang_up: false }, State::Stopping),
    ] {
        assert_eq!(one.step(step.clone(), NOW), Ok(true), "{step:?}");
        assert_eq!(one.state, state);
    }
    for (hang_up, changes) in [(true, true), (true, false), (false, false)] {
        assert_eq!(one.step(Step::Stop { hang_up }, NOW), Ok(changes), "its calls may be ended later, once");
        assert_eq!((one.state, one.hangs_up), (State::Stopping, true));
    }
    assert_eq!(one.step(Step::Drained, NOW), Ok(true));
    assert_eq!(one.state, State::Stopped);
    assert_eq!(one.step(Step::Stop { hang_up: false }, NOW), Ok(false), "a request that comes again");
    assert_eq!(one.step(Step::Resume, NOW), Err(NotNow::State(State::Stopped)));
    assert!(one.state.is_over());
}

#[test]
fn a_campaign_without_people_or_with_missing_variables_is_not_started() {
    for bad in [report(0), Report { missing: vec!["thing".into()], ..report(2) }] {
        let mut one = campaign("one", NOW);
        one.step(Step::Check, NOW).unwrap();
        one.step(Step::Checked(bad), NOW).unwrap();
        assert_eq!(one.step(Step::Start, NOW), Err(NotNow::Report));
        assert_eq!(one.state, State::Ready, "another file may be put and checked");
        assert_eq!(one.step(Step::Check, NOW), Ok(true));
    }
    let mut late = campaign("late", NOW);
    late.plan.ends_at = Some(NOW);
    late.step(Step::Check, NOW).unwrap();
    late.step(Step::Checked(report(1)), NOW).unwrap();
    assert_eq!(late.step(Step::Start, NOW), Err(NotNow::Over));
}

/// Trap 12: a machine that answers is no person.
#[test]
fn each_outcome_leads_to_the_time_of_the_table() {
    let minutes = |minutes: u64| Some(Duration::from_secs(minutes * 60));
    let table = [
        (Outcome::Human, vec![None]),
        (Outcome::CallbackRequested, vec![None]),
        (Outcome::OptedOut, vec![None]),
        (Outcome::Silent, vec![None]),
        (Outcome::Canceled, vec![None]),
        (Outcome::Unreachable, vec![None]),
        (Outcome::Busy, vec![minutes(10), minutes(10), None]),
        (Outcome::Voicemail, vec![minutes(1_440), None]),
        (Outcome::Failed, vec![minutes(2), minutes(2), minutes(2), None]),
        (Outcome::NoAnswer, vec![minutes(240), minutes(240), minutes(29 * 60), None]),
    ];
    let retries = Retries { attempts: 10, per_day: 10, per_week: 10 };
    for (outcome, pauses) in table {
        let mut entry = Entry::new(0, person("+12025550143"), NOW);
        let mut now = NOW;
        for pause in pauses {
            entry.apply(Event::Claim(claim(now)), retries, now).unwrap();
            let order = entry.order().unwrap();
            entry.apply(Event::Placed { order, call: call(order) }, retries, now).unwrap();
            let ended = Ended { outcome, lasted: Duration::ZERO, at: now, has_goal: false, call_back: None };
            entry.apply(Event::Ended { call: call(order), ended }, retries, now).unwrap();
            match pause {
                Some(pause) => {
                    let until = now.plus(pause);
                    assert_eq!(entry.state, EntryState::Waiting { until, why: Wait::Retry }, "{outcome:?}");
                    now = until;
                }
                None => assert_eq!(entry.state, EntryState::Done { outcome, at: now }, "{outcome:?}"),
            }
        }
    }
}

#[test]
fn attempts_keep_to_the_caps_of_a_day_and_a_week() {
    let mut entry = Entry::new(0, person("+12025550143"), NOW);
    attempted(&mut entry, Outcome::Busy, NOW);
    let second = entry.state.due().unwrap();
    assert_eq!(second, NOW.plus(Duration::from_secs(670)));
    attempted(&mut entry, Outcome::NoAnswer, second);
    assert_eq!(entry.state.due(), Some(NOW.plus(Duration::from_secs(86_400))), "two on a day");
    let third = entry.state.due().unwrap();
    attempted(&mut entry, Outcome::NoAnswer, third);
    assert_eq!(entry.state.due(), Some(NOW.plus(Duration::from_secs(7 * 86_400))), "three in a week");
    let fourth = entry.state.due().unwrap();
    attempted(&mut entry, Outcome::NoAnswer, fourth);
    assert!(matches!(entry.state, EntryState::Done { outcome: Outcome::NoAnswer, .. }), "four in all");
}

/// Trap 13: two consumers of one event. What comes again, or belongs to an order that was given up, changes nothing.
#[test]
fn what_is_of_another_order_or_comes_again_is_stale() {
    let retries = Retries::default();
    let mut entry = Entry::new(0, person("+12025550143"), NOW);
    let early = Event::Claim(claim(NOW.minus(Duration::from_secs(9))));
    assert_eq!(entry.apply(early, retries, NOW.minus(Duration::from_secs(9))), Err(Stale), "it is not due");
    entry.apply(Event::Claim(claim(NOW)), retries, NOW).unwrap();
    assert_eq!(entry.apply(Event::Claim(claim(NOW)), retries, NOW), Err(Stale), "it is claimed");
    let again = (NOW.plus(Duration::from_secs(5)), Wait::NoRoom);
    entry.apply(Event::NotPlaced { order: 1, again }, retries, NOW).unwrap();
    assert_eq!(entry.attempts, vec![], "it is no attempt");
    entry.apply(Event::Claim(claim(again.0)), retries, again.0).unwrap();
    assert_eq!(entry.order(), Some(2), "another order");
    assert_eq!(entry.apply(Event::Placed { order: 1, call: call(1) }, retries, again.0), Err(Stale));
    entry.apply(Event::Placed { order: 2, call: call(2) }, retries, again.0).unwrap();
    let ended = Ended {
        outcome: Outcome::Human,
        lasted: Duration::ZERO,
        at: again.0,
        has_goal: false,
        call_back: None,
    };
    let of = |n| Event::Ended { call: call(n), ended };
    assert_eq!(entry.apply(of(1), retries, again.0), Err(Stale));
    entry.apply(of(2), retries, again.0).unwrap();
    assert_eq!(entry.apply(of(2), retries, again.0), Err(Stale));
    assert_eq!(entry.apply(Event::Skip(Skip::DoNotCall), retries, again.0), Err(Stale), "it is over");
}

#[test]
fn a_call_is_reckoned_at_its_most_until_it_is_over() {
    let mut entry = Entry::new(0, person("+12025550143"), NOW);
    entry.apply(Event::Claim(claim(NOW)), Retries::default(), NOW).unwrap();
    let sums = Progress::of(&entry);
    assert_eq!((sums.get("minutes"), sums.get("micros"), sums.get("busy")), (30, 3_000_000, 1));
    let mut done = Entry::new(0, person("+12025550143"), NOW);
    attempted(&mut done, Outcome::Human, NOW);
    let sums = Progress::of(&done);
    assert_eq!((sums.get("minutes"), sums.get("micros"), sums.get("busy")), (2, 200_000, 0));
    assert_eq!((sums.get("done_human"), sums.get("hour_12_human"), sums.get("open")), (1, 1, 0));
    let mut opted_out = Entry::new(1, person("+12025550144"), NOW);
    attempted(&mut opted_out, Outcome::OptedOut, NOW);
    let sums = Progress::recount([&done, &opted_out]);
    assert_eq!((sums.answered(), sums.get("done_opted_out"), sums.get("hour_12_human")), (2, 1, 2));
}

#[test]
fn a_campaign_begins_slowly_and_stops_when_half_of_its_calls_fail() {
    let after = |minutes: u64| at_once(NOW, NOW.plus(Duration::from_secs(minutes * 60)), 10);
    assert_eq!([0, 1, 2, 3, 4, 60].map(after), [1, 2, 4, 8, 10, 10]);
    let samples = |failed: u32, fine: u32| -> Vec<Sample> {
        let one = |n: u32| Sample { call: call(n), at: NOW, outcome: Outcome::Failed, failed: n < failed };
        (0..failed + fine).map(one).collect()
    };
    assert!(trips(&samples(10, 10), NOW, NOW) && !trips(&samples(9, 10), NOW, NOW));
    assert!(!trips(&samples(9, 0), NOW, NOW), "too few say nothing");
    let later = NOW.plus(Duration::from_secs(301));
    assert!(!trips(&samples(10, 10), NOW, later), "long ago");
    assert!(!trips(&samples(10, 10), NOW.plus(Duration::from_secs(1)), NOW), "before it was resumed");
}

#[test]
fn a_budget_admits_what_fits_and_nothing_whose_price_is_not_known() {
    let budget = Budget { micros: Some(10_000_000), minutes: None };
    assert_eq!(budget.admits(7_000_000, 900, MOST), Ok(()));
    assert_eq!(budget.admits(7_000_001, 0, MOST), Err(Pause::Budget));
    assert_eq!(budget.admits(0, 0, AtMost { minutes: 1, micros: None }), Err(Pause::Budget));
    assert_eq!(Budget::default().admits(u64::MAX, u64::MAX, AtMost { minutes: 1, micros: None }), Ok(()));
    let minutes = Budget { micros: None, minutes: Some(60) };
    assert_eq!((minutes.admits(0, 30, MOST), minutes.admits(0, 31, MOST)), (Ok(()), Err(Pause::Budget)));
}

fn at(zone: &str, day: jiff::civil::Date, hour: i8, minute: i8) -> Timestamp {
    Zone::parse(zone).unwrap().reached(day.at(hour, minute, 0, 0)).unwrap()
}

/// Traps 5 and 6: the person's clocks count, not the business's, and what is not known closes the window.
#[test]
fn a_number_that_may_be_in_several_zones_is_called_when_all_of_them_allow_it() {
    let monday = date(2026, 11, 30);
    let to = number("+12025550143");
    let open = |zone: Option<&Zone>, now| Places::of(&to, zone).unwrap().window(&[], now).unwrap();
    let new_york = Zone::parse("America/New_York").unwrap();
    let morning = at("America/New_York", monday, 8, 0);
    assert!(matches!(open(Some(&new_york), morning), Window::Open { until: Some(end) }
        if end == at("America/New_York", monday, 20, 0)));
    assert_eq!(open(Some(&new_york), Timestamp(morning.0 - 1)), Window::Closed { until: morning });
    let Window::Closed { until } = open(None, morning) else { panic!("it is night in Hawaii") };
    assert!(until > morning);
    assert!(matches!(open(None, until), Window::Open { .. }));
    let unknown = number("+881612345678");
    assert_eq!(Places::of(&unknown, None).unwrap_err(), Skip::Country);
    assert_eq!(Places::of(&number("+81312345678"), None).unwrap_err(), Skip::NoRule, "no rules are known");
}

#[test]
fn no_call_begins_on_a_holiday_or_when_hours_never_meet() {
    let vienna = number("+43720123456");
    let places = Places::of(&vienna, None).unwrap();
    let christmas = at("Europe/Vienna", date(2026, 12, 25), 12, 0);
    let Ok(Window::Closed { until }) = places.window(&[], christmas) else { panic!("it is a holiday") };
    assert_eq!(until, at("Europe/Vienna", date(2026, 12, 28), 9, 0), "after two holidays and a Sunday");
    let night = Week::of(&[jiff::civil::Weekday::Monday], &["22:00-23:00".parse().unwrap()]);
    assert_eq!(places.window(&[&night], christmas), Err(Skip::NoHours));
    assert_eq!(places.window(&[&Week::default()], christmas), Err(Skip::NoHours));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// No moment of a window is outside the hours of any zone, over weekends, holidays and the change of clocks.
    #[test]
    fn no_window_is_open_outside_the_hours_of_any_zone(hours in 0_i64..24 * 400, which in 0_usize..3) {
        let (to, zones, first, last): (_, &[&str], _, _) = [
            ("+12025550143", &["America/New_York", "America/Denver", "Pacific/Honolulu", "America/Anchorage"][..], 8, 20),
            ("+43720123456", &["Europe/Vienna"][..], 9, 20),
            ("+442079460123", &["Europe/London"][..], 8, 21),
        ][which];
        let to = number(to);
        let places = Places::of(&to, None).unwrap();
        let now = Timestamp(NOW.0 + hours * 3_600_000 + 1_234);
        let from = match places.window(&[], now).unwrap() {
            Window::Open { .. } => now,
            Window::Closed { until } => until,
        };
        let Window::Open { until } = places.window(&[], from).unwrap() else { panic!("it opens") };
        let last_moment = Timestamp(until.unwrap().0 - 1);
        for zone in zones {
            let zone = Zone::parse(zone).unwrap();
            for moment in [from, last_moment] {
                let hour = zone.local(moment).hour();
                prop_assert!((first..last).contains(&hour), "{zone}: {:?}", zone.local(moment));
            }
        }
    }
}

fn read(headers: &str, row: &str) -> super::sheet::Reading {
    let cells = |line: &str| -> Vec<String> { line.split(',').map(str::to_owned).collect() };
    Sheet::new(&cells(headers)).unwrap().read(&cells(row), &plan())
}

#[test]
fn a_row_says_whom_to_call_or_why_not() {
    let reading = read("Phone Number,Name,thing,tz", "+1 202 555 0143,Dana,bicycle,america/denver");
    let person = reading.person.unwrap();
    assert_eq!(person.to.as_e164(), "+12025550143");
    assert_eq!(plan().task(&person).unwrap().reason.as_deref(), Some("your bicycle is ready"));
    assert_eq!(person.zone.unwrap().name(), "America/Denver");
    let codes = |headers: &str, row: &str| -> Vec<RowCode> {
        read(headers, row).codes.into_iter().map(|(_, code)| code).collect()
    };
    for (row, code) in [
        ("4.36641E+11,x", RowCode::Scientific),
        ("0720123456,x", RowCode::NoCountry),
        (",x", RowCode::NoPhone),
        ("none,x", RowCode::Phone),
        ("#NAME?,x", RowCode::Error),
        ("03-Feb,x", RowCode::Date),
        ("+12025550143,", RowCode::Empty),
        ("+12025550143,x,more", RowCode::Cells),
    ] {
        assert_eq!(codes("phone,thing", row), [code], "{row}");
    }
    let long = format!("+12025550143,{}", "x".repeat(1_001));
    assert_eq!(codes("phone,thing", &long)[0], RowCode::TooLong);
    let long = format!("+12025550143,{}", "x".repeat(999));
    assert_eq!(codes("phone,thing", &long), [RowCode::Words]);
    assert_eq!(read("phone,thing", "'+12025550143,x").person.unwrap().to.as_e164(), "+12025550143");
}

#[test]
fn headers_make_a_list_of_people_or_say_what_is_missing() {
    let sheet = |headers: &[&str]| Sheet::new(&headers.iter().map(|h| (*h).to_owned()).collect::<Vec<_>>());
    assert_eq!(sheet(&["name"]), Err(NoSheet::NoPhone));
    assert_eq!(sheet(&["phone", "Telephone"]), Err(NoSheet::Twice("phone".into())));
    assert_eq!(sheet(&["phone", "2nd"]), Err(NoSheet::Name("2nd".into())));
    assert_eq!(sheet(&[""]), Err(NoSheet::Empty));
    let sheet = sheet(&["phone", "name", ""]).unwrap();
    assert_eq!(sheet.missing(&plan()), ["thing"]);
    let odd = Plan { reason: Some("{{ name }} {{Not one}} {{".into()), ..plan() };
    assert_eq!(sheet.missing(&odd), [""; 0]);
    let dana = Person { name: Some("Dana".into()), ..person("+12025550143") };
    assert_eq!(odd.task(&dana).unwrap().reason.as_deref(), Some("Dana {{Not one}} {{"));
}

#[test]
fn what_says_no_is_no_consent() {
    let consent =
        |cell: &str| read("phone,thing,consent", &format!("+12025550143,x,{cell}")).person.unwrap().consent;
    assert_eq!(consent("form of 3 May 2026").as_deref(), Some("form of 3 May 2026"));
    for no in ["no", "", "0", "FALSE", "nein", "-"] {
        assert_eq!(consent(no), None, "{no}");
    }
}
