//! What callers left, as a list: each thing once, found by its state, dealt with by people, and nothing of another's.

use std::time::Duration;

use acceptance::webhook::Webhook;
use acceptance::{World, WorldConfig, business_key};
use domain::access::{ApiKey, KeyOwner, NewKey, Scope, StoredKey};
use domain::business::Voicemail;
use domain::messages::{Left, Mark};
use domain::tools::TakenMessage;
use domain::zone::utc_day;
use domain::{CallSid, Epoch, testing};
use functions::businesses::provision::NewBusiness;
use http::Method;
use serde_json::{Value, json};
use simulator::audio::speech;
use simulator::openai::{OpenAiConfig, Reply, Script, Step};
use simulator::twilio::{CallOutcome, CallerScript, CallerStep, DialOutcome};
use stores::messages::{Marks, Writer};
use stores::{keys, requests, turns};

const WORDS: &str = "/v1/messages?include=words";

async fn asks(world: &World, method: Method, path: &str, key: &str, body: Option<Value>) -> (u16, Value) {
    let request = world.http.request(method, world.url(path)).bearer_auth(key);
    let request = body.iter().fold(request, |request, body| request.json(body));
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), acceptance::told(answer.json().await.unwrap_or(Value::Null)))
}

async fn get(world: &World, path: &str) -> Value {
    let (status, body) = world.get(path).await;
    assert_eq!(status, 200, "{path}: {body}");
    body
}

/// Says what has become of a message.
async fn says(world: &World, id: &str, state: &str, key: &str) -> (u16, Value) {
    asks(world, Method::PATCH, &format!("/v1/messages/{id}"), key, Some(json!({ "state": state }))).await
}

/// A key of the business with these scopes and this name.
pub(crate) async fn key_with(world: &World, n: u8, name: &str, scopes: &[Scope]) -> (String, StoredKey) {
    let text = ApiKey::parse(business_key(n).expose()).unwrap();
    let owner = KeyOwner::Business(world.business.business.id.clone());
    let scopes = scopes.iter().copied().collect();
    let key = NewKey { name: name.into(), scopes, ..NewKey::default() };
    let key = key.issue(owner, &text, world.now(), None).unwrap();
    let table = world.system.name("KeysTable").unwrap();
    keys::Writer::new(&world.system.aws, table).add(&key).await.unwrap();
    (text.secret().expose().to_owned(), key)
}

fn listen() -> CallerStep {
    CallerStep::WaitForAgent { quiet_ms: 700, max_ms: 15_000 }
}

fn say(clip: &speech::Clip) -> CallerStep {
    CallerStep::Say { mulaw: clip.mulaw().to_vec(), label: "words".into() }
}

/// A model that takes two messages at the first question, one of them twice.
pub(crate) fn two_messages() -> OpenAiConfig {
    let first = json!({ "for": "Ms Byrne", "message": "The wheel is bent.", "callback": "this number" });
    let second = json!({ "message": "Is the shop open on Sunday?" });
    let reply = Reply::call("take_message", &first)
        .and_call("take_message", &first)
        .and_call("take_message", &second)
        .then(Reply::say(&speech::AGENT_CONFIRM));
    let bye = Reply::say(&speech::AGENT_BYE).and_call("end_call", "{}");
    let steps = vec![Step::clip(&speech::CALLER_SERVICE, reply), Step::clip(&speech::CALLER_BYE, bye)];
    OpenAiConfig {
        script: Script::new(Reply::say(&speech::AGENT_GREETING), steps),
        ..OpenAiConfig::default()
    }
}

pub(crate) fn one_question() -> CallerScript {
    let steps = vec![listen(), say(&speech::CALLER_SERVICE), listen(), say(&speech::CALLER_BYE), listen()];
    CallerScript::new(steps)
}

/// Faults 19 and 24. However often the call's end is told, and whatever is done again for it.
async fn two_messages_of_a_call_are_two_entries_once() {
    let world = World::with(WorldConfig { openai: two_messages(), ..WorldConfig::default() }).await;
    let outcome = world.call(one_question()).await;
    let sid = &outcome.call_sid;
    let listed = async || get(&world, WORDS).await["messages"].as_array().unwrap().clone();
    world.until(|| async { (listed().await.len() == 2).then_some(()) }).await;
    world.complete_record(sid).await;
    for _ in 0..2 {
        let told = Webhook::status(&world, sid, "completed", 3).send(&world).await;
        assert_eq!(told.0, 204);
    }
    let stages = json!({ "stages": ["transcript", "summary"] });
    let key = world.identity.api_key.expose();
    let (status, run) =
        asks(&world, Method::POST, &format!("/v1/calls/{sid}/reprocess"), key, Some(stages)).await;
    assert_eq!(status, 202, "{run}");
    let run = format!("/v1/calls/{sid}/reprocess/{}", run["run"]);
    world.until(|| async { (get(&world, &run).await["state"] != "running").then_some(()) }).await;

    let all = get(&world, WORDS).await;
    let messages = all["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 2, "{all:#}");
    let record = world.record(sid).await;
    for message in messages {
        assert_eq!((&message["call"], &message["kind"]), (&json!(sid), &json!("message")));
        assert_eq!(
            (&message["state"], &message["done_by"], &message["done_at"]),
            (&json!("waiting"), &Value::Null, &Value::Null)
        );
        assert_eq!((&message["caller"], &message["recording"]), (&json!(record.from), &Value::Null));
    }
    let texts: Vec<&str> = messages.iter().map(|message| message["text"].as_str().unwrap()).collect();
    assert!(
        texts.contains(&"The wheel is bent.") && texts.contains(&"Is the shop open on Sunday?"),
        "{texts:?}"
    );
    let wheel = messages.iter().find(|message| message["text"] == "The wheel is bent.").unwrap();
    assert_eq!((&wheel["recipient"], &wheel["callback"]), (&json!("Ms Byrne"), &json!("this number")));
    assert_eq!(all["waiting"], json!({ "count": 2, "messages": 2, "voicemails": 0 }));
    // Without their words nothing of them is told.
    let bare = get(&world, "/v1/messages").await;
    assert!(!bare.to_string().contains("wheel") && bare["messages"][0].get("text").is_none(), "{bare}");
}

fn voicemail(new: &mut NewBusiness) {
    new.settings.policies.when_no_agent.voicemail = Some(Voicemail { max_length: Duration::from_secs(20) });
    new.settings.policies.record_calls = false;
}

async fn leaves_a_voicemail(world: &World) -> std::sync::Arc<CallOutcome> {
    let mut spec = world.spec(CallerScript::new(vec![
        CallerStep::WaitForAgent { quiet_ms: 300, max_ms: 20_000 },
        say(&speech::CALLER_SERVICE),
    ]));
    spec.dial = DialOutcome::Busy;
    world.twilio.call(spec).finished().await
}

/// It is there once, with what was said to it, is played like any recording, and shows that it was deleted.
async fn a_voicemail_is_one_entry_which_shows_what_becomes_of_its_recording() {
    let config = WorldConfig::without_a_model(429, "insufficient_quota", voicemail);
    let world = World::with(config).await;
    let outcome = leaves_a_voicemail(&world).await;
    let found = world
        .until(|| async {
            let all = get(&world, WORDS).await;
            let one = all["messages"].get(0)?.clone();
            one["text"].is_string().then_some((all, one))
        })
        .await;
    let (all, one) = found;
    assert_eq!(all["messages"].as_array().unwrap().len(), 1, "{all:#}");
    assert_eq!(all["waiting"], json!({ "count": 1, "messages": 0, "voicemails": 1 }));
    assert_eq!((&one["kind"], &one["call"]), (&json!("voicemail"), &json!(outcome.call_sid)));
    assert_eq!((&one["recording"]["state"], &one["recipient"]), (&json!("archived"), &Value::Null));
    assert!(one["recording"]["duration_ms"].as_u64().unwrap() >= 1_000, "{one}");
    let recording =
        format!("/v1/calls/{}/recordings/{}", outcome.call_sid, one["recording"]["sid"].as_str().unwrap());
    let audio = world.http.get(world.url(&recording)).bearer_auth(world.identity.api_key.expose());
    assert!(audio.send().await.unwrap().bytes().await.unwrap().starts_with(b"RIFF"));
    Webhook::status(&world, &outcome.call_sid, "completed", 3).send(&world).await;
    let key = world.identity.api_key.expose();
    assert_eq!(asks(&world, Method::DELETE, &recording, key, None).await.0, 204);
    let after = get(&world, "/v1/messages?kind=voicemail&state=waiting").await;
    assert_eq!(after["messages"].as_array().unwrap().len(), 1, "{after:#}");
    assert_eq!(after["messages"][0]["recording"]["state"], "deleted");
    assert_eq!(get(&world, "/v1/messages?kind=message").await["messages"], json!([]));
}

/// Messages as a call's end lists them; of every third one it is said that it is done.
async fn fill(world: &World, count: u32) {
    let table = world.system.name("MessagesTable").unwrap();
    let (writer, marks) = (Writer::new(&world.system.aws, table), Marks::new(&world.system.aws, table));
    let (business, now) = (&world.business.business.id, world.now());
    let by = ApiKey::parse(world.identity.api_key.expose()).unwrap().id();
    for n in 0..count {
        let call = testing::call(n, now);
        let message = TakenMessage { recipient: None, text: format!("Message {n}."), callback: None };
        let at = now.minus(Duration::from_secs(u64::from(n) * 3_600));
        let left = Left::message(&call, "name", at, &message);
        assert!(writer.put(business, &left, None).await.unwrap());
        if n % 3 == 0 {
            let mark = Mark { by: by.clone(), name: "front desk".into(), at: now };
            marks.set(business, &left, &mark).await.unwrap();
        }
    }
}

/// Five days with 120 messages, by cursors: each once, in its order, whatever is asked for.
async fn a_hundred_and_twenty_messages_are_walked_in_pages() {
    let world = World::start().await;
    fill(&world, 120).await;
    for (query, expected) in [
        ("limit=25", 120),
        ("limit=100&state=all&kind=message", 120),
        ("limit=7&state=waiting", 80),
        ("limit=11&state=done", 40),
        ("limit=25&kind=voicemail", 0),
    ] {
        let (mut ids, mut cursor) = (vec![], String::new());
        loop {
            let page = get(&world, &format!("/v1/messages?{query}{cursor}")).await;
            assert_eq!(page["waiting"]["count"], 80, "{query}");
            let found = page["messages"].as_array().unwrap().iter();
            ids.extend(found.map(|message| message["id"].as_str().unwrap().to_owned()));
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(ids.len(), expected, "{query}");
        assert!(ids.windows(2).all(|pair| pair[0] > pair[1]), "{query}: the newest first");
        let other = format!("/v1/messages?state=done{cursor}");
        if !cursor.is_empty() && !query.contains("state=done") {
            let (status, refused) = world.get(&other).await;
            assert_eq!((status, &refused["code"]), (400, &json!("cursor_invalid")), "{other}");
        }
    }
    for (bad, named) in
        [("state=open", "state"), ("kind=fax", "kind"), ("include=text", "include"), ("page=2", "page")]
    {
        let (status, refused) = world.get(&format!("/v1/messages?{bad}")).await;
        assert_eq!(status, 400, "{bad}: {refused}");
        assert!(refused["detail"].as_str().unwrap().contains(named), "{bad}: {refused}");
    }
}

/// Of two people the first one counts; what is taken back waits again, and can be done by the other.
async fn a_message_is_done_by_the_first_and_undone_by_anyone() {
    let world = World::start().await;
    fill(&world, 2).await;
    let all = get(&world, "/v1/messages?state=waiting").await;
    let id = all["messages"][0]["id"].as_str().unwrap();
    let (day, day_key) = key_with(&world, 60, "day desk", &[Scope::MessagesWrite]).await;
    let (night, _) = key_with(&world, 61, "night desk", &[Scope::MessagesWrite]).await;
    let (reader, _) = key_with(&world, 62, "reader", &[Scope::CallsRead, Scope::TranscriptsRead]).await;
    let refused = says(&world, id, "done", &reader).await;
    assert_eq!((refused.0, &refused.1["code"]), (403, &json!("scope")));
    let (status, first) = says(&world, id, "done", &day).await;
    assert_eq!((status, &first["state"]), (200, &json!("done")), "{first}");
    assert_eq!(first["done_by"], json!({ "key": day_key.id.as_str(), "name": "day desk" }));
    world.time_passes(Duration::from_secs(60));
    assert_eq!(says(&world, id, "done", &night).await, (200, first.clone()), "it was done before");
    let done = get(&world, "/v1/messages?state=done").await;
    let listed = done["messages"].as_array().unwrap().iter().find(|message| message["id"] == id).unwrap();
    assert_eq!((&listed["done_by"], &listed["done_at"]), (&first["done_by"], &first["done_at"]));
    assert_eq!(done["waiting"]["count"], 0);
    for _ in 0..2 {
        let (status, undone) = says(&world, id, "waiting", &night).await;
        assert_eq!((status, &undone["state"], &undone["done_by"]), (200, &json!("waiting"), &Value::Null));
    }
    assert_eq!(get(&world, "/v1/messages").await["waiting"]["count"], 1);
    let (_, second) = says(&world, id, "done", &night).await;
    assert_eq!(second["done_by"]["name"], "night desk");
    for (body, status) in
        [(json!({}), 422), (json!({ "state": "gone" }), 422), (json!({ "state": "done", "by": "me" }), 422)]
    {
        let path = format!("/v1/messages/{id}");
        assert_eq!(asks(&world, Method::PATCH, &path, &day, Some(body.clone())).await.0, status, "{body}");
    }
    for unknown in ["nothing", &"0".repeat(32)] {
        assert_eq!(says(&world, unknown, "done", &day).await.0, 404);
    }
}

/// Another business's messages answer like messages that do not exist, and its list has its own.
async fn a_business_has_its_own_messages() {
    let world = World::start().await;
    fill(&world, 4).await;
    let other = world.another_business().await;
    let theirs = other.api_key.expose();
    let (status, list) = asks(&world, Method::GET, WORDS, theirs, None).await;
    assert_eq!((status, &list["messages"]), (200, &json!([])));
    assert_eq!(list["waiting"]["count"], 0);
    let waiting = get(&world, "/v1/messages?state=waiting").await;
    let id = waiting["messages"][0]["id"].as_str().unwrap();
    let foreign = says(&world, id, "done", theirs).await;
    assert_eq!(foreign, says(&world, &"0".repeat(32), "done", theirs).await);
    assert_eq!(foreign.0, 404);
    assert_eq!(get(&world, "/v1/messages?state=waiting").await["waiting"], waiting["waiting"]);
    let of_operator = format!("/v1/businesses/{}/messages?state=waiting", world.business.business.id);
    let (status, same) =
        asks(&world, Method::GET, &of_operator, world.identity.operator_key.expose(), None).await;
    assert_eq!((status, &same["messages"]), (200, &waiting["messages"]));
}

/// What callers said is read with the scope for it, and who read it is known; the rest is not logged.
async fn the_words_of_messages_ask_for_their_scope_and_are_in_the_log() {
    let world = World::start().await;
    fill(&world, 2).await;
    let (few, _) = key_with(&world, 60, "few", &[Scope::CallsRead]).await;
    let (more, reading) = key_with(&world, 61, "more", &[Scope::CallsRead, Scope::TranscriptsRead]).await;
    assert_eq!(asks(&world, Method::GET, "/v1/messages?limit=1", &few, None).await.0, 200);
    let (status, refused) = asks(&world, Method::GET, WORDS, &few, None).await;
    assert_eq!((status, &refused["code"]), (403, &json!("scope")));
    assert!(refused["detail"].as_str().unwrap().contains("transcripts:read"), "{refused}");
    for _ in 0..2 {
        assert_eq!(asks(&world, Method::GET, WORDS, &more, None).await.0, 200);
    }
    let reader = requests::Reader::new(&world.system.aws, world.system.name("RequestsTable").unwrap());
    let owner = KeyOwner::Business(world.business.business.id.clone());
    let log = reader.on(&owner, utc_day(world.now()), 100, None).await.unwrap().entries;
    let told: Vec<_> = log
        .iter()
        .map(|entry| (&entry.key, entry.scope.as_str(), entry.path.as_str(), entry.status))
        .collect();
    assert_eq!(told, [(&reading.id, "transcripts:read", "/v1/messages", Some(200))]);
}

/// The agent takes a message in this call, which nothing lists yet.
pub(crate) async fn leave(world: &World, sid: &str) {
    let [table, leases] = ["TurnsTable", "LeasesTable"].map(|name| world.system.name(name).unwrap());
    let message = TakenMessage { recipient: None, text: "The wheel is bent.".into(), callback: None };
    let (call, writer) = (CallSid::parse(sid).unwrap(), turns::Writer::new(&world.system.aws, table, leases));
    writer.put_message(&call, Epoch::FIRST, "wheel", &message, world.now()).await.unwrap();
}

/// A message that was left in this call.
pub(crate) fn left_in(world: &World, sid: &str) -> Left {
    let call = domain::Call { sid: CallSid::parse(sid).unwrap(), ..testing::call(1, world.now()) };
    let message = TakenMessage { recipient: None, text: "The wheel is bent.".into(), callback: None };
    Left::message(&call, "name", world.now(), &message)
}

acceptance::tests![
    two_messages_of_a_call_are_two_entries_once,
    a_voicemail_is_one_entry_which_shows_what_becomes_of_its_recording,
    a_hundred_and_twenty_messages_are_walked_in_pages,
    a_message_is_done_by_the_first_and_undone_by_anyone,
    a_business_has_its_own_messages,
    the_words_of_messages_ask_for_their_scope_and_are_in_the_log,
];
