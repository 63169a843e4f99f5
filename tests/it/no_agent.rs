//! No agent can be had: the caller is given to a person, may leave a message, or hears an apology; never silence.

use std::time::Duration;

use acceptance::record::CallRecord;
use acceptance::webhook::{Webhook, call_sid};
use acceptance::{World, WorldConfig, answering_connections};
use domain::business::Voicemail;
use domain::{Announcement, PhoneNumber};
use functions::businesses::provision::NewBusiness;
use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};
use simulator::audio::speech;
use simulator::openai::Handshake;
use simulator::twilio::{CallEventKind, CallOutcome, CallerScript, CallerStep, DialOutcome, EndedBy};
use url::Url;

const PERSON: &str = "+12025550190";
const PROMPT: &str = "Leave us a message after the tone.";

fn person(new: &mut NewBusiness) {
    new.business.fallback_number = PhoneNumber::parse(PERSON).ok();
}

fn voicemail(new: &mut NewBusiness) {
    new.settings.words.voicemail = Announcement::say(PROMPT, "en-GB").ok();
    new.settings.policies.when_no_agent.voicemail = Some(Voicemail { max_length: Duration::from_secs(20) });
}

fn unrecorded_with_voicemail(new: &mut NewBusiness) {
    voicemail(new);
    new.settings.policies.record_calls = false;
}

fn person_and_voicemail(new: &mut NewBusiness) {
    person(new);
    voicemail(new);
}

/// Says something after the beep, and is then silent.
fn leaves_a_message() -> CallerScript {
    CallerScript::new(vec![
        CallerStep::WaitForAgent { quiet_ms: 300, max_ms: 20_000 },
        CallerStep::Say { mulaw: speech::CALLER_SERVICE.mulaw().to_vec(), label: "message".into() },
    ])
}

async fn call(world: &World, script: CallerScript, dial: DialOutcome) -> std::sync::Arc<CallOutcome> {
    let mut spec = world.spec(script);
    spec.dial = dial;
    world.twilio.call(spec).finished().await
}

/// It is three seconds, which the session's scenarios hold in virtual time. A busy machine needs more for the rest of
/// it; a model that is lost in mid-call would be waited for longer.
pub(crate) const SOON_MS: u64 = 9_000;

fn said(outcome: &CallOutcome) -> Vec<String> {
    let texts = outcome.events.iter().filter_map(|event| match &event.kind {
        CallEventKind::Said(text) => Some(text.to_string()),
        _ => None,
    });
    texts.collect()
}

/// Fault 57. After every kind of refusal the caller soon hears that a person is being rung.
async fn a_model_that_cannot_be_had_soon_leads_to_a_person() {
    let busy = DialOutcome::Answered(Duration::from_millis(300));
    let refused = |status, code: &str| WorldConfig::without_a_model(status, code, person);
    for config in [
        refused(401, "invalid_api_key"),
        refused(429, "insufficient_quota"),
        refused(429, "rate_limit_exceeded"),
        refused(503, "server_error"),
        WorldConfig {
            openai: answering_connections(Handshake::Hang),
            business: person,
            ..WorldConfig::default()
        },
    ] {
        let plan = config.openai.connections[0].handshake.clone();
        let world = World::with(config).await;
        let outcome = call(&world, CallerScript::new(vec![]), busy).await;
        assert_eq!(outcome.debugger_codes(), Vec::<u32>::new(), "{plan:?}");
        let first = outcome.times_ms(|kind| matches!(kind, CallEventKind::Said(_)))[0];
        assert!(first < SOON_MS, "{plan:?}: silence for {first} ms");
        assert_eq!(said(&outcome).len(), 1, "who was answered is not talked to again: {:?}", said(&outcome));
        assert_eq!(
            outcome.times_ms(|kind| matches!(kind, CallEventKind::Dialled { status: "completed" })).len(),
            1
        );
        assert_eq!(outcome.ended_by, EndedBy::Twiml);
        let record = world.record_when(&outcome.call_sid, |record| record.status == "completed").await;
        assert_eq!(record.voicemail, None);
    }
}

/// The fallback number does not answer: the message that is left is archived and transcribed like a call.
async fn a_person_who_does_not_answer_is_followed_by_voicemail() {
    let config = WorldConfig::without_a_model(401, "invalid_api_key", |new| {
        person(new);
        unrecorded_with_voicemail(new);
    });
    let world = World::with(config).await;
    // The second prompt is the business's; the first says that a person is being rung.
    let script = CallerScript::new(vec![
        CallerStep::WaitForAgent { quiet_ms: 400, max_ms: 20_000 },
        CallerStep::WaitForAgent { quiet_ms: 400, max_ms: 20_000 },
        CallerStep::Say { mulaw: speech::CALLER_SERVICE.mulaw().to_vec(), label: "message".into() },
    ]);
    let outcome = call(&world, script, DialOutcome::NoAnswer(Duration::from_secs(1))).await;
    assert_eq!(outcome.debugger_codes(), Vec::<u32>::new());
    let said = said(&outcome);
    assert!(said.iter().any(|text| text == PROMPT), "{said:?}");
    assert!(said.last().unwrap().contains("Thank you"), "{said:?}");
    let record = world
        .record_when(&outcome.call_sid, |record| {
            record.voicemail_state() == "archived" && !record.transcript_source.is_empty()
        })
        .await;
    assert_eq!(record.recording, None, "it is no recording of the conversation");
    assert_eq!(record.voicemail().channels, Some(1));
    let seconds = record.voicemail().duration_ms.unwrap() / 1_000;
    assert!((3..=20).contains(&seconds), "{seconds}");
    assert_eq!(record.transcript_source, "recording", "what was said to it can be read");
    let link = &record.voicemail().link;
    let request = world.http.get(world.url(link)).bearer_auth(world.identity.api_key.expose());
    let audio = request.send().await.unwrap();
    assert_eq!(audio.status(), 200);
    assert!(audio.bytes().await.unwrap().starts_with(b"RIFF"));
    let (status, _) = world.get(&format!("/v1/calls/{}/recording", outcome.call_sid)).await;
    assert_eq!(status, 404);
}

/// Case C04. Case B03. Most messages end by hanging up; Twilio says so, and the message is kept like any other.
async fn a_message_that_ends_by_hanging_up_is_kept() {
    let config = WorldConfig::without_a_model(401, "invalid_api_key", unrecorded_with_voicemail);
    let world = World::with(config).await;
    let script = CallerScript::new(vec![
        CallerStep::WaitForAgent { quiet_ms: 300, max_ms: 20_000 },
        CallerStep::Say { mulaw: speech::CALLER_SERVICE.mulaw().to_vec(), label: "message".into() },
        CallerStep::HangUp,
    ]);
    let outcome = call(&world, script, DialOutcome::Busy).await;
    assert_eq!(outcome.debugger_codes(), Vec::<u32>::new());
    let hung_up =
        world.twilio.webhooks().into_iter().find(|webhook| webhook.param("Digits") == Some("hangup"));
    let hung_up = hung_up.expect("the caller hung up within the message");
    assert!(hung_up.url.contains("/no-agent/after-message"), "{}", hung_up.url);
    assert_eq!((hung_up.status, hung_up.param("CallStatus")), (Some(200), Some("completed")));
    world.record_when(&outcome.call_sid, |record| record.voicemail_state() == "archived").await;
}

async fn asks(world: &World, method: Method, path: &str) -> (u16, Value) {
    let request = world.http.request(method, world.url(path)).bearer_auth(world.identity.api_key.expose());
    let answer = request.json(&json!({})).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
}

/// What a caller left is a recording like the conversation's: by its own address it is played, lent, held, deleted.
async fn a_message_is_lent_held_and_deleted_like_any_recording() {
    let config = WorldConfig::without_a_model(429, "insufficient_quota", unrecorded_with_voicemail);
    let world = World::with(config).await;
    let outcome = call(&world, leaves_a_message(), DialOutcome::Busy).await;
    let archived = |record: &CallRecord| record.voicemail_state() == "archived";
    let record = world.record_when(&outcome.call_sid, archived).await;
    let voicemail = record.voicemail();
    let call = format!("/v1/calls/{}", outcome.call_sid);
    let all = world.recordings(&outcome.call_sid).await;
    let one = &all[0];
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!((one.kind.as_str(), &one.sid), ("voicemail", &voicemail.sid));
    let at = one.link.as_str();
    assert_eq!(at, format!("{call}/recordings/{}", one.sid));
    let plays = async |method: Method, url: Url| {
        let request = world.http.request(method, url).bearer_auth(world.identity.api_key.expose());
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.bytes().await.unwrap().starts_with(b"RIFF"))
    };
    assert_eq!(plays(Method::GET, world.url(at)).await, (200, true));

    let (status, share) = asks(&world, Method::POST, &format!("{at}/shares")).await;
    assert_eq!((status, share["recording"].as_str()), (201, Some(one.sid.as_str())), "{share}");
    assert_eq!(plays(Method::POST, share["url"].as_str().unwrap().parse().unwrap()).await, (200, true));
    let (_, shares) = world.get(&format!("{at}/shares")).await;
    assert_eq!(shares["shares"][0]["views"], 1);
    let link = format!("{at}/shares/{}", share["id"].as_str().unwrap());
    let own = format!("{call}/recording/shares");
    let own_link = format!("{own}/{}", share["id"].as_str().unwrap());
    for (method, path) in [(Method::POST, &own), (Method::GET, &own), (Method::DELETE, &own_link)] {
        assert_eq!(asks(&world, method, path).await.0, 404, "the conversation has none");
    }
    assert_eq!(asks(&world, Method::DELETE, &link).await.0, 204);
    assert_eq!(plays(Method::POST, share["url"].as_str().unwrap().parse().unwrap()).await.0, 410);

    assert_eq!(asks(&world, Method::PUT, &format!("{at}/hold")).await.0, 204);
    assert_eq!(asks(&world, Method::DELETE, at).await.0, 409, "it is held");
    assert_eq!(asks(&world, Method::DELETE, &format!("{at}/hold")).await.0, 204);
    assert_eq!(asks(&world, Method::DELETE, at).await.0, 204);
    assert_eq!(world.get(at).await.0, 410);
    let erased = |record: &CallRecord| !record.voicemail().deleted_at_twilio.is_empty();
    let record = world.record_when(&outcome.call_sid, erased).await;
    assert_eq!(record.voicemail_state(), "deleted");

    // Of no call, and of another call.
    let other = call_sid(9);
    Webhook::inbound(&world, &other).send(&world).await;
    for path in [format!("{call}/recordings/RE0"), at.replace(&outcome.call_sid, &other)] {
        assert_eq!(world.get(&path).await.0, 404, "{path}");
    }
}

/// All lines are busy: that is no reason to lose the caller.
async fn a_caller_for_whom_no_line_is_free_may_leave_a_message_too() {
    let world = World::with(WorldConfig {
        business: |new| {
            new.business.max_concurrent_calls = 0;
            voicemail(new);
        },
        ..WorldConfig::default()
    })
    .await;
    let outcome = call(&world, leaves_a_message(), DialOutcome::Busy).await;
    assert_eq!(outcome.debugger_codes(), Vec::<u32>::new());
    assert_eq!(said(&outcome)[0], PROMPT);
    assert!(world.openai.connections().is_empty());
    let record = world
        .record_when(&outcome.call_sid, |record| {
            record.voicemail_state() == "archived" && record.transcript_source == "recording"
        })
        .await;
    assert_eq!(record.refusal, "at_capacity");
}

/// Fault 1, of these webhooks: copies have equal answers, also when the profile changes in between.
async fn copies_of_every_question_are_answered_alike() {
    let world = World::with(WorldConfig { business: person_and_voicemail, ..WorldConfig::default() }).await;
    let sid = call_sid(1);
    Webhook::inbound(&world, &sid).send(&world).await;
    let live = Webhook::inbound(&world, &sid).field("CallStatus", "in-progress");
    let after_dial =
        |status: &str| live.clone().at("/twilio/voice/no-agent/after-dial").field("DialCallStatus", status);
    let cases = [
        (after_dial("no-answer"), PROMPT),
        (after_dial("busy"), PROMPT),
        (after_dial("failed"), PROMPT),
        (after_dial("completed").field("DialBridged", "false"), PROMPT),
        (after_dial("completed").field("DialBridged", "true"), "<Response><Hangup/></Response>"),
        (after_dial("no-answer").field("CallStatus", "completed"), "<Response><Hangup/></Response>"),
        (live.clone().at("/twilio/voice/no-agent/after-message"), "Thank you"),
    ];
    for (webhook, expected) in cases {
        let answers = join_all((0..10).map(|_| webhook.send(&world))).await;
        for (status, twiml) in answers {
            assert_eq!(status, 200);
            assert!(twiml.contains(expected), "{expected}: {twiml}");
            assert!(!twiml.contains("<Stream"), "{twiml}");
        }
    }
    let unsigned = after_dial("busy").unsigned().send(&world).await;
    assert_eq!(unsigned.0, 403);
}

/// Without a person and without voicemail there are still words.
async fn a_business_that_has_nothing_else_apologises() {
    let world = World::with(WorldConfig::without_a_model(429, "insufficient_quota", |_| {})).await;
    let outcome = call(&world, CallerScript::new(vec![]), DialOutcome::Busy).await;
    let said = said(&outcome);
    assert!(said.len() == 1 && said[0].contains("technical problem"), "{said:?}");
    assert_eq!(outcome.ended_by, EndedBy::Twiml);
}

acceptance::tests![
    a_model_that_cannot_be_had_soon_leads_to_a_person,
    a_person_who_does_not_answer_is_followed_by_voicemail,
    a_message_that_ends_by_hanging_up_is_kept,
    a_message_is_lent_held_and_deleted_like_any_recording,
    a_caller_for_whom_no_line_is_free_may_leave_a_message_too,
    copies_of_every_question_are_answered_alike,
    a_business_that_has_nothing_else_apologises,
];
