//! Two programs that answer one another, and twenty workers that answer one person.

use std::time::Duration;

use acceptance::sandbox::QueueSandbox;
use futures_util::future::join_all;
use serde_json::json;

use crate::permissions::aside;
use crate::texts::{receives, sms, thread, world};

/// Replies of the agent, at most, to one that answers at once.
const MAX_REPLIES: usize = 6;

/// The other side answers each text at once: the agent stops within six replies and says so.
async fn two_programs_that_answer_one_another_stop() {
    let world = world(&["Thank you!"; 20]).await;
    let mut answered = 0;
    for round in 1..=12 {
        receives(&world, &sms(&world, round, &format!("Thanks for message {round}."))).await;
        let texts = u64::from(round) + u64::try_from(answered).unwrap();
        thread(&world, texts).await;
        world.time_passes(Duration::from_secs(3));
        world.works_everything_off(&["TextsQueue"]).await;
        let sent = world.twilio.texts().len();
        if sent == answered {
            break;
        }
        answered = sent;
    }
    assert_eq!(answered, MAX_REPLIES);
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
