//! The S3 operations: requests to changes of the catalogue and back.

use std::time::{Duration, UNIX_EPOCH};

use s3s::dto::*;
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, SeekFrom};
use tokio_util::io::ReaderStream;

use super::blobs::Blobs;
use super::catalogue::{self, Address, CatalogueError, Content, Description, Object};
use super::checksums::Sum;
use super::conditions::{Condition, Wish};
use super::description::{tag_set, tags_of_set};
use super::failed;
use crate::REGION;
use crate::clock::machine_ms;
use crate::database::Database;

/// The longest key, in bytes of UTF-8.
const MAX_KEY_BYTES: usize = 1024;
/// Bytes read from a file at a time.
const READ_BUFFER_BYTES: usize = 64 * 1024;
/// How often a read looks again for an object that was replaced between the look-up and the opening of its file.
const OPEN_ATTEMPTS: usize = 4;

/// An answer with the checksum in its fields, if there is one to tell.
macro_rules! with_sum {
    ($output:expr, $sum:expr) => {{
        let mut output = $output;
        let Checksum {
            checksum_crc32,
            checksum_crc32c,
            checksum_crc64nvme,
            checksum_sha1,
            checksum_sha256,
            checksum_type,
        } = $sum.map(Sum::fields).unwrap_or_default();
        output.checksum_crc32 = checksum_crc32;
        output.checksum_crc32c = checksum_crc32c;
        output.checksum_crc64nvme = checksum_crc64nvme;
        output.checksum_sha1 = checksum_sha1;
        output.checksum_sha256 = checksum_sha256;
        output.checksum_type = checksum_type;
        output
    }};
}
pub(super) use with_sum;

/// Refuses a read whose conditions the object does not meet.
macro_rules! check_wish {
    ($input:expr, $content:expr) => {
        Wish {
            if_match: $input.if_match.as_ref(),
            if_none_match: $input.if_none_match.as_ref(),
            if_modified_since: $input.if_modified_since.as_ref(),
            if_unmodified_since: $input.if_unmodified_since.as_ref(),
        }
        .check(&$content.etag, &timestamp(whole_seconds($content.modified_ms)))?
    };
}

/// The S3 service: what there is, and its bytes.
#[derive(Debug)]
pub(super) struct Objects {
    pub(super) catalogue: Database,
    pub(super) blobs: Blobs,
}

impl Objects {
    pub(super) fn new(catalogue: Database, blobs: Blobs) -> Self {
        Self { catalogue, blobs }
    }

    async fn find(&self, at: &Address) -> Result<Object, CatalogueError> {
        let at = at.clone();
        self.catalogue.transact(move |tx| catalogue::object(tx, &at)).await
    }

    /// An object with its file open, which stays readable whatever happens to the key.
    async fn open(&self, at: &Address) -> S3Result<(Object, File)> {
        for _ in 0..OPEN_ATTEMPTS {
            let object = self.find(at).await?;
            match self.blobs.open(&object.content.blob).await {
                Ok(file) => return Ok((object, file)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Err(failed("the file of an object is missing from the data directory"))
    }
}

impl Address {
    pub(super) fn new(bucket: &str, key: &str) -> S3Result<Self> {
        if key.len() > MAX_KEY_BYTES {
            return Err(s3_error!(KeyTooLongError, "a key has at most {MAX_KEY_BYTES} bytes"));
        }
        Ok(Self { bucket: bucket.to_owned(), key: key.to_owned() })
    }
}

#[async_trait::async_trait]
impl S3 for Objects {
    async fn create_bucket(
        &self,
        req: S3Request<CreateBucketInput>,
    ) -> S3Result<S3Response<CreateBucketOutput>> {
        let bucket = req.input.bucket;
        let location = format!("/{bucket}");
        self.catalogue.transact(move |tx| catalogue::create_bucket(tx, &bucket, machine_ms())).await?;
        Ok(S3Response::new(CreateBucketOutput { location: Some(location) }))
    }

    async fn delete_bucket(
        &self,
        req: S3Request<DeleteBucketInput>,
    ) -> S3Result<S3Response<DeleteBucketOutput>> {
        self.catalogue.transact(move |tx| catalogue::delete_bucket(tx, &req.input.bucket)).await?;
        Ok(S3Response::new(DeleteBucketOutput::default()))
    }

    async fn head_bucket(&self, req: S3Request<HeadBucketInput>) -> S3Result<S3Response<HeadBucketOutput>> {
        self.catalogue.transact(move |tx| catalogue::require_bucket(tx, &req.input.bucket)).await?;
        Ok(S3Response::new(HeadBucketOutput { bucket_region: Some(REGION.to_owned()), ..Default::default() }))
    }

    async fn get_bucket_location(
        &self,
        req: S3Request<GetBucketLocationInput>,
    ) -> S3Result<S3Response<GetBucketLocationOutput>> {
        self.catalogue.transact(move |tx| catalogue::require_bucket(tx, &req.input.bucket)).await?;
        // The first of all regions has no constraint ("GetBucketLocation", S3 API Reference).
        Ok(S3Response::new(GetBucketLocationOutput { location_constraint: None }))
    }

    async fn list_buckets(&self, _: S3Request<ListBucketsInput>) -> S3Result<S3Response<ListBucketsOutput>> {
        let found = self.catalogue.transact(catalogue::buckets).await?;
        let buckets = found.into_iter().map(|(name, created_ms)| Bucket {
            name: Some(name),
            creation_date: Some(timestamp(created_ms)),
            ..Default::default()
        });
        Ok(S3Response::new(ListBucketsOutput { buckets: Some(buckets.collect()), ..Default::default() }))
    }

    async fn put_object(&self, req: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let mut input = req.input;
        let at = Address::new(&input.bucket, &input.key)?;
        let condition = Condition::from_headers(input.if_match.as_ref(), input.if_none_match.as_ref())?;
        let mut description = Description::of_put(&mut input)?;
        let body = input.body.ok_or_else(|| s3_error!(IncompleteBody))?;
        let draft = self.blobs.receive(body, &req.headers, req.trailing_headers).await?;

        let etag = draft.etag();
        let content = Content {
            blob: draft.id.clone(),
            size: draft.size,
            etag: etag.clone(),
            modified_ms: machine_ms(),
        };
        description.sum.clone_from(&draft.sum);
        let sum = draft.sum.clone();
        let object = Object { content, description };
        let put = self.catalogue.transact(move |tx| {
            let replaced = catalogue::put_object(tx, &at, &object, &condition)?;
            draft.keep();
            Ok::<_, CatalogueError>(replaced)
        });
        self.blobs.discard(Vec::from_iter(put.await?)).await;
        let output = PutObjectOutput { e_tag: Some(ETag::Strong(etag)), ..Default::default() };
        Ok(S3Response::new(with_sum!(output, sum.as_ref())))
    }

    async fn get_object(&self, req: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let at = Address::new(&req.input.bucket, &req.input.key)?;
        let (Object { content, description }, mut file) = self.open(&at).await?;
        let input = &req.input;
        check_wish!(input, content);
        // A part of the bytes has no checksum that is known.
        let sum =
            description.sum.clone().filter(|_| wants_sum(&input.checksum_mode) && input.range.is_none());
        let range = req.input.range.map(|range| range.check(content.size)).transpose()?;
        let content_range =
            range.as_ref().map(|range| format!("bytes {}-{}/{}", range.start, range.end - 1, content.size));
        let range = range.unwrap_or(0..content.size);
        file.seek(SeekFrom::Start(range.start)).await.map_err(failed)?;
        let length = range.end - range.start;
        let body = ReaderStream::with_capacity(file.take(length), READ_BUFFER_BYTES);
        let output = GetObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            body: Some(StreamingBlob::wrap(body)),
            content_length: Some(signed(length)),
            content_range,
            content_type: Some(description.content_type()),
            metadata: description.user_metadata(),
            content_encoding: description.content_encoding,
            content_disposition: description.content_disposition,
            content_language: description.content_language,
            cache_control: description.cache_control,
            tag_count: i32::try_from(description.tags.len()).ok().filter(|&count| count > 0),
            last_modified: Some(timestamp(content.modified_ms)),
            e_tag: Some(ETag::Strong(content.etag)),
            ..Default::default()
        };
        Ok(S3Response::new(with_sum!(output, sum.as_ref())))
    }

    async fn head_object(&self, req: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let at = Address::new(&req.input.bucket, &req.input.key)?;
        let Object { content, description } = self.find(&at).await?;
        let input = &req.input;
        check_wish!(input, content);
        let sum = description.sum.clone().filter(|_| wants_sum(&input.checksum_mode));
        let output = HeadObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            content_length: Some(signed(content.size)),
            content_type: Some(description.content_type()),
            metadata: description.user_metadata(),
            content_encoding: description.content_encoding,
            content_disposition: description.content_disposition,
            content_language: description.content_language,
            cache_control: description.cache_control,
            last_modified: Some(timestamp(content.modified_ms)),
            e_tag: Some(ETag::Strong(content.etag)),
            ..Default::default()
        };
        Ok(S3Response::new(with_sum!(output, sum.as_ref())))
    }

    async fn copy_object(&self, req: S3Request<CopyObjectInput>) -> S3Result<S3Response<CopyObjectOutput>> {
        self.copy(req.input).await.map(S3Response::new)
    }

    async fn delete_object(
        &self,
        req: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        let at = Address::new(&req.input.bucket, &req.input.key)?;
        let blob = self.catalogue.transact(move |tx| catalogue::delete_object(tx, &at)).await?;
        self.blobs.discard(Vec::from_iter(blob)).await;
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn delete_objects(
        &self,
        req: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let DeleteObjectsInput { bucket, delete, .. } = req.input;
        let keys: Vec<String> = delete.objects.into_iter().map(|object| object.key).collect();
        let addresses = keys.iter().map(|key| Address::new(&bucket, key)).collect::<S3Result<Vec<_>>>()?;
        let blobs = self.catalogue.transact(move |tx| {
            catalogue::require_bucket(tx, &bucket)?;
            let deleted = addresses.iter().filter_map(|at| catalogue::delete_object(tx, at).transpose());
            deleted.collect::<Result<Vec<String>, CatalogueError>>()
        });
        self.blobs.discard(blobs.await?).await;
        let deleted = keys.into_iter().map(|key| DeletedObject { key: Some(key), ..Default::default() });
        let shown = (delete.quiet != Some(true)).then(|| deleted.collect());
        Ok(S3Response::new(DeleteObjectsOutput { deleted: shown, ..Default::default() }))
    }

    async fn list_objects(
        &self,
        req: S3Request<ListObjectsInput>,
    ) -> S3Result<S3Response<ListObjectsOutput>> {
        self.list(req.input).await.map(S3Response::new)
    }

    async fn list_objects_v2(
        &self,
        req: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        self.list_v2(req.input).await.map(S3Response::new)
    }

    async fn get_object_tagging(
        &self,
        req: S3Request<GetObjectTaggingInput>,
    ) -> S3Result<S3Response<GetObjectTaggingOutput>> {
        let at = Address::new(&req.input.bucket, &req.input.key)?;
        let tags = self.find(&at).await?.description.tags;
        Ok(S3Response::new(GetObjectTaggingOutput { tag_set: tag_set(tags), version_id: None }))
    }

    async fn put_object_tagging(
        &self,
        req: S3Request<PutObjectTaggingInput>,
    ) -> S3Result<S3Response<PutObjectTaggingOutput>> {
        let at = Address::new(&req.input.bucket, &req.input.key)?;
        let tags = tags_of_set(req.input.tagging.tag_set)?;
        self.catalogue.transact(move |tx| catalogue::set_tags(tx, &at, tags)).await?;
        Ok(S3Response::new(PutObjectTaggingOutput::default()))
    }

    async fn create_multipart_upload(
        &self,
        req: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        self.begin(req.input).await.map(S3Response::new)
    }

    async fn upload_part(&self, req: S3Request<UploadPartInput>) -> S3Result<S3Response<UploadPartOutput>> {
        self.receive_part(req).await.map(S3Response::new)
    }

    async fn list_multipart_uploads(
        &self,
        req: S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
        self.show_uploads(req.input).await.map(S3Response::new)
    }

    async fn list_parts(&self, req: S3Request<ListPartsInput>) -> S3Result<S3Response<ListPartsOutput>> {
        self.show_parts(req.input).await.map(S3Response::new)
    }

    async fn complete_multipart_upload(
        &self,
        req: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        self.complete(req.input).await.map(S3Response::new)
    }

    async fn abort_multipart_upload(
        &self,
        req: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        self.abort(req.input).await.map(S3Response::new)
    }
}

/// HTTP's dates have no fractions.
pub(super) fn whole_seconds(ms: i64) -> i64 {
    ms - ms.rem_euclid(1_000)
}

fn wants_sum(mode: &Option<ChecksumMode>) -> bool {
    mode.as_ref().is_some_and(|mode| mode.as_str() == ChecksumMode::ENABLED)
}

pub(super) fn timestamp(ms: i64) -> Timestamp {
    let since_epoch = Duration::from_millis(u64::try_from(ms).unwrap_or(0));
    Timestamp::from(UNIX_EPOCH.checked_add(since_epoch).unwrap_or(UNIX_EPOCH))
}

/// A size as S3's responses carry it.
pub(super) fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
