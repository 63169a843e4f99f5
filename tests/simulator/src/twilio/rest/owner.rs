//! The account itself, and its balance.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::twilio::account::Account;

/// `GET /Accounts/{sid}.json`.
pub(super) async fn account(State(account): State<Arc<Account>>) -> Json<Value> {
    Json(json!({ "sid": account.config.account_sid, "status": "active", "type": "Full" }))
}

/// `GET /Balance.json`.
pub(super) async fn balance(State(account): State<Arc<Account>>) -> Json<Value> {
    Json(json!({ "account_sid": account.config.account_sid, "balance": "20.00", "currency": "USD" }))
}
