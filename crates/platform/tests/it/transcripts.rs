use domain::transcript::{Line, Source};
use domain::{Speaker, Transcript};
use platform::StoreError;
use platform::stores::transcripts::{Reader, Writer};

use crate::world::{NOW, TABLE, World, all_at_once, call_sid};

fn transcript(source: Source, text: &str) -> Transcript {
    let lines = vec![Line { speaker: Some(Speaker::Caller), text: text.into() }];
    Transcript { call: call_sid(1), source, lines, model: None, at: NOW }
}

/// Fault 39.
#[tokio::test]
async fn each_source_has_one_version_the_first_and_it_may_be_of_any_length() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE), Reader::new(&world.aws, TABLE));
    let long = transcript(Source::Recording, &"long ".repeat(100_000));
    assert_eq!(writer.put_version(&transcript(Source::Realtime, "first")).await, Ok(true));
    assert_eq!(writer.put_version(&long).await, Ok(true));
    let second = transcript(Source::Realtime, &"second ".repeat(20_000));
    assert_eq!(writer.put_version(&second).await, Ok(false));

    let realtime = reader.version(&call_sid(1), Source::Realtime).await.unwrap();
    assert!(realtime == Some(transcript(Source::Realtime, "first")));
    assert!(reader.version(&call_sid(1), Source::Recording).await.unwrap() == Some(long));
    assert!(reader.version(&call_sid(2), Source::Realtime).await.unwrap().is_none());
}

/// Fault 46.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_final_pointer_moves_only_from_where_it_was_expected() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE), Reader::new(&world.aws, TABLE));
    writer.put_version(&transcript(Source::Realtime, "words")).await.unwrap();
    assert!(reader.final_transcript(&call_sid(1)).await.unwrap().is_none());

    let set = |source, expect| {
        let writer = writer.clone();
        async move { writer.set_final(&call_sid(1), source, NOW, expect).await }
    };
    let rivals = [Source::Realtime, Source::Failed].map(|source| set(source, None));
    let outcomes = all_at_once(rivals).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");

    let (first, _) = reader.final_transcript(&call_sid(1)).await.unwrap().unwrap();
    assert_eq!(set(first, None).await, Ok(()), "setting it to where it points is harmless");
    let wrong = set(Source::Recording, None).await;
    assert!(matches!(wrong, Err(StoreError::Conditional { .. })), "{wrong:?}");
    assert_eq!(set(Source::Recording, Some(first)).await, Ok(()));
    let (last, words) = reader.final_transcript(&call_sid(1)).await.unwrap().unwrap();
    assert_eq!((last, words.is_some()), (Source::Recording, false), "its version is not written yet");
}

#[tokio::test]
async fn a_refused_recording_says_why() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE), Reader::new(&world.aws, TABLE));
    assert_eq!(reader.recording_refused(&call_sid(1)).await, Ok(None));
    writer.refuse_recording(&call_sid(1), "too long", NOW).await.unwrap();
    writer.refuse_recording(&call_sid(1), "another reason", NOW).await.unwrap();
    assert_eq!(reader.recording_refused(&call_sid(1)).await, Ok(Some("too long".into())));
}
