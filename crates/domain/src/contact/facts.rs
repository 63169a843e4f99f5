//! What is known, and how sure that is.

use std::fmt;

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use super::{MAX_QUOTE, cut};
use crate::{CallSid, Timestamp};

/// Who said something of a contact, the least believed first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Source {
    /// The network's name of a caller.
    CallerName,
    /// The name of a profile, such as WhatsApp's.
    Profile,
    /// A file or another system.
    Import,
    /// A form that the person filled in.
    Form,
    /// It was said in a call.
    Call,
    /// A person of the business typed it.
    Person,
}

impl Source {
    /// The word by which it is shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A value, and what it stands on.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known<T> {
    /// What is known.
    pub value: T,
    /// Who said it.
    pub source: Source,
    /// When it was said.
    pub at: Timestamp,
    /// How sure it is, 0 to 100; `None`: its source does not doubt it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<u8>,
    /// The call in which it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallSid>,
    /// The words on which it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
}

// What is known of a person reaches no log.
impl<T> fmt::Debug for Known<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Known").field("source", &self.source).finish_non_exhaustive()
    }
}

impl<T> Known<T> {
    /// Something that this source does not doubt.
    pub const fn by(source: Source, value: T, at: Timestamp) -> Self {
        Self { value, source, at, confidence: None, call: None, quote: None }
    }

    /// Something that was said in a call.
    pub fn said(value: T, call: &CallSid, confidence: u8, quote: &str, at: Timestamp) -> Self {
        Self {
            value,
            source: Source::Call,
            at,
            confidence: Some(confidence.min(100)),
            call: Some(call.clone()),
            quote: Some(cut(quote, MAX_QUOTE)),
        }
    }

    /// How sure it is among values of the same source, 0 to 100.
    fn certainty(&self) -> u8 {
        self.confidence.unwrap_or(100)
    }

    /// Whether another value takes the place of this one: one of a higher source always, of the same source one that a
    /// person typed, or one that is more certain. So no later call replaces what an earlier one said with the same
    /// certainty, and a repeated job changes nothing.
    pub fn yields_to<U>(&self, other: &Known<U>) -> bool {
        match self.source.cmp(&other.source) {
            std::cmp::Ordering::Less => true,
            std::cmp::Ordering::Greater => false,
            std::cmp::Ordering::Equal => match self.source {
                // A form can be sent again by anyone who knows the number.
                Source::Call | Source::Form => other.certainty() > self.certainty(),
                Source::CallerName | Source::Profile | Source::Import | Source::Person => other.at >= self.at,
            },
        }
    }
}

/// Writes a value where none is, or where the one that stands [yields](Known::yields_to). `false`: it changes nothing.
pub(super) fn learn<T: PartialEq>(standing: &mut Option<Known<T>>, new: Known<T>) -> bool {
    let changes = standing.as_ref().is_none_or(|standing| standing.yields_to(&new));
    if changes {
        *standing = Some(new);
    }
    changes
}
