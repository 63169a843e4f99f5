//! Two programs that answer one another, and twenty workers that answer one person.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use acceptance::phones::{Way, answering};
use acceptance::sandbox::QueueSandbox;
use acceptance::{World, log};
use futures_util::future::join_all;
use serde_json::json;
use simulator::phone::Habit;

use crate::permissions::aside;
use crate::texts::{thread, world};

/// Replies of the agent, at most, to one that answers at once.
const MAX_REPLIES: usize = 6;

/// Trap 9 of messaging. Each side answers each text at once: the agent stops within six replies, and people are told.
async fn two_programs_that_answer_one_another_stop() {
    for way in [Way::Sms, Way::WhatsApp] {
        let world = World::with(answering(&["Thank you!"; 20])).await;
        let phone = world.phone(way);
        let round = AtomicUsize::new(0);
        phone.behaves(Habit::READS.and_answers(move |_| {
            Some(format!("Thanks for message {}.", round.fetch_add(1, Ordering::Relaxed)))
        }));
        phone.say("Hello, I am a program").await.unwrap();
        // The text that began, the replies, and what was answered to each.
        let thread = world.thread_with(u64::try_from(2 * MAX_REPLIES + 1).unwrap()).await;
        world.texts_settle().await;
        assert_eq!(phone.received().len(), MAX_REPLIES, "{way:?}");
        let log = log::text();
        let told = |line: &&str| line.contains(&thread.id) && line.contains("answers too often");
        assert!(log.lines().any(|line| told(&line)), "an error names the thread");
        assert!(log.contains("TextLoops"), "the metric of the alarm is there");
    }
}

/// Twenty workers get one job each to reply to one text: one of them writes, and one reply is kept.
async fn twenty_workers_write_one_reply() {
    let world = world(&["At nine."; 20]).await;
    let queue = aside(&world, "TextsQueue").await;
    let step = QueueSandbox::start(&world, "text-step", &[("QUEUE_TEXTS", &queue)]).await;
    let sender = json!({
        "medium": "sms", "number": world.business.number, "carrier": { "provider": "twilio" },
    });
    let came = json!({ "job": "came", "text": {
        "key": "SM1", "sender": sender, "from": crate::texts::PERSON, "kind": "text", "body": "When do you open?",
        "came_at": world.now(),
    }});
    join_all((0..20).map(|_| step.does(&came, 1))).await;
    let seen = thread(&world, 1).await;
    assert_eq!(seen["texts"], 1);
    world.time_passes(Duration::from_secs(2));
    let reply = json!({
        "job": "reply", "business": world.business.business.id, "thread": seen["id"], "asked": 1,
    });
    let done = join_all((0..20).map(|_| step.does(&reply, 1))).await;
    assert!(done.iter().all(|done| *done));
    let asked = world.openai.requests().into_iter().filter(|request| request.path == "/v1/responses");
    assert_eq!(asked.count(), 1, "one draft");
    assert_eq!(thread(&world, 2).await["texts"], 2);
    let name = format!("{}.{}.2", world.business.business.id, seen["id"].as_str().unwrap());
    let send = json!({ "job": "send", "text": name });
    join_all((0..20).map(|_| step.does(&send, 1))).await;
    assert_eq!(world.twilio.texts().len(), 1, "sent once");
}

acceptance::tests![two_programs_that_answer_one_another_stop, twenty_workers_write_one_reply];
