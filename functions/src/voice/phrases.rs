//! What Twilio says and does when no agent speaks. There is a session for everything else.

use domain::announcement::Wording;
use domain::call::Refusal;
use domain::locale::{OwnWords, Said, Speaking};
use domain::{Announcement, PhoneNumber};
use stores::businesses::Published;
use twilio::twiml::{Dial, Number, Play, Response, Say, Verb};

/// How long a person may let a transferred call ring.
const DIAL_TIMEOUT_S: u32 = 25;

/// What Twilio says for one business: in its language and its own words. English for a number of no business, and where
/// its settings could not be read.
pub(super) struct Phrasebook<'a> {
    speaking: Speaking,
    own: Option<&'a OwnWords>,
    name: &'a str,
}

impl<'a> Phrasebook<'a> {
    pub(super) fn of(published: Option<&'a Published>) -> Self {
        let Some(Published { business, settings }) = published else {
            return Self { speaking: Speaking::english(), own: None, name: "" };
        };
        let tags = settings.voice.languages.iter().map(String::as_str);
        Self { speaking: Speaking::first_of(tags), own: Some(&settings.words), name: &business.name }
    }

    pub(super) fn say(&self, said: Said) -> Verb {
        let own = self.own.and_then(|own| own.get(said).as_ref());
        verb(self.speaking.wording(said, own, self.name))
    }

    /// Words that the product has none of its own for.
    pub(super) fn announce(&self, own: &Announcement) -> Verb {
        verb(self.speaking.announced(own, self.name))
    }

    /// The last words of a call.
    pub(super) fn ending(&self, said: Said) -> Response {
        Response::new().then(self.say(said)).then(Verb::Hangup)
    }
}

fn verb(wording: Wording) -> Verb {
    match wording {
        Wording::Say { text, language, voice } => Say { text, voice, language }.into(),
        Wording::Play { url } => Play { url }.into(),
    }
}

/// Why a call is refused, in words that a caller hears.
pub(super) const fn refusal(reason: Refusal) -> Said {
    match reason {
        Refusal::UnknownNumber => Said::UnknownNumber,
        Refusal::AtCapacity => Said::Busy,
        Refusal::NoPrompt | Refusal::CapReached | Refusal::Suspended => Said::NotNow,
        Refusal::Closed => Said::Closed,
    }
}

/// The last words where it is not known whose call it is.
pub(super) fn apology() -> Response {
    Phrasebook::of(None).ending(Said::Apology)
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

/// Ends the call without a word.
pub(super) fn hang_up() -> Response {
    Response::new().then(Verb::Hangup)
}
