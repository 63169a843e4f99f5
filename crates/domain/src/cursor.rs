//! Cursors: where the next page of a list begins, in a text that only the API can make.
//!
//! A cursor carries a position, a digest of what was asked (the list, the business, its filters and its order) and a MAC
//! over both. So a position never reaches a store that this API did not give, and none is taken over into another list.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac as _;
use sha2::{Digest as _, Sha256};

use crate::token::{TokenKey, keyed};

/// What cursors begin with. One of another version is answered like one that was made up.
const VERSION: u8 = 1;
/// 128 bits: none is guessed.
const MAC_BYTES: usize = 16;
/// Tells lists apart; the MAC proves it.
const ASKED_BYTES: usize = 8;
const PURPOSE: &str = "cursors of lists";

/// Makes and reads cursors with one key.
#[derive(Clone)]
pub struct CursorKey([u8; 32]);

impl std::fmt::Debug for CursorKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CursorKey")
    }
}

/// Why a cursor is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCursor {
    /// It was made up, cut short or altered, or made with a key that has been replaced since.
    #[error("`cursor` is not one that the API gave: start again without one")]
    NotOurs,
    /// It was made for another list, business, filter or order.
    #[error(
        "`cursor` belongs to a list with other filters, in another order or of another business: send the query that it \
         was given for, or start again without it"
    )]
    OfAnotherList,
}

impl TokenKey {
    /// The key of cursors, of no use for anything else.
    pub fn cursors(&self) -> CursorKey {
        CursorKey(self.derived(PURPOSE))
    }
}

impl CursorKey {
    /// The cursor of `position` in what was `asked`: 34 characters of base64url, and four for each three bytes of the position.
    pub fn seal(&self, asked: &[u8], position: &[u8]) -> String {
        let asked = digest(asked);
        let mac = self.mac(&asked, position).finalize().into_bytes();
        let mac = mac.iter().take(MAC_BYTES).copied();
        let bytes: Vec<u8> =
            [VERSION].into_iter().chain(mac).chain(asked).chain(position.iter().copied()).collect();
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The position in a cursor that this key made for what is `asked`.
    ///
    /// # Errors
    /// [`InvalidCursor`].
    pub fn open(&self, asked: &[u8], cursor: &str) -> Result<Vec<u8>, InvalidCursor> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| InvalidCursor::NotOurs)?;
        let (version, rest) = bytes.split_first().ok_or(InvalidCursor::NotOurs)?;
        let (mac, rest) = rest.split_at_checked(MAC_BYTES).ok_or(InvalidCursor::NotOurs)?;
        let (of, position) = rest.split_at_checked(ASKED_BYTES).ok_or(InvalidCursor::NotOurs)?;
        if *version != VERSION || self.mac(of, position).verify_truncated_left(mac).is_err() {
            return Err(InvalidCursor::NotOurs);
        }
        if *of == digest(asked) { Ok(position.to_vec()) } else { Err(InvalidCursor::OfAnotherList) }
    }

    fn mac(&self, asked: &[u8], position: &[u8]) -> hmac::Hmac<Sha256> {
        let mut mac = keyed(&self.0);
        mac.update(&[VERSION]);
        mac.update(asked);
        mac.update(position);
        mac
    }
}

fn digest(asked: &[u8]) -> [u8; ASKED_BYTES] {
    let digest: [u8; 32] = Sha256::digest(asked).into();
    std::array::from_fn(|place| digest[place])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Secret;

    fn key(seed: &str) -> CursorKey {
        TokenKey::new(Secret::new(seed.repeat(32))).unwrap().cursors()
    }

    proptest! {
        #[test]
        fn a_position_comes_back_from_its_own_list(
            asked in prop::collection::vec(any::<u8>(), 0..200),
            position in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let cursor = key("k").seal(&asked, &position);
            prop_assert!(cursor.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
            prop_assert_eq!(key("k").open(&asked, &cursor), Ok(position));
            prop_assert_eq!(key("l").open(&asked, &cursor), Err(InvalidCursor::NotOurs));
        }

        #[test]
        fn another_list_is_told_apart(
            asked in prop::collection::vec(any::<u8>(), 0..100),
            other in prop::collection::vec(any::<u8>(), 0..100),
            position in prop::collection::vec(any::<u8>(), 0..100),
        ) {
            prop_assume!(asked != other);
            let cursor = key("k").seal(&asked, &position);
            prop_assert_eq!(key("k").open(&other, &cursor), Err(InvalidCursor::OfAnotherList));
        }

        /// Every byte of it, flipped in any way, every character replaced, and every part of it.
        #[test]
        fn an_altered_cursor_is_refused(
            position in prop::collection::vec(any::<u8>(), 0..60),
            flip in 1..=u8::MAX,
            other in "[A-Za-z0-9_-]",
        ) {
            let cursor = key("k").seal(b"calls", &position);
            let refused = |text: &str| key("k").open(b"calls", text) == Err(InvalidCursor::NotOurs);
            let bytes = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
            for place in 0..bytes.len() {
                let mut altered = bytes.clone();
                altered[place] ^= flip;
                prop_assert!(refused(&URL_SAFE_NO_PAD.encode(&altered)), "byte {}", place);
            }
            for place in 0..cursor.len() {
                prop_assert!(refused(&cursor[..place]), "cut at {}", place);
                let altered = format!("{}{other}{}", &cursor[..place], &cursor[place + 1..]);
                prop_assert!(altered == cursor || refused(&altered), "character {}", place);
            }
            let longer = format!("{cursor}{other}");
            prop_assert!(refused(&longer));
        }

        #[test]
        fn what_is_made_up_is_refused(text in ".{0,120}") {
            prop_assert_eq!(key("k").open(b"calls", &text), Err(InvalidCursor::NotOurs));
        }
    }
}
