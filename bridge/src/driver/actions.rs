//! The business's actions on this call: taken from the store one after the other, and what came of each written back.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use domain::{ActionId, ActionState, CallAction, CallPlan, CallSid, Epoch};
use futures_util::future::join_all;
use platform::Clock;
use session::output::Settled;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::task::TaskTracker;

use super::effects::Effect;
use crate::actions::ActionInbox;
use crate::ports::{Ports, StoreError};

/// How long one request to the store may take.
const STORE_WAIT: Duration = Duration::from_secs(2);
/// The pause before an action is asked for again that the store did not give.
const TAKE_AGAIN: Duration = Duration::from_millis(500);
/// How long the store may be down before what came of an action is lost.
const WRITTEN_WITHIN: Duration = Duration::from_secs(30);
/// The waits between the tries, for as long as that lets it.
const TRIES: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(100))
    .with_max_delay(Duration::from_secs(2))
    .without_max_times();

/// The actions that the session was told of and has not answered, and what is being written.
#[derive(Debug, Default)]
pub(super) struct OpenActions {
    open: HashMap<u32, (ActionId, CallAction)>,
    writing: Vec<JoinHandle<()>>,
    muted: bool,
}

impl OpenActions {
    /// What the sessions before this one left.
    pub(super) fn begin(&mut self, muted: bool) {
        self.muted = muted;
    }

    /// The session is told of an action.
    pub(super) fn told(&mut self, number: u32, id: ActionId, action: CallAction) {
        self.open.insert(number, (id, action));
    }

    /// Writes down what came of an action, beside the call.
    pub(super) fn settled<P: Ports>(
        &mut self,
        ports: Arc<P>,
        plan: &CallPlan,
        number: u32,
        settled: Settled,
        tasks: &TaskTracker,
    ) {
        let Some((id, action)) = self.open.remove(&number) else { return };
        let done = settled == Settled::Done;
        let muted = match action {
            CallAction::MuteAgent if done => Some(true),
            CallAction::UnmuteAgent if done => Some(false),
            // The last words have lifted a mute, and the call may come back.
            CallAction::Transfer { .. } if done && self.muted => Some(false),
            _ => None,
        };
        self.muted = muted.unwrap_or(self.muted);
        let state = match settled {
            Settled::Done => ActionState::Done,
            Settled::NotDone(why) => ActionState::NotDone(why),
            Settled::HandedOn => ActionState::Pending,
        };
        tracing::info!(call = %plan.call, action = number, state = state.as_str(), "action settled");
        let (call, epoch) = (plan.call.clone(), plan.epoch);
        self.writing.retain(|writing| !writing.is_finished());
        self.writing.push(tasks.spawn(async move { write(&*ports, &call, epoch, &id, state, muted).await }));
    }

    /// Waits until everything is written.
    pub(super) async fn written(self) {
        join_all(self.writing).await;
    }
}

/// The next action that this session has taken. It ends with the call.
pub(super) async fn next<P: Ports>(
    ports: Arc<P>,
    clock: Clock,
    call: CallSid,
    epoch: Epoch,
    mut inbox: ActionInbox,
) -> Effect {
    loop {
        let (number, id) = inbox.next().await;
        // An action whose time is over is given by no store, so this ends.
        loop {
            match timeout(STORE_WAIT, ports.take_action(&call, &id, epoch, clock.now())).await {
                Ok(Ok(Some(action))) => return Effect::Action { number, id, action, inbox },
                Ok(Ok(None)) => break,
                Ok(Err(StoreError::Fenced)) => return Effect::Superseded,
                Ok(Err(StoreError::Refused(error))) => {
                    tracing::error!(%call, error, "an action cannot be taken");
                    break;
                }
                Ok(Err(StoreError::Unavailable(_))) | Err(_) => sleep(TAKE_AGAIN).await,
            }
        }
    }
}

/// Records what came of an action, for as long as the store may be down.
async fn write<P: Ports>(
    ports: &P,
    call: &CallSid,
    epoch: Epoch,
    id: &ActionId,
    state: ActionState,
    muted: Option<bool>,
) {
    let put = || async {
        let put = ports.settle_action(call, epoch, id, state, muted);
        timeout(STORE_WAIT, put)
            .await
            .unwrap_or_else(|_| Err(StoreError::Unavailable("no answer".to_owned())))
    };
    let put = put.retry(TRIES).when(|error| matches!(error, StoreError::Unavailable(_)));
    match timeout(WRITTEN_WITHIN, put).await {
        // Of a session whose call another one has, nothing more is to be recorded.
        Ok(Ok(()) | Err(StoreError::Fenced)) => {}
        Ok(Err(error)) => tracing::error!(%call, %error, "what came of an action is lost"),
        Err(_) => tracing::error!(%call, "what came of an action is lost: the store did not answer"),
    }
}
