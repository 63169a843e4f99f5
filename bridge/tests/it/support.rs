//! A bridge on a loopback port with a caller, a model and a store around it, all scripted by the test.

mod caller;
mod log;
mod model;
mod store;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bridge::{Bridge, BridgeSettings, LiveEvent, LiveEvents, WarmSettings};
use domain::ids::AccountSid;
use domain::token::{StreamKind, TokenKey};
use domain::{CallPlan, CallSid, Secret, testing};
use http::{Method, Request, StatusCode};
use http_body_util::Empty;
use hyper_util::rt::TokioIo;
use platform::Clock;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use twilio::signature::{Algorithm, sign_url};

pub(crate) use caller::{Caller, Closed};
pub(crate) use log::Log;
pub(crate) use model::{Model, ModelServer};
pub(crate) use store::Store;

pub(crate) const AUTH_TOKEN: &str = "f00dbabe00112233445566778899aabb";
pub(crate) const ACCOUNT_SID: &str = "AC00000000000000000000000000000007";
/// What Twilio is told and signs; the port that the test connects to is behind it.
pub(crate) const CONSOLE_ORIGIN: &str = "https://calls.harbour.example";
pub(crate) const STREAM_URL: &str = "wss://media.harbour.example/twilio/stream";
pub(crate) const STREAM_PATH: &str = "/twilio/stream";

/// A test that waits longer than this waits for something that will not come, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("waited in vain for {what}"),
    }
}

pub(crate) struct Harness {
    pub(crate) address: SocketAddr,
    pub(crate) store: Arc<Store>,
    pub(crate) model: ModelServer,
    pub(crate) shutdown: CancellationToken,
    pub(crate) running: JoinHandle<()>,
    pub(crate) live_events: broadcast::Receiver<LiveEvent>,
    token_key: TokenKey,
}

/// A call that the store has a plan for.
pub(crate) struct Planned {
    pub(crate) call: CallSid,
    pub(crate) token: String,
}

impl Harness {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_for(max_calls: usize) -> Self {
        Self::start_with(|settings| settings.max_calls = max_calls).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut BridgeSettings)) -> Self {
        log::install();
        let model = ModelServer::start();
        let store = Arc::new(Store::new());
        let token_key = TokenKey::new(Secret::new("0123456789abcdef".repeat(2))).unwrap();
        let mut settings = BridgeSettings {
            public_stream_url: STREAM_URL.parse().unwrap(),
            console_origin: CONSOLE_ORIGIN.to_owned(),
            twilio_account_sid: ACCOUNT_SID.to_owned(),
            twilio_auth_tokens: vec![Secret::new(AUTH_TOKEN)],
            twilio_webhook_keys: [].into(),
            token_key: token_key.clone(),
            openai_realtime_url: model.url(),
            openai_api_key: Secret::new("test-key"),
            warm: WarmSettings::default(),
            max_calls: 8,
            // Half of it undisturbed, and the last second is for goodbyes.
            drain_timeout: Duration::from_secs(4),
            ecs_agent: None,
            ecs_metadata: None,
            openai_roots: vec![],
            clock: Clock::system(),
        };
        change(&mut settings);
        let live = LiveEvents::broadcasting();
        let live_events = live.subscribe().unwrap();
        let bridge = Bridge::new(settings, Arc::clone(&store), live).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let running = tokio::spawn(bridge.run(listener, shutdown.clone()));
        Self { address, store, model, shutdown, running, live_events, token_key }
    }

    /// Mints a token and puts its plan into the store, as the voice webhook does.
    pub(crate) fn plan(&self) -> Planned {
        self.plan_with(|plan| plan.greeting = None)
    }

    pub(crate) fn plan_with(&self, change: impl FnOnce(&mut CallPlan)) -> Planned {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let mut plan = testing::plan(NEXT.fetch_add(1, Ordering::Relaxed));
        plan.account = AccountSid::parse(ACCOUNT_SID).unwrap();
        change(&mut plan);
        let call = plan.call.clone();
        let token = self.token_key.mint(StreamKind::Twilio, &call, plan.epoch).expose().to_owned();
        self.store.plan(plan);
        Planned { call, token }
    }

    /// A call that is live: claimed, connected, configured; without a greeting.
    pub(crate) async fn live(&mut self) -> (Caller, Model, Planned) {
        let planned = self.plan();
        let mut caller = Caller::connect(self).await;
        caller.start(&planned).await;
        let mut model = self.model.accept().await;
        model.configure().await;
        (caller, model, planned)
    }

    /// A call whose agent is in the middle of its first sentence.
    pub(crate) async fn in_mid_sentence(&mut self) -> (Caller, Model, Planned) {
        let (mut caller, mut model, planned) = self.live().await;
        model.begin("resp_1", "item_1", Value::Null).await;
        model.delta("resp_1", "item_1", &crate::framing::frame(1)).await;
        model.say("resp_1", "item_1", "We are open").await;
        caller.next_audio().await;
        caller.next_mark().await;
        (caller, model, planned)
    }

    pub(crate) async fn get(&self, path: &str) -> StatusCode {
        self.request(Request::builder().method(Method::GET).uri(path)).await
    }

    /// The status of a request that should not be upgraded.
    pub(crate) async fn request(&self, request: http::request::Builder) -> StatusCode {
        let request = request.header("host", "bridge.internal").body(Empty::<bytes::Bytes>::new()).unwrap();
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        soon("an HTTP answer", sender.send_request(request)).await.unwrap().status()
    }
}

/// The header that proves an upgrade to be Twilio's.
pub(crate) fn signature(auth_token: &str, url: &str) -> String {
    signature_by(Algorithm::HmacSha1, auth_token, url)
}

pub(crate) fn signature_by(algorithm: Algorithm, key: &str, url: &str) -> String {
    sign_url(algorithm, &twilio::SigningKey::new(key).unwrap(), url)
}
