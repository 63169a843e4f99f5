//! Published settings: immutable revisions, and the pointer to the one that is in force.

use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use domain::access::KeyId;
use domain::numbers::SettingsChannel;
use domain::{BusinessId, Revision, Settings, Timestamp};

use super::document::Written;
use super::{BODY, Reader, Versioned, Writer, document, partition, published_key, settings_key};
use crate::StoreError;
use crate::item::{Draft, Row, number, to_json};
use crate::table::{ABSENT, SK, WriteOutcome};
use crate::transaction::Transacted;

const AUTHOR: &str = "author";
const NOTE: &str = "note";
const PUBLISHED_AT: &str = "published_at";
const PREFIX: &str = "settings#";

/// What is known of a revision besides its settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionNote {
    /// Its number.
    pub revision: Revision,
    /// The key of its author; `None`: it was set up with the business.
    pub author: Option<KeyId>,
    /// What the author wrote about it.
    pub note: Option<String>,
    /// When it was published first.
    pub published_at: Option<Timestamp>,
}

/// What became of a publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Publication {
    /// Calls of the channel run with this revision from now on.
    Done(Revision),
    /// The channel changed meanwhile, or another publication took the revision's number.
    Overtaken,
}

impl Reader {
    /// The revision that is in force. `None`: nothing is published.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn published_revision(&self, id: &BusinessId) -> Result<Option<Revision>, StoreError> {
        let pointer = self.pointer(id, &SettingsChannel::Published).await?;
        Ok(pointer.map(|pointer| pointer.value))
    }

    /// What is known of every revision, the first one first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn revisions(&self, id: &BusinessId) -> Result<Vec<RevisionNote>, StoreError> {
        // The settings themselves may have hundreds of kilobytes each.
        let rows =
            self.businesses.query_only(&partition(id), PREFIX, "sk, author, note, published_at").await?;
        let note = |row: &Row| {
            Ok(RevisionNote {
                revision: number_of(row)?,
                author: row.optional_parsed(AUTHOR, KeyId::parse)?,
                note: row.optional_text(NOTE)?.map(str::to_owned),
                published_at: row.optional_time(PUBLISHED_AT)?,
            })
        };
        rows.iter().map(note).collect()
    }

    /// One revision as it was written, for the people who work on settings.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn written(&self, id: &BusinessId, revision: Revision) -> Result<Option<Written>, StoreError> {
        self.businesses.get(&settings_key(id, revision)).await?.as_ref().map(document::written).transpose()
    }

    /// The revision with the highest number. `None`: nothing was published yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn latest_revision(&self, id: &BusinessId) -> Result<Option<Revision>, StoreError> {
        self.businesses.last(&partition(id), PREFIX).await?.as_ref().map(number_of).transpose()
    }
}

fn number_of(row: &Row) -> Result<Revision, StoreError> {
    row.parsed(SK, |sk| sk.trim_start_matches(PREFIX).parse().map(Revision))
}

impl Writer {
    /// Publishes settings to a channel, as a new revision, whose number they carry. `seen` is the pointer as it was when
    /// their author looked; `None`: there was none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn publish(
        &self,
        id: &BusinessId,
        (channel, seen): (&SettingsChannel, Option<&Versioned<Revision>>),
        settings: &Settings,
        by: &KeyId,
        note: Option<&str>,
        now: Timestamp,
    ) -> Result<Publication, StoreError> {
        let table = &self.businesses;
        let row = Draft::default()
            .text(BODY, to_json(&table.name, BODY, settings)?)
            .text(AUTHOR, by.as_str())
            .optional_text(NOTE, note)
            .time(PUBLISHED_AT, now);
        let revision = settings_key(id, settings.revision).item(row);
        let actions = [
            table.put_action(revision, |put| put.condition_expression(ABSENT)),
            self.point(id, channel, settings.revision, seen),
        ];
        Ok(match self.transact(&actions).await? {
            Transacted::Done => Publication::Done(settings.revision),
            Transacted::Refused(_) => Publication::Overtaken,
        })
    }

    pub(super) async fn put_first_revision(
        &self,
        id: &BusinessId,
        settings: &Settings,
    ) -> Result<(), StoreError> {
        let draft = Draft::default().text(BODY, to_json(&self.businesses.name, BODY, settings)?);
        match self.businesses.put_new(&settings_key(id, settings.revision), draft).await? {
            WriteOutcome::Done(()) => Ok(()),
            WriteOutcome::Refused(Some(row)) if document::is(&row, settings)? => Ok(()),
            WriteOutcome::Refused(_) => Err(self
                .businesses
                .forbidden("this settings revision exists with other contents: give it the next number")),
        }
    }

    pub(super) fn publish_first(&self, id: &BusinessId, revision: Revision) -> TransactWriteItem {
        let update = Update::builder()
            .table_name(&*self.businesses.name)
            .set_key(Some(published_key(id).attributes()))
            .update_expression("SET revision = if_not_exists(revision, :first)")
            .expression_attribute_values(":first", number(revision));
        // Building fails only without table, key or expression; all are given.
        TransactWriteItem::builder().set_update(update.build().ok()).build()
    }
}
