//! Ordinary calls beside peers that misbehave, all on one bridge at the same time: what is wrong with one line is not
//! felt on another, and each of the misbehaving ends with a name for it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::{SinkExt as _, StreamExt as _};
use http::StatusCode;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;

use crate::framing::frame;
use crate::support::{AUTH_TOKEN, Caller, Closed, Harness, Model, Planned, STREAM_URL, signature, soon};

const ORDINARY: u32 = 4;
/// Room for all of them and for those that are still being shown out.
const PLACES: usize = 32;
/// Longer than a socket without a `start` may stay, in tenths of a second.
const TENTHS: u32 = 60;
const FRAMES_PER_TENTH: u32 = 5;

/// Fault 52. Fault 55.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_who_flood_stall_say_nothing_or_break_the_protocol_are_not_felt_by_others() {
    let mut harness = Harness::start_for(PLACES).await;
    let models = Models::route(harness.model.hand_over());
    let bridge = Arc::new(Beside { harness, models, over: AtomicBool::new(false) });

    let mut misbehaving = JoinSet::new();
    misbehaving.spawn(again_and_again(Arc::clone(&bridge), flooding));
    misbehaving.spawn(again_and_again(Arc::clone(&bridge), stalled));
    misbehaving.spawn(again_and_again(Arc::clone(&bridge), mute));
    misbehaving.spawn(again_and_again(Arc::clone(&bridge), broken));
    let mut ordinary = JoinSet::new();
    for number in 1..=ORDINARY {
        ordinary.spawn(ordinary_call(Arc::clone(&bridge), number));
    }
    while let Some(call) = ordinary.join_next().await {
        call.unwrap();
    }
    bridge.over.store(true, Ordering::SeqCst);
    while let Some(rounds) = misbehaving.join_next().await {
        assert!(rounds.unwrap() > 0);
    }

    // Nothing that they had is held any longer.
    let signed = signature(AUTH_TOKEN, STREAM_URL);
    let mut free = vec![];
    soon("every place to be free", async {
        while free.len() < PLACES {
            match Caller::try_connect(&bridge.harness, Some(&signed)).await {
                Ok(caller) => free.push(caller),
                Err(StatusCode::SERVICE_UNAVAILABLE) => tokio::time::sleep(Duration::from_millis(20)).await,
                Err(status) => panic!("{status}"),
            }
        }
    })
    .await;
}

/// The bridge that all of them share.
struct Beside {
    harness: Harness,
    models: Arc<Models>,
    /// The ordinary calls have ended.
    over: AtomicBool,
}

impl Beside {
    /// A call that is connected; its model is `models.of(name)`.
    async fn call(&self, name: &str, greeting: bool) -> (Caller, Planned) {
        let planned = self.harness.plan_with(|plan| {
            plan.safety_identifier = name.to_owned();
            plan.greeting = plan.greeting.take().filter(|_| greeting);
        });
        let mut caller = Caller::connect(&self.harness).await;
        caller.start(&planned).await;
        (caller, planned)
    }

    /// A call of the misbehaving, live.
    async fn live(&self) -> (Caller, Model, Planned) {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("misbehaving-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let (caller, planned) = self.call(&name, false).await;
        let mut model = self.models.of(&name).await;
        model.configure().await;
        (caller, model, planned)
    }

    async fn end_of(&self, planned: &Planned) -> &'static str {
        self.harness.store.report(&planned.call).await.0.end.as_str()
    }
}

/// The model's sockets, by the caller they were connected for.
struct Models {
    waiting: Mutex<HashMap<String, Model>>,
    came: Notify,
}

impl Models {
    fn route(mut sockets: mpsc::UnboundedReceiver<Model>) -> Arc<Self> {
        let models = Arc::new(Self { waiting: Mutex::default(), came: Notify::new() });
        let routed = Arc::clone(&models);
        tokio::spawn(async move {
            while let Some(model) = sockets.recv().await {
                let caller = model.headers["openai-safety-identifier"].to_str().unwrap().to_owned();
                routed.waiting.lock().unwrap().insert(caller, model);
                routed.came.notify_waiters();
            }
        });
        models
    }

    async fn of(&self, caller: &str) -> Model {
        soon("the model of a call", async {
            loop {
                let came = self.came.notified();
                if let Some(model) = self.waiting.lock().unwrap().remove(caller) {
                    return model;
                }
                came.await;
            }
        })
        .await
    }
}

/// Greeted, then talking both ways at the pace of a line, then interrupting; every frame is this call's own.
async fn ordinary_call(bridge: Arc<Beside>, number: u32) {
    let name = format!("ordinary-{number}");
    let witness = |n: u32| frame(number * 1_000_000 + n);
    let (mut caller, planned) = bridge.call(&name, true).await;
    let mut model = bridge.models.of(&name).await;
    model.configure().await;
    let greeting = model.next().await["response"]["metadata"].clone();
    assert_eq!(greeting, json!({ "kind": "greeting" }));
    model.begin("resp_1", "item_1", greeting).await;

    let mut said = 0;
    let mut tenth = tokio::time::interval(Duration::from_millis(100));
    for n in 0..TENTHS {
        tenth.tick().await;
        model.delta("resp_1", "item_1", &witness(said)).await;
        for n in n * FRAMES_PER_TENTH..(n + 1) * FRAMES_PER_TENTH {
            caller.media(&witness(n)).await;
        }
        assert_eq!(caller.next_audio().await, witness(said), "down, {name}");
        said += 1;
        let mark = caller.next_mark().await;
        caller.mark(&mark).await;
        for n in n * FRAMES_PER_TENTH..(n + 1) * FRAMES_PER_TENTH {
            assert_eq!(model.next_audio().await, witness(n), "up, {name}");
        }
    }

    // More, and at once, than is heard while a busy machine gets to the interruption.
    for n in said..said + 1_000 {
        model.delta("resp_1", "item_1", &witness(n)).await;
    }
    for n in said..said + 1_000 {
        assert_eq!(caller.next_audio().await, witness(n), "down, {name}");
        caller.next_mark().await;
    }
    model.speech_started("item_2").await;
    assert_eq!(caller.next().await["event"], "clear", "{name}");
    assert_eq!(model.next().await["type"], "response.cancel", "{name}");
    assert_eq!(model.next().await["type"], "conversation.item.truncate", "{name}");

    caller.stop(&planned).await;
    let (report, _) = bridge.harness.store.report(&planned.call).await;
    let frames = u64::from(TENTHS * FRAMES_PER_TENTH);
    assert_eq!(report.end.as_str(), "caller_hang_up");
    assert_eq!((report.frames_in, report.frames_forwarded, report.frames_dropped), (frames, frames, 0));
    assert_eq!(report.barge_ins, 1);
    assert!(report.greeting_heard.is_some());
}

/// One misbehaving caller after the other until the ordinary calls are over; how many there were.
async fn again_and_again<F: Future<Output = ()> + Send>(
    bridge: Arc<Beside>,
    misbehave: impl Fn(Arc<Beside>) -> F + Send,
) -> u32 {
    let mut rounds = 0;
    while !bridge.over.load(Ordering::SeqCst) {
        misbehave(Arc::clone(&bridge)).await;
        rounds += 1;
    }
    rounds
}

/// Audio as fast as it can be written, until it cannot.
async fn flooding(bridge: Arc<Beside>) {
    let (mut caller, mut model, planned) = bridge.live().await;
    let began = Instant::now();
    let flood = async {
        for n in 0.. {
            let text = caller.media_text(&frame(n));
            if caller.socket.send(Message::text(text)).await.is_err() {
                break;
            }
        }
    };
    let heard = async {
        let mut heard = 0;
        while let Some(Ok(message)) = model.socket.next().await {
            let Message::Text(text) = message else { continue };
            let event: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(event["audio"], frame(heard), "in order as long as it lasts");
            heard += 1;
        }
        heard
    };
    let ((), heard) = soon("the flood to be cut off", async { tokio::join!(flood, heard) }).await;
    // 15 s ahead of real time, the frame that was too many, and the time that went by.
    let admissible = 751 + began.elapsed().as_millis() / 20;
    let (report, _) = bridge.harness.store.report(&planned.call).await;
    assert_eq!(report.end.as_str(), "protocol");
    assert!(u128::from(report.frames_in) <= admissible, "{} of {admissible}", report.frames_in);
    assert!(u64::from(heard) <= report.frames_in);
}

/// A line that does not read, and an agent who does not stop talking.
async fn stalled(bridge: Arc<Beside>) {
    let (caller, mut model, planned) = bridge.live().await;
    let second = frame(7).repeat(50).replace('=', "/");
    model.begin("resp_1", "item_1", Value::Null).await;
    for _ in 0..160 {
        model.delta("resp_1", "item_1", &second).await;
    }
    model.gone().await;
    let (report, _) = bridge.harness.store.report(&planned.call).await;
    assert_eq!(report.end.as_str(), "caller_lost");
    let sent = report.agent_audio_sent.as_secs();
    assert!((120..150).contains(&sent), "two minutes, and what the kernel holds: {sent} s");
    drop(caller);
}

/// An upgrade that says nothing.
async fn mute(bridge: Arc<Beside>) {
    let mut caller = Caller::connect(&bridge.harness).await;
    assert_eq!(caller.closed().await, Closed::With(1008));
}

/// In the middle of a call: a message without end, bytes that are no frame, and words that are no message.
async fn broken(bridge: Arc<Beside>) {
    let (mut caller, mut model, planned) = bridge.live().await;
    caller.socket.send(Message::text("x".repeat(512 * 1024))).await.unwrap();
    assert_eq!(caller.closed().await, Closed::With(1009));
    model.gone().await;
    assert_eq!(bridge.end_of(&planned).await, "protocol");

    let (mut caller, mut model, planned) = bridge.live().await;
    caller.socket.get_mut().write_all(b"\xF1\x82\x00\x00\x00\x00hi").await.unwrap();
    assert_eq!(caller.closed().await, Closed::With(1002));
    model.gone().await;
    assert_eq!(bridge.end_of(&planned).await, "protocol");

    let (mut caller, mut model, planned) = bridge.live().await;
    for _ in 0..100 {
        // It may have left before the last of them.
        let _ = caller.socket.send(Message::text("[".repeat(1_000))).await;
    }
    assert_eq!(caller.closed().await, Closed::With(1008));
    model.gone().await;
    assert_eq!(bridge.end_of(&planned).await, "protocol");
}
