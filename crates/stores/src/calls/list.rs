//! Lists of calls: those of a business that are wanted, in the order of their opening, page by page.
//!
//! The index is read in the order of the list, and what the sort key cannot say is a filter, which DynamoDB applies to
//! what it has read: so a page is made of several reads, and is short if few of the calls that were read are wanted.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{BusinessId, Call, CallSid, CallStatus, Caller, Direction, PhoneNumber, Timestamp};
use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::item::{Attributes, Row, number, text, to_json};
use crate::table::{PK, next_key};

use super::read::Reader;
use super::row::{self, BUSINESS, LIVE, OPENED_AT, call_key};

/// The most calls one page holds.
pub const MAX_PAGE: u16 = 100;
/// Calls that one read looks at when there is a filter; DynamoDB counts them before it.
const LOOKED_AT: i32 = 400;
/// Reads that one page is made of at most: what they find, few or none, is the page.
const READS: usize = 5;

/// Which calls of a business are listed. What is `None` is not asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Wanted {
    /// How far they are.
    pub status: Option<WantedStatus>,
    /// Which way they go.
    pub direction: Option<Direction>,
    /// The number of the business that was called, or that the call was placed from.
    pub number: Option<PhoneNumber>,
    /// The person at the other end.
    pub party: Option<PhoneNumber>,
    /// Opened at this moment or later.
    pub opened_after: Option<Timestamp>,
    /// Opened before this moment.
    pub opened_before: Option<Timestamp>,
    /// Lasted so long at least, by Twilio's whole seconds; a call that is not over has not lasted yet.
    pub min_duration: Option<Duration>,
}

/// A status, or that a call is not over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum WantedStatus {
    /// Not over.
    Live,
    /// In this status.
    Is(CallStatus),
}

/// The order of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// The call that was opened last comes first.
    #[default]
    Desc,
    /// The call that was opened first comes first.
    Asc,
}

/// The place of a call in the lists of its business: a page begins behind it, also when the call is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    opened_at: Timestamp,
    call: CallSid,
}

/// Calls of a business in the order that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The calls that are wanted.
    pub calls: Vec<Call>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<Position>,
}

impl Reader {
    /// A page of at most `limit` (1 to [`MAX_PAGE`]) of the calls that are wanted, behind `after`. A page of few calls, or
    /// none, with a `next` is not the last one. It comes from an index, so a call of the last second may be missing, and
    /// one that ended in it may be live; nothing may be decided by it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list(
        &self,
        business: &BusinessId,
        wanted: &Wanted,
        order: Order,
        limit: u16,
        after: Option<&Position>,
    ) -> Result<Page, StoreError> {
        let limit = usize::from(limit.clamp(1, MAX_PAGE));
        let (index, filter) = (wanted.index(), wanted.filter(&self.calls.name)?);
        let mut page = Page { calls: vec![], next: after.cloned() };
        for _ in 0..READS {
            let start = page.next.as_ref().map(|after| index.key(after, business));
            let request = self.calls.client.query().table_name(&*self.calls.name).index_name(index.name);
            let request = filter.apply(wanted.range(index.range(request, business)), limit);
            let request = request.scan_index_forward(order == Order::Asc).set_exclusive_start_key(start);
            let read = request.send().await.map_err(|error| self.calls.error(&error))?;
            let behind = next_key(read.last_evaluated_key)
                .map(|key| Position::read(&self.calls.row(key)))
                .transpose()?;
            let items = read.items.unwrap_or_default();
            let more = items.len() > limit - page.calls.len();
            for item in items.into_iter().take(limit - page.calls.len()) {
                page.calls.push(row::call(&self.calls.row(item))?);
            }
            // What was read and does not fit is read again for the next page.
            page.next = if more { page.calls.last().map(Position::of) } else { behind };
            if page.calls.len() == limit || page.next.is_none() {
                break;
            }
        }
        Ok(page)
    }
}

impl Position {
    /// Where this call is.
    pub fn of(call: &Call) -> Self {
        Self { opened_at: call.opened_at, call: call.sid.clone() }
    }

    fn read(key: &Row) -> Result<Self, StoreError> {
        Ok(Self { opened_at: key.time(OPENED_AT)?, call: key.parsed(PK, row::sid_of)? })
    }
}

/// An index with the attribute that holds the business in it.
#[derive(Debug, Clone, Copy)]
struct Index {
    name: &'static str,
    attribute: &'static str,
}

impl Index {
    fn range(self, request: QueryFluentBuilder, business: &BusinessId) -> QueryFluentBuilder {
        request
            .expression_attribute_names("#business", self.attribute)
            .expression_attribute_values(":business", text(business.as_str()))
    }

    fn key(self, at: &Position, business: &BusinessId) -> Attributes {
        let mut key = call_key(&at.call).attributes();
        key.insert(self.attribute.to_owned(), text(business.as_str()));
        key.insert(OPENED_AT.to_owned(), number(at.opened_at.0));
        key
    }
}

impl Wanted {
    /// The calls that are not over are few, and have an index of their own.
    const fn index(&self) -> Index {
        let live = match self.status {
            Some(WantedStatus::Live) => true,
            Some(WantedStatus::Is(status)) => !status.is_terminal(),
            None => false,
        };
        if live {
            Index { name: LIVE, attribute: LIVE }
        } else {
            Index { name: "by_business", attribute: BUSINESS }
        }
    }

    fn range(&self, request: QueryFluentBuilder) -> QueryFluentBuilder {
        const OF: &str = "#business = :business";
        let (after, before) = (self.opened_after, self.opened_before);
        // There is one condition on the sort key, and `BETWEEN` has both its ends: times are whole milliseconds.
        let request = match (after, before) {
            (None, None) => return request.key_condition_expression(OF),
            (Some(_), None) => request.key_condition_expression(format!("{OF} AND {OPENED_AT} >= :after")),
            (None, Some(_)) => request.key_condition_expression(format!("{OF} AND {OPENED_AT} <= :before")),
            (Some(_), Some(_)) => {
                request.key_condition_expression(format!("{OF} AND {OPENED_AT} BETWEEN :after AND :before"))
            }
        };
        let request = after
            .into_iter()
            .fold(request, |request, after| request.expression_attribute_values(":after", number(after.0)));
        before.into_iter().fold(request, |request, before| {
            request.expression_attribute_values(":before", number(before.0.saturating_sub(1)))
        })
    }

    fn filter(&self, table: &str) -> Result<Filter, StoreError> {
        let mut filter = Filter::default();
        if let Some(WantedStatus::Is(status)) = self.status {
            filter.add("#status = :status", &[("#status", "status")]);
            filter.value(":status", text(status.as_str()));
        }
        if let Some(direction) = self.direction {
            filter.add("#direction = :direction", &[("#direction", "direction")]);
            filter.value(":direction", text(direction.as_str()));
        }
        // Which end is the person's is what `Call::other_party` says.
        for (asked, outbound, otherwise, is, is_json) in [
            (&self.number, "#from = :number_json", "#to = :number", ":number", ":number_json"),
            (&self.party, "#to = :party", "#from = :party_json", ":party", ":party_json"),
        ] {
            let Some(asked) = asked else { continue };
            filter.add(
                format!("(#direction = :outbound AND {outbound} OR #direction <> :outbound AND {otherwise})"),
                &[("#direction", "direction"), ("#from", "from"), ("#to", "to")],
            );
            filter.value(":outbound", text(Direction::Outbound.as_str()));
            filter.value(is, text(asked.as_e164()));
            filter.value(is_json, text(to_json(table, "from", &Caller::Number(asked.clone()))?));
        }
        if let Some(least) = self.min_duration {
            filter.add("duration_secs >= :least", &[]);
            filter.value(":least", number(least.as_millis().div_ceil(1_000)));
        }
        Ok(filter)
    }
}

/// What DynamoDB leaves out of what it has read.
#[derive(Default)]
struct Filter {
    conditions: Vec<String>,
    names: HashMap<String, String>,
    values: Attributes,
}

impl Filter {
    fn add(&mut self, condition: impl Into<String>, names: &[(&str, &str)]) {
        self.conditions.push(condition.into());
        self.names.extend(names.iter().map(|(short, name)| ((*short).to_owned(), (*name).to_owned())));
    }

    fn value(&mut self, name: &str, value: AttributeValue) {
        self.values.insert(name.to_owned(), value);
    }

    fn apply(&self, request: QueryFluentBuilder, limit: usize) -> QueryFluentBuilder {
        if self.conditions.is_empty() {
            return request.limit(i32::try_from(limit).unwrap_or(LOOKED_AT));
        }
        let request = self
            .names
            .iter()
            .fold(request, |request, (short, name)| request.expression_attribute_names(short, name));
        let request = self
            .values
            .iter()
            .fold(request, |request, (name, value)| request.expression_attribute_values(name, value.clone()));
        request.filter_expression(self.conditions.join(" AND ")).limit(LOOKED_AT)
    }
}
