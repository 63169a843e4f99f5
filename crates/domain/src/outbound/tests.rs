use std::time::Duration;

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::usage::Meter;

const VIENNA: &str = "+43720123456";
const USA: &str = "+12025550143";

/// Makes of the facts that nothing speaks against the ones of a test.
type Change = fn(&mut Facts<'_>);

struct Case {
    now: Timestamp,
    from: PhoneNumber,
    to: PhoneNumber,
    zone: Option<Zone>,
    policy: OutboundPolicy,
    change: Change,
}

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text).unwrap()
}

fn zone(name: &str) -> Zone {
    Zone::parse(name).unwrap()
}

/// What clocks in `name` show, on Wednesday, 2 December 2026.
fn wednesday(name: &str, hour: i8, minute: i8) -> Timestamp {
    zone(name).reached(date(2026, 12, 2).at(hour, minute, 0, 0)).unwrap()
}

fn room() -> Capacity {
    let slots = SlotCount { total: 4, in_use: 0, outbound: 0 };
    let pace = Pace { per_second: 1, started: 0, second_ends: Timestamp(0) };
    Capacity { business: slots, deployment: slots, deployment_share: Portion::HALF, pace }
}

/// A call within Austria that nothing speaks against, at noon.
fn case() -> Case {
    Case {
        now: wednesday("Europe/Vienna", 12, 0),
        from: number(VIENNA),
        to: number("+436641234567"),
        zone: None,
        policy: OutboundPolicy::default(),
        change: |_| {},
    }
}

impl Case {
    fn facts(&self) -> Facts<'_> {
        let mut facts = Facts {
            now: self.now,
            from: &self.from,
            to: &self.to,
            zone: self.zone.as_ref(),
            do_not_call: false,
            last_dialled: None,
            pause: None,
            not_after: None,
            today: Amounts::default(),
            day_ends: self.now.plus(Duration::from_secs(43_200)),
            this_call: AtMost { minutes: 30, micros: Some(1_000) },
            month: None,
            capacity: Some(room()),
        };
        (self.change)(&mut facts);
        facts
    }

    fn decided(&self) -> Result<(), NotPlaced> {
        decide(&self.policy, &self.facts())
    }

    fn code(&self) -> &'static str {
        self.decided().map_or_else(|refusal| refusal.code(), |()| "")
    }
}

#[test]
fn a_call_that_nothing_speaks_against_is_placed() {
    assert_eq!(case().decided(), Ok(()));
    assert_eq!(Case { change: |facts| facts.capacity = None, ..case() }.decided(), Ok(()));
}

#[test]
fn what_a_number_is_may_speak_against_it() {
    let to = |text: &str| Case { to: number(text), ..case() }.code();
    assert_eq!(to(VIENNA), "itself");
    assert_eq!(to("+43900123456"), "barred");
    assert_eq!(to("+80012345678"), "unknown_country");
    assert_eq!(to("+4930123456"), "country");
    let mut neighbours = case();
    neighbours.policy.countries = ["AT", "DE"].map(|code| Country::parse(code).unwrap()).into();
    assert_eq!(Case { to: number("+4930123456"), ..neighbours }.code(), "");
    // A number of no plan behind the code that Russia shares with Kazakhstan may be of both.
    let mut either = Case { to: number("+78121234567"), ..case() };
    either.policy.countries = [Country::parse("RU").unwrap()].into();
    assert_eq!(either.decided(), Err(NotPlaced::Country(Country::parse("KZ").unwrap())));
    let mut elsewhere = case();
    elsewhere.policy.countries = [Country::parse("DE").unwrap()].into();
    assert_eq!(elsewhere.decided(), Err(NotPlaced::Country(Country::parse("AT").unwrap())));
}

/// Jamaica looks domestic from the United States.
#[test]
fn a_country_behind_plus_one_is_called_if_it_is_named() {
    let noon = wednesday("America/Jamaica", 12, 0);
    let jamaica = || Case { now: noon, from: number(USA), to: number("+18765550123"), ..case() };
    assert_eq!(jamaica().decided(), Err(NotPlaced::Barred(Barred::OtherCountryBehindPlusOne)));
    let mut named = jamaica();
    named.policy.countries = [Country::parse("JM").unwrap()].into();
    assert_eq!(named.decided(), Ok(()));
    named.to = number("+19005550123");
    assert_eq!(named.decided(), Err(NotPlaced::Barred(Barred::PremiumRate)));
}

#[test]
fn each_fact_refuses_by_its_own_code() {
    let per_day = DayCaps { calls: Some(2), minutes: Some(100), micros: Some(5_000) };
    let policy = OutboundPolicy { per_day, ..OutboundPolicy::default() };
    let changes: [(&str, Change); 11] = [
        ("do_not_call", |facts| facts.do_not_call = true),
        ("month_cap", |facts| {
            let level = Level::Reached;
            facts.month = Some(Reading { meter: Meter::Money, used: 2, cap: 1, level });
        }),
        ("day_calls", |facts| facts.today.calls = 2),
        ("day_minutes", |facts| facts.today.minutes = 71),
        ("day_money", |facts| facts.today.micros = 4_001),
        ("unknown_price", |facts| facts.this_call.micros = None),
        ("cooling_down", |facts| facts.last_dialled = Some(facts.now.minus(Duration::from_secs(899)))),
        ("business_slots", |facts| facts.capacity.as_mut().unwrap().business.outbound = 2),
        ("deployment_slots", |facts| facts.capacity.as_mut().unwrap().deployment.in_use = 3),
        ("pace", |facts| facts.capacity.as_mut().unwrap().pace.started = 1),
        ("", |facts| {
            facts.today = Amounts { calls: 1, minutes: 70, micros: 4_000 };
            facts.last_dialled = Some(facts.now.minus(Duration::from_secs(900)));
            let level = Level::Warning;
            facts.month = Some(Reading { meter: Meter::Money, used: 9, cap: 10, level });
        }),
    ];
    for (code, change) in changes {
        assert_eq!(Case { policy: policy.clone(), change, ..case() }.code(), code);
    }
    // Without caps a price need not be known.
    assert_eq!(Case { change: |facts| facts.this_call.micros = None, ..case() }.code(), "");
}

#[test]
fn a_policy_that_is_not_understood_places_no_call() {
    let mut case = case();
    case.policy.not_understood = true;
    assert_eq!(case.decided(), Err(NotPlaced::PolicyNotUnderstood));
    assert_eq!(case.decided().unwrap_err().retry(), Retry::Never);
    let again = serde_json::to_string(&case.policy).unwrap();
    assert!(!serde_json::from_str::<OutboundPolicy>(&again).unwrap().not_understood, "it is never stored");
}

#[test]
fn a_call_that_is_over_came_to_the_minutes_that_it_lasted() {
    let most = AtMost { minutes: 30, micros: Some(3_001) };
    assert_eq!(most.lasting(0), AtMost { minutes: 0, micros: Some(0) });
    assert_eq!(most.lasting(3), AtMost { minutes: 3, micros: Some(301) });
    assert_eq!(most.lasting(30), most);
    assert_eq!(AtMost { minutes: 0, micros: None }.lasting(2), AtMost { minutes: 2, micros: None });
}

#[test]
fn every_reason_is_listed_and_the_lasting_ones_come_first() {
    let case = Case {
        now: wednesday("Europe/Vienna", 22, 0),
        to: number("+43900123456"),
        change: |facts| {
            facts.do_not_call = true;
            facts.last_dialled = Some(facts.now);
        },
        ..case()
    };
    let codes: Vec<_> = reasons_against(&case.policy, &case.facts()).map(|refusal| refusal.code()).collect();
    assert_eq!(codes, ["barred", "do_not_call", "hours", "cooling_down"]);
    assert_eq!(case.code(), "barred");
}

#[test]
fn every_refusal_says_whether_waiting_helps() {
    let at = Timestamp(5);
    let country = Country::parse("AT").unwrap();
    for (refusal, retry) in [
        (NotPlaced::Itself, Retry::Never),
        (NotPlaced::Barred(Barred::Emergency), Retry::Never),
        (NotPlaced::Country(country), Retry::Never),
        (NotPlaced::Hours { until: None }, Retry::Never),
        (NotPlaced::Hours { until: Some(at) }, Retry::At(at)),
        (NotPlaced::CoolingDown { until: at }, Retry::At(at)),
        (NotPlaced::DayCalls { max: 1, until: at }, Retry::At(at)),
        (NotPlaced::MonthCap(Meter::Minutes), Retry::NextMonth),
        (NotPlaced::BusinessSlots, Retry::WhenRoom),
        (NotPlaced::Pace { until: at }, Retry::At(at)),
    ] {
        assert_eq!(refusal.retry(), retry, "{}", refusal.code());
        assert!(refusal.to_string().len() > 20);
    }
    assert!(NotPlaced::Country(country).to_string().contains("add AT"));
}

#[test]
fn hours_are_those_of_the_called_person() {
    let vienna = |hour, minute| Case { now: wednesday("Europe/Vienna", hour, minute), ..case() }.decided();
    assert_eq!(vienna(9, 0), Ok(()));
    assert_eq!(vienna(19, 59), Ok(()));
    let nine = wednesday("Europe/Vienna", 9, 0);
    assert_eq!(vienna(8, 59), Err(NotPlaced::Hours { until: Some(nine) }));
    let tomorrow = nine.plus(Duration::from_secs(86_400));
    assert_eq!(vienna(20, 0), Err(NotPlaced::Hours { until: Some(tomorrow) }));
    // A Saturday's evening: until Monday.
    let saturday = zone("Europe/Vienna").reached(date(2026, 12, 5).at(20, 0, 0, 0)).unwrap();
    let monday = zone("Europe/Vienna").reached(date(2026, 12, 7).at(9, 0, 0, 0)).unwrap();
    assert_eq!(Case { now: saturday, ..case() }.decided(), Err(NotPlaced::Hours { until: Some(monday) }));
}

/// A number of the United States may be anywhere from New York to the Aleutians.
#[test]
fn every_zone_of_the_country_must_allow_the_call() {
    let to = || number("+13035550123");
    let called = |now| Case { now, from: number(USA), to: to(), ..case() };
    let adak = wednesday("America/Adak", 9, 0);
    assert_eq!(wednesday("America/New_York", 14, 0), adak);
    let morning = called(wednesday("America/New_York", 9, 30)).decided();
    assert_eq!(morning, Err(NotPlaced::Hours { until: Some(adak) }));
    assert_eq!(called(adak).decided(), Ok(()));
    assert_eq!(called(wednesday("America/New_York", 19, 59)).decided(), Ok(()));
    assert_ne!(called(wednesday("America/New_York", 20, 0)).decided(), Ok(()));
    // A zone that is known is believed.
    let denver = Some(zone("America/Denver"));
    let now = wednesday("America/New_York", 11, 30);
    assert_eq!(Case { zone: denver, ..called(now) }.decided(), Ok(()));
    // Two hours a day suit nine time zones at no moment.
    let mut narrow = called(now);
    narrow.policy.hours = Week { wednesday: vec!["09:00-11:00".parse().unwrap()], ..Week::default() };
    assert_eq!(narrow.decided(), Err(NotPlaced::Hours { until: None }));
}

#[test]
fn a_policy_is_checked_and_its_values_are_read_strictly() {
    assert_eq!(OutboundPolicy::default().check(), Ok(()));
    let never = OutboundPolicy { hours: Week::default(), ..OutboundPolicy::default() };
    assert_eq!(never.check(), Err(InvalidOutboundPolicy::NoHours));
    let long =
        OutboundPolicy { cool_down: MAX_COOL_DOWN + Duration::from_secs(1), ..OutboundPolicy::default() };
    assert_eq!(long.check().map_err(|error| error.code()), Err("cool_down"));
    let read = |json: &str| serde_json::from_str::<OutboundPolicy>(json).map_err(|error| error.to_string());
    assert_eq!(read("{}"), Ok(OutboundPolicy::default()));
    let again = serde_json::to_string(&OutboundPolicy::default()).unwrap();
    assert_eq!(read(&again), Ok(OutboundPolicy::default()));
    for (json, word) in [
        (r#"{"countries": ["at"]}"#, "not a country"),
        (r#"{"share": 101}"#, "0 to 100"),
        (r#"{"hours": {"monday": ["9-17"]}}"#, "span of time"),
    ] {
        assert!(read(json).unwrap_err().contains(word), "{json}");
    }
}

#[test]
fn outbound_calls_leave_the_last_slot_unless_all_are_theirs() {
    let admits = |total, in_use, outbound, percent| {
        SlotCount { total, in_use, outbound }.admits_outbound(Portion::percent(percent).unwrap())
    };
    assert!(admits(4, 1, 1, 50) && !admits(4, 2, 2, 50), "half of the slots");
    assert!(!admits(4, 3, 0, 50), "the last one is kept free");
    assert!(admits(1, 0, 0, 100) && !admits(1, 0, 0, 99), "of one slot there is no half");
    assert!(!admits(4, 0, 0, 0) && !admits(0, 0, 0, 100));
    assert!(!admits(4, 9, 9, 100), "after the pool was made smaller");
    assert_eq!(Portion::percent(101), Err(InvalidPortion));
}

fn a_moment() -> impl Strategy<Value = Timestamp> {
    (1_767_225_600_i64..1_830_297_600).prop_map(Timestamp::from_secs)
}

proptest! {
    /// A call that is allowed is within the hours wherever in its country the person is, by the clock alone.
    #[test]
    fn no_possible_zone_is_called_outside_the_hours(
        now in a_moment(),
        to in prop::sample::select(vec!["+13035550123", "+61491570156", "+5511912345678", "+436641234567", "+34666777888"]),
    ) {
        let to = number(to);
        let from = number(if to.as_e164().starts_with("+1") { USA } else { VIENNA });
        let mut case = Case { now, from, to, ..case() };
        case.policy.countries = countries(&case.to).into_iter().collect();
        match case.decided() {
            Ok(()) => {
                for zone in zones_of(countries(&case.to)[0]) {
                    let local = zone.local(now);
                    prop_assert!((9..20).contains(&local.hour()), "{zone} {local}");
                    prop_assert!(local.weekday() != jiff::civil::Weekday::Sunday, "{zone} {local}");
                }
            }
            Err(NotPlaced::Hours { until }) => {
                let until = until.unwrap();
                prop_assert!(until > now);
                prop_assert_eq!(Case { now: until, ..case }.decided(), Ok(()));
            }
            Err(other) => prop_assert!(false, "{}", other.code()),
        }
    }

    /// The first moment that is allowed is the first: none before it is.
    #[test]
    fn nothing_is_allowed_before_the_moment_that_is_told(now in a_moment(), part in 0.0..1.0_f64) {
        let case = |now| Case { now, from: number(USA), to: number("+13035550123"), ..case() };
        if let Err(NotPlaced::Hours { until: Some(until) }) = case(now).decided() {
            let between = Timestamp(now.0 + ((until.0 - now.0 - 1) as f64 * part) as i64);
            prop_assert_eq!(case(between).decided(), Err(NotPlaced::Hours { until: Some(until) }));
        }
    }

    /// Whatever comes and goes, a call that comes in finds the slots that outbound calls may not hold, and an outbound
    /// call never takes the last one.
    #[test]
    fn inbound_is_never_starved(
        total in 1_u32..20,
        percent in 0_u8..100,
        steps in prop::collection::vec((any::<bool>(), any::<bool>()), 0..100),
    ) {
        let share = Portion::percent(percent).unwrap();
        let mut slots = SlotCount { total, in_use: 0, outbound: 0 };
        for (outbound, begins) in steps {
            match (outbound, begins) {
                (true, true) if slots.admits_outbound(share) => {
                    slots.outbound += 1;
                    slots.in_use += 1;
                    prop_assert!(slots.in_use < slots.total, "a call may come in at once");
                }
                (false, true) if slots.in_use < slots.total => slots.in_use += 1,
                (true, false) if slots.outbound > 0 => {
                    slots.outbound -= 1;
                    slots.in_use -= 1;
                }
                (false, false) if slots.in_use > slots.outbound => slots.in_use -= 1,
                _ => {}
            }
            prop_assert!(slots.outbound <= share.of(total));
        }
    }

    /// Money that is counted with the most that a call may cost is never overspent.
    #[test]
    fn a_days_cap_is_never_passed(
        cap in 0_u64..10_000,
        calls in prop::collection::vec((0_u64..2_000, 0.0..=1.0_f64), 0..40),
    ) {
        let mut case = case();
        case.policy.per_day.micros = Some(cap);
        let mut spent = 0;
        for (most, part) in calls {
            let mut facts = case.facts();
            facts.today.micros = spent;
            facts.this_call.micros = Some(most);
            if decide(&case.policy, &facts).is_ok() {
                spent += (most as f64 * part) as u64;
            }
            prop_assert!(spent <= cap);
        }
    }

    #[test]
    fn the_same_facts_lead_to_the_same_decision(now in a_moment(), do_not_call in any::<bool>()) {
        let case = Case { now, ..case() };
        let mut facts = case.facts();
        facts.do_not_call = do_not_call;
        let all: Vec<_> = reasons_against(&case.policy, &facts).collect();
        prop_assert_eq!(decide(&case.policy, &facts).err(), all.first().copied());
        prop_assert_eq!(reasons_against(&case.policy, &facts).collect::<Vec<_>>(), all);
    }
}
