//! What a campaign has come to: sums over its entries. A store adds the difference that a change of an entry makes in the
//! transaction of that change, so the sums equal a recount at any moment.

use std::collections::BTreeMap;

use super::entry::{Entry, State};
use super::goal::Facts;
use super::retry::Outcome;

/// Sums by their names, as a store keeps them. Names are words and digits with `_` between them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress(pub BTreeMap<String, i64>);

/// The name of the sum of money that was spent or is kept for calls under way, micro-dollars.
pub const MICROS: &str = "micros";
/// The name of the sum of begun minutes, spent or kept.
pub const MINUTES: &str = "minutes";
/// The name of the sum of entries whose call is under way.
pub const BUSY: &str = "busy";
/// The name of the sum of entries that have not come to their end.
pub const OPEN: &str = "open";
/// The name of the sum of entries whose goal was reached.
pub const GOALS: &str = "goals";
/// The name of the sum of calls whose facts are awaited.
pub const AWAITED: &str = "facts_awaited";
/// The name of the sum of what calls cost, and of what they may have cost at most where that is not known, micro-dollars.
pub const COST: &str = "cost_micros";
/// The name of the sum of all entries.
pub const TOTAL: &str = "total";

impl Progress {
    /// What one entry adds.
    pub fn of(entry: &Entry) -> Self {
        let mut sums = Self::default();
        sums.add(TOTAL, 1);
        sums.add(&format!("state_{}", entry.state.word()), 1);
        match &entry.state {
            State::Done { outcome, .. } => sums.add(&format!("done_{}", outcome.as_str()), 1),
            State::Skipped { why, .. } => sums.add(&format!("skipped_{}", why.as_str()), 1),
            State::Dialling { most, .. } | State::Calling { most, .. } => {
                sums.add(BUSY, 1);
                sums.add(MINUTES, signed(most.minutes));
                sums.add(MICROS, signed(most.micros.unwrap_or(0)));
            }
            State::Pending { .. } | State::Waiting { .. } => {}
        }
        if !entry.state.is_over() {
            sums.add(OPEN, 1);
        }
        if entry.has_reached_goal() {
            sums.add(GOALS, 1);
        }
        for attempt in &entry.attempts {
            let Some(outcome) = attempt.outcome else { continue };
            sums.add("calls", 1);
            sums.add(&of_outcome(outcome), 1);
            sums.add(&format!("hour_{:02}_calls", attempt.hour), 1);
            if outcome.is_human() {
                sums.add(&format!("hour_{:02}_human", attempt.hour), 1);
                sums.add("human_seconds", signed(attempt.seconds));
            }
            sums.add(MINUTES, signed(attempt.spent.minutes));
            sums.add(MICROS, signed(attempt.spent.micros.unwrap_or(0)));
            let at_most = attempt.spent.micros.unwrap_or(0);
            match attempt.facts {
                Some(Facts::Known { micros, .. }) => sums.add(COST, signed(micros)),
                Some(facts) => {
                    sums.add(COST, signed(at_most));
                    sums.add(AWAITED, i64::from(facts.due().is_some()));
                }
                None => {}
            }
        }
        sums
    }

    /// What changes when `before` becomes `after`; without the sums that stay.
    #[must_use]
    pub fn difference(before: Option<&Entry>, after: &Entry) -> Self {
        let mut sums = Self::of(after);
        for (name, sum) in before.map(Self::of).unwrap_or_default().0 {
            sums.add(&name, -sum);
        }
        sums.0.retain(|_, sum| *sum != 0);
        sums
    }

    /// A recount.
    pub fn recount<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Self {
        let mut sums = Self::default();
        for entry in entries {
            sums.plus(&Self::of(entry));
        }
        sums.0.retain(|_, sum| *sum != 0);
        sums
    }

    /// Adds what changed.
    pub fn plus(&mut self, other: &Self) {
        for (name, sum) in &other.0 {
            self.add(name, *sum);
        }
    }

    /// A sum by its name.
    pub fn get(&self, name: &str) -> u64 {
        self.0.get(name).and_then(|sum| u64::try_from(*sum).ok()).unwrap_or(0)
    }

    /// Calls that a person answered and spoke in.
    pub fn answered(&self) -> u64 {
        let outcomes = Outcome::ALL.iter().filter(|outcome| outcome.is_human());
        outcomes.map(|outcome| self.ended_with(*outcome)).sum()
    }

    /// Calls that came to this.
    pub fn ended_with(&self, outcome: Outcome) -> u64 {
        self.get(&of_outcome(outcome))
    }

    fn add(&mut self, name: &str, sum: i64) {
        *self.0.entry(name.to_owned()).or_default() += sum;
    }
}

fn of_outcome(outcome: Outcome) -> String {
    format!("calls_{}", outcome.as_str())
}

fn signed(figure: u64) -> i64 {
    i64::try_from(figure).unwrap_or(i64::MAX)
}
