//! A phone rings: decide who answers, open the call, open a stream to the bridge.
//!
//! Everything that must exist before the stream opens is written in one transaction. What Twilio is told is a
//! function of the call alone, so every duplicate of the webhook gets the same answer, and copies that are here at the
//! same time share one. What a copy does that could not ask the store is `without_store`'s.

mod without_store;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use domain::call::Refusal;
use domain::ids::AccountSid;
use domain::prompt::{Channel, NoPrompt};
use domain::reception::{Reception, reception};
use domain::texts::Body;
use domain::texts::call_text::CallText;
use domain::{Call, CallPlan, CallSid, CallStatus, Direction, PhoneNumber, Timestamp};
use moka::future::Cache;
use platform::Clock;
use platform::telemetry::{self, Unit};
use serde::Deserialize;
use stores::StoreError;
use stores::businesses::Published;
use stores::calls::{self, OpenCall, Opened, UnknownCall, Writer};
use stores::capacity::{Limits, SlotRequest, WhichSlots};
use tokio::time::Instant;
use twilio::twiml::Response as Twiml;
use twilio::webhook::VoiceRequest;

use self::without_store::{Attempts, FallbackAnswer, Known};
use super::known_caller::KnownCaller;
use super::month_caps::MonthCaps;
use super::no_agent::{self, Why};
use super::stream_twiml::{Carried, StreamTwiml};
use super::twiml_answer::{in_time, xml};
use super::{ANSWER_WITHIN, caller, count_refused, phrases, plan, slot_ttl};
use crate::edge::HttpFunction;
use crate::edge::answer::try_again;
use crate::edge::inbox::Jobs;
use crate::edge::parts::parts;
use crate::edge::verified_form::{Gate, Refused, Verified};
use crate::jobs::{EndpointJob, TextJob};
use crate::shared::about_contact::Told;
use crate::shared::callbacks;
use crate::shared::settings_cache::SettingsCache;
use crate::shared::telling::while_telling;

/// Copies of webhooks that are waited for at one time.
const MAX_FLIGHTS: u64 = 10_000;

/// When a refused caller has heard the words and has hung up.
const TEXT_AFTER: Duration = Duration::from_secs(10);

/// Calls that are being answered: their copies wait for the same answer.
type Flights = Cache<(CallSid, AccountSid), Arc<Twiml>>;

parts! {
    pub struct Inbound {
        clock: Clock,
        settings: SettingsCache,
        caps: MonthCaps,
        callers: KnownCaller,
        gate: Gate,
        streams: StreamTwiml,
        calls: Writer,
        texts: Jobs<TextJob>,
        endpoints: Jobs<EndpointJob>,
        known: calls::Reader,
        deployment_limit: u16 => |needs| needs.deployment_limit(),
        flights: Flights = Cache::builder().max_capacity(MAX_FLIGHTS).time_to_live(ANSWER_WITHIN).build(),
        attempts: Attempts = Attempts::default(),
    }
}

impl HttpFunction for Inbound {
    const NAME: &'static str = "voice-inbound";

    fn router(self) -> Router {
        Router::new().route(callbacks::INBOUND, post(answer)).with_state(Arc::new(self))
    }
}

impl AsRef<Gate> for Inbound {
    fn as_ref(&self) -> &Gate {
        &self.gate
    }
}

#[derive(Deserialize)]
struct Asked {
    again: Option<String>,
}

async fn answer(
    State(app): State<Arc<Inbound>>,
    asked: Result<Query<Asked>, QueryRejection>,
    webhook: Verified<VoiceRequest>,
) -> Response {
    let call = webhook.form.call_sid.as_str();
    let begun = Instant::now();
    let answered = in_time(call, "opening the call", Box::pin(app.once(&webhook, app.clock.now()))).await;
    let may_be_open = match &answered {
        Ok(twiml) => return xml(twiml),
        Err(Some(error)) if let AnswerError::NotTheirs(refused) = **error => return refused.into_response(),
        Err(error) => error.as_ref().is_none_or(|error| error.may_have_been_written()),
    };
    // Twilio says at its fallback address why it asks there: it does not ask again.
    let is_last = webhook.raw.first("ErrorUrl").is_some();
    let known = Known {
        settings: app.remembered(&webhook).await,
        may_be_open,
        came_back: asked.is_ok_and(|Query(asked)| asked.again.is_some()),
        attempt: if is_last { Attempts::LAST } else { app.attempts.count(call).await },
    };
    match without_store::answer(known) {
        FallbackAnswer::AsOpened(published) => {
            let Ok(sid) = CallSid::parse(call) else { return xml(&phrases::apology()) };
            let now = app.clock.now();
            let account = &webhook.signer.account;
            let of = Carried { call: &sid, account, business: &published.business.id };
            xml(&match answered_by_agent(&published, now) {
                true => app.streams.first(&app.gate, of, &published),
                false => no_agent::closed(&app.gate, &published, now),
            })
        }
        FallbackAnswer::AskAgain => {
            tokio::time::sleep(without_store::PAUSE.saturating_sub(begun.elapsed())).await;
            try_again()
        }
        FallbackAnswer::WithoutAgent(published) => {
            xml(&no_agent::offer(&app.gate, Why::Lost, published.as_deref()))
        }
    }
}

impl Inbound {
    /// The answer to all copies of a webhook that are here at this time. Those that come later ask for themselves:
    /// the call goes on.
    async fn once(
        &self,
        webhook: &Verified<VoiceRequest>,
        now: Timestamp,
    ) -> Result<Arc<Twiml>, Arc<AnswerError>> {
        let call = CallSid::parse(webhook.form.call_sid.as_str()).map_err(|error| Arc::new(error.into()))?;
        // What another account says of the call is no copy.
        let flight = (call, webhook.signer.account.clone());
        let answer = Box::pin(self.answer(webhook, now));
        let answer = Box::pin(async { answer.await.map(Arc::new) });
        let answered = self.flights.try_get_with(flight.clone(), answer).await;
        self.flights.invalidate(&flight).await;
        answered
    }

    async fn remembered(&self, webhook: &Verified<VoiceRequest>) -> Option<Arc<Published>> {
        let published = self.settings.remembered(&called(&webhook.form)?).await?;
        webhook.signer.may_begin_calls_of(&published.business).then_some(published)
    }

    async fn answer(&self, webhook: &Verified<VoiceRequest>, now: Timestamp) -> Result<Twiml, AnswerError> {
        let request = &webhook.form;
        let owner = self.owner(request).await?;
        // A call that comes by another account than the business has now may have begun before that changed. Otherwise
        // the number is unknown in that account.
        let begins = |(_, published): &(PhoneNumber, Arc<Published>)| {
            webhook.signer.may_begin_calls_of(&published.business)
        };
        let Some((number, published)) = owner.filter(begins) else {
            let call = CallSid::parse(request.call_sid.as_str())?;
            if let Some(known) = self.known.call(&call).await? {
                return self.twiml(&known, webhook).await;
            }
            self.quarantine(webhook, now).await?;
            let account = request.account_sid.as_str();
            tracing::error!(call = %call, account, "a call to a number that no business has in this account");
            telemetry::metric("CallsQuarantined", 1.0, Unit::Count, &[]);
            return Ok(no_agent::offer(&self.gate, Why::Refused(Refusal::UnknownNumber), None));
        };
        let mut call = open_call(request, &published, number, now)?;
        if !published.business.standing.is_active() {
            tracing::info!(call = %call.sid, business = %call.business, "refused: the business is suspended");
            return self.refuse(webhook, call, Refusal::Suspended, now).await;
        }
        let business = &published.business;
        let (met, over_cap) = tokio::join!(
            Box::pin(self.callers.meet(business, call.from.number(), now)),
            Box::pin(self.caps.refuse_inbound(business, now)),
        );
        call.contact = met.id;
        if !answered_by_agent(&published, now) {
            tracing::info!(call = %call.sid, business = %call.business, "outside the opening hours");
            return self.refuse(webhook, call, Refusal::Closed, now).await;
        }
        let plan = match self.plan(&call, &published, &met, now).await {
            Ok(plan) => plan,
            Err(no_prompt) => {
                tracing::error!(call = %call.sid, business = %call.business, error = %no_prompt, "refused");
                return self.refuse(webhook, call, Refusal::NoPrompt, now).await;
            }
        };
        if over_cap {
            telemetry::metric("CallsOverCap", 1.0, Unit::Count, &[]);
            tracing::warn!(call = %call.sid, business = %call.business, "refused: a cap of the month is reached");
            return self.refuse(webhook, call, Refusal::CapReached, now).await;
        }
        let limits =
            Limits { business: published.business.max_concurrent_calls, deployment: self.deployment_limit };
        let slots = SlotRequest {
            business: call.business.clone(),
            which: WhichSlots::Free(limits),
            ttl: slot_ttl(&published),
        };
        let open = OpenCall {
            call: call.clone(),
            plan: Some(plan),
            token_ttl: plan::token_ttl(&published.settings.policies),
            slots: Some(slots),
            name: met.name().map(str::to_owned),
            reserved: None,
            now,
        };
        let opening = Box::pin(self.calls.open(&open));
        match while_telling(opening, &self.endpoints, &call.business).await? {
            Opened::New { .. } => {
                tracing::info!(call = %call.sid, business = %call.business, "call opened");
                self.twiml(&call, webhook).await
            }
            Opened::Existing(existing) => self.twiml(&existing, webhook).await,
            Opened::AtCapacity(pool) => {
                count_refused(pool);
                tracing::warn!(call = %call.sid, business = %call.business, pool = pool.as_str(), "refused: at capacity");
                self.refuse(webhook, call, Refusal::AtCapacity, now).await
            }
        }
    }

    /// The answer to a call as it was recorded, for every copy of the webhook: that of the first epoch, which lets
    /// no stream in once it is lost, or what is offered instead. Its words are those of the revision that the call
    /// began with. A call that is over is answered with its end.
    async fn twiml(&self, call: &Call, webhook: &Verified<VoiceRequest>) -> Result<Twiml, AnswerError> {
        webhook.about(call).map_err(AnswerError::NotTheirs)?;
        if call.status.is_terminal() {
            return Ok(phrases::hang_up());
        }
        let published = self.settings.of_call(call).await?;
        match (call.refusal, published) {
            (Some(reason), published) => {
                Ok(no_agent::refused(&self.gate, reason, call.opened_at, published.as_deref()))
            }
            (None, Some(published)) => Ok(self.streams.first(&self.gate, call.into(), &published)),
            // What the caller must hear first is not known.
            (None, None) => Err(AnswerError::NoSettings),
        }
    }

    async fn quarantine(&self, webhook: &Verified<VoiceRequest>, now: Timestamp) -> Result<(), AnswerError> {
        let request = &webhook.form;
        let word = |name| webhook.raw.first(name).unwrap_or_default().to_owned();
        let unknown = UnknownCall {
            call: CallSid::parse(request.call_sid.as_str())?,
            account: AccountSid::parse(request.account_sid.as_str())?,
            from: word("From"),
            to: word("To"),
            twilio_direction: request.direction.clone(),
        };
        // A duplicate finds its row there already, and that is fine.
        self.calls.quarantine(&unknown, now).await?;
        Ok(())
    }

    async fn owner(
        &self,
        request: &VoiceRequest,
    ) -> Result<Option<(PhoneNumber, Arc<Published>)>, StoreError> {
        let Some(number) = called(request) else { return Ok(None) };
        let published = self.settings.of_number(&number).await?;
        Ok(published.map(|published| (number, published)))
    }

    async fn plan(
        &self,
        call: &Call,
        published: &Published,
        met: &Told,
        now: Timestamp,
    ) -> Result<CallPlan, NoPrompt> {
        let compiled = self.settings.prompt(published, Channel::Inbound, None).await?;
        Ok(plan::first(call, published, &compiled, met, now))
    }

    async fn refuse(
        &self,
        webhook: &Verified<VoiceRequest>,
        mut call: Call,
        reason: Refusal,
        now: Timestamp,
    ) -> Result<Twiml, AnswerError> {
        call.refusal = Some(reason);
        let open = OpenCall {
            call,
            plan: None,
            token_ttl: plan::TOKEN_TTL,
            slots: None,
            name: None,
            reserved: None,
            now,
        };
        // A duplicate may have found a free slot meanwhile: the first answer recorded is everybody's answer.
        let recorded = match self.calls.open(&open).await? {
            Opened::Existing(recorded) => recorded,
            Opened::New { .. } | Opened::AtCapacity(_) => open.call,
        };
        self.follow_with_text(&recorded).await;
        self.twiml(&recorded, webhook).await
    }

    /// Has the caller of a refused call sent what the business wants to say then, after they have heard that they are
    /// refused. Copies of the webhook ask for the same text, which is sent once.
    async fn follow_with_text(&self, call: &Call) {
        let reason = call.refusal;
        if !matches!(
            reason,
            Some(Refusal::AtCapacity | Refusal::Closed | Refusal::CapReached | Refusal::NoPrompt)
        ) || call.other_party().is_none()
        {
            return;
        }
        let Ok(Some(published)) = self.settings.of_call(call).await else { return };
        let Some(text) = &published.settings.policies.when_no_agent.text else { return };
        let text = CallText {
            call: call.sid.clone(),
            business: call.business.clone(),
            name: "refused".to_owned(),
            text: Body(text.clone()),
        };
        if let Err(error) = self.texts.send(&TextJob::FromCall { text: Box::new(text) }, TEXT_AFTER).await {
            tracing::error!(call = %call.sid, %error, "a refused caller gets no text");
        }
    }
}

/// Whether the agent answers at this moment, or what the business has outside its opening hours does.
fn answered_by_agent(published: &Published, now: Timestamp) -> bool {
    matches!(reception(&published.business, &published.settings, now), Reception::Agent { .. })
}

/// The number that was called, if it is one.
fn called(request: &VoiceRequest) -> Option<PhoneNumber> {
    request.to.called_number().and_then(|text| PhoneNumber::parse(&text).ok())
}

fn open_call(
    request: &VoiceRequest,
    published: &Published,
    to: PhoneNumber,
    now: Timestamp,
) -> Result<Call, AnswerError> {
    Ok(Call {
        sid: CallSid::parse(request.call_sid.as_str())?,
        account: AccountSid::parse(request.account_sid.as_str())?,
        business: published.business.id.clone(),
        from: caller(&request.from),
        to: Some(to),
        status: CallStatus::Ringing,
        direction: Direction::from_twilio(&request.direction),
        twilio_direction: request.direction.clone(),
        revision: Some(published.settings.revision),
        opened_at: now,
        answered_at: None,
        ended_at: None,
        duration: None,
        refusal: None,
        draft: false,
        sip_response_code: None,
        error_code: None,
        task: None,
        contact: None,
    })
}

#[derive(Debug, thiserror::Error)]
enum AnswerError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Id(#[from] domain::ids::InvalidId),
    #[error("the settings that the call began with are gone")]
    NoSettings,
    #[error("another account carries the call")]
    NotTheirs(Refused),
}

impl AnswerError {
    /// Whether the call may stand all the same.
    const fn may_have_been_written(&self) -> bool {
        matches!(self, Self::Store(StoreError::Unavailable { .. } | StoreError::Contended { .. }))
    }
}
