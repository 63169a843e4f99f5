use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bridge::{ClaimError, HangUpError, Ports, Steered, StoreError, ToolFailure, ToolRequest};
use domain::tools::{Missed, TakenMessage, ToolOutcome};
use domain::{
    ActionId, ActionState, AnsweredBy, CallAction, CallPlan, CallSid, Epoch, SessionReport, Timestamp, Turn,
};
use tokio::sync::Notify;

use super::soon;

/// Plans that can be claimed once, and everything that was written.
pub(crate) struct Store {
    plans: Mutex<HashMap<CallSid, CallPlan>>,
    written: Mutex<Written>,
    changed: Notify,
    fenced: AtomicBool,
    slow: Mutex<Duration>,
}

#[derive(Default)]
struct Written {
    turns: Vec<Turn>,
    reports: Vec<SessionReport>,
    hang_ups: Vec<CallSid>,
    asked: Vec<(CallSid, ActionId, CallAction)>,
    settled: Vec<(ActionId, ActionState)>,
}

impl Store {
    pub(crate) fn new() -> Self {
        Self {
            plans: Mutex::default(),
            written: Mutex::default(),
            changed: Notify::new(),
            fenced: AtomicBool::new(false),
            slow: Mutex::default(),
        }
    }

    pub(crate) fn plan(&self, plan: CallPlan) {
        self.plans.lock().unwrap().insert(plan.call.clone(), plan);
    }

    /// A later session has every call from here on.
    pub(crate) fn fence(&self) {
        self.fenced.store(true, Ordering::SeqCst);
    }

    /// Writes take so long from here on.
    pub(crate) fn slow_down(&self, by: Duration) {
        *self.slow.lock().unwrap() = by;
    }

    /// Whether the report of a call is there.
    pub(crate) fn has_report(&self, call: &CallSid) -> bool {
        self.written.lock().unwrap().reports.iter().any(|report| report.call == *call)
    }

    /// The report of a call, once it is there, and the turns that were stored before it.
    pub(crate) async fn report(&self, call: &CallSid) -> (SessionReport, Vec<Turn>) {
        soon("a session report", async {
            loop {
                let changed = self.changed.notified();
                {
                    let written = self.written.lock().unwrap();
                    let reports: Vec<_> = written.reports.iter().filter(|one| one.call == *call).collect();
                    assert!(reports.len() <= 1, "a session has one report");
                    if let [report] = reports.as_slice() {
                        let turns = written.turns.iter().filter(|turn| turn.call == *call).cloned();
                        return ((*report).clone(), turns.collect());
                    }
                }
                changed.await;
            }
        })
        .await
    }

    /// Waits until a call was hung up.
    pub(crate) async fn hung_up(&self, call: &CallSid) {
        soon("the hang-up", async {
            loop {
                let changed = self.changed.notified();
                if self.hang_ups().contains(call) {
                    return;
                }
                changed.await;
            }
        })
        .await;
    }

    pub(crate) fn hang_ups(&self) -> Vec<CallSid> {
        self.written.lock().unwrap().hang_ups.clone()
    }

    /// The business asks something of a call.
    pub(crate) fn ask(&self, call: &CallSid, key: &str, action: CallAction) {
        let id = ActionId::of(call, key);
        self.written.lock().unwrap().asked.push((call.clone(), id, action));
    }

    /// What came of an action, once that is known.
    pub(crate) async fn settled(&self, call: &CallSid, key: &str) -> ActionState {
        let id = ActionId::of(call, key);
        soon("an answer to an action", async {
            loop {
                let changed = self.changed.notified();
                let settled = self.written.lock().unwrap().settled.clone();
                if let Some((_, state)) = settled.into_iter().find(|(of, _)| *of == id) {
                    return state;
                }
                changed.await;
            }
        })
        .await
    }

    async fn write(&self, write: impl FnOnce(&mut Written)) -> Result<(), StoreError> {
        let slow = *self.slow.lock().unwrap();
        if !slow.is_zero() {
            tokio::time::sleep(slow).await;
        }
        if self.fenced.load(Ordering::SeqCst) {
            return Err(StoreError::Fenced);
        }
        write(&mut self.written.lock().unwrap());
        self.changed.notify_waiters();
        Ok(())
    }
}

impl Ports for Store {
    async fn claim(&self, call: &CallSid, epoch: Epoch, _: Timestamp) -> Result<CallPlan, ClaimError> {
        let mut plans = self.plans.lock().unwrap();
        match plans.get(call) {
            Some(plan) if plan.epoch == epoch => plans.remove(call).ok_or(ClaimError::NotYours),
            _ => Err(ClaimError::NotYours),
        }
    }

    async fn put_turns(&self, turns: &[Turn]) -> Result<(), StoreError> {
        self.write(|written| written.turns.extend_from_slice(turns)).await
    }

    async fn put_report(&self, report: &SessionReport) -> Result<(), StoreError> {
        self.write(|written| written.reports.push(report.clone())).await
    }

    async fn hang_up(&self, plan: &CallPlan) -> Result<(), HangUpError> {
        let asked = self.write(|written| written.hang_ups.push(plan.call.clone())).await;
        asked.map_err(|_| HangUpError::Fenced)
    }

    async fn take_message(&self, _: &CallPlan, _: &str, _: &TakenMessage) -> Result<(), StoreError> {
        Ok(())
    }

    async fn answered_by(&self, _: &CallSid, _: Timestamp) -> Result<Option<AnsweredBy>, StoreError> {
        Ok(None)
    }

    async fn asked(&self, calls: &[CallSid]) -> Result<HashMap<CallSid, Vec<ActionId>>, StoreError> {
        let written = self.written.lock().unwrap();
        let mut asked: HashMap<CallSid, Vec<ActionId>> = HashMap::new();
        for (call, id, _) in written.asked.iter().filter(|(call, ..)| calls.contains(call)) {
            asked.entry(call.clone()).or_default().push(id.clone());
        }
        Ok(asked)
    }

    async fn take_action(
        &self,
        _: &CallSid,
        id: &ActionId,
        _: Epoch,
        _: Timestamp,
    ) -> Result<Option<CallAction>, StoreError> {
        let mut action = None;
        self.write(|written| {
            action = written.asked.iter().find(|(_, of, _)| of == id).map(|(.., action)| action.clone());
        })
        .await?;
        Ok(action)
    }

    async fn settle_action(
        &self,
        _: &CallSid,
        _: Epoch,
        id: &ActionId,
        state: ActionState,
        _: Option<bool>,
    ) -> Result<(), StoreError> {
        self.write(|written| written.settled.push((id.clone(), state))).await
    }

    async fn steered(&self, _: &CallSid) -> Result<Steered, StoreError> {
        Ok(Steered::default())
    }

    async fn call_tool(&self, _: &CallPlan, _: &ToolRequest<'_>) -> Result<ToolOutcome, ToolFailure> {
        self.write(|_| {}).await.map_err(|_| ToolFailure::Superseded)?;
        Ok(ToolOutcome::NotDone { why: Missed::Unreachable })
    }
}
