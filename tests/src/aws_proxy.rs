//! A reverse proxy before the AWS endpoints: it notes every request, and can hold or refuse those to DynamoDB.

mod access;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode, Uri, header};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use url::Url;

use crate::World;
use crate::reverse_proxy::forward;

use access::Names;
pub use access::{ASIDE, Access, BUSINESS_SECRETS, rows};

/// How requests to DynamoDB are treated from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    Open,
    /// Requests of this operation wait until the manner changes; the others pass.
    Holds(&'static str),
    /// Requests of this operation that name this partition key, or one that begins with it, wait until the manner changes.
    HoldsKey(&'static str, &'static str),
    /// Nothing is answered until the manner changes.
    Silent,
    /// Everything is refused as being too much.
    Throttles,
    /// Requests for this partition key, or for keys that begin with it, are refused as being too much.
    ThrottlesKey(&'static str),
}

/// The proxy; it serves until it is dropped.
pub struct AwsProxy {
    pub url: Url,
    shared: Arc<Shared>,
    _server: JoinSet<()>,
}

struct Shared {
    upstreams: Upstreams,
    names: Names,
    http: reqwest::Client,
    manner: watch::Sender<Manner>,
    /// The operations of the requests that are held.
    waiting: watch::Sender<Vec<String>>,
    seen: Mutex<BTreeSet<Access>>,
    stale: Mutex<BTreeSet<Access>>,
    secrets_read: AtomicUsize,
}

struct Upstreams {
    dynamodb: Url,
    s3: Url,
    sqs: Url,
    secrets_manager: Url,
}

impl AwsProxy {
    pub async fn of(world: &World) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let upstream = |service: &str| -> Url {
            world.system.environment[&format!("AWS_ENDPOINT_URL_{service}")].parse().expect("a URL")
        };
        let shared = Arc::new(Shared {
            upstreams: Upstreams {
                dynamodb: upstream("DYNAMODB"),
                s3: upstream("S3"),
                sqs: upstream("SQS"),
                secrets_manager: upstream("SECRETS_MANAGER"),
            },
            secrets_read: AtomicUsize::new(0),
            names: Names::of(world),
            http: crate::http().build().expect("a client"),
            manner: watch::Sender::new(Manner::Open),
            waiting: watch::Sender::new(vec![]),
            seen: Mutex::default(),
            stale: Mutex::default(),
        });
        let router =
            Router::new().fallback(pass).layer(DefaultBodyLimit::disable()).with_state(Arc::clone(&shared));
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { url: url.parse().expect("a URL"), shared, _server: server }
    }

    /// The variables that send all of a function's requests to AWS through it.
    pub fn everywhere(&self) -> [(&'static str, &str); 4] {
        [
            "AWS_ENDPOINT_URL_DYNAMODB",
            "AWS_ENDPOINT_URL_S3",
            "AWS_ENDPOINT_URL_SQS",
            "AWS_ENDPOINT_URL_SECRETS_MANAGER",
        ]
        .map(|name| (name, self.url.as_str()))
    }

    /// How often a secret was read.
    pub fn secrets_read(&self) -> usize {
        self.shared.secrets_read.load(Ordering::SeqCst)
    }

    pub fn set(&self, manner: Manner) {
        self.shared.manner.send_replace(manner);
    }

    /// Returns as soon as a request is held.
    pub async fn holds_one(&self) {
        let mut waiting = self.shared.waiting.subscribe();
        waiting.wait_for(|waiting| !waiting.is_empty()).await.expect("the proxy is there");
    }

    /// Returns as soon as a request of this operation is held.
    pub async fn holds(&self, operation: &str) {
        let mut waiting = self.shared.waiting.subscribe();
        let held = |waiting: &Vec<String>| waiting.iter().any(|held| held == operation);
        waiting.wait_for(held).await.expect("the proxy is there");
    }

    /// The reads so far whose answer may be an old one.
    pub fn stale_reads(&self) -> BTreeSet<Access> {
        self.shared.stale.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Everything that was asked for so far.
    pub fn seen(&self) -> BTreeSet<Access> {
        self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Shared {
    /// Holds a request of this operation for as long as the manner says so.
    async fn let_pass(&self, operation: &str, body: &Bytes) -> Result<(), StatusCode> {
        let is_held = |manner: &Manner| match manner {
            Manner::Open | Manner::Throttles | Manner::ThrottlesKey(_) => false,
            Manner::Holds(which) => *which == operation,
            Manner::HoldsKey(which, key) => *which == operation && names_key(body, key),
            Manner::Silent => true,
        };
        let mut manner = self.manner.subscribe();
        if is_held(&manner.borrow()) {
            self.waiting.send_modify(|waiting| waiting.push(operation.to_owned()));
            manner.wait_for(|manner| !is_held(manner)).await.map_err(|_| StatusCode::BAD_GATEWAY)?;
            self.waiting.send_modify(|waiting| {
                if let Some(passed) = waiting.iter().position(|held| held == operation) {
                    waiting.swap_remove(passed);
                }
            });
        }
        Ok(())
    }
}

fn names_key(body: &Bytes, key: &str) -> bool {
    std::str::from_utf8(body).is_ok_and(|text| text.contains(&format!("\"pk\":{{\"S\":\"{key}")))
}

async fn pass(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, StatusCode> {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let Some((service, operation)) = target.split_once('.') else {
        let answer =
            forward(&shared.http, &shared.upstreams.s3, method.clone(), &uri, headers.clone(), body).await?;
        let accesses = access::to_objects(&shared.names, &method, &uri, &headers, answer.status());
        shared.seen.lock().unwrap_or_else(PoisonError::into_inner).extend(accesses);
        return Ok(answer);
    };
    let request = serde_json::from_slice(&body).map_err(|_| StatusCode::BAD_REQUEST)?;
    if service == "secretsmanager" {
        if operation == "GetSecretValue" {
            shared.secrets_read.fetch_add(1, Ordering::SeqCst);
        }
        let access = (format!("secretsmanager:{operation}"), access::BUSINESS_SECRETS.to_owned());
        shared.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(access);
        shared.let_pass(operation, &body).await?;
        return forward(&shared.http, &shared.upstreams.secrets_manager, method, &uri, headers, body).await;
    }
    if service == "AmazonSQS" {
        let access = access::to_queue(&shared.names, operation, &request);
        shared.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(access);
        return forward(&shared.http, &shared.upstreams.sqs, method, &uri, headers, body).await;
    }
    let accesses = access::to_tables(operation, &request);
    if access::may_be_stale(operation, &request) {
        shared.stale.lock().unwrap_or_else(PoisonError::into_inner).extend(accesses.clone());
    }
    shared.seen.lock().unwrap_or_else(PoisonError::into_inner).extend(accesses);

    shared.let_pass(operation, &body).await?;
    let throttled = match *shared.manner.borrow() {
        Manner::Throttles => true,
        Manner::ThrottlesKey(key) => names_key(&body, key),
        Manner::Open | Manner::Holds(_) | Manner::HoldsKey(..) | Manner::Silent => false,
    };
    if throttled {
        let kind = "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException";
        let body = serde_json::json!({ "__type": kind, "message": "too much" }).to_string();
        let headers = [(header::CONTENT_TYPE, "application/x-amz-json-1.0")];
        return Ok((StatusCode::BAD_REQUEST, headers, body).into_response());
    }
    forward(&shared.http, &shared.upstreams.dynamodb, method, &uri, headers, body).await
}
