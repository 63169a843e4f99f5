//! The ends of a call: goodbye first, one hang-up, one close.

use domain::turn::EndReason;
use session::input::{ModelEvent, ModelLoss, ResponseReason, ResponseStatus, Role};
use session::output::{Event, ModelCommand};
use session::{END_CALL, Input, Output, Phase};

use crate::fixtures::{drain, ms, plan, secs};
use crate::sim::{Sim, actions, requests};

fn ended(sim: &mut Sim) -> (EndReason, u16) {
    let close = sim.run_to_close();
    (close.reason, close.code)
}

/// Fault 64. Historic failure 11.
#[test]
fn the_goodbye_that_came_with_end_call_is_heard_before_the_line_is_cut() {
    let mut sim = Sim::greeted(plan());
    sim.exchange(1, "item_greeting", 2_000);
    let outputs = sim.tool_call("resp_1", "call_1", END_CALL);
    assert!(matches!(actions(&outputs)[..], [Output::ToModel(ModelCommand::ToolOutput { .. })]));
    sim.done("resp_1", ResponseStatus::Completed);
    sim.advance(ms(1_999));
    assert_eq!(sim.hang_ups(), 0);
    let outputs = sim.advance(ms(1));
    assert!(outputs.iter().any(|output| matches!(output, Output::HangUp)));
    assert!(sim.has_event(&Event::HangUpRequested { reason: EndReason::AgentHangUp }));
    assert_eq!(sim.requests(), [ResponseReason::Greeting], "there was no need to ask for a goodbye");
    sim.input(Input::HungUp { ok: true });
    sim.input(Input::CallerStopped);
    assert_eq!(ended(&mut sim), (EndReason::AgentHangUp, 1000));
}

/// Historic failure 12.
#[test]
fn the_order_of_the_last_events_does_not_matter() {
    for done_first in [true, false] {
        let mut sim = Sim::greeted(plan());
        sim.exchange(1, "item_greeting", 400);
        if done_first {
            sim.done("resp_1", ResponseStatus::Completed);
            sim.tool_call("resp_1", "call_1", END_CALL);
            // It came too late to say which words were the goodbye, so one is asked for.
            sim.created("bye", Some(ResponseReason::Goodbye));
            sim.speech("bye", "item_bye", 400);
            sim.done("bye", ResponseStatus::Completed);
        } else {
            sim.tool_call("resp_1", "call_1", END_CALL);
            sim.advance(ms(400));
            sim.done("resp_1", ResponseStatus::Completed);
        }
        sim.advance(secs(1));
        assert_eq!(sim.hang_ups(), 1);
    }
}

#[test]
fn end_call_without_a_word_gets_a_goodbye_first() {
    let mut sim = Sim::greeted(plan());
    sim.created("resp_1", None);
    sim.tool_call("resp_1", "call_1", END_CALL);
    let outputs = sim.done("resp_1", ResponseStatus::Completed);
    assert_eq!(requests(&outputs), [ResponseReason::Goodbye]);
    sim.created("bye", Some(ResponseReason::Goodbye));
    sim.speech("bye", "item_bye", 1_000);
    sim.done("bye", ResponseStatus::Completed);
    sim.advance(ms(999));
    assert_eq!(sim.hang_ups(), 0);
    sim.advance(ms(1));
    assert_eq!(sim.hang_ups(), 1);
}

/// Historic failure 11.
#[test]
fn words_that_were_cut_short_are_not_a_goodbye() {
    let mut sim = Sim::greeted(plan());
    sim.exchange(1, "item_greeting", 400);
    sim.tool_call("resp_1", "call_1", END_CALL);
    let outputs = sim.done("resp_1", ResponseStatus::IncompleteMaxTokens);
    assert_eq!(requests(&outputs), [ResponseReason::Goodbye]);
}

/// Historic failure 34.
#[test]
fn a_goodbye_that_never_comes_or_whose_mark_is_lost_does_not_keep_the_call() {
    let mut never = Sim::greeted(plan());
    never.created("resp_1", None);
    never.tool_call("resp_1", "call_1", END_CALL);
    never.done("resp_1", ResponseStatus::Completed);
    never.advance(secs(10));
    assert_eq!(never.hang_ups(), 1);

    let mut stuck = Sim::greeted(plan());
    stuck.created("resp_1", None);
    stuck.tool_call("resp_1", "call_1", END_CALL);
    stuck.done("resp_1", ResponseStatus::Completed);
    stuck.created("bye", Some(ResponseReason::Goodbye));
    stuck.advance(secs(10));
    assert_eq!(stuck.hang_ups(), 1);

    let mut lost = Sim::greeted(plan());
    lost.marks_return = false;
    lost.exchange(1, "item_greeting", 2_000);
    lost.tool_call("resp_1", "call_1", END_CALL);
    lost.done("resp_1", ResponseStatus::Completed);
    lost.advance(secs(12));
    assert_eq!(lost.hang_ups(), 1);
}

#[test]
fn a_caller_who_goes_on_keeps_the_call() {
    let mut sim = Sim::greeted(plan());
    sim.exchange(1, "item_greeting", 2_000);
    sim.tool_call("resp_1", "call_1", END_CALL);
    sim.done("resp_1", ResponseStatus::Completed);
    sim.advance(ms(500));
    assert!(actions(&sim.caller_begins("wait")).is_empty(), "it may be the caller's own goodbye");
    let clears = |outputs: &[Output]| outputs.iter().any(|output| matches!(output, Output::ClearCaller));
    assert!(!clears(&sim.advance(ms(1_199))));
    let outputs = sim.advance(ms(1));
    assert!(clears(&outputs));
    assert!(
        outputs.iter().any(|output| matches!(output, Output::ToModel(ModelCommand::SystemText { .. }))),
        "the model must know that the call goes on"
    );
    sim.caller_ends("wait");
    sim.created("resp_2", None);
    sim.speech("resp_2", "agent_2", 1_000);
    sim.done("resp_2", ResponseStatus::Completed);
    sim.advance(secs(9));
    assert_eq!((sim.hang_ups(), sim.session.phase()), (0, Phase::Live));
    sim.created("resp_3", None);
    sim.speech("resp_3", "agent_3", 400);
    sim.tool_call("resp_3", "call_3", END_CALL);
    sim.done("resp_3", ResponseStatus::Completed);
    sim.advance(secs(1));
    assert_eq!(sim.hang_ups(), 1, "it can still end later");
}

#[test]
fn a_goodbye_that_was_asked_for_is_withdrawn_when_the_caller_goes_on() {
    let mut sim = Sim::greeted(plan());
    sim.created("resp_1", None);
    sim.tool_call("resp_1", "call_1", END_CALL);
    sim.done("resp_1", ResponseStatus::Completed);
    sim.caller_begins("wait");
    let outputs = sim.created("bye", Some(ResponseReason::Goodbye));
    assert!(matches!(actions(&outputs)[..], [Output::ToModel(ModelCommand::CancelResponse { .. })]));
    sim.done("bye", ResponseStatus::Cancelled);
    sim.caller_ends("wait");
    sim.created("resp_2", None);
    sim.speech("resp_2", "agent_2", 400);
    sim.done("resp_2", ResponseStatus::Completed);
    sim.advance(secs(5));
    assert_eq!(sim.hang_ups(), 0);
}

#[test]
fn the_last_half_minute_belongs_to_a_goodbye_that_the_caller_cannot_stop() {
    let mut short = plan();
    short.conversation.max_call = secs(60);
    let mut sim = Sim::greeted(short);
    sim.advance(secs(6));
    // The caller talks without end.
    sim.caller_begins("talker");
    sim.frames_for(secs(22));
    assert_eq!(sim.requests().last(), Some(&ResponseReason::Goodbye));
    sim.created("bye", Some(ResponseReason::Goodbye));
    sim.speech("bye", "item_bye", 2_000);
    assert!(actions(&sim.caller_begins("talker 2")).is_empty());
    sim.done("bye", ResponseStatus::Completed);
    sim.advance(secs(2));
    assert_eq!(sim.hang_ups(), 1);
    assert_eq!(sim.session.phase(), Phase::Closing(EndReason::MaxDuration));
}

#[test]
fn no_call_outlasts_its_maximum_duration() {
    let mut short = plan();
    short.conversation.max_call = secs(60);
    let mut sim = Sim::greeted(short);
    sim.exchange(1, "item_greeting", 280_000);
    let until = sim.start + secs(60) - sim.now;
    sim.advance(until - ms(1));
    assert_eq!(sim.hang_ups(), 0);
    sim.advance(ms(1));
    assert_eq!(sim.hang_ups(), 1);
    assert_eq!(ended(&mut sim), (EndReason::MaxDuration, 1000));
}

/// Fault 64.
#[test]
fn however_many_reasons_there_are_the_call_is_hung_up_once() {
    let mut short = plan();
    short.conversation.max_call = secs(60);
    let mut sim = Sim::greeted(short);
    sim.advance(secs(25));
    sim.created("resp_1", None);
    sim.speech("resp_1", "agent_1", 400);
    sim.tool_call("resp_1", "call_1", END_CALL);
    sim.tool_call("resp_1", "call_2", END_CALL);
    sim.done("resp_1", ResponseStatus::Completed);
    sim.input(drain());
    sim.advance(secs(1));
    sim.tool_call("resp_2", "call_3", END_CALL);
    sim.input(Input::HungUp { ok: true });
    sim.run_to_close();
    assert_eq!(sim.hang_ups(), 1);
}

#[test]
fn a_stop_that_does_not_follow_the_hang_up_is_waited_for_five_seconds() {
    for (answer, wait) in [(Some(true), secs(5)), (None, secs(5)), (Some(false), secs(0))] {
        let mut sim = Sim::greeted(plan());
        sim.exchange(1, "item_greeting", 400);
        sim.tool_call("resp_1", "call_1", END_CALL);
        sim.done("resp_1", ResponseStatus::Completed);
        sim.advance(ms(400));
        let hung_up = sim.now;
        if let Some(ok) = answer {
            sim.input(Input::HungUp { ok });
        }
        assert_eq!(ended(&mut sim), (EndReason::AgentHangUp, 1000));
        assert_eq!(sim.now - hung_up, wait);
        assert_eq!(sim.hang_ups(), 1, "a failed hang-up is not repeated");
    }
}

#[test]
fn a_call_that_the_caller_ends_during_the_goodbye_was_ended_by_the_caller() {
    let mut sim = Sim::greeted(plan());
    sim.exchange(1, "item_greeting", 2_000);
    sim.tool_call("resp_1", "call_1", END_CALL);
    sim.advance(secs(1));
    sim.input(Input::CallerStopped);
    assert_eq!(ended(&mut sim), (EndReason::CallerHangUp, 1000));
    assert_eq!(sim.hang_ups(), 0);
}

/// Fault 58.
#[test]
fn a_model_lost_for_good_hands_the_call_back_at_once_with_all_turns() {
    let mut sim = Sim::greeted(plan());
    sim.exchange(1, "item_greeting", 2_000);
    sim.advance(secs(1));
    sim.input(Input::ModelGone(ModelLoss::Fatal));
    assert!(sim.session.is_closed() && sim.has_event(&Event::ModelLost));
    assert_eq!(ended(&mut sim), (EndReason::ModelLost, 1011));
    assert_eq!(sim.turns().len(), 3);
}

/// Fault 63: a session whose call has gone on without it says nothing more, hangs up nothing, and asks for nothing.
#[test]
fn a_session_that_was_superseded_stops_in_mid_sentence() {
    let mut speaking = Sim::greeted(plan());
    speaking.exchange(1, "item_greeting", 20_000);
    let mut goodbye = Sim::greeted(plan());
    goodbye.exchange(1, "item_greeting", 400);
    goodbye.tool_call("resp_1", "call_1", END_CALL);
    let mut hanging_up = Sim::greeted(plan());
    hanging_up.exchange(1, "item_greeting", 400);
    hanging_up.tool_call("resp_1", "call_1", END_CALL);
    hanging_up.done("resp_1", ResponseStatus::Completed);
    hanging_up.advance(ms(400));
    for (mut sim, hang_ups) in [(Sim::new(), 0), (speaking, 0), (goodbye, 0), (hanging_up, 1)] {
        sim.input(Input::Superseded);
        assert!(sim.session.is_closed());
        assert_eq!(ended(&mut sim), (EndReason::Superseded, 1008));
        assert_eq!(sim.hang_ups(), hang_ups, "none but the one that was refused");
    }
}

#[test]
fn a_model_that_is_gone_has_no_words_to_wait_for() {
    let mut sim = Sim::greeted(plan());
    sim.added("caller_1", Some("item_greeting"), Role::Caller);
    sim.created("resp_1", None);
    sim.added("agent_1", Some("caller_1"), Role::Agent);
    sim.speech("resp_1", "agent_1", 400);
    sim.tool_call("resp_1", "call_1", END_CALL);
    sim.done("resp_1", ResponseStatus::Completed);
    sim.advance(ms(400));
    sim.input(Input::ModelGone(ModelLoss::Transient));
    assert!(!sim.session.is_closed(), "Twilio has yet to stop the stream");
    sim.input(Input::CallerStopped);
    assert!(sim.session.is_closed());
}

#[test]
fn nothing_is_played_or_asked_for_after_the_hang_up() {
    let mut sim = Sim::greeted(plan());
    sim.exchange(1, "item_greeting", 400);
    sim.tool_call("resp_1", "call_1", END_CALL);
    sim.done("resp_1", ResponseStatus::Completed);
    sim.advance(ms(400));
    for outputs in [
        sim.created("resp_2", None),
        sim.speech("resp_2", "agent_2", 400),
        sim.tool_call("resp_2", "call_2", "book"),
        sim.caller_begins("caller_2"),
        sim.frame(),
        sim.input(Input::Dtmf('1')),
        sim.input(Input::ModelGone(ModelLoss::Transient)),
    ] {
        assert!(outputs.is_empty(), "{outputs:?}");
    }
}

#[test]
fn the_agent_s_words_are_complete_even_if_the_call_ends_before_they_are() {
    let mut sim = Sim::greeted(plan());
    sim.created("resp_1", None);
    sim.added("agent_1", Some("item_greeting"), Role::Agent);
    sim.speech("resp_1", "agent_1", 400);
    for piece in ["We are ", "open until ", "six."] {
        sim.model(ModelEvent::AgentTranscriptDelta { response: "resp_1", item: "agent_1", text: piece });
    }
    sim.input(Input::CallerGone);
    assert_eq!(sim.turns()[1].text, "We are open until six.");
}
