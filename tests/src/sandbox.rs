//! One more sandbox of a function, as Lambda starts them beside each other, with settings of its own.

use std::sync::Arc;

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use domain::Timestamp;
use functions::edge::loaded::{BatchHandler, Loaded, TickHandler};
use functions::features;
use http::Method;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use url::Url;

use crate::World;
use crate::webhook::Webhook;

/// A sandbox of a function behind HTTP.
pub struct HttpSandbox {
    pub url: Url,
    _server: JoinSet<()>,
}

/// A sandbox of a function behind a queue. Nothing feeds it but the test.
pub struct QueueSandbox(Arc<dyn BatchHandler>);

/// A sandbox of a scheduled function. Time is what the test says.
pub struct ScheduleSandbox(Arc<dyn TickHandler>);

async fn load(world: &World, binary: &str, changes: &[(&str, &str)]) -> Loaded {
    let mut vars = world.system.environment.clone();
    vars.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let feature = features::named(binary).expect("the function exists");
    feature.load(&world.env(vars)).await.unwrap_or_else(|error| panic!("{binary} starts: {error}"))
}

impl HttpSandbox {
    pub async fn start(world: &World, binary: &str, changes: &[(&str, &str)]) -> Self {
        let Loaded::Http(router) = load(world, binary, changes).await else {
            panic!("{binary} is not behind HTTP")
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { url: url.parse().expect("a URL"), _server: server }
    }

    /// Asks here with the business's own key, and expects that it is done.
    pub async fn asked(
        &self,
        world: &World,
        (method, path): (Method, &str),
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Value {
        let request = world.http.request(method.clone(), self.url.join(path).expect("a path"));
        let request = request.bearer_auth(world.identity.api_key.expose());
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let request = if body.is_null() { request } else { request.json(body) };
        let answer = request.send().await.expect("the function answers");
        assert!(answer.status().is_success(), "{method} {path}: {}", answer.status());
        answer.json().await.unwrap_or_default()
    }

    /// Sends a webhook here, signed for the public address as ever.
    pub async fn receives(&self, world: &World, webhook: &Webhook) -> (u16, String) {
        webhook.send_to(world, &self.url).await
    }
}

impl QueueSandbox {
    pub async fn start(world: &World, binary: &str, changes: &[(&str, &str)]) -> Self {
        match load(world, binary, changes).await {
            Loaded::Queue(handler) => Self(handler),
            Loaded::Http(_) | Loaded::Scheduled(_) => panic!("{binary} is not behind a queue"),
        }
    }

    /// The id of the message that brings a job. As a queue's, it says nothing of the job, and the log names it.
    pub fn message_id(job: &Value) -> String {
        hex::encode(Sha256::digest(job.to_string()))
    }

    /// Delivers one message, for the `attempt`th time. Whether it is done with.
    pub async fn does(&self, job: &Value, attempt: u32) -> bool {
        let mut message = SqsMessage::default();
        message.message_id = Some(Self::message_id(job));
        message.body = Some(job.to_string());
        // No queue gave it, so that none takes it back; what is done about that is only asked for.
        message.receipt_handle = Some("given by hand".to_owned());
        message.attributes.insert("ApproximateReceiveCount".to_owned(), attempt.to_string());
        let mut event = SqsEvent::default();
        event.records = vec![message];
        self.0.handle(event).await.batch_item_failures.is_empty()
    }
}

impl ScheduleSandbox {
    pub async fn start(world: &World, binary: &str, changes: &[(&str, &str)]) -> Self {
        match load(world, binary, changes).await {
            Loaded::Scheduled(handler) => Self(handler),
            Loaded::Http(_) | Loaded::Queue(_) => panic!("{binary} has no schedule"),
        }
    }

    /// One tick. Whether it left nothing undone.
    pub async fn ticks(&self, now: Timestamp) -> bool {
        self.0.tick(now).await.is_ok()
    }
}
