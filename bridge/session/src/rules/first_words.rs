//! The first words of a session: the greeting, or for a call that another epoch began, its continuation.

use domain::Epoch;
use domain::turn::EndReason;

use crate::action::Action;
use crate::facts::Facts;
use crate::instructions;
use crate::response_reason::ResponseReason;

/// What is asked for as the conversation begins.
pub(crate) fn first_words(facts: &Facts) -> Option<Action> {
    let plan = facts.call.plan()?;
    if plan.greeting.is_some() {
        greeting(facts)
    } else if facts.call.has_opted_out() {
        // What was lost with the session before is its goodbye.
        Some(Action::say_goodbye(EndReason::OptedOut))
    } else if plan.epoch > Epoch::FIRST || !plan.history.is_empty() {
        Some(Action::ask(ResponseReason::Recovery, Some(instructions::resume(plan))))
    } else {
        None
    }
}

/// The greeting, unless the caller has heard some of it.
pub(crate) fn greeting(facts: &Facts) -> Option<Action> {
    let plan = facts.call.plan()?;
    let greeting = plan.greeting.as_ref().filter(|_| facts.greeting.heard_after().is_none())?;
    Some(Action::ask(ResponseReason::Greeting, Some(instructions::greeting(plan, greeting))))
}
