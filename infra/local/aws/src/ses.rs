//! SES: `SendEmail` of its API v2, which puts e-mails into an outbox on SQLite and sends none. A person reads the outbox in a browser,
//! with the data folder's key pair as name and password.

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, StatusCode, header};
use rusqlite::params;
use serde::Deserialize;
use serde_json::json;
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use crate::StartError;
use crate::clock::Clock;
use crate::database::{Database, DatabaseError};
use crate::keys::Keys;
use crate::signature;

pub(crate) const SERVICE: &str = "SES";
const SIGNING_NAME: &str = "ses";
/// "Service quotas in Amazon SES": 40 MB; ours are short texts.
const MAX_REQUEST_BYTES: usize = 256 * 1024;
/// E-mails that the outbox shows, the latest first.
const SHOWN: usize = 200;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS mail (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL,
        at_ms INTEGER NOT NULL,
        sender TEXT NOT NULL,
        recipient TEXT NOT NULL,
        subject TEXT NOT NULL,
        body TEXT NOT NULL
    ) STRICT;
";

/// An e-mail that was taken.
#[derive(Clone, PartialEq, Eq)]
pub struct Mailed {
    /// SES's name of it.
    pub id: String,
    /// When, milliseconds.
    pub at_ms: i64,
    /// From.
    pub from: String,
    /// To.
    pub to: String,
    /// One line.
    pub subject: String,
    /// What it says.
    pub text: String,
}

// It speaks of persons.
impl std::fmt::Debug for Mailed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mailed").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What was taken.
#[derive(Debug, Clone)]
pub struct Outbox {
    database: Database,
}

impl Outbox {
    /// The e-mails, the latest first.
    ///
    /// # Errors
    /// What the database said.
    pub async fn latest(&self) -> Result<Vec<Mailed>, String> {
        let read = self.database.transact(move |tx| {
            let mut found = tx
                .prepare("SELECT id, at_ms, sender, recipient, subject, body FROM mail ORDER BY number DESC LIMIT ?1")
                .map_err(DatabaseError::from)?;
            let rows = found.query_map(params![SHOWN], |row| {
                Ok(Mailed {
                    id: row.get(0)?,
                    at_ms: row.get(1)?,
                    from: row.get(2)?,
                    to: row.get(3)?,
                    subject: row.get(4)?,
                    text: row.get(5)?,
                })
            });
            let rows = rows.map_err(DatabaseError::from)?;
            rows.collect::<Result<Vec<_>, _>>().map_err(DatabaseError::from)
        });
        read.await.map_err(|error: DatabaseError| error.to_string())
    }
}

struct Ses {
    outbox: Outbox,
    keys: Keys,
    clock: Clock,
}

/// Opens the outbox in `file`, or in memory. The service answers requests that are signed with `keys`.
pub(crate) fn router(file: Option<&Path>, keys: &Keys, clock: Clock) -> Result<(Router, Outbox), StartError> {
    let database = Database::open(file, SCHEMA)
        .map_err(|error| StartError::Store { service: SERVICE, reason: error.to_string() })?;
    let outbox = Outbox { database };
    let ses = Arc::new(Ses { outbox: outbox.clone(), keys: keys.clone(), clock });
    let router = Router::new()
        .route("/v2/email/outbound-emails", post(send))
        .route("/outbox", get(show))
        .with_state(ses);
    Ok((router, outbox))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendEmail {
    from_email_address: String,
    destination: Destination,
    content: Content,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Destination {
    to_addresses: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Content {
    simple: Simple,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Simple {
    subject: Text,
    body: Body,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    text: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Text {
    data: String,
}

async fn send(State(ses): State<Arc<Ses>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MAX_REQUEST_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    if let Err(unsigned) = signature::check(&head, &body, SIGNING_NAME, &ses.keys, SystemTime::now()) {
        return refused(StatusCode::FORBIDDEN, "InvalidSignatureException", &unsigned.to_string());
    }
    let Ok(asked) = serde_json::from_slice::<SendEmail>(&body) else {
        return refused(StatusCode::BAD_REQUEST, "BadRequestException", "The request cannot be read.");
    };
    let SendEmail { from_email_address: from, destination, content: Content { simple } } = asked;
    let all_are_addresses = destination.to_addresses.iter().chain([&from]).all(|one| one.contains('@'));
    if destination.to_addresses.is_empty() || !all_are_addresses {
        return refused(StatusCode::BAD_REQUEST, "BadRequestException", "Missing final '@domain'");
    }
    let (id, at_ms) = (Uuid::new_v4().to_string(), ses.clock.now_ms());
    let (named, to) = (id.clone(), destination.to_addresses.join(", "));
    let kept = ses.outbox.database.transact(move |tx| {
        let sql =
            "INSERT INTO mail (id, at_ms, sender, recipient, subject, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        tx.execute(sql, params![named, at_ms, from, to, simple.subject.data, simple.body.text.data])
            .map_err(DatabaseError::from)
    });
    match kept.await {
        Ok(_) => Json(json!({ "MessageId": id })).into_response(),
        Err(error) => {
            let error: DatabaseError = error;
            tracing::error!(%error, "an e-mail is not kept");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn refused(status: StatusCode, name: &'static str, message: &str) -> Response {
    (status, [("x-amzn-errortype", name)], Json(json!({ "message": message }))).into_response()
}

/// The outbox for a person who has the data folder's keys.
async fn show(State(ses): State<Arc<Ses>>, headers: HeaderMap) -> Response {
    let Keys { access_key_id, secret_access_key } = &ses.keys;
    let expected = format!("Basic {}", STANDARD.encode(format!("{access_key_id}:{secret_access_key}")));
    let given = headers.get(header::AUTHORIZATION).map(|given| given.as_bytes()).unwrap_or_default();
    if !bool::from(expected.as_bytes().ct_eq(given)) {
        let ask = [(header::WWW_AUTHENTICATE, "Basic realm=\"outbox\"")];
        return (StatusCode::UNAUTHORIZED, ask, "Name and password are the key pair of `switchboard env`.")
            .into_response();
    }
    match ses.outbox.latest().await {
        Ok(mails) => {
            let shown = |mail: &Mailed| {
                let Mailed { from, to, subject, text, .. } = mail;
                format!("From: {from}\nTo: {to}\nSubject: {subject}\n\n{text}\n")
            };
            let all: Vec<String> = mails.iter().map(shown).collect();
            all.join("\n----------------------------------------\n\n").into_response()
        }
        Err(error) => {
            tracing::error!(error, "the outbox cannot be read");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
