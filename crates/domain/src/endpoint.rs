//! Endpoints: the addresses at which a business wants to be told what happened, and the rules of telling it.
//!
//! The events are the outbox's; what is here decides who gets which ([`filter`]), how it is signed ([`signing`]), what an answer
//! means and when it is tried again ([`attempt`]), how one delivery moves from attempt to attempt ([`delivery`]), and what is kept
//! of each attempt ([`log`]).

pub mod attempt;
pub mod delivery;
pub mod filter;
pub mod headers;
pub mod log;
pub mod signing;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use crate::digest::sha256_hex;
use crate::event::API_VERSIONS;
use crate::ids::named_by_request;
use crate::token::TokenKey;
use crate::{BusinessId, Secret, Timestamp};
use filter::{Described, Filter};
use signing::{Signing, SigningSecret, SigningSecrets};

/// The most endpoints of a business.
pub const MAX_ENDPOINTS: usize = 20;

/// Requests that are on their way to one endpoint at a time: one that is slow keeps no more workers than these.
pub const AT_ONCE: u8 = 2;

/// The longest address, bytes.
pub const MAX_URL: usize = 2_000;

/// Keeps the signing secrets apart from every other use of the key that they are made of.
const PURPOSE: &str = "endpoint secret of ";

named_by_request! {
    /// Names an endpoint.
    EndpointId, business: BusinessId
}

/// Why an endpoint is told nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Disabled {
    /// Its owner wants it so.
    Requested,
    /// It said that it wants nothing more: 410.
    Gone,
    /// Nothing was taken for days.
    Failing,
}

impl Disabled {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// An address at which a business wants to be told what happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// Which.
    pub id: EndpointId,
    /// Where. It may carry a key, so it is not printed.
    pub url: Secret,
    /// What its owner calls it.
    pub description: String,
    /// What it is told of.
    pub filter: Filter,
    /// What is sent along with each request. Values are kept and not shown.
    pub headers: BTreeMap<String, Secret>,
    /// The numbers of the secrets that sign for it. The secrets themselves are derived and kept nowhere.
    pub signing: Signing<u64>,
    /// Why it is told nothing, and since when; `None`: it is told.
    pub disabled: Option<(Disabled, Timestamp)>,
    /// When it was made.
    pub created_at: Timestamp,
    /// The place in the order of events behind which it begins.
    pub begins_behind: u64,
    /// The form in which it is told, one of [`API_VERSIONS`]: that of its making until its owner chooses another.
    #[serde(default = "first_version")]
    pub api_version: String,
}

/// The form of endpoints that were made before they had one of their own.
fn first_version() -> String {
    API_VERSIONS.first().copied().unwrap_or_default().to_owned()
}

impl Endpoint {
    /// The secrets that sign for it.
    pub fn secrets(&self, key: &TokenKey, business: &BusinessId) -> SigningSecrets {
        self.signing.map(|number| secret(key, business, &self.id, *number))
    }
}

/// One secret of an endpoint. It is a MAC, so that it can be shown again to a repeated request and is kept in no store.
fn secret(key: &TokenKey, business: &BusinessId, id: &EndpointId, number: u64) -> SigningSecret {
    SigningSecret::of_bytes(&key.derived(&format!("{PURPOSE}{business}/{id}#{number}")))
}

/// Which of these endpoints get the event of this place in the order. One that is disabled keeps what it asks for, and gets it
/// when it is recovered: no other one is told in its place.
pub fn receivers<'a>(endpoints: &'a [Endpoint], event: Described<'_>, sequence: u64) -> Vec<&'a Endpoint> {
    let begun: Vec<&Endpoint> = endpoints.iter().filter(|one| one.begins_behind < sequence).collect();
    let filters: Vec<&Filter> = begun.iter().map(|one| &one.filter).collect();
    let places = filter::receivers(&filters, event).into_iter();
    places.filter_map(|place| begun.get(place).copied()).collect()
}

/// The name of an event on its way to endpoints: the header `webhook-id`, by which a receiver knows a repetition. The names in
/// the outbox have dots, which what is signed must not have.
pub fn webhook_id(business: &BusinessId, event: &str) -> String {
    let mut digest = sha256_hex(format!("{business}\n{event}"));
    digest.truncate(32);
    format!("evt_{digest}")
}

#[cfg(test)]
mod tests {
    use super::filter::{Calls, Pattern};
    use super::*;

    fn endpoint(name: &str, calls: Calls, begins_behind: u64) -> Endpoint {
        let types = vec![Pattern::parse("*", crate::event::NAMES).unwrap()];
        Endpoint {
            id: EndpointId::of(&BusinessId::parse("harbour").unwrap(), name),
            url: Secret::new("https://hooks.example/"),
            description: name.to_owned(),
            filter: Filter { types, calls },
            headers: BTreeMap::new(),
            signing: Signing::new(1),
            disabled: None,
            created_at: Timestamp(0),
            begins_behind,
            api_version: first_version(),
        }
    }

    #[test]
    fn an_endpoint_is_told_of_what_happens_from_then_on_and_one_that_is_disabled_keeps_its_own() {
        let mut all = endpoint("all", Calls::All, 5);
        let rest = endpoint("rest", Calls::NoOther, 0);
        let told = |all: &Endpoint, sequence| {
            let endpoints = [all.clone(), rest.clone()];
            let event = Described { kind: "call.completed", direction: None };
            let told = receivers(&endpoints, event, sequence).into_iter();
            told.map(|one| one.description.clone()).collect::<Vec<_>>()
        };
        assert_eq!(told(&all, 5), ["rest"]);
        assert_eq!(told(&all, 6), ["all"]);
        all.disabled = Some((Disabled::Gone, Timestamp(1)));
        assert_eq!(told(&all, 6), ["all"]);
    }

    #[test]
    fn each_endpoint_and_each_rotation_has_a_secret_of_its_own_and_a_webhook_id_has_no_dot() {
        let key = TokenKey::new(Secret::new("k".repeat(32))).unwrap();
        let business = BusinessId::parse("harbour").unwrap();
        let (one, other) = (endpoint("one", Calls::All, 0), endpoint("other", Calls::All, 0));
        let text = |one: &Endpoint| one.secrets(&key, &business).newest.shown().expose().to_owned();
        assert!(text(&one) == text(&one) && text(&one) != text(&other));
        let rotated = Endpoint { signing: Signing::new(2), ..one.clone() };
        assert_ne!(text(&rotated), text(&one));
        let id = webhook_id(&business, "call.completed#CA1");
        assert!(!id.contains('.') && id.len() == 36 && id != webhook_id(&business, "call.completed#CA2"));
    }
}
