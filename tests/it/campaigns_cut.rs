//! A campaign is cut at every change that its worker makes.

use std::time::Duration;

use acceptance::World;
use acceptance::crash_proxies::{CrashProxies, Cut, cuts};
use acceptance::sandbox::{HttpSandbox, QueueSandbox};
use http::Method;
use serde_json::{Value, json};
use simulator::twilio::{CallStatus, Callee, CallerScript, Person};

use super::campaigns::{CAMPAIGNS, at_a_time_for_calls, file, number, wanted};
use super::contact_files::put;

/// Jobs after which a campaign of one person is over, also after a crash.
const MOST_JOBS: usize = 60;

struct Life<'w> {
    world: &'w World,
    api: &'w HttpSandbox,
    healthy: &'w QueueSandbox,
    number: usize,
}

impl Life<'_> {
    async fn asked(&self, method: Method, path: &str, key: &str, body: Value) -> Value {
        let key = format!("{key}-{}", self.number);
        self.api.asked(self.world, (method, path), &[("idempotency-key", &key)], &body).await
    }

    /// So much time passes that every right has lapsed. Not while the world's own worker, which a sweep may have called, is at it: a
    /// request to Twilio that is on its way would be minutes old in a moment.
    async fn time_passes(&self) {
        const QUEUE: &[&str] = &["CampaignsQueue"];
        let quiet = || self.world.works_everything_off(QUEUE);
        while tokio::time::timeout(Duration::from_millis(200), quiet()).await.is_err() {
            self.world.time_passes(Duration::from_secs(3));
        }
        self.world.leases_lapse();
        self.world.leases_lapse();
    }

    /// From the file to the end, by a worker that dies where it was chosen, and a healthy one after it. How many changes the first
    /// one made.
    async fn lived(&self, queue: &str, chosen: Option<(usize, Cut)>) -> usize {
        let to = 200 + self.number;
        let person = Person::DoesNotAnswer(CallStatus::NoAnswer);
        self.world
            .twilio
            .set_callee(number(to), Callee { person, ..Callee::answers(CallerScript::new(vec![])) });
        let proxies = CrashProxies::of(self.world, chosen).await;
        let changes = proxies.environment.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let changes: Vec<(&str, &str)> = changes.chain([("QUEUE_CAMPAIGNS", queue)]).collect();
        let doomed = QueueSandbox::start(self.world, "campaign-step", &changes).await;
        let (file, mut new) = (file([to]), wanted(self.world));
        new["bytes"] = json!(file.len());
        let made = self.asked(Method::POST, CAMPAIGNS, "made", new).await;
        assert_eq!(put(self.world, &made["upload"], file.as_bytes()).await, 200);
        let path = format!("{CAMPAIGNS}/{}", made["id"].as_str().unwrap());
        let business = self.world.business.business.id.to_string();
        let job = json!({ "job": "work", "business": business, "campaign": made["id"] });
        self.asked(Method::POST, &format!("{path}/check"), "check", json!(null)).await;
        let mut state = json!(null);
        let mut was_dead = false;
        for attempt in 0..MOST_JOBS {
            if attempt > MOST_JOBS / 2 || proxies.is_dead() {
                if !was_dead {
                    // What it held lapses.
                    self.time_passes().await;
                    was_dead = true;
                }
                self.healthy.does(&job, 1).await;
            } else if !doomed.does(&job, 1).await {
                self.time_passes().await;
            }
            // The next turn's right lapses, as its message lies in a queue without a reader.
            self.time_passes().await;
            let shown = self.asked(Method::GET, &path, "one", json!(null)).await;
            state = shown["state"].clone();
            if state == "ready" {
                self.asked(Method::POST, &format!("{path}/start"), "start", json!(null)).await;
            }
            if state == "completed" {
                assert_eq!(shown["progress"]["total"], 1, "{chosen:?}: {shown:#}");
                assert_eq!(shown["progress"]["entries"], json!({ "done": 1 }), "{chosen:?}: {shown:#}");
                assert_eq!(shown["progress"]["outcomes"], json!({ "no_answer": 1 }), "{chosen:?}: {shown:#}");
                break;
            }
            if attempt % 10 == 9 {
                at_a_time_for_calls(self.world);
            }
        }
        assert_eq!(state, "completed", "{chosen:?}");
        let asked = self.world.twilio.requests().into_iter().filter(|asked| {
            asked.method == "POST"
                && asked.path.ends_with("/Calls.json")
                && asked.param("To") == Some(number(to).as_str())
        });
        assert_eq!(asked.count(), 1, "{chosen:?}: it rang once");
        proxies.changes()
    }
}

/// Trap 3. A worker that dies at any change of a campaign, or hears no answer to it, rings no telephone twice and leaves nothing behind.
async fn a_campaign_cut_at_any_change_comes_to_the_same() {
    let world = World::with(acceptance::WorldConfig {
        twilio: |twilio| twilio.dials_every = Duration::ZERO,
        ..acceptance::WorldConfig::default()
    })
    .await;
    at_a_time_for_calls(&world);
    let queue = super::permissions::aside(&world, "CampaignsQueue").await;
    let api = HttpSandbox::start(&world, "campaigns", &[("QUEUE_CAMPAIGNS", &queue)]).await;
    let healthy = QueueSandbox::start(&world, "campaign-step", &[("QUEUE_CAMPAIGNS", &queue)]).await;
    let life = |number| Life { world: &world, api: &api, healthy: &healthy, number };
    let changes = life(0).lived(&queue, None).await;
    assert!(changes > 15, "{changes}");
    let cuts = cuts(changes);
    for (number, chosen) in cuts.into_iter().enumerate() {
        // Every night anew.
        if number % 20 == 0 {
            at_a_time_for_calls(&world);
        }
        life(number + 1).lived(&queue, Some(chosen)).await;
    }
}

acceptance::tests![a_campaign_cut_at_any_change_comes_to_the_same];
