//! The life of one process, as the world sees it: it may end at any request that changes something.
//!
//! A sandbox reaches DynamoDB, S3, SQS, Twilio and OpenAI through doors that count what it changes. At the chosen
//! change the process dies, before it took effect or after, and nothing of it gets out any more; or the change takes
//! effect, nobody hears of it, and the process lives on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode, Uri, header};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use url::Url;

use crate::World;

/// What becomes of the chosen change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The process dies before it.
    Before,
    /// It takes effect, and the process dies.
    After,
    /// It takes effect, and its answer is lost.
    Unheard,
}

impl Cut {
    pub const ALL: [Self; 3] = [Self::Before, Self::After, Self::Unheard];
}

/// The doors of one process, for as long as it lives and after.
pub struct Doors {
    fate: Arc<Fate>,
    /// The environment that leads through them.
    pub environment: Vec<(String, String)>,
    _servers: JoinSet<()>,
}

struct Fate {
    /// Counted from 0.
    chosen: Option<(usize, Cut)>,
    changes: AtomicUsize,
    dead: AtomicBool,
}

/// What is behind a door, and how it says no.
#[derive(Debug, Clone, Copy)]
enum Service {
    DynamoDb,
    S3,
    Sqs,
    Provider,
}

struct Door {
    service: Service,
    upstream: Url,
    http: reqwest::Client,
    /// Of the AWS endpoints: the access key and its secret.
    keys: (String, String),
    fate: Arc<Fate>,
}

impl Doors {
    pub async fn of(world: &World, chosen: Option<(usize, Cut)>) -> Self {
        let fate = Arc::new(Fate { chosen, changes: AtomicUsize::new(0), dead: AtomicBool::new(false) });
        let (mut environment, mut servers) = (vec![], JoinSet::new());
        let services = [
            ("AWS_ENDPOINT_URL_DYNAMODB", Service::DynamoDb),
            ("AWS_ENDPOINT_URL_S3", Service::S3),
            ("AWS_ENDPOINT_URL_SQS", Service::Sqs),
            ("TWILIO_API_URL", Service::Provider),
            ("OPENAI_API_URL", Service::Provider),
        ];
        for (name, service) in services {
            let upstream: Url = world.system.environment[name].parse().expect("a URL");
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            let mut here = upstream.clone();
            here.set_port(Some(listener.local_addr().expect("an address").port())).expect("it has a host");
            environment.push((name.to_owned(), here.to_string()));
            // A media link leads elsewhere, and whoever asked for it is to follow it.
            let http = crate::http().redirect(reqwest::redirect::Policy::none()).build();
            let http = http.expect("a client");
            let variable = |name: &str| world.system.environment[name].clone();
            let keys = (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"));
            let door = Arc::new(Door { service, upstream, http, keys, fate: Arc::clone(&fate) });
            let router = Router::new().fallback(pass).with_state(door);
            servers.spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        }
        Self { fate, environment, _servers: servers }
    }

    pub fn is_dead(&self) -> bool {
        self.fate.dead.load(Ordering::SeqCst)
    }

    /// How much it has changed so far.
    pub fn changes(&self) -> usize {
        self.fate.changes.load(Ordering::SeqCst)
    }
}

async fn pass(
    State(door): State<Arc<Door>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, StatusCode> {
    let fate = &door.fate;
    if fate.dead.load(Ordering::SeqCst) {
        return Ok(door.service.refuses());
    }
    let mut cut = None;
    if door.service.is_changed_by(&method, &headers) {
        let number = fate.changes.fetch_add(1, Ordering::SeqCst);
        cut = fate.chosen.filter(|(chosen, _)| *chosen == number).map(|(_, cut)| cut);
    }
    if matches!(cut, Some(Cut::Before | Cut::After)) {
        fate.dead.store(true, Ordering::SeqCst);
    }
    if cut == Some(Cut::Before) {
        return Ok(door.service.refuses());
    }
    let answer = door.forward(method, &uri, headers, body).await?;
    Ok(match cut {
        Some(Cut::After) => door.service.refuses(),
        Some(Cut::Unheard) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Some(Cut::Before) | None => answer,
    })
}

impl Door {
    /// The host stays as it was: the signature covers it.
    async fn forward(
        &self,
        method: Method,
        uri: &Uri,
        mut headers: HeaderMap,
        body: Bytes,
    ) -> Result<Response, StatusCode> {
        let body = match self.service {
            Service::Sqs => self.without_delay(&method, uri, &mut headers, &body),
            Service::DynamoDb | Service::S3 | Service::Provider => body,
        };
        for hop in [header::CONTENT_LENGTH, header::CONNECTION] {
            headers.remove(hop);
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let url = self.upstream.join(path).map_err(|_| StatusCode::BAD_GATEWAY)?;
        let sent = self.http.request(method, url).headers(headers).body(body).send();
        let answer = sent.await.map_err(|_| StatusCode::BAD_GATEWAY)?;
        let (status, mut headers) = (answer.status(), answer.headers().clone());
        for hop in [header::TRANSFER_ENCODING, header::CONNECTION] {
            headers.remove(hop);
        }
        let body = answer.bytes().await.map_err(|_| StatusCode::BAD_GATEWAY)?;
        Ok((status, headers, Body::from(body)).into_response())
    }

    /// Nobody in a test waits for a message. What was changed is signed again.
    fn without_delay(&self, method: &Method, uri: &Uri, headers: &mut HeaderMap, body: &Bytes) -> Bytes {
        let changed = match serde_json::from_slice::<Value>(body) {
            Ok(mut request) if request["DelaySeconds"].is_u64() => {
                request["DelaySeconds"] = 0.into();
                Bytes::from(request.to_string())
            }
            Ok(_) | Err(_) => return body.clone(),
        };
        if headers.contains_key(header::CONTENT_LENGTH) {
            headers.insert(header::CONTENT_LENGTH, changed.len().into());
        }
        let mut request = http::Request::new(());
        (*request.method_mut(), *request.uri_mut()) = (method.clone(), uri.clone());
        request.headers_mut().clone_from(headers);
        let (head, ()) = request.into_parts();
        let (id, secret) = &self.keys;
        if let Some(signed) = local_aws::signed_again(&head, &changed, id, secret) {
            headers.insert(header::AUTHORIZATION, signed.parse().expect("a header"));
        }
        changed
    }
}

impl Service {
    fn is_changed_by(self, method: &Method, headers: &HeaderMap) -> bool {
        const READS: [&str; 8] = [
            "GetItem",
            "Query",
            "Scan",
            "BatchGetItem",
            "TransactGetItems",
            "DescribeTable",
            "ReceiveMessage",
            "GetQueueAttributes",
        ];
        match self {
            Self::DynamoDb | Self::Sqs => {
                let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok());
                let operation = target.and_then(|target| target.rsplit('.').next()).unwrap_or_default();
                !READS.contains(&operation)
            }
            Self::S3 | Self::Provider => ![Method::GET, Method::HEAD].contains(method),
        }
    }

    /// An answer that nobody tries again after. Of a dead process nobody hears what it makes of it.
    fn refuses(self) -> Response {
        let body = match self {
            Self::DynamoDb => {
                r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"nobody is there"}"#
            }
            Self::Sqs => {
                r#"{"__type":"com.amazonaws.sqs#InvalidMessageContents","message":"nobody is there"}"#
            }
            Self::S3 => "<Error><Code>InvalidRequest</Code><Message>nobody is there</Message></Error>",
            Self::Provider => "{}",
        };
        (StatusCode::BAD_REQUEST, body).into_response()
    }
}
