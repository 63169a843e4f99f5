//! A recording reaches the bucket once and whole, or visibly not at all.

use std::time::Duration;

use acceptance::sandbox::{HttpSandbox, ScheduleSandbox};
use acceptance::webhook::Webhook;
use acceptance::{World, WorldConfig, audio};
use domain::recording::ARCHIVE_WITHIN;
use futures_util::future::join_all;
use local::demo::story;
use platform::clock;
use platform::objects::PART_BYTES;
use simulator::twilio::{CallFaults, CallerScript, CallerStep, LineRecording, MediaFault, RecordingFaults};

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
    let calls = [
        MediaFault::Xml,
        MediaFault::Html,
        MediaFault::Empty,
        MediaFault::Cut(0.6),
        MediaFault::WrongMagic,
        MediaFault::TooLong,
    ];
    let shared = &world;
    let recorded = calls.map(|fault| async move {
        let outcome = shared.call_with(short_call(), faults(vec![fault])).await;
        let record = shared.complete_record(&outcome.call_sid).await;
        let stored = shared.recording(&outcome.call_sid).await;
        assert_eq!(record["recording"]["bytes"], stored.len(), "{fault:?}");
        audio::stereo(&stored);
    });
    join_all(recorded).await;
    world.system.stop().await;
}

/// Fault 32. Refused credentials and an expired link are asked for anew, later, and never stored.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_or_expired_download_is_begun_again_from_the_api() {
    let world = World::start().await;
    let shared = &world;
    let recorded = [MediaFault::Unauthorized, MediaFault::Expired].map(|fault| async move {
        let outcome = shared.call_with(short_call(), faults(vec![fault])).await;
        shared.complete_record(&outcome.call_sid).await;
        audio::stereo(&shared.recording(&outcome.call_sid).await);
    });
    join_all(recorded).await;
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

/// Faults 33 and 34. A long recording goes up in parts; one that breaks off leaves neither an object nor parts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_recording_is_archived_in_parts_or_not_at_all() {
    const SECONDS: usize = 400;
    let world = World::start().await;
    let broken = RecordingFaults {
        callback_lost: true,
        media: vec![MediaFault::Cut(0.9), MediaFault::TooLong],
        ..Default::default()
    };
    let outcome = world.call_with(short_call(), CallFaults { recording: broken, ..Default::default() }).await;
    let sid = world.twilio.recordings(&outcome.call_sid)[0].sid.clone();
    let silence = vec![0xFF; SECONDS * 8_000];
    world.twilio.replace_recording(&sid, LineRecording { caller: silence.clone(), agent: silence });
    let announced = Webhook::inbound(&world, &outcome.call_sid)
        .at("/twilio/recording")
        .field("RecordingSid", &sid)
        .field("RecordingStatus", "completed")
        .field("RecordingDuration", &SECONDS.to_string());
    assert_eq!(announced.send(&world).await.0, 204);

    let downloads = || world.twilio.requests().iter().filter(|r| r.path.ends_with(".wav")).count();
    let bucket = world.system.name("RecordingsBucket").unwrap();
    let s3 = &world.system.aws.s3;
    for failed in 1..=2 {
        while downloads() <= failed {
            let objects = s3.list_objects_v2().bucket(bucket).send().await.unwrap();
            assert_eq!(objects.key_count(), Some(0), "nothing is visible of a copy that failed");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
    let record = world.complete_record(&outcome.call_sid).await;
    let stored = world.recording(&outcome.call_sid).await;
    assert!(stored.len() > PART_BYTES);
    assert_eq!(record["recording"]["bytes"], stored.len());
    assert_eq!(record["recording"]["codec"], "pcm");
    assert_eq!(record["recording"]["duration_ms"], SECONDS as u64 * 1_000);
    assert_eq!(audio::stereo(&stored).0.len(), SECONDS * 8_000);
    let unfinished = s3.list_multipart_uploads().bucket(bucket).send().await.unwrap();
    assert!(unfinished.uploads().is_empty(), "{unfinished:?}");
    world.system.stop().await;
}

/// Fault 37. What is copied and verified may go at Twilio, and goes once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twilios_copy_is_deleted_once_when_ours_is_verified() {
    let world = World::with(WorldConfig {
        business: |new| new.settings.policies.recording.delete_at_twilio = true,
        ..WorldConfig::default()
    })
    .await;
    let repeated = RecordingFaults { callback_copies: 4, ..Default::default() };
    let outcome =
        world.call_with(short_call(), CallFaults { recording: repeated, ..Default::default() }).await;
    world.record_when(&outcome.call_sid, |record| !record["recording"]["deleted_at_twilio"].is_null()).await;
    let (mut deleted, mut downloaded) = (vec![], None);
    for (at, request) in world.twilio.requests().iter().enumerate() {
        match (request.method.as_str(), request.status) {
            ("DELETE", 204) => deleted.push(at),
            ("GET", 200..=399) if request.path.ends_with(".wav") => downloaded = Some(at),
            _ => {}
        }
    }
    assert_eq!(deleted.len(), 1);
    assert!(downloaded < deleted.first().copied(), "only after the copy");
    audio::stereo(&world.recording(&outcome.call_sid).await);
    world.system.stop().await;
}

/// Historic failure 23. Twilio never calls back: it is asked, once the call must be over, by the sweep.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_whose_callback_never_came_is_found() {
    let world = World::start().await;
    let silent = RecordingFaults { callback_lost: true, ..Default::default() };
    let outcome = world.call_with(short_call(), CallFaults { recording: silent, ..Default::default() }).await;
    let sweep = ScheduleSandbox::start(&world, "recording-sweep", &[]).await;
    assert!(sweep.ticks(clock::now()).await);
    let path = format!("/v1/calls/{}", outcome.call_sid);
    assert_eq!(world.get(&path).await.1["recording"]["state"], "in_progress", "its time has not come");
    assert_eq!(world.get(&format!("{path}/recording")).await.0, 409);

    let max_call = world.business.settings.policies.conversation.max_call;
    let overdue = clock::now().plus(max_call + Duration::from_secs(3_600));
    assert!(sweep.ticks(overdue).await);
    let record =
        world.record_when(&outcome.call_sid, |record| record["recording"]["state"] == "archived").await;
    assert_eq!(record["recording"]["channels"], 2);
    world.system.stop().await;
}

/// Fault 36. The message that asks for the copy is lost, and asking for the status is no substitute for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_whose_job_was_lost_is_swept_and_reading_starts_nothing() {
    let world = World::start().await;
    let silent = RecordingFaults { callback_lost: true, ..Default::default() };
    let outcome = world.call_with(short_call(), CallFaults { recording: silent, ..Default::default() }).await;
    let sid = world.twilio.recordings(&outcome.call_sid)[0].sid.clone();
    let nobody = world.system.name("RecordingsDlq").unwrap();
    let ready = HttpSandbox::start(&world, "recording-ready", &[("QUEUE_RECORDINGS", nobody)]).await;
    let announced = Webhook::inbound(&world, &outcome.call_sid)
        .at("/twilio/recording")
        .field("RecordingSid", &sid)
        .field("RecordingStatus", "completed");
    assert_eq!(ready.receives(&world, &announced).await.0, 204);
    for _ in 0..10 {
        assert_eq!(world.get(&format!("/v1/calls/{}/recording", outcome.call_sid)).await.0, 409);
    }
    let downloads = || world.twilio.requests().iter().filter(|r| r.path.ends_with(".wav")).count();
    assert_eq!(downloads(), 0, "nobody copies because somebody looks");
    let sweep = ScheduleSandbox::start(&world, "recording-sweep", &[]).await;
    let overdue = clock::now().plus(ARCHIVE_WITHIN);
    for _ in 0..3 {
        assert!(sweep.ticks(overdue).await);
    }
    world.complete_record(&outcome.call_sid).await;
    assert_eq!(downloads(), 1);
    world.system.stop().await;
}

/// Fault 38, as far as the API's own link goes. Playback goes by a short presigned URL that a range request works on.
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
