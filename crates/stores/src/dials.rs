//! Orders to place a call, in the Leases table: kept before anything is dialled, and linked to the one call that
//! came of them.

use std::time::Duration;

use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use domain::{CallPlan, CallSid, DialId, DialOrder, Timestamp};

use crate::StoreError;
use crate::capacity::{ReservedSlots, Slots};
use crate::dial_limits::DayReservation;
use crate::item::{Draft, Row, number, text, to_json};
use crate::table::{Key, Table, WriteOutcome};
use platform::Aws;

/// What the keys of these rows begin with.
pub const KEYS: &str = "dial#";

/// How long an order is remembered: longer than Twilio queues a call, which is a day.
pub const KEPT: Duration = Duration::from_secs(48 * 60 * 60);

const BODY: &str = "body";
const PLAN: &str = "plan";
pub(crate) const CALL: &str = "call";

/// An order as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dial {
    /// What was ordered.
    pub order: DialOrder,
    /// What its call will be carried with, under the order's stand-in sid.
    pub plan: CallPlan,
    /// The line that is kept for it.
    pub slots: Option<ReservedSlots>,
    /// What of a day is kept for it.
    pub reserved: Option<DayReservation>,
    /// The call that came of it, once that is known.
    pub call: Option<CallSid>,
}

/// What became of linking a call to an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Linked {
    /// It is this order's call.
    This(Box<Dial>),
    /// The order has another call: this one is a mistake.
    Another,
    /// There is no such order, or no more.
    Unknown,
}

/// Held by the voice functions.
#[derive(Debug, Clone)]
pub struct Dials {
    leases: Table,
}

impl Dials {
    /// `table` is the name of Leases.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { leases: Table::new(aws, table) }
    }

    /// Keeps an order. An order of the same id that was there before stands, and is given back.
    ///
    /// # Errors
    /// [`StoreError`]; keeping it again is safe.
    pub async fn keep(&self, order: &DialOrder, plan: &CallPlan, now: Timestamp) -> Result<Dial, StoreError> {
        let until = now.plus(KEPT);
        let draft = Draft::default()
            .text(BODY, to_json(&self.leases.name, BODY, order)?)
            .text(PLAN, to_json(&self.leases.name, PLAN, plan)?)
            .until(until);
        match self.leases.put_new(&key(&order.id), draft).await? {
            WriteOutcome::Done(()) => {
                Ok(Dial { order: order.clone(), plan: plan.clone(), slots: None, reserved: None, call: None })
            }
            WriteOutcome::Refused(Some(standing)) => dial(&standing),
            // Gone between the refusal and its answer: housekeeping, of an order that was over.
            WriteOutcome::Refused(None) => Err(StoreError::Contended { table: self.leases.name.to_string() }),
        }
    }

    /// # Errors
    /// [`StoreError`].
    pub async fn get(&self, id: &DialId) -> Result<Option<Dial>, StoreError> {
        self.leases.get(&key(id)).await?.as_ref().map(dial).transpose()
    }

    /// Notes the line that is kept for an order.
    ///
    /// # Errors
    /// [`StoreError`]; noting it again is safe.
    pub async fn note_slots(&self, reserved: &ReservedSlots) -> Result<(), StoreError> {
        let request = self
            .leases
            .client
            .update_item()
            .table_name(&*self.leases.name)
            .set_key(Some(key(&reserved.holder).attributes()))
            .update_expression("SET slot = :business, deployment_slot = :deployment")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":business", number(reserved.slots.business))
            .expression_attribute_values(":deployment", number(reserved.slots.deployment))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::None);
        match self.leases.outcome(request.send().await)? {
            WriteOutcome::Done(_) => Ok(()),
            WriteOutcome::Refused(_) => Err(self.leases.forbidden("the order to call is not kept")),
        }
    }

    /// Makes `call` the order's one call, unless it has another.
    ///
    /// # Errors
    /// [`StoreError`]; linking it again is safe.
    pub async fn link(&self, id: &DialId, call: &CallSid) -> Result<Linked, StoreError> {
        let request = self
            .leases
            .client
            .update_item()
            .table_name(&*self.leases.name)
            .set_key(Some(key(id).attributes()))
            .update_expression("SET #call = :call")
            .condition_expression("attribute_exists(pk) AND (attribute_not_exists(#call) OR #call = :call)")
            .expression_attribute_names("#call", CALL)
            .expression_attribute_values(":call", text(call.as_str()))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        Ok(match self.leases.outcome(request.send().await)? {
            WriteOutcome::Done(output) => {
                Linked::This(Box::new(dial(&self.leases.row(output.attributes.unwrap_or_default()))?))
            }
            WriteOutcome::Refused(Some(_)) => Linked::Another,
            WriteOutcome::Refused(None) => Linked::Unknown,
        })
    }
}

pub(crate) fn key(id: &DialId) -> Key {
    Key::single(format!("{KEYS}{id}"))
}

fn dial(row: &Row) -> Result<Dial, StoreError> {
    let order: DialOrder = row.json(BODY)?;
    let slots = Slots::noted(row)?.map(|slots| ReservedSlots { slots, holder: order.id.clone() });
    Ok(Dial {
        slots,
        reserved: DayReservation::noted(row)?,
        plan: row.json(PLAN)?,
        call: row.optional_parsed(CALL, CallSid::parse)?,
        order,
    })
}
