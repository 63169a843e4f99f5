//! The end of a test call: found, and written as the end of any other call is.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::call::StatusEvent;
use domain::test_call::LastStream;
use domain::{Call, CallStatus, Timestamp};
use stores::calls::{self, Stream, Writer};
use stores::{StoreError, turns};

use crate::edge::parts::parts;
use crate::voice::continuation::{Continuation, continuation};
use crate::voice::status_recorder::{RecordError, StatusRecorder};

/// What a call may last whose plan is not kept any more.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

parts! {
    /// Finds out whether test calls are over.
    pub(in crate::voice) struct TestCallEnds {
        calls: calls::Reader,
        writer: Writer,
        turns: turns::Reader,
    }
}

impl TestCallEnds {
    /// Since when the call is over; `None` while it goes on, or may be gone on with.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(in crate::voice) async fn over_since(
        &self,
        call: &Call,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let Some((_, epoch)) = self.calls.with_epoch(&call.sid).await? else { return Ok(None) };
        let report = self.turns.report(&call.sid).await?.filter(|report| report.epoch == epoch);
        let last = match report {
            Some(report) => LastStream::Over {
                at: report.ended_at,
                may_be_followed: continuation(Some(report.end), epoch) == Continuation::Resume,
            },
            None => match self.writer.stream(&call.sid, epoch).await? {
                Some(Stream::Awaited { until }) => LastStream::Awaited { until },
                Some(Stream::Claimed(plan)) => {
                    LastStream::Held { since: plan.minted_at, at_most: plan.conversation.max_call }
                }
                // Its last words are being said.
                Some(Stream::Ending) => LastStream::Over { at: now, may_be_followed: true },
                None => LastStream::Held { since: call.opened_at, at_most: LONGEST },
            },
        };
        Ok(last.over_since(now))
    }

    /// Writes the call's end.
    ///
    /// # Errors
    /// [`RecordError`]; doing it again is safe.
    pub(in crate::voice) async fn end(
        &self,
        recorder: &StatusRecorder,
        call: &Call,
        at: Timestamp,
    ) -> Result<(), RecordError> {
        let event = StatusEvent {
            status: CallStatus::Completed,
            duration: Some(Duration::from_secs(at.since(call.opened_at).as_secs())),
            ..StatusEvent::history(at)
        };
        recorder.record(&call.sid, "test-call-over", &event, &BTreeMap::new(), None).await?;
        Ok(())
    }
}
