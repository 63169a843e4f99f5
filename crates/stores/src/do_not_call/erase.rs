//! A number stays on the list when its holder is erased: without it the person would be called again. Why it is there
//! goes, and in which call it was asked for: both speak of a person.

use domain::{BusinessId, PhoneNumber};
use platform::Aws;

use super::{CALL, REASON, key};
use crate::StoreError;
use crate::table::{Table, WriteOutcome};

/// Held by what erases persons.
#[derive(Debug, Clone)]
pub struct Eraser {
    numbers: Table,
}

impl Eraser {
    /// `table` is the name of DoNotCall.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { numbers: Table::new(aws, table) }
    }

    /// Takes away why a number is on the list, and the call in which that was asked for. `None`: it is not on it; otherwise whether
    /// there was either.
    ///
    /// # Errors
    /// [`StoreError`]; doing it again is safe.
    pub async fn forget_reason(
        &self,
        business: &BusinessId,
        number: &PhoneNumber,
    ) -> Result<Option<bool>, StoreError> {
        let table = &self.numbers;
        let Some(row) = table.get(&key(business, number)).await? else { return Ok(None) };
        if row.optional_text(REASON)?.is_none() && row.optional_text(CALL)?.is_none() {
            return Ok(Some(false));
        }
        let request = table.client.update_item().table_name(&*table.name);
        let request = request
            .set_key(Some(key(business, number).attributes()))
            .update_expression("REMOVE #reason, #call")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#reason", REASON)
            .expression_attribute_names("#call", CALL);
        Ok(matches!(table.outcome(request.send().await)?, WriteOutcome::Done(_)).then_some(true))
    }
}
