//! Members: people who work for a business and sign in at the console through an issuer of OpenID Connect.
//!
//! A member is a key without a text. An invitation makes it, with the scopes of a role; from then on it is judged, counted,
//! logged and revoked as every key is, and a sign-in stands for it. Who accepted the invitation is another row
//! ([`Joined`]), so that the key has one writer and the acceptance another.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use super::oidc::{Email, PersonId};
use super::{ApiKey, Denied, KeyId, KeyKind, KeyOwner, Mistake, NewKey, Proven, Role, StoredKey};
use crate::{BusinessId, Timestamp};

/// How long an invitation may be accepted.
pub const INVITATION_LASTS: Duration = Duration::from_secs(7 * 24 * 3_600);
/// The members of one business, open invitations included.
pub const MAX_MEMBERS: usize = 200;
/// The businesses of one person: a list of them is one answer.
pub const MAX_MEMBERSHIPS: usize = 100;

/// What makes a key a member's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// What the member may do. The scopes of its key are those that the role had when it was given.
    pub role: Role,
    /// Until when the invitation may be accepted.
    pub invited_until: Timestamp,
}

/// A person who is to be invited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMember {
    /// What the inviter calls the person.
    pub name: String,
    /// What the person may do.
    pub role: Role,
}

impl NewMember {
    /// The member's key. `text` is the invitation's, of the kind [`KeyKind::Invitation`], and no text proves the key.
    /// `by` is the key that invites.
    ///
    /// # Errors
    /// Every [`Mistake`]. A role is not given by a key that lacks a scope of it.
    pub fn invite(
        self,
        business: BusinessId,
        text: &ApiKey,
        now: Timestamp,
        by: &StoredKey,
    ) -> Result<StoredKey, Vec<Mistake>> {
        let Self { name, role } = self;
        let wish = NewKey { name, role: Some(role), ..NewKey::default() };
        let owner = KeyOwner::Business(business);
        let key = wish.issue_as(KeyKind::Invitation, owner, text, now, Some(by))?;
        Ok(StoredKey { member: Some(Member { role, invited_until: now.plus(INVITATION_LASTS) }), ..key })
    }
}

/// Why an invitation is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, thiserror::Error)]
#[strum(serialize_all = "snake_case")]
pub enum NotInvited {
    /// There is no such invitation, or it was withdrawn.
    #[error("there is no such invitation, or it was withdrawn: ask for another one")]
    InvitationUnknown,
    /// It was not accepted in time.
    #[error("the invitation was good for {} days: ask for another one", INVITATION_LASTS.as_secs() / 86_400)]
    InvitationOver,
    /// Another person accepted it.
    #[error("the invitation was accepted already: sign in without it, or ask for another one")]
    InvitationUsed,
}

impl NotInvited {
    /// The word for programs.
    pub fn code(&self) -> &'static str {
        self.into()
    }
}

impl StoredKey {
    /// Whether `shown` is the text of the invitation that made this key, and the invitation may be accepted at `now` as
    /// far as the key tells.
    ///
    /// # Errors
    /// [`NotInvited`].
    pub fn invited_with(&self, shown: &ApiKey, now: Timestamp) -> Result<(), NotInvited> {
        if shown.kind() != KeyKind::Invitation || self.hash != shown.hash() {
            return Err(NotInvited::InvitationUnknown);
        }
        self.invited(now)
    }

    /// Whether the key is a member's whose invitation may be accepted at `now`, as far as the key tells.
    ///
    /// # Errors
    /// [`NotInvited`].
    pub fn invited(&self, now: Timestamp) -> Result<(), NotInvited> {
        match &self.member {
            None => Err(NotInvited::InvitationUnknown),
            Some(_) if self.revoked_at.is_some() => Err(NotInvited::InvitationUnknown),
            Some(member) if member.invited_until <= now => Err(NotInvited::InvitationOver),
            Some(_) => Ok(()),
        }
    }

    /// Gives a member another role, or what the same role has now. `by` is the key that does.
    ///
    /// # Errors
    /// [`Denied::Scope`] when `by` lacks a scope that the member has or gets: a key gives and takes no more than it has.
    pub fn set_role(&mut self, role: Role, by: &Self) -> Result<(), Denied> {
        let scopes = role.scopes();
        if let Some(more) = scopes.union(&self.scopes).find(|scope| !by.scopes.contains(scope)) {
            return Err(Denied::Scope(*more));
        }
        if let Some(member) = &mut self.member {
            (member.role, self.scopes) = (role, scopes);
        }
        Ok(())
    }
}

/// That a person accepted an invitation. There is one for each member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// The member's key.
    pub key: KeyId,
    /// Who accepted.
    pub person: PersonId,
    /// The person's e-mail address, if the issuer says that it has verified it. For display alone.
    pub email: Option<Email>,
    /// When it was accepted.
    pub at: Timestamp,
}

/// One of the businesses of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Who is meant.
    pub person: PersonId,
    /// The member's key.
    pub key: KeyId,
    /// When the person last signed in with it.
    pub used_at: Timestamp,
}

impl Membership {
    /// The member's key, proven, if `person`, whom an issuer has identified, is whose membership it is.
    pub fn prove<'a>(&self, person: &PersonId, key: &'a StoredKey) -> Option<Proven<'a>> {
        let fits = self.person == *person && self.key == key.id && key.member.is_some();
        fits.then_some(Proven(key))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::access::{Scope, usable};

    const NOW: Timestamp = Timestamp(1_795_000_000_000);

    fn invitation(n: u8) -> ApiKey {
        ApiKey::of_random(KeyKind::Invitation, &[n; 32])
    }

    fn business() -> BusinessId {
        BusinessId::parse("harbour").unwrap()
    }

    fn key_of(role: Role) -> StoredKey {
        let text = ApiKey::of_random(KeyKind::Business, &[9; 32]);
        let wish = NewKey { name: "desk".into(), role: Some(role), ..NewKey::default() };
        wish.issue(KeyOwner::Business(business()), &text, NOW, None).unwrap()
    }

    fn invite(role: Role, by: &StoredKey) -> Result<StoredKey, Vec<Mistake>> {
        let new = NewMember { name: " Ada ".into(), role };
        new.invite(business(), &invitation(1), NOW, by)
    }

    #[test]
    fn an_invitation_makes_a_key_that_no_text_proves() {
        let member = invite(Role::Agent, &key_of(Role::Owner)).unwrap();
        assert_eq!((member.name.as_str(), &member.scopes), ("Ada", &Role::Agent.scopes()));
        assert!(member.prove(&invitation(1)).is_none());
        assert_eq!(member.invited_with(&invitation(1), NOW), Ok(()));
        assert_eq!(member.invited_with(&invitation(2), NOW), Err(NotInvited::InvitationUnknown));
        let text = ApiKey::of_random(KeyKind::Business, &[1; 32]);
        assert_eq!(member.invited_with(&text, NOW), Err(NotInvited::InvitationUnknown));
    }

    #[test]
    fn an_invitation_has_an_end_and_can_be_withdrawn() {
        let mut member = invite(Role::Agent, &key_of(Role::Owner)).unwrap();
        let end = NOW.plus(INVITATION_LASTS);
        assert_eq!(member.invited(Timestamp(end.0 - 1)), Ok(()));
        assert_eq!(member.invited(end), Err(NotInvited::InvitationOver));
        member.revoke(NOW);
        assert_eq!(member.invited(NOW), Err(NotInvited::InvitationUnknown));
        assert_eq!(key_of(Role::Owner).invited(NOW), Err(NotInvited::InvitationUnknown));
    }

    #[test]
    fn a_membership_proves_the_key_of_its_person_alone() {
        let member = invite(Role::Viewer, &key_of(Role::Owner)).unwrap();
        let [ada, eve] = ["ada", "eve"].map(|subject| PersonId::of("https://id.example", subject));
        let of_ada = Membership { person: ada.clone(), key: member.id.clone(), used_at: NOW };
        let proven = of_ada.prove(&ada, &member).unwrap();
        assert_eq!(usable(proven, NOW, None), Ok(()));
        assert!(of_ada.prove(&eve, &member).is_none());
        let text = key_of(Role::Owner);
        assert!(Membership { key: text.id.clone(), ..of_ada }.prove(&ada, &text).is_none(), "no member's");
    }

    /// Rows from before there were members read back, and are written as they were.
    #[test]
    fn a_row_without_a_member_is_as_it_was() {
        let row = serde_json::to_string(&key_of(Role::Viewer)).unwrap();
        assert!(!row.contains("member"));
        assert_eq!(serde_json::from_str::<StoredKey>(&row).unwrap(), key_of(Role::Viewer));
        let member = invite(Role::Viewer, &key_of(Role::Owner)).unwrap();
        let row = serde_json::to_string(&member).unwrap();
        assert_eq!(serde_json::from_str::<StoredKey>(&row).unwrap(), member);
    }

    fn role() -> impl Strategy<Value = Role> {
        prop::sample::select(Role::ALL)
    }

    proptest! {
        /// A member never has a scope that its inviter has not, not by a later change of its role either.
        #[test]
        fn a_role_is_given_by_those_who_have_all_of_it(by in role(), first in role(), then in role()) {
            let by = key_of(by);
            let has = |role: Role| role.scopes().is_subset(&by.scopes);
            match invite(first, &by) {
                Ok(_) => prop_assert!(has(first)),
                Err(mistakes) => {
                    prop_assert!(!has(first));
                    prop_assert!(mistakes.iter().all(|mistake| matches!(mistake, Mistake::NotHeld(_))));
                }
            }
            let mut member = invite(first, &key_of(Role::Owner)).unwrap();
            let before = member.clone();
            let changed = member.set_role(then, &by);
            prop_assert_eq!(changed.is_ok(), has(first) && has(then));
            if changed.is_ok() {
                prop_assert_eq!(&member.scopes, &then.scopes());
                prop_assert_eq!(member.member.unwrap().role, then);
            } else {
                prop_assert_eq!(member, before);
            }
            prop_assert!(!by.scopes.contains(&Scope::BusinessesRead));
        }
    }
}
