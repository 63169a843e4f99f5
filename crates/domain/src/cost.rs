//! What a call cost, from what it used and a dated list of prices.
//!
//! All amounts are whole micro-dollars (a millionth of a US dollar). What has no price is *unknown*, never
//! free: a total says whether anything is missing from it.

mod forecast;
mod prices;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use prices::{PriceChanges, PriceList, RealtimePrices, TelephonyPrices, TextPrices};

use crate::turn::Usage;
use crate::{Direction, SessionReport};

/// Tokens of one Responses request. `cached_input` and `cache_write` are parts of `input`, reasoning is part of `output`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextUsage {
    /// The model that answered.
    pub model: String,
    /// Input tokens, cached ones included.
    pub input: u64,
    /// Input tokens that were read from the cache.
    pub cached_input: u64,
    /// Input tokens that were written to the cache.
    #[serde(default)]
    pub cache_write: u64,
    /// Output tokens, reasoning included.
    pub output: u64,
}

/// What a call used.
#[derive(Debug, Clone, Copy)]
pub struct Used<'a> {
    /// Inbound and outbound minutes have different prices.
    pub direction: Direction,
    /// Whether the call was ever answered; Twilio charges for no other.
    pub answered: bool,
    /// As Twilio counts it.
    pub duration: Option<Duration>,
    /// Every session of the call, resumed ones included.
    pub sessions: &'a [SessionReport],
    /// The Realtime model that carried the call.
    pub realtime_model: Option<&'a str>,
    /// Transcribes the caller's turns while they are spoken.
    pub live_transcription_model: Option<&'a str>,
    /// Length of the recording; `None` if the call has none.
    pub recorded: Option<Duration>,
    /// Each transcription of the recording: its model and the audio that it was given.
    pub listened: &'a [(&'a str, Duration)],
    /// Every text request about the call, such as its summary.
    pub text: &'a [TextUsage],
}

/// What was paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartKind {
    /// Twilio's minutes of the call.
    Telephony,
    /// Twilio's minutes of the media stream.
    MediaStream,
    /// Twilio's minutes of the recording.
    Recording,
    /// The Realtime model's tokens.
    Realtime,
    /// Live transcription of the caller's words.
    LiveTranscription,
    /// Transcription of the recording.
    FileTranscription,
    /// The model that sums the call up.
    Insights,
}

/// One thing that was paid for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What was paid for.
    pub kind: PartKind,
    /// The model, where one is paid.
    pub model: Option<String>,
    /// `None`: its price or its quantity is not known.
    pub micros: Option<u64>,
    /// The quantity is a ceiling, not a measurement.
    pub at_most: bool,
}

/// What a call cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallCost {
    /// The day (YYYY-MM-DD) of the prices.
    pub as_of: String,
    /// Every part, known or not.
    pub parts: Vec<Part>,
}

impl CallCost {
    /// The cost of what was used, at these prices.
    pub fn of(used: &Used<'_>, prices: &PriceList) -> Self {
        let mut parts = Vec::new();
        let mut add = |kind, model: Option<&str>, micros, at_most| {
            parts.push(Part { kind, model: model.map(str::to_owned), micros, at_most });
        };
        // Twilio carries no test call, so it has no price to know.
        let is_twilios = used.direction != Direction::Test;
        if used.answered && is_twilios {
            let price = match used.direction {
                Direction::Inbound => prices.telephony.inbound_minute,
                Direction::Outbound => prices.telephony.outbound_minute,
                Direction::Test | Direction::Unknown => None,
            };
            let micros = used.duration.and_then(|duration| begun_minutes(duration, price));
            add(PartKind::Telephony, None, micros, false);
        }
        if !used.sessions.is_empty() {
            let each = |s: &SessionReport| {
                begun_minutes(s.ended_at.since(s.started_at), prices.telephony.stream_minute)
            };
            if is_twilios {
                add(PartKind::MediaStream, None, used.sessions.iter().map(each).sum(), false);
            }
            let usage = used.sessions.iter().fold(Usage::default(), |sum, s| added(sum, &s.usage));
            let micros = used.realtime_model.and_then(|model| prices.realtime_micros(model, &usage));
            add(PartKind::Realtime, used.realtime_model, micros, false);
        }
        if let Some(model) = used.live_transcription_model.filter(|_| !used.sessions.is_empty()) {
            // Billed for the turns that it transcribes; what was sent is the most that it can have heard.
            let frames: u64 = used.sessions.iter().map(|s| s.frames_forwarded).sum();
            let heard = FRAME.saturating_mul(u32::try_from(frames).unwrap_or(u32::MAX));
            let price = prices.transcription_minute.get(model).copied();
            add(PartKind::LiveTranscription, Some(model), by_second(heard, price), true);
        }
        if let Some(recorded) = used.recorded {
            let price = prices.telephony.recording_minute;
            add(PartKind::Recording, None, begun_minutes(recorded, price), false);
        }
        for (model, audio) in used.listened {
            let price = prices.transcription_minute.get(*model).copied();
            add(PartKind::FileTranscription, Some(model), by_second(*audio, price), false);
        }
        parts.extend(Self::of_text(used.text, prices).parts);
        Self { as_of: prices.as_of.clone(), parts }
    }

    /// The cost of what a text model was asked for insights or for replies, at these prices.
    pub fn of_text(text: &[TextUsage], prices: &PriceList) -> Self {
        let part = |usage: &TextUsage| Part {
            kind: PartKind::Insights,
            model: Some(usage.model.clone()),
            micros: prices.text.get(&usage.model).map(|price| price.of(usage)),
            at_most: false,
        };
        Self { as_of: prices.as_of.clone(), parts: text.iter().map(part).collect() }
    }

    /// What came to the cost after `earlier`, part by part. What `earlier` knew already is not in it, and neither is a
    /// part that was unknown then and still is. Prices that fell since give nothing back.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut known: Vec<&Part> = earlier.parts.iter().collect();
        let mut parts = vec![];
        for part in &self.parts {
            let alike = |other: &&Part| other.kind == part.kind && other.model == part.model;
            let before = known.iter().position(alike).map(|at| known.remove(at));
            match (part.micros, before) {
                (None, Some(Part { micros: None, .. })) => {}
                (None, _) => parts.push(part.clone()),
                (Some(micros), before) => {
                    let more = micros.saturating_sub(before.and_then(|before| before.micros).unwrap_or(0));
                    if more > 0 {
                        parts.push(Part { micros: Some(more), ..part.clone() });
                    }
                }
            }
        }
        Self { as_of: self.as_of.clone(), parts }
    }

    /// The sum of what is known.
    pub fn known_micros(&self) -> u64 {
        self.parts.iter().filter_map(|part| part.micros).fold(0, u64::saturating_add)
    }

    /// Whether every part is known.
    pub fn is_complete(&self) -> bool {
        self.parts.iter().all(|part| part.micros.is_some())
    }
}

/// Media Streams carry 20 ms a message.
const FRAME: Duration = Duration::from_millis(20);

/// Twilio rounds up to the next minute.
fn begun_minutes(duration: Duration, price: Option<u64>) -> Option<u64> {
    let minutes = duration.as_millis().div_ceil(60_000);
    price.map(|price| u64::try_from(minutes.saturating_mul(u128::from(price))).unwrap_or(u64::MAX))
}

/// OpenAI bills audio by its length.
fn by_second(duration: Duration, price: Option<u64>) -> Option<u64> {
    price.map(|price| prices::rounded(duration.as_millis().saturating_mul(u128::from(price)), 60_000))
}

fn added(sum: Usage, usage: &Usage) -> Usage {
    Usage {
        responses: sum.responses + usage.responses,
        input_text: sum.input_text + usage.input_text,
        input_audio: sum.input_audio + usage.input_audio,
        cached_text: sum.cached_text + usage.cached_text,
        cached_audio: sum.cached_audio + usage.cached_audio,
        output_text: sum.output_text + usage.output_text,
        output_audio: sum.output_audio + usage.output_audio,
    }
}

#[cfg(test)]
mod tests;
