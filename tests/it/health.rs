//! What a deployment finds of itself: everything proven, and each fault seen where it is.

use std::collections::BTreeMap;
use std::time::Duration;

use acceptance::World;
use acceptance::sandbox::HttpSandbox;
use domain::access::Scope;
use serde_json::{Value, json};

/// The checks by name, as a function with these settings finds them.
async fn checks(world: &World, changes: &[(&str, &str)]) -> (Value, BTreeMap<String, Value>) {
    let sandbox = HttpSandbox::start(world, "health", changes).await;
    let url = sandbox.url.join("/v1/health/deep").unwrap();
    let key = world.identity.operator_key.expose();
    let answer = world.http.get(url).bearer_auth(key).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let body: Value = answer.json().await.unwrap();
    let checks = body["checks"].as_array().unwrap().iter();
    let checks = checks.map(|check| (check["name"].as_str().unwrap().to_owned(), check.clone())).collect();
    (body["ok"].clone(), checks)
}

/// The names of those that found a fault.
fn faults(checks: &BTreeMap<String, Value>) -> Vec<&str> {
    checks.iter().filter(|(_, check)| check["state"] == "fault").map(|(name, _)| name.as_str()).collect()
}

/// As `switchboard number set-up` does.
async fn set_up(world: &World) {
    let number = world.business.number.as_e164();
    let check = world.url(&format!("/v1/numbers/{number}/check"));
    let told = world.http.put(check).bearer_auth(world.identity.api_key.expose()).send().await.unwrap();
    assert_eq!(told.status(), 200);
}

async fn a_deployment_in_order_is_proven_to_be() {
    let world = World::start().await;
    set_up(&world).await;
    let (ok, checks) = checks(&world, &[]).await;
    assert_eq!(ok, true, "{checks:?}");
    let names = ["clock", "numbers", "openai", "queues", "secret", "signatures", "tables", "twilio account"];
    assert_eq!(checks.keys().collect::<Vec<_>>(), names);
    assert!(checks.values().all(|check| check["state"] == "ok"), "{checks:?}");
    assert!(checks["twilio account"]["detail"].as_str().unwrap().contains("20.00 USD"), "{checks:?}");
    let secrets = [world.identity.auth_token.expose(), world.identity.openai_api_key.expose()];
    let said = json!(checks).to_string();
    assert!(secrets.iter().all(|secret| !said.contains(secret)), "a secret is told");
}

async fn a_wrong_key_or_token_is_seen_where_it_is_used() {
    let world = World::start().await;
    set_up(&world).await;
    let (ok, found) = checks(&world, &[("OPENAI_API_KEY", "sk-wrong")]).await;
    assert_eq!((ok, faults(&found)), (json!(false), vec!["openai"]), "{found:?}");
    // Twilio refuses the token, and the function behind the webhooks was started with another one.
    let (_, found) = checks(&world, &[("TWILIO_AUTH_TOKEN", "wrong")]).await;
    assert_eq!(faults(&found), ["numbers", "signatures", "twilio account"], "{found:?}");
    let (_, found) = checks(&world, &[("TRANSCRIPTION_MODELS", "gpt-transcribe,gpt-none")]).await;
    assert_eq!(faults(&found), ["openai"], "{found:?}");
    assert!(found["openai"]["detail"].as_str().unwrap().contains("gpt-none"), "{found:?}");
}

async fn a_number_whose_calls_go_elsewhere_is_named() {
    let world = World::start().await;
    let (_, found) = checks(&world, &[]).await;
    assert_eq!(faults(&found), ["numbers"], "nothing was told to Twilio");
    set_up(&world).await;
    let elsewhere = "https://elsewhere.example/voice".parse().unwrap();
    world.twilio.point_number(world.business.number.as_e164(), &elsewhere, &elsewhere);
    let (ok, found) = checks(&world, &[]).await;
    assert_eq!((ok, faults(&found)), (json!(false), vec!["numbers"]), "{found:?}");
    let detail = found["numbers"]["detail"].as_str().unwrap();
    assert!(detail.contains(world.business.number.as_e164()) && detail.contains("voice URL"), "{detail}");
    set_up(&world).await;
    assert_eq!(faults(&checks(&world, &[]).await.1), [""; 0]);
}

async fn a_wrong_public_address_is_seen_from_inside() {
    let world = World::start().await;
    set_up(&world).await;
    let nothing_there = "http://127.0.0.1:1";
    let (_, found) = checks(&world, &[("PUBLIC_BASE_URL", nothing_there)]).await;
    assert_eq!(faults(&found), ["numbers", "signatures"], "{found:?}");
    assert_eq!(found["clock"]["state"], "not_proven", "{found:?}");
    // Something answers there, and it is not our function.
    let (_, found) = checks(&world, &[("PUBLIC_BASE_URL", world.twilio.api_url().as_str())]).await;
    assert_eq!(faults(&found), ["numbers", "signatures"], "{found:?}");
}

async fn a_clock_that_is_off_and_a_missing_table_or_queue_are_faults() {
    let world = World::start().await;
    set_up(&world).await;
    let (_, found) = checks(&world, &[("TABLE_TURNS", "no-such-table")]).await;
    assert_eq!(faults(&found), ["tables"], "{found:?}");
    let queue = world.system.environment["QUEUE_INSIGHTS"].clone() + "-none";
    let (_, found) = checks(&world, &[("QUEUE_INSIGHTS", &queue)]).await;
    assert_eq!(faults(&found), ["queues"], "{found:?}");
    let dead = &world.system.environment["DLQ_INSIGHTS"];
    world.system.aws.sqs.send_message().queue_url(dead).message_body("{}").send().await.unwrap();
    let (_, found) = checks(&world, &[]).await;
    assert_eq!(faults(&found), ["queues"], "{found:?}");
    world.time_passes(Duration::from_secs(60));
    assert_eq!(faults(&checks(&world, &[]).await.1), ["clock", "queues"]);
}

async fn it_is_for_operators() {
    let world = World::start().await;
    let (status, problem) = world.get("/v1/health/deep").await;
    assert_eq!(status, 403, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains(Scope::DeploymentRead.as_str()), "{problem}");
}

acceptance::tests![
    a_deployment_in_order_is_proven_to_be,
    a_wrong_key_or_token_is_seen_where_it_is_used,
    a_number_whose_calls_go_elsewhere_is_named,
    a_wrong_public_address_is_seen_from_inside,
    a_clock_that_is_off_and_a_missing_table_or_queue_are_faults,
    it_is_for_operators,
];
