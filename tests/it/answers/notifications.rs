//! Who of a business is notified, and what became of that.

use super::*;
use crate::notifications::quietly;

fn keyed(key: &str, body: Value) -> Extra {
    Extra { headers: vec![("idempotency-key", key.to_owned())], body: Some(body), keyless: false }
}

fn seen(version: &str, body: Option<Value>) -> Extra {
    Extra { headers: vec![("if-match", version.to_owned())], body, keyless: false }
}

pub(super) async fn of_notifications(answers: &mut Answers<'_>) {
    let (get, post) = (Method::GET, Method::POST);
    let route = "/v1/notifications/receivers";
    let rules = json!([{ "on": "voicemail" }, { "on": "low_budget", "urgent": true }]);
    let new = json!({
        "name": "The shop", "kind": "slack", "url": "http://127.0.0.1:1/", "rules": rules,
        "quiet_hours": { "sunday": ["00:00-24:00"] },
    });
    let (_, made) = answers.ask("made", post.clone(), route, route, keyed("one", new.clone())).await;
    answers.ask("made again", post.clone(), route, route, keyed("one", new.clone())).await;
    let inner = json!({ "name": "x", "kind": "teams", "url": "https://169.254.169.254/", "rules": rules });
    answers.ask("an inner address", post.clone(), route, route, keyed("two", inner)).await;
    answers.ask("without a key", post.clone(), route, route, json_body(new)).await;
    answers.ask("all", get.clone(), route, route, Extra::default()).await;
    let made: Value = serde_json::from_str(&made).unwrap();
    let path = format!("{route}/{}", made["id"].as_str().unwrap());
    let route = "/v1/notifications/receivers/{receiver}";
    answers.ask("one", get.clone(), route, &path, Extra::default()).await;
    let change = json!({ "name": "The office", "quiet_hours": null });
    answers.ask("changed", Method::PATCH, route, &path, seen("\"v1\"", Some(change.clone()))).await;
    answers.ask("stale", Method::PATCH, route, &path, seen("\"v1\"", Some(change))).await;
    let of = "/v1/notifications/receivers/{receiver}/test";
    answers.ask("a test", post, of, &format!("{path}/test"), Extra::default()).await;
    quietly(answers.world, "voicemail.received", 700, |_| {}).await;
    let give = json!({ "job": "give", "business": answers.world.business.business.id });
    let queue = answers.world.system.name("NotificationsQueue").unwrap();
    let send = answers.world.system.aws.sqs.send_message().queue_url(queue).message_body(give.to_string());
    send.send().await.unwrap();
    let log = "/v1/notifications";
    let tried = || async {
        let (_, page) = answers.world.get(log).await;
        page["notifications"][0]["attempts"].get(0).map(|_| ())
    };
    answers.world.until(tried).await;
    let off = json!({ "enabled": false });
    answers.ask("disabled", Method::PATCH, route, &path, seen("\"v2\"", Some(off))).await;
    answers.ask("what became of it", get.clone(), log, log, Extra::default()).await;
    answers.ask("a wrong cursor", get, log, &format!("{log}?cursor=x"), Extra::default()).await;
    answers.ask("unseen", Method::DELETE, route, &path, Extra::default()).await;
    answers.ask("taken away", Method::DELETE, route, &path, seen("\"v3\"", None)).await;
    answers.ask("gone", Method::DELETE, route, &path, seen("\"v3\"", None)).await;
}
