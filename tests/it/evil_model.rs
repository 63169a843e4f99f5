//! A model that was talked into anything: it calls every tool with hostile arguments, and nothing comes of it that the
//! business has not allowed. Whether a prompt can be injected is not the question; it is assumed.

use std::time::Duration;

use acceptance::{World, WorldConfig};
use domain::PhoneNumber;
use domain::tools::{Destination, HttpTool};
use serde_json::{Value, json};
use simulator::audio::speech;
use simulator::openai::{OpenAiConfig, Reply, Script, Step};
use simulator::twilio::{CallEventKind, CallerScript, CallerStep};

/// Longer than arguments are looked at, and short enough for a model to write them while the caller waits.
const TOO_LONG: usize = 17_000;

/// Whatever a caller might hope to make of a tool.
fn hostile() -> Vec<(&'static str, String)> {
    let transfers = [
        json!({ "to": "+19005550199" }),
        json!({ "to": "other-business" }),
        json!({ "to": "workshop", "number": "+19005550199" }),
        json!({ "to": ["workshop"] }),
        json!({ "to": null }),
    ];
    let inner = [
        json!({ "day": "http://169.254.169.254/latest/meta-data/iam/" }),
        json!({ "day": "Mon", "url": "http://127.0.0.1:1/" }),
        json!({ "day": { "$ref": "file:///etc/passwd" } }),
        json!({ "day": "x".repeat(TOO_LONG) }),
    ];
    let messages = [
        json!({ "message": "x".repeat(TOO_LONG) }),
        json!({ "message": "" }),
        json!({ "call": "CA0", "message": 7 }),
    ];
    let unknown = [json!({ "sql": "drop table calls" }), json!({ "business": "other-business" })];
    let broken = ["{", "", "[]", "null", "\"workshop\"", "{\"to\":\"workshop\"", "\u{0}"];
    let text = |name: &'static str| move |arguments: Value| (name, arguments.to_string());
    transfers
        .map(text("transfer_call"))
        .into_iter()
        .chain(inner.map(text("metadata")))
        .chain(messages.map(text("take_message")))
        .chain(unknown.map(text("run_query")))
        .chain(broken.map(|arguments| ("transfer_call", arguments.to_owned())))
        .chain([("send_dtmf", json!({ "digits": "1" }).to_string()), ("", "{}".to_owned())])
        .collect()
}

/// Faults 62 and 65.
async fn no_argument_a_model_can_make_up_has_an_effect_outside_policy() {
    let calls = hostile();
    let reply = calls.chunks(4).rev().fold(Reply::say(&speech::AGENT_CONFIRM), |then, chunk| {
        let calls = chunk.iter().fold(Reply::silence(), |reply, (name, text)| reply.and_call(name, text));
        calls.then(then)
    });
    // Twice the same call id, and a loop that never ends by itself.
    let endless =
        (0..20).fold(Reply::say(&speech::AGENT_BYE), |then, _| Reply::call("metadata", "{}").then(then));
    let steps = vec![
        Step::clip(&speech::CALLER_SERVICE, reply),
        Step::clip(&speech::CALLER_BARGE_IN, endless),
        Step::clip(
            &speech::CALLER_BYE,
            Reply::say(&speech::AGENT_BYE).and_call("end_call", "{\"to\":\"+1900\"}"),
        ),
    ];
    let script = Script::new(Reply::say(&speech::AGENT_GREETING), steps);
    let business = |new: &mut functions::businesses::provision::NewBusiness| {
        let number = PhoneNumber::parse("+12025550101").unwrap();
        new.settings.tools.directory =
            vec![Destination { id: "workshop".into(), label: "the workshop".into(), number }];
        // What a business itself points into the network is refused as well, wherever the model comes in.
        new.settings.tools.http = vec![HttpTool {
            name: "metadata".into(),
            description: "Looks something up.".into(),
            parameters: r#"{"type":"object","properties":{"day":{"type":"string","maxLength":60}},
                            "additionalProperties":false}"#
                .into(),
            url: "http://169.254.169.254/latest/meta-data/".into(),
            timeout: Duration::from_secs(2),
            once: false,
        }];
    };
    let openai = OpenAiConfig { script, ..OpenAiConfig::default() };
    let world = World::with(WorldConfig { openai, business, ..WorldConfig::default() }).await;
    let say = |clip: &speech::Clip| CallerStep::Say { mulaw: clip.mulaw().to_vec(), label: "words".into() };
    let listen = || CallerStep::WaitForAgent { quiet_ms: 900, max_ms: 60_000 };
    let caller = CallerScript::new(vec![
        listen(),
        say(&speech::CALLER_SERVICE),
        // The agent says nothing while it calls tools, and is not to be interrupted in it.
        CallerStep::WaitForAgent { quiet_ms: 8_000, max_ms: 120_000 },
        say(&speech::CALLER_BARGE_IN),
        listen(),
        say(&speech::CALLER_BYE),
        listen(),
    ]);
    let outcome = world.call(caller).await;

    assert!(
        !outcome.events.iter().any(|event| matches!(event.kind, CallEventKind::Dialled { .. })),
        "nobody was dialled"
    );
    let connection = &world.openai.connections()[0];
    let outputs: Vec<Value> = connection
        .received_of("conversation.item.create")
        .iter()
        .filter_map(|create| create.value["item"]["output"].as_str().map(|text| text.parse().unwrap()))
        .collect();
    let refused = outputs.iter().filter(|output| output["error"].is_string()).count();
    assert!(refused >= calls.len(), "{refused} of {} calls were refused: {outputs:?}", calls.len());
    assert!(
        outputs.iter().all(|output| output["error"].is_string() || *output == json!({ "ok": true })),
        "{outputs:?}"
    );
    assert!(outputs.iter().all(|output| !output.to_string().contains("xxxx")), "nothing is repeated");
    let ids: Vec<String> = connection
        .received_of("conversation.item.create")
        .iter()
        .filter(|create| create.value["item"]["type"] == "function_call_output")
        .filter_map(|create| create.value["item"]["call_id"].as_str().map(str::to_owned))
        .collect();
    let unique: std::collections::BTreeSet<&String> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len(), "each call is answered once");

    let record = world.record_when(&outcome.call_sid, |record| record.status == "completed").await;
    assert_eq!(record.messages, [], "no message was one");
    // It calls tools where words are asked for, and the caller has none: something else is offered.
    assert_eq!(record.end_reason(), "model_lost");
    assert_eq!(world.openai.violations(), vec![]);
}

acceptance::tests![no_argument_a_model_can_make_up_has_an_effect_outside_policy,];
