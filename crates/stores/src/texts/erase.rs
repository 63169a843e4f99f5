//! Deleting texts: those of a business that is deleted, and those of a person who is erased.

use std::collections::BTreeSet;

use domain::BusinessId;
use domain::contact::ContactId;
use domain::texts::consent::Consent;
use domain::texts::thread::Thread;
use domain::texts::{Text, ThreadId};
use platform::Aws;

use super::{
    AT, BODY, Reader, THREAD, carried_key, consent_key, consent_partition, erased_key, handle_key, head_key,
    list_partition, list_sk, text_key, wish_partition,
};
use crate::StoreError;
use crate::item::{Draft, to_json};
use crate::table::{Key, PK, SK, Table};

/// Texts that are looked at together.
const CHUNK: u16 = 100;
/// Texts that one round deletes: what is left is for the next one.
const AT_ONCE: usize = 2_000;

/// A handle of a person who is erased, as their wish is kept under it, and that they were erased: nothing can be learnt of it without the deployment's
/// key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ErasedHandle(String);

impl ErasedHandle {
    /// `mac` is a keyed hash of business and handle.
    #[must_use]
    pub fn new(mac: [u8; 32]) -> Self {
        Self(hex::encode(mac))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// What became of a person's texts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TextsForgotten {
    /// Threads and texts that are gone.
    pub texts: u64,
    /// Wishes that are gone.
    pub wishes: u64,
    /// Whether there are more than one round deletes.
    pub more: bool,
}

/// Held by what deletes businesses, and by what erases persons.
#[derive(Debug, Clone)]
pub struct Eraser {
    texts: Table,
}

impl Eraser {
    /// `table` is the name of Texts.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { texts: Table::new(aws, table) }
    }

    /// Deletes the business's threads with their texts, the names by which they are found, and its people's wishes; what came
    /// with a text goes first, by `forget`, which says whether these objects are gone. `false`: there are more than one round
    /// deletes.
    ///
    /// # Errors
    /// [`StoreError`]; deleting again deletes what is left.
    pub async fn erase<F: Future<Output = bool>>(
        &self,
        business: &BusinessId,
        forget: impl Fn(Vec<String>) -> F,
    ) -> Result<bool, StoreError> {
        let reader = Reader { texts: self.texts.clone() };
        let mut left = AT_ONCE;
        for row in self.texts.query(&list_partition(business), "").await? {
            let id = row.parsed(THREAD, ThreadId::parse)?;
            if !self.erase_thread(&reader, business, &id, &forget, &mut left).await? {
                return Ok(false);
            }
            // The row that leads to the thread goes last.
            self.texts.delete(&Key::new(row.text(PK)?, row.text(SK)?)).await?;
        }
        for partition in [consent_partition(business), wish_partition(business)] {
            self.texts.delete_all(&partition, "").await?;
        }
        Ok(true)
    }

    /// Deletes these threads of a person with their texts and the names by which they are found, and the wishes of their
    /// contacts; what came with a text goes first, by `forget`. That they want no texts is kept under `marks`, before it is deleted.
    ///
    /// # Errors
    /// [`StoreError`]; deleting again deletes what is left.
    pub async fn forget_person<F: Future<Output = bool>>(
        &self,
        business: &BusinessId,
        (contacts, threads): (&BTreeSet<ContactId>, &BTreeSet<ThreadId>),
        marks: &[ErasedHandle],
        forget: impl Fn(Vec<String>) -> F,
    ) -> Result<TextsForgotten, StoreError> {
        let reader = Reader { texts: self.texts.clone() };
        let threads = threads.iter().map(|id| reader.thread(business, id));
        let threads: Vec<Thread> =
            futures_util::future::try_join_all(threads).await?.into_iter().flatten().collect();
        let said = reader.wish_of(business, contacts).await?;
        let wishes = said.into_iter().chain(threads.iter().map(|thread| thread.consent));
        let stopped = wishes.filter_map(|consent| match consent {
            Consent::Stopped(at) => Some(at),
            Consent::Open => None,
        });
        let (table, stopped) = (&self.texts, stopped.min());
        for mark in marks {
            let key = erased_key(business, mark);
            match stopped {
                Some(at) => {
                    let body = to_json(&table.name, BODY, &Consent::Stopped(at))?;
                    table.put(&key, Draft::default().text(BODY, body).time(AT, at)).await?;
                }
                // They were erased before, and have asked for texts since.
                None if said == Some(Consent::Open) => drop(table.delete(&key).await?),
                None => {}
            }
        }
        let mut forgotten = TextsForgotten::default();
        for contact in contacts {
            forgotten.wishes += u64::from(self.texts.delete(&consent_key(business, *contact)).await?);
        }
        let said = self.texts.query(&wish_partition(business), "").await?;
        let mut left = AT_ONCE;
        for thread in threads {
            let before = left;
            let done = self.erase_thread(&reader, business, &thread.id, &forget, &mut left).await?;
            forgotten.texts += u64::try_from(before - left).unwrap_or(u64::MAX);
            if !done {
                forgotten.more = true;
                return Ok(forgotten);
            }
            for row in &said {
                if row.text(THREAD)? == thread.id.as_str() {
                    forgotten.wishes +=
                        u64::from(self.texts.delete(&Key::new(row.text(PK)?, row.text(SK)?)).await?);
                }
            }
            // The row that leads to the thread goes last.
            let listed = Key::new(list_partition(business), list_sk(thread.last_at, &thread.id));
            forgotten.texts += u64::from(self.texts.delete(&listed).await?);
        }
        Ok(forgotten)
    }

    async fn erase_thread<F: Future<Output = bool>>(
        &self,
        reader: &Reader,
        business: &BusinessId,
        id: &ThreadId,
        forget: &impl Fn(Vec<String>) -> F,
        left: &mut usize,
    ) -> Result<bool, StoreError> {
        let thread = reader.thread(business, id).await?;
        loop {
            let texts = reader.texts(business, id, None, CHUNK).await?;
            if texts.is_empty() {
                break;
            }
            if *left < texts.len() {
                return Ok(false);
            }
            *left -= texts.len();
            let objects: Vec<String> = texts.iter().flat_map(|kept| objects_of(&kept.text)).collect();
            if !objects.is_empty() && !forget(objects).await {
                return Ok(false);
            }
            for kept in texts {
                for key in names_of(&kept.text, business, thread.as_ref()) {
                    self.texts.delete(&key).await?;
                }
                self.texts.delete(&text_key(business, id, kept.number)).await?;
            }
        }
        if let Some(thread) = &thread {
            self.texts.delete(&handle_key(business, &thread.sender, &thread.person)).await?;
        }
        self.texts.delete(&head_key(business, id)).await?;
        Ok(true)
    }
}

/// The rows that lead to a text, and from its person to the thread.
fn names_of(text: &Text, business: &BusinessId, thread: Option<&Thread>) -> Vec<Key> {
    match text {
        Text::In(incoming) => {
            let sender = thread.map_or(&incoming.sender, |thread| &thread.sender);
            let handles = incoming.handles().into_iter().map(|handle| handle_key(business, sender, handle));
            handles.chain([carried_key(&incoming.key)]).collect()
        }
        Text::Out(outgoing) => outgoing.key.iter().map(|key| carried_key(key)).collect(),
        Text::Tool(_) => vec![],
    }
}

/// The objects that came with a text.
fn objects_of(text: &Text) -> Vec<String> {
    let Text::In(incoming) = text else { return vec![] };
    incoming.media.iter().filter_map(|media| media.archived.as_ref()).map(|kept| kept.key.clone()).collect()
}
