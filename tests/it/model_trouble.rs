//! A model that refuses a setting, has no capacity, or writes its events oddly: the caller is served all the same.

use std::time::Duration;

use acceptance::{World, WorldConfig};
use local::demo::story;
use serde_json::{Value, json};
use simulator::audio::speech;
use simulator::openai::{Ending, Reply, Script};
use simulator::twilio::{CallEventKind, CallerScript, CallerStep, DialOutcome, EndedBy};

/// A caller who listens for a while and hangs up.
fn listens(ms: u64) -> CallerScript {
    CallerScript::new(vec![CallerStep::Pause { ms }, CallerStep::HangUp])
}

/// Case C07. Case B07: the agent speaks without the voice that does not exist, and the settings' author can see why.
async fn a_voice_that_the_model_does_not_have_costs_the_voice_and_not_the_agent() {
    for warm in [0, 1] {
        let mut config = WorldConfig::default().warm(warm);
        config.business = |new| new.settings.voice.voice = "melody".into();
        let world = World::with(config).await;
        world.warmed_up(warm).await;
        let outcome = world.call(listens(6_000)).await;
        let record =
            world.record_when(&outcome.call_sid, |record| record.end_reason() == "caller_hang_up").await;
        assert!(record.session().agent_audio_ms.heard > 1_000, "the agent spoke");
        assert_eq!(record.session().settings_left_out, ["voice"], "{warm} sockets were ready");

        let sessions = world.sessions();
        assert_eq!(sessions.len(), 1, "on one connection");
        let asked = sessions[0].received_of("session.update");
        let voices: Vec<&Value> =
            asked.iter().map(|update| &update.value["session"]["audio"]["output"]["voice"]).collect();
        assert_eq!(voices, [&json!("melody"), &Value::Null]);
        let refused: Vec<String> = world.openai.violations().iter().map(|v| v.code.clone()).collect();
        assert_eq!(refused, ["invalid_value"], "and nothing else was wrong");
    }
}

/// Case C10. Case B08: the greeting comes when the model said that it would have capacity again, in the same session.
async fn a_model_without_capacity_greets_when_it_has_it_again() {
    let again_in = Duration::from_millis(1_700);
    let mut script = Script::new(Reply::silence().ending(Ending::OutOfCapacity { again_in }), vec![]);
    script.by_kind.insert("recovery".into(), Reply::say(&speech::AGENT_GREETING));
    let mut config = WorldConfig::default();
    config.openai.script = script;
    let world = World::with(config).await;
    let outcome = world.call(listens(9_000)).await;
    assert_eq!(outcome.ended_by, EndedBy::Caller);
    let record = world.record_when(&outcome.call_sid, |record| record.end_reason() == "caller_hang_up").await;
    assert!(record.session().agent_audio_ms.heard > 1_000, "{:?}", record.session);

    let sessions = world.sessions();
    assert_eq!(sessions.len(), 1);
    let asked = sessions[0].received_of("response.create");
    let kinds: Vec<&Value> = asked.iter().map(|event| &event.value["response"]["metadata"]["kind"]).collect();
    assert_eq!(kinds[..2], [&json!("greeting"), &json!("recovery")], "{kinds:?}");
    assert!(asked[1].value["response"]["instructions"].as_str().unwrap().contains("Hello, this is Robin"));
    assert!(asked[1].at - asked[0].at >= again_in, "not before it said");
}

/// Case C10. Case B22: a model that never says a word makes room for the number that the business has for it.
async fn a_model_without_a_word_makes_room_for_a_person() {
    let mut script = Script::new(Reply::silence(), vec![]);
    for kind in ["recovery", "goodbye"] {
        script.by_kind.insert(kind.into(), Reply::silence());
    }
    let mut config = WorldConfig::default();
    config.openai.script = script;
    config.business = |new| {
        new.business.fallback_number = domain::PhoneNumber::parse("+12025550190").ok();
    };
    let world = World::with(config).await;
    let mut spec = world.spec(CallerScript::new(vec![]));
    spec.dial = DialOutcome::Answered(Duration::from_millis(300));
    let outcome = world.twilio.call(spec).finished().await;
    let record = world.record_when(&outcome.call_sid, |record| record.end_reason() == "model_lost").await;
    assert_eq!(record.session().agent_audio_ms.sent, 0);
    let dialled = outcome.times_ms(|kind| matches!(kind, CallEventKind::Dialled { status: "completed" }));
    assert_eq!(dialled.len(), 1, "the person was reached");
    let asked = world.sessions()[0].received_of("response.create");
    assert!(asked.iter().all(|event| event.value["response"]["metadata"]["kind"] != "goodbye"));
}

/// Case C15: a whole conversation in events whose optional fields are all odd is the same conversation.
async fn a_conversation_in_odd_events_is_the_same_conversation() {
    let mut config = WorldConfig::default();
    config.openai.script = story::model().with_odd_fields();
    let world = World::with(config).await;
    let outcome = world.call(story::caller()).await;
    assert_eq!(outcome.ended_by, EndedBy::Rest);
    let record = world.complete_record(&outcome.call_sid).await;
    assert_eq!(record.session().barge_ins, 1);
    assert_eq!(record.end_reason(), "agent_hang_up");
    let lines = record.lines();
    let caller = lines.iter().filter(|line| line.speaker == "caller").count();
    assert_eq!((lines.len(), caller), (7, 3), "{lines:?}");
    assert!(record.session().usage.output_audio > 0, "{:?}", record.session().usage);
    assert_eq!(world.openai.violations(), vec![]);
}

acceptance::tests![
    a_voice_that_the_model_does_not_have_costs_the_voice_and_not_the_agent,
    a_model_without_capacity_greets_when_it_has_it_again,
    a_model_without_a_word_makes_room_for_a_person,
    a_conversation_in_odd_events_is_the_same_conversation,
];
