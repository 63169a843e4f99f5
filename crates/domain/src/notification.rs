//! Notifications: what the people of a business are told of, in a room of their chat, by text or by mail.
//!
//! What happened is an event of the outbox; what is here decides which receivers are told of it and when ([`Receiver`]), how one
//! notification moves from attempt to attempt ([`notice`]), and what it says ([`words`], [`cards`]). A program is told of
//! everything by an endpoint, with a signature; a person is told of little, in words, and once.

pub mod cards;
pub mod notice;
pub mod reason;
pub mod texts;
pub mod words;

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

use crate::event::Type;
use crate::hours::{Covering, Week};
use crate::ids::named_by_request;
use crate::zone::Zone;
use crate::{BusinessId, PhoneNumber, Secret, Timestamp};

/// The most receivers of a business.
pub const MAX_RECEIVERS: usize = 20;
/// The longest name of a receiver, characters.
pub const MAX_NAME_CHARS: usize = 80;
/// The longest address of a chat's room, bytes.
pub const MAX_URL: usize = 2_000;

named_by_request! {
    /// Names a receiver.
    ReceiverId, business: BusinessId
}

/// What a receiver may want to be told of.
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
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Cause {
    /// A person left a message with the agent, in a call or in writing.
    MessageTaken,
    /// A caller left a recorded message.
    Voicemail,
    /// A call that no agent had.
    MissedCall,
    /// The agent gave a thread of texts to the people of the business.
    HandedOver,
    /// What was used in a month comes near a cap of the business, or has reached it.
    LowBudget,
    /// An endpoint or a receiver is told nothing any more.
    Unreachable,
}

impl Cause {
    /// Every one.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The word by which it is stored and shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// What an event of this type is for people; `None`: they are not told of it.
    pub const fn of(kind: Type) -> Option<Self> {
        Some(match kind {
            Type::MessageTaken => Self::MessageTaken,
            Type::VoicemailReceived => Self::Voicemail,
            Type::CallMissed => Self::MissedCall,
            Type::ThreadHandedOver => Self::HandedOver,
            Type::UsageWarning | Type::UsageCapReached => Self::LowBudget,
            Type::EndpointDisabled | Type::ReceiverDisabled => Self::Unreachable,
            _ => return None,
        })
    }
}

/// What a receiver wants to be told of, and whether that may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What.
    pub on: Cause,
    /// It is told in quiet hours, too.
    #[serde(default)]
    pub urgent: bool,
}

/// Where a receiver is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Address {
    /// A room of Slack, by the address of an incoming webhook. Who knows it can write there.
    Slack {
        /// The address.
        url: Secret,
    },
    /// A room of Microsoft Teams, by the address of a workflow that takes cards. Who knows it can write there.
    Teams {
        /// The address.
        url: Secret,
    },
    /// A person's mailbox.
    Email {
        /// Its address.
        to: String,
    },
    /// A person's telephone, by SMS.
    Sms {
        /// Theirs.
        to: PhoneNumber,
        /// One of the business's.
        from: PhoneNumber,
    },
    /// A person's WhatsApp.
    #[serde(rename = "whatsapp")]
    WhatsApp {
        /// Theirs.
        to: PhoneNumber,
        /// One of the business's.
        from: PhoneNumber,
        /// Meta's name of the sender; `None`: the number is at Twilio.
        phone_number_id: Option<String>,
        /// The template that is sent; `None`: words, which WhatsApp takes for a day after the person has written.
        template: Option<TemplateName>,
    },
}

/// A template that a carrier has approved: its places 1, 2 and 3 are the title, what happened, and the link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateName {
    /// Twilio's content sid, or the template's name at Meta.
    pub name: String,
    /// The language under which Meta has it.
    #[serde(default)]
    pub language: Option<String>,
}

/// A kind of address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    /// A room of Slack.
    Slack,
    /// A room of Microsoft Teams.
    Teams,
    /// E-mail.
    Email,
    /// SMS.
    Sms,
    /// WhatsApp.
    #[serde(rename = "whatsapp")]
    #[strum(serialize = "whatsapp")]
    WhatsApp,
}

impl Kind {
    /// Every one.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The word by which it is stored and shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

impl Address {
    /// Of which kind it is.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Slack { .. } => Kind::Slack,
            Self::Teams { .. } => Kind::Teams,
            Self::Email { .. } => Kind::Email,
            Self::Sms { .. } => Kind::Sms,
            Self::WhatsApp { .. } => Kind::WhatsApp,
        }
    }

    /// Whether the other side can be asked if it has what was sent: Twilio has a list, Meta, SES and rooms have none.
    pub const fn can_be_asked(&self) -> bool {
        match self {
            Self::Sms { .. } => true,
            Self::WhatsApp { phone_number_id, .. } => phone_number_id.is_none(),
            Self::Slack { .. } | Self::Teams { .. } | Self::Email { .. } => false,
        }
    }

    /// As people may see it: of what lets everybody write into a room, the host and the last characters.
    pub fn shown(&self) -> String {
        match self {
            Self::Slack { url } | Self::Teams { url } => shown_url(url.expose()),
            Self::Email { to } => to.clone(),
            Self::Sms { to, .. } | Self::WhatsApp { to, .. } => to.as_e164().to_owned(),
        }
    }
}

/// The host of an address and its end, by which its owner knows it.
fn shown_url(url: &str) -> String {
    const END: usize = 4;
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let end: String = path.chars().skip(path.chars().count().saturating_sub(END)).collect();
    // Of a path that is hardly longer, nothing is shown.
    if path.chars().count() > 4 * END { format!("{host}/…{end}") } else { format!("{host}/…") }
}

/// Why a receiver is told nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Disabled {
    /// Its owner wants it so.
    Requested,
    /// The room is not there any more: 404 or 410.
    Gone,
    /// The person wants no texts from this number.
    OptedOut,
}

impl Disabled {
    /// Every one.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Who wants to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receiver {
    /// Which.
    pub id: ReceiverId,
    /// What people call it.
    pub name: String,
    /// Where it is reached.
    pub address: Address,
    /// What it is told of.
    pub rules: Vec<Rule>,
    /// When it is told nothing, by the business's clocks; what happens then is told when they end.
    pub quiet: Option<Week>,
    /// Why it is told nothing, and since when; `None`: it is told.
    pub disabled: Option<(Disabled, Timestamp)>,
    /// When it was made.
    pub created_at: Timestamp,
    /// The place in the order of events behind which it begins.
    pub begins_behind: u64,
}

impl Receiver {
    /// Its rule for what happened.
    fn rule(&self, cause: Cause) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.on == cause)
    }

    /// Until when what happened waits, if it does at `now`. Looked at before each attempt, so that hours that are changed, and
    /// attempts that come late, go by what holds then.
    pub fn waits(&self, cause: Cause, now: Timestamp, zone: &Zone) -> Option<Timestamp> {
        if self.rule(cause).is_some_and(|rule| rule.urgent) {
            return None;
        }
        match self.quiet.as_ref()?.covering(now, zone) {
            Covering::Within { until } => until,
            Covering::Outside { .. } => None,
        }
    }
}

/// Whether quiet hours end at all.
pub fn ends(quiet: &Week) -> bool {
    !matches!(quiet.covering(Timestamp(0), &Zone::utc()), Covering::Within { until: None })
}

/// Which of these receivers are told of the event of this place in the order.
pub fn told(receivers: &[Receiver], cause: Cause, sequence: u64) -> Vec<&Receiver> {
    let is_told =
        |one: &&Receiver| one.disabled.is_none() && one.begins_behind < sequence && one.rule(cause).is_some();
    receivers.iter().filter(is_told).collect()
}

#[cfg(test)]
mod tests;
