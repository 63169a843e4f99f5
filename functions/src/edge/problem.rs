//! Errors of the API as `application/problem+json` (RFC 9457).

use axum::response::{IntoResponse, Response};
use domain::access::Denied;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

tokio::task_local! {
    /// The id of the request that is being answered.
    static REQUEST: String;
}

/// Runs the answering of one request, whose id its problems carry.
pub(super) async fn of_request<T>(id: String, answering: impl Future<Output = T>) -> T {
    REQUEST.scope(id, answering).await
}

/// The id of the request that is being answered.
pub(super) fn request_of_task() -> Option<String> {
    REQUEST.try_with(Clone::clone).ok()
}

/// One error answer.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct Problem(Box<Fields>);

/// What an error answer says. `title` is fixed per kind, and `code` is its word for programs; `detail` tells this client
/// what to do.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub struct Fields {
    /// Names the kind: `urn:switchboard:problem:` and the code.
    #[serde(rename = "type")]
    kind: String,
    /// What is wrong, the same for each kind.
    title: &'static str,
    /// The status of the answer.
    status: u16,
    /// The kind's word for programs.
    code: String,
    /// What this client can do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// Names the request: `urn:request:` and its `X-Request-Id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    /// The fields that are wrong, if fields are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    /// Times that are free near one that is taken, RFC 3339.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    alternatives: Vec<String>,
    /// The `Retry-After` header, seconds.
    #[serde(skip)]
    retry_after: Option<u64>,
    /// The `ETag` header: the state that the request missed.
    #[serde(skip)]
    etag: Option<String>,
}

/// What is wrong with one field.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// Where it stands in the body, a JSON pointer (RFC 6901).
    pub pointer: String,
    /// The word for programs.
    pub code: String,
    /// What is wrong, and what would be right.
    pub detail: String,
}

/// More errors of one body are not named.
const MAX_ERRORS: usize = 50;

impl Problem {
    /// A problem whose code is its title with underscores.
    pub fn new(status: StatusCode, title: &'static str) -> Self {
        let problem = Self(Box::new(Fields {
            kind: String::new(),
            title,
            status: status.as_u16(),
            code: String::new(),
            detail: None,
            instance: request_of_task().map(|id| format!("urn:request:{id}")),
            errors: vec![],
            alternatives: vec![],
            retry_after: None,
            etag: None,
        }));
        problem.code(title.to_ascii_lowercase().replace(' ', "_"))
    }

    /// Gives it a code of its own.
    #[must_use]
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.0.code = code.into();
        self.0.kind = format!("urn:switchboard:problem:{}", self.0.code);
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// When the same request may succeed, in seconds from now.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// Names times that are free in place of one that is not.
    #[must_use]
    pub fn alternatives(mut self, times: impl IntoIterator<Item = String>) -> Self {
        self.0.alternatives = times.into_iter().collect();
        self
    }

    /// The state that the request should have named.
    #[must_use]
    pub fn etag(mut self, etag: impl Into<String>) -> Self {
        self.0.etag = Some(etag.into());
        self
    }

    /// The status of the answer.
    pub(crate) fn status(&self) -> u16 {
        self.0.status
    }

    /// The kind's word for programs.
    pub(crate) fn word(&self) -> &str {
        &self.0.code
    }

    /// What this client can do about it.
    pub(crate) fn said(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// When the same request may succeed, in seconds from now.
    pub(crate) fn seconds_to_wait(&self) -> Option<u64> {
        self.0.retry_after
    }

    /// 401, the same for every key that is not good.
    pub fn unauthorised() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorised")
            .detail("send an API key that is known and good as `Authorization: Bearer <key>`")
    }

    /// 403: the key is good, and may not do this.
    pub fn forbidden(denied: Denied) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden").code(denied.code()).detail(denied.to_string())
    }

    /// 404.
    pub fn not_found(what: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not found").detail(format!("there is no such {what}"))
    }

    /// 404: no path of ours.
    pub fn no_such_route() -> Self {
        Self::new(StatusCode::NOT_FOUND, "no such route").detail("`/v1/openapi.json` lists every route")
    }

    /// 405.
    pub fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method not allowed")
            .detail("the `Allow` header names the methods of this path")
    }

    /// 400: an operator's request that is about a business names none.
    pub fn no_business() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "no business").detail(
            "an operator's key names the business in the path: `/v1/businesses/{business}/...` in place of `/v1/...`",
        )
    }

    /// 400.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad request").detail(detail)
    }

    /// 422: one field of a body that was understood.
    pub fn invalid(pointer: impl Into<String>, code: impl Into<String>, detail: impl Into<String>) -> Self {
        let error = FieldError { pointer: pointer.into(), code: code.into(), detail: detail.into() };
        Self::fields(vec![error])
    }

    /// 422: fields of a body that was understood.
    pub fn fields(mut errors: Vec<FieldError>) -> Self {
        errors.truncate(MAX_ERRORS);
        let detail = match errors.first() {
            Some(FieldError { pointer, detail, .. }) if !pointer.is_empty() => {
                format!("`{pointer}`: {detail}")
            }
            Some(FieldError { detail, .. }) => detail.clone(),
            None => "a field is invalid".to_owned(),
        };
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid").detail(detail);
        problem.0.errors = errors;
        problem
    }

    /// 503, with a second to wait: what is slow or throttled mostly is not a second later.
    pub fn unavailable() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "temporarily unavailable")
            .detail("try again shortly")
            .retry_after(1)
    }
}

impl From<stores::StoreError> for Problem {
    fn from(error: stores::StoreError) -> Self {
        tracing::error!(%error, "store failed");
        Self::unavailable()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let (retry_after, etag) = (self.0.retry_after, self.0.etag.clone());
        let mut response = (status, axum::Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some(etag) = etag.and_then(|etag| HeaderValue::try_from(etag).ok()) {
            headers.insert(header::ETAG, etag);
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_when_to_come_back_and_how_to_identify_oneself_where_that_helps() {
        let busy = Problem::unavailable().retry_after(5).into_response();
        assert_eq!(
            (busy.status(), &busy.headers()[header::RETRY_AFTER]),
            (StatusCode::SERVICE_UNAVAILABLE, &"5".parse().unwrap())
        );
        assert!(!busy.headers().contains_key(header::WWW_AUTHENTICATE));
        let stranger = Problem::unauthorised().into_response();
        assert_eq!(stranger.headers()[header::WWW_AUTHENTICATE], "Bearer");
        assert!(!stranger.headers().contains_key(header::RETRY_AFTER));
        for response in [busy, stranger] {
            assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        }
    }
}
