//! Where connections stay until they have shown what they are: a valid handshake, or a question about health.
//!
//! Places are few and separate from those of calls, and a newcomer always gets one: when all are taken, the address that
//! holds the most of them gives up its oldest. So however many connections lie there without a word, a call and a health
//! check get in. No address has a bound of its own, since behind a load balancer all calls come from the balancer's few
//! addresses; the balancer passes on complete requests only, which is why a place of its is left within milliseconds.

use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use platform::rate_limit::RateLimited;
use tokio_util::sync::CancellationToken;

/// More than the calls that a task is made for can begin at the same moment.
pub(crate) const PLACES: usize = 512;
/// The leading segments that name an IPv6 network (a /64): one subscriber has all addresses in it.
const NETWORK_SEGMENTS: usize = 4;

#[derive(Debug, Default)]
pub(crate) struct WaitingRoom {
    room: Mutex<Room>,
    turned_out: RateLimited,
}

#[derive(Debug, Default)]
struct Room {
    next: u64,
    taken: usize,
    /// The places of each origin; a lower number is an older place.
    origins: HashMap<IpAddr, BTreeSet<u64>>,
    waiting: HashMap<u64, CancellationToken>,
}

/// One connection's place, given up when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    room: Arc<WaitingRoom>,
    origin: IpAddr,
    number: u64,
    turned_out: CancellationToken,
}

impl WaitingRoom {
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr, now: Instant) -> Place {
        let origin = origin(address);
        let turned_out = CancellationToken::new();
        let (number, crowded) = {
            let mut room = self.lock();
            let crowded = room.taken >= PLACES;
            if crowded {
                room.turn_one_out();
            }
            (room.add(origin, turned_out.clone()), crowded)
        };
        if crowded && let Some(others) = self.turned_out.admit(now) {
            tracing::warn!(places = PLACES, others, "a connection without a request made room for another");
        }
        Place { room: Arc::clone(self), origin, number, turned_out }
    }

    fn lock(&self) -> MutexGuard<'_, Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Room {
    fn add(&mut self, origin: IpAddr, turned_out: CancellationToken) -> u64 {
        let number = self.next;
        self.next += 1;
        self.taken += 1;
        self.origins.entry(origin).or_default().insert(number);
        self.waiting.insert(number, turned_out);
        number
    }

    fn remove(&mut self, origin: IpAddr, number: u64) -> Option<CancellationToken> {
        let turned_out = self.waiting.remove(&number)?;
        self.taken -= 1;
        if let Some(places) = self.origins.get_mut(&origin) {
            places.remove(&number);
            if places.is_empty() {
                self.origins.remove(&origin);
            }
        }
        Some(turned_out)
    }

    fn turn_one_out(&mut self) {
        let most = self.origins.iter().max_by_key(|(_, places)| places.len());
        let oldest = most.and_then(|(origin, places)| Some((*origin, *places.first()?)));
        if let Some(turned_out) = oldest.and_then(|(origin, number)| self.remove(origin, number)) {
            turned_out.cancel();
        }
    }
}

impl Place {
    /// Ends when another connection got the place; never after [`leave`](Self::leave).
    pub(crate) async fn turned_out(&self) {
        self.turned_out.cancelled().await;
    }

    /// The connection has shown what it is, and needs no place any more.
    pub(crate) fn leave(&self) {
        self.room.lock().remove(self.origin, self.number);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.leave();
    }
}

/// What counts as one address.
fn origin(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let mut segments = address.segments();
            segments[NETWORK_SEGMENTS..].fill(0);
            IpAddr::V6(Ipv6Addr::from(segments))
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(n: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, n])
    }

    fn room() -> Arc<WaitingRoom> {
        Arc::default()
    }

    fn gone(places: &[Place]) -> Vec<usize> {
        let gone = places.iter().enumerate().filter(|(_, place)| place.turned_out.is_cancelled());
        gone.map(|(n, _)| n).collect()
    }

    #[test]
    fn the_oldest_of_the_address_that_holds_the_most_makes_room() {
        let (room, now) = (room(), Instant::now());
        let other = room.enter(address(2), now);
        let many: Vec<Place> = (0..PLACES + 9).map(|_| room.enter(address(1), now)).collect();
        assert_eq!(gone(&many), (0..10).collect::<Vec<_>>());
        assert!(!other.turned_out.is_cancelled(), "somebody else is not felt");
        let newcomer = room.enter(address(3), now);
        assert_eq!((gone(&many).len(), newcomer.turned_out.is_cancelled()), (11, false));
    }

    #[test]
    fn who_has_left_takes_no_place_and_is_not_turned_out() {
        let (room, now) = (room(), Instant::now());
        let proven: Vec<Place> = (0..PLACES).map(|_| room.enter(address(1), now)).collect();
        proven.iter().for_each(Place::leave);
        let next: Vec<Place> = (0..PLACES).map(|_| room.enter(address(1), now)).collect();
        assert_eq!((gone(&proven), gone(&next)), (vec![], vec![]));
        drop(next);
        assert_eq!(room.lock().taken, 0);
        assert!(room.lock().origins.is_empty() && room.lock().waiting.is_empty());
    }

    #[test]
    fn a_network_of_version_6_is_one_address_and_a_mapped_one_is_what_it_maps() {
        let [one, other, elsewhere] = ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1"]
            .map(|text| origin(text.parse().unwrap()));
        assert_eq!(one, other);
        assert_ne!(one, elsewhere);
        assert_eq!(origin("::ffff:192.0.2.7".parse().unwrap()), address(7));
    }
}
