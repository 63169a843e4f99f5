//! What a business is told of a call: `call.completed` once everything about it is known, and `call.updated` when it
//! was summed up anew, after its transcript was corrected or the call processed again.

use std::collections::BTreeMap;

use domain::cost::CallCost;
use domain::insight::{Extracted, Summary};
use domain::recording::{CallRecordings, Search};
use domain::tools::TakenMessage;
use domain::transcript::Source;
use domain::{Call, Insights, Timestamp};
use serde::Serialize;
use stores::events::{MAX_BODY_BYTES, NewEvent};

use crate::shared::shapes::{Message, Time, caller};

const CALL_COMPLETED: &str = "call.completed";
const CALL_UPDATED: &str = "call.updated";

/// What is told of.
pub(super) struct Subject<'a> {
    pub(super) call: &'a Call,
    pub(super) recordings: &'a CallRecordings,
    /// What callers left with the agent, oldest first.
    pub(super) messages: &'a [(Timestamp, TakenMessage)],
    pub(super) insights: &'a Insights,
    pub(super) cost: &'a CallCost,
}

/// The event's `data`: who called, states, what was left and what the call came to. The words themselves are the
/// record's.
#[derive(Serialize)]
struct Told<'a> {
    call: CallTold<'a>,
    /// The run of the summary, from 1.
    run: u32,
    transcript_source: Option<Source>,
    insights: &'static str,
    summary: Option<&'a Summary>,
    /// By name, which is how a receiver looks for them.
    extraction: BTreeMap<&'a str, FactTold<'a>>,
    lead_status: Option<&'a str>,
    messages: Vec<Message<'a>>,
    /// Messages for which there was no room; the call's record has all.
    messages_left_out: usize,
    recording: Option<RecordingTold<'a>>,
    cost: CostTold<'a>,
}

#[derive(Serialize)]
struct CallTold<'a> {
    sid: &'a str,
    status: &'static str,
    direction: &'static str,
    /// As the API shows it: a number, `hidden` or `other`.
    from: &'a str,
    to: Option<&'a str>,
    opened_at: Time,
    answered_at: Option<Time>,
    ended_at: Option<Time>,
    duration_s: Option<u64>,
    settings_revision: Option<domain::Revision>,
    refusal: Option<&'static str>,
}

#[derive(Serialize)]
struct FactTold<'a> {
    value: &'a str,
    quote: &'a str,
    confidence: u8,
}

#[derive(Serialize)]
struct RecordingTold<'a> {
    /// None where there is no recording.
    sid: Option<&'a str>,
    state: &'static str,
    /// Why there is no recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

#[derive(Serialize)]
struct CostTold<'a> {
    usd_micros: u64,
    complete: bool,
    prices_as_of: &'a str,
}

/// Each run is told of once: the event's id names it.
///
/// # Errors
/// When the event has no JSON form, which none of its parts can cause.
pub(super) fn of(subject: &Subject<'_>) -> Result<NewEvent, serde_json::Error> {
    let Subject { call, insights, .. } = *subject;
    // A model may take more messages than one event holds: then the later ones are counted and not told.
    let mut kept = subject.messages.len();
    let mut body = serde_json::to_string(&told(subject, kept))?;
    while body.len() > MAX_BODY_BYTES && kept > 0 {
        kept /= 2;
        body = serde_json::to_string(&told(subject, kept))?;
    }
    let (kind, id) = match insights.run {
        ..=1 => (CALL_COMPLETED, format!("{CALL_COMPLETED}#{}", call.sid)),
        run => (CALL_UPDATED, format!("{CALL_UPDATED}#{}#{run:06}", call.sid)),
    };
    Ok(NewEvent { business: call.business.clone(), id, kind, call: call.sid.clone(), body, at: insights.at })
}

fn told<'a>(subject: &Subject<'a>, kept: usize) -> Told<'a> {
    let Subject { call, recordings, messages, insights, cost } = *subject;
    Told {
        call: CallTold {
            sid: call.sid.as_str(),
            status: call.status.as_str(),
            direction: call.direction.as_str(),
            from: caller(&call.from),
            to: call.to.as_ref().map(|number| number.as_e164()),
            opened_at: Time(call.opened_at),
            answered_at: call.answered_at.map(Time),
            ended_at: call.ended_at.map(Time),
            duration_s: call.duration.map(|duration| duration.as_secs()),
            settings_revision: call.revision,
            refusal: call.refusal.map(|refusal| refusal.as_str()),
        },
        run: insights.run,
        transcript_source: insights.source,
        insights: insights.outcome.as_str(),
        summary: insights.summary.as_ref(),
        extraction: insights.extraction.iter().map(fact).collect(),
        lead_status: insights.lead_status.as_deref(),
        messages: messages.iter().take(kept).map(|(at, message)| Message::new(*at, message)).collect(),
        messages_left_out: messages.len() - kept,
        recording: recording_told(recordings),
        cost: CostTold {
            usd_micros: cost.known_micros(),
            complete: cost.is_complete(),
            prices_as_of: &cost.as_of,
        },
    }
}

/// What became of the recording. A message stands in for one of the conversation, and nothing else does.
fn recording_told(recordings: &CallRecordings) -> Option<RecordingTold<'_>> {
    match (recordings.own().or_else(|| recordings.voicemail()), recordings.search) {
        (Some(recording), _) => Some(RecordingTold {
            sid: Some(recording.sid.as_str()),
            state: recording.state.as_str(),
            reason: None,
        }),
        (None, Some(Search::Over(reason))) => {
            Some(RecordingTold { sid: None, state: "not_recorded", reason: Some(reason.as_str()) })
        }
        (None, Some(Search::Open | Search::Found) | None) => None,
    }
}

fn fact(value: &Extracted) -> (&str, FactTold<'_>) {
    let Extracted { name, value, quote, confidence, .. } = value;
    (name, FactTold { value, quote, confidence: *confidence })
}

#[cfg(test)]
mod tests {
    use domain::insight::InsightOutcome;
    use domain::recording::NotRecorded;
    use domain::testing;
    use serde_json::Value;

    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_795_000_000);

    fn insights(run: u32) -> Insights {
        Insights {
            call: testing::call_sid(1),
            run,
            input: String::new(),
            source: Some(Source::Recording),
            outcome: InsightOutcome::Done,
            summary: None,
            extraction: vec![],
            voided: vec![],
            lead_status: None,
            model: None,
            usage: vec![],
            at: NOW,
        }
    }

    fn told_of(
        run: u32,
        messages: &[(Timestamp, TakenMessage)],
        search: Option<Search>,
    ) -> (NewEvent, Value) {
        let (call, insights) = (testing::call(1, NOW), insights(run));
        let recordings = CallRecordings { search, ..CallRecordings::default() };
        let cost = CallCost { as_of: "2027-01-01".into(), parts: vec![] };
        let subject =
            Subject { call: &call, recordings: &recordings, messages, insights: &insights, cost: &cost };
        let event = of(&subject).unwrap();
        let body = serde_json::from_str(&event.body).unwrap();
        (event, body)
    }

    /// Fault 19. A repetition of an event has its id, and another run another.
    #[test]
    fn the_first_run_completes_a_call_and_later_ones_update_it() {
        let sid = testing::call_sid(1);
        let (first, body) = told_of(1, &[], None);
        assert_eq!((first.kind, first.id), ("call.completed", format!("call.completed#{sid}")));
        assert_eq!(
            (&body["run"], &body["transcript_source"], &body["insights"]),
            (&1.into(), &"recording".into(), &"done".into())
        );
        let (second, _) = told_of(2, &[], None);
        assert_eq!((second.kind, second.id), ("call.updated", format!("call.updated#{sid}#000002")));
    }

    /// Fault 27.
    #[test]
    fn messages_for_which_there_is_no_room_are_counted() {
        let message =
            |bytes: usize| (NOW, TakenMessage { recipient: None, text: "x".repeat(bytes), callback: None });
        let (_, few) = told_of(1, &[message(10), message(20)], None);
        assert_eq!((few["messages"].as_array().unwrap().len(), &few["messages_left_out"]), (2, &0.into()));
        let many: Vec<_> = (0..8).map(|_| message(MAX_BODY_BYTES / 6)).collect();
        let (event, told) = told_of(1, &many, None);
        assert!(event.body.len() <= MAX_BODY_BYTES);
        assert_eq!((told["messages"].as_array().unwrap().len(), &told["messages_left_out"]), (4, &4.into()));
    }

    #[test]
    fn a_call_without_a_recording_says_why_once_that_is_known() {
        let recording = |search| told_of(1, &[], search).1["recording"].clone();
        let over = recording(Some(Search::Over(NotRecorded::NotBegun)));
        assert_eq!(
            (&over["state"], &over["reason"], &over["sid"]),
            (&"not_recorded".into(), &"not_begun".into(), &Value::Null)
        );
        for unknown in [None, Some(Search::Open), Some(Search::Found)] {
            assert_eq!(recording(unknown), Value::Null);
        }
    }
}
