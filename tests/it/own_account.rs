//! A business brings its own Twilio account: what is set, which account carries which call, and whose signature counts.

use std::time::{Duration, Instant};

use acceptance::aws_proxy::{AwsProxy, Manner};
use acceptance::outbound::{CALLEE, order};
use acceptance::record::with_everything;
use acceptance::sandbox::HttpSandbox;
use acceptance::suite::report;
use acceptance::webhook::{Webhook, call_sid, new_call_sid};
use acceptance::{OWN_ACCOUNTS, World};
use domain::business::TWILIO_CHANGE_TAKES;
use functions::businesses::provision::NewBusiness;
use http::Method;
use local::demo::story;
use platform::business_secrets::READ_EVERY;
use serde_json::{Value, json};
use simulator::twilio::{CallSpec, Callee, CallerScript, CallerStep, RestRequest, Twilio};

const OURS: (&str, &str) = OWN_ACCOUNTS[0];
const THEIRS: (&str, &str) = OWN_ACCOUNTS[1];

fn at(business: &NewBusiness) -> String {
    format!("/v1/businesses/{}/twilio", business.business.id)
}

async fn ask(world: &World, method: Method, path: &str, key: &str, body: Option<Value>) -> (u16, Value) {
    let mut request = world.http.request(method, world.url(path)).bearer_auth(key);
    if let Some(body) = body {
        request = request.json(&body);
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), acceptance::told(answer.json().await.unwrap_or(Value::Null)))
}

async fn bring(world: &World, business: &NewBusiness, (sid, token): (&str, &str)) -> Value {
    let account = json!({ "account_sid": sid, "auth_token": token });
    let operator = world.identity.operator_key.expose();
    let (status, body) = ask(world, Method::PUT, &at(business), operator, Some(account)).await;
    assert_eq!(status, 200, "{body}");
    body
}

async fn leave(world: &World, business: &NewBusiness) {
    let operator = world.identity.operator_key.expose();
    assert_eq!(ask(world, Method::DELETE, &at(business), operator, None).await.0, 204);
}

fn account(world: &World, (sid, _): (&str, &str)) -> Twilio {
    world.twilio.other(sid).unwrap()
}

/// A webhook of an account about a call at the business's number, signed by it.
fn by(webhook: Webhook, business: &NewBusiness, (sid, token): (&str, &str)) -> Webhook {
    webhook.field("AccountSid", sid).field("To", business.number.as_e164()).signed_with(token)
}

fn rings(world: &World, business: &NewBusiness, sid: &str, account: (&str, &str)) -> Webhook {
    by(Webhook::inbound(world, sid), business, account)
}

fn deployment(world: &World) -> (&str, &str) {
    (&world.identity.account_sid, world.identity.auth_token.expose())
}

/// The settings of a business are held for half a minute by those who read them before: another sandbox has not.
async fn fresh(world: &World, binary: &str) -> HttpSandbox {
    HttpSandbox::start(world, binary, &[]).await
}

async fn only_a_pair_that_twilio_takes_is_set_and_no_token_is_shown() {
    let world = World::start().await;
    let (path, operator) = (at(&world.business), world.identity.operator_key.expose());
    let own = world.identity.api_key.expose();
    let put = async |key: &str, sid: &str, token: &str| {
        let account = json!({ "account_sid": sid, "auth_token": token });
        ask(&world, Method::PUT, &path, key, Some(account)).await
    };
    let (status, refused) = put(operator, OURS.0, THEIRS.1).await;
    assert_eq!(status, 409, "{refused}");
    assert!(refused["detail"].as_str().unwrap().contains("refuses"), "{refused}");
    assert_eq!(
        put(operator, deployment(&world).0, deployment(&world).1).await.0,
        409,
        "it is the deployment's"
    );
    assert_eq!(put(operator, "AC1", OURS.1).await.1["errors"][0]["pointer"], "/account_sid");
    assert_eq!(put(operator, OURS.0, "").await.1["errors"][0]["pointer"], "/auth_token");
    assert_eq!(ask(&world, Method::GET, &path, operator, None).await.1, json!({ "own": null }));

    let (status, set) = put(own, OURS.0, OURS.1).await;
    assert_eq!((status, set["account_sid"].as_str()), (200, Some(OURS.0)), "by the owner: {set}");
    let (_, shown) = ask(&world, Method::GET, "/v1/twilio", own, None).await;
    assert_eq!(shown["own"], set);
    assert!(!shown.to_string().contains(OURS.1), "{shown}");

    let viewer = json!({ "name": "x", "role": "viewer" });
    let viewer = ask(&world, Method::POST, "/v1/keys", own, Some(viewer)).await.1;
    let viewer = viewer["key"].as_str().unwrap();
    assert_eq!(put(viewer, OURS.0, OURS.1).await.0, 403);
    assert_eq!(ask(&world, Method::GET, "/v1/twilio", viewer, None).await.0, 403);

    // The log has both writes and the reading; nothing anywhere but the secret has the token.
    let (_, audit) = ask(&world, Method::GET, "/v1/audit", own, None).await;
    let entries = audit["entries"].as_array().unwrap();
    for method in ["PUT", "GET"] {
        let fits =
            |entry: &Value| entry["method"] == method && entry["path"].as_str().unwrap().ends_with("/twilio");
        assert!(entries.iter().any(fits), "{method}: {audit}");
    }
    for table in world.system.names.iter().filter(|(id, _)| id.ends_with("Table")).map(|(_, name)| name) {
        let rows = world.system.aws.dynamodb.scan().table_name(table).send().await.unwrap();
        assert!(!format!("{rows:?}").contains(OURS.1), "{table}");
    }
}

/// Two businesses with accounts of their own, and one in the deployment's: each call, its recording and its end are its
/// account's.
async fn each_call_is_carried_recorded_and_ended_in_its_own_account() {
    let world = World::start().await;
    let other = world.another_business().await;
    bring(&world, &world.business, OURS).await;
    bring(&world, &other, THEIRS).await;
    for (business, pair) in [(&world.business, OURS), (&other, THEIRS)] {
        let twilio = account(&world, pair);
        let spec = world.spec(story::caller());
        let call = twilio.call(CallSpec { to: business.number.as_e164().to_owned(), ..spec });
        let sid = call.finished().await.call_sid.clone();
        let key = business.api_key.expose();
        let record = world
            .until(|| async {
                let (_, record) = ask(&world, Method::GET, &with_everything(&sid), key, None).await;
                (record["recording"]["state"] == "archived").then_some(record)
            })
            .await;
        assert_eq!(record["status"], "completed");
        let asked = twilio.requests();
        let fetched = |request: &RestRequest| request.path.contains("/Recordings/RE");
        assert!(asked.iter().any(fetched), "the recording came from there: {asked:?}");
        assert!(
            asked.iter().all(|request| request.status < 400 && request.path.contains(pair.0)),
            "{asked:?}"
        );

        let leaves = CallerScript::new(vec![
            CallerStep::WaitForAgent { quiet_ms: 300, max_ms: 5_000 },
            CallerStep::HangUp,
        ]);
        twilio.set_callee(CALLEE, Callee::answers(leaves));
        let mut wanted = order(&world);
        wanted["from"] = business.number.as_e164().into();
        let placed =
            world.http.post(world.url("/v1/calls")).bearer_auth(key).header("idempotency-key", "one");
        let placed: Value = placed.json(&wanted).send().await.unwrap().json().await.unwrap();
        let dialled = placed["sid"].as_str().unwrap_or_else(|| panic!("{placed}"));
        let calls = twilio.calls();
        assert!(calls.iter().any(|call| call.sid() == dialled), "it was dialled in its own account");
        calls.iter().find(|call| call.sid() == dialled).unwrap().finished().await;
    }
    assert!(world.twilio.calls().is_empty(), "the deployment's account carried none of them");
    let of_deployment = world.twilio.requests();
    assert!(of_deployment.is_empty(), "nor was it asked about them: {of_deployment:?}");
}

/// No signature but that of the account that carries it counts for a call, on any route of Twilio's.
async fn no_other_accounts_signature_counts_on_any_route() {
    let world = World::start().await;
    let other = world.another_business().await;
    bring(&world, &other, THEIRS).await;
    let third = {
        let mut third = world.business.clone();
        third.business.id = domain::BusinessId::parse("third-shop").unwrap();
        third.number = domain::PhoneNumber::parse("+12025550113").unwrap();
        third.api_key = acceptance::business_key(3);
        world.provision(&third).await;
        third
    };
    bring(&world, &third, OURS).await;
    let inbound = fresh(&world, "voice-inbound").await;
    // One call in the deployment's account, one in each of the others.
    let calls = [
        (&world.business, call_sid(31), deployment(&world)),
        (&other, call_sid(32), THEIRS),
        (&third, call_sid(33), OURS),
    ];
    for (business, sid, account) in &calls {
        let opened = inbound.receives(&world, &rings(&world, business, sid, *account)).await;
        assert!(opened.1.contains("<Stream"), "{opened:?}");
        let own_address = opened.1.contains(&format!("/twilio/stream/{}/", business.business.id));
        assert_eq!(own_address, *account != deployment(&world), "{}", opened.1);
    }
    let forgeries = |business: &NewBusiness, sid: &str, (account, token): (&str, &str)| {
        let call = Webhook::inbound(&world, sid).field("CallStatus", "in-progress");
        let base =
            call.field("AccountSid", account).field("To", business.number.as_e164()).signed_with(token);
        let recording = format!("RE{}", "3".repeat(32));
        vec![
            ("voice-inbound", base.clone().field("CallStatus", "ringing")),
            ("voice-status", base.clone().at("/twilio/voice/status").field("CallStatus", "completed")),
            (
                "voice-status",
                base.clone()
                    .at("/twilio/voice/status")
                    .field("CallSid", &call_sid(99))
                    .field("ParentCallSid", sid)
                    .field("CallStatus", "completed"),
            ),
            (
                "voice-status",
                base.clone()
                    .at("/twilio/stream/status")
                    .field("StreamSid", &format!("MZ{}", "3".repeat(32)))
                    .field("StreamEvent", "stream-started"),
            ),
            ("voice-status", base.clone().at("/twilio/voice/amd").field("AnsweredBy", "human")),
            ("voice-after-stream", base.clone().at("/twilio/voice/after-stream?epoch=1")),
            (
                "voice-after-stream",
                base.clone().at("/twilio/voice/after-dial?epoch=1").field("DialCallStatus", "busy"),
            ),
            (
                "voice-after-stream",
                base.clone().at("/twilio/voice/no-agent/after-dial").field("DialCallStatus", "busy"),
            ),
            ("voice-after-stream", base.clone().at("/twilio/voice/no-agent/after-message")),
            (
                "recording-ready",
                base.at("/twilio/recording")
                    .field("RecordingSid", &recording)
                    .field("RecordingStatus", "completed"),
            ),
        ]
    };
    for (business, sid, account) in &calls {
        let key = business.api_key.expose();
        let look = async || ask(&world, Method::GET, &with_everything(sid), key, None).await.1;
        let before = look().await;
        for (_, _, forger) in calls.iter().filter(|(_, _, forger)| forger != account) {
            // In its own name, and in the name of the account that has the call.
            for pair in [*forger, (account.0, forger.1)] {
                for (binary, forged) in forgeries(business, sid, pair) {
                    let sandbox = fresh(&world, binary).await;
                    let (status, body) = sandbox.receives(&world, &forged).await;
                    // Only the deployment's own Twilio is told, for a call that rings, that it has no such number.
                    let politely =
                        status == 200 && body.contains("not in service") && !body.contains("<Stream");
                    assert!(status == 403 || politely, "{binary} by {}: {status} {body}", forger.0);
                    assert!(
                        !politely || (binary == "voice-inbound" && *forger == deployment(&world)),
                        "{body}"
                    );
                }
            }
        }
        assert_eq!(look().await, before, "nothing came of any of it");
    }
    // A number of another business is unknown in an account.
    for (forger, to) in [(OURS, &other), (THEIRS, &third), (OURS, &world.business)] {
        let (status, body) = inbound.receives(&world, &rings(&world, to, &new_call_sid(), forger)).await;
        assert_eq!(status, 403, "{body}");
    }
    let (status, body) =
        inbound.receives(&world, &rings(&world, &other, &new_call_sid(), deployment(&world))).await;
    assert!(status == 200 && body.contains("not in service"), "never silence: {status} {body}");
}

/// Both tokens hold while the token is changed, and REST requests change over by themselves.
async fn a_token_is_changed_without_a_gap() {
    let world = World::start().await;
    let twilio = account(&world, OURS);
    bring(&world, &world.business, OURS).await;
    let inbound = fresh(&world, "voice-inbound").await;
    let (old, new) = (OURS, (OURS.0, "the-token-that-comes-next"));
    let answer = async |pair| {
        let webhook = rings(&world, &world.business, &new_call_sid(), pair);
        inbound.receives(&world, &webhook).await.0
    };
    assert_eq!((answer(old).await, answer(new).await), (200, 403));
    twilio.set_secondary_token(new.1);
    let both = json!({ "account_sid": OURS.0, "auth_token": new.1, "previous_auth_token": OURS.1 });
    let own = world.identity.api_key.expose();
    let (status, set) = ask(&world, Method::PUT, "/v1/twilio", own, Some(both)).await;
    assert_eq!(status, 200, "{set}");
    assert_ne!(set["fingerprint"], set["previous_fingerprint"]);
    assert_eq!((answer(old).await, answer(new).await), (200, 403), "not read at every forgery");
    world.time_passes(Duration::from_secs(31));
    assert_eq!((answer(new).await, answer(old).await), (200, 200), "it is read once more, and both hold");
    twilio.promote_secondary_token();
    bring(&world, &world.business, new).await;
    world.time_passes(Duration::from_secs(301));
    assert_eq!((answer(new).await, answer(old).await), (200, 403));

    // A function that holds the old token asks with it, is refused, and asks again with the new one.
    let numbers = fresh(&world, "numbers").await;
    let check = numbers.url.join(&format!("/v1/numbers/{}/check", world.business.number.as_e164())).unwrap();
    let checked = async || world.http.get(check.clone()).bearer_auth(own).send().await.unwrap().status();
    assert_eq!(checked().await, 200);
    let third = (OURS.0, "the-token-after-that");
    twilio.set_secondary_token(third.1);
    bring(&world, &world.business, third).await;
    twilio.promote_secondary_token();
    world.time_passes(Duration::from_secs(31));
    assert_eq!(checked().await, 200);
}

/// A call goes on in the account that it began in, in both directions of a change; new calls do not.
async fn a_call_that_began_before_a_change_goes_on_in_its_account() {
    let world = World::start().await;
    let before = new_call_sid();
    assert_eq!(Webhook::inbound(&world, &before).send(&world).await.0, 200);
    bring(&world, &world.business, OURS).await;
    let inbound = fresh(&world, "voice-inbound").await;
    let copy = inbound.receives(&world, &Webhook::inbound(&world, &before)).await.1;
    assert!(copy.contains("<Stream"), "a copy of the webhook is answered as before: {copy}");
    let new = inbound.receives(&world, &Webhook::inbound(&world, &new_call_sid())).await.1;
    assert!(new.contains("not in service"), "{new}");
    assert_eq!(Webhook::status(&world, &before, "completed", 3).send(&world).await.0, 204);
    assert_eq!(world.record(&before).await.status, "completed");

    let during = new_call_sid();
    let ringing = rings(&world, &world.business, &during, OURS);
    assert!(inbound.receives(&world, &ringing).await.1.contains("<Stream"));
    leave(&world, &world.business).await;
    let inbound = fresh(&world, "voice-inbound").await;
    assert!(inbound.receives(&world, &ringing).await.1.contains("<Stream"));
    let new = inbound.receives(&world, &rings(&world, &world.business, &new_call_sid(), OURS)).await;
    assert!(new.1.contains("not in service"), "{new:?}");
    assert!(inbound.receives(&world, &Webhook::inbound(&world, &new_call_sid())).await.1.contains("<Stream"));
    let ended = by(Webhook::status(&world, &during, "completed", 3), &world.business, OURS);
    assert_eq!(ended.send(&world).await.0, 204);
    // Later than its keys are kept, nothing can be known to be of that account.
    world.time_passes(Duration::from_secs(31 * 24 * 3_600));
    let late = by(Webhook::status(&world, &during, "completed", 4), &world.business, OURS);
    assert_eq!(fresh(&world, "voice-status").await.receives(&world, &late).await.0, 503);
}

/// A function that dies between its steps leaves an account with its keys, and the same request completes it.
async fn a_change_that_is_cut_off_is_completed_by_the_same_request() {
    let world = World::start().await;
    let proxy = AwsProxy::of(&world).await;
    let dying = HttpSandbox::start(&world, "twilio-account", &proxy.everywhere()).await;
    proxy.set(Manner::Holds("CreateSecret"));
    let url = dying.url.join("/v1/twilio").unwrap();
    let set = world.http.put(url).bearer_auth(world.identity.api_key.expose());
    let set = tokio::spawn(set.json(&json!({ "account_sid": OURS.0, "auth_token": OURS.1 })).send());
    proxy.holds("CreateSecret").await;
    let other = json!({ "account_sid": THEIRS.0, "auth_token": THEIRS.1 });
    let refused =
        ask(&world, Method::PUT, &at(&world.business), world.identity.operator_key.expose(), Some(other))
            .await;
    assert_eq!((refused.0, &refused.1["code"]), (409, &json!("change_under_way")), "one at a time");
    proxy.set(Manner::Holds("TransactWriteItems"));
    proxy.holds("TransactWriteItems").await;
    set.abort();
    drop((dying, proxy));
    let inbound = fresh(&world, "voice-inbound").await;
    let calls = async |pair| {
        let webhook = rings(&world, &world.business, &new_call_sid(), pair);
        inbound.receives(&world, &webhook).await
    };
    assert!(calls(deployment(&world)).await.1.contains("<Stream"), "nothing was changed for callers");
    world.time_passes(TWILIO_CHANGE_TAKES);
    bring(&world, &world.business, OURS).await;
    let inbound = fresh(&world, "voice-inbound").await;
    let ringing = rings(&world, &world.business, &new_call_sid(), OURS);
    assert!(inbound.receives(&world, &ringing).await.1.contains("<Stream"));
}

/// The keys were removed by hand: callers hear words, other webhooks are asked for again, and the doctor says what is wrong.
async fn keys_that_are_missing_are_told_and_no_caller_meets_silence() {
    let world = World::start().await;
    bring(&world, &world.business, OURS).await;
    let name = format!("local/businesses/{}", world.business.business.id);
    let secrets = &world.system.aws.secrets_manager;
    secrets.delete_secret().secret_id(name).force_delete_without_recovery(true).send().await.unwrap();
    let inbound = fresh(&world, "voice-inbound").await;
    let (status, heard) =
        inbound.receives(&world, &rings(&world, &world.business, &new_call_sid(), OURS)).await;
    assert!(status == 200 && heard.contains("<Say") && !heard.contains("<Stream"), "{status} {heard}");
    let told = by(Webhook::status(&world, &new_call_sid(), "completed", 1), &world.business, OURS);
    assert_eq!(fresh(&world, "voice-status").await.receives(&world, &told).await.0, 503);
    let (operator, own) = (world.identity.operator_key.expose(), world.identity.api_key.expose());
    assert_eq!(ask(&world, Method::GET, "/v1/twilio", own, None).await.0, 409);
    let health = async || {
        let sandbox = fresh(&world, "health").await;
        let url = sandbox.url.join("/v1/health/deep").unwrap();
        let health: Value =
            world.http.get(url).bearer_auth(operator).send().await.unwrap().json().await.unwrap();
        let checks = health["checks"].as_array().unwrap().clone();
        checks.into_iter().find(|check| check["name"] == "businesses' twilio accounts").unwrap()
    };
    assert_eq!(health().await["state"], "fault");
    bring(&world, &world.business, OURS).await;
    let found = health().await;
    assert!(found["state"] == "proven" && found["detail"].as_str().unwrap().contains("reachable"), "{found}");
    account(&world, OURS).set_secondary_token("another-token");
    account(&world, OURS).promote_secondary_token();
    let found = health().await;
    assert!(found["detail"].as_str().unwrap().contains("wrong pair"), "{found}");
}

/// What it costs: one reading of the secret for a thousand calls of a busy sandbox, and a lookup of the call's owner.
async fn a_thousand_webhooks_read_a_secret_once_and_forgeries_hardly_more() {
    const CALLS: u32 = 1_000;
    let world = World::start().await;
    let other = world.another_business().await;
    bring(&world, &other, THEIRS).await;
    let proxy = AwsProxy::of(&world).await;
    let inbound = HttpSandbox::start(&world, "voice-inbound", &proxy.everywhere()).await;
    let began = world.now();
    for _ in 0..CALLS {
        let forged = rings(&world, &other, &new_call_sid(), (THEIRS.0, "guessed"));
        assert_eq!(inbound.receives(&world, &forged).await.0, 403);
    }
    // On a machine that takes minutes for them, a reading is due again now and then.
    let (read, due) = (proxy.secrets_read(), world.now().since(began).as_secs() / READ_EVERY.as_secs());
    let most = 1 + usize::try_from(due).unwrap();
    assert!((1..=most).contains(&read), "a flood of forgeries is no flood of readings: {read} of {most}");
    // A caller that is turned away at its number costs the least besides, so the two differ in the check alone.
    let direct = fresh(&world, "voice-inbound").await;
    let mut took = [Duration::ZERO; 2];
    for round in 0..CALLS / 5 {
        let pairs = [(&world.business, deployment(&world)), (&other, THEIRS)];
        for (spent, (business, pair)) in took.iter_mut().zip(pairs) {
            let webhook = rings(&world, business, &new_call_sid(), pair);
            let began = Instant::now();
            assert_eq!(direct.receives(&world, &webhook).await.0, 200);
            if round > 0 {
                *spent += began.elapsed();
            }
        }
    }
    let ratio = took[1].as_secs_f64() / took[0].as_secs_f64();
    report(&format!("a webhook of a brought account takes {ratio:.2} of one of the deployment's, keys held"));
    assert_eq!(proxy.secrets_read(), read);
}

acceptance::tests![
    only_a_pair_that_twilio_takes_is_set_and_no_token_is_shown,
    each_call_is_carried_recorded_and_ended_in_its_own_account,
    no_other_accounts_signature_counts_on_any_route,
    a_token_is_changed_without_a_gap,
    a_call_that_began_before_a_change_goes_on_in_its_account,
    a_change_that_is_cut_off_is_completed_by_the_same_request,
    keys_that_are_missing_are_told_and_no_caller_meets_silence,
    a_thousand_webhooks_read_a_secret_once_and_forgeries_hardly_more,
];
