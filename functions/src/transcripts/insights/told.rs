//! What a business is told of a call: `call.completed` once everything about it is known, and `call.updated` when it
//! was summed up anew, after somebody corrected its transcript or had it processed again.

use domain::cost::CallCost;
use domain::insight::Extracted;
use domain::recording::{CallRecordings, Search};
use domain::{Call, Insights};
use platform::clock;
use platform::stores::events::NewEvent;
use serde_json::{Value, json};

const CALL_COMPLETED: &str = "call.completed";
const CALL_UPDATED: &str = "call.updated";

/// Identifiers, states and what the call came to. Numbers and the words themselves are the record's.
///
/// Each run is told of once: the event's id names it.
pub(super) fn event(
    call: &Call,
    recordings: &CallRecordings,
    insights: &Insights,
    cost: &CallCost,
) -> NewEvent {
    let body = json!({
        "call": {
            "sid": call.sid,
            "status": call.status.as_str(),
            "direction": call.direction.as_str(),
            "opened_at": clock::rfc3339(call.opened_at),
            "answered_at": call.answered_at.map(clock::rfc3339),
            "ended_at": call.ended_at.map(clock::rfc3339),
            "duration_s": call.duration.map(|duration| duration.as_secs()),
            "settings_revision": call.revision,
            "refusal": call.refusal.map(|refusal| refusal.as_str()),
        },
        "run": insights.run,
        "transcript_source": insights.source,
        "insights": insights.outcome,
        "summary": insights.summary,
        "extraction": extraction(&insights.extraction),
        "lead_status": insights.lead_status,
        "recording": recording(recordings),
        "cost": {
            "usd_micros": cost.known_micros(),
            "complete": cost.is_complete(),
            "prices_as_of": cost.as_of,
        },
    });
    let (kind, id) = match insights.run {
        ..=1 => (CALL_COMPLETED, format!("{CALL_COMPLETED}#{}", call.sid)),
        run => (CALL_UPDATED, format!("{CALL_UPDATED}#{}#{run:06}", call.sid)),
    };
    NewEvent {
        business: call.business.clone(),
        id,
        kind,
        call: call.sid.clone(),
        body: body.to_string(),
        at: insights.at,
    }
}

/// What became of the recording. A message stands in for one of the conversation, and nothing else does.
fn recording(recordings: &CallRecordings) -> Value {
    match (recordings.own().or_else(|| recordings.voicemail()), recordings.search) {
        (Some(recording), _) => json!({ "sid": recording.sid, "state": recording.state.as_str() }),
        (None, Some(Search::Over(reason))) => {
            json!({ "sid": null, "state": "not_recorded", "reason": reason.as_str() })
        }
        (None, Some(Search::Open | Search::Found) | None) => Value::Null,
    }
}

/// By name, which is how a receiver looks for them.
fn extraction(values: &[Extracted]) -> Value {
    let one = |value: &Extracted| {
        let about = json!({ "value": value.value, "quote": value.quote, "confidence": value.confidence });
        (value.name.clone(), about)
    };
    Value::Object(values.iter().map(one).collect())
}
