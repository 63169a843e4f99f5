//! The one recording downloader.
//!
//! Four layers keep a recording from being copied twice: the set of this process, a lease, a cooldown after a
//! failure, and a put that only the first may win. A body becomes a recording only after its length, header
//! and duration agree with what was announced.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::recording::{self, Archived, NotAudio, RecordingState, WAV_HEADER_MAX_BYTES};
use domain::{CallSid, Recording, RecordingSid};
use platform::clock;
use platform::objects::{ObjectBody, PutOutcome};
use platform::stores::leases::Begun;
use platform::twilio_rest::{Media, TwilioError};
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt as _;
use twilio::rest;

use super::worker::Worker;
use crate::edge::batch::{Delivery, JobError};
use crate::transcripts::job::TranscriptJob;

const LEASE: &str = "recording-archive";
/// The function's timeout and a little: a copy that takes longer was killed.
const LEASE_TTL: Duration = Duration::from_secs(150);
const REMEMBER: Duration = Duration::from_secs(7 * 24 * 3_600);
/// The caller on the first, the agent on the second.
const CHANNELS: u16 = 2;
/// Four hours of stereo at 8 kHz and 16 bits.
pub const MAX_RECORDING_BYTES: u64 = 4 * 3_600 * 8_000 * 2 * 2;

impl Worker {
    pub(super) async fn archive(
        &self,
        call: &CallSid,
        sid: &RecordingSid,
        delivery: Delivery,
    ) -> Result<(), JobError> {
        let recording = self.reader.recording(sid).await?;
        let recording = recording.ok_or_else(|| JobError::new("unannounced", "no such recording"))?;
        match recording.state {
            RecordingState::Announced | RecordingState::Failed { .. } => {}
            // The copy is there; only its follow-up may be missing.
            RecordingState::Archived(_) => return self.transcribe_next(call).await,
            RecordingState::Lost | RecordingState::Absent | RecordingState::Deleted => return Ok(()),
        }
        let Some(_copying) = Copying::enter(self, sid) else {
            return Err(JobError::in_progress(clock::now().plus(LEASE_TTL)));
        };
        let lease = match self.leases.begin(LEASE, sid.as_str(), LEASE_TTL, clock::now()).await? {
            Begun::Won(lease) => lease,
            Begun::Done { .. } => return self.transcribe_next(call).await,
            Begun::InProgress { until } => return Err(JobError::in_progress(until)),
        };
        match self.copy(&recording, delivery).await {
            Ok(archived) => {
                self.recordings.archived(sid, &archived).await?;
                self.leases.finish(&lease, "archived", REMEMBER).await?;
                tracing::info!(%call, recording = %sid, bytes = archived.bytes, "recording archived");
                self.transcribe_next(call).await
            }
            Err(CopyError::Gone) => {
                self.recordings.lost(sid).await?;
                self.leases.finish(&lease, "lost", REMEMBER).await?;
                tracing::error!(%call, recording = %sid, "deleted at Twilio before it was copied");
                self.transcribe_next(call).await
            }
            Err(error) => {
                if delivery.is_last() {
                    self.recordings.failed(sid, &error.to_string()).await?;
                }
                self.leases.release(&lease).await?;
                Err(error.into_job_error())
            }
        }
    }

    async fn copy(&self, recording: &Recording, delivery: Delivery) -> Result<Archived, CopyError> {
        let key = recording::object_key(&recording.business, &recording.call, &recording.sid);
        let media = match self.twilio.recording_media(&recording.sid, CHANNELS).await {
            Ok(media) => media,
            Err(TwilioError::NotFound) => return Err(self.why_not_found(recording, delivery).await),
            Err(error) => return Err(CopyError::Twilio(error)),
        };
        let download = download(media).await?;
        let format = recording::wav_header(&download.head, download.bytes)?;
        recording::check_duration(&format, recording.announced_duration)?;
        let metadata = BTreeMap::from([("call".to_owned(), recording.call.to_string())]);
        let body = ObjectBody::File(download.file.path().to_owned());
        let put = self.objects.put_if_absent(&key, "audio/wav", &metadata, body, &download.sha256).await;
        match put.map_err(CopyError::Store)? {
            PutOutcome::Stored => {}
            // Losing this race is winning it, if the winner stored the same: the record describes the object.
            PutOutcome::AlreadyThere => {
                let stored = self.objects.head(&key).await.map_err(CopyError::Store)?;
                if stored.and_then(|stored| stored.sha256).as_ref() != Some(&download.sha256) {
                    return Err(CopyError::Other);
                }
            }
        }
        Ok(Archived { key, bytes: download.bytes, sha256: download.sha256, format, at: clock::now() })
    }

    /// A 404 right after the callback is usual; a recording that was deleted never comes back. Twilio's list may
    /// lag behind its callback as well, so one look at it is not enough to give a recording up for ever.
    async fn why_not_found(&self, recording: &Recording, delivery: Delivery) -> CopyError {
        let known = match self.twilio.recordings_of(&recording.call).await {
            Ok(known) => known,
            Err(error) => return CopyError::Twilio(error),
        };
        let listed = known.iter().find(|listed| listed.sid.as_str() == recording.sid.as_str());
        match listed.map(|listed| &listed.status) {
            Some(rest::RecordingState::Deleted) => CopyError::Gone,
            None if delivery.attempt > 1 => CopyError::Gone,
            None | Some(_) => CopyError::Twilio(TwilioError::NotFound),
        }
    }

    async fn transcribe_next(&self, call: &CallSid) -> Result<(), JobError> {
        self.transcripts
            .send(&TranscriptJob { call: call.clone() }, Duration::ZERO)
            .await
            .map_err(|error| JobError::new("queue", error))
    }
}

struct Download {
    file: tempfile::NamedTempFile,
    head: Vec<u8>,
    bytes: u64,
    sha256: String,
}

/// Through the disk, hashing on the way: memory stays flat however long the call was.
async fn download(mut media: Media) -> Result<Download, CopyError> {
    let declared = media.content_length;
    if declared.is_some_and(|bytes| bytes > MAX_RECORDING_BYTES) {
        return Err(CopyError::TooLarge);
    }
    let file = tempfile::NamedTempFile::new().map_err(CopyError::Disk)?;
    let mut out = tokio::fs::File::from_std(file.reopen().map_err(CopyError::Disk)?);
    let (mut head, mut bytes, mut hash) = (Vec::new(), 0u64, Sha256::new());
    while let Some(chunk) = media.chunk().await.map_err(CopyError::Twilio)? {
        bytes += chunk.len() as u64;
        if bytes > MAX_RECORDING_BYTES {
            return Err(CopyError::TooLarge);
        }
        if head.len() < WAV_HEADER_MAX_BYTES {
            head.extend_from_slice(&chunk[..chunk.len().min(WAV_HEADER_MAX_BYTES - head.len())]);
        }
        hash.update(&chunk);
        out.write_all(&chunk).await.map_err(CopyError::Disk)?;
    }
    out.flush().await.map_err(CopyError::Disk)?;
    if let Some(declared) = declared.filter(|&declared| declared != bytes) {
        return Err(NotAudio::CutShort { declared, actual: bytes }.into());
    }
    Ok(Download { file, head, bytes, sha256: hex::encode(hash.finalize()) })
}

/// Why a copy did not happen.
#[derive(Debug, thiserror::Error)]
enum CopyError {
    #[error("the recording no longer exists at Twilio")]
    Gone,
    #[error(transparent)]
    Twilio(TwilioError),
    #[error("what Twilio sent is not the recording: {0}")]
    NotAudio(#[from] NotAudio),
    #[error("the recording is larger than {MAX_RECORDING_BYTES} bytes")]
    TooLarge,
    #[error("the bucket holds another object under the recording's key: compare the two, then remove one")]
    Other,
    #[error("cannot write to the disk: {0}")]
    Disk(std::io::Error),
    #[error(transparent)]
    Store(platform::objects::ObjectError),
}

impl CopyError {
    fn label(&self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Twilio(_) => "twilio",
            Self::NotAudio(_) => "not_audio",
            Self::TooLarge => "too_large",
            Self::Other => "other_object",
            Self::Disk(_) => "disk",
            Self::Store(_) => "store",
        }
    }

    /// Twilio may say itself when to ask again.
    fn into_job_error(self) -> JobError {
        let error = JobError::new(self.label(), &self);
        match self {
            Self::Twilio(TwilioError::RateLimited { after: Some(after) }) => error.after(after),
            Self::Gone
            | Self::Twilio(_)
            | Self::NotAudio(_)
            | Self::TooLarge
            | Self::Other
            | Self::Disk(_)
            | Self::Store(_) => error,
        }
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
