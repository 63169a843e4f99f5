//! Whether words can stand as a transcript, and if not, why not.
//!
//! Recognisers fail in known ways: they stay silent, repeat themselves, answer silence with what their training
//! videos ended on, or hand back the hint they were given. Each has a name here.

use std::time::Duration;

use super::Transcript;
use super::stitch::normal_words;
use crate::Turn;
use crate::turn::{Speaker, TurnState};

/// At least this share of the time that the caller spoke must have words.
const MIN_COVERED: f64 = 0.7;
/// A line said this many times in a row is a recogniser in a loop, not a caller.
const MAX_EQUAL_LINES_IN_A_ROW: usize = 3;
/// A group of up to eight words repeated this many times within a line is one, too. Single words are said more
/// often in a row: "no, no, no".
const MAX_EQUAL_GROUPS: usize = 4;
const MAX_EQUAL_WORDS: usize = 7;
const MAX_GROUP_WORDS: usize = 8;
/// For scripts without spaces the group is characters.
const MAX_GROUP_CHARS: usize = 24;
/// Fast speech is some 20 characters a second.
const MAX_CHARS_PER_SECOND: u64 = 45;
/// A hint that comes back has at least this many of its words in order; fewer may be a name that was said.
const MIN_ECHO_WORDS: usize = 5;
/// A transcript replaces another only if it has at least this share of the other's words of the caller.
const MIN_SHARE_OF_WORDS: f64 = 0.5;
/// Speech shorter than this may be a noise: its words are not missed.
const MIN_SPEECH: Duration = Duration::from_millis(400);
/// What a turn weighs whose length is not known: an ordinary answer.
const USUAL_TURN: Duration = Duration::from_secs(2);

/// Why words cannot stand as a transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Flaw {
    #[error("there are no words")]
    Empty,
    #[error("for too much of the time that the caller spoke there are no words")]
    SpeechWithoutWords,
    #[error("the recogniser repeated itself")]
    Loop,
    #[error("the recogniser filled silence with a stock phrase")]
    Filler,
    #[error("the recogniser gave its hint back")]
    Echo,
    #[error("the words are in another language than the business's callers speak")]
    OtherLanguage,
    #[error("there are more words than fit into the time")]
    TooMany,
    #[error("there are far fewer words than in the transcript that it would replace")]
    Shorter,
}

impl Flaw {
    /// The label in records and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::SpeechWithoutWords => "speech_without_words",
            Self::Loop => "loop",
            Self::Filler => "filler",
            Self::Echo => "echo",
            Self::OtherLanguage => "other_language",
            Self::TooMany => "too_many",
            Self::Shorter => "shorter",
        }
    }
}

/// What keeps the realtime turns from being the final transcript.
///
/// An agent that spoke to nobody is fine: silence has no words to miss. What is not fine is a caller who
/// spoke and whose words are missing, or words that a recogniser repeated to itself.
pub fn flaw_of_turns(turns: &[Turn]) -> Option<Flaw> {
    if turns.iter().all(|turn| turn.text.trim().is_empty()) {
        return Some(Flaw::Empty);
    }
    let caller: Vec<&Turn> = turns.iter().filter(|turn| turn.speaker == Speaker::Caller).collect();
    let has_words = |turn: &Turn| turn.state != TurnState::Failed && !turn.text.trim().is_empty();
    let speech = caller.iter().filter_map(|turn| Some((speech_of(turn)?, has_words(turn))));
    if !covers(speech) {
        return Some(Flaw::SpeechWithoutWords);
    }
    let texts: Vec<&str> = caller.iter().map(|turn| turn.text.trim()).collect();
    (repeats_lines(&texts) || texts.iter().any(|text| loops(text))).then_some(Flaw::Loop)
}

/// What a recogniser was told to expect.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// ISO 639-1 codes or BCP 47 tags; none: any language.
    pub languages: &'a [String],
    /// The prose and the terms that went with the request.
    pub hint: &'a str,
}

/// One stretch of a recording and what was understood in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Heard {
    pub speaker: Option<Speaker>,
    pub speech: Duration,
    pub text: String,
}

/// What keeps the words of one stretch of speech from being believed. Empty words are no flaw here: a cough has
/// none.
///
/// `reported` are the languages that the model says it heard, if it says so.
pub fn flaw_of_words(
    text: &str,
    speech: Duration,
    reported: &[String],
    expected: &Expected<'_>,
) -> Option<Flaw> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let room = MAX_CHARS_PER_SECOND.saturating_mul(speech.as_secs() + 2);
    if loops(text) {
        Some(Flaw::Loop)
    } else if is_filler(text) {
        Some(Flaw::Filler)
    } else if is_echo(text, expected.hint) {
        Some(Flaw::Echo)
    } else if is_other_language(text, reported, expected.languages) {
        Some(Flaw::OtherLanguage)
    } else if text.chars().count() as u64 > room {
        Some(Flaw::TooMany)
    } else {
        None
    }
}

/// What keeps a recording's words as a whole from being the final transcript. `standing` is the transcript that
/// they would replace, if it is good enough itself.
pub fn flaw_of_recording(heard: &[Heard], standing: Option<&Transcript>) -> Option<Flaw> {
    let words = |heard: &Heard| heard.text.split_whitespace().count();
    if heard.iter().all(|heard| words(heard) == 0) {
        return Some(Flaw::Empty);
    }
    // Where the speakers cannot be told apart, all speech counts.
    let counts = |heard: &&Heard| heard.speaker != Some(Speaker::Agent) && heard.speech >= MIN_SPEECH;
    if !covers(heard.iter().filter(counts).map(|heard| (heard.speech, words(heard) > 0))) {
        return Some(Flaw::SpeechWithoutWords);
    }
    let caller = heard.iter().filter(|heard| heard.speaker != Some(Speaker::Agent));
    let texts: Vec<&str> = caller.map(|heard| heard.text.trim()).filter(|text| !text.is_empty()).collect();
    if repeats_lines(&texts) {
        return Some(Flaw::Loop);
    }
    // What the agent said is known; what it said in vain, because it was interrupted, is on no recording.
    let own = heard.iter().filter(|heard| heard.speaker != Some(Speaker::Agent)).map(words).sum::<usize>();
    let least = standing.map_or(0.0, |standing| MIN_SHARE_OF_WORDS * standing.callers_words() as f64);
    ((own as f64) < least).then_some(Flaw::Shorter)
}

/// What a caller's turn weighs; `None` for what may be a noise.
fn speech_of(turn: &Turn) -> Option<Duration> {
    if turn.spoken.is_zero() {
        return Some(USUAL_TURN);
    }
    Some(turn.spoken).filter(|spoken| *spoken >= MIN_SPEECH)
}

/// Whether enough of the speech has words.
fn covers(speech: impl Iterator<Item = (Duration, bool)>) -> bool {
    let (mut all, mut covered) = (Duration::ZERO, Duration::ZERO);
    for (length, has_words) in speech {
        all = all.saturating_add(length);
        if has_words {
            covered = covered.saturating_add(length);
        }
    }
    covered.as_secs_f64() >= MIN_COVERED * all.as_secs_f64()
}

fn repeats_lines(texts: &[&str]) -> bool {
    let runs = texts.chunk_by(|a, b| a == b);
    runs.into_iter().any(|run| run.len() > MAX_EQUAL_LINES_IN_A_ROW && !run[0].is_empty())
}

/// Whether a group of words, or of characters where there are no spaces, comes again and again.
fn loops(text: &str) -> bool {
    let words = normal_words(text);
    let groups = (1..=MAX_GROUP_WORDS).any(|size| {
        let most = if size == 1 { MAX_EQUAL_WORDS } else { MAX_EQUAL_GROUPS };
        repeats(&words, size) > most
    });
    groups || {
        let longest: Vec<char> =
            words.iter().max_by_key(|word| word.len()).map(|word| word.chars().collect()).unwrap_or_default();
        longest.len() > MAX_GROUP_CHARS
            && (1..=MAX_GROUP_CHARS).any(|size| repeats(&longest, size) > MAX_EQUAL_WORDS)
    }
}

/// The most times that a group of `size` items follows itself.
fn repeats<T: PartialEq>(items: &[T], size: usize) -> usize {
    let (mut most, mut equal) = (0, 0);
    for at in size..items.len() {
        equal = if items[at] == items[at - size] { equal + 1 } else { 0 };
        most = most.max(equal / size);
    }
    if items.len() < size { 0 } else { most + 1 }
}

/// What recognisers say when nobody does: the last words of the films they learned from.
const FILLERS: [&str; 15] = [
    "thanks for watching",
    "thank you for watching",
    "thank you so much for watching",
    "please subscribe",
    "like and subscribe",
    "subscribe to my channel",
    "subtitles by the amara org community",
    "untertitel der amara org community",
    "untertitel im auftrag des zdf",
    "vielen dank fürs zuschauen",
    "sous titres réalisés par la communauté d amara org",
    "merci d avoir regardé",
    "subtítulos realizados por la comunidad de amara org",
    "gracias por ver el video",
    "ご視聴ありがとうございました",
];

/// Words that may stand beside a stock phrase without making it speech.
const FILLER_COMPANY: usize = 4;

fn is_filler(text: &str) -> bool {
    let words = normal_words(text);
    let joined = format!(" {} ", words.join(" "));
    FILLERS.iter().any(|filler| {
        let company = words.len().saturating_sub(filler.split(' ').count());
        company <= FILLER_COMPANY && joined.contains(&format!(" {filler} "))
    })
}

fn is_echo(text: &str, hint: &str) -> bool {
    let words = normal_words(text);
    words.len() >= MIN_ECHO_WORDS
        && format!(" {} ", normal_words(hint).join(" ")).contains(&format!(" {} ", words.join(" ")))
}

fn is_other_language(text: &str, reported: &[String], expected: &[String]) -> bool {
    if expected.is_empty() {
        return false;
    }
    let primary = |tag: &String| tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    let codes: Vec<String> = expected.iter().map(primary).collect();
    if !reported.is_empty() && !reported.iter().map(primary).any(|code| codes.contains(&code)) {
        return true;
    }
    let letters: Vec<Script> = text.chars().filter(|c| c.is_alphabetic()).map(Script::of).collect();
    let foreign = letters.iter().filter(|script| !codes.iter().any(|code| script.writes(code))).count();
    foreign * 2 > letters.len()
}

/// Writing systems, as far as they tell languages apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Script {
    Latin,
    Greek,
    Cyrillic,
    Hebrew,
    Arabic,
    Devanagari,
    Thai,
    Kana,
    Hangul,
    Han,
    Other,
}

impl Script {
    const fn of(c: char) -> Self {
        match c {
            'a'..='z' | 'A'..='Z' | '\u{00AA}'..='\u{024F}' | '\u{1E00}'..='\u{1EFF}' => Self::Latin,
            '\u{0370}'..='\u{03FF}' | '\u{1F00}'..='\u{1FFF}' => Self::Greek,
            '\u{0400}'..='\u{052F}' => Self::Cyrillic,
            '\u{0590}'..='\u{05FF}' => Self::Hebrew,
            '\u{0600}'..='\u{06FF}' | '\u{0750}'..='\u{077F}' => Self::Arabic,
            '\u{0900}'..='\u{097F}' => Self::Devanagari,
            '\u{0E00}'..='\u{0E7F}' => Self::Thai,
            '\u{3040}'..='\u{30FF}' => Self::Kana,
            '\u{1100}'..='\u{11FF}' | '\u{AC00}'..='\u{D7AF}' => Self::Hangul,
            '\u{4E00}'..='\u{9FFF}' | '\u{3400}'..='\u{4DBF}' => Self::Han,
            _ => Self::Other,
        }
    }

    /// Whether a language is written in it. A language that is not listed here may be written in anything.
    fn writes(self, code: &str) -> bool {
        let own: &[Self] = match code {
            "de" | "en" | "fr" | "es" | "it" | "pt" | "nl" | "pl" | "cs" | "sk" | "sl" | "hr" | "hu"
            | "ro" | "sv" | "da" | "no" | "nb" | "fi" | "et" | "lv" | "lt" | "tr" | "id" | "vi" | "ca"
            | "sq" => &[Self::Latin],
            "el" => &[Self::Greek],
            "ru" | "uk" | "bg" | "mk" | "be" => &[Self::Cyrillic],
            "he" => &[Self::Hebrew],
            "ar" | "fa" | "ur" => &[Self::Arabic],
            "hi" | "mr" | "ne" => &[Self::Devanagari],
            "th" => &[Self::Thai],
            "ja" => &[Self::Kana, Self::Han],
            "ko" => &[Self::Hangul, Self::Han],
            "zh" => &[Self::Han],
            _ => return true,
        };
        own.contains(&self)
    }
}

#[cfg(test)]
mod tests;
