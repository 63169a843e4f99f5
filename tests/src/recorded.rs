//! Calls whose recording is the test's to announce, to copy and to account for: the product hears of it what the test
//! says, and works at it when the test says so.

use serde_json::{Value, json};
use simulator::twilio::{CallFaults, CallStatus, CallerScript, CallerStep, RecordingFaults, WebhookFaults};

use crate::World;
use crate::lease::lapse;
use crate::record::RecordingRecord;
use crate::sandbox::{HttpSandbox, QueueSandbox};
use crate::webhook::Webhook;

/// A call that is over at Twilio and of whose end and recording the product has not heard.
pub struct Recorded<'w> {
    world: &'w World,
    pub call: String,
    worker: QueueSandbox,
    ready: HttpSandbox,
    status: HttpSandbox,
}

impl<'w> Recorded<'w> {
    /// After a caller who hangs up when the agent speaks.
    pub async fn call(world: &'w World, faults: RecordingFaults) -> Self {
        let script = vec![CallerStep::BargeIn { after_agent_ms: 400 }, CallerStep::HangUp];
        Self::call_of(world, CallerScript::new(script), faults).await
    }

    pub async fn call_of(world: &'w World, caller: CallerScript, faults: RecordingFaults) -> Self {
        let webhooks = WebhookFaults { lost: vec![CallStatus::Completed], ..Default::default() };
        let recording = RecordingFaults { callback_lost: true, ..faults };
        let faults = CallFaults { webhooks, recording, ..Default::default() };
        let outcome = world.call_with(caller, faults).await;
        Self::of(world, &outcome.call_sid).await
    }

    /// The record of a call that was made otherwise.
    pub async fn of(world: &'w World, call: &str) -> Self {
        // What these send to the queue goes to one without a worker.
        let nobody = [("QUEUE_RECORDINGS", world.system.name("RecordingsDlq").expect("a queue"))];
        Self {
            world,
            call: call.to_owned(),
            worker: QueueSandbox::start(world, "recording-archive", &nobody).await,
            ready: HttpSandbox::start(world, "recording-ready", &nobody).await,
            status: HttpSandbox::start(world, "voice-status", &nobody).await,
        }
    }

    /// The first recording of the call at Twilio.
    pub fn sid(&self) -> String {
        self.world.twilio.recordings(&self.call)[0].sid.clone()
    }

    /// Twilio tells that the call is over.
    pub async fn ends(&self, status: &str) {
        let webhook = Webhook::status(self.world, &self.call, status, 3);
        assert_eq!(self.status.receives(self.world, &webhook).await.0, 204);
    }

    /// Twilio calls back about the recording.
    pub async fn is_announced(&self, event: &str, fields: &[(&str, &str)]) {
        let webhook = Webhook::inbound(self.world, &self.call)
            .at("/twilio/recording")
            .field("RecordingSid", &self.sid())
            .field("RecordingStatus", event)
            .field("RecordingSource", self.world.twilio.recordings(&self.call)[0].source.as_str());
        let webhook = fields.iter().fold(webhook, |webhook, (name, value)| webhook.field(name, value));
        assert_eq!(self.ready.receives(self.world, &webhook).await.0, 204);
    }

    /// The job to copy it, for the `attempt`th time and after any cooldown. Whether the message is done with.
    pub async fn is_copied(&self, attempt: u32) -> bool {
        self.works("archive", attempt).await
    }

    /// The last job there is.
    pub async fn is_copied_or_given_up(&self, attempt: u32) -> bool {
        self.works("archive_or_give_up", attempt).await
    }

    async fn works(&self, job: &str, attempt: u32) -> bool {
        lapse(self.world, "recording-archive", &self.sid()).await;
        self.worker.does(&self.job(job), attempt).await
    }

    fn job(&self, name: &str) -> Value {
        json!({ "job": name, "call": self.call, "recording": self.sid() })
    }

    /// The id of the message that [`Self::is_copied`] delivers.
    pub fn message_id(&self) -> String {
        QueueSandbox::message_id(&self.job("archive"))
    }

    /// The job that says what became of the recording.
    pub async fn is_accounted_for(&self) -> bool {
        self.worker.does(&json!({ "job": "account", "call": self.call }), 1).await
    }

    /// What the API says of the recording.
    pub async fn told(&self) -> RecordingRecord {
        self.world.record(&self.call).await.recording().clone()
    }

    /// The same, if it says anything.
    pub async fn if_told(&self) -> Option<RecordingRecord> {
        self.world.record(&self.call).await.recording
    }

    /// How often Twilio was asked for something of this call's that ends so.
    pub fn asked(&self, ending: &str) -> usize {
        let recordings = self.world.twilio.recordings(&self.call);
        let names: Vec<&str> =
            [self.call.as_str()].into_iter().chain(recordings.iter().map(|one| one.sid.as_str())).collect();
        let of_this = |path: &str| path.ends_with(ending) && names.iter().any(|name| path.contains(name));
        self.world.twilio.requests().iter().filter(|request| of_this(&request.path)).count()
    }
}
