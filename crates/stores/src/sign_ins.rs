//! People who are signed in at the console. The token of a sign-in is nowhere; its hash finds the row.
//!
//! They lie in Requests, which forgets what has expired.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `sign-in#<hash>` | `sign-in` | the key that was shown, since when, and when something was last asked |
//! | `signed-in#<key>` | `<hash>` | that the sign-in is one with this key |

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::Timestamp;
use domain::access::KeyId;
use domain::access::sign_in::{SignIn, SignInToken, WHOLE};

use crate::StoreError;
use crate::item::{Draft, number};
use crate::random;
use crate::table::{Key, SK, Table};
use crate::transaction::transact;
use platform::Aws;

/// What the keys of the sign-ins begin with.
pub const SIGN_IN_KEYS: &str = "sign-in#";
/// What the keys of the lists of sign-ins begin with.
pub const LIST_KEYS: &str = "signed-in#";

const KEY: &str = "key";
const BEGAN_AT: &str = "began_at";
const SEEN_AT: &str = "seen_at";

/// Held by what admits requests.
#[derive(Debug, Clone)]
pub struct Writer {
    requests: Table,
}

impl Writer {
    /// `table` is the name of Requests.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { requests: Table::new(aws, table) }
    }

    /// The sign-in of a token, also one whose time is over. `None`: the token is of none, or its sign-in was ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sign_in(&self, token: &SignInToken) -> Result<Option<SignIn>, StoreError> {
        let Some(row) = self.requests.get(&sign_in_row(&token.hash())).await? else { return Ok(None) };
        Ok(Some(SignIn {
            key: row.parsed(KEY, KeyId::parse)?,
            began_at: row.time(BEGAN_AT)?,
            seen_at: row.time(SEEN_AT)?,
        }))
    }

    /// Stores a sign-in that begins.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn begin(&self, token: &SignInToken, sign_in: &SignIn) -> Result<(), StoreError> {
        let (hash, end) = (token.hash(), sign_in.began_at.plus(WHOLE));
        let row = Draft::default()
            .text(KEY, sign_in.key.as_str())
            .time(BEGAN_AT, sign_in.began_at)
            .time(SEEN_AT, sign_in.seen_at)
            .expires(end);
        let put = |key: Key, draft: Draft| self.requests.put_action(key.item(draft), |put| put);
        let actions: [TransactWriteItem; 2] = [
            put(sign_in_row(&hash), row),
            put(Key::new(list(&sign_in.key), hash), Draft::default().expires(end)),
        ];
        transact(&self.requests, &actions, &random::id(&self.requests.name)?).await.map(drop)
    }

    /// Notes that something was asked. One that was ended meanwhile stays ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note(&self, token: &SignInToken, now: Timestamp) -> Result<(), StoreError> {
        let request = self
            .requests
            .client
            .update_item()
            .table_name(&*self.requests.name)
            .set_key(Some(sign_in_row(&token.hash()).attributes()))
            .update_expression("SET seen_at = :now")
            .condition_expression("seen_at < :now")
            .expression_attribute_values(":now", number(now.0));
        self.requests.outcome(request.send().await).map(drop)
    }

    /// Ends a sign-in. To end it again changes nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end(&self, token: &SignInToken, key: &KeyId) -> Result<(), StoreError> {
        self.end_hash(&token.hash(), key).await
    }

    /// Ends every sign-in with a key.
    ///
    /// # Errors
    /// [`StoreError`]; what was not ended is found when it is asked for again.
    pub async fn end_all(&self, key: &KeyId) -> Result<(), StoreError> {
        for row in self.requests.query(&list(key), "").await? {
            self.end_hash(row.text(SK)?, key).await?;
        }
        Ok(())
    }

    /// The sign-in goes before its entry in the list, so that one that is left is found again.
    async fn end_hash(&self, hash: &str, key: &KeyId) -> Result<(), StoreError> {
        for row in [sign_in_row(hash), Key::new(list(key), hash)] {
            self.requests.delete(&row).await?;
        }
        Ok(())
    }
}

fn sign_in_row(hash: &str) -> Key {
    Key::new(format!("{SIGN_IN_KEYS}{hash}"), "sign-in")
}

fn list(key: &KeyId) -> String {
    format!("{LIST_KEYS}{key}")
}
