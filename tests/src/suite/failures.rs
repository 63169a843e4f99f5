//! What a failed test says: its own panic with its place, and those of the product's tasks that it ran.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

thread_local! {
    /// The test that this thread works for.
    static TEST: Cell<Option<&'static str>> = const { Cell::new(None) };
}

/// The panics of each test that runs.
static NOTED: Mutex<BTreeMap<&str, Vec<String>>> = Mutex::new(BTreeMap::new());

/// Whether the run shows what happens when it happens.
static AT_ONCE: AtomicBool = AtomicBool::new(false);

pub(super) fn at_once() -> bool {
    AT_ONCE.load(Ordering::Relaxed)
}

/// Keeps each panic until its test has ended, so that a run tells of tests that fail and of nothing else. `at_once`
/// tells of every panic when it happens as well.
pub(super) fn note_panics(at_once: bool) {
    AT_ONCE.store(at_once, Ordering::Relaxed);
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| match TEST.get() {
        Some(test) => {
            if at_once {
                tell(panic);
            }
            let mut noted = NOTED.lock().unwrap_or_else(PoisonError::into_inner);
            noted.entry(test).or_default().push(describe(panic));
        }
        None => tell(panic),
    }));
}

/// From now on this thread works for the test.
pub(super) fn begin(test: &'static str) {
    TEST.set(Some(test));
}

/// What went wrong in the test, the first thing first.
pub(super) fn end(test: &str) -> String {
    TEST.set(None);
    NOTED.lock().unwrap_or_else(PoisonError::into_inner).remove(test).unwrap_or_default().join("\n")
}

fn describe(panic: &PanicHookInfo<'_>) -> String {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let words = panic.payload_as_str().unwrap_or("a panic without words");
    let backtrace = Backtrace::capture();
    let mut told = format!("panicked at {place}:\n{words}");
    if backtrace.status() == BacktraceStatus::Captured {
        told.push_str(&format!("\n{backtrace}"));
    }
    told
}
