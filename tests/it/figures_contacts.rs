//! What the contacts cost, printed as JSON beside the other figures:
//! `cargo test --release -p acceptance --test it figures -- --nocapture --test-threads 1`.

use std::time::{Duration, Instant};

use acceptance::sandbox::HttpSandbox;
use acceptance::suite::report;
use acceptance::webhook::Webhook;
use acceptance::{World, WorldConfig};
use http::Method;
use local::demo::business::CALLER;
use serde_json::json;

use super::contact_files::{begun, checked, run};
use super::contacts::{ask, booked_for, contact_when};

/// Webhooks of each kind, one after another. Figures of a debug build say nothing, so a few show that it all holds.
const SAMPLES: u32 = if cfg!(debug_assertions) { 25 } else { 400 };

fn ms(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 100_000.0).round() / 100.0
}

/// The webhook of a caller with a name, fields, notes and an appointment, and that of one who withholds the number and is not
/// looked up, by turns.
async fn the_figures_of_a_known_caller() {
    let world = World::with(WorldConfig {
        business: |new| {
            new.business.max_concurrent_calls = 10_000;
            new.settings.policies.record_calls = false;
        },
        ..WorldConfig::default()
    })
    .await;
    let inbound = HttpSandbox::start(&world, "voice-inbound", &[("MAX_CONCURRENT_CALLS", "10000")]).await;
    let field = json!({ "key": "city", "label": "City", "kind": "text", "agent_readable": true });
    let fields = json!({ "fields": [field] });
    ask(&world, Method::PUT, "/v1/contacts/fields", ("if-match", "\"v0\""), &fields).await;
    let sid = |kind: u32, number: u32| format!("CA{kind:016x}{number:016x}");
    inbound.receives(&world, &Webhook::inbound(&world, &sid(9, 0)).field("From", CALLER)).await;
    let contact = contact_when(&world, |_| true).await;
    let path = format!("/v1/contacts/{}", contact["id"].as_str().unwrap());
    let known = json!({ "name": "Dana Levi", "fields": { "city": "Graz" } });
    assert_eq!(ask(&world, Method::PATCH, &path, ("if-match", "\"v1\""), &known).await.0, 200);
    for key in ["1", "2", "3"] {
        let note = json!({ "text": format!("note {key}"), "agent_readable": true });
        let noted =
            ask(&world, Method::POST, &format!("{path}/notes"), ("idempotency-key", key), &note).await;
        assert_eq!(noted.0, 201);
    }
    booked_for(&world, CALLER).await;

    let mut times = [vec![], vec![]];
    for number in 0..SAMPLES {
        for (kind, from) in [(0, "anonymous"), (1, CALLER)] {
            let webhook = Webhook::inbound(&world, &sid(kind, number)).field("From", from);
            let begun = Instant::now();
            let (_, twiml) = inbound.receives(&world, &webhook).await;
            times[kind as usize].push(begun.elapsed());
            assert!(twiml.contains("<Stream"), "{twiml}");
        }
    }
    let at = |times: &[Duration], percent: usize| times[times.len().saturating_sub(1) * percent / 100];
    times.iter_mut().for_each(|times| times.sort_unstable());
    let [without, with] = &times;
    let figure = |percent| {
        let (without, with) = (at(without, percent), at(with, percent));
        json!({
            "without_ms": ms(without),
            "with_ms": ms(with),
            "added_ms": ms(with.saturating_sub(without)),
            "ratio": (with.as_secs_f64() / without.as_secs_f64() * 100.0).round() / 100.0,
        })
    };
    let figures = json!({
        "contact_lookup": { "p50": figure(50), "p99": figure(99) },
        "profile": if cfg!(debug_assertions) { "debug" } else { "release" },
    });
    report(&format!("{figures:#}"));
}

/// How long a file of fifty thousand rows takes, and how much more memory. Figures of a debug build say nothing.
async fn the_figures_of_an_import() {
    let rows = std::env::var("IMPORT_ROWS").ok().and_then(|rows| rows.parse().ok());
    let count: u32 = rows.unwrap_or(if cfg!(debug_assertions) { 300 } else { 50_000 });
    let world = World::with(WorldConfig::default()).await;
    let rows = (0..count).map(|n| format!("Person {n},+43664{n:07},person{n}@example.com,Acme,a;b\n"));
    let file = format!("name,phone,email,company,tags\n{}", rows.collect::<String>());
    let import = begun(&world, "1", file.as_bytes(), json!({})).await;
    let before = memory();
    let begun = Instant::now();
    let check = checked(&world, &import).await;
    let check_took = begun.elapsed();
    assert_eq!(check["check"]["created"], count, "{check:#}");
    let begun = Instant::now();
    let done = run(&world, &import).await;
    let run_took = begun.elapsed();
    assert_eq!(done["run"]["created"], count, "{done:#}");
    let more = memory().saturating_sub(before);
    let figures = json!({
        "import": {
            "rows": count,
            "bytes": file.len(),
            "check_s": check_took.as_secs_f64(),
            "run_s": run_took.as_secs_f64(),
            "more_memory_mib": more / 1_048_576,
        },
        "profile": if cfg!(debug_assertions) { "debug" } else { "release" },
    });
    report(&format!("{figures:#}"));
}

/// Bytes of this process, in which the whole system runs.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) * 1024
}

acceptance::tests![the_figures_of_a_known_caller, the_figures_of_an_import];
