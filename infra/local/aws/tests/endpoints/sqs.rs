use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, Message, MessageAttributeValue, MessageSystemAttributeName,
    QueueAttributeName, SendMessageBatchRequestEntry,
};
use futures_util::future::join_all;
use local_aws::Config;
use md5::Digest as _;
use tokio::sync::watch;

use crate::support::{code, start, start_with};

/// Makes a queue and returns its URL.
async fn create(client: &Client, name: &str, attributes: &[(QueueAttributeName, &str)]) -> String {
    let mut create = client.create_queue().queue_name(name);
    for (attribute, value) in attributes {
        create = create.attributes(attribute.clone(), *value);
    }
    create.send().await.unwrap().queue_url.unwrap()
}

async fn attribute(client: &Client, url: &str, name: QueueAttributeName) -> String {
    let attributes =
        client.get_queue_attributes().queue_url(url).attribute_names(name.clone()).send().await.unwrap();
    attributes.attributes().unwrap()[&name].clone()
}

/// Makes a queue whose messages go to a dead-letter queue after two receives; returns both URLs.
async fn create_with_dead_letters(client: &Client) -> (String, String) {
    let dead = create(client, "dead", &[]).await;
    let arn = attribute(client, &dead, QueueAttributeName::QueueArn).await;
    let policy = format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":2}}"#);
    let attributes =
        [(QueueAttributeName::VisibilityTimeout, "0"), (QueueAttributeName::RedrivePolicy, &policy)];
    (create(client, "work", &attributes).await, dead)
}

async fn send(client: &Client, url: &str, body: &str) {
    client.send_message().queue_url(url).message_body(body).send().await.unwrap();
}

/// Up to ten messages, waiting for the first at most so long.
async fn receive(client: &Client, url: &str, wait_seconds: i32) -> Vec<Message> {
    let receive =
        client.receive_message().queue_url(url).max_number_of_messages(10).wait_time_seconds(wait_seconds);
    let receive = receive.message_system_attribute_names(MessageSystemAttributeName::All);
    receive.message_attribute_names("All").send().await.unwrap().messages.unwrap_or_default()
}

fn bodies(messages: &[Message]) -> Vec<&str> {
    messages.iter().filter_map(|message| message.body()).collect()
}

async fn delete(client: &Client, url: &str, message: &Message) {
    let delete = client.delete_message().queue_url(url);
    delete.receipt_handle(message.receipt_handle().unwrap()).send().await.unwrap();
}

/// Makes a received message visible again at once.
async fn give_up(client: &Client, url: &str, message: &Message) {
    let change = client.change_message_visibility().queue_url(url).visibility_timeout(0);
    change.receipt_handle(message.receipt_handle().unwrap()).send().await.unwrap();
}

#[tokio::test]
async fn a_message_comes_back_when_its_visibility_ends_or_is_given_up() {
    let (_endpoints, clients) = start().await;
    let url = create(&clients.sqs, "q", &[]).await;
    send(&clients.sqs, &url, "a").await;
    let brief = clients.sqs.receive_message().queue_url(&url).visibility_timeout(1).send().await.unwrap();
    assert_eq!(bodies(brief.messages()), ["a"]);
    let again = receive(&clients.sqs, &url, 20).await;
    assert_eq!(bodies(&again), ["a"]);
    assert_eq!(again[0].attributes().unwrap()[&MessageSystemAttributeName::ApproximateReceiveCount], "2");

    assert!(receive(&clients.sqs, &url, 0).await.is_empty());
    give_up(&clients.sqs, &url, &again[0]).await;
    let third = receive(&clients.sqs, &url, 0).await;
    assert_eq!(bodies(&third), ["a"]);
    delete(&clients.sqs, &url, &third[0]).await;
    assert_eq!(
        attribute(&clients.sqs, &url, QueueAttributeName::ApproximateNumberOfMessagesNotVisible).await,
        "0"
    );
}

#[tokio::test]
async fn a_delayed_message_is_held_back_and_then_wakes_who_waits_for_it() {
    let (_endpoints, clients) = start().await;
    let url = create(&clients.sqs, "q", &[]).await;
    for (body, seconds) in [("late", 900), ("soon", 1)] {
        clients
            .sqs
            .send_message()
            .queue_url(&url)
            .message_body(body)
            .delay_seconds(seconds)
            .send()
            .await
            .unwrap();
    }
    assert_eq!(bodies(&receive(&clients.sqs, &url, 20).await), ["soon"]);
    assert_eq!(
        attribute(&clients.sqs, &url, QueueAttributeName::ApproximateNumberOfMessagesDelayed).await,
        "1"
    );
}

#[tokio::test]
async fn a_waiting_receive_is_woken_by_a_send() {
    let (_endpoints, clients) = start().await;
    let url = create(&clients.sqs, "q", &[(QueueAttributeName::ReceiveMessageWaitTimeSeconds, "20")]).await;
    let waiting = tokio::spawn({
        let (client, url) = (clients.sqs.clone(), url.clone());
        async move { client.receive_message().queue_url(url).send().await.unwrap().messages.unwrap_or_default() }
    });
    send(&clients.sqs, &url, "a").await;
    let woken = tokio::time::timeout(Duration::from_secs(18), waiting).await;
    assert_eq!(bodies(&woken.expect("woken long before its own 20 s").unwrap()), ["a"]);
}

#[tokio::test]
async fn a_shutdown_ends_waiting_receives_with_an_empty_answer() {
    let (endpoints, clients) = start().await;
    let (work, dead) = create_with_dead_letters(&clients.sqs).await;
    send(&clients.sqs, &work, "spent").await;
    for _ in 0..2 {
        receive(&clients.sqs, &work, 0).await;
    }
    let waiting = tokio::spawn({
        let client = clients.sqs.clone();
        async move { client.receive_message().queue_url(work).wait_time_seconds(20).send().await }
    });
    // The dead letter shows that the waiting receive has looked and found nothing to return.
    assert_eq!(bodies(&receive(&clients.sqs, &dead, 20).await), ["spent"]);
    endpoints.shutdown().await;
    let ended = tokio::time::timeout(Duration::from_secs(18), waiting).await.expect("before its own 20 s");
    assert!(ended.unwrap().unwrap().messages().is_empty());
}

#[tokio::test]
async fn attributes_and_digests_are_those_of_the_message() {
    let (_endpoints, clients) = start().await;
    let url = create(&clients.sqs, "q", &[]).await;
    let value = || MessageAttributeValue::builder();
    let attributes = HashMap::from([
        ("kind".to_owned(), value().data_type("String").string_value("call").build().unwrap()),
        (
            "raw".to_owned(),
            value().data_type("Binary").binary_value(Blob::new([0, 159, 255])).build().unwrap(),
        ),
    ]);
    let send = clients.sqs.send_message().queue_url(&url).message_body("This is a test message");
    let sent = send.set_message_attributes(Some(attributes.clone())).send().await.unwrap();
    // MD5 of the body, and of its attributes spelt out: length and name, length and type, kind, length and value, in the
    // order of the names ("Amazon SQS message metadata", Developer Guide).
    let spelt = b"\0\0\0\x04kind\0\0\0\x06String\x01\0\0\0\x04call\
                  \0\0\0\x03raw\0\0\0\x06Binary\x02\0\0\0\x03\0\x9f\xff";
    let digest = hex::encode(md5::Md5::digest(spelt));
    assert_eq!(sent.md5_of_message_body(), Some("fafb00f5732ab283681e124bf8747ed1"));
    assert_eq!(sent.md5_of_message_attributes(), Some(&*digest));
    let received = receive(&clients.sqs, &url, 0).await.remove(0);
    assert_eq!(received.message_id(), sent.message_id());
    assert_eq!(received.md5_of_body(), sent.md5_of_message_body());
    assert_eq!(received.md5_of_message_attributes(), Some(&*digest));
    assert_eq!(received.message_attributes(), Some(&attributes));
    // Of a receive that asks for one of them, the digest is that one's.
    give_up(&clients.sqs, &url, &received).await;
    let some = clients.sqs.receive_message().queue_url(&url).message_attribute_names("kind");
    let some = some.send().await.unwrap().messages.unwrap().remove(0);
    let kind = hex::encode(md5::Md5::digest(&spelt[..4 + 4 + 4 + 6 + 1 + 4 + 4]));
    assert_eq!(some.md5_of_message_attributes(), Some(&*kind));
    assert_eq!(some.message_attributes().unwrap().len(), 1);
}

#[tokio::test]
async fn a_poison_message_reaches_the_dead_letter_queue_and_a_move_brings_it_back() {
    let (_endpoints, clients) = start().await;
    let (work, dead) = create_with_dead_letters(&clients.sqs).await;
    send(&clients.sqs, &work, "poison").await;
    for _ in 0..2 {
        assert_eq!(bodies(&receive(&clients.sqs, &work, 0).await), ["poison"]);
    }
    // The receive that finds it spent wakes the one that waits for dead letters.
    let waiting = tokio::spawn({
        let (client, dead) = (clients.sqs.clone(), dead.clone());
        async move { receive(&client, &dead, 10).await }
    });
    assert!(receive(&clients.sqs, &work, 0).await.is_empty());
    let dead_letters = waiting.await.unwrap();
    assert_eq!(bodies(&dead_letters), ["poison"]);
    give_up(&clients.sqs, &dead, &dead_letters[0]).await;

    let arn = attribute(&clients.sqs, &dead, QueueAttributeName::QueueArn).await;
    clients.sqs.start_message_move_task().source_arn(&arn).send().await.unwrap();
    let tasks = clients.sqs.list_message_move_tasks().source_arn(&arn).send().await.unwrap();
    assert_eq!(tasks.results()[0].status(), Some("COMPLETED"));
    assert_eq!(tasks.results()[0].approximate_number_of_messages_moved(), 1);
    assert_eq!(bodies(&receive(&clients.sqs, &work, 0).await), ["poison"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twelve_consumers_get_each_of_four_hundred_messages_once() {
    let (_endpoints, clients) = start().await;
    let url = create(&clients.sqs, "q", &[]).await;
    let batches = (0..40).map(|batch| {
        let entry = |n: i32| {
            let entry = SendMessageBatchRequestEntry::builder().id(n.to_string());
            entry.message_body((batch * 10 + n).to_string()).build().unwrap()
        };
        let entries = (0..10).map(entry).collect();
        clients.sqs.send_message_batch().queue_url(&url).set_entries(Some(entries)).send()
    });
    let total = AtomicUsize::new(0);
    let consumers = (0..12).map(|_| async {
        let mut seen = Vec::new();
        while total.load(Ordering::Relaxed) < 400 {
            for message in receive(&clients.sqs, &url, 1).await {
                delete(&clients.sqs, &url, &message).await;
                seen.push(message.body().unwrap().parse::<i32>().unwrap());
                total.fetch_add(1, Ordering::Relaxed);
            }
        }
        seen
    });
    let (sent, seen) = tokio::join!(join_all(batches), join_all(consumers));
    assert!(sent.iter().all(|result| result.as_ref().is_ok_and(|output| output.successful().len() == 10)));
    let mut seen = seen.concat();
    seen.sort_unstable();
    assert_eq!(seen, (0..400).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_batch_fails_entry_by_entry() {
    let (_endpoints, clients) = start().await;
    let url = create(&clients.sqs, "q", &[]).await;
    let entry = |id: &str, body: &str| {
        SendMessageBatchRequestEntry::builder().id(id).message_body(body).build().unwrap()
    };
    let send = |entries| clients.sqs.send_message_batch().queue_url(&url).set_entries(Some(entries)).send();
    let sent = send(vec![entry("good", "a"), entry("bad", "\u{1}"), entry("also", "b")]).await.unwrap();
    assert_eq!(sent.successful().iter().map(|entry| entry.id()).collect::<Vec<_>>(), ["good", "also"]);
    let failed = &sent.failed()[0];
    assert_eq!((failed.id(), failed.code(), failed.sender_fault()), ("bad", "InvalidMessageContents", true));
    let twice = send(vec![entry("a", "1"), entry("a", "2")]).await;
    assert_eq!(code(twice), "AWS.SimpleQueueService.BatchEntryIdsNotDistinct");

    let received = receive(&clients.sqs, &url, 0).await;
    let entry = |id: &str, handle: &str| {
        DeleteMessageBatchRequestEntry::builder().id(id).receipt_handle(handle).build().unwrap()
    };
    let delete = clients.sqs.delete_message_batch().queue_url(&url);
    let delete =
        delete.entries(entry("good", received[0].receipt_handle().unwrap())).entries(entry("bad", "junk"));
    let deleted = delete.send().await.unwrap();
    assert_eq!(deleted.successful()[0].id(), "good");
    assert_eq!((deleted.failed()[0].id(), deleted.failed()[0].code()), ("bad", "ReceiptHandleIsInvalid"));
}

#[tokio::test]
async fn errors_are_the_ones_the_sdk_knows() {
    let (_endpoints, clients) = start().await;
    let url = create(&clients.sqs, "q", &[(QueueAttributeName::MaximumMessageSize, "1024")]).await;
    let missing = url.replace("/q", "/none");
    let refused = clients.sqs.send_message().queue_url(missing).message_body("a").send().await.unwrap_err();
    assert!(refused.into_service_error().is_queue_does_not_exist());
    let handle =
        clients.sqs.delete_message().queue_url(&url).receipt_handle("junk").send().await.unwrap_err();
    assert!(handle.into_service_error().is_receipt_handle_is_invalid());
    let other =
        clients.sqs.create_queue().queue_name("q").attributes(QueueAttributeName::DelaySeconds, "1").send();
    assert!(other.await.unwrap_err().into_service_error().is_queue_name_exists());
    let fifo = clients.sqs.create_queue().queue_name("q.fifo").send().await.unwrap_err().into_service_error();
    assert!(fifo.is_unsupported_operation(), "{fifo:?}");
    let long = clients.sqs.send_message().queue_url(&url).message_body("a".repeat(1025)).send().await;
    assert_eq!(code(long), "InvalidParameterValue");
    let many = clients.sqs.receive_message().queue_url(&url).max_number_of_messages(11).send().await;
    assert_eq!(code(many), "InvalidParameterValue");
    assert_eq!(code(clients.sqs.tag_queue().queue_url(&url).tags("a", "b").send().await), "InvalidAction");
}

#[tokio::test]
async fn queues_are_listed_changed_purged_and_deleted() {
    let (_endpoints, clients) = start().await;
    for name in ["calls-a", "calls-b", "other"] {
        create(&clients.sqs, name, &[]).await;
    }
    let page = clients.sqs.list_queues().queue_name_prefix("calls-").max_results(1).send().await.unwrap();
    assert!(page.queue_urls()[0].ends_with("/calls-a"));
    let page = clients.sqs.list_queues().queue_name_prefix("calls-").next_token(page.next_token().unwrap());
    let url = page.send().await.unwrap().queue_urls()[0].clone();
    assert_eq!(
        clients.sqs.get_queue_url().queue_name("calls-b").send().await.unwrap().queue_url(),
        Some(&*url)
    );

    let set = clients.sqs.set_queue_attributes().queue_url(&url);
    set.attributes(QueueAttributeName::VisibilityTimeout, "7").send().await.unwrap();
    assert_eq!(attribute(&clients.sqs, &url, QueueAttributeName::VisibilityTimeout).await, "7");
    send(&clients.sqs, &url, "a").await;
    clients.sqs.purge_queue().queue_url(&url).send().await.unwrap();
    assert_eq!(attribute(&clients.sqs, &url, QueueAttributeName::ApproximateNumberOfMessages).await, "0");
    clients.sqs.delete_queue().queue_url(&url).send().await.unwrap();
    let gone = clients.sqs.receive_message().queue_url(&url).send().await.unwrap_err();
    assert!(gone.into_service_error().is_queue_does_not_exist());
}

/// A delay and a visibility timeout are over when the queues' clock says so.
#[tokio::test]
async fn what_is_hidden_comes_back_when_the_clock_is_put_forward() {
    let (time, ahead) = watch::channel(Duration::ZERO);
    let (endpoints, clients) = start_with(Config { ahead: Some(ahead), ..Config::default() }).await;
    let sqs = &clients.sqs;
    let url = create(sqs, "work", &[(QueueAttributeName::VisibilityTimeout, "3600")]).await;
    sqs.send_message().queue_url(&url).message_body("later").delay_seconds(900).send().await.unwrap();
    for (hidden_for, attempt) in [(900, "1"), (3_600, "2")] {
        assert!(receive(sqs, &url, 0).await.is_empty());
        let jump = async { time.send_modify(|ahead| *ahead += Duration::from_secs(hidden_for)) };
        let (received, ()) = tokio::join!(receive(sqs, &url, 20), jump);
        assert_eq!(bodies(&received), ["later"]);
        let attributes = received[0].attributes().unwrap();
        assert_eq!(attributes[&MessageSystemAttributeName::ApproximateReceiveCount], attempt);
    }
    endpoints.shutdown().await;
}
