//! An object whose length is not known beforehand, sent as it comes.
//!
//! Up to [`PART_BYTES`] it is one PutObject, beyond that a multipart upload. Either way no more than one part is
//! held in memory, and nothing can be read under the key before [`Upload::complete`].

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use sha2::{Digest as _, Sha256};

use super::{NewObject, ObjectError, Objects, PutOutcome, failed, status, transfer};

/// The size of a part. S3 takes 5 MiB to 5 GiB and at most 10,000 of them: 80 GB, a month of stereo.
pub const PART_BYTES: usize = 8 * 1024 * 1024;

/// What became of an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uploaded {
    /// Whether this upload became the object.
    pub outcome: PutOutcome,
    /// Its length.
    pub bytes: u64,
    /// Hexadecimal.
    pub sha256: String,
}

/// An upload under way. One that is dropped leaves its parts to the bucket's lifecycle rule.
#[derive(Debug)]
#[must_use = "an upload ends with `complete` or `abort`"]
pub struct Upload {
    objects: Objects,
    object: NewObject,
    hash: Sha256,
    bytes: u64,
    held: BytesMut,
    /// S3's name of the multipart upload, once there is one.
    id: Option<String>,
    parts: Vec<CompletedPart>,
}

impl Upload {
    pub(super) fn new(objects: Objects, object: NewObject) -> Self {
        let (hash, held) = (Sha256::new(), BytesMut::new());
        Self { objects, object, hash, bytes: 0, held, id: None, parts: vec![] }
    }

    /// How many bytes were written.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many of them wait in memory.
    pub fn held_bytes(&self) -> usize {
        self.held.len()
    }

    /// Takes the next bytes, and sends a part when there is more than one.
    ///
    /// # Errors
    /// [`ObjectError`]; then [`Self::abort`].
    pub async fn write(&mut self, mut chunk: &[u8]) -> Result<(), ObjectError> {
        self.hash.update(chunk);
        self.bytes += chunk.len() as u64;
        while !chunk.is_empty() {
            if self.held.len() == PART_BYTES {
                self.send_part().await?;
            }
            let (fits, rest) = chunk.split_at(chunk.len().min(PART_BYTES - self.held.len()));
            self.held.extend_from_slice(fits);
            chunk = rest;
        }
        Ok(())
    }

    /// Makes the object visible if none is there. On an error nothing is, and the parts are gone.
    ///
    /// # Errors
    /// [`ObjectError`]; a new upload may succeed.
    pub async fn complete(mut self) -> Result<Uploaded, ObjectError> {
        let sha256 = hex::encode(std::mem::take(&mut self.hash).finalize());
        let outcome = match &self.id {
            None => self.objects.put_if_absent(&self.object, self.held.split().freeze(), &sha256).await,
            Some(_) => self.join().await,
        };
        let bytes = self.bytes;
        match outcome {
            Ok(PutOutcome::Stored) => {}
            Ok(PutOutcome::AlreadyThere) | Err(_) => self.abort().await,
        }
        Ok(Uploaded { outcome: outcome?, bytes, sha256 })
    }

    /// Gives the upload up. S3 keeps, and bills, parts that are not aborted; if this fails, the bucket's lifecycle rule
    /// removes them.
    pub async fn abort(self) {
        let Some(id) = self.id else { return };
        let request = self.objects.client.abort_multipart_upload().bucket(&self.objects.bucket);
        if let Err(error) = request.key(&self.object.key).upload_id(id).send().await {
            match failed(&error) {
                ObjectError::NotFound => {}
                error => {
                    tracing::warn!(%error, "an unfinished upload stays until the lifecycle rule ends it")
                }
            }
        }
    }

    async fn send_part(&mut self) -> Result<(), ObjectError> {
        let id = match &self.id {
            Some(id) => id.clone(),
            None => self.begin().await?,
        };
        let body: Bytes = self.held.split().freeze();
        let checksum = STANDARD.encode(Sha256::digest(&body));
        let number = self.parts.len() as i32 + 1;
        let request = self
            .objects
            .client
            .upload_part()
            .bucket(&self.objects.bucket)
            .key(&self.object.key)
            .upload_id(id)
            .part_number(number)
            .checksum_sha256(&checksum)
            .body(ByteStream::from(body));
        let sent = request.customize().config_override(transfer()).send().await;
        let part = sent.map_err(|error| failed(&error))?;
        self.parts.push(
            CompletedPart::builder()
                .part_number(number)
                .set_e_tag(part.e_tag)
                .checksum_sha256(checksum)
                .build(),
        );
        Ok(())
    }

    async fn begin(&mut self) -> Result<String, ObjectError> {
        let metadata = self.object.metadata.iter().map(|(name, value)| (name.clone(), value.clone()));
        let request = self
            .objects
            .client
            .create_multipart_upload()
            .bucket(&self.objects.bucket)
            .key(&self.object.key)
            .content_type(self.object.content_type)
            .set_metadata(Some(metadata.collect()))
            .set_tagging(self.object.tagging())
            .checksum_algorithm(ChecksumAlgorithm::Sha256);
        let begun = request.send().await.map_err(|error| failed(&error))?;
        let id = begun.upload_id.ok_or_else(|| ObjectError::Rejected { code: "no upload id".to_owned() })?;
        self.id = Some(id.clone());
        Ok(id)
    }

    /// Sends what is left and makes one object of the parts.
    async fn join(&mut self) -> Result<PutOutcome, ObjectError> {
        if !self.held.is_empty() {
            self.send_part().await?;
        }
        let parts = CompletedMultipartUpload::builder().set_parts(Some(self.parts.clone())).build();
        let request = self
            .objects
            .client
            .complete_multipart_upload()
            .bucket(&self.objects.bucket)
            .key(&self.object.key)
            .set_upload_id(self.id.clone())
            .if_none_match("*")
            .multipart_upload(parts);
        let Err(error) = request.customize().config_override(transfer()).send().await else {
            return Ok(PutOutcome::Stored);
        };
        match status(&error) {
            // A 404 says that the upload is complete or aborted: a first answer was lost, and the object is there;
            // or it is not, which a comparison finds out.
            Some(412 | 404) => Ok(PutOutcome::AlreadyThere),
            // After a 409 S3 wants the whole upload again (S3 user guide, conditional writes).
            Some(409) => Err(ObjectError::Unavailable { reason: "another wrote the object".to_owned() }),
            Some(_) | None => Err(failed(&error)),
        }
    }
}
