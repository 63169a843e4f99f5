//! The Twilio accounts that businesses brought: whether each lets us in, and is active.

use futures_util::stream::{self, StreamExt as _};
use providers::twilio_rest::{TwilioAccounts, TwilioError, TwilioRest};

use super::Finding;
use super::census::Census;

/// Accounts that are looked at. What there is beyond them is said.
const MAX_ACCOUNTS: usize = 100;
/// Questions to Twilio at one time.
const AT_ONCE: usize = 8;

pub(super) async fn finding(census: &Census, twilio: &TwilioAccounts) -> Finding {
    let every = || census.businesses.iter().filter(|business| business.twilio_account.is_some());
    let more = census.more || every().count() > MAX_ACCOUNTS;
    let accounts: Vec<_> = every()
        .take(MAX_ACCOUNTS)
        .map(|business| (business.id.to_string(), business.account(twilio)))
        .collect();
    if accounts.is_empty() {
        return Finding::proven("no business brought one");
    }
    let looks = accounts.into_iter().map(async |(business, account)| {
        let state = state(&account).await;
        (format!("{business} ({}): ", account.account_sid()), state)
    });
    let looked_at: Vec<_> = stream::iter(looks).buffered(AT_ONCE).collect().await;
    let is_fault = looked_at.iter().any(|(_, state)| state.is_err());
    let mut told: Vec<String> =
        looked_at.into_iter().map(|(who, state)| who + &state.unwrap_or_else(|fault| fault)).collect();
    if more {
        told.push("there are more, not looked at".to_owned());
    }
    let told = told.join("; ");
    match (is_fault, more) {
        (true, _) => Finding::fault(told),
        (false, true) => Finding::not_proven(told),
        (false, false) => Finding::proven(told),
    }
}

/// How an account is; the error is a fault.
async fn state(account: &TwilioRest) -> Result<String, String> {
    match account.account().await {
        Ok(found) if found.status == "active" => Ok("reachable".to_owned()),
        Ok(found) => Err(format!("the account is {}", found.status)),
        Err(TwilioError::Auth | TwilioError::NotFound) => {
            Err("wrong pair: Twilio refuses the token; set it again".to_owned())
        }
        Err(error) => Err(error.to_string()),
    }
}
