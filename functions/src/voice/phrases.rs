//! What a caller hears when no agent can speak. There is a session for everything else.

use domain::PhoneNumber;
use domain::call::Refusal;
use twilio::twiml::{Dial, Number, Response, Say, Verb};

/// How long a person may let the call ring.
const DIAL_TIMEOUT_S: u32 = 25;

/// In English for every business: by now nothing is known of the caller but that there must be no silence.
pub(crate) fn say(text: &str) -> Say {
    Say { text: text.to_owned(), voice: None, language: Some("en-GB".to_owned()) }
}

pub(crate) fn refusal(reason: Refusal) -> Response {
    let text = match reason {
        Refusal::UnknownNumber => "Sorry, this number is not in service. Goodbye.",
        Refusal::AtCapacity => "Sorry, all our lines are busy. Please call again in a few minutes. Goodbye.",
        Refusal::NoPrompt => "Sorry, we cannot take your call right now. Please call again later. Goodbye.",
    };
    Response::new().then(say(text)).then(Verb::Hangup)
}

pub(crate) const APOLOGY: &str =
    "Sorry, we have a technical problem and cannot go on. Please call again in a few minutes. Goodbye.";

const NOBODY: &str = "Sorry, nobody can take your call right now. Please call again later. Goodbye.";

pub(crate) fn apology() -> Response {
    Response::new().then(say(APOLOGY)).then(Verb::Hangup)
}

/// The agent handed the call over and said so. What follows is `action`'s to say.
pub(crate) fn transfer(to: &PhoneNumber, shown: Option<&PhoneNumber>, action: String) -> Response {
    let number = Number { number: to.as_e164().to_owned(), url: None, status_callback: None };
    let caller_id = shown.map(|number| number.as_e164().to_owned());
    Response::new().then(Dial { action: Some(action), timeout_s: DIAL_TIMEOUT_S, caller_id, number })
}

pub(crate) fn nobody() -> Response {
    Response::new().then(say(NOBODY)).then(Verb::Hangup)
}

pub(crate) fn hand_over(number: &PhoneNumber) -> Response {
    let number = Number { number: number.as_e164().to_owned(), url: None, status_callback: None };
    Response::new()
        .then(say("Sorry, we have a technical problem. One moment, I am connecting you."))
        .then(Dial { action: None, timeout_s: DIAL_TIMEOUT_S, caller_id: None, number })
        .then(say(NOBODY))
        .then(Verb::Hangup)
}
