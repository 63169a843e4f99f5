//! What sets a business up: keys, numbers, settings.

use http::Method;
use serde_json::{Value, json};

use super::{Answers, Extra, header, json_body};

pub(super) async fn of_all(answers: &mut Answers<'_>) {
    of_keys(answers).await;
    of_numbers(answers).await;
    of_twilio(answers).await;
    of_health(answers).await;
    of_settings(answers).await;
}

async fn of_keys(answers: &mut Answers<'_>) {
    let route = "/v1/keys";
    let wish = json!({ "name": "till", "role": "viewer", "networks": ["127.0.0.0/8"] });
    let (status, made) = answers.ask("one more", Method::POST, route, route, json_body(wish)).await;
    assert_eq!(status, 201, "{made}");
    let wrong = json!({ "name": "", "role": "root", "scopes": ["calls:*"], "networks": ["x"] });
    answers.ask("nothing right", Method::POST, route, route, json_body(wrong)).await;
    let operators = json!({ "name": "x", "scopes": ["businesses:write"] });
    answers.ask("an operator's scope", Method::POST, route, route, json_body(operators)).await;
    answers.ask("all", Method::GET, route, route, Extra::default()).await;
    let made: Value = serde_json::from_str(&made).unwrap();
    let (route, path) = ("/v1/keys/{key}", format!("/v1/keys/{}", made["id"].as_str().unwrap()));
    answers.ask("one", Method::GET, route, &path, Extra::default()).await;
    answers.ask("no such key", Method::GET, route, "/v1/keys/nothing0", Extra::default()).await;
    let (rotate, at) = (format!("{route}/rotate"), format!("{path}/rotate"));
    let overlap = json!({ "overlap_s": 10_000_000 });
    answers.ask("too long an overlap", Method::POST, &rotate, &at, json_body(overlap)).await;
    answers.ask("a successor", Method::POST, &rotate, &at, Extra::default()).await;
    answers.ask("taken back", Method::DELETE, route, &path, Extra::default()).await;
    of_members(answers).await;
    answers.ask("today", Method::GET, "/v1/audit", "/v1/audit", Extra::default()).await;
    answers.ask("no day", Method::GET, "/v1/audit", "/v1/audit?day=yesterday", Extra::default()).await;
}

async fn of_members(answers: &mut Answers<'_>) {
    let route = "/v1/members";
    let wish = || json!({ "name": "Ada Byron", "role": "agent" });
    let (status, made) = answers.ask("invited", Method::POST, route, route, json_body(wish())).await;
    assert_eq!(status, 201, "{made}");
    let wrong = json!({ "name": "", "role": "root" });
    answers.ask("nothing right", Method::POST, route, route, json_body(wrong)).await;
    answers.ask("all members", Method::GET, route, route, Extra::default()).await;
    let made: Value = serde_json::from_str(&made).unwrap();
    let (route, path) = ("/v1/members/{member}", format!("/v1/members/{}", made["id"].as_str().unwrap()));
    answers.ask("another role", Method::PATCH, route, &path, json_body(json!({ "role": "admin" }))).await;
    answers.ask("no such role", Method::PATCH, route, &path, json_body(json!({ "role": "boss" }))).await;
    answers.ask("removed", Method::DELETE, route, &path, Extra::default()).await;
    answers.ask("no such member", Method::DELETE, route, "/v1/members/nothing0", Extra::default()).await;
}

async fn of_numbers(answers: &mut Answers<'_>) {
    let route = "/v1/numbers";
    let wish = json!({ "number": "+12025550122", "label": "shop" });
    answers.ask("one more", Method::POST, route, route, json_body(wish)).await;
    let barred = json!({ "number": "+19005550122" });
    answers.ask("premium rate", Method::POST, route, route, json_body(barred)).await;
    answers.ask("all", Method::GET, route, route, Extra::default()).await;
    let (route, path) = ("/v1/numbers/{number}", "/v1/numbers/+12025550122");
    answers.ask("one", Method::GET, route, path, Extra::default()).await;
    answers.ask("no label", Method::PATCH, route, path, json_body(json!({ "label": null }))).await;
    let trial = json!({ "channel": "trial" });
    answers.ask("no such settings channel", Method::PATCH, route, path, json_body(trial)).await;
    let (check, at) = (format!("{route}/check"), format!("{path}/check"));
    answers.ask("Twilio knows nothing of us", Method::GET, &check, &at, Extra::default()).await;
    answers.ask("Twilio is told", Method::PUT, &check, &at, Extra::default()).await;
    let (hand_over, at) = (format!("{route}/move"), format!("{path}/move"));
    answers.ask("for operators", Method::POST, &hand_over, &at, json_body(json!({ "to": "x" }))).await;
    answers.ask("released", Method::DELETE, route, path, Extra::default()).await;
    answers.ask("released before", Method::DELETE, route, path, Extra::default()).await;
}

async fn of_twilio(answers: &mut Answers<'_>) {
    let route = "/v1/twilio";
    answers.ask("none of its own", Method::GET, route, route, Extra::default()).await;
    let [(account_sid, auth_token), (_, another)] = acceptance::OWN_ACCOUNTS;
    let pair = |token: &str| json_body(json!({ "account_sid": account_sid, "auth_token": token }));
    answers.ask("a wrong pair", Method::PUT, route, route, pair(another)).await;
    let nothing = json_body(json!({ "account_sid": "AC1", "auth_token": "" }));
    answers.ask("nothing right", Method::PUT, route, route, nothing).await;
    answers.ask("set", Method::PUT, route, route, pair(auth_token)).await;
    answers.ask("its own", Method::GET, route, route, Extra::default()).await;
    answers.ask("left", Method::DELETE, route, route, Extra::default()).await;
}

async fn of_health(answers: &mut Answers<'_>) {
    let route = "/v1/health/deep";
    answers.ask("for operators", Method::GET, route, route, Extra::default()).await;
}

async fn of_settings(answers: &mut Answers<'_>) {
    let (get, route) = (Method::GET, "/v1/settings");
    let (_, published) = answers.ask("in force", get.clone(), route, route, Extra::default()).await;
    let route = "/v1/settings/draft";
    answers.ask("to begin from", get.clone(), route, route, Extra::default()).await;
    let mut draft: Value = serde_json::from_str(&published).unwrap();
    draft["voice"]["voice"] = "cedar".into();
    answers.ask("a draft", Method::PUT, route, route, json_body(draft.clone())).await;
    draft["voice"]["vioce"] = "marin".into();
    answers.ask("an unknown field", Method::PUT, route, route, json_body(draft)).await;
    let route = "/v1/settings/validate";
    answers.ask("the draft", Method::POST, route, route, Extra::default()).await;
    let route = "/v1/settings/diff";
    let path = format!("{route}?from=1&to=draft");
    answers.ask("what changes", get.clone(), route, &path, Extra::default()).await;
    let seen = || Extra { body: Some(json!({ "note": "a deeper voice" })), ..header("if-match", "\"v1\"") };
    let route = "/v1/settings/publish";
    answers.ask("without the state that was seen", Method::POST, route, route, Extra::default()).await;
    answers.ask("the draft", Method::POST, route, route, seen()).await;
    answers.ask("no draft", Method::POST, route, route, seen()).await;
    let route = "/v1/settings/revisions";
    answers.ask("all", get.clone(), route, route, Extra::default()).await;
    let route = "/v1/settings/revisions/{revision}";
    answers.ask("the first", get.clone(), route, "/v1/settings/revisions/1", Extra::default()).await;
    answers.ask("no such revision", get, route, "/v1/settings/revisions/99", Extra::default()).await;
    let (restore, path) = (format!("{route}/restore"), "/v1/settings/revisions/1/restore");
    answers.ask("a state that has changed", Method::POST, &restore, path, seen()).await;
    answers.ask("the first again", Method::POST, &restore, path, header("if-match", "\"v2\"")).await;
    let trial = json!({ "channel": "trial" });
    answers.ask("on a settings channel", Method::POST, &restore, path, json_body(trial)).await;
    let all = "/v1/settings/revisions";
    answers.ask("all, and the channel", Method::GET, all, all, Extra::default()).await;
    let (route, path) = ("/v1/settings/channels/{channel}", "/v1/settings/channels/trial");
    answers.ask("taken away", Method::DELETE, route, path, Extra::default()).await;
    answers.ask("taken away before", Method::DELETE, route, path, Extra::default()).await;
    let route = "/v1/settings/draft";
    answers.ask("thrown away", Method::DELETE, route, route, Extra::default()).await;
}
