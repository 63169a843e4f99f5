//! The pipeline, cut at every step: whatever dies wherever, what a call leaves behind is what it always leaves.

use std::collections::BTreeMap;
use std::time::Duration;

use acceptance::crash_proxies::{CrashProxies, Cut, cuts};
use acceptance::sandbox::{HttpSandbox, QueueSandbox};
use acceptance::suite::report;
use acceptance::webhook::Webhook;
use acceptance::{World, WorldConfig};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::tools::TakenMessage;
use domain::{CallSid, Epoch};
use futures_util::future::join_all;
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use simulator::twilio::{
    CallFaults, CallStatus, CallerScript, CallerStep, RecordingFaults, RecordingStatus, TwimlSource,
};
use stores::{messages, turns};

/// Worlds among which the lives are divided: a life looks through all rows of its world.
const WORLDS: usize = 4;
/// Lives at once in each world.
const AT_ONCE: usize = 2;
/// As often as a message is received before it is given up.
const ATTEMPTS: u32 = functions::edge::batch::MAX_ATTEMPTS;
/// Jobs of one call; a pipeline that sends itself more is a loop.
const MAX_JOBS: usize = 40;

const CONTACTS: &str = "ContactsTable";

/// What the caller leaves.
const MESSAGES: [&str; 2] = ["The chain is broken.", "Call me back."];

/// The functions that a call meets, in one process that may die.
struct Process {
    inbound: HttpSandbox,
    status: HttpSandbox,
    ready: HttpSandbox,
    archive: QueueSandbox,
    step: QueueSandbox,
    insights: QueueSandbox,
    proxies: CrashProxies,
}

impl Process {
    async fn start(world: &World, queues: &[(String, String)], chosen: Option<(usize, Cut)>) -> Self {
        // It starts alive, whatever it meets later: starting changes nothing.
        let proxies = CrashProxies::of(world, chosen).await;
        let changes = proxies.environment.iter().chain(queues);
        let changes: Vec<(&str, &str)> =
            changes.map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let process = Self {
            inbound: HttpSandbox::start(world, "voice-inbound", &changes).await,
            status: HttpSandbox::start(world, "voice-status", &changes).await,
            ready: HttpSandbox::start(world, "recording-ready", &changes).await,
            archive: QueueSandbox::start(world, "recording-archive", &changes).await,
            step: QueueSandbox::start(world, "transcript-step", &changes).await,
            insights: QueueSandbox::start(world, "call-insights", &changes).await,
            proxies,
        };
        assert_eq!(process.proxies.changes(), 0);
        process
    }
}

/// One delivery: a webhook to one of the functions, or a job.
#[derive(Clone)]
enum Delivery {
    Inbound(Webhook),
    Status(Webhook),
    Ready(Webhook),
    Archive(Value),
    Step(Value),
    Insights(Value),
}

/// Delivers to `process`, and says whether the sender hears that it is done.
async fn deliver(world: &World, process: &Process, delivery: &Delivery, attempt: u32) -> bool {
    let done = match delivery {
        Delivery::Inbound(webhook) => process.inbound.receives(world, webhook).await.1.contains("<Stream"),
        Delivery::Status(webhook) => process.status.receives(world, webhook).await.0 == 204,
        Delivery::Ready(webhook) => process.ready.receives(world, webhook).await.0 == 204,
        Delivery::Archive(job) => process.archive.does(job, attempt).await,
        Delivery::Step(job) => process.step.does(job, attempt).await,
        Delivery::Insights(job) => process.insights.does(job, attempt).await,
    };
    done && !process.proxies.is_dead()
}

type Kind = fn(Value) -> Delivery;

/// One call, its two processes and its queues.
struct Life<'w> {
    world: &'w World,
    call: String,
    /// Who calls: a person of its own, since a business knows one who called before.
    caller: String,
    /// Serves until it dies.
    doomed: Process,
    healthy: Process,
    /// URLs, and what a job from there is.
    queues: [(String, Kind); 3],
    delivered: Vec<Delivery>,
}

impl<'w> Life<'w> {
    async fn begin(world: &'w World, number: usize, chosen: Option<(usize, Cut)>) -> Self {
        let mut queues = vec![];
        for kind in ["recordings", "transcripts", "insights"] {
            let name = format!("{kind}-{number}");
            let created = world.system.aws.sqs.create_queue().queue_name(name).send().await.unwrap();
            queues.push(created.queue_url.unwrap());
        }
        let names = ["QUEUE_RECORDINGS", "QUEUE_TRANSCRIPTS", "QUEUE_INSIGHTS"].map(str::to_owned);
        let environment: Vec<(String, String)> = names.into_iter().zip(queues.clone()).collect();
        // A call that Twilio has on the line, doing nothing; everything it would tell us, we tell ourselves.
        let mut spec = world
            .spec(CallerScript::new(vec![CallerStep::WaitForAgent { quiet_ms: 60_000, max_ms: 60_000 }]));
        spec.status_callback = None;
        spec.twiml = TwimlSource::Inline(
            "<Response><Start><Recording/></Start><Pause length=\"60\"/></Response>".to_owned(),
        );
        let recording = RecordingFaults { callback_lost: true, ..Default::default() };
        spec.faults = CallFaults { recording, ..Default::default() };
        let call = world.twilio.call(spec);
        while call.status() != CallStatus::InProgress || world.twilio.recordings(call.sid()).is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let [recordings, transcripts, insights]: [String; 3] = queues.try_into().unwrap();
        Self {
            world,
            call: call.sid().to_owned(),
            caller: format!("+43664{number:07}"),
            doomed: Process::start(world, &environment, chosen).await,
            healthy: Process::start(world, &environment, None).await,
            queues: [
                (recordings, Delivery::Archive),
                (transcripts, Delivery::Step),
                (insights, Delivery::Insights),
            ],
            delivered: vec![],
        }
    }

    fn webhook(&self) -> Webhook {
        Webhook::inbound(self.world, &self.call).field("From", &self.caller)
    }

    /// The whole life of the call, each delivery repeated until it is done, as Twilio and SQS do.
    async fn runs(&mut self) {
        let (world, call) = (self.world, self.call.clone());
        self.delivers(Delivery::Inbound(self.webhook())).await;
        let started = self
            .webhook()
            .at("/twilio/stream/status")
            .field("StreamSid", &format!("MZ{}", "1".repeat(32)))
            .field("StreamEvent", "stream-started")
            .field("StreamName", "agent")
            .field("Timestamp", "2026-11-20T13:05:02.250Z");
        self.delivers(Delivery::Status(started)).await;
        self.works().await;
        self.converses().await;
        let line = world.twilio.calls().into_iter().find(|line| line.sid() == call).unwrap();
        // Long enough that there is something on the recording.
        tokio::time::sleep(Duration::from_millis(60)).await;
        line.hang_up();
        line.finished().await;
        while world
            .twilio
            .recordings(&call)
            .iter()
            .any(|recording| recording.status != RecordingStatus::Completed)
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let over = Webhook::status(world, &call, "completed", 3).field("From", &self.caller);
        self.delivers(Delivery::Status(over)).await;
        let [recording] = &world.twilio.recordings(&call)[..] else {
            panic!("it was recorded once: {:?}", world.twilio.recordings(&call))
        };
        let ready = self
            .webhook()
            .at("/twilio/recording")
            .field("RecordingSid", &recording.sid)
            .field("RecordingStatus", "completed")
            .field("RecordingChannels", "2");
        let begun = ready.clone().field("RecordingStatus", "in-progress");
        self.delivers(Delivery::Ready(begun)).await;
        self.delivers(Delivery::Ready(ready)).await;
        self.works().await;
        // The queue gives it out a minute after the end.
        self.delivers(Delivery::Archive(json!({ "job": "account", "call": call }))).await;
        self.works().await;
    }

    async fn delivers(&mut self, delivery: Delivery) {
        self.delivered.push(delivery.clone());
        for attempt in 1..=ATTEMPTS {
            let process = if self.doomed.proxies.is_dead() { &self.healthy } else { &self.doomed };
            if deliver(self.world, process, &delivery, attempt).await {
                return;
            }
            self.world.leases_lapse();
        }
        panic!("a delivery is never done: {}", acceptance::log::troubles());
    }

    /// Does every job there is, and every job that these lead to.
    async fn works(&mut self) {
        for _ in 0..MAX_JOBS {
            let Some(job) = self.receives().await else { return };
            self.delivers(job).await;
        }
        panic!("the jobs never end");
    }

    async fn receives(&self) -> Option<Delivery> {
        let sqs = &self.world.system.aws.sqs;
        for (url, delivery) in &self.queues {
            let received = sqs.receive_message().queue_url(url).send().await.unwrap();
            let Some(message) = received.messages.into_iter().flatten().next() else { continue };
            let job: Value = serde_json::from_str(&message.body.unwrap()).unwrap();
            let receipt = message.receipt_handle.unwrap();
            sqs.delete_message().queue_url(url).receipt_handle(receipt).send().await.unwrap();
            return Some(delivery(job));
        }
        None
    }

    /// What the bridge would write.
    async fn converses(&self) {
        let system = &self.world.system;
        let [table, leases] = ["TurnsTable", "LeasesTable"].map(|name| system.name(name).unwrap());
        let turn = |position: u32, speaker: &str, text: &str| {
            let turn = json!({
                "call": self.call, "epoch": 1, "position": position, "item": format!("item_{position}"),
                "speaker": speaker, "state": "complete", "text": text, "at": self.world.now().0,
                "spoken": { "secs": 1, "nanos": 0 }, "heard": { "secs": 1, "nanos": 0 },
                "latency": null, "tool_calls": [],
            });
            serde_json::from_value::<domain::Turn>(turn).unwrap()
        };
        let turns = [turn(0, "agent", "Good day."), turn(1, "caller", "My chain is broken.")];
        let writer = turns::Writer::new(&system.aws, table, leases);
        writer.put_turns(&turns).await.unwrap();
        let call = CallSid::parse(&self.call).unwrap();
        for text in MESSAGES {
            let message = TakenMessage { recipient: None, text: text.into(), callback: None };
            writer.put_message(&call, Epoch::FIRST, text, &message, self.world.now()).await.unwrap();
        }
    }

    /// Every row of a table that speaks of this call or its recording.
    async fn rows(&self, table: &'static str) -> Vec<std::collections::HashMap<String, AttributeValue>> {
        let mut names = vec![self.call.clone()];
        names.extend(self.world.twilio.recordings(&self.call).into_iter().map(|recording| recording.sid));
        let table = self.world.system.name(table).unwrap();
        let mut pages = self.world.system.aws.dynamodb.scan().table_name(table).consistent_read(true);
        let mut rows = vec![];
        loop {
            let page = pages.clone().send().await.unwrap();
            rows.extend(page.items.unwrap_or_default());
            let Some(next) = page.last_evaluated_key.filter(|key| !key.is_empty()) else { break };
            pages = pages.set_exclusive_start_key(Some(next));
        }
        rows.retain(|row| {
            row.values()
                .filter_map(|value| value.as_s().ok())
                .any(|text| names.iter().any(|name| text.contains(name)))
        });
        rows
    }

    /// What the call has left behind: the kinds of rows in each table and how many of each, objects, recordings.
    async fn footprint(&self) -> BTreeMap<String, usize> {
        let mut left: BTreeMap<String, usize> = BTreeMap::new();
        let tables = [
            "CallsTable",
            "TurnsTable",
            "RecordingsTable",
            "TranscriptsTable",
            "EventsTable",
            "LeasesTable",
            "MessagesTable",
            CONTACTS,
        ];
        // Identifiers, and the numbers of a business's events.
        let ids = regex::Regex::new("[0-9a-f]{16,}|[0-9]{12}").unwrap();
        for table in tables {
            for row in self.rows(table).await {
                let text = |name: &str| row.get(name).and_then(|value| value.as_s().ok()).cloned();
                let shown = ["pk", "sk", "status", "state", "source", "unsettled"]
                    .map(|name| text(name).unwrap_or_default());
                let mut shown = ids.replace_all(&shown.join(" "), "*").into_owned();
                // Which of the lines it had is chance. Work that was done and not noted as done has a lease that
                // lapses: that is no effect.
                if shown.contains("slot#") {
                    shown = "slot".to_owned();
                } else if table == "EventsTable" {
                    // Whether it has a number already is chance.
                    shown = text("kind").unwrap_or_default();
                } else if shown.starts_with("once#") {
                    shown.truncate(shown.find(' ').unwrap_or(shown.len()));
                }
                *left.entry(format!("{table}: {shown}")).or_default() += 1;
            }
        }
        let bucket = self.world.system.name("RecordingsBucket").unwrap();
        let objects = self.world.system.aws.s3.list_objects_v2().bucket(bucket).send().await.unwrap();
        let own = objects.contents().iter().filter(|object| object.key().unwrap().contains(&self.call));
        left.insert("objects".into(), own.count());
        left.insert("recordings at Twilio".into(), self.world.twilio.recordings(&self.call).len());
        left
    }

    /// Everything that was delivered, twice more and at once.
    async fn is_told_again(&mut self) {
        let told: Vec<Delivery> = self.delivered.clone();
        stream::iter(told.iter().chain(&told))
            .for_each_concurrent(None, |delivery| async {
                // A copy that meets another one at work is told to come again, and has no need to.
                deliver(self.world, &self.healthy, delivery, 1).await;
            })
            .await;
        self.works().await;
    }
}

async fn world() -> World {
    World::with(WorldConfig {
        business: |new| {
            new.business.max_concurrent_calls = 100;
            new.settings.policies.transcript = domain::business::TranscriptPolicy::RecordingUpgrade;
        },
        ..WorldConfig::default()
    })
    .await
}

/// How many messages the business's list counts.
async fn counted(world: &World) -> u64 {
    let table = world.system.name("MessagesTable").unwrap();
    let reader = messages::Reader::new(&world.system.aws, table);
    reader.waiting(&world.business.business.id).await.unwrap().messages
}

/// A call that the contacts kept waiting too long goes on as a stranger's, of which they have nothing at all.
fn of_a_stranger_if(is_stranger: bool, expected: &BTreeMap<String, usize>) -> BTreeMap<String, usize> {
    let rows = expected.iter().filter(|(row, _)| !is_stranger || !row.starts_with(CONTACTS));
    rows.map(|(row, count)| (row.clone(), *count)).collect()
}

/// Each of these lives in one world, which must leave what an undisturbed life leaves.
async fn runs_each(lives: &[(usize, Cut)], expected: &BTreeMap<String, usize>) {
    let world = &world().await;
    stream::iter(lives.iter().enumerate())
        .for_each_concurrent(AT_ONCE, |(number, chosen)| async move {
            let mut life = Life::begin(world, number, Some(*chosen)).await;
            life.runs().await;
            let left = life.footprint().await;
            let expected = &of_a_stranger_if(left.keys().all(|row| !row.starts_with(CONTACTS)), expected);
            assert_eq!(left, *expected, "{chosen:?}");
            if chosen.1 == Cut::After {
                life.is_told_again().await;
                assert_eq!(life.footprint().await, *expected, "{chosen:?} and copies of everything");
            }
            let died = life.doomed.proxies.is_dead();
            assert!(died || chosen.1 == Cut::Unheard, "{chosen:?}");
        })
        .await;
    assert_eq!(counted(world).await, (lives.len() * MESSAGES.len()) as u64, "each message is counted once");
}

/// Faults 17, 18, 19, 24, 39. The process dies at each change that it makes anywhere, before and after it took
/// effect, or does not hear the answer; then everything is delivered twice more. One call, one recording, one object,
/// one transcript of each source, one final pointer, one entry of each message, no line held.
async fn wherever_a_process_dies_every_effect_happens_once() {
    let world = world().await;
    let mut undisturbed = Life::begin(&world, 0, None).await;
    undisturbed.runs().await;
    let expected = undisturbed.footprint().await;
    let changes = undisturbed.doomed.proxies.changes();
    assert!(changes > 15, "the whole pipeline was gone through: {changes}");
    assert_eq!((expected["objects"], expected["recordings at Twilio"]), (1, 1), "{expected:#?}");
    assert!(!expected.keys().any(|row| row.contains("slot")), "{expected:#?}");
    let record = world.record(&undisturbed.call).await;
    // The line was quiet, so there is nothing on the recording that would be better than the turns.
    assert_eq!((&record.status, &record.transcript_source), (&"completed".into(), &"realtime".into()));
    undisturbed.is_told_again().await;
    assert_eq!(undisturbed.footprint().await, expected, "copies of everything changed something");
    let listed = expected.iter().filter(|(row, _)| row.starts_with("MessagesTable")).map(|(_, count)| count);
    assert_eq!(
        (listed.sum::<usize>(), counted(&world).await),
        (MESSAGES.len(), MESSAGES.len() as u64),
        "{expected:#?}"
    );

    drop(world);

    let lives = cuts(changes);
    let worlds = lives.chunks(lives.len().div_ceil(WORLDS)).map(|lives| runs_each(lives, &expected));
    join_all(worlds).await;
    report(&format!("{} lives, cut at {changes} changes", lives.len() + 1));
}

acceptance::tests![wherever_a_process_dies_every_effect_happens_once,];
