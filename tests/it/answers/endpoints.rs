//! Addresses at which a business is told what happened.

use super::*;
use crate::endpoints::Happens;

fn keyed(key: &str, body: Value) -> Extra {
    Extra { headers: vec![("idempotency-key", key.to_owned())], body: Some(body), keyless: false }
}

fn seen(version: &str, body: Option<Value>) -> Extra {
    Extra { headers: vec![("if-match", version.to_owned())], body, keyless: false }
}

pub(super) async fn of_endpoints(answers: &mut Answers<'_>) {
    let (get, post) = (Method::GET, Method::POST);
    let route = "/v1/endpoints";
    // No one listens there, so that each attempt is over at once.
    let new = json!({ "url": "http://127.0.0.1:1/", "types": ["usage.*"], "headers": { "X-Key": "k" } });
    let (_, made) = answers.ask("made", post.clone(), route, route, keyed("one", new.clone())).await;
    answers.ask("made again", post.clone(), route, route, keyed("one", new.clone())).await;
    let inner = json!({ "url": "https://169.254.169.254/" });
    answers.ask("an inner address", post.clone(), route, route, keyed("two", inner)).await;
    let unknown = json!({ "url": "https://hooks.example/", "types": ["call.ended"] });
    answers.ask("no such type", post.clone(), route, route, keyed("three", unknown)).await;
    answers.ask("without a key", post.clone(), route, route, json_body(new)).await;
    answers.ask("all", get.clone(), route, route, Extra::default()).await;
    let made: Value = serde_json::from_str(&made).unwrap();
    let path = format!("{route}/{}", made["id"].as_str().unwrap());
    let route = "/v1/endpoints/{endpoint}";
    answers.ask("one", get.clone(), route, &path, Extra::default()).await;
    let off = json!({ "enabled": false, "description": "The shop" });
    answers.ask("disabled", Method::PATCH, route, &path, seen("\"v1\"", Some(off.clone()))).await;
    answers.ask("stale", Method::PATCH, route, &path, seen("\"v1\"", Some(off))).await;
    Happens::in_world(answers.world).now(1, "usage.warning", None).await;
    let (list, of) = (format!("{path}/deliveries"), "/v1/endpoints/{endpoint}/deliveries");
    let last = || async {
        let (_, page) = answers.world.get(&list).await;
        page["deliveries"][0]["id"].as_u64()
    };
    let last = answers.world.until(last).await;
    answers.ask("one that was kept back", get.clone(), of, &list, Extra::default()).await;
    let (one, of) = (format!("{list}/{last}"), "/v1/endpoints/{endpoint}/deliveries/{delivery}");
    answers.ask("one", get.clone(), of, &one, Extra::default()).await;
    answers.ask("none", get, of, &format!("{list}/999999"), Extra::default()).await;
    let of = "/v1/endpoints/{endpoint}/deliveries/{delivery}/resend";
    answers.ask("sent by hand", post.clone(), of, &format!("{one}/resend"), Extra::default()).await;
    let of = "/v1/endpoints/{endpoint}/test";
    answers.ask("a test", post.clone(), of, &format!("{path}/test"), Extra::default()).await;
    let (of, recover) = ("/v1/endpoints/{endpoint}/recover", format!("{path}/recover"));
    let since = || json_body(json!({ "since": "2026-01-01T00:00:00Z" }));
    answers.ask("a disabled one", post.clone(), of, &recover, since()).await;
    let on = json!({ "enabled": true, "types": ["endpoint.disabled"] });
    answers.ask("enabled", Method::PATCH, route, &path, seen("\"v2\"", Some(on))).await;
    answers.ask("recovered", post.clone(), of, &recover, since()).await;
    answers.ask("no moment", post.clone(), of, &recover, json_body(json!({ "since": "today" }))).await;
    let (of, rotate) = ("/v1/endpoints/{endpoint}/rotate", format!("{path}/rotate"));
    answers.ask("rotated", post.clone(), of, &rotate, keyed("four", json!({ "overlap_hours": 1 }))).await;
    answers.ask("too long", post, of, &rotate, keyed("five", json!({ "overlap_hours": 200 }))).await;
    answers.ask("unseen", Method::DELETE, route, &path, Extra::default()).await;
    answers.ask("taken away", Method::DELETE, route, &path, seen("\"v4\"", None)).await;
    answers.ask("gone", Method::DELETE, route, &path, seen("\"v4\"", None)).await;
}
