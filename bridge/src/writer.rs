//! Writes a call's turns and, after them, its report. A task of its own: a slow store never holds up audio.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use domain::{CallSid, SessionReport, Turn};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};
use tokio_util::task::TaskTracker;

use crate::ports::{MAX_TURNS_PER_PUT, Ports, StoreError};

/// Turns that may wait for the store: half an hour of brisk talk.
const QUEUE_TURNS: usize = 256;
/// How long the last turns may take after the call has ended.
const LAST_TURNS_DEADLINE: Duration = Duration::from_secs(10);
/// How long the report may take after that.
const REPORT_DEADLINE: Duration = Duration::from_secs(5);
/// Both together: how long a process must wait for its writers.
pub(crate) const FINISH_DEADLINE: Duration = LAST_TURNS_DEADLINE.saturating_add(REPORT_DEADLINE);

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
            tracing::error!(call = %self.call, "turn lost: the store has been failing for too long");
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
    let report = tokio::select! {
        () = &mut turns => ending.await,
        report = &mut ending => {
            if timeout(LAST_TURNS_DEADLINE, turns).await.is_err() {
                tracing::error!(call = %call, "turns lost: the store did not take them before the deadline");
            }
            report
        }
    };
    let Ok(report) = report else {
        tracing::error!(call = %call, "a session ended without a report");
        return;
    };
    match timeout(REPORT_DEADLINE, persist(|| ports.put_report(&report))).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(call = %call, %error, "session report lost"),
        Err(_) => tracing::error!(call = %call, "session report lost: the store did not take it in time"),
    }
}

/// Ends when the call has, and everything it said is stored.
async fn write_turns<P: Ports>(ports: &P, call: &CallSid, mut queue: mpsc::Receiver<Turn>) {
    let mut batch = Vec::with_capacity(MAX_TURNS_PER_PUT);
    while queue.recv_many(&mut batch, MAX_TURNS_PER_PUT).await > 0 {
        if let Err(error) = persist(|| ports.put_turns(&batch)).await {
            tracing::error!(call = %call, turns = batch.len(), %error, "turns lost");
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
