//! How a business makes, changes and takes away its endpoints.

use std::time::Duration;

use acceptance::World;
use acceptance::receiver::Receiver;
use acceptance::sandbox::ScheduleSandbox;
use http::Method;
use serde_json::{Value, json};

use super::endpoints::{ENDPOINTS, Happens, ask, post};

const HOUR: Duration = Duration::from_secs(3_600);

async fn an_endpoint_is_made_once_changed_as_it_was_seen_and_taken_away_with_what_waits() {
    let world = World::start().await;
    let receiver = Receiver::with(vec![(503, vec![("retry-after", "3000")]); 9]).await;
    let new = json!({ "url": receiver.url.as_str(), "types": ["usage.*"] });
    let (status, made) = post(&world, ENDPOINTS, "one", new.clone()).await;
    let (again, same) = post(&world, ENDPOINTS, "one", new.clone()).await;
    assert_eq!((status, again, &made), (201, 201, &same));
    assert_eq!(
        made["api_version"],
        domain::event::API_VERSION,
        "it stays with the form that it was made with"
    );
    let (status, _) = post(&world, ENDPOINTS, "one", json!({ "url": "https://other.example/" })).await;
    assert_eq!(status, 422);
    for (body, pointer) in [
        (json!({ "url": receiver.url.as_str(), "types": ["call.complete"] }), "/types/0"),
        (json!({ "url": receiver.url.as_str(), "types": [] }), "/types"),
        (json!({ "url": receiver.url.as_str(), "api_version": "2020-01-01" }), "/api_version"),
        (json!({ "url": receiver.url.as_str(), "headers": { "Host": "x" } }), "/headers"),
        (json!({ "url": receiver.url.as_str(), "headers": { "X-a": "1", "x-A": "2" } }), "/headers"),
        (json!({ "url": receiver.url.as_str(), "description": "x".repeat(201) }), "/description"),
    ] {
        let (status, refused) = post(&world, ENDPOINTS, "wrong", body).await;
        assert_eq!((status, &refused["errors"][0]["pointer"]), (422, &json!(pointer)), "{refused}");
    }
    for n in 1..20 {
        let (status, _) = post(
            &world,
            ENDPOINTS,
            &format!("more {n}"),
            json!({ "url": "https://a.example/", "types": ["call.*"] }),
        )
        .await;
        assert_eq!(status, 201);
    }
    let (status, full) = post(&world, ENDPOINTS, "too many", new.clone()).await;
    assert_eq!((status, &full["code"]), (409, &json!("too_many")));
    let path = format!("{ENDPOINTS}/{}", made["id"].as_str().unwrap());
    let change = json!({ "description": "shop", "enabled": false });
    let (status, _) = ask(&world, Method::PATCH, &path, &[], change.clone()).await;
    assert_eq!(status, 428);
    let (status, _) = ask(&world, Method::PATCH, &path, &[("if-match", "\"v7\"")], change.clone()).await;
    assert_eq!(status, 412);
    let (status, shown) = ask(&world, Method::PATCH, &path, &[("if-match", "\"v1\"")], change).await;
    assert_eq!((status, &shown["disabled_reason"]), (200, &json!("requested")));
    let enable = json!({ "enabled": true });
    let (status, _) = ask(&world, Method::PATCH, &path, &[("if-match", "\"v2\"")], enable).await;
    assert_eq!(status, 200);
    Happens::in_world(&world).now(1, "usage.warning", None).await;
    // Its first attempt is over: an attempt that has begun is not held back by the deletion.
    let attempts = format!("{path}/deliveries");
    world
        .until(|| async {
            let (_, page) = world.get(&attempts).await;
            let waiting = &page["deliveries"][0];
            (waiting["state"] == "waiting" && waiting["attempts"][0]["status"] == 503).then_some(())
        })
        .await;
    let (status, _) = ask(&world, Method::DELETE, &path, &[("if-match", "\"v3\"")], Value::Null).await;
    assert_eq!(status, 204);
    let tried = receiver.received().len();
    world.time_passes(HOUR);
    let sweep = ScheduleSandbox::start(&world, "endpoint-sweep", &[]).await;
    assert!(sweep.ticks(world.now()).await);
    world.works_everything_off(&["EndpointsQueue"]).await;
    assert_eq!(receiver.received().len(), tried, "what waited for it is not sent");
    assert_eq!(world.get(&path).await.0, 404);
    let (status, gone) = post(&world, ENDPOINTS, "one", new).await;
    assert_eq!((status, &gone["code"]), (409, &json!("endpoint_deleted")));
}

acceptance::tests![an_endpoint_is_made_once_changed_as_it_was_seen_and_taken_away_with_what_waits];
