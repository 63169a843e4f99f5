//! Listening to a recording: where somebody speaks, what they say, and whether to believe it.
//!
//! The models give neither times nor speakers. The recording has a channel for each side, so it is cut into the
//! turns of each (`domain::transcript::speech`), each turn is transcribed by itself, and its place in the recording
//! is the time of its words. The recording is read in ranges, twice: once for the levels, once for the turns. At no
//! time is more of it in memory than the turns under way.
//!
//! What was heard of a turn is kept at once, so that a long recording need not be understood in one go.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use domain::prompt::ListeningHint;
use domain::recording::{Archived, RecordingSource, WAV_HEADER_MAX_BYTES, WavFormat, wav_layout};
use domain::transcript::Line;
use domain::transcript::quality::{Expected, Heard, flaw_of_words};
use domain::transcript::speech::{Levels, Limits, Piece, pieces};
use domain::transcript::stitch::stitch;
use futures_util::StreamExt as _;
use openai::transcription::{AudioContainer, TranscriptionRequest};
use platform::objects::{ObjectError, Objects};
use platform::openai_http::{OpenAiError, OpenAiHttp};
use platform::stores::leases::LeaseError;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::notes::Notes;

/// One read of the first pass.
const READ_BYTES: u64 = 1024 * 1024;
/// The most of a recording, both channels, that one turn may hold in memory. What is sent of it is a fraction, so
/// it stays below OpenAI's limit on files whatever the format is.
const TURN_MAX_BYTES: u64 = 16 * 1024 * 1024;
/// The longest turn sent as one; older models take no more than 25 minutes.
const TURN_MAX: Duration = Duration::from_secs(600);
/// Requests per recording.
const TURNS_MAX: usize = 96;
/// Requests at a time: what bounds memory, and how soon a rate limit is met.
const AT_A_TIME: usize = 4;
/// A turn is not begun so shortly before the deadline: its answer would be paid for and lost.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// What is needed to listen.
pub(super) struct Listener<'a> {
    pub(super) objects: &'a Objects,
    pub(super) openai: &'a OpenAiHttp,
    pub(super) models: &'a [String],
    pub(super) hint: ListeningHint,
    /// What was heard before, and what is to be kept of this.
    pub(super) notes: &'a Notes<'a>,
    pub(super) deadline: Instant,
}

/// What was understood.
pub(super) struct Understood {
    pub(super) lines: Vec<Line>,
    pub(super) heard: Vec<Heard>,
    pub(super) model: Option<String>,
    pub(super) listened_ms: u64,
    /// Why words were not believed, or a turn was taken by no model.
    pub(super) doubt: Option<String>,
}

/// Why there is no transcript. The texts come from us or from an error code, never from the call.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Somebody else has the work by now.
    Lease(LeaseError),
    /// Another attempt would end in the same way.
    Final(String),
    /// Another attempt may succeed.
    Transient(String),
    /// What is left does not fit into the time of this run.
    OutOfTime,
}

impl Failure {
    /// Of two, the one that says more about what is to follow.
    fn worse(self, other: Self) -> Self {
        let weight = |failure: &Self| match failure {
            Self::Lease(_) => 0,
            Self::Final(_) => 1,
            Self::Transient(_) => 2,
            Self::OutOfTime => 3,
        };
        if weight(&other) < weight(&self) { other } else { self }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Lease(error) => error.fmt(f),
            Self::Final(why) | Self::Transient(why) => f.write_str(why),
            Self::OutOfTime => f.write_str("there was not time enough to listen to all of it"),
        }
    }
}

impl From<ObjectError> for Failure {
    fn from(error: ObjectError) -> Self {
        if error.is_retryable() { Self::Transient(error.to_string()) } else { Self::Final(error.to_string()) }
    }
}

/// What a model made of one turn.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Answer {
    pub(super) text: String,
    pub(super) model: Option<String>,
    pub(super) doubt: Option<String>,
}

/// How far the listening has come, for those who are at it side by side.
#[derive(Default)]
struct Progress {
    /// The first model that has not been found to be gone.
    usable: AtomicUsize,
    /// Something went wrong: what is under way is ended, and nothing else begun.
    halted: AtomicBool,
}

impl Listener<'_> {
    pub(super) async fn listen(
        &self,
        archived: &Archived,
        source: RecordingSource,
    ) -> Result<Understood, Failure> {
        let head = 0..archived.bytes.min(WAV_HEADER_MAX_BYTES as u64);
        let head = self.objects.get_range(&archived.key, head).await?;
        // It was found to be as long as that when it was archived.
        let lasts = Duration::from_millis(archived.format.duration_ms);
        let (format, samples) = wav_layout(&head, archived.bytes, Some(lasts))
            .map_err(|error| Failure::Final(error.to_string()))?;
        if format.bits_per_sample != 16 {
            return Err(Failure::Final("the recording is not 16-bit PCM".to_owned()));
        }
        let channels = self.levels(archived, &format, samples.clone()).await?;
        let per_second = block(&format) * u64::from(format.sample_rate_hz);
        let limits = Limits {
            longest: TURN_MAX.min(Duration::from_secs(TURN_MAX_BYTES / per_second)),
            most: TURNS_MAX,
        };
        let audio = Audio { archived, format: &format, first: samples.start };
        let progress = Progress::default();
        let hear = |piece| self.hear(&audio, piece, &progress);
        let mut pieces = pieces(&channels, limits).into_iter();
        // The first one goes alone: a shut account or a retired model costs one request, not one for each turn.
        let mut answers = Vec::new();
        if let Some(first) = pieces.next() {
            answers.push(hear(first).await?);
        }
        // What is under way when one fails is waited for: it is paid for, and kept for the next attempt.
        let mut others = futures_util::stream::iter(pieces).map(hear).buffered(AT_A_TIME);
        let mut failure: Option<Failure> = None;
        while let Some(answer) = others.next().await {
            match answer {
                Ok(answer) => answers.push(answer),
                Err(other) => {
                    failure = Some(match failure {
                        Some(failure) => failure.worse(other),
                        None => other,
                    });
                }
            }
        }
        match failure {
            None => Ok(understood(answers, source, format.channels)),
            Some(failure) => Err(failure),
        }
    }

    /// A turn as it was heard before, or as a model hears it now.
    async fn hear(
        &self,
        audio: &Audio<'_>,
        piece: Piece,
        progress: &Progress,
    ) -> Result<(Piece, Answer), Failure> {
        let heard = async {
            if let Some(answer) = self.notes.of(&piece).await? {
                return Ok(answer);
            }
            let late = Instant::now() + ANSWER_WITHIN > self.deadline;
            if late || progress.halted.load(Ordering::Relaxed) {
                return Err(Failure::OutOfTime);
            }
            let answer = self.turn(audio, &piece, &progress.usable).await?;
            self.notes.keep(&piece, &answer).await?;
            Ok(answer)
        };
        let heard = heard.await;
        if heard.is_err() {
            progress.halted.store(true, Ordering::Relaxed);
        }
        Ok((piece, heard?))
    }

    /// The loudness of every channel, read in ranges.
    async fn levels(
        &self,
        archived: &Archived,
        format: &WavFormat,
        samples: Range<u64>,
    ) -> Result<Vec<Vec<u16>>, Failure> {
        let mut levels = vec![Levels::new(format.sample_rate_hz); usize::from(format.channels)];
        let block = block(format);
        let step = READ_BYTES - READ_BYTES % block;
        let end = samples.end - (samples.end - samples.start) % block;
        let mut at = samples.start;
        while at < end {
            let bytes = self.objects.get_range(&archived.key, at..end.min(at + step)).await?;
            if bytes.is_empty() {
                return Err(Failure::Final("the object is shorter than its record says".to_owned()));
            }
            for (n, sample) in bytes.chunks_exact(2).enumerate() {
                let channel = n % levels.len();
                levels[channel].push(i16::from_le_bytes([sample[0], sample[1]]));
            }
            at += step;
        }
        Ok(levels.into_iter().map(Levels::finish).collect())
    }

    async fn turn(
        &self,
        &Audio { archived, format, first }: &Audio<'_>,
        piece: &Piece,
        usable: &AtomicUsize,
    ) -> Result<Answer, Failure> {
        let at = |time: Duration| {
            let frame = time.as_millis() as u64 * u64::from(format.sample_rate_hz) / 1_000;
            first + frame * block(format)
        };
        let bytes = self.objects.get_range(&archived.key, at(piece.start)..at(piece.end)).await?;
        let audio = one_channel(&bytes, format, piece.channel);
        let (mut doubt, mut passing) = (None, None);
        for (n, model) in self.models.iter().enumerate().skip(usable.load(Ordering::Relaxed)) {
            let request = TranscriptionRequest::new(model)
                .languages(&self.hint.languages)
                .keywords(self.hint.keywords.iter().cloned())
                .prompt(&self.hint.context);
            let answer =
                self.openai.transcribe(&request, AudioContainer::Wav, audio.clone(), self.deadline).await;
            match answer {
                Ok(answer) => {
                    let text = answer.text.into_string();
                    let hint = self.hint.words();
                    let expected = Expected { languages: &self.hint.languages, hint: &hint };
                    match flaw_of_words(&text, piece.speech, &answer.languages, &expected) {
                        None => return Ok(Answer { text, model: Some(model.clone()), doubt: None }),
                        Some(flaw) => doubt = Some(flaw.to_string()),
                    }
                }
                Err(error) if error.refuses_account() => return Err(Failure::Final(error.to_string())),
                Err(error) if error.refuses_model() => {
                    tracing::warn!(model, %error, "the transcription model is refused: the next one serves");
                    usable.fetch_max(n + 1, Ordering::Relaxed);
                    doubt = Some(error.to_string());
                }
                Err(OpenAiError::Deadline) => return Err(Failure::OutOfTime),
                Err(error) if error.is_retryable() => passing = Some(error.to_string()),
                Err(error) => doubt = Some(error.to_string()),
            }
        }
        if let Some(why) = passing {
            return Err(Failure::Transient(why));
        }
        if usable.load(Ordering::Relaxed) >= self.models.len() {
            let why = doubt.unwrap_or_else(|| "TRANSCRIPTION_MODELS names no model".to_owned());
            return Err(Failure::Final(why));
        }
        Ok(Answer { text: String::new(), model: None, doubt })
    }
}

/// Where the samples are.
struct Audio<'a> {
    archived: &'a Archived,
    format: &'a WavFormat,
    /// The first byte of the first one.
    first: u64,
}

/// The turns' words as lines in their order, each with the speaker whose channel it is.
fn understood(answers: Vec<(Piece, Answer)>, source: RecordingSource, channels: u16) -> Understood {
    let mut all = Understood { lines: vec![], heard: vec![], model: None, listened_ms: 0, doubt: None };
    for (piece, Answer { text, model, doubt }) in answers {
        let speaker = source.speaker(channels, piece.channel);
        let text = text.trim();
        all.listened_ms += (piece.end - piece.start).as_millis() as u64;
        all.model = all.model.take().or(model);
        all.doubt = all.doubt.take().or(doubt);
        all.heard.push(Heard { speaker, speech: piece.speech, text: text.to_owned() });
        if text.is_empty() {
            continue;
        }
        match all.lines.iter_mut().rev().find(|line| line.speaker == speaker) {
            Some(line) if piece.continues => line.text = stitch(&line.text, text),
            Some(_) | None => all
                .lines
                .push(Line { start_ms: Some(piece.start.as_millis() as u64), ..Line::new(speaker, text) }),
        }
    }
    all
}

const fn block(format: &WavFormat) -> u64 {
    format.channels as u64 * 2
}

/// One channel as a WAV file of its own.
fn one_channel(bytes: &[u8], format: &WavFormat, channel: usize) -> Bytes {
    const HEADER_BYTES: u32 = 36;
    let samples = bytes.chunks_exact(usize::from(format.channels) * 2);
    let length = u32::try_from(samples.len() * 2).unwrap_or(u32::MAX - HEADER_BYTES);
    let mut wav = Vec::with_capacity(8 + HEADER_BYTES as usize + samples.len() * 2);
    wav.extend(b"RIFF");
    wav.extend((HEADER_BYTES + length).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16_u32.to_le_bytes());
    wav.extend(1_u16.to_le_bytes());
    wav.extend(1_u16.to_le_bytes());
    wav.extend(format.sample_rate_hz.to_le_bytes());
    wav.extend((format.sample_rate_hz * 2).to_le_bytes());
    wav.extend(2_u16.to_le_bytes());
    wav.extend(16_u16.to_le_bytes());
    wav.extend(b"data");
    wav.extend(length.to_le_bytes());
    for frame in samples {
        wav.extend(&frame[channel * 2..channel * 2 + 2]);
    }
    wav.into()
}

#[cfg(test)]
mod tests {
    use domain::Speaker;
    use domain::recording::wav_header;

    use super::*;

    fn answer(channel: usize, start_s: u64, text: &str, continues: bool) -> (Piece, Answer) {
        let (start, speech) = (Duration::from_secs(start_s), Duration::from_secs(1));
        let piece = Piece { channel, start, end: start + speech, speech, continues };
        (piece, Answer { text: text.into(), model: Some("m".into()), doubt: None })
    }

    #[test]
    fn what_counts_of_several_failures_is_what_decides_how_it_goes_on() {
        let shut = || Failure::Final("the account is shut".into());
        let busy = || Failure::Transient("busy".into());
        for (a, b, worse) in [
            (Failure::OutOfTime, busy(), busy()),
            (busy(), Failure::OutOfTime, busy()),
            (busy(), shut(), shut()),
            (shut(), Failure::Lease(LeaseError::Fenced), Failure::Lease(LeaseError::Fenced)),
        ] {
            assert_eq!(a.worse(b), worse);
        }
    }

    #[test]
    fn a_channel_by_itself_is_a_file_of_the_same_length() {
        let format = WavFormat {
            codec: Default::default(),
            channels: 2,
            sample_rate_hz: 8_000,
            bits_per_sample: 16,
            duration_ms: 1_000,
        };
        let stereo: Vec<u8> =
            (0..8_000_i16).flat_map(|n| [n.to_le_bytes(), (-n).to_le_bytes()].concat()).collect();
        for (channel, sign) in [(0, 1), (1, -1)] {
            let wav = one_channel(&stereo, &format, channel);
            let read = wav_header(&wav, wav.len() as u64, None).unwrap();
            assert_eq!(read, WavFormat { channels: 1, ..format });
            let (_, samples) = wav_layout(&wav, wav.len() as u64, None).unwrap();
            let at = usize::try_from(samples.start).unwrap() + 7 * 2;
            assert_eq!(i16::from_le_bytes([wav[at], wav[at + 1]]), 7 * sign);
        }
    }

    /// Fault 43.
    #[test]
    fn turns_become_lines_in_their_order_and_what_was_cut_is_put_together() {
        let all = understood(
            vec![
                answer(1, 0, "How can I help?", false),
                answer(0, 2, "I would like a service on", false),
                answer(1, 3, "Yes.", false),
                answer(0, 4, "service on Thursday.", true),
                answer(1, 9, "", false),
            ],
            RecordingSource::StartTwiml,
            2,
        );
        let lines: Vec<_> =
            all.lines.iter().map(|l| (l.speaker, l.text.as_str(), l.start_ms.unwrap())).collect();
        let (agent, caller) = (Some(Speaker::Agent), Some(Speaker::Caller));
        assert_eq!(
            lines,
            [
                (agent, "How can I help?", 0),
                (caller, "I would like a service on Thursday.", 2_000),
                (agent, "Yes.", 3_000)
            ]
        );
        assert_eq!((all.heard.len(), all.listened_ms), (5, 5_000));
        let of = |source, channels| understood(vec![answer(0, 0, "Hi.", false)], source, channels);
        assert_eq!(of(RecordingSource::StartTwiml, 1).lines[0].speaker, None);
        assert_eq!(of(RecordingSource::Trunking, 2).lines[0].speaker, agent, "whose first channel it is");
    }
}
