use std::time::Duration;

use domain::recording::{
    ARCHIVE_WITHIN, Archived, CALLBACK_WITHIN, CallRecordings, DeletionReason, Due, ERASE_WITHIN,
    NotRecorded, Peaks, RecordingSource, Retention, Search, WavFormat, Waveform,
};
use domain::{Recording, RecordingState};
use stores::StoreError;
use stores::recordings::{Announced, Deleted, Reader, Swept, Writer};

use crate::world::{NOW, TABLE, World, all_at_once, business_id, call_sid, recording_sid};

fn recording(n: u32) -> Recording {
    Recording {
        announced_duration: Some(Duration::from_secs(61)),
        channels: Some(2),
        ..Recording::new(
            recording_sid(n),
            call_sid(1),
            business_id("harbour"),
            RecordingState::Announced,
            NOW,
        )
    }
}

fn archived(key: &str) -> Archived {
    let format = WavFormat {
        codec: Default::default(),
        channels: 2,
        sample_rate_hz: 8_000,
        bits_per_sample: 16,
        duration_ms: 61_000,
    };
    Archived {
        key: key.into(),
        bytes: 1_952_044,
        sha256: "ab".repeat(32),
        format,
        at: NOW,
        retention: Default::default(),
    }
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
    let odd = Recording {
        source: RecordingSource::Trunking,
        error_code: Some(31_924),
        encrypted: true,
        ..recording(8)
    };
    writer.announce(&odd).await.unwrap();

    let reader = Reader::new(&world.aws, TABLE);
    assert_eq!(reader.recording(&recording_sid(8)).await, Ok(Some(odd)));
    assert_eq!(reader.recording(&recording_sid(9)).await, Ok(None));
    let of_call = reader.for_call(&call_sid(1)).await.unwrap();
    assert_eq!(
        Vec::from_iter(of_call.all.iter().map(|found| &found.sid)),
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

    writer.archived(&sid, &archived("a.wav"), None, None).await.unwrap();
    writer.archived(&sid, &archived("a.wav"), None, None).await.unwrap();
    for refused in [
        writer.archived(&sid, &archived("b.wav"), None, None).await,
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

/// What is in progress is expected; its end, told by a callback or found by a question, takes the place.
#[tokio::test]
async fn an_expected_recording_is_announced_over_and_never_the_other_way() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE), Reader::new(&world.aws, TABLE));
    let begun = Recording { state: RecordingState::InProgress, announced_duration: None, ..recording(1) };
    let due = NOW.plus(CALLBACK_WITHIN);
    assert_eq!(writer.announce(&begun).await, Ok(Announced::New));
    assert_eq!(writer.announce(&begun).await, Ok(Announced::Already));
    assert!(reader.owed(Due::Callback, NOW, 10).await.unwrap().is_empty(), "not yet");
    assert_eq!(reader.owed(Due::Callback, due, 10).await.unwrap().len(), 1);

    assert_eq!(writer.announce(&recording(1)).await, Ok(Announced::New));
    assert_eq!(writer.announce(&recording(1)).await, Ok(Announced::Already));
    assert_eq!(writer.announce(&begun).await, Ok(Announced::Already));
    assert_eq!(reader.recording(&recording_sid(1)).await, Ok(Some(recording(1))));
    assert!(reader.owed(Due::Callback, due, 10).await.unwrap().is_empty());
    let overdue = NOW.plus(ARCHIVE_WITHIN);
    assert_eq!(reader.owed(Due::Archive, overdue, 10).await.unwrap().len(), 1);
}

/// One that Twilio never said a word about again is given up, by name.
#[tokio::test]
async fn a_recording_in_progress_may_fail_and_may_not_be_archived() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE), Reader::new(&world.aws, TABLE));
    let sid = recording_sid(1);
    writer.announce(&Recording { state: RecordingState::InProgress, ..recording(1) }).await.unwrap();
    assert!(matches!(
        writer.archived(&sid, &archived("a.wav"), None, None).await,
        Err(StoreError::Conditional { .. })
    ));
    writer.failed(&sid, "silence").await.unwrap();
    let state = reader.recording(&sid).await.unwrap().map(|recording| recording.state);
    assert_eq!(state, Some(RecordingState::Failed { reason: "silence".into() }));
    assert!(reader.owed(Due::Callback, NOW.plus(CALLBACK_WITHIN), 10).await.unwrap().is_empty());
}

/// Case B25. The same bytes twice are what Twilio has.
#[tokio::test]
async fn a_body_is_known_again_by_its_fingerprint() {
    let world = World::new().await;
    let writer = Writer::new(&world.aws, TABLE);
    assert_eq!(writer.refused_body(&recording(1), "a").await, Ok(false), "of nothing known");
    writer.announce(&recording(1)).await.unwrap();
    for (body, same) in [("a", false), ("a", true), ("a", true), ("b", false), ("a", false)] {
        assert_eq!(writer.refused_body(&recording(1), body).await, Ok(same), "{body}");
    }
}

/// Case B06. Of a call of which nothing is heard it is written down that Twilio is to be asked, and what came of it.
#[tokio::test]
async fn a_search_is_owed_until_it_is_over_and_stands_beside_the_recordings() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE), Reader::new(&world.aws, TABLE));
    let call = call_sid(1);
    let known = || async { reader.for_call(&call).await.unwrap() };
    assert_eq!(known().await, CallRecordings::default());
    writer.search_begun(&call, NOW).await.unwrap();
    writer.search_begun(&call, NOW.plus(ARCHIVE_WITHIN)).await.unwrap();
    assert_eq!(known().await, CallRecordings { all: vec![], search: Some(Search::Open) });
    assert!(reader.searches(NOW, 10).await.unwrap().is_empty(), "not yet");
    let overdue = NOW.plus(ARCHIVE_WITHIN);
    let owed = reader.searches(overdue, 10).await.unwrap().remove(0);
    assert_eq!((&owed.to, owed.sweeps), (&call, 0));
    assert_eq!(writer.claim(&owed, overdue).await, Ok(Swept::Claimed));
    assert_eq!(writer.claim(&owed, overdue).await, Ok(Swept::Gone));
    let later = overdue.plus(Due::pause(0));
    assert_eq!(reader.searches(later, 10).await.unwrap()[0].sweeps, 1);
    for due in Due::OF_RECORDINGS {
        assert!(reader.owed(due, later, 10).await.unwrap().is_empty(), "it is no recording");
    }

    for &reason in NotRecorded::ALL {
        writer.search_over(&call, Some(reason)).await.unwrap();
        assert_eq!(known().await.search, Some(Search::Over(reason)));
    }
    writer.search_begun(&call, later).await.unwrap();
    assert!(reader.searches(later, 10).await.unwrap().is_empty(), "what is over is not begun again");
    writer.search_over(&call, None).await.unwrap();
    writer.announce(&recording(1)).await.unwrap();
    assert_eq!(known().await, CallRecordings { all: vec![recording(1)], search: Some(Search::Found) });
}

/// Fault 36. Of many sweeps one pays a debt, and who dies before it is paid leaves it to a later one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_debt_is_claimed_once_and_comes_back() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE), Reader::new(&world.aws, TABLE));
    writer.announce(&recording(1)).await.unwrap();
    let overdue = NOW.plus(ARCHIVE_WITHIN);
    let owed = reader.owed(Due::Archive, overdue, 10).await.unwrap().remove(0);
    let claims = (0..10).map(|_| {
        let (writer, owed) = (writer.clone(), owed.clone());
        async move { writer.claim(&owed, overdue).await.unwrap() }
    });
    let claims = all_at_once(claims).await;
    assert_eq!(claims.iter().filter(|claim| **claim == Swept::Claimed).count(), 1);
    assert!(reader.owed(Due::Archive, overdue, 10).await.unwrap().is_empty());
    let later = overdue.plus(Due::pause(0));
    let again = reader.owed(Due::Archive, later, 10).await.unwrap().remove(0);
    assert_eq!(again.sweeps, 1);

    writer.archived(&recording_sid(1), &archived("a.wav"), None, None).await.unwrap();
    assert_eq!(writer.claim(&again, later).await, Ok(Swept::Gone), "it was paid meanwhile");
    for due in Due::OF_RECORDINGS {
        assert!(reader.owed(due, later, 10).await.unwrap().is_empty(), "kept for ever: nothing is owed");
    }
}

#[tokio::test]
async fn retention_ends_in_a_tombstone_and_a_hold_stands_in_its_way() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE), Reader::new(&world.aws, TABLE));
    let read = || async { reader.recording(&recording_sid(1)).await.unwrap().unwrap() };
    writer.announce(&recording(1)).await.unwrap();
    assert_eq!(writer.hold(&read().await, true).await, Ok(None), "nothing to hold yet");
    let month = Archived { retention: Retention::Days30, ..archived("a.wav") };
    let waveform = Waveform { milliseconds_per_peak: 20, channels: [Peaks(vec![0, 255]), Peaks(vec![1, 2])] };
    for _ in 0..2 {
        writer.archived(&recording_sid(1), &month, Some(&waveform), None).await.unwrap();
        assert_eq!(read().await.waveform.as_ref(), Some(&waveform));
    }
    let over = NOW.plus(Retention::Days30.duration().unwrap());
    assert_eq!(reader.owed(Due::Expire, over, 10).await.unwrap().len(), 1);

    assert_eq!(writer.hold(&read().await, true).await, Ok(Some(month.clone())));
    assert!(reader.owed(Due::Expire, over, 10).await.unwrap().is_empty());
    let stale = Recording { held: false, ..read().await };
    assert_eq!(writer.delete(&stale, DeletionReason::RetentionOver, over).await, Ok(Deleted::Held));

    writer.hold(&read().await, false).await.unwrap();
    assert_eq!(reader.owed(Due::Expire, over, 10).await.unwrap().len(), 1);
    for reason in [DeletionReason::RetentionOver, DeletionReason::Requested] {
        assert_eq!(writer.delete(&read().await, reason, over).await, Ok(Deleted::Done));
    }
    let tombstone = read().await;
    let RecordingState::Deleted(deletion) = &tombstone.state else { panic!("{tombstone:?}") };
    assert_eq!((deletion.at, deletion.reason), (over, DeletionReason::RetentionOver), "the first stands");
    assert_eq!(deletion.archived.as_ref(), Some(&month));
    assert_eq!(tombstone.waveform, None, "who spoke when is gone with the words");
    assert_eq!(reader.owed(Due::Erase, over.plus(ERASE_WITHIN), 10).await.unwrap().len(), 1);
    writer.deleted_at_twilio(&tombstone, over).await.unwrap();
    writer.erased(&tombstone).await.unwrap();
    assert!(reader.owed(Due::Erase, over.plus(ERASE_WITHIN), 10).await.unwrap().is_empty());
    assert_eq!(read().await.deleted_at_twilio, Some(over));
    assert!(matches!(
        writer.archived(&recording_sid(1), &month, None, None).await,
        Err(StoreError::Conditional { .. })
    ));
}
