//! Promising the person who was called a call at another time. Which time may be promised is `domain::call_back`'s to say.

use std::time::Instant;

use domain::CallPlan;
use domain::appointments::{Question, say_moment};
use domain::call_back::{Ask, Declined, Moment, Refusal, Wish};
use domain::tools::PROMISE_CALL_BACK;
use platform::rate_limit::RateLimited;
use providers::toolbox::error;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{MESSAGE_WAIT, ToolInvocation, fitting_own};
use crate::ports::Ports;

/// Runs the tool. The answer says that the person will be called only once that is kept.
pub(super) async fn run<P: Ports>(
    ports: &P,
    plan: &CallPlan,
    call: &ToolInvocation,
    troubles: &RateLimited,
) -> Value {
    let wish = match fitting_own(&plan.tools, PROMISE_CALL_BACK, &call.arguments) {
        Ok(arguments) => serde_json::from_value::<Wish>(arguments),
        Err(complaint) => return complaint,
    };
    let Ok(wish) = wish else {
        return error(
            "invalid_arguments",
            "an hour is written like `16:30`, `4:30pm`, or `4` if it has two meanings",
        );
    };
    let language = plan.voice.language();
    match timeout(MESSAGE_WAIT, ports.promise_call_back(plan, &wish)).await {
        Ok(Ok(Ok(moment))) => promised(moment, language),
        Ok(Ok(Err(declined))) => not_promised(&declined, language),
        Ok(Err(_)) | Err(_) => {
            if let Some(others) = troubles.admit(Instant::now()) {
                tracing::error!(call = %plan.call, others, "a call-back could not be kept");
            }
            error("not_kept", "nothing is kept yet: promise no call; asking again is safe")
        }
    }
}

fn promised(moment: Moment, language: &str) -> Value {
    let message = "it is kept that the person is called then; say so with the time as it is written here";
    match moment.local {
        Some(local) => json!({ "ok": true, "say": say_moment(local, language), "message": message }),
        None => {
            json!({ "ok": true, "message": "it is kept that the person is called in the time that they said" })
        }
    }
}

fn not_promised(declined: &Declined, language: &str) -> Value {
    match declined {
        Declined::Ask(ask) => question(ask, language),
        Declined::Instead(moment) => {
            let say = moment.local.map(|local| say_moment(local, language));
            json!({
                "error": "not_then",
                "message": "No call may be placed to them then, and nothing is kept. Offer this time, the nearest one; if they take it, call promise_call_back again with its `offer` alone.",
                "alternatives": [{ "offer": moment.offer(), "say": say }],
            })
        }
        Declined::Refused(refusal) => error(
            refusal.code(),
            match refusal {
                Refusal::TooFar => {
                    "calls are promised for the next thirty days at most: ask for an earlier time"
                }
                Refusal::TooLate => {
                    "no such calls are placed any more by then: ask for an earlier time, or promise nothing"
                }
                Refusal::NoHours => "no call can be promised: say so, and promise nothing",
            },
        ),
    }
}

fn question(ask: &Ask, language: &str) -> Value {
    let message = match ask {
        Ask::Hint(Question::WhichDay(_)) => {
            "Ask which of these two days is meant, then call promise_call_back again with its value as `day`, and without `week`."
        }
        Ask::Hint(Question::DayIsPast(_)) => {
            "That day is past. Say so, ask whether this one is meant, then call promise_call_back again with its value as `day`."
        }
        Ask::Hint(Question::WhichHour(_)) => {
            "Ask whether the morning or the afternoon is meant, then call promise_call_back again with the hour as written here."
        }
        Ask::Hint(Question::UnknownDay) => {
            "The day was not understood. Ask for a weekday or a date, and pass it as one word or as 2026-12-03."
        }
        Ask::Hint(Question::NoTimeLeft) | Ask::AtWhatHour => {
            "Ask at about what hour they want to be called, and on which day."
        }
        Ask::Where => {
            "Ask in which city they are, then call promise_call_back again with its `time_zone` beside what they said."
        }
        Ask::Past => "That time is past. Say so, and ask when they want to be called.",
    };
    let options = match ask {
        Ask::Hint(question) => question.options(language),
        Ask::AtWhatHour | Ask::Where | Ask::Past => vec![],
    };
    let options: Vec<Value> =
        options.into_iter().map(|(value, say)| json!({ "value": value, "say": say })).collect();
    json!({ "question": ask.code(), "message": message, "options": options })
}
