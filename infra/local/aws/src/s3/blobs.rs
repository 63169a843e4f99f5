//! The bytes of objects and parts: immutable files, each written once under a name of its own.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine};
use futures_util::StreamExt;
use http::HeaderMap;
use md5::{Digest, Md5};
use s3s::dto::StreamingBlob;
use s3s::{S3Result, TrailingHeaders, s3_error};
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

use super::checksums::{Announced, Manner, OfParts, Sum};
use super::failed;
use crate::home::private;

/// The largest body of one PUT or part: 5 GB ("Amazon S3 multipart upload limits").
const MAX_BODY_BYTES: u64 = 5 * 1024 * 1024 * 1024;
/// How long a body may stand still before its upload is given up.
const BODY_IDLE: Duration = Duration::from_secs(30);
/// Bytes gathered before a write reaches the file.
const WRITE_BUFFER_BYTES: usize = 256 * 1024;

/// The directory of blobs.
#[derive(Debug, Clone)]
pub(super) struct Blobs {
    directory: PathBuf,
}

/// A complete file that no object names yet; dropping it removes it.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) id: String,
    pub(super) size: u64,
    pub(super) md5: [u8; 16],
    pub(super) sum: Option<Sum>,
    path: PathBuf,
    kept: bool,
}

impl Blobs {
    pub(super) fn new(directory: &Path) -> Self {
        Self { directory: directory.to_owned() }
    }

    /// Stores a body to its end and verifies every digest the client sent with it, in headers or trailers.
    pub(super) async fn receive(
        &self,
        body: StreamingBlob,
        headers: &HeaderMap,
        trailers: Option<TrailingHeaders>,
    ) -> S3Result<Draft> {
        let mut draft = self.draft();
        let mut new = fs::File::options();
        let new = tokio::fs::OpenOptions::from(private(new.write(true).create_new(true)).clone());
        let file = new.open(&draft.path).await.map_err(failed)?;
        let mut file = tokio::io::BufWriter::with_capacity(WRITE_BUFFER_BYTES, file);
        let mut md5 = Md5::new();
        let mut checksums = Announced::of(headers);
        let mut body = body;
        while let Some(chunk) = next_chunk(&mut body).await? {
            draft.size += chunk.len() as u64;
            if draft.size > MAX_BODY_BYTES {
                return Err(s3_error!(
                    EntityTooLarge,
                    "one upload takes at most 5 GB: use a multipart upload"
                ));
            }
            md5.update(&chunk);
            checksums.update(&chunk);
            file.write_all(&chunk).await.map_err(failed)?;
        }
        file.flush().await.map_err(failed)?;
        draft.md5 = md5.finalize().into();
        let trailers = trailers.and_then(|trailers| trailers.take()).unwrap_or_default();
        verify_md5(headers, &draft.md5)?;
        draft.sum = checksums.verified(headers, &trailers)?;
        Ok(draft)
    }

    /// Writes the blobs `ids` after one another into a new one, summed in this manner. Blocks.
    pub(super) fn concatenate<'a>(
        &self,
        ids: impl Iterator<Item = &'a str>,
        manner: Manner,
    ) -> io::Result<Draft> {
        let mut draft = self.draft();
        let mut whole = private(fs::File::options().write(true).create_new(true)).open(&draft.path)?;
        let mut sum = OfParts::new(manner);
        let mut buffer = vec![0; WRITE_BUFFER_BYTES];
        for id in ids {
            let mut part = fs::File::open(self.path(id))?;
            let mut summed = sum.part();
            loop {
                let read = part.read(&mut buffer)?;
                if read == 0 {
                    break;
                }
                sum.update(&mut summed, &buffer[..read]);
                whole.write_all(&buffer[..read])?;
                draft.size += read as u64;
            }
            sum.end_part(summed);
        }
        draft.sum = sum.finish();
        Ok(draft)
    }

    pub(super) async fn open(&self, id: &str) -> io::Result<tokio::fs::File> {
        tokio::fs::File::open(self.path(id)).await
    }

    /// Removes blobs that nothing names any more. One that stays behind is swept at the next start.
    pub(super) async fn discard(&self, ids: Vec<String>) {
        for id in ids {
            if let Err(error) = tokio::fs::remove_file(self.path(&id)).await {
                tracing::debug!(%error, blob = id, "blob not removed");
            }
        }
    }

    /// Removes every file that `is_named` does not know: uploads and replacements that a kill cut short.
    pub(super) fn sweep(&self, is_named: impl Fn(&str) -> bool) -> io::Result<()> {
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            if !entry.file_name().to_str().is_some_and(&is_named) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    fn draft(&self) -> Draft {
        let id = Uuid::new_v4().simple().to_string();
        Draft { path: self.path(&id), id, size: 0, md5: [0; 16], sum: None, kept: false }
    }

    fn path(&self, id: &str) -> PathBuf {
        self.directory.join(id)
    }
}

impl Draft {
    /// The file now belongs to the object or part that names it.
    pub(super) fn keep(mut self) {
        self.kept = true;
    }

    /// The ETag of an object stored by one PUT: the MD5 of its bytes.
    pub(super) fn etag(&self) -> String {
        hex::encode(self.md5)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.kept {
            // It may never have been created; whatever else stays behind is swept at the next start.
            drop(fs::remove_file(&self.path));
        }
    }
}

async fn next_chunk(body: &mut StreamingBlob) -> S3Result<Option<bytes::Bytes>> {
    match tokio::time::timeout(BODY_IDLE, body.next()).await {
        Ok(None) => Ok(None),
        Ok(Some(Ok(chunk))) => Ok(Some(chunk)),
        Ok(Some(Err(error))) => {
            Err(s3_error!(IncompleteBody, "the body ended early or is malformed: {error}"))
        }
        Err(_) => Err(s3_error!(RequestTimeout, "no byte of the body came for {} s", BODY_IDLE.as_secs())),
    }
}

fn verify_md5(headers: &HeaderMap, computed: &[u8; 16]) -> S3Result<()> {
    let Some(sent) = headers.get("content-md5") else { return Ok(()) };
    if sent.as_bytes() == BASE64_STANDARD.encode(computed).as_bytes() {
        return Ok(());
    }
    Err(s3_error!(BadDigest, "Content-MD5 is not that of the body"))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures_util::stream;
    use s3s::S3ErrorCode;

    use super::*;

    fn body(chunks: Vec<Result<&'static str, io::Error>>) -> StreamingBlob {
        StreamingBlob::wrap(
            stream::iter(chunks).map(|chunk| chunk.map(|text| Bytes::from_static(text.as_bytes()))),
        )
    }

    fn files(directory: &Path) -> usize {
        fs::read_dir(directory).unwrap().count()
    }

    #[tokio::test]
    async fn a_body_with_the_wrong_checksum_leaves_no_file() {
        let directory = tempfile::tempdir().unwrap();
        let blobs = Blobs::new(directory.path());
        for (name, right) in
            [("x-amz-checksum-crc32", "NhCmhg=="), ("content-md5", "XUFAKrxLKna5cZ2REBfFkg==")]
        {
            let with = |value: &str| HeaderMap::from_iter([(name.parse().unwrap(), value.parse().unwrap())]);
            let refused = blobs.receive(body(vec![Ok("hello")]), &with("AAAAAA=="), None).await.unwrap_err();
            assert_eq!(*refused.code(), S3ErrorCode::BadDigest);
            assert_eq!(files(directory.path()), 0);
            blobs.receive(body(vec![Ok("hel"), Ok("lo")]), &with(right), None).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_body_cut_short_leaves_no_file() {
        let directory = tempfile::tempdir().unwrap();
        let cut = body(vec![Ok("half"), Err(io::ErrorKind::ConnectionReset.into())]);
        let refused = Blobs::new(directory.path()).receive(cut, &HeaderMap::new(), None).await.unwrap_err();
        assert_eq!(*refused.code(), S3ErrorCode::IncompleteBody);
        assert_eq!(files(directory.path()), 0);
    }

    #[tokio::test]
    async fn a_sweep_removes_only_what_nothing_names() {
        let directory = tempfile::tempdir().unwrap();
        let blobs = Blobs::new(directory.path());
        let named = blobs.receive(body(vec![Ok("a")]), &HeaderMap::new(), None).await.unwrap();
        let orphan = blobs.receive(body(vec![Ok("b")]), &HeaderMap::new(), None).await.unwrap();
        let id = named.id.clone();
        named.keep();
        orphan.keep();
        blobs.sweep(|name| name == id).unwrap();
        assert_eq!(files(directory.path()), 1);
        blobs.open(&id).await.unwrap();
    }
}
