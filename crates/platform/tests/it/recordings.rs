use std::time::Duration;

use domain::recording::{Archived, RecordingKind, WavFormat};
use domain::{Recording, RecordingState};
use platform::StoreError;
use platform::stores::recordings::{Announced, Reader, Writer};

use crate::world::{NOW, TABLE, World, all_at_once, business_id, call_sid, recording_sid};

fn recording(n: u32) -> Recording {
    Recording {
        sid: recording_sid(n),
        kind: RecordingKind::Call,
        call: call_sid(1),
        business: business_id("harbour"),
        state: RecordingState::Announced,
        announced_at: NOW,
        announced_duration: Some(Duration::from_secs(61)),
        channels: Some(2),
        started_at: None,
    }
}

fn archived(key: &str) -> Archived {
    let format = WavFormat { channels: 2, sample_rate_hz: 8_000, bits_per_sample: 16, duration_ms: 61_000 };
    Archived { key: key.into(), bytes: 1_952_044, sha256: "ab".repeat(32), format, at: NOW }
}

/// Fault 36.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_is_announced_once_and_found_by_itself_and_by_its_call() {
    let world = World::new().await;
    let writer = Writer::new(&world.aws, TABLE);
    let announcements = (0..20).map(|copy| {
        let (writer, mut recording) = (writer.clone(), recording(7));
        recording.announced_at = NOW.plus(Duration::from_millis(copy));
        async move { writer.announce(&recording).await.unwrap() }
    });
    let outcomes = all_at_once(announcements).await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Announced::New).count(), 1);
    writer.announce(&recording(8)).await.unwrap();

    let reader = Reader::new(&world.aws, TABLE);
    assert_eq!(reader.recording(&recording_sid(8)).await, Ok(Some(recording(8))));
    assert_eq!(reader.recording(&recording_sid(9)).await, Ok(None));
    let of_call = reader.for_call(&call_sid(1)).await.unwrap();
    assert_eq!(
        Vec::from_iter(of_call.iter().map(|found| &found.sid)),
        [&recording_sid(7), &recording_sid(8)]
    );
}

#[tokio::test]
async fn a_failed_recording_may_still_be_archived_and_an_archived_one_stays_so() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE), Reader::new(&world.aws, TABLE));
    let sid = recording_sid(1);
    writer.announce(&recording(1)).await.unwrap();
    writer.failed(&sid, "the download was cut").await.unwrap();
    let state = reader.recording(&sid).await.unwrap().map(|recording| recording.state);
    assert_eq!(state, Some(RecordingState::Failed { reason: "the download was cut".into() }));

    writer.archived(&sid, &archived("a.wav")).await.unwrap();
    writer.archived(&sid, &archived("a.wav")).await.unwrap();
    for refused in [
        writer.archived(&sid, &archived("b.wav")).await,
        writer.failed(&sid, "late").await,
        writer.lost(&sid).await,
    ] {
        assert!(matches!(refused, Err(StoreError::Conditional { .. })), "{refused:?}");
    }
    let state = reader.recording(&sid).await.unwrap().map(|recording| recording.state);
    assert_eq!(state, Some(RecordingState::Archived(archived("a.wav"))));
}

/// Fault 37.
#[tokio::test]
async fn a_lost_recording_is_an_end_that_can_be_seen() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE), Reader::new(&world.aws, TABLE));
    let sid = recording_sid(1);
    let unknown = writer.lost(&sid).await;
    assert!(matches!(unknown, Err(StoreError::Conditional { .. })), "{unknown:?}");
    writer.announce(&recording(1)).await.unwrap();
    writer.lost(&sid).await.unwrap();
    writer.lost(&sid).await.unwrap();
    assert_eq!(writer.announce(&recording(1)).await, Ok(Announced::Already));
    let state = reader.recording(&sid).await.unwrap().map(|recording| recording.state);
    assert_eq!(state, Some(RecordingState::Lost));
}
