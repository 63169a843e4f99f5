//! Businesses, their numbers and settings revisions.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `business#<id>` | `profile` | what the business is |
//! | `business#<id>` | `settings#<revision>` | one immutable revision, ten digits |
//! | `business#<id>` | `published` | the revision that calls run with |
//! | `number#<E.164>` | `number` | whose number it is |

use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use domain::{Business, BusinessId, Call, PhoneNumber, Revision, Settings};

use crate::StoreError;
use crate::item::{Attributes, Draft, number, text, to_json};
use crate::random;
use crate::table::{Key, Table, WriteOutcome};
use crate::transaction::{Transacted, transact};
use platform::Aws;

pub mod document;

const BODY: &str = "body";
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

    /// Whose number it is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn by_number(&self, number: &PhoneNumber) -> Result<Option<BusinessId>, StoreError> {
        let row = self.businesses.get(&number_key(number)).await?;
        row.map(|row| row.parsed(BUSINESS, BusinessId::parse)).transpose()
    }

    /// What the business is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn business(&self, id: &BusinessId) -> Result<Option<Business>, StoreError> {
        let row = self.businesses.get(&profile_key(id)).await?;
        row.map(|row| document::stored_profile(&row)).transpose()
    }

    /// `None` when the business does not exist or has published nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn published(&self, id: &BusinessId) -> Result<Option<Published>, StoreError> {
        let (profile, pointer) = (profile_key(id), published_key(id));
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

    /// The settings that a call began with, published or not by now. `None` for a call that began without any.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn settings_of(&self, call: &Call) -> Result<Option<Settings>, StoreError> {
        match call.revision {
            Some(revision) => self.settings(&call.business, revision).await,
            None => Ok(None),
        }
    }
}

/// Held by the `businesses` functions.
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
    /// [`StoreError::Conditional`] when the number belongs to another business, or when the revision exists with other contents. Then at most the revision was written.
    pub async fn provision(
        &self,
        business: &Business,
        phone: &PhoneNumber,
        settings: &Settings,
    ) -> Result<(), StoreError> {
        self.put_revision(&business.id, settings).await?;
        let table = &self.businesses;
        let profile = Draft::default().text(BODY, to_json(&table.name, BODY, business)?);
        let actions = [
            self.own(&number_key(phone), &business.id),
            table.put_action(profile_key(&business.id).item(profile), |put| put),
            self.publish_first(&business.id, settings.revision),
        ];
        match transact(table, &actions, &random::id(&table.name)?).await? {
            Transacted::Done => Ok(()),
            Transacted::Refused(_) => Err(table.forbidden("the phone number belongs to another business")),
        }
    }

    async fn put_revision(&self, id: &BusinessId, settings: &Settings) -> Result<(), StoreError> {
        let draft = Draft::default().text(BODY, to_json(&self.businesses.name, BODY, settings)?);
        match self.businesses.put_new(&settings_key(id, settings.revision), draft).await? {
            WriteOutcome::Done(()) => Ok(()),
            WriteOutcome::Refused(Some(row)) if document::is(&row, settings)? => Ok(()),
            WriteOutcome::Refused(_) => Err(self
                .businesses
                .forbidden("this settings revision exists with other contents: give it the next number")),
        }
    }

    fn own(&self, key: &Key, id: &BusinessId) -> TransactWriteItem {
        let item: Attributes = key.item(Draft::default().text(BUSINESS, id.as_str()));
        self.businesses.put_action(item, |put| {
            put.condition_expression("attribute_not_exists(pk) OR business = :id")
                .expression_attribute_values(":id", text(id.as_str()))
        })
    }

    fn publish_first(&self, id: &BusinessId, revision: Revision) -> TransactWriteItem {
        let update = Update::builder()
            .table_name(&*self.businesses.name)
            .set_key(Some(published_key(id).attributes()))
            .update_expression("SET revision = if_not_exists(revision, :first)")
            .expression_attribute_values(":first", number(revision));
        // Building fails only without table, key or expression; all are given.
        TransactWriteItem::builder().set_update(update.build().ok()).build()
    }
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
