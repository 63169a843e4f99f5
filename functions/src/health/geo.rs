//! Whether Twilio would dial the countries that businesses let be called: the account's geographic permissions.

use domain::numbering::Country;
use futures_util::stream::{self, StreamExt as _};
use providers::twilio_rest::{TwilioError, TwilioRest};

use super::Finding;
use super::census::Census;

/// Countries that are asked about. What there is beyond them is said.
const MAX_COUNTRIES: usize = 60;
/// Questions to Twilio at one time.
const AT_ONCE: usize = 8;

pub(super) async fn finding(census: &Census, twilio: &TwilioRest) -> Finding {
    let callable = census.callable();
    let asked: Vec<Country> = callable.keys().take(MAX_COUNTRIES).copied().collect();
    let answers = stream::iter(asked).map(async |country: Country| {
        let answer = twilio.dialling_country(country.as_str()).await;
        (country, answer.map(|found| found.low_risk_numbers_enabled))
    });
    let answers: Vec<_> = answers.buffered(AT_ONCE).collect().await;
    let named = |country: &Country| callable.get(country).copied().flatten().map(ToString::to_string);
    judge(answers, named, callable.len() > MAX_COUNTRIES || census.more)
}

/// `named` is a business whose policy names the country.
fn judge(
    answers: Vec<(Country, Result<bool, TwilioError>)>,
    named: impl Fn(&Country) -> Option<String>,
    more: bool,
) -> Finding {
    const OPEN: &str = "allow it in Twilio's console, Voice, Geographic permissions";
    let (mut allowed, mut faults, mut warnings, mut unknown) = (vec![], vec![], vec![], vec![]);
    for (country, answer) in answers {
        match (answer, named(&country)) {
            (Ok(true), _) => allowed.push(country.to_string()),
            (Ok(false) | Err(TwilioError::NotFound), Some(business)) => {
                faults.push(format!(
                    "{country}, which {business} lets be called, is refused by Twilio: {OPEN}"
                ));
            }
            (Ok(false) | Err(TwilioError::NotFound), None) => {
                warnings.push(format!(
                    "{country}, where a business has its number, is refused by Twilio: {OPEN}"
                ));
            }
            (Err(error), _) => unknown.push(format!("{country}: {error}")),
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
        let [at, de, us] = ["AT", "DE", "US"].map(|code| Country::parse(code).unwrap());
        let named = |country: &Country| (*country == de).then(|| "garden".to_owned());
        let judged = |answers: &[(Country, Result<bool, TwilioError>)]| judge(answers.to_vec(), named, false);
        assert_eq!(judged(&[(at, Ok(true)), (de, Ok(true))]), Finding::proven("Twilio dials AT, DE"));
        let refused = judged(&[(at, Ok(true)), (de, Ok(false)), (us, Ok(false))]);
        assert!(refused.is_fault() && refused.says("DE, which garden") && refused.says("US"), "{refused:?}");
        let own = judged(&[(us, Ok(false))]);
        assert!(own.is_warning() && own.says("US"), "{own:?}");
        let unknown = judged(&[(at, Ok(true)), (us, Err(TwilioError::Auth))]);
        assert!(!unknown.is_fault() && !unknown.is_warning() && unknown.says("credentials"), "{unknown:?}");
    }
}
