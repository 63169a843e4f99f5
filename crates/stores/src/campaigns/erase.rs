//! Taking persons out of campaigns: an entry keeps its place and what it came to, and no longer says whom it was about.

use domain::campaign::CampaignId;
use domain::{BusinessId, PhoneNumber, Timestamp};
use platform::Aws;

use super::entries::number_key;
use super::{Moved, Writer};
use crate::StoreError;
use crate::table::Table;

/// How often an entry is tried that a worker moves meanwhile.
const TRIES: usize = 8;

/// Held by what erases persons.
#[derive(Debug, Clone)]
pub struct Eraser {
    table: Table,
    writer: Writer,
}

impl Eraser {
    /// `table` is the name of Campaigns.
    pub fn new(aws: &Aws, table: &str) -> Self {
        // It tells of nothing, so it needs no other table.
        Self { table: Table::new(aws, table), writer: Writer::new(aws, table, table) }
    }

    /// Forgets in all campaigns of a business who has this number, and says how many entries were about them. They are called for no
    /// more.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn forget(
        &self,
        business: &BusinessId,
        number: &PhoneNumber,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut count = 0;
        for (id, entry) in self.writer.reader.about(business, number).await? {
            count += u64::from(self.forget_entry(business, &id, entry, now).await?);
            // Last: what is cut off before is found again.
            self.table.delete(&number_key(business, number, &id, entry)).await?;
        }
        Ok(count)
    }

    async fn forget_entry(
        &self,
        business: &BusinessId,
        id: &CampaignId,
        entry: u32,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        for _ in 0..TRIES {
            let Some(seen) = self.writer.reader.entry(business, id, entry).await? else { return Ok(false) };
            if seen.entry.person.is_none() {
                return Ok(false);
            }
            let mut without = seen.entry.clone();
            without.forget(now);
            let moved = self.writer.move_entry(business, id, &seen, without, (None, None)).await?;
            if matches!(moved, Moved::Done(_)) {
                return Ok(true);
            }
        }
        Err(self.table.contended())
    }
}
