//! Share links lend a recording for a while and a number of times, and tell nobody whose it is.

use std::collections::BTreeMap;

use acceptance::World;
use http::Method;
use local::demo::story;
use reqwest::redirect::Policy;
use serde_json::{Value, json};

/// A browser without the habit of following, so that each step can be looked at.
fn browser() -> reqwest::Client {
    reqwest::Client::builder().redirect(Policy::none()).build().unwrap()
}

/// A world with one archived recording, and the address of its shares.
async fn recorded() -> (World, String) {
    let world = World::start().await;
    let outcome = world.call(story::own_recording(vec![0xFF; 800])).await;
    world.complete_record(&outcome.call_sid).await;
    (world, format!("/v1/calls/{}/recording/shares", outcome.call_sid))
}

async fn api(world: &World, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
    let mut request =
        world.http.request(method, world.url(path)).bearer_auth(world.identity.api_key.expose());
    if let Some(body) = body {
        request = request.json(&body);
    }
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
}

/// A new link: its address and its id.
async fn link(world: &World, shares: &str, wish: Value) -> (String, String) {
    let (status, share) = api(world, Method::POST, shares, Some(wish)).await;
    assert_eq!(status, 201, "{share}");
    (share["url"].as_str().unwrap().to_owned(), share["id"].as_str().unwrap().to_owned())
}

/// Fault 38. A view is a presigned URL of its own; what cannot be viewed any more says so and nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_leads_to_the_recording_until_it_ends() {
    let (world, shares) = recorded().await;
    let bucket = world.system.name("RecordingsBucket").unwrap();
    let (url, id) = link(&world, &shares, json!({ "max_views": 2, "disposition": "inline" })).await;
    let token = url.rsplit('/').next().unwrap();
    assert!(token.len() >= 43, "256 bits");
    let browser = browser();
    let mut presigned = vec![];
    for _ in 0..2 {
        let response = browser.get(&url).send().await.unwrap();
        assert_eq!(response.status(), 302);
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(response.headers()["referrer-policy"], "no-referrer");
        presigned.push(response.headers()["location"].to_str().unwrap().to_owned());
        assert!(!response.text().await.unwrap().contains(bucket));
    }
    assert!(presigned[0].contains("X-Amz-Expires=120"), "{}", presigned[0]);
    let part = browser.get(&presigned[0]).header("Range", "bytes=0-3").send().await.unwrap();
    assert_eq!(part.status(), 206);
    assert!(part.headers()["content-disposition"].to_str().unwrap().starts_with("inline"));
    assert_eq!(part.bytes().await.unwrap().as_ref(), b"RIFF");

    let used = browser.get(&url).send().await.unwrap();
    assert_eq!((used.status().as_u16(), used.headers().get("location")), (410, None));
    let body = used.text().await.unwrap();
    for secret in [bucket, world.business.business.name.as_str(), token, "recordings/"] {
        assert!(!body.contains(secret), "{body}");
    }
    let unknown = browser.get(world.url(&format!("/s/{}", "A".repeat(43)))).send().await.unwrap();
    assert_eq!(unknown.status(), 404);

    let (_, listed) = api(&world, Method::GET, &shares, None).await;
    let share = &listed["shares"][0];
    assert_eq!((share["id"].as_str(), share["views"].as_u64()), (Some(id.as_str()), Some(2)));
    assert_eq!(share["ended"], "used_up");
    let visits = share["visits"].as_array().unwrap();
    let outcomes: Vec<_> = visits.iter().map(|visit| visit["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["used_up", "viewed", "viewed"]);
    assert_eq!(visits[0]["address"], visits[2]["address"], "one visitor");
    assert!(!listed.to_string().contains("127.0.0.1") && !listed.to_string().contains(token));
    assert!(!acceptance::log::text().contains(token), "the log cannot open anything");
    world.system.stop().await;
}

/// Fault 38. Fifty at once do not see more than the link allows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_visitors_at_once_share_the_views_there_are() {
    let (world, shares) = recorded().await;
    let (url, _) = link(&world, &shares, json!({ "max_views": 7 })).await;
    let visits: Vec<_> = (0..50)
        .map(|_| {
            let request = browser().get(&url);
            tokio::spawn(async move { request.send().await.unwrap().status().as_u16() })
        })
        .collect();
    let mut counted = BTreeMap::new();
    for visit in visits {
        *counted.entry(visit.await.unwrap()).or_insert(0) += 1;
    }
    assert_eq!(counted, BTreeMap::from([(302, 7), (410, 43)]));
    let (_, listed) = api(&world, Method::GET, &shares, None).await;
    assert_eq!(listed["shares"][0]["visits"].as_array().unwrap().len(), 50);
    world.system.stop().await;
}

/// Fault 38. Revoked at once; a recording that is deleted takes its links with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_link_and_one_to_a_deleted_recording_are_over() {
    let (world, shares) = recorded().await;
    let (revoked, id) = link(&world, &shares, json!({})).await;
    let (orphaned, _) = link(&world, &shares, json!({})).await;
    for _ in 0..2 {
        assert_eq!(api(&world, Method::DELETE, &format!("{shares}/{id}"), None).await.0, 204);
    }
    assert_eq!(api(&world, Method::DELETE, &format!("{shares}/nothing"), None).await.0, 404);
    let browser = browser();
    let status = async |url: &str| browser.get(url).send().await.unwrap().status().as_u16();
    assert_eq!((status(&revoked).await, status(&orphaned).await), (410, 302));
    let recording = shares.trim_end_matches("/shares");
    assert_eq!(api(&world, Method::DELETE, recording, None).await.0, 204);
    assert_eq!(status(&orphaned).await, 410);
    assert_eq!(api(&world, Method::POST, &shares, Some(json!({}))).await.0, 409, "nothing to share");
    world.system.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_passcode_is_asked_for_and_guessing_ends_the_link() {
    let (world, shares) = recorded().await;
    let wish = json!({ "passcode": "slack water 7", "max_views": 3 });
    let (url, _) = link(&world, &shares, wish).await;
    let browser = browser();
    let asked = browser.get(&url).send().await.unwrap();
    assert_eq!(asked.status(), 200);
    assert!(asked.text().await.unwrap().contains("<form"));
    let tries = async |passcode: &str| {
        let form = BTreeMap::from([("passcode", passcode)]);
        browser.post(&url).form(&form).send().await.unwrap().status().as_u16()
    };
    assert_eq!(tries("slack water 7").await, 302);
    for _ in 0..5 {
        assert_eq!(tries("slack water 8").await, 403);
    }
    assert_eq!(tries("slack water 7").await, 410, "guessed at too often");
    let (_, listed) = api(&world, Method::GET, &shares, None).await;
    assert_eq!(listed["shares"][0]["ended"], "locked");
    assert_eq!(listed["shares"][0]["views"], 1, "asking and guessing are no views");
    assert!(!listed.to_string().contains("slack") && !listed.to_string().contains("argon2"));
    world.system.stop().await;
}

/// Fault 38. Nobody lends, sees or revokes another business's links.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_belong_to_their_business_and_wishes_have_bounds() {
    let (world, shares) = recorded().await;
    let (_, id) = link(&world, &shares, json!({})).await;
    let mut other = world.business.clone();
    other.business.id = domain::BusinessId::parse("other-shop").unwrap();
    other.number = domain::PhoneNumber::parse("+12025550111").unwrap();
    other.api_key = domain::Secret::new("the other shop's key");
    let table = world.system.name("BusinessesTable").unwrap();
    let writer = platform::stores::businesses::Writer::new(&world.system.aws, table);
    functions::businesses::provision::provision(&writer, &other).await.unwrap();
    let one = format!("{shares}/{id}");
    for (method, path) in [(Method::GET, &shares), (Method::POST, &shares), (Method::DELETE, &one)] {
        let request = world.http.request(method.clone(), world.url(path)).json(&json!({}));
        let theirs = request.bearer_auth(other.api_key.expose()).send().await.unwrap();
        assert_eq!(theirs.status(), 404, "{method} {path}");
    }
    for wish in [
        json!({ "expires_in": 59 }),
        json!({ "expires_in": 91 * 24 * 3_600 }),
        json!({ "max_views": 0 }),
        json!({ "max_views": 1_001 }),
        json!({ "passcode": "short" }),
        json!({ "disposition": "inline; filename=x" }),
        json!({ "expires": 60 }),
    ] {
        assert_eq!(api(&world, Method::POST, &shares, Some(wish.clone())).await.0, 400, "{wish}");
    }
    world.system.stop().await;
}
