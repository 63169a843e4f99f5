//! What machine detection found, in the Leases table: from the webhook that hears it to the bridge that carries the
//! call. It is advice for the minutes in which it arrives; the record of it is the call's event.

use std::time::Duration;

use domain::{AnsweredBy, CallSid, Timestamp};

use crate::StoreError;
use crate::item::{Draft, LEASE_UNTIL, to_json};
use crate::table::{Key, Table};
use platform::Aws;

/// What the keys of these rows begin with.
pub const KEYS: &str = "amd#";

/// How long a verdict is of use: a call whose bridge has not read it by then goes on without it.
const MEANS_SOMETHING: Duration = Duration::from_secs(10 * 60);

const BODY: &str = "body";

/// Held by the voice functions.
#[derive(Debug, Clone)]
pub struct Writer {
    leases: Table,
}

impl Writer {
    /// `table` is the name of Leases.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { leases: Table::new(aws, table) }
    }

    /// Keeps the verdict on a call for ten minutes.
    ///
    /// # Errors
    /// [`StoreError`]; putting it again is safe.
    pub async fn put(&self, call: &CallSid, verdict: AnsweredBy, now: Timestamp) -> Result<(), StoreError> {
        let until = now.plus(MEANS_SOMETHING);
        let draft = Draft::default().text(BODY, to_json(&self.leases.name, BODY, &verdict)?).until(until);
        self.leases.put(&key(call), draft).await
    }
}

/// Held by the bridge.
#[derive(Debug, Clone)]
pub struct Reader {
    leases: Table,
}

impl Reader {
    /// `table` is the name of Leases.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { leases: Table::new(aws, table) }
    }

    /// The verdict, as soon as there is one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get(&self, call: &CallSid, now: Timestamp) -> Result<Option<AnsweredBy>, StoreError> {
        let Some(row) = self.leases.get(&key(call)).await? else { return Ok(None) };
        if row.time(LEASE_UNTIL)? < now { Ok(None) } else { row.json(BODY).map(Some) }
    }
}

fn key(call: &CallSid) -> Key {
    Key::single(format!("{KEYS}{call}"))
}
