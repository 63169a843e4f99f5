//! Whether an order may be dialled: the facts that `domain::outbound` decides by, read when the call is ordered and again
//! when its turn comes, and what an order takes before it is dialled.

use std::time::Duration;

use domain::cost::PriceList;
use domain::outbound::{AtMost, Capacity, Facts, NotPlaced, Pace, Portion, Retry, SlotCount, decide};
use domain::token::TokenKey;
use domain::usage::Month;
use domain::{Business, DialOrder, Timestamp};
use http::StatusCode;
use platform::Clock;
use platform::telemetry::{Unit, metric};
use stores::businesses::Published;
use stores::dial_limits::{DayReservation, DialClaim, DialFacts, DialLimits, NumberHash};
use stores::dials::Dial;
use stores::{StoreError, do_not_call};
use tokio::time::Instant;

use crate::edge::parts::{Needs, parts};
use crate::edge::problem::Problem;
use crate::voice::month_caps::MonthCaps;

/// How often it is looked anew at what another order changed meanwhile.
const MAX_LOOKS: u32 = 5;
/// How long an order waits for a second in which its account begins fewer calls than it may.
const PATIENCE: Duration = Duration::from_secs(4);

parts! {
    /// What the outbound policy goes by.
    pub(super) struct Policy {
        clock: Clock,
        limits: DialLimits,
        caps: MonthCaps,
        list: do_not_call::Reader,
        key: TokenKey,
        prices: PriceList => |needs| needs.prices(),
        per_second: u32 => calls_per_second,
        deployment_share: Portion => outbound_share,
    }
}

fn calls_per_second(needs: &mut Needs<'_>) -> u32 {
    let parse = |text: &str| text.parse().ok().filter(|rate| *rate > 0);
    needs.vars.parsed("CALLS_PER_SECOND", "a number from 1 on", parse).unwrap_or(1)
}

fn outbound_share(needs: &mut Needs<'_>) -> Portion {
    let parse = |text: &str| Portion::percent(text.parse().ok()?).ok();
    needs.vars.parsed("OUTBOUND_SHARE", "a share, 0 to 100 per cent", parse).unwrap_or(Portion::HALF)
}

/// Why an order is not dialled.
#[derive(Debug, thiserror::Error)]
pub(super) enum PolicyError {
    /// The policy is against it, at this moment.
    #[error(transparent)]
    NotPlaced(#[from] NotPlaced),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Policy {
    /// Whether the call may be ordered.
    pub(super) async fn judge_order(
        &self,
        published: &Published,
        order: &DialOrder,
    ) -> Result<(), PolicyError> {
        self.judge(&Case { published, order, reserved: None }, None).await
    }

    /// Judges an order whose turn has come and waits for a second in which its account may begin it. The calls of a
    /// second are taken before slots are counted, so that few orders at a time count the same ones.
    pub(super) async fn begin(&self, published: &Published, dial: &Dial) -> Result<Pace, PolicyError> {
        self.judge(&Case::of(published, dial), None).await?;
        let order = &dial.order;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let now = self.clock.now();
            let second_ends = Timestamp::from_secs(now.secs() + 1);
            if self.limits.begin(&order.account, self.per_second, now).await? {
                // Of calls beside its own there are fewer than the account may begin.
                return Ok(Pace { per_second: self.per_second, started: 0, second_ends });
            }
            if Instant::now() >= deadline {
                return Err(NotPlaced::Pace { until: second_ends }.into());
            }
            tokio::time::sleep(second_ends.since(now)).await;
        }
    }

    /// The parts of the business's and of the deployment's slots that outbound calls may hold.
    pub(super) fn shares(&self, published: &Published) -> [Portion; 2] {
        [published.settings.outbound.share, self.deployment_share]
    }

    /// Judges the order again, with the slots as they were counted.
    pub(super) async fn judge_room(
        &self,
        published: &Published,
        dial: &Dial,
        pace: Pace,
        [business, deployment]: [SlotCount; 2],
    ) -> Result<(), PolicyError> {
        let capacity = Capacity { business, deployment, deployment_share: self.deployment_share, pace };
        self.judge(&Case::of(published, dial), Some(capacity)).await
    }

    /// Takes the number and the call's part of the day for the order.
    pub(super) async fn claim(
        &self,
        published: &Published,
        dial: &Dial,
    ) -> Result<DayReservation, PolicyError> {
        let case = Case::of(published, dial);
        let number = self.number(&dial.order);
        for _ in 0..MAX_LOOKS {
            let now = self.clock.now();
            let policy = &published.settings.outbound;
            let claim = DialClaim {
                business: &dial.order.business,
                order: &dial.order.id,
                reserved: case.reserved,
                number: &number,
                cool_down: policy.cool_down,
                series: dial.order.series.as_ref(),
                caps: policy.per_day,
                wanted: DayReservation { day: case.day(now), most: self.most(published) },
                now,
            };
            if let Some(reserved) = self.limits.claim(&claim).await? {
                return Ok(reserved);
            }
            self.judge(&case, None).await?;
        }
        let table = "Leases".to_owned();
        Err(StoreError::Contended { table }.into())
    }

    /// No call came of the order.
    pub(super) async fn release(&self, dial: &Dial, reserved: &DayReservation) {
        let (order, number) = (&dial.order, self.number(&dial.order));
        let released = self.limits.release(&order.business, &order.id, reserved, &number, self.clock.now());
        if let Err(error) = released.await {
            tracing::warn!(%error, business = %order.business, "a call that was not placed counts on its day");
        }
    }

    async fn judge(&self, case: &Case<'_>, capacity: Option<Capacity>) -> Result<(), PolicyError> {
        let Case { published, order, reserved } = *case;
        let now = self.clock.now();
        let (day, number) = (case.day(now), self.number(order));
        let known = Box::pin(self.limits.facts(&order.business, &order.id, reserved, &number, &day));
        let month = Box::pin(self.caps.standing(&published.business, now));
        let listed = Box::pin(self.list.entry(&order.business, &order.to));
        let (known, month, listed) = tokio::try_join!(known, month, listed)?;
        let DialFacts { last_dialled, last_series, today } = known;
        let facts = Facts {
            now,
            from: &order.from,
            to: &order.to,
            zone: order.zone.as_ref(),
            do_not_call: listed.is_some(),
            last_dialled,
            pause: order.pause_after(last_series.as_deref()),
            not_after: order.series.as_ref().map(|series| series.until),
            today,
            day_ends: published.business.zone().day_ends(now),
            this_call: self.most(published),
            month,
            capacity,
        };
        Ok(decide(&published.settings.outbound, &facts)?)
    }

    /// The most that a call may come to.
    pub(super) fn most(&self, published: &Published) -> AtMost {
        self.prices.most_of_a_call(&published.settings)
    }

    fn number(&self, order: &DialOrder) -> NumberHash {
        let message = format!("{}\0{}", order.business, order.to.as_e164());
        NumberHash::new(self.key.derived_mac("cool-down", message.as_bytes()))
    }
}

/// One order, with what it is judged by.
struct Case<'a> {
    published: &'a Published,
    order: &'a DialOrder,
    /// What it holds of a day already.
    reserved: Option<&'a DayReservation>,
}

impl<'a> Case<'a> {
    fn of(published: &'a Published, dial: &'a Dial) -> Self {
        Self { published, order: &dial.order, reserved: dial.reserved.as_ref() }
    }

    /// The business's day.
    fn day(&self, now: Timestamp) -> String {
        self.published.business.zone().day(now).to_string()
    }
}

/// The answer to an order that the policy is against: 422 if waiting changes nothing, else 429 with the time to wait.
pub(super) fn not_placed(refusal: &NotPlaced, business: &Business, now: Timestamp) -> Problem {
    /// Until then another call may have ended.
    const A_CALL_ENDS: u64 = 5;
    let code = refusal.code();
    metric("OutboundRefused", 1.0, Unit::Count, &[("Code", code)]);
    tracing::info!(business = %business.id, code, "an outbound call is refused");
    let until = |at: Timestamp| {
        let wait = at.0.saturating_sub(now.0).max(1);
        u64::try_from(wait).unwrap_or(1).div_ceil(1_000)
    };
    let wait = match refusal.retry() {
        Retry::Never => None,
        Retry::At(at) => Some(until(at)),
        Retry::WhenRoom => Some(A_CALL_ENDS),
        Retry::NextMonth => {
            let zone = business.zone();
            Month::of(now, &zone).end(&zone).map(until)
        }
    };
    let status =
        if wait.is_some() { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::UNPROCESSABLE_ENTITY };
    let problem = Problem::new(status, "call not placed").code(code).detail(refusal.to_string());
    match wait {
        Some(seconds) => problem.retry_after(seconds),
        None => problem,
    }
}

#[cfg(test)]
mod tests {
    use domain::numbering::Country;
    use domain::testing;
    use domain::usage::Meter;

    use super::*;

    /// 30 November 2026, 12:00 in Vienna.
    const NOW: Timestamp = Timestamp::from_secs(1_796_036_400);

    #[test]
    fn a_refusal_says_by_its_status_whether_waiting_helps_and_how_long() {
        let until = Timestamp(NOW.0 + 1_500);
        let refusals = [
            (NotPlaced::DoNotCall, 422, None),
            (NotPlaced::Country(Country::parse("AT").unwrap()), 422, None),
            (NotPlaced::Hours { until: None }, 422, None),
            (NotPlaced::Hours { until: Some(until) }, 429, Some(2)),
            (NotPlaced::Pace { until: NOW }, 429, Some(1)),
            (NotPlaced::BusinessSlots, 429, Some(5)),
            (NotPlaced::DeploymentSlots, 429, Some(5)),
            (NotPlaced::MonthCap(Meter::Money), 429, Some(12 * 3_600)),
        ];
        for (refusal, status, wait) in refusals {
            let problem = not_placed(&refusal, &testing::business(), NOW);
            assert_eq!((problem.status(), problem.seconds_to_wait()), (status, wait), "{}", refusal.code());
        }
    }
}
