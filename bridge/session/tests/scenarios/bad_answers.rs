//! A model that has no answer: out of capacity, failing, or without a word.

use std::time::Duration;

use domain::turn::EndReason;
use session::input::{ErrorClass, ModelEvent, ResponseReason, ResponseStatus};
use session::output::ModelCommand;
use session::{Output, Phase};

use crate::fixtures::{ms, plan, secs};
use crate::sim::{Sim, actions, cancels, requests};

const TOLD: Duration = Duration::from_millis(7_200);

fn limited() -> ResponseStatus {
    ResponseStatus::Limited { wait: Some(TOLD) }
}

/// The caller has said something, and turn detection has begun to answer.
fn asked() -> Sim {
    let mut sim = Sim::greeted(plan());
    sim.caller_begins("caller_1");
    sim.advance(secs(1));
    sim.caller_ends("caller_1");
    sim.created("answer", None);
    sim
}

/// What the last request for a response tells the model.
fn told(sim: &Sim) -> String {
    let text = sim.log.iter().rev().find_map(|(_, output)| match output {
        Output::ToModel(ModelCommand::CreateResponse { instructions, .. }) => Some(instructions.clone()),
        _ => None,
    });
    text.flatten().unwrap_or_default()
}

/// Case C10. Case B08.
#[test]
fn a_model_out_of_capacity_is_asked_when_it_said_and_the_call_goes_on() {
    let mut sim = asked();
    sim.done("answer", limited());
    assert_eq!(requests(&sim.advance(ms(7_199))), [], "it said when");
    assert_eq!(requests(&sim.advance(ms(1))), [ResponseReason::Recovery]);
    assert!(told(&sim).contains("Apologise"), "a caller who waited so long hears why");
    sim.created("again", Some(ResponseReason::Recovery));
    assert!(!actions(&sim.speech("again", "item_again", 400)).is_empty());
    sim.done("again", ResponseStatus::Completed);
    sim.advance(secs(5));
    assert_eq!(sim.session.phase(), Phase::Live);
}

/// Case C10. Case B08.
#[test]
fn a_greeting_that_has_to_wait_is_still_the_greeting() {
    for by_event in [true, false] {
        let mut sim = Sim::live(plan());
        let refuse = |sim: &mut Sim, response: &str, reason| {
            let id = sim.last_event_id();
            if by_event {
                return sim.error(ErrorClass::Limited { wait: Some(TOLD) }, Some(&id));
            }
            sim.created(response, Some(reason));
            sim.done(response, limited())
        };
        assert_eq!(requests(&refuse(&mut sim, "greeting", ResponseReason::Greeting)), []);
        let again = requests(&sim.advance(TOLD));
        assert_eq!(again.len(), 1, "once, when it said");
        assert!(told(&sim).contains("good morning"));
        assert_eq!(requests(&refuse(&mut sim, "greeting_2", again[0])), []);
        assert_eq!(requests(&sim.advance(TOLD)).len(), 1, "and once more before the end");
        sim.created("greeting_3", Some(again[0]));
        assert!(!actions(&sim.speech("greeting_3", "item_greeting", 400)).is_empty());
        assert_eq!(sim.session.phase(), Phase::Live);
    }
}

/// Case C10: a limit that answers our one request does not have to say so.
#[test]
fn a_limit_without_an_id_is_of_the_request_in_flight() {
    let mut sim = Sim::live(plan());
    sim.error(ErrorClass::Limited { wait: Some(secs(2)) }, None);
    assert_eq!(requests(&sim.advance(secs(2))), [ResponseReason::Greeting]);
    sim.created("greeting", Some(ResponseReason::Greeting));
    assert!(sim.error(ErrorClass::Limited { wait: None }, None).is_empty(), "nothing is in flight");
}

/// Case C10.
#[test]
fn a_model_that_stays_out_of_capacity_makes_room_for_what_the_business_has_instead() {
    for wait in [None, Some(Duration::ZERO), Some(TOLD), Some(Duration::MAX)] {
        let mut sim = asked();
        let begin = sim.now;
        sim.done("answer", ResponseStatus::Limited { wait });
        for n in 0..20 {
            let again = format!("again_{n}");
            while !sim.session.is_closed() && requests(&sim.advance(ms(50))).is_empty() {}
            sim.created(&again, Some(ResponseReason::Recovery));
            sim.done(&again, ResponseStatus::Limited { wait });
        }
        let close = sim.close().expect("closed");
        assert_eq!((close.reason, close.code), (EndReason::ModelLost, 1011), "{wait:?}");
        let asked = sim.requests();
        assert!(asked.len() <= 6 && !asked.contains(&ResponseReason::Goodbye), "{wait:?}: {asked:?}");
        let closed = sim.log.last().map(|(at, _)| sim.start + *at).unwrap();
        assert!((secs(10)..secs(11)).contains(&(closed - begin)), "{wait:?}: {:?}", closed - begin);
    }
}

/// Case C10. Case B22.
#[test]
fn answers_without_a_word_end_in_what_the_business_has_instead_and_not_in_a_goodbye() {
    let mut sim = asked();
    let begin = sim.now;
    sim.done("answer", ResponseStatus::Completed);
    for (n, pause) in [1, 2, 3].into_iter().enumerate() {
        assert_eq!(requests(&sim.advance(secs(pause))), [ResponseReason::Recovery]);
        let again = format!("again_{n}");
        sim.created(&again, Some(ResponseReason::Recovery));
        sim.done(&again, ResponseStatus::Completed);
    }
    assert_eq!(sim.close().map(|close| close.reason), Some(EndReason::ModelLost));
    assert_eq!(sim.now - begin, secs(6));
    assert_eq!(sim.hang_ups(), 0);
}

/// Case C10: three seconds of `server_error` are no reason to end a call.
#[test]
fn a_model_that_failed_and_came_back_is_heard() {
    let mut sim = asked();
    sim.done("answer", ResponseStatus::Failed);
    assert_eq!(requests(&sim.advance(secs(1))), [ResponseReason::Recovery]);
    sim.created("again", Some(ResponseReason::Recovery));
    sim.done("again", ResponseStatus::Failed);
    assert_eq!(requests(&sim.advance(secs(2))), [ResponseReason::Recovery]);
    sim.created("back", Some(ResponseReason::Recovery));
    assert!(!actions(&sim.speech("back", "item_back", 400)).is_empty());
}

#[test]
fn what_the_caller_still_hears_is_heard_out_and_what_they_say_meanwhile_is_answered() {
    for speaks in [true, false] {
        let mut sim = Sim::greeted(plan());
        sim.exchange(1, "item_greeting", 30_000);
        sim.done("resp_1", ResponseStatus::Completed);
        // A key is pressed over a long answer, and what is asked for then never works.
        sim.input(session::Input::Dtmf('1'));
        sim.input(session::Input::Dtmf('#'));
        for n in 0..10 {
            sim.advance(secs(2));
            let failed = format!("failed_{n}");
            let reason = sim.requests().last().copied();
            sim.created(&failed, reason);
            sim.done(&failed, ResponseStatus::Failed);
        }
        assert!(!sim.session.is_closed(), "the line still plays");
        if speaks {
            sim.caller_begins("caller_2");
            sim.advance(secs(1));
            sim.caller_ends("caller_2");
            sim.created("answer", None);
            assert!(!actions(&sim.speech("answer", "item_answer", 400)).is_empty());
            sim.done("answer", ResponseStatus::Completed);
            sim.advance(secs(3));
            assert_eq!(sim.session.phase(), Phase::Live);
        } else {
            sim.advance(secs(30));
            let close = sim.close().expect("closed");
            assert_eq!(close.reason, EndReason::ModelLost);
            assert_eq!(close.figures.agent_audio_heard, close.figures.agent_audio_sent);
        }
    }
}

/// A caller who says something else asks something else: that answer has its own chances, but not without end.
#[test]
fn a_caller_who_keeps_asking_a_model_without_answers_is_not_kept_for_ever() {
    let mut sim = Sim::greeted(plan());
    let begin = sim.now;
    for turn in 0..60 {
        let (caller, response) = (format!("caller_{turn}"), format!("failed_{turn}"));
        sim.caller_begins(&caller);
        sim.advance(secs(1));
        sim.caller_ends(&caller);
        sim.created(&response, None);
        sim.done(&response, ResponseStatus::Failed);
        sim.advance(ms(500));
        if sim.session.is_closed() {
            break;
        }
    }
    assert_eq!(sim.close().map(|close| close.reason), Some(EndReason::ModelLost));
    assert!(sim.now - begin < secs(30));
}

/// Case C15: a `response.done` that names nothing is of the one response there is.
#[test]
fn a_response_that_ends_without_a_name_has_ended() {
    let mut sim = Sim::greeted(plan());
    sim.created("resp_1", None);
    sim.tool_call("resp_1", "call_1", "book");
    sim.done("", ResponseStatus::Completed);
    let done = session::Input::ToolDone { call_id: "call_1", output: "{}".into(), transfer: None };
    assert_eq!(requests(&sim.input(done)), [ResponseReason::ToolOutput]);
    assert!(sim.done("", ResponseStatus::Completed).is_empty(), "nothing is under way");
}

/// Case C15. Case B19: the event matters, its numbers and names do not.
#[test]
fn speech_without_a_name_or_a_time_is_an_interruption() {
    for item in ["item_x", ""] {
        let mut sim = Sim::greeted(plan());
        sim.exchange(1, "item_greeting", 8_000);
        sim.advance(ms(1_500));
        for _ in 0..2 {
            let outputs = sim.model(ModelEvent::SpeechStarted { item, audio_start: None });
            let clears = outputs.iter().filter(|output| matches!(output, Output::ClearCaller)).count();
            if sim.log.iter().filter(|(_, output)| matches!(output, Output::ClearCaller)).count() == 1 {
                assert_eq!((clears, cancels(&outputs)), (1, vec!["resp_1"]), "{item:?}");
            }
            sim.advance(ms(900));
            sim.model(ModelEvent::SpeechStopped { item, audio_end: None });
            sim.created("resp_2", None);
            sim.speech("resp_2", "agent_2", 4_000);
            sim.done("resp_2", ResponseStatus::Completed);
            sim.advance(ms(500));
            if !item.is_empty() {
                break;
            }
        }
        let clears = sim.outputs().filter(|output| matches!(output, Output::ClearCaller)).count();
        assert_eq!(clears, if item.is_empty() { 2 } else { 1 }, "speech without a name is new each time");
    }
}
