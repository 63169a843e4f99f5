//! One recording's bytes, from Twilio to S3 as they come: hashed on the way, verified before anybody can see them.

use std::collections::BTreeMap;

use domain::Recording;
use domain::recording::{self, Archived, NotAudio, Retention, WAV_HEADER_MAX_BYTES, WavFormat};
use platform::clock;
use platform::objects::{NewObject, ObjectError, PutOutcome, Upload};
use platform::stores::heartbeat::Heartbeat;
use platform::stores::leases::LeaseError;
use platform::twilio_rest::{Media, TwilioError};
use twilio::rest;

use super::worker::Worker;
use crate::edge::batch::{Delivery, JobError};

/// The caller on the first, the agent on the second.
const CHANNELS: u16 = 2;
/// Four hours of stereo at 8 kHz and 16 bits.
pub(super) const MAX_RECORDING_BYTES: u64 = 4 * 3_600 * 8_000 * 2 * 2;

impl Worker {
    /// Copies and verifies. However it fails, the bucket is as before.
    pub(super) async fn copy(
        &self,
        recording: &Recording,
        retention: Retention,
        heartbeat: &Heartbeat,
        delivery: Delivery,
    ) -> Result<Archived, CopyError> {
        let key = recording::object_key(&recording.business, &recording.call, &recording.sid);
        let media = match self.twilio.recording_media(&recording.sid, CHANNELS).await {
            Ok(media) => media,
            Err(TwilioError::NotFound) => return Err(self.why_not_found(recording, delivery).await),
            Err(error) => return Err(CopyError::Twilio(error)),
        };
        let mut upload = self.objects.upload(NewObject {
            key: key.clone(),
            content_type: "audio/wav",
            metadata: BTreeMap::from([("call".to_owned(), recording.call.to_string())]),
            tag: Some((Retention::TAG, retention.as_str())),
        });
        let format = match transfer(media, &mut upload, recording, heartbeat).await {
            Ok(format) => format,
            Err(error) => {
                upload.abort().await;
                return Err(error);
            }
        };
        let uploaded = upload.complete().await?;
        // Losing this race is winning it, if the winner stored the same: the record describes the object.
        if uploaded.outcome == PutOutcome::AlreadyThere
            && self.objects.digest(&key).await?.as_ref() != Some(&uploaded.sha256)
        {
            return Err(CopyError::Other);
        }
        let (bytes, sha256) = (uploaded.bytes, uploaded.sha256);
        Ok(Archived { key, bytes, sha256, format, at: clock::now(), retention })
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
}

/// Sends what comes, and says what it was. Nothing of it is visible yet.
async fn transfer(
    mut media: Media,
    upload: &mut Upload,
    recording: &Recording,
    heartbeat: &Heartbeat,
) -> Result<WavFormat, CopyError> {
    let declared = media.content_length;
    if declared.is_some_and(|bytes| bytes > MAX_RECORDING_BYTES) {
        return Err(CopyError::TooLarge);
    }
    let mut head = Vec::with_capacity(WAV_HEADER_MAX_BYTES);
    while let Some(chunk) = media.chunk().await.map_err(CopyError::Twilio)? {
        let missing = WAV_HEADER_MAX_BYTES - head.len();
        if missing > 0 {
            head.extend_from_slice(&chunk[..chunk.len().min(missing)]);
            if head.len() == WAV_HEADER_MAX_BYTES {
                // What is no WAV file by its header is not worth the rest of its bytes.
                recording::wav_header(&head, declared.unwrap_or(MAX_RECORDING_BYTES))?;
            }
        }
        if upload.bytes() + chunk.len() as u64 > MAX_RECORDING_BYTES {
            return Err(CopyError::TooLarge);
        }
        heartbeat.check()?;
        upload.write(&chunk).await?;
    }
    let bytes = upload.bytes();
    if let Some(declared) = declared.filter(|&declared| declared != bytes) {
        return Err(NotAudio::CutShort { declared, actual: bytes }.into());
    }
    let format = recording::wav_header(&head, bytes)?;
    recording::check_duration(&format, recording.announced_duration)?;
    heartbeat.check()?;
    Ok(format)
}

/// Why a copy did not happen.
#[derive(Debug, thiserror::Error)]
pub(super) enum CopyError {
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
    #[error(transparent)]
    Lease(#[from] LeaseError),
    #[error(transparent)]
    Store(#[from] ObjectError),
}

impl CopyError {
    fn label(&self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Twilio(TwilioError::NotFound) => "not_there_yet",
            Self::Twilio(TwilioError::Auth) => "unauthorised",
            Self::Twilio(TwilioError::RateLimited { .. }) => "rate_limited",
            Self::Twilio(TwilioError::Transient) => "cut_off",
            Self::Twilio(TwilioError::Permanent(_) | TwilioError::Settings(_)) => "twilio",
            Self::NotAudio(NotAudio::Empty) => "empty",
            Self::NotAudio(NotAudio::WrongMagic(_) | NotAudio::Header(_)) => "not_audio",
            Self::NotAudio(NotAudio::CutShort { .. }) => "cut_short",
            Self::NotAudio(NotAudio::Duration { .. }) => "wrong_duration",
            Self::TooLarge => "too_large",
            Self::Other => "other_object",
            Self::Lease(_) => "lease",
            Self::Store(_) => "store",
        }
    }

    /// Twilio may say itself when to ask again.
    pub(super) fn into_job_error(self) -> JobError {
        let error = JobError::new(self.label(), &self);
        match self {
            Self::Twilio(TwilioError::RateLimited { after: Some(after) }) => error.after(after),
            Self::Gone
            | Self::Twilio(_)
            | Self::NotAudio(_)
            | Self::TooLarge
            | Self::Other
            | Self::Lease(_)
            | Self::Store(_) => error,
        }
    }
}
