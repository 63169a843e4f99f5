//! A recording as an item.

use std::time::Duration;

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use domain::recording::{Due, RecordingKind, RecordingSource, Waveform};
use domain::{BusinessId, CallSid, Recording, RecordingSid, RecordingState, Timestamp};

use super::RECORDING;
use crate::StoreError;
use crate::item::{Draft, Row, number, text, to_json};
use crate::table::SK;

pub(super) const CALL: &str = "call";
pub(super) const KIND: &str = "kind";
pub(super) const STATE: &str = "state";
pub(super) const ARCHIVED: &str = "archived";
pub(super) const DELETION: &str = "deletion";
pub(super) const REASON: &str = "reason";
pub(super) const HELD: &str = "held";
const SOURCE: &str = "source";
const ERROR_CODE: &str = "error_code";
const ENCRYPTED: &str = "encrypted";
/// The fingerprint of the last body that was not the recording.
pub(super) const REFUSED_BODY: &str = "refused_body";
pub(super) const DELETED_AT_TWILIO: &str = "deleted_at_twilio";
const WAVEFORM: &str = "waveform";
/// What the sweep owes the recording, and when: the key of the index `by_due`.
pub(super) const DUE: &str = "due";
pub(super) const DUE_AT: &str = "due_at";
pub(super) const SWEEPS: &str = "sweeps";

pub(super) fn draft(
    table: &str,
    recording: &Recording,
    due: Option<(Due, Timestamp)>,
) -> Result<Draft, StoreError> {
    let draft = Draft::default()
        .text(CALL, recording.call.as_str())
        .text("business", recording.business.as_str())
        .text(KIND, recording.kind.as_str())
        .text(SOURCE, recording.source.as_str())
        .text(STATE, recording.state.as_str())
        .time("announced_at", recording.announced_at)
        .optional_number("announced_secs", recording.announced_duration.as_ref().map(Duration::as_secs))
        .optional_number("channels", recording.channels)
        .optional_number("started_at", recording.started_at.map(|at| at.0))
        .optional_number(ERROR_CODE, recording.error_code)
        .optional_text(ENCRYPTED, recording.encrypted.then_some("yes"))
        .optional_number(DELETED_AT_TWILIO, recording.deleted_at_twilio.map(|at| at.0))
        .optional_text(HELD, recording.held.then_some("yes"))
        .optional_text(DUE, due.map(|(due, _)| due.as_str()))
        .optional_number(DUE_AT, due.map(|(_, at)| at.0));
    Ok(match detail(table, &recording.state)? {
        Some((name, value)) => draft.text(name, value),
        None => draft,
    })
}

pub(super) fn recording(row: &Row) -> Result<Recording, StoreError> {
    Ok(Recording {
        sid: row.parsed(SK, |sk| RecordingSid::parse(sk.strip_prefix(RECORDING).unwrap_or_default()))?,
        kind: match row.optional_text(KIND)? {
            Some(word) => RecordingKind::parse(word).ok_or_else(|| row.corrupt(KIND))?,
            None => RecordingKind::default(),
        },
        source: row.optional_text(SOURCE)?.map(RecordingSource::parse).unwrap_or_default(),
        call: row.parsed(CALL, CallSid::parse)?,
        business: row.parsed("business", BusinessId::parse)?,
        state: match row.text(STATE)? {
            "in_progress" => RecordingState::InProgress,
            "announced" => RecordingState::Announced,
            "archived" => RecordingState::Archived(row.json(ARCHIVED)?),
            "failed" => RecordingState::Failed { reason: row.text(REASON)?.to_owned() },
            "lost" => RecordingState::Lost,
            "absent" => RecordingState::Absent,
            "deleted" => RecordingState::Deleted(row.json(DELETION)?),
            _ => return Err(row.corrupt(STATE)),
        },
        announced_at: row.time("announced_at")?,
        announced_duration: row.optional_seconds("announced_secs")?,
        channels: row.optional_number("channels")?,
        started_at: row.optional_time("started_at")?,
        error_code: row.optional_number(ERROR_CODE)?,
        encrypted: row.optional_text(ENCRYPTED)?.is_some(),
        held: row.optional_text(HELD)?.is_some(),
        deleted_at_twilio: row.optional_time(DELETED_AT_TWILIO)?,
        waveform: row.optional_text(WAVEFORM)?.map(|_| row.json(WAVEFORM)).transpose()?,
    })
}

/// The attribute that holds what there is to a state beside its name.
pub(super) fn detail(
    table: &str,
    state: &RecordingState,
) -> Result<Option<(&'static str, String)>, StoreError> {
    Ok(match state {
        RecordingState::Archived(archived) => Some((ARCHIVED, to_json(table, ARCHIVED, archived)?)),
        RecordingState::Deleted(deletion) => Some((DELETION, to_json(table, DELETION, deletion)?)),
        RecordingState::Failed { reason } => Some((REASON, reason.clone())),
        RecordingState::InProgress
        | RecordingState::Announced
        | RecordingState::Lost
        | RecordingState::Absent => None,
    })
}

/// Sets a state, what there is to it, and what it is owed. Of a recording that is not archived no waveform is left.
pub(super) fn move_to(
    request: UpdateItemFluentBuilder,
    table: &str,
    state: &RecordingState,
    due: Option<(Due, Timestamp)>,
    waveform: Option<&Waveform>,
) -> Result<UpdateItemFluentBuilder, StoreError> {
    let (mut set, mut remove) = ("#state = :next".to_owned(), vec!["#sweeps"]);
    let mut request = request
        .expression_attribute_names("#state", STATE)
        .expression_attribute_names("#sweeps", SWEEPS)
        .expression_attribute_names("#due", DUE)
        .expression_attribute_names("#due_at", DUE_AT)
        .expression_attribute_names("#waveform", WAVEFORM)
        .expression_attribute_values(":next", text(state.as_str()));
    if let Some((name, value)) = detail(table, state)? {
        set.push_str(", #detail = :detail");
        request = request
            .expression_attribute_names("#detail", name)
            .expression_attribute_values(":detail", text(value));
    }
    match waveform {
        Some(waveform) => {
            set.push_str(", #waveform = :waveform");
            let waveform = text(to_json(table, WAVEFORM, waveform)?);
            request = request.expression_attribute_values(":waveform", waveform);
        }
        None => remove.push("#waveform"),
    }
    match due {
        Some((due, at)) => {
            set.push_str(", #due = :due, #due_at = :due_at");
            request = request
                .expression_attribute_values(":due", text(due.as_str()))
                .expression_attribute_values(":due_at", number(at.0));
        }
        None => remove.extend(["#due", "#due_at"]),
    }
    Ok(request.update_expression(format!("SET {set} REMOVE {}", remove.join(", "))))
}
