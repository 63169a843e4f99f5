//! Who asks: an API key names one business, and every read is scoped to it.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use domain::{BusinessId, Call, CallSid, Secret};
use http::header;
use http::request::Parts;
use platform::stores::{businesses, calls};

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
        let key = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .filter(|key| !key.is_empty() && key.len() <= MAX_KEY_CHARS)
            .ok_or_else(Problem::unauthorised)?;
        let business = (**state).as_ref().by_api_key(&Secret::new(key)).await?;
        business.map(Self).ok_or_else(Problem::unauthorised)
    }
}
