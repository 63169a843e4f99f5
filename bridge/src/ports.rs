//! What the bridge asks of the rest of the system.

use std::collections::HashMap;
use std::future::{Future, ready};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::call_back::{Declined, Moment, Wish};
use domain::ids::AccountSid;
use domain::listening::Listener;
use domain::tools::{TakenMessage, ToolOutcome};
use domain::{
    ActionId, ActionState, AnsweredBy, BusinessId, CallAction, CallPlan, CallSid, Epoch, Secret,
    SessionReport, Timestamp, Turn,
};
use serde_json::Value;
use stores::appointments::AppointmentError;
use stores::appointments::desk::{Answer, AppointmentRequest};

/// Every method may be called again after an `Unavailable`, so each must be idempotent: turns are keyed by
/// (call, epoch, position), reports by (call, epoch). Whatever a session does to the world is refused as `Fenced`
/// once a later epoch has the call.
pub trait Ports: Send + Sync + 'static {
    /// Takes the call's plan, once: one conditional write. Also refuses a plan that expired before `now`.
    fn claim(
        &self,
        call: &CallSid,
        epoch: Epoch,
        now: Timestamp,
    ) -> impl Future<Output = Result<CallPlan, ClaimError>> + Send;

    /// Stores up to [`MAX_TURNS_PER_PUT`] turns of one session.
    fn put_turns(&self, turns: &[Turn]) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Stores a session's report: its last write.
    fn put_report(&self, report: &SessionReport) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// What machine detection found on a call that we placed; `None` as long as it is not known.
    fn answered_by(
        &self,
        call: &CallSid,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<AnsweredBy>, StoreError>> + Send;

    /// The actions that the businesses asked of up to [`MAX_CALLS_PER_LOOK`] calls, in their order. A call without any may
    /// be left out.
    fn asked(
        &self,
        calls: &[CallSid],
    ) -> impl Future<Output = Result<HashMap<CallSid, Vec<ActionId>>, StoreError>> + Send;

    /// Takes an action for the session of `epoch`, once. `None`: it is not to be done, or another session has it.
    fn take_action(
        &self,
        call: &CallSid,
        id: &ActionId,
        epoch: Epoch,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<CallAction>, StoreError>> + Send;

    /// Records what came of an action that the session of `epoch` had taken, and whether the agent is muted from now on,
    /// if that changed.
    fn settle_action(
        &self,
        call: &CallSid,
        epoch: Epoch,
        id: &ActionId,
        state: ActionState,
        muted: Option<bool>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// What earlier sessions of a call were asked for and what still holds.
    fn steered(&self, call: &CallSid) -> impl Future<Output = Result<Steered, StoreError>> + Send;

    /// Ends the call at Twilio, in the account that carries it, for the session of the plan's epoch. A call that is over already (Twilio errors 20404 and
    /// 21220) is a success.
    fn hang_up(&self, plan: &CallPlan) -> impl Future<Output = Result<(), HangUpError>> + Send;

    /// The tokens that streams of an account that a business brought are signed with; none if it has no such account.
    /// `anew`: past what is held, as far as that is allowed.
    fn stream_tokens(
        &self,
        _business: &BusinessId,
        _account: &AccountSid,
        _anew: bool,
    ) -> impl Future<Output = Result<Vec<Secret>, StoreError>> + Send {
        ready(Ok(vec![]))
    }

    /// Keeps a message that the caller left. `id` names it in the whole call, whichever session takes it: the first one
    /// stands.
    fn take_message(
        &self,
        plan: &CallPlan,
        id: &str,
        message: &TakenMessage,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Does something about appointments for the caller, as long as no later session has the call. Asking again is safe.
    fn appointments(
        &self,
        _plan: &CallPlan,
        _request: &AppointmentRequest,
    ) -> impl Future<Output = Result<Answer, AppointmentError>> + Send {
        ready(Err(AppointmentError::Superseded))
    }

    /// Has the person at the other end of the call sent a text, once for each `name` of the call. `false`: they want no
    /// texts.
    fn send_message(
        &self,
        _plan: &CallPlan,
        _name: &str,
        _text: &str,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send {
        ready(Err(StoreError::Unavailable("texts are not sent from here".to_owned())))
    }

    /// Puts the person who was called on the list of numbers that the business does not call, once for the call, whichever
    /// session is asked. A later epoch refuses nothing here: the wish is the person's, in whichever session
    /// it was heard.
    fn record_do_not_call(
        &self,
        _plan: &CallPlan,
        _reason: Option<&str>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send {
        ready(Err(StoreError::Unavailable("no list is kept from here".to_owned())))
    }

    /// Keeps when the person who was called is to be called again, once it is a time at which they may be. What a later session of
    /// the call is told counts; an earlier one is refused as `Fenced`.
    fn promise_call_back(
        &self,
        _plan: &CallPlan,
        _wish: &Wish,
    ) -> impl Future<Output = Result<Result<Moment, Declined>, StoreError>> + Send {
        ready(Err(StoreError::Unavailable("no calls are promised from here".to_owned())))
    }

    /// From now on a claim says that this process carries the call, and that others reach it at this address.
    fn reached_at(&self, _address: SocketAddr) {}

    /// Where the process that carries a call is reached; `None` if no other process can be.
    fn carrier(
        &self,
        _call: &CallSid,
    ) -> impl Future<Output = Result<Option<SocketAddr>, StoreError>> + Send {
        ready(Ok(None))
    }

    /// Notes that a person begins to listen to a call. `false`: the view was opened before.
    fn begin_listening(
        &self,
        _call: &CallSid,
        _listener: &Listener,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send {
        ready(Ok(true))
    }

    /// Notes until when a person listened.
    fn end_listening(
        &self,
        _call: &CallSid,
        _listener: &Listener,
    ) -> impl Future<Output = Result<(), StoreError>> + Send {
        ready(Ok(()))
    }

    /// Asks a tool of the business's own, and says what came of it within [`ToolRequest::timeout`] and the moment it
    /// takes to record that. A tool that acts once is asked once for each effect, and a repetition is told what came of
    /// the first request.
    fn call_tool(
        &self,
        plan: &CallPlan,
        request: &ToolRequest<'_>,
    ) -> impl Future<Output = Result<ToolOutcome, ToolFailure>> + Send;
}

/// Of the methods of [`Ports`] those about actions, for a store of a test or a measurement that is asked for none.
#[macro_export]
macro_rules! ports_without_actions {
    () => {
        async fn asked(
            &self,
            _: &[::domain::CallSid],
        ) -> Result<::std::collections::HashMap<::domain::CallSid, Vec<::domain::ActionId>>, $crate::StoreError>
        {
            Ok(::std::collections::HashMap::new())
        }

        async fn take_action(
            &self,
            _: &::domain::CallSid,
            _: &::domain::ActionId,
            _: ::domain::Epoch,
            _: ::domain::Timestamp,
        ) -> Result<Option<::domain::CallAction>, $crate::StoreError> {
            Ok(None)
        }

        async fn settle_action(
            &self,
            _: &::domain::CallSid,
            _: ::domain::Epoch,
            _: &::domain::ActionId,
            _: ::domain::ActionState,
            _: Option<bool>,
        ) -> Result<(), $crate::StoreError> {
            Ok(())
        }

        async fn steered(&self, _: &::domain::CallSid) -> Result<$crate::Steered, $crate::StoreError> {
            Ok($crate::Steered::default())
        }
    };
}

/// What earlier sessions of a call were asked for and what still holds for the next one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Steered {
    pub muted: bool,
    /// The notes that the agent was given, in their order.
    pub notes: Vec<String>,
}

/// A tool call whose arguments fit the tool's schema.
#[derive(Debug)]
pub struct ToolRequest<'a> {
    pub tool: &'a domain::tools::HttpTool,
    /// Names the effect: the same for every attempt at it, and in a call for the same arguments if the tool acts
    /// [once](domain::tools::HttpTool::once).
    pub id: &'a str,
    pub arguments: &'a Value,
    /// How long the tool may take.
    pub timeout: Duration,
}

/// Why a tool was not asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ToolFailure {
    #[error("the same is being done right now")]
    InProgress,
    #[error("a later session has the call")]
    Superseded,
    #[error("the store did not answer, so nothing was done: {0}")]
    Store(String),
}

/// Ports can be shared with the code that made them.
impl<P: Ports> Ports for Arc<P> {
    fn claim(
        &self,
        call: &CallSid,
        epoch: Epoch,
        now: Timestamp,
    ) -> impl Future<Output = Result<CallPlan, ClaimError>> + Send {
        P::claim(self, call, epoch, now)
    }

    fn put_turns(&self, turns: &[Turn]) -> impl Future<Output = Result<(), StoreError>> + Send {
        P::put_turns(self, turns)
    }

    fn put_report(&self, report: &SessionReport) -> impl Future<Output = Result<(), StoreError>> + Send {
        P::put_report(self, report)
    }

    fn answered_by(
        &self,
        call: &CallSid,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<AnsweredBy>, StoreError>> + Send {
        P::answered_by(self, call, now)
    }

    fn asked(
        &self,
        calls: &[CallSid],
    ) -> impl Future<Output = Result<HashMap<CallSid, Vec<ActionId>>, StoreError>> + Send {
        P::asked(self, calls)
    }

    fn take_action(
        &self,
        call: &CallSid,
        id: &ActionId,
        epoch: Epoch,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<CallAction>, StoreError>> + Send {
        P::take_action(self, call, id, epoch, now)
    }

    fn settle_action(
        &self,
        call: &CallSid,
        epoch: Epoch,
        id: &ActionId,
        state: ActionState,
        muted: Option<bool>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send {
        P::settle_action(self, call, epoch, id, state, muted)
    }

    fn steered(&self, call: &CallSid) -> impl Future<Output = Result<Steered, StoreError>> + Send {
        P::steered(self, call)
    }

    fn hang_up(&self, plan: &CallPlan) -> impl Future<Output = Result<(), HangUpError>> + Send {
        P::hang_up(self, plan)
    }

    fn stream_tokens(
        &self,
        business: &BusinessId,
        account: &AccountSid,
        anew: bool,
    ) -> impl Future<Output = Result<Vec<Secret>, StoreError>> + Send {
        P::stream_tokens(self, business, account, anew)
    }

    fn take_message(
        &self,
        plan: &CallPlan,
        id: &str,
        message: &TakenMessage,
    ) -> impl Future<Output = Result<(), StoreError>> + Send {
        P::take_message(self, plan, id, message)
    }

    fn appointments(
        &self,
        plan: &CallPlan,
        request: &AppointmentRequest,
    ) -> impl Future<Output = Result<Answer, AppointmentError>> + Send {
        P::appointments(self, plan, request)
    }

    fn send_message(
        &self,
        plan: &CallPlan,
        name: &str,
        text: &str,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send {
        P::send_message(self, plan, name, text)
    }

    fn record_do_not_call(
        &self,
        plan: &CallPlan,
        reason: Option<&str>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send {
        P::record_do_not_call(self, plan, reason)
    }

    fn promise_call_back(
        &self,
        plan: &CallPlan,
        wish: &Wish,
    ) -> impl Future<Output = Result<Result<Moment, Declined>, StoreError>> + Send {
        P::promise_call_back(self, plan, wish)
    }

    fn reached_at(&self, address: SocketAddr) {
        P::reached_at(self, address);
    }

    fn carrier(&self, call: &CallSid) -> impl Future<Output = Result<Option<SocketAddr>, StoreError>> + Send {
        P::carrier(self, call)
    }

    fn begin_listening(
        &self,
        call: &CallSid,
        listener: &Listener,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send {
        P::begin_listening(self, call, listener)
    }

    fn end_listening(
        &self,
        call: &CallSid,
        listener: &Listener,
    ) -> impl Future<Output = Result<(), StoreError>> + Send {
        P::end_listening(self, call, listener)
    }

    fn call_tool(
        &self,
        plan: &CallPlan,
        request: &ToolRequest<'_>,
    ) -> impl Future<Output = Result<ToolOutcome, ToolFailure>> + Send {
        P::call_tool(self, plan, request)
    }
}

/// DynamoDB reads at most 100 items in one batch.
pub const MAX_CALLS_PER_LOOK: usize = 100;

/// DynamoDB writes at most 25 items in one batch.
pub const MAX_TURNS_PER_PUT: usize = 25;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    #[error("no such plan: the token is unknown, used, expired or of another call")]
    NotYours,
    #[error("the plan could not be read: the store did not answer")]
    Unavailable,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    #[error("the store did not answer, try again: {0}")]
    Unavailable(String),
    #[error("the store refused the write, trying again is of no use: {0}")]
    Refused(String),
    #[error("a later session has the call")]
    Fenced,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HangUpError {
    #[error("Twilio did not answer, try again: {0}")]
    Unavailable(String),
    #[error("Twilio refused to end the call: {0}")]
    Refused(String),
    #[error("a later session has the call, and it is not this one's to end")]
    Fenced,
}
