//! Texts: one text is kept and answered once, people take threads over, and nothing is sent twice.

use std::time::Duration;

use acceptance::World;
use acceptance::phones::{BURST, NUMBER, Way, answering, answering_with};
use acceptance::webhook::Webhook;
use domain::Timestamp;
use domain::contact::ContactId;
use domain::texts::incoming::{Incoming, Kind, Media};
use domain::texts::outgoing::{Author, Content, Outgoing};
use domain::texts::thread::Thread;
use domain::texts::{Body, Carrier, Handle, Medium, Sender, Text, ThreadId};
use functions::businesses::provision::NewBusiness;
use futures_util::future::join_all;
use serde_json::{Value, json};
use simulator::openai::{Answer, HttpFault};
use simulator::phone::{Person, Report};
use simulator::twilio::RestFault;
use stores::texts::{Beside, Change, Stored, Writer};

pub(crate) mod by_webhook;

pub(crate) const PERSON: &str = NUMBER;

/// A business whose agent answers texts, one after another with these words.
pub(crate) async fn world(answers: &[&str]) -> World {
    World::with(answering(answers)).await
}

pub(crate) async fn with_answers(answers: Vec<Answer>) -> World {
    World::with(answering_with(answers)).await
}

/// A thread of the business with a text of a person and one that did not arrive, as if they had been written a minute ago.
pub(crate) async fn kept_in(world: &World, business: &NewBusiness) -> ThreadId {
    kept_with(world, business, vec![]).await
}

/// The same with what came with the person's text.
pub(crate) async fn kept_with(world: &World, business: &NewBusiness, media: Vec<Media>) -> ThreadId {
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
        media,
        about: None,
        wish: None,
        own: false,
        said_at: None,
        came_at: at,
    };
    let id = ThreadId::of(&business.business.id, &sender, &incoming.from);
    let mut thread = Thread::new(id.clone(), business.business.id.clone(), &incoming, at);
    // A contact that is not there any more.
    thread.contact = Some(ContactId::new(Timestamp(0), 7));
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
        beside: Beside::default(),
    };
    let writer = Writer::new(&world.system.aws, world.system.name("TextsTable").unwrap());
    // Tests of one world share it.
    assert_ne!(writer.store(&change, at).await.unwrap(), Stored::Raced);
    id
}

/// The only thread, once there are this number of texts in it.
pub(crate) async fn thread(world: &World, texts: u64) -> Value {
    let thread = world.thread_with(texts).await;
    world.get(&thread.path()).await.1
}

/// The webhook is answered by the queue with the same words each time, and a hundred copies of it make one text and one reply.
async fn a_hundred_copies_are_one_text_and_one_reply() {
    for way in Way::ALL {
        let mut config = answering(&["We open at nine."]);
        config.meta = way == Way::Meta;
        let world = World::with(config).await;
        let phone = world.phone(way);
        let message = phone.message("When do you open?");
        let answers = join_all((0..100).map(|_| phone.deliver(&message))).await;
        let first = answers[0].clone().unwrap();
        assert!(first.is_taken(), "{first:?}");
        for answer in answers {
            let answer = answer.unwrap();
            assert_eq!((answer.status, &answer.body), (first.status, &first.body));
        }
        let thread = world.thread_with(1).await;
        world.time_passes(BURST);
        assert_eq!(world.arrives(&phone, 1).await[0].body, "We open at nine.");
        world.texts_settle().await;
        assert_eq!(phone.received().len(), 1, "{way:?}");
        let texts = world.texts_of(&thread).await;
        assert_eq!(texts.len(), 2, "{texts:#?}");
        assert_eq!((texts[1].way.as_str(), texts[1].text.as_str()), ("in", "When do you open?"));
        assert_eq!(texts[0].author.as_deref(), Some("agent"));
    }
}

/// Five texts in a row, delivered in any order by twenty workers, are one burst.
async fn a_burst_gets_one_reply_that_covers_all_of_it() {
    let world = world(&["Yes, all three."]).await;
    let phone = world.phone(Way::Sms);
    let words: Vec<String> = (1..=5).map(|n| format!("question {n}")).collect();
    assert!(join_all(words.iter().map(|words| phone.say(words))).await.iter().all(Result::is_ok));
    world.thread_with(5).await;
    world.time_passes(BURST);
    world.arrives(&phone, 1).await;
    world.texts_settle().await;
    assert_eq!(phone.received().len(), 1);
    let asked = world.asked_of_model();
    assert_eq!(asked.len(), 1);
    let body = asked[0].body.to_string();
    assert!(words.iter().all(|words| body.contains(words)), "{body}");
}

/// Reports in any order, twice, and before the answer of the request: the highest rank stands.
async fn what_becomes_of_a_text_is_ranked() {
    let world = world(&["We open at nine."]).await;
    let phone = world.phone(Way::WhatsApp);
    phone.say("Hi").await.unwrap();
    let thread = world.thread_with(1).await;
    world.time_passes(BURST);
    let received = world.arrives(&phone, 1).await.remove(0);
    for report in
        ["delivered".into(), "sent".into(), Report::failed(30_003), "read".into(), "delivered".into()]
    {
        assert_eq!(phone.report(&received, &report).await.status, Some(204));
    }
    world.texts_settle().await;
    let text = world.texts_of(&thread).await.remove(0);
    assert_eq!((text.status.as_deref(), text.failure), (Some("read"), None));
    // What another account says of it is not heard.
    let callback = received.callback.unwrap();
    let path = callback.strip_prefix(world.system.api_url.as_str()).unwrap();
    let forged = Webhook::post(&format!("/{}", path.split('#').next().unwrap()))
        .field("MessageSid", &received.key)
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
    let phone = world.phone(Way::Sms);
    phone.say("Hi").await.unwrap();
    let thread = world.thread_with(1).await;
    world.time_passes(BURST);
    world.arrives(&phone, 1).await;
    world.delay_passes("TextsQueue", Duration::from_secs(40)).await;
    world.newest_when(&thread, |text| text.status.as_deref() == Some("queued")).await;
    world.texts_settle().await;
    assert_eq!(phone.received().len(), 1);
}

/// Twilio refuses for good: the text says so, and the next one is tried.
async fn a_refusal_is_told_in_words() {
    let world = world(&["We open at nine."]).await;
    world.twilio.refuse_texts_to(PERSON, 21_610);
    world.phone(Way::Sms).say("Hi").await.unwrap();
    let thread = world.thread_with(1).await;
    world.time_passes(BURST);
    let failed = world.newest_when(&thread, |text| text.status.as_deref() == Some("failed")).await;
    let failure = failed.failure.unwrap();
    assert_eq!((failure.code.as_str(), failure.carrier_code), ("opted_out", Some(21_610)));
    let stopped = world.thread_when(|thread| thread.stopped_at.is_some()).await;
    let refused = world.writes(&stopped, "k1", json!({ "text": "Hello" })).await;
    assert_eq!((refused.status, refused.code()), (409, "opted_out"), "{}", refused.body);
}

/// A person who writes has the thread: the agent is silent until it is given back, and then answers what waits.
async fn a_person_takes_a_thread_and_gives_it_back() {
    let world = world(&["We open at nine.", "Of course."]).await;
    let phone = world.phone(Way::Sms);
    phone.say("When do you open?").await.unwrap();
    let thread = world.thread_with(1).await;
    // Before the reply is due.
    let new = json!({ "text": "At ten today. Vera" });
    let kept = world.writes(&thread, "k1", new.clone()).await;
    assert_eq!((kept.status, &kept.body["author"]), (202, &json!("person")), "{}", kept.body);
    let again = world.writes(&thread, "k1", new).await;
    assert_eq!((again.status, &again.body["number"]), (202, &kept.body["number"]));
    assert_eq!(world.writes(&thread, "k1", json!({ "text": "another text" })).await.status, 422);
    world.arrives(&phone, 1).await;
    world.texts_settle().await;
    phone.say("Do you repair brakes?").await.unwrap();
    let owned = world.thread_with(3).await;
    assert_eq!((owned.owner.kind.as_str(), owned.waiting), ("person", true));
    world.texts_settle().await;
    assert_eq!(phone.received().len(), 1, "the agent is silent");
    let given = world.owned_by(&thread, "agent").await;
    assert_eq!((given.status, &given.body["owner"]["kind"]), (200, &json!("agent")), "{}", given.body);
    world.time_passes(BURST);
    let received = world.arrives(&phone, 2).await;
    let words: Vec<&str> = received.iter().map(|text| text.body.as_str()).collect();
    assert_eq!(words, ["At ten today. Vera", "We open at nine."]);
}

/// WhatsApp: free words within a day, a template always, and a wish to be left alone is confirmed once.
async fn a_window_closes_and_a_template_goes() {
    let world = world(&["We open at nine."]).await;
    let phone = world.phone(Way::WhatsApp);
    phone.say("Hi").await.unwrap();
    let thread = world.thread_with(1).await;
    assert_eq!((thread.window_open, thread.name.as_deref()), (true, Some("Anna Steiner")));
    world.time_passes(BURST);
    assert_eq!(world.arrives(&phone, 1).await[0].to, format!("whatsapp:{PERSON}"));
    world.texts_settle().await;
    assert_eq!(phone.signs_of_writing().len(), 1);
    world.time_passes(Duration::from_secs(25 * 60 * 60));
    let refused = world.writes(&thread, "k1", json!({ "text": "Hello" })).await;
    assert_eq!((refused.status, refused.code()), (409, "window_closed"), "{}", refused.body);
    let wrong = json!({ "template": { "name": "reminder" } });
    assert_eq!(world.writes(&thread, "k2", wrong).await.status, 422);
    let template =
        json!({ "template": { "name": format!("HX{}", "a".repeat(32)), "variables": { "1": "Anna" } } });
    let kept = world.writes(&thread, "k3", template).await;
    assert_eq!((kept.status, &kept.body["kind"]), (202, &json!("template")), "{}", kept.body);
    let text = world.arrives(&phone, 2).await.remove(1);
    assert_eq!((text.body.as_str(), text.variables.as_deref()), ("", Some(r#"{"1":"Anna"}"#)));
    for _ in 0..2 {
        phone.say("Stop!").await.unwrap();
    }
    world.thread_with(6).await;
    let confirmed = world.arrives(&phone, 3).await.remove(2);
    assert!(confirmed.body.contains("START"), "{confirmed:?}");
    world.texts_settle().await;
    assert_eq!(phone.received().len(), 3, "confirmed once");
}

/// Models that ask to be left alone: the text is answered when it comes back.
async fn a_model_in_trouble_is_asked_again() {
    let busy = Answer::Fault(HttpFault::rate_limited(Duration::from_secs(110)));
    let answers = vec![busy.clone(), busy, Answer::Text("We open at nine.".into())];
    let world = with_answers(answers).await;
    let phone = world.phone(Way::Sms);
    phone.say("Hi").await.unwrap();
    world.thread_with(1).await;
    world.time_passes(BURST);
    world.until(|| async { (world.asked_of_model().len() >= 2).then_some(()) }).await;
    world.time_passes(Duration::from_secs(7));
    assert_eq!(world.arrives(&phone, 1).await[0].body, "We open at nine.");
}

/// Numbers of the deployment do not answer one another, and a number of no business has no thread.
async fn programs_and_strangers_get_no_reply() {
    let world = world(&[]).await;
    let own = Person::with_number(world.business.number.as_e164());
    world.phone_of(Way::Sms, own).say("Hello from ourselves").await.unwrap();
    world.thread_with(1).await;
    let message = world.phone(Way::Sms).message("Hi").with("To", "+43720999999");
    assert!(world.phone(Way::Sms).deliver(&message).await.unwrap().is_taken());
    world.texts_settle().await;
    assert_eq!((world.thread_with(1).await.waiting, world.twilio.texts().len()), (false, 0));
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
