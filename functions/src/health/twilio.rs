//! The Twilio account: whether it lets us in, is active, and has money.

use ::twilio::rest::{AccountResource, Balance};
use providers::twilio_rest::{TwilioError, TwilioRest};

use super::Finding;

pub(super) async fn finding(twilio: &TwilioRest) -> Finding {
    let (account, balance) = futures_util::join!(twilio.account(), twilio.balance());
    match account {
        Ok(account) => judge(&account, balance),
        Err(error) => Finding::fault(error.to_string()),
    }
}

fn judge(account: &AccountResource, balance: Result<Balance, TwilioError>) -> Finding {
    let status = &account.status;
    if status != "active" {
        return Finding::fault(format!("the account is {status}: Twilio's console says why"));
    }
    let trial = match account.kind.as_deref() {
        Some("Trial") => ", on trial: it calls verified numbers only, and says so to callers",
        _ => "",
    };
    match balance {
        Ok(Balance { balance, currency }) => match balance.parse::<f64>() {
            Ok(left) if left <= 0.0 => Finding::fault(format!("{balance} {currency} are left: pay money in")),
            Ok(_) => Finding::proven(format!("active{trial}; {balance} {currency} are left")),
            Err(_) => Finding::not_proven(format!("active{trial}; what is left cannot be read")),
        },
        Err(error) => Finding::not_proven(format!("active{trial}; what is left cannot be told: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_proven_when_it_is_active_and_has_money() {
        let account = |status: &str| AccountResource { status: status.to_owned(), kind: None };
        let left = |balance: &str| Ok(Balance { balance: balance.to_owned(), currency: "USD".to_owned() });
        assert_eq!(judge(&account("active"), left("1.50")), Finding::proven("active; 1.50 USD are left"));
        assert!(judge(&account("active"), left("-0.01")).is_fault());
        assert!(judge(&account("suspended"), left("1.50")).is_fault());
        let unknown = judge(&account("active"), Err(TwilioError::NotFound));
        assert!(!unknown.is_fault() && unknown != Finding::proven(""), "{unknown:?}");
    }
}
