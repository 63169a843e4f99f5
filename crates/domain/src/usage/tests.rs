use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::CallStatus;
use crate::call::Refusal;
use crate::cost::Part;
use crate::recording::{Codec, Deletion, DeletionReason, Retention, WavFormat};
use crate::testing;

const NOW: Timestamp = Timestamp::from_secs(1_795_000_000);

fn utc() -> Zone {
    Zone::parse("UTC").unwrap()
}

fn ended(n: u32, direction: Direction, duration_s: u64) -> Call {
    Call {
        status: CallStatus::Completed,
        direction,
        answered_at: Some(NOW),
        ended_at: Some(NOW.plus(Duration::from_secs(duration_s))),
        duration: Some(Duration::from_secs(duration_s)),
        ..testing::call(n, NOW)
    }
}

fn cost(parts: &[(PartKind, Option<u64>)]) -> CallCost {
    let part = |(kind, micros): &(PartKind, Option<u64>)| Part {
        kind: *kind,
        model: None,
        micros: *micros,
        at_most: false,
    };
    CallCost { as_of: "2026-11-01".into(), parts: parts.iter().map(part).collect() }
}

fn ledger() -> Ledger {
    Ledger::new(testing::business().id, Month::of(NOW, &utc()))
}

fn recording_sid(n: u32) -> RecordingSid {
    RecordingSid::parse(&format!("RE{n:032x}")).unwrap()
}

fn recording(n: u32, state: RecordingState) -> Recording {
    Recording::new(recording_sid(n), testing::call_sid(n), testing::business().id, state, NOW)
}

fn archived(bytes: u64) -> Archived {
    Archived {
        key: "k".into(),
        bytes,
        sha256: String::new(),
        format: WavFormat {
            codec: Codec::default(),
            channels: 2,
            sample_rate_hz: 8_000,
            bits_per_sample: 16,
            duration_ms: 1_000,
        },
        at: NOW,
        retention: Retention::default(),
    }
}

fn deleted(bytes: Option<u64>) -> RecordingState {
    let (at, reason) = (NOW, DeletionReason::Requested);
    RecordingState::Deleted(Deletion { at, reason, archived: bytes.map(archived) })
}

#[test]
fn a_test_call_counts_for_the_month_and_in_no_day() {
    let entry = |direction| {
        Entry::of_call(&ended(1, direction, 61), &cost(&[]), Conversation::default(), &utc()).unwrap()
    };
    let test = entry(Direction::Test);
    assert_eq!(test.figures().calls, ByDirection { test: 1, ..ByDirection::default() });
    assert_eq!((test.figures().minutes(), test.day()), (2, None));
    assert!(entry(Direction::Inbound).day().is_some());
}

#[test]
fn a_call_is_counted_by_direction_with_what_it_cost() {
    let mut ledger = ledger();
    let priced = cost(&[
        (PartKind::Telephony, Some(8_500)),
        (PartKind::MediaStream, Some(4_000)),
        (PartKind::Realtime, Some(120_000)),
        (PartKind::Insights, Some(300)),
    ]);
    let partly = cost(&[(PartKind::Recording, Some(25)), (PartKind::FileTranscription, None)]);
    let calls = [(1, Direction::Inbound, 61, &priced), (2, Direction::Outbound, 30, &partly)];
    for (n, direction, seconds, cost) in calls {
        let entry =
            Entry::of_call(&ended(n, direction, seconds), cost, Conversation::default(), &utc()).unwrap();
        assert_eq!(ledger.add(entry), Ok(()));
    }
    let refused = Call {
        refusal: Some(Refusal::AtCapacity),
        answered_at: None,
        duration: None,
        ..ended(3, Direction::Inbound, 5)
    };
    ledger.add(Entry::of_call(&refused, &cost(&[]), Conversation::default(), &utc()).unwrap()).unwrap();
    let expected = UsageFigures {
        calls: ByDirection { inbound: 1, outbound: 1, ..ByDirection::default() },
        refused: 1,
        talk_ms: ByDirection { inbound: 61_000, outbound: 30_000, ..ByDirection::default() },
        model_micros: 120_300,
        carrier_micros: 12_525,
        unpriced: 1,
        stored_bytes: 0,
        deleted_bytes: 0,
    };
    assert_eq!(*ledger.sum(), expected);
    assert_eq!((expected.minutes(), expected.micros()), (2, 132_825));
}

#[test]
fn a_cause_is_counted_once_and_only_where_it_belongs() {
    let call = ended(1, Direction::Inbound, 60);
    let entry = |cost: &CallCost| Entry::of_call(&call, cost, Conversation::default(), &utc()).unwrap();
    let mut ledger = ledger();
    assert_eq!(ledger.add(entry(&cost(&[]))), Ok(()));
    let before = ledger.clone();
    // Not even with other figures.
    assert_eq!(ledger.add(entry(&cost(&[(PartKind::Realtime, Some(5))]))), Err(NotAdded::Counted));
    let other_business =
        Call { business: BusinessId::parse("castle").unwrap(), ..ended(2, Direction::Inbound, 1) };
    let other_month =
        Call { opened_at: Timestamp::from_secs(1_700_000_000), ..ended(3, Direction::Inbound, 1) };
    for call in [other_business, other_month] {
        let entry = Entry::of_call(&call, &cost(&[]), Conversation::default(), &utc()).unwrap();
        assert_eq!(ledger.add(entry), Err(NotAdded::Elsewhere));
    }
    assert_eq!(ledger, before);
    let running = Call { status: CallStatus::InProgress, ..call };
    assert_eq!(Entry::of_call(&running, &cost(&[]), Conversation::default(), &utc()), Err(NotOver));
}

#[test]
fn later_work_and_recordings_have_causes_of_their_own() {
    let call = ended(1, Direction::Inbound, 60);
    let again = cost(&[(PartKind::FileTranscription, Some(6_000))]);
    assert_eq!(Entry::of_run(&call, Run::FIRST, &again, NOW, &utc()), None);
    let entries = || {
        [
            Entry::of_call(&call, &again, Conversation::default(), &utc()).unwrap(),
            Entry::of_run(&call, Run(1), &again, NOW, &utc()).unwrap(),
            Entry::of_run(&call, Run(2), &again, NOW, &utc()).unwrap(),
        ]
        .into_iter()
        .chain(Entry::of_recording(&recording(1, deleted(Some(1_000))), &utc()))
        .collect::<Vec<_>>()
    };
    let texts: Vec<_> = entries().iter().map(|entry| entry.cause().to_string()).collect();
    let call_sid = testing::call_sid(1);
    let expected = [
        format!("call#{call_sid}"),
        format!("run#{call_sid}#1"),
        format!("run#{call_sid}#2"),
        format!("stored#{}", recording_sid(1)),
        format!("deleted#{}", recording_sid(1)),
    ];
    assert_eq!(texts, expected);
    let mut ledger = ledger();
    assert!(entries().into_iter().all(|entry| ledger.add(entry).is_ok()));
    assert!(entries().into_iter().all(|entry| ledger.add(entry) == Err(NotAdded::Counted)));
    let sum = ledger.sum();
    assert_eq!(
        (sum.model_micros, sum.stored_bytes, sum.deleted_bytes, sum.calls.total()),
        (18_000, 1_000, 1_000, 1)
    );
}

#[test]
fn a_call_of_unknown_length_is_counted_by_our_own_times() {
    let lasted = |call: Call| {
        Entry::of_call(&call, &cost(&[]), Conversation::default(), &utc()).unwrap().figures().talk_ms.total()
    };
    assert_eq!(lasted(Call { duration: None, ..ended(1, Direction::Inbound, 90) }), 90_000);
    assert_eq!(lasted(Call { duration: None, answered_at: None, ..ended(1, Direction::Inbound, 90) }), 0);
}

#[test]
fn a_ledger_reads_back_and_caps_are_whole_numbers() {
    let mut ledger = ledger();
    ledger
        .add(
            Entry::of_call(&ended(1, Direction::Inbound, 60), &cost(&[]), Conversation::default(), &utc())
                .unwrap(),
        )
        .unwrap();
    let json = serde_json::to_string(&ledger).unwrap();
    assert_eq!(serde_json::from_str::<Ledger>(&json).unwrap(), ledger);
    for bad in [r#"{"micros": -1}"#, r#"{"minutes": 1.5}"#] {
        assert!(serde_json::from_str::<Caps>(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_cap_warns_at_eighty_per_cent_and_refuses_when_it_is_reached() {
    let level = |used: u64, cap: u64| {
        let usage = UsageFigures { model_micros: used, ..UsageFigures::default() };
        standing(&usage, &Caps { minutes: None, micros: Some(cap) }).unwrap().level
    };
    for (used, cap, expected) in [
        (0, 10, Level::Within),
        (7, 10, Level::Within),
        (8, 10, Level::Warning),
        (9, 10, Level::Warning),
        (10, 10, Level::Reached),
        (11, 10, Level::Reached),
        (0, 0, Level::Reached),
        (0, 1, Level::Within),
        (u64::MAX - 1, u64::MAX, Level::Warning),
    ] {
        assert_eq!(level(used, cap), expected, "{used} of {cap}");
    }
    assert_eq!(standing(&UsageFigures::default(), &Caps::default()), None);
    // A minute that has begun counts.
    let usage = UsageFigures {
        talk_ms: ByDirection { inbound: 60_001, ..ByDirection::default() },
        ..UsageFigures::default()
    };
    let both = Caps { minutes: Some(2), micros: Some(0) };
    let found: Vec<_> = readings(&usage, &both).iter().map(|one| (one.meter, one.used, one.level)).collect();
    assert_eq!(found, [(Meter::Minutes, 2, Level::Reached), (Meter::Money, 0, Level::Reached)]);
    assert_eq!(standing(&usage, &both).unwrap().meter, Meter::Minutes);
    let second = Caps { minutes: Some(3), micros: Some(0) };
    assert_eq!(standing(&usage, &second).unwrap().meter, Meter::Money);
}

fn an_end() -> impl Strategy<Value = (u32, u8, u64, u64)> {
    (0_u32..12, 0_u8..3, 0_u64..4_000, 0_u64..1_000_000)
}

fn entry((n, direction, seconds, micros): (u32, u8, u64, u64)) -> Entry {
    let direction = [Direction::Inbound, Direction::Outbound, Direction::Unknown][usize::from(direction)];
    let cost = cost(&[(PartKind::Realtime, Some(micros)), (PartKind::Telephony, Some(micros / 3))]);
    Entry::of_call(&ended(n, direction, seconds), &cost, Conversation::default(), &utc()).unwrap()
}

proptest! {
    /// Deliveries repeat and come in any order: the sum is that of each call's first entry.
    #[test]
    fn a_sum_counts_each_call_once(ends in prop::collection::vec(an_end(), 0..40)) {
        let mut ledger = ledger();
        let mut seen = BTreeSet::new();
        let mut sum = UsageFigures::default();
        for end in ends {
            let new = seen.insert(end.0);
            if new {
                sum = sum.plus(*entry(end).figures());
            }
            prop_assert_eq!(ledger.add(entry(end)).is_ok(), new);
        }
        prop_assert_eq!(*ledger.sum(), sum);
        prop_assert_eq!(ledger.sum().calls.total(), seen.len() as u64);
    }

    /// Jobs see a recording before and after it is deleted, any number of times: its bytes come once and go once.
    #[test]
    fn what_is_kept_is_what_was_stored_and_not_deleted(
        sights in prop::collection::vec((0_u32..8, any::<bool>()), 0..60),
        bytes in prop::collection::vec(0_u64..10_000, 8),
        never_stored in prop::collection::vec(any::<bool>(), 8),
    ) {
        let mut ledger = ledger();
        let (mut stored, mut gone) = (BTreeSet::new(), BTreeSet::new());
        for (n, is_deleted) in sights {
            let size = bytes[n as usize];
            // Once it is deleted it stays so.
            let state = if gone.contains(&n) || is_deleted {
                gone.insert(n);
                deleted((!never_stored[n as usize]).then_some(size))
            } else if never_stored[n as usize] {
                RecordingState::Announced
            } else {
                RecordingState::Archived(archived(size))
            };
            if !never_stored[n as usize] {
                stored.insert(n);
            }
            for entry in Entry::of_recording(&recording(n, state), &utc()) {
                let _ = ledger.add(entry);
            }
            let sum = |set: &BTreeSet<u32>| set.iter().map(|n| bytes[*n as usize]).sum::<u64>();
            let kept: BTreeSet<u32> = stored.difference(&gone).copied().collect();
            prop_assert_eq!(ledger.sum().kept_bytes(), sum(&kept));
            prop_assert_eq!(ledger.sum().stored_bytes, sum(&stored));
        }
    }

    #[test]
    fn the_order_of_entries_changes_nothing(ends in prop::collection::btree_map(0_u32..30, an_end(), 0..20), turn in 0_usize..20) {
        let ends: Vec<_> = ends.into_iter().map(|(n, (_, direction, seconds, micros))| (n, direction, seconds, micros)).collect();
        let mut turned = ends.clone();
        if !turned.is_empty() {
            turned.rotate_left(turn % ends.len());
        }
        let sum = |ends: Vec<(u32, u8, u64, u64)>| {
            let mut ledger = ledger();
            ends.into_iter().for_each(|end| ledger.add(entry(end)).unwrap());
            ledger
        };
        prop_assert_eq!(sum(ends), sum(turned));
    }

    /// However a sum grows, each level of each cap is told at most once, and the last is the one that holds.
    #[test]
    fn a_business_is_told_of_each_level_once(
        ends in prop::collection::vec(an_end(), 1..30),
        minutes in prop::option::of(0_u64..200),
        micros in prop::option::of(0_u64..5_000_000),
    ) {
        let caps = Caps { minutes, micros };
        let (mut sum, mut told) = (UsageFigures::default(), vec![]);
        let mut levels = readings(&sum, &caps);
        for end in ends {
            let after = sum.plus(*entry(end).figures());
            told.extend(risen(&sum, &after, &caps));
            sum = after;
        }
        for reading in &told {
            let place = levels.iter_mut().find(|one| one.meter == reading.meter).unwrap();
            prop_assert!(reading.level > place.level);
            *place = *reading;
        }
        let held: Vec<_> = readings(&sum, &caps).iter().map(|one| (one.meter, one.level)).collect();
        let last: Vec<_> = levels.iter().map(|one| (one.meter, one.level)).collect();
        prop_assert_eq!(held, last);
    }
}
