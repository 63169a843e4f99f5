//! The roles of the functions of campaigns.

use std::time::Duration;

use acceptance::aws_proxy::{AwsProxy, Manner};
use acceptance::lease::fill_deployment;
use acceptance::outbound::CALLEE;
use acceptance::sandbox::{HttpSandbox, QueueSandbox, ScheduleSandbox};
use acceptance::webhook::Webhook;
use http::Method;
use serde_json::{Value, json};
use simulator::twilio::{CallStatus, Callee, CallerScript, CallerStep, Person, RestFault};

use super::{aside, compare, pairs, world};
use crate::campaigns::at_a_time_for_calls;
use crate::contact_files::put;
use crate::contacts::booked_for;

const OTHER: &str = "+12025550199";
const THIRD: &str = "+12025550198";
const LAST: &str = "+12025550197";
const FOURTH: &str = "+12025550196";

/// The function of the API, the one that calls and the one that looks for what was lost: everything that each does, once.
async fn the_roles_of_campaigns_fit() {
    let world = world().await;
    at_a_time_for_calls(&world);
    let queue = aside(&world, "CampaignsQueue").await;
    let letters = aside(&world, "CampaignsDlq").await;
    let told = aside(&world, "EndpointsQueue").await;
    let sinks = [
        ("QUEUE_CAMPAIGNS", queue.as_str()),
        ("DLQ_CAMPAIGNS", letters.as_str()),
        ("QUEUE_ENDPOINTS", told.as_str()),
        ("MAX_CONCURRENT_CALLS", "1"),
    ];
    let [api_proxy, step_proxy, sweep_proxy] =
        [AwsProxy::of(&world).await, AwsProxy::of(&world).await, AwsProxy::of(&world).await];
    let through = |proxy: &'_ AwsProxy| -> Vec<(String, String)> {
        let all = sinks.iter().copied().chain(proxy.everywhere());
        all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    let (api_vars, step_vars, sweep_vars) =
        (through(&api_proxy), through(&step_proxy), through(&sweep_proxy));
    let api = HttpSandbox::start(&world, "campaigns", &pairs(&api_vars)).await;
    let worker = QueueSandbox::start(&world, "campaign-step", &pairs(&step_vars)).await;
    let sweep = ScheduleSandbox::start(&world, "campaign-sweep", &pairs(&sweep_vars)).await;
    let mut callee = Callee::answers(CallerScript::new(vec![]));
    callee.person = Person::DoesNotAnswer(CallStatus::Busy);
    callee.faults.webhooks.lost = vec![CallStatus::Initiated, CallStatus::Ringing, CallStatus::Busy];
    world.twilio.set_callee(CALLEE, callee);
    let brief = vec![CallerStep::Pause { ms: 200 }, CallerStep::HangUp];
    world.twilio.set_callee(THIRD, Callee::answers(CallerScript::new(brief)));
    booked_for(&world, CALLEE).await;
    let business = world.business.business.id.to_string();
    let asked = async |method: Method, path: &str, headers: &[(&str, &str)], body: Value| {
        api.asked(&world, (method, path), headers, &body).await
    };
    let made = async |key: &str, file: &str| {
        let new = json!({
            "name": key, "purpose": "service", "from": [world.business.number.as_e164()], "bytes": file.len(),
            "goal": { "lead_status": "booked" },
        });
        let made = asked(Method::POST, "/v1/campaigns", &[("idempotency-key", key)], new).await;
        assert_eq!(put(&world, &made["upload"], file.as_bytes()).await, 200);
        format!("/v1/campaigns/{}", made["id"].as_str().unwrap())
    };
    let works = async |path: &str| {
        let id = path.rsplit('/').next().unwrap();
        worker.does(&json!({ "job": "work", "business": business, "campaign": id }), 1).await
    };
    let step =
        async |path: &str, step: &str| asked(Method::POST, &format!("{path}/{step}"), &[], json!({})).await;
    // The first one finds no room, and the second one is called before it.
    let file = format!(
        "phone,time_zone\n{OTHER},America/New_York\n{CALLEE},America/New_York\n{THIRD},America/New_York\n"
    );
    let path = made("one", &file).await;
    step(&path, "check").await;
    assert!(works(&path).await, "it is checked");
    let [preview, people] = [format!("{path}/preview"), format!("{path}/entries.csv")];
    for list in ["/v1/campaigns", &path, &format!("{path}/problems"), &preview] {
        asked(Method::GET, list, &[], Value::Null).await;
    }
    // The bucket's rule takes what was said of the rows away.
    let (s3, bucket) = (&world.system.aws.s3, world.system.name("FilesBucket").unwrap());
    let listed = s3.list_objects_v2().bucket(bucket).prefix("campaigns/").send().await.unwrap();
    for key in listed.contents().iter().filter_map(|object| object.key()) {
        if key.contains("/problems/") {
            s3.delete_object().bucket(bucket).key(key).send().await.unwrap();
        }
    }
    asked(Method::GET, &format!("{path}/problems"), &[], Value::Null).await;
    asked(Method::PATCH, &path, &[("if-match", "\"v3\"")], json!({ "at_once": 5 })).await;
    step(&path, "start").await;
    assert!(sweep.ticks(world.now()).await, "it finds the campaign");
    fill_deployment(&world, true).await;
    assert!(works(&path).await, "without room it waits");
    fill_deployment(&world, false).await;
    // The turn that follows is in a queue without a reader: its right lapses.
    world.time_passes(Duration::from_secs(240));
    // Twilio dialled, its answer is lost, and what is told of the call names no order.
    world.twilio.fail_next_request(RestFault {
        status: 500,
        code: 20_500,
        retry_after_s: None,
        carried_out: true,
    });
    // The webhook is there before the worker has opened the call.
    step_proxy.set(Manner::HoldsKey("TransactWriteItems", "call#CA"));
    let early = async {
        step_proxy.holds("TransactWriteItems").await;
        let sid = world.twilio.nth_call(0).await.expect("it was dialled").sid().to_owned();
        assert_eq!(Webhook::status(&world, &sid, "initiated", 0).send(&world).await.0, 204);
        step_proxy.set(Manner::Open);
        sid
    };
    let (done, sid) = tokio::join!(works(&path), early);
    assert!(done, "Twilio's list has the call");
    let person = Person::DoesNotAnswer(CallStatus::Busy);
    world.twilio.set_callee(CALLEE, Callee { person, ..Callee::answers(CallerScript::new(vec![])) });
    assert_eq!(Webhook::status(&world, &sid, "busy", 3).send(&world).await.0, 204);
    asked(Method::GET, &format!("{path}/entries"), &[], Value::Null).await;
    asked(Method::GET, &preview, &[], Value::Null).await;
    asked(Method::GET, &people, &[], Value::Null).await;
    step(&path, "pause").await;
    step(&path, "resume").await;
    world
        .until(|| async {
            // Not while a call goes on, which would be hours long in a moment.
            world.twilio.at_rest().await;
            world.time_passes(Duration::from_secs(240));
            assert!(works(&path).await, "calls are placed and settled");
            let progress = &world.get(&path).await.1["progress"];
            ["silent", "human"].iter().any(|came| !progress["outcomes"][came].is_null()).then_some(())
        })
        .await;
    step(&path, "stop").await;
    world
        .until(|| async {
            world.twilio.at_rest().await;
            world.time_passes(Duration::from_secs(240));
            assert!(works(&path).await, "it is closed");
            (world.get(&path).await.1["state"] == "stopped").then_some(())
        })
        .await;
    // A call that runs is ended with its campaign.
    let listens = vec![CallerStep::Pause { ms: 60_000 }, CallerStep::HangUp];
    world.twilio.set_callee(FOURTH, Callee::answers(CallerScript::new(listens)));
    let goodbye = made("goodbye", &format!("phone,time_zone\n{FOURTH},America/New_York\n")).await;
    step(&goodbye, "check").await;
    assert!(works(&goodbye).await, "it is checked");
    step(&goodbye, "start").await;
    let calls = world.twilio.calls().len();
    assert!(works(&goodbye).await, "it is called");
    let call = world.twilio.nth_call(calls).await.unwrap();
    world.record_when(call.sid(), |record| record.status == "in-progress").await;
    let hangup = json!({ "hangup": true });
    asked(Method::POST, &format!("{goodbye}/stop"), &[], hangup).await;
    world.time_passes(Duration::from_secs(240));
    assert!(works(&goodbye).await, "its call is to end");
    call.finished().await;
    world.complete_record(call.sid()).await;
    world
        .until(|| async {
            world.time_passes(Duration::from_secs(240));
            assert!(works(&goodbye).await, "it is asked what the call came to");
            let one = world.get(&goodbye).await.1;
            (one["state"] == "stopped" && one["progress"]["goal"]["awaited"] == 0).then_some(())
        })
        .await;
    // What Twilio refuses for good is given back.
    let refused = made("refused", &format!("phone,time_zone\n{LAST},America/New_York\n")).await;
    step(&refused, "check").await;
    assert!(works(&refused).await, "it is checked");
    step(&refused, "start").await;
    let fault = RestFault { status: 400, code: 21_215, retry_after_s: None, carried_out: false };
    world.twilio.fail_next_request(fault);
    world
        .until(|| async {
            assert!(works(&refused).await, "it is refused");
            (!world.get(&refused).await.1["progress"]["skipped"]["refused"].is_null()).then_some(())
        })
        .await;
    let early = made("early", &file).await;
    step(&early, "stop").await;
    let new =
        json!({ "name": "x", "purpose": "service", "from": [world.business.number.as_e164()], "bytes": 9 });
    let none = asked(Method::POST, "/v1/campaigns", &[("idempotency-key", "none")], new).await;
    let none = format!("/v1/campaigns/{}", none["id"].as_str().unwrap());
    step(&none, "check").await;
    assert!(works(&none).await, "there is no file");
    // What fails comes back, and what is no job is buried.
    step_proxy.set(Manner::ThrottlesKey("campaign-entry#"));
    assert!(!works(&path).await);
    step_proxy.set(Manner::Open);
    assert!(worker.does(&json!({ "job": "none" }), 1).await);
    compare("CampaignsFunction", &api_proxy);
    compare("CampaignStepFunction", &step_proxy);
    compare("CampaignSweepFunction", &sweep_proxy);
}

acceptance::tests![the_roles_of_campaigns_fit];
