//! Settings as documents: JSON or TOML, read strictly and shown as they are read.

use axum::Json;
use axum::response::{IntoResponse, Response};
use domain::business::{Prompts, TurnDetection, Voice};
use domain::locale::Locale;
use domain::{Business, Revision, Settings, Toolbox};
use http::{HeaderMap, StatusCode, header};
use stores::businesses::document::settings;

use crate::edge::problem::Problem;
use crate::shared::settings_document::refused;

const TOML: &str = "application/toml";

/// Settings that were read from a request.
pub(super) struct SettingsDocument(pub(super) Settings);

/// Reads settings from a body. The number of a revision in it is not believed.
///
/// # Errors
/// 415, 400 for what is neither JSON nor TOML, 422 with pointers for another shape.
pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Result<SettingsDocument, Problem> {
    let text = str::from_utf8(body).map_err(|_| Problem::bad_request("the body is not UTF-8"))?;
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let json = match kind.as_str() {
        "application/json" => text.to_owned(),
        TOML => {
            let value: serde_json::Value = toml::from_str(text).map_err(|error| {
                Problem::bad_request(format!("the body is not TOML: {}", error.message()))
            })?;
            value.to_string()
        }
        _ => {
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported media type")
                .detail("send `Content-Type: application/json` or `application/toml`"));
        }
    };
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(&json) {
        return Err(Problem::bad_request(format!("the body is not JSON: {error}")));
    }
    settings(&json).map(SettingsDocument).map_err(|invalid| refused("", &invalid))
}

/// Settings as the client wants them: JSON, or TOML for `Accept: application/toml`.
pub(super) fn show(settings: &Settings, headers: &HeaderMap) -> Response {
    let wants = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if wants.contains(TOML) {
        match toml::to_string_pretty(settings) {
            Ok(text) => return ([(header::CONTENT_TYPE, TOML)], text).into_response(),
            Err(error) => {
                tracing::error!(%error, "settings cannot be written as TOML");
                return Problem::new(StatusCode::NOT_ACCEPTABLE, "not acceptable")
                    .detail("these settings cannot be written as TOML: ask for JSON")
                    .into_response();
            }
        }
    }
    Json(settings).into_response()
}

/// What the first draft of a business is begun from: an agent that answers calls and takes messages, with the prompt that
/// is written for every business that speaks this language. `None`: no prompt is written in the language.
pub(super) fn first(business: &Business, language: &str) -> Option<Settings> {
    let locale = Locale::of(language)?;
    let voice = Voice {
        model: openai::models::DEFAULT_REALTIME.into(),
        voice: "marin".into(),
        languages: vec![locale.code.into()],
        transcription_model: Some(openai::models::DEFAULT_TRANSCRIPTION.into()),
        keywords: vec![business.name.clone()],
        turn_detection: TurnDetection::default(),
    };
    let prompts = Prompts { inbound: Some(locale.default_prompt()), ..Prompts::default() };
    let tools = Toolbox { take_messages: true, ..Toolbox::default() };
    Some(Settings { tools, ..Settings::new(Revision(0), prompts, voice) })
}

#[cfg(test)]
mod tests {
    use domain::testing;
    use http::HeaderValue;

    use super::*;

    fn sent(kind: &'static str, body: &str) -> Result<Settings, Problem> {
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(kind))]);
        read(&headers, body.as_bytes()).map(|SettingsDocument(settings)| settings)
    }

    #[test]
    fn settings_come_back_from_json_and_from_toml() {
        let settings = testing::settings();
        let json = serde_json::to_string(&settings).unwrap();
        assert_eq!(sent("application/json; charset=utf-8", &json).unwrap(), settings);
        let toml = toml::to_string_pretty(&settings).unwrap();
        assert_eq!(sent(TOML, &toml).unwrap(), settings);
    }

    #[test]
    fn what_is_no_settings_document_is_refused_with_its_place() {
        let json = serde_json::to_string(&testing::settings()).unwrap();
        assert_eq!(sent("text/plain", &json).unwrap_err().status(), 415);
        assert_eq!(sent("application/json", "{").unwrap_err().status(), 400);
        assert_eq!(sent(TOML, "= 1").unwrap_err().status(), 400);
        let misspelt = json.replace("record_calls", "recrod_calls");
        let refused = serde_json::to_value(sent("application/json", &misspelt).unwrap_err()).unwrap();
        assert_eq!(refused["status"], 422, "{refused}");
        let misspelt = json.replacen("\"keywords\"", "\"keywrods\":[],\"keywords\"", 1);
        let refused = serde_json::to_value(sent("application/json", &misspelt).unwrap_err()).unwrap();
        assert_eq!(refused["errors"][0]["pointer"], "/voice/keywrods", "{refused}");
        assert_eq!(refused["errors"][0]["code"], "unknown_field", "{refused}");
    }
}
