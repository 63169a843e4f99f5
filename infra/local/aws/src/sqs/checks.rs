//! What a message and a batch must be before anything is stored ("Amazon SQS message quotas").

use std::collections::BTreeSet;

use super::digest;
use super::errors::SqsError;
use super::settings::{MAX_DELAY_SECONDS, MAX_MESSAGE_BYTES, Settings};
use super::wire::{Attributes, BatchEntry, Outgoing};

const MAX_BATCH_ENTRIES: usize = 10;
const MAX_MESSAGE_ATTRIBUTES: usize = 10;
const MAX_ID_CHARS: usize = 80;
const MAX_ATTRIBUTE_NAME_CHARS: usize = 256;
/// The one system attribute that a sender may set.
const TRACE_HEADER: &str = "AWSTraceHeader";

impl Outgoing {
    /// Checks the message against the rules and the queue's own limit.
    pub(super) fn check(&self, queue: &Settings) -> Result<(), SqsError> {
        if self.message_body.is_empty() {
            return Err(SqsError::MissingParameter("MessageBody"));
        }
        if !self.message_body.chars().all(is_allowed) {
            return Err(SqsError::InvalidMessageContents);
        }
        if self.message_deduplication_id.is_some() {
            return Err(invalid("MessageDeduplicationId is not valid for a standard queue."));
        }
        if self.message_attributes.len() > MAX_MESSAGE_ATTRIBUTES {
            return Err(invalid("A message has at most 10 attributes."));
        }
        for (name, attribute) in &self.message_attributes {
            check_attribute_name(name)?;
            attribute.value(name)?;
        }
        if let Some(name) = self.message_system_attributes.keys().find(|name| *name != TRACE_HEADER) {
            return Err(invalid(&format!(
                "A sender may set the system attribute {TRACE_HEADER} only, not {name}."
            )));
        }
        let most = usize::try_from(queue.max_message_bytes).unwrap_or(MAX_MESSAGE_BYTES);
        if self.size() > most {
            return Err(invalid(&format!("Message must be shorter than {most} bytes.")));
        }
        self.delay_seconds.map_or(Ok(0), |delay| within("DelaySeconds", delay, 0, MAX_DELAY_SECONDS))?;
        Ok(())
    }

    /// Bytes that count towards the limits: the body, and each attribute's name, type and value.
    fn size(&self) -> usize {
        let attributes = self.message_attributes.iter().map(|(name, attribute)| {
            name.len()
                + attribute.data_type.len()
                + attribute.value(name).map_or(0, |value| value.bytes().len())
        });
        self.message_body.len() + attributes.sum::<usize>()
    }

    /// The attributes that SQS itself gives back with the message.
    pub(super) fn system_attributes(&self) -> Attributes {
        let trace =
            self.message_system_attributes.get(TRACE_HEADER).and_then(|trace| trace.string_value.clone());
        let trace = trace.map(|trace| (TRACE_HEADER.to_owned(), trace));
        let group = self.message_group_id.clone().map(|group| ("MessageGroupId".to_owned(), group));
        trace.into_iter().chain(group).collect()
    }
}

/// Rules that a batch breaks as a whole.
pub(super) fn check_batch<T>(entries: &[BatchEntry<T>]) -> Result<(), SqsError> {
    if entries.is_empty() {
        return Err(SqsError::EmptyBatchRequest);
    }
    if entries.len() > MAX_BATCH_ENTRIES {
        return Err(SqsError::TooManyEntriesInBatchRequest);
    }
    let mut seen = BTreeSet::new();
    for BatchEntry { id, .. } in entries {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if !(1..=MAX_ID_CHARS).contains(&id.len()) || !id.chars().all(allowed) {
            return Err(SqsError::InvalidBatchEntryId);
        }
        if !seen.insert(id) {
            return Err(SqsError::BatchEntryIdsNotDistinct(id.clone()));
        }
    }
    Ok(())
}

/// The limit on the messages of one batch together.
pub(super) fn check_batch_size(entries: &[BatchEntry<Outgoing>]) -> Result<(), SqsError> {
    if entries.iter().map(|entry| entry.item.size()).sum::<usize>() > MAX_MESSAGE_BYTES {
        return Err(SqsError::BatchRequestTooLong(MAX_MESSAGE_BYTES));
    }
    Ok(())
}

/// A number within the bounds of its parameter.
pub(super) fn within(parameter: &str, value: i64, least: i64, most: i64) -> Result<i64, SqsError> {
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    Err(invalid(&format!(
        "Value {value} for parameter {parameter} is invalid: it must be from {least} to {most}."
    )))
}

fn check_attribute_name(name: &str) -> Result<(), SqsError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let lower = name.to_ascii_lowercase();
    let well_formed = (1..=MAX_ATTRIBUTE_NAME_CHARS).contains(&name.len())
        && name.chars().all(allowed)
        && !name.starts_with('.')
        && !name.ends_with('.')
        && !name.contains("..")
        && !lower.starts_with("aws.")
        && !lower.starts_with("amazon.");
    if well_formed {
        Ok(())
    } else {
        Err(invalid(&format!("{name:?} is not a name for a message attribute.")))
    }
}

/// The characters of XML 1.0, which bodies are limited to.
fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

fn invalid(message: &str) -> SqsError {
    SqsError::InvalidParameterValue(message.to_owned())
}

/// Digests of a message as it was sent.
pub(super) fn digests(message: &Outgoing) -> Result<(String, Option<String>), SqsError> {
    Ok((digest::of_body(&message.message_body), digest::of_attributes(&message.message_attributes)?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn message(value: serde_json::Value) -> Outgoing {
        serde_json::from_value(value).unwrap()
    }

    fn refused(value: serde_json::Value) -> &'static str {
        message(value).check(&Settings::default()).unwrap_err().code()
    }

    #[test]
    fn a_body_is_bounded_and_of_xml_characters() {
        assert_eq!(refused(json!({})), "MissingParameter");
        assert_eq!(refused(json!({ "MessageBody": "bell \u{7}" })), "InvalidMessageContents");
        assert_eq!(refused(json!({ "MessageBody": "\u{FFFE}" })), "InvalidMessageContents");
        assert_eq!(
            refused(json!({ "MessageBody": "a".repeat(MAX_MESSAGE_BYTES + 1) })),
            "InvalidParameterValue"
        );
        let most = message(json!({ "MessageBody": "a".repeat(MAX_MESSAGE_BYTES) }));
        most.check(&Settings::default()).unwrap();
        message(json!({ "MessageBody": "\t\n\r é \u{1F600}" })).check(&Settings::default()).unwrap();
    }

    #[test]
    fn attributes_count_towards_the_size_and_are_checked() {
        let attribute = json!({ "DataType": "String", "StringValue": "v" });
        let full = "a".repeat(MAX_MESSAGE_BYTES);
        let long = json!({ "MessageBody": full, "MessageAttributes": { "n": attribute } });
        assert_eq!(refused(long), "InvalidParameterValue");
        for name in ["AWS.x", ".x", "a..b", "a b"] {
            let bad = json!({ "MessageBody": "a", "MessageAttributes": { name: attribute } });
            assert_eq!(refused(bad), "InvalidParameterValue", "{name}");
        }
        assert_eq!(refused(json!({ "MessageBody": "a", "DelaySeconds": 901 })), "InvalidParameterValue");
        assert_eq!(
            refused(json!({ "MessageBody": "a", "MessageDeduplicationId": "d" })),
            "InvalidParameterValue"
        );
    }

    #[test]
    fn a_batch_is_refused_whole_for_its_ids_and_its_size() {
        let entries = |ids: &[&str]| -> Vec<BatchEntry<Outgoing>> {
            let entry = |id: &&str| json!({ "Id": id, "MessageBody": "a".repeat(MAX_MESSAGE_BYTES / 2) });
            ids.iter().map(|id| serde_json::from_value(entry(id)).unwrap()).collect()
        };
        let code = |ids: &[&str]| check_batch(&entries(ids)).unwrap_err().code();
        assert_eq!(code(&[]), "AWS.SimpleQueueService.EmptyBatchRequest");
        assert_eq!(code(&["a"; 11]), "AWS.SimpleQueueService.TooManyEntriesInBatchRequest");
        assert_eq!(code(&["a", "a"]), "AWS.SimpleQueueService.BatchEntryIdsNotDistinct");
        assert_eq!(code(&["a b"]), "AWS.SimpleQueueService.InvalidBatchEntryId");
        check_batch_size(&entries(&["a", "b"])).unwrap();
        let long = check_batch_size(&entries(&["a", "b", "c"])).unwrap_err();
        assert_eq!(long.code(), "AWS.SimpleQueueService.BatchRequestTooLong");
    }
}
