//! Attempts to sign in that are on their way to an issuer and back. They lie in Requests, which forgets what has expired.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `oidc#<state>` | `attempt` | when it began, and the member whose invitation was shown |
//!
//! The state is the hash of what the browser keeps.

use aws_sdk_dynamodb::types::ReturnValue;
use domain::access::KeyId;
use domain::access::oidc::{ATTEMPT_LASTS, Attempt};

use crate::StoreError;
use crate::item::Draft;
use crate::table::{Key, Table};
use platform::Aws;

/// What the keys of the attempts begin with.
pub const KEYS: &str = "oidc#";

const BEGAN_AT: &str = "began_at";
const INVITED: &str = "invited";

/// Held by what signs people in.
#[derive(Debug, Clone)]
pub struct Writer {
    requests: Table,
}

impl Writer {
    /// `table` is the name of Requests.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { requests: Table::new(aws, table) }
    }

    /// Stores an attempt that begins.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn begin(&self, state: &str, attempt: &Attempt) -> Result<(), StoreError> {
        let row = Draft::default()
            .time(BEGAN_AT, attempt.began_at)
            .optional_text(INVITED, attempt.invited.as_ref().map(KeyId::as_str))
            .expires(attempt.began_at.plus(ATTEMPT_LASTS));
        self.requests.put(&row_of(state), row).await
    }

    /// Takes an attempt that comes back: one request gets it, and every later one gets `None`. It may be over.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take(&self, state: &str) -> Result<Option<Attempt>, StoreError> {
        let request = self.requests.client.delete_item().table_name(&*self.requests.name);
        let request = request.set_key(Some(row_of(state).attributes())).return_values(ReturnValue::AllOld);
        let deleted = request.send().await.map_err(|error| self.requests.error(&error))?;
        let Some(row) = deleted.attributes.map(|attributes| self.requests.row(attributes)) else {
            return Ok(None);
        };
        Ok(Some(Attempt {
            began_at: row.time(BEGAN_AT)?,
            invited: row.optional_parsed(INVITED, KeyId::parse)?,
        }))
    }
}

fn row_of(state: &str) -> Key {
    Key::new(format!("{KEYS}{state}"), "attempt")
}
