//! How campaigns are made and moved, and which worker is at one.

use std::time::Duration;

use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use domain::campaign::{Campaign, CampaignId, MAX_CAMPAIGNS};
use domain::event::Happened;
use domain::{BusinessId, Timestamp};

use super::entries::entries_pk;
use super::{DESK, Request, Stored, VERSION, Writer, draft, one_key, pk, stored, work_key};
use crate::item::{Draft, LEASE_UNTIL, names, number, text, values};
use crate::table::{ABSENT, Key, WriteOutcome};
use crate::transaction::{Action, Transacted, transact};
use crate::{StoreError, random};

/// What a request to make a campaign came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    /// It is made.
    Done(Stored),
    /// An earlier request of this key made it.
    Before(Stored),
    /// An earlier request of this key asked for something else.
    Reused,
    /// There may be no more campaigns.
    Full,
}

/// The right to be at a campaign.
#[derive(Debug)]
pub struct Lease {
    key: Key,
    owner: String,
}

impl Lease {
    /// What a turn that follows this one shows.
    pub fn turn(&self) -> &str {
        &self.owner
    }
}

impl Writer {
    /// Makes a campaign. Its id is that of the request.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn create(
        &self,
        business: &BusinessId,
        campaign: Campaign,
        request: Request<'_>,
    ) -> Result<Created, StoreError> {
        let table = &self.table;
        let key = one_key(business, &campaign.id);
        let new = Stored { campaign, version: 1, made_by: request.digest() };
        let desk = Update::builder()
            .table_name(&*table.name)
            .set_key(Some(Key::new(pk(business), DESK).attributes()))
            .update_expression("ADD #count :one")
            .condition_expression("attribute_not_exists(#count) OR #count < :most")
            .set_expression_attribute_names(Some(names(&["count"])))
            .set_expression_attribute_values(Some(values(&[
                ("one", number(1)),
                ("most", number(MAX_CAMPAIGNS)),
            ])));
        // Building fails only without table, key or expression; all are given.
        let desk = TransactWriteItem::builder().set_update(desk.build().ok()).build();
        let actions = [table.put_new_action(&key, draft(table, &new)?), desk];
        match transact(table, &actions, &random::id(&table.name)?).await? {
            Transacted::Done => Ok(Created::Done(new)),
            Transacted::Refused(refused) => match refused.into_iter().next() {
                Some(Action::Refused(Some(row))) => {
                    let before = stored(&table.row(row))?;
                    let same = request.is(&before.made_by) == Some(true);
                    Ok(if same { Created::Before(before) } else { Created::Reused })
                }
                _ => Ok(Created::Full),
            },
        }
    }

    /// How many campaigns a business has made.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count(&self, business: &BusinessId) -> Result<u64, StoreError> {
        self.reader.count(business).await
    }

    /// Puts a campaign in place of the one that was read, with the event that tells of it, and on the list of those that have work
    /// or off it. `Ok(None)`: it was changed meanwhile.
    ///
    /// # Errors
    /// [`StoreError`]. After one it may have been changed: look before it is done again.
    pub async fn save(
        &self,
        business: &BusinessId,
        seen: &Stored,
        campaign: Campaign,
        event: Option<&Happened<'_>>,
    ) -> Result<Option<Stored>, StoreError> {
        let table = &self.table;
        let new = Stored { campaign, version: seen.version + 1, made_by: seen.made_by.clone() };
        let item = one_key(business, &new.campaign.id).item(draft(table, &new)?);
        let put = table.put_action(item, |put| {
            put.condition_expression("#version = :version")
                .set_expression_attribute_names(Some(names(&[VERSION])))
                .set_expression_attribute_values(Some(values(&[("version", number(seen.version))])))
        });
        let key = work_key(business, &new.campaign.id);
        let work = if new.campaign.has_work() {
            table.put_action(key.item(Draft::default()), |put| put)
        } else {
            table.delete_action(&key, |delete| delete)
        };
        let mut actions = vec![put, work];
        if let Some(event) = event {
            actions.push(self.outbox.tell(event)?);
        }
        match transact(table, &actions, &random::id(&table.name)?).await? {
            Transacted::Done => Ok(Some(new)),
            Transacted::Refused(_) => Ok(None),
        }
    }

    /// Takes the right to be at a campaign for `held`, or takes it over from the turn that this one follows. `None`: another worker
    /// has it.
    ///
    /// # Errors
    /// [`StoreError`]. After one it may be taken, until it lapses.
    pub async fn take_lease(
        &self,
        business: &BusinessId,
        id: &CampaignId,
        (held, follows): (Duration, Option<&str>),
        now: Timestamp,
    ) -> Result<Option<Lease>, StoreError> {
        let table = &self.table;
        let owner = random::id(&table.name)?;
        let key = Key::new(entries_pk(business, id), "worker");
        let draft = Draft::default().text("owner", &owner).until(now.plus(held));
        let request = table.client.put_item().table_name(&*table.name);
        let request = request
            .set_item(Some(key.item(draft)))
            .condition_expression(format!("{ABSENT} OR #{LEASE_UNTIL} <= :now OR #owner = :owner"))
            .set_expression_attribute_names(Some(names(&[LEASE_UNTIL, "owner"])))
            .set_expression_attribute_values(Some(values(&[
                ("now", number(now.0)),
                ("owner", text(follows.unwrap_or("none"))),
            ])));
        match table.outcome(request.send().await)? {
            WriteOutcome::Done(_) => Ok(Some(Lease { key, owner })),
            WriteOutcome::Refused(_) => Ok(None),
        }
    }

    /// Gives the right back. One that has lapsed and is another worker's by now stays with it.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn give_back(&self, lease: &Lease) -> Result<(), StoreError> {
        let table = &self.table;
        let request = table.client.delete_item().table_name(&*table.name);
        let request = request
            .set_key(Some(lease.key.attributes()))
            .condition_expression("#owner = :owner")
            .set_expression_attribute_names(Some(names(&["owner"])))
            .set_expression_attribute_values(Some(values(&[("owner", text(&lease.owner))])));
        table.outcome(request.send().await).map(drop)
    }

    /// Takes a campaign off the list of those that have work, if it has none.
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn leave(&self, business: &BusinessId, id: &CampaignId) -> Result<(), StoreError> {
        self.table.delete(&work_key(business, id)).await.map(drop)
    }
}
