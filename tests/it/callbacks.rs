//! Call progress, in every order that a network can make of it.

use std::sync::Arc;

use acceptance::World;
use acceptance::webhook::{Webhook, new_call_sid};
use futures_util::future::join_all;

/// Fault 3. Every permutation of the callbacks, each sent twice, ends in the same record.
async fn every_order_of_callbacks_ends_in_the_same_record(world: Arc<World>) {
    let callbacks = [("initiated", 0), ("ringing", 1), ("in-progress", 2), ("completed", 3)];
    let mut ends = vec![];
    for order in permutations(4) {
        let sid = new_call_sid();
        Webhook::inbound(&world, &sid).send(&world).await;
        for at in order {
            let (status, sequence) = callbacks[at];
            let webhook = Webhook::status(&world, &sid, status, sequence);
            for copy in join_all([webhook.send(&world), webhook.send(&world)]).await {
                assert_eq!(copy.0, 204);
            }
        }
        let record = world.record(&sid).await;
        assert_eq!(record.events.len(), 4, "each event once: {record:?}");
        ends.push((record.status, record.duration_s, record.ended_at));
    }
    assert!(ends.iter().all(|end| *end == ends[0]), "{ends:?}");
    assert_eq!(ends[0].0, "completed");
    assert_eq!(ends[0].1, Some(7));
}

/// Faults 4 and 22. A late callback is kept as history and resurrects nothing.
async fn a_late_callback_is_history(world: Arc<World>) {
    let sid = new_call_sid();
    Webhook::inbound(&world, &sid).send(&world).await;
    Webhook::status(&world, &sid, "completed", 3).send(&world).await;
    assert_eq!(Webhook::status(&world, &sid, "ringing", 1).send(&world).await.0, 204);
    let record = world.record(&sid).await;
    assert_eq!(record.status, "completed");
    assert_eq!(record.events.len(), 2);
}

/// A callback for a call that was never opened makes no call: its business would be a guess.
async fn a_callback_of_an_unknown_call_opens_none(world: Arc<World>) {
    let sid = new_call_sid();
    assert_eq!(Webhook::status(&world, &sid, "completed", 3).send(&world).await.0, 204);
    assert_eq!(world.get(&format!("/v1/calls/{sid}")).await.0, 404);
}

/// Historic failure 19 has its root here: a word we do not know must not end or move a call.
async fn a_status_that_twilio_invents_tomorrow_is_tolerated(world: Arc<World>) {
    let sid = new_call_sid();
    Webhook::inbound(&world, &sid).send(&world).await;
    assert_eq!(Webhook::status(&world, &sid, "teleported", 9).send(&world).await.0, 204);
    let record = world.record(&sid).await;
    assert_eq!(record.status, "ringing");
}

fn permutations(n: usize) -> Vec<Vec<usize>> {
    if n == 0 {
        return vec![vec![]];
    }
    let mut all = vec![];
    for shorter in permutations(n - 1) {
        for at in 0..=shorter.len() {
            let mut longer = shorter.clone();
            longer.insert(at, n - 1);
            all.push(longer);
        }
    }
    all
}

acceptance::tests![
    every_order_of_callbacks_ends_in_the_same_record,
    a_late_callback_is_history,
    a_callback_of_an_unknown_call_opens_none,
    a_status_that_twilio_invents_tomorrow_is_tolerated,
];
