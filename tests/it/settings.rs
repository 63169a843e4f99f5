//! Settings that are stored with an unknown field: the call is served, and nothing happens that the field may have
//! been meant to prevent.

use acceptance::record::CallRecord;
use acceptance::{World, WorldConfig, log};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::business::{Voicemail, VoicemailPolicy};
use domain::hours::{Holiday, OpeningHours, Outside, Week};
use domain::insight::FieldKind;
use domain::recording::LOOK_AFTER;
use domain::tools::Destination;
use domain::{Announcement, BusinessId, PhoneNumber};
use functions::businesses::provision::NewBusiness;
use serde_json::{Value, json};
use simulator::twilio::{CallEventKind, CallerScript, CallerStep};

/// Changes the first revision where it is stored.
async fn respell(world: &World, change: impl FnOnce(&mut Value)) {
    let table = world.system.name("BusinessesTable").unwrap();
    let dynamodb = &world.system.aws.dynamodb;
    let pk = format!("business#{}", world.business.business.id);
    let key = [("pk", pk), ("sk", "settings#0000000001".to_owned())]
        .map(|(name, value)| (name.to_owned(), AttributeValue::S(value)));
    let stored = dynamodb.get_item().table_name(table).set_key(Some(key.into())).send().await.unwrap();
    let mut item = stored.item.unwrap();
    let mut body: Value = serde_json::from_str(item["body"].as_s().unwrap()).unwrap();
    change(&mut body);
    item.insert("body".into(), AttributeValue::S(body.to_string()));
    dynamodb.put_item().table_name(table).set_item(Some(item)).send().await.unwrap();
}

/// The misspelt notice is not heard, so the call is not recorded; the agent speaks, and the log names the field and
/// what is meant, once.
async fn a_misspelt_consent_records_no_one(world: World) {
    respell(&world, |body| {
        assert_eq!(body["policies"]["record_calls"], true);
        body["policies"]["consnet"] = json!({ "say": { "text": "This call is recorded." } });
    })
    .await;

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

/// A revision as a later version of the code may have stored it, with a field of its own in every object there is: the call
/// is held, and each field is named in the log. Nothing of it can be published again by this version.
async fn a_call_is_held_whatever_else_stands_in_its_settings() {
    let full = |new: &mut NewBusiness| {
        // Each document is reported once in a process.
        new.business.id = BusinessId::parse("later-version").unwrap();
        let settings = &mut new.settings;
        settings.tools.directory = vec![Destination {
            id: "desk".into(),
            label: "the desk".into(),
            number: PhoneNumber::parse("+12025550101").unwrap(),
        }];
        settings.policies.when_no_agent.voicemail = Some(Voicemail::default());
        settings.policies.conversation.voicemail = VoicemailPolicy::LeaveMessage { text: "Call us.".into() };
        settings.words.busy = Announcement::say("All lines are busy.", "en-GB").ok();
        settings.insights.fields[0].kind = FieldKind::OneOf(vec!["a".into()]);
        let day = || vec!["00:00-24:00".parse().unwrap()];
        let week = Week { monday: day(), ..settings.outbound.hours.clone() };
        let outside = Outside::Forward { to: "desk".into() };
        let name = "Christmas".to_owned();
        let holiday = Holiday { on: "12-25".parse().unwrap(), name, open: day(), outside: Some(outside) };
        let outside = Outside::Agent { instructions: "We are closed.".into() };
        settings.hours = Some(OpeningHours { week, holidays: vec![holiday], exceptions: vec![], outside });
    };
    let world = World::with(WorldConfig { business: full, ..WorldConfig::default() }).await;
    let logged = log::text().len();
    let mut strange = vec![];
    respell(&world, |body| add_everywhere(body, "", &mut strange)).await;
    assert!(strange.len() > 25, "{strange:?}");
    let outcome = world
        .call(CallerScript::new(vec![CallerStep::BargeIn { after_agent_ms: 600 }, CallerStep::HangUp]))
        .await;
    let spoke = outcome.times_ms(|kind| *kind == CallEventKind::AgentSpeechStarted);
    assert!(!spoke.is_empty(), "{:?}", outcome.events);
    let text = log::text();
    // One report names twenty fields at most.
    let named =
        strange.iter().filter(|field| text[logged..].contains(&format!("{field}.of_a_later_version")));
    assert!(named.count() > 15, "{strange:?}");
    let restore = world.http.post(world.url("/v1/settings/revisions/1/restore")).json(&json!({}));
    let restore = restore.bearer_auth(world.identity.api_key.expose()).header("if-match", "\"v1\"");
    let refused: Value = restore.send().await.unwrap().json().await.unwrap();
    assert_eq!((&refused["status"], &refused["errors"][0]["code"]), (&json!(422), &json!("unknown_field")));
}

/// Puts one more field into every object but those whose keys are the business's own; `found` is where.
fn add_everywhere(value: &mut Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) if !at.ends_with(".languages") => {
            for (name, value) in fields.iter_mut() {
                let at = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                add_everywhere(value, &at, found);
            }
            fields.insert("of_a_later_version".into(), json!({ "x": [1] }));
            found.push(at.to_owned());
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                add_everywhere(item, &format!("{at}[{index}]"), found);
            }
        }
        _ => {}
    }
}

acceptance::tests![a_misspelt_consent_records_no_one, a_call_is_held_whatever_else_stands_in_its_settings,];
