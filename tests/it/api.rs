//! The read API.

use std::sync::Arc;

use acceptance::World;
use acceptance::webhook::{Webhook, call_sid, new_call_sid};
use serde_json::Value;

async fn get(world: &World, path: &str, key: Option<&str>) -> (u16, String, Value) {
    let mut request = world.http.get(world.url(path));
    if let Some(key) = key {
        request = request.bearer_auth(key);
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let kind =
        response.headers().get("content-type").map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default();
    (status, kind, acceptance::told(response.json().await.unwrap_or(Value::Null)))
}

async fn without_a_known_key_nothing_is_told(world: Arc<World>) {
    for key in [None, Some(""), Some("guess"), Some(&"x".repeat(10_000)[..])] {
        for path in ["/v1/calls", "/v1/calls/CA1", "/v1/calls/CA1/recording"] {
            let (status, kind, body) = get(&world, path, key).await;
            assert_eq!((status, kind.as_str()), (401, "application/problem+json"), "{path}");
            assert!(body["detail"].as_str().unwrap().contains("Bearer"));
        }
    }
}

/// Another business's call answers exactly like one that does not exist.
async fn a_business_sees_its_own_calls_only(world: Arc<World>) {
    let other = world.another_business().await;
    let sid = new_call_sid();
    Webhook::inbound(&world, &sid).send(&world).await;
    let path = format!("/v1/calls/{sid}");
    assert_eq!(world.get(&path).await.0, 200);
    let theirs = get(&world, &path, Some(other.api_key.expose())).await;
    let nobodys = get(&world, &format!("/v1/calls/{}", new_call_sid()), Some(other.api_key.expose())).await;
    assert_eq!(theirs, nobodys);
    assert_eq!(theirs.0, 404);
    let (_, _, page) = get(&world, "/v1/calls", Some(other.api_key.expose())).await;
    assert_eq!(page["calls"].as_array().unwrap().len(), 0);
}

async fn the_list_is_paged_newest_first_and_bad_queries_are_explained(world: World) {
    for seed in 1..=5 {
        Webhook::inbound(&world, &call_sid(seed)).send(&world).await;
    }
    let mut seen = vec![];
    let mut path = "/v1/calls?limit=2".to_owned();
    loop {
        let (status, page) = world.get(&path).await;
        assert_eq!(status, 200);
        seen.extend(
            page["calls"].as_array().unwrap().iter().map(|call| call["sid"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/calls?limit=2&cursor={next}");
    }
    let expected: Vec<String> = (1..=5).rev().map(call_sid).collect();
    assert_eq!(seen, expected);
    for bad in ["limit=0", "limit=101", "limit=x", "cursor=%00", "page=2"] {
        let (status, body) = world.get(&format!("/v1/calls?{bad}")).await;
        assert_eq!(status, 400, "{bad}");
        assert!(body["detail"].is_string(), "{bad}");
    }
}

async fn asking_for_a_recording_that_is_not_there_starts_nothing(world: World) {
    Webhook::inbound(&world, &call_sid(1)).send(&world).await;
    for _ in 0..3 {
        assert_eq!(world.get(&format!("/v1/calls/{}/recording", call_sid(1))).await.0, 404);
    }
    assert!(world.twilio.requests().is_empty());
    assert_eq!(world.get("/v1/calls/not-a-sid").await.0, 404);
    assert_eq!(world.get("/v1/unknown").await.0, 404);
}

acceptance::tests![
    without_a_known_key_nothing_is_told,
    a_business_sees_its_own_calls_only,
    the_list_is_paged_newest_first_and_bad_queries_are_explained,
    asking_for_a_recording_that_is_not_there_starts_nothing,
];
