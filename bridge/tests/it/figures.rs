//! How soon a conversation goes on, printed as JSON:
//! `cargo test --release -p bridge --test it figures -- --nocapture`.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::Harness;

const SAMPLES: usize = 20;

fn median_ms(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    (times[times.len() / 2].as_secs_f64() * 100_000.0).round() / 100.0
}

/// Fault 58. From the loss of the model in mid-sentence: until a new connection is there, and from its configuration
/// until the agent has been told everything and is asked to go on.
#[tokio::test]
async fn the_time_from_a_lost_model_to_the_next_words() {
    let (mut connected, mut resumed) = (vec![], vec![]);
    for _ in 0..SAMPLES {
        let mut harness = Harness::start().await;
        let (mut caller, model, planned) = harness.in_mid_sentence().await;

        let lost = Instant::now();
        model.reset();
        let mut model = harness.model.accept().await;
        connected.push(lost.elapsed());
        model.configure().await;
        let configured = Instant::now();
        let (told, asked) = model.told_and_asked().await;
        resumed.push(configured.elapsed());
        assert_eq!((told.len(), &asked["metadata"]["kind"]), (1, &json!("recovery")));
        caller.stop(&planned).await;
    }
    let figures = json!({
        "lost_to_connected_p50_ms": median_ms(connected),
        "configured_to_asked_p50_ms": median_ms(resumed),
        "profile": if cfg!(debug_assertions) { "debug" } else { "release" },
    });
    println!("{figures:#}");
}
