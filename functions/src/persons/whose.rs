//! What is a person's: by what it is found, for an erasure and for an export alike.

use domain::contact::erasure::Trace;
use domain::contact::{ContactId, What};
use domain::{BusinessId, CallSid, Timestamp};
use stores::texts::Theirs;
use stores::{calls, contacts, texts};

use crate::edge::batch::JobError;
use crate::edge::parts::parts;

/// Entries of one read of a timeline.
const PAGE: u16 = 100;

parts! {
    /// Finds what is a person's.
    pub(super) struct Finder {
        pub(super) contacts: contacts::Reader,
        calls: calls::Reader,
        pub(super) texts: texts::Reader,
    }
}

impl Finder {
    /// Adds what is the person's at a moment: all ids and handles of the contact, all calls that its timeline or their numbers
    /// lead to, and their threads.
    pub(super) async fn gather(
        &self,
        business: &BusinessId,
        (contact, at): (ContactId, Timestamp),
        trace: &mut Trace,
    ) -> Result<(), JobError> {
        if let Some(stored) = self.contacts.one(business, contact).await?
            && stored.contact.id == contact
        {
            trace.learn(&stored.contact);
        }
        let ids: Vec<_> = trace.contacts.iter().copied().collect();
        let mut behind = None;
        loop {
            let page = self.contacts.timeline(business, &ids, None, PAGE, behind).await?;
            trace.add_calls(page.entries.iter().filter_map(|entry| call(&entry.what)));
            behind = page.next;
            if behind.is_none() {
                break;
            }
        }
        let numbers = trace.numbers();
        trace.add_calls(self.calls.of_person(business, &numbers, &trace.contacts, at).await?);
        let handles = trace.of_texts();
        let theirs = Theirs { contacts: &trace.contacts, handles: &handles, before: at };
        let threads = self.texts.threads_of(business, theirs).await?;
        trace.threads.extend(threads.into_iter().map(|thread| thread.id));
        Ok(())
    }
}

/// The call that an entry of a timeline is about.
fn call(what: &What) -> Option<CallSid> {
    match what {
        What::Call(entry) => Some(entry.call.clone()),
        What::Message { call, .. } => call.clone(),
        What::Voicemail { call, .. } => Some(call.clone()),
        What::Appointment { .. }
        | What::Text { .. }
        | What::HandOver { .. }
        | What::Note(_)
        | What::LeadMove(_)
        | What::Lead { .. }
        | What::Merge { .. }
        | What::Unmerge { .. } => None,
    }
}
