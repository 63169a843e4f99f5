//! Events on their way to one endpoint: what is due, and how each is moved under its version.

use domain::endpoint::EndpointId;
use domain::endpoint::delivery::{Delivery, Skip};
use domain::endpoint::log::{Attempted, KEPT};
use domain::{BusinessId, Timestamp};

use super::{BODY, DELIVERY_KEYS, Reader, VERSION, Writer};
use crate::events::Event;
use crate::item::{Draft, Row, names, number, time_sk, to_json, values};
use crate::table::{Key, SK, Table, next_key};
use crate::transaction::{Transacted, transact};
use crate::{StoreError, random};

const EVENT: &str = "event#";
const DUE: &str = "due#";
const NAME: &str = "name";
const KIND: &str = "kind";
const GIVEN_AT: &str = "given_at";
const ATTEMPTS: &str = "attempts";

/// What is read at once of what is due.
const DUE_AT_ONCE: i32 = 10;
/// What is read at once of what is to be recovered.
const RECOVERED_AT_ONCE: u16 = 50;

/// A delivery as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDelivery {
    /// The place of its event in the business's order. It names the delivery among those of its endpoint.
    pub sequence: u64,
    /// The name of its event.
    pub event: String,
    /// The type of its event.
    pub kind: String,
    /// When it was given to the endpoint.
    pub given_at: Timestamp,
    /// Where it stands.
    pub delivery: Delivery,
    /// The latest attempts, in their order.
    pub attempts: Vec<Attempted>,
    version: u64,
}

/// Deliveries, the latest event first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryPage {
    /// Those of this page.
    pub deliveries: Vec<StoredDelivery>,
    /// The place that the next page begins before; `None` at the end.
    pub next: Option<u64>,
}

/// Whether a delivery was moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Save {
    /// It stands so.
    Done(StoredDelivery),
    /// Another worker was faster.
    Overtaken,
}

impl StoredDelivery {
    pub(super) fn new(event: &Event, delivery: Delivery, now: Timestamp) -> Self {
        Self {
            sequence: event.sequence,
            event: event.id.clone(),
            kind: event.kind.clone(),
            given_at: now,
            delivery,
            attempts: vec![],
            version: 1,
        }
    }

    /// Until when it is kept.
    pub(super) fn until(&self) -> Timestamp {
        self.given_at.plus(KEPT)
    }

    pub(super) fn draft(&self, table: &Table) -> Result<Draft, StoreError> {
        Ok(Draft::default()
            .text(BODY, to_json(&table.name, BODY, &self.delivery)?)
            .text(NAME, &self.event)
            .text(KIND, &self.kind)
            .time(GIVEN_AT, self.given_at)
            .text(ATTEMPTS, to_json(&table.name, ATTEMPTS, &self.attempts)?)
            .number(VERSION, self.version)
            .expires(self.until()))
    }
}

impl Reader {
    /// One delivery. `None`: it was never made, or is too old.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delivery(
        &self,
        business: &BusinessId,
        id: &EndpointId,
        sequence: u64,
        now: Timestamp,
    ) -> Result<Option<StoredDelivery>, StoreError> {
        let row = self.table.get(&row_key(business, id, sequence)).await?;
        let found = row.as_ref().map(stored).transpose()?;
        Ok(found.filter(|found| now < found.until()))
    }

    /// At most `limit` deliveries to an endpoint before this place, the latest event first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn deliveries(
        &self,
        business: &BusinessId,
        id: &EndpointId,
        before: Option<u64>,
        limit: u16,
        now: Timestamp,
    ) -> Result<DeliveryPage, StoreError> {
        let table = &self.table;
        let last = before.map_or_else(|| EVENT.to_owned() + "~", |before| event_sk(before.saturating_sub(1)));
        let page = table
            .spanning(&pk(business, id), &event_sk(0), &last)
            .scan_index_forward(false)
            // One more tells whether there is another page.
            .limit(i32::from(limit) + 1)
            .send()
            .await
            .map_err(|error| table.error(&error))?;
        let cut = next_key(page.last_evaluated_key).is_some();
        let rows = page.items.unwrap_or_default().into_iter().map(|item| table.row(item));
        let mut deliveries = rows.map(|row| stored(&row)).collect::<Result<Vec<_>, _>>()?;
        // A page of long answers may be cut before it is full.
        let more = cut || deliveries.len() > usize::from(limit);
        deliveries.truncate(usize::from(limit));
        let next = deliveries.last().filter(|_| more).map(|last| last.sequence);
        deliveries.retain(|one| now < one.until());
        Ok(DeliveryPage { deliveries, next })
    }

    /// The places of those deliveries to an endpoint that a worker has to look at by `by`, those that waited longest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due(
        &self,
        business: &BusinessId,
        id: &EndpointId,
        by: Timestamp,
    ) -> Result<Vec<(Timestamp, u64)>, StoreError> {
        let table = &self.table;
        let page = table
            .spanning(&pk(business, id), DUE, &format!("{DUE}{}#~", time_sk(by)))
            .limit(DUE_AT_ONCE)
            .send()
            .await
            .map_err(|error| table.error(&error))?;
        let rows = page.items.unwrap_or_default().into_iter().map(|item| table.row(item));
        rows.map(|row: Row| row.parsed(SK, |sk| due_of(sk).ok_or(()))).collect()
    }
}

impl Writer {
    /// Moves a delivery from what was read. The row by which it is found moves with it.
    ///
    /// # Errors
    /// [`StoreError`]. After one it may have been moved: look before it is done again.
    pub async fn move_delivery(
        &self,
        (business, id): (&BusinessId, &EndpointId),
        seen: &StoredDelivery,
        delivery: Delivery,
        attempts: Vec<Attempted>,
    ) -> Result<Save, StoreError> {
        let table = &self.table;
        let new = StoredDelivery { delivery, attempts, version: seen.version + 1, ..seen.clone() };
        let item = row_key(business, id, seen.sequence).item(new.draft(table)?);
        let mut actions = vec![table.put_action(item, |put| {
            put.condition_expression("#version = :version")
                .set_expression_attribute_names(Some(names(&[VERSION])))
                .set_expression_attribute_values(Some(values(&[("version", number(seen.version))])))
        })];
        let (old, due) = (seen.delivery.due(), new.delivery.due());
        if old != due {
            let key = |due: Timestamp| due_key(business, id, due, seen.sequence);
            actions.extend(old.map(|old| table.delete_action(&key(old), |delete| delete)));
            let row = || Draft::default().expires(new.until());
            actions.extend(due.map(|due| table.put_action(key(due).item(row()), |put| put)));
        }
        match transact(table, &actions, &random::id(&table.name)?).await? {
            Transacted::Done => Ok(Save::Done(new)),
            Transacted::Refused(_) => Ok(Save::Overtaken),
        }
    }

    /// Takes a row off the list of what is due whose delivery is not there, or is due at another time.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn drop_due(
        &self,
        (business, id): (&BusinessId, &EndpointId),
        (due, sequence): (Timestamp, u64),
    ) -> Result<(), StoreError> {
        self.table.delete(&due_key(business, id, due, sequence)).await.map(drop)
    }

    /// Ends what waits for an endpoint that is disabled or gone. `false`: there is more.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn skip(
        &self,
        of: (&BusinessId, &EndpointId),
        why: Skip,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let due = self.reader.due(of.0, of.1, Timestamp(i64::MAX)).await?;
        let mut held = 0;
        for (at, sequence) in &due {
            let Some(found) = self.reader.delivery(of.0, of.1, *sequence, now).await? else {
                self.drop_due(of, (*at, *sequence)).await?;
                continue;
            };
            let mut delivery = found.delivery;
            if delivery.skip(why, now) {
                self.move_delivery(of, &found, delivery, found.attempts.clone()).await?;
            } else {
                held += 1;
            }
        }
        Ok(due.len() == held)
    }

    /// Makes those deliveries to an endpoint due again that failed or were kept back, of events that were given to it from
    /// `since` on and before this place. Where to go on; `None`: that is all. How many were made due.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe: what is due already stays as it is.
    pub async fn recover(
        &self,
        of: (&BusinessId, &EndpointId),
        since: Timestamp,
        before: Option<u64>,
        now: Timestamp,
    ) -> Result<(u64, Option<u64>), StoreError> {
        let page = self.reader.deliveries(of.0, of.1, before, RECOVERED_AT_ONCE, now).await?;
        let mut count = 0;
        for found in &page.deliveries {
            if found.given_at < since {
                return Ok((count, None));
            }
            if found.delivery.can_be_recovered() {
                let mut delivery = found.delivery;
                delivery.recover(now);
                let saved = self.move_delivery(of, found, delivery, found.attempts.clone()).await?;
                count += u64::from(matches!(saved, Save::Done(_)));
            }
        }
        Ok((count, page.next))
    }
}

fn stored(row: &Row) -> Result<StoredDelivery, StoreError> {
    Ok(StoredDelivery {
        sequence: row
            .parsed(SK, |sk| sk.strip_prefix(EVENT).and_then(|digits| digits.parse().ok()).ok_or(()))?,
        event: row.text(NAME)?.to_owned(),
        kind: row.text(KIND)?.to_owned(),
        given_at: row.time(GIVEN_AT)?,
        delivery: row.json(BODY)?,
        attempts: row.json(ATTEMPTS)?,
        version: row.number(VERSION)?,
    })
}

fn pk(business: &BusinessId, id: &EndpointId) -> String {
    format!("{DELIVERY_KEYS}{business}#{id}")
}

pub(super) fn row_key(business: &BusinessId, id: &EndpointId, sequence: u64) -> Key {
    Key::new(pk(business, id), event_sk(sequence))
}

pub(super) fn due_key(business: &BusinessId, id: &EndpointId, due: Timestamp, sequence: u64) -> Key {
    Key::new(pk(business, id), format!("{DUE}{}#{sequence:012}", time_sk(due)))
}

fn event_sk(sequence: u64) -> String {
    format!("{EVENT}{sequence:012}")
}

fn due_of(sk: &str) -> Option<(Timestamp, u64)> {
    let (due, sequence) = sk.strip_prefix(DUE)?.split_once('#')?;
    Some((Timestamp(due.parse().ok()?), sequence.parse().ok()?))
}
