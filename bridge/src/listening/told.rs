//! What a listener is told besides the sound.

use domain::Speaker;
use serde::Serialize;
use session::output::Event;
use tokio_tungstenite::tungstenite::Message;

/// One message in text.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Told<'a> {
    /// What the agent's side has not played is thrown away.
    Clear,
    /// What one side just said.
    Said { speaker: Speaker, text: &'a str },
    /// The caller began to speak.
    CallerSpeaking,
    /// The caller stopped.
    CallerSilent,
    /// The first sound of an answer was handed to the line.
    AgentSpeaking,
    /// All of it was played.
    AgentSilent,
    /// The caller interrupted the agent.
    Interrupted,
    /// The model called a tool.
    ToolCalled { name: &'a str },
    /// A tool answered.
    ToolAnswered { name: &'a str },
    /// The agent ends the call.
    HangingUp,
    /// The model was lost; another one is being connected.
    ModelLost,
}

impl<'a> Told<'a> {
    /// What an event of the session says to a listener, if anything.
    pub(crate) fn of(event: &'a Event) -> Option<Self> {
        Some(match event {
            Event::CallerSpeaking => Self::CallerSpeaking,
            Event::CallerSilent => Self::CallerSilent,
            Event::AgentSpeaking { .. } => Self::AgentSpeaking,
            Event::AgentSilent => Self::AgentSilent,
            Event::BargeIn { .. } => Self::Interrupted,
            Event::ToolCalled { name } => Self::ToolCalled { name },
            Event::ToolAnswered { name } => Self::ToolAnswered { name },
            Event::HangUpRequested { .. } => Self::HangingUp,
            Event::ModelLost => Self::ModelLost,
            Event::Authorised
            | Event::ModelReady { .. }
            | Event::GreetingRequested { .. }
            | Event::GreetingStarted { .. }
            | Event::SilencePrompt { .. } => return None,
        })
    }

    pub(super) fn message(&self) -> Option<Message> {
        // Such a value cannot fail to be written; without it the listener misses a word, not the call.
        serde_json::to_string(self).ok().map(Message::text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_names_its_event() {
        let text = |told: Told<'_>| told.message().unwrap().to_text().unwrap().to_owned();
        assert_eq!(text(Told::Clear), r#"{"event":"clear"}"#);
        assert_eq!(
            text(Told::Said { speaker: Speaker::Agent, text: "Good \"morning\"" }),
            r#"{"event":"said","speaker":"agent","text":"Good \"morning\""}"#
        );
        let event = Event::ToolCalled { name: "end_call".into() };
        assert_eq!(text(Told::of(&event).unwrap()), r#"{"event":"tool_called","name":"end_call"}"#);
        assert!(Told::of(&Event::Authorised).is_none());
    }
}
