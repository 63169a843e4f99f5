//! Taking the person out of calls. That there was a call stays: when it was, how long it lasted, what became of it.

use domain::{Call, CallSid, Caller, Direction};
use platform::Aws;

use super::row::{self, call_key};
use super::settle::UNSETTLED;
use crate::StoreError;
use crate::item::{number, text, to_json};
use crate::table::{Table, WriteOutcome};

/// The condition under which a row is a call.
const IS_CALL: &str = "attribute_exists(pk)";

/// A call, as far as its erasure asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallToErase {
    /// The call.
    pub call: Call,
    /// Whether it is over, and everything has been asked for that its end leads to.
    pub is_settled: bool,
}

/// Held by what erases persons.
#[derive(Debug, Clone)]
pub struct Eraser {
    calls: Table,
}

impl Eraser {
    /// `table` is the name of Calls.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { calls: Table::new(aws, table) }
    }

    /// One call. `None`: it is not known.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn call(&self, sid: &CallSid) -> Result<Option<CallToErase>, StoreError> {
        let Some(row) = self.calls.get(&call_key(sid)).await? else { return Ok(None) };
        let call = row::call(&row)?;
        let is_settled = call.status.is_terminal() && row.optional_text(UNSETTLED)?.is_none();
        Ok(Some(CallToErase { call, is_settled }))
    }

    /// Takes the other end, the contact and the task out of a call. `false`: there was nothing of the person in it.
    ///
    /// # Errors
    /// [`StoreError`]; doing it again is safe.
    pub async fn forget(&self, call: &Call) -> Result<bool, StoreError> {
        let table = &self.calls;
        let outbound = call.direction == Direction::Outbound;
        let is_gone = call.contact.is_none()
            && call.task.is_none()
            && if outbound { call.to.is_none() } else { call.from == Caller::Hidden };
        if is_gone {
            return Ok(false);
        }
        let request = table.client.update_item().table_name(&*table.name);
        let request = request
            .set_key(Some(call_key(&call.sid).attributes()))
            .condition_expression(IS_CALL)
            .expression_attribute_names("#contact", "contact")
            .expression_attribute_names("#task", "task")
            .expression_attribute_values(":one", number(1));
        let request = if outbound {
            request
                .update_expression("REMOVE #contact, #task, #to ADD version :one")
                .expression_attribute_names("#to", "to")
        } else {
            request
                .update_expression("SET #from = :hidden REMOVE #contact, #task ADD version :one")
                .expression_attribute_names("#from", "from")
                .expression_attribute_values(":hidden", text(to_json(&table.name, "from", &Caller::Hidden)?))
        };
        Ok(matches!(table.outcome(request.send().await)?, WriteOutcome::Done(_)))
    }
}
