//! A recording reaches the bucket once and whole, or visibly not at all.

use acceptance::{World, WorldConfig, audio};
use local::demo::story;
use simulator::twilio::{CallFaults, CallerScript, CallerStep, MediaFault, RecordingFaults};

fn short_call() -> CallerScript {
    CallerScript::new(vec![CallerStep::BargeIn { after_agent_ms: 1_200 }, CallerStep::HangUp])
}

fn faults(media: Vec<MediaFault>) -> CallFaults {
    CallFaults { recording: RecordingFaults { media, ..Default::default() }, ..Default::default() }
}

/// Fault 30. Historic failure: a 404's XML was stored as the recording.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_that_is_not_ready_yet_is_fetched_when_it_is() {
    let world = World::start().await;
    let outcome = world.call_with(short_call(), faults(vec![MediaFault::NotFound])).await;
    let record = world.complete_record(&outcome.call_sid).await;
    assert_eq!(record["recording"]["channels"], 2);
    audio::stereo(&world.recording(&outcome.call_sid).await);
    world.system.stop().await;
}

/// Faults 31 and 33. What is not the recording is never stored as it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn xml_nothing_a_stump_and_another_format_are_never_stored() {
    let world = World::start().await;
    for fault in [MediaFault::Xml, MediaFault::Empty, MediaFault::Cut(0.6), MediaFault::WrongMagic] {
        let outcome = world.call_with(short_call(), faults(vec![fault])).await;
        let record = world.complete_record(&outcome.call_sid).await;
        let stored = world.recording(&outcome.call_sid).await;
        assert_eq!(record["recording"]["bytes"], stored.len(), "{fault:?}");
        audio::stereo(&stored);
    }
    world.system.stop().await;
}

/// Fault 32. Refused credentials and an expired link are asked for anew, later, and never stored.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_or_expired_download_is_begun_again_from_the_api() {
    let world = World::start().await;
    for fault in [MediaFault::Unauthorized, MediaFault::Expired] {
        let outcome = world.call_with(short_call(), faults(vec![fault])).await;
        world.complete_record(&outcome.call_sid).await;
        audio::stereo(&world.recording(&outcome.call_sid).await);
    }
    world.system.stop().await;
}

/// Fault 36. However often Twilio says it, there is one recording, one download that counts, one object.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_announced_many_times_is_copied_once() {
    let world = World::start().await;
    let repeated = CallFaults {
        recording: RecordingFaults { callback_copies: 9, ..Default::default() },
        ..Default::default()
    };
    let outcome = world.call_with(short_call(), repeated).await;
    world.complete_record(&outcome.call_sid).await;
    let downloads = world
        .twilio
        .requests()
        .iter()
        .filter(|request| request.path.ends_with(".wav") && request.status < 400)
        .count();
    assert_eq!(downloads, 1);
    assert_eq!(world.twilio.recordings(&outcome.call_sid).len(), 1, "and it was started once");
    world.system.stop().await;
}

/// Fault 37.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_deleted_at_twilio_ends_as_lost() {
    let world = World::start().await;
    let outcome = world.call_with(short_call(), faults(vec![MediaFault::Deleted])).await;
    let record = world.record_when(&outcome.call_sid, |record| record["recording"]["state"] == "lost").await;
    assert_eq!(record["recording"]["link"], serde_json::Value::Null);
    assert_eq!(world.get(&format!("/v1/calls/{}/recording", outcome.call_sid)).await.0, 410);
    world.system.stop().await;
}

/// A business that does not record is not recorded.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_recording_is_started_where_the_business_wants_none() {
    let world = World::with(WorldConfig {
        business: |new| new.settings.policies.record_calls = false,
        ..WorldConfig::default()
    })
    .await;
    let outcome = world.call(short_call()).await;
    world.record_when(&outcome.call_sid, |record| !record["transcript_source"].is_null()).await;
    assert_eq!(world.twilio.recordings(&outcome.call_sid).len(), 0);
    assert_eq!(world.get(&format!("/v1/calls/{}/recording", outcome.call_sid)).await.0, 404);
    world.system.stop().await;
}

/// Fault 38, as far as there are links. Playback goes by a short presigned URL that a range request works on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_link_is_presigned_short_lived_and_serves_ranges() {
    let world = World::start().await;
    let outcome = world.call(story::own_recording(vec![0xFF; 800])).await;
    world.complete_record(&outcome.call_sid).await;
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let path = format!("/v1/calls/{}/recording", outcome.call_sid);
    let request = client.get(world.url(&path)).bearer_auth(world.identity.api_key.expose());
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 302);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    assert!(location.contains("X-Amz-Expires=300"), "{location}");
    let part = client.get(&location).header("Range", "bytes=0-3").send().await.unwrap();
    assert_eq!(part.status(), 206);
    assert!(part.headers()["content-disposition"].to_str().unwrap().starts_with("attachment"));
    assert_eq!(part.bytes().await.unwrap().as_ref(), b"RIFF");
    let tampered = location.replace("X-Amz-Expires=300", "X-Amz-Expires=301");
    assert!(client.get(&tampered).send().await.unwrap().status().is_client_error());
    world.system.stop().await;
}
