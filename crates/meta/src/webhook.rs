//! What Meta posts (Cloud API webhooks): many events in one body.

mod content;
mod identity;
mod read;
#[cfg(test)]
mod tests;

use std::fmt;

use serde_json::Value;

pub use content::{Content, Media};
use read::{list, number, text};

/// Largest body that is looked at (Meta's own bound for webhooks).
pub const MAX_BODY_BYTES: usize = 3 * 1024 * 1024;
/// Most events in one body.
pub const MAX_EVENTS: usize = 1_000;

/// Why a body holds nothing at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It is no JSON object.
    #[error("the body is no JSON object")]
    Json,
    /// It is of another product of Meta's.
    #[error("the body is not about a WhatsApp Business Account")]
    OtherObject,
    /// More than [`MAX_EVENTS`].
    #[error("the body has more than {MAX_EVENTS} events")]
    TooMany,
}

/// The events of one body, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Batch {
    /// Those that could be read.
    pub events: Vec<Event>,
    /// How many could not: without a name, a sender or a person.
    pub unreadable: usize,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A person wrote, or the business did in Meta's own app.
    Message(Box<Message>),
    /// What became of something that we sent.
    Status(Status),
    /// A person wants advertising, or none any more.
    Preference(Preference),
}

/// Something that was sent to a sender of the business.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// Meta's name of it, `wamid....`.
    pub id: String,
    /// Meta's name of the sender.
    pub phone_number_id: String,
    /// The sender's number, digits alone.
    pub display_phone_number: String,
    /// The person's number, digits alone. Absent for a person who has hidden it.
    pub wa_id: Option<String>,
    /// The person's id at this business.
    pub user_id: Option<String>,
    /// The person's id at the business's parent.
    pub parent_user_id: Option<String>,
    /// What the person calls themselves.
    pub profile_name: Option<String>,
    /// When it was written, seconds since the Unix epoch.
    pub timestamp: Option<i64>,
    /// The message that it answers, by Meta's name.
    pub context: Option<String>,
    /// Whether a person of the business wrote it in Meta's own app.
    pub echo: bool,
    /// What it is.
    pub content: Content,
}

impl Message {
    /// Where an answer goes: the number, or the id of a person without one.
    pub fn address(&self) -> Option<&str> {
        self.wa_id.as_deref().or(self.user_id.as_deref())
    }
}

/// Identifiers that name no person.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("phone_number_id", &self.phone_number_id)
            .field("kind", &self.content.as_str())
            .finish_non_exhaustive()
    }
}

/// What became of something that we sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Meta's name of what was sent.
    pub id: String,
    /// Meta's word: `sent`, `delivered`, `read`, `played`, `failed`, or a new one.
    pub status: String,
    /// The first error's code, on failures.
    pub error_code: Option<u32>,
    /// What we sent along (`biz_opaque_callback_data`): our own name of it.
    pub send_id: Option<String>,
    /// Meta's name of the sender.
    pub phone_number_id: String,
}

/// Whether a person wants advertising.
#[derive(Clone, PartialEq, Eq)]
pub struct Preference {
    /// Meta's name of the sender.
    pub phone_number_id: String,
    /// The sender's number, digits alone.
    pub display_phone_number: String,
    /// The person's number or id.
    pub address: String,
    /// `stop` or `resume`.
    pub value: String,
    /// When, seconds since the Unix epoch.
    pub timestamp: Option<i64>,
}

impl fmt::Debug for Preference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Preference").field("value", &self.value).finish_non_exhaustive()
    }
}

/// Reads a verified body.
///
/// # Errors
/// [`BodyError`] when it is not of WhatsApp at all. An event that cannot be read is counted, and costs no other one.
pub fn unfold(body: &[u8]) -> Result<Batch, BodyError> {
    let body: Value = serde_json::from_slice(body).map_err(|_| BodyError::Json)?;
    if !body.is_object() {
        return Err(BodyError::Json);
    }
    if text(&body, "object").as_deref() != Some("whatsapp_business_account") {
        return Err(BodyError::OtherObject);
    }
    let mut batch = Batch::default();
    for change in list(&body, "entry").iter().flat_map(|entry| list(entry, "changes")) {
        let Some(value) = change.get("value").filter(|value| value.is_object()) else { continue };
        of_change(value, &mut batch);
        if batch.events.len() + batch.unreadable > MAX_EVENTS {
            return Err(BodyError::TooMany);
        }
    }
    Ok(batch)
}

fn of_change(value: &Value, batch: &mut Batch) {
    let contacts = list(value, "contacts");
    let events = [
        ("messages", false),
        // What the business wrote in Meta's app, where both are used side by side.
        ("message_echoes", true),
        ("smb_message_echoes", true),
    ];
    for (field, echo) in events {
        for item in list(value, field) {
            match message(value, contacts, item, echo) {
                Some(message) => batch.events.push(Event::Message(Box::new(message))),
                None => batch.unreadable += 1,
            }
        }
    }
    for item in list(value, "statuses") {
        match status(value, item) {
            Some(status) => batch.events.push(Event::Status(status)),
            None => batch.unreadable += 1,
        }
    }
    for item in list(value, "user_id_update") {
        match identity::update(value, item) {
            Some(message) => batch.events.push(Event::Message(Box::new(message))),
            None => batch.unreadable += 1,
        }
    }
    for item in list(value, "user_preferences") {
        match preference(value, item) {
            Some(preference) => batch.events.push(Event::Preference(preference)),
            None => batch.unreadable += 1,
        }
    }
}

/// The sender: Meta's name of it, and its number.
fn sender(value: &Value) -> Option<(String, String)> {
    let metadata = value.get("metadata")?;
    let number = text(metadata, "display_phone_number")?;
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    Some((text(metadata, "phone_number_id")?, digits))
}

fn message(value: &Value, contacts: &[Value], item: &Value, echo: bool) -> Option<Message> {
    let (phone_number_id, display_phone_number) = sender(value)?;
    // An echo is from the business to the person.
    let person = text(item, if echo { "to" } else { "from" });
    let of_item = |name: &str| text(item, name);
    let own_id = of_item(if echo { "to_user_id" } else { "from_user_id" });
    let contact = contact_of(contacts, person.as_deref(), own_id.as_deref());
    let of_contact = |name: &str| contact.and_then(|contact| text(contact, name));
    let is_number = |text: &String| text.bytes().all(|byte| byte.is_ascii_digit());
    let wa_id = person.clone().filter(is_number).or_else(|| of_contact("wa_id").filter(is_number));
    let user_id = own_id.or_else(|| of_contact("user_id")).or_else(|| person.filter(|text| !is_number(text)));
    let own_parent = of_item(if echo { "to_parent_user_id" } else { "from_parent_user_id" });
    // That a person's id has changed comes from no person at all.
    let (wa_id, user_id) = match (wa_id, user_id) {
        (None, None) => identity::before(item),
        known => known,
    };
    let message = Message {
        id: of_item("id")?,
        phone_number_id,
        display_phone_number,
        wa_id,
        user_id,
        parent_user_id: own_parent.or_else(|| of_contact("parent_user_id")),
        profile_name: contact
            .and_then(|contact| contact.get("profile"))
            .and_then(|profile| text(profile, "name")),
        timestamp: number(item, "timestamp"),
        context: item.get("context").and_then(|context| text(context, "id")),
        echo,
        content: Content::of(item),
    };
    message.address().is_some().then_some(message)
}

/// The contact of a message: the one with its number or id, else the only one that there is.
fn contact_of<'a>(contacts: &'a [Value], number: Option<&str>, id: Option<&str>) -> Option<&'a Value> {
    let is = |contact: &&Value, name: &str, wanted: Option<&str>| {
        wanted.is_some() && text(contact, name).as_deref() == wanted
    };
    let found = contacts.iter().find(|contact| is(contact, "wa_id", number) || is(contact, "user_id", id));
    match contacts {
        [only] => found.or(Some(only)),
        _ => found,
    }
}

fn status(value: &Value, item: &Value) -> Option<Status> {
    let (phone_number_id, _) = sender(value)?;
    let code = list(item, "errors").iter().find_map(|error| number(error, "code"));
    Some(Status {
        id: text(item, "id")?,
        status: text(item, "status")?,
        error_code: code.and_then(|code| u32::try_from(code).ok()),
        send_id: text(item, "biz_opaque_callback_data"),
        phone_number_id,
    })
}

fn preference(value: &Value, item: &Value) -> Option<Preference> {
    let (phone_number_id, display_phone_number) = sender(value)?;
    Some(Preference {
        phone_number_id,
        display_phone_number,
        address: text(item, "wa_id").or_else(|| text(item, "user_id"))?,
        value: text(item, "value")?,
        timestamp: number(item, "timestamp"),
    })
}
