//! What a business asks of its calls while they go on: from the request to the words on the line.

use std::time::Duration;

use acceptance::actions::post;
use acceptance::outbound::{CALLEE, order, place};
use acceptance::{World, WorldConfig};
use domain::PhoneNumber;
use domain::tools::Destination;
use functions::businesses::provision::NewBusiness;
use serde_json::{Value, json};
use simulator::audio::speech;
use simulator::openai::{OpenAiConfig, Reply, Script};
use simulator::twilio::{
    Call, CallEventKind, CallFaults, Callee, CallerScript, CallerStep, DialOutcome, EndedBy, StreamFaults,
};

/// A caller who listens.
fn listener() -> CallerScript {
    CallerScript::new(vec![CallerStep::Pause { ms: 60_000 }, CallerStep::HangUp])
}

/// A model that says the business's words.
fn model() -> OpenAiConfig {
    let mut script = Script::new(Reply::say(&speech::AGENT_GREETING), vec![]);
    script.by_kind.insert("words".into(), Reply::say(&speech::AGENT_CONFIRM));
    OpenAiConfig { script, ..OpenAiConfig::default() }
}

fn with_directory(new: &mut NewBusiness) {
    new.settings.tools.directory = vec![Destination {
        id: "workshop".into(),
        label: "the workshop".into(),
        number: PhoneNumber::parse("+12025550101").unwrap(),
    }];
}

async fn world() -> World {
    World::with(WorldConfig { openai: model(), business: with_directory, ..WorldConfig::default() }).await
}

/// A call in progress, and what its business asks of it.
struct Live<'a> {
    world: &'a World,
    call: Call,
}

impl<'a> Live<'a> {
    async fn begin(world: &'a World, faults: CallFaults) -> Self {
        let mut spec = world.spec(listener());
        spec.faults = faults;
        spec.dial = DialOutcome::Answered(Duration::from_millis(400));
        let call = world.twilio.call(spec);
        world.record_when(call.sid(), |record| record.status == "in-progress").await;
        Self { world, call }
    }

    async fn ask(&self, key: &str, body: &Value) -> (u16, Value) {
        post(self.world, (self.call.sid(), "actions"), key, body).await
    }

    async fn cancel(&self, key: &str) -> (u16, Value) {
        post(self.world, (self.call.sid(), "cancel"), key, &Value::Null).await
    }

    /// Asks, and waits for what comes of it.
    async fn does(&self, key: &str, body: &Value) -> String {
        let (status, action) = self.ask(key, body).await;
        assert_eq!(status, 202, "{action}");
        self.settled(action["id"].as_str().unwrap()).await
    }

    /// What came of an action: `done`, or why not.
    async fn settled(&self, id: &str) -> String {
        let path = format!("/v1/calls/{}/actions/{id}", self.call.sid());
        let look = || async {
            let (status, action) = self.world.get(&path).await;
            assert_eq!(status, 200, "{action}");
            let state = action["state"].as_str().unwrap().to_owned();
            match state.as_str() {
                "pending" | "taken" => None,
                "not_done" => Some(action["why"].as_str().unwrap().to_owned()),
                _ => Some(state),
            }
        };
        self.world.until(look).await
    }

    async fn is_listed_as_live(&self) -> bool {
        let (status, page) = self.world.get("/v1/calls?status=live").await;
        assert_eq!(status, 200, "{page}");
        page["calls"].as_array().unwrap().iter().any(|call| call["sid"] == self.call.sid())
    }
}

/// The requests for words that the model got, by their kind, on every socket.
fn asked_of_the_model(world: &World) -> Vec<String> {
    let requests = world.sessions().into_iter().flat_map(|session| session.received_of("response.create"));
    requests.map(|r| r.value["response"]["metadata"]["kind"].as_str().unwrap_or("none").to_owned()).collect()
}

/// Two equal requests are one action, in each state of the call.
async fn a_business_speaks_through_its_agent_and_ends_the_call() {
    let world = world().await;
    let live = Live::begin(&world, CallFaults::default()).await;
    assert!(live.is_listed_as_live().await);
    let say = json!({ "action": "say", "text": "Your bicycle is ready." });
    let (first, second) = tokio::join!(live.ask("say", &say), live.ask("say", &say));
    assert_eq!((first.0, second.0, &first.1["id"]), (202, 202, &second.1["id"]));
    let id = first.1["id"].as_str().unwrap();
    assert_eq!(live.settled(id).await, "done");
    let other = json!({ "action": "say", "text": "Something else." });
    assert_eq!(live.ask("say", &other).await.0, 422, "a key is good for one action");

    let note = json!({ "action": "note_to_agent", "text": "The caller is Ms Weber." });
    assert_eq!(live.does("note", &note).await, "done");
    let noted = |value: &Value| value.to_string().contains("The caller is Ms Weber.");
    let items = world.sessions()[0].received_of("conversation.item.create");
    assert_eq!(items.iter().filter(|item| noted(&item.value)).count(), 1);

    let stranger = world.another_business().await;
    let end = json!({ "action": "end" });
    for path in ["actions".to_owned(), "cancel".to_owned(), format!("actions/{id}")] {
        let url = world.url(&format!("/v1/calls/{}/{path}", live.call.sid()));
        let request = if path.ends_with(id) { world.http.get(url) } else { world.http.post(url).json(&end) };
        let request = request.bearer_auth(stranger.api_key.expose()).header("Idempotency-Key", "end");
        assert_eq!(request.send().await.unwrap().status(), 404, "{path}: it is another business's call");
    }
    assert_eq!(live.does("end", &end).await, "done");
    let outcome = live.call.finished().await;
    assert_eq!(outcome.ended_by, EndedBy::Rest);
    let record = world.record_when(live.call.sid(), |record| record.status == "completed").await;
    assert_eq!(record.end_reason(), "requested");
    assert_eq!(asked_of_the_model(&world), ["greeting", "words", "goodbye"]);
    let said: Vec<&str> = record.turns.iter().map(|turn| turn.text.as_str()).collect();
    assert!(said.contains(&speech::AGENT_CONFIRM.text), "{said:?}");

    let (status, problem) = live.ask("late", &end).await;
    assert_eq!((status, problem["code"].as_str()), (409, Some("call_over")));
    let (status, repeated) = live.ask("say", &say).await;
    assert_eq!((status, repeated["state"].as_str()), (202, Some("done")), "what it was is still told");
    world.until(|| async { (!live.is_listed_as_live().await).then_some(()) }).await;
    assert_eq!(world.openai.violations(), vec![]);
}

async fn a_business_transfers_its_call_to_an_entry_of_the_directory() {
    let world = world().await;
    let live = Live::begin(&world, CallFaults::default()).await;
    let transfer = |to: &str| json!({ "action": "transfer", "to": to });
    let (status, problem) = live.ask("nowhere", &transfer("nowhere")).await;
    assert_eq!((status, problem["code"].as_str()), (422, Some("unknown_destination")));
    assert_eq!(live.does("transfer", &transfer("workshop")).await, "done");
    let outcome = live.call.finished().await;
    let dialled = outcome.times_ms(|kind| matches!(kind, CallEventKind::Dialled { status: "completed" }));
    assert_eq!(dialled.len(), 1, "{:?}", outcome.events);
    let record = world.record_when(live.call.sid(), |record| record.status == "completed").await;
    assert_eq!((record.end_reason(), record.session().transfer_to.as_str()), ("transfer", "workshop"));
}

/// Fault 63, with actions: the stream breaks while the agent is muted. The next session is muted as well, and takes what
/// was asked for between the two.
async fn a_muted_agent_is_muted_in_the_session_that_goes_on_with_the_call() {
    let world = world().await;
    let stream = StreamFaults { break_after: Some(Duration::from_secs(9)), ..Default::default() };
    let live = Live::begin(&world, CallFaults { stream, ..Default::default() }).await;
    let mut events = live.call.events();
    let opened = |kind: &CallEventKind| matches!(kind, CallEventKind::StreamOpened { .. });
    events.wait_for(opened).await.unwrap();
    assert_eq!(live.does("mute", &json!({ "action": "mute_agent" })).await, "done");
    let before = asked_of_the_model(&world);
    events.wait_for(|kind| matches!(kind, CallEventKind::StreamClosed { .. })).await.unwrap();
    let note = json!({ "action": "note_to_agent", "text": "The caller is Ms Weber." });
    assert_eq!(live.does("note", &note).await, "done");
    let say = json!({ "action": "say", "text": "Hello?" });
    assert_eq!(live.does("say", &say).await, "agent_muted", "it is the second session that says so");
    assert_eq!(world.sessions().len(), 2);
    assert_eq!(asked_of_the_model(&world), before, "nothing was asked of it");
    assert_eq!(live.does("unmute", &json!({ "action": "unmute_agent" })).await, "done");
    // This stream will break as well.
    assert_eq!(live.does("end", &json!({ "action": "end" })).await, "done");
    assert_eq!(live.call.finished().await.ended_by, EndedBy::Rest);
}

async fn a_call_that_rings_is_cancelled_once_and_no_other() {
    let world = world().await;
    let rings = Duration::from_secs(60);
    world.twilio.set_callee(CALLEE, Callee { rings, ..Callee::answers(listener()) });
    let placed = place(&world, "order", &order(&world)).await;
    let live = Live { world: &world, call: world.twilio.nth_call(0).await.unwrap() };
    assert_eq!(placed.sid(), live.call.sid());
    let (status, problem) = live.ask("end", &json!({ "action": "end" })).await;
    assert_eq!((status, problem["code"].as_str()), (409, Some("call_not_answered")));
    assert!(live.is_listed_as_live().await);
    for _ in 0..2 {
        let (status, action) = live.cancel("cancel").await;
        assert_eq!((status, action["state"].as_str()), (202, Some("done")), "{action}");
    }
    let record = world.record_when(live.call.sid(), |record| record.status == "canceled").await;
    assert_eq!(record.direction, "outbound");
    let cancelled = |request: &simulator::twilio::RestRequest| {
        request.method == "POST" && request.path.ends_with(&format!("/Calls/{}.json", live.call.sid()))
    };
    assert_eq!(world.twilio.requests().iter().filter(|request| cancelled(request)).count(), 1);
    let (status, problem) = live.cancel("again").await;
    assert_eq!((status, problem["code"].as_str()), (409, Some("call_over")));

    let inbound = Live::begin(&world, CallFaults::default()).await;
    let (status, problem) = inbound.cancel("cancel").await;
    assert_eq!((status, problem["code"].as_str()), (409, Some("not_placed_by_us")));
    inbound.call.hang_up();
}

acceptance::tests![
    a_business_speaks_through_its_agent_and_ends_the_call,
    a_business_transfers_its_call_to_an_entry_of_the_directory,
    a_muted_agent_is_muted_in_the_session_that_goes_on_with_the_call,
    a_call_that_rings_is_cancelled_once_and_no_other,
];
