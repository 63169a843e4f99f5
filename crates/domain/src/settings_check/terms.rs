//! Short texts in lists: keywords, phrases, fields to extract, and the names of models.

use super::Findings;
use crate::business::Settings;
use crate::business::bounds::{
    MAX_CHOICES, MAX_DESCRIPTION_CHARS, MAX_KEYWORDS, MAX_MODEL_CHARS, MAX_PHRASES, MAX_TERM_CHARS,
};
use crate::insight::{FieldKind, MAX_FIELDS};

pub(super) fn check(settings: &Settings, found: &mut Findings) {
    let voice = &settings.voice;
    let transcription = voice.transcription_model.iter().map(|model| ("voice.transcription_model", model));
    let names = [("voice.model", &voice.model), ("voice.voice", &voice.voice)];
    for (path, name) in names.into_iter().chain(transcription) {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
        if !(1..=MAX_MODEL_CHARS).contains(&name.len()) || !name.bytes().all(plain) {
            let detail =
                format_args!("it must have 1 to {MAX_MODEL_CHARS} letters, digits, `-`, `.`, `_` and `:`");
            found.error(path, "name", detail);
        }
    }
    terms("voice.keywords", &voice.keywords, MAX_KEYWORDS, found);
    let phrases = &settings.policies.conversation.phrases;
    for (field, list) in [
        ("goodbyes", &phrases.goodbyes),
        ("backchannels", &phrases.backchannels),
        ("voicemail", &phrases.voicemail),
    ] {
        terms(&format!("policies.conversation.phrases.{field}"), list, MAX_PHRASES, found);
    }
    terms("insights.lead_statuses", &settings.insights.lead_statuses, MAX_CHOICES, found);
    fields(settings, found);
}

/// A list of short texts, none of them twice.
fn terms(path: &str, list: &[String], max: usize, found: &mut Findings) {
    if list.len() > max {
        found.error(path, "too_many", format_args!("more than {max}: keep those that matter most"));
    }
    for (index, text) in list.iter().take(max).enumerate() {
        let path = || format!("{path}[{index}]");
        let term = text.trim();
        if term.is_empty() || term.chars().count() > MAX_TERM_CHARS {
            found.error(&path(), "term", format_args!("it must have 1 to {MAX_TERM_CHARS} characters"));
        } else if list[..index].iter().any(|other| other.trim() == term) {
            found.warning(&path(), "twice", "it stands further up already: take one of both out");
        }
    }
}

fn fields(settings: &Settings, found: &mut Findings) {
    let fields = &settings.insights.fields;
    if fields.len() > MAX_FIELDS {
        found.error("insights.fields", "too_many", format_args!("more than {MAX_FIELDS} fields"));
    }
    for (index, field) in fields.iter().take(MAX_FIELDS).enumerate() {
        let path = |part: &str| format!("insights.fields[{index}]{part}");
        let name = field.name.trim();
        if name.is_empty() || name.chars().count() > MAX_TERM_CHARS {
            let detail = format_args!("it must have 1 to {MAX_TERM_CHARS} characters");
            found.error(&path(".name"), "term", detail);
        } else if fields[..index].iter().any(|other| other.name.trim() == name) {
            found.error(&path(".name"), "taken", "a field further up has this name: give it another one");
        }
        if field.description.chars().count() > MAX_DESCRIPTION_CHARS {
            let detail = format_args!("it may have {MAX_DESCRIPTION_CHARS} characters");
            found.error(&path(".description"), "too_long", detail);
        }
        if let FieldKind::OneOf(words) = &field.kind {
            if words.is_empty() {
                found.error(&path(".kind.one_of"), "no_choice", "give the words of which it may be one");
            }
            terms(&path(".kind.one_of"), words, MAX_CHOICES, found);
        }
    }
}
