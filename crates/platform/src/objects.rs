//! Objects in S3. They are written once: a key that exists is never replaced.

mod upload;

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_sdk_s3::config::RequestChecksumCalculation;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Tag, Tagging};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use url::{Url, form_urlencoded};

pub use upload::{PART_BYTES, Upload, Uploaded};

use crate::Aws;
use crate::backoff::{CONTENTION, Tries};

/// The most that [`Objects::get_range`] holds in memory.
pub const MAX_GET_BYTES: u64 = 32 * 1024 * 1024;
/// S3's limit on a presigned link. The signing role's session ends sooner, and the link with it.
pub const MAX_LINK_TTL: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Objects are large, so the other clients' timeouts do not fit; a stalled transfer ends by itself.
const TRANSFER_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(120);
const TRANSFER_TIMEOUT: Duration = Duration::from_secs(240);

/// The metadata entry that holds the object's SHA-256 in hexadecimal.
const SHA256: &str = "sha256";

/// An object that is to be, apart from its bytes.
#[derive(Debug, Clone)]
pub struct NewObject {
    /// The object's key.
    pub key: String,
    /// Its media type.
    pub content_type: &'static str,
    /// What is kept with it.
    pub metadata: BTreeMap<String, String>,
    /// Name and value. Lifecycle rules go by it.
    pub tag: Option<(&'static str, &'static str)>,
}

impl NewObject {
    /// As the `x-amz-tagging` header has it.
    fn tagging(&self) -> Option<String> {
        let (name, value) = self.tag?;
        Some(form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish())
    }
}

/// What became of a conditional put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutOutcome {
    /// The object is there now.
    Stored,
    /// The key exists; its object is untouched. [`Objects::head`] tells whether it is the same.
    AlreadyThere,
}

/// What is known of an object without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectHead {
    /// Its length.
    pub bytes: u64,
    /// Its media type, if it was given one.
    pub content_type: Option<String>,
    /// Hexadecimal SHA-256, as it was given when the object was put.
    pub sha256: Option<String>,
}

/// Why an object could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// There is no object under the key.
    #[error("there is no such object")]
    NotFound,
    /// The object is longer than this reads.
    #[error("{bytes} bytes are over the limit of {limit}: read it in ranges")]
    TooLarge {
        /// Its length.
        bytes: u64,
        /// The longest that is read.
        limit: u64,
    },
    /// S3 did not receive what was meant: the digest differs, or is not one.
    #[error("the object's digest is not that of its bytes")]
    Digest,
    /// A link cannot live that long.
    #[error("a link may be good for 1 s to {} s", MAX_LINK_TTL.as_secs())]
    LinkTtl,
    /// S3 did not answer; another attempt may help.
    #[error("S3 is unavailable ({reason}): try again")]
    Unavailable {
        /// What failed.
        reason: String,
    },
    /// S3 refused the request; another attempt changes nothing.
    #[error("S3 refused the request ({code}): check the bucket and the role's permissions")]
    Rejected {
        /// S3's error code.
        code: String,
    },
}

impl ObjectError {
    /// Whether the same request may succeed later.
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Unavailable { .. } => true,
            Self::NotFound | Self::TooLarge { .. } | Self::Digest | Self::LinkTtl | Self::Rejected { .. } => {
                false
            }
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
    /// The objects of one bucket.
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
        object: &NewObject,
        body: Bytes,
        sha256: &str,
    ) -> Result<PutOutcome, ObjectError> {
        let digest =
            hex::decode(sha256).ok().filter(|digest| digest.len() == 32).ok_or(ObjectError::Digest)?;
        let mut tries = Tries::with(CONTENTION);
        while tries.next().await {
            let metadata = object.metadata.iter().map(|(name, value)| (name.clone(), value.clone()));
            let request = self
                .client
                .put_object()
                .bucket(&self.bucket)
                .key(&object.key)
                .if_none_match("*")
                .content_type(object.content_type)
                .set_metadata(Some(metadata.chain([(SHA256.to_owned(), sha256.to_owned())]).collect()))
                .set_tagging(object.tagging())
                .checksum_sha256(STANDARD.encode(&digest))
                .body(ByteStream::from(body.clone()));
            let Err(error) = request.customize().config_override(transfer()).send().await else {
                return Ok(PutOutcome::Stored);
            };
            match status(&error) {
                Some(412) => return Ok(PutOutcome::AlreadyThere),
                // Another put of the same key is under way (S3 user guide, conditional writes).
                Some(409) => {}
                Some(_) | None => return Err(failed(&error)),
            }
        }
        Err(ObjectError::Unavailable { reason: "others kept writing the object".to_owned() })
    }

    /// Begins an object of any length whose bytes come one after another.
    pub fn upload(&self, object: NewObject) -> Upload {
        Upload::new(self.clone(), object)
    }

    /// Removes an object. One that is not there is removed.
    ///
    /// # Errors
    /// [`ObjectError`]; removing again is safe.
    pub async fn delete(&self, key: &str) -> Result<(), ObjectError> {
        match self.client.delete_object().bucket(&self.bucket).key(key).send().await {
            Ok(_) => Ok(()),
            Err(error) => match failed(&error) {
                ObjectError::NotFound => Ok(()),
                other => Err(other),
            },
        }
    }

    /// Makes this the one tag of an object.
    ///
    /// # Errors
    /// [`ObjectError::NotFound`], or another; tagging again is safe.
    pub async fn set_tag(&self, key: &str, name: &str, value: &str) -> Result<(), ObjectError> {
        let tag = Tag::builder().key(name).value(value).build();
        // Building fails only without a key, a value or a set; all are given.
        let tagging = tag.and_then(|tag| Tagging::builder().tag_set(tag).build()).ok();
        let request = self.client.put_object_tagging().bucket(&self.bucket).key(key);
        request.set_tagging(tagging).send().await.map(drop).map_err(|error| failed(&error))
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

    /// A request by which anybody may put an object of this type and of exactly this length under a key where none is, for
    /// `ttl`. The headers are part of what is signed: the request must carry them.
    ///
    /// # Errors
    /// [`ObjectError::LinkTtl`], or no credentials to sign with.
    pub async fn presign_put(
        &self,
        key: &str,
        ttl: Duration,
        content_type: &str,
        bytes: u64,
    ) -> Result<(Url, Vec<(String, String)>), ObjectError> {
        if ttl < Duration::from_secs(1) || ttl > MAX_LINK_TTL {
            return Err(ObjectError::LinkTtl);
        }
        let signing = PresigningConfig::expires_in(ttl).map_err(|_| ObjectError::LinkTtl)?;
        let request = self.client.put_object().bucket(&self.bucket).key(key).if_none_match("*");
        let request =
            request.content_type(content_type).content_length(i64::try_from(bytes).unwrap_or(i64::MAX));
        // The sum of a body that is not here yet is not known.
        let no_sum = aws_sdk_s3::config::Builder::new()
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired);
        let signed = request.customize().config_override(no_sum).presigned(signing).await;
        let signed = signed.map_err(|error| failed(&error))?;
        let url =
            Url::parse(signed.uri()).map_err(|_| ObjectError::Rejected { code: "not a URL".to_owned() })?;
        let headers = signed.headers().map(|(name, value)| (name.to_owned(), value.to_owned()));
        Ok((url, headers.collect()))
    }

    /// The whole object as it comes, a piece at a time.
    ///
    /// # Errors
    /// [`ObjectError`].
    pub async fn read(&self, key: &str) -> Result<Pieces, ObjectError> {
        let request = self.client.get_object().bucket(&self.bucket).key(key);
        let sent = request.customize().config_override(transfer()).send().await;
        sent.map(|object| Pieces(object.body)).map_err(|error| failed(&error))
    }

    /// An object of at most [`MAX_GET_BYTES`]. `None`: it does not exist.
    ///
    /// # Errors
    /// [`ObjectError`].
    pub async fn whole(&self, key: &str) -> Result<Option<Bytes>, ObjectError> {
        let mut pieces = match self.read(key).await {
            Ok(pieces) => pieces,
            Err(ObjectError::NotFound) => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut held = Vec::new();
        while let Some(piece) = pieces.next().await? {
            within_memory((held.len() + piece.len()) as u64)?;
            held.extend_from_slice(&piece);
        }
        Ok(Some(held.into()))
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

    /// The hexadecimal SHA-256 of an object's bytes: what was said when it was put, or else by reading it all, a
    /// piece at a time. `None` when there is no such object.
    ///
    /// # Errors
    /// [`ObjectError`].
    pub async fn digest(&self, key: &str) -> Result<Option<String>, ObjectError> {
        match self.head(key).await? {
            None => return Ok(None),
            Some(ObjectHead { sha256: Some(sha256), .. }) => return Ok(Some(sha256)),
            Some(_) => {}
        }
        let request = self.client.get_object().bucket(&self.bucket).key(key);
        let sent = request.customize().config_override(transfer()).send().await;
        let mut object = sent.map_err(|error| failed(&error))?;
        let mut hash = Sha256::new();
        while let Some(chunk) = object.body.next().await {
            hash.update(chunk.map_err(|_| cut_off())?);
        }
        Ok(Some(hex::encode(hash.finalize())))
    }

    /// The bytes of `range`, up to the object's end.
    ///
    /// # Errors
    /// [`ObjectError`]; a range that begins behind the end is refused by S3.
    pub async fn get_range(&self, key: &str, range: Range<u64>) -> Result<Bytes, ObjectError> {
        let bytes = range.end.saturating_sub(range.start);
        match range.end.checked_sub(1) {
            Some(last) if bytes > 0 => self.get(key, format!("bytes={}-{last}", range.start)).await,
            Some(_) | None => Ok(Bytes::new()),
        }
    }

    async fn get(&self, key: &str, range: String) -> Result<Bytes, ObjectError> {
        let request = self.client.get_object().bucket(&self.bucket).key(key).range(range);
        let sent = request.customize().config_override(transfer()).send().await;
        let mut object = sent.map_err(|error| failed(&error))?;
        let announced = object.content_length().and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0);
        within_memory(announced)?;
        let mut held = Vec::with_capacity(usize::try_from(announced).unwrap_or(0));
        while let Some(chunk) = object.body.next().await {
            let chunk = chunk.map_err(|_| cut_off())?;
            within_memory((held.len() + chunk.len()) as u64)?;
            held.extend_from_slice(&chunk);
        }
        Ok(held.into())
    }
}

/// An object as it comes.
#[derive(Debug)]
pub struct Pieces(ByteStream);

impl Pieces {
    /// The next bytes; `None`: it has come whole.
    ///
    /// # Errors
    /// [`ObjectError::Unavailable`]: it was cut off.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ObjectError> {
        self.0.next().await.transpose().map_err(|_| cut_off())
    }
}

fn cut_off() -> ObjectError {
    ObjectError::Unavailable { reason: "cut off".to_owned() }
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
