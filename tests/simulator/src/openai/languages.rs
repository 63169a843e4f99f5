//! The languages that the transcription models take (OpenAI, speech to text: supported languages).

use super::refusal::ApiRefusal;

/// ISO 639-1 codes; whatever else names a language is refused, be it a region (`de-AT`), a language's other code (`iw`)
/// or a code of three letters (`fil`).
const LANGUAGES: [&str; 57] = [
    "af", "ar", "hy", "az", "be", "bs", "bg", "ca", "zh", "hr", "cs", "da", "nl", "en", "et", "fi", "fr",
    "gl", "de", "el", "he", "hi", "hu", "is", "id", "it", "ja", "kn", "kk", "ko", "lv", "lt", "mk", "ms",
    "mr", "mi", "ne", "no", "fa", "pl", "pt", "ro", "ru", "sr", "sk", "sl", "es", "sw", "sv", "tl", "ta",
    "th", "tr", "uk", "ur", "vi", "cy",
];

/// Refuses an unknown code; `param` is where it stands.
pub(crate) fn check(code: &str, param: &str) -> Result<(), ApiRefusal> {
    if LANGUAGES.contains(&code) {
        return Ok(());
    }
    let message =
        format!("Invalid language '{code}'. Language parameter must be specified in ISO-639-1 format.");
    Err(ApiRefusal::new("invalid_language_format", message).at(param))
}
