//! The telephone line of one call: its clock, what each side says on it, and the recording of both.
//!
//! Both channels lie on one timeline that starts with the answer, sample 0. The agent's channel is what
//! has really been played; the caller's comes from the script in frames of 20 ms, each sent when it has
//! been spoken. Everything here takes the sample as an argument; [`clock`] drives it in real time.

mod clock;

use bytes::Bytes;
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::sync::oneshot;

pub(crate) use self::clock::Line;
use super::ear::{Change, Ear};
use super::events::{CallEventKind, EventLog, LineRecording};
use super::playout::{Playout, QueueFull};
use super::script::{CallerFrame, CallerScript, Cue, ScriptRunner};
use crate::audio::mulaw;

/// Twilio sends the caller's audio in frames this long, in milliseconds.
pub(crate) const FRAME_MS: u64 = 20;

/// Samples, which are bytes of mu-law, in a frame.
pub(crate) const FRAME_SAMPLES: usize = FRAME_MS as usize * mulaw::BYTES_PER_MS;

/// Frames a listener may fall behind before it misses some: 20 seconds.
pub(crate) const TAP_FRAMES: usize = 1_000;

/// What a listener to the caller receives.
pub(crate) enum Heard {
    /// 20 ms have been spoken; `None` where nothing is sent for them.
    Frame(Option<[u8; FRAME_SAMPLES]>),
    Digit(char),
    /// A mark of the stream is due back.
    Mark(String),
}

/// Tells one listener of the line from those before it, whose late words are ignored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ListenerId(u64);

struct Tap {
    id: ListenerId,
    heard: mpsc::Sender<Heard>,
}

/// A place in the agent's audio.
enum Mark {
    Stream(String),
    Done(oneshot::Sender<()>),
}

/// The state of the line up to a sample.
pub(crate) struct LineState {
    playout: Playout<Mark>,
    script: ScriptRunner,
    ear: Ear,
    /// Being spoken; recorded and sent when it is complete.
    frame: CallerFrame,
    recording: LineRecording,
    ended_at: Option<usize>,
    tap: Option<Tap>,
    listeners: u64,
    fell_behind: bool,
    hung_up: mpsc::Sender<()>,
    events: EventLog,
}

impl LineState {
    fn new(script: CallerScript, events: EventLog, hung_up: mpsc::Sender<()>) -> Self {
        Self {
            playout: Playout::new(),
            script: ScriptRunner::new(script),
            ear: Ear::new(),
            frame: CallerFrame { audio: [mulaw::SILENCE; FRAME_SAMPLES], gap: true },
            recording: LineRecording::default(),
            ended_at: None,
            tap: None,
            listeners: 0,
            fell_behind: false,
            hung_up,
            events,
        }
    }

    /// The samples played since the answer.
    fn position(&self) -> usize {
        self.ended_at.unwrap_or(self.recording.agent.len())
    }

    fn position_ms(&self) -> u64 {
        (self.position() / mulaw::BYTES_PER_MS) as u64
    }

    /// Lets time pass up to `sample`.
    fn advance_to(&mut self, sample: usize) {
        while self.ended_at.is_none() && self.position() < sample {
            self.play(sample.min(self.next_due()) - self.position());
            if self.position() == self.next_boundary() {
                self.end_frame();
                self.begin_frame();
            }
        }
    }

    fn next_boundary(&self) -> usize {
        self.recording.caller.len() + FRAME_SAMPLES
    }

    /// The next sample at which something is due.
    fn next_due(&self) -> usize {
        let mark = self.playout.next_mark_in().map_or(usize::MAX, |ahead| self.position() + ahead);
        mark.min(self.next_boundary())
    }

    fn play(&mut self, samples: usize) {
        for mark in self.playout.play(samples, &mut self.recording.agent) {
            self.return_mark(mark, true);
        }
    }

    fn return_mark(&mut self, mark: Mark, played: bool) {
        match mark {
            Mark::Stream(name) => {
                self.log(CallEventKind::MarkReturned { name: name.clone(), played });
                self.tell(Heard::Mark(name));
            }
            Mark::Done(done) => {
                // The verb that waited may have been abandoned by a redirect.
                let _ = done.send(());
            }
        }
    }

    fn end_frame(&mut self) {
        self.recording.caller.extend_from_slice(&self.frame.audio);
        let sent = (!self.frame.gap).then_some(self.frame.audio);
        self.tell(Heard::Frame(sent));
        let heard = self.recording.agent.last_chunk::<FRAME_SAMPLES>();
        match heard.and_then(|frame| self.ear.hear(frame)) {
            Some(Change::Started { at_ms }) => self.events.push(at_ms, CallEventKind::AgentSpeechStarted),
            Some(Change::Stopped { at_ms }) => self.events.push(at_ms, CallEventKind::AgentSpeechStopped),
            None => {}
        }
    }

    fn begin_frame(&mut self) {
        let (frame, cues) = self.script.next_frame(&self.ear);
        self.frame = frame;
        for cue in cues {
            match cue {
                Cue::SpeechStarted(label) => self.log(CallEventKind::CallerSpeechStarted(label.into())),
                Cue::SpeechEnded(label) => self.log(CallEventKind::CallerSpeechEnded(label.into())),
                Cue::Digit(digit) => {
                    self.log(CallEventKind::Dtmf(digit));
                    self.tell(Heard::Digit(digit));
                }
                // A second hang-up finds the first still waiting to be read.
                Cue::HangUp => drop(self.hung_up.try_send(())),
            }
        }
    }

    /// A listener that has fallen [`TAP_FRAMES`] behind misses what it cannot take.
    fn tell(&mut self, heard: Heard) {
        if let Some(tap) = &self.tap
            && let Err(TrySendError::Full(_)) = tap.heard.try_send(heard)
            && !std::mem::replace(&mut self.fell_behind, true)
        {
            self.log(CallEventKind::StreamFellBehind);
        }
    }

    fn log(&self, kind: CallEventKind) {
        self.events.push(self.position_ms(), kind);
    }

    /// Queues audio and reports when all of it has been played.
    fn play_out(&mut self, audio: Bytes) -> Result<oneshot::Receiver<()>, QueueFull> {
        let (done, played) = oneshot::channel();
        self.playout.push_audio(audio)?;
        self.playout.push_mark(Mark::Done(done))?;
        self.play(0);
        Ok(played)
    }

    fn listen(&mut self) -> (ListenerId, mpsc::Receiver<Heard>) {
        let (sender, heard) = mpsc::channel(TAP_FRAMES);
        self.listeners += 1;
        let id = ListenerId(self.listeners);
        self.tap = Some(Tap { id, heard: sender });
        (id, heard)
    }

    fn is_listening(&self, id: ListenerId) -> bool {
        self.tap.as_ref().is_some_and(|tap| tap.id == id)
    }

    fn stream_mark(&mut self, name: String) -> Result<(), QueueFull> {
        self.playout.push_mark(Mark::Stream(name))?;
        self.play(0);
        Ok(())
    }

    fn clear(&mut self) {
        let cleared = self.playout.clear();
        let dropped_ms = (cleared.samples / mulaw::BYTES_PER_MS) as u64;
        self.log(CallEventKind::Cleared { dropped_ms });
        for mark in cleared.marks {
            self.return_mark(mark, false);
        }
    }

    /// Ends the listening and silences whatever the listener had queued; its marks do not come back.
    fn detach(&mut self) {
        self.tap = None;
        self.playout.clear();
    }

    /// Closes the books: the last, incomplete frame is cut where the line ended.
    fn finish(&mut self) -> LineRecording {
        let spoken = self.position() - self.recording.caller.len();
        self.recording.caller.extend_from_slice(&self.frame.audio[..spoken]);
        self.detach();
        self.ended_at = Some(self.position());
        std::mem::take(&mut self.recording)
    }
}

#[cfg(test)]
mod tests;
