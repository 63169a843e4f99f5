//! The roles of the functions of notifications.

use std::time::Duration;

use acceptance::aws_proxy::{AwsProxy, Manner};
use acceptance::receiver::Receiver;
use acceptance::sandbox::{HttpSandbox, QueueSandbox, ScheduleSandbox};
use http::Method;
use serde_json::{Value, json};

use super::{aside, compare, pairs, world};
use crate::notifications::{log, quietly};

/// The function of the API, the one that sends and the one that looks for what was lost: everything that each does, once.
async fn the_roles_of_notifications_fit() {
    let world = world().await;
    let (queue, letters) =
        (aside(&world, "NotificationsQueue").await, aside(&world, "NotificationsDlq").await);
    let endpoints = aside(&world, "EndpointsQueue").await;
    let sinks = [
        ("QUEUE_NOTIFICATIONS", queue.as_str()),
        ("DLQ_NOTIFICATIONS", letters.as_str()),
        ("QUEUE_ENDPOINTS", endpoints.as_str()),
    ];
    let [api_proxy, step_proxy, sweep_proxy] =
        [AwsProxy::of(&world).await, AwsProxy::of(&world).await, AwsProxy::of(&world).await];
    let through = |proxy: &'_ AwsProxy| -> Vec<(String, String)> {
        let all = sinks.iter().copied().chain(proxy.everywhere());
        all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    let (api_vars, step_vars, sweep_vars) =
        (through(&api_proxy), through(&step_proxy), through(&sweep_proxy));
    let api = HttpSandbox::start(&world, "notifications", &pairs(&api_vars)).await;
    let step = QueueSandbox::start(&world, "notification-step", &pairs(&step_vars)).await;
    let sweep = ScheduleSandbox::start(&world, "notification-sweep", &pairs(&sweep_vars)).await;
    let business = world.business.business.id.to_string();
    let asked = async |method: Method, path: &str, headers: &[(&str, &str)], body: Value| {
        api.asked(&world, (method, path), headers, &body).await
    };
    let chat = Receiver::with([(204, vec![]), (204, vec![]), (410, vec![])]).await;
    // What happened before comes before the receiver in the order, and is given its number for that.
    quietly(&world, "voicemail.received", 9, |_| {}).await;
    let rules = json!([{ "on": "message_taken" }]);
    let new = json!({ "name": "room", "kind": "slack", "url": chat.url.as_str(), "rules": rules });
    let made = asked(Method::POST, "/v1/notifications/receivers", &[("idempotency-key", "one")], new).await;
    let id = made["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/notifications/receivers/{id}");
    asked(Method::POST, &format!("{path}/test"), &[], Value::Null).await;
    for list in ["/v1/notifications", "/v1/notifications/receivers", &path] {
        asked(Method::GET, list, &[], Value::Null).await;
    }
    let give = json!({ "job": "give", "business": business });
    let place = |sequence: u64| json!({ "sequence": sequence, "receiver": id });
    let send = |sequence: u64| json!({ "job": "send", "business": business, "place": place(sequence) });
    quietly(&world, "message.taken", 1, |_| {}).await;
    assert!(sweep.ticks(world.now()).await, "it finds an event that was not given");
    assert!(step.does(&give, 1).await);
    assert!(sweep.ticks(world.now()).await, "it finds a notification that is due");
    assert!(step.does(&send(2), 1).await, "204");
    log(&world, &["sent"]).await;
    quietly(&world, "message.taken", 2, |_| {}).await;
    // One that is for no receiver moves the mark alone.
    quietly(&world, "contact.created", 3, |_| {}).await;
    assert!(step.does(&give, 1).await && step.does(&send(3), 1).await, "410");
    let (_, shown) = world.get(&path).await;
    assert_eq!(shown["disabled_reason"], "gone", "{shown}");
    // A row that leads to nothing is taken off the list of what is due.
    let table = world.system.name("EventsTable").unwrap();
    let text = |value: String| aws_sdk_dynamodb::types::AttributeValue::S(value);
    let due = world.system.aws.dynamodb.put_item().table_name(table);
    let sk = format!("due#{:015}#{:012}#{id}", 1, 2);
    due.item("pk", text(format!("notice#{business}"))).item("sk", text(sk)).send().await.unwrap();
    assert!(sweep.ticks(world.now()).await);
    let seen = [("if-match", "\"v2\"")];
    asked(Method::PATCH, &path, &seen, json!({ "enabled": true })).await;
    asked(Method::DELETE, &path, &[("if-match", "\"v3\"")], Value::Null).await;
    world.time_passes(Duration::from_secs(3_600));
    assert!(sweep.ticks(world.now()).await, "a business without receivers leaves the list");
    // What fails comes back, and what is no job is buried.
    step_proxy.set(Manner::ThrottlesKey("receiver#"));
    assert!(!step.does(&give, 1).await);
    step_proxy.set(Manner::Open);
    assert!(step.does(&json!({ "job": "none" }), 1).await);
    compare("NotificationsFunction", &api_proxy);
    compare("NotificationStepFunction", &step_proxy);
    compare("NotificationSweepFunction", &sweep_proxy);
}

acceptance::tests![the_roles_of_notifications_fit];
