//! One load on one process: a number of simultaneous calls, and what the kernel says about the process meanwhile.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::sleep_until;

use crate::LoadError;
use crate::caller;
use crate::ledger::{Ledger, Tally};
use crate::listeners;
use crate::options::Options;
use crate::process::{ProcessError, Usage};
use crate::report::Figures;
use crate::script::Schedule;
use crate::target::{Target, TargetKind, token_key};

/// One call before the measurement: what a process allocates once is not a call's.
const WARM_UP: Duration = Duration::from_millis(500);
/// A process is idle when it holds no more descriptors than before; by then it has to be.
pub(crate) const IDLE_DEADLINE: Duration = Duration::from_secs(10);
const IDLE_POLL: Duration = Duration::from_millis(20);

/// What a load came to.
pub(crate) struct Loaded {
    pub(crate) tally: Tally,
    /// At the beginning of what is measured and at its end, while all calls were live.
    pub(crate) usage: [Usage; 2],
    pub(crate) measured: Duration,
}

/// Measures a target that has carried no call yet.
pub(crate) async fn measure(options: &Options, target: &Target) -> Result<Figures, LoadError> {
    target.warmed_up().await?;
    let untouched = target.usage()?;
    play(target, (1, 0), WARM_UP).await?;
    let idle = idle(target, untouched.descriptors).await?;
    let measured = Duration::from_secs(u64::from(options.seconds));
    let listeners = if target.kind == TargetKind::Bridge { options.listeners } else { 0 };
    let loaded = play(target, (options.calls, listeners), measured).await?;
    Ok(Figures::new(options.calls, &idle, &loaded))
}

/// Plays `calls` calls, all of them live for at least `measured`, the first of them with `listeners`.
pub(crate) async fn play(
    target: &Target,
    (calls, listeners): (u32, u32),
    measured: Duration,
) -> Result<Loaded, LoadError> {
    let key = token_key()?;
    let schedule = Schedule::new(Instant::now(), calls, target.model.connect_delay, measured);
    let ledger = Arc::new(Ledger::new(calls, schedule));
    target.model.write_to(Arc::clone(&ledger));
    let mut callers = JoinSet::new();
    for call in 0..calls {
        callers.spawn(caller::play(target.address, call, key.clone(), Arc::clone(&ledger)));
    }
    for listener in 0..listeners {
        let (address, key, ledger) = (target.address, key.clone(), Arc::clone(&ledger));
        callers.spawn(async move {
            if let Err(error) = listeners::listen(address, listener, key, schedule.ends).await {
                ledger.failed(error);
            }
        });
    }
    sleep_until(schedule.counts_from.into()).await;
    let before = (Instant::now(), target.usage()?);
    sleep_until(schedule.ends.into()).await;
    let after = (Instant::now(), target.usage()?);
    // Every caller has deadlines of its own.
    while callers.join_next().await.is_some() {}
    Ok(Loaded { tally: ledger.tally(), usage: [before.1, after.1], measured: after.0 - before.0 })
}

/// Waits until a process has left its calls behind, or has not in time, and says what it holds.
pub(crate) async fn idle(target: &Target, descriptors: u64) -> Result<Usage, ProcessError> {
    let deadline = Instant::now() + IDLE_DEADLINE;
    loop {
        let usage = target.usage()?;
        if usage.descriptors <= descriptors || Instant::now() >= deadline {
            return Ok(usage);
        }
        tokio::time::sleep(IDLE_POLL).await;
    }
}
