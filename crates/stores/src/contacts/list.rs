//! Lists of contacts.

use std::collections::BTreeMap;

use domain::BusinessId;
use domain::contact::{Contact, ContactId};
use serde::{Deserialize, Serialize};

use super::{CONTACT, ID, Reader, Standing, Stored, WORD, key, partition, standing};
use crate::StoreError;
use crate::batch_get::batch_get;
use crate::table::{SK, next_key};

/// Rows of one read.
const CHUNK: usize = 100;
/// Rows that one page looks at: with a filter that few contacts fit, it goes on with a cursor.
const LOOKED_AT: usize = 1_000;

/// A page of contacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<P> {
    /// The contacts, in the list's order.
    pub contacts: Vec<Stored>,
    /// Where the next page begins; `None` at the end. A page of few contacts, or none, with a `next` is not the last one.
    pub next: Option<P>,
}

/// Where a list by names is: behind this word of this contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamePosition(String);

impl Reader {
    /// At most `limit` contacts of a business that fit, the newest first, those that were made before `behind`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list(
        &self,
        business: &BusinessId,
        limit: u16,
        behind: Option<ContactId>,
        fits: impl Fn(&Contact) -> bool,
    ) -> Result<Page<ContactId>, StoreError> {
        let limit = usize::from(limit).clamp(1, CHUNK);
        let mut position = behind.map(|id| format!("{ID}{id}"));
        let mut contacts: Vec<Stored> = vec![];
        let mut seen = 0;
        loop {
            // `~` stands behind every digit of an id.
            let before = position.clone().unwrap_or_else(|| format!("{ID}~"));
            let (rows, more) = self.rows(business, (ID, &before), false).await?;
            for row in &rows {
                let sk = row.text(SK)?.to_owned();
                seen += 1;
                if let Standing::Here(stored) = standing(row)?
                    && fits(&stored.contact)
                {
                    if contacts.len() == limit {
                        let next = contacts.last().map(|last| last.contact.id);
                        return Ok(Page { contacts, next });
                    }
                    contacts.push(*stored);
                }
                position = Some(sk);
            }
            if !more {
                return Ok(Page { contacts, next: None });
            }
            if seen >= LOOKED_AT {
                let next = position.and_then(|sk| ContactId::parse(sk.strip_prefix(ID)?).ok());
                return Ok(Page { contacts, next });
            }
        }
    }

    /// At most `limit` contacts that fit and whose name has words that begin with each of `words`, which are at least one,
    /// in the order of the name's word that begins with the first of them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn named(
        &self,
        business: &BusinessId,
        words: &[String],
        limit: u16,
        behind: Option<NamePosition>,
        fits: impl Fn(&Contact) -> bool,
    ) -> Result<Page<NamePosition>, StoreError> {
        let limit = usize::from(limit).clamp(1, CHUNK);
        // The longest word has the fewest contacts.
        let Some(first) = words.iter().max_by_key(|word| word.chars().count()) else {
            return Ok(Page { contacts: vec![], next: None });
        };
        let prefix = format!("{WORD}{first}");
        let mut position = behind.map_or_else(|| prefix.clone(), |NamePosition(sk)| sk);
        let mut contacts: Vec<Stored> = vec![];
        let mut seen = 0;
        loop {
            let (rows, more) = self.rows(business, (&prefix, &position), true).await?;
            let ids =
                rows.iter().map(|row| Ok((row.text(SK)?.to_owned(), row.parsed(CONTACT, ContactId::parse)?)));
            let ids = ids.collect::<Result<Vec<_>, StoreError>>()?;
            let mut found = self.many(business, ids.iter().map(|(_, id)| *id)).await?;
            for (sk, id) in ids {
                seen += 1;
                let all = |contact: &Contact| {
                    let name = contact.name_words();
                    words.iter().all(|word| name.iter().any(|known| known.starts_with(word)))
                };
                // A name with two such words is there once.
                let stored = found.remove(&id).filter(|stored| all(&stored.contact) && fits(&stored.contact));
                if let Some(stored) = stored {
                    if contacts.len() == limit {
                        return Ok(Page { contacts, next: Some(NamePosition(position)) });
                    }
                    contacts.push(stored);
                }
                position = sk;
            }
            if !more {
                return Ok(Page { contacts, next: None });
            }
            if seen >= LOOKED_AT {
                return Ok(Page { contacts, next: Some(NamePosition(position)) });
            }
        }
    }

    /// Those of these contacts that are there.
    async fn many(
        &self,
        business: &BusinessId,
        ids: impl Iterator<Item = ContactId>,
    ) -> Result<BTreeMap<ContactId, Stored>, StoreError> {
        let distinct: BTreeMap<ContactId, _> = ids.map(|id| (id, key(business, id).attributes())).collect();
        if distinct.is_empty() {
            return Ok(BTreeMap::new());
        }
        let rows = batch_get(&self.contacts, distinct.into_values().collect()).await?;
        let mut found = BTreeMap::new();
        for row in &rows {
            if let Standing::Here(stored) = standing(row)? {
                found.insert(stored.contact.id, *stored);
            }
        }
        Ok(found)
    }

    /// The rows on one side of a position whose keys begin like this, and whether there are more.
    async fn rows(
        &self,
        business: &BusinessId,
        (prefix, position): (&str, &str),
        forward: bool,
    ) -> Result<(Vec<crate::item::Row>, bool), StoreError> {
        let table = &self.contacts;
        // A key has one condition: the prefix's own range, less the position, which the caller has seen.
        let (from, to) = if forward {
            (position.to_owned(), format!("{prefix}\u{10FFFF}"))
        } else {
            (prefix.to_owned(), position.to_owned())
        };
        let page = table
            .spanning(&partition(business), &from, &to)
            .scan_index_forward(forward)
            .limit(i32::try_from(CHUNK).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| table.error(&error))?;
        let more = next_key(page.last_evaluated_key).is_some();
        let rows = page.items.unwrap_or_default().into_iter().map(|item| table.row(item));
        let mut rows: Vec<_> = rows.collect();
        rows.retain(|row| row.text(SK).is_ok_and(|sk| sk != position));
        Ok((rows, more))
    }
}
