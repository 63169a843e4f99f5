//! Listening to a recording: where there is speech, what is said, and whether to believe it.
//!
//! The models give neither times nor speakers. The recording has a channel for each side, so it is cut into the
//! turns of each (`domain::transcript::speech`), each turn is transcribed by itself, and its place in the recording
//! is the time of its words. The recording is read in ranges, twice: once for the levels, once for the turns. At no
//! time is more of it in memory than the turns under way.
//!
//! What was heard of a turn is kept at once, so that a long recording need not be understood in one go.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::recording::{Archived, RecordingSource, WAV_HEADER_MAX_BYTES, WavFormat, wav_layout};
use domain::transcript::speech::{Levels, Limits, Piece, pieces};
use domain::transcript::stitch::stitch;
use domain::transcript::{Heard, TranscriptLine};
use futures_util::StreamExt as _;
use tokio::time::Instant;

use super::heard::{HeardTurn, ListenError};
use super::turn_notes::TurnNotes;
use super::turn_transcription::{Audio, Models, TurnTranscriber, block};

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

/// What is needed to listen to one recording.
pub(super) struct Listener<'a> {
    pub(super) transcriber: TurnTranscriber<'a>,
    /// What was heard before, and what is to be kept of this.
    pub(super) notes: &'a TurnNotes<'a>,
}

/// What was understood.
pub(super) struct Understood {
    pub(super) lines: Vec<TranscriptLine>,
    pub(super) heard: Vec<Heard>,
    pub(super) model: Option<String>,
    pub(super) listened_ms: u64,
    /// Why words were not believed, or a turn was taken by no model.
    pub(super) doubt: Option<String>,
}

/// How far the listening has come, for those who are at it side by side.
#[derive(Default)]
struct Progress {
    models: Models,
    /// Something went wrong: what is under way is ended, and nothing else begun.
    halted: AtomicBool,
}

impl Listener<'_> {
    pub(super) async fn listen(
        &self,
        archived: &Archived,
        source: RecordingSource,
    ) -> Result<Understood, ListenError> {
        let head = 0..archived.bytes.min(WAV_HEADER_MAX_BYTES as u64);
        let head = self.transcriber.objects.get_range(&archived.key, head).await?;
        // It was found to be as long as that when it was archived.
        let lasts = Duration::from_millis(archived.format.duration_ms);
        let (format, samples) = wav_layout(&head, archived.bytes, Some(lasts))
            .map_err(|error| ListenError::Final(error.to_string()))?;
        if format.bits_per_sample != 16 {
            return Err(ListenError::Final("the recording is not 16-bit PCM".to_owned()));
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
        let mut failure: Option<ListenError> = None;
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
    ) -> Result<(Piece, HeardTurn), ListenError> {
        let heard = async {
            if let Some(answer) = self.notes.of(&piece).await? {
                return Ok(answer);
            }
            let late = Instant::now() + ANSWER_WITHIN > self.transcriber.deadline;
            if late || progress.halted.load(Ordering::Relaxed) {
                return Err(ListenError::OutOfTime);
            }
            let answer = self.transcriber.transcribe(audio, &piece, &progress.models).await?;
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
    ) -> Result<Vec<Vec<u16>>, ListenError> {
        let mut levels = vec![Levels::new(format.sample_rate_hz); usize::from(format.channels)];
        let block = block(format);
        let step = READ_BYTES - READ_BYTES % block;
        let end = samples.end - (samples.end - samples.start) % block;
        let mut at = samples.start;
        while at < end {
            let bytes = self.transcriber.objects.get_range(&archived.key, at..end.min(at + step)).await?;
            if bytes.is_empty() {
                return Err(ListenError::Final("the object is shorter than its record says".to_owned()));
            }
            for (n, sample) in bytes.chunks_exact(2).enumerate() {
                let channel = n % levels.len();
                levels[channel].push(i16::from_le_bytes([sample[0], sample[1]]));
            }
            at += step;
        }
        Ok(levels.into_iter().map(Levels::finish).collect())
    }
}

/// The turns' words as lines in their order, each with the speaker whose channel it is.
fn understood(answers: Vec<(Piece, HeardTurn)>, source: RecordingSource, channels: u16) -> Understood {
    let mut all = Understood { lines: vec![], heard: vec![], model: None, listened_ms: 0, doubt: None };
    for (piece, HeardTurn { text, model, doubt }) in answers {
        let speaker = source.speaker(channels, piece.channel);
        let text = text.trim();
        all.listened_ms += (piece.end - piece.start).as_millis() as u64;
        all.model = all.model.take().or(model);
        all.doubt = all.doubt.take().or(doubt);
        all.heard.push(Heard { speaker, speech: Some(piece.speech), text: text.to_owned() });
        if text.is_empty() {
            continue;
        }
        match all.lines.iter_mut().rev().find(|line| line.speaker == speaker) {
            Some(line) if piece.continues => {
                line.text = stitch(&line.text, text);
                line.end_ms = Some(piece.end.as_millis() as u64);
            }
            Some(_) | None => {
                all.lines.push(TranscriptLine::new(speaker, text).within(piece.start, piece.end));
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use domain::Speaker;

    use super::*;

    fn answer(channel: usize, start_s: u64, text: &str, continues: bool) -> (Piece, HeardTurn) {
        let (start, speech) = (Duration::from_secs(start_s), Duration::from_secs(1));
        let piece = Piece { channel, start, end: start + speech, speech, continues };
        (piece, HeardTurn { text: text.into(), model: Some("m".into()), doubt: None })
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
