//! Who may do what: API keys, their scopes, and the one decision on each request.
//!
//! A request shows the text of a key ([`ApiKey`]). The row of the key that it names ([`StoredKey`]) holds a hash; a key whose
//! hash is equal is [`Proven`], and only of a proven key [`allowed`] says what it may do. The business always comes
//! from the key; an operator's key acts for the business that the request names ([`KeyOwner::acts_for`]).

mod member;
mod network;
mod new_key;
pub mod oidc;
mod scope;
pub mod sign_in;
mod text;

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use crate::{BusinessId, Timestamp};

pub use member::{
    INVITATION_LASTS, Joined, MAX_MEMBERS, MAX_MEMBERSHIPS, Member, Membership, NewMember, NotInvited,
};
pub use network::{InvalidNetwork, Network};
pub use new_key::{MAX_LIFE, MAX_NAME_CHARS, MAX_NETWORKS, Mistake, NewKey};
pub use scope::{Role, Scope, Scopes, UnknownScope};
pub use text::{ApiKey, InvalidKey, InvalidKeyId, KeyHash, KeyId, KeyKind, PREFIX};

/// How long a replaced key stays good if nothing else is said.
pub const DEFAULT_OVERLAP: Duration = Duration::from_secs(24 * 3_600);
/// The longest that a replaced key stays good.
pub const MAX_OVERLAP: Duration = Duration::from_secs(7 * 24 * 3_600);

/// Who holds a key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyOwner {
    /// Who runs the deployment.
    Operator,
    /// One business.
    Business(BusinessId),
}

impl KeyOwner {
    /// The kind of its keys.
    pub const fn kind(&self) -> KeyKind {
        match self {
            Self::Operator => KeyKind::Operator,
            Self::Business(_) => KeyKind::Business,
        }
    }

    /// The business that a request is about, when it names `named`. `None`: it names none, or not the key's own; to
    /// the request that business does not exist.
    pub fn acts_for<'a>(&'a self, named: Option<&'a BusinessId>) -> Option<&'a BusinessId> {
        match self {
            Self::Operator => named,
            Self::Business(own) => named.is_none_or(|named| named == own).then_some(own),
        }
    }
}

/// What is kept of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredKey {
    /// Names the key; opens nothing.
    pub id: KeyId,
    /// By which the key is recognised.
    pub hash: KeyHash,
    /// Who holds it.
    pub owner: KeyOwner,
    /// What its holder calls it.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
    /// Where it may be used from; empty: from anywhere.
    #[serde(default)]
    pub networks: Vec<Network>,
    /// When it was made.
    pub created_at: Timestamp,
    /// The key that made it; `None` for the first one.
    #[serde(default)]
    pub created_by: Option<KeyId>,
    /// When it stops being good; `None`: never.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    /// The key that took its place, if one did.
    #[serde(default)]
    pub replaced_by: Option<KeyId>,
    /// When it was taken back, if it was.
    #[serde(default)]
    pub revoked_at: Option<Timestamp>,
    /// The member whose key it is; `None`: it is used with its text. Rows are compared by their texts, so that those
    /// without a member must be written as ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<Member>,
}

/// A key whose holder has shown its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proven<'a>(&'a StoredKey);

impl<'a> Proven<'a> {
    /// What is kept of the key.
    pub const fn key(self) -> &'a StoredKey {
        self.0
    }
}

/// Why a key may not do what it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, thiserror::Error)]
#[strum(serialize_all = "snake_case")]
pub enum Denied {
    /// It was taken back.
    #[error("the API key was revoked: use another one")]
    Revoked,
    /// Another one took its place, and the time for changing over has passed.
    #[error("the API key was replaced: use the new one")]
    Replaced,
    /// Its time is over.
    #[error("the API key has expired: use another one")]
    Expired,
    /// It may not be used from where the request came, or it is not known where that is.
    #[error("the API key may not be used from this address: use it from one of its networks")]
    Source,
    /// It has not this scope.
    #[error("the API key lacks the scope `{0}`: use a key that has it")]
    Scope(Scope),
}

impl Denied {
    /// The word for programs and for the log.
    pub fn code(&self) -> &'static str {
        self.into()
    }

    /// Whether the answer must be that of an unknown key (401), so that trying keys tells nothing. Otherwise the key
    /// is good, and the answer says what it lacks (403).
    pub const fn is_no_key(&self) -> bool {
        match self {
            Self::Revoked | Self::Replaced | Self::Expired => true,
            Self::Source | Self::Scope(_) => false,
        }
    }
}

/// Whether a key may be used at all, at `now`, for a request from `source`.
///
/// # Errors
/// [`Denied`]; the first reason in the order of its variants.
pub fn usable(key: Proven<'_>, now: Timestamp, source: Option<IpAddr>) -> Result<(), Denied> {
    let key = key.0;
    if key.revoked_at.is_some() {
        return Err(Denied::Revoked);
    }
    if key.is_over(now) {
        return Err(if key.replaced_by.is_some() { Denied::Replaced } else { Denied::Expired });
    }
    let known = |source: IpAddr| key.networks.iter().any(|network| network.contains(source));
    if !key.networks.is_empty() && !source.is_some_and(known) {
        return Err(Denied::Source);
    }
    Ok(())
}

/// Whether a key may do what `scope` names, at `now`, for a request from `source`.
///
/// # Errors
/// [`Denied`]; the first reason in the order of its variants.
pub fn allowed(key: Proven<'_>, now: Timestamp, source: Option<IpAddr>, scope: Scope) -> Result<(), Denied> {
    usable(key, now, source)?;
    let key = key.0;
    let operator = matches!(key.owner, KeyOwner::Operator);
    if key.scopes.contains(&scope) && (operator || !scope.is_operators()) {
        Ok(())
    } else {
        Err(Denied::Scope(scope))
    }
}

/// Why a key is not replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, thiserror::Error)]
#[strum(serialize_all = "snake_case")]
pub enum NotRotated {
    /// It was taken back.
    #[error("the API key was revoked: make a new one")]
    Revoked,
    /// Its time is over.
    #[error("the API key has expired: make a new one")]
    Expired,
    /// It has a successor.
    #[error("the API key was replaced already: rotate its successor")]
    Replaced,
    /// Both would be good for too long.
    #[error("the old key may stay good for {} days at most", MAX_OVERLAP.as_secs() / 86_400)]
    Overlap,
    /// The new key is of another kind.
    #[error("the new key is of another kind than the old one")]
    Kind,
}

impl NotRotated {
    /// The word for programs.
    pub fn code(&self) -> &'static str {
        self.into()
    }
}

/// Both keys of a rotation. They are stored together or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The key that was, and is good until the end of the overlap.
    pub old: StoredKey,
    /// Its successor, which is good from now on.
    pub new: StoredKey,
}

impl StoredKey {
    /// The key itself, if `shown` is its text.
    pub fn prove(&self, shown: &ApiKey) -> Option<Proven<'_>> {
        (self.owner.kind() == shown.kind() && self.hash == shown.hash()).then_some(Proven(self))
    }

    /// How it is shown in lists.
    pub fn shown(&self) -> String {
        self.id.shown(self.owner.kind())
    }

    fn is_over(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// Gives the key a successor that may do the same and lives as long again. The old one stays good for `overlap`,
    /// but not beyond its own end.
    ///
    /// # Errors
    /// [`NotRotated`].
    pub fn rotate(
        &self,
        successor: &ApiKey,
        now: Timestamp,
        overlap: Duration,
    ) -> Result<Rotation, NotRotated> {
        if self.revoked_at.is_some() {
            return Err(NotRotated::Revoked);
        }
        if self.replaced_by.is_some() {
            return Err(NotRotated::Replaced);
        }
        if self.is_over(now) {
            return Err(NotRotated::Expired);
        }
        if overlap > MAX_OVERLAP {
            return Err(NotRotated::Overlap);
        }
        if successor.kind() != self.owner.kind() {
            return Err(NotRotated::Kind);
        }
        let end = now.plus(overlap);
        let mut old = self.clone();
        old.expires_at = Some(self.expires_at.map_or(end, |own| own.min(end)));
        old.replaced_by = Some(successor.id());
        let new = Self {
            id: successor.id(),
            hash: successor.hash(),
            created_at: now,
            created_by: Some(self.id.clone()),
            expires_at: self.expires_at.map(|end| now.plus(end.since(self.created_at))),
            ..self.clone()
        };
        Ok(Rotation { old, new })
    }

    /// Takes the key back. Doing it again changes nothing.
    pub fn revoke(&mut self, now: Timestamp) {
        self.revoked_at.get_or_insert(now);
    }
}

#[cfg(test)]
mod tests;
