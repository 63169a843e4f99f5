//! A text and its answer, cut at every change: whatever dies wherever, one text is kept, and one answer goes out.

use std::time::Duration;

use acceptance::crash_proxies::{CrashProxies, Cut, cuts};
use acceptance::phones::answers_texts;
use acceptance::sandbox::{HttpSandbox, QueueSandbox};
use acceptance::suite::report;
use acceptance::webhook::Webhook;
use acceptance::{World, WorldConfig};
use serde_json::{Value, json};
use simulator::openai::{OpenAiConfig, Talk};

use crate::texts::by_webhook::{sid, sms};
use crate::texts::world;

/// As often as a message is received before it is given up.
const ATTEMPTS: u32 = functions::edge::batch::MAX_ATTEMPTS;
/// Jobs that a text and twenty copies of everything that came of it may lead to; more of them are a loop.
const MAX_JOBS: usize = 400;
/// Longer than a burst waits for its reply, and than a claim lasts of which the holder died.
const CLAIM_LAPSES: Duration = Duration::from_secs(100);
/// Longer than Twilio's list takes to show what was sent.
const LIST_SETTLES: Duration = Duration::from_secs(40);

/// The functions that a text meets, in one process that may die.
struct Process {
    inbound: HttpSandbox,
    step: QueueSandbox,
    proxies: CrashProxies,
}

impl Process {
    async fn start(world: &World, queue: &str, chosen: Option<(usize, Cut)>) -> Self {
        let proxies = CrashProxies::of(world, chosen).await;
        let changes = proxies.environment.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let changes: Vec<(&str, &str)> = changes.chain([("QUEUE_TEXTS", queue)]).collect();
        let inbound = HttpSandbox::start(world, "text-inbound", &changes).await;
        let step = QueueSandbox::start(world, "text-step", &changes).await;
        Self { inbound, step, proxies }
    }
}

#[derive(Clone)]
enum Delivery {
    Webhook(Webhook),
    Job(Value),
}

struct Life<'w> {
    world: &'w World,
    number: u32,
    words: &'static str,
    person: String,
    queue: String,
    doomed: Process,
    healthy: Process,
    delivered: Vec<Delivery>,
}

impl<'w> Life<'w> {
    async fn begin(
        world: &'w World,
        (number, words): (u32, &'static str),
        chosen: Option<(usize, Cut)>,
    ) -> Self {
        // The texts of a day are one entry of the timeline.
        world.has_a_day_of(Duration::from_secs(6 * 60 * 60));
        let created = world.system.aws.sqs.create_queue().queue_name(format!("texts-{number}")).send().await;
        let queue = created.unwrap().queue_url.unwrap();
        Self {
            world,
            number,
            words,
            person: format!("+43664{number:07}"),
            doomed: Process::start(world, &queue, chosen).await,
            healthy: Process::start(world, &queue, None).await,
            queue,
            delivered: vec![],
        }
    }

    /// The text, its answer, and what becomes of that; each delivery is repeated until it is done.
    async fn runs(&mut self) {
        let came = sms(self.world, self.number, self.words).field("From", &self.person);
        self.delivers(Delivery::Webhook(came)).await;
        self.works().await;
        let sent = self.sent();
        let Some(text) = sent.first() else { panic!("nothing was sent: {}", acceptance::log::troubles()) };
        let callback = text.status_callback.clone().unwrap();
        let path = callback.strip_prefix(self.world.system.api_url.as_str()).unwrap();
        let became = Webhook::post(&format!("/{}", path.split('#').next().unwrap()))
            .field("MessageSid", &text.sid)
            .field("AccountSid", &self.world.identity.account_sid)
            .field("MessageStatus", "delivered");
        self.delivers(Delivery::Webhook(became)).await;
        self.works().await;
    }

    fn sent(&self) -> Vec<simulator::twilio::SentText> {
        self.world.twilio.texts().into_iter().filter(|text| text.to == self.person).collect()
    }

    async fn delivers(&mut self, delivery: Delivery) {
        self.delivered.push(delivery.clone());
        for attempt in 1..=ATTEMPTS {
            let process = if self.doomed.proxies.is_dead() { &self.healthy } else { &self.doomed };
            if self.deliver(process, &delivery, attempt).await {
                return;
            }
        }
        panic!("a delivery is never done: {}", acceptance::log::troubles());
    }

    async fn deliver(&self, process: &Process, delivery: &Delivery, attempt: u32) -> bool {
        let done = match delivery {
            Delivery::Webhook(webhook) => process.inbound.receives(self.world, webhook).await.0 < 300,
            Delivery::Job(job) => {
                match job["job"].as_str() {
                    Some("reply") => self.world.time_passes(CLAIM_LAPSES),
                    Some("send") => self.world.time_passes(LIST_SETTLES),
                    _ => {}
                }
                process.step.does(job, attempt).await
            }
        };
        done && !process.proxies.is_dead()
    }

    async fn works(&mut self) {
        for _ in 0..MAX_JOBS {
            let Some(job) = self.receives().await else { return };
            self.delivers(Delivery::Job(job)).await;
        }
        panic!("the jobs never end");
    }

    async fn receives(&self) -> Option<Value> {
        let sqs = &self.world.system.aws.sqs;
        let received = sqs.receive_message().queue_url(&self.queue).send().await.unwrap();
        let message = received.messages.into_iter().flatten().next()?;
        let receipt = message.receipt_handle.unwrap();
        sqs.delete_message().queue_url(&self.queue).receipt_handle(receipt).send().await.unwrap();
        serde_json::from_str(&message.body.unwrap()).ok()
    }

    /// All things of a list of the API that are of this thread.
    async fn of_thread(&self, path: &str, list: &str, pointer: &str, thread: &Value) -> usize {
        let (mut count, mut cursor) = (0, String::new());
        loop {
            let (status, page) = self.world.get(&format!("{path}?limit=100{cursor}")).await;
            assert_eq!(status, 200, "{page}");
            let all = page[list].as_array().unwrap().iter();
            count += all.filter(|one| one.pointer(pointer) == Some(thread)).count();
            let Some(next) = page["next"].as_str() else { return count };
            cursor = format!("&cursor={next}");
        }
    }

    /// What the text has left behind: its thread's texts, what was sent, the contact with its timeline, what the business is
    /// told and what was left for it.
    async fn footprint(&self) -> Value {
        let path = |path: &str| path.replace("{person}", &self.person.replace('+', "%2B"));
        let (_, list) = self.world.get("/v1/threads?limit=100").await;
        let mine = |thread: &&Value| thread["person"] == self.person.as_str();
        let threads: Vec<&Value> = list["threads"].as_array().unwrap().iter().filter(mine).collect();
        let mut texts = vec![];
        for thread in &threads {
            let (_, kept) =
                self.world.get(&format!("/v1/threads/{}/texts", thread["id"].as_str().unwrap())).await;
            texts.extend(
                kept["texts"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|text| json!([text["number"], text["way"], text["text"], text["status"]])),
            );
        }
        let (_, contacts) = self.world.get(&path("/v1/contacts?number={person}")).await;
        let contacts = contacts["contacts"].as_array().unwrap().clone();
        let id = contacts[0]["id"].as_str().unwrap();
        let (_, timeline) = self.world.get(&format!("/v1/contacts/{id}/timeline")).await;
        json!({
            "threads": threads.len(), "waiting": threads[0]["waiting"], "texts": texts,
            "sent": self.sent().len(), "contacts": contacts.len(),
            "timeline": timeline["entries"].as_array().unwrap().len(),
            "events": self.of_thread("/v1/events", "events", "/data/thread", &threads[0]["id"]).await,
            "left": self.of_thread("/v1/messages", "messages", "/thread", &threads[0]["id"]).await,
        })
    }

    /// Everything that was delivered, once more, by twenty workers at once.
    async fn is_told_again(&mut self) {
        let told = self.delivered.clone();
        let copies = told.iter().cycle().take(told.len() * 20);
        futures_util::future::join_all(copies.map(|delivery| self.deliver(&self.healthy, delivery, 1))).await;
        self.works().await;
    }
}

/// The process dies at each change that it makes anywhere, before and after it took effect, or does not hear the answer;
/// then everything is delivered twenty times more. One text, one answer, one contact, one entry.
async fn wherever_a_process_dies_a_text_gets_one_answer() {
    let world = world(&[]).await;
    let expected = json!({ "sent": 1, "contacts": 1, "timeline": 1, "events": 1, "left": 0 });
    every_life_ends_alike(&world, "When do you open?", &expected).await;
}

/// The same where the agent takes a message and gives the thread to a person: the business is told once of the text, the message and the change of
/// hands, the message is left once, and the timeline has the text, the message and the change of hands.
async fn wherever_a_process_dies_a_business_is_told_once_that_it_is_to_answer() {
    let world = World::with(WorldConfig {
        openai: OpenAiConfig {
            talk: vec![
                Talk::says(&[], "")
                    .calling("take_message", r#"{"message":"The invoice 7 is wrong."}"#)
                    .calling("hand_over", r#"{"reason":"Wants a refund","say":"A colleague answers."}"#),
            ],
            ..OpenAiConfig::default()
        },
        business: |new| {
            answers_texts(new);
            new.settings.tools.take_messages = true;
        },
        ..WorldConfig::default()
    })
    .await;
    let expected = json!({ "sent": 1, "contacts": 1, "timeline": 3, "events": 3, "left": 1 });
    every_life_ends_alike(&world, "I want to speak with a human", &expected).await;
}

async fn every_life_ends_alike(world: &World, words: &'static str, wanted: &Value) {
    let mut undisturbed = Life::begin(world, (0, words), None).await;
    undisturbed.runs().await;
    let expected = undisturbed.footprint().await;
    for (name, count) in wanted.as_object().unwrap() {
        assert_eq!(&expected[name], count, "{name}: {expected:#}");
    }
    assert_eq!(expected["texts"][0][3], "delivered", "{expected:#}");
    let changes = undisturbed.doomed.proxies.changes();
    assert!(changes > 9, "the whole way was gone: {changes}");
    undisturbed.is_told_again().await;
    assert_eq!(undisturbed.footprint().await, expected, "copies of everything changed something");
    let lives = cuts(changes);
    for (number, chosen) in (1..).zip(lives) {
        let mut life = Life::begin(world, (number, words), Some(chosen)).await;
        life.runs().await;
        assert_eq!(life.footprint().await, expected, "{chosen:?}");
        if chosen.1 == Cut::After {
            life.is_told_again().await;
            assert_eq!(life.footprint().await, expected, "{chosen:?} and copies of everything");
        }
        assert!(life.doomed.proxies.is_dead() || chosen.1 == Cut::Unheard, "{chosen:?}");
    }
    report(&format!(
        "{} lives of a text, cut at {changes} changes; the first was {}",
        changes * 3 + 1,
        sid(0)
    ));
}

acceptance::tests![
    wherever_a_process_dies_a_text_gets_one_answer,
    wherever_a_process_dies_a_business_is_told_once_that_it_is_to_answer,
];
