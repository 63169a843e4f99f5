//! Model names. Every one of them is a setting; these are what the settings start from, as of 2026-11.
//!
//! OpenAI retires models on announced days (deprecations page; `GET /v1/models` carries `shutdown_date`).
//! [`shutdown_date`] knows the days announced so far, so that a deployment that was configured for a
//! retiring model can warn at start.

use serde::Deserialize;

/// Speech to speech over the Realtime API.
pub const DEFAULT_REALTIME: &str = "gpt-realtime-2.1";

/// The cheaper sibling, for settings that prefer price.
pub const REALTIME_MINI: &str = "gpt-realtime-2.1-mini";

/// Transcribes the caller's turns inside a Realtime session, and recordings as files.
pub const DEFAULT_TRANSCRIPTION: &str = "gpt-transcribe";

/// What a Realtime session falls back to when it refuses [`DEFAULT_TRANSCRIPTION`]. It ends on 2027-02-26,
/// so it is a setting for today and never a default.
pub const FALLBACK_TRANSCRIPTION: &str = "gpt-4o-mini-transcribe";

/// Summaries, extraction and written replies over the Responses API.
pub const DEFAULT_TEXT: &str = "gpt-6-luna";

/// Announced ends, exact id and day (YYYY-MM-DD).
const SHUTDOWNS: [(&str, &str); 16] = [
    ("gpt-realtime", "2027-01-20"),
    ("gpt-realtime-2025-08-28", "2027-01-20"),
    ("gpt-realtime-mini", "2027-01-20"),
    ("gpt-realtime-mini-2025-12-15", "2027-01-20"),
    ("gpt-audio-mini", "2027-01-20"),
    ("whisper-1", "2027-02-26"),
    ("gpt-4o-transcribe", "2027-02-26"),
    ("gpt-4o-mini-transcribe", "2027-02-26"),
    ("gpt-4o-mini-transcribe-2025-12-15", "2027-02-26"),
    ("gpt-4o-transcribe-diarize", "2027-02-26"),
    ("gpt-4o", "2027-01-14"),
    ("gpt-4.1", "2027-01-14"),
    ("gpt-5", "2026-12-11"),
    ("o3", "2026-12-11"),
    ("gpt-5.1", "2027-04-01"),
    ("gpt-5.4-nano", "2027-04-01"),
];

/// The day (YYYY-MM-DD) on which OpenAI has announced to switch this model off, if it has.
pub fn shutdown_date(model: &str) -> Option<&'static str> {
    SHUTDOWNS.iter().find(|(id, _)| *id == model).map(|(_, day)| *day)
}

/// A model that the project may use, as `GET /models` lists it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ListedModel {
    /// The id that requests name.
    pub id: String,
    /// The day (YYYY-MM-DD) on which it ends, once that is announced.
    #[serde(default)]
    pub shutdown_date: Option<String>,
}

impl ListedModel {
    /// The day on which it ends: what the list says, else what was announced before.
    pub fn ends(&self) -> Option<&str> {
        self.shutdown_date.as_deref().or_else(|| shutdown_date(&self.id))
    }
}

/// The answer is no list of models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("OpenAI's list of models cannot be read")]
pub struct ModelListShape;

#[derive(Deserialize)]
struct ModelList {
    data: Vec<ListedModel>,
}

/// Reads the answer to `GET /models`.
///
/// # Errors
/// [`ModelListShape`].
pub fn read_list(body: &[u8]) -> Result<Vec<ListedModel>, ModelListShape> {
    serde_json::from_slice::<ModelList>(body).map(|list| list.data).map_err(|_| ModelListShape)
}

/// Whether a transcription model takes `languages` and `keywords` lists (the gpt-transcribe generation).
/// Older models take one `language` at most. An unknown name counts as new.
pub(crate) fn takes_hint_lists(model: &str) -> bool {
    !["whisper", "gpt-4o-", "gpt-realtime-whisper"].iter().any(|old| model.starts_with(old))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_default_is_on_its_way_out() {
        for model in [DEFAULT_REALTIME, REALTIME_MINI, DEFAULT_TRANSCRIPTION, DEFAULT_TEXT] {
            assert_eq!(shutdown_date(model), None, "{model}");
        }
        assert_eq!(shutdown_date(FALLBACK_TRANSCRIPTION), Some("2027-02-26"));
    }

    #[test]
    fn a_listed_model_ends_when_the_list_or_an_earlier_announcement_says() {
        let body = br#"{"object":"list","data":[{"id":"a","shutdown_date":"2027-03-01"},{"id":"b"},{"id":"gpt-5.1"}]}"#;
        let list = read_list(body).unwrap();
        let ends: Vec<_> = list.iter().map(ListedModel::ends).collect();
        assert_eq!(ends, [Some("2027-03-01"), None, Some("2027-04-01")]);
        assert_eq!(read_list(b"{}"), Err(ModelListShape));
    }

    #[test]
    fn only_the_new_generation_takes_lists() {
        assert!(takes_hint_lists("gpt-transcribe") && takes_hint_lists("gpt-live-transcribe"));
        for old in
            ["whisper-1", "gpt-4o-mini-transcribe", "gpt-4o-transcribe-diarize", "gpt-realtime-whisper"]
        {
            assert!(!takes_hint_lists(old), "{old}");
        }
    }
}
