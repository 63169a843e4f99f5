//! Everything that the next step of a call's transcript depends on, read once and as one value.

use domain::messages::Left;
use domain::recording::{Archived, CallRecordings};
use domain::tools::TakenMessage;
use domain::transcript::{
    self, Expected, Reprocess, Reprocessing, Run, Source, Stage, Step, StepInput, Transcript,
};
use domain::{Business, Call, Epoch, Recording, RecordingState, SessionReport, Settings, Timestamp, Turn};
use stores::StoreError;
use stores::transcripts::{Input, Pointer};

use super::Worker;

/// What is known of a call at one look.
pub(super) struct Known {
    pub(super) call: Call,
    /// Those of the call's revision; `None` for a call to a number of no business.
    pub(super) settings: Option<Settings>,
    /// The profile, unless the business is gone.
    pub(super) business: Option<Business>,
    pub(super) expected: Expected,
    recordings: CallRecordings,
    /// Of all sessions, the first one first.
    reports: Vec<SessionReport>,
    pub(super) turns: Vec<Turn>,
    /// What the agent took down, each with its name in the call.
    messages: Vec<(String, Timestamp, TakenMessage)>,
    /// The run that may move the pointer.
    pub(super) run: Run,
    /// The request that made it the current run, if a person did.
    request: Option<Reprocessing>,
    pub(super) pointer: Option<Pointer>,
    inputs: Vec<Input>,
    /// Listening to the recording was tried in the name of [`Known::listening_run`] and gave nothing.
    refused: bool,
}

impl Known {
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn read(from: &Worker, call: &Call) -> Result<Self, StoreError> {
        let sid = &call.sid;
        // A report says that all turns and messages are written, so it is read before them.
        let (reports, (run, request)) =
            tokio::try_join!(from.turns.reports(sid), from.reader.current_run(sid))?;
        let since = listening_run(run, request.as_ref());
        let (settings, business, recordings, turns, messages, pointer, inputs, refused) = tokio::try_join!(
            from.businesses.settings_of(call),
            from.businesses.business(&call.business),
            from.recordings.for_call(sid),
            from.turns.turns(sid),
            from.turns.named_messages(sid),
            from.reader.pointer(sid),
            from.reader.inputs(sid),
            from.reader.recording_refused(sid, since),
        )?;
        let expected = match &settings {
            Some(settings) => Expected::of(business.as_ref(), settings),
            None => Expected { languages: vec![], hint: String::new() },
        };
        let (call, refused) = (call.clone(), refused.is_some());
        Ok(Self {
            call,
            settings,
            business,
            expected,
            recordings,
            reports,
            turns,
            messages,
            run,
            request,
            pointer,
            inputs,
            refused,
        })
    }

    /// What the transcript needs now. `None`: no words are to be had of this call, and what follows may begin.
    pub(super) fn step(&self, now: Timestamp) -> Option<Step> {
        // In a refused call nothing was said, unless it was to leave a message.
        if self.call.refusal.is_some() && self.recordings.voicemail().is_none() {
            return None;
        }
        let policies = &self.settings.as_ref()?.policies;
        let input = StepInput {
            policy: policies.transcript,
            record_calls: self.recordings.may_come(policies.record_calls),
            ended_at: self.call.ended_at,
            report: self.reports.last(),
            turns: &self.turns,
            expected: &self.expected,
            recording: self.to_listen_to().map(|recording| &recording.state),
            final_source: self.pointer.map(|pointer| pointer.source),
            recording_transcribed: self.transcribed().is_some(),
            recording_refused: self.refused,
            reprocess: self.reprocess(),
        };
        Some(transcript::step(&input, now))
    }

    /// What the turns say. The recording begins with the first session's stream; where that left no report, the call was
    /// answered shortly before.
    pub(super) fn realtime(&self, now: Timestamp) -> Transcript {
        let first = self.reports.first().filter(|report| report.epoch == Epoch::FIRST);
        let began = first.map(|report| report.started_at).or(self.call.answered_at);
        transcript::from_turns(&self.call.sid, &self.turns, began, &self.expected, now)
    }

    /// What the caller left.
    pub(super) fn left(&self) -> Vec<Left> {
        Left::of_call(&self.call, &self.messages, &self.recordings)
    }

    fn to_listen_to(&self) -> Option<&Recording> {
        self.recordings.to_listen_to()
    }

    /// The recording whose words count, once its bytes are there.
    pub(super) fn archived(&self) -> Option<(&Recording, &Archived)> {
        let recording = self.to_listen_to()?;
        match &recording.state {
            RecordingState::Archived(archived) => Some((recording, archived)),
            _ => None,
        }
    }

    /// A person's request for the transcript that is open.
    pub(super) fn reprocess(&self) -> Option<Reprocess> {
        open(self.request.as_ref()).map(|request| Reprocess {
            asked_at: request.asked_at,
            recording: request.stages.contains(&Stage::Recording),
        })
    }

    /// The run in whose name the recording is listened to.
    pub(super) fn listening_run(&self) -> Run {
        listening_run(self.run, self.request.as_ref())
    }

    /// The version that listening to the recording gave, if this run may use it.
    pub(super) fn transcribed(&self) -> Option<u32> {
        let since = self.listening_run();
        let usable =
            self.inputs.iter().filter(|input| input.source == Source::Recording && input.run >= since);
        usable.map(|input| input.number).max()
    }

    /// Who asks for one more summary of the same words.
    pub(super) fn summary_asked_by(&self) -> Option<String> {
        let request = self.request.as_ref()?;
        let asks = [Stage::Summary, Stage::Extraction].iter().any(|stage| request.stages.contains(stage));
        asks.then(|| format!("run {}", self.run))
    }
}

fn open(request: Option<&Reprocessing>) -> Option<&Reprocessing> {
    request.filter(|request| request.outcome.is_none())
}

/// A run that only hands on to later stages, or an edit, does not ask for another listening.
fn listening_run(run: Run, request: Option<&Reprocessing>) -> Run {
    if open(request).is_some() { run } else { Run::FIRST }
}
