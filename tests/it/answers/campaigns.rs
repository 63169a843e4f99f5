//! People of a file who are called one after another.

use super::*;

fn keyed(key: &str, body: Value) -> Extra {
    Extra { headers: vec![("idempotency-key", key.to_owned())], body: Some(body), keyless: false }
}

fn seen(version: &str, body: Option<Value>) -> Extra {
    Extra { headers: vec![("if-match", version.to_owned())], body, keyless: false }
}

pub(super) async fn of_campaigns(answers: &mut Answers<'_>) {
    let (get, post, route) = (Method::GET, Method::POST, "/v1/campaigns");
    let file = "phone,name\n+12025550143,Dana\n4.3E+11,Eve\n";
    let new = json!({
        "name": "Service in spring",
        "purpose": "service",
        "from": [answers.world.business.number.as_e164()],
        "bytes": file.len(),
        "reason": "{{name}}",
        // No call begins before the test is over.
        "starts_at": "2999-01-01T00:00:00Z",
    });
    let (_, made) = answers.ask("made", post.clone(), route, route, keyed("one", new.clone())).await;
    answers.ask("made again", post.clone(), route, route, keyed("one", new.clone())).await;
    let mut odd = new.clone();
    odd["at_once"] = json!(0);
    answers.ask("no call at once", post.clone(), route, route, keyed("two", odd)).await;
    answers.ask("without a key", post.clone(), route, route, json_body(new)).await;
    answers.ask("all", get.clone(), route, route, Extra::default()).await;
    let made: Value = serde_json::from_str(&made).unwrap();
    let path = format!("{route}/{}", made["id"].as_str().unwrap());
    let step = |step: &str| (format!("/v1/campaigns/{{campaign}}/{step}"), format!("{path}/{step}"));
    for early in ["start", "pause", "resume"] {
        let (of, to) = step(early);
        answers.ask("not checked", post.clone(), &of, &to, Extra::default()).await;
    }
    let one = "/v1/campaigns/{campaign}";
    answers.ask("one", get.clone(), one, &path, Extra::default()).await;
    let (of, to) = step("problems");
    answers.ask("of its rows", get.clone(), &of, &to, Extra::default()).await;
    let (of, to) = step("entries");
    answers.ask("its people", get.clone(), &of, &to, Extra::default()).await;
    let (of, to) = step("entries.csv");
    answers.ask("its people as a file", get.clone(), &of, &to, Extra::default()).await;
    answers.ask("no rows", get.clone(), &of, &format!("{to}?limit=0"), Extra::default()).await;
    let (of, to) = step("preview");
    answers.ask("not checked: no people", get.clone(), &of, &to, Extra::default()).await;
    let change = json!({ "at_once": 5 });
    answers.ask("changed", Method::PATCH, one, &path, seen("\"v1\"", Some(change.clone()))).await;
    answers.ask("stale", Method::PATCH, one, &path, seen("\"v1\"", Some(change.clone()))).await;
    answers.ask("unseen", Method::PATCH, one, &path, json_body(change)).await;
    let (of, to) = step("stop");
    answers.ask("odd", post.clone(), &of, &to, json_body(json!({ "hangup": 1 }))).await;
    answers.ask("stopped", post.clone(), &of, &to, json_body(json!({ "hangup": true }))).await;
    let (of, to) = step("check");
    answers.ask("too late", post.clone(), &of, &to, Extra::default()).await;
}
