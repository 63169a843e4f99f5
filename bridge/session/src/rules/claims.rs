//! Appointments that the agent says are made, moved or called off, although no tool has done it.
//!
//! A model that says "it is booked" without a tool leaves a person with an appointment that does not exist. So what it
//! says is compared with what tools came to: such words are counted for the call's record, and the model is told to take
//! them back at once.

use domain::appointments::claims_appointment;

use crate::action::Action;
use crate::facts::Facts;
use crate::instructions;
use crate::response_reason::ResponseReason;

const NOTE: &str = "You said that an appointment is made, moved or cancelled, but no tool has done that. Nothing has been \
                    changed.";

/// What was claimed.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    /// The response that claims something, until it ends.
    in_response: Option<String>,
    /// How often something was claimed without a tool.
    unbacked: u32,
    /// The model was told so, and the caller has not spoken since: a model that insists is not asked again and again.
    told: bool,
}

impl Claims {
    /// The conversation goes on.
    pub(crate) const fn caller_began(&mut self) {
        self.told = false;
    }

    /// The agent said something in a response.
    pub(crate) fn agent_said(&mut self, facts: &Facts, response: &str, text: &str) {
        let wanted = facts.call.plan().is_some_and(|plan| plan.tools.appointments);
        if wanted && claims_appointment(text) {
            self.in_response = Some(response.to_owned());
        }
    }

    /// A response ended: a tool that it called may yet do what it said.
    pub(crate) fn response_ended(&mut self, facts: &Facts, response: &str) -> Vec<Action> {
        if self.in_response.as_deref() != Some(response) {
            return vec![];
        }
        self.in_response = None;
        let backed =
            facts.tools.has_appointment() || !facts.tools.is_idle() || facts.call.knows_appointment();
        if backed || facts.ending.is_final() {
            return vec![];
        }
        self.unbacked += 1;
        if std::mem::replace(&mut self.told, true) {
            return vec![];
        }
        let text = facts.call.plan().map(instructions::take_back);
        vec![Action::Note(NOTE.into()), Action::ask(ResponseReason::Recovery, text)]
    }

    /// How often the agent said so without a tool.
    pub(crate) const fn unbacked(&self) -> u32 {
        self.unbacked
    }
}

#[cfg(test)]
mod tests {
    use domain::business::ConversationPolicy;
    use domain::tools::{BOOK_APPOINTMENT, Toolbox};

    use super::*;
    use crate::testing::{facts, origin};

    const CLAIM: &str = "Your appointment is booked for Thursday.";

    fn claims(change: impl FnOnce(&mut Facts)) -> (u32, usize) {
        let mut facts = facts(origin(), ConversationPolicy::default());
        change(&mut facts);
        let mut claims = Claims::default();
        claims.agent_said(&facts, "r", CLAIM);
        let none = claims.response_ended(&facts, "other");
        assert!(none.is_empty());
        let actions = claims.response_ended(&facts, "r");
        assert!(claims.response_ended(&facts, "r").is_empty(), "once");
        let unbacked = claims.unbacked();
        // It insists: that is counted, and it is told again once the caller has spoken.
        claims.agent_said(&facts, "s", CLAIM);
        assert!(claims.response_ended(&facts, "s").is_empty());
        claims.caller_began();
        claims.agent_said(&facts, "t", CLAIM);
        assert_eq!(claims.response_ended(&facts, "t").len(), actions.len());
        assert_eq!(claims.unbacked(), unbacked * 3);
        (unbacked, actions.len())
    }

    fn with_appointments(facts: &mut Facts) {
        facts.call.change_plan(|plan| plan.tools = Toolbox { appointments: true, ..Toolbox::default() });
    }

    #[test]
    fn a_claim_without_a_tool_is_counted_and_taken_back() {
        assert_eq!(claims(with_appointments), (1, 2));
    }

    #[test]
    fn a_claim_that_a_tool_bears_out_is_none() {
        let booked = |facts: &mut Facts| {
            with_appointments(facts);
            facts.tools.answered(BOOK_APPOINTMENT, r#"{"appointment":"0d","done":"booked","ok":true}"#);
        };
        assert_eq!(claims(booked), (0, 0));
        let refused = |facts: &mut Facts| {
            with_appointments(facts);
            facts.tools.answered(BOOK_APPOINTMENT, r#"{"error":"slot_taken"}"#);
        };
        assert_eq!(claims(refused), (1, 2));
        let running = |facts: &mut Facts| {
            with_appointments(facts);
            let call = ["call", BOOK_APPOINTMENT, "{}"];
            facts.tools.open(origin(), "r", call, None).unwrap();
        };
        assert_eq!(claims(running), (0, 0));
    }

    #[test]
    fn a_business_without_appointments_is_not_watched() {
        assert_eq!(claims(|_| {}), (0, 0));
    }
}
