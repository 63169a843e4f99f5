//! A person listens to a call while it goes on: from the request to what they hear, and what the call's record says of it.

use std::time::Duration;

use acceptance::browser::origin;
use acceptance::listening::{Heard, View, ask, open, refusal, view};
use acceptance::{World, WorldConfig};
use bridge::LiveEvents;
use domain::Timestamp;
use domain::token::TokenKey;
use http::Method;
use serde_json::json;
use simulator::audio::speech;
use simulator::openai::{OpenAiConfig, Reply, Script, Step};
use simulator::twilio::{Call, CallerScript, CallerStep, DialOutcome};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

async fn world() -> World {
    let farewell = Reply::say(&speech::AGENT_BYE).and_call("end_call", "{}");
    let script =
        Script::new(Reply::say(&speech::AGENT_GREETING), vec![Step::clip(&speech::CALLER_SERVICE, farewell)]);
    World::with(WorldConfig {
        openai: OpenAiConfig { script, ..OpenAiConfig::default() },
        ..WorldConfig::default()
    })
    .await
}

/// A caller who asks after `silence`, upon which the agent says goodbye and hangs up.
async fn call(world: &World, silence: Duration) -> Call {
    let question =
        CallerStep::Say { mulaw: speech::CALLER_SERVICE.mulaw().to_vec(), label: "a question".into() };
    let ms = u64::try_from(silence.as_millis()).unwrap();
    let mut spec = world.spec(CallerScript::new(vec![
        CallerStep::Pause { ms },
        question,
        CallerStep::Pause { ms: 120_000 },
    ]));
    spec.dial = DialOutcome::Answered(Duration::ZERO);
    let call = world.twilio.call(spec);
    world.record_when(call.sid(), |record| record.status == "in-progress").await;
    call
}

/// Opens a view as soon as the bridge has the call: the API knows of it a moment earlier.
async fn listener(world: &World, view: &View) -> Heard {
    let origin = origin(world);
    let socket = world.until(|| async { open(view, Some(&origin)).await.ok() }).await;
    Heard::all(socket).await
}

fn spoken(clip: &speech::Clip) -> usize {
    clip.mulaw().len()
}

/// Both sides are heard and read by two listeners, of which one came in at a task that does not carry the call. The call's
/// record says who listened and from when to when.
async fn a_call_is_heard_at_any_task_and_its_record_says_by_whom() {
    let world = world().await;
    let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = elsewhere.local_addr().unwrap();
    let env = world.env(world.system.environment.clone());
    let other = bridge::app::load(&env, LiveEvents::default()).await.unwrap();
    let stop = CancellationToken::new();
    let running = tokio::spawn(other.run(elsewhere, stop.clone()));

    let call = call(&world, Duration::from_secs(5)).await;
    let (here, mut passed_on) = (view(&world, call.sid()).await, view(&world, call.sid()).await);
    assert!(here.url.starts_with(world.system.stream_url.as_str().split("/twilio").next().unwrap()));
    assert_ne!(here.protocols[1], passed_on.protocols[1], "a token is for one view");
    passed_on.url = format!("ws://{address}/listen/{}", call.sid());
    let (here, passed_on) = tokio::join!(listener(&world, &here), listener(&world, &passed_on));
    stop.cancel();
    running.await.unwrap();

    for heard in [&here, &passed_on] {
        assert!(heard.agent.len() >= spoken(&speech::AGENT_BYE), "{} bytes of the agent", heard.agent.len());
        let question = heard.caller.iter().filter(|byte| !matches!(byte, 0xFF | 0x7F)).count();
        assert!(question > spoken(&speech::CALLER_SERVICE) / 2, "{question} bytes of the caller");
        for said in
            [format!("caller: {}", speech::CALLER_SERVICE.text), format!("agent: {}", speech::AGENT_BYE.text)]
        {
            assert!(heard.said.contains(&said), "{said} is not in {:?}", heard.said);
        }
        for told in ["caller_speaking", "agent_speaking", "tool_called", "hanging_up"] {
            assert!(heard.told.iter().any(|event| event == told), "{told} is not in {:?}", heard.told);
        }
        assert_eq!(heard.closed, Some(1000), "the call is over");
    }
    let known = world
        .record_when(call.sid(), |record| {
            record.listeners.len() == 2 && record.listeners.iter().all(|one| !one.ended_at.is_empty())
        })
        .await;
    let key = world.identity.api_key.expose();
    for listener in known.listeners {
        assert!(key.contains(&listener.key) && listener.began_at <= listener.ended_at, "{listener:?}");
    }
}

/// Tokens are good once, for a minute, for one call, for pages of the console; and a key without the scope gets none.
async fn a_stranger_hears_nothing() {
    let world = world().await;
    let call = call(&world, Duration::from_secs(60)).await;
    let (page, key) = (origin(&world), world.identity.api_key.expose());
    let granted = view(&world, call.sid()).await;
    let first = world.until(|| async { open(&granted, Some(&page)).await.ok() }).await;
    assert_eq!(refusal(&granted, Some(&page)).await, 403, "it was used");

    let fresh = view(&world, call.sid()).await;
    let changed = |change: &dyn Fn(&mut View)| {
        let mut view = fresh.clone();
        change(&mut view);
        view
    };
    for (what, view, origin, expected) in [
        ("another origin", fresh.clone(), Some("https://evil.example"), 403),
        ("a program", fresh.clone(), None, 403),
        ("no token", changed(&|view| view.protocols[1] = "x".into()), Some(page.as_str()), 403),
        ("another protocol", changed(&|view| view.protocols[0] = "chat".into()), Some(&page), 400),
        (
            "another call",
            changed(&|view| view.url = view.url.replace(call.sid(), &format!("CA{}", "0".repeat(32)))),
            Some(&page),
            403,
        ),
        ("no call", changed(&|view| view.url = view.url.replace(call.sid(), "call")), Some(&page), 404),
    ] {
        assert_eq!(refusal(&view, origin).await, expected, "{what}");
    }
    // A token that was signed for a time that is over.
    let old = old_view(&world, &fresh, call.sid());
    assert_eq!(refusal(&old, Some(&page)).await, 403, "its time is over");
    let second = open(&fresh, Some(&page)).await.expect("it is as good as before");
    drop((first, second));

    let reader = json!({ "name": "x", "scopes": ["calls:read", "calls:control"] });
    let request = world.http.request(Method::POST, world.url("/v1/keys")).bearer_auth(key).json(&reader);
    let made: serde_json::Value =
        request.header("Idempotency-Key", "one").send().await.unwrap().json().await.unwrap();
    assert_eq!(ask(&world, call.sid(), made["key"].as_str().unwrap()).await.0, 403);
    let other = world.another_business().await;
    assert_eq!(ask(&world, call.sid(), other.api_key.expose()).await.0, 404);
}

/// The same grant with an end in the past, signed with the deployment's own key.
fn old_view(world: &World, view: &View, call: &str) -> View {
    let key = TokenKey::new(world.identity.stream_token_key.clone()).unwrap();
    let call = domain::CallSid::parse(call).unwrap();
    let now = Timestamp(0);
    let grant = domain::listening::Grant::of_token(&key, &call, &view.protocols[1], now).unwrap();
    let old = domain::listening::Grant { until: world.now().minus(Duration::from_secs(1)), ..grant };
    let token = old.token(&key, &call).expose().to_owned();
    View { protocols: [view.protocols[0].clone(), token], ..view.clone() }
}

/// A call that is over is not listened to: neither is a view given, nor one that was given let in.
async fn a_call_that_is_over_is_silent() {
    let world = world().await;
    let call = call(&world, Duration::from_millis(200)).await;
    let granted = view(&world, call.sid()).await;
    let outcome = call.finished().await;
    world.record_when(&outcome.call_sid, |record| record.session.is_some()).await;
    let (status, problem) = ask(&world, &outcome.call_sid, world.identity.api_key.expose()).await;
    assert_eq!((status, &problem["code"]), (409, &json!("call_over")), "{problem}");
    let page = origin(&world);
    let refused = world
        .until(|| async {
            // The session may still be writing when Twilio knows of the end.
            match open(&granted, Some(&page)).await {
                Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => Some(answer.status().as_u16()),
                _ => None,
            }
        })
        .await;
    assert!([403, 404, 503].contains(&refused), "{refused}");
}

acceptance::tests![
    a_call_is_heard_at_any_task_and_its_record_says_by_whom,
    a_stranger_hears_nothing,
    a_call_that_is_over_is_silent,
];
