//! The models that exist, with the days on which they end.

use serde_json::{Value, json};

/// What a model can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Speech to speech over a Realtime socket.
    Realtime,
    /// Transcription of files.
    Transcription,
    /// Text with the Responses API.
    Text,
}

/// One entry of `GET /v1/models`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// The id that requests name.
    pub id: String,
    /// The endpoint it belongs to.
    pub purpose: Purpose,
    /// `YYYY-MM-DD`, once an end is announced.
    pub shutdown_date: Option<String>,
}

impl Model {
    /// A model without an announced end.
    pub fn new(id: &str, purpose: Purpose) -> Self {
        Self { id: id.to_owned(), purpose, shutdown_date: None }
    }

    /// The same model with its end announced for `date`.
    #[must_use]
    pub fn ending(self, date: &str) -> Self {
        Self { shutdown_date: Some(date.to_owned()), ..self }
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "object": "model",
            "created": 1_780_000_000,
            "owned_by": "openai",
            "shutdown_date": self.shutdown_date,
        })
    }
}

/// OpenAI's models of November 2026 that take part in telephone calls.
pub(super) fn all() -> Vec<Model> {
    use Purpose::{Realtime, Text, Transcription};
    let current = [
        (
            Realtime,
            ["gpt-realtime-2.1", "gpt-realtime-2.1-mini", "gpt-realtime-2", "gpt-realtime-1.5"].as_slice(),
        ),
        (Transcription, &["gpt-transcribe"]),
        (Text, &["gpt-6-astra", "gpt-6.1-sol", "gpt-6.1-terra", "gpt-6-sol", "gpt-6-luna", "gpt-5.6-luna"]),
    ];
    let ending = [
        (Realtime, "2027-01-20", ["gpt-realtime", "gpt-realtime-2025-08-28", "gpt-realtime-mini"].as_slice()),
        (
            Transcription,
            "2027-02-26",
            &["whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe", "gpt-4o-transcribe-diarize"],
        ),
        (Text, "2027-01-14", &["gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-4.1-mini"]),
    ];
    let current = current.iter().flat_map(|(purpose, ids)| ids.iter().map(|id| Model::new(id, *purpose)));
    let ending = ending
        .iter()
        .flat_map(|(purpose, date, ids)| ids.iter().map(|id| Model::new(id, *purpose).ending(date)));
    current.chain(ending).collect()
}
