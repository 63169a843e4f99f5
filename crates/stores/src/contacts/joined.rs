//! Contacts that something joins which has rows of its own: all of it is one transaction.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::contact::{Contact, ContactId, Entry, Handle, What};
use domain::{BusinessId, Timestamp, event};

use super::create::new_actions;
use super::first::{known, taught};
use super::timeline::entry_action;
use super::write::{NotSaved, save_with};
use super::{MAX_INDEXED, Stored};
use crate::table::Table;
use crate::transaction::{Transacted, transact};
use crate::{StoreError, events, random};

/// What is to join a contact.
pub(crate) struct Joining<'a> {
    pub(crate) table: &'a Table,
    pub(crate) events: &'a events::Writer,
    pub(crate) business: &'a BusinessId,
    /// By what the person is found, the surest first.
    pub(crate) handles: &'a [Handle],
    /// Writes what is known into the contact, which is new or not, and says what its timeline is told.
    pub(crate) fill: &'a (dyn Fn(&mut Contact, bool) -> Vec<Entry> + Send + Sync),
    pub(crate) now: Timestamp,
}

/// Writes the contact to which the first of these handles belongs, or a new one, with what `beside` makes of it. Handles that
/// belong to no contact are its own from then on. `None`: one of the conditions did not hold; nothing was written.
pub(crate) async fn join<T>(
    joining: &Joining<'_>,
    beside: impl Fn(&Contact, bool) -> Result<(Vec<TransactWriteItem>, T), StoreError>,
) -> Result<Option<T>, StoreError> {
    let Joining { table, business, now, .. } = *joining;
    let (standing, free) = known(table, business, joining.handles).await?;
    let Some(before) = standing.into_iter().next() else {
        let random = u128::from_str_radix(&random::id(&table.name)?, 16).unwrap_or_default();
        let mut contact = taught(&Contact::new(ContactId::new(now, random)), free, None);
        let entries = (joining.fill)(&mut contact, true);
        let stored = Stored::next(contact, 0, now);
        let (rows, made) = beside(&stored.contact, true)?;
        let mut actions = new_actions(table, business, &stored, (joining.events, "form"))?;
        for entry in &entries {
            actions.push(entry_action(table, business, stored.contact.id, entry)?);
        }
        actions.extend(rows);
        let done = transact(table, &actions, &random::id(&table.name)?).await?;
        return Ok(matches!(done, Transacted::Done).then_some(made));
    };
    let mut after = taught(&before.contact, free, None);
    let entries = (joining.fill)(&mut after, false);
    match save_joined(joining, &before, after, entries, &beside).await {
        // It is full: it is the person's contact nevertheless, and stays as it is.
        Err(NotSaved::TooLarge) => {
            let same = before.contact.clone();
            settled(save_joined(joining, &before, same, vec![], &beside).await)
        }
        saved => settled(saved),
    }
}

fn settled<T>(saved: Result<T, NotSaved>) -> Result<Option<T>, StoreError> {
    match saved {
        Ok(made) => Ok(Some(made)),
        Err(NotSaved::Overtaken | NotSaved::Taken { .. } | NotSaved::TooLarge) => Ok(None),
        Err(NotSaved::Store(error)) => Err(error),
    }
}

async fn save_joined<T>(
    joining: &Joining<'_>,
    before: &Stored,
    after: Contact,
    entries: Vec<Entry>,
    beside: &impl Fn(&Contact, bool) -> Result<(Vec<TransactWriteItem>, T), StoreError>,
) -> Result<T, NotSaved> {
    let Joining { table, business, now, .. } = *joining;
    let mut after = Stored::next(after, before.version, now);
    // Words of an earlier name stay; the next change by a person takes them away.
    if before.words.len() < MAX_INDEXED {
        after.words.extend(before.words.iter().cloned());
    } else {
        after.words.clone_from(&before.words);
    }
    let (mut rows, made) = beside(&after.contact, false)?;
    for entry in &entries {
        if let What::LeadMove(moved) = &entry.what {
            rows.push(joining.events.tell(&event::lead_moved(business, &after.contact, moved, now))?);
        }
    }
    save_with(table, business, before, after, &entries, rows).await?;
    Ok(made)
}
