//! Starting, asking and stopping the simulated API.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};

use super::answers::{Answer, Fact, Transcription};
use super::inspect::{ApiRequest, Connection, Violation};
use super::models::{self, Model};
use super::realtime::{self, ConnectionPlan, Pace};
use super::rest;
use super::script::Script;
use super::shared::Shared;
use super::talk::Talk;

/// The life of a Realtime session (OpenAI Realtime GA).
const SESSION_LIFETIME: Duration = Duration::from_secs(60 * 60);

/// How the simulated API behaves.
#[derive(Clone)]
pub struct OpenAiConfig {
    /// The one key that is accepted.
    pub api_key: String,
    /// What the model says on every socket without a plan of its own.
    pub script: Script,
    /// How fast replies are sent.
    pub pace: Pace,
    /// From the opening of a Realtime session to its end by `session_expired`.
    pub session_lifetime: Duration,
    /// What exists; anything else is `model_not_found`.
    pub models: Vec<Model>,
    /// Plans of the first upgrade requests, in the order they arrive.
    pub connections: Vec<ConnectionPlan>,
    /// Answers of `POST /v1/audio/transcriptions` in order; then the clips that are heard in the file, or the text
    /// of the script where none is.
    pub transcriptions: Vec<Transcription>,
    /// Optional form fields of a transcription that the models do not take: 400, which names the field.
    pub refused_transcription_fields: Vec<String>,
    /// Optional fields of a transcription's answer come in shapes that the documentation does not have, as gateways
    /// send them.
    pub odd_transcriptions: bool,
    /// Answers of `POST /v1/responses` in order, before anything else.
    pub answers: Vec<Answer>,
    /// Answers by the name of the requested JSON schema; without one, an answer is made from the schema and from
    /// what the request says.
    pub answers_by_format: BTreeMap<String, Value>,
    /// What the model understands of a conversation that it is to read.
    pub facts: Vec<Fact>,
    /// What the model says to people who write, where no answer is prepared: by the first rule that fits.
    pub talk: Vec<Talk>,
}

impl Default for OpenAiConfig {
    fn default() -> Self {
        Self {
            api_key: "simulated".to_owned(),
            script: Script::default(),
            pace: Pace::default(),
            session_lifetime: SESSION_LIFETIME,
            models: models::all(),
            connections: Vec::new(),
            transcriptions: Vec::new(),
            refused_transcription_fields: Vec::new(),
            odd_transcriptions: false,
            answers: Vec::new(),
            answers_by_format: BTreeMap::new(),
            facts: Vec::new(),
            talk: Vec::new(),
        }
    }
}

impl fmt::Debug for OpenAiConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenAiConfig").field("pace", &self.pace).finish_non_exhaustive()
    }
}

/// A running API. Dropping it closes its port and cuts its connections.
pub struct OpenAi {
    /// `ws://127.0.0.1:<port>/v1/realtime`, to which the client adds `?model=`.
    pub realtime_url: String,
    /// `http://127.0.0.1:<port>/v1`.
    pub api_url: String,
    shared: Arc<Shared>,
}

impl OpenAi {
    /// Listens on a free port of the loopback interface.
    ///
    /// # Errors
    /// When no port can be opened.
    pub async fn start(config: OpenAiConfig) -> std::io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::new(config));
        tokio::spawn(accept(listener, shared.clone()));
        Ok(Self {
            realtime_url: format!("ws://{address}/v1/realtime"),
            api_url: format!("http://{address}/v1"),
            shared,
        })
    }

    /// Every Realtime socket so far, in the order accepted.
    pub fn connections(&self) -> Vec<Connection> {
        self.shared.connections()
    }

    /// The socket with this index.
    pub fn connection(&self, index: usize) -> Option<Connection> {
        self.connections().into_iter().find(|connection| connection.index() == index)
    }

    /// Realtime sockets open now.
    pub fn open_sessions(&self) -> usize {
        self.connections().iter().filter(|connection| connection.is_open()).count()
    }

    /// Every mistake of every client that was answered with an `error` event.
    pub fn violations(&self) -> Vec<Violation> {
        self.connections().iter().flat_map(Connection::violations).collect()
    }

    /// Every HTTP request, upgrade requests included, refused ones too.
    pub fn requests(&self) -> Vec<ApiRequest> {
        self.shared.requests()
    }

    /// Adds a plan behind those still waiting for an upgrade request.
    pub fn plan(&self, plan: ConnectionPlan) {
        self.shared.add_plan(plan);
    }

    /// Adds an answer behind those still waiting for a transcription request.
    pub fn transcribe_as(&self, transcription: Transcription) {
        self.shared.add_transcription(transcription);
    }

    /// Adds an answer behind those still waiting for a Responses request.
    pub fn answer_with(&self, answer: Answer) {
        self.shared.add_answer(answer);
    }

    /// Waits until `look` finds what it looks for; it is asked again whenever anything happens here.
    /// `None` when `patience` runs out first.
    pub async fn wait_for<T>(
        &self,
        patience: Duration,
        mut look: impl FnMut(&Self) -> Option<T>,
    ) -> Option<T> {
        let mut changes = self.shared.changes.subscribe();
        let found = async {
            loop {
                changes.borrow_and_update();
                if let Some(found) = look(self) {
                    return Some(found);
                }
                changes.changed().await.ok()?;
            }
        };
        tokio::time::timeout(patience, found).await.ok().flatten()
    }
}

impl Drop for OpenAi {
    fn drop(&mut self) {
        self.shared.shutdown.cancel();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let router = Router::new()
        .route("/v1/realtime", get(realtime::upgrade))
        .route("/v1/audio/transcriptions", post(rest::transcriptions))
        .route("/v1/responses", post(rest::responses))
        .route("/v1/models", get(rest::models))
        .layer(DefaultBodyLimit::max(rest::MAX_BODY_BYTES))
        .with_state(shared.clone());
    loop {
        tokio::select! {
            () = shared.shutdown.cancelled() => return,
            accepted = listener.accept() => {
                if let Ok((tcp, _)) = accepted {
                    tokio::spawn(serve(tcp, router.clone(), shared.clone()));
                }
            }
        }
    }
}

async fn serve(tcp: TcpStream, router: Router, shared: Arc<Shared>) {
    // Without this, small events wait for acknowledgements and look like latency of the client.
    if tcp.set_nodelay(true).is_err() {
        return;
    }
    let connection = http1::Builder::new()
        .serve_connection(TokioIo::new(tcp), TowerToHyperService::new(router))
        .with_upgrades();
    tokio::select! {
        () = shared.shutdown.cancelled() => {}
        result = connection => if let Err(error) = result {
            tracing::debug!(%error, "a connection to the simulated API broke");
        },
    }
}
