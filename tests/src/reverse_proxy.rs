//! Passes one request on to where it was meant for, and its answer back.

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, Method, StatusCode, Uri, header};
use url::Url;

/// Asks `upstream` the same; 502 if it does not answer. The host stays as it was, because signatures cover it.
pub(crate) async fn forward(
    http: &reqwest::Client,
    upstream: &Url,
    method: Method,
    uri: &Uri,
    mut headers: HeaderMap,
    body: Bytes,
) -> Result<Response, StatusCode> {
    for hop in [header::CONTENT_LENGTH, header::CONNECTION] {
        headers.remove(hop);
    }
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let url = upstream.join(path).map_err(|_| StatusCode::BAD_GATEWAY)?;
    let asks_for_the_head = method == Method::HEAD;
    let sent = http.request(method, url).headers(headers).body(body).send();
    let answer = sent.await.map_err(|_| StatusCode::BAD_GATEWAY)?;
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    for hop in [header::TRANSFER_ENCODING, header::CONNECTION] {
        headers.remove(hop);
    }
    // The answer to HEAD has a length and no body.
    if !asks_for_the_head {
        headers.remove(header::CONTENT_LENGTH);
    }
    let body = answer.bytes().await.map_err(|_| StatusCode::BAD_GATEWAY)?;
    Ok((status, headers, Body::from(body)).into_response())
}
