//! The Realtime API's end of the calls: hears the caller, speaks as the script says, tells the ledger.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::error::Error as WsError;
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tokio_tungstenite::{WebSocketStream, accept_async};

use crate::alarm::Alarm;
use crate::ledger::{CallError, Ledger};
use crate::pulse::{Pulse, text_field};
use crate::script::{ANSWER_MS, CALLER_SPEAKS, Deltas, LATE_DELTAS, PAUSE, interruption};
use crate::target;

/// From the connection to the session, and from its configuration to the first `response.create`.
const OPENING_DEADLINE: Duration = Duration::from_secs(10);

/// Where sessions are served, and how they begin and speak.
pub(crate) struct ModelEnd {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    /// How long a connection waits for its handshake.
    pub(crate) connect_delay: Duration,
    deltas: Deltas,
    /// Of the calls that are being played.
    ledger: Mutex<Option<Arc<Ledger>>>,
    /// Sockets that the client keeps ready, and how many of them are.
    pub(crate) warm: u32,
    waiting: AtomicUsize,
}

impl ModelEnd {
    pub(crate) fn new(
        listener: TcpListener,
        tls: Option<TlsAcceptor>,
        connect_delay: Duration,
        deltas: Deltas,
        warm: u32,
    ) -> Self {
        let (ledger, waiting) = (Mutex::default(), AtomicUsize::new(0));
        Self { listener, tls, connect_delay, deltas, ledger, warm, waiting }
    }

    /// Calls that begin from here on are written down there.
    pub(crate) fn write_to(&self, ledger: Arc<Ledger>) {
        *self.ledger.lock().unwrap_or_else(PoisonError::into_inner) = Some(ledger);
    }

    pub(crate) fn is_warm(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) >= self.warm as usize
    }

    fn ledger(&self) -> Option<Arc<Ledger>> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// TLS, the upgrade, and a session that is not configured yet.
    async fn accept(&self, stream: TcpStream) -> Result<Socket, Ended> {
        sleep(self.connect_delay).await;
        let stream: Box<dyn Io> = match &self.tls {
            Some(tls) => Box::new(tls.accept(stream).await.map_err(WsError::from)?),
            None => Box::new(stream),
        };
        let mut socket = accept_async(stream).await?;
        send(&mut socket, &json!({ "type": "session.created", "event_id": "event_0", "session": {} }))
            .await?;
        Ok(socket)
    }

    /// The client's first event. A socket that is kept ready waits for it for as long as no call comes; that it is
    /// ready shows in its answer to a ping.
    async fn configuration(&self, socket: &mut Socket) -> Result<Value, Ended> {
        if self.warm > 0 {
            socket.send(Message::Ping(Bytes::new())).await?;
        }
        let mut waits = false;
        let event = loop {
            match socket.next().await {
                Some(Ok(Message::Text(text))) => break serde_json::from_str(&text).map_err(failed),
                Some(Ok(Message::Pong(_))) if !waits => {
                    self.waiting.fetch_add(1, Ordering::Relaxed);
                    waits = true;
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => break Err(error.into()),
                None => break Err(Ended::Closed),
            }
        };
        self.waiting.fetch_sub(usize::from(waits), Ordering::Relaxed);
        event
    }
}

/// TLS or not.
trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

type Socket = WebSocketStream<Box<dyn Io>>;

/// Serves sessions for as long as it is polled.
pub(crate) async fn serve(end: Arc<ModelEnd>) {
    let mut sessions = JoinSet::new();
    loop {
        // A failed accept is a call that does not come about, and its caller's end says so.
        if let Ok((stream, _)) = end.listener.accept().await {
            let end = Arc::clone(&end);
            sessions.spawn(async move {
                if let Err(Ended::Failed(error)) = session(&end, stream).await
                    && let Some(ledger) = end.ledger()
                {
                    ledger.failed(error);
                }
            });
        }
        while sessions.try_join_next().is_some() {}
    }
}

/// Why a session is over.
enum Ended {
    /// The client left, which is how every session ends.
    Closed,
    Failed(CallError),
}

impl From<WsError> for Ended {
    fn from(error: WsError) -> Self {
        match error {
            WsError::ConnectionClosed | WsError::AlreadyClosed => Self::Closed,
            other => failed(other),
        }
    }
}

fn failed(why: impl std::fmt::Display) -> Ended {
    Ended::Failed(CallError::Model(why.to_string()))
}

async fn session(end: &ModelEnd, stream: TcpStream) -> Result<(), Ended> {
    stream.set_nodelay(true).map_err(WsError::from)?;
    let accepting = timeout(OPENING_DEADLINE, end.accept(stream));
    let mut socket = accepting.await.map_err(|_| failed("no handshake"))??;
    let ready = Instant::now();
    let configuration = end.configuration(&mut socket).await?;
    let ledger = end.ledger().ok_or_else(|| failed("a session before any call"))?;
    let opening = timeout(OPENING_DEADLINE, Model::open(socket, configuration, end.deltas, &ledger, ready));
    let (mut model, mut metadata) = opening.await.map_err(|_| failed("no response was asked for"))??;
    for response in 0.. {
        model.answer(response, std::mem::take(&mut metadata)).await?;
    }
    Ok(())
}

struct Model<'a> {
    socket: Socket,
    ledger: &'a Ledger,
    deltas: Deltas,
    call: u32,
    /// Deltas sent in this call.
    sequence: u32,
    alarm: Alarm,
}

impl<'a> Model<'a> {
    /// From the configuration to the greeting's `response.create`, whose metadata is returned. `ready` is since when
    /// there has been a session.
    async fn open(
        mut socket: Socket,
        mut configuration: Value,
        deltas: Deltas,
        ledger: &'a Ledger,
        ready: Instant,
    ) -> Result<(Self, Value), Ended> {
        let session = configuration["session"].take();
        let call = target::call_of_instructions(session["instructions"].as_str().unwrap_or_default());
        let call =
            call.ok_or_else(|| failed("something else than the configuration of a call came first"))?;
        send(&mut socket, &json!({ "type": "session.updated", "event_id": "event_1", "session": session }))
            .await?;
        loop {
            let message = socket.next().await.ok_or(Ended::Closed)??;
            let Message::Text(text) = message else { continue };
            if heard_frame(&text, ledger) {
                continue;
            }
            let mut event: Value = serde_json::from_str(&text).map_err(failed)?;
            if event["type"] == "response.create" {
                ledger.greeting_requested(call, ready);
                let metadata = event["response"]["metadata"].take();
                let alarm = Alarm::new().map_err(failed)?;
                return Ok((Self { socket, ledger, deltas, call, sequence: 0, alarm }, metadata));
            }
        }
    }

    /// Speaks one response, until it was heard or the caller has interrupted it, and lets the caller speak.
    async fn answer(&mut self, response: u32, metadata: Value) -> Result<(), Ended> {
        let begun = Instant::now();
        let mut interrupt_at = interruption(response).map(|after| begun + after);
        let (mut audio_ms, mut late_left) = (0, None);
        self.begin(response, metadata).await?;
        while audio_ms < ANSWER_MS && late_left != Some(0) {
            let due = begun + self.deltas.due(audio_ms);
            if let Some(at) = interrupt_at.take_if(|at| *at <= due) {
                self.listen_until(at).await?;
                self.caller_starts(response, true).await?;
                late_left = Some(LATE_DELTAS);
            }
            self.listen_until(due).await?;
            self.ledger.woke(due);
            audio_ms += self.speak(response).await?;
            late_left = late_left.map(|left| left - 1);
        }
        self.finish(response, if audio_ms < ANSWER_MS { "cancelled" } else { "completed" }).await?;
        match interrupt_at {
            Some(at) => {
                self.listen_until(at).await?;
                self.caller_starts(response, true).await?;
            }
            None if late_left.is_none() => {
                self.listen_until(begun + Duration::from_millis(u64::from(audio_ms)) + PAUSE).await?;
                self.caller_starts(response, false).await?;
            }
            None => {}
        }
        self.listen_until(Instant::now() + CALLER_SPEAKS).await?;
        self.ledger.interruption_over(self.call);
        self.caller_stops(response).await
    }

    async fn begin(&mut self, response: u32, metadata: Value) -> Result<(), Ended> {
        let (id, item) = self.ids(response);
        self.send(&json!({
            "type": "response.created", "event_id": "event_2",
            "response": { "object": "realtime.response", "id": id, "status": "in_progress",
                "status_details": null, "output": [], "metadata": metadata, "usage": null },
        }))
        .await?;
        self.send(&json!({
            "type": "conversation.item.added", "event_id": "event_3", "previous_item_id": null,
            "item": { "id": item, "object": "realtime.item", "type": "message", "status": "in_progress",
                "role": "assistant", "content": [] },
        }))
        .await
    }

    /// Sends the next delta; returns how long it plays, in milliseconds.
    async fn speak(&mut self, response: u32) -> Result<u32, Ended> {
        let (id, item) = self.ids(response);
        let (call, sequence) = (self.call, self.sequence);
        self.sequence += 1;
        let audio_ms = self.deltas.audio_ms(call, sequence);
        let payload = Pulse { call, response, sequence, sent_ns: self.ledger.now_ns() }.payload(audio_ms);
        self.ledger.delta_sent(response);
        let delta = format!(
            r#"{{"type":"response.output_audio.delta","event_id":"event_4","response_id":"{id}","item_id":"{item}","output_index":0,"content_index":0,"delta":"{payload}"}}"#
        );
        self.socket.send(Message::text(delta)).await?;
        Ok(audio_ms)
    }

    async fn finish(&mut self, response: u32, status: &str) -> Result<(), Ended> {
        let (id, item) = self.ids(response);
        self.send(&json!({
            "type": "response.output_audio_transcript.done", "event_id": "event_5", "response_id": id,
            "item_id": item, "output_index": 0, "content_index": 0,
            "transcript": "Of course, the bicycle is ready and you can collect it today until six.",
        }))
        .await?;
        self.send(&json!({
            "type": "response.done", "event_id": "event_6",
            "response": { "object": "realtime.response", "id": id, "status": status, "status_details": null,
                "output": [], "metadata": null,
                "usage": { "total_tokens": 30, "input_tokens": 20, "output_tokens": 10,
                    "input_token_details": { "text_tokens": 5, "audio_tokens": 15, "cached_tokens": 0 },
                    "output_token_details": { "text_tokens": 2, "audio_tokens": 8 } } },
        }))
        .await
    }

    async fn caller_starts(&mut self, response: u32, interrupts: bool) -> Result<(), Ended> {
        let item = self.caller_item(response);
        let started = json!({ "type": "input_audio_buffer.speech_started", "event_id": "event_7",
            "audio_start_ms": 0, "item_id": item });
        if interrupts {
            self.ledger.interrupted(self.call);
        }
        self.send(&started).await
    }

    async fn caller_stops(&mut self, response: u32) -> Result<(), Ended> {
        let item = self.caller_item(response);
        self.send(&json!({ "type": "input_audio_buffer.speech_stopped", "event_id": "event_8",
            "audio_end_ms": 0, "item_id": item }))
            .await?;
        self.send(&json!({
            "type": "conversation.item.added", "event_id": "event_9", "previous_item_id": null,
            "item": { "id": item, "object": "realtime.item", "type": "message", "status": "completed",
                "role": "user", "content": [{ "type": "input_audio", "transcript": null }] },
        }))
        .await?;
        self.send(&json!({
            "type": "conversation.item.input_audio_transcription.completed", "event_id": "event_10",
            "item_id": item, "content_index": 0, "transcript": "And when can I collect it?",
        }))
        .await
    }

    /// Listens; once the load is over, until the client leaves.
    async fn listen_until(&mut self, until: Instant) -> Result<(), Ended> {
        loop {
            let message = if self.ledger.is_over() {
                self.socket.next().await
            } else {
                tokio::select! {
                    biased;
                    message = self.socket.next() => message,
                    rung = self.alarm.ring(until) => return rung.map_err(failed),
                }
            };
            let Message::Text(text) = message.ok_or(Ended::Closed)?? else { continue };
            if !heard_frame(&text, self.ledger) {
                self.obey(&text)?;
            }
        }
    }

    fn obey(&self, text: &str) -> Result<(), Ended> {
        let event: Value = serde_json::from_str(text).map_err(failed)?;
        if event["type"] == "conversation.item.truncate" {
            let audio_end_ms = event["audio_end_ms"].as_u64();
            self.ledger
                .truncated(self.call, audio_end_ms.ok_or_else(|| failed("a truncate without an end"))?);
        }
        Ok(())
    }

    fn ids(&self, response: u32) -> (String, String) {
        let call = self.call;
        (format!("resp_{call:05}{response:05}"), format!("item_{call:05}{response:05}"))
    }

    fn caller_item(&self, response: u32) -> String {
        format!("item_caller_{:05}{response:05}", self.call)
    }

    async fn send(&mut self, event: &Value) -> Result<(), Ended> {
        send(&mut self.socket, event).await
    }
}

async fn send(socket: &mut Socket, event: &Value) -> Result<(), Ended> {
    Ok(socket.send(Message::text(event.to_string())).await?)
}

/// Takes account of a frame of the caller, if it is one.
fn heard_frame(text: &str, ledger: &Ledger) -> bool {
    let Some(payload) = text_field(text, "audio") else { return false };
    // Silence with which the bridge fills a gap has no pulse.
    if let Some(pulse) = Pulse::find(payload) {
        ledger.frame_received(&pulse);
    }
    true
}
