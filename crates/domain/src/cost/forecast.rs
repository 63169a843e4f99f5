//! The most that a call may come to and cost while it lasts, before it is placed.

use super::PriceList;
use crate::business::{Settings, Voice};
use crate::outbound::AtMost;

/// Audio that a caller speaks in a minute, tokens: one for each tenth of a second.
const HEARD: u64 = 600;
/// Audio that an agent speaks in a minute, tokens: two for each tenth of a second.
const SPOKEN: u64 = 1_200;
/// Answers in a minute of a lively conversation.
const ANSWERS: u64 = 8;
/// What a model reads again for each answer, tokens: its instructions and the conversation, cut at its window.
const READ_AGAIN: u64 = 28_000;
const MILLION: u64 = 1_000_000;

impl PriceList {
    /// The most that one outbound call of these settings may come to.
    pub fn most_of_a_call(&self, settings: &Settings) -> AtMost {
        let policies = &settings.policies;
        let minutes = policies.conversation.max_call.as_secs().div_ceil(60);
        AtMost { minutes, micros: self.most_of_outbound(&settings.voice, policies.record_calls, minutes) }
    }

    /// The most that so many minutes of an outbound call may cost, micro-dollars. Both sides are taken to speak all the
    /// time, and the model to read a full window from its cache for each answer. What follows the call, such as a
    /// transcript of its recording, is not in it. `None`: a price is not known.
    pub fn most_of_outbound(&self, voice: &Voice, recorded: bool, minutes: u64) -> Option<u64> {
        let model = self.realtime.get(&voice.model)?;
        let talk = [
            (HEARD, model.input_audio),
            (SPOKEN, model.output_audio),
            (ANSWERS * READ_AGAIN, model.cached_audio.max(model.cached_text)),
        ];
        let talk = talk.iter().map(|(tokens, price)| tokens.saturating_mul(*price) / MILLION);
        let listening = match &voice.transcription_model {
            Some(model) => *self.transcription_minute.get(model)?,
            None => 0,
        };
        let recording = if recorded { self.telephony.recording_minute? } else { 0 };
        let carried = [self.telephony.outbound_minute?, self.telephony.stream_minute?, recording, listening];
        let minute = talk.chain(carried).fold(0, u64::saturating_add);
        Some(minute.saturating_mul(minutes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    /// By hand, a minute: 600 x 32 + 1,200 x 64 + 224,000 x 0.4 = 185,600 for the model, 14,000 + 4,000 + 2,500 for the
    /// carrier, 4,500 for the live transcript.
    #[test]
    fn a_forecast_has_every_minute_at_its_dearest() {
        let (prices, voice) = (PriceList::default(), testing::voice());
        assert_eq!(prices.most_of_outbound(&voice, true, 1), Some(210_600));
        assert_eq!(prices.most_of_outbound(&voice, false, 30), Some(208_100 * 30));
        assert_eq!(prices.most_of_outbound(&voice, true, u64::MAX), Some(u64::MAX));
        let unknown = Voice { model: "of tomorrow".into(), ..voice.clone() };
        assert_eq!(prices.most_of_outbound(&unknown, true, 1), None);
        let unheard = Voice { transcription_model: Some("of tomorrow".into()), ..voice };
        assert_eq!(prices.most_of_outbound(&unheard, true, 1), None);
    }
}
