//! The desk of those whom a business wants told, endpoints or receivers: how many there are, and up to which event of the outbox
//! all were given theirs.
//!
//! An event is given in one transaction that moves the desk's mark from it to the next, under the version that each change of
//! any of them raises: none is left out and none is told twice, however many workers are at it and wherever they die. A list of
//! the businesses that have any lets a sweep find them.

use aws_sdk_dynamodb::types::{ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update};
use backon::ExponentialBuilder;
use domain::BusinessId;
use platform::backoff::CONTENTION;

use crate::digest::spread;
use crate::item::{Draft, names, number, values};
use crate::table::{ABSENT, Key, SK, Table};
use crate::transaction::transact;
use crate::{StoreError, random};

/// For the desk of one business, which many workers want to be next at.
pub(crate) const NEXT_IN_ORDER: ExponentialBuilder = CONTENTION.with_max_times(39);
/// Partitions over which businesses are spread.
const SHARES: u64 = 8;

const DESK: &str = "desk";
const VERSION: &str = "version";
/// Up to which event of the outbox all were given theirs.
const GIVEN: &str = "given";
const COUNT: &str = "count";

/// What the keys of a desk, and of the list of businesses that have one, begin with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Desks {
    pub(crate) keys: &'static str,
    pub(crate) listed: &'static str,
}

/// What all endpoints, or all receivers, of a business have in common.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Desk {
    /// Raised with each change of any of them; 0: there was never one.
    pub(crate) version: u64,
    pub(crate) given: u64,
    pub(crate) count: u64,
}

impl Desks {
    pub(crate) fn pk(self, business: &BusinessId) -> String {
        format!("{}{business}", self.keys)
    }

    pub(crate) async fn read(self, table: &Table, business: &BusinessId) -> Result<Desk, StoreError> {
        let Some(row) = table.get(&self.key(business)).await? else {
            return Ok(Desk::default());
        };
        Ok(Desk { version: row.number(VERSION)?, given: row.number(GIVEN)?, count: row.number(COUNT)? })
    }

    /// The put of the desk, in place of the one that was read.
    pub(crate) fn put(
        self,
        table: &Table,
        business: &BusinessId,
        seen: Desk,
        desk: Desk,
    ) -> TransactWriteItem {
        let draft = Draft::default()
            .number(VERSION, desk.version)
            .number(GIVEN, desk.given)
            .number(COUNT, desk.count);
        let item = self.key(business).item(draft);
        table.put_action(item, |put| match seen.version {
            0 => put.condition_expression(ABSENT),
            _ => put
                .condition_expression("#version = :version AND #given = :given")
                .set_expression_attribute_names(Some(names(&[VERSION, GIVEN])))
                .expression_attribute_values(":version", number(seen.version))
                .expression_attribute_values(":given", number(seen.given)),
        })
    }

    /// The move of the mark from where it was read.
    pub(crate) fn mark(
        self,
        table: &Table,
        business: &BusinessId,
        desk: Desk,
        sequence: u64,
    ) -> TransactWriteItem {
        let update = Update::builder()
            .table_name(&*table.name)
            .set_key(Some(self.key(business).attributes()))
            .update_expression("SET #given = :next")
            .condition_expression("#version = :version AND #given = :given")
            .set_expression_attribute_names(Some(names(&[VERSION, GIVEN])))
            .set_expression_attribute_values(Some(values(&[
                ("next", number(sequence)),
                ("version", number(desk.version)),
                ("given", number(desk.given)),
            ])))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::None);
        // Building fails only without table, key or expression; all are given.
        TransactWriteItem::builder().set_update(update.build().ok()).build()
    }

    /// The put of the business into the list.
    pub(crate) fn listing(self, table: &Table, business: &BusinessId) -> TransactWriteItem {
        table.put_action(self.listed_key(business).item(Draft::default()), |put| put)
    }

    /// The key of the business in the list.
    pub(crate) fn listed_key(self, business: &BusinessId) -> Key {
        let share = spread(business.as_str().as_bytes()) % SHARES;
        Key::new(format!("{}{share}", self.listed), business.as_str())
    }

    /// The businesses of one share of the list.
    pub(crate) async fn listed(self, table: &Table, share: u64) -> Result<Vec<BusinessId>, StoreError> {
        let rows = table.query(&format!("{}{share}", self.listed), "").await?;
        rows.iter().map(|row| row.parsed(SK, BusinessId::parse)).collect()
    }

    /// Takes a business off the list, if it has none and none is being made.
    pub(crate) async fn leave(self, table: &Table, business: &BusinessId) -> Result<(), StoreError> {
        let desk = self.read(table, business).await?;
        if desk.count > 0 {
            return Ok(());
        }
        let check = table.check_action(&self.key(business), |check| match desk.version {
            0 => check.condition_expression(ABSENT),
            version => check
                .condition_expression("#version = :version")
                .set_expression_attribute_names(Some(names(&[VERSION])))
                .set_expression_attribute_values(Some(values(&[("version", number(version))]))),
        });
        let actions = [table.delete_action(&self.listed_key(business), |delete| delete), check];
        transact(table, &actions, &random::id(&table.name)?).await.map(drop)
    }

    fn key(self, business: &BusinessId) -> Key {
        Key::new(self.pk(business), DESK)
    }
}

/// The shares of the lists.
pub(crate) const fn shares() -> std::ops::Range<u64> {
    0..SHARES
}
