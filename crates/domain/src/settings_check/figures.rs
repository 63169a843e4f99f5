//! Durations, counts and other figures, by their bounds.

use std::time::Duration;

use super::Findings;
use crate::business::bounds::{
    Bounds, IN_PLACE_OF_AGENT, LAST_WORDS, MAX_CALL, MAX_SILENCE_PROMPTS, MAX_WORDLESS, MIN_INTERRUPTION,
    SILENCE_PROMPT_AFTER, TURN_PADDING, TURN_SILENCE,
};
use crate::business::{Settings, TranscriptPolicy, TurnDetection};
use crate::duration::Words;
use crate::texts::call_text::MAX_CALL_TEXT;

pub(super) fn check(settings: &Settings, found: &mut Findings) {
    let policies = &settings.policies;
    let conversation = &policies.conversation;
    let of_conversation = [
        ("silence_prompt_after", conversation.silence_prompt_after, SILENCE_PROMPT_AFTER),
        ("max_wordless", conversation.max_wordless, MAX_WORDLESS),
        ("max_call", conversation.max_call, MAX_CALL),
        ("min_interruption", conversation.min_interruption, MIN_INTERRUPTION),
    ];
    for (field, duration, bounds) in of_conversation {
        within(&format!("policies.conversation.{field}"), duration, bounds, found);
    }
    if conversation.max_silence_prompts > MAX_SILENCE_PROMPTS {
        found.error(
            "policies.conversation.max_silence_prompts",
            "out_of_bounds",
            format_args!("it must be at most {MAX_SILENCE_PROMPTS}"),
        );
    }
    let warning = conversation.warn_before_end;
    if !warning.is_zero() && (warning <= LAST_WORDS || warning >= conversation.max_call / 2) {
        let detail = format_args!(
            "no warning is given: it must come more than {} before the end and in the second half of the call; `0s` is \
             none on purpose",
            Words(LAST_WORDS)
        );
        found.warning("policies.conversation.warn_before_end", "no_warning", detail);
    }
    let no_agent = &policies.when_no_agent;
    within("policies.when_no_agent.ring_for", no_agent.ring_for, IN_PLACE_OF_AGENT, found);
    if let Some(voicemail) = &no_agent.voicemail {
        within("policies.when_no_agent.voicemail.max_length", voicemail.max_length, IN_PLACE_OF_AGENT, found);
    }
    let fits = |text: &String| crate::text::has_words(text) && text.chars().count() <= MAX_CALL_TEXT;
    if no_agent.text.as_ref().is_some_and(|text| !fits(text)) {
        let detail = format_args!("give 1 to {MAX_CALL_TEXT} characters with something to say");
        found.error("policies.when_no_agent.text", "length", detail);
    }
    if policies.transcript == TranscriptPolicy::RecordingUpgrade && !policies.record_calls {
        let detail = "calls are not recorded, so no recording can replace the realtime transcript";
        found.warning("policies.transcript", "no_recording", detail);
    }
    turn_detection(settings.voice.turn_detection.clone(), found);
}

fn turn_detection(detection: TurnDetection, found: &mut Findings) {
    let TurnDetection::Server { threshold, prefix_padding_ms, silence_duration_ms } = detection else {
        return;
    };
    let path = |field| format!("voice.turn_detection.Server.{field}");
    if !(0.0..=1.0).contains(&threshold) {
        found.error(&path("threshold"), "out_of_bounds", "it must be from 0 to 1");
    }
    for (field, millis, bounds) in [
        ("prefix_padding_ms", prefix_padding_ms, TURN_PADDING),
        ("silence_duration_ms", silence_duration_ms, TURN_SILENCE),
    ] {
        if !bounds.contain(Duration::from_millis(u64::from(millis))) {
            let detail =
                format_args!("give {} to {} milliseconds", bounds.min.as_millis(), bounds.max.as_millis());
            found.error(&path(field), "out_of_bounds", detail);
        }
    }
}

fn within(path: &str, duration: Duration, bounds: Bounds, found: &mut Findings) {
    if !bounds.contain(duration) {
        let detail =
            format_args!("give a length of time from `{}` to `{}`", Words(bounds.min), Words(bounds.max));
        found.error(path, "out_of_bounds", detail);
    }
}
