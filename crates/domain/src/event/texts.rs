//! What events say of texts.

use serde::Serialize;

use super::{Body, Happened, Links, Time, Type};
use crate::texts::Body as Words;
use crate::texts::incoming::Incoming;
use crate::texts::thread::{Handed, Thread};
use crate::{BusinessId, Timestamp};

/// The body of `message.received`.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = EventMessageReceived))]
pub struct MessageReceived<'a> {
    /// The thread that the text is in.
    pub thread: &'a str,
    /// Its place in the thread, from 1.
    pub number: u64,
    /// `sms` or `whatsapp`.
    pub medium: &'static str,
    /// Who wrote: a number, or an id of WhatsApp.
    pub from: &'a str,
    /// The number of the business.
    pub to: &'a str,
    /// The contact of the person; null: not known.
    pub contact: Option<String>,
    /// What the person calls themselves; null: not said. It proves nothing.
    pub name: Option<&'a str>,
    /// What it is: `text`, `media`, `location`, `card`, `choice`, `order`, `reaction`, `edit`, `deletion`, `unsupported`.
    pub kind: &'static str,
    /// The words, or a line that says what it is.
    pub text: &'a str,
    /// Pictures, voice notes and documents. Their bytes are on their way.
    pub media: Vec<MediaTold<'a>>,
    /// Who answers: `agent`, `person`.
    pub owner: &'static str,
    /// When it came.
    pub received_at: Time,
    /// Where more is found.
    pub links: Links,
}

/// A picture, a voice note or a document.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = EventMedia))]
pub struct MediaTold<'a> {
    /// What the carrier says that it is; null: it says nothing.
    pub content_type: Option<&'a str>,
    /// The name of a document; null: it has none.
    pub file_name: Option<&'a str>,
    /// Whether it is a voice note.
    pub voice: bool,
}

/// The body of `thread.handed_over`.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = EventThreadHandedOver))]
pub struct ThreadHandedOver<'a> {
    /// The business.
    pub business: &'a str,
    /// The thread.
    pub thread: &'a str,
    /// Null: the person has no contact.
    pub contact: Option<String>,
    /// `sms` or `whatsapp`.
    pub medium: &'static str,
    /// In the agent's words.
    pub reason: &'a str,
    /// What the agent noted for the business; null: nothing.
    pub message: Option<&'a str>,
    /// When.
    pub handed_over_at: Time,
    /// Where more is found.
    pub links: Links,
}

fn links(thread: &Thread) -> Links {
    let mut links = Links::to("thread", format!("/v1/threads/{}", thread.id));
    if let Some(contact) = thread.contact {
        links = links.and("contact", format!("/v1/contacts/{contact}"));
    }
    links
}

/// A text came, and has this number in the thread. `None`: no person wrote it.
pub fn received<'a>(thread: &'a Thread, number: u64, incoming: &'a Incoming) -> Option<Happened<'a>> {
    if !incoming.kind.is_from_person() {
        return None;
    }
    let body = MessageReceived {
        thread: thread.id.as_str(),
        number,
        medium: thread.sender.medium.as_str(),
        from: incoming.from.as_str(),
        to: thread.sender.number.as_e164(),
        contact: thread.contact.map(|contact| contact.to_string()),
        name: incoming.name.as_ref().map(Words::as_str),
        kind: incoming.kind.as_str(),
        text: incoming.body.as_str(),
        media: incoming.media.iter().map(media).collect(),
        owner: match thread.owner {
            crate::texts::thread::Owner::Agent => "agent",
            crate::texts::thread::Owner::Person { .. } => "person",
        },
        received_at: Time(incoming.came_at),
        links: links(thread),
    };
    let name = format!("{}#{number:06}", thread.id);
    let body = Body::MessageReceived(Box::new(body));
    Some(of_thread(&thread.business, Type::MessageReceived, &name, incoming.came_at, body))
}

fn media(media: &crate::texts::incoming::Media) -> MediaTold<'_> {
    MediaTold {
        content_type: media.content_type.as_deref(),
        file_name: media.file_name.as_ref().map(Words::as_str),
        voice: media.voice,
    }
}

/// The agent gave the thread to a person. `None`: it did not.
pub fn handed_over(thread: &Thread) -> Option<Happened<'_>> {
    let Handed { reason, at } = thread.handed.as_ref()?;
    let body = ThreadHandedOver {
        business: thread.business.as_str(),
        thread: thread.id.as_str(),
        contact: thread.contact.map(|contact| contact.to_string()),
        medium: thread.sender.medium.as_str(),
        reason: reason.as_str(),
        message: thread.message.as_ref().map(Words::as_str),
        handed_over_at: Time(*at),
        links: links(thread),
    };
    // Each change of hands has a number.
    let name = format!("{}#{}", thread.id, thread.turn);
    let body = Body::ThreadHandedOver(Box::new(body));
    Some(of_thread(&thread.business, Type::ThreadHandedOver, &name, *at, body))
}

fn of_thread<'a>(
    business: &BusinessId,
    kind: Type,
    name: &str,
    at: Timestamp,
    body: Body<'a>,
) -> Happened<'a> {
    let id = format!("{}#{name}", kind.name());
    Happened { business: business.clone(), id, kind, call: None, direction: None, at, body }
}
