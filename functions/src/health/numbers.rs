//! Whether Twilio sends the calls of every number here.

use domain::PhoneNumber;
use futures_util::stream::{self, StreamExt as _};
use providers::twilio_rest::{TwilioAccounts, TwilioRest};
use url::Url;

use super::Finding;
use super::census::{Census, Surveyed};
use crate::shared::number_check::{NumberCheck, setup};

/// Numbers that are looked at. What there is beyond them is said.
const MAX_NUMBERS: usize = 100;
/// Questions to Twilio at one time.
const AT_ONCE: usize = 8;
/// Faults that are named; the others are counted.
const NAMED: usize = 10;

pub(super) async fn finding(census: &Census, twilio: &TwilioAccounts, base: &Url) -> Finding {
    let of = |business: &Surveyed| -> Vec<(PhoneNumber, TwilioRest)> {
        let account = business.account(twilio);
        business.numbers.iter().map(|number| (number.clone(), account.clone())).collect()
    };
    let every = || census.businesses.iter().flat_map(of);
    let numbers: Vec<_> = every().take(MAX_NUMBERS).collect();
    let more = census.more || every().count() > MAX_NUMBERS;
    let (setup, count) = (&setup(base), numbers.len());
    let looked_at = stream::iter(numbers).map(move |(number, twilio)| async move {
        let fault = match twilio.number(&number).await {
            Ok(found) => NumberCheck::new(setup, found.as_ref()).fault(),
            Err(error) => Some(error.to_string()),
        };
        fault.map(|fault| format!("{}: {fault}", number.as_e164()))
    });
    let faults: Vec<String> = looked_at.buffered(AT_ONCE).filter_map(std::future::ready).collect().await;
    if !faults.is_empty() {
        let named = faults.iter().take(NAMED).cloned().collect::<Vec<_>>().join("; ");
        let others = match faults.len().saturating_sub(NAMED) {
            0 => String::new(),
            others => format!("; and {others} more"),
        };
        return Finding::fault(format!("{named}{others}: `switchboard number set-up` tells Twilio"));
    }
    match (count, more) {
        (0, _) => Finding::not_proven("no business has a number"),
        (some, false) => Finding::proven(format!("{some} lead here")),
        (some, true) => Finding::not_proven(format!("{some} lead here; there are more, not looked at")),
    }
}
