//! The rules of a session object (OpenAI Realtime GA). Nothing is applied here: one wrong field refuses
//! the whole update.

use serde_json::Value;

use crate::openai::fields::Fields;
use crate::openai::languages;
use crate::openai::refusal::ApiRefusal;

const VOICES: &[&str] =
    &["alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar"];

/// Transcription models that segment speech themselves and so refuse a session with turn detection.
const STREAMING_TRANSCRIBERS: &[&str] = &["gpt-live-transcribe", "gpt-realtime-whisper"];

/// Families that take `reasoning` and `parallel_tool_calls`.
const REASONING_FAMILY: &str = "gpt-realtime-2";

const MAX_OUTPUT_TOKENS: i64 = 4_096;

/// What the rules need to know about the session as it is.
pub(super) struct Current<'a> {
    pub(super) model: &'a str,
    /// Audio was already spoken.
    pub(super) spoke: bool,
    pub(super) voice: &'a Value,
}

/// Checks the `session` of a `session.update`.
pub(super) fn session(patch: &Value, current: &Current<'_>) -> Result<(), ApiRefusal> {
    let session = Fields::of(patch, "session")?;
    session.only(&[
        "type",
        "model",
        "output_modalities",
        "instructions",
        "audio",
        "tools",
        "tool_choice",
        "max_output_tokens",
        "parallel_tool_calls",
        "reasoning",
        "truncation",
        "tracing",
        "prompt",
        "include",
    ])?;
    session.required_string("type")?;
    session.one_of("type", &["realtime"])?;
    if session.string("model")?.is_some_and(|model| model != current.model) {
        return Err(ApiRefusal::invalid(
            "session.model",
            format_args!("'{}', which cannot change", current.model),
        ));
    }
    session.string("instructions")?;
    if let Some(audio) = session.object("audio")? {
        audio.only(&["input", "output"])?;
        audio.object("input")?.map_or(Ok(()), |input| self::input(&input))?;
        audio.object("output")?.map_or(Ok(()), |output| self::output(&output, current))?;
    }
    generation(&session, current.model)?;
    truncation(&session)?;
    session.strings("include")?;
    Ok(())
}

/// The fields that a session and a `response.create` share.
pub(in crate::openai::realtime) fn generation(fields: &Fields<'_>, model: &str) -> Result<(), ApiRefusal> {
    if let Some(modalities) = fields.strings("output_modalities")?
        && modalities != ["audio"]
    {
        return Err(ApiRefusal::invalid(
            &fields.at("output_modalities"),
            "['audio']; this model only speaks",
        ));
    }
    for (index, tool) in fields.list("tools")?.into_iter().flatten().enumerate() {
        self::tool(&Fields::of(tool, fields.at(format_args!("tools[{index}]")))?)?;
    }
    tool_choice(fields)?;
    if fields.given("max_output_tokens").is_some_and(|limit| limit != "inf") {
        fields.integer("max_output_tokens", 1..=MAX_OUTPUT_TOKENS)?;
    }
    let reasons = model.starts_with(REASONING_FAMILY);
    for key in ["reasoning", "parallel_tool_calls"] {
        if !reasons && fields.given(key).is_some() {
            return Err(ApiRefusal::invalid(
                &fields.at(key),
                format_args!("nothing: {model} does not take it"),
            ));
        }
    }
    fields.boolean("parallel_tool_calls")?;
    if let Some(reasoning) = fields.object("reasoning")? {
        reasoning.only(&["effort"])?;
        reasoning.one_of("effort", &["minimal", "low", "medium", "high", "xhigh"])?;
    }
    Ok(())
}

fn input(input: &Fields<'_>) -> Result<(), ApiRefusal> {
    input.only(&["format", "noise_reduction", "transcription", "turn_detection"])?;
    format(input)?;
    if let Some(reduction) = input.object("noise_reduction")? {
        reduction.only(&["type", "strength"])?;
        reduction.required_string("type")?;
        reduction.one_of("type", &["near_field", "far_field"])?;
        reduction.number("strength", 0.0..=f64::MAX)?;
    }
    let detects = input.get("turn_detection") != Some(&Value::Null);
    if let Some(transcription) = input.object("transcription")? {
        self::transcription(&transcription, detects)?;
    }
    input.object("turn_detection")?.map_or(Ok(()), |detection| turn_detection(&detection))
}

fn output(output: &Fields<'_>, current: &Current<'_>) -> Result<(), ApiRefusal> {
    output.only(&["format", "voice", "speed"])?;
    format(output)?;
    output.number("speed", 0.25..=1.5)?;
    let Some(voice) = output.given("voice") else { return Ok(()) };
    if voice.is_string() {
        output.one_of("voice", VOICES)?;
    } else {
        output.required_object("voice")?.required_string("id")?;
    }
    if current.spoke && voice != current.voice {
        let message = "Cannot update a conversation's voice if assistant audio is present.";
        return Err(ApiRefusal::new("cannot_update_voice", message));
    }
    Ok(())
}

fn format(parent: &Fields<'_>) -> Result<(), ApiRefusal> {
    let Some(format) = parent.object("format")? else { return Ok(()) };
    format.required_string("type")?;
    if format.one_of("type", &["audio/pcm", "audio/pcmu"])? == Some("audio/pcm") {
        format.only(&["type", "rate"])?;
        format.integer("rate", 24_000..=24_000)?;
        return Ok(());
    }
    format.only(&["type"])
}

fn transcription(transcription: &Fields<'_>, detects_turns: bool) -> Result<(), ApiRefusal> {
    transcription.only(&["model", "language", "languages", "keywords", "prompt", "delay"])?;
    let model = transcription.required_string("model")?;
    if detects_turns && STREAMING_TRANSCRIBERS.contains(&model) {
        return Err(ApiRefusal::invalid(
            &transcription.at("model"),
            "a model that works with turn detection",
        ));
    }
    let language = transcription.string("language")?;
    let languages = transcription.strings("languages")?;
    if language.is_some() && languages.is_some() {
        return Err(ApiRefusal::invalid(&transcription.at("languages"), "either language or languages"));
    }
    if languages.as_ref().is_some_and(|list| list.is_empty()) {
        return Err(ApiRefusal::invalid(&transcription.at("languages"), "at least one language"));
    }
    if let Some(code) = language {
        languages::check(code, &transcription.at("language"))?;
    }
    for code in languages.into_iter().flatten() {
        languages::check(code, &transcription.at("languages"))?;
    }
    transcription.strings("keywords")?;
    let streaming = model == "gpt-realtime-whisper";
    if transcription.string("prompt")?.is_some() && streaming {
        return Err(ApiRefusal::invalid(&transcription.at("prompt"), "nothing: the model takes no prompt"));
    }
    if transcription.string("delay")?.is_some() && !streaming {
        return Err(ApiRefusal::invalid(&transcription.at("delay"), "nothing: the model takes no delay"));
    }
    Ok(())
}

fn turn_detection(detection: &Fields<'_>) -> Result<(), ApiRefusal> {
    detection.required_string("type")?;
    if detection.one_of("type", &["server_vad", "semantic_vad"])? == Some("semantic_vad") {
        detection.only(&["type", "eagerness", "create_response", "interrupt_response"])?;
        detection.one_of("eagerness", &["low", "medium", "high", "auto"])?;
    } else {
        detection.only(&[
            "type",
            "threshold",
            "prefix_padding_ms",
            "silence_duration_ms",
            "create_response",
            "interrupt_response",
            "idle_timeout_ms",
        ])?;
        detection.number("threshold", 0.0..=1.0)?;
        detection.integer("prefix_padding_ms", 0..=i64::MAX)?;
        detection.integer("silence_duration_ms", 0..=i64::MAX)?;
        detection.integer("idle_timeout_ms", 5_000..=30_000)?;
    }
    detection.boolean("create_response")?;
    detection.boolean("interrupt_response")?;
    Ok(())
}

fn tool(tool: &Fields<'_>) -> Result<(), ApiRefusal> {
    tool.required_string("type")?;
    tool.one_of("type", &["function"])?;
    tool.only(&["type", "name", "description", "parameters"])?;
    tool.required_string("name")?;
    tool.string("description")?;
    tool.object("parameters")?;
    Ok(())
}

fn tool_choice(fields: &Fields<'_>) -> Result<(), ApiRefusal> {
    if fields.given("tool_choice").is_some_and(Value::is_object) {
        let choice = fields.required_object("tool_choice")?;
        choice.only(&["type", "name"])?;
        choice.one_of("type", &["function"])?;
        choice.required_string("name")?;
        return Ok(());
    }
    fields.one_of("tool_choice", &["auto", "none", "required"])?;
    Ok(())
}

fn truncation(session: &Fields<'_>) -> Result<(), ApiRefusal> {
    if !session.given("truncation").is_some_and(Value::is_object) {
        session.one_of("truncation", &["auto", "disabled"])?;
        return Ok(());
    }
    let truncation = session.required_object("truncation")?;
    truncation.only(&["type", "retention_ratio", "token_limits"])?;
    truncation.one_of("type", &["retention_ratio"])?;
    truncation.require("retention_ratio")?;
    truncation.number("retention_ratio", 0.0..=1.0)?;
    if let Some(limits) = truncation.object("token_limits")? {
        limits.only(&["post_instructions"])?;
        limits.integer("post_instructions", 0..=i64::MAX)?;
    }
    Ok(())
}
