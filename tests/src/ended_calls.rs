//! Calls that have ended, made without a conversation: for tests of what follows a call.

use domain::transcript::{Run, Source, TranscriptLine};
use domain::{CallSid, Speaker, Timestamp, Transcript};
use serde_json::{Value, json};
use stores::transcripts::Writer;

use crate::World;
use crate::record::CallRecord;
use crate::sandbox::{HttpSandbox, QueueSandbox};
use crate::webhook::{Webhook, call_sid};

/// A world in which what follows a call waits for the test: no worker takes the jobs.
pub struct EndedCalls<'a> {
    world: &'a World,
    status: HttpSandbox,
}

/// A queue without a worker; the jobs that would follow are sent there.
fn sink(world: &World) -> &str {
    world.system.name("InsightsDlq").expect("a queue")
}

/// The settings that send a sandbox's jobs to a queue without a worker.
pub fn sinks(world: &World) -> [(&str, &str); 3] {
    ["QUEUE_RECORDINGS", "QUEUE_TRANSCRIPTS", "QUEUE_INSIGHTS"].map(|queue| (queue, sink(world)))
}

impl<'a> EndedCalls<'a> {
    pub async fn of(world: &'a World) -> Self {
        Self { world, status: HttpSandbox::start(world, "voice-status", &sinks(world)).await }
    }

    /// An ended call with these words as its final transcript; the later steps have not run.
    pub async fn call(&self, n: u8, said: &[(Speaker, &str)]) -> String {
        let sid = call_sid(n);
        Webhook::inbound(self.world, &sid).send(self.world).await;
        self.over(&sid, said).await;
        sid
    }

    /// The same, from a caller with this number or name.
    pub async fn call_from(&self, n: u8, from: &str, said: &[(Speaker, &str)]) -> String {
        let sid = call_sid(n);
        Webhook::inbound(self.world, &sid).field("From", from).field("Caller", from).send(self.world).await;
        self.over(&sid, said).await;
        sid
    }

    async fn over(&self, sid: &str, said: &[(Speaker, &str)]) {
        let table = self.world.system.name("TranscriptsTable").expect("a table");
        let writer = Writer::new(&self.world.system.aws, table);
        let call = CallSid::parse(sid).expect("a sid");
        let source = if said.is_empty() { Source::Failed } else { Source::Realtime };
        let mut number = None;
        if !said.is_empty() {
            let lines =
                said.iter().map(|(speaker, text)| TranscriptLine::new(Some(*speaker), *text)).collect();
            let words = Transcript::new(&call, source, lines, Timestamp(0));
            number = Some(writer.put_version(&words).await.expect("it is put").number);
        }
        writer
            .set_final(&call, (source, number), Run::FIRST, None, Timestamp(0), None)
            .await
            .expect("it is set");
        let completed = Webhook::status(self.world, sid, "completed", 3);
        assert_eq!(self.status.receives(self.world, &completed).await.0, 204);
    }

    /// A sandbox of the last stage.
    pub async fn insights(&self, changes: &[(&str, &str)]) -> QueueSandbox {
        let changes: Vec<_> = sinks(self.world).into_iter().chain(changes.iter().copied()).collect();
        QueueSandbox::start(self.world, "call-insights", &changes).await
    }

    /// The requests for a summary so far.
    pub fn asked(&self) -> Vec<Value> {
        let requests = self.world.openai.requests().into_iter();
        requests.filter(|request| request.path == "/v1/responses").map(|request| request.body).collect()
    }

    pub async fn record(&self, sid: &str) -> CallRecord {
        self.world.record(sid).await
    }

    /// What the business was told of these stages: how calls ended, and what they used.
    pub async fn events(&self) -> Vec<Value> {
        let (status, page) = self.world.get("/v1/events?limit=100").await;
        assert_eq!(status, 200, "{page}");
        let of_stages = |event: &&Value| {
            let kind = event["type"].as_str().unwrap_or_default();
            ["call.completed", "call.updated"].contains(&kind) || kind.starts_with("usage.")
        };
        page["events"].as_array().expect("a list").iter().filter(of_stages).cloned().collect()
    }
}

/// The job of the last stage.
pub fn job(sid: &str) -> Value {
    json!({ "call": sid })
}
