//! The HTTP API on one machine: the template's routes in front of the functions' own routers.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use tower::ServiceExt as _;

use crate::template::Route;

/// A function's router reached by the routes that the template gives it, and by no others.
pub struct Gateway {
    routes: Vec<(Method, Vec<Segment>, Router)>,
}

#[derive(Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Parameter,
}

impl Gateway {
    pub fn new() -> Self {
        Self { routes: vec![] }
    }

    pub fn mount(&mut self, route: &Route, function: &Router) {
        let method = Method::from_bytes(route.method.as_bytes()).unwrap_or(Method::GET);
        self.routes.push((method, segments(&route.path), function.clone()));
    }

    pub fn router(self) -> Router {
        let gateway = Arc::new(self);
        Router::new().fallback(move |request: Request| {
            let gateway = Arc::clone(&gateway);
            async move { gateway.dispatch(request).await }
        })
    }

    async fn dispatch(&self, request: Request<Body>) -> Response {
        let path: Vec<&str> = request.uri().path().split('/').skip(1).collect();
        let function = self.routes.iter().find_map(|(method, segments, function)| {
            (method == request.method() && matches(segments, &path)).then_some(function)
        });
        match function {
            Some(function) => match function.clone().oneshot(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            },
            // What API Gateway answers for a route that it does not have.
            None => (StatusCode::NOT_FOUND, axum::Json(serde_json::json!({ "message": "Not Found" })))
                .into_response(),
        }
    }
}

impl Default for Gateway {
    fn default() -> Self {
        Self::new()
    }
}

fn segments(path: &str) -> Vec<Segment> {
    path.split('/')
        .skip(1)
        .map(
            |part| if part.starts_with('{') { Segment::Parameter } else { Segment::Literal(part.to_owned()) },
        )
        .collect()
}

fn matches(segments: &[Segment], path: &[&str]) -> bool {
    segments.len() == path.len()
        && segments.iter().zip(path).all(|(segment, part)| match segment {
            Segment::Literal(literal) => literal == part,
            Segment::Parameter => !part.is_empty(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_stands_for_exactly_one_segment() {
        let route = segments("/v1/calls/{sid}/recording");
        assert!(matches(&route, &["v1", "calls", "CA1", "recording"]));
        assert!(!matches(&route, &["v1", "calls", "", "recording"]));
        assert!(!matches(&route, &["v1", "calls", "CA1"]));
        assert!(!matches(&segments("/v1/calls"), &["v1", "calls", "CA1"]));
    }
}
