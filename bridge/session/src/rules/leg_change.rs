//! One leg of the model is left and another one taken: what is asked for again, and what is made good.

use crate::action::Action;
use crate::facts::Facts;
use crate::facts::LeftBehind;
use crate::facts::model_leg::Owed;
use crate::facts::response_gate::Ended;
use crate::instructions;
use crate::response_reason::ResponseReason;

/// What becomes of the response that was under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lost {
    /// It was the goodbye, and the caller heard nothing of it.
    Goodbye,
    /// It was the greeting, and the caller heard nothing of it.
    Greeting,
    /// The next leg owes the caller this.
    Owed(Owed),
    /// Nothing is missed.
    Nothing,
}

/// Judges a response that was lost with its leg. What it was to say for us is asked for again, unless the caller heard
/// some of it.
pub(crate) fn lost(ended: &Ended) -> Lost {
    match ended.reason {
        Some(ResponseReason::Goodbye) if !ended.spoke => Lost::Goodbye,
        // The outputs of its tools bring their own response.
        _ if ended.called_tools => Lost::Nothing,
        _ if ended.spoke => Lost::Owed(Owed::Rest),
        Some(ResponseReason::Greeting) => Lost::Greeting,
        Some(reason) if !reason.is_owed() => Lost::Nothing,
        Some(_) | None => Lost::Owed(Owed::Answer),
    }
}

/// What the next leg owes, given what the lost response left.
pub(crate) fn owed(left: &LeftBehind, lost: Lost) -> Option<Owed> {
    let waiting = left.caller_was_waiting.then_some(Owed::Answer);
    let owed = if let Lost::Owed(owed) = lost { Some(owed) } else { waiting };
    if left.caller_was_speaking || (left.words_lost && owed == Some(Owed::Answer)) {
        return Some(Owed::Repeat);
    }
    owed
}

/// A caller who was owed something gets it from the leg that took over, unless something else is about to be said
/// anyway. `heard` is what the caller heard of the agent last.
pub(crate) fn make_good(facts: &Facts, owed: Option<Owed>, heard: Option<&str>) -> Option<Action> {
    if facts.ending.is_pending() || facts.gate.has_pending() || !facts.tools.is_idle() {
        return None;
    }
    let text = instructions::go_on(facts.call.plan()?, owed?, heard);
    Some(Action::ask(ResponseReason::Recovery, Some(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(reason: Option<ResponseReason>, spoke: bool, called_tools: bool) -> Ended {
        Ended { reason, spoke, called_tools, in_vain: false, wanted: true }
    }

    fn left(caller_was_speaking: bool, caller_was_waiting: bool, words_lost: bool) -> LeftBehind {
        LeftBehind { caller_was_speaking, caller_was_waiting, words_lost, response: None }
    }

    #[test]
    fn what_was_heard_is_gone_on_with_and_the_rest_is_asked_for_again() {
        let goodbye = Some(ResponseReason::Goodbye);
        let greeting = Some(ResponseReason::Greeting);
        assert_eq!(lost(&ended(goodbye, false, false)), Lost::Goodbye);
        assert_eq!(lost(&ended(goodbye, true, false)), Lost::Owed(Owed::Rest));
        assert_eq!(lost(&ended(greeting, false, false)), Lost::Greeting);
        assert_eq!(lost(&ended(greeting, true, false)), Lost::Owed(Owed::Rest));
        assert_eq!(lost(&ended(None, false, true)), Lost::Nothing);
        assert_eq!(lost(&ended(Some(ResponseReason::SilencePrompt), false, false)), Lost::Nothing);
        assert_eq!(lost(&ended(None, false, false)), Lost::Owed(Owed::Answer));
    }

    #[test]
    fn a_caller_whose_words_were_lost_is_asked_for_them() {
        assert_eq!(owed(&left(false, false, false), Lost::Nothing), None);
        assert_eq!(owed(&left(false, true, false), Lost::Nothing), Some(Owed::Answer));
        assert_eq!(owed(&left(false, true, true), Lost::Nothing), Some(Owed::Repeat));
        assert_eq!(owed(&left(false, true, true), Lost::Owed(Owed::Rest)), Some(Owed::Rest));
        assert_eq!(owed(&left(true, false, false), Lost::Owed(Owed::Rest)), Some(Owed::Repeat));
    }
}
