//! Campaigns and their entries.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `campaign#<business>` | `desk` | how many campaigns there are |
//! | `campaign#<business>` | `one#<campaign>` | one campaign |
//! | `campaign#<business>` | `sums#<campaign>` | what it has come to |
//! | `campaign-work#<share>` | `<business>#<campaign>` | that the campaign has work, so that a sweep finds it |
//! | `campaign-entry#<business>#<campaign>` | `one#<number>` | one entry, six digits |
//! | `campaign-entry#<business>#<campaign>` | `due#<time>#<number>` | when a worker has to look at it next |
//! | `campaign-entry#<business>#<campaign>` | `busy#<number>` | that its call is under way |
//! | `campaign-entry#<business>#<campaign>` | `facts#<time>#<number>` | when the facts of its calls are asked for next, of a campaign with a goal |
//! | `campaign-entry#<business>#<campaign>` | `promised#<time>#<number>` | that its person was promised a call, which is due then |
//! | `campaign-entry#<business>#<campaign>` | `sample#<time>#<call>` | how a call ended, for some minutes |
//! | `campaign-entry#<business>#<campaign>` | `worker` | which worker is at it until when |
//! | `campaign-number#<business>#<E.164>` | `<campaign>#<number>` | that an entry is about this number |
//!
//! An entry moves under its version in one transaction with the row by which it is found and with the difference that it makes to
//! the sums. A claim has the campaign's state and its limits as conditions of the same transaction: once a campaign is paused no
//! claim goes through, whatever a worker has read before.

mod due_list;
mod entries;
mod erase;
mod write;

use std::collections::HashMap;

use domain::BusinessId;
use domain::campaign::progress::Progress;
use domain::campaign::{Campaign, CampaignId};
use platform::Aws;

use crate::StoreError;
use crate::digest::spread;
use crate::item::{Draft, Row, to_json};
use crate::table::{Key, SK, Table};

pub use crate::endpoints::Request;
pub use due_list::DueList;
pub use entries::{EntryPage, Limits, Moved, StoredEntry};
pub use erase::Eraser;
pub use write::{Created, Lease};

/// What the keys of campaigns begin with.
pub const CAMPAIGN_KEYS: &str = "campaign#";
/// What the keys of the list of campaigns with work begin with.
pub const WORK_KEYS: &str = "campaign-work#";
/// What the keys of entries begin with.
pub const ENTRY_KEYS: &str = "campaign-entry#";
/// What the keys of the list of numbers begin with.
pub const NUMBER_KEYS: &str = "campaign-number#";

const DESK: &str = "desk";
const ONE: &str = "one#";
const SUMS: &str = "sums#";
const BODY: &str = "body";
const VERSION: &str = "version";
/// On a campaign, beside its body, for conditions.
const STATE: &str = "run_state";
const MADE_BY: &str = "made_by";
/// Partitions over which campaigns with work are spread.
const SHARES: u64 = 8;

/// A campaign as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The campaign.
    pub campaign: Campaign,
    /// Counts its writes, from 1.
    pub version: u64,
    made_by: String,
}

/// Held by what looks at campaigns.
#[derive(Debug, Clone)]
pub struct Reader {
    table: Table,
}

/// Held by the API of campaigns, and by what calls for them.
#[derive(Debug, Clone)]
pub struct Writer {
    table: Table,
    reader: Reader,
    outbox: crate::events::Writer,
}

impl Writer {
    /// The names of Campaigns and of Events.
    pub fn new(aws: &Aws, table: &str, events: &str) -> Self {
        Self {
            table: Table::new(aws, table),
            reader: Reader::new(aws, table),
            outbox: crate::events::Writer::new(aws, events),
        }
    }
}

impl Reader {
    /// `table` is the name of Campaigns.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { table: Table::new(aws, table) }
    }

    /// One campaign.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn one(&self, business: &BusinessId, id: &CampaignId) -> Result<Option<Stored>, StoreError> {
        self.table.get(&one_key(business, id)).await?.as_ref().map(stored).transpose()
    }

    /// The campaigns of a business, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn all(&self, business: &BusinessId) -> Result<Vec<Stored>, StoreError> {
        let rows = self.table.query(&pk(business), ONE).await?;
        let mut all: Vec<Stored> = rows.iter().map(stored).collect::<Result<_, _>>()?;
        all.sort_by_key(|stored| {
            std::cmp::Reverse((stored.campaign.created_at, stored.campaign.id.to_string()))
        });
        Ok(all)
    }

    /// What a campaign has come to.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sums(&self, business: &BusinessId, id: &CampaignId) -> Result<Progress, StoreError> {
        Ok(self.table.get(&sums_key(business, id)).await?.map(|row| sums(&row)).unwrap_or_default())
    }

    /// What all campaigns of a business have come to.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn all_sums(&self, business: &BusinessId) -> Result<HashMap<String, Progress>, StoreError> {
        let rows = self.table.query(&pk(business), SUMS).await?;
        let named = |row: &Row| Ok((row.text(SK)?.trim_start_matches(SUMS).to_owned(), sums(row)));
        rows.iter().map(named).collect()
    }

    /// The campaigns of one share of those that have work.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn with_work(&self, share: u64) -> Result<Vec<(BusinessId, CampaignId)>, StoreError> {
        let rows = self.table.query(&format!("{WORK_KEYS}{share}"), "").await?;
        let named = |sk: &str| {
            let (business, campaign) = sk.split_once('#').ok_or(())?;
            Ok::<_, ()>((
                BusinessId::parse(business).map_err(drop)?,
                CampaignId::parse(campaign).map_err(drop)?,
            ))
        };
        rows.iter().map(|row| row.parsed(SK, named)).collect()
    }

    /// The shares of [`Reader::with_work`].
    pub fn shares() -> std::ops::Range<u64> {
        0..SHARES
    }

    async fn count(&self, business: &BusinessId) -> Result<u64, StoreError> {
        let row = self.table.get(&Key::new(pk(business), DESK)).await?;
        Ok(row.map(|row| row.optional_number("count")).transpose()?.flatten().unwrap_or(0))
    }
}

fn stored(row: &Row) -> Result<Stored, StoreError> {
    Ok(Stored {
        campaign: row.json(BODY)?,
        version: row.number(VERSION)?,
        made_by: row.text(MADE_BY)?.to_owned(),
    })
}

fn draft(table: &Table, new: &Stored) -> Result<Draft, StoreError> {
    Ok(Draft::default()
        .text(BODY, to_json(&table.name, BODY, &new.campaign)?)
        .number(VERSION, new.version)
        .text(STATE, new.campaign.state.as_str())
        .text(MADE_BY, &new.made_by))
}

fn sums(row: &Row) -> Progress {
    Progress(
        row.numbers().map(|(name, sum)| (name.to_owned(), i64::try_from(sum).unwrap_or(i64::MAX))).collect(),
    )
}

fn pk(business: &BusinessId) -> String {
    format!("{CAMPAIGN_KEYS}{business}")
}

fn one_key(business: &BusinessId, id: &CampaignId) -> Key {
    Key::new(pk(business), format!("{ONE}{id}"))
}

fn sums_key(business: &BusinessId, id: &CampaignId) -> Key {
    Key::new(pk(business), format!("{SUMS}{id}"))
}

fn work_key(business: &BusinessId, id: &CampaignId) -> Key {
    let name = format!("{business}#{id}");
    let share = spread(name.as_bytes()) % SHARES;
    Key::new(format!("{WORK_KEYS}{share}"), name)
}
