//! The bucket of files that people bring and take away. They come and go by links that are signed; what is made of one lies
//! beside it, a slice at a time.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use platform::objects::{NewObject, ObjectError, Objects, Pieces, Upload};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::edge::batch::JobError;
use crate::edge::parts::{Needs, Opener, Part};
use crate::edge::problem::Problem;

/// How long the links to files are good.
pub(crate) const LINK_TTL: Duration = Duration::from_secs(15 * 60);
const JSON: &str = "application/json";

/// The bucket of files. Its rule drops everything after some days.
pub(crate) struct FileBucket(Objects);

impl Part for FileBucket {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        let bucket = needs.vars.text("BUCKET_FILES");
        Box::new(move |deployment| Ok(Self(Objects::new(&deployment.aws, &bucket))))
    }
}

/// What there is to say of a row: where, and what. It holds nothing of what stands in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RowProblem<C> {
    pub(crate) line: u32,
    /// The header of the column.
    #[serde(default)]
    pub(crate) column: Option<String>,
    pub(crate) code: C,
}

impl FileBucket {
    /// A request by which a table of this length is put.
    pub(crate) async fn link_to_put(
        &self,
        key: &str,
        bytes: u64,
    ) -> Result<(Url, BTreeMap<String, String>), ObjectError> {
        let (url, headers) = self.0.presign_put(key, LINK_TTL, "text/csv", bytes).await?;
        // Every client sends these by itself.
        let own = ["content-length", "host"];
        let own = |name: &str| own.iter().any(|known| name.eq_ignore_ascii_case(known));
        Ok((url, headers.into_iter().filter(|(name, _)| !own(name)).collect()))
    }

    /// A link by which a file is fetched under this name.
    pub(crate) async fn link_to_get(&self, key: &str, name: &str) -> Result<Url, ObjectError> {
        let disposition = format!("attachment; filename=\"{name}\"");
        self.0.presign_get(key, LINK_TTL, Some(&disposition)).await
    }

    /// `None`: it is not there.
    pub(crate) async fn read(&self, key: &str) -> Result<Option<Pieces>, ObjectError> {
        match self.0.read(key).await {
            Ok(pieces) => Ok(Some(pieces)),
            Err(ObjectError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn upload(&self, key: String, content_type: &'static str) -> Upload {
        self.0.upload(NewObject { key, content_type, metadata: BTreeMap::new(), tag: None })
    }

    /// Deleting it again changes nothing.
    pub(crate) async fn delete(&self, key: &str) -> Result<(), ObjectError> {
        self.0.delete(key).await
    }

    /// Puts what was made of a slice.
    pub(crate) async fn put<T: Serialize + ?Sized>(&self, key: String, value: &T) -> Result<(), ObjectError> {
        let body = serde_json::to_vec(value)
            .map_err(|_| ObjectError::Rejected { code: "not to be written as JSON".to_owned() })?;
        let digest = hex::encode(Sha256::digest(&body));
        let object = NewObject { key, content_type: JSON, metadata: BTreeMap::new(), tag: None };
        // One that is there is of the same slice, by a job that was cut off.
        self.0.put_if_absent(&object, Bytes::from(body), &digest).await.map(drop)
    }

    /// `None`: it is not kept any more.
    pub(crate) async fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, ObjectError> {
        let Some(bytes) = self.0.whole(key).await? else { return Ok(None) };
        let read = serde_json::from_slice(&bytes);
        read.map(Some).map_err(|_| ObjectError::Rejected { code: "not what was written".to_owned() })
    }
}

impl From<ObjectError> for JobError {
    fn from(error: ObjectError) -> Self {
        Self::new("files", error)
    }
}

/// A file that is not to be had now, as it is answered.
pub(crate) fn no_file(error: &ObjectError) -> Problem {
    tracing::error!(%error, "the files' bucket does not answer");
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable").detail("try again").retry_after(5)
}
