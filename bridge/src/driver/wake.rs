//! What wakes a call, and in which order it looks.

use std::task::{Context, Poll};
use std::time::Instant;

use session::input::ModelLoss;

use super::CallDriver;
use super::effects::Effect;
use super::legs::NextRead;
use crate::caller_socket::CallerRead;
use crate::meters::MAX_INPUTS_PER_FLUSH;
use crate::model_socket::ModelRead;
use crate::ports::Ports;

pub(super) enum Wake {
    Caller(CallerRead),
    Model(ModelRead),
    NextModel(NextRead),
    Effect(Effect),
    Deadline,
}

impl<P: Ports> CallDriver<P> {
    /// Reads before it writes, so that what arrived together leaves together. After a full batch it writes
    /// first, and looks at everything that is no socket: a flood must not hold up a deadline.
    pub(super) fn poll_wake(&mut self, cx: &mut Context<'_>) -> Poll<Wake> {
        let batch_full = self.unflushed_inputs >= MAX_INPUTS_PER_FLUSH;
        if batch_full {
            self.unflushed_inputs = 0;
        } else if let Poll::Ready(wake) = self.poll_sockets(cx) {
            self.unflushed_inputs += 1;
            return Poll::Ready(wake);
        }
        if let Some(wake) = self.poll_flush(cx) {
            return Poll::Ready(wake);
        }
        match self.poll_waits(cx) {
            Poll::Pending if batch_full => self.poll_sockets(cx),
            polled => polled,
        }
    }

    /// The two sockets take turns in being read first, so that a flood from one cannot starve the other.
    fn poll_sockets(&mut self, cx: &mut Context<'_>) -> Poll<Wake> {
        self.model_first = !self.model_first;
        if self.model_first {
            match self.poll_model(cx) {
                Poll::Pending => self.poll_caller(cx),
                ready => ready,
            }
        } else {
            match self.poll_caller(cx) {
                Poll::Pending => self.poll_model(cx),
                ready => ready,
            }
        }
    }

    fn poll_caller(&mut self, cx: &mut Context<'_>) -> Poll<Wake> {
        self.caller.poll_receive(cx).map(Wake::Caller)
    }

    fn poll_model(&mut self, cx: &mut Context<'_>) -> Poll<Wake> {
        self.legs.poll_current(cx).map(Wake::Model)
    }

    fn poll_waits(&mut self, cx: &mut Context<'_>) -> Poll<Wake> {
        if let Poll::Ready(read) = self.legs.poll_next(cx) {
            return Poll::Ready(Wake::NextModel(read));
        }
        if let Poll::Ready(effect) = self.effects.poll_next(cx) {
            return Poll::Ready(Wake::Effect(effect));
        }
        let due = match self.session.poll_timeout() {
            Some((deadline, _)) => deadline.min(self.keep_alive_at),
            None => self.keep_alive_at,
        };
        self.timer.poll(cx, due).map(|()| Wake::Deadline)
    }

    /// Gives both sockets what waits for them. A socket that cannot be written is as gone as one that cannot
    /// be read.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Option<Wake> {
        if self.caller.needs_flush() {
            match self.caller.poll_flush(cx) {
                Poll::Ready(Ok(())) => {
                    if self.meters.wants_down_flush() {
                        self.meters.down_flushed(Instant::now());
                    }
                }
                Poll::Ready(Err(_)) => return Some(Wake::Caller(self.caller.give_up())),
                Poll::Pending => {}
            }
        }
        if let Some(model) = &mut self.legs.current
            && model.needs_flush()
        {
            match model.poll_flush(cx) {
                Poll::Ready(Ok(())) => {
                    if self.meters.up.is_waiting() {
                        self.meters.up.flushed(Instant::now());
                    }
                }
                Poll::Ready(Err(_)) => return Some(Wake::Model(ModelRead::Lost(ModelLoss::Transient))),
                Poll::Pending => {}
            }
        }
        None
    }
}
