//! Whether a concurrent history could have happened one operation at a time.
//!
//! The search is Wing and Gong's with Lowe's memory of what was tried: an operation may come next in the order if
//! no other one had returned before it was invoked, and a set of operations done that led to a state once need not
//! be tried again. An operation whose outcome is unknown may have happened at any time since it was invoked, or
//! never.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

/// What a thing is when one operation happens after another.
pub(crate) trait Model: Clone + Eq + Hash {
    type Op: Clone + Send + std::fmt::Debug;
    type Ret: Clone + PartialEq + Send + std::fmt::Debug;

    /// Every answer that `op` may have in this state, each with the state that follows.
    fn step(&self, op: &Self::Op) -> Vec<(Self::Ret, Self)>;
}

/// One operation, from its invocation to its return, in ticks of the history's own clock.
#[derive(Debug, Clone)]
pub(crate) struct Entry<O, R> {
    pub(crate) op: O,
    pub(crate) invoked: u64,
    /// `None`: its answer was lost.
    pub(crate) returned: Option<(u64, R)>,
}

/// Records a history while it happens.
pub(crate) struct Recorder<M: Model> {
    inner: Mutex<Recorded<M>>,
}

struct Recorded<M: Model> {
    clock: u64,
    entries: Vec<Entry<M::Op, M::Ret>>,
}

impl<M: Model> Recorder<M> {
    pub(crate) fn new() -> Self {
        Self { inner: Mutex::new(Recorded { clock: 0, entries: vec![] }) }
    }

    /// Notes the invocation; the answer is what [`Recorder::returns`] is given.
    pub(crate) fn invokes(&self, op: M::Op) -> usize {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.clock += 1;
        let invoked = inner.clock;
        inner.entries.push(Entry { op, invoked, returned: None });
        inner.entries.len() - 1
    }

    pub(crate) fn returns(&self, entry: usize, ret: M::Ret) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.clock += 1;
        let at = inner.clock;
        inner.entries[entry].returned = Some((at, ret));
    }

    pub(crate) fn history(&self) -> Vec<Entry<M::Op, M::Ret>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).entries.clone()
    }
}

/// More operations than this are more than one bit each.
const MAX_OPERATIONS: usize = 64;

/// Whether there is an order in which `history` makes sense from `initial` on.
pub(crate) fn is_linearizable<M: Model>(initial: M, history: &[Entry<M::Op, M::Ret>]) -> bool {
    assert!(history.len() <= MAX_OPERATIONS, "a longer history is cut into several");
    let heard = history.iter().enumerate().filter(|(_, entry)| entry.returned.is_some());
    let heard = heard.fold(0u64, |all, (index, _)| all | 1 << index);
    let mut tried = HashSet::new();
    let mut open = vec![(0u64, initial)];
    while let Some((done, state)) = open.pop() {
        if done & heard == heard {
            return true;
        }
        if !tried.insert((done, state.clone())) {
            continue;
        }
        let pending = |index: &usize| done & 1 << index == 0;
        // An operation that is invoked after this has one before it.
        let first_return = (0..history.len())
            .filter(pending)
            .filter_map(|index| history[index].returned.as_ref().map(|(at, _)| *at))
            .min()
            .unwrap_or(u64::MAX);
        for index in (0..history.len()).filter(pending) {
            let entry = &history[index];
            if entry.invoked > first_return {
                continue;
            }
            for (ret, next) in state.step(&entry.op) {
                if entry.returned.as_ref().is_none_or(|(_, seen)| *seen == ret) {
                    open.push((done | 1 << index, next));
                }
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A register that is written and read.
    #[derive(Debug, Clone, PartialEq, Eq, Hash)]
    struct Register(u8);

    #[derive(Debug, Clone)]
    enum Op {
        Write(u8),
        Read,
    }

    impl Model for Register {
        type Op = Op;
        type Ret = u8;

        fn step(&self, op: &Op) -> Vec<(u8, Self)> {
            match op {
                Op::Write(value) => vec![(*value, Self(*value))],
                Op::Read => vec![(self.0, self.clone())],
            }
        }
    }

    fn entry(op: Op, invoked: u64, returned: Option<(u64, u8)>) -> Entry<Op, u8> {
        Entry { op, invoked, returned }
    }

    #[test]
    fn a_read_of_what_was_overwritten_before_it_began_is_found() {
        let history = [
            entry(Op::Write(1), 1, Some((2, 1))),
            entry(Op::Write(2), 3, Some((4, 2))),
            entry(Op::Read, 5, Some((6, 1))),
        ];
        assert!(!is_linearizable(Register(0), &history));
        let overlapping = [history[0].clone(), history[1].clone(), entry(Op::Read, 2, Some((6, 1)))];
        assert!(is_linearizable(Register(0), &overlapping), "it may have happened in between");
    }

    #[test]
    fn a_write_without_an_answer_may_have_happened_or_not_and_is_not_undone() {
        let unheard = entry(Op::Write(1), 1, None);
        let read = |at, value| entry(Op::Read, at, Some((at + 1, value)));
        for values in [[0, 0], [0, 1], [1, 1]] {
            let history = [unheard.clone(), read(2, values[0]), read(4, values[1])];
            assert!(is_linearizable(Register(0), &history), "{values:?}");
        }
        assert!(!is_linearizable(Register(0), &[unheard, read(2, 1), read(4, 0)]));
    }

    /// The definition itself: some order of all that were heard of, and any of the others, respects time and model.
    fn by_definition(state: &Register, left: &[Entry<Op, u8>]) -> bool {
        left.iter().all(|entry| entry.returned.is_none())
            || left.iter().enumerate().any(|(index, entry)| {
                let in_time = left.iter().all(|other| {
                    other.returned.as_ref().is_none_or(|(returned, _)| entry.invoked <= *returned)
                });
                let mut rest = left.to_vec();
                rest.remove(index);
                in_time
                    && state.step(&entry.op).into_iter().any(|(ret, next)| {
                        entry.returned.as_ref().is_none_or(|(_, seen)| *seen == ret)
                            && by_definition(&next, &rest)
                    })
            })
    }

    fn history() -> impl Strategy<Value = Vec<Entry<Op, u8>>> {
        let op = prop_oneof![(1u8..3).prop_map(Op::Write), Just(Op::Read)];
        let operation = (op, 0u64..12, 1u64..8, prop::option::weighted(0.8, 0u8..3));
        prop::collection::vec(operation, 1..6).prop_map(|operations| {
            let entries = operations.into_iter().map(|(op, invoked, took, seen)| {
                let seen = match op {
                    Op::Write(value) => seen.map(|_| value),
                    Op::Read => seen,
                };
                Entry { op, invoked, returned: seen.map(|seen| (invoked + took, seen)) }
            });
            entries.collect()
        })
    }

    proptest! {
        #[test]
        fn the_search_finds_what_the_definition_says(history in history()) {
            prop_assert_eq!(is_linearizable(Register(0), &history), by_definition(&Register(0), &history));
        }
    }
}
