//! People of a business are told by SMS, WhatsApp and e-mail: once, also when an answer is lost.

use std::time::Duration;

use acceptance::World;
use domain::texts::outgoing::SETTLED_AFTER;
use http::Method;
use serde_json::{Value, json};

use super::endpoints::{ask, post};
use super::notifications::{RECEIVERS, happens, log};

/// A member of the business.
const MEMBER: &str = "+12025550142";
/// A template at Twilio.
const TEMPLATE: &str = "HX0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a";

async fn phone(world: &World, key: &str, more: Value) -> String {
    let mut new = json!({
        "name": "Robin", "kind": "sms", "to": MEMBER, "from": world.business.number.as_e164(),
        "rules": [{ "on": "voicemail" }],
    });
    new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let (status, made) = post(world, RECEIVERS, key, new).await;
    assert_eq!(status, 201, "{made}");
    format!("{RECEIVERS}/{}", made["id"].as_str().unwrap())
}

async fn a_member_is_told_by_sms_from_a_number_of_the_business(world: World) {
    let path = phone(&world, "one", json!({})).await;
    let (_, shown) = world.get(&path).await;
    assert_eq!((&shown["address"], &shown["kind"]), (&json!(MEMBER), &json!("sms")));
    for (change, pointer) in [
        (json!({ "from": "+12025550199" }), "/from"),
        (json!({ "to": "12" }), "/to"),
        (json!({ "url": "https://a.example/" }), "/url"),
        (json!({ "template": { "name": "x" } }), "/template"),
    ] {
        let seen = [("if-match", "\"v1\"")];
        let (status, refused) = ask(&world, Method::PATCH, &path, &seen, change).await;
        assert_eq!((status, &refused["errors"][0]["pointer"]), (422, &json!(pointer)), "{refused}");
    }
    happens(&world, "voicemail.received", 1).await;
    log(&world, &["sent"]).await;
    let texts = world.twilio.texts();
    let [text] = texts.as_slice() else { panic!("{texts:?}") };
    assert_eq!((text.to.as_str(), text.from.as_str()), (MEMBER, world.business.number.as_e164()));
    assert!(text.body.contains("left a recorded message.\n"), "{}", text.body);
    assert!(text.body.contains("/console#/b/") && text.body.ends_with("?n=1"), "{}", text.body);
    assert_eq!(world.threads().await.len(), 0, "a member is no person who writes");
}

/// Fault 71. Twilio's answer is lost: its list is asked, and the text is not sent twice.
async fn a_text_whose_answer_is_lost_is_looked_up_and_sent_once(world: World) {
    phone(&world, "one", json!({})).await;
    world.twilio.lose_next_answer();
    happens(&world, "voicemail.received", 1).await;
    let asked = || async {
        let (_, page) = world.get("/v1/notifications").await;
        (page["notifications"][0]["attempts"][0]["reason"] == "unknown").then_some(())
    };
    world.until(asked).await;
    log(&world, &["due"]).await;
    world.time_passes(SETTLED_AFTER + Duration::from_secs(1));
    log(&world, &["sent"]).await;
    assert_eq!(world.twilio.texts().len(), 1);
}

/// Fault 70.
async fn who_wants_no_texts_is_told_nothing_more(world: World) {
    let path = phone(&world, "one", json!({})).await;
    world.twilio.refuse_texts_to(MEMBER, 21_610);
    happens(&world, "voicemail.received", 1).await;
    let failed = log(&world, &["failed"]).await;
    assert_eq!(
        (&failed[0]["reason"], &failed[0]["attempts"][0]["code"]),
        (&json!("opted_out"), &json!(21_610))
    );
    let disabled = || async {
        let (_, shown) = world.get(&path).await;
        (shown["disabled_reason"] == "opted_out").then_some(())
    };
    world.until(disabled).await;
}

/// Fault 70. Outside WhatsApp's window words are refused, which the log names; a template is taken.
async fn whatsapp_takes_a_template_where_it_refuses_words(world: World) {
    let whatsapp = format!("whatsapp:{MEMBER}");
    let path = phone(&world, "one", json!({ "kind": "whatsapp" })).await;
    world.twilio.refuse_texts_to(&whatsapp, 63_016);
    happens(&world, "voicemail.received", 1).await;
    let failed = log(&world, &["failed"]).await;
    assert_eq!(failed[0]["reason"], "window_closed");
    world.twilio.take_texts_to(&whatsapp);
    let seen = [("if-match", "\"v1\"")];
    let template = json!({ "template": { "name": TEMPLATE } });
    let (status, shown) = ask(&world, Method::PATCH, &path, &seen, template).await;
    assert_eq!((status, &shown["template"]), (200, &json!(TEMPLATE)), "{shown}");
    happens(&world, "voicemail.received", 2).await;
    log(&world, &["sent", "failed"]).await;
    let texts = world.twilio.texts();
    let sent = texts.last().unwrap();
    assert_eq!((sent.to.as_str(), sent.content_sid.as_deref()), (whatsapp.as_str(), Some(TEMPLATE)));
}

/// A member's mailbox: from the deployment's address, once, in the outbox of the local system.
async fn a_member_is_told_by_e_mail(world: World) {
    let new = json!({
        "name": "Robin", "kind": "email", "to": "Robin@Example.com", "rules": [{ "on": "voicemail" }],
    });
    let (status, made) = post(&world, RECEIVERS, "mail", new.clone()).await;
    assert_eq!(status, 201, "{made}");
    for (change, pointer) in [
        (json!({ "to": "robin" }), "/to"),
        (json!({ "to": null }), "/to"),
        (json!({ "from": world.business.number.as_e164() }), "/from"),
    ] {
        let mut wrong = new.clone();
        wrong.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let (status, refused) = post(&world, RECEIVERS, "wrong", wrong).await;
        assert_eq!((status, &refused["errors"][0]["pointer"]), (422, &json!(pointer)), "{refused}");
    }
    happens(&world, "voicemail.received", 1).await;
    log(&world, &["sent"]).await;
    let mails = world.system.outbox().unwrap().latest().await.unwrap();
    let [mail] = mails.as_slice() else { panic!("{} e-mails", mails.len()) };
    assert_eq!(mail.to.to_lowercase(), "robin@example.com");
    assert_eq!(mail.subject, format!("{}: New voicemail", world.business.business.name));
    assert!(
        mail.text.contains("left a recorded message.") && mail.text.contains("/console#/b/"),
        "{}",
        mail.text
    );
    // The outbox is read with the data folder's keys, and by no one else.
    let url = format!("{}outbox", world.system.environment["AWS_ENDPOINT_URL_SESV2"]);
    assert_eq!(world.http.get(&url).send().await.unwrap().status(), 401);
    let pair = |name: &str| world.system.environment[name].clone();
    let read =
        world.http.get(&url).basic_auth(pair("AWS_ACCESS_KEY_ID"), Some(pair("AWS_SECRET_ACCESS_KEY")));
    assert!(read.send().await.unwrap().text().await.unwrap().contains("New voicemail"));
    // Without an address of its own a deployment mails nothing, and says so.
    let queue = super::permissions::aside(&world, "NotificationsQueue").await;
    let changes = [("MAIL", r#"{"from": ""}"#), ("QUEUE_NOTIFICATIONS", queue.as_str())];
    let step = acceptance::sandbox::QueueSandbox::start(&world, "notification-step", &changes).await;
    super::notifications::quietly(&world, "voicemail.received", 2, |_| {}).await;
    for job in super::notifications::jobs(&world, &step).await {
        assert!(step.does(&job, 1).await);
    }
    assert_eq!(log(&world, &["failed", "sent"]).await[0]["reason"], "no_sender");
}

acceptance::tests![
    a_member_is_told_by_e_mail,
    a_member_is_told_by_sms_from_a_number_of_the_business,
    a_text_whose_answer_is_lost_is_looked_up_and_sent_once,
    who_wants_no_texts_is_told_nothing_more,
    whatsapp_takes_a_template_where_it_refuses_words,
];
