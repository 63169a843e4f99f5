//! Who asks, and for which business: what admission found out, for the handlers.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use domain::access::sign_in::{SignIn, SignInToken};
use domain::access::{KeyOwner, StoredKey};
use domain::{BusinessId, Call, CallSid};
use http::request::Parts;
use stores::calls;

use crate::edge::problem::Problem;

/// The business that an operator's request names in its path, not yet read.
#[derive(Debug, Clone)]
pub(super) struct NamedBusiness(pub(super) String);

/// The key that a request came with. Admission put it there; there is no other way to have one.
#[derive(Debug, Clone)]
pub struct Requester {
    /// What is kept of the key.
    pub key: Arc<StoredKey>,
    /// The business that the request is about.
    pub(super) business: Option<BusinessId>,
    /// The sign-in whose cookie it came with; `None`: it came with the key itself.
    pub(super) sign_in: Option<Arc<(SignInToken, SignIn)>>,
}

impl Requester {
    pub(super) fn signed_in(key: Arc<StoredKey>, token: SignInToken, sign_in: SignIn) -> Self {
        let business = key.owner.acts_for(None).cloned();
        Self { key, business, sign_in: Some(Arc::new((token, sign_in))) }
    }

    /// What is kept of the sign-in whose cookie the request came with.
    pub fn sign_in(&self) -> Option<&SignIn> {
        self.sign_in.as_deref().map(|(_, sign_in)| sign_in)
    }

    /// The business that the request is about; `None`: the deployment.
    pub const fn business(&self) -> Option<&BusinessId> {
        self.business.as_ref()
    }

    /// Whether the key is an operator's.
    pub fn is_operator(&self) -> bool {
        self.key.owner == KeyOwner::Operator
    }

    /// Whose keys and log the request is about: the business's, or the deployment's if it names none.
    pub fn subject(&self) -> KeyOwner {
        self.business.clone().map_or(KeyOwner::Operator, KeyOwner::Business)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Requester {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get().cloned().ok_or_else(Problem::unauthorised)
    }
}

/// The one business that a request is about: its key's own, or the one that an operator names in the path.
#[derive(Debug, Clone)]
pub struct Tenant(pub BusinessId);

impl Tenant {
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

impl<S: Send + Sync> FromRequestParts<S> for Tenant {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let requester = Requester::from_request_parts(parts, state).await?;
        requester.business.map(Self).ok_or_else(Problem::no_business)
    }
}
