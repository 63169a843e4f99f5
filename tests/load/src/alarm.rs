//! Waking on time.
//!
//! Tokio's timer and epoll's timeout each round up to a whole millisecond, so who sleeps on them is up to two late,
//! which is all that a run may be, and many calls wake at once where they should be spread. A timer of the kernel's
//! is late by what the scheduler is.

use std::io;
use std::time::Instant;

/// One at a time; who rings again has forgotten what was before.
pub(crate) struct Alarm {
    #[cfg(target_os = "linux")]
    timer: tokio_timerfd::Delay,
}

impl Alarm {
    /// # Errors
    /// The process is out of descriptors.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            #[cfg(target_os = "linux")]
            timer: tokio_timerfd::Delay::new(Instant::now())?,
        })
    }

    #[cfg(target_os = "linux")]
    pub(crate) async fn ring(&mut self, at: Instant) -> io::Result<()> {
        self.timer.reset(at);
        (&mut self.timer).await
    }

    /// The tool does not run here, as it reads `/proc`; it is built here.
    #[cfg(not(target_os = "linux"))]
    pub(crate) async fn ring(&mut self, at: Instant) -> io::Result<()> {
        tokio::time::sleep_until(at.into()).await;
        Ok(())
    }
}
