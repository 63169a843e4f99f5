//! Settings channels: numbers of one business whose calls run with settings of their own.

use std::collections::BTreeMap;

use acceptance::World;
use acceptance::client::{Client, own};
use acceptance::outbound::CALLEE;
use acceptance::sandbox::HttpSandbox;
use acceptance::webhook::{Webhook, new_call_sid};
use domain::{CallPlan, CallSid, Epoch};
use http::Method;
use serde_json::{Value, json};
use simulator::twilio::{Callee, CallerScript, CallerStep};
use stores::calls;
use stores::plans::Plans;

const SECOND: &str = "+12025550181";

/// Settings like the published ones, with this greeting on both channels of prompts.
async fn greeting_with(shop: &Client<'_>, greeting: &str) -> Value {
    let mut settings = shop.get("/v1/settings").await.body;
    for channel in ["inbound", "outbound"] {
        settings["prompts"][channel]["greeting"] = greeting.into();
    }
    settings
}

/// What a call to this number is carried with, as a sandbox that remembers nothing answers it.
async fn rings(world: &World, number: &str) -> (String, CallPlan) {
    let inbound = HttpSandbox::start(world, "voice-inbound", &[]).await;
    let sid = new_call_sid();
    let (status, twiml) = inbound.receives(world, &Webhook::inbound(world, &sid).field("To", number)).await;
    assert_eq!(status, 200, "{twiml}");
    let plans = Plans::new(&world.system.aws, world.system.name("LeasesTable").unwrap());
    let call = CallSid::parse(&sid).unwrap();
    let plan = plans.claim(&call, Epoch::FIRST, world.now()).await.unwrap().expect("a plan");
    (sid, plan)
}

/// The revision that a call is pinned to.
async fn pinned(world: &World, sid: &str) -> Option<u32> {
    let calls = calls::Reader::new(&world.system.aws, world.system.name("CallsTable").unwrap());
    let call = calls.call(&CallSid::parse(sid).unwrap()).await.unwrap().expect("the call");
    call.revision.map(|revision| revision.0)
}

async fn change(shop: &Client<'_>, number: &str, channel: Value) -> acceptance::client::Answer {
    let path = format!("/v1/numbers/{number}");
    shop.send(Method::PATCH, &path, &[], Some(json!({ "channel": channel }))).await
}

/// Two numbers, two settings: each call, each order and each prompt goes by the number. A call keeps what it began with.
async fn each_number_runs_with_the_settings_of_its_channel(world: World) {
    let (shop, first) = (own(&world), world.business.number.as_e164());
    let missing = shop.post("/v1/numbers", json!({ "number": SECOND, "channel": "trial" })).await;
    let (status, pointer, code, detail) = missing.refusal();
    assert_eq!((status, pointer, code), (422, "/channel", "unknown_channel"), "{}", missing.body);
    assert!(detail.contains("publish to it first"), "{detail}");
    let published = shop.publish(&greeting_with(&shop, "Ahoy.").await, "trial").await;
    assert_eq!((published.status, &published.body["revision"]), (201, &json!(2)), "{}", published.body);
    assert_eq!(published.body["channel"], "trial");
    let taken = shop.post("/v1/numbers", json!({ "number": SECOND, "channel": "trial" })).await;
    assert_eq!((taken.status, &taken.body["channel"]), (201, &json!("trial")), "{}", taken.body);

    let (call, plan) = rings(&world, SECOND).await;
    assert_eq!((plan.greeting.as_deref(), plan.revision.0), (Some("Ahoy."), 2));
    let (_, plan) = rings(&world, first).await;
    assert_eq!(plan.revision.0, 1);
    assert!(plan.greeting.is_some_and(|greeting| greeting.contains("this is Robin")));
    let prompt = shop.get(&format!("/v1/prompt?number={}", SECOND.replace('+', "%2B"))).await.body;
    assert_eq!((&prompt["greeting"], &prompt["revision"]), (&json!("Ahoy."), &json!(2)));
    let preview = json!({ "channel": "inbound", "number": SECOND });
    assert_eq!(shop.post("/v1/prompt/preview", preview).await.body["prompt"]["revision"], 2);
    assert_eq!(shop.get("/v1/prompt").await.body["revision"], 1);
    assert_eq!(shop.get("/v1/prompt?number=%2B12025550199").await.status, 404);

    // An order goes by the number that it calls from.
    let script = || CallerScript::new(vec![CallerStep::HangUp]);
    world.twilio.set_callee(CALLEE, Callee::answers(script()));
    let order = json!({ "from": SECOND, "to": CALLEE });
    let outbound = HttpSandbox::start(&world, "voice-outbound", &[]).await;
    let ask = world.http.post(outbound.url.join("/v1/calls").unwrap()).bearer_auth(&shop.key).json(&order);
    let placed: Value = ask.header("idempotency-key", "k").send().await.unwrap().json().await.unwrap();
    let ordered = placed["sid"].as_str().unwrap_or_else(|| panic!("{placed}"));
    assert_eq!(pinned(&world, ordered).await, Some(2));

    // Something else is published there, and the call that is up keeps what it has.
    let again = shop.publish(&greeting_with(&shop, "Avast.").await, "trial").await;
    assert_eq!(again.body["revision"], 3, "{}", again.body);
    assert_eq!(pinned(&world, &call).await, Some(2));
    assert_eq!(rings(&world, SECOND).await.1.greeting.as_deref(), Some("Avast."));
    assert_eq!(change(&shop, SECOND, Value::Null).await.body["channel"], "published");
    assert_eq!(rings(&world, SECOND).await.1.revision.0, 1);
}

/// Channels are compared, restored to and listed; what was seen counts at the channel, not at another one.
async fn a_channel_is_published_to_on_what_was_seen_of_it(world: World) {
    let shop = own(&world);
    let settings = greeting_with(&shop, "Ahoy.").await;
    let publish = async |channel: &str, seen: &[(&str, &str)]| {
        shop.send(Method::PUT, "/v1/settings/draft", &[], Some(settings.clone())).await;
        shop.send(Method::POST, "/v1/settings/publish", seen, Some(json!({ "channel": channel }))).await
    };
    assert_eq!(shop.get("/v1/settings?channel=trial").await.status, 404);
    assert_eq!(
        publish("trial", &[("if-match", "\"v1\"")]).await.status,
        412,
        "there is nothing to have seen"
    );
    assert_eq!(publish("trial", &[]).await.status, 201);
    assert_eq!(publish("trial", &[]).await.status, 428);
    assert_eq!(publish("trial", &[("if-match", "\"v1\"")]).await.status, 412);
    for bad in ["Trial", "draft", ""] {
        let refused = publish(bad, &[]).await;
        assert_eq!((refused.status, refused.refusal().1), (422, "/channel"), "{bad}: {}", refused.body);
    }
    assert_eq!(shop.get("/v1/settings?channel=Trial").await.status, 400);

    let list = shop.get("/v1/settings/revisions").await.body;
    assert_eq!(
        (&list["published"], &list["channels"]),
        (&json!(1), &json!([{ "channel": "trial", "revision": 2 }]))
    );
    let differ = shop.get("/v1/settings/diff?from=published&to=trial").await.body;
    let pointers: Vec<&str> = differ["areas"][0]["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(pointers, ["/prompts/inbound/greeting", "/prompts/outbound/greeting"], "{differ}");
    assert_eq!(shop.get("/v1/settings/diff?from=published&to=nothing").await.status, 404);

    // What was tried is published for all, and the channel goes back to what was before.
    let restore = async |revision: u32, channel: Option<&str>, seen: &str| {
        let body = channel.map_or_else(|| json!({}), |channel| json!({ "channel": channel }));
        let path = format!("/v1/settings/revisions/{revision}/restore");
        shop.send(Method::POST, &path, &[("if-match", seen)], Some(body)).await
    };
    let all = restore(2, None, "\"v1\"").await;
    assert_eq!(
        (all.status, &all.body["revision"], &all.body["channel"]),
        (201, &json!(3), &json!("published"))
    );
    let back = restore(1, Some("trial"), "\"v2\"").await;
    assert_eq!((back.status, &back.body["revision"]), (201, &json!(4)), "{}", back.body);
    assert_eq!(shop.get("/v1/settings").await.etag(), "\"v3\"");
    assert_eq!(shop.get("/v1/settings?channel=trial").await.etag(), "\"v4\"");
}

/// Of publications to many channels at once each gets a revision of its own.
async fn publications_to_several_channels_do_not_stop_each_other(world: World) {
    let shop = own(&world);
    let settings = shop.get("/v1/settings").await.body;
    shop.send(Method::PUT, "/v1/settings/draft", &[], Some(settings)).await;
    let restore = |n: usize| {
        let shop = &shop;
        async move {
            let body = Some(json!({ "channel": format!("c{n}") }));
            shop.send(Method::POST, "/v1/settings/revisions/1/restore", &[], body).await
        }
    };
    let made = futures_util::future::join_all((0..4).map(restore)).await;
    let revisions: BTreeMap<u64, u16> = made
        .iter()
        .map(|answer| (answer.body["revision"].as_u64().unwrap_or_default(), answer.status))
        .collect();
    assert_eq!(revisions, (2..=5).map(|revision| (revision, 201)).collect(), "{made:?}");
}

/// A channel with a number on it stays; a number that goes to another business leaves it behind.
async fn a_channel_is_not_taken_from_under_a_number(world: World) {
    let other = world.another_business().await;
    let (shop, operator) = (own(&world), acceptance::client::operator(&world));
    let number = world.business.number.as_e164();
    let remove = async || shop.send(Method::DELETE, "/v1/settings/channels/trial", &[], None).await;
    assert_eq!(remove().await.status, 404);
    let settings = greeting_with(&shop, "Ahoy.").await;
    assert_eq!(shop.publish(&settings, "trial").await.status, 201);
    assert_eq!(change(&shop, number, json!("trial")).await.body["channel"], "trial");
    let refused = remove().await;
    assert_eq!((refused.status, &refused.body["code"]), (409, &json!("channel_in_use")), "{}", refused.body);
    let nothing = change(&shop, number, json!("trail")).await;
    assert_eq!((nothing.status, nothing.refusal().2), (422, "unknown_channel"), "{}", nothing.body);
    assert_eq!(shop.get(&format!("/v1/numbers/{number}")).await.body["channel"], "trial", "as it was");

    let path = format!("/v1/businesses/{}/numbers/{number}/move", world.business.business.id);
    let moved = operator.post(&path, json!({ "to": other.business.id.as_str() })).await;
    assert_eq!((moved.status, &moved.body["channel"]), (200, &json!("published")), "{}", moved.body);
    let (_, plan) = rings(&world, number).await;
    assert_eq!((plan.business, plan.revision.0), (other.business.id, 1));
    assert_eq!(remove().await.status, 204);
    assert_eq!(shop.get("/v1/settings/revisions").await.body["channels"], json!([]));
    assert_eq!(shop.get("/v1/settings/revisions/2").await.status, 200, "what was published stays");
}

acceptance::tests![
    each_number_runs_with_the_settings_of_its_channel,
    a_channel_is_published_to_on_what_was_seen_of_it,
    publications_to_several_channels_do_not_stop_each_other,
    a_channel_is_not_taken_from_under_a_number,
];
