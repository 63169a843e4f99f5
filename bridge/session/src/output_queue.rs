//! Outputs until they are polled.

use std::collections::VecDeque;

use crate::output::{Event, Output};

/// More outputs than any frame of audio causes, so that frames do not allocate.
const CAPACITY: usize = 16;

/// The outputs of the input just handled, in order.
#[derive(Debug)]
pub(crate) struct OutputQueue {
    queue: VecDeque<Output>,
    /// A request that the model must not see before the audio that was kept for it.
    after_kept_audio: Option<Output>,
}

impl OutputQueue {
    pub(crate) fn new() -> Self {
        Self { queue: VecDeque::with_capacity(CAPACITY), after_kept_audio: None }
    }

    pub(crate) fn push(&mut self, output: Output) {
        self.queue.push_back(output);
    }

    /// Tells watchers.
    pub(crate) fn report(&mut self, event: Event) {
        self.push(Output::Event(event));
    }

    /// Holds an output back until the kept audio is polled.
    pub(crate) fn push_after_kept_audio(&mut self, output: Output) {
        self.after_kept_audio = Some(output);
    }

    pub(crate) fn pop(&mut self) -> Option<Output> {
        self.queue.pop_front()
    }

    pub(crate) fn pop_after_kept_audio(&mut self) -> Option<Output> {
        self.after_kept_audio.take()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.after_kept_audio.is_none()
    }
}
