//! CopyObject: another name for the same bytes, in a file of its own.

use s3s::dto::*;
use s3s::{S3Result, s3_error};

use super::catalogue::{self, Address, CatalogueError, Content, Description, Object};
use super::checksums::{Manner, Sum};
use super::conditions::{Condition, Wish};
use super::failed;
use super::objects::{Objects, timestamp, whole_seconds, with_sum};
use crate::clock::machine_ms;

impl Objects {
    pub(super) async fn copy(&self, mut input: CopyObjectInput) -> S3Result<CopyObjectOutput> {
        let CopySource::Bucket { bucket, key, .. } = &input.copy_source else {
            return Err(s3_error!(NotImplemented, "an object is copied from a bucket of these endpoints"));
        };
        let (from, at) = (Address::new(bucket, key)?, Address::new(&input.bucket, &input.key)?);
        let replaces = input.metadata_directive.as_ref().map(MetadataDirective::as_str) == Some("REPLACE");
        if from.bucket == at.bucket && from.key == at.key && !replaces {
            let reason = "a copy onto itself must change something: give MetadataDirective REPLACE";
            return Err(s3_error!(InvalidRequest, "{reason}"));
        }
        let source = self.catalogue.transact(move |tx| catalogue::object(tx, &from)).await?;
        Wish {
            if_match: input.copy_source_if_match.as_ref(),
            if_none_match: input.copy_source_if_none_match.as_ref(),
            if_modified_since: input.copy_source_if_modified_since.as_ref(),
            if_unmodified_since: input.copy_source_if_unmodified_since.as_ref(),
        }
        .check(&source.content.etag, &timestamp(whole_seconds(source.content.modified_ms)))?;

        let (blobs, blob) = (self.blobs.clone(), source.content.blob.clone());
        let manner = source
            .description
            .sum
            .as_ref()
            .map_or(Manner::DEFAULT, |sum| Manner { whole: true, ..sum.manner });
        let copying =
            tokio::task::spawn_blocking(move || blobs.concatenate([blob.as_str()].into_iter(), manner));
        let draft = copying.await.map_err(failed)?.map_err(failed)?;
        let (etag, modified_ms) = (source.content.etag, machine_ms());
        let content = Content { blob: draft.id.clone(), size: draft.size, etag: etag.clone(), modified_ms };
        let sum = draft.sum.clone();
        let mut description = Description::of_copy(source.description, &mut input)?;
        description.sum.clone_from(&sum);
        let object = Object { content, description };
        let put = self.catalogue.transact(move |tx| {
            let replaced = catalogue::put_object(tx, &at, &object, &Condition::Always)?;
            draft.keep();
            Ok::<_, CatalogueError>(replaced)
        });
        self.blobs.discard(Vec::from_iter(put.await?)).await;
        let result = CopyObjectResult {
            e_tag: Some(ETag::Strong(etag)),
            last_modified: Some(timestamp(modified_ms)),
            ..Default::default()
        };
        let copy_object_result = Some(with_sum!(result, sum.as_ref()));
        Ok(CopyObjectOutput { copy_object_result, ..Default::default() })
    }
}
