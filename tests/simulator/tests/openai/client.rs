//! A plain Realtime client: JSON out, JSON in.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use simulator::audio::mulaw::{self, BYTES_PER_MS};
use simulator::openai::OpenAi;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// How long any one event may take; only a broken simulator comes near it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) const MODEL: &str = "gpt-realtime-2.1";

pub(crate) struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Client {
    /// Connects with headers of its own choice.
    pub(crate) async fn dial(url: &str, headers: &[(&'static str, &str)]) -> Result<Self, Error> {
        let mut request = url.into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let (socket, _) = connect_async(request).await?;
        Ok(Self { socket })
    }

    /// Connects with the right key and reads `session.created`.
    pub(crate) async fn connect(openai: &OpenAi) -> Self {
        let url = format!("{}?model={MODEL}", openai.realtime_url);
        let mut client = Self::dial(&url, &[("authorization", "Bearer simulated")]).await.unwrap();
        assert_eq!(client.next().await["type"], "session.created");
        client
    }

    /// Connects and configures a telephone session.
    pub(crate) async fn on_the_phone(openai: &OpenAi) -> Self {
        let mut client = Self::connect(openai).await;
        client.send(session_update(json!({}))).await;
        client.until("session.updated").await;
        client
    }

    pub(crate) async fn send(&mut self, event: Value) {
        self.send_text(event.to_string()).await;
    }

    pub(crate) async fn send_text(&mut self, text: String) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    /// Appends audio in frames of 20 ms, all at once.
    pub(crate) async fn append(&mut self, audio: &[u8]) {
        for frame in audio.chunks(20 * BYTES_PER_MS) {
            let audio = BASE64_STANDARD.encode(frame);
            self.send(json!({ "type": "input_audio_buffer.append", "audio": audio })).await;
        }
    }

    /// Appends speech and the silence that ends the turn.
    pub(crate) async fn speak(&mut self, speech: &[u8]) {
        self.append(speech).await;
        self.append(&[mulaw::SILENCE; 700 * BYTES_PER_MS]).await;
    }

    /// The next event.
    pub(crate) async fn next(&mut self) -> Value {
        match self.message().await {
            Some(Ok(Message::Text(text))) => serde_json::from_str(&text).unwrap(),
            other => panic!("an event was expected, not {other:?}"),
        }
    }

    /// The events up to and including the first of this type.
    pub(crate) async fn until(&mut self, kind: &str) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            let event = self.next().await;
            let found = event["type"] == kind;
            events.push(event);
            if found {
                return events;
            }
        }
    }

    /// The next event of this type.
    pub(crate) async fn next_of(&mut self, kind: &str) -> Value {
        self.until(kind).await.pop().unwrap()
    }

    /// The close code the server sends; events before it are skipped. `None` for an end without one.
    pub(crate) async fn close_code(&mut self) -> Option<u16> {
        loop {
            match self.message().await {
                Some(Ok(Message::Close(frame))) => {
                    // Sends the answer to the close frame.
                    self.socket.flush().await.unwrap_or_default();
                    return frame.map(|frame| frame.code.into());
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }

    pub(crate) async fn hang_up(mut self) {
        self.socket.close(None).await.unwrap();
        while let Some(Ok(_)) = self.message().await {}
    }

    async fn message(&mut self) -> Option<Result<Message, Error>> {
        tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("the simulator says nothing")
    }
}

/// A telephone session; `turn_detection` is added to server VAD with its defaults.
pub(crate) fn session_update(turn_detection: Value) -> Value {
    let mut detection = json!({ "type": "server_vad", "silence_duration_ms": 500 });
    for (key, value) in turn_detection.as_object().unwrap() {
        detection[key] = value.clone();
    }
    json!({
        "type": "session.update",
        "event_id": "configure",
        "session": {
            "type": "realtime",
            "output_modalities": ["audio"],
            "instructions": "You are Robin of Harbour Bicycle Workshop.",
            "audio": {
                "input": {
                    "format": { "type": "audio/pcmu" },
                    "transcription": { "model": "gpt-transcribe", "languages": ["en"] },
                    "turn_detection": detection,
                },
                "output": { "format": { "type": "audio/pcmu" }, "voice": "marin" },
            },
            "tools": [{ "type": "function", "name": "book", "description": "Books.", "parameters": { "type": "object" } }],
        },
    })
}

pub(crate) fn greet() -> Value {
    json!({
        "type": "response.create",
        "event_id": "greet",
        "response": { "instructions": "Greet the caller.", "metadata": { "kind": "greeting" } },
    })
}

/// The types of events, with repetitions in a row told once.
pub(crate) fn order(events: &[Value]) -> Vec<&str> {
    let mut kinds: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    kinds.dedup();
    kinds
}

/// All audio of these events.
pub(crate) fn audio(events: &[Value]) -> Vec<u8> {
    let deltas = events.iter().filter(|event| event["type"] == "response.output_audio.delta");
    deltas.flat_map(|event| BASE64_STANDARD.decode(event["delta"].as_str().unwrap()).unwrap()).collect()
}
