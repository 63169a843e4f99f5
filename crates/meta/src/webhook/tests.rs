use proptest::prelude::*;
use serde_json::json;

use super::*;

fn message(n: usize, more: Value) -> Value {
    let mut message =
        json!({ "from": "436641234567", "id": format!("wamid.{n}"), "timestamp": "1795000000" });
    for (name, value) in more.as_object().unwrap() {
        message[name] = value.clone();
    }
    message
}

fn words(n: usize) -> Value {
    message(n, json!({ "type": "text", "text": { "body": format!("words {n}") } }))
}

fn status(n: usize) -> Value {
    json!({ "id": format!("wamid.s{n}"), "status": "delivered", "timestamp": "1795000001", "recipient_id": "436641234567" })
}

fn change(messages: Vec<Value>, statuses: Vec<Value>) -> Value {
    json!({ "field": "messages", "value": {
        "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": "+43 720 123456", "phone_number_id": "1055" },
        "contacts": [{ "wa_id": "436641234567", "user_id": "AT.1349", "profile": { "name": "Anna" } }],
        "messages": messages,
        "statuses": statuses,
    }})
}

fn body(changes: Vec<Vec<Value>>) -> Vec<u8> {
    let entry: Vec<Value> =
        changes.into_iter().map(|changes| json!({ "id": "1", "changes": changes })).collect();
    json!({ "object": "whatsapp_business_account", "entry": entry }).to_string().into_bytes()
}

fn one(item: Value) -> Content {
    let batch = unfold(&body(vec![vec![change(vec![item], vec![])]])).unwrap();
    match batch.events.as_slice() {
        [Event::Message(message)] => message.content.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn three_entries_of_four_messages_and_five_statuses_are_seventeen_events() {
    let entries = (0..3).map(|entry| {
        let messages = (0..4).map(|n| words(entry * 4 + n)).collect();
        let statuses = if entry == 1 { (0..5).map(status).collect() } else { vec![] };
        vec![change(messages, statuses)]
    });
    let batch = unfold(&body(entries.collect())).unwrap();
    assert_eq!((batch.events.len(), batch.unreadable), (17, 0));
}

#[test]
fn one_bad_item_costs_no_other_one() {
    let bad = [
        json!(null),
        json!({}),
        json!({ "id": 7 }),
        json!([]),
        json!("x"),
        json!({ "from": "1", "type": "text" }),
    ];
    for bad in bad {
        let batch = unfold(&body(vec![vec![change(
            vec![words(1), bad.clone(), words(2)],
            vec![bad.clone(), status(1)],
        )]]))
        .unwrap();
        assert!(batch.events.len() >= 3, "{bad}");
        assert_eq!(batch.events.len() + batch.unreadable, 5, "{bad}");
    }
    let without_sender = json!({ "field": "messages", "value": { "messages": [words(1)] } });
    let batch =
        unfold(&body(vec![vec![without_sender, json!({ "field": "x" }), change(vec![words(2)], vec![])]]))
            .unwrap();
    assert_eq!((batch.events.len(), batch.unreadable), (1, 1));
}

#[test]
fn a_person_without_a_number_is_known_by_their_id() {
    let mut only_id = change(vec![], vec![]);
    only_id["value"]["contacts"] = json!([{ "user_id": "US.1349", "parent_user_id": "US.ENT.11", "profile": { "name": "Ann", "username": "ann" } }]);
    let mut item = words(1);
    item.as_object_mut().unwrap().remove("from");
    item["from_user_id"] = json!("US.1349");
    only_id["value"]["messages"] = json!([item]);
    let batch = unfold(&body(vec![vec![only_id]])).unwrap();
    let [Event::Message(message)] = batch.events.as_slice() else { panic!("{batch:?}") };
    assert_eq!((message.wa_id.as_deref(), message.address()), (None, Some("US.1349")));
    assert_eq!(message.parent_user_id.as_deref(), Some("US.ENT.11"));
    assert_eq!(message.display_phone_number, "43720123456");
    assert_eq!(format!("{message:?}"), r#"Message { phone_number_id: "1055", kind: "text", .. }"#);

    let both = unfold(&body(vec![vec![change(vec![words(1)], vec![])]])).unwrap();
    let [Event::Message(message)] = both.events.as_slice() else { panic!() };
    assert_eq!((message.address(), message.user_id.as_deref()), (Some("436641234567"), Some("AT.1349")));
}

#[test]
fn every_type_is_read() {
    let media = |what: &str, more: Value| {
        let mut own = json!({ "id": "m1", "mime_type": "image/jpeg", "sha256": "q83v" });
        for (name, value) in more.as_object().unwrap() {
            own[name] = value.clone();
        }
        match one(message(1, json!({ "type": what, what: own }))) {
            Content::Media(media) => media,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(media("image", json!({ "caption": "the brake" })).caption.as_deref(), Some("the brake"));
    assert!(media("audio", json!({ "voice": true })).voice);
    assert_eq!(media("document", json!({ "filename": "a.pdf" })).file_name.as_deref(), Some("a.pdf"));
    media("video", json!({}));
    media("sticker", json!({ "animated": true }));

    let kind = |what: &str, own: Value| one(message(1, json!({ "type": what, what: own }))).as_str();
    assert_eq!(kind("location", json!({ "latitude": 48.2, "longitude": 16.3, "name": "Hafen" })), "location");
    assert_eq!(kind("contacts", json!([{ "name": { "formatted_name": "Tom" } }])), "cards");
    assert_eq!(
        kind("order", json!({ "product_items": [{ "product_retailer_id": "a", "quantity": "2" }] })),
        "order"
    );
    assert_eq!(kind("button", json!({ "text": "Yes", "payload": "y" })), "choice");
    assert_eq!(
        kind("interactive", json!({ "type": "list_reply", "list_reply": { "id": "1", "title": "Nine" } })),
        "choice"
    );
    assert_eq!(
        kind(
            "interactive",
            json!({ "type": "button_reply", "button_reply": { "id": "1", "title": "Nine" } })
        ),
        "choice"
    );
    assert_eq!(
        kind("interactive", json!({ "type": "nfm_reply", "nfm_reply": { "response_json": "{}" } })),
        "form"
    );
    assert_eq!(kind("system", json!({ "type": "user_changed_number", "wa_id": "436649999999" })), "system");
    assert_eq!(kind("deleted_message", json!({ "message_id": "wamid.0" })), "deletion");
    assert_eq!(kind("edited_message", json!({ "message_id": "wamid.0", "text": { "body": "new" } })), "edit");
    assert_eq!(kind("hologram", json!({})), "unsupported");
    let unsupported = message(1, json!({ "type": "unsupported", "errors": [{ "code": 131051 }] }));
    assert_eq!(one(unsupported), Content::Unsupported { what: "unsupported".into(), code: Some(131_051) });
    for emoji in [json!("👍"), json!(""), json!(null)] {
        let taken_off = emoji.as_str().is_none_or(str::is_empty);
        let item = message(
            1,
            json!({ "type": "reaction", "reaction": { "message_id": "wamid.0", "emoji": emoji } }),
        );
        let Content::Reaction { emoji, about } = one(item) else { panic!() };
        assert_eq!((emoji.is_none(), about.as_deref()), (taken_off, Some("wamid.0")));
    }
}

#[test]
fn an_echo_is_from_the_business_and_a_failure_has_its_code() {
    let mut echoes = change(
        vec![],
        vec![json!({
            "id": "wamid.9", "status": "failed", "biz_opaque_callback_data": "t#1", "errors": [{ "code": 131047, "title": "x" }]
        })],
    );
    let echo = json!({ "from": "43720123456", "to": "436641234567", "id": "wamid.e", "type": "text", "text": { "body": "x" } });
    echoes["value"]["message_echoes"] = json!([echo]);
    let preference =
        json!({ "wa_id": "436641234567", "category": "marketing_messages", "value": "stop", "timestamp": 1 });
    echoes["value"]["user_preferences"] = json!([preference]);
    let batch = unfold(&body(vec![vec![echoes]])).unwrap();
    let [Event::Message(echo), Event::Status(failed), Event::Preference(stop)] = batch.events.as_slice()
    else {
        panic!("{batch:?}")
    };
    assert!(echo.echo && echo.address() == Some("436641234567"));
    assert_eq!((failed.error_code, failed.send_id.as_deref()), (Some(131_047), Some("t#1")));
    assert_eq!(stop.value, "stop");
}

#[test]
fn what_is_not_of_whatsapp_is_refused() {
    assert_eq!(unfold(b"").unwrap_err(), BodyError::Json);
    assert_eq!(unfold(b"[]").unwrap_err(), BodyError::Json);
    assert_eq!(unfold(br#"{"object":"page"}"#).unwrap_err(), BodyError::OtherObject);
    let many = (0..=MAX_EVENTS).map(words).collect();
    assert_eq!(unfold(&body(vec![vec![change(many, vec![])]])).unwrap_err(), BodyError::TooMany);
}

proptest! {
    #[test]
    fn no_bytes_stop_it(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = unfold(&bytes);
    }

    /// Any part of a message, replaced by anything.
    #[test]
    fn no_odd_value_costs_the_others(at in 0usize..5, odd in prop_oneof![
        Just(json!(null)), Just(json!(7)), Just(json!([])), Just(json!({})), Just(json!("x")), Just(json!(true)),
    ]) {
        let mut item = words(1);
        let name = ["from", "id", "timestamp", "type", "text"][at];
        item[name] = odd;
        let batch = unfold(&body(vec![vec![change(vec![item, words(2)], vec![status(1)])]])).unwrap();
        prop_assert_eq!(batch.events.len() + batch.unreadable, 3);
        prop_assert!(batch.events.len() >= 2);
    }
}
