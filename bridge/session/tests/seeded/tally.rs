//! What was run and what was done to it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// Sums over calls, for the report of a run.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) calls: u64,
    pub(crate) sessions: u64,
    pub(crate) steps: u64,
    pub(crate) talked: Duration,
    pub(crate) faults: BTreeMap<&'static str, u64>,
    pub(crate) ends: BTreeMap<&'static str, u64>,
    pub(crate) greetings: u64,
    pub(crate) barge_ins: u64,
    pub(crate) tools: u64,
    pub(crate) actions: u64,
    /// The longest silence on both sides, in calls where nothing went wrong and in the others.
    pub(crate) dead_air: [Duration; 2],
    /// The most by which a truncation missed what the caller had heard, in calls where nothing went wrong.
    pub(crate) truncated_off_by: Duration,
}

impl Tally {
    pub(crate) fn fault(&mut self, kind: &'static str) {
        *self.faults.entry(kind).or_default() += 1;
    }

    pub(crate) fn end(&mut self, reason: &'static str) {
        *self.ends.entry(reason).or_default() += 1;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.sessions += other.sessions;
        self.steps += other.steps;
        self.talked += other.talked;
        for (kind, count) in &other.faults {
            *self.faults.entry(kind).or_default() += count;
        }
        for (reason, count) in &other.ends {
            *self.ends.entry(reason).or_default() += count;
        }
        self.greetings += other.greetings;
        self.barge_ins += other.barge_ins;
        self.tools += other.tools;
        self.actions += other.actions;
        for (longest, other) in self.dead_air.iter_mut().zip(other.dead_air) {
            *longest = (*longest).max(other);
        }
        self.truncated_off_by = self.truncated_off_by.max(other.truncated_off_by);
    }

    pub(crate) fn call_hours(&self) -> f64 {
        self.talked.as_secs_f64() / 3_600.0
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [calm, rough] = self.dead_air;
        writeln!(
            f,
            "{} calls in {} sessions, {:.1} call-hours, {} steps, {} faults",
            self.calls,
            self.sessions,
            self.call_hours(),
            self.steps,
            self.faults.values().sum::<u64>(),
        )?;
        writeln!(
            f,
            "{} greetings, {} barge-ins, {} tools, {} actions; longest dead air {calm:?} with nothing wrong, {rough:?} otherwise; \
             truncated at most {:?} off",
            self.greetings, self.barge_ins, self.tools, self.actions, self.truncated_off_by,
        )?;
        writeln!(f, "ends: {:?}", self.ends)?;
        for (kind, count) in &self.faults {
            writeln!(f, "{count:>8}  {kind}")?;
        }
        Ok(())
    }
}
