//! What is sent to sign in, and what is told of who is signed in.

use domain::Secret;
use domain::access::KeyOwner;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

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
    /// The role of a member; null for a key that is no member's.
    #[schema(value_type = Option<schema::RoleWord>)]
    role: Option<&'static str>,
    /// The businesses that the person is a member of, and may switch to; none for a key that is no member's.
    #[schema(value_type = Vec<schema::BusinessId>)]
    businesses: Vec<String>,
    /// When the sign-in ends unless something is asked before; null for a request with the key itself.
    signed_in_until: Option<Time>,
}

impl<'a> RequesterView<'a> {
    pub(super) fn new(requester: &'a Requester, businesses: Vec<String>) -> Self {
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
            role: key.member.as_ref().map(|member| member.role.as_str()),
            businesses,
            signed_in_until: requester.sign_in().map(|sign_in| Time(sign_in.ends_at())),
        }
    }
}

/// How people may sign in.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct IssuerView<'a> {
    /// The host of the issuer of OpenID Connect that people sign in through; null: they sign in with keys alone.
    pub(super) issuer: Option<&'a str>,
}

/// An attempt to sign in through the issuer.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({"invitation": "swb_inv_..."}))]
pub(super) struct BeginSignIn {
    /// The text at the end of an invitation's link, for a person who joins.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 256)]
    pub(super) invitation: Option<Secret>,
}

/// Where an attempt goes on.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BegunSignIn<'a> {
    /// The page of the issuer at which the person signs in. The browser goes there within ten minutes.
    pub(super) url: &'a str,
}

/// What the issuer sends a browser back with. It may send more, which is not read.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct CameBack {
    /// What the attempt was begun with.
    #[param(nullable = false)]
    pub(super) state: Option<String>,
    /// The authorization code.
    #[param(nullable = false)]
    pub(super) code: Option<String>,
    /// Why there is no code (RFC 6749, 4.1.2.1).
    #[param(nullable = false)]
    pub(super) error: Option<String>,
    /// The issuer (RFC 9207).
    #[param(nullable = false)]
    pub(super) iss: Option<String>,
}

/// The business that a person switches to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"business": "harbour-bikes"}))]
pub(super) struct SwitchTo {
    /// The business; one of `businesses` of `GET /v1/sign-in`.
    #[schema(value_type = schema::BusinessId)]
    pub(super) business: String,
}
