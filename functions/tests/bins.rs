//! The real programs, as Lambda starts them: their settings, one HTTP event, one poisoned batch.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path as FilePath;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use functions::features;
use platform::env::Reader;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

/// Lambda's runtime API, as much of it as a function that behaves needs (Custom runtimes, AWS docs).
struct RuntimeApi {
    address: String,
    events: mpsc::Sender<Value>,
    answer: Mutex<Option<oneshot::Receiver<Value>>>,
}

struct Shared {
    events: tokio::sync::Mutex<mpsc::Receiver<Value>>,
    answered: Mutex<Option<oneshot::Sender<Value>>>,
}

impl RuntimeApi {
    async fn start() -> Self {
        let (events, received) = mpsc::channel(1);
        let (answered, answer) = oneshot::channel();
        let shared = Arc::new(Shared {
            events: tokio::sync::Mutex::new(received),
            answered: Mutex::new(Some(answered)),
        });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .with_state(shared);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, events, answer: Mutex::new(Some(answer)) }
    }

    async fn invoke(&self, event: Value) -> Value {
        self.events.send(event).await.unwrap();
        let answer = self.answer.lock().unwrap().take().unwrap();
        tokio::time::timeout(Duration::from_secs(300), answer).await.expect("the function answers").unwrap()
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    let Some(event) = shared.events.lock().await.recv().await else { return std::future::pending().await };
    let headers = [
        ("Lambda-Runtime-Aws-Request-Id", "00000000-0000-4000-8000-000000000001"),
        ("Lambda-Runtime-Deadline-Ms", "4102444800000"),
        ("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:000000000000:function:f"),
        ("Lambda-Runtime-Trace-Id", "Root=1-00000000-000000000000000000000000;Sampled=0"),
    ];
    (headers, Json(event)).into_response()
}

async fn response(State(shared): State<Arc<Shared>>, Path(_): Path<String>, body: String) -> Response {
    let answer = serde_json::from_str(&body).expect("the answer is JSON");
    if let Some(answered) = shared.answered.lock().unwrap().take() {
        answered.send(answer).unwrap();
    }
    (http::StatusCode::ACCEPTED, Json(json!({ "status": "OK" }))).into_response()
}

/// Remembers which variables were asked for.
#[derive(Default)]
struct Recorder(Mutex<BTreeSet<String>>);

impl Reader for Recorder {
    fn var(&self, name: &str) -> Option<String> {
        self.0.lock().unwrap().insert(name.to_owned());
        None
    }
}

/// A usable value for a variable. The AWS endpoint is a port that nothing listens on.
fn value(name: &str) -> String {
    match name {
        "PUBLIC_BASE_URL" => "https://calls.example.com".to_owned(),
        "MAX_CONCURRENT_CALLS" | "TRANSCRIBE_SECONDS" => "10".to_owned(),
        "PRICES" => "{}".to_owned(),
        _ if name.ends_with("_URL") => "http://127.0.0.1:1".to_owned(),
        _ if name.starts_with("QUEUE_") || name.starts_with("DLQ_") => {
            format!("http://127.0.0.1:1/000000000000/{name}")
        }
        _ => format!("test-{name}"),
    }
}

/// Everything that a function reads, and what every function has besides.
async fn environment(function: &str) -> BTreeMap<String, String> {
    let recorder = Recorder::default();
    let started = features::named(function).expect("a function").load(&recorder).await;
    assert!(started.is_err(), "{function} starts without settings");
    let own = recorder.0.into_inner().unwrap().into_iter().filter(|name| !name.starts_with("AWS_"));
    let mut variables: BTreeMap<String, String> = own.map(|name| (name.clone(), value(&name))).collect();
    let endpoint = "http://127.0.0.1:1";
    let fixed = [
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_ENDPOINT_URL_DYNAMODB", endpoint),
        ("AWS_ENDPOINT_URL_S3", endpoint),
        ("AWS_ENDPOINT_URL_SQS", endpoint),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", endpoint),
        ("AWS_LAMBDA_FUNCTION_NAME", "f"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
        ("TWILIO_ACCOUNT_SID", "AC11111111111111111111111111111111"),
        ("TWILIO_AUTH_TOKEN", "test token"),
        ("OPENAI_API_KEY", "test key"),
        ("STREAM_TOKEN_KEY", "a key of at least thirty-two bytes"),
    ];
    variables.extend(fixed.map(|(name, value)| (name.to_owned(), value.to_owned())));
    variables
}

/// The program that holds a function, told which it is as Lambda tells it.
fn program(function: &str) -> Command {
    let feature = features::named(function).expect("a function");
    let mut command = Command::new(FilePath::new(env!("CARGO_BIN_EXE_api")).with_file_name(feature.program));
    command.env_clear().env("_HANDLER", function);
    command
}

/// The child dies with the test.
struct Running(std::process::Child);

impl Running {
    async fn start(function: &str, api: &RuntimeApi) -> Self {
        let mut command = program(function);
        command.envs(environment(function).await).env("AWS_LAMBDA_RUNTIME_API", &api.address);
        Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn without_settings_a_function_names_them_all_and_exits_64() {
    for feature in features::ALL {
        let output = program(feature.name).output().unwrap();
        assert_eq!(output.status.code(), Some(64), "{}", feature.name);
        let text =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(text.contains("AWS_REGION"), "{}: {text}", feature.name);
        // Every function but those that have nothing but files reads tables.
        let has_tables = !["api-document", "console"].contains(&feature.name);
        assert_eq!(text.contains("TABLE_"), has_tables, "{}: {text}", feature.name);
    }
}

#[test]
fn a_program_that_does_not_hold_the_function_names_those_that_it_holds_and_exits_64() {
    for handler in ["", "bootstrap", "calls"] {
        let output = program("voice-inbound").env("_HANDLER", handler).output().unwrap();
        assert_eq!(output.status.code(), Some(64), "{handler}");
        let text =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(text.contains("voice-inbound voice-outbound"), "{handler}: {text}");
    }
}

#[tokio::test]
async fn a_missing_secret_is_a_missing_setting_and_exits_64() {
    let mut environment = environment("voice-inbound").await;
    environment.remove("TWILIO_AUTH_TOKEN");
    let output = program("voice-inbound").envs(environment).output().unwrap();
    assert_eq!(output.status.code(), Some(64));
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("TWILIO_AUTH_TOKEN is not set"), "{text}");
}

/// Fault 8, through API Gateway's own shape of a request: a form arrives as base64.
#[tokio::test]
async fn an_http_function_answers_an_api_gateway_event() {
    let api = RuntimeApi::start().await;
    let _running = Running::start("voice-inbound", &api).await;
    let answer = api
        .invoke(json!({
            "version": "2.0",
            "routeKey": "POST /twilio/voice/inbound",
            "rawPath": "/twilio/voice/inbound",
            "rawQueryString": "",
            "headers": { "content-type": "application/x-www-form-urlencoded", "x-twilio-signature": "bm8=" },
            "requestContext": {
                "accountId": "000000000000", "apiId": "a", "domainName": "calls.example.com", "domainPrefix": "calls",
                "http": {
                    "method": "POST", "path": "/twilio/voice/inbound", "protocol": "HTTP/1.1",
                    "sourceIp": "192.0.2.1", "userAgent": "TwilioProxy/1.1"
                },
                "requestId": "r", "routeKey": "POST /twilio/voice/inbound", "stage": "$default",
                "time": "20/Nov/2026:13:05:09 +0000", "timeEpoch": 1795179909000u64
            },
            "body": "Q2FsbFNpZD1DQTEyMw==",
            "isBase64Encoded": true
        }))
        .await;
    assert_eq!(answer["statusCode"], 403);
}

/// Faults 41 and 42. Only what failed comes back, poison included, and nothing else is held up.
#[tokio::test]
async fn a_queue_function_reports_each_failed_message_by_itself() {
    let api = RuntimeApi::start().await;
    let _running = Running::start("transcript-step", &api).await;
    let message = |id: &str, body: &str| {
        json!({
            "messageId": id, "receiptHandle": "h", "body": body,
            "attributes": { "ApproximateReceiveCount": "1" }, "messageAttributes": {},
            "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:transcripts",
            "awsRegion": "us-east-1"
        })
    };
    let answer = api.invoke(json!({ "Records": [message("m1", "not json"), message("m2", "{}")] })).await;
    let failed: Vec<&str> = answer["batchItemFailures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|failure| failure["itemIdentifier"].as_str().unwrap())
        .collect();
    assert_eq!(failed, ["m1", "m2"]);
}
