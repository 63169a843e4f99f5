//! Settings that a person works on, before they are published.

use domain::access::KeyId;
use domain::{BusinessId, Settings, Timestamp};

use super::document::Written;
use super::{BODY, Reader, Saved, Versioned, Writer, document, partition, version};
use crate::StoreError;
use crate::item::{Draft as RowDraft, to_json};
use crate::table::Key;
use crate::transaction::Transacted;

const SAVED_AT: &str = "saved_at";

/// A draft of settings. Its `revision` is the one that it was begun from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// What is drafted.
    pub written: Written,
    /// When it was last saved.
    pub saved_at: Timestamp,
}

impl Reader {
    /// The draft of one author, who is named by the key that is used.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn draft(
        &self,
        id: &BusinessId,
        author: &KeyId,
    ) -> Result<Option<Versioned<Draft>>, StoreError> {
        let Some(row) = self.businesses.get(&draft_key(id, author)).await? else { return Ok(None) };
        let draft = Draft { written: document::written(&row)?, saved_at: row.time(SAVED_AT)? };
        Ok(Some(Versioned { value: draft, version: version(&row)? }))
    }
}

impl Writer {
    /// Saves the draft of an author. `seen` is the version that was read; `None`: there was no draft.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn save_draft(
        &self,
        id: &BusinessId,
        author: &KeyId,
        settings: &Settings,
        seen: Option<u64>,
        now: Timestamp,
    ) -> Result<Saved, StoreError> {
        let body = to_json(&self.businesses.name, BODY, settings)?;
        let draft = RowDraft::default().text(BODY, body).time(SAVED_AT, now);
        let put = self.put_versioned(&draft_key(id, author), draft, seen);
        Ok(match self.transact(&[put]).await? {
            Transacted::Done => Saved::Done(seen.map_or(0, |seen| seen + 1)),
            Transacted::Refused(_) => Saved::Overtaken,
        })
    }

    /// Throws the draft of an author away. Doing it again changes nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn discard_draft(&self, id: &BusinessId, author: &KeyId) -> Result<(), StoreError> {
        self.businesses.delete(&draft_key(id, author)).await.map(drop)
    }
}

fn draft_key(id: &BusinessId, author: &KeyId) -> Key {
    Key::new(partition(id), format!("draft#{author}"))
}
