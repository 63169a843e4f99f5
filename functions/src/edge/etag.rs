//! Versions of what is written again: `ETag: "v17"` tells one, `If-Match: "v17"` names the one that was seen.

use axum::body::to_bytes;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use sha2::{Digest as _, Sha256};

use super::problem::Problem;

/// The header that tells a version.
pub fn of(version: u64) -> [(HeaderName, String); 1] {
    [(header::ETAG, text(version))]
}

fn text(version: u64) -> String {
    format!("\"v{version}\"")
}

/// The version that the client has seen.
///
/// # Errors
/// 428 without `If-Match`, 400 for one that is no version of ours, weak ones included.
pub fn seen(headers: &HeaderMap) -> Result<u64, Problem> {
    optional(headers)?.ok_or_else(|| {
        Problem::new(StatusCode::PRECONDITION_REQUIRED, "precondition required")
            .detail("send the `ETag` of what you have read as `If-Match`")
    })
}

/// The version that the client has seen, if it has seen any.
///
/// # Errors
/// 400 for an `If-Match` that is no version of ours.
pub fn optional(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(sent) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let version =
        sent.to_str().ok().and_then(|tag| tag.trim().strip_prefix("\"v")?.strip_suffix('"')?.parse().ok());
    version.map(Some).ok_or_else(|| Problem::bad_request("`If-Match` is not one of our `ETag`s"))
}

/// The tag of a content that is served as it is, by its SHA-256.
pub fn of_content(digest: [u8; 32]) -> String {
    format!("\"{}\"", hex::encode(&digest[..16]))
}

/// Whether the client has the content of this tag already, as `If-None-Match` says.
pub fn is_held(headers: &HeaderMap, tag: &str) -> bool {
    let held = headers.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    held.is_some_and(|tags| tags.split(',').any(|held| held.trim() == tag))
}

/// The answer with the tag of its content; without the content for a client that has it already, which asks again and again
/// and is told at little cost that nothing has changed.
///
/// # Errors
/// 503 for an answer that cannot be read, which is a defect.
pub async fn unless_held(asked: &HeaderMap, answer: Response) -> Result<Response, Problem> {
    let (mut parts, body) = answer.into_parts();
    let body = to_bytes(body, usize::MAX).await.map_err(|error| {
        tracing::error!(%error, "an answer cannot be read");
        Problem::unavailable()
    })?;
    let tag = of_content(Sha256::digest(&body).into());
    let Ok(value) = HeaderValue::try_from(&tag) else { return Err(Problem::unavailable()) };
    parts.headers.insert(header::ETAG, value.clone());
    if is_held(asked, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, value)]).into_response());
    }
    Ok(Response::from_parts(parts, body.into()))
}

/// 412: it has changed since. `current` is the version that it has now.
pub fn stale(current: u64) -> Problem {
    Problem::new(StatusCode::PRECONDITION_FAILED, "precondition failed")
        .detail("it has changed since you read it: read it again and decide anew")
        .etag(text(current))
}

#[cfg(test)]
mod tests {
    use axum::Json;

    use super::*;

    #[tokio::test]
    async fn what_a_client_holds_already_is_not_sent_again() {
        let ask = async |headers: &HeaderMap, words: &str| {
            let answer = unless_held(headers, Json(words).into_response()).await.unwrap();
            let (status, tag) = (answer.status(), answer.headers()[header::ETAG].clone());
            (status.as_u16(), tag, to_bytes(answer.into_body(), 100).await.unwrap())
        };
        let (status, tag, body) = ask(&HeaderMap::new(), "one").await;
        assert_eq!((status, &body[..]), (200, &b"\"one\""[..]));
        let held = HeaderMap::from_iter([(header::IF_NONE_MATCH, tag.clone())]);
        assert_eq!(ask(&held, "one").await, (304, tag.clone(), Default::default()));
        let (status, other, body) = ask(&held, "two").await;
        assert!(status == 200 && other != tag && &body[..] == b"\"two\"");
    }

    #[test]
    fn a_version_goes_out_and_comes_back() {
        let [(_, tag)] = of(17);
        let with =
            |tag: &str| HeaderMap::from_iter([(header::IF_MATCH, HeaderValue::from_str(tag).unwrap())]);
        assert_eq!(seen(&with(&tag)).unwrap(), 17);
        assert_eq!(seen(&HeaderMap::new()).unwrap_err().status(), 428);
        for bad in ["W/\"v17\"", "v17", "\"17\"", "*", "\"v-1\"", "\"v1\", \"v2\""] {
            assert_eq!(seen(&with(bad)).unwrap_err().status(), 400, "{bad}");
        }
        assert_eq!(stale(3).status(), 412);
    }
}
