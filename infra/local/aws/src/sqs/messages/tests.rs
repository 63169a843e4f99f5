use serde_json::json;

use super::*;
use crate::database::Database;
use crate::sqs::queues;

const START_MS: i64 = 1_000_000_000_000;

/// Queues in memory and a clock that stands still until it is moved.
struct Bench {
    database: Database,
    now_ms: i64,
}

impl Bench {
    /// The queue `work`, whose third delivery sends a message to `dead`.
    fn new() -> Self {
        let bench = Self { database: Database::open(None, queues::SCHEMA).unwrap(), now_ms: START_MS };
        let policy = json!({ "deadLetterTargetArn": arn_of("dead"), "maxReceiveCount": 2 }).to_string();
        bench.create("dead", &[]);
        bench.create("work", &[("VisibilityTimeout", "30"), ("RedrivePolicy", &policy)]);
        bench
    }

    fn create(&self, name: &str, attributes: &[(&str, &str)]) {
        let attributes = attributes
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect::<Attributes>();
        self.database.transact_now(|tx| queues::create(tx, name, &attributes, self.now_ms)).unwrap();
    }

    fn on<T>(
        &self,
        name: &str,
        work: impl FnOnce(&Transaction<'_>, &Queue) -> Result<T, SqsError>,
    ) -> Result<T, SqsError> {
        self.database.transact_now(|tx| work(tx, &queues::require(tx, name)?))
    }

    fn send(&self, body: &str, delay_seconds: i64) {
        let message =
            serde_json::from_value(json!({ "MessageBody": body, "DelaySeconds": delay_seconds })).unwrap();
        self.on("work", |tx, queue| send(tx, queue, &message, self.now_ms)).unwrap();
    }

    fn receive(&self, name: &str) -> Received {
        let wanted = Wanted {
            messages: 10,
            visibility_seconds: None,
            system_attributes: vec!["All".into()],
            message_attributes: vec![],
        };
        self.on(name, |tx, queue| receive(tx, queue, &wanted, self.now_ms)).unwrap()
    }

    fn bodies(&self, name: &str) -> Vec<String> {
        self.receive(name).messages.into_iter().map(|message| message.body).collect()
    }

    /// Visible, in flight, delayed.
    fn counts(&self, name: &str) -> [String; 3] {
        let names =
            ["", "NotVisible", "Delayed"].map(|suffix| format!("ApproximateNumberOfMessages{suffix}"));
        let counts =
            self.database.transact_now(|tx| queues::attributes(tx, name, &names, self.now_ms)).unwrap();
        names.map(|name| counts[&name].clone())
    }
}

#[test]
fn a_received_message_stays_hidden_for_its_timeout_to_the_millisecond() {
    let mut bench = Bench::new();
    bench.send("a", 0);
    let first = bench.receive("work");
    assert_eq!(first.next_visible_ms, Some(START_MS + 30_000));
    bench.now_ms += 29_999;
    assert!(bench.bodies("work").is_empty());
    assert_eq!(bench.counts("work"), ["0", "1", "0"]);
    bench.now_ms += 1;
    let second = bench.receive("work").messages.remove(0);
    assert_ne!(second.receipt_handle, first.messages[0].receipt_handle);
    assert_eq!(second.attributes["ApproximateReceiveCount"], "2");
    assert_eq!(second.attributes["ApproximateFirstReceiveTimestamp"], START_MS.to_string());
    assert_eq!(second.attributes["SentTimestamp"], START_MS.to_string());
}

#[test]
fn a_delayed_message_is_counted_apart_and_comes_when_the_delay_is_over() {
    let mut bench = Bench::new();
    bench.send("late", 900);
    bench.send("now", 0);
    assert_eq!(bench.bodies("work"), ["now"]);
    assert_eq!(bench.counts("work"), ["0", "1", "1"]);
    bench.now_ms += 900_000;
    assert_eq!(bench.bodies("work"), ["now", "late"]);
}

#[test]
fn only_the_handle_of_the_latest_receive_deletes() {
    let mut bench = Bench::new();
    bench.send("a", 0);
    let stale = bench.receive("work").messages.remove(0).receipt_handle;
    bench.now_ms += 30_000;
    let latest = bench.receive("work").messages.remove(0).receipt_handle;
    bench.on("work", |tx, queue| delete(tx, queue, &stale)).unwrap();
    assert_eq!(bench.counts("work"), ["0", "1", "0"]);
    assert!(bench.on("dead", |tx, queue| delete(tx, queue, &latest)).is_err());
    bench.on("work", |tx, queue| delete(tx, queue, &latest)).unwrap();
    bench.on("work", |tx, queue| delete(tx, queue, &latest)).unwrap();
    assert_eq!(bench.counts("work"), ["0", "0", "0"]);
}

#[test]
fn a_changed_visibility_counts_from_the_change_and_ends_twelve_hours_after_the_receive() {
    let mut bench = Bench::new();
    bench.send("a", 0);
    let handle = bench.receive("work").messages.remove(0).receipt_handle;
    let change = |bench: &Bench, seconds| {
        bench.on("work", |tx, queue| change_visibility(tx, queue, &handle, seconds, bench.now_ms))
    };
    bench.now_ms += 10_000;
    change(&bench, Some(60)).unwrap();
    bench.now_ms += 59_999;
    assert!(bench.bodies("work").is_empty());
    assert!(change(&bench, Some(MAX_VISIBILITY_SECONDS)).is_err(), "beyond 12 hours of the receive");
    assert!(change(&bench, Some(-1)).is_err());
    assert!(matches!(change(&bench, None), Err(SqsError::MissingParameter(_))));
    change(&bench, Some(0)).unwrap();
    assert_eq!(bench.bodies("work"), ["a"]);
    assert!(change(&bench, Some(0)).is_err(), "received again since");
}

#[test]
fn a_message_received_too_often_goes_to_the_dead_letter_queue_as_it_was() {
    let mut bench = Bench::new();
    bench.send("poison", 0);
    bench.send("fine", 0);
    let sent = bench.receive("work").messages.remove(0);
    bench.now_ms += 30_000;
    assert_eq!(bench.bodies("work").len(), 2);
    bench.now_ms += 30_000;
    bench.send("new", 0);
    let third = bench.receive("work");
    assert_eq!(third.dead_lettered_to.as_deref(), Some("dead"));
    assert_eq!(third.messages.len(), 1, "the spent do not take the place of the new one");
    let dead = bench.receive("dead").messages.remove(0);
    assert_eq!((&dead.message_id, &dead.body), (&sent.message_id, &sent.body));
    assert_eq!(dead.attributes["ApproximateReceiveCount"], "3");
    assert_eq!(dead.attributes["SentTimestamp"], START_MS.to_string());
    assert_eq!(dead.attributes["DeadLetterQueueSourceArn"], arn_of("work"));
}

#[test]
fn without_its_dead_letter_queue_a_spent_message_is_delivered_on() {
    let mut bench = Bench::new();
    bench.send("a", 0);
    bench.database.transact_now(|tx| queues::delete(tx, "dead")).unwrap();
    for _ in 0..4 {
        assert_eq!(bench.bodies("work"), ["a"]);
        bench.now_ms += 30_000;
    }
}

#[test]
fn a_message_past_its_retention_is_gone_wherever_it_is() {
    let mut bench = Bench::new();
    bench.create("short", &[("MessageRetentionPeriod", "60")]);
    let message = serde_json::from_value(json!({ "MessageBody": "a" })).unwrap();
    bench.on("short", |tx, queue| send(tx, queue, &message, START_MS)).unwrap();
    bench.now_ms += 59_999;
    assert_eq!(bench.counts("short"), ["1", "0", "0"]);
    let handle = bench.receive("short").messages.remove(0).receipt_handle;
    bench.now_ms += 1;
    assert_eq!(bench.counts("short"), ["0", "0", "0"]);
    let changed = bench.on("short", |tx, queue| change_visibility(tx, queue, &handle, Some(0), bench.now_ms));
    assert!(changed.is_err());
}

#[test]
fn moved_messages_return_to_where_they_came_from_as_new_ones() {
    let mut bench = Bench::new();
    bench.send("a", 0);
    let sent = bench.receive("work").messages.remove(0);
    for _ in 0..2 {
        bench.now_ms += 30_000;
        bench.receive("work");
    }
    assert_eq!(bench.counts("dead"), ["1", "0", "0"]);
    let start = |source: &str| {
        bench.database.transact_now(|tx| redrive::start_move(tx, &arn_of(source), None, bench.now_ms))
    };
    assert!(matches!(start("work"), Err(SqsError::InvalidParameterValue(_))), "not a dead-letter queue");
    assert!(matches!(start("none"), Err(SqsError::ResourceNotFound(_))));
    assert_eq!(start("dead").unwrap().into, ["work"]);
    let back = bench.receive("work").messages.remove(0);
    assert_ne!(back.message_id, sent.message_id);
    assert_eq!(back.attributes["ApproximateReceiveCount"], "1");
    assert_eq!(back.attributes["SentTimestamp"], bench.now_ms.to_string());
    assert!(!back.attributes.contains_key("DeadLetterQueueSourceArn"));
}

#[test]
fn a_move_leaves_what_has_no_origin_and_says_so() {
    let bench = Bench::new();
    let message = serde_json::from_value(json!({ "MessageBody": "direct" })).unwrap();
    bench.on("dead", |tx, queue| send(tx, queue, &message, START_MS)).unwrap();
    let arn = arn_of("dead");
    bench.database.transact_now(|tx| redrive::start_move(tx, &arn, None, START_MS)).unwrap();
    let to_work = Some(arn_of("work"));
    let tasks = bench.database.transact_now(|tx| {
        let before = redrive::moves(tx, &arn, None)?;
        redrive::start_move(tx, &arn, to_work.as_deref(), START_MS)?;
        Ok::<_, SqsError>((before, redrive::moves(tx, &arn, Some(10))?))
    });
    let (before, after) = tasks.unwrap();
    assert_eq!((before[0].status, before[0].approximate_number_of_messages_moved), ("FAILED", 0));
    assert_eq!(after.iter().map(|task| task.status).collect::<Vec<_>>(), ["COMPLETED", "FAILED"]);
    assert_eq!(after[0].destination_arn, to_work);
    assert_eq!(bench.bodies("work"), ["direct"]);
}
