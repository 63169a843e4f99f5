//! The model is lost in mid-call, and the call goes on.

use domain::Speaker;
use domain::plan::HistoryItem;
use domain::turn::{EndReason, TurnState};
use session::input::{ModelEvent, ModelLoss, ResponseReason, ResponseStatus, Role};
use session::output::{Audio, Event, ModelCommand, Past};
use session::{END_CALL, Input, Output, Phase};

use crate::fixtures::{ms, plan, ready, secs, start};
use crate::sim::{Sim, requests, truncates};

fn lose(sim: &mut Sim) -> Vec<Output> {
    sim.input(Input::ModelGone(ModelLoss::Transient))
}

fn connects(outputs: &[Output]) -> usize {
    outputs.iter().filter(|output| matches!(output, Output::ConnectModel)).count()
}

/// What a new leg was told, in one line a piece.
fn replayed(outputs: &[Output]) -> Vec<String> {
    let piece = |output: &Output| match output {
        Output::ToModel(ModelCommand::Replay { piece, .. }) => Some(match piece {
            Past::Said { speaker: Speaker::Caller, text } => format!("caller: {text}"),
            Past::Said { speaker: Speaker::Agent, text } => format!("agent: {text}"),
            Past::ToolCall { call_id, name, .. } => format!("call {call_id}: {name}"),
            Past::ToolOutput { call_id, output } => format!("output {call_id}: {output}"),
            Past::Note { text } => format!("note: {text}"),
        }),
        _ => None,
    };
    outputs.iter().filter_map(piece).collect()
}

fn instructions(outputs: &[Output]) -> &str {
    let text = outputs.iter().find_map(|output| match output {
        Output::ToModel(ModelCommand::CreateResponse { instructions, .. }) => instructions.as_deref(),
        _ => None,
    });
    text.expect("a response was asked for, with instructions")
}

/// Fault 58.
#[test]
fn an_answer_cut_off_in_the_middle_is_gone_on_with() {
    let mut sim = Sim::greeted(plan());
    sim.exchange(1, "item_greeting", 2_000);
    sim.advance(ms(500));
    let outputs = lose(&mut sim);
    assert_eq!(connects(&outputs), 1, "at once");
    assert_eq!(sim.session.phase(), Phase::Live);
    sim.advance(ms(300));
    let outputs = sim.input(ready());
    assert!(matches!(outputs.first(), Some(Output::UseModel)));
    assert_eq!(replayed(&outputs), ["agent: Good morning.", "caller: A question?", "agent: An answer."]);
    assert_eq!(requests(&outputs), [ResponseReason::Recovery]);
    assert!(instructions(&outputs).contains("heard \"An answer.\""), "{}", instructions(&outputs));
    sim.advance(secs(2));
    let turn = sim.turns().into_iter().find(|turn| turn.item == "agent_1").unwrap();
    assert_eq!(turn.heard, secs(2), "the line played what it had");
}

/// Fault 58.
#[test]
fn words_cut_off_while_generated_are_recorded_and_replayed_as_heard() {
    let mut sim = Sim::greeted(plan());
    sim.created("resp_1", None);
    sim.added("agent_1", Some("item_greeting"), Role::Agent);
    sim.speech("resp_1", "agent_1", 600);
    sim.model(ModelEvent::AgentTranscriptDelta {
        response: "resp_1",
        item: "agent_1",
        text: "We are open un",
    });
    lose(&mut sim);
    let outputs = sim.input(ready());
    assert_eq!(replayed(&outputs), ["agent: Good morning.", "agent: We are open un"]);
    sim.advance(secs(1));
    let turn = sim.turns().into_iter().find(|turn| turn.item == "agent_1").unwrap();
    assert_eq!((turn.state, turn.heard), (TurnState::Interrupted, ms(600)));
}

/// Fault 58.
#[test]
fn wherever_the_cut_falls_the_caller_gets_an_answer_and_what_was_heard_is_known() {
    for deltas in 0..10 {
        let mut sim = Sim::greeted(plan());
        sim.created("resp_1", None);
        sim.added("agent_1", Some("item_greeting"), Role::Agent);
        for _ in 0..deltas {
            sim.delta("resp_1", "agent_1", 200);
        }
        lose(&mut sim);
        assert_eq!(requests(&sim.input(ready())), [ResponseReason::Recovery], "after {deltas} deltas");
        sim.advance(secs(3));
        sim.input(Input::CallerStopped);
        let figures = &sim.close().unwrap().figures;
        assert_eq!(figures.agent_audio_heard, secs(2) + ms(200) * deltas, "of the greeting and the answer");
        assert_eq!((figures.model_losses, figures.model_rollovers), (1, 0));
    }
}

/// Fault 58.
#[test]
fn an_answer_that_the_caller_broke_off_is_replayed_as_far_as_it_was_heard() {
    let mut sim = Sim::greeted(plan());
    sim.exchange(1, "item_greeting", 2_000);
    sim.agent_text("resp_1", "agent_1", "One two three four.");
    sim.advance(ms(1_000));
    sim.caller_begins("caller_2");
    sim.done("resp_1", ResponseStatus::Cancelled);
    lose(&mut sim);
    let outputs = sim.input(ready());
    assert_eq!(replayed(&outputs), ["agent: Good morning.", "caller: A question?", "agent: One two"]);
    assert!(instructions(&outputs).contains("once more"), "what the caller was saying is lost");
}

/// Fault 58.
#[test]
fn a_loss_while_the_caller_is_owed_nothing_goes_unnoticed() {
    let mut sim = Sim::greeted(plan());
    sim.frames_for(ms(100));
    lose(&mut sim);
    let outputs = sim.frames_for(ms(300));
    assert!(!outputs.iter().any(|output| matches!(output, Output::AudioToModel(_))));
    let outputs = sim.input(ready());
    assert_eq!(requests(&outputs), []);
    let kept = outputs.iter().filter(|o| matches!(o, Output::AudioToModel(Audio::Kept(_)))).count();
    assert_eq!(kept, 15, "the caller may have begun to speak");
    assert!(matches!(&sim.frame()[..], [Output::AudioToModel(Audio::Current)]));
    sim.input(Input::CallerStopped);
    let figures = &sim.close().unwrap().figures;
    assert_eq!((figures.frames_forwarded, figures.frames_dropped), (figures.frames_in, 0));
}

#[test]
fn the_caller_s_audio_comes_before_the_request_for_an_answer_to_it() {
    let mut sim = Sim::greeted(plan());
    sim.caller_begins("caller_1");
    lose(&mut sim);
    sim.frames_for(ms(200));
    let outputs = sim.input(ready());
    let position = |wanted: fn(&Output) -> bool| outputs.iter().rposition(wanted).unwrap();
    let audio = position(|output| matches!(output, Output::AudioToModel(_)));
    let replay = position(|output| matches!(output, Output::ToModel(ModelCommand::Replay { .. })));
    let request = position(|output| matches!(output, Output::ToModel(ModelCommand::CreateResponse { .. })));
    assert!(replay < audio && audio < request, "{outputs:?}");
}

/// Fault 58.
#[test]
fn a_question_whose_answer_was_lost_is_answered_by_the_next_model() {
    let mut sim = Sim::greeted(plan());
    sim.caller_begins("caller_1");
    sim.caller_ends("caller_1");
    sim.added("caller_1", Some("item_greeting"), Role::Caller);
    sim.model(ModelEvent::CallerTranscript { item: "caller_1", text: "Are you open?" });
    sim.created("resp_1", None);
    lose(&mut sim);
    let outputs = sim.input(ready());
    assert_eq!(replayed(&outputs), ["agent: Good morning.", "caller: Are you open?"]);
    assert_eq!(requests(&outputs), [ResponseReason::Recovery]);
    assert!(instructions(&outputs).contains("Answer what the caller said last."));
}

#[test]
fn a_question_whose_words_were_lost_too_is_asked_for_again() {
    let mut sim = Sim::greeted(plan());
    sim.caller_begins("caller_1");
    sim.caller_ends("caller_1");
    sim.added("caller_1", Some("item_greeting"), Role::Caller);
    lose(&mut sim);
    assert!(instructions(&sim.input(ready())).contains("once more"));
}

/// Fault 58. Historic failure 3.
#[test]
fn a_greeting_that_was_not_heard_is_asked_for_again_and_one_that_was_heard_never() {
    let mut unheard = Sim::live(plan());
    unheard.created("greeting", Some(ResponseReason::Greeting));
    lose(&mut unheard);
    assert_eq!(requests(&unheard.input(ready())), [ResponseReason::Greeting]);

    let mut asked = Sim::live(plan());
    lose(&mut asked);
    assert_eq!(requests(&asked.input(ready())), [ResponseReason::Greeting]);

    let mut heard = Sim::live(plan());
    heard.created("greeting", Some(ResponseReason::Greeting));
    heard.added("item_greeting", None, Role::Agent);
    heard.speech("greeting", "item_greeting", 400);
    heard.agent_text("greeting", "item_greeting", "Harbour");
    lose(&mut heard);
    let outputs = heard.input(ready());
    assert_eq!(requests(&outputs), [ResponseReason::Recovery]);
    assert!(instructions(&outputs).contains("do not greet"));
}

/// Fault 58. Fault 62.
#[test]
fn a_tool_that_runs_through_a_loss_runs_once_and_its_output_reaches_the_next_model() {
    let mut late = Sim::greeted(plan());
    late.created("resp_1", None);
    late.tool_call("resp_1", "call_1", "book");
    lose(&mut late);
    let outputs = late.input(ready());
    assert_eq!(replayed(&outputs), ["agent: Good morning.", "call call_1: book"]);
    assert_eq!(requests(&outputs), [], "the output will bring the answer");
    let outputs = late.input(Input::ToolDone { call_id: "call_1", output: "booked".into(), transfer: None });
    assert!(outputs.iter().any(|o| matches!(o, Output::ToModel(ModelCommand::ToolOutput { .. }))));
    assert_eq!(requests(&outputs), [ResponseReason::ToolOutput]);

    let mut early = Sim::greeted(plan());
    early.created("resp_1", None);
    early.tool_call("resp_1", "call_1", "book");
    lose(&mut early);
    early.input(Input::ToolDone { call_id: "call_1", output: "booked".into(), transfer: None });
    let outputs = early.input(ready());
    assert_eq!(replayed(&outputs), ["agent: Good morning.", "call call_1: book", "output call_1: booked"]);
    assert_eq!(requests(&outputs), [ResponseReason::ToolOutput]);
    for sim in [late, early] {
        assert_eq!(sim.outputs().filter(|output| matches!(output, Output::RunTool { .. })).count(), 1);
    }
}

#[test]
fn keys_pressed_without_a_model_reach_the_next_one() {
    let mut sim = Sim::greeted(plan());
    lose(&mut sim);
    sim.input(Input::Dtmf('4'));
    sim.input(Input::Dtmf('#'));
    let outputs = sim.input(ready());
    assert!(replayed(&outputs).last().unwrap().ends_with("telephone: 4"));
    assert_eq!(requests(&outputs), [ResponseReason::Dtmf]);
}

/// Fault 57.
#[test]
fn attempts_are_spaced_out_and_end_when_the_caller_has_waited_long_enough() {
    let mut sim = Sim::greeted(plan());
    let lost_at = sim.now;
    assert_eq!(connects(&lose(&mut sim)), 1);
    for pause in [250, 1_000, 2_000, 2_000, 2_000] {
        sim.input(Input::ConnectFailed(ModelLoss::Transient));
        assert_eq!(connects(&sim.advance(ms(pause - 1))), 0);
        assert_eq!(connects(&sim.advance(ms(1))), 1);
    }
    sim.input(Input::ConnectFailed(ModelLoss::Transient));
    let close = sim.run_to_close();
    assert_eq!((close.reason, close.code), (EndReason::ModelLost, 1011));
    assert!(sim.now - lost_at <= secs(10));
    assert_eq!(sim.hang_ups(), 0, "Twilio asks what next, and another voice apologises");
}

/// Fault 57.
#[test]
fn an_attempt_that_hangs_is_followed_by_another() {
    let mut sim = Sim::greeted(plan());
    lose(&mut sim);
    assert_eq!(connects(&sim.advance(ms(5_249))), 0);
    assert_eq!(connects(&sim.advance(ms(1))), 1);
    sim.input(ready());
    assert!(sim.session.poll_timeout().is_some_and(|(_, name)| name != "model_ready"));
}

/// Fault 57.
#[test]
fn while_another_model_is_sought_the_last_five_seconds_are_kept() {
    let mut sim = Sim::greeted(plan());
    lose(&mut sim);
    sim.frames_for(secs(6));
    let flushed = sim.input(ready());
    let kept = |output: &&Output| matches!(output, Output::AudioToModel(Audio::Kept(_)));
    assert_eq!(flushed.iter().filter(kept).count(), 250);
    sim.input(Input::CallerStopped);
    let figures = &sim.close().unwrap().figures;
    assert_eq!((figures.frames_in, figures.frames_forwarded, figures.frames_dropped), (300, 250, 50));
}

/// Fault 57.
#[test]
fn a_busy_model_is_tried_again_at_the_start_and_a_refused_key_is_not() {
    let mut busy = Sim::new();
    busy.input(start());
    busy.input(Input::Claimed(Box::new(plan())));
    busy.input(Input::ConnectFailed(ModelLoss::Transient));
    assert_eq!(connects(&busy.advance(ms(250))), 1);
    assert_eq!(requests(&busy.input(ready())), [ResponseReason::Greeting]);

    let mut down = Sim::new();
    down.input(start());
    down.input(Input::Claimed(Box::new(plan())));
    for pause in [250, 1_000] {
        down.input(Input::ConnectFailed(ModelLoss::Transient));
        assert_eq!(connects(&down.advance(ms(pause))), 1);
    }
    down.input(Input::ConnectFailed(ModelLoss::Transient));
    assert_eq!(down.close().unwrap().code, 1011, "at once: no other attempt could still be of use");

    let mut refused = Sim::greeted(plan());
    lose(&mut refused);
    refused.input(Input::ConnectFailed(ModelLoss::Fatal));
    assert_eq!(refused.close().unwrap().code, 1011);
}

#[test]
fn a_model_that_is_lost_again_and_again_is_given_up() {
    let mut sim = Sim::greeted(plan());
    for _ in 0..5 {
        lose(&mut sim);
        sim.input(ready());
    }
    assert!(!sim.session.is_closed());
    lose(&mut sim);
    assert_eq!(sim.close().unwrap().reason, EndReason::ModelLost);
}

#[test]
fn a_goodbye_that_was_said_needs_no_other_model() {
    let mut sim = Sim::greeted(plan());
    sim.exchange(1, "item_greeting", 1_000);
    sim.tool_call("resp_1", "call_1", END_CALL);
    sim.done("resp_1", ResponseStatus::Completed);
    assert_eq!(connects(&lose(&mut sim)), 0);
    sim.advance(ms(1_000));
    assert_eq!(sim.hang_ups(), 1);
}

#[test]
fn a_goodbye_that_was_lost_is_said_by_the_next_model() {
    let mut sim = Sim::greeted(plan());
    sim.created("resp_1", None);
    sim.tool_call("resp_1", "call_1", END_CALL);
    sim.done("resp_1", ResponseStatus::Completed);
    sim.created("bye", Some(ResponseReason::Goodbye));
    lose(&mut sim);
    assert_eq!(requests(&sim.input(ready())), [ResponseReason::Goodbye]);
}

#[test]
fn what_is_still_playing_of_a_lost_model_can_be_interrupted_but_not_truncated() {
    let mut sim = Sim::greeted(plan());
    sim.exchange(1, "item_greeting", 5_000);
    sim.done("resp_1", ResponseStatus::Completed);
    lose(&mut sim);
    sim.input(ready());
    sim.advance(secs(1));
    let outputs = sim.caller_begins("caller_2");
    assert!(outputs.iter().any(|output| matches!(output, Output::ClearCaller)));
    assert!(truncates(&outputs).is_empty());
    assert!(outputs.iter().any(|o| matches!(o, Output::ToModel(ModelCommand::SystemText { .. }))));
}

#[test]
fn turns_of_both_models_are_one_conversation_and_what_is_replayed_is_no_turn() {
    let mut sim = Sim::greeted(plan());
    sim.exchange(1, "item_greeting", 1_000);
    sim.done("resp_1", ResponseStatus::Completed);
    lose(&mut sim);
    let mut previous: Option<String> = None;
    for output in sim.input(ready()) {
        if let Output::ToModel(ModelCommand::Replay { item, .. }) = output {
            sim.added(&item, previous.as_deref(), Role::Caller);
            previous = Some(item);
        }
    }
    sim.exchange(2, &previous.unwrap(), 1_000);
    sim.done("resp_2", ResponseStatus::Completed);
    sim.advance(secs(2));
    let items: Vec<_> = sim.turns().iter().map(|turn| turn.item.as_str()).collect();
    assert_eq!(items, ["item_greeting", "caller_1", "agent_1", "caller_2", "agent_2"]);
}

#[test]
fn the_conversation_of_an_earlier_epoch_is_told_before_anything_is_asked() {
    let mut resumed = plan();
    resumed.greeting = None;
    resumed.history = vec![
        HistoryItem::Said { speaker: Speaker::Agent, text: "Good morning.".into() },
        HistoryItem::Tool {
            call_id: "c".into(),
            name: "slots".into(),
            arguments: "{}".into(),
            output: "nine".into(),
        },
        HistoryItem::Said { speaker: Speaker::Caller, text: "Nine, please.".into() },
    ];
    let mut sim = Sim::new();
    sim.input(start());
    sim.input(Input::Claimed(Box::new(resumed)));
    let outputs = sim.input(ready());
    let told = ["agent: Good morning.", "call c: slots", "output c: nine", "caller: Nine, please."];
    assert_eq!(replayed(&outputs), told);
    assert_eq!(requests(&outputs), [ResponseReason::Recovery]);
    assert!(instructions(&outputs).contains("You are Robin."));
    assert!(!sim.has_event(&Event::ModelLost));
    assert!(sim.turns().is_empty());
}

#[test]
fn a_long_conversation_is_told_from_its_end() {
    let mut resumed = plan();
    resumed.greeting = None;
    let said = |n: usize| HistoryItem::Said { speaker: Speaker::Caller, text: format!("{n:0>1000}") };
    resumed.history = (0..40).map(said).collect();
    let mut sim = Sim::new();
    sim.input(start());
    sim.input(Input::Claimed(Box::new(resumed)));
    let told = replayed(&sim.input(ready()));
    assert_eq!(told.len(), 16);
    assert!(told[0].ends_with("24") && told[15].ends_with("39"));
}
