//! Objects in S3. They are written once: a key that exists is never replaced.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use url::Url;

use crate::Aws;
use crate::backoff::Backoff;

/// S3's limit on one PutObject; a recording of a whole day is far below it.
pub const MAX_PUT_BYTES: u64 = 5 * 1024 * 1024 * 1024;
/// The most that [`Objects::get_bytes`] and [`Objects::get_range`] hold in memory.
pub const MAX_GET_BYTES: u64 = 32 * 1024 * 1024;
/// S3's limit on a presigned link. The signing role's session ends sooner, and the link with it.
pub const MAX_LINK_TTL: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Objects are large, so the other clients' timeouts do not fit; a stalled transfer ends by itself.
const TRANSFER_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(120);
const TRANSFER_TIMEOUT: Duration = Duration::from_secs(240);

/// The metadata entry that holds the object's SHA-256 in hexadecimal.
const SHA256: &str = "sha256";

/// What to upload. Files are streamed from disk.
#[derive(Debug, Clone)]
pub enum ObjectBody {
    Bytes(Bytes),
    File(PathBuf),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutOutcome {
    Stored,
    /// The key exists; its object is untouched. [`Objects::head`] tells whether it is the same.
    AlreadyThere,
}

/// What is known of an object without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectHead {
    pub bytes: u64,
    pub content_type: Option<String>,
    /// Hexadecimal SHA-256, as it was given when the object was put.
    pub sha256: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    #[error("there is no such object")]
    NotFound,
    #[error("{bytes} bytes are over the limit of {limit}: read it in ranges")]
    TooLarge { bytes: u64, limit: u64 },
    /// S3 did not receive what was meant: the digest differs, or is not one.
    #[error("the object's digest is not that of its bytes")]
    Digest,
    #[error("the file to upload cannot be read: {0}")]
    File(#[source] std::io::Error),
    #[error("a link may be good for 1 s to {} s", MAX_LINK_TTL.as_secs())]
    LinkTtl,
    #[error("S3 is unavailable ({reason}): try again")]
    Unavailable { reason: String },
    #[error("S3 refused the request ({code}): check the bucket and the role's permissions")]
    Rejected { code: String },
}

impl ObjectError {
    /// Whether the same request may succeed later.
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Unavailable { .. } => true,
            Self::NotFound
            | Self::TooLarge { .. }
            | Self::Digest
            | Self::File(_)
            | Self::LinkTtl
            | Self::Rejected { .. } => false,
        }
    }
}

/// One bucket.
#[derive(Debug, Clone)]
pub struct Objects {
    client: aws_sdk_s3::Client,
    bucket: String,
}

impl Objects {
    pub fn new(aws: &Aws, bucket: impl Into<String>) -> Self {
        Self { client: aws.s3.clone(), bucket: bucket.into() }
    }

    /// Puts an object where none is. `sha256` is the hexadecimal digest of the body; S3 checks it before the
    /// object becomes visible, and it is kept with the object.
    ///
    /// # Errors
    /// [`ObjectError`]; putting again is safe.
    pub async fn put_if_absent(
        &self,
        key: &str,
        content_type: &str,
        metadata: &BTreeMap<String, String>,
        body: ObjectBody,
        sha256: &str,
    ) -> Result<PutOutcome, ObjectError> {
        let digest =
            hex::decode(sha256).ok().filter(|digest| digest.len() == 32).ok_or(ObjectError::Digest)?;
        let backoff = Backoff::CONTENTION;
        for attempt in 0..backoff.attempts {
            let metadata = metadata.iter().map(|(name, value)| (name.clone(), value.clone()));
            let request = self
                .client
                .put_object()
                .bucket(&self.bucket)
                .key(key)
                .if_none_match("*")
                .content_type(content_type)
                .set_metadata(Some(metadata.chain([(SHA256.to_owned(), sha256.to_owned())]).collect()))
                .checksum_sha256(STANDARD.encode(&digest))
                .body(stream(&body).await?);
            let Err(error) = request.customize().config_override(transfer()).send().await else {
                return Ok(PutOutcome::Stored);
            };
            match status(&error) {
                Some(412) => return Ok(PutOutcome::AlreadyThere),
                // Another put of the same key is under way (S3 user guide, conditional writes).
                Some(409) => backoff.pause(attempt).await,
                Some(_) | None => return Err(failed(&error)),
            }
        }
        Err(ObjectError::Unavailable { reason: "others kept writing the object".to_owned() })
    }

    /// A link that anybody may read the object with, for `ttl`. `content_disposition` is what the browser is
    /// told, such as `attachment; filename="call.wav"`.
    ///
    /// # Errors
    /// [`ObjectError::LinkTtl`], or no credentials to sign with.
    pub async fn presign_get(
        &self,
        key: &str,
        ttl: Duration,
        content_disposition: Option<&str>,
    ) -> Result<Url, ObjectError> {
        if ttl < Duration::from_secs(1) || ttl > MAX_LINK_TTL {
            return Err(ObjectError::LinkTtl);
        }
        let signing = PresigningConfig::expires_in(ttl).map_err(|_| ObjectError::LinkTtl)?;
        let request = self.client.get_object().bucket(&self.bucket).key(key);
        let request = request.set_response_content_disposition(content_disposition.map(str::to_owned));
        let signed = request.presigned(signing).await.map_err(|error| failed(&error))?;
        Url::parse(signed.uri()).map_err(|_| ObjectError::Rejected { code: "not a URL".to_owned() })
    }

    /// `None` when there is no such object.
    ///
    /// # Errors
    /// [`ObjectError`].
    pub async fn head(&self, key: &str) -> Result<Option<ObjectHead>, ObjectError> {
        match self.client.head_object().bucket(&self.bucket).key(key).send().await {
            Ok(head) => Ok(Some(ObjectHead {
                bytes: head.content_length.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0),
                sha256: head.metadata.as_ref().and_then(|metadata| metadata.get(SHA256)).cloned(),
                content_type: head.content_type,
            })),
            Err(error) => match failed(&error) {
                ObjectError::NotFound => Ok(None),
                other => Err(other),
            },
        }
    }

    /// A whole object of at most [`MAX_GET_BYTES`].
    ///
    /// # Errors
    /// [`ObjectError`].
    pub async fn get_bytes(&self, key: &str) -> Result<Bytes, ObjectError> {
        self.get(key, None).await
    }

    /// The bytes of `range`, or as many of them as the object has.
    ///
    /// # Errors
    /// [`ObjectError`]; a range that begins behind the end is refused by S3.
    pub async fn get_range(&self, key: &str, range: Range<u64>) -> Result<Bytes, ObjectError> {
        let bytes = range.end.saturating_sub(range.start);
        match range.end.checked_sub(1) {
            Some(last) if bytes > 0 => self.get(key, Some(format!("bytes={}-{last}", range.start))).await,
            Some(_) | None => Ok(Bytes::new()),
        }
    }

    async fn get(&self, key: &str, range: Option<String>) -> Result<Bytes, ObjectError> {
        let request = self.client.get_object().bucket(&self.bucket).key(key).set_range(range);
        let sent = request.customize().config_override(transfer()).send().await;
        let mut object = sent.map_err(|error| failed(&error))?;
        let announced = object.content_length().and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0);
        within_memory(announced)?;
        let mut held = Vec::with_capacity(usize::try_from(announced).unwrap_or(0));
        while let Some(chunk) = object.body.next().await {
            let chunk = chunk.map_err(|_| ObjectError::Unavailable { reason: "cut off".to_owned() })?;
            within_memory((held.len() + chunk.len()) as u64)?;
            held.extend_from_slice(&chunk);
        }
        Ok(held.into())
    }
}

async fn stream(body: &ObjectBody) -> Result<ByteStream, ObjectError> {
    match body {
        ObjectBody::Bytes(bytes) => Ok(ByteStream::from(bytes.clone())),
        ObjectBody::File(path) => {
            ByteStream::from_path(path).await.map_err(|error| ObjectError::File(std::io::Error::other(error)))
        }
    }
}

fn transfer() -> aws_sdk_s3::config::Builder {
    aws_sdk_s3::config::Builder::new().timeout_config(
        TimeoutConfig::builder()
            .operation_attempt_timeout(TRANSFER_ATTEMPT_TIMEOUT)
            .operation_timeout(TRANSFER_TIMEOUT)
            .build(),
    )
}

fn within_memory(bytes: u64) -> Result<(), ObjectError> {
    if bytes > MAX_GET_BYTES { Err(ObjectError::TooLarge { bytes, limit: MAX_GET_BYTES }) } else { Ok(()) }
}

fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

fn failed<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> ObjectError {
    let code = error.code().unwrap_or("no code").to_owned();
    match (error, status(error)) {
        (SdkError::ServiceError(_), Some(404)) => ObjectError::NotFound,
        (SdkError::ServiceError(_), Some(400))
            if code == "BadDigest" || code == "XAmzContentSHA256Mismatch" =>
        {
            ObjectError::Digest
        }
        (SdkError::ServiceError(_), Some(status)) if status >= 500 || status == 429 => {
            ObjectError::Unavailable { reason: code }
        }
        (SdkError::ServiceError(_) | SdkError::ConstructionFailure(_), _) => ObjectError::Rejected { code },
        _ => ObjectError::Unavailable { reason: "no answer".to_owned() },
    }
}
