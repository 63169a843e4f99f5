//! Calls whose callbacks were lost end all the same, by the same writer.

use std::time::Duration;

use acceptance::World;
use acceptance::sandbox::{HttpSandbox, ScheduleSandbox};
use acceptance::webhook::{Webhook, call_sid};
use domain::Timestamp;
use functions::voice::sweep::GRACE;
use simulator::twilio::{CallFaults, CallStatus, CallerScript, CallerStep, WebhookFaults};

/// A closed port.
const NOWHERE: &str = "http://127.0.0.1:1/000000000000/nowhere";

/// A moment at which the sweep looks at every call there is.
fn later(world: &World) -> Timestamp {
    world.now().plus(GRACE + Duration::from_secs(1))
}

async fn slots(world: &World) -> usize {
    let table = world.system.name("LeasesTable").unwrap();
    let scan = world.system.aws.dynamodb.scan().table_name(table).consistent_read(true).send().await.unwrap();
    scan.items().iter().filter(|item| item["pk"].as_s().unwrap().contains("slot#")).count()
}

/// Fault 5. The last callback never comes: the call ends as Twilio's API says it did, once.
async fn a_call_whose_last_callback_is_lost_is_ended_from_the_api(world: World) {
    let sweep = ScheduleSandbox::start(&world, "call-sweep", &[]).await;
    let webhooks = WebhookFaults { lost: vec![CallStatus::Completed], ..Default::default() };
    let script = CallerScript::new(vec![CallerStep::BargeIn { after_agent_ms: 800 }, CallerStep::HangUp]);
    let outcome = world.call_with(script, CallFaults { webhooks, ..Default::default() }).await;

    assert!(sweep.ticks(world.now()).await);
    assert_ne!(
        world.record(&outcome.call_sid).await.status,
        "completed",
        "a young call is left to its callbacks"
    );
    assert_eq!(slots(&world).await, 2, "its business's and the deployment's");

    assert!(sweep.ticks(later(&world)).await);
    let record = world.record_when(&outcome.call_sid, |record| !record.transcript_source.is_empty()).await;
    assert_eq!(record.status, "completed");
    assert!(record.duration_s.is_some() && !record.ended_at.is_empty(), "{record:?}");
    assert_eq!(slots(&world).await, 0, "its slots came back");

    let events = record.events.len();
    assert!(sweep.ticks(later(&world)).await);
    assert_eq!(world.record(&outcome.call_sid).await.events.len(), events, "nothing a second time");
    // The callback comes after all: history, as any late one.
    let late = Webhook::status(&world, &outcome.call_sid, "completed", 3);
    assert_eq!(late.send(&world).await.0, 204);
    assert_eq!(world.record(&outcome.call_sid).await.ended_at, record.ended_at);
}

/// Fault 17. The end was written, what follows from it was not asked for, and Twilio gave up asking again.
async fn an_end_that_nothing_followed_is_followed_up(world: World) {
    let sid = call_sid(1);
    Webhook::inbound(&world, &sid).send(&world).await;
    let broken = HttpSandbox::start(&world, "voice-status", &[("QUEUE_TRANSCRIPTS", NOWHERE)]).await;
    assert_eq!(broken.receives(&world, &Webhook::status(&world, &sid, "completed", 3)).await.0, 503);
    let sweep = ScheduleSandbox::start(&world, "call-sweep", &[]).await;
    assert!(sweep.ticks(later(&world)).await);
    let record = world.record_when(&sid, |record| !record.transcript_source.is_empty()).await;
    assert_eq!(record.events.len(), 1, "it ended once");
}

/// Fault 17. The end overtook the webhook that opens the call, so there was nothing yet to follow up.
async fn a_call_that_was_over_before_it_was_opened_is_followed_up(world: World) {
    let sid = call_sid(2);
    Webhook::status(&world, &sid, "completed", 3).send(&world).await;
    Webhook::inbound(&world, &sid).send(&world).await;
    let sweep = ScheduleSandbox::start(&world, "call-sweep", &[]).await;
    assert!(sweep.ticks(later(&world)).await);
    let record = world.record_when(&sid, |record| !record.transcript_source.is_empty()).await;
    assert_eq!(record.status, "completed");
}

/// Fault 5. Twilio knows nothing of the call: that is its end only when no call can last so long.
async fn a_call_that_twilio_has_forgotten_ends_within_a_day(world: World) {
    let sid = call_sid(3);
    Webhook::inbound(&world, &sid).send(&world).await;
    let sweep = ScheduleSandbox::start(&world, "call-sweep", &[]).await;
    assert!(sweep.ticks(later(&world)).await);
    assert_eq!(world.record(&sid).await.status, "ringing");
    assert!(sweep.ticks(world.now().plus(Duration::from_secs(25 * 60 * 60))).await);
    assert_eq!(world.record(&sid).await.status, "failed");
    assert_eq!(slots(&world).await, 0);
}

/// A Twilio that cannot be asked decides nothing: the tick says that it failed, and the next one does the work.
async fn a_tick_without_twilio_changes_nothing_and_says_so(world: World) {
    let sid = call_sid(4);
    Webhook::inbound(&world, &sid).send(&world).await;
    let deaf =
        ScheduleSandbox::start(&world, "call-sweep", &[("TWILIO_API_URL", "http://127.0.0.1:1")]).await;
    assert!(!deaf.ticks(later(&world)).await);
    assert_eq!(world.record(&sid).await.status, "ringing");
}

/// Historic failure 19. The leg of a transfer reports its own progress: one call is seen, and it is not ended by it.
async fn a_dialled_leg_is_history_of_its_call_and_no_call_of_its_own(world: World) {
    let (parent, child) = (call_sid(5), call_sid(6));
    Webhook::inbound(&world, &parent).send(&world).await;
    Webhook::status(&world, &parent, "in-progress", 1).send(&world).await;
    for (status, sequence) in [("initiated", 0), ("ringing", 1), ("in-progress", 2), ("completed", 3)] {
        let leg = Webhook::status(&world, &child, status, sequence)
            .field("ParentCallSid", &parent)
            .field("Direction", "outbound-dial");
        for _ in 0..2 {
            assert_eq!(leg.send(&world).await.0, 204);
        }
    }
    assert_eq!(world.get(&format!("/v1/calls/{child}")).await.0, 404);
    let (_, page) = world.get("/v1/calls").await;
    assert_eq!(page["calls"].as_array().unwrap().len(), 1, "{page:#}");
    let record = world.record(&parent).await;
    assert_eq!((record.status.as_str(), record.direction.as_str()), ("in-progress", "inbound"));
    let events = record.events.iter();
    let (legs, own): (Vec<_>, Vec<_>) = events.partition(|event| event.event.starts_with("leg-"));
    assert_eq!(legs.len(), 4, "each of them once: {legs:?}");
    assert!(
        legs.iter().all(|leg| leg.status.is_empty()),
        "what a leg does is no status of the call: {legs:?}"
    );
    let statuses: Vec<&str> =
        own.iter().map(|event| event.status.as_str()).filter(|status| !status.is_empty()).collect();
    assert_eq!(statuses, ["in-progress"], "{own:?}");
    assert_eq!(slots(&world).await, 2, "the caller still has the line");
}

/// What Twilio says of a failed call is kept beside its status.
async fn the_codes_of_a_failed_call_are_kept(world: World) {
    let sid = call_sid(7);
    Webhook::inbound(&world, &sid).send(&world).await;
    let failed = Webhook::status(&world, &sid, "failed", 2)
        .field("SipResponseCode", "503")
        .field("ErrorCode", "31003");
    assert_eq!(failed.send(&world).await.0, 204);
    let record = world.record(&sid).await;
    assert_eq!((record.status.as_str(), record.sip_response_code), ("failed", Some(503)));
    assert_eq!(record.error_code, Some(31003));
}

acceptance::tests![
    a_call_whose_last_callback_is_lost_is_ended_from_the_api,
    an_end_that_nothing_followed_is_followed_up,
    a_call_that_was_over_before_it_was_opened_is_followed_up,
    a_call_that_twilio_has_forgotten_ends_within_a_day,
    a_tick_without_twilio_changes_nothing_and_says_so,
    a_dialled_leg_is_history_of_its_call_and_no_call_of_its_own,
    the_codes_of_a_failed_call_are_kept,
];
