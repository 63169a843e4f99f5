//! Signatures of what is sent to an endpoint, or to a tool, of a business: Standard Webhooks 1.0.0, version `v1`.
//!
//! What is signed is `{id}.{timestamp}.{body}`, byte for byte as it is sent: the id names the event for good, the timestamp is
//! that of the attempt, in seconds. A receiver has a library for it in most languages.

use std::fmt::Write as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::{Secret, Timestamp};

const PREFIX: &str = "whsec_";
/// The fewest and the most bytes of a secret, as the specification has them.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// The longest time for which an earlier secret goes on signing.
pub const MAX_OVERLAP: Duration = Duration::from_secs(7 * 24 * 3600);
/// The most earlier secrets that sign beside the newest: a header has a bound.
pub const MAX_EARLIER: usize = 3;

/// What one endpoint and its receiver share: `whsec_` and the base64 of 24 to 64 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SigningSecret(Secret);

/// A text that is no signing secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a signing secret is whsec_ and the base64 of 24 to 64 bytes")]
pub struct InvalidSigningSecret;

impl SigningSecret {
    /// The secret of these bytes, which no one can guess.
    pub fn of_bytes(bytes: &[u8; 32]) -> Self {
        Self(Secret::new(format!("{PREFIX}{}", STANDARD.encode(bytes))))
    }

    /// A secret that its owner brings, with or without the prefix.
    ///
    /// # Errors
    /// [`InvalidSigningSecret`].
    pub fn parse(text: &str) -> Result<Self, InvalidSigningSecret> {
        let bare = text.strip_prefix(PREFIX).unwrap_or(text);
        let bytes = STANDARD.decode(bare).map_err(|_| InvalidSigningSecret)?;
        if !BYTES.contains(&bytes.len()) {
            return Err(InvalidSigningSecret);
        }
        Ok(Self(Secret::new(format!("{PREFIX}{bare}"))))
    }

    /// As its owner is shown it, once.
    pub fn shown(&self) -> &Secret {
        &self.0
    }

    /// One signature of the header `webhook-signature`, for an attempt at `now`.
    pub fn signature(&self, id: &str, body: &[u8], now: Timestamp) -> String {
        let bare = self.0.expose().strip_prefix(PREFIX).unwrap_or_default();
        // Only what decodes was ever kept; a key of no bytes signs nothing that a receiver takes.
        let key = STANDARD.decode(bare).unwrap_or_default();
        let Ok(mac) = Hmac::<Sha256>::new_from_slice(&key) else { return String::new() };
        let mac =
            mac.chain_update(id).chain_update(".").chain_update(now.secs().to_string()).chain_update(".");
        format!("v1,{}", STANDARD.encode(mac.chain_update(body).finalize().into_bytes()))
    }
}

/// A secret that was replaced, and until when it goes on signing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Earlier<S = SigningSecret> {
    /// The secret.
    pub secret: S,
    /// From this moment on it signs nothing.
    pub until: Timestamp,
}

/// What signs for an endpoint, the newest first: secrets, or the numbers of which secrets are derived, so that none is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signing<S> {
    /// The one that its owner was shown last.
    pub newest: S,
    /// Those that it replaced, the latest first.
    pub earlier: Vec<Earlier<S>>,
}

/// The secrets of an endpoint, the newest first.
pub type SigningSecrets = Signing<SigningSecret>;

impl<S> Signing<S> {
    /// Those of a new endpoint.
    pub const fn new(newest: S) -> Self {
        Self { newest, earlier: Vec::new() }
    }

    /// Puts another secret before these. The one that was the newest signs for `overlap` more, [`MAX_OVERLAP`] at most, so
    /// that a receiver may change over at a time of its own; an overlap of zero is for a secret that became known.
    #[must_use]
    pub fn rotated(self, newest: S, overlap: Duration, now: Timestamp) -> Self {
        let replaced = Earlier { secret: self.newest, until: now.plus(overlap.min(MAX_OVERLAP)) };
        let mut earlier: Vec<Earlier<S>> = std::iter::once(replaced).chain(self.earlier).collect();
        earlier.retain(|earlier| now < earlier.until);
        if overlap.is_zero() {
            // What became known may have become known with those before it.
            earlier.clear();
        }
        earlier.truncate(MAX_EARLIER);
        Self { newest, earlier }
    }

    /// The same with what is made of each.
    pub fn map<T>(&self, make: impl Fn(&S) -> T) -> Signing<T> {
        let earlier = self.earlier.iter();
        Signing {
            newest: make(&self.newest),
            earlier: earlier.map(|one| Earlier { secret: make(&one.secret), until: one.until }).collect(),
        }
    }
}

impl SigningSecrets {
    /// The header `webhook-signature` of an attempt at `now`: a signature of each secret that still signs, the newest first,
    /// one space between.
    pub fn header(&self, id: &str, body: &[u8], now: Timestamp) -> String {
        let mut header = self.newest.signature(id, body, now);
        for earlier in self.earlier.iter().filter(|earlier| now < earlier.until) {
            let _ = write!(header, " {}", earlier.secret.signature(id, body, now));
        }
        header
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The secrets of the specification's own examples.
    fn a() -> SigningSecret {
        SigningSecret::parse("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap()
    }

    fn b() -> SigningSecret {
        SigningSecret::parse("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").unwrap()
    }

    const ID: &str = "evt_01HF7YAT00ABCDEFGHJKMNPQRS";
    const AT: Timestamp = Timestamp::from_secs(1_795_860_000);
    const BODY: &str = "{\"type\":\"call.completed\",\"timestamp\":\"2026-11-28T10:00:00Z\",\"data\":{\"call_id\":\
        \"CA0123456789abcdef0123456789abcdef\",\"business\":\"Müller & Söhne\"}}";

    #[test]
    fn the_vectors_of_the_specification_are_signed_as_they_should_be() {
        let header = |secret: SigningSecret, id: &str, at: i64, body: &str| {
            SigningSecrets::new(secret).header(id, body.as_bytes(), Timestamp::from_secs(at))
        };
        assert_eq!(
            header(a(), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "{\"test\": 2432232314}"),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
        assert_eq!(BODY.len(), 146);
        assert_eq!(header(a(), ID, AT.secs(), BODY), "v1,ijDpjWCZ+pDDYNnFXr6AdLqpDJIc4fufe6p0pXoxqYo=");
        assert_eq!(header(b(), ID, AT.secs(), BODY), "v1,2v+a+U6xXZ0YXugxRiLF+yGEP/xJnSjyCIxhRFjHavQ=");
        assert_eq!(header(a(), ID, AT.secs(), ""), "v1,ZAJJFCIo9JZLm+cq7Dm2YQFnte7xjBo3y3mAsmtY08c=");
    }

    #[test]
    fn both_secrets_sign_during_a_rotation_and_one_does_after_it() {
        let overlap = Duration::from_secs(24 * 3600);
        let secrets = SigningSecrets::new(b()).rotated(a(), overlap, AT);
        let both = "v1,ijDpjWCZ+pDDYNnFXr6AdLqpDJIc4fufe6p0pXoxqYo= \
                    v1,2v+a+U6xXZ0YXugxRiLF+yGEP/xJnSjyCIxhRFjHavQ=";
        assert_eq!(secrets.header(ID, BODY.as_bytes(), AT), both);
        let later = AT.plus(overlap);
        assert_eq!(
            secrets.header(ID, BODY.as_bytes(), later.minus(Duration::from_secs(1))).matches("v1,").count(),
            2
        );
        assert_eq!(secrets.header(ID, BODY.as_bytes(), later).matches("v1,").count(), 1);
    }

    #[test]
    fn a_secret_that_became_known_signs_nothing_from_now_on_nor_do_those_before_it() {
        let day = Duration::from_secs(24 * 3600);
        let other = SigningSecret::of_bytes(&[7; 32]);
        let secrets = SigningSecrets::new(a()).rotated(b(), day, AT).rotated(other, Duration::ZERO, AT);
        assert_eq!(secrets.earlier, []);
    }

    #[test]
    fn a_text_that_is_no_secret_is_refused() {
        for wrong in ["", "whsec_", "whsec_c2hvcnQ=", "not base64 at all, whatever its length is"] {
            assert_eq!(SigningSecret::parse(wrong), Err(InvalidSigningSecret), "{wrong}");
        }
        let long = STANDARD.encode([0; 65]);
        assert_eq!(SigningSecret::parse(&long), Err(InvalidSigningSecret));
    }

    proptest! {
        /// A change of any part changes the signature, and a receiver with the newest secret finds its own first.
        #[test]
        fn a_signature_is_of_this_id_this_second_and_this_body(
            id in "[a-z0-9_]{1,40}", seconds in 0..4_000_000_000_i64, body: Vec<u8>, at in 0..64_usize,
        ) {
            let secrets = SigningSecrets::new(a());
            let now = Timestamp::from_secs(seconds);
            let signed = secrets.header(&id, &body, now);
            prop_assert_ne!(&signed, &secrets.header(&format!("{id}x"), &body, now));
            prop_assert_ne!(&signed, &secrets.header(&id, &body, now.plus(Duration::from_secs(1))));
            let mut other = body;
            match other.get_mut(at) {
                Some(byte) => *byte ^= 1,
                None => other.push(0),
            }
            prop_assert_ne!(&signed, &secrets.header(&id, &other, now));
        }

        #[test]
        fn any_number_of_rotations_leaves_a_bounded_number_of_secrets(
            overlaps in prop::collection::vec(0..20 * 24 * 3600_u64, 0..12),
        ) {
            let mut now = AT;
            let mut secrets = SigningSecrets::new(a());
            for (step, overlap) in overlaps.into_iter().enumerate() {
                now = now.plus(Duration::from_secs(60));
                let random = [u8::try_from(step).unwrap(); 32];
                secrets = secrets.rotated(SigningSecret::of_bytes(&random), Duration::from_secs(overlap), now);
                prop_assert!(secrets.earlier.len() <= MAX_EARLIER);
                for earlier in &secrets.earlier {
                    prop_assert!(now < earlier.until && earlier.until <= now.plus(MAX_OVERLAP));
                }
            }
        }
    }
}
