use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::routing::get;
use axum::{Router, http};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use url::Url;

use super::*;

const SENDER: &str = "106540352242922";

/// The product's side: it keeps what it gets.
#[derive(Clone, Default)]
struct Product(Arc<Mutex<Vec<(HeaderMap, String)>>>);

impl Product {
    async fn start(&self) -> Url {
        let router = Router::new().route("/meta", get(challenge).post(take)).with_state(self.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/meta", listener.local_addr().unwrap())).unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }

    fn taken(&self) -> Vec<(HeaderMap, String)> {
        self.0.lock().unwrap().clone()
    }
}

async fn challenge(Query(asked): Query<BTreeMap<String, String>>) -> (http::StatusCode, String) {
    match asked.get("hub.verify_token").map(String::as_str) {
        Some("verify") => (http::StatusCode::OK, asked["hub.challenge"].clone()),
        _ => (http::StatusCode::FORBIDDEN, String::new()),
    }
}

async fn take(State(product): State<Product>, headers: HeaderMap, body: String) -> http::StatusCode {
    product.0.lock().unwrap().push((headers, body));
    http::StatusCode::OK
}

async fn meta() -> Meta {
    with(|_| {}).await
}

async fn with(change: impl FnOnce(&mut MetaConfig)) -> Meta {
    let mut config = MetaConfig::new("token", "secret", "verify");
    config.senders =
        vec![Sender { phone_number_id: SENDER.into(), display_phone_number: "15550783881".into() }];
    config.templates = vec![Template { name: "reminder".into(), language: "de".into(), places: 1 }];
    change(&mut config);
    Meta::start(config).await.unwrap()
}

async fn send(meta: &Meta, body: &Value) -> (u16, Value) {
    let url = meta.api_url().join(&format!("v26.0/{SENDER}/messages")).unwrap();
    let answer = meta.state.http.post(url).bearer_auth("token").json(body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
}

fn words(to: &str, body: &str) -> Value {
    json!({ "messaging_product": "whatsapp", "to": to, "type": "text", "text": { "body": body } })
}

#[tokio::test]
async fn a_message_is_taken_once_it_is_right() {
    let meta = meta().await;
    let (status, sent) = send(&meta, &words("+15550001234", "At nine.")).await;
    assert_eq!((status, &sent["contacts"][0]["wa_id"]), (200, &json!("15550001234")));
    assert!(sent["messages"][0]["id"].as_str().unwrap().starts_with("wamid."));
    let mut to_an_id = words("", "At nine.");
    to_an_id["recipient"] = json!("US.13491208655302741918");
    assert_eq!(send(&meta, &to_an_id).await.0, 200);
    let kept = meta.sent();
    assert_eq!((kept[0].to.as_str(), kept[0].by_user_id), ("15550001234", false));
    assert_eq!((kept[1].to.as_str(), kept[1].by_user_id), ("US.13491208655302741918", true));

    let template = |name: &str, places: Value| {
        json!({ "messaging_product": "whatsapp", "to": "15550001234", "type": "template", "template": {
            "name": name, "language": { "code": "de" },
            "components": [{ "type": "body", "parameters": places }],
        }})
    };
    let anna = json!([{ "type": "text", "text": "Anna" }]);
    assert_eq!(send(&meta, &template("reminder", anna.clone())).await.0, 200);
    for (wrong, code) in [
        (words("", "x"), 100),
        (words("whatsapp:+1555", "x"), 131_009),
        (words("15550001234", ""), 100),
        (words("15550001234", &"x".repeat(4_097)), 100),
        (json!({ "to": "15550001234" }), 100),
        (json!({ "messaging_product": "whatsapp", "to": "15550001234", "type": "hologram" }), 131_051),
        (template("unknown", anna), 132_001),
        (template("reminder", json!([])), 132_000),
        (template("reminder", json!([{ "type": "text", "text": "" }])), 132_012),
    ] {
        assert_eq!(send(&meta, &wrong).await.1["error"]["code"], code, "{wrong}");
    }
    assert_eq!(meta.sent().len(), 3);
}

#[tokio::test]
async fn only_the_token_opens_the_api() {
    let meta = meta().await;
    let url = meta.api_url().join(&format!("v26.0/{SENDER}/messages")).unwrap();
    for request in [meta.state.http.post(url.clone()), meta.state.http.post(url).bearer_auth("other")] {
        let answer = request.json(&words("15550001234", "x")).send().await.unwrap();
        assert_eq!(answer.status(), 401);
        assert_eq!(answer.json::<Value>().await.unwrap()["error"]["code"], 190);
    }
    let other = meta.api_url().join("v26.0/999/messages").unwrap();
    let answer =
        meta.state.http.post(other).bearer_auth("token").json(&words("1", "x")).send().await.unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap()["error"]["error_subcode"], 33);
    assert!(meta.sent().is_empty());
}

#[tokio::test]
async fn people_and_senders_are_refused_as_often_as_was_asked_for() {
    let meta = meta().await;
    meta.refuse_person("+15550001234", 131_056, Some(1));
    let codes = async || send(&meta, &words("15550001234", "x")).await;
    let refused = codes().await;
    assert_eq!((refused.0, &refused.1["error"]["code"]), (429, &json!(131_056)));
    assert_eq!(codes().await.0, 200);
    meta.refuse_sender(SENDER, 130_429, None);
    for _ in 0..2 {
        assert_eq!(codes().await.1["error"]["code"], 130_429);
    }
}

#[tokio::test]
async fn an_answer_is_lost_after_the_message_was_taken() {
    let meta = meta().await;
    meta.fail_next_request(GraphFault::LOST_ANSWER);
    let url = meta.api_url().join(&format!("v26.0/{SENDER}/messages")).unwrap();
    let asked = meta.state.http.post(url).bearer_auth("token").json(&words("15550001234", "x")).send().await;
    let whole = match asked {
        Ok(answer) => answer.bytes().await.is_ok(),
        Err(_) => false,
    };
    assert_eq!((whole, meta.sent().len()), (false, 1));
    meta.fail_next_request(GraphFault::refusal(131_000));
    assert_eq!(send(&meta, &words("15550001234", "x")).await.0, 500);
    assert_eq!(meta.sent().len(), 1);
}

#[tokio::test]
async fn a_sign_of_reading_is_no_message() {
    let meta = meta().await;
    let sign = json!({
        "messaging_product": "whatsapp", "status": "read", "message_id": "wamid.1", "typing_indicator": { "type": "text" },
    });
    assert_eq!(send(&meta, &sign).await, (200, json!({ "success": true })));
    assert_eq!(meta.signs(), [Sign { message_id: "wamid.1".into(), writing: true }]);
    assert!(meta.sent().is_empty());
}

#[tokio::test]
async fn a_medium_has_an_address_for_five_minutes_and_wants_the_token() {
    let (clock, ahead) = watch::channel(Duration::ZERO);
    let meta = with(|config| config.ahead = Some(ahead)).await;
    let picture =
        Medium { bytes: bytes::Bytes::from_static(b"abc"), mime_type: "image/jpeg".into(), late: 1 };
    let id = meta.state.keep_medium(picture);
    let url = meta.api_url().join(&format!("v26.0/{id}")).unwrap();
    let described: Value =
        meta.state.http.get(url).bearer_auth("token").send().await.unwrap().json().await.unwrap();
    assert_eq!(described["file_size"], 3);
    assert_eq!(described["sha256"], "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    let address = described["url"].as_str().unwrap();
    let get = async |token: &str| meta.state.http.get(address).bearer_auth(token).send().await.unwrap();
    assert_eq!(get("other").await.status(), 401);
    assert_eq!(get("token").await.status(), 404, "it is late once");
    assert_eq!(get("token").await.bytes().await.unwrap().as_ref(), b"abc");
    clock.send_replace(Duration::from_secs(301));
    assert_eq!(get("token").await.status(), 404);
}

#[tokio::test]
async fn webhooks_are_signed_and_go_where_the_challenge_was_answered() {
    let (meta, product) = (meta().await, Product::default());
    let url = product.start().await;
    assert!(meta.post("{}").await.status.is_none(), "nothing is subscribed");
    meta.subscribe(url.clone()).await.unwrap();
    let body = r#"{"object":"whatsapp_business_account"}"#;
    assert!(meta.post(body).await.is_taken());
    let (headers, taken) = product.taken().remove(0);
    assert_eq!(
        (taken.as_str(), headers[SIGNATURE_HEADER].to_str().unwrap()),
        (body, sign("secret", body.as_bytes()).as_str())
    );
    let wrong = meta.challenge(&url, "subscribe", "other", "1").await.unwrap();
    assert_eq!(wrong.0, 403);
}

/// A vector that was computed elsewhere.
#[test]
fn a_signature_is_metas() {
    let body = br#"{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"messaging_product":"whatsapp"}}]}]}"#;
    let signature = "sha256=50dd5a4793c487a6979a15100ac2f3213a1d0fc77dfdc7f2de60ce42b1ee495c";
    assert_eq!(sign("meta_app_secret_demo", body), signature);
}
