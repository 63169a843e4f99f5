//! The simulator against a small product: a web server that answers TwiML and a WebSocket bridge.

mod media;
mod rest;
mod streams;
mod webhooks;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response as Upgrade};
use url::Url;

use super::*;
use crate::audio::mulaw;

const ACCOUNT_SID: &str = "AC00000000000000000000000000000000";
const AUTH_TOKEN: &str = "the token of the simulated account";
const FROM: &str = "+15005550001";
const TO: &str = "+15005550006";

async fn twilio() -> Twilio {
    let config = TwilioConfig { say_ms_per_char: 2, ..TwilioConfig::new(ACCOUNT_SID, AUTH_TOKEN) };
    Twilio::start(config).await.unwrap()
}

/// What the product was asked.
#[derive(Clone)]
struct Asked {
    path: String,
    params: Vec<(String, String)>,
    idempotency_token: String,
    correctly_signed: bool,
}

impl Asked {
    fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }
}

#[derive(Default)]
struct Site {
    asked: Vec<Asked>,
    /// Answers by path, each given once, the last one for ever.
    answers: HashMap<String, VecDeque<(u16, String)>>,
}

/// A web server with canned answers; what it has no answer for is 204.
#[derive(Clone)]
struct Product {
    site: Arc<Mutex<Site>>,
    url: Url,
}

impl Product {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let product = Self { site: Arc::default(), url };
        let router = Router::new().fallback(answer).with_state(product.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        product
    }

    fn at(&self, path: &str) -> Url {
        self.url.join(path).unwrap()
    }

    fn answers(&self, path: &str, status: u16, body: impl Into<String>) {
        lock(&self.site).answers.entry(path.to_owned()).or_default().push_back((status, body.into()));
    }

    fn twiml(&self, path: &str, verbs: &str) {
        self.answers(path, 200, format!("<Response>{verbs}</Response>"));
    }

    fn asked(&self, path: &str) -> Vec<Asked> {
        lock(&self.site).asked.iter().filter(|asked| asked.path == path).cloned().collect()
    }

    /// An inbound call to `/voice` with a status callback at `/status`.
    fn inbound(&self, steps: Vec<CallerStep>) -> CallSpec {
        CallSpec {
            status_callback: Some(self.at("/status")),
            ..CallSpec::inbound(FROM, TO, self.at("/voice"), CallerScript::new(steps))
        }
    }
}

async fn answer(
    State(product): State<Product>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let params: Vec<_> = form_urlencoded::parse(&body).into_owned().collect();
    let url = product.url.join(&uri.to_string()).unwrap();
    let expected = match method {
        Method::GET => sign_url(AUTH_TOKEN, url.as_str()),
        _ => sign_form(AUTH_TOKEN, url.as_str(), &params),
    };
    let header = |name| headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    let mut site = lock(&product.site);
    site.asked.push(Asked {
        path: uri.path().to_owned(),
        params,
        idempotency_token: header(IDEMPOTENCY_HEADER),
        correctly_signed: header(SIGNATURE_HEADER) == expected,
    });
    let Some(answers) = site.answers.get_mut(uri.path()) else {
        return StatusCode::NO_CONTENT.into_response();
    };
    let (status, body) =
        if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() }.unwrap();
    (StatusCode::from_u16(status).unwrap(), [("content-type", "text/xml")], body).into_response()
}

/// The server's end of one media stream.
struct Bridge {
    socket: WebSocketStream<TcpStream>,
    stream_sid: String,
    start: Value,
    signature: String,
}

impl Bridge {
    /// Waits for one stream and reads its greeting.
    async fn accept(listener: &TcpListener) -> Self {
        let (tcp, _) = listener.accept().await.unwrap();
        let mut signature = String::new();
        #[expect(clippy::result_large_err, reason = "the callback's type is tungstenite's")]
        let read_signature = |request: &Request, upgrade: Upgrade| -> Result<Upgrade, ErrorResponse> {
            if let Some(value) = request.headers().get(SIGNATURE_HEADER) {
                value.to_str().unwrap().clone_into(&mut signature);
            }
            Ok(upgrade)
        };
        let socket = tokio_tungstenite::accept_hdr_async(tcp, read_signature).await.unwrap();
        let mut bridge = Self { socket, stream_sid: String::new(), start: Value::Null, signature };
        assert_eq!(
            bridge.next().await,
            Some(json!({ "event": "connected", "protocol": "Call", "version": "1.0.0" }))
        );
        bridge.start = bridge.next().await.unwrap();
        bridge.stream_sid = bridge.start["streamSid"].as_str().unwrap().to_owned();
        bridge
    }

    /// The next message; `None` when the stream is over.
    async fn next(&mut self) -> Option<Value> {
        loop {
            match self.socket.next().await?.ok()? {
                Message::Text(text) => return Some(serde_json::from_str(&text).unwrap()),
                Message::Close(_) => return None,
                _ => {}
            }
        }
    }

    /// Reads until a message of this kind, which it returns.
    async fn until(&mut self, event: &str) -> Option<Value> {
        loop {
            let message = self.next().await?;
            if message["event"] == event {
                return Some(message);
            }
        }
    }

    async fn send(&mut self, message: Value) {
        self.socket.send(Message::text(message.to_string())).await.unwrap();
    }

    async fn play(&mut self, ms: usize) {
        let payload = STANDARD.encode(vec![0x10; ms * mulaw::BYTES_PER_MS]);
        let message =
            json!({ "event": "media", "streamSid": self.stream_sid, "media": { "payload": payload } });
        self.send(message).await;
    }

    async fn mark(&mut self, name: &str) {
        self.send(json!({ "event": "mark", "streamSid": self.stream_sid, "mark": { "name": name } })).await;
    }

    async fn clear(&mut self) {
        self.send(json!({ "event": "clear", "streamSid": self.stream_sid })).await;
    }

    async fn close(mut self) {
        self.socket.close(None).await.unwrap();
        while self.socket.next().await.is_some_and(|message| message.is_ok()) {}
    }
}

/// A listener for one test's streams and the TwiML that leads to it, with `/after` as its action.
async fn bridge_listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/stream", listener.local_addr().unwrap());
    (listener, format!(r#"<Connect action="/after"><Stream url="{url}"/></Connect>"#))
}

fn audible(channel: &[u8]) -> usize {
    channel.iter().filter(|&&byte| ear::is_audible(byte)).count()
}
