//! The bridge as a process of its own, killed, frozen and stopped in the middle of a call: the call goes on in another.

use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use acceptance::record::with_everything;
use bridge::LiveEvents;
use local::demo::business;
use local::home::Identity;
use local::system::{AwsSource, Config, Providers, System};
use serde_json::{Value, json};
use simulator::audio::speech::{self, Clip};
use simulator::openai::{OpenAi, OpenAiConfig, Reply, Script, Step};
use simulator::twilio::{
    CallEventKind, CallOutcome, CallSpec, CallerScript, CallerStep, EndedBy, Twilio, TwilioConfig,
};
use tempfile::TempDir;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use url::Url;

use super::process::switchboard;

const STARTS_WITHIN: Duration = Duration::from_secs(300);
/// What calls have to end in when a bridge is stopped: in half of it they are not disturbed.
const DRAIN_SECONDS: &str = "16";
/// How far into a sentence of several seconds it happens.
const INTO_THE_SENTENCE: Duration = Duration::from_millis(800);

/// Twilio's way to the bridges, as a load balancer is: new streams go to one of them.
struct Balancer {
    url: Url,
    target: Arc<Mutex<SocketAddr>>,
    cut: Arc<Notify>,
    _tasks: JoinSet<()>,
}

impl Balancer {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}/twilio/stream", listener.local_addr().unwrap()).parse().unwrap();
        let target = Arc::new(Mutex::new(SocketAddr::from(([127, 0, 0, 1], 1))));
        let (cut, mut tasks) = (Arc::new(Notify::new()), JoinSet::new());
        let (to, cuts) = (Arc::clone(&target), Arc::clone(&cut));
        tasks.spawn(async move {
            let mut streams = JoinSet::new();
            loop {
                let (mut client, _) = listener.accept().await.unwrap();
                let (to, cuts) = (*to.lock().unwrap(), Arc::clone(&cuts));
                streams.spawn(async move {
                    let Ok(mut bridge) = TcpStream::connect(to).await else { return };
                    tokio::select! {
                        _ = copy_bidirectional(&mut client, &mut bridge) => {}
                        () = cuts.notified() => {
                            drop(client);
                            // The bridge's end stays open and does not learn that the peer is gone.
                            std::future::pending::<()>().await;
                        }
                    }
                });
            }
        });
        Self { url, target, cut, _tasks: tasks }
    }

    fn send_to(&self, bridge: &BridgeProcess) {
        *self.target.lock().unwrap() = bridge.address;
    }
}

/// A bridge of its own process.
struct BridgeProcess {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
}

impl BridgeProcess {
    async fn start(stage: &Stage, name: &str) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let log = stage.folder.path().join(name);
        let child = switchboard()
            .arg("bridge")
            .envs(&stage.system.environment)
            .env("LISTEN", address.to_string())
            .env("DRAIN_SECONDS", DRAIN_SECONDS)
            .stdout(File::create(&log).unwrap())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let bridge = Self { child, address, log };
        let ready = async {
            while stage.http.get(format!("http://{address}/ready")).send().await.is_err() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(STARTS_WITHIN, ready).await.expect("the bridge starts");
        bridge
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    async fn exits(&mut self) -> ExitStatus {
        tokio::time::timeout(STARTS_WITHIN, async {
            loop {
                if let Some(status) = self.child.try_wait().unwrap() {
                    return status;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await
        .expect("the bridge stops")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }
}

impl Drop for BridgeProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Everything but the bridges.
struct Stage {
    system: System,
    twilio: Twilio,
    openai: OpenAi,
    balancer: Balancer,
    identity: Identity,
    http: reqwest::Client,
    folder: TempDir,
}

impl Stage {
    async fn set() -> Self {
        platform::tls::install();
        let identity = Identity::random().unwrap();
        let message = json!({ "for": "the workshop", "message": "A service, please." });
        let script = Script::new(
            Reply::say(&speech::AGENT_GREETING),
            vec![
                Step::clip(
                    &speech::CALLER_SERVICE,
                    Reply::call("take_message", message).then(Reply::say(&speech::AGENT_CONFIRM)),
                ),
                Step::clip(&speech::CALLER_BARGE_IN, Reply::say(&speech::AGENT_SLOTS)),
                Step::clip(&speech::CALLER_BYE, Reply::say(&speech::AGENT_BYE).and_call("end_call", "{}")),
            ],
        );
        let api_key = identity.openai_api_key.expose().to_owned();
        let openai =
            OpenAi::start(OpenAiConfig { script, api_key, ..OpenAiConfig::default() }).await.unwrap();
        let twilio = TwilioConfig::new(&identity.account_sid, identity.auth_token.expose());
        let twilio = Twilio::start(twilio).await.unwrap();
        let balancer = Balancer::start().await;
        let system = System::start(Config {
            aws: AwsSource::Embedded { data_dir: None },
            identity: identity.clone(),
            providers: Providers {
                twilio_api_url: twilio.api_url().clone(),
                meta_api_url: None,
                openai_api_url: openai.api_url.parse().unwrap(),
                openai_realtime_url: openai.realtime_url.parse().unwrap(),
                issuer: None,
            },
            parameters: [("WarmModels".to_owned(), String::new())].into(),
            api_port: 0,
            media_port: 0,
            public_base_url: None,
            stream_url: Some(balancer.url.clone()),
            live: LiveEvents::default(),
            ahead: None,
            schedules: true,
        });
        let system = Box::pin(system).await.unwrap();
        business::seed(&system, business::NUMBER, &identity.api_key).await.unwrap();
        let (http, folder) = (reqwest::Client::new(), tempfile::tempdir().unwrap());
        Self { system, twilio, openai, balancer, identity, http, folder }
    }

    /// A caller who leaves a message, asks once more, is quiet for a while, and says goodbye.
    fn call(&self, quiet_ms: u64) -> simulator::twilio::Call {
        let listen = || CallerStep::WaitForAgent { quiet_ms: 900, max_ms: 12_000 };
        let say = |clip: &Clip| CallerStep::Say { mulaw: clip.mulaw().to_vec(), label: clip.text.into() };
        let script = CallerScript::new(vec![
            listen(),
            say(&speech::CALLER_SERVICE),
            listen(),
            say(&speech::CALLER_BARGE_IN),
            // The sentence, or what there was of it, and how the agent goes on.
            listen(),
            listen(),
            CallerStep::Pause { ms: quiet_ms },
            say(&speech::CALLER_BYE),
            listen(),
        ]);
        let url = self.system.api_url.join("/twilio/voice/inbound").unwrap();
        let mut spec = CallSpec::inbound(business::CALLER, business::NUMBER, url, script);
        spec.status_callback = Some(self.system.api_url.join("/twilio/voice/status").unwrap());
        self.twilio.call(spec)
    }

    /// Waits until the agent is in the middle of its answer to the caller's second question.
    async fn in_mid_sentence(&self) {
        let speaking = async {
            while self.of_kind("response.created") < 4 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(STARTS_WITHIN, speaking).await.expect("the agent answers");
        tokio::time::sleep(INTO_THE_SENTENCE).await;
    }

    fn of_kind(&self, kind: &str) -> usize {
        self.openai.connections().iter().map(|connection| connection.sent_of(kind).len()).sum()
    }

    /// How often the model was asked for a greeting, over all sessions.
    fn greetings(&self) -> usize {
        let connections = self.openai.connections();
        let asked = connections.iter().flat_map(|connection| connection.received_of("response.create"));
        asked.filter(|event| event.value["response"]["metadata"]["kind"] == "greeting").count()
    }

    /// What the last session was told of those before it.
    fn replayed(&self) -> Vec<Value> {
        let last = self.openai.connections().pop().expect("a session");
        let items = last.received_of("conversation.item.create").into_iter();
        let items = items.map(|event| event.value["item"].clone());
        items.filter(|item| item["id"].as_str().is_some_and(|id| id.starts_with("past_"))).collect()
    }

    async fn record_when(&self, sid: &str, ready: impl Fn(&Value) -> bool) -> Value {
        let fetch = async {
            loop {
                let url = self.system.api_url.join(&with_everything(sid)).unwrap();
                let request = self.http.get(url).bearer_auth(self.identity.api_key.expose());
                let record: Value = request.send().await.unwrap().json().await.unwrap();
                if ready(&record) {
                    return record;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(STARTS_WITHIN, fetch).await.expect("the record comes to that")
    }

    /// One call: greeted once, its message taken once, hung up once, and its second session knew the first.
    async fn is_one_call(&self, outcome: &CallOutcome) -> Value {
        assert_eq!(outcome.ended_by, EndedBy::Rest, "the agent ended it: {:?}", outcome.events);
        let streams = outcome.times_ms(|kind| matches!(kind, CallEventKind::StreamOpened { .. }));
        assert_eq!(streams.len(), 2, "{:?}", outcome.events);
        assert_eq!(self.greetings(), 1);
        let replayed = self.replayed();
        let text = Value::from(replayed.clone()).to_string();
        for clip in [&speech::AGENT_GREETING, &speech::CALLER_SERVICE, &speech::CALLER_BARGE_IN] {
            assert!(text.contains(clip.text), "{} is not in {text}", clip.text);
        }
        let outputs = replayed.iter().filter(|item| item["type"] == "function_call_output").count();
        assert_eq!(outputs, 1, "{text}");
        let requests = self.twilio.requests();
        let hang_ups = requests.iter().filter(|request| request.param("Status") == Some("completed")).count();
        assert_eq!(hang_ups, 1);
        assert_eq!(self.openai.violations(), vec![]);
        let record = self
            .record_when(&outcome.call_sid, |record| record["session"]["end_reason"] == "agent_hang_up")
            .await;
        assert_eq!(record["messages"].as_array().map(Vec::len), Some(1), "{record:#}");
        record
    }
}

/// Faults 58, 63 and 64.
async fn a_bridge_killed_in_mid_sentence_does_not_end_the_call() {
    let stage = Stage::set().await;
    let (mut first, second) =
        (BridgeProcess::start(&stage, "first").await, BridgeProcess::start(&stage, "second").await);
    stage.balancer.send_to(&first);
    let call = stage.call(0);
    stage.in_mid_sentence().await;
    stage.balancer.send_to(&second);
    first.signal("-KILL");
    assert!(!first.exits().await.success());
    let outcome = call.finished().await;
    stage.is_one_call(&outcome).await;
    stage.system.stop().await;
}

/// Faults 58 and 63. The end that the business asked for was taken by the bridge that dies: the next one carries it out,
/// and the call is hung up once.
async fn an_action_that_a_killed_bridge_had_taken_is_carried_out_by_the_next() {
    let stage = Stage::set().await;
    let (mut first, second) =
        (BridgeProcess::start(&stage, "first").await, BridgeProcess::start(&stage, "second").await);
    stage.balancer.send_to(&first);
    let call = stage.call(0);
    stage.in_mid_sentence().await;
    let actions = stage.system.api_url.join(&format!("/v1/calls/{}/actions", call.sid())).unwrap();
    let request = stage.http.post(actions.clone()).bearer_auth(stage.identity.api_key.expose());
    let request = request.header("idempotency-key", "end").json(&json!({ "action": "end" }));
    let action: Value = request.send().await.unwrap().json().await.unwrap();
    let one = format!("{actions}/{}", action["id"].as_str().unwrap());
    let comes_to = async |wanted: &str| {
        let look = async {
            loop {
                let request = stage.http.get(&one).bearer_auth(stage.identity.api_key.expose());
                let action: Value = request.send().await.unwrap().json().await.unwrap();
                if action["state"] == wanted {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(STARTS_WITHIN, look).await.expect("the action comes to that");
    };
    // The goodbye waits for the sentence.
    comes_to("taken").await;
    stage.balancer.send_to(&second);
    first.signal("-KILL");
    assert!(!first.exits().await.success());
    let outcome = call.finished().await;
    assert_eq!(outcome.ended_by, EndedBy::Rest, "{:?}", outcome.events);
    comes_to("done").await;
    let requests = stage.twilio.requests();
    let hang_ups = requests.iter().filter(|request| request.param("Status") == Some("completed")).count();
    assert_eq!(hang_ups, 1);
    let record =
        stage.record_when(&outcome.call_sid, |record| record["session"]["end_reason"] == "requested").await;
    assert_eq!(record["session"]["epoch"], 2, "{record:#}");
    stage.system.stop().await;
}

/// Fault 63: frozen for ten seconds, replaced meanwhile, and back: it does nothing to the call any more.
async fn a_bridge_that_wakes_after_its_call_went_on_without_it_is_fenced() {
    let stage = Stage::set().await;
    let (first, second) =
        (BridgeProcess::start(&stage, "first").await, BridgeProcess::start(&stage, "second").await);
    stage.balancer.send_to(&first);
    let call = stage.call(14_000);
    stage.in_mid_sentence().await;
    stage.balancer.send_to(&second);
    first.signal("-STOP");
    stage.balancer.cut.notify_waiters();
    tokio::time::sleep(Duration::from_secs(10)).await;
    first.signal("-CONT");
    let outcome = call.finished().await;
    let record = stage.is_one_call(&outcome).await;
    assert_eq!(record["session"]["epoch"], 2, "{record:#}");
    let fenced = async {
        while !first.log().contains("SessionsFenced") {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(STARTS_WITHIN, fenced).await.expect("the zombie was refused");
    assert!(!second.log().contains("SessionsFenced"));
    stage.system.stop().await;
}

/// Fault 63: a deployment. What is being said is finished, all of it is handed over, and the process ends by itself.
async fn a_bridge_that_is_stopped_hands_its_call_over_at_a_turn_boundary() {
    let stage = Stage::set().await;
    let (mut first, second) =
        (BridgeProcess::start(&stage, "first").await, BridgeProcess::start(&stage, "second").await);
    stage.balancer.send_to(&first);
    // Long enough that the call is left in the silence, however late the signal comes: a call that says goodbye is
    // not handed over.
    let call = stage.call(14_000);
    stage.in_mid_sentence().await;
    // The rest of it is shorter than the time in which the call is not disturbed.
    tokio::time::sleep(Duration::from_secs(4)).await;
    stage.balancer.send_to(&second);
    first.signal("-TERM");
    let ready = stage.http.get(format!("http://{}/ready", first.address)).send().await.unwrap();
    let health = stage.http.get(format!("http://{}/health", first.address)).send().await.unwrap();
    assert_eq!((ready.status().as_u16(), health.status().as_u16()), (503, 200));
    assert!(first.exits().await.success());
    let outcome = call.finished().await;
    stage.is_one_call(&outcome).await;
    let text = Value::from(stage.replayed()).to_string();
    assert!(text.contains(speech::AGENT_SLOTS.text), "heard to its end: {text}");
    stage.system.stop().await;
}

acceptance::tests![
    a_bridge_killed_in_mid_sentence_does_not_end_the_call,
    an_action_that_a_killed_bridge_had_taken_is_carried_out_by_the_next,
    a_bridge_that_wakes_after_its_call_went_on_without_it_is_fenced,
    a_bridge_that_is_stopped_hands_its_call_over_at_a_turn_boundary,
];
