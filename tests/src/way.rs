//! A way to DynamoDB that notes what passes and can hold it up or turn it back.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode, header};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use url::Url;

use crate::World;

/// How requests are treated from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    Open,
    /// Requests of this operation wait until the manner changes; the others pass.
    Holds(&'static str),
    /// Nothing is answered until the manner changes.
    Silent,
    /// Everything is refused as being too much.
    Throttles,
    /// Whatever has to do with this partition key, or a key that begins with it, is refused as being too much.
    ThrottlesKey(&'static str),
}

/// One operation on one table or index, in IAM's words: (`PutItem`, `CallsTable`).
pub type Access = (String, String);

/// The way, for as long as it lives.
pub struct Way {
    pub url: Url,
    shared: Arc<Shared>,
    _server: JoinSet<()>,
}

struct Shared {
    upstream: Url,
    http: reqwest::Client,
    manner: watch::Sender<Manner>,
    /// The operations of the requests that are held.
    waiting: watch::Sender<Vec<String>>,
    seen: Mutex<BTreeSet<Access>>,
    stale: Mutex<BTreeSet<Access>>,
}

impl Way {
    pub async fn to_the_store_of(world: &World) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let shared = Arc::new(Shared {
            upstream: world.system.environment["AWS_ENDPOINT_URL_DYNAMODB"].parse().expect("a URL"),
            http: crate::http().build().expect("a client"),
            manner: watch::Sender::new(Manner::Open),
            waiting: watch::Sender::new(vec![]),
            seen: Mutex::default(),
            stale: Mutex::default(),
        });
        let router = Router::new().fallback(pass).with_state(Arc::clone(&shared));
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { url: url.parse().expect("a URL"), shared, _server: server }
    }

    pub fn set(&self, manner: Manner) {
        self.shared.manner.send_replace(manner);
    }

    /// Returns as soon as a request is held.
    pub async fn holds_one(&self) {
        let mut waiting = self.shared.waiting.subscribe();
        waiting.wait_for(|waiting| !waiting.is_empty()).await.expect("the way is there");
    }

    /// Returns as soon as a request of this operation is held.
    pub async fn holds(&self, operation: &str) {
        let mut waiting = self.shared.waiting.subscribe();
        let held = |waiting: &Vec<String>| waiting.iter().any(|held| held == operation);
        waiting.wait_for(held).await.expect("the way is there");
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

async fn pass(
    State(shared): State<Arc<Shared>>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, StatusCode> {
    let operation = headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok()?.rsplit('.').next())
        .unwrap_or_default()
        .to_owned();
    let request: Value = serde_json::from_slice(&body).map_err(|_| StatusCode::BAD_REQUEST)?;
    let accesses = accesses(&operation, &request);
    if may_be_stale(&operation, &request) {
        shared.stale.lock().unwrap_or_else(PoisonError::into_inner).extend(accesses.clone());
    }
    shared.seen.lock().unwrap_or_else(PoisonError::into_inner).extend(accesses);

    let held = |manner: &Manner| match manner {
        Manner::Open | Manner::Throttles | Manner::ThrottlesKey(_) => false,
        Manner::Holds(which) => *which == operation,
        Manner::Silent => true,
    };
    let mut manner = shared.manner.subscribe();
    if held(&manner.borrow()) {
        shared.waiting.send_modify(|waiting| waiting.push(operation.clone()));
        manner.wait_for(|manner| !held(manner)).await.map_err(|_| StatusCode::BAD_GATEWAY)?;
        shared.waiting.send_modify(|waiting| {
            if let Some(passed) = waiting.iter().position(|held| *held == operation) {
                waiting.swap_remove(passed);
            }
        });
    }
    let throttled = match *manner.borrow() {
        Manner::Throttles => true,
        Manner::ThrottlesKey(key) => {
            std::str::from_utf8(&body).is_ok_and(|text| text.contains(&format!("\"pk\":{{\"S\":\"{key}")))
        }
        Manner::Open | Manner::Holds(_) | Manner::Silent => false,
    };
    if throttled {
        let kind = "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException";
        let body = serde_json::json!({ "__type": kind, "message": "too much" }).to_string();
        let headers = [(header::CONTENT_TYPE, "application/x-amz-json-1.0")];
        return Ok((StatusCode::BAD_REQUEST, headers, body).into_response());
    }
    // The host stays as it was: the signature covers it.
    let mut forwarded = headers;
    for hop in [header::CONTENT_LENGTH, header::CONNECTION] {
        forwarded.remove(hop);
    }
    let sent = shared.http.request(method, shared.upstream.clone()).headers(forwarded).body(body).send();
    let answer = sent.await.map_err(|_| StatusCode::BAD_GATEWAY)?;
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    for hop in [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION] {
        headers.remove(hop);
    }
    let body = answer.bytes().await.map_err(|_| StatusCode::BAD_GATEWAY)?;
    Ok((status, headers, Body::from(body)).into_response())
}

/// Reads are eventually consistent unless they say otherwise (DynamoDB, "Read consistency").
fn may_be_stale(operation: &str, request: &Value) -> bool {
    let consistent = |read: &Value| read["ConsistentRead"].as_bool() == Some(true);
    match operation {
        "GetItem" | "Query" | "Scan" => !consistent(request),
        "BatchGetItem" => {
            request["RequestItems"].as_object().into_iter().flatten().any(|(_, read)| !consistent(read))
        }
        _ => false,
    }
}

/// What IAM checks: a transaction needs the permission of each of its actions, and none of its own.
fn accesses(operation: &str, request: &Value) -> Vec<Access> {
    let named = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    if let Some(tables) = request["RequestItems"].as_object() {
        return tables.keys().map(|table| (operation.to_owned(), table.clone())).collect();
    }
    if let Some(actions) = request["TransactItems"].as_array() {
        let actions = actions.iter().filter_map(Value::as_object).flatten();
        return actions.map(|(kind, action)| (format!("{kind}Item"), named(&action["TableName"]))).collect();
    }
    let index = request["IndexName"].as_str().map(|index| format!("/index/{index}")).unwrap_or_default();
    vec![(operation.to_owned(), named(&request["TableName"]) + &index)]
}
