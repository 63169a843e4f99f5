//! API keys. The text of a key is nowhere; what is kept recognises it.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `key#<id>` | `key` | what is kept of the key |
//! | `owner#<owner>` | `<id>` | that the key is one of this owner's; a member who was removed is in no list |

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::access::{KeyId, KeyOwner, StoredKey};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::StoreError;
use crate::item::{Draft, text, to_json};
use crate::random;
use crate::table::{ABSENT, Key, SK, Table};
use crate::transaction::{Transacted, transact};
use platform::Aws;

const BODY: &str = "body";
/// Keys of one owner over time, the revoked ones included: a list of them is one answer.
pub const MAX_KEYS: usize = 200;
/// Rows that are read at one time.
const AT_ONCE: usize = 16;

/// Held by everything that admits requests.
#[derive(Debug, Clone)]
pub struct Reader {
    keys: Table,
}

impl Reader {
    /// `table` is the name of Keys.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { keys: Table::new(aws, table) }
    }

    /// What is kept of a key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn key(&self, id: &KeyId) -> Result<Option<StoredKey>, StoreError> {
        let row = self.keys.get(&key_row(id)).await?;
        row.map(|row| row.json(BODY)).transpose()
    }

    /// Every key of an owner, by id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn of(&self, owner: &KeyOwner) -> Result<Vec<StoredKey>, StoreError> {
        let rows = self.keys.query(&partition(owner), "").await?;
        let ids: Vec<KeyId> =
            rows.iter().map(|row| row.parsed(SK, KeyId::parse)).collect::<Result<_, _>>()?;
        let keys = stream::iter(ids).map(|id| async move { self.key(&id).await }).buffered(AT_ONCE);
        keys.try_filter_map(async |key| Ok(key)).try_collect().await
    }
}

/// Held by the `keys` function.
#[derive(Debug, Clone)]
pub struct Writer {
    keys: Table,
}

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is stored.
    Done,
    /// Another writer was first: read the key again.
    Overtaken,
}

impl Writer {
    /// `table` is the name of Keys.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { keys: Table::new(aws, table) }
    }

    /// Stores a new key. To store it again changes nothing, whatever has become of it.
    ///
    /// # Errors
    /// [`StoreError::Conditional`] when the key is another owner's.
    pub async fn add(&self, key: &StoredKey) -> Result<(), StoreError> {
        if self.write([self.put(None, key)?, self.list(key)]).await? == Written::Done {
            return Ok(());
        }
        let row = self.keys.get(&key_row(&key.id)).await?;
        match row.map(|row| row.json::<StoredKey>(BODY)).transpose()? {
            Some(known) if known.hash == key.hash && known.owner == key.owner => Ok(()),
            Some(_) | None => Err(self.keys.forbidden("the API key belongs to another business")),
        }
    }

    /// Stores what became of a key. `seen` is the key as it was read; `None`: it has no row, being the deployment's
    /// first key, which lies in the secret.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replace(&self, seen: Option<&StoredKey>, key: &StoredKey) -> Result<Written, StoreError> {
        self.write([self.put(seen, key)?, self.list(key)]).await
    }

    /// Stores that a member was removed, and takes it off its owner's list.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove(&self, seen: &StoredKey, key: &StoredKey) -> Result<Written, StoreError> {
        let delete =
            self.keys.delete_action(&Key::new(partition(&key.owner), key.id.as_str()), |delete| delete);
        self.write([self.put(Some(seen), key)?, delete]).await
    }

    /// Stores both keys of a rotation, or neither.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rotate(
        &self,
        seen: Option<&StoredKey>,
        old: &StoredKey,
        new: &StoredKey,
    ) -> Result<Written, StoreError> {
        self.write([self.put(seen, old)?, self.list(old), self.put(None, new)?, self.list(new)]).await
    }

    async fn write<const N: usize>(&self, actions: [TransactWriteItem; N]) -> Result<Written, StoreError> {
        let table = &self.keys;
        Ok(match transact(table, &actions, &random::id(&table.name)?).await? {
            Transacted::Done => Written::Done,
            Transacted::Refused(_) => Written::Overtaken,
        })
    }

    fn put(&self, seen: Option<&StoredKey>, key: &StoredKey) -> Result<TransactWriteItem, StoreError> {
        let body = |key: &StoredKey| to_json(&self.keys.name, BODY, key);
        let item = key_row(&key.id).item(Draft::default().text(BODY, body(key)?));
        let seen = seen.map(body).transpose()?;
        Ok(self.keys.put_action(item, |put| match seen {
            None => put.condition_expression(ABSENT),
            Some(seen) => {
                put.condition_expression("body = :seen").expression_attribute_values(":seen", text(&seen))
            }
        }))
    }

    fn list(&self, key: &StoredKey) -> TransactWriteItem {
        let row = Key::new(partition(&key.owner), key.id.as_str());
        self.keys.put_action(row.item(Draft::default()), |put| put)
    }
}

/// That a key is as it was read: an action of another owner's transaction.
pub(crate) fn unchanged(keys: &Table, seen: &StoredKey) -> Result<TransactWriteItem, StoreError> {
    let body = to_json(&keys.name, BODY, seen)?;
    Ok(keys.check_action(&key_row(&seen.id), |check| {
        check.condition_expression("body = :seen").expression_attribute_values(":seen", text(&body))
    }))
}

fn key_row(id: &KeyId) -> Key {
    Key::new(format!("key#{id}"), "key")
}

fn partition(owner: &KeyOwner) -> String {
    match owner {
        KeyOwner::Operator => "owner#operator".to_owned(),
        KeyOwner::Business(id) => format!("owner#business#{id}"),
    }
}
