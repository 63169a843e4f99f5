//! What a change of a call's status leads to. Every change is recorded here.
//!
//! The event and the change are one write. What follows from them (a slot given back, a transcript due, a recording to
//! be accounted for) is asked for after it and is itself safe to ask for twice. A call whose end has been followed
//! up is marked settled; until then the sweep comes back to it, so nothing is lost between the two.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::call::StatusEvent;
use domain::event::missed;
use domain::own_account::Signer;
use domain::recording::{LOOK_AFTER, NotRecorded};
use domain::{Call, CallSid};
use platform::Clock;
use platform::telemetry::{self, Unit};
use stores::calls::{StatusOutcome, Writer};

use crate::edge::inbox::Jobs;
use crate::edge::parts::parts;
use crate::jobs::{EndpointJob, RecordingJob, TranscriptJob};
use crate::shared::telling::tell_endpoints;

/// The bridge writes the last turns in the second after a call; asking sooner would only mean asking twice.
const TRANSCRIPT_DELAY: Duration = Duration::from_secs(2);

parts! {
    /// The writer of a call's status, and the queues that its end leads to.
    pub(super) struct StatusRecorder {
        clock: Clock,
        calls: Writer,
        recordings: Jobs<RecordingJob>,
        transcripts: Jobs<TranscriptJob>,
        endpoints: Jobs<EndpointJob>,
    }
}

/// What became of what was said of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Recorded {
    Done,
    /// The call is not open, or not yet: what was said waits for it.
    NeverOpened,
    /// Another account carries the call: nothing was written.
    NotTheirs,
}

impl StatusRecorder {
    /// Records what was said of a call under `key`, and asks for what follows. `by`: the signer of the webhook that said
    /// it; `None` for what we asked Twilio ourselves.
    pub(super) async fn record(
        &self,
        sid: &CallSid,
        key: &str,
        event: &StatusEvent,
        params: &BTreeMap<String, String>,
        by: Option<&Signer>,
    ) -> Result<Recorded, RecordError> {
        let outcome = match by {
            Some(by) => self.calls.record_callback(sid, key, event, params, by).await?,
            None => Some(self.calls.record_status(sid, key, event, params).await?),
        };
        let Some(StatusOutcome { moved, duplicate, call }) = outcome else { return Ok(Recorded::NotTheirs) };
        let Some(call) = call else { return Ok(Recorded::NeverOpened) };
        if duplicate {
            telemetry::metric("WebhooksDuplicate", 1.0, Unit::Count, &[]);
        }
        if moved && event.status.is_terminal() {
            tracing::info!(call = %sid, business = %call.business, status = event.status.as_str(), "call has its final status");
            if missed(&call).is_some() {
                tell_endpoints(&self.endpoints, &call.business).await;
            }
        }
        if event.status.is_terminal() {
            self.follow_up(&call).await?;
        }
        Ok(Recorded::Done)
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
