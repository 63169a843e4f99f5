//! The one recording downloader.
//!
//! Four layers keep a recording from being copied twice: the set of this process, a lease that is extended while
//! the copy runs, a cooldown after a failure, and an object that only the first may make visible. A body becomes a
//! recording only after its length, header and duration agree with what was announced.

use std::time::Duration;

use domain::recording::RecordingState;
use domain::{CallSid, Recording, RecordingSid};
use platform::telemetry::{self, Unit};
use stores::StoreError;
use stores::heartbeat::Heartbeat;
use stores::leases::{Begun, Lease, WorkKind};

use super::copy::{CopyError, Verdict};
use super::{Attempt, Worker};
use crate::edge::batch::JobError;
use crate::jobs::TranscriptJob;

/// How long the others wait for a worker that died in the middle.
const LEASE_TTL: Duration = Duration::from_secs(30);
const REMEMBER: Duration = Duration::from_secs(7 * 24 * 3_600);

/// The lease's result when the copy is in the bucket.
const ARCHIVED: &str = "archived";

impl Worker {
    pub(super) async fn archive(
        &self,
        call: &CallSid,
        sid: &RecordingSid,
        attempt: Attempt,
    ) -> Result<(), JobError> {
        let recording = self.reader.of_call(call, sid).await?;
        let recording = recording.ok_or_else(|| JobError::new("unannounced", "no such recording"))?;
        match recording.state {
            RecordingState::Announced | RecordingState::Failed { .. } => {}
            // The copy is there; only its follow-up may be missing.
            RecordingState::Archived(_) => return self.after_archive(&recording).await,
            // It was deleted while a copy was under way, and that copy may have come after.
            RecordingState::Deleted(_) => return self.erase(call, sid).await,
            RecordingState::InProgress | RecordingState::Lost | RecordingState::Absent => return Ok(()),
        }
        let Some(_copying) = Copying::enter(self, sid) else {
            return Err(JobError::in_progress(self.clock.now().plus(LEASE_TTL)));
        };
        let lease = match self
            .leases
            .begin(WorkKind::RecordingArchive, sid.as_str(), LEASE_TTL, self.clock.now())
            .await?
        {
            Begun::Won(lease) => lease,
            Begun::Done { result } if result == ARCHIVED => return self.after_archive(&recording).await,
            Begun::Done { .. } => return self.transcribe_next(call).await,
            Begun::InProgress { until } => return Err(JobError::in_progress(until)),
        };
        let heartbeat = Heartbeat::start(&self.leases, &lease, LEASE_TTL);
        let outcome = self.copy_as_agreed(&recording, &heartbeat).await;
        // The lease is ended next, and a beat must not come in between.
        drop(heartbeat);
        self.conclude(&recording, &lease, outcome, attempt).await
    }

    /// Copies and records the copy.
    async fn copy_as_agreed(&self, recording: &Recording, heartbeat: &Heartbeat) -> Result<(), ArchiveError> {
        if recording.encrypted {
            return Err(CopyError::Encrypted.into());
        }
        let retention = self.policy(&recording.call).await?.retention;
        let (archived, waveform) = self.copy(recording, retention, heartbeat).await?;
        let call = self.calls.call(&recording.call).await.map_err(JobError::from)?;
        let told = call.as_ref().and_then(|call| self.outbox.of(call));
        match self.recordings.archived(&recording.sid, &archived, waveform.as_ref(), told).await {
            Ok(()) => {
                self.outbox.tell(&recording.business).await;
                let (call, sid, bytes) = (&recording.call, &recording.sid, archived.bytes);
                tracing::info!(%call, recording = %sid, bytes, "recording archived");
                Ok(())
            }
            Err(StoreError::Conditional { .. }) => Err(ArchiveError::Overtaken),
            Err(error) => Err(ArchiveError::Job(error.into())),
        }
    }

    async fn conclude(
        &self,
        recording: &Recording,
        lease: &Lease,
        outcome: Result<(), ArchiveError>,
        attempt: Attempt,
    ) -> Result<(), JobError> {
        match outcome {
            Ok(()) => {
                self.leases.finish(lease, ARCHIVED, REMEMBER).await?;
                self.after_archive(recording).await
            }
            // Its new holder goes on; what this one sent was aborted.
            Err(ArchiveError::Copy(error @ CopyError::Lease(_))) => Err(error.into_job_error()),
            Err(ArchiveError::Overtaken) => {
                // The next attempt sees what the recording has become, and acts on that.
                self.leases.hand_back(lease, Duration::ZERO).await?;
                Err(JobError::new("overtaken", "the recording changed its state while it was copied"))
            }
            Err(ArchiveError::Copy(error)) => self.not_copied(recording, lease, error, attempt).await,
            Err(ArchiveError::Job(error)) => {
                let until = self.leases.release(lease).await?;
                Err(error.not_before(until))
            }
        }
    }

    async fn not_copied(
        &self,
        recording: &Recording,
        lease: &Lease,
        error: CopyError,
        attempt: Attempt,
    ) -> Result<(), JobError> {
        let (call, sid) = (&recording.call, &recording.sid);
        match error.verdict(attempt) {
            Verdict::Again => {
                // An announced recording is owed a copy: after the last attempt of this job the sweep sends another.
                let until = self.leases.release(lease).await?;
                Err(error.into_job_error().not_before(until))
            }
            Verdict::Lost => {
                self.recordings.lost(sid).await?;
                self.leases.finish(lease, "lost", REMEMBER).await?;
                tracing::error!(%call, recording = %sid, reason = error.label(), "recording lost");
                count_given_up(&error);
                self.transcribe_next(call).await
            }
            Verdict::Failed => {
                self.recordings.failed(sid, &error.to_string()).await?;
                // A job that is redriven need not wait.
                self.leases.hand_back(lease, Duration::ZERO).await?;
                tracing::error!(%call, recording = %sid, reason = error.label(), %error, "recording given up");
                count_given_up(&error);
                self.transcribe_next(call).await?;
                Err(error.into_job_error().in_vain())
            }
        }
    }

    /// What follows a copy that is there. All of it may be done again.
    async fn after_archive(&self, recording: &Recording) -> Result<(), JobError> {
        self.transcribe_next(&recording.call).await?;
        if recording.deleted_at_twilio.is_some() || !self.policy(&recording.call).await?.delete_at_twilio {
            return Ok(());
        }
        self.delete_at_twilio(recording).await
    }

    pub(super) async fn transcribe_next(&self, call: &CallSid) -> Result<(), JobError> {
        self.transcripts
            .send(&TranscriptJob { call: call.clone() }, Duration::ZERO)
            .await
            .map_err(|error| JobError::new("queue", error))
    }
}

fn count_given_up(error: &CopyError) {
    telemetry::metric("RecordingsGivenUp", 1.0, Unit::Count, &[("Reason", error.label())]);
}

/// Why a recording is not archived.
enum ArchiveError {
    Copy(CopyError),
    /// It was copied, but is no longer waiting for it.
    Overtaken,
    Job(JobError),
}

impl From<CopyError> for ArchiveError {
    fn from(error: CopyError) -> Self {
        Self::Copy(error)
    }
}

impl From<JobError> for ArchiveError {
    fn from(error: JobError) -> Self {
        Self::Job(error)
    }
}

/// Marks a recording as being copied by this process for as long as it lives.
struct Copying<'a> {
    worker: &'a Worker,
    sid: RecordingSid,
}

impl<'a> Copying<'a> {
    fn enter(worker: &'a Worker, sid: &RecordingSid) -> Option<Self> {
        let mut copying = worker.copying.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        copying.insert(sid.clone()).then(|| Self { worker, sid: sid.clone() })
    }
}

impl Drop for Copying<'_> {
    fn drop(&mut self) {
        let mut copying = self.worker.copying.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        copying.remove(&self.sid);
    }
}
