//! Sockets to the model that are ready before the call is: connected, their session created, not configured.
//!
//! A session that hears no audio costs nothing, and one that was not configured fits every business. One keeper per
//! model holds a few, watches over them while they wait, and makes up for what was taken where no call waits for it.
//! Whatever goes wrong here costs a call a connect of its own, and nothing more.

use std::collections::{HashMap, VecDeque};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use openai::realtime::ServerEvent;
use session::input::ModelLoss;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Interval, MissedTickBehavior, interval, timeout};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_util::sync::CancellationToken;

use super::connector::{ConnectError, Opener};
use super::{ModelWire, bounds, until};
use crate::settings::WarmSettings;
use crate::wire::{Received, Wire};

/// How long one waits for a call. A session lives an hour from its creation, and the call wants most of it.
const MAX_AGE: Duration = Duration::from_secs(10 * 60);
/// The same for sessions that live shorter, as a share of their life.
const MAX_AGE_SHARE: u32 = 4;
/// How long a ping may stay unanswered. A connection that a router forgot looks like an unused one otherwise.
const PING_EVERY: Duration = Duration::from_secs(10);
/// From the name lookup to the session's creation.
const OPEN_DEADLINE: Duration = Duration::from_secs(10);
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const MAX_PAUSE: Duration = Duration::from_secs(60);
/// Pauses after attempts that failed in a row.
const PAUSES: ExponentialBuilder =
    ExponentialBuilder::new().with_min_delay(FIRST_PAUSE).with_max_delay(MAX_PAUSE).without_max_times();
const TICK: Duration = Duration::from_secs(1);
/// Calls that ask at the same moment; one more connects for itself.
const MAX_REQUESTS: usize = 64;

/// Where calls ask for a socket.
pub(crate) struct WarmSockets(HashMap<String, mpsc::Sender<Request>>);

type Request = oneshot::Sender<WarmSocket>;

/// One that waits, or has just been taken.
pub(super) struct WarmSocket {
    pub(super) wire: ModelWire,
    /// When the server will end the session, in seconds since the Unix epoch, if it has said so.
    pub(super) expires_at: Option<i64>,
    leaves_at: Instant,
    pinged_at: Instant,
    /// Whether anything came since the last ping.
    alive: bool,
}

impl WarmSockets {
    /// With the keepers, which do nothing until they are run.
    pub(crate) fn new(settings: &WarmSettings, opener: &Arc<Opener>) -> (Self, Vec<Keeper>) {
        let (mut senders, mut keepers) = (HashMap::new(), vec![]);
        for model in settings.models.iter().take(WarmSettings::MAX_MODELS) {
            let (sender, requests) = mpsc::channel(MAX_REQUESTS);
            senders.insert(model.clone(), sender);
            keepers.push(Keeper {
                opener: Arc::clone(opener),
                model: model.clone(),
                target: settings.sockets.min(WarmSettings::MAX_SOCKETS),
                requests,
                idle: VecDeque::new(),
                opening: None,
                pauses: None,
                not_before: Instant::now(),
            });
        }
        (Self(senders), keepers)
    }

    /// A ready socket, or `None`; it never waits for one.
    pub(super) async fn take(&self, model: &str) -> Option<WarmSocket> {
        let (reply, socket) = oneshot::channel();
        self.0.get(model)?.try_send(reply).ok()?;
        socket.await.ok()
    }
}

type Opening = Pin<Box<dyn Future<Output = Result<WarmSocket, ConnectError>> + Send>>;

/// Keeps sockets for one model.
pub(crate) struct Keeper {
    opener: Arc<Opener>,
    model: String,
    target: usize,
    requests: mpsc::Receiver<Request>,
    /// The oldest first.
    idle: VecDeque<WarmSocket>,
    opening: Option<Opening>,
    /// Of the attempts that failed in a row; `None` if the latest did not.
    pauses: Option<ExponentialBackoff>,
    /// When the next attempt may begin.
    not_before: Instant,
}

enum Event {
    Request(Request),
    Opened(Box<Result<WarmSocket, ConnectError>>),
    Tick,
}

impl Keeper {
    /// Until `shutdown`: a process that takes no new calls needs no sockets for them.
    pub(crate) async fn run(mut self, shutdown: CancellationToken) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            self.refill(Instant::now());
            let event = tokio::select! {
                event = poll_fn(|cx| self.poll_event(cx, &mut ticks)) => event,
                () = shutdown.cancelled() => break,
            };
            let now = Instant::now();
            match event {
                Event::Request(reply) => {
                    if let Some(socket) = self.idle.pop_front() {
                        // The call may have given up meanwhile.
                        let _ = reply.send(socket);
                    }
                }
                Event::Opened(result) => self.opened(now, *result),
                Event::Tick => self.look_after(now),
            }
        }
        futures_util::future::join_all(self.idle.into_iter().map(WarmSocket::leave)).await;
    }

    fn refill(&mut self, now: Instant) {
        if self.opening.is_none() && self.idle.len() < self.target && now >= self.not_before {
            let (opener, model) = (Arc::clone(&self.opener), self.model.clone());
            self.opening = Some(Box::pin(async move {
                let opening = timeout(OPEN_DEADLINE, WarmSocket::open(&opener, &model));
                opening.await.unwrap_or_else(|_| Err(ConnectError::Unreachable("no answer in time".into())))
            }));
        }
    }

    fn opened(&mut self, now: Instant, result: Result<WarmSocket, ConnectError>) {
        let error = match result {
            Ok(socket) => {
                self.pauses = None;
                return self.idle.push_back(socket);
            }
            Err(error) => error,
        };
        if self.pauses.is_none() {
            tracing::warn!(model = self.model, %error, "no socket to the model can be kept ready");
        }
        let growing = self.pauses.get_or_insert_with(|| PAUSES.build()).next().unwrap_or(MAX_PAUSE);
        let pause = match error.loss() {
            ModelLoss::Fatal => MAX_PAUSE,
            ModelLoss::Transient => growing,
        };
        self.not_before = now + pause;
    }

    /// Pings those that wait and lets those go that have waited too long.
    fn look_after(&mut self, now: Instant) {
        let mut kept = VecDeque::with_capacity(self.target);
        for mut socket in self.idle.drain(..) {
            if now >= socket.leaves_at {
                tokio::spawn(socket.leave());
            } else if socket.answers(now) {
                kept.push_back(socket);
            }
        }
        self.idle = kept;
    }

    /// A dead socket is found before a call can get it.
    fn poll_event(&mut self, cx: &mut Context<'_>, ticks: &mut Interval) -> Poll<Event> {
        self.idle.retain_mut(|socket| socket.poll_idle(cx));
        if let Some(opening) = &mut self.opening
            && let Poll::Ready(result) = opening.as_mut().poll(cx)
        {
            self.opening = None;
            return Poll::Ready(Event::Opened(Box::new(result)));
        }
        // The other end lives as long as the connector does; without it the shutdown comes.
        if let Poll::Ready(Some(reply)) = self.requests.poll_recv(cx) {
            return Poll::Ready(Event::Request(reply));
        }
        ticks.poll_tick(cx).map(|_| Event::Tick)
    }
}

impl WarmSocket {
    async fn open(opener: &Opener, model: &str) -> Result<Self, ConnectError> {
        let socket = opener.open(model, None).await?;
        let mut wire = Wire::new(socket, bounds());
        loop {
            match poll_fn(|cx| wire.poll_receive(cx)).await {
                Received::Text(frame) => match ServerEvent::parse(frame.as_bytes()) {
                    Ok(ServerEvent::SessionCreated(created)) => {
                        return Ok(Self::new(wire, created.expires_at, Instant::now()));
                    }
                    _ => return Err(ConnectError::Unreachable("something else than a session".into())),
                },
                Received::Alive | Received::Binary => {}
                Received::Closed(_) | Received::Broken(_) => {
                    return Err(ConnectError::Unreachable("closed before it was a session".into()));
                }
            }
        }
    }

    fn new(wire: ModelWire, expires_at: Option<i64>, now: Instant) -> Self {
        let max_age = expires_at.map_or(MAX_AGE, |at| MAX_AGE.min(until(at) / MAX_AGE_SHARE));
        Self { wire, expires_at, leaves_at: now + max_age, pinged_at: now, alive: true }
    }

    /// Reads what has come and writes what is due. `false` when this is not a fresh session any more: it ended, or
    /// sent an event that a fresh session does not send.
    fn poll_idle(&mut self, cx: &mut Context<'_>) -> bool {
        if self.wire.needs_flush() && matches!(self.wire.poll_flush(cx), Poll::Ready(Err(_))) {
            return false;
        }
        loop {
            match self.wire.poll_receive(cx) {
                Poll::Pending => return true,
                Poll::Ready(Received::Alive | Received::Binary) => self.alive = true,
                Poll::Ready(Received::Text(_) | Received::Closed(_) | Received::Broken(_)) => return false,
            }
        }
    }

    /// Sends a ping when one is due. An unanswered earlier ping means that the peer is gone.
    fn answers(&mut self, now: Instant) -> bool {
        if now < self.pinged_at + PING_EVERY {
            return true;
        }
        self.pinged_at = now;
        self.wire.ping();
        std::mem::take(&mut self.alive)
    }

    async fn leave(self) {
        self.wire.close(CloseCode::Normal).await;
    }
}

#[cfg(test)]
mod tests;
