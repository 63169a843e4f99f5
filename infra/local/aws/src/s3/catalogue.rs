//! What S3 knows of buckets, objects and unfinished uploads. Every change is one transaction, so a condition is
//! checked and its write made visible at the same instant.

use std::collections::{BTreeMap, HashSet};

use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};

use super::checksums::{Manner, Sum};
use super::conditions::Condition;
use crate::database::DatabaseError;

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS buckets(
        name TEXT PRIMARY KEY,
        created_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS objects(
        bucket TEXT NOT NULL REFERENCES buckets(name),
        key TEXT NOT NULL,
        blob TEXT NOT NULL,
        size INTEGER NOT NULL,
        etag TEXT NOT NULL,
        modified_ms INTEGER NOT NULL,
        description TEXT NOT NULL,
        PRIMARY KEY(bucket, key)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS uploads(
        id TEXT PRIMARY KEY,
        bucket TEXT NOT NULL REFERENCES buckets(name),
        key TEXT NOT NULL,
        description TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS parts(
        upload TEXT NOT NULL REFERENCES uploads(id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        blob TEXT NOT NULL,
        size INTEGER NOT NULL,
        etag TEXT NOT NULL,
        modified_ms INTEGER NOT NULL,
        PRIMARY KEY(upload, number)
    ) STRICT, WITHOUT ROWID;
";

/// Where an object is. Keys and descriptions are the callers' words: they do not print.
#[derive(Clone)]
pub(super) struct Address {
    pub(super) bucket: String,
    pub(super) key: String,
}

/// What the client said of an object and gets back with it.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Description {
    pub(super) content_type: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) content_disposition: Option<String>,
    pub(super) content_language: Option<String>,
    pub(super) cache_control: Option<String>,
    pub(super) metadata: BTreeMap<String, String>,
    pub(super) tags: BTreeMap<String, String>,
    /// Of an object, its checksum.
    #[serde(default)]
    pub(super) sum: Option<Sum>,
    /// Of an unfinished upload, how its object's checksum is made.
    #[serde(default)]
    pub(super) manner: Option<Manner>,
}

/// Stored bytes and their identity: an object's content, or one part of an upload.
#[derive(Debug, Clone)]
pub(super) struct Content {
    pub(super) blob: String,
    pub(super) size: u64,
    pub(super) etag: String,
    pub(super) modified_ms: i64,
}

pub(super) struct Object {
    pub(super) content: Content,
    pub(super) description: Description,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum CatalogueError {
    #[error("the bucket does not exist")]
    NoSuchBucket,
    #[error("the key does not exist")]
    NoSuchKey,
    #[error("the upload does not exist: it was completed or aborted, or never begun")]
    NoSuchUpload,
    #[error("the bucket exists already and is yours")]
    BucketExists,
    #[error("the bucket still holds objects or unfinished uploads")]
    BucketNotEmpty,
    #[error("at least one of the preconditions does not hold")]
    PreconditionFailed,
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl From<rusqlite::Error> for CatalogueError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error.into())
    }
}

impl From<serde_json::Error> for CatalogueError {
    fn from(error: serde_json::Error) -> Self {
        Self::Database(error.into())
    }
}

pub(super) fn create_bucket(tx: &Transaction<'_>, name: &str, now_ms: i64) -> Result<(), CatalogueError> {
    let created = tx.execute("INSERT OR IGNORE INTO buckets VALUES (?1, ?2)", params![name, now_ms])?;
    if created == 1 { Ok(()) } else { Err(CatalogueError::BucketExists) }
}

pub(super) fn delete_bucket(tx: &Transaction<'_>, name: &str) -> Result<(), CatalogueError> {
    require_bucket(tx, name)?;
    let in_use: bool = tx.query_row(
        "SELECT EXISTS(SELECT 1 FROM objects WHERE bucket = ?1) OR EXISTS(SELECT 1 FROM uploads WHERE bucket = ?1)",
        [name],
        |row| row.get(0),
    )?;
    if in_use {
        return Err(CatalogueError::BucketNotEmpty);
    }
    tx.execute("DELETE FROM buckets WHERE name = ?1", [name])?;
    Ok(())
}

/// Names and creation times.
pub(super) fn buckets(tx: &Transaction<'_>) -> Result<Vec<(String, i64)>, CatalogueError> {
    let mut statement = tx.prepare_cached("SELECT name, created_ms FROM buckets ORDER BY name")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn require_bucket(tx: &Transaction<'_>, name: &str) -> Result<(), CatalogueError> {
    let found = tx.prepare_cached("SELECT 1 FROM buckets WHERE name = ?1")?.exists([name])?;
    if found { Ok(()) } else { Err(CatalogueError::NoSuchBucket) }
}

/// Puts `object` in its place if `condition` holds there, and returns the blob it replaces.
pub(super) fn put_object(
    tx: &Transaction<'_>,
    at: &Address,
    object: &Object,
    condition: &Condition,
) -> Result<Option<String>, CatalogueError> {
    require_bucket(tx, &at.bucket)?;
    let current: Option<(String, String)> = tx
        .prepare_cached("SELECT blob, etag FROM objects WHERE bucket = ?1 AND key = ?2")?
        .query_row([&at.bucket, &at.key], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    condition.check(current.as_ref().map(|(_, etag)| etag.as_str()))?;
    let content = &object.content;
    tx.prepare_cached("INSERT OR REPLACE INTO objects VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?.execute(
        params![
            at.bucket,
            at.key,
            content.blob,
            content.size,
            content.etag,
            content.modified_ms,
            serde_json::to_string(&object.description)?
        ],
    )?;
    Ok(current.map(|(blob, _)| blob))
}

pub(super) fn object(tx: &Transaction<'_>, at: &Address) -> Result<Object, CatalogueError> {
    let found: Option<(Content, String)> = tx
        .prepare_cached(
            "SELECT blob, size, etag, modified_ms, description FROM objects WHERE bucket = ?1 AND key = ?2",
        )?
        .query_row([&at.bucket, &at.key], |row| Ok((content(row)?, row.get(4)?)))
        .optional()?;
    let Some((content, description)) = found else {
        require_bucket(tx, &at.bucket)?;
        return Err(CatalogueError::NoSuchKey);
    };
    Ok(Object { content, description: serde_json::from_str(&description)? })
}

/// Replaces the tags of an object and leaves all else, the time of modification included.
pub(super) fn set_tags(
    tx: &Transaction<'_>,
    at: &Address,
    tags: BTreeMap<String, String>,
) -> Result<(), CatalogueError> {
    let description = Description { tags, ..object(tx, at)?.description };
    tx.execute(
        "UPDATE objects SET description = ?3 WHERE bucket = ?1 AND key = ?2",
        params![at.bucket, at.key, serde_json::to_string(&description)?],
    )?;
    Ok(())
}

/// Removes an object, if there is one, and returns its blob.
pub(super) fn delete_object(tx: &Transaction<'_>, at: &Address) -> Result<Option<String>, CatalogueError> {
    require_bucket(tx, &at.bucket)?;
    let blob = tx
        .prepare_cached("DELETE FROM objects WHERE bucket = ?1 AND key = ?2 RETURNING blob")?
        .query_row([&at.bucket, &at.key], |row| row.get(0))
        .optional()?;
    Ok(blob)
}

pub(super) fn begin_upload(
    tx: &Transaction<'_>,
    id: &str,
    at: &Address,
    description: &Description,
) -> Result<(), CatalogueError> {
    require_bucket(tx, &at.bucket)?;
    let description = serde_json::to_string(description)?;
    tx.execute("INSERT INTO uploads VALUES (?1, ?2, ?3, ?4)", params![id, at.bucket, at.key, description])?;
    Ok(())
}

pub(super) fn upload(tx: &Transaction<'_>, id: &str, at: &Address) -> Result<Description, CatalogueError> {
    let found: Option<String> = tx
        .prepare_cached("SELECT description FROM uploads WHERE id = ?1 AND bucket = ?2 AND key = ?3")?
        .query_row([id, at.bucket.as_str(), at.key.as_str()], |row| row.get(0))
        .optional()?;
    Ok(serde_json::from_str(&found.ok_or(CatalogueError::NoSuchUpload)?)?)
}

/// Keys and ids of the unfinished uploads whose key begins with `prefix`.
pub(super) fn uploads(
    tx: &Transaction<'_>,
    bucket: &str,
    prefix: &str,
) -> Result<Vec<(String, String)>, CatalogueError> {
    require_bucket(tx, bucket)?;
    let mut statement = tx.prepare_cached(
        "SELECT key, id FROM uploads WHERE bucket = ?1 AND substr(key, 1, length(?2)) = ?2 ORDER BY key, id",
    )?;
    let rows = statement.query_map([bucket, prefix], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Adds a part, or replaces the one of that number and returns its blob.
pub(super) fn put_part(
    tx: &Transaction<'_>,
    id: &str,
    at: &Address,
    number: i32,
    part: &Content,
) -> Result<Option<String>, CatalogueError> {
    upload(tx, id, at)?;
    let replaced = tx
        .query_row("SELECT blob FROM parts WHERE upload = ?1 AND number = ?2", params![id, number], |row| {
            row.get(0)
        })
        .optional()?;
    tx.execute(
        "INSERT OR REPLACE INTO parts VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![id, number, part.blob, part.size, part.etag, part.modified_ms],
    )?;
    Ok(replaced)
}

/// The parts of an upload by their numbers.
pub(super) fn parts(
    tx: &Transaction<'_>,
    id: &str,
    at: &Address,
) -> Result<BTreeMap<i32, Content>, CatalogueError> {
    upload(tx, id, at)?;
    let mut statement =
        tx.prepare_cached("SELECT blob, size, etag, modified_ms, number FROM parts WHERE upload = ?1")?;
    let rows = statement.query_map([id], |row| Ok((row.get(4)?, content(row)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Forgets an upload and returns the blobs of its parts.
pub(super) fn end_upload(
    tx: &Transaction<'_>,
    id: &str,
    at: &Address,
) -> Result<Vec<String>, CatalogueError> {
    let blobs = parts(tx, id, at)?.into_values().map(|part| part.blob).collect();
    tx.execute("DELETE FROM uploads WHERE id = ?1", [id])?;
    Ok(blobs)
}

/// Every blob that an object or a part names.
pub(super) fn named_blobs(tx: &Transaction<'_>) -> Result<HashSet<String>, CatalogueError> {
    let mut statement = tx.prepare("SELECT blob FROM objects UNION ALL SELECT blob FROM parts")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn content(row: &Row<'_>) -> rusqlite::Result<Content> {
    Ok(Content { blob: row.get(0)?, size: row.get(1)?, etag: row.get(2)?, modified_ms: row.get(3)? })
}
