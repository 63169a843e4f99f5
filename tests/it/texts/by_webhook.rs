//! Texts as carriers deliver them, one webhook after another: for tests that need each of them to be told apart.

use acceptance::phones::answering_with;
use acceptance::webhook::Webhook;
use acceptance::{World, WorldConfig};
use functions::businesses::provision::NewBusiness;
use http::Method;
use serde_json::Value;
use simulator::openai::Answer;
use simulator::twilio::SentText;

use super::PERSON;

/// A world with a business that is changed before it begins.
pub(crate) async fn of_business(answers: Vec<Answer>, business: fn(&mut NewBusiness)) -> World {
    World::with(WorldConfig { business, ..answering_with(answers) }).await
}

pub(crate) fn sid(n: u32) -> String {
    format!("SM{n:032x}")
}

/// A text of a person, over SMS.
pub(crate) fn sms(world: &World, n: u32, body: &str) -> Webhook {
    let number = world.business.number.as_e164();
    Webhook::post("/twilio/messages")
        .field("MessageSid", &sid(n))
        .field("SmsSid", &sid(n))
        .field("SmsMessageSid", &sid(n))
        .field("AccountSid", &world.identity.account_sid)
        .field("ApiVersion", "2010-04-01")
        .field("From", PERSON)
        .field("To", number)
        .field("Body", body)
        .field("NumMedia", "0")
        .field("NumSegments", "1")
        .field("SmsStatus", "received")
}

/// The same over WhatsApp.
pub(crate) fn whatsapp(world: &World, n: u32, body: &str) -> Webhook {
    sms(world, n, body)
        .field("From", &format!("whatsapp:{PERSON}"))
        .field("To", &format!("whatsapp:{}", world.business.number.as_e164()))
        .field("ProfileName", "Anna")
        .field("WaId", PERSON.trim_start_matches('+'))
}

/// Delivers it as carriers do: again where the answer asks for that.
pub(crate) async fn receives(world: &World, webhook: &Webhook) {
    let mut answer = webhook.send(world).await;
    for _ in 0..2 {
        if answer.0 != 503 {
            break;
        }
        answer = webhook.send(world).await;
    }
    assert_eq!((answer.0, answer.1.contains("<Response/>")), (200, true), "{}", answer.1);
}

pub(crate) async fn asks(
    world: &World,
    method: Method,
    path: &str,
    key: &str,
    body: Option<Value>,
) -> (u16, Value) {
    let request = world.http.request(method, world.url(path)).bearer_auth(world.identity.api_key.expose());
    let request = if key.is_empty() { request } else { request.header("Idempotency-Key", key) };
    let request = body.iter().fold(request, |request, body| request.json(body));
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), acceptance::told(answer.json().await.unwrap_or(Value::Null)))
}

pub(crate) async fn texts(world: &World, thread: &Value) -> Vec<Value> {
    let path = format!("/v1/threads/{}/texts?limit=100", thread["id"].as_str().unwrap());
    let (status, list) = world.get(&path).await;
    assert_eq!(status, 200, "{list}");
    list["texts"].as_array().unwrap().clone()
}

/// What Twilio was asked to send, once it is this number.
pub(crate) async fn sent(world: &World, count: usize) -> Vec<SentText> {
    world
        .until(|| async move {
            let sent = world.twilio.texts();
            (sent.len() >= count).then_some(sent)
        })
        .await
}
