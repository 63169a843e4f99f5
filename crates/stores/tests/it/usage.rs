//! What businesses used: each cause is in its month's sum once, and each level of a cap is told once.

use std::sync::Arc;

use domain::cost::{CallCost, Part, PartKind};
use domain::event::Type;
use domain::recording::{Archived, Codec, Deletion, DeletionReason, Retention, WavFormat};
use domain::transcript::Run;
use domain::usage::{Caps, Conversation, Entry, Level, Meter, Month, Reading, readings};
use domain::{Call, CallStatus, Recording, RecordingSid, RecordingState, testing};
use stores::events::{self, NewEvent};
use stores::usage::{Reader, Writer};

use crate::world::{NOW, TABLE, World, all_at_once, business_id, call_sid};

fn cost(micros: u64) -> CallCost {
    let part = Part { kind: PartKind::Realtime, model: None, micros: Some(micros), at_most: false };
    CallCost { as_of: "2027-01-01".into(), parts: vec![part] }
}

fn ended(n: u32) -> Call {
    Call { status: CallStatus::Completed, ..testing::call(n, NOW) }
}

fn of_call(n: u32, micros: u64) -> Entry {
    Entry::of_call(&ended(n), &cost(micros), Conversation::default(), &testing::business().zone()).unwrap()
}

fn wav_format() -> WavFormat {
    let codec = Codec::default();
    WavFormat { codec, channels: 2, sample_rate_hz: 8_000, bits_per_sample: 16, duration_ms: 1_000 }
}

fn month() -> Month {
    Month::of(NOW, &testing::business().zone())
}

fn event(reading: &Reading) -> NewEvent {
    NewEvent {
        business: testing::business().id,
        id: format!("{}#{}#{}", reading.meter.as_str(), reading.level.as_str(), reading.cap),
        kind: Type::UsageWarning,
        call: Some(call_sid(1)),
        direction: None,
        body: "{}".into(),
        at: NOW,
    }
}

/// Jobs repeat, and workers meet: the sum is that of each cause's first entry.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rivals_that_add_the_same_calls_add_each_once() {
    let world = World::new().await;
    let (writer, reader) = (Arc::new(Writer::new(&world.aws, TABLE)), Reader::new(&world.aws, TABLE));
    let business = testing::business().id;
    assert_eq!(reader.month(&business, month()).await.unwrap().figures.calls.total(), 0);
    let adds = (0..12).map(|n| {
        let writer = Arc::clone(&writer);
        async move { writer.add(of_call(n % 4, 100)).await.unwrap() }
    });
    let added = all_at_once(adds.collect::<Vec<_>>()).await;
    assert_eq!(added.iter().filter(|added| **added).count(), 4, "{added:?}");
    let day = testing::business().zone().day(NOW);
    let (before, after) = (day.yesterday().unwrap(), day.tomorrow().unwrap());
    let days = reader.days(&business, before, after).await.unwrap();
    assert_eq!(days.len(), 1);
    assert_eq!((days[0].0, days[0].1.missed(), &days[0].1.ends), (day, 4, &[("completed".into(), 4)].into()));
    assert_eq!(reader.days(&business, before, before).await.unwrap(), []);
    assert_eq!(reader.days(&business, day, day).await.unwrap(), days);
    let sum = reader.month(&business, month()).await.unwrap().figures;
    assert_eq!((sum.calls.inbound, sum.model_micros), (4, 400));

    // Work that is done again has a cause of its own, also when it cost nothing.
    for (micros, total) in [(50, 450), (50, 450)] {
        let zone = testing::business().zone();
        writer.add(Entry::of_run(&ended(1), Run(1), &cost(micros), NOW, &zone).unwrap()).await.unwrap();
        assert_eq!(reader.month(&business, month()).await.unwrap().figures.model_micros, total);
    }
    let zone = testing::business().zone();
    assert!(writer.add(Entry::of_run(&ended(1), Run(2), &cost(0), NOW, &zone).unwrap()).await.unwrap());
    let sum = reader.month(&business, month()).await.unwrap().figures;
    assert_eq!((sum.calls.inbound, sum.model_micros), (4, 450));
    assert_eq!(reader.month(&business_id("castle"), month()).await.unwrap(), Default::default());
}

/// Jobs see a recording archived and then deleted, each several times and at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_kept_is_what_was_stored_and_not_deleted() {
    let world = World::new().await;
    let (writer, reader) = (Arc::new(Writer::new(&world.aws, TABLE)), Reader::new(&world.aws, TABLE));
    let business = testing::business().id;
    assert_eq!(reader.kept_bytes(&business).await, Ok(0));
    let archived = |n: u32| Archived {
        key: "k".into(),
        bytes: 1_000 * u64::from(n),
        sha256: String::new(),
        format: wav_format(),
        at: NOW,
        retention: Retention::default(),
    };
    let entries = |n: u32, state| {
        let sid = RecordingSid::parse(&format!("RE{n:032x}")).unwrap();
        let recording = Recording::new(sid, call_sid(n), business.clone(), state, NOW);
        Entry::of_recording(&recording, &testing::business().zone())
    };
    let add = async |of: &dyn Fn(u32) -> RecordingState| {
        let adds = (1..=3).chain(1..=3).flat_map(|n| entries(n, of(n))).map(|entry| {
            let writer = Arc::clone(&writer);
            async move { writer.add(entry).await.unwrap() }
        });
        all_at_once(adds.collect::<Vec<_>>()).await
    };
    add(&|n| RecordingState::Archived(archived(n))).await;
    assert_eq!(reader.kept_bytes(&business).await, Ok(6_000));
    // The last month's are deleted in this one.
    let later = NOW.plus(std::time::Duration::from_secs(60 * 86_400));
    let gone = |n: u32| match n {
        2 => RecordingState::Archived(archived(n)),
        _ => RecordingState::Deleted(Deletion {
            at: later,
            reason: DeletionReason::Requested,
            archived: Some(archived(n)),
        }),
    };
    add(&gone).await;
    assert_eq!(reader.kept_bytes(&business).await, Ok(2_000));
    let figures = async |at| {
        let month = Month::of(at, &testing::business().zone());
        reader.month(&business, month).await.unwrap().figures
    };
    let (first, second) = (figures(NOW).await, figures(later).await);
    assert_eq!((first.stored_bytes, first.deleted_bytes), (6_000, 0));
    assert_eq!((second.stored_bytes, second.deleted_bytes), (0, 4_000));
}

#[tokio::test]
async fn a_level_is_told_once_and_a_changed_cap_is_told_anew() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE), Reader::new(&world.aws, TABLE));
    let outbox = (events::Writer::new(&world.aws, TABLE), events::Reader::new(&world.aws, TABLE));
    let business = testing::business().id;
    let sequencer = events::Sequencer::new(&world.aws, TABLE);
    let told = async || {
        sequencer.number(&business).await.unwrap();
        outbox.1.after(&business, 0, 100).await.unwrap().events.len()
    };
    let tell = async |used: u64, cap: u64| {
        let usage = domain::usage::UsageFigures { model_micros: used, ..Default::default() };
        let reading = readings(&usage, &Caps { minutes: None, micros: Some(cap) })[0];
        let known = reader.month(&business, month()).await.unwrap().was_told(&reading);
        let new = writer.tell(&business, month(), &reading, (&outbox.0, &event(&reading))).await.unwrap();
        assert_eq!(known, !new, "a reader knows what was told");
        new
    };
    assert!(tell(80, 100).await);
    assert!(!tell(90, 100).await);
    assert!(tell(100, 100).await, "the next level");
    assert!(!tell(80, 100).await, "a sum does not fall");
    assert!(tell(100, 120).await, "another cap");
    assert_eq!(told().await, 3);
    let minutes = Reading { meter: Meter::Minutes, used: 1, cap: 1, level: Level::Reached };
    assert!(writer.tell(&business, month(), &minutes, (&outbox.0, &event(&minutes))).await.unwrap());
    assert_eq!(reader.month(&business, month()).await.unwrap().figures, Default::default());
}
