//! Keeping a lease while work of unknown length is under way.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::leases::{Lease, LeaseError, Leases};

/// How often a lease is extended within its own length: two beats may be lost before it is.
const BEATS_PER_TTL: u32 = 3;

/// Extends a lease for as long as it lives, so that the lease itself can be short: when a worker died, the next one
/// does not wait for the longest possible piece of work.
#[derive(Debug)]
pub struct Heartbeat {
    leases: Leases,
    lease: Lease,
    ttl: Duration,
    lost: watch::Receiver<bool>,
    /// Ends with its owner.
    _beating: JoinSet<()>,
}

impl Heartbeat {
    /// Extends `lease` by `ttl` three times within every `ttl`, until the heartbeat is dropped.
    pub fn start(leases: &Leases, lease: &Lease, ttl: Duration) -> Self {
        let (mine, held) = (leases.clone(), lease.clone());
        let (leases, lease) = (leases.clone(), lease.clone());
        let (losing, lost) = watch::channel(false);
        let mut beating = JoinSet::new();
        beating.spawn(async move {
            let mut until = Instant::now() + ttl;
            loop {
                tokio::time::sleep(ttl / BEATS_PER_TTL).await;
                let asked = Instant::now();
                match leases.extend(&lease, ttl).await {
                    Ok(()) => until = asked + ttl,
                    // The next beat may get through.
                    Err(LeaseError::Store(_)) if Instant::now() < until => {}
                    Err(LeaseError::Store(_) | LeaseError::Fenced) => break,
                }
            }
            losing.send_replace(true);
        });
        Self { leases: mine, lease: held, ttl, lost, _beating: beating }
    }

    /// Whether the lease is still held, as far as is known.
    ///
    /// # Errors
    /// [`LeaseError::Fenced`]: stop, and leave no trace.
    pub fn check(&self) -> Result<(), LeaseError> {
        if *self.lost.borrow() { Err(LeaseError::Fenced) } else { Ok(()) }
    }

    /// The same by asking: before what cannot be taken back, also in a process that slept through its beats.
    ///
    /// # Errors
    /// [`LeaseError::Fenced`] as above; [`LeaseError::Store`] when it is not known.
    pub async fn confirm(&self) -> Result<(), LeaseError> {
        self.check()?;
        self.leases.extend(&self.lease, self.ttl).await
    }
}
