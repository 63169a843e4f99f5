//! The final transcript, whichever way it comes about.

use std::time::Duration;

use acceptance::record::CallRecord;
use acceptance::{World, WorldConfig};
use domain::business::TranscriptPolicy;
use domain::transcript::{Run, Source};
use domain::{CallSid, RecordingSid};
use futures_util::future::join_all;
use simulator::audio::speech;
use simulator::openai::{HttpFault, OpenAiConfig, Reply, Script, Step, Transcription};
use simulator::twilio::{CallerScript, CallerStep};
use stores::transcripts::Reader;

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

/// The transcript says who said what, in order. The recording begins a moment after the call, so the first words of
/// the greeting may not be on it.
fn assert_dialogue(record: &CallRecord) {
    let said =
        [("agent", &speech::AGENT_GREETING), ("caller", &speech::CALLER_BYE), ("agent", &speech::AGENT_BYE)];
    let lines = record.lines();
    assert_eq!(lines.len(), said.len(), "{lines:?}");
    for (n, (line, (who, clip))) in lines.iter().zip(said).enumerate() {
        let text = line.text.as_str();
        assert_eq!(line.speaker, who, "{lines:?}");
        assert!(clip.text == text || (n == 0 && text.len() > 40 && clip.text.ends_with(text)), "{lines:?}");
    }
}

/// Historic failure 33, and the policy `realtime_first`: words that could not be had live come from the recording,
/// turn by turn, each with its speaker and its time.
async fn failed_live_transcription_falls_back_to_the_recording() {
    let openai = answers(Step::clip(&speech::CALLER_BYE, farewell()).transcription_fails());
    let world = World::with(WorldConfig { openai, ..WorldConfig::default() }).await;
    let outcome = world.call(one_question()).await;
    let record = world.complete_record(&outcome.call_sid).await;
    assert_eq!(record.transcript_source, "recording");
    assert_dialogue(&record);
    let starts: Vec<u64> = record.lines().iter().map(|line| line.start_ms.unwrap()).collect();
    assert!(starts.is_sorted() && starts[2] > starts[1] + 1_000, "{starts:?}");
    let caller: Vec<_> = record.turns.iter().filter(|turn| turn.speaker == "caller").collect();
    let failed = caller.iter().find(|turn| turn.state == "failed").expect("it is marked, not lost");
    let spoken_ms = failed.spoken_ms;
    assert!(spoken_ms.abs_diff(speech::CALLER_BYE.duration_ms()) < 200, "{spoken_ms} ms: what was missed");
    assert_eq!(file_transcriptions(&world), 3, "each turn by itself, once");
    let requests = world.openai.requests();
    let asked = requests.iter().find(|r| r.path == "/v1/audio/transcriptions").unwrap();
    assert_eq!(asked.body["prompt"][0], "A telephone call with Harbour Bicycle Workshop.");
    assert_eq!(asked.body["keywords[]"][0], "Harbour Bicycle Workshop");
}

/// Good enough is a matter of seconds: of three turns one was not understood, and it was the shortest.
async fn a_short_turn_without_words_does_not_spoil_a_long_conversation() {
    let reply = || Reply::say(&speech::AGENT_CONFIRM);
    let steps = vec![
        Step::clip(&speech::CALLER_SERVICE, reply()),
        Step::clip(&speech::CALLER_BARGE_IN, reply()).transcription_fails(),
        Step::clip(&speech::CALLER_BYE, farewell()),
    ];
    let script = Script::new(Reply::say(&speech::AGENT_GREETING), steps);
    let openai = OpenAiConfig { script, ..Default::default() };
    let world = World::with(WorldConfig { openai, ..WorldConfig::default() }).await;
    let says = [&speech::CALLER_SERVICE, &speech::CALLER_BARGE_IN, &speech::CALLER_BYE].map(|clip| {
        let wait = CallerStep::WaitForAgent { quiet_ms: 500, max_ms: 15_000 };
        [wait, CallerStep::Say { mulaw: clip.mulaw().to_vec(), label: clip.name.into() }]
    });
    let outcome = world.call(CallerScript::new(says.concat())).await;
    let record = world.complete_record(&outcome.call_sid).await;
    let turns = record.turns.iter();
    let caller: Vec<_> = turns.filter(|turn| turn.speaker == "caller").map(|turn| &turn.state).collect();
    assert_eq!(caller, ["complete", "failed", "complete"]);
    assert_eq!((record.transcript_source.as_str(), file_transcriptions(&world)), ("realtime", 0));
}

/// Words that are transcribed after the call is over still belong to it.
async fn a_transcript_that_comes_after_the_end_is_waited_for() {
    let openai =
        answers(Step::clip(&speech::CALLER_BYE, farewell()).transcribed_after(Duration::from_millis(5_000)));
    let world = World::with(WorldConfig { openai, ..WorldConfig::default() }).await;
    let outcome = world.call(one_question()).await;
    let record = world.complete_record(&outcome.call_sid).await;
    assert_eq!(record.transcript_source, "realtime");
    let lines = record.lines();
    assert_eq!(lines[1].speaker, "caller", "in its place, not at the end: {lines:?}");
    assert!(lines[1].text.contains("that is all"));
}

/// Fault 45. A file transcription without words does not pass for a transcript, nor does one that was invented.
/// Historic failure 24: nothing without words is a transcript that is done.
async fn empty_and_invented_file_transcriptions_end_as_failed() {
    let texts = ["", "Thanks for watching!", "I would I would I would I would I would I would"];
    let calls = texts.map(|text| async move {
        let mut openai = answers(Step::clip(&speech::CALLER_BYE, farewell()).transcription_fails());
        openai.transcriptions = vec![Transcription::Text(text.into()); 3];
        let world = World::with(WorldConfig { openai, ..WorldConfig::default() }).await;
        let outcome = world.call(one_question()).await;
        let record = world.complete_record(&outcome.call_sid).await;
        assert_eq!(record.transcript_source, "failed", "{text}");
        assert_eq!(record.transcript, None);
        assert_eq!(file_transcriptions(&world), 3, "the recording was listened to, once");
    });
    join_all(calls).await;
}

/// Fault 45. The policy `recording_upgrade` upgrades to nothing worse.
async fn an_invented_file_transcription_does_not_replace_a_good_realtime_one() {
    let mut openai = answers(Step::clip(&speech::CALLER_BYE, farewell()));
    openai.transcriptions = vec![Transcription::Text("Untertitel der Amara.org-Community".into()); 3];
    let world = World::with(WorldConfig { openai, business: upgrades, ..WorldConfig::default() }).await;
    let outcome = world.call(one_question()).await;
    let record = world.complete_record(&outcome.call_sid).await;
    let call = CallSid::parse(&outcome.call_sid).unwrap();
    let reader = reader(&world);
    let refused = || async { reader.recording_refused(&call, Run::FIRST).await.unwrap() };
    let why = world.until(refused).await;
    assert_eq!(why, "the recogniser filled silence with a stock phrase");
    assert_eq!(record.transcript_source, "realtime");
    let (source, version) = reader.final_transcript(&call).await.unwrap().unwrap();
    assert_eq!((source, version.unwrap().number), (Source::Realtime, 1));
}

/// Case C12. What the realtime transcriber invents is not the caller's words: the recording decides.
async fn what_was_invented_live_is_fetched_from_the_recording() {
    let invented = ["ご視聴ありがとうございました。", "नमस्ते, मैं कल आऊँगा", "Thanks for watching!"];
    let calls = invented.map(|text| async move {
        let world = World::with(WorldConfig {
            openai: answers(Step::text(text, farewell())),
            ..WorldConfig::default()
        })
        .await;
        let outcome = world.call(one_question()).await;
        let record = world.complete_record(&outcome.call_sid).await;
        assert_eq!(record.transcript_source, "recording", "{text}");
        assert_dialogue(&record);
    });
    join_all(calls).await;
}

/// Cases C07 and C15. A model that refuses a hint is asked without it, once for all turns, and an odd field beside the
/// words does not lose them.
async fn a_refused_hint_is_left_out_and_an_odd_answer_is_read() {
    let mut openai = answers(Step::clip(&speech::CALLER_BYE, farewell()).transcription_fails());
    openai.refused_transcription_fields = vec!["language".into(), "keywords[]".into()];
    openai.odd_transcriptions = true;
    let world = World::with(WorldConfig { openai, ..WorldConfig::default() }).await;
    let outcome = world.call(one_question()).await;
    let record = world.complete_record(&outcome.call_sid).await;
    assert_eq!(record.transcript_source, "recording");
    assert_dialogue(&record);
    let requests = world.openai.requests();
    let asked: Vec<_> = requests.iter().filter(|r| r.path == "/v1/audio/transcriptions").collect();
    let refused = asked.iter().filter(|request| request.status == 400).count();
    assert_eq!((refused, asked.len()), (2, 5), "each hint was refused once, three turns were heard");
    assert!(asked[4].body["prompt"][0].is_string(), "what is not refused stays");
}

/// Fault 44. A rate limit is waited for; when there is no money left nothing is asked for again.
async fn a_rate_limit_is_waited_for_and_an_empty_account_ends_the_attempt() {
    let spoken = Step::clip(&speech::CALLER_BYE, farewell()).transcription_fails();
    let mut openai = answers(spoken.clone());
    let limited = HttpFault::rate_limited(Duration::from_secs(1));
    openai.transcriptions =
        vec![Transcription::Fault(limited), Transcription::Fault(HttpFault::server_error())];
    let world = World::with(WorldConfig { openai, ..WorldConfig::default() }).await;
    let outcome = world.call(one_question()).await;
    let record = world.complete_record(&outcome.call_sid).await;
    assert_eq!(record.transcript_source, "recording");
    assert_dialogue(&record);

    let mut openai = answers(spoken);
    openai.transcriptions = vec![Transcription::Fault(HttpFault::insufficient_quota())];
    let world = World::with(WorldConfig { openai, ..WorldConfig::default() }).await;
    let outcome = world.call(one_question()).await;
    let record = world.complete_record(&outcome.call_sid).await;
    assert_eq!(record.transcript_source, "failed");
    let asked = world.openai.requests().iter().filter(|r| r.path == "/v1/audio/transcriptions").count();
    assert_eq!(asked, 1);
}

fn upgrades(new: &mut functions::businesses::provision::NewBusiness) {
    new.settings.policies.transcript = TranscriptPolicy::RecordingUpgrade;
}

fn reader(world: &World) -> Reader {
    Reader::new(&world.system.aws, world.system.name("TranscriptsTable").unwrap())
}

/// Fault 47. Both transcripts exist: the policy `recording_upgrade` moves the pointer to the recording's and keeps
/// the other.
async fn an_upgrade_moves_the_pointer_and_keeps_the_realtime_version() {
    let openai = answers(Step::clip(&speech::CALLER_BYE, farewell()));
    let world = World::with(WorldConfig { openai, business: upgrades, ..WorldConfig::default() }).await;
    let outcome = world.call(one_question()).await;
    let upgraded = |record: &CallRecord| record.transcript_source == "recording";
    let record = world.record_when(&outcome.call_sid, upgraded).await;
    assert_dialogue(&record);
    let call = CallSid::parse(&outcome.call_sid).unwrap();
    let versions = reader(&world).versions(&call).await.unwrap();
    assert_eq!(versions.len(), 2);
    let of = |source| versions.iter().find(|version| version.source == source).expect("it is kept");
    assert!(of(Source::Realtime).lines.iter().all(|line| line.speaker.is_some()), "with its speakers");
    let recording = of(Source::Recording);
    assert_eq!(recording.recording.as_ref().map(RecordingSid::as_str), Some(record.recording().sid.as_str()));
    assert_eq!(recording.model.as_deref(), Some("gpt-transcribe"));
    assert_eq!(file_transcriptions(&world), 3);
}

acceptance::tests![
    failed_live_transcription_falls_back_to_the_recording,
    a_short_turn_without_words_does_not_spoil_a_long_conversation,
    a_transcript_that_comes_after_the_end_is_waited_for,
    empty_and_invented_file_transcriptions_end_as_failed,
    an_invented_file_transcription_does_not_replace_a_good_realtime_one,
    what_was_invented_live_is_fetched_from_the_recording,
    a_refused_hint_is_left_out_and_an_odd_answer_is_read,
    a_rate_limit_is_waited_for_and_an_empty_account_ends_the_attempt,
    an_upgrade_moves_the_pointer_and_keeps_the_realtime_version,
];
