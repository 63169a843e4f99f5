//! The account's own numbers (Twilio docs, "IncomingPhoneNumber resource").

use serde::{Deserialize, Deserializer};

use crate::{Form, Sid, SidKind};

/// A number of the account.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct NumberResource {
    /// Names it.
    #[serde(deserialize_with = "number_sid")]
    pub sid: Sid,
    /// The number, E.164.
    pub phone_number: String,
    /// Where its calls go; empty or null: nowhere.
    #[serde(default)]
    pub voice_url: Option<String>,
    /// Where its calls go when the first address fails.
    #[serde(default)]
    pub voice_fallback_url: Option<String>,
    /// Where the end of a call is told.
    #[serde(default)]
    pub status_callback: Option<String>,
}

// A number is personal data of those who have it.
impl std::fmt::Debug for NumberResource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NumberResource").field("sid", &self.sid).finish_non_exhaustive()
    }
}

/// Numbers, first page.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct NumberList {
    /// The numbers that were asked for.
    pub incoming_phone_numbers: Vec<NumberResource>,
}

fn number_sid<'de, D: Deserializer<'de>>(reader: D) -> Result<Sid, D::Error> {
    let text = String::deserialize(reader)?;
    Sid::parse(SidKind::Number, &text).map_err(serde::de::Error::custom)
}

/// Where a number's calls and their callbacks go. All are asked with POST.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberSetup {
    /// Where its calls go.
    pub voice_url: String,
    /// Where its calls go when that fails.
    pub voice_fallback_url: String,
    /// Where the end of a call is told.
    pub status_callback: String,
}

impl NumberSetup {
    /// The body that sets a number up so.
    pub fn form(&self) -> Form {
        Form::from_pairs([
            ("VoiceUrl", self.voice_url.as_str()),
            ("VoiceMethod", "POST"),
            ("VoiceFallbackUrl", &self.voice_fallback_url),
            ("VoiceFallbackMethod", "POST"),
            ("StatusCallback", &self.status_callback),
            ("StatusCallbackMethod", "POST"),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_numbers_is_read_and_says_no_number_in_a_log() {
        let json = format!(
            r#"{{"incoming_phone_numbers": [{{"sid": "PN{}", "phone_number": "+4314090410", "voice_url": "",
                "status_callback": null, "added_later": 1}}], "page": 0}}"#,
            "1".repeat(32)
        );
        let list: NumberList = serde_json::from_str(&json).unwrap();
        let number = &list.incoming_phone_numbers[0];
        assert_eq!((number.voice_url.as_deref(), number.status_callback.as_deref()), (Some(""), None));
        assert!(!format!("{list:?}").contains("4314090410"));
        assert!(serde_json::from_str::<NumberList>(&json.replace("PN1", "CA1")).is_err());
    }
}
