//! A key that is asked for, and what may be wrong with it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use super::{ApiKey, KeyKind, KeyOwner, Network, Role, Scope, Scopes, StoredKey};
use crate::Timestamp;

/// The longest name, characters.
pub const MAX_NAME_CHARS: usize = 80;
/// The most networks of one key.
pub const MAX_NETWORKS: usize = 32;
/// The longest life of a key that expires.
pub const MAX_LIFE: Duration = Duration::from_secs(5 * 366 * 24 * 3_600);

/// What is asked for. A key has the scopes of its role and those that are named beside it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// What its holder calls it.
    pub name: String,
    /// A usual set of scopes.
    #[serde(default)]
    pub role: Option<Role>,
    /// Scopes, one by one.
    #[serde(default)]
    pub scopes: Scopes,
    /// Where it may be used from; empty: from anywhere.
    #[serde(default)]
    pub networks: Vec<Network>,
    /// When it stops being good; `None`: never.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
}

/// What is wrong with a key that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, thiserror::Error)]
#[strum(serialize_all = "snake_case")]
pub enum Mistake {
    /// A name that is empty or too long.
    #[error("the name must have 1 to {MAX_NAME_CHARS} characters")]
    Name,
    /// It could do nothing.
    #[error("give the key a role or scopes")]
    NoScopes,
    /// A business's key cannot have the scope.
    #[error("only an operator's key may have the scope `{0}`")]
    OperatorsScope(Scope),
    /// The key that asks may not do this itself.
    #[error("a key gives no more than it has, and the asking key lacks the scope `{0}`")]
    NotHeld(Scope),
    /// The key would be another business's or an operator's.
    #[error("a business's key makes keys of its own business only")]
    Owner,
    /// Its end is past.
    #[error("the key would have expired already: set its end later")]
    Past,
    /// Its end is too far off.
    #[error("a key that expires does so within five years: set its end earlier, or none")]
    TooLong,
    /// More networks than there may be.
    #[error("a key may have {MAX_NETWORKS} networks at most")]
    TooManyNetworks,
    /// The text that was made for it is of another kind than its owner's keys.
    #[error("the key's text is of another kind than its owner's keys")]
    Kind,
}

impl Mistake {
    /// The word for programs.
    pub fn code(&self) -> &'static str {
        self.into()
    }

    /// The field of [`NewKey`] that it is about, if it is about one.
    pub const fn field(&self) -> Option<&'static str> {
        match self {
            Self::Name => Some("name"),
            Self::NoScopes | Self::OperatorsScope(_) | Self::NotHeld(_) => Some("scopes"),
            Self::Past | Self::TooLong => Some("expires_at"),
            Self::TooManyNetworks => Some("networks"),
            Self::Owner | Self::Kind => None,
        }
    }
}

impl NewKey {
    /// The key, under the text that was made for it. `by` is the key that asks for it; `None`: the deployment's
    /// secret does, for the first operator key.
    ///
    /// # Errors
    /// Every [`Mistake`].
    pub fn issue(
        self,
        owner: KeyOwner,
        text: &ApiKey,
        now: Timestamp,
        by: Option<&StoredKey>,
    ) -> Result<StoredKey, Vec<Mistake>> {
        let kind = owner.kind();
        self.issue_as(kind, owner, text, now, by)
    }

    /// The same with a text of this kind.
    pub(super) fn issue_as(
        self,
        kind: KeyKind,
        owner: KeyOwner,
        text: &ApiKey,
        now: Timestamp,
        by: Option<&StoredKey>,
    ) -> Result<StoredKey, Vec<Mistake>> {
        let mut scopes = self.scopes;
        scopes.extend(self.role.map(Role::scopes).unwrap_or_default());
        let mut mistakes = vec![];
        if self.name.trim().is_empty() || self.name.chars().count() > MAX_NAME_CHARS {
            mistakes.push(Mistake::Name);
        }
        if scopes.is_empty() {
            mistakes.push(Mistake::NoScopes);
        }
        if owner != KeyOwner::Operator {
            let operators = scopes.iter().filter(|scope| scope.is_operators());
            mistakes.extend(operators.map(|scope| Mistake::OperatorsScope(*scope)));
        }
        if let Some(by) = by {
            mistakes.extend(scopes.difference(&by.scopes).map(|scope| Mistake::NotHeld(*scope)));
            if by.owner != KeyOwner::Operator && by.owner != owner {
                mistakes.push(Mistake::Owner);
            }
        }
        match self.expires_at {
            Some(end) if end <= now => mistakes.push(Mistake::Past),
            Some(end) if end > now.plus(MAX_LIFE) => mistakes.push(Mistake::TooLong),
            Some(_) | None => {}
        }
        if self.networks.len() > MAX_NETWORKS {
            mistakes.push(Mistake::TooManyNetworks);
        }
        if text.kind() != kind {
            mistakes.push(Mistake::Kind);
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        Ok(StoredKey {
            id: text.id(),
            hash: text.hash(),
            owner,
            name: self.name.trim().to_owned(),
            scopes,
            networks: self.networks,
            created_at: now,
            created_by: by.map(|by| by.id.clone()),
            expires_at: self.expires_at,
            replaced_by: None,
            revoked_at: None,
            member: None,
        })
    }
}
