//! Businesses, their numbers and settings.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `businesses` | `<id>` | that there is the business; its name, for lists |
//! | `business#<id>` | `profile` | what the business is |
//! | `business#<id>` | `settings#<revision>` | one immutable revision, ten digits, with its author and note |
//! | `business#<id>` | `draft#<author>` | settings that one person works on |
//! | `business#<id>` | `published` | the revision that calls run with |
//! | `business#<id>` | `channel#<name>` | the revision that calls of the numbers on this settings channel run with |
//! | `business#<id>` | `number#<E.164>` | that the number is one of the business's |
//! | `number#<E.164>` | `number` | whose number it is, and what it is called |
//!
//! A row that is written again carries a version: a write names the version that its writer has seen.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::numbers::{OwnNumber, SettingsChannel};
use domain::{Business, BusinessId, Call, PhoneNumber, Revision, Settings, Timestamp};

use crate::StoreError;
use crate::item::{Draft, Row, number, to_json};
use crate::random;
use crate::table::{ABSENT, Key, Table};
use crate::transaction::{Transacted, transact};
use platform::Aws;

mod channels;
pub mod document;
mod drafts;
mod numbers;
mod profiles;
mod revisions;

pub use drafts::Draft as SettingsDraft;
pub use numbers::Given;
pub use profiles::{Created, Listed, ListedPage};
pub use revisions::{Publication, RevisionNote};

const BODY: &str = "body";
const VERSION: &str = "version";
const BUSINESS: &str = "business";
const REVISION: &str = "revision";

/// A business with the settings that are published at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The business's profile.
    pub business: Business,
    /// The settings that are in force.
    pub settings: Settings,
}

/// A row with the version that a write of it must name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<T> {
    /// What the row holds.
    pub value: T,
    /// Counted from 0, one more with each write.
    pub version: u64,
}

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    /// It is stored, under this version.
    Done(u64),
    /// Another writer was first: read the row again.
    Overtaken,
}

/// Held by everything that needs to know a business.
#[derive(Debug, Clone)]
pub struct Reader {
    businesses: Table,
}

impl Reader {
    /// `table` is the name of Businesses.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { businesses: Table::new(aws, table) }
    }

    /// What the business is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn business(&self, id: &BusinessId) -> Result<Option<Business>, StoreError> {
        let row = self.businesses.get(&profile_key(id)).await?;
        row.map(|row| document::stored_profile(&row)).transpose()
    }

    /// The published settings. `None` when the business does not exist or has published nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn published(&self, id: &BusinessId) -> Result<Option<Published>, StoreError> {
        self.on_channel(id, &SettingsChannel::Published).await
    }

    /// The settings of a channel. `None` when the business does not exist or has published nothing to the channel.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn on_channel(
        &self,
        id: &BusinessId,
        channel: &SettingsChannel,
    ) -> Result<Option<Published>, StoreError> {
        let (profile, pointer) = (profile_key(id), channels::pointer_key(id, channel));
        let read = tokio::try_join!(self.businesses.get(&profile), self.businesses.get(&pointer))?;
        let (Some(profile), Some(pointer)) = read else { return Ok(None) };
        let revision = Revision(pointer.number(REVISION)?);
        // The pointer names it, so it was there: its absence is damage, not an unpublished business.
        let settings = self.settings(id, revision).await?.ok_or_else(|| pointer.corrupt(REVISION))?;
        Ok(Some(Published { business: document::stored_profile(&profile)?, settings }))
    }

    /// One revision, published or not. What is not understood of it is reported and made harmless: [`document`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn settings(
        &self,
        id: &BusinessId,
        revision: Revision,
    ) -> Result<Option<Settings>, StoreError> {
        let row = self.businesses.get(&settings_key(id, revision)).await?;
        row.map(|row| document::stored_settings(&row, id)).transpose()
    }

    /// The settings that a call began with, published or not by now, with its own language first. `None` for a call that began without any.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn settings_of(&self, call: &Call) -> Result<Option<Settings>, StoreError> {
        match call.revision {
            Some(revision) => {
                let settings = self.settings(&call.business, revision).await?;
                Ok(settings.map(|settings| settings.opening_in(call.language())))
            }
            None => Ok(None),
        }
    }
}

/// Held by the functions that set businesses up.
#[derive(Debug, Clone)]
pub struct Writer {
    businesses: Table,
}

impl Writer {
    /// `table` is the name of Businesses.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { businesses: Table::new(aws, table) }
    }

    /// Sets a business up: its profile, a number and its first settings. Doing it again changes nothing but the
    /// profile; a pointer that was moved since stays where it is.
    ///
    /// # Errors
    /// [`StoreError::Conditional`] when the number belongs to another business, or when the revision exists with other
    /// contents. Then at most the revision was written.
    pub async fn provision(
        &self,
        business: &Business,
        phone: &PhoneNumber,
        settings: &Settings,
    ) -> Result<(), StoreError> {
        let number = OwnNumber {
            number: phone.clone(),
            business: business.id.clone(),
            label: None,
            settings: SettingsChannel::default(),
            since: Timestamp(0),
        };
        self.put_first_revision(&business.id, settings).await?;
        let table = &self.businesses;
        let profile = Draft::default().text(BODY, to_json(&table.name, BODY, business)?);
        let [own, listed] = self.own_number(&number)?;
        let actions = [
            own,
            listed,
            table.put_action(profile_key(&business.id).item(profile), |put| put),
            self.list_action(business),
            self.publish_first(&business.id, settings.revision),
        ];
        match self.transact(&actions).await? {
            Transacted::Done => Ok(()),
            Transacted::Refused(_) => Err(table.forbidden("the phone number belongs to another business")),
        }
    }

    async fn transact(&self, actions: &[TransactWriteItem]) -> Result<Transacted, StoreError> {
        let table = &self.businesses;
        transact(table, actions, &random::id(&table.name)?).await
    }

    /// A put of a row that carries a version. `seen` is the version as its writer read it; `None`: there was no row.
    fn put_versioned(&self, key: &Key, draft: Draft, seen: Option<u64>) -> TransactWriteItem {
        let item = key.item(draft.number(VERSION, seen.map_or(0, |seen| seen + 1)));
        self.businesses.put_action(item, |put| match seen {
            None => put.condition_expression(ABSENT),
            // A row that was set up in one piece has no version yet.
            Some(0) => put
                .condition_expression(
                    "attribute_exists(pk) AND (attribute_not_exists(version) OR version = :seen)",
                )
                .expression_attribute_values(":seen", number(0)),
            Some(seen) => {
                put.condition_expression("version = :seen").expression_attribute_values(":seen", number(seen))
            }
        })
    }
}

/// The version of a row; 0 for one that has none yet.
fn version(row: &Row) -> Result<u64, StoreError> {
    Ok(row.optional_number(VERSION)?.unwrap_or_default())
}

fn partition(id: &BusinessId) -> String {
    format!("business#{id}")
}

fn profile_key(id: &BusinessId) -> Key {
    Key::new(partition(id), "profile")
}

fn published_key(id: &BusinessId) -> Key {
    Key::new(partition(id), "published")
}

fn settings_key(id: &BusinessId, revision: Revision) -> Key {
    Key::new(partition(id), format!("settings#{:010}", revision.0))
}

fn number_key(number: &PhoneNumber) -> Key {
    Key::new(format!("number#{}", number.as_e164()), "number")
}
