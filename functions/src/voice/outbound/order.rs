//! What a business asks for, and whether it may.

use axum::extract::rejection::JsonRejection;
use domain::dial::CallTask;
use domain::dial::barred::barred;
use domain::ids::AccountSid;
use domain::prompt::Channel;
use domain::{BusinessId, CallPlan, DialId, DialOrder, PhoneNumber, Timestamp};
use http::StatusCode;
use serde::Deserialize;

use super::Outbound;
use crate::edge::problem::Problem;
use crate::voice::{plan, slot_ttl};

/// The body of `POST /v1/calls`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewCall {
    from: String,
    to: String,
    reason: Option<String>,
    context: Option<String>,
}

/// Names what is wrong with a body, without quoting it.
pub(super) fn what_is_wrong(error: &JsonRejection) -> &'static str {
    match error {
        JsonRejection::MissingJsonContentType(_) => "send `Content-Type: application/json`",
        JsonRejection::JsonSyntaxError(_) => "the body is not JSON",
        JsonRejection::JsonDataError(_) | JsonRejection::BytesRejection(_) | _ => {
            "the body takes `from` and `to`, both E.164, and optionally `reason` and `context`, all of them text"
        }
    }
}

fn refused(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "this call cannot be placed").detail(detail)
}

/// A text that somebody will hear or read, or nothing.
fn text(text: Option<String>, name: &str, max_chars: usize) -> Result<Option<String>, Problem> {
    let text = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    match text {
        Some(long) if long.chars().count() > max_chars => {
            Err(Problem::bad_request(format!("`{name}` may have {max_chars} characters at most")))
        }
        text => Ok(text),
    }
}

impl NewCall {
    pub(super) fn checked(self) -> Result<(PhoneNumber, PhoneNumber, CallTask), Problem> {
        let number = |text: &str, name: &str| {
            PhoneNumber::parse(text).map_err(|error| Problem::bad_request(format!("`{name}`: {error}")))
        };
        let (from, to) = (number(&self.from, "from")?, number(&self.to, "to")?);
        if let Some(kind) = barred(&to, &from) {
            return Err(refused(format!("`to` is a number that is never dialled: {}", kind.as_str())));
        }
        if from == to {
            return Err(refused("`to` is the number that would call"));
        }
        let task = CallTask {
            reason: text(self.reason, "reason", CallTask::MAX_REASON_CHARS)?,
            context: text(self.context, "context", CallTask::MAX_CONTEXT_CHARS)?,
        };
        Ok((from, to, task))
    }
}

impl Outbound {
    /// Everything the call will need. Refused: a number of another business, or of none, and settings without a
    /// prompt for outbound calls; the one for inbound calls never stands in.
    pub(super) async fn order(
        &self,
        business: &BusinessId,
        id: DialId,
        (from, to, task): (PhoneNumber, PhoneNumber, CallTask),
        now: Timestamp,
    ) -> Result<(DialOrder, CallPlan), Problem> {
        // Another's number and nobody's number are answered alike.
        let published = self.settings.of_number(&from).await?.filter(|owner| owner.business.id == *business);
        let published = published.ok_or_else(|| refused("`from` is not a number of this business"))?;
        let compiled = self.settings.prompt(&published, Channel::Outbound).await;
        let compiled = compiled.map_err(|no_prompt| refused(no_prompt.to_string()))?;
        let account = AccountSid::parse(&self.account).map_err(|_| Problem::unavailable())?;
        let stand_in = id.stand_in().map_err(|_| Problem::unavailable())?;
        let order = DialOrder {
            id,
            account,
            business: business.clone(),
            revision: published.settings.revision,
            from,
            to,
            task,
            requested_at: now,
            max_concurrent_calls: published.business.max_concurrent_calls,
            slot_ttl: slot_ttl(&published),
        };
        let plan = plan::first(&order.call(stand_in), &published, &compiled, now);
        Ok((order, plan))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(from: &str, to: &str, reason: Option<&str>, context: Option<&str>) -> Result<CallTask, Problem> {
        let [reason, context] = [reason, context].map(|text| text.map(str::to_owned));
        let new = NewCall { from: from.into(), to: to.into(), reason, context };
        new.checked().map(|(_, _, task)| task)
    }

    fn status(refused: Result<CallTask, Problem>) -> u16 {
        refused.unwrap_err().status()
    }

    #[test]
    fn a_reason_and_a_context_have_a_largest_length_in_characters() {
        let ask =
            |reason: &str, context: &str| asked("+12025550101", "+12025550102", Some(reason), Some(context));
        let (reason, context) =
            ("ä".repeat(CallTask::MAX_REASON_CHARS), "ä".repeat(CallTask::MAX_CONTEXT_CHARS));
        let task = ask(&reason, &context).unwrap();
        assert_eq!((task.reason, task.context), (Some(reason.clone()), Some(context.clone())));
        assert_eq!(status(ask(&format!("{reason}ä"), &context)), 400);
        assert_eq!(status(ask(&reason, &format!("{context}ä"))), 400);
        let blank = ask(" \n", "").unwrap();
        assert_eq!((blank.reason, blank.context), (None, None), "nothing was said");
        assert_eq!(ask("  your bicycle ", "x").unwrap().reason.as_deref(), Some("your bicycle"));
    }

    #[test]
    fn numbers_are_read_before_they_are_judged() {
        assert!(asked("+12025550101", "+12025550102", None, None).is_ok());
        assert_eq!(status(asked("2025550101", "+12025550102", None, None)), 400);
        assert_eq!(status(asked("+12025550101", "the workshop", None, None)), 400);
        assert_eq!(status(asked("+12025550101", "+12025550101", None, None)), 422, "itself");
        assert_eq!(status(asked("+12025550101", "+19005550101", None, None)), 422, "premium rate");
    }
}
