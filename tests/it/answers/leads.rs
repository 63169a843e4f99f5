//! Where leads come from, and those that came.

use super::*;

fn keyed(key: &str, body: Value) -> Extra {
    Extra { headers: vec![("idempotency-key", key.to_owned())], body: Some(body), keyless: false }
}

fn seen(version: &str, body: Option<Value>) -> Extra {
    Extra { headers: vec![("if-match", version.to_owned())], body, keyless: false }
}

fn proved(secret: &str, body: Value) -> Extra {
    Extra { headers: vec![("x-webhook-secret", secret.to_owned())], body: Some(body), keyless: true }
}

pub(super) async fn of_leads(answers: &mut Answers<'_>) {
    let (get, post) = (Method::GET, Method::POST);
    let route = "/v1/lead-sources";
    let new = json!({ "name": "Web", "tags": ["web"], "country": "US" });
    let (_, made) = answers.ask("made", post.clone(), route, route, keyed("one", new.clone())).await;
    answers.ask("made again", post.clone(), route, route, keyed("one", new.clone())).await;
    answers.ask("without a key", post.clone(), route, route, json_body(new)).await;
    let unknown = json!({ "name": "Web", "mapping": { "owner": ["a"] } });
    answers.ask("no such part", post.clone(), route, route, keyed("two", unknown)).await;
    answers.ask("all", get.clone(), route, route, Extra::default()).await;
    let made: Value = serde_json::from_str(&made).unwrap();
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    let (path, secret) = (format!("{route}/{}", text("id")), text("secret"));
    let route = "/v1/lead-sources/{lead_source}";
    answers.ask("one", get.clone(), route, &path, Extra::default()).await;
    let (of, url) = ("/leads/{source}", format!("/leads/{}", text("id")));
    let body = json!({ "phone": "2025550143", "name": "Dana Levi", "message": "Call me." });
    let (_, taken) = answers.ask("taken", post.clone(), of, &url, proved(&secret, body.clone())).await;
    answers.ask("a copy", post.clone(), of, &url, proved(&secret, body)).await;
    answers.ask("nobody", post.clone(), of, &url, proved(&secret, json!({ "color": "blue" }))).await;
    answers.ask("forged", post.clone(), of, &url, proved("whsec_", json!({}))).await;
    let taken: Value = serde_json::from_str(&taken).unwrap();
    let (of, list) = ("/v1/lead-sources/{lead_source}/leads", format!("{path}/leads"));
    answers.ask("two", get.clone(), of, &list, Extra::default()).await;
    let (of, one) = (
        "/v1/lead-sources/{lead_source}/leads/{lead}",
        format!("{list}/{}", taken["lead"].as_str().unwrap()),
    );
    answers.ask("one", get.clone(), of, &one, Extra::default()).await;
    answers.ask("none", get, of, &format!("{list}/nothing"), Extra::default()).await;
    let (of, test) = ("/v1/lead-sources/{lead_source}/test", format!("{path}/test"));
    let sample = json!({ "body": "phone=2025550143&name=Dana", "kind": "form" });
    answers.ask("tried", post.clone(), of, &test, json_body(sample)).await;
    answers.ask("no JSON", post.clone(), of, &test, json_body(json!({ "body": "{" }))).await;
    let off = json!({ "enabled": false, "tags": [] });
    answers.ask("switched off", Method::PATCH, route, &path, seen("\"v1\"", Some(off.clone()))).await;
    answers.ask("stale", Method::PATCH, route, &path, seen("\"v1\"", Some(off))).await;
    let (of, rotate) = ("/v1/lead-sources/{lead_source}/rotate", format!("{path}/rotate"));
    answers.ask("rotated", post.clone(), of, &rotate, keyed("four", json!({ "overlap_hours": 1 }))).await;
    answers.ask("too long", post, of, &rotate, keyed("five", json!({ "overlap_hours": 200 }))).await;
    answers.ask("unseen", Method::DELETE, route, &path, Extra::default()).await;
    answers.ask("taken away", Method::DELETE, route, &path, seen("\"v3\"", None)).await;
    answers.ask("gone", Method::DELETE, route, &path, seen("\"v3\"", None)).await;
}
