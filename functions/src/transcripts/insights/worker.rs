//! Carries the last stage out, once per call and input.

use std::time::Duration;

use domain::cost::{CallCost, PriceList, Used};
use domain::insight::{self, InsightOutcome, Insights, Stage, StageInput};
use domain::recording::CallRecordings;
use domain::transcript::Source;
use domain::usage::Conversation;
use domain::{Call, RecordingState, SessionReport, Settings, Transcript, zone};
use platform::Clock;
use platform::queues::MAX_DELAY;
use platform::telemetry::{Unit, metric};
use providers::openai_http::OpenAiHttp;
use sha2::{Digest, Sha256};
use stores::leases::{Begun, Leases, WorkKind};
use stores::{businesses, calls, events, recordings, transcripts, turns};

use super::ask::{self, Asked, Ended, Question};
use super::event;
use super::metering::Metering;
use super::teaching::Teaching;
use crate::edge::QueueFunction;
use crate::edge::batch::{Delivery, JobError};
use crate::edge::inbox::{Inbox, Jobs};
use crate::edge::parts::parts;
use crate::jobs::{EndpointJob, InsightsJob};
use crate::shared::telling::tell_endpoints;

/// Longer than the function may run.
const LEASE_TTL: Duration = Duration::from_secs(150);
const REMEMBER: Duration = Duration::from_secs(7 * 24 * 3_600);
const MIN_DELAY: Duration = Duration::from_secs(1);

parts! {
    pub struct Worker {
        clock: Clock,
        models: Vec<String> => |needs| needs.models("INSIGHT_MODELS"),
        prices: PriceList => |needs| needs.prices(),
        businesses: businesses::Reader,
        calls: calls::Reader,
        turns: turns::Reader,
        recordings: recordings::Reader,
        reader: transcripts::Reader,
        writer: transcripts::Writer,
        events: events::Writer,
        metering: Metering,
        teaching: Teaching,
        leases: Leases,
        inbox: Inbox<InsightsJob>,
        endpoints: Jobs<EndpointJob>,
        openai: OpenAiHttp,
    }
}

impl QueueFunction for Worker {
    const NAME: &'static str = "call-insights";

    type Job = InsightsJob;

    fn inbox(&self) -> &Inbox<InsightsJob> {
        &self.inbox
    }

    async fn handle(&self, job: InsightsJob, delivery: Delivery) -> Result<(), JobError> {
        let call = self.calls.call(&job.call).await?;
        let call = call.ok_or_else(|| JobError::new("no_call", "the call was never opened"))?;
        let recordings = self.recordings.for_call(&call.sid).await?;
        let settings = self.businesses.settings_of(&call).await?;
        let last = self.reader.final_transcript(&call.sid).await?;
        let (source, transcript) = last.map_or((None, None), |(source, words)| (Some(source), words));
        let subject = Subject { call, recordings, settings, source, transcript };
        match insight::stage(&subject.stage_input(), self.clock.now()) {
            Stage::Nothing => Ok(()),
            Stage::Wait(delay) => {
                let sent = self.inbox.jobs.send(&job, delay.clamp(MIN_DELAY, MAX_DELAY)).await;
                sent.map_err(|error| JobError::new("queue", error))
            }
            Stage::Plain(outcome) => self.once(&subject, &job, Some(outcome), delivery).await,
            Stage::Ask => self.once(&subject, &job, None, delivery).await,
        }
    }
}

/// A call with everything that its insights depend on.
struct Subject {
    call: Call,
    recordings: CallRecordings,
    /// A call to a number of no business has none.
    settings: Option<Settings>,
    source: Option<Source>,
    transcript: Option<Transcript>,
}

impl Subject {
    fn stage_input(&self) -> StageInput<'_> {
        let left_message = self.recordings.voicemail().is_some();
        let records = self.settings.as_ref().is_some_and(|settings| settings.policies.record_calls);
        StageInput {
            ended_at: self.call.ended_at,
            refused: self.settings.is_none() || (self.call.refusal.is_some() && !left_message),
            record_calls: self.recordings.may_come(records),
            recording: self.recordings.to_listen_to().map(|recording| &recording.state),
            final_source: self.source,
            transcript: self.transcript.as_ref(),
        }
    }

    /// Names the words, the lists they are read for, and who asks for another run.
    fn digest(&self, job: &InsightsJob) -> Result<String, JobError> {
        let policy = self.settings.as_ref().map(|settings| &settings.insights);
        let lines = self.transcript.as_ref().map(|transcript| &transcript.lines);
        let input = serde_json::to_vec(&(self.source, lines, policy, &job.again));
        let input = input.map_err(|_| JobError::new("digest", "the input has no JSON form"))?;
        Ok(hex::encode(&Sha256::digest(input)[..16]))
    }
}

impl Worker {
    /// One run per (call, input): the lease keeps two workers from asking at once, and the run's own number and
    /// digest keep what they did from standing twice.
    async fn once(
        &self,
        subject: &Subject,
        job: &InsightsJob,
        plain: Option<InsightOutcome>,
        delivery: Delivery,
    ) -> Result<(), JobError> {
        let call = &subject.call;
        let input = subject.digest(job)?;
        if self.has_run(call, &input).await? {
            self.teach(call).await?;
            self.metering.beside(call, &subject.recordings).await?;
            tell_endpoints(&self.endpoints, &call.business).await;
            return Ok(());
        }
        let id = format!("{}#{input}", call.sid);
        let lease = match self.leases.begin(WorkKind::Insights, &id, LEASE_TTL, self.clock.now()).await? {
            Begun::Won(lease) => lease,
            Begun::Done { .. } => return Ok(()),
            Begun::InProgress { until } => return Err(JobError::in_progress(until)),
        };
        let asked = match plain {
            Some(outcome) => Asked { ended: Ended::Final(outcome), usage: vec![] },
            None => self.ask(subject).await?,
        };
        let (outcome, settled, model) = match asked.ended {
            Ended::Answered { settled, model } => (InsightOutcome::Done, Some(settled), Some(model)),
            Ended::Final(outcome) => (outcome, None, None),
            Ended::Later { outcome, .. } if delivery.is_last() => (outcome, None, None),
            Ended::Later { outcome, why, wait } => {
                let until = self.leases.release(&lease).await?;
                let asked = self.clock.now().plus(wait.min(MAX_DELAY));
                let error = JobError::new("openai", why).not_before(until).not_before(asked);
                // Money comes by hand: asking every few seconds would only use up the attempts.
                return Err(if outcome == InsightOutcome::Quota { error.after(MAX_DELAY) } else { error });
            }
        };
        let mut insights = Insights {
            call: call.sid.clone(),
            run: 0,
            input,
            source: subject.source,
            outcome,
            summary: None,
            extraction: vec![],
            voided: vec![],
            lead_status: None,
            model,
            usage: asked.usage,
            at: self.clock.now(),
        };
        if let Some(settled) = settled {
            insights.summary = Some(settled.summary);
            insights.extraction = settled.extraction;
            insights.voided = settled.voided;
            insights.lead_status = settled.lead_status;
        }
        Box::pin(self.record(subject, insights)).await?;
        self.teach(call).await?;
        self.metering.beside(call, &subject.recordings).await?;
        tell_endpoints(&self.endpoints, &call.business).await;
        Ok(self.leases.finish(&lease, outcome.as_str(), REMEMBER).await?)
    }

    /// Puts the run behind those that are there, and the event that tells of it.
    async fn record(&self, subject: &Subject, mut insights: Insights) -> Result<(), JobError> {
        let call = &subject.call;
        let (messages, sessions, turns) = tokio::try_join!(
            self.turns.messages(&call.sid),
            self.turns.reports(&call.sid),
            self.turns.turns(&call.sid),
        )?;
        let conversation = Conversation { sessions: &sessions, turns: &turns };
        loop {
            let earlier = self.reader.insights(&call.sid).await?;
            if earlier.iter().any(|run| run.input == insights.input) {
                return Ok(());
            }
            insights.run = earlier.last().map_or(1, |last| last.run + 1);
            let cost = self.cost(subject, &sessions, &earlier, &insights).await?;
            let told = event::Subject {
                call,
                recordings: &subject.recordings,
                messages: &messages,
                insights: &insights,
                cost: &cost,
            };
            let before = self.reader.cost(&call.sid).await?;
            let entry = self.metering.entry(call, &insights, &cost, before.as_ref(), conversation).await?;
            let event = event::of(&told).map_err(|_| JobError::new("event", "the event has no JSON form"))?;
            // Refused: another worker put a run of that number meanwhile.
            let (usage, told) = ((&self.metering.usage, entry), (&self.events, &event));
            if self.writer.record_insights(&insights, &cost, usage, told).await? {
                let (outcome, run) = (insights.outcome.as_str(), insights.run);
                tracing::info!(call = %call.sid, outcome, run, "insights recorded");
                metric("Insights", 1.0, Unit::Count, &[("Outcome", outcome)]);
                return Ok(());
            }
        }
    }

    async fn teach(&self, call: &Call) -> Result<(), JobError> {
        match self.reader.insights(&call.sid).await?.last() {
            Some(latest) => Box::pin(self.teaching.of(call, latest)).await,
            None => Ok(()),
        }
    }

    async fn has_run(&self, call: &Call, input: &str) -> Result<bool, JobError> {
        Ok(self.reader.insights(&call.sid).await?.iter().any(|run| run.input == input))
    }

    async fn ask(&self, subject: &Subject) -> Result<Asked, JobError> {
        let (Some(settings), Some(transcript)) = (&subject.settings, &subject.transcript) else {
            return Ok(Asked { ended: Ended::Final(InsightOutcome::NoTranscript), usage: vec![] });
        };
        let call = &subject.call;
        let business = self.businesses.business(&call.business).await?;
        let business = business.ok_or_else(|| JobError::new("no_business", "the business has no profile"))?;
        let question = Question {
            business: &business.name,
            local_time: zone::local_words(call.opened_at, &business.time_zone),
            policy: &settings.insights,
            transcript,
            scope: business.id.as_str(),
            safety_identifier: call.safety_identifier(),
            cache_key: format!("{}:{}:insights", business.id, settings.revision),
        };
        Ok(ask::ask(&self.openai, &self.models, &question).await)
    }

    async fn cost(
        &self,
        subject: &Subject,
        sessions: &[SessionReport],
        earlier: &[Insights],
        insights: &Insights,
    ) -> Result<CallCost, JobError> {
        let Subject { call, settings, .. } = subject;
        let versions = self.reader.versions(&call.sid).await?;
        let listened = versions.iter().filter_map(|version| {
            Some((version.model.as_deref()?, Duration::from_millis(version.listened_ms)))
        });
        let listened: Vec<_> = listened.collect();
        let recorded = subject.recordings.to_listen_to().and_then(|recording| match &recording.state {
            RecordingState::Archived(archived) => Some(Duration::from_millis(archived.format.duration_ms)),
            _ => recording.announced_duration,
        });
        let usage: Vec<_> = earlier.iter().chain([insights]).flat_map(|run| run.usage.clone()).collect();
        let voice = settings.as_ref().map(|settings| &settings.voice);
        let used = Used {
            direction: call.direction,
            answered: call.answered_at.is_some() || !sessions.is_empty(),
            duration: call.duration,
            sessions,
            realtime_model: voice.map(|voice| voice.model.as_str()),
            live_transcription_model: voice.and_then(|voice| voice.transcription_model.as_deref()),
            recorded,
            listened: &listened,
            text: &usage,
        };
        Ok(CallCost::of(&used, &self.prices))
    }
}
