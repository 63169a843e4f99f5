//! WhatsApp over Meta itself: whose requests are heard, and what is asked of the Graph API.

use acceptance::phones::{BURST, USER_ID, Way, answering};
use acceptance::{PHONE_NUMBER_ID, World};
use serde_json::{Value, json};
use simulator::phone::Person;

async fn world(answers: &[&str]) -> World {
    let mut config = answering(answers);
    config.meta = true;
    World::with(config).await
}

/// A body with one text, as Meta would send it.
fn body(world: &World) -> String {
    let number = world.business.number.as_e164().trim_start_matches('+');
    let value = json!({
        "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": number, "phone_number_id": PHONE_NUMBER_ID },
        "contacts": [{ "user_id": USER_ID, "profile": { "name": "Anna" } }],
        "messages": [{
            "from_user_id": USER_ID, "id": "wamid.1", "timestamp": "1795000000", "type": "text",
            "text": { "body": "words 3" },
        }],
    });
    let entry = json!([{ "id": "1", "changes": [{ "field": "messages", "value": value }] }]);
    json!({ "object": "whatsapp_business_account", "entry": entry }).to_string()
}

async fn a_forged_body_has_no_effect() {
    let world = world(&["At nine."]).await;
    let (meta, body) = (world.meta(), body(&world));
    let app = world.identity.meta.as_ref().unwrap();
    let signature = simulator::meta::sign(app.app_secret.expose(), body.as_bytes());
    let cut = &signature[..signature.len() - 2];
    for forged in [None, Some(""), Some("sha256=00"), Some(cut)] {
        assert_eq!(meta.post_with(&body, forged).await.status, Some(403), "{forged:?}");
    }
    let altered = body.replace("words 3", "words X");
    assert_eq!(meta.post_with(&altered, Some(&signature)).await.status, Some(403));
    world.texts_settle().await;
    assert!(world.threads().await.is_empty());
    // The same body, as it was signed, is taken; one that is of no WhatsApp is refused, and repeated by nothing.
    assert_eq!(meta.post(&body).await.status, Some(200));
    assert_eq!(world.thread_with(1).await.person, USER_ID);
    assert_eq!(meta.post(r#"{"object":"page","entry":[]}"#).await.status, Some(400));
}

async fn meta_subscribes_with_our_token_alone() {
    // The world has subscribed already, or it would not have begun.
    let world = world(&[]).await;
    let (meta, url) = (world.meta(), world.url("/meta/whatsapp"));
    let token = world.identity.meta.as_ref().unwrap().verify_token.expose();
    let asks = async |mode: &str, token: &str| meta.challenge(&url, mode, token, "1158201444").await.unwrap();
    assert_eq!(asks("subscribe", token).await, (200, "1158201444".to_owned()));
    for (mode, token) in [("", ""), ("subscribe", ""), ("subscribe", "other"), ("unsubscribe", token)] {
        assert_eq!(asks(mode, token).await.0, 403, "{mode} {token}");
    }
}

/// The answer goes to the id of a person without a number, under our own name of the text, after one sign that it is being
/// written.
async fn what_is_sent_names_the_person_and_our_own_text() {
    let world = world(&["At nine."]).await;
    let phone = world.phone_of(Way::Meta, Person::hidden(USER_ID));
    let message = phone.say("When do you open?").await.unwrap();
    let thread = world.thread_with(1).await;
    world.time_passes(BURST);
    world.arrives(&phone, 1).await;
    world.texts_settle().await;
    let asked = world.meta().requests();
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert!(asked.iter().all(|asked| asked.path == format!("/v26.0/{PHONE_NUMBER_ID}/messages")));
    assert_eq!(phone.signs_of_writing(), [message.key]);
    let sent: &Value = &asked[1].body;
    assert_eq!((&sent["recipient"], sent.get("to")), (&json!(USER_ID), None));
    let name = format!("{}.{}.2", world.business.business.id, thread.id);
    assert_eq!(
        (&sent["text"]["body"], &sent["biz_opaque_callback_data"]),
        (&json!("At nine."), &json!(name))
    );
}

acceptance::tests![
    a_forged_body_has_no_effect,
    meta_subscribes_with_our_token_alone,
    what_is_sent_names_the_person_and_our_own_text,
];
