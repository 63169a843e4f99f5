//! Proof that a request comes from Meta, and from our app: an HMAC-SHA256 over the body as it was sent, with the app's secret.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// What the header begins with.
const SCHEME: &str = "sha256=";

/// The secrets of an app at Meta.
#[derive(Clone)]
pub struct App {
    key: [u8; 64],
    verify_token: String,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("App")
    }
}

/// A secret with which nothing could be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the app secret and the verify token must not be blank")]
pub struct Blank;

/// Why a request is answered with 403.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No signature, or something else in its place.
    #[error("the request carries no signature")]
    Unsigned,
    /// The app's secret gives another signature for this body.
    #[error("the signature does not match: check the app secret")]
    Mismatch,
    /// The request to subscribe has another token, or asks for something else.
    #[error("the verify token does not match")]
    Token,
}

impl App {
    /// `secret` signs Meta's requests; `verify_token` is what we told Meta for subscribing.
    ///
    /// # Errors
    /// [`Blank`].
    pub fn new(secret: &str, verify_token: &str) -> Result<Self, Blank> {
        if secret.trim().is_empty() || verify_token.trim().is_empty() {
            return Err(Blank);
        }
        Ok(Self { key: block(secret.as_bytes()), verify_token: verify_token.to_owned() })
    }

    /// Checks a body, as it was sent, against the header `X-Hub-Signature-256`, blank if absent.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn verify(&self, body: &[u8], header: &str) -> Result<(), Refused> {
        let digits = header.trim().strip_prefix(SCHEME).ok_or(Refused::Unsigned)?;
        let signature = hex::decode(digits).map_err(|_| Refused::Unsigned)?;
        self.mac(body).verify_slice(&signature).map_err(|_| Refused::Mismatch)
    }

    /// The header for a body: for tests and simulators.
    pub fn sign(&self, body: &[u8]) -> String {
        format!("{SCHEME}{}", hex::encode(self.mac(body).finalize().into_bytes()))
    }

    /// Answers the request with which Meta subscribes: the challenge, if it knows the token.
    ///
    /// # Errors
    /// [`Refused::Token`].
    pub fn subscribe<'a>(&self, mode: &str, token: &str, challenge: &'a str) -> Result<&'a str, Refused> {
        let known = bool::from(self.verify_token.as_bytes().ct_eq(token.as_bytes()));
        if known && mode == "subscribe" { Ok(challenge) } else { Err(Refused::Token) }
    }

    fn mac(&self, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new(&self.key.into());
        mac.update(body);
        mac
    }
}

/// A key as HMAC uses it: filled up to a block or, if it is longer, its hash (RFC 2104).
fn block(key: &[u8]) -> [u8; 64] {
    let mut block = [0; 64];
    match block.get_mut(..key.len()) {
        Some(start) => start.copy_from_slice(key),
        None => block[..32].copy_from_slice(&Sha256::digest(key)),
    }
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"messaging_product":"whatsapp"}}]}]}"#;
    const SIGNATURE: &str = "sha256=50dd5a4793c487a6979a15100ac2f3213a1d0fc77dfdc7f2de60ce42b1ee495c";

    fn app() -> App {
        App::new("meta_app_secret_demo", "verify-me").unwrap()
    }

    #[test]
    fn a_signature_is_over_the_body_as_it_was_sent() {
        assert_eq!(app().verify(BODY, SIGNATURE), Ok(()));
        assert_eq!(app().sign(BODY), SIGNATURE);
        for place in 0..BODY.len() {
            let mut altered = BODY.to_vec();
            altered[place] ^= 1;
            assert_eq!(app().verify(&altered, SIGNATURE), Err(Refused::Mismatch));
        }
        for none in ["", "sha256=", "sha1=50dd", "50dd5a47", "sha256=xyz"] {
            assert!(app().verify(BODY, none).is_err(), "{none}");
        }
        let cut = &SIGNATURE[..SIGNATURE.len() - 2];
        assert_eq!(app().verify(BODY, cut), Err(Refused::Mismatch));
    }

    #[test]
    fn meta_subscribes_with_our_token() {
        assert_eq!(app().subscribe("subscribe", "verify-me", "1158201444"), Ok("1158201444"));
        for (mode, token) in
            [("subscribe", ""), ("subscribe", "verify-m"), ("unsubscribe", "verify-me"), ("", "verify-me")]
        {
            assert_eq!(app().subscribe(mode, token, "1"), Err(Refused::Token));
        }
        assert!(App::new("", "x").is_err() && App::new("x", " ").is_err());
    }
}
