//! `X-Twilio-Signature`: proof that a request comes from Twilio, and from this account.
//!
//! The scheme (Twilio's webhook security docs): Base64 of an HMAC over the full URL followed by
//! every form parameter, sorted, as name and value with nothing in between. It carries no time, so
//! a captured request verifies for ever, and no separators, so its text can be cut into other
//! parameters than were sent. The first is answered where events are recorded, each once; the second where a
//! webhook's parameters are read ([`webhook`](crate::webhook)). What is verified here is the text.
//!
//! A URL given to these functions is built from configuration and the route that matched, never
//! from `Host` or `X-Forwarded-*`.

mod canonical;
mod settings;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

use self::settings::SignatureSettings;
use crate::{EmptyKey, Form, SigningKey};

/// Query parameter that carries the hash of a body that is not a form.
const BODY_HASH: &str = "bodySHA256";

/// What is signed of a request whose address says it all.
const NO_FORM: &[Vec<u8>] = &[Vec::new()];

/// The MAC of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// With the account's auth token; the default.
    HmacSha1,
    /// With a shared key, named in `X-Twilio-Webhooks-Signature-Settings`.
    HmacSha256,
}

/// A request, or a part of one, whose signature was checked. Only [`Verifier`] makes one, so a
/// function that takes it cannot be called with anything else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    /// What was verified.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// Why a request is answered with 403.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No signature, or an empty one.
    #[error("the request carries no signature")]
    Unsigned,
    /// The settings header asks for an algorithm that we do not know, or for a key without naming it.
    #[error("the signature settings name an unknown algorithm, or no key")]
    Settings,
    /// The settings header names a shared key that is not configured.
    #[error("the signature was made with a shared key that is not configured")]
    UnknownKey,
    /// No configured key gives this signature for this URL and body.
    #[error("the signature does not match: check the public base URL and the auth token")]
    Mismatch,
    /// A body that is not a form, at a URL without exactly one `bodySHA256`.
    #[error("the URL does not carry the hash of the body")]
    NoBodyHash,
    /// The body is not the one that was hashed.
    #[error("the body is not the one that was signed")]
    BodyHash,
    /// The signature matches, but the form begins with the end of an address that was signed.
    #[error("a part of the address is in the form")]
    Address,
}

/// Keys with which nothing could be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnusableKeys {
    /// There is no auth token, or a blank one.
    #[error("at least one Twilio auth token is needed, and none may be blank")]
    AuthToken,
    /// A shared key is blank.
    #[error("a shared key for webhooks is blank")]
    SharedKey,
}

/// Checks signatures against the keys of one account.
#[derive(Clone)]
pub struct Verifier {
    auth_tokens: Vec<SigningKey>,
    shared_keys: HashMap<String, SigningKey>,
}

impl Verifier {
    /// `auth_tokens`: the primary first and, during a rotation, the next one as well; all are tried.
    /// `shared_keys`: keys for `HMAC_SHA256`, by their id. With neither, everything is refused.
    pub fn new(auth_tokens: Vec<SigningKey>, shared_keys: HashMap<String, SigningKey>) -> Self {
        Self { auth_tokens, shared_keys }
    }

    /// The same of keys as they are configured.
    ///
    /// # Errors
    /// [`UnusableKeys`].
    pub fn configured<'a>(
        auth_tokens: impl IntoIterator<Item = &'a str>,
        shared_keys: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, UnusableKeys> {
        let tokens = auth_tokens.into_iter().map(SigningKey::new).collect::<Result<Vec<_>, _>>();
        let auth_tokens = tokens.ok().filter(|tokens| !tokens.is_empty()).ok_or(UnusableKeys::AuthToken)?;
        let shared = shared_keys.into_iter().map(|(id, key)| Ok((id.to_owned(), SigningKey::new(key)?)));
        let shared_keys = shared.collect::<Result<_, EmptyKey>>().map_err(|_| UnusableKeys::SharedKey)?;
        Ok(Self::new(auth_tokens, shared_keys))
    }

    /// Checks a form `POST` to `url` (with its query as sent). `signature` and `settings` are the
    /// headers `X-Twilio-Signature` (empty if absent) and `X-Twilio-Webhooks-Signature-Settings`.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn verify_form(
        &self,
        url: &str,
        form: Form,
        signature: &str,
        settings: Option<&str>,
    ) -> Result<Verified<Form>, Refused> {
        self.check(&canonical::ports(url), &canonical::texts(&form), signature, settings)?;
        if form.sorted().first().is_some_and(|(first, _)| canonical::goes_on_in(url, first)) {
            return Err(Refused::Address);
        }
        Ok(Verified(form))
    }

    /// Checks a body of any other type, whose hash Twilio puts into the URL that it signs.
    ///
    /// # Errors
    /// [`Refused`], also when the URL carries no hash: a body without a signed hash is not accepted.
    pub fn verify_json<'a>(
        &self,
        url: &str,
        raw_body: &'a [u8],
        signature: &str,
        settings: Option<&str>,
    ) -> Result<Verified<&'a [u8]>, Refused> {
        let query = url.split_once('?').map_or("", |(_, query)| query);
        let query = query.split('#').next().unwrap_or_default();
        let mut hashes = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == BODY_HASH);
        let (Some((_, hash)), None) = (hashes.next(), hashes.next()) else {
            return Err(Refused::NoBodyHash);
        };
        self.check(&canonical::ports(url), NO_FORM, signature, settings)?;
        let hash = hex::decode(hash.as_bytes()).map_err(|_| Refused::BodyHash)?;
        if bool::from(Sha256::digest(raw_body).as_slice().ct_eq(&hash)) {
            Ok(Verified(raw_body))
        } else {
            Err(Refused::BodyHash)
        }
    }

    /// Checks a `GET`, whose parameters are all in `url`.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn verify_get(
        &self,
        url: &str,
        signature: &str,
        settings: Option<&str>,
    ) -> Result<Verified<()>, Refused> {
        self.check(&canonical::ports(url), NO_FORM, signature, settings).map(Verified)
    }

    /// Checks the handshake of a media stream. `url` is the `wss:` address that the TwiML gave; it
    /// may have been signed with or without a slash at its end.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn verify_upgrade(
        &self,
        url: &str,
        signature: &str,
        settings: Option<&str>,
    ) -> Result<Verified<()>, Refused> {
        let urls: Vec<_> = canonical::slashes(url).iter().flat_map(|url| canonical::ports(url)).collect();
        self.check(&urls, NO_FORM, signature, settings).map(Verified)
    }

    /// Every key is tried on every URL and text, match or not, so that the time taken says nothing.
    fn check(
        &self,
        urls: &[String],
        texts: &[Vec<u8>],
        signature: &str,
        settings: Option<&str>,
    ) -> Result<(), Refused> {
        if signature.is_empty() {
            return Err(Refused::Unsigned);
        }
        let (algorithm, keys) = match SignatureSettings::parse(settings.unwrap_or_default())? {
            SignatureSettings::AuthToken => (Algorithm::HmacSha1, self.auth_tokens.as_slice()),
            SignatureSettings::SharedKey(id) => {
                let key = self.shared_keys.get(id).ok_or(Refused::UnknownKey)?;
                (Algorithm::HmacSha256, std::slice::from_ref(key))
            }
        };
        let signature = BASE64.decode(signature).map_err(|_| Refused::Mismatch)?;
        let mut matched = Choice::from(0);
        for key in keys {
            for url in urls {
                for text in texts {
                    matched |= canonical::mac(algorithm, key, url, text).as_slice().ct_eq(&signature);
                }
            }
        }
        if bool::from(matched) { Ok(()) } else { Err(Refused::Mismatch) }
    }
}

/// Says how many keys there are, so that a settings report can name the state of a rotation.
impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("auth_tokens", &self.auth_tokens.len())
            .field("shared_keys", &self.shared_keys.len())
            .finish()
    }
}

/// The signature of a form `POST`.
pub fn sign_form(algorithm: Algorithm, key: &SigningKey, url: &str, form: &Form) -> String {
    let signed = canonical::texts(form).into_iter().next().unwrap_or_default();
    BASE64.encode(canonical::mac(algorithm, key, url, &signed))
}

/// The signature of a request whose URL says it all: a `GET`, a WebSocket handshake, or a body
/// whose hash is in the URL ([`url_with_body_hash`]).
pub fn sign_url(algorithm: Algorithm, key: &SigningKey, url: &str) -> String {
    BASE64.encode(canonical::mac(algorithm, key, url, b""))
}

/// `url` with the hash of `raw_body` in its query.
pub fn url_with_body_hash(url: &str, raw_body: &[u8]) -> String {
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}{BODY_HASH}={}", hex::encode(Sha256::digest(raw_body)))
}
