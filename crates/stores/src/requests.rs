//! What was asked of the API: the log of writes and of sensitive readings, the days on which a key was used, and how
//! many requests a key made in a minute.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `audit#<owner>#<day>` | `<time>#<request>` | a request, put before it has an effect |
//! | `audit#<owner>#<day>` | `<time>#<request>#answer` | the status of its answer |
//! | `use#<key>` | `<day>` | the key was used on that day |
//! | `rate#<key>#<minute>` | `count` | requests in that minute; forgotten soon |
//!
//! The log is only ever added to, and kept for 400 days.

use std::time::Duration;

use aws_sdk_dynamodb::types::ReturnValue;
use domain::access::{KeyId, KeyOwner};
use domain::zone::utc_day;
use domain::{BusinessId, Timestamp};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::item::{Draft, number, text, to_json};
use crate::table::{Key, SK, Table, WriteOutcome, next_key};
use platform::Aws;
use platform::clock::rfc3339;

/// What the keys of the log's rows begin with.
pub const AUDIT_KEYS: &str = "audit#";
/// What the keys of the rows about a key's use begin with.
pub const USE_KEYS: &str = "use#";
/// What the keys of the counters begin with.
pub const RATE_KEYS: &str = "rate#";

/// How long the log is kept.
pub const KEPT: Duration = crate::LAW_KEEPS;
/// The most entries one page holds.
pub const MAX_PAGE: u16 = 100;
const MINUTE: Duration = Duration::from_secs(60);
const BODY: &str = "body";
const STATUS: &str = "status";
const ANSWER: &str = "#answer";

/// One request in the log. It holds no body: what was written is in the record that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When it came.
    pub at: Timestamp,
    /// Its id, which its answer has as `X-Request-Id`.
    pub request: String,
    /// The key that it came with.
    pub key: KeyId,
    /// The business that it was about; `None`: the deployment.
    pub business: Option<BusinessId>,
    /// The scope that it needed.
    pub scope: String,
    /// Its method.
    pub method: String,
    /// Its path, with the ids in it.
    pub path: String,
    /// The network that it came from, if that is known.
    pub source: Option<String>,
    /// The status of its answer; `None`: it had none, or the log could not be completed.
    #[serde(skip)]
    pub status: Option<u16>,
}

impl Entry {
    fn owner(&self) -> KeyOwner {
        self.business.clone().map_or(KeyOwner::Operator, KeyOwner::Business)
    }

    fn sort_key(&self) -> String {
        format!("{}#{}", rfc3339(self.at), self.request)
    }
}

/// Where an entry of a day's log is: behind its answer, whether it has come or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position(String);

impl Position {
    fn behind(entry: &Entry) -> Self {
        Self(format!("{}{ANSWER}", entry.sort_key()))
    }
}

/// Requests of one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The oldest first.
    pub entries: Vec<Entry>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<Position>,
}

/// What is left of a key's minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// The request is within the limit.
    Within {
        /// How many more there may be in this minute.
        left: u32,
        /// Seconds until the next minute.
        resets_in: u64,
    },
    /// The limit is used up.
    Exceeded {
        /// Seconds until the next minute.
        resets_in: u64,
    },
}

/// Held by what admits requests.
#[derive(Debug, Clone)]
pub struct Writer {
    requests: Table,
}

impl Writer {
    /// `table` is the name of Requests.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { requests: Table::new(aws, table) }
    }

    /// Adds a request to the log, before it is carried out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note(&self, entry: &Entry) -> Result<(), StoreError> {
        let key = Key::new(log(&entry.owner(), utc_day(entry.at)), entry.sort_key());
        let draft = Draft::default().text(BODY, to_json(&self.requests.name, BODY, entry)?);
        self.requests.put(&key, draft.expires(entry.at.plus(KEPT))).await
    }

    /// Adds what it was answered.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_answer(&self, entry: &Entry, status: u16) -> Result<(), StoreError> {
        let sort = format!("{}{ANSWER}", entry.sort_key());
        let key = Key::new(log(&entry.owner(), utc_day(entry.at)), sort);
        let draft = Draft::default().number(STATUS, status).expires(entry.at.plus(KEPT));
        self.requests.put(&key, draft).await
    }

    /// Notes that a key is in use on a day.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_use(&self, key: &KeyId, now: Timestamp) -> Result<(), StoreError> {
        let row = Key::new(uses(key), utc_day(now).to_string());
        self.requests.put(&row, Draft::default().expires(now.plus(KEPT))).await
    }

    /// Counts a request of a key against its limit for a minute, over all sandboxes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count(&self, key: &KeyId, limit: u32, now: Timestamp) -> Result<Rate, StoreError> {
        let seconds = u64::try_from(now.secs()).unwrap_or_default();
        let minute = seconds / MINUTE.as_secs();
        let resets_in = MINUTE.as_secs() - seconds % MINUTE.as_secs();
        let row = Key::new(format!("{RATE_KEYS}{key}#{minute}"), "count");
        let request = self
            .requests
            .client
            .update_item()
            .table_name(&*self.requests.name)
            .set_key(Some(row.attributes()))
            .update_expression("ADD requests :one SET expires_at = :expires")
            .condition_expression("attribute_not_exists(requests) OR requests < :limit")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":limit", number(limit))
            .expression_attribute_values(":expires", number(seconds + 2 * MINUTE.as_secs()))
            .return_values(ReturnValue::UpdatedNew);
        let written = self.requests.outcome(request.send().await)?;
        Ok(match written {
            WriteOutcome::Done(updated) => {
                let row = self.requests.row(updated.attributes.unwrap_or_default());
                Rate::Within { left: limit.saturating_sub(row.number("requests")?), resets_in }
            }
            WriteOutcome::Refused(_) => Rate::Exceeded { resets_in },
        })
    }
}

/// Held by what shows the log.
#[derive(Debug, Clone)]
pub struct Reader {
    requests: Table,
}

impl Reader {
    /// `table` is the name of Requests.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { requests: Table::new(aws, table) }
    }

    /// At most `limit` (1 to [`MAX_PAGE`]) requests of one day, in UTC, about a business or, with [`KeyOwner::Operator`],
    /// about the deployment; the oldest first, behind `after`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn on(
        &self,
        owner: &KeyOwner,
        day: Date,
        limit: u16,
        after: Option<&Position>,
    ) -> Result<Page, StoreError> {
        let limit = usize::from(limit.clamp(1, MAX_PAGE));
        let request = self.requests.client.query().table_name(&*self.requests.name).consistent_read(true);
        let request = request.expression_attribute_values(":pk", text(log(owner, day)));
        let request = match after {
            None => request.key_condition_expression("pk = :pk"),
            Some(Position(after)) => request
                .key_condition_expression("pk = :pk AND sk > :after")
                .expression_attribute_values(":after", text(after)),
        };
        // Each request with its answer, and the one that shows that there are more.
        let rows = i32::try_from(2 * limit + 1).unwrap_or(i32::MAX);
        let read = request.limit(rows).send().await.map_err(|error| self.requests.error(&error))?;
        let mut more = next_key(read.last_evaluated_key).is_some();
        let mut entries: Vec<Entry> = vec![];
        for row in read.items.unwrap_or_default().into_iter().map(|item| self.requests.row(item)) {
            // An answer's key begins with its request's, so that it comes next.
            match (row.text(SK)?.strip_suffix(ANSWER), entries.last_mut()) {
                (Some(of), Some(entry)) if entry.sort_key() == of => {
                    entry.status = row.optional_number(STATUS)?
                }
                (Some(_), _) => {}
                (None, _) => entries.push(row.json(BODY)?),
            }
        }
        more |= entries.len() > limit;
        entries.truncate(limit);
        let next = entries.last().filter(|_| more).map(Position::behind);
        Ok(Page { entries, next })
    }

    /// The last day on which a key was used, in UTC. `None`: it was not, or not for as long as the log is kept.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn last_use(&self, key: &KeyId) -> Result<Option<Date>, StoreError> {
        let row = self.requests.last(&uses(key), "").await?;
        row.map(|row| row.parsed(SK, str::parse::<Date>)).transpose()
    }

    /// The days on which a key was used, in UTC, the first one first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn days_of_use(&self, key: &KeyId) -> Result<Vec<Date>, StoreError> {
        let rows = self.requests.query(&uses(key), "").await?;
        rows.iter().map(|row| row.parsed(SK, str::parse::<Date>)).collect()
    }
}

fn uses(key: &KeyId) -> String {
    format!("{USE_KEYS}{key}")
}

fn log(owner: &KeyOwner, day: Date) -> String {
    match owner {
        KeyOwner::Operator => format!("{AUDIT_KEYS}operator#{day}"),
        KeyOwner::Business(id) => format!("{AUDIT_KEYS}business#{id}#{day}"),
    }
}
