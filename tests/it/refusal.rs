//! Calls that no agent may take.

use std::sync::Arc;

use acceptance::webhook::{Webhook, call_sid, new_call_sid};
use acceptance::{World, WorldConfig};
use domain::Announcement;
use domain::announcement::Wording;
use simulator::twilio::{CallEventKind, CallSpec, CallerScript, EndedBy};

/// An unknown number is refused politely, kept in quarantine, and never becomes another business's call.
async fn a_number_of_no_business_is_refused_and_quarantined(world: World) {
    let spec = CallSpec::inbound(
        local::demo::business::CALLER,
        "+12025550199",
        world.url("/twilio/voice/inbound"),
        CallerScript::new(vec![]),
    );
    let outcome = world.twilio.call(spec).finished().await;
    assert_eq!(outcome.ended_by, EndedBy::Twiml);
    let said = outcome
        .events
        .iter()
        .any(|event| matches!(&event.kind, CallEventKind::Said(text) if text.contains("not in service")));
    assert!(said, "the caller hears why: {:?}", outcome.events);
    assert!(world.openai.connections().is_empty());
    let (_, page) = world.get("/v1/calls").await;
    assert_eq!(page["calls"].as_array().unwrap().len(), 0, "it is nobody's call");
    let key = aws_sdk_dynamodb::types::AttributeValue::S(format!("quarantine#{}", outcome.call_sid));
    let kept = world
        .system
        .aws
        .dynamodb
        .get_item()
        .table_name(world.system.name("CallsTable").unwrap())
        .key("pk", key)
        .key("sk", aws_sdk_dynamodb::types::AttributeValue::S("quarantine".into()))
        .send()
        .await
        .unwrap();
    assert!(kept.item.is_some());
}

/// Historic failure 17. A business without an inbound prompt never speaks with its outbound one.
async fn without_an_inbound_prompt_the_call_is_refused() {
    let world = World::with(WorldConfig {
        business: |new| {
            new.settings.prompts.outbound = new.settings.prompts.inbound.take();
        },
        ..WorldConfig::default()
    })
    .await;
    let (status, twiml) = Webhook::inbound(&world, &call_sid(1)).send(&world).await;
    assert_eq!(status, 200);
    assert!(!twiml.contains("<Stream") && twiml.contains("cannot take your call"), "{twiml}");
    let record = world.record(&call_sid(1)).await;
    assert_eq!(record.refusal, "no_prompt");
}

/// What Twilio says in the agent's place is in the business's language and a voice of that language, or in its own words.
async fn a_caller_is_refused_in_the_language_of_the_business() {
    let world = World::with(WorldConfig {
        business: |new| {
            new.settings.prompts.inbound = None;
            new.settings.voice.languages = vec!["he".into()];
        },
        ..WorldConfig::default()
    })
    .await;
    let (_, twiml) = Webhook::inbound(&world, &call_sid(1)).send(&world).await;
    let said = twiml.contains("voice=\"Google.he-IL-Wavenet-A\"") && twiml.contains("language=\"he-IL\"");
    assert!(said && twiml.contains("לא נוכל לענות לשיחה כרגע"), "{twiml}");
    let world = World::with(WorldConfig {
        business: |new| {
            let text = "{{business_name}} macht gerade Pause.".to_owned();
            let own = Wording::Say { text, language: None, voice: None };
            new.settings.prompts.inbound = None;
            new.settings.voice.languages = vec!["sv".into(), "de-AT".into()];
            new.settings.words.not_now = Announcement::new(own).ok();
        },
        ..WorldConfig::default()
    })
    .await;
    let (_, twiml) = Webhook::inbound(&world, &call_sid(1)).send(&world).await;
    let said = twiml.contains("Harbour Bicycle Workshop macht gerade Pause.");
    assert!(said && twiml.contains("Polly.Hannah-Neural"), "{twiml}");
}

/// Hidden and odd callers are served like others.
async fn a_caller_without_a_number_is_served(world: Arc<World>) {
    for from in ["anonymous", "+266696687", "client:alice", "sip:bob@example.com", ""] {
        let webhook = Webhook::inbound(&world, &new_call_sid()).field("From", from);
        let (status, twiml) = webhook.send(&world).await;
        assert!(status == 200 && twiml.contains("<Stream"), "{from:?}: {status} {twiml}");
    }
}

acceptance::tests![
    a_number_of_no_business_is_refused_and_quarantined,
    without_an_inbound_prompt_the_call_is_refused,
    a_caller_is_refused_in_the_language_of_the_business,
    a_caller_without_a_number_is_served,
];
