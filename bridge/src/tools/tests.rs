use std::sync::Mutex;

use domain::tools::{ANSWER_MAX_BYTES, Destination, Missed, ToolReply};
use domain::{AnsweredBy, CallSid, Epoch, PhoneNumber, SessionReport, Timestamp, Turn};

use super::*;
use crate::ports::{ClaimError, HangUpError, StoreError};

/// Keeps what tools did.
#[derive(Default)]
struct World {
    messages: Mutex<Vec<(String, TakenMessage)>>,
    asked: Mutex<Vec<(String, Value)>>,
    hangs: bool,
    /// What every tool comes to, instead of being done.
    answers: Option<Result<ToolOutcome, ToolFailure>>,
}

impl Ports for World {
    async fn claim(&self, _: &CallSid, _: Epoch, _: Timestamp) -> Result<CallPlan, ClaimError> {
        Err(ClaimError::NotYours)
    }

    async fn put_turns(&self, _: &[Turn]) -> Result<(), StoreError> {
        Ok(())
    }

    async fn put_report(&self, _: &SessionReport) -> Result<(), StoreError> {
        Ok(())
    }

    async fn answered_by(&self, _: &CallSid, _: Timestamp) -> Result<Option<AnsweredBy>, StoreError> {
        Ok(None)
    }

    crate::ports_without_actions!();

    async fn hang_up(&self, _: &CallPlan) -> Result<(), HangUpError> {
        Ok(())
    }

    async fn take_message(&self, _: &CallPlan, id: &str, message: &TakenMessage) -> Result<(), StoreError> {
        self.messages.lock().unwrap().push((id.to_owned(), message.clone()));
        Ok(())
    }

    async fn call_tool(&self, _: &CallPlan, request: &ToolRequest<'_>) -> Result<ToolOutcome, ToolFailure> {
        self.asked.lock().unwrap().push((request.id.to_owned(), request.arguments.clone()));
        if self.hangs {
            std::future::pending::<()>().await;
        }
        match &self.answers {
            Some(answer) => answer.clone(),
            None => Ok(ToolOutcome::Done {
                reply: ToolReply { text: r#"{"free":["09:00"]}"#.into(), cut: false },
            }),
        }
    }
}

fn plan() -> CallPlan {
    let number = PhoneNumber::parse("+12025550101").unwrap();
    let slots = HttpTool {
        name: "free_slots".into(),
        description: "Tells which times are free.".into(),
        parameters:
            r#"{"type":"object","properties":{"day":{"type":"string","maxLength":10}},"required":["day"],
                        "additionalProperties":false}"#
                .into(),
        url: "https://tools.example/slots".into(),
        timeout: Duration::from_secs(5),
        once: false,
    };
    let book = HttpTool { name: "book".into(), once: true, ..slots.clone() };
    let broken =
        HttpTool { name: "broken".into(), parameters: r#"{"type":"objekt"}"#.into(), ..slots.clone() };
    CallPlan {
        tools: Toolbox {
            directory: vec![Destination { id: "workshop".into(), label: "the workshop".into(), number }],
            take_messages: true,
            appointments: false,
            http: vec![slots, book, broken],
        },
        ..crate::testing::plan()
    }
}

async fn run_in(world: &World, name: &str, arguments: &str) -> (Value, Option<String>) {
    let call = ToolInvocation { id: "call_1".into(), name: name.into(), arguments: arguments.into() };
    let ToolAnswer { output, transfer } = run(world, &plan(), &call, &RateLimited::default()).await;
    (serde_json::from_str(&output).unwrap(), transfer)
}

async fn run_one(name: &str, arguments: &str) -> (Value, Option<String>) {
    run_in(&World::default(), name, arguments).await
}

#[test]
fn the_model_is_offered_what_the_business_has_and_never_a_number() {
    let tools = offered(&plan().tools);
    let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(names, ["end_call", "transfer_call", "take_message", "free_slots", "book"]);
    assert!(!format!("{tools:?}").contains("5550101"));
    assert_eq!(offered(&Toolbox::default()).len(), 1, "and nothing that it does not have");
}

#[tokio::test]
async fn a_call_goes_to_people_of_the_directory_only() {
    let (output, transfer) = run_one("transfer_call", r#"{"to":"workshop"}"#).await;
    assert_eq!((output["ok"].as_bool(), transfer.as_deref()), (Some(true), Some("workshop")));
    for hostile in [
        r#"{"to":"+19005550100"}"#,
        r#"{"to":"other-business"}"#,
        r#"{"to":["workshop"]}"#,
        "{}",
        "null",
        "\"workshop\"",
    ] {
        let (output, transfer) = run_one("transfer_call", hostile).await;
        assert_eq!((output["error"].as_str(), transfer), (Some("invalid_arguments"), None), "{hostile}");
    }
}

/// Fault 62.
#[tokio::test]
async fn arguments_that_do_not_fit_go_back_to_the_model_and_nowhere_else() {
    let world = World::default();
    for wrong in [
        "",
        "{",
        "[]",
        r#"{"day":7}"#,
        r#"{"day":"far too long a day"}"#,
        r#"{"day":"Mon","url":"http://x"}"#,
    ] {
        let (output, _) = run_in(&world, "free_slots", wrong).await;
        assert_eq!(output["error"], "invalid_arguments", "{wrong}");
        assert!(!output.to_string().contains("far too long"), "values are not repeated");
    }
    assert!(world.asked.lock().unwrap().is_empty());
    let (output, _) = run_in(&world, "free_slots", r#"{"day":"Mon"}"#).await;
    assert_eq!(output["free"][0], "09:00");
}

#[tokio::test]
async fn a_tool_that_acts_once_is_told_by_what_is_asked_of_it() {
    let world = World::default();
    for (name, arguments) in [
        ("book", r#"{"day":"Mon"}"#),
        ("book", r#" { "day" : "Mon" } "#),
        ("book", r#"{"day":"Tue"}"#),
        ("free_slots", r#"{"day":"Mon"}"#),
    ] {
        run_in(&world, name, arguments).await;
    }
    let ids: Vec<String> = world.asked.lock().unwrap().iter().map(|(id, _)| id.clone()).collect();
    assert_eq!(ids[0], ids[1], "the same booking");
    assert_ne!(ids[0], ids[2], "another day");
    assert!(ids[3].ends_with(".call_1"), "asking is free: {}", ids[3]);
}

#[tokio::test]
async fn a_message_is_kept_as_it_was_said() {
    let world = World::default();
    let arguments = r#"{"for":"Ms Byrne","message":"The wheel is bent.","callback":"the same number"}"#;
    let (output, _) = run_in(&world, "take_message", arguments).await;
    assert_eq!(output, json!({ "ok": true }));
    let expected = TakenMessage {
        recipient: Some("Ms Byrne".into()),
        text: "The wheel is bent.".into(),
        callback: Some("the same number".into()),
    };
    assert_eq!(world.messages.lock().unwrap().iter().map(|(_, m)| m).collect::<Vec<_>>(), [&expected]);
    let (output, _) =
        run_in(&world, "take_message", &json!({ "message": "x".repeat(1_000_000) }).to_string()).await;
    assert_eq!(output["error"], "invalid_arguments");
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_hangs_is_given_up_after_its_own_timeout() {
    let world = World { hangs: true, ..World::default() };
    let began = tokio::time::Instant::now();
    let (output, _) = run_in(&world, "free_slots", r#"{"day":"Mon"}"#).await;
    assert_eq!(output["error"], "unknown");
    assert_eq!(began.elapsed(), Duration::from_secs(5) + RECORD_WAIT);
}

#[tokio::test]
async fn what_is_not_offered_does_not_exist() {
    for name in ["send_dtmf", "broken", "book\"me", "", "end_call"] {
        let (output, transfer) = run_one(name, "{}").await;
        assert_eq!((output["error"].as_str(), transfer), (Some("unknown_tool"), None), "{name}");
    }
}

/// Case C11.
#[tokio::test]
async fn an_answer_of_any_length_is_cut_and_no_error() {
    let reply = ToolReply { text: "x".repeat(ANSWER_MAX_BYTES), cut: true };
    let world = World { answers: Some(Ok(ToolOutcome::Done { reply })), ..World::default() };
    let (output, _) = run_in(&world, "book", r#"{"day":"Mon"}"#).await;
    assert_eq!((&output["ok"], output["cut"].is_string()), (&json!(true), true));
    assert!(output.to_string().len() <= ANSWER_MAX_BYTES);
}

/// Case C11. What the model is told of a tool that did not do it is what is known, in every case.
#[tokio::test]
async fn the_model_is_told_whether_a_thing_was_done() {
    for (answers, code) in [
        (Err(ToolFailure::InProgress), "in_progress"),
        (Err(ToolFailure::Superseded), "not_done"),
        (Err(ToolFailure::Store("throttled".into())), "not_done"),
        (Ok(ToolOutcome::NotDone { why: Missed::Unreachable }), "not_done"),
        (Ok(ToolOutcome::of(409, ToolReply::default())), "refused"),
        (Ok(ToolOutcome::of(302, ToolReply::default())), "unknown"),
        (Ok(ToolOutcome::Unknown { why: Lost::Asker }), "unknown"),
    ] {
        let world = World { answers: Some(answers), ..World::default() };
        let (output, _) = run_in(&world, "book", r#"{"day":"Mon"}"#).await;
        assert_eq!(output["error"], code);
    }
}

/// Found by reading: a message could be taken twice, once by each session of a call.
#[tokio::test]
async fn a_message_has_one_name_in_every_session_and_spelling() {
    let world = World::default();
    let take = |arguments: Value| {
        let world = &world;
        async move {
            run_in(world, "take_message", &arguments.to_string()).await;
            world.messages.lock().unwrap().last().unwrap().0.clone()
        }
    };
    let first = take(json!({ "for": "Ms Byrne", "message": "The wheel is bent." })).await;
    for same in [
        json!({ "message": "The wheel is bent.", "for": "Ms Byrne" }),
        json!({ "for": "ms byrne", "message": "the wheel is  bent" }),
        json!({ "for": "Ms. Byrne", "message": "The wheel is bent!" }),
    ] {
        assert_eq!(take(same.clone()).await, first, "{same}");
    }
    let mut names = std::collections::BTreeSet::from([first]);
    for other in [
        json!({ "message": "The wheel is bent." }),
        json!({ "for": "Mr Byrne", "message": "The wheel is bent." }),
        json!({ "for": "Ms Byrne", "message": "The wheel is not bent." }),
        json!({ "for": "Ms Byrne", "message": "The wheel is bent.", "callback": "tomorrow" }),
        json!({ "message": "Ms Byrne", "for": "The wheel is bent." }),
        json!({ "message": "?" }),
        json!({ "message": "!" }),
    ] {
        assert!(names.insert(take(other.clone()).await), "{other}");
    }
}
