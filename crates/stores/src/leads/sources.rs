//! How sources are made, changed and taken away.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::lead::{KEPT, LeadSource, MAX_SOURCES};
use domain::{BusinessId, Timestamp};
use platform::Aws;
use platform::backoff::{CONTENTION, Tries};

use super::{
    BODY, BUSINESS, COUNT, DESK, MADE_BY, ROTATED_BY, Request, StoredSource, VERSION, door_key, source_key,
    sources_pk, stored_source,
};
use crate::item::{Draft, names, number, to_json, values};
use crate::table::{ABSENT, Key, Table};
use crate::transaction::{Action, Transacted, transact};
use crate::{StoreError, random};

/// The tombstone of a source says no more than this.
const GONE: &str = "gone";

/// What a request to make or to rotate a source came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    /// It is done.
    Done(StoredSource),
    /// An earlier request of this key did it.
    Before(StoredSource),
    /// An earlier request of this key asked for something else.
    Reused,
    /// The source that an earlier request of this key made was deleted.
    Gone,
    /// There may be no more sources.
    Full,
    /// The source was changed since it was read, or is not there.
    Overtaken,
}

/// How many sources there are. Its version is raised by each that comes or goes, so that no two of them count the same ones.
#[derive(Debug, Clone, Copy, Default)]
struct Desk {
    version: u64,
    count: u64,
}

/// Held by the API of sources.
#[derive(Debug, Clone)]
pub struct SourceWriter {
    contacts: Table,
}

impl SourceWriter {
    /// `table` is the name of Contacts.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { contacts: Table::new(aws, table) }
    }

    /// Makes a source. Its id is that of the request.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn create(
        &self,
        business: &BusinessId,
        source: LeadSource,
        request: Request<'_>,
    ) -> Result<Created, StoreError> {
        let table = &self.contacts;
        let mut tries = Tries::with(CONTENTION);
        while tries.next().await {
            if let Some(row) = table.get(&source_key(business, &source.id)).await? {
                if request.is(row.text(MADE_BY)?) != Some(true) {
                    return Ok(Created::Reused);
                }
                return Ok(stored_source(&row)?.map_or(Created::Gone, Created::Before));
            }
            let seen = self.desk(business).await?;
            if seen.count >= MAX_SOURCES as u64 {
                return Ok(Created::Full);
            }
            let new = StoredSource {
                source: source.clone(),
                version: 1,
                made_by: request.digest(),
                rotated_by: None,
            };
            let door = Draft::default().text(BUSINESS, business.as_str());
            let actions = [
                table.put_new_action(&source_key(business, &source.id), draft(table, &new)?),
                table.put_new_action(&door_key(&source.id), door),
                desk_action(table, business, seen, seen.count + 1),
            ];
            if let Transacted::Done = transact(table, &actions, &random::id(&table.name)?).await? {
                return Ok(Created::Done(new));
            }
        }
        Err(table.contended())
    }

    /// Puts a source in place of the one that was read.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe. `Ok(None)`: it was changed meanwhile.
    pub async fn change(
        &self,
        business: &BusinessId,
        seen: &StoredSource,
        source: LeadSource,
    ) -> Result<Option<StoredSource>, StoreError> {
        let new = StoredSource { source, version: seen.version + 1, ..seen.clone() };
        Ok(self.replace(business, seen, &new).await?.then_some(new))
    }

    /// Gives a source another secret. A repeated request is answered with what the first one did.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn rotate(
        &self,
        business: &BusinessId,
        seen: &StoredSource,
        source: LeadSource,
        request: Request<'_>,
    ) -> Result<Created, StoreError> {
        match seen.rotated_by.as_ref().and_then(|earlier| request.is(earlier)) {
            Some(true) => return Ok(Created::Before(seen.clone())),
            Some(false) => return Ok(Created::Reused),
            None => {}
        }
        let rotated_by = Some(request.digest());
        let new = StoredSource { source, version: seen.version + 1, rotated_by, ..seen.clone() };
        let done = self.replace(business, seen, &new).await?;
        Ok(if done { Created::Done(new) } else { Created::Overtaken })
    }

    /// Takes a source away. What is sent to it is refused from then on; the leads that came stay for their time. `false`: it was
    /// changed meanwhile.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn delete(
        &self,
        business: &BusinessId,
        seen: &StoredSource,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let table = &self.contacts;
        let mut tries = Tries::with(CONTENTION);
        while tries.next().await {
            let desk = self.desk(business).await?;
            // Longer than a client repeats the request that made it.
            let tombstone = Draft::default()
                .number(VERSION, seen.version + 1)
                .text(MADE_BY, &seen.made_by)
                .time(GONE, now)
                .expires(now.plus(KEPT));
            let actions = [
                versioned(table, source_key(business, &seen.source.id).item(tombstone), seen.version),
                table.delete_action(&door_key(&seen.source.id), |delete| delete),
                desk_action(table, business, desk, desk.count.saturating_sub(1)),
            ];
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

    /// `false`: the source is not the one that was read.
    async fn replace(
        &self,
        business: &BusinessId,
        seen: &StoredSource,
        new: &StoredSource,
    ) -> Result<bool, StoreError> {
        let table = &self.contacts;
        let item = source_key(business, &seen.source.id).item(draft(table, new)?);
        let actions = [versioned(table, item, seen.version)];
        Ok(matches!(transact(table, &actions, &random::id(&table.name)?).await?, Transacted::Done))
    }

    async fn desk(&self, business: &BusinessId) -> Result<Desk, StoreError> {
        let row = self.contacts.get(&Key::new(sources_pk(business), DESK)).await?;
        let read =
            |row: crate::item::Row| Ok(Desk { version: row.number(VERSION)?, count: row.number(COUNT)? });
        row.map_or_else(|| Ok(Desk::default()), read)
    }
}

fn draft(table: &Table, new: &StoredSource) -> Result<Draft, StoreError> {
    Ok(Draft::default()
        .text(BODY, to_json(&table.name, BODY, &new.source)?)
        .number(VERSION, new.version)
        .text(MADE_BY, &new.made_by)
        .optional_text(ROTATED_BY, new.rotated_by.as_ref()))
}

/// The put of the desk, in place of the one that was read.
fn desk_action(table: &Table, business: &BusinessId, seen: Desk, count: u64) -> TransactWriteItem {
    let draft = Draft::default().number(VERSION, seen.version + 1).number(COUNT, count);
    table.put_action(Key::new(sources_pk(business), DESK).item(draft), |put| match seen.version {
        0 => put.condition_expression(ABSENT),
        _ => put
            .condition_expression("#version = :version")
            .set_expression_attribute_names(Some(names(&[VERSION])))
            .expression_attribute_values(":version", number(seen.version)),
    })
}

fn versioned(table: &Table, item: crate::item::Attributes, seen: u64) -> TransactWriteItem {
    table.put_action(item, |put| {
        put.condition_expression("#version = :version AND attribute_exists(#body)")
            .set_expression_attribute_names(Some(names(&[VERSION, BODY])))
            .set_expression_attribute_values(Some(values(&[("version", number(seen))])))
    })
}
