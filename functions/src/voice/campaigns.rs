//! Campaigns: people whom a business has called one after another.
//!
//! The API keeps what is wanted; a worker does it. One job at a time is at a campaign, and sends itself on while calls are under
//! way; a sweep finds campaigns whose time has come or whose job was lost. Each call is an order like one of `POST /v1/calls`,
//! under a key made of campaign, entry and number of the order, so it is dialled once whatever dies.

pub mod api;
mod claiming;
mod ending;
mod facts;
mod files;
mod loading;
pub(crate) mod of_person;
mod requests;
mod settling;
mod shapes;
pub mod sweep;
mod telling;
pub mod worker;

use domain::campaign::entry::Event;
use domain::campaign::guard::Sample;
use domain::campaign::{Campaign, CampaignId};
use domain::{BusinessId, Timestamp};
use stores::StoreError;
use stores::campaigns::{Limits, Moved, Reader, StoredEntry, Writer};

use crate::edge::parts::{Needs, Opener, Part, table_parts};

table_parts! {
    Reader: "TABLE_CAMPAIGNS";
}

impl Part for Writer {
    fn declare(needs: &mut Needs<'_>) -> Opener<Self> {
        let (campaigns, events) = (needs.table("TABLE_CAMPAIGNS"), needs.table("TABLE_EVENTS"));
        Box::new(move |deployment| Ok(Self::new(&deployment.aws, &campaigns, &events)))
    }
}

/// Moves an entry from what was read, by what happened to it. `None`: that cannot happen to it any more.
async fn move_entry(
    writer: &Writer,
    (business, campaign): (&BusinessId, &Campaign),
    seen: &StoredEntry,
    event: Event,
    (beside, now): ((Option<Limits>, Option<&Sample>), Timestamp),
) -> Result<Option<Moved>, StoreError> {
    let mut entry = seen.entry.clone();
    if entry.apply(event, campaign.plan.retries, now).is_err() {
        return Ok(None);
    }
    writer.move_entry(business, &campaign.id, seen, entry, beside).await.map(Some)
}

/// The key of the order that an entry's call is.
fn order_key(campaign: &CampaignId, entry: u32, order: u32) -> String {
    format!("{campaign}:{entry}:{order}")
}
