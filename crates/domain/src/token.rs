//! The stream token: what entitles a media stream to be the voice of one call.
//!
//! It is a MAC over the call and its epoch, not a random number, so that every duplicate of the voice
//! webhook answers with the same TwiML without reading anything. It is good once because its *plan* is: the session
//! that claims the plan marks it as claimed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

use crate::ids::AccountSid;
use crate::{BusinessId, CallSid, Direction, Epoch, Secret};

/// Keeps this MAC apart from every other use the same key may ever have.
const CONTEXT: &[u8] = b"switchboard stream token v1\0";
const BROWSER_CONTEXT: &[u8] = b"switchboard browser token v1\0";
const DERIVED: &[u8] = b"switchboard derived key v1\0";

/// The path of the bridge at which browsers open streams.
pub const BROWSER_PATH: &str = "/browser";

/// By which door a stream comes. A token of one kind opens nothing at the other's door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StreamKind {
    /// Twilio opens it, with its signature.
    Twilio,
    /// A browser at the console opens it, from the console's own origin.
    Browser,
}

impl StreamKind {
    /// How the streams of a call come.
    pub const fn of(direction: Direction) -> Self {
        match direction {
            Direction::Test => Self::Browser,
            Direction::Inbound | Direction::Outbound | Direction::Unknown => Self::Twilio,
        }
    }

    const fn context(self) -> &'static [u8] {
        match self {
            Self::Twilio => CONTEXT,
            Self::Browser => BROWSER_CONTEXT,
        }
    }
}

/// Mints and checks stream tokens with one key.
#[derive(Clone, Debug)]
pub struct TokenKey(Secret);

impl TokenKey {
    /// The shortest key, bytes: as long as the MAC's output.
    pub const MIN_BYTES: usize = 32;

    /// Refuses keys too short to resist guessing.
    pub fn new(key: Secret) -> Result<Self, WeakKey> {
        if key.expose().len() < Self::MIN_BYTES { Err(WeakKey) } else { Ok(Self(key)) }
    }

    /// `<epoch>.<43 characters of base64url>`: fits Twilio's 500 characters for a `<Parameter>` many times.
    pub fn mint(&self, kind: StreamKind, call: &CallSid, epoch: Epoch) -> Secret {
        let mac = self.mac(kind, call, epoch).finalize().into_bytes();
        Secret::new(format!("{epoch}.{}", URL_SAFE_NO_PAD.encode(mac)))
    }

    /// The epoch the token was minted for, if it was minted for this call and door with this key.
    pub fn verify(&self, kind: StreamKind, call: &CallSid, token: &str) -> Result<Epoch, InvalidToken> {
        let (epoch, mac) = token.split_once('.').ok_or(InvalidToken)?;
        let epoch = Epoch(epoch.parse().map_err(|_| InvalidToken)?);
        let mac = URL_SAFE_NO_PAD.decode(mac).map_err(|_| InvalidToken)?;
        self.mac(kind, call, epoch).verify_slice(&mac).map_err(|_| InvalidToken)?;
        Ok(epoch)
    }

    /// The end of the path of streams of an account that a business brought. It names both and cannot be made up: a
    /// stranger's request never leads to a look for keys.
    pub fn door(&self, business: &BusinessId, account: &AccountSid) -> String {
        format!("/{business}/{account}/{}", self.door_mac(business, account))
    }

    /// The business and the account that the end of a path names. `None`: it was not made with this key.
    pub fn behind_door(&self, end: &str) -> Option<(BusinessId, AccountSid)> {
        let mut parts = end.strip_prefix('/')?.split('/');
        let (business, account, mac) = (parts.next()?, parts.next()?, parts.next()?);
        let named = (BusinessId::parse(business).ok()?, AccountSid::parse(account).ok()?);
        let expected = self.door_mac(&named.0, &named.1);
        let same = bool::from(expected.as_bytes().ct_eq(mac.as_bytes()));
        (same && parts.next().is_none()).then_some(named)
    }

    fn door_mac(&self, business: &BusinessId, account: &AccountSid) -> String {
        // Neither id has a slash.
        let mac = self.derived_mac("stream door", format!("{business}/{account}").as_bytes());
        URL_SAFE_NO_PAD.encode(&mac[..16])
    }

    /// Another key, for one purpose and of no use for guessing this one or any other.
    pub fn derived(&self, purpose: &str) -> [u8; 32] {
        let mut mac = keyed(&Sha256::digest(self.0.expose().as_bytes()).into());
        mac.update(DERIVED);
        mac.update(purpose.as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// HMAC-SHA256 of `message` under the key for `purpose`.
    pub fn derived_mac(&self, purpose: &str, message: &[u8]) -> [u8; 32] {
        let mut mac = keyed(&self.derived(purpose));
        mac.update(message);
        mac.finalize().into_bytes().into()
    }

    fn mac(&self, kind: StreamKind, call: &CallSid, epoch: Epoch) -> Hmac<Sha256> {
        let mut mac = keyed(&Sha256::digest(self.0.expose().as_bytes()).into());
        mac.update(kind.context());
        mac.update(call.as_str().as_bytes());
        mac.update(&epoch.0.to_be_bytes());
        mac
    }
}

/// The key is padded to the hash's block, which HMAC does with short keys anyway: so keying cannot fail.
pub(crate) fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    let mut block = [0u8; 64];
    block[..32].copy_from_slice(key);
    Hmac::<Sha256>::new(&block.into())
}

/// A key that is too short to keep a token safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stream token key needs at least {} bytes", TokenKey::MIN_BYTES)]
pub struct WeakKey;

/// The token was not made for this call, epoch and key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stream token was not minted for this call")]
pub struct InvalidToken;

#[cfg(test)]
mod tests {
    use super::StreamKind::{Browser, Twilio};
    use super::*;

    fn key(text: &str) -> TokenKey {
        TokenKey::new(Secret::new(text.repeat(8))).unwrap()
    }

    fn call(digit: &str) -> CallSid {
        CallSid::parse(&format!("CA{}", digit.repeat(32))).unwrap()
    }

    #[test]
    fn the_same_call_and_epoch_always_get_the_same_token() {
        assert_eq!(
            key("test").mint(Twilio, &call("1"), Epoch(1)),
            key("test").mint(Twilio, &call("1"), Epoch(1))
        );
    }

    /// Fault 56.
    #[test]
    fn a_token_is_good_for_its_own_call_key_and_epoch_only() {
        let token = key("test").mint(Twilio, &call("1"), Epoch(2));
        assert_eq!(key("test").verify(Twilio, &call("1"), token.expose()), Ok(Epoch(2)));
        assert_eq!(key("test").verify(Twilio, &call("2"), token.expose()), Err(InvalidToken));
        assert_eq!(key("else").verify(Twilio, &call("1"), token.expose()), Err(InvalidToken));
        let raised = token.expose().replacen("2.", "3.", 1);
        assert_eq!(key("test").verify(Twilio, &call("1"), &raised), Err(InvalidToken));
        for garbage in ["", ".", "1.", "1.!!", "x.AAAA", "99999999999.AAAA"] {
            assert_eq!(key("test").verify(Twilio, &call("1"), garbage), Err(InvalidToken), "{garbage}");
        }
    }

    #[test]
    fn a_token_of_one_kind_is_no_token_of_the_other() {
        for (kind, other) in [(Twilio, Browser), (Browser, Twilio)] {
            let token = key("test").mint(kind, &call("1"), Epoch(1));
            assert_eq!(key("test").verify(kind, &call("1"), token.expose()), Ok(Epoch(1)));
            assert_eq!(key("test").verify(other, &call("1"), token.expose()), Err(InvalidToken));
        }
        assert_eq!(StreamKind::of(Direction::Test), Browser);
        for direction in [Direction::Inbound, Direction::Outbound, Direction::Unknown] {
            assert_eq!(StreamKind::of(direction), Twilio);
        }
    }

    #[test]
    fn a_door_is_for_one_business_and_account() {
        let account = |digit: &str| AccountSid::parse(&format!("AC{}", digit.repeat(32))).unwrap();
        let business = BusinessId::parse("harbour-bicycles").unwrap();
        let door = key("test").door(&business, &account("1"));
        assert_eq!(key("test").behind_door(&door), Some((business, account("1"))));
        assert_eq!(key("else").behind_door(&door), None);
        for other in [
            door.replace("harbour", "mountain"),
            door.replace(account("1").as_str(), account("2").as_str()),
            format!("{door}/"),
            door.trim_start_matches('/').to_owned(),
            door[..door.len() - 1].to_owned(),
            String::new(),
            "/".to_owned(),
        ] {
            assert_eq!(key("test").behind_door(&other), None, "{other}");
        }
    }

    #[test]
    fn a_short_key_is_refused() {
        assert!(TokenKey::new(Secret::new("short")).is_err());
    }
}
