//! What of a model's answer is taken.

use super::{
    Claim, Extracted, Field, FieldKind, InsightPolicy, MAX_FIELDS, ModelClaims, Summary, Void, Voided,
};
use crate::{Speaker, Transcript, text};

/// Longest value and quote, characters.
const MAX_VALUE_CHARS: usize = 500;
/// Longest text of a summary, characters.
const MAX_TEXT_CHARS: usize = 2_000;

/// What was taken of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedClaims {
    /// What the call was about, cut to its longest length.
    pub summary: Summary,
    /// The values that stand on quotes.
    pub extraction: Vec<Extracted>,
    /// The values that do not count.
    pub voided: Vec<Voided>,
    /// The lead status, if it is one of the business's own.
    pub lead_status: Option<String>,
}

/// Holds a model's answer against the transcript and the business's own lists.
///
/// A value whose quote was not said is void, as is one of the wrong kind; a field that was not asked for is
/// dropped, and a lead status that the business does not know becomes `None`.
pub fn check_claims(answer: ModelClaims, transcript: &Transcript, policy: &InsightPolicy) -> CheckedClaims {
    let ModelClaims { summary, mut fields, lead_status } = answer;
    let said = Said::new(transcript);
    let (mut extraction, mut voided) = (Vec::new(), Vec::new());
    for field in policy.fields.iter().take(MAX_FIELDS) {
        let Some(claim) = fields.remove(&field.name).flatten() else { continue };
        match take(field, claim, &said) {
            Ok(extracted) => extraction.push(extracted),
            Err(why) => voided.push(Voided { name: field.name.clone(), why }),
        }
    }
    let lead_status = lead_status.and_then(|status| one_of(&policy.lead_statuses, &status));
    CheckedClaims { summary: bounded(summary), extraction, voided, lead_status }
}

fn take(field: &Field, claim: Claim, said: &Said) -> Result<Extracted, Void> {
    let said_by = said.speaker_of(&claim.quote).ok_or(Void::NotSaid)?;
    let value = as_kind(&field.kind, claim.value.trim()).ok_or(Void::WrongKind)?;
    Ok(Extracted {
        name: field.name.clone(),
        value,
        quote: cut(claim.quote.trim(), MAX_VALUE_CHARS),
        said_by,
        confidence: u8::try_from(claim.confidence.clamp(0, 100)).unwrap_or(0),
    })
}

/// The value in the spelling of its kind.
fn as_kind(kind: &FieldKind, value: &str) -> Option<String> {
    if value.is_empty() || value.chars().count() > MAX_VALUE_CHARS {
        return None;
    }
    // Digits are stored as ASCII ones, whatever the script in which the model gave them.
    let figures = || text::folded(value);
    match kind {
        FieldKind::Text => Some(value.to_owned()),
        FieldKind::Number => Some(figures()).filter(|n| n.parse::<f64>().is_ok_and(f64::is_finite)),
        FieldKind::Date => Some(figures()).filter(|date| is_date(date)),
        FieldKind::Time => Some(figures()).filter(|time| is_time(time)),
        FieldKind::Phone => phone(&figures()),
        FieldKind::OneOf(words) => one_of(words, value),
    }
}

fn is_date(value: &str) -> bool {
    let parts: Vec<&str> = value.split('-').collect();
    let [year, month, day] = parts[..] else { return false };
    let (Some(year), Some(month), Some(day)) = (digits(year, 4), digits(month, 2), digits(day, 2)) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(leap),
        _ => 0,
    };
    (1..=days).contains(&day)
}

fn is_time(value: &str) -> bool {
    let Some((hour, minute)) = value.split_once(':') else { return false };
    digits(hour, 2).is_some_and(|hour| hour < 24) && digits(minute, 2).is_some_and(|minute| minute < 60)
}

fn digits(text: &str, count: usize) -> Option<u32> {
    (text.len() == count && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// Digits, and a `+` in front if there was one. Spaces and the marks that people put between digits go.
fn phone(value: &str) -> Option<String> {
    let (plus, rest) = value.strip_prefix('+').map_or(("", value), |rest| ("+", rest));
    let plain: String = rest.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')' | '/')).collect();
    let fits = (3..=15).contains(&plain.len()) && plain.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| format!("{plus}{plain}"))
}

fn one_of(words: &[String], value: &str) -> Option<String> {
    words.iter().find(|word| text::folded(word.trim()) == text::folded(value.trim())).cloned()
}

fn bounded(summary: Summary) -> Summary {
    let text = |text: String| cut(text.trim(), MAX_TEXT_CHARS);
    Summary {
        topic: text(summary.topic),
        details: text(summary.details),
        outcome: text(summary.outcome),
        next_step: summary.next_step.map(text).filter(|step| !step.is_empty()),
    }
}

fn cut(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}

/// The transcript as quotes are looked up in it: one text for as long as the same person speaks.
struct Said(Vec<(Option<Speaker>, String)>);

impl Said {
    fn new(transcript: &Transcript) -> Self {
        let mut spoken: Vec<(Option<Speaker>, String)> = Vec::new();
        for line in &transcript.lines {
            let words = plain(&line.text);
            match spoken.last_mut() {
                Some((speaker, text)) if *speaker == line.speaker => {
                    text.push(' ');
                    text.push_str(&words);
                }
                _ => spoken.push((line.speaker, words)),
            }
        }
        Self(spoken)
    }

    /// Who said the quote; the outer `None`: neither did. A caller who said it comes before an agent who did.
    fn speaker_of(&self, quote: &str) -> Option<Option<Speaker>> {
        let quote = plain(quote);
        if quote.is_empty() {
            return None;
        }
        let spoken = |agents: bool| {
            self.0
                .iter()
                .filter(move |(speaker, _)| (*speaker == Some(Speaker::Agent)) == agents)
                .find(|(_, text)| holds(text, &quote))
                .map(|(speaker, _)| *speaker)
        };
        spoken(false).or_else(|| spoken(true))
    }
}

/// Words in the form in which they are compared, one space between them.
fn plain(text: &str) -> String {
    text::words(text).join(" ")
}

/// Whether `text` holds `quote` in whole words. Scripts that do not part words have no boundary to keep.
fn holds(text: &str, quote: &str) -> bool {
    let parts_words = |c: Option<char>| c.is_some_and(|c| c.is_lowercase() || c.is_numeric());
    text.match_indices(quote).any(|(at, found)| {
        let before = text[..at].chars().next_back();
        let after = text[at + found.len()..].chars().next();
        let joined_before = parts_words(before) && parts_words(found.chars().next());
        let joined_after = parts_words(after) && parts_words(found.chars().next_back());
        !joined_before && !joined_after
    })
}
