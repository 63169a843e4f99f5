//! Times of a day as people write them: `9`, `9:30`, `9.30 Uhr`, `9h30`, `5 p.m.`.

use super::tokens::{Phrase, Piece, Token, longest};
use crate::hours::Span;

/// The phrases beside times.
pub(super) struct Beside {
    pub(super) until: Vec<Phrase>,
    pub(super) clock: Vec<Phrase>,
    pub(super) am: Vec<Phrase>,
    pub(super) pm: Vec<Phrase>,
}

/// A time as it is written, which may mean two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Written {
    hour: u16,
    minute: u16,
    half: Half,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Half {
    Before,
    After,
    Unsaid,
    /// Of twenty-four hours, as a leading zero or an hour after 12 says.
    Day,
}

impl Written {
    /// Minutes after midnight.
    fn meanings(self, whole_day: bool) -> Vec<u16> {
        let at = |hour: u16| hour * 60 + self.minute;
        match self.half {
            Half::Before => vec![at(self.hour % 12)],
            Half::After => vec![at(self.hour % 12 + 12)],
            Half::Unsaid if !whole_day && (1..12).contains(&self.hour) => {
                vec![at(self.hour), at(self.hour + 12)]
            }
            Half::Unsaid | Half::Day => vec![at(self.hour)],
        }
    }
}

const DASHES: [char; 4] = ['-', '\u{2013}', '\u{2014}', '\u{2212}'];

/// The index behind what leads from a first to a last thing, and is at least one dash or word.
pub(super) fn until(beside: &Beside, tokens: &[Token], at: usize) -> Option<usize> {
    let mut next = at;
    while let Some(behind) = match tokens.get(next) {
        Some(token) if token.is_mark(&DASHES) => Some(next + 1),
        Some(_) => longest(&beside.until, tokens, next),
        None => None,
    } {
        next = behind;
    }
    (next > at).then_some(next)
}

/// The spans that a text at `at` may mean, and the index behind it.
pub(super) fn span(beside: &Beside, tokens: &[Token], at: usize) -> Option<(Vec<Span>, usize)> {
    let (from, next) = time(beside, tokens, at)?;
    let next = until(beside, tokens, next)?;
    let next = skipped(&beside.clock, tokens, next);
    let (to, next) = time(beside, tokens, next)?;
    let whole_day = [from, to].iter().any(|time| time.half == Half::Day);
    let mut meanings = vec![];
    for from in from.meanings(whole_day) {
        for to in to.meanings(whole_day) {
            let text = format!("{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60);
            meanings.extend(text.parse::<Span>());
        }
    }
    (!meanings.is_empty()).then_some((meanings, next))
}

/// The index behind all of these phrases that stand at `at`.
pub(super) fn skipped(phrases: &[Phrase], tokens: &[Token], at: usize) -> usize {
    let mut next = at;
    while let Some(behind) = longest(phrases, tokens, next) {
        next = behind;
    }
    next
}

fn time(beside: &Beside, tokens: &[Token], at: usize) -> Option<(Written, usize)> {
    let digits = number(tokens.get(at)?)?;
    let hour = value(digits, 24)?;
    let joined = |index: usize| {
        let (before, token) = (tokens.get(index.checked_sub(1)?)?, tokens.get(index)?);
        (before.range.end == token.range.start).then_some(token)
    };
    let minutes = |index: usize| value(number(tokens.get(index)?).filter(|digits| digits.len() == 2)?, 59);
    let by_mark = joined(at + 1).filter(|token| token.is_mark(&[':', '.'])).and_then(|_| joined(at + 2));
    let (minute, mut next) = match by_mark.and_then(|_| minutes(at + 2)) {
        Some(minute) => (minute, at + 3),
        // Not a time but a count, such as 9.5, or a date.
        None if by_mark.is_some() => return None,
        None => (0, at + 1),
    };
    let behind_word = skipped(&beside.clock, tokens, next);
    let mut minute = minute;
    if behind_word > next {
        next = behind_word;
        if minute == 0
            && let Some(found) = minutes(next)
        {
            (minute, next) = (found, next + 1);
        }
    }
    let (half, next) = if let Some(behind) = longest(&beside.am, tokens, next) {
        (Half::Before, behind)
    } else if let Some(behind) = longest(&beside.pm, tokens, next) {
        (Half::After, behind)
    } else if hour > 12 || hour == 0 || digits.starts_with('0') {
        (Half::Day, next)
    } else {
        (Half::Unsaid, next)
    };
    // A full stop that belongs to "p.m."
    let abbreviated = half != Half::Unsaid && half != Half::Day;
    let next = next + usize::from(abbreviated && joined(next).is_some_and(|token| token.is_mark(&['.'])));
    let possible = hour < 24 || minute == 0;
    (possible && (hour <= 12 || !abbreviated)).then_some((Written { hour, minute, half }, next))
}

fn number(token: &Token) -> Option<&str> {
    match &token.piece {
        Piece::Number(digits) if digits.len() <= 2 => Some(digits),
        Piece::Number(_) | Piece::Word(_) | Piece::Mark(_) => None,
    }
}

fn value(digits: &str, max: u16) -> Option<u16> {
    digits.parse().ok().filter(|value| *value <= max)
}
