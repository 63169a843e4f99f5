//! Who asks: an API key names one business, and every read is scoped to it.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use domain::{BusinessId, Call, CallSid, Secret};
use http::request::Parts;
use http::{HeaderMap, header};
use stores::{businesses, calls};

use super::problem::Problem;

/// The business whose key the request carries. There is no other way to obtain one from a request.
#[derive(Debug, Clone)]
pub struct Operator(pub BusinessId);

impl Operator {
    /// A call of this business. Another business's call answers exactly like one that does not exist.
    ///
    /// # Errors
    /// 404, or 503 when the store fails.
    pub async fn call(&self, calls: &calls::Reader, sid: &str) -> Result<Call, Problem> {
        let sid = CallSid::parse(sid).map_err(|_| Problem::not_found("call"))?;
        let call = calls.call(&sid).await?.filter(|call| call.business == self.0);
        call.ok_or_else(|| Problem::not_found("call"))
    }
}

/// Longer ones are not keys of ours.
const MAX_KEY_CHARS: usize = 256;

impl<T> FromRequestParts<Arc<T>> for Operator
where
    T: AsRef<businesses::Reader> + Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<T>) -> Result<Self, Problem> {
        let key = bearer(&parts.headers).ok_or_else(Problem::unauthorised)?;
        let business = (**state).as_ref().by_api_key(&Secret::new(key)).await?;
        business.map(Self).ok_or_else(Problem::unauthorised)
    }
}

/// The key of `Authorization: Bearer <key>`. A scheme has no case, and any number of spaces may follow it (RFC 9110,
/// 11.1 and 11.4). Two headers name two keys: neither counts.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, key) = value.to_str().ok()?.trim().split_once([' ', '\t'])?;
    let key = key.trim();
    (scheme.eq_ignore_ascii_case("Bearer") && (1..=MAX_KEY_CHARS).contains(&key.len())).then_some(key)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    /// Cases C18 and B21.
    #[test]
    fn the_scheme_has_no_case_and_any_spaces_may_follow_it() {
        let read = |value: &'static str| {
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static(value))]);
            bearer(&headers).map(str::to_owned)
        };
        for value in [
            "Bearer key",
            "bearer key",
            "BEARER key",
            "bEaReR  key",
            "Bearer \t key",
            " Bearer key ",
            "Bearer\tkey",
        ] {
            assert_eq!(read(value).as_deref(), Some("key"), "{value:?}");
        }
        for value in ["", "Bearer", "Bearer ", "Bearer   ", "Basic key", "Bearerkey", "key", "Bearer: key x"]
        {
            assert_ne!(read(value).as_deref(), Some("key"), "{value:?}");
        }
    }

    #[test]
    fn two_keys_are_none() {
        let mut headers = HeaderMap::new();
        for value in ["Bearer one", "Bearer two"] {
            headers.append(header::AUTHORIZATION, HeaderValue::from_static(value));
        }
        assert_eq!(bearer(&headers), None);
    }
}
