//! Texts: what carriers are answered, and threads as people read them and write in them.

use super::*;
use crate::texts::by_webhook::sms;
use crate::texts::kept_in;

pub(super) async fn of_texts(answers: &mut Answers<'_>) {
    let world = answers.world;
    let route = "/twilio/messages";
    // No business has the number, so no text of these is in a thread.
    let text = sms(world, 1, "Hi").field("To", "+12025550190");
    answers.webhook("a text", route, &text).await;
    answers.webhook("unsigned", route, &text.clone().unsigned()).await;
    let status = "/twilio/messages/status";
    let told = Webhook::post(status)
        .field("MessageSid", &format!("SM{}", "9".repeat(32)))
        .field("AccountSid", &world.identity.account_sid)
        .field("MessageStatus", "delivered");
    answers.webhook("a text of ours that is not known", status, &told).await;
    answers.webhook("without a sid", status, &told.clone().field("MessageSid", "")).await;
    let meta = "/meta/whatsapp";
    answers.ask("without an app", Method::GET, meta, meta, keyless()).await;
    answers.ask("without an app", Method::POST, meta, meta, keyless()).await;

    let id = kept_in(world, &world.business).await;
    let (list, one) = ("/v1/threads", "/v1/threads/{thread}");
    answers.ask("a page", Method::GET, list, list, Extra::default()).await;
    answers.ask("no limit", Method::GET, list, &format!("{list}?limit=0"), Extra::default()).await;
    let path = format!("/v1/threads/{id}");
    answers.ask("a thread", Method::GET, one, &path, Extra::default()).await;
    answers.ask("no such thread", Method::GET, one, "/v1/threads/x", Extra::default()).await;
    let (texts, path_of_texts) = ("/v1/threads/{thread}/texts", format!("{path}/texts"));
    answers.ask("a page", Method::GET, texts, &path_of_texts, Extra::default()).await;
    answers.ask("one text", Method::GET, texts, &format!("{path_of_texts}?limit=1"), Extra::default()).await;
    let owner = |word: &str| json_body(json!({ "owner": word }));
    answers.ask("given back", Method::PATCH, one, &path, owner("agent")).await;
    answers.ask("taken", Method::PATCH, one, &path, owner("person")).await;
    answers.ask("no owner", Method::PATCH, one, &path, owner("nothing")).await;
    let with_key = |body: Value| Extra { headers: vec![("idempotency-key", "k1".into())], ..json_body(body) };
    let words = || json!({ "text": "Your bicycle is ready." });
    answers.ask("without a key", Method::POST, texts, &path_of_texts, json_body(words())).await;
    answers.ask("neither words nor template", Method::POST, texts, &path_of_texts, with_key(json!({}))).await;
    let wrong = json!({ "template": { "name": "reminder" } });
    answers.ask("what is no template", Method::POST, texts, &path_of_texts, with_key(wrong)).await;
    answers.ask("sent", Method::POST, texts, &path_of_texts, with_key(words())).await;
    let other = with_key(json!({ "text": "Something else." }));
    answers.ask("another text with its key", Method::POST, texts, &path_of_texts, other).await;
}
