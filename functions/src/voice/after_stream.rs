//! The stream is over but the call is not: what now?
//!
//! Twilio asks here when `<Connect>` ends on a live call. If the session meant to end it, the call is hung up.
//! If it handed the call over, a person of the business's directory is rung, and the agent is back if they do not
//! answer. If the session was lost, the call goes on in a new one, a few times; after that the caller is offered what the
//! business has in place of an agent (`no_agent`): never silence.

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use domain::locale::Said;
use domain::plan;
use domain::tools::Destination;
use domain::turn::EndReason;
use domain::{Call, CallSid, Direction, Epoch, SessionReport, Timestamp};
use platform::Clock;
use platform::telemetry::{self, Unit};
use serde::Deserialize;
use stores::StoreError;
use stores::businesses::Published;
use stores::calls::{self, Resumed};
use twilio::twiml::{Redirect, Response as Twiml};
use twilio::webhook::{ConnectAction, DialAction, VoiceRequest};

use super::continuation::{Continuation, continuation, may_resume};
use super::known_caller::PinnedCaller;
use super::no_agent::{self, Why};
use super::phrases::{self, Phrasebook};
use super::resumption::Resumption;
use super::stream_twiml::StreamTwiml;
use super::twiml_answer::{in_time, xml};
use crate::edge::HttpFunction;
use crate::edge::parts::parts;
use crate::edge::verified_form::{Gate, Refused, Verified};
use crate::shared::callbacks;

parts! {
    pub struct AfterStream {
        clock: Clock,
        calls: calls::Reader,
        callers: PinnedCaller,
        resumption: Resumption,
        gate: Gate,
        streams: StreamTwiml,
    }
}

impl HttpFunction for AfterStream {
    const NAME: &'static str = "voice-after-stream";

    fn router(self) -> Router {
        Router::new()
            .route(callbacks::AFTER_STREAM, post(after_stream))
            .route(callbacks::AFTER_TRANSFER, post(after_transfer))
            .route(callbacks::AFTER_FALLBACK, post(after_fallback))
            .route(callbacks::AFTER_MESSAGE, post(after_message))
            .with_state(Arc::new(self))
    }
}

impl AsRef<Gate> for AfterStream {
    fn as_ref(&self) -> &Gate {
        &self.gate
    }
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
        return xml(&phrases::hang_up());
    }
    let Ok(Query(Asked { epoch: lost })) = asked else {
        tracing::error!(call, "an address that names no epoch was asked what follows the stream");
        return xml(&phrases::apology());
    };
    let is_inbound = Direction::from_twilio(&form.call.direction) == Direction::Inbound;
    let answer = Box::pin(app.answer(&webhook, is_inbound, lost, app.clock.now()));
    or_apology(call, answer).await
}

/// The dialled leg is over. A caller who spoke to a person is done; one who did not is still there.
async fn after_transfer(
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
        return xml(&phrases::hang_up());
    }
    let answer = Box::pin(app.not_answered(&webhook, epoch, app.clock.now()));
    or_apology(call, answer).await
}

async fn or_apology(call: &str, answer: impl Future<Output = Result<Twiml, AnswerError>>) -> Response {
    match in_time(call, "what follows the stream", answer).await {
        Ok(twiml) => xml(&twiml),
        Err(Some(AnswerError::NotTheirs(refused))) => refused.into_response(),
        Err(_) => xml(&phrases::apology()),
    }
}

/// The fallback number was rung. A caller who reached a person there has had the conversation.
async fn after_fallback(State(app): State<Arc<AfterStream>>, webhook: Verified<DialAction>) -> Response {
    let form = &webhook.form;
    if form.was_answered() || form.call.call_status.is_terminal() {
        return xml(&phrases::hang_up());
    }
    let call = form.call.call_sid.as_str();
    let answer = Box::pin(app.business_of(call, &webhook));
    let known = match in_time(call, "whether a message may be left", answer).await {
        Err(Some(AnswerError::NotTheirs(refused))) => return refused.into_response(),
        known => known.ok().flatten(),
    };
    let (refusal, published) = known.map_or((None, None), |(call, published)| (call.refusal, published));
    xml(&no_agent::message_or_goodbye(&app.gate, refusal, published.as_deref()))
}

/// Twilio has the message and will announce it like any recording.
async fn after_message(State(app): State<Arc<AfterStream>>, webhook: Verified<VoiceRequest>) -> Response {
    let call = webhook.form.call_sid.as_str();
    let answer = Box::pin(app.business_of(call, &webhook));
    let known = match in_time(call, "in which words a caller is thanked", answer).await {
        Err(Some(AnswerError::NotTheirs(refused))) => return refused.into_response(),
        known => known.ok().flatten(),
    };
    let published = known.and_then(|(_, published)| published);
    xml(&Phrasebook::of(published.as_deref()).ending(Said::Thanks))
}

impl AfterStream {
    async fn answer(
        &self,
        webhook: &Verified<ConnectAction>,
        is_inbound: bool,
        lost: Epoch,
        now: Timestamp,
    ) -> Result<Twiml, AnswerError> {
        let sid = CallSid::parse(webhook.form.call.call_sid.as_str())?;
        let Some((call, epoch)) = self.calls.with_epoch(&sid).await? else {
            tracing::error!(call = %sid, "a stream has ended on a call that was never opened");
            // It was answered by a function that could not ask: now the store says something.
            let again = Redirect { url: self.gate.url(callbacks::INBOUND_AGAIN) };
            return Ok(if is_inbound { Twiml::new().then(again) } else { phrases::apology() });
        };
        webhook.about(&call)?;
        if call.status.is_terminal() {
            return Ok(phrases::hang_up());
        }
        let published = self.resumption.settings.of_call(&call).await?;
        let published = published.as_deref();
        if let Some(reason) = call.refusal {
            return Ok(no_agent::refused(&self.gate, reason, call.opened_at, published));
        }
        if epoch > lost {
            // A copy of a request that was answered, perhaps an old one: the same again.
            return Ok(self.connect(&call, lost.next(), published));
        }
        let report = self.resumption.report(&sid, lost).await?;
        let end = report.as_ref().map(|report| report.end);
        let next = continuation(end, lost);
        if next == Continuation::Dial
            && let Some(entry) = destination(published, report.as_ref())
        {
            tracing::info!(call = %sid, epoch = lost.0, destination = entry.id, "transferred");
            let action = self.gate.url(&callbacks::after_transfer(lost));
            return Ok(phrases::transfer(&entry.number, call.to.as_ref(), action));
        }
        if next == Continuation::HangUp {
            return Ok(phrases::hang_up());
        }
        // A directory entry that is gone by now counts as one that did not answer.
        if matches!(next, Continuation::Resume | Continuation::Dial)
            && let Some(plan) =
                self.resumption.plan(&call, lost, report.as_ref(), Some(&self.callers), now).await?
        {
            let resumed = self.resumption.resume(plan, now).await?;
            if resumed == Resumed::Minted {
                stream_lost(&sid, lost, end, "resumed");
            }
            return Ok(self.resumed(resumed, &call, lost, published));
        }
        stream_lost(&sid, lost, end, "given up");
        telemetry::metric("CallsDegraded", 1.0, Unit::Count, &[("Reason", "no_agent")]);
        Ok(no_agent::offer(&self.gate, Why::Lost, published))
    }

    /// The agent takes the call back, in the epoch after the one that gave it away.
    async fn not_answered(
        &self,
        webhook: &Verified<DialAction>,
        gave: Epoch,
        now: Timestamp,
    ) -> Result<Twiml, AnswerError> {
        let sid = CallSid::parse(webhook.form.call.call_sid.as_str())?;
        let Some((call, epoch)) = self.calls.with_epoch(&sid).await? else {
            tracing::error!(call = %sid, "a transfer has ended on a call that was never opened");
            return Ok(phrases::apology());
        };
        webhook.about(&call)?;
        if call.status.is_terminal() {
            return Ok(phrases::hang_up());
        }
        let published = self.resumption.settings.of_call(&call).await?;
        let published = published.as_deref();
        if epoch > gave {
            return Ok(self.connect(&call, gave.next(), published));
        }
        let report = self.resumption.report(&sid, gave).await?;
        let entry = destination(published, report.as_ref()).cloned();
        if may_resume(gave)
            && let Some(mut plan) =
                self.resumption.plan(&call, gave, report.as_ref(), Some(&self.callers), now).await?
        {
            plan.resumption = plan::Resumption::TransferFailed {
                label: entry.map_or_else(|| "the person you asked for".to_owned(), |entry| entry.label),
            };
            tracing::info!(call = %sid, epoch = gave.0, "nobody took the transferred call");
            let resumed = self.resumption.resume(plan, now).await?;
            return Ok(self.resumed(resumed, &call, gave, published));
        }
        Ok(no_agent::message_or_goodbye(&self.gate, call.refusal, published))
    }

    /// The call, and its business with the settings that it began with.
    async fn business_of<F>(
        &self,
        call: &str,
        webhook: &Verified<F>,
    ) -> Result<Option<(Call, Option<Arc<Published>>)>, AnswerError> {
        let sid = CallSid::parse(call)?;
        let Some(call) = self.calls.call(&sid).await? else { return Ok(None) };
        webhook.about(&call)?;
        let published = self.resumption.settings.of_call(&call).await?;
        Ok(Some((call, published)))
    }

    fn resumed(&self, resumed: Resumed, call: &Call, lost: Epoch, published: Option<&Published>) -> Twiml {
        match resumed {
            Resumed::Minted | Resumed::Already => self.connect(call, lost.next(), published),
            Resumed::NotLive => phrases::hang_up(),
        }
    }

    fn connect(&self, call: &Call, epoch: Epoch, published: Option<&Published>) -> Twiml {
        self.streams.later(&self.gate, call.into(), epoch, published)
    }
}

/// Whom the session handed the call to, as the settings that the call began with have them.
fn destination<'a>(
    published: Option<&'a Published>,
    report: Option<&SessionReport>,
) -> Option<&'a Destination> {
    published?.settings.tools.destination(report?.transfer_to.as_ref()?)
}

fn stream_lost(call: &CallSid, epoch: Epoch, end: Option<EndReason>, outcome: &'static str) {
    let reason = end.map_or("unknown", EndReason::as_str);
    tracing::error!(%call, epoch = epoch.0, reason, outcome, "the stream ended before the conversation did");
    telemetry::metric("StreamsLost", 1.0, Unit::Count, &[("Reason", reason)]);
}

#[derive(Debug, thiserror::Error)]
enum AnswerError {
    #[error(transparent)]
    Id(#[from] domain::ids::InvalidId),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("another account carries the call")]
    NotTheirs(Refused),
}

impl From<Refused> for AnswerError {
    fn from(refused: Refused) -> Self {
        Self::NotTheirs(refused)
    }
}
