//! Listening to a call's recording, each piece of it once.
//!
//! One run of the worker may be too short for a long recording. What it heard is kept piece by piece, and it sends
//! itself on as a new message instead of failing: a failure would use up one of the few attempts that keep a broken
//! job from going round for ever, and a message's count of them cannot be put back. The new one has a count of its
//! own, and is only sent by a run that heard something new, of which there is an end.

use std::time::Duration;

use domain::recording::Archived;
use domain::transcript::{self, Expected, Run, Source, quality};
use domain::{Business, Call, CallSid, Recording, Settings, Transcript, Turn, prompt};
use platform::clock;
use platform::queues::MAX_DELAY;
use platform::telemetry::{Unit, metric};
use stores::StoreError;
use stores::leases::{Begun, Lease, WorkKind};
use tokio::time::Instant;

use super::listen::{Failure, Listener};
use super::notes::Notes;
use super::worker::{MIN_DELAY, Standing, Worker};
use crate::edge::batch::{Delivery, JobError};

const LEASE_TTL: Duration = Duration::from_secs(150);
const REMEMBER: Duration = Duration::from_secs(7 * 24 * 3_600);

/// What a recording is listened to for.
pub(super) struct Work<'a> {
    pub(super) call: &'a Call,
    pub(super) settings: &'a Settings,
    pub(super) recording: &'a Recording,
    pub(super) archived: &'a Archived,
    pub(super) turns: &'a [Turn],
    /// The profile, unless the business is gone.
    pub(super) business: Option<&'a Business>,
    pub(super) expected: &'a Expected,
}

/// How it goes on after a run that did not hear all.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    /// In another run, behind what this one heard.
    GoOn,
    /// The same message comes back after a cooldown.
    ComeBack,
    GiveUp,
    /// Not here: the work is somebody else's.
    Leave,
}

fn next(failure: &Failure, heard_more: bool, delivery: Delivery) -> Next {
    match failure {
        Failure::Lease(_) => Next::Leave,
        Failure::Final(_) => Next::GiveUp,
        Failure::Transient { .. } | Failure::OutOfTime if heard_more => Next::GoOn,
        Failure::Transient { .. } | Failure::OutOfTime if delivery.is_last() => Next::GiveUp,
        Failure::Transient { .. } | Failure::OutOfTime => Next::ComeBack,
    }
}

/// As long as the model's provider wants to be left alone.
fn asked_wait(failure: &Failure) -> Duration {
    match failure {
        Failure::Transient { wait, .. } => (*wait).min(MAX_DELAY),
        Failure::Lease(_) | Failure::Final(_) | Failure::OutOfTime => Duration::ZERO,
    }
}

impl Worker {
    /// One job per (call, stage, input): the lease is held while the requests run and remembers their end. `true`:
    /// something came of it, look again.
    pub(super) async fn transcribe(
        &self,
        work: Work<'_>,
        standing: &Standing,
        delivery: Delivery,
    ) -> Result<bool, JobError> {
        let call = &work.call.sid;
        let run = standing.listening_run();
        let id = format!("{call}#{run}");
        let lease = match self.leases.begin(WorkKind::Transcribe, &id, LEASE_TTL, clock::now()).await? {
            Begun::Won(lease) => lease,
            // What came of it was written before the lease was finished: the next look finds it.
            Begun::Done { .. } => return Ok(true),
            Begun::InProgress { until } => return Err(JobError::in_progress(until)),
        };
        let notes = Notes::new(&self.leases, &lease, &work.recording.sid);
        let failure = match self.understand(&work, standing, run, &notes).await {
            Ok(Ok(version)) => {
                self.transcripts.put_version(&version).await?;
                self.leases.finish(&lease, "transcribed", REMEMBER).await?;
                return Ok(true);
            }
            Ok(Err(doubt)) => Failure::Final(doubt),
            Err(failure) => failure,
        };
        match next(&failure, notes.added() > 0, delivery) {
            Next::GiveUp => self.give_up(call, run, &lease, &failure.to_string()).await.map(|()| true),
            Next::GoOn => {
                tracing::info!(%call, %run, heard = notes.added(), why = %failure, "a transcription goes on in another run");
                metric("TranscriptionsContinued", 1.0, Unit::Count, &[]);
                self.leases.hand_back(&lease, Duration::ZERO).await?;
                self.look_again(call, asked_wait(&failure).max(MIN_DELAY)).await.map(|()| false)
            }
            Next::ComeBack => {
                let until = self.leases.release(&lease).await?;
                let asked = clock::now().plus(asked_wait(&failure));
                Err(JobError::new("openai", failure).not_before(until).not_before(asked))
            }
            Next::Leave => Err(JobError::new("lease", failure)),
        }
    }

    /// The step will choose what is left, so that the call's record is never left open.
    async fn give_up(&self, call: &CallSid, run: Run, lease: &Lease, why: &str) -> Result<(), JobError> {
        tracing::error!(%call, %run, why, "the recording gives no transcript");
        self.transcripts.refuse_recording(call, run, why, clock::now()).await?;
        Ok(self.leases.finish(lease, "refused", REMEMBER).await?)
    }

    /// The recording's transcript, or why it is not to be believed.
    async fn understand(
        &self,
        work: &Work<'_>,
        standing: &Standing,
        run: Run,
        notes: &Notes<'_>,
    ) -> Result<Result<Transcript, String>, Failure> {
        let store = |error: StoreError| Failure::passing(error);
        let business = work.business.ok_or_else(|| Failure::Final("the business is gone".to_owned()))?;
        let listener = Listener {
            objects: &self.objects,
            openai: &self.openai,
            models: &self.models,
            business: &work.call.business,
            hint: prompt::for_listening(business, work.settings),
            expected: work.expected,
            notes,
            deadline: Instant::now() + self.listen_for,
        };
        let understood = listener.listen(work.archived, work.recording.source).await?;
        let replaced = match standing.pointer.and_then(|pointer| pointer.number) {
            Some(number) => self.reader.version(&work.call.sid, number).await.map_err(store)?,
            None if quality::flaw_of_turns(work.turns, work.expected).is_none() => {
                Some(transcript::from_turns(&work.call.sid, work.turns, work.expected, clock::now()))
            }
            None => None,
        };
        if let Some(flaw) = quality::flaw_of_recording(&understood.heard, replaced.as_ref()) {
            // What was dropped on the way says more than that nothing is left.
            return Ok(Err(understood.doubt.unwrap_or_else(|| flaw.to_string())));
        }
        Ok(Ok(Transcript {
            model: understood.model,
            run,
            recording: Some(work.recording.sid.clone()),
            listened_ms: understood.listened_ms,
            ..Transcript::new(&work.call.sid, Source::Recording, understood.lines, clock::now())
        }))
    }
}

#[cfg(test)]
mod tests {
    use stores::leases::LeaseError;

    use super::*;
    use crate::edge::batch::MAX_ATTEMPTS;

    #[test]
    fn a_run_that_heard_more_goes_on_and_one_that_heard_nothing_uses_up_its_attempts() {
        let (first, last) = (Delivery { attempt: 1 }, Delivery { attempt: MAX_ATTEMPTS });
        for failure in [Failure::OutOfTime, Failure::passing("busy")] {
            assert_eq!(next(&failure, true, first), Next::GoOn);
            assert_eq!(next(&failure, true, last), Next::GoOn, "it has come further than the one before it");
            assert_eq!(next(&failure, false, first), Next::ComeBack);
            assert_eq!(next(&failure, false, last), Next::GiveUp);
        }
        let shut = Failure::Final("the account is shut".into());
        assert_eq!(next(&shut, true, first), Next::GiveUp, "whatever it heard before");
        assert_eq!(next(&Failure::Lease(LeaseError::Fenced), true, last), Next::Leave);
    }
}
