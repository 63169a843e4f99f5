//! Placing a call exactly once.
//!
//! Twilio's `POST /Calls` has no idempotency key: each one dials. Four layers stand before it:
//!
//! 1. the order is kept under an id made of business and idempotency key, and never replaced;
//! 2. a lease on that id lets one executor at a time go on, and keeps what came of it;
//! 3. an executor that comes after another one whose end is unknown looks for that one's call first: in the order,
//!    where webhooks link it, and in Twilio's list;
//! 4. the order has room for one call. A second one, whatever made it, is hung up when it is answered.

mod withdrawing;

use std::time::Duration;

use domain::business::VoicemailPolicy;
use domain::outbound::{NotPlaced, Portion, SlotCount};
use domain::prompt::Channel;
use domain::{BusinessId, CallPlan, CallSid, DialId, DialOrder, PhoneNumber, Timestamp};
use http::StatusCode;
use platform::telemetry::{self, Unit};
use platform::{Clock, clock};
use providers::twilio_rest::{PlaceError, TwilioAccounts, TwilioError};
use stores::StoreError;
use stores::businesses::Published;
use stores::calls;
use stores::capacity::{Limits, Pool, ReservedSlots};
use stores::dials::Dial;
use stores::leases::{Begun, COOLDOWN, Lease, LeaseError, Leases, WorkKind};
use tokio::time::Instant;
use twilio::rest::{MachineDetection, NewCall as Request};

use super::api::{NewCall, WantedCall, in_language, refused};
use super::order::order;
use super::policy::{Policy, PolicyError, not_placed};
use crate::edge::idempotency::{self, Replayed};
use crate::edge::parts::parts;
use crate::edge::problem::Problem;
use crate::edge::verified_form::Gate;
use crate::shared::callbacks;
use crate::shared::settings_cache::SettingsCache;
use crate::voice::count_refused;
use crate::voice::known_caller::KnownCaller;
use crate::voice::ordered_calls::{Opening, OrderedCalls};

/// Longer than a request to Twilio may take and its call may be missing in Twilio's list. Later than that an executor
/// may dial if there is no trace of the call.
const SETTLED_AFTER: Duration = Duration::from_secs(60);
/// An order that is kept has its result as long.
const KEPT: Duration = stores::dials::KEPT;
/// How long a lost answer waits for the first word from the call.
const PATIENCE: Duration = Duration::from_secs(4);
/// How long a copy waits for the one that is at it, which may itself wait for its account's turn.
const COPYS_PATIENCE: Duration = Duration::from_secs(8);
const POLL: Duration = Duration::from_millis(100);
/// A slot is kept for a call that has not begun for this long.
const RESERVED_FOR: Duration = Duration::from_secs(3 * 60);
/// How long a telephone may ring. Mailboxes take over earlier, people rarely pick up later.
const RING_TIMEOUT_S: u32 = 45;
/// Twilio ends the call by itself this long after the session should have.
const TIME_LIMIT_MARGIN: Duration = Duration::from_secs(60);
/// Twilio's time and ours may differ by this, and its dates are whole seconds.
const CLOCKS_DIFFER_MS: i64 = 5_000;

/// What the lease keeps of a call that Twilio refused.
const REFUSED: &str = "refused:";

parts! {
    /// What it takes to place a call.
    pub(in crate::voice) struct Placing {
        pub(super) clock: Clock,
        pub(super) settings: SettingsCache,
        pub(super) gate: Gate,
        pub(super) ordered: OrderedCalls,
        policy: Policy,
        known: KnownCaller,
        calls: calls::Reader,
        leases: Leases,
        twilio: TwilioAccounts,
        deployment_limit: u16 => |needs| needs.deployment_limit(),
    }
}

impl Placing {
    /// The call that a request asks for: dialled now, or before.
    pub(super) async fn place(
        &self,
        business: &BusinessId,
        key: &str,
        new: NewCall,
    ) -> Result<(CallSid, Replayed), Problem> {
        Box::pin(self.place_wanted(business, key, new.checked()?)).await
    }

    /// The call of this order: dialled now, or before. One key of a business is one call.
    pub(in crate::voice) async fn place_wanted(
        &self,
        business: &BusinessId,
        key: &str,
        wanted: WantedCall,
    ) -> Result<(CallSid, Replayed), Problem> {
        let now = self.clock.now();
        let id = DialId::of(business, key);
        let WantedCall { from, to, task, .. } = wanted.clone();
        let dial = match self.ordered.dials.get(&id).await? {
            Some(dial) => dial,
            None => {
                let (order, plan) = self.order(business, id.clone(), wanted, now).await?;
                self.ordered.dials.keep(&order, &plan, now).await?
            }
        };
        let order = &dial.order;
        if (&order.from, &order.to, &order.task) != (&from, &to, &task) {
            return Err(idempotency::reused());
        }
        if let Some(call) = dial.call {
            return Ok((call, Replayed(true)));
        }
        let deadline = Instant::now() + COPYS_PATIENCE;
        loop {
            match self.leases.begin(WorkKind::Dial, id.as_str(), SETTLED_AFTER, self.clock.now()).await? {
                Begun::Won(lease) => return Ok((self.dial(&lease, dial).await?, Replayed(false))),
                Begun::Done { result } => return Ok((outcome(&result)?, Replayed(true))),
                Begun::InProgress { until } if Instant::now() >= deadline => {
                    return Err(in_progress(until, self.clock.now()));
                }
                Begun::InProgress { .. } => tokio::time::sleep(POLL).await,
            }
            // The one who is at it may know the call before it is done with it.
            if let Some(call) = self.linked(&id).await? {
                return Ok((call, Replayed(true)));
            }
        }
    }

    /// Refused: a number of another business, or of none, and settings without a prompt for outbound calls; the one for
    /// inbound calls never stands in.
    async fn order(
        &self,
        business: &BusinessId,
        id: DialId,
        wanted: WantedCall,
        now: Timestamp,
    ) -> Result<(DialOrder, CallPlan), Problem> {
        let owner = self.settings.of_number(&wanted.from).await?;
        // Another business's number and a number of no business are answered alike.
        let published = owner.filter(|owner| owner.business.id == *business);
        let published =
            published.ok_or_else(|| refused("unknown_number", "`from` is not a number of this business"))?;
        if !published.business.standing.is_active() {
            return Err(refused("suspended", "the business is suspended: ask the operator"));
        }
        let published = in_language(published, wanted.task.language.as_deref())?;
        let language = wanted.task.language.as_ref().and_then(|_| published.settings.voice.languages.first());
        let language = language.map(String::as_str);
        let compiled = self.settings.prompt(&published, Channel::Outbound, language).await;
        let compiled = compiled.map_err(|no_prompt| refused("no_prompt", no_prompt.to_string()))?;
        let callee = Box::pin(self.known.meet(&published.business, Some(&wanted.to), now)).await;
        let (order, plan) = order(&self.twilio, &published, &compiled, id, wanted, &callee, now)?;
        let judged = Box::pin(self.policy.judge_order(&published, &order)).await;
        judged.map_err(|error| self.against(error, &published))?;
        Ok((order, plan))
    }

    async fn dial(&self, lease: &Lease, mut dial: Dial) -> Result<CallSid, Problem> {
        // An executor was at it before and did not come to an end.
        if lease.epoch > 1
            && let Some(call) = self.find(&dial).await?
        {
            return self.placed(lease, &dial, call).await;
        }
        let slots = match Box::pin(self.take(&mut dial)).await {
            Ok(slots) => slots,
            Err(problem) => {
                self.give_up(lease, &dial, None).await;
                return Err(problem);
            }
        };
        // The last thing before it cannot be taken back: an executor that was asleep is stopped here.
        self.leases.extend(lease, SETTLED_AFTER).await.map_err(|error| self.lost(error))?;
        let error = match self.request(&dial).await {
            Ok(call) => return self.placed(lease, &dial, call).await,
            Err(error) => error,
        };
        match error {
            PlaceError::Unknown => self.after_a_lost_answer(lease, &dial).await,
            PlaceError::NotPlaced(TwilioError::Permanent(code)) => {
                self.release(&dial, Some(&slots)).await;
                let result = format!("{REFUSED}{code}");
                self.leases.finish(lease, &result, KEPT).await.map_err(|error| self.lost(error))?;
                outcome(&result)
            }
            PlaceError::NotPlaced(error) => {
                tracing::error!(%error, business = %dial.order.business, "an outbound call was not placed");
                self.give_up(lease, &dial, Some(&slots)).await;
                let after = match error {
                    TwilioError::RateLimited { after } => after.map_or(5, |after| after.as_secs()),
                    _ => 5,
                };
                Err(Problem::unavailable().retry_after(after))
            }
        }
    }

    /// Twilio has the call.
    async fn placed(&self, lease: &Lease, dial: &Dial, call: CallSid) -> Result<CallSid, Problem> {
        match self.ordered.open(&dial.order.id, &call, self.clock.now()).await? {
            Opening::Open(_) => telemetry::metric("CallsDialled", 1.0, Unit::Count, &[]),
            Opening::Twin | Opening::Unknown => {
                // Another call of this order was there first, and is its call.
                if let Some(first) = self.linked(&dial.order.id).await? {
                    return Ok(first);
                }
            }
        }
        // The order knows its call by now, so a lease that was lost takes nothing away.
        if let Err(error) = self.leases.finish(lease, call.as_str(), KEPT).await {
            tracing::warn!(%error, %call, "the result of an order to call was not kept with its lease");
        }
        Ok(call)
    }

    /// Dialled or not? The call's own webhooks say so within moments, if a number was dialled. What is not known by
    /// then stays open: the lease is kept, so that no executor dials until it is certain.
    async fn after_a_lost_answer(&self, lease: &Lease, dial: &Dial) -> Result<CallSid, Problem> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            tokio::time::sleep(POLL).await;
            if let Some(call) = self.linked(&dial.order.id).await? {
                return self.placed(lease, dial, call).await;
            }
        }
        match self.find(dial).await {
            Ok(Some(call)) => self.placed(lease, dial, call).await,
            Ok(None) | Err(_) => {
                tracing::error!(business = %dial.order.business, "it is not known whether a call was placed");
                telemetry::metric("CallsUnconfirmed", 1.0, Unit::Count, &[]);
                Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not confirmed")
                    .detail("it is not known yet whether the call was placed: ask again with the same key, it is not dialled twice")
                    .retry_after(SETTLED_AFTER.as_secs()))
            }
        }
    }

    /// The call of an order whose dialling is unknown to have succeeded, if there is one.
    async fn find(&self, dial: &Dial) -> Result<Option<CallSid>, Problem> {
        if let Some(call) = self.linked(&dial.order.id).await? {
            return Ok(Some(call));
        }
        let order = &dial.order;
        let twilio = self.twilio.of_call(&order.account, &order.business);
        let listed = twilio.calls_between(&order.from, &order.to).await.map_err(|error| {
            tracing::error!(%error, "Twilio's calls cannot be listed");
            Problem::unavailable()
        })?;
        let since = Timestamp(order.requested_at.0 - CLOCKS_DIFFER_MS);
        // Newest first; the oldest that no other order has is this one's.
        for resource in listed.iter().rev() {
            let created = resource.date_created.as_deref().and_then(clock::from_rfc2822);
            let Ok(call) = CallSid::parse(resource.sid.as_str()) else { continue };
            let ours = resource.direction.as_deref() == Some("outbound-api")
                && created.is_some_and(|at| at >= since);
            if ours && self.calls.call(&call).await?.is_none() {
                return Ok(Some(call));
            }
        }
        // One that its webhooks have opened since then is this order's if they linked it.
        Ok(self.linked(&order.id).await?)
    }

    async fn linked(&self, id: &DialId) -> Result<Option<CallSid>, StoreError> {
        Ok(self.ordered.dials.get(id).await?.and_then(|dial| dial.call))
    }

    /// Everything that a call takes before it is dialled, once the policy of the settings that it was ordered with
    /// allows it at this moment: slots, the number, and its part of the day.
    async fn take(&self, dial: &mut Dial) -> Result<ReservedSlots, Problem> {
        let order = dial.order.clone();
        let published = self.settings.pinned(&order.business, order.revision).await?;
        let published = published.ok_or_else(Problem::unavailable)?;
        let against = |error| self.against(error, &published);
        let (calls, dials) = (&self.ordered.calls, &self.ordered.dials);
        let limits = Limits { business: order.max_concurrent_calls, deployment: self.deployment_limit };
        let pace = Box::pin(self.policy.begin(&published, dial)).await.map_err(against)?;
        let [own, shared] = self.policy.shares(&published);
        let counts = tokio::try_join!(
            self.count((Pool::Business, limits.business), own, &order),
            self.count((Pool::Deployment, limits.deployment), shared, &order),
        )?;
        let room = Box::pin(self.policy.judge_room(&published, dial, pace, counts.into())).await;
        room.map_err(against)?;
        let reserved =
            calls.reserve_slots(&order.business, limits, &order.id, RESERVED_FOR, self.clock.now());
        let slots = match reserved.await? {
            Ok(slots) => slots,
            // Other calls took the last ones since they were counted.
            Err(Pool::Business | Pool::Tests) => return Err(against(NotPlaced::BusinessSlots.into())),
            Err(Pool::Deployment) => return Err(against(NotPlaced::DeploymentSlots.into())),
        };
        let claimed = match dials.note_slots(&slots).await {
            Ok(()) => Box::pin(self.policy.claim(&published, dial)).await,
            Err(error) => Err(error.into()),
        };
        match claimed {
            Ok(reserved) => {
                dial.reserved = Some(reserved);
                Ok(slots)
            }
            Err(error) => {
                self.release_slots(dial, &slots).await;
                Err(against(error))
            }
        }
    }

    /// The slots of a pool. Of one that outbound calls may hold as a whole it is enough that there is a free one, which is
    /// known once it is taken.
    async fn count(
        &self,
        pool: (Pool, u16),
        share: Portion,
        order: &DialOrder,
    ) -> Result<SlotCount, StoreError> {
        if share == Portion::WHOLE {
            return Ok(SlotCount { total: u32::from(pool.1), in_use: 0, outbound: 0 });
        }
        self.ordered.calls.count_slots(pool, &order.business, &order.id, self.clock.now()).await
    }

    fn against(&self, error: PolicyError, published: &Published) -> Problem {
        match error {
            PolicyError::Store(error) => error.into(),
            PolicyError::NotPlaced(refusal) => {
                match refusal {
                    NotPlaced::BusinessSlots => count_refused(Pool::Business),
                    NotPlaced::DeploymentSlots => count_refused(Pool::Deployment),
                    _ => {}
                }
                not_placed(&refusal, &published.business, self.clock.now())
            }
        }
    }

    async fn request(&self, dial: &Dial) -> Result<CallSid, PlaceError> {
        let order = &dial.order;
        let address = |path| self.gate.url(&callbacks::of_order(path, &order.id));
        let (url, status_callback) = (address(callbacks::OUTBOUND), address(callbacks::CALL_STATUS));
        let amd_callback = self.gate.url(callbacks::MACHINE_DETECTION);
        let number = PhoneNumber::as_e164;
        let request = Request {
            to: number(&order.to),
            from: number(&order.from),
            url: &url,
            status_callback: &status_callback,
            timeout_s: RING_TIMEOUT_S,
            time_limit_s: time_limit_s(&dial.plan),
            machine_detection: Some(MachineDetection {
                until_message_end: dial.plan.conversation.voicemail != VoicemailPolicy::HangUp,
                status_callback: &amd_callback,
            }),
        };
        self.twilio.of_call(&order.account, &order.business).place_call(&request).await
    }

    /// No number was dialled: the next request may try again soon, however often that was so.
    async fn give_up(&self, lease: &Lease, dial: &Dial, slots: Option<&ReservedSlots>) {
        self.release(dial, slots).await;
        if let Err(error) = self.leases.hand_back(lease, COOLDOWN).await {
            tracing::warn!(%error, "an order to call is free again only when its lease lapses");
        }
    }

    fn lost(&self, error: LeaseError) -> Problem {
        match error {
            LeaseError::Fenced => {
                let now = self.clock.now();
                in_progress(now, now)
            }
            LeaseError::Store(error) => error.into(),
        }
    }

    async fn release(&self, dial: &Dial, slots: Option<&ReservedSlots>) {
        if let Some(slots) = slots {
            self.release_slots(dial, slots).await;
        }
        if let Some(reserved) = &dial.reserved {
            self.policy.release(dial, reserved).await;
        }
    }

    async fn release_slots(&self, dial: &Dial, slots: &ReservedSlots) {
        if let Err(error) = self.ordered.calls.release_reservation(&dial.order.business, slots).await {
            tracing::warn!(%error, "a slot is free again only when its reservation lapses");
        }
    }
}

fn time_limit_s(plan: &CallPlan) -> u32 {
    let limit = plan.conversation.max_call + TIME_LIMIT_MARGIN;
    u32::try_from(limit.as_secs()).unwrap_or(u32::MAX)
}

/// What the lease kept, as an answer.
fn outcome(result: &str) -> Result<CallSid, Problem> {
    match result.strip_prefix(REFUSED) {
        Some(code) => Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "this call cannot be placed")
            .detail(format!("Twilio refuses it with error {code}: see its error dictionary"))),
        None => CallSid::parse(result).map_err(|error| {
            tracing::error!(%error, "an order's result is not a call");
            Problem::unavailable()
        }),
    }
}

fn in_progress(until: Timestamp, now: Timestamp) -> Problem {
    let wait = until.0.saturating_sub(now.0) / 1_000;
    Problem::new(StatusCode::CONFLICT, "in progress")
        .detail("a request with this key is being worked on: ask again with the same key")
        .retry_after(u64::try_from(wait).unwrap_or_default().max(1))
}

#[cfg(test)]
mod tests;
