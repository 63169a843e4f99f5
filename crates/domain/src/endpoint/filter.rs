//! Which events an endpoint gets.

use serde::{Deserialize, Serialize};

use crate::Direction;

/// The most patterns of one endpoint.
pub const MAX_PATTERNS: usize = 50;

/// Types of events, as an endpoint asks for them: one type, `call.*` for all whose names begin with `call.`, or `*`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Pattern(String);

/// A text that is no pattern of types.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no type of event, nor a group such as call.*, nor *")]
pub struct InvalidPattern(String);

impl Pattern {
    /// Accepts a type that exists, a group in which one exists, or `*`.
    ///
    /// # Errors
    /// [`InvalidPattern`]: an endpoint that waits for a misspelt type would wait for ever.
    pub fn parse(text: &str, types: &[&str]) -> Result<Self, InvalidPattern> {
        let pattern = Self(text.to_owned());
        if types.iter().any(|kind| pattern.takes(kind)) {
            Ok(pattern)
        } else {
            Err(InvalidPattern(text.to_owned()))
        }
    }

    /// Whether events of this type are meant.
    pub fn takes(&self, kind: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some("") => true,
            Some(group) => group.ends_with('.') && kind.len() > group.len() && kind.starts_with(group),
            None => kind == self.0,
        }
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What was stored has been checked against the types of its time, which may have gone since.
impl From<String> for Pattern {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.0
    }
}

/// Of which calls an endpoint is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Calls {
    /// Of all.
    #[default]
    All,
    /// Of those that people made to the business.
    Inbound,
    /// Of those that the business placed.
    Outbound,
    /// Of those that no other endpoint of the business is told of: it takes what is left.
    NoOther,
}

/// Which events an endpoint gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// The types; an event of any of them.
    pub types: Vec<Pattern>,
    /// Of which calls. Events that tell of no call are not touched by it.
    #[serde(default)]
    pub calls: Calls,
}

/// What a filter looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Described<'a> {
    /// The event's type.
    pub kind: &'a str,
    /// The direction of its call, if it tells of one.
    pub direction: Option<Direction>,
}

impl Filter {
    fn takes(&self, event: Described<'_>, others_do: bool) -> bool {
        let wanted = match (self.calls, event.direction) {
            (Calls::NoOther, _) => !others_do,
            (Calls::All, _) | (_, None) => true,
            (Calls::Inbound, Some(direction)) => direction == Direction::Inbound,
            (Calls::Outbound, Some(direction)) => direction == Direction::Outbound,
        };
        wanted && self.types.iter().any(|pattern| pattern.takes(event.kind))
    }
}

/// Which of a business's endpoints get an event, by their places in the list. Those that take what is left are asked last.
pub fn receivers(filters: &[&Filter], event: Described<'_>) -> Vec<usize> {
    let takes = |others_do: bool, last: bool| {
        let asked =
            filters.iter().enumerate().filter(move |(_, filter)| (filter.calls == Calls::NoOther) == last);
        asked.filter(move |(_, filter)| filter.takes(event, others_do)).map(|(place, _)| place)
    };
    let mut found: Vec<usize> = takes(false, false).collect();
    let others_do = !found.is_empty();
    found.extend(takes(others_do, true));
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPES: &[&str] = &["call.started", "call.completed", "message.taken"];

    fn filter(types: &[&str], calls: Calls) -> Filter {
        Filter { types: types.iter().map(|text| Pattern::parse(text, TYPES).unwrap()).collect(), calls }
    }

    fn call(kind: &str, direction: Direction) -> Described<'_> {
        Described { kind, direction: Some(direction) }
    }

    #[test]
    fn a_pattern_is_a_type_a_group_or_all() {
        let takes = |pattern: &str, kind: &str| Pattern::parse(pattern, TYPES).unwrap().takes(kind);
        assert!(takes("call.completed", "call.completed") && !takes("call.completed", "call.started"));
        assert!(takes("call.*", "call.started") && !takes("call.*", "message.taken"));
        assert!(takes("*", "message.taken"));
    }

    #[test]
    fn a_pattern_that_no_event_can_match_is_refused() {
        for wrong in
            ["", "call", "call.", "call.complete", "calls.*", "call*", "*.completed", "call.**", "Call.*"]
        {
            assert_eq!(Pattern::parse(wrong, TYPES), Err(InvalidPattern(wrong.to_owned())), "{wrong}");
        }
    }

    #[test]
    fn calls_in_and_calls_out_go_to_endpoints_of_their_own_and_the_rest_to_the_one_for_it() {
        let inbound = filter(&["call.*"], Calls::Inbound);
        let outbound = filter(&["call.completed"], Calls::Outbound);
        let rest = filter(&["*"], Calls::NoOther);
        let all = [&inbound, &outbound, &rest];
        assert_eq!(receivers(&all, call("call.completed", Direction::Inbound)), [0]);
        assert_eq!(receivers(&all, call("call.completed", Direction::Outbound)), [1]);
        assert_eq!(receivers(&all, call("call.started", Direction::Outbound)), [2]);
        assert_eq!(receivers(&all, call("call.completed", Direction::Test)), [2]);
        assert_eq!(receivers(&all, Described { kind: "message.taken", direction: None }), [2]);
    }

    #[test]
    fn an_event_without_a_call_is_not_kept_back_by_a_direction() {
        let outbound = filter(&["*"], Calls::Outbound);
        assert_eq!(receivers(&[&outbound], Described { kind: "message.taken", direction: None }), [0]);
    }
}
