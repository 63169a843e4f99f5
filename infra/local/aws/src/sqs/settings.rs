//! The attributes of a queue: names, bounds, defaults ("SetQueueAttributes", Amazon SQS API Reference).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::errors::SqsError;
use super::wire::Attributes;
use crate::{ACCOUNT_ID, REGION};

/// The largest message, body and attributes together, and the largest batch.
pub(super) const MAX_MESSAGE_BYTES: usize = 1_048_576;
/// The longest a message may stay hidden after a receive.
pub(super) const MAX_VISIBILITY_SECONDS: i64 = 43_200;
/// The longest a message may be held back before its first receive.
pub(super) const MAX_DELAY_SECONDS: i64 = 900;
/// The longest a receive may wait.
pub(super) const MAX_WAIT_SECONDS: i64 = 20;
const MAX_RECEIVES: i64 = 1000;

/// Attributes that mean something on AWS and nothing here. They are kept and returned, so that one template serves both.
const INERT: [&str; 5] = [
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "Policy",
    "RedriveAllowPolicy",
    "SqsManagedSseEnabled",
];
const FIFO_ONLY: [&str; 4] =
    ["ContentBasedDeduplication", "DeduplicationScope", "FifoQueue", "FifoThroughputLimit"];

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Settings {
    pub(super) visibility_seconds: i64,
    pub(super) delay_seconds: i64,
    pub(super) wait_seconds: i64,
    pub(super) retention_seconds: i64,
    pub(super) max_message_bytes: i64,
    pub(super) redrive: Option<Redrive>,
    pub(super) inert: BTreeMap<String, String>,
}

/// Where a message goes when it has been received often enough.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Redrive {
    /// The dead-letter queue, by name.
    pub(super) target: String,
    /// After this many receives the next one moves the message.
    pub(super) max_receives: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            visibility_seconds: 30,
            delay_seconds: 0,
            wait_seconds: 0,
            retention_seconds: 345_600,
            max_message_bytes: 1_048_576,
            redrive: None,
            inert: BTreeMap::new(),
        }
    }
}

impl Settings {
    /// Takes over the attributes given and leaves the rest.
    pub(super) fn apply(&mut self, attributes: &Attributes) -> Result<(), SqsError> {
        for (name, value) in attributes {
            match name.as_str() {
                "VisibilityTimeout" => {
                    self.visibility_seconds = bounded(name, value, 0, MAX_VISIBILITY_SECONDS)?;
                }
                "DelaySeconds" => self.delay_seconds = bounded(name, value, 0, MAX_DELAY_SECONDS)?,
                "ReceiveMessageWaitTimeSeconds" => {
                    self.wait_seconds = bounded(name, value, 0, MAX_WAIT_SECONDS)?;
                }
                "MessageRetentionPeriod" => self.retention_seconds = bounded(name, value, 60, 1_209_600)?,
                "MaximumMessageSize" => self.max_message_bytes = bounded(name, value, 1024, 1_048_576)?,
                "RedrivePolicy" => self.redrive = redrive(name, value)?,
                inert if INERT.contains(&inert) => {
                    self.inert.insert(name.clone(), value.clone());
                }
                fifo if FIFO_ONLY.contains(&fifo) => return Err(fifo_refused()),
                _ => return Err(SqsError::InvalidAttributeName(name.clone())),
            }
        }
        Ok(())
    }

    /// All settings under their attribute names.
    pub(super) fn attributes(&self) -> Attributes {
        let mut attributes = self.inert.clone();
        for (name, value) in [
            ("VisibilityTimeout", self.visibility_seconds),
            ("DelaySeconds", self.delay_seconds),
            ("ReceiveMessageWaitTimeSeconds", self.wait_seconds),
            ("MessageRetentionPeriod", self.retention_seconds),
            ("MaximumMessageSize", self.max_message_bytes),
        ] {
            attributes.insert(name.to_owned(), value.to_string());
        }
        if let Some(redrive) = &self.redrive {
            let policy = json!({
                "deadLetterTargetArn": arn_of(&redrive.target),
                "maxReceiveCount": redrive.max_receives,
            });
            attributes.insert("RedrivePolicy".to_owned(), policy.to_string());
        }
        attributes
    }
}

/// Whether a standard queue may have an attribute of this name, set or not.
pub(super) fn is_known(name: &str) -> bool {
    name == "RedrivePolicy" || INERT.contains(&name)
}

/// Queue names: 1 to 80 letters, digits, hyphens and underscores.
pub(super) fn check_name(name: &str) -> Result<(), SqsError> {
    if name.ends_with(".fifo") {
        return Err(fifo_refused());
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if (1..=80).contains(&name.len()) && name.chars().all(allowed) {
        return Ok(());
    }
    let rule = "A queue name has 1 to 80 letters, digits, hyphens and underscores.";
    Err(SqsError::InvalidParameterValue(rule.to_owned()))
}

pub(super) fn arn_of(name: &str) -> String {
    format!("arn:aws:sqs:{REGION}:{ACCOUNT_ID}:{name}")
}

/// The name in the ARN of a queue of this account and region.
pub(super) fn name_in_arn(arn: &str) -> Result<&str, SqsError> {
    arn.strip_prefix(&arn_of("")).ok_or_else(|| {
        SqsError::InvalidParameterValue(format!("An ARN here begins with {}: {arn} does not.", arn_of("")))
    })
}

fn redrive(name: &str, policy: &str) -> Result<Option<Redrive>, SqsError> {
    if policy.is_empty() {
        return Ok(None);
    }
    let invalid = || SqsError::InvalidAttributeValue {
        name: name.to_owned(),
        expected: "a JSON object of deadLetterTargetArn and maxReceiveCount (1 to 1000)".to_owned(),
    };
    let policy: Value = serde_json::from_str(policy).map_err(|_| invalid())?;
    let target = policy.get("deadLetterTargetArn").and_then(Value::as_str).ok_or_else(invalid)?;
    let count = policy.get("maxReceiveCount").ok_or_else(invalid)?;
    let count = count.as_i64().or_else(|| count.as_str()?.parse().ok()).ok_or_else(invalid)?;
    if !(1..=MAX_RECEIVES).contains(&count) {
        return Err(invalid());
    }
    Ok(Some(Redrive { target: name_in_arn(target)?.to_owned(), max_receives: count }))
}

fn bounded(name: &str, value: &str, least: i64, most: i64) -> Result<i64, SqsError> {
    let number = value.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| SqsError::InvalidAttributeValue {
        name: name.to_owned(),
        expected: format!("a whole number from {least} to {most}"),
    })
}

fn fifo_refused() -> SqsError {
    SqsError::UnsupportedOperation("FIFO queues are not served here: use a standard queue.".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(name: &str, value: &str) -> Result<Settings, SqsError> {
        let mut settings = Settings::default();
        settings.apply(&Attributes::from([(name.to_owned(), value.to_owned())]))?;
        Ok(settings)
    }

    #[test]
    fn settings_come_back_under_the_names_they_were_given() {
        let policy = format!(r#"{{"deadLetterTargetArn":"{}","maxReceiveCount":"5"}}"#, arn_of("dead"));
        let settings = applied("RedrivePolicy", &policy).unwrap();
        assert_eq!(settings.redrive, Some(Redrive { target: "dead".into(), max_receives: 5 }));
        let mut again = Settings::default();
        again.apply(&settings.attributes()).unwrap();
        assert_eq!(again, settings);
    }

    #[test]
    fn values_out_of_bounds_and_unknown_names_are_refused() {
        for (name, value) in [
            ("VisibilityTimeout", "43201"),
            ("DelaySeconds", "-1"),
            ("MessageRetentionPeriod", "59"),
            ("MaximumMessageSize", "1k"),
            ("RedrivePolicy", "{}"),
        ] {
            let error = applied(name, value).unwrap_err();
            assert!(matches!(error, SqsError::InvalidAttributeValue { .. }), "{name}: {error}");
        }
        assert!(matches!(applied("Visibility", "1").unwrap_err(), SqsError::InvalidAttributeName(_)));
        assert!(matches!(applied("FifoQueue", "true").unwrap_err(), SqsError::UnsupportedOperation(_)));
        assert!(matches!(check_name("calls.fifo").unwrap_err(), SqsError::UnsupportedOperation(_)));
        assert!(check_name("calls-1_a").is_ok() && check_name("").is_err() && check_name("a b").is_err());
    }
}
