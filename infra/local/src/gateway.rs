//! The HTTP API on one machine: the template's routes in front of the functions' own routers.
//!
//! Routes are matched as API Gateway matches them (HTTP APIs, "Routes", AWS docs): a literal segment before a
//! parameter, a greedy parameter last, whatever their order in the template. The router is the one beneath axum, so
//! that the gateway and a function's own router agree.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use serde::Serialize;
use tower::ServiceExt as _;

use crate::template::Route;

/// A function's router reached by the routes that the template gives it, and by no others.
#[derive(Default)]
pub struct Gateway {
    routes: HashMap<Method, Routes>,
    /// Routes of any method.
    any: Routes,
    /// The function behind `$default`, which is asked what no route takes.
    rest: Option<Router>,
}

/// Routes that differ in their paths. A greedy one is looked at only if no other matches.
#[derive(Default)]
struct Routes {
    whole: matchit::Router<Router>,
    greedy: matchit::Router<Router>,
}

fn at<'r>(routes: &'r matchit::Router<Router>, path: &str) -> Option<&'r Router> {
    let found = routes.at(path).ok()?;
    // A parameter stands for something.
    found.params.iter().all(|(_, value)| !value.is_empty()).then_some(found.value)
}

/// A route that API Gateway would not take, or would not match as it is written.
#[derive(Debug, thiserror::Error)]
pub enum RouteError {
    #[error("{method} {path}: `{method}` is no method that this gateway knows")]
    Method { method: String, path: String },
    #[error("{method} {path}: {error}")]
    Path { method: String, path: String, error: matchit::InsertError },
}

/// What API Gateway answers for a route that it does not have.
#[derive(Debug, Serialize)]
struct NoSuchRoute {
    message: &'static str,
}

impl Gateway {
    pub fn new() -> Self {
        Self::default()
    }

    /// # Errors
    /// [`RouteError`]; two routes that match the same requests are one too many.
    pub fn mount(&mut self, route: &Route, function: &Router) -> Result<(), RouteError> {
        let Route { method, path } = route;
        if path == Route::REST {
            self.rest = Some(function.clone());
            return Ok(());
        }
        let known = Method::from_bytes(method.as_bytes()).ok().filter(|known| KNOWN.contains(known));
        let Routes { whole, greedy } = match known {
            _ if method == Route::ANY => &mut self.any,
            Some(known) => self.routes.entry(known).or_default(),
            None => return Err(RouteError::Method { method: method.clone(), path: path.clone() }),
        };
        let inserted = match greedy_pattern(path) {
            Some(pattern) => greedy.insert(pattern, function.clone()),
            None => whole.insert(path.clone(), function.clone()),
        };
        inserted.map_err(|error| RouteError::Path { method: method.clone(), path: path.clone(), error })
    }

    pub fn router(self) -> Router {
        let gateway = Arc::new(self);
        Router::new().fallback(move |request: Request| {
            let gateway = Arc::clone(&gateway);
            async move { gateway.dispatch(request).await }
        })
    }

    async fn dispatch(&self, request: Request<Body>) -> Response {
        match self.function(request.method(), request.uri().path()) {
            Some(function) => match function.clone().oneshot(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            },
            None => (StatusCode::NOT_FOUND, axum::Json(NoSuchRoute { message: "Not Found" })).into_response(),
        }
    }

    fn function(&self, method: &Method, path: &str) -> Option<&Router> {
        let routes = || self.routes.get(method).into_iter().chain([&self.any]);
        let whole = routes().find_map(|routes| at(&routes.whole, path));
        whole.or_else(|| routes().find_map(|routes| at(&routes.greedy, path))).or(self.rest.as_ref())
    }
}

const KNOWN: [Method; 7] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];

/// A path that ends in API Gateway's `{rest+}`, as the router writes it.
fn greedy_pattern(path: &str) -> Option<String> {
    let (before, name) = path.strip_suffix("+}")?.rsplit_once('{')?;
    Some(format!("{before}{{*{name}}}"))
}

#[cfg(test)]
mod tests {
    use axum::routing::any;

    use super::*;

    fn route(method: &str, path: &str) -> Route {
        Route { method: method.into(), path: path.into() }
    }

    /// A gateway whose every route answers with its own path.
    fn gateway(paths: &[&str]) -> Gateway {
        let mut gateway = Gateway::new();
        for path in paths {
            let own = (*path).to_owned();
            let function = Router::new().fallback(any(move || async move { own }));
            gateway.mount(&route("GET", path), &function).unwrap();
        }
        gateway
    }

    async fn answered(router: &Router, method: Method, path: &str) -> String {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let bytes = axum::body::to_bytes(response.into_body(), 1_024).await.unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a_parameter_stands_for_exactly_one_segment() {
        let router = gateway(&["/v1/calls", "/v1/calls/{sid}/recording"]).router();
        let not_found = r#"{"message":"Not Found"}"#;
        for (path, answer) in [
            ("/v1/calls/CA1/recording", "/v1/calls/{sid}/recording"),
            ("/v1/calls//recording", not_found),
            ("/v1/calls/CA1", not_found),
            ("/v1/calls/", not_found),
            ("/v1/calls", "/v1/calls"),
        ] {
            assert_eq!(answered(&router, Method::GET, path).await, answer, "{path}");
        }
        assert_eq!(answered(&router, Method::POST, "/v1/calls").await, not_found, "of another method");
    }

    #[tokio::test]
    async fn a_route_of_any_method_takes_what_no_route_of_that_method_takes() {
        let mut gateway = Gateway::new();
        for (method, path) in
            [("ANY", "/v1/people"), ("ANY", "/v1/people/{rest+}"), ("GET", "/v1/people/{id}")]
        {
            let own = format!("{method} {path}");
            let function = Router::new().fallback(any(move || async move { own }));
            gateway.mount(&route(method, path), &function).unwrap();
        }
        let router = gateway.router();
        for (method, path, answer) in [
            (Method::GET, "/v1/people", "ANY /v1/people"),
            (Method::POST, "/v1/people", "ANY /v1/people"),
            (Method::GET, "/v1/people/7", "GET /v1/people/{id}"),
            (Method::DELETE, "/v1/people/7", "ANY /v1/people/{rest+}"),
            (Method::GET, "/v1/people/7/notes", "ANY /v1/people/{rest+}"),
            (Method::GET, "/v1/people/", r#"{"message":"Not Found"}"#),
        ] {
            assert_eq!(answered(&router, method, path).await, answer, "{path}");
        }
    }

    /// Whatever their order in the template.
    #[tokio::test]
    async fn a_literal_comes_before_a_parameter_and_a_greedy_one_last() {
        let mut paths =
            ["/v1/{rest+}", "/v1/people/{id}", "/v1/people/search", "/v1/{kind}/{id}/notes", "/v1/people"];
        for _ in 0..paths.len() {
            paths.rotate_left(1);
            let router = gateway(&paths).router();
            for (path, answer) in [
                ("/v1/people/search", "/v1/people/search"),
                ("/v1/people/7", "/v1/people/{id}"),
                ("/v1/people/7/notes", "/v1/{kind}/{id}/notes"),
                ("/v1/people/7/calls/8", "/v1/{rest+}"),
                ("/v1/people", "/v1/people"),
                ("/v1/places", "/v1/{rest+}"),
            ] {
                assert_eq!(answered(&router, Method::GET, path).await, answer, "{path} of {paths:?}");
            }
        }
    }

    #[test]
    fn what_cannot_be_matched_as_it_is_written_is_refused() {
        let mut gateway = gateway(&["/v1/calls/{sid}"]);
        let function = Router::new();
        for (method, path) in [("GET", "/v1/calls/{id}"), ("no method", "/v1/x")] {
            assert!(gateway.mount(&route(method, path), &function).is_err(), "{method} {path}");
        }
        assert!(gateway.mount(&route("PUT", "/v1/calls/{id}"), &function).is_ok());
    }
}
