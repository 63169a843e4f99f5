//! `POST /v1/audio/transcriptions`: the form, its rules, and the text.

use std::io::Cursor;

use axum::Json;
use axum::extract::Multipart;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::openai::answers::Transcription;
use crate::openai::languages;
use crate::openai::models::Purpose;
use crate::openai::refusal::ApiRefusal;
use crate::openai::shared::Shared;

use super::recognise;

/// The largest file taken (OpenAI speech-to-text docs: 25 MB).
pub(super) const MAX_FILE_BYTES: usize = 26_214_400;

/// Fields of one form.
const MAX_FIELDS: usize = 64;

const EXTENSIONS: &[&str] = &["flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "wav", "webm"];

const PARAMETERS: &[&str] = &[
    "model",
    "language",
    "languages[]",
    "keywords[]",
    "prompt",
    "response_format",
    "chunking_strategy",
    "include[]",
    "timestamp_granularities[]",
    "temperature",
    "stream",
];

/// A form as it arrived: every value of every field, and the file's name, type and size.
#[derive(Debug, Default)]
struct Form {
    fields: Map<String, Value>,
    file: Option<File>,
}

#[derive(Debug)]
struct File {
    name: Option<String>,
    content_type: Option<String>,
    bytes: Vec<u8>,
}

/// Reads and checks the form; the first value is what the inspection log keeps of it.
pub(super) async fn answer(shared: &Shared, form: Multipart) -> (Value, Result<Response, ApiRefusal>) {
    match Form::read(form).await {
        Ok(form) => {
            let logged = form.to_json();
            let answer = form.answer(shared).await;
            (logged, answer)
        }
        Err(refusal) => (Value::Null, Err(refusal)),
    }
}

impl Form {
    async fn read(mut multipart: Multipart) -> Result<Self, ApiRefusal> {
        let broken = |error: axum::extract::multipart::MultipartError| match error.status().as_u16() {
            413 => too_large(),
            _ => ApiRefusal::invalid("body", format_args!("a multipart form ({error})")),
        };
        let mut form = Self::default();
        for _ in 0..MAX_FIELDS {
            let Some(field) = multipart.next_field().await.map_err(broken)? else { return Ok(form) };
            let name = field.name().unwrap_or_default().to_owned();
            if name == "file" {
                form.file = Some(File {
                    name: field.file_name().map(str::to_owned),
                    content_type: field.content_type().map(str::to_owned),
                    bytes: field.bytes().await.map_err(broken)?.to_vec(),
                });
            } else {
                let value = json!(field.text().await.map_err(broken)?);
                let values = form.fields.entry(name).or_insert_with(|| json!([]));
                if let Some(values) = values.as_array_mut() {
                    values.push(value);
                }
            }
        }
        Err(ApiRefusal::invalid("body", format_args!("at most {MAX_FIELDS} fields")))
    }

    fn to_json(&self) -> Value {
        let mut logged = self.fields.clone();
        if let Some(file) = &self.file {
            let about =
                json!({ "name": file.name, "content_type": file.content_type, "bytes": file.bytes.len() });
            logged.insert("file".to_owned(), about);
        }
        Value::Object(logged)
    }

    async fn answer(&self, shared: &Shared) -> Result<Response, ApiRefusal> {
        if let Some(unknown) = self.fields.keys().find(|key| !PARAMETERS.contains(&key.as_str())) {
            return Err(ApiRefusal::unknown_parameter(unknown));
        }
        let model = self.first("model").ok_or_else(|| ApiRefusal::missing("model"))?;
        shared.check_model(model, Purpose::Transcription)?;
        self.check_language(model)?;
        let refused =
            shared.config.refused_transcription_fields.iter().find(|key| self.fields.contains_key(*key));
        if let Some(key) = refused {
            return Err(ApiRefusal::invalid(key, format_args!("nothing: {model} does not take it")));
        }
        let format = self.check_format(model)?;
        if self.first("stream") == Some("true") {
            return Err(ApiRefusal::invalid("stream", "false: the simulator does not stream transcripts"));
        }
        let file = self.file.as_ref().ok_or_else(|| ApiRefusal::missing("file"))?;
        let seconds = file.check()?;
        let text = match shared.next_transcription() {
            Transcription::Heard => {
                recognise::words(&file.samples()).unwrap_or_else(|| shared.config.script.text())
            }
            Transcription::Fault(fault) => return Ok(fault.into_response()),
            Transcription::Text(text) => text,
            Transcription::After(delay, text) => {
                tokio::time::sleep(delay).await;
                text
            }
        };
        Ok(match text {
            text if format == "text" => {
                ([(CONTENT_TYPE, "text/plain; charset=utf-8")], format!("{text}\n")).into_response()
            }
            text => {
                let usage = json!({ "type": "duration", "seconds": seconds });
                let answer = json!({ "text": text, "usage": usage });
                Json(if shared.config.odd_transcriptions { odd(answer, &self.fields) } else { answer })
                    .into_response()
            }
        })
    }

    fn check_language(&self, model: &str) -> Result<(), ApiRefusal> {
        let many = self.fields.contains_key("languages[]");
        if many && self.fields.contains_key("language") {
            return Err(ApiRefusal::invalid("languages", "either language or languages"));
        }
        for key in ["languages[]", "keywords[]"] {
            if self.fields.contains_key(key) && model != "gpt-transcribe" {
                return Err(ApiRefusal::invalid(key, format_args!("nothing: {model} does not take it")));
            }
        }
        let codes = ["language", "languages[]"].iter().filter_map(|key| self.fields.get(*key)?.as_array());
        for code in codes.flatten().filter_map(Value::as_str) {
            languages::check(code, "language")?;
        }
        Ok(())
    }

    /// The formats of each family; subtitles and speakers are beyond the simulator.
    fn check_format(&self, model: &str) -> Result<&str, ApiRefusal> {
        let allowed: &[&str] = match model {
            "whisper-1" | "gpt-4o-transcribe-diarize" | "gpt-transcribe" => &["json", "text"],
            _ => &["json"],
        };
        let format = self.first("response_format").unwrap_or("json");
        if allowed.contains(&format) {
            return Ok(format);
        }
        Err(ApiRefusal::invalid("response_format", format_args!("one of {allowed:?} for {model}")))
    }

    fn first(&self, key: &str) -> Option<&str> {
        self.fields.get(key)?.get(0)?.as_str()
    }
}

/// The same answer as servers give it that only resemble the API: what is optional is of any shape.
fn odd(mut answer: Value, fields: &Map<String, Value>) -> Value {
    let code = ["language", "languages[]"].iter().find_map(|key| fields.get(*key)?.get(0).cloned());
    answer["languages"] = json!([code, null, 7]);
    answer["usage"] = json!({ "type": 1, "seconds": "long", "input_token_details": [] });
    answer["logprobs"] = json!({});
    answer
}

impl File {
    /// The file's duration in seconds, 0 where only the name says what it is.
    fn check(&self) -> Result<f64, ApiRefusal> {
        if self.bytes.len() > MAX_FILE_BYTES {
            return Err(too_large());
        }
        let unsupported = || {
            let message = format!("Unrecognized file format. Supported formats: {EXTENSIONS:?}");
            ApiRefusal::new("invalid_value", message).at("file")
        };
        let name = self.name.as_deref().ok_or_else(unsupported)?;
        let (_, extension) = name.rsplit_once('.').ok_or_else(unsupported)?;
        let extension = extension.to_ascii_lowercase();
        let content_type = self.content_type.as_deref().unwrap_or_default();
        let is_media = content_type.starts_with("audio/") || content_type.starts_with("video/");
        if !is_media || !EXTENSIONS.contains(&extension.as_str()) {
            return Err(unsupported());
        }
        if extension != "wav" {
            return Ok(0.0);
        }
        let reader = hound::WavReader::new(Cursor::new(&self.bytes)).map_err(|_| unsupported())?;
        Ok(f64::from(reader.duration()) / f64::from(reader.spec().sample_rate.max(1)))
    }
}

impl File {
    /// The samples of a mono WAV at 8 kHz; nothing of any other file.
    fn samples(&self) -> Vec<i16> {
        let Ok(reader) = hound::WavReader::new(Cursor::new(&self.bytes)) else { return Vec::new() };
        let spec = reader.spec();
        if (spec.channels, spec.sample_rate, spec.bits_per_sample) != (1, 8_000, 16) {
            return Vec::new();
        }
        reader.into_samples::<i16>().map_while(Result::ok).collect()
    }
}

fn too_large() -> ApiRefusal {
    ApiRefusal::new("file_too_large", format!("Maximum content size limit ({MAX_FILE_BYTES}) exceeded."))
        .at("file")
}
