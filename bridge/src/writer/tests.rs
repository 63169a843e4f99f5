use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use domain::tools::{Missed, TakenMessage, ToolOutcome};
use domain::turn::{EndReason, Speaker};
use domain::{AnsweredBy, CallPlan, Epoch, Timestamp, testing};

use super::*;
use crate::ports::{ClaimError, HangUpError, ToolFailure, ToolRequest};
use crate::testing::log::{self, Log};

/// A store that answers its first writes as it was told, and keeps a log of what it took.
#[derive(Default)]
struct Store {
    answers: Mutex<VecDeque<Result<(), StoreError>>>,
    log: Mutex<Vec<String>>,
    down: bool,
}

impl Store {
    fn answering(answers: impl IntoIterator<Item = Result<(), StoreError>>) -> Arc<Self> {
        Arc::new(Self { answers: Mutex::new(answers.into_iter().collect()), ..Self::default() })
    }

    fn write(&self, what: String) -> Result<(), StoreError> {
        if self.down {
            return unavailable();
        }
        self.answers.lock().unwrap().pop_front().unwrap_or(Ok(()))?;
        self.log.lock().unwrap().push(what);
        Ok(())
    }

    fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }
}

impl Ports for Store {
    async fn claim(&self, _: &CallSid, _: Epoch, _: Timestamp) -> Result<CallPlan, ClaimError> {
        Err(ClaimError::NotYours)
    }

    async fn put_turns(&self, turns: &[Turn]) -> Result<(), StoreError> {
        assert!(turns.len() <= MAX_TURNS_PER_PUT);
        let positions: Vec<_> = turns.iter().map(|turn| turn.position.to_string()).collect();
        self.write(positions.join(" "))
    }

    async fn put_report(&self, _: &SessionReport) -> Result<(), StoreError> {
        self.write("report".to_owned())
    }

    async fn answered_by(&self, _: &CallSid, _: Timestamp) -> Result<Option<AnsweredBy>, StoreError> {
        Ok(None)
    }

    crate::ports_without_actions!();

    async fn hang_up(&self, _: &CallPlan) -> Result<(), HangUpError> {
        Ok(())
    }

    async fn take_message(&self, _: &CallPlan, _: &str, _: &TakenMessage) -> Result<(), StoreError> {
        Ok(())
    }

    async fn call_tool(&self, _: &CallPlan, _: &ToolRequest<'_>) -> Result<ToolOutcome, ToolFailure> {
        Ok(ToolOutcome::NotDone { why: Missed::Unreachable })
    }
}

fn unavailable() -> Result<(), StoreError> {
    Err(StoreError::Unavailable("throttled".to_owned()))
}

fn call() -> CallSid {
    testing::call_sid(1)
}

fn turn(position: u32) -> Turn {
    Turn { position, item: format!("item_{position}"), ..testing::turn(Speaker::Caller, "hello") }
}

fn report() -> SessionReport {
    testing::report(Epoch::FIRST, EndReason::CallerHangUp)
}

fn writer(store: &Arc<Store>, superseded: CancellationToken, tasks: &TaskTracker) -> TurnWriter {
    log::install();
    TurnWriter::spawn(Arc::clone(store), call(), superseded, tasks)
}

/// Runs a writer over `turns` turns to its end, and says whether it found itself superseded.
async fn write_all(store: &Arc<Store>, turns: u32) -> bool {
    let (tasks, superseded) = (TaskTracker::new(), CancellationToken::new());
    let writer = writer(store, superseded.clone(), &tasks);
    (0..turns).for_each(|position| writer.turn(turn(position)));
    writer.finish(report());
    tasks.close();
    tasks.wait().await;
    superseded.is_cancelled()
}

/// Fault 63.
#[tokio::test(start_paused = true)]
async fn a_fenced_session_writes_nothing_more_and_is_told() {
    let too_large = || Err(StoreError::Refused("item too large".to_owned()));
    let fenced = || Err(StoreError::Fenced);
    for (answers, taken) in [
        (vec![fenced()], vec![]),
        (vec![unavailable(), fenced()], vec![]),
        (vec![too_large(), Ok(()), fenced()], vec!["0"]),
        (vec![Ok(()), fenced()], vec!["0 1 2"]),
    ] {
        let store = Store::answering(answers);
        assert!(write_all(&store, 3).await);
        assert_eq!(store.log(), taken);
    }
    assert!(!write_all(&Store::answering([]), 3).await);
}

#[tokio::test(start_paused = true)]
async fn the_report_follows_the_last_turn_and_is_written_once() {
    let store = Store::answering([]);
    write_all(&store, 60).await;
    let log = store.log();
    let positions: Vec<_> = log[..log.len() - 1].iter().flat_map(|put| put.split(' ')).collect();
    assert_eq!(positions, (0..60).map(|n| n.to_string()).collect::<Vec<_>>());
    assert_eq!(log.iter().filter(|put| *put == "report").count(), 1);
    assert_eq!(log.last().unwrap(), "report");
}

/// Fault 23.
#[tokio::test(start_paused = true)]
async fn a_throttled_store_gets_the_same_turns_again() {
    let store = Store::answering([unavailable(), unavailable(), Ok(()), unavailable()]);
    write_all(&store, 2).await;
    assert_eq!(store.log(), ["0 1", "report"]);
}

#[tokio::test(start_paused = true)]
async fn a_turn_the_store_refuses_takes_no_other_with_it() {
    let too_large = || Err(StoreError::Refused("item too large".to_owned()));
    // The batch, then its first two turns by themselves: of these the second is the one at fault.
    let store = Store::answering([too_large(), Ok(()), too_large()]);
    write_all(&store, 4).await;
    assert_eq!(store.log(), ["0", "2", "3", "report"]);
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_minutes_after_the_call_loses_nothing() {
    let store = Store::answering((0..100).map(|_| unavailable()));
    let start = tokio::time::Instant::now();
    write_all(&store, 3).await;
    assert!(start.elapsed() > Duration::from_secs(180), "the store was down for minutes");
    assert_eq!(store.log(), ["0 1 2", "report"]);
}

#[tokio::test(start_paused = true)]
async fn what_a_dead_store_does_not_take_is_given_up_in_the_end() {
    let store = Arc::new(Store { down: true, ..Store::default() });
    let start = tokio::time::Instant::now();
    write_all(&store, 3).await;
    assert_eq!(start.elapsed(), OUTAGE_MAX);
    assert!(store.log().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_queue_to_a_dead_store_is_bounded() {
    let store = Arc::new(Store { down: true, ..Store::default() });
    let tasks = TaskTracker::new();
    let writer = writer(&store, CancellationToken::new(), &tasks);
    for position in 0..10_000 {
        writer.turn(turn(position));
    }
    assert_eq!(writer.turns.capacity(), 0);
    assert_eq!(writer.turns.max_capacity(), QUEUE_TURNS);
}

/// Found by attacking it: a flood of turns that cannot be kept is one line in ten seconds, with a count.
#[tokio::test(start_paused = true)]
async fn turns_that_are_lost_are_told_of_now_and_then_and_counted() {
    let log = Log::keep();
    let store = Arc::new(Store { down: true, ..Store::default() });
    let tasks = TaskTracker::new();
    let writer = writer(&store, CancellationToken::new(), &tasks);
    for position in 0..QUEUE_TURNS as u32 + 500 {
        writer.turn(turn(position));
    }
    let text = log.take();
    assert_eq!(text.matches("turn lost").count(), 1, "{text}");
    assert_eq!(text.matches("TurnsLost").count(), 500);

    let store = Store::answering((0..60).map(|_| Err(StoreError::Refused("item too large".to_owned()))));
    write_all(&store, 30).await;
    assert_eq!(log.take().matches("turn lost").count(), 1, "another call has a line of its own");
}
