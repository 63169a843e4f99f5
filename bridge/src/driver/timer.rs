//! One timer for all deadlines of a call.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use tokio::time::{Sleep, sleep_until};

/// Deadlines move with every frame, mostly away. So the timer is touched only when the next deadline comes
/// closer, and otherwise asked again when it fires.
pub(super) struct Timer {
    sleep: Pin<Box<Sleep>>,
    armed: Instant,
}

impl Timer {
    pub(super) fn new(due: Instant) -> Self {
        Self { sleep: Box::pin(sleep_until(due.into())), armed: due }
    }

    /// Ready once `due` has come, however often it was asked with another one before.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, due: Instant) -> Poll<()> {
        loop {
            if due < self.armed || self.sleep.is_elapsed() {
                self.sleep.as_mut().reset(due.into());
                self.armed = due;
            }
            ready!(self.sleep.as_mut().poll(cx));
            if self.armed >= due {
                return Poll::Ready(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use super::*;

    fn now() -> Instant {
        tokio::time::Instant::now().into_std()
    }

    #[tokio::test(start_paused = true)]
    async fn it_fires_at_the_latest_deadline_it_was_asked_for() {
        let start = now();
        let mut timer = Timer::new(start + Duration::from_secs(20));
        for millis in [100, 300, 200] {
            let due = start + Duration::from_millis(millis);
            // Polled once, as a frame does, and then superseded.
            let _ = poll_fn(|cx| Poll::Ready(timer.poll(cx, due))).await;
        }
        let due = start + Duration::from_millis(250);
        poll_fn(|cx| timer.poll(cx, due)).await;
        assert_eq!(now().duration_since(start), Duration::from_millis(250));
    }

    #[tokio::test(start_paused = true)]
    async fn a_deadline_in_the_past_is_due_at_once() {
        let start = now();
        let mut timer = Timer::new(start + Duration::from_secs(1));
        poll_fn(|cx| timer.poll(cx, start)).await;
        poll_fn(|cx| timer.poll(cx, start)).await;
        assert_eq!(now(), start);
    }
}
