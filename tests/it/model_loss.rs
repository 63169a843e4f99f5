//! The model goes away in the middle of a call, and the call goes on.

use std::time::Duration;

use acceptance::{World, WorldConfig};
use local::demo::story;
use simulator::audio::speech;
use simulator::openai::{Mishap, OpenAiConfig, Reply, Script, Step};
use simulator::twilio::{CallEventKind, CallerScript, CallerStep, EndedBy};

fn one_question() -> CallerScript {
    CallerScript::new(vec![
        CallerStep::WaitForAgent { quiet_ms: 700, max_ms: 15_000 },
        CallerStep::Say { mulaw: speech::CALLER_SERVICE.mulaw().to_vec(), label: "service".into() },
        // Longer than it takes to replace the model on a busy machine: the caller waits for the whole answer.
        CallerStep::WaitForAgent { quiet_ms: 4_000, max_ms: 20_000 },
        CallerStep::Say { mulaw: speech::CALLER_BYE.mulaw().to_vec(), label: "bye".into() },
    ])
}

fn losing(mishap: Mishap) -> OpenAiConfig {
    let script = Script::new(
        Reply::say(&speech::AGENT_GREETING),
        vec![
            // What a connection has told last may be lost with it: the transcript is told well before.
            Step::clip(&speech::CALLER_SERVICE, Reply::say(&speech::AGENT_CONFIRM).fault(8, mishap))
                .transcribed_after(Duration::ZERO),
            Step::clip(&speech::CALLER_BYE, Reply::say(&speech::AGENT_BYE).and_call("end_call", "{}")),
        ],
    );
    OpenAiConfig { script, ..OpenAiConfig::default() }
}

/// Fault 58. Historic failure 1 stays away as well: the greeting is not said twice.
async fn a_model_lost_in_mid_sentence_is_replaced_and_told_what_was_said() {
    let openai = losing(Mishap::Reset);
    let world = World::with(WorldConfig { openai, ..WorldConfig::default() }).await;
    let outcome = world.call(one_question()).await;
    assert_eq!(outcome.ended_by, EndedBy::Rest, "the call went on to its goodbye");
    assert_eq!(outcome.debugger_codes(), Vec::<u32>::new());
    assert_eq!(world.openai.violations(), vec![]);

    let connections = world.openai.connections();
    assert_eq!(connections.len(), 2, "one loss, one more leg");
    let kinds = |index: usize| -> Vec<String> {
        let creates = connections[index].received_of("response.create");
        creates
            .iter()
            .map(|c| c.value["response"]["metadata"]["kind"].as_str().unwrap_or("").to_owned())
            .collect()
    };
    assert_eq!(kinds(0).iter().filter(|kind| *kind == "greeting").count(), 1);
    assert!(!kinds(1).contains(&"greeting".to_owned()), "{:?}", kinds(1));
    let told = serde_json::to_string(&connections[1].conversation()).unwrap();
    assert!(
        told.contains("Robin") && told.contains("service on Thursday"),
        "the new leg knows what was said"
    );

    let record = world.complete_record(&outcome.call_sid).await;
    assert_eq!(record.end_reason(), "agent_hang_up", "{:#?}\n{:#?}", record.turns, outcome.events);
    // Where the model's connection was replaced is seen between two turns of the same session.
    let mut legs: Vec<_> = record.turns.iter().map(|turn| (turn.epoch, &turn.model_since)).collect();
    legs.dedup();
    assert!(matches!(legs[..], [(1, first), (1, second)] if !first.is_empty() && first < second), "{legs:?}");
    assert_eq!(record.last_turn.as_ref(), record.turns.last());
}

/// Fault 59. The session's own end is never reached: its successor is ready before.
async fn a_session_that_would_expire_is_replaced_at_a_turn_boundary() {
    let openai = OpenAiConfig {
        script: story::model(),
        session_lifetime: Duration::from_secs(16),
        ..OpenAiConfig::default()
    };
    let world = World::with(WorldConfig { openai, ..WorldConfig::default() }).await;
    let outcome = world.call(story::caller()).await;
    assert_eq!(outcome.ended_by, EndedBy::Rest);
    assert_eq!(world.openai.violations(), vec![]);
    assert!(world.openai.connections().len() >= 2);
    let apologised = outcome.events.iter().any(|event| matches!(&event.kind, CallEventKind::Said(_)));
    assert!(!apologised, "the caller noticed nothing");
    let record = world.complete_record(&outcome.call_sid).await;
    assert_eq!(record.end_reason(), "agent_hang_up");
}

acceptance::tests![
    a_model_lost_in_mid_sentence_is_replaced_and_told_what_was_said,
    a_session_that_would_expire_is_replaced_at_a_turn_boundary,
];
