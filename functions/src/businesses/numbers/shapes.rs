//! The requests and answers about numbers.

use domain::PhoneNumber;
use domain::numbers::{NewNumber, NotTaken, OwnNumber, SettingsChannel};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::edge::api::input::present;
use crate::edge::api::schema;
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
    /// The settings channel that its calls run with; what is published without it.
    #[serde(default)]
    #[schema(value_type = Option<schema::SettingsChannel>)]
    channel: Option<String>,
    /// Whether Twilio is told where its calls go.
    #[serde(default)]
    pub(super) set_up: bool,
}

impl NewNumberRequest {
    pub(super) fn read(self) -> Result<NewNumber, Problem> {
        let number = PhoneNumber::parse(&self.number)
            .map_err(|error| Problem::invalid("/number", "e164", error.to_string()))?;
        let settings = self.channel.as_deref().map(channel).transpose()?.unwrap_or_default();
        Ok(NewNumber { number, label: self.label, settings })
    }
}

fn channel(name: &str) -> Result<SettingsChannel, Problem> {
    SettingsChannel::parse(name).map_err(|error| Problem::invalid("/channel", "channel", error.to_string()))
}

/// What is to change of a number; what is left out stays, and null takes it away.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"label": "reception", "channel": "trial"}))]
pub(super) struct ChangeNumber {
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 80)]
    label: Option<Option<String>>,
    /// The settings channel that its calls run with; null or `published`: what is published.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<schema::SettingsChannel>)]
    channel: Option<Option<String>>,
}

impl ChangeNumber {
    pub(super) fn of(self, seen: OwnNumber) -> Result<NewNumber, Problem> {
        let OwnNumber { number, label, settings, .. } = seen;
        let settings = match self.channel {
            None => settings,
            Some(None) => SettingsChannel::Published,
            Some(Some(name)) => channel(&name)?,
        };
        Ok(NewNumber { number, label: self.label.unwrap_or(label), settings })
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
        NotTaken::UnknownChannel => Problem::invalid("/channel", why.code(), why.to_string()),
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
    /// The settings channel that its calls run with; `published`: none, so what is published holds.
    #[schema(value_type = schema::SettingsChannel)]
    channel: String,
    /// Since when it is the business's.
    #[schema(value_type = String, format = DateTime)]
    since: Time,
}

impl NumberView {
    pub(super) fn new(own: &OwnNumber) -> Self {
        Self {
            number: own.number.as_e164().to_owned(),
            label: own.label.clone(),
            channel: own.settings.as_str().to_owned(),
            since: Time(own.since),
        }
    }
}

/// The numbers of the business.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NumberList {
    pub(super) numbers: Vec<NumberView>,
}
