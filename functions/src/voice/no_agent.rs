//! No agent can be had: the model is lost or refuses us, the streams break, or the call was never let in.
//!
//! The caller is offered what the business has instead, one thing after the other: somebody's phone, voicemail, an
//! apology. Every answer is a function of the call's settings and of what Twilio reports, so copies are alike, and
//! none of them is silence.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use domain::CallSid;
use domain::business::{Voicemail, WhenNoAgent};
use domain::call::Refusal;
use stores::StoreError;
use stores::businesses::Published;
use twilio::twiml::{Record, Response as Twiml, Verb};
use twilio::webhook::{DialAction, VoiceRequest};

use super::after_stream::{AfterStream, hang_up};
use super::{in_time, phrases, xml};
use crate::edge::verified_form::{Gate, Verified};
use crate::recordings::ready;

/// Asked when the fallback number was rung.
pub(super) const AFTER_DIAL_PATH: &str = "/twilio/voice/no-agent/after-dial";
/// Asked when a message was left.
pub(super) const AFTER_MESSAGE_PATH: &str = "/twilio/voice/no-agent/after-message";

/// Twilio's bounds on `<Dial timeout>` end at 600 s; the same for a message keeps its file small.
const SHORTEST: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_secs(600);
/// Silence that ends a message.
const MESSAGE_PAUSE_S: u32 = 5;

/// Why there is no agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// There was one, or was to be one.
    Lost,
    /// The call was never let in.
    Refused(Refusal),
}

impl Why {
    const fn sorry(self) -> &'static str {
        match self {
            Self::Lost => "Sorry, we have a technical problem. One moment, I am connecting you.",
            Self::Refused(Refusal::AtCapacity) => {
                "Sorry, all our lines are busy. One moment, I am connecting you."
            }
            Self::Refused(Refusal::NoPrompt | Refusal::UnknownNumber) => "One moment, I am connecting you.",
        }
    }

    fn last_words(self) -> Twiml {
        match self {
            Self::Lost => phrases::apology(),
            Self::Refused(reason) => phrases::refusal(reason),
        }
    }
}

/// The first thing that the business has. `None`: nothing is known of it.
pub(crate) fn offer(gate: &Gate, why: Why, published: Option<&Published>) -> Twiml {
    let Some(Published { business, settings }) = published else { return why.last_words() };
    let policy = &settings.policies.when_no_agent;
    match &business.fallback_number {
        Some(number) => {
            let action = gate.url(AFTER_DIAL_PATH);
            let ring_for_s = whole_seconds(policy.ring_for);
            Twiml::new().then(phrases::say(why.sorry())).then(phrases::dial(number, None, ring_for_s, action))
        }
        None => take_message(gate, policy).unwrap_or_else(|| why.last_words()),
    }
}

/// Whoever was rung did not answer.
pub(super) fn message_or_goodbye(gate: &Gate, published: Option<&Published>) -> Twiml {
    let policy = published.map(|published| &published.settings.policies.when_no_agent);
    policy.and_then(|policy| take_message(gate, policy)).unwrap_or_else(phrases::nobody)
}

/// `None` when the business takes no messages.
fn take_message(gate: &Gate, policy: &WhenNoAgent) -> Option<Twiml> {
    let Voicemail { prompt, max_length } = policy.voicemail.as_ref()?;
    let record = Record {
        // Without an action Twilio would ask for this document again, and again.
        action: Some(gate.url(AFTER_MESSAGE_PATH)),
        play_beep: true,
        timeout_s: MESSAGE_PAUSE_S,
        max_length_s: whole_seconds(*max_length),
        recording_status_callback: Some(gate.url(ready::PATH)),
    };
    let message = Twiml::new().then(phrases::announce(prompt)).then(record);
    // Reached when nothing was said: then there is no recording and no action.
    Some(message.then(phrases::say(NOTHING_SAID)).then(Verb::Hangup))
}

const NOTHING_SAID: &str = "We did not hear a message. Goodbye.";

fn whole_seconds(duration: Duration) -> u32 {
    u32::try_from(duration.clamp(SHORTEST, LONGEST).as_secs()).unwrap_or(u32::MAX)
}

/// The fallback number was rung. Whoever was reached there has had the conversation.
pub(super) async fn after_dial(
    State(app): State<Arc<AfterStream>>,
    webhook: Verified<DialAction>,
) -> Response {
    let form = &webhook.form;
    if form.was_answered() || form.call.call_status.is_terminal() {
        return xml(&hang_up());
    }
    let call = form.call.call_sid.as_str();
    let answer = Box::pin(app.message_or_goodbye(call));
    let answer = in_time(call, "whether a message may be left", answer).await;
    let answer = answer.unwrap_or_else(|_| phrases::nobody());
    xml(&answer)
}

/// Twilio has the message and will announce it like any recording.
pub(super) async fn after_message(_: State<Arc<AfterStream>>, _: Verified<VoiceRequest>) -> Response {
    xml(&phrases::ending("Thank you. Goodbye."))
}

impl AfterStream {
    async fn message_or_goodbye(&self, call: &str) -> Result<Twiml, NoAgentError> {
        let sid = CallSid::parse(call)?;
        let published = match self.calls.call(&sid).await? {
            Some(call) => self.settings.of_call(&call).await?,
            None => None,
        };
        Ok(message_or_goodbye(&self.gate, published.as_deref()))
    }
}

#[derive(Debug, thiserror::Error)]
enum NoAgentError {
    #[error(transparent)]
    Id(#[from] domain::ids::InvalidId),
    #[error(transparent)]
    Store(#[from] StoreError),
}
