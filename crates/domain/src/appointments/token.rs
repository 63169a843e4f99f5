//! The token of a slot: what an agent passes back to book a time. A model that makes one up, alters one or uses one of
//! another conversation books nothing, so it cannot invent a time.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac as _;

use super::{CalendarId, Refusal, ServiceId};
use crate::token::{TokenKey, keyed};
use crate::{BusinessId, Timestamp};

/// How long an offer stands.
pub const SLOT_TOKEN_LASTS: Duration = Duration::from_secs(10 * 60);

const PURPOSE: &str = "slots of appointments";
/// 96 bits, in a text that is short enough for a model to repeat.
const MAC_BYTES: usize = 12;

/// Makes and reads the tokens of slots with one key.
#[derive(Clone)]
pub struct SlotKey([u8; 32]);

impl std::fmt::Debug for SlotKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SlotKey")
    }
}

impl TokenKey {
    /// The key of slots, of no use for anything else.
    pub fn slots(&self) -> SlotKey {
        SlotKey(self.derived(PURPOSE))
    }
}

impl SlotKey {
    /// The token of a slot that is offered at `now`: 27 characters of base64url. `conversation` is the call or the thread
    /// in which it is offered.
    pub fn seal(
        &self,
        (business, conversation): (&BusinessId, &str),
        (service, calendar): (&ServiceId, &CalendarId),
        start: Timestamp,
        now: Timestamp,
    ) -> String {
        let open = opened(start, now.plus(SLOT_TOKEN_LASTS));
        let mac = self.mac(business, conversation, service, calendar, &open).finalize().into_bytes();
        let bytes: Vec<u8> = open.into_iter().chain(mac.into_iter().take(MAC_BYTES)).collect();
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The service, the calendar and the beginning that a token stands for. `offered` are the pairs that exist.
    ///
    /// # Errors
    /// [`Refusal::InvalidSlot`], [`Refusal::StaleSlot`].
    pub fn open<'a>(
        &self,
        (business, conversation): (&BusinessId, &str),
        offered: impl IntoIterator<Item = (&'a ServiceId, &'a CalendarId)>,
        token: &str,
        now: Timestamp,
    ) -> Result<(&'a ServiceId, &'a CalendarId, Timestamp), Refusal> {
        let bytes = URL_SAFE_NO_PAD.decode(token.trim()).map_err(|_| Refusal::InvalidSlot)?;
        let (open, mac) = bytes.split_at_checked(8).ok_or(Refusal::InvalidSlot)?;
        if mac.len() != MAC_BYTES {
            return Err(Refusal::InvalidSlot);
        }
        let fits = |(service, calendar): &(&ServiceId, &CalendarId)| {
            self.mac(business, conversation, service, calendar, open).verify_truncated_left(mac).is_ok()
        };
        let (service, calendar) = offered.into_iter().find(fits).ok_or(Refusal::InvalidSlot)?;
        let (start, until) = open.split_at(4);
        if now.secs() >= big_endian(until) {
            return Err(Refusal::StaleSlot);
        }
        Ok((service, calendar, Timestamp::from_secs(big_endian(start) * 60)))
    }

    fn mac(
        &self,
        business: &BusinessId,
        conversation: &str,
        service: &ServiceId,
        calendar: &CalendarId,
        open: &[u8],
    ) -> hmac::Hmac<sha2::Sha256> {
        let mut mac = keyed(&self.0);
        // None of the texts has a zero.
        for text in [business.as_str(), conversation, service.as_str(), calendar.as_str()] {
            mac.update(text.as_bytes());
            mac.update(&[0]);
        }
        mac.update(open);
        mac
    }
}

/// The beginning in minutes and the end of the offer in seconds: slots begin with whole minutes.
fn opened(start: Timestamp, until: Timestamp) -> [u8; 8] {
    let fit = |number: i64| u32::try_from(number).unwrap_or(0);
    (u64::from(fit(start.secs() / 60)) << 32 | u64::from(fit(until.secs()))).to_be_bytes()
}

fn big_endian(bytes: &[u8]) -> i64 {
    bytes.iter().fold(0, |number, byte| number << 8 | i64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;

    fn key(text: &str) -> SlotKey {
        TokenKey::new(Secret::new(text.repeat(32))).unwrap().slots()
    }

    /// A token of another call, an altered one and one that is older than ten minutes are refused.
    #[test]
    fn a_token_is_good_for_ten_minutes_in_its_own_conversation() {
        let business = BusinessId::parse("harbour").unwrap();
        let services = ["trim", "wash"].map(|id| ServiceId::parse(id).unwrap());
        let calendars = ["anna", "ben"].map(|id| CalendarId::parse(id).unwrap());
        let offered =
            || services.iter().flat_map(|service| calendars.iter().map(move |calendar| (service, calendar)));
        let (now, start) = (Timestamp::from_secs(1_796_000_000), Timestamp::from_secs(1_796_083_200));
        let token = key("k").seal((&business, "CA1"), (&services[1], &calendars[1]), start, now);
        assert_eq!(token.len(), 27, "{token}");
        let open = |conversation: &str, token: &str, now| {
            key("k").open((&business, conversation), offered(), token, now)
        };
        assert_eq!(open("CA1", &token, now), Ok((&services[1], &calendars[1], start)));
        let last = now.plus(SLOT_TOKEN_LASTS).minus(Duration::from_secs(1));
        assert!(open("CA1", &token, last).is_ok());
        assert_eq!(open("CA1", &token, now.plus(SLOT_TOKEN_LASTS)), Err(Refusal::StaleSlot));
        assert_eq!(open("CA2", &token, now), Err(Refusal::InvalidSlot));
        let other = BusinessId::parse("castle").unwrap();
        assert_eq!(key("k").open((&other, "CA1"), offered(), &token, now), Err(Refusal::InvalidSlot));
        assert_eq!(key("l").open((&business, "CA1"), offered(), &token, now), Err(Refusal::InvalidSlot));
        for place in 0..token.len() {
            let mut altered = token.clone().into_bytes();
            altered[place] = if altered[place] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).unwrap();
            assert_eq!(open("CA1", &altered, now), Err(Refusal::InvalidSlot), "{altered}");
        }
        for made_up in ["", "2026-12-03T14:00", "slot_1", &token[1..], &format!("{token}A"), "A"] {
            assert_eq!(open("CA1", made_up, now), Err(Refusal::InvalidSlot), "{made_up}");
        }
    }
}
