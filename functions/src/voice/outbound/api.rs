//! The request and the answer of `POST /v1/calls`.

use std::sync::Arc;

use domain::dial::{CallTask, Series};
use domain::language::Tongue;
use domain::zone::Zone;
use domain::{CallSid, PhoneNumber};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use stores::businesses::Published;
use utoipa::ToSchema;

use crate::edge::api::schema;
use crate::edge::problem::Problem;
use crate::shared::settings_cache::opening_in;

/// The longest language tag (RFC 5646, 4.4.1), bytes.
const MAX_TAG_BYTES: usize = 35;

/// A call that is wanted. Unknown fields are refused with 422.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "from": "+12025550143",
    "to": "+12025550178",
    "reason": "your bicycle is ready",
    "context": "Wheel 3 is new.",
}))]
pub(super) struct NewCall {
    /// A number of the business, E.164. It is shown to the person who is called.
    #[schema(value_type = schema::E164)]
    from: String,
    /// The number to call, E.164. The business's outbound policy says which numbers may be called, and when.
    #[schema(value_type = schema::E164)]
    to: String,
    /// The time zone of the person who is called, an IANA name. Without it every zone of the number's country counts.
    #[schema(pattern = r"^[A-Za-z0-9_+/-]{1,64}$", example = "America/New_York")]
    time_zone: Option<String>,
    /// Why the call is made, for the agent to say.
    #[schema(max_length = 200)]
    reason: Option<String>,
    /// What the agent should know.
    #[schema(max_length = 4_000)]
    context: Option<String>,
    /// The language that the agent opens in, a code or a tag: one of those that the business's settings have; the first of
    /// them without it.
    #[schema(pattern = r"^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$", max_length = 35, example = "de")]
    language: Option<String>,
}

/// The call that was placed: 201, with its address in `Location`.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PlacedCall {
    /// Twilio's id of the call.
    #[schema(value_type = schema::CallSid)]
    pub(super) sid: CallSid,
}

/// A call that may be placed, as far as its own words tell.
#[derive(Clone)]
pub(in crate::voice) struct WantedCall {
    pub(in crate::voice) from: PhoneNumber,
    pub(in crate::voice) to: PhoneNumber,
    pub(in crate::voice) zone: Option<Zone>,
    pub(in crate::voice) task: CallTask,
    /// The campaign's series of calls that it is one of.
    pub(in crate::voice) series: Option<Series>,
}

/// 422: the request is understood, and this call will not be made.
pub(super) fn refused(code: &'static str, detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "this call cannot be placed").code(code).detail(detail)
}

impl NewCall {
    /// # Errors
    /// 422 for what is no number, no time zone or too long.
    pub(super) fn checked(self) -> Result<WantedCall, Problem> {
        let number = |text: &str, name: &str| {
            PhoneNumber::parse(text)
                .map_err(|error| Problem::invalid(format!("/{name}"), "e164", error.to_string()))
        };
        let (from, to) = (number(&self.from, "from")?, number(&self.to, "to")?);
        let zone = self.time_zone.as_deref().map(Zone::parse).transpose();
        let zone = zone.map_err(|error| Problem::invalid("/time_zone", "time_zone", error.to_string()))?;
        let task = CallTask {
            reason: text(self.reason, "reason", CallTask::MAX_REASON_CHARS)?,
            context: text(self.context, "context", CallTask::MAX_CONTEXT_CHARS)?,
            language: language(self.language)?,
        };
        Ok(WantedCall { from, to, zone, task, series: None })
    }
}

/// A language by its code or tag.
fn language(tag: Option<String>) -> Result<Option<String>, Problem> {
    let is_one = |tag: &String| tag.len() <= MAX_TAG_BYTES && Tongue::parse(tag).is_some();
    if tag.as_ref().is_some_and(|tag| !is_one(tag)) {
        let detail = "no language has this code: give one such as `de` or `de-AT`";
        return Err(Problem::invalid("/language", "unknown_language", detail));
    }
    Ok(tag)
}

/// The settings of a call whose agent opens in the language that was asked for.
pub(in crate::voice) fn in_language(
    published: Arc<Published>,
    asked: Option<&str>,
) -> Result<Arc<Published>, Problem> {
    let Some(asked) = asked else { return Ok(published) };
    if published.settings.language(asked).is_none() {
        let own = published.settings.voice.languages.join(", ");
        let detail = format!("the business does not speak `{asked}`: give one of its languages ({own})");
        return Err(Problem::invalid("/language", "unknown_language", detail));
    }
    Ok(opening_in(published, Some(asked)))
}

/// A text that a person will hear or read, or nothing.
pub(in crate::voice) fn text(
    text: Option<String>,
    name: &str,
    max_chars: usize,
) -> Result<Option<String>, Problem> {
    if text.as_ref().is_some_and(|text| text.chars().count() > max_chars) {
        let detail = format!("give {max_chars} characters at most");
        return Err(Problem::invalid(format!("/{name}"), "length", detail));
    }
    Ok(text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(from: &str, to: &str, reason: Option<&str>, context: Option<&str>) -> Result<CallTask, Problem> {
        let [reason, context] = [reason, context].map(|text| text.map(str::to_owned));
        let new =
            NewCall { from: from.into(), to: to.into(), time_zone: None, reason, context, language: None };
        new.checked().map(|wanted| wanted.task)
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
        assert_eq!(status(ask(&format!("{reason}ä"), &context)), 422);
        assert_eq!(status(ask(&reason, &format!("{context}ä"))), 422);
        let blank = ask(" \n", "").unwrap();
        assert_eq!((blank.reason, blank.context), (None, None), "nothing was said");
        assert_eq!(ask("  your bicycle ", "x").unwrap().reason.as_deref(), Some("your bicycle"));
    }

    #[test]
    fn what_is_no_number_and_no_time_zone_is_refused() {
        assert!(asked("+12025550101", "+12025550102", None, None).is_ok());
        assert_eq!(status(asked("2025550101", "+12025550102", None, None)), 422);
        assert_eq!(status(asked("+12025550101", "the workshop", None, None)), 422);
        let new = |zone: &str| NewCall {
            from: "+12025550101".into(),
            to: "+12025550102".into(),
            time_zone: Some(zone.into()),
            reason: None,
            context: None,
            language: None,
        };
        assert_eq!(new("Mars/Olympus").checked().map(drop).unwrap_err().status(), 422);
        assert_eq!(new("america/denver").checked().ok().unwrap().zone.unwrap().name(), "America/Denver");
    }
}
