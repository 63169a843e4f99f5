//! Signing in through an issuer of OpenID Connect: what binds an attempt to a browser, and what an ID token must say.
//!
//! One random number, which the browser keeps in a cookie and the server nowhere, is an attempt. Its hash is the `state`
//! that comes back; the code verifier (RFC 7636) and the `nonce` are MACs over it. So a stranger who has seen the address that
//! the issuer sends a browser back to has neither the cookie nor the verifier.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use strum::{IntoStaticStr, VariantArray};
use subtle::ConstantTimeEq as _;

use super::sign_in::{InvalidSignInToken, SignInToken};
use super::{KeyId, NotInvited};
use crate::token::TokenKey;
use crate::{Secret, Timestamp};

/// How long a person may take at the issuer.
pub const ATTEMPT_LASTS: Duration = Duration::from_secs(10 * 60);
/// How far the issuer's clock may be from ours.
const LEEWAY: Duration = Duration::from_secs(60);
/// The longest subject (OpenID Connect Core, 2).
const MAX_SUBJECT_CHARS: usize = 255;
/// The longest address of a mailbox (RFC 5321, 4.5.3.1.3, without its brackets).
const MAX_EMAIL_CHARS: usize = 254;
const VERIFIER: &str = "oidc code verifier";
const NONCE: &str = "oidc nonce";

/// What the browser keeps of an attempt to sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptToken(SignInToken);

impl AttemptToken {
    /// A new one of these random bytes, which must come from a source that cannot be guessed.
    pub fn of_random(random: &[u8; 32]) -> Self {
        Self(SignInToken::of_random(random))
    }

    /// Reads one.
    ///
    /// # Errors
    /// [`InvalidSignInToken`].
    pub fn parse(text: &str) -> Result<Self, InvalidSignInToken> {
        SignInToken::parse(text).map(Self)
    }

    /// The whole token, for the cookie.
    pub const fn secret(&self) -> &Secret {
        self.0.secret()
    }

    /// What goes to the issuer and comes back: 64 hexadecimal digits.
    pub fn state(&self) -> String {
        self.0.hash()
    }

    /// Whether it is this attempt that comes back.
    pub fn is(&self, state: &str) -> bool {
        self.state().as_bytes().ct_eq(state.as_bytes()).into()
    }

    /// The code verifier, 43 characters.
    pub fn verifier(&self, key: &TokenKey) -> Secret {
        Secret::new(self.derived(key, VERIFIER))
    }

    /// What is shown of the code verifier beforehand (RFC 7636, method `S256`).
    pub fn challenge(&self, key: &TokenKey) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier(key).expose()))
    }

    /// What the ID token must repeat.
    pub fn nonce(&self, key: &TokenKey) -> String {
        self.derived(key, NONCE)
    }

    fn derived(&self, key: &TokenKey, purpose: &str) -> String {
        URL_SAFE_NO_PAD.encode(key.derived_mac(purpose, self.secret().expose().as_bytes()))
    }
}

/// What is kept of an attempt, under its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// When it began.
    pub began_at: Timestamp,
    /// The member whose invitation was shown; `None`: a person who has joined before.
    pub invited: Option<KeyId>,
}

impl Attempt {
    /// Whether the person took too long.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.began_at.plus(ATTEMPT_LASTS) <= now
    }
}

/// Names a person at one issuer: SHA-256 of the issuer and the subject, 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PersonId(String);

impl PersonId {
    /// The person whom `issuer` calls `subject`.
    pub fn of(issuer: &str, subject: &str) -> Self {
        // An issuer is an address, and has no NUL.
        Self(hex::encode(Sha256::digest(format!("{issuer}\0{subject}"))))
    }

    /// Reads what was stored.
    ///
    /// # Errors
    /// [`InvalidPersonId`].
    pub fn parse(text: &str) -> Result<Self, InvalidPersonId> {
        let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let fits = text.len() == 64 && text.bytes().all(digit);
        fits.then(|| Self(text.to_owned())).ok_or(InvalidPersonId)
    }

    /// As it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text names no person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a person is named by 64 hexadecimal digits")]
pub struct InvalidPersonId;

/// A person's e-mail address, for display alone. It is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// `None`: it is longer than an address may be, or empty.
    pub fn new(text: &str) -> Option<Self> {
        (1..=MAX_EMAIL_CHARS).contains(&text.chars().count()).then(|| Self(text.to_owned()))
    }

    /// As the issuer writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(..)")
    }
}

/// A person whom an issuer has identified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Who it is.
    pub id: PersonId,
    /// The person's e-mail address, if the issuer says that it has verified it.
    pub email: Option<Email>,
}

/// What an ID token says, as far as it is of interest (OpenID Connect Core, 2 and 5.1). Its signature has been checked.
#[derive(Clone, PartialEq, Deserialize)]
pub struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: f64,
    iat: f64,
    nbf: Option<f64>,
    nonce: Option<String>,
    email: Option<String>,
    email_verified: Option<Verified>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// Some issuers write the word in place of the value.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
enum Verified {
    Value(bool),
    Word(String),
}

/// What an ID token must say.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The issuer, letter by letter.
    pub issuer: &'a str,
    /// Our name at the issuer.
    pub client_id: &'a str,
    /// The attempt's.
    pub nonce: &'a str,
}

/// What is wrong with an ID token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, thiserror::Error)]
#[strum(serialize_all = "snake_case")]
pub enum TokenFault {
    /// Another issuer made it.
    #[error("the ID token is another issuer's")]
    Issuer,
    /// It was made for another client.
    #[error("the ID token is for another client")]
    Audience,
    /// It belongs to another attempt.
    #[error("the ID token has another nonce")]
    Nonce,
    /// Its time is over.
    #[error("the ID token has expired")]
    Expired,
    /// It was made later than now.
    #[error("the ID token is of the future")]
    Future,
    /// It names no person.
    #[error("the ID token names no subject")]
    Subject,
}

impl Claims {
    /// The person, if the token is one for us and for this attempt (OpenID Connect Core, 3.1.3.7).
    ///
    /// # Errors
    /// The first [`TokenFault`], in the order of the standard.
    pub fn person(self, expected: Expected<'_>, now: Timestamp) -> Result<Person, TokenFault> {
        if self.iss != expected.issuer {
            return Err(TokenFault::Issuer);
        }
        let (is_for_us, alone) = match &self.aud {
            Audience::One(audience) => (audience == expected.client_id, true),
            Audience::Several(all) => {
                (all.iter().any(|audience| audience == expected.client_id), all.len() == 1)
            }
        };
        // A token for several clients must say which of them asked for it.
        let asked = self.azp.as_ref().map_or(alone, |asked| asked == expected.client_id);
        if !is_for_us || !asked {
            return Err(TokenFault::Audience);
        }
        let seconds = now.0 as f64 / 1_000.0;
        let leeway = LEEWAY.as_secs_f64();
        if self.exp + leeway <= seconds {
            return Err(TokenFault::Expired);
        }
        if self.iat - leeway > seconds || self.nbf.is_some_and(|from| from - leeway > seconds) {
            return Err(TokenFault::Future);
        }
        let same = |nonce: String| bool::from(nonce.as_bytes().ct_eq(expected.nonce.as_bytes()));
        if !self.nonce.is_some_and(same) {
            return Err(TokenFault::Nonce);
        }
        if self.sub.is_empty() || self.sub.chars().count() > MAX_SUBJECT_CHARS {
            return Err(TokenFault::Subject);
        }
        let verified = match self.email_verified {
            Some(Verified::Value(verified)) => verified,
            Some(Verified::Word(word)) => word == "true",
            None => false,
        };
        let email = self.email.filter(|_| verified).and_then(|email| Email::new(&email));
        Ok(Person { id: PersonId::of(&self.iss, &self.sub), email })
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims").field("iss", &self.iss).field("exp", &self.exp).finish_non_exhaustive()
    }
}

/// Why a person came back from the issuer and is not signed in. The console says it in words; nothing that the issuer or
/// a link said is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum NotSignedIn {
    /// The person, or the issuer, broke it off.
    Cancelled,
    /// The attempt is not known, was used before, or took too long.
    AttemptOver,
    /// The attempt began in another browser, or in a window that began another one since.
    AnotherBrowser,
    /// The issuer cannot be reached, or is too slow.
    IssuerUnreachable,
    /// The issuer's answers are not as the standard has them, or it refused the code.
    IssuerAnswer,
    /// The ID token is not good.
    IdToken,
    /// The person is a member of no business.
    NoMember,
    /// There is no such invitation, or it was withdrawn.
    InvitationUnknown,
    /// The invitation was not accepted in time.
    InvitationOver,
    /// Another person accepted the invitation.
    InvitationUsed,
    /// The person belongs to the most businesses that a person may.
    TooManyBusinesses,
    /// Something of ours failed.
    Unavailable,
}

impl NotSignedIn {
    /// Every reason.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The word for the page.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

impl From<NotInvited> for NotSignedIn {
    fn from(reason: NotInvited) -> Self {
        match reason {
            NotInvited::InvitationUnknown => Self::InvitationUnknown,
            NotInvited::InvitationOver => Self::InvitationOver,
            NotInvited::InvitationUsed => Self::InvitationUsed,
        }
    }
}

#[cfg(test)]
mod tests;
