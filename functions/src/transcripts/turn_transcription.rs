//! Asking the models what is said in one turn of a recording.

use std::collections::BTreeSet;
use std::io::Cursor;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use domain::BusinessId;
use domain::prompt::ListeningHint;
use domain::recording::{Archived, WavFormat};
use domain::transcript::quality::flaw_of_words;
use domain::transcript::speech::Piece;
use domain::transcript::{Expected, is_wordless};
use hound::{SampleFormat, WavSpec, WavWriter};
use openai::transcription::{AudioContainer, Nicety, Transcription, TranscriptionRequest};
use platform::objects::Objects;
use providers::openai_http::{OpenAiError, OpenAiHttp, tell_refused};
use tokio::time::Instant;

use super::heard::{HeardTurn, ListenError};

/// What has been found out about the models.
#[derive(Default)]
pub(super) struct Models {
    /// The first one that has not been found to be gone.
    usable: AtomicUsize,
    /// What a model does not take of what makes a transcription better.
    refused: Mutex<BTreeSet<(usize, Nicety)>>,
}

/// Where the samples are.
pub(super) struct Audio<'a> {
    pub(super) archived: &'a Archived,
    pub(super) format: &'a WavFormat,
    /// The first byte of the first one.
    pub(super) first: u64,
}

impl Models {
    /// Whether it is news that the model refuses this.
    fn refuses(&self, model: usize, nicety: Nicety) -> bool {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).insert((model, nicety))
    }

    fn refused(&self, model: usize) -> Vec<Nicety> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.iter().filter(|(of, _)| *of == model).map(|(_, nicety)| *nicety).collect()
    }
}

/// What it takes to have a turn transcribed.
pub(super) struct TurnTranscriber<'a> {
    pub(super) objects: &'a Objects,
    pub(super) openai: &'a OpenAiHttp,
    /// Model names, the one that is asked first in front.
    pub(super) models: &'a [String],
    pub(super) business: &'a BusinessId,
    pub(super) hint: ListeningHint,
    pub(super) expected: &'a Expected,
    pub(super) deadline: Instant,
}

impl TurnTranscriber<'_> {
    /// The words of one turn, from the first model that gives words which can be believed.
    ///
    /// # Errors
    /// [`ListenError`].
    pub(super) async fn transcribe(
        &self,
        &Audio { archived, format, first }: &Audio<'_>,
        piece: &Piece,
        models: &Models,
    ) -> Result<HeardTurn, ListenError> {
        let at = |time: Duration| {
            let frame = time.as_millis() as u64 * u64::from(format.sample_rate_hz) / 1_000;
            first + frame * block(format)
        };
        let bytes = self.objects.get_range(&archived.key, at(piece.start)..at(piece.end)).await?;
        let audio = one_channel(&bytes, format, piece.channel);
        let audio = audio.map_err(|error| ListenError::Final(error.to_string()))?;
        let mut doubt = None;
        let mut passing: Option<ListenError> = None;
        for (n, model) in self.models.iter().enumerate().skip(models.usable.load(Ordering::Relaxed)) {
            match self.ask(n, model, &audio, models).await {
                Ok(answer) => {
                    let mut text = answer.text.into_string();
                    if is_wordless(&text) {
                        text.clear();
                    }
                    match flaw_of_words(&text, Some(piece.speech), &answer.languages, self.expected) {
                        None => return Ok(HeardTurn { text, model: Some(model.clone()), doubt: None }),
                        Some(flaw) => doubt = Some(flaw.to_string()),
                    }
                }
                Err(error) if error.refuses_account() => return Err(ListenError::Final(error.to_string())),
                Err(error) if error.refuses_model() => {
                    tracing::warn!(model, %error, "the transcription model is refused: the next one serves");
                    models.usable.fetch_max(n + 1, Ordering::Relaxed);
                    doubt = Some(error.to_string());
                }
                Err(OpenAiError::Deadline) => return Err(ListenError::OutOfTime),
                Err(error) if error.is_retryable() => {
                    let wait = error.asked_wait().unwrap_or_default();
                    passing = Some(ListenError::Transient { why: error.to_string(), wait });
                }
                Err(error) => doubt = Some(error.to_string()),
            }
        }
        if let Some(failure) = passing {
            return Err(failure);
        }
        if models.usable.load(Ordering::Relaxed) >= self.models.len() {
            let why = doubt.unwrap_or_else(|| "TRANSCRIPTION_MODELS names no model".to_owned());
            return Err(ListenError::Final(why));
        }
        Ok(HeardTurn { text: String::new(), model: None, doubt })
    }

    /// Asks one model. What it refuses and can do without is left out, in later turns from the beginning: a hint is
    /// a hint, and words are worth more.
    async fn ask(
        &self,
        n: usize,
        model: &str,
        audio: &Bytes,
        models: &Models,
    ) -> Result<Transcription, OpenAiError> {
        let whole = TranscriptionRequest::new(model)
            .languages(&self.hint.languages)
            .keywords(self.hint.keywords.iter().cloned())
            .prompt(&self.hint.context);
        let mut request = models.refused(n).into_iter().fold(whole, TranscriptionRequest::without);
        loop {
            let answer =
                self.openai.transcribe(&request, AudioContainer::Wav, audio.clone(), self.deadline).await;
            let Err(error) = answer else { return answer };
            let refused = error.http().map(|http| request.refused(http)).unwrap_or_default();
            if refused.is_empty() {
                return Err(error);
            }
            for nicety in refused {
                if models.refuses(n, nicety) {
                    tell_refused(self.business.as_str(), model, nicety.as_str(), &error);
                }
                request = request.without(nicety);
            }
        }
    }
}

pub(super) const fn block(format: &WavFormat) -> u64 {
    format.channels as u64 * 2
}

/// One channel as a WAV file of its own.
fn one_channel(bytes: &[u8], format: &WavFormat, channel: usize) -> Result<Bytes, hound::Error> {
    let spec = WavSpec {
        channels: 1,
        sample_rate: format.sample_rate_hz,
        bits_per_sample: 16,
        sample_format: SampleFormat::Int,
    };
    let mut wav = Cursor::new(Vec::with_capacity(bytes.len() / usize::from(format.channels.max(1)) + 64));
    let mut writer = WavWriter::new(&mut wav, spec)?;
    for frame in bytes.chunks_exact(usize::from(format.channels) * 2) {
        writer.write_sample(i16::from_le_bytes([frame[channel * 2], frame[channel * 2 + 1]]))?;
    }
    writer.finalize()?;
    Ok(wav.into_inner().into())
}

#[cfg(test)]
mod tests {
    use domain::recording::{wav_header, wav_layout};

    use super::*;

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
            let wav = one_channel(&stereo, &format, channel).unwrap();
            let read = wav_header(&wav, wav.len() as u64, None).unwrap();
            assert_eq!(read, WavFormat { channels: 1, ..format });
            let (_, samples) = wav_layout(&wav, wav.len() as u64, None).unwrap();
            let at = usize::try_from(samples.start).unwrap() + 7 * 2;
            assert_eq!(i16::from_le_bytes([wav[at], wav[at + 1]]), 7 * sign);
        }
    }
}
