//! The functions that set businesses up.

use std::collections::BTreeMap;
use std::time::Duration;

use acceptance::aws_proxy::AwsProxy;
use acceptance::client::Client;
use acceptance::people::{self, Window};
use acceptance::sandbox::{HttpSandbox, ScheduleSandbox};
use acceptance::webhook::{Webhook, call_sid};
use domain::texts::incoming::Media;
use domain::texts::media::Archived;
use http::Method;
use serde_json::json;

use super::{compare, world};
use crate::texts::kept_with;

async fn the_roles_of_what_sets_a_business_up_fit() {
    let world = world().await;
    let (operator, key) = (world.identity.operator_key.expose(), world.identity.api_key.expose());
    let mut sandboxes = BTreeMap::new();
    for binary in ["businesses", "health", "keys", "numbers", "prompts", "settings", "twilio-account"] {
        let proxy = AwsProxy::of(&world).await;
        let api = HttpSandbox::start(&world, binary, &proxy.everywhere()).await;
        sandboxes.insert(binary, (proxy, api));
    }
    let ask = async |binary: &str, method: Method, path: &str, key: &str, body: serde_json::Value| {
        let url = sandboxes[binary].1.url.join(path).unwrap();
        let request = world.http.request(method.clone(), url).bearer_auth(key).header("if-match", "\"v0\"");
        let answer = request.json(&body).send().await.unwrap();
        let status = answer.status();
        let body: serde_json::Value = answer.json().await.unwrap_or_default();
        assert!(status.is_success(), "{method} {path}: {status} {body}");
        body
    };
    let (get, post, put, delete) = (Method::GET, Method::POST, Method::PUT, Method::DELETE);
    let shop = json!({ "id": "shop", "name": "Shop", "time_zone": "UTC" });
    ask("businesses", post.clone(), "/v1/businesses", operator, shop).await;
    ask("businesses", get.clone(), "/v1/businesses", operator, json!({})).await;
    ask("businesses", Method::PATCH, "/v1/businesses/shop", operator, json!({ "name": "The Shop" })).await;
    compare("BusinessesFunction", &sandboxes["businesses"].0);

    let made = ask("keys", post.clone(), "/v1/keys", key, json!({ "name": "x", "role": "viewer" })).await;
    ask("keys", delete.clone(), &format!("/v1/keys/{}", made["id"].as_str().unwrap()), key, json!({})).await;
    ask("keys", get.clone(), "/v1/keys", key, json!({})).await;
    ask("keys", get.clone(), "/v1/audit", key, json!({})).await;
    let ada = ask("keys", post.clone(), "/v1/members", key, json!({ "name": "Ada", "role": "viewer" })).await;
    let text = ada["link"].as_str().unwrap().rsplit('/').next().unwrap();
    assert_eq!(Window::new(&world).sign_in("ada@example.com", Some(text)).await, "");
    ask("keys", get.clone(), "/v1/members", key, json!({})).await;
    let ada = format!("/v1/members/{}", ada["id"].as_str().unwrap());
    ask("keys", Method::PATCH, &ada, key, json!({ "role": "agent" })).await;
    ask("keys", delete.clone(), &ada, key, json!({})).await;
    compare("KeysFunction", &sandboxes["keys"].0);

    ask("numbers", post, "/v1/numbers", key, json!({ "number": "+12025550123" })).await;
    ask("numbers", get.clone(), "/v1/numbers", key, json!({})).await;
    ask("numbers", delete.clone(), "/v1/numbers/+12025550123", key, json!({})).await;
    compare("NumbersFunction", &sandboxes["numbers"].0);

    let (account_sid, auth_token) = acceptance::OWN_ACCOUNTS[0];
    let account = json!({ "account_sid": account_sid, "auth_token": auth_token });
    ask("twilio-account", put.clone(), "/v1/twilio", key, account).await;
    ask("twilio-account", get.clone(), "/v1/twilio", key, json!({})).await;
    ask("twilio-account", delete.clone(), "/v1/twilio", key, json!({})).await;
    compare("TwilioAccountFunction", &sandboxes["twilio-account"].0);

    ask("health", get.clone(), "/v1/health/deep", operator, json!({})).await;
    compare("HealthFunction", &sandboxes["health"].0);

    let draft = ask("settings", get.clone(), "/v1/settings/draft", key, json!({})).await;
    let url = sandboxes["settings"].1.url.join("/v1/settings/draft").unwrap();
    let saved = world.http.request(put, url).bearer_auth(key).json(&draft).send().await.unwrap();
    assert_eq!(saved.status(), 200);
    ask("prompts", get.clone(), "/v1/prompt", key, json!({})).await;
    compare("PromptsFunction", &sandboxes["prompts"].0);
    ask("settings", get, "/v1/settings/revisions", key, json!({})).await;
    ask("settings", delete, "/v1/settings/draft", key, json!({})).await;
    compare("SettingsFunction", &sandboxes["settings"].0);
}

/// A business is deleted when its thirty days are over, with its number and its keys, and not before.
async fn a_business_that_left_is_deleted_and_the_role_of_the_sweep_fits() {
    let world = world().await;
    let other = world.another_business().await;
    let (operator, key) = (world.identity.operator_key.expose(), other.api_key.expose());
    let proxy = AwsProxy::of(&world).await;
    let sweep = ScheduleSandbox::start(&world, "business-sweep", &proxy.everywhere()).await;
    let at = world.url(&format!("/v1/businesses/{}", other.business.id));
    let status = async |method: Method, url: reqwest::Url, key: &str| {
        world.http.request(method, url).bearer_auth(key).send().await.unwrap().status().as_u16()
    };
    let client = Client { world: &world, key: key.to_owned() };
    let (_, text) = people::invite_with(&client, "Ada", "viewer").await;
    assert_eq!(Window::new(&world).sign_in("ada@example.com", Some(&text)).await, "");
    let archived = Archived { key: "texts/x/y/1-0".into(), content_type: "image/png".into(), bytes: 9 };
    kept_with(&world, &other, vec![Media { archived: Some(archived), ..Media::default() }]).await;
    let endpoint =
        world.http.post(world.url("/v1/endpoints")).bearer_auth(key).header("idempotency-key", "one");
    let endpoint = endpoint.json(&json!({ "url": "https://hooks.example/" })).send().await.unwrap();
    assert_eq!(endpoint.status(), 201);
    let receiver = world.http.post(world.url("/v1/notifications/receivers")).bearer_auth(key);
    let rules = json!([{ "on": "voicemail" }]);
    let new = json!({ "name": "room", "kind": "slack", "url": "https://hooks.example/", "rules": rules });
    let receiver = receiver.header("idempotency-key", "one").json(&new).send().await.unwrap();
    assert_eq!(receiver.status(), 201);
    let texts = stores::texts::Reader::new(&world.system.aws, world.system.name("TextsTable").unwrap());
    let threads = async || texts.list(&other.business.id, 10, None).await.unwrap().threads.len();
    assert_eq!(threads().await, 1);
    assert_eq!(status(Method::DELETE, at.clone(), operator).await, 202);
    let days = |days: u64| world.now().plus(Duration::from_secs(days * 24 * 3_600));
    assert!(sweep.ticks(days(29)).await);
    assert_eq!(status(Method::GET, world.url("/v1/calls"), key).await, 200);
    for _ in 0..2 {
        assert!(sweep.ticks(days(31)).await);
    }
    // A business that left its own account longer ago than its keys are kept.
    let (account_sid, auth_token) = acceptance::OWN_ACCOUNTS[0];
    let account = json!({ "account_sid": account_sid, "auth_token": auth_token });
    let twilio = world.url("/v1/twilio");
    let own = world.identity.api_key.expose();
    let set = world.http.put(twilio.clone()).bearer_auth(own).json(&account).send().await.unwrap();
    assert_eq!(set.status(), 200);
    assert_eq!(status(Method::DELETE, twilio, own).await, 204);
    assert!(sweep.ticks(days(31)).await);
    assert_eq!(status(Method::GET, world.url("/v1/calls"), key).await, 401);
    assert_eq!(Window::new(&world).sign_in("ada@example.com", None).await, "no_member");
    assert_eq!(status(Method::GET, at, operator).await, 404);
    let rings = Webhook::inbound(&world, &call_sid(1)).field("To", other.number.as_e164());
    assert!(rings.send(&world).await.1.contains("not in service"));
    assert_eq!(status(Method::GET, world.url("/v1/numbers"), own).await, 200, "no other business is touched");
    assert_eq!(threads().await, 0);
    let name = format!("kept-in-{}", other.business.id);
    assert_eq!(texts.carried(&name).await.unwrap(), None);
    compare("BusinessSweepFunction", &proxy);
}

acceptance::tests![
    the_roles_of_what_sets_a_business_up_fit,
    a_business_that_left_is_deleted_and_the_role_of_the_sweep_fits,
];
