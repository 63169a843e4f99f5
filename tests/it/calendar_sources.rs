//! Calendars of other systems: what they take is not offered and not booked, and one that cannot be read makes nothing free.

use std::time::Duration;

use acceptance::World;
use acceptance::sandbox::ScheduleSandbox;
use domain::Timestamp;
use http::Method;
use platform::clock::{from_rfc3339, rfc3339};
use scripted::{Answer, Scripted};
use serde_json::{Value, json};

use super::appointments::offer;

const SOURCES: &str = "/v1/appointments/calendars/anna/sources";
const HOUR: Duration = Duration::from_secs(3_600);

async fn ask(world: &World, method: Method, path: &str, body: &Value) -> (u16, Value) {
    let request = world.http.request(method, world.url(path)).bearer_auth(world.identity.api_key.expose());
    let request = request.header("idempotency-key", "one");
    let request = if body.is_null() { request } else { request.json(body) };
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), acceptance::told(answer.json().await.unwrap_or(Value::Null)))
}

async fn slots(world: &World) -> (u16, Vec<String>) {
    let (status, found) =
        ask(world, Method::GET, "/v1/appointments/slots?service=trim&limit=100", &Value::Null).await;
    let starts = found["slots"].as_array().into_iter().flatten();
    (status, starts.map(|slot| slot["start"].as_str().unwrap().to_owned()).collect())
}

/// A calendar with one event.
fn calendar(from: Timestamp, until: Timestamp, more: &str) -> Answer {
    let utc = |at: Timestamp| rfc3339(at)[..19].replace(['-', ':'], "") + "Z";
    let (from, until) = (utc(from), utc(until));
    let text = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Other//EN\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:{from}\r\n\
         DTEND:{until}\r\n{more}END:VEVENT\r\nEND:VCALENDAR\r\n"
    );
    Answer::new(200, text).header("content-type", "text/calendar")
}

async fn named(world: &World, url: &str, while_away: &str) -> Value {
    let body = json!({ "url": url, "while_away": while_away });
    let (status, source) = ask(world, Method::PUT, &format!("{SOURCES}/private"), &body).await;
    assert_eq!(status, 200, "{source}");
    source
}

fn at(text: &str) -> Timestamp {
    from_rfc3339(text).unwrap()
}

async fn what_another_calendar_takes_is_neither_offered_nor_booked() {
    let world = World::start().await;
    offer(&world).await;
    let (_, before) = slots(&world).await;
    let taken = at(&before[8]);
    let other = Scripted::serve([
        Answer::new(302, "").header("location", "/moved.ics"),
        calendar(taken, taken.plus(HOUR), ""),
        calendar(taken, taken.plus(HOUR), "TRANSP:TRANSPARENT\r\n"),
    ])
    .await;
    let secret = other.url.join("/secret-3f9a.ics").unwrap();
    let source = named(&world, secret.as_str(), "refuse").await;
    assert_eq!(
        (&source["failure"], &source["busy_times"], &source["host"]),
        (&Value::Null, &json!(1), &json!("127.0.0.1"))
    );
    let (_, listed) = ask(&world, Method::GET, SOURCES, &Value::Null).await;
    assert!(!listed.to_string().contains("secret-3f9a"), "{listed}");
    let (_, after) = slots(&world).await;
    let missing: Vec<&String> = before.iter().filter(|start| !after.contains(start)).collect();
    assert!(missing.contains(&&before[8]) && missing.len() >= 4, "an hour in quarters: {missing:?}");
    let new = json!({ "service": "trim", "start": before[8], "person": { "name": "Maria" } });
    let (status, refused) = ask(&world, Method::POST, "/v1/appointments", &new).await;
    assert_eq!((status, &refused["code"]), (409, &json!("slot_taken")), "{refused}");
    named(&world, secret.as_str(), "refuse").await;
    assert!(slots(&world).await.1.contains(&before[8]), "what is transparent takes nothing");
    assert_eq!(other.asked().len(), 3);
}

/// Requirement 19 of appointments.
async fn a_source_that_is_away_makes_nothing_free() {
    let world = World::start().await;
    offer(&world).await;
    let all = slots(&world).await.1;
    let far = at(&all[50]);
    let back = calendar(far, far.plus(HOUR), "");
    let other = Scripted::serve([back.clone(), Answer::new(503, ""), Answer::new(200, "<html>"), back]).await;
    let ticker = ScheduleSandbox::start(&world, "calendar-sources", &[]).await;
    let source = named(&world, other.url.as_str(), "refuse").await;
    assert_eq!(source["failure"], Value::Null);
    assert_eq!(slots(&world).await.0, 200);
    for failure in ["status", "not_a_calendar"] {
        world.time_passes(HOUR);
        assert!(ticker.ticks(world.now()).await);
        let (_, listed) = ask(&world, Method::GET, SOURCES, &Value::Null).await;
        assert_eq!(listed["sources"][0]["failure"], failure, "{listed}");
        let (status, found) =
            ask(&world, Method::GET, "/v1/appointments/slots?service=trim", &Value::Null).await;
        assert_eq!((status, &found["code"]), (503, &json!("calendar_unavailable")), "{found}");
    }
    let new = json!({ "service": "trim", "start": all[90], "person": { "name": "Maria" } });
    let (status, refused) = ask(&world, Method::POST, "/v1/appointments", &new).await;
    assert_eq!((status, &refused["code"]), (503, &json!("calendar_unavailable")), "{refused}");
    world.time_passes(HOUR);
    assert!(ticker.ticks(world.now()).await && ticker.ticks(world.now()).await);
    assert_eq!(slots(&world).await.0, 200, "it is back");
    assert_eq!(other.asked().len(), 4, "it is not read twice in ten minutes");
}

async fn by_setting_the_calendars_own_appointments_decide() {
    let world = World::start().await;
    offer(&world).await;
    let nowhere = Scripted::serve([]).await;
    let source = named(&world, nowhere.url.as_str(), "own_calendar").await;
    assert_eq!(source["failure"], "unreachable", "{source}");
    assert_eq!(slots(&world).await.0, 200);
    named(&world, nowhere.url.as_str(), "refuse").await;
    assert_eq!(slots(&world).await.0, 503);
    let (status, _) = ask(&world, Method::DELETE, &format!("{SOURCES}/private"), &Value::Null).await;
    assert_eq!(status, 204);
    assert_eq!(slots(&world).await.0, 200, "without it the calendar decides");
    let (status, _) = ask(&world, Method::DELETE, &format!("{SOURCES}/private"), &Value::Null).await;
    assert_eq!(status, 404);
}

/// The last row of the fault catalogue: tenant addresses must not lead inside.
async fn an_address_that_leads_inside_is_refused_also_by_way_of_a_redirect() {
    let world = World::start().await;
    offer(&world).await;
    for inner in [
        "https://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/anna.ics",
        "https://user@calendar.example/anna.ics",
        "file:///etc/passwd",
        "anna.ics",
    ] {
        let put = ask(&world, Method::PUT, &format!("{SOURCES}/private"), &json!({ "url": inner })).await;
        assert_eq!((put.0, &put.1["errors"][0]["pointer"]), (422, &json!("/url")), "{inner}: {put:?}");
    }
    let inside = Answer::new(302, "").header("location", "https://169.254.169.254/latest/meta-data/");
    let round = Answer::new(302, "").header("location", "/");
    let other = Scripted::serve([inside, round.clone(), round.clone(), round.clone(), round]).await;
    assert_eq!(named(&world, other.url.as_str(), "refuse").await["failure"], "address");
    assert_eq!(named(&world, other.url.as_str(), "refuse").await["failure"], "redirects");
    for id in ["b", "c", "d"] {
        let path = format!("{SOURCES}/{id}");
        let (status, _) = ask(&world, Method::PUT, &path, &json!({ "url": other.url.as_str() })).await;
        assert_eq!(status, if id == "d" { 409 } else { 200 }, "three at most");
    }
}

acceptance::tests![
    what_another_calendar_takes_is_neither_offered_nor_booked,
    a_source_that_is_away_makes_nothing_free,
    by_setting_the_calendars_own_appointments_decide,
    an_address_that_leads_inside_is_refused_also_by_way_of_a_redirect,
];
