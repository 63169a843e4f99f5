//! The roles of the functions that a call from the console meets.

use std::time::Duration;

use acceptance::aws_proxy::AwsProxy;
use acceptance::browser::{Browser, TestCall};
use acceptance::lease::fill_deployment;
use acceptance::sandbox::HttpSandbox;
use serde_json::{Value, json};

use super::{compare, world};

async fn the_role_of_the_function_of_test_calls_fits() {
    let world = world().await;
    let proxy = AwsProxy::of(&world).await;
    // One call fills the deployment, so that its slots are searched as well as the business's.
    let changes = [&[("MAX_CONCURRENT_CALLS", "1")][..], &proxy.everywhere()].concat();
    let api = HttpSandbox::start(&world, "test-calls", &changes).await;
    let post = async |path: &str, key: &str, body: Value| {
        let request =
            world.http.post(api.url.join(path).unwrap()).bearer_auth(world.identity.api_key.expose());
        let answer = request.header("Idempotency-Key", key).json(&body).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    fill_deployment(&world, true).await;
    assert_eq!(post("/v1/test_calls", "full", json!({})).await.0, 429);
    fill_deployment(&world, false).await;
    let (status, begun) = post("/v1/test_calls", "one", json!({})).await;
    assert_eq!(status, 201, "{begun}");
    let call: TestCall = serde_json::from_value(begun).unwrap();
    let resume = format!("/v1/test_calls/{}/resume", call.call);
    assert_eq!(post(&resume, "none", json!({ "epoch": 1 })).await.0, 200);
    let next: TestCall =
        serde_json::from_value(post(&resume, "none", json!({ "epoch": 1 })).await.1).unwrap();
    let mut browser = Browser::on(&world, &next).await;
    browser.until("the greeting", |browser| browser.heard > 0).await;
    browser.hang_up().await;
    assert_eq!(post(&resume, "none", json!({ "epoch": 2 })).await.1["status"], "completed");
    // Calls without a page give their place up.
    let big = [&[("MAX_CONCURRENT_CALLS", "9")][..], &proxy.everywhere()].concat();
    let api = HttpSandbox::start(&world, "test-calls", &big).await;
    let begin = async |key: &str| {
        let request = world.http.post(api.url.join("/v1/test_calls").unwrap());
        let request = request.bearer_auth(world.identity.api_key.expose()).header("Idempotency-Key", key);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!((begin("two").await, begin("three").await, begin("four").await), (201, 201, 429));
    world.time_passes(Duration::from_secs(61));
    assert_eq!(begin("five").await, 201);
    compare("TestCallsFunction", &proxy);
}

acceptance::tests![the_role_of_the_function_of_test_calls_fits];
