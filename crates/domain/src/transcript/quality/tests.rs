use proptest::prelude::*;

use super::*;
use crate::Timestamp;
use crate::transcript::from_turns;
use crate::transcript::tests::{ANY, call, turn};
use crate::transcript::{Source, TranscriptLine};

const EN: &[&str] = &["en"];

fn words(text: &str, seconds: u64, languages: &[&str], hint: &str) -> Option<Flaw> {
    let languages = languages.iter().map(|code| (*code).to_owned()).collect();
    let expected = Expected { languages, hint: hint.to_owned() };
    flaw_of_words(text, Some(Duration::from_secs(seconds)), &[], &expected)
}

fn heard(speaker: Speaker, seconds: u64, text: &str) -> Heard {
    Heard { speaker: Some(speaker), speech: Some(Duration::from_secs(seconds)), text: text.into() }
}

fn flaw_of_turns(turns: &[Turn]) -> Option<Flaw> {
    super::flaw_of_turns(turns, &ANY)
}

fn spoken(seconds: u64, text: &str) -> Turn {
    Turn { spoken: Duration::from_secs(seconds), ..turn(Speaker::Caller, text) }
}

#[test]
fn an_agent_that_spoke_without_an_answer_is_a_whole_transcript() {
    assert_eq!(flaw_of_turns(&[turn(Speaker::Agent, "Hello.")]), None);
    assert_eq!(flaw_of_turns(&[]), Some(Flaw::Empty));
    assert_eq!(flaw_of_turns(&[turn(Speaker::Caller, "")]), Some(Flaw::Empty));
}

#[test]
fn what_counts_is_how_much_of_the_callers_speech_has_words() {
    let agent = turn(Speaker::Agent, "Hello.");
    let answers = || (0..4).map(|n| spoken(1, ["Yes.", "No.", "Well.", "Fine."][n]));
    let story = |text| std::iter::once(agent.clone()).chain([spoken(40, text)]);
    let turns: Vec<Turn> = story("").chain(answers()).collect();
    assert_eq!(flaw_of_turns(&turns), Some(Flaw::SpeechWithoutWords), "one turn of five, but the long one");
    let unheard = answers().map(|turn| Turn { state: TurnState::Failed, ..turn });
    let turns: Vec<Turn> = story("It began last week.").chain(unheard).collect();
    assert_eq!(flaw_of_turns(&turns), None, "four turns of five, but the story is there");
    let noises = (0..4).map(|_| Turn { spoken: Duration::from_millis(150), ..turn(Speaker::Caller, "") });
    let turns: Vec<Turn> = noises.chain(answers()).collect();
    assert_eq!(flaw_of_turns(&turns), None, "nobody misses the words of a click");
    let seven_of_ten = [spoken(7, "That is so."), spoken(3, "")];
    assert_eq!(flaw_of_turns(&seven_of_ten), None);
    assert_eq!(flaw_of_turns(&[spoken(69, "That is so."), spoken(31, "")]), Some(Flaw::SpeechWithoutWords));
}

#[test]
fn turns_of_unknown_length_weigh_alike() {
    let (said, unheard) = (turn(Speaker::Caller, "Yes."), turn(Speaker::Caller, ""));
    assert_eq!(flaw_of_turns(&[said.clone(), unheard.clone()]), Some(Flaw::SpeechWithoutWords));
    let third = turn(Speaker::Caller, "On Thursday.");
    assert_eq!(flaw_of_turns(&[said, third, spoken(9, "I need a service."), unheard]), None);
}

/// Fault 45. Case C01.
#[test]
fn a_recogniser_in_a_loop_is_not_good_enough_and_equal_answers_are() {
    let loops: Vec<Turn> = (0..4).map(|_| turn(Speaker::Caller, "Thank you.")).collect();
    assert_eq!(flaw_of_turns(&loops), Some(Flaw::Loop));
    assert_eq!(flaw_of_turns(&loops[..3]), None);
    let within = "I would like to book a service. ".repeat(6);
    assert_eq!(flaw_of_turns(&[turn(Speaker::Caller, &within)]), Some(Flaw::Loop), "within a line, too");
    let asked = ["A city bicycle?", "Has it lights?", "Is it insured?", "Shall we check the brakes?"];
    let answered = |answer: &str| -> Vec<Turn> {
        asked.iter().flat_map(|text| [turn(Speaker::Agent, text), turn(Speaker::Caller, answer)]).collect()
    };
    for answer in ["Yes.", "No.", "כן.", "zero zero zero zero zero zero zero zero", "I don't know."] {
        assert_eq!(flaw_of_turns(&answered(answer)), None, "{answer}");
        let heard: Vec<Heard> = asked
            .iter()
            .flat_map(|text| [heard(Speaker::Agent, 2, text), heard(Speaker::Caller, 2, answer)])
            .collect();
        assert_eq!(flaw_of_recording(&heard, None), None, "{answer}");
    }
}

/// Cases C12 and B10. What was understood live is judged as what is understood in a recording.
#[test]
fn words_that_no_recording_would_be_believed_are_not_believed_of_a_call_either() {
    let hint = "A telephone call with Harbour Bicycle Workshop.".to_owned();
    let expected = Expected { languages: vec!["en".into()], hint };
    let long = "once upon a time there was a caller who said a great many things ".repeat(6);
    for (text, flaw) in [
        ("Thanks for watching!", Flaw::Filler),
        ("ご視聴ありがとうございました。", Flaw::Filler),
        ("नमस्ते, मैं कल आऊँगा", Flaw::OtherLanguage),
        ("A telephone call with Harbour Bicycle Workshop.", Flaw::Echo),
        (&long[..380], Flaw::TooMany),
        ("♪", Flaw::SpeechWithoutWords),
        ("[BLANK_AUDIO]", Flaw::SpeechWithoutWords),
    ] {
        let said = Turn { spoken: Duration::from_millis(1_500), ..turn(Speaker::Caller, text) };
        let greeted = [turn(Speaker::Agent, "Hello, how can I help you?"), said];
        assert_eq!(super::flaw_of_turns(&greeted, &expected), Some(flaw), "{text}");
        // Beside enough that can be believed it is left out.
        let turns = [&greeted[..], &[spoken(9, "I would like a service tomorrow.")]].concat();
        assert_eq!(super::flaw_of_turns(&turns, &expected), None, "{text}");
        let lines = from_turns(&call(), &turns, None, &expected, Timestamp(0)).lines;
        let said: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(said, ["Hello, how can I help you?", "I would like a service tomorrow."]);
    }
    let agent = [turn(Speaker::Agent, "Thanks for watching!"), spoken(2, "Okay.")];
    assert_eq!(super::flaw_of_turns(&agent, &expected), None, "the agent says what its model says");
}

/// Fault 45.
#[test]
fn the_hint_does_not_pass_for_speech_and_a_name_does() {
    let hint =
        "A telephone call to Harbour Bicycle Workshop. Brompton, Shimano, Rohloff, Schwalbe, Campagnolo";
    assert_eq!(words("a telephone call to harbour bicycle workshop", 4, EN, hint), Some(Flaw::Echo));
    assert_eq!(words("Brompton Shimano Rohloff Schwalbe Campagnolo.", 4, EN, hint), Some(Flaw::Echo));
    assert_eq!(words("Harbour Bicycle Workshop?", 2, EN, hint), None);
}

/// Fault 45. Case C06.
#[test]
fn the_models_own_word_for_the_language_is_heard() {
    let expected = Expected { languages: vec!["de-AT".into()], hint: String::new() };
    let text = "Ja, morgen in der Früh wäre gut";
    let flaw =
        |reported: &str| flaw_of_words(text, Some(Duration::from_secs(2)), &[reported.to_owned()], &expected);
    assert_eq!((flaw("fr"), flaw("deu")), (Some(Flaw::OtherLanguage), None));
}

#[test]
fn more_words_than_fit_into_the_time_are_invented() {
    let story = "once upon a time there was a caller who said a great many things within one second of speech, \
                 and none of them was true because nobody can speak so fast";
    assert_eq!(words(story, 1, EN, ""), Some(Flaw::TooMany));
    assert_eq!(words(story, 9, EN, ""), None);
}

/// Fault 45.
#[test]
fn a_recordings_words_must_cover_the_callers_speech() {
    let whole = [heard(Speaker::Agent, 2, "Hello."), heard(Speaker::Caller, 5, "I need a service.")];
    assert_eq!(flaw_of_recording(&whole, None), None);
    let unheard = [heard(Speaker::Agent, 2, "Hello."), heard(Speaker::Caller, 5, "")];
    assert_eq!(flaw_of_recording(&unheard, None), Some(Flaw::SpeechWithoutWords));
    assert_eq!(flaw_of_recording(&[heard(Speaker::Caller, 5, " ")], None), Some(Flaw::Empty));
    assert_eq!(flaw_of_recording(&[], None), Some(Flaw::Empty));
    let same: Vec<Heard> = (0..6).map(|_| heard(Speaker::Caller, 1, "I want to book.")).collect();
    assert_eq!(flaw_of_recording(&same, None), Some(Flaw::Loop));
}

/// Fault 45. What counts is what the caller said: the agent's words are known anyway.
#[test]
fn the_agents_speech_on_a_recording_is_neither_missed_nor_counted() {
    let agent = |seconds, text| heard(Speaker::Agent, seconds, text);
    let unheard = [agent(60, ""), heard(Speaker::Caller, 2, "Yes, please.")];
    assert_eq!(flaw_of_recording(&unheard, None), None, "a minute of the agent's");
    let talkative = [agent(60, "We have Thursday at nine or half past ten."), heard(Speaker::Caller, 4, "")];
    assert_eq!(flaw_of_recording(&talkative, None), Some(Flaw::SpeechWithoutWords));
    let lines = vec![TranscriptLine::new(Some(Speaker::Caller), "one two three four five six")];
    let standing = Transcript::new(&call(), Source::Realtime, lines, Timestamp(0));
    let less = [agent(9, "We have Thursday at nine or half past ten."), heard(Speaker::Caller, 2, "one two")];
    assert_eq!(
        flaw_of_recording(&less, Some(&standing)),
        Some(Flaw::Shorter),
        "the agent's words make up for none"
    );
    let unknown =
        [Heard { speaker: None, ..heard(Speaker::Agent, 9, "") }, heard(Speaker::Caller, 2, "Yes.")];
    assert_eq!(flaw_of_recording(&unknown, None), Some(Flaw::SpeechWithoutWords), "it may be the caller");
}

/// Fault 47.
#[test]
fn a_transcript_of_half_the_words_does_not_replace_a_whole_one() {
    let lines =
        vec![TranscriptLine::new(Some(Speaker::Caller), "one two three four five six seven eight nine ten")];
    let standing = Transcript::new(&call(), Source::Realtime, lines, Timestamp(0));
    let short = [heard(Speaker::Caller, 2, "one two three")];
    assert_eq!(flaw_of_recording(&short, Some(&standing)), Some(Flaw::Shorter));
    let enough = [heard(Speaker::Caller, 2, "one two three four five")];
    assert_eq!(flaw_of_recording(&enough, Some(&standing)), None);
}

proptest! {
    #[test]
    fn no_text_makes_a_gate_panic(text in "\\PC{0,200}", hint in "\\PC{0,60}", seconds in 0u64..10_000) {
        let _ = words(&text, seconds, &["de", "ja"], &hint);
        let _ = flaw_of_recording(&[heard(Speaker::Caller, seconds, &text)], None);
    }

    #[test]
    fn a_phrase_said_six_times_is_a_loop_whatever_it_is(phrase in "[a-z]{2,8}( [a-z]{2,8}){1,7}") {
        let text = format!("{phrase} ").repeat(6);
        prop_assert_eq!(words(&text, 3_600, EN, ""), Some(Flaw::Loop));
    }
}
