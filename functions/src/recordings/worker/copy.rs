//! One recording's bytes, from Twilio to S3 as they come: hashed on the way, verified before anybody can see them.

use std::collections::BTreeMap;

use domain::Recording;
use domain::recording::{
    self, Archived, MAX_RECORDING_BYTES, NotAudio, PeakMeter, Retention, WAV_HEADER_MAX_BYTES, WavFormat,
    Waveform,
};
use platform::objects::{NewObject, ObjectError, PutOutcome, Upload};
use providers::twilio_rest::{Media, TwilioError, TwilioRest};
use sha2::{Digest as _, Sha256};
use stores::StoreError;
use stores::heartbeat::Heartbeat;
use stores::leases::LeaseError;
use twilio::rest;

use super::{Attempt, Worker};
use crate::edge::batch::JobError;

/// The caller on the first, the agent on the second.
const CHANNELS: u16 = 2;

impl Worker {
    /// Copies and verifies. However it fails, the bucket is as before.
    pub(super) async fn copy(
        &self,
        recording: &Recording,
        retention: Retention,
        heartbeat: &Heartbeat,
    ) -> Result<(Archived, Option<Waveform>), CopyError> {
        let key = recording::object_key(&recording.business, &recording.call, &recording.sid);
        let twilio = self.twilio_of(&recording.call).await.map_err(CopyError::Row)?;
        let media = match twilio.recording_media(&recording.sid, CHANNELS).await {
            Ok(media) => media,
            Err(TwilioError::NotFound) => return Err(why_not_found(&twilio, recording).await),
            Err(error) => return Err(CopyError::Twilio(error)),
        };
        let mut upload = self.objects.upload(NewObject {
            key: key.clone(),
            content_type: "audio/wav",
            metadata: BTreeMap::from([("call".to_owned(), recording.call.to_string())]),
            tag: Some((Retention::TAG, retention.as_str())),
        });
        let (format, waveform) = match transfer(media, &mut upload, recording, heartbeat).await {
            Ok(read) => read,
            Err(error) => {
                upload.abort().await;
                return Err(self.why_not_audio(&twilio, recording, error).await);
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
        Ok((Archived { key, bytes, sha256, format, at: self.clock.now(), retention }, waveform))
    }

    /// A body that is no error page and not the recording is what Twilio has if it comes a second time, or if it is
    /// encrypted: fetching it again and again would not help.
    async fn why_not_audio(&self, twilio: &TwilioRest, recording: &Recording, error: CopyError) -> CopyError {
        let CopyError::NotAudio { what, fingerprint: Some(fingerprint) } = error else { return error };
        if matches!(twilio.recording(&recording.sid).await, Ok(resource) if resource.encrypted) {
            return CopyError::Encrypted;
        }
        match self.recordings.refused_body(recording, &fingerprint).await {
            Ok(true) => CopyError::SameAgain(what),
            Ok(false) => CopyError::NotAudio { what, fingerprint: None },
            Err(error) => CopyError::Row(error),
        }
    }
}

/// A 404 right after the callback is usual, and may last. Only Twilio's own word says that a recording was deleted.
async fn why_not_found(twilio: &TwilioRest, recording: &Recording) -> CopyError {
    match twilio.recording(&recording.sid).await {
        Ok(resource) if resource.encrypted => CopyError::Encrypted,
        Ok(resource) if resource.status == rest::RecordingState::Deleted => CopyError::Deleted,
        Ok(_) | Err(TwilioError::NotFound) => CopyError::Twilio(TwilioError::NotFound),
        Err(error) => CopyError::Twilio(error),
    }
}

/// Sends what comes, and says what it was and how loud. Nothing of it is visible yet.
async fn transfer(
    mut media: Media,
    upload: &mut Upload,
    recording: &Recording,
    heartbeat: &Heartbeat,
) -> Result<(WavFormat, Option<Waveform>), CopyError> {
    let declared = media.content_length;
    if declared.is_some_and(|bytes| bytes > MAX_RECORDING_BYTES) {
        return Err(CopyError::TooLarge);
    }
    let announced = recording.announced_duration;
    let mut head = Vec::with_capacity(WAV_HEADER_MAX_BYTES);
    let mut meter = None;
    while let Some(chunk) = media.chunk().await.map_err(CopyError::Twilio)? {
        let before = head.len();
        let missing = WAV_HEADER_MAX_BYTES - head.len();
        if missing > 0 {
            head.extend_from_slice(&chunk[..chunk.len().min(missing)]);
            if head.len() == WAV_HEADER_MAX_BYTES {
                // What is no WAV file by its header is not worth the rest of its bytes.
                let bytes = declared.unwrap_or(MAX_RECORDING_BYTES);
                let (format, samples) = recording::wav_layout(&head, bytes, announced)
                    .map_err(|what| CopyError::not_audio(what, &head, bytes))?;
                meter = PeakMeter::of(&format, samples);
                measure(&mut meter, &head[..before]);
            }
        }
        measure(&mut meter, &chunk);
        if upload.bytes() + chunk.len() as u64 > MAX_RECORDING_BYTES {
            return Err(CopyError::TooLarge);
        }
        heartbeat.check()?;
        upload.write(&chunk).await?;
    }
    let bytes = upload.bytes();
    if let Some(declared) = declared.filter(|&declared| declared != bytes) {
        let what = NotAudio::CutShort { declared, actual: bytes };
        return Err(CopyError::NotAudio { what, fingerprint: None });
    }
    let read = recording::wav_layout(&head, bytes, announced)
        .and_then(|read| recording::check_duration(&read.0, announced).map(|()| read));
    let (format, samples) = read.map_err(|what| CopyError::not_audio(what, &head, bytes))?;
    if head.len() < WAV_HEADER_MAX_BYTES {
        meter = PeakMeter::of(&format, samples);
        measure(&mut meter, &head);
    }
    // A process that was frozen knows of its lease what it knew before.
    heartbeat.confirm().await?;
    Ok((format, meter.map(PeakMeter::finish)))
}

fn measure(meter: &mut Option<PeakMeter>, bytes: &[u8]) {
    if let Some(meter) = meter {
        meter.push(bytes);
    }
}

/// Why a copy did not happen.
#[derive(Debug, thiserror::Error)]
pub(super) enum CopyError {
    #[error("deleted at Twilio before it was copied")]
    Deleted,
    #[error(
        "encrypted at Twilio with a public key of the account's: switch off Voice Recording Encryption in the \
         account's voice settings, the recordings made from then on can be copied"
    )]
    Encrypted,
    #[error(transparent)]
    Twilio(TwilioError),
    #[error("what Twilio sent is not the recording: {what}")]
    NotAudio {
        what: NotAudio,
        /// Names the body, if it may be what Twilio holds.
        fingerprint: Option<String>,
    },
    #[error("what Twilio holds is not the recording: {0}")]
    SameAgain(NotAudio),
    #[error("the recording is larger than {MAX_RECORDING_BYTES} bytes")]
    TooLarge,
    #[error("the bucket holds another object under the recording's key: compare the two, then remove one")]
    Other,
    #[error(transparent)]
    Lease(#[from] LeaseError),
    #[error(transparent)]
    Store(#[from] ObjectError),
    #[error(transparent)]
    Row(StoreError),
}

/// What is to follow a copy that did not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It may come yet.
    Again,
    Lost,
    /// No attempt can end otherwise, or all of them were made.
    Failed,
}

impl CopyError {
    fn not_audio(what: NotAudio, head: &[u8], bytes: u64) -> Self {
        let fingerprint = || format!("{}:{bytes}", hex::encode(Sha256::digest(head)));
        Self::NotAudio { fingerprint: what.is_of_a_file().then(fingerprint), what }
    }

    /// All attempts of one job span more than ten minutes, those of all jobs more than a day. A deletion that Twilio
    /// speaks of at the end of a job is believed. Everything else that may pass is waited for to the end of the last.
    pub(super) fn verdict(&self, attempt: Attempt) -> Verdict {
        match self {
            Self::Encrypted | Self::SameAgain(_) | Self::TooLarge | Self::Other => Verdict::Failed,
            Self::Deleted if attempt.delivery.is_last() => Verdict::Lost,
            Self::Twilio(TwilioError::Permanent(_) | TwilioError::Settings(_) | TwilioError::NoKeys)
                if attempt.delivery.is_last() =>
            {
                Verdict::Failed
            }
            _ if attempt.delivery.is_last() && attempt.of_last_job => Verdict::Failed,
            _ => Verdict::Again,
        }
    }

    pub(super) fn label(&self) -> &'static str {
        let not_audio = |what: &NotAudio| match what {
            NotAudio::Empty => "empty",
            NotAudio::WrongMagic(_) | NotAudio::Header(_) => "not_audio",
            NotAudio::CutShort { .. } => "cut_short",
            NotAudio::Duration { .. } => "wrong_duration",
        };
        match self {
            Self::Deleted => "deleted",
            Self::Encrypted => "encrypted",
            Self::Twilio(TwilioError::NotFound) => "not_there_yet",
            Self::Twilio(TwilioError::Auth) => "unauthorised",
            Self::Twilio(TwilioError::RateLimited { .. }) => "rate_limited",
            Self::Twilio(TwilioError::Transient) => "cut_off",
            Self::Twilio(TwilioError::NoKeys) => "no_keys",
            Self::Twilio(TwilioError::KeysUnavailable) => "keys_unavailable",
            Self::Twilio(TwilioError::Permanent(_) | TwilioError::Settings(_)) => "twilio",
            Self::NotAudio { what, .. } | Self::SameAgain(what) => not_audio(what),
            Self::TooLarge => "too_large",
            Self::Other => "other_object",
            Self::Lease(_) => "lease",
            Self::Store(_) | Self::Row(_) => "store",
        }
    }

    /// Twilio may say itself when to ask again.
    pub(super) fn into_job_error(self) -> JobError {
        let error = JobError::new(self.label(), &self);
        match self {
            Self::Twilio(TwilioError::RateLimited { after: Some(after) }) => error.after(after),
            _ => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::batch::{Delivery, MAX_ATTEMPTS};

    fn verdicts(error: &CopyError) -> Vec<Verdict> {
        let attempts = [false, true].into_iter().flat_map(|of_last_job| {
            (1..=MAX_ATTEMPTS).map(move |attempt| Attempt { delivery: Delivery { attempt }, of_last_job })
        });
        attempts.map(|attempt| error.verdict(attempt)).collect()
    }

    /// Case B14. What may pass is waited for through all jobs; a deletion that Twilio speaks of through one.
    #[test]
    fn a_recording_is_given_up_when_all_attempts_were_made_and_not_before() {
        let page = || CopyError::NotAudio { what: NotAudio::WrongMagic("XML"), fingerprint: None };
        for passing in [
            CopyError::Twilio(TwilioError::NotFound),
            CopyError::Twilio(TwilioError::Transient),
            CopyError::Twilio(TwilioError::Auth),
            CopyError::Twilio(TwilioError::RateLimited { after: None }),
            CopyError::Store(ObjectError::Unavailable { reason: "SlowDown".into() }),
            page(),
        ] {
            let verdicts = verdicts(&passing);
            let (last, before) = verdicts.split_last().unwrap();
            assert_eq!(*last, Verdict::Failed, "{passing}");
            assert!(before.iter().all(|verdict| *verdict == Verdict::Again), "{passing}");
        }
        let deleted = verdicts(&CopyError::Deleted);
        let (first, last) = (&deleted[..5], &deleted[5..]);
        for job in [first, last] {
            assert!(job[..4].iter().all(|verdict| *verdict == Verdict::Again) && job[4] == Verdict::Lost);
        }
    }

    /// Case B25. What no attempt can change is not attempted.
    #[test]
    fn what_cannot_end_otherwise_ends_at_once() {
        for end in [
            CopyError::Encrypted,
            CopyError::SameAgain(NotAudio::WrongMagic("MP3")),
            CopyError::TooLarge,
            CopyError::Other,
        ] {
            assert!(verdicts(&end).iter().all(|verdict| *verdict == Verdict::Failed), "{end}");
        }
        assert!(CopyError::Encrypted.to_string().contains("switch off Voice Recording Encryption"));
    }
}
