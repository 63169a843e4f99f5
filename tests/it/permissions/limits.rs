//! The roles of the functions of what limits a business.

use std::time::Duration;

use acceptance::aws_proxy::AwsProxy;
use acceptance::sandbox::{HttpSandbox, ScheduleSandbox};
use http::Method;
use serde_json::{Value, json};

use super::{compare, world};

/// The functions of what limits a business.
async fn the_roles_of_usage_and_the_do_not_call_list_fit() {
    let world = world().await;
    let key = world.identity.api_key.expose();
    let listed = format!("/v1/do-not-call/{}", acceptance::outbound::CALLEE);
    for (binary, function, requests) in [
        ("usage", "UsageFunction", vec![(Method::GET, "/v1/usage"), (Method::GET, "/v1/statistics")]),
        (
            "do-not-call",
            "DoNotCallFunction",
            vec![
                (Method::PUT, listed.as_str()),
                (Method::GET, listed.as_str()),
                (Method::GET, "/v1/do-not-call"),
                (Method::DELETE, listed.as_str()),
            ],
        ),
    ] {
        let proxy = AwsProxy::of(&world).await;
        let api = HttpSandbox::start(&world, binary, &proxy.everywhere()).await;
        for (method, path) in requests {
            let request = world.http.request(method.clone(), api.url.join(path).unwrap());
            let answer = request.bearer_auth(key).send().await.unwrap();
            assert!(answer.status().is_success(), "{method} {path}: {}", answer.status());
        }
        compare(function, &proxy);
    }
}

/// The function of appointments.
async fn the_role_of_appointments_fits() {
    let world = world().await;
    let key = world.identity.api_key.expose();
    let proxy = AwsProxy::of(&world).await;
    let api = HttpSandbox::start(&world, "appointments", &proxy.everywhere()).await;
    let ask = async |method: Method, path: &str, version: &str, body: Option<Value>| -> Value {
        let request = world.http.request(method.clone(), api.url.join(path).unwrap()).bearer_auth(key);
        let request = request.header("idempotency-key", "booked");
        let request = if version.is_empty() { request } else { request.header("if-match", version) };
        let request = match &body {
            Some(body) => request.json(body),
            None => request,
        };
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{method} {path}: {}", answer.status());
        answer.json().await.unwrap()
    };
    let week = json!({ "monday": ["00:00-24:00"], "wednesday": ["00:00-24:00"], "friday": ["00:00-24:00"] });
    let calendar = "/v1/appointments/calendars/anna";
    ask(Method::PUT, calendar, "", Some(json!({ "name": "Anna", "week": week }))).await;
    ask(Method::GET, calendar, "", None).await;
    ask(Method::GET, "/v1/appointments/calendars", "", None).await;
    let remind = json!({ "from": world.business.number.as_e164(), "by": [{ "way": "sms" }] });
    let service = json!({
        "name": "Trim", "minutes": 60, "calendars": ["anna"], "reminders": [10], "remind": remind,
    });
    ask(Method::PUT, "/v1/appointments/services/trim", "", Some(service)).await;
    let slots = ask(Method::GET, "/v1/appointments/slots?service=trim", "", None).await;
    let known = json!({ "handles": [{ "kind": "phone", "value": acceptance::outbound::CALLEE }] });
    let known = world.http.post(world.url("/v1/contacts")).bearer_auth(key).json(&known);
    assert_eq!(known.header("idempotency-key", "known").send().await.unwrap().status(), 201);
    let person = json!({ "name": "Maria", "number": acceptance::outbound::CALLEE });
    let new = json!({ "service": "trim", "start": slots["slots"][4]["start"], "person": person });
    let booked = ask(Method::POST, "/v1/appointments", "", Some(new)).await;
    ask(Method::GET, "/v1/appointments", "", None).await;
    let theirs = format!("/v1/appointments?contact=ctc_{}", "9".repeat(32));
    ask(Method::GET, &theirs, "", None).await;
    let one = format!("/v1/appointments/{}", booked["id"].as_str().unwrap());
    ask(Method::GET, &format!("{one}/reminders"), "", None).await;
    let later = json!({ "start": slots["slots"][8]["start"] });
    ask(Method::PATCH, &one, "\"v1\"", Some(later)).await;
    ask(Method::PATCH, &one, "\"v2\"", Some(json!({ "status": "cancelled" }))).await;
    let sources = "/v1/appointments/calendars/anna/sources";
    let nowhere = json!({ "url": "http://127.0.0.1:1/", "while_away": "own_calendar" });
    ask(Method::PUT, &format!("{sources}/private"), "", Some(nowhere)).await;
    ask(Method::GET, sources, "", None).await;
    let fetching = AwsProxy::of(&world).await;
    let ticker = ScheduleSandbox::start(&world, "calendar-sources", &fetching.everywhere()).await;
    assert!(ticker.ticks(world.now().plus(Duration::from_secs(3_600))).await);
    compare("CalendarSourcesFunction", &fetching);
    let end = world.http.delete(api.url.join(&format!("{sources}/private")).unwrap()).bearer_auth(key);
    assert_eq!(end.send().await.unwrap().status(), 204);
    let feed = ask(Method::POST, "/v1/appointments/calendars/anna/feed", "", None).await;
    let link: reqwest::Url = feed["url"].as_str().unwrap().parse().unwrap();
    let read = async || world.http.get(api.url.join(link.path()).unwrap()).send().await.unwrap();
    let feed = read().await;
    assert_eq!(
        (feed.status().as_u16(), &feed.headers()["content-type"] == "text/calendar; charset=utf-8"),
        (200, true)
    );
    let (tag, text) = (feed.headers()["etag"].clone(), feed.text().await.unwrap());
    assert!(text.contains("STATUS:CANCELLED\r\n") && text.contains("SUMMARY:Trim: Maria\r\n"), "{text}");
    let again = world.http.get(api.url.join(link.path()).unwrap()).header("if-none-match", tag);
    assert_eq!(again.send().await.unwrap().status(), 304);
    let end =
        world.http.delete(api.url.join("/v1/appointments/calendars/anna/feed").unwrap()).bearer_auth(key);
    assert_eq!(end.send().await.unwrap().status(), 204);
    assert_eq!(read().await.status(), 404);
    compare("AppointmentsFunction", &proxy);
}

acceptance::tests![the_roles_of_usage_and_the_do_not_call_list_fit, the_role_of_appointments_fits];
