//! What the next session is told of the conversation that went before: what was *heard*, and what was done.

use std::collections::BTreeSet;

use domain::plan::HistoryItem;
use domain::tools::{TAKE_MESSAGE, TakenMessage};
use domain::turn::{ToolCall, TurnState};
use domain::{Speaker, Timestamp, Turn, text};
use serde::{Deserialize, Serialize};

/// The newest part of the conversation, at most this long in all; what is older is left out.
const MAX_HISTORY_CHARACTERS: usize = 16_000;

/// What a tool answers that did what it was asked.
const DONE: &str = r#"{"ok":true}"#;

/// The history of a call's turns, in their order. A tool call without an output is left out: it is not known whether it
/// was run.
///
/// A message is kept at once and its tool call later, with the turn. A session that died in between leaves a message
/// that no turn tells of: it is told as a tool call of its own, where its time belongs, so that the agent does not ask
/// for it again.
pub(super) fn of(turns: &[Turn], messages: &[(Timestamp, TakenMessage)]) -> Vec<HistoryItem> {
    let told: BTreeSet<Words> = turns.iter().flat_map(|turn| &turn.tool_calls).filter_map(told).collect();
    let untold = messages.iter().filter(|(_, message)| !told.contains(&Words::of(message))).enumerate();
    let mut untold = untold.map(|(n, (at, message))| (*at, taken(n + 1, message))).peekable();
    let mut items: Vec<HistoryItem> = Vec::new();
    for turn in turns {
        while let Some((_, message)) = untold.next_if(|(at, _)| *at < turn.at) {
            items.push(message);
        }
        items.extend(of_turn(turn));
    }
    items.extend(untold.map(|(_, message)| message));

    let mut left = MAX_HISTORY_CHARACTERS;
    let newest_first = items.into_iter().rev();
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
fn of_turn(turn: &Turn) -> impl Iterator<Item = HistoryItem> {
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

/// The arguments of `take_message`, as the model writes them.
#[derive(Serialize, Deserialize)]
struct Arguments {
    #[serde(skip_serializing_if = "Option::is_none")]
    r#for: Option<String>,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    callback: Option<String>,
}

/// A message by its words alone: how a recogniser writes them makes no other message.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Words([Vec<String>; 3]);

impl Words {
    fn of(TakenMessage { recipient, text, callback }: &TakenMessage) -> Self {
        let words = |part: Option<&str>| part.map(text::words).unwrap_or_default();
        Self([words(Some(text)), words(recipient.as_deref()), words(callback.as_deref())])
    }
}

/// The message that a turn tells of.
fn told(call: &ToolCall) -> Option<Words> {
    if call.name != TAKE_MESSAGE || call.output.is_none() {
        return None;
    }
    let Arguments { r#for, message, callback } = serde_json::from_str(&call.arguments).ok()?;
    Some(Words::of(&TakenMessage { recipient: r#for, text: message, callback }))
}

/// A message as the tool call that took it. The id of that call is lost with its session.
fn taken(number: usize, message: &TakenMessage) -> HistoryItem {
    let TakenMessage { recipient, text, callback } = message.clone();
    let arguments = Arguments { r#for: recipient, message: text, callback };
    HistoryItem::Tool {
        call_id: format!("taken_{number}"),
        name: TAKE_MESSAGE.to_owned(),
        arguments: serde_json::to_string(&arguments).unwrap_or_default(),
        output: DONE.to_owned(),
    }
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
        assert_eq!(said(&of(&turns, &[])), ["Hello.", "A service, please."]);
    }

    #[test]
    fn a_finished_tool_is_told_and_an_unfinished_one_is_not() {
        let mut agent = turn(Speaker::Agent, TurnState::Complete, "Booked.");
        agent.tool_calls = vec![call("book", Some("{\"ok\":true}")), call("remind", None)];
        assert_eq!(said(&of(&[agent], &[])), ["book", "Booked."]);
    }

    #[test]
    fn the_newest_part_fits_the_bound_and_nothing_is_left_out_of_its_middle() {
        let turns: Vec<Turn> = (0..100)
            .map(|n| turn(Speaker::Caller, TurnState::Complete, &format!("{n:03}{}", "x".repeat(997))))
            .collect();
        let history = of(&turns, &[]);
        assert_eq!(history.iter().map(characters).sum::<usize>(), MAX_HISTORY_CHARACTERS);
        let numbers: Vec<usize> = said(&history).iter().map(|text| text[..3].parse().unwrap()).collect();
        assert_eq!(numbers, (84..100).collect::<Vec<_>>());
    }

    fn message(text: &str) -> TakenMessage {
        TakenMessage { recipient: Some("Ms Byrne".into()), text: text.into(), callback: None }
    }

    fn timed(at: i64, speaker: Speaker, text: &str) -> Turn {
        Turn { at: Timestamp(at), ..turn(speaker, TurnState::Complete, text) }
    }

    /// A session was killed after it kept the message and before it wrote the turn.
    #[test]
    fn a_message_that_no_turn_tells_of_is_told_where_its_time_belongs() {
        let turns = [
            timed(1_000, Speaker::Agent, "Hello."),
            timed(2_000, Speaker::Caller, "The wheel is bent."),
            timed(4_000, Speaker::Caller, "Are you there?"),
        ];
        let messages = [(Timestamp(3_000), message("The wheel is bent."))];
        let history = of(&turns, &messages);
        assert_eq!(said(&history), ["Hello.", "The wheel is bent.", "take_message", "Are you there?"]);
        let HistoryItem::Tool { arguments, output, .. } = &history[2] else { panic!("{history:?}") };
        assert_eq!(arguments, r#"{"for":"Ms Byrne","message":"The wheel is bent."}"#);
        assert_eq!(output, r#"{"ok":true}"#);
        let last = [(Timestamp(9_000), message("The wheel is bent."))];
        assert_eq!(said(&of(&turns, &last)).last(), Some(&"take_message"), "what came last is told last");
    }

    #[test]
    fn a_message_that_a_turn_tells_of_is_told_once() {
        let mut agent = timed(3_000, Speaker::Agent, "Noted.");
        agent.tool_calls = vec![ToolCall {
            arguments: r#"{"message":"the wheel is bent","for":"ms byrne"}"#.into(),
            ..call("take_message", Some(DONE))
        }];
        let messages = [(Timestamp(2_000), message("The wheel is bent."))];
        assert_eq!(said(&of(&[agent.clone()], &messages)), ["take_message", "Noted."]);
        // A call that no output was written for may not have been run; the message says that it was.
        agent.tool_calls[0].output = None;
        assert_eq!(said(&of(&[agent.clone()], &messages)), ["take_message", "Noted."]);
        let other = [messages[0].clone(), (Timestamp(4_000), message("Call me back."))];
        agent.tool_calls[0].output = Some(DONE.into());
        assert_eq!(said(&of(&[agent], &other)), ["take_message", "Noted.", "take_message"]);
    }
}
