//! The Messages resource: texts that the account sends.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{ApiError, Form, form};
use crate::twilio::account::Account;
use crate::twilio::call::rfc2822;
use crate::twilio::lock;

const INVALID_CALLBACK: ApiError =
    ApiError::bad_request(21_609, "The 'StatusCallback' URL is not a valid URL");

/// Twilio's bound on the words of a text.
const MAX_UNITS: usize = 1_600;

/// The longest and the shortest `ValidityPeriod`, seconds.
const VALIDITY: std::ops::RangeInclusive<u32> = 1..=36_000;

/// A text that the account was asked to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentText {
    /// `SM` and 32 hexadecimal digits.
    pub sid: String,
    /// The sender.
    pub from: String,
    /// The person.
    pub to: String,
    /// The words; blank for a template.
    pub body: String,
    /// Addresses of pictures and the like.
    pub media: Vec<String>,
    /// The template.
    pub content_sid: Option<String>,
    /// What its places hold: JSON.
    pub content_variables: Option<String>,
    /// Where what becomes of it is reported.
    pub status_callback: Option<String>,
    /// How long the account wants it to be tried, seconds.
    pub validity_s: Option<u32>,
    pub(crate) created: Timestamp,
}

/// `POST /Messages.json`.
pub(super) async fn create(
    State(account): State<Arc<Account>>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let form = Form::parse(&body);
    let text = |name: &str| form.value(name).map(str::to_owned);
    let to = text("To").ok_or(ApiError::bad_request(21604, "A 'To' number is needed"))?;
    let from = text("From").ok_or(ApiError::bad_request(21603, "A 'From' number is needed"))?;
    if let Some(code) = lock(&account.unreachable).get(&to) {
        return Err(ApiError::bad_request(*code, "The person cannot be written to"));
    }
    let (body, content_sid) = (text("Body").unwrap_or_default(), text("ContentSid"));
    let media: Vec<String> =
        form.0.iter().filter(|(name, _)| name == "MediaUrl").map(|(_, url)| url.clone()).collect();
    let has_own_words = !body.is_empty() || !media.is_empty();
    if has_own_words == content_sid.is_some() {
        return Err(ApiError::bad_request(21619, "either 'Body' or 'ContentSid' is needed"));
    }
    if body.encode_utf16().count() > MAX_UNITS {
        return Err(ApiError::bad_request(21617, "The body is longer than 1600 characters"));
    }
    let callback = form.url("StatusCallback", INVALID_CALLBACK)?;
    // Twilio takes a host name as RFC 952 has it.
    if callback.is_some_and(|url| url.host_str().is_none_or(|host| host.contains('_'))) {
        return Err(INVALID_CALLBACK);
    }
    let validity_s = match form.value("ValidityPeriod").map(str::parse) {
        None => None,
        Some(Ok(seconds)) if VALIDITY.contains(&seconds) => Some(seconds),
        Some(_) => return Err(ApiError::bad_request(21_624, "The 'ValidityPeriod' is invalid")),
    };
    let sid = format!("SM{}", Uuid::new_v4().simple());
    let sent = SentText {
        sid: sid.clone(),
        from,
        to,
        body,
        media,
        content_sid,
        content_variables: text("ContentVariables"),
        status_callback: text("StatusCallback"),
        validity_s,
        created: account.config.now(),
    };
    let answer = resource(&account, &sent);
    account.texts.insert(sid, Arc::new(sent));
    account.texted.send_modify(|count| *count += 1);
    Ok((StatusCode::CREATED, Json(answer)))
}

/// `GET /Messages.json?From=&To=`, the newest first.
pub(super) async fn list(State(account): State<Arc<Account>>, RawQuery(query): RawQuery) -> Json<Value> {
    let query = Form(form(query.unwrap_or_default().as_bytes()));
    let wanted = |name: &str, value: &str| query.value(name).is_none_or(|wanted| wanted == value);
    let all = account.texts.all();
    let found = all.iter().rev().filter(|text| wanted("From", &text.from) && wanted("To", &text.to));
    let found: Vec<Value> = found.map(|text| resource(&account, text)).collect();
    Json(json!({ "messages": found, "page": 0, "next_page_uri": null }))
}

/// `GET /Messages/{sid}.json`.
pub(super) async fn fetch(
    State(account): State<Arc<Account>>,
    Path(file): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let text = account.texts.find(file.strip_suffix(".json").unwrap_or(&file)).ok_or(ApiError::NOT_FOUND)?;
    Ok(Json(resource(&account, &text)))
}

/// `POST /v2/Indicators/Typing.json`.
pub(super) async fn typing(
    State(account): State<Arc<Account>>,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let form = Form::parse(&body);
    match (form.value("messageId"), form.value("channel")) {
        (Some(_), Some("whatsapp")) => {
            account.texted.send_modify(|count| *count += 1);
            Ok(Json(json!({ "success": true })))
        }
        _ => Err(ApiError::bad_request(20001, "'messageId' and 'channel' are needed")),
    }
}

fn resource(account: &Account, text: &SentText) -> Value {
    let fate = lock(&account.fates).get(&text.sid).cloned();
    let (status, error_code) = fate.unwrap_or_else(|| ("queued".to_owned(), None));
    json!({
        "sid": text.sid,
        "account_sid": account.config.account_sid,
        "from": text.from,
        "to": text.to,
        "body": text.body,
        "status": status,
        "direction": "outbound-api",
        "error_code": error_code,
        "num_segments": "1",
        "num_media": text.media.len().to_string(),
        "date_created": rfc2822(text.created),
        "date_sent": rfc2822(text.created),
        "api_version": "2010-04-01",
    })
}
