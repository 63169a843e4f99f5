use std::collections::{BTreeMap, BTreeSet, HashSet};

use domain::{Call, CallStatus, Epoch, Timestamp};
use stores::StoreError;
use stores::calls::{OpenCall, Opened, Order, Reader, UnknownCall, Wanted, WantedStatus, Writer};
use stores::capacity::{Limits, Pool, SlotRequest, WhichSlots};
use stores::plans::Plans;

use crate::status::event;
use crate::world::{
    LEASES, NOW, SLOT_TTL, TABLE, TOKEN_TTL, World, all_at_once, business_id, call, call_sid, open_call,
};

fn writer(world: &World) -> Writer {
    Writer::new(&world.aws, TABLE, LEASES, TABLE)
}

/// No line of the business is free.
const BUSY: Opened = Opened::AtCapacity(Pool::Business);

fn business_slot(opened: Result<Opened, StoreError>) -> Option<u16> {
    match opened {
        Ok(Opened::New { slots }) => slots.map(|slots| slots.business),
        _ => None,
    }
}

fn opened(writer: &Writer, request: OpenCall) -> impl Future<Output = Opened> + Send + 'static {
    let writer = writer.clone();
    async move { writer.open(&request).await.unwrap() }
}

/// Fault 1.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_copies_of_one_webhook_open_one_call() {
    let world = World::new().await;
    let writer = writer(&world);
    let copies = (0..100).map(|copy| {
        // Each copy is handled at a moment of its own.
        let at = NOW.plus(std::time::Duration::from_millis(copy));
        let mut request = OpenCall { now: at, ..open_call(1, 4) };
        request.call.opened_at = at;
        opened(&writer, request)
    });
    let outcomes = all_at_once(copies).await;

    let new = outcomes.iter().filter(|outcome| matches!(outcome, Opened::New { slots: Some(_) })).count();
    let existing: Vec<&Call> = outcomes
        .iter()
        .filter_map(|outcome| match outcome {
            Opened::Existing(call) => Some(call),
            Opened::New { .. } | Opened::AtCapacity(_) => None,
        })
        .collect();
    assert_eq!((new, existing.len()), (1, 99));
    let stored = Reader::new(&world.aws, TABLE).call(&call_sid(1)).await.unwrap().unwrap();
    assert!(existing.into_iter().all(|call| *call == stored));
    assert_eq!(world.leases("session#").await.len(), 1);
    assert_eq!(world.leases("slot#").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_race_gives_more_slots_than_there_are_or_leaves_one_unused() {
    const LIMIT: u16 = 6;
    let world = World::new().await;
    let writer = writer(&world);
    let mut outcomes = all_at_once((0..40).map(|n| opened(&writer, open_call(n, LIMIT)))).await;
    // A rival may be refused while the last slots change hands; those who come later find what is left.
    for n in 40..60 {
        outcomes.push(opened(&writer, open_call(n, LIMIT)).await);
    }
    let slots: Vec<u16> = outcomes
        .iter()
        .filter_map(|outcome| match outcome {
            Opened::New { slots } => slots.map(|slots| slots.business),
            Opened::Existing(_) | Opened::AtCapacity(_) => None,
        })
        .collect();
    assert_eq!(BTreeSet::from_iter(slots.iter().copied()), BTreeSet::from_iter(0..LIMIT));
    assert_eq!(slots.len(), usize::from(LIMIT), "no slot is given twice");
    let refused = outcomes.iter().filter(|outcome| **outcome == BUSY).count();
    assert_eq!(refused, 60 - usize::from(LIMIT));
    // A refused call left nothing behind.
    assert_eq!(world.leases("session#").await.len(), usize::from(LIMIT));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_that_there_is_room_for_is_let_in_to_the_last_call() {
    const LIMIT: u16 = 40;
    let world = World::new().await;
    let writer = writer(&world);
    let outcomes = all_at_once((0..u32::from(LIMIT)).map(|n| opened(&writer, open_call(n, LIMIT)))).await;
    let busy = outcomes.iter().filter(|outcome| **outcome == BUSY).count();
    assert_eq!(busy, 0, "calls that heard that all lines are busy while some were not");
}

/// Fault 24.
#[tokio::test]
async fn an_opening_whose_answer_was_lost_is_still_its_own() {
    let (world, lossy) = World::lossy().await;
    let writer = writer(&world);
    lossy.lose(0..1);
    let opened = writer.open(&open_call(1, 4)).await.unwrap();
    assert!(lossy.lost_all());
    assert!(matches!(opened, Opened::New { slots: Some(_) }), "{opened:?}");
    assert!(matches!(writer.open(&open_call(1, 4)).await, Ok(Opened::Existing(_))));
}

/// Fault 17.
#[tokio::test]
async fn an_opening_whose_answer_was_lost_is_found_by_the_next_copy() {
    let (world, lossy) = World::lossy().await;
    let writer = writer(&world);
    lossy.lose(0..3);
    let unheard = writer.open(&open_call(1, 4)).await.unwrap_err();
    assert!(unheard.is_retryable(), "{unheard}");
    assert!(lossy.lost_all());
    assert!(matches!(writer.open(&open_call(1, 4)).await, Ok(Opened::Existing(_))));
    assert_eq!(world.leases("slot#").await.len(), 1);
}

#[tokio::test]
async fn a_slot_that_was_not_given_back_is_free_when_its_lease_is_over() {
    let world = World::new().await;
    let writer = writer(&world);
    assert_eq!(business_slot(writer.open(&open_call(1, 1)).await), Some(0));
    assert_eq!(writer.open(&open_call(2, 1)).await, Ok(BUSY));

    let later = NOW.plus(SLOT_TTL).plus(std::time::Duration::from_millis(1));
    let next = OpenCall { now: later, ..open_call(3, 1) };
    assert_eq!(business_slot(writer.open(&next).await), Some(0));
    // The first call ends at last: the slot is not its own any more.
    writer.give_back(&call(1), NOW).await.unwrap();
    let refused = OpenCall { now: later, ..open_call(4, 1) };
    assert_eq!(writer.open(&refused).await, Ok(BUSY));
}

#[tokio::test]
async fn a_released_slot_is_free_at_once_and_releasing_twice_is_harmless() {
    let world = World::new().await;
    let writer = writer(&world);
    writer.open(&open_call(1, 1)).await.unwrap();
    writer.give_back(&call(1), NOW).await.unwrap();
    writer.give_back(&call(1), NOW).await.unwrap();
    writer.give_back(&call(9), NOW).await.unwrap();
    assert_eq!(business_slot(writer.open(&open_call(2, 1)).await), Some(0));
}

/// A call of a business of its own, which has lines enough, in a deployment with room for `deployment` calls.
fn call_of_another_business(n: u32, deployment: u16) -> OpenCall {
    let business = business_id(&format!("harbour-{n}"));
    let which = WhichSlots::Free(Limits { business: 4, deployment });
    let mut request = open_call(n, 4);
    request.call.business.clone_from(&business);
    OpenCall { slots: Some(SlotRequest { business, which, ttl: SLOT_TTL }), ..request }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deployment_carries_no_more_calls_than_it_may_whosever_they_are() {
    const LIMIT: u16 = 5;
    let world = World::new().await;
    let writer = writer(&world);
    let mut outcomes =
        all_at_once((0..20).map(|n| opened(&writer, call_of_another_business(n, LIMIT)))).await;
    for n in 20..30 {
        outcomes.push(opened(&writer, call_of_another_business(n, LIMIT)).await);
    }
    let slots: Vec<u16> = outcomes
        .iter()
        .filter_map(|outcome| match outcome {
            Opened::New { slots } => slots.map(|slots| slots.deployment),
            _ => None,
        })
        .collect();
    assert_eq!(BTreeSet::from_iter(slots.iter().copied()), BTreeSet::from_iter(0..LIMIT));
    assert_eq!(slots.len(), usize::from(LIMIT), "no slot is given twice");
    let full = Opened::AtCapacity(Pool::Deployment);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == full).count(), 30 - usize::from(LIMIT));
    // Who was refused holds no line of its business either.
    assert_eq!(world.leases("slot#").await.len(), usize::from(LIMIT));

    let carried = outcomes.iter().position(|outcome| matches!(outcome, Opened::New { .. })).unwrap();
    let ended = call_of_another_business(u32::try_from(carried).unwrap(), LIMIT).call;
    writer.give_back(&ended, NOW).await.unwrap();
    assert!(matches!(opened(&writer, call_of_another_business(99, LIMIT)).await, Opened::New { .. }));
    assert_eq!(opened(&writer, call_of_another_business(98, LIMIT)).await, full);
    assert_eq!(opened(&writer, call_of_another_business(97, 0)).await, full, "a deployment that is closed");
}

#[tokio::test]
async fn a_reservation_that_finds_the_deployment_full_leaves_its_business_s_line_free() {
    let world = World::new().await;
    let writer = writer(&world);
    let (business, ttl) = (business_id("harbour"), SLOT_TTL);
    let limits = Limits { business: 4, deployment: 1 };
    let [first, second] = ["1", "2"].map(|key| domain::DialId::of(&business, key));
    let kept = writer.reserve_slots(&business, limits, &first, ttl, NOW).await.unwrap().unwrap();
    assert_eq!(
        writer.reserve_slots(&business, limits, &first, ttl, NOW).await.unwrap(),
        Ok(kept.clone()),
        "again"
    );
    assert_eq!(
        writer.reserve_slots(&business, limits, &second, ttl, NOW).await.unwrap(),
        Err(Pool::Deployment)
    );
    assert_eq!(world.leases("slot#").await.len(), 1);

    writer.release_reservation(&business, &kept).await.unwrap();
    assert!(writer.reserve_slots(&business, limits, &second, ttl, NOW).await.unwrap().is_ok());
}

#[tokio::test]
async fn a_refused_call_takes_neither_slot_nor_plan() {
    let world = World::new().await;
    let writer = writer(&world);
    let mut refused = OpenCall { plan: None, slots: None, ..open_call(1, 1) };
    refused.call.refusal = Some(domain::call::Refusal::AtCapacity);
    assert_eq!(writer.open(&refused).await, Ok(Opened::New { slots: None }));
    assert_eq!(writer.open(&open_call(1, 1)).await, Ok(Opened::Existing(refused.call)));
    assert_eq!(world.leases("").await.len(), 0);
    assert_eq!(writer.open(&open_call(2, 0)).await, Ok(BUSY), "no slots at all");
}

/// Fault 56.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_is_claimed_by_one_of_fifty() {
    let world = World::new().await;
    let request = open_call(1, 4);
    writer(&world).open(&request).await.unwrap();
    let plans = Plans::new(&world.aws, LEASES);
    let claims = (0..50).map(|_| {
        let plans = plans.clone();
        async move { plans.claim(&call_sid(1), Epoch::FIRST, NOW).await.unwrap() }
    });
    let won: Vec<_> = all_at_once(claims).await.into_iter().flatten().collect();
    assert_eq!(won, Vec::from_iter(request.plan));
}

/// Fault 26.
#[tokio::test]
async fn a_plan_is_worth_nothing_after_its_time_or_for_another_epoch() {
    let world = World::new().await;
    writer(&world).open(&open_call(1, 4)).await.unwrap();
    let plans = Plans::new(&world.aws, LEASES);
    let late = NOW.plus(TOKEN_TTL);
    assert_eq!(plans.claim(&call_sid(1), Epoch::FIRST, late).await, Ok(None));
    assert_eq!(plans.claim(&call_sid(1), Epoch::FIRST.next(), NOW).await, Ok(None));
    assert!(plans.claim(&call_sid(1), Epoch::FIRST, NOW).await.unwrap().is_some(), "it is still there");
}

/// Fault 14. A clock that is ten minutes wrong, in either direction, gives no plan twice: a fast one refuses,
/// a slow one lets in late, and once.
#[tokio::test]
async fn a_wrong_clock_at_the_bridge_refuses_or_claims_once() {
    let world = World::new().await;
    let ten_minutes = std::time::Duration::from_secs(600);
    let plans = Plans::new(&world.aws, LEASES);
    for (n, now) in [(1, NOW.plus(ten_minutes)), (2, NOW.minus(ten_minutes))] {
        writer(&world).open(&open_call(n, 4)).await.unwrap();
        let first = plans.claim(&call_sid(n), Epoch::FIRST, now).await.unwrap();
        assert_eq!(first.is_some(), now < NOW, "call {n}");
        let second = plans.claim(&call_sid(n), Epoch::FIRST, NOW).await.unwrap();
        assert_eq!(second.is_some(), first.is_none(), "call {n}");
    }
}

#[tokio::test]
async fn a_business_lists_its_own_calls_newest_first_page_by_page() {
    let world = World::new().await;
    let writer = writer(&world);
    for n in 0..7 {
        let mut request = OpenCall { plan: None, slots: None, ..open_call(n, 1) };
        request.call.opened_at = Timestamp::from_secs(i64::from(n) / 2);
        if n == 3 {
            request.call.business = business_id("garden");
        }
        writer.open(&request).await.unwrap();
    }
    let reader = Reader::new(&world.aws, TABLE);
    let harbour = business_id("harbour");
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = reader.list(&harbour, &Wanted::default(), Order::Desc, 2, after.as_ref()).await.unwrap();
        assert!(page.calls.len() <= 2);
        seen.extend(page.calls);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert!(seen.is_sorted_by(|newer, older| newer.opened_at >= older.opened_at));
    assert!(seen.iter().all(|call| call.business == harbour));
    let distinct: HashSet<_> = seen.iter().map(|call| call.sid.clone()).collect();
    assert_eq!((seen.len(), distinct.len()), (6, 6));
}

#[tokio::test]
async fn the_calls_that_are_not_over_are_listed_by_themselves() {
    let world = World::new().await;
    let writer = writer(&world);
    for n in 0..6 {
        let mut request = OpenCall { plan: None, slots: None, ..open_call(n, 1) };
        request.call.opened_at = Timestamp::from_secs(i64::from(n));
        if n == 5 {
            // It was over when it was opened.
            request.call.status = CallStatus::Completed;
        }
        writer.open(&request).await.unwrap();
    }
    for (n, status) in [(1, CallStatus::InProgress), (2, CallStatus::InProgress), (2, CallStatus::Completed)]
    {
        let key = format!("{status:?}");
        writer.record_status(&call_sid(n), &key, &event(status), &BTreeMap::new()).await.unwrap();
    }
    let reader = Reader::new(&world.aws, TABLE);
    let wanted = Wanted { status: Some(WantedStatus::Live), ..Wanted::default() };
    let (mut live, mut after) = (vec![], None);
    loop {
        let page =
            reader.list(&business_id("harbour"), &wanted, Order::Desc, 2, after.as_ref()).await.unwrap();
        live.extend(page.calls.into_iter().map(|call| call.sid));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(live, [4, 3, 1, 0].map(call_sid));
    let garden = reader.list(&business_id("garden"), &wanted, Order::Desc, 2, None).await.unwrap();
    assert!(garden.calls.is_empty());
}

#[tokio::test]
async fn a_call_to_an_unknown_number_is_kept_once_and_has_no_business() {
    let world = World::new().await;
    let writer = writer(&world);
    let unknown = UnknownCall {
        call: call_sid(1),
        account: call(1).account,
        from: "+43720000001".into(),
        to: "+43720999999".into(),
        twilio_direction: "inbound".into(),
    };
    assert_eq!(writer.quarantine(&unknown, NOW).await, Ok(true));
    assert_eq!(writer.quarantine(&unknown, NOW).await, Ok(false));
    assert_eq!(Reader::new(&world.aws, TABLE).call(&call_sid(1)).await, Ok(None));
    let row = world.item(&format!("quarantine#{}", call_sid(1)), "quarantine").await.unwrap();
    assert_eq!(row["to"].as_s().unwrap(), "+43720999999");
    assert!(!format!("{unknown:?}").contains("720"));
    let reader = Reader::new(&world.aws, TABLE);
    let kept = reader.quarantined(NOW, 10).await.unwrap();
    assert_eq!(
        (kept.len(), &kept[0].call, kept[0].to.as_str(), kept[0].at),
        (1, &unknown.call, "+43720999999", NOW)
    );
    assert!(!format!("{kept:?}").contains("720"));
    let month = std::time::Duration::from_secs(30 * 86_400);
    assert_eq!(reader.quarantined(NOW.plus(month), 10).await, Ok(vec![]));
    for shard in 0..stores::calls::UNSETTLED_SHARDS {
        assert_eq!(reader.unsettled(shard, NOW.plus(month), 10).await, Ok(vec![]), "no sweep's");
    }
}
