//! Whether Twilio would dial the countries that businesses let be called: the geographic permissions of each account.

use futures_util::stream::{self, StreamExt as _};
use providers::twilio_rest::{TwilioAccounts, TwilioError};

use super::Finding;
use super::census::Census;

/// Countries that are asked about, in all accounts together. What there is beyond them is said.
const MAX_COUNTRIES: usize = 60;
/// Questions to Twilio at one time.
const AT_ONCE: usize = 8;

/// What Twilio says of a country.
#[derive(Clone)]
struct Answer {
    /// The country, with the account if a business brought it.
    place: String,
    /// A business whose policy names the country.
    named_by: Option<String>,
    is_open: Result<bool, TwilioError>,
}

pub(super) async fn finding(census: &Census, twilio: &TwilioAccounts) -> Finding {
    let callable = census.callable();
    let more = census.more || callable.len() > MAX_COUNTRIES;
    let questions: Vec<_> = callable
        .into_iter()
        .take(MAX_COUNTRIES)
        .map(|((account, country), why)| {
            let place = match account {
                Some(account) => format!("{country} in {account}"),
                None => country.to_string(),
            };
            let named_by = why.is_named.then(|| why.business.id.to_string());
            (country, why.business.account(twilio), place, named_by)
        })
        .collect();
    let asked = stream::iter(questions).map(async |(country, account, place, named_by)| {
        let answer = account.dialling_country(country.as_str()).await;
        Answer { place, named_by, is_open: answer.map(|found| found.low_risk_numbers_enabled) }
    });
    judge(asked.buffered(AT_ONCE).collect().await, more)
}

fn judge(answers: Vec<Answer>, more: bool) -> Finding {
    const OPEN: &str = "allow it in Twilio's console, Voice, Geographic permissions";
    let (mut allowed, mut faults, mut warnings, mut unknown) = (vec![], vec![], vec![], vec![]);
    for Answer { place, named_by, is_open } in answers {
        match (is_open, named_by) {
            (Ok(true), _) => allowed.push(place),
            (Ok(false) | Err(TwilioError::NotFound), Some(business)) => {
                faults
                    .push(format!("{place}, which {business} lets be called, is refused by Twilio: {OPEN}"));
            }
            (Ok(false) | Err(TwilioError::NotFound), None) => {
                warnings
                    .push(format!("{place}, where a business has its number, is refused by Twilio: {OPEN}"));
            }
            (Err(error), _) => unknown.push(format!("{place}: {error}")),
        }
    }
    Finding::of(faults, warnings, || match allowed.join(", ") {
        _ if !unknown.is_empty() => Finding::not_proven(unknown.join("; ")),
        none if none.is_empty() => {
            Finding::not_proven("no business has a number or names a country: none is called")
        }
        allowed if more => {
            Finding::not_proven(format!("Twilio dials {allowed}; there are more, not looked at"))
        }
        allowed => Finding::proven(format!("Twilio dials {allowed}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_that_a_policy_names_and_twilio_refuses_is_a_fault() {
        let judged = |answers: &[(&str, Result<bool, TwilioError>)]| {
            let answers = answers.iter().map(|(place, is_open)| Answer {
                place: (*place).to_owned(),
                named_by: place.starts_with("DE").then(|| "garden".to_owned()),
                is_open: is_open.clone(),
            });
            judge(answers.collect(), false)
        };
        assert_eq!(judged(&[("AT", Ok(true)), ("DE", Ok(true))]), Finding::proven("Twilio dials AT, DE"));
        let refused = judged(&[("AT", Ok(true)), ("DE in AC1", Ok(false)), ("US", Ok(false))]);
        assert!(
            refused.is_fault() && refused.says("DE in AC1, which garden") && refused.says("US"),
            "{refused:?}"
        );
        let own = judged(&[("US", Ok(false))]);
        assert!(own.is_warning() && own.says("US"), "{own:?}");
        let unknown = judged(&[("AT", Ok(true)), ("US", Err(TwilioError::Auth))]);
        assert!(!unknown.is_fault() && !unknown.is_warning() && unknown.says("credentials"), "{unknown:?}");
    }
}
