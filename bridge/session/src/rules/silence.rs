//! What to do when nobody speaks.

use std::time::Duration;

use domain::business::ConversationPolicy;

/// A policy below this would have the agent talk to itself.
const SILENCE_PROMPT_MIN: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NextStep {
    /// Ask for the n-th time whether the caller is still there.
    Prompt(u8),
    Goodbye,
}

#[derive(Debug)]
pub(crate) struct Silence {
    prompts: u8,
    max_prompts: u8,
    after: Duration,
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
            after: policy.silence_prompt_after.clamp(SILENCE_PROMPT_MIN, crate::live::MAX_CALL),
        }
    }

    /// How long a silence may last.
    pub(crate) fn after(&self) -> Duration {
        self.after
    }

    /// The silence has lasted.
    pub(crate) fn lasted(&mut self) -> NextStep {
        if self.prompts >= self.max_prompts {
            return NextStep::Goodbye;
        }
        self.prompts += 1;
        NextStep::Prompt(self.prompts)
    }

    /// The caller gave a sign of life.
    pub(crate) fn broken(&mut self) {
        self.prompts = 0;
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
    fn a_policy_of_no_time_at_all_does_not_spin() {
        let policy = ConversationPolicy { silence_prompt_after: Duration::ZERO, ..Default::default() };
        assert_eq!(Silence::new(&policy).after(), SILENCE_PROMPT_MIN);
    }
}
