//! What is in the way of a frame: forwarding, and nothing that could make one wait.

use std::time::Duration;

use domain::tools::HttpTool;
use serde_json::Value;

use crate::conversation::call_tool;
use crate::framing::frame;
use crate::support::{Caller, Harness, Log};

/// Historic failure 10. A store that never answers, a tool that hangs, a turn and a message that wait to be written and
/// a watcher who looks away: ten seconds of audio go through in both directions, in order, and not a line is logged.
#[tokio::test]
async fn nothing_that_waits_is_in_the_way_of_audio() {
    let log = Log::keep();
    let mut harness = Harness::start().await;
    let planned = harness.plan_with(|plan| {
        plan.greeting = None;
        plan.tools.take_messages = true;
        plan.tools.http = vec![HttpTool {
            name: "book".into(),
            description: "Books a day.".into(),
            parameters: r#"{"type":"object"}"#.into(),
            url: "https://tools.example/book".into(),
            timeout: Duration::from_secs(30),
            once: true,
        }];
    });
    let mut caller = Caller::connect(&harness).await;
    caller.start(&planned).await;
    let mut model = harness.model.accept().await;
    model.configure().await;
    harness.store.slow_down(Duration::from_secs(60 * 60));

    model.begin("resp_1", "item_1", Value::Null).await;
    model.delta("resp_1", "item_1", &frame(1)).await;
    assert_eq!(caller.next_audio().await, frame(1));
    let mark = caller.next_mark().await;
    model.finish("resp_1", "item_1", "We are open until six.").await;
    caller.mark(&mark).await;
    model.begin("resp_2", "item_2", Value::Null).await;
    call_tool(&mut model, "resp_2", "book").await;
    model.delta("resp_2", "item_2", &frame(2)).await;
    assert_eq!(caller.next_audio().await, frame(2));
    caller.next_mark().await;
    assert!(log.take().contains("call started"), "what is logged is seen");

    for n in 10..510 {
        caller.media(&frame(n)).await;
        model.delta("resp_2", "item_2", &frame(n)).await;
        assert_eq!(model.next_audio().await, frame(n));
        assert_eq!(caller.next_audio().await, frame(n));
        caller.next_mark().await;
    }
    assert_eq!(log.take(), "");
    assert!(!harness.store.has_report(&planned.call));
}

/// Historic failure 10. The files that a frame passes through, up and down.
#[test]
fn no_file_of_the_audio_path_can_lock_log_or_reach_a_store() {
    let files = [
        "src/wire.rs",
        "src/outbox.rs",
        "src/scratch.rs",
        "src/meters.rs",
        "src/caller_socket.rs",
        "src/caller_socket/tolerance.rs",
        "src/driver/wake.rs",
        "session/src/audio.rs",
        "session/src/drive.rs",
        "session/src/live.rs",
        "session/src/model/events.rs",
        "session/src/output_queue.rs",
        "session/src/timetable.rs",
        "session/src/facts/caller_audio.rs",
        "session/src/facts/caller_speech.rs",
        "session/src/facts/playback.rs",
        "../crates/twilio/src/media_stream/fast.rs",
        "../crates/openai/src/realtime/fast.rs",
    ];
    for file in files {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let source = std::fs::read_to_string(&path).unwrap();
        let code = source.split("#[cfg(test)]").next().unwrap();
        for forbidden in [
            "Mutex",
            "RwLock",
            ".lock()",
            "tracing::",
            "println!",
            "metric(",
            "std::fs",
            "ports.",
            "block_on",
            "spawn",
        ] {
            let found =
                code.lines().find(|line| !line.trim_start().starts_with("//") && line.contains(forbidden));
            assert_eq!(found, None, "{file}");
        }
    }
}
