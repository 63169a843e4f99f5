//! A receiver of events, as a business runs one: it remembers what it was sent, answers as it was told to, and may be slow.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::Value;
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use url::Url;

/// One request, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    pub headers: BTreeMap<String, String>,
    pub body: String,
    pub at: Instant,
}

impl Received {
    pub fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// How many of its signatures are those of this secret, by a check that shares no code with the product's.
    pub fn signed_by(&self, secret: &str) -> usize {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").expect("its beginning")).expect("base64");
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("any length");
        let text = format!("{}.{}.{}", self.id(), self.headers["webhook-timestamp"], self.body);
        mac.update(text.as_bytes());
        let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        self.headers["webhook-signature"].split(' ').filter(|signature| **signature == expected).count()
    }

    pub fn signatures(&self) -> usize {
        self.headers["webhook-signature"].split(' ').count()
    }
}

/// What is answered: a status, and headers.
pub type Told = (u16, Vec<(&'static str, &'static str)>);

/// The receiver; it serves until it is dropped.
pub struct Receiver {
    pub url: Url,
    shared: Arc<Shared>,
    _server: JoinSet<()>,
}

struct Shared {
    received: Mutex<Vec<Received>>,
    answers: Mutex<VecDeque<Told>>,
    held: watch::Sender<bool>,
    takes: Mutex<Duration>,
}

impl Receiver {
    /// Gives these answers in their order, and 204 after the last one.
    pub async fn with(answers: impl IntoIterator<Item = Told>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let shared = Arc::new(Shared {
            received: Mutex::default(),
            answers: Mutex::new(answers.into_iter().collect()),
            held: watch::Sender::new(false),
            takes: Mutex::default(),
        });
        let router = Router::new().fallback(receive).with_state(Arc::clone(&shared));
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { url: url.parse().expect("a URL"), shared, _server: server }
    }

    /// Answers 204 to everything.
    pub async fn start() -> Self {
        Self::with([]).await
    }

    /// Answers nothing until it is let go.
    pub fn hold(&self, held: bool) {
        self.shared.held.send_replace(held);
    }

    /// Answers so long after a request came.
    pub fn takes(&self, time: Duration) {
        *self.shared.takes.lock().expect("no test panics with it") = time;
    }

    pub fn received(&self) -> Vec<Received> {
        self.shared.received.lock().expect("no test panics with it").clone()
    }
}

async fn receive(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let header = |(name, value): (&HeaderName, &HeaderValue)| {
        (name.to_string(), value.to_str().unwrap_or_default().to_owned())
    };
    let received = Received {
        headers: headers.iter().map(header).collect(),
        body: String::from_utf8(body.to_vec()).expect("text"),
        at: Instant::now(),
    };
    shared.received.lock().expect("no test panics with it").push(received);
    let mut held = shared.held.subscribe();
    drop(held.wait_for(|held| !held).await);
    let takes = *shared.takes.lock().expect("no test panics with it");
    tokio::time::sleep(takes).await;
    let answer = shared.answers.lock().expect("no test panics with it").pop_front();
    let (status, headers) = answer.unwrap_or((204, vec![]));
    let mut response = StatusCode::from_u16(status).expect("a status").into_response();
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
