//! Numbers that a business does not call, because their holders asked for it.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `business#<id>` | `number#<E.164>` | since when, why, and through what: the API, or a call |
//! | `business#<id>` | `asked#<call>` | that what the person of a call asked for is done, so that it is done once |

mod erase;
mod record;

use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use domain::do_not_call::Source;
use domain::{BusinessId, CallSid, PhoneNumber, Timestamp};

use crate::StoreError;
use crate::item::{Row, number as number_value, text};
use crate::table::{Key, SK, Table, WriteOutcome, next_key};
use platform::Aws;

pub use domain::do_not_call::MAX_REASON_CHARS;
pub use erase::Eraser;
pub use record::Recorder;

const NUMBER: &str = "number#";
const SINCE: &str = "since";
const REASON: &str = "reason";
const SOURCE: &str = "source";
const CALL: &str = "call";

/// What putting a number on the list changes whatever its reason.
const PUT: &str = "SET #since = if_not_exists(#since, :now), #source = if_not_exists(#source, :api)";

/// The most entries that one page holds.
pub const MAX_PAGE: u16 = 100;

/// A number that is not called.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// The number.
    pub number: PhoneNumber,
    /// Since when.
    pub since: Timestamp,
    /// Why, in the words of the business, or of the agent that heard it.
    pub reason: Option<String>,
    /// Through what it came to be on the list first; `None`: it is not known any more.
    pub source: Option<Source>,
    /// The call in which the person asked for it, unless the person was erased.
    pub call: Option<CallSid>,
}

// The reason speaks of a person.
impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry").field("since", &self.since).finish_non_exhaustive()
    }
}

/// Entries in the order of their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The lowest number first.
    pub entries: Vec<Entry>,
    /// The number that the next page begins behind; `None` at the end.
    pub next: Option<PhoneNumber>,
}

/// Held by the code that places calls and the API that shows the list.
#[derive(Debug, Clone)]
pub struct Reader {
    numbers: Table,
}

impl Reader {
    /// `table` is the name of DoNotCall.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { numbers: Table::new(aws, table) }
    }

    /// The business's entry of this number, if it has one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn entry(
        &self,
        business: &BusinessId,
        number: &PhoneNumber,
    ) -> Result<Option<Entry>, StoreError> {
        self.numbers.get(&key(business, number)).await?.as_ref().map(entry).transpose()
    }

    /// At most `limit` (1 to [`MAX_PAGE`]) entries of a business, those behind the number `after`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list(
        &self,
        business: &BusinessId,
        limit: u16,
        after: Option<&PhoneNumber>,
    ) -> Result<Page, StoreError> {
        let after = after.map_or_else(|| NUMBER.to_owned(), sort_key);
        let page = self
            .numbers
            .client
            .query()
            .table_name(&*self.numbers.name)
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND sk > :after")
            .expression_attribute_values(":pk", text(partition(business)))
            .expression_attribute_values(":after", text(after))
            .limit(i32::from(limit.clamp(1, MAX_PAGE)))
            .send()
            .await
            .map_err(|e| self.numbers.error(&e))?;
        let more = next_key(page.last_evaluated_key).is_some();
        let rows = page.items.unwrap_or_default().into_iter().map(|item| self.numbers.row(item));
        let entries = rows.map(|row| entry(&row)).collect::<Result<Vec<_>, _>>()?;
        let next = entries.last().filter(|_| more).map(|last| last.number.clone());
        Ok(Page { entries, next })
    }
}

/// Held by the API that keeps the list.
#[derive(Debug, Clone)]
pub struct Writer {
    numbers: Table,
}

impl Writer {
    /// `table` is the name of DoNotCall.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { numbers: Table::new(aws, table) }
    }

    /// Puts a number on the list, with this reason. A number that is on it keeps the time since when it is, and through what.
    ///
    /// # Errors
    /// [`StoreError`]; putting it again is safe.
    pub async fn put(
        &self,
        business: &BusinessId,
        number: &PhoneNumber,
        reason: Option<&str>,
        now: Timestamp,
    ) -> Result<Entry, StoreError> {
        let request = self
            .numbers
            .client
            .update_item()
            .table_name(&*self.numbers.name)
            .set_key(Some(key(business, number).attributes()))
            .expression_attribute_names("#since", SINCE)
            .expression_attribute_names("#reason", REASON)
            .expression_attribute_names("#source", SOURCE)
            .expression_attribute_values(":now", number_value(now.0))
            .expression_attribute_values(":api", text(Source::Api.as_str()))
            .return_values(ReturnValue::AllNew);
        let request = match reason {
            Some(reason) => request
                .update_expression(format!("{PUT}, #reason = :reason"))
                .expression_attribute_values(":reason", text(reason)),
            None => request.update_expression(format!("{PUT} REMOVE #reason")),
        };
        let output = request.send().await.map_err(|e| self.numbers.error(&e))?;
        entry(&self.numbers.row(output.attributes.unwrap_or_default()))
    }

    /// Takes a number off the list. `false`: it was not on it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove(&self, business: &BusinessId, number: &PhoneNumber) -> Result<bool, StoreError> {
        let request = self
            .numbers
            .client
            .delete_item()
            .table_name(&*self.numbers.name)
            .set_key(Some(key(business, number).attributes()))
            .condition_expression("attribute_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::None);
        Ok(matches!(self.numbers.outcome(request.send().await)?, WriteOutcome::Done(_)))
    }
}

fn entry(row: &Row) -> Result<Entry, StoreError> {
    Ok(Entry {
        number: row.parsed(SK, |sk| PhoneNumber::parse(sk.strip_prefix(NUMBER).unwrap_or_default()))?,
        since: row.time(SINCE)?,
        reason: row.optional_text(REASON)?.map(str::to_owned),
        source: row.optional_text(SOURCE)?.and_then(Source::parse),
        call: row.optional_parsed(CALL, CallSid::parse)?,
    })
}

fn key(business: &BusinessId, number: &PhoneNumber) -> Key {
    Key::new(partition(business), sort_key(number))
}

fn partition(business: &BusinessId) -> String {
    format!("business#{business}")
}

fn sort_key(number: &PhoneNumber) -> String {
    format!("{NUMBER}{}", number.as_e164())
}
