//! An erasure is cut at every change that it makes.

use std::time::Duration;

use acceptance::World;
use acceptance::crash_proxies::{CrashProxies, Cut, cuts};
use acceptance::sandbox::{HttpSandbox, QueueSandbox};
use acceptance::webhook::{Webhook, new_call_sid};
use domain::tools::TakenMessage;
use domain::{CallSid, Epoch, PhoneNumber};
use futures_util::StreamExt as _;
use http::Method;
use serde_json::{Value, json};
use stores::{do_not_call, messages, turns};

use super::contacts::ask;

/// A person with something of every kind that needs no call that is heard.
pub(crate) struct Person<'w> {
    world: &'w World,
    number: String,
    pub(crate) canary: String,
    pub(crate) contact: String,
}

impl<'w> Person<'w> {
    pub(crate) async fn meet(world: &'w World, n: usize) -> Self {
        let (number, canary) = (format!("+4366415{n:05}"), format!("numbat{n:05}x"));
        let (sid, contact) = known_after_a_call(world, &number).await;
        let call = CallSid::parse(&sid).unwrap();
        let table = |name: &'static str| world.system.name(name).unwrap();
        let message = TakenMessage { recipient: None, text: canary.clone(), callback: None };
        let writer = turns::Writer::new(&world.system.aws, table("TurnsTable"), table("LeasesTable"));
        writer.put_message(&call, Epoch::FIRST, "left", &message, world.now()).await.unwrap();
        let of_call = domain::Call {
            sid: call.clone(),
            business: world.business.business.id.clone(),
            from: domain::Caller::Number(PhoneNumber::parse(&number).unwrap()),
            ..domain::testing::call(1, world.now())
        };
        let left = domain::messages::Left::message(&of_call, "left", world.now(), &message);
        let writer = messages::Writer::new(&world.system.aws, table("MessagesTable"));
        assert!(writer.put(&world.business.business.id, &left, None).await.unwrap());
        let over = Webhook::status(world, &sid, "completed", 3).field("From", &number);
        assert_eq!(over.send(world).await.0, 204);
        let writer = do_not_call::Writer::new(&world.system.aws, table("DoNotCallTable"));
        let listed = PhoneNumber::parse(&number).unwrap();
        let business = &world.business.business.id;
        writer.put(business, &listed, Some(&canary), world.now()).await.unwrap();
        let note = json!({ "text": canary });
        let path = format!("/v1/contacts/{contact}/notes");
        assert_eq!(ask(world, Method::POST, &path, ("idempotency-key", &canary), &note).await.0, 201);
        Self { world, number, canary, contact }
    }

    /// Erased by a worker that may die, and then by a healthy one, round by round.
    async fn is_erased(
        &self,
        api: &HttpSandbox,
        doomed: (&QueueSandbox, &CrashProxies),
        healthy: &QueueSandbox,
    ) -> Value {
        let path = format!("/v1/contacts/{}/erasure", self.contact);
        let asked = self.world.http.post(api.url.join(&path).unwrap());
        let asked = asked.bearer_auth(self.world.identity.api_key.expose());
        let asked = asked
            .header("idempotency-key", format!("erase-{}", self.canary))
            .json(&json!({ "confirm": self.contact }));
        let answer = asked.send().await.unwrap();
        let (status, erasure): (_, Value) = (answer.status(), answer.json().await.unwrap());
        assert_eq!(status, 202, "{erasure}");
        let business = &self.world.business.business.id;
        let job = json!({ "job": "erase", "business": business.as_str(), "erasure": erasure["id"] });
        let path = format!("{}/{}", super::person_erasure::ERASURES, erasure["id"].as_str().unwrap());
        for round in 0..12 {
            if round < 2 && !doomed.1.is_dead() {
                doomed.0.does(&job, 1).await;
            } else {
                assert!(healthy.does(&job, 1).await, "by a healthy worker");
            }
            let (_, report) = self.world.get(&path).await;
            if report["state"] == "done" {
                return report;
            }
            self.world.time_passes(Duration::from_secs(21 * 60));
        }
        panic!("it came to no end");
    }
}

/// The sid of a call that goes on, and the contact that it made. A call does not wait for a store that is slow, on a machine that
/// has much to do: then the person calls again.
async fn known_after_a_call(world: &World, number: &str) -> (String, String) {
    for _ in 0..10 {
        let sid = new_call_sid();
        Webhook::inbound(world, &sid).field("From", number).send(world).await;
        if let Some(contact) = super::person_erasure::contact_of(world, number).await {
            return (sid, contact);
        }
        Webhook::status(world, &sid, "completed", 3).field("From", number).send(world).await;
    }
    panic!("no call makes a contact: {}", acceptance::log::troubles());
}

/// People with these numbers. Time is put forward from round to round here, so that what follows their calls is to be over
/// before.
pub(crate) async fn met(world: &World, numbers: std::ops::Range<usize>) -> Vec<Person<'_>> {
    let people = numbers.map(|n| Person::meet(world, n));
    let people = futures_util::stream::iter(people).buffered(4).collect().await;
    for _ in 0..3 {
        world.time_passes(Duration::from_secs(300));
        world.works_everything_off(&["RecordingsQueue", "TranscriptsQueue", "InsightsQueue"]).await;
    }
    people
}

/// What stays of each step, whatever was counted where.
fn outcome(report: &Value) -> Vec<Value> {
    let steps = report["steps"].as_array().unwrap().iter();
    let why =
        |step: &Value| step["kept"].as_array().unwrap().iter().map(|kept| kept["why"].clone()).collect();
    let outcome = |step: &Value| json!([step["step"], step["state"], Value::Array(why(step))]);
    // How long orders are remembered passes meanwhile.
    steps.filter(|step| step["step"] != "plans").map(outcome).collect()
}

/// A worker that dies at any change of an erasure, or hears no answer to it, leaves what an undisturbed one leaves.
async fn an_erasure_cut_at_any_change_comes_to_the_same() {
    let world = World::start().await;
    let queue = super::permissions::aside(&world, "PersonsQueue").await;
    let sinks = [("QUEUE_PERSONS", queue.as_str())];
    let api = HttpSandbox::start(&world, "contacts", &sinks).await;
    let healthy = QueueSandbox::start(&world, "person-step", &sinks).await;
    let life = async |person: &Person<'_>, chosen: Option<(usize, Cut)>| {
        let proxies = CrashProxies::of(&world, chosen).await;
        let changes = proxies.environment.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let changes: Vec<(&str, &str)> = changes.chain(sinks).collect();
        let doomed = QueueSandbox::start(&world, "person-step", &changes).await;
        let report = person.is_erased(&api, (&doomed, &proxies), &healthy).await;
        let found = world.find(&[&person.canary, &person.number]).await;
        // On the list of numbers that are not called the number stays, without a reason.
        let left: Vec<_> = found
            .into_iter()
            .filter(|found| found.place != "LeasesTable" && found.place != "DoNotCallTable")
            .collect();
        assert!(left.is_empty(), "{chosen:?}: {left:#?}");
        assert!(
            world.find(&[&person.canary]).await.iter().all(|found| found.place == "LeasesTable"),
            "{chosen:?}"
        );
        (outcome(&report), proxies.changes())
    };
    let first = met(&world, 0..1).await;
    let (undisturbed, changes) = life(&first[0], None).await;
    assert!(changes > 20, "{changes}");
    let cuts = cuts(changes);
    let people = met(&world, 1..cuts.len() + 1).await;
    let lives = cuts.into_iter().zip(&people).map(|(chosen, person)| {
        let life = &life;
        async move { (chosen, life(person, Some(chosen)).await.0) }
    });
    let mut lives = futures_util::stream::iter(lives).buffer_unordered(4);
    while let Some((chosen, came)) = lives.next().await {
        assert_eq!(came, undisturbed, "{chosen:?}");
    }
}

acceptance::tests![an_erasure_cut_at_any_change_comes_to_the_same];
