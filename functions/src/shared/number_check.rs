//! Where a number's calls and their callbacks should go, beside where Twilio sends them.

use serde::Serialize;
use twilio::rest::{NumberResource, NumberSetup};
use url::Url;
use utoipa::ToSchema;

use super::callbacks;
use crate::edge::address;
use crate::edge::verified_form::DELIVERY;

/// What Twilio should have of each of our numbers.
pub(crate) fn setup(base: &Url) -> NumberSetup {
    let with_rules = |path: &str| format!("{}#{DELIVERY}", address::of(base, path));
    let voice = with_rules(callbacks::INBOUND);
    NumberSetup {
        voice_fallback_url: voice.clone(),
        voice_url: voice,
        status_callback: with_rules(callbacks::CALL_STATUS),
    }
}

/// What Twilio has of a number, beside what it should have.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NumberCheck {
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

impl CheckedAddress {
    fn is_right(&self) -> bool {
        self.is.as_ref() == Some(&self.should_be)
    }
}

impl NumberCheck {
    pub(crate) fn new(setup: &NumberSetup, found: Option<&NumberResource>) -> Self {
        let address = |should_be: &str, is: Option<&Option<String>>| CheckedAddress {
            is: is.cloned().flatten().filter(|is| !is.is_empty()),
            should_be: should_be.to_owned(),
        };
        let voice_url = address(&setup.voice_url, found.map(|found| &found.voice_url));
        let voice_fallback_url =
            address(&setup.voice_fallback_url, found.map(|found| &found.voice_fallback_url));
        let status_callback = address(&setup.status_callback, found.map(|found| &found.status_callback));
        let ok = [&voice_url, &voice_fallback_url, &status_callback].iter().all(|address| address.is_right());
        Self { ok, at_twilio: found.is_some(), voice_url, voice_fallback_url, status_callback }
    }

    /// What is wrong, in a few words. `None`: nothing is.
    pub(crate) fn fault(&self) -> Option<String> {
        if !self.at_twilio {
            return Some("the Twilio account does not have it".to_owned());
        }
        let addresses = [
            ("voice URL", &self.voice_url),
            ("fallback URL", &self.voice_fallback_url),
            ("status callback", &self.status_callback),
        ];
        let wrong: Vec<&str> =
            addresses.into_iter().filter(|(_, address)| !address.is_right()).map(|(name, _)| name).collect();
        (!wrong.is_empty()).then(|| format!("another {} than ours", wrong.join(" and ")))
    }
}
