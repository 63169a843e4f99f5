//! The session as its driver sees it: inputs and timeouts in, outputs out.

use std::time::Instant;

use crate::facts::caller_audio::Kept;
use crate::input::Input;
use crate::output::{Audio, Output};
use crate::phase::Phase;
use crate::session::{Session, Unpolled};

impl Session {
    /// Takes one input.
    ///
    /// # Errors
    /// [`Unpolled`]: outputs of the last input or timeout are still to be polled. The input was not taken.
    pub fn handle_input(&mut self, now: Instant, input: Input<'_>) -> Result<(), Unpolled> {
        self.all_polled()?;
        match self.phase {
            Phase::AwaitingStart => self.awaiting_start(now, input),
            Phase::Connecting => self.connecting(now, input),
            Phase::Live => self.live(now, input),
            Phase::Closing(reason) => self.closing(now, reason, input),
            Phase::Closed => {}
        }
        Ok(())
    }

    /// Acts on every deadline that has passed.
    ///
    /// # Errors
    /// [`Unpolled`]: outputs of the last input or timeout are still to be polled. The timeout was not taken.
    pub fn handle_timeout(&mut self, now: Instant) -> Result<(), Unpolled> {
        self.all_polled()?;
        while let Some((_, deadline)) = self.earliest().filter(|(at, _)| *at <= now) {
            match self.phase {
                Phase::AwaitingStart | Phase::Connecting => self.connecting_deadline(now, deadline),
                Phase::Live => self.live_deadline(now, deadline),
                Phase::Closing(reason) => self.close(now, reason),
                Phase::Closed => {}
            }
        }
        Ok(())
    }

    /// What to do next; `None` until the next input or timeout.
    ///
    /// What was kept while the model connected goes to it before anything newer. It is taken from where it lies:
    /// seconds of audio never sit in the queue.
    pub fn poll_output(&mut self) -> Option<Output> {
        if let Some(output) = self.outputs.pop() {
            return Some(output);
        }
        if self.forwards_kept_audio()
            && let Some(kept) = self.facts.line.forward_kept()
        {
            return Some(Output::AudioToModel(match kept {
                Kept::Frame(payload) => Audio::Kept(payload),
                Kept::Gap(gap) => Audio::Silence(gap),
            }));
        }
        self.outputs.pop_after_kept_audio()
    }

    fn all_polled(&self) -> Result<(), Unpolled> {
        let kept = self.forwards_kept_audio() && self.facts.line.has_kept();
        if self.outputs.is_empty() && !kept { Ok(()) } else { Err(Unpolled) }
    }
}
