//! What the simulated model says, and what goes wrong while it says it.
//!
//! A [`Script`] is data: a greeting, one [`Step`] per turn of the caller, and replies to requests of a
//! named kind. Which step is next follows from the conversation itself (how many user messages it
//! holds), so a client that reconnects and replays its history goes on where it was.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::audio::speech::{self, Clip};

/// One conversation as the model plays it.
#[derive(Clone, Debug)]
pub struct Script {
    /// The reply to a request of kind `greeting`, and to the first request before the caller has spoken.
    pub greeting: Reply,
    /// The caller's turns in order.
    pub steps: Vec<Step>,
    /// Replies to a `response.create` whose `metadata.kind` is the key.
    pub by_kind: BTreeMap<String, Reply>,
    /// The reply when no step is left.
    pub otherwise: Reply,
    /// Every event has something odd in each field that it can do without, as gateways and test servers write them.
    pub odd_fields: bool,
}

impl Script {
    /// A script with a greeting and steps; the agent's other lines are the shipped clips.
    pub fn new(greeting: Reply, steps: Vec<Step>) -> Self {
        let by_kind = [
            ("silence_prompt", &speech::AGENT_SILENCE_PROMPT),
            ("goodbye", &speech::AGENT_BYE),
            ("apology", &speech::AGENT_APOLOGY),
        ];
        Self {
            greeting,
            steps,
            by_kind: by_kind.map(|(kind, clip)| (kind.to_owned(), Reply::say(clip))).into(),
            otherwise: Reply::say(&speech::AGENT_SILENCE_PROMPT),
            odd_fields: false,
        }
    }

    /// The same conversation in events whose optional fields are all odd.
    #[must_use]
    pub fn with_odd_fields(mut self) -> Self {
        self.odd_fields = true;
        self
    }

    /// A customer of Harbour Bicycle Workshop books a service, interrupting the agent once.
    pub fn bicycle_workshop() -> Self {
        Self::new(
            Reply::say(&speech::AGENT_GREETING),
            vec![
                Step::clip(&speech::CALLER_SERVICE, Reply::say(&speech::AGENT_SLOTS)),
                Step::clip(&speech::CALLER_BARGE_IN, Reply::say(&speech::AGENT_CONFIRM)),
                Step::clip(&speech::CALLER_BYE, Reply::say(&speech::AGENT_BYE)),
            ],
        )
    }

    /// Every line of the conversation in order, the agent's and the caller's.
    pub fn text(&self) -> String {
        let mut lines = self.greeting.lines();
        for step in &self.steps {
            lines.push(step.heard.text.as_str());
            lines.extend(step.reply.lines());
        }
        lines.retain(|line| !line.is_empty());
        lines.join(" ")
    }
}

impl Default for Script {
    fn default() -> Self {
        Self::bicycle_workshop()
    }
}

/// One turn of the caller and the reply to it.
#[derive(Clone, Debug)]
pub struct Step {
    /// How the turn is transcribed.
    pub heard: Heard,
    /// What the model answers to it.
    pub reply: Reply,
}

impl Step {
    /// A turn transcribed as `text`.
    pub fn text(text: impl Into<String>, reply: Reply) -> Self {
        Self { heard: Heard { text: text.into(), ..Heard::default() }, reply }
    }

    /// A turn spoken with a shipped clip.
    pub fn clip(clip: &Clip, reply: Reply) -> Self {
        Self::text(clip.text, reply)
    }

    /// The transcript arrives this long after the turn, which may be after the reply is done.
    #[must_use]
    pub fn transcribed_after(mut self, delay: Duration) -> Self {
        self.heard.delay = delay;
        self
    }

    /// The transcription of this turn fails.
    #[must_use]
    pub fn transcription_fails(mut self) -> Self {
        self.heard.fails = true;
        self
    }
}

/// The transcript of a turn. The transcription model runs beside the speech model, at its own pace.
#[derive(Clone, Debug)]
pub struct Heard {
    /// The transcript; empty for a turn of noise.
    pub text: String,
    /// From the commit of the turn to the completed transcript.
    pub delay: Duration,
    /// Answers `...transcription.failed` in place of the text.
    pub fails: bool,
}

impl Default for Heard {
    fn default() -> Self {
        Self { text: String::new(), delay: Duration::from_millis(50), fails: false }
    }
}

/// What one response holds and how it ends.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// Output items in order; none at all is a response that says nothing.
    pub parts: Vec<Part>,
    /// The reply once this one's tool calls are answered.
    pub then: Option<Box<Reply>>,
    /// The status it ends with.
    pub ending: Ending,
    /// Leaves `usage` null in `response.done`.
    pub without_usage: bool,
    /// Waits this long before the first output in place of the configured latency.
    pub first_delta: Option<Duration>,
    /// Audio deltas still sent after this response is cancelled: the last of them after its
    /// `response.done`, the others before it.
    pub late_deltas: usize,
    /// What goes wrong while it is spoken.
    pub faults: Vec<Fault>,
}

impl Reply {
    /// Speaks a shipped clip.
    pub fn say(clip: &Clip) -> Self {
        Self::silence().and_say(clip)
    }

    /// A response without any output.
    pub fn silence() -> Self {
        Self::default()
    }

    /// Calls a tool. `arguments` is sent as it is, so it may be broken JSON; only `{{tool/pointer}}` is replaced with the text
    /// at that JSON pointer of what the tool told last, as in `{{find_slots/slots/0/slot}}`.
    pub fn call(name: &str, arguments: impl ToString) -> Self {
        Self::silence().and_call(name, arguments)
    }

    /// Speaks a clip as the next message item.
    #[must_use]
    pub fn and_say(mut self, clip: &Clip) -> Self {
        self.parts.push(Part::Speech(Speech { text: clip.text.to_owned(), mulaw: clip.mulaw().into() }));
        self
    }

    /// Calls a tool as the next item.
    #[must_use]
    pub fn and_call(mut self, name: &str, arguments: impl ToString) -> Self {
        let call =
            ToolCall { name: name.to_owned(), arguments: arguments.to_string(), announced_twice: false };
        self.parts.push(Part::ToolCall(call));
        self
    }

    /// The reply to the `response.create` that follows the outputs of this one's tool calls.
    #[must_use]
    pub fn then(mut self, reply: Reply) -> Self {
        self.then = Some(Box::new(reply));
        self
    }

    /// Ends the response with this status.
    #[must_use]
    pub fn ending(mut self, ending: Ending) -> Self {
        self.ending = ending;
        self
    }

    /// Once `audio_deltas` of this reply are sent, `mishap` happens.
    #[must_use]
    pub fn fault(mut self, audio_deltas: usize, mishap: Mishap) -> Self {
        self.faults.push(Fault::after(audio_deltas, mishap));
        self
    }

    /// Puts what tools have told into the arguments of this reply's calls: `told` knows it by the tool and a JSON pointer.
    pub(crate) fn fill(&mut self, told: impl Fn(&str, &str) -> Option<String>) {
        for part in &mut self.parts {
            let Part::ToolCall(call) = part else { continue };
            while let Some((before, rest)) = call.arguments.split_once("{{")
                && let Some((named, after)) = rest.split_once("}}")
                && let Some((tool, _)) = named.split_once('/')
            {
                let value = told(tool, &named[tool.len()..]).unwrap_or_default();
                call.arguments = format!("{before}{value}{after}");
            }
        }
    }

    fn lines(&self) -> Vec<&str> {
        let own = self.parts.iter().filter_map(|part| match part {
            Part::Speech(speech) => Some(speech.text.as_str()),
            Part::ToolCall(_) => None,
        });
        own.chain(self.then.iter().flat_map(|next| next.lines())).collect()
    }
}

/// One output item.
#[derive(Clone, Debug)]
pub enum Part {
    Speech(Speech),
    ToolCall(ToolCall),
}

/// A spoken message: the words and 8 kHz mu-law.
#[derive(Clone, Debug)]
pub struct Speech {
    pub text: String,
    pub mulaw: Arc<[u8]>,
}

/// A function call; the simulator chooses its `call_id`.
#[derive(Clone, Debug)]
pub struct ToolCall {
    pub name: String,
    pub arguments: String,
    /// Sends `response.output_item.done` twice for the same `call_id`.
    pub announced_twice: bool,
}

/// How a response ends that is not cancelled (OpenAI Realtime GA, response statuses).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    #[default]
    Completed,
    /// `failed` with this error code, e.g. `server_error`.
    Failed { code: String },
    /// `failed` for want of capacity, which the message says will be there again after this long.
    OutOfCapacity { again_in: Duration },
    /// `incomplete` with this reason: `max_output_tokens` or `content_filter`.
    Incomplete { reason: String },
}

/// Something that goes wrong once while a reply is spoken. Copies of a fault share whether it has
/// happened, so that a reply repeated after a reconnect goes through.
#[derive(Clone, Debug)]
pub struct Fault {
    audio_deltas: usize,
    mishap: Mishap,
    happened: Arc<AtomicBool>,
}

impl Fault {
    /// Happens once `audio_deltas` of the reply are sent; 0 is before the first.
    pub fn after(audio_deltas: usize, mishap: Mishap) -> Self {
        Self { audio_deltas, mishap, happened: Arc::default() }
    }

    /// The mishap, if its time has come and it has not happened before.
    pub(crate) fn strike(&self, audio_deltas_sent: usize) -> Option<&Mishap> {
        let due = audio_deltas_sent == self.audio_deltas;
        (due && !self.happened.swap(true, Ordering::Relaxed)).then_some(&self.mishap)
    }
}

/// What can go wrong on a live socket.
#[derive(Clone, Debug)]
pub enum Mishap {
    /// A close frame, e.g. 1011.
    Close { code: u16, reason: String },
    /// A TCP reset, without a close frame.
    Reset,
    /// The model produces nothing for this long; events are still read.
    Gap(Duration),
    /// The socket is neither read nor written for this long.
    Stall(Duration),
    /// An `error` event with this error object.
    Error(Value),
    /// Any events, for instance of types that no client can know yet.
    Events(Vec<Value>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_script_is_the_conversation_in_order() {
        let script = Script::new(
            Reply::say(&speech::AGENT_SILENCE_PROMPT),
            vec![Step::text("Yes.", Reply::call("book", "{}").then(Reply::say(&speech::AGENT_BYE)))],
        );
        assert_eq!(
            script.text(),
            "Are you still there? Yes. Thank you for calling. See you on Thursday. Goodbye!"
        );
    }

    #[test]
    fn what_a_tool_told_is_passed_on() {
        let mut reply = Reply::call("book", r#"{"slot":"{{find/slots/0}}","name":"{{find/none}}","x":"{{"}"#);
        reply.fill(|tool, pointer| (tool == "find" && pointer == "/slots/0").then(|| "abc".to_owned()));
        let Part::ToolCall(call) = &reply.parts[0] else { panic!("a call") };
        assert_eq!(call.arguments, r#"{"slot":"abc","name":"","x":"{{"}"#);
    }

    #[test]
    fn a_fault_strikes_once_across_copies() {
        let fault = Fault::after(2, Mishap::Reset);
        let copy = fault.clone();
        assert!(fault.strike(1).is_none());
        assert!(fault.strike(2).is_some());
        assert!(copy.strike(2).is_none());
    }
}
