//! Wakes the receives that wait on a queue when something may have become visible in it.

use std::hash::{DefaultHasher, Hash, Hasher};

use tokio::sync::Notify;

/// Queues share this many signals. A wake-up meant for another queue costs a look and nothing else.
const SIGNALS: usize = 64;

#[derive(Debug)]
pub(super) struct Arrivals {
    signals: [Notify; SIGNALS],
}

impl Arrivals {
    pub(super) fn new() -> Self {
        Self { signals: std::array::from_fn(|_| Notify::new()) }
    }

    /// Wakes every receive that waits on `queue`; the ones that find nothing wait on.
    pub(super) fn wake(&self, queue: &str) {
        self.signal(queue).notify_waiters();
    }

    /// The signal to wait for. It must be enabled before the queue is looked at, or a send in between is missed.
    pub(super) fn signal(&self, queue: &str) -> &Notify {
        let mut hasher = DefaultHasher::new();
        queue.hash(&mut hasher);
        let index = usize::try_from(hasher.finish() % SIGNALS as u64).unwrap_or(0);
        &self.signals[index]
    }
}
