//! What is sent to sign in, and what is told of who is signed in.

use domain::Secret;
use domain::access::KeyOwner;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::edge::api::requester::Requester;
use crate::edge::api::schema;
use crate::shared::shapes::Time;

/// The body of `POST /v1/sign-in`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"key": "swb_bus_..."}))]
pub(super) struct ShowKey {
    /// The whole API key.
    #[schema(value_type = String, min_length = 1, max_length = 256)]
    pub(super) key: Secret,
}

/// Whose key a request came with.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RequesterView<'a> {
    /// `operator` or `business`.
    owner: &'static str,
    /// The business whose key it is; null for an operator's.
    #[schema(value_type = Option<schema::BusinessId>)]
    business: Option<&'a str>,
    /// Names the key.
    #[schema(value_type = schema::KeyId)]
    key: &'a str,
    /// What its holder calls it.
    name: &'a str,
    /// What it may do.
    scopes: Vec<&'static str>,
    /// When the sign-in ends unless something is asked before; null for a request with the key itself.
    signed_in_until: Option<Time>,
}

impl<'a> RequesterView<'a> {
    pub(super) fn new(requester: &'a Requester) -> Self {
        let key = &requester.key;
        let (owner, business) = match &key.owner {
            KeyOwner::Operator => ("operator", None),
            KeyOwner::Business(business) => ("business", Some(business.as_str())),
        };
        Self {
            owner,
            business,
            key: key.id.as_str(),
            name: &key.name,
            scopes: key.scopes.iter().map(|scope| scope.as_str()).collect(),
            signed_in_until: requester.sign_in().map(|sign_in| Time(sign_in.ends_at())),
        }
    }
}
