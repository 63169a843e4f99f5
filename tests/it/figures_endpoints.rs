//! What a slow endpoint costs the others, printed as JSON beside the other figures:
//! `cargo test --release -p acceptance --test it figures -- --nocapture --test-threads 1`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use acceptance::World;
use acceptance::receiver::Receiver;
use acceptance::suite::report;
use serde_json::json;

use super::endpoints::{Happens, endpoint};

/// Events in a second, and how long they go on. Figures of a debug build say nothing, so a few show that it all holds.
const A_SECOND: u64 = 50;
const SECONDS: u64 = if cfg!(debug_assertions) { 1 } else { 10 };
/// A second less than an endpoint has for its answer.
const SLOW: Duration = Duration::from_secs(14);

fn ms(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 100_000.0).round() / 100.0
}

/// Fifty events a second in one business, one of whose endpoints takes 14 s for each answer: how long it takes from the
/// transaction of an event to its arrival at the other one.
async fn the_figures_of_a_slow_endpoint_beside_another() {
    let world = World::start().await;
    let (slow, quick) = (Receiver::start().await, Receiver::start().await);
    slow.takes(SLOW);
    let types = json!({ "types": ["usage.*"] });
    endpoint(&world, "slow", &slow, types.clone()).await;
    endpoint(&world, "quick", &quick, types).await;
    let (happens, all) = (Happens::in_world(&world), A_SECOND * SECONDS);
    let mut put = BTreeMap::new();
    let begun = Instant::now();
    for n in 1..=all {
        let due = Duration::from_secs_f64(n as f64 / A_SECOND as f64);
        tokio::time::sleep(due.saturating_sub(begun.elapsed())).await;
        happens.now(n, "usage.warning", None).await;
        put.insert(n, Instant::now());
    }
    let lasted = begun.elapsed();
    let arrived = world
        .until(|| async {
            let arrived = quick.received();
            (arrived.len() as u64 >= all).then_some(arrived)
        })
        .await;
    let mut waits: Vec<Duration> = arrived
        .iter()
        .map(|one| {
            let n = one.json()["data"]["n"].as_u64().unwrap();
            one.at.saturating_duration_since(put[&n])
        })
        .collect();
    waits.sort();
    let quantile = |part: usize| ms(waits[(waits.len() - 1) * part / 100]);
    report(
        &json!({
            "figure": "a slow endpoint beside another",
            "events": all,
            "put_in_ms": ms(lasted),
            "at_the_slow_one": slow.received().len(),
            "from_cause_to_arrival_ms": { "p50": quantile(50), "p99": quantile(99), "max": quantile(100) },
        })
        .to_string(),
    );
}

acceptance::tests![the_figures_of_a_slow_endpoint_beside_another];
