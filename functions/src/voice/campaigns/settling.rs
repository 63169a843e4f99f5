//! What became of calls that were under way: the call's own record is asked, so a callback that is lost or comes twice changes
//! nothing.

use std::time::Duration;

use domain::call::CallStatus;
use domain::campaign::Campaign;
use domain::campaign::entry::{Ended, Event, State, Wait};
use domain::campaign::guard::{Sample, is_failure};
use domain::campaign::retry::Outcome;
use domain::do_not_call::asked_in;
use domain::turn::EndReason;
use domain::{BusinessId, Call, CallSid, Speaker, Timestamp};
use platform::Clock;
use stores::campaigns::{Moved, Reader, StoredEntry, Writer};
use stores::{StoreError, calls, turns};

use super::{move_entry, order_key};
use crate::edge::parts::parts;
use crate::voice::outbound::Placing;

/// How long the report of a call that was answered is waited for after its end.
const REPORT_WITHIN: Duration = Duration::from_secs(60);
/// SIP responses that say that there is no such number (RFC 3261, 21.4).
const NO_SUCH_NUMBER: [u16; 4] = [404, 410, 484, 604];
/// Twilio's codes for the same.
const NO_SUCH_NUMBER_CODES: [u32; 4] = [21_211, 21_214, 21_217, 13_224];

parts! {
    /// Finds out what became of calls.
    pub(super) struct Settling {
        clock: Clock,
        reader: Reader,
        writer: Writer,
        calls: calls::Reader,
        turns: turns::Reader,
    }
}

/// What the entries under way came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Settled {
    /// Those that are still under way.
    pub(super) busy: usize,
    /// Calls that failed for a technical reason.
    pub(super) failed: usize,
}

impl Settling {
    /// Looks at every entry whose call is under way.
    pub(super) async fn settle(
        &self,
        placing: &Placing,
        business: &BusinessId,
        campaign: &Campaign,
    ) -> Result<Settled, StoreError> {
        let mut settled = Settled::default();
        for number in self.reader.busy(business, &campaign.id).await? {
            let Some(seen) = self.reader.entry(business, &campaign.id, number).await? else { continue };
            let found = Box::pin(self.look(placing, business, campaign, &seen)).await?;
            let Some((event, sample)) = found else {
                settled.busy += usize::from(seen.entry.state.is_busy());
                continue;
            };
            let beside = ((None, sample.as_ref()), self.clock.now());
            let moved = move_entry(&self.writer, (business, campaign), &seen, event, beside).await?;
            if let Some(Moved::Done(moved)) = moved {
                settled.failed += usize::from(sample.is_some_and(|sample| sample.failed));
                settled.busy += usize::from(moved.entry.state.is_busy());
            }
        }
        Ok(settled)
    }

    /// What happened to an entry whose call is under way; `None`: nothing yet.
    async fn look(
        &self,
        placing: &Placing,
        business: &BusinessId,
        campaign: &Campaign,
        seen: &StoredEntry,
    ) -> Result<Option<(Event, Option<Sample>)>, StoreError> {
        let (now, order) = (self.clock.now(), seen.entry.orders);
        let key = order_key(&campaign.id, seen.entry.number, order);
        match &seen.entry.state {
            State::Dialling { until, .. } => {
                // Until then the worker that claimed it may be at it.
                let found = match now < *until {
                    true => Box::pin(placing.known_call(business, &key)).await.map(|call| (call, false)),
                    false => Box::pin(placing.withdraw(business, &key)).await.map(|call| (call, true)),
                };
                Ok(match found {
                    Ok((Some(call), _)) => Some((Event::Placed { order, call }, None)),
                    Ok((None, true)) => Some((Event::NotPlaced { order, again: (now, Wait::Trouble) }, None)),
                    Ok((None, false)) => None,
                    Err(problem) => {
                        tracing::warn!(campaign = %campaign.id, entry = seen.entry.number, code = problem.word(),
                            "it is not known yet what became of an order of a campaign");
                        None
                    }
                })
            }
            State::Calling { call, .. } => {
                let Some((ended, end)) = self.ended(campaign, call, now).await? else { return Ok(None) };
                let failed = is_failure(&ended, end);
                let (call, outcome) = (call.clone(), ended.outcome);
                let sample = Sample { call: call.clone(), at: ended.at, outcome, failed };
                Ok(Some((Event::Ended { call, ended }, Some(sample))))
            }
            _ => Ok(None),
        }
    }

    /// What a call came to; `None`: it is not over, or not known.
    async fn ended(
        &self,
        campaign: &Campaign,
        sid: &CallSid,
        now: Timestamp,
    ) -> Result<Option<(Ended, Option<EndReason>)>, StoreError> {
        let Some(call) = self.calls.call(sid).await?.filter(|call| call.status.is_terminal()) else {
            return Ok(None);
        };
        let at = call.ended_at.unwrap_or(now);
        let has_goal = campaign.plan.goal.is_some();
        let ended = |outcome| Ended { outcome, lasted: call.lasted(), at, has_goal, call_back: None };
        if let Some(outcome) = unanswered(&call) {
            return Ok(Some((ended(outcome), None)));
        }
        let end = self.turns.report(sid).await?.map(|report| report.end);
        if end.is_none() && now < at.plus(REPORT_WITHIN) {
            return Ok(None);
        }
        if end == Some(EndReason::Voicemail) {
            return Ok(Some((ended(Outcome::Voicemail), end)));
        }
        let turns = self.turns.turns(sid).await?;
        // Also if the person hung up first, and whether or not the number is on the list by now.
        if asked_in(&call, &turns).is_some() {
            return Ok(Some((ended(Outcome::OptedOut), end)));
        }
        // A session that died has left no report, and what it promised is owed all the same.
        if let Some(promised) = self.turns.call_back(sid).await? {
            let ended = Ended { call_back: Some(promised), ..ended(Outcome::CallbackRequested) };
            return Ok(Some((ended, end)));
        }
        // A stream that never came to be leaves no report.
        let spoke = end.is_some() && turns.iter().any(|turn| turn.speaker == Speaker::Caller);
        Ok(Some((ended(if spoke { Outcome::Human } else { Outcome::Silent }), end)))
    }
}

/// What a call came to that was not answered; `None`: it was.
fn unanswered(call: &Call) -> Option<Outcome> {
    let is_no_number = || {
        call.sip_response_code.is_some_and(|code| NO_SUCH_NUMBER.contains(&code))
            || call.error_code.is_some_and(|code| NO_SUCH_NUMBER_CODES.contains(&code))
    };
    match call.status {
        CallStatus::Busy => Some(Outcome::Busy),
        CallStatus::NoAnswer => Some(Outcome::NoAnswer),
        CallStatus::Canceled => Some(Outcome::Canceled),
        CallStatus::Failed if is_no_number() => Some(Outcome::Unreachable),
        CallStatus::Failed => Some(Outcome::Failed),
        CallStatus::Completed
        | CallStatus::Queued
        | CallStatus::Initiated
        | CallStatus::Ringing
        | CallStatus::InProgress => None,
    }
}
