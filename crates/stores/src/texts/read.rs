//! Looking at threads.

use std::collections::HashMap;

use domain::BusinessId;
use domain::contact::ContactId;
use domain::texts::consent::Consent;
use domain::texts::incoming::Incoming;
use domain::texts::thread::Thread;
use domain::texts::{Handle, Sender, Text, ThreadId};
use platform::Aws;
use serde::{Deserialize, Serialize};

use super::{
    BODY, BUSINESS, ErasedHandle, NUMBER, THREAD, VERSION, carried_key, consent_key, erased_key, handle_key,
    head_key, list_partition, number_of, partition, text_key, text_sk,
};
use crate::StoreError;
use crate::batch_get::batch_get;
use crate::item::{Row, text};
use crate::table::{PK, SK, Table, next_key};

/// The last position there is.
const BEHIND_ALL: &str = "9";

/// Where a text is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Whose it is.
    pub business: BusinessId,
    /// In which thread.
    pub thread: ThreadId,
    /// Its number there.
    pub number: u64,
}

/// A text as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its number in the thread, from 1.
    pub number: u64,
    /// How often it has changed; a change names the one that it saw.
    pub version: u64,
    /// What it is.
    pub text: Text,
}

/// Where a page of the list of threads begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(String);

/// A page of the list of threads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadPage {
    /// The one that was written in last comes first.
    pub threads: Vec<Thread>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<Position>,
}

/// Held by everything that looks at threads.
#[derive(Debug, Clone)]
pub struct Reader {
    pub(super) texts: Table,
}

impl Reader {
    /// `table` is the name of Texts.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { texts: Table::new(aws, table) }
    }

    /// A thread as it stands.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn thread(&self, business: &BusinessId, id: &ThreadId) -> Result<Option<Thread>, StoreError> {
        let row = self.texts.get(&head_key(business, id)).await?;
        row.map(|row| row.json(BODY)).transpose()
    }

    /// The thread of a person, by any of their handles: the first one that leads to a thread counts.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn thread_of(
        &self,
        business: &BusinessId,
        sender: &Sender,
        handles: &[&Handle],
    ) -> Result<Option<Thread>, StoreError> {
        for handle in handles {
            let Some(row) = self.texts.get(&handle_key(business, sender, handle)).await? else { continue };
            let id = row.parsed(THREAD, ThreadId::parse)?;
            if let Some(thread) = self.thread(business, &id).await? {
                return Ok(Some(thread));
            }
        }
        Ok(None)
    }

    /// Which of a text's handles lead to no thread yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn unknown_handles<'a>(
        &self,
        business: &BusinessId,
        incoming: &'a Incoming,
    ) -> Result<Vec<&'a Handle>, StoreError> {
        let mut unknown = vec![];
        for handle in incoming.handles() {
            if self.texts.get(&handle_key(business, &incoming.sender, handle)).await?.is_none() {
                unknown.push(handle);
            }
        }
        Ok(unknown)
    }

    /// Which text a carrier's name stands for.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn carried(&self, name: &str) -> Result<Option<Place>, StoreError> {
        let Some(row) = self.texts.get(&carried_key(name)).await? else { return Ok(None) };
        Ok(Some(Place {
            business: row.parsed(BUSINESS, BusinessId::parse)?,
            thread: row.parsed(THREAD, ThreadId::parse)?,
            number: row.number(NUMBER)?,
        }))
    }

    /// What a person wants of the business on any of their threads, by all ids of their contact. Of two that became one the
    /// stricter wish stands.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn consent_of(
        &self,
        business: &BusinessId,
        contacts: impl IntoIterator<Item = &ContactId>,
    ) -> Result<Consent, StoreError> {
        Ok(self.wish_of(business, contacts).await?.unwrap_or_default())
    }

    /// The same; `None`: the person has said nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn wish_of(
        &self,
        business: &BusinessId,
        contacts: impl IntoIterator<Item = &ContactId>,
    ) -> Result<Option<Consent>, StoreError> {
        let keys = contacts.into_iter().map(|contact| consent_key(business, *contact));
        let reads = keys.map(|key| async move { self.texts.get(&key).await });
        let rows = futures_util::future::try_join_all(reads).await?;
        rows.iter().flatten().try_fold(None, |standing: Option<Consent>, row| {
            let said: Consent = row.json(BODY)?;
            Ok(Some(standing.map_or(said, |standing| standing.and(said))))
        })
    }

    /// What a person who was erased wanted, who comes under this handle and has said nothing since.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn wish_of_erased(
        &self,
        business: &BusinessId,
        handle: &ErasedHandle,
    ) -> Result<Consent, StoreError> {
        let row = self.texts.get(&erased_key(business, handle)).await?;
        Ok(row.map(|row| row.json(BODY)).transpose()?.unwrap_or_default())
    }

    /// A text by its number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn text(
        &self,
        business: &BusinessId,
        thread: &ThreadId,
        number: u64,
    ) -> Result<Option<Kept>, StoreError> {
        let row = self.texts.get(&text_key(business, thread, number)).await?;
        row.as_ref().map(kept).transpose()
    }

    /// At most `limit` texts of a thread whose numbers are below `before`, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn texts(
        &self,
        business: &BusinessId,
        thread: &ThreadId,
        before: Option<u64>,
        limit: u16,
    ) -> Result<Vec<Kept>, StoreError> {
        let last = before.map_or(999_999_999_999, |before| before.saturating_sub(1));
        let table = &self.texts;
        let page = table
            .spanning(&partition(business, thread), &text_sk(0), &text_sk(last))
            .scan_index_forward(false)
            .limit(i32::from(limit.clamp(1, 100)))
            .send()
            .await
            .map_err(|error| table.error(&error))?;
        let rows = page.items.unwrap_or_default().into_iter().map(|item| table.row(item));
        rows.map(|row| kept(&row)).collect()
    }

    /// At most `limit` threads of a business, the one that was written in last first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list(
        &self,
        business: &BusinessId,
        limit: u16,
        behind: Option<&Position>,
    ) -> Result<ThreadPage, StoreError> {
        let table = &self.texts;
        let behind = behind.map_or(BEHIND_ALL, |position| position.0.as_str());
        let page = table
            .client
            .query()
            .table_name(&*table.name)
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND sk < :behind")
            .expression_attribute_values(":pk", text(list_partition(business)))
            .expression_attribute_values(":behind", text(behind))
            .scan_index_forward(false)
            .limit(i32::from(limit.clamp(1, 100)))
            .send()
            .await
            .map_err(|error| table.error(&error))?;
        let more = next_key(page.last_evaluated_key).is_some();
        let rows: Vec<Row> = page.items.unwrap_or_default().into_iter().map(|item| table.row(item)).collect();
        let last = rows.last().map(|row| row.text(SK).map(|sk| Position(sk.to_owned()))).transpose()?;
        let ids = rows.iter().map(|row| row.parsed(THREAD, ThreadId::parse));
        let ids = ids.collect::<Result<Vec<_>, _>>()?;
        let mut found = HashMap::new();
        if ids.is_empty() {
            return Ok(ThreadPage { threads: vec![], next: None });
        }
        for row in
            batch_get(table, ids.iter().map(|id| head_key(business, id).attributes()).collect()).await?
        {
            found.insert(row.text(PK)?.to_owned(), row.json(BODY)?);
        }
        let threads = ids.iter().filter_map(|id| found.remove(&partition(business, id))).collect();
        Ok(ThreadPage { threads, next: last.filter(|_| more) })
    }

    /// The last text of each of these threads, of which there are at most 100.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn last_texts(&self, threads: &[Thread]) -> Result<HashMap<ThreadId, Kept>, StoreError> {
        let key = |thread: &Thread| text_key(&thread.business, &thread.id, thread.texts);
        let mut found = HashMap::new();
        if threads.is_empty() {
            return Ok(found);
        }
        for row in
            batch_get(&self.texts, threads.iter().map(|thread| key(thread).attributes()).collect()).await?
        {
            let pk = row.text(PK)?;
            let of = threads.iter().find(|thread| partition(&thread.business, &thread.id) == pk);
            found.extend(of.map(|thread| kept(&row).map(|kept| (thread.id.clone(), kept))).transpose()?);
        }
        Ok(found)
    }
}

fn kept(row: &Row) -> Result<Kept, StoreError> {
    Ok(Kept { number: number_of(row)?, version: row.number(VERSION)?, text: row.json(BODY)? })
}
