//! The prices, as data with a date. A deployment lays its own over them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::TextUsage;
use crate::turn::Usage;

/// Prices by model id, as exact as the provider writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceList {
    /// YYYY-MM-DD.
    pub as_of: String,
    /// By Realtime model.
    pub realtime: BTreeMap<String, RealtimePrices>,
    /// Micro-dollars per minute of audio.
    pub transcription_minute: BTreeMap<String, u64>,
    /// By model of the Responses API.
    pub text: BTreeMap<String, TextPrices>,
    /// Twilio's prices.
    pub telephony: TelephonyPrices,
}

/// Micro-dollars per million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RealtimePrices {
    /// Text that the model reads.
    pub input_text: u64,
    /// Text that it reads from its cache.
    pub cached_text: u64,
    /// Text that it writes.
    pub output_text: u64,
    /// Audio that it hears.
    pub input_audio: u64,
    /// Audio that it takes from its cache.
    pub cached_audio: u64,
    /// Audio that it speaks.
    pub output_audio: u64,
}

/// Micro-dollars per million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextPrices {
    /// Text that the model reads.
    pub input: u64,
    /// Text that it reads from its cache.
    pub cached_input: u64,
    /// Input that is put into the cache; as other input, if that is not said.
    #[serde(default)]
    pub cache_write: Option<u64>,
    /// Text that it writes, reasoning included.
    pub output: u64,
}

/// Micro-dollars per begun minute. They depend on the country and on the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TelephonyPrices {
    /// A minute of a call that came in.
    pub inbound_minute: Option<u64>,
    /// A minute of a call that was placed.
    pub outbound_minute: Option<u64>,
    /// A minute of a media stream.
    pub stream_minute: Option<u64>,
    /// A minute of a recording.
    pub recording_minute: Option<u64>,
}

/// What a deployment knows better. Entries replace those of the list, the others stay.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PriceChanges {
    /// The day (YYYY-MM-DD) of the changed prices.
    pub as_of: Option<String>,
    /// Realtime models that are added or replaced.
    pub realtime: BTreeMap<String, RealtimePrices>,
    /// Transcription models that are added or replaced, a minute of audio.
    pub transcription_minute: BTreeMap<String, u64>,
    /// Text models that are added or replaced.
    pub text: BTreeMap<String, TextPrices>,
    /// Twilio's prices that are replaced.
    pub telephony: TelephonyPrices,
}

impl PriceList {
    /// What a Realtime model's tokens cost, micro-dollars; `None` for a model without a price.
    pub fn realtime_micros(&self, model: &str, usage: &Usage) -> Option<u64> {
        self.realtime.get(model).map(|price| price.of(usage))
    }

    /// The list with these changes.
    #[must_use]
    pub fn with(mut self, changes: PriceChanges) -> Self {
        self.as_of = changes.as_of.unwrap_or(self.as_of);
        self.realtime.extend(changes.realtime);
        self.transcription_minute.extend(changes.transcription_minute);
        self.text.extend(changes.text);
        let (old, new) = (self.telephony, changes.telephony);
        self.telephony = TelephonyPrices {
            inbound_minute: new.inbound_minute.or(old.inbound_minute),
            outbound_minute: new.outbound_minute.or(old.outbound_minute),
            stream_minute: new.stream_minute.or(old.stream_minute),
            recording_minute: new.recording_minute.or(old.recording_minute),
        };
        self
    }
}

impl Default for PriceList {
    /// OpenAI's list prices, from its model pages, and Twilio's for local numbers in the USA. A model that is not
    /// here has no price that we know of. Beyond 272,000 tokens of input a text costs more; no transcript is that long.
    fn default() -> Self {
        const DOLLAR: u64 = 1_000_000;
        const CENT: u64 = DOLLAR / 100;
        // Of the price of input: a tenth to read it from the cache, five quarters to put it there.
        let text_prices = |input: u64, output: u64| TextPrices {
            input,
            cached_input: input / 10,
            cache_write: Some(input * 5 / 4),
            output,
        };
        let text = [
            ("gpt-6-luna", text_prices(10 * CENT, 50 * CENT)),
            ("gpt-5.6-luna", text_prices(20 * CENT, 120 * CENT)),
        ];
        let large = RealtimePrices {
            input_text: 4 * DOLLAR,
            cached_text: 40 * CENT,
            output_text: 24 * DOLLAR,
            input_audio: 32 * DOLLAR,
            cached_audio: 40 * CENT,
            output_audio: 64 * DOLLAR,
        };
        let mini = RealtimePrices {
            input_text: 60 * CENT,
            cached_text: 6 * CENT,
            output_text: 240 * CENT,
            input_audio: 10 * DOLLAR,
            cached_audio: 30 * CENT,
            output_audio: 20 * DOLLAR,
        };
        let earlier = RealtimePrices { output_text: 16 * DOLLAR, ..large };
        let realtime = [
            ("gpt-realtime-2.1", large),
            ("gpt-realtime-2", large),
            ("gpt-realtime-2.1-mini", mini),
            ("gpt-realtime-1.5", earlier),
        ];
        let transcription =
            [("gpt-transcribe", 4_500), ("gpt-live-transcribe", 17_000), ("gpt-realtime-whisper", 17_000)];
        Self {
            as_of: "2026-11-20".into(),
            realtime: realtime.map(|(model, prices)| (model.into(), prices)).into(),
            transcription_minute: transcription.map(|(model, price)| (model.into(), price)).into(),
            text: text.map(|(model, prices)| (model.into(), prices)).into(),
            telephony: TelephonyPrices {
                inbound_minute: Some(8_500),
                outbound_minute: Some(14_000),
                stream_minute: Some(4_000),
                recording_minute: Some(2_500),
            },
        }
    }
}

const MILLION: u128 = 1_000_000;

impl RealtimePrices {
    /// Cached tokens are part of the input tokens and cost less.
    fn of(&self, usage: &Usage) -> u64 {
        let classes = [
            (usage.input_text.saturating_sub(usage.cached_text), self.input_text),
            (usage.cached_text.min(usage.input_text), self.cached_text),
            (usage.input_audio.saturating_sub(usage.cached_audio), self.input_audio),
            (usage.cached_audio.min(usage.input_audio), self.cached_audio),
            (usage.output_text, self.output_text),
            (usage.output_audio, self.output_audio),
        ];
        sum(&classes)
    }
}

impl TextPrices {
    pub(super) fn of(&self, usage: &TextUsage) -> u64 {
        let cached = usage.cached_input.min(usage.input);
        let written = usage.cache_write.min(usage.input - cached);
        sum(&[
            (usage.input - cached - written, self.input),
            (cached, self.cached_input),
            (written, self.cache_write.unwrap_or(self.input)),
            (usage.output, self.output),
        ])
    }
}

/// Rounded once, over all classes.
fn sum(classes: &[(u64, u64)]) -> u64 {
    let total = classes
        .iter()
        .fold(0u128, |total, (tokens, price)| total.saturating_add(u128::from(*tokens) * u128::from(*price)));
    rounded(total, MILLION)
}

/// Half a micro-dollar counts as one.
pub(super) fn rounded(total: u128, by: u128) -> u64 {
    u64::try_from(total.saturating_add(by / 2) / by).unwrap_or(u64::MAX)
}
