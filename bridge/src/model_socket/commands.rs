//! What the session has the model do, as the Realtime API's events.

use std::time::Duration;

use domain::Speaker;
use openai::realtime::session::ToolChoice;
use openai::realtime::{ClientEvent, NewItem, ResponseCreate, client_event};
use openai::{Metadata, PrivateText};
use session::output::{ModelCommand, Past};

use super::events::REASON_KEY;
use super::{ModelSocket, silence};
use crate::outbox::Overflow;
use crate::scratch;

impl ModelSocket {
    /// Caller audio, spliced without decoding.
    pub(crate) fn append(&mut self, payload: &[u8]) -> Result<(), Overflow> {
        scratch::with(|frame| {
            client_event::append_into(frame, payload);
            self.wire.outbox.push_audio(frame, payload.len())
        })
    }

    /// What the model has no room for is left out.
    pub(crate) fn append_silence(&mut self, silence: Duration) {
        for payload in silence::pieces(silence) {
            scratch::with(|frame| {
                client_event::append_into(frame, &payload);
                self.wire.outbox.push_padding(frame, payload.len());
            });
        }
    }

    pub(crate) fn command(&mut self, command: ModelCommand) -> Result<(), Overflow> {
        let json = match command {
            ModelCommand::CreateResponse { reason, instructions, tools, event_id } => {
                let response = ResponseCreate {
                    instructions: instructions.map(PrivateText::from),
                    // The pair is far below OpenAI's limits, which is all that can be wrong with one.
                    tool_choice: (!tools).then_some(ToolChoice::None),
                    metadata: Metadata::default().with(REASON_KEY, reason.as_str()).unwrap_or_default(),
                    ..ResponseCreate::default()
                };
                ClientEvent::ResponseCreate { response: &response }.to_json(Some(&event_id))
            }
            ModelCommand::CancelResponse { response } => {
                ClientEvent::ResponseCancel { response_id: Some(&response) }.to_json(None)
            }
            ModelCommand::Truncate { item, content_index, audio_end_ms } => {
                let audio_end_ms = u64::from(audio_end_ms);
                ClientEvent::ItemTruncate { item_id: &item, content_index, audio_end_ms }.to_json(None)
            }
            ModelCommand::ToolOutput { call_id, output } => {
                create_item(&NewItem::function_call_output(call_id, output))
            }
            ModelCommand::Replay { item, piece } => create_item(&past(piece).with_id(item)),
            ModelCommand::SystemText { text } => create_item(&NewItem::system(text)),
        };
        self.wire.outbox.push_control(&json)
    }
}

fn create_item(item: &NewItem) -> Vec<u8> {
    ClientEvent::ItemCreate { item, previous_item_id: None }.to_json(None)
}

fn past(piece: Past) -> NewItem {
    match piece {
        Past::Said { speaker: Speaker::Caller, text } => NewItem::user(text),
        Past::Said { speaker: Speaker::Agent, text } => NewItem::assistant(text),
        Past::ToolCall { call_id, name, arguments } => NewItem::function_call(call_id, name, arguments),
        Past::ToolOutput { call_id, output } => NewItem::function_call_output(call_id, output),
        Past::Note { text } => NewItem::system(text),
    }
}
