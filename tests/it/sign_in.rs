//! A person signs in at the console with a key: what the cookie opens, for how long, and from which pages.

use std::sync::Arc;
use std::time::Duration;

use acceptance::World;
use http::{HeaderMap, Method, header};
use serde_json::{Value, json};

/// An answer: status, headers, body.
type Answer = (u16, HeaderMap, Value);

/// What a page of the console says of itself.
const OURS: [(&str, &str); 2] = [("sec-fetch-site", "same-origin"), ("x-requested-with", "switchboard")];

/// A request as a browser sends it, with these headers and nothing else.
async fn send(
    world: &World,
    (method, path): (Method, &str),
    headers: &[(&str, &str)],
    body: Option<Value>,
) -> Answer {
    let mut request = world.http.request(method, world.url(path));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(body) = body {
        request = request.json(&body);
    }
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    (status, headers, acceptance::told(answer.json().await.unwrap_or(Value::Null)))
}

/// Signs in, and gives the cookie as the browser sends it back.
async fn sign_in(world: &World, key: &str) -> String {
    let (status, headers, body) =
        send(world, (Method::POST, "/v1/sign-in"), &OURS, Some(json!({ "key": key }))).await;
    assert_eq!(status, 200, "{body}");
    let cookie = headers[header::SET_COOKIE].to_str().unwrap();
    for attribute in ["Path=/", "HttpOnly", "SameSite=Strict", "Max-Age=43200"] {
        assert!(cookie.split("; ").any(|part| part == attribute), "{attribute}: {cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

async fn get(world: &World, path: &str, cookie: &str) -> Answer {
    send(world, (Method::GET, path), &[("cookie", cookie)], None).await
}

/// The cookie does what its key may do, and the page is told who it is.
async fn a_cookie_stands_for_the_key_that_was_shown(world: Arc<World>) {
    let key = world.identity.api_key.expose();
    let cookie = sign_in(&world, key).await;
    let (status, _, who) = get(&world, "/v1/sign-in", &cookie).await;
    assert_eq!(
        (status, &who["owner"], &who["business"]),
        (200, &"business".into(), &world.business.business.id.as_str().into())
    );
    assert!(who["signed_in_until"].is_string());
    assert!(!who.to_string().contains(key), "the key is not told");
    assert_eq!(get(&world, "/v1/calls", &cookie).await.0, 200);
    assert_eq!(get(&world, "/v1/businesses", &cookie).await.0, 403, "the scope is the key's");
    let (status, _, who) =
        send(&world, (Method::GET, "/v1/sign-in"), &[("authorization", &format!("Bearer {key}"))], None)
            .await;
    assert_eq!(
        (status, &who["signed_in_until"]),
        (200, &Value::Null),
        "a request with the key itself begins no sign-in"
    );
    let operator = sign_in(&world, world.identity.operator_key.expose()).await;
    assert_eq!(get(&world, "/v1/businesses", &operator).await.0, 200);
}

/// No key that is not good signs in, and all are answered alike.
async fn a_key_that_is_not_good_signs_no_person_in(world: Arc<World>) {
    let stranger = acceptance::business_key(77);
    for key in ["", "guess", stranger.expose(), &format!("{}x", world.identity.api_key.expose())] {
        let (status, headers, body) =
            send(&world, (Method::POST, "/v1/sign-in"), &OURS, Some(json!({ "key": key }))).await;
        assert_eq!((status, &body["code"]), (401, &"unauthorised".into()), "{key}");
        assert!(!headers.contains_key(header::SET_COOKIE));
    }
    for cookie in ["switchboard=", "switchboard=guess", &format!("switchboard={}", "A".repeat(43))] {
        assert_eq!(get(&world, "/v1/calls", cookie).await.0, 401, "{cookie}");
    }
    let (status, _, body) =
        send(&world, (Method::POST, "/v1/sign-in"), &OURS, Some(json!({ "kay": "x" }))).await;
    assert_eq!(status, 422, "{body}");
}

/// A sign-in ends an hour after the last request, twelve hours after it began, and with its key.
async fn a_sign_in_has_an_end(world: World) {
    let key = world.identity.api_key.expose();
    let cookie = sign_in(&world, key).await;
    world.time_passes(Duration::from_secs(61 * 60));
    assert_eq!(get(&world, "/v1/calls", &cookie).await.0, 401, "it was idle for too long");
    let cookie = sign_in(&world, key).await;
    for _ in 0..24 {
        assert_eq!(get(&world, "/v1/calls", &cookie).await.0, 200);
        world.time_passes(Duration::from_secs(30 * 60));
    }
    assert_eq!(get(&world, "/v1/calls", &cookie).await.0, 401, "it lasted for too long");

    let auth = format!("Bearer {key}");
    let made = json!({ "name": "desk", "role": "viewer" });
    let (_, _, made) =
        send(&world, (Method::POST, "/v1/keys"), &[("authorization", &auth)], Some(made)).await;
    let cookie = sign_in(&world, made["key"].as_str().unwrap()).await;
    assert_eq!(get(&world, "/v1/calls", &cookie).await.0, 200);
    let path = format!("/v1/keys/{}", made["id"].as_str().unwrap());
    send(&world, (Method::DELETE, &path), &[("authorization", &auth)], None).await;
    assert_eq!(get(&world, "/v1/calls", &cookie).await.0, 401, "its key was revoked");
}

/// A sign-out ends one browser's, or those of all with the key.
async fn a_sign_out_ends_the_cookie(world: World) {
    let key = world.identity.api_key.expose();
    let (one, other) = (sign_in(&world, key).await, sign_in(&world, key).await);
    assert_ne!(one, other, "each sign-in has a token of its own");
    let out = async |path: &str, cookie: &str| {
        let headers = [OURS[0], OURS[1], ("cookie", cookie)];
        send(&world, (Method::DELETE, path), &headers, None).await
    };
    let (status, headers, _) = out("/v1/sign-in", &one).await;
    assert_eq!(status, 204);
    assert!(headers[header::SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(get(&world, "/v1/calls", &one).await.0, 401);
    assert_eq!(get(&world, "/v1/calls", &other).await.0, 200);
    let third = sign_in(&world, key).await;
    assert_eq!(out("/v1/sign-in/all", &third).await.0, 204);
    for cookie in [other, third] {
        assert_eq!(get(&world, "/v1/calls", &cookie).await.0, 401);
    }
}

/// A browser sends the cookie along with what a foreign page makes it ask: nothing that could change something is done.
async fn a_foreign_page_changes_nothing(world: Arc<World>) {
    let cookie = sign_in(&world, world.identity.api_key.expose()).await;
    let wish = || Some(json!({ "name": "stolen", "role": "owner" }));
    let ask = async |headers: &[(&str, &str)]| {
        let headers: Vec<_> = headers.iter().copied().chain([("cookie", cookie.as_str())]).collect();
        let (status, _, body) = send(&world, (Method::POST, "/v1/keys"), &headers, wish()).await;
        (status, body["code"].as_str().unwrap_or_default().to_owned())
    };
    let refused = (403, "another_origin".to_owned());
    let said = ("x-requested-with", "switchboard");
    for headers in [
        &[][..],
        &[("sec-fetch-site", "same-origin")],
        &[("sec-fetch-site", "cross-site"), said],
        &[("sec-fetch-site", "same-site"), said],
        &[("sec-fetch-site", "none"), said],
        &[("origin", "https://evil.example"), said],
        &[("origin", "null"), said],
        &[("sec-fetch-site", "same-origin"), ("x-requested-with", "XMLHttpRequest")],
    ] {
        assert_eq!(ask(headers).await, refused, "{headers:?}");
    }
    let (status, _, body) = send(
        &world,
        (Method::POST, "/v1/sign-in"),
        &[("sec-fetch-site", "cross-site"), said],
        Some(json!({ "key": world.identity.api_key.expose() })),
    )
    .await;
    assert_eq!((status, &body["code"]), (403, &"another_origin".into()), "a foreign page signs no person in");
    let own = world.url("").origin().ascii_serialization();
    assert_eq!(ask(&[("origin", &own), said]).await.0, 201, "a browser that only names the origin");
    let key = format!("Bearer {}", world.identity.api_key.expose());
    let both = [("authorization", key.as_str()), ("cookie", &cookie)];
    let (status, _, body) = send(&world, (Method::GET, "/v1/calls"), &both, None).await;
    assert_eq!((status, &body["code"]), (400, &"two_credentials".into()));
}

/// The page is the same for everybody, comes from one origin, and binds the browser to that.
async fn the_console_is_served_with_its_policy(world: Arc<World>) {
    let root = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let root = root.get(world.url("/")).send().await.unwrap();
    assert_eq!((root.status().as_u16(), &root.headers()["location"]), (303, &"console".parse().unwrap()));
    let page = world.http.get(world.url("/console")).send().await.unwrap();
    let headers = page.headers().clone();
    assert_eq!(headers["content-type"], "text/html; charset=utf-8");
    assert_eq!(headers["cache-control"], "no-cache");
    let policy = headers["content-security-policy"].to_str().unwrap();
    for part in [
        "default-src 'none'",
        "script-src 'self';",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "require-trusted-types-for 'script'",
    ] {
        assert!(policy.contains(part), "{part}: {policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
    let text = page.text().await.unwrap();
    let script = text.split("src=\"").nth(1).unwrap().split('"').next().unwrap();
    let file = world.http.get(world.url(&format!("/{script}"))).send().await.unwrap();
    assert_eq!(file.headers()["content-type"], "text/javascript; charset=utf-8");
    assert_eq!(file.headers()["cache-control"], "public, max-age=31536000, immutable");
    assert_eq!(file.headers()["x-content-type-options"], "nosniff");
    let etag = file.headers()["etag"].clone();
    let again =
        world.http.get(world.url(&format!("/{script}"))).header("if-none-match", etag).send().await.unwrap();
    assert_eq!(again.status(), 304);
    let older = script.replace(script.split('/').nth(1).unwrap(), "0123456789abcdef");
    let older = world.http.get(world.url(&format!("/{older}"))).send().await.unwrap();
    assert_eq!(
        (older.status().as_u16(), &older.headers()["cache-control"]),
        (200, &"no-cache".parse().unwrap())
    );
    for nothing in [
        "/console/x/../../Cargo.toml",
        "/console/x/index.html",
        "/console/x/nothing.js",
        "/console/x/vendor/preact.d.ts",
    ] {
        assert_eq!(world.http.get(world.url(nothing)).send().await.unwrap().status(), 404, "{nothing}");
    }
}

acceptance::tests![
    a_cookie_stands_for_the_key_that_was_shown,
    a_key_that_is_not_good_signs_no_person_in,
    a_sign_in_has_an_end,
    a_sign_out_ends_the_cookie,
    a_foreign_page_changes_nothing,
    the_console_is_served_with_its_policy,
];
