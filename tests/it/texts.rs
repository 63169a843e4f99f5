//! Texts: one text is kept and answered once, people take threads over, and nothing is sent twice.

use std::time::Duration;

use acceptance::webhook::Webhook;
use acceptance::{World, WorldConfig};
use domain::Timestamp;
use domain::business::ChannelPrompt;
use domain::texts::incoming::{Incoming, Kind};
use domain::texts::outgoing::{Author, Content, Outgoing};
use domain::texts::thread::Thread;
use domain::texts::{Body, Carrier, Handle, Medium, Sender, Text, ThreadId};
use functions::businesses::provision::NewBusiness;
use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};
use simulator::openai::{Answer, HttpFault, OpenAiConfig};
use simulator::twilio::{RestFault, SentText};
use stores::texts::{Change, Stored, Writer};

pub(crate) const PERSON: &str = "+436641234567";
/// A little longer than a burst waits for its reply.
const BURST: Duration = Duration::from_secs(3);

/// A business whose agent answers texts, one after another with these words.
pub(crate) async fn world(answers: &[&str]) -> World {
    let answers = answers.iter().map(|words| Answer::Text((*words).to_owned())).collect();
    with_answers(answers).await
}

pub(crate) async fn with_answers(answers: Vec<Answer>) -> World {
    World::with(WorldConfig {
        openai: OpenAiConfig { answers, ..OpenAiConfig::default() },
        business: |new| {
            let prompt = ChannelPrompt::new("You are Robin of {{business_name}}. Answer in writing.", "");
            new.settings.prompts.whatsapp = Some(prompt);
        },
        ..WorldConfig::default()
    })
    .await
}

fn sid(n: u32) -> String {
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

/// A thread of the business with a text of a person and one that did not arrive, as if they had been written a minute ago.
pub(crate) async fn kept_in(world: &World, business: &NewBusiness) -> ThreadId {
    let at = Timestamp(world.now().0 - 60_000);
    let sender = Sender { medium: Medium::Sms, number: business.number.clone(), carrier: Carrier::Twilio };
    let incoming = Incoming {
        key: format!("kept-in-{}", business.business.id),
        account: None,
        sender: sender.clone(),
        from: Handle::parse(PERSON).unwrap(),
        also: vec![],
        name: None,
        kind: Kind::Text,
        body: Body("When do you open?".into()),
        media: vec![],
        about: None,
        wish: None,
        own: false,
        said_at: None,
        came_at: at,
    };
    let id = ThreadId::of(&business.business.id, &sender, &incoming.from);
    let mut thread = Thread::new(id.clone(), business.business.id.clone(), &incoming, at);
    let number = thread.receive(&incoming, at).number;
    thread.begin(number, "test", at.plus(BURST)).unwrap();
    let sent = thread.keep("test", 1, at.plus(BURST)).unwrap();
    let words = Content::Words(Body("At nine.".into()));
    let mut outgoing = Outgoing::new(Author::Agent { covers: number }, words, thread.turn, at.plus(BURST));
    outgoing.failed("undeliverable", Some(30_003));
    let texts = [(number, Text::In(Box::new(incoming.clone()))), (sent, Text::Out(Box::new(outgoing)))];
    let change = Change {
        before: None,
        after: &thread,
        texts: &texts,
        carried: Some((&incoming.key, number)),
        handles: &[&incoming.from],
        wish: None,
    };
    let writer = Writer::new(&world.system.aws, world.system.name("TextsTable").unwrap());
    // Tests of one world share it.
    assert_ne!(writer.store(&change, at).await.unwrap(), Stored::Raced);
    id
}

/// The same over WhatsApp.
fn whatsapp(world: &World, n: u32, body: &str) -> Webhook {
    sms(world, n, body)
        .field("From", &format!("whatsapp:{PERSON}"))
        .field("To", &format!("whatsapp:{}", world.business.number.as_e164()))
        .field("ProfileName", "Anna")
        .field("WaId", PERSON.trim_start_matches('+'))
}

pub(crate) async fn receives(world: &World, webhook: &Webhook) {
    let (status, body) = webhook.send(world).await;
    assert_eq!((status, body.contains("<Response/>")), (200, true), "{body}");
}

async fn asks(world: &World, method: Method, path: &str, key: &str, body: Option<Value>) -> (u16, Value) {
    let request = world.http.request(method, world.url(path)).bearer_auth(world.identity.api_key.expose());
    let request = if key.is_empty() { request } else { request.header("Idempotency-Key", key) };
    let request = body.iter().fold(request, |request, body| request.json(body));
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), acceptance::told(answer.json().await.unwrap_or(Value::Null)))
}

/// The only thread, once there are this number of texts in it.
pub(crate) async fn thread(world: &World, texts: u64) -> Value {
    world
        .until(|| async move {
            let (status, list) = world.get("/v1/threads").await;
            assert_eq!(status, 200, "{list}");
            let threads = list["threads"].as_array().unwrap();
            assert!(threads.len() <= 1, "{list:#}");
            threads.first().filter(|thread| thread["texts"].as_u64().unwrap() >= texts).cloned()
        })
        .await
}

async fn texts(world: &World, thread: &Value) -> Vec<Value> {
    let path = format!("/v1/threads/{}/texts?limit=100", thread["id"].as_str().unwrap());
    let (status, list) = world.get(&path).await;
    assert_eq!(status, 200, "{list}");
    list["texts"].as_array().unwrap().clone()
}

/// What Twilio was asked to send, once it is this number.
async fn sent(world: &World, count: usize) -> Vec<SentText> {
    world
        .until(|| async move {
            let sent = world.twilio.texts();
            (sent.len() >= count).then_some(sent)
        })
        .await
}

/// Nothing waits in the queue of texts any more, however long it was delayed.
async fn settles(world: &World) {
    world.time_passes(BURST);
    world.works_everything_off(&["TextsQueue"]).await;
}

/// The webhook is answered by the queue, and a hundred copies of it make one text and one reply.
async fn a_hundred_copies_are_one_text_and_one_reply() {
    let world = world(&["We open at nine."]).await;
    let webhook = sms(&world, 1, "When do you open?");
    join_all((0..100).map(|_| receives(&world, &webhook))).await;
    let thread = thread(&world, 1).await;
    world.time_passes(BURST);
    let sent_texts = sent(&world, 1).await;
    settles(&world).await;
    assert_eq!(world.twilio.texts().len(), 1, "{sent_texts:?}");
    let SentText { to, from, body, .. } = &sent_texts[0];
    assert_eq!(
        (to.as_str(), from.as_str(), body.as_str()),
        (PERSON, world.business.number.as_e164(), "We open at nine.")
    );
    let texts = texts(&world, &thread).await;
    assert_eq!(texts.len(), 2, "{texts:#?}");
    assert_eq!((&texts[1]["way"], &texts[1]["text"]), (&json!("in"), &json!("When do you open?")));
    assert_eq!((&texts[0]["author"], &texts[0]["status"]), (&json!("agent"), &json!("queued")));
}

/// Five texts in a row, delivered in any order by twenty workers, are one burst.
async fn a_burst_gets_one_reply_that_covers_all_of_it() {
    let world = world(&["Yes, all three."]).await;
    let webhooks: Vec<Webhook> = (1..=5).map(|n| sms(&world, n, &format!("question {n}"))).collect();
    join_all(webhooks.iter().map(|webhook| receives(&world, webhook))).await;
    thread(&world, 5).await;
    world.time_passes(BURST);
    sent(&world, 1).await;
    settles(&world).await;
    assert_eq!(world.twilio.texts().len(), 1);
    let asked: Vec<_> =
        world.openai.requests().into_iter().filter(|request| request.path == "/v1/responses").collect();
    assert_eq!(asked.len(), 1);
    let body = asked[0].body.to_string();
    assert!((1..=5).all(|n| body.contains(&format!("question {n}"))), "{body}");
}

/// Callbacks in any order, twice, and before the answer of the request: the highest rank stands.
async fn what_becomes_of_a_text_is_ranked() {
    let world = world(&["We open at nine."]).await;
    receives(&world, &sms(&world, 1, "Hi")).await;
    let thread = thread(&world, 1).await;
    world.time_passes(BURST);
    let text = sent(&world, 1).await.remove(0);
    let callback = text.status_callback.clone().unwrap();
    let path = callback.strip_prefix(world.system.api_url.as_str()).unwrap();
    let path = format!("/{}", path.split('#').next().unwrap());
    for (status, code) in
        [("delivered", ""), ("sent", ""), ("failed", "30003"), ("read", ""), ("delivered", "")]
    {
        let told = Webhook::post(&path)
            .field("MessageSid", &text.sid)
            .field("AccountSid", &world.identity.account_sid)
            .field("MessageStatus", status)
            .field("ErrorCode", code);
        assert_eq!(told.send(&world).await.0, 204);
    }
    settles(&world).await;
    let texts = texts(&world, &thread).await;
    assert_eq!((&texts[0]["status"], &texts[0]["failure"]), (&json!("read"), &Value::Null));
    // What another account says of it is not heard.
    let forged = Webhook::post(&path)
        .field("MessageSid", &text.sid)
        .field("AccountSid", &world.identity.account_sid)
        .field("MessageStatus", "failed")
        .unsigned();
    assert_eq!(forged.send(&world).await.0, 403);
}

/// The answer of Twilio is lost: it is looked up, and the text is not sent again.
async fn a_text_whose_answer_was_lost_is_looked_up() {
    let world = world(&["We open at nine."]).await;
    let lost = RestFault { status: 500, code: 20_500, retry_after_s: None, carried_out: true };
    world.twilio.fail_next_request(lost);
    receives(&world, &sms(&world, 1, "Hi")).await;
    let thread = thread(&world, 1).await;
    world.time_passes(BURST);
    sent(&world, 1).await;
    world.delay_passes("TextsQueue", Duration::from_secs(40)).await;
    let status = || async {
        let texts = texts(&world, &thread).await;
        (texts[0]["status"] == "queued").then_some(())
    };
    world.until(status).await;
    settles(&world).await;
    assert_eq!(world.twilio.texts().len(), 1);
}

/// Twilio refuses for good: the text says so, and the next one is tried.
async fn a_refusal_is_told_in_words() {
    let world = world(&["We open at nine."]).await;
    world.twilio.refuse_texts_to(PERSON, 21_610);
    receives(&world, &sms(&world, 1, "Hi")).await;
    let thread_seen = thread(&world, 1).await;
    world.time_passes(BURST);
    let failed = world
        .until(|| async {
            let texts = texts(&world, &thread_seen).await;
            (texts[0]["status"] == "failed").then(|| texts[0].clone())
        })
        .await;
    assert_eq!(
        (&failed["failure"]["code"], &failed["failure"]["carrier_code"]),
        (&json!("opted_out"), &json!(21_610))
    );
    let stopped = world
        .until(|| async {
            let thread = thread(&world, 2).await;
            (!thread["stopped_at"].is_null()).then_some(thread)
        })
        .await;
    let path = format!("/v1/threads/{}/texts", stopped["id"].as_str().unwrap());
    let (status, refused) = asks(&world, Method::POST, &path, "k1", Some(json!({ "text": "Hello" }))).await;
    assert_eq!((status, &refused["code"]), (409, &json!("opted_out")), "{refused}");
}

/// A person who writes has the thread: the agent is silent until it is given back, and then answers what waits.
async fn a_person_takes_a_thread_and_gives_it_back() {
    let world = world(&["We open at nine.", "Of course."]).await;
    receives(&world, &sms(&world, 1, "When do you open?")).await;
    let thread_seen = thread(&world, 1).await;
    let path = format!("/v1/threads/{}", thread_seen["id"].as_str().unwrap());
    // Before the reply is due.
    let new = json!({ "text": "At ten today. Vera" });
    let (status, kept) = asks(&world, Method::POST, &format!("{path}/texts"), "k1", Some(new.clone())).await;
    assert_eq!((status, &kept["author"]), (202, &json!("person")), "{kept}");
    let (status, again) = asks(&world, Method::POST, &format!("{path}/texts"), "k1", Some(new)).await;
    assert_eq!((status, &again["number"]), (202, &kept["number"]));
    let other = json!({ "text": "another text" });
    assert_eq!(asks(&world, Method::POST, &format!("{path}/texts"), "k1", Some(other)).await.0, 422);
    sent(&world, 1).await;
    settles(&world).await;
    receives(&world, &sms(&world, 2, "Do you repair brakes?")).await;
    let owned = thread(&world, 3).await;
    assert_eq!((&owned["owner"]["kind"], &owned["waiting"]), (&json!("person"), &json!(true)));
    settles(&world).await;
    assert_eq!(world.twilio.texts().len(), 1, "the agent is silent");
    let (status, given) = asks(&world, Method::PATCH, &path, "", Some(json!({ "owner": "agent" }))).await;
    assert_eq!((status, &given["owner"]["kind"]), (200, &json!("agent")), "{given}");
    world.time_passes(BURST);
    let sent = sent(&world, 2).await;
    assert_eq!((sent[0].body.as_str(), sent[1].body.as_str()), ("At ten today. Vera", "We open at nine."));
}

/// WhatsApp: free words within a day, a template always, and a wish to be left alone is confirmed once.
async fn a_window_closes_and_a_template_goes() {
    let world = world(&["We open at nine."]).await;
    receives(&world, &whatsapp(&world, 1, "Hi")).await;
    let seen = thread(&world, 1).await;
    assert_eq!((&seen["window_open"], &seen["name"]), (&json!(true), &json!("Anna")));
    world.time_passes(BURST);
    assert_eq!(sent(&world, 1).await[0].to, format!("whatsapp:{PERSON}"));
    settles(&world).await;
    let typing = world.twilio.requests().into_iter().filter(|request| request.path.ends_with("Typing.json"));
    assert_eq!(typing.count(), 1);
    world.time_passes(Duration::from_secs(25 * 60 * 60));
    let path = format!("/v1/threads/{}/texts", seen["id"].as_str().unwrap());
    let (status, refused) = asks(&world, Method::POST, &path, "k1", Some(json!({ "text": "Hello" }))).await;
    assert_eq!((status, &refused["code"]), (409, &json!("window_closed")), "{refused}");
    let wrong = json!({ "template": { "name": "reminder" } });
    assert_eq!(asks(&world, Method::POST, &path, "k2", Some(wrong)).await.0, 422);
    let template =
        json!({ "template": { "name": format!("HX{}", "a".repeat(32)), "variables": { "1": "Anna" } } });
    let (status, kept) = asks(&world, Method::POST, &path, "k3", Some(template)).await;
    assert_eq!((status, &kept["kind"]), (202, &json!("template")), "{kept}");
    let text = sent(&world, 2).await.remove(1);
    assert_eq!((text.body.as_str(), text.content_variables.as_deref()), ("", Some(r#"{"1":"Anna"}"#)));
    for n in 2..4 {
        receives(&world, &whatsapp(&world, n, "Stop!")).await;
    }
    thread(&world, 6).await;
    let confirmed = sent(&world, 3).await.remove(2);
    assert!(confirmed.body.contains("START"), "{confirmed:?}");
    settles(&world).await;
    assert_eq!(world.twilio.texts().len(), 3, "confirmed once");
}

/// Models that ask to be left alone: the text is answered when it comes back.
async fn a_model_in_trouble_is_asked_again() {
    let busy = Answer::Fault(HttpFault::rate_limited(Duration::from_secs(110)));
    let answers = vec![busy.clone(), busy, Answer::Text("We open at nine.".into())];
    let world = with_answers(answers).await;
    receives(&world, &sms(&world, 1, "Hi")).await;
    thread(&world, 1).await;
    world.time_passes(BURST);
    let asked = |count: usize| {
        let requests = world.openai.requests();
        (requests.iter().filter(|request| request.path == "/v1/responses").count() >= count).then_some(())
    };
    world.until(|| async { asked(2) }).await;
    world.time_passes(Duration::from_secs(7));
    assert_eq!(sent(&world, 1).await[0].body, "We open at nine.");
}

/// Numbers of the deployment do not answer one another, and a number of no business has no thread.
async fn programs_and_strangers_get_no_reply() {
    let world = world(&[]).await;
    let own = world.business.number.as_e164().to_owned();
    receives(&world, &sms(&world, 1, "Hello from ourselves").field("From", &own)).await;
    thread(&world, 1).await;
    receives(&world, &sms(&world, 2, "Hi").field("To", "+43720999999")).await;
    settles(&world).await;
    let seen = thread(&world, 1).await;
    assert_eq!((&seen["waiting"], world.twilio.texts().len()), (&json!(false), 0));
}

acceptance::tests![
    a_hundred_copies_are_one_text_and_one_reply,
    a_burst_gets_one_reply_that_covers_all_of_it,
    what_becomes_of_a_text_is_ranked,
    a_text_whose_answer_was_lost_is_looked_up,
    a_refusal_is_told_in_words,
    a_person_takes_a_thread_and_gives_it_back,
    a_window_closes_and_a_template_goes,
    a_model_in_trouble_is_asked_again,
    programs_and_strangers_get_no_reply,
];
