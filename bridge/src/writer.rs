//! Writes a call's turns and, after them, its report. A task of its own: a slow store never holds up audio.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use domain::{CallSid, SessionReport, Turn};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};
use tokio_util::task::TaskTracker;

use crate::ports::{MAX_TURNS_PER_PUT, Ports, StoreError};

/// Turns that may wait for the store: the longest call there is, with somebody else speaking every four seconds.
const QUEUE_TURNS: usize = 3_600;
/// How long a call's words outlive it while the store is down. An outage beyond it is a disaster of another kind,
/// and what waits must not fill the process.
const OUTAGE_MAX: Duration = Duration::from_secs(60 * 60);
/// How long a process that is being stopped waits for its writers.
pub(crate) const FINISH_DEADLINE: Duration = Duration::from_secs(15);

const FIRST_BACKOFF: Duration = Duration::from_millis(100);
const MAX_BACKOFF: Duration = Duration::from_secs(2);

/// The call's end of the writer.
pub(crate) struct TurnWriter {
    call: CallSid,
    turns: mpsc::Sender<Turn>,
    report: oneshot::Sender<SessionReport>,
}

impl TurnWriter {
    pub(crate) fn spawn<P: Ports>(ports: Arc<P>, call: CallSid, tasks: &TaskTracker) -> Self {
        let (turns, queue) = mpsc::channel(QUEUE_TURNS);
        let (report, ending) = oneshot::channel();
        tasks.spawn(write(ports, call.clone(), queue, ending));
        Self { call, turns, report }
    }

    pub(crate) fn turn(&self, turn: Turn) {
        if self.turns.try_send(turn).is_err() {
            tracing::error!(call = %self.call, "turn lost: more wait for the store than a call can have");
        }
    }

    /// The session is over. The report is written after the turns, once.
    pub(crate) fn finish(self, report: SessionReport) {
        // The writer waits for this, so it is there to receive it.
        let _ = self.report.send(report);
    }
}

async fn write<P: Ports>(
    ports: Arc<P>,
    call: CallSid,
    queue: mpsc::Receiver<Turn>,
    mut ending: oneshot::Receiver<SessionReport>,
) {
    let turns = write_turns(&*ports, &call, queue);
    tokio::pin!(turns);
    let (report, turns_written) = tokio::select! {
        () = &mut turns => (ending.await, true),
        report = &mut ending => (report, false),
    };
    let last_words = async {
        if !turns_written {
            turns.await;
        }
        // Dropped only with a call's task in mid-flight, which leaves nothing to tell.
        let Ok(report) = report else {
            tracing::error!(call = %call, "a session ended without a report");
            return;
        };
        if let Err(error) = persist(|| ports.put_report(&report)).await {
            tracing::error!(call = %call, %error, "session report lost");
        }
    };
    if timeout(OUTAGE_MAX, last_words).await.is_err() {
        tracing::error!(call = %call, "turns or report lost: the store did not take them before the deadline");
    }
}

/// Ends when the call has, and everything it said is stored.
async fn write_turns<P: Ports>(ports: &P, call: &CallSid, mut queue: mpsc::Receiver<Turn>) {
    let mut batch = Vec::with_capacity(MAX_TURNS_PER_PUT);
    while queue.recv_many(&mut batch, MAX_TURNS_PER_PUT).await > 0 {
        if persist(|| ports.put_turns(&batch)).await.is_err() {
            // One turn that cannot be stored does not take its neighbours with it.
            for turn in &batch {
                if let Err(error) = persist(|| ports.put_turns(std::slice::from_ref(turn))).await {
                    tracing::error!(call = %call, position = turn.position, %error, "turn lost");
                }
            }
        }
        batch.clear();
    }
}

/// Tries until the store has answered, one way or the other. Whoever calls sets the deadline.
async fn persist<F>(mut put: impl FnMut() -> F) -> Result<(), StoreError>
where
    F: Future<Output = Result<(), StoreError>>,
{
    let mut backoff = FIRST_BACKOFF;
    loop {
        match put().await {
            Ok(()) => return Ok(()),
            Err(refused @ StoreError::Refused(_)) => return Err(refused),
            Err(StoreError::Unavailable(_)) => {
                sleep(backoff).await;
                backoff = (backoff * 2).min(MAX_BACKOFF);
            }
        }
    }
}

#[cfg(test)]
mod tests;
