//! Calls to numbers of no business: kept for an operator to look at, in the index of what is unsettled under a key of
//! their own, which no sweep reads.

use std::time::Duration;

use domain::{CallSid, Timestamp};

use crate::StoreError;
use crate::item::{Draft, number, text};
use crate::table::{Key, PK, WriteOutcome};

use super::row::OPENED_AT;
use super::settle::UNSETTLED;
use super::{Reader, UnknownCall, Writer};

/// How long such a call is kept.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// The value of the mark, which is no shard's.
const MARK: &str = "quarantine";

/// What an operator needs to know of such a call.
#[derive(Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// Twilio's id of the call.
    pub call: CallSid,
    /// The number that was called, as Twilio wrote it.
    pub to: String,
    /// When its first webhook came.
    pub at: Timestamp,
}

impl std::fmt::Debug for Quarantined {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Quarantined").field("call", &self.call).finish_non_exhaustive()
    }
}

impl Writer {
    /// Keeps a call that belongs to no business, for 30 days. `true` when it was not there before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn quarantine(&self, unknown: &UnknownCall, now: Timestamp) -> Result<bool, StoreError> {
        let draft = Draft::default()
            .text("account", unknown.account.as_str())
            .text("from", &unknown.from)
            .text("to", &unknown.to)
            .text("twilio_direction", &unknown.twilio_direction)
            .text(UNSETTLED, MARK)
            .time(OPENED_AT, now)
            .expires(now.plus(KEPT));
        let key = Key::new(format!("quarantine#{}", unknown.call), "quarantine");
        Ok(matches!(self.calls.put_new(&key, draft).await?, WriteOutcome::Done(())))
    }
}

impl Reader {
    /// The latest of these calls, of the last 30 days.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn quarantined(&self, now: Timestamp, limit: u16) -> Result<Vec<Quarantined>, StoreError> {
        let calls = &self.calls;
        let page = calls
            .client
            .query()
            .table_name(&*calls.name)
            .index_name(UNSETTLED)
            .key_condition_expression("unsettled = :mark AND opened_at > :since")
            .expression_attribute_values(":mark", text(MARK))
            .expression_attribute_values(":since", number(now.minus(KEPT).0))
            .scan_index_forward(false)
            .limit(i32::from(limit))
            .send()
            .await
            .map_err(|error| calls.error(&error))?;
        let rows = page.items.unwrap_or_default().into_iter().map(|item| {
            let row = calls.row(item);
            Ok(Quarantined {
                call: row
                    .parsed(PK, |pk| CallSid::parse(pk.strip_prefix("quarantine#").unwrap_or_default()))?,
                to: row.text("to")?.to_owned(),
                at: row.time(OPENED_AT)?,
            })
        });
        rows.collect()
    }
}
