//! A recording reaches the bucket once and whole, or visibly not at all.

use std::time::Duration;

use acceptance::recorded::Recorded;
use acceptance::sandbox::{HttpSandbox, ScheduleSandbox};
use acceptance::webhook::Webhook;
use acceptance::{World, WorldConfig, audio};
use domain::recording::{ARCHIVE_WITHIN, CALLBACK_WITHIN};
use local::demo::story;
use platform::objects::PART_BYTES;
use simulator::audio::speech;
use simulator::twilio::{CallFaults, CallerScript, CallerStep, LineRecording, MediaFault, RecordingFaults};

pub(crate) fn short_call() -> CallerScript {
    CallerScript::new(vec![CallerStep::BargeIn { after_agent_ms: 1_200 }, CallerStep::HangUp])
}

pub(crate) fn media(media: Vec<MediaFault>) -> RecordingFaults {
    RecordingFaults { media, ..Default::default() }
}

/// Objects and parts of objects in the bucket.
pub(crate) async fn in_the_bucket(world: &World) -> (usize, usize) {
    let (s3, bucket) = (&world.system.aws.s3, world.system.name("RecordingsBucket").unwrap());
    let objects = s3.list_objects_v2().bucket(bucket).send().await.unwrap();
    let uploads = s3.list_multipart_uploads().bucket(bucket).send().await.unwrap();
    (objects.contents().len(), uploads.uploads().len())
}

/// Fault 30. The XML of a 404 was once stored as the recording. The whole way, over the real queue.
async fn a_recording_that_is_not_ready_yet_is_fetched_when_it_is(world: World) {
    let faults = CallFaults { recording: media(vec![MediaFault::NotFound]), ..Default::default() };
    let outcome = world.call_with(short_call(), faults).await;
    let record = world.complete_record(&outcome.call_sid).await;
    assert_eq!(record.recording().channels, Some(2));
    assert_eq!(record.recording().source, "StartCallRecordingTwiML");
    audio::stereo(&world.recording(&outcome.call_sid).await);
}

/// Faults 31, 32 and 33. What is not the recording is never stored as it: not even its parts stay, and it is fetched
/// again.
async fn xml_nothing_a_stump_and_another_format_are_never_stored(world: World) {
    let faults = [
        MediaFault::NotFound,
        MediaFault::Unauthorized,
        MediaFault::Expired,
        MediaFault::Xml,
        MediaFault::Html,
        MediaFault::Empty,
        MediaFault::Cut(0.6),
        MediaFault::WrongMagic,
        MediaFault::TooLong,
    ];
    let call = Recorded::call(&world, media(faults.to_vec())).await;
    let seconds = world.twilio.recordings(&call.call)[0].duration_s.to_string();
    call.is_announced("completed", &[("RecordingDuration", &seconds)]).await;
    for fault in faults {
        assert!(!call.is_copied(1).await, "{fault:?}");
        assert_eq!(call.told().await.state, "announced", "{fault:?}");
        assert_eq!(in_the_bucket(&world).await, (0, 0), "{fault:?}");
    }
    assert!(call.is_copied(2).await);
    let told = call.told().await;
    let stored = world.recording(&call.call).await;
    assert_eq!((told.state.as_str(), told.bytes), ("archived", Some(stored.len() as u64)));
    audio::stereo(&stored);
}

/// Fault 36. However often Twilio says it, there is one recording, one download that counts, one object.
async fn a_recording_announced_many_times_is_copied_once(world: World) {
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
}

/// A business that does not record is not recorded.
async fn no_recording_is_started_where_the_business_wants_none() {
    let world = World::with(WorldConfig {
        business: |new| new.settings.policies.record_calls = false,
        ..WorldConfig::default()
    })
    .await;
    let outcome = world.call(short_call()).await;
    world.record_when(&outcome.call_sid, |record| !record.transcript_source.is_empty()).await;
    assert_eq!(world.twilio.recordings(&outcome.call_sid).len(), 0);
    assert_eq!(world.get(&format!("/v1/calls/{}/recording", outcome.call_sid)).await.0, 404);
}

/// Faults 33 and 34. A long recording goes up in parts; one that breaks off leaves neither an object nor parts.
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
    assert_eq!(record.recording().bytes, Some(stored.len() as u64));
    assert_eq!(record.recording().codec, "pcm");
    assert_eq!(record.recording().duration_ms, Some(SECONDS as u64 * 1_000));
    assert_eq!(audio::stereo(&stored).0.len(), SECONDS * 8_000);
    let unfinished = s3.list_multipart_uploads().bucket(bucket).send().await.unwrap();
    assert!(unfinished.uploads().is_empty(), "{unfinished:?}");
}

/// Fault 37. What is copied and verified may go at Twilio, and goes once.
async fn twilios_copy_is_deleted_once_when_ours_is_verified() {
    let world = World::with(WorldConfig {
        business: |new| new.settings.policies.recording.delete_at_twilio = true,
        ..WorldConfig::default()
    })
    .await;
    let repeated = RecordingFaults { callback_copies: 4, ..Default::default() };
    let outcome =
        world.call_with(short_call(), CallFaults { recording: repeated, ..Default::default() }).await;
    world.record_when(&outcome.call_sid, |record| !record.recording().deleted_at_twilio.is_empty()).await;
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
}

/// Historic failure 23. Twilio says that it records and never calls back again: it is asked by the sweep.
async fn a_recording_whose_callback_never_came_is_found(world: World) {
    let call = Recorded::call(&world, RecordingFaults::default()).await;
    call.is_announced("in-progress", &[]).await;
    let path = format!("/v1/calls/{}", call.call);
    let sweep = ScheduleSandbox::start(&world, "recording-sweep", &[]).await;
    assert!(sweep.ticks(world.now()).await);
    assert_eq!(call.told().await.state, "in_progress", "its time has not come");
    assert_eq!(world.get(&format!("{path}/recording")).await.0, 409);

    assert!(sweep.ticks(world.now().plus(CALLBACK_WITHIN)).await);
    let record = world.record_when(&call.call, |record| record.recording_state() == "archived").await;
    assert_eq!(record.recording().channels, Some(2));
}

/// Fault 36. The message that asks for the copy is lost, and asking for the status is no substitute for it.
async fn a_recording_whose_job_was_lost_is_swept_and_reading_starts_nothing(world: World) {
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
    let overdue = world.now().plus(ARCHIVE_WITHIN);
    for _ in 0..3 {
        assert!(sweep.ticks(overdue).await);
    }
    world.complete_record(&outcome.call_sid).await;
    assert_eq!(downloads(), 1);
}

/// Fault 38, as far as the API's own link goes. Playback goes by a short presigned URL that a range request works on.
async fn the_link_is_presigned_short_lived_and_serves_ranges(world: World) {
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
}

/// What is drawn of a recording is what it holds: the loudest sample of each side in each stretch.
async fn a_waveform_is_that_of_the_stored_recording(world: World) {
    let outcome = world.call(story::own_recording(speech::CALLER_SERVICE.mulaw().to_vec())).await;
    world.complete_record(&outcome.call_sid).await;
    let of_call = format!("/v1/calls/{}", outcome.call_sid);
    let (_, listed) = world.get(&format!("{of_call}/recordings")).await;
    let waveform = &listed["recordings"][0]["waveform"];
    let per_peak = waveform["milliseconds_per_peak"].as_u64().unwrap() as usize * audio::SAMPLES_PER_MS;
    let (caller, agent) = audio::stereo(&world.recording(&outcome.call_sid).await);
    for (name, samples) in [("caller", caller), ("agent", agent)] {
        let loudest = |part: &[i16]| part.iter().map(|sample| sample.unsigned_abs() >> 7).max().unwrap();
        let peaks: Vec<u16> = samples.chunks(per_peak).map(|part| loudest(part).min(255)).collect();
        assert_eq!(waveform[name], serde_json::json!(peaks), "{name}");
        assert!(peaks.iter().any(|peak| *peak > 10), "{name} spoke");
    }

    let link =
        world.http.get(world.url(&format!("{of_call}/recording"))).header("accept", "application/json");
    let link = link.bearer_auth(world.identity.api_key.expose()).send().await.unwrap();
    let link: serde_json::Value = link.json().await.unwrap();
    assert_eq!(link["waveform"], *waveform);
    let (_, call) = world.get(&format!("{of_call}?include=recordings")).await;
    assert_eq!(call["recording"].get("waveform"), None, "a call's record stays short");
}

acceptance::tests![
    a_recording_that_is_not_ready_yet_is_fetched_when_it_is,
    xml_nothing_a_stump_and_another_format_are_never_stored,
    a_recording_announced_many_times_is_copied_once,
    no_recording_is_started_where_the_business_wants_none,
    a_long_recording_is_archived_in_parts_or_not_at_all,
    twilios_copy_is_deleted_once_when_ours_is_verified,
    a_recording_whose_callback_never_came_is_found,
    a_recording_whose_job_was_lost_is_swept_and_reading_starts_nothing,
    the_link_is_presigned_short_lived_and_serves_ranges,
    a_waveform_is_that_of_the_stored_recording,
];
