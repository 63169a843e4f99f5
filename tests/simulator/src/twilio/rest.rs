//! The part of Twilio's REST API that a call centre uses (Twilio docs, "REST API: 2010-04-01").

mod attachments;
mod calls;
mod create;
mod media;
pub(super) mod numbers;
mod owner;
mod recordings;
mod texts;

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tower::ServiceExt as _;

pub use self::texts::SentText;
use super::account::Account;
use super::lock;

/// The largest request read, in bytes.
const MAX_REQUEST_BYTES: usize = 256 * 1024;

/// A request the API has received.
#[derive(Clone)]
pub struct RestRequest {
    /// `GET`, `POST` or `DELETE`.
    pub method: String,
    /// Without the query.
    pub path: String,
    /// The form's fields, or the query's where there is no form.
    pub params: Vec<(String, String)>,
    /// The HTTP status it was answered with.
    pub status: u16,
}

impl RestRequest {
    /// The first value of a field.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for RestRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} -> {}", self.method, self.path, self.status)
    }
}

/// An answer given instead of doing what the next request asks.
#[derive(Clone, Debug)]
pub struct RestFault {
    /// The HTTP status; 0 breaks the connection off in the middle of the answer.
    pub status: u16,
    /// Twilio's error number, such as 20429 or 20500.
    pub code: u32,
    /// The seconds of a `Retry-After` header.
    pub retry_after_s: Option<u64>,
    /// The request is carried out, and only its answer is this one.
    pub carried_out: bool,
}

/// An error in the API's own form.
#[derive(Debug)]
struct ApiError {
    status: StatusCode,
    code: u32,
    message: &'static str,
}

impl ApiError {
    const NOT_FOUND: Self = Self::new(StatusCode::NOT_FOUND, 20404, "The requested resource was not found");
    const NOT_LIVE: Self =
        Self::new(StatusCode::BAD_REQUEST, 21220, "The call is not in a state that can be changed");

    const fn new(status: StatusCode, code: u32, message: &'static str) -> Self {
        Self { status, code, message }
    }

    const fn bad_request(code: u32, message: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = json!({
            "code": self.code,
            "message": self.message,
            "more_info": format!("https://www.twilio.com/docs/errors/{}", self.code),
            "status": self.status.as_u16(),
        });
        (self.status, axum::Json(body)).into_response()
    }
}

/// The storage's host, for the recordings and the media of texts of all accounts.
pub(crate) fn media_router(accounts: Arc<[Arc<Account>]>) -> Router {
    media::router(Arc::clone(&accounts)).merge(attachments::router(accounts))
}

/// The routes of all accounts. What is below no account is of the one that the credentials name; what names none is refused
/// as the first account would refuse it.
pub(crate) fn router(accounts: &[Arc<Account>]) -> Router {
    let mut all = Router::new();
    for account in accounts {
        all = all.merge(of_account(account).layer(from_fn_with_state(Arc::clone(account), gate)));
    }
    let besides: Arc<[_]> = accounts.iter().map(|account| (Arc::clone(account), besides(account))).collect();
    all.fallback(async move |request: Request| {
        let named = credentials(request.headers()).map(|(sid, _)| sid);
        let is_named =
            |(account, _): &&(Arc<Account>, Router)| Some(&account.config.account_sid) == named.as_ref();
        let found = besides.iter().find(is_named).or_else(|| besides.first());
        let Some((_, router)) = found else { return StatusCode::NOT_FOUND.into_response() };
        let Ok(answer) = router.clone().oneshot(request).await;
        answer
    })
}

/// What an account has that is not below its own path.
fn besides(account: &Arc<Account>) -> Router {
    Router::new()
        .route("/v1/DialingPermissions/Countries/{iso}", get(owner::country))
        .route("/v2/Indicators/Typing.json", post(texts::typing))
        .fallback(async || ApiError::NOT_FOUND)
        .layer(from_fn_with_state(Arc::clone(account), gate))
        .with_state(Arc::clone(account))
}

fn of_account(account: &Arc<Account>) -> Router {
    let base = format!("/2010-04-01/Accounts/{}", account.config.account_sid);
    let routes = Router::new()
        .route("/Balance.json", get(owner::balance))
        .route("/Calls.json", get(calls::list).post(create::create))
        .route("/Calls/{call}", get(calls::fetch).post(calls::update))
        .route("/Calls/{call}/Recordings.json", get(recordings::list_of_call).post(recordings::start))
        .route("/IncomingPhoneNumbers.json", get(numbers::list))
        .route("/IncomingPhoneNumbers/{number}", post(numbers::update))
        .route("/Messages.json", get(texts::list).post(texts::create))
        .route("/Messages/{file}", get(texts::fetch))
        .route("/Messages/{text}/Media/{file}", get(attachments::redirect).delete(attachments::delete))
        .route("/Recordings.json", get(recordings::list))
        .route("/Recordings/{file}", get(recordings::fetch).delete(recordings::delete));
    Router::new()
        .nest(&base, routes)
        .route(&format!("{base}.json"), get(owner::account))
        .with_state(Arc::clone(account))
}

/// Remembers each request, lets through those with the account's credentials, and plays the faults.
async fn gate(State(account): State<Arc<Account>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, MAX_REQUEST_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let params = if bytes.is_empty() { parts.uri.query().unwrap_or_default().into() } else { bytes.to_vec() };
    let mut record = RestRequest {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        params: form(&params),
        status: 0,
    };
    let fault = lock(&account.rest_faults).pop_front();
    let response = if !authorised(&account, &parts.headers) {
        ApiError::new(StatusCode::UNAUTHORIZED, 20003, "Authenticate").into_response()
    } else if let Some(fault) = fault {
        if fault.carried_out {
            next.run(Request::from_parts(parts, Body::from(bytes))).await;
        }
        faulty(&fault)
    } else {
        next.run(Request::from_parts(parts, Body::from(bytes))).await
    };
    record.status = response.status().as_u16();
    account.requests.push(record);
    response
}

fn faulty(fault: &RestFault) -> Response {
    if fault.status == 0 {
        return crate::meta::broken(StatusCode::CREATED);
    }
    let status = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = ApiError::new(status, fault.code, "An injected fault").into_response();
    if let Some(seconds) = fault.retry_after_s {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

fn authorised(account: &Account, headers: &HeaderMap) -> bool {
    credentials(headers)
        .is_some_and(|(sid, token)| sid == account.config.account_sid && account.is_opened_by(&token))
}

/// The account and the token that a request names.
fn credentials(headers: &HeaderMap) -> Option<(String, String)> {
    let given = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let pair = String::from_utf8(STANDARD.decode(given.strip_prefix("Basic ")?).ok()?).ok()?;
    pair.split_once(':').map(|(sid, token)| (sid.to_owned(), token.to_owned()))
}

/// A form's or a query's fields in order, repeated names included.
fn form(bytes: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(bytes).into_owned().collect()
}

struct Form(Vec<(String, String)>);

impl Form {
    fn parse(bytes: &Bytes) -> Self {
        Self(form(bytes))
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).filter(|v| !v.is_empty())
    }

    /// Every value of a field that may be repeated or hold words separated by spaces.
    fn words(&self, name: &str) -> Vec<String> {
        self.0
            .iter()
            .filter(|(key, _)| key == name)
            .flat_map(|(_, value)| value.split_whitespace().map(str::to_owned))
            .collect()
    }

    fn is_true(&self, name: &str) -> bool {
        self.value(name) == Some("true")
    }

    /// A URL field; one that is no URL is the given error.
    fn url(&self, name: &str, error: ApiError) -> Result<Option<url::Url>, ApiError> {
        self.value(name).map(|text| url::Url::parse(text).map_err(|_| error)).transpose()
    }
}
