//! How endpoints are made, changed and taken away.

use std::collections::BTreeMap;

use domain::endpoint::attempt::Health;
use domain::endpoint::log::KEPT;
use domain::endpoint::{Disabled, Endpoint, EndpointId, MAX_ENDPOINTS};
use domain::event;
use domain::{BusinessId, Timestamp};
use platform::backoff::Tries;

use super::{
    BODY, DESKS, FAILING_SINCE, HEALTH, MADE_BY, ROTATED_BY, Reader, StoredEndpoint, VERSION, Writer,
    health_key, one_key, pk, stored,
};
use crate::desk::{Desk, NEXT_IN_ORDER};
use crate::digest::sha256_hex;
use crate::events::NewEvent;
use crate::item::{Draft, Row, names, number, to_json, values};
use crate::table::{SK, Table};
use crate::transaction::{Action, Transacted, transact};
use crate::{StoreError, events, random};

/// The tombstone of an endpoint says no more than this.
const GONE: &str = "gone";
/// Longer than its deliveries wait, and than a client repeats the request that made it.
const TOMBSTONE: std::time::Duration = KEPT;

/// What makes two requests one.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The client's own name of the request.
    pub key: &'a str,
    /// What it asked for.
    pub body: &'a str,
}

impl Request<'_> {
    fn key_digest(&self) -> String {
        sha256_hex(self.key)
    }

    /// The key and the body, of which neither is kept.
    pub(crate) fn digest(&self) -> String {
        format!("{}#{}", self.key_digest(), sha256_hex(self.body))
    }

    /// Whether an earlier request was this one; `None`: it had another key.
    pub(crate) fn is(&self, earlier: &str) -> Option<bool> {
        let same_key = earlier.split('#').next() == Some(&self.key_digest());
        same_key.then(|| *earlier == self.digest())
    }
}

/// What a request to make or to rotate an endpoint came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    /// It is done.
    Done(StoredEndpoint),
    /// An earlier request of this key did it.
    Before(StoredEndpoint),
    /// An earlier request of this key asked for something else.
    Reused,
    /// The endpoint that an earlier request of this key made was deleted.
    Gone,
    /// There may be no more endpoints.
    Full,
    /// The endpoint was changed since it was read, or is not there.
    Overtaken,
}

impl Writer {
    /// Makes an endpoint, which is told of what happens from now on. Its id is that of the request.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn create(
        &self,
        business: &BusinessId,
        mut endpoint: Endpoint,
        request: Request<'_>,
    ) -> Result<Created, StoreError> {
        let table = &self.table;
        // What happened before comes before it in the order.
        while self.sequencer.number(business).await? {}
        let mut tries = Tries::with(NEXT_IN_ORDER);
        while tries.next().await {
            if let Some(row) = table.get(&one_key(business, &endpoint.id)).await? {
                return before(&row, request);
            }
            let seen = DESKS.read(table, business).await?;
            if seen.count >= MAX_ENDPOINTS as u64 {
                return Ok(Created::Full);
            }
            endpoint.begins_behind = events::last(table, business).await?;
            // Without endpoints nothing is given, and the mark stays behind.
            let given = if seen.count == 0 { endpoint.begins_behind } else { seen.given };
            let desk = Desk { version: seen.version + 1, given, count: seen.count + 1 };
            let new = StoredEndpoint {
                endpoint: endpoint.clone(),
                version: 1,
                made_by: request.digest(),
                rotated_by: None,
            };
            let actions = [
                table.put_new_action(&one_key(business, &endpoint.id), draft(table, &new)?),
                DESKS.put(table, business, seen, desk),
                DESKS.listing(table, business),
            ];
            if let Transacted::Done = transact(table, &actions, &random::id(&table.name)?).await? {
                return Ok(Created::Done(new));
            }
        }
        Err(table.contended())
    }

    /// Puts an endpoint in place of the one that was read.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe. `Ok(None)`: it was changed meanwhile.
    pub async fn change(
        &self,
        business: &BusinessId,
        seen: &StoredEndpoint,
        endpoint: Endpoint,
    ) -> Result<Option<StoredEndpoint>, StoreError> {
        let new = StoredEndpoint { endpoint, version: seen.version + 1, ..seen.clone() };
        Ok(self.replace(business, seen, &new, None).await?.then_some(new))
    }

    /// Gives an endpoint another secret. A repeated request is answered with what the first one did.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn rotate(
        &self,
        business: &BusinessId,
        seen: &StoredEndpoint,
        endpoint: Endpoint,
        request: Request<'_>,
    ) -> Result<Created, StoreError> {
        match seen.rotated_by.as_ref().and_then(|earlier| request.is(earlier)) {
            Some(true) => return Ok(Created::Before(seen.clone())),
            Some(false) => return Ok(Created::Reused),
            None => {}
        }
        let rotated_by = Some(request.digest());
        let new = StoredEndpoint { endpoint, version: seen.version + 1, rotated_by, ..seen.clone() };
        let done = self.replace(business, seen, &new, None).await?;
        Ok(if done { Created::Done(new) } else { Created::Overtaken })
    }

    /// Tells an endpoint nothing any more, and the business that it is so, in one transaction. `false`: it was changed
    /// meanwhile.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn disable(
        &self,
        business: &BusinessId,
        seen: &StoredEndpoint,
        why: Disabled,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let endpoint = Endpoint { disabled: Some((why, now)), ..seen.endpoint.clone() };
        let event = event::endpoint_disabled(business, &endpoint, why, seen.version + 1, now);
        let event = NewEvent::of(&event)?;
        let new = StoredEndpoint { endpoint, version: seen.version + 1, ..seen.clone() };
        self.replace(business, seen, &new, Some(&event)).await
    }

    /// Takes an endpoint away. What is on its way to it is not sent any more. `false`: it was changed meanwhile.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn delete(
        &self,
        business: &BusinessId,
        seen: &StoredEndpoint,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let table = &self.table;
        let mut tries = Tries::with(NEXT_IN_ORDER);
        while tries.next().await {
            let desk = DESKS.read(table, business).await?;
            let after =
                Desk { version: desk.version + 1, count: desk.count.saturating_sub(1), given: desk.given };
            let tombstone = Draft::default()
                .number(VERSION, seen.version + 1)
                .text(MADE_BY, &seen.made_by)
                .time(GONE, now)
                .expires(now.plus(TOMBSTONE));
            let item = one_key(business, &seen.endpoint.id).item(tombstone);
            let actions = [versioned(table, item, seen.version), DESKS.put(table, business, desk, after)];
            match transact(table, &actions, &random::id(&table.name)?).await? {
                Transacted::Done => return Ok(true),
                Transacted::Refused(refused) if is_refused(&refused, 0) => return Ok(false),
                Transacted::Refused(_) => {}
            }
        }
        Err(table.contended())
    }

    /// `false`: the endpoint is not the one that was read.
    async fn replace(
        &self,
        business: &BusinessId,
        seen: &StoredEndpoint,
        new: &StoredEndpoint,
        event: Option<&NewEvent>,
    ) -> Result<bool, StoreError> {
        let table = &self.table;
        let mut tries = Tries::with(NEXT_IN_ORDER);
        while tries.next().await {
            let desk = DESKS.read(table, business).await?;
            let item = one_key(business, &seen.endpoint.id).item(draft(table, new)?);
            let after = Desk { version: desk.version + 1, ..desk };
            let mut actions =
                vec![versioned(table, item, seen.version), DESKS.put(table, business, desk, after)];
            if let Some(event) = event {
                actions.push(self.outbox.action(event)?);
            }
            match transact(table, &actions, &random::id(&table.name)?).await? {
                Transacted::Done => return Ok(true),
                Transacted::Refused(refused) if is_refused(&refused, 0) => return Ok(false),
                Transacted::Refused(_) => {}
            }
        }
        Err(table.contended())
    }

    /// Notes since when an endpoint takes nothing, or that it takes something again.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn note_health(
        &self,
        business: &BusinessId,
        id: &EndpointId,
        health: Health,
    ) -> Result<(), StoreError> {
        let table = &self.table;
        let key = health_key(business, id);
        match health.failing_since {
            // Of several workers whose attempts fail at once the first one's time stands.
            Some(since) => table.put_new(&key, Draft::default().time(FAILING_SINCE, since)).await.map(drop),
            None => table.delete(&key).await.map(drop),
        }
    }
}

impl Reader {
    /// Since when an endpoint takes nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn health(&self, business: &BusinessId, id: &EndpointId) -> Result<Health, StoreError> {
        let row = self.table.get(&health_key(business, id)).await?;
        row.as_ref().map_or_else(|| Ok(Health::default()), health_of)
    }

    /// The same for each of a business's endpoints that takes nothing, by its name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn healths(&self, business: &BusinessId) -> Result<BTreeMap<String, Health>, StoreError> {
        let rows = self.table.query(&pk(business), HEALTH).await?;
        let named = |row: &Row| {
            Ok((row.text(SK)?.strip_prefix(HEALTH).unwrap_or_default().to_owned(), health_of(row)?))
        };
        rows.iter().map(named).collect()
    }
}

fn health_of(row: &Row) -> Result<Health, StoreError> {
    Ok(Health { failing_since: Some(row.time(FAILING_SINCE)?) })
}

/// What an earlier request of the same key did.
fn before(row: &Row, request: Request<'_>) -> Result<Created, StoreError> {
    if request.is(row.text(MADE_BY)?) != Some(true) {
        return Ok(Created::Reused);
    }
    Ok(stored(row)?.map_or(Created::Gone, Created::Before))
}

fn draft(table: &Table, new: &StoredEndpoint) -> Result<Draft, StoreError> {
    Ok(Draft::default()
        .text(BODY, to_json(&table.name, BODY, &new.endpoint)?)
        .number(VERSION, new.version)
        .text(MADE_BY, &new.made_by)
        .optional_text(ROTATED_BY, new.rotated_by.as_ref()))
}

fn versioned(
    table: &Table,
    item: crate::item::Attributes,
    seen: u64,
) -> aws_sdk_dynamodb::types::TransactWriteItem {
    table.put_action(item, |put| {
        put.condition_expression("#version = :version AND attribute_exists(#body)")
            .set_expression_attribute_names(Some(names(&[VERSION, BODY])))
            .set_expression_attribute_values(Some(values(&[("version", number(seen))])))
    })
}

fn is_refused(actions: &[Action], place: usize) -> bool {
    matches!(actions.get(place), Some(Action::Refused(_)))
}
