//! What a call cost, computed again by hand from what the record says it used.

use acceptance::World;
use acceptance::ended_calls::{EndedCalls, job};
use domain::Speaker::Caller;
use domain::cost::PriceList;
use domain::{PhoneNumber, Secret};
use local::demo::business::harbour_bicycles;
use local::demo::story;
use openai::models;
use serde_json::Value;

fn part<'a>(record: &'a Value, kind: &str) -> &'a Value {
    let parts = record["cost"]["parts"].as_array().unwrap();
    parts
        .iter()
        .find(|part| part["kind"] == kind)
        .unwrap_or_else(|| panic!("no {kind}: {:#}", record["cost"]))
}

async fn a_calls_cost_follows_from_its_usage_and_is_whole_with_the_default_models(world: World) {
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
    let asked = &record["insights"]["usage"][0];
    let tokens = |class: &str| asked[class].as_f64().unwrap();
    let by_hand = (tokens("input") - tokens("cached_input")) * 0.1 + tokens("output") * 0.5;
    let insights = part(&record, "insights");
    assert!((insights["micros"].as_f64().unwrap() - by_hand).abs() <= 0.5, "{by_hand}: {insights}");
    assert_eq!(record["cost"]["complete"], true, "{:#}", record["cost"]);
    let parts = record["cost"]["parts"].as_array().unwrap();
    let known: u64 = parts.iter().filter_map(|part| part["micros"].as_u64()).sum();
    assert_eq!(record["cost"]["usd_micros"], known);
    assert_eq!(record["cost"]["prices_as_of"], "2026-11-20");
}

/// What has no price is unknown, and with a default model that would be so on every call.
fn every_default_model_has_a_price() {
    let template: serde_yaml_ng::Value =
        serde_yaml_ng::from_str(&crate::structure::read("template.yaml")).unwrap();
    let defaults = |parameter: &str| -> Vec<String> {
        let value = &template["Parameters"][parameter]["Default"];
        let list = value.as_str().unwrap_or_else(|| panic!("{parameter} has a default"));
        list.split(',').map(|model| model.trim().to_owned()).filter(|model| !model.is_empty()).collect()
    };
    let prices = PriceList::default();
    let number = PhoneNumber::parse("+12025550143").unwrap();
    let voice = harbour_bicycles(number, Secret::new("key")).unwrap().settings.voice;
    let realtime =
        [defaults("WarmModels"), vec![models::DEFAULT_REALTIME.into(), models::REALTIME_MINI.into()]];
    for model in realtime.concat().iter().chain([&voice.model]) {
        assert!(prices.realtime.contains_key(model), "{model} has no price");
    }
    let listening = [defaults("TranscriptionModels"), vec![models::DEFAULT_TRANSCRIPTION.into()]];
    for model in listening.concat().iter().chain(&voice.transcription_model) {
        assert!(prices.transcription_minute.contains_key(model), "{model} has no price");
    }
    for model in [defaults("InsightModels"), vec![models::DEFAULT_TEXT.into()]].concat() {
        assert!(prices.text.contains_key(&model), "{model} has no price");
    }
}

async fn a_deployments_own_prices_make_a_cost_whole() {
    let world = World::with(acceptance::WorldConfig {
        business: |new| new.settings.policies.record_calls = false,
        ..Default::default()
    })
    .await;
    let calls = EndedCalls::of(&world).await;
    let prices = r#"{"as_of":"2027-01-01","text":{"gpt-6-luna":{"input":2000000,"cached_input":200000,"output":8000000}}}"#;
    let sid = calls.call(1, &[(Caller, "Half past ten is perfect.")]).await;
    assert!(calls.insights(&[("PRICES", prices)]).await.does(&job(&sid), 1).await);
    let record = calls.record(&sid).await;
    let usage = &record["insights"]["usage"][0];
    let tokens = |class: &str| usage[class].as_u64().unwrap();
    let by_hand = tokens("input") * 2 + tokens("output") * 8;
    assert_eq!(part(&record, "insights")["micros"], by_hand, "{usage}");
    assert_eq!(
        (&record["cost"]["complete"], &record["cost"]["prices_as_of"]),
        (&true.into(), &"2027-01-01".into())
    );
}

acceptance::tests![
    a_calls_cost_follows_from_its_usage_and_is_whole_with_the_default_models,
    every_default_model_has_a_price,
    a_deployments_own_prices_make_a_cost_whole,
];
