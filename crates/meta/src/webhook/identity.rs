//! People whose number or id changes (Meta docs, "Business-scoped user IDs": `user_id_update`, system messages).

use serde_json::Value;

use super::content::Content;
use super::read::{number, text};
use super::{Message, sender};

/// One item of `user_id_update`, as a message of Meta's about the person: under the id that they had, with the one that
/// they have. It has no name, so what changed is its name: a second delivery has the same one.
pub(super) fn update(value: &Value, item: &Value) -> Option<Message> {
    let (phone_number_id, display_phone_number) = sender(value)?;
    let id = item.get("user_id")?;
    let (previous, current) = (text(id, "previous"), text(id, "current")?);
    let parent = item.get("parent_user_id").and_then(|parent| text(parent, "current"));
    let wa_id = text(item, "wa_id").filter(|digits| is_number(digits));
    let before = previous.clone().or_else(|| wa_id.clone()).unwrap_or_default();
    Some(Message {
        id: format!("user_id_update-{before}-{current}"),
        phone_number_id,
        display_phone_number,
        user_id: previous.or_else(|| wa_id.is_none().then(|| current.clone())),
        wa_id,
        parent_user_id: parent,
        profile_name: None,
        timestamp: number(item, "timestamp"),
        context: None,
        echo: false,
        content: Content::System { what: "user_id_update".to_owned(), wa_id: None, user_id: Some(current) },
    })
}

/// Who a message of type `system` is about if it comes from no person: the number or the id that they had, else the one that
/// they have. The id that they had stands in the words alone: `User Anna changed from US.1349 to US.2481`.
pub(super) fn before(item: &Value) -> (Option<String>, Option<String>) {
    let Some(system) = item.get("system") else { return (None, None) };
    let in_words = || {
        let body = text(system, "body")?;
        let (_, changed) = body.rsplit_once(" changed from ")?;
        let (before, _) = changed.split_once(" to ")?;
        (is_number(before) || is_user_id(before)).then(|| before.to_owned())
    };
    let known = text(system, "previous_user_id").or_else(in_words);
    let wa_id = text(system, "wa_id").filter(|digits| is_number(digits));
    match known {
        Some(before) if is_number(&before) => (Some(before), None),
        Some(before) => (wa_id, Some(before)),
        None => (wa_id, text(system, "user_id")),
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Two letters, a dot, and no spaces.
fn is_user_id(text: &str) -> bool {
    let parts = text.split_once('.');
    parts.is_some_and(|(country, rest)| {
        country.len() == 2
            && country.bytes().all(|byte| byte.is_ascii_uppercase())
            && !rest.is_empty()
            && !rest.chars().any(char::is_whitespace)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Event, unfold};
    use super::*;

    fn unfolded(field: &str, items: Value) -> Vec<Message> {
        let value = json!({
            "metadata": { "display_phone_number": "15550783881", "phone_number_id": "1055" },
            field: items,
        });
        let body = json!({
            "object": "whatsapp_business_account",
            "entry": [{ "id": "1", "changes": [{ "field": field, "value": value }] }],
        });
        let batch = unfold(body.to_string().as_bytes()).unwrap();
        assert_eq!(batch.unreadable, 0);
        let messages = batch.events.into_iter().map(|event| match event {
            Event::Message(message) => *message,
            other => panic!("{other:?}"),
        });
        messages.collect()
    }

    #[test]
    fn an_update_of_an_id_is_about_the_person_who_had_the_old_one() {
        let ids = json!({ "previous": "US.1349", "current": "US.2481" });
        let update = json!({ "wa_id": "15557654321", "user_id": ids, "timestamp": "1700000003" });
        let parents = json!({ "previous": "US.ENT.1", "current": "US.ENT.2" });
        let hidden = json!({ "user_id": ids, "parent_user_id": parents });
        let messages = unfolded("user_id_update", json!([update, hidden]));
        assert_eq!(
            (messages[0].wa_id.as_deref(), messages[0].user_id.as_deref()),
            (Some("15557654321"), Some("US.1349"))
        );
        assert_eq!(messages[0].timestamp, Some(1_700_000_003));
        let system =
            Content::System { what: "user_id_update".into(), wa_id: None, user_id: Some("US.2481".into()) };
        assert!(messages.iter().all(|message| message.content == system));
        assert_eq!(
            (messages[1].address(), messages[1].parent_user_id.as_deref()),
            (Some("US.1349"), Some("US.ENT.2"))
        );
        assert_eq!(messages[0].id, messages[1].id, "a second delivery is known by its name");
    }

    /// Meta tells it without `from` and `contacts`.
    #[test]
    fn a_changed_id_without_a_sender_is_read() {
        let message = |system: Value| {
            let item =
                json!({ "id": "wamid.1", "timestamp": "1700000001", "type": "system", "system": system });
            unfolded("messages", json!([item])).remove(0)
        };
        let words = "User Anna changed from Graz to Wien changed from US.1349 to US.2481";
        let told = json!({ "body": words, "user_id": "US.2481", "type": "user_changed_user_id" });
        let read = message(told);
        assert_eq!((read.wa_id.as_deref(), read.user_id.as_deref()), (None, Some("US.1349")));
        let told = json!({ "previous_user_id": "US.1", "user_id": "US.2", "wa_id": "15557654321" });
        let read = message(told);
        assert_eq!((read.wa_id.as_deref(), read.user_id.as_deref()), (Some("15557654321"), Some("US.1")));
        let told = json!({ "body": "something else", "user_id": "US.2" });
        assert_eq!(message(told).address(), Some("US.2"));
    }
}
