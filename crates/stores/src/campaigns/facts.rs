//! Which entries wait for the facts of their calls.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::campaign::CampaignId;
use domain::campaign::entry::Entry;
use domain::{BusinessId, Timestamp};

use super::entries::entries_pk;
use super::{Reader, StoredEntry, Writer};
use crate::StoreError;
use crate::item::{Draft, time_sk};
use crate::table::{Key, SK};

const FACTS: &str = "facts#";

impl Reader {
    /// The entries whose facts are to be asked for by `by`, the longest due first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn facts_due(
        &self,
        business: &BusinessId,
        id: &CampaignId,
        by: Timestamp,
        limit: u16,
    ) -> Result<Vec<(Timestamp, u32)>, StoreError> {
        let page = self
            .table
            .spanning(&entries_pk(business, id), FACTS, &format!("{FACTS}{}#~", time_sk(by)))
            .limit(i32::from(limit.max(1)))
            .send()
            .await
            .map_err(|error| self.table.error(&error))?;
        let rows = page.items.unwrap_or_default().into_iter().map(|item| self.table.row(item));
        rows.map(|row| row.parsed(SK, |sk| due_of(sk).ok_or(()))).collect()
    }
}

impl Writer {
    /// The entry of a row of the list of facts that are awaited. `None`: the entry awaits them at another time or no more, and the row
    /// is taken off the list.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn entry_with_facts_due(
        &self,
        business: &BusinessId,
        id: &CampaignId,
        (due, number): (Timestamp, u32),
    ) -> Result<Option<StoredEntry>, StoreError> {
        let found = self.reader.entry(business, id, number).await?;
        let found = found.filter(|found| found.entry.facts_due() == Some(due));
        if found.is_none() {
            self.table.delete(&key(business, id, due, number)).await?;
        }
        Ok(found)
    }

    /// What a move of an entry changes of the list.
    pub(super) fn facts_moved(
        &self,
        business: &BusinessId,
        id: &CampaignId,
        before: &Entry,
        after: &Entry,
    ) -> Vec<TransactWriteItem> {
        let (old, new, number) = (before.facts_due(), after.facts_due(), after.number);
        if old == new {
            return vec![];
        }
        let key = |due| key(business, id, due, number);
        let old = old.map(|old| self.table.delete_action(&key(old), |delete| delete));
        let new = new.map(|new| self.table.put_action(key(new).item(Draft::default()), |put| put));
        old.into_iter().chain(new).collect()
    }
}

fn key(business: &BusinessId, id: &CampaignId, due: Timestamp, number: u32) -> Key {
    Key::new(entries_pk(business, id), format!("{FACTS}{}#{number:06}", time_sk(due)))
}

fn due_of(sk: &str) -> Option<(Timestamp, u32)> {
    let (due, number) = sk.strip_prefix(FACTS)?.split_once('#')?;
    Some((Timestamp(due.parse().ok()?), number.parse().ok()?))
}
