//! A slot for a call that has no sid yet: taken before it is dialled, so that nobody is called for whom there is no line.

use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use domain::{DialId, Timestamp};

use crate::item::{number, text};
use crate::stores::StoreError;
use crate::stores::table::{Outcome, Table};

use super::open::{MAX_SLOT_TRIES, SLOT_IS_FREE, first_slot, free_slot, slot_draft};
use super::{ReservedSlot, SlotRequest, slot_key};

pub(super) async fn reserve(
    leases: &Table,
    wanted: &SlotRequest,
    holder: &DialId,
    now: Timestamp,
) -> Result<Option<ReservedSlot>, StoreError> {
    if wanted.limit == 0 {
        return Ok(None);
    }
    let first = first_slot(holder.as_str(), wanted.limit);
    let mut slot = first;
    for tried in 0..MAX_SLOT_TRIES {
        let put = leases
            .client
            .put_item()
            .table_name(&*leases.name)
            .set_item(Some(
                slot_key(&wanted.business, slot).item(slot_draft(holder.as_str(), now.plus(wanted.ttl))),
            ))
            .condition_expression(SLOT_IS_FREE)
            .expression_attribute_values(":now", number(now.0))
            .expression_attribute_values(":holder", text(holder.as_str()))
            .expression_attribute_values(":reserved", text(holder.as_str()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::None);
        if let Outcome::Done(_) = leases.settle(put.send().await)? {
            return Ok(Some(ReservedSlot { slot, holder: holder.clone() }));
        }
        match free_slot(leases, wanted, first, &format!("{holder}#{tried}"), now).await? {
            Some(free) => slot = free,
            None => return Ok(None),
        }
    }
    Ok(None)
}
