//! What recordings are owed and was not done: callbacks that never came, messages that were lost, retention that is
//! over, bytes of deleted recordings.
//!
//! The sweep does none of it. It claims what is due and enqueues the ordinary job, so that there
//! is one way to do each thing.

use std::time::Duration;

use domain::recording::{DeletionReason, Due, MAX_SWEEPS, NotRecorded};
use domain::{CallSid, Recording, Timestamp};
use platform::queues::QueueError;
use platform::telemetry::{self, Unit};
use stores::StoreError;
use stores::recordings::{self, Deleted, Owed, Swept, Writer};

use crate::edge::ScheduledFunction;
use crate::edge::batch::JobError;
use crate::edge::inbox::Jobs;
use crate::edge::parts::parts;
use crate::edge::tally::Tally;
use crate::jobs::RecordingJob;

/// Recordings of one kind of debt that one tick looks at, the oldest first. The next tick goes on with the rest.
const MAX_RECORDINGS: u16 = 250;
/// A tick ends by itself before Lambda ends it; the template gives the function a minute.
const WITHIN: Duration = Duration::from_secs(50);

parts! {
    pub struct Sweep {
        reader: recordings::Reader,
        recordings: Writer,
        jobs: Jobs<RecordingJob>,
    }
}

impl ScheduledFunction for Sweep {
    const NAME: &'static str = "recording-sweep";

    async fn tick(&self, now: Timestamp) -> Result<(), JobError> {
        let (mut found, mut failed) = (Tally::default(), Tally::default());
        let swept = tokio::time::timeout(WITHIN, self.sweep(now, &mut found, &mut failed)).await;
        found.tell("recordings that were owed something", |due, count| {
            telemetry::metric("RecordingsSwept", count, Unit::Count, &[("Due", due)]);
        });
        failed.complain("recordings could not be swept");
        swept.unwrap_or_else(|_| {
            Err(JobError::new("timeout", "there were more recordings than a tick has time for"))
        })
    }
}

impl Sweep {
    async fn sweep(&self, now: Timestamp, tally: &mut Tally, failures: &mut Tally) -> Result<(), JobError> {
        let mut failed = None;
        let mut count = |due: Due, of: &str, paid: Result<Swept, SweepError>| match paid {
            Ok(Swept::Gone) => {}
            Ok(Swept::Claimed) => tally.add(due.as_str(), of),
            Err(error) => {
                failures.add(due.as_str(), format_args!("{of}: {error}"));
                failed = Some(JobError::new("recording", error));
            }
        };
        for owed in self.reader.searches(now, MAX_RECORDINGS).await? {
            count(Due::Search, owed.to.as_str(), self.search(&owed, now).await);
        }
        for due in Due::OF_RECORDINGS {
            for owed in self.reader.owed(due, now, MAX_RECORDINGS).await? {
                count(due, owed.to.sid.as_str(), self.pay(&owed, due, now).await);
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Has Twilio asked about a call's recording, until it is clear that it cannot be.
    async fn search(&self, owed: &Owed<CallSid>, now: Timestamp) -> Result<Swept, SweepError> {
        if self.recordings.claim(owed, now).await? == Swept::Gone {
            return Ok(Swept::Gone);
        }
        let call = owed.to.clone();
        if owed.sweeps >= MAX_SWEEPS {
            self.recordings.search_over(&call, Some(NotRecorded::Unconfirmed)).await?;
            let reason = NotRecorded::Unconfirmed.as_str();
            telemetry::metric("CallsNotRecorded", 1.0, Unit::Count, &[("Reason", reason)]);
        } else {
            self.jobs.send(&RecordingJob::Account { call }, Duration::ZERO).await?;
        }
        Ok(Swept::Claimed)
    }

    async fn pay(&self, owed: &Owed<Recording>, due: Due, now: Timestamp) -> Result<Swept, SweepError> {
        if self.recordings.claim(owed, now).await? == Swept::Gone {
            return Ok(Swept::Gone);
        }
        let Recording { call, sid: recording, .. } = owed.to.clone();
        let given_up = owed.sweeps >= MAX_SWEEPS;
        let job = match due {
            Due::Callback if given_up => {
                self.recordings.failed(&recording, "Twilio never said what became of it").await?;
                telemetry::metric("RecordingsGivenUp", 1.0, Unit::Count, &[("Reason", "never_heard_of")]);
                return Ok(Swept::Claimed);
            }
            // What the last job could not decide, because none of its attempts came to an end.
            Due::Archive if owed.sweeps > MAX_SWEEPS => {
                self.recordings.failed(&recording, "no attempt at a copy came to an end").await?;
                telemetry::metric("RecordingsGivenUp", 1.0, Unit::Count, &[("Reason", "no_end")]);
                return Ok(Swept::Claimed);
            }
            Due::Archive if given_up => RecordingJob::ArchiveOrGiveUp { call, recording },
            Due::Callback => RecordingJob::Find { call, recording },
            Due::Archive => RecordingJob::Archive { call, recording },
            Due::Expire => {
                // The index may be older than a legal hold: the tombstone is the decision.
                let deleted = self.recordings.delete(&owed.to, DeletionReason::RetentionOver, now).await?;
                if deleted != Deleted::Done {
                    return Ok(Swept::Gone);
                }
                RecordingJob::Erase { call, recording }
            }
            // What was promised to be deleted is never given up.
            Due::Erase => RecordingJob::Erase { call, recording },
            // Owed to a call, not to a recording.
            Due::Search => return Ok(Swept::Gone),
        };
        self.jobs.send(&job, Duration::ZERO).await?;
        Ok(Swept::Claimed)
    }
}

#[derive(Debug, thiserror::Error)]
enum SweepError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Queue(#[from] QueueError),
}
