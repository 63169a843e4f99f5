//! What a change of a call's status leads to. Every change is recorded here.
//!
//! The event and the change are one write. What follows from them (a slot given back, a transcript due, a recording to
//! be accounted for) is asked for after it and is itself safe to ask for twice. A call whose end has been followed
//! up is marked settled; until then the sweep comes back to it, so nothing is lost between the two.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::call::StatusEvent;
use domain::recording::{LOOK_AFTER, NotRecorded};
use domain::{Call, CallSid};
use platform::Clock;
use platform::telemetry::{self, Unit};
use stores::calls::{StatusOutcome, Writer};

use crate::edge::inbox::Jobs;
use crate::edge::parts::parts;
use crate::jobs::{RecordingJob, TranscriptJob};

/// The bridge writes the last turns in the second after a call; asking sooner would only mean asking twice.
const TRANSCRIPT_DELAY: Duration = Duration::from_secs(2);

parts! {
    /// The writer of a call's status, and the queues that its end leads to.
    pub(super) struct StatusRecorder {
        clock: Clock,
        calls: Writer,
        recordings: Jobs<RecordingJob>,
        transcripts: Jobs<TranscriptJob>,
    }
}

impl StatusRecorder {
    /// Records what was said of a call under `key`, and asks for what follows. False if the call was never opened.
    pub(super) async fn record(
        &self,
        sid: &CallSid,
        key: &str,
        event: &StatusEvent,
        params: &BTreeMap<String, String>,
    ) -> Result<bool, RecordError> {
        let StatusOutcome { moved, duplicate, call } =
            self.calls.record_status(sid, key, event, params).await?;
        let Some(call) = call else { return Ok(false) };
        if duplicate {
            telemetry::metric("WebhooksDuplicate", 1.0, Unit::Count, &[]);
        }
        if moved && event.status.is_terminal() {
            tracing::info!(call = %sid, business = %call.business, status = event.status.as_str(), "call has its final status");
        }
        if event.status.is_terminal() {
            self.follow_up(&call).await?;
        }
        Ok(true)
    }

    /// Asks for everything that the end of a call leads to.
    pub(super) async fn follow_up(&self, call: &Call) -> Result<(), RecordError> {
        // None must miss its turn because another failed.
        let transcript = TranscriptJob { call: call.sid.clone() };
        let account = RecordingJob::Account { call: call.sid.clone() };
        // Of a call that was not answered no recording is to be expected.
        let look_after = if NotRecorded::plain(call).is_some() { Duration::ZERO } else { LOOK_AFTER };
        let (withdrawn, released, sent, accounted) = tokio::join!(
            Box::pin(self.calls.withdraw_plan(&call.sid)),
            Box::pin(self.calls.give_back(call, self.clock.now())),
            Box::pin(self.transcripts.send(&transcript, TRANSCRIPT_DELAY)),
            Box::pin(self.recordings.send(&account, look_after)),
        );
        withdrawn?;
        released?;
        sent?;
        accounted?;
        Ok(self.calls.settle(&call.sid).await?)
    }
}

#[derive(Debug, thiserror::Error)]
pub(super) enum RecordError {
    #[error(transparent)]
    Store(#[from] stores::StoreError),
    #[error(transparent)]
    Queue(#[from] platform::queues::QueueError),
}
