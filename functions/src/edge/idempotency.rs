//! The `Idempotency-Key` of a request: what makes two requests one.

use std::convert::Infallible;

use axum::response::{IntoResponseParts, ResponseParts};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::problem::Problem;

const HEADER: &str = "idempotency-key";
/// Longer ones are no keys that a program makes.
const MAX_BYTES: usize = 255;

/// `Idempotency-Replayed: true` on the answer to a request that an earlier one with its key has done; nothing on others.
#[derive(Debug, Clone, Copy)]
pub struct Replayed(pub bool);

impl IntoResponseParts for Replayed {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        if self.0 {
            let name = HeaderName::from_static("idempotency-replayed");
            parts.headers_mut().insert(name, HeaderValue::from_static("true"));
        }
        Ok(parts)
    }
}

/// The key, if one was sent.
///
/// # Errors
/// A [`Problem`] when what was sent is no key.
pub fn optional(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(sent) = headers.get(HEADER) else { return Ok(None) };
    let is_visible = |key: &&str| key.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    let key = sent.to_str().ok().filter(|key| !key.is_empty() && key.len() <= MAX_BYTES).filter(is_visible);
    key.map(Some).ok_or_else(|| Problem::bad_request("`Idempotency-Key` is a text of 1 to 255 characters"))
}

/// The key. Without one, a client that lost an answer could only do the thing again.
///
/// # Errors
/// A [`Problem`] when no key was sent, or what was sent is no key.
pub fn required(headers: &HeaderMap) -> Result<&str, Problem> {
    optional(headers)?.ok_or_else(|| {
        Problem::bad_request(
            "send an `Idempotency-Key` header of 1 to 255 characters, the same for every repetition of a request",
        )
    })
}

/// 422: the key names another request of the same client.
pub fn reused() -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency key reused")
        .detail("this `Idempotency-Key` was used for another request: each request has its own")
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn with(key: &str) -> HeaderMap {
        HeaderMap::from_iter([(
            "idempotency-key".parse().unwrap(),
            HeaderValue::from_bytes(key.as_bytes()).unwrap(),
        )])
    }

    #[test]
    fn a_key_has_1_to_255_visible_characters() {
        let longest = "k".repeat(255);
        for key in ["k", "a key", &longest] {
            let sent = with(key);
            assert_eq!((optional(&sent).unwrap(), required(&sent).unwrap()), (Some(key), key));
        }
        for none in [String::new(), "k".repeat(256), "é".into()] {
            let sent = with(&none);
            assert!(optional(&sent).is_err() && required(&sent).is_err(), "{none}");
        }
    }

    #[test]
    fn a_key_may_be_left_out_where_it_is_optional_alone() {
        assert_eq!(optional(&HeaderMap::new()).unwrap(), None);
        assert!(required(&HeaderMap::new()).is_err());
    }
}
