//! Texts of which carriers say nothing: when they are to be asked. A text has at most one such row, which is written with it.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::texts::{Text, ThreadId};
use domain::{BusinessId, Timestamp};

use super::{BUSINESS, KEPT_FOR, NUMBER, Place, Reader, THREAD, Writer};
use crate::StoreError;
use crate::digest::spread;
use crate::item::{Draft, Row, text};
use crate::table::{Key, SK, Table};

/// Partitions over which they are spread.
const SHARES: u64 = 8;

/// That a carrier is to be asked what became of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// From when on.
    pub due: Timestamp,
    /// Which text.
    pub of: Place,
}

impl Look {
    fn key(&self) -> Key {
        let Place { business, thread, number } = &self.of;
        let share = spread(thread.as_str().as_bytes()) % SHARES;
        let due = self.due.0.max(0);
        Key::new(format!("look#{share}"), format!("{due:015}#{business}#{thread}#{number:012}"))
    }
}

/// The look that a text is due, if it is one that was sent.
fn of(business: &BusinessId, thread: &ThreadId, number: u64, text: &Text) -> Option<Look> {
    let Text::Out(out) = text else { return None };
    let of = Place { business: business.clone(), thread: thread.clone(), number };
    Some(Look { due: out.look_due()?, of })
}

/// What is written of looks when a text changes.
pub(super) fn actions(
    table: &Table,
    (business, thread, number): (&BusinessId, &ThreadId, u64),
    before: &Text,
    after: &Text,
    now: Timestamp,
) -> Vec<TransactWriteItem> {
    let look = |text: &Text| of(business, thread, number, text);
    let (old, new) = (look(before), look(after));
    if old == new {
        return vec![];
    }
    let delete = old.map(|look| table.delete_action(&look.key(), |delete| delete));
    let put = new.map(|look| {
        let draft = Draft::default().text(BUSINESS, business.as_str()).text(THREAD, thread.as_str());
        let draft = draft.number(NUMBER, number).expires(now.plus(KEPT_FOR));
        table.put_action(look.key().item(draft), |put| put)
    });
    delete.into_iter().chain(put).collect()
}

impl Reader {
    /// Texts of which carriers are to be asked at `now`, those that waited longest first in each of the shares, at most `limit`
    /// of each.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn looks_due(&self, now: Timestamp, limit: u16) -> Result<Vec<Look>, StoreError> {
        let mut due = vec![];
        for share in 0..SHARES {
            let table = &self.texts;
            let page = table
                .client
                .query()
                .table_name(&*table.name)
                .consistent_read(true)
                .key_condition_expression("pk = :pk AND sk < :now")
                .expression_attribute_values(":pk", text(format!("look#{share}")))
                .expression_attribute_values(":now", text(format!("{:015}", now.0.saturating_add(1).max(0))))
                .limit(i32::from(limit))
                .send()
                .await
                .map_err(|error| table.error(&error))?;
            for item in page.items.unwrap_or_default() {
                due.push(look(&table.row(item))?);
            }
        }
        Ok(due)
    }
}

fn look(row: &Row) -> Result<Look, StoreError> {
    let due = row.parsed(SK, |sk| sk.split('#').next().unwrap_or_default().parse().map(Timestamp))?;
    let business = row.parsed(BUSINESS, BusinessId::parse)?;
    let thread = row.parsed(THREAD, ThreadId::parse)?;
    Ok(Look { due, of: Place { business, thread, number: row.number(NUMBER)? } })
}

impl Writer {
    /// Deletes the row of a look that is not the text's own: the text is gone, or due at another time.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn forget_look(&self, look: &Look) -> Result<(), StoreError> {
        self.texts.delete(&look.key()).await.map(drop)
    }
}
