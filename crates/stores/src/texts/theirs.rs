//! The threads of one person.

use std::collections::BTreeSet;

use domain::contact::{ContactId, Handle};
use domain::texts::thread::Thread;
use domain::{BusinessId, Timestamp};

use super::Reader;
use crate::StoreError;

/// Threads that are looked at together.
const CHUNK: u16 = 100;

/// Whose threads are looked for.
#[derive(Debug, Clone, Copy)]
pub struct Theirs<'a> {
    /// The person's contact, under each of its ids.
    pub contacts: &'a BTreeSet<ContactId>,
    /// What identifies the person.
    pub handles: &'a BTreeSet<Handle>,
    /// Threads that began later are of a person who wrote anew.
    pub before: Timestamp,
}

impl Theirs<'_> {
    fn has(&self, thread: &Thread) -> bool {
        let person = thread.person.of_contact(thread.sender.medium);
        thread.opened_at < self.before
            && (thread.contact.is_some_and(|contact| self.contacts.contains(&contact))
                || person.is_some_and(|person| self.handles.contains(&person)))
    }
}

impl Reader {
    /// The threads of a person.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn threads_of(
        &self,
        business: &BusinessId,
        theirs: Theirs<'_>,
    ) -> Result<Vec<Thread>, StoreError> {
        let (mut threads, mut position) = (vec![], None);
        loop {
            let page = self.list(business, CHUNK, position.as_ref()).await?;
            threads.extend(page.threads.into_iter().filter(|thread| theirs.has(thread)));
            position = page.next;
            if position.is_none() {
                return Ok(threads);
            }
        }
    }
}
