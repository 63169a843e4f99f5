//! What a call waits for besides its sockets. These futures run inside the call's own task and are dropped
//! with it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use domain::own_account::Signer;
use domain::{ActionId, AnsweredBy, CallAction, CallPlan, CallSid, Epoch, Timestamp};
use futures_util::Stream as _;
use futures_util::stream::FuturesUnordered;
use platform::Clock;
use platform::rate_limit::RateLimited;
use session::input::ClaimRefusal;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::actions;
use crate::actions::ActionInbox;
use crate::ports::{ClaimError, HangUpError, Ports, Steered};
use crate::tools;

const HANG_UP_DEADLINE: Duration = Duration::from_secs(2);
/// The waits between three tries.
const HANG_UP_TRIES: ExponentialBuilder =
    ExponentialBuilder::new().with_min_delay(Duration::from_millis(200)).with_max_times(2);

/// Twilio decides within 30 s of the answer, and its webhook takes a moment.
const VERDICT_WITHIN: Duration = Duration::from_secs(40);
/// One read of one item a second, in the first seconds of a call that we placed.
const VERDICT_POLL: Duration = Duration::from_millis(1_000);

/// Shorter than the wait for a plan.
const STEERED_WITHIN: Duration = Duration::from_secs(1);

pub(super) enum Effect {
    Drain,
    /// The plan, and what was asked of the sessions before.
    Claimed(Result<(Box<CallPlan>, Steered), ClaimRefusal>),
    ToolDone {
        call_id: String,
        answer: tools::ToolAnswer,
    },
    HungUp {
        ok: bool,
    },
    /// The store says that a later session has the call.
    Superseded,
    AnsweredBy(AnsweredBy),
    /// The business asks for something; the inbox is for what it asks next.
    Action {
        number: u32,
        id: ActionId,
        action: CallAction,
        inbox: ActionInbox,
    },
    /// There is no verdict, and none is to be expected.
    NoVerdict,
}

/// Only those that were woken are polled, so waiting for them costs a frame nothing.
pub(super) struct Effects {
    pending: FuturesUnordered<Pin<Box<dyn Future<Output = Effect> + Send>>>,
    /// A model that calls tools in vain must not fill the log.
    tool_troubles: Arc<RateLimited>,
}

impl Effects {
    pub(super) fn new() -> Self {
        Self { pending: FuturesUnordered::new(), tool_troubles: Arc::default() }
    }

    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Effect> {
        match Pin::new(&mut self.pending).poll_next(cx) {
            Poll::Ready(Some(effect)) => Poll::Ready(effect),
            // Empty: the next one is pushed by this same task, which then polls again.
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }

    pub(super) fn drain(&mut self, shutdown: CancellationToken) {
        self.pending.push(Box::pin(async move {
            shutdown.cancelled_owned().await;
            Effect::Drain
        }));
    }

    pub(super) fn watch_fence(&mut self, superseded: CancellationToken) {
        self.pending.push(Box::pin(async move {
            superseded.cancelled_owned().await;
            Effect::Superseded
        }));
    }

    /// `signer` opened the stream.
    pub(super) fn claim<P: Ports>(
        &mut self,
        ports: Arc<P>,
        signer: Signer,
        (call, epoch): (CallSid, Epoch),
        now: Timestamp,
    ) {
        self.pending.push(Box::pin(async move {
            let (claimed, steered) =
                tokio::join!(ports.claim(&call, epoch, now), steered(&*ports, &call, epoch));
            Effect::Claimed(match claimed {
                Ok(plan) if !signer.speaks_for(&plan.account, &plan.business) => {
                    tracing::error!(%call, account = %signer.account, "a stream of another account");
                    Err(ClaimRefusal::NotYours)
                }
                Ok(plan) if plan.call == call && plan.epoch == epoch => Ok((Box::new(plan), steered)),
                Ok(_) => {
                    tracing::error!(%call, %epoch, "the store gave the plan of another call");
                    Err(ClaimRefusal::NotYours)
                }
                Err(ClaimError::NotYours) => Err(ClaimRefusal::NotYours),
                Err(ClaimError::Unavailable) => Err(ClaimRefusal::Unavailable),
            })
        }));
    }

    pub(super) fn run_tool<P: Ports>(
        &mut self,
        ports: Arc<P>,
        plan: Arc<CallPlan>,
        call: tools::ToolInvocation,
    ) {
        let troubles = Arc::clone(&self.tool_troubles);
        self.pending.push(Box::pin(async move {
            let answer = tools::run(&*ports, &plan, &call, &troubles).await;
            Effect::ToolDone { call_id: call.id, answer }
        }));
    }

    /// Looks for machine detection's verdict, off the path of the call, for as long as one may come.
    pub(super) fn answered_by<P: Ports>(&mut self, ports: Arc<P>, clock: Clock, call: CallSid) {
        self.pending.push(Box::pin(async move {
            let verdict = timeout(VERDICT_WITHIN, verdict(&*ports, &clock, &call)).await;
            verdict.map_or(Effect::NoVerdict, Effect::AnsweredBy)
        }));
    }

    /// Waits for the next action of the business's on this call.
    pub(super) fn next_action<P: Ports>(
        &mut self,
        ports: Arc<P>,
        clock: Clock,
        call: CallSid,
        epoch: Epoch,
        inbox: ActionInbox,
    ) {
        self.pending.push(Box::pin(actions::next(ports, clock, call, epoch, inbox)));
    }

    pub(super) fn hang_up<P: Ports>(&mut self, ports: Arc<P>, plan: Arc<CallPlan>) {
        self.pending.push(Box::pin(async move { hang_up(&*ports, &plan).await }));
    }
}

/// What the sessions before this one were asked for. Without an answer the call goes on with an agent that is not muted
/// and has no notes.
async fn steered<P: Ports>(ports: &P, call: &CallSid, epoch: Epoch) -> Steered {
    if epoch <= Epoch::FIRST {
        return Steered::default();
    }
    match timeout(STEERED_WITHIN, ports.steered(call)).await {
        Ok(Ok(steered)) => steered,
        Ok(Err(error)) => {
            tracing::error!(%call, %error, "not known whether the agent was muted: it is not");
            Steered::default()
        }
        Err(_) => {
            tracing::error!(%call, "not known in time whether the agent was muted: it is not");
            Steered::default()
        }
    }
}

async fn verdict<P: Ports>(ports: &P, clock: &Clock, call: &CallSid) -> AnsweredBy {
    loop {
        sleep(VERDICT_POLL).await;
        // The verdict is advice, so a store that does not answer is asked again without an alarm.
        if let Ok(Some(verdict)) = ports.answered_by(call, clock.now()).await {
            return verdict;
        }
    }
}

/// Ending a call twice is as good as once, so an unclear answer is tried again.
async fn hang_up<P: Ports>(ports: &P, plan: &CallPlan) -> Effect {
    let ask = || async {
        let asked = timeout(HANG_UP_DEADLINE, ports.hang_up(plan)).await;
        asked.unwrap_or_else(|_| Err(HangUpError::Unavailable("no answer in time".to_owned())))
    };
    match ask.retry(HANG_UP_TRIES).when(|error| matches!(error, HangUpError::Unavailable(_))).await {
        Ok(()) => Effect::HungUp { ok: true },
        Err(HangUpError::Fenced) => Effect::Superseded,
        Err(error @ (HangUpError::Refused(_) | HangUpError::Unavailable(_))) => {
            tracing::error!(call = %plan.call, %error, "hang-up failed");
            Effect::HungUp { ok: false }
        }
    }
}
