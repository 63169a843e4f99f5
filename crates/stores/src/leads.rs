//! Where leads come from, and those that came. They lie in Contacts: a lead is put in the transaction that writes the contact.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `lead-source#<business>` | `desk` | how many sources there are |
//! | `lead-source#<business>` | `one#<source>` | one source; of one that was deleted, that it was there |
//! | `lead-door#<source>` | `door` | whose source it is: what is sent to it names nothing else |
//! | `lead#<business>#<source>` | `one#<lead>` | a lead, with what was sent |
//! | `lead#<business>#<source>` | `once#<hash>` | which lead came under a key, for a day |
//! | `lead#<business>#<source>` | `rate#<minute>` | how many came in that minute |
//! | `lead#<business>#<contact>` | `<lead>` | that the lead is about the contact, and of which source it is |
//! | `lead-due#<share>` | `<time>#<lead>` | that the person of a lead is to be called |
//!
//! The row of a key is put where none stands, with the lead and the contact: of many copies one makes them, and the others find
//! what it made.

mod calls;
mod erase;
mod receive;
mod sources;

use domain::contact::{ContactId, LeadId};
use domain::lead::{KEPT, Lead, LeadSource, LeadSourceId};
use domain::{BusinessId, Timestamp};
use platform::Aws;
use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::digest::spread;
use crate::item::{Draft, Row, text, time_sk, to_json};
use crate::table::{Key, SK, Table, next_key};

pub use crate::endpoints::Request;
pub use calls::CallWriter;
pub use erase::Eraser;
pub use receive::{Arrived, Arriving, Receiver};
pub use sources::{Created, SourceWriter};

/// What the keys of sources begin with.
pub const SOURCE_KEYS: &str = "lead-source#";
/// What the keys begin with by which a source's business is found.
pub const DOOR_KEYS: &str = "lead-door#";
/// What the keys of leads begin with.
pub const LEAD_KEYS: &str = "lead#";
/// What the keys of calls that are to be placed begin with.
pub const DUE_KEYS: &str = "lead-due#";

const DESK: &str = "desk";
const ONE: &str = "one#";
const DOOR: &str = "door";
const BODY: &str = "body";
const RAW: &str = "raw";
const VERSION: &str = "version";
const COUNT: &str = "count";
const MADE_BY: &str = "made_by";
const ROTATED_BY: &str = "rotated_by";
const BUSINESS: &str = "business";
const SOURCE: &str = "source";
const LEAD: &str = "lead";
const CALLING: &str = "calling";
/// Partitions over which calls that are to be placed are spread.
const SHARES: u64 = 4;
/// Calls of one share that are looked at in one scan.
const DUE_AT_ONCE: i32 = 100;
/// The most leads that one page holds.
const MAX_PAGE: u16 = 100;

/// A source as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSource {
    /// The source.
    pub source: LeadSource,
    /// Counts its writes, from 1.
    pub version: u64,
    made_by: String,
    rotated_by: Option<String>,
}

/// In which form a lead was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RawKind {
    /// JSON.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
}

/// What was sent, as it came.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raw {
    /// In which form.
    pub kind: RawKind,
    /// The body.
    pub body: String,
}

// It speaks of a person.
impl std::fmt::Debug for Raw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Raw").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// A lead as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLead {
    /// The lead.
    pub lead: Lead,
    /// What was sent; `None`: it was refused, and nothing of it is kept.
    pub raw: Option<Raw>,
}

/// Leads of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The newest first.
    pub leads: Vec<Lead>,
    /// The lead behind which the next page begins; `None` at the end.
    pub next: Option<LeadId>,
}

/// A call that is to be placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueCall {
    /// Whose.
    pub business: BusinessId,
    /// Of which source.
    pub source: LeadSourceId,
    /// To the person of which lead.
    pub lead: LeadId,
}

/// Held by everything that looks at sources and leads.
#[derive(Debug, Clone)]
pub struct Reader {
    contacts: Table,
}

impl Reader {
    /// `table` is the name of Contacts.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { contacts: Table::new(aws, table) }
    }

    /// Whose source this is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn business_of(&self, source: &LeadSourceId) -> Result<Option<BusinessId>, StoreError> {
        let row = self.contacts.get(&door_key(source)).await?;
        row.as_ref().map(|row| row.parsed(BUSINESS, BusinessId::parse)).transpose()
    }

    /// The sources of a business, in the order of their making.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sources(&self, business: &BusinessId) -> Result<Vec<StoredSource>, StoreError> {
        let rows = self.contacts.query(&sources_pk(business), ONE).await?;
        let mut all: Vec<StoredSource> =
            rows.iter().filter_map(|row| stored_source(row).transpose()).collect::<Result<_, _>>()?;
        all.sort_by_key(|stored| (stored.source.created_at, stored.source.id.to_string()));
        Ok(all)
    }

    /// One source. `None`: no source has this name, or no more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn source(
        &self,
        business: &BusinessId,
        id: &LeadSourceId,
    ) -> Result<Option<StoredSource>, StoreError> {
        let row = self.contacts.get(&source_key(business, id)).await?;
        row.as_ref().map_or(Ok(None), stored_source)
    }

    /// At most `limit` (1 to 100) leads of a source, those that came before `behind`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn leads(
        &self,
        business: &BusinessId,
        source: &LeadSourceId,
        (limit, behind): (u16, Option<LeadId>),
        now: Timestamp,
    ) -> Result<Page, StoreError> {
        let table = &self.contacts;
        // What is over may still be there. A lead's name begins with its time.
        let from = format!("{ONE}{}", LeadId::new(now.minus(KEPT), 0));
        let to = behind.map_or_else(|| format!("{ONE}~"), |behind| format!("{ONE}{behind}"));
        let limit = usize::from(limit.clamp(1, MAX_PAGE));
        // The one that a page begins behind is among them.
        let rows = i32::try_from(limit + 2).unwrap_or(i32::MAX);
        let request = table.spanning(&leads_pk(business, source), &from, &to);
        let request = request.scan_index_forward(false).limit(rows).projection_expression("pk, sk, body");
        let page = request.send().await.map_err(|error| table.error(&error))?;
        let more = next_key(page.last_evaluated_key).is_some();
        let rows = page.items.unwrap_or_default().into_iter().map(|item| table.row(item));
        let leads = rows.map(|row| row.json(BODY)).collect::<Result<Vec<Lead>, _>>()?;
        let mut leads: Vec<Lead> = leads.into_iter().filter(|lead| Some(lead.id) != behind).collect();
        let more = more || leads.len() > limit;
        leads.truncate(limit);
        let next = leads.last().filter(|_| more).map(|last| last.id);
        Ok(Page { leads, next })
    }

    /// One lead, with what was sent. `None`: there is no such lead, or it is over.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn lead(
        &self,
        business: &BusinessId,
        source: &LeadSourceId,
        id: LeadId,
        now: Timestamp,
    ) -> Result<Option<StoredLead>, StoreError> {
        if id.at().plus(KEPT) <= now {
            return Ok(None);
        }
        let row = self.contacts.get(&lead_key(business, source, id)).await?;
        row.as_ref().map(stored_lead).transpose()
    }

    /// The leads about a contact, the oldest first, as the source and the name of each.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn about(
        &self,
        business: &BusinessId,
        contact: ContactId,
    ) -> Result<Vec<(LeadSourceId, LeadId)>, StoreError> {
        about(&self.contacts, business, contact).await
    }

    /// Calls that were to be placed before this moment, those that waited longest first in each of the shares.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due(&self, before: Timestamp) -> Result<Vec<DueCall>, StoreError> {
        let table = &self.contacts;
        let mut due = vec![];
        for share in 0..SHARES {
            let request = table.client.query().table_name(&*table.name).consistent_read(true);
            let request = request
                .key_condition_expression("pk = :pk AND sk < :before")
                .expression_attribute_values(":pk", text(format!("{DUE_KEYS}{share}")))
                .expression_attribute_values(":before", text(time_sk(before)))
                .limit(DUE_AT_ONCE);
            let page = request.send().await.map_err(|error| table.error(&error))?;
            let rows = page.items.unwrap_or_default().into_iter().map(|item| table.row(item));
            let calls = rows.map(|row| {
                Ok(DueCall {
                    business: row.parsed(BUSINESS, BusinessId::parse)?,
                    source: row.parsed(SOURCE, LeadSourceId::parse)?,
                    lead: row.parsed(LEAD, LeadId::parse)?,
                })
            });
            due.extend(calls.collect::<Result<Vec<_>, StoreError>>()?);
        }
        Ok(due)
    }
}

async fn about(
    table: &Table,
    business: &BusinessId,
    contact: ContactId,
) -> Result<Vec<(LeadSourceId, LeadId)>, StoreError> {
    let rows = table.query(&contact_pk(business, contact), "").await?;
    rows.iter()
        .map(|row| Ok((row.parsed(SOURCE, LeadSourceId::parse)?, row.parsed(SK, LeadId::parse)?)))
        .collect()
}

/// The source of a row; `None`: it was deleted.
fn stored_source(row: &Row) -> Result<Option<StoredSource>, StoreError> {
    if row.optional_text(BODY)?.is_none() {
        return Ok(None);
    }
    Ok(Some(StoredSource {
        source: row.json(BODY)?,
        version: row.number(VERSION)?,
        made_by: row.text(MADE_BY)?.to_owned(),
        rotated_by: row.optional_text(ROTATED_BY)?.map(str::to_owned),
    }))
}

fn stored_lead(row: &Row) -> Result<StoredLead, StoreError> {
    let raw = row.optional_text(RAW)?.map(|_| row.json(RAW)).transpose()?;
    Ok(StoredLead { lead: row.json(BODY)?, raw })
}

/// A lead's row. It says beside its body whether the person is to be called, so that a condition can ask.
fn lead_draft(table: &Table, lead: &Lead, raw: Option<&Raw>) -> Result<Draft, StoreError> {
    let raw = raw.map(|raw| to_json(&table.name, RAW, raw)).transpose()?;
    let draft = Draft::default().text(BODY, to_json(&table.name, BODY, lead)?).optional_text(RAW, raw);
    Ok(draft.text(CALLING, lead.call.word()).expires(lead.id.at().plus(KEPT)))
}

fn sources_pk(business: &BusinessId) -> String {
    format!("{SOURCE_KEYS}{business}")
}

fn source_key(business: &BusinessId, id: &LeadSourceId) -> Key {
    Key::new(sources_pk(business), format!("{ONE}{id}"))
}

fn door_key(id: &LeadSourceId) -> Key {
    Key::new(format!("{DOOR_KEYS}{id}"), DOOR)
}

fn leads_pk(business: &BusinessId, source: &LeadSourceId) -> String {
    format!("{LEAD_KEYS}{business}#{source}")
}

fn lead_key(business: &BusinessId, source: &LeadSourceId, id: LeadId) -> Key {
    Key::new(leads_pk(business, source), format!("{ONE}{id}"))
}

fn contact_pk(business: &BusinessId, contact: ContactId) -> String {
    format!("{LEAD_KEYS}{business}#{contact}")
}

fn due_key(lead: LeadId) -> Key {
    let share = spread(lead.to_string().as_bytes()) % SHARES;
    Key::new(format!("{DUE_KEYS}{share}"), format!("{}#{lead}", time_sk(lead.at())))
}
