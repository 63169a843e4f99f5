//! Starts the system in process, in well under a second.

mod issuer;
mod meta;
mod time;

use std::collections::BTreeMap;
use std::ops::Deref;
use std::panic::Location;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use bridge::LiveEvents;
use domain::{BusinessId, PhoneNumber};
use functions::businesses::provision::{NewBusiness, Writers, provision};
use functions::edge::verified_form::DELIVERY;
use local::demo::{business, story};
use local::home::Identity;
use local::system::{AwsSource, Config, Providers, System};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use simulator::meta::Meta;
use simulator::oidc::Issuer;
use simulator::openai::{Connection, ConnectionPlan, Handshake, OpenAi, OpenAiConfig};
use simulator::twilio::{CallFaults, CallOutcome, CallSpec, CallerScript, Twilio, TwilioConfig};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::record::{CallRecord, RecordingRecord, TranscriptRecord, with_everything};

pub(crate) use meta::sender;
pub use meta::{PHONE_NUMBER_ID, TEMPLATE};

/// A second opinion about AWS: with this variable set, every world uses that endpoint instead of the embedded
/// ones, each under an account of its own.
const EXTERNAL_AWS: &str = "SWITCHBOARD_TEST_AWS";

/// A test that waits longer than this waits for something that will not come. It is no measure of how long anything may
/// take: on a busy machine everything takes many times as long as on an idle one.
const PATIENCE: Duration = Duration::from_secs(300);

/// The sids and tokens of Twilio accounts that businesses may bring.
pub const OWN_ACCOUNTS: [(&str, &str); 2] = [
    ("AC0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a", "the-token-of-the-first-account"),
    ("AC0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "the-token-of-the-second-account"),
];

/// How often it is looked again.
const POLL: Duration = Duration::from_millis(50);

/// What a test wants otherwise than usual.
pub struct WorldConfig {
    pub openai: OpenAiConfig,
    pub twilio: fn(&mut TwilioConfig),
    pub business: fn(&mut NewBusiness),
    /// Where the embedded endpoints keep their state; memory otherwise.
    pub data_dir: Option<PathBuf>,
    pub identity: Option<Identity>,
    /// Where the bridge is told that the Realtime API is; the simulated one by default.
    pub realtime_url: Option<Url>,
    /// Where Twilio is told that a bridge listens; the system's own by default.
    pub stream_url: Option<Url>,
    /// Whether people may sign in through an issuer, which is then simulated.
    pub issuer: bool,
    /// Whether the world's scheduled functions run by themselves, a minute or more after its start. Where a test has each function
    /// do its work in a sandbox they are in its way, but only on a machine on which it takes longer.
    pub schedules: bool,
    /// Whether the deployment has an app at Meta, which is then simulated and has the business's number as a sender.
    pub meta: bool,
    /// Values for parameters of the template. By default no sockets are kept ready, so that a test finds at the
    /// simulated OpenAI those of its calls and no others, and calls are placed as often as tests place them.
    pub parameters: BTreeMap<String, String>,
}

impl Default for WorldConfig {
    fn default() -> Self {
        Self {
            openai: OpenAiConfig { script: story::model(), facts: story::facts(), ..OpenAiConfig::default() },
            twilio: |_| {},
            business: |_| {},
            data_dir: None,
            identity: None,
            realtime_url: None,
            stream_url: None,
            issuer: true,
            schedules: true,
            meta: false,
            // Tests ask the API, and place calls, as often as they can.
            parameters: [
                ("WarmModels", ""),
                ("ApiRequestsPerMinute", "1000000"),
                ("CallsPerSecond", "100"),
                ("OutboundShare", "100"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        }
    }
}

impl WorldConfig {
    /// A business whose model refuses every connection in this way: no agent can be had.
    pub fn without_a_model(status: u16, code: &str, business: fn(&mut NewBusiness)) -> Self {
        let handshake = Handshake::Refuse { status, code: code.to_owned() };
        Self { openai: answering_connections(handshake), business, ..Self::default() }
    }

    /// With this number of sockets to the model kept ready.
    #[must_use]
    pub fn warm(mut self, sockets: usize) -> Self {
        if sockets == 0 {
            return self;
        }
        self.parameters.remove("WarmModels");
        self.parameters.insert("WarmSockets".to_owned(), sockets.to_string());
        self
    }
}

/// A model that answers every handshake of a call in the same way.
pub fn answering_connections(handshake: Handshake) -> OpenAiConfig {
    const MORE_THAN_A_CALL_MAKES: usize = 20;
    let plan = ConnectionPlan { handshake, ..ConnectionPlan::default() };
    let connections = vec![plan; MORE_THAN_A_CALL_MAKES];
    OpenAiConfig { script: story::model(), connections, ..OpenAiConfig::default() }
}

/// The running product and its surroundings. A world that is dropped stops in the background, in order; the suite waits
/// for that, however the test ended.
pub struct World {
    /// There until the world is dropped.
    parts: Option<Parts>,
    stops: TaskTracker,
    runtime: Handle,
}

/// What a world is made of.
pub struct Parts {
    pub system: System,
    pub twilio: Twilio,
    pub openai: OpenAi,
    /// What people sign in through, if there is one.
    pub issuer: Option<Issuer>,
    /// WhatsApp over Meta itself, if the deployment has it.
    pub(crate) meta: Option<Meta>,
    pub identity: Identity,
    pub business: NewBusiness,
    pub http: reqwest::Client,
    /// How far the world's clock is ahead of the machine's.
    time: watch::Sender<Duration>,
}

impl Deref for World {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        self.parts.as_ref().expect("it is taken by drop alone")
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(parts) = self.parts.take() {
            let stop = async move {
                // The simulated providers are the last to go: a call that still ends talks to them.
                let Parts { system, twilio, openai, issuer, meta, .. } = parts;
                Box::pin(system.stop()).await;
                drop((twilio, openai, issuer, meta));
            };
            self.stops.spawn_on(stop, &self.runtime);
        }
    }
}

impl World {
    pub async fn start() -> Self {
        Self::with(WorldConfig::default()).await
    }

    /// A world with room for the calls of many tests.
    pub(crate) async fn shared() -> Self {
        let mut config = WorldConfig {
            business: |new| new.business.max_concurrent_calls = 1_000,
            ..WorldConfig::default()
        };
        config.parameters.insert("MaxConcurrentCalls".to_owned(), "1000".to_owned());
        Self::with(config).await
    }

    pub async fn with(config: WorldConfig) -> Self {
        Box::pin(Self::begin(config)).await
    }

    async fn begin(mut config: WorldConfig) -> Self {
        crate::log::capture();
        platform::tls::install();
        let mut identity = config.identity.unwrap_or_else(|| Identity::random().expect("randomness"));
        config.openai.api_key = identity.openai_api_key.expose().to_owned();
        let openai = OpenAi::start(config.openai).await.expect("the simulated OpenAI starts");
        let mut twilio_config = TwilioConfig::new(&identity.account_sid, identity.auth_token.expose());
        let (time, ahead) = watch::channel(Duration::ZERO);
        twilio_config.ahead = Some(ahead.clone());
        twilio_config.others = OWN_ACCOUNTS.map(|(sid, token)| (sid.to_owned(), token.to_owned())).into();
        (config.twilio)(&mut twilio_config);
        let twilio = Twilio::start(twilio_config).await.expect("the simulated Twilio starts");
        let issuer = match config.issuer {
            true => Some(issuer::start(ahead.clone()).await),
            false => None,
        };
        let meta = meta::start(&mut identity, config.meta, ahead.clone()).await;
        let start = System::start(Config {
            aws: aws(config.data_dir),
            identity: identity.clone(),
            providers: Providers {
                twilio_api_url: twilio.api_url().clone(),
                meta_api_url: meta.as_ref().map(|meta| meta.api_url().clone()),
                openai_api_url: url(&openai.api_url),
                openai_realtime_url: config.realtime_url.unwrap_or_else(|| url(&openai.realtime_url)),
                issuer: issuer.as_ref().map(issuer::known_as),
            },
            parameters: config.parameters,
            api_port: 0,
            media_port: 0,
            public_base_url: None,
            stream_url: config.stream_url,
            live: LiveEvents::default(),
            ahead: Some(ahead),
            schedules: config.schedules,
        });
        let system = Box::pin(start).await.expect("the system starts");
        let number = PhoneNumber::parse(business::NUMBER).expect("a number");
        let mut new = business::harbour_bicycles(number, identity.api_key.clone()).expect("a business");
        (config.business)(&mut new);
        seed(&system, &new).await;
        meta::subscribe(meta.as_ref(), &system, &new.number).await;
        let http = crate::http().build().expect("a client");
        let parts = Parts { time, system, twilio, openai, issuer, meta, identity, business: new, http };
        Self { parts: Some(parts), stops: crate::suite::stops(), runtime: Handle::current() }
    }

    /// One more business, with a key and a number of its own.
    pub async fn another_business(&self) -> NewBusiness {
        let mut another = self.business.clone();
        another.business.id = BusinessId::parse("other-shop").expect("an id");
        another.number = PhoneNumber::parse("+12025550111").expect("a number");
        another.api_key = crate::business_key(2);
        seed(&self.system, &another).await;
        another
    }

    /// Stores a business, or what has become of one.
    pub async fn provision(&self, business: &NewBusiness) {
        seed(&self.system, business).await;
    }

    /// Waits until this number of sockets is kept ready.
    pub async fn warmed_up(&self, sockets: usize) {
        self.until(|| async { (self.openai.open_sessions() >= sockets).then_some(()) }).await;
    }

    /// The number of sessions for which a socket was kept ready: it could not be told whose call it is.
    pub fn warm_sessions(&self) -> usize {
        self.sessions().iter().filter(|session| session.header("openai-safety-identifier").is_none()).count()
    }

    /// The model's sessions that were for a call, in the order in which they were begun.
    pub fn sessions(&self) -> Vec<Connection> {
        let mut begun: Vec<_> = self
            .openai
            .connections()
            .into_iter()
            .filter_map(|connection| {
                let at = connection.received_of("session.update").first()?.at;
                Some((at, connection))
            })
            .collect();
        begun.sort_by_key(|(at, _)| *at);
        begun.into_iter().map(|(_, connection)| connection).collect()
    }

    pub fn url(&self, path: &str) -> Url {
        self.system.api_url.join(path).expect("a path")
    }

    /// A call to the business's number, set up as a Twilio number would be.
    pub fn spec(&self, caller: CallerScript) -> CallSpec {
        let number = self.business.number.as_e164();
        let mut spec = CallSpec::inbound(business::CALLER, number, self.url("/twilio/voice/inbound"), caller);
        // The addresses that a number is set up with carry the delivery rules in their fragment.
        let mut status_callback = self.url("/twilio/voice/status");
        status_callback.set_fragment(Some(DELIVERY));
        spec.status_callback = Some(status_callback);
        spec
    }

    /// Places a call and waits for its end.
    pub async fn call(&self, caller: CallerScript) -> std::sync::Arc<CallOutcome> {
        self.call_with(caller, CallFaults::default()).await
    }

    pub async fn call_with(&self, caller: CallerScript, faults: CallFaults) -> std::sync::Arc<CallOutcome> {
        let mut spec = self.spec(caller);
        spec.faults = faults;
        self.twilio.call(spec).finished().await
    }

    /// One answer of the API.
    pub async fn get(&self, path: &str) -> (u16, Value) {
        let request = self.http.get(self.url(path)).bearer_auth(self.identity.api_key.expose());
        let response = request.send().await.expect("the API answers");
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or(Value::Null))
    }

    /// The call's record as soon as `ready` says so.
    #[track_caller]
    pub fn record_when(
        &self,
        sid: &str,
        ready: impl Fn(&CallRecord) -> bool,
    ) -> impl Future<Output = CallRecord> {
        let (asked, sid) = (Location::caller(), sid.to_owned());
        async move {
            let (started, mut last) = (Instant::now(), None);
            while started.elapsed() < PATIENCE {
                last = self.told(&with_everything(&sid)).await;
                if let Some(record) = last.take_if(|record| ready(record)) {
                    return record;
                }
                tokio::time::sleep(POLL).await;
            }
            let found =
                last.map_or_else(|| "the call is not known".to_owned(), |last: CallRecord| last.outline());
            gave_up(asked, &found, &sid)
        }
    }

    /// The call's record as it is now.
    pub async fn record(&self, sid: &str) -> CallRecord {
        self.told(&with_everything(sid)).await.expect("the call is known")
    }

    /// All recordings of a call.
    pub async fn recordings(&self, sid: &str) -> Vec<RecordingRecord> {
        #[derive(Deserialize)]
        struct All {
            recordings: Vec<RecordingRecord>,
        }
        let all: Option<All> = self.told(&format!("/v1/calls/{sid}/recordings")).await;
        all.expect("the call is known").recordings
    }

    /// The call's final transcript and all its versions.
    pub async fn transcript(&self, sid: &str) -> TranscriptRecord {
        self.told(&format!("/v1/calls/{sid}/transcript")).await.expect("there is a transcript")
    }

    /// One version of the call's transcript.
    pub async fn transcript_version(&self, sid: &str, version: u64) -> TranscriptRecord {
        let path = format!("/v1/calls/{sid}/transcript?version={version}");
        self.told(&path).await.expect("there is this version")
    }

    /// The body of a 200; `None` for a 404.
    async fn told<T: DeserializeOwned>(&self, path: &str) -> Option<T> {
        let (status, body) = self.get(path).await;
        match status {
            200 => {
                let told = serde_json::from_value(body.clone());
                Some(told.unwrap_or_else(|error| panic!("{path}: {error}\n{body:#}")))
            }
            404 => None,
            _ => panic!("{path}: {status} {body}"),
        }
    }

    /// What `look` finds, as soon as there is something.
    #[track_caller]
    pub fn until<T, F: Future<Output = Option<T>>>(&self, look: impl Fn() -> F) -> impl Future<Output = T> {
        let asked = Location::caller();
        async move {
            let started = Instant::now();
            while started.elapsed() < PATIENCE {
                if let Some(found) = look().await {
                    return found;
                }
                tokio::time::sleep(POLL).await;
            }
            gave_up(asked, "nothing was found", "")
        }
    }

    /// The record once its transcript is final, its recording archived and the call summed up.
    #[track_caller]
    pub fn complete_record(&self, sid: &str) -> impl Future<Output = CallRecord> {
        self.record_when(sid, |record| {
            !record.transcript_source.is_empty()
                && record.insights.is_some()
                && record.recording_state() == "archived"
        })
    }

    /// The archived recording's bytes, fetched through the link like any browser would.
    pub async fn recording(&self, sid: &str) -> Vec<u8> {
        let request = self
            .http
            .get(self.url(&format!("/v1/calls/{sid}/recording")))
            .bearer_auth(self.identity.api_key.expose());
        let response = request.send().await.expect("the API answers and the link works");
        assert_eq!(response.status(), 200, "the presigned link answers");
        response.bytes().await.expect("the recording arrives").to_vec()
    }
}

async fn seed(system: &System, business: &NewBusiness) {
    let table = system.name("BusinessesTable").expect("a table");
    let businesses = stores::businesses::Writer::new(&system.aws, table);
    let keys = stores::keys::Writer::new(&system.aws, system.name("KeysTable").expect("a table"));
    let to = Writers { businesses: &businesses, keys: &keys };
    provision(to, business, system.aws.clock.now()).await.expect("the business is seeded");
}

/// Ends a test that waited in vain: for what, what there was instead, and the last troubles in the log.
fn gave_up(asked: &Location<'_>, found: &str, subject: &str) -> ! {
    let troubles = crate::log::troubles_of(subject);
    panic!("what {asked} waits for did not come within {PATIENCE:?}\n{found}\n{troubles}")
}

fn aws(data_dir: Option<PathBuf>) -> AwsSource {
    match std::env::var(EXTERNAL_AWS) {
        Ok(endpoint) if data_dir.is_none() => {
            // The emulator takes a 12-digit access key for an account: no two worlds share anything.
            let mut bytes = [0u8; 8];
            getrandom::fill(&mut bytes).expect("randomness");
            let account = 100_000_000_000 + u64::from_le_bytes(bytes) % 900_000_000_000;
            AwsSource::External { endpoint: url(&endpoint), access_key_id: account.to_string() }
        }
        _ => AwsSource::Embedded { data_dir },
    }
}

fn url(text: &str) -> Url {
    Url::parse(text).expect("a URL")
}
