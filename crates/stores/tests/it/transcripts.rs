use std::collections::BTreeSet;
use std::time::Duration;

use domain::transcript::run::RUN_WITHIN;
use domain::transcript::{Run, RunOutcome, Source, Stage, TranscriptLine};
use domain::{Speaker, Transcript};
use stores::transcripts::{Authorised, Edited, Pointed, Reader, Writer};

use crate::world::{NOW, TABLE, World, all_at_once, call_sid};

fn lines(text: &str) -> Vec<TranscriptLine> {
    vec![TranscriptLine::new(Some(Speaker::Caller), text)]
}

fn transcript(source: Source, run: u32, text: &str) -> Transcript {
    Transcript { run: Run(run), ..Transcript::new(&call_sid(1), source, lines(text), NOW) }
}

fn stages(stages: &[Stage]) -> BTreeSet<Stage> {
    stages.iter().copied().collect()
}

/// Faults 27 and 39.
#[tokio::test]
async fn each_input_has_one_version_the_first_and_it_may_be_of_any_length() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE), Reader::new(&world.aws, TABLE));
    let long = transcript(Source::Recording, 0, &"long ".repeat(100_000));
    let first = writer.put_version(&transcript(Source::Realtime, 0, "first")).await.unwrap();
    let second = writer.put_version(&long).await.unwrap();
    let copy = writer.put_version(&transcript(Source::Realtime, 0, &"copy ".repeat(20_000))).await.unwrap();
    let anew = writer.put_version(&transcript(Source::Recording, 1, "anew")).await.unwrap();
    assert_eq!((first.number, second.number, anew.number), (1, 2, 3));
    assert!(copy == first, "the first one stands");

    assert!(reader.version(&call_sid(1), 2).await.unwrap() == Some(second));
    assert!(reader.version(&call_sid(1), 4).await.unwrap().is_none());
    assert!(reader.version(&call_sid(2), 1).await.unwrap().is_none());
    let numbers: Vec<u32> = reader.versions(&call_sid(1)).await.unwrap().iter().map(|v| v.number).collect();
    assert_eq!(numbers, [1, 2, 3]);
}

/// Fault 39.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rivals_for_the_next_number_get_one_each() {
    let world = World::new().await;
    let writer = Writer::new(&world.aws, TABLE);
    let rivals = (0..6).map(|run| {
        let writer = writer.clone();
        async move { writer.put_version(&transcript(Source::Recording, run / 2, "words")).await.unwrap() }
    });
    let stored = all_at_once(rivals.collect::<Vec<_>>()).await;
    let numbers: BTreeSet<(u32, u32)> =
        stored.iter().map(|version| (version.run.0, version.number)).collect();
    assert_eq!(numbers.len(), 3, "one version for each input, however often it was put: {numbers:?}");
    assert_eq!(numbers.iter().map(|(_, number)| *number).collect::<BTreeSet<_>>(), [1, 2, 3].into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_final_pointer_moves_only_from_where_it_was_seen() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE), Reader::new(&world.aws, TABLE));
    writer.put_version(&transcript(Source::Realtime, 0, "words")).await.unwrap();
    assert!(reader.final_transcript(&call_sid(1)).await.unwrap().is_none());
    let set = |target, seen| {
        let writer = writer.clone();
        async move { writer.set_final(&call_sid(1), target, Run::FIRST, seen, NOW, None).await.unwrap() }
    };
    let (realtime, failed) = ((Source::Realtime, Some(1)), (Source::Failed, None));
    let outcomes = all_at_once([realtime, failed].map(|target| set(target, None))).await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Pointed::Set).count(), 1, "{outcomes:?}");

    let first = reader.pointer(&call_sid(1)).await.unwrap().unwrap();
    assert_eq!(set((first.source, first.number), None).await, Pointed::Set, "it is there already");
    assert_eq!(set((Source::Recording, Some(2)), None).await, Pointed::Moved);
    assert_eq!(set((Source::Recording, Some(2)), Some(first)).await, Pointed::Set);
    let (last, words) = reader.final_transcript(&call_sid(1)).await.unwrap().unwrap();
    assert_eq!((last, words.is_some()), (Source::Recording, false), "its version is not written yet");
}

/// Fault 46.
#[tokio::test]
async fn a_later_run_takes_the_pointer_from_an_earlier_one_for_good() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE), Reader::new(&world.aws, TABLE));
    let call = call_sid(1);
    let transcript_stage = stages(&[Stage::Transcript]);
    let Authorised::New(first) = writer.authorise(&call, &transcript_stage, None, NOW).await.unwrap() else {
        panic!("nothing else is going on")
    };
    assert_eq!(first.run, Run(1));
    let slow = writer.set_final(&call, (Source::Realtime, Some(1)), Run::FIRST, None, NOW, None).await;
    assert_eq!(slow, Ok(Pointed::Superseded), "the call's own run comes too late");
    let own = writer.set_final(&call, (Source::Recording, Some(2)), Run(1), None, NOW, None).await;
    assert_eq!(own, Ok(Pointed::Set));
    writer.note_outcome(&call, Run(1), RunOutcome::Replaced).await.unwrap();
    writer.note_outcome(&call, Run(1), RunOutcome::Kept).await.unwrap();
    let (current, request) = reader.current_run(&call).await.unwrap();
    assert_eq!((current, request.unwrap().outcome), (Run(1), Some(RunOutcome::Replaced)));

    let seen = reader.pointer(&call).await.unwrap();
    let moves = u64::from(seen.unwrap().moves);
    assert_eq!(writer.edit(&call, lines("mine"), moves + 1, NOW, None).await, Ok(Edited::Stale));
    let edited = writer.edit(&call, lines("mine"), moves, NOW, None).await.unwrap();
    assert!(matches!(edited, Edited::Stored(pointer) if pointer.run == Run(2)), "{edited:?}");
    assert_eq!(writer.edit(&call, lines("rival"), moves, NOW, None).await, Ok(Edited::Stale));
    let undone = writer.set_final(&call, (Source::Recording, Some(2)), Run(1), seen, NOW, None).await;
    assert_eq!(undone, Ok(Pointed::Superseded), "nothing before an edit undoes it");
    let (source, version) = reader.final_transcript(&call).await.unwrap().unwrap();
    assert_eq!((source, version.unwrap().lines[0].text.as_str()), (Source::Edited, "mine"));
    assert_eq!(writer.edit(&call_sid(2), lines("early"), 0, NOW, None).await, Ok(Edited::NotFinal));
}

/// Fault 46.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_request_to_reprocess_at_a_time_and_a_key_stands_for_one() {
    let world = World::new().await;
    let writer = Writer::new(&world.aws, TABLE);
    let call = call_sid(1);
    let transcript_stage = stages(&[Stage::Transcript]);
    let rivals = (0..5).map(|_| {
        let (writer, call, stages) = (writer.clone(), call.clone(), transcript_stage.clone());
        async move { writer.authorise(&call, &stages, Some("key"), NOW).await.unwrap() }
    });
    let outcomes = all_at_once(rivals.collect::<Vec<_>>()).await;
    let new = outcomes.iter().filter(|outcome| matches!(outcome, Authorised::New(_))).count();
    let same = outcomes.iter().filter(|o| matches!(o, Authorised::Same(r) if r.run == Run(1))).count();
    assert_eq!((new, same), (1, 4));

    let all = stages(&[Stage::Recording, Stage::Transcript]);
    let ask = |stages, key, at| writer.authorise(&call, stages, key, at);
    assert!(matches!(ask(&transcript_stage, None, NOW).await, Ok(Authorised::Same(_))), "it is still open");
    assert!(matches!(ask(&all, None, NOW).await, Ok(Authorised::Busy(_))));
    let much_later = NOW.plus(RUN_WITHIN + Duration::from_secs(1));
    assert!(matches!(ask(&all, None, much_later).await, Ok(Authorised::New(r)) if r.run == Run(2)));
    let key_again = ask(&transcript_stage, Some("key"), much_later).await;
    assert!(matches!(key_again, Ok(Authorised::Same(r)) if r.run == Run(1)), "the key is remembered");
}

#[tokio::test]
async fn a_refused_recording_says_why_in_its_run() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE), Reader::new(&world.aws, TABLE));
    assert_eq!(reader.recording_refused(&call_sid(1), Run(0)).await, Ok(None));
    writer.refuse_recording(&call_sid(1), Run(0), "loop", NOW).await.unwrap();
    writer.refuse_recording(&call_sid(1), Run(0), "another reason", NOW).await.unwrap();
    assert_eq!(reader.recording_refused(&call_sid(1), Run(0)).await, Ok(Some("loop".into())));
    assert_eq!(reader.recording_refused(&call_sid(1), Run(1)).await, Ok(None));
}

/// Fault 39. A person's words are a run of their own: what was seen decides, and no earlier run undoes them.
#[tokio::test]
async fn an_edit_is_final_if_the_latest_move_was_seen() {
    let world = World::new().await;
    let (writer, reader) = (Writer::new(&world.aws, TABLE), Reader::new(&world.aws, TABLE));
    let call = call_sid(1);
    assert_eq!(writer.edit(&call, lines("too early"), 0, NOW, None).await, Ok(Edited::NotFinal));
    let version = writer.put_version(&transcript(Source::Realtime, 0, "heard")).await.unwrap();
    let final_at = (Source::Realtime, Some(version.number));
    assert_eq!(writer.set_final(&call, final_at, Run::FIRST, None, NOW, None).await, Ok(Pointed::Set));
    let seen = reader.pointer(&call).await.unwrap().unwrap();
    assert_eq!(seen.moves, 1);

    let Edited::Stored(edited) = writer.edit(&call, lines("corrected"), 1, NOW, None).await.unwrap() else {
        panic!()
    };
    assert_eq!(
        (edited.source, edited.number, edited.run, edited.moves),
        (Source::Edited, Some(2), Run(1), 2)
    );
    assert_eq!(writer.edit(&call, lines("late"), 1, NOW, None).await, Ok(Edited::Stale));
    let (source, words) = reader.final_transcript(&call).await.unwrap().unwrap();
    assert!(source == Source::Edited && words.unwrap().lines == lines("corrected"));
    assert_eq!(reader.current_run(&call).await, Ok((Run(1), None)), "no request stands behind an edit");
    let undone = writer.set_final(&call, final_at, Run::FIRST, Some(edited), NOW, None).await;
    assert_eq!(undone, Ok(Pointed::Superseded));
    let Edited::Stored(again) = writer.edit(&call, lines("again"), 2, NOW, None).await.unwrap() else {
        panic!()
    };
    assert_eq!((again.number, again.run, again.moves), (Some(3), Run(2), 3));
}
