//! Whom an erasure is about.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{CALLS_AT_ONCE, MAX_CALLS};
use crate::contact::{Contact, ContactId, Handle, HandleKind, PersonRequestId};
use crate::texts::ThreadId;
use crate::{CallSid, PhoneNumber, Timestamp};

/// How far the business's events were read, and for what: those before are read again only if it is more.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventsRead {
    /// The last one.
    pub to: u64,
    calls: usize,
    threads: usize,
    /// Contacts and handles: events name people by them, too.
    #[serde(default)]
    people: usize,
    held: BTreeSet<CallSid>,
}

/// Whom an erasure is about, for as long as it goes on.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// The contact, and those that went into it.
    pub contacts: BTreeSet<ContactId>,
    /// What identifies the person.
    pub handles: BTreeSet<Handle>,
    /// The person's calls, as far as they are known.
    #[serde(default)]
    pub calls: BTreeSet<CallSid>,
    /// Calls that this round is done with lie before this one.
    #[serde(default)]
    pub calls_to: Option<CallSid>,
    /// Calls of which something is under legal hold, by this round.
    #[serde(default)]
    pub held: BTreeSet<CallSid>,
    /// The person's threads of texts, as far as they are known.
    #[serde(default)]
    pub threads: BTreeSet<ThreadId>,
    /// How far events were read.
    #[serde(default)]
    pub events: EventsRead,
    /// The person's exports with the attempts that were begun of each: a worker that was at one when it was erased may put its
    /// file there later.
    #[serde(default)]
    pub exports: BTreeMap<PersonRequestId, u32>,
    /// When the contact was gone: what was written before may hold the person.
    #[serde(default)]
    pub gone_at: Option<Timestamp>,
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace").field("contacts", &self.contacts).finish_non_exhaustive()
    }
}

impl Trace {
    /// Adds what is known of a contact. `false`: it was known.
    pub fn learn(&mut self, contact: &Contact) -> bool {
        let before = (self.contacts.len(), self.handles.len());
        self.contacts.extend(contact.all_ids());
        self.handles.extend(contact.handles.iter().cloned());
        before != (self.contacts.len(), self.handles.len())
    }

    /// Adds calls, up to [`MAX_CALLS`]. `false`: they were known.
    pub fn add_calls(&mut self, calls: impl IntoIterator<Item = CallSid>) -> bool {
        let before = self.calls.len();
        for call in calls {
            if self.calls.len() < MAX_CALLS {
                self.calls.insert(call);
            }
        }
        self.calls.len() != before
    }

    /// The person's numbers.
    pub fn numbers(&self) -> Vec<PhoneNumber> {
        self.handles.iter().filter_map(Handle::number).collect()
    }

    /// What identifies the person where texts are written.
    pub fn of_texts(&self) -> BTreeSet<Handle> {
        let writes = |handle: &&Handle| match handle.kind() {
            HandleKind::Phone | HandleKind::Whatsapp | HandleKind::WhatsappParent => true,
            HandleKind::Email | HandleKind::External => false,
        };
        self.handles.iter().filter(writes).cloned().collect()
    }

    /// Behind which event the person is looked for: all are read again if there are more calls, threads, contacts or handles than
    /// when they were read, or other calls are held.
    pub fn events_from(&self) -> u64 {
        let read = &self.events;
        // They are added, and never taken away.
        let same =
            (self.calls.len(), self.threads.len(), self.people()) == (read.calls, read.threads, read.people);
        if same && self.held == read.held { read.to } else { 0 }
    }

    /// Notes that events were read up to this one.
    pub fn events_read(&mut self, to: u64) {
        let (calls, threads) = (self.calls.len(), self.threads.len());
        self.events = EventsRead { to, calls, threads, people: self.people(), held: self.held.clone() };
    }

    fn people(&self) -> usize {
        self.contacts.len() + self.handles.len()
    }

    /// The calls that the round goes on with, [`CALLS_AT_ONCE`] at most, and whether there are more.
    pub fn next_calls(&self) -> (Vec<CallSid>, bool) {
        let left = || self.calls.iter().filter(|call| self.calls_to.as_ref().is_none_or(|to| *call > to));
        (left().take(CALLS_AT_ONCE).cloned().collect(), left().count() > CALLS_AT_ONCE)
    }
}
