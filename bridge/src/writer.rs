//! Writes a call's turns and, after them, its report. A task of its own: a slow store never holds up audio.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use backon::{ExponentialBuilder, Retryable as _};
use domain::{CallSid, SessionReport, Turn};
use platform::rate_limit::RateLimited;
use platform::telemetry::{Unit, metric};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::ports::{MAX_TURNS_PER_PUT, Ports, StoreError};

/// Turns that may wait for the store: the longest call there is, with a change of speaker every four seconds.
const QUEUE_TURNS: usize = 3_600;
/// How long a call's words outlive it while the store is down. An outage beyond it is a disaster of another kind,
/// and what waits must not fill the process.
const OUTAGE_MAX: Duration = Duration::from_secs(60 * 60);
/// The waits between the tries of a write, for as long as its deadline lets it.
const TRIES: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(100))
    .with_max_delay(Duration::from_secs(2))
    .without_max_times();

/// The call's end of the writer.
pub(crate) struct TurnWriter {
    /// Boxed: a channel reserves room for 32 of what it carries.
    turns: mpsc::Sender<Box<Turn>>,
    losses: Arc<Losses>,
    report: oneshot::Sender<SessionReport>,
    writing: JoinHandle<()>,
}

impl TurnWriter {
    /// `superseded` is cancelled when the store says that a later session has the call. Nothing is written then.
    pub(crate) fn spawn<P: Ports>(
        ports: Arc<P>,
        call: CallSid,
        superseded: CancellationToken,
        tasks: &TaskTracker,
    ) -> Self {
        let (turns, queue) = mpsc::channel(QUEUE_TURNS);
        let (report, ending) = oneshot::channel();
        let losses = Arc::new(Losses { call, log: RateLimited::default() });
        let writing = tasks.spawn(write(ports, Arc::clone(&losses), queue, ending, superseded));
        Self { turns, losses, report, writing }
    }

    pub(crate) fn turn(&self, turn: Turn) {
        // Closed: the writer has ended, because its words are a later session's to say.
        if let Err(mpsc::error::TrySendError::Full(_)) = self.turns.try_send(Box::new(turn)) {
            self.losses.turn("more wait for the store than a call can have");
        }
    }

    /// The session is over. The report is written once, after the turns. The returned task ends when both are
    /// written.
    pub(crate) fn finish(self, report: SessionReport) -> JoinHandle<()> {
        // A writer that is not there to receive it was superseded.
        let _ = self.report.send(report);
        self.writing
    }
}

async fn write<P: Ports>(
    ports: Arc<P>,
    losses: Arc<Losses>,
    queue: mpsc::Receiver<Box<Turn>>,
    mut ending: oneshot::Receiver<SessionReport>,
    superseded: CancellationToken,
) {
    let call = &losses.call;
    let unwritten = AtomicUsize::new(0);
    let turns = write_turns(&*ports, &losses, &unwritten, queue);
    tokio::pin!(turns);
    let (report, turns_written) = tokio::select! {
        written = &mut turns => match written {
            Ok(()) => (ending.await, true),
            Err(Fenced) => return stop(call, &superseded),
        },
        report = &mut ending => (report, false),
    };
    let last_words = async {
        if !turns_written && let Err(Fenced) = turns.await {
            return stop(call, &superseded);
        }
        // Dropped only with a call's task in mid-flight, which leaves nothing to tell.
        let Ok(report) = report else {
            tracing::error!(%call, "a session ended without a report");
            return;
        };
        match persist(|| ports.put_report(&report)).await {
            Ok(()) => {}
            Err(Unwritten::Fenced) => stop(call, &superseded),
            Err(Unwritten::Refused(error)) => {
                tracing::error!(%call, error, "session report lost");
            }
        }
    };
    if timeout(OUTAGE_MAX, last_words).await.is_err() {
        let turns = unwritten.load(Ordering::Relaxed);
        tracing::error!(%call, turns, "turns or report lost: the store did not take them before the deadline");
        metric("TurnsLost", turns as f64, Unit::Count, &[]);
    }
}

/// A later session has the call.
struct Fenced;

/// Why a write came to nothing.
enum Unwritten {
    Fenced,
    Refused(String),
}

fn stop(call: &CallSid, superseded: &CancellationToken) {
    tracing::error!(%call, "this session was taken for dead, a later one has its call");
    superseded.cancel();
}

/// What a call said and the store did not get. Each turn is counted; the log tells of them now and then.
struct Losses {
    call: CallSid,
    log: RateLimited,
}

impl Losses {
    fn turn(&self, reason: &str) {
        metric("TurnsLost", 1.0, Unit::Count, &[]);
        if let Some(others) = self.log.admit(Instant::now()) {
            tracing::error!(call = %self.call, reason, others, "turn lost");
        }
    }
}

/// Ends when the call has, and everything it said is stored. `unwritten` is what is still to be written, as far as is
/// known.
async fn write_turns<P: Ports>(
    ports: &P,
    losses: &Losses,
    unwritten: &AtomicUsize,
    mut queue: mpsc::Receiver<Box<Turn>>,
) -> Result<(), Fenced> {
    let mut batch = Vec::new();
    while let Some(turn) = queue.recv().await {
        batch.push(*turn);
        while batch.len() < MAX_TURNS_PER_PUT
            && let Ok(turn) = queue.try_recv()
        {
            batch.push(*turn);
        }
        unwritten.store(batch.len() + queue.len(), Ordering::Relaxed);
        match persist(|| ports.put_turns(&batch)).await {
            Ok(()) => {}
            Err(Unwritten::Fenced) => return Err(Fenced),
            Err(Unwritten::Refused(_)) => write_singly(ports, losses, &batch).await?,
        }
        unwritten.store(queue.len(), Ordering::Relaxed);
        batch.clear();
    }
    Ok(())
}

/// One turn that cannot be stored does not take its neighbours with it.
async fn write_singly<P: Ports>(ports: &P, losses: &Losses, batch: &[Turn]) -> Result<(), Fenced> {
    for turn in batch {
        match persist(|| ports.put_turns(std::slice::from_ref(turn))).await {
            Ok(()) => {}
            Err(Unwritten::Fenced) => return Err(Fenced),
            Err(Unwritten::Refused(error)) => {
                losses.turn(&error);
            }
        }
    }
    Ok(())
}

/// Tries until the store has answered, one way or the other. The caller sets the deadline.
async fn persist<F>(put: impl FnMut() -> F) -> Result<(), Unwritten>
where
    F: Future<Output = Result<(), StoreError>>,
{
    let written = put.retry(TRIES).when(|error| matches!(error, StoreError::Unavailable(_))).await;
    written.map_err(|error| match error {
        StoreError::Fenced => Unwritten::Fenced,
        StoreError::Refused(reason) | StoreError::Unavailable(reason) => Unwritten::Refused(reason),
    })
}

#[cfg(test)]
mod tests;
