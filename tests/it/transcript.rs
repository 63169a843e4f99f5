//! The final transcript, whichever way it comes about.

use std::time::Duration;

use acceptance::{World, WorldConfig};
use domain::CallSid;
use domain::business::TranscriptPolicy;
use domain::transcript::Source;
use platform::stores::transcripts::Reader;
use simulator::audio::speech;
use simulator::openai::{OpenAiConfig, Reply, Script, Step, Transcription};
use simulator::twilio::{CallerScript, CallerStep};

fn one_question() -> CallerScript {
    CallerScript::new(vec![
        CallerStep::WaitForAgent { quiet_ms: 500, max_ms: 15_000 },
        CallerStep::Say { mulaw: speech::CALLER_BYE.mulaw().to_vec(), label: "bye".into() },
    ])
}

fn answers(step: Step) -> OpenAiConfig {
    OpenAiConfig {
        script: Script::new(Reply::say(&speech::AGENT_GREETING), vec![step]),
        ..Default::default()
    }
}

fn file_transcriptions(world: &World) -> usize {
    world.openai.requests().iter().filter(|r| r.path == "/v1/audio/transcriptions" && r.status == 200).count()
}

fn farewell() -> Reply {
    Reply::say(&speech::AGENT_BYE).and_call("end_call", "{}")
}

/// Historic failure 33, and the policy `realtime_first`: words that could not be had live come from the recording.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failed_live_transcription_falls_back_to_the_recording() {
    let mut openai = answers(Step::clip(&speech::CALLER_BYE, farewell()).transcription_fails());
    openai.transcriptions = vec![Transcription::Text("Hello. No, that is all. Goodbye.".into())];
    let world = World::with(WorldConfig { openai, ..WorldConfig::default() }).await;
    let outcome = world.call(one_question()).await;
    let record = world.complete_record(&outcome.call_sid).await;
    assert_eq!(record["transcript_source"], "recording");
    assert_eq!(record["transcript"]["lines"][0]["text"], "Hello. No, that is all. Goodbye.");
    let caller: Vec<_> =
        record["turns"].as_array().unwrap().iter().filter(|turn| turn["speaker"] == "caller").collect();
    assert!(caller.iter().any(|turn| turn["state"] == "failed"), "the failed turn is marked, not lost");
    assert_eq!(file_transcriptions(&world), 1);
    world.system.stop().await;
}

/// Words that are transcribed after the call is over still belong to it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transcript_that_comes_after_the_end_is_waited_for() {
    let openai =
        answers(Step::clip(&speech::CALLER_BYE, farewell()).transcribed_after(Duration::from_millis(5_000)));
    let world = World::with(WorldConfig { openai, ..WorldConfig::default() }).await;
    let outcome = world.call(one_question()).await;
    let record = world.complete_record(&outcome.call_sid).await;
    assert_eq!(record["transcript_source"], "realtime");
    let lines = record["transcript"]["lines"].as_array().unwrap();
    assert_eq!(lines[1]["speaker"], "caller", "in its place, not at the end: {lines:?}");
    assert!(lines[1]["text"].as_str().unwrap().contains("that is all"));
    world.system.stop().await;
}

/// Fault 45. A file transcription without words does not pass for a transcript.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_file_transcription_ends_as_failed() {
    let mut openai = answers(Step::clip(&speech::CALLER_BYE, farewell()).transcription_fails());
    openai.transcriptions = vec![Transcription::Text(String::new())];
    let world = World::with(WorldConfig { openai, ..WorldConfig::default() }).await;
    let outcome = world.call(one_question()).await;
    let record = world.complete_record(&outcome.call_sid).await;
    assert_eq!(record["transcript_source"], "failed");
    assert_eq!(record["transcript"], serde_json::Value::Null);
    assert_eq!(file_transcriptions(&world), 1, "the recording was listened to, once");
    world.system.stop().await;
}

/// Fault 47. Both transcripts exist: the policy `recording_upgrade` moves the pointer to the recording's and keeps
/// the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_moves_the_pointer_and_keeps_the_realtime_version() {
    let mut openai = answers(Step::clip(&speech::CALLER_BYE, farewell()));
    openai.transcriptions = vec![Transcription::Text("Hello. No, that is all. Goodbye.".into())];
    let world = World::with(WorldConfig {
        openai,
        business: |new| new.settings.policies.transcript = TranscriptPolicy::RecordingUpgrade,
        ..WorldConfig::default()
    })
    .await;
    let outcome = world.call(one_question()).await;
    let upgraded = |record: &serde_json::Value| record["transcript_source"] == "recording";
    let record = world.record_when(&outcome.call_sid, upgraded).await;
    assert_eq!(record["transcript"]["lines"][0]["text"], "Hello. No, that is all. Goodbye.");
    let call = CallSid::parse(&outcome.call_sid).unwrap();
    let reader = Reader::new(&world.system.aws, world.system.name("TranscriptsTable").unwrap());
    let realtime = reader.version(&call, Source::Realtime).await.unwrap().expect("it is kept");
    assert!(realtime.lines.iter().any(|line| line.speaker.is_some()), "with its speakers");
    assert_eq!(file_transcriptions(&world), 1);
    world.system.stop().await;
}
