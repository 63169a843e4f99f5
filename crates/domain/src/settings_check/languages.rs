//! The languages that callers speak.

use super::Findings;
use crate::business::Settings;
use crate::business::bounds::MAX_LANGUAGES;
use crate::language::Tongue;
use crate::locale::Locale;

const UNKNOWN: &str = "no language has this code: give an ISO 639 code such as `de` or a tag such as `de-AT`";

pub(super) fn check(settings: &Settings, found: &mut Findings) {
    let languages = &settings.voice.languages;
    if languages.is_empty() {
        let detail = "no language is set, so Twilio speaks English in the agent's place: name those that callers speak";
        found.warning("voice.languages", "no_language", detail);
    }
    if languages.len() > MAX_LANGUAGES {
        found.error("voice.languages", "too_many", format_args!("more than {MAX_LANGUAGES} languages"));
    }
    let mut known: Vec<Tongue> = vec![];
    for (index, tag) in languages.iter().take(MAX_LANGUAGES).enumerate() {
        let path = format!("voice.languages[{index}]");
        let Some(tongue) = Tongue::parse(tag) else {
            found.error(&path, "unknown_language", UNKNOWN);
            continue;
        };
        if known.contains(&tongue) {
            found.warning(&path, "twice", "this language stands further up already: take one of both out");
        } else if Locale::of(tag).is_none() {
            let detail = "the product has no words in this language: the agent speaks it without rules for figures and \
                          politeness, and what Twilio says is in another language unless `words` has it";
            found.warning(&path, "language_without_words", detail);
        }
        known.push(tongue);
    }
    for (channel, prompt) in settings.prompts.each() {
        let mut own: Vec<Tongue> = vec![];
        for tag in prompt.languages.keys() {
            let path = format!("prompts.{channel}.languages[{tag}]");
            let Some(tongue) = Tongue::parse(tag) else {
                found.error(&path, "unknown_language", UNKNOWN);
                continue;
            };
            if own.iter().any(|other| other.is_kin(&tongue)) {
                found.warning(
                    &path,
                    "twice",
                    "another text is in the same language: only one of both is used",
                );
            }
            if !known.iter().any(|other| other.is_kin(&tongue)) {
                let detail = "`voice.languages` lacks this language: add it there, or this text is not used";
                found.warning(&path, "unused_language", detail);
            }
            own.push(tongue);
        }
    }
}
