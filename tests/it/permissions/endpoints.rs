//! The roles of the functions of endpoints.

use acceptance::aws_proxy::{AwsProxy, Manner};
use acceptance::receiver::Receiver;
use acceptance::sandbox::{HttpSandbox, QueueSandbox, ScheduleSandbox};
use http::Method;
use serde_json::{Value, json};

use super::{aside, compare, pairs, world};
use crate::endpoints::Happens;

/// The function of the API, the one that sends and the one that looks for what was lost: everything that each does, once.
async fn the_roles_of_endpoints_fit() {
    let world = world().await;
    let queue = aside(&world, "EndpointsQueue").await;
    let letters = aside(&world, "EndpointsDlq").await;
    let notices = aside(&world, "NotificationsQueue").await;
    let sinks = [
        ("QUEUE_ENDPOINTS", queue.as_str()),
        ("DLQ_ENDPOINTS", letters.as_str()),
        ("QUEUE_NOTIFICATIONS", notices.as_str()),
    ];
    let [api_proxy, step_proxy, sweep_proxy] =
        [AwsProxy::of(&world).await, AwsProxy::of(&world).await, AwsProxy::of(&world).await];
    let through = |proxy: &'_ AwsProxy| -> Vec<(String, String)> {
        let all = sinks.iter().copied().chain(proxy.everywhere());
        all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    let (api_vars, step_vars, sweep_vars) =
        (through(&api_proxy), through(&step_proxy), through(&sweep_proxy));
    let api = HttpSandbox::start(&world, "endpoints", &pairs(&api_vars)).await;
    let step = QueueSandbox::start(&world, "endpoint-step", &pairs(&step_vars)).await;
    let sweep = ScheduleSandbox::start(&world, "endpoint-sweep", &pairs(&sweep_vars)).await;
    let business = world.business.business.id.to_string();
    let happens = Happens::in_world(&world);
    // People of the business are told, too: that is another worker's, which is sent a job.
    let quiet = json!({ "name": "room", "kind": "slack", "url": "http://127.0.0.1:1/", "rules": [{ "on": "voicemail" }] });
    assert_eq!(crate::endpoints::post(&world, "/v1/notifications/receivers", "room", quiet).await.0, 201);
    let asked = async |method: Method, path: &str, headers: &[(&str, &str)], body: Value| {
        api.asked(&world, (method, path), headers, &body).await
    };
    let refuses = |times: usize| vec![(500, vec![]); times];
    let receiver = Receiver::with(
        [refuses(2), vec![(204, vec![])], refuses(1), vec![(204, vec![]), (410, vec![])]].concat(),
    )
    .await;
    // What happened before comes before the endpoint in the order, and is given its number for that.
    happens.quietly(9, "usage.warning", None).await;
    let new = json!({ "url": receiver.url.as_str(), "types": ["usage.*"] });
    let made = asked(Method::POST, "/v1/endpoints", &[("idempotency-key", "one")], new).await;
    let id = made["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/endpoints/{id}");
    let give = json!({ "job": "give", "business": business });
    let serve = json!({ "job": "serve", "business": business, "endpoint": id });

    happens.quietly(1, "usage.warning", None).await;
    assert!(sweep.ticks(world.now()).await, "it finds an event that was not given");
    assert!(step.does(&give, 1).await);
    assert!(sweep.ticks(world.now()).await, "it finds a delivery that is due");
    assert!(step.does(&serve, 1).await, "500");
    let resend = format!("{path}/deliveries/2/resend");
    for _ in 0..2 {
        asked(Method::POST, &resend, &[], Value::Null).await;
    }
    for list in ["/v1/endpoints", &path, &format!("{path}/deliveries"), &format!("{path}/deliveries/2")] {
        asked(Method::GET, list, &[], Value::Null).await;
    }
    let hour = std::time::Duration::from_secs(3_600);
    happens.quietly(2, "usage.warning", None).await;
    assert!(step.does(&give, 1).await && step.does(&serve, 1).await, "500");
    world.time_passes(hour);
    assert!(step.does(&serve, 1).await, "204");
    let since = "2026-01-01T00:00:00Z";
    asked(Method::POST, &format!("{path}/recover"), &[], json!({ "since": since })).await;
    asked(Method::POST, &format!("{path}/rotate"), &[("idempotency-key", "two")], json!({})).await;
    let recover =
        json!({ "job": "recover", "business": business, "endpoint": id, "since": 0, "before": null });
    assert!(step.does(&recover, 1).await);
    happens.quietly(3, "usage.warning", None).await;
    assert!(step.does(&give, 1).await && step.does(&serve, 1).await, "410");
    let (_, shown) = world.get(&path).await;
    assert_eq!(shown["disabled_reason"], "gone", "{shown}");
    asked(Method::POST, &format!("{path}/test"), &[], Value::Null).await;
    let seen = [("if-match", "\"v3\"")];
    asked(Method::PATCH, &path, &seen, json!({ "enabled": true })).await;
    asked(Method::DELETE, &path, &[("if-match", "\"v4\"")], Value::Null).await;
    assert!(step.does(&serve, 1).await, "nothing waits for it");
    // Its tombstone goes with time.
    let table = world.system.name("EventsTable").unwrap();
    let text = |value: String| aws_sdk_dynamodb::types::AttributeValue::S(value);
    let gone = world.system.aws.dynamodb.delete_item().table_name(table);
    let gone = gone.key("pk", text(format!("endpoint#{business}"))).key("sk", text(format!("one#{id}")));
    gone.send().await.unwrap();
    assert!(sweep.ticks(world.now()).await, "a business without endpoints leaves the list");
    // What fails comes back, and what is no job is buried.
    step_proxy.set(Manner::ThrottlesKey("endpoint#"));
    assert!(!step.does(&give, 1).await);
    step_proxy.set(Manner::Open);
    assert!(step.does(&json!({ "job": "none" }), 1).await);
    compare("EndpointsFunction", &api_proxy);
    compare("EndpointStepFunction", &step_proxy);
    compare("EndpointSweepFunction", &sweep_proxy);
}

acceptance::tests![the_roles_of_endpoints_fit];
