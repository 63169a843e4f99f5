//! An export of a person is cut at every change that it makes.

use std::collections::BTreeSet;

use acceptance::World;
use acceptance::crash_proxies::{CrashProxies, Cut, cuts};
use acceptance::sandbox::{HttpSandbox, QueueSandbox};
use domain::contact::person_export::ATTEMPT;
use serde_json::{Value, json};

use super::person_erasure_cut::met;
use super::person_export::archive::{Archive, archives};

/// What an export came to: the files of its archive, and that there is one archive.
struct Came {
    names: BTreeSet<String>,
    parts: Value,
}

/// A worker that dies at any change of an export, or hears no answer to it, leaves what an undisturbed one leaves: one archive
/// with all of the person.
async fn an_export_cut_at_any_change_comes_to_the_same() {
    let world = World::start().await;
    let queue = super::permissions::aside(&world, "PersonExportsQueue").await;
    let sinks = [("QUEUE_PERSON_EXPORTS", queue.as_str())];
    let api = HttpSandbox::start(&world, "contacts", &sinks).await;
    let healthy = QueueSandbox::start(&world, "person-export", &sinks).await;
    let people = met(&world, 900..901).await;
    let person = &people[0];
    let business = world.business.business.id.to_string();
    let life = async |n: usize, chosen: Option<(usize, Cut)>| {
        let path = format!("/v1/contacts/{}/export", person.contact);
        let asked = world.http.post(api.url.join(&path).unwrap());
        let asked = asked.bearer_auth(world.identity.api_key.expose());
        let answer = asked.header("idempotency-key", format!("export-{n}")).send().await.unwrap();
        let (status, export): (_, Value) = (answer.status(), answer.json().await.unwrap());
        assert_eq!(status, 202, "{export}");
        let id = export["id"].as_str().unwrap().to_owned();
        let proxies = CrashProxies::of(&world, chosen).await;
        let changes = proxies.environment.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let changes: Vec<(&str, &str)> = changes.chain(sinks).collect();
        let doomed = QueueSandbox::start(&world, "person-export", &changes).await;
        let job = json!({ "job": "export", "business": business, "export": id });
        doomed.does(&job, 1).await;
        let one = format!("{path}/{id}");
        for attempt in 2.. {
            let (_, export) = world.get(&one).await;
            if export["state"] == "done" {
                break;
            }
            assert!(attempt < 5, "{chosen:?}: {export:#}");
            // The dead worker has it until then.
            world.time_passes(ATTEMPT);
            healthy.does(&job, attempt).await;
        }
        healthy.does(&job, 1).await;
        let (_, export) = world.get(&one).await;
        let mut mine = archives(&world).await;
        mine.retain(|(key, _)| key.contains(&id));
        // The file of a worker that died behind its upload is taken away by the one that came after it.
        assert_eq!(mine.len(), 1, "{chosen:?}");
        assert_eq!(export["bytes"], mine[0].1.len(), "{chosen:?}");
        let archive = Archive::read(&mine[0].1);
        archive.is_as_its_manifest_says();
        assert!(!archive.with(&person.canary).is_empty(), "{chosen:?}");
        let came = Came { names: archive.0.keys().cloned().collect(), parts: export["parts"].clone() };
        (came, proxies.changes())
    };
    let (undisturbed, changes) = life(0, None).await;
    assert!(changes >= 3, "{changes}");
    let cuts = cuts(changes);
    for (n, chosen) in (1..).zip(cuts) {
        let (came, _) = life(n, Some(chosen)).await;
        assert_eq!(came.names, undisturbed.names, "{chosen:?}");
        assert_eq!(came.parts, undisturbed.parts, "{chosen:?}");
    }
}

acceptance::tests![an_export_cut_at_any_change_comes_to_the_same];
