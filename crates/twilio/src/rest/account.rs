//! The account itself (Twilio docs, "Account resource" and "Balance resource").

use serde::Deserialize;

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AccountResource {
    /// `active`, `suspended` or `closed`.
    pub status: String,
    /// `Trial` or `Full`.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
}

/// What the account has left to spend.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Balance {
    /// In units of the currency, as a decimal.
    pub balance: String,
    /// For example `USD`.
    pub currency: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_and_its_balance_are_read() {
        let account: AccountResource =
            serde_json::from_str(r#"{"status": "active", "type": "Full", "added_later": 1}"#).unwrap();
        assert_eq!((account.status.as_str(), account.kind.as_deref()), ("active", Some("Full")));
        let balance: Balance = serde_json::from_str(r#"{"balance": "-0.5", "currency": "USD"}"#).unwrap();
        assert_eq!(balance.balance.parse(), Ok(-0.5));
    }
}
