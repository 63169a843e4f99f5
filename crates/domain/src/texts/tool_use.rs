//! What the agent did with a tool while it wrote, as it stands in the thread.
//!
//! It is kept as soon as it has happened, and the model reads it with the texts. So a draft that is dropped, or a worker that
//! dies, takes nothing back and has nothing done twice; and the agent still knows the times that it offered when the person
//! chooses one.

use serde::{Deserialize, Serialize};

use super::{Body, Text};
use crate::Timestamp;
use crate::appointments::claims_appointment;
use crate::tools::{FIND_SLOTS, HAND_OVER, TAKE_MESSAGE};

/// The longest arguments that are kept, bytes. Longer ones are told to the model as wrong.
pub const MAX_ARGUMENTS: usize = 8 * 1024;

/// A tool that was used, with what it answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolUse {
    /// The tool's name.
    pub tool: String,
    /// The model's name of this use.
    pub call: String,
    /// What the model passed: JSON, or what it took for that.
    pub arguments: Body,
    /// What it was told: JSON.
    pub answer: Body,
    /// Whether the tool did what it was asked.
    pub done: bool,
    /// When.
    pub at: Timestamp,
}

impl ToolUse {
    /// Whether it bears out words that say that something was made, changed or called off.
    fn bears_out(&self) -> bool {
        self.done && ![FIND_SLOTS, TAKE_MESSAGE, HAND_OVER].contains(&self.tool.as_str())
    }
}

/// Whether a draft says that an appointment was made, moved or called off although no tool of the thread has said so.
pub fn claims_too_much<'a>(draft: &str, thread: impl IntoIterator<Item = &'a Text>) -> bool {
    let borne_out = |text: &Text| match text {
        Text::Tool(used) => used.bears_out(),
        Text::In(_) | Text::Out(_) => false,
    };
    claims_appointment(draft) && !thread.into_iter().any(borne_out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::{BOOK_APPOINTMENT, MY_APPOINTMENTS};

    fn used(tool: &str, done: bool) -> Text {
        Text::Tool(Box::new(ToolUse {
            tool: tool.into(),
            call: "call_1".into(),
            arguments: Body("{}".into()),
            answer: Body("{}".into()),
            done,
            at: Timestamp(0),
        }))
    }

    /// Demand 8 of appointments: words of success come after the success.
    #[test]
    fn words_of_success_need_a_tool_that_said_so() {
        let claim = "Your appointment is booked for Tuesday.";
        assert!(claims_too_much(claim, []));
        for (tool, done, too_much) in [
            (BOOK_APPOINTMENT, true, false),
            (BOOK_APPOINTMENT, false, true),
            (MY_APPOINTMENTS, true, false),
            (FIND_SLOTS, true, true),
            ("book_bicycle", true, false),
            (TAKE_MESSAGE, true, true),
        ] {
            assert_eq!(claims_too_much(claim, [&used(tool, done)]), too_much, "{tool} {done}");
        }
        assert!(!claims_too_much("Shall I book it?", []));
    }
}
