//! What limits the calls that a business places: taken once for each order, and given back once.

use std::sync::Arc;
use std::time::Duration;

use domain::dial::CallTask;
use domain::outbound::{Amounts, AtMost, DayCaps, SlotCount};
use domain::{BusinessId, Call, CallStatus, DialId, DialOrder, Revision, Timestamp, testing};
use stores::calls::{OpenCall, Writer};
use stores::capacity::{Limits, Pool, SlotRequest, WhichSlots};
use stores::dial_limits::{DayReservation, DialClaim, DialFacts, DialLimits, NumberHash};
use stores::dials::Dials;

use crate::world::{LEASES, NOW, TABLE, World, all_at_once, call, open_call, phone};

const DAY: &str = "2026-11-30";

fn business() -> BusinessId {
    testing::business().id
}

fn id(key: &str) -> DialId {
    DialId::of(&business(), key)
}

fn number(n: u8) -> NumberHash {
    NumberHash::new([n; 32])
}

fn most(minutes: u64) -> DayReservation {
    DayReservation { day: DAY.into(), most: AtMost { minutes, micros: Some(minutes * 10) } }
}

struct Stores {
    limits: DialLimits,
    dials: Dials,
    world: World,
}

impl Stores {
    async fn new() -> Self {
        let world = World::new().await;
        let (limits, dials) = (DialLimits::new(&world.aws, LEASES), Dials::new(&world.aws, LEASES));
        Self { limits, dials, world }
    }

    async fn order(&self, key: &str) {
        let order = DialOrder {
            id: id(key),
            account: testing::call(1, NOW).account,
            business: business(),
            revision: Revision::FIRST,
            from: phone(0),
            to: phone(1),
            zone: None,
            task: CallTask::default(),
            requested_at: NOW,
            max_concurrent_calls: 2,
            slot_ttl: Duration::from_secs(3_600),
            series: None,
        };
        self.dials.keep(&order, &testing::plan(1), NOW).await.unwrap();
    }

    async fn claim(&self, key: &str, number: &NumberHash, caps: DayCaps, now: Timestamp) -> bool {
        let reserved = self.dials.get(&id(key)).await.unwrap().unwrap().reserved;
        let claim = DialClaim {
            business: &business(),
            order: &id(key),
            reserved: reserved.as_ref(),
            number,
            series: None,
            cool_down: Duration::from_secs(900),
            caps,
            wanted: most(30),
            now,
        };
        self.limits.claim(&claim).await.unwrap().is_some()
    }

    /// As another order sees it.
    async fn facts(&self, number: &NumberHash) -> DialFacts {
        self.limits.facts(&business(), &id("another"), None, number, DAY).await.unwrap()
    }
}

#[tokio::test]
async fn a_number_is_taken_by_one_order_until_it_has_cooled_down() {
    let stores = Stores::new().await;
    for key in ["first", "second"] {
        stores.order(key).await;
    }
    let claim = async |key, at| stores.claim(key, &number(1), DayCaps::default(), at).await;
    assert_eq!(stores.facts(&number(1)).await, DialFacts::default());
    assert!(claim("first", NOW).await);
    assert!(claim("first", NOW).await, "its own order is not in its way");
    assert!(!claim("second", NOW).await);
    assert_eq!(stores.facts(&number(1)).await.last_dialled, Some(NOW));
    let own = stores.limits.facts(&business(), &id("first"), Some(&most(30)), &number(1), DAY).await.unwrap();
    assert_eq!(own, DialFacts::default(), "what it holds itself is in none of the facts");
    let cooled = NOW.plus(Duration::from_secs(900));
    assert!(!claim("second", Timestamp(cooled.0 - 1)).await);
    assert!(claim("second", cooled).await);
    assert_eq!(stores.world.leases("cool-down#").await.len(), 1);
    assert!(!stores.world.leases("cool-down#").await[0].contains("43720"), "the number is not in its key");
}

/// Each cap is kept by the write itself, however many orders see the same room.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rivals_never_pass_a_cap_of_the_day() {
    for caps in [
        DayCaps { calls: Some(3), ..DayCaps::default() },
        DayCaps { minutes: Some(110), ..DayCaps::default() },
        DayCaps { micros: Some(900), ..DayCaps::default() },
    ] {
        let stores = Arc::new(Stores::new().await);
        let rivals = (0..8_u8).map(|n| {
            let stores = Arc::clone(&stores);
            async move {
                let key = format!("order-{n}");
                stores.order(&key).await;
                stores.claim(&key, &number(n), caps, NOW).await
            }
        });
        let won = all_at_once(rivals.collect::<Vec<_>>()).await;
        assert_eq!(won.iter().filter(|won| **won).count(), 3, "{caps:?}");
        assert_eq!(stores.facts(&number(99)).await.today, Amounts { calls: 3, minutes: 90, micros: 900 });
    }
}

#[tokio::test]
async fn what_was_not_dialled_is_given_back_once() {
    let stores = Stores::new().await;
    for key in ["first", "second"] {
        stores.order(key).await;
        assert!(stores.claim(key, &number(key.len() as u8), DayCaps::default(), NOW).await);
    }
    let reserved = stores.dials.get(&id("first")).await.unwrap().unwrap().reserved.unwrap();
    assert_eq!(reserved, most(30));
    for _ in 0..2 {
        let (order, number) = (id("first"), number(5));
        stores.limits.release(&business(), &order, &reserved, &number, NOW).await.unwrap();
    }
    assert_eq!(
        stores.facts(&number(5)).await,
        DialFacts {
            last_dialled: None,
            last_series: None,
            today: Amounts { calls: 1, minutes: 30, micros: 300 }
        }
    );
    assert_eq!(stores.dials.get(&id("first")).await.unwrap().unwrap().reserved, None);
    assert!(stores.claim("first", &number(5), DayCaps::default(), NOW).await, "it may be tried again");
}

#[tokio::test]
async fn an_account_begins_its_calls_of_a_second_and_no_more() {
    let stores = Stores::new().await;
    let account = testing::call(1, NOW).account;
    let begin = async |at: i64| stores.limits.begin(&account, 2, Timestamp(NOW.0 + at)).await.unwrap();
    let begun = [begin(0).await, begin(1).await, begin(2).await, begin(999).await, begin(1_000).await];
    assert_eq!(begun, [true, true, false, false, true]);
}

/// A call that is over counts with what it came to, once, however often its end is followed up.
#[tokio::test]
async fn a_call_that_is_over_counts_with_the_minutes_that_it_lasted() {
    let stores = Stores::new().await;
    let writer = Writer::new(&stores.world.aws, TABLE, LEASES, TABLE);
    stores.order("first").await;
    assert!(stores.claim("first", &number(1), DayCaps::default(), NOW).await);
    let limits = Limits { business: 4, deployment: 4 };
    let (own, first) = (business(), id("first"));
    let slots = writer.reserve_slots(&own, limits, &first, Duration::from_secs(60), NOW).await;
    let slots = slots.unwrap().unwrap();
    let counted = async |order: &str| {
        let [own, shared] = [Pool::Business, Pool::Deployment].map(|pool| (pool, 4));
        let (business, order) = (business(), id(order));
        let own = writer.count_slots(own, &business, &order, NOW).await.unwrap();
        [own, writer.count_slots(shared, &business, &order, NOW).await.unwrap()]
    };
    let taken = SlotCount { total: 4, in_use: 1, outbound: 1 };
    assert_eq!(counted("another").await, [taken; 2]);
    assert_eq!(counted("first").await, [SlotCount { total: 4, in_use: 0, outbound: 0 }; 2]);
    let which = WhichSlots::Reserved(slots);
    let slots = SlotRequest { business: business(), which, ttl: Duration::from_secs(60) };
    let open = OpenCall { slots: Some(slots), reserved: Some(most(30)), ..open_call(1, 4) };
    writer.open(&open).await.unwrap();
    assert_eq!(counted("first").await, [taken; 2], "the call holds it");
    writer.open(&open_call(2, 4)).await.unwrap();
    assert_eq!(counted("first").await[0], SlotCount { in_use: 2, ..taken }, "one that came in");

    let lasted = Duration::from_secs(61);
    let over = |duration| domain::call::StatusEvent {
        status: CallStatus::Completed,
        duration: Some(duration),
        ..domain::call::StatusEvent::history(NOW)
    };
    let today = async || stores.facts(&number(9)).await.today;
    let before = Call { status: CallStatus::InProgress, ..call(1) };
    writer.give_back(&before, NOW).await.unwrap();
    assert_eq!(today().await.minutes, 30, "it is not over");
    writer.record_status(&call(1).sid, "completed", &over(lasted), &Default::default()).await.unwrap();
    let ended = Call { status: CallStatus::Completed, duration: Some(lasted), ..call(1) };
    for _ in 0..2 {
        writer.give_back(&ended, NOW).await.unwrap();
        assert_eq!(today().await, Amounts { calls: 1, minutes: 2, micros: 20 });
    }
}
