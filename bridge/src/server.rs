//! The bridge's front door: health, readiness, and the upgrade that becomes a call.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use domain::Secret;
use domain::ids::{AccountSid, InvalidId};
use domain::own_account::Signer;
use domain::token::BROWSER_PATH;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use platform::rate_limit::RateLimited;
use platform::telemetry::{Unit, metric};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::handshake::server::create_response;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use twilio::address::is_websocket;
use twilio::signature::{Refused, UnusableKeys, Verifier};

use crate::actions::ActionWatch;
use crate::caller_socket::CallerSocket;
use crate::drain::{Admissions, CallSlot, NotAdmitted};
use crate::driver::{CallDriver, Context};
use crate::entrance::Entrance;
use crate::listening::{Door, own_address};
use crate::live::LiveEvents;
use crate::model_socket::{Keeper, ModelConnector};
use crate::ports::{Ports, StoreError};
use crate::protection::{self, Pace};
use crate::settings::BridgeSettings;
use crate::waiting_room::{Place, WaitingRoom};

/// The time for a request's head. A peer that sends a byte a second is cut off then.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(2);
/// What a request and its answer may take in all, so that a peer which does not read keeps nothing either.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(5);
/// The smallest buffer that hyper accepts; a Twilio upgrade needs less than 2 KiB.
const MAX_HEAD_BYTES: usize = 8 * 1024;
const MAX_HEADERS: usize = 64;
/// What the kernel may hold for a caller whose line stalls: a barge-in cannot take it back. About 3 s.
const SEND_BUFFER_BYTES: usize = 32 * 1024;
/// A pause after `accept` failed, which means that the process is out of file descriptors.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(100);

/// Why the bridge cannot start.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error("the public stream URL must be wss (ws only on a loopback host) without query or fragment")]
    StreamUrl,
    #[error("the Realtime URL must be wss (ws only on a loopback host)")]
    RealtimeUrl,
    #[error(transparent)]
    Keys(#[from] UnusableKeys),
    #[error(transparent)]
    Account(#[from] InvalidId),
    #[error("the OpenAI API key has characters that an HTTP header cannot carry")]
    ApiKey,
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

/// The bridge, ready to run.
pub struct Bridge<P> {
    shared: Arc<Shared<P>>,
    keepers: Vec<Keeper>,
}

struct Shared<P> {
    stream_url: String,
    stream_path: String,
    listening: Door<P>,
    verifier: Verifier,
    account: AccountSid,
    max_calls: usize,
    ecs_agent: Option<url::Url>,
    ecs_metadata: Option<url::Url>,
    forgeries: RateLimited,
    refusals: RateLimited,
    context: Arc<Context<P>>,
}

impl<P: Ports> Bridge<P> {
    /// Checks the settings; nothing is connected yet.
    pub fn new(settings: BridgeSettings, ports: P, live: LiveEvents) -> Result<Self, SetupError> {
        let stream_url = settings.public_stream_url;
        if !is_websocket(stream_url.as_str())
            || stream_url.query().is_some()
            || stream_url.fragment().is_some()
        {
            return Err(SetupError::StreamUrl);
        }
        if !is_websocket(settings.openai_realtime_url.as_str()) {
            return Err(SetupError::RealtimeUrl);
        }
        let tokens = settings.twilio_auth_tokens.iter().map(|token| token.expose());
        let keys = settings.twilio_webhook_keys.iter().map(|(id, key)| (id.as_str(), key.expose()));
        let verifier = Verifier::configured(tokens, keys)?;
        let account = AccountSid::parse(&settings.twilio_account_sid)?;
        let (connector, keepers) = ModelConnector::new(
            settings.openai_realtime_url,
            &settings.openai_api_key,
            settings.openai_roots,
            &settings.warm,
        )?;
        let (ports, taps) = (Arc::new(ports), Arc::default());
        let listening = Door::new(
            settings.console_origin,
            settings.token_key.clone(),
            Arc::clone(&taps),
            Arc::clone(&ports),
            settings.clock.clone(),
        );
        let context = Context {
            ports,
            token_key: settings.token_key,
            connector: Arc::new(connector),
            live,
            taps,
            actions: Arc::new(ActionWatch::default()),
            writers: TaskTracker::new(),
            drain_timeout: settings.drain_timeout,
            callless: RateLimited::default(),
            clock: settings.clock,
        };
        Ok(Self {
            shared: Arc::new(Shared {
                stream_path: stream_url.path().to_owned(),
                stream_url: stream_url.into(),
                listening,
                verifier,
                account,
                max_calls: settings.max_calls,
                ecs_agent: settings.ecs_agent,
                ecs_metadata: settings.ecs_metadata,
                forgeries: RateLimited::default(),
                refusals: RateLimited::default(),
                context: Arc::new(context),
            }),
            keepers,
        })
    }

    /// Serves until `shutdown` is cancelled and the calls have ended, or the drain timeout has passed. While
    /// draining, `/health` goes on answering 200: a load balancer must not kill what is still talking.
    pub async fn run(self, listener: TcpListener, shutdown: CancellationToken) {
        let shared = self.shared;
        // They end with this function at the latest.
        let mut keepers = JoinSet::new();
        for keeper in self.keepers {
            keepers.spawn(keeper.run(shutdown.clone()));
        }
        let admissions = Admissions::new(shared.max_calls, shutdown.clone());
        let protection = async {
            match &shared.ecs_agent {
                Some(agent) => protection::hold(agent.clone(), admissions.active(), Pace::default()).await,
                None => std::future::pending().await,
            }
        };
        let reached = async {
            if let Ok(bound) = listener.local_addr()
                && let Some(address) = own_address(bound, shared.ecs_metadata.as_ref()).await
            {
                shared.context.ports.reached_at(address);
            }
            std::future::pending().await
        };
        tokio::select! {
            () = accept(&shared, &listener, &admissions) => {}
            () = reached => {}
            () = protection => {}
            () = shared.context.actions.run(&*shared.context.ports) => {}
            () = drained(&shared, &admissions, &shutdown) => {}
        }
    }
}

async fn drained<P>(shared: &Shared<P>, admissions: &Admissions, shutdown: &CancellationToken) {
    shutdown.cancelled().await;
    let calls = *admissions.active().borrow();
    tracing::info!(calls, "draining");
    if timeout(shared.context.drain_timeout, admissions.empty()).await.is_err() {
        let calls = *admissions.active().borrow();
        tracing::error!(calls, "calls cut off: they did not end before the drain timeout");
    }
    let writers = &shared.context.writers;
    writers.close();
    if timeout(BridgeSettings::FINISH_DEADLINE, writers.wait()).await.is_err() {
        tracing::error!(writers = writers.len(), "turns or reports lost at shutdown");
        metric("TurnsLost", writers.len() as f64, Unit::Count, &[]);
    }
}

/// Accepts every connection. The waiting room decides which one has to leave when it is full.
async fn accept<P: Ports>(shared: &Arc<Shared<P>>, listener: &TcpListener, admissions: &Admissions) {
    let (room, failures) = (Arc::new(WaitingRoom::default()), RateLimited::default());
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let place = room.enter(peer.ip(), Instant::now());
                tokio::spawn(serve(Arc::clone(shared), stream, admissions.clone(), place));
            }
            Err(error) => {
                if let Some(others) = failures.admit(Instant::now()) {
                    tracing::error!(%error, others, "cannot accept connections");
                }
                sleep(ACCEPT_BACKOFF).await;
            }
        }
    }
}

async fn serve<P: Ports>(shared: Arc<Shared<P>>, stream: TcpStream, admissions: Admissions, place: Place) {
    // Either failing costs latency, never a call.
    let _ = stream.set_nodelay(true);
    let _ = socket2::SockRef::from(&stream).set_send_buffer_size(SEND_BUFFER_BYTES);
    let service = service_fn(|request| {
        let response = respond(&shared, &admissions, &place, request);
        async move { Ok::<_, Infallible>(response.await) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_READ_TIMEOUT)
        .max_buf_size(MAX_HEAD_BYTES)
        .max_headers(MAX_HEADERS)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::select! {
        ended = connection => {
            if let Err(error) = ended {
                tracing::debug!(%error, "connection dropped");
            }
        }
        () = place.turned_out() => tracing::debug!("connection dropped: it made room for another"),
        () = sleep(EXCHANGE_TIMEOUT) => tracing::debug!("connection dropped: it took too long"),
    }
}

async fn respond<P: Ports>(
    shared: &Arc<Shared<P>>,
    admissions: &Admissions,
    place: &Place,
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    match (request.method(), request.uri().path()) {
        (&Method::GET, "/health") => {
            place.leave();
            plain(StatusCode::OK, "ok")
        }
        (&Method::GET, "/ready") => {
            place.leave();
            match admissions.status() {
                Ok(()) => plain(StatusCode::OK, "ready"),
                Err(refused) => unavailable(refused),
            }
        }
        (_, path) if path == BROWSER_PATH || path.starts_with(&shared.stream_path) => {
            Box::pin(upgrade(shared, admissions, place, request)).await
        }
        (_, path) if Door::<P>::is_at(path) => {
            place.leave();
            let head = head(&request);
            Box::pin(shared.listening.respond(request, &head)).await
        }
        _ => plain(StatusCode::NOT_FOUND, "not found"),
    }
}

/// The peer is checked first, so that only Twilio and pages of the console learn how full the task is.
async fn upgrade<P: Ports>(
    shared: &Arc<Shared<P>>,
    admissions: &Admissions,
    place: &Place,
    mut request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    let entrance = match Box::pin(entrance(shared, request.uri().path(), request.headers())).await {
        Ok(entrance) => entrance,
        Err(refused) => {
            if let Some(others) = shared.forgeries.admit(Instant::now()) {
                tracing::warn!(%refused, others, "stream refused");
            }
            return match refused {
                NotSigned::NoSuchPath => plain(StatusCode::NOT_FOUND, "not found"),
                NotSigned::Refused(_) => plain(StatusCode::FORBIDDEN, "the signature does not match"),
                NotSigned::Origin => plain(StatusCode::FORBIDDEN, "no page of the console"),
                NotSigned::Keys(_) => plain(StatusCode::SERVICE_UNAVAILABLE, "the keys cannot be read"),
            };
        }
    };
    let switching = match create_response(&head(&request)) {
        Ok(response) => response,
        Err(error) => {
            tracing::debug!(%error, "not a WebSocket handshake");
            return plain(StatusCode::BAD_REQUEST, "a WebSocket handshake is expected here");
        }
    };
    place.leave();
    let slot = match admissions.admit() {
        Ok(slot) => slot,
        Err(refused) => {
            if let Some(others) = shared.refusals.admit(Instant::now()) {
                tracing::warn!(refusal = %refused, others, "stream refused");
            }
            metric("StreamsRefused", 1.0, Unit::Count, &[("Reason", reason(refused))]);
            return unavailable(refused);
        }
    };
    let upgraded = hyper::upgrade::on(&mut request);
    let (context, shutdown) = (Arc::clone(&shared.context), admissions.shutdown().clone());
    tokio::spawn(async move {
        match upgraded.await {
            Ok(upgraded) => carry(context, entrance, upgraded, shutdown, slot).await,
            Err(error) => tracing::debug!(%error, "the caller left during the handshake"),
        }
    });
    switching.map(|()| Full::default())
}

/// Why it is not known whose stream it would be.
#[derive(Debug, thiserror::Error)]
enum NotSigned {
    #[error("nothing is at this path")]
    NoSuchPath,
    #[error("the page is of another origin than the console")]
    Origin,
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error("the keys of the account cannot be read")]
    Keys(StoreError),
}

/// By which door the request comes, and who opens it.
async fn entrance<P: Ports>(
    shared: &Shared<P>,
    path: &str,
    headers: &HeaderMap,
) -> Result<Entrance, NotSigned> {
    if path == BROWSER_PATH {
        return Entrance::of_page(headers, &shared.listening.console_origin).ok_or(NotSigned::Origin);
    }
    signer(shared, path, headers).await.map(Entrance::of_twilio)
}

/// Whose signature the upgrade has. The end of the path names a business that brought an account, and says so with our own
/// key, so that no stranger can have keys looked for. Keys that do not fit are read once more, since they may have been changed.
async fn signer<P: Ports>(shared: &Shared<P>, path: &str, headers: &HeaderMap) -> Result<Signer, NotSigned> {
    let signature = text_header(headers, "x-twilio-signature").unwrap_or_default();
    let settings = text_header(headers, "x-twilio-webhooks-signature-settings");
    let end = path.strip_prefix(&shared.stream_path).ok_or(NotSigned::NoSuchPath)?;
    if end.is_empty() {
        shared.verifier.verify_upgrade(&shared.stream_url, signature, settings)?;
        return Ok(Signer { account: shared.account.clone(), business: None });
    }
    let named = shared.context.token_key.behind_door(end);
    let (business, account) = named.ok_or(NotSigned::NoSuchPath)?;
    let url = format!("{}{end}", shared.stream_url);
    let mut anew = false;
    loop {
        let tokens = shared.context.ports.stream_tokens(&business, &account, anew).await;
        let tokens = tokens.map_err(NotSigned::Keys)?;
        let verified = Verifier::configured(tokens.iter().map(Secret::expose), [])
            .map_err(|_| Refused::Mismatch)
            .and_then(|verifier| verifier.verify_upgrade(&url, signature, settings));
        match verified {
            Ok(_) => return Ok(Signer { account, business: Some(business) }),
            Err(Refused::Mismatch) if !anew => anew = true,
            Err(refused) => return Err(refused.into()),
        }
    }
}

/// One call, from its upgrade to its end.
async fn carry<P: Ports>(
    context: Arc<Context<P>>,
    entrance: Entrance,
    upgraded: hyper::upgrade::Upgraded,
    shutdown: CancellationToken,
    _slot: CallSlot,
) {
    match upgraded.downcast::<TokioIo<TcpStream>>() {
        Ok(parts) => {
            let caller = CallerSocket::accept(parts.io.into_inner(), parts.read_buf).await;
            Box::pin(CallDriver::new(context, entrance, caller, shutdown).run()).await;
        }
        // The listener is ours and plain TCP, so this is the only type there can be.
        Err(_) => tracing::error!("an upgraded connection is not the socket that was accepted"),
    }
}

/// The request without its body, in the type that the handshake wants.
fn head(request: &Request<Incoming>) -> Request<()> {
    let mut head = Request::new(());
    head.method_mut().clone_from(request.method());
    head.uri_mut().clone_from(request.uri());
    *head.version_mut() = request.version();
    head.headers_mut().clone_from(request.headers());
    head
}

fn text_header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    // A header that is not text is passed on as one that matches nothing, never as an absent one.
    headers.get(name).map(|value| value.to_str().unwrap_or("not text"))
}

fn unavailable(refused: NotAdmitted) -> Response<Full<Bytes>> {
    plain(StatusCode::SERVICE_UNAVAILABLE, reason(refused))
}

const fn reason(refused: NotAdmitted) -> &'static str {
    match refused {
        NotAdmitted::Draining => "draining",
        NotAdmitted::Full => "full",
    }
}

pub(crate) fn plain(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    let content_type = header::HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    // A connection without a request is one that waits, and none is kept for a request that may come.
    response.headers_mut().insert(header::CONNECTION, header::HeaderValue::from_static("close"));
    response
}
