//! A business's own numbers: how one is read, what is kept of it, and with which settings its calls run.

mod channel;
mod read;

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use crate::dial::barred::{Barred, barred};
use crate::numbering::{Country, countries};
use crate::{BusinessId, PhoneNumber, Timestamp};

pub use channel::{ChannelName, InvalidChannelName, SettingsChannel};
pub use read::{NotRead, read};

/// Settings channels of one business, at most.
pub const MAX_CHANNELS: usize = 50;
/// The longest label, characters.
pub const MAX_LABEL_CHARS: usize = 80;

/// A number at which a business is called, or from which it calls. It is stored, and a call is answered by it, so an
/// unknown field of it is ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnNumber {
    /// The number.
    pub number: PhoneNumber,
    /// Whose it is.
    pub business: BusinessId,
    /// What the business calls it: "workshop", "billing".
    #[serde(default)]
    pub label: Option<String>,
    /// The settings of its calls.
    #[serde(default)]
    pub settings: SettingsChannel,
    /// Since when it is this business's.
    pub since: Timestamp,
}

impl OwnNumber {
    /// The number as another business's. A settings channel is the old business's own and stays behind.
    #[must_use]
    pub fn moved_to(self, business: BusinessId, now: Timestamp) -> Self {
        Self { business, settings: SettingsChannel::Published, since: now, ..self }
    }
}

/// A number that a business asks to have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewNumber {
    /// The number, E.164.
    pub number: PhoneNumber,
    /// What the business calls it.
    #[serde(default)]
    pub label: Option<String>,
    /// The settings of its calls.
    #[serde(default)]
    pub settings: SettingsChannel,
}

/// Why a number is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, thiserror::Error)]
#[strum(serialize_all = "snake_case")]
pub enum NotTaken {
    /// No country has its code.
    #[error("no country has this number: check it")]
    UnknownCountry,
    /// No numbering plan has it.
    #[error("the number is in no numbering plan of {0}: check its digits")]
    NotInPlan(Country),
    /// A number of a kind at which no business is called.
    #[error("no business can be called at a number of this kind: {}", .0.as_str())]
    Barred(Barred),
    /// A label that is empty or too long.
    #[error("the label must have 1 to {MAX_LABEL_CHARS} characters, or be left out")]
    Label,
    /// Nothing was published to the settings channel that it is to be on.
    #[error("the business has no settings channel of this name: publish to it first, or leave it out")]
    UnknownChannel,
    /// Another business has it. Which one is not said.
    #[error("the number is taken: it must be released first")]
    Taken,
}

impl NotTaken {
    /// The word for programs.
    pub fn code(&self) -> &'static str {
        self.into()
    }
}

impl NewNumber {
    /// The number as the business's, if it may have it. `holder` is the business that has the number already. What a
    /// business has already is changed, and stays its own since it was.
    ///
    /// # Errors
    /// The first [`NotTaken`].
    pub fn take(
        self,
        business: BusinessId,
        now: Timestamp,
        holder: Option<&OwnNumber>,
    ) -> Result<OwnNumber, NotTaken> {
        let country = *countries(&self.number).first().ok_or(NotTaken::UnknownCountry)?;
        // Seen from its own country, so that only what is barred everywhere is.
        if let Some(kind) = barred(&self.number, &self.number) {
            return Err(NotTaken::Barred(kind));
        }
        if !read::is_in_plan(&self.number) {
            return Err(NotTaken::NotInPlan(country));
        }
        let label = self.label.map(|label| label.trim().to_owned());
        if label.as_ref().is_some_and(|label| label.is_empty() || label.chars().count() > MAX_LABEL_CHARS) {
            return Err(NotTaken::Label);
        }
        if holder.is_some_and(|holder| holder.business != business) {
            return Err(NotTaken::Taken);
        }
        let since = holder.map_or(now, |holder| holder.since);
        Ok(OwnNumber { number: self.number, business, label, settings: self.settings, since })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_795_000_000);

    fn new(number: &str) -> NewNumber {
        let number = PhoneNumber::parse(number).unwrap();
        NewNumber { number, label: Some(" workshop ".into()), settings: SettingsChannel::default() }
    }

    fn harbour() -> BusinessId {
        BusinessId::parse("harbour").unwrap()
    }

    #[test]
    fn a_number_is_taken_if_its_plan_has_it() {
        let taken = new("+4314090410").take(harbour(), NOW, None).unwrap();
        assert_eq!((taken.label.as_deref(), taken.since), (Some("workshop"), NOW));
        assert_eq!(taken.settings, SettingsChannel::Published);
        let refused = |number: &str| new(number).take(harbour(), NOW, None).unwrap_err().code();
        assert_eq!(refused("+9991234567"), "unknown_country");
        assert_eq!(refused("+80012345678"), "unknown_country");
        assert_eq!(refused("+430000000"), "unknown_country");
        assert_eq!(refused("+4414090410"), "not_in_plan");
        assert_eq!(refused("+43900123456"), "barred");
        assert_eq!(refused("+12125550"), "barred");
        // A business of Jamaica has a number of Jamaica.
        assert!(new("+18765550123").take(harbour(), NOW, None).is_ok());
        for label in ["", "  ", &"x".repeat(81)] {
            let new = NewNumber { label: Some(label.into()), ..new("+4314090410") };
            assert_eq!(new.take(harbour(), NOW, None), Err(NotTaken::Label));
        }
    }

    #[test]
    fn a_number_of_another_business_is_not_taken_and_ones_own_is_changed() {
        let own = new("+4314090410").take(harbour(), NOW, None).unwrap();
        let castle = BusinessId::parse("castle").unwrap();
        assert_eq!(new("+4314090410").take(castle, NOW, Some(&own)), Err(NotTaken::Taken));
        let change = NewNumber { label: None, ..new("+4314090410") };
        let later = Timestamp::from_secs(1_796_000_000);
        let changed = change.take(harbour(), later, Some(&own)).unwrap();
        assert_eq!((changed.label, changed.since), (None, NOW));
        let trial = SettingsChannel::parse("trial").unwrap();
        let staged = NewNumber { settings: trial, ..new("+4314090410") }.take(harbour(), NOW, None).unwrap();
        let castle = BusinessId::parse("castle").unwrap();
        let moved = staged.moved_to(castle.clone(), later);
        assert_eq!(
            (moved.business, moved.since, moved.settings),
            (castle, later, SettingsChannel::Published)
        );
    }

    #[test]
    fn unknown_fields_are_refused() {
        let read = |json: &str| serde_json::from_str::<NewNumber>(json).map_err(|error| error.to_string());
        assert_eq!(read(r#"{"number": "+4314090410"}"#).unwrap().settings, SettingsChannel::Published);
        let staged = read(r#"{"number": "+4314090410", "settings": {"channel": "trial"}}"#).unwrap();
        let json = serde_json::to_string(&staged).unwrap();
        assert_eq!(read(&json), Ok(staged));
        for (json, word) in [
            (r#"{"number": "+4314090410", "lable": "x"}"#, "lable"),
            (r#"{"number": "4314090410"}"#, "E.164"),
            (r#"{"number": "+4314090410", "settings": {"channel": "published"}}"#, "settings channel"),
        ] {
            assert!(read(json).unwrap_err().contains(word), "{json}");
        }
    }
}
