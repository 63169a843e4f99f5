//! The one owner of what transcription is told to expect: on the live call and on its recording alike.

use crate::business::bounds::MAX_KEYWORDS;
use crate::business::{Business, Settings};
use crate::language;

/// What a transcription model is told to listen for. No caller is in it: it is the same for all calls of a
/// revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListeningHint {
    /// One sentence of context.
    pub context: String,
    /// Names and terms.
    pub keywords: Vec<String>,
    /// ISO 639-1 codes; none: any language.
    pub languages: Vec<String>,
}

/// What transcription should expect on calls of these settings.
pub fn for_listening(business: &Business, settings: &Settings) -> ListeningHint {
    let mut keywords: Vec<String> = Vec::new();
    for word in [&business.name].into_iter().chain(&settings.voice.keywords) {
        let word = word.trim();
        if !word.is_empty() && keywords.len() < MAX_KEYWORDS && !keywords.iter().any(|known| known == word) {
            keywords.push(word.to_owned());
        }
    }
    ListeningHint {
        context: format!("A telephone call with {}.", business.name.trim()),
        keywords,
        languages: language::hints(&settings.voice.languages),
    }
}

impl ListeningHint {
    /// All of it as one text: what a model that gives its hint back would say.
    pub fn words(&self) -> String {
        format!("{} {}", self.context, self.keywords.join(" "))
    }
}
