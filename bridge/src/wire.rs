//! One WebSocket with its outbox, read and written by one task.
//!
//! Nothing is split and nothing is locked: the call's task polls reading and writing in turn. Writing never
//! waits: what the socket does not take stays in the outbox.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::{Sink, Stream, StreamExt as _};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error as WsError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Bytes, Message, Utf8Bytes};

use crate::outbox::{Bounds, Outbox};

/// How long a peer has to take our last words and answer them.
const CLOSE_GRACE: Duration = Duration::from_secs(2);
/// What is read and thrown away of a peer that was cut off in mid-sentence.
const LINGER_MAX_BYTES: usize = 1024 * 1024;

pub(crate) struct Wire<S> {
    socket: WebSocketStream<S>,
    pub(crate) outbox: Outbox,
    unflushed: bool,
}

/// What reading a socket can give.
#[derive(Debug)]
pub(crate) enum Received {
    Text(Utf8Bytes),
    /// Neither peer ever sends binary messages.
    Binary,
    /// A ping or pong: the peer is there.
    Alive,
    /// The peer closed, with its code if it gave one; or the connection just ended.
    Closed(Option<u16>),
    /// The peer broke the WebSocket protocol or its bounds; the code is what RFC 6455 wants it told.
    Broken(CloseCode),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(crate) fn new(socket: WebSocketStream<S>, bounds: Bounds) -> Self {
        Self { socket, outbox: Outbox::new(bounds), unflushed: false }
    }

    pub(crate) fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Received> {
        let received = match ready!(Pin::new(&mut self.socket).poll_next(cx)) {
            Some(Ok(Message::Text(text))) => Received::Text(text),
            Some(Ok(Message::Binary(_) | Message::Frame(_))) => Received::Binary,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Received::Alive,
            Some(Ok(Message::Close(frame))) => Received::Closed(frame.map(|frame| frame.code.into())),
            Some(Err(error)) => match close_code(&error) {
                Some(code) => Received::Broken(code),
                None => Received::Closed(None),
            },
            None => Received::Closed(None),
        };
        Poll::Ready(received)
    }

    /// Hands the outbox to the socket and flushes once. Pending while the peer does not read; an error means
    /// that the connection is gone.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), WsError>> {
        while !self.outbox.is_empty() {
            ready!(Pin::new(&mut self.socket).poll_ready(cx))?;
            if let Some(message) = self.outbox.pop() {
                Pin::new(&mut self.socket).start_send(message)?;
                self.unflushed = true;
            }
        }
        if self.unflushed {
            ready!(Pin::new(&mut self.socket).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    pub(crate) fn needs_flush(&self) -> bool {
        self.unflushed || !self.outbox.is_empty()
    }

    pub(crate) fn ping(&mut self) {
        self.outbox.push_message(Message::Ping(Bytes::new()));
    }

    /// Says goodbye with `code` and lets the peer read it, for a bounded time.
    pub(crate) async fn close(mut self, code: CloseCode) {
        self.outbox.push_message(Message::Close(Some(CloseFrame { code, reason: Utf8Bytes::default() })));
        let _ = tokio::time::timeout(CLOSE_GRACE, async {
            poll_fn(|cx| self.poll_flush(cx)).await?;
            while let Some(message) = self.socket.next().await {
                message?;
            }
            self.linger().await.map_err(WsError::Io)
        })
        .await;
    }

    /// A socket dropped with unread input is reset, and a reset destroys the close frame on its way. So the
    /// rest of what the peer is sending is read first.
    async fn linger(&mut self) -> std::io::Result<()> {
        let stream = self.socket.get_mut();
        stream.shutdown().await?;
        let (mut left, mut scratch) = (LINGER_MAX_BYTES, [0u8; 2048]);
        while left > 0 {
            match stream.read(&mut scratch).await? {
                0 => break,
                read => left = left.saturating_sub(read),
            }
        }
        Ok(())
    }
}

/// The close code of a peer's fault (RFC 6455, 7.4.1); `None` when the connection is simply gone.
fn close_code(error: &WsError) -> Option<CloseCode> {
    match error {
        WsError::Capacity(CapacityError::MessageTooLong { .. } | CapacityError::TooManyHeaders) => {
            Some(CloseCode::Size)
        }
        WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
        WsError::Protocol(_) | WsError::AttackAttempt => Some(CloseCode::Protocol),
        WsError::Utf8(_) => Some(CloseCode::Invalid),
        _ => None,
    }
}
