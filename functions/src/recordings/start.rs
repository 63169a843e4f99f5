//! Starts a call's recording: once, however often it is asked for.

use std::time::Duration;

use domain::CallSid;
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

impl Worker {
    pub(super) async fn start(&self, sid: &CallSid) -> Result<(), JobError> {
        let call = self.calls.call(sid).await?;
        let call = call.ok_or_else(|| JobError::new("no_call", "the call was never opened"))?;
        if call.status.is_terminal() || !self.records(&call).await? {
            return Ok(());
        }
        let lease = match self.leases.begin(LEASE, sid.as_str(), LEASE_TTL, clock::now()).await? {
            Begun::Won(lease) => lease,
            Begun::Done { .. } => return Ok(()),
            Begun::InProgress { until } => return Err(JobError::in_progress(until)),
        };
        match self.start_once(sid).await {
            Ok(outcome) => Ok(self.leases.finish(&lease, &outcome, REMEMBER).await?),
            Err(error) => {
                self.leases.release(&lease).await?;
                Err(error)
            }
        }
    }

    /// Starting has no idempotency key at Twilio: an attempt whose answer was lost may have started one, so
    /// what exists is looked at first.
    async fn start_once(&self, sid: &CallSid) -> Result<String, JobError> {
        let existing =
            self.twilio.recordings_of(sid).await.map_err(|error| JobError::new("twilio", error))?;
        if let Some(recording) = existing.first() {
            return Ok(recording.sid.to_string());
        }
        match self.twilio.start_recording(sid, &self.callback).await {
            Ok(recording) => {
                tracing::info!(call = %sid, %recording, "recording started");
                Ok(recording.to_string())
            }
            // The call ended before its recording began: there is nothing to record any more.
            Err(TwilioError::NotFound) => Ok("call over".into()),
            Err(error) => Err(JobError::new("twilio", error)),
        }
    }

    /// The revision the call was answered with decides, not the one published since.
    async fn records(&self, call: &domain::Call) -> Result<bool, JobError> {
        let Some(revision) = call.revision else { return Ok(false) };
        let settings = self.businesses.settings(&call.business, revision).await?;
        Ok(settings.is_some_and(|settings| settings.policies.record_calls))
    }
}
