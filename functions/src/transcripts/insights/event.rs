//! What a business is told of a call: `call.completed` once everything about it is known, and `call.updated` when it
//! was summed up anew, after its transcript was corrected or the call processed again.

use domain::cost::CallCost;
use domain::event::{CallCompleted, CallTold, CostTold, Links, MessageTold, Type, fact, recording_of};
use domain::recording::CallRecordings;
use domain::tools::TakenMessage;
use domain::transcript::Source;
use domain::{Call, Insights, Timestamp};
use stores::events::{MAX_BODY_BYTES, NewEvent};

/// What is told of.
pub(super) struct Subject<'a> {
    pub(super) call: &'a Call,
    pub(super) recordings: &'a CallRecordings,
    /// What callers left with the agent, oldest first.
    pub(super) messages: &'a [(Timestamp, TakenMessage)],
    pub(super) insights: &'a Insights,
    pub(super) cost: &'a CallCost,
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
        ..=1 => (Type::CallCompleted, format!("{}#{}", Type::CallCompleted.name(), call.sid)),
        run => (Type::CallUpdated, format!("{}#{}#{run:06}", Type::CallUpdated.name(), call.sid)),
    };
    Ok(NewEvent {
        business: call.business.clone(),
        id,
        kind,
        call: Some(call.sid.clone()),
        direction: Some(call.direction),
        body,
        at: insights.at,
    })
}

fn told<'a>(subject: &Subject<'a>, kept: usize) -> CallCompleted<'a> {
    let Subject { call, recordings, messages, insights, cost } = *subject;
    let links = Links::to("call", format!("/v1/calls/{}", call.sid));
    let links = links.and("transcript", format!("/v1/calls/{}/transcript", call.sid));
    CallCompleted {
        call: CallTold::of(call),
        run: insights.run,
        transcript_source: insights.source.map(Source::as_str),
        insights: insights.outcome.as_str(),
        summary: insights.summary.as_ref(),
        extraction: insights.extraction.iter().map(fact).collect(),
        lead_status: insights.lead_status.as_deref(),
        messages: messages.iter().take(kept).map(|(at, message)| MessageTold::new(*at, message)).collect(),
        messages_left_out: messages.len() - kept,
        recording: recording_of(recordings),
        cost: CostTold {
            usd_micros: cost.known_micros(),
            complete: cost.is_complete(),
            prices_as_of: &cost.as_of,
        },
        links,
    }
}

#[cfg(test)]
mod tests {
    use domain::insight::InsightOutcome;
    use domain::recording::{NotRecorded, Search};
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
        assert_eq!((first.kind, first.id), (Type::CallCompleted, format!("call.completed#{sid}")));
        assert_eq!(
            (&body["run"], &body["transcript_source"], &body["insights"]),
            (&1.into(), &"recording".into(), &"done".into())
        );
        let (second, _) = told_of(2, &[], None);
        assert_eq!((second.kind, second.id), (Type::CallUpdated, format!("call.updated#{sid}#000002")));
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
