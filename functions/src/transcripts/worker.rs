//! Carries out the transcript step.

mod known;
mod transcribe;

use std::time::Duration;

use domain::contact::{Entry, What};
use domain::do_not_call::asked_in;
use domain::messages::{Left, MessageKind};
use domain::transcript::{RunOutcome, Source, Step};
use domain::{Call, CallSid};
use platform::Clock;
use platform::objects::Objects;
use platform::queues::MAX_DELAY;
use platform::telemetry::{Unit, metric};
use providers::openai_http::OpenAiHttp;
use providers::toolbox::reason_in;
use stores::leases::Leases;
use stores::transcripts::Pointed;
use stores::{businesses, calls, contacts, do_not_call, messages, recordings, transcripts, turns};

use crate::edge::QueueFunction;
use crate::edge::batch::{Delivery, JobError};
use crate::edge::inbox::{Inbox, Jobs};
use crate::edge::parts::{Needs, parts};
use crate::jobs::{InsightsJob, TranscriptJob};
use crate::shared::telling::Outbox;
use known::Known;

/// Clocks differ, and a message that comes back at once would only ask the same again.
const MIN_DELAY: Duration = Duration::from_secs(1);
/// Transcribe, finish, upgrade, the same for a later run, and one more to see that nothing is left.
const MAX_STEPS: usize = 8;

parts! {
    pub struct Worker {
        clock: Clock,
        /// How long one run may listen to a recording, within the function's own time.
        listen_for: Duration => seconds_to_listen,
        models: Vec<String> => |needs| needs.models("TRANSCRIPTION_MODELS"),
        businesses: businesses::Reader,
        calls: calls::Reader,
        turns: turns::Reader,
        recordings: recordings::Reader,
        reader: transcripts::Reader,
        transcripts: transcripts::Writer,
        left: messages::Writer,
        do_not_call: do_not_call::Recorder,
        outbox: Outbox,
        contacts: contacts::Learner,
        leases: Leases,
        objects: Objects,
        inbox: Inbox<TranscriptJob>,
        insights: Jobs<InsightsJob>,
        openai: OpenAiHttp,
    }
}

fn seconds_to_listen(needs: &mut Needs<'_>) -> Duration {
    let read = needs.vars.parsed("TRANSCRIBE_SECONDS", "a number of seconds", |text| text.parse().ok());
    Duration::from_secs(read.unwrap_or_default())
}

impl QueueFunction for Worker {
    const NAME: &'static str = "transcript-step";

    type Job = TranscriptJob;

    fn inbox(&self) -> &Inbox<TranscriptJob> {
        &self.inbox
    }

    async fn handle(&self, job: TranscriptJob, delivery: Delivery) -> Result<(), JobError> {
        let call = self.calls.call(&job.call).await?;
        let call = call.ok_or_else(|| JobError::new("no_call", "the call was never opened"))?;
        // A step's outcome may make another step possible at once.
        for _ in 0..MAX_STEPS {
            if !Box::pin(self.advance(&call, delivery)).await? {
                return Ok(());
            }
        }
        Err(JobError::new("steps", "the transcript came to no end"))
    }
}

impl Worker {
    /// Does one step. `true`: something changed, look again.
    async fn advance(&self, call: &Call, delivery: Delivery) -> Result<bool, JobError> {
        let known = Box::pin(Known::read(self, call)).await?;
        self.list(&known).await?;
        self.opt_out(&known).await?;
        let Some(step) = known.step(self.clock.now()) else {
            self.hand_on(&known).await?;
            return Ok(false);
        };
        match step {
            Step::Nothing => {
                if known.pointer.is_some() {
                    self.hand_on(&known).await?;
                }
                Ok(false)
            }
            Step::Wait(delay) => {
                self.look_again(&call.sid, next_look(delay)).await?;
                Ok(false)
            }
            Step::Finish(source) => self.finish(&known, source).await,
            Step::TranscribeRecording => match known.archived() {
                Some(recording) => self.transcribe(&known, recording, delivery).await,
                None => Ok(false),
            },
        }
    }

    /// Puts what the caller left into the business's list, at every look and before anything that takes long or can fail.
    /// A session's report is written after all of its messages, and a look comes when it is there, or ten seconds after the
    /// call's end; a voicemail leads to a look when it has come to its end. A look that dies here comes again.
    async fn list(&self, known: &Known) -> Result<(), JobError> {
        for left in known.left() {
            self.tell(&known.call, &left).await?;
            if self.left.put(&known.call.business, &left, self.outbox.of(&known.call)).await? {
                tracing::info!(call = %known.call.sid, message = %left.id, kind = left.kind().as_str(), "left for the business");
                self.outbox.tell(&known.call.business).await;
            }
        }
        Ok(())
    }

    /// Puts the person on the list of numbers that are not called, if they asked for it and the bridge could not record it. At every
    /// look, like the messages: once it is done for the call, it is done.
    async fn opt_out(&self, known: &Known) -> Result<(), JobError> {
        let call = &known.call;
        let Some(asked) = asked_in(call, &known.turns).filter(|asked| !asked.is_recorded) else {
            return Ok(());
        };
        let Some(number) = call.other_party() else { return Ok(()) };
        let (of, reason) = ((&call.business, &call.sid), reason_in(asked.arguments));
        if self.do_not_call.put(of, number, reason.as_deref(), self.clock.now()).await? {
            tracing::info!(call = %call.sid, "the person is not called again");
        }
        Ok(())
    }

    /// Tells the timeline of the call's contact that something was left. The entry's name is the message's own, so telling it
    /// at every look changes nothing.
    async fn tell(&self, call: &Call, left: &Left) -> Result<(), JobError> {
        let Some(contact) = call.contact else { return Ok(()) };
        let (call_sid, message) = (call.sid.clone(), left.id);
        let what = match left.kind() {
            MessageKind::Message => What::Message { call: Some(call_sid), thread: None, message },
            MessageKind::Voicemail => What::Voicemail { call: call_sid, message },
        };
        let entry = Entry::new(message.at(), &message.to_string(), what);
        self.contacts.tell(&call.business, contact, &entry).await?;
        Ok(())
    }

    /// The transcript is as final as it gets: the last stage may begin. It is told at every look, so that no crash
    /// between the two loses it.
    async fn hand_on(&self, known: &Known) -> Result<(), JobError> {
        let job = InsightsJob { call: known.call.sid.clone(), again: known.summary_asked_by() };
        self.insights.send(&job, Duration::ZERO).await.map_err(|error| JobError::new("queue", error))
    }

    /// A new message in place of this one, with attempts of its own.
    async fn look_again(&self, call: &CallSid, delay: Duration) -> Result<(), JobError> {
        let sent = self.inbox.jobs.send(&TranscriptJob { call: call.clone() }, delay).await;
        sent.map_err(|error| JobError::new("queue", error))
    }

    /// Moves the pointer, or leaves it where it is if nothing better came of the run.
    async fn finish(&self, known: &Known, source: Source) -> Result<bool, JobError> {
        let call = &known.call;
        // The realtime version is kept beside the recording's, whichever came first.
        let realtime = if source == Source::Failed || known.turns.is_empty() {
            None
        } else {
            Some(self.transcripts.put_version(&known.realtime(self.clock.now())).await?.number)
        };
        let pointed = known.pointer.and_then(|pointer| pointer.number);
        let number = match source {
            Source::Realtime => realtime,
            Source::Recording => known.transcribed().or(pointed),
            Source::Edited => pointed,
            Source::Failed => None,
        };
        let target = (source, number);
        let stays = known.pointer.is_some_and(|pointer| (pointer.source, pointer.number) == target);
        if !stays {
            let moved = self
                .transcripts
                .set_final(
                    &call.sid,
                    target,
                    known.run,
                    known.pointer,
                    self.clock.now(),
                    self.outbox.of(call),
                )
                .await?;
            match moved {
                Pointed::Set => {
                    tracing::info!(call = %call.sid, source = source.as_str(), run = %known.run, "transcript final");
                    self.outbox.tell(&call.business).await;
                }
                Pointed::Superseded => {
                    tracing::warn!(call = %call.sid, run = %known.run, "a later run has the transcript");
                    metric("TranscriptSuperseded", 1.0, Unit::Count, &[]);
                    return Ok(true);
                }
                Pointed::Moved => return Ok(true),
            }
        }
        if known.reprocess().is_some() {
            let own = known.pointer.is_some_and(|pointer| pointer.run == known.run);
            let outcome = match source {
                Source::Failed => RunOutcome::Failed,
                // Moved before, by a worker that died before it could say so.
                Source::Realtime | Source::Recording | Source::Edited if stays && !own => RunOutcome::Kept,
                Source::Realtime | Source::Recording | Source::Edited => RunOutcome::Replaced,
            };
            self.transcripts.note_outcome(&call.sid, known.run, outcome).await?;
        }
        Ok(true)
    }
}

/// How long the job that is sent instead of this one is delayed.
fn next_look(delay: Duration) -> Duration {
    delay.clamp(MIN_DELAY, MAX_DELAY)
}

#[cfg(test)]
mod tests {
    use domain::business::TranscriptPolicy;
    use domain::transcript::{self, Expected, StepInput};
    use domain::{RecordingState, Timestamp};

    use super::*;

    /// A job that waits is a new message, and every redelivery may send one more: what bounds them is that each
    /// line of them ends, with or without the recording.
    #[test]
    fn a_job_sends_itself_again_twice_at_most() {
        use TranscriptPolicy as P;
        let ended_at = Timestamp(1_795_179_909_250);
        let states = [None, Some(RecordingState::Announced)];
        let policies = [P::RealtimeFirst, P::RecordingUpgrade, P::RealtimeOnly];
        for (policy, recording) in policies.iter().flat_map(|p| states.iter().map(move |s| (*p, s.as_ref())))
        {
            let mut input = StepInput {
                policy,
                record_calls: true,
                ended_at: Some(ended_at),
                report: None,
                turns: &[],
                expected: &Expected { languages: vec![], hint: String::new() },
                recording,
                final_source: None,
                recording_transcribed: false,
                recording_refused: false,
                reprocess: None,
            };
            let (mut now, mut sent) = (ended_at, 0);
            loop {
                match transcript::step(&input, now) {
                    Step::Wait(delay) => {
                        now = now.plus(next_look(delay));
                        sent += 1;
                        assert!(sent <= 2, "{policy:?} with {recording:?}");
                    }
                    Step::Finish(source) => input.final_source = Some(source),
                    Step::Nothing => break,
                    Step::TranscribeRecording => panic!("nothing is archived"),
                }
            }
            assert_eq!(input.final_source, Some(Source::Failed), "the record is never left open");
        }
    }
}
