//! Doing a thing once: the record that says who is at it, and what came of it.
//!
//! The semantics are those of AWS Lambda Powertools' idempotency records, with its gap closed: every write
//! after the first is conditional on owner and epoch, so an executor that was slow instead of dead is refused
//! when it comes back. Expiry is a comparison in the condition and never DynamoDB's TTL.

use std::time::Duration;

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use domain::Timestamp;

use crate::StoreError;
use crate::item::{LEASE_UNTIL, Row, TTL_MARGIN, number, text};
use crate::random;
use crate::table::{Key, Table, WriteOutcome};
use platform::backoff::random_unit;
use platform::telemetry::{Unit, metric};
use platform::{Aws, Clock};

mod parts;
mod tools;

pub use tools::NotAsked;

/// No lease is shorter, whatever time an executor says it has left.
pub const MIN_LEASE: Duration = Duration::from_secs(1);
/// The longest wait after a first failure before the work is tried again.
pub const COOLDOWN: Duration = Duration::from_secs(5);
/// Each further failure in a row makes the cooldown this many times as long.
const COOLDOWN_GROWTH: u32 = 5;
/// The longest cooldown: shorter than SQS can delay a message, so that the one that failed can wait it out.
const COOLDOWN_MAX: Duration = Duration::from_secs(600);
/// The share of a cooldown that is left to chance, so that what failed together does not come back together.
const COOLDOWN_JITTER: f64 = 0.25;

const STATUS: &str = "status";
const OWNER: &str = "owner";
const EPOCH: &str = "epoch";
const RESULT: &str = "result";
const FAILURES: &str = "failures";
const IN_PROGRESS: &str = "in_progress";
const RELEASED: &str = "released";
const DONE: &str = "done";

/// The condition of everything that only the holder may do, and only while the work is in progress.
const HELD: &str = "#status = :held AND #owner = :owner AND epoch = :epoch";

/// What the work is. Each kind is done by one program, and no other may write its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WorkKind {
    /// Placing a call that was ordered.
    Dial,
    /// Copying a recording from Twilio to S3.
    RecordingArchive,
    /// Listening to a recording.
    Transcribe,
    /// Summing up a call.
    Insights,
    /// Asking a tool that acts once, in a call.
    Tool,
    /// Asking a tool that acts once, in a thread of texts.
    TextTool,
}

impl WorkKind {
    /// The label in logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dial => "dial",
            Self::RecordingArchive => "recording-archive",
            Self::Transcribe => "transcribe",
            Self::Insights => "insights",
            Self::Tool => "tool",
            Self::TextTool => "text-tool",
        }
    }

    /// What the keys of its rows begin with, those of finished parts included.
    #[must_use]
    pub const fn keys(self) -> &'static str {
        match self {
            Self::Dial => "once#dial#",
            Self::RecordingArchive => "once#recording-archive#",
            Self::Transcribe => "once#transcribe#",
            Self::Insights => "once#insights#",
            Self::Tool => "once#tool#",
            Self::TextTool => "once#text-tool#",
        }
    }
}

/// The right to do one thing, until another has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    work: WorkKind,
    id: String,
    /// 128 random bits.
    pub owner: String,
    /// Raised by every holder.
    pub epoch: u64,
    /// How many holders before this one gave up, in a row.
    failures: u32,
}

/// What [`Leases::begin`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// The work is the caller's.
    Won(Lease),
    /// Another holder is at it, or it failed before and is cooling down: not before `until`.
    InProgress {
        /// Not before this time.
        until: Timestamp,
    },
    /// It was done; this is what [`Leases::finish`] was given.
    Done {
        /// What was recorded.
        result: String,
    },
}

/// Why a holder's write was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeaseError {
    /// Another holder has the lease by now: what was done must not be reported as the result.
    #[error("the lease was taken over: leave the work to its new holder")]
    Fenced,
    /// The table gave no answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Held by each program for its own kinds of work.
#[derive(Debug, Clone)]
pub struct Leases {
    table: Table,
    clock: Clock,
}

impl Leases {
    /// `table` is the name of Leases.
    pub fn new(aws: &Aws, table: &str) -> Self {
        Self { table: Table::new(aws, table), clock: aws.clock.clone() }
    }

    /// Asks for the work `id` of a kind for `ttl`, counted from `now` and at least [`MIN_LEASE`].
    ///
    /// # Errors
    /// [`StoreError`]; asking again is safe.
    pub async fn begin(
        &self,
        work: WorkKind,
        id: &str,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<Begun, StoreError> {
        let owner = random::id(&self.table.name)?;
        let until = now.plus(ttl.max(MIN_LEASE));
        let request = self
            .update(work, id)
            .update_expression(
                "SET #status = :in_progress, #owner = :owner, epoch = if_not_exists(epoch, :zero) + :one, \
                 lease_until = :until, expires_at = :expires REMOVE #result",
            )
            .condition_expression("attribute_not_exists(pk) OR lease_until <= :now")
            .expression_attribute_names("#status", STATUS)
            .expression_attribute_names("#owner", OWNER)
            .expression_attribute_names("#result", RESULT)
            .expression_attribute_values(":in_progress", text(IN_PROGRESS))
            .expression_attribute_values(":owner", text(&owner))
            .expression_attribute_values(":zero", number(0))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":now", number(now.0))
            .expression_attribute_values(":until", number(until.0))
            .expression_attribute_values(":expires", number(until.plus(TTL_MARGIN).secs()))
            .return_values(ReturnValue::AllNew);
        let row = match self.table.outcome(request.send().await)? {
            WriteOutcome::Done(output) => self.table.row(output.attributes.unwrap_or_default()),
            WriteOutcome::Refused(standing) => standing.unwrap_or_else(|| self.table.row(Default::default())),
        };
        let lease = |row: &Row| {
            Ok::<_, StoreError>(Lease {
                work,
                id: id.to_owned(),
                owner: owner.clone(),
                epoch: row.number(EPOCH)?,
                failures: row.optional_number(FAILURES)?.unwrap_or(0),
            })
        };
        match row.text(STATUS)? {
            // Refused with our own owner: the write went through and its answer was lost.
            IN_PROGRESS if row.text(OWNER)? == owner => lease(&row).map(Begun::Won),
            IN_PROGRESS | RELEASED => Ok(Begun::InProgress { until: row.time(LEASE_UNTIL)? }),
            DONE => Ok(Begun::Done { result: row.text(RESULT)?.to_owned() }),
            _ => Err(row.corrupt(STATUS)),
        }
    }

    /// Records the result and keeps it for `keep`: until then the work is not done again.
    ///
    /// # Errors
    /// [`LeaseError::Fenced`] when the lease was taken over; then nothing was recorded.
    pub async fn finish(&self, lease: &Lease, result: &str, keep: Duration) -> Result<(), LeaseError> {
        let until = self.clock.now().plus(keep);
        let request = self
            .held_update(lease, until)
            .update_expression(
                "SET #status = :next, #result = :result, lease_until = :until, expires_at = :expires \
                 REMOVE failures",
            )
            .expression_attribute_names("#result", RESULT)
            .expression_attribute_values(":next", text(DONE))
            .expression_attribute_values(":result", text(result));
        self.fenced(lease, DONE, request).await
    }

    /// Gives the work up after a failure, and says when the next attempt may begin: after a [`cooldown`] that
    /// grows with every failure in a row, of this holder or of those before it.
    ///
    /// # Errors
    /// [`LeaseError::Fenced`] when the lease was taken over, be it after it was given up.
    pub async fn release(&self, lease: &Lease) -> Result<Timestamp, LeaseError> {
        let failures = lease.failures.saturating_add(1);
        let until = self.clock.now().plus(cooldown(failures, random_unit()));
        let request = self
            .held_update(lease, until)
            .update_expression(
                "SET #status = :next, lease_until = :until, expires_at = :expires, failures = :failures",
            )
            .expression_attribute_values(":next", text(RELEASED))
            .expression_attribute_values(":failures", number(failures));
        self.fenced(lease, RELEASED, request).await?;
        Ok(until)
    }

    /// Gives the work up without having failed at it: the next attempt may begin after `wait`.
    ///
    /// # Errors
    /// As for [`Self::release`].
    pub async fn hand_back(&self, lease: &Lease, wait: Duration) -> Result<(), LeaseError> {
        let request = self
            .held_update(lease, self.clock.now().plus(wait))
            .update_expression(
                "SET #status = :next, lease_until = :until, expires_at = :expires REMOVE failures",
            )
            .expression_attribute_values(":next", text(RELEASED));
        self.fenced(lease, RELEASED, request).await
    }

    /// Holds the lease for `ttl` from now.
    ///
    /// # Errors
    /// [`LeaseError::Fenced`] when the lease was taken over: stop.
    pub async fn extend(&self, lease: &Lease, ttl: Duration) -> Result<(), LeaseError> {
        let request = self
            .held_update(lease, self.clock.now().plus(ttl.max(MIN_LEASE)))
            .update_expression("SET #status = :next, lease_until = :until, expires_at = :expires")
            .expression_attribute_values(":next", text(IN_PROGRESS));
        self.fenced(lease, IN_PROGRESS, request).await
    }

    fn update(&self, work: WorkKind, id: &str) -> UpdateItemFluentBuilder {
        self.table
            .client
            .update_item()
            .table_name(&*self.table.name)
            .set_key(Some(key(work, id).attributes()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }

    /// An update that only the holder may make, and only while the work is in progress.
    fn held_update(&self, lease: &Lease, until: Timestamp) -> UpdateItemFluentBuilder {
        self.update(lease.work, &lease.id)
            .condition_expression(HELD)
            .expression_attribute_names("#status", STATUS)
            .expression_attribute_names("#owner", OWNER)
            .expression_attribute_values(":held", text(IN_PROGRESS))
            .expression_attribute_values(":owner", text(&lease.owner))
            .expression_attribute_values(":epoch", number(lease.epoch))
            .expression_attribute_values(":until", number(until.0))
            .expression_attribute_values(":expires", number(until.plus(TTL_MARGIN).secs()))
    }

    async fn fenced(
        &self,
        lease: &Lease,
        next: &str,
        request: UpdateItemFluentBuilder,
    ) -> Result<(), LeaseError> {
        let WriteOutcome::Refused(standing) = self.table.outcome(request.send().await)? else {
            return Ok(());
        };
        if let Some(row) = standing {
            let ours = row.text(OWNER)? == lease.owner && row.number::<u64>(EPOCH)? == lease.epoch;
            // The write went through and its answer was lost.
            if ours && row.text(STATUS)? == next {
                return Ok(());
            }
        }
        Err(refused(lease))
    }
}

/// Counts a holder that was too slow.
fn refused(lease: &Lease) -> LeaseError {
    let kind = lease.work.as_str();
    tracing::warn!(kind, epoch = lease.epoch, "a lease was taken over from a slow holder");
    metric("LeaseFenced", 1.0, Unit::Count, &[("Kind", kind)]);
    LeaseError::Fenced
}

fn key(work: WorkKind, id: &str) -> Key {
    Key::single(format!("{}{id}", work.keys()))
}

/// The wait after failure number `failures` in a row, counted from 1: 5 s, 25 s, 2 min, 10 min.
/// The random `unit` in 0..=1 makes it up to a quarter shorter.
pub fn cooldown(failures: u32, unit: f64) -> Duration {
    let growth = COOLDOWN_GROWTH.saturating_pow(failures.saturating_sub(1));
    let longest = COOLDOWN.saturating_mul(growth).min(COOLDOWN_MAX);
    longest.mul_f64(1.0 - COOLDOWN_JITTER * unit.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cooldown_grows_with_every_failure_up_to_what_a_message_can_wait() {
        let longest: Vec<u64> = (0..=6).map(|failures| cooldown(failures, 0.0).as_secs()).collect();
        assert_eq!(longest, [5, 5, 25, 125, 600, 600, 600]);
        assert_eq!(cooldown(1, 1.0), COOLDOWN.mul_f64(0.75));
    }

    proptest! {
        #[test]
        fn no_cooldown_is_over_before_one_after_fewer_failures(
            failures in 1u32..=3, a in 0.0..=1.0, b in 0.0..=1.0
        ) {
            prop_assert!(cooldown(failures, a) < cooldown(failures + 1, b));
        }

        #[test]
        fn no_count_and_no_chance_leads_out_of_its_bounds(failures: u32, unit in -9.0..9.0) {
            let bounds = COOLDOWN.mul_f64(0.75)..=COOLDOWN_MAX;
            prop_assert!(bounds.contains(&cooldown(failures, unit)));
        }
    }
}
