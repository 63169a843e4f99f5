//! What is wrong with the texts of a prompt, or likely a mistake, before they are published.
//!
//! Placeholders, lengths and secrets are judged by their form. What a text says about opening hours, and what it asks
//! the agent to do, is judged by short lists of plain phrases in the business's languages and in English: no finding
//! there means that nothing plain was found.

mod claims;
mod clues;
mod hours;
mod placeholders;
mod secrets;
mod times;
mod tokens;

use std::ops::Range;

use jiff::civil::Weekday;
use strum::IntoStaticStr;

use crate::business::Prompts;
use crate::hours::Week;
use crate::locale::Locale;
use crate::tools::Toolbox;

pub use claims::Action;
pub use secrets::SecretKind;

/// The longest instructions, characters.
pub const MAX_INSTRUCTIONS_CHARS: usize = 10_000;
/// The longest greeting, characters.
pub const MAX_GREETING_CHARS: usize = 1_000;
/// A greeting of about twenty seconds, characters. A longer one is interrupted.
pub const LONG_GREETING_CHARS: usize = 300;
/// The most findings of one text; more would help nothing.
pub const MAX_FINDINGS: usize = 100;

/// What texts are judged by.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The business's name, which stands for `{{business_name}}`.
    pub business_name: &'a str,
    /// The business's own placeholders.
    pub placeholders: &'a [Placeholder<'a>],
    /// The business's languages, as codes or tags.
    pub languages: &'a [String],
    /// When it is open; `None`: it has set no hours.
    pub week: Option<&'a Week>,
    /// What its agent may do.
    pub tools: &'a Toolbox,
    /// What the agent may do besides, by means that are not in the toolbox.
    pub also_able: &'a [Action],
}

/// A placeholder of a business's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placeholder<'a> {
    /// Its name, without braces.
    pub name: &'a str,
    /// What is filled in.
    pub value: &'a str,
}

/// A text to be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text<'a> {
    /// The path of its field, for example `prompts.inbound.greeting`.
    pub path: &'a str,
    /// The text.
    pub text: &'a str,
    /// What it is for.
    pub use_as: Use,
}

/// What a text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// The agent is told it.
    Instructions,
    /// The agent says it first. It may be empty.
    Greeting,
}

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The path of the field.
    pub path: String,
    /// Where in the text; `None`: nowhere in particular.
    pub place: Option<Place>,
    /// What it is.
    pub lint: Lint,
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its bytes (UTF-8), between characters.
    pub range: Range<usize>,
    /// The line that it begins in, from 1.
    pub line: usize,
}

impl Place {
    fn of(text: &str, range: Range<usize>) -> Self {
        let line = 1 + text.as_bytes()[..range.start].iter().filter(|byte| **byte == b'\n').count();
        Self { range, line }
    }
}

/// Whether a finding keeps settings from being published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Severity {
    /// It deserves a look.
    Warning,
    /// It must be corrected.
    Error,
}

impl Severity {
    /// The word for programs.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A kind of mistake. Its text says what to do, and repeats nothing secret.
#[derive(Debug, Clone, PartialEq, Eq, IntoStaticStr, thiserror::Error)]
#[strum(serialize_all = "snake_case")]
pub enum Lint {
    /// A placeholder that nothing is filled in for.
    #[error("nothing is filled in for `{{{{{name}}}}}`: {}", unknown(.meant.as_deref()))]
    UnknownPlaceholder {
        /// Its name, cut if it is long.
        name: String,
        /// The placeholder that is likely meant.
        meant: Option<String>,
    },
    /// Braces that are never closed.
    #[error("`{{{{` is never closed: write `}}}}` behind the placeholder's name, or take the braces away")]
    OpenPlaceholder,
    /// A placeholder whose value is blank.
    #[error("`{{{{{name}}}}}` has no value: give it one, or take it out of the text")]
    MissingValue {
        /// Its name.
        name: String,
    },
    /// A placeholder that no text uses.
    #[error("no text uses `{{{{{name}}}}}`: use it, or delete it")]
    UnusedPlaceholder {
        /// Its name.
        name: String,
    },
    /// Instructions without a word.
    #[error("the instructions are blank: say what the agent is to do, or remove the channel's prompt")]
    Blank,
    /// More than the most characters. The place is the rest behind them.
    #[error("the text has {found} characters and may have {max}: shorten it")]
    TooLong {
        /// How many it has.
        found: usize,
        /// How many it may have.
        max: usize,
    },
    /// A greeting that most callers interrupt.
    #[error("the greeting takes over twenty seconds to say: keep it below {LONG_GREETING_CHARS} characters")]
    LongGreeting,
    /// What looks like a secret.
    #[error("this looks like {}: take it out, since a caller can get the agent to say it; a tool's secrets belong to the tool", .0.noun())]
    Secret(SecretKind),
    /// The text says that the business is closed on a day with opening times.
    #[error("the text says closed on {}, and the opening hours have times on that day: correct one of both", name(*.0))]
    SaidClosed(Weekday),
    /// The text says that the business is open on a day without opening times.
    #[error("the text says open on {}, and the opening hours have no times on that day: correct one of both", name(*.0))]
    SaidOpen(Weekday),
    /// The text gives other times.
    #[error("the text gives other times for {} than the opening hours, which say {hours}: correct one of both", name(*.day))]
    OtherHours {
        /// The weekday.
        day: Weekday,
        /// The opening hours' times.
        hours: String,
    },
    /// The text asks for something that no tool does.
    #[error("the text asks the agent {}, and it has no tool for that, so it would only claim it: {}, or take this out", .0.deed(), .0.remedy())]
    NoTool(Action),
}

fn unknown(meant: Option<&str>) -> String {
    match meant {
        Some(meant) => format!("write `{{{{{meant}}}}}`"),
        None => "define it, or take it out of the text".to_owned(),
    }
}

const fn name(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

impl Lint {
    /// The word for programs.
    pub fn code(&self) -> &'static str {
        self.into()
    }

    /// Whether it keeps settings from being published.
    pub const fn severity(&self) -> Severity {
        match self {
            Self::UnknownPlaceholder { .. }
            | Self::OpenPlaceholder
            | Self::MissingValue { .. }
            | Self::Blank
            | Self::TooLong { .. } => Severity::Error,
            Self::Secret(kind) if kind.is_certain() => Severity::Error,
            Self::Secret(_)
            | Self::UnusedPlaceholder { .. }
            | Self::LongGreeting
            | Self::SaidClosed(_)
            | Self::SaidOpen(_)
            | Self::OtherHours { .. }
            | Self::NoTool(_) => Severity::Warning,
        }
    }
}

/// The texts of all channels, with their paths in the settings.
pub fn texts(prompts: &Prompts) -> Vec<Text<'_>> {
    let channels = [
        (&prompts.inbound, ["prompts.inbound.instructions", "prompts.inbound.greeting"]),
        (&prompts.outbound, ["prompts.outbound.instructions", "prompts.outbound.greeting"]),
        (&prompts.whatsapp, ["prompts.whatsapp.instructions", "prompts.whatsapp.greeting"]),
    ];
    let with_prompt = channels.into_iter().filter_map(|(prompt, paths)| Some((prompt.as_ref()?, paths)));
    let both = with_prompt.flat_map(|(prompt, [instructions, greeting])| {
        [
            Text { path: instructions, text: &prompt.instructions, use_as: Use::Instructions },
            Text { path: greeting, text: &prompt.greeting, use_as: Use::Greeting },
        ]
    });
    both.collect()
}

/// Everything that is wrong with these texts, in their order. All texts that may use a placeholder belong to one call,
/// since what none of them uses is a finding of its own.
pub fn lint(texts: &[Text<'_>], facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = texts.iter().flat_map(|text| lint_text(text, facts)).collect();
    for own in facts.placeholders {
        if !texts.iter().any(|text| placeholders::used(text.text).any(|name| name == own.name)) {
            let lint = Lint::UnusedPlaceholder { name: own.name.to_owned() };
            findings.push(Finding { path: format!("placeholders.{}", own.name), place: None, lint });
        }
    }
    findings
}

fn lint_text(text: &Text<'_>, facts: &Facts<'_>) -> Vec<Finding> {
    let Text { path, text, use_as } = *text;
    let mut found = length(text, use_as);
    found.extend(placeholders::lint(text, facts));
    found.extend(secrets::lint(text));
    // What is beyond the limit is not judged: it must go, and judging it would take its time.
    let judged = &text[..byte_of_char(text, MAX_INSTRUCTIONS_CHARS).unwrap_or(text.len())];
    let tokens = tokens::tokens(judged);
    let languages: Vec<&str> = facts
        .languages
        .iter()
        .filter_map(|tag| Locale::of(tag))
        .map(|locale| locale.code)
        .chain(["en"])
        .collect();
    for clues in clues::CLUES.iter().filter(|clues| languages.contains(&clues.code)) {
        found.extend(claims::lint(judged, &tokens, clues, facts));
        if let Some(week) = facts.week {
            found.extend(hours::lint(judged, &tokens, clues, week));
        }
    }
    // Two languages may know the same words.
    let mut findings: Vec<Finding> = vec![];
    for (place, lint) in found {
        let finding = Finding { path: path.to_owned(), place: Some(place), lint };
        if !findings.contains(&finding) {
            findings.push(finding);
        }
    }
    findings.sort_by_key(|finding| finding.place.as_ref().map(|place| place.range.start));
    findings.truncate(MAX_FINDINGS);
    findings
}

fn length(text: &str, use_as: Use) -> Vec<(Place, Lint)> {
    let max = match use_as {
        Use::Instructions => MAX_INSTRUCTIONS_CHARS,
        Use::Greeting => MAX_GREETING_CHARS,
    };
    let all = || Place::of(text, 0..text.len());
    if let Some(rest) = byte_of_char(text, max) {
        let lint = Lint::TooLong { found: text.chars().count(), max };
        return vec![(Place::of(text, rest..text.len()), lint)];
    }
    match use_as {
        Use::Instructions if text.trim().is_empty() => vec![(all(), Lint::Blank)],
        Use::Greeting if byte_of_char(text, LONG_GREETING_CHARS).is_some() => {
            vec![(all(), Lint::LongGreeting)]
        }
        Use::Instructions | Use::Greeting => vec![],
    }
}

/// Where the character with this index begins, if there is one.
fn byte_of_char(text: &str, index: usize) -> Option<usize> {
    text.char_indices().nth(index).map(|(at, _)| at)
}

#[cfg(test)]
mod tests;
