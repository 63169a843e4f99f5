//! How long a recording is waited for, and what is given up: nothing for being late, and at once what no attempt can
//! change.

use std::time::Duration;

use acceptance::World;
use acceptance::recorded::Recorded;
use acceptance::sandbox::ScheduleSandbox;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::recording::{ARCHIVE_WITHIN, Due, MAX_SWEEPS};
use functions::edge::batch::MAX_ATTEMPTS;
use simulator::twilio::{CallFaults, MediaFault, RecordingFaults};

use super::recording::{in_the_bucket, media, short_call};

/// Case C09. A recording that neither the media nor the list shows through all attempts of a job is not lost: the sweep
/// asks again, for more than a day.
async fn a_recording_that_is_late_everywhere_is_waited_for(world: World) {
    let withheld = RecordingFaults { withheld: true, ..Default::default() };
    let call = Recorded::call(&world, withheld).await;
    call.is_announced("completed", &[]).await;
    let sweep =
        ScheduleSandbox::start(&world, "recording-sweep", &[("QUEUE_RECORDINGS", nowhere(&world))]).await;
    let mut due = world.now().plus(ARCHIVE_WITHIN);
    for sweeps in 0..MAX_SWEEPS {
        for attempt in 1..MAX_ATTEMPTS {
            assert!(!call.is_copied(attempt).await);
        }
        // Its message is in the dead-letter queue for a person to see; the recording is not given up.
        assert!(call.is_copied(MAX_ATTEMPTS).await);
        assert_eq!(call.told().await.state, "announced");
        assert!(sweep.ticks(due).await);
        due = due.plus(Due::pause(sweeps));
    }
    assert!(
        !acceptance::log::text().lines().any(|line| line.contains(&call.sid()) && line.contains("deleted"))
    );
    world.twilio.release_recording(&call.sid());
    assert!(call.is_copied(1).await);
    assert_eq!(call.told().await.state, "archived");
}

fn nowhere(world: &World) -> &str {
    world.system.name("RecordingsDlq").unwrap()
}

/// Case C09. What never comes ends by name when the last job has made its last attempt, and can be asked for again.
async fn a_recording_that_never_comes_fails_at_the_end_of_the_last_job(world: World) {
    let call = Recorded::call(&world, RecordingFaults { withheld: true, ..Default::default() }).await;
    call.is_announced("completed", &[]).await;
    for attempt in 1..MAX_ATTEMPTS {
        assert!(!call.is_copied_or_given_up(attempt).await);
        assert_eq!(call.told().await.state, "announced");
    }
    assert!(call.is_copied_or_given_up(MAX_ATTEMPTS).await, "it is buried");
    let told = call.told().await;
    assert_eq!(told.state, "failed");
    assert!(told.reason.contains("no such resource"), "{told:?}");
    world.twilio.release_recording(&call.sid());
    assert!(call.is_copied(1).await);
    assert_eq!(call.told().await.state, "archived");
}

/// Fault 37. Case C09. Lost is what Twilio says was deleted, at the end of a job's attempts.
async fn a_recording_deleted_at_twilio_ends_as_lost(world: World) {
    let call = Recorded::call(&world, media(vec![MediaFault::Deleted])).await;
    call.is_announced("completed", &[]).await;
    for attempt in 1..MAX_ATTEMPTS {
        assert!(!call.is_copied(attempt).await);
        assert_eq!(call.told().await.state, "announced");
    }
    assert!(call.is_copied(MAX_ATTEMPTS).await);
    let told = call.told().await;
    assert_eq!((told.state.as_str(), told.link.as_str()), ("lost", ""));
    assert_eq!(world.get(&format!("/v1/calls/{}/recording", call.call)).await.0, 410);
}

/// Case B25. An encrypted recording ends at once, with the name of the setting, and is not downloaded for it.
async fn an_encrypted_recording_ends_at_once_and_names_the_setting(world: World) {
    let encrypted = || RecordingFaults { encrypted: true, ..Default::default() };
    let faults = CallFaults { recording: encrypted(), ..Default::default() };
    let outcome = world.call_with(short_call(), faults).await;
    let record = world.record_when(&outcome.call_sid, |record| record.recording_state() == "failed").await;
    let setting = "switch off Voice Recording Encryption";
    assert!(record.recording().reason.contains(setting), "{record:?}");
    let told = Recorded::of(&world, &outcome.call_sid).await;
    assert_eq!(told.asked(".wav"), 0);

    // A callback that does not say it: the resource does.
    let silent = Recorded::call(&world, encrypted()).await;
    silent.is_announced("completed", &[]).await;
    assert!(silent.is_copied(1).await);
    let told = silent.told().await;
    assert_eq!((told.state.as_str(), silent.asked(".wav")), ("failed", 1));
    assert!(told.reason.contains(setting), "{told:?}");
    assert_eq!(in_the_bucket(&world).await, (0, 0));
}

/// Case B25. The same bytes twice are what Twilio holds: no third download makes a recording of them.
async fn what_comes_twice_and_is_no_recording_is_not_asked_for_again(world: World) {
    for (fault, named) in [(MediaFault::Mp3, "MP3"), (MediaFault::WrongMagic, "something unknown")] {
        let call = Recorded::call(&world, media(vec![fault; 2])).await;
        call.is_announced("completed", &[]).await;
        assert!(!call.is_copied(1).await, "once may be an accident");
        assert!(call.is_copied(2).await, "it is buried");
        let told = call.told().await;
        assert_eq!((told.state.as_str(), call.asked(".wav")), ("failed", 2), "{fault:?}");
        assert!(told.reason.contains(named), "{told:?}");
        // The cause was removed.
        assert!(call.is_copied(1).await);
        assert_eq!(call.told().await.state, "archived");
    }
    // An error page comes as often as it likes.
    let call = Recorded::call(&world, media(vec![MediaFault::Xml; 4])).await;
    call.is_announced("completed", &[]).await;
    for attempt in 1..=4 {
        assert!(!call.is_copied(attempt).await);
    }
    assert!(call.is_copied(5).await);
    assert_eq!(call.told().await.state, "archived");
}

/// Cases C19 and B26. A header written before the length was known, and a length that was not known when it was
/// announced.
async fn a_streams_header_and_an_unknown_duration_are_no_reason_to_refuse(world: World) {
    let sizes = [0, 0x7FFF_FFFF, 0x7FFF_F000, 2_000_000_000, u32::MAX];
    let call = Recorded::call(&world, media(sizes.map(MediaFault::Placeholder).to_vec())).await;
    call.is_announced("completed", &[("RecordingDuration", "0")]).await;
    assert!(call.is_copied(1).await, "{}", sizes[0]);
    let first = call.told().await;
    assert_eq!(first.state, "archived", "{first:?}");
    for size in &sizes[1..] {
        let call = Recorded::call(&world, media(vec![MediaFault::Placeholder(*size)])).await;
        let seconds = world.twilio.recordings(&call.call)[0].duration_s.to_string();
        call.is_announced("completed", &[("RecordingDuration", &seconds)]).await;
        assert!(call.is_copied(1).await, "{size:#x}");
        let told = call.told().await;
        let bytes = told.bytes.unwrap();
        assert_eq!(told.duration_ms.unwrap(), (bytes - 44) / 32, "{size:#x}");
    }
}

/// Fault 36. A worker that lost its lease in the moment before the copy becomes visible leaves no trace.
async fn a_worker_that_was_overtaken_at_the_last_byte_makes_nothing_visible(world: World) {
    let call = Recorded::call(&world, media(vec![MediaFault::Unended(Duration::from_secs(3))])).await;
    call.is_announced("completed", &[]).await;
    let overtaken = async {
        // All bytes are on their way by then, and the end of the answer is not: the lease goes to another worker.
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
    assert_eq!((call.told().await.state.as_str(), in_the_bucket(&world).await), ("announced", (0, 0)));
}

/// Fault 18. Two jobs for one recording fail in turn: the wait after a failure is the work's, not one message's.
async fn a_retry_waits_as_long_as_the_failures_of_the_work_demand(world: World) {
    let call = Recorded::call(&world, media(vec![MediaFault::Xml; 4])).await;
    call.is_announced("completed", &[]).await;
    for _ in 0..4 {
        assert!(!call.is_copied(1).await, "each is another message's first attempt");
    }
    let log = acceptance::log::text();
    let waits = log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let waits: Vec<u64> = waits
        .filter(|line| line["fields"]["message_id"] == call.message_id())
        .filter_map(|line| line["fields"]["wait_s"].as_u64())
        .collect();
    assert_eq!(waits.len(), 4, "{waits:?}");
    // The cooldowns of 5 s, 25 s, 2 min and 10 min, up to a quarter shorter, and the first attempt's usual wait.
    assert!(waits[1] >= 18 && waits[2] >= 93 && waits[3] >= 450, "{waits:?}");
}

acceptance::tests![
    a_recording_that_is_late_everywhere_is_waited_for,
    a_recording_that_never_comes_fails_at_the_end_of_the_last_job,
    a_recording_deleted_at_twilio_ends_as_lost,
    an_encrypted_recording_ends_at_once_and_names_the_setting,
    what_comes_twice_and_is_no_recording_is_not_asked_for_again,
    a_streams_header_and_an_unknown_duration_are_no_reason_to_refuse,
    a_worker_that_was_overtaken_at_the_last_byte_makes_nothing_visible,
    a_retry_waits_as_long_as_the_failures_of_the_work_demand,
];
