//! Answers in TwiML: in time, and never silence.

use std::fmt::Display;

use axum::response::Response;
use platform::telemetry::{Unit, metric};
use twilio::twiml::Response as Twiml;

use super::ANSWER_WITHIN;
use crate::edge::answer::{self, LAST_RESORT};

/// TwiML that breaks a rule of Twilio's is a defect of ours; the caller still hears why the call ends.
pub(super) fn xml(twiml: &Twiml) -> Response {
    let body = twiml.to_xml().unwrap_or_else(|error| {
        tracing::error!(%error, "invalid TwiML");
        LAST_RESORT.to_owned()
    });
    answer::xml(body)
}

/// What `answer` gives while Twilio waits. Its error, or `None` if it takes longer than [`ANSWER_WITHIN`], is logged and
/// counted: what the caller hears then is for the webhook to say. `what` names the answer in the log.
pub(super) async fn in_time<T, E: Display>(
    call: &str,
    what: &'static str,
    answer: impl Future<Output = Result<T, E>>,
) -> Result<T, Option<E>> {
    let (failed, reason) = match tokio::time::timeout(ANSWER_WITHIN, answer).await {
        Ok(Ok(answer)) => return Ok(answer),
        Ok(Err(error)) => {
            tracing::error!(%error, call, what, "no answer to a webhook");
            (Some(error), "store")
        }
        Err(_) => {
            tracing::error!(call, what, "an answer to a webhook took too long");
            (None, "timeout")
        }
    };
    metric("CallsDegraded", 1.0, Unit::Count, &[("Reason", reason)]);
    Err(failed)
}

#[cfg(test)]
mod tests {
    use http::header;
    use twilio::twiml::Verb;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_fails_or_is_late_is_left_to_the_webhook() {
        assert_eq!(in_time("CA1", "a test", async { Ok::<_, &str>(7) }).await, Ok(7));
        assert_eq!(in_time("CA1", "a test", async { Err::<u8, _>("down") }).await, Err(Some("down")));
        let late = std::future::pending::<Result<u8, &str>>();
        assert_eq!(in_time("CA1", "a test", late).await, Err(None), "Twilio waits no longer");
    }

    #[tokio::test]
    async fn twiml_that_cannot_be_written_is_words_all_the_same() {
        let fine = xml(&Twiml::new().then(Verb::Hangup));
        assert_eq!(fine.headers()[header::CONTENT_TYPE], "text/xml; charset=utf-8");
        assert!(LAST_RESORT.contains("<Say>") && LAST_RESORT.contains("<Hangup/>"));
    }
}
