//! What a tick did to many things, told in few lines.

use std::collections::BTreeMap;
use std::fmt::Display;

/// Things of one kind that are named before the rest is only counted.
const NAMED: usize = 5;

/// Counts by kind, and names the first few of each. However much a tick finds, it logs a line for each kind.
#[derive(Debug, Default)]
pub(crate) struct Tally(BTreeMap<&'static str, Kind>);

#[derive(Debug, Default)]
struct Kind {
    count: u32,
    first: Vec<String>,
}

impl Tally {
    pub(crate) fn add(&mut self, kind: &'static str, which: impl Display) {
        let kind = self.0.entry(kind).or_default();
        kind.count += 1;
        if kind.first.len() < NAMED {
            kind.first.push(which.to_string());
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Writes a line for each kind, and has it counted: `count` is given the kind and how many there were.
    pub(crate) fn tell(self, message: &'static str, count: impl Fn(&'static str, f64)) {
        for (kind, Kind { count: number, first }) in self.0 {
            tracing::warn!(found = kind, count = number, first = first.join(", "), "{message}");
            count(kind, f64::from(number));
        }
    }

    /// Writes a line for each kind of thing that could not be done.
    pub(crate) fn complain(self, message: &'static str) {
        for (kind, Kind { count, first }) in self.0 {
            tracing::error!(of = kind, count, first = first.join("; "), "{message}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn much_of_a_kind_is_counted_and_the_first_few_are_named() {
        let mut tally = Tally::default();
        for n in 0..1_000 {
            tally.add("status", n);
        }
        tally.add("follow_up", "x");
        let status = &tally.0["status"];
        assert_eq!((status.count, status.first.join(",")), (1_000, "0,1,2,3,4".to_owned()));
        assert_eq!(tally.0["follow_up"].count, 1);
    }
}
