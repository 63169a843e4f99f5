//! A browser at the console that is on a call: it plays Twilio towards the bridge, as the console's page does.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Interval, interval, timeout};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::World;
use crate::media_stream::{self, PATIENCE, Socket, hello, stream_sid};

/// The account of calls that no Twilio account carries.
pub const NO_ACCOUNT: &str = "AC00000000000000000000000000000000";

/// A byte of mu-law that sounds as nothing.
const SILENCE: u8 = 0xFF;
/// Bytes of a frame: 20 ms.
const FRAME: usize = 160;

/// What `POST /v1/test_calls` and its `resume` answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestCall {
    pub call: String,
    pub status: String,
    pub stream: Option<Stream>,
}

/// A stream that may be opened.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stream {
    pub epoch: u32,
    pub url: String,
    pub token: String,
}

impl TestCall {
    /// # Panics
    /// If the call is over.
    pub fn door(&self) -> &Stream {
        self.stream.as_ref().expect("the call goes on")
    }
}

/// Asks for a test call: status and answer.
pub async fn ask(world: &World, key: &str, body: &Value) -> (u16, Value) {
    post(world, "/v1/test_calls", key, body).await
}

/// A test call that was begun.
pub async fn begun(world: &World, key: &str) -> TestCall {
    let (status, body) = ask(world, key, &json!({})).await;
    assert_eq!(status, 201, "{body}");
    serde_json::from_value(body).expect("a test call")
}

/// Asks what follows the stream `epoch` of a call.
pub async fn follow(world: &World, call: &str, epoch: u32) -> TestCall {
    let path = format!("/v1/test_calls/{call}/resume");
    let (status, body) = post(world, &path, "none", &json!({ "epoch": epoch })).await;
    assert_eq!(status, 200, "{body}");
    serde_json::from_value(body).expect("a test call")
}

async fn post(world: &World, path: &str, key: &str, body: &Value) -> (u16, Value) {
    let request = world.http.post(world.url(path)).bearer_auth(world.identity.api_key.expose());
    let answer = request.header("Idempotency-Key", key).json(body).send().await.expect("the API answers");
    (answer.status().as_u16(), crate::told(answer.json().await.unwrap_or(Value::Null)))
}

/// The origin of the console's page.
pub fn origin(world: &World) -> String {
    world.system.api_url.origin().ascii_serialization()
}

/// Opens a WebSocket as a page of this origin would; a program has none.
///
/// # Errors
/// The bridge refuses it.
pub async fn open(url: &str, origin: Option<&str>) -> Result<Socket, Error> {
    media_stream::open(url, origin.map(|origin| ("origin", origin))).await
}

/// The page, with its microphone and its loudspeaker.
pub struct Browser {
    socket: Socket,
    ticks: Interval,
    frames: u64,
    to_say: VecDeque<u8>,
    /// Marks that are not heard yet, each with the time at which it is.
    marks: VecDeque<(Instant, String)>,
    /// When everything that came so far is played.
    plays_until: Instant,
    /// Bytes of sound that came, and marks that went back.
    pub heard: usize,
    pub returned: usize,
    pub cleared: usize,
    /// The code that the stream was closed with.
    pub closed: Option<u16>,
}

impl Browser {
    /// Opens the stream of a call.
    ///
    /// # Panics
    /// If it is not let in.
    pub async fn on(world: &World, call: &TestCall) -> Self {
        let door = call.door();
        let mut socket = open(&door.url, Some(&origin(world))).await.expect("the page is let in");
        for message in hello(NO_ACCOUNT, &call.call, &door.token) {
            socket.send(message).await.expect("it is taken");
        }
        Self {
            socket,
            ticks: interval(Duration::from_millis(20)),
            frames: 0,
            to_say: VecDeque::new(),
            marks: VecDeque::new(),
            plays_until: Instant::now(),
            heard: 0,
            returned: 0,
            cleared: 0,
            closed: None,
        }
    }

    /// Says something from now on.
    pub fn say(&mut self, mulaw: &[u8]) {
        self.to_say.extend(mulaw);
    }

    /// Whether the loudspeaker is silent, and the microphone has nothing to say.
    pub fn is_quiet(&self) -> bool {
        self.to_say.is_empty() && Instant::now() > self.plays_until + Duration::from_millis(500)
    }

    /// Goes on with the call until `done`.
    ///
    /// # Panics
    /// If that does not come.
    pub async fn until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let goes_on = async {
            while !done(self) {
                self.step().await;
            }
        };
        assert!(timeout(PATIENCE, goes_on).await.is_ok(), "in vain: {what}");
    }

    /// Hangs up, and waits for the bridge to close the stream.
    pub async fn hang_up(mut self) {
        self.send(json!({ "event": "stop", "stop": { "accountSid": NO_ACCOUNT } })).await;
        self.until("the end of the stream", |browser| browser.closed.is_some()).await;
    }

    async fn step(&mut self) {
        tokio::select! {
            message = self.socket.next() => match message {
                Some(Ok(Message::Text(text))) => self.told(&serde_json::from_str(&text).expect("JSON")),
                Some(Ok(Message::Close(frame))) => {
                    self.closed = Some(frame.map_or(1005, |frame| frame.code.into()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => {
                    self.closed.get_or_insert(1006);
                }
            },
            _ = self.ticks.tick(), if self.closed.is_none() => self.tick().await,
        }
    }

    fn told(&mut self, message: &Value) {
        match message["event"].as_str() {
            Some("media") => {
                let payload = message["media"]["payload"].as_str().expect("a payload");
                let bytes = STANDARD.decode(payload).expect("base64").len();
                self.heard += bytes;
                let length = Duration::from_micros(bytes as u64 * 125);
                self.plays_until = self.plays_until.max(Instant::now()) + length;
            }
            Some("mark") => {
                let name = message["mark"]["name"].as_str().expect("a name").to_owned();
                self.marks.push_back((self.plays_until, name));
            }
            Some("clear") => {
                self.cleared += 1;
                self.plays_until = Instant::now();
                for (at, _) in &mut self.marks {
                    *at = self.plays_until;
                }
            }
            other => panic!("the bridge says {other:?}"),
        }
    }

    async fn tick(&mut self) {
        while let Some((_, name)) = self.marks.pop_front_if(|(at, _)| *at <= Instant::now()) {
            self.returned += 1;
            self.send(json!({ "event": "mark", "mark": { "name": name } })).await;
        }
        let mut frame: Vec<u8> = self.to_say.drain(..FRAME.min(self.to_say.len())).collect();
        frame.resize(FRAME, SILENCE);
        self.frames += 1;
        let (chunk, timestamp) = (self.frames.to_string(), (self.frames * 20).to_string());
        let media = json!({ "track": "inbound", "chunk": chunk, "timestamp": timestamp, "payload": STANDARD.encode(frame) });
        self.send(json!({ "event": "media", "media": media })).await;
    }

    async fn send(&mut self, mut message: Value) {
        message["streamSid"] = stream_sid().into();
        message["sequenceNumber"] = (self.frames + 2).to_string().into();
        // The bridge may have closed the stream just now; what it said last is read in the next step.
        let _ = self.socket.send(Message::text(message.to_string())).await;
    }
}
