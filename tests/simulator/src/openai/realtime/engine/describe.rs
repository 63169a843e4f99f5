//! The response object and its usage, as `response.created` and `response.done` show them.

use serde_json::{Value, json};

use super::Engine;
use super::speaking::Response;

/// Audio tokens (OpenAI Realtime GA): the caller's speech costs one per 100 ms, the model's one per 50 ms.
const USER_AUDIO_MS_PER_TOKEN: u64 = 100;
const MODEL_AUDIO_MS_PER_TOKEN: u64 = 50;

/// A word is about four thirds of a text token.
const TOKENS_PER_THREE_WORDS: u64 = 4;

/// Input of the previous response, which the next one finds in the cache.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spent {
    text: u64,
    audio: u64,
}

impl Engine {
    pub(super) fn describe(
        &self,
        response: &Response,
        status: &str,
        details: &Value,
        usage: &Value,
    ) -> Value {
        let session = self.session.value();
        json!({
            "object": "realtime.response",
            "id": response.id,
            "status": status,
            "status_details": details,
            "output": response.output,
            "conversation_id": response.in_conversation.then(|| format!("conv_{}", self.role.index)),
            "output_modalities": ["audio"],
            "audio": { "output": { "format": session["audio"]["output"]["format"], "voice": self.session.voice() } },
            "max_output_tokens": session["max_output_tokens"],
            "usage": usage,
            "metadata": response.metadata,
        })
    }

    /// What a response cost: the whole conversation again as input, less what the cache knows.
    pub(super) fn usage(&mut self, response: &Response) -> Value {
        let (heard_ms, said_ms) = self.conversation.audio_ms();
        let audio_in = heard_ms / USER_AUDIO_MS_PER_TOKEN + said_ms / MODEL_AUDIO_MS_PER_TOKEN;
        let text_in = text_tokens(self.session.instructions());
        let cached = std::mem::replace(&mut self.spent, Spent { text: text_in, audio: audio_in });
        let (cached_text, cached_audio) = (cached.text.min(text_in), cached.audio.min(audio_in));
        let audio_out = response.spoken_ms / MODEL_AUDIO_MS_PER_TOKEN;
        let text_out = text_tokens(&response.written);
        json!({
            "total_tokens": text_in + audio_in + text_out + audio_out,
            "input_tokens": text_in + audio_in,
            "output_tokens": text_out + audio_out,
            "input_token_details": {
                "text_tokens": text_in,
                "audio_tokens": audio_in,
                "image_tokens": 0,
                "cached_tokens": cached_text + cached_audio,
                "cached_tokens_details": {
                    "text_tokens": cached_text,
                    "audio_tokens": cached_audio,
                    "image_tokens": 0,
                },
            },
            "output_token_details": { "text_tokens": text_out, "audio_tokens": audio_out },
        })
    }
}

fn text_tokens(text: &str) -> u64 {
    text.split_whitespace().count() as u64 * TOKENS_PER_THREE_WORDS / 3
}
