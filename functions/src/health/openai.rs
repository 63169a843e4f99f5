//! OpenAI's key, the models that calls and what follows them ask for, and one short session.

use std::sync::Arc;
use std::time::Duration;

use domain::cost::PriceList;
use domain::turn::Usage;
use domain::{BusinessId, Timestamp};
use openai::models::{DEFAULT_REALTIME, ListedModel};
use platform::clock;
use providers::openai_http::OpenAiHttp;
use providers::realtime_echo::{EchoError, RealtimeEcho};
use tokio::time::Instant;

use super::Finding;
use super::census::Census;
use crate::edge::parts::Needs;

/// For the question and its repetitions.
const WITHIN: Duration = Duration::from_secs(6);
/// A model that ends sooner is to be replaced now.
const NOTICE: Duration = Duration::from_secs(30 * DAY_S);
/// A model that ends sooner is to be replaced soon.
const EARLY_NOTICE: Duration = Duration::from_secs(90 * DAY_S);
const DAY_S: u64 = 24 * 60 * 60;

/// The models that the key's project may use, or why that is not known; the same for every check.
pub(super) type Listed = Result<Arc<Vec<ListedModel>>, String>;

/// The models that the deployment asks for.
pub(super) fn models(needs: &mut Needs<'_>) -> Vec<String> {
    let mut models = vec![DEFAULT_REALTIME.to_owned()];
    models.extend(needs.models("TRANSCRIPTION_MODELS"));
    models.extend(needs.models("INSIGHT_MODELS"));
    models
}

pub(super) async fn list(openai: &OpenAiHttp) -> Listed {
    openai.models(Instant::now() + WITHIN).await.map(Arc::new).map_err(|error| error.to_string())
}

/// The key, and the models of the deployment.
pub(super) fn finding(listed: &Listed, wanted: &[String], now: Timestamp) -> Finding {
    match listed {
        Ok(listed) => judge(listed, wanted.iter().map(|model| (model.as_str(), String::new())), now),
        Err(error) => Finding::fault(format!("{error}: look at openai_api_key in the secret")),
    }
}

/// The models that the businesses chose.
pub(super) fn chosen(listed: &Listed, census: &Census, now: Timestamp) -> Finding {
    let Ok(listed) = listed else { return Finding::not_proven("OpenAI's list of models is not known") };
    let wanted = census.models();
    if wanted.is_empty() {
        return Finding::not_proven("no business has published settings");
    }
    let by = |businesses: &[&BusinessId]| match businesses {
        [one] => format!(", chosen by {one},"),
        [one, others @ ..] => format!(", chosen by {one} and {} more,", others.len()),
        [] => String::new(),
    };
    judge(listed, wanted.iter().map(|(model, businesses)| (*model, by(businesses))), now)
}

/// `wanted` is each model with who wants it.
fn judge<'a>(
    listed: &[ListedModel],
    wanted: impl Iterator<Item = (&'a str, String)>,
    now: Timestamp,
) -> Finding {
    // Days of this form are in order as text.
    let (now_at, soon_at) = (clock::rfc3339(now.plus(NOTICE)), clock::rfc3339(now.plus(EARLY_NOTICE)));
    let (mut may, mut faults, mut warnings) = (vec![], vec![], vec![]);
    for (model, by) in wanted {
        let Some(found) = listed.iter().find(|listed| listed.id == model) else {
            faults.push(format!(
                "the key's project cannot use {model}{by}: choose another, or allow it at OpenAI"
            ));
            continue;
        };
        match found.ends() {
            Some(day) if day <= now_at.as_str() => {
                faults.push(format!("{model}{by} ends on {day}: choose another in the settings now"));
            }
            Some(day) if day <= soon_at.as_str() => {
                warnings.push(format!("{model}{by} ends on {day}: choose another in the settings"));
            }
            Some(day) => may.push(format!("{model} (ends on {day})")),
            None => may.push(model.to_owned()),
        }
    }
    Finding::of(faults, warnings, || Finding::proven(format!("the key may use {}", may.join(", "))))
}

/// One short session with the model that calls have if their business chose no other.
pub(super) async fn session(realtime: &RealtimeEcho, prices: &PriceList) -> Finding {
    heard(realtime.ask(DEFAULT_REALTIME).await, prices)
}

fn heard(answer: Result<Option<Usage>, EchoError>, prices: &PriceList) -> Finding {
    let used = match answer {
        Ok(Some(used)) => used,
        Ok(None) => {
            return Finding::proven(format!(
                "{DEFAULT_REALTIME} was configured and answered; its cost is not known"
            ));
        }
        Err(error) => return Finding::fault(format!("{DEFAULT_REALTIME}: {error}")),
    };
    let cost = match prices.realtime_micros(DEFAULT_REALTIME, &used) {
        Some(micros) => format!("cost {} micro-dollars", micros),
        None => "has no price that is known here".to_owned(),
    };
    let (read, said) = (used.input_text + used.input_audio, used.output_text + used.output_audio);
    Finding::proven(format!(
        "{DEFAULT_REALTIME} was configured and answered; that took {read} tokens in and {said} out and {cost}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_that_is_absent_or_ends_within_a_month_is_a_fault_and_within_three_a_warning() {
        let model = |id: &str, day: Option<&str>| ListedModel {
            id: id.to_owned(),
            shutdown_date: day.map(str::to_owned),
        };
        let listed = [
            model("lasting", None),
            model("later", Some("2027-03-01")),
            model("this-winter", Some("2027-01-20")),
            model("soon", Some("2026-12-11")),
        ];
        let now = clock::from_rfc3339("2026-11-29T12:00:00Z").unwrap();
        let judged = |wanted: &[&str]| {
            judge(&listed, wanted.iter().map(|model| (*model, ", chosen by garden,".to_owned())), now)
        };
        let fine = judged(&["lasting", "later"]);
        assert_eq!(fine, Finding::proven("the key may use lasting, later (ends on 2027-03-01)"));
        let warned = judged(&["lasting", "this-winter"]);
        assert!(warned.is_warning() && warned.says("this-winter, chosen by garden, ends on 2027-01-20"));
        for fault in ["soon", "absent"] {
            assert!(judged(&["this-winter", fault]).is_fault(), "{fault}");
        }
    }

    #[test]
    fn what_the_short_session_cost_is_said() {
        let used =
            Usage { responses: 1, input_text: 20, output_text: 5, output_audio: 10, ..Usage::default() };
        let heard = |answer| heard(answer, &PriceList::default());
        let proven = heard(Ok(Some(used)));
        assert!(
            proven.says("20 tokens in and 15 out") && proven.says("cost 840 micro-dollars"),
            "{proven:?}"
        );
        assert!(!heard(Ok(None)).is_fault());
        assert!(heard(Err(EchoError::Unreachable)).is_fault());
    }
}
