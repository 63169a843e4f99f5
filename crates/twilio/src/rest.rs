//! The REST API as shapes: addresses, form bodies out, JSON resources and errors in. No HTTP.
//!
//! Bodies are PascalCase forms, answers snake_case JSON in which most numbers are strings (Twilio's
//! Calls and Recordings resource docs).

mod account;
mod error;
mod geo;
mod numbers;
mod request;
mod resource;
mod texts;

#[cfg(test)]
mod tests;

pub use account::{AccountResource, Balance};
pub use error::{ErrorBody, ErrorClass};
pub use geo::DiallingCountry;
pub use numbers::{NumberList, NumberResource, NumberSetup};
pub use request::{
    MachineDetection, NewCall, TWIML_PARAMETER_CHARACTERS, TwimlTooLong, cancel, hang_up, redirect,
    replace_twiml,
};
pub use resource::{CallList, CallResource, RecordingList, RecordingResource, RecordingState};
pub use texts::{MAX_VALIDITY_S, MessageContent, MessageList, MessageResource, NewMessage, typing};

use crate::Sid;

/// Where the API is, unless the account lives in another region.
pub const DEFAULT_BASE: &str = "https://api.twilio.com";

/// Channels of a recording that is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channels {
    /// Both sides mixed: what is left when a recording has no second channel, which the API reports
    /// as 400 to a request for two.
    Mono,
    /// The parent leg on the first channel, the other side on the second.
    Dual,
}

/// Addresses within one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Api {
    account_url: String,
    countries_url: String,
    typing_url: String,
}

impl Api {
    /// `base`: [`DEFAULT_BASE`], or another region's or a simulator's address, without a path. `account` is its sid.
    pub fn new(base: &str, account: &str) -> Self {
        let base = base.trim_end_matches('/');
        Self {
            account_url: format!("{base}/2010-04-01/Accounts/{account}"),
            countries_url: format!("{}/v1/DialingPermissions/Countries", geo::base(base)),
            typing_url: texts::typing_url(base),
        }
    }

    /// `GET` an [`AccountResource`].
    pub fn account(&self) -> String {
        format!("{}.json", self.account_url)
    }

    /// `GET` a [`Balance`].
    pub fn balance(&self) -> String {
        format!("{}/Balance.json", self.account_url)
    }

    /// `GET` a [`DiallingCountry`] by its two letters.
    pub fn dialling_country(&self, country: &str) -> String {
        format!("{}/{country}", self.countries_url)
    }

    /// `POST` a [`NewCall`].
    pub fn calls(&self) -> String {
        format!("{}/Calls.json", self.account_url)
    }

    /// `GET` a [`CallList`] of the latest calls from `from` to `to`, numbers in international form. The API can
    /// filter by the time a call was answered and not by when it was asked for, which is what is needed here.
    pub fn calls_between(&self, from: &str, to: &str) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("From", from)
            .append_pair("To", to)
            .append_pair("PageSize", "50")
            .finish();
        format!("{}?{query}", self.calls())
    }

    /// `GET` a [`NumberList`] of the account's numbers that are this one, in international form.
    pub fn numbers_like(&self, number: &str) -> String {
        let query =
            form_urlencoded::Serializer::new(String::new()).append_pair("PhoneNumber", number).finish();
        format!("{}/IncomingPhoneNumbers.json?{query}", self.account_url)
    }

    /// `POST` a [`NumberSetup`].
    pub fn number(&self, number: &Sid) -> String {
        format!("{}/IncomingPhoneNumbers/{number}.json", self.account_url)
    }

    /// `GET` a [`CallResource`]; `POST` [`hang_up`], [`redirect`] and the like.
    pub fn call(&self, call: &Sid) -> String {
        format!("{}/Calls/{call}.json", self.account_url)
    }

    /// `GET` a [`RecordingList`]; what was deleted is not in it.
    pub fn call_recordings(&self, call: &Sid) -> String {
        format!("{}/Calls/{call}/Recordings.json", self.account_url)
    }

    /// `DELETE` a recording with its media.
    pub fn recording(&self, recording: &Sid) -> String {
        format!("{}/Recordings/{recording}.json", self.account_url)
    }

    /// `GET` a [`RecordingResource`], for 40 days also one that was deleted.
    pub fn recording_or_what_is_left(&self, recording: &Sid) -> String {
        format!("{}?IncludeSoftDeleted=true", self.recording(recording))
    }

    /// `GET` the WAV file, 16 bit at 8 kHz. It exists once the recording is completed. The answer may redirect to
    /// a store that refuses the account's credentials: they are for this address only.
    pub fn recording_media(&self, recording: &Sid, channels: Channels) -> String {
        let query = match channels {
            Channels::Mono => "",
            Channels::Dual => "?RequestedChannels=2",
        };
        format!("{}/Recordings/{recording}.wav{query}", self.account_url)
    }
}
