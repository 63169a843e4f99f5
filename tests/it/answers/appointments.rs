//! Calendars, services, free times and appointments.

use super::*;

const WEEK: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

pub(super) async fn of_appointments(answers: &mut Answers<'_>) {
    of_what_is_offered(answers).await;
    let all = "/v1/appointments";
    let slots = "/v1/appointments/slots";
    let path = format!("{slots}?service=trim&limit=3");
    let (_, found) = answers.ask("the next free times", Method::GET, slots, &path, Extra::default()).await;
    let found: Value = serde_json::from_str(&found).unwrap();
    let start = found["slots"][2]["start"].as_str().unwrap().to_owned();
    answers.ask("no service named", Method::GET, slots, slots, Extra::default()).await;
    let path = format!("{slots}?service=other");
    answers.ask("no such service", Method::GET, slots, &path, Extra::default()).await;

    let person = json!({ "name": "Maria Huber", "number": "+12025550143" });
    let new = json!({ "service": "trim", "start": start, "person": person });
    let keyed = |key: &str, body: Value| Extra {
        headers: vec![("idempotency-key", key.to_owned())],
        body: Some(body),
        ..Extra::default()
    };
    let (_, booked) = answers.ask("booked", Method::POST, all, all, keyed("first", new.clone())).await;
    let booked: Value = serde_json::from_str(&booked).unwrap();
    answers.ask("the same request", Method::POST, all, all, keyed("first", new.clone())).await;
    answers.ask("a time that is taken", Method::POST, all, all, keyed("second", new.clone())).await;
    answers.ask("without a key", Method::POST, all, all, json_body(new)).await;
    let early = json!({ "service": "trim", "start": "2020-01-01T08:00:00Z", "person": { "name": "Maria" } });
    answers.ask("too soon", Method::POST, all, all, keyed("third", early)).await;
    answers.ask("all", Method::GET, all, all, Extra::default()).await;
    answers.ask("no moment", Method::GET, all, "/v1/appointments?from=now", Extra::default()).await;

    let (route, path) =
        ("/v1/appointments/{appointment}", format!("{all}/{}", booked["id"].as_str().unwrap()));
    answers.ask("one", Method::GET, route, &path, Extra::default()).await;
    let none = format!("{all}/{}", "0".repeat(32));
    answers.ask("there is none", Method::GET, route, &none, Extra::default()).await;
    let reminders = "/v1/appointments/{appointment}/reminders";
    answers
        .ask("one that is owed", Method::GET, reminders, &format!("{path}/reminders"), Extra::default())
        .await;
    answers
        .ask("there is none", Method::GET, reminders, &format!("{none}/reminders"), Extra::default())
        .await;
    let seen = |version: &str, body: Value| Extra {
        headers: vec![("if-match", format!("\"{version}\""))],
        body: Some(body),
        ..Extra::default()
    };
    let next = format!("{slots}?service=trim&limit=5");
    let (_, found) = answers.ask("others", Method::GET, slots, &next, Extra::default()).await;
    let found: Value = serde_json::from_str(&found).unwrap();
    let later = json!({ "start": found["slots"][4]["start"] });
    answers.ask("moved", Method::PATCH, route, &path, seen("v1", later)).await;
    let missed = json!({ "status": "no_show" });
    answers.ask("it has not begun", Method::PATCH, route, &path, seen("v2", missed)).await;
    let cancelled = json!({ "status": "cancelled" });
    answers.ask("an old version", Method::PATCH, route, &path, seen("v1", cancelled.clone())).await;
    answers.ask("no version", Method::PATCH, route, &path, json_body(cancelled.clone())).await;
    answers.ask("cancelled", Method::PATCH, route, &path, seen("v2", cancelled)).await;
    answers.ask("two changes", Method::PATCH, route, &path, seen("v3", json!({}))).await;
}

async fn of_what_is_offered(answers: &mut Answers<'_>) {
    let week: serde_json::Map<String, Value> =
        WEEK.iter().map(|day| ((*day).to_owned(), json!(["00:00-24:00"]))).collect();
    let calendars = "/v1/appointments/calendars";
    let (route, path) = ("/v1/appointments/calendars/{calendar}", "/v1/appointments/calendars/anna");
    let calendar = json!({ "name": "Anna", "time_zone": "Europe/Vienna", "week": week });
    answers.ask("made", Method::PUT, route, path, json_body(calendar.clone())).await;
    answers.ask("it is there", Method::PUT, route, path, json_body(calendar)).await;
    let bad = json!({ "name": " ", "week": { "monday": ["09:00-12:00", "11:00-13:00"] } });
    answers.ask("wrong", Method::PUT, route, path, json_body(bad)).await;
    let unknown = json!({ "name": "Anna", "week": { "someday": [] } });
    answers.ask("an unknown day", Method::PUT, route, path, json_body(unknown)).await;
    answers.ask("one", Method::GET, route, path, Extra::default()).await;
    answers
        .ask("there is none", Method::GET, route, "/v1/appointments/calendars/ben", Extra::default())
        .await;
    answers.ask("all", Method::GET, calendars, calendars, Extra::default()).await;
    of_feed(answers).await;
    of_sources(answers).await;
    let services = "/v1/appointments/services";
    let (route, path) = ("/v1/appointments/services/{service}", "/v1/appointments/services/trim");
    let remind = json!({ "from": "+12025550143", "by": [{ "way": "sms" }] });
    let service = json!({
        "name": "Trim", "minutes": 60, "calendars": ["anna"], "price": "40 euros", "reminders": [10], "remind": remind,
    });
    answers.ask("made", Method::PUT, route, path, json_body(service.clone())).await;
    let elsewhere = json!({ "name": "Trim", "minutes": 60, "calendars": ["ben"] });
    answers.ask("in a calendar that is not there", Method::PUT, route, path, json_body(elsewhere)).await;
    let strange = json!({ "from": "+12025550199", "by": [{ "way": "call" }] });
    let strange = json!({ "name": "Trim", "minutes": 60, "calendars": ["anna"], "remind": strange });
    let wrong = json!({ "from": "+12025550143", "by": [{ "way": "whatsapp", "text": "Hello" }] });
    let wrong = json!({ "name": "Trim", "minutes": 60, "calendars": ["anna"], "remind": wrong });
    for (why, service) in [("reminders from another number", strange), ("a way that is not whole", wrong)] {
        let seen = Extra {
            headers: vec![("if-match", "\"v1\"".to_owned())],
            body: Some(service),
            ..Extra::default()
        };
        answers.ask(why, Method::PUT, route, path, seen).await;
    }
    let replaced =
        Extra { headers: vec![("if-match", "\"v1\"".to_owned())], body: Some(service), ..Extra::default() };
    answers.ask("replaced", Method::PUT, route, path, replaced).await;
    answers.ask("one", Method::GET, route, path, Extra::default()).await;
    answers.ask("there is none", Method::GET, route, "/v1/appointments/services/cut", Extra::default()).await;
    answers.ask("all", Method::GET, services, services, Extra::default()).await;
}

/// A calendar of another system that cannot be reached.
async fn of_sources(answers: &mut Answers<'_>) {
    let list = ("/v1/appointments/calendars/{calendar}/sources", "/v1/appointments/calendars/anna/sources");
    let (route, path) = (
        "/v1/appointments/calendars/{calendar}/sources/{source}",
        "/v1/appointments/calendars/anna/sources/private",
    );
    answers.ask("none", Method::GET, list.0, list.1, Extra::default()).await;
    let nowhere = json!({ "url": "http://127.0.0.1:1/secret.ics", "while_away": "own_calendar" });
    answers.ask("it is not there", Method::PUT, route, path, json_body(nowhere)).await;
    let inside = json!({ "url": "https://169.254.169.254/" });
    answers.ask("an address that leads inside", Method::PUT, route, path, json_body(inside)).await;
    answers.ask("all", Method::GET, list.0, list.1, Extra::default()).await;
    answers.ask("taken away", Method::DELETE, route, path, Extra::default()).await;
    answers.ask("there is none", Method::DELETE, route, path, Extra::default()).await;
}

/// The feed of a calendar in which there is nothing.
async fn of_feed(answers: &mut Answers<'_>) {
    let (route, path) =
        ("/v1/appointments/calendars/{calendar}/feed", "/v1/appointments/calendars/anna/feed");
    let none = "/v1/appointments/calendars/ben/feed";
    answers.ask("no such calendar", Method::POST, route, none, Extra::default()).await;
    let (_, made) =
        answers.ask("a link", Method::POST, route, path, json_body(json!({ "full": true }))).await;
    let made: Value = serde_json::from_str(&made).unwrap();
    let link: reqwest::Url = made["url"].as_str().unwrap().parse().unwrap();
    let feed = "/feeds/{file}";
    answers.ask("nothing in it", Method::GET, feed, link.path(), keyless()).await;
    answers.ask("ended", Method::DELETE, route, path, Extra::default()).await;
    answers.ask("there is none", Method::DELETE, route, path, Extra::default()).await;
    answers.ask("a link that has ended", Method::GET, feed, link.path(), keyless()).await;
}
