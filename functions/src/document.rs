//! The OpenAPI document of the API, and the answer to what no route of it takes.
//!
//! The document is served from the file that holds it, without the spaces between its tokens. A test compares the file with what the routes of all functions make
//! ([`features::document`](crate::features::document)).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use matchit::Router as Paths;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::edge::HttpFunction;
use crate::edge::api::{BUSINESSES, DOCUMENT_PATH};
use crate::edge::etag;
use crate::edge::parts::parts;
use crate::edge::problem::Problem;

/// What is served there, as people read it.
pub const DOCUMENT: &str = include_str!("../openapi.json");

static SERVED: LazyLock<String> = LazyLock::new(|| {
    serde_json::from_str::<Value>(DOCUMENT)
        .map_or_else(|_| DOCUMENT.to_owned(), |document| document.to_string())
});

/// The same without the spaces that a program does not read.
pub fn served() -> &'static str {
    &SERVED
}

static ETAG: LazyLock<String> = LazyLock::new(|| etag::of_content(Sha256::digest(served()).into()));

parts! {
    pub struct Document {
        allowed: Allowed = Allowed::of(DOCUMENT),
    }
}

impl HttpFunction for Document {
    const NAME: &'static str = "api-document";

    fn router(self) -> Router {
        let allowed = std::sync::Arc::new(self.allowed);
        Router::new()
            .route(DOCUMENT_PATH, get(document))
            .fallback(move |request: Request| std::future::ready(allowed.refuse(&request)))
    }
}

async fn document(headers: HeaderMap) -> Response {
    let kept = [(header::ETAG, ETAG.as_str()), (header::CACHE_CONTROL, "public, max-age=300")];
    if etag::is_held(&headers, &ETAG) {
        return (StatusCode::NOT_MODIFIED, kept).into_response();
    }
    (kept, [(header::CONTENT_TYPE, "application/json")], served()).into_response()
}

/// As much of the document as tells which methods a path has.
#[derive(Default, Deserialize)]
struct Shape {
    paths: BTreeMap<String, BTreeMap<String, IgnoredAny>>,
}

/// The methods of each path.
pub struct Allowed(Paths<BTreeSet<String>>);

impl Allowed {
    fn of(document: &str) -> Self {
        let document: Shape = serde_json::from_str(document).unwrap_or_default();
        let mut paths = Paths::new();
        for (path, operations) in document.paths {
            let mut methods: BTreeSet<String> =
                operations.keys().map(|method| method.to_ascii_uppercase()).collect();
            if methods.contains("GET") {
                methods.insert(Method::HEAD.to_string());
            }
            let under = path.strip_prefix("/v1").map(|rest| format!("{BUSINESSES}/{{business}}{rest}"));
            for path in under.into_iter().chain([path]) {
                // The longer of two that are the same but for their names is not needed.
                let _ = paths.insert(path, methods.clone());
            }
        }
        Self(paths)
    }

    /// The answer to a request that no function takes.
    fn refuse(&self, request: &Request) -> Response {
        let Ok(found) = self.0.at(request.uri().path()) else {
            return Problem::no_such_route().into_response();
        };
        let mut answer = Problem::method_not_allowed().into_response();
        let methods: Vec<&str> = found.value.iter().map(String::as_str).collect();
        if let Ok(methods) = HeaderValue::try_from(methods.join(",")) {
            answer.headers_mut().insert(header::ALLOW, methods);
        }
        answer
    }
}
