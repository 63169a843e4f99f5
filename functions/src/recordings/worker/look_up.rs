//! What became of a recording that Twilio should have called back about.

use domain::{CallSid, RecordingSid, RecordingState};
use providers::twilio_rest::TwilioError;

use super::Worker;
use super::account::as_listed;
use crate::edge::batch::JobError;

impl Worker {
    /// Asks Twilio, announces what it says as its callback would have, and has it copied. What is not over yet, or not
    /// to be found, is looked at again by the next sweep.
    pub(super) async fn look_up(&self, call: &CallSid, sid: &RecordingSid) -> Result<(), JobError> {
        let Some(recording) = self.reader.of_call(call, sid).await? else { return Ok(()) };
        match recording.state {
            RecordingState::InProgress => {}
            // The callback came after all, or an earlier attempt got this far.
            RecordingState::Announced => return self.copy_later(&recording).await,
            _ => return Ok(()),
        }
        match self.twilio_of(call).await?.recording(sid).await {
            Ok(resource) => {
                let found = as_listed(recording, &resource, self.clock.now());
                if found.state == RecordingState::Lost {
                    tracing::error!(%call, recording = %sid, "deleted at Twilio before it was announced");
                }
                self.take_up(&found).await
            }
            Err(TwilioError::NotFound) => Ok(()),
            Err(error) => Err(JobError::new("twilio", error)),
        }
    }
}
