//! Languages as OpenAI takes them.

use crate::models;

/// What a transcription model is told about the language spoken: OpenAI accepts `language` or
/// `languages`, never both, so this holds one or the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum LanguageHint {
    /// Nothing: the model detects it.
    #[default]
    Detect,
    /// Sent as `language`, understood by every model.
    One(String),
    /// Sent as `languages`, two or more, understood by the gpt-transcribe generation.
    AnyOf(Vec<String>),
}

impl LanguageHint {
    /// The hint to give `model` for a business that expects these languages, as ISO 639-1 codes or BCP 47
    /// tags (`de`, `de-AT`). A model that takes a single language gets none when several are expected: a
    /// wrong hint is worse than detection.
    pub fn for_model<S: AsRef<str>>(model: &str, expected: impl IntoIterator<Item = S>) -> Self {
        let mut codes: Vec<String> = Vec::new();
        for tag in expected {
            let code = primary_subtag(tag.as_ref());
            if !code.is_empty() && !codes.contains(&code) {
                codes.push(code);
            }
        }
        match codes.len() {
            0 => Self::Detect,
            1 => Self::One(codes.swap_remove(0)),
            _ if models::takes_hint_lists(model) => Self::AnyOf(codes),
            _ => Self::Detect,
        }
    }

    pub(crate) fn single(&self) -> Option<&str> {
        match self {
            Self::One(code) => Some(code),
            Self::Detect | Self::AnyOf(_) => None,
        }
    }

    pub(crate) fn list(&self) -> &[String] {
        match self {
            Self::AnyOf(codes) => codes,
            Self::Detect | Self::One(_) => &[],
        }
    }
}

fn primary_subtag(tag: &str) -> String {
    tag.split(['-', '_']).next().unwrap_or_default().trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_collapse_into_one_language() {
        assert_eq!(
            LanguageHint::for_model("gpt-transcribe", ["de-AT", "DE", "de_CH"]),
            LanguageHint::One("de".to_owned())
        );
    }

    #[test]
    fn several_languages_are_listed_only_for_models_that_take_a_list() {
        let expected = ["de", "en"];
        assert_eq!(
            LanguageHint::for_model("gpt-transcribe", expected),
            LanguageHint::AnyOf(vec!["de".to_owned(), "en".to_owned()])
        );
        assert_eq!(LanguageHint::for_model("whisper-1", expected), LanguageHint::Detect);
    }

    #[test]
    fn no_expectation_means_detection() {
        assert_eq!(LanguageHint::for_model("gpt-transcribe", [""; 0]), LanguageHint::Detect);
        assert_eq!(LanguageHint::for_model("gpt-transcribe", ["", "-"]), LanguageHint::Detect);
    }
}
