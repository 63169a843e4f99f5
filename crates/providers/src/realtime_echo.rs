//! The shortest session with a Realtime model: configured, greeted, answered, closed. It proves what a call needs of
//! OpenAI: that the socket opens, that the key may use the model, that the session is configured, and that there is
//! money for an answer.

use std::time::Duration;

use domain::Secret;
use domain::turn::Usage;
use futures_util::{SinkExt as _, StreamExt as _};
use openai::ApiError;
use openai::realtime::client_event::Conversation;
use openai::realtime::response::{self, EndReason, ResponseStatus, StatusDetails};
use openai::realtime::session::MaxOutputTokens;
use openai::realtime::{ClientEvent, NewItem, ResponseCreate, ServerEvent, SessionConfig};
use reqwest::header::{AUTHORIZATION, HeaderValue};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};
use url::Url;

use platform::tls;

/// A session's description or a piece of a short answer's audio; nothing here is longer.
const MAX_MESSAGE_BYTES: usize = 1024 * 1024;
/// A few words of audio with their text. What would be said beyond that is cut off.
const MAX_TOKENS: u16 = 60;
/// The longest of OpenAI's codes is shorter.
const MAX_CODE_CHARS: usize = 64;
/// For the close, which nothing depends on.
const CLOSE_WITHIN: Duration = Duration::from_millis(500);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Asks the Realtime API.
#[derive(Debug, Clone)]
pub struct RealtimeEcho {
    url: Url,
    key: Secret,
}

/// Why there was no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EchoError {
    /// The key holds characters that no header may have.
    #[error("the key cannot be sent: look at openai_api_key in the secret")]
    Key,
    /// No socket.
    #[error("the Realtime API cannot be reached: look at the network and at its status page")]
    Unreachable,
    /// The upgrade was refused.
    #[error("the Realtime API refused the connection with HTTP {0}{1}")]
    Refused(u16, Code),
    /// The session or the answer was refused.
    #[error("{0} was refused{1}")]
    NotDone(&'static str, Code),
    /// The socket closed in between.
    #[error("the session ended before {0}")]
    Lost(&'static str),
}

/// OpenAI's word for what is wrong, if it gave one. Its messages may quote a part of the key and are dropped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Code(Option<String>);

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.as_deref() {
            Some("insufficient_quota") => f.write_str(" (insufficient_quota): pay money in at OpenAI"),
            Some(code) => write!(f, " ({code})"),
            None => Ok(()),
        }
    }
}

impl From<&ApiError> for Code {
    fn from(error: &ApiError) -> Self {
        let word = error.code.as_ref().or(error.kind.as_ref());
        Self(word.map(|word| word.chars().take(MAX_CODE_CHARS).collect()))
    }
}

/// The tokens of one answer by the classes that they are priced in.
pub fn usage(usage: &response::Usage) -> Usage {
    Usage {
        responses: 1,
        input_text: usage.input.text,
        input_audio: usage.input.audio,
        cached_text: usage.cached.text,
        cached_audio: usage.cached.audio,
        output_text: usage.output.text,
        output_audio: usage.output.audio,
    }
}

impl RealtimeEcho {
    /// `url` is the address of the Realtime API, without a model.
    pub const fn new(url: Url, key: Secret) -> Self {
        Self { url, key }
    }

    /// One session with a model. What it used is told, if OpenAI told it. How long it may take is the caller's business.
    ///
    /// # Errors
    /// [`EchoError`].
    pub async fn ask(&self, model: &str) -> Result<Option<Usage>, EchoError> {
        let mut socket = self.open(model).await?;
        let answered = answer(&mut socket).await;
        let _ = timeout(CLOSE_WITHIN, socket.close(None)).await;
        answered
    }

    async fn open(&self, model: &str) -> Result<Socket, EchoError> {
        tls::install();
        let mut url = self.url.clone();
        url.query_pairs_mut().append_pair("model", model);
        let mut request = url.as_str().into_client_request().map_err(|_| EchoError::Unreachable)?;
        let bearer = HeaderValue::from_str(&format!("Bearer {}", self.key.expose()));
        let mut bearer = bearer.map_err(|_| EchoError::Key)?;
        bearer.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, bearer);
        let limits = WebSocketConfig::default()
            .max_message_size(Some(MAX_MESSAGE_BYTES))
            .max_frame_size(Some(MAX_MESSAGE_BYTES));
        match connect_async_with_config(request, Some(limits), true).await {
            Ok((socket, _)) => Ok(socket),
            Err(WsError::Http(refused)) => {
                let body = refused.body().as_deref().unwrap_or_default();
                Err(EchoError::Refused(refused.status().as_u16(), Code::from(&ApiError::from_body(body))))
            }
            Err(_) => Err(EchoError::Unreachable),
        }
    }
}

async fn answer(socket: &mut Socket) -> Result<Option<Usage>, EchoError> {
    const CONFIGURATION: &str = "the configuration";
    const ANSWER: &str = "the answer";
    // Nothing in it has bounds to break.
    let session = SessionConfig::phone().build();
    let session = session.map_err(|_| EchoError::NotDone(CONFIGURATION, Code::default()))?;
    let wish = ResponseCreate {
        conversation: Conversation::None,
        input: Some(vec![NewItem::user("Hello?")]),
        max_output_tokens: Some(MaxOutputTokens::Limit(MAX_TOKENS)),
        ..ResponseCreate::default()
    };
    let mut awaited = CONFIGURATION;
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else { continue };
        let send = match ServerEvent::parse(text.as_bytes()) {
            Ok(ServerEvent::SessionCreated(_)) => ClientEvent::SessionUpdate { session: &session },
            Ok(ServerEvent::SessionUpdated(_)) => {
                awaited = ANSWER;
                ClientEvent::ResponseCreate { response: &wish }
            }
            Ok(ServerEvent::ResponseDone(done)) => return outcome(&done),
            Ok(ServerEvent::Error(error)) => return Err(EchoError::NotDone(awaited, Code::from(&error))),
            _ => continue,
        };
        let json = String::from_utf8(send.to_json(None)).unwrap_or_default();
        socket.send(Message::text(json)).await.map_err(|_| EchoError::Lost(awaited))?;
    }
    Err(EchoError::Lost(awaited))
}

/// An answer that was cut off for its length is one.
fn outcome(done: &response::Response) -> Result<Option<Usage>, EchoError> {
    let StatusDetails { reason, error } = &done.status_details;
    match done.status {
        ResponseStatus::Completed => {}
        ResponseStatus::Incomplete if *reason == Some(EndReason::MaxOutputTokens) => {}
        _ => {
            return Err(EchoError::NotDone("the answer", error.as_ref().map(Code::from).unwrap_or_default()));
        }
    }
    Ok(done.usage.as_ref().map(usage))
}
