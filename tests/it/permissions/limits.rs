//! The roles of the functions of what limits a business.

use acceptance::aws_proxy::AwsProxy;
use acceptance::sandbox::HttpSandbox;
use http::Method;

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

acceptance::tests![the_roles_of_usage_and_the_do_not_call_list_fit];
