use std::sync::Mutex;

use domain::call_back::{Declined, Moment, Terms, Wish};
use domain::tools::{
    ANSWER_MAX_BYTES, Destination, Missed, PROMISE_CALL_BACK, RECORD_DO_NOT_CALL, TakenMessage, ToolReply,
};
use domain::zone::Zone;
use domain::{AnsweredBy, CallSid, Epoch, PhoneNumber, SessionReport, Timestamp, Turn};

use super::*;
use crate::ports::{ClaimError, HangUpError, StoreError};

/// 30 November 2026, 15:00 in New York.
const NOW: Timestamp = Timestamp::from_secs(1_796_068_800);

/// Keeps what tools did.
#[derive(Default)]
struct World {
    messages: Mutex<Vec<(String, TakenMessage)>>,
    asked: Mutex<Vec<(String, Value)>>,
    /// Why each person wants no more calls.
    opted_out: Mutex<Vec<Option<String>>>,
    /// What was said of the time of each call that was asked for.
    call_backs: Mutex<Vec<Wish>>,
    list_fails: bool,
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

    async fn record_do_not_call(&self, _: &CallPlan, reason: Option<&str>) -> Result<(), StoreError> {
        if self.list_fails {
            return Err(StoreError::Unavailable("no answer".into()));
        }
        self.opted_out.lock().unwrap().push(reason.map(str::to_owned));
        Ok(())
    }

    async fn promise_call_back(
        &self,
        plan: &CallPlan,
        wish: &Wish,
    ) -> Result<Result<Moment, Declined>, StoreError> {
        if self.list_fails {
            return Err(StoreError::Unavailable("no answer".into()));
        }
        self.call_backs.lock().unwrap().push(wish.clone());
        let (terms, to) = (plan.call_back.as_ref().unwrap(), plan.caller.as_ref().unwrap());
        Ok(terms.resolve(to, wish, "en", NOW))
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
            send_message: false,
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
    let tools = offered(&plan());
    let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(names, ["end_call", "transfer_call", "take_message", "free_slots", "book"]);
    assert!(!format!("{tools:?}").contains("5550101"));
    let nothing = |direction| offered(&CallPlan { direction, tools: Toolbox::default(), ..plan() });
    assert_eq!(nothing(Direction::Inbound).len(), 1, "and nothing that it does not have");
    assert_eq!(nothing(Direction::Test).len(), 1);
    let names: Vec<String> = nothing(Direction::Outbound).into_iter().map(|tool| tool.name).collect();
    assert_eq!(names, ["end_call", "record_do_not_call"], "the person who is called may always say no");
}

/// In a call that is placed the name is the product's own, also for a business that has given it to a tool.
fn placed() -> CallPlan {
    let mut plan = CallPlan { direction: Direction::Outbound, ..plan() };
    plan.tools.http[0].name = RECORD_DO_NOT_CALL.into();
    plan
}

/// A call in which another one may be promised, with a tool of the business's own of that name.
fn promising() -> CallPlan {
    let mut plan = CallPlan { direction: Direction::Outbound, ..plan() };
    plan.tools.http[0].name = PROMISE_CALL_BACK.into();
    plan.caller = Some(PhoneNumber::parse("+12025550143").unwrap());
    plan.voice.languages = vec!["en".into()];
    let zone = Some(Zone::parse("America/New_York").unwrap());
    plan.call_back = Some(Terms { earliest: NOW, latest: None, hours: vec![], zone });
    plan
}

/// Fault 74.
#[tokio::test]
async fn a_call_is_promised_once_it_is_kept_and_at_a_time_that_may_be() {
    let world = World::default();
    let ask = async |world: &World, plan: &CallPlan, arguments: Value| -> Value {
        let (name, arguments) = (PROMISE_CALL_BACK.into(), arguments.to_string());
        let call = ToolInvocation { id: "call_1".into(), name, arguments };
        let answer = run(world, plan, &call, &RateLimited::default()).await;
        serde_json::from_str(&answer.output).unwrap()
    };
    let kept = ask(&world, &promising(), json!({ "day": "tomorrow", "at": "4" })).await;
    assert_eq!((&kept["ok"], &kept["say"]), (&json!(true), &json!("Tuesday, 1 December, 16:00")), "{kept}");
    let late = ask(&world, &promising(), json!({ "day": "tomorrow", "at": "23:00" })).await;
    assert_eq!((&late["error"], &late["ok"]), (&json!("not_then"), &json!(null)), "{late}");
    let offer = json!({ "offer": late["alternatives"][0]["offer"] });
    assert_eq!(ask(&world, &promising(), offer).await["ok"], true);
    let asked = ask(&world, &promising(), json!({ "day": "today", "at": "2" })).await;
    assert_eq!((&asked["question"], &asked["options"][1]["value"]), (&json!("which_hour"), &json!("14:00")));
    let far = ask(&world, &promising(), json!({ "day": "02-20", "at": "10:00" })).await;
    assert_eq!(far["error"], "too_far");
    for odd in [json!({ "at": "noonish" }), json!({ "number": "+19005550100" }), json!({ "in_minutes": 0 })] {
        assert_eq!(ask(&world, &promising(), odd).await["error"], "invalid_arguments");
    }
    let failing = World { list_fails: true, ..World::default() };
    let answer = ask(&failing, &promising(), json!({ "in_minutes": 60 })).await;
    assert_eq!((&answer["error"], &answer["ok"]), (&json!("not_kept"), &json!(null)));

    let names: Vec<String> = offered(&promising()).into_iter().map(|tool| tool.name).collect();
    assert_eq!(names[..3], ["end_call", "record_do_not_call", "promise_call_back"]);
    assert_eq!(names.iter().filter(|name| *name == PROMISE_CALL_BACK).count(), 1);
    assert!(world.asked.lock().unwrap().is_empty(), "the business's own tool is not asked");
    let without = CallPlan { call_back: None, ..promising() };
    ask(&world, &without, json!({ "day": "monday" })).await;
    assert_eq!(world.asked.lock().unwrap().len(), 1, "it is, where nothing can be promised");
    assert_eq!(world.call_backs.lock().unwrap().len(), 5);
}

/// Fault 73.
#[tokio::test]
async fn a_wish_not_to_be_called_is_recorded_whatever_the_model_passes() {
    let world = World::default();
    let ask = async |world: &World, plan: &CallPlan, arguments: &str| -> Value {
        let (name, arguments) = (RECORD_DO_NOT_CALL.into(), arguments.into());
        let call = ToolInvocation { id: "call_1".into(), name, arguments };
        let answer = run(world, plan, &call, &RateLimited::default()).await;
        serde_json::from_str(&answer.output).unwrap()
    };
    for arguments in ["", "null", "{}", r#"{"number":"+19005550100"}"#, r#"{"reason":"  "}"#, "[1]"] {
        assert_eq!(ask(&world, &placed(), arguments).await["ok"], true, "{arguments}");
    }
    let long = json!({ "reason": format!(" {}", "ü".repeat(300)) }).to_string();
    ask(&world, &placed(), &long).await;
    let mut reasons = world.opted_out.lock().unwrap().clone();
    assert_eq!(reasons.pop().flatten(), Some("ü".repeat(200)));
    assert_eq!(reasons, vec![None; 6]);

    let failing = World { list_fails: true, ..World::default() };
    let answer = ask(&failing, &placed(), "{}").await;
    assert_eq!((answer["error"].as_str(), answer["ok"].as_bool()), (Some("not_recorded"), None));

    let offered = offered(&placed());
    assert_eq!(offered.iter().filter(|tool| tool.name == RECORD_DO_NOT_CALL).count(), 1);
    assert!(world.asked.lock().unwrap().is_empty(), "the business's own tool is for calls that come in");
    let inbound = CallPlan { direction: Direction::Inbound, ..placed() };
    ask(&world, &inbound, r#"{"day":"monday"}"#).await;
    assert_eq!(world.asked.lock().unwrap().len(), 1);
    assert_eq!(ask(&world, &plan(), "{}").await["error"], "unknown_tool");
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
