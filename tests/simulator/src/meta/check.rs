//! What the Graph API takes as a message (Meta docs, "Messages").

use serde_json::Value;

use super::faults::GraphError;
use super::graph::{SentTemplate, Sign};
use super::state::{State, plain};

/// The longest words, characters.
const MAX_BODY: usize = 4_096;
/// The longest `biz_opaque_callback_data`, characters.
const MAX_OPAQUE: usize = 512;

/// What a good message says.
pub(super) struct Checked {
    pub(super) to: String,
    pub(super) by_user_id: bool,
    pub(super) body: String,
    pub(super) template: Option<SentTemplate>,
}

/// A sign that a message was read; `None`: it is a message itself.
pub(super) fn sign(body: &Value) -> Result<Option<Sign>, GraphError> {
    let Some(status) = body.get("status") else { return Ok(None) };
    if status != "read" {
        return Err(GraphError::parameter("status is not read"));
    }
    let Some(message_id) = body["message_id"].as_str() else {
        return Err(GraphError::parameter("The parameter message_id is required."));
    };
    let writing = match body.get("typing_indicator") {
        None => false,
        Some(sign) if sign["type"] == "text" => true,
        Some(_) => return Err(GraphError::parameter("typing_indicator has no such type")),
    };
    Ok(Some(Sign { message_id: message_id.to_owned(), writing }))
}

pub(super) fn message(state: &State, body: &Value) -> Result<Checked, GraphError> {
    let (to, by_user_id) = recipient(body)?;
    if body["biz_opaque_callback_data"].as_str().is_some_and(|text| text.chars().count() > MAX_OPAQUE) {
        return Err(GraphError::parameter("biz_opaque_callback_data is longer than 512 characters"));
    }
    match body["type"].as_str().unwrap_or("text") {
        "text" => {
            let words = body["text"]["body"].as_str().unwrap_or_default();
            if words.is_empty() {
                return Err(GraphError::parameter("The parameter text['body'] is required."));
            }
            if words.chars().count() > MAX_BODY {
                return Err(GraphError::parameter("text['body'] is longer than 4096 characters"));
            }
            Ok(Checked { to, by_user_id, body: words.to_owned(), template: None })
        }
        "template" => {
            let template = template(state, &body["template"])?;
            Ok(Checked { to, by_user_id, body: String::new(), template: Some(template) })
        }
        _ => Err(GraphError::new(131_051, "Message type is not currently supported.")),
    }
}

/// A number goes into `to`, an id of a person into `recipient` (Meta docs, "Business-scoped user IDs"); with both, the number
/// counts.
fn recipient(body: &Value) -> Result<(String, bool), GraphError> {
    if let Some(to) = body["to"].as_str().filter(|to| !to.is_empty()) {
        let number = plain(to);
        let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
        return match is_number && (7..=15).contains(&number.len()) {
            true => Ok((number, false)),
            false => Err(GraphError::new(131_009, "Parameter value is not valid: to is no phone number")),
        };
    }
    let Some(id) = body["recipient"].as_str().filter(|id| !id.is_empty()) else {
        return Err(GraphError::parameter("The parameter to or recipient is required."));
    };
    let is_id = id.split_once('.').is_some_and(|(country, rest)| {
        country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase()) && !rest.is_empty()
    });
    match is_id {
        true => Ok((id.to_owned(), true)),
        false => Err(GraphError::new(131_009, "Parameter value is not valid: recipient is no user id")),
    }
}

fn template(state: &State, template: &Value) -> Result<SentTemplate, GraphError> {
    let name = template["name"].as_str().unwrap_or_default();
    let language = template["language"]["code"].as_str().unwrap_or_default();
    if name.is_empty() || language.is_empty() {
        return Err(GraphError::parameter("template['name'] and template['language']['code'] are required"));
    }
    let known = state.templates(name);
    let Some(approved) = known.iter().find(|known| known.language == language) else {
        return Err(GraphError::new(132_001, "Template name does not exist in the translation"));
    };
    let components = template["components"].as_array();
    let body = components.into_iter().flatten().find(|component| component["type"] == "body");
    let parameters = body.and_then(|body| body["parameters"].as_array()).into_iter().flatten();
    let place = |parameter: &Value| {
        let text = parameter["text"].as_str().filter(|text| !text.is_empty())?.to_owned();
        let name = parameter["parameter_name"].as_str().map(str::to_owned);
        (parameter["type"] == "text").then_some((name, text))
    };
    let places: Option<Vec<_>> = parameters.map(place).collect();
    let Some(places) = places else {
        return Err(GraphError::new(
            132_012,
            "Parameter format does not match format in the created template",
        ));
    };
    if places.len() != approved.places {
        return Err(GraphError::new(
            132_000,
            "Number of parameters does not match the expected number of params",
        ));
    }
    Ok(SentTemplate { name: name.to_owned(), language: language.to_owned(), places })
}
