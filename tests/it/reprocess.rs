//! Correcting a transcript by hand, and having a call processed again.

use std::time::Duration;

use acceptance::ended_calls::{EndedCalls, job};
use acceptance::record::TranscriptLine;
use acceptance::{World, WorldConfig};
use aws_sdk_dynamodb::types::AttributeValue;
use http::Method;
use reqwest::Response;
use serde_json::{Value, json};
use simulator::audio::speech;
use simulator::openai::{OpenAiConfig, Reply, Script, Step, Transcription};
use simulator::twilio::{CallFaults, CallerScript, CallerStep, MediaFault, RecordingFaults};

fn conversation() -> OpenAiConfig {
    let farewell = Reply::say(&speech::AGENT_BYE).and_call("end_call", "{}");
    let script =
        Script::new(Reply::say(&speech::AGENT_GREETING), vec![Step::clip(&speech::CALLER_BYE, farewell)]);
    OpenAiConfig { script, ..OpenAiConfig::default() }
}

fn caller() -> CallerScript {
    CallerScript::new(vec![
        CallerStep::WaitForAgent { quiet_ms: 500, max_ms: 15_000 },
        CallerStep::Say { mulaw: speech::CALLER_BYE.mulaw().to_vec(), label: "bye".into() },
    ])
}

/// A world with one call whose realtime transcript is final.
async fn called() -> (World, String) {
    called_in(WorldConfig { openai: conversation(), ..WorldConfig::default() }).await
}

async fn called_in(config: WorldConfig) -> (World, String) {
    let world = World::with(config).await;
    let outcome = world.call(caller()).await;
    let record = world.complete_record(&outcome.call_sid).await;
    assert_eq!(record.transcript_source, "realtime");
    (world, outcome.call_sid.clone())
}

async fn send(world: &World, method: Method, path: &str, headers: &[(&str, &str)], body: Value) -> Response {
    let mut request = world.http.request(method, world.url(path));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.bearer_auth(world.identity.api_key.expose()).json(&body).send().await.expect("the API answers")
}

async fn ask(world: &World, sid: &str, stages: Value, headers: &[(&str, &str)]) -> (u16, Value) {
    let path = format!("/v1/calls/{sid}/reprocess");
    let response = send(world, Method::POST, &path, headers, json!({ "stages": stages })).await;
    (response.status().as_u16(), response.json().await.unwrap())
}

/// The run once it is not running any more.
async fn outcome_of_run(world: &World, sid: &str, run: u64) -> Value {
    world
        .until(|| async {
            let (_, run) = world.get(&format!("/v1/calls/{sid}/reprocess/{run}")).await;
            (run["state"] != "running").then_some(run)
        })
        .await
}

/// A second transcription once overwrote the first. Here each is a version, and the one that was asked
/// for by a person is final.
async fn a_transcript_that_is_asked_for_again_comes_from_the_recording_and_the_other_is_kept() {
    let (world, sid) = called().await;
    let (status, run) = ask(&world, &sid, json!(["transcript"]), &[]).await;
    assert_eq!((status, &run["run"]), (202, &json!(1)));
    assert_eq!(outcome_of_run(&world, &sid, 1).await["state"], "replaced");
    let now = world.transcript(&sid).await;
    assert_eq!((now.transcript_source.as_str(), now.version), ("recording", Some(2)));
    let line = &now.lines[1];
    assert_eq!((line.speaker.as_str(), line.text.as_str()), ("caller", speech::CALLER_BYE.text));
    let before = world.transcript_version(&sid, 1).await;
    assert_eq!(before.lines[1].text, speech::CALLER_BYE.text);
    assert_eq!(before.versions[0].source, "realtime");
    assert_eq!(before.versions[1].model, "gpt-transcribe");
    assert_eq!(world.get(&format!("/v1/calls/{sid}/transcript?version=3")).await.0, 404);
}

/// Fault 45. What was asked for again and was invented leaves what stands where it is, and says so.
async fn a_run_that_gives_nothing_better_keeps_what_stands() {
    let (world, sid) = called().await;
    for _ in 0..3 {
        world.openai.transcribe_as(Transcription::Text(String::new()));
    }
    ask(&world, &sid, json!(["recording", "transcript"]), &[]).await;
    assert_eq!(outcome_of_run(&world, &sid, 1).await["state"], "kept");
    let now = world.transcript(&sid).await;
    assert_eq!((now.transcript_source.as_str(), now.version), ("realtime", Some(1)));
}

/// Fault 46. Two requests at once are one run; another one meanwhile is refused; a key stands for its run for good.
async fn a_request_while_one_is_running_is_the_same_or_a_conflict() {
    let (world, sid) = called().await;
    let key = [("Idempotency-Key", "first")];
    let (first, second) = tokio::join!(
        ask(&world, &sid, json!(["transcript"]), &key),
        ask(&world, &sid, json!(["transcript"]), &key)
    );
    assert_eq!((first.0, second.0), (202, 202));
    assert_eq!(first.1["run"], second.1["run"]);
    outcome_of_run(&world, &sid, 1).await;
    let (status, again) = ask(&world, &sid, json!(["transcript"]), &key).await;
    assert_eq!((status, &again["run"], &again["state"]), (202, &json!(1), &json!("replaced")));
    let (_, next) = ask(&world, &sid, json!(["transcript"]), &[]).await;
    assert_eq!(next["run"], 2, "without a key it is another request");
    outcome_of_run(&world, &sid, 2).await;
    let now = world.transcript(&sid).await;
    assert_eq!(now.versions.len(), 3, "one for each run");
}

/// Fault 46. The call's own run is still listening when a person has the last word: its version is kept, the
/// pointer is not its to move.
async fn a_slow_run_cannot_undo_what_was_authorised_after_it() {
    let (world, sid) = called().await;
    let slow = Transcription::After(Duration::from_secs(3), speech::AGENT_GREETING.text.into());
    world.openai.transcribe_as(slow);
    ask(&world, &sid, json!(["transcript"]), &[]).await;
    let lease = AttributeValue::S(format!("once#transcribe#{sid}#1"));
    let leases = world.system.name("LeasesTable").unwrap();
    let listening = || async {
        let found = world.system.aws.dynamodb.get_item().table_name(leases).key("pk", lease.clone());
        found.send().await.unwrap().item
    };
    world.until(listening).await;
    let (status, conflict) = ask(&world, &sid, json!(["recording", "transcript"]), &[]).await;
    assert_eq!(status, 409, "{conflict}");

    let path = format!("/v1/calls/{sid}/transcript");
    let edit = json!({ "lines": [{ "speaker": "caller", "text": "Goodbye." }] });
    assert_eq!(send(&world, Method::PUT, &path, &[], edit.clone()).await.status(), 428);
    assert_eq!(send(&world, Method::PUT, &path, &[("If-Match", "\"v9\"")], edit.clone()).await.status(), 412);
    let edited = send(&world, Method::PUT, &path, &[("If-Match", "\"v1\"")], edit.clone()).await;
    assert_eq!((edited.status().as_u16(), edited.headers()["etag"].to_str().unwrap()), (200, "\"v2\""));
    let stale = send(&world, Method::PUT, &path, &[("If-Match", "\"v1\"")], edit).await;
    assert_eq!(stale.status(), 412, "an editor who has not seen the edit");

    assert_eq!(outcome_of_run(&world, &sid, 1).await["state"], "superseded");
    let versions = || async {
        let now = world.transcript(&sid).await;
        (now.versions.len() == 3).then_some(now)
    };
    let now = world.until(versions).await;
    assert_eq!(now.transcript_source, "edited");
    assert_eq!(
        now.lines,
        [TranscriptLine { speaker: "caller".into(), text: "Goodbye.".into(), start_ms: None, end_ms: None }]
    );
    let last = now.versions.last().unwrap();
    assert_eq!((last.source.as_str(), last.r#final), ("recording", false), "kept, not final");
}

/// A correction is summed up as the call's own words were, and told of; the same words again are not.
async fn an_edited_transcript_leads_to_a_new_summary_and_an_update() {
    let (world, sid) = called().await;
    let path = format!("/v1/calls/{sid}/transcript");
    let edit = json!({ "lines": [{ "speaker": "caller", "text": "I want a refund for the red bicycle." }] });
    let edited = send(&world, Method::PUT, &path, &[("If-Match", "\"v1\"")], edit.clone()).await;
    assert_eq!(edited.status(), 200);
    let record = world.record_when(&sid, |record| record.run() == 2).await;
    assert_eq!(record.insights().transcript_source, "edited");
    let summary = record.summary.as_ref().unwrap();
    assert!(summary.topic.contains("refund"), "{summary:?}");
    let calls = EndedCalls::of(&world).await;
    let events = calls.events().await;
    let told: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(told, ["call.completed", "call.updated"]);
    assert_eq!(events[1]["data"]["summary"]["topic"], summary.topic.as_str());
    assert_eq!(events[1]["data"]["transcript_source"], "edited");

    let same = send(&world, Method::PUT, &path, &[("If-Match", "\"v2\"")], edit).await;
    assert_eq!(same.status(), 200);
    assert!(calls.insights(&[]).await.does(&job(&sid), 1).await);
    assert_eq!((calls.asked().len(), calls.events().await.len()), (2, 2), "nothing new was said");
}

/// A recording that failed for good is fetched again on request, and its transcript follows.
async fn a_failed_recording_is_fetched_again_on_request() {
    let world = World::with(WorldConfig { openai: conversation(), ..WorldConfig::default() }).await;
    let faults = RecordingFaults { media: vec![MediaFault::Xml; 2], ..Default::default() };
    let outcome = world.call_with(caller(), CallFaults { recording: faults, ..Default::default() }).await;
    let sid = &outcome.call_sid;
    world.record_when(sid, |record| record.recording_state() == "announced").await;
    let recording = world.twilio.recordings(sid)[0].sid.clone();
    let writer =
        stores::recordings::Writer::new(&world.system.aws, world.system.name("RecordingsTable").unwrap());
    writer.failed(&domain::RecordingSid::parse(&recording).unwrap(), "XML").await.unwrap();
    let (status, _) = ask(&world, sid, json!(["recording", "transcript"]), &[]).await;
    assert_eq!(status, 202);
    // Two copies fail first, and the job cools down after each.
    let archived = async || {
        world.time_passes(Duration::from_secs(1));
        (world.record(sid).await.recording_state() == "archived").then_some(())
    };
    world.until(archived).await;
    assert_eq!(outcome_of_run(&world, sid, 1).await["state"], "replaced");
}

/// Models are retired within months: the next one of the settings serves, and the first turn finds out for all.
async fn a_retired_model_is_replaced_by_the_next_one() {
    // Whichever worker takes the run up knows the same models: the call's own look at its recording may come late.
    let mut config = WorldConfig { openai: conversation(), ..WorldConfig::default() };
    config.parameters.insert("TranscriptionModels".into(), "gpt-gone,gpt-4o-mini-transcribe".into());
    let (world, sid) = called_in(config).await;
    assert_eq!(ask(&world, &sid, json!(["transcript"]), &[]).await.0, 202);
    assert_eq!(outcome_of_run(&world, &sid, 1).await["state"], "replaced");
    let now = world.transcript(&sid).await;
    assert_eq!(
        (now.transcript_source.as_str(), now.versions[1].model.as_str()),
        ("recording", "gpt-4o-mini-transcribe")
    );
    let requests = world.openai.requests();
    let answered = |status| {
        let of = |request: &&simulator::openai::ApiRequest| {
            request.path == "/v1/audio/transcriptions" && request.status == status
        };
        requests.iter().filter(of).count()
    };
    assert_eq!((answered(404), answered(200)), (1, 3), "once for all turns");
}

async fn bad_requests_are_told_what_is_wrong() {
    let (world, sid) = called().await;
    for stages in [json!([]), json!(["everything"]), json!("transcript")] {
        assert_eq!(ask(&world, &sid, stages, &[]).await.0, 422);
    }
    let stranger = acceptance::webhook::call_sid(9);
    assert_eq!(ask(&world, &stranger, json!(["transcript"]), &[]).await.0, 404);
    assert_eq!(world.get(&format!("/v1/calls/{stranger}/transcript")).await.0, 404);
    assert_eq!(world.get(&format!("/v1/calls/{sid}/reprocess/1")).await.0, 404);
    assert_eq!(world.get(&format!("/v1/calls/{sid}/transcript?versions=1")).await.0, 400);
    let path = format!("/v1/calls/{sid}/transcript");
    for edit in
        [json!({}), json!({ "lines": [] }), json!({ "lines": [{ "speaker": "caller", "text": " " }] })]
    {
        assert_eq!(send(&world, Method::PUT, &path, &[("If-Match", "\"v1\"")], edit).await.status(), 422);
    }
    let edit = json!({ "lines": [{ "speaker": "caller", "text": "Hi." }] });
    assert_eq!(send(&world, Method::PUT, &path, &[("If-Match", "*")], edit).await.status(), 400);
}

acceptance::tests![
    a_transcript_that_is_asked_for_again_comes_from_the_recording_and_the_other_is_kept,
    a_run_that_gives_nothing_better_keeps_what_stands,
    a_request_while_one_is_running_is_the_same_or_a_conflict,
    a_slow_run_cannot_undo_what_was_authorised_after_it,
    an_edited_transcript_leads_to_a_new_summary_and_an_update,
    a_failed_recording_is_fetched_again_on_request,
    a_retired_model_is_replaced_by_the_next_one,
    bad_requests_are_told_what_is_wrong,
];
