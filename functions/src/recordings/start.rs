//! Starts a call's recording: once, however often it is asked for.

use std::time::Duration;

use domain::{CallSid, Recording, RecordingSid, RecordingState, Settings};
use platform::clock;
use platform::stores::leases::Begun;
use platform::twilio_rest::TwilioError;

use super::worker::Worker;
use crate::edge::batch::JobError;

const LEASE: &str = "recording-start";
/// Longer than the request may take, short enough that a crash costs little of the recording.
const LEASE_TTL: Duration = Duration::from_secs(30);
/// Longer than a call lasts: a late duplicate must still find that it was done.
const REMEMBER: Duration = Duration::from_secs(24 * 3_600);

/// How long after the longest possible call Twilio may take to call back before it is asked.
const CALLBACK_WITHIN: Duration = Duration::from_secs(15 * 60);

impl Worker {
    pub(super) async fn start(&self, sid: &CallSid) -> Result<(), JobError> {
        let call = self.calls.call(sid).await?;
        let call = call.ok_or_else(|| JobError::new("no_call", "the call was never opened"))?;
        if call.status.is_terminal() {
            return Ok(());
        }
        let settings = self.settings(&call).await?.filter(|settings| settings.policies.record_calls);
        let Some(settings) = settings else { return Ok(()) };
        let lease = match self.leases.begin(LEASE, sid.as_str(), LEASE_TTL, clock::now()).await? {
            Begun::Won(lease) => lease,
            Begun::Done { .. } => return Ok(()),
            Begun::InProgress { until } => return Err(JobError::in_progress(until)),
        };
        match self.start_once(sid).await {
            Ok(None) => Ok(self.leases.finish(&lease, "call over", REMEMBER).await?),
            Ok(Some(recording)) => {
                self.expect(&call, &settings, &recording).await?;
                Ok(self.leases.finish(&lease, recording.as_str(), REMEMBER).await?)
            }
            Err(error) => {
                let until = self.leases.release(&lease).await?;
                Err(error.not_before(until))
            }
        }
    }

    /// Starting has no idempotency key at Twilio: an attempt whose answer was lost may have started one, so
    /// what exists is looked at first. `None`: the call was over.
    async fn start_once(&self, sid: &CallSid) -> Result<Option<RecordingSid>, JobError> {
        let existing =
            self.twilio.recordings_of(sid).await.map_err(|error| JobError::new("twilio", error))?;
        if let Some(recording) = existing.first() {
            let recording = RecordingSid::parse(recording.sid.as_str());
            return recording.map(Some).map_err(|error| JobError::new("twilio", error));
        }
        match self.twilio.start_recording(sid, &self.callback).await {
            Ok(recording) => {
                tracing::info!(call = %sid, %recording, "recording started");
                Ok(Some(recording))
            }
            // The call ended before its recording began: there is nothing to record any more.
            Err(TwilioError::NotFound) => Ok(None),
            Err(error) => Err(JobError::new("twilio", error)),
        }
    }

    /// Writes down that there is a recording, so that it is missed should Twilio never call back.
    async fn expect(
        &self,
        call: &domain::Call,
        settings: &Settings,
        recording: &RecordingSid,
    ) -> Result<(), JobError> {
        let now = clock::now();
        let due = now.plus(settings.policies.conversation.max_call).plus(CALLBACK_WITHIN);
        let (sid, business) = (call.sid.clone(), call.business.clone());
        let begun = Recording::new(recording.clone(), sid, business, RecordingState::InProgress, now);
        // One that was announced already needs nobody to expect it.
        Ok(self.recordings.begun(&begun, due).await.map(drop)?)
    }
}
