//! What to do when neither side speaks.

use std::time::{Duration, Instant};

use domain::business::{ConversationPolicy, bounds};
use domain::turn::EndReason;

use crate::action::Action;
use crate::facts::Facts;
use crate::facts::call_details::MAX_CALL;
use crate::instructions;
use crate::output::Event;
use crate::response_reason::ResponseReason;

/// A policy below this would have the agent talk to itself.
const SILENCE_PROMPT_MIN: Duration = bounds::SILENCE_PROMPT_AFTER.min;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NextStep {
    /// Ask for the n-th time whether the caller is still there.
    Prompt(u8),
    Goodbye,
}

/// The silence that lasts, and the prompts that it was met with.
#[derive(Debug)]
pub(crate) struct Silence {
    prompts: u8,
    max_prompts: u8,
    after: Duration,
    /// When the silence that lasts has lasted long enough.
    until: Option<Instant>,
}

impl Default for Silence {
    fn default() -> Self {
        Self::new(&ConversationPolicy::default())
    }
}

impl Silence {
    pub(crate) fn new(policy: &ConversationPolicy) -> Self {
        Self {
            prompts: 0,
            max_prompts: policy.max_silence_prompts,
            after: policy.silence_prompt_after.clamp(SILENCE_PROMPT_MIN, MAX_CALL),
            until: None,
        }
    }

    /// How long a silence may last.
    pub(crate) const fn after(&self) -> Duration {
        self.after
    }

    /// Counts the silence while it lasts. It is expected while a machine or a screening service is on the line, and while
    /// the agent is muted.
    pub(crate) fn follow(&mut self, now: Instant, facts: &Facts, quiet: bool) {
        let expected = facts.party.is_machine() || facts.party.is_screened() || facts.steering.is_muted();
        if quiet && !expected && facts.leg.is_up() {
            self.until.get_or_insert(now + self.after);
        } else {
            self.until = None;
        }
    }

    /// The silence has lasted.
    pub(crate) fn has_lasted(&mut self, facts: &Facts) -> Vec<Action> {
        match self.lasted() {
            NextStep::Prompt(number) => {
                let text = facts.call.plan().map(instructions::silence_prompt);
                let prompt = Event::SilencePrompt { number };
                vec![Action::ask(ResponseReason::SilencePrompt, text), Action::Report(prompt)]
            }
            NextStep::Goodbye => vec![Action::say_goodbye(EndReason::Silence)],
        }
    }

    /// The caller gave a sign of life.
    pub(crate) fn broken(&mut self) {
        self.prompts = 0;
        self.until = None;
    }

    /// The leg is gone: there was no model to break the silence.
    pub(crate) fn leg_lost(&mut self) {
        self.until = None;
    }

    pub(crate) const fn until(&self) -> Option<Instant> {
        self.until
    }

    fn lasted(&mut self) -> NextStep {
        self.until = None;
        if self.prompts >= self.max_prompts {
            return NextStep::Goodbye;
        }
        self.prompts += 1;
        NextStep::Prompt(self.prompts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unanswered_prompts_lead_to_a_goodbye_and_any_answer_starts_over() {
        let mut silence = Silence::new(&ConversationPolicy { max_silence_prompts: 2, ..Default::default() });
        assert_eq!(silence.lasted(), NextStep::Prompt(1));
        silence.broken();
        assert_eq!(silence.lasted(), NextStep::Prompt(1));
        assert_eq!(silence.lasted(), NextStep::Prompt(2));
        assert_eq!(silence.lasted(), NextStep::Goodbye);
    }

    #[test]
    fn a_silence_policy_of_zero_is_raised_to_the_least() {
        let policy = ConversationPolicy { silence_prompt_after: Duration::ZERO, ..Default::default() };
        assert_eq!(Silence::new(&policy).after(), SILENCE_PROMPT_MIN);
    }
}
