//! What is wrong with opening hours, or likely a mistake, before they are published.

use strum::IntoStaticStr;

use super::week::DAYS;
use super::{OpeningHours, Outside, Span};
use crate::tools::Destination;
use crate::zone::Zone;

/// The most spans of one day.
pub const MAX_SPANS: usize = 8;
/// The most holidays, and the most exceptions.
pub const MAX_DAYS: usize = 100;
/// The longest name of a holiday or an exception, characters.
pub const MAX_NAME_CHARS: usize = 80;
/// The longest after-hours prompt, characters.
pub const MAX_INSTRUCTIONS_CHARS: usize = 4_000;

/// One thing that is wrong, and where: `week.monday[1]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The path of the field, from the opening hours on. Empty: the whole.
    pub path: String,
    /// What it is.
    pub lint: Lint,
}

/// A kind of mistake. Its text says what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, thiserror::Error)]
#[strum(serialize_all = "snake_case")]
pub enum Lint {
    /// The business's time zone does not exist.
    #[error("the business's time zone is unknown: set it to an IANA name such as `Europe/Vienna`")]
    UnknownZone,
    /// No day of the week has a span.
    #[error("no day of the week has opening times: every call comes outside the opening hours")]
    NeverOpen,
    /// Two spans have time in common.
    #[error("the span has time in common with {0}: make one of both, or correct one")]
    Overlap(Span),
    /// A last day that comes before the first one.
    #[error("the last day comes before the first one")]
    Backwards,
    /// Two holidays on one day, or two exceptions.
    #[error("another one, further up, holds on the same day: only that one is kept")]
    Twice,
    /// A name that is empty or too long.
    #[error("the name must have 1 to {MAX_NAME_CHARS} characters")]
    Name,
    /// Instructions that are empty or too long.
    #[error("the instructions must have 1 to {MAX_INSTRUCTIONS_CHARS} characters")]
    Instructions,
    /// Calls go to an entry that the directory does not have.
    #[error("the directory has no entry with this id")]
    UnknownDestination,
    /// More than there may be.
    #[error("more than {0}")]
    TooMany(usize),
}

impl Lint {
    /// The word for programs.
    pub fn code(&self) -> &'static str {
        self.into()
    }

    /// Whether hours with this finding may not be published. The others only deserve a look.
    pub const fn is_error(&self) -> bool {
        match self {
            Self::NeverOpen | Self::Overlap(_) | Self::Twice => false,
            Self::UnknownZone
            | Self::Backwards
            | Self::Name
            | Self::Instructions
            | Self::UnknownDestination
            | Self::TooMany(_) => true,
        }
    }
}

impl OpeningHours {
    /// Everything that is wrong, for a business in `zone` with this directory.
    pub fn lint(&self, zone: &str, directory: &[Destination]) -> Vec<Finding> {
        let mut found = Findings { directory, found: vec![] };
        if Zone::parse(zone).is_err() {
            found.add("", Lint::UnknownZone);
        }
        if self.week.is_empty() {
            found.add("week", Lint::NeverOpen);
        }
        for (index, (day, name)) in DAYS.into_iter().enumerate() {
            let path = format!("week.{name}");
            let spans = self.week.spans(day);
            found.spans(&path, spans);
            let (tomorrow, _) = DAYS[(index + 1) % DAYS.len()];
            for (at, span) in spans.iter().enumerate() {
                if let Some(next) = self.week.spans(tomorrow).iter().find(|next| span.reaches(**next)) {
                    found.add(format!("{path}[{at}]"), Lint::Overlap(*next));
                }
            }
        }
        self.lint_days(&mut found);
        found.outside("outside", &self.outside);
        found.found
    }

    fn lint_days(&self, found: &mut Findings<'_>) {
        for (path, count) in [("holidays", self.holidays.len()), ("exceptions", self.exceptions.len())] {
            if count > MAX_DAYS {
                found.add(path, Lint::TooMany(MAX_DAYS));
            }
        }
        for (index, rule) in self.holidays.iter().enumerate() {
            let path = format!("holidays[{index}]");
            found.day(&path, &rule.name, &rule.open, rule.outside.as_ref());
            if self.holidays[..index].iter().any(|other| other.on.meets(rule.on)) {
                found.add(format!("{path}.on"), Lint::Twice);
            }
        }
        for (index, rule) in self.exceptions.iter().enumerate() {
            let path = format!("exceptions[{index}]");
            found.day(&path, &rule.name, &rule.open, rule.outside.as_ref());
            if rule.end() < rule.first {
                found.add(format!("{path}.last"), Lint::Backwards);
            } else if self.exceptions[..index]
                .iter()
                .any(|other| other.first <= rule.end() && rule.first <= other.end())
            {
                found.add(format!("{path}.first"), Lint::Twice);
            }
        }
    }
}

struct Findings<'a> {
    directory: &'a [Destination],
    found: Vec<Finding>,
}

impl Findings<'_> {
    fn add(&mut self, path: impl Into<String>, lint: Lint) {
        self.found.push(Finding { path: path.into(), lint });
    }

    fn day(&mut self, path: &str, name: &str, open: &[Span], outside: Option<&Outside>) {
        if name.trim().is_empty() || name.chars().count() > MAX_NAME_CHARS {
            self.add(format!("{path}.name"), Lint::Name);
        }
        self.spans(&format!("{path}.open"), open);
        if let Some(outside) = outside {
            self.outside(&format!("{path}.outside"), outside);
        }
    }

    fn spans(&mut self, path: &str, spans: &[Span]) {
        if spans.len() > MAX_SPANS {
            self.add(path, Lint::TooMany(MAX_SPANS));
        }
        for (index, span) in spans.iter().enumerate() {
            if let Some(other) = spans[..index].iter().find(|other| other.overlaps(*span)) {
                self.add(format!("{path}[{index}]"), Lint::Overlap(*other));
            }
        }
    }

    fn outside(&mut self, path: &str, outside: &Outside) {
        match outside {
            Outside::Voicemail => {}
            Outside::Agent { instructions } => {
                if instructions.trim().is_empty() || instructions.chars().count() > MAX_INSTRUCTIONS_CHARS {
                    self.add(format!("{path}.agent.instructions"), Lint::Instructions);
                }
            }
            Outside::Forward { to } => {
                if !self.directory.iter().any(|entry| entry.id == *to) {
                    self.add(format!("{path}.forward.to"), Lint::UnknownDestination);
                }
            }
        }
    }
}
