//! Opens sockets to the Realtime API.

use std::sync::Arc;
use std::time::Duration;

use domain::{CallPlan, Secret};
use http::HeaderValue;
use http::header::AUTHORIZATION;
use openai::realtime::error_class::HandshakeClass;
use platform::telemetry::{Unit, metric};
use rustls::pki_types::CertificateDer;
use session::input::ModelLoss;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::error::Error as WsError;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{Connector, client_async_tls_with_config};
use url::Url;

use super::config::session_config;
use super::warm::{Keeper, WarmSockets};
use super::{ModelSocket, Socket};
use crate::server::SetupError;
use crate::settings::WarmSettings;

/// What the kernel may hold for a model that does not read; the rest waits, measured, in the outbox. 16 KiB
/// is little more than a second of audio.
const SEND_BUFFER_BYTES: usize = 16 * 1024;
/// Three of the longest usual deltas (400 ms are 4.4 KiB of Base64 and JSON). The buffer asks for room for a whole
/// message behind the part of it that it has, behind what was read before: with less it would double, and stay so.
const READ_BUFFER_BYTES: usize = 13 * 1024 + 512;
const WRITE_BUFFER_BYTES: usize = 4 * 1024;
/// A retrieved item can hold minutes of audio; nothing else comes near.
const MAX_MESSAGE_BYTES: usize = 16 * 1024 * 1024;

/// How long a socket that was ready may take to be configured. It is a round trip; one that takes longer has died
/// without a sign, and a new one is connected.
const WARM_PATIENCE: Duration = Duration::from_secs(1);

/// Sockets for calls: one that is ready if there is one.
pub(crate) struct ModelConnector {
    opener: Arc<Opener>,
    warm: WarmSockets,
}

/// A socket whose session is what the plan asks for.
pub(crate) struct Connected {
    pub(crate) socket: ModelSocket,
    /// How long the session will last, if the server has said so.
    pub(crate) lifetime: Option<Duration>,
    /// It was ready before the call asked.
    pub(crate) warm: bool,
    /// Optional settings of the business that the model did not take.
    pub(crate) left_out: Vec<&'static str>,
}

pub(super) struct Opener {
    url: Url,
    authorization: HeaderValue,
    /// Shared by all calls, so that later handshakes resume the TLS session of earlier ones.
    tls: Connector,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    #[error("the plan cannot be configured: {0}")]
    Plan(String),
    #[error("the Realtime API refused the connection with HTTP {status}")]
    Refused { status: u16, class: HandshakeClass },
    #[error("the Realtime API cannot be reached: {0}")]
    Unreachable(String),
    #[error("the session was lost, or refused, before it was configured")]
    Unconfigured(ModelLoss),
}

impl ConnectError {
    pub(crate) fn loss(&self) -> ModelLoss {
        match self {
            Self::Plan(_) | Self::Refused { class: HandshakeClass::Fatal, .. } => ModelLoss::Fatal,
            Self::Refused { class: HandshakeClass::RateLimited | HandshakeClass::Retry, .. }
            | Self::Unreachable(_) => ModelLoss::Transient,
            Self::Unconfigured(loss) => *loss,
        }
    }
}

impl Connected {
    fn new(socket: ModelSocket, lifetime: Option<Duration>, warm: bool) -> Self {
        let left_out = socket.left_out().collect();
        Self { socket, lifetime, warm, left_out }
    }
}

impl ModelConnector {
    /// With the keepers of its ready sockets.
    pub(crate) fn new(
        url: Url,
        api_key: &Secret,
        extra_roots: Vec<CertificateDer<'static>>,
        warm: &WarmSettings,
    ) -> Result<(Self, Vec<Keeper>), SetupError> {
        let opener = Arc::new(Opener::new(url, api_key, extra_roots)?);
        let (warm, keepers) = WarmSockets::new(warm, &opener);
        Ok((Self { opener, warm }, keepers))
    }

    /// One attempt, to the echo of the configuration. How long it may take and whether there is another is the
    /// session's business.
    pub(crate) async fn connect(&self, plan: &CallPlan) -> Result<Connected, ConnectError> {
        let config = || session_config(plan).map_err(|error| ConnectError::Plan(error.to_string()));
        let model = &plan.voice.model;
        if let Some(warm) = self.warm.take(model).await {
            let mut socket = ModelSocket::adopt(warm, plan.call.clone(), config()?);
            // Whatever is wrong with the configuration, a socket of the call's own will say so.
            if let Ok(Ok(lifetime)) = timeout(WARM_PATIENCE, socket.configured()).await {
                count("warm");
                return Ok(Connected::new(socket, lifetime, true));
            }
            count("warm_lost");
        }
        let socket = self.opener.open(model, Some(&plan.safety_identifier)).await?;
        let mut socket = ModelSocket::new(socket, plan.call.clone(), config()?);
        let lifetime = socket.configured().await.map_err(ConnectError::Unconfigured)?;
        count("fresh");
        Ok(Connected::new(socket, lifetime, false))
    }
}

fn count(kind: &'static str) {
    metric("ModelConnects", 1.0, Unit::Count, &[("Kind", kind)]);
}

impl Opener {
    /// Trusts `extra_roots` beside the public authorities.
    pub(super) fn new(
        url: Url,
        api_key: &Secret,
        extra_roots: Vec<CertificateDer<'static>>,
    ) -> Result<Self, SetupError> {
        let mut authorization =
            HeaderValue::from_str(&format!("Bearer {}", api_key.expose())).map_err(|_| SetupError::ApiKey)?;
        authorization.set_sensitive(true);
        let mut roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for root in extra_roots {
            roots.add(root)?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { url, authorization, tls: Connector::Rustls(Arc::new(tls)) })
    }

    /// Name lookup, TCP, TLS and upgrade.
    pub(super) async fn open(
        &self,
        model: &str,
        safety_identifier: Option<&str>,
    ) -> Result<Socket, ConnectError> {
        let request = self.request(model, safety_identifier)?;
        let host = self.url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        let port = self.url.port_or_known_default().unwrap_or(443);
        let stream = TcpStream::connect((host, port))
            .await
            .map_err(|error| ConnectError::Unreachable(error.to_string()))?;
        // Either failing costs latency, never a call.
        let _ = stream.set_nodelay(true);
        let _ = socket2::SockRef::from(&stream).set_send_buffer_size(SEND_BUFFER_BYTES);
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(WRITE_BUFFER_BYTES)
            .max_message_size(Some(MAX_MESSAGE_BYTES))
            .max_frame_size(Some(MAX_MESSAGE_BYTES));
        match client_async_tls_with_config(request, stream, Some(config), Some(self.tls.clone())).await {
            Ok((socket, _)) => Ok(socket),
            Err(WsError::Http(response)) => {
                let status = response.status().as_u16();
                let body = response.body().as_deref().unwrap_or_default();
                Err(ConnectError::Refused { status, class: HandshakeClass::of(status, body) })
            }
            Err(error) => Err(ConnectError::Unreachable(error.to_string())),
        }
    }

    /// Without `OpenAI-Beta`, which would select other names for every event (OpenAI Realtime GA).
    /// The caller's identifier is a header of the handshake, so a socket that was there before the caller has none.
    fn request(&self, model: &str, safety_identifier: Option<&str>) -> Result<Request, ConnectError> {
        let mut url = self.url.clone();
        url.query_pairs_mut().append_pair("model", model);
        let mut request =
            url.as_str().into_client_request().map_err(|error| ConnectError::Plan(error.to_string()))?;
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, self.authorization.clone());
        if let Some(identifier) = safety_identifier {
            let identifier = HeaderValue::from_str(identifier)
                .map_err(|_| ConnectError::Plan("the safety identifier is not a header value".to_owned()))?;
            headers.insert("openai-safety-identifier", identifier);
        }
        Ok(request)
    }
}
