//! Jobs are neither lost between two steps nor held up by each other.

use acceptance::World;
use acceptance::sandbox::{HttpSandbox, QueueSandbox};
use acceptance::webhook::{Webhook, call_sid};
use local::redrive::redrive;
use platform::queues::{BURIED_FOR, FUNCTION};
use serde_json::json;

/// A closed port.
const NOWHERE: &str = "http://127.0.0.1:1/000000000000/nowhere";

/// Fault 17. The status was written and the function died before its job was sent: the redelivery sends it.
async fn a_job_that_could_not_be_sent_is_sent_by_the_retry_of_its_webhook(world: World) {
    let sid = call_sid(1);
    Webhook::inbound(&world, &sid).send(&world).await;
    let broken = HttpSandbox::start(&world, "voice-status", &[("QUEUE_TRANSCRIPTS", NOWHERE)]).await;
    let completed = Webhook::status(&world, &sid, "completed", 3);
    assert_eq!(broken.receives(&world, &completed).await.0, 503, "Twilio is asked to come again");
    let record = world.record(&sid).await;
    assert_eq!(record.status, "completed", "the write stands");
    assert_eq!(completed.send(&world).await.0, 204);
    let record = world.record_when(&sid, |record| !record.transcript_source.is_empty()).await;
    assert_eq!(record.events.len(), 1, "the event is there once");
}

/// Fault 18. A job was done and its message not deleted: doing it again changes nothing.
async fn a_job_that_comes_again_after_it_was_done_changes_nothing(world: World) {
    let outcome = world.call(local::demo::story::own_recording(vec![0xFF; 800])).await;
    let before = world.complete_record(&outcome.call_sid).await;
    let requests = world.twilio.requests().len();
    let sinks = [
        ("QUEUE_RECORDINGS", world.system.name("RecordingsDlq").unwrap()),
        ("QUEUE_TRANSCRIPTS", world.system.name("TranscriptsDlq").unwrap()),
    ];
    let archive = QueueSandbox::start(&world, "recording-archive", &sinks).await;
    let step = QueueSandbox::start(&world, "transcript-step", &sinks).await;
    let sid = before.recording().sid.as_str();
    for attempt in 1..=2 {
        assert!(archive.does(&json!({ "job": "account", "call": outcome.call_sid }), attempt).await);
        let copy = json!({ "job": "archive", "call": outcome.call_sid, "recording": sid });
        assert!(archive.does(&copy, attempt).await);
        assert!(step.does(&json!({ "call": outcome.call_sid }), attempt).await);
    }
    assert_eq!(world.complete_record(&outcome.call_sid).await, before);
    assert_eq!(world.twilio.requests().len(), requests, "Twilio was not asked for anything");
}

/// Fault 41, on the queue itself: poison is in the DLQ with its text, and what stood behind it was done.
async fn poison_ends_in_the_dead_letter_queue_and_holds_nothing_up(world: World) {
    let (queue, dlq) =
        ["TranscriptsQueue", "TranscriptsDlq"].map(|name| world.system.name(name).unwrap()).into();
    let sqs = &world.system.aws.sqs;
    let poison = ["not json", "{\"call\":7}", "{\"version\":99}"];
    for body in poison {
        sqs.send_message().queue_url(queue).message_body(body).send().await.unwrap();
    }
    let sid = call_sid(2);
    Webhook::inbound(&world, &sid).send(&world).await;
    Webhook::status(&world, &sid, "completed", 3).send(&world).await;
    world.record_when(&sid, |record| !record.transcript_source.is_empty()).await;

    let mut dead = vec![];
    while dead.len() < poison.len() {
        let received = sqs
            .receive_message()
            .queue_url(dlq)
            .max_number_of_messages(10)
            .wait_time_seconds(1)
            .message_attribute_names("All")
            .send()
            .await
            .unwrap();
        for message in received.messages.unwrap_or_default() {
            let attributes = message.message_attributes.unwrap_or_default();
            let of = |name| attributes.get(name).and_then(|value| value.string_value()).unwrap_or_default();
            assert!(of(BURIED_FOR).starts_with("poison: not a job of transcript-step"), "with the reason");
            assert_eq!(of(FUNCTION), "transcript-step");
            dead.extend(message.body);
        }
    }
    dead.sort();
    assert_eq!(dead, ["not json", "{\"call\":7}", "{\"version\":99}"]);
    let log = acceptance::log::text();
    assert!(
        log.contains("\"message\":\"job failed\"") && log.contains("poison"),
        "the operator can find why"
    );
}

/// What was given up is tried again on request, and poison stays where it is. Doing it twice does no harm.
async fn a_job_that_was_given_up_is_sent_again_and_poison_is_kept(world: World) {
    let (queue, dlq) =
        ["TranscriptsQueue", "TranscriptsDlq"].map(|name| world.system.name(name).unwrap()).into();
    let sid = call_sid(4);
    let step = QueueSandbox::start(&world, "transcript-step", &[]).await;
    assert!(
        step.does(&json!({ "call": sid }), 5).await,
        "the call is not there, and this was the last attempt"
    );
    let sqs = &world.system.aws.sqs;
    sqs.send_message().queue_url(dlq).message_body("not json").send().await.unwrap();

    // The end of this call is only in the call's own row: only the job that was given up is left.
    let broken = HttpSandbox::start(&world, "voice-status", &[("QUEUE_TRANSCRIPTS", NOWHERE)]).await;
    Webhook::inbound(&world, &sid).send(&world).await;
    broken.receives(&world, &Webhook::status(&world, &sid, "completed", 3)).await;
    let first = redrive(sqs, queue, || ()).await.unwrap();
    assert_eq!((first.sent, first.kept.len()), (1, 1), "{first:?}");
    world.record_when(&sid, |record| !record.transcript_source.is_empty()).await;
    let again = redrive(sqs, queue, || ()).await.unwrap();
    assert_eq!((again.sent, again.kept), (0, vec!["poison: not a JSON object".to_owned()]));
}

acceptance::tests![
    a_job_that_could_not_be_sent_is_sent_by_the_retry_of_its_webhook,
    a_job_that_comes_again_after_it_was_done_changes_nothing,
    poison_ends_in_the_dead_letter_queue_and_holds_nothing_up,
    a_job_that_was_given_up_is_sent_again_and_poison_is_kept,
];
