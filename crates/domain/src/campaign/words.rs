//! What states and outcomes are in words, for people who read a list of entries.

use super::entry::{Skip, State, Wait};
use super::retry::Outcome;

impl Wait {
    /// Why it waits.
    pub const fn words(self) -> &'static str {
        match self {
            Self::CallBack => "the person was promised a call at this time",
            Self::Retry => "the last attempt did not reach the person: another one follows",
            Self::Hours => "it is not a time to call the person",
            Self::CoolingDown => "the number was called a short time ago",
            Self::NoRoom => "there was no room for a call",
            Self::Cap => "a cap on the business's day or month is reached",
            Self::Trouble => "the call could not be asked for: it is tried again",
        }
    }
}

impl Skip {
    /// Why the person is not called.
    pub const fn words(self) -> &'static str {
        match self {
            Self::DoNotCall => "the person asked this business not to be called",
            Self::NoConsent => "the calls are marketing, and no consent is recorded",
            Self::Barred => "no call is placed to numbers of this kind",
            Self::Country => "the business does not call this country, or the number is of no known country",
            Self::NoRule => "there are no rules for calls to this country, or its time is not known",
            Self::NoHours => {
                "no moment suits the hours of the settings, of the campaign and of the law in every time zone in which the \
                 person may be"
            }
            Self::Refused => "the call is refused for good",
            Self::Stopped => "the campaign was stopped",
            Self::Expired => "the campaign's time was over",
            Self::CallBackDropped => {
                "the person was promised a call, and the campaign was stopped or its time was over before it"
            }
            Self::Erased => "all that was kept of the person was erased",
        }
    }
}

impl Outcome {
    /// What the attempt came to.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Human => "a person answered and spoke",
            Self::CallbackRequested => "the person was promised a call at another time",
            Self::OptedOut => "the person said that they want no more calls",
            Self::Silent => "the call was answered, and no word was said",
            Self::Voicemail => "a machine answered",
            Self::Busy => "the line was busy",
            Self::NoAnswer => "the call was not answered",
            Self::Canceled => "the call was cancelled while it rang",
            Self::Failed => "the call could not be connected",
            Self::Unreachable => "the number cannot be reached",
        }
    }
}

impl State {
    /// Why the entry is in this state.
    pub const fn words(&self) -> &'static str {
        match self {
            Self::Pending { .. } => "it was not looked at yet",
            Self::Waiting { why, .. } => why.words(),
            Self::Dialling { .. } => "its call is being dialled",
            Self::Calling { .. } => "its call goes on",
            Self::Done { outcome, .. } => outcome.words(),
            Self::Skipped { why, .. } => why.words(),
        }
    }
}
