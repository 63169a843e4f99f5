//! The contacts of people who call or write: found by their handles, or made.

use std::collections::BTreeSet;

use domain::contact::{Contact, ContactId, Entry, Handle, Known, MAX_HANDLES, joined_by_carrier};
use domain::{BusinessId, Timestamp};
use platform::Aws;
use platform::backoff::{CONTENTION, Tries};

use super::create::new_actions;
use super::merge::{Merged, merge};
use super::timeline::tell;
use super::write::{NotSaved, save};
use super::{Stored, guard, resolved};
use crate::StoreError;
use crate::events;
use crate::random;
use crate::table::Table;
use crate::transaction::{Transacted, transact};

/// Held by what meets people for the first time: it finds the contact of a handle, or makes it.
#[derive(Debug, Clone)]
pub struct First {
    pub(crate) contacts: Table,
    events: events::Writer,
}

impl First {
    /// `table` is the name of Contacts, `events` that of Events: the business is told of a new contact.
    pub fn new(aws: &Aws, table: &str, events: &str) -> Self {
        Self { contacts: Table::new(aws, table), events: events::Writer::new(aws, events) }
    }

    /// The contact of this handle: the one that there is, or a new one, and whether it is new.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn of(
        &self,
        business: &BusinessId,
        handle: &Handle,
        now: Timestamp,
    ) -> Result<(Stored, bool), StoreError> {
        Box::pin(self.met(business, std::slice::from_ref(handle), None, now)).await
    }

    /// The contact of a person who is known by all of these handles, the surest first: the one to which the first of them
    /// belongs, or a new one, and whether it is new. Handles that belong to no contact are its own from then on. A contact of
    /// ids alone that one of them leads to joins it; others that the handles lead to stay as they are, for people to judge.
    ///
    /// `name` is what the person calls themselves, and the least certain name that there is.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn met(
        &self,
        business: &BusinessId,
        handles: &[Handle],
        name: Option<&Known<String>>,
        now: Timestamp,
    ) -> Result<(Stored, bool), StoreError> {
        let table = &self.contacts;
        let mut tries = Tries::with(CONTENTION);
        while tries.next().await {
            let (known, free) = known(table, business, handles).await?;
            let of_carrier: Vec<&Contact> = known.iter().map(|stored| &stored.contact).collect();
            if let Some((stays, joins)) = joined_by_carrier(&of_carrier) {
                let find = |id: ContactId| known.iter().find(|stored| stored.contact.id == id);
                if let (Some(stays), Some(joins)) = (find(stays.id), find(joins.id)) {
                    match merge(table, business, (stays, joins), &BTreeSet::new(), None, now).await {
                        Ok(Merged::Done(_)) | Err(NotSaved::Overtaken | NotSaved::Taken { .. }) => continue,
                        // Both together are too much: they stay two.
                        Ok(Merged::Not(_)) | Err(NotSaved::TooLarge) => {}
                        Err(NotSaved::Store(error)) => return Err(error),
                    }
                }
            }
            match known.into_iter().next() {
                Some(stored) => {
                    let after = taught(&stored.contact, free, name);
                    if after == stored.contact {
                        return Ok((stored, false));
                    }
                    let next = Stored::next(after, stored.version, now);
                    match save(table, business, &stored, next, &[]).await {
                        Ok(stored) => return Ok((stored, false)),
                        // It is full: it is the person's contact nevertheless.
                        Err(NotSaved::TooLarge) => return Ok((stored, false)),
                        Err(NotSaved::Overtaken | NotSaved::Taken { .. }) => {}
                        Err(NotSaved::Store(error)) => return Err(error),
                    }
                }
                None => {
                    let random = u128::from_str_radix(&random::id(&table.name)?, 16).unwrap_or_default();
                    let contact = Contact::new(ContactId::new(now, random));
                    let stored = Stored::next(taught(&contact, free, name), 0, now);
                    let actions = new_actions(table, business, &stored, (&self.events, "conversation"))?;
                    if matches!(transact(table, &actions, &random::id(&table.name)?).await?, Transacted::Done)
                    {
                        return Ok((stored, true));
                    }
                    // Another one was first: it is found now.
                }
            }
        }
        Err(table.contended())
    }

    /// Tells the timeline of a contact, or of the one into which it went, what happened, in place of what was told under the
    /// same name. `false`: the contact was deleted.
    ///
    /// # Errors
    /// [`StoreError`]; telling it again changes nothing.
    pub async fn tell(
        &self,
        business: &BusinessId,
        id: ContactId,
        entry: &Entry,
    ) -> Result<bool, StoreError> {
        tell(&self.contacts, business, id, entry).await
    }
}

/// The contacts to which handles belong, each once, and the handles that belong to none.
pub(super) async fn known<'a>(
    table: &Table,
    business: &BusinessId,
    handles: &'a [Handle],
) -> Result<(Vec<Stored>, Vec<&'a Handle>), StoreError> {
    let (mut known, mut free): (Vec<Stored>, _) = (vec![], vec![]);
    for handle in handles {
        match guard(table, business, handle).await? {
            Some(id) => {
                let found = resolved(table, business, id).await?;
                let is_new = |found: &Stored| known.iter().all(|one| one.contact.id != found.contact.id);
                known.extend(found.filter(is_new).into_iter().collect::<Vec<_>>());
            }
            None => free.push(handle),
        }
    }
    Ok((known, free))
}

/// A contact with these handles and this name besides.
pub(super) fn taught(contact: &Contact, handles: Vec<&Handle>, name: Option<&Known<String>>) -> Contact {
    let mut contact = contact.clone();
    let room = MAX_HANDLES.saturating_sub(contact.handles.len());
    contact.handles.extend(handles.into_iter().take(room).cloned());
    if let Some(name) = name {
        contact.call_it(name.clone());
    }
    contact
}
