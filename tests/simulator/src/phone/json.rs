//! Messages and statuses as Meta posts them (Meta docs, "Webhooks reference: messages, status, user_id_update,
//! user_preferences, smb_message_echoes").

use serde_json::{Value, json};

use super::NotTaken;
use super::received::Received;
use super::report::Report;
use super::what::{Message, What};
use crate::meta::{Medium, Sender, State};

/// Something in a body of Meta's.
#[derive(Clone, Debug)]
pub enum Entry {
    /// A message.
    Message(Box<Message>),
    /// What became of a text of the business.
    Report(Received, Report),
    /// Several, in one change of one entry.
    Together(Vec<Entry>),
    /// An item of `messages` that the caller made up.
    Raw(Value),
}

impl From<Message> for Entry {
    fn from(message: Message) -> Self {
        Self::Message(Box::new(message))
    }
}

impl Entry {
    pub(super) fn message(&self) -> Option<&Message> {
        match self {
            Self::Message(message) => Some(message.as_ref()),
            Self::Report(..) | Self::Together(_) | Self::Raw(_) => None,
        }
    }
}

/// A body with one entry for each of these.
pub(super) fn body(state: &State, sender: &Sender, entries: &[Entry]) -> Result<String, NotTaken> {
    let mut made = Vec::new();
    for entry in entries {
        let together = match entry {
            Entry::Together(entries) => entries.as_slice(),
            one => std::slice::from_ref(one),
        };
        // What belongs to another field of the webhook is a change of its own.
        for (field, values) in changes(state, sender, together) {
            made.push(json!({
                "id": state.config.account,
                "changes": [{ "field": field, "value": values }],
            }));
        }
    }
    Ok(json!({ "object": "whatsapp_business_account", "entry": made }).to_string())
}

fn changes(state: &State, sender: &Sender, entries: &[Entry]) -> Vec<(&'static str, Value)> {
    let base = json!({
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": sender.display_phone_number,
            "phone_number_id": sender.phone_number_id,
        },
    });
    let mut main = base.clone();
    let mut others = Vec::new();
    for entry in entries {
        match entry {
            Entry::Report(received, report) => push(&mut main, "statuses", status(state, received, report)),
            Entry::Raw(item) => push(&mut main, "messages", item.clone()),
            Entry::Together(_) => {}
            Entry::Message(message) => match &message.what {
                What::UserIdUpdate { .. } | What::Preference { .. } | What::Echo(_) => {
                    others.push(elsewhere(base.clone(), sender, message));
                }
                _ => {
                    let contact = contact(message);
                    if !contact.is_null() {
                        push_once(&mut main, "contacts", contact);
                    }
                    push(&mut main, "messages", item(state, message));
                }
            },
        }
    }
    let mut all = Vec::new();
    if main != base {
        all.push(("messages", main));
    }
    all.extend(others);
    all
}

fn push(value: &mut Value, list: &str, item: Value) {
    match value[list].as_array_mut() {
        Some(items) => items.push(item),
        None => value[list] = json!([item]),
    }
}

fn push_once(value: &mut Value, list: &str, item: Value) {
    if !value[list].as_array().is_some_and(|items| items.contains(&item)) {
        push(value, list, item);
    }
}

/// The person, as `contacts` tells them. A change of the id comes without.
fn contact(message: &Message) -> Value {
    let person = &message.person;
    if matches!(message.what, What::ChangedUserId { .. } | What::ChangedNumber { .. }) {
        return Value::Null;
    }
    let mut contact = json!({ "profile": { "name": person.name } });
    if let Some(username) = &person.username {
        contact["profile"]["username"] = json!(username);
    }
    for (name, value) in [
        ("wa_id", person.digits()),
        ("user_id", person.user_id.as_deref()),
        ("parent_user_id", person.parent_user_id.as_deref()),
    ] {
        if let Some(value) = value {
            contact[name] = json!(value);
        }
    }
    contact
}

/// One item of `messages`.
fn item(state: &State, message: &Message) -> Value {
    let person = &message.person;
    let (kind, content) = content(state, message);
    let mut item = json!({
        "id": message.key,
        "timestamp": message.at.as_second().to_string(),
        "type": kind,
    });
    if !matches!(message.what, What::ChangedUserId { .. }) {
        for (name, value) in [
            ("from", person.digits()),
            ("from_user_id", person.user_id.as_deref()),
            ("from_parent_user_id", person.parent_user_id.as_deref()),
        ] {
            if let Some(value) = value {
                item[name] = json!(value);
            }
        }
    }
    if !content.is_null() {
        item[kind.as_str()] = content;
    }
    if matches!(message.what, What::Unsupported) {
        item["errors"] = json!([{
            "code": 131_051,
            "title": "Message type unknown",
            "message": "Message type unknown",
            "error_data": { "details": "Message type is currently not supported." },
        }]);
    }
    let mut context = serde_json::Map::new();
    if let Some(about) = &message.about {
        context.insert("from".into(), json!(message.person.digits()));
        context.insert("id".into(), json!(about));
    }
    let (forwarded, often) = message.forwarded;
    if forwarded {
        context.insert("forwarded".into(), json!(true));
    }
    if often {
        context.insert("frequently_forwarded".into(), json!(true));
    }
    if !context.is_empty() {
        item["context"] = Value::Object(context);
    }
    if let Some(ad) = &message.ad {
        item["referral"] = json!({
            "source_url": ad.url, "source_id": ad.id, "source_type": "ad", "headline": ad.headline,
            "body": ad.body, "media_type": "image", "image_url": format!("{}/picture", ad.url),
            "ctwa_clid": ad.click_id,
        });
    }
    for (name, value) in &message.extra {
        item[name.as_str()] = json!(value);
    }
    item
}

/// The type, and what stands under its name.
fn content(state: &State, message: &Message) -> (String, Value) {
    let (kind, content) = match &message.what {
        What::Text(words) => ("text", json!({ "body": words })),
        What::Media { caption, .. } => return media(state, message, caption),
        What::VoiceNote(_) | What::Sticker(_) => return media(state, message, ""),
        What::Location { latitude, longitude, name, address } => {
            let degrees =
                |text: &str| text.parse::<f64>().map_or_else(|_| json!(text), |degrees| json!(degrees));
            let mut place = json!({ "latitude": degrees(latitude), "longitude": degrees(longitude) });
            for (field, text) in [("name", name), ("address", address)] {
                if !text.is_empty() {
                    place[field] = json!(text);
                }
            }
            ("location", place)
        }
        What::Card { name, number } => {
            let phones =
                json!([{ "phone": number, "type": "CELL", "wa_id": number.trim_start_matches('+') }]);
            (
                "contacts",
                json!([{ "name": { "formatted_name": name, "first_name": name }, "phones": phones }]),
            )
        }
        What::TemplateButton { text, payload } => ("button", json!({ "text": text, "payload": payload })),
        What::Button { id, title } => {
            ("interactive", json!({ "type": "button_reply", "button_reply": { "id": id, "title": title } }))
        }
        What::Row { id, title, description } => {
            let row = json!({ "id": id, "title": title, "description": description });
            ("interactive", json!({ "type": "list_reply", "list_reply": row }))
        }
        What::Form(form) => {
            let reply = json!({ "name": "flow", "body": "Sent", "response_json": form.to_string() });
            ("interactive", json!({ "type": "nfm_reply", "nfm_reply": reply }))
        }
        What::Order(items) => {
            let item = |(name, count): &(String, u32)| json!({ "product_retailer_id": name, "quantity": count, "item_price": 12.5, "currency": "EUR" });
            let items: Vec<Value> = items.iter().map(item).collect();
            ("order", json!({ "catalog_id": "4711", "text": "", "product_items": items }))
        }
        What::Reaction { about, emoji } => {
            let mut reaction = json!({ "message_id": about });
            if let Some(emoji) = emoji {
                reaction["emoji"] = json!(emoji);
            }
            ("reaction", reaction)
        }
        What::Edit { about, body } => {
            let new = json!({ "type": "text", "text": { "body": body } });
            ("edit", json!({ "original_message_id": about, "message": new }))
        }
        What::Deletion { about } => ("revoke", json!({ "original_message_id": about })),
        What::Unsupported => ("unsupported", Value::Null),
        What::Unknown { kind } => return (kind.clone(), json!({ "id": "x", "of": { "anything": [1] } })),
        What::ChangedNumber { number, user_id } => {
            let digits = number.trim_start_matches('+');
            let was = message.person.digits().unwrap_or_default();
            let mut system = json!({
                "body": format!("User {} changed from {was} to {digits}", message.person.name),
                "wa_id": digits,
                "type": "user_changed_number",
            });
            if let Some(user_id) = user_id {
                system["user_id"] = json!(user_id);
            }
            ("system", system)
        }
        What::ChangedUserId { user_id } => {
            let was = message.person.user_id.as_deref().unwrap_or_default();
            let mut system = json!({
                "body": format!("User {} changed from {was} to {user_id}", message.person.name),
                "user_id": user_id,
                "type": "user_changed_user_id",
            });
            if let Some(digits) = message.person.digits() {
                system["wa_id"] = json!(digits);
            }
            ("system", system)
        }
        What::IdentityChanged => {
            let body = format!("{} has a new identity", message.person.name);
            ("system", json!({ "body": body, "identity": "af34", "type": "customer_identity_changed" }))
        }
        What::UserIdUpdate { .. } | What::Preference { .. } | What::Echo(_) => ("unsupported", Value::Null),
    };
    (kind.to_owned(), content)
}

/// Meta takes one file a message.
fn media(state: &State, message: &Message, caption: &str) -> (String, Value) {
    let Some(file) = message.files().first() else { return ("unsupported".to_owned(), Value::Null) };
    let medium = Medium { bytes: file.bytes.clone(), mime_type: file.content_type.clone(), late: file.late };
    let sha256 = medium.sha256();
    let id =
        message.media.get_or_init(|| vec![state.keep_medium(medium)]).first().cloned().unwrap_or_default();
    let kind = match (&message.what, file.content_type.split('/').next()) {
        (What::Sticker(_), _) => "sticker",
        (_, Some("image")) => "image",
        (_, Some("video")) => "video",
        (_, Some("audio")) => "audio",
        _ => "document",
    };
    let mut medium = json!({ "id": id, "mime_type": file.content_type, "sha256": sha256 });
    if !caption.is_empty() {
        medium["caption"] = json!(caption);
    }
    match kind {
        "audio" => medium["voice"] = json!(matches!(message.what, What::VoiceNote(_))),
        "sticker" => medium["animated"] = json!(false),
        "document" => medium["filename"] = json!(file.name),
        _ => {}
    }
    (kind.to_owned(), medium)
}

fn elsewhere(mut value: Value, sender: &Sender, message: &Message) -> (&'static str, Value) {
    let person = &message.person;
    let at = message.at.as_second().to_string();
    let mut contact = json!({ "profile": { "name": person.name } });
    let mut item = json!({ "timestamp": at });
    if let Some(digits) = person.digits() {
        contact["wa_id"] = json!(digits);
    }
    match &message.what {
        What::UserIdUpdate { previous, current } => {
            if let Some(digits) = person.digits() {
                item["wa_id"] = json!(digits);
            }
            item["detail"] = json!(format!("User id for {} has been updated.", person.name));
            item["user_id"] = json!({ "previous": previous, "current": current });
            value["contacts"] = json!([contact]);
            value["user_id_update"] = json!([item]);
            ("user_id_update", value)
        }
        What::Preference { wants_marketing } => {
            if let Some(digits) = person.digits() {
                item["wa_id"] = json!(digits);
            }
            if let Some(id) = &person.user_id {
                item["user_id"] = json!(id);
                contact["user_id"] = json!(id);
            }
            item["detail"] = json!("User requested to change marketing messages");
            item["category"] = json!("marketing_messages");
            item["value"] = json!(if *wants_marketing { "resume" } else { "stop" });
            value["contacts"] = json!([contact]);
            value["user_preferences"] = json!([item]);
            ("user_preferences", value)
        }
        _ => {
            let words = if let What::Echo(words) = &message.what { words.as_str() } else { "" };
            item["from"] = json!(sender.display_phone_number);
            item["id"] = json!(message.key);
            item["type"] = json!("text");
            item["text"] = json!({ "body": words });
            if let Some(digits) = person.digits() {
                item["to"] = json!(digits);
            }
            if let Some(id) = &person.user_id {
                item["to_user_id"] = json!(id);
            }
            value["message_echoes"] = json!([item]);
            ("smb_message_echoes", value)
        }
    }
}

fn status(state: &State, received: &Received, report: &Report) -> Value {
    let mut status = json!({
        "id": received.key,
        "status": report.status,
        "timestamp": state.config.now().as_second().to_string(),
        "recipient_id": received.to,
    });
    if let Some(opaque) = &received.callback {
        status["biz_opaque_callback_data"] = json!(opaque);
    }
    if matches!(report.status.as_str(), "sent" | "delivered") {
        status["conversation"] = json!({ "id": "c0", "origin": { "type": "service" } });
        status["pricing"] = json!({ "billable": false, "pricing_model": "PMP", "category": "service" });
    }
    if let Some(code) = report.code {
        status["errors"] = json!([{
            "code": code,
            "title": "It failed",
            "message": "It failed",
            "error_data": { "details": "The simulated person cannot be reached" },
        }]);
    }
    status
}
