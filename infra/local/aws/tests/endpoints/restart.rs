use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::primitives::ByteStream;
use local_aws::{Config, Endpoints, StartError};

use crate::dynamodb::create_table;
use crate::support::{Clients, pattern};

/// The endpoints in a process of their own, so that it can be killed.
struct Served {
    process: Child,
    /// Held open: a process whose output is closed dies of what it prints next.
    _output: BufReader<ChildStdout>,
    clients: Clients,
}

impl Served {
    fn start(data_dir: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_local-aws"));
        let mut process = command.arg(data_dir).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut environment = HashMap::new();
        // The region ends what is printed.
        while !environment.contains_key("AWS_REGION") {
            let mut line = String::new();
            output.read_line(&mut line).unwrap();
            let (name, value) = line.trim_end().split_once('=').unwrap();
            environment.insert(name.to_owned(), value.to_owned());
        }
        Self { process, _output: output, clients: Clients::new(|name| environment.get(name).cloned()) }
    }

    /// `kill -9`.
    fn kill(self) {}
}

impl Drop for Served {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// Opens a data folder that this process has closed. A child that another test is starting keeps a copy of the lock until
/// it has become its program.
async fn start_again(config: &Config) -> Result<Endpoints, StartError> {
    loop {
        match Endpoints::start(config.clone()).await {
            Err(StartError::InUse { .. }) => tokio::time::sleep(Duration::from_millis(20)).await,
            other => return other,
        }
    }
}

#[tokio::test]
async fn everything_answered_before_a_kill_is_there_after_it() {
    let directory = tempfile::tempdir().unwrap();
    let data_dir = directory.path().join("data");
    let served = Served::start(&data_dir);
    let Clients { dynamodb, s3, sqs, .. } = served.clients.clone();
    create_table(&dynamodb, "calls").await;
    dynamodb.put_item().table_name("calls").item("pk", AttributeValue::S("k".into())).send().await.unwrap();
    s3.create_bucket().bucket("recordings").send().await.unwrap();
    let put = s3.put_object().bucket("recordings").key("k").content_type("audio/wav");
    put.body(ByteStream::from(pattern(100_000))).send().await.unwrap();
    let url = sqs.create_queue().queue_name("q").send().await.unwrap().queue_url.unwrap();
    for body in ["taken", "waiting"] {
        sqs.send_message().queue_url(&url).message_body(body).send().await.unwrap();
    }
    let taken = sqs.receive_message().queue_url(&url).send().await.unwrap().messages.unwrap().remove(0);
    served.kill();

    let served = Served::start(&data_dir);
    let Clients { dynamodb, s3, sqs, .. } = served.clients.clone();
    let item = dynamodb
        .get_item()
        .table_name("calls")
        .key("pk", AttributeValue::S("k".into()))
        .send()
        .await
        .unwrap();
    assert!(item.item().is_some());
    let object = s3.get_object().bucket("recordings").key("k").send().await.unwrap();
    assert_eq!(object.content_type(), Some("audio/wav"));
    assert!(object.body.collect().await.unwrap().into_bytes() == pattern(100_000));
    // The old URL and the old handle are good: the message taken stays hidden until it is deleted.
    let received = sqs.receive_message().queue_url(&url).max_number_of_messages(10).send().await.unwrap();
    assert_eq!(received.messages()[0].body(), Some("waiting"));
    assert_eq!(received.messages().len(), 1);
    sqs.delete_message().queue_url(&url).receipt_handle(taken.receipt_handle.unwrap()).send().await.unwrap();
    served.kill();
}

#[tokio::test]
async fn an_upload_that_a_kill_cut_short_leaves_no_trace() {
    let directory = tempfile::tempdir().unwrap();
    let served = Served::start(directory.path());
    served.clients.s3.create_bucket().bucket("recordings").send().await.unwrap();
    served.kill();
    let objects = directory.path().join("objects");
    std::fs::write(objects.join("0f0f"), "half an upload").unwrap();
    let served = Served::start(directory.path());
    assert_eq!(std::fs::read_dir(&objects).unwrap().count(), 0);
    served.kill();
}

#[tokio::test]
async fn a_second_process_is_kept_out_of_the_data_directory() {
    let directory = tempfile::tempdir().unwrap();
    let config = Config { data_dir: Some(directory.path().into()), ..Config::default() };
    let endpoints = Endpoints::start(config.clone()).await.unwrap();
    assert!(matches!(Endpoints::start(config.clone()).await, Err(StartError::InUse { .. })));
    let mut command = Command::new(env!("CARGO_BIN_EXE_local-aws"));
    let mut refused = command.arg(directory.path()).stderr(Stdio::piped()).spawn().unwrap();
    let mut message = String::new();
    refused.stderr.take().unwrap().read_to_string(&mut message).unwrap();
    assert!(!refused.wait().unwrap().success());
    assert!(message.contains("in use"), "{message}");

    endpoints.shutdown().await;
    start_again(&config).await.unwrap().shutdown().await;
}

#[tokio::test]
async fn a_taken_port_is_named_in_the_error() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let mut config = Config::default();
    config.ports.sqs = address.port();
    let error = Endpoints::start(config).await.unwrap_err();
    assert!(error.to_string().contains(&address.to_string()), "{error}");
}

/// A damaged file is found at the start, by name, whichever of the three it is and wherever the damage is.
#[tokio::test]
async fn a_damaged_store_is_named_at_the_start() {
    for name in ["dynamodb.sqlite", "s3.sqlite", "sqs.sqlite", "secrets.sqlite"] {
        let directory = tempfile::tempdir().unwrap();
        let config = Config { data_dir: Some(directory.path().into()), ..Config::default() };
        let endpoints = Endpoints::start(config.clone()).await.unwrap();
        let clients = Clients::new(|name| {
            endpoints.env().into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
        });
        create_table(&clients.dynamodb, "calls").await;
        endpoints.shutdown().await;
        drop(clients);
        for wal in ["-wal", "-shm"] {
            drop(std::fs::remove_file(directory.path().join(format!("{name}{wal}"))));
        }
        let path = directory.path().join(name);
        let mut bytes = std::fs::read(&path).unwrap();
        let page = bytes.len() / 2 / 4096 * 4096;
        let end = bytes.len().min(page + 4096);
        bytes[page..end].fill(0xAB);
        std::fs::write(&path, bytes).unwrap();
        let error = start_again(&config).await.unwrap_err();
        assert!(matches!(error, StartError::Store { .. }), "{name}: {error}");
        assert!(error.to_string().contains("move its files"), "{name}: {error}");
    }
}
