//! `X-Twilio-Signature` (Twilio docs, "Webhooks security"): base64 of HMAC-SHA1 keyed with the account's
//! auth token.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// The header of every webhook and of the Media Streams upgrade.
pub const SIGNATURE_HEADER: &str = "X-Twilio-Signature";

/// Signs a form POST: the URL as requested (no fragment), then each field's name and value in byte order of
/// the names. Equal pairs count once; empty values still contribute their name.
pub fn sign_form(auth_token: &str, url: &str, params: &[(String, String)]) -> String {
    let mut pairs: Vec<_> = params.iter().collect();
    pairs.sort();
    pairs.dedup();
    let parts = pairs.into_iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]);
    mac(auth_token, std::iter::once(url).chain(parts))
}

/// Signs a request without form fields: a GET, or the WebSocket upgrade with its `wss` or `ws` URL.
pub fn sign_url(auth_token: &str, url: &str) -> String {
    mac(auth_token, std::iter::once(url))
}

#[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
fn mac<'a>(auth_token: &str, parts: impl Iterator<Item = &'a str>) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(auth_token.as_bytes()).expect("any key length");
    parts.for_each(|part| mac.update(part.as_bytes()));
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_form_post_signs_as_the_documented_example() {
        let fields = params(&[
            ("To", "+18005551212"),
            ("CallSid", "CA1234567890ABCDE"),
            ("From", "+14158675309"),
            ("Digits", "1234"),
            ("Caller", "+14158675309"),
        ]);
        let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
        assert_eq!(sign_form("12345", url, &fields), "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
    }

    #[test]
    fn repeated_fields_are_sorted_and_counted_once() {
        let fields = params(&[
            ("Digits", "5"),
            ("A", "z"),
            ("Digits", "12"),
            ("A", "a"),
            ("Digits", "5"),
            ("CallSid", "CA1"),
        ]);
        let signature = sign_form(
            "f00dbabe00112233445566778899aabb",
            "https://api.callcentre.example/twilio/status",
            &fields,
        );
        assert_eq!(signature, "hv71OvMx/pi80OQVR2Tl+13B3C4=");
    }

    #[test]
    fn a_websocket_upgrade_signs_its_own_scheme() {
        let token = "f00dbabe00112233445566778899aabb";
        let secure = sign_url(token, "wss://media.callcentre.example/twilio/stream");
        assert_eq!(secure, "PdGvwqMUCXWwthL/UTmSIV7SXW4=");
        assert_ne!(secure, sign_url(token, "https://media.callcentre.example/twilio/stream"));
    }
}
