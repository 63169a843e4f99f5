//! A person at the console. They show a key once; from then on a token in a cookie stands for it, until they sign out or
//! a limit is reached.
//!
//! The token opens nothing that its key does not: each request is judged by the key as it is kept at that moment, so a
//! key that is revoked ends every sign-in with it.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::{KeyId, Proven, StoredKey};
use crate::{Secret, Timestamp};

/// A sign-in ends when nothing was asked with it for this long.
pub const IDLE: Duration = Duration::from_secs(60 * 60);
/// A sign-in ends this long after it began, whatever was asked.
pub const WHOLE: Duration = Duration::from_secs(12 * 60 * 60);
/// How exactly it is kept when something was last asked: a sign-in may end this much before [`IDLE`] is over.
pub const NOTED_EVERY: Duration = Duration::from_secs(5 * 60);

/// What the cookie holds: 256 random bits. They are shown to the browser once and kept nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct SignInToken(Secret);

/// A text that is no token of a sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sign-in token has 43 characters of base64url")]
pub struct InvalidSignInToken;

impl SignInToken {
    /// A new token of these random bytes, which must come from a source that cannot be guessed.
    pub fn of_random(random: &[u8; 32]) -> Self {
        Self(Secret::new(URL_SAFE_NO_PAD.encode(random)))
    }

    /// Reads a token.
    ///
    /// # Errors
    /// [`InvalidSignInToken`].
    pub fn parse(text: &str) -> Result<Self, InvalidSignInToken> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidSignInToken)?;
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| InvalidSignInToken)?;
        Ok(Self::of_random(&bytes))
    }

    /// By what the sign-in is kept: the token's hash, hexadecimal.
    pub fn hash(&self) -> String {
        hex::encode(Sha256::digest(self.0.expose()))
    }

    /// The whole token, for the cookie.
    pub const fn secret(&self) -> &Secret {
        &self.0
    }
}

impl fmt::Debug for SignInToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignInToken(..)")
    }
}

/// What is kept of a sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// The key that was shown.
    pub key: KeyId,
    /// When it was shown.
    pub began_at: Timestamp,
    /// When something was last asked, to within [`NOTED_EVERY`].
    pub seen_at: Timestamp,
}

impl SignIn {
    /// A sign-in that begins now.
    pub const fn begin(key: KeyId, now: Timestamp) -> Self {
        Self { key, began_at: now, seen_at: now }
    }

    /// When it ends if nothing more is asked.
    pub fn ends_at(&self) -> Timestamp {
        self.seen_at.plus(IDLE).min(self.began_at.plus(WHOLE))
    }

    /// Whether what is asked now must be noted.
    pub fn is_to_be_noted(&self, now: Timestamp) -> bool {
        now.since(self.seen_at) >= NOTED_EVERY
    }

    /// The key, proven, if it is the one that was shown and the sign-in has not ended.
    pub fn prove<'a>(&self, key: &'a StoredKey, now: Timestamp) -> Option<Proven<'a>> {
        (now < self.ends_at() && key.id == self.key).then_some(Proven(key))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::BusinessId;
    use crate::access::{ApiKey, KeyKind, KeyOwner, NewKey, Scope};

    fn key(n: u8) -> StoredKey {
        let text = ApiKey::of_random(KeyKind::Business, &[n; 32]);
        let owner = KeyOwner::Business(BusinessId::parse("harbour").unwrap());
        let wish = NewKey { name: "desk".into(), scopes: [Scope::CallsRead].into(), ..NewKey::default() };
        wish.issue(owner, &text, Timestamp(0), None).unwrap()
    }

    fn minutes(n: u64) -> Duration {
        Duration::from_secs(60 * n)
    }

    #[test]
    fn a_sign_in_ends_after_an_hour_without_a_request_and_after_twelve_in_any_case() {
        let (key, began) = (key(1), Timestamp(1_000));
        let mut sign_in = SignIn::begin(key.id.clone(), began);
        assert!(sign_in.prove(&key, began.plus(minutes(59))).is_some());
        assert!(sign_in.prove(&key, began.plus(minutes(60))).is_none());
        for minute in (0..12 * 60).step_by(30) {
            let now = began.plus(minutes(minute));
            assert!(sign_in.prove(&key, now).is_some(), "minute {minute}");
            sign_in.seen_at = now;
        }
        assert!(sign_in.prove(&key, began.plus(minutes(12 * 60))).is_none());
    }

    #[test]
    fn it_proves_the_key_that_was_shown_and_no_other() {
        let (shown, other) = (key(1), key(2));
        let sign_in = SignIn::begin(shown.id.clone(), Timestamp(0));
        assert!(sign_in.prove(&shown, Timestamp(0)).is_some());
        assert!(sign_in.prove(&other, Timestamp(0)).is_none());
    }

    proptest! {
        #[test]
        fn a_token_is_read_as_it_was_made_and_tells_nothing(random in any::<[u8; 32]>()) {
            let token = SignInToken::of_random(&random);
            let read = SignInToken::parse(token.secret().expose()).unwrap();
            prop_assert_eq!(&read, &token);
            prop_assert_eq!(read.hash(), token.hash());
            let logged = format!("{token:?}");
            prop_assert!(!logged.contains(token.secret().expose()));
            prop_assert!(!token.hash().contains(token.secret().expose()));
        }

        #[test]
        fn what_is_no_token_is_refused(text in ".{0,60}") {
            if let Ok(token) = SignInToken::parse(&text) {
                prop_assert_eq!(token.secret().expose(), text);
            }
        }

        #[test]
        fn it_never_ends_later_than_it_may(began in 0..1_000_000_000i64, idle in 0..50_000_000i64) {
            let mut sign_in = SignIn::begin(key(1).id, Timestamp(began));
            sign_in.seen_at = Timestamp(began + idle);
            prop_assert!(sign_in.ends_at() <= Timestamp(began).plus(WHOLE));
            prop_assert!(sign_in.ends_at() <= sign_in.seen_at.plus(IDLE));
        }
    }
}
