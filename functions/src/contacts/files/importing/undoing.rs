//! An import is undone: what its rows did is taken back, unless something came after it.

use std::collections::BTreeMap;

use domain::BusinessId;
use domain::contact::ContactId;
use domain::contact::import::Import;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use stores::contacts::NotSaved;
use stores::contacts::taken::{TakenRow, digest};

use super::{AT_ONCE, Came, Dealt, Importing, TRIES, came_of, count};
use crate::edge::batch::JobError;

/// Rows of one step of an undoing.
const UNDONE_AT_A_TIME: u16 = 100;

impl Importing {
    pub(super) async fn undo(&self, business: &BusinessId, import: &mut Import) -> Result<(), JobError> {
        let next = import.progress().map_or(0, |progress| progress.next);
        let rows = self.reader.taken_rows_before(business, import.id, next, UNDONE_AT_A_TIME).await?;
        let (read, first) = (rows.len(), rows.last().map_or(0, |row| row.line));
        // Rows of one contact are taken back one after another, the last one first.
        let mut by_contact: BTreeMap<ContactId, Vec<TakenRow>> = BTreeMap::new();
        for row in rows {
            by_contact.entry(row.contact).or_default().push(row);
        }
        let back = |rows: Vec<TakenRow>| async move {
            let mut came = vec![];
            for (place, row) in rows.iter().enumerate() {
                let earlier = rows.get(place + 1..).unwrap_or_default();
                came.push(Dealt {
                    line: row.line,
                    came: self.take_back(business, row, earlier).await?,
                    codes: vec![],
                });
            }
            Ok::<_, JobError>(came)
        };
        let rows = stream::iter(by_contact.into_values()).map(back).buffer_unordered(AT_ONCE);
        let dealt: Vec<Vec<Dealt>> = rows.try_collect().await?;
        let dealt: Vec<Dealt> = dealt.into_iter().flatten().collect();
        import.worked(first, count(&dealt), read < usize::from(UNDONE_AT_A_TIME), self.clock.now());
        Ok(())
    }

    /// Takes back what a row did, if nothing came after it. A write that another one overtook is judged anew: it may have been
    /// the same one, by another job. Where an earlier row of the same contact is taken back, this one is, too.
    async fn take_back(
        &self,
        business: &BusinessId,
        row: &TakenRow,
        earlier: &[TakenRow],
    ) -> Result<Came, JobError> {
        let undone = came_of(row);
        let began_with = || std::iter::once(row).chain(earlier).map(|row| row.before.as_ref());
        for _ in 0..TRIES {
            let Some(stored) = self.reader.one(business, row.contact).await? else {
                // Of a contact that is gone there is nothing to take back.
                return Ok(if began_with().any(|before| before.is_none()) { undone } else { Came::LeftOut });
            };
            if began_with().any(|before| before == Some(&stored.contact)) {
                return Ok(undone);
            }
            if stored.contact.id != row.contact || digest(&stored.contact) != row.after {
                return Ok(Came::LeftOut);
            }
            let is_done = match row.before.clone() {
                Some(before) => {
                    match self.writer.save(business, &stored, before, &[], self.clock.now()).await {
                        Ok(_) => true,
                        Err(NotSaved::Store(error)) => return Err(error.into()),
                        Err(_) => false,
                    }
                }
                None if !self.reader.is_bare(business, row.contact).await? => return Ok(Came::LeftOut),
                None => self.writer.delete(business, &stored).await?,
            };
            if is_done {
                return Ok(undone);
            }
        }
        Ok(Came::LeftOut)
    }
}
