//! The line in real time: an absolute clock, so that sleeping late is made up for and nothing drifts.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Heard, LineState, ListenerId};
use crate::twilio::events::{CallEventKind, EventLog, LineRecording};
use crate::twilio::lock;
use crate::twilio::playout::QueueFull;
use crate::twilio::script::CallerScript;

/// One sample at 8 kHz.
const SAMPLE: Duration = Duration::from_micros(125);

/// The line of one call, shared by everything that plays, listens or records on it.
#[derive(Clone)]
pub(crate) struct Line {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<LineState>,
    answered: OnceLock<Instant>,
    /// A mark was queued that may be due before the sleeper wakes.
    sooner: Notify,
    ended: CancellationToken,
}

impl Line {
    /// A line not answered yet. `hung_up` is told when the script's person hangs up.
    pub(crate) fn new(script: CallerScript, events: EventLog, hung_up: mpsc::Sender<()>) -> Self {
        let shared = Shared {
            state: Mutex::new(LineState::new(script, events, hung_up)),
            answered: OnceLock::new(),
            sooner: Notify::new(),
            ended: CancellationToken::new(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// The answer: time starts to pass.
    pub(crate) fn answer(&self, tasks: &TaskTracker) {
        let mut state = lock(&self.shared.state);
        if self.shared.answered.set(Instant::now()).is_ok() {
            state.begin_frame();
            tasks.spawn(Arc::clone(&self.shared).run());
        }
    }

    /// The length of the call so far, in samples.
    pub(crate) fn position(&self) -> usize {
        self.now(|state| state.position())
    }

    /// Logs an event at the present moment.
    pub(crate) fn log(&self, kind: CallEventKind) {
        self.now(|state| state.log(kind));
    }

    /// Plays audio after all that is queued; the receiver resolves when it has been heard.
    pub(crate) fn play_out(&self, audio: Bytes) -> Result<oneshot::Receiver<()>, QueueFull> {
        let played = self.now(|state| state.play_out(audio));
        self.shared.sooner.notify_one();
        played
    }

    /// Queues a media payload of a stream that listens.
    pub(crate) fn stream_audio(&self, id: ListenerId, audio: Bytes) -> Result<(), QueueFull> {
        self.now(|state| if state.is_listening(id) { state.playout.push_audio(audio) } else { Ok(()) })
    }

    /// Queues a mark behind all audio sent before it.
    pub(crate) fn stream_mark(&self, id: ListenerId, name: String) -> Result<(), QueueFull> {
        let queued = self.now(|state| if state.is_listening(id) { state.stream_mark(name) } else { Ok(()) });
        self.shared.sooner.notify_one();
        queued
    }

    /// Throws away what has not been heard yet.
    pub(crate) fn clear(&self, id: ListenerId) {
        self.now(|state| {
            if state.is_listening(id) {
                state.clear();
            }
        });
    }

    /// Listens to the caller from here on, in place of any other listener.
    pub(crate) fn listen(&self) -> (ListenerId, mpsc::Receiver<Heard>) {
        self.now(LineState::listen)
    }

    /// Stops listening and playing.
    pub(crate) fn detach(&self) {
        self.now(LineState::detach);
    }

    /// Both sides from a position on.
    pub(crate) fn since(&self, from: usize) -> LineRecording {
        self.now(|state| state.recording.since(from))
    }

    /// The end of the line and its whole recording.
    pub(crate) fn finish(&self) -> LineRecording {
        self.now(|state| {
            self.shared.ended.cancel();
            state.finish()
        })
    }

    /// Brings the line up to the present, then acts on it.
    fn now<T>(&self, act: impl FnOnce(&mut LineState) -> T) -> T {
        let mut state = lock(&self.shared.state);
        self.shared.catch_up(&mut state);
        act(&mut state)
    }
}

impl Shared {
    fn catch_up(&self, state: &mut LineState) {
        if let Some(answered) = self.answered.get()
            && !self.ended.is_cancelled()
        {
            state.advance_to((answered.elapsed().as_micros() / SAMPLE.as_micros()) as usize);
        }
    }

    async fn run(self: Arc<Self>) {
        let Some(&answered) = self.answered.get() else { return };
        loop {
            let due = {
                let mut state = lock(&self.state);
                self.catch_up(&mut state);
                state.next_due()
            };
            let wake = answered + SAMPLE * u32::try_from(due).unwrap_or(u32::MAX);
            tokio::select! {
                () = tokio::time::sleep_until(wake) => {}
                () = self.sooner.notified() => {}
                () = self.ended.cancelled() => return,
            }
        }
    }
}
