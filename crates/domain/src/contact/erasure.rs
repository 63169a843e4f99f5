//! Erasing all that is kept of one person: what is to be done, how far it is, and when it is over.
//!
//! An erasure is a list of steps, one for each owner of data, and is done in rounds: each round looks everywhere again. What
//! other jobs were just writing when it began is found by a later round, so an erasure is over only when a round has found
//! nothing for as long as such jobs may take. While it goes on it knows whom it is about; once it is over, its report holds
//! ids, counts, times and reasons, and nothing of the person.

mod trace;
mod words;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Contact, ContactId, PersonRequestId};
use crate::Timestamp;
use crate::access::KeyId;

pub use trace::{EventsRead, Trace};
pub use words::{ErasureState, Kept, Step, Waits};

/// How long nothing may be found before an erasure is over: longer than jobs about a call or a text run that were on their
/// way when it began, their repetitions included.
pub const QUIET: Duration = Duration::from_secs(20 * 60);
/// When what is waited for is looked at again.
pub const AGAIN: Duration = Duration::from_secs(60);
/// The longest that a round is put off: as long as a queue keeps a message back.
const MOST: Duration = Duration::from_secs(15 * 60);
/// The calls of which one job is done with what is kept of them.
pub const CALLS_AT_ONCE: usize = 25;
/// The most calls of one person that are gone over in every round; those beyond are gone over until their own rows are done.
pub const MAX_CALLS: usize = 5_000;

/// What is kept for one reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptPart {
    /// How much.
    pub count: u64,
    /// Until when, if that is known.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

/// What a step came to in one round.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// How much was found and is gone.
    pub count: u64,
    /// What is kept.
    pub kept: BTreeMap<Kept, KeptPart>,
    /// What is waited for.
    pub waits: Option<Waits>,
}

impl Outcome {
    /// So much is gone.
    pub fn gone(count: u64) -> Self {
        Self { count, ..Self::default() }
    }

    /// Keeps so much more, for this reason and until then.
    pub fn keep(&mut self, why: Kept, count: u64, until: Option<Timestamp>) {
        if count > 0 {
            let part = self.kept.entry(why).or_default();
            part.count += count;
            part.until = part.until.max(until);
        }
    }

    /// Waits. Of two reasons that of a person stands: a job that has more to do comes again anyway.
    pub fn wait(&mut self, why: Waits) {
        self.waits = self.waits.max(Some(why));
    }

    /// Adds what another part of the step came to.
    pub fn add(&mut self, other: &Self) {
        self.count += other.count;
        for (why, part) in &other.kept {
            self.keep(*why, part.count, part.until);
        }
        self.waits = self.waits.max(other.waits);
    }
}

/// A step as the report tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepReport {
    /// How much was found and is gone, in all rounds.
    pub count: u64,
    /// What is kept, by the last round.
    #[serde(default)]
    pub kept: BTreeMap<Kept, KeptPart>,
    /// What it waits for, by the last round.
    #[serde(default)]
    pub waits: Option<Waits>,
    /// Whether it was done at least once.
    #[serde(default)]
    pub done: bool,
}

/// The erasing of one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// Its name, and when it was asked for.
    pub id: PersonRequestId,
    /// The contact. The id says nothing of the person once the contact is gone.
    pub contact: ContactId,
    /// The key with which it was asked for.
    pub by: KeyId,
    /// How far it is.
    pub state: ErasureState,
    /// Each step, as it is reported.
    pub steps: BTreeMap<Step, StepReport>,
    /// When something was found last.
    pub found_at: Timestamp,
    /// When it came to its end.
    #[serde(default)]
    pub ended_at: Option<Timestamp>,
    /// Whom it is about; `None`: it is over.
    #[serde(default)]
    pub trace: Option<Trace>,
    /// Raised by every write.
    #[serde(default)]
    pub version: u64,
}

/// What comes after a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Another round, after this time.
    Again(Duration),
    /// Nothing: it is over, or waits for a person.
    Over,
}

impl Erasure {
    /// A new one.
    pub fn new(id: PersonRequestId, contact: &Contact, by: KeyId) -> Self {
        let mut trace = Trace::default();
        trace.learn(contact);
        Self {
            id,
            contact: contact.id,
            by,
            state: ErasureState::Running,
            steps: Step::ALL.iter().map(|step| (*step, StepReport::default())).collect(),
            found_at: id.at(),
            ended_at: None,
            trace: Some(trace),
            version: 0,
        }
    }

    /// Notes what a step came to. A step that is done in several jobs adds what each of them keeps, from the `first` one of
    /// the round on.
    pub fn note(&mut self, step: Step, outcome: &Outcome, first: bool, now: Timestamp) {
        let report = self.steps.entry(step).or_default();
        let before = if first { BTreeMap::new() } else { std::mem::take(&mut report.kept) };
        let waited = if first { None } else { report.waits };
        let mut whole =
            Outcome { count: 0, kept: before, waits: waited.filter(|waits| *waits != Waits::More) };
        whole.add(outcome);
        *report = StepReport {
            count: report.count + outcome.count,
            kept: whole.kept,
            waits: whole.waits,
            done: true,
        };
        if outcome.count > 0 {
            self.found_at = now;
        }
    }

    /// What comes after a round at `now`. If it is over, it knows no more whom it was about.
    pub fn conclude(&mut self, now: Timestamp) -> Next {
        let waits = self.steps.values().filter_map(|step| step.waits).max();
        match waits {
            Some(Waits::More) => return Next::Again(Duration::ZERO),
            Some(Waits::Call | Waits::Bytes) => return Next::Again(AGAIN),
            None => {}
        }
        let quiet = now.since(self.found_at);
        if quiet < QUIET {
            return Next::Again((QUIET - quiet).min(MOST));
        }
        if self.steps.values().any(|step| step.kept.contains_key(&Kept::LegalHold)) {
            self.state = ErasureState::Held;
        } else {
            self.state = ErasureState::Done;
            self.trace = None;
        }
        self.ended_at = Some(now);
        Next::Over
    }

    /// Goes on with one that was held. `false`: it is over, and stays so.
    pub fn resume(&mut self) -> bool {
        if self.state == ErasureState::Held {
            self.state = ErasureState::Running;
            self.ended_at = None;
        }
        self.state == ErasureState::Running
    }
}

#[cfg(test)]
mod tests;
