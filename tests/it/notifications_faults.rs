//! Events on their way to people while workers meet, repeat and die.

use acceptance::World;
use acceptance::crash_proxies::{CrashProxies, Cut, cuts};
use acceptance::receiver::Receiver;
use acceptance::sandbox::{QueueSandbox, ScheduleSandbox};
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use serde_json::json;

use super::notifications::{jobs, on, quietly, room};

/// Fault 71. Copies of every job, and twenty workers at once.
async fn twenty_workers_tell_each_receiver_once() {
    let world = World::start().await;
    let chats = [Receiver::start().await, Receiver::start().await];
    // The jobs that the workers send go nowhere: the test brings each, many times.
    let queue = super::permissions::aside(&world, "NotificationsQueue").await;
    let changes = [("QUEUE_NOTIFICATIONS", queue.as_str())];
    for (n, chat) in chats.iter().enumerate() {
        room(&world, &format!("{n}"), chat, on("voicemail")).await;
    }
    for n in 1..=6 {
        quietly(&world, "voicemail.received", n, |_| {}).await;
        // Most of what happens is for no receiver.
        quietly(&world, "contact.created", 100 + n, |_| {}).await;
    }
    let start = || QueueSandbox::start(&world, "notification-step", &changes);
    let workers = join_all((0..20).map(|_| start())).await;
    let give = json!({ "job": "give", "business": world.business.business.id });
    assert!(join_all(workers.iter().map(|worker| worker.does(&give, 1))).await.iter().all(|done| *done));
    let jobs = jobs(&world, &workers[0]).await;
    assert_eq!(jobs.len(), 12, "each event for each receiver: {jobs:?}");
    for job in &jobs {
        let done = join_all(workers.iter().map(|worker| worker.does(job, 1))).await;
        assert!(done.iter().all(|done| *done));
    }
    for chat in &chats {
        assert_eq!(chat.received().len(), 6);
    }
    let (_, page) = world.get("/v1/notifications?limit=7").await;
    let (_, rest) =
        world.get(&format!("/v1/notifications?limit=7&cursor={}", page["next"].as_str().unwrap())).await;
    let of = |page: &serde_json::Value| page["notifications"].as_array().unwrap().clone();
    let all: Vec<_> = of(&page).into_iter().chain(of(&rest)).collect();
    assert!(all.len() == 12 && all.iter().all(|one| one["state"] == "sent"), "{page:#}{rest:#}");
    assert_eq!(rest["next"], json!(null));
}

/// Fault 71. A job is lost: the sweep finds the event, and what is due.
async fn an_event_of_which_no_job_tells_is_found_by_the_sweep() {
    let world = World::start().await;
    let chat = Receiver::start().await;
    room(&world, "one", &chat, on("voicemail")).await;
    quietly(&world, "voicemail.received", 1, |_| {}).await;
    let sweep = ScheduleSandbox::start(&world, "notification-sweep", &[]).await;
    assert!(sweep.ticks(world.now()).await);
    world.until(|| async { (chat.received().len() == 1).then_some(()) }).await;
    assert!(sweep.ticks(world.now()).await);
    world.works_everything_off(&["NotificationsQueue"]).await;
    assert_eq!(chat.received().len(), 1);
}

/// One event in a world of its own, whose worker dies at a change.
async fn lives(chosen: Option<(usize, Cut)>) -> usize {
    let world = World::start().await;
    let chat = Receiver::start().await;
    let queue = super::permissions::aside(&world, "NotificationsQueue").await;
    room(&world, "one", &chat, on("voicemail")).await;
    quietly(&world, "voicemail.received", 1, |_| {}).await;
    let proxies = CrashProxies::of(&world, chosen).await;
    let changes = proxies.environment.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let changes: Vec<(&str, &str)> = changes.chain([("QUEUE_NOTIFICATIONS", queue.as_str())]).collect();
    let doomed = QueueSandbox::start(&world, "notification-step", &changes).await;
    let give = json!({ "job": "give", "business": world.business.business.id });
    doomed.does(&give, 1).await;
    let healthy =
        QueueSandbox::start(&world, "notification-step", &[("QUEUE_NOTIFICATIONS", queue.as_str())]).await;
    for job in jobs(&world, &healthy).await {
        doomed.does(&job, 1).await;
    }
    let changed = proxies.changes();
    // What it held lapses, and another worker comes.
    world.leases_lapse();
    for job in jobs(&world, &healthy).await {
        for _ in 0..2 {
            assert!(healthy.does(&job, 2).await, "{chosen:?}");
        }
    }
    let (_, page) = world.get("/v1/notifications").await;
    let one = &page["notifications"][0];
    match chat.received().len() {
        // It may have been there when its worker died, and is not sent twice: the log says so.
        0 => assert_eq!((&one["state"], &one["reason"]), (&json!("failed"), &json!("unknown")), "{chosen:?}"),
        1 => assert!(one["state"] == "sent" || one["reason"] == "unknown", "{chosen:?}: {one:#}"),
        many => panic!("{chosen:?}: told {many} times"),
    }
    if chosen.is_none() {
        assert_eq!((&one["state"], chat.received().len()), (&json!("sent"), 1));
    }
    changed
}

/// Fault 71. The worker dies at every change that it makes, before it and after it, or does not hear of it.
async fn a_person_is_told_once_at_most_wherever_the_worker_dies() {
    let changes = lives(None).await;
    assert!(changes >= 4, "{changes}");
    let all = cuts(changes).into_iter().map(Some);
    futures_util::stream::iter(all)
        .for_each_concurrent(4, |chosen| async move {
            lives(chosen).await;
        })
        .await;
}

acceptance::tests![
    twenty_workers_tell_each_receiver_once,
    an_event_of_which_no_job_tells_is_found_by_the_sweep,
    a_person_is_told_once_at_most_wherever_the_worker_dies,
];
