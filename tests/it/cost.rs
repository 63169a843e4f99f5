//! What a call cost, computed again by hand from what the record says it used.

use acceptance::World;
use acceptance::after::{Aftermath, job};
use domain::Speaker::Caller;
use local::demo::story;
use serde_json::Value;

fn part<'a>(record: &'a Value, kind: &str) -> &'a Value {
    let parts = record["cost"]["parts"].as_array().unwrap();
    parts
        .iter()
        .find(|part| part["kind"] == kind)
        .unwrap_or_else(|| panic!("no {kind}: {:#}", record["cost"]))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_calls_cost_follows_from_its_usage_and_says_what_it_does_not_know() {
    let world = World::start().await;
    let outcome = world.call(story::caller()).await;
    let record = world.complete_record(&outcome.call_sid).await;
    let usage = &record["session"]["usage"];
    let tokens = |class: &str| usage[class].as_f64().unwrap();
    assert!(tokens("output_audio") > 0.0, "{usage}");
    // Dollars per million tokens, so micro-dollars per token.
    let by_hand = (tokens("input_text") - tokens("cached_text")) * 4.0
        + tokens("cached_text") * 0.4
        + (tokens("input_audio") - tokens("cached_audio")) * 32.0
        + tokens("cached_audio") * 0.4
        + tokens("output_text") * 24.0
        + tokens("output_audio") * 64.0;
    let realtime = part(&record, "realtime");
    assert!((realtime["micros"].as_f64().unwrap() - by_hand).abs() <= 0.5, "{by_hand}: {realtime}");
    assert_eq!(part(&record, "telephony")["micros"], 8_500, "one begun minute");
    assert_eq!(part(&record, "media_stream")["micros"], 4_000);
    assert_eq!(part(&record, "recording")["micros"], 2_500);
    let live = part(&record, "live_transcription");
    assert_eq!(live["at_most"], true);
    let minutes = record["session"]["frames"]["forwarded"].as_f64().unwrap() / 3_000.0;
    assert!((live["micros"].as_f64().unwrap() - minutes * 4_500.0).abs() <= 0.5, "{live}");
    // Nobody told us a price of this model.
    assert_eq!(part(&record, "insights")["micros"], Value::Null);
    assert_eq!(record["cost"]["complete"], false);
    let parts = record["cost"]["parts"].as_array().unwrap();
    let known: u64 = parts.iter().filter_map(|part| part["micros"].as_u64()).sum();
    assert_eq!(record["cost"]["usd_micros"], known);
    assert_eq!(record["cost"]["prices_as_of"], "2026-11-20");
    world.system.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deployments_own_prices_make_a_cost_whole() {
    let world = Box::pin(World::with(acceptance::WorldConfig {
        business: |new| new.settings.policies.record_calls = false,
        ..Default::default()
    }))
    .await;
    let after = Aftermath::of(&world).await;
    let prices = r#"{"as_of":"2027-01-01","text":{"gpt-6-luna":{"input":2000000,"cached_input":200000,"output":8000000}}}"#;
    let sid = after.call(1, &[(Caller, "Half past ten is perfect.")]).await;
    assert!(after.insights(&[("PRICES", prices)]).await.does(&job(&sid), 1).await);
    let record = after.record(&sid).await;
    let usage = &record["insights"]["usage"][0];
    let tokens = |class: &str| usage[class].as_u64().unwrap();
    let by_hand = tokens("input") * 2 + tokens("output") * 8;
    assert_eq!(part(&record, "insights")["micros"], by_hand, "{usage}");
    assert_eq!(
        (&record["cost"]["complete"], &record["cost"]["prices_as_of"]),
        (&true.into(), &"2027-01-01".into())
    );
    world.system.stop().await;
}
