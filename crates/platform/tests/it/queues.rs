use std::time::Duration;

use platform::queues::{MAX_MESSAGE_BYTES, Queue, QueueError};
use serde::Serialize;

use crate::world::World;

#[derive(Serialize)]
struct Job {
    recording: &'static str,
}

#[tokio::test]
async fn a_message_arrives_as_json() {
    let world = World::new().await;
    let created = world.aws.sqs.create_queue().queue_name("archive").send().await.unwrap();
    let url = created.queue_url.unwrap();
    let queue = Queue::new(&world.aws, url.as_str());
    queue.send(&Job { recording: "RE1" }, Duration::ZERO).await.unwrap();
    let received = world.aws.sqs.receive_message().queue_url(url).wait_time_seconds(5).send().await.unwrap();
    let bodies: Vec<_> = received.messages().iter().filter_map(|message| message.body()).collect();
    assert_eq!(bodies, [r#"{"recording":"RE1"}"#]);
}

#[tokio::test]
async fn what_no_queue_would_take_is_refused_before_it_is_sent() {
    let world = World::new().await;
    let nowhere = format!("{}000000000000/missing", world.sqs_url());
    let queue = Queue::new(&world.aws, nowhere);
    let too_late = queue.send(&"x", Duration::from_secs(901)).await;
    assert_eq!(too_late, Err(QueueError::Delay(Duration::from_secs(901))));
    let too_large = queue.send(&"x".repeat(MAX_MESSAGE_BYTES), Duration::ZERO).await;
    assert_eq!(too_large, Err(QueueError::TooLarge { bytes: MAX_MESSAGE_BYTES + 2 }));
    let missing = queue.send(&"x", Duration::ZERO).await;
    assert!(matches!(missing, Err(QueueError::Rejected { .. })), "{missing:?}");
}
