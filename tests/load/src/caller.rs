//! Twilio's end of a call: a frame every 20 ms, and a line that plays what it is sent in real time.

mod playout;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::token::{StreamKind, TokenKey};
use domain::{CallSid, Epoch};
use futures_util::{SinkExt as _, StreamExt as _};
use http::HeaderValue;
use serde_json::{Value, json};
use simulator::twilio::{SIGNATURE_HEADER, sign_url};
use tokio::net::TcpStream;
use tokio::time::{sleep_until, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::error::Error as WsError;
use tokio_tungstenite::{WebSocketStream, client_async};

use self::playout::Playout;
use crate::alarm::Alarm;
use crate::ledger::{CallError, Ledger};
use crate::pulse::{Pulse, audio_ms, text_field};
use crate::script::{FRAME, FRAME_MS, LAST_WORDS};
use crate::target::{self, ACCOUNT_SID, AUTH_TOKEN, STREAM_PATH, STREAM_URL};

const OPEN_DEADLINE: Duration = Duration::from_secs(10);
const CLOSE_DEADLINE: Duration = Duration::from_secs(10);

struct Caller {
    socket: WebSocketStream<TcpStream>,
    ledger: Arc<Ledger>,
    call: u32,
    stream_sid: String,
    frames: u32,
    playout: Playout,
    alarm: Alarm,
}

/// Plays one call from its scheduled start to its end and tells the ledger.
pub(crate) async fn play(address: SocketAddr, call: u32, key: TokenKey, ledger: Arc<Ledger>) {
    let starts = ledger.schedule().start_of(call);
    sleep_until(starts.into()).await;
    let opened = timeout(OPEN_DEADLINE, Caller::open(address, call, Arc::clone(&ledger))).await;
    let played = match opened {
        Ok(Ok(caller)) => caller.play(&key).await,
        Ok(Err(error)) => Err(CallError::NotOpened(error.to_string())),
        Err(_) => Err(CallError::NotOpened("no answer".to_owned())),
    };
    if let Err(error) = played {
        ledger.failed(error);
    }
}

impl Caller {
    async fn open(address: SocketAddr, call: u32, ledger: Arc<Ledger>) -> Result<Self, WsError> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut request = format!("ws://{address}{STREAM_PATH}").into_client_request()?;
        let signature = HeaderValue::try_from(sign_url(AUTH_TOKEN, STREAM_URL)).map_err(http::Error::from)?;
        request.headers_mut().insert(SIGNATURE_HEADER, signature);
        let (socket, _) = client_async(request, stream).await?;
        let stream_sid = format!("MZ{call:032x}");
        let alarm = Alarm::new()?;
        Ok(Self { socket, ledger, call, stream_sid, frames: 0, playout: Playout::default(), alarm })
    }

    async fn play(mut self, key: &TokenKey) -> Result<(), CallError> {
        let cut_off = |error: WsError| CallError::CutOff(error.to_string());
        self.start(key).await.map_err(cut_off)?;
        let ends = self.ledger.schedule().ends;
        let mut next_frame = self.ledger.schedule().start_of(self.call).max(Instant::now());
        while next_frame < ends {
            self.serve_until(next_frame).await?;
            self.ledger.woke(next_frame);
            self.send_frame().await.map_err(cut_off)?;
            next_frame += FRAME;
        }
        self.serve_until(ends + LAST_WORDS).await?;
        self.hang_up().await
    }

    async fn start(&mut self, key: &TokenKey) -> Result<(), WsError> {
        let call_sid = target::call_sid(self.call);
        let token = CallSid::parse(&call_sid).map(|call| key.mint(StreamKind::Twilio, &call, Epoch::FIRST));
        let token = token.as_ref().map_or("", |token| token.expose());
        self.send(json!({ "event": "connected", "protocol": "Call", "version": "1.0.0" }).to_string())
            .await?;
        let start = json!({
            "event": "start", "sequenceNumber": "1", "streamSid": self.stream_sid,
            "start": {
                "accountSid": ACCOUNT_SID,
                "streamSid": self.stream_sid,
                "callSid": call_sid,
                "tracks": ["inbound"],
                "mediaFormat": { "encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1 },
                "customParameters": { "token": token },
            },
        });
        self.ledger.stream_started(self.call);
        self.send(start.to_string()).await
    }

    /// Listens, and returns each mark when the line has played what was before it.
    async fn serve_until(&mut self, until: Instant) -> Result<(), CallError> {
        loop {
            let wake = self.playout.next_mark().map_or(until, |at| at.min(until));
            tokio::select! {
                biased;
                message = self.socket.next() => self.receive(message)?,
                rung = self.alarm.ring(wake) => rung.map_err(|error| CallError::CutOff(error.to_string()))?,
            }
            while let Some(name) = self.playout.played_mark(Instant::now()) {
                let mark = json!({
                    "event": "mark", "sequenceNumber": "1", "streamSid": self.stream_sid,
                    "mark": { "name": name },
                });
                let sent = self.send(mark.to_string()).await;
                sent.map_err(|error| CallError::CutOff(error.to_string()))?;
            }
            if Instant::now() >= until {
                return Ok(());
            }
        }
    }

    fn receive(&mut self, message: Option<Result<Message, WsError>>) -> Result<(), CallError> {
        let text = match message {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Close(frame))) => {
                return Err(CallError::CutOff(format!("closed with {:?}", frame.map(|frame| frame.code))));
            }
            Some(Ok(_)) => return Ok(()),
            Some(Err(error)) => return Err(CallError::CutOff(error.to_string())),
            None => return Err(CallError::CutOff("no close frame".to_owned())),
        };
        let now = Instant::now();
        if let Some(payload) = text_field(&text, "payload") {
            let Some(pulse) = Pulse::find(payload) else { return Ok(()) };
            self.ledger.delta_received(&pulse);
            let audio_ms = audio_ms(payload);
            if !self.playout.queue(now, pulse.response, Duration::from_millis(u64::from(audio_ms))) {
                self.ledger.late_audio(audio_ms);
            }
            return Ok(());
        }
        match text_field(&text, "event") {
            Some("mark") => {
                let mark: Value = serde_json::from_str(&text).unwrap_or_default();
                self.playout.mark(now, mark["mark"]["name"].as_str().unwrap_or_default());
            }
            Some("clear") => {
                let heard = self.playout.clear(now);
                self.ledger.cleared(self.call, heard);
            }
            Some(_) | None => {}
        }
        Ok(())
    }

    async fn send_frame(&mut self) -> Result<(), WsError> {
        let sequence = self.frames;
        self.frames += 1;
        let sent_ns = self.ledger.now_ns();
        let payload = Pulse { call: self.call, response: 0, sequence, sent_ns }.payload(FRAME_MS);
        let frame = format!(
            r#"{{"event":"media","sequenceNumber":"{}","streamSid":"{}","media":{{"track":"inbound","chunk":"{}","timestamp":"{}","payload":"{payload}"}}}}"#,
            sequence + 2,
            self.stream_sid,
            sequence + 1,
            sequence * FRAME_MS,
        );
        self.ledger.frame_sent();
        self.send(frame).await
    }

    /// The stream has ended when the peer has closed it.
    async fn hang_up(mut self) -> Result<(), CallError> {
        let stop = json!({
            "event": "stop", "sequenceNumber": "1", "streamSid": self.stream_sid,
            "stop": { "accountSid": ACCOUNT_SID, "callSid": target::call_sid(self.call) },
        });
        let ended = timeout(CLOSE_DEADLINE, async {
            // A target that has closed already cannot be told.
            let _ = self.send(stop.to_string()).await;
            let _ = self.socket.close(None).await;
            while let Some(Ok(_)) = self.socket.next().await {}
        });
        ended.await.map_err(|_| CallError::NotClosed)
    }

    async fn send(&mut self, text: String) -> Result<(), WsError> {
        self.socket.send(Message::text(text)).await
    }
}
