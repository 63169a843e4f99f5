//! The requests and answers about keys and the log.

use std::collections::BTreeMap;

use domain::Timestamp;
use domain::access::{KeyId, Mistake, Network, NewKey, Role, Scope, Scopes, StoredKey};
use domain::zone::utc_day;
use jiff::civil::Date;
use platform::clock;
use serde::{Deserialize, Serialize};
use stores::requests::Entry;
use utoipa::{IntoParams, ToSchema};

use crate::edge::api::schema;
use crate::edge::problem::{FieldError, Problem};
use crate::shared::shapes::Time;

/// A key that is wanted. It has the scopes of its role and those that are named beside it, and no more than the key that
/// asks for it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "reports", "role": "viewer"}))]
pub(super) struct NewKeyRequest {
    /// What its holder calls it.
    #[schema(min_length = 1, max_length = 80)]
    name: String,
    /// `viewer`, `agent`, `admin` or `owner`: a usual set of scopes.
    #[serde(default)]
    #[schema(pattern = "^(viewer|agent|admin|owner)$")]
    role: Option<String>,
    /// Scopes by their names, such as `calls:read`.
    #[serde(default)]
    #[schema(example = json!(["calls:read"]))]
    scopes: Vec<String>,
    /// Networks that it may be used from, such as `203.0.113.0/24`; none: from anywhere.
    #[serde(default)]
    networks: Vec<String>,
    /// When it stops being good, RFC 3339; null: never.
    #[serde(default)]
    expires_at: Option<String>,
}

impl NewKeyRequest {
    /// # Errors
    /// 422 with a pointer to each word that is not understood.
    pub(super) fn read(self) -> Result<NewKey, Problem> {
        let mut errors = vec![];
        let mut wrong = |pointer: String, code: &str, detail: String| {
            errors.push(FieldError { pointer, code: code.to_owned(), detail });
        };
        let role = self.role.and_then(|word| {
            let role = word.parse::<Role>();
            role.map_err(|_| {
                wrong("/role".into(), "word", "give `viewer`, `agent`, `admin` or `owner`".into())
            })
            .ok()
        });
        let mut scopes = Scopes::new();
        for (index, word) in self.scopes.iter().enumerate() {
            match Scope::parse(word) {
                Ok(scope) => drop(scopes.insert(scope)),
                Err(error) => wrong(format!("/scopes/{index}"), "word", error.to_string()),
            }
        }
        let mut networks = vec![];
        for (index, text) in self.networks.iter().enumerate() {
            match text.parse::<Network>() {
                Ok(network) => networks.push(network),
                Err(error) => wrong(format!("/networks/{index}"), "network", error.to_string()),
            }
        }
        let expires_at = self.expires_at.and_then(|text| {
            let at = clock::from_rfc3339(&text);
            if at.is_none() {
                let detail = "give a time such as `2027-01-31T12:00:00Z`";
                wrong("/expires_at".into(), "time", detail.into());
            }
            at
        });
        if errors.is_empty() {
            Ok(NewKey { name: self.name, role, scopes, networks, expires_at })
        } else {
            Err(Problem::fields(errors))
        }
    }
}

/// 422 for what is wrong with a key, 403 for what the asking key may not give.
pub(super) fn problem(mistakes: &[Mistake]) -> Problem {
    let field = |mistake: &Mistake| FieldError {
        pointer: mistake.field().map(|field| format!("/{field}")).unwrap_or_default(),
        code: mistake.code().to_owned(),
        detail: mistake.to_string(),
    };
    Problem::fields(mistakes.iter().map(field).collect())
}

/// How a key is rotated.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({"overlap_s": 3600}))]
pub(super) struct RotateKey {
    /// Seconds for which the old key stays good: a day if nothing is said, a week at most.
    #[schema(maximum = 604_800)]
    pub(super) overlap_s: Option<u64>,
}

/// A key, without its text.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KeyView {
    /// Names it; opens nothing.
    pub(super) id: String,
    /// How it begins, for people.
    shown: String,
    /// What its holder calls it.
    name: String,
    /// What it may do.
    scopes: Vec<&'static str>,
    /// Where it may be used from; none: from anywhere.
    networks: Vec<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    /// The key that made it.
    created_by: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Time>,
    /// The key that took its place.
    replaced_by: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked_at: Option<Time>,
    /// The last day, in UTC, on which a request came with it.
    #[schema(value_type = Option<String>, format = Date)]
    last_used: Option<String>,
}

impl KeyView {
    pub(super) fn new(key: &StoredKey, last_used: Option<Date>) -> Self {
        Self {
            id: key.id.to_string(),
            shown: key.shown(),
            name: key.name.clone(),
            scopes: key.scopes.iter().map(|scope| scope.as_str()).collect(),
            networks: key.networks.iter().map(ToString::to_string).collect(),
            created_at: Time(key.created_at),
            created_by: key.created_by.as_ref().map(ToString::to_string),
            expires_at: key.expires_at.map(Time),
            replaced_by: key.replaced_by.as_ref().map(ToString::to_string),
            revoked_at: key.revoked_at.map(Time),
            last_used: last_used.map(|day| day.to_string()),
        }
    }
}

/// A new key with its text, which is shown this once.
#[derive(Serialize, ToSchema)]
pub(super) struct ShownKey {
    /// The key itself: `swb_bus_` or `swb_op_` and 36 letters and digits.
    pub(super) key: String,
    #[serde(flatten)]
    pub(super) about: KeyView,
}

/// Every key of one owner.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KeyList {
    pub(super) keys: Vec<KeyView>,
}

/// Which day of the log.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditQuery {
    /// A day in UTC, such as `2026-11-29`; today without it.
    #[param(format = Date, nullable = false)]
    pub(super) day: Option<String>,
    /// Entries on one page, 1 to 100; 25 without it.
    #[param(minimum = 1, maximum = 100, default = 25, nullable = false)]
    pub(super) limit: Option<u16>,
    /// `next` of the page before.
    #[param(value_type = Option<schema::Cursor>, nullable = false)]
    pub(super) cursor: Option<String>,
}

impl AuditQuery {
    pub(super) fn day(&self, now: Timestamp) -> Result<Date, Problem> {
        let Some(text) = &self.day else { return Ok(utc_day(now)) };
        text.parse().map_err(|_| Problem::bad_request("`day` is a day such as `2026-11-29`"))
    }
}

/// A page of the log of one day, the oldest entry first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Audited {
    /// The day, in UTC.
    #[schema(format = Date)]
    day: String,
    entries: Vec<AuditEntry>,
    /// The cursor of the next page; null on the last one.
    #[schema(value_type = Option<schema::Cursor>)]
    next: Option<String>,
}

/// One request.
#[derive(Debug, Serialize, ToSchema)]
struct AuditEntry {
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    /// The `X-Request-Id` of its answer.
    request: String,
    /// The key that it came with, or the member.
    key: String,
    /// What the key is called; null if there is no such key any more.
    name: Option<String>,
    /// The scope that it needed.
    scope: String,
    method: String,
    /// Its path, with the ids in it.
    path: String,
    /// The network address that it came from.
    source: Option<String>,
    /// The status of its answer; null: it had none.
    status: Option<u16>,
}

impl Audited {
    pub(super) fn new(
        day: Date,
        entries: &[Entry],
        names: &BTreeMap<KeyId, String>,
        next: Option<String>,
    ) -> Self {
        let entry = |entry: &Entry| AuditEntry {
            at: Time(entry.at),
            request: entry.request.clone(),
            key: entry.key.to_string(),
            name: names.get(&entry.key).cloned(),
            scope: entry.scope.clone(),
            method: entry.method.clone(),
            path: entry.path.clone(),
            source: entry.source.clone(),
            status: entry.status,
        };
        Self { day: day.to_string(), entries: entries.iter().map(entry).collect(), next }
    }
}
