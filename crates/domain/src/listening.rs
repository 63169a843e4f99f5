//! A person at the console listens to a call while it goes on.
//!
//! The API gives out a token for one view of one call. The bridge lets the view in by it, notes who listens before the
//! first sound, and sends what the two sides say. A listener is never heard.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use crate::access::KeyId;
use crate::token::TokenKey;
use crate::{CallSid, Secret, Timestamp};

/// The path of the bridge at which browsers listen; the call's id follows it after a slash.
pub const LISTEN_PATH: &str = "/listen";
/// What the WebSocket speaks: the first of the two subprotocols that the browser names. The second one is the token, which
/// thereby is in no address and in no log of addresses.
pub const PROTOCOL: &str = "switchboard.listen.v1";
/// How long a token is good.
pub const TOKEN_TTL: Duration = Duration::from_secs(60);
/// Those who listen to one call at the same time, at most.
pub const MAX_LISTENERS: usize = 20;

const ID_CHARS: usize = 16;
const PURPOSE: &str = "listening";

/// Names one view of one call.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ViewId(String);

/// The text names no view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a view is named by {ID_CHARS} letters and digits")]
pub struct InvalidViewId;

impl ViewId {
    /// A new name of these random bytes.
    pub fn of_random(random: &[u8; 32]) -> Self {
        Self(hex::encode(&random[..ID_CHARS / 2]))
    }

    /// Accepts 16 letters and digits.
    ///
    /// # Errors
    /// [`InvalidViewId`].
    pub fn parse(text: &str) -> Result<Self, InvalidViewId> {
        let fits = text.len() == ID_CHARS && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidViewId) }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ViewId {
    type Error = InvalidViewId;
    fn try_from(text: String) -> Result<Self, InvalidViewId> {
        Self::parse(&text)
    }
}

impl From<ViewId> for String {
    fn from(id: ViewId) -> Self {
        id.0
    }
}

/// What a token grants: one view of the call that it was made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Names the view, which can be opened once.
    pub view: ViewId,
    /// The key whose holder listens.
    pub by: KeyId,
    /// When the token stops being good.
    pub until: Timestamp,
}

/// Why a token lets no one in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotGranted {
    /// It was not made for this call with this key.
    #[error("the token was not made for this call")]
    Invalid,
    /// Its time is over.
    #[error("the token's time is over")]
    Expired,
}

impl Grant {
    /// `<until>.<view>.<key>.<43 characters of base64url>`: characters that a subprotocol of a WebSocket may have (RFC 6455,
    /// 4.1).
    pub fn token(&self, key: &TokenKey, call: &CallSid) -> Secret {
        let Self { view, by, until } = self;
        let mac = URL_SAFE_NO_PAD.encode(self.mac(key, call));
        Secret::new(format!("{}.{}.{by}.{mac}", until.0, view.as_str()))
    }

    /// What a token grants at `now`, if it was made for this call with this key.
    ///
    /// # Errors
    /// [`NotGranted`].
    pub fn of_token(key: &TokenKey, call: &CallSid, token: &str, now: Timestamp) -> Result<Self, NotGranted> {
        let read = || {
            let mut parts = token.split('.');
            let until = Timestamp(parts.next()?.parse().ok()?);
            let view = ViewId::parse(parts.next()?).ok()?;
            let by = KeyId::parse(parts.next()?).ok()?;
            let mac = URL_SAFE_NO_PAD.decode(parts.next()?).ok()?;
            parts.next().is_none().then_some((Self { view, by, until }, mac))
        };
        let (grant, mac) = read().ok_or(NotGranted::Invalid)?;
        if !bool::from(grant.mac(key, call).ct_eq(&mac)) {
            return Err(NotGranted::Invalid);
        }
        if now >= grant.until { Err(NotGranted::Expired) } else { Ok(grant) }
    }

    fn mac(&self, key: &TokenKey, call: &CallSid) -> [u8; 32] {
        let Self { view, by, until } = self;
        // None of the parts has a dot.
        key.derived_mac(PURPOSE, format!("{call}.{}.{}.{by}", until.0, view.as_str()).as_bytes())
    }
}

/// That a person listened to a call while it went on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listener {
    /// Names the view.
    pub view: ViewId,
    /// The key whose holder listened.
    pub by: KeyId,
    /// Since when.
    pub began_at: Timestamp,
    /// Until when; `None` while it goes on, and when the process that carried the call was lost.
    #[serde(default)]
    pub ended_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Epoch;
    use crate::testing::call_sid;
    use crate::token::StreamKind;

    const UNTIL: Timestamp = Timestamp(60_000);

    fn key(text: &str) -> TokenKey {
        TokenKey::new(Secret::new(text.repeat(8))).unwrap()
    }

    fn grant() -> Grant {
        let (view, by) = (ViewId::of_random(&[7; 32]), KeyId::parse("4fJ0xQ2m").unwrap());
        Grant { view, by, until: UNTIL }
    }

    #[test]
    fn a_token_grants_one_view_of_its_own_call_until_its_time_is_over() {
        let token = grant().token(&key("test"), &call_sid(1));
        let read = |key: &TokenKey, call, now| Grant::of_token(key, &call, token.expose(), Timestamp(now));
        assert_eq!(read(&key("test"), call_sid(1), 59_999), Ok(grant()));
        assert_eq!(read(&key("test"), call_sid(1), 60_000), Err(NotGranted::Expired));
        assert_eq!(read(&key("test"), call_sid(2), 0), Err(NotGranted::Invalid));
        assert_eq!(read(&key("else"), call_sid(1), 0), Err(NotGranted::Invalid));
    }

    #[test]
    fn no_part_of_a_token_can_be_exchanged() {
        let token = grant().token(&key("test"), &call_sid(1));
        let read = |token: &str| Grant::of_token(&key("test"), &call_sid(1), token, Timestamp(0));
        for (part, other) in [(0, "90000"), (1, "ffffffffffffffff"), (2, "4fJ0xQ2n"), (3, "AAAA")] {
            let mut parts: Vec<&str> = token.expose().split('.').collect();
            parts[part] = other;
            assert_eq!(read(&parts.join(".")), Err(NotGranted::Invalid), "{part}");
        }
        for wrong in ["", ".", "...", &format!("{}.", token.expose()), &format!("{}.x", token.expose())] {
            assert_eq!(read(wrong), Err(NotGranted::Invalid), "{wrong}");
        }
    }

    #[test]
    fn a_token_of_a_stream_grants_no_view_and_the_other_way_round() {
        let (key, call) = (key("test"), call_sid(1));
        for kind in [StreamKind::Twilio, StreamKind::Browser] {
            let stream = key.mint(kind, &call, Epoch::FIRST);
            assert_eq!(Grant::of_token(&key, &call, stream.expose(), Timestamp(0)), Err(NotGranted::Invalid));
            assert!(key.verify(kind, &call, grant().token(&key, &call).expose()).is_err());
        }
    }

    proptest! {
        #[test]
        fn a_token_has_only_characters_of_a_subprotocol(random: [u8; 32], until in 0i64..1 << 53) {
            let grant = Grant { view: ViewId::of_random(&random), until: Timestamp(until), ..grant() };
            let token = grant.token(&key("test"), &call_sid(1));
            let fits = |c: u8| c.is_ascii_alphanumeric() || b"-_.".contains(&c);
            prop_assert!(token.expose().bytes().all(fits) && ViewId::parse(grant.view.as_str()).is_ok());
        }

        #[test]
        fn any_text_is_read_without_a_panic(token in ".{0,120}") {
            let _ = Grant::of_token(&key("test"), &call_sid(1), &token, Timestamp(0));
        }
    }
}
