//! What travels with an object beside its bytes: headers, user metadata, tags.

use std::collections::BTreeMap;

use s3s::dto::{
    CopyObjectInput, CreateMultipartUploadInput, Metadata, MetadataDirective, PutObjectInput, Tag,
    TaggingDirective,
};
use s3s::{S3Result, s3_error};
use url::form_urlencoded;

use super::catalogue::Description;
use super::checksums::Manner;

/// What S3 calls an object of unstated type.
const DEFAULT_CONTENT_TYPE: &str = "binary/octet-stream";

// The limits of "Categorizing your storage using tags", S3 User Guide.
const MAX_TAGS: usize = 10;
const MAX_TAG_KEY_CHARS: usize = 128;
const MAX_TAG_VALUE_CHARS: usize = 256;

/// What a request that makes an object says about it.
macro_rules! described {
    ($input:expr) => {
        Description {
            content_type: $input.content_type.take(),
            content_encoding: $input.content_encoding.take(),
            content_disposition: $input.content_disposition.take(),
            content_language: $input.content_language.take(),
            cache_control: $input.cache_control.take(),
            metadata: $input.metadata.take().unwrap_or_default().into_iter().collect(),
            tags: tags_of_header($input.tagging.as_deref())?,
            sum: None,
            manner: None,
        }
    };
}

impl Description {
    pub(super) fn of_put(input: &mut PutObjectInput) -> S3Result<Self> {
        Ok(described!(input))
    }

    pub(super) fn of_upload(input: &mut CreateMultipartUploadInput) -> S3Result<Self> {
        let manner = Manner::of_upload(input.checksum_algorithm.as_ref(), input.checksum_type.as_ref())?;
        Ok(Self { manner: Some(manner), ..described!(input) })
    }

    /// Of a copy: what its source is, but for what the request puts in its place.
    pub(super) fn of_copy(source: Self, input: &mut CopyObjectInput) -> S3Result<Self> {
        let replaces = |directive: Option<&str>| directive == Some("REPLACE");
        let mut copy = source;
        if replaces(input.metadata_directive.as_ref().map(MetadataDirective::as_str)) {
            copy.content_type = input.content_type.take();
            copy.content_encoding = input.content_encoding.take();
            copy.content_disposition = input.content_disposition.take();
            copy.content_language = input.content_language.take();
            copy.cache_control = input.cache_control.take();
            copy.metadata = input.metadata.take().unwrap_or_default().into_iter().collect();
        }
        if replaces(input.tagging_directive.as_ref().map(TaggingDirective::as_str)) {
            copy.tags = tags_of_header(input.tagging.as_deref())?;
        }
        Ok(copy)
    }

    pub(super) fn content_type(&self) -> String {
        self.content_type.clone().unwrap_or_else(|| DEFAULT_CONTENT_TYPE.to_owned())
    }

    pub(super) fn user_metadata(&self) -> Option<Metadata> {
        Some(self.metadata.clone().into_iter().collect())
    }
}

/// The tags in an `x-amz-tagging` header: `name=value&name=value`.
fn tags_of_header(header: Option<&str>) -> S3Result<BTreeMap<String, String>> {
    let pairs = form_urlencoded::parse(header.unwrap_or_default().as_bytes());
    checked_tags(pairs.map(|(key, value)| (key.into_owned(), value.into_owned())))
}

/// The tags in the body of PutObjectTagging.
pub(super) fn tags_of_set(set: Vec<Tag>) -> S3Result<BTreeMap<String, String>> {
    checked_tags(set.into_iter().map(|tag| (tag.key.unwrap_or_default(), tag.value.unwrap_or_default())))
}

pub(super) fn tag_set(tags: BTreeMap<String, String>) -> Vec<Tag> {
    tags.into_iter().map(|(key, value)| Tag { key: Some(key), value: Some(value) }).collect()
}

fn checked_tags(pairs: impl Iterator<Item = (String, String)>) -> S3Result<BTreeMap<String, String>> {
    let mut tags = BTreeMap::new();
    for (key, value) in pairs {
        if !(1..=MAX_TAG_KEY_CHARS).contains(&key.chars().count())
            || value.chars().count() > MAX_TAG_VALUE_CHARS
        {
            return Err(s3_error!(
                InvalidTag,
                "a tag has a key of 1 to 128 and a value of at most 256 characters"
            ));
        }
        if tags.insert(key, value).is_some() {
            return Err(s3_error!(InvalidTag, "a tag key is given twice"));
        }
    }
    if tags.len() > MAX_TAGS {
        return Err(s3_error!(InvalidTag, "an object has at most {MAX_TAGS} tags"));
    }
    Ok(tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tagging_header_is_decoded_and_bounded() {
        let tags = tags_of_header(Some("team=front%20desk&keep=")).unwrap();
        assert_eq!(tags["team"], "front desk");
        assert_eq!(tags["keep"], "");
        assert!(tags_of_header(Some("a=1&a=2")).is_err());
        assert!(tags_of_header(Some("=1")).is_err());
        let eleven: Vec<String> = (0..11).map(|n| format!("k{n}=v")).collect();
        assert!(tags_of_header(Some(&eleven.join("&"))).is_err());
    }
}
