//! What is said when: the same for every target, whatever it does with it.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// A frame of a telephone line (Twilio Media Streams docs: 160 bytes of mu-law).
pub(crate) const FRAME_MS: u32 = 20;
pub(crate) const FRAME: Duration = Duration::from_millis(FRAME_MS as u64);

/// How long a response speaks if it is not interrupted.
pub(crate) const ANSWER_MS: u32 = 2_000;
/// From the end of a response's playout to the caller's next words: no mark is outstanding by then.
pub(crate) const PAUSE: Duration = Duration::from_millis(300);
/// How long the caller speaks between responses.
pub(crate) const CALLER_SPEAKS: Duration = Duration::from_millis(300);
/// What the model still sends of a response after the caller interrupted it.
pub(crate) const LATE_DELTAS: u32 = 3;

const BURST_MIN_MS: u32 = 100;
const BURST_STEPS: u32 = 16;
/// How much faster than it plays a burst is generated.
const BURST_SPEED: u32 = 4;
/// Audio that runs ahead of the line in 20 ms deltas: with none, the line would stutter and never be audible.
const LEAD_MS: u32 = 200;

/// Calls that join per frame: few, because connecting is not what is measured.
const JOIN_PER_FRAME: u32 = 4;
/// From the last call's start until figures count.
const SETTLE: Duration = Duration::from_millis(1_000);
/// From the last audio until the caller hangs up: what is under way may arrive.
pub(crate) const LAST_WORDS: Duration = Duration::from_millis(500);

/// How the model sends its speech.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Deltas {
    /// 100 to 400 ms a delta, four times as fast as it plays: what the Realtime API does.
    #[serde(rename = "burst")]
    Burst,
    /// 20 ms a delta at the pace it plays: the most messages there can be.
    #[serde(rename = "20ms")]
    Paced,
}

impl Deltas {
    /// How long the call's delta with this number plays.
    pub(crate) fn audio_ms(self, call: u32, sequence: u32) -> u32 {
        match self {
            Self::Burst => {
                // Fibonacci hashing: neighbours differ, every run is the same.
                let hash = (call.wrapping_mul(31).wrapping_add(sequence)).wrapping_mul(0x9E37_79B9) >> 28;
                BURST_MIN_MS + hash % BURST_STEPS * FRAME_MS
            }
            Self::Paced => FRAME_MS,
        }
    }

    /// When a delta is sent that follows so much audio, after the response began.
    pub(crate) fn due(self, audio_before_ms: u32) -> Duration {
        Duration::from_millis(u64::from(match self {
            Self::Burst => audio_before_ms / BURST_SPEED,
            Self::Paced => audio_before_ms.saturating_sub(LEAD_MS),
        }))
    }
}

/// When the caller interrupts a response, after it began. Every second one, first while it is being
/// generated, then (in bursts) when it is only still being played. The greeting, number 0, is heard out.
pub(crate) const fn interruption(response: u32) -> Option<Duration> {
    match response % 4 {
        1 => Some(Duration::from_millis(400)),
        3 => Some(Duration::from_millis(1_200)),
        _ => None,
    }
}

/// When a load begins, counts and ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schedule {
    calls: u32,
    begins: Instant,
    pub(crate) counts_from: Instant,
    /// Both sides are silent from here on.
    pub(crate) ends: Instant,
}

impl Schedule {
    pub(crate) fn new(begins: Instant, calls: u32, connecting: Duration, measured: Duration) -> Self {
        let counts_from = begins + FRAME * (calls / JOIN_PER_FRAME + 1) + connecting + SETTLE;
        Self { calls, begins, counts_from, ends: counts_from + measured }
    }

    /// When a call begins. Its frames keep the phase, so that those of all calls are spread evenly.
    pub(crate) fn start_of(&self, call: u32) -> Instant {
        self.begins + FRAME * (call / JOIN_PER_FRAME) + FRAME * call / self.calls.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bursts_have_every_length_from_100_to_400_ms() {
        let lengths: std::collections::BTreeSet<u32> =
            (0..200).map(|sequence| Deltas::Burst.audio_ms(3, sequence)).collect();
        assert_eq!(lengths.into_iter().collect::<Vec<_>>(), (100..=400).step_by(20).collect::<Vec<_>>());
    }

    #[test]
    fn speech_always_runs_ahead_of_the_line() {
        for (deltas, before_ms) in [(Deltas::Burst, 400), (Deltas::Paced, 220), (Deltas::Paced, 1_980)] {
            let plays_at = Duration::from_millis(u64::from(before_ms));
            assert!(deltas.due(before_ms) < plays_at, "{deltas:?} after {before_ms} ms");
        }
    }

    #[test]
    fn an_interruption_meets_speech_and_the_greeting_has_none() {
        assert_eq!(interruption(0), None);
        let answer = Duration::from_millis(u64::from(ANSWER_MS));
        let (first, second) = (interruption(1).unwrap(), interruption(3).unwrap());
        assert!(first < Deltas::Burst.due(ANSWER_MS), "while it is generated");
        assert!(Deltas::Burst.due(ANSWER_MS) < second && second < answer, "while it is only played");
    }

    #[test]
    fn the_frames_of_all_calls_are_spread_over_one_frame() {
        let begins = Instant::now();
        let schedule = Schedule::new(begins, 4, Duration::ZERO, Duration::from_secs(1));
        let phases: Vec<u128> =
            (0..4).map(|call| (schedule.start_of(call) - begins).as_millis() % 20).collect();
        assert_eq!(phases, [0, 5, 10, 15]);
        assert!(schedule.start_of(3) < schedule.counts_from);
    }
}
