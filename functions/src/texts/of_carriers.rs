//! What carriers say of a text, as ours. Words that stand for something without words are the same for both.

use domain::ids::AccountSid;
use domain::texts::consent::Wish;
use domain::texts::incoming::{Incoming, Kind, MAX_MEDIA, Media};
use domain::texts::{Body, Carrier, Handle, Medium, Sender};
use domain::{PhoneNumber, Timestamp};
use meta::webhook::{Content, Message, Preference};
use twilio::webhook::IncomingMessage;

/// A text over Twilio. `None`: it names no number of ours, or no sender.
pub(super) fn twilio(form: &IncomingMessage, now: Timestamp) -> Option<Incoming> {
    let medium = if form.is_whatsapp() { Medium::WhatsApp } else { Medium::Sms };
    let sender =
        Sender { medium, number: PhoneNumber::parse(form.to_number()).ok()?, carrier: Carrier::Twilio };
    let also = [&form.external_user_id, &form.parent_external_user_id, &form.wa_id];
    let also = also.into_iter().flatten().filter_map(|handle| Handle::parse(handle).ok()).collect();
    let kind = match form.message_type.as_deref() {
        Some("reaction") => Kind::Reaction,
        Some("system") => Kind::System,
        Some("unsupported") => Kind::Unsupported,
        Some("contacts") => Kind::Card,
        Some("order") => Kind::Order,
        _ if form.choice.is_some() || form.interaction.is_some() => Kind::Choice,
        _ if form.location.is_some() => Kind::Location,
        _ if !form.media.is_empty() => Kind::Media,
        _ => Kind::Text,
    };
    let body = if form.body.is_empty() { form.choice.as_ref().unwrap_or(&form.body) } else { &form.body };
    let body = match &form.location {
        Some(place) => {
            let named = [place.label.as_deref(), place.address.as_deref(), Some(body.as_str())];
            let place = [place.latitude.as_str(), place.longitude.as_str()].join(", ");
            lines(named.into_iter().flatten().chain([place.as_str()]))
        }
        None => body.clone(),
    };
    Some(Incoming {
        key: form.message_sid.as_str().to_owned(),
        account: AccountSid::parse(form.account_sid.as_str()).ok(),
        sender,
        from: Handle::parse(&form.from).ok()?,
        also,
        name: form.profile_name.as_deref().map(Body::received),
        kind,
        body: Body::received(&body),
        media: form
            .media
            .iter()
            .take(MAX_MEDIA)
            .map(|media| Media {
                source: media.url.clone(),
                content_type: media.content_type.clone(),
                sha256: None,
                file_name: None,
                voice: media.content_type.as_deref().is_some_and(|kind| kind.starts_with("audio/")),
                ..Media::default()
            })
            .collect(),
        about: form.replied_to.clone(),
        wish: form.opt_out_type.as_deref().and_then(Wish::of_carrier),
        own: false,
        said_at: None,
        came_at: now,
    })
}

fn sender(phone_number_id: &str, number: &str) -> Option<Sender> {
    let number = PhoneNumber::parse(&format!("+{number}")).ok()?;
    let carrier = Carrier::Meta { phone_number_id: phone_number_id.to_owned() };
    Some(Sender { medium: Medium::WhatsApp, number, carrier })
}

/// A text over Meta. `None`: its sender has no number, or its person no handle.
pub(super) fn meta(message: &Message, now: Timestamp) -> Option<Incoming> {
    let also = [&message.user_id, &message.parent_user_id];
    let mut also: Vec<Handle> =
        also.into_iter().flatten().filter_map(|handle| Handle::parse(handle).ok()).collect();
    let mut about = message.context.clone();
    let mut media = vec![];
    let (kind, body) = match &message.content {
        Content::Text(body) => (Kind::Text, body.clone()),
        Content::Media(medium) => {
            media.push(Media {
                source: medium.id.clone(),
                content_type: medium.mime_type.clone(),
                sha256: medium.sha256.clone(),
                file_name: medium.file_name.as_deref().map(Body::received),
                voice: medium.voice,
                ..Media::default()
            });
            (Kind::Media, medium.caption.clone().unwrap_or_default())
        }
        Content::Location { latitude, longitude, label } => {
            let place = [latitude.as_str(), longitude.as_str()].join(", ");
            (Kind::Location, lines(label.as_deref().into_iter().chain([place.as_str()])))
        }
        Content::Cards(names) => (Kind::Card, lines(names.iter().map(String::as_str))),
        Content::Choice { title, .. } => (Kind::Choice, title.clone()),
        Content::Form(json) => (Kind::Choice, json.clone()),
        Content::Order { items } => {
            let items: Vec<String> = items.iter().map(|(name, count)| format!("{count} x {name}")).collect();
            (Kind::Order, items.join("\n"))
        }
        Content::Reaction { about: at, emoji } => {
            about = at.clone().or(about);
            (Kind::Reaction, emoji.clone().unwrap_or_default())
        }
        Content::Edit { about: at, body } => {
            about = at.clone().or(about);
            (Kind::Edit, body.clone())
        }
        Content::Deletion { about: at } => {
            about = at.clone().or(about);
            (Kind::Deletion, String::new())
        }
        Content::System { what, wa_id, user_id } => {
            // The person's new number or id leads to the same thread.
            also.extend(
                [wa_id, user_id].into_iter().flatten().filter_map(|handle| Handle::parse(handle).ok()),
            );
            (Kind::System, what.clone())
        }
        Content::Unsupported { what, .. } => (Kind::Unsupported, what.clone()),
    };
    Some(Incoming {
        key: message.id.clone(),
        account: None,
        sender: sender(&message.phone_number_id, &message.display_phone_number)?,
        from: Handle::parse(message.address()?).ok()?,
        also,
        name: message.profile_name.as_deref().filter(|_| !message.echo).map(Body::received),
        kind: if message.echo { Kind::Echo } else { kind },
        body: Body::received(&body),
        media,
        about,
        wish: None,
        own: false,
        said_at: message.timestamp.map(Timestamp::from_secs),
        came_at: now,
    })
}

/// A wish about advertising, as a text without words: it is kept in the thread, and is no text of the person's.
pub(super) fn preference(preference: &Preference, now: Timestamp) -> Option<Incoming> {
    let wish = match preference.value.as_str() {
        "stop" => Wish::Stop,
        "resume" => Wish::Start,
        _ => return None,
    };
    let at = preference.timestamp.map_or(now, Timestamp::from_secs);
    let from = Handle::parse(&preference.address).ok()?;
    let sender = sender(&preference.phone_number_id, &preference.display_phone_number)?;
    Some(Incoming {
        // Meta gives it no name; who, what and when are one.
        key: format!("preference-{}-{}-{}", from.digest_alone(), wish.as_str(), at.0),
        account: None,
        sender,
        from,
        also: vec![],
        name: None,
        kind: Kind::System,
        body: Body::default(),
        media: vec![],
        about: None,
        wish: Some(wish),
        own: false,
        said_at: Some(at),
        came_at: now,
    })
}

fn lines<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}
