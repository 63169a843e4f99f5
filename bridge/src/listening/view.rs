//! One listener's socket, from its first sound to its end.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Message, Utf8Bytes};

/// Below the 60 s after which a load balancer drops a quiet connection. A peer that answered nothing between two of them is
/// gone.
const PING_EVERY: Duration = Duration::from_secs(20);
/// What one message may take to be written. A listener that is slower is dropped.
const WRITTEN_WITHIN: Duration = Duration::from_secs(2);
/// What a peer has to answer our close.
const CLOSED_WITHIN: Duration = Duration::from_secs(2);
/// A listener says nothing but pongs and its close.
const MAX_MESSAGE_BYTES: usize = 256;

/// Why a listener's socket ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(super) enum End {
    /// The call ended, or another session took it over.
    CallOver,
    /// The listener left.
    Left,
    /// It did not keep up.
    TooSlow,
    /// It sent something, or broke the protocol.
    Misbehaved,
}

impl End {
    pub(super) fn as_str(self) -> &'static str {
        self.into()
    }

    /// RFC 6455, 7.4.1; 4,000 and above are ours.
    const fn code(self) -> u16 {
        match self {
            Self::CallOver | Self::Left => 1000,
            Self::TooSlow => 4008,
            Self::Misbehaved => 1008,
        }
    }
}

/// Sends what is said until the call is over or the listener is gone.
pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(io: S, messages: Receiver<Message>) -> End {
    let config = WebSocketConfig::default()
        .read_buffer_size(1024)
        .max_message_size(Some(MAX_MESSAGE_BYTES))
        .max_frame_size(Some(MAX_MESSAGE_BYTES));
    let mut socket = WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await;
    let end = send(&mut socket, messages).await;
    // A socket that takes nothing is not told why.
    let _ = timeout(CLOSED_WITHIN, async {
        let frame = CloseFrame { code: CloseCode::from(end.code()), reason: Utf8Bytes::default() };
        socket.close(Some(frame)).await?;
        while let Some(message) = socket.next().await {
            message?;
        }
        Ok::<_, tokio_tungstenite::tungstenite::Error>(())
    })
    .await;
    end
}

async fn send<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut WebSocketStream<S>,
    mut messages: Receiver<Message>,
) -> End {
    let mut pings = interval(PING_EVERY);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pings.tick().await;
    let mut alive = true;
    loop {
        let message = tokio::select! {
            message = messages.recv() => match message {
                Ok(message) => message,
                Err(RecvError::Closed) => return End::CallOver,
                Err(RecvError::Lagged(_)) => return End::TooSlow,
            },
            received = socket.next() => match received {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {
                    alive = true;
                    continue;
                }
                Some(Ok(Message::Close(_))) | None => return End::Left,
                Some(Ok(_)) => return End::Misbehaved,
                Some(Err(error)) if is_gone(&error) => return End::Left,
                Some(Err(_)) => return End::Misbehaved,
            },
            _ = pings.tick() => {
                if !std::mem::take(&mut alive) {
                    return End::Left;
                }
                Message::Ping(Bytes::new())
            }
        };
        match timeout(WRITTEN_WITHIN, socket.send(message)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return End::Left,
            Err(_) => return End::TooSlow,
        }
    }
}

/// Whether the connection just ended, without a fault of the peer's.
fn is_gone(error: &tokio_tungstenite::tungstenite::Error) -> bool {
    use tokio_tungstenite::tungstenite::Error;
    use tokio_tungstenite::tungstenite::error::ProtocolError;
    matches!(
        error,
        Error::Io(_)
            | Error::ConnectionClosed
            | Error::AlreadyClosed
            | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)
    )
}

#[cfg(test)]
mod tests {
    use tokio::io::{DuplexStream, duplex};
    use tokio::sync::broadcast;
    use tokio::task::JoinHandle;

    use super::*;

    /// A view, what feeds it, and the listener's end of its line.
    async fn view(
        line_bytes: usize,
    ) -> (broadcast::Sender<Message>, WebSocketStream<DuplexStream>, JoinHandle<End>) {
        let (ours, theirs) = duplex(line_bytes);
        let (sender, messages) = broadcast::channel(4);
        let serving = tokio::spawn(serve(ours, messages));
        (sender, WebSocketStream::from_raw_socket(theirs, Role::Client, None).await, serving)
    }

    fn sound() -> Message {
        Message::Binary(Bytes::from(vec![0; 800]))
    }

    async fn closed_with(listener: &mut WebSocketStream<DuplexStream>) -> Option<u16> {
        while let Some(message) = listener.next().await {
            if let Ok(Message::Close(frame)) = message {
                return frame.map(|frame| frame.code.into());
            }
        }
        None
    }

    #[tokio::test(start_paused = true)]
    async fn a_listener_hears_until_the_call_is_over() {
        let (sender, mut listener, serving) = view(4_096).await;
        sender.send(sound()).unwrap();
        assert_eq!(listener.next().await.unwrap().unwrap(), sound());
        drop(sender);
        assert_eq!(closed_with(&mut listener).await, Some(1000));
        assert_eq!(serving.await.unwrap(), End::CallOver);
    }

    #[tokio::test(start_paused = true)]
    async fn a_listener_that_reads_nothing_is_dropped() {
        let (sender, _listener, serving) = view(256).await;
        sender.send(sound()).unwrap();
        assert_eq!(serving.await.unwrap(), End::TooSlow);
    }

    #[tokio::test(start_paused = true)]
    async fn a_listener_that_fell_behind_is_dropped_and_told_why() {
        let (sender, mut listener, serving) = view(64 * 1_024).await;
        // More than the channel holds, before the view is polled.
        for _ in 0..5 {
            sender.send(sound()).unwrap();
        }
        assert_eq!(closed_with(&mut listener).await, Some(4008));
        assert_eq!(serving.await.unwrap(), End::TooSlow);
    }

    #[tokio::test(start_paused = true)]
    async fn a_listener_that_answers_no_ping_is_gone() {
        let (_sender, listener, serving) = view(4_096).await;
        assert_eq!(serving.await.unwrap(), End::Left);
        drop(listener);
    }

    #[tokio::test(start_paused = true)]
    async fn a_listener_says_nothing() {
        for said in [Message::text("hello"), sound()] {
            let (_sender, mut listener, serving) = view(4_096).await;
            listener.send(said).await.unwrap();
            assert_eq!(closed_with(&mut listener).await, Some(1008));
            assert_eq!(serving.await.unwrap(), End::Misbehaved);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_listener_leaves() {
        let (_sender, mut listener, serving) = view(4_096).await;
        listener.close(None).await.unwrap();
        assert_eq!(serving.await.unwrap(), End::Left);
    }
}
