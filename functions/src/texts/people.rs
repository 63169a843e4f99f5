//! The people who write, as the business's contacts know them: who they are, and what is told of them.

use std::future::ready;
use std::time::Duration;

use domain::contact::{Contact, ContactId, Entry, What};
use domain::texts::incoming::Incoming;
use domain::texts::thread::Thread;
use domain::texts::{self, Medium};
use domain::{Business, BusinessId, Direction, Timestamp};
use stores::StoreError;
use stores::contacts::{First, Stored};
use tokio::time::Instant;

use crate::edge::parts::parts;
use crate::shared::about_contact::{AboutContact, Told};

/// How long a reply waits for what the contacts know.
const PATIENCE: Duration = Duration::from_secs(2);

parts! {
    pub(super) struct People {
        first: First,
        about: AboutContact,
    }
}

impl People {
    /// The contact of the person who wrote: the first text makes it, as a first call does. `None`: what wrote has no name
    /// that it has alone.
    pub(super) async fn met(
        &self,
        business: &BusinessId,
        incoming: &Incoming,
        now: Timestamp,
    ) -> Result<Option<Stored>, StoreError> {
        let handles = incoming.contact_handles();
        if handles.is_empty() {
            return Ok(None);
        }
        let name = incoming.name.as_ref().and_then(|name| Contact::profile_name(name.as_str(), now));
        let (stored, _) = Box::pin(self.first.met(business, &handles, name.as_ref(), now)).await?;
        Ok(Some(stored))
    }

    /// The contact of a person who is written to. `None`: the handle is one that many may have.
    pub(super) async fn of_handle(
        &self,
        business: &BusinessId,
        person: &texts::Handle,
        medium: Medium,
        now: Timestamp,
    ) -> Result<Option<ContactId>, StoreError> {
        let Some(handle) = person.of_contact(medium) else { return Ok(None) };
        let (stored, _) = self.first.of(business, &handle, now).await?;
        Ok(Some(stored.contact.id))
    }

    /// What the agent is told of the person, as far as it is answered in time: as in a call.
    pub(super) async fn known(&self, business: &Business, thread: &Thread, now: Timestamp) -> Told {
        let until = Instant::now() + PATIENCE;
        self.about.known(business, ready(thread.contact), thread.person.phone().as_ref(), now, until).await
    }

    /// Tells the contact's timeline of the texts of a day, if the text with this number is their first one.
    pub(super) async fn tell_talk(
        &self,
        thread: &Thread,
        number: u64,
        direction: Direction,
    ) -> Result<(), StoreError> {
        let Some(talk) = thread.talk.filter(|talk| talk.first == number) else { return Ok(()) };
        let what = What::Text { thread: thread.id.clone(), number: talk.first, direction };
        self.tell(thread, talk.at, &format!("{}#{}", thread.id, talk.first), what).await
    }

    async fn tell(&self, thread: &Thread, at: Timestamp, name: &str, what: What) -> Result<(), StoreError> {
        let Some(contact) = thread.contact else { return Ok(()) };
        // A contact that was deleted meanwhile has no timeline any more.
        self.first.tell(&thread.business, contact, &Entry::new(at, name, what)).await.map(drop)
    }
}
