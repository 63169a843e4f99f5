//! Which reply of the script answers a request.

use std::collections::BTreeSet;

use crate::openai::script::{Reply, Script};

/// What of the script this connection has already said.
#[derive(Debug, Default)]
pub(super) struct ScriptProgress {
    greeted: bool,
    answered: BTreeSet<usize>,
    follow_up: Option<Reply>,
}

/// The conversation at the moment a response is requested.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scene<'a> {
    /// `metadata.kind` of the request.
    pub(super) kind: Option<&'a str>,
    /// The caller's turns so far.
    pub(super) turns: usize,
    /// A tool was answered last.
    pub(super) after_tool_output: bool,
    /// A tool was called for the caller's last turn: a model that reads so in its history does not call it again.
    pub(super) has_acted: bool,
}

impl ScriptProgress {
    /// The reply to give now.
    pub(super) fn next(&mut self, script: &Script, scene: Scene<'_>) -> Reply {
        let reply = self.choose(script, scene).unwrap_or_else(|| script.otherwise.clone());
        if let Some(next) = &reply.then {
            self.follow_up = Some(Reply::clone(next));
        }
        reply
    }

    fn choose(&mut self, script: &Script, scene: Scene<'_>) -> Option<Reply> {
        if let Some(reply) = scene.kind.and_then(|kind| script.by_kind.get(kind)) {
            return Some(reply.clone());
        }
        let step = scene.turns.checked_sub(1);
        if scene.kind == Some("greeting") || (step.is_none() && !self.greeted && !scene.after_tool_output) {
            self.greeted = true;
            return Some(script.greeting.clone());
        }
        let scripted = match step {
            Some(step) => script.steps.get(step).map(|step| &step.reply),
            None => Some(&script.greeting),
        };
        let fresh = step.is_some_and(|step| self.answered.insert(step)) && !scene.has_acted;
        if scene.after_tool_output {
            // After a reconnect the tool was called on another socket, so the script is asked instead.
            return self.follow_up.take().or_else(|| scripted?.then.as_deref().cloned());
        }
        scripted.filter(|_| fresh).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::speech;
    use crate::openai::script::{Part, Step};

    fn script() -> Script {
        let tool = Reply::call("book", "{}").then(Reply::say(&speech::AGENT_CONFIRM));
        Script::new(
            Reply::say(&speech::AGENT_GREETING),
            vec![Step::text("one", tool), Step::text("two", Reply::say(&speech::AGENT_BYE))],
        )
    }

    fn said(progress: &mut ScriptProgress, scene: Scene<'_>) -> String {
        let reply = progress.next(&script(), scene);
        let parts = reply.parts.iter().map(|part| match part {
            Part::Speech(speech) => speech.text.clone(),
            Part::ToolCall(call) => call.name.clone(),
        });
        parts.collect()
    }

    fn turn(turns: usize) -> Scene<'static> {
        Scene { turns, ..Scene::default() }
    }

    fn after_tool(turns: usize) -> Scene<'static> {
        Scene { after_tool_output: true, ..turn(turns) }
    }

    #[test]
    fn a_call_runs_through_its_steps_and_then_asks_whether_anyone_is_there() {
        let mut progress = ScriptProgress::default();
        assert_eq!(said(&mut progress, turn(0)), speech::AGENT_GREETING.text);
        assert_eq!(said(&mut progress, turn(1)), "book");
        assert_eq!(said(&mut progress, after_tool(1)), speech::AGENT_CONFIRM.text);
        assert_eq!(said(&mut progress, turn(2)), speech::AGENT_BYE.text);
        assert_eq!(said(&mut progress, turn(3)), speech::AGENT_SILENCE_PROMPT.text);
    }

    #[test]
    fn the_kind_of_a_request_comes_first() {
        let mut progress = ScriptProgress::default();
        let apology = Scene { kind: Some("apology"), ..turn(1) };
        assert_eq!(said(&mut progress, apology), speech::AGENT_APOLOGY.text);
        assert_eq!(said(&mut progress, Scene { kind: Some("unheard of"), ..turn(1) }), "book");
    }

    /// Fault 58.
    #[test]
    fn a_new_connection_with_replayed_turns_goes_on_in_the_middle() {
        assert_eq!(said(&mut ScriptProgress::default(), turn(2)), speech::AGENT_BYE.text);
        assert_eq!(said(&mut ScriptProgress::default(), after_tool(1)), speech::AGENT_CONFIRM.text);
        let acted = Scene { has_acted: true, ..turn(1) };
        assert_eq!(said(&mut ScriptProgress::default(), acted), speech::AGENT_SILENCE_PROMPT.text);
    }

    #[test]
    fn the_same_turn_is_not_answered_twice() {
        let mut progress = ScriptProgress::default();
        assert_eq!(said(&mut progress, turn(2)), speech::AGENT_BYE.text);
        assert_eq!(said(&mut progress, turn(2)), speech::AGENT_SILENCE_PROMPT.text);
        assert_eq!(said(&mut progress, turn(0)), speech::AGENT_GREETING.text);
        assert_eq!(said(&mut progress, turn(0)), speech::AGENT_SILENCE_PROMPT.text);
    }
}
