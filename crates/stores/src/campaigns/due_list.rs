//! Lists of entries by when they are to be looked at. A move of an entry moves its row of each list in the same transaction.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::campaign::CampaignId;
use domain::campaign::entry::Entry;
use domain::{BusinessId, Timestamp};

use super::entries::entries_pk;
use super::{Reader, StoredEntry, Writer};
use crate::StoreError;
use crate::item::{Draft, Row, time_sk};
use crate::table::{Key, SK, Table, next_key};

/// One of the lists.
#[derive(Debug, Clone, Copy)]
pub struct DueList {
    /// What its sort keys begin with.
    prefix: &'static str,
    /// When an entry is due in it; `None`: it is not in it.
    due: fn(&Entry) -> Option<Timestamp>,
}

impl DueList {
    /// Entries that wait for their next call.
    pub const CALL: Self = Self { prefix: "due#", due: |entry| entry.state.due() };
    /// Those among them whose person was promised the call.
    pub const PROMISED: Self =
        Self { prefix: "promised#", due: |entry| entry.state.due().filter(|_| entry.is_promised()) };
    /// Entries that wait for the facts of their calls.
    pub const FACTS: Self = Self { prefix: "facts#", due: Entry::facts_due };

    const ALL: [Self; 3] = [Self::CALL, Self::PROMISED, Self::FACTS];

    pub(super) fn key(self, pk: &str, due: Timestamp, number: u32) -> Key {
        Key::new(pk.to_owned(), self.sk(due, number))
    }

    fn sk(self, due: Timestamp, number: u32) -> String {
        format!("{}{}#{number:06}", self.prefix, time_sk(due))
    }

    fn read(self, row: &Row) -> Result<(Timestamp, u32), StoreError> {
        let parse = |sk: &str| {
            let (due, number) = sk.strip_prefix(self.prefix)?.split_once('#')?;
            Some((Timestamp(due.parse().ok()?), number.parse().ok()?))
        };
        row.parsed(SK, |sk| parse(sk).ok_or(()))
    }

    fn moved(self, table: &Table, pk: &str, before: &Entry, after: &Entry) -> Vec<TransactWriteItem> {
        let (old, new) = ((self.due)(before), (self.due)(after));
        if old == new {
            return vec![];
        }
        let key = |due| self.key(pk, due, after.number);
        let old = old.map(|old| table.delete_action(&key(old), |delete| delete));
        let new = new.map(|new| table.put_action(key(new).item(Draft::default()), |put| put));
        old.into_iter().chain(new).collect()
    }
}

/// What a move of an entry changes of the lists.
pub(super) fn moved(table: &Table, pk: &str, before: &Entry, after: &Entry) -> Vec<TransactWriteItem> {
    DueList::ALL.into_iter().flat_map(|list| list.moved(table, pk, before, after)).collect()
}

impl Reader {
    /// The entries of a list that are due by `by`, the longest due first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due(
        &self,
        business: &BusinessId,
        id: &CampaignId,
        list: DueList,
        by: Timestamp,
        limit: u16,
    ) -> Result<Vec<(Timestamp, u32)>, StoreError> {
        Ok(self.due_between(business, id, list, (None, by), limit).await?.0)
    }

    /// The entries that wait for their next call, whenever that is due, behind one of them, and whether there are more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due_behind(
        &self,
        business: &BusinessId,
        id: &CampaignId,
        behind: Option<(Timestamp, u32)>,
        limit: u16,
    ) -> Result<(Vec<(Timestamp, u32)>, bool), StoreError> {
        self.due_between(business, id, DueList::CALL, (behind, Timestamp(i64::MAX)), limit).await
    }

    async fn due_between(
        &self,
        business: &BusinessId,
        id: &CampaignId,
        list: DueList,
        (behind, by): (Option<(Timestamp, u32)>, Timestamp),
        limit: u16,
    ) -> Result<(Vec<(Timestamp, u32)>, bool), StoreError> {
        let from = behind
            .map_or_else(|| list.prefix.to_owned(), |(due, number)| format!("{}~", list.sk(due, number)));
        let page = self
            .table
            .spanning(&entries_pk(business, id), &from, &format!("{}{}#~", list.prefix, time_sk(by)))
            .limit(i32::from(limit.max(1)))
            .send()
            .await
            .map_err(|error| self.table.error(&error))?;
        let more = next_key(page.last_evaluated_key).is_some();
        let rows = page.items.unwrap_or_default().into_iter().map(|item| self.table.row(item));
        Ok((rows.map(|row| list.read(&row)).collect::<Result<_, _>>()?, more))
    }
}

impl Writer {
    /// The entry of a row of a list. `None`: the entry is due at another time or no more, and the row is taken off the list.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn due_entry(
        &self,
        business: &BusinessId,
        id: &CampaignId,
        list: DueList,
        (due, number): (Timestamp, u32),
    ) -> Result<Option<StoredEntry>, StoreError> {
        let found = self.reader.entry(business, id, number).await?;
        let found = found.filter(|found| (list.due)(&found.entry) == Some(due));
        if found.is_none() {
            self.table.delete(&list.key(&entries_pk(business, id), due, number)).await?;
        }
        Ok(found)
    }
}
