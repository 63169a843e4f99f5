//! Which countries the account may call (Twilio docs, "Dialing Permissions: Countries resource").

use serde::Deserialize;

/// What of a country may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct DiallingCountry {
    /// Usual numbers. Those of high risk, for which there are permissions of their own, are not called here at all.
    #[serde(default)]
    pub low_risk_numbers_enabled: bool,
}

/// Where these permissions are, for the API at `base`: a host of their own beside each region's. Any other host, such as
/// a simulator's, has them itself.
pub(super) fn base(base: &str) -> String {
    match base.split_once("://api.") {
        Some((scheme, rest)) => format!("{scheme}://voice.{rest}"),
        None => base.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_have_a_host_of_their_own() {
        assert_eq!(base("https://api.twilio.com"), "https://voice.twilio.com");
        assert_eq!(base("https://api.dublin.ie1.twilio.com"), "https://voice.dublin.ie1.twilio.com");
        assert_eq!(base("http://127.0.0.1:8000"), "http://127.0.0.1:8000");
    }

    #[test]
    fn a_countrys_permissions_are_read() {
        let read =
            |json: &str| serde_json::from_str::<DiallingCountry>(json).unwrap().low_risk_numbers_enabled;
        assert!(read(r#"{"iso_code": "AT", "low_risk_numbers_enabled": true, "added_later": 1}"#));
        assert!(!read(r#"{"iso_code": "AT", "low_risk_numbers_enabled": false}"#));
    }
}
