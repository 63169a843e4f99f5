//! What limits the calls that a business places, in the Leases table: when a number was last called, what a day's calls
//! came to, and how many calls an account began in a second.
//!
//! | pk | what |
//! |---|---|
//! | `cool-down#<keyed hash of business and number>` | the last order for the number, and when it was dialled |
//! | `outbound-day#<business>#<day>` | calls, minutes and money of the day; calls that run with the most that they may come to |
//! | `pace#<account>#<second>` | calls that the account began in this second |
//!
//! Each is taken by a conditional write, so that of two orders that see the same room one gets it.

use std::time::Duration;

use aws_sdk_dynamodb::types::{ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update};
use domain::dial::Series;
use domain::ids::AccountSid;
use domain::outbound::{Amounts, AtMost, DayCaps, MAX_COOL_DOWN};
use domain::{BusinessId, DialId, Timestamp};

use crate::StoreError;
use crate::dials;
use crate::item::{Draft, EXPIRES_AT, LEASE_UNTIL, Row, TTL_MARGIN, number, text};
use crate::random;
use crate::table::{Key, Table, WriteOutcome};
use crate::transaction::{Transacted, transact};
use platform::Aws;

/// What the keys of cool-down rows begin with.
pub const COOL_DOWN_KEYS: &str = "cool-down#";
/// What the keys of the sums of a day begin with.
pub const DAY_KEYS: &str = "outbound-day#";
/// What the keys of the calls of a second begin with.
pub const PACE_KEYS: &str = "pace#";

/// How long a day is kept after a call of it was placed: longer than Twilio queues a call and a call may last.
const DAY_KEPT: Duration = Duration::from_secs(4 * 86_400);
const SECOND_KEPT: Duration = Duration::from_secs(60);

/// On an order, and on the call that came of it.
const DAY: &str = "outbound_day";
const DAY_MINUTES: &str = "outbound_day_minutes";
const DAY_MICROS: &str = "outbound_day_micros";

/// A called number as its rows are named: no more can be learnt of it without the deployment's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberHash(String);

impl NumberHash {
    /// `mac` is a keyed hash of business and number.
    #[must_use]
    pub fn new(mac: [u8; 32]) -> Self {
        Self(hex::encode(mac))
    }
}

/// What of a day is kept for one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayReservation {
    /// The day, by the business's clocks.
    pub day: String,
    /// The most that the call may come to.
    pub most: AtMost,
}

impl DayReservation {
    /// As it is noted in a row.
    pub(crate) fn note(reservation: Option<&Self>, draft: Draft) -> Draft {
        draft
            .optional_text(DAY, reservation.map(|reserved| &reserved.day))
            .optional_number(DAY_MINUTES, reservation.map(|reserved| reserved.most.minutes))
            .optional_number(DAY_MICROS, reservation.and_then(|reserved| reserved.most.micros))
    }

    /// What [`note`](Self::note) left.
    pub(crate) fn noted(row: &Row) -> Result<Option<Self>, StoreError> {
        let Some(day) = row.optional_text(DAY)? else { return Ok(None) };
        let most = AtMost { minutes: row.number(DAY_MINUTES)?, micros: row.optional_number(DAY_MICROS)? };
        Ok(Some(Self { day: day.to_owned(), most }))
    }

    /// The part of an update's expression that takes the note away.
    pub(crate) fn forgotten() -> String {
        format!("REMOVE {DAY}, {DAY_MINUTES}, {DAY_MICROS}")
    }

    /// The name of the attribute that says that something is reserved.
    pub(crate) const fn mark() -> &'static str {
        DAY
    }
}

/// What is known of a number and a day before an order is judged. What the order itself holds is not in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DialFacts {
    /// When the number was last called.
    pub last_dialled: Option<Timestamp>,
    /// The series that this call was one of.
    pub last_series: Option<String>,
    /// What the day's calls came to.
    pub today: Amounts,
}

/// An order whose turn has come.
#[derive(Debug, Clone)]
pub struct DialClaim<'a> {
    /// Who places the call.
    pub business: &'a BusinessId,
    /// The order.
    pub order: &'a DialId,
    /// What the order holds of a day already.
    pub reserved: Option<&'a DayReservation>,
    /// The number that is called.
    pub number: &'a NumberHash,
    /// The pause after a call to a number.
    pub cool_down: Duration,
    /// The series that the call is one of: its pause is that after a call which was not.
    pub series: Option<&'a Series>,
    /// The caps on a day.
    pub caps: DayCaps,
    /// The day and what the call may come to.
    pub wanted: DayReservation,
    /// The time of the claim.
    pub now: Timestamp,
}

/// Held by the function that places calls.
#[derive(Debug, Clone)]
pub struct DialLimits {
    leases: Table,
}

impl DialLimits {
    /// `table` is the name of Leases.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { leases: Table::new(aws, table) }
    }

    /// What is known of the number and of the day, without what `order` holds, which is `reserved`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn facts(
        &self,
        business: &BusinessId,
        order: &DialId,
        reserved: Option<&DayReservation>,
        number: &NumberHash,
        day: &str,
    ) -> Result<DialFacts, StoreError> {
        let (cool_down, day_row) = (cool_down_key(number), day_key(business, day));
        let (last, sum) = tokio::try_join!(self.leases.get(&cool_down), self.leases.get(&day_row))?;
        let mut facts = DialFacts::default();
        if let Some(row) = last
            && row.text("holder")? != order.as_str()
        {
            facts.last_dialled = Some(row.time("dialled_at")?);
            facts.last_series = row.optional_text("series")?.map(str::to_owned);
        }
        if let Some(row) = sum {
            let figure = |name| Ok(row.optional_number::<i64>(name)?.unwrap_or(0));
            let own = reserved.filter(|reserved| reserved.day == day);
            let (calls, minutes, micros) = own
                .map_or((0, 0, 0), |own| (1, signed(own.most.minutes), signed(own.most.micros.unwrap_or(0))));
            facts.today = Amounts {
                calls: unsigned(figure("calls")? - calls),
                minutes: unsigned(figure("minutes")? - minutes),
                micros: unsigned(figure("micros")? - micros),
            };
        }
        Ok(facts)
    }

    /// Begins a call of this account in the second of `now`. `false`: the account begins no more in it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn begin(
        &self,
        account: &AccountSid,
        per_second: u32,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let until = now.plus(SECOND_KEPT);
        let request = self
            .leases
            .client
            .update_item()
            .table_name(&*self.leases.name)
            .set_key(Some(Key::single(format!("{PACE_KEYS}{account}#{}", now.secs())).attributes()))
            .update_expression(format!("ADD begun :one SET {LEASE_UNTIL} = :until, {EXPIRES_AT} = :expires"))
            .condition_expression("attribute_not_exists(begun) OR begun < :most")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":most", number(per_second))
            .expression_attribute_values(":until", number(until.0))
            .expression_attribute_values(":expires", number(until.plus(TTL_MARGIN).secs()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::None);
        Ok(matches!(self.leases.outcome(request.send().await)?, WriteOutcome::Done(_)))
    }

    /// Takes the number and the call's part of the day for an order, in one transaction, and notes it with the order.
    /// `None`: another order was faster; look at the facts again. What the order holds already it keeps.
    ///
    /// # Errors
    /// [`StoreError`]; claiming again is safe.
    pub async fn claim(&self, claim: &DialClaim<'_>) -> Result<Option<DayReservation>, StoreError> {
        let mut actions = vec![self.cool_down(claim)];
        if claim.reserved.is_none() {
            actions.push(self.take_of_day(claim));
            actions.push(self.note(claim.order, &claim.wanted));
        }
        match transact(&self.leases, &actions, &random::id(&self.leases.name)?).await? {
            Transacted::Done => Ok(Some(claim.reserved.unwrap_or(&claim.wanted).clone())),
            Transacted::Refused(_) => Ok(None),
        }
    }

    /// Gives back what an order holds of its day and the number. No call came of it.
    ///
    /// # Errors
    /// [`StoreError`]; giving it back again is safe.
    pub async fn release(
        &self,
        business: &BusinessId,
        order: &DialId,
        reserved: &DayReservation,
        number: &NumberHash,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let most = reserved.most;
        let back = [-1, -signed(most.minutes), -signed(most.micros.unwrap_or(0))];
        let forget = Update::builder()
            .table_name(&*self.leases.name)
            .set_key(Some(dials::key(order).attributes()))
            .update_expression(DayReservation::forgotten())
            .condition_expression("#day = :day AND attribute_not_exists(#call)")
            .expression_attribute_names("#day", DAY)
            .expression_attribute_names("#call", dials::CALL)
            .expression_attribute_values(":day", text(&reserved.day));
        let actions = [add_to_day(&self.leases, business, &reserved.day, back, now), update(forget)];
        // Refused: it was given back before, or a call came of the order after all.
        transact(&self.leases, &actions, &random::id(&self.leases.name)?).await?;
        let request = self
            .leases
            .client
            .delete_item()
            .table_name(&*self.leases.name)
            .set_key(Some(cool_down_key(number).attributes()))
            .condition_expression("holder = :holder")
            .expression_attribute_values(":holder", text(order.as_str()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::None);
        self.leases.outcome(request.send().await).map(drop)
    }

    fn cool_down(&self, claim: &DialClaim<'_>) -> TransactWriteItem {
        let draft = Draft::default()
            .text("holder", claim.order.as_str())
            .time("dialled_at", claim.now)
            .optional_text("series", claim.series.map(|series| &series.name))
            .until(claim.now.plus(MAX_COOL_DOWN));
        let since = |pause: Duration| number(claim.now.minus(pause).0);
        self.leases.put_action(cool_down_key(claim.number).item(draft), |put| {
            let put = put.expression_attribute_values(":holder", text(claim.order.as_str()));
            match claim.series {
                None => put
                    .condition_expression(
                        "attribute_not_exists(pk) OR dialled_at <= :since OR holder = :holder",
                    )
                    .expression_attribute_values(":since", since(claim.cool_down)),
                Some(series) => put
                    .condition_expression(
                        "attribute_not_exists(pk) OR dialled_at <= :since OR holder = :holder OR \
                         (series = :series AND dialled_at <= :own)",
                    )
                    .expression_attribute_values(":since", since(series.pause.max(claim.cool_down)))
                    .expression_attribute_values(":own", since(claim.cool_down))
                    .expression_attribute_values(":series", text(&series.name)),
            }
        })
    }

    /// Each cap that there is must have room for the call.
    fn take_of_day(&self, claim: &DialClaim<'_>) -> TransactWriteItem {
        let AtMost { minutes, micros } = claim.wanted.most;
        let added = [1, signed(minutes), signed(micros.unwrap_or(0))];
        let mut update = day_update(&self.leases, claim.business, &claim.wanted.day, added, claim.now);
        let caps =
            [("calls", claim.caps.calls), ("minutes", claim.caps.minutes), ("micros", claim.caps.micros)];
        let mut conditions = vec![];
        for ((name, cap), added) in caps.into_iter().zip(added) {
            let Some(cap) = cap else { continue };
            let room = signed(cap).saturating_sub(added);
            conditions.push(format!("(attribute_not_exists({name}) OR {name} <= :room_{name})"));
            update = update.expression_attribute_values(format!(":room_{name}"), number(room));
        }
        if !conditions.is_empty() {
            update = update.condition_expression(conditions.join(" AND "));
        }
        self::update(update)
    }

    fn note(&self, order: &DialId, reserved: &DayReservation) -> TransactWriteItem {
        let mut noted = Update::builder()
            .table_name(&*self.leases.name)
            .set_key(Some(dials::key(order).attributes()))
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(#day)")
            .expression_attribute_names("#day", DAY)
            .expression_attribute_values(":day", text(&reserved.day))
            .expression_attribute_values(":minutes", number(reserved.most.minutes));
        let mut set = format!("SET #day = :day, {DAY_MINUTES} = :minutes");
        if let Some(micros) = reserved.most.micros {
            set.push_str(&format!(", {DAY_MICROS} = :micros"));
            noted = noted.expression_attribute_values(":micros", number(micros));
        }
        update(noted.update_expression(set))
    }
}

/// What is left of a reservation when its call is over: `spent` in place of the most, as an action of a transaction.
pub(crate) fn settle_action(
    leases: &Table,
    business: &BusinessId,
    reserved: &DayReservation,
    spent: AtMost,
    now: Timestamp,
) -> TransactWriteItem {
    let more = |spent: u64, reserved: u64| signed(spent) - signed(reserved);
    let minutes = more(spent.minutes, reserved.most.minutes);
    let micros = more(spent.micros.unwrap_or(0), reserved.most.micros.unwrap_or(0));
    add_to_day(leases, business, &reserved.day, [0, minutes, micros], now)
}

fn add_to_day(
    leases: &Table,
    business: &BusinessId,
    day: &str,
    added: [i64; 3],
    now: Timestamp,
) -> TransactWriteItem {
    update(day_update(leases, business, day, added, now))
}

type UpdateBuilder = aws_sdk_dynamodb::types::builders::UpdateBuilder;

fn day_update(
    leases: &Table,
    business: &BusinessId,
    day: &str,
    [calls, minutes, micros]: [i64; 3],
    now: Timestamp,
) -> UpdateBuilder {
    let until = now.plus(DAY_KEPT);
    Update::builder()
        .table_name(&*leases.name)
        .set_key(Some(day_key(business, day).attributes()))
        .update_expression(format!(
            "ADD calls :calls, minutes :minutes, micros :micros SET {LEASE_UNTIL} = :until, {EXPIRES_AT} = :expires"
        ))
        .expression_attribute_values(":calls", number(calls))
        .expression_attribute_values(":minutes", number(minutes))
        .expression_attribute_values(":micros", number(micros))
        .expression_attribute_values(":until", number(until.0))
        .expression_attribute_values(":expires", number(until.plus(TTL_MARGIN).secs()))
}

/// Building fails only without table, key or expression; all are given.
fn update(update: UpdateBuilder) -> TransactWriteItem {
    TransactWriteItem::builder().set_update(update.build().ok()).build()
}

fn signed(figure: u64) -> i64 {
    i64::try_from(figure).unwrap_or(i64::MAX)
}

fn unsigned(figure: i64) -> u64 {
    u64::try_from(figure).unwrap_or(0)
}

fn cool_down_key(number: &NumberHash) -> Key {
    Key::single(format!("{COOL_DOWN_KEYS}{}", number.0))
}

fn day_key(business: &BusinessId, day: &str) -> Key {
    Key::single(format!("{DAY_KEYS}{business}#{day}"))
}
