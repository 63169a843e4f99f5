//! What limits a business: what it used, and the numbers that it does not call.

use super::*;

pub(super) async fn of_limits(answers: &mut Answers<'_>) {
    of_usage(answers).await;
    of_do_not_call(answers).await;
}

async fn of_usage(answers: &mut Answers<'_>) {
    let route = "/v1/usage";
    let path = format!("{route}?month=2020-01");
    answers.ask("a month without calls", Method::GET, route, &path, Extra::default()).await;
    let path = format!("{route}?month=2020-13");
    answers.ask("no month", Method::GET, route, &path, Extra::default()).await;
    let route = "/v1/statistics";
    let path = format!("{route}?from=2020-01-01&to=2020-01-31");
    answers.ask("days without calls", Method::GET, route, &path, Extra::default()).await;
    let path = format!("{route}?from=2020-01-01&to=2020-12-31");
    answers.ask("too many days", Method::GET, route, &path, Extra::default()).await;
}

async fn of_do_not_call(answers: &mut Answers<'_>) {
    let (route, path) = ("/v1/do-not-call/{callee}", "/v1/do-not-call/+12025550187");
    let reason = json!({ "reason": "asked not to be called" });
    answers.ask("with a reason", Method::PUT, route, path, json_body(reason)).await;
    let long = json!({ "reason": "x".repeat(201) });
    answers.ask("too long a reason", Method::PUT, route, path, json_body(long)).await;
    answers.ask("one", Method::GET, route, path, Extra::default()).await;
    answers.ask("no number", Method::PUT, route, "/v1/do-not-call/112", Extra::default()).await;
    let all = "/v1/do-not-call";
    answers.ask("all", Method::GET, all, all, Extra::default()).await;
    answers.ask("no cursor", Method::GET, all, "/v1/do-not-call?cursor=x", Extra::default()).await;
    answers.ask("taken off", Method::DELETE, route, path, Extra::default()).await;
    answers.ask("not on the list", Method::DELETE, route, path, Extra::default()).await;
}
