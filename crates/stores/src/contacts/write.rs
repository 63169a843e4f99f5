//! Changes of a contact, each under the version that was read.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{Delete, TransactWriteItem};
use domain::contact::{
    Contact, ContactId, Entry, FieldSchema, Handle, LeadRequest, MovedBy, Pipeline, StatusId,
};
use domain::insight::{Extracted, Summary};
use domain::{BusinessId, CallSid, Timestamp};
use platform::Aws;
use platform::backoff::{CONTENTION, Tries};

use super::timeline::{entry_action, partitions};
use super::{
    CONTACT, NOTE_KEYS, Stored, TASK_KEYS, TIMELINE_KEYS, VERSION, Writer, draft, handle_key, is_too_large,
    key, merge_key, resolved, word_key,
};
use crate::StoreError;
use crate::item::{Draft, number, text};
use crate::random;
use crate::table::{Key, PK, SK, Table};
use crate::transaction::{Action, Transacted, transact};

/// The condition under which a contact is what was read.
pub(super) const AS_SEEN: &str = "version = :seen";
/// The condition under which a guard is the contact's.
pub(super) const OURS: &str = "contact = :contact";

/// The words of earlier names under which a contact is still found.
const MAX_WORDS: usize = 12;

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saved {
    /// It stands.
    Done(Box<Stored>),
    /// The contact was changed, merged or deleted since it was read.
    Overtaken,
    /// A handle belongs to another contact.
    Taken {
        /// The handle.
        handle: Handle,
        /// The contact that has it.
        by: ContactId,
    },
    /// It would have more than [`MAX_BYTES`](super::MAX_BYTES).
    TooLarge,
}

impl Writer {
    /// Changes a contact to `after`, if it is still as it was read, and puts these entries into its timeline.
    ///
    /// # Errors
    /// [`StoreError`]. After one the change may stand: read the contact again.
    pub async fn save(
        &self,
        business: &BusinessId,
        before: &Stored,
        after: Contact,
        entries: &[Entry],
        now: Timestamp,
    ) -> Result<Saved, StoreError> {
        let after = Stored::next(after, before.version, now);
        save(&self.contacts, business, before, after, entries).await
    }

    /// Deletes a contact with all that is kept of it, if it is still as it was read. `false`: it is not.
    ///
    /// # Errors
    /// [`StoreError`]; deleting again deletes what is left.
    pub async fn delete(&self, business: &BusinessId, stored: &Stored) -> Result<bool, StoreError> {
        let (table, contact) = (&self.contacts, &stored.contact);
        let ids: Vec<ContactId> = contact.all_ids().copied().collect();
        // What is kept of it first: while the contact is there, deleting can be asked for again.
        self.forget(business, &ids).await?;
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
        let done = matches!(transact(table, &actions, &random::id(&table.name)?).await?, Transacted::Done);
        if done {
            // What was told of it meanwhile.
            self.forget(business, &ids).await?;
        }
        Ok(done)
    }

    async fn forget(&self, business: &BusinessId, ids: &[ContactId]) -> Result<(), StoreError> {
        let table = &self.contacts;
        for pk in partitions(business, ids, &[TIMELINE_KEYS, NOTE_KEYS, TASK_KEYS]) {
            for row in table.query_only(&pk, "", "pk, sk").await? {
                let row = Key::new(row.text(PK)?, row.text(SK)?);
                let request = table.client.delete_item().table_name(&*table.name);
                let deleted = request.set_key(Some(row.attributes())).send().await;
                deleted.map_err(|error| table.error(&error))?;
            }
        }
        Ok(())
    }
}

pub(super) async fn save(
    table: &Table,
    business: &BusinessId,
    before: &Stored,
    stored: Stored,
    entries: &[Entry],
) -> Result<Saved, StoreError> {
    if is_too_large(table, &stored.contact)? {
        return Ok(Saved::TooLarge);
    }
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
    let refused = match transact(table, &actions, &random::id(&table.name)?).await? {
        Transacted::Done => return Ok(Saved::Done(Box::new(stored))),
        Transacted::Refused(refused) => refused,
    };
    for (handle, action) in added.iter().zip(refused.iter().skip(1)) {
        if let Action::Refused(Some(standing)) = action {
            let by = table.row(standing.clone()).parsed(CONTACT, ContactId::parse)?;
            return Ok(Saved::Taken { handle: (*handle).clone(), by });
        }
    }
    Ok(Saved::Overtaken)
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
    let delete = Delete::builder().table_name(&*table.name).set_key(Some(key.attributes()));
    let delete = match (seen, owner) {
        (Some(seen), _) => {
            delete.condition_expression(AS_SEEN).expression_attribute_values(":seen", number(seen))
        }
        (None, Some(owner)) => {
            delete.condition_expression(OURS).expression_attribute_values(":contact", text(owner.to_string()))
        }
        (None, None) => delete,
    };
    // Building fails only without a table or a key; both are given.
    TransactWriteItem::builder().set_delete(delete.build().ok()).build()
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
            if before.words.len() < MAX_WORDS {
                after.words.extend(before.words.iter().cloned());
            } else {
                after.words.clone_from(&before.words);
            }
            match save(table, business, &before, after, &[]).await? {
                Saved::Done(_) => return Ok(true),
                Saved::TooLarge => return Ok(false),
                Saved::Overtaken | Saved::Taken { .. } => {}
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
        let table = &self.contacts;
        let exists = table.check_action(&key(business, id), |check| {
            check.condition_expression(format!("attribute_exists({VERSION})"))
        });
        let actions = [entry_action(table, business, id, entry)?, exists];
        Ok(matches!(transact(table, &actions, &random::id(&table.name)?).await?, Transacted::Done))
    }
}
