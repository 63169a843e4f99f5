use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use serde::de::{Error as _, IgnoredAny};
use serde::{Deserialize, Deserializer};

use crate::webhook::{AnsweredBy, CallStatus};
use crate::{Party, Sid};

/// A call, as `GET` and `POST` of a call answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CallResource {
    /// The call.
    #[serde(deserialize_with = "call_sid")]
    pub sid: Sid,
    /// Where it is in its life.
    #[serde(deserialize_with = "call_status")]
    pub status: CallStatus,
    /// Twilio's word for the direction, as received.
    #[serde(default)]
    pub direction: Option<String>,
    /// Who calls.
    #[serde(default, deserialize_with = "party")]
    pub from: Option<Party>,
    /// Who is called.
    #[serde(default, deserialize_with = "party")]
    pub to: Option<Party>,
    /// When it was asked for, RFC 2822, as received.
    #[serde(default)]
    pub date_created: Option<String>,
    /// When it was answered, RFC 2822, as received.
    #[serde(default)]
    pub start_time: Option<String>,
    /// When it ended, RFC 2822, as received.
    #[serde(default)]
    pub end_time: Option<String>,
    /// Length in whole seconds, once it is over.
    #[serde(default, rename = "duration", deserialize_with = "number")]
    pub duration_s: Option<u32>,
    /// AMD's verdict.
    #[serde(default, deserialize_with = "answered_by")]
    pub answered_by: Option<AnsweredBy>,
    /// The leg that dialled this one.
    #[serde(default, deserialize_with = "optional_call_sid")]
    pub parent_call_sid: Option<Sid>,
}

/// Calls, first page.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CallList {
    /// Newest first.
    pub calls: Vec<CallResource>,
}

/// A recording.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RecordingResource {
    /// The recording.
    #[serde(deserialize_with = "recording_sid")]
    pub sid: Sid,
    /// The call that was recorded: the parent leg.
    #[serde(deserialize_with = "call_sid")]
    pub call_sid: Sid,
    /// What can be done with it.
    #[serde(deserialize_with = "recording_state")]
    pub status: RecordingState,
    /// Length in whole seconds; Twilio writes -1 while it does not know it.
    #[serde(default, rename = "duration", deserialize_with = "number_if_any")]
    pub duration_s: Option<u32>,
    /// 1 or 2.
    #[serde(default, deserialize_with = "number_if_any")]
    pub channels: Option<u8>,
    /// How it was started, as received.
    #[serde(default)]
    pub source: Option<String>,
    /// Why it is absent, a Twilio error code.
    #[serde(default, deserialize_with = "number_if_any")]
    pub error_code: Option<u32>,
    /// The media is encrypted with a key of the account's (Voice Recording Encryption).
    #[serde(default, rename = "encryption_details", deserialize_with = "is_given")]
    pub encrypted: bool,
}

/// The status of a [`RecordingResource`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RecordingState {
    /// Being recorded, paused or processed: ask again.
    Pending,
    /// The media can be fetched.
    Completed,
    /// There is no media and there will be none.
    Absent,
    /// Deleted: the media is gone, what is known about it stays for 40 days.
    Deleted,
    /// A word that Twilio did not document when this was written.
    Other(String),
}

/// The recordings of a call, first page.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RecordingList {
    /// Newest first.
    pub recordings: Vec<RecordingResource>,
}

/// A number as Twilio writes it, a string, or as JSON would have it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number<'a> {
    Number(i64),
    #[serde(borrow)]
    Text(Cow<'a, str>),
}

fn number<'de, D: Deserializer<'de>, N: FromStr>(deserializer: D) -> Result<Option<N>, D::Error> {
    let text = match Option::<Number<'_>>::deserialize(deserializer)? {
        None => return Ok(None),
        Some(Number::Number(number)) => Cow::Owned(number.to_string()),
        Some(Number::Text(text)) => text,
    };
    text.parse().map(Some).map_err(|_| D::Error::custom("a number is out of range"))
}

/// A number that is of use and not needed: one that cannot be read is not known.
fn number_if_any<'de, D: Deserializer<'de>, N: FromStr>(deserializer: D) -> Result<Option<N>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Any<'a> {
        #[serde(borrow)]
        Number(Number<'a>),
        Other(IgnoredAny),
    }
    Ok(match Option::<Any<'_>>::deserialize(deserializer)? {
        Some(Any::Number(Number::Number(number))) => number.to_string().parse().ok(),
        Some(Any::Number(Number::Text(text))) => text.trim().parse().ok(),
        Some(Any::Other(_)) | None => None,
    })
}

/// Details of whatever form: only whether there are any matters.
#[derive(Deserialize)]
#[serde(untagged)]
enum Details<'a> {
    Fields(HashMap<Cow<'a, str>, IgnoredAny>),
    Text(Cow<'a, str>),
    Other(IgnoredAny),
}

fn is_given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(match Option::<Details<'_>>::deserialize(deserializer)? {
        None => false,
        Some(Details::Fields(fields)) => !fields.is_empty(),
        Some(Details::Text(text)) => !text.trim().is_empty(),
        Some(Details::Other(_)) => true,
    })
}

fn sid<'de, D: Deserializer<'de>, E: fmt::Display>(
    deserializer: D,
    parse: fn(&str) -> Result<Sid, E>,
) -> Result<Sid, D::Error> {
    parse(&text(deserializer)?).map_err(D::Error::custom)
}

fn call_sid<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Sid, D::Error> {
    sid(deserializer, Sid::call)
}

fn recording_sid<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Sid, D::Error> {
    sid(deserializer, Sid::recording)
}

fn optional_call_sid<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Sid>, D::Error> {
    let sid = optional_text(deserializer)?.filter(|text| !text.is_empty());
    sid.map(|text| Sid::call(&text).map_err(D::Error::custom)).transpose()
}

fn call_status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<CallStatus, D::Error> {
    Ok(CallStatus::parse(&text(deserializer)?))
}

fn answered_by<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<AnsweredBy>, D::Error> {
    Ok(optional_text(deserializer)?.map(|word| AnsweredBy::parse(&word)))
}

fn party<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Party>, D::Error> {
    Ok(optional_text(deserializer)?.map(|raw| Party::parse(&raw)))
}

fn recording_state<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RecordingState, D::Error> {
    Ok(match text(deserializer)?.as_ref() {
        "in-progress" | "paused" | "stopped" | "processing" => RecordingState::Pending,
        "completed" => RecordingState::Completed,
        "absent" => RecordingState::Absent,
        "deleted" => RecordingState::Deleted,
        other => RecordingState::Other(other.to_owned()),
    })
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cow<'de, str>, D::Error> {
    Cow::deserialize(deserializer)
}

fn optional_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cow<'de, str>>, D::Error> {
    Option::deserialize(deserializer)
}
