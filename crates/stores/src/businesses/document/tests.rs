use std::time::Duration;

use domain::business::{ChannelPrompt, PromptInLanguage, Voicemail, VoicemailPolicy};
use domain::insight::FieldKind;
use domain::tools::{Destination, HttpTool};
use domain::{Announcement, PhoneNumber};
use serde_json::json;

use super::*;

/// Settings in which everything that may be there is there.
fn full() -> Settings {
    let own = PromptInLanguage { instructions: Some("Sei nett.".into()), greeting: Some("Hallo.".into()) };
    let languages = [("de".to_owned(), own)].into();
    let prompt = ChannelPrompt { languages, ..ChannelPrompt::new("Be kind.", "Hello.") };
    let mut settings: Settings = serde_json::from_value(json!({
        "revision": 1,
        "prompts": { "inbound": null, "outbound": null, "whatsapp": null },
        "voice": {
            "model": "gpt-realtime", "voice": "marin", "languages": ["en"], "transcription_model": null, "keywords": [],
            "turn_detection": { "Server": { "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 500 } }
        },
        "policies": { "record_calls": true, "transcript": "realtime_first", "conversation": {} }
    }))
    .unwrap();
    settings.prompts.inbound = Some(prompt);
    settings.prompts.outbound = settings.prompts.inbound.clone();
    settings.prompts.whatsapp = settings.prompts.inbound.clone();
    let say = |text| Announcement::say(text, "en-GB").unwrap();
    settings.policies.consent = Some(say("This call is recorded."));
    settings.policies.when_no_agent.voicemail = Some(Voicemail { max_length: Duration::from_secs(60) });
    settings.policies.conversation.voicemail = VoicemailPolicy::LeaveMessage { text: "Call us.".into() };
    settings.policies.conversation.phrases.goodbyes = vec!["so long".into()];
    settings.tools.directory = vec![Destination {
        id: "workshop".into(),
        label: "the workshop".into(),
        number: PhoneNumber::parse("+12025550101").unwrap(),
    }];
    settings.tools.http = vec![HttpTool {
        name: "book".into(),
        description: "Books.".into(),
        parameters: "{}".into(),
        url: "https://tools.example/book".into(),
        timeout: Duration::from_secs(5),
        once: false,
    }];
    settings.hours = serde_json::from_value(json!({
        "week": { "monday": ["09:00-17:00"] },
        "holidays": [{ "on": "12-25", "name": "Christmas", "outside": { "forward": { "to": "workshop" } } }],
        "exceptions": [{ "first": "2026-12-28", "last": "2026-12-31", "name": "Stocktaking",
            "outside": { "agent": { "instructions": "We count." } } }],
        "outside": "voicemail"
    }))
    .unwrap();
    settings.words.busy = Some(say("All lines are busy."));
    settings.insights.fields[0].kind = FieldKind::OneOf(vec!["a".into()]);
    settings
}

/// Renames the field at a JSON pointer.
fn misspelt(document: &Value, pointer: &str, wrong: &str) -> String {
    let mut document = document.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = document.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    let value = parent.remove(name).unwrap();
    parent.insert(wrong.to_owned(), value);
    document.to_string()
}

#[test]
fn what_we_write_ourselves_is_understood() {
    let full = full();
    assert_eq!(settings(&serde_json::to_string(&full).unwrap()).unwrap(), full);
}

/// Every field there is, misspelt in turn, wherever it stands: none of them is overlooked.
#[test]
fn a_misspelt_field_is_refused_wherever_it_stands() {
    fn pointers(value: &Value, path: &str, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    found.push(format!("{path}/{name}"));
                    pointers(value, &format!("{path}/{name}"), found);
                }
            }
            Value::Array(items) => {
                items
                    .iter()
                    .enumerate()
                    .for_each(|(index, item)| pointers(item, &format!("{path}/{index}"), found));
            }
            _ => {}
        }
    }
    let document = serde_json::to_value(full()).unwrap();
    let mut all = vec![];
    pointers(&document, "", &mut all);
    assert!(all.len() > 100, "{}", all.len());
    // The keys of this map are the business's own.
    all.retain(|pointer| !pointer.contains("/languages/de") || pointer.contains("/de/"));
    for pointer in all {
        let name = pointer.rsplit('/').next().unwrap();
        let wrong = format!("{name}x");
        let error = settings(&misspelt(&document, &pointer, &wrong)).unwrap_err();
        match &error {
            InvalidDocument::Unknown(unknown) => {
                assert!(unknown.iter().any(|one| one.path.ends_with(&wrong)), "{pointer}: {error}");
            }
            // A field that must be there, or a word of a choice, is missed by name.
            InvalidDocument::Shape { reason, .. } => assert!(reason.contains(name), "{pointer}: {error}"),
        }
    }
}

#[test]
fn the_error_says_where_and_what_is_meant() {
    let document = serde_json::to_value(full()).unwrap();
    for (pointer, wrong, says) in [
        (
            "/policies/consent",
            "consnet",
            "`policies.consnet` is not a field: did you mean `policies.consent`?",
        ),
        ("/policies/consent", "Consent", "did you mean `policies.consent`?"),
        (
            "/tools/http/0/once",
            "onec",
            "`tools.http[0].onec` is not a field: did you mean `tools.http[0].once`?",
        ),
        (
            "/policies/conversation/max_call",
            "maximum_duration",
            "`policies.conversation.maximum_duration` is not a field",
        ),
        ("/insights/lead_statuses", "lead_status", "did you mean `insights.lead_statuses`?"),
    ] {
        let error = settings(&misspelt(&document, pointer, wrong)).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
    let mut misplaced = document.clone();
    misplaced["consent"] = misplaced["policies"]["consent"].take();
    let error = settings(&misplaced.to_string()).unwrap_err().to_string();
    assert!(error.contains("`consent` is not a field: did you mean `policies.consent`?"), "{error}");
    let mut wrong = document;
    wrong["policies"]["record_calls"] = json!("yes");
    let error = settings(&wrong.to_string()).unwrap_err().to_string();
    assert!(error.starts_with("`policies.record_calls`: ") && error.contains("boolean"), "{error}");
    assert!(settings("{").is_err());
}

#[test]
fn a_document_full_of_nonsense_is_named_within_bounds() {
    let mut document = serde_json::to_value(full()).unwrap();
    for n in 0..1_000 {
        document[format!("{n}{}", "x".repeat(1_000))] = json!(n);
    }
    let error = settings(&document.to_string()).unwrap_err();
    let InvalidDocument::Unknown(unknown) = &error else { panic!("{error}") };
    assert_eq!(unknown.len(), MAX_UNKNOWN);
    assert!(error.to_string().len() < MAX_UNKNOWN * (MAX_NAME_CHARS + 40), "{error}");
}

/// Every object of a document, the business's own keys apart.
fn objects(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            if !at.ends_with("/languages") {
                found.push(at.to_owned());
            }
            fields.iter().for_each(|(name, value)| objects(value, &format!("{at}/{name}"), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| objects(item, &format!("{at}/{index}"), found));
        }
        _ => {}
    }
}

/// At every level there is: beside the word of a choice as well, and in types that refuse what they do not know.
#[test]
fn a_field_that_no_type_has_is_refused_by_name_and_skipped_once_it_is_stored() {
    let full = full();
    let document = serde_json::to_value(&full).unwrap();
    let mut all = vec![];
    objects(&document, "", &mut all);
    assert!(all.len() > 35, "{all:?}");
    for at in all {
        let mut strange = document.clone();
        strange.pointer_mut(&at).unwrap()["zzz"] = json!({ "deep": 1 });
        let InvalidDocument::Unknown(unknown) = settings(&strange.to_string()).unwrap_err() else {
            panic!("{at}");
        };
        let pointers: Vec<String> =
            unknown.iter().map(|one| domain::settings_check::pointer(&one.path)).collect();
        assert_eq!(pointers, [format!("{at}/zzz")]);
        let Read { value, unknown } = lenient::read::<Settings>(&strange);
        assert_eq!((value.unwrap(), unknown.len()), (full.clone(), 1), "{at}");
    }
}

#[test]
fn a_length_of_time_in_its_old_form_is_read_once_stored_and_else_refused_with_the_new_one() {
    let full = full();
    let mut document = serde_json::to_value(&full).unwrap();
    document["policies"]["when_no_agent"]["ring_for"] = json!({ "secs": 25, "nanos": 0 });
    document["tools"]["http"][0]["timeout"] = json!({ "secs": 5, "nanos": 0 });
    assert_eq!(lenient::read::<Settings>(&document).value.unwrap(), full);
    let refused = settings(&document.to_string()).unwrap_err().to_string();
    assert_eq!(refused, "`policies.when_no_agent.ring_for`: write this length of time as `25s`");
    let bad = document.to_string().replace(r#"{"nanos":0,"secs":5}"#, r#""5""#);
    let refused = settings(&bad).unwrap_err().to_string();
    assert!(refused.starts_with("`tools.http[0].timeout`: not a length of time such as `25s`"), "{refused}");
}

#[test]
fn a_field_that_is_there_twice_is_refused() {
    let json = serde_json::to_string(&full()).unwrap();
    let twice = json.replacen("\"record_calls\":true", "\"record_calls\":true,\"record_calls\":false", 1);
    let refused = settings(&twice).unwrap_err().to_string();
    assert!(refused.contains("duplicate field `record_calls`"), "{refused}");
}
