//! The roles of the functions of the console.

use std::time::Duration;

use acceptance::World;
use acceptance::aws_proxy::AwsProxy;
use acceptance::people::{self, Window};
use acceptance::sandbox::HttpSandbox;
use http::{Method, header};
use serde_json::json;

use super::{compare, world};

async fn the_roles_of_the_console_and_of_who_signs_in_fit() {
    let world = world().await;
    let proxy = AwsProxy::of(&world).await;
    let api = HttpSandbox::start(&world, "sign-in", &proxy.everywhere()).await;
    let send = async |method: Method, path: &str, cookie: Option<&str>| {
        let url = api.url.join(path).unwrap();
        let mut request = world.http.request(method.clone(), url).header("x-requested-with", "switchboard");
        request = request.header("sec-fetch-site", "same-origin");
        if let Some(cookie) = cookie {
            request = request.header(header::COOKIE, cookie);
        }
        if method == Method::POST {
            request = request.json(&json!({ "key": world.identity.api_key.expose() }));
        }
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{method} {path}: {}", answer.status());
        answer.headers().get(header::SET_COOKIE).map(|cookie| cookie.to_str().unwrap().to_owned())
    };
    let cookie = send(Method::POST, "/v1/sign-in", None).await.unwrap();
    let cookie = cookie.split(';').next().unwrap();
    World::time_passes(&world, Duration::from_secs(600));
    send(Method::GET, "/v1/sign-in", Some(cookie)).await;
    send(Method::DELETE, "/v1/sign-in/all", Some(cookie)).await;
    // A person who is invited, comes again, and stays at the same business.
    let (_, text) = people::invite(&world, "Ada", "viewer").await;
    let mut window = Window::at(&world, &api.url);
    for invitation in [Some(text.as_str()), None] {
        assert_eq!(window.sign_in("ada@example.com", invitation).await, "");
    }
    let own = json!({ "business": world.business.business.id.as_str() });
    let switched = window.ask(Method::POST, "/v1/sign-in/business", Some(own)).await;
    assert_eq!(switched.status, 200, "{}", switched.body);
    compare("SignInFunction", &proxy);

    let proxy = AwsProxy::of(&world).await;
    let console = HttpSandbox::start(&world, "console", &proxy.everywhere()).await;
    let page = world.http.get(console.url.join("/console").unwrap()).send().await.unwrap();
    assert_eq!(page.status(), 200);
    compare("ConsoleFunction", &proxy);
}

acceptance::tests![the_roles_of_the_console_and_of_who_signs_in_fit];
