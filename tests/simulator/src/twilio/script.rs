//! What the person at the other end says and does, decided one 20 ms frame at a time.

use std::collections::VecDeque;

use super::ear::Ear;
use super::line::{FRAME_MS, FRAME_SAMPLES};
use crate::audio::mulaw;

/// How long a script may keep its caller on the line unless it says otherwise, in milliseconds.
pub const DEFAULT_MAX_MS: u64 = 120_000;

/// The time one digit takes: its tone and the gap after it, in milliseconds.
const DTMF_DIGIT_MS: u64 = 200;

/// A caller's part of the conversation. After the last step the caller stays silently on the line until
/// the other side hangs up or `max_ms` have passed since the answer.
#[derive(Clone)]
pub struct CallerScript {
    /// What to do, in order.
    pub steps: Vec<CallerStep>,
    /// The caller hangs up this long after the answer whatever the steps, in milliseconds.
    pub max_ms: u64,
    /// What the line carries while the caller says nothing.
    pub silence: CallerSilence,
}

impl CallerScript {
    /// These steps on a digitally silent line, for at most [`DEFAULT_MAX_MS`].
    pub const fn new(steps: Vec<CallerStep>) -> Self {
        Self { steps, max_ms: DEFAULT_MAX_MS, silence: CallerSilence::Digital }
    }
}

/// One thing a caller does.
#[derive(Clone)]
pub enum CallerStep {
    /// Says something.
    Say {
        /// The audio, at 8 kHz.
        mulaw: Vec<u8>,
        /// Names it in the events.
        label: String,
    },
    /// Waits until the agent has spoken since this step began and has then been quiet again.
    WaitForAgent {
        /// How long it must be quiet.
        quiet_ms: u64,
        /// The longest wait.
        max_ms: u64,
    },
    /// Waits until the agent has been audible this long in one go; the next step interrupts it.
    BargeIn {
        /// Short pauses count as speech.
        after_agent_ms: u64,
    },
    /// Says nothing.
    Pause {
        /// For how long.
        ms: u64,
    },
    /// Presses keys, one every 200 ms.
    Dtmf {
        /// 0 to 9, `*` and `#`.
        digits: String,
    },
    /// Hangs up.
    HangUp,
}

/// What a silent caller's line carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallerSilence {
    /// Frames of 0xFF.
    Digital,
    /// Frames of faint noise, as from a telephone in a room.
    ComfortNoise,
    /// No frames: the stream's timestamps jump (Twilio Media Streams docs: gaps occur).
    Gaps,
}

/// What the caller does in one frame.
pub(crate) struct CallerFrame {
    /// The sound, in full even where the stream omits it.
    pub(crate) audio: [u8; FRAME_SAMPLES],
    /// Nothing is sent for this frame.
    pub(crate) gap: bool,
}

/// A noteworthy moment at the beginning of a frame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Cue {
    SpeechStarted(String),
    SpeechEnded(String),
    Digit(char),
    HangUp,
}

enum Step {
    Next,
    Saying { mulaw: Vec<u8>, offset: usize, label: String },
    Waiting { since_ms: u64, quiet_ms: u64, max_ms: u64 },
    BargingIn { after_agent_ms: u64 },
    Pausing { until_ms: u64 },
    Pressing { digits: VecDeque<char>, next_ms: u64 },
    Gone,
}

/// A script in progress.
pub(crate) struct ScriptRunner {
    steps: VecDeque<CallerStep>,
    step: Step,
    max_ms: u64,
    silence: CallerSilence,
    now_ms: u64,
}

impl ScriptRunner {
    pub(crate) fn new(script: CallerScript) -> Self {
        let CallerScript { steps, max_ms, silence } = script;
        Self { steps: steps.into(), step: Step::Next, max_ms, silence, now_ms: 0 }
    }

    /// The frame that begins now, knowing all the caller has heard up to now.
    pub(crate) fn next_frame(&mut self, ear: &Ear) -> (CallerFrame, Vec<Cue>) {
        let mut cues = Vec::new();
        if self.now_ms >= self.max_ms && !matches!(self.step, Step::Gone) {
            self.step = Step::Gone;
            cues.push(Cue::HangUp);
        }
        let spoken = self.advance(ear, &mut cues);
        self.now_ms += FRAME_MS;
        let frame = match spoken {
            Some(audio) => CallerFrame { audio, gap: false },
            None => self.quiet_frame(),
        };
        (frame, cues)
    }

    /// Takes steps until one fills the frame; `None` is a silent frame.
    fn advance(&mut self, ear: &Ear, cues: &mut Vec<Cue>) -> Option<[u8; FRAME_SAMPLES]> {
        loop {
            match &mut self.step {
                Step::Next => self.step = begin(self.steps.pop_front()?, self.now_ms, cues),
                Step::Saying { mulaw, offset, label } => {
                    if *offset < mulaw.len() {
                        let chunk = &mulaw[*offset..mulaw.len().min(*offset + FRAME_SAMPLES)];
                        let mut audio = [mulaw::SILENCE; FRAME_SAMPLES];
                        audio[..chunk.len()].copy_from_slice(chunk);
                        *offset += FRAME_SAMPLES;
                        return Some(audio);
                    }
                    cues.push(Cue::SpeechEnded(std::mem::take(label)));
                    self.step = Step::Next;
                }
                Step::Waiting { since_ms, quiet_ms, max_ms } => {
                    let heard = ear.last_sound_ms().is_some_and(|at| at > *since_ms);
                    if self.now_ms - *since_ms < *max_ms && !(heard && ear.quiet_ms() >= *quiet_ms) {
                        return None;
                    }
                    self.step = Step::Next;
                }
                Step::BargingIn { after_agent_ms } => {
                    if ear.speaking_ms().is_none_or(|ms| ms < *after_agent_ms) {
                        return None;
                    }
                    self.step = Step::Next;
                }
                Step::Pausing { until_ms } => {
                    if self.now_ms < *until_ms {
                        return None;
                    }
                    self.step = Step::Next;
                }
                Step::Pressing { digits, next_ms } => {
                    if self.now_ms < *next_ms {
                        return None;
                    }
                    match digits.pop_front() {
                        Some(digit) => {
                            *next_ms += DTMF_DIGIT_MS;
                            cues.push(Cue::Digit(digit));
                        }
                        None => self.step = Step::Next,
                    }
                }
                Step::Gone => return None,
            }
        }
    }

    fn quiet_frame(&self) -> CallerFrame {
        let audio = match self.silence {
            CallerSilence::Digital | CallerSilence::Gaps => [mulaw::SILENCE; FRAME_SAMPLES],
            CallerSilence::ComfortNoise => comfort_noise(self.now_ms),
        };
        CallerFrame { audio, gap: self.silence == CallerSilence::Gaps }
    }
}

fn begin(step: CallerStep, now_ms: u64, cues: &mut Vec<Cue>) -> Step {
    match step {
        CallerStep::Say { mulaw, label } => {
            cues.push(Cue::SpeechStarted(label.clone()));
            Step::Saying { mulaw, offset: 0, label }
        }
        CallerStep::WaitForAgent { quiet_ms, max_ms } => Step::Waiting { since_ms: now_ms, quiet_ms, max_ms },
        CallerStep::BargeIn { after_agent_ms } => Step::BargingIn { after_agent_ms },
        CallerStep::Pause { ms } => Step::Pausing { until_ms: now_ms + ms },
        CallerStep::Dtmf { digits } => Step::Pressing { digits: digits.chars().collect(), next_ms: now_ms },
        CallerStep::HangUp => {
            cues.push(Cue::HangUp);
            Step::Gone
        }
    }
}

/// The lowest steps of the codec either side of zero, in an order fixed by the time so that runs repeat.
fn comfort_noise(now_ms: u64) -> [u8; FRAME_SAMPLES] {
    let mut state = now_ms.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    std::array::from_fn(|_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        [0xFF, 0xFE, 0x7F, 0x7E][(state >> 62) as usize]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: [u8; FRAME_SAMPLES] = [mulaw::SILENCE; FRAME_SAMPLES];
    const LOUD: [u8; FRAME_SAMPLES] = [0x10; FRAME_SAMPLES];

    /// Runs the script against an agent audible in `agent` frames; returns each cue with its millisecond.
    fn run(steps: Vec<CallerStep>, frames: u64, agent: impl Fn(u64) -> bool) -> Vec<(u64, Cue)> {
        let mut runner = ScriptRunner::new(CallerScript { max_ms: 4_000, ..CallerScript::new(steps) });
        let mut ear = Ear::new();
        let mut timeline = Vec::new();
        for frame in 0..frames {
            let (_, cues) = runner.next_frame(&ear);
            timeline.extend(cues.into_iter().map(|cue| (frame * FRAME_MS, cue)));
            ear.hear(if agent(frame) { &LOUD } else { &QUIET });
        }
        timeline
    }

    #[test]
    fn the_caller_waits_for_the_agents_turn_to_end() {
        let steps = vec![CallerStep::WaitForAgent { quiet_ms: 300, max_ms: 3_000 }, CallerStep::HangUp];
        // Audible from 100 to 500 ms, then quiet: 300 ms of quiet are full at 800 ms.
        assert_eq!(run(steps, 200, |frame| (5..25).contains(&frame)), [(800, Cue::HangUp)]);
    }

    #[test]
    fn waiting_for_an_agent_that_never_speaks_has_an_end() {
        let steps = vec![CallerStep::WaitForAgent { quiet_ms: 300, max_ms: 1_000 }, CallerStep::HangUp];
        assert_eq!(run(steps, 200, |_| false), [(1_000, Cue::HangUp)]);
    }

    #[test]
    fn a_barge_in_starts_speaking_while_the_agent_is_audible() {
        let say = CallerStep::Say { mulaw: vec![0x20; 400], label: "stop".into() };
        let timeline = run(vec![CallerStep::BargeIn { after_agent_ms: 200 }, say], 100, |frame| frame >= 10);
        let expected = [(400, Cue::SpeechStarted("stop".into())), (460, Cue::SpeechEnded("stop".into()))];
        assert_eq!(timeline, expected);
    }

    #[test]
    fn keys_are_pressed_one_after_another() {
        let steps = vec![CallerStep::Dtmf { digits: "1#".into() }, CallerStep::HangUp];
        assert_eq!(
            run(steps, 100, |_| false),
            [(0, Cue::Digit('1')), (200, Cue::Digit('#')), (400, Cue::HangUp)]
        );
    }

    #[test]
    fn a_caller_with_nothing_more_to_do_leaves_at_the_limit() {
        assert_eq!(run(Vec::new(), 300, |_| true), [(4_000, Cue::HangUp)]);
    }

    #[test]
    fn speech_is_sent_byte_for_byte_and_padded_with_silence() {
        let mulaw: Vec<u8> = (0..200).map(|byte| byte as u8).collect();
        let steps = vec![CallerStep::Say { mulaw: mulaw.clone(), label: String::new() }];
        let mut runner = ScriptRunner::new(CallerScript::new(steps));
        let ear = Ear::new();
        let sent: Vec<u8> = (0..2).flat_map(|_| runner.next_frame(&ear).0.audio).collect();
        assert_eq!(sent[..200], mulaw);
        assert_eq!(sent[200..], [mulaw::SILENCE; 120]);
    }

    #[test]
    fn only_a_line_with_gaps_omits_frames_and_only_while_silent() {
        for (silence, gap) in [
            (CallerSilence::Digital, false),
            (CallerSilence::ComfortNoise, false),
            (CallerSilence::Gaps, true),
        ] {
            let say = CallerStep::Say { mulaw: vec![0x20; FRAME_SAMPLES], label: String::new() };
            let mut runner = ScriptRunner::new(CallerScript { silence, ..CallerScript::new(vec![say]) });
            let ear = Ear::new();
            assert!(!runner.next_frame(&ear).0.gap);
            assert_eq!(runner.next_frame(&ear).0.gap, gap);
        }
    }
}
