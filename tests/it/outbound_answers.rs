//! Who answers an outbound call: a person, a machine, or a service that asks who is calling.

use std::time::Duration;

use acceptance::outbound::{CALLEE, order, place};
use acceptance::record::CallRecord;
use acceptance::{World, WorldConfig};
use domain::business::VoicemailPolicy;
use functions::businesses::provision::NewBusiness;
use futures_util::future::join_all;
use local::demo::story;
use serde_json::Value;
use simulator::audio::speech;
use simulator::openai::{OpenAiConfig, Reply, Script, Step};
use simulator::twilio::{Answerer, CallOutcome, Callee, CallerScript, CallerStep, EndedBy};

/// Far shorter than the callee stays, far longer than it takes to know a machine, on a busy machine too.
const LONG: Duration = Duration::from_secs(40);

/// How long Twilio takes to judge.
const VERDICT: Duration = Duration::from_secs(4);

const MESSAGE: &str = "This is Harbour Bicycle Workshop. Your bicycle is ready.";

/// Hangs up on machines.
fn as_it_is(_: &mut NewBusiness) {}

fn leaves_message(new: &mut NewBusiness) {
    new.settings.policies.conversation.voicemail =
        VoicemailPolicy::LeaveMessage { text: "This is {{business_name}}. Your bicycle is ready.".into() };
}

/// A model that hears these words, one utterance after another.
fn hears(words: &[&str]) -> OpenAiConfig {
    let steps = words.iter().map(|text| Step::text(*text, Reply::say(&speech::AGENT_CONFIRM))).collect();
    let mut script = Script::new(Reply::say(&speech::AGENT_GREETING), steps);
    script.by_kind.insert("screening".into(), Reply::say(&speech::AGENT_SILENCE_PROMPT));
    OpenAiConfig { script, ..OpenAiConfig::default() }
}

/// Says one thing and then listens.
fn says_once() -> CallerScript {
    CallerScript::new(vec![
        CallerStep::Pause { ms: 300 },
        CallerStep::Say { mulaw: speech::CALLER_SERVICE.mulaw().to_vec(), label: "greeting".into() },
        CallerStep::Pause { ms: 60_000 },
        CallerStep::HangUp,
    ])
}

async fn called(
    openai: OpenAiConfig,
    business: fn(&mut NewBusiness),
    callee: Callee,
) -> (World, CallRecord, std::sync::Arc<CallOutcome>) {
    let world = World::with(WorldConfig { openai, business, ..WorldConfig::default() }).await;
    world.twilio.set_callee(CALLEE, callee);
    let answered = place(&world, "order-1", &order(&world)).await;
    assert_eq!(answered.status, 201, "{answered:?}");
    let outcome = world.twilio.nth_call(0).await.unwrap().finished().await;
    let record = world.record_when(answered.sid(), |record| record.session.is_some()).await;
    assert_eq!(world.openai.violations(), vec![]);
    (world, record, outcome)
}

/// What the model was asked to say, by kind, with its instructions.
fn asked(world: &World) -> Vec<(String, String)> {
    let creates = world.openai.connections()[0].received_of("response.create");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    creates
        .iter()
        .map(|create| {
            let response = &create.value["response"];
            (text(&response["metadata"]["kind"]), text(&response["instructions"]))
        })
        .collect()
}

/// Historic failure 13. A machine is hung up on as soon as its words give it away.
async fn a_machine_is_hung_up_on() {
    let openai = hears(&["I can't come to the phone. Please leave a message after the tone."]);
    let callee = Callee { answered_by: Answerer::Nothing, ..Callee::answers(says_once()) };
    let (world, record, outcome) = called(openai, as_it_is, callee).await;
    assert_eq!(outcome.ended_by, EndedBy::Rest);
    assert_eq!(record.end_reason(), "voicemail");
    assert!(outcome.duration < LONG, "{:?}", outcome.duration);
    assert!(asked(&world).iter().all(|(kind, _)| kind == "greeting"), "nothing is said to it");
}

/// Twilio's verdict alone is enough on a silent line.
async fn a_verdict_and_a_silent_line_are_a_machine() {
    let silent = CallerScript::new(vec![CallerStep::Pause { ms: 60_000 }, CallerStep::HangUp]);
    let answered_by = Answerer::Machine { greeting: Duration::from_secs(8) };
    let callee = Callee { answered_by, ..Callee::answers(silent) };
    let (_world, record, outcome) = called(hears(&[]), as_it_is, callee).await;
    assert_eq!(record.end_reason(), "voicemail");
    assert!(outcome.duration < LONG, "{:?}", outcome.duration);
}

/// The business's message is said once, in its own words, after the tone; then the call ends.
async fn a_message_is_left_after_the_tone() {
    let openai = hears(&["You have reached Anna, please leave a message after the tone."]);
    let answered_by = Answerer::Machine { greeting: Duration::from_secs(6) };
    let callee = Callee { answered_by, ..Callee::answers(says_once()) };
    let (world, record, outcome) = called(openai, leaves_message, callee).await;
    assert_eq!(outcome.ended_by, EndedBy::Rest);
    assert_eq!(record.end_reason(), "voicemail");
    let asked = asked(&world);
    let messages: Vec<_> = asked.iter().filter(|(_, text)| text.contains(MESSAGE)).collect();
    assert_eq!(messages.len(), 1, "{asked:?}");
    assert_eq!(messages[0].0, "goodbye");
    let request = world.twilio.requests().into_iter().find(|request| request.path.ends_with("/Calls.json"));
    assert_eq!(request.unwrap().param("MachineDetection"), Some("DetectMessageEnd"));
}

/// Historic failure 15. A verdict that is wrong, unknown, late or never comes changes nothing for a person.
async fn no_verdict_keeps_a_person_from_being_greeted_and_heard() {
    let verdicts = [
        Answerer::Word("unknown"),
        Answerer::Nothing,
        Answerer::Word("a_word_of_tomorrow"),
        Answerer::Word("machine_start"),
    ];
    join_all(verdicts.map(async |answered_by| {
        let openai = OpenAiConfig { script: story::model(), ..OpenAiConfig::default() };
        let callee = Callee { answered_by, amd_takes: VERDICT, ..Callee::answers(story::caller()) };
        let (_world, record, outcome) = Box::pin(called(openai, as_it_is, callee)).await;
        assert_eq!(record.end_reason(), "agent_hang_up", "{answered_by:?}");
        assert_eq!(outcome.ended_by, EndedBy::Rest);
        let greeted = record.session().greeting_requested_ms.unwrap();
        assert!(
            u128::from(greeted) < VERDICT.as_millis(),
            "the greeting waited for no verdict: {greeted} ms"
        );
    }))
    .await;
}

/// A service that asks who is calling hears it once; the person who then picks up is spoken to.
async fn a_screening_service_is_told_who_calls_and_why_and_then_waited_for() {
    let openai = hears(&[
        "Hi, if you record your name and reason for calling, I'll see if this person is available.",
        "Hello?",
        "Okay, thanks, bye.",
    ]);
    let say = |clip: &simulator::audio::speech::Clip| CallerStep::Say {
        mulaw: clip.mulaw().to_vec(),
        label: clip.text.into(),
    };
    let listen = || CallerStep::WaitForAgent { quiet_ms: 1_000, max_ms: 15_000 };
    let script = CallerScript::new(vec![
        CallerStep::Pause { ms: 300 },
        say(&speech::CALLER_SERVICE),
        listen(),
        // Longer than a silence is usually borne.
        CallerStep::Pause { ms: 12_000 },
        say(&speech::CALLER_BARGE_IN),
        listen(),
        CallerStep::HangUp,
    ]);
    let (world, record, outcome) = called(openai, as_it_is, Callee::answers(script)).await;
    assert_eq!(outcome.ended_by, EndedBy::Caller, "nobody hung up on them");
    assert_eq!(record.end_reason(), "caller_hang_up");
    let asked = asked(&world);
    let introductions: Vec<_> = asked.iter().filter(|(kind, _)| kind == "screening").collect();
    assert_eq!(introductions.len(), 1, "{asked:?}");
    let text = &introductions[0].1;
    assert!(text.contains("Harbour Bicycle Workshop") && text.contains("your bicycle is ready"), "{text}");
    assert!(asked.iter().all(|(kind, _)| kind != "silence_prompt"), "it is expected to be silent: {asked:?}");
}

acceptance::tests![
    a_machine_is_hung_up_on,
    a_verdict_and_a_silent_line_are_a_machine,
    a_message_is_left_after_the_tone,
    no_verdict_keeps_a_person_from_being_greeted_and_heard,
    a_screening_service_is_told_who_calls_and_why_and_then_waited_for,
];
