//! A lead is cut at every change that is made on its way, from the request to the call.

use std::time::Duration;

use acceptance::World;
use acceptance::crash_proxies::{CrashProxies, Cut, cuts};
use acceptance::sandbox::{HttpSandbox, QueueSandbox};
use serde_json::{Value, json};
use simulator::twilio::{CallStatus, Callee, CallerScript, Person};

use super::campaigns::{at_a_time_for_calls, number};
use super::leads::{Source, source};
use super::permissions::aside;
use super::person_erasure::contact_of;

/// Jobs after which a call is placed, also after a crash.
const MOST_JOBS: usize = 8;
/// Longer than a worker has the right to an order, and shorter than a lead may be called in.
const A_RIGHT_LAPSES: Duration = Duration::from_secs(65);

struct Life<'w> {
    world: &'w World,
    source: &'w Source,
    door: &'w HttpSandbox,
    worker: &'w QueueSandbox,
    queues: &'w [(&'w str, &'w str)],
    number: usize,
}

impl Life<'_> {
    /// Sends the lead, and gives what was answered with 202.
    async fn sent(&self, door: &HttpSandbox) -> Option<Value> {
        let body = json!({ "phone": number(300 + self.number), "time_zone": "America/New_York" });
        let url = door.url.join(&self.source.url).unwrap();
        let sent = self.world.http.post(url).header("x-webhook-secret", &self.source.secret).json(&body);
        let answer = sent.send().await.ok()?;
        if answer.status() == 202 { answer.json().await.ok() } else { None }
    }

    /// From the request to the call, by functions that die where it was chosen, and healthy ones after them. How many changes the
    /// first ones made.
    async fn lived(&self, chosen: Option<(usize, Cut)>) -> usize {
        let to = number(300 + self.number);
        let person = Person::DoesNotAnswer(CallStatus::NoAnswer);
        let callee = Callee { person, ..Callee::answers(CallerScript::new(vec![])) };
        self.world.twilio.set_callee(to.clone(), callee);
        let proxies = CrashProxies::of(self.world, chosen).await;
        let own = proxies.environment.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let changes: Vec<(&str, &str)> = own.chain(self.queues.iter().copied()).collect();
        let door = HttpSandbox::start(self.world, "leads", &changes).await;
        let doomed = QueueSandbox::start(self.world, "lead-calls", &changes).await;
        let taken = match self.sent(&door).await {
            Some(taken) => taken,
            // A sender that hears nothing sends it again.
            None => self.sent(self.door).await.unwrap_or_else(|| panic!("{chosen:?}: it is taken")),
        };
        assert_eq!(taken["call"]["state"], "ordered", "{chosen:?}: {taken}");
        let business = self.world.business.business.id.as_str();
        let id = self.source.path.rsplit('/').next().unwrap();
        let job = json!({ "job": "call", "business": business, "source": id, "lead": taken["lead"] });
        let path = format!("{}/leads/{}", self.source.path, taken["lead"].as_str().unwrap());
        let mut state = json!(null);
        for _ in 0..MOST_JOBS {
            let worker = if proxies.is_dead() { self.worker } else { &doomed };
            if !worker.does(&job, 1).await {
                self.world.time_passes(A_RIGHT_LAPSES);
            }
            state = self.world.get(&path).await.1["call"]["state"].clone();
            if state != "ordered" {
                break;
            }
        }
        assert_eq!(state, "placed", "{chosen:?}");
        let asked = self.world.twilio.requests().into_iter().filter(|asked| {
            asked.method == "POST"
                && asked.path.ends_with("/Calls.json")
                && asked.param("To") == Some(to.as_str())
        });
        assert_eq!(asked.count(), 1, "{chosen:?}: it rang once");
        assert_eq!(contact_of(self.world, &to).await.as_deref(), taken["contact"].as_str(), "{chosen:?}");
        proxies.changes()
    }
}

/// A function that dies at any change of a lead, or hears no answer to it, makes no second contact and rings no telephone twice.
async fn a_lead_cut_at_any_change_comes_to_the_same() {
    let world = World::with(acceptance::WorldConfig {
        business: |new| new.business.max_concurrent_calls = 20,
        twilio: |twilio| twilio.dials_every = Duration::ZERO,
        ..acceptance::WorldConfig::default()
    })
    .await;
    at_a_time_for_calls(&world);
    let (leads, told) = (aside(&world, "LeadsQueue").await, aside(&world, "EndpointsQueue").await);
    let queues = [("QUEUE_LEADS", leads.as_str()), ("QUEUE_ENDPOINTS", told.as_str())];
    let door = HttpSandbox::start(&world, "leads", &queues).await;
    let worker = QueueSandbox::start(&world, "lead-calls", &queues).await;
    let calls = json!({ "call_now": { "from": world.business.number.as_e164() } });
    let source = source(&world, "cut", calls).await;
    let (door, worker, source, queues) = (&door, &worker, &source, &queues);
    let life = |number| Life { world: &world, source, door, worker, queues, number };
    let changes = life(0).lived(None).await;
    assert!(changes > 8, "{changes}");
    for (number, chosen) in cuts(changes).into_iter().enumerate() {
        // Every night anew.
        if number % 20 == 0 {
            at_a_time_for_calls(&world);
        }
        life(number + 1).lived(Some(chosen)).await;
    }
    let leads = world.get(&format!("{}/leads?limit=100", source.path)).await.1;
    let leads = leads["leads"].as_array().unwrap().clone();
    assert!(leads.iter().all(|lead| lead["state"] == "created"), "each person came once: {leads:#?}");
}

acceptance::tests![a_lead_cut_at_any_change_comes_to_the_same];
