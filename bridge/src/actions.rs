//! What a business asks of the calls of this process.
//!
//! One look at the store each second serves all of them: with 500 calls that is 5 requests, and one read unit for each
//! call, while a look of each call's own would be 500 requests. A call that was asked for something takes it by itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use domain::{ActionId, CallSid};
use futures_util::future::join_all;
use platform::rate_limit::RateLimited;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::ports::{MAX_CALLS_PER_LOOK, Ports};

/// How often the store is looked at: an action begins within a second and a half of its request.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A look that takes longer is given up; the next one asks the same.
const LOOK_WITHIN: Duration = Duration::from_millis(900);

/// The calls of the process that can be asked for something.
#[derive(Debug, Default)]
pub(crate) struct ActionWatch {
    calls: Mutex<Calls>,
    failures: RateLimited,
}

#[derive(Debug, Default)]
struct Calls {
    next: u64,
    /// By a number of their own: a call that was resumed here has two sessions for a moment.
    watched: HashMap<u64, Watched>,
}

#[derive(Debug)]
struct Watched {
    call: CallSid,
    asked: watch::Sender<Vec<ActionId>>,
}

/// One session's view of what its call was asked for.
#[derive(Debug)]
pub(crate) struct ActionInbox {
    watch: Arc<ActionWatch>,
    number: u64,
    asked: watch::Receiver<Vec<ActionId>>,
    seen: usize,
}

impl ActionWatch {
    /// Watches a call for as long as the inbox lives.
    pub(crate) fn inbox(self: &Arc<Self>, call: CallSid) -> ActionInbox {
        let (sender, asked) = watch::channel(vec![]);
        let number = self.with(|calls| {
            calls.next += 1;
            calls.watched.insert(calls.next, Watched { call, asked: sender });
            calls.next
        });
        ActionInbox { watch: Arc::clone(self), number, asked, seen: 0 }
    }

    /// Looks for actions until the process ends.
    pub(crate) async fn run<P: Ports>(&self, ports: &P) {
        let mut ticks = interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.look(ports).await;
        }
    }

    async fn look<P: Ports>(&self, ports: &P) {
        let calls: Vec<CallSid> =
            self.with(|calls| calls.watched.values().map(|watched| watched.call.clone()).collect());
        // A key that is there twice is an error.
        let calls: Vec<CallSid> = {
            let mut calls = calls;
            calls.sort_unstable();
            calls.dedup();
            calls
        };
        let looks = calls.chunks(MAX_CALLS_PER_LOOK).map(|some| timeout(LOOK_WITHIN, ports.asked(some)));
        for look in join_all(looks).await {
            match look {
                Ok(Ok(asked)) => self.with(|calls| calls.tell(&asked)),
                Ok(Err(error)) => self.failed(&error),
                Err(_) => self.failed(&"no answer in time"),
            }
        }
    }

    fn failed(&self, error: &dyn std::fmt::Display) {
        if let Some(others) = self.failures.admit(Instant::now()) {
            tracing::error!(%error, others, "actions on calls cannot be looked for");
        }
    }

    fn with<T>(&self, change: impl FnOnce(&mut Calls) -> T) -> T {
        change(&mut self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Calls {
    fn tell(&self, asked: &HashMap<CallSid, Vec<ActionId>>) {
        for watched in self.watched.values() {
            if let Some(ids) = asked.get(&watched.call) {
                watched.asked.send_if_modified(|known| {
                    // The list only grows.
                    let grown = ids.len() > known.len();
                    if grown {
                        known.clone_from(ids);
                    }
                    grown
                });
            }
        }
    }
}

impl ActionInbox {
    /// The next action that the call was asked for and that this session has not looked at, with its number.
    pub(crate) async fn next(&mut self) -> (u32, ActionId) {
        loop {
            let next = self.asked.borrow_and_update().get(self.seen).cloned();
            if let Some(id) = next {
                self.seen += 1;
                return (u32::try_from(self.seen).unwrap_or(u32::MAX), id);
            }
            if self.asked.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

impl Drop for ActionInbox {
    fn drop(&mut self) {
        self.watch.with(|calls| calls.watched.remove(&self.number));
    }
}

#[cfg(test)]
mod tests {
    use domain::testing::call_sid;

    use super::*;

    fn id(n: u8) -> ActionId {
        ActionId::of(&call_sid(1), &n.to_string())
    }

    #[tokio::test]
    async fn each_session_of_a_call_sees_each_action_once_and_in_order() {
        let watch = Arc::new(ActionWatch::default());
        let (mut first, mut other) = (watch.inbox(call_sid(1)), watch.inbox(call_sid(2)));
        let tell = |ids: Vec<ActionId>| watch.with(|calls| calls.tell(&HashMap::from([(call_sid(1), ids)])));
        tell(vec![id(1), id(2)]);
        assert_eq!((first.next().await, first.next().await), ((1, id(1)), (2, id(2))));
        // A late answer of the store.
        tell(vec![id(1)]);
        tell(vec![id(1), id(2), id(3)]);
        assert_eq!(first.next().await, (3, id(3)));
        let mut second = watch.inbox(call_sid(1));
        tell(vec![id(1), id(2), id(3)]);
        assert_eq!(second.next().await, (1, id(1)));
        let nothing = timeout(Duration::ZERO, other.next()).await;
        assert!(nothing.is_err(), "that was another call's");
        drop((first, second, other));
        assert!(watch.with(|calls| calls.watched.is_empty()));
    }
}
