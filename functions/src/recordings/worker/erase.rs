//! Removing bytes: ours when a recording is deleted, Twilio's then or as soon as we hold our own.

use std::time::Duration;

use domain::recording::{self, RecordingState};
use domain::{CallSid, Recording, RecordingSid};
use platform::telemetry::{self, Unit};
use providers::twilio_rest::TwilioError;

use super::Worker;
use crate::edge::batch::JobError;
use crate::jobs::InsightsJob;

impl Worker {
    /// Removes whatever a deleted recording left anywhere. Only a tombstone allows it, and doing it twice does
    /// no harm.
    pub(super) async fn erase(&self, call: &CallSid, sid: &RecordingSid) -> Result<(), JobError> {
        let Some(recording) = self.reader.of_call(call, sid).await? else { return Ok(()) };
        let RecordingState::Deleted(deletion) = &recording.state else { return Ok(()) };
        let key = recording::object_key(&recording.business, call, sid);
        self.objects.delete(&key).await.map_err(|error| JobError::new("store", error))?;
        if recording.deleted_at_twilio.is_none() {
            self.delete_at_twilio(&recording).await?;
        }
        if deletion.archived.is_some() {
            // What the business keeps is counted there. The tombstone is owed until the job is on its way.
            let job = InsightsJob { call: call.clone(), again: None };
            self.insights.send(&job, Duration::ZERO).await.map_err(|error| JobError::new("queue", error))?;
        }
        self.recordings.erased(&recording).await?;
        tracing::info!(%call, recording = %sid, reason = deletion.reason.as_str(), "recording erased");
        Ok(())
    }

    /// Deletes Twilio's copy. What is gone already is deleted.
    pub(super) async fn delete_at_twilio(&self, recording: &Recording) -> Result<(), JobError> {
        match self.twilio_of(&recording.call).await?.delete_recording(&recording.sid).await {
            Ok(()) => {}
            // Ours is deleted all the same; only the business can delete what is in an account that it took away.
            Err(TwilioError::NoKeys) => {
                tracing::error!(call = %recording.call, recording = %recording.sid, "Twilio's copy stays: the keys of its account are gone");
                telemetry::metric("RecordingsLeftAtTwilio", 1.0, Unit::Count, &[]);
                return Ok(());
            }
            Err(error) => return Err(JobError::new("twilio", error)),
        }
        Ok(self.recordings.deleted_at_twilio(recording, self.clock.now()).await?)
    }
}
