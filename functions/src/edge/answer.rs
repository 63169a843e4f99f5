//! What the answers of all functions have in common.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use url::Url;

/// The router as it is served: no answer is kept by a cache unless it says so itself, and none is taken for another
/// type than it says.
pub fn guarded(router: Router) -> Router {
    router.layer(axum::middleware::map_response(async |mut response: Response| {
        let headers = response.headers_mut();
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    }))
}

/// What a caller hears when there is nothing else that could be said.
pub(crate) const LAST_RESORT: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Say>Sorry, we have a technical \
                                      problem. Goodbye.</Say><Hangup/></Response>";

/// TwiML as an answer.
pub(crate) fn xml(body: String) -> Response {
    ([(header::CONTENT_TYPE, "text/xml; charset=utf-8")], body).into_response()
}

/// The answer to a callback that wants none.
pub(crate) fn no_content() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// The answer to a webhook that could not be recorded. Twilio then tries again, as [`DELIVERY`] asks of it, and does no
/// harm.
///
/// [`DELIVERY`]: super::verified_form::DELIVERY
pub(crate) fn try_again() -> Response {
    StatusCode::SERVICE_UNAVAILABLE.into_response()
}

/// A link to bytes, for a program.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Link<'a> {
    /// Where the bytes are. The address is the right to them.
    pub(crate) url: &'a str,
    /// How long the address is good for, seconds.
    pub(crate) expires_in: u64,
}

/// A way to bytes that lives `ttl`: a redirect, or JSON with `url` and `expires_in` (seconds) for a client that asks for it.
/// A client that carries its `Authorization` over to the redirect's target would be refused there.
pub fn link(asked: &HeaderMap, url: &Url, ttl: Duration) -> Response {
    link_with(asked, url, ttl, std::convert::identity)
}

/// The same, where the JSON tells more than the link. `told` makes it of the link.
pub fn link_with<'a, T: Serialize>(
    asked: &HeaderMap,
    url: &'a Url,
    ttl: Duration,
    told: impl FnOnce(Link<'a>) -> T,
) -> Response {
    let mut response = if wants_json(asked) {
        Json(told(Link { url: url.as_str(), expires_in: ttl.as_secs() })).into_response()
    } else {
        (StatusCode::FOUND, [(header::LOCATION, url.as_str())]).into_response()
    };
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
    response
}

/// Whether JSON is what `Accept` names first among the types with the highest weight. `*/*` asks for nothing.
pub fn wants_json(headers: &HeaderMap) -> bool {
    let mut best: Option<(f32, bool)> = None;
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    for range in values.flat_map(|value| value.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
        if kind.is_empty() || kind == "*/*" {
            continue;
        }
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let weight = weight.map_or(1.0, |text| text.trim().parse().unwrap_or(0.0));
        let is_json = kind == "application/json" || kind == "application/*";
        if weight > 0.0 && best.is_none_or(|(highest, _)| weight > highest) {
            best = Some((weight, is_json));
        }
    }
    best.is_some_and(|(_, is_json)| is_json)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepting(accept: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))])
    }

    /// Case C18.
    #[test]
    fn json_comes_on_request_and_a_redirect_otherwise() {
        for accept in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/json, text/plain, */*",
            "text/html;q=0.5, application/json",
            "application/json;q=0.9",
            "*/*, application/json",
        ] {
            assert!(wants_json(&accepting(accept)), "{accept}");
        }
        for accept in [
            "",
            "*/*",
            "audio/wav",
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "text/html, application/json",
            "audio/*, application/json;q=0.5",
            "application/json;q=0",
            "application/problem+json",
        ] {
            assert!(!wants_json(&accepting(accept)), "{accept}");
        }
        assert!(!wants_json(&HeaderMap::new()));
    }

    #[test]
    fn a_link_is_a_redirect_or_says_how_long_it_lives() {
        let url: Url = "https://bucket.example/key?sig=1".parse().unwrap();
        let ttl = Duration::from_secs(300);
        let redirect = link(&HeaderMap::new(), &url, ttl);
        assert_eq!(redirect.status(), StatusCode::FOUND);
        assert_eq!(redirect.headers()["location"], url.as_str());
        let told = link(&accepting("application/json"), &url, ttl);
        assert_eq!((told.status(), told.headers().get("location")), (StatusCode::OK, None));
        assert_eq!(told.headers()["vary"], "accept");
    }
}
