//! The account itself, and its balance.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::ApiError;
use crate::twilio::account::Account;
use crate::twilio::lock;

/// `GET /Accounts/{sid}.json`.
pub(super) async fn account(State(account): State<Arc<Account>>) -> Json<Value> {
    Json(
        json!({ "sid": account.config.account_sid, "status": lock(&account.standing).status, "type": "Full" }),
    )
}

/// `GET /Balance.json`.
pub(super) async fn balance(State(account): State<Arc<Account>>) -> Json<Value> {
    let balance = lock(&account.standing).balance.clone();
    Json(json!({ "account_sid": account.config.account_sid, "balance": balance, "currency": "USD" }))
}

/// `GET /v1/DialingPermissions/Countries/{iso}`.
pub(super) async fn country(
    State(account): State<Arc<Account>>,
    Path(iso): Path<String>,
) -> Result<Json<Value>, ApiError> {
    if iso.len() != 2 || !iso.bytes().all(|letter| letter.is_ascii_uppercase()) {
        return Err(ApiError::NOT_FOUND);
    }
    let allowed = !lock(&account.standing).refused.contains(&iso);
    Ok(Json(json!({
        "iso_code": iso,
        "low_risk_numbers_enabled": allowed,
        "high_risk_special_numbers_enabled": false,
        "high_risk_tollfraud_numbers_enabled": false,
    })))
}
