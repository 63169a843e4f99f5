//! Changes of a contact, each under the version that was read.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::contact::{
    Contact, ContactId, Entry, FieldSchema, Handle, LeadRequest, MovedBy, Pipeline, StatusId, What,
};
use domain::insight::{Extracted, Summary};
use domain::{BusinessId, CallSid, Timestamp, event};
use platform::Aws;
use platform::backoff::{CONTENTION, Tries};

use super::timeline::{entry_action, partitions, tell};
use super::{
    CONTACT, MAX_INDEXED, NOTE_KEYS, Stored, TASK_KEYS, TIMELINE_KEYS, Writer, draft, handle_key,
    is_not_too_large, key, merge_key, resolved, word_key,
};
use crate::StoreError;
use crate::item::{Draft, number, text};
use crate::random;
use crate::table::{Key, Table};
use crate::transaction::{Action, Transacted, transact};

/// The condition under which a contact is what was read.
pub(super) const AS_SEEN: &str = "version = :seen";
/// The condition under which a guard is the contact's.
pub(super) const OURS: &str = "contact = :contact";

/// Why a contact was not written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSaved {
    /// It was changed, merged or deleted since it was read.
    #[error("the contact has changed since it was read")]
    Overtaken,
    /// A handle belongs to another contact.
    #[error("the {} belongs to the contact {by}", handle.kind().as_str())]
    Taken {
        /// The handle.
        handle: Handle,
        /// The contact that has it.
        by: ContactId,
    },
    /// It would have more than [`MAX_BYTES`](super::MAX_BYTES).
    #[error("the contact would be too large")]
    TooLarge,
    /// The store did not do it, or its answer was lost: read the contact again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Writer {
    /// Changes a contact to `after`, if it is still as it was read, and puts these entries into its timeline.
    ///
    /// # Errors
    /// [`NotSaved`].
    pub async fn save(
        &self,
        business: &BusinessId,
        before: &Stored,
        after: Contact,
        entries: &[Entry],
        now: Timestamp,
    ) -> Result<Stored, NotSaved> {
        let after = Stored::next(after, before.version, now);
        let told = self.moves(business, &after, entries)?;
        save_with(&self.contacts, business, before, after, entries, told).await
    }

    /// What the business is told of these entries: that the lead moved, if it did.
    pub(super) fn moves(
        &self,
        business: &BusinessId,
        after: &Stored,
        entries: &[Entry],
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let moved = entries.iter().filter_map(|entry| match &entry.what {
            What::LeadMove(moved) => Some(moved),
            _ => None,
        });
        let tell =
            |moved| self.events.tell(&event::lead_moved(business, &after.contact, moved, after.updated_at));
        moved.map(tell).collect()
    }

    /// Deletes a contact with all that is kept of it, if it is still as it was read. `false`: it is not.
    ///
    /// # Errors
    /// [`StoreError`]; deleting again deletes what is left.
    pub async fn delete(&self, business: &BusinessId, stored: &Stored) -> Result<bool, StoreError> {
        Ok(delete(&self.contacts, business, stored).await?.is_some())
    }
}

/// Deletes a contact with all that is kept of it, and says how many rows that were. `None`: it is not as it was read.
pub(super) async fn delete(
    table: &Table,
    business: &BusinessId,
    stored: &Stored,
) -> Result<Option<u64>, StoreError> {
    let contact = &stored.contact;
    let ids: Vec<ContactId> = contact.all_ids().copied().collect();
    // What is kept of it first: while the contact is there, deleting can be asked for again.
    let beside = forget(table, business, &ids).await?;
    let mut actions = vec![delete_action(table, &key(business, contact.id), Some(stored.version), None)];
    for merged in &contact.merged {
        actions.push(delete_action(table, &key(business, *merged), None, None));
        actions.push(delete_action(table, &merge_key(business, *merged), None, None));
    }
    let guards = contact.handles.iter();
    actions.extend(
        guards.map(|handle| delete_action(table, &handle_key(business, handle), None, Some(contact.id))),
    );
    actions.extend(
        stored
            .words
            .iter()
            .map(|word| delete_action(table, &word_key(business, word, contact.id), None, None)),
    );
    let own = u64::try_from(actions.len()).unwrap_or(u64::MAX);
    if !matches!(transact(table, &actions, &random::id(&table.name)?).await?, Transacted::Done) {
        return Ok(None);
    }
    // What was told of it meanwhile.
    Ok(Some(beside + own + forget(table, business, &ids).await?))
}

/// Deletes timelines, notes and tasks of these contacts.
pub(super) async fn forget(
    table: &Table,
    business: &BusinessId,
    ids: &[ContactId],
) -> Result<u64, StoreError> {
    let mut count = 0;
    for pk in partitions(business, ids, &[TIMELINE_KEYS, NOTE_KEYS, TASK_KEYS]) {
        count += table.delete_all(&pk, "").await?;
    }
    Ok(count)
}

pub(super) async fn save(
    table: &Table,
    business: &BusinessId,
    before: &Stored,
    stored: Stored,
    entries: &[Entry],
) -> Result<Stored, NotSaved> {
    save_with(table, business, before, stored, entries, vec![]).await
}

/// The same, with what else is written with it.
pub(super) async fn save_with(
    table: &Table,
    business: &BusinessId,
    before: &Stored,
    stored: Stored,
    entries: &[Entry],
    besides: Vec<TransactWriteItem>,
) -> Result<Stored, NotSaved> {
    is_not_too_large(table, &stored.contact)?;
    let mut actions = vec![put_action(table, business, &stored, before.version)?];
    let added: Vec<&Handle> = stored.contact.handles.difference(&before.contact.handles).collect();
    let id = stored.contact.id;
    let ours = || Draft::default().text(CONTACT, id.to_string());
    actions.extend(added.iter().map(|handle| table.put_new_action(&handle_key(business, handle), ours())));
    let removed = before.contact.handles.difference(&stored.contact.handles);
    actions.extend(removed.map(|handle| delete_action(table, &handle_key(business, handle), None, Some(id))));
    actions.extend(word_actions(table, business, id, &before.words, &stored.words));
    for entry in entries {
        actions.push(entry_action(table, business, id, entry)?);
    }
    actions.extend(besides);
    let refused = match transact(table, &actions, &random::id(&table.name)?).await? {
        Transacted::Done => return Ok(stored),
        Transacted::Refused(refused) => refused,
    };
    for (handle, action) in added.iter().zip(refused.iter().skip(1)) {
        if let Action::Refused(Some(standing)) = action {
            let by = table.row(standing.clone()).parsed(CONTACT, ContactId::parse)?;
            return Err(NotSaved::Taken { handle: (*handle).clone(), by });
        }
    }
    Err(NotSaved::Overtaken)
}

/// The contact in place of the version that was read.
pub(super) fn put_action(
    table: &Table,
    business: &BusinessId,
    stored: &Stored,
    seen: u64,
) -> Result<TransactWriteItem, StoreError> {
    let item = key(business, stored.contact.id).item(draft(table, stored)?);
    Ok(table.put_action(item, |put| {
        put.condition_expression(AS_SEEN).expression_attribute_values(":seen", number(seen))
    }))
}

/// The words that come, and those that go.
pub(super) fn word_actions(
    table: &Table,
    business: &BusinessId,
    id: ContactId,
    before: &BTreeSet<String>,
    after: &BTreeSet<String>,
) -> Vec<TransactWriteItem> {
    let put = |word: &String| {
        let item = word_key(business, word, id).item(Draft::default().text(CONTACT, id.to_string()));
        table.put_action(item, |put| put)
    };
    let delete = |word: &String| delete_action(table, &word_key(business, word, id), None, None);
    after.difference(before).map(put).chain(before.difference(after).map(delete)).collect()
}

/// A deletion, of a version that was read or of a guard that is this contact's.
pub(super) fn delete_action(
    table: &Table,
    key: &Key,
    seen: Option<u64>,
    owner: Option<ContactId>,
) -> TransactWriteItem {
    table.delete_action(key, |delete| match (seen, owner) {
        (Some(seen), _) => {
            delete.condition_expression(AS_SEEN).expression_attribute_values(":seen", number(seen))
        }
        (None, Some(owner)) => {
            delete.condition_expression(OURS).expression_attribute_values(":contact", text(owner.to_string()))
        }
        (None, None) => delete,
    })
}

/// What a call taught of a contact.
#[derive(Debug, Clone, Copy)]
pub struct Lesson<'a> {
    /// The call, and when it began.
    pub call: (&'a CallSid, Timestamp),
    /// What it came to.
    pub summary: Option<&'a Summary>,
    /// The facts that stand on quotes.
    pub extraction: &'a [Extracted],
    /// The status that it suggests for the lead.
    pub lead_status: Option<&'a str>,
}

/// Held by what sums calls up: it writes what they taught, and tells the timelines of what their owners know.
#[derive(Debug, Clone)]
pub struct Learner {
    contacts: Table,
}

impl Learner {
    /// `table` is the name of Contacts.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { contacts: Table::new(aws, table) }
    }

    /// Writes what a call taught into the contact to which its id leads now. `false`: it changes nothing, or the contact
    /// was deleted.
    ///
    /// # Errors
    /// [`StoreError`]; doing it again is safe.
    pub async fn learn(
        &self,
        business: &BusinessId,
        id: ContactId,
        lesson: Lesson<'_>,
        (schema, pipeline): (&FieldSchema, &Pipeline),
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let table = &self.contacts;
        let mut tries = Tries::with(CONTENTION);
        while tries.next().await {
            let Some(before) = resolved(table, business, id).await? else { return Ok(false) };
            let mut after = before.contact.clone();
            if !after.learn_from_call(lesson.call, lesson.summary, lesson.extraction, schema) {
                return Ok(false);
            }
            // How sure the model is of a status, it does not say: so a person decides.
            if let Some(to) = lesson.lead_status.and_then(|word| StatusId::parse(word).ok()) {
                let by = MovedBy::Call(lesson.call.0.clone());
                let request = LeadRequest { to, by, reason: None, confidence: None, at: now };
                if let Err(unknown) = after.lead.ask(pipeline, &request) {
                    tracing::debug!(%unknown, "a call suggests what is no status");
                }
            }
            let mut after = Stored::next(after, before.version, now);
            // What calls write takes no rows away; the next change by a person does.
            if before.words.len() < MAX_INDEXED {
                after.words.extend(before.words.iter().cloned());
            } else {
                after.words.clone_from(&before.words);
            }
            match save(table, business, &before, after, &[]).await {
                Ok(_) => return Ok(true),
                Err(NotSaved::TooLarge) => return Ok(false),
                Err(NotSaved::Overtaken | NotSaved::Taken { .. }) => {}
                Err(NotSaved::Store(error)) => return Err(error),
            }
        }
        Err(table.contended())
    }

    /// Tells the timeline of a contact what happened, in place of what was told under the same name. `false`: the contact
    /// was deleted.
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
