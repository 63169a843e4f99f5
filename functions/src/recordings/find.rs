//! What became of a recording that Twilio should have called back about.

use std::time::Duration;

use domain::{CallSid, Recording, RecordingSid, RecordingState};
use platform::clock;
use platform::twilio_rest::TwilioError;
use twilio::rest;

use super::worker::Worker;
use crate::edge::batch::{Delivery, JobError};

impl Worker {
    /// Asks Twilio, announces what it says as its callback would have, and archives.
    pub(super) async fn find(
        &self,
        call: &CallSid,
        sid: &RecordingSid,
        delivery: Delivery,
    ) -> Result<(), JobError> {
        let Some(recording) = self.reader.of_call(call, sid).await? else { return Ok(()) };
        if recording.state != RecordingState::InProgress {
            // The callback came after all, or an earlier attempt got this far.
            return self.archive(call, sid, delivery).await;
        }
        let known = match self.twilio.recordings_of(call).await {
            Ok(known) => known,
            Err(TwilioError::NotFound) => vec![],
            Err(error) => return Err(JobError::new("twilio", error)),
        };
        let listed = known.iter().find(|listed| listed.sid.as_str() == sid.as_str());
        let state = match listed.map(|listed| &listed.status) {
            Some(rest::RecordingState::Completed) => RecordingState::Announced,
            Some(rest::RecordingState::Absent) => RecordingState::Absent,
            // A list that lags behind may have it a moment later.
            None if delivery.attempt == 1 => {
                return Err(JobError::new("not_listed", "Twilio does not list it"));
            }
            Some(rest::RecordingState::Deleted) | None => {
                self.recordings.lost(sid).await?;
                tracing::error!(%call, recording = %sid, "gone at Twilio before it was announced");
                return self.transcribe_next(call).await;
            }
            // Still at it: the next sweep looks again.
            Some(rest::RecordingState::Pending | rest::RecordingState::Other(_)) => return Ok(()),
        };
        let seconds = listed.and_then(|listed| listed.duration_s);
        let announced = Recording {
            state,
            announced_at: clock::now(),
            announced_duration: seconds.map(|s| Duration::from_secs(u64::from(s))),
            channels: listed.and_then(|listed| listed.channels).map(u16::from),
            ..recording
        };
        self.recordings.announce(&announced).await?;
        self.archive(call, sid, delivery).await
    }
}
