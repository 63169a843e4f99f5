//! The model in use and the one that is to follow it. The session decides which of them is spoken to; this code makes
//! sure that a replaced model is not heard again.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use domain::CallPlan;
use session::Input;
use session::input::ModelLoss;

use crate::model_socket::{ConnectError, Connected, ModelConnector, ModelFrame, ModelRead, ModelSocket};

type Connecting = Pin<Box<dyn Future<Output = Result<Connected, ConnectError>> + Send>>;

#[derive(Default)]
pub(super) struct Legs {
    pub(super) current: Option<ModelSocket>,
    next: NextLeg,
}

#[derive(Default)]
enum NextLeg {
    #[default]
    None,
    Connecting(Connecting),
    /// Configured, and not yet in use.
    Ready(Box<ModelSocket>),
}

impl NextLeg {
    fn into_socket(self) -> Option<ModelSocket> {
        match self {
            Self::Ready(socket) => Some(*socket),
            Self::None | Self::Connecting(_) => None,
        }
    }
}

/// What became of the model that is to follow.
pub(super) enum NextRead {
    Ready { lifetime: Option<Duration>, warm: bool, left_out: Vec<&'static str> },
    Frame(tokio_tungstenite::tungstenite::Utf8Bytes),
    Refused(ConnectError),
    Lost(ModelLoss),
}

impl Legs {
    /// An earlier attempt is dropped, and its socket with it.
    pub(super) fn connect(&mut self, connector: Arc<ModelConnector>, plan: Arc<CallPlan>) {
        self.next = NextLeg::Connecting(Box::pin(async move { connector.connect(&plan).await }));
    }

    /// Puts the next model in the place of the current one, which is returned.
    pub(super) fn switch(&mut self) -> Option<ModelSocket> {
        let next = std::mem::take(&mut self.next).into_socket();
        std::mem::replace(&mut self.current, next)
    }

    /// Closes both, at the end of the call.
    pub(super) async fn close(self) {
        let close = async |model: Option<ModelSocket>| {
            if let Some(model) = model {
                model.close().await;
            }
        };
        tokio::join!(close(self.current), close(self.next.into_socket()));
    }

    pub(super) fn drop_next(&mut self) {
        self.next = NextLeg::None;
    }

    pub(super) fn poll_current(&mut self, cx: &mut Context<'_>) -> Poll<ModelRead> {
        match &mut self.current {
            Some(model) => model.poll_receive(cx),
            None => Poll::Pending,
        }
    }

    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<NextRead> {
        if let NextLeg::Connecting(connecting) = &mut self.next {
            match connecting.as_mut().poll(cx) {
                Poll::Ready(Ok(Connected { socket, lifetime, warm, left_out })) => {
                    self.next = NextLeg::Ready(Box::new(socket));
                    return Poll::Ready(NextRead::Ready { lifetime, warm, left_out });
                }
                Poll::Ready(Err(error)) => {
                    self.next = NextLeg::None;
                    return Poll::Ready(NextRead::Refused(error));
                }
                Poll::Pending => return Poll::Pending,
            }
        }
        let NextLeg::Ready(socket) = &mut self.next else { return Poll::Pending };
        // Nothing but a ping is ever queued here.
        if socket.needs_flush()
            && let Poll::Ready(Err(_)) = socket.poll_flush(cx)
        {
            return Poll::Ready(NextRead::Lost(ModelLoss::Transient));
        }
        socket.poll_receive(cx).map(|read| match read {
            ModelRead::Frame(frame) => NextRead::Frame(frame),
            ModelRead::Lost(loss) => NextRead::Lost(loss),
        })
    }

    /// What a frame of the next model means: its loss, or nothing. There is no conversation on it yet.
    pub(super) fn next_input(&mut self, frame: &ModelFrame<'_>) -> Option<Input<'static>> {
        let NextLeg::Ready(socket) = &mut self.next else { return None };
        match socket.input(frame)? {
            Input::ModelGone(loss) => Some(Input::ConnectFailed(loss)),
            _ => None,
        }
    }

    /// Pings both; says what it means if one does not answer.
    pub(super) fn keep_alive(&mut self) -> impl Iterator<Item = Input<'static>> {
        let current = self.current.as_mut().and_then(|model| model.keep_alive().err());
        let next = match &mut self.next {
            NextLeg::Ready(socket) => socket.keep_alive().err(),
            NextLeg::None | NextLeg::Connecting(_) => None,
        };
        current.map(Input::ModelGone).into_iter().chain(next.map(Input::ConnectFailed))
    }
}
