//! OpenAI's key, and the models that calls and what follows them ask for.

use std::time::Duration;

use domain::Timestamp;
use openai::models::{DEFAULT_REALTIME, ListedModel};
use platform::clock;
use providers::openai_http::OpenAiHttp;
use tokio::time::Instant;

use super::Finding;
use crate::edge::parts::Needs;

/// For the question and its repetitions.
const WITHIN: Duration = Duration::from_secs(6);
/// A model that ends sooner is to be replaced now.
const NOTICE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The models that the deployment asks for.
pub(super) fn models(needs: &mut Needs<'_>) -> Vec<String> {
    let mut models = vec![DEFAULT_REALTIME.to_owned()];
    models.extend(needs.models("TRANSCRIPTION_MODELS"));
    models.extend(needs.models("INSIGHT_MODELS"));
    models
}

pub(super) async fn finding(openai: &OpenAiHttp, wanted: &[String], now: Timestamp) -> Finding {
    match openai.models(Instant::now() + WITHIN).await {
        Ok(listed) => judge(&listed, wanted, now),
        Err(error) => Finding::fault(format!("{error}: look at openai_api_key in the secret")),
    }
}

fn judge(listed: &[ListedModel], wanted: &[String], now: Timestamp) -> Finding {
    // Days of this form are in order as text.
    let (soon, mut faults, mut ends) = (clock::rfc3339(now.plus(NOTICE)), vec![], vec![]);
    for model in wanted {
        match listed.iter().find(|listed| listed.id == *model) {
            None => faults.push(format!("the key's project cannot use {model}")),
            Some(found) => match found.ends() {
                Some(day) if day <= soon.as_str() => {
                    faults.push(format!("{model} ends on {day}: choose another in the settings"));
                }
                Some(day) => ends.push(format!("; {model} ends on {day}")),
                None => {}
            },
        }
    }
    match faults.as_slice() {
        [] => Finding::ok(format!("the key may use {}{}", wanted.join(", "), ends.concat())),
        faults => Finding::fault(faults.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_that_is_absent_or_ends_within_a_month_is_a_fault() {
        let model = |id: &str, day: Option<&str>| ListedModel {
            id: id.to_owned(),
            shutdown_date: day.map(str::to_owned),
        };
        let listed =
            [model("lasting", None), model("later", Some("2027-03-01")), model("soon", Some("2026-12-11"))];
        let now = clock::from_rfc3339("2026-11-29T12:00:00Z").unwrap();
        let judged = |wanted: &[&str]| {
            let wanted: Vec<String> = wanted.iter().map(|model| (*model).to_owned()).collect();
            judge(&listed, &wanted, now)
        };
        let fine = judged(&["lasting", "later"]);
        assert_eq!(fine, Finding::ok("the key may use lasting, later; later ends on 2027-03-01"));
        assert!(judged(&["lasting", "soon"]).is_fault());
        assert!(judged(&["lasting", "absent"]).is_fault());
    }
}
