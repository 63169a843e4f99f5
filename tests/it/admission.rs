//! What every request of the API passes: its key, the key's scope, its limit, the log, and the answer to what no route
//! takes.

use std::collections::BTreeSet;
use std::sync::Arc;

use acceptance::webhook::{Webhook, new_call_sid};
use acceptance::{World, WorldConfig, business_key};
use domain::access::{ApiKey, KeyKind, KeyOwner, NewKey, Role, Scope, StoredKey};
use domain::zone::utc_day;
use functions::edge::api::rule::Rule;
use functions::features;
use http::{HeaderMap, Method};
use serde_json::Value;
use stores::{keys, requests};

/// An answer: status, headers, body.
type Answer = (u16, HeaderMap, Value);

async fn ask(world: &World, method: Method, path: &str, key: &str) -> Answer {
    let request = world.http.request(method, world.url(path)).bearer_auth(key);
    let answer = request.header("accept", "application/json").send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    (status, headers, acceptance::told(answer.json().await.unwrap_or(Value::Null)))
}

fn key_table(world: &World) -> &str {
    world.system.name("KeysTable").unwrap()
}

/// Stores a key of the business with these scopes, and gives its text.
async fn key_with(world: &World, n: u8, scopes: impl IntoIterator<Item = Scope>) -> (String, StoredKey) {
    let text = ApiKey::parse(business_key(n).expose()).unwrap();
    let owner = KeyOwner::Business(world.business.business.id.clone());
    let wish = NewKey { name: "test".into(), scopes: scopes.into_iter().collect(), ..NewKey::default() };
    let key = wish.issue(owner, &text, world.now(), None).unwrap();
    keys::Writer::new(&world.system.aws, key_table(world)).add(&key).await.unwrap();
    (text.secret().expose().to_owned(), key)
}

/// Every route of the API that asks for a key, with what it asks for.
fn rules() -> Vec<(Method, String, Rule)> {
    let all = features::ALL.iter().filter_map(features::Feature::document).flat_map(|(_, rules)| rules);
    let rules = all.filter(|(_, rule)| rule.scope().is_some());
    rules.map(|((method, path), rule)| (method.parse().unwrap(), path, rule)).collect()
}

/// The path with ids that name nothing.
fn filled(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "nothing" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// On every route: without the scope 403 names it; with it alone the request gets further.
async fn each_route_asks_for_its_scope_and_for_no_other(world: Arc<World>) {
    let rules = rules();
    assert!(rules.len() > 20, "{}", rules.len());
    let scopes: BTreeSet<Scope> = rules.iter().filter_map(|(_, _, rule)| rule.scope()).collect();
    for (n, scope) in scopes.into_iter().enumerate() {
        let n = u8::try_from(n).unwrap();
        let others = Role::Owner.scopes().into_iter().filter(|other| *other != scope);
        let (without, _) = key_with(&world, 100 + n, others).await;
        let (with, _) = match scope.is_operators() {
            true => (world.identity.operator_key.expose().to_owned(), None),
            false => {
                let (text, key) = key_with(&world, 150 + n, [scope]).await;
                (text, Some(key))
            }
        };
        for (method, path, _) in rules.iter().filter(|(_, _, rule)| rule.scope() == Some(scope)) {
            let own = path.replace("{business}", world.business.business.id.as_str());
            let (status, _, body) = ask(&world, method.clone(), &filled(&own), &without).await;
            assert_eq!((status, &body["code"]), (403, &"scope".into()), "{method} {path}: {body}");
            assert!(body["detail"].as_str().unwrap().contains(scope.as_str()), "{method} {path}: {body}");
            if *method == Method::GET {
                let (status, _, body) = ask(&world, method.clone(), &filled(&own), &with).await;
                assert!(![401, 403, 405].contains(&status), "{method} {path}: {status} {body}");
            }
        }
    }
}

/// A key that is unknown, mistyped, revoked or expired is answered alike.
async fn a_key_that_is_not_good_tells_nothing(world: Arc<World>) {
    let (text, seen) = key_with(&world, 30, [Scope::CallsRead]).await;
    assert_eq!(ask(&world, Method::GET, "/v1/calls", &text).await.0, 200);
    let mut revoked = seen.clone();
    revoked.revoke(world.now());
    let writer = keys::Writer::new(&world.system.aws, key_table(&world));
    writer.replace(Some(&seen), &revoked).await.unwrap();
    let unknown = business_key(31).expose().to_owned();
    let operators = ApiKey::of_random(KeyKind::Operator, &[7; 32]).secret().expose().to_owned();
    let mistyped = text.replace("swb_bus_", "swb_bus_x");
    let (_, _, expected) = ask(&world, Method::GET, "/v1/calls", "guess").await;
    for key in [text, unknown, operators, mistyped] {
        let (status, headers, body) = ask(&world, Method::GET, "/v1/calls", &key).await;
        assert_eq!((status, &body), (401, &expected));
        assert_eq!(headers["www-authenticate"], "Bearer");
        assert!(headers.contains_key("x-request-id"));
    }
}

/// The business comes from the key; an operator names it in the path.
async fn an_operator_names_the_business_in_the_path_and_a_business_only_its_own(world: Arc<World>) {
    let other = world.another_business().await;
    let sid = new_call_sid();
    Webhook::inbound(&world, &sid).send(&world).await;
    let (own, others) = (&world.business.business.id, &other.business.id);
    let (operator, key) = (world.identity.operator_key.expose(), world.identity.api_key.expose());
    let get = async |path: String, key: &str| {
        let (status, _, body) = ask(&world, Method::GET, &path, key).await;
        (status, body)
    };
    let told = get(format!("/v1/calls/{sid}"), key).await;
    assert_eq!(told.0, 200);
    assert_eq!(get(format!("/v1/businesses/{own}/calls/{sid}"), key).await, told);
    assert_eq!(get(format!("/v1/businesses/{own}/calls/{sid}"), operator).await, told);
    assert_eq!(get(format!("/v1/businesses/{others}/calls/{sid}"), operator).await.0, 404, "of another one");
    let (status, body) = get(format!("/v1/businesses/{others}/calls"), key).await;
    assert_eq!((status, &body["code"]), (404, &"not_found".into()));
    assert_eq!(get("/v1/businesses/no such/calls".replace(' ', "%20"), operator).await.0, 404);
    for (method, path, rule) in rules() {
        // What is an operator's is refused before it is looked at.
        if !path.contains("{business}") || rule.scope().is_some_and(Scope::is_operators) {
            continue;
        }
        let path = path.replace("{business}", own.as_str());
        let (status, _, body) = ask(&world, method.clone(), &path, other.api_key.expose()).await;
        assert_eq!((status, &body["code"]), (404, &"not_found".into()), "{method} {path}");
    }
    let (status, body) = get("/v1/calls".to_owned(), operator).await;
    assert_eq!((status, &body["code"]), (400, &"no_business".into()));
    assert!(body["detail"].as_str().unwrap().contains("/v1/businesses/{business}"));
}

/// 429 says when to come back, and another key notices nothing.
async fn a_key_that_asks_too_often_is_told_to_wait() {
    let mut config = WorldConfig::default();
    config.parameters.insert("ApiRequestsPerMinute".into(), "5".into());
    let world = World::with(config).await;
    let other = world.another_business().await;
    let key = world.identity.api_key.expose();
    let mut within = 0;
    let mut last = None;
    // A minute may end meanwhile, and two may not.
    for _ in 0..12 {
        let (status, headers, body) = ask(&world, Method::GET, "/v1/events", key).await;
        match status {
            200 => {
                within += 1;
                assert_eq!(headers["ratelimit-policy"], "\"key\";q=5;w=60");
                assert!(headers["ratelimit"].to_str().unwrap().starts_with("\"key\";r="));
            }
            _ => last = Some((status, headers, body)),
        }
    }
    let (status, headers, body) = last.expect("twelve are more than two minutes have room for");
    assert_eq!((status, &body["code"]), (429, &"rate_limited".into()));
    let wait: u64 = headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait) && (5..=10).contains(&within), "{wait} {within}");
    assert_eq!(ask(&world, Method::GET, "/v1/events", other.api_key.expose()).await.0, 200);
}

/// Writes, and readings of what was said, are in the log with their answers; other readings are not.
async fn what_is_written_or_heard_is_in_the_log() {
    let world = World::start().await;
    let key = world.identity.api_key.expose();
    let (_, headers, _) = ask(&world, Method::GET, "/v1/calls/CA1/recording", key).await;
    let read = headers["x-request-id"].to_str().unwrap().to_owned();
    ask(&world, Method::GET, "/v1/calls", key).await;
    let (_, headers, _) = ask(&world, Method::POST, "/v1/calls", key).await;
    let written = headers["x-request-id"].to_str().unwrap().to_owned();
    let reader = requests::Reader::new(&world.system.aws, world.system.name("RequestsTable").unwrap());
    let owner = KeyOwner::Business(world.business.business.id.clone());
    let log = reader.on(&owner, utc_day(world.now()), 100, None).await.unwrap().entries;
    let told: Vec<_> = log
        .iter()
        .map(|entry| (entry.request.as_str(), entry.method.as_str(), entry.path.as_str(), entry.status))
        .collect();
    let expected = [
        (read.as_str(), "GET", "/v1/calls/CA1/recording", Some(404)),
        (written.as_str(), "POST", "/v1/calls", Some(415)),
    ];
    assert_eq!(told, expected);
    let id = ApiKey::parse(key).unwrap().id();
    assert!(log.iter().all(|entry| entry.key == id && entry.source.as_deref() == Some("127.0.0.1")));
    assert_eq!(reader.days_of_use(&id).await.unwrap(), [utc_day(world.now())]);
}

/// The words of a call are read with the scope for them, by whatever route, and their readers are known. A page that asks
/// each second is one entry.
async fn the_words_within_a_record_ask_for_their_scope_and_are_in_the_log() {
    let world = World::start().await;
    let sid = new_call_sid();
    Webhook::inbound(&world, &sid).send(&world).await;
    let (few, _) = key_with(&world, 40, [Scope::CallsRead]).await;
    let (more, reading) = key_with(&world, 41, [Scope::CallsRead, Scope::TranscriptsRead]).await;
    let get = async |include: &str, key: &str| {
        let (status, _, body) =
            ask(&world, Method::GET, &format!("/v1/calls/{sid}?include={include}"), key).await;
        (status, body)
    };
    assert_eq!(get("events,session,recordings,insights,cost", &few).await.0, 200);
    for words in ["turns", "cost,transcript", "messages"] {
        let (status, body) = get(words, &few).await;
        assert_eq!((status, &body["code"]), (403, &"scope".into()), "{words}");
        assert!(body["detail"].as_str().unwrap().contains("transcripts:read"), "{body}");
        assert_eq!(get(words, &more).await.0, 200, "{words}");
    }
    for _ in 0..2 {
        assert_eq!(ask(&world, Method::GET, "/v1/events", &few).await.0, 403);
        assert_eq!(ask(&world, Method::GET, "/v1/events", &more).await.0, 200);
    }
    let reader = requests::Reader::new(&world.system.aws, world.system.name("RequestsTable").unwrap());
    let owner = KeyOwner::Business(world.business.business.id.clone());
    let log = reader.on(&owner, utc_day(world.now()), 100, None).await.unwrap().entries;
    let told: Vec<_> = log
        .iter()
        .map(|entry| (&entry.key, entry.scope.as_str(), entry.path.as_str(), entry.status))
        .collect();
    let read = |path| (&reading.id, "transcripts:read", path, Some(200));
    assert_eq!(told, [read(&*format!("/v1/calls/{sid}")), read("/v1/events")]);
}

/// What no route takes is a problem, too, and says what would be taken.
async fn an_unknown_path_and_an_unknown_method_are_told_apart(world: Arc<World>) {
    let key = world.identity.api_key.expose();
    for (method, path, status, allow) in [
        (Method::GET, "/v1/nothing", 404, None),
        (Method::GET, "/nothing", 404, None),
        (Method::PATCH, "/v1/calls", 405, Some("GET,HEAD,POST")),
        (Method::POST, "/v1/businesses/harbour-bicycles/events", 405, Some("GET,HEAD")),
        (Method::DELETE, "/v1/calls/CA1/transcript", 405, Some("GET,HEAD,PUT")),
    ] {
        let (answered, headers, body) = ask(&world, method.clone(), path, key).await;
        assert_eq!(answered, status, "{method} {path}: {body}");
        assert_eq!(headers["content-type"], "application/problem+json");
        assert_eq!(headers.get("allow").map(|allow| allow.to_str().unwrap()), allow, "{method} {path}");
    }
}

async fn the_document_is_served_to_everyone_and_kept_by_caches(world: Arc<World>) {
    let asked = world.http.get(world.url("/v1/openapi.json")).send().await.unwrap();
    let etag = asked.headers()["etag"].to_str().unwrap().to_owned();
    let document: Value = asked.json().await.unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let scopes = &document["paths"]["/v1/calls"]["post"]["security"][0]["api_key"];
    assert_eq!(scopes[0], "calls:write");
    let again = world.http.get(world.url("/v1/openapi.json")).header("if-none-match", etag);
    assert_eq!(again.send().await.unwrap().status(), 304);
}

acceptance::tests![
    each_route_asks_for_its_scope_and_for_no_other,
    a_key_that_is_not_good_tells_nothing,
    an_operator_names_the_business_in_the_path_and_a_business_only_its_own,
    a_key_that_asks_too_often_is_told_to_wait,
    what_is_written_or_heard_is_in_the_log,
    the_words_within_a_record_ask_for_their_scope_and_are_in_the_log,
    an_unknown_path_and_an_unknown_method_are_told_apart,
    the_document_is_served_to_everyone_and_kept_by_caches,
];
