//! The input audio buffer: what the caller said since the last turn was committed.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::vad::{Edge, Vad, VadSettings};
use crate::audio::mulaw::{self, BYTES_PER_MS};
use crate::audio::resample;
use crate::openai::refusal::ApiRefusal;

/// The largest audio of one append event (OpenAI Realtime GA: 15 MiB).
const MAX_APPEND_BYTES: usize = 15 * 1024 * 1024;

/// The shortest buffer that can be committed.
const MIN_COMMIT_MS: u64 = 100;

/// How much audio is held for one turn: an hour. Older audio is let go first.
const MAX_BUFFER_BYTES: usize = 3_600_000 * BYTES_PER_MS;

/// 24 kHz, the only PCM rate of the Realtime API, over 8 kHz.
const PCM_FACTOR: usize = 3;

/// An audio format of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AudioFormat {
    /// `audio/pcm`: 24 kHz, 16 bit, little endian; what a session has until it is told otherwise.
    Pcm24k,
    /// `audio/pcmu`: 8 kHz mu-law.
    Pcmu,
}

impl AudioFormat {
    /// Mu-law as this format goes over the wire, in base64.
    pub(super) fn encode(self, audio: &[u8]) -> String {
        match self {
            Self::Pcmu => BASE64_STANDARD.encode(audio),
            Self::Pcm24k => {
                let samples = resample::interpolate(&mulaw::decode_all(audio), PCM_FACTOR);
                let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
                BASE64_STANDARD.encode(bytes)
            }
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct InputBuffer {
    audio: Vec<u8>,
    /// Position of `audio[0]` in all audio ever appended, in bytes.
    start: u64,
    /// PCM bytes that do not make a whole 8 kHz sample yet.
    pcm: Vec<u8>,
    vad: Option<Vad>,
}

impl InputBuffer {
    /// Turns detection on, off, or changes its settings in mid-turn.
    pub(super) fn detect(&mut self, settings: Option<VadSettings>) {
        let clock_ms = self.clock_ms();
        match (settings, &mut self.vad) {
            (Some(settings), Some(vad)) => vad.retune(settings),
            (Some(settings), None) => self.vad = Some(Vad::new(settings, clock_ms)),
            (None, _) => self.vad = None,
        }
    }

    /// Takes the payload of an append event; returns it as mu-law with the turn edges heard in it.
    pub(super) fn append(
        &mut self,
        payload: &str,
        format: AudioFormat,
    ) -> Result<(Vec<u8>, Vec<Edge>), ApiRefusal> {
        let wanted = match format {
            AudioFormat::Pcm24k => "mono PCM16 at 24kHz",
            AudioFormat::Pcmu => "mono G.711 mu-law at 8kHz",
        };
        let bytes = BASE64_STANDARD.decode(payload).map_err(|_| {
            ApiRefusal::invalid("audio", format_args!("base64-encoded audio bytes ({wanted})"))
        })?;
        if bytes.len() > MAX_APPEND_BYTES {
            return Err(ApiRefusal::invalid("audio", format_args!("at most {MAX_APPEND_BYTES} bytes")));
        }
        let audio = match format {
            AudioFormat::Pcmu => bytes,
            AudioFormat::Pcm24k => self.downsample(&bytes),
        };
        self.audio.extend_from_slice(&audio);
        let excess = self.audio.len().saturating_sub(MAX_BUFFER_BYTES);
        self.audio.drain(..excess);
        self.start += excess as u64;
        let edges = self.vad.as_mut().map(|vad| vad.feed(&audio)).unwrap_or_default();
        Ok((audio, edges))
    }

    /// The whole buffer as a turn, as a client commits it.
    pub(super) fn commit(&mut self) -> Result<Vec<u8>, ApiRefusal> {
        let buffered = mulaw::duration_ms(&self.audio);
        if buffered < MIN_COMMIT_MS {
            let message = format!(
                "Error committing input audio buffer: buffer too small. Expected at least {MIN_COMMIT_MS}ms \
                 of audio, but buffer only has {buffered}.00ms of audio."
            );
            return Err(ApiRefusal::new("input_audio_buffer_commit_empty", message));
        }
        let audio = std::mem::take(&mut self.audio);
        self.start += audio.len() as u64;
        self.forget_turn();
        Ok(audio)
    }

    /// The audio between two moments of the input clock; everything before the end leaves the buffer.
    pub(super) fn take_turn(&mut self, from_ms: u64, to_ms: u64) -> Vec<u8> {
        let index = |ms: u64| {
            let position = (ms * BYTES_PER_MS as u64).saturating_sub(self.start) as usize;
            position.min(self.audio.len())
        };
        let (from, to) = (index(from_ms), index(to_ms));
        let turn = self.audio[from.min(to)..to].to_vec();
        self.audio.drain(..to);
        self.start += to as u64;
        turn
    }

    /// Throws the buffer away, and the turn in progress with it.
    pub(super) fn clear(&mut self) {
        self.start += self.audio.len() as u64;
        self.audio.clear();
        self.forget_turn();
    }

    /// Milliseconds appended so far.
    pub(super) fn clock_ms(&self) -> u64 {
        (self.start + self.audio.len() as u64) / BYTES_PER_MS as u64
    }

    fn forget_turn(&mut self) {
        if let Some(vad) = &mut self.vad {
            vad.reset();
        }
    }

    fn downsample(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.pcm.extend_from_slice(bytes);
        let whole = self.pcm.len() - self.pcm.len() % (2 * PCM_FACTOR);
        let samples: Vec<i16> = self
            .pcm
            .drain(..whole)
            .collect::<Vec<u8>>()
            .chunks_exact(2)
            .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
            .collect();
        mulaw::encode_all(&resample::decimate(&samples, PCM_FACTOR))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn append(buffer: &mut InputBuffer, ms: usize) {
        let audio = AudioFormat::Pcmu.encode(&vec![mulaw::SILENCE; ms * BYTES_PER_MS]);
        buffer.append(&audio, AudioFormat::Pcmu).unwrap();
    }

    #[test]
    fn a_turn_is_cut_out_by_the_audio_clock() {
        let mut buffer = InputBuffer::default();
        append(&mut buffer, 1_000);
        assert_eq!(buffer.take_turn(200, 700).len(), 500 * BYTES_PER_MS);
        append(&mut buffer, 100);
        assert_eq!(buffer.clock_ms(), 1_100);
        assert_eq!(buffer.commit().unwrap().len(), 400 * BYTES_PER_MS);
    }

    #[test]
    fn too_little_audio_cannot_be_committed() {
        let mut buffer = InputBuffer::default();
        append(&mut buffer, 80);
        assert_eq!(buffer.commit().unwrap_err().code, "input_audio_buffer_commit_empty");
    }

    #[test]
    fn pcm_of_24_khz_keeps_its_duration_whatever_the_chunks() {
        let pcm = AudioFormat::Pcm24k.encode(&[mulaw::SILENCE; 160]);
        let bytes = BASE64_STANDARD.decode(pcm).unwrap();
        assert_eq!(bytes.len(), 160 * 2 * PCM_FACTOR);
        let mut buffer = InputBuffer::default();
        for chunk in bytes.chunks(101) {
            buffer.append(&BASE64_STANDARD.encode(chunk), AudioFormat::Pcm24k).unwrap();
        }
        assert_eq!(buffer.clock_ms(), 20);
    }

    /// Trap: phone audio sent before the format is agreed is read as PCM and becomes noise of a sixth of
    /// its length.
    #[test]
    fn mu_law_read_as_pcm_is_too_short() {
        let mut buffer = InputBuffer::default();
        let phone = AudioFormat::Pcmu.encode(&[mulaw::SILENCE; 960]);
        buffer.append(&phone, AudioFormat::Pcm24k).unwrap();
        assert_eq!(buffer.clock_ms(), 20);
    }

    #[test]
    fn broken_or_oversized_audio_is_refused() {
        let mut buffer = InputBuffer::default();
        assert_eq!(buffer.append("not base64!", AudioFormat::Pcmu).unwrap_err().code, "invalid_value");
        let big = BASE64_STANDARD.encode(vec![0; MAX_APPEND_BYTES + 1]);
        assert!(buffer.append(&big, AudioFormat::Pcmu).unwrap_err().message.contains("15728640"));
        assert_eq!(buffer.clock_ms(), 0);
    }
}
