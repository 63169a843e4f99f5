use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::{SinkExt as _, StreamExt as _};
use http::{HeaderMap, StatusCode, Uri};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};
use url::Url;

use super::soon;

/// Little room in the kernel, so that a model which does not read is soon felt.
const RECEIVE_BUFFER_BYTES: u32 = 4 * 1024;

/// The Realtime API's end: sockets are handed to the test as they come.
pub(crate) struct ModelServer {
    url: Url,
    accepted: Arc<AtomicUsize>,
    refusals: Arc<Mutex<Refusals>>,
    sockets: mpsc::UnboundedReceiver<Model>,
}

/// What the next connections are refused with, and what all after them.
#[derive(Default)]
struct Refusals {
    next: VecDeque<StatusCode>,
    all: Option<StatusCode>,
}

/// One model session.
pub(crate) struct Model {
    pub(crate) socket: WebSocketStream<TcpStream>,
    pub(crate) headers: HeaderMap,
    pub(crate) uri: Uri,
}

impl ModelServer {
    pub(crate) fn start() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(64).unwrap();
        let url = format!("ws://{}/v1/realtime", listener.local_addr().unwrap()).parse().unwrap();
        let accepted = Arc::new(AtomicUsize::new(0));
        let (sender, sockets) = mpsc::unbounded_channel();
        let refusals = Arc::new(Mutex::new(Refusals::default()));
        let (counter, refused) = (Arc::clone(&accepted), Arc::clone(&refusals));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                counter.fetch_add(1, Ordering::SeqCst);
                stream.set_nodelay(true).unwrap();
                let refusal = {
                    let mut refusals = refused.lock().unwrap();
                    refusals.next.pop_front().or(refusals.all)
                };
                if let Some(model) = Model::upgrade(stream, refusal).await {
                    let _ = sender.send(model);
                }
            }
        });
        Self { url, accepted, refusals, sockets }
    }

    pub(crate) fn url(&self) -> Url {
        self.url.clone()
    }

    /// Refuses connections from now on.
    pub(crate) fn refuse_with(&mut self, status: StatusCode) {
        self.refusals.lock().unwrap().all = Some(status);
    }

    /// Refuses the next connection and no more.
    pub(crate) fn refuse_next_with(&mut self, status: StatusCode) {
        self.refusals.lock().unwrap().next.push_back(status);
    }

    /// Connections so far.
    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    /// The sockets that come from now on, for tests that look at each.
    pub(crate) fn hand_over(&mut self) -> mpsc::UnboundedReceiver<Model> {
        std::mem::replace(&mut self.sockets, mpsc::unbounded_channel().1)
    }

    pub(crate) async fn accept(&mut self) -> Model {
        soon("a connection to the model", self.sockets.recv()).await.unwrap()
    }
}

impl Model {
    #[expect(clippy::result_large_err, reason = "the signature is the library's")]
    async fn upgrade(stream: TcpStream, refusal: Option<StatusCode>) -> Option<Self> {
        let (mut headers, mut uri) = (HeaderMap::new(), Uri::default());
        let seen = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
            headers = request.headers().clone();
            uri = request.uri().clone();
            match refusal {
                Some(status) => Err(http::Response::builder().status(status).body(None).unwrap()),
                None => Ok(response),
            }
        };
        let socket = accept_hdr_async(stream, seen).await.ok()?;
        Some(Self { socket, headers, uri })
    }

    /// Plays the opening: created, update, updated. The configuration that was asked for is returned.
    pub(crate) async fn configure(&mut self) -> Value {
        self.configure_with(|_| {}).await
    }

    /// The same for a session that ends in `lifetime`.
    pub(crate) async fn configure_for(&mut self, lifetime: Duration) -> Value {
        let expires_at = (SystemTime::now() + lifetime).duration_since(UNIX_EPOCH).unwrap().as_secs();
        self.open(json!({ "type": "realtime", "expires_at": expires_at }), |_| {}).await
    }

    /// The same with an echo that is not what was asked for.
    pub(crate) async fn configure_with(&mut self, change: impl FnOnce(&mut Value)) -> Value {
        self.open(json!({ "type": "realtime" }), change).await
    }

    async fn open(&mut self, created: Value, change: impl FnOnce(&mut Value)) -> Value {
        self.send(&json!({ "type": "session.created", "event_id": "e", "session": created })).await;
        self.echo(change).await
    }

    /// The session before it is configured.
    pub(crate) async fn created(&mut self) {
        self.send(&json!({ "type": "session.created", "event_id": "e", "session": { "type": "realtime" } }))
            .await;
    }

    /// Lets the bridge's keeper have it: a peer that answers the ping has read the session's creation.
    pub(crate) async fn wait_for_keeper(&mut self) {
        self.created().await;
        self.socket.send(Message::Ping("ready".into())).await.unwrap();
        let pong = soon("a pong", self.socket.next()).await.unwrap().unwrap();
        assert!(matches!(pong, Message::Pong(_)), "{pong:?}");
    }

    /// Plays the rest of the opening of a session that was created.
    pub(crate) async fn update(&mut self) -> Value {
        self.echo(|_| {}).await
    }

    async fn echo(&mut self, change: impl FnOnce(&mut Value)) -> Value {
        let update = self.next().await;
        assert_eq!(update["type"], "session.update");
        let asked = update["session"].clone();
        let mut echoed = asked.clone();
        change(&mut echoed);
        self.send(&json!({ "type": "session.updated", "event_id": "e", "session": echoed })).await;
        asked
    }

    /// Goes without a word: what is left of the connection is reset.
    pub(crate) fn reset(self) {
        let stream = self.socket.into_inner();
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    }

    /// Closes with a code and leaves.
    pub(crate) async fn close(mut self, code: u16) {
        let frame = CloseFrame { code: code.into(), reason: "".into() };
        self.socket.close(Some(frame)).await.unwrap();
    }

    /// The next events of the bridge up to the request for a response, and the request.
    pub(crate) async fn told_and_asked(&mut self) -> (Vec<Value>, Value) {
        let mut told = vec![];
        loop {
            let event = self.next_command().await;
            if event["type"] == "response.create" {
                return (told, event["response"].clone());
            }
            assert_eq!(event["type"], "conversation.item.create");
            told.push(event["item"].clone());
        }
    }

    pub(crate) async fn send(&mut self, event: &Value) {
        self.socket.send(Message::text(event.to_string())).await.unwrap();
    }

    /// The next event of the bridge.
    pub(crate) async fn next(&mut self) -> Value {
        let what = "an event to the model";
        loop {
            match soon(what, self.socket.next()).await {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).unwrap(),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("expected {what}, got {other:?}"),
            }
        }
    }

    /// The next event that is no audio of the caller.
    pub(crate) async fn next_command(&mut self) -> Value {
        loop {
            let event = self.next().await;
            if event["type"] != "input_audio_buffer.append" {
                return event;
            }
        }
    }

    /// The payload of the next event, which must be audio of the caller.
    pub(crate) async fn next_audio(&mut self) -> String {
        let event = self.next().await;
        assert_eq!(event["type"], "input_audio_buffer.append", "{event}");
        event["audio"].as_str().unwrap().to_owned()
    }

    /// Begins a response with one item.
    pub(crate) async fn begin(&mut self, response: &str, item: &str, metadata: Value) {
        self.send(&json!({
            "type": "response.created", "event_id": "e",
            "response": { "id": response, "object": "realtime.response", "status": "in_progress",
                "metadata": metadata, "output": [], "usage": null }
        }))
        .await;
        self.send(&json!({
            "type": "conversation.item.added", "event_id": "e", "previous_item_id": null,
            "item": { "id": item, "type": "message", "status": "in_progress", "role": "assistant", "content": [] }
        }))
        .await;
    }

    /// The caller was heard to begin.
    pub(crate) async fn speech_started(&mut self, item: &str) {
        self.send(&json!({
            "type": "input_audio_buffer.speech_started", "event_id": "e", "item_id": item, "audio_start_ms": 500
        }))
        .await;
    }

    pub(crate) async fn delta(&mut self, response: &str, item: &str, payload: &str) {
        self.send(&json!({
            "type": "response.output_audio.delta", "event_id": "e", "response_id": response, "item_id": item,
            "output_index": 0, "content_index": 0, "delta": payload
        }))
        .await;
    }

    /// A piece of the words that go with the audio.
    pub(crate) async fn say(&mut self, response: &str, item: &str, piece: &str) {
        self.send(&json!({
            "type": "response.output_audio_transcript.delta", "event_id": "e", "response_id": response,
            "item_id": item, "output_index": 0, "content_index": 0, "delta": piece
        }))
        .await;
    }

    pub(crate) async fn finish(&mut self, response: &str, item: &str, text: &str) {
        self.send(&json!({
            "type": "response.output_audio_transcript.done", "event_id": "e", "response_id": response,
            "item_id": item, "output_index": 0, "content_index": 0, "transcript": text
        }))
        .await;
        self.send(&json!({
            "type": "response.done", "event_id": "e",
            "response": { "id": response, "status": "completed", "output": [], "metadata": null, "usage": {
                "total_tokens": 30, "input_tokens": 20, "output_tokens": 10,
                "input_token_details": { "text_tokens": 5, "audio_tokens": 15 },
                "output_token_details": { "text_tokens": 2, "audio_tokens": 8 } } }
        }))
        .await;
    }

    /// Waits until the bridge has left; what it still sent is returned.
    pub(crate) async fn gone(&mut self) -> Vec<Value> {
        let mut rest = vec![];
        soon("the bridge to leave the model", async {
            while let Some(Ok(message)) = self.socket.next().await {
                if let Message::Text(text) = message {
                    rest.push(serde_json::from_str(&text).unwrap());
                }
            }
        })
        .await;
        rest
    }
}
