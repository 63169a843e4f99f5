//! Orders to place a call.

use std::time::Duration;

use domain::dial::CallTask;
use domain::{DialId, DialOrder, Revision, testing};
use stores::StoreError;
use stores::capacity::{ReservedSlots, Slots};
use stores::dials::{Dials, Linked};

use crate::world::{LEASES, NOW, World, call_sid, phone};

fn order(key: &str) -> DialOrder {
    let business = testing::business().id;
    DialOrder {
        id: DialId::of(&business, key),
        account: testing::call(1, NOW).account,
        business,
        revision: Revision::FIRST,
        from: phone(0),
        to: phone(1),
        zone: None,
        task: CallTask { reason: Some("your bicycle".into()), context: None, language: None },
        requested_at: NOW,
        max_concurrent_calls: 2,
        slot_ttl: Duration::from_secs(3_600),
        series: None,
    }
}

/// Fault 19. What is ordered first under a key stands, whatever is ordered under it later.
#[tokio::test]
async fn the_first_order_of_a_key_stands() {
    let world = World::new().await;
    let dials = Dials::new(&world.aws, LEASES);
    let (first, plan) = (order("first"), testing::plan(1));
    assert_eq!(dials.get(&first.id).await, Ok(None));
    let kept = dials.keep(&first, &plan, NOW).await.unwrap();
    assert_eq!((&kept.order, &kept.plan, &kept.slots, &kept.call), (&first, &plan, &None, &None));

    let other = DialOrder { to: phone(2), ..order("first") };
    assert_eq!(dials.keep(&other, &testing::plan(2), NOW).await, Ok(kept.clone()));
    assert_eq!(dials.get(&first.id).await, Ok(Some(kept)));
    assert_eq!(dials.get(&order("second").id).await, Ok(None));
}

/// Fault 24. An order has one call: copies of its webhooks link it again, and a second call is told so.
#[tokio::test]
async fn an_order_has_one_call() {
    let world = World::new().await;
    let dials = Dials::new(&world.aws, LEASES);
    let order = order("first");
    assert_eq!(dials.link(&order.id, &call_sid(1)).await, Ok(Linked::Unknown));
    assert_eq!(world.leases("dial#").await.len(), 0, "linking makes no order");
    dials.keep(&order, &testing::plan(1), NOW).await.unwrap();
    for _ in 0..2 {
        let Linked::This(dial) = dials.link(&order.id, &call_sid(1)).await.unwrap() else { panic!() };
        assert_eq!((dial.call, dial.order), (Some(call_sid(1)), order.clone()));
    }
    assert_eq!(dials.link(&order.id, &call_sid(2)).await, Ok(Linked::Another));
    assert_eq!(dials.get(&order.id).await.unwrap().unwrap().call, Some(call_sid(1)));
}

#[tokio::test]
async fn the_line_of_an_order_is_noted_with_it_and_with_no_other() {
    let world = World::new().await;
    let dials = Dials::new(&world.aws, LEASES);
    let reserved = |key: &str, business| ReservedSlots {
        slots: Slots { business, deployment: 7 },
        holder: order(key).id,
    };
    let unknown = dials.note_slots(&reserved("first", 1)).await;
    assert!(matches!(unknown, Err(StoreError::Conditional { .. })), "{unknown:?}");
    for key in ["first", "second"] {
        dials.keep(&order(key), &testing::plan(1), NOW).await.unwrap();
    }
    dials.note_slots(&reserved("first", 0)).await.unwrap();
    dials.note_slots(&reserved("first", 1)).await.unwrap();
    let slots = async |key: &str| dials.get(&order(key).id).await.unwrap().unwrap().slots;
    assert_eq!((slots("first").await, slots("second").await), (Some(reserved("first", 1)), None));
}
