//! Finished parts of a work, so that the next holder of its lease goes on from there.
//!
//! A part is written in one transaction with a look at the lease: a holder that was overtaken keeps nothing.

use std::time::Duration;

use domain::Timestamp;

use super::{EPOCH, HELD, IN_PROGRESS, Lease, LeaseError, Leases, OWNER, STATUS, key, refused};
use crate::StoreError;
use crate::item::{Draft, TTL_MARGIN, number, text};
use crate::random;
use crate::table::Key;
use crate::transaction::{Transacted, transact};

/// How long a part is of use: for as long as anybody may be expected to go on with the work.
const PART_KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// The most one part holds; DynamoDB allows 400 KB for an item.
const PART_MAX_BYTES: usize = 256 * 1024;

const BODY: &str = "body";
const GOOD_UNTIL: &str = "good_until";

impl Leases {
    /// Keeps what came of one part of the work. What is too large to be kept will be done again.
    ///
    /// # Errors
    /// [`LeaseError::Fenced`] when the lease was taken over: stop.
    pub async fn keep_part(&self, lease: &Lease, part: &str, body: &str) -> Result<(), LeaseError> {
        if body.len() > PART_MAX_BYTES {
            tracing::warn!(
                kind = lease.work.as_str(),
                bytes = body.len(),
                "a finished part is too large to be kept"
            );
            return Ok(());
        }
        let held = self.table.check_action(&key(lease.work, &lease.id), |check| {
            check
                .condition_expression(HELD)
                .expression_attribute_names("#status", STATUS)
                .expression_attribute_names("#owner", OWNER)
                .expression_attribute_values(":held", text(IN_PROGRESS))
                .expression_attribute_values(":owner", text(&lease.owner))
                .expression_attribute_values(":epoch", number(lease.epoch))
        });
        let until = self.clock.now().plus(PART_KEPT);
        let draft = Draft::default()
            .text(BODY, body)
            .number(EPOCH, lease.epoch)
            .time(GOOD_UNTIL, until)
            .expires(until.plus(TTL_MARGIN));
        let part = self.table.put_action(part_key(lease, part).item(draft), |put| put);
        match transact(&self.table, &[held, part], &random::id(&self.table.name)?).await? {
            Transacted::Done => Ok(()),
            Transacted::Refused(_) => Err(refused(lease)),
        }
    }

    /// What an earlier holder made of this part, if one came so far.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn part(
        &self,
        lease: &Lease,
        part: &str,
        now: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        if lease.epoch <= 1 {
            return Ok(None);
        }
        let Some(row) = self.table.get(&part_key(lease, part)).await? else { return Ok(None) };
        let good = row.time(GOOD_UNTIL)? > now;
        Ok(if good { Some(row.text(BODY)?.to_owned()) } else { None })
    }
}

fn part_key(lease: &Lease, part: &str) -> Key {
    key(lease.work, &format!("{}#part#{part}", lease.id))
}
