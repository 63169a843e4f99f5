//! The person at the other end of a call, as the business's contacts know them: the contact that the call is pinned to, and
//! what the agent is told.
//!
//! The first call from a number makes the contact. A call does not wait for it longer than a moment: without an answer in
//! time it goes on as one from a stranger.

use std::future::ready;
use std::time::Duration;

use domain::contact::Handle;
use domain::{Business, Call, PhoneNumber, Timestamp};
use futures_util::FutureExt as _;
use stores::contacts;
use stores::contacts::First;
use tokio::time::Instant;

use crate::edge::parts::{Needs, Opener, Part, parts};
use crate::shared::about_contact::{AboutContact, Told, in_time};

/// How long a call is kept waiting for it. The store answers in milliseconds; when it does not, a second of ringing is better
/// than being a stranger.
const PATIENCE: Duration = Duration::from_secs(1);

/// What makes contacts tells their business of them.
impl Part for First {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        let (table, events) = (needs.table("TABLE_CONTACTS"), needs.table("TABLE_EVENTS"));
        Box::new(move |deployment| Ok(Self::new(&deployment.aws, &table, &events)))
    }
}

parts! {
    /// Finds the contact at the other end, or makes it.
    pub(super) struct KnownCaller {
        first: First,
        contacts: contacts::Reader,
        about: AboutContact,
    }
}

impl KnownCaller {
    /// The contact of this number. Nothing that fails here keeps a call waiting or ends it. Two reads in a row: to which
    /// contact the number leads, and beside it the appointments under the number; then that contact, its notes and its
    /// appointments side by side.
    pub(super) async fn meet(
        &self,
        business: &Business,
        number: Option<&PhoneNumber>,
        now: Timestamp,
    ) -> Told {
        let Some(number) = number else { return Told::default() };
        let until = Instant::now() + PATIENCE;
        let handle = Handle::phone(number);
        let contact = in_time(business, until, self.contacts.id_of(&business.id, &handle)).shared();
        let known = contact.clone().map(Option::flatten);
        let told = Box::pin(self.about.known(business, known, Some(number), now, until)).await;
        if contact.await.is_none() || told.id.is_some() {
            return told;
        }
        match in_time(business, until, Box::pin(self.first.of(&business.id, &handle, now))).await {
            Some((stored, _)) => told.made(business, &stored),
            None => told,
        }
    }
}

parts! {
    /// Asks again what the agent of a call was told when the call began.
    pub(super) struct PinnedCaller {
        about: AboutContact,
    }
}

impl PinnedCaller {
    /// What is known of the contact that a call was pinned to, for an agent that takes the call over. Nothing that fails here
    /// ends the call.
    pub(super) async fn of(&self, business: &Business, call: &Call, now: Timestamp) -> Told {
        let until = Instant::now() + PATIENCE;
        // A call that is pinned to no contact was told nothing.
        let Some(id) = call.contact else { return Told::default() };
        self.about.known(business, ready(Some(id)), call.other_party(), now, until).await
    }
}
