//! The media stream's door: who may come in, and what happens to who may not.

use acceptance::media_stream::{self, Socket, close_code};
use acceptance::webhook::{Webhook, call_sid, token_in};
use acceptance::{OWN_ACCOUNTS, World};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use simulator::twilio::{CallEventKind, CallerScript, CallerStep, SIGNATURE_HEADER, sign_url};
use tokio_tungstenite::tungstenite::{Error, Message};

async fn open(world: &World, signature: Option<&str>) -> Result<Socket, Error> {
    open_at(world.system.stream_url.as_str(), signature).await
}

async fn open_at(url: &str, signature: Option<&str>) -> Result<Socket, Error> {
    media_stream::open(url, signature.map(|signature| (SIGNATURE_HEADER, signature))).await
}

async fn open_signed(world: &World) -> Socket {
    let signature = sign_url(world.identity.auth_token.expose(), world.system.stream_url.as_str());
    open(world, Some(&signature)).await.expect("a signed upgrade is let in")
}

fn start(world: &World, call: &str, token: &str) -> Message {
    media_stream::start(&world.identity.account_sid, call, token)
}

/// Fault 56, the upgrade.
async fn an_unsigned_upgrade_is_refused(world: World) {
    for signature in [None, Some(""), Some("bm8="), Some("PdGvwqMUCXWwthL/UTmSIV7SXW4=")] {
        match open(&world, signature).await {
            Err(Error::Http(response)) => assert_eq!(response.status(), 403, "{signature:?}"),
            other => panic!("{signature:?} got {other:?}"),
        }
    }
}

/// Fault 56, the token: unknown, of another call, or used. No model socket is ever opened for it.
async fn a_token_that_is_unknown_of_another_call_or_used_opens_no_model_socket(world: World) {
    let (_, twiml) = Webhook::inbound(&world, &call_sid(1)).send(&world).await;
    let token = token_in(&twiml);
    let forged = token.chars().rev().collect::<String>();
    for (call, token) in [(1, ""), (1, "1.AAAA"), (1, forged.as_str()), (2, token.as_str())] {
        let mut socket = open_signed(&world).await;
        socket.send(Message::text(json!({ "event": "connected" }).to_string())).await.unwrap();
        socket.send(start(&world, &call_sid(call), token)).await.unwrap();
        assert_eq!(close_code(&mut socket).await, 1008, "{token:?}");
    }
    assert!(world.openai.connections().is_empty(), "strangers spend nothing");

    let mut first = open_signed(&world).await;
    first.send(start(&world, &call_sid(1), &token)).await.unwrap();
    // The greeting's audio shows that this one was let in; its token is used up by then.
    let first_message: Value = loop {
        let message = first.next().await.unwrap().unwrap();
        if let Message::Text(text) = message {
            break serde_json::from_str(&text).unwrap();
        }
    };
    assert_eq!(first_message["event"], "media");
    let mut second = open_signed(&world).await;
    second.send(start(&world, &call_sid(1), &token)).await.unwrap();
    assert_eq!(close_code(&mut second).await, 1008);
    assert_eq!(world.openai.connections().len(), 1);
}

/// Faults 48 and 49 at the product's own door: nonsense is survived, counted, and in the end shown out.
async fn nonsense_is_shown_out_with_a_policy_close(world: World) {
    let mut socket = open_signed(&world).await;
    for _ in 0..200 {
        if socket.send(Message::text("{\"event\":[[[[")).await.is_err() {
            break;
        }
    }
    assert_eq!(close_code(&mut socket).await, 1008);
    let script = CallerScript::new(vec![
        CallerStep::WaitForAgent { quiet_ms: 300, max_ms: 20_000 },
        CallerStep::HangUp,
    ]);
    let outcome = world.call(script).await;
    assert_eq!(outcome.debugger_codes(), Vec::<u32>::new(), "and the next caller is served");
    let greeted = outcome.times_ms(|kind| matches!(kind, CallEventKind::AgentSpeechStarted));
    assert!(!greeted.is_empty());
}

/// The stream's address names the account that a business brought. Its token opens that door and no other one, and by no
/// other door can a stream of the call come.
async fn a_stream_of_a_brought_account_comes_by_a_door_of_its_own() {
    let world = World::start().await;
    let other = world.another_business().await;
    let (account, token) = OWN_ACCOUNTS[0];
    let put = world.http.put(world.url(&format!("/v1/businesses/{}/twilio", other.business.id)));
    let put = put.bearer_auth(world.identity.operator_key.expose());
    let set = put.json(&json!({ "account_sid": account, "auth_token": token })).send().await.unwrap();
    assert_eq!(set.status(), 200);
    let ringing = Webhook::inbound(&world, &call_sid(1)).field("AccountSid", account);
    let ringing = ringing.field("To", other.number.as_e164()).signed_with(token);
    let (_, twiml) = ringing.send(&world).await;
    let url = twiml.split("<Stream ").nth(1).and_then(|rest| rest.split("url=\"").nth(1)).expect(&twiml);
    let url = url.split('"').next().unwrap().to_owned();
    let plain = world.system.stream_url.as_str();
    let another = url.replace(other.business.id.as_str(), world.business.business.id.as_str());
    assert!(url.starts_with(plain) && url != plain && url != another, "{url}");

    let deployments = world.identity.auth_token.expose();
    for (url, token, status) in [(&*url, deployments, 403), (plain, token, 403), (&*another, token, 404)] {
        match open_at(url, Some(&sign_url(token, url))).await {
            Err(Error::Http(response)) => assert_eq!(response.status(), status, "{url}"),
            opened => panic!("{url}: {opened:?}"),
        }
    }
    let stream_token = token_in(&twiml);
    let own = async || open_at(&url, Some(&sign_url(token, &url))).await.expect("it is let in");
    let deployment = &world.identity.account_sid;
    for (mut socket, claimed) in [(open_signed(&world).await, account), (own().await, deployment.as_str())] {
        socket.send(media_stream::start(claimed, &call_sid(1), &stream_token)).await.unwrap();
        assert_eq!(close_code(&mut socket).await, 1008, "{claimed}");
    }
    let mut socket = own().await;
    socket.send(media_stream::start(account, &call_sid(1), &stream_token)).await.unwrap();
    loop {
        if let Message::Text(text) = socket.next().await.unwrap().unwrap() {
            let message: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(message["event"], "media", "the agent speaks");
            break;
        }
    }
}

/// The model cannot be had: the caller hears an apology, not silence.
async fn without_a_model_the_caller_hears_an_apology() {
    use simulator::openai::{ConnectionPlan, Handshake};
    let world = World::start().await;
    world.openai.plan(ConnectionPlan {
        handshake: Handshake::Refuse { status: 401, code: "invalid_api_key".into() },
        ..Default::default()
    });
    let outcome = world.call(CallerScript::new(vec![])).await;
    let apology = outcome
        .events
        .iter()
        .any(|event| matches!(&event.kind, CallEventKind::Said(text) if text.contains("technical problem")));
    assert!(apology, "{:?}", outcome.events);
    let record = world.record_when(&outcome.call_sid, |record| record.session.is_some()).await;
    assert_eq!(record.end_reason(), "model_lost");
}

acceptance::tests![
    an_unsigned_upgrade_is_refused,
    a_token_that_is_unknown_of_another_call_or_used_opens_no_model_socket,
    nonsense_is_shown_out_with_a_policy_close,
    a_stream_of_a_brought_account_comes_by_a_door_of_its_own,
    without_a_model_the_caller_hears_an_apology,
];
