//! Secrets Manager: secrets as text on SQLite, spoken to in AWS JSON. What is kept is on this machine's disk as it is,
//! in a file that only its owner can read; there is no KMS here.

mod errors;

use std::path::Path;

use axum::Router;
use axum::body::Bytes;
use rusqlite::{OptionalExtension as _, Transaction, params};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::database::Database;
use crate::json_protocol::{self, Service};
use crate::keys::Keys;
use crate::{ACCOUNT_ID, REGION, StartError};
use errors::SecretsError;

pub(crate) const SERVICE: &str = "SecretsManager";

/// "AWS Secrets Manager quotas": 65,536 bytes, each of which JSON may escape six-fold, and room for the rest.
const MAX_REQUEST_BYTES: usize = 512 * 1024;
const MAX_SECRET_BYTES: usize = 65_536;
const MAX_NAME_CHARS: usize = 512;
/// A secret that was deleted without saying for how long it can be restored.
const USUAL_RECOVERY_DAYS: i64 = 30;
const DAY_MS: i64 = 86_400_000;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS secret (
        name TEXT PRIMARY KEY,
        version TEXT NOT NULL,
        text TEXT NOT NULL,
        created_ms INTEGER NOT NULL,
        deleted_at_ms INTEGER
    ) STRICT;
";

/// Opens the secrets in `file`, or in memory. The service answers requests that are signed with `keys`.
pub(crate) fn router(file: Option<&Path>, keys: &Keys, clock: Clock) -> Result<Router, StartError> {
    let database = Database::open(file, SCHEMA)
        .map_err(|error| StartError::Store { service: SERVICE, reason: error.to_string() })?;
    Ok(json_protocol::router(SecretsManager { database, clock }, keys))
}

struct SecretsManager {
    database: Database,
    clock: Clock,
}

impl Service for SecretsManager {
    const SIGNING_NAME: &'static str = "secretsmanager";
    const TARGET_PREFIX: &'static str = "secretsmanager.";
    const MAX_REQUEST_BYTES: usize = MAX_REQUEST_BYTES;

    type Error = SecretsError;

    async fn call(&self, operation: &str, request: Bytes) -> Result<String, SecretsError> {
        let now = self.clock.now_ms();
        match operation {
            "CreateSecret" => self.run(&request, move |tx, asked| create(tx, asked, now)).await,
            "PutSecretValue" => self.run(&request, move |tx, asked| put(tx, asked, now)).await,
            "GetSecretValue" => self.run(&request, move |tx, asked| get(tx, &asked, now)).await,
            "DeleteSecret" => self.run(&request, move |tx, asked| delete(tx, &asked, now)).await,
            unknown => Err(Self::unknown(unknown)),
        }
    }

    fn unknown(operation: &str) -> SecretsError {
        SecretsError::UnknownOperation(operation.to_owned())
    }
}

impl SecretsManager {
    async fn run<Q, A>(
        &self,
        request: &[u8],
        work: impl FnOnce(&Transaction<'_>, Q) -> Result<A, SecretsError> + Send + 'static,
    ) -> Result<String, SecretsError>
    where
        Q: DeserializeOwned + Send + 'static,
        A: Serialize + Send + 'static,
    {
        let asked: Q = serde_json::from_slice(request).map_err(|error| {
            SecretsError::InvalidParameter(format!("The request cannot be read: {error}."))
        })?;
        let answer = self.database.transact(move |tx| work(tx, asked)).await?;
        serde_json::to_string(&answer).map_err(|error| SecretsError::Internal(error.into()))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Create {
    name: String,
    secret_string: String,
    client_request_token: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Put {
    secret_id: String,
    secret_string: String,
    client_request_token: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Get {
    secret_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Delete {
    secret_id: String,
    #[serde(default)]
    force_delete_without_recovery: bool,
    recovery_window_in_days: Option<i64>,
}

/// What is answered to a write.
#[derive(Serialize)]
struct Written {
    #[serde(rename = "ARN")]
    arn: String,
    #[serde(rename = "Name")]
    name: String,
    #[serde(rename = "VersionId")]
    version: String,
}

#[derive(Serialize)]
struct Value {
    #[serde(flatten)]
    written: Written,
    #[serde(rename = "SecretString")]
    text: String,
    #[serde(rename = "VersionStages")]
    stages: [&'static str; 1],
    /// Seconds since 1970.
    #[serde(rename = "CreatedDate")]
    created: f64,
}

#[derive(Serialize)]
struct Deleted {
    #[serde(rename = "ARN")]
    arn: String,
    #[serde(rename = "Name")]
    name: String,
    #[serde(rename = "DeletionDate")]
    at: f64,
}

struct Stored {
    version: String,
    text: String,
    created_ms: i64,
    deleted_at_ms: Option<i64>,
}

fn create(tx: &Transaction<'_>, asked: Create, now: i64) -> Result<Written, SecretsError> {
    check_name(&asked.name)?;
    check_text(&asked.secret_string)?;
    match stored(tx, &asked.name, now)? {
        Some(known) if known.deleted_at_ms.is_some() => return Err(SecretsError::MarkedForDeletion),
        // The same request once more.
        Some(known) if known.version == asked.client_request_token && known.text == asked.secret_string => {}
        Some(_) => return Err(SecretsError::Exists),
        None => {
            let row = params![asked.name, asked.client_request_token, asked.secret_string, now];
            tx.execute("INSERT INTO secret(name, version, text, created_ms) VALUES (?1, ?2, ?3, ?4)", row)?;
        }
    }
    Ok(written(asked.name, asked.client_request_token))
}

fn put(tx: &Transaction<'_>, asked: Put, now: i64) -> Result<Written, SecretsError> {
    check_text(&asked.secret_string)?;
    let name = name_of(&asked.secret_id);
    let known = require(tx, &name, now)?;
    if known.version == asked.client_request_token && known.text != asked.secret_string {
        return Err(SecretsError::Exists);
    }
    tx.execute(
        "UPDATE secret SET version = ?2, text = ?3 WHERE name = ?1",
        params![name, asked.client_request_token, asked.secret_string],
    )?;
    Ok(written(name, asked.client_request_token))
}

fn get(tx: &Transaction<'_>, asked: &Get, now: i64) -> Result<Value, SecretsError> {
    let name = name_of(&asked.secret_id);
    let known = require(tx, &name, now)?;
    Ok(Value {
        written: written(name, known.version),
        text: known.text,
        stages: ["AWSCURRENT"],
        created: seconds(known.created_ms),
    })
}

/// Without recovery it is gone at once, and one that is not there is no error (API reference, `DeleteSecret`).
fn delete(tx: &Transaction<'_>, asked: &Delete, now: i64) -> Result<Deleted, SecretsError> {
    let name = name_of(&asked.secret_id);
    if asked.force_delete_without_recovery && asked.recovery_window_in_days.is_some() {
        return Err(SecretsError::InvalidParameter(
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.".to_owned(),
        ));
    }
    let at = if asked.force_delete_without_recovery {
        tx.execute("DELETE FROM secret WHERE name = ?1", [&name])?;
        now
    } else {
        let days = asked.recovery_window_in_days.unwrap_or(USUAL_RECOVERY_DAYS);
        if !(7..=30).contains(&days) {
            return Err(SecretsError::InvalidParameter(
                "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).".to_owned(),
            ));
        }
        require(tx, &name, now)?;
        let at = now + days * DAY_MS;
        tx.execute("UPDATE secret SET deleted_at_ms = ?2 WHERE name = ?1", params![name, at])?;
        at
    };
    Ok(Deleted { arn: arn(&name), name, at: seconds(at) })
}

/// A secret that is there to be read.
fn require(tx: &Transaction<'_>, name: &str, now: i64) -> Result<Stored, SecretsError> {
    let known = stored(tx, name, now)?.ok_or(SecretsError::NotFound)?;
    if known.deleted_at_ms.is_some() { Err(SecretsError::MarkedForDeletion) } else { Ok(known) }
}

fn stored(tx: &Transaction<'_>, name: &str, now: i64) -> Result<Option<Stored>, SecretsError> {
    tx.execute("DELETE FROM secret WHERE name = ?1 AND deleted_at_ms <= ?2", params![name, now])?;
    let query = "SELECT version, text, created_ms, deleted_at_ms FROM secret WHERE name = ?1";
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Stored {
            version: row.get(0)?,
            text: row.get(1)?,
            created_ms: row.get(2)?,
            deleted_at_ms: row.get(3)?,
        })
    };
    Ok(tx.query_row(query, [name], read).optional()?)
}

fn check_name(name: &str) -> Result<(), SecretsError> {
    let fits = (1..=MAX_NAME_CHARS).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_+=.@-".contains(&b));
    let wrong = "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!";
    if fits { Ok(()) } else { Err(SecretsError::InvalidParameter(wrong.to_owned())) }
}

fn check_text(text: &str) -> Result<(), SecretsError> {
    if (1..=MAX_SECRET_BYTES).contains(&text.len()) {
        return Ok(());
    }
    Err(SecretsError::InvalidParameter(format!("SecretString has 1 to {MAX_SECRET_BYTES} bytes.")))
}

/// The name in an ARN, whose end is a hyphen and six characters; or the name as it is.
fn name_of(id: &str) -> String {
    let named = id.strip_prefix("arn:").and_then(|arn| arn.split_once(":secret:"));
    named.map_or(id, |(_, name)| name.rsplit_once('-').map_or(name, |(name, _)| name)).to_owned()
}

fn arn(name: &str) -> String {
    format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT_ID}:secret:{name}-local1")
}

fn written(name: String, version: String) -> Written {
    Written { arn: arn(&name), name, version }
}

fn seconds(ms: i64) -> f64 {
    ms as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_named_by_its_arn_as_well() {
        assert_eq!(name_of(&arn("stack/twilio/a-shop")), "stack/twilio/a-shop");
        assert_eq!(name_of("stack/twilio/a-shop"), "stack/twilio/a-shop");
    }

    #[test]
    fn names_have_the_documented_characters() {
        for good in ["a", "stack/twilio/shop-1", "x_+=.@-"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", "a b", "ü", &"a".repeat(513)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
