//! A process that is being stopped: calls that end by themselves are let end, the others leave where nothing is lost.

use domain::turn::EndReason;
use session::END_CALL;
use session::input::{ModelEvent, ModelLoss, ResponseStatus, Role};
use session::{Input, Output};

use crate::fixtures::{drain, ms, plan, secs, start};
use crate::sim::{Sim, actions};

fn ended(sim: &mut Sim) -> (EndReason, u16) {
    let close = sim.run_to_close();
    (close.reason, close.code)
}

/// A quiet call whose process has been told to stop, and half of whose time is over.
fn leaving() -> Sim {
    let mut sim = Sim::greeted(undisturbed());
    sim.input(drain());
    sim.advance(secs(40));
    sim.exchange(1, "item_greeting", 12_000);
    sim.done("resp_1", ResponseStatus::Completed);
    sim.advance(secs(10));
    assert!(!sim.session.is_closed(), "the agent is speaking");
    sim
}

/// A plan under which the caller is never asked whether they are still there.
fn undisturbed() -> domain::CallPlan {
    let mut plan = plan();
    plan.conversation.silence_prompt_after = secs(3_000);
    plan
}

/// Fault 63. Historic failure 30.
#[test]
fn a_call_goes_on_undisturbed_for_half_of_the_time_and_then_leaves_where_it_is_quiet() {
    let mut quiet = Sim::greeted(undisturbed());
    let asked = quiet.now;
    quiet.input(drain());
    quiet.advance(secs(30));
    quiet.input(drain());
    assert_eq!(ended(&mut quiet), (EndReason::Drained, 1001));
    assert_eq!(quiet.now - asked, secs(50), "being told twice does not begin the time again");

    let mut talking = leaving();
    talking.advance(ms(1_999));
    assert!(!talking.session.is_closed());
    talking.advance(ms(1));
    assert_eq!(ended(&mut talking), (EndReason::Drained, 1001), "with the last of the agent's words");
    assert_eq!(talking.turns().last().unwrap().heard, secs(12));
}

/// Fault 63.
#[test]
fn a_call_that_ends_by_itself_in_the_meantime_is_not_handed_over() {
    let mut by_caller = Sim::greeted(undisturbed());
    by_caller.input(drain());
    by_caller.advance(secs(49));
    by_caller.input(Input::CallerStopped);
    assert_eq!(ended(&mut by_caller), (EndReason::CallerHangUp, 1000));

    // The goodbye is being said when the time for undisturbed calls is over.
    let mut by_agent = Sim::greeted(undisturbed());
    by_agent.input(drain());
    by_agent.advance(secs(45));
    by_agent.exchange(1, "item_greeting", 6_000);
    by_agent.tool_call("resp_1", "call_1", END_CALL);
    by_agent.done("resp_1", ResponseStatus::Completed);
    assert_eq!(ended(&mut by_agent), (EndReason::AgentHangUp, 1000));
    assert_eq!(by_agent.hang_ups(), 1);
}

/// Fault 63. What the caller said goes with the call, and the answer is the next session's.
#[test]
fn a_call_leaves_between_the_caller_s_words_and_an_answer_that_was_not_heard_yet() {
    for words_first in [false, true] {
        let mut sim = leaving();
        sim.caller_begins("caller_2");
        sim.advance(secs(2));
        assert!(!sim.session.is_closed(), "the caller is speaking");
        sim.caller_ends("caller_2");
        sim.added("caller_2", Some("agent_1"), Role::Caller);
        let words = ModelEvent::CallerTranscript { item: "caller_2", text: "And on Sundays?" };
        if words_first {
            sim.model(words);
            assert!(!sim.session.is_closed(), "the model has not taken it up yet");
            sim.created("resp_2", None);
        } else {
            sim.created("resp_2", None);
            assert!(!sim.session.is_closed(), "the next session would not know what was said");
            sim.model(words);
        }
        assert_eq!(ended(&mut sim), (EndReason::Drained, 1001), "{words_first}");
        assert_eq!(sim.turns().last().unwrap().text, "And on Sundays?");
    }
}

/// Fault 63. Only this model heard what could not be put into words: it is the one to answer.
#[test]
fn a_call_does_not_leave_before_its_words_are_written_down() {
    let mut sim = leaving();
    sim.caller_begins("caller_2");
    sim.caller_ends("caller_2");
    sim.added("caller_2", Some("agent_1"), Role::Caller);
    sim.created("resp_2", None);
    sim.model(ModelEvent::CallerTranscriptFailed { item: "caller_2" });
    assert!(!sim.session.is_closed());
    sim.added("agent_2", Some("caller_2"), Role::Agent);
    sim.speech("resp_2", "agent_2", 3_000);
    sim.done("resp_2", ResponseStatus::Completed);
    assert!(!sim.session.is_closed());
    assert_eq!(ended(&mut sim), (EndReason::Drained, 1001), "behind the answer");
    assert_eq!(sim.turns().last().unwrap().heard, secs(3));
}

/// Fault 63.
#[test]
fn a_tool_that_is_at_work_is_waited_for() {
    let mut sim = leaving();
    sim.caller_begins("caller_2");
    sim.caller_ends("caller_2");
    sim.added("caller_2", Some("agent_1"), Role::Caller);
    sim.created("resp_2", None);
    sim.tool_call("resp_2", "call_1", "book");
    sim.model(ModelEvent::CallerTranscript { item: "caller_2", text: "Book it." });
    sim.done("resp_2", ResponseStatus::Completed);
    assert!(!sim.session.is_closed());
}

/// Fault 63. Nothing is left for the kill to cut.
#[test]
fn a_call_that_is_never_quiet_leaves_ten_seconds_before_the_end() {
    let mut endless = Sim::greeted(undisturbed());
    endless.exchange(1, "item_greeting", 200_000);
    endless.done("resp_1", ResponseStatus::Completed);
    let asked = endless.now;
    endless.input(drain());
    assert_eq!(ended(&mut endless), (EndReason::Drained, 1001));
    assert_eq!(endless.now - asked, secs(90));

    let mut goodbye = Sim::greeted(undisturbed());
    goodbye.exchange(1, "item_greeting", 200_000);
    goodbye.tool_call("resp_1", "call_1", END_CALL);
    goodbye.done("resp_1", ResponseStatus::Completed);
    goodbye.input(drain());
    assert_eq!(
        ended(&mut goodbye),
        (EndReason::AgentHangUp, 1000),
        "a call that said goodbye does not go on elsewhere"
    );
    assert_eq!(goodbye.hang_ups(), 1);
}

/// Fault 63. There is no conversation yet that could be disturbed, and the caller is waiting.
#[test]
fn a_call_that_has_no_model_yet_leaves_at_once() {
    type Opening = fn(&mut Sim);
    let openings: [Opening; 4] = [
        |_| {},
        |sim| drop(sim.input(start())),
        |sim| {
            sim.input(start());
            sim.frames_for(ms(100));
            sim.input(Input::Claimed(Box::new(plan())));
        },
        |sim| {
            sim.input(start());
            sim.input(Input::Claimed(Box::new(plan())));
            sim.input(Input::ConnectFailed(ModelLoss::Transient));
        },
    ];
    for (n, open) in openings.into_iter().enumerate() {
        let mut sim = Sim::new();
        open(&mut sim);
        assert!(!sim.session.is_closed(), "opening {n}");
        let outputs = sim.input(drain());
        let [Output::Close(close)] = actions(&outputs)[..] else { panic!("opening {n}: {outputs:?}") };
        assert_eq!((close.reason, close.code), (EndReason::Drained, 1001), "opening {n}");
        assert_eq!(sim.session.poll_timeout(), None, "opening {n}");
    }
}
