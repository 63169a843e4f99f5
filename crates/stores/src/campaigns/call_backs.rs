//! Which entries wait for a call that their person was promised: they go before others that are due.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::campaign::CampaignId;
use domain::campaign::entry::Entry;
use domain::{BusinessId, Timestamp};

use super::entries::entries_pk;
use super::{Reader, Writer};
use crate::StoreError;
use crate::item::{Draft, time_sk};
use crate::table::{Key, SK};

const PROMISED: &str = "promised#";

impl Reader {
    /// Those that are due by `by`, the longest due first, at most `limit`. They are among those that [`Reader::due`] gives, too.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn promised(
        &self,
        business: &BusinessId,
        id: &CampaignId,
        by: Timestamp,
        limit: u16,
    ) -> Result<Vec<(Timestamp, u32)>, StoreError> {
        let page = self
            .table
            .spanning(&entries_pk(business, id), PROMISED, &format!("{PROMISED}{}#~", time_sk(by)))
            .limit(i32::from(limit.max(1)))
            .send()
            .await
            .map_err(|error| self.table.error(&error))?;
        let rows = page.items.unwrap_or_default().into_iter().map(|item| self.table.row(item));
        rows.map(|row| row.parsed(SK, |sk| due_of(sk).ok_or(()))).collect()
    }
}

impl Writer {
    /// What a move of an entry changes of the list.
    pub(super) fn promise_moved(
        &self,
        business: &BusinessId,
        id: &CampaignId,
        before: &Entry,
        after: &Entry,
    ) -> Vec<TransactWriteItem> {
        let due = |entry: &Entry| entry.state.due().filter(|_| entry.is_promised());
        let (old, new, number) = (due(before), due(after), after.number);
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
    Key::new(entries_pk(business, id), format!("{PROMISED}{}#{number:06}", time_sk(due)))
}

fn due_of(sk: &str) -> Option<(Timestamp, u32)> {
    let (due, number) = sk.strip_prefix(PROMISED)?.split_once('#')?;
    Some((Timestamp(due.parse().ok()?), number.parse().ok()?))
}
