//! A person talks to the agent from the console: from the request to the record of the call.

use std::time::Duration;

use acceptance::browser::{self, Browser, NO_ACCOUNT, TestCall, begun, follow, open, origin};
use acceptance::client::Client;
use acceptance::media_stream::{self, close_code, hello};
use acceptance::sandbox::ScheduleSandbox;
use acceptance::webhook::{Webhook, call_sid, token_in};
use acceptance::{World, WorldConfig};
use futures_util::SinkExt as _;
use http::Method;
use serde_json::json;
use simulator::audio::speech;
use simulator::openai::{OpenAiConfig, Reply, Script, Step};
use simulator::twilio::{SIGNATURE_HEADER, sign_url};
use tokio_tungstenite::tungstenite::Error;

/// A greeting, an answer that can be interrupted, and a goodbye.
async fn world() -> World {
    let farewell = Reply::say(&speech::AGENT_BYE).and_call("end_call", "{}");
    let script = Script::new(
        Reply::say(&speech::AGENT_GREETING),
        vec![
            Step::clip(&speech::CALLER_SERVICE, Reply::say(&speech::AGENT_SLOTS)),
            Step::clip(&speech::CALLER_BYE, farewell),
        ],
    );
    World::with(WorldConfig {
        openai: OpenAiConfig { script, ..OpenAiConfig::default() },
        ..WorldConfig::default()
    })
    .await
}

fn spoken(clip: &speech::Clip) -> usize {
    clip.mulaw().len()
}

/// The agent greets, answers, is interrupted and hangs up; the call is over, is recorded nowhere and says so, and Twilio
/// was asked for nothing.
async fn a_person_talks_to_the_agent_through_a_browser() {
    let world = world().await;
    let asked_before = world.twilio.requests().len();
    let call = begun(&world, "one").await;
    assert_eq!((call.status.as_str(), call.door().epoch), ("in-progress", 1));
    let mut browser = Browser::on(&world, &call).await;
    browser.until("the greeting", |browser| browser.heard > 0 && browser.is_quiet()).await;
    assert!(browser.heard.abs_diff(spoken(&speech::AGENT_GREETING)) < 400, "{} bytes", browser.heard);
    assert!(browser.returned > 0, "what was played is told");

    let greeting = browser.heard;
    browser.say(speech::CALLER_SERVICE.mulaw());
    browser.until("an answer", |browser| browser.heard > greeting + 8_000).await;
    browser.say(speech::CALLER_BYE.mulaw());
    browser.until("the interruption", |browser| browser.cleared > 0).await;
    browser.until("the end", |browser| browser.closed.is_some()).await;
    assert_eq!(browser.closed, Some(1000));

    let over = follow(&world, &call.call, 1).await;
    assert_eq!((over.status.as_str(), &over.stream), ("completed", &None));
    assert_eq!(follow(&world, &call.call, 1).await, over, "a copy of the request");
    let record = world.record_when(&call.call, |record| record.insights.is_some()).await;
    assert_eq!((record.direction.as_str(), record.end_reason()), ("test", "agent_hang_up"));
    let texts: Vec<&str> = record.turns.iter().map(|turn| turn.text.as_str()).collect();
    for clip in [&speech::AGENT_GREETING, &speech::CALLER_SERVICE, &speech::CALLER_BYE, &speech::AGENT_BYE] {
        assert!(texts.contains(&clip.text), "{} is not in {texts:?}", clip.text);
    }
    let recording = record.recording.as_ref().unwrap();
    assert_eq!((recording.state.as_str(), recording.reason.as_str()), ("not_recorded", "test_call"));
    let parts: Vec<&str> =
        record.cost.as_ref().unwrap().parts.iter().map(|part| part.kind.as_str()).collect();
    assert!(!parts.iter().any(|kind| ["telephony", "media_stream", "recording"].contains(kind)), "{parts:?}");
    assert_eq!(world.twilio.requests().len(), asked_before, "Twilio knows nothing of it");
    let (_, usage) = world.get("/v1/usage").await;
    assert_eq!((&usage["calls"]["test"], &usage["calls"]["inbound"]), (&json!(1), &json!(0)), "{usage}");
    let (_, page) = world.get("/v1/calls?direction=test").await;
    assert_eq!(page["calls"][0]["sid"], call.call.as_str());
}

/// A caller hangs up; the page is told that the call is over.
async fn a_person_hangs_up() {
    let world = world().await;
    let call = begun(&world, "one").await;
    let mut browser = Browser::on(&world, &call).await;
    browser.until("the greeting", |browser| browser.heard > 0).await;
    browser.hang_up().await;
    assert_eq!(follow(&world, &call.call, 1).await.stream, None);
    let record = world.record_when(&call.call, |record| record.session.is_some()).await;
    assert_eq!((record.status.as_str(), record.end_reason()), ("completed", "caller_hang_up"));
}

/// Each door takes its own kind of token, and its own kind of visitor.
async fn a_token_opens_its_own_door_alone(world: World) {
    let call = begun(&world, "one").await;
    let (twilio, account) = (world.system.stream_url.as_str(), world.identity.account_sid.as_str());
    let signed = async || {
        let signature = sign_url(world.identity.auth_token.expose(), twilio);
        let opened = media_stream::open(twilio, Some((SIGNATURE_HEADER, &signature))).await;
        opened.expect("a signed upgrade is let in")
    };
    for named in [account, NO_ACCOUNT] {
        let mut socket = signed().await;
        for message in hello(named, &call.call, &call.door().token) {
            socket.send(message).await.unwrap();
        }
        assert_eq!(close_code(&mut socket).await, 1008, "{named}");
    }
    let (_, twiml) = Webhook::inbound(&world, &call_sid(1)).send(&world).await;
    let token = token_in(&twiml);
    for named in [account, NO_ACCOUNT] {
        let mut socket = open(&call.door().url, Some(&origin(&world))).await.unwrap();
        for message in hello(named, &call_sid(1), &token) {
            socket.send(message).await.unwrap();
        }
        assert_eq!(close_code(&mut socket).await, 1008, "{named}");
    }
    assert!(world.openai.connections().is_empty(), "no model socket was opened for them");
    // Both tokens are as good as before.
    let mut browser = Browser::on(&world, &call).await;
    browser.until("the greeting", |browser| browser.heard > 0).await;
}

/// A page of another origin, a program, a token that was used, and one that is too old.
async fn strangers_are_refused_before_a_model_socket_opens(world: World) {
    let call = begun(&world, "one").await;
    let own = origin(&world);
    let other_scheme = own.replace("http:", "https:");
    let longer = format!("{own}.example");
    for stranger in [None, Some("null"), Some("http://localhost:1"), Some(&*other_scheme), Some(&*longer)] {
        match open(&call.door().url, stranger).await {
            Err(Error::Http(response)) => assert_eq!(response.status(), 403, "{stranger:?}"),
            opened => panic!("{stranger:?}: {opened:?}"),
        }
    }
    world.time_passes(Duration::from_secs(61));
    let refused = async || {
        let mut socket = open(&call.door().url, Some(&own)).await.unwrap();
        for message in hello(NO_ACCOUNT, &call.call, &call.door().token) {
            socket.send(message).await.unwrap();
        }
        close_code(&mut socket).await
    };
    assert_eq!(refused().await, 1008, "it is too old");
    assert!(world.openai.connections().is_empty(), "strangers spend nothing");

    let call = begun(&world, "two").await;
    let mut browser = Browser::on(&world, &call).await;
    browser.until("the greeting", |browser| browser.heard > 0).await;
    let mut socket = open(&call.door().url, Some(&own)).await.unwrap();
    for message in hello(NO_ACCOUNT, &call.call, &call.door().token) {
        socket.send(message).await.unwrap();
    }
    assert_eq!(close_code(&mut socket).await, 1008, "it was used");
    assert_eq!(world.openai.connections().len(), 1);
}

/// A third call at once is refused, and takes no telephone call's place. Calls whose pages went away make room.
async fn a_business_has_two_test_calls_at_one_time() {
    let world = World::with(WorldConfig {
        business: |new| new.business.max_concurrent_calls = 1,
        ..WorldConfig::default()
    })
    .await;
    let first = begun(&world, "one").await;
    begun(&world, "two").await;
    assert_eq!(begun(&world, "one").await, first, "a copy of the request");
    let (status, problem) = browser::ask(&world, "three", &json!({})).await;
    assert_eq!((status, problem["code"].as_str()), (429, Some("too_many_test_calls")));
    let (_, twiml) = Webhook::inbound(&world, &call_sid(1)).send(&world).await;
    assert!(twiml.contains("<Stream"), "a caller is let in: {twiml}");

    // No stream came, and no token is good any more.
    world.time_passes(Duration::from_secs(61));
    begun(&world, "three").await;
    let record = world.record_when(&first.call, |record| record.status == "completed").await;
    assert!(record.session.is_none() && record.recording_state() != "archived");
}

/// The socket breaks; the agent goes on with the call, and greets once.
async fn a_broken_stream_is_followed_by_another() {
    let world = world().await;
    let call = begun(&world, "one").await;
    let mut browser = Browser::on(&world, &call).await;
    browser.until("the greeting", |browser| browser.heard > 0 && browser.is_quiet()).await;
    drop(browser);
    let next = follow(&world, &call.call, 1).await;
    assert_eq!((next.status.as_str(), next.door().epoch), ("in-progress", 2));
    assert_eq!(follow(&world, &call.call, 1).await, next, "a copy of the request");
    let mut browser = Browser::on(&world, &next).await;
    browser.say(speech::CALLER_SERVICE.mulaw());
    browser.until("an answer", |browser| browser.heard > 8_000).await;
    browser.hang_up().await;
    assert_eq!(follow(&world, &call.call, 2).await.stream, None);
    let record = world.record_when(&call.call, |record| record.insights.is_some()).await;
    let greetings = record.turns.iter().filter(|turn| turn.text == speech::AGENT_GREETING.text).count();
    assert_eq!((record.status.as_str(), greetings), ("completed", 1));
}

/// A page that is closed asks for nothing any more: the sweep ends its call.
async fn a_call_whose_page_went_away_is_found(world: World) {
    let call = begun(&world, "one").await;
    let mut browser = Browser::on(&world, &call).await;
    browser.until("the greeting", |browser| browser.heard > 0).await;
    drop(browser);
    world.record_when(&call.call, |record| record.session.is_some()).await;
    let asked_before = world.twilio.requests().len();
    let sweep = ScheduleSandbox::start(&world, "call-sweep", &[]).await;
    world.time_passes(Duration::from_secs(10 * 60));
    assert!(sweep.ticks(world.now()).await);
    let record = world.record_when(&call.call, |record| record.status == "completed").await;
    assert_eq!(record.end_reason(), "caller_lost");
    assert!(record.duration_s.unwrap() < 9 * 60, "it ended when its stream did");
    assert_eq!(world.twilio.requests().len(), asked_before, "Twilio knows nothing of it");
}

/// The agent is the draft's, as it was when the call began, whatever is published, was asked for before or is drafted since. A
/// draft that could not be published begins no call.
async fn a_draft_is_talked_to_as_it_was_when_the_call_began() {
    let world = world().await;
    let client = Client { world: &world, key: world.identity.api_key.expose().to_owned() };
    let mut settings = client.get("/v1/settings").await.body;
    let no_draft = browser::ask(&world, "none", &json!({ "draft": true })).await;
    assert_eq!(no_draft.0, 404, "{}", no_draft.1);
    let mut drafted = async |instructions: &str, seen: &[(&str, &str)]| {
        settings["prompts"]["inbound"]["instructions"] = json!(instructions);
        let saved = client.send(Method::PUT, "/v1/settings/draft", seen, Some(settings.clone())).await;
        assert_eq!(saved.status, 200, "{}", saved.body);
        saved.etag()
    };
    let etag = drafted("You are {{who_is_it}}.", &[]).await;
    let (status, problem) = browser::ask(&world, "wrong", &json!({ "draft": true })).await;
    assert_eq!((status, problem["code"].as_str()), (422, Some("draft_has_errors")), "{problem}");
    assert_eq!(problem["errors"][0]["pointer"], "/prompts/inbound/instructions");
    assert!(problem["detail"].as_str().unwrap().contains("who_is_it"), "{problem}");
    let both = browser::ask(&world, "both", &json!({ "draft": true, "revision": 1 })).await;
    assert_eq!((both.0, both.1["errors"][0]["code"].as_str()), (422, Some("not_both")));

    // What is published has a prompt by now, and the draft was begun from the same revision.
    begun(&world, "published").await;
    let etag = drafted("You are the draft.", &[("if-match", &etag)]).await;
    let (status, body) = browser::ask(&world, "one", &json!({ "draft": true })).await;
    assert_eq!(status, 201, "{body}");
    let call: TestCall = serde_json::from_value(body.clone()).unwrap();
    drafted("You are another draft.", &[("if-match", &etag)]).await;
    assert_eq!(
        browser::ask(&world, "one", &json!({ "draft": true })).await.1["call"],
        body["call"],
        "a copy"
    );
    let mut page = Browser::on(&world, &call).await;
    page.until("the greeting", |browser| browser.heard > 0 && browser.is_quiet()).await;
    drop(page);
    let next = follow(&world, &call.call, 1).await;
    let mut page = Browser::on(&world, &next).await;
    page.say(speech::CALLER_SERVICE.mulaw());
    page.until("an answer", |browser| browser.heard > 8_000).await;
    page.hang_up().await;
    assert_eq!(follow(&world, &call.call, 2).await.stream, None);
    for connection in world.openai.connections() {
        let update = connection.received_of("session.update")[0].value.to_string();
        assert!(update.contains("You are the draft."), "{update}");
    }
    let told = world.get(&format!("/v1/calls/{}", call.call)).await.1;
    assert_eq!((&told["draft"], &told["settings_revision"]), (&json!(true), &json!(1)));
    world.record_when(&call.call, |record| record.insights.is_some()).await;
}

/// With a reason the person is talked to like one whom the agent calls.
async fn a_test_call_with_a_reason_is_one_that_is_placed(world: World) {
    let body = json!({ "reason": "your bicycle is ready", "context": "The chain is new." });
    let (status, begun) = browser::ask(&world, "one", &body).await;
    assert_eq!(status, 201, "{begun}");
    let other = browser::ask(&world, "one", &json!({ "reason": "another" })).await;
    assert_eq!((other.0, other.1["code"].as_str()), (422, Some("idempotency_key_reused")), "{}", other.1);
    let call: TestCall = serde_json::from_value(begun).unwrap();
    let mut page = Browser::on(&world, &call).await;
    page.until("the greeting", |browser| browser.heard > 0).await;
    page.hang_up().await;
    let session = world.openai.connections()[0].received_of("session.update")[0].value.to_string();
    for told in ["calls customers about their bicycles", "your bicycle is ready", "The chain is new."] {
        assert!(session.contains(told), "{told}: {session}");
    }
    assert_eq!(follow(&world, &call.call, 1).await.status, "completed");
    let told = world.get(&format!("/v1/calls/{}", call.call)).await.1;
    assert_eq!((&told["direction"], &told["reason"]), (&json!("test"), &json!("your bicycle is ready")));
}

acceptance::tests![
    a_test_call_with_a_reason_is_one_that_is_placed,
    a_draft_is_talked_to_as_it_was_when_the_call_began,
    a_person_talks_to_the_agent_through_a_browser,
    a_person_hangs_up,
    a_token_opens_its_own_door_alone,
    strangers_are_refused_before_a_model_socket_opens,
    a_business_has_two_test_calls_at_one_time,
    a_broken_stream_is_followed_by_another,
    a_call_whose_page_went_away_is_found,
];
