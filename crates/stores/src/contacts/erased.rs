//! Handles of people who were erased, hashed, so that no file takes such a person in again unawares.
//!
//! Under `erasure#<business>`: `erased#<hash>`, when that was.

use std::collections::HashSet;

use domain::{BusinessId, Timestamp};

use super::erase::partition;
use super::{Eraser, Reader};
use crate::StoreError;
use crate::batch_get::{BATCH_GET_ITEMS, batch_get};
use crate::item::Draft;
use crate::table::{Key, SK};
use crate::texts::ErasedHandle;

const ERASED: &str = "erased#";
const AT: &str = "at";

impl Reader {
    /// Which of these handles are of people who were erased.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn erased_among(
        &self,
        business: &BusinessId,
        handles: impl Iterator<Item = ErasedHandle>,
    ) -> Result<HashSet<ErasedHandle>, StoreError> {
        let handles: HashSet<ErasedHandle> = handles.collect();
        let keys: Vec<_> = handles.iter().map(|handle| erased_key(business, handle).attributes()).collect();
        let chunks = keys.chunks(BATCH_GET_ITEMS).map(|keys| batch_get(&self.contacts, keys.to_vec()));
        let mut found = HashSet::new();
        for row in futures_util::future::try_join_all(chunks).await?.into_iter().flatten() {
            found.insert(row.text(SK)?.to_owned());
        }
        let is_found = |handle: &ErasedHandle| found.contains(&format!("{ERASED}{}", handle.as_str()));
        Ok(handles.into_iter().filter(is_found).collect())
    }
}

impl Eraser {
    /// Remembers that a person with this handle was erased.
    ///
    /// # Errors
    /// [`StoreError`]; doing it again is safe.
    pub async fn remember_erased(
        &self,
        business: &BusinessId,
        handle: &ErasedHandle,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.contacts.put(&erased_key(business, handle), Draft::default().time(AT, at)).await
    }
}

fn erased_key(business: &BusinessId, handle: &ErasedHandle) -> Key {
    Key::new(partition(business), format!("{ERASED}{}", handle.as_str()))
}
