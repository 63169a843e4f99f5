//! A contact after a row.

use super::super::{
    Contact, Entry, FieldValue, Known, LeadChange, LeadRequest, MovedBy, Pipeline, Source, What,
};
use super::{Code, Mode, SheetRow};
use crate::Timestamp;
use crate::access::KeyId;

/// How rows are taken over.
#[derive(Debug, Clone, Copy)]
pub struct Applying<'a> {
    /// What is done with contacts that are there.
    pub mode: Mode,
    /// The business's statuses.
    pub pipeline: &'a Pipeline,
    /// The key with which the import was asked for.
    pub by: &'a KeyId,
    /// When.
    pub now: Timestamp,
}

/// What a row came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Applied {
    /// Whether the contact has changed.
    pub changed: bool,
    /// What there is to say of it.
    pub codes: Vec<Code>,
    /// What its timeline is told.
    pub entries: Vec<Entry>,
}

impl SheetRow {
    /// Makes a new contact of the row: everything that it says. The lead begins with its status, which is no move.
    pub fn begin(&self, contact: &mut Contact, how: &Applying<'_>) {
        let all = Applying { mode: Mode::Overwrite, ..*how };
        self.write(contact, &all, &mut Applied::default());
        if let Some(status) = &self.status {
            contact.lead.status = Some(status.clone());
            contact.lead.since = Some(how.now);
        }
    }

    /// Takes the row over into a contact that is there, as far as the mode goes. Nothing is taken away: an empty cell says
    /// nothing, and handles and tags are added. Doing it again changes nothing.
    pub fn apply(&self, contact: &mut Contact, how: &Applying<'_>) -> Applied {
        let mut applied = Applied::default();
        if how.mode == Mode::Create {
            applied.codes.push(Code::Exists);
            return applied;
        }
        self.write(contact, how, &mut applied);
        if let Some(to) = &self.status
            && (how.mode == Mode::Overwrite || contact.lead.status.is_none())
        {
            let by = MovedBy::Key(how.by.clone());
            let request = LeadRequest { to: to.clone(), by, reason: None, confidence: None, at: how.now };
            if let Ok(LeadChange::Moved(moved)) = contact.lead.ask(how.pipeline, &request) {
                let name = format!("{}#{}", contact.id, moved.number);
                applied.entries.push(Entry::new(how.now, &name, What::LeadMove(moved)));
                applied.changed = true;
            }
        }
        if !contact.mistakes().is_empty() {
            applied.codes.push(Code::TooMuch);
        }
        applied
    }

    fn write(&self, contact: &mut Contact, how: &Applying<'_>, applied: &mut Applied) {
        let before = (contact.handles.len(), contact.tags.len());
        contact.handles.extend(self.handles.iter().cloned());
        contact.tags.extend(self.tags.iter().cloned());
        let mut kept = false;
        applied.changed |= before != (contact.handles.len(), contact.tags.len());
        if let Some(name) = &self.name {
            let shown = contact.name();
            let differs = shown.is_none_or(|shown| shown.value != *name);
            let own = contact.names.get(&Source::Import);
            let replaces = match how.mode {
                Mode::Create | Mode::Fill => shown.is_none(),
                Mode::Overwrite => own.is_none_or(|own| own.value != *name),
            };
            kept |= differs && shown.is_some_and(|shown| shown.source > Source::Form);
            if differs && replaces {
                contact.names.remove(&Source::Form);
                contact.names.insert(Source::Import, Known::by(Source::Import, name.clone(), how.now));
                applied.changed = true;
            }
        }
        for (standing, new) in [
            (&mut contact.language, &self.language),
            (&mut contact.time_zone, &self.time_zone),
            (&mut contact.company, &self.company),
        ] {
            applied.changed |= put(standing, new.as_ref(), how, &mut kept);
        }
        for (key, value) in &self.fields {
            let mut standing: Option<Known<FieldValue>> = contact.fields.remove(key);
            applied.changed |= put(&mut standing, Some(value), how, &mut kept);
            contact.fields.extend(standing.map(|standing| (key.clone(), standing)));
        }
        let overwrites = how.mode == Mode::Overwrite;
        if self.name_policy.is_some()
            && contact.name_policy != self.name_policy
            && (overwrites || contact.name_policy.is_none())
        {
            contact.name_policy = self.name_policy;
            applied.changed = true;
        }
        if self.owner.is_some() && contact.owner != self.owner && (overwrites || contact.owner.is_none()) {
            contact.owner.clone_from(&self.owner);
            applied.changed = true;
        }
        if kept {
            applied.codes.push(Code::Kept);
        }
    }
}

/// Writes a value as far as the mode goes. `true`: it changed something.
fn put<T: Clone + PartialEq>(
    standing: &mut Option<Known<T>>,
    new: Option<&T>,
    how: &Applying<'_>,
    kept: &mut bool,
) -> bool {
    let Some(new) = new else { return false };
    let replaces = match standing {
        None => true,
        Some(known) if known.value == *new => false,
        Some(known) if known.source > Source::Form => {
            *kept = true;
            false
        }
        Some(_) => how.mode == Mode::Overwrite,
    };
    if replaces {
        *standing = Some(Known::by(Source::Import, new.clone(), how.now));
    }
    replaces
}
