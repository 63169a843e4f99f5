//! What the next session is told of the conversation that went before: what was *heard*, and what was done.

use domain::plan::HistoryItem;
use domain::turn::{ToolCall, TurnState};
use domain::{Speaker, Turn};

/// The newest part of the conversation, at most this long in all; what is older is left out.
pub(crate) const MAX_HISTORY_CHARACTERS: usize = 16_000;

/// The history of a call's turns, in their order. A tool call without an output is left out: nobody knows
/// whether it was run.
pub(crate) fn of(turns: &[Turn]) -> Vec<HistoryItem> {
    let mut left = MAX_HISTORY_CHARACTERS;
    let newest_first = turns.iter().rev().flat_map(|turn| items(turn).rev());
    let mut history: Vec<HistoryItem> = newest_first
        .map_while(|item| {
            left = left.checked_sub(characters(&item))?;
            Some(item)
        })
        .collect();
    history.reverse();
    history
}

/// The tools first: what the agent says in the same turn is mostly what it learnt from them, and a result that
/// comes after its own announcement would be announced again.
fn items(turn: &Turn) -> impl DoubleEndedIterator<Item = HistoryItem> {
    let text = heard(turn).trim();
    let said = (!text.is_empty()).then(|| HistoryItem::Said { speaker: turn.speaker, text: text.to_owned() });
    turn.tool_calls.iter().filter_map(answered).chain(said)
}

fn answered(call: &ToolCall) -> Option<HistoryItem> {
    Some(HistoryItem::Tool {
        call_id: call.call_id.clone(),
        name: call.name.clone(),
        arguments: call.arguments.clone(),
        output: call.output.clone()?,
    })
}

/// The part of a turn that reached the other side.
fn heard(turn: &Turn) -> &str {
    match (turn.state, turn.speaker) {
        (TurnState::Failed, _) => "",
        (TurnState::Complete, _) | (TurnState::Interrupted, Speaker::Caller) => &turn.text,
        (TurnState::Interrupted, Speaker::Agent) => {
            let (heard, spoken) = (turn.heard.as_millis(), turn.spoken.as_millis());
            share(&turn.text, heard.min(spoken), spoken)
        }
    }
}

/// The first `part` of `whole` of a text, back to the last word that is complete. A text without spaces is cut
/// where it is.
fn share(text: &str, part: u128, whole: u128) -> &str {
    let all = u128::try_from(text.chars().count()).unwrap_or(0);
    let kept = usize::try_from((all * part).checked_div(whole).unwrap_or(0)).unwrap_or(0);
    let Some((cut, next)) = text.char_indices().nth(kept) else { return text };
    let kept = &text[..cut];
    if next.is_whitespace() {
        return kept;
    }
    match kept.rfind(char::is_whitespace) {
        Some(space) => &kept[..space],
        None if text.contains(char::is_whitespace) => "",
        None => kept,
    }
}

fn characters(item: &HistoryItem) -> usize {
    let texts: &[&String] = match item {
        HistoryItem::Said { text, .. } => &[text],
        HistoryItem::Tool { name, arguments, output, .. } => &[name, arguments, output],
    };
    texts.iter().map(|text| text.chars().count()).sum()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::testing;

    use super::*;

    fn turn(speaker: Speaker, state: TurnState, text: &str) -> Turn {
        Turn { state, ..testing::turn(speaker, text) }
    }

    fn interrupted(text: &str, heard_ms: u64, spoken_ms: u64) -> Turn {
        Turn {
            spoken: Duration::from_millis(spoken_ms),
            heard: Duration::from_millis(heard_ms),
            ..turn(Speaker::Agent, TurnState::Interrupted, text)
        }
    }

    fn call(name: &str, output: Option<&str>) -> ToolCall {
        ToolCall {
            call_id: format!("call_{name}"),
            name: name.into(),
            arguments: "{}".into(),
            output: output.map(str::to_owned),
        }
    }

    fn said(history: &[HistoryItem]) -> Vec<&str> {
        history
            .iter()
            .map(|item| match item {
                HistoryItem::Said { text, .. } => text.as_str(),
                HistoryItem::Tool { name, .. } => name.as_str(),
            })
            .collect()
    }

    #[test]
    fn an_interrupted_agent_said_what_was_heard_in_whole_words() {
        let text = "one two three four";
        for (heard_ms, expected) in
            [(0, ""), (200, ""), (300, "one"), (690, "one"), (1_300, "one two three"), (1_800, text)]
        {
            assert_eq!(heard(&interrupted(text, heard_ms, 1_800)), expected, "{heard_ms} ms");
        }
        assert_eq!(heard(&interrupted("你好世界", 500, 1_000)), "你好");
        assert_eq!(heard(&interrupted(text, 0, 0)), "", "no audio was made of it");
    }

    #[test]
    fn what_was_not_heard_or_understood_is_left_out() {
        let turns = [
            turn(Speaker::Agent, TurnState::Complete, "Hello."),
            turn(Speaker::Caller, TurnState::Failed, ""),
            interrupted("Nobody heard this.", 0, 900),
            turn(Speaker::Caller, TurnState::Complete, "A service, please."),
        ];
        assert_eq!(said(&of(&turns)), ["Hello.", "A service, please."]);
    }

    #[test]
    fn a_finished_tool_is_told_and_an_unfinished_one_is_not() {
        let mut agent = turn(Speaker::Agent, TurnState::Complete, "Booked.");
        agent.tool_calls = vec![call("book", Some("{\"ok\":true}")), call("remind", None)];
        assert_eq!(said(&of(&[agent])), ["book", "Booked."]);
    }

    #[test]
    fn the_newest_part_fits_the_bound_and_nothing_is_left_out_of_its_middle() {
        let turns: Vec<Turn> = (0..100)
            .map(|n| turn(Speaker::Caller, TurnState::Complete, &format!("{n:03}{}", "x".repeat(997))))
            .collect();
        let history = of(&turns);
        assert_eq!(history.iter().map(characters).sum::<usize>(), MAX_HISTORY_CHARACTERS);
        let numbers: Vec<usize> = said(&history).iter().map(|text| text[..3].parse().unwrap()).collect();
        assert_eq!(numbers, (84..100).collect::<Vec<_>>());
    }
}
