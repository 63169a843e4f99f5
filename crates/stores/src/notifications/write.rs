//! How receivers are made, changed and taken away.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::event;
use domain::notification::notice::KEPT;
use domain::notification::{Disabled, MAX_RECEIVERS, Receiver};
use domain::{BusinessId, Timestamp};
use platform::backoff::Tries;

use super::{BODY, DESKS, MADE_BY, Request, StoredReceiver, VERSION, Writer, one_key, stored};
use crate::desk::{Desk, NEXT_IN_ORDER};
use crate::events::NewEvent;
use crate::item::{Attributes, Draft, Row, names, number, to_json, values};
use crate::table::Table;
use crate::transaction::{Action, Transacted, transact};
use crate::{StoreError, events, random};

/// The tombstone of a receiver says no more than this. It lasts longer than a client repeats the request that made it.
const GONE: &str = "gone";

/// What a request to make a receiver came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    /// It is made.
    Done(StoredReceiver),
    /// An earlier request of this key made it.
    Before(StoredReceiver),
    /// An earlier request of this key asked for something else.
    Reused,
    /// The receiver that an earlier request of this key made was deleted.
    Gone,
    /// There may be no more receivers.
    Full,
}

impl Writer {
    /// Makes a receiver, which is told of what happens from now on. Its id is that of the request.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn create(
        &self,
        business: &BusinessId,
        mut receiver: Receiver,
        request: Request<'_>,
    ) -> Result<Created, StoreError> {
        let table = &self.table;
        // What happened before comes before it in the order.
        while self.sequencer.number(business).await? {}
        let mut tries = Tries::with(NEXT_IN_ORDER);
        while tries.next().await {
            if let Some(row) = table.get(&one_key(business, &receiver.id)).await? {
                return before(&row, request);
            }
            let seen = DESKS.read(table, business).await?;
            if seen.count >= MAX_RECEIVERS as u64 {
                return Ok(Created::Full);
            }
            receiver.begins_behind = events::last(table, business).await?;
            // Without receivers nothing is given, and the mark stays behind.
            let given = if seen.count == 0 { receiver.begins_behind } else { seen.given };
            let desk = Desk { version: seen.version + 1, given, count: seen.count + 1 };
            let new = StoredReceiver { receiver: receiver.clone(), version: 1, made_by: request.digest() };
            let actions = [
                table.put_new_action(&one_key(business, &receiver.id), draft(table, &new)?),
                DESKS.put(table, business, seen, desk),
                DESKS.listing(table, business),
            ];
            if let Transacted::Done = transact(table, &actions, &random::id(&table.name)?).await? {
                return Ok(Created::Done(new));
            }
        }
        Err(table.contended())
    }

    /// Puts a receiver in place of the one that was read. `None`: it was changed meanwhile.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn change(
        &self,
        business: &BusinessId,
        seen: &StoredReceiver,
        receiver: Receiver,
    ) -> Result<Option<StoredReceiver>, StoreError> {
        let new = StoredReceiver { receiver, version: seen.version + 1, made_by: seen.made_by.clone() };
        Ok(self.replace(business, seen, &new, None).await?.then_some(new))
    }

    /// Tells a receiver nothing any more, and its business that it is so, in one transaction. `false`: it was changed
    /// meanwhile.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn disable(
        &self,
        business: &BusinessId,
        seen: &StoredReceiver,
        why: Disabled,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let receiver = Receiver { disabled: Some((why, now)), ..seen.receiver.clone() };
        let event = event::receiver_disabled(business, &receiver, why, seen.version + 1, now);
        let event = NewEvent::of(&event)?;
        let new = StoredReceiver { receiver, version: seen.version + 1, made_by: seen.made_by.clone() };
        self.replace(business, seen, &new, Some(&event)).await
    }

    /// Takes a receiver away. What is on its way to it is not sent any more. `false`: it was changed meanwhile.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn delete(
        &self,
        business: &BusinessId,
        seen: &StoredReceiver,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let tombstone = || {
            Draft::default()
                .number(VERSION, seen.version + 1)
                .text(MADE_BY, &seen.made_by)
                .time(GONE, now)
                .expires(now.plus(KEPT))
        };
        self.put_over(business, seen, tombstone, 1, None).await
    }

    /// `false`: the receiver is not the one that was read.
    async fn replace(
        &self,
        business: &BusinessId,
        seen: &StoredReceiver,
        new: &StoredReceiver,
        event: Option<&NewEvent>,
    ) -> Result<bool, StoreError> {
        let body = to_json(&self.table.name, BODY, &new.receiver)?;
        let row = || row(&body, new);
        self.put_over(business, seen, row, 0, event).await
    }

    /// Puts a row in place of that of the receiver that was read, and raises the desk's version, so that nothing is given by what
    /// was read before. `fewer` receivers are left then.
    async fn put_over(
        &self,
        business: &BusinessId,
        seen: &StoredReceiver,
        row: impl Fn() -> Draft,
        fewer: u64,
        event: Option<&NewEvent>,
    ) -> Result<bool, StoreError> {
        let table = &self.table;
        let mut tries = Tries::with(NEXT_IN_ORDER);
        while tries.next().await {
            let desk = DESKS.read(table, business).await?;
            let after = Desk {
                version: desk.version + 1,
                count: desk.count.saturating_sub(fewer),
                given: desk.given,
            };
            let item = one_key(business, &seen.receiver.id).item(row());
            let mut actions =
                vec![versioned(table, item, seen.version), DESKS.put(table, business, desk, after)];
            if let Some(event) = event {
                actions.push(self.outbox.action(event)?);
            }
            match transact(table, &actions, &random::id(&table.name)?).await? {
                Transacted::Done => return Ok(true),
                Transacted::Refused(refused) if matches!(refused.first(), Some(Action::Refused(_))) => {
                    return Ok(false);
                }
                Transacted::Refused(_) => {}
            }
        }
        Err(table.contended())
    }
}

/// What an earlier request of the same key did.
fn before(row: &Row, request: Request<'_>) -> Result<Created, StoreError> {
    if request.is(row.text(MADE_BY)?) != Some(true) {
        return Ok(Created::Reused);
    }
    Ok(stored(row)?.map_or(Created::Gone, Created::Before))
}

fn draft(table: &Table, new: &StoredReceiver) -> Result<Draft, StoreError> {
    Ok(row(&to_json(&table.name, BODY, &new.receiver)?, new))
}

fn row(body: &str, new: &StoredReceiver) -> Draft {
    Draft::default().text(BODY, body).number(VERSION, new.version).text(MADE_BY, &new.made_by)
}

fn versioned(table: &Table, item: Attributes, seen: u64) -> TransactWriteItem {
    table.put_action(item, |put| {
        put.condition_expression("#version = :version AND attribute_exists(#body)")
            .set_expression_attribute_names(Some(names(&[VERSION, BODY])))
            .set_expression_attribute_values(Some(values(&[("version", number(seen))])))
    })
}
