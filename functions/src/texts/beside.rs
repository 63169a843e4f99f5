//! What a step of a thread brings besides, for others to see: an event of the business, what a person left for it, an entry of
//! the contact's timeline. It is written with the step, or not at all.

use domain::contact::{ContactId, Entry, What};
use domain::messages::Left;
use domain::texts::incoming::Incoming;
use domain::texts::thread::{Handed, Thread};
use domain::tools::TakenMessage;
use domain::{Timestamp, event};
use providers::toolbox::message_id;
use stores::StoreError;
use stores::contacts::First;
use stores::events::NewEvent;
use stores::texts::Beside;
use stores::{events, messages};

use crate::edge::inbox::Jobs;
use crate::edge::parts::parts;
use crate::jobs::EndpointJob;

parts! {
    /// Those whose rows are written.
    pub(super) struct Outside {
        events: events::Writer,
        messages: messages::Writer,
        first: First,
        pub(super) endpoints: Jobs<EndpointJob>,
    }
}

/// What one step brings.
#[derive(Default)]
pub(super) struct Aside {
    event: Option<NewEvent>,
    left: Option<Left>,
    told: Option<(ContactId, Entry)>,
}

impl Outside {
    pub(super) fn of<'a>(&'a self, aside: &'a Aside) -> Beside<'a> {
        Beside {
            event: aside.event.as_ref().map(|event| (&self.events, event)),
            left: aside.left.as_ref().map(|left| (&self.messages, left)),
            told: aside.told.as_ref().map(|(contact, entry)| (&self.first, *contact, entry)),
        }
    }
}

impl Aside {
    /// A text that came, with its number.
    pub(super) fn received(thread: &Thread, number: u64, incoming: &Incoming) -> Result<Self, StoreError> {
        let happened = event::received(thread, number, incoming);
        Ok(Self { event: happened.as_ref().map(NewEvent::of).transpose()?, ..Self::default() })
    }
}

/// The agent gave the thread to a person.
pub(super) fn handed_over(thread: &Thread) -> Aside {
    let Some(Handed { reason, at }) = &thread.handed else { return Aside::default() };
    // Each change of hands has a number.
    let name = format!("{}#{}", thread.id, thread.turn);
    let event = event::handed_over(thread).and_then(|happened| NewEvent::of(&happened).ok());
    let what = What::HandOver { thread: thread.id.clone(), reason: reason.clone() };
    let told = thread.contact.map(|contact| (contact, Entry::new(*at, &name, what)));
    Aside { event, left: None, told }
}

/// The agent took a message. It is named by what it says and by the texts that are being answered, so that a worker that goes
/// on where another one was lost leaves it once.
pub(super) fn took(thread: &Thread, message: &TakenMessage, now: Timestamp) -> Aside {
    let since = thread.burst.map_or(now, |burst| burst.first);
    let left = Left::in_writing(thread, &message_id(message), since, message);
    let what = What::Message { call: None, thread: Some(thread.id.clone()), message: left.id };
    let entry = Entry::new(left.id.at(), &left.id.to_string(), what);
    let happened = event::left(&thread.business, None, thread.contact, &left);
    let event = happened.and_then(|happened| NewEvent::of(&happened).ok());
    Aside { event, told: thread.contact.map(|contact| (contact, entry)), left: Some(left) }
}
