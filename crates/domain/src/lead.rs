//! Leads that come in: people who filled in a form somewhere, as the program that has the form tells it.
//!
//! A business has a few [sources](LeadSource), each with an address of its own. What is sent there proves itself ([`proof`]), is
//! read by a [`mapping`] into what is known of a person ([`form`]), and joins the contact whom it is about. A source may ask that
//! the person is called at once ([`calling`]): then, or not at all.

pub mod calling;
pub mod form;
pub mod mapping;
pub mod names;
pub mod proof;

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

use crate::campaign::Purpose;
use crate::contact::sheet::HowToRead;
use crate::contact::{ContactId, LeadId, StatusId};
use crate::endpoint::signing::{Signing, SigningSecret, SigningSecrets};
use crate::ids::named_by_request;
use crate::token::TokenKey;
use crate::{BusinessId, PhoneNumber, Timestamp};
use calling::Calling;
use mapping::Mapping;
use proof::Proof;

/// The most sources of a business.
pub const MAX_SOURCES: usize = 10;
/// The longest body of a lead, bytes. All of it is kept with the lead.
pub const MAX_BODY: usize = 32 * 1024;
/// How long a lead is kept, what was sent with it. The contact stays.
pub const KEPT: Duration = Duration::from_secs(30 * 86_400);
/// How long a lead is known by its key, or by its bytes if it came without one.
pub const ONCE_FOR: Duration = Duration::from_secs(24 * 3_600);
/// The most leads of one source in a minute.
pub const PER_MINUTE: u32 = 120;
/// The longest name of a source, characters.
pub const MAX_NAME: usize = 100;
/// The longest words for a consent, characters.
pub const MAX_CONSENT: usize = 500;
/// The longest words that a person wrote that are kept beside the lead, characters.
pub const MAX_MESSAGE: usize = 2_000;

/// Keeps the secrets of sources apart from every other use of the key that they are made of.
const SECRET_OF: &str = "lead source secret of ";

named_by_request! {
    /// Names a source of leads; its address ends with it.
    LeadSourceId, business: BusinessId
}

/// A place from which leads come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeadSource {
    /// Which.
    pub id: LeadSourceId,
    /// What people call it.
    pub name: String,
    /// Whether it takes leads.
    pub enabled: bool,
    /// How what is sent proves that it is the business's own.
    pub proof: Proof,
    /// The numbers of its secrets. The secrets themselves are derived and kept nowhere.
    pub signing: Signing<u64>,
    /// Where in what is sent things stand; empty: they are known by their names.
    pub mapping: Mapping,
    /// How numbers and days are read.
    pub how: HowToRead,
    /// The status that its people get in the pipeline; `None`: the first one.
    pub status: Option<StatusId>,
    /// Tags that its people get.
    pub tags: BTreeSet<String>,
    /// What its people are called for.
    pub purpose: Purpose,
    /// What they consent to with the form, in its words; `None`: to nothing.
    pub consent: Option<String>,
    /// How its people are called at once; `None`: they are not.
    pub call_now: Option<CallNow>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// How a person is called as soon as the lead has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallNow {
    /// The number of the business that calls.
    pub from: PhoneNumber,
    /// Why, for the agent to say; `None`: that the person asked for it.
    pub reason: Option<String>,
}

impl LeadSource {
    /// The secrets by which what is sent proves itself.
    pub fn secrets(&self, key: &TokenKey, business: &BusinessId) -> SigningSecrets {
        self.signing.map(|number| secret(key, business, &self.id, *number))
    }

    /// What is missing for what it is to do, as a field and what would be right.
    pub fn mistake(&self) -> Option<(&'static str, &'static str, &'static str)> {
        if self.call_now.is_some() && self.purpose == Purpose::Marketing && self.consent.is_none() {
            let detail = "people are called to sell them something only with their consent: say in `consent` what the form has \
                          them agree to, or do not call them";
            return Some(("consent", "missing", detail));
        }
        None
    }
}

/// One secret of a source: a MAC, so that it can be shown again to a repeated request and is kept in no store.
fn secret(key: &TokenKey, business: &BusinessId, id: &LeadSourceId, number: u64) -> SigningSecret {
    SigningSecret::of_bytes(&key.derived(&format!("{SECRET_OF}{business}/{id}#{number}")))
}

/// What became of a lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum LeadState {
    /// It made a contact.
    Created,
    /// Its person was known, and the lead joined the contact.
    Joined,
    /// It could not be read: nothing came of it.
    Refused,
}

impl LeadState {
    /// Every state.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Something about a field of a lead that people should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadNote {
    /// The field of the contact, as a mapping names it.
    pub field: String,
    /// The word for programs.
    pub code: String,
    /// What is so, and what would be right.
    pub detail: String,
}

/// A lead that came in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lead {
    /// Names it, and when it came.
    pub id: LeadId,
    /// Where from.
    pub source: LeadSourceId,
    /// What became of it.
    pub state: LeadState,
    /// The contact as it was when the lead came; `None`: the lead was refused.
    pub contact: Option<ContactId>,
    /// What its people are called for, as the source had it then.
    pub purpose: Purpose,
    /// What the person consented to; `None`: to nothing.
    pub consent: Option<String>,
    /// What the person wrote.
    pub message: Option<String>,
    /// What was left out of it, or why it was refused.
    pub notes: Vec<LeadNote>,
    /// The names of what was sent, of a lead that was refused: enough to set the mapping right, and nothing of a person.
    #[serde(default)]
    pub paths: Vec<String>,
    /// Whether the person is called.
    pub call: Calling,
}

// It speaks of a person.
impl fmt::Debug for Lead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lead").field("id", &self.id).field("state", &self.state).finish_non_exhaustive()
    }
}
