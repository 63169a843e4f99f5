//! Lines that are not silent and have no person on them, and the end of the time a call may take.

use domain::turn::EndReason;
use session::input::{ModelEvent, ResponseReason, ResponseStatus, Role};
use session::{Input, Phase};

use crate::fixtures::{plan, secs};
use crate::sim::{Sim, requests};

/// The line makes a sound of five seconds, transcribed as `words`, and the model answers it.
fn sound(sim: &mut Sim, number: u32, words: &str) {
    let (asked, answer, response) = (format!("c{number}"), format!("a{number}"), format!("r{number}"));
    sim.caller_begins(&asked);
    sim.advance(secs(5));
    sim.caller_ends(&asked);
    sim.added(&asked, None, Role::Caller);
    sim.created(&response, None);
    sim.added(&answer, Some(&asked), Role::Agent);
    sim.speech(&response, &answer, 1_000);
    sim.agent_text(&response, &answer, "Are you still there?");
    sim.done(&response, ResponseStatus::Completed);
    sim.model(ModelEvent::CallerTranscript { item: &asked, text: words });
    sim.advance(secs(2));
}

fn sounds_until_goodbye(mut words: impl FnMut(u32) -> String) -> u32 {
    let mut sim = Sim::greeted(plan());
    for number in 0..100 {
        sound(&mut sim, number, &words(number));
        if sim.requests().contains(&ResponseReason::Goodbye) {
            return number;
        }
    }
    100
}

/// Historic failure 13.
#[test]
fn hold_music_is_left_with_a_goodbye_however_often_it_is_answered() {
    let sounds = sounds_until_goodbye(|_| " … ".to_owned());
    // The first sound ends after 5 s, and 120 s of such sounds at 7 s each are 17.
    assert_eq!(sounds, 17);
}

/// Historic failure 13.
#[test]
fn a_machine_that_says_the_same_again_and_again_is_left() {
    let menu = |_| "For opening hours, press one.".to_owned();
    assert_eq!(sounds_until_goodbye(menu), 3, "four times the same");
}

#[test]
fn a_person_may_say_yes_as_often_as_they_like() {
    assert_eq!(sounds_until_goodbye(|_| "Yes.".to_owned()), 100);
}

#[test]
fn one_understood_word_in_a_noisy_line_keeps_the_call() {
    let words = |number| if number % 10 == 9 { format!("Number {number}.") } else { String::new() };
    assert_eq!(sounds_until_goodbye(words), 100);
}

#[test]
fn a_transcription_that_fails_ends_no_call() {
    let mut sim = Sim::greeted(plan());
    for number in 0..100 {
        let item = format!("c{number}");
        sim.caller_begins(&item);
        sim.advance(secs(2));
        sim.caller_ends(&item);
        sim.created(&format!("r{number}"), None);
        sim.speech(&format!("r{number}"), &format!("a{number}"), 1_000);
        sim.done(&format!("r{number}"), ResponseStatus::Completed);
        sim.model(ModelEvent::CallerTranscriptFailed { item: &item });
        sim.advance(secs(2));
    }
    assert_eq!(sim.session.phase(), Phase::Live);
}

#[test]
fn the_caller_is_told_a_minute_before_the_call_has_to_end() {
    let mut plan = plan();
    plan.conversation.max_call = secs(10 * 60);
    plan.conversation.silence_prompt_after = secs(3_600);
    let mut sim = Sim::greeted(plan);
    assert_eq!(requests(&sim.advance(secs(9 * 60 - 2) - crate::fixtures::ms(1))), []);
    assert_eq!(requests(&sim.advance(crate::fixtures::ms(1))), [ResponseReason::Warning]);
    sim.created("warning", Some(ResponseReason::Warning));
    sim.speech("warning", "item_warning", 2_000);
    sim.done("warning", ResponseStatus::Completed);
    assert_eq!(requests(&sim.advance(secs(30))), [ResponseReason::Goodbye], "the last words");
    sim.created("bye", Some(ResponseReason::Goodbye));
    sim.speech("bye", "item_bye", 1_000);
    sim.done("bye", ResponseStatus::Completed);
    sim.advance(secs(1));
    sim.input(Input::CallerStopped);
    assert_eq!(sim.run_to_close().reason, EndReason::MaxDuration);
}

#[test]
fn the_warning_waits_for_the_caller_and_survives_the_answer() {
    let mut plan = plan();
    plan.conversation.max_call = secs(10 * 60);
    plan.conversation.silence_prompt_after = secs(3_600);
    let mut sim = Sim::greeted(plan);
    sim.advance(secs(9 * 60 - 10));
    sim.caller_begins("caller_1");
    assert_eq!(requests(&sim.advance(secs(12))), [], "the caller is speaking");
    sim.caller_ends("caller_1");
    sim.created("resp_1", None);
    sim.speech("resp_1", "agent_1", 1_000);
    assert_eq!(requests(&sim.done("resp_1", ResponseStatus::Completed)), [ResponseReason::Warning]);
}

#[test]
fn a_short_call_is_not_warned() {
    let mut plan = plan();
    plan.conversation.max_call = secs(90);
    plan.conversation.silence_prompt_after = secs(3_600);
    let mut sim = Sim::greeted(plan);
    sim.advance(secs(120));
    assert!(!sim.requests().contains(&ResponseReason::Warning));
}
