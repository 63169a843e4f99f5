//! Reverse proxies between one process and everything it changes, which let it die at a chosen change.
//!
//! A sandbox reaches DynamoDB, S3, SQS, Twilio and OpenAI through them, and they count what it changes. At the chosen
//! change the process dies, before the change took effect or after, and nothing of it gets out any more; or the change
//! takes effect, its answer is lost, and the process lives on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode, Uri, header};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use url::Url;

use crate::World;
use crate::reverse_proxy::forward;

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

/// Changes of which each is cut in all ways, however short a run is to be.
const FEW: usize = 12;

/// Where a process is cut that makes this many changes: at each of them, and if they are few in all ways. Otherwise one change
/// is cut in one way and the next one in another, since lives are what a run of all tests costs most; with `CUTS=all` in the
/// environment each is cut in all of them.
pub fn cuts(changes: usize) -> Vec<(usize, Cut)> {
    let all = changes <= FEW || std::env::var("CUTS").is_ok_and(|cuts| cuts == "all");
    let ways = |change: usize| if all { &Cut::ALL[..] } else { &Cut::ALL[change % 3..][..1] };
    (0..changes).flat_map(|change| ways(change).iter().map(move |cut| (change, *cut))).collect()
}

/// The proxies of one process. They answer after it died as well, as long as they are kept.
pub struct CrashProxies {
    process: Arc<Process>,
    /// The environment that leads through the proxies.
    pub environment: Vec<(String, String)>,
    _servers: JoinSet<()>,
}

struct Process {
    /// The change at which something happens, counted from 0.
    chosen: Option<(usize, Cut)>,
    changes: AtomicUsize,
    dead: AtomicBool,
}

/// What is behind a proxy: it decides which requests change something, and how one is refused.
#[derive(Debug, Clone, Copy)]
enum Service {
    DynamoDb,
    S3,
    Sqs,
    Provider,
}

struct Proxy {
    service: Service,
    upstream: Url,
    http: reqwest::Client,
    /// Of the AWS endpoints: the access key and its secret.
    keys: (String, String),
    process: Arc<Process>,
}

impl CrashProxies {
    pub async fn of(world: &World, chosen: Option<(usize, Cut)>) -> Self {
        let process =
            Arc::new(Process { chosen, changes: AtomicUsize::new(0), dead: AtomicBool::new(false) });
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
            // A media link leads elsewhere; the process follows it itself.
            let http = crate::http().redirect(reqwest::redirect::Policy::none()).build();
            let http = http.expect("a client");
            let variable = |name: &str| world.system.environment[name].clone();
            let keys = (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"));
            let proxy = Arc::new(Proxy { service, upstream, http, keys, process: Arc::clone(&process) });
            let router = Router::new().fallback(pass).with_state(proxy);
            servers.spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        }
        Self { process, environment, _servers: servers }
    }

    pub fn is_dead(&self) -> bool {
        self.process.dead.load(Ordering::SeqCst)
    }

    /// How much it has changed so far.
    pub fn changes(&self) -> usize {
        self.process.changes.load(Ordering::SeqCst)
    }
}

async fn pass(
    State(proxy): State<Arc<Proxy>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, StatusCode> {
    let process = &proxy.process;
    if process.dead.load(Ordering::SeqCst) {
        return Ok(proxy.service.refuses());
    }
    let mut cut = None;
    if proxy.service.is_changed_by(&method, &headers) {
        let number = process.changes.fetch_add(1, Ordering::SeqCst);
        cut = process.chosen.filter(|(chosen, _)| *chosen == number).map(|(_, cut)| cut);
    }
    if matches!(cut, Some(Cut::Before | Cut::After)) {
        process.dead.store(true, Ordering::SeqCst);
    }
    if cut == Some(Cut::Before) {
        return Ok(proxy.service.refuses());
    }
    let answer = proxy.forward(method, &uri, headers, body).await?;
    Ok(match cut {
        Some(Cut::After) => proxy.service.refuses(),
        Some(Cut::Unheard) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Some(Cut::Before) | None => answer,
    })
}

impl Proxy {
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
        forward(&self.http, &self.upstream, method, uri, headers, body).await
    }

    /// A test does not wait for a delayed message. The changed request is signed again.
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

    /// An answer after which no client tries again. What a dead process makes of it stays unknown.
    fn refuses(self) -> Response {
        let body = match self {
            Self::DynamoDb => {
                r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"the process is dead"}"#
            }
            Self::Sqs => {
                r#"{"__type":"com.amazonaws.sqs#InvalidMessageContents","message":"the process is dead"}"#
            }
            Self::S3 => "<Error><Code>InvalidRequest</Code><Message>the process is dead</Message></Error>",
            Self::Provider => "{}",
        };
        (StatusCode::BAD_REQUEST, body).into_response()
    }
}
