//! How events become deliveries.

use domain::endpoint::delivery::Delivery;
use domain::endpoint::filter::Described;
use domain::endpoint::{Endpoint, EndpointId, receivers};
use domain::{BusinessId, Timestamp};
use platform::backoff::Tries;

use super::deliveries::{StoredDelivery, due_key, row_key};
use super::{DESKS, Writer};
use crate::desk::{Desk, NEXT_IN_ORDER};
use crate::events::Event;
use crate::item::Draft;
use crate::transaction::{Transacted, transact};
use crate::{StoreError, random};

/// Events that one call gives, at most.
const MOST: usize = 100;

/// What was given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Given {
    /// Endpoints to which something is on its way.
    pub to: Vec<EndpointId>,
    /// There is more to give.
    pub more: bool,
}

impl Writer {
    /// Gives each event of the outbox that was not given yet to the endpoints that want it, in order, once those that have no
    /// number have one. Any number of workers may do it at once.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn give(&self, business: &BusinessId, now: Timestamp) -> Result<Given, StoreError> {
        let mut given = Given { more: self.sequencer.number(business).await?, ..Given::default() };
        let mut tries = Tries::with(NEXT_IN_ORDER);
        let mut count = 0;
        'anew: while tries.next().await {
            // The desk first: if an endpoint changes behind it, nothing is given by what was read.
            let mut desk = DESKS.read(&self.table, business).await?;
            if desk.count == 0 {
                return Ok(given);
            }
            let all = self.reader.all(business).await?;
            let all: Vec<Endpoint> = all.into_iter().map(|stored| stored.endpoint).collect();
            loop {
                let page = self.events.after(business, desk.given, crate::events::MAX_PAGE).await?;
                for event in &page.events {
                    if count == MOST {
                        given.more = true;
                        return Ok(given);
                    }
                    let Some(to) = self.give_one(business, desk, &all, event, now).await? else {
                        continue 'anew;
                    };
                    given.to.extend(to);
                    count += 1;
                    desk.given = event.sequence;
                }
                if page.next.is_none() {
                    return Ok(given);
                }
            }
        }
        Err(self.table.contended())
    }

    /// Whether there are events that were not given yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn lags(&self, business: &BusinessId) -> Result<bool, StoreError> {
        let desk = DESKS.read(&self.table, business).await?;
        if desk.count == 0 {
            return Ok(false);
        }
        let (waits, page) =
            tokio::try_join!(self.events.waits(business), self.events.after(business, desk.given, 1))?;
        Ok(waits || !page.events.is_empty())
    }

    /// To whom it is on its way. `None`: another worker was faster, or an endpoint was changed meanwhile.
    async fn give_one(
        &self,
        business: &BusinessId,
        desk: Desk,
        all: &[Endpoint],
        event: &Event,
        now: Timestamp,
    ) -> Result<Option<Vec<EndpointId>>, StoreError> {
        let table = &self.table;
        let described = Described { kind: &event.kind, direction: event.direction };
        let mut to = vec![];
        let mut actions = vec![DESKS.mark(table, business, desk, event.sequence)];
        for endpoint in receivers(all, described, event.sequence) {
            let delivery =
                if endpoint.disabled.is_some() { Delivery::kept_back() } else { Delivery::new(now) };
            let new = StoredDelivery::new(event, delivery, now);
            let key = row_key(business, &endpoint.id, event.sequence);
            actions.push(table.put_new_action(&key, new.draft(table)?));
            if let Some(due) = delivery.due() {
                let key = due_key(business, &endpoint.id, due, event.sequence);
                let row = Draft::default().expires(new.until());
                actions.push(table.put_action(key.item(row), |put| put));
                to.push(endpoint.id.clone());
            }
        }
        match transact(table, &actions, &random::id(&table.name)?).await? {
            Transacted::Done => Ok(Some(to)),
            Transacted::Refused(_) => Ok(None),
        }
    }

    /// Takes a business off the list of those that have endpoints, if it has none and none is being made.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn leave(&self, business: &BusinessId) -> Result<(), StoreError> {
        DESKS.leave(&self.table, business).await
    }
}
