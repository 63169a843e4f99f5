//! Deleting transcripts and what calls came to. What a call cost stays.

use domain::transcript::Source;
use domain::{CallSid, Timestamp};
use platform::Aws;

use super::insights::INSIGHTS;
use super::{MOVES, NUMBER, SOURCE, final_key, partition, pointer};
use crate::StoreError;
use crate::item::{number, text};
use crate::table::{Table, WriteOutcome};

/// Held by what erases persons.
#[derive(Debug, Clone)]
pub struct Eraser {
    transcripts: Table,
}

impl Eraser {
    /// `table` is the name of Transcripts.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { transcripts: Table::new(aws, table) }
    }

    /// Deletes every version of a call's transcript and everything that was taken out of them, and says how many rows that
    /// were. The pointer says from then on that there is no transcript, so that nothing makes or asks for one.
    ///
    /// # Errors
    /// [`StoreError`]; deleting again deletes what is left.
    pub async fn forget(&self, call: &CallSid, now: Timestamp) -> Result<u64, StoreError> {
        let table = &self.transcripts;
        if let Some(seen) = pointer(table, call).await?.filter(|pointer| pointer.number.is_some()) {
            let request = table.client.update_item().table_name(&*table.name);
            let request = request
                .set_key(Some(final_key(call).attributes()))
                .update_expression("SET #source = :failed, #moves = #moves + :one, #at = :now REMOVE #number")
                .condition_expression("#moves = :seen")
                .expression_attribute_names("#source", SOURCE)
                .expression_attribute_names("#moves", MOVES)
                .expression_attribute_names("#number", NUMBER)
                .expression_attribute_names("#at", "at")
                .expression_attribute_values(":failed", text(Source::Failed.as_str()))
                .expression_attribute_values(":one", number(1))
                .expression_attribute_values(":seen", number(seen.moves))
                .expression_attribute_values(":now", number(now.0));
            if matches!(table.outcome(request.send().await)?, WriteOutcome::Refused(_)) {
                // It moved in this moment: another attempt sees where to.
                return Err(table.contended());
            }
        }
        let pk = partition(call);
        let mut count = 0;
        for prefix in ["version#", INSIGHTS, "input#", "refused#"] {
            count += table.delete_all(&pk, prefix).await?;
        }
        Ok(count)
    }
}
