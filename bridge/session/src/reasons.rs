//! What follows from the reason that a response was asked for.

use crate::input::ResponseReason;

/// The order in which waiting requests are made.
pub(crate) const fn rank(reason: ResponseReason) -> u8 {
    match reason {
        ResponseReason::Goodbye => 0,
        ResponseReason::Greeting => 1,
        ResponseReason::Screening => 2,
        ResponseReason::ToolOutput => 2,
        ResponseReason::Warning => 3,
        ResponseReason::Dtmf => 4,
        ResponseReason::Overheard => 5,
        ResponseReason::Recovery => 6,
        ResponseReason::SilencePrompt => 7,
        ResponseReason::Filler => 8,
    }
}

/// The first and the last words of a call are not settled by an answer to the caller.
pub(crate) const fn keeps_floor(reason: ResponseReason) -> bool {
    match reason {
        ResponseReason::Goodbye | ResponseReason::Greeting => true,
        ResponseReason::ToolOutput
        | ResponseReason::Filler
        | ResponseReason::Warning
        | ResponseReason::Screening
        | ResponseReason::Dtmf
        | ResponseReason::Overheard
        | ResponseReason::Recovery
        | ResponseReason::SilencePrompt => false,
    }
}

/// Whether a tool may be called in answer to this. Where we only want a sentence said, none may.
pub(crate) const fn may_call_tools(reason: ResponseReason) -> bool {
    match reason {
        ResponseReason::ToolOutput
        | ResponseReason::Dtmf
        | ResponseReason::Overheard
        | ResponseReason::Recovery => true,
        ResponseReason::Goodbye
        | ResponseReason::Greeting
        | ResponseReason::Filler
        | ResponseReason::Warning
        | ResponseReason::Screening
        | ResponseReason::SilencePrompt => false,
    }
}

/// Whether a request that lost the race against another response still has something to say.
pub(crate) const fn must_be_said(reason: ResponseReason) -> bool {
    match reason {
        ResponseReason::Goodbye
        | ResponseReason::Greeting
        | ResponseReason::ToolOutput
        | ResponseReason::Warning
        | ResponseReason::Screening
        | ResponseReason::Dtmf => true,
        ResponseReason::Filler
        | ResponseReason::Overheard
        | ResponseReason::Recovery
        | ResponseReason::SilencePrompt => false,
    }
}
