//! The Realtime API's events in the session's words.

use std::time::Duration;

use openai::ApiError;
use openai::realtime::error_class::ErrorClass;
use openai::realtime::item::{self, Item, ItemKind};
use openai::realtime::response::{self, EndReason};
use openai::realtime::{Response, ServerEvent};
use providers::realtime_echo;
use session::Input;
use session::input::{ModelAudio, ModelEvent, ModelLoss, ResponseReason, ResponseStatus, Role};

/// The metadata key under which a response carries the reason it was asked for.
pub(super) const REASON_KEY: &str = "kind";

/// What an event means for the conversation; `None` for those that mean nothing to it.
pub(super) fn model_event<'a>(event: &'a ServerEvent<'_>) -> Option<ModelEvent<'a>> {
    Some(match event {
        ServerEvent::SpeechStarted(speech) => ModelEvent::SpeechStarted {
            item: &speech.item_id,
            audio_start: speech.audio_start_ms.map(Duration::from_millis),
        },
        ServerEvent::SpeechStopped(speech) => ModelEvent::SpeechStopped {
            item: &speech.item_id,
            audio_end: speech.audio_end_ms.map(Duration::from_millis),
        },
        ServerEvent::ItemAdded(added) => ModelEvent::ItemAdded {
            item: &added.item.id,
            previous: added.previous_item_id.as_deref(),
            role: role(&added.item),
        },
        ServerEvent::InputTranscriptCompleted(turn) => match &turn.transcript {
            Some(words) => ModelEvent::CallerTranscript { item: &turn.item_id, text: words.as_str() },
            None => ModelEvent::CallerTranscriptFailed { item: &turn.item_id },
        },
        ServerEvent::InputTranscriptFailed(turn) => {
            ModelEvent::CallerTranscriptFailed { item: &turn.item_id }
        }
        // One without a name begins with the first of its words.
        ServerEvent::ResponseCreated(response) if response.id.is_empty() => return None,
        ServerEvent::ResponseCreated(response) => ModelEvent::ResponseCreated {
            response: &response.id,
            reason: response.metadata.get(REASON_KEY).and_then(|reason| ResponseReason::parse(reason)),
        },
        ServerEvent::OutputAudioDelta(delta) => ModelEvent::Audio(ModelAudio {
            response: &delta.response_id,
            item: &delta.item_id,
            content_index: delta.content_index,
            payload: delta.delta.as_bytes(),
        }),
        ServerEvent::OutputAudioTranscriptDelta(delta) => ModelEvent::AgentTranscriptDelta {
            response: &delta.response_id,
            item: &delta.item_id,
            text: delta.delta.as_str(),
        },
        ServerEvent::OutputAudioTranscriptDone(done) => ModelEvent::AgentTranscript {
            response: &done.response_id,
            item: &done.item_id,
            text: done.text.as_ref()?.as_str(),
        },
        // The finished item, not its arguments: an interrupted call ends too, with half a JSON text.
        ServerEvent::OutputItemDone(done) => {
            let call = done.item.completed_call()?;
            ModelEvent::ToolCall {
                response: &done.response_id,
                item: &done.item.id,
                call_id: &call.call_id,
                name: &call.name,
                arguments: call.arguments.as_str(),
            }
        }
        // Handled by the socket itself.
        ServerEvent::SessionCreated(_)
        | ServerEvent::SessionUpdated(_)
        | ServerEvent::ResponseDone(_)
        | ServerEvent::Error(_)
        | ServerEvent::Unknown { .. } => return None,
        // Progress that a later event repeats in full, or an echo of our own doing.
        ServerEvent::ItemDone(_)
        | ServerEvent::ItemTruncated(_)
        | ServerEvent::ItemDeleted(_)
        | ServerEvent::InputTranscriptDelta(_)
        | ServerEvent::InputAudioCommitted(_)
        | ServerEvent::InputAudioCleared
        | ServerEvent::TimeoutTriggered(_)
        | ServerEvent::OutputItemAdded(_)
        | ServerEvent::ContentPartAdded(_)
        | ServerEvent::ContentPartDone(_)
        | ServerEvent::OutputAudioDone(_)
        | ServerEvent::OutputTextDelta(_)
        | ServerEvent::OutputTextDone(_)
        | ServerEvent::FunctionCallArgumentsDone(_)
        | ServerEvent::RateLimitsUpdated(_)
        | ServerEvent::Ignored { .. } => return None,
    })
}

/// A response that failed for want of money or rights will fail again: that is the end of the model leg.
pub(super) fn response_done(response: &Response) -> Input<'_> {
    let status = match response.status {
        response::ResponseStatus::Cancelled => ResponseStatus::Cancelled,
        response::ResponseStatus::Incomplete => match response.status_details.reason {
            Some(EndReason::ContentFilter) => ResponseStatus::IncompleteContentFilter,
            Some(
                EndReason::MaxOutputTokens
                | EndReason::TurnDetected
                | EndReason::ClientCancelled
                | EndReason::Other,
            )
            | None => ResponseStatus::IncompleteMaxTokens,
        },
        response::ResponseStatus::Failed => {
            let error = response.status_details.error.as_ref();
            match error.map(ApiError::class) {
                Some(ErrorClass::Fatal) => return Input::ModelGone(ModelLoss::Fatal),
                Some(ErrorClass::RateLimited) => {
                    ResponseStatus::Limited { wait: error.and_then(ApiError::named_wait) }
                }
                Some(
                    ErrorClass::Benign
                    | ErrorClass::RetryAfterActive
                    | ErrorClass::Bug
                    | ErrorClass::SessionExpired
                    | ErrorClass::Server
                    | ErrorClass::Unknown,
                )
                | None => ResponseStatus::Failed,
            }
        }
        // Done is done, whatever word a future version uses for it.
        response::ResponseStatus::Completed
        | response::ResponseStatus::InProgress
        | response::ResponseStatus::Other => ResponseStatus::Completed,
    };
    let usage = response.usage.as_ref().map(realtime_echo::usage);
    Input::Model(ModelEvent::ResponseDone { response: &response.id, status, usage })
}

fn role(item: &Item) -> Role {
    match &item.kind {
        ItemKind::Message { role: item::Role::User, .. } => Role::Caller,
        ItemKind::Message { role: item::Role::Assistant, .. } => Role::Agent,
        ItemKind::Message { role: item::Role::System | item::Role::Other, .. }
        | ItemKind::FunctionCall(_)
        | ItemKind::FunctionCallOutput { .. }
        | ItemKind::Other => Role::Other,
    }
}

#[cfg(test)]
mod tests {
    use domain::turn::Usage;

    use super::*;

    fn parsed(json: &str) -> ServerEvent<'_> {
        ServerEvent::parse(json.as_bytes()).unwrap()
    }

    #[test]
    fn a_tool_call_counts_only_when_the_model_finished_it() {
        let call = |status: &str| {
            format!(
                r#"{{"type":"response.output_item.done","response_id":"r","output_index":0,"item":{{"id":"i",
                "type":"function_call","status":"{status}","call_id":"c","name":"book","arguments":"{{}}"}}}}"#
            )
        };
        assert!(matches!(
            model_event(&parsed(&call("completed"))),
            Some(ModelEvent::ToolCall { call_id: "c", name: "book", arguments: "{}", .. })
        ));
        assert!(model_event(&parsed(&call("incomplete"))).is_none());
    }

    #[test]
    fn a_response_brings_back_the_reason_it_was_asked_for() {
        let created = r#"{"type":"response.created","response":{"id":"r","metadata":{"kind":"greeting"}}}"#;
        assert!(matches!(
            model_event(&parsed(created)),
            Some(ModelEvent::ResponseCreated { response: "r", reason: Some(ResponseReason::Greeting) })
        ));
        let by_turn_detection = r#"{"type":"response.created","response":{"id":"r","metadata":null}}"#;
        assert!(matches!(
            model_event(&parsed(by_turn_detection)),
            Some(ModelEvent::ResponseCreated { reason: None, .. })
        ));
    }

    /// What the session is told of a `response.done`; `None` when that is the end of the model.
    fn done(response: &str) -> Option<(ResponseStatus, Option<Usage>)> {
        let event = format!(r#"{{"type":"response.done","response":{{"id":"r",{response}}}}}"#);
        let ServerEvent::ResponseDone(response) = parsed(&event) else { unreachable!("a response.done") };
        match response_done(&response) {
            Input::Model(ModelEvent::ResponseDone { response: "r", status, usage }) => Some((status, usage)),
            Input::ModelGone(ModelLoss::Fatal) => None,
            _ => unreachable!("neither done nor gone"),
        }
    }

    #[test]
    fn a_response_without_money_behind_it_is_the_end_of_the_model() {
        let failed = |code: &str| {
            done(&format!(r#""status":"failed","status_details":{{"error":{{"type":"x","code":"{code}"}}}}"#))
        };
        assert_eq!(failed("insufficient_quota"), None);
        assert_eq!(failed("server_error"), Some((ResponseStatus::Failed, None)));
    }

    /// Case C10. Case B08.
    #[test]
    fn a_response_for_which_there_is_no_capacity_says_how_long_that_will_be() {
        let failed = |error: &str| {
            done(&format!(r#""status":"failed","status_details":{{"type":"failed","error":{error}}}"#))
        };
        let limited =
            |millis: u64| Some((ResponseStatus::Limited { wait: Some(Duration::from_millis(millis)) }, None));
        let told = r#"{"type":"tokens","code":"rate_limit_exceeded","message":"Please try again in 7.2s."}"#;
        assert_eq!(failed(told), limited(7_200));
        let by_type = r#"{"type":"rate_limit_exceeded","message":"Please try again in 900ms."}"#;
        assert_eq!(failed(by_type), limited(900));
        for code in ["slow_down", "server_is_overloaded"] {
            let untold = format!(r#"{{"type":"server_error","code":"{code}","message":"Later."}}"#);
            assert_eq!(failed(&untold), Some((ResponseStatus::Limited { wait: None }, None)), "{code}");
        }
    }

    /// Case C15: words that did not come are words that failed, and a text that is not repeated stands as it came.
    #[test]
    fn texts_that_are_missing_are_not_empty_texts() {
        let words = r#"{"type":"conversation.item.input_audio_transcription.completed","item_id":"i"}"#;
        assert!(matches!(
            model_event(&parsed(words)),
            Some(ModelEvent::CallerTranscriptFailed { item: "i" })
        ));
        let whole = r#"{"type":"response.output_audio_transcript.done","response_id":"r","item_id":"i"}"#;
        assert!(model_event(&parsed(whole)).is_none());
    }

    #[test]
    fn why_a_response_is_incomplete_matters() {
        let incomplete = |reason: &str| {
            done(&format!(r#""status":"incomplete","status_details":{{"reason":"{reason}"}}"#))
        };
        assert_eq!(incomplete("content_filter"), Some((ResponseStatus::IncompleteContentFilter, None)));
        assert_eq!(incomplete("max_output_tokens"), Some((ResponseStatus::IncompleteMaxTokens, None)));
    }

    #[test]
    fn tokens_are_counted_by_the_class_they_are_priced_in() {
        let usage = r#""status":"completed","usage":{"total_tokens":30,"input_tokens":20,"output_tokens":10,
            "input_token_details":{"text_tokens":5,"audio_tokens":15,
            "cached_tokens_details":{"text_tokens":4,"audio_tokens":3}},
            "output_token_details":{"text_tokens":2,"audio_tokens":8}}"#;
        let expected = Usage {
            responses: 1,
            input_text: 5,
            input_audio: 15,
            cached_text: 4,
            cached_audio: 3,
            output_text: 2,
            output_audio: 8,
        };
        assert_eq!(done(usage), Some((ResponseStatus::Completed, Some(expected))));
    }
}
