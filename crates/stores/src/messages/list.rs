//! The list: what was left, joined with the marks, page by page.

use std::collections::BTreeMap;

use domain::BusinessId;
use domain::messages::{Day, Left, Mark, MessageId, MessageState, Span, Tally, Walk, Wanted};
use platform::Aws;

use super::{ALL, DAY, DONE_KEYS, LEFT_KEYS, id_of, item_key, item_sk, left, marks, partition, tally};
use crate::StoreError;
use crate::item::Row;
use crate::table::{Key, SK, Table, next_key};

/// Rows of one read. A message has some kilobytes at most, so they are below the megabyte that DynamoDB reads at once.
const CHUNK: usize = 100;

/// One thing of the list. Without a mark it waits.
pub type Entry = (Left, Option<Mark>);

/// A page of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// What is wanted, the newest first.
    pub entries: Vec<Entry>,
    /// Where the next page begins; `None` at the end. A page of few entries, or none, with a `next` is not the last one.
    pub next: Option<MessageId>,
    /// How much waits in all, whatever is listed.
    pub waiting: Tally,
}

/// Held by the API that shows the list.
#[derive(Debug, Clone)]
pub struct Reader {
    pub(super) messages: Table,
}

impl Reader {
    /// `table` is the name of Messages.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { messages: Table::new(aws, table) }
    }

    /// One thing that was left for the business.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn one(&self, business: &BusinessId, id: MessageId) -> Result<Option<Left>, StoreError> {
        let row = self.messages.get(&item_key(LEFT_KEYS, business, id)).await?;
        row.as_ref().map(left).transpose()
    }

    /// How much waits.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn waiting(&self, business: &BusinessId) -> Result<Tally, StoreError> {
        // What is done is counted first: what is left and done in between then counts as waiting, and hides nothing.
        let done = self.count(DONE_KEYS, business).await?;
        Ok(self.count(LEFT_KEYS, business).await?.without(done))
    }

    /// At most `limit` (1 to 100) things of the business that are wanted, those that are older than `behind`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list(
        &self,
        business: &BusinessId,
        wanted: &Wanted,
        limit: u16,
        behind: Option<MessageId>,
    ) -> Result<Page, StoreError> {
        let waiting = self.waiting(business).await?;
        let spans = if wanted.is_everything() {
            vec![Span::ALL]
        } else if wanted.state == Some(MessageState::Waiting) && waiting.of(wanted.kind) == 0 {
            vec![]
        } else {
            // In this order, as above.
            let done = self.days(DONE_KEYS, business).await?;
            wanted.spans(&self.days(LEFT_KEYS, business).await?, &done)
        };
        let mut walk = Walk::new(spans, behind, usize::from(limit).clamp(1, CHUNK));
        while let Some(span) = walk.next_read() {
            // With everything wanted nothing is read that does not fit on the page.
            let rows = if wanted.is_everything() { usize::from(limit).clamp(1, CHUNK) } else { CHUNK };
            let (read, more) = self.read(business, span, rows).await?;
            let read = read.into_iter().map(|(left, mark)| {
                let (id, fits) = (left.id, wanted.fits(left.kind(), mark.as_ref()));
                (id, fits.then_some((left, mark)))
            });
            walk.take(read.collect(), more);
        }
        let page = walk.finish();
        Ok(Page { entries: page.found, next: page.next, waiting })
    }

    /// The newest of a span, at most this number, and whether there is more of it.
    async fn read(
        &self,
        business: &BusinessId,
        span: Span,
        rows: usize,
    ) -> Result<(Vec<Entry>, bool), StoreError> {
        let table = &self.messages;
        let page = table
            .spanning(&partition(LEFT_KEYS, business), &item_sk(span.from), &item_sk(span.to))
            .scan_index_forward(false)
            .limit(i32::try_from(rows).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| table.error(&error))?;
        let more = next_key(page.last_evaluated_key).is_some();
        let rows = page.items.unwrap_or_default().into_iter().map(|item| table.row(item));
        let read = rows.map(|row| left(&row)).collect::<Result<Vec<_>, _>>()?;
        let (Some(newest), Some(oldest)) = (read.first(), read.last()) else { return Ok((vec![], more)) };
        let marks =
            table.between(&partition(DONE_KEYS, business), &item_sk(oldest.id), &item_sk(newest.id)).await?;
        let mark = |row: &Row| Ok((id_of(row)?, marks::of(row)?));
        let mut marks = marks.iter().map(mark).collect::<Result<BTreeMap<_, _>, StoreError>>()?;
        let entries = read.into_iter().map(|left| {
            let mark = marks.remove(&left.id);
            (left, mark)
        });
        Ok((entries.collect(), more))
    }

    async fn count(&self, side: &str, business: &BusinessId) -> Result<Tally, StoreError> {
        let row = self.messages.get(&Key::new(partition(side, business), ALL)).await?;
        row.as_ref().map_or_else(|| Ok(Tally::default()), tally)
    }

    async fn days(&self, side: &str, business: &BusinessId) -> Result<BTreeMap<Day, Tally>, StoreError> {
        let rows = self.messages.query(&partition(side, business), DAY).await?;
        let day = |row: &Row| {
            let day = row.parsed(SK, |sk| sk.trim_start_matches(DAY).parse().map(Day))?;
            Ok((day, tally(row)?))
        };
        rows.iter().map(day).collect()
    }
}
