//! The stream is over but the call is not: what now?
//!
//! Twilio asks here when `<Connect>` ends on a live call. If the session meant to end it, the call is hung up.
//! If it handed the call over, somebody of the business's directory is rung, and the agent is back if nobody takes
//! it. If the session was lost, the call goes on in a new one, a few times; after that the caller is offered what the
//! business has in place of an agent (`no_agent`): never silence.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::post;
use domain::plan::Resumption;
use domain::prompt::Channel;
use domain::tools::Destination;
use domain::turn::EndReason;
use domain::{Call, CallPlan, CallSid, Direction, Epoch, SessionReport, Timestamp};
use platform::aws::Aws;
use platform::clock;
use platform::env::{Parser, Reader};
use platform::secrets::Secrets;
use platform::telemetry::{self, Unit};
use serde::Deserialize;
use stores::calls::{ResumeCall, Resumed};
use stores::{StoreError, businesses, calls, turns};
use twilio::twiml::{Redirect, Response as Twiml, Verb};
use twilio::webhook::{ConnectAction, DialAction};

use super::line::Line;
use super::no_agent::{self, Why};
use super::published::PublishedSettings;
use super::{in_time, inbound, phrases, plan, xml};
use crate::edge::verified_form::{Gate, Verified};
use crate::edge::{HttpFunction, StartError};

pub const PATH: &str = "/twilio/voice/after-stream";
pub const DIAL_PATH: &str = "/twilio/voice/after-dial";

/// How often a lost session is replaced before the caller is better served by a person.
pub const MAX_RESUMES: u32 = 3;

/// A bridge that closed a stream is writing its report at this moment, the last turns before it. One that died
/// never will.
const REPORT_WAIT: Duration = Duration::from_millis(400);
const REPORT_POLL: Duration = Duration::from_millis(100);

pub struct AfterStream {
    pub(super) gate: Gate,
    line: Line,
    pub(super) settings: PublishedSettings,
    pub(super) calls: calls::Reader,
    writer: calls::Writer,
    turns: turns::Reader,
}

impl HttpFunction for AfterStream {
    const NAME: &'static str = "voice-after-stream";

    async fn load(env: &dyn Reader) -> Result<Self, StartError> {
        let mut vars = Parser::new(env);
        let base = vars.url("PUBLIC_BASE_URL");
        let stream_url = vars.url("STREAM_URL");
        let businesses = vars.text("TABLE_BUSINESSES");
        let calls = vars.text("TABLE_CALLS");
        let turns = vars.text("TABLE_TURNS");
        let leases = vars.text("TABLE_LEASES");
        let aws = Aws::load_with(env, vars).await?;
        let secrets = Secrets::load(env, &aws.config).await?;
        aws.warm(&calls).await;
        Ok(Self {
            gate: Gate::new(&base, &secrets)?,
            line: Line { stream_url, token_key: secrets.stream_token_key },
            settings: PublishedSettings::new(businesses::Reader::new(&aws, &businesses)),
            calls: calls::Reader::new(&aws, &calls),
            writer: calls::Writer::new(&aws, &calls, &leases),
            turns: turns::Reader::new(&aws, &turns),
        })
    }

    fn router(self) -> Router {
        Router::new()
            .route(PATH, post(after_stream))
            .route(DIAL_PATH, post(after_dial))
            .route(no_agent::AFTER_DIAL_PATH, post(no_agent::after_dial))
            .route(no_agent::AFTER_MESSAGE_PATH, post(no_agent::after_message))
            .with_state(Arc::new(self))
    }
}

impl AsRef<Gate> for AfterStream {
    fn as_ref(&self) -> &Gate {
        &self.gate
    }
}

/// The path and query to ask when the stream of `epoch` is over. Twilio names no stream in its request, so the
/// address does, and the signature covers it.
pub(crate) fn action(epoch: Epoch) -> String {
    format!("{PATH}?epoch={epoch}")
}

#[derive(Deserialize)]
struct Asked {
    epoch: Epoch,
}

async fn after_stream(
    State(app): State<Arc<AfterStream>>,
    asked: Result<Query<Asked>, QueryRejection>,
    webhook: Verified<ConnectAction>,
) -> Response {
    let form = &webhook.form;
    let call = form.call.call_sid.as_str();
    if form.call_is_over() {
        return xml(&hang_up());
    }
    let Ok(Query(Asked { epoch: lost })) = asked else {
        tracing::error!(call, "an address that names no epoch was asked what follows the stream");
        return xml(&phrases::apology());
    };
    let is_inbound = Direction::from_twilio(&form.call.direction) == Direction::Inbound;
    or_apology(call, Box::pin(app.answer(call, is_inbound, lost, clock::now()))).await
}

/// The dialled leg is over. A caller who spoke to somebody is done; one who did not is still there.
async fn after_dial(
    State(app): State<Arc<AfterStream>>,
    asked: Result<Query<Asked>, QueryRejection>,
    webhook: Verified<DialAction>,
) -> Response {
    let form = &webhook.form;
    let call = form.call.call_sid.as_str();
    let Ok(Query(Asked { epoch })) = asked else {
        tracing::error!(call, "an address that names no epoch was asked what follows a transfer");
        return xml(&phrases::apology());
    };
    if form.was_answered() {
        return xml(&hang_up());
    }
    or_apology(call, Box::pin(app.nobody_answered(call, epoch, clock::now()))).await
}

async fn or_apology(call: &str, answer: impl Future<Output = Result<Twiml, AnswerError>>) -> Response {
    xml(&in_time(call, "what follows the stream", answer).await.unwrap_or_else(|_| phrases::apology()))
}

impl AfterStream {
    async fn answer(
        &self,
        call: &str,
        is_inbound: bool,
        lost: Epoch,
        now: Timestamp,
    ) -> Result<Twiml, AnswerError> {
        let sid = CallSid::parse(call)?;
        let Some((call, epoch)) = self.calls.with_epoch(&sid).await? else {
            tracing::error!(call = %sid, "a stream has ended on a call that was never opened");
            // It was answered by a function that could not ask: now the store says something.
            let again = Redirect { url: self.gate.url(inbound::AGAIN) };
            return Ok(if is_inbound { Twiml::new().then(again) } else { phrases::apology() });
        };
        if call.status.is_terminal() {
            return Ok(hang_up());
        }
        if let Some(reason) = call.refusal {
            let published = self.settings.of_call(&call).await?;
            return Ok(no_agent::offer(&self.gate, Why::Refused(reason), published.as_deref()));
        }
        if epoch > lost {
            // A copy of a request that was answered, perhaps an old one: the same again.
            return Ok(self.connect(&sid, lost.next()));
        }
        let report = self.report(&sid, lost).await?;
        let end = report.as_ref().map(|report| report.end);
        let next = next(end, lost);
        if next == Next::Dial
            && let Some(entry) = self.destination(&call, report.as_ref()).await?
        {
            tracing::info!(call = %sid, epoch = lost.0, destination = entry.id, "transferred");
            let action = self.gate.url(&format!("{DIAL_PATH}?epoch={lost}"));
            return Ok(phrases::transfer(&entry.number, call.to.as_ref(), action));
        }
        if next == Next::HangUp {
            return Ok(hang_up());
        }
        // A directory entry that is gone by now is one that nobody answers at.
        if matches!(next, Next::Resume | Next::Dial)
            && let Some(plan) = self.plan(&call, lost, report.as_ref(), now).await?
        {
            let resumed = self.resume(plan, now).await?;
            if resumed == Resumed::Minted {
                stream_lost(&sid, lost, end, "resumed");
            }
            return Ok(self.resumed(resumed, &sid, lost));
        }
        stream_lost(&sid, lost, end, "given up");
        telemetry::metric("CallsDegraded", 1.0, Unit::Count, &[("Reason", "no_agent")]);
        let published = self.settings.of_call(&call).await?;
        Ok(no_agent::offer(&self.gate, Why::Lost, published.as_deref()))
    }

    /// The agent takes the call back, in the epoch after the one that gave it away.
    async fn nobody_answered(&self, call: &str, gave: Epoch, now: Timestamp) -> Result<Twiml, AnswerError> {
        let sid = CallSid::parse(call)?;
        let Some((call, epoch)) = self.calls.with_epoch(&sid).await? else {
            tracing::error!(call = %sid, "a transfer has ended on a call that was never opened");
            return Ok(phrases::apology());
        };
        if call.status.is_terminal() {
            return Ok(hang_up());
        }
        if epoch > gave {
            return Ok(self.connect(&sid, gave.next()));
        }
        let report = self.report(&sid, gave).await?;
        let entry = self.destination(&call, report.as_ref()).await?;
        let again = gave.0 < Epoch::FIRST.0 + MAX_RESUMES;
        if again && let Some(mut plan) = self.plan(&call, gave, report.as_ref(), now).await? {
            plan.resumption = Resumption::TransferFailed {
                label: entry.map_or_else(|| "the person you asked for".to_owned(), |entry| entry.label),
            };
            tracing::info!(call = %sid, epoch = gave.0, "nobody took the transferred call");
            let resumed = self.resume(plan, now).await?;
            return Ok(self.resumed(resumed, &sid, gave));
        }
        let published = self.settings.of_call(&call).await?;
        Ok(no_agent::message_or_goodbye(&self.gate, published.as_deref()))
    }

    async fn resume(&self, plan: CallPlan, now: Timestamp) -> Result<Resumed, StoreError> {
        self.writer.resume(&ResumeCall { plan, token_ttl: plan::TOKEN_TTL, now }).await
    }

    fn resumed(&self, resumed: Resumed, call: &CallSid, lost: Epoch) -> Twiml {
        match resumed {
            Resumed::Minted | Resumed::Already => self.connect(call, lost.next()),
            Resumed::NotLive => hang_up(),
        }
    }

    /// Whom the session handed the call to, as its business's settings have them.
    async fn destination(
        &self,
        call: &Call,
        report: Option<&SessionReport>,
    ) -> Result<Option<Destination>, AnswerError> {
        let Some(id) = report.and_then(|report| report.transfer_to.as_ref()) else { return Ok(None) };
        let pinned = self.settings.of_call(call).await?;
        Ok(pinned.and_then(|pinned| pinned.settings.tools.destination(id).cloned()))
    }

    fn connect(&self, call: &CallSid, epoch: Epoch) -> Twiml {
        self.line.connect(&self.gate, call, epoch)
    }

    /// The report of this epoch's session, which may be on its way.
    async fn report(&self, call: &CallSid, epoch: Epoch) -> Result<Option<SessionReport>, StoreError> {
        let deadline = tokio::time::Instant::now() + REPORT_WAIT;
        loop {
            let report = self.turns.report(call).await?.filter(|report| report.epoch == epoch);
            if report.is_some() || tokio::time::Instant::now() >= deadline {
                return Ok(report);
            }
            tokio::time::sleep(REPORT_POLL).await;
        }
    }

    /// `None` when what the call was carried with is not known any more.
    async fn plan(
        &self,
        call: &Call,
        lost: Epoch,
        report: Option<&SessionReport>,
        now: Timestamp,
    ) -> Result<Option<CallPlan>, AnswerError> {
        let before = match self.writer.carried_plan(&call.sid, lost).await? {
            Some(plan) => plan,
            None => match self.as_it_began(call).await? {
                Some(plan) => plan,
                None => return Ok(None),
            },
        };
        let turns = self.turns.turns(&call.sid).await?;
        // The first session is known to have ended before it said a thing: the caller is still to be greeted.
        let unheard = report.is_some_and(|report| lost == Epoch::FIRST && report.agent_audio_sent.is_zero());
        let greeting = before.greeting.clone().filter(|_| unheard);
        Ok(Some(CallPlan { greeting, ..plan::resumed(before, lost, &turns, now) }))
    }

    /// The plan of a call whose row is gone, made again of the settings and the moment that it began with.
    async fn as_it_began(&self, call: &Call) -> Result<Option<CallPlan>, AnswerError> {
        let Some(pinned) = self.settings.of_call(call).await? else { return Ok(None) };
        match self.settings.prompt(&pinned, channel(call.direction)).await {
            Ok(compiled) => Ok(Some(plan::first(call, &pinned, &compiled, call.opened_at))),
            Err(error) => {
                tracing::error!(call = %call.sid, business = %call.business, %error, "cannot resume");
                Ok(None)
            }
        }
    }
}

fn stream_lost(call: &CallSid, epoch: Epoch, end: Option<EndReason>, outcome: &'static str) {
    let reason = end.map_or("unknown", EndReason::as_str);
    tracing::error!(%call, epoch = epoch.0, reason, outcome, "the stream ended before the conversation did");
    telemetry::metric("StreamsLost", 1.0, Unit::Count, &[("Reason", reason)]);
}

pub(super) fn hang_up() -> Twiml {
    Twiml::new().then(Verb::Hangup)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    HangUp,
    Resume,
    /// The entry of the directory that the session named.
    Dial,
    /// What the business has in place of an agent.
    NoAgent,
}

/// What follows the session of epoch `lost`, which ended for the reason `end`, if it lived to tell.
fn next(end: Option<EndReason>, lost: Epoch) -> Next {
    use EndReason as E;
    let again = lost.0 < Epoch::FIRST.0 + MAX_RESUMES;
    match end {
        Some(E::AgentHangUp | E::CallerHangUp | E::Silence | E::Voicemail | E::MaxDuration) => Next::HangUp,
        Some(E::Transfer) => Next::Dial,
        // The session tried what could be tried; another one would meet the same model.
        Some(E::ModelLost) => Next::NoAgent,
        None
        | Some(E::CallerLost | E::Unauthorised | E::Protocol | E::Drained | E::Superseded | E::Internal) => {
            if again {
                Next::Resume
            } else {
                Next::NoAgent
            }
        }
    }
}

fn channel(direction: Direction) -> Channel {
    match direction {
        Direction::Inbound | Direction::Unknown => Channel::Inbound,
        Direction::Outbound => Channel::Outbound,
    }
}

#[derive(Debug, thiserror::Error)]
enum AnswerError {
    #[error(transparent)]
    Id(#[from] domain::ids::InvalidId),
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_that_ended_on_purpose_ends_the_call_and_no_other_does() {
        for &end in EndReason::ALL {
            let hangs_up = next(Some(end), Epoch::FIRST) == Next::HangUp;
            assert_eq!(hangs_up, end.on_purpose(), "{end:?}");
        }
    }

    #[test]
    fn a_lost_session_is_replaced_three_times_at_most() {
        for end in [None, Some(EndReason::CallerLost), Some(EndReason::Drained), Some(EndReason::Internal)] {
            let resumes = (1..100).take_while(|epoch| next(end, Epoch(*epoch)) == Next::Resume).count();
            assert_eq!(resumes, 3, "{end:?}");
            assert_eq!(next(end, Epoch(u32::MAX)), Next::NoAgent);
        }
    }

    #[test]
    fn a_model_that_cannot_be_had_is_not_asked_again() {
        assert_eq!(next(Some(EndReason::ModelLost), Epoch::FIRST), Next::NoAgent);
    }
}
