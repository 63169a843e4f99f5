//! Carries out the transcript step.

use std::time::Duration;

use domain::recording::Archived;
use domain::transcript::{self, Line, Source, Step, StepInput};
use domain::{Call, CallSid, RecordingState, Settings, Transcript};
use openai::transcription::{AudioContainer, TranscriptionRequest};
use platform::aws::Aws;
use platform::clock;
use platform::env::{Parser, Reader};
use platform::objects::Objects;
use platform::openai_http::OpenAiHttp;
use platform::queues::{MAX_DELAY, Queue};
use platform::secrets::Secrets;
use platform::stores::leases::Begun;
use platform::stores::{businesses, calls, leases::Leases, recordings, transcripts, turns};

use tokio::time::Instant;

use super::job::TranscriptJob;
use crate::edge::batch::{Delivery, JobError};
use crate::edge::{QueueFunction, StartError};

const LEASE: &str = "transcribe";
const LEASE_TTL: Duration = Duration::from_secs(150);
const REMEMBER: Duration = Duration::from_secs(7 * 24 * 3_600);
/// A request may take this long within the function's 120 s.
const TRANSCRIBE_WITHIN: Duration = Duration::from_secs(100);
/// Clocks differ, and a message that comes back at once would only ask the same again.
const MIN_DELAY: Duration = Duration::from_secs(1);
/// Transcribe, finish, upgrade, and one more to see that nothing is left: each step moves forward.
const MAX_STEPS: usize = 8;

pub struct Worker {
    models: Vec<String>,
    businesses: businesses::Reader,
    calls: calls::Reader,
    turns: turns::Reader,
    recordings: recordings::Reader,
    reader: transcripts::Reader,
    transcripts: transcripts::Writer,
    leases: Leases,
    objects: Objects,
    queue: Queue,
    openai: OpenAiHttp,
}

impl QueueFunction for Worker {
    const NAME: &'static str = "transcript-step";

    type Job = TranscriptJob;

    fn queue(&self) -> &Queue {
        &self.queue
    }

    async fn load(env: &dyn Reader) -> Result<Self, StartError> {
        let mut vars = Parser::new(env);
        let openai_url = vars.url("OPENAI_API_URL");
        let models = vars.text("TRANSCRIPTION_MODELS");
        let businesses = vars.text("TABLE_BUSINESSES");
        let calls = vars.text("TABLE_CALLS");
        let turns = vars.text("TABLE_TURNS");
        let recordings = vars.text("TABLE_RECORDINGS");
        let transcripts = vars.text("TABLE_TRANSCRIPTS");
        let leases = vars.text("TABLE_LEASES");
        let bucket = vars.text("BUCKET_RECORDINGS");
        let queue = vars.text("QUEUE_TRANSCRIPTS");
        let aws = Aws::load_with(env, vars).await?;
        let secrets = Secrets::load(env, &aws.config).await?;
        Ok(Self {
            models: models
                .split(',')
                .map(|model| model.trim().to_owned())
                .filter(|m| !m.is_empty())
                .collect(),
            businesses: businesses::Reader::new(&aws, &businesses),
            calls: calls::Reader::new(&aws, &calls),
            turns: turns::Reader::new(&aws, &turns),
            recordings: recordings::Reader::new(&aws, &recordings),
            reader: transcripts::Reader::new(&aws, &transcripts),
            transcripts: transcripts::Writer::new(&aws, &transcripts),
            leases: Leases::new(&aws, &leases),
            objects: Objects::new(&aws, &bucket),
            queue: Queue::new(&aws, &queue),
            openai: OpenAiHttp::new(&openai_url, secrets.openai_api_key)
                .map_err(|error| StartError::Other(error.to_string()))?,
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

impl Worker {
    /// Does one step. `true`: something changed, look again.
    async fn advance(&self, call: &Call, delivery: Delivery) -> Result<bool, JobError> {
        let Some(settings) = self.settings(call).await? else {
            // A refused call ran without settings: nobody spoke.
            return Ok(false);
        };
        let turns = self.turns.turns(&call.sid).await?;
        let report = self.turns.report(&call.sid).await?;
        let recordings = self.recordings.for_call(&call.sid).await?;
        let recording = recordings.first().map(|recording| &recording.state);
        let input = StepInput {
            policy: settings.policies.transcript,
            record_calls: settings.policies.record_calls,
            ended_at: call.ended_at,
            report: report.as_ref(),
            turns: &turns,
            recording,
            final_source: self.reader.final_transcript(&call.sid).await?.map(|(source, _)| source),
            recording_transcribed: self.reader.version(&call.sid, Source::Recording).await?.is_some(),
            recording_refused: self.reader.recording_refused(&call.sid).await?.is_some(),
        };
        match transcript::step(&input, clock::now()) {
            Step::Nothing => Ok(false),
            Step::Wait(delay) => {
                let again = TranscriptJob { call: call.sid.clone() };
                self.queue
                    .send(&again, next_look(delay))
                    .await
                    .map_err(|error| JobError::new("queue", error))?;
                Ok(false)
            }
            Step::Finish(source) => {
                // The realtime version is kept beside the recording's, whichever came first.
                if source != Source::Failed && !turns.is_empty() {
                    let version = transcript::from_turns(&call.sid, &turns, clock::now());
                    self.transcripts.put_version(&version).await?;
                }
                self.transcripts.set_final(&call.sid, source, clock::now(), input.final_source).await?;
                tracing::info!(call = %call.sid, source = source.as_str(), "transcript final");
                Ok(true)
            }
            Step::TranscribeRecording => match recording {
                Some(RecordingState::Archived(archived)) => {
                    self.transcribe(call, &settings, archived, delivery).await?;
                    Ok(true)
                }
                Some(_) | None => Ok(false),
            },
        }
    }

    async fn settings(&self, call: &Call) -> Result<Option<Settings>, JobError> {
        match (call.revision, call.refusal) {
            (Some(revision), None) => Ok(self.businesses.settings(&call.business, revision).await?),
            _ => Ok(None),
        }
    }

    /// One job per (call, stage, input): the lease is held while the request runs and remembers its end.
    async fn transcribe(
        &self,
        call: &Call,
        settings: &Settings,
        archived: &Archived,
        delivery: Delivery,
    ) -> Result<(), JobError> {
        let lease = match self.leases.begin(LEASE, call.sid.as_str(), LEASE_TTL, clock::now()).await? {
            Begun::Won(lease) => lease,
            // What came of it was written before the lease was finished: the next look finds it.
            Begun::Done { .. } => return Ok(()),
            Begun::InProgress { until } => return Err(JobError::in_progress(until)),
        };
        match self.request(&call.sid, settings, archived).await {
            Ok(version) => {
                self.transcripts.put_version(&version).await?;
                Ok(self.leases.finish(&lease, "transcribed", REMEMBER).await?)
            }
            Err(Failure::Final(why)) => self.give_up(call, &lease, &why).await,
            Err(Failure::Transient(why)) if delivery.is_last() => self.give_up(call, &lease, &why).await,
            Err(Failure::Transient(why)) => {
                self.leases.release(&lease).await?;
                Err(JobError::new("openai", why))
            }
        }
    }

    /// The step will choose what is left, so that the call's record is never left open.
    async fn give_up(
        &self,
        call: &Call,
        lease: &platform::stores::leases::Lease,
        why: &str,
    ) -> Result<(), JobError> {
        tracing::error!(call = %call.sid, why, "the recording could not be transcribed");
        self.transcripts.refuse_recording(&call.sid, why, clock::now()).await?;
        Ok(self.leases.finish(lease, "refused", REMEMBER).await?)
    }

    async fn request(
        &self,
        call: &CallSid,
        settings: &Settings,
        archived: &Archived,
    ) -> Result<Transcript, Failure> {
        if archived.bytes > openai::transcription::MAX_FILE_BYTES {
            return Err(Failure::Final("the recording is larger than one request may be".into()));
        }
        let deadline = Instant::now() + TRANSCRIBE_WITHIN;
        let audio = self.objects.get_bytes(&archived.key).await;
        let audio = audio.map_err(|error| Failure::Transient(error.to_string()))?;
        let mut last = Failure::Final("TRANSCRIPTION_MODELS names no model".into());
        for model in &self.models {
            let request = TranscriptionRequest::new(model)
                .languages(&settings.voice.languages)
                .keywords(settings.voice.keywords.iter().cloned());
            match self.openai.transcribe(&request, AudioContainer::Wav, audio.clone(), deadline).await {
                Ok(answer) if answer.text.as_str().trim().is_empty() => {
                    last = Failure::Final("the model heard no words".into());
                }
                Ok(answer) => {
                    return Ok(Transcript {
                        call: call.clone(),
                        source: Source::Recording,
                        lines: vec![Line { speaker: None, text: answer.text.into_string() }],
                        model: Some(model.clone()),
                        at: clock::now(),
                    });
                }
                Err(error) if error.is_retryable() => last = Failure::Transient(error.to_string()),
                Err(error) => last = Failure::Final(error.to_string()),
            }
        }
        Err(last)
    }
}

/// How long the job that is sent instead of this one is delayed.
fn next_look(delay: Duration) -> Duration {
    delay.clamp(MIN_DELAY, MAX_DELAY)
}

/// Why there is no transcript. The texts come from us or from an error code, never from the call.
enum Failure {
    Final(String),
    Transient(String),
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
                recording,
                final_source: None,
                recording_transcribed: false,
                recording_refused: false,
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
