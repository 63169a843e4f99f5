//! Share links lend a recording for a while and a number of times, without saying whose it is.

use std::collections::BTreeMap;
use std::time::Duration;

use acceptance::World;
use acceptance::crash_proxies::{CrashProxies, Cut};
use acceptance::sandbox::HttpSandbox;
use domain::share::FREE_GUESSES;
use http::Method;
use reqwest::redirect::Policy;
use serde_json::{Value, json};

use super::recording::short_call;

/// A browser without the habit of following, so that each step can be looked at.
fn browser() -> reqwest::Client {
    reqwest::Client::builder().redirect(Policy::none()).build().unwrap()
}

/// A world with one archived recording, and the address of its shares.
async fn recorded() -> (World, String) {
    let world = World::start().await;
    let outcome = world.call(short_call()).await;
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
async fn a_link_leads_to_the_recording_until_it_ends() {
    let (world, shares) = recorded().await;
    let bucket = world.system.name("RecordingsBucket").unwrap();
    let (url, id) = link(&world, &shares, json!({ "max_views": 2, "disposition": "inline" })).await;
    let token = url.rsplit('/').next().unwrap();
    assert!(token.len() >= 43, "256 bits");
    let browser = browser();
    let mut presigned = vec![];
    for _ in 0..2 {
        let response = browser.post(&url).send().await.unwrap();
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

    let used = browser.post(&url).send().await.unwrap();
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
}

/// Fault 38. Fifty at once do not see more than the link allows.
async fn fifty_visitors_at_once_share_the_views_there_are() {
    let (world, shares) = recorded().await;
    let (url, _) = link(&world, &shares, json!({ "max_views": 7 })).await;
    let visits: Vec<_> = (0..50)
        .map(|_| {
            let request = browser().post(&url);
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
}

/// Fault 38. Revoked at once; a recording that is deleted takes its links with it.
async fn a_revoked_link_and_one_to_a_deleted_recording_are_over() {
    let (world, shares) = recorded().await;
    let (revoked, id) = link(&world, &shares, json!({})).await;
    let (orphaned, _) = link(&world, &shares, json!({})).await;
    let (short, _) = link(&world, &shares, json!({ "expires_in": 60 })).await;
    for _ in 0..2 {
        assert_eq!(api(&world, Method::DELETE, &format!("{shares}/{id}"), None).await.0, 204);
    }
    assert_eq!(api(&world, Method::DELETE, &format!("{shares}/nothing"), None).await.0, 404);
    let browser = browser();
    let status = async |url: &str| {
        let (looked, opened) =
            (browser.get(url).send().await.unwrap(), browser.post(url).send().await.unwrap());
        (looked.status().as_u16(), opened.status().as_u16())
    };
    assert_eq!((status(&revoked).await, status(&orphaned).await), ((410, 410), (200, 302)));
    assert_eq!(status(&short).await, (200, 302));
    world.time_passes(Duration::from_secs(60));
    assert_eq!((status(&short).await, status(&orphaned).await), ((410, 410), (200, 302)), "its time is over");
    let recording = shares.trim_end_matches("/shares");
    assert_eq!(api(&world, Method::DELETE, recording, None).await.0, 204);
    assert_eq!(status(&orphaned).await, (410, 410));
    assert_eq!(api(&world, Method::POST, &shares, Some(json!({}))).await.0, 409, "nothing to share");
}

/// Cases C18 and B11. A preview, a prefetch, a scan and a look at the page spend no view; pressing the button does.
async fn a_preview_a_prefetch_or_a_look_spends_no_view() {
    let (world, shares) = recorded().await;
    let (url, _) = link(&world, &shares, json!({ "max_views": 1 })).await;
    let browser = browser();
    for (name, value) in [
        ("user-agent", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"),
        ("user-agent", "WhatsApp/2.23.20.0"),
        ("user-agent", "Twitterbot/1.0"),
        ("user-agent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"),
        ("range", "bytes=0-1"),
        ("sec-purpose", "prefetch;prerender"),
        ("purpose", "prefetch"),
        ("x-moz", "prefetch"),
        ("accept", "application/json"),
        ("if-none-match", "*"),
    ] {
        let looked = browser.get(&url).header(name, value).send().await.unwrap();
        assert_eq!(
            (looked.status().as_u16(), looked.headers().get("location")),
            (200, None),
            "{name}: {value}"
        );
    }
    let head = browser.head(&url).send().await.unwrap();
    assert_eq!((head.status().as_u16(), head.text().await.unwrap().as_str()), (200, ""));
    let page = browser.get(&url).send().await.unwrap();
    assert!(page.text().await.unwrap().contains("<form method=\"post\"><button>"));
    let (_, listed) = api(&world, Method::GET, &shares, None).await;
    assert_eq!(listed["shares"][0]["views"], 0);
    let visits = listed["shares"][0]["visits"].as_array().unwrap();
    assert_eq!(visits.len(), 11, "each look is a visit, and HEAD is none");
    assert!(visits.iter().all(|visit| visit["outcome"] == "page_shown"));

    assert_eq!(browser.post(&url).send().await.unwrap().status(), 302);
    assert_eq!(browser.get(&url).send().await.unwrap().status(), 410);
    assert_eq!(browser.head(&url).send().await.unwrap().status(), 410);
}

/// Cases C18 and B20. A program gets an address to fetch, and no redirect that its `Authorization` would follow.
async fn links_come_as_json_on_request() {
    let (world, shares) = recorded().await;
    let recording = shares.trim_end_matches("/shares");
    let browser = browser();
    let json = async |request: reqwest::RequestBuilder| {
        let answer = request.header("accept", "application/json").send().await.unwrap();
        let status = answer.status().as_u16();
        assert_eq!(answer.headers()["cache-control"], "no-store");
        (status, answer.json::<Value>().await.unwrap())
    };
    let starts = async |url: &Value| {
        let audio = world.http.get(url.as_str().unwrap()).send().await.unwrap();
        audio.bytes().await.unwrap().starts_with(b"RIFF")
    };
    let asked = browser.get(world.url(recording)).bearer_auth(world.identity.api_key.expose());
    let (status, told) = json(asked).await;
    assert_eq!((status, &told["expires_in"]), (200, &json!(300)));
    assert!(starts(&told["url"]).await);
    let voicemail = world.url(&recording.replace("recording", "voicemail"));
    let asked = browser.get(voicemail).bearer_auth(world.identity.api_key.expose());
    assert_eq!(json(asked).await.0, 404, "there is none");

    let wish = json!({ "passcode": "slack water 7", "max_views": 1 });
    let (url, _) = link(&world, &shares, wish).await;
    let (status, look) = json(browser.get(&url)).await;
    assert_eq!((status, &look["method"], &look["passcode"]), (200, &json!("POST"), &json!(true)));
    assert!(look["expires_in"].as_u64().unwrap() > 6 * 24 * 3_600);
    let (status, wrong) = json(browser.post(&url).json(&json!({ "passcode": "slack water 8" }))).await;
    assert_eq!((status, &wrong["title"]), (403, &json!("wrong passcode")));
    let (status, told) = json(browser.post(&url).json(&json!({ "passcode": "slack water 7" }))).await;
    assert_eq!((status, &told["expires_in"]), (200, &json!(120)));
    assert!(starts(&told["url"]).await);
    assert_eq!(json(browser.post(&url)).await.0, 410);
}

/// Case C18. Every field of a new link is optional, and so is the body.
async fn a_link_without_wishes_has_the_usual_terms() {
    let (world, shares) = recorded().await;
    let (status, share) = api(&world, Method::POST, &shares, None).await;
    assert_eq!(
        (status, &share["max_views"], &share["passcode"]),
        (201, &json!(10), &json!(false)),
        "{share}"
    );
    for (body, status) in [(" \n", 201), ("{}", 201), ("{", 400), ("null", 422), ("max_views=1", 400)] {
        let request = world.http.post(world.url(&shares)).bearer_auth(world.identity.api_key.expose());
        let request = request.header("content-type", "application/json").body(body);
        assert_eq!(request.send().await.unwrap().status(), status, "{body:?}");
    }
    let untold = world.http.post(world.url(&shares)).bearer_auth(world.identity.api_key.expose());
    assert_eq!(untold.body("{}").send().await.unwrap().status(), 415, "a body says what it is");
}

/// Case C21. A public address with a path of its own keeps it.
async fn a_link_keeps_the_path_of_the_public_address() {
    let (world, shares) = recorded().await;
    for base in ["https://calls.example/prefix", "https://calls.example/prefix/"] {
        let api = HttpSandbox::start(&world, "recordings", &[("PUBLIC_BASE_URL", base)]).await;
        let request = world.http.post(api.url.join(&shares).unwrap());
        let made = request.bearer_auth(world.identity.api_key.expose()).send().await.unwrap();
        let made: Value = made.json().await.unwrap();
        let url = made["url"].as_str().unwrap();
        assert!(url.starts_with("https://calls.example/prefix/s/"), "{url}");
    }
}

/// The guesser waits, the owner is told, and a visitor with the passcode and another address is not held up.
async fn a_passcode_is_asked_for_and_guessing_slows_the_guesser_down() {
    let (world, shares) = recorded().await;
    let wish = json!({ "passcode": "slack water 7", "max_views": 3 });
    let (url, _) = link(&world, &shares, wish).await;
    let browser = browser();
    let asked = browser.get(&url).send().await.unwrap();
    assert_eq!(asked.status(), 200);
    assert!(asked.text().await.unwrap().contains("name=\"passcode\""));
    assert_eq!(browser.post(&url).send().await.unwrap().status(), 200, "no passcode is no guess");
    let tries = async |passcode: &str| {
        let form = BTreeMap::from([("passcode", passcode)]);
        browser.post(&url).form(&form).send().await.unwrap()
    };
    assert_eq!(tries("slack water 7").await.status(), 302);
    for _ in 0..FREE_GUESSES {
        assert_eq!(tries("slack water 8").await.status(), 403);
    }
    let slowed = tries("slack water 7").await;
    assert_eq!(slowed.status(), 429, "not even looked at");
    let wait: u64 = slowed.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    let (_, listed) = api(&world, Method::GET, &shares, None).await;
    let share = &listed["shares"][0];
    assert_eq!((&share["ended"], &share["wrong_passcodes"]), (&Value::Null, &json!(FREE_GUESSES)));
    assert!(share["slowed_until"].is_string(), "{share}");
    assert_eq!(share["visits"][0]["outcome"], "too_soon");
    assert_eq!(share["views"], 1, "asking and guessing are no views");
    assert!(!listed.to_string().contains("slack") && !listed.to_string().contains("argon2"));

    // A sandbox without the peer's address stands for another visitor.
    let elsewhere = HttpSandbox::start(&world, "recording-share", &[]).await;
    let there = elsewhere.url.join(url.parse::<reqwest::Url>().unwrap().path()).unwrap();
    let form = BTreeMap::from([("passcode", "slack water 7")]);
    assert_eq!(browser.post(there).form(&form).send().await.unwrap().status(), 302);

    world.time_passes(Duration::from_secs(wait));
    assert_eq!(tries("slack water 7").await.status(), 302, "the guesser has waited");
}

/// A recording that is heard without a trace is worse than one that is heard a minute later.
async fn a_visit_that_cannot_be_logged_opens_nothing() {
    let (world, shares) = recorded().await;
    let (url, _) = link(&world, &shares, json!({})).await;
    // The view is counted first, then the visit is written.
    let proxies = CrashProxies::of(&world, Some((1, Cut::Before))).await;
    let changes: Vec<(&str, &str)> =
        proxies.environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let sandbox = HttpSandbox::start(&world, "recording-share", &changes).await;
    let there = sandbox.url.join(url.parse::<reqwest::Url>().unwrap().path()).unwrap();
    let opened = browser().post(there).send().await.unwrap();
    assert_eq!((opened.status().as_u16(), opened.headers().get("location")), (503, None));
    assert!(proxies.is_dead());
    let (_, listed) = api(&world, Method::GET, &shares, None).await;
    let share = &listed["shares"][0];
    assert_eq!((&share["views"], &share["visits"]), (&json!(1), &json!([])), "counted, and heard by nobody");
}

/// Fault 38. A business cannot make, see or revoke another business's links.
async fn links_belong_to_their_business_and_wishes_have_bounds() {
    let (world, shares) = recorded().await;
    let (_, id) = link(&world, &shares, json!({})).await;
    let mut other = world.business.clone();
    other.business.id = domain::BusinessId::parse("other-shop").unwrap();
    other.number = domain::PhoneNumber::parse("+12025550111").unwrap();
    other.api_key = acceptance::business_key(3);
    world.provision(&other).await;
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
        assert_eq!(api(&world, Method::POST, &shares, Some(wish.clone())).await.0, 422, "{wish}");
    }
}

acceptance::tests![
    a_link_leads_to_the_recording_until_it_ends,
    fifty_visitors_at_once_share_the_views_there_are,
    a_revoked_link_and_one_to_a_deleted_recording_are_over,
    a_preview_a_prefetch_or_a_look_spends_no_view,
    links_come_as_json_on_request,
    a_link_without_wishes_has_the_usual_terms,
    a_link_keeps_the_path_of_the_public_address,
    a_passcode_is_asked_for_and_guessing_slows_the_guesser_down,
    a_visit_that_cannot_be_logged_opens_nothing,
    links_belong_to_their_business_and_wishes_have_bounds,
];
