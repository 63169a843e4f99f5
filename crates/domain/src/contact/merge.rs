//! Two contacts turn out to be one person, and perhaps are two after all.
//!
//! A merge is a function of the two contacts and of what a person chose; its result and both contacts as they were are
//! kept. Undoing it gives each part of the contact back that is still as the merge made it, and leaves what was changed
//! since. If nothing was, both contacts are what they were, to the byte.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use super::{
    Contact, ContactId, FieldKey, FieldValue, Handle, HandleKind, MAX_HANDLES, MAX_MERGED, MAX_TAGS,
};
use crate::Timestamp;
use crate::access::KeyId;

/// How long a merge can be undone.
pub const UNDO_FOR: Duration = Duration::from_secs(30 * 24 * 3_600);

/// A part of which the other contact's value is taken, where both have one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// What it is called.
    Name,
    /// How the agent may use the name.
    NamePolicy,
    /// The language.
    Language,
    /// The time zone.
    TimeZone,
    /// Where it works.
    Company,
    /// The member who looks after it.
    Owner,
    /// How far it is in the pipeline.
    Lead,
    /// One of the business's own fields.
    Field(FieldKey),
}

/// Why two contacts are not merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, thiserror::Error)]
#[strum(serialize_all = "snake_case")]
pub enum NotMerged {
    /// They are one.
    #[error("a contact is not merged into itself")]
    Same,
    /// Both together have too many handles.
    #[error("both together have more than {MAX_HANDLES} handles: take some away first")]
    Handles,
    /// Both together have too many tags.
    #[error("both together have more than {MAX_TAGS} tags: take some away first")]
    Tags,
    /// Too many contacts would be in one.
    #[error("no more than {MAX_MERGED} contacts can be merged into one")]
    Merged,
}

impl NotMerged {
    /// The word for programs.
    pub fn code(&self) -> &'static str {
        self.into()
    }
}

/// A merge, with all that its undoing takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergeRecord {
    /// The contact that stays, as it was.
    pub survivor: Contact,
    /// The contact that was merged into it, as it was.
    pub loser: Contact,
    /// The contact that the merge made.
    pub result: Contact,
    /// When.
    pub at: Timestamp,
    /// The key with which it was asked for; `None`: a carrier said that both are one person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<KeyId>,
}

/// Merges the contact `loser` into `survivor`, which keeps its id. Where both know something, what the survivor knows
/// stands, unless it is among the `choices`.
///
/// # Errors
/// [`NotMerged`].
pub fn merge(survivor: &Contact, loser: &Contact, choices: &BTreeSet<Choice>) -> Result<Contact, NotMerged> {
    if survivor.id == loser.id {
        return Err(NotMerged::Same);
    }
    let chosen = |choice: Choice| choices.contains(&choice);
    let mut whole = survivor.clone();
    whole.handles.extend(loser.handles.iter().cloned());
    if whole.handles.len() > MAX_HANDLES {
        return Err(NotMerged::Handles);
    }
    whole.tags.extend(loser.tags.iter().cloned());
    if whole.tags.len() > MAX_TAGS {
        return Err(NotMerged::Tags);
    }
    whole.merged.push(loser.id);
    whole.merged.extend(loser.merged.iter().copied());
    if whole.merged.len() > MAX_MERGED {
        return Err(NotMerged::Merged);
    }
    if let (true, Some(name)) = (chosen(Choice::Name), loser.name()) {
        // A higher name of the survivor would hide the chosen one.
        whole.names.retain(|source, _| *source < name.source);
        whole.names.insert(name.source, name.clone());
    }
    for (source, name) in &loser.names {
        whole.names.entry(*source).or_insert_with(|| name.clone());
    }
    either(&mut whole.name_policy, loser.name_policy.as_ref(), chosen(Choice::NamePolicy));
    either(&mut whole.language, loser.language.as_ref(), chosen(Choice::Language));
    either(&mut whole.time_zone, loser.time_zone.as_ref(), chosen(Choice::TimeZone));
    either(&mut whole.company, loser.company.as_ref(), chosen(Choice::Company));
    either(&mut whole.owner, loser.owner.as_ref(), chosen(Choice::Owner));
    for (key, value) in &loser.fields {
        if chosen(Choice::Field(key.clone())) {
            whole.fields.insert(key.clone(), value.clone());
        } else {
            whole.fields.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }
    if loser.lead.status.is_some() && (whole.lead.status.is_none() || chosen(Choice::Lead)) {
        whole.lead = loser.lead.clone();
    }
    let last = |contact: &Contact| contact.last_call.as_ref().map(|last| last.at);
    if last(loser) > last(survivor) {
        whole.last_call.clone_from(&loser.last_call);
    }
    Ok(whole)
}

/// Which two of these contacts a carrier has told to be one person, by naming their handles together: the one that stays,
/// and the one that joins it. A contact that is known by WhatsApp ids alone joins the one that has a number. Whatever else
/// meets in one text is for people to judge: a number goes from one person to another, an id does not.
pub fn joined_by_carrier<'a>(met: &[&'a Contact]) -> Option<(&'a Contact, &'a Contact)> {
    let [one, two] = met else { return None };
    let has_number =
        |contact: &Contact| contact.handles.iter().any(|handle| handle.kind() == HandleKind::Phone);
    let has_ids_alone = |contact: &Contact| {
        let is_id =
            |handle: &Handle| matches!(handle.kind(), HandleKind::Whatsapp | HandleKind::WhatsappParent);
        !contact.handles.is_empty() && contact.handles.iter().all(is_id)
    };
    [(*one, *two), (*two, *one)].into_iter().find(|(stays, joins)| has_number(stays) && has_ids_alone(joins))
}

fn either<T: Clone>(own: &mut Option<T>, other: Option<&T>, chosen: bool) {
    if let (true, Some(other)) = (chosen || own.is_none(), other) {
        *own = Some(other.clone());
    }
}

/// Both contacts after a merge was undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// The contact that stayed.
    pub survivor: Contact,
    /// The other one. It lacks handles that were taken from the survivor meanwhile.
    pub loser: Contact,
}

/// Undoes a merge, as far as the survivor, which is `now` like this, is still what the merge made of it.
pub fn undo(now: &Contact, record: &MergeRecord) -> Undone {
    let MergeRecord { survivor: before, loser, result, .. } = record;
    let came: BTreeSet<&Handle> = result.handles.difference(&before.handles).collect();
    let held = |handle: &&Handle| now.handles.contains(*handle);
    let last = back(&now.last_call, &result.last_call, &before.last_call);
    let survivor = Contact {
        id: now.id,
        handles: now.handles.iter().filter(|handle| !came.contains(handle)).cloned().collect(),
        names: back_each(&now.names, &result.names, &before.names),
        name_policy: back(&now.name_policy, &result.name_policy, &before.name_policy),
        language: back(&now.language, &result.language, &before.language),
        time_zone: back(&now.time_zone, &result.time_zone, &before.time_zone),
        company: back(&now.company, &result.company, &before.company),
        tags: {
            let came: BTreeSet<&String> = result.tags.difference(&before.tags).collect();
            now.tags.iter().filter(|tag| !came.contains(tag)).cloned().collect()
        },
        fields: back_each(&now.fields, &result.fields, &before.fields),
        owner: back(&now.owner, &result.owner, &before.owner),
        lead: back(&now.lead, &result.lead, &before.lead),
        last_call: last,
        merged: {
            let came: Vec<&ContactId> = loser.all_ids().collect();
            now.merged.iter().filter(|id| !came.contains(id)).copied().collect()
        },
    };
    let handles = loser.handles.iter().filter(held).cloned().collect();
    Undone { survivor, loser: Contact { handles, ..loser.clone() } }
}

fn back<T: PartialEq + Clone>(now: &T, result: &T, before: &T) -> T {
    if now == result { before.clone() } else { now.clone() }
}

/// The same for each entry of a map by itself.
fn back_each<K: Ord + Clone, V: PartialEq + Clone>(
    now: &BTreeMap<K, V>,
    result: &BTreeMap<K, V>,
    before: &BTreeMap<K, V>,
) -> BTreeMap<K, V> {
    let keys: BTreeSet<&K> = now.keys().chain(result.keys()).chain(before.keys()).collect();
    let entry =
        |key: &K| Some((key.clone(), back(&now.get(key), &result.get(key), &before.get(key))?.clone()));
    keys.into_iter().filter_map(entry).collect()
}

/// Why two contacts may be one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Likeness {
    /// They have one name. Many people do.
    SameName,
    /// They have one name and work at one place.
    SameNameAndCompany,
    /// A field of one holds a number or address by which the other is known.
    NamedHandle,
}

impl Likeness {
    /// The word by which it is shown.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A contact that may be the same person. It is a proposal: no contact is merged without a person's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// The other contact.
    pub contact: ContactId,
    /// Why it may be.
    pub likeness: Likeness,
}

/// Those of the others that may be the same person, the most likely first.
pub fn candidates<'a>(of: &Contact, others: impl IntoIterator<Item = &'a Contact>) -> Vec<Candidate> {
    let likeness = |other: &Contact| {
        let names = |of: &Contact| {
            let mut words = of.name_words();
            words.sort();
            words
        };
        let company = |of: &Contact| of.company.as_ref().map(|company| crate::text::words(&company.value));
        let (name, theirs) = (names(of), names(other));
        // A first name alone says nothing.
        let same_name = name.len() > 1 && name == theirs;
        if names_handle(of, other) || names_handle(other, of) {
            Some(Likeness::NamedHandle)
        } else if same_name && company(of).is_some() && company(of) == company(other) {
            Some(Likeness::SameNameAndCompany)
        } else {
            same_name.then_some(Likeness::SameName)
        }
    };
    let others = others.into_iter().filter(|other| other.id != of.id);
    let mut found: Vec<Candidate> = others
        .filter_map(|other| Some(Candidate { contact: other.id, likeness: likeness(other)? }))
        .collect();
    found.sort_by_key(|candidate| (std::cmp::Reverse(candidate.likeness), candidate.contact));
    found
}

/// Whether a text among the fields of one contact is a number or an address of the other.
fn names_handle(one: &Contact, other: &Contact) -> bool {
    named_handles(one).iter().any(|handle| other.handles.contains(handle))
}

/// The numbers and addresses among the texts of a contact's fields.
pub fn named_handles(contact: &Contact) -> BTreeSet<Handle> {
    let texts = contact.fields.values().filter_map(|known| match &known.value {
        FieldValue::Text(text) => Some(text),
        _ => None,
    });
    let read = texts.flat_map(|text| {
        [HandleKind::Phone, HandleKind::Email].into_iter().filter_map(|kind| Handle::read(kind, text).ok())
    });
    read.collect()
}
