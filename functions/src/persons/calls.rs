//! What is kept of a person's calls. A call's own row is the last: as long as it names the person, everything else is looked
//! for again.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::contact::erasure::{Kept, Outcome, Step, Trace, Waits};
use domain::{BusinessId, Call, CallSid, Recording};
use stores::calls::CallToErase;
use stores::plans::OTHERS_KEPT;
use stores::recordings::{Deleted, ToErase};

use super::worker::Worker;
use crate::edge::batch::JobError;
use crate::jobs::RecordingJob;

/// What the steps of calls came to.
type Came = BTreeMap<Step, Outcome>;

/// The steps of which a call has something. A legal hold keeps all of it.
const OF_CALLS: [Step; 6] =
    [Step::Recordings, Step::Messages, Step::Turns, Step::Transcripts, Step::Plans, Step::Calls];

impl Worker {
    /// Erases what is kept of these calls, each as far as it may be.
    pub(super) async fn calls(
        &self,
        business: &BusinessId,
        calls: &[CallSid],
        trace: &mut Trace,
    ) -> Result<Came, JobError> {
        let mut came: Came = OF_CALLS.map(|step| (step, Outcome::default())).into();
        for sid in calls {
            let Some(CallToErase { call, is_settled }) = self.calls.call(sid).await? else { continue };
            // Sids are Twilio's: that one is of this business, nothing but the call says.
            if call.business != *business {
                continue;
            }
            if !is_settled {
                came.entry(Step::Calls).or_default().wait(Waits::Call);
                continue;
            }
            if self.call(&call, &mut came).await? {
                trace.held.insert(call.sid);
            }
        }
        Ok(came)
    }

    /// Erases what is kept of one call. `true`: it is under legal hold, and nothing was done.
    async fn call(&self, call: &Call, came: &mut Came) -> Result<bool, JobError> {
        let (sid, now) = (&call.sid, self.clock.now());
        let recordings = self.recordings.of_call(sid).await?;
        if recordings.contains(&ToErase::Held) {
            for step in OF_CALLS {
                came.entry(step).or_default().keep(Kept::LegalHold, 1, None);
            }
            return Ok(true);
        }
        for recording in recordings {
            let of_recordings = came.entry(Step::Recordings).or_default();
            match recording {
                ToErase::Nothing | ToErase::Held => {}
                ToErase::Wait(recording) => {
                    of_recordings.wait(Waits::Bytes);
                    self.remove(&recording).await?;
                }
                ToErase::Delete(recording) => match self.recordings.delete(&recording, now).await? {
                    Deleted::Done => {
                        of_recordings.count += 1;
                        of_recordings.wait(Waits::Bytes);
                        self.remove(&recording).await?;
                    }
                    // It was put under legal hold in this moment: another round sees that.
                    Deleted::Held | Deleted::Nothing => of_recordings.wait(Waits::Bytes),
                },
            }
        }
        let gone = [
            (Step::Messages, self.messages.forget(call).await?),
            (Step::Turns, self.turns.forget(sid).await?),
            (Step::Transcripts, self.transcripts.forget(sid, now).await?),
            (Step::Plans, u64::from(self.plans.forget(sid).await?) + self.actions.forget(sid).await?),
            (Step::Calls, u64::from(self.calls.forget(call).await?)),
        ];
        for (step, count) in gone {
            came.entry(step).or_default().count += count;
        }
        // Orders, and what was asked of tools, cannot be found by the call, and are forgotten soon.
        let until = call.ended_at.unwrap_or(call.opened_at).plus(OTHERS_KEPT);
        if now < until {
            came.entry(Step::Plans).or_default().keep(Kept::Expires, 1, Some(until));
        }
        Ok(false)
    }

    /// Has the bytes of a deleted recording removed, ours and Twilio's. The job does nothing to one that is not deleted.
    async fn remove(&self, recording: &Recording) -> Result<(), JobError> {
        let job = RecordingJob::Erase { call: recording.call.clone(), recording: recording.sid.clone() };
        self.removals.send(&job, Duration::ZERO).await.map_err(|error| JobError::new("queue", error))
    }
}
