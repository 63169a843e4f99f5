//! From the socket to the greeting.

use std::time::Duration;

use domain::turn::EndReason;
use domain::{CallSid, Secret};
use session::input::{ClaimRefusal, ModelLoss, ResponseReason, Role};
use session::output::{Audio, Event};
use session::{Input, Output, Phase};

use crate::fixtures::{ms, plan, ready, secs, start};
use crate::sim::{Sim, actions, requests};

#[test]
fn a_call_is_claimed_connected_and_greeted_in_this_order() {
    let mut sim = Sim::new();
    let outputs = sim.input(start());
    assert!(matches!(&outputs[..], [Output::Claim { token, .. }] if *token == Secret::new("1.token")));
    let outputs = sim.input(Input::Claimed(Box::new(plan())));
    assert!(matches!(actions(&outputs)[..], [Output::ConnectModel]));
    let outputs = sim.input(ready());
    assert_eq!(requests(&outputs), [ResponseReason::Greeting]);
    assert!(matches!(outputs.first(), Some(Output::UseModel)));
    let Some(Output::ToModel(session::output::ModelCommand::CreateResponse { instructions, .. })) =
        actions(&outputs).get(1).copied()
    else {
        panic!("the greeting comes first: {outputs:?}")
    };
    let instructions = instructions.as_deref().unwrap();
    assert!(instructions.contains("You are Robin."), "they replace the session's, so they carry the role");
    assert!(instructions.contains("Harbour Bicycle Workshop, good morning."));
}

/// Historic failures 1 and 2.
#[test]
fn nothing_is_said_before_the_model_confirmed_its_configuration() {
    let mut sim = Sim::new();
    sim.input(start());
    sim.input(Input::Claimed(Box::new(plan())));
    sim.frames_for(secs(3));
    sim.created("early", None);
    sim.speech("early", "item_early", 200);
    assert!(!sim.outputs().any(|output| matches!(
        output,
        Output::AudioToModel(_) | Output::ToModel(_) | Output::AudioToCaller
    )));
}

#[test]
fn the_caller_s_first_words_reach_the_model_in_order_and_before_what_follows() {
    let mut sim = Sim::new();
    sim.input(start());
    sim.frames_for(ms(100));
    sim.input(Input::Claimed(Box::new(plan())));
    sim.frames_for(ms(100));
    sim.frame_at(520);
    let flushed = sim.input(ready());
    let audio: Vec<_> = flushed
        .iter()
        .filter_map(|output| match output {
            Output::AudioToModel(audio) => Some(audio),
            _ => None,
        })
        .collect();
    assert_eq!(audio.len(), 12);
    assert!(matches!(audio[10], Audio::Silence(gap) if *gap == ms(300)));
    assert!(audio.iter().enumerate().all(|(n, audio)| n == 10 || matches!(audio, Audio::Kept(_))));
    assert!(matches!(&sim.frame()[..], [Output::AudioToModel(Audio::Current)]));
}

/// Fault 57.
#[test]
fn while_the_model_connects_all_that_the_caller_says_is_kept() {
    let mut sim = Sim::new();
    sim.input(start());
    sim.input(Input::Claimed(Box::new(plan())));
    sim.frames_for(ms(2_400));
    let flushed = sim.input(ready());
    let kept = flushed.iter().filter(|o| matches!(o, Output::AudioToModel(Audio::Kept(_)))).count();
    assert_eq!(kept, 120);
    sim.input(Input::CallerStopped);
    let figures = &sim.close().unwrap().figures;
    assert_eq!((figures.frames_in, figures.frames_forwarded, figures.frames_dropped), (120, 120, 0));
}

/// Fault 48.
#[test]
fn a_stream_that_never_starts_or_starts_twice_breaks_the_protocol() {
    let mut never = Sim::new();
    never.frame();
    let close = never.run_to_close();
    assert_eq!((close.reason, close.code, close.figures.frames_dropped), (EndReason::Protocol, 1008, 1));
    assert_eq!(never.now - never.start, secs(5));

    let mut twice = Sim::new();
    twice.input(start());
    twice.input(start());
    assert_eq!(twice.close().unwrap().code, 1008);

    let mut late = Sim::greeted(plan());
    late.input(start());
    assert_eq!(late.close().unwrap().code, 1008);
}

/// Fault 56.
#[test]
fn a_stream_without_a_good_token_never_reaches_the_model() {
    for refused in [Input::ClaimRefused(ClaimRefusal::NotYours), {
        let mut other = plan();
        other.call = CallSid::parse(&format!("CA{}", "3".repeat(32))).unwrap();
        Input::Claimed(Box::new(other))
    }] {
        let mut sim = Sim::new();
        sim.input(start());
        sim.input(refused);
        let close = sim.close().unwrap();
        assert_eq!((close.reason, close.code), (EndReason::Unauthorised, 1008));
        assert!(!sim.outputs().any(|output| matches!(output, Output::ConnectModel)));
    }
}

#[test]
fn a_store_that_does_not_answer_ends_the_wait() {
    let mut silent = Sim::new();
    silent.input(start());
    let close = silent.run_to_close();
    assert_eq!((close.reason, close.code), (EndReason::Internal, 1011));
    assert_eq!(silent.now - silent.start, ms(1_500));

    let mut down = Sim::new();
    down.input(start());
    down.input(Input::ClaimRefused(ClaimRefusal::Unavailable));
    assert_eq!(down.close().unwrap().reason, EndReason::Internal);
}

/// Fault 57.
#[test]
fn a_model_that_cannot_be_had_hands_the_call_back() {
    let mut late = Sim::new();
    late.input(start());
    late.input(Input::Claimed(Box::new(plan())));
    let close = late.run_to_close();
    assert_eq!((close.reason, close.code), (EndReason::ModelLost, 1011));
    assert_eq!(late.now - late.start, ms(2_500), "three seconds of silence are the most there may be");

    let mut claimed_late = Sim::new();
    claimed_late.input(start());
    claimed_late.advance(ms(1_400));
    claimed_late.input(Input::Claimed(Box::new(plan())));
    claimed_late.advance(ms(1_090));
    claimed_late.input(ready());
    assert_eq!(claimed_late.requests(), [ResponseReason::Greeting], "one attempt there is always time for");

    let mut refused = Sim::new();
    refused.input(start());
    refused.input(Input::Claimed(Box::new(plan())));
    refused.input(Input::ConnectFailed(ModelLoss::Fatal));
    assert_eq!(refused.close().unwrap().code, 1011);
}

/// Fault 64. Historic failure 3.
#[test]
fn a_caller_who_speaks_first_is_still_greeted_once() {
    let mut sim = Sim::live(plan());
    sim.caller_begins("hello");
    sim.advance(ms(600));
    sim.caller_ends("hello");
    sim.created("greeting", Some(ResponseReason::Greeting));
    sim.caller_begins("hello again");
    sim.input(ready());
    sim.speech("greeting", "item_greeting", 2_000);
    sim.caller_ends("hello again");
    sim.done("greeting", session::input::ResponseStatus::Completed);
    sim.advance(secs(9));
    assert_eq!(sim.requests(), [ResponseReason::Greeting]);
    assert!(!sim.outputs().any(|output| matches!(output, Output::ClearCaller)));
}

/// Fault 64.
#[test]
fn a_call_that_was_greeted_in_an_earlier_epoch_is_not_greeted_again() {
    let mut resumed = plan();
    resumed.greeting = None;
    resumed.epoch = domain::Epoch(2);
    let sim = Sim::live(resumed);
    assert_eq!(sim.requests(), [ResponseReason::Recovery], "but not met with silence either");

    let mut silent = plan();
    silent.greeting = None;
    let mut sim = Sim::live(silent);
    sim.advance(secs(9));
    assert!(sim.requests().is_empty(), "a business may let the caller begin");
    sim.advance(secs(1));
    assert_eq!(sim.requests(), [ResponseReason::SilencePrompt]);
}

#[test]
fn the_figures_of_the_greeting_count_from_the_start_of_the_stream() {
    let mut sim = Sim::new();
    sim.advance(secs(1));
    sim.input(start());
    sim.advance(ms(30));
    sim.input(Input::Claimed(Box::new(plan())));
    sim.advance(ms(70));
    sim.input(ready());
    sim.advance(ms(400));
    sim.created("greeting", Some(ResponseReason::Greeting));
    sim.added("item_greeting", None, Role::Agent);
    sim.speech("greeting", "item_greeting", 400);
    assert!(sim.has_event(&Event::GreetingStarted { after_start: ms(500) }));
    sim.input(Input::CallerStopped);
    let figures = &sim.close().unwrap().figures;
    assert_eq!(figures.greeting_requested, Some(ms(100)));
    assert_eq!(figures.greeting_heard, Some(ms(500)));
}

#[test]
fn a_line_that_goes_silent_for_half_a_minute_is_dead() {
    let mut sim = Sim::greeted(plan());
    sim.line_is_alive = false;
    sim.caller_begins("endless");
    sim.frames_for(secs(1));
    sim.advance(secs(29));
    assert_eq!(sim.session.phase(), Phase::Live);
    sim.advance(secs(1));
    let close = sim.close().unwrap();
    assert_eq!((close.reason, close.code), (EndReason::CallerLost, 1001));
}

/// Cases C16 and B23: a caller on hold sends nothing, and the other end answers every ping.
#[test]
fn a_line_on_hold_that_answers_pings_is_not_lost() {
    let mut held = plan();
    held.conversation.silence_prompt_after = secs(3_000);
    let mut sim = Sim::greeted(held);
    sim.line_is_alive = false;
    sim.frames_for(secs(1));
    for _ in 0..30 {
        sim.advance(secs(10));
        assert!(sim.input(Input::CallerAlive).is_empty(), "that it lives says nothing");
    }
    assert_eq!(sim.session.phase(), Phase::Live);
    let outputs = sim.frame_at(4_000_000);
    let silence: Duration = outputs
        .iter()
        .filter_map(|output| match output {
            Output::AudioToModel(Audio::Silence(gap)) => Some(*gap),
            _ => None,
        })
        .sum();
    assert_eq!(silence, secs(10), "what the model needs to see a turn end, and not the five minutes");
    assert!(matches!(outputs.last(), Some(Output::AudioToModel(Audio::Current))));
    sim.advance(secs(30));
    assert_eq!(sim.close().map(|close| close.reason), Some(EndReason::CallerLost), "and then it is dead");
}

/// Case C16. A line that was put on hold before the model was there.
#[test]
fn a_line_on_hold_is_waited_for_while_the_model_connects_and_no_longer() {
    let mut sim = Sim::new();
    sim.input(start());
    sim.input(Input::Claimed(Box::new(plan())));
    sim.advance(secs(2));
    sim.input(Input::CallerAlive);
    let close = sim.run_to_close();
    assert_eq!((close.reason, sim.now - sim.start), (EndReason::ModelLost, ms(2_500)));

    let mut unknown = Sim::new();
    unknown.advance(secs(4));
    unknown.input(Input::CallerAlive);
    assert_eq!(unknown.run_to_close().reason, EndReason::Protocol);
    assert_eq!(unknown.now - unknown.start, secs(5), "a stranger does not stay by answering pings");
}

/// Fault 52.
#[test]
fn a_flood_of_audio_ends_the_stream() {
    let mut sim = Sim::greeted(plan());
    for _ in 0..2_000 {
        sim.frame();
    }
    let close = sim.close().unwrap();
    assert_eq!((close.reason, close.code), (EndReason::Protocol, 1008));
    assert_eq!(close.figures.frames_in, close.figures.frames_forwarded + close.figures.frames_dropped);
}

/// Fault 54.
#[test]
fn a_pause_of_the_line_in_mid_speech_lets_the_turn_end() {
    let mut sim = Sim::greeted(plan());
    sim.frames_for(ms(100));
    sim.caller_begins("caller_1");
    sim.frames_for(ms(100));
    let outputs = sim.advance(secs(5));
    let silences = outputs.iter().filter(|o| matches!(o, Output::AudioToModel(Audio::Silence(_)))).count();
    assert_eq!(silences, 1, "once, and not for ever: {outputs:?}");
    let frame = sim.frame_at(5_220);
    assert!(
        matches!(&frame[..], [Output::AudioToModel(Audio::Silence(gap)), Output::AudioToModel(Audio::Current)] if *gap == ms(4_000))
    );
}

#[test]
fn nothing_is_taken_while_outputs_are_still_to_be_polled() {
    let mut sim = Sim::new();
    let now = sim.now;
    sim.session.handle_input(now, start()).unwrap();
    assert_eq!(sim.session.handle_input(now, Input::CallerStopped), Err(session::Unpolled));
    assert_eq!(sim.session.handle_timeout(now + secs(60)), Err(session::Unpolled));
    assert_eq!(sim.session.phase(), Phase::Connecting, "neither was taken");
    assert!(
        matches!(sim.session.poll_output(), Some(Output::Claim { .. }))
            && sim.session.poll_output().is_none()
    );
    sim.session.handle_input(now, Input::CallerStopped).unwrap();
    while sim.session.poll_output().is_some() {}
    assert!(sim.session.is_closed());
}

#[test]
fn audio_that_was_kept_is_an_output_like_any_other() {
    let mut sim = Sim::new();
    sim.input(start());
    sim.input(Input::Claimed(Box::new(plan())));
    sim.frame();
    sim.session.handle_input(sim.now, ready()).unwrap();
    let mut kept = false;
    while let Some(output) = sim.session.poll_output() {
        kept |= matches!(output, Output::AudioToModel(_));
        assert!(kept || sim.session.handle_input(sim.now, Input::CallerAlive).is_err(), "after {output:?}");
    }
    assert!(kept);
    sim.session.handle_input(sim.now, Input::CallerAlive).unwrap();
}
