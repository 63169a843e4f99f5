//! What a call goes on with: the report of the session that is over, and the plan of the next one. The same for every
//! call, whether Twilio asks what follows its stream or a page does.

use std::time::Duration;

use domain::dial::CallTask;
use domain::prompt::Channel;
use domain::{Call, CallPlan, CallSid, Direction, Epoch, SessionReport, Timestamp};
use stores::calls::{ResumeCall, Resumed, Writer};
use stores::{StoreError, turns};

use crate::edge::parts::parts;
use crate::shared::about_contact::Told;
use crate::shared::settings_cache::SettingsCache;
use crate::voice::known_caller::PinnedCaller;
use crate::voice::plan;

/// A bridge that closed a stream is writing its report at this moment, the last turns before it. One that died
/// never will.
const REPORT_WAIT: Duration = Duration::from_millis(400);
const REPORT_POLL: Duration = Duration::from_millis(100);

parts! {
    /// Goes on with calls whose session is over.
    pub(super) struct Resumption {
        writer: Writer,
        turns: turns::Reader,
        pub(super) settings: SettingsCache,
    }
}

impl Resumption {
    /// The report of this epoch's session, which may be on its way.
    pub(super) async fn report(
        &self,
        call: &CallSid,
        epoch: Epoch,
    ) -> Result<Option<SessionReport>, StoreError> {
        let deadline = tokio::time::Instant::now() + REPORT_WAIT;
        loop {
            let report = self.turns.report(call).await?.filter(|report| report.epoch == epoch);
            if report.is_some() || tokio::time::Instant::now() >= deadline {
                return Ok(report);
            }
            tokio::time::sleep(REPORT_POLL).await;
        }
    }

    /// `None` when what the call was carried with is not known any more. Without `callers` an agent whose plan is lost is
    /// told of no contact: a call that has none.
    pub(super) async fn plan(
        &self,
        call: &Call,
        lost: Epoch,
        report: Option<&SessionReport>,
        callers: Option<&PinnedCaller>,
        now: Timestamp,
    ) -> Result<Option<CallPlan>, StoreError> {
        let before = match self.writer.carried_plan(&call.sid, lost).await? {
            Some(plan) => plan,
            None => match self.as_it_began(call, callers, now).await? {
                Some(plan) => plan,
                None => return Ok(None),
            },
        };
        let (turns, messages) =
            tokio::try_join!(self.turns.turns(&call.sid), self.turns.messages(&call.sid))?;
        // The first session is known to have ended before it said a thing: the caller is still to be greeted.
        let unheard = report.is_some_and(|report| lost == Epoch::FIRST && report.agent_audio_sent.is_zero());
        let greeting = before.greeting.clone().filter(|_| unheard);
        Ok(Some(CallPlan { greeting, ..plan::resumed(before, lost, &turns, &messages, now) }))
    }

    /// Begins the epoch of the plan.
    pub(super) async fn resume(&self, plan: CallPlan, now: Timestamp) -> Result<Resumed, StoreError> {
        self.writer.resume(&ResumeCall { plan, token_ttl: plan::TOKEN_TTL, now }).await
    }

    /// The plan of a call whose row is gone, made again of the settings and the moment that it began with, and of what is
    /// known of its contact now.
    async fn as_it_began(
        &self,
        call: &Call,
        callers: Option<&PinnedCaller>,
        now: Timestamp,
    ) -> Result<Option<CallPlan>, StoreError> {
        let Some(pinned) = self.settings.of_call(call).await? else { return Ok(None) };
        match self.settings.prompt(&pinned, channel(call), None).await {
            Ok(compiled) => {
                let told = match callers {
                    Some(callers) => callers.of(&pinned.business, call, now).await,
                    None => Told::default(),
                };
                Ok(Some(plan::first(call, &pinned, &compiled, &told, call.opened_at)))
            }
            Err(error) => {
                tracing::error!(call = %call.sid, business = %call.business, %error, "cannot resume");
                Ok(None)
            }
        }
    }
}

/// The prompts that a call runs with. A test call with a purpose is talked to as if it had been placed.
pub(super) fn channel(call: &Call) -> Channel {
    match call.direction {
        Direction::Test if call.task.as_ref().is_some_and(CallTask::has_purpose) => Channel::Outbound,
        Direction::Inbound | Direction::Test | Direction::Unknown => Channel::Inbound,
        Direction::Outbound => Channel::Outbound,
    }
}
