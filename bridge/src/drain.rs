//! Who may come in: admissions, and their end when the process is being stopped.

use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Counts the calls of this process and refuses more than it can carry.
#[derive(Debug, Clone)]
pub(crate) struct Admissions {
    active: Arc<watch::Sender<usize>>,
    max_calls: usize,
    shutdown: CancellationToken,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAdmitted {
    #[error("draining")]
    Draining,
    #[error("full")]
    Full,
}

/// A place for one call, given back when dropped.
#[derive(Debug)]
pub(crate) struct CallSlot(Arc<watch::Sender<usize>>);

impl Drop for CallSlot {
    fn drop(&mut self) {
        self.0.send_modify(|active| *active = active.saturating_sub(1));
    }
}

impl Admissions {
    pub(crate) fn new(max_calls: usize, shutdown: CancellationToken) -> Self {
        Self { active: Arc::new(watch::Sender::new(0)), max_calls, shutdown }
    }

    pub(crate) fn admit(&self) -> Result<CallSlot, NotAdmitted> {
        if self.shutdown.is_cancelled() {
            return Err(NotAdmitted::Draining);
        }
        let admitted = self.active.send_if_modified(|active| {
            let room = *active < self.max_calls;
            *active += usize::from(room);
            room
        });
        if admitted { Ok(CallSlot(Arc::clone(&self.active))) } else { Err(NotAdmitted::Full) }
    }

    /// Whether [`admit`](Self::admit) would let a call in.
    pub(crate) fn status(&self) -> Result<(), NotAdmitted> {
        if self.shutdown.is_cancelled() {
            Err(NotAdmitted::Draining)
        } else if *self.active.borrow() >= self.max_calls {
            Err(NotAdmitted::Full)
        } else {
            Ok(())
        }
    }

    pub(crate) fn active(&self) -> watch::Receiver<usize> {
        self.active.subscribe()
    }

    pub(crate) fn shutdown(&self) -> &CancellationToken {
        &self.shutdown
    }

    /// Ends when no call is left.
    pub(crate) async fn empty(&self) {
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = self.active().wait_for(|active| *active == 0).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_process_refuses_until_a_call_has_ended() {
        let admissions = Admissions::new(2, CancellationToken::new());
        let (first, _second) = (admissions.admit().unwrap(), admissions.admit().unwrap());
        assert_eq!(admissions.status(), Err(NotAdmitted::Full));
        assert_eq!(admissions.admit().unwrap_err(), NotAdmitted::Full);
        drop(first);
        assert_eq!(admissions.status(), Ok(()));
        assert!(admissions.admit().is_ok());
    }

    #[tokio::test]
    async fn draining_refuses_and_ends_with_the_last_call() {
        let shutdown = CancellationToken::new();
        let admissions = Admissions::new(2, shutdown.clone());
        let slot = admissions.admit().unwrap();
        shutdown.cancel();
        assert_eq!(admissions.admit().unwrap_err(), NotAdmitted::Draining);
        assert_eq!(admissions.status(), Err(NotAdmitted::Draining));
        drop(slot);
        admissions.empty().await;
    }
}
