//! Who asks: an API key names one business, and every read is scoped to it.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use domain::{BusinessId, Secret};
use http::header;
use http::request::Parts;
use platform::stores::businesses;

use super::problem::Problem;

/// The business whose key the request carries. There is no other way to obtain one from a request.
#[derive(Debug, Clone)]
pub struct Operator(pub BusinessId);

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
