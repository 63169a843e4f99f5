//! The answer to a ringing phone: one effect, however often it is asked for.

use std::sync::Arc;

use acceptance::sandbox::HttpSandbox;
use acceptance::webhook::{Webhook, call_sid, new_call_sid, token_in};
use acceptance::{World, WorldConfig};
use futures_util::future::join_all;
use stores::plans::Plans;

/// The answer to a webhook of a call that is over.
const HUNG_UP: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Response><Hangup/></Response>"#;

async fn leases(world: &World) -> Vec<String> {
    let table = world.system.name("LeasesTable").unwrap();
    let scan = world.system.aws.dynamodb.scan().table_name(table).consistent_read(true).send().await.unwrap();
    let keys = scan.items.unwrap_or_default();
    keys.into_iter().map(|item| item["pk"].as_s().unwrap().clone()).collect()
}

/// Fault 1. The same webhook sent 100 times at once gives one call, one token and 100 equal answers.
async fn a_hundred_copies_of_a_webhook_have_one_effect_and_equal_answers(world: World) {
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
}

/// Fault 6. An operator's replay of an old, validly signed webhook opens no second session.
async fn a_replay_after_the_plan_was_claimed_mints_no_second_plan(world: Arc<World>) {
    let sid = new_call_sid();
    let webhook = Webhook::inbound(&world, &sid);
    let (_, first) = webhook.send(&world).await;
    let call = domain::CallSid::parse(&sid).unwrap();
    let plans = Plans::new(&world.system.aws, world.system.name("LeasesTable").unwrap());
    let now = world.now();
    assert!(plans.claim(&call, domain::Epoch::FIRST, now).await.unwrap().is_some());
    let (status, again) = webhook.send(&world).await;
    assert_eq!((status, &again), (200, &first), "the same TwiML");
    assert!(plans.claim(&call, domain::Epoch::FIRST, now).await.unwrap().is_none(), "and nothing behind it");
}

async fn the_answer_opens_a_stream_with_a_token_and_never_ends_in_silence(world: Arc<World>) {
    let (_, twiml) = Webhook::inbound(&world, &new_call_sid()).send(&world).await;
    assert!(twiml.contains("<Connect action="), "{twiml}");
    assert!(!token_in(&twiml).is_empty());
    let after = twiml.split("</Connect>").nth(1).unwrap();
    assert!(after.contains("<Say") && after.contains("<Hangup/>"), "{twiml}");
}

/// More calls than the business may have hear that the lines are busy; an ended call makes room.
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
}

/// All calls together are bounded as well: a call that the bridge has no room for is never sent there.
async fn a_deployment_that_is_full_sends_the_bridge_no_more_calls(world: World) {
    let inbound = HttpSandbox::start(&world, "voice-inbound", &[("MAX_CONCURRENT_CALLS", "2")]).await;
    let mut answers = vec![];
    for seed in 70..73 {
        answers.push(inbound.receives(&world, &Webhook::inbound(&world, &call_sid(seed))).await.1);
    }
    assert!(answers[0].contains("<Stream") && answers[1].contains("<Stream"), "{answers:?}");
    assert!(answers[2].contains("lines are busy"), "{answers:?}");
    let record = world.record(&call_sid(72)).await;
    assert_eq!(record.refusal, "at_capacity");

    Webhook::status(&world, &call_sid(70), "completed", 3).send(&world).await;
    let next = inbound.receives(&world, &Webhook::inbound(&world, &call_sid(73))).await.1;
    assert!(next.contains("<Stream"), "an ended call makes room: {next}");
}

/// A refused call stays refused for every copy of its webhook, also when a line has become free meanwhile.
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
    let record = world.record(&call_sid(41)).await;
    assert_eq!(record.refusal, "at_capacity");
}

/// Fault 2. An operator replays a whole call's webhooks when it is long over: nothing happens a second time.
async fn a_replay_of_everything_after_the_end_changes_nothing(world: World) {
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
    // The webhook of a call that is over is answered with its end: a stream would not be let in.
    answers[0] = (200, HUNG_UP.to_owned());
    let ended = world.record_when(&sid, |record| record.insights.is_some()).await;
    let held = leases(&world).await;
    assert!(!held.iter().any(|key| key.contains("slot#")), "the line is free: {held:?}");
    for (webhook, answer) in webhooks.iter().zip(&answers) {
        assert_eq!(webhook.send(&world).await, *answer);
    }
    assert_eq!(world.record(&sid).await, ended);
    assert!(!leases(&world).await.iter().any(|key| key.contains("slot#")), "and stays free");
}

/// The token of a call that is over opens no stream, though it was never shown and its minute is not up.
async fn a_call_that_is_over_gets_no_session(world: Arc<World>) {
    let sid = new_call_sid();
    let webhook = Webhook::inbound(&world, &sid);
    let (_, twiml) = webhook.send(&world).await;
    assert!(!token_in(&twiml).is_empty());
    assert_eq!(Webhook::status(&world, &sid, "completed", 3).send(&world).await.0, 204);
    assert_eq!(webhook.send(&world).await, (200, HUNG_UP.to_owned()));
    let call = domain::CallSid::parse(&sid).unwrap();
    let plans = Plans::new(&world.system.aws, world.system.name("LeasesTable").unwrap());
    let claimed = plans.claim(&call, domain::Epoch::FIRST, world.now()).await.unwrap();
    assert_eq!(claimed, None);
}

/// Historic failure 22. However a call ends and however often that is told, its lines are free and stay so.
async fn a_line_is_given_back_by_every_end_and_by_none_twice() {
    let world = World::with(WorldConfig {
        business: |new| new.business.max_concurrent_calls = 1,
        ..WorldConfig::default()
    })
    .await;
    for (seed, end) in (80..).zip(["completed", "busy", "failed", "no-answer", "canceled"]) {
        let sid = call_sid(seed);
        let (_, twiml) = Webhook::inbound(&world, &sid).send(&world).await;
        assert!(twiml.contains("<Stream"), "the line of the call before is free: {end}");
        let ended = Webhook::status(&world, &sid, end, 3);
        let told = join_all((0..4).map(|_| ended.send(&world))).await;
        assert!(told.iter().all(|(status, _)| *status == 204), "{told:?}");
    }
    // An end that is told again when the next call has the line takes nothing from it.
    let (_, twiml) = Webhook::inbound(&world, &call_sid(90)).send(&world).await;
    assert!(twiml.contains("<Stream"));
    for seed in 80..85 {
        Webhook::status(&world, &call_sid(seed), "completed", 4).send(&world).await;
    }
    let (_, busy) = Webhook::inbound(&world, &call_sid(91)).send(&world).await;
    assert!(busy.contains("lines are busy"), "{busy}");
    let held = leases(&world).await;
    assert_eq!(held.iter().filter(|key| key.contains("slot#")).count(), 2, "one call's: {held:?}");
}

/// Historic failure 18. What belongs to one call is in its plan alone, though all share a compiled prompt.
async fn no_caller_is_told_what_belongs_to_another(world: Arc<World>) {
    let plans = Plans::new(&world.system.aws, world.system.name("LeasesTable").unwrap());
    let mut told = vec![];
    for from in ["+12025550178", "anonymous", "+12025550155", "anonymous"] {
        let sid = new_call_sid();
        Webhook::inbound(&world, &sid).field("From", from).send(&world).await;
        let call = domain::CallSid::parse(&sid).unwrap();
        let plan = plans.claim(&call, domain::Epoch::FIRST, world.now()).await.unwrap().unwrap();
        told.push((plan.instructions, plan.safety_identifier));
    }
    for (known, withheld) in [(0, 1), (2, 3)] {
        assert!(told[known].0.contains("known to the business"), "{}", told[known].0);
        let withheld = &told[withheld].0;
        assert!(withheld.contains("withheld") && !withheld.contains("known to the business"), "{withheld}");
    }
    for (one, other) in [(0, 1), (0, 2), (1, 3), (2, 3)] {
        assert_ne!(told[one].1, told[other].1, "two callers are two people");
    }
}

/// Cases C14 and B04. Withheld callers are unknown persons, and two of them are never taken for one.
async fn withheld_callers_share_no_identity(world: Arc<World>) {
    let plans = Plans::new(&world.system.aws, world.system.name("LeasesTable").unwrap());
    let mut people = std::collections::BTreeSet::new();
    let withheld = ["+86282452253", "+86282452253", "+17378742833", "+464", "Private Number", "withheld", ""];
    for from in withheld {
        let sid = new_call_sid();
        Webhook::inbound(&world, &sid).field("From", from).field("Caller", from).send(&world).await;
        let call = domain::CallSid::parse(&sid).unwrap();
        let plan = plans.claim(&call, domain::Epoch::FIRST, world.now()).await.unwrap().unwrap();
        assert!(plan.instructions.contains("withheld"), "{from}");
        assert!(people.insert(plan.safety_identifier), "{from}");
        assert_eq!(world.record(&sid).await.from, "hidden", "{from}");
    }
}

/// Cases C02, C20 and B16. A call is answered whatever the caller's id is, and in each form of our number.
async fn a_caller_is_answered_whatever_the_network_says_of_him(world: Arc<World>) {
    let number = world.business.number.as_e164();
    let (sip, whatsapp) = (format!("sip:{number}@x.sip.twilio.com"), format!("whatsapp:{number}"));
    let parties =
        ["1234567e0", "+43 664", "202-555-0143", "2025550143;ext=12", "1001*2", "a@b.example", "x "];
    let froms = parties.iter().map(|from| (*from, number));
    let tos = [sip.as_str(), &whatsapp].map(|to| ("whatsapp:+12025550178", to));
    for (from, to) in froms.chain(tos) {
        let sid = new_call_sid();
        let parties = |webhook: Webhook| {
            let webhook = webhook.field("From", from).field("Caller", from).field("ForwardedFrom", from);
            webhook.field("To", to).field("Called", to)
        };
        let (status, twiml) = parties(Webhook::inbound(&world, &sid)).send(&world).await;
        assert!(status == 200 && twiml.contains("<Stream"), "{from} to {to}: {status} {twiml}");
        let (status, _) = parties(Webhook::status(&world, &sid, "completed", 3)).send(&world).await;
        assert_eq!(status, 204, "{from} to {to}");
        let record = world.record(&sid).await;
        assert_eq!((record.status.as_str(), record.to.as_str()), ("completed", number));
        for path in ["after-stream?epoch=1", "after-dial?epoch=1", "no-agent/after-message"] {
            let webhook = parties(Webhook::inbound(&world, &sid)).at(&format!("/twilio/voice/{path}"));
            assert_eq!(webhook.send(&world).await.0, 200, "{from} to {to} at {path}");
        }
    }
}

acceptance::tests![
    a_hundred_copies_of_a_webhook_have_one_effect_and_equal_answers,
    a_replay_after_the_plan_was_claimed_mints_no_second_plan,
    the_answer_opens_a_stream_with_a_token_and_never_ends_in_silence,
    capacity_is_leased_per_call_and_given_back_by_its_end,
    a_deployment_that_is_full_sends_the_bridge_no_more_calls,
    a_refusal_is_everybodys_answer,
    a_replay_of_everything_after_the_end_changes_nothing,
    a_call_that_is_over_gets_no_session,
    a_line_is_given_back_by_every_end_and_by_none_twice,
    no_caller_is_told_what_belongs_to_another,
    withheld_callers_share_no_identity,
    a_caller_is_answered_whatever_the_network_says_of_him,
];
