//! Numbers that a business does not call: how one comes to be on the list, and what a call says of that.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::tools::RECORD_DO_NOT_CALL;
use crate::{Call, Direction, Turn};

/// The longest reason, characters.
pub const MAX_REASON_CHARS: usize = 200;

/// Through what a number came to be on the list.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Source {
    /// The API: a person of the business, or a program of its own.
    Api,
    /// The person who was called said so.
    Call,
}

impl Source {
    /// Every source.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The reverse of [`as_str`](Self::as_str); `None` for an unknown word.
    pub fn parse(word: &str) -> Option<Self> {
        word.parse().ok()
    }
}

/// A person's wish not to be called again, as the agent of a call understood it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Asked<'a> {
    /// What the model passed to the tool, JSON.
    pub arguments: &'a str,
    /// A tool call said that the number is on the list.
    pub is_recorded: bool,
}

// The arguments speak of a person.
impl std::fmt::Debug for Asked<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asked").field("is_recorded", &self.is_recorded).finish_non_exhaustive()
    }
}

/// The wish that these turns of a call hold. A tool of that name which a business has of its own is asked in calls that come in,
/// and means nothing here.
pub fn asked_in<'a>(call: &Call, turns: &'a [Turn]) -> Option<Asked<'a>> {
    if call.direction != Direction::Outbound {
        return None;
    }
    let calls =
        || turns.iter().flat_map(|turn| &turn.tool_calls).filter(|tool| tool.name == RECORD_DO_NOT_CALL);
    let first = calls().next()?;
    let is_recorded = calls().filter_map(|tool| tool.output.as_deref()).any(says_recorded);
    Some(Asked { arguments: &first.arguments, is_recorded })
}

/// Whether the output of the tool says that the number is on the list.
pub fn says_recorded(output: &str) -> bool {
    output.contains(r#""ok":true"#)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::turn::ToolCall;
    use crate::{Speaker, Timestamp, testing};

    fn call(direction: Direction) -> Call {
        Call { direction, ..testing::call(1, Timestamp(0)) }
    }

    fn turn(output: Option<&str>) -> Turn {
        let call = ToolCall {
            call_id: "c".into(),
            name: RECORD_DO_NOT_CALL.into(),
            arguments: "{}".into(),
            output: output.map(str::to_owned),
        };
        Turn { tool_calls: vec![call], ..testing::turn(Speaker::Agent, "I see.") }
    }

    #[test]
    fn a_wish_counts_as_recorded_once_a_tool_call_said_so() {
        let call = call(Direction::Outbound);
        assert_eq!(asked_in(&call, &[testing::turn(Speaker::Agent, "I see.")]), None);
        let recorded = |turns: &[Turn]| asked_in(&call, turns).map(|asked| asked.is_recorded);
        assert_eq!(recorded(&[turn(None)]), Some(false));
        let failed = turn(Some(r#"{"error":"not_recorded"}"#));
        assert_eq!(recorded(std::slice::from_ref(&failed)), Some(false));
        assert_eq!(recorded(&[failed, turn(Some(r#"{"message":"it is","ok":true}"#))]), Some(true));
    }

    #[test]
    fn a_tool_of_the_same_name_means_nothing_in_calls_that_come_in() {
        assert_eq!(asked_in(&call(Direction::Inbound), &[turn(None)]), None);
    }

    #[test]
    fn sources_are_read_from_their_words() {
        for source in Source::ALL {
            assert_eq!(Source::parse(source.as_str()), Some(*source));
        }
        assert_eq!([Source::Api, Source::Call].map(Source::as_str), ["api", "call"]);
        assert_eq!(Source::parse("import"), None);
    }
}
