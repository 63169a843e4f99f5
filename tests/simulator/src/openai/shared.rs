//! What all connections and requests of one simulated API have in common.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::answers::{Answer, Transcription};
use super::inspect::{ApiRequest, Connection};
use super::models::Purpose;
use super::realtime::ConnectionPlan;
use super::refusal::ApiRefusal;
use super::server::OpenAiConfig;

/// Sockets and requests remembered; the oldest closed ones are forgotten first.
const MAX_KEPT_CONNECTIONS: usize = 2_048;
const MAX_KEPT_REQUESTS: usize = 10_000;

pub(super) struct Shared {
    pub(super) config: OpenAiConfig,
    pub(super) changes: watch::Sender<u64>,
    pub(super) shutdown: CancellationToken,
    plans: Mutex<VecDeque<ConnectionPlan>>,
    accepted: AtomicUsize,
    answered: AtomicUsize,
    connections: Mutex<VecDeque<Connection>>,
    requests: Mutex<VecDeque<ApiRequest>>,
    transcriptions: Mutex<VecDeque<Transcription>>,
    answers: Mutex<VecDeque<Answer>>,
}

impl Shared {
    pub(super) fn new(config: OpenAiConfig) -> Self {
        Self {
            plans: Mutex::new(config.connections.iter().cloned().collect()),
            transcriptions: Mutex::new(config.transcriptions.iter().cloned().collect()),
            answers: Mutex::new(config.answers.iter().cloned().collect()),
            config,
            changes: watch::Sender::new(0),
            shutdown: CancellationToken::new(),
            accepted: AtomicUsize::new(0),
            answered: AtomicUsize::new(0),
            connections: Mutex::default(),
            requests: Mutex::default(),
        }
    }

    /// Refuses a request without the configured key.
    pub(super) fn authorise(&self, headers: &HeaderMap) -> Result<(), ApiRefusal> {
        let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        if given == Some(self.config.api_key.as_str()) {
            return Ok(());
        }
        Err(ApiRefusal::new("invalid_api_key", "Incorrect API key provided."))
    }

    /// The model named in a Realtime address.
    pub(super) fn realtime_model(&self, query: &str) -> Result<String, ApiRefusal> {
        let given = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "model");
        let (_, model) = given.ok_or_else(|| ApiRefusal::missing("model"))?;
        self.check_model(&model, Purpose::Realtime)?;
        Ok(model.into_owned())
    }

    /// Refuses a model that does not exist or that is not for this endpoint.
    pub(super) fn check_model(&self, id: &str, purpose: Purpose) -> Result<(), ApiRefusal> {
        match self.config.models.iter().find(|model| model.id == id) {
            Some(model) if model.purpose == purpose => Ok(()),
            Some(_) => Err(ApiRefusal::invalid("model", "a model of this endpoint")),
            None => {
                let message = format!("The model '{id}' does not exist or you do not have access to it.");
                Err(ApiRefusal::new("model_not_found", message))
            }
        }
    }

    pub(super) fn next_plan(&self) -> ConnectionPlan {
        lock(&self.plans).pop_front().unwrap_or_default()
    }

    pub(super) fn add_plan(&self, plan: ConnectionPlan) {
        lock(&self.plans).push_back(plan);
    }

    /// The position of a new Realtime socket.
    pub(super) fn next_index(&self) -> usize {
        self.accepted.fetch_add(1, Ordering::Relaxed)
    }

    /// A number for the ids of an HTTP answer.
    pub(super) fn next_number(&self) -> usize {
        self.answered.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn add_connection(&self, connection: Connection) {
        let mut connections = lock(&self.connections);
        if connections.len() >= MAX_KEPT_CONNECTIONS
            && let Some(closed) = connections.iter().position(|connection| !connection.is_open())
        {
            connections.remove(closed);
        }
        connections.push_back(connection);
        drop(connections);
        self.changed();
    }

    pub(super) fn connections(&self) -> Vec<Connection> {
        lock(&self.connections).iter().cloned().collect()
    }

    pub(super) fn log_request(
        &self,
        method: String,
        path: String,
        headers: Vec<(String, String)>,
        body: Value,
        status: StatusCode,
    ) {
        let mut requests = lock(&self.requests);
        if requests.len() >= MAX_KEPT_REQUESTS {
            requests.pop_front();
        }
        requests.push_back(ApiRequest {
            at: Instant::now(),
            method,
            path,
            headers,
            body,
            status: status.as_u16(),
        });
        drop(requests);
        self.changed();
    }

    pub(super) fn requests(&self) -> Vec<ApiRequest> {
        lock(&self.requests).iter().cloned().collect()
    }

    pub(super) fn next_transcription(&self) -> Transcription {
        lock(&self.transcriptions).pop_front().unwrap_or(Transcription::Heard)
    }

    pub(super) fn add_transcription(&self, transcription: Transcription) {
        lock(&self.transcriptions).push_back(transcription);
    }

    pub(super) fn next_answer(&self) -> Option<Answer> {
        lock(&self.answers).pop_front()
    }

    pub(super) fn add_answer(&self, answer: Answer) {
        lock(&self.answers).push_back(answer);
    }

    fn changed(&self) {
        self.changes.send_modify(|version| *version += 1);
    }
}

/// The headers of a request as text, with the key of `authorization` left out.
pub(super) fn readable_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let readable = |name: &str, value: &[u8]| match name {
        "authorization" => "<redacted>".to_owned(),
        _ => String::from_utf8_lossy(value).into_owned(),
    };
    headers
        .iter()
        .map(|(name, value)| (name.to_string(), readable(name.as_str(), value.as_bytes())))
        .collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
