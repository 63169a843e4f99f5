//! Thousands of calls in virtual time, each from one seed: a caller, a line and a model around the real session, and
//! everything that can go wrong between them, in combinations that are hard to think of. The laws that hold for
//! every step are in `laws`; those of a whole call in `world`.
//!
//! `SEED=7` runs one call and tells its last steps; a call that breaks a law names its seed. `CALL_HOURS=2000` runs for
//! longer; in release mode a thousand call-hours take about a minute:
//!
//! ```text
//! CALL_HOURS=2000 cargo test --release -p session --test seeded -- --nocapture
//! ```

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stdout, reason = "the figures of a run are its result")]

mod actions;
mod bridge;
mod caller;
mod events;
#[path = "../scenarios/fixtures.rs"]
#[expect(dead_code, reason = "the scenarios need more of them")]
mod fixtures;
mod inputs;
mod laws;
mod line;
mod model;
mod outputs;
mod rng;
mod tally;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use tally::Tally;
use world::{CallReport, World};

/// What every run covers.
const CALL_HOURS: f64 = 110.0;
/// One call in this many is run twice.
const REPEATED: u64 = 16;

#[expect(clippy::disallowed_methods, reason = "the one look at a clock; virtual time counts from here")]
fn origin() -> Instant {
    Instant::now()
}

fn number(name: &str) -> Option<f64> {
    std::env::var(name).ok().map(|value| value.parse().expect("a number"))
}

/// Runs a call; if it breaks a law, once more to tell how it came to that.
fn call(seed: u64, origin: Instant) -> CallReport {
    catch_unwind(|| World::new(seed, origin, false).run()).unwrap_or_else(|_| {
        let mut world = World::new(seed, origin, true);
        let broken = catch_unwind(AssertUnwindSafe(|| world.run())).err();
        for step in world.last_steps() {
            println!("{step}");
        }
        let law = broken.as_ref().and_then(|law| {
            law.downcast_ref::<String>()
                .cloned()
                .or_else(|| law.downcast_ref::<&str>().map(|law| (*law).to_owned()))
        });
        panic!("SEED={seed} breaks a law: {}", law.as_deref().unwrap_or("none the second time"));
    })
}

/// Fault 61. Fault 63. Fault 64. Historic failures 31 and 36. And every other fault of the two sockets, all at once.
#[test]
fn whatever_goes_wrong_the_laws_hold() {
    let origin = origin();
    let mut total = Tally::default();
    if let Some(seed) = number("SEED") {
        println!("{}", call(seed as u64, origin).tally);
        return;
    }
    let hours = number("CALL_HOURS").unwrap_or(CALL_HOURS);
    let mut seed = 0;
    while total.call_hours() < hours {
        let outcome = call(seed, origin);
        if seed % REPEATED == 0 {
            assert_eq!(call(seed, origin).digest, outcome.digest, "SEED={seed} is not the same call twice");
        }
        total.add(&outcome.tally);
        seed += 1;
    }
    println!("{total}");
    assert!(total.faults.len() >= 40, "{} kinds of faults", total.faults.len());
    assert!(total.greetings > total.calls / 2, "few callers were greeted");
}
