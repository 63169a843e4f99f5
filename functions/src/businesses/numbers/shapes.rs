//! The requests and answers about numbers.

use domain::PhoneNumber;
use domain::numbers::{ChannelName, NewNumber, NotTaken, OwnNumber, SettingsChannel};
use http::StatusCode;
use serde::{Deserialize, Deserializer, Serialize};
use twilio::rest::{NumberResource, NumberSetup};
use utoipa::ToSchema;

use crate::edge::problem::Problem;
use crate::shared::shapes::Time;

/// A number that the business is to have.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"number": "+4314090410", "label": "reception"}))]
pub(super) struct NewNumberRequest {
    /// E.164.
    #[schema(pattern = r"^\+[1-9][0-9]{6,14}$", example = "+4314090410")]
    number: String,
    /// What the business calls it.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 80)]
    label: Option<String>,
    /// The settings channel of its calls; null: what is published.
    #[serde(default)]
    channel: Option<String>,
    /// Whether Twilio is told where its calls go.
    #[serde(default)]
    pub(super) set_up: bool,
}

impl NewNumberRequest {
    pub(super) fn read(self) -> Result<NewNumber, Problem> {
        let number = PhoneNumber::parse(&self.number)
            .map_err(|error| Problem::invalid("/number", "e164", error.to_string()))?;
        Ok(NewNumber { number, label: self.label, settings: channel(self.channel)? })
    }
}

fn channel(name: Option<String>) -> Result<SettingsChannel, Problem> {
    let Some(name) = name else { return Ok(SettingsChannel::Published) };
    let name = ChannelName::parse(&name);
    name.map(SettingsChannel::Channel)
        .map_err(|error| Problem::invalid("/channel", "name", error.to_string()))
}

/// What is to change of a number; what is left out stays, and null takes it away.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"label": "reception"}))]
pub(super) struct ChangeNumber {
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 80)]
    label: Option<Option<String>>,
}

/// Tells null, which deletes, from a field that is left out.
fn present<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(reader).map(Some)
}

impl ChangeNumber {
    pub(super) fn of(self, seen: OwnNumber) -> NewNumber {
        let OwnNumber { number, label, settings, .. } = seen;
        NewNumber { number, label: self.label.unwrap_or(label), settings }
    }
}

/// The business that a number is handed over to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"to": "harbour-bikes"}))]
pub(super) struct MoveNumber {
    /// Its id.
    #[schema(pattern = "^[a-z0-9-]{1,64}$")]
    pub(super) to: String,
}

pub(super) fn not_taken(why: NotTaken) -> Problem {
    match why {
        NotTaken::Taken => {
            Problem::new(StatusCode::CONFLICT, "number taken").code(why.code()).detail(why.to_string())
        }
        NotTaken::Label => Problem::invalid("/label", why.code(), why.to_string()),
        NotTaken::UnknownCountry | NotTaken::NotInPlan(_) | NotTaken::Barred(_) => {
            Problem::invalid("/number", why.code(), why.to_string())
        }
    }
}

/// A number of the business.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NumberView {
    /// E.164.
    number: String,
    /// What the business calls it.
    label: Option<String>,
    /// The settings channel of its calls; null: what is published.
    channel: Option<String>,
    /// Since when it is the business's.
    #[schema(value_type = String, format = DateTime)]
    since: Time,
}

impl NumberView {
    pub(super) fn new(own: &OwnNumber) -> Self {
        Self {
            number: own.number.as_e164().to_owned(),
            label: own.label.clone(),
            channel: match &own.settings {
                SettingsChannel::Published => None,
                SettingsChannel::Channel(name) => Some(name.to_string()),
            },
            since: Time(own.since),
        }
    }
}

/// The numbers of the business.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NumberList {
    pub(super) numbers: Vec<NumberView>,
}

/// What Twilio has of a number, beside what it should have.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NumberCheck {
    /// Whether everything is as it should be.
    ok: bool,
    /// Whether the Twilio account has the number.
    at_twilio: bool,
    voice_url: CheckedAddress,
    voice_fallback_url: CheckedAddress,
    status_callback: CheckedAddress,
}

/// An address as it is and as it should be.
#[derive(Debug, Serialize, ToSchema)]
struct CheckedAddress {
    /// What Twilio has.
    is: Option<String>,
    /// What it should have.
    should_be: String,
}

impl NumberCheck {
    pub(super) fn new(setup: &NumberSetup, found: Option<&NumberResource>) -> Self {
        let address = |should_be: &str, is: Option<&Option<String>>| CheckedAddress {
            is: is.cloned().flatten().filter(|is| !is.is_empty()),
            should_be: should_be.to_owned(),
        };
        let voice_url = address(&setup.voice_url, found.map(|found| &found.voice_url));
        let voice_fallback_url =
            address(&setup.voice_fallback_url, found.map(|found| &found.voice_fallback_url));
        let status_callback = address(&setup.status_callback, found.map(|found| &found.status_callback));
        let all = [&voice_url, &voice_fallback_url, &status_callback];
        let ok = all.iter().all(|address| address.is.as_ref() == Some(&address.should_be));
        Self { ok, at_twilio: found.is_some(), voice_url, voice_fallback_url, status_callback }
    }
}
