//! Texts and reports as Twilio posts them (Twilio docs, "Messaging webhooks", "Outbound message status in status callbacks").

use jiff::tz::TimeZone;
use serde_json::json;

use super::NotTaken;
use super::line::OverTwilio;
use super::received::Received;
use super::report::Report;
use super::what::{Message, What};

/// The fields of a form, in the order in which they are set; a later one of the same name replaces an earlier one.
struct Fields(Vec<(String, String)>);

impl Fields {
    fn set(&mut self, name: &str, value: &str) {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value.to_owned()));
    }

    fn set_all(&mut self, fields: &[(&str, &str)]) {
        for (name, value) in fields {
            self.set(name, value);
        }
    }
}

pub(super) fn of_message(
    line: &OverTwilio,
    message: &Message,
    media: &[String],
) -> Result<Vec<(String, String)>, NotTaken> {
    let mut fields = Fields(Vec::new());
    fields.set_all(&[
        ("MessageSid", &message.key),
        ("SmsSid", &message.key),
        ("SmsMessageSid", &message.key),
        ("AccountSid", &line.account.config.account_sid),
        ("ApiVersion", "2010-04-01"),
        ("SmsStatus", "received"),
        ("NumSegments", "1"),
        ("NumMedia", &media.len().to_string()),
        ("To", &line.address(&line.number)),
    ]);
    if let Some(service) = &message.service {
        fields.set("MessagingServiceSid", service);
    }
    if line.is_whatsapp {
        of_whatsapp(line, message, &mut fields)
    } else {
        of_sms(message, &mut fields)
    }
    content(line, message, &mut fields)?;
    for (n, (url, file)) in media.iter().zip(message.files()).enumerate() {
        fields.set(&format!("MediaUrl{n}"), url);
        fields.set(&format!("MediaContentType{n}"), &file.content_type);
    }
    if let Some(about) = &message.about {
        fields.set("OriginalRepliedMessageSid", about);
        fields.set("OriginalRepliedMessageSender", &line.address(&line.number));
    }
    if let Some(wish) = message.opt_out {
        fields.set("OptOutType", wish);
    }
    for (name, value) in &message.extra {
        fields.set(name, value);
    }
    Ok(fields.0)
}

fn of_sms(message: &Message, fields: &mut Fields) {
    fields.set("From", message.person.number.as_deref().unwrap_or_default());
    for party in ["From", "To"] {
        for (what, value) in [("City", "DUBLIN"), ("State", ""), ("Zip", ""), ("Country", "IE")] {
            fields.set(&format!("{party}{what}"), value);
        }
    }
}

fn of_whatsapp(line: &OverTwilio, message: &Message, fields: &mut Fields) {
    let person = &message.person;
    let from = person.number.as_deref().or(person.user_id.as_deref()).unwrap_or_default();
    fields.set("From", &line.address(from));
    fields.set("ProfileName", &person.name);
    let mut context = json!({ "ProfileName": person.name });
    if let Some(digits) = person.digits() {
        fields.set("WaId", digits);
        context["WaId"] = json!(digits);
    }
    if let Some(id) = &person.user_id {
        fields.set("ExternalUserId", &line.address(id));
        context["ExternalUserId"] = json!(line.address(id));
    }
    if let Some(id) = &person.parent_user_id {
        fields.set("ParentExternalUserId", &line.address(id));
    }
    if let Some(name) = &person.username {
        fields.set("ProfileUsername", name);
    }
    let metadata = json!({ "type": "whatsapp", "data": { "context": context } });
    fields.set("ChannelMetadata", &metadata.to_string());
    let (forwarded, often) = message.forwarded;
    fields.set("Forwarded", &forwarded.to_string());
    fields.set("FrequentlyForwarded", &often.to_string());
    fields.set("ReferralNumMedia", "0");
    if let Some(ad) = &message.ad {
        fields.set_all(&[
            ("ReferralHeadline", &ad.headline),
            ("ReferralBody", &ad.body),
            ("ReferralSourceId", &ad.id),
            ("ReferralSourceType", "ad"),
            ("ReferralSourceUrl", &ad.url),
            ("ReferralMediaUrl", &format!("{}/picture", ad.url)),
            ("ReferralCtwaClid", &ad.click_id),
        ]);
    }
}

/// Twilio tells the type of WhatsApp messages in lower case; an SMS has none.
fn content(line: &OverTwilio, message: &Message, fields: &mut Fields) -> Result<(), NotTaken> {
    let mut kind = "text".to_owned();
    let mut body = "";
    match &message.what {
        What::Text(words) => body = words,
        What::Media { files, caption } => {
            body = caption;
            let first = files.first().map_or("", |file| file.content_type.as_str());
            kind = match first.split('/').next() {
                Some(plain @ ("image" | "audio" | "video")) => plain.to_owned(),
                _ => "document".to_owned(),
            };
        }
        What::VoiceNote(_) => kind = "audio".to_owned(),
        What::Sticker(_) => kind = "sticker".to_owned(),
        What::Location { latitude, longitude, name, address } => {
            kind = "location".to_owned();
            fields.set_all(&[("Latitude", latitude), ("Longitude", longitude)]);
            for (field, text) in [("Label", name), ("Address", address)] {
                if !text.is_empty() {
                    fields.set(field, text);
                }
            }
        }
        What::Card { name, .. } => {
            kind = "contacts".to_owned();
            body = name;
        }
        What::TemplateButton { text, payload } => {
            kind = "button".to_owned();
            body = text;
            fields.set_all(&[
                ("ButtonText", text),
                ("ButtonPayload", payload),
                ("ButtonType", "QUICK_REPLY"),
            ]);
        }
        What::Button { id, title } => {
            kind = "interactive".to_owned();
            body = title;
            fields.set_all(&[("ButtonText", title), ("ButtonPayload", id), ("ButtonType", "QUICK_REPLY")]);
        }
        What::Row { id, title, description } => {
            kind = "interactive".to_owned();
            body = title;
            fields.set_all(&[("ListId", id), ("ListTitle", title), ("ListDescription", description)]);
        }
        What::Form(form) => {
            kind = "interactive".to_owned();
            let text = form.to_string();
            fields.set_all(&[
                ("FlowData", &text),
                ("InteractiveData", &json!({ "type": "nfm_reply" }).to_string()),
            ]);
        }
        What::Order(_) => kind = "order".to_owned(),
        What::Reaction { about, emoji } => {
            kind = "reaction".to_owned();
            body = emoji.as_deref().unwrap_or_default();
            fields.set("OriginalRepliedMessageSid", about);
        }
        What::Unsupported => kind = "unsupported".to_owned(),
        What::Unknown { kind: word } => kind.clone_from(word),
        what @ (What::Edit { .. }
        | What::Deletion { .. }
        | What::ChangedNumber { .. }
        | What::ChangedUserId { .. }
        | What::UserIdUpdate { .. }
        | What::IdentityChanged
        | What::Preference { .. }
        | What::Echo(_)) => return Err(NotTaken::NoSuchThing { what: what.as_str() }),
    }
    fields.set("Body", body);
    if line.is_whatsapp {
        fields.set("MessageType", &kind);
    }
    Ok(())
}

pub(super) fn of_report(line: &OverTwilio, received: &Received, report: &Report) -> Vec<(String, String)> {
    let mut fields = Fields(Vec::new());
    fields.set_all(&[
        ("MessageSid", &received.key),
        ("SmsSid", &received.key),
        ("AccountSid", &line.account.config.account_sid),
        ("ApiVersion", "2010-04-01"),
        ("From", &line.address(&line.number)),
        ("To", &received.to),
        ("MessageStatus", &report.status),
        ("SmsStatus", &report.status),
    ]);
    let has_failed = matches!(report.status.as_str(), "failed" | "undelivered");
    if let Some(code) = report.code {
        fields.set("ErrorCode", &code.to_string());
    }
    if line.is_whatsapp {
        fields.set_all(&[
            ("ChannelPrefix", "whatsapp"),
            ("ChannelInstallSid", &format!("XE{}", "7".repeat(32))),
            ("ChannelToAddress", &masked(&received.to)),
        ]);
        let event = match report.status.as_str() {
            "read" => Some("READ"),
            "delivered" => Some("DELIVERED"),
            "undelivered" => Some("UNDELIVERED"),
            _ => None,
        };
        if let Some(event) = event {
            fields.set("EventType", event);
        }
        if has_failed {
            fields.set("ChannelStatusMessage", "The message could not be delivered to the recipient");
        }
    } else if has_failed || report.status == "delivered" {
        let done = line.account.config.now().to_zoned(TimeZone::UTC).strftime("%y%m%d%H%M").to_string();
        fields.set("RawDlrDoneDate", &done);
    }
    fields.0
}

/// A number with its last digits hidden, as Twilio tells it.
fn masked(to: &str) -> String {
    let number = to.trim_start_matches("whatsapp:");
    let shown: String = number.chars().take(number.chars().count().saturating_sub(4)).collect();
    format!("{shown}XXXX")
}
