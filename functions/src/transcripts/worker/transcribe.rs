//! Listening to a call's recording, each piece of it once.
//!
//! One run of the worker may be too short for a long recording. What it heard is kept piece by piece, and it sends
//! itself on as a new message instead of failing: a failure would use up one of the few attempts that keep a broken
//! job from going round for ever, and a message's count of them cannot be put back. The new one has a count of its
//! own, and is only sent by a run that heard something new, of which there is an end.

use std::time::Duration;

use domain::recording::Archived;
use domain::transcript::{Run, Source, quality};
use domain::{CallSid, Recording, Transcript, prompt};
use platform::queues::MAX_DELAY;
use platform::telemetry::{Unit, metric};
use stores::StoreError;
use stores::leases::{Begun, Lease, WorkKind};
use tokio::time::Instant;

use super::known::Known;
use super::{MIN_DELAY, Worker};
use crate::edge::batch::{Delivery, JobError};
use crate::transcripts::heard::ListenError;
use crate::transcripts::listen::Listener;
use crate::transcripts::turn_notes::TurnNotes;
use crate::transcripts::turn_transcription::TurnTranscriber;

const LEASE_TTL: Duration = Duration::from_secs(150);
const REMEMBER: Duration = Duration::from_secs(7 * 24 * 3_600);

/// How it goes on after a run that did not hear all.
#[derive(Debug, PartialEq, Eq)]
enum AfterRun {
    /// In another run, behind what this one heard.
    GoOn,
    /// The same message comes back after a cooldown.
    ComeBack,
    GiveUp,
    /// Not here: another worker has it.
    Leave,
}

fn after_run(failure: &ListenError, heard_more: bool, delivery: Delivery) -> AfterRun {
    match failure {
        ListenError::Lease(_) => AfterRun::Leave,
        ListenError::Final(_) => AfterRun::GiveUp,
        ListenError::Transient { .. } | ListenError::OutOfTime if heard_more => AfterRun::GoOn,
        ListenError::Transient { .. } | ListenError::OutOfTime if delivery.is_last() => AfterRun::GiveUp,
        ListenError::Transient { .. } | ListenError::OutOfTime => AfterRun::ComeBack,
    }
}

/// As long as the model's provider wants to be left alone.
fn asked_wait(failure: &ListenError) -> Duration {
    match failure {
        ListenError::Transient { wait, .. } => (*wait).min(MAX_DELAY),
        ListenError::Lease(_) | ListenError::Final(_) | ListenError::OutOfTime => Duration::ZERO,
    }
}

impl Worker {
    /// One job per (call, stage, input): the lease is held while the requests run and remembers their end. `true`:
    /// something came of it, look again.
    pub(super) async fn transcribe(
        &self,
        known: &Known,
        (recording, archived): (&Recording, &Archived),
        delivery: Delivery,
    ) -> Result<bool, JobError> {
        let call = &known.call.sid;
        let run = known.listening_run();
        let id = format!("{call}#{run}");
        let lease = match self.leases.begin(WorkKind::Transcribe, &id, LEASE_TTL, self.clock.now()).await? {
            Begun::Won(lease) => lease,
            // What came of it was written before the lease was finished: the next look finds it.
            Begun::Done { .. } => return Ok(true),
            Begun::InProgress { until } => return Err(JobError::in_progress(until)),
        };
        let notes = TurnNotes::new(&self.leases, &lease, &recording.sid, &self.clock);
        let failure = match self.understand(known, (recording, archived), &notes).await {
            Ok(Ok(version)) => {
                self.transcripts.put_version(&version).await?;
                self.leases.finish(&lease, "transcribed", REMEMBER).await?;
                return Ok(true);
            }
            Ok(Err(doubt)) => ListenError::Final(doubt),
            Err(failure) => failure,
        };
        match after_run(&failure, notes.added() > 0, delivery) {
            AfterRun::GiveUp => self.give_up(call, run, &lease, &failure.to_string()).await.map(|()| true),
            AfterRun::GoOn => {
                tracing::info!(%call, %run, heard = notes.added(), why = %failure, "a transcription goes on in another run");
                metric("TranscriptionsContinued", 1.0, Unit::Count, &[]);
                self.leases.hand_back(&lease, Duration::ZERO).await?;
                self.look_again(call, asked_wait(&failure).max(MIN_DELAY)).await.map(|()| false)
            }
            AfterRun::ComeBack => {
                let until = self.leases.release(&lease).await?;
                let asked = self.clock.now().plus(asked_wait(&failure));
                Err(JobError::new("openai", failure).not_before(until).not_before(asked))
            }
            AfterRun::Leave => Err(JobError::new("lease", failure)),
        }
    }

    /// The step will choose what is left, so that the call's record is never left open.
    async fn give_up(&self, call: &CallSid, run: Run, lease: &Lease, why: &str) -> Result<(), JobError> {
        tracing::error!(%call, %run, why, "the recording gives no transcript");
        self.transcripts.refuse_recording(call, run, why, self.clock.now()).await?;
        Ok(self.leases.finish(lease, "refused", REMEMBER).await?)
    }

    /// The recording's transcript, or why it is not to be believed.
    async fn understand(
        &self,
        known: &Known,
        (recording, archived): (&Recording, &Archived),
        notes: &TurnNotes<'_>,
    ) -> Result<Result<Transcript, String>, ListenError> {
        let store = |error: StoreError| ListenError::passing(error);
        let (Some(business), Some(settings)) = (&known.business, &known.settings) else {
            return Err(ListenError::Final("the business is gone".to_owned()));
        };
        let transcriber = TurnTranscriber {
            objects: &self.objects,
            openai: &self.openai,
            models: &self.models,
            business: &known.call.business,
            hint: prompt::for_listening(business, settings),
            expected: &known.expected,
            deadline: Instant::now() + self.listen_for,
        };
        let understood = Listener { transcriber, notes }.listen(archived, recording.source).await?;
        let replaced = match known.pointer.and_then(|pointer| pointer.number) {
            Some(number) => self.reader.version(&known.call.sid, number).await.map_err(store)?,
            None if quality::flaw_of_turns(&known.turns, &known.expected).is_none() => {
                Some(known.realtime(self.clock.now()))
            }
            None => None,
        };
        if let Some(flaw) = quality::flaw_of_recording(&understood.heard, replaced.as_ref()) {
            // What was dropped on the way says more than that nothing is left.
            return Ok(Err(understood.doubt.unwrap_or_else(|| flaw.to_string())));
        }
        Ok(Ok(Transcript {
            model: understood.model,
            run: known.listening_run(),
            recording: Some(recording.sid.clone()),
            listened_ms: understood.listened_ms,
            ..Transcript::new(&known.call.sid, Source::Recording, understood.lines, self.clock.now())
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
        for failure in [ListenError::OutOfTime, ListenError::passing("busy")] {
            assert_eq!(after_run(&failure, true, first), AfterRun::GoOn);
            assert_eq!(
                after_run(&failure, true, last),
                AfterRun::GoOn,
                "it has come further than the one before it"
            );
            assert_eq!(after_run(&failure, false, first), AfterRun::ComeBack);
            assert_eq!(after_run(&failure, false, last), AfterRun::GiveUp);
        }
        let shut = ListenError::Final("the account is shut".into());
        assert_eq!(after_run(&shut, true, first), AfterRun::GiveUp, "whatever it heard before");
        assert_eq!(after_run(&ListenError::Lease(LeaseError::Fenced), true, last), AfterRun::Leave);
    }
}
