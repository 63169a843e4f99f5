//! How what is sent to a source proves that it is the business's own: by its secret, or by a signature that only the secret makes.
//!
//! All comparisons take the same time whatever is sent. A source without any of the headers is refused like a forged one.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use strum::{EnumString, IntoStaticStr, VariantArray};
use subtle::ConstantTimeEq as _;

use crate::Timestamp;
use crate::endpoint::signing::{SigningSecret, SigningSecrets};

/// How far the clock of a sender may differ from ours, and how long what it signed is good (Standard Webhooks: five minutes).
pub const TOLERANCE: Duration = Duration::from_secs(5 * 60);
/// The header of [`ProofKind::Secret`].
pub const SECRET_HEADER: &str = "x-webhook-secret";
/// The header of [`ProofKind::BodyHmac`] without one of its own: Facebook's.
pub const BODY_HEADER: &str = "x-hub-signature-256";
/// The longest id of a webhook, bytes.
const MAX_ID: usize = 255;
/// What stands before the digits in the header of Facebook-shaped senders.
const BODY_PREFIX: &str = "sha256=";

/// In which way a source proves itself.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ProofKind {
    /// The secret itself, in `X-Webhook-Secret`: for senders that can add a header and nothing more.
    Secret,
    /// A signature of Standard Webhooks over id, time and body. What was sent too long ago is refused.
    StandardWebhooks,
    /// HMAC-SHA256 of the body, hexadecimal, in a header, as Facebook-shaped senders have it.
    BodyHmac,
}

impl ProofKind {
    /// Every way.
    pub const ALL: &[Self] = Self::VARIANTS;
}

/// How a source proves itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// In which way.
    pub kind: ProofKind,
    /// The header of [`ProofKind::BodyHmac`], in small letters; `None`: [`BODY_HEADER`].
    pub header: Option<String>,
}

/// What was sent, as far as it proves anything.
#[derive(Debug, Clone, Copy)]
pub struct Sent<'a> {
    /// The header that the source's way has: the secret, or the signature.
    pub proof: Option<&'a str>,
    /// The header `webhook-id`.
    pub id: Option<&'a str>,
    /// The header `webhook-timestamp`.
    pub timestamp: Option<&'a str>,
    /// The body, byte for byte.
    pub body: &'a [u8],
}

/// It proves nothing. The sender is not told what it lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not proved who sent it")]
pub struct NotProved;

impl Proof {
    /// The name of the header that [`Sent::proof`] is read from.
    pub fn header_name(&self) -> &str {
        match self.kind {
            ProofKind::Secret => SECRET_HEADER,
            ProofKind::StandardWebhooks => "webhook-signature",
            ProofKind::BodyHmac => self.header.as_deref().unwrap_or(BODY_HEADER),
        }
    }

    /// Whether what was sent proves itself by one of these secrets at `now`.
    ///
    /// # Errors
    /// [`NotProved`].
    pub fn check(&self, secrets: &SigningSecrets, sent: Sent<'_>, now: Timestamp) -> Result<(), NotProved> {
        let earlier = secrets.earlier.iter().filter(|earlier| now < earlier.until);
        let good = std::iter::once(&secrets.newest).chain(earlier.map(|earlier| &earlier.secret));
        let proof = sent.proof.ok_or(NotProved)?.trim();
        let proved = match self.kind {
            ProofKind::Secret => any(good, |secret| same(secret.shown().expose(), proof)),
            ProofKind::BodyHmac => {
                let proof = proof.strip_prefix(BODY_PREFIX).unwrap_or(proof).to_ascii_lowercase();
                any(good, |secret| same(&body_mac(secret, sent.body), &proof))
            }
            ProofKind::StandardWebhooks => {
                let id = sent.id.filter(|id| is_id(id)).ok_or(NotProved)?;
                let at: i64 = sent.timestamp.and_then(|text| text.parse().ok()).ok_or(NotProved)?;
                let at = Timestamp::from_secs(at.clamp(0, i64::from(u32::MAX)));
                if at.since(now) > TOLERANCE || now.since(at) > TOLERANCE {
                    return Err(NotProved);
                }
                any(good, |secret| {
                    let own = secret.signature(id, sent.body, at);
                    proof.split_ascii_whitespace().fold(false, |known, sent| known | same(&own, sent))
                })
            }
        };
        if proved { Ok(()) } else { Err(NotProved) }
    }
}

/// Whether a text may name a webhook: what is signed parts it off with a dot.
fn is_id(text: &str) -> bool {
    (1..=MAX_ID).contains(&text.len()) && text.bytes().all(|b| matches!(b, b'!'..=b'~') && b != b'.')
}

/// Looks at all, so that the time tells nothing.
fn any<'a>(secrets: impl Iterator<Item = &'a SigningSecret>, is: impl Fn(&SigningSecret) -> bool) -> bool {
    secrets.fold(false, |known, secret| known | is(secret))
}

fn same(own: &str, sent: &str) -> bool {
    own.as_bytes().ct_eq(sent.as_bytes()).into()
}

/// What a Facebook-shaped sender writes behind `sha256=`: the secret's characters are the key, as such senders are given it.
pub fn body_mac(secret: &SigningSecret, body: &[u8]) -> String {
    let key = secret.shown().expose().as_bytes();
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    hex::encode(mac.chain_update(body).finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_795_860_000);
    const BODY: &[u8] = b"{\"phone\":\"+12025550143\"}";

    fn secret(byte: u8) -> SigningSecret {
        SigningSecret::of_bytes(&[byte; 32])
    }

    fn sent<'a>(proof: &'a str, id: &'a str, timestamp: &'a str) -> Sent<'a> {
        Sent { proof: Some(proof), id: Some(id), timestamp: Some(timestamp), body: BODY }
    }

    fn check(kind: ProofKind, secrets: &SigningSecrets, sent: Sent<'_>, now: Timestamp) -> bool {
        Proof { kind, header: None }.check(secrets, sent, now).is_ok()
    }

    #[test]
    fn a_secret_proves_itself_and_no_other_text_does() {
        let secrets = SigningSecrets::new(secret(1));
        let own = secrets.newest.shown().expose().to_owned();
        assert!(check(ProofKind::Secret, &secrets, sent(&own, "", ""), NOW));
        let other = secret(2).shown().expose().to_owned();
        for wrong in ["", "whsec_", &own[..own.len() - 1], &format!("{own}x"), &other] {
            assert!(!check(ProofKind::Secret, &secrets, sent(wrong, "", ""), NOW), "{wrong}");
        }
        let none = Sent { proof: None, ..sent("", "", "") };
        assert!(!check(ProofKind::Secret, &secrets, none, NOW));
    }

    #[test]
    fn a_signature_of_standard_webhooks_is_of_these_bytes_this_id_and_these_minutes() {
        let kind = ProofKind::StandardWebhooks;
        let secrets = SigningSecrets::new(secret(1));
        let signature = secrets.newest.signature("msg_1", BODY, NOW);
        let at = NOW.secs().to_string();
        let header = format!("v1a,abc {signature}");
        assert!(check(kind, &secrets, sent(&header, "msg_1", &at), NOW));
        assert!(check(kind, &secrets, sent(&signature, "msg_1", &at), NOW.plus(TOLERANCE)));
        let late = NOW.plus(TOLERANCE).plus(Duration::from_secs(1));
        assert!(!check(kind, &secrets, sent(&signature, "msg_1", &at), late), "an old one");
        let early = NOW.minus(TOLERANCE).minus(Duration::from_secs(1));
        assert!(!check(kind, &secrets, sent(&signature, "msg_1", &at), early), "one of the future");
        for (id, at) in [("msg_2", at.as_str()), ("msg.1", &at), ("", &at), ("msg_1", "soon"), ("msg_1", "")]
        {
            assert!(!check(kind, &secrets, sent(&signature, id, at), NOW), "{id} {at}");
        }
        let other = Sent { body: b"{}", ..sent(&signature, "msg_1", &at) };
        assert!(!check(kind, &secrets, other, NOW));
        let huge = i64::MAX.to_string();
        assert!(!check(kind, &secrets, sent(&signature, "msg_1", &huge), NOW));
    }

    #[test]
    fn a_mac_of_the_body_is_taken_with_its_prefix_and_without() {
        let secrets = SigningSecrets::new(secret(1));
        let mac = body_mac(&secrets.newest, BODY);
        for header in [mac.clone(), format!("sha256={mac}"), mac.to_ascii_uppercase()] {
            assert!(check(ProofKind::BodyHmac, &secrets, sent(&header, "", ""), NOW), "{header}");
        }
        let other = body_mac(&secret(2), BODY);
        assert!(!check(ProofKind::BodyHmac, &secrets, sent(&other, "", ""), NOW));
    }

    #[test]
    fn an_earlier_secret_is_good_for_as_long_as_its_overlap() {
        let day = Duration::from_secs(86_400);
        let secrets = SigningSecrets::new(secret(1)).rotated(secret(2), day, NOW);
        for byte in [1, 2] {
            let text = secret(byte).shown().expose().to_owned();
            assert!(check(ProofKind::Secret, &secrets, sent(&text, "", ""), NOW));
            assert_eq!(check(ProofKind::Secret, &secrets, sent(&text, "", ""), NOW.plus(day)), byte == 2);
        }
    }
}
