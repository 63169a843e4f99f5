//! What a caller hears when no agent can speak. There is a session for everything else.

use domain::announcement::Wording;
use domain::call::Refusal;
use domain::{Announcement, PhoneNumber};
use twilio::twiml::{Dial, Number, Play, Response, Say, Verb};

/// How long a person may let a transferred call ring.
const DIAL_TIMEOUT_S: u32 = 25;

/// In English for every business: by now nothing is known of the caller but that there must be no silence.
pub(super) fn say(text: &str) -> Say {
    Say { text: text.to_owned(), voice: None, language: Some("en-GB".to_owned()) }
}

/// A business's own words.
pub(super) fn announce(announcement: &Announcement) -> Verb {
    match announcement.wording().clone() {
        Wording::Say { text, language, voice } => Say { text, voice, language }.into(),
        Wording::Play { url } => Play { url }.into(),
    }
}

pub(super) fn refusal(reason: Refusal) -> Response {
    let text = match reason {
        Refusal::UnknownNumber => "Sorry, this number is not in service. Goodbye.",
        Refusal::AtCapacity => "Sorry, all our lines are busy. Please call again in a few minutes. Goodbye.",
        Refusal::NoPrompt => "Sorry, we cannot take your call right now. Please call again later. Goodbye.",
    };
    ending(text)
}

pub(super) const APOLOGY: &str =
    "Sorry, we have a technical problem and cannot go on. Please call again in a few minutes. Goodbye.";

const NOT_AVAILABLE: &str = "Sorry, nobody can take your call right now. Please call again later. Goodbye.";

pub(super) fn apology() -> Response {
    ending(APOLOGY)
}

/// The agent handed the call over and said so. What follows is `action`'s to say.
pub(super) fn transfer(to: &PhoneNumber, shown: Option<&PhoneNumber>, action: String) -> Response {
    Response::new().then(dial(to, shown, DIAL_TIMEOUT_S, action))
}

pub(super) fn dial(to: &PhoneNumber, shown: Option<&PhoneNumber>, timeout_s: u32, action: String) -> Dial {
    let number = Number { number: to.as_e164().to_owned(), url: None, status_callback: None };
    let caller_id = shown.map(|number| number.as_e164().to_owned());
    Dial { action: Some(action), timeout_s, caller_id, number }
}

pub(super) fn not_available() -> Response {
    ending(NOT_AVAILABLE)
}

/// Ends the call without a word.
pub(super) fn hang_up() -> Response {
    Response::new().then(Verb::Hangup)
}

/// The last words of a call.
pub(super) fn ending(text: &str) -> Response {
    Response::new().then(say(text)).then(Verb::Hangup)
}
