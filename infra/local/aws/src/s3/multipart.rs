//! Multipart uploads: parts are blobs of their own until completion makes one object of them.

use std::collections::BTreeMap;

use md5::{Digest, Md5};
use s3s::dto::*;
use s3s::{S3Request, S3Result, s3_error};
use uuid::Uuid;

use super::catalogue::{self, Address, CatalogueError, Content, Description, Object};
use super::checksums::{Manner, Sum};
use super::conditions::Condition;
use super::failed;
use super::objects::{Objects, signed, timestamp, with_sum};
use crate::clock::machine_ms;

// "Amazon S3 multipart upload limits".
const MAX_PARTS: i32 = 10_000;
/// Every part but the last has at least this size.
const MIN_PART_BYTES: u64 = 5 * 1024 * 1024;

impl Objects {
    pub(super) async fn begin(
        &self,
        mut input: CreateMultipartUploadInput,
    ) -> S3Result<CreateMultipartUploadOutput> {
        let at = Address::new(&input.bucket, &input.key)?;
        let description = Description::of_upload(&mut input)?;
        let (checksum_algorithm, checksum_type) =
            (input.checksum_algorithm.clone(), input.checksum_type.clone());
        let id = Uuid::new_v4().simple().to_string();
        let upload_id = Some(id.clone());
        self.catalogue.transact(move |tx| catalogue::begin_upload(tx, &id, &at, &description)).await?;
        let (bucket, key) = (Some(input.bucket), Some(input.key));
        Ok(CreateMultipartUploadOutput {
            bucket,
            key,
            upload_id,
            checksum_algorithm,
            checksum_type,
            ..Default::default()
        })
    }

    pub(super) async fn receive_part(&self, req: S3Request<UploadPartInput>) -> S3Result<UploadPartOutput> {
        let UploadPartInput { bucket, key, upload_id, part_number, body, .. } = req.input;
        if !(1..=MAX_PARTS).contains(&part_number) {
            return Err(s3_error!(InvalidArgument, "a part number is between 1 and {MAX_PARTS}"));
        }
        let at = Address::new(&bucket, &key)?;
        let body = body.ok_or_else(|| s3_error!(IncompleteBody))?;
        let draft = self.blobs.receive(body, &req.headers, req.trailing_headers).await?;
        let (etag, sum) = (draft.etag(), draft.sum.clone());
        let part = Content {
            blob: draft.id.clone(),
            size: draft.size,
            etag: etag.clone(),
            modified_ms: machine_ms(),
        };
        let put = self.catalogue.transact(move |tx| {
            let replaced = catalogue::put_part(tx, &upload_id, &at, part_number, &part)?;
            draft.keep();
            Ok::<_, CatalogueError>(replaced)
        });
        self.blobs.discard(Vec::from_iter(put.await?)).await;
        let sums = sum.as_ref().map(Sum::fields).unwrap_or_default();
        Ok(UploadPartOutput {
            e_tag: Some(ETag::Strong(etag)),
            checksum_crc32: sums.checksum_crc32,
            checksum_crc32c: sums.checksum_crc32c,
            checksum_crc64nvme: sums.checksum_crc64nvme,
            checksum_sha1: sums.checksum_sha1,
            checksum_sha256: sums.checksum_sha256,
            ..Default::default()
        })
    }

    pub(super) async fn show_uploads(
        &self,
        input: ListMultipartUploadsInput,
    ) -> S3Result<ListMultipartUploadsOutput> {
        let (bucket, prefix) = (input.bucket.clone(), input.prefix.clone().unwrap_or_default());
        let found = self.catalogue.transact(move |tx| catalogue::uploads(tx, &bucket, &prefix)).await?;
        let shown = found.into_iter().map(|(key, id)| MultipartUpload {
            key: Some(key),
            upload_id: Some(id),
            ..Default::default()
        });
        Ok(ListMultipartUploadsOutput {
            uploads: Some(shown.collect()),
            is_truncated: Some(false),
            bucket: Some(input.bucket),
            prefix: input.prefix,
            ..Default::default()
        })
    }

    pub(super) async fn show_parts(&self, input: ListPartsInput) -> S3Result<ListPartsOutput> {
        let ListPartsInput { bucket, key, upload_id, .. } = input;
        let parts = self.parts(&Address::new(&bucket, &key)?, &upload_id).await?;
        let shown = parts.into_iter().map(|(number, part)| Part {
            part_number: Some(number),
            size: Some(signed(part.size)),
            e_tag: Some(ETag::Strong(part.etag)),
            last_modified: Some(timestamp(part.modified_ms)),
            ..Default::default()
        });
        Ok(ListPartsOutput {
            parts: Some(shown.collect()),
            is_truncated: Some(false),
            bucket: Some(bucket),
            key: Some(key),
            upload_id: Some(upload_id),
            ..Default::default()
        })
    }

    /// Makes the object from the parts named in the request. The condition is checked when all is ready, so that an
    /// upload that loses keeps its parts and can be tried again or aborted.
    pub(super) async fn complete(
        &self,
        input: CompleteMultipartUploadInput,
    ) -> S3Result<CompleteMultipartUploadOutput> {
        let CompleteMultipartUploadInput { bucket, key, upload_id, multipart_upload, .. } = input;
        let at = Address::new(&bucket, &key)?;
        let condition = Condition::from_headers(input.if_match.as_ref(), input.if_none_match.as_ref())?;
        let wanted = multipart_upload.and_then(|upload| upload.parts).unwrap_or_default();
        let parts = in_order(&wanted, self.parts(&at, &upload_id).await?)?;
        let etag = combined_etag(&parts)?;
        let told = [
            input.checksum_crc32,
            input.checksum_crc32c,
            input.checksum_crc64nvme,
            input.checksum_sha1,
            input.checksum_sha256,
        ];
        let (of, id) = (at.clone(), upload_id.clone());
        let upload = self.catalogue.transact(move |tx| catalogue::upload(tx, &id, &of)).await?;
        let manner = upload.manner.unwrap_or(Manner::DEFAULT);

        let blobs = self.blobs.clone();
        let joining = tokio::task::spawn_blocking(move || {
            blobs.concatenate(parts.iter().map(|part| part.blob.as_str()), manner)
        });
        let draft = joining.await.map_err(failed)?.map_err(failed)?;
        let sum = draft.sum.clone();
        let known = sum.as_ref().map(|sum| sum.value.as_str());
        if let Some(wrong) = told.iter().flatten().find(|told| Some(told.as_str()) != known) {
            return Err(s3_error!(BadDigest, "{wrong} is not the checksum of the object"));
        }
        let content = Content {
            blob: draft.id.clone(),
            size: draft.size,
            etag: etag.clone(),
            modified_ms: machine_ms(),
        };
        let completed = self.catalogue.transact(move |tx| {
            let description = catalogue::upload(tx, &upload_id, &at)?;
            let description = Description { sum: draft.sum.clone(), manner: None, ..description };
            let mut unnamed = catalogue::end_upload(tx, &upload_id, &at)?;
            unnamed.extend(catalogue::put_object(tx, &at, &Object { content, description }, &condition)?);
            draft.keep();
            Ok::<_, CatalogueError>(unnamed)
        });
        self.blobs.discard(completed.await?).await;
        let output = CompleteMultipartUploadOutput {
            bucket: Some(bucket),
            key: Some(key),
            e_tag: Some(ETag::Strong(etag)),
            ..Default::default()
        };
        Ok(with_sum!(output, sum.as_ref()))
    }

    pub(super) async fn abort(
        &self,
        input: AbortMultipartUploadInput,
    ) -> S3Result<AbortMultipartUploadOutput> {
        let at = Address::new(&input.bucket, &input.key)?;
        let ended =
            self.catalogue.transact(move |tx| catalogue::end_upload(tx, &input.upload_id, &at)).await?;
        self.blobs.discard(ended).await;
        Ok(AbortMultipartUploadOutput::default())
    }

    async fn parts(&self, at: &Address, upload_id: &str) -> Result<BTreeMap<i32, Content>, CatalogueError> {
        let (at, upload_id) = (at.clone(), upload_id.to_owned());
        self.catalogue.transact(move |tx| catalogue::parts(tx, &upload_id, &at)).await
    }
}

/// The stored parts that a completion names: ascending, each as it was uploaded, none too small.
fn in_order(wanted: &[CompletedPart], mut stored: BTreeMap<i32, Content>) -> S3Result<Vec<Content>> {
    if wanted.is_empty() {
        return Err(s3_error!(MalformedXML, "a completion names at least one part"));
    }
    if !wanted.is_sorted_by(|one, next| one.part_number < next.part_number) {
        return Err(s3_error!(InvalidPartOrder, "the parts are not in ascending order"));
    }
    let mut parts = Vec::with_capacity(wanted.len());
    for (index, named) in wanted.iter().enumerate() {
        let number = named.part_number.unwrap_or_default();
        let part = stored
            .remove(&number)
            .filter(|part| named.e_tag.as_ref().is_none_or(|etag| etag.value() == part.etag));
        let Some(part) = part else {
            return Err(s3_error!(InvalidPart, "part {number} was not uploaded, or its ETag differs"));
        };
        if part.size < MIN_PART_BYTES && index + 1 < wanted.len() {
            return Err(s3_error!(EntityTooSmall, "part {number} has less than 5 MiB and is not the last"));
        }
        parts.push(part);
    }
    Ok(parts)
}

/// The ETag of a multipart object: the MD5 of its parts' MD5s, and their number.
fn combined_etag(parts: &[Content]) -> S3Result<String> {
    let mut md5 = Md5::new();
    for part in parts {
        md5.update(hex::decode(&part.etag).map_err(failed)?);
    }
    Ok(format!("{}-{}", hex::encode(md5.finalize()), parts.len()))
}

#[cfg(test)]
mod tests {
    use s3s::S3ErrorCode;

    use super::*;

    fn stored(sizes: &[u64]) -> BTreeMap<i32, Content> {
        let part =
            |&size: &u64| Content { blob: "b".into(), size, etag: format!("{size:032x}"), modified_ms: 0 };
        (1..).zip(sizes.iter().map(part)).collect()
    }

    fn named(numbers: &[i32]) -> Vec<CompletedPart> {
        let part = |&number: &i32| CompletedPart { part_number: Some(number), ..Default::default() };
        numbers.iter().map(part).collect()
    }

    #[test]
    fn a_completion_takes_only_parts_it_can_join() {
        let sizes = [MIN_PART_BYTES, 1, 1];
        let refused = |numbers: &[i32]| in_order(&named(numbers), stored(&sizes)).unwrap_err().code().clone();
        assert_eq!(refused(&[]), S3ErrorCode::MalformedXML);
        assert_eq!(refused(&[2, 1]), S3ErrorCode::InvalidPartOrder);
        assert_eq!(refused(&[1, 4]), S3ErrorCode::InvalidPart);
        assert_eq!(refused(&[1, 2, 3]), S3ErrorCode::EntityTooSmall);
        let mut stale = named(&[1]);
        stale[0].e_tag = Some(ETag::Strong("other".into()));
        assert_eq!(*in_order(&stale, stored(&sizes)).unwrap_err().code(), S3ErrorCode::InvalidPart);
        assert_eq!(in_order(&named(&[1, 3]), stored(&sizes)).unwrap().len(), 2);
    }

    #[test]
    fn a_multipart_etag_counts_its_parts() {
        let part = |etag: &str| Content { blob: "b".into(), size: 1, etag: etag.into(), modified_ms: 0 };
        // MD5 of the 16 raw bytes of MD5("hello").
        let etag = combined_etag(&[part("5d41402abc4b2a76b9719d911017c592")]).unwrap();
        assert!(etag.ends_with("-1") && etag.len() == 34, "{etag}");
        assert_ne!(etag, combined_etag(&[part("00000000000000000000000000000000")]).unwrap());
    }
}
