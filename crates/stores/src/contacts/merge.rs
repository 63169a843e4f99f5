//! Merging contacts, and undoing it: each is one transaction.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use domain::access::KeyId;
use domain::contact::{
    self, Choice, ContactId, Entry, Handle, MergeRecord, NotMerged, UNDO_FOR, Undone, What,
};
use domain::{BusinessId, Timestamp};

use super::timeline::entry_action;
use super::write::{OURS, delete_action, put_action, word_actions};
use super::{
    BODY, CONTACT, INTO, NotSaved, Standing, Stored, UPDATED_AT, VERSION, Writer, draft, handle_key,
    is_not_too_large, key, merge_key, standing,
};
use crate::item::{Draft, number, text, to_json};
use crate::random;
use crate::table::Table;
use crate::transaction::{Transacted, transact};

/// What became of a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merged {
    /// The contact that stays.
    Done(Box<Stored>),
    /// The two do not fit into one.
    Not(NotMerged),
}

/// What became of the undoing of a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unmerged {
    /// Both contacts.
    Done {
        /// The one that stayed.
        survivor: Box<Stored>,
        /// The one that is there again.
        other: Box<Stored>,
    },
    /// The other one was not merged into this one, or that was undone.
    NotMerged,
    /// It is too long ago.
    TooLate,
}

impl Writer {
    /// Merges `loser` into `survivor`, if both are still as they were read.
    ///
    /// # Errors
    /// [`NotSaved`].
    pub async fn merge(
        &self,
        business: &BusinessId,
        (survivor, loser): (&Stored, &Stored),
        choices: &BTreeSet<Choice>,
        by: &KeyId,
        now: Timestamp,
    ) -> Result<Merged, NotSaved> {
        merge(&self.contacts, business, (survivor, loser), choices, Some(by), now).await
    }

    /// Undoes the merge of `other` into `survivor`, if that one is still as it was read.
    ///
    /// # Errors
    /// [`NotSaved`].
    pub async fn unmerge(
        &self,
        business: &BusinessId,
        survivor: &Stored,
        other: ContactId,
        now: Timestamp,
    ) -> Result<Unmerged, NotSaved> {
        let table = &self.contacts;
        let id = survivor.contact.id;
        let Some(row) = table.get(&merge_key(business, other)).await? else { return Ok(Unmerged::NotMerged) };
        let record: MergeRecord = row.json(BODY)?;
        let gone = table.get(&key(business, other)).await?.as_ref().map(standing).transpose()?;
        let Some(Standing::Merged { into, version }) = gone else { return Ok(Unmerged::NotMerged) };
        if into != id || record.survivor.id != id {
            return Ok(Unmerged::NotMerged);
        }
        if now.since(record.at) > UNDO_FOR {
            return Ok(Unmerged::TooLate);
        }
        let Undone { survivor: left, loser } = contact::undo(&survivor.contact, &record);
        is_not_too_large(table, &left)?;
        is_not_too_large(table, &loser)?;
        let back = Stored::next(loser, version, now);
        let stored = Stored::next(left, survivor.version, now);
        let again = key(business, other).item(draft(table, &back)?);
        let again = table.put_action(again, |put| {
            put.condition_expression("version = :seen").expression_attribute_values(":seen", number(version))
        });
        let mut actions = vec![put_action(table, business, &stored, survivor.version)?, again];
        actions.push(delete_action(table, &merge_key(business, other), None, None));
        for (one, another) in [(id, other), (other, id)] {
            let told = Entry::new(now, &another.to_string(), What::Unmerge { other: another });
            actions.push(entry_action(table, business, one, &told)?);
        }
        actions.extend(moved(table, business, &back.contact.handles, (id, other)));
        actions.extend(word_actions(table, business, id, &survivor.words, &stored.words));
        actions.extend(word_actions(table, business, other, &BTreeSet::new(), &back.words));
        match transact(table, &actions, &random::id(&table.name)?).await? {
            Transacted::Done => Ok(Unmerged::Done { survivor: Box::new(stored), other: Box::new(back) }),
            Transacted::Refused(_) => Err(NotSaved::Overtaken),
        }
    }
}

pub(super) async fn merge(
    table: &Table,
    business: &BusinessId,
    (survivor, loser): (&Stored, &Stored),
    choices: &BTreeSet<Choice>,
    by: Option<&KeyId>,
    now: Timestamp,
) -> Result<Merged, NotSaved> {
    let result = match contact::merge(&survivor.contact, &loser.contact, choices) {
        Ok(result) => result,
        Err(not) => return Ok(Merged::Not(not)),
    };
    is_not_too_large(table, &result)?;
    let (id, gone) = (survivor.contact.id, loser.contact.id);
    let record = MergeRecord {
        survivor: survivor.contact.clone(),
        loser: loser.contact.clone(),
        result: result.clone(),
        at: now,
        by: by.cloned(),
    };
    let stored = Stored::next(result, survivor.version, now);
    let redirect =
        Draft::default().text(INTO, id.to_string()).number(VERSION, loser.version + 1).time(UPDATED_AT, now);
    let redirect = table.put_action(key(business, gone).item(redirect), |put| {
        put.condition_expression("version = :seen")
            .expression_attribute_values(":seen", number(loser.version))
    });
    let kept = Draft::default().text(BODY, to_json(&table.name, BODY, &record)?);
    let kept = table.put_action(merge_key(business, gone).item(kept), |put| put);
    let told = Entry::new(now, &gone.to_string(), What::Merge { other: gone });
    let mut actions = vec![put_action(table, business, &stored, survivor.version)?, redirect, kept];
    actions.push(entry_action(table, business, id, &told)?);
    actions.extend(moved(table, business, &loser.contact.handles, (gone, id)));
    let none = BTreeSet::new();
    actions.extend(word_actions(table, business, gone, &loser.words, &none));
    actions.extend(word_actions(table, business, id, &survivor.words, &stored.words));
    match transact(table, &actions, &random::id(&table.name)?).await? {
        Transacted::Done => Ok(Merged::Done(Box::new(stored))),
        Transacted::Refused(_) => Err(NotSaved::Overtaken),
    }
}

/// The guards of handles that go from one contact to another.
fn moved(
    table: &Table,
    business: &BusinessId,
    handles: &BTreeSet<Handle>,
    (from, to): (ContactId, ContactId),
) -> Vec<TransactWriteItem> {
    let update = |handle: &Handle| {
        let update = Update::builder()
            .table_name(&*table.name)
            .set_key(Some(handle_key(business, handle).attributes()))
            .update_expression(format!("SET {CONTACT} = :to"))
            .condition_expression(OURS)
            .expression_attribute_values(":to", text(to.to_string()))
            .expression_attribute_values(":contact", text(from.to_string()));
        // Building fails only without table, key or expression; all are given.
        TransactWriteItem::builder().set_update(update.build().ok()).build()
    };
    handles.iter().map(update).collect()
}
