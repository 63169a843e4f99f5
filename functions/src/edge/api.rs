//! The API `/v1`: its routes with the scope that each asks for, what every request passes before its handler, and how
//! a handler reads what it was sent.
//!
//! A route is declared with its scope ([`Routes`]), and that declaration is the only one: admission
//! ([`admission`]) goes by it, and the OpenAPI document is made of it.

pub mod admission;
pub mod credential;
pub mod described;
pub mod input;
pub mod log;
pub mod paging;
pub mod requester;
pub mod routes;
pub mod rule;
pub mod schema;
pub mod shared_parts;

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::uri::PathAndQuery;
use http::{StatusCode, Uri};
use tower::ServiceExt as _;
use tower_http::catch_panic::CatchPanicLayer;

use super::parts::Part;
use super::problem::Problem;
use admission::Gatekeeper;
use requester::NamedBusiness;
use routes::Routes;

/// Where an operator names the business that a request is about, in front of the path that the business itself uses.
pub const BUSINESSES: &str = "/v1/businesses";

/// Where the OpenAPI document is served.
pub const DOCUMENT_PATH: &str = "/v1/openapi.json";

/// A function behind `/v1`.
pub trait ApiFunction: Part + Send + Sync + 'static {
    /// The bin, and the function's name in the template.
    const NAME: &'static str;

    /// What admits its requests.
    fn gatekeeper(&self) -> &Gatekeeper;

    /// Its routes.
    fn routes() -> Routes<Arc<Self>>;
}

/// The function as it is served: every request is admitted first, and every answer that is an error is a [`Problem`].
pub fn router<F: ApiFunction>(function: F) -> Router {
    let function = Arc::new(function);
    let gatekeeper = function.gatekeeper().clone();
    let Routes { router, rules, besides } = F::routes();
    // A function that speaks of businesses themselves has paths of its own there.
    let names_businesses = rules.keys().any(|(_, path)| path.starts_with(BUSINESSES));
    let (router, _) = router.split_for_parts();
    let guard = admission::Guard { gatekeeper, rules: Arc::new(rules) };
    let api = router
        .fallback(async || Problem::no_such_route())
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .with_state(Arc::clone(&function));
    let api = match besides {
        Some(besides) => api.merge(besides(function)),
        None => api,
    };
    let api = api
        .layer(axum::middleware::from_fn_with_state(guard, admission::admit))
        .layer(CatchPanicLayer::custom(|_| panicked()));
    if names_businesses { api } else { under_a_business(api) }
}

fn panicked() -> Response {
    // The panic itself is in the log: the hook wrote it.
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal error")
        .detail("the request was not carried out to its end: look at what became of it before you repeat it")
        .into_response()
}

/// Serves `/v1/businesses/{business}/calls` as `/v1/calls` of that business.
fn under_a_business(api: Router) -> Router {
    Router::new().fallback(move |mut request: Request| {
        let api = api.clone();
        async move {
            if let Some((business, rest)) = named(request.uri()) {
                request.extensions_mut().insert(NamedBusiness(business));
                *request.uri_mut() = rest;
            }
            let answer: Result<Response, Infallible> = api.oneshot(request).await;
            match answer {
                Ok(answer) => answer,
                Err(never) => match never {},
            }
        }
    })
}

/// The business that an address names, and the address without it.
fn named(uri: &Uri) -> Option<(String, Uri)> {
    let rest = uri.path().strip_prefix(BUSINESSES)?.strip_prefix('/')?;
    let (business, rest) = rest.split_once('/')?;
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let rest: PathAndQuery = format!("/v1/{rest}{query}").parse().ok()?;
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(rest);
    Some((business.to_owned(), Uri::from_parts(parts).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_business_is_named_in_front_of_its_own_path() {
        let named = |uri: &str| {
            let (business, rest) = named(&uri.parse().unwrap())?;
            Some((business, rest.to_string()))
        };
        assert_eq!(
            named("/v1/businesses/harbour/calls?limit=3"),
            Some(("harbour".to_owned(), "/v1/calls?limit=3".to_owned()))
        );
        assert_eq!(named("/v1/businesses/harbour/calls/CA1").unwrap().1, "/v1/calls/CA1");
        for whole in ["/v1/calls", "/v1/businesses", "/v1/businesses/harbour", "/v1/businessesx/a/b"] {
            assert_eq!(named(whole), None, "{whole}");
        }
    }
}
