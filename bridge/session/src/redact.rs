//! What inputs and outputs show of themselves in a log or a failed test: kinds, ids and sizes. Texts, keys
//! pressed, arguments and audio are personal data and stay out.

use std::fmt::{Debug, Formatter, Result};

use crate::input::{CallerAudio, Input, ModelAudio, ModelEvent};
use crate::output::{Audio, ModelCommand, Output, Past};

/// Stands for a text by its size.
struct Bytes(usize);

impl Debug for Bytes {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{} bytes", self.0)
    }
}

impl Debug for Input<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::StreamStarted { call, stream, .. } => f
                .debug_struct("StreamStarted")
                .field("call", call)
                .field("stream", stream)
                .finish_non_exhaustive(),
            Self::Claimed(plan) => f.debug_tuple("Claimed").field(&plan.call).finish(),
            Self::ClaimRefused(refusal) => f.debug_tuple("ClaimRefused").field(refusal).finish(),
            Self::CallerAudio(audio) => audio.fmt(f),
            Self::Mark(mark) => f.debug_tuple("Mark").field(mark).finish(),
            Self::Dtmf(_) => f.write_str("Dtmf"),
            Self::CallerStopped => f.write_str("CallerStopped"),
            Self::CallerAlive => f.write_str("CallerAlive"),
            Self::CallerGone => f.write_str("CallerGone"),
            Self::CallerMisbehaved => f.write_str("CallerMisbehaved"),
            Self::ModelReady { lifetime } => {
                f.debug_struct("ModelReady").field("lifetime", lifetime).finish()
            }
            Self::ConnectFailed(loss) => f.debug_tuple("ConnectFailed").field(loss).finish(),
            Self::ModelGone(loss) => f.debug_tuple("ModelGone").field(loss).finish(),
            Self::Model(event) => event.fmt(f),
            Self::ToolDone { call_id, output, transfer } => f
                .debug_struct("ToolDone")
                .field("call_id", call_id)
                .field("output", &Bytes(output.len()))
                .field("transfer", transfer)
                .finish(),
            Self::HungUp { ok } => f.debug_struct("HungUp").field("ok", ok).finish(),
            Self::AnsweredBy(verdict) => write!(f, "AnsweredBy({verdict:?})"),
            Self::Action { number, action } => {
                f.debug_struct("Action").field("number", number).field("action", action).finish()
            }
            Self::Steered { muted, notes } => {
                f.debug_struct("Steered").field("muted", muted).field("notes", &notes.len()).finish()
            }
            Self::Drain { within } => f.debug_struct("Drain").field("within", within).finish(),
            Self::Superseded => f.write_str("Superseded"),
        }
    }
}

impl Debug for CallerAudio<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.debug_struct("CallerAudio")
            .field("timestamp_ms", &self.timestamp_ms)
            .field("payload", &Bytes(self.payload.len()))
            .finish()
    }
}

impl Debug for ModelAudio<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.debug_struct("ModelAudio")
            .field("response", &self.response)
            .field("item", &self.item)
            .field("content_index", &self.content_index)
            .field("payload", &Bytes(self.payload.len()))
            .finish()
    }
}

impl Debug for ModelEvent<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::SpeechStarted { item, audio_start } => {
                f.debug_struct("SpeechStarted").field("item", item).field("audio_start", audio_start).finish()
            }
            Self::SpeechStopped { item, audio_end } => {
                f.debug_struct("SpeechStopped").field("item", item).field("audio_end", audio_end).finish()
            }
            Self::ItemAdded { item, previous, role } => f
                .debug_struct("ItemAdded")
                .field("item", item)
                .field("previous", previous)
                .field("role", role)
                .finish(),
            Self::CallerTranscript { item, text } => f
                .debug_struct("CallerTranscript")
                .field("item", item)
                .field("text", &Bytes(text.len()))
                .finish(),
            Self::CallerTranscriptFailed { item } => {
                f.debug_struct("CallerTranscriptFailed").field("item", item).finish()
            }
            Self::ResponseCreated { response, reason } => {
                f.debug_struct("ResponseCreated").field("response", response).field("reason", reason).finish()
            }
            Self::Audio(audio) => audio.fmt(f),
            Self::AgentTranscriptDelta { response, item, text } => f
                .debug_struct("AgentTranscriptDelta")
                .field("response", response)
                .field("item", item)
                .field("text", &Bytes(text.len()))
                .finish(),
            Self::AgentTranscript { response, item, text } => f
                .debug_struct("AgentTranscript")
                .field("response", response)
                .field("item", item)
                .field("text", &Bytes(text.len()))
                .finish(),
            Self::ToolCall { response, call_id, name, arguments, .. } => f
                .debug_struct("ToolCall")
                .field("response", response)
                .field("call_id", call_id)
                .field("name", name)
                .field("arguments", &Bytes(arguments.len()))
                .finish_non_exhaustive(),
            Self::ResponseDone { response, status, .. } => f
                .debug_struct("ResponseDone")
                .field("response", response)
                .field("status", status)
                .finish_non_exhaustive(),
            Self::Error { class, event_id } => {
                f.debug_struct("Error").field("class", class).field("event_id", event_id).finish()
            }
        }
    }
}

impl Debug for Output {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Claim { call, stream, .. } => {
                f.debug_struct("Claim").field("call", call).field("stream", stream).finish_non_exhaustive()
            }
            Self::ConnectModel => f.write_str("ConnectModel"),
            Self::UseModel => f.write_str("UseModel"),
            Self::AudioToModel(audio) => f.debug_tuple("AudioToModel").field(audio).finish(),
            Self::ToModel(command) => f.debug_tuple("ToModel").field(command).finish(),
            Self::AudioToCaller => f.write_str("AudioToCaller"),
            Self::MarkToCaller(mark) => f.debug_tuple("MarkToCaller").field(mark).finish(),
            Self::ClearCaller => f.write_str("ClearCaller"),
            Self::RunTool { call_id, name, arguments } => f
                .debug_struct("RunTool")
                .field("call_id", call_id)
                .field("name", name)
                .field("arguments", &Bytes(arguments.len()))
                .finish(),
            Self::HangUp => f.write_str("HangUp"),
            Self::ActionSettled { number, settled } => {
                f.debug_struct("ActionSettled").field("number", number).field("settled", settled).finish()
            }
            Self::Turn(turn) => turn.fmt(f),
            Self::Event(event) => f.debug_tuple("Event").field(event).finish(),
            Self::Close(close) => close.fmt(f),
        }
    }
}

impl Debug for Audio {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Current => f.write_str("Current"),
            Self::Kept(payload) => f.debug_tuple("Kept").field(&Bytes(payload.len())).finish(),
            Self::Silence(silence) => f.debug_tuple("Silence").field(silence).finish(),
        }
    }
}

impl Debug for ModelCommand {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::CreateResponse { reason, instructions, tools, event_id } => f
                .debug_struct("CreateResponse")
                .field("reason", reason)
                .field("instructions", &instructions.as_ref().map(|text| Bytes(text.len())))
                .field("tools", tools)
                .field("event_id", event_id)
                .finish(),
            Self::CancelResponse { response } => {
                f.debug_struct("CancelResponse").field("response", response).finish()
            }
            Self::Truncate { item, content_index, audio_end_ms } => f
                .debug_struct("Truncate")
                .field("item", item)
                .field("content_index", content_index)
                .field("audio_end_ms", audio_end_ms)
                .finish(),
            Self::ToolOutput { call_id, output } => f
                .debug_struct("ToolOutput")
                .field("call_id", call_id)
                .field("output", &Bytes(output.len()))
                .finish(),
            Self::Replay { item, piece } => {
                f.debug_struct("Replay").field("item", item).field("piece", piece).finish()
            }
            Self::SystemText { text } => {
                f.debug_struct("SystemText").field("text", &Bytes(text.len())).finish()
            }
        }
    }
}

impl Debug for Past {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Said { speaker, text } => write!(f, "Said({speaker:?}, {} bytes)", text.len()),
            Self::ToolCall { call_id, name, .. } => write!(f, "ToolCall({call_id}, {name})"),
            Self::ToolOutput { call_id, .. } => write!(f, "ToolOutput({call_id})"),
            Self::Note { text } => write!(f, "Note({} bytes)", text.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIVATE: &str = "canary";

    #[test]
    fn words_are_never_printed() {
        let shown = format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            Input::Model(ModelEvent::CallerTranscript { item: "item_1", text: PRIVATE }),
            Input::Model(ModelEvent::ToolCall {
                response: "r",
                item: "i",
                call_id: "c",
                name: "book",
                arguments: PRIVATE
            }),
            Input::ToolDone { call_id: "c", output: PRIVATE.into(), transfer: None },
            Input::CallerAudio(CallerAudio { timestamp_ms: 0, payload: PRIVATE.as_bytes() }),
            Output::ToModel(ModelCommand::SystemText { text: PRIVATE.into() }),
            Output::ToModel(ModelCommand::Replay {
                item: "past_1_0".into(),
                piece: Past::Said { speaker: domain::Speaker::Caller, text: PRIVATE.into() }
            }),
            Output::AudioToModel(Audio::Kept(PRIVATE.into())),
            Output::RunTool { call_id: "c".into(), name: "book".into(), arguments: PRIVATE.into() },
        );
        assert!(!shown.contains(PRIVATE), "{shown}");
        assert!(shown.contains("book") && shown.contains("6 bytes"), "{shown}");
        assert!(!format!("{:?}", Input::Dtmf('7')).contains('7'));
    }
}
