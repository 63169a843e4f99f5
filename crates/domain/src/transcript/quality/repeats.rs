//! Recognisers in a loop. People repeat themselves as well: they answer four questions with "Yes", dictate eight
//! zeros, say "no" until they are heard. A loop is a repetition within one turn that is longer than people speak, or
//! equal turns without a question between them that would not fit into the time.

use std::time::Duration;

use super::{Heard, pace};
use crate::Speaker;
use crate::language::Letters;
use crate::text::words;

/// The longest group of words that is looked for.
const MAX_GROUP_WORDS: usize = 8;
/// The longest group of letters where no spaces part words.
const MAX_GROUP_LETTERS: usize = 24;
/// A short word that is said again and again: a dictated zero, "yes".
const MAX_EQUAL_WORDS: usize = 20;
/// A phrase or a sentence that is.
const MAX_EQUAL_PHRASES: usize = 5;
/// Digits and letters in any pattern: an account's number.
const MAX_DICTATED: usize = 40;
/// A word of a script without spaces that is longer than this is a phrase.
const MAX_WORD_LETTERS: usize = 4;
/// Equal turns in a row, without a word of the agent's between them, that need no proof of having been spoken.
const MAX_EQUAL_TURNS: usize = 3;

/// Whether a group of words, or of letters where there are no spaces, comes again and again within one turn.
/// `speech` is how long the turn is, where that is known.
pub(super) fn within(text: &str, speech: Option<Duration>) -> bool {
    let words = words(text);
    let fits = speech.map(pace::max_words);
    let is_loop = |at: usize, size: usize, times: usize| {
        let group = &words[at..at + size];
        let too_fast = fits.is_some_and(|fits| (size * times) as f64 > fits);
        times > most_of(group) || (times > MAX_EQUAL_PHRASES && too_fast)
    };
    let by_words = (1..=MAX_GROUP_WORDS).any(|size| {
        let (at, times) = longest_run(&words, size);
        times > 1 && is_one(&words[at..at + size]) && is_loop(at, size, times)
    });
    by_words || words.iter().max_by_key(|word| word.len()).is_some_and(|word| is_letter_loop(word))
}

/// Whether equal turns follow each other without a question between them and without time to speak them.
pub(super) fn across(heard: &[Heard]) -> bool {
    // An agent that spoke between two equal answers asked for the second one.
    let stretches = heard.split(|heard| heard.speaker == Some(Speaker::Agent));
    stretches.into_iter().any(|stretch| {
        let said: Vec<(&Heard, Vec<String>)> = stretch
            .iter()
            .map(|heard| (heard, words(&heard.text)))
            .filter(|(_, words)| !words.is_empty())
            .collect();
        said.chunk_by(|(_, a), (_, b)| a == b).any(|run| {
            let unspoken = run.iter().any(|(heard, words)| !was_spoken(heard, words));
            run.len() > if unspoken { MAX_EQUAL_TURNS } else { most_of(&run[0].1) }
        })
    })
}

fn was_spoken(heard: &Heard, words: &[String]) -> bool {
    let letters = words.iter().map(|word| word.chars().count()).sum();
    heard.speech.is_some_and(|speech| speech >= pace::least_time(letters))
}

/// How often in a row a person may say these words.
fn most_of(group: &[String]) -> usize {
    let is_dictated = |word: &String| word.chars().count() == 1 || word.chars().all(|c| c.is_ascii_digit());
    match group {
        words if words.iter().all(is_dictated) => MAX_DICTATED / words.len().max(1),
        [word] if !is_phrase(word) => MAX_EQUAL_WORDS,
        _ => MAX_EQUAL_PHRASES,
    }
}

fn is_phrase(word: &str) -> bool {
    let unspaced = |c: &char| Letters::of(*c).is_some_and(Letters::is_unspaced);
    word.chars().filter(unspaced).count() > MAX_WORD_LETTERS
}

fn is_letter_loop(word: &str) -> bool {
    let letters: Vec<char> = word.chars().collect();
    letters.len() > MAX_GROUP_LETTERS
        && (1..=MAX_GROUP_LETTERS).any(|size| {
            let (at, times) = longest_run(&letters, size);
            let group = &letters[at..at + size];
            let most = if is_phrase(&group.iter().collect::<String>()) {
                MAX_EQUAL_PHRASES
            } else {
                MAX_EQUAL_WORDS
            };
            is_one(group) && times > most
        })
}

/// Whether a group is not itself a repetition of a smaller one, by which it is counted.
fn is_one<T: PartialEq>(group: &[T]) -> bool {
    let smaller = (1..group.len()).filter(|size| group.len().is_multiple_of(*size));
    !smaller.into_iter().any(|size| group[size..] == group[..group.len() - size])
}

/// Where a group of `size` items follows itself most often, and how often it stands there.
fn longest_run<T: PartialEq>(items: &[T], size: usize) -> (usize, usize) {
    let (mut most, mut from, mut equal) = (0, 0, 0);
    for at in size..items.len() {
        equal = if items[at] == items[at - size] { equal + 1 } else { 0 };
        if equal / size > most {
            most = equal / size;
            from = at + 1 - equal - size;
        }
    }
    if items.len() < size { (0, 0) } else { (from, most + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(text: &str, seconds: f64) -> bool {
        within(text, Some(Duration::from_secs_f64(seconds)))
    }

    /// Case C01.
    #[test]
    fn what_people_repeat_is_no_loop() {
        for (text, seconds) in [
            ("zero zero zero zero zero zero zero zero", 1.1),
            ("null null null null null null null null", 1.5),
            ("0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0", 6.0),
            ("0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1", 6.0),
            ("00 49 00 49 00 49 00 49 00 49 00 49", 6.0),
            ("No, no, no, no, no, no, no, no, no, no!", 2.5),
            ("zero one zero one zero one zero one zero one", 4.0),
            ("A A A A A A A A A A A A", 5.0),
            ("כן כן כן כן כן כן כן כן", 2.0),
            ("零零零零零零零零", 3.0),
            ("ゼロゼロゼロゼロゼロゼロゼロゼロ", 3.0),
            ("ศูนย์ศูนย์ศูนย์ศูนย์ศูนย์ศูนย์ศูนย์ศูนย์", 4.0),
            ("はいはいはいはいはい", 2.0),
            ("Thank you, thank you, thank you, thank you.", 2.0),
        ] {
            assert!(!item(text, seconds) && !within(text, None), "{text}");
        }
    }

    /// Fault 45. Case C01: the guard.
    #[test]
    fn a_repetition_beyond_speech_is_a_loop_whatever_its_length() {
        for text in [
            "I would like to book a service. ".repeat(6),
            "I would ".repeat(6),
            "Thank you. ".repeat(9),
            "you ".repeat(60),
            "予約したいです。".repeat(6),
            "予約したいです".repeat(6),
            "はい".repeat(30),
            "a b c d e ".repeat(10),
        ] {
            for seconds in [1.0, 12.0, 600.0] {
                assert!(item(&text, seconds), "{text} in {seconds} s");
            }
            assert!(within(&text, None), "{text}");
        }
    }

    #[test]
    fn what_is_sayable_in_ten_seconds_is_not_in_one() {
        let zeros = "zero ".repeat(18);
        assert!(!item(&zeros, 6.0) && item(&zeros, 1.0));
    }

    fn turn(speaker: Speaker, seconds: Option<f64>, text: &str) -> Heard {
        Heard { speaker: Some(speaker), speech: seconds.map(Duration::from_secs_f64), text: text.into() }
    }

    /// Cases C01 and B01.
    #[test]
    fn equal_answers_to_different_questions_are_answers() {
        for (answer, seconds) in
            [("Yes.", Some(0.4)), ("No.", None), ("כן.", Some(1.0)), ("I do not know.", None)]
        {
            let asked = |n: usize| {
                [
                    turn(Speaker::Agent, None, &format!("Question {n}?")),
                    turn(Speaker::Caller, seconds, answer),
                ]
            };
            let turns: Vec<Heard> = (0..30).flat_map(asked).collect();
            assert!(!across(&turns), "{answer}");
        }
    }

    /// Fault 45. Case C01.
    #[test]
    fn equal_turns_without_a_question_must_fit_into_their_time() {
        let run = |times: usize, seconds: Option<f64>, text: &str| {
            across(&vec![turn(Speaker::Caller, seconds, text); times])
        };
        assert!(run(4, None, "Thank you.") && !run(3, None, "Thank you."));
        assert!(run(4, Some(0.1), "Thank you."), "nobody says it in a tenth of a second");
        assert!(!run(6, Some(0.6), "Hello?"), "somebody who is not answered");
        assert!(run(21, Some(0.6), "Hello?"));
        assert!(!run(5, Some(2.0), "I want to book.") && run(6, Some(2.0), "I want to book."));
        let differing: Vec<Heard> =
            ["Yes.", "Yes", "yes!", "YES"].map(|text| turn(Speaker::Caller, None, text)).into();
        assert!(across(&differing), "spelt otherwise it is the same");
        assert!(!run(9, None, "") && !run(9, None, "♪"), "nothing is not repeated");
    }

    #[test]
    fn a_run_is_found_wherever_it_is() {
        assert_eq!(longest_run(&[9, 1, 2, 1, 2, 1, 2, 7], 2), (1, 3));
        assert_eq!(longest_run(&[1, 1, 1], 1), (0, 3));
        assert_eq!(longest_run(&[1, 2, 3], 1), (0, 1));
        assert_eq!(longest_run::<u8>(&[], 1), (0, 0));
    }
}
