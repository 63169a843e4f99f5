//! The IncomingPhoneNumbers resource: find a number of the account, set it up.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use serde_json::{Value, json};

use super::{ApiError, Form, form};
use crate::twilio::account::Account;
use crate::twilio::lock;

/// `GET /IncomingPhoneNumbers.json?PhoneNumber=`. The filter is a part of a number; here it is taken for a whole one.
pub(super) async fn list(State(account): State<Arc<Account>>, RawQuery(query): RawQuery) -> Json<Value> {
    let filter = Form(form(query.unwrap_or_default().as_bytes()));
    let wanted = filter.value("PhoneNumber").filter(|_| account.config.has_every_number);
    let numbers: Vec<_> = wanted.and_then(sid).map(|sid| resource(&account, &sid)).into_iter().collect();
    Json(json!({ "incoming_phone_numbers": numbers, "page": 0, "next_page_uri": null }))
}

/// `POST /IncomingPhoneNumbers/{sid}.json`.
pub(super) async fn update(
    State(account): State<Arc<Account>>,
    Path(file): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let sid =
        file.strip_suffix(".json").filter(|sid| number(sid).is_some() && account.config.has_every_number);
    let sid = sid.ok_or(ApiError::NOT_FOUND)?;
    for name in ["VoiceUrl", "VoiceFallbackUrl", "StatusCallback"] {
        Form::parse(&body).url(name, ApiError::bad_request(21502, "Voice URL is not valid"))?;
    }
    lock(&account.numbers).entry(sid.to_owned()).or_default().extend(form(&body));
    Ok(Json(resource(&account, sid)))
}

/// Sets a number up as its owner does in Twilio's console.
pub(in crate::twilio) fn set_up(account: &Account, number: &str, told: Vec<(String, String)>) {
    if let Some(sid) = sid(number) {
        lock(&account.numbers).entry(sid).or_default().extend(told);
    }
}

/// A number's sid holds its digits, so that each has one without being remembered.
fn sid(number: &str) -> Option<String> {
    let digits: u128 = number.strip_prefix('+')?.parse().ok()?;
    Some(format!("PN{digits:032}"))
}

fn number(sid: &str) -> Option<String> {
    let digits: u128 = sid.strip_prefix("PN")?.parse().ok()?;
    Some(format!("+{digits}"))
}

fn resource(account: &Account, sid: &str) -> Value {
    let told = lock(&account.numbers).get(sid).cloned().unwrap_or_default();
    let last = |name: &str| told.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    json!({
        "sid": sid,
        "account_sid": account.config.account_sid,
        "phone_number": number(sid),
        "voice_url": last("VoiceUrl").unwrap_or_default(),
        "voice_method": last("VoiceMethod").unwrap_or_else(|| "POST".to_owned()),
        "voice_fallback_url": last("VoiceFallbackUrl").unwrap_or_default(),
        "status_callback": last("StatusCallback").unwrap_or_default(),
        "capabilities": { "voice": true, "sms": true, "mms": false, "fax": false },
    })
}
