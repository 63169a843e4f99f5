//! The way to the e-mails, which are kept here instead of being mailed: a header of the console's page, which no deployment has. The console
//! shows it as a link.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use http::{HeaderValue, header};
use url::Url;

/// The page of the console.
const PAGE: &str = "/console";

/// The router, with a `Link` to the outbox at the console's page. A person who comes through a tunnel is elsewhere and gets none:
/// the outbox is on this machine's loopback.
pub(crate) fn linked(router: Router, here: &Url, outbox: &Url) -> Router {
    let Ok(link) = HeaderValue::try_from(format!("<{outbox}>; rel=\"outbox\"")) else { return router };
    let here = here[url::Position::BeforeHost..url::Position::AfterPort].to_owned();
    router.layer(from_fn(move |request: Request, next: Next| {
        let host = request.headers().get(header::HOST);
        let is_here = request.uri().path() == PAGE && host.is_some_and(|host| host == here.as_str());
        let link = is_here.then(|| link.clone());
        async move {
            let mut response = next.run(request).await;
            response.headers_mut().extend(link.map(|link| (header::LINK, link)));
            response
        }
    }))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn the_page_of_the_console_leads_to_the_outbox_on_this_machine_alone() {
        let url = |text: &str| text.parse::<Url>().unwrap();
        let all = Router::new().fallback(async || "a page");
        let router = linked(all, &url("http://127.0.0.1:8480"), &url("http://127.0.0.1:9/outbox"));
        for (host, path, is_linked) in [
            ("127.0.0.1:8480", "/console", true),
            ("127.0.0.1:8480", "/console?x=y", true),
            ("127.0.0.1:8480", "/console/0/main.js", false),
            ("127.0.0.1:8480", "/v1/calls", false),
            ("tunnel.example", "/console", false),
        ] {
            let request = Request::builder().uri(path).header("host", host).body(Body::empty()).unwrap();
            let response = router.clone().oneshot(request).await.unwrap();
            let link = response.headers().get("link").map(|link| link.to_str().unwrap());
            assert_eq!(
                link,
                is_linked.then_some("<http://127.0.0.1:9/outbox>; rel=\"outbox\""),
                "{host}{path}"
            );
        }
    }
}
