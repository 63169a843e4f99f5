//! What each test cost: the time that it took, which others share with it, and the processor's time, which is its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How many of the slowest and of the dearest tests are named after a run.
const NAMED: usize = 20;

/// The cost of one test.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cost {
    pub name: &'static str,
    pub took: Duration,
    pub spent: Duration,
}

/// The processor's time of the threads that worked for a test and have ended.
#[derive(Debug, Clone, Default)]
pub(super) struct Spent(Arc<AtomicU64>);

impl Spent {
    /// Adds what the thread that calls this has used in its life.
    pub(super) fn add_thread(&self) {
        self.0.fetch_add(used_by_thread(), Ordering::Relaxed);
    }

    /// Does what the thread that calls this is to do, and adds what it uses for that.
    pub(super) fn of<T>(&self, work: impl FnOnce() -> T) -> T {
        let before = used_by_thread();
        let done = work();
        self.0.fetch_add(used_by_thread().saturating_sub(before), Ordering::Relaxed);
        done
    }

    /// What has been used until now, by threads that have ended and in [`Self::of`].
    pub(super) fn until_now(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }
}

/// Nanoseconds; 0 where the system does not say.
fn used_by_thread() -> u64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    told.split(' ').next().and_then(|used| used.parse().ok()).unwrap_or_default()
}

/// The lines that name the slowest and the dearest, after a run of many.
pub(super) fn told(costs: &mut [Cost]) -> Vec<String> {
    if costs.len() <= NAMED {
        return vec![];
    }
    let whole: f64 = costs.iter().map(|cost| cost.spent.as_secs_f64()).sum();
    let mut lines = vec![];
    for (title, by) in
        [("slowest", (|cost| cost.took) as fn(&Cost) -> Duration), ("dearest", |cost| cost.spent)]
    {
        costs.sort_unstable_by_key(|cost| std::cmp::Reverse(by(cost)));
        lines.push(format!(
            "the {title} {NAMED} of {} tests, in seconds, and in seconds of a processor of {whole:.0}:",
            costs.len()
        ));
        let line = |cost: &Cost| {
            format!("{:6.1} {:6.1}  {}", cost.took.as_secs_f64(), cost.spent.as_secs_f64(), cost.name)
        };
        lines.extend(costs.iter().take(NAMED).map(line));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dearest_are_named_beside_the_slowest() {
        let cost = |index: usize| Cost {
            name: if index == 0 { "dear" } else { "slow" },
            took: Duration::from_secs(u64::from(index != 0)),
            spent: Duration::from_secs(u64::from(index == 0)),
        };
        let lines = told(&mut (0..=NAMED).map(cost).collect::<Vec<_>>());
        assert!(!lines[1..=NAMED].iter().any(|line| line.ends_with("dear")), "{lines:?}");
        assert!(lines[NAMED + 2].ends_with("dear"), "{lines:?}");
        assert_eq!(told(&mut [cost(0)]), Vec::<String>::new());
    }

    #[test]
    fn what_a_thread_used_is_added_once_it_ends() {
        if !std::path::Path::new("/proc/thread-self/schedstat").exists() {
            return;
        }
        let spent = Spent::default();
        let adds = spent.clone();
        let work = move || {
            while used_by_thread() < 1_000_000 {}
            adds.add_thread();
        };
        std::thread::spawn(work).join().unwrap();
        assert!(spent.until_now() >= Duration::from_millis(1));
    }
}
