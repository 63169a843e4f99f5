//! What the agent does while it answers a text: the tools of calls, each effect once, and no word of success before it.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use acceptance::phones::{BURST, answers_texts};
use acceptance::webhook::{Webhook, call_sid};
use acceptance::{World, WorldConfig};
use axum::routing::post;
use axum::{Json, Router};
use domain::tools::HttpTool;
use functions::businesses::provision::NewBusiness;
use http::Method;
use local::demo::business::CALLER;
use serde_json::{Value, json};
use simulator::audio::speech;
use simulator::openai::{Answer, OpenAiConfig, Reply, Script, Step};
use simulator::twilio::{CallerScript, CallerStep};

use crate::appointments::offer;
use crate::texts::by_webhook::{asks, of_business, receives, sent, sms, texts};
use crate::texts::thread;

fn call(name: &str, arguments: &Value) -> Answer {
    Answer::Call { name: name.into(), arguments: arguments.to_string() }
}

fn words(text: &str) -> Answer {
    Answer::Text(text.into())
}

fn with_tools(new: &mut NewBusiness) {
    answers_texts(new);
    new.settings.tools.appointments = true;
    new.settings.tools.take_messages = true;
}

/// The person writes, and the agent has answered.
async fn writes(world: &World, n: u32, body: &str, replies: usize) {
    receives(world, &sms(world, n, body)).await;
    world.texts_settle().await;
    sent(world, replies).await;
}

async fn appointments(world: &World) -> Vec<Value> {
    let (status, list) = world.get("/v1/appointments").await;
    assert_eq!(status, 200, "{list}");
    list["appointments"].as_array().unwrap().clone()
}

/// What the model was told by the tool of this name, in the last request.
fn told(world: &World, tool: &str) -> Vec<Value> {
    let requests = world.openai.requests();
    let last = requests.iter().rfind(|request| request.path == "/v1/responses").unwrap();
    let items = last.body["input"].as_array().unwrap();
    let calls: Vec<&Value> =
        items.iter().filter(|item| item["name"] == tool).map(|item| &item["call_id"]).collect();
    let outputs = items.iter().filter(|item| item["type"] == "function_call_output");
    let of_tool = outputs.filter(|item| calls.contains(&&item["call_id"]));
    of_tool.map(|item| serde_json::from_str(item["output"].as_str().unwrap()).unwrap()).collect()
}

/// Times are offered in one text and chosen in the next one; the appointment is moved and called off.
async fn a_person_books_moves_and_cancels_in_writing() {
    let book = json!({ "slot": "{{find_slots/slots/0/slot}}", "name": "Maria Huber" });
    let to = json!({
        "appointment": "{{book_appointment/appointment}}", "slot": "{{find_slots/slots/1/slot}}",
    });
    let off = json!({ "appointment": "{{book_appointment/appointment}}" });
    let answers = vec![
        call("find_slots", &json!({ "week": "next" })),
        words("Monday at nine?"),
        call("book_appointment", &book),
        words("Your appointment is booked."),
        call("reschedule_appointment", &to),
        words("I have rescheduled it."),
        call("my_appointments", &json!({})),
        call("cancel_appointment", &off),
        words("Your appointment is cancelled."),
    ];
    let world = of_business(answers, with_tools).await;
    offer(&world).await;
    writes(&world, 1, "A trim next week, please", 1).await;
    assert_eq!(appointments(&world).await.len(), 0);
    writes(&world, 2, "Yes. Maria Huber", 2).await;
    let booked = appointments(&world).await;
    assert_eq!((booked.len(), &booked[0]["status"]), (1, &json!("booked")));
    let seen = thread(&world, 6).await;
    assert_eq!((&booked[0]["thread"], &booked[0]["call"]), (&seen["id"], &Value::Null));
    assert_eq!(booked[0]["person"]["number"], crate::texts::PERSON);
    writes(&world, 3, "The second one, please", 3).await;
    let moved = appointments(&world).await;
    assert_eq!(moved.len(), 1);
    assert_ne!(moved[0]["start"], booked[0]["start"]);
    writes(&world, 4, "I cannot come", 4).await;
    assert_eq!(told(&world, "my_appointments")[0]["appointments"].as_array().unwrap().len(), 1);
    assert_eq!(told(&world, "cancel_appointment")[0]["done"], "cancelled");
    let bodies: Vec<String> = world.twilio.texts().into_iter().map(|text| text.body).collect();
    let expected = [
        "Monday at nine?",
        "Your appointment is booked.",
        "I have rescheduled it.",
        "Your appointment is cancelled.",
    ];
    assert_eq!(bodies, expected);
    // People see what the agent did between the texts.
    let kept = texts(&world, &seen).await;
    let did: Vec<&str> =
        kept.iter().filter(|text| text["way"] == "tool").map(|text| text["text"].as_str().unwrap()).collect();
    assert_eq!(
        did,
        ["cancel_appointment", "my_appointments", "reschedule_appointment", "book_appointment", "find_slots"]
    );
    assert_eq!(world.openai.violations(), vec![]);
}

/// Demand 8 of appointments: what no tool did is not said, and a model that insists says nothing.
async fn a_claim_without_a_tool_is_never_sent() {
    let claim = "Your appointment is booked for Tuesday.";
    let answers = vec![words(claim), words("Shall I look for a time?"), words(claim), words(claim)];
    let world = of_business(answers, with_tools).await;
    writes(&world, 1, "A trim on Tuesday", 1).await;
    receives(&world, &sms(&world, 2, "Is it booked?")).await;
    world.texts_settle().await;
    let seen = thread(&world, 3).await;
    assert_eq!(seen["waiting"], json!(true), "people see that it is not answered");
    let bodies: Vec<String> = world.twilio.texts().into_iter().map(|text| text.body).collect();
    assert_eq!(bodies, ["Shall I look for a time?"]);
    let asked = world.openai.requests();
    let corrected = asked.iter().filter(|request| request.body.to_string().contains("no tool did that"));
    assert_eq!(corrected.count(), 2);
}

static DESK: OnceLock<String> = OnceLock::new();

/// A business's own tool acts once for one question, however often the model asks, and again for a later question. An answer
/// that was dropped for a newer text takes nothing back.
async fn a_tool_that_acts_once_does_so_for_each_question() {
    let asked: Arc<Mutex<Vec<Value>>> = Arc::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    DESK.set(format!("http://{}/book", listener.local_addr().unwrap())).unwrap();
    let log = Arc::clone(&asked);
    let act = move |Json(body): Json<Value>| async move {
        log.lock().unwrap().push(body);
        Json(json!({ "booked": true }))
    };
    let router = Router::new().route("/book", post(act));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let day = json!({ "day": "Thursday" });
    let answers = vec![
        call("book", &day),
        call("book", &day),
        call("book", &json!({ "day": 4 })),
        words("Done."),
        call("book", &day),
        words("Done again."),
    ];
    let business = |new: &mut NewBusiness| {
        answers_texts(new);
        new.settings.tools.http = vec![HttpTool {
            name: "book".into(),
            description: "Books a service.".into(),
            parameters: r#"{"type":"object","properties":{"day":{"type":"string"}},"required":["day"]}"#
                .into(),
            url: DESK.get().unwrap().clone(),
            timeout: Duration::from_secs(5),
            once: true,
        }];
    };
    let world = of_business(answers, business).await;
    writes(&world, 1, "Thursday, please", 1).await;
    let once = asked.lock().unwrap().clone();
    assert_eq!(once.len(), 1, "{once:?}");
    let seen = thread(&world, 1).await;
    assert_eq!(
        (&once[0]["tool"], &once[0]["arguments"], &once[0]["thread"]),
        (&json!("book"), &day, &seen["id"])
    );
    let outputs = told(&world, "book");
    assert_eq!(outputs.iter().filter(|output| output["booked"] == true).count(), 2, "{outputs:?}");
    assert_eq!(outputs[2]["error"], "invalid_arguments");
    writes(&world, 2, "And once more, please", 2).await;
    assert_eq!(asked.lock().unwrap().len(), 2);
}

/// The agent gives the thread to a person, with a reason for the business and a last text for the one who wrote.
async fn the_agent_hands_a_thread_over_with_a_reason() {
    let message = json!({ "message": "The invoice 7 is wrong.", "for": "Ms Byrne" });
    let hand = json!({ "reason": "Wants a refund for invoice 7", "say": "A colleague will answer you." });
    let take = || call("take_message", &message);
    let answers = vec![take(), take(), call("hand_over", &hand), words("Hello again.")];
    let world = of_business(answers, with_tools).await;
    writes(&world, 1, "I want to speak with a human about invoice 7", 1).await;
    assert_eq!(world.twilio.texts()[0].body, "A colleague will answer you.");
    let handed = world
        .until(|| async {
            let thread = thread(&world, 4).await;
            (!thread["handed_over"].is_null()).then_some(thread)
        })
        .await;
    assert_eq!((&handed["owner"]["kind"], &handed["owner"]["key"]), (&json!("person"), &Value::Null));
    assert_eq!(handed["handed_over"]["reason"], "Wants a refund for invoice 7");
    assert_eq!(handed["message"], "Ms Byrne\nThe invoice 7 is wrong.");
    receives(&world, &sms(&world, 2, "Hello?")).await;
    world.texts_settle().await;
    assert_eq!(world.twilio.texts().len(), 1, "a person has it");
    let of_kind =
        |kind: &str| format!("/v1/contacts/{}/timeline?kind={kind}", handed["contact"].as_str().unwrap());
    let (_, told) = world.get(&of_kind("hand_over")).await;
    assert_eq!(told["entries"][0]["reason"], "Wants a refund for invoice 7", "{told}");
    is_left_and_told(&world, &handed).await;
    let (_, told) = world.get(&of_kind("message")).await;
    assert_eq!(
        (told["entries"].as_array().unwrap().len(), &told["entries"][0]["thread"]),
        (1, &handed["id"])
    );
    let path = format!("/v1/threads/{}", handed["id"].as_str().unwrap());
    let (_, given) = asks(&world, Method::PATCH, &path, "", Some(json!({ "owner": "agent" }))).await;
    assert_eq!((&given["owner"]["kind"], &given["handed_over"]), (&json!("agent"), &Value::Null));
    world.time_passes(BURST);
    assert_eq!(sent(&world, 2).await[1].body, "Hello again.");
}

/// What the person wanted to be told is in the list of messages with its thread, once though the model noted it twice; and the
/// business's events say that a person is to answer, once however often the job comes.
async fn is_left_and_told(world: &World, thread: &Value) {
    let (_, list) = world.get("/v1/messages?include=words&state=waiting").await;
    let left = list["messages"].as_array().unwrap();
    assert_eq!((left.len(), &list["waiting"]["messages"]), (1, &json!(1)), "{list:#}");
    assert_eq!(
        (&left[0]["thread"], &left[0]["call"], &left[0]["caller"], &left[0]["kind"]),
        (&thread["id"], &Value::Null, &json!(crate::texts::PERSON), &json!("message"))
    );
    assert_eq!(
        (&left[0]["text"], &left[0]["recipient"]),
        (&json!("The invoice 7 is wrong."), &json!("Ms Byrne"))
    );
    let path = format!("/v1/messages/{}", left[0]["id"].as_str().unwrap());
    let (status, done) = asks(world, Method::PATCH, &path, "", Some(json!({ "state": "done" }))).await;
    assert_eq!((status, &done["state"]), (200, &json!("done")), "{done}");

    let told = || async {
        let all = world.get("/v1/events").await.1["events"].as_array().unwrap().clone();
        all.into_iter().filter(|event| event["type"] == "thread.handed_over").collect::<Vec<_>>()
    };
    let before = told().await;
    before.iter().for_each(super::events::fits);
    let (_, all) = world.get("/v1/events?limit=100").await;
    let taken = all["events"].as_array().unwrap().iter().filter(|event| event["type"] == "message.taken");
    let taken: Vec<&Value> = taken.inspect(|event| super::events::fits(event)).collect();
    assert_eq!(taken.len(), 1, "{all:#}");
    assert_eq!(
        (&taken[0]["data"]["thread"], &taken[0]["data"]["message"]["message"]),
        (&thread["id"], &json!("The invoice 7 is wrong."))
    );
    assert_eq!((before.len(), &before[0]["type"]), (1, &json!("thread.handed_over")), "{before:?}");
    let data = &before[0]["data"];
    assert_eq!(
        (&data["thread"], &data["contact"], &data["business"]),
        (&thread["id"], &thread["contact"], &json!(world.business.business.id.as_str()))
    );
    assert_eq!(
        (&data["reason"], &data["message"]),
        (&json!("Wants a refund for invoice 7"), &json!("Ms Byrne\nThe invoice 7 is wrong."))
    );
    let job = json!({
        "job": "reply", "business": world.business.business.id.as_str(), "thread": thread["id"], "asked": 1,
    });
    let queue = world.system.name("TextsQueue").unwrap();
    for _ in 0..5 {
        let send = world.system.aws.sqs.send_message().queue_url(queue).message_body(job.to_string());
        send.send().await.unwrap();
    }
    world.works_everything_off(&["TextsQueue"]).await;
    assert_eq!(told().await, before);
}

/// A caller is sent what is better read than heard: to the number of the call, once, and not against their wish.
async fn a_caller_is_sent_a_text_once_unless_they_want_none() {
    let text = json!({ "text": "https://harbour.example/way" });
    let again = Reply::call("send_message", &text).then(Reply::say(&speech::AGENT_CONFIRM));
    let goodbye = Reply::say(&speech::AGENT_BYE).and_call("end_call", "{}");
    let steps = vec![
        Step::clip(&speech::CALLER_SERVICE, Reply::call("send_message", &text).then(again)),
        Step::clip(&speech::CALLER_BYE, goodbye),
    ];
    let script = Script::new(Reply::say(&speech::AGENT_GREETING), steps);
    let openai = OpenAiConfig { script, ..OpenAiConfig::default() };
    let business = |new: &mut NewBusiness| new.settings.tools.send_message = true;
    let world = World::with(WorldConfig { openai, business, ..WorldConfig::default() }).await;
    let listen = || CallerStep::WaitForAgent { quiet_ms: 900, max_ms: 15_000 };
    let say = |clip: &speech::Clip| CallerStep::Say { mulaw: clip.mulaw().to_vec(), label: "words".into() };
    let caller = || {
        let (ask, bye) = (say(&speech::CALLER_SERVICE), say(&speech::CALLER_BYE));
        CallerScript::new(vec![listen(), ask, listen(), bye, listen()])
    };
    let first = world.call(caller()).await;
    world.record_when(&first.call_sid, |record| record.status == "completed").await;
    world.works_everything_off(&["TextsQueue"]).await;
    let sent_texts = sent(&world, 1).await;
    assert_eq!(sent_texts.len(), 1, "{sent_texts:?}");
    let number = world.business.number.as_e164();
    assert_eq!(
        (sent_texts[0].to.as_str(), sent_texts[0].from.as_str(), sent_texts[0].body.as_str()),
        (CALLER, number, "https://harbour.example/way")
    );
    let seen = thread(&world, 1).await;
    assert!(!seen["contact"].is_null());
    let kept = texts(&world, &seen).await;
    assert_eq!((kept.len(), &kept[0]["author"]), (1, &json!("agent")));

    receives(&world, &sms(&world, 1, "STOP").field("From", CALLER)).await;
    thread(&world, 2).await;
    let second = world.call(caller()).await;
    world.record_when(&second.call_sid, |record| record.status == "completed").await;
    world.works_everything_off(&["TextsQueue"]).await;
    assert_eq!(world.twilio.texts().len(), 1, "they want none");
    let told = serde_json::to_string(&world.sessions().last().unwrap().conversation()).unwrap();
    assert!(told.contains("opted_out"), "the agent knows");
}

/// All lines are busy: the caller gets one text, however often Twilio asks.
async fn a_refused_caller_is_sent_a_text_once() {
    let business = |new: &mut NewBusiness| {
        new.business.max_concurrent_calls = 0;
        new.settings.policies.when_no_agent.text = Some("We will call you back.".into());
    };
    let world = World::with(WorldConfig { business, ..WorldConfig::default() }).await;
    let ringing = Webhook::inbound(&world, &call_sid(1));
    for _ in 0..3 {
        assert!(ringing.send(&world).await.1.contains("lines are busy"));
    }
    world.time_passes(Duration::from_secs(11));
    world.works_everything_off(&["TextsQueue"]).await;
    let bodies: Vec<String> = sent(&world, 1).await.into_iter().map(|text| text.body).collect();
    assert_eq!(bodies, ["We will call you back."]);
}

acceptance::tests![
    a_refused_caller_is_sent_a_text_once,
    a_caller_is_sent_a_text_once_unless_they_want_none,
    a_person_books_moves_and_cancels_in_writing,
    a_claim_without_a_tool_is_never_sent,
    a_tool_that_acts_once_does_so_for_each_question,
    the_agent_hands_a_thread_over_with_a_reason,
];
