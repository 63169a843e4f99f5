//! A recording reaches the bucket once and whole, or visibly not at all.

use std::time::Duration;

use acceptance::recorded::Recorded;
use acceptance::sandbox::{HttpSandbox, ScheduleSandbox};
use acceptance::webhook::Webhook;
use acceptance::{World, WorldConfig, audio};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::recording::{ARCHIVE_WITHIN, CALLBACK_WITHIN, Due, MAX_SWEEPS};
use functions::edge::batch::MAX_ATTEMPTS;
use local::demo::story;
use platform::clock;
use platform::objects::PART_BYTES;
use simulator::twilio::{CallFaults, CallerScript, CallerStep, LineRecording, MediaFault, RecordingFaults};

fn short_call() -> CallerScript {
    CallerScript::new(vec![CallerStep::BargeIn { after_agent_ms: 1_200 }, CallerStep::HangUp])
}

fn media(media: Vec<MediaFault>) -> RecordingFaults {
    RecordingFaults { media, ..Default::default() }
}

/// Objects and parts of objects in the bucket.
async fn in_the_bucket(world: &World) -> (usize, usize) {
    let (s3, bucket) = (&world.system.aws.s3, world.system.name("RecordingsBucket").unwrap());
    let objects = s3.list_objects_v2().bucket(bucket).send().await.unwrap();
    let uploads = s3.list_multipart_uploads().bucket(bucket).send().await.unwrap();
    (objects.contents().len(), uploads.uploads().len())
}

/// Fault 30. Historic failure: a 404's XML was stored as the recording. The whole way, over the real queue.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_that_is_not_ready_yet_is_fetched_when_it_is() {
    let world = World::start().await;
    let faults = CallFaults { recording: media(vec![MediaFault::NotFound]), ..Default::default() };
    let outcome = world.call_with(short_call(), faults).await;
    let record = world.complete_record(&outcome.call_sid).await;
    assert_eq!(record["recording"]["channels"], 2);
    assert_eq!(record["recording"]["source"], "StartCallRecordingTwiML");
    audio::stereo(&world.recording(&outcome.call_sid).await);
    world.system.stop().await;
}

/// Faults 31, 32 and 33. What is not the recording is never stored as it: not even its parts stay, and it is fetched
/// again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn xml_nothing_a_stump_and_another_format_are_never_stored() {
    let world = World::start().await;
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
        assert_eq!(call.told().await["state"], "announced", "{fault:?}");
        assert_eq!(in_the_bucket(&world).await, (0, 0), "{fault:?}");
    }
    assert!(call.is_copied(2).await);
    let told = call.told().await;
    let stored = world.recording(&call.call).await;
    assert_eq!((&told["state"], told["bytes"].as_u64()), (&"archived".into(), Some(stored.len() as u64)));
    audio::stereo(&stored);
    world.system.stop().await;
}

/// Case C09. A recording that neither the media nor the list shows through all attempts of a job is not lost: the sweep
/// asks again, for more than a day.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_that_is_late_everywhere_is_waited_for() {
    let world = World::start().await;
    let withheld = RecordingFaults { withheld: true, ..Default::default() };
    let call = Recorded::call(&world, withheld).await;
    call.is_announced("completed", &[]).await;
    let sweep =
        ScheduleSandbox::start(&world, "recording-sweep", &[("QUEUE_RECORDINGS", nowhere(&world))]).await;
    let mut due = clock::now().plus(ARCHIVE_WITHIN);
    for sweeps in 0..MAX_SWEEPS {
        for attempt in 1..MAX_ATTEMPTS {
            assert!(!call.is_copied(attempt).await);
        }
        // Its message is in the dead-letter queue for somebody to see; the recording is given up by nobody.
        assert!(call.is_copied(MAX_ATTEMPTS).await);
        assert_eq!(call.told().await["state"], "announced");
        assert!(sweep.ticks(due).await);
        due = due.plus(Due::pause(sweeps));
    }
    assert!(
        !acceptance::log::text().lines().any(|line| line.contains(&call.sid()) && line.contains("deleted"))
    );
    world.twilio.release_recording(&call.sid());
    assert!(call.is_copied(1).await);
    assert_eq!(call.told().await["state"], "archived");
    world.system.stop().await;
}

fn nowhere(world: &World) -> &str {
    world.system.name("RecordingsDlq").unwrap()
}

/// Case C09. What never comes ends by name when the last job has made its last attempt, and can be asked for again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_that_never_comes_fails_at_the_end_of_the_last_job() {
    let world = World::start().await;
    let call = Recorded::call(&world, RecordingFaults { withheld: true, ..Default::default() }).await;
    call.is_announced("completed", &[]).await;
    for attempt in 1..MAX_ATTEMPTS {
        assert!(!call.is_copied_or_given_up(attempt).await);
        assert_eq!(call.told().await["state"], "announced");
    }
    assert!(call.is_copied_or_given_up(MAX_ATTEMPTS).await, "it is buried");
    let told = call.told().await;
    assert_eq!(told["state"], "failed");
    assert!(told["reason"].as_str().unwrap().contains("no such resource"), "{told}");
    world.twilio.release_recording(&call.sid());
    assert!(call.is_copied(1).await);
    assert_eq!(call.told().await["state"], "archived");
    world.system.stop().await;
}

/// Fault 37. Case C09. Lost is what Twilio says was deleted, at the end of a job's attempts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_deleted_at_twilio_ends_as_lost() {
    let world = World::start().await;
    let call = Recorded::call(&world, media(vec![MediaFault::Deleted])).await;
    call.is_announced("completed", &[]).await;
    for attempt in 1..MAX_ATTEMPTS {
        assert!(!call.is_copied(attempt).await);
        assert_eq!(call.told().await["state"], "announced");
    }
    assert!(call.is_copied(MAX_ATTEMPTS).await);
    let told = call.told().await;
    assert_eq!((&told["state"], &told["link"]), (&"lost".into(), &serde_json::Value::Null));
    assert_eq!(world.get(&format!("/v1/calls/{}/recording", call.call)).await.0, 410);
    world.system.stop().await;
}

/// Case B25. An encrypted recording ends at once, with the name of the setting, and is not downloaded for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_encrypted_recording_ends_at_once_and_names_the_setting() {
    let world = World::start().await;
    let encrypted = || RecordingFaults { encrypted: true, ..Default::default() };
    let faults = CallFaults { recording: encrypted(), ..Default::default() };
    let outcome = world.call_with(short_call(), faults).await;
    let record =
        world.record_when(&outcome.call_sid, |record| record["recording"]["state"] == "failed").await;
    let setting = "switch off Voice Recording Encryption";
    assert!(record["recording"]["reason"].as_str().unwrap().contains(setting), "{record:#}");
    let told = Recorded::of(&world, &outcome.call_sid).await;
    assert_eq!(told.asked(".wav"), 0);

    // A callback that does not say it: the resource does.
    let silent = Recorded::call(&world, encrypted()).await;
    silent.is_announced("completed", &[]).await;
    assert!(silent.is_copied(1).await);
    let told = silent.told().await;
    assert_eq!((&told["state"], silent.asked(".wav")), (&"failed".into(), 1));
    assert!(told["reason"].as_str().unwrap().contains(setting), "{told}");
    assert_eq!(in_the_bucket(&world).await, (0, 0));
    world.system.stop().await;
}

/// Case B25. The same bytes twice are what Twilio holds: no third download makes a recording of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_twice_and_is_no_recording_is_not_asked_for_again() {
    let world = World::start().await;
    for (fault, named) in [(MediaFault::Mp3, "MP3"), (MediaFault::WrongMagic, "something unknown")] {
        let call = Recorded::call(&world, media(vec![fault; 2])).await;
        call.is_announced("completed", &[]).await;
        assert!(!call.is_copied(1).await, "once may be an accident");
        assert!(call.is_copied(2).await, "it is buried");
        let told = call.told().await;
        assert_eq!((&told["state"], call.asked(".wav")), (&"failed".into(), 2), "{fault:?}");
        assert!(told["reason"].as_str().unwrap().contains(named), "{told}");
        // Somebody has seen to it.
        assert!(call.is_copied(1).await);
        assert_eq!(call.told().await["state"], "archived");
    }
    // An error page comes as often as it likes.
    let call = Recorded::call(&world, media(vec![MediaFault::Xml; 4])).await;
    call.is_announced("completed", &[]).await;
    for attempt in 1..=4 {
        assert!(!call.is_copied(attempt).await);
    }
    assert!(call.is_copied(5).await);
    assert_eq!(call.told().await["state"], "archived");
    world.system.stop().await;
}

/// Cases C19 and B26. A header written before the length was known, and a length that was not known when it was
/// announced.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_streams_header_and_an_unknown_duration_are_no_reason_to_refuse() {
    let world = World::start().await;
    let sizes = [0, 0x7FFF_FFFF, 0x7FFF_F000, 2_000_000_000, u32::MAX];
    let call = Recorded::call(&world, media(sizes.map(MediaFault::Placeholder).to_vec())).await;
    call.is_announced("completed", &[("RecordingDuration", "0")]).await;
    assert!(call.is_copied(1).await, "{}", sizes[0]);
    let first = call.told().await;
    assert_eq!(first["state"], "archived", "{first}");
    for size in &sizes[1..] {
        let call = Recorded::call(&world, media(vec![MediaFault::Placeholder(*size)])).await;
        let seconds = world.twilio.recordings(&call.call)[0].duration_s.to_string();
        call.is_announced("completed", &[("RecordingDuration", &seconds)]).await;
        assert!(call.is_copied(1).await, "{size:#x}");
        let told = call.told().await;
        let bytes = told["bytes"].as_u64().unwrap();
        assert_eq!(told["duration_ms"].as_u64().unwrap(), (bytes - 44) / 32, "{size:#x}");
    }
    world.system.stop().await;
}

/// Fault 36. Whoever lost its lease in the moment before the copy becomes visible leaves no trace.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_was_overtaken_at_the_last_byte_makes_nothing_visible() {
    let world = World::start().await;
    let call = Recorded::call(&world, media(vec![MediaFault::Unended(Duration::from_secs(3))])).await;
    call.is_announced("completed", &[]).await;
    let overtaken = async {
        // All bytes are on their way by then, and the end of the answer is not: the lease goes to somebody else.
        world.until(|| async { (call.asked(".wav") > 0).then_some(()) }).await;
        let id = format!("once#recording-archive#{}", call.sid());
        let taken = world.system.aws.dynamodb.update_item();
        let taken = taken
            .table_name(world.system.name("LeasesTable").unwrap())
            .key("pk", AttributeValue::S(id))
            .update_expression("SET #owner = :other ADD epoch :one")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":other", AttributeValue::S("another".into()))
            .expression_attribute_values(":one", AttributeValue::N("1".into()));
        taken.send().await.unwrap();
    };
    let (done, ()) = tokio::join!(call.is_copied(1), overtaken);
    assert!(!done);
    assert_eq!(
        (call.told().await["state"].clone(), in_the_bucket(&world).await),
        ("announced".into(), (0, 0))
    );
    world.system.stop().await;
}

/// Fault 18. Two jobs for one recording fail in turn: the wait after a failure is the work's, not one message's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_waits_as_long_as_the_failures_of_the_work_demand() {
    let world = World::start().await;
    let call = Recorded::call(&world, media(vec![MediaFault::Xml; 4])).await;
    call.is_announced("completed", &[]).await;
    for _ in 0..4 {
        assert!(!call.is_copied(1).await, "each is another message's first attempt");
    }
    let log = acceptance::log::text();
    let waits = log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let waits: Vec<u64> = waits
        .filter(|line| line["fields"]["message_id"].as_str().is_some_and(|id| id.contains(&call.sid())))
        .filter_map(|line| line["fields"]["wait_s"].as_u64())
        .collect();
    assert_eq!(waits.len(), 4, "{waits:?}");
    // The cooldowns of 5 s, 25 s, 2 min and 10 min, up to a quarter shorter, and the first attempt's usual wait.
    assert!(waits[1] >= 18 && waits[2] >= 93 && waits[3] >= 450, "{waits:?}");
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

/// Historic failure 23. Twilio says that it records and never calls back again: it is asked by the sweep.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_whose_callback_never_came_is_found() {
    let world = World::start().await;
    let call = Recorded::call(&world, RecordingFaults::default()).await;
    call.is_announced("in-progress", &[]).await;
    let path = format!("/v1/calls/{}", call.call);
    let sweep = ScheduleSandbox::start(&world, "recording-sweep", &[]).await;
    assert!(sweep.ticks(clock::now()).await);
    assert_eq!(call.told().await["state"], "in_progress", "its time has not come");
    assert_eq!(world.get(&format!("{path}/recording")).await.0, 409);

    assert!(sweep.ticks(clock::now().plus(CALLBACK_WITHIN)).await);
    let record = world.record_when(&call.call, |record| record["recording"]["state"] == "archived").await;
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
