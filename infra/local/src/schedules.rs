//! Starts scheduled functions as EventBridge does: at a rate, whatever became of the time before.

use std::sync::Arc;
use std::time::Duration;

use platform::Clock;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use functions::edge::loaded::TickHandler;

/// One scheduled function.
pub struct Schedule {
    pub name: String,
    pub every: Duration,
    pub handler: Arc<dyn TickHandler>,
    pub clock: Clock,
}

impl Schedule {
    /// Ticks until `stop`, the first time after one period. A tick in hand is finished first.
    pub async fn run(self, stop: CancellationToken) {
        let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + self.every, self.every);
        // A laptop that slept owes one tick, not one for every period it slept through.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => self.tick().await,
            }
        }
    }

    async fn tick(&self) {
        let (handler, now) = (Arc::clone(&self.handler), self.clock.now());
        // As on Lambda, a panic ends one invocation and not the schedule.
        match tokio::spawn(async move { handler.tick(now).await }).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, function = self.name, "a tick left something undone"),
            Err(_) => tracing::error!(function = self.name, "a tick panicked"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use domain::Timestamp;
    use functions::edge::batch::JobError;
    use futures_util::future::BoxFuture;

    use super::*;

    /// Fails at first, then panics, then works.
    #[derive(Default)]
    struct Unlucky(AtomicU32);

    impl TickHandler for Unlucky {
        fn tick(&self, _now: Timestamp) -> BoxFuture<'_, Result<(), JobError>> {
            let tick = self.0.fetch_add(1, Ordering::SeqCst);
            Box::pin(async move {
                assert_ne!(tick, 1, "the second tick panics");
                if tick == 0 { Err(JobError::new("test", "the first tick fails")) } else { Ok(()) }
            })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_tick_that_fails_or_panics_does_not_end_the_schedule() {
        let handler = Arc::new(Unlucky::default());
        let every = Duration::from_secs(300);
        let schedule = Schedule {
            name: "unlucky".into(),
            every,
            handler: Arc::<Unlucky>::clone(&handler),
            clock: Clock::system(),
        };
        let stop = CancellationToken::new();
        let running = tokio::spawn(schedule.run(stop.clone()));
        tokio::time::sleep(every - Duration::from_secs(1)).await;
        assert_eq!(handler.0.load(Ordering::SeqCst), 0, "not before its time");
        tokio::time::sleep(every * 3).await;
        assert_eq!(handler.0.load(Ordering::SeqCst), 3);
        stop.cancel();
        running.await.unwrap();
    }
}
