//! The baseline: what connects the two sockets and does nothing else.
//!
//! It is what one writes first: messages through `serde_json::Value`, the WebSocket library as it comes, a task
//! per direction. It knows no marks, no interruption, no turns, no signature, no limits. The one favour it
//! gets is `TCP_NODELAY`, without which its latency would be Nagle's.

use std::sync::Arc;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::error::Error as WsError;
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, accept_async, connect_async_tls_with_config,
};
use url::Url;

use crate::tls;

use super::{TargetConfig, TargetError, instructions};

type Caller = WebSocketStream<TcpStream>;
type Model = WebSocketStream<MaybeTlsStream<TcpStream>>;

#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error(transparent)]
    Socket(#[from] WsError),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

pub(super) async fn run(config: TargetConfig, listener: TcpListener) -> Result<(), TargetError> {
    let url = config.realtime_url()?;
    let tls = config.certificate.as_deref().map(tls::client).transpose()?.map(Arc::new);
    loop {
        let (stream, _) = listener.accept().await?;
        let (url, connector) = (url.clone(), tls.clone().map(Connector::Rustls));
        // An error ends the call, and both ends notice that.
        tokio::spawn(async move { call(stream, url, connector).await });
    }
}

async fn call(stream: TcpStream, url: Url, connector: Option<Connector>) -> Result<(), RelayError> {
    stream.set_nodelay(true).map_err(WsError::from)?;
    let mut caller = accept_async(stream).await?;
    let Some((stream_sid, call_sid)) = start(&mut caller).await? else { return Ok(()) };
    let (mut model, _) = connect_async_tls_with_config(url.as_str(), None, true, connector).await?;
    model.send(text(&session_update(&call_sid))).await?;
    model.send(text(&json!({ "type": "response.create" }))).await?;

    let (mut to_caller, mut from_caller) = caller.split();
    let (mut to_model, mut from_model) = model.split();
    tokio::select! {
        ended = up(&mut from_caller, &mut to_model) => ended?,
        ended = down(&mut from_model, &mut to_caller, &stream_sid) => ended?,
    }
    // Either may have left already.
    let _ = to_model.close().await;
    let _ = to_caller.close().await;
    while let Some(Ok(_)) = from_model.next().await {}
    Ok(())
}

/// The stream and the call that the caller's `start` names; `None` if the caller left before.
async fn start(caller: &mut Caller) -> Result<Option<(String, String)>, RelayError> {
    while let Some(message) = caller.next().await {
        let Message::Text(message) = message? else { continue };
        let message: Value = serde_json::from_str(&message)?;
        if message["event"] == "start" {
            let field = |name: &str| message["start"][name].as_str().unwrap_or_default().to_owned();
            return Ok(Some((field("streamSid"), field("callSid"))));
        }
    }
    Ok(None)
}

async fn up(
    from_caller: &mut SplitStream<Caller>,
    to_model: &mut SplitSink<Model, Message>,
) -> Result<(), RelayError> {
    while let Some(message) = from_caller.next().await {
        let Message::Text(message) = message? else { continue };
        let mut message: Value = serde_json::from_str(&message)?;
        if message["event"] == "media" {
            let audio = message["media"]["payload"].take();
            to_model.send(text(&json!({ "type": "input_audio_buffer.append", "audio": audio }))).await?;
        } else if message["event"] == "stop" {
            break;
        }
    }
    Ok(())
}

async fn down(
    from_model: &mut SplitStream<Model>,
    to_caller: &mut SplitSink<Caller, Message>,
    stream_sid: &str,
) -> Result<(), RelayError> {
    while let Some(message) = from_model.next().await {
        let Message::Text(message) = message? else { continue };
        let mut message: Value = serde_json::from_str(&message)?;
        if message["type"] == "response.output_audio.delta" {
            let payload = message["delta"].take();
            let media = json!({ "event": "media", "streamSid": stream_sid, "media": { "payload": payload } });
            to_caller.send(text(&media)).await?;
        }
    }
    Ok(())
}

fn session_update(call_sid: &str) -> Value {
    json!({
        "type": "session.update",
        "session": {
            "type": "realtime",
            "instructions": instructions(call_sid),
            "output_modalities": ["audio"],
            "audio": {
                "input": {
                    "format": { "type": "audio/pcmu" },
                    "turn_detection": { "type": "server_vad" },
                },
                "output": { "format": { "type": "audio/pcmu" }, "voice": "marin" },
            },
        },
    })
}

fn text(message: &Value) -> Message {
    Message::text(message.to_string())
}
