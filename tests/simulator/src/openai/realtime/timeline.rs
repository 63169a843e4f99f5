//! When each part of a reply is sent: a burst, faster than the caller will hear it.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::audio::mulaw::{self, BYTES_PER_MS};
use crate::openai::script::{Part, Reply, Speech, ToolCall};

/// How a reply is delivered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// From the request to the first output.
    pub first_delta: Duration,
    /// Audio seconds sent per second; the real API is well above 1.
    pub speed: f64,
    /// Shortest audio delta, in ms.
    pub min_delta_ms: u64,
    /// Longest audio delta, in ms.
    pub max_delta_ms: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self { first_delta: Duration::from_millis(20), speed: 10.0, min_delta_ms: 100, max_delta_ms: 400 }
    }
}

/// Delta sizes cycle through these shares of the span between shortest and longest, so that a run is the
/// same each time and yet no two neighbours are alike.
const SIZES: [f64; 4] = [0.0, 1.0, 0.33, 0.67];

/// Arguments of a tool call come in pieces of this many characters.
const ARGUMENT_CHARS: usize = 12;

/// How long the model takes for one of these pieces, so that a call can be interrupted in its middle.
const ARGUMENT_TIME: Duration = Duration::from_millis(5);

/// One thing to send.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Beat {
    OpenMessage,
    Transcript(String),
    Audio(Vec<u8>),
    CloseMessage,
    OpenCall { name: String },
    Arguments(String),
    CloseCall { announced_twice: bool },
    Finish,
}

/// The beats of a reply still to come, each with its time.
#[derive(Debug)]
pub(super) struct Timeline {
    beats: VecDeque<(Instant, Beat)>,
}

impl Timeline {
    pub(super) fn of(reply: &Reply, pace: &Pace, now: Instant) -> Self {
        let mut writer =
            Writer { at: now + reply.first_delta.unwrap_or(pace.first_delta), pace, beats: VecDeque::new() };
        for part in &reply.parts {
            match part {
                Part::Speech(speech) => writer.speech(speech),
                Part::ToolCall(call) => writer.tool_call(call),
            }
        }
        writer.push(Beat::Finish);
        Self { beats: writer.beats }
    }

    pub(super) fn next_at(&self) -> Option<Instant> {
        self.beats.front().map(|(at, _)| *at)
    }

    /// The next beat if its time has come.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<Beat> {
        self.beats.pop_front_if(|(at, _)| *at <= now).map(|(_, beat)| beat)
    }

    /// Moves everything to come by `gap`.
    pub(super) fn postpone(&mut self, gap: Duration) {
        for (at, _) in &mut self.beats {
            *at += gap;
        }
    }

    /// Gives up the rest, and hands out the audio that was already on its way.
    pub(super) fn cut(&mut self, late_deltas: usize) -> Vec<Vec<u8>> {
        let audio = self.beats.drain(..).filter_map(|(_, beat)| match beat {
            Beat::Audio(audio) => Some(audio),
            Beat::OpenMessage
            | Beat::Transcript(_)
            | Beat::CloseMessage
            | Beat::OpenCall { .. }
            | Beat::Arguments(_)
            | Beat::CloseCall { .. }
            | Beat::Finish => None,
        });
        audio.take(late_deltas).collect()
    }
}

struct Writer<'a> {
    at: Instant,
    pace: &'a Pace,
    beats: VecDeque<(Instant, Beat)>,
}

impl Writer<'_> {
    fn push(&mut self, beat: Beat) {
        self.beats.push_back((self.at, beat));
    }

    /// Words run ahead of their audio by up to one delta, as they do on the real socket.
    fn speech(&mut self, speech: &Speech) {
        self.push(Beat::OpenMessage);
        let mut words = speech.text.split_inclusive(' ').collect::<VecDeque<_>>();
        let total_words = words.len();
        let mut rest = &speech.mulaw[..];
        for share in SIZES.iter().cycle() {
            let span_ms = self.pace.max_delta_ms.saturating_sub(self.pace.min_delta_ms) as f64;
            let bytes = (self.pace.min_delta_ms + (span_ms * share) as u64).max(1) as usize * BYTES_PER_MS;
            let (delta, later) = rest.split_at(bytes.min(rest.len()));
            if delta.is_empty() {
                break;
            }
            rest = later;
            let words_later = total_words * rest.len() / speech.mulaw.len();
            let said: String = words.drain(..words.len() - words_later).collect();
            if !said.is_empty() {
                self.push(Beat::Transcript(said));
            }
            self.push(Beat::Audio(delta.to_vec()));
            self.at += Duration::from_secs_f64(mulaw::duration_ms(delta) as f64 / 1_000.0 / self.pace.speed);
        }
        self.push(Beat::CloseMessage);
    }

    fn tool_call(&mut self, call: &ToolCall) {
        self.push(Beat::OpenCall { name: call.name.clone() });
        let characters: Vec<char> = call.arguments.chars().collect();
        for piece in characters.chunks(ARGUMENT_CHARS) {
            self.push(Beat::Arguments(piece.iter().collect()));
            self.at += ARGUMENT_TIME;
        }
        self.push(Beat::CloseCall { announced_twice: call.announced_twice });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::speech;

    fn beats(reply: &Reply, pace: &Pace) -> Vec<(Instant, Beat)> {
        Timeline::of(reply, pace, Instant::now()).beats.into()
    }

    #[test]
    fn all_audio_and_all_words_are_sent_once_in_order() {
        let beats = beats(&Reply::say(&speech::AGENT_SLOTS), &Pace::default());
        let mut audio = Vec::new();
        let mut words = String::new();
        for (_, beat) in &beats {
            match beat {
                Beat::Audio(delta) => {
                    assert!(delta.len() <= 400 * BYTES_PER_MS);
                    audio.extend_from_slice(delta);
                }
                Beat::Transcript(text) => words.push_str(text),
                _ => {}
            }
        }
        assert_eq!(audio, speech::AGENT_SLOTS.mulaw());
        assert_eq!(words, speech::AGENT_SLOTS.text);
    }

    #[test]
    fn a_reply_is_sent_faster_than_it_is_heard() {
        let pace = Pace { speed: 4.0, ..Pace::default() };
        let beats = beats(&Reply::say(&speech::AGENT_GREETING), &pace);
        let took = beats[beats.len() - 1].0 - beats[0].0;
        let expected = Duration::from_millis(speech::AGENT_GREETING.duration_ms() / 4);
        assert!(took.abs_diff(expected) < Duration::from_millis(5), "{took:?}, not {expected:?}");
    }

    #[test]
    fn cutting_keeps_only_the_audio_under_way() {
        let mut timeline = Timeline::of(&Reply::say(&speech::AGENT_BYE), &Pace::default(), Instant::now());
        assert_eq!(timeline.cut(2).len(), 2);
        assert_eq!(timeline.next_at(), None);
    }

    #[test]
    fn a_tool_call_comes_in_pieces() {
        let beats = beats(&Reply::call("book", r#"{"time":"10:30","day":"Thursday"}"#), &Pace::default());
        let pieces: Vec<&Beat> = beats.iter().map(|(_, beat)| beat).collect();
        assert_eq!(pieces.len(), 6);
        assert_eq!(pieces[1], &Beat::Arguments(r#"{"time":"10:"#.to_owned()));
        assert_eq!(pieces[5], &Beat::Finish);
    }
}
