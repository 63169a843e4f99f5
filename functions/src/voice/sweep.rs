//! Calls whose end we were not told, and ends that nothing followed.
//!
//! A callback may be lost for good, and a function may die between writing a call's end and asking for what
//! follows from it. Every call is therefore unsettled from its opening until its end has been followed up, and
//! this function looks at those that are unsettled for long: it asks Twilio what became of the call, and says so
//! to the same status writer that a callback would have told. Of a test call Twilio knows nothing: it is over when its last
//! stream is, and may not be followed by another one.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::call::StatusEvent;
use domain::{Call, CallStatus, Timestamp};
use futures_util::StreamExt as _;
use futures_util::stream;
use platform::clock;
use platform::telemetry::{self, Unit};
use providers::twilio_rest::{TwilioAccounts, TwilioError};
use stores::StoreError;
use stores::calls::{self, UNSETTLED_SHARDS};
use twilio::rest::CallResource;

use super::status_recorder::{RecordError, StatusRecorder};
use super::test_calls::TestCallEnds;
use crate::edge::ScheduledFunction;
use crate::edge::batch::JobError;
use crate::edge::parts::parts;
use crate::edge::tally::Tally;

/// A call younger than this is left to its callbacks.
pub const GRACE: Duration = Duration::from_secs(5 * 60);
/// No call lasts longer (`TimeLimit`, Twilio's Calls resource docs). A call that Twilio does not know may be one
/// that it does not list yet; after this it is one that it has deleted.
const LONGEST_CALL: Duration = Duration::from_secs(24 * 60 * 60);
/// Calls of one shard that one tick looks at, the oldest first. The next tick goes on with the rest.
const MAX_CALLS: u16 = 100;
/// Requests to Twilio at once. It answers some hundred a second per account, and calls go first.
const AT_ONCE: usize = 4;
/// A tick ends by itself before Lambda ends it; the template gives the function a minute.
const WITHIN: Duration = Duration::from_secs(50);

parts! {
    pub struct Sweep {
        calls: calls::Reader,
        recorder: StatusRecorder,
        test_calls: TestCallEnds,
        twilio: TwilioAccounts,
    }
}

/// What a look at one call came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    /// The call goes on, or Twilio says nothing that we did not know.
    Unchanged,
    /// Twilio knew more than we did: a callback never came.
    Caught,
    /// A test call was over, and its page did not ask what follows.
    TestOver,
    /// The end was known; what follows from it had not been asked for.
    FollowedUp,
}

impl ScheduledFunction for Sweep {
    const NAME: &'static str = "call-sweep";

    async fn tick(&self, now: Timestamp) -> Result<(), JobError> {
        let (mut found, mut failed) = (Tally::default(), Tally::default());
        let swept = tokio::time::timeout(WITHIN, self.sweep(now, &mut found, &mut failed)).await;
        found.tell("calls whose end was found late", |found, count| {
            telemetry::metric("CallsSwept", count, Unit::Count, &[("Found", found)]);
        });
        failed.complain("calls could not be looked at");
        swept.unwrap_or_else(|_| {
            Err(JobError::new("timeout", "there were more calls than a tick has time for"))
        })
    }
}

impl Sweep {
    async fn sweep(&self, now: Timestamp, tally: &mut Tally, failures: &mut Tally) -> Result<(), JobError> {
        let before = now.minus(GRACE);
        let mut failed = None;
        for shard in shards(now) {
            let calls = self.calls.unsettled(shard, before, MAX_CALLS).await?;
            let mut looks = stream::iter(calls)
                .map(|call| async move {
                    let found = self.look(&call, now).await;
                    (call, found)
                })
                .buffer_unordered(AT_ONCE);
            while let Some((call, found)) = looks.next().await {
                match found {
                    Ok(Found::Unchanged) => {}
                    Ok(Found::Caught) => tally.add("status", &call.sid),
                    Ok(Found::TestOver) => tally.add("test_call", &call.sid),
                    Ok(Found::FollowedUp) => tally.add("follow_up", &call.sid),
                    Err(error) => {
                        failures.add("call", format_args!("{}: {error}", call.sid));
                        failed = Some(JobError::new("call", error));
                    }
                }
            }
        }
        failed.map_or(Ok(()), Err)
    }

    async fn look(&self, call: &Call, now: Timestamp) -> Result<Found, SweepError> {
        if call.status.is_terminal() {
            self.recorder.follow_up(call).await?;
            return Ok(Found::FollowedUp);
        }
        if !call.is_twilios() {
            let Some(since) = self.test_calls.over_since(call, now).await? else {
                return Ok(Found::Unchanged);
            };
            self.test_calls.end(&self.recorder, call, since).await?;
            return Ok(Found::TestOver);
        }
        let twilio = self.twilio.of_call(&call.account, &call.business);
        let event = match twilio.call(&call.sid).await {
            Ok(resource) => told(&resource, now),
            // Nor can an account be asked whose keys are gone.
            Err(TwilioError::NotFound | TwilioError::NoKeys) if now.since(call.opened_at) > LONGEST_CALL => {
                Some(StatusEvent { status: CallStatus::Failed, ..StatusEvent::history(now) })
            }
            Err(TwilioError::NotFound) => None,
            Err(error) => return Err(error.into()),
        };
        let Some(event) = event.filter(|event| event.status.rank() > call.status.rank()) else {
            return Ok(Found::Unchanged);
        };
        let key = format!("swept-{}", event.status.as_str());
        self.recorder.record(&call.sid, &key, &event, &BTreeMap::new(), None).await?;
        Ok(Found::Caught)
    }
}

/// Ticks begin with different shards, so that none is always the one for which no time was left.
fn shards(now: Timestamp) -> impl Iterator<Item = u8> {
    let first = u8::try_from(now.secs().rem_euclid(i64::from(UNSETTLED_SHARDS))).unwrap_or(0);
    (0..UNSETTLED_SHARDS).map(move |step| (first + step) % UNSETTLED_SHARDS)
}

/// The callback that would have told what the API says. `None` for a status that we do not know.
fn told(resource: &CallResource, now: Timestamp) -> Option<StatusEvent> {
    let status = CallStatus::parse(resource.status.as_str())?;
    let time = |text: &Option<String>| text.as_deref().and_then(clock::from_rfc2822);
    let at = if status.is_terminal() { time(&resource.end_time) } else { time(&resource.start_time) };
    Some(StatusEvent {
        status,
        duration: resource.duration_s.map(|s| Duration::from_secs(u64::from(s))),
        twilio_direction: resource.direction.clone(),
        ..StatusEvent::history(at.unwrap_or(now))
    })
}

#[derive(Debug, thiserror::Error)]
enum SweepError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error(transparent)]
    Twilio(#[from] TwilioError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shard_has_its_turn_to_be_first() {
        let firsts: Vec<u8> = (0..8).filter_map(|s| shards(Timestamp::from_secs(s)).next()).collect();
        assert_eq!(firsts, [0, 1, 2, 3, 4, 5, 6, 7]);
        let mut all: Vec<u8> = shards(Timestamp::from_secs(13)).collect();
        all.sort_unstable();
        assert_eq!(all, [0, 1, 2, 3, 4, 5, 6, 7]);
    }
}
