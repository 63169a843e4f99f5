//! Settings channels: pointers beside the published one, for settings on trial at some numbers, or in another language.
//!
//! A channel begins with the first publication to it. Its row carries a version, which a number that is put on the channel
//! raises too: so a channel is never taken away from under a number that was put on it meanwhile.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::numbers::{ChannelName, SettingsChannel};
use domain::{BusinessId, Revision};

use super::{REVISION, Reader, Saved, Versioned, Writer, partition, published_key, version};
use crate::StoreError;
use crate::item::{Draft, Row, number};
use crate::table::{ABSENT, Key, SK};
use crate::transaction::Transacted;

const PREFIX: &str = "channel#";

impl Reader {
    /// The revision to which a channel points, as one that moves it must have seen it. `None`: nothing was published to it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn pointer(
        &self,
        id: &BusinessId,
        channel: &SettingsChannel,
    ) -> Result<Option<Versioned<Revision>>, StoreError> {
        let Some(row) = self.businesses.get(&pointer_key(id, channel)).await? else { return Ok(None) };
        Ok(Some(Versioned { value: Revision(row.number(REVISION)?), version: version(&row)? }))
    }

    /// Every settings channel of a business, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn channels(&self, id: &BusinessId) -> Result<Vec<(ChannelName, Revision)>, StoreError> {
        let rows = self.businesses.query(&partition(id), PREFIX).await?;
        let channel = |row: &Row| {
            let name = row.parsed(SK, |sk| ChannelName::parse(sk.trim_start_matches(PREFIX)))?;
            Ok((name, Revision(row.number(REVISION)?)))
        };
        rows.iter().map(channel).collect()
    }
}

impl Writer {
    /// Takes a settings channel away, if it is as it was seen: no number was put on it since.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn drop_channel(
        &self,
        id: &BusinessId,
        name: &ChannelName,
        seen: u64,
    ) -> Result<Saved, StoreError> {
        let delete = self.businesses.delete_action(&channel_key(id, name), |delete| {
            delete.condition_expression("version = :seen").expression_attribute_values(":seen", number(seen))
        });
        Ok(match self.transact(&[delete]).await? {
            Transacted::Done => Saved::Done(seen),
            Transacted::Refused(_) => Saved::Overtaken,
        })
    }

    /// Points a channel at a revision, if it is as it was seen. `None`: it was not there. The published pointer is known by
    /// its revision, every other one by its version.
    pub(super) fn point(
        &self,
        id: &BusinessId,
        channel: &SettingsChannel,
        revision: Revision,
        seen: Option<&Versioned<Revision>>,
    ) -> TransactWriteItem {
        let draft = Draft::default().number(REVISION, revision);
        let key = pointer_key(id, channel);
        match channel {
            SettingsChannel::Published => {
                let table = &self.businesses;
                table.put_action(key.item(draft), |put| match seen {
                    None => put.condition_expression(ABSENT),
                    Some(seen) => put
                        .condition_expression("revision = :seen")
                        .expression_attribute_values(":seen", number(seen.value)),
                })
            }
            SettingsChannel::Channel(_) => self.put_versioned(&key, draft, seen.map(|seen| seen.version)),
        }
    }

    /// Notes on a channel that a number is put on it.
    pub(super) fn touch(
        &self,
        id: &BusinessId,
        name: &ChannelName,
        seen: &Versioned<Revision>,
    ) -> TransactWriteItem {
        let draft = Draft::default().number(REVISION, seen.value);
        self.put_versioned(&channel_key(id, name), draft, Some(seen.version))
    }
}

pub(super) fn pointer_key(id: &BusinessId, channel: &SettingsChannel) -> Key {
    match channel {
        SettingsChannel::Published => published_key(id),
        SettingsChannel::Channel(name) => channel_key(id, name),
    }
}

fn channel_key(id: &BusinessId, name: &ChannelName) -> Key {
    Key::new(partition(id), format!("{PREFIX}{name}"))
}
