//! Model names. Every one of them is a setting; these are what the settings start from, as of 2026-11.
//!
//! OpenAI retires models on announced days (deprecations page; `GET /v1/models` carries `shutdown_date`).
//! [`shutdown_date`] knows the days announced so far, so that a deployment that was configured for a
//! retiring model can warn at start.

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
    fn only_the_new_generation_takes_lists() {
        assert!(takes_hint_lists("gpt-transcribe") && takes_hint_lists("gpt-live-transcribe"));
        for old in
            ["whisper-1", "gpt-4o-mini-transcribe", "gpt-4o-transcribe-diarize", "gpt-realtime-whisper"]
        {
            assert!(!takes_hint_lists(old), "{old}");
        }
    }
}
