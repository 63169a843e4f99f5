//! How fast texts are taken and answered, printed as JSON:
//! `cargo test --release -p acceptance --test it texts_figures -- --nocapture --test-threads 1`.

use std::time::{Duration, Instant};

use acceptance::suite::report;
use domain::texts::coalesce::QUIET;
use futures_util::future::join_all;
use serde_json::json;

use crate::texts::by_webhook::{receives, sms};
use crate::texts::world;

/// Persons who write, one after another.
const SAMPLES: u32 = if cfg!(debug_assertions) { 10 } else { 100 };
const COPIES: usize = 100;

fn quantile(sorted: &[Duration], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let at = sorted[((last as f64) * share).round() as usize];
    (at.as_secs_f64() * 100_000.0).round() / 100.0
}

/// Demand 1 of texts: the webhook's answers to a hundred copies; and from a text to Twilio's having its reply, beyond the
/// pause after the text and the model, which answers at once here.
async fn the_figures_of_texts() {
    let world = world(&[]).await;
    let webhook = sms(&world, 0, "When do you open?");
    let mut copies = join_all((0..COPIES).map(|_| async {
        let began = Instant::now();
        receives(&world, &webhook).await;
        began.elapsed()
    }))
    .await;
    copies.sort();
    world.texts_settle().await;
    assert_eq!(world.twilio.texts().len(), 1);
    let (mut answered, mut taken) = (vec![], vec![]);
    for n in 1..=SAMPLES {
        let before = world.twilio.texts().len();
        let began = Instant::now();
        receives(&world, &sms(&world, n, "When do you open?").field("From", &format!("+43664{n:07}"))).await;
        taken.push(began.elapsed());
        while world.twilio.texts().len() == before {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        answered.push(began.elapsed().saturating_sub(QUIET));
    }
    answered.sort();
    taken.sort();
    let figures = json!({
        "a_hundred_copies_ms": { "p50": quantile(&copies, 0.5), "p99": quantile(&copies, 0.99) },
        "webhook_ms": { "p50": quantile(&taken, 0.5), "p99": quantile(&taken, 0.99) },
        "text_to_reply_beyond_the_pause_ms": { "p50": quantile(&answered, 0.5), "p99": quantile(&answered, 0.99) },
    });
    report(&figures.to_string());
}

acceptance::tests![the_figures_of_texts];
