//! How fast the webhooks and the pipeline are, printed as JSON:
//! `cargo test --release -p acceptance --test it figures -- --nocapture --test-threads 1`.

use std::time::{Duration, Instant};

use acceptance::World;
use acceptance::sandbox::{HttpSandbox, QueueSandbox};
use acceptance::webhook::Webhook;
use futures_util::future::join_all;
use futures_util::{StreamExt as _, stream};
use serde_json::json;

/// Webhooks one after another, and jobs.
const SAMPLES: u32 = 200;
/// Webhooks at once, for the rate.
const AT_ONCE: usize = 8;

fn sid(group: u32, number: u32) -> String {
    format!("CA{group:016x}{number:016x}")
}

fn quantile(sorted: &[Duration], share: f64) -> Duration {
    let last = sorted.len().saturating_sub(1);
    sorted[((last as f64) * share).round() as usize]
}

fn ms(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 100_000.0).round() / 100.0
}

fn rate(count: u32, took: Duration) -> f64 {
    (f64::from(count) / took.as_secs_f64()).round()
}

/// Faults 1 and 13. Figures of the first webhook of a call, of many copies of it, and of the jobs after it. However
/// many copies there are, they open one call and have one answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_figures_of_webhooks_and_jobs() {
    let world = World::with(acceptance::WorldConfig {
        business: |new| {
            new.business.max_concurrent_calls = 10_000;
            new.settings.policies.record_calls = false;
        },
        ..acceptance::WorldConfig::default()
    })
    .await;
    let inbound = HttpSandbox::start(&world, "voice-inbound", &[]).await;
    inbound.receives(&world, &Webhook::inbound(&world, &sid(0, 0))).await;

    let mut times = vec![];
    for number in 0..SAMPLES {
        let webhook = Webhook::inbound(&world, &sid(1, number));
        let begun = Instant::now();
        let (_, twiml) = inbound.receives(&world, &webhook).await;
        times.push(begun.elapsed());
        assert!(twiml.contains("<Stream"), "{twiml}");
    }
    times.sort_unstable();

    let begun = Instant::now();
    let answers: Vec<(u16, String)> = stream::iter(0..SAMPLES)
        .map(|number| {
            let (webhook, inbound, world) = (Webhook::inbound(&world, &sid(2, number)), &inbound, &world);
            async move { inbound.receives(world, &webhook).await }
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let burst = begun.elapsed();
    assert!(answers.iter().all(|(_, twiml)| twiml.contains("<Stream")), "a burst is let in to the last call");

    let mut contention = vec![];
    for copies in [2u32, 10, 100] {
        let webhook = Webhook::inbound(&world, &sid(3, copies));
        let begun = Instant::now();
        let answers = join_all((0..copies).map(|_| inbound.receives(&world, &webhook))).await;
        let took = begun.elapsed();
        assert!(answers.iter().all(|answer| *answer == answers[0]), "equal answers");
        contention.push(json!({ "copies": copies, "all_answered_ms": ms(took) }));
    }
    let slots = world.system.aws.dynamodb.scan().table_name(world.system.name("LeasesTable").unwrap());
    let slots = slots.filter_expression("begins_with(pk, :slot)");
    let slot = aws_sdk_dynamodb::types::AttributeValue::S("slot#".into());
    let slots = slots.expression_attribute_values(":slot", slot).consistent_read(true).send().await.unwrap();
    assert_eq!(
        slots.count(),
        1 + 2 * i32::try_from(SAMPLES).unwrap() + 3,
        "a line for each call and no more"
    );

    let status = HttpSandbox::start(&world, "voice-status", &[sink(&world)]).await;
    for number in 0..SAMPLES {
        status.receives(&world, &Webhook::status(&world, &sid(1, number), "completed", 3)).await;
    }
    let step = QueueSandbox::start(&world, "transcript-step", &[sink(&world)]).await;
    let begun = Instant::now();
    for number in 0..SAMPLES {
        assert!(step.does(&json!({ "call": sid(1, number) }), 1).await);
    }
    let steps = begun.elapsed();

    let figures = json!({
        "voice_webhook_warm": { "p50_ms": ms(quantile(&times, 0.5)), "p99_ms": ms(quantile(&times, 0.99)) },
        "voice_webhooks_per_s": rate(SAMPLES, burst),
        "copies_of_one_webhook": contention,
        "transcript_jobs_per_s_and_worker": rate(SAMPLES, steps),
        "profile": if cfg!(debug_assertions) { "debug" } else { "release" },
    });
    println!("{figures:#}");
    world.system.stop().await;
}

/// What is sent there nobody works.
fn sink(world: &World) -> (&'static str, &str) {
    ("QUEUE_TRANSCRIPTS", world.system.name("TranscriptsDlq").unwrap())
}
