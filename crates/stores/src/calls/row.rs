//! A call and an event as items, and back.

use std::time::Duration;

use domain::call::StatusEvent;
use domain::contact::ContactId;
use domain::ids::{AccountSid, InvalidId};
use domain::{BusinessId, Call, CallSid, CallStatus, Caller, Direction, PhoneNumber, Revision};

use crate::StoreError;
use crate::item::{Draft, Row, to_json};
use crate::table::{Key, PK, SK};

use super::EVENT;

/// Raised by every write of a call, so that a writer knows whether its reading still stands.
pub(super) const VERSION: &str = "version";
/// Tells which request opened the call.
pub(super) const OPEN_ID: &str = "open_id";
/// The epoch of the latest plan. Not part of what a call is: it fences its sessions.
pub(super) const EPOCH: &str = "epoch";
pub(super) const STATUS_RANK: &str = "status_rank";
pub(super) const BUSINESS: &str = "business";
pub(super) const OPENED_AT: &str = "opened_at";
/// The business, on a call that is not over. Attribute and index.
pub(super) const LIVE: &str = "live";

const PARTITION: &str = "call#";

pub(super) fn partition(call: &CallSid) -> String {
    format!("{PARTITION}{call}")
}

/// The sid in a partition key.
pub(super) fn sid_of(pk: &str) -> Result<CallSid, InvalidId> {
    CallSid::parse(pk.strip_prefix(PARTITION).unwrap_or_default())
}

pub(super) fn call_key(call: &CallSid) -> Key {
    Key::new(partition(call), "call")
}

pub(super) fn call_draft(table: &str, call: &Call) -> Result<Draft, StoreError> {
    let times = [("answered_at", call.answered_at), ("ended_at", call.ended_at)];
    let draft = Draft::default()
        .text("account", call.account.as_str())
        .text(BUSINESS, call.business.as_str())
        .optional_text(LIVE, (!call.status.is_terminal()).then(|| call.business.as_str()))
        .text("from", to_json(table, "from", &call.from)?)
        .optional_text("to", call.to.as_ref().map(PhoneNumber::as_e164))
        .text("status", call.status.as_str())
        .number(STATUS_RANK, call.status.rank())
        .text("direction", call.direction.as_str())
        .text("twilio_direction", &call.twilio_direction)
        .optional_number("revision", call.revision)
        .optional_text("draft", call.draft.then_some("yes"))
        .time(OPENED_AT, call.opened_at)
        .optional_number("duration_secs", call.duration.as_ref().map(Duration::as_secs))
        .optional_text("refusal", call.refusal.map(domain::call::Refusal::as_str))
        .optional_number("sip_response_code", call.sip_response_code)
        .optional_number("error_code", call.error_code);
    let draft = draft.optional_text("contact", call.contact.map(|contact| contact.to_string()));
    let draft = match &call.task {
        Some(task) => draft.text("task", to_json(table, "task", task)?),
        None => draft,
    };
    Ok(times.into_iter().fold(draft, |draft, (name, at)| draft.optional_number(name, at.map(|at| at.0))))
}

pub(super) fn call(row: &Row) -> Result<Call, StoreError> {
    Ok(Call {
        sid: row.parsed(PK, sid_of)?,
        account: row.parsed("account", AccountSid::parse)?,
        business: row.parsed(BUSINESS, BusinessId::parse)?,
        from: row.json::<Caller>("from")?,
        to: row.optional_parsed("to", PhoneNumber::parse)?,
        status: row.parsed("status", |word| CallStatus::parse(word).ok_or(()))?,
        direction: row.text("direction").map(Direction::parse)?,
        twilio_direction: row.text("twilio_direction")?.to_owned(),
        revision: row.optional_number("revision")?.map(Revision),
        draft: row.optional_text("draft")?.is_some(),
        opened_at: row.time(OPENED_AT)?,
        answered_at: row.optional_time("answered_at")?,
        ended_at: row.optional_time("ended_at")?,
        duration: row.optional_seconds("duration_secs")?,
        refusal: row.optional_parsed("refusal", |word| domain::call::Refusal::parse(word).ok_or(()))?,
        sip_response_code: row.optional_number("sip_response_code")?,
        error_code: row.optional_number("error_code")?,
        task: row.optional_text("task")?.map(|_| row.json("task")).transpose()?,
        contact: row.optional_parsed("contact", ContactId::parse)?,
    })
}

pub(super) fn event_draft(event: &StatusEvent, params: String) -> Draft {
    Draft::default()
        .text("status", event.status.as_str())
        .optional_number("sequence", event.sequence)
        .time("at", event.at)
        .optional_number("duration_secs", event.duration.as_ref().map(Duration::as_secs))
        .optional_text("twilio_direction", event.twilio_direction.as_deref())
        .optional_number("sip_response_code", event.sip_response_code)
        .optional_number("error_code", event.error_code)
        .text("params", params)
}

pub(super) fn event(row: &Row) -> Result<(String, StatusEvent), StoreError> {
    let key = row.parsed(SK, |sk| sk.strip_prefix(EVENT).map(str::to_owned).ok_or(()))?;
    let event = StatusEvent {
        status: row.parsed("status", |word| CallStatus::parse(word).ok_or(()))?,
        sequence: row.optional_number("sequence")?,
        at: row.time("at")?,
        duration: row.optional_seconds("duration_secs")?,
        twilio_direction: row.optional_text("twilio_direction")?.map(str::to_owned),
        sip_response_code: row.optional_number("sip_response_code")?,
        error_code: row.optional_number("error_code")?,
    };
    Ok((key, event))
}
