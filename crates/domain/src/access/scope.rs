//! What a key may do: scopes, and the roles that stand for sets of them.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// One thing that a key may do, `resource:action`. A route asks for one of them; there is no wildcard, so a new scope
/// is held by no key until it is given to one.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    IntoStaticStr,
    EnumString,
    VariantArray,
)]
#[serde(try_from = "String", into = "String")]
pub enum Scope {
    /// See calls and what they came to.
    #[strum(serialize = "calls:read")]
    CallsRead,
    /// Place calls, and cancel those that ring.
    #[strum(serialize = "calls:write")]
    CallsWrite,
    /// Talk to the agent from the console.
    #[strum(serialize = "calls:test")]
    CallsTest,
    /// Act on a call in progress: end it, transfer it, say something, mute the agent.
    #[strum(serialize = "calls:control")]
    CallsControl,
    /// Listen to a call in progress.
    #[strum(serialize = "calls:listen")]
    CallsListen,
    /// Hear recordings.
    #[strum(serialize = "recordings:read")]
    RecordingsRead,
    /// Delete recordings, and put them under legal hold.
    #[strum(serialize = "recordings:write")]
    RecordingsWrite,
    /// Make links by which others hear a recording.
    #[strum(serialize = "recordings:share")]
    RecordingsShare,
    /// Read what was said.
    #[strum(serialize = "transcripts:read")]
    TranscriptsRead,
    /// Correct transcripts, and have them made again.
    #[strum(serialize = "transcripts:write")]
    TranscriptsWrite,
    /// Say that what callers left is dealt with, or is to be dealt with after all.
    #[strum(serialize = "messages:write")]
    MessagesWrite,
    /// Read threads and their texts.
    #[strum(serialize = "texts:read")]
    TextsRead,
    /// Send texts, take threads from the agent and give them back.
    #[strum(serialize = "texts:write")]
    TextsWrite,
    /// See calendars, services, free times and appointments.
    #[strum(serialize = "appointments:read")]
    AppointmentsRead,
    /// Book, move and cancel appointments, and say what became of them.
    #[strum(serialize = "appointments:write")]
    AppointmentsWrite,
    /// See the people whom the business knows, and what happened with them.
    #[strum(serialize = "contacts:read")]
    ContactsRead,
    /// Add, change, merge and delete the people whom the business knows.
    #[strum(serialize = "contacts:write")]
    ContactsWrite,
    /// Erase all that is kept of a person.
    #[strum(serialize = "contacts:erase")]
    ContactsErase,
    /// Give out all that is kept of a person, words and recordings included.
    #[strum(serialize = "contacts:export")]
    ContactsExport,
    /// See the addresses at which the business is told what happened, and what became of what was sent there.
    #[strum(serialize = "endpoints:read")]
    EndpointsRead,
    /// Add, change and remove such addresses, and have things sent to them again.
    #[strum(serialize = "endpoints:write")]
    EndpointsWrite,
    /// See where leads come from, and what came.
    #[strum(serialize = "leads:read")]
    LeadsRead,
    /// Add, change and remove such sources, and give them other secrets.
    #[strum(serialize = "leads:write")]
    LeadsWrite,
    /// See who of the business is notified of what, and what became of each notification.
    #[strum(serialize = "notifications:read")]
    NotificationsRead,
    /// Add, change and remove those who are notified.
    #[strum(serialize = "notifications:write")]
    NotificationsWrite,
    /// See campaigns, the people in them and what their calls came to.
    #[strum(serialize = "campaigns:read")]
    CampaignsRead,
    /// Make, start, pause and stop campaigns.
    #[strum(serialize = "campaigns:write")]
    CampaignsWrite,
    /// See settings, drafts and compiled prompts.
    #[strum(serialize = "settings:read")]
    SettingsRead,
    /// Write drafts of settings.
    #[strum(serialize = "settings:write")]
    SettingsWrite,
    /// Publish settings and roll them back: calls run with them at once.
    #[strum(serialize = "settings:publish")]
    SettingsPublish,
    /// See the business's numbers.
    #[strum(serialize = "numbers:read")]
    NumbersRead,
    /// Take, label, move and release numbers.
    #[strum(serialize = "numbers:write")]
    NumbersWrite,
    /// See the numbers that must not be called.
    #[strum(serialize = "do_not_call:read")]
    DoNotCallRead,
    /// Add and remove numbers that must not be called.
    #[strum(serialize = "do_not_call:write")]
    DoNotCallWrite,
    /// See the business's own profile.
    #[strum(serialize = "business:read")]
    BusinessRead,
    /// Change the business's own profile.
    #[strum(serialize = "business:write")]
    BusinessWrite,
    /// See keys, without their secrets.
    #[strum(serialize = "keys:read")]
    KeysRead,
    /// Make, rotate and revoke keys.
    #[strum(serialize = "keys:write")]
    KeysWrite,
    /// See what was used and what it cost.
    #[strum(serialize = "usage:read")]
    UsageRead,
    /// Set the business's own caps on minutes and money.
    #[strum(serialize = "usage:write")]
    UsageWrite,
    /// See and export the record of edits and readings.
    #[strum(serialize = "audit:read")]
    AuditRead,
    /// See which secrets of its own a business has set, never their texts.
    #[strum(serialize = "secrets:read")]
    SecretsRead,
    /// Set secrets of the business's own: its Twilio account.
    #[strum(serialize = "secrets:write")]
    SecretsWrite,
    /// List and search businesses. Operators only.
    #[strum(serialize = "businesses:read")]
    BusinessesRead,
    /// Set businesses up, suspend, resume and delete them. Operators only.
    #[strum(serialize = "businesses:write")]
    BusinessesWrite,
    /// Examine the deployment. Operators only.
    #[strum(serialize = "deployment:read")]
    DeploymentRead,
}

/// The text is no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a scope: give one such as `calls:read`")]
pub struct UnknownScope;

impl Scope {
    /// Every scope.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// Its text, `resource:action`.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Reads a scope.
    ///
    /// # Errors
    /// [`UnknownScope`].
    pub fn parse(text: &str) -> Result<Self, UnknownScope> {
        text.parse().map_err(|_| UnknownScope)
    }

    /// Whether only an operator's key may have it: what it allows concerns more than one business.
    pub const fn is_operators(self) -> bool {
        matches!(self, Self::BusinessesRead | Self::BusinessesWrite | Self::DeploymentRead)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for Scope {
    type Error = UnknownScope;
    fn try_from(text: String) -> Result<Self, UnknownScope> {
        Self::parse(&text)
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.as_str().to_owned()
    }
}

/// A set of scopes, in their order.
pub type Scopes = BTreeSet<Scope>;

/// A usual set of scopes of a business. Each role may do what the one before it may.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    IntoStaticStr,
    EnumString,
    VariantArray,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees calls and settings. Hears and reads no conversation.
    Viewer,
    /// Works with calls: places and controls them, hears recordings, corrects transcripts.
    Agent,
    /// Sets the business up: settings, numbers, profile, record of edits.
    Admin,
    /// Everything that a business may do, keys and caps included.
    Owner,
}

impl Role {
    /// Every role, from the one that may do least.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The word by which it is stored and shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The least role that has the scope; `None` for an operator's scope.
    const fn least(scope: Scope) -> Option<Self> {
        match scope {
            Scope::CallsRead | Scope::SettingsRead | Scope::NumbersRead | Scope::BusinessRead => {
                Some(Self::Viewer)
            }
            Scope::CallsWrite
            | Scope::CallsTest
            | Scope::CallsControl
            | Scope::CallsListen
            | Scope::RecordingsRead
            | Scope::TranscriptsRead
            | Scope::TranscriptsWrite
            | Scope::MessagesWrite
            | Scope::TextsRead
            | Scope::TextsWrite
            | Scope::AppointmentsRead
            | Scope::AppointmentsWrite
            | Scope::ContactsRead
            | Scope::ContactsWrite
            | Scope::CampaignsRead
            | Scope::LeadsRead
            | Scope::DoNotCallRead
            | Scope::DoNotCallWrite => Some(Self::Agent),
            Scope::ContactsErase
            | Scope::ContactsExport
            | Scope::RecordingsWrite
            | Scope::RecordingsShare
            | Scope::SettingsWrite
            | Scope::SettingsPublish
            | Scope::NumbersWrite
            | Scope::BusinessWrite
            | Scope::KeysRead
            | Scope::EndpointsRead
            | Scope::EndpointsWrite
            | Scope::LeadsWrite
            | Scope::NotificationsRead
            | Scope::NotificationsWrite
            | Scope::CampaignsWrite
            | Scope::UsageRead
            | Scope::AuditRead
            | Scope::SecretsRead => Some(Self::Admin),
            Scope::KeysWrite | Scope::UsageWrite | Scope::SecretsWrite => Some(Self::Owner),
            Scope::BusinessesRead | Scope::BusinessesWrite | Scope::DeploymentRead => None,
        }
    }

    /// What the role may do.
    pub fn scopes(self) -> Scopes {
        let has = |scope: &Scope| Self::least(*scope).is_some_and(|least| least <= self);
        Scope::ALL.iter().copied().filter(has).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_a_resource_and_an_action() {
        for scope in Scope::ALL {
            let (resource, action) = scope.as_str().split_once(':').unwrap();
            let plain = |word: &str| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            assert!(plain(resource) && plain(action), "{scope}");
            assert_eq!(Scope::parse(scope.as_str()), Ok(*scope));
        }
        for bad in ["", "calls", "calls:*", "Calls:read", "calls:read ", "*:*"] {
            assert_eq!(Scope::parse(bad), Err(UnknownScope), "{bad}");
        }
    }

    #[test]
    fn each_role_may_do_more_than_the_one_before_it() {
        let sets: Vec<Scopes> = Role::ALL.iter().map(|role| role.scopes()).collect();
        for pair in sets.windows(2) {
            assert!(pair[0].is_subset(&pair[1]) && pair[0] != pair[1]);
        }
        let owner = Role::Owner.scopes();
        for scope in Scope::ALL {
            assert_eq!(owner.contains(scope), !scope.is_operators(), "{scope}");
        }
    }

    #[test]
    fn a_viewer_hears_and_changes_nothing() {
        for scope in Role::Viewer.scopes() {
            assert!(scope.as_str().ends_with(":read"), "{scope}");
        }
        let viewer = Role::Viewer.scopes();
        assert!(!viewer.contains(&Scope::RecordingsRead) && !viewer.contains(&Scope::TranscriptsRead));
        assert!(!viewer.contains(&Scope::TextsRead));
        assert!(!Role::Admin.scopes().contains(&Scope::KeysWrite));
    }
}
