//! Whether words can stand as a transcript, and if not, why not: one judge for what was understood live and for what
//! was understood in a recording.
//!
//! Recognisers fail in known ways: they stay silent, repeat themselves, answer silence with what their training
//! videos ended on, or hand back the hint they were given. Each has a name here.

mod other_language;
mod pace;
mod repeats;
mod signs;
mod stock;

use std::time::Duration;

use strum::IntoStaticStr;

pub use signs::is_wordless;

use super::Transcript;
use crate::text::words;
use crate::turn::{Speaker, TurnState};
use crate::{Business, Settings, Turn, prompt};

/// At least this share of the time that the caller spoke must have words.
const MIN_COVERED: f64 = 0.7;
/// A hint that comes back has at least this many of its words in order; fewer may be a name that was said.
const MIN_ECHO_WORDS: usize = 5;
/// A transcript replaces another only if it has at least this share of the other's words of the caller.
const MIN_SHARE_OF_WORDS: f64 = 0.5;
/// Speech shorter than this may be a noise: its words are not missed.
const MIN_SPEECH: Duration = Duration::from_millis(400);
/// What a turn weighs whose length is not known: an ordinary answer.
const USUAL_TURN: Duration = Duration::from_secs(2);

/// Why words cannot stand as a transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Flaw {
    /// There is not a word.
    #[error("there are no words")]
    Empty,
    /// The caller spoke, and too much of it has no words.
    #[error("for too much of the time that the caller spoke there are no words")]
    SpeechWithoutWords,
    /// A recogniser repeated itself.
    #[error("the recogniser repeated itself")]
    Loop,
    /// Phrases that recognisers write for silence.
    #[error("the recogniser filled silence with a stock phrase")]
    Filler,
    /// The hint that the recogniser was given.
    #[error("the recogniser gave its hint back")]
    Echo,
    /// Another language than the business's.
    #[error("the words are in another language than the business's callers speak")]
    OtherLanguage,
    /// More words than the time allows.
    #[error("there are more words than fit into the time")]
    TooMany,
    /// Fewer words than the transcript that it would replace.
    #[error("there are far fewer words than in the transcript that it would replace")]
    Shorter,
}

impl Flaw {
    /// The label in records and metrics.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// What the callers of a business may be expected to say, and what its recognisers were told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// ISO 639 codes or BCP 47 tags; none: any language.
    pub languages: Vec<String>,
    /// The prose and the terms that go with a request.
    pub hint: String,
}

impl Expected {
    /// Without a business no recogniser was told anything.
    pub fn of(business: Option<&Business>, settings: &Settings) -> Self {
        Self {
            languages: settings.voice.languages.clone(),
            hint: business
                .map(|business| prompt::for_listening(business, settings).words())
                .unwrap_or_default(),
        }
    }
}

/// One stretch of speech, in a recording or in the call itself, and what was understood in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Heard {
    /// `None` where the speakers could not be told apart.
    pub speaker: Option<Speaker>,
    /// How long it is; `None` where that is not known.
    pub speech: Option<Duration>,
    /// Empty for what was not understood or not believed.
    pub text: String,
}

/// What keeps the words of one stretch of speech from being believed. Empty words are no flaw here: a cough has
/// none.
///
/// `speech` is how long it is, where that is known, and `reported` the languages that the model says it heard, if it
/// says so.
pub fn flaw_of_words(
    text: &str,
    speech: Option<Duration>,
    reported: &[String],
    expected: &Expected,
) -> Option<Flaw> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let room = speech.map(pace::max_characters);
    if repeats::within(text, speech) {
        Some(Flaw::Loop)
    } else if stock::is_stock(text) {
        Some(Flaw::Filler)
    } else if is_echo(text, &expected.hint) {
        Some(Flaw::Echo)
    } else if other_language::is_other(text, reported, &expected.languages) {
        Some(Flaw::OtherLanguage)
    } else if room.is_some_and(|room| text.chars().count() as f64 > room) {
        Some(Flaw::TooMany)
    } else {
        None
    }
}

/// What keeps the realtime turns from being the final transcript.
///
/// An agent that spoke without an answer is fine: silence has no words to miss. A caller who spoke and whose words
/// are missing is not, and neither are words that a recogniser repeated to itself.
pub fn flaw_of_turns(turns: &[Turn], expected: &Expected) -> Option<Flaw> {
    let (mut heard, mut doubt) = (Vec::with_capacity(turns.len()), None);
    for turn in turns {
        let flaw = flaw_of_turn(turn, expected);
        doubt = doubt.or(flaw);
        let has_words = flaw.is_none() && turn.state != TurnState::Failed && !is_wordless(&turn.text);
        heard.push(Heard {
            speaker: Some(turn.speaker),
            speech: spoken(turn),
            text: if has_words { turn.text.trim().to_owned() } else { String::new() },
        });
    }
    // What was dropped on the way says more than that nothing is left.
    flaw_of_all(&heard).map(|flaw| doubt.unwrap_or(flaw))
}

/// What keeps the words of one turn from being believed. The agent's words come from its model and were not recognised.
pub(super) fn flaw_of_turn(turn: &Turn, expected: &Expected) -> Option<Flaw> {
    match turn.speaker {
        Speaker::Caller => flaw_of_words(&turn.text, spoken(turn), &[], expected),
        Speaker::Agent => None,
    }
}

/// What keeps a recording's words as a whole from being the final transcript. `standing` is the transcript that
/// they would replace, if it is good enough itself.
pub fn flaw_of_recording(heard: &[Heard], standing: Option<&Transcript>) -> Option<Flaw> {
    flaw_of_all(heard).or_else(|| {
        // What the agent said is known; what it said in vain, because it was interrupted, is on no recording.
        let words = |heard: &Heard| heard.text.split_whitespace().count();
        let own = heard.iter().filter(|heard| heard.may_be_the_callers()).map(words).sum::<usize>();
        let least = standing.map_or(0.0, |standing| MIN_SHARE_OF_WORDS * standing.callers_words() as f64);
        ((own as f64) < least).then_some(Flaw::Shorter)
    })
}

fn flaw_of_all(heard: &[Heard]) -> Option<Flaw> {
    if heard.iter().all(|heard| heard.text.trim().is_empty()) {
        Some(Flaw::Empty)
    } else if !is_covered(heard) {
        Some(Flaw::SpeechWithoutWords)
    } else {
        repeats::across(heard).then_some(Flaw::Loop)
    }
}

impl Heard {
    /// Where the speakers cannot be told apart, all speech counts.
    fn may_be_the_callers(&self) -> bool {
        self.speaker != Some(Speaker::Agent)
    }
}

fn spoken(turn: &Turn) -> Option<Duration> {
    Some(turn.spoken).filter(|spoken| !spoken.is_zero())
}

/// Whether enough of the caller's speech has words.
fn is_covered(heard: &[Heard]) -> bool {
    let (mut all, mut covered) = (Duration::ZERO, Duration::ZERO);
    for heard in heard.iter().filter(|heard| heard.may_be_the_callers()) {
        let length = heard.speech.unwrap_or(USUAL_TURN);
        if length < MIN_SPEECH {
            continue;
        }
        all = all.saturating_add(length);
        if !heard.text.trim().is_empty() {
            covered = covered.saturating_add(length);
        }
    }
    covered.as_secs_f64() >= MIN_COVERED * all.as_secs_f64()
}

fn is_echo(text: &str, hint: &str) -> bool {
    let said = words(text);
    said.len() >= MIN_ECHO_WORDS && words(hint).windows(said.len()).any(|part| part == said)
}

#[cfg(test)]
mod tests;
