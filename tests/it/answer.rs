//! The answer to a ringing phone: one effect, however often it is asked for.

use acceptance::sandbox::HttpSandbox;
use acceptance::webhook::{Webhook, call_sid, token_in};
use acceptance::{World, WorldConfig};
use futures_util::future::join_all;
use platform::stores::plans::Plans;

async fn leases(world: &World) -> Vec<String> {
    let table = world.system.name("LeasesTable").unwrap();
    let scan = world.system.aws.dynamodb.scan().table_name(table).consistent_read(true).send().await.unwrap();
    let keys = scan.items.unwrap_or_default();
    keys.into_iter().map(|item| item["pk"].as_s().unwrap().clone()).collect()
}

/// Fault 1. The same webhook sent 100 times at once gives one call, one token and 100 equal answers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_copies_of_a_webhook_have_one_effect_and_equal_answers() {
    let world = World::start().await;
    let webhook = Webhook::inbound(&world, &call_sid(1));
    let answers = join_all((0..100).map(|_| webhook.send(&world))).await;
    let (status, first) = &answers[0];
    assert_eq!(*status, 200);
    assert!(answers.iter().all(|(status, body)| *status == 200 && body == first), "all answers are equal");

    let leases = leases(&world).await;
    assert_eq!(leases.iter().filter(|key| key.starts_with("session#")).count(), 1, "{leases:?}");
    assert_eq!(
        leases.iter().filter(|key| key.contains("slot#")).count(),
        2,
        "its business's and the deployment's: {leases:?}"
    );
    let (_, page) = world.get("/v1/calls").await;
    assert_eq!(page["calls"].as_array().unwrap().len(), 1);
    world.system.stop().await;
}

/// Fault 6. An operator's replay of an old, validly signed webhook opens no second session.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_after_the_plan_was_claimed_mints_no_second_plan() {
    let world = World::start().await;
    let webhook = Webhook::inbound(&world, &call_sid(2));
    let (_, first) = webhook.send(&world).await;
    let call = domain::CallSid::parse(&call_sid(2)).unwrap();
    let plans = Plans::new(&world.system.aws, world.system.name("LeasesTable").unwrap());
    let now = platform::clock::now();
    assert!(plans.claim(&call, domain::Epoch::FIRST, now).await.unwrap().is_some());
    let (status, again) = webhook.send(&world).await;
    assert_eq!((status, &again), (200, &first), "the same TwiML");
    assert!(plans.claim(&call, domain::Epoch::FIRST, now).await.unwrap().is_none(), "and nothing behind it");
    world.system.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_answer_opens_a_stream_with_a_token_and_never_ends_in_silence() {
    let world = World::start().await;
    let (_, twiml) = Webhook::inbound(&world, &call_sid(3)).send(&world).await;
    assert!(twiml.contains("<Connect action="), "{twiml}");
    assert!(!token_in(&twiml).is_empty());
    let after = twiml.split("</Connect>").nth(1).unwrap();
    assert!(after.contains("<Say") && after.contains("<Hangup/>"), "{twiml}");
    world.system.stop().await;
}

/// More calls than the business may have hear that the lines are busy; an ended call makes room.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn capacity_is_leased_per_call_and_given_back_by_its_end() {
    let world = World::with(WorldConfig {
        business: |new| new.business.max_concurrent_calls = 2,
        ..WorldConfig::default()
    })
    .await;
    let answers = join_all((10..18).map(|seed| {
        let webhook = Webhook::inbound(&world, &call_sid(seed));
        let world = &world;
        async move { webhook.send(world).await.1 }
    }))
    .await;
    let admitted = answers.iter().filter(|body| body.contains("<Stream")).count();
    assert_eq!(admitted, 2, "two lines, two calls");
    assert!(
        answers.iter().filter(|body| !body.contains("<Stream")).all(|body| body.contains("lines are busy"))
    );

    let (position, _) = answers.iter().enumerate().find(|(_, body)| body.contains("<Stream")).unwrap();
    let ended = call_sid(10 + u8::try_from(position).unwrap());
    let (status, _) = Webhook::status(&world, &ended, "completed", 3).send(&world).await;
    assert_eq!(status, 204);
    let (_, next) = Webhook::inbound(&world, &call_sid(30)).send(&world).await;
    assert!(next.contains("<Stream"), "the slot came back: {next}");
    world.system.stop().await;
}

/// All calls together are bounded as well: a call that the bridge has no room for is never sent there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deployment_that_is_full_sends_the_bridge_no_more_calls() {
    let world = World::start().await;
    let inbound = HttpSandbox::start(&world, "voice-inbound", &[("MAX_CONCURRENT_CALLS", "2")]).await;
    let mut answers = vec![];
    for seed in 70..73 {
        answers.push(inbound.receives(&world, &Webhook::inbound(&world, &call_sid(seed))).await.1);
    }
    assert!(answers[0].contains("<Stream") && answers[1].contains("<Stream"), "{answers:?}");
    assert!(answers[2].contains("lines are busy"), "{answers:?}");
    let (_, record) = world.get(&format!("/v1/calls/{}", call_sid(72))).await;
    assert_eq!(record["refusal"], "at_capacity");

    Webhook::status(&world, &call_sid(70), "completed", 3).send(&world).await;
    let next = inbound.receives(&world, &Webhook::inbound(&world, &call_sid(73))).await.1;
    assert!(next.contains("<Stream"), "an ended call makes room: {next}");
    world.system.stop().await;
}

/// A refused call stays refused for every copy of its webhook, also when a line has become free meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_is_everybodys_answer() {
    let world = World::with(WorldConfig {
        business: |new| new.business.max_concurrent_calls = 1,
        ..WorldConfig::default()
    })
    .await;
    Webhook::inbound(&world, &call_sid(40)).send(&world).await;
    let refused = Webhook::inbound(&world, &call_sid(41));
    let (_, busy) = refused.send(&world).await;
    assert!(busy.contains("lines are busy"));
    Webhook::status(&world, &call_sid(40), "completed", 3).send(&world).await;
    assert_eq!(refused.send(&world).await.1, busy);
    let (_, record) = world.get(&format!("/v1/calls/{}", call_sid(41))).await;
    assert_eq!(record["refusal"], "at_capacity");
    world.system.stop().await;
}

/// Fault 2. An operator replays a whole call's webhooks when it is long over: nothing happens a second time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_of_everything_after_the_end_changes_nothing() {
    let world = World::start().await;
    let sid = call_sid(60);
    let webhooks = [
        Webhook::inbound(&world, &sid),
        Webhook::status(&world, &sid, "in-progress", 2),
        Webhook::status(&world, &sid, "completed", 3),
    ];
    let mut answers = vec![];
    for webhook in &webhooks {
        answers.push(webhook.send(&world).await);
    }
    let ended = world.record_when(&sid, |record| !record["insights"].is_null()).await;
    let held = leases(&world).await;
    assert!(!held.iter().any(|key| key.contains("slot#")), "the line is free: {held:?}");
    for (webhook, answer) in webhooks.iter().zip(&answers) {
        assert_eq!(webhook.send(&world).await, *answer);
    }
    assert_eq!(world.get(&format!("/v1/calls/{sid}")).await.1, ended);
    assert!(!leases(&world).await.iter().any(|key| key.contains("slot#")), "and stays free");
    world.system.stop().await;
}
