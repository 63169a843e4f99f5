//! Events on their way to endpoints while workers meet, repeat and die.

use std::collections::BTreeMap;

use acceptance::World;
use acceptance::crash_proxies::{CrashProxies, Cut, cuts};
use acceptance::receiver::Receiver;
use acceptance::sandbox::{QueueSandbox, ScheduleSandbox};
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::endpoints::{Happens, endpoint};

/// The job that gives a business's events, and those that send an endpoint what is due.
fn jobs(world: &World, path: &str) -> (Value, Value) {
    let business = &world.business.business.id;
    let id = path.rsplit('/').next().unwrap();
    (
        json!({ "job": "give", "business": business }),
        json!({ "job": "serve", "business": business, "endpoint": id }),
    )
}

/// How often each event was received, by its name there.
fn counted(receiver: &Receiver) -> BTreeMap<String, usize> {
    let mut counted = BTreeMap::new();
    for received in receiver.received() {
        *counted.entry(received.id().to_owned()).or_default() += 1;
    }
    counted
}

/// Fault 68. Copies of every job, and twenty workers at once.
async fn twenty_workers_send_each_event_once() {
    let world = World::start().await;
    let receivers = [Receiver::start().await, Receiver::start().await];
    // The jobs that the workers send go nowhere: the test brings each, many times.
    let queue = super::permissions::aside(&world, "EndpointsQueue").await;
    let changes = [("QUEUE_ENDPOINTS", queue.as_str())];
    let mut paths = vec![];
    for (n, receiver) in receivers.iter().enumerate() {
        paths.push(endpoint(&world, &format!("{n}"), receiver, json!({})).await.0);
    }
    let happens = Happens::in_world(&world);
    for n in 1..=12 {
        happens.quietly(n, "usage.warning", None).await;
    }
    let start = || QueueSandbox::start(&world, "endpoint-step", &changes);
    let workers = join_all((0..20).map(|_| start())).await;
    let (give, _) = jobs(&world, &paths[0]);
    assert!(join_all(workers.iter().map(|worker| worker.does(&give, 1))).await.iter().all(|done| *done));
    for path in &paths {
        let (_, serve) = jobs(&world, path);
        let done = join_all(workers.iter().map(|worker| worker.does(&serve, 1))).await;
        assert!(done.iter().all(|done| *done));
    }
    for (receiver, path) in receivers.iter().zip(&paths) {
        let counted = counted(receiver);
        assert!(counted.len() == 12 && counted.values().all(|times| *times == 1), "{counted:?}");
        let (_, page) = world.get(&format!("{path}/deliveries")).await;
        let all = page["deliveries"].as_array().unwrap();
        assert!(all.len() == 12 && all.iter().all(|one| one["state"] == "delivered"), "{page:#}");
    }
}

/// Fault 68. A job is lost: the sweep finds the event.
async fn an_event_of_which_no_job_tells_is_found_by_the_sweep() {
    let world = World::start().await;
    let receiver = Receiver::start().await;
    endpoint(&world, "one", &receiver, json!({})).await;
    Happens::in_world(&world).quietly(1, "usage.warning", None).await;
    let sweep = ScheduleSandbox::start(&world, "endpoint-sweep", &[]).await;
    assert!(sweep.ticks(world.now()).await);
    world.until(|| async { (receiver.received().len() == 1).then_some(()) }).await;
    assert!(sweep.ticks(world.now()).await);
    world.works_everything_off(&["EndpointsQueue"]).await;
    assert_eq!(receiver.received().len(), 1);
}

/// One event in a world of its own, whose worker dies at a change.
async fn lives(chosen: Option<(usize, Cut)>) -> usize {
    let world = World::start().await;
    let receiver = Receiver::start().await;
    let queue = super::permissions::aside(&world, "EndpointsQueue").await;
    let (path, secret) = endpoint(&world, "one", &receiver, json!({})).await;
    Happens::in_world(&world).quietly(1, "usage.warning", None).await;
    let (give, serve) = jobs(&world, &path);
    let proxies = CrashProxies::of(&world, chosen).await;
    let changes = proxies.environment.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let changes: Vec<(&str, &str)> = changes.chain([("QUEUE_ENDPOINTS", queue.as_str())]).collect();
    let doomed = QueueSandbox::start(&world, "endpoint-step", &changes).await;
    for job in [&give, &serve] {
        doomed.does(job, 1).await;
    }
    let changed = proxies.changes();
    // What it held lapses, and another worker comes.
    world.leases_lapse();
    let healthy = QueueSandbox::start(&world, "endpoint-step", &[("QUEUE_ENDPOINTS", queue.as_str())]).await;
    for job in [&give, &serve, &give, &serve] {
        assert!(healthy.does(job, 2).await, "{chosen:?}");
    }
    let received = receiver.received();
    assert!((1..=2).contains(&received.len()), "{chosen:?}: {received:?}");
    for one in &received {
        assert_eq!((one.id(), &one.body), (received[0].id(), &received[0].body), "{chosen:?}");
        assert_eq!(one.signed_by(&secret), 1, "{chosen:?}");
    }
    let (_, page) = world.get(&format!("{path}/deliveries")).await;
    assert_eq!(page["deliveries"][0]["state"], "delivered", "{chosen:?}: {page:#}");
    changed
}

/// Fault 68. The worker dies at every change that it makes, before it and after it, or does not hear of it.
async fn an_event_is_sent_wherever_its_worker_dies() {
    let changes = lives(None).await;
    assert!(changes >= 6, "{changes}");
    let all = cuts(changes).into_iter().map(Some);
    futures_util::stream::iter(all)
        .for_each_concurrent(4, |chosen| async move {
            lives(chosen).await;
        })
        .await;
}

acceptance::tests![
    twenty_workers_send_each_event_once,
    an_event_of_which_no_job_tells_is_found_by_the_sweep,
    an_event_is_sent_wherever_its_worker_dies,
];
