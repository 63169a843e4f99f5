//! The roles of the functions of leads.

use std::time::Duration;

use acceptance::aws_proxy::{AwsProxy, Manner};
use acceptance::lease::fill_deployment;
use acceptance::outbound::CALLEE;
use acceptance::sandbox::{HttpSandbox, QueueSandbox, ScheduleSandbox};
use acceptance::webhook::{Webhook, call_sid};
use domain::DialId;
use http::Method;
use local::demo::story;
use serde_json::{Value, json};
use simulator::twilio::{CallStatus, Callee, Person, RestFault};

use super::{aside, compare, pairs, world};
use crate::campaigns::at_a_time_for_calls;
use crate::contacts::booked_for;
use crate::person_erasure::contact_of;

const MINUTE: Duration = Duration::from_secs(60);

/// The function of the API, the one that takes leads in, the one that calls and the one that looks for what was lost: everything
/// that each does, once.
async fn the_roles_of_leads_fit() {
    let world = world().await;
    at_a_time_for_calls(&world);
    booked_for(&world, CALLEE).await;
    let queue = aside(&world, "LeadsQueue").await;
    let letters = aside(&world, "LeadsDlq").await;
    let told = aside(&world, "EndpointsQueue").await;
    let sinks = [
        ("QUEUE_LEADS", queue.as_str()),
        ("DLQ_LEADS", letters.as_str()),
        ("QUEUE_ENDPOINTS", told.as_str()),
        ("MAX_CONCURRENT_CALLS", "1"),
    ];
    let [api_proxy, door_proxy, step_proxy, sweep_proxy] = [
        AwsProxy::of(&world).await,
        AwsProxy::of(&world).await,
        AwsProxy::of(&world).await,
        AwsProxy::of(&world).await,
    ];
    let through = |proxy: &'_ AwsProxy| -> Vec<(String, String)> {
        let all = sinks.iter().copied().chain(proxy.everywhere());
        all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    let [api_vars, door_vars, step_vars, sweep_vars] =
        [&api_proxy, &door_proxy, &step_proxy, &sweep_proxy].map(through);
    let api = HttpSandbox::start(&world, "lead-sources", &pairs(&api_vars)).await;
    let door = HttpSandbox::start(&world, "leads", &pairs(&door_vars)).await;
    let worker = QueueSandbox::start(&world, "lead-calls", &pairs(&step_vars)).await;
    let sweep = ScheduleSandbox::start(&world, "lead-sweep", &pairs(&sweep_vars)).await;
    let asked = async |method: Method, path: &str, headers: &[(&str, &str)], body: Value| {
        api.asked(&world, (method, path), headers, &body).await
    };
    let all = "/v1/lead-sources";
    let call_now = json!({ "from": world.business.number.as_e164() });
    let new = json!({ "name": "Web", "status": "new", "call_now": call_now });
    let made = asked(Method::POST, all, &[("idempotency-key", "one")], new).await;
    let (id, secret) = (made["id"].as_str().unwrap().to_owned(), made["secret"].as_str().unwrap().to_owned());
    let (path, url) = (format!("{all}/{id}"), format!("/leads/{id}"));
    let sends = async |n: u32| {
        let body = json!({ "phone": CALLEE, "time_zone": "America/New_York", "n": n });
        let headers = [("x-webhook-secret", secret.as_str())];
        let taken = door.asked(&world, (Method::POST, &url), &headers, &body).await;
        assert_eq!(taken["call"]["state"], "ordered", "{taken}");
        taken["lead"].as_str().unwrap().to_owned()
    };
    let business = world.business.business.id.clone();
    let calls = async |lead: &str| {
        let job = json!({ "job": "call", "business": business.as_str(), "source": id, "lead": lead });
        worker.does(&job, 1).await
    };
    let state = async |lead: &str| {
        let (_, shown) = world.get(&format!("{path}/leads/{lead}")).await;
        shown["call"]["state"].as_str().unwrap().to_owned()
    };
    let fault = |status, code| RestFault { status, code, retry_after_s: None, carried_out: false };

    // What Twilio refuses is given back.
    let refused = sends(1).await;
    world.time_passes(MINUTE);
    assert!(sweep.ticks(world.now()).await, "it finds a call whose job was lost");
    world.twilio.fail_next_request(fault(400, 21_215));
    assert!(calls(&refused).await);
    assert_eq!(state(&refused).await, "not_called");

    world.time_passes(30 * MINUTE);
    let full = sends(2).await;
    fill_deployment(&world, true).await;
    assert!(calls(&full).await, "without room it waits");
    fill_deployment(&world, false).await;
    assert!(Webhook::inbound(&world, &call_sid(22)).send(&world).await.1.contains("<Stream"));
    assert!(calls(&full).await, "while the business's line is taken it waits");
    assert_eq!(Webhook::status(&world, &call_sid(22), "completed", 3).send(&world).await.0, 204);
    world.time_passes(11 * MINUTE);
    assert!(calls(&full).await, "it is too late");
    assert_eq!(state(&full).await, "not_called");

    world.time_passes(30 * MINUTE);
    let second = sends(3).await;
    world.twilio.fail_next_request(fault(500, 20_500));
    assert!(!calls(&second).await, "it is not known whether it was placed");
    let dial = DialId::of(&business, &format!("{id}:{second}"));
    for status in ["initiated", "completed"] {
        let told = Webhook::status(&world, &call_sid(21), status, 0)
            .at(&format!("/twilio/voice/status?dial={dial}"));
        assert_eq!(told.send(&world).await.0, 204);
    }
    assert!(calls(&second).await);
    assert_eq!(state(&second).await, "placed");

    world.time_passes(30 * MINUTE);
    let found = sends(4).await;
    let mut callee = Callee::answers(story::caller());
    callee.person = Person::DoesNotAnswer(CallStatus::Busy);
    callee.faults.webhooks.lost = vec![CallStatus::Initiated, CallStatus::Ringing, CallStatus::Busy];
    world.twilio.set_callee(CALLEE, callee);
    world.twilio.fail_next_request(RestFault { carried_out: true, ..fault(500, 20_500) });
    // What is told of the call without its order waits until the call is found.
    let early = async {
        let call = world.until(|| async { world.twilio.calls().into_iter().next() }).await;
        assert_eq!(Webhook::status(&world, call.sid(), "initiated", 0).send(&world).await.0, 204);
        call.sid().to_owned()
    };
    let (done, sid) = tokio::join!(calls(&found), early);
    assert!(done, "Twilio's list has the call");
    assert_eq!(state(&found).await, "placed");
    assert_eq!(Webhook::status(&world, &sid, "busy", 3).send(&world).await.0, 204);

    // The number is no contact's any more when the call's turn comes: the person who is called becomes a new one.
    world.time_passes(30 * MINUTE);
    let third = sends(5).await;
    let contact = contact_of(&world, CALLEE).await.unwrap();
    let known = world.url(&format!("/v1/contacts/{contact}"));
    let version = world.http.get(known.clone()).bearer_auth(world.identity.api_key.expose());
    let version = version.send().await.unwrap().headers()["etag"].clone();
    let parted = world.http.patch(known).bearer_auth(world.identity.api_key.expose());
    let parted = parted.header("if-match", version).json(&json!({ "handles": [] }));
    assert_eq!(parted.send().await.unwrap().status(), 200);
    world.twilio.fail_next_request(fault(500, 20_500));
    assert!(!calls(&third).await);
    // Nothing is heard of it, and Twilio's list has no such call; then it is dialled.
    world.time_passes(2 * MINUTE);
    assert!(calls(&third).await, "it is dialled once it is certain");
    assert_eq!(state(&third).await, "placed");
    assert!(calls(&third).await, "a job that comes again finds it so");

    for (body, status) in [("{}", 422), ("{", 400)] {
        let sent = world.http.post(door.url.join(&url).unwrap()).header("x-webhook-secret", &secret);
        assert_eq!(sent.body(body).send().await.unwrap().status(), status);
    }
    for list in [all, &path, &format!("{path}/leads"), &format!("{path}/leads/{third}")] {
        asked(Method::GET, list, &[], Value::Null).await;
    }
    let mapping = json!({ "field.city": ["city"] });
    let field = json!({ "key": "city", "label": "City", "kind": "text" });
    let fields =
        world.http.put(world.url("/v1/contacts/fields")).bearer_auth(world.identity.api_key.expose());
    let fields = fields.header("if-match", "\"v0\"").json(&json!({ "fields": [field] }));
    assert_eq!(fields.send().await.unwrap().status(), 200);
    asked(Method::PATCH, &path, &[("if-match", "\"v1\"")], json!({ "mapping": mapping })).await;
    asked(Method::POST, &format!("{path}/rotate"), &[("idempotency-key", "two")], json!({})).await;
    asked(Method::POST, &format!("{path}/test"), &[], json!({ "body": "{}" })).await;
    asked(Method::DELETE, &path, &[("if-match", "\"v3\"")], Value::Null).await;
    // What fails comes back, and what is no job is buried.
    step_proxy.set(Manner::ThrottlesKey("lead#"));
    assert!(!calls(&third).await);
    step_proxy.set(Manner::Open);
    assert!(worker.does(&json!({ "job": "none" }), 1).await);
    compare("LeadSourcesFunction", &api_proxy);
    compare("LeadsFunction", &door_proxy);
    compare("LeadCallsFunction", &step_proxy);
    compare("LeadSweepFunction", &sweep_proxy);
}

acceptance::tests![the_roles_of_leads_fit];
