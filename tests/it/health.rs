//! What a deployment finds of itself: everything proven, and each fault seen where it is.

use std::collections::BTreeMap;
use std::time::Duration;

use acceptance::sandbox::HttpSandbox;
use acceptance::webhook::{Webhook, call_sid};
use acceptance::{OWN_ACCOUNTS, World, WorldConfig};
use domain::access::Scope;
use domain::numbering::Country;
use scripted::{Answer, Scripted};
use serde_json::{Value, json};
use simulator::openai::{ConnectionPlan, Ending, Handshake, Model, OpenAiConfig, Purpose, Reply, Script};

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
    let names = [
        "businesses' twilio accounts",
        "clock",
        "countries",
        "model session",
        "models of the businesses",
        "numbers",
        "openai",
        "quarantine",
        "queues",
        "secret",
        "secret age",
        "signatures",
        "tables",
        "twilio account",
    ];
    assert_eq!(checks.keys().collect::<Vec<_>>(), names);
    let open: Vec<_> = checks.values().filter(|check| check["state"] != "proven").collect();
    assert_eq!(open.len(), 1, "{open:?}");
    assert_eq!(open[0]["name"], "secret age", "the environment does not tell it");
    assert!(checks["twilio account"]["detail"].as_str().unwrap().contains("20.00 USD"), "{checks:?}");
    let session = checks["model session"]["detail"].as_str().unwrap();
    assert!(session.contains("gpt-realtime-2.1") && session.contains("micro-dollars"), "{session}");
    assert!(checks["countries"]["detail"].as_str().unwrap().contains("US"), "{checks:?}");
    let secrets = [world.identity.auth_token.expose(), world.identity.openai_api_key.expose()];
    let said = json!(checks).to_string();
    assert!(secrets.iter().all(|secret| !said.contains(secret)), "a secret is told");
}

async fn a_wrong_key_or_token_is_seen_where_it_is_used() {
    let world = World::start().await;
    set_up(&world).await;
    let (ok, found) = checks(&world, &[("OPENAI_API_KEY", "sk-wrong")]).await;
    assert_eq!((ok, faults(&found)), (json!(false), vec!["model session", "openai"]), "{found:?}");
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

/// The faults of the account at Twilio, each where it is.
async fn an_account_that_cannot_call_is_seen() {
    let world = World::with(WorldConfig {
        business: |new| {
            new.settings.outbound.countries = ["DE", "US"].map(|code| Country::parse(code).unwrap()).into();
        },
        ..WorldConfig::default()
    })
    .await;
    set_up(&world).await;
    assert_eq!(faults(&checks(&world, &[]).await.1), [""; 0]);
    world.twilio.refuse_country("DE");
    let (ok, found) = checks(&world, &[]).await;
    assert_eq!((ok, faults(&found)), (json!(false), vec!["countries"]), "{found:?}");
    let detail = found["countries"]["detail"].as_str().unwrap();
    assert!(detail.contains("DE, which") && !detail.contains("US"), "{detail}");
    world.twilio.balance_is("-0.10");
    assert_eq!(faults(&checks(&world, &[]).await.1), ["countries", "twilio account"]);
    world.twilio.balance_is("5.00");
    world.twilio.account_is("suspended");
    let (_, found) = checks(&world, &[]).await;
    assert_eq!(faults(&found), ["countries", "twilio account"], "{found:?}");
    assert!(found["twilio account"]["detail"].as_str().unwrap().contains("suspended"), "{found:?}");
}

/// A country that no policy names, and in which a business has its number, is likely never called.
async fn the_own_country_that_twilio_refuses_is_warned_of() {
    let world = World::start().await;
    set_up(&world).await;
    world.twilio.refuse_country("US");
    let (ok, found) = checks(&world, &[]).await;
    assert_eq!((ok, &found["countries"]["state"]), (json!(true), &json!("warning")), "{found:?}");
}

/// Twilio is asked in the account whose calls they are.
async fn the_countries_are_asked_of_the_account_that_a_business_brought() {
    let world = World::start().await;
    let (sid, token) = OWN_ACCOUNTS[0];
    let brought = world
        .http
        .put(world.url("/v1/twilio"))
        .bearer_auth(world.identity.api_key.expose())
        .json(&json!({ "account_sid": sid, "auth_token": token }))
        .send()
        .await
        .unwrap();
    assert_eq!(brought.status(), 200);
    let countries = async || checks(&world, &[]).await.1.remove("countries").unwrap();
    world.twilio.refuse_country("US");
    let found = countries().await;
    assert_eq!(found["state"], "proven", "its calls are not the deployment's: {found}");
    assert!(found["detail"].as_str().unwrap().contains(&format!("US in {sid}")), "{found}");
    world.twilio.other(sid).unwrap().refuse_country("US");
    let found = countries().await;
    assert!(found["state"] == "warning" && found["detail"].as_str().unwrap().contains(sid), "{found}");
}

/// The short session fails as the calls would: refused, or without money for an answer.
async fn a_model_that_does_not_answer_is_seen() {
    let refused = |status, code: &str| Handshake::Refuse { status, code: code.to_owned() };
    let failing = |code: &str| {
        let reply = Reply::silence().ending(Ending::Failed { code: code.to_owned() });
        ConnectionPlan { script: Some(Script::new(reply, vec![])), ..ConnectionPlan::default() }
    };
    let plans = [
        (
            ConnectionPlan { handshake: refused(403, "unsupported_country"), ..ConnectionPlan::default() },
            "403",
        ),
        (ConnectionPlan { handshake: Handshake::Hang, ..ConnectionPlan::default() }, "seconds"),
        (failing("insufficient_quota"), "pay money in"),
    ];
    for (plan, words) in plans {
        let openai = OpenAiConfig { connections: vec![plan], ..WorldConfig::default().openai };
        let world = World::with(WorldConfig { openai, ..WorldConfig::default() }).await;
        set_up(&world).await;
        let (ok, found) = checks(&world, &[]).await;
        assert_eq!((ok, faults(&found)), (json!(false), vec!["model session"]), "{words}: {found:?}");
        assert!(found["model session"]["detail"].as_str().unwrap().contains(words), "{found:?}");
        assert_eq!(found["openai"]["state"], "proven", "the key is good all the same");
    }
}

/// A model that a business chose is looked at by name: it ends soon, or the key may not use it.
async fn a_model_that_a_business_chose_and_that_ends_is_named() {
    let world = World::with(WorldConfig {
        business: |new| new.settings.voice.model = "gpt-realtime".to_owned(),
        openai: OpenAiConfig {
            models: vec![
                Model::new("gpt-realtime-2.1", Purpose::Realtime),
                Model::new("gpt-realtime", Purpose::Realtime).ending("2027-01-20"),
                Model::new("gpt-transcribe", Purpose::Transcription),
                Model::new("gpt-6-luna", Purpose::Text),
            ],
            ..WorldConfig::default().openai
        },
        ..WorldConfig::default()
    })
    .await;
    set_up(&world).await;
    let (_, found) = checks(&world, &[]).await;
    let chosen = &found["models of the businesses"];
    let detail = chosen["detail"].as_str().unwrap();
    assert_ne!(chosen["state"], "proven", "{found:?}");
    assert!(detail.contains("gpt-realtime, chosen by harbour-bicycles, ends on 2027-01-20"), "{detail}");
}

/// A call to a number of no business is told of until the number has one.
async fn a_call_in_quarantine_is_warned_of_until_its_number_has_a_business() {
    let world = World::start().await;
    set_up(&world).await;
    let number = "+12025550199";
    let call = Webhook::inbound(&world, &call_sid(3)).field("To", number);
    let inbound = HttpSandbox::start(&world, "voice-inbound", &[]).await;
    assert!(inbound.receives(&world, &call).await.1.contains("not in service"));
    let (ok, found) = checks(&world, &[]).await;
    assert_eq!((ok, &found["quarantine"]["state"]), (json!(true), &json!("warning")), "{found:?}");
    assert!(found["quarantine"]["detail"].as_str().unwrap().contains(number), "{found:?}");
    let taken = world.http.post(world.url("/v1/numbers")).bearer_auth(world.identity.api_key.expose());
    let taken = taken.json(&json!({ "number": number, "set_up": true })).send().await.unwrap();
    assert_eq!(taken.status(), 201);
    let (_, found) = checks(&world, &[]).await;
    assert_eq!(found["quarantine"]["state"], "proven", "{found:?}");
}

/// The age of the secret is that of its values, as Secrets Manager tells it.
async fn an_old_secret_is_warned_of() {
    let world = World::start().await;
    set_up(&world).await;
    for (days, state) in [(3, "proven"), (400, "warning")] {
        let made_at = world.now().minus(Duration::from_secs(days * 86_400));
        let identity = &world.identity;
        let values = json!({
            "twilio_account_sid": identity.account_sid,
            "twilio_auth_token": identity.auth_token.expose(),
            "openai_api_key": identity.openai_api_key.expose(),
            "stream_token_key": identity.stream_token_key.expose(),
            "operator_key": identity.operator_key.expose(),
        });
        let answer = json!({
            "ARN": "arn:aws:secretsmanager:us-east-1:000000000000:secret:switchboard",
            "Name": "switchboard",
            "CreatedDate": made_at.0 as f64 / 1_000.0,
            "SecretString": values.to_string(),
        });
        let manager = Scripted::serve([Answer::new(200, answer.to_string())]).await;
        let changes =
            [("SECRETS_ARN", "switchboard"), ("AWS_ENDPOINT_URL_SECRETS_MANAGER", manager.url.as_str())];
        let (_, found) = checks(&world, &changes).await;
        assert_eq!(found["secret age"]["state"], state, "{found:?}");
        assert!(
            found["secret age"]["detail"].as_str().unwrap().contains(&format!("{days} days")),
            "{found:?}"
        );
    }
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
    an_account_that_cannot_call_is_seen,
    the_own_country_that_twilio_refuses_is_warned_of,
    the_countries_are_asked_of_the_account_that_a_business_brought,
    a_model_that_does_not_answer_is_seen,
    a_model_that_a_business_chose_and_that_ends_is_named,
    a_call_in_quarantine_is_warned_of_until_its_number_has_a_business,
    an_old_secret_is_warned_of,
    it_is_for_operators,
];
