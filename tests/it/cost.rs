//! What a call cost, computed again by hand from what the record says it used.

use acceptance::World;
use acceptance::ended_calls::{EndedCalls, job};
use acceptance::record::{CallRecord, CostPart};
use domain::Speaker::Caller;
use domain::cost::PriceList;
use domain::{PhoneNumber, Secret};
use local::demo::business::harbour_bicycles;
use local::demo::story;
use openai::models;

fn part<'a>(record: &'a CallRecord, kind: &str) -> &'a CostPart {
    let cost = record.cost();
    cost.parts.iter().find(|part| part.kind == kind).unwrap_or_else(|| panic!("no {kind}: {cost:?}"))
}

/// Whether a part is this many micro-dollars, but for rounding.
fn is(part: &CostPart, micros: f64) -> bool {
    part.micros.is_some_and(|known| (known as f64 - micros).abs() <= 0.5)
}

async fn a_calls_cost_follows_from_its_usage_and_is_whole_with_the_default_models(world: World) {
    let outcome = world.call(story::caller()).await;
    let record = world.complete_record(&outcome.call_sid).await;
    let usage = &record.session().usage;
    assert!(usage.output_audio > 0, "{usage:?}");
    // Dollars per million tokens, so micro-dollars per token.
    let by_hand = (usage.input_text - usage.cached_text) as f64 * 4.0
        + usage.cached_text as f64 * 0.4
        + (usage.input_audio - usage.cached_audio) as f64 * 32.0
        + usage.cached_audio as f64 * 0.4
        + usage.output_text as f64 * 24.0
        + usage.output_audio as f64 * 64.0;
    let realtime = part(&record, "realtime");
    assert!(is(realtime, by_hand), "{by_hand}: {realtime:?}");
    assert_eq!(part(&record, "telephony").micros, Some(8_500), "one begun minute");
    assert_eq!(part(&record, "media_stream").micros, Some(4_000));
    assert_eq!(part(&record, "recording").micros, Some(2_500));
    let live = part(&record, "live_transcription");
    assert!(live.at_most);
    let minutes = record.session().frames.forwarded as f64 / 3_000.0;
    assert!(is(live, minutes * 4_500.0), "{live:?}");
    let asked = &record.insights().usage[0];
    let by_hand = (asked.input - asked.cached_input) as f64 * 0.1 + asked.output as f64 * 0.5;
    let insights = part(&record, "insights");
    assert!(is(insights, by_hand), "{by_hand}: {insights:?}");
    let cost = record.cost();
    assert!(cost.complete, "{cost:?}");
    let known: u64 = cost.parts.iter().filter_map(|part| part.micros).sum();
    assert_eq!(cost.usd_micros, known);
    assert_eq!(cost.prices_as_of, "2026-11-20");
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
    let usage = &record.insights().usage[0];
    let by_hand = usage.input * 2 + usage.output * 8;
    assert_eq!(part(&record, "insights").micros, Some(by_hand), "{usage:?}");
    let cost = record.cost();
    assert_eq!((cost.complete, cost.prices_as_of.as_str()), (true, "2027-01-01"));
}

acceptance::tests![
    a_calls_cost_follows_from_its_usage_and_is_whole_with_the_default_models,
    every_default_model_has_a_price,
    a_deployments_own_prices_make_a_cost_whole,
];
