//! What was sent, what arrived, and what that means. Both ends of all calls write here.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::histogram::Histogram;
use crate::pulse::Pulse;
use crate::script::{Schedule, interruption};

/// Why a call was not carried.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CallError {
    #[error("the stream was not opened: {0}")]
    NotOpened(String),
    #[error("the stream ended in mid-call: {0}")]
    CutOff(String),
    #[error("the stream did not end after the caller hung up")]
    NotClosed,
    #[error("the model's end failed: {0}")]
    Model(String),
}

/// Everything that was counted.
#[derive(Debug, Default, Clone)]
pub(crate) struct Tally {
    pub(crate) up: Histogram,
    pub(crate) down: Histogram,
    pub(crate) greeting: Histogram,
    /// Like `greeting`, of calls that found a session ready when their stream started.
    pub(crate) greeting_warm: Histogram,
    /// From `speech_started` to `clear`.
    pub(crate) barge_in: Histogram,
    /// Between what was played and what the model was told was.
    pub(crate) truncate_error: Histogram,
    /// How late this generator itself was.
    pub(crate) lateness: Histogram,
    pub(crate) frames_sent: u64,
    pub(crate) frames_received: u64,
    /// Frames that came again, or after a later one.
    pub(crate) frames_disordered: u64,
    /// Audio of the responses that are not interrupted: all of it has to arrive.
    pub(crate) deltas_sent: u64,
    pub(crate) deltas_received: u64,
    pub(crate) late_audio_ms: u64,
    pub(crate) interruptions: u64,
    pub(crate) interruptions_unanswered: u64,
    pub(crate) truncates_missing: u64,
    pub(crate) clears_unexpected: u64,
    pub(crate) errors: Vec<CallError>,
}

pub(crate) struct Ledger {
    /// When the generator's clock began.
    epoch: Instant,
    schedule: Schedule,
    state: Mutex<State>,
}

struct State {
    tally: Tally,
    calls: Vec<MeasuredCall>,
}

#[derive(Default, Clone)]
struct MeasuredCall {
    started_ns: Option<u64>,
    next_frame: u32,
    interruption: Option<Interruption>,
}

/// Complete when both halves of the answer to it are there, in either order.
#[derive(Clone, Copy)]
struct Interruption {
    at_ns: u64,
    heard: Option<Duration>,
    truncated_ms: Option<u64>,
}

impl Ledger {
    pub(crate) fn new(calls: u32, schedule: Schedule) -> Self {
        let calls = vec![MeasuredCall::default(); calls as usize];
        let state = Mutex::new(State { tally: Tally::default(), calls });
        Self { epoch: Instant::now(), schedule, state }
    }

    pub(crate) const fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    pub(crate) fn is_over(&self) -> bool {
        Instant::now() >= self.schedule.ends
    }

    pub(crate) fn now_ns(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    pub(crate) fn tally(&self) -> Tally {
        self.state().tally.clone()
    }

    /// The generator woke for something that was due.
    pub(crate) fn woke(&self, due: Instant) {
        if self.counts(Instant::now()) {
            self.state().tally.lateness.record(due.elapsed());
        }
    }

    pub(crate) fn failed(&self, error: CallError) {
        self.state().tally.errors.push(error);
    }

    pub(crate) fn stream_started(&self, call: u32) {
        let now = self.now_ns();
        self.with_call(call, |_, call| call.started_ns = Some(now));
    }

    /// The greeting was asked for in a session that has been there since `ready`.
    pub(crate) fn greeting_requested(&self, call: u32, ready: Instant) {
        let now = self.now_ns();
        self.with_call(call, |tally, call| {
            if let Some(started) = call.started_ns {
                let took = now.saturating_sub(started);
                tally.greeting.record_ns(took);
                if ready < self.epoch + Duration::from_nanos(started) {
                    tally.greeting_warm.record_ns(took);
                }
            }
        });
    }

    pub(crate) fn frame_sent(&self) {
        self.state().tally.frames_sent += 1;
    }

    pub(crate) fn frame_received(&self, pulse: &Pulse) {
        let (now, counts) = (self.now_ns(), self.counts_ns(pulse.sent_ns));
        self.with_call(pulse.call, |tally, call| {
            if counts {
                tally.up.record_ns(now.saturating_sub(pulse.sent_ns));
            }
            if pulse.sequence < call.next_frame {
                tally.frames_disordered += 1;
            } else {
                tally.frames_received += 1;
                call.next_frame = pulse.sequence + 1;
            }
        });
    }

    pub(crate) fn delta_sent(&self, response: u32) {
        if interruption(response).is_none() {
            self.state().tally.deltas_sent += 1;
        }
    }

    pub(crate) fn delta_received(&self, pulse: &Pulse) {
        let now = self.now_ns();
        let mut state = self.state();
        if self.counts_ns(pulse.sent_ns) {
            state.tally.down.record_ns(now.saturating_sub(pulse.sent_ns));
        }
        if interruption(pulse.response).is_none() {
            state.tally.deltas_received += 1;
        }
    }

    /// Audio of a response that was already cleared reached the line.
    pub(crate) fn late_audio(&self, audio_ms: u32) {
        self.state().tally.late_audio_ms += u64::from(audio_ms);
    }

    /// The model is about to say that the caller speaks while a response is audible.
    pub(crate) fn interrupted(&self, call: u32) {
        let at_ns = self.now_ns();
        self.with_call(call, |tally, call| {
            tally.interruptions += 1;
            call.interruption = Some(Interruption { at_ns, heard: None, truncated_ms: None });
        });
    }

    /// The line was told to forget the response of which it had played so much.
    pub(crate) fn cleared(&self, call: u32, heard: Duration) {
        let now = self.now_ns();
        self.with_call(call, |tally, call| match &mut call.interruption {
            Some(interruption) if interruption.heard.is_none() => {
                interruption.heard = Some(heard);
                tally.barge_in.record_ns(now.saturating_sub(interruption.at_ns));
                interruption.compare(tally);
            }
            Some(_) | None => tally.clears_unexpected += 1,
        });
    }

    pub(crate) fn truncated(&self, call: u32, audio_end_ms: u64) {
        self.with_call(call, |tally, call| {
            if let Some(interruption) = &mut call.interruption {
                interruption.truncated_ms = Some(audio_end_ms);
                interruption.compare(tally);
            }
        });
    }

    /// The time to answer an interruption is over.
    pub(crate) fn interruption_over(&self, call: u32) {
        self.with_call(call, |tally, call| {
            if let Some(interruption) = call.interruption.take() {
                tally.interruptions_unanswered += u64::from(interruption.heard.is_none());
                tally.truncates_missing += u64::from(interruption.truncated_ms.is_none());
            }
        });
    }

    /// A call number that is not ours comes from audio that is not either.
    fn with_call(&self, call: u32, change: impl FnOnce(&mut Tally, &mut MeasuredCall)) {
        let mut state = self.state();
        let State { tally, calls } = &mut *state;
        if let Some(call) = calls.get_mut(call as usize) {
            change(tally, call);
        }
    }

    fn counts(&self, at: Instant) -> bool {
        (self.schedule.counts_from..self.schedule.ends).contains(&at)
    }

    fn counts_ns(&self, at_ns: u64) -> bool {
        self.counts(self.epoch + Duration::from_nanos(at_ns))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Interruption {
    fn compare(&self, tally: &mut Tally) {
        if let (Some(heard), Some(truncated_ms)) = (self.heard, self.truncated_ms) {
            tally.truncate_error.record(heard.abs_diff(Duration::from_millis(truncated_ms)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger() -> Ledger {
        let begins = Instant::now().checked_sub(Duration::from_secs(2)).unwrap();
        Ledger::new(1, Schedule::new(begins, 1, Duration::ZERO, Duration::from_secs(600)))
    }

    fn frame(sequence: u32) -> Pulse {
        Pulse { call: 0, response: 0, sequence, sent_ns: 0 }
    }

    #[test]
    fn frames_that_repeat_or_come_late_are_not_received_ones() {
        let ledger = ledger();
        [0, 1, 3, 2, 3].iter().for_each(|sequence| ledger.frame_received(&frame(*sequence)));
        ledger.frame_received(&Pulse { call: 9, ..frame(0) });
        let tally = ledger.tally();
        assert_eq!((tally.frames_received, tally.frames_disordered), (3, 2));
        assert_eq!(tally.up.total(), 5);
    }

    #[test]
    fn an_interruption_is_judged_by_both_answers_in_either_order() {
        let ledger = ledger();
        ledger.interrupted(0);
        ledger.truncated(0, 410);
        ledger.cleared(0, Duration::from_millis(400));
        ledger.interruption_over(0);
        ledger.interrupted(0);
        ledger.cleared(0, Duration::from_millis(7));
        ledger.interruption_over(0);
        let tally = ledger.tally();
        assert_eq!((tally.interruptions, tally.barge_in.total()), (2, 2));
        assert_eq!((tally.interruptions_unanswered, tally.truncates_missing), (0, 1));
        assert_eq!(tally.truncate_error.total(), 1);
        assert!((10.0..10.2).contains(&tally.truncate_error.quantile_ms(1_000).unwrap()));
    }

    #[test]
    fn a_session_is_warm_that_was_there_before_the_call() {
        let ledger = ledger();
        let before = Instant::now();
        ledger.stream_started(0);
        ledger.greeting_requested(0, before);
        ledger.greeting_requested(0, Instant::now());
        let tally = ledger.tally();
        assert_eq!((tally.greeting.total(), tally.greeting_warm.total()), (2, 1));
    }

    #[test]
    fn an_unrequested_clear_is_counted() {
        let ledger = ledger();
        ledger.cleared(0, Duration::ZERO);
        ledger.interrupted(0);
        ledger.cleared(0, Duration::ZERO);
        ledger.cleared(0, Duration::ZERO);
        assert_eq!(ledger.tally().clears_unexpected, 2);
    }

    #[test]
    fn only_uninterrupted_responses_have_to_arrive() {
        let ledger = ledger();
        (0..4).for_each(|response| ledger.delta_sent(response));
        (0..4).for_each(|response| ledger.delta_received(&Pulse { response, ..frame(0) }));
        assert_eq!((ledger.tally().deltas_sent, ledger.tally().deltas_received), (2, 2));
    }
}
