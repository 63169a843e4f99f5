//! What is asked and told about a business's Twilio account.

use domain::Secret;
use domain::ids::AccountSid;
use domain::own_account::{AccountKeys, MAX_TOKEN_CHARS, fingerprint};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::edge::problem::{FieldError, Problem};
use crate::shared::shapes::Time;

/// A Twilio account and its tokens.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "account_sid": "AC00000000000000000000000000000000",
    "auth_token": "the-account's-auth-token",
}))]
pub(super) struct NewAccount {
    /// `AC` and 32 hexadecimal digits.
    #[schema(pattern = "^AC[0-9a-f]{32}$")]
    account_sid: String,
    /// The account's auth token, with which Twilio is asked. While the token is being changed: the new one.
    #[schema(value_type = String, format = Password, min_length = 1, max_length = 128, pattern = "^[!-~]+$")]
    auth_token: Secret,
    /// While the token is being changed: the other one, which webhooks are accepted with as well.
    #[schema(value_type = Option<String>, format = Password, min_length = 1, max_length = 128, pattern = "^[!-~]+$")]
    previous_auth_token: Option<Secret>,
}

/// The same, understood.
pub(super) struct WantedAccount {
    pub(super) account: AccountSid,
    pub(super) auth_token: Secret,
    pub(super) previous_auth_token: Option<Secret>,
}

impl NewAccount {
    pub(super) fn read(self) -> Result<WantedAccount, Problem> {
        let mut errors = vec![];
        let mut wrong = |name: &str, code: &str, detail: &str| {
            let (pointer, code) = (format!("/{name}"), code.to_owned());
            errors.push(FieldError { pointer, code, detail: detail.to_owned() });
        };
        let account = AccountSid::parse(&self.account_sid);
        if account.is_err() {
            wrong(
                "account_sid",
                "format",
                "give `AC` and 32 hexadecimal digits, as Twilio's console shows it",
            );
        }
        let is_token = |token: &Secret| {
            let text = token.expose();
            (1..=MAX_TOKEN_CHARS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if !is_token(&self.auth_token) {
            wrong("auth_token", "format", "give the account's auth token, without spaces");
        }
        if self.previous_auth_token.as_ref().is_some_and(|token| !is_token(token)) {
            wrong("previous_auth_token", "format", "give the account's other auth token, or leave it out");
        }
        match account {
            Ok(account) if errors.is_empty() => Ok(WantedAccount {
                account,
                auth_token: self.auth_token,
                previous_auth_token: self.previous_auth_token,
            }),
            _ => Err(Problem::fields(errors)),
        }
    }
}

/// The account that a business's calls begin in.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TwilioView {
    /// The account that it brought; null: the deployment's.
    pub(super) own: Option<AccountView>,
}

/// A Twilio account, without its tokens.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AccountView {
    account_sid: String,
    /// When its tokens were set.
    #[schema(value_type = String, format = DateTime)]
    set_at: Time,
    /// The first 12 hexadecimal digits of the auth token's SHA-256, to tell whether it is the one that is meant.
    fingerprint: String,
    /// The fingerprint of the other token that webhooks are accepted with, while the token is being changed.
    previous_fingerprint: Option<String>,
}

impl AccountView {
    pub(super) fn new(keys: &AccountKeys) -> Self {
        Self {
            account_sid: keys.account.to_string(),
            set_at: Time(keys.set_at),
            fingerprint: fingerprint(&keys.auth_token),
            previous_fingerprint: keys.previous_auth_token.as_ref().map(fingerprint),
        }
    }
}
