//! Calls that a business asks for: each is dialled once, whatever happens to the request or its answer.

use std::time::Duration;

use acceptance::actions;
use acceptance::outbound::{Answered, CALLEE, dials, it_is_certain_by_now, order, place};
use acceptance::webhook::{Webhook, call_sid, token_in};
use acceptance::{World, WorldConfig};
use domain::business::PromptInLanguage;
use functions::businesses::provision::NewBusiness;
use futures_util::future::join_all;
use local::demo::story;
use serde_json::{Value, json};
use simulator::twilio::{
    CallFaults, CallStatus, Callee, CallerScript, CallerStep, EndedBy, Person, RestFault, WebhookFaults,
};

async fn world() -> World {
    World::start().await
}

fn fault(status: u16, code: u32, carried_out: bool) -> RestFault {
    RestFault { status, code, retry_after_s: None, carried_out }
}

/// A person who picks up and hangs up again.
fn brief() -> Callee {
    Callee::answers(CallerScript::new(vec![CallerStep::Pause { ms: 300 }, CallerStep::HangUp]))
}

/// A person answers: the same conversation, record and recording as of a call that came in.
async fn a_person_who_is_called_has_a_conversation_and_leaves_a_record() {
    let world = world().await;
    world.twilio.set_callee(CALLEE, Callee::answers(story::caller()));
    let answered = place(&world, "order-1", &order(&world)).await;
    assert_eq!(answered.status, 201, "{answered:?}");
    let outcome = world.twilio.nth_call(0).await.unwrap().finished().await;
    assert_eq!(outcome.call_sid, answered.sid());
    assert_eq!(outcome.ended_by, EndedBy::Rest, "the agent hung up");
    assert_eq!(outcome.debugger_codes(), Vec::<u32>::new());
    assert_eq!(world.openai.violations(), vec![]);

    let record = world.complete_record(answered.sid()).await;
    assert_eq!((record.direction.as_str(), record.status.as_str()), ("outbound", "completed"));
    assert_eq!((record.from.as_str(), record.to.as_str()), (world.business.number.as_e164(), CALLEE));
    assert_eq!(record.reason, "your bicycle is ready");
    assert_eq!(record.end_reason(), "agent_hang_up");
    assert_eq!(record.lines().len(), 7);
    let events: Vec<&str> = record.events.iter().map(|event| event.event.as_str()).collect();
    for wanted in ["call-000000-initiated", "call-000001-ringing", "call-000002-in-progress", "amd-human"] {
        assert!(events.contains(&wanted), "{wanted} of {events:?}");
    }

    let asked = world.twilio.requests();
    let request = asked.iter().find(|request| request.path.ends_with("/Calls.json")).unwrap();
    for (name, value) in
        [("MachineDetection", "Enable"), ("AsyncAmd", "true"), ("Timeout", "45"), ("TimeLimit", "1860")]
    {
        assert_eq!(request.param(name), Some(value), "{name}");
    }
    assert_eq!(request.param("Record"), None, "the queue starts it, once the call is answered");
    let session = &world.openai.connections()[0].received_of("session.update")[0];
    let instructions = session.value["session"]["instructions"].as_str().unwrap();
    assert!(instructions.contains("calls customers about their bicycles"), "the outbound prompt");
    assert!(instructions.contains("your bicycle is ready"), "and what this call is about");
}

/// The language that an order names is the one that the agent opens in, and the first that transcription expects.
async fn a_call_is_placed_in_the_language_that_it_names() {
    let german = |new: &mut NewBusiness| {
        new.settings.voice.languages = vec!["en".into(), "de-AT".into()];
        let own = PromptInLanguage { instructions: None, greeting: Some("Grüß Gott.".into()) };
        new.settings.prompts.outbound.as_mut().unwrap().languages.insert("de".into(), own);
    };
    let world = World::with(WorldConfig { business: german, ..WorldConfig::default() }).await;
    let heard = CallerStep::BargeIn { after_agent_ms: 20 };
    let script = CallerScript::new(vec![heard, CallerStep::HangUp]);
    world.twilio.set_callee(CALLEE, Callee::answers(script));
    let body = |language: &str| {
        let mut body = order(&world);
        body["language"] = language.into();
        body
    };
    for (language, told) in [("fr", "does not speak `fr`"), ("german", "no language has this code")] {
        let refused = place(&world, language, &body(language)).await;
        let error = &refused.body["errors"][0];
        assert_eq!((refused.status, &error["pointer"]), (422, &json!("/language")), "{refused:?}");
        assert_eq!(error["code"], "unknown_language");
        assert!(refused.detail().contains(told), "{refused:?}");
    }
    assert!(place(&world, "fr", &body("fr")).await.detail().contains("en, de-AT"), "it says which there are");
    assert_eq!(dials(&world), 0);

    let placed = place(&world, "order-1", &body("de")).await;
    assert_eq!(placed.status, 201, "{placed:?}");
    world.twilio.nth_call(0).await.unwrap().finished().await;
    assert_eq!(place(&world, "order-1", &body("de")).await.sid(), placed.sid());
    assert_eq!(world.record(placed.sid()).await.language, "de");
    let other = place(&world, "order-1", &body("en")).await;
    assert_eq!((other.status, other.body["code"].as_str()), (422, Some("idempotency_key_reused")));
    let connections = world.openai.connections();
    let session = &connections[0].received_of("session.update")[0].value["session"];
    assert!(session["instructions"].as_str().unwrap().contains("Begin in German (de-AT)"), "{session:#}");
    assert_eq!(session["audio"]["input"]["transcription"]["languages"], json!(["de", "en"]), "{session:#}");
    let greeting = connections[0].received_of("response.create")[0].value.to_string();
    assert!(greeting.contains("Grüß Gott."), "{greeting}");

    let usual = place(&world, "order-2", &order(&world)).await;
    world.twilio.nth_call(1).await.unwrap().finished().await;
    let connections = world.openai.connections();
    let session = &connections[1].received_of("session.update")[0].value["session"];
    assert_eq!(session["audio"]["input"]["transcription"]["languages"], json!(["en", "de"]), "{usual:?}");
}

/// Asks as a client does: again with the same key while another copy is worked on, or a store is slow. How long a machine
/// takes to dial says nothing of how often it does.
async fn placed(world: &World, key: &str, body: &Value) -> Answered {
    loop {
        let answer = place(world, key, body).await;
        let is_busy = answer.status == 503 || answer.body["code"] == "in_progress";
        if !is_busy {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Fault 1, of the API: fifty equal requests at once dial once and are answered alike.
/// Historic failure 20: a repeated request dials no second time.
async fn the_same_request_fifty_times_at_once_dials_once() {
    let world = world().await;
    world.twilio.set_callee(CALLEE, brief());
    let body = order(&world);
    let answers = join_all((0..50).map(|_| placed(&world, "order-1", &body))).await;
    assert!(answers.iter().all(|answer| answer == &answers[0] && answer.status == 201), "{answers:?}");
    assert_eq!(dials(&world), 1);
    world.twilio.at_rest().await;
    let again = place(&world, "order-1", &body).await;
    assert_eq!((&again, dials(&world)), (&answers[0], 1), "also when the call is long over");
    let other = place(&world, "order-2", &body).await;
    assert_ne!(other.sid(), again.sid(), "another key is another call");
    let (_, page) = world.get("/v1/calls").await;
    assert_eq!(page["calls"].as_array().unwrap().len(), 2);
}

/// Twilio dialled and its answer was lost. The call's own callbacks say so, and there is one call.
async fn an_answer_that_was_lost_is_found_again_and_not_dialled_again() {
    let world = world().await;
    world.twilio.set_callee(CALLEE, Callee::answers(story::caller()));
    world.twilio.fail_next_request(fault(500, 20500, true));
    let answered = place(&world, "order-1", &order(&world)).await;
    assert_eq!(answered.status, 201, "{answered:?}");
    let outcome = world.twilio.nth_call(0).await.unwrap().finished().await;
    assert_eq!((outcome.call_sid.as_str(), outcome.ended_by), (answered.sid(), EndedBy::Rest));
    assert_eq!(dials(&world), 1);
    let record = world.complete_record(answered.sid()).await;
    assert_eq!(record.end_reason(), "agent_hang_up");
}

/// The answer was lost, and so is every callback that could name the order: Twilio's list has the call.
async fn a_call_without_a_callback_is_found_in_twilios_list() {
    let world = world().await;
    let silent =
        WebhookFaults { lost: vec![CallStatus::Initiated, CallStatus::Ringing], ..WebhookFaults::default() };
    let rings = Duration::from_secs(8);
    let faults = CallFaults { webhooks: silent, ..CallFaults::default() };
    world.twilio.set_callee(CALLEE, Callee { rings, faults, ..brief() });
    world.twilio.fail_next_request(fault(500, 20500, true));
    let answered = place(&world, "order-1", &order(&world)).await;
    assert_eq!(answered.status, 201, "{answered:?}");
    assert_eq!((world.twilio.calls()[0].sid(), dials(&world)), (answered.sid(), 1));
}

/// It is not known whether Twilio dialled, and there is no trace of a call: no second request is sent on a guess.
async fn what_is_not_known_is_said_and_not_guessed() {
    let world = world().await;
    world.twilio.fail_next_request(fault(500, 20500, false));
    let answered = place(&world, "order-1", &order(&world)).await;
    assert_eq!((answered.status, answered.retry_after), (503, Some(60)), "{answered:?}");
    let again = place(&world, "order-1", &order(&world)).await;
    assert_eq!(again.status, 409, "{again:?}");
    assert!(again.retry_after.is_some_and(|after| (30..=60).contains(&after)), "{again:?}");
    assert_eq!(dials(&world), 1);
}

/// Once it is certain that nothing was dialled, the next request with the same key dials.
async fn an_order_without_a_trace_is_dialled_again_once_that_is_certain() {
    let world = world().await;
    world.twilio.set_callee(CALLEE, brief());
    world.twilio.fail_next_request(fault(500, 20500, false));
    assert_eq!(place(&world, "order-1", &order(&world)).await.status, 503);
    it_is_certain_by_now(&world);
    let answered = place(&world, "order-1", &order(&world)).await;
    assert_eq!((answered.status, dials(&world), world.twilio.calls().len()), (201, 2, 1), "{answered:?}");
    let again = place(&world, "order-1", &order(&world)).await;
    assert_eq!((&again, dials(&world)), (&answered, 2), "its result stands");
    let record = world.record_when(answered.sid(), |record| record.status == "completed").await;
    assert_eq!(record.direction, "outbound");
}

/// A call was dialled, its answer was lost, and Twilio's list could not be read: the request that may dial again looks
/// at the list once more first.
async fn before_anybody_dials_again_the_call_is_looked_for() {
    let world = world().await;
    let silent =
        WebhookFaults { lost: vec![CallStatus::Initiated, CallStatus::Ringing], ..WebhookFaults::default() };
    let faults = CallFaults { webhooks: silent, ..CallFaults::default() };
    world.twilio.set_callee(CALLEE, Callee { rings: Duration::from_secs(30), faults, ..brief() });
    world.twilio.fail_next_request(fault(500, 20500, true));
    world.twilio.fail_next_request(fault(500, 20500, false));
    assert_eq!(place(&world, "order-1", &order(&world)).await.status, 503);
    it_is_certain_by_now(&world);
    let answered = place(&world, "order-1", &order(&world)).await;
    assert_eq!((answered.status, dials(&world)), (201, 1), "{answered:?}");
    assert_eq!(world.twilio.calls()[0].sid(), answered.sid());
}

/// What Twilio certainly did not do may be tried again, with the same key.
async fn a_request_that_was_turned_back_may_be_repeated() {
    let world = world().await;
    world.twilio.set_callee(CALLEE, brief());
    let busy = RestFault { status: 429, code: 20429, retry_after_s: Some(7), carried_out: false };
    world.twilio.fail_next_request(busy);
    let answered = place(&world, "order-1", &order(&world)).await;
    assert_eq!((answered.status, answered.retry_after), (503, Some(7)), "{answered:?}");
    it_is_certain_by_now(&world);
    let again = place(&world, "order-1", &order(&world)).await;
    assert_eq!((again.status, world.twilio.calls().len()), (201, 1), "{again:?}");
}

async fn a_call_that_twilio_refuses_for_good_is_not_asked_for_again() {
    let world = world().await;
    world.twilio.fail_next_request(fault(400, 21215, false));
    let refused = place(&world, "order-1", &order(&world)).await;
    assert_eq!(refused.status, 422);
    assert!(refused.detail().contains("21215"), "{refused:?}");
    assert_eq!(place(&world, "order-1", &order(&world)).await, refused);
    assert_eq!(dials(&world), 1);
}

/// Busy, unanswered and impossible calls end as Twilio says, and give their line back.
async fn an_unanswered_call_ends_in_its_own_status() {
    let world = World::with(WorldConfig {
        business: |new| {
            new.business.max_concurrent_calls = 1;
        },
        twilio: |twilio| twilio.dials_every = Duration::ZERO,
        ..WorldConfig::default()
    })
    .await;
    for (index, status) in
        [CallStatus::Busy, CallStatus::NoAnswer, CallStatus::Failed].into_iter().enumerate()
    {
        let person = Person::DoesNotAnswer(status);
        world.twilio.set_callee(CALLEE, Callee { person, ..brief() });
        // The one line of the business is free again for each of them.
        let answered = place(&world, &format!("order-{index}"), &order(&world)).await;
        assert_eq!(answered.status, 201, "{answered:?}");
        let record = world.record_when(answered.sid(), |record| record.recording.is_some()).await;
        assert_eq!((record.status.as_str(), record.answered_at.as_str()), (status.as_str(), ""));
        assert_eq!(record.recording().reason, "not_answered");
        world.twilio.at_rest().await;
    }
}

async fn no_more_people_are_called_than_there_are_lines() {
    let world = World::with(WorldConfig {
        business: |new| {
            new.business.max_concurrent_calls = 1;
        },
        ..WorldConfig::default()
    })
    .await;
    world.twilio.set_callee(CALLEE, Callee { rings: Duration::from_secs(3_600), ..brief() });
    let ringing = place(&world, "order-1", &order(&world)).await;
    assert_eq!(ringing.status, 201, "{ringing:?}");
    let second = place(&world, "order-2", &order(&world)).await;
    assert_eq!((second.status, second.retry_after, dials(&world)), (429, Some(5), 1), "{second:?}");
    let busy = Webhook::inbound(&world, &call_sid(9)).send(&world).await.1;
    assert!(busy.contains("lines are busy"), "outbound and inbound calls share the lines");
    let cancelled = actions::post(&world, (ringing.sid(), "cancel"), "over", &Value::Null).await;
    assert_eq!(cancelled.0, 202, "{cancelled:?}");
}

/// Only the business's own numbers call, only people are called, and only with a prompt made for it.
async fn what_may_not_be_dialled_is_refused_before_anything_happens() {
    let world = world().await;
    let ours = world.business.number.as_e164().to_owned();
    let castle = {
        let mut new = world.business.clone();
        new.business.id = domain::BusinessId::parse("castle").unwrap();
        new.number = domain::PhoneNumber::parse("+12025550144").unwrap();
        new.api_key = acceptance::business_key(4);
        new.settings.prompts.outbound = None;
        new
    };
    world.provision(&castle).await;

    let refusals = [
        (json!({ "from": castle.number.as_e164(), "to": CALLEE }), 422, "not a number of this business"),
        (json!({ "from": "+12025550199", "to": CALLEE }), 422, "not a number of this business"),
        (json!({ "from": ours, "to": "+19005550123" }), 422, "premium_rate"),
        (json!({ "from": ours, "to": "+18765550123" }), 422, "other_country_behind_plus_one"),
        (json!({ "from": ours, "to": "+881612345678" }), 422, "satellite"),
        (json!({ "from": ours, "to": "+19110000000" }), 422, "emergency"),
        (json!({ "from": ours, "to": "112" }), 422, "`/to`: not an E.164"),
        (json!({ "from": ours, "to": ours }), 422, "would call"),
        (json!({ "from": ours, "to": CALLEE, "reason": "x".repeat(201) }), 422, "200 characters"),
        (json!({ "from": ours, "to": CALLEE, "record": true }), 422, "unknown field `record`"),
        (json!({ "from": ours }), 422, "missing field `to`"),
    ];
    for (index, (body, status, detail)) in refusals.into_iter().enumerate() {
        let refused = place(&world, &format!("order-{index}"), &body).await;
        assert_eq!(refused.status, status, "{body}: {refused:?}");
        assert!(refused.detail().contains(detail), "{body}: {refused:?}");
    }
    let url = world.url("/v1/calls");
    let without_key = world.http.post(url.clone()).bearer_auth(world.identity.api_key.expose());
    assert_eq!(without_key.json(&order(&world)).send().await.unwrap().status(), 400);
    let stranger = world.http.post(url.clone()).header("Idempotency-Key", "k").json(&order(&world));
    assert_eq!(stranger.send().await.unwrap().status(), 401);
    // Historic failure 17: without a prompt of its own there is no call, whatever other prompts there are.
    let castles =
        world.http.post(url).bearer_auth(acceptance::business_key(4).expose()).header("Idempotency-Key", "k");
    let answer =
        castles.json(&json!({ "from": castle.number.as_e164(), "to": CALLEE })).send().await.unwrap();
    assert_eq!(answer.status(), 422);
    assert!(answer.text().await.unwrap().contains("no prompt"));
    assert_eq!((dials(&world), world.get("/v1/calls").await.1["calls"].as_array().unwrap().len()), (0, 0));

    world.twilio.set_callee(CALLEE, brief());
    let placed: Answered = place(&world, "order", &order(&world)).await;
    assert_eq!(placed.status, 201);
    let reused = place(&world, "order", &json!({ "from": ours, "to": "+12025550156" })).await;
    assert_eq!((reused.status, dials(&world)), (422, 1), "a key belongs to one call: {reused:?}");
}

/// Fault 1. The voice webhook and its copies are answered alike; a second call of the same order hears nothing.
async fn copies_of_the_outbound_webhook_are_answered_alike_and_a_twin_is_hung_up() {
    let world = world().await;
    let copies = WebhookFaults { voice_copies: 5, status_copies: 2, ..WebhookFaults::default() };
    let faults = CallFaults { webhooks: copies, ..CallFaults::default() };
    world.twilio.set_callee(CALLEE, Callee { faults, ..Callee::answers(story::caller()) });
    let answered = place(&world, "order-1", &order(&world)).await;
    let outcome = world.twilio.nth_call(0).await.unwrap().finished().await;
    assert_eq!(outcome.ended_by, EndedBy::Rest);
    world.twilio.at_rest().await;
    let webhooks = world.twilio.webhooks();
    let voice: Vec<_> = webhooks.iter().filter(|webhook| webhook.url.contains("/voice/outbound")).collect();
    assert_eq!(voice.len(), 6);
    assert!(voice.iter().all(|webhook| webhook.body == voice[0].body && !token_in(&webhook.body).is_empty()));
    assert_eq!(world.openai.connections().len(), 1, "one conversation");

    let path = voice[0].url.split_once("/twilio").map(|(_, path)| format!("/twilio{path}")).unwrap();
    let again = |sid: &str| {
        let webhook = Webhook::inbound(&world, sid).field("CallStatus", "in-progress");
        webhook.field("Direction", "outbound-api").at(&path)
    };
    let (status, twin) = again(&call_sid(7)).send(&world).await;
    assert!(status == 200 && !twin.contains("<Stream") && twin.contains("<Hangup/>"), "{twin}");
    let (_, over) = again(answered.sid()).send(&world).await;
    assert!(!over.contains("<Stream"), "the call is over: {over}");
    let (_, stranger) = again(&call_sid(8))
        .at("/twilio/voice/outbound?dial=00000000000000000000000000000000")
        .send(&world)
        .await;
    assert!(!stranger.contains("<Stream"), "nobody ordered it: {stranger}");
    assert_eq!(world.get("/v1/calls").await.1["calls"].as_array().unwrap().len(), 1);
}

acceptance::tests![
    a_call_is_placed_in_the_language_that_it_names,
    a_person_who_is_called_has_a_conversation_and_leaves_a_record,
    the_same_request_fifty_times_at_once_dials_once,
    an_answer_that_was_lost_is_found_again_and_not_dialled_again,
    a_call_without_a_callback_is_found_in_twilios_list,
    what_is_not_known_is_said_and_not_guessed,
    an_order_without_a_trace_is_dialled_again_once_that_is_certain,
    before_anybody_dials_again_the_call_is_looked_for,
    a_request_that_was_turned_back_may_be_repeated,
    a_call_that_twilio_refuses_for_good_is_not_asked_for_again,
    an_unanswered_call_ends_in_its_own_status,
    no_more_people_are_called_than_there_are_lines,
    what_may_not_be_dialled_is_refused_before_anything_happens,
    copies_of_the_outbound_webhook_are_answered_alike_and_a_twin_is_hung_up,
];
