//! The Media resource of texts: a redirect to the storage, where the link is the permission.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::{ApiError, Form, form};
use crate::twilio::account::Account;
use crate::twilio::signature::sign_url;

/// The storage's host, one for all accounts.
pub(crate) fn router(accounts: Arc<[Arc<Account>]>) -> Router {
    Router::new().route("/texts/{sid}", get(download)).with_state(accounts)
}

/// `GET /Messages/{text}/Media/{sid}`.
pub(super) async fn redirect(
    State(account): State<Arc<Account>>,
    Path((text, sid)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let found = account.attachment(&sid).filter(|kept| kept.text_sid == text);
    if found.is_none() || account.comes_too_early(&sid) {
        return Err(ApiError::NOT_FOUND);
    }
    let mut link = account.media_url.clone();
    link.set_path(&format!("/texts/{sid}"));
    let signature = sign_url(&account.config.auth_token, link.as_str());
    link.query_pairs_mut().append_pair("signature", &signature);
    Ok((StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, link.to_string())]).into_response())
}

/// `DELETE /Messages/{text}/Media/{sid}`.
pub(super) async fn delete(
    State(account): State<Arc<Account>>,
    Path((_, sid)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let sid = sid.strip_suffix(".json").unwrap_or(&sid);
    match account.delete_attachment(sid) {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(ApiError::NOT_FOUND),
    }
}

/// As at S3, a request that brings an `Authorization` header as well is refused.
async fn download(
    State(accounts): State<Arc<[Arc<Account>]>>,
    Path(sid): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let found = accounts.iter().find_map(|account| Some((account, account.attachment(&sid)?)));
    let Some((account, kept)) = found else { return StatusCode::NOT_FOUND.into_response() };
    if headers.contains_key(header::AUTHORIZATION) {
        return (StatusCode::BAD_REQUEST, "Only one auth mechanism allowed").into_response();
    }
    let mut link = account.media_url.clone();
    link.set_path(&format!("/texts/{sid}"));
    let query = Form(form(query.unwrap_or_default().as_bytes()));
    let signature = sign_url(&account.config.auth_token, link.as_str());
    if query.value("signature") != Some(signature.as_str()) {
        return (StatusCode::FORBIDDEN, "Request has expired").into_response();
    }
    ([(header::CONTENT_TYPE, kept.content_type)], kept.bytes).into_response()
}
