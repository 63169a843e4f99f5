//! The time that messages become visible and expire by. It can be put forward. Signatures are checked by the machine's
//! own clock, since that is what clients sign with, and objects are dated with it: no client compares their dates.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

/// The machine's clock, or one that is put forward by what a test asks for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clock {
    ahead: Option<watch::Receiver<Duration>>,
}

impl Clock {
    pub(crate) fn new(ahead: Option<watch::Receiver<Duration>>) -> Self {
        Self { ahead }
    }

    /// Milliseconds since 1970.
    pub(crate) fn now_ms(&self) -> i64 {
        let ahead = self.ahead.as_ref().map(|ahead| *ahead.borrow()).unwrap_or_default();
        machine_ms().saturating_add(i64::try_from(ahead.as_millis()).unwrap_or(i64::MAX))
    }

    /// What to wait on for the clock to be put forward from here on.
    pub(crate) fn jumps(&self) -> Jumps {
        let mut ahead = self.ahead.clone();
        if let Some(ahead) = &mut ahead {
            ahead.mark_unchanged();
        }
        Jumps { ahead }
    }
}

/// The machine's own clock, in milliseconds since 1970.
pub(crate) fn machine_ms() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}

/// The moments at which a clock is put forward.
pub(crate) struct Jumps {
    ahead: Option<watch::Receiver<Duration>>,
}

impl Jumps {
    /// Resolves when the clock was put forward since these were asked for. The machine's own clock never is.
    pub(crate) async fn next(&mut self) {
        let jumped = match &mut self.ahead {
            Some(ahead) => ahead.changed().await.is_ok(),
            None => false,
        };
        if !jumped {
            std::future::pending().await
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::poll_immediate;

    use super::*;

    #[tokio::test]
    async fn a_jump_wakes_what_asked_before_it_and_nothing_that_asks_after_it() {
        let (time, ahead) = watch::channel(Duration::ZERO);
        let clock = Clock::new(Some(ahead));
        let (before, mut jumps) = (clock.now_ms(), clock.jumps());
        assert!(poll_immediate(jumps.next()).await.is_none());
        time.send_modify(|ahead| *ahead += Duration::from_secs(900));
        assert!(poll_immediate(jumps.next()).await.is_some());
        assert!(clock.now_ms() >= before + 900_000);
        assert!(poll_immediate(clock.jumps().next()).await.is_none());
        assert!(poll_immediate(Clock::default().jumps().next()).await.is_none());
    }
}
