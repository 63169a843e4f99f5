//! What a request must show before its handler is called.

use std::collections::BTreeMap;

use domain::access::Scope;

/// The name of API keys in the document.
pub const KEY: &str = "api_key";

/// What a request must show before its handler is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// A key with this scope; the request is about one business, the key's own or the one that an operator names.
    OfBusiness(Scope),
    /// An operator's key with this scope; the request is about the deployment.
    OfOperator(Scope),
    /// A key with this scope, an operator's or a business's.
    OfKey(Scope),
    /// A key, whatever its scopes.
    AnyKey,
    /// Nothing.
    Open,
}

impl Rule {
    /// The scope that it asks for.
    pub const fn scope(self) -> Option<Scope> {
        match self {
            Self::OfBusiness(scope) | Self::OfOperator(scope) | Self::OfKey(scope) => Some(scope),
            Self::AnyKey | Self::Open => None,
        }
    }
}

/// The rules by method and path, the path as it is declared.
pub type Rules = BTreeMap<(String, String), Rule>;
