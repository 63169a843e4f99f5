//! Taking persons out of events. An event keeps its place: a reader who has seen it sees no other one there.

use domain::BusinessId;
use platform::Aws;

use super::{BODY, Event, MAX_PAGE, Reader, Sequencer, key};
use crate::StoreError;
use crate::item::text;
use crate::table::{Table, WriteOutcome};

/// Held by what erases persons.
#[derive(Debug, Clone)]
pub struct Eraser {
    events: Table,
    sequencer: Sequencer,
}

impl Eraser {
    /// `table` is the name of Events.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { events: Table::new(aws, table), sequencer: Sequencer::new(aws, table) }
    }

    /// Gives the business's events behind a sequence number the body that `without` makes of theirs, and says how many were changed
    /// and which was the last one. `None` of `without` leaves one as it is.
    ///
    /// # Errors
    /// [`StoreError`]; doing it again is safe.
    pub async fn forget(
        &self,
        business: &BusinessId,
        mut behind: u64,
        without: impl Fn(&Event) -> Option<String>,
    ) -> Result<(u64, u64), StoreError> {
        let reader = Reader { events: self.events.clone() };
        // What waits for its number would be missed.
        while self.sequencer.number(business).await? {}
        let mut count = 0;
        loop {
            let page = reader.after(business, behind, MAX_PAGE).await?;
            for event in &page.events {
                let Some(body) = without(event) else { continue };
                if self.replace(business, event.sequence, &body).await? {
                    count += 1;
                }
            }
            behind = page.events.last().map_or(behind, |last| last.sequence);
            if page.next.is_none() {
                return Ok((count, behind));
            }
        }
    }

    async fn replace(&self, business: &BusinessId, sequence: u64, body: &str) -> Result<bool, StoreError> {
        let request = self.events.client.update_item().table_name(&*self.events.name);
        let request = request
            .set_key(Some(key(business, sequence).attributes()))
            .update_expression("SET #body = :body")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#body", BODY)
            .expression_attribute_values(":body", text(body));
        Ok(matches!(self.events.outcome(request.send().await)?, WriteOutcome::Done(_)))
    }
}
