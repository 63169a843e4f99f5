//! `switchboard redrive`: as an operator runs it, against the running system and against a queue's own address.

use std::process::Output;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{MessageAttributeValue, QueueAttributeName};
use platform::aws::Aws;
use platform::env::MapEnv;
use platform::queues::{BURIED_FOR, FUNCTION};

use super::process::{Up, switchboard};

/// A job that finds nothing to do and so is never done.
const JOB: &str = r#"{"call":"CA00000000000000000000000000000001"}"#;

async fn sqs(up: &Up) -> Client {
    let environment = serde_json::from_value(up.environment.clone()).unwrap();
    Aws::load(&MapEnv(environment)).await.unwrap().sqs
}

/// As a worker buries what it gave up.
async fn bury(sqs: &Client, queue: &str, body: &str, reason: Option<&str>) {
    let text = |value: &str| {
        MessageAttributeValue::builder().data_type("String").string_value(value).build().unwrap()
    };
    let mut message = sqs.send_message().queue_url(queue).message_body(body);
    if let Some(reason) = reason {
        message = message.message_attributes(BURIED_FOR, text(reason));
        message = message.message_attributes(FUNCTION, text("transcript-step"));
    }
    message.send().await.unwrap();
}

/// Messages of a queue, those in flight and those delayed among them.
async fn messages(sqs: &Client, queue: &str) -> u32 {
    let asked = sqs.get_queue_attributes().queue_url(queue).attribute_names(QueueAttributeName::All);
    let attributes = asked.send().await.unwrap().attributes.unwrap();
    [
        QueueAttributeName::ApproximateNumberOfMessages,
        QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        QueueAttributeName::ApproximateNumberOfMessagesDelayed,
    ]
    .iter()
    .map(|name| attributes[name].parse::<u32>().unwrap())
    .sum()
}

/// What the command said, if it ended with this code.
fn said(output: &Output, code: i32) -> String {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{stdout}{stderr}");
    if code == 0 { stdout } else { stderr }
}

async fn what_was_given_up_is_sent_again_and_poison_stays_with_its_reason() {
    let data = tempfile::tempdir().unwrap();
    let up = Up::start(data.path());
    let sqs = sqs(&up).await;
    let (queue, dead_letters) = (up.variable("QUEUE_TRANSCRIPTS"), up.variable("DLQ_TRANSCRIPTS"));
    let poison = "poison: not a job of transcript-step, column 13";
    bury(&sqs, dead_letters, JOB, Some("openai: busy")).await;
    bury(&sqs, dead_letters, r#"{"version":99}"#, Some(poison)).await;
    bury(&sqs, dead_letters, "not json", None).await;

    let here = || {
        let mut command = switchboard();
        command.arg("redrive").arg("--data").arg(data.path());
        command
    };
    let one = said(&here().arg("transcripts").output().unwrap(), 0);
    let mut lines: Vec<&str> = one.lines().collect();
    assert_eq!(lines.remove(0), "transcripts: 1 sent again, 2 kept");
    lines.sort_unstable();
    assert_eq!(lines, ["  poison: not a JSON object", &format!("  {poison}")]);
    assert_eq!((messages(&sqs, queue).await, messages(&sqs, dead_letters).await), (1, 2));

    // Of all queues, and again: what was kept is still there to be seen.
    let all = said(&here().output().unwrap(), 0);
    for line in ["insights: 0 sent again, 0 kept", "recordings: 0 sent again, 0 kept"] {
        assert!(all.contains(line), "{all}");
    }
    assert!(all.contains("transcripts: 0 sent again, 2 kept"), "{all}");

    // As in AWS: the queue's address, and the SDK's own variables.
    let there = |queue: &str| {
        let mut command = switchboard();
        for (name, value) in up.environment.as_object().unwrap() {
            command.env(name, value.as_str().unwrap());
        }
        command.args(["redrive", queue]).output().unwrap()
    };
    bury(&sqs, dead_letters, JOB, Some("store: throttled")).await;
    let by_address = said(&there(queue), 0);
    assert!(by_address.contains("1 sent again, 2 kept"), "{by_address}");
    assert_eq!((messages(&sqs, queue).await, messages(&sqs, dead_letters).await), (2, 2));

    let error = said(&there(dead_letters), 1);
    assert!(error.contains(dead_letters) && error.contains("no dead-letter queue"), "{error}");
    let error = said(&here().arg("transcript").output().unwrap(), 1);
    assert!(error.contains("no queue `transcript`"), "{error}");
    assert!(
        error.contains(
            "insights, leads, notifications, person_exports, persons, recordings, texts, transcripts"
        ),
        "it says which there are: {error}"
    );
    assert!(up.terminate().success());
    let error = said(&here().output().unwrap(), 1);
    assert!(error.contains("switchboard up"), "{error}");
}

acceptance::tests![what_was_given_up_is_sent_again_and_poison_stays_with_its_reason,];
