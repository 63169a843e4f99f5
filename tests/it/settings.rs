//! Settings that are stored with an unknown field: the call is served, and nothing happens that the field may have
//! been meant to prevent.

use acceptance::record::CallRecord;
use acceptance::{World, log};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::recording::LOOK_AFTER;
use serde_json::{Value, json};
use simulator::twilio::{CallEventKind, CallerScript, CallerStep};

/// The misspelt notice is not heard, so the call is not recorded; the agent speaks, and the log names the field and
/// what is meant, once.
async fn a_misspelt_consent_records_no_one(world: World) {
    let table = world.system.name("BusinessesTable").unwrap();
    let dynamodb = &world.system.aws.dynamodb;
    let key = |sk: &str| {
        let pk = format!("business#{}", world.business.business.id);
        [("pk", pk), ("sk", sk.to_owned())].map(|(name, value)| (name.to_owned(), AttributeValue::S(value)))
    };
    let key = key("settings#0000000001");
    let stored = dynamodb.get_item().table_name(table).set_key(Some(key.into())).send().await.unwrap();
    let mut item = stored.item.unwrap();
    let mut body: Value = serde_json::from_str(item["body"].as_s().unwrap()).unwrap();
    assert_eq!(body["policies"]["record_calls"], true);
    body["policies"]["consnet"] = json!({ "say": { "text": "This call is recorded." } });
    item.insert("body".into(), AttributeValue::S(body.to_string()));
    dynamodb.put_item().table_name(table).set_item(Some(item)).send().await.unwrap();

    let logged = log::text().len();
    let script = || CallerScript::new(vec![CallerStep::BargeIn { after_agent_ms: 600 }, CallerStep::HangUp]);
    for _ in 0..2 {
        let outcome = world.call(script()).await;
        // Twilio is asked for the recording that it has not called back about, later.
        world.delay_passes("RecordingsQueue", LOOK_AFTER).await;
        let over = |record: &CallRecord| !record.transcript_source.is_empty() && record.recording.is_some();
        let record = world.record_when(&outcome.call_sid, over).await;
        let spoke = outcome.times_ms(|kind| *kind == CallEventKind::AgentSpeechStarted);
        assert!(!spoke.is_empty(), "{:?}", outcome.events);
        let recording = record.recording();
        let told = (recording.state.as_str(), recording.reason.as_str());
        assert_eq!(told, ("not_recorded", "settings_not_understood"), "the record says why");
        assert!(world.twilio.recordings(&outcome.call_sid).is_empty());
        assert_eq!(world.get(&format!("/v1/calls/{}/recording", outcome.call_sid)).await.0, 404);
    }
    let text = log::text();
    let named = text[logged..].lines().filter(|line| line.contains("policies.consnet"));
    let named: Vec<_> = named.filter(|line| line.contains("policies.consent")).collect();
    assert_eq!(named.len(), 1, "{named:?}");
}

acceptance::tests![a_misspelt_consent_records_no_one,];
