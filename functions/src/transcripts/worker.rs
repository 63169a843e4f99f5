//! Carries out the transcript step.

use std::time::Duration;

use domain::transcript::{self, Expected, Reprocess, Run, RunOutcome, Source, Stage, Step, StepInput};
use domain::{Call, CallSid, RecordingState, Turn};
use platform::aws::Aws;
use platform::clock;
use platform::env::{Parser, Reader};
use platform::objects::Objects;
use platform::queues::{MAX_DELAY, Queue};
use platform::secrets::Secrets;
use platform::telemetry::{Unit, metric};
use providers::openai_http::OpenAiHttp;
use stores::leases::Leases;
use stores::transcripts::{Pointed, Pointer};
use stores::{businesses, calls, recordings, transcripts, turns};

use super::insights::job::InsightsJob;
use super::job::TranscriptJob;
use super::transcribe::Work;
use crate::edge::batch::{Delivery, JobError};
use crate::edge::start::{self, Inbox, InboxUrls};
use crate::edge::{QueueFunction, StartError};

/// Clocks differ, and a message that comes back at once would only ask the same again.
pub(super) const MIN_DELAY: Duration = Duration::from_secs(1);
/// Transcribe, finish, upgrade, the same for a later run, and one more to see that nothing is left.
const MAX_STEPS: usize = 8;

pub struct Worker {
    /// How long one run may listen to a recording, within the function's own time.
    pub(super) listen_for: Duration,
    pub(super) models: Vec<String>,
    pub(super) businesses: businesses::Reader,
    calls: calls::Reader,
    turns: turns::Reader,
    recordings: recordings::Reader,
    pub(super) reader: transcripts::Reader,
    pub(super) transcripts: transcripts::Writer,
    pub(super) leases: Leases,
    pub(super) objects: Objects,
    inbox: Inbox,
    insights: Queue,
    pub(super) openai: OpenAiHttp,
}

impl QueueFunction for Worker {
    const NAME: &'static str = "transcript-step";

    type Job = TranscriptJob;

    fn inbox(&self) -> &Inbox {
        &self.inbox
    }

    async fn load(env: &dyn Reader) -> Result<Self, StartError> {
        let mut vars = Parser::new(env);
        let openai_url = vars.url("OPENAI_API_URL");
        let models = start::models(&mut vars, "TRANSCRIPTION_MODELS");
        let listen_for = vars.parsed("TRANSCRIBE_SECONDS", "a number of seconds", |text| text.parse().ok());
        let businesses = vars.text("TABLE_BUSINESSES");
        let calls = vars.text("TABLE_CALLS");
        let turns = vars.text("TABLE_TURNS");
        let recordings = vars.text("TABLE_RECORDINGS");
        let transcripts = vars.text("TABLE_TRANSCRIPTS");
        let leases = vars.text("TABLE_LEASES");
        let bucket = vars.text("BUCKET_RECORDINGS");
        let inbox = InboxUrls::parse(&mut vars, "QUEUE_TRANSCRIPTS", "DLQ_TRANSCRIPTS");
        let insights = vars.text("QUEUE_INSIGHTS");
        let aws = Aws::load_with(env, vars).await?;
        let secrets = Secrets::load(env, &aws.config).await?;
        Ok(Self {
            listen_for: Duration::from_secs(listen_for.unwrap_or_default()),
            models,
            businesses: businesses::Reader::new(&aws, &businesses),
            calls: calls::Reader::new(&aws, &calls),
            turns: turns::Reader::new(&aws, &turns),
            recordings: recordings::Reader::new(&aws, &recordings),
            reader: transcripts::Reader::new(&aws, &transcripts),
            transcripts: transcripts::Writer::new(&aws, &transcripts),
            leases: Leases::new(&aws, &leases),
            objects: Objects::new(&aws, &bucket),
            inbox: inbox.open(&aws),
            insights: Queue::new(&aws, &insights),
            openai: start::openai(&openai_url, secrets)?,
        })
    }

    async fn handle(&self, job: TranscriptJob, delivery: Delivery) -> Result<(), JobError> {
        let call = self.calls.call(&job.call).await?;
        let call = call.ok_or_else(|| JobError::new("no_call", "the call was never opened"))?;
        // A step's outcome may make another step possible at once.
        for _ in 0..MAX_STEPS {
            if !self.advance(&call, delivery).await? {
                return Ok(());
            }
        }
        Err(JobError::new("steps", "the transcript came to no end"))
    }
}

/// Which run acts, and what it finds.
pub(super) struct Standing {
    /// The run that may move the pointer.
    run: Run,
    /// Set while a person's request for the transcript is open.
    reprocess: Option<Reprocess>,
    pub(super) pointer: Option<Pointer>,
    /// The version that listening to the recording gave, if this run may use it.
    recorded: Option<u32>,
    refused: bool,
}

impl Standing {
    /// The run in whose name the recording is listened to: one that only hands on to later stages, or an edit, does
    /// not ask for that anew.
    pub(super) fn listening_run(&self) -> Run {
        if self.reprocess.is_some() { self.run } else { Run::FIRST }
    }
}

impl Worker {
    /// Does one step. `true`: something changed, look again.
    async fn advance(&self, call: &Call, delivery: Delivery) -> Result<bool, JobError> {
        let recordings = self.recordings.for_call(&call.sid).await?;
        let voicemail = recordings.voicemail();
        // In a refused call nobody spoke, unless it was to leave a message.
        if call.refusal.is_some() && voicemail.is_none() {
            self.hand_on(call).await?;
            return Ok(false);
        }
        let Some(settings) = self.businesses.settings_of(call).await? else {
            self.hand_on(call).await?;
            return Ok(false);
        };
        let turns = self.turns.turns(&call.sid).await?;
        let report = self.turns.report(&call.sid).await?;
        let recording = recordings.to_listen_to();
        let standing = self.standing(&call.sid).await?;
        let business = self.businesses.business(&call.business).await?;
        let expected = Expected::of(business.as_ref(), &settings);
        let input = StepInput {
            policy: settings.policies.transcript,
            record_calls: recordings.may_come(settings.policies.record_calls),
            ended_at: call.ended_at,
            report: report.as_ref(),
            turns: &turns,
            expected: &expected,
            recording: recording.map(|recording| &recording.state),
            final_source: standing.pointer.map(|pointer| pointer.source),
            recording_transcribed: standing.recorded.is_some(),
            recording_refused: standing.refused,
            reprocess: standing.reprocess,
        };
        match transcript::step(&input, clock::now()) {
            Step::Nothing => {
                if input.final_source.is_some() {
                    self.hand_on(call).await?;
                }
                Ok(false)
            }
            Step::Wait(delay) => {
                self.look_again(&call.sid, next_look(delay)).await?;
                Ok(false)
            }
            Step::Finish(source) => self.finish(call, source, &standing, (&turns, &expected)).await,
            Step::TranscribeRecording => match recording.map(|recording| (recording, &recording.state)) {
                Some((recording, RecordingState::Archived(archived))) => {
                    let (settings, turns, business, expected) =
                        (&settings, &turns, business.as_ref(), &expected);
                    let work = Work { call, settings, recording, archived, turns, business, expected };
                    self.transcribe(work, &standing, delivery).await
                }
                Some(_) | None => Ok(false),
            },
        }
    }

    async fn standing(&self, call: &CallSid) -> Result<Standing, JobError> {
        let (run, request) = self.reader.current_run(call).await?;
        let open = request.filter(|request| request.outcome.is_none());
        let mut standing = Standing {
            run,
            reprocess: open.map(|request| Reprocess {
                asked_at: request.asked_at,
                recording: request.stages.contains(&Stage::Recording),
            }),
            pointer: self.reader.pointer(call).await?,
            recorded: None,
            refused: false,
        };
        let since = standing.listening_run();
        let inputs = self.reader.inputs(call).await?;
        let usable = inputs.iter().filter(|input| input.source == Source::Recording && input.run >= since);
        standing.recorded = usable.map(|input| input.number).max();
        standing.refused = self.reader.recording_refused(call, since).await?.is_some();
        Ok(standing)
    }

    /// The transcript is as final as it gets: the last stage may begin. It is told at every look, so that no crash
    /// between the two loses it.
    async fn hand_on(&self, call: &Call) -> Result<(), JobError> {
        let (run, request) = self.reader.current_run(&call.sid).await?;
        let again = request.filter(|request| {
            [Stage::Summary, Stage::Extraction].iter().any(|stage| request.stages.contains(stage))
        });
        let job = InsightsJob { call: call.sid.clone(), again: again.map(|_| format!("run {run}")) };
        self.insights.send(&job, Duration::ZERO).await.map_err(|error| JobError::new("queue", error))
    }

    /// A new message in place of this one, with attempts of its own.
    pub(super) async fn look_again(&self, call: &CallSid, delay: Duration) -> Result<(), JobError> {
        let sent = self.inbox.queue.send(&TranscriptJob { call: call.clone() }, delay).await;
        sent.map_err(|error| JobError::new("queue", error))
    }

    /// Moves the pointer, or leaves it where it is if nothing better came of the run.
    async fn finish(
        &self,
        call: &Call,
        source: Source,
        standing: &Standing,
        (turns, expected): (&[Turn], &Expected),
    ) -> Result<bool, JobError> {
        // The realtime version is kept beside the recording's, whichever came first.
        let realtime = if source == Source::Failed || turns.is_empty() {
            None
        } else {
            let version = transcript::from_turns(&call.sid, turns, expected, clock::now());
            Some(self.transcripts.put_version(&version).await?.number)
        };
        let pointed = standing.pointer.and_then(|pointer| pointer.number);
        let number = match source {
            Source::Realtime => realtime,
            Source::Recording => standing.recorded.or(pointed),
            Source::Edited => pointed,
            Source::Failed => None,
        };
        let target = (source, number);
        let stays = standing.pointer.is_some_and(|pointer| (pointer.source, pointer.number) == target);
        if !stays {
            let moved = self
                .transcripts
                .set_final(&call.sid, target, standing.run, standing.pointer, clock::now())
                .await?;
            match moved {
                Pointed::Set => tracing::info!(
                    call = %call.sid, source = source.as_str(), run = %standing.run, "transcript final"
                ),
                Pointed::Superseded => {
                    tracing::warn!(call = %call.sid, run = %standing.run, "a later run has the transcript");
                    metric("TranscriptSuperseded", 1.0, Unit::Count, &[]);
                    return Ok(true);
                }
                Pointed::Moved => return Ok(true),
            }
        }
        if standing.reprocess.is_some() {
            let own = standing.pointer.is_some_and(|pointer| pointer.run == standing.run);
            let outcome = match source {
                Source::Failed => RunOutcome::Failed,
                // Moved before, by a worker that died before it could say so.
                Source::Realtime | Source::Recording | Source::Edited if stays && !own => RunOutcome::Kept,
                Source::Realtime | Source::Recording | Source::Edited => RunOutcome::Replaced,
            };
            self.transcripts.settle(&call.sid, standing.run, outcome).await?;
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
    use domain::Timestamp;
    use domain::business::TranscriptPolicy;

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
