//! The voice webhooks: the only writers of a call.

pub mod after_stream;
mod dialled;
mod history;
pub mod inbound;
mod line;
mod no_agent;
pub mod outbound;
pub mod phrases;
pub(crate) mod plan;
mod progress;
pub mod published;
pub mod status;
pub mod sweep;

use std::fmt::Display;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use domain::PhoneNumber;
use domain::phone::Caller;
use http::{StatusCode, header};
use platform::env::Parser;
use platform::telemetry::{Unit, metric};
use stores::businesses::Published;
use stores::capacity::Pool;
use twilio::Party;
use twilio::twiml;

/// Twilio waits 5 s for an answer (`rt` in [`DELIVERY`]); the caller should hear an apology before.
///
/// [`DELIVERY`]: crate::edge::verified_form::DELIVERY
pub const ANSWER_WITHIN: Duration = Duration::from_secs(4);

/// A slot heals by itself when nothing releases it: a little longer than any call may last.
const SLOT_MARGIN: Duration = Duration::from_secs(10 * 60);

/// Calls at one time in the whole deployment: what the bridge's tasks carry.
pub(crate) fn deployment_limit(vars: &mut Parser<'_>) -> u16 {
    vars.parsed("MAX_CONCURRENT_CALLS", "a number up to 65535", |text| text.parse().ok()).unwrap_or_default()
}

/// A call that found no slot.
pub(crate) fn count_refused(pool: Pool) {
    metric("CallsAtCapacity", 1.0, Unit::Count, &[("Pool", pool.as_str())]);
}

pub(crate) fn slot_ttl(published: &Published) -> Duration {
    published.settings.policies.conversation.max_call + SLOT_MARGIN
}

/// Twilio's word for a party, as ours.
pub(crate) fn caller(party: &Party) -> Caller {
    match party {
        Party::E164(text) => match PhoneNumber::parse(text) {
            Ok(number) => Caller::Number(number),
            Err(_) => Caller::Other(text.clone()),
        },
        Party::Hidden(_) => Caller::Hidden,
        Party::Client(text) | Party::Sip(text) | Party::Other(text) => Caller::Other(text.clone()),
    }
}

/// What `answer` gives while Twilio waits. Its error, or `None` if it takes longer than [`ANSWER_WITHIN`], is logged and
/// counted: what the caller hears then is for the webhook to say. `what` names the answer in the log.
pub(crate) async fn in_time<T, E: Display>(
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

/// TwiML that breaks a rule of Twilio's is a defect of ours; the caller still hears why the call ends.
pub(crate) fn xml(twiml: &twiml::Response) -> Response {
    const LAST_RESORT: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Say>Sorry, we have a \
                               technical problem. Goodbye.</Say><Hangup/></Response>";
    let body = twiml.to_xml().unwrap_or_else(|error| {
        tracing::error!(%error, "invalid TwiML");
        LAST_RESORT.to_owned()
    });
    ([(header::CONTENT_TYPE, "text/xml; charset=utf-8")], body).into_response()
}

/// The answer to a callback that wants none.
pub(crate) fn no_content() -> Response {
    StatusCode::NO_CONTENT.into_response()
}
