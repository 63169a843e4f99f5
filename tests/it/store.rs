//! The store is slow, refuses, or answers one sandbox later than another: the caller notices a second or an apology at most.

use std::time::Instant;

use acceptance::World;
use acceptance::aws_proxy::{AwsProxy, Manner};
use acceptance::sandbox::HttpSandbox;
use acceptance::webhook::{Webhook, call_sid};
use stores::plans::Plans;

async fn inbound_behind(world: &World, proxy: &AwsProxy) -> HttpSandbox {
    HttpSandbox::start(world, "voice-inbound", &[("AWS_ENDPOINT_URL_DYNAMODB", proxy.url.as_str())]).await
}

fn is_apology(answer: &(u16, String)) -> bool {
    answer.0 == 200 && answer.1.contains("technical problem") && !answer.1.contains("<Stream")
}

/// Fault 23. Throttled beyond the retries: Twilio is made to ask again while it has time, and words come last.
async fn a_throttled_store_is_asked_again_and_nothing_is_half_done(world: World) {
    let proxy = AwsProxy::of(&world).await;
    let inbound = inbound_behind(&world, &proxy).await;
    let (webhook, hopeless) =
        (Webhook::inbound(&world, &call_sid(1)), Webhook::inbound(&world, &call_sid(9)));
    proxy.set(Manner::Throttles);
    assert_eq!(inbound.receives(&world, &webhook).await.0, 503);
    assert_eq!(world.get(&format!("/v1/calls/{}", call_sid(1))).await.0, 404, "no call was opened");
    for expected in [503, 503, 200] {
        let (status, twiml) = inbound.receives(&world, &hopeless).await;
        assert_eq!(status, expected);
        assert!(expected == 503 || is_apology(&(status, twiml)));
    }
    let fallback = webhook.clone().field("ErrorCode", "11200").field("ErrorUrl", "https://api.example/voice");
    let last = inbound.receives(&world, &fallback).await;
    assert!(is_apology(&last), "at its fallback address Twilio asks once: {last:?}");
    proxy.set(Manner::Open);
    assert!(inbound.receives(&world, &webhook).await.1.contains("<Stream"));
}

/// Faults 23 and 29. A store that says nothing keeps a function neither from starting nor from answering.
async fn a_silent_store_is_answered_in_time_and_a_late_write_is_harmless(world: World) {
    let proxy = AwsProxy::of(&world).await;
    proxy.set(Manner::Silent);
    let inbound = inbound_behind(&world, &proxy).await;
    let webhook = Webhook::inbound(&world, &call_sid(2));
    assert_eq!(
        inbound.receives(&world, &webhook).await.0,
        503,
        "what the caller must hear first is not known"
    );
    proxy.set(Manner::Open);
    // Whether the write that was given up arrives after all or not: a copy of the webhook finds a whole call.
    let (status, twiml) = webhook.send(&world).await;
    assert!(status == 200 && twiml.contains("<Stream"), "{twiml}");
    assert_eq!(webhook.send(&world).await.1, twiml);
}

/// A copy that runs out of its time while the store stalls gives the answer of the call that another copy opened.
async fn a_copy_that_runs_out_of_time_gives_the_answer_of_the_opened_call(world: World) {
    let proxy = AwsProxy::of(&world).await;
    let stalled = inbound_behind(&world, &proxy).await;
    let webhook = Webhook::inbound(&world, &call_sid(6));
    proxy.set(Manner::Holds("TransactWriteItems"));
    let copies = futures_util::future::join_all((0..20).map(|_| stalled.receives(&world, &webhook)));
    let (copies, opened) = tokio::join!(copies, async {
        proxy.holds_one().await;
        webhook.send(&world).await
    });
    assert!(opened.1.contains("<Stream"), "{opened:?}");
    assert!(copies.iter().all(|copy| *copy == opened), "{copies:?}");
    proxy.set(Manner::Open);
}

/// The answer of an opened call was given, but no call was opened: the caller comes back for another answer, and then
/// hears words.
async fn a_stream_without_a_call_brings_the_caller_back_once(world: World) {
    let (sid, other) = (call_sid(7), call_sid(8));
    let after = |sid: &str| {
        Webhook::inbound(&world, sid)
            .field("CallStatus", "in-progress")
            .at("/twilio/voice/after-stream?epoch=1")
    };
    let (_, twiml) = after(&sid).send(&world).await;
    let again = world.url("/twilio/voice/inbound?again=1");
    assert!(twiml.contains("<Redirect>") && twiml.contains(again.as_str()), "{twiml}");
    let back =
        Webhook::inbound(&world, &sid).field("CallStatus", "in-progress").at("/twilio/voice/inbound?again=1");
    assert!(back.send(&world).await.1.contains("<Stream"), "the store answers, and the call is opened");

    let proxy = AwsProxy::of(&world).await;
    let stalled = inbound_behind(&world, &proxy).await;
    assert!(stalled.receives(&world, &Webhook::inbound(&world, &call_sid(9))).await.1.contains("<Stream"));
    proxy.set(Manner::Holds("TransactWriteItems"));
    let back =
        Webhook::inbound(&world, &other).at("/twilio/voice/inbound?again=1").field("ErrorUrl", "https://x");
    let last = stalled.receives(&world, &back).await;
    assert!(is_apology(&last), "{last:?}");
    proxy.set(Manner::Open);
}

/// Fault 16. Twilio's retry reaches a second sandbox while the first one is still at it.
async fn a_retry_that_overtakes_its_original_has_the_same_answer_and_no_second_effect(world: World) {
    let proxy = AwsProxy::of(&world).await;
    let slow = inbound_behind(&world, &proxy).await;
    let webhook = Webhook::inbound(&world, &call_sid(3));
    proxy.set(Manner::Holds("TransactWriteItems"));
    let original = slow.receives(&world, &webhook);
    let retry = async {
        proxy.holds_one().await;
        let answer = webhook.send(&world).await;
        proxy.set(Manner::Open);
        answer
    };
    let (original, retry) = tokio::join!(original, retry);
    assert_eq!(original, retry);
    assert!(retry.1.contains("<Stream"), "{retry:?}");

    let call = domain::CallSid::parse(&call_sid(3)).unwrap();
    let plans = Plans::new(&world.system.aws, world.system.name("LeasesTable").unwrap());
    let mut claimed = 0;
    for _ in 0..2 {
        let claim = plans.claim(&call, domain::Epoch::FIRST, world.now()).await.unwrap();
        claimed += usize::from(claim.is_some());
    }
    assert_eq!(claimed, 1, "one plan");
}

/// Fault 28. The partition of one business's slots is hot: its calls are asked for again, and no other business
/// notices.
async fn a_hot_partition_is_the_trouble_of_its_business_alone(world: World) {
    let garden = |number: &str| {
        let number = domain::PhoneNumber::parse(number).unwrap();
        let mut new = local::demo::business::harbour_bicycles(number, acceptance::business_key(5)).unwrap();
        new.business.id = domain::BusinessId::parse("garden").unwrap();
        new
    };
    let new = garden("+43720999001");
    world.provision(&new).await;

    let proxy = AwsProxy::of(&world).await;
    let inbound = inbound_behind(&world, &proxy).await;
    proxy.set(Manner::ThrottlesKey("slot#garden#"));
    let hot = Webhook::inbound(&world, &call_sid(4)).field("To", "+43720999001");
    let (hot, (first, others)) =
        tokio::join!(async { (inbound.receives(&world, &hot).await, Instant::now()) }, async {
            let (mut first, mut answers) = (None, vec![]);
            for seed in 5..15 {
                answers.push(inbound.receives(&world, &Webhook::inbound(&world, &call_sid(seed))).await);
                first.get_or_insert_with(Instant::now);
            }
            (first, answers)
        });
    let (hot, given_up) = hot;
    assert_eq!(hot.0, 503, "{hot:?}");
    assert!(others.iter().all(|(_, twiml)| twiml.contains("<Stream")), "{others:?}");
    assert!(first.unwrap() < given_up, "others are not held up until the hot one is given up");
}

acceptance::tests![
    a_throttled_store_is_asked_again_and_nothing_is_half_done,
    a_silent_store_is_answered_in_time_and_a_late_write_is_harmless,
    a_copy_that_runs_out_of_time_gives_the_answer_of_the_opened_call,
    a_stream_without_a_call_brings_the_caller_back_once,
    a_retry_that_overtakes_its_original_has_the_same_answer_and_no_second_effect,
    a_hot_partition_is_the_trouble_of_its_business_alone,
];
