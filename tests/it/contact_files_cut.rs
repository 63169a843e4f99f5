//! An import of contacts is cut at every change that it makes.

use acceptance::World;
use acceptance::crash_proxies::{CrashProxies, Cut, cuts};
use acceptance::sandbox::{HttpSandbox, QueueSandbox};
use futures_util::StreamExt as _;
use http::Method;
use serde_json::{Value, json};

use super::contact_files::{IMPORTS, counts, put};

/// An import whose worker may die, with contacts of its own.
struct Life<'w> {
    world: &'w World,
    api: &'w HttpSandbox,
    worker: QueueSandbox,
    proxies: CrashProxies,
    healthy: &'w QueueSandbox,
    number: usize,
}

impl<'w> Life<'w> {
    async fn begin(
        (world, api, healthy): (&'w World, &'w HttpSandbox, &'w QueueSandbox),
        queue: &str,
        number: usize,
        chosen: Option<(usize, Cut)>,
    ) -> Self {
        let proxies = CrashProxies::of(world, chosen).await;
        let changes = proxies.environment.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let changes: Vec<(&str, &str)> = changes.chain([("QUEUE_CONTACTS", queue)]).collect();
        let worker = QueueSandbox::start(world, "contact-step", &changes).await;
        Self { world, api, worker, proxies, healthy, number }
    }

    async fn asked(&self, method: Method, path: &str, key: &str, body: Value) -> Value {
        let key = format!("{key}-{}", self.number);
        self.api.asked(self.world, (method, path), &[("idempotency-key", &key)], &body).await
    }

    fn phone(&self, n: usize) -> String {
        format!("+4366413{:03}{n:02}", self.number)
    }

    /// Everything from the file to its undoing. What it came to, without what tells one life from another.
    async fn lived(&self) -> Vec<Value> {
        let known = json!({ "name": "Dana", "handles": [{ "kind": "phone", "value": self.phone(1) }] });
        self.asked(Method::POST, "/v1/contacts", "known", known).await;
        let row = |n, rest: &str| format!("{rest},{}\n", self.phone(n));
        let file =
            ["name,company,phone\n".to_owned(), row(1, "Dana,Acme"), row(2, "Eve,"), row(2, "Eve,Castle")];
        let file = format!("{}Lost,,4.3E+11\n", file.concat());
        let new = json!({ "bytes": file.len() });
        let import = self.asked(Method::POST, IMPORTS, "import", new).await;
        assert_eq!(put(self.world, &import["upload"], file.as_bytes()).await, 200);
        let path = format!("{IMPORTS}/{}", import["id"].as_str().unwrap());
        let business = self.world.business.business.id.to_string();
        let job = json!({ "job": "import", "business": business, "import": import["id"] });
        let mut came = vec![];
        for (step, state) in [("check", "checked"), ("run", "done"), ("undo", "undone")] {
            self.asked(Method::POST, &format!("{path}/{step}"), "step", json!(null)).await;
            let mut import = json!(null);
            for attempt in 0..12 {
                if attempt > 6 || self.proxies.is_dead() {
                    assert!(self.healthy.does(&job, 1).await, "{step} by a healthy worker");
                } else {
                    self.worker.does(&job, 1).await;
                }
                import = self.asked(Method::GET, &path, "one", json!(null)).await;
                if import["state"] == state {
                    break;
                }
            }
            assert_eq!(import["state"], state, "{import:#}");
            came.push(json!(counts(&import[step])));
            came.push(self.contacts().await);
        }
        came
    }

    async fn contacts(&self) -> Value {
        let mut all = vec![];
        for n in [1, 2] {
            let path = format!("/v1/contacts?number={}", self.phone(n).replace('+', "%2B"));
            let found = self.asked(Method::GET, &path, "list", json!(null)).await;
            for contact in found["contacts"].as_array().unwrap() {
                all.push(json!([
                    contact["name"]["value"],
                    contact["company"]["value"],
                    contact["handles"].as_array().unwrap().len()
                ]));
            }
        }
        json!(all)
    }
}

/// A worker that dies at any change of an import, or hears no answer to it, leaves what an undisturbed one leaves.
async fn an_import_cut_at_any_change_comes_to_the_same(world: World) {
    let queue = super::permissions::aside(&world, "ContactsQueue").await;
    let api = HttpSandbox::start(&world, "contacts", &[("QUEUE_CONTACTS", &queue)]).await;
    let healthy = QueueSandbox::start(&world, "contact-step", &[("QUEUE_CONTACTS", &queue)]).await;
    let parts = (&world, &api, &healthy);
    let life = Life::begin(parts, &queue, 0, None).await;
    let undisturbed = life.lived().await;
    let changes = life.proxies.changes();
    assert_eq!(undisturbed[2], json!([1, 2, 0, 1, 0]), "{undisturbed:?}");
    assert_eq!(undisturbed[5], json!([["Dana", null, 1]]), "as it was");
    assert!(changes > 15, "{changes}");
    let cuts = cuts(changes);
    let queue = &queue;
    let lives = cuts.into_iter().enumerate().map(|(number, chosen)| async move {
        let life = Life::begin(parts, queue, number + 1, Some(chosen)).await;
        (chosen, life.lived().await)
    });
    let mut lives = futures_util::stream::iter(lives).buffer_unordered(4);
    while let Some((chosen, came)) = lives.next().await {
        assert_eq!(came, undisturbed, "{chosen:?}");
    }
}

acceptance::tests![an_import_cut_at_any_change_comes_to_the_same];
