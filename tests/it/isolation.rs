//! A business and everything of another's: every route of the API, with a valid key that is the wrong one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use acceptance::World;
use acceptance::outbound;
use acceptance::webhook::{Webhook, call_sid};
use functions::edge::api::rule::Rule;
use functions::edge::api::{BUSINESSES, DOCUMENT_PATH};
use http::{HeaderMap, Method};
use local::template::Template;
use serde_json::{Value, json};

mod ids;

use ids::{Ids, ids, nothing};

/// One route of the API.
struct Route {
    method: Method,
    path: String,
}

/// Every route below `/v1` that a business has for itself, those that destroy last.
fn routes() -> Vec<Route> {
    let mut routes: Vec<Route> = acceptance::routes::all()
        .into_iter()
        .filter(|route| route.path.starts_with("/v1/") && !route.path.starts_with(BUSINESSES))
        .filter(|route| route.path != DOCUMENT_PATH)
        .map(|route| Route { method: route.method.parse().unwrap(), path: route.path.clone() })
        .collect();
    routes.sort_by_key(|route| {
        let deletes = route.method == Method::DELETE;
        // To publish a draft is the end of it, too.
        let publishes = route.path.ends_with("/publish");
        (
            deletes,
            publishes,
            deletes.then(|| usize::MAX - route.path.matches('/').count()),
            route.path.clone(),
        )
    });
    assert!(routes.len() >= 30, "the routes are read");
    routes
}

/// What the route asks for; a HEAD what its GET does.
fn rule(route: &Route) -> Option<Rule> {
    let rules =
        functions::features::ALL.iter().filter_map(|feature| feature.document()).flat_map(|(_, rules)| rules);
    let asked = if route.method == Method::HEAD { "GET" } else { route.method.as_str() };
    let of = |((method, path), _): &((String, String), Rule)| method == asked && *path == route.path;
    rules.into_iter().find(of).map(|(_, rule)| rule)
}

/// Whether the route asks for a scope that no business's key has.
fn is_operators(route: &Route) -> bool {
    rule(route).and_then(Rule::scope).is_some_and(|scope| scope.is_operators())
}

/// A body that the route takes from its own business.
fn body(world: &World, route: &Route) -> Option<Value> {
    Some(match (route.method.as_str(), route.path.rsplit('/').next()?) {
        ("POST", "calls") => outbound::order(world),
        ("POST", "shares") => json!({ "max_views": 3 }),
        ("POST", "resume") => json!({ "epoch": 1 }),
        ("POST", "actions") => json!({ "action": "end" }),
        ("POST", "reprocess") => json!({ "stages": ["summary"] }),
        ("POST", "keys") => json!({ "name": "made by this test", "scopes": ["calls:read"] }),
        ("POST", "numbers") => json!({ "number": "+12025550190" }),
        ("POST", "members") => json!({ "name": "invited by this test", "role": "viewer" }),
        ("PATCH", "{member}") => json!({ "role": "viewer" }),
        ("PATCH", "{thread}") => json!({ "owner": "person" }),
        ("POST", "texts") => json!({ "text": "Your bicycle is ready." }),
        ("PATCH", "{message}") => json!({ "state": "done" }),
        ("PATCH", "{appointment}") => json!({ "status": "cancelled" }),
        ("PUT", "{calendar}") => json!({ "name": "theirs" }),
        ("PUT", "{source}") => json!({ "url": "http://127.0.0.1:1/theirs.ics" }),
        ("PUT", "{service}") => json!({ "name": "theirs", "minutes": 30, "calendars": ["theirs"] }),
        ("POST", "imports") => json!({ "bytes": 9 }),
        ("POST", "contacts") => json!({ "name": "made by this test" }),
        ("PATCH", "{contact}") => json!({ "tags": ["theirs"] }),
        ("POST", "lead") => json!({ "status": "booked" }),
        ("POST", "merge" | "unmerge") => json!({ "other": format!("ctc_{}", "9".repeat(32)) }),
        // Without its confirmation nothing is erased.
        ("POST", "erasure") => json!({ "confirm": format!("ctc_{}", "9".repeat(32)) }),
        ("POST", "notes" | "tasks") => json!({ "text": "written by this test" }),
        ("PATCH", "{task}") => json!({ "done": true }),
        ("POST", "endpoints") => json!({ "url": "http://127.0.0.1:1/" }),
        ("POST", "campaigns") => {
            json!({ "name": "One", "purpose": "service", "from": [world.business.number.as_e164()], "bytes": 9 })
        }
        ("PATCH", "{campaign}") => json!({ "name": "theirs" }),
        ("PATCH", "{lead_source}") => json!({ "name": "theirs" }),
        ("POST", "lead-sources") => json!({ "name": "made by this test" }),
        ("POST", "test") if route.path.starts_with("/v1/lead-sources") => json!({ "body": "{}" }),
        ("POST", "rotate") if route.path.starts_with("/v1/lead-sources") => json!({ "overlap_hours": 1 }),
        ("POST", "receivers") => {
            json!({ "name": "one", "kind": "slack", "url": "http://127.0.0.1:1/", "rules": [{ "on": "low_budget" }] })
        }
        ("PATCH", "{receiver}") => json!({ "name": "theirs" }),
        ("PATCH", "{endpoint}") => json!({ "description": "theirs" }),
        ("POST", "rotate") if route.path.starts_with("/v1/endpoints") => json!({ "overlap_hours": 1 }),
        ("POST", "recover") => json!({ "since": "2026-12-01T08:30:00Z" }),
        ("PATCH", _) => json!({ "label": "theirs" }),
        ("POST", "move") => json!({ "to": "other-shop" }),
        ("PUT", "transcript") => json!({ "lines": [{ "speaker": "caller", "text": "Something else." }] }),
        _ => return None,
    })
}

async fn ask(
    world: &World,
    route: &Route,
    path: &str,
    key: Option<&str>,
    headers: &[(&str, &str)],
) -> (u16, HeaderMap, Value) {
    let mut request = world.http.request(route.method.clone(), world.url(path));
    if let Some(key) = key {
        request = request.bearer_auth(key);
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(body) = body(world, route) {
        request = request.json(&body);
    }
    let answer = request.header("accept", "application/json").send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    (status, headers, acceptance::told(answer.json().await.unwrap_or(Value::Null)))
}

/// Everything that the system remembers, but for whether work that was done before is called finished, and for what it
/// was asked.
async fn memory(world: &World) -> BTreeMap<String, BTreeSet<String>> {
    let mut memory = BTreeMap::new();
    let tables = Template::load().unwrap().tables.into_iter();
    for table in tables.filter(|table| table.logical_id != "RequestsTable") {
        let name = &world.system.names[&table.logical_id];
        let scanned = world.system.aws.dynamodb.scan().table_name(name).consistent_read(true).send().await;
        let rows = scanned.unwrap().items.unwrap_or_default().into_iter();
        let rows = rows.filter(|item| !item["pk"].as_s().unwrap().starts_with("once#")).map(|item| {
            let sorted: BTreeMap<_, _> = item.into_iter().collect();
            format!("{sorted:?}")
        });
        memory.insert(table.logical_id, rows.collect());
    }
    let bucket = world.system.name("RecordingsBucket").unwrap();
    let objects = world.system.aws.s3.list_objects_v2().bucket(bucket).send().await.unwrap();
    let keys = objects.contents().iter().filter_map(|object| object.key().map(str::to_owned));
    memory.insert("objects".to_owned(), keys.collect());
    memory
}

/// Fault 10. Another business's things answer exactly like things that do not exist, on every route there is, and
/// nothing comes of asking. The same requests with the right key find them.
async fn a_valid_key_opens_nothing_of_another_business_on_any_route(world: World) {
    let other = world.another_business().await;
    let (ours, theirs) = tokio::join!(ids(&world, &world.business), ids(&world, &other));
    let key = other.api_key.expose();
    let cursor = {
        Webhook::inbound(&world, &call_sid(1)).send(&world).await;
        let (_, page) = world.get("/v1/calls?limit=1").await;
        page["next"].as_str().unwrap().to_owned()
    };
    // What was told is given its numbers now, and not by what reads it later.
    let events = Route { method: Method::GET, path: "/v1/events".to_owned() };
    for key in [world.identity.api_key.expose(), key] {
        assert_eq!(ask(&world, &events, "/v1/events", Some(key), &[]).await.0, 200);
    }
    world.works_everything_off(&["EndpointsQueue"]).await;
    let etag = "\"v1\"";
    let with = [("if-match", etag), ("idempotency-key", "the-same")];
    let (before, asked_before) = (memory(&world).await, world.twilio.requests().len());
    let nothing = nothing();
    for route in routes() {
        // Revisions are counted from 1 for every business, any business may list a number that it does not call, and what is an operator's is refused to any business.
        let own = ours.fill(&route.path) == theirs.fill(&route.path);
        if !route.path.contains('{') || own || is_operators(&route) {
            continue;
        }
        let (status, _, foreign) = ask(&world, &route, &ours.fill(&route.path), Some(key), &with).await;
        let (_, _, absent) = ask(&world, &route, &nothing.fill(&route.path), Some(key), &with).await;
        assert_eq!((status, &foreign), (404, &absent), "{} {}", route.method, route.path);
        // Their own call, and beneath it something of ours.
        for mixed in [
            Ids { recording: ours.recording.clone(), ..theirs.clone() },
            Ids { share: ours.share.clone(), ..theirs.clone() },
            Ids { action: ours.action.clone(), ..theirs.clone() },
            Ids { message: ours.message.clone(), ..theirs.clone() },
            Ids { offered: ours.offered.clone(), ..theirs.clone() },
            Ids { appointment: ours.appointment.clone(), ..theirs.clone() },
            Ids { import: ours.import.clone(), export: ours.export.clone(), ..theirs.clone() },
            Ids { erasure: ours.erasure.clone(), ..theirs.clone() },
            Ids { person_export: ours.person_export.clone(), ..theirs.clone() },
            Ids { note: ours.note.clone(), task: ours.task.clone(), ..theirs.clone() },
        ] {
            let path = mixed.fill(&route.path);
            if path == theirs.fill(&route.path) {
                continue;
            }
            let (status, _, body) = ask(&world, &route, &path, Some(key), &with).await;
            assert_eq!(status, 404, "{} {path}: {body}", route.method);
        }
        let named = format!("{}?business={}&version=1", ours.fill(&route.path), world.business.business.id);
        let status = ask(&world, &route, &named, Some(key), &with).await.0;
        assert!([400, 404].contains(&status), "{} {named}: {status}", route.method);
    }
    // What is listed is the asker's own, whatever the query and the body say.
    for path in ["/v1/calls".to_owned(), "/v1/events".to_owned(), format!("/v1/calls?cursor={cursor}")] {
        let list = Route { method: Method::GET, path: path.clone() };
        let (status, _, listed) = ask(&world, &list, &path, Some(key), &[]).await;
        assert!([200, 400].contains(&status), "{path}: {status}");
        for id in [&ours.sid, &call_sid(1), &ours.recording] {
            assert!(!listed.to_string().contains(id.as_str()), "{path}: {listed}");
        }
    }
    // A number of ours is no number that they may call from.
    let order = Route { method: Method::POST, path: "/v1/calls".to_owned() };
    let (status, _, refused) = ask(&world, &order, "/v1/calls", Some(key), &with).await;
    assert!((400..500).contains(&status), "{status}: {refused}");

    assert_eq!(world.twilio.requests().len(), asked_before, "Twilio was asked for nothing");
    let after = memory(&world).await;
    for (table, rows) in &before {
        let changed = rows.symmetric_difference(&after[table]).next();
        assert_eq!(changed, None, "{table} has a row that was another before");
    }

    // None of that was for want of the right path, body or header.
    let mut wrong = String::new();
    for route in routes() {
        let path = ours.fill(&route.path);
        let (status, _, body) =
            ask(&world, &route, &path, Some(world.identity.api_key.expose()), &with).await;
        if status == 404 && !path.ends_with("/voicemail") {
            let _ = writeln!(wrong, "{} {path}: {body}", route.method);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Historic failure 29. There is one business, and yet no one is taken for it: a request without a key or with an
/// unknown one is refused on every route, and a call to an unknown number belongs to no business. No answer is kept by
/// a cache or taken for another type than it says.
async fn tenancy_fails_closed(world: World) {
    Webhook::inbound(&world, &call_sid(1)).send(&world).await;
    let ids = Ids { sid: call_sid(1), revision: "1".into(), ..nothing() };
    let before = memory(&world).await;
    // Those by which people sign in are open, and no others.
    let (open, closed): (Vec<_>, Vec<_>) =
        routes().into_iter().partition(|route| rule(route) == Some(Rule::Open));
    let open: BTreeSet<&str> = open.iter().map(|route| route.path.as_str()).collect();
    assert_eq!(open, BTreeSet::from(["/v1/sign-in", "/v1/sign-in/oidc", "/v1/sign-in/oidc/callback"]));
    for route in closed {
        let path = ids.fill(&route.path);
        for key in [None, Some(""), Some("unknown"), Some(world.business.business.id.as_str())] {
            let (status, headers, body) = ask(&world, &route, &path, key, &[]).await;
            assert_eq!(status, 401, "{} {path} with {key:?}: {body}", route.method);
            assert_eq!(headers["cache-control"], "no-store", "{} {path}", route.method);
            assert_eq!(headers["x-content-type-options"], "nosniff", "{} {path}", route.method);
        }
    }
    let nobodys = Webhook::inbound(&world, &call_sid(2)).field("To", "+12025550199").send(&world).await;
    assert!(nobodys.1.contains("not in service"), "{}", nobodys.1);
    assert_eq!(world.get(&format!("/v1/calls/{}", call_sid(2))).await.0, 404, "it is not this business's");
    let businesses = memory(&world).await;
    assert_eq!(before["BusinessesTable"], businesses["BusinessesTable"]);
}

/// Case C18 (RFC 9110, 9.1 and 9.3.2). HEAD is answered wherever GET is, as GET would be, without a body.
async fn head_is_answered_wherever_get_is(world: World) {
    let ours = ids(&world, &world.business).await;
    let all = routes();
    let of = |method: &Method| -> BTreeSet<String> {
        all.iter().filter(|route| route.method == *method).map(|route| route.path.clone()).collect()
    };
    assert_eq!(of(&Method::GET), of(&Method::HEAD), "the gateway knows both");
    for route in all.iter().filter(|route| route.method == Method::GET) {
        let path = ours.fill(&route.path);
        let identity = &world.identity;
        let key = if is_operators(route) { &identity.operator_key } else { &identity.api_key };
        let key = Some(key.expose());
        let (status, headers, _) = ask(&world, route, &path, key, &[]).await;
        let head = Route { method: Method::HEAD, path: route.path.clone() };
        let (head_status, head_headers, body) = ask(&world, &head, &path, key, &[]).await;
        assert_eq!((head_status, &body), (status, &Value::Null), "{path}");
        assert!(status == 200 || path.ends_with("/voicemail"), "{path}: {status}");
        for name in ["content-type", "cache-control", "x-content-type-options"] {
            assert_eq!(head_headers.get(name), headers.get(name), "{path}: {name}");
        }
    }
}

acceptance::tests![
    a_valid_key_opens_nothing_of_another_business_on_any_route,
    tenancy_fails_closed,
    head_is_answered_wherever_get_is,
];
