//! Calendars of other systems: where they are, and what was read of them. Both are in one row, so that a source counts from
//! the moment on at which it is named; the address is read only by what fetches it.

use domain::appointments::{BusySource, CalendarId, External, Known, SourceId, WhileAway};
use domain::{BusinessId, Secret, Timestamp};
use platform::Aws;

use super::rows::SHARES;
use super::{CatalogueWriter, FETCH_KEYS, Reader, SOURCE_KEYS, table};
use crate::digest::spread;
use crate::item::{Draft, Row, text, to_json};
use crate::table::{Key, SK, Table, WriteOutcome};
use crate::transaction::{Transacted, transact};
use crate::{StoreError, random};

const LOCATION: &str = "location";
const WHILE_AWAY: &str = "while_away";
const KNOWN: &str = "known";
/// Each naming of a source has its own, so that what was read of another address is not taken for it.
const NAMING: &str = "naming";

/// Which source of which calendar.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SourceKey {
    /// Whose.
    pub business: BusinessId,
    /// Of which calendar.
    pub calendar: CalendarId,
    /// Which.
    pub source: SourceId,
}

/// A source as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSource {
    /// Where it is.
    pub source: BusySource,
    /// What was read of it.
    pub known: Known,
    naming: String,
}

impl Reader {
    /// The sources of a calendar, in the order of their ids.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sources(
        &self,
        business: &BusinessId,
        calendar: &CalendarId,
    ) -> Result<Vec<StoredSource>, StoreError> {
        let rows = self.table.query(&pk(business), &format!("{calendar}#")).await?;
        rows.iter().map(stored).collect()
    }

    /// One source. `None`: no source has this name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn source(&self, key: &SourceKey) -> Result<Option<StoredSource>, StoreError> {
        self.table.get(&row_key(key)).await?.as_ref().map(stored).transpose()
    }

    /// Every source of the deployment.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn every_source(&self) -> Result<Vec<SourceKey>, StoreError> {
        let mut found = vec![];
        for share in 0..SHARES {
            let rows = self.table.query(&format!("{FETCH_KEYS}{share}"), "").await?;
            for row in &rows {
                found.push(row.parsed(SK, |sk| named(sk).ok_or(()))?);
            }
        }
        Ok(found)
    }

    /// What the sources of a calendar say of it.
    pub(super) async fn externals(
        &self,
        business: &BusinessId,
        calendar: &CalendarId,
        now: Timestamp,
    ) -> Result<Vec<External>, StoreError> {
        let attributes = format!("{WHILE_AWAY}, {KNOWN}");
        let rows = self.table.query_only(&pk(business), &format!("{calendar}#"), &attributes).await?;
        let external = |row: &Row| -> Result<External, StoreError> {
            let known: Known = row.json(KNOWN)?;
            Ok(known.external(row.json(WHILE_AWAY)?, now))
        };
        rows.iter().map(external).collect()
    }
}

impl CatalogueWriter {
    /// Names a source, in place of one of the same name. Nothing is known of it then.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn put_source(
        &self,
        business: &BusinessId,
        source: &BusySource,
    ) -> Result<StoredSource, StoreError> {
        let table = &self.table;
        let naming = random::id(&table.name)?;
        let known = Known::default();
        let draft = Draft::default()
            .text(LOCATION, source.address.expose())
            .text(WHILE_AWAY, to_json(&table.name, WHILE_AWAY, &source.while_away)?)
            .text(KNOWN, to_json(&table.name, KNOWN, &known)?)
            .text(NAMING, &naming);
        let key = SourceKey {
            business: business.clone(),
            calendar: source.calendar.clone(),
            source: source.id.clone(),
        };
        let actions = [
            table.put_action(row_key(&key).item(draft), |put| put),
            table.put_action(pointer(&key).item(Draft::default()), |put| put),
        ];
        match transact(table, &actions, &random::id(&table.name)?).await? {
            Transacted::Done => Ok(StoredSource { source: source.clone(), known, naming }),
            Transacted::Refused(_) => Err(table.contended()),
        }
    }

    /// Takes a source away. `false`: no source has this name.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn end_source(&self, key: &SourceKey) -> Result<bool, StoreError> {
        let table = &self.table;
        let actions = [
            table.delete_action(&row_key(key), |delete| delete.condition_expression("attribute_exists(pk)")),
            table.delete_action(&pointer(key), |delete| delete),
        ];
        Ok(matches!(transact(table, &actions, &random::id(&table.name)?).await?, Transacted::Done))
    }
}

/// Held by what reads sources.
#[derive(Debug, Clone)]
pub struct SourceWriter {
    table: Table,
}

impl SourceWriter {
    /// `name` is the name of Appointments.
    pub fn new(aws: &Aws, name: &str) -> Self {
        Self { table: table(aws, name) }
    }

    /// Keeps what was read of a source. `false`: it was named anew or taken away meanwhile.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn keep(
        &self,
        key: &SourceKey,
        seen: &StoredSource,
        known: &Known,
    ) -> Result<bool, StoreError> {
        let table = &self.table;
        let request = table
            .client
            .update_item()
            .table_name(&*table.name)
            .set_key(Some(row_key(key).attributes()))
            .update_expression("SET #known = :known")
            .condition_expression("#naming = :naming")
            .expression_attribute_names("#known", KNOWN)
            .expression_attribute_names("#naming", NAMING)
            .expression_attribute_values(":known", text(to_json(&table.name, KNOWN, known)?))
            .expression_attribute_values(":naming", text(&seen.naming));
        Ok(matches!(table.outcome(request.send().await)?, WriteOutcome::Done(_)))
    }
}

fn stored(row: &Row) -> Result<StoredSource, StoreError> {
    let (calendar, id) = row.parsed(SK, |sk| {
        let (calendar, id) = sk.split_once('#').ok_or(())?;
        let calendar = CalendarId::parse(calendar).map_err(drop)?;
        Ok::<_, ()>((calendar, SourceId::parse(id).map_err(drop)?))
    })?;
    let while_away: WhileAway = row.json(WHILE_AWAY)?;
    Ok(StoredSource {
        source: BusySource { id, calendar, address: Secret::new(row.text(LOCATION)?), while_away },
        known: row.json(KNOWN)?,
        naming: row.text(NAMING)?.to_owned(),
    })
}

fn pk(business: &BusinessId) -> String {
    format!("{SOURCE_KEYS}{business}")
}

fn row_key(key: &SourceKey) -> Key {
    Key::new(pk(&key.business), format!("{}#{}", key.calendar, key.source))
}

fn pointer(key: &SourceKey) -> Key {
    let name = format!("{}#{}#{}", key.business, key.calendar, key.source);
    Key::new(format!("{FETCH_KEYS}{}", spread(name.as_bytes()) % SHARES), name)
}

fn named(name: &str) -> Option<SourceKey> {
    let mut parts = name.split('#');
    let (business, calendar, source) = (parts.next()?, parts.next()?, parts.next()?);
    Some(SourceKey {
        business: BusinessId::parse(business).ok()?,
        calendar: CalendarId::parse(calendar).ok()?,
        source: SourceId::parse(source).ok()?,
    })
}
