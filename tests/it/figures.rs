//! How fast the webhooks and the pipeline are and what a long recording takes, printed as JSON:
//! `cargo test --release -p acceptance --test it figures -- --nocapture --test-threads 1`.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use acceptance::sandbox::{HttpSandbox, QueueSandbox};
use acceptance::suite::report;
use acceptance::webhook::{Webhook, call_sid};
use acceptance::{World, audio, log};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::IntoResponse as _;
use axum::routing::get;
use domain::business::ChannelPrompt;
use domain::hours::{DAYS, OpeningHours, Outside, Week};
use domain::prompt::caller::AboutCaller;
use domain::prompt::lint::MAX_INSTRUCTIONS_CHARS;
use domain::prompt::{self, CallContext, Channel};
use domain::{Caller, Timestamp};
use futures_util::future::join_all;
use futures_util::{StreamExt as _, stream};
use serde_json::json;
use tokio::net::TcpListener;

/// Webhooks one after another, and jobs. Figures of a debug build say nothing, so a few show that it all holds.
const SAMPLES: u32 = if cfg!(debug_assertions) { 25 } else { 200 };
/// Webhooks at once, for the rate.
const AT_ONCE: usize = 8;

fn sid(group: u32, number: u32) -> String {
    format!("CA{group:016x}{number:016x}")
}

fn quantile(sorted: &[Duration], share: f64) -> Duration {
    let last = sorted.len().saturating_sub(1);
    sorted[((last as f64) * share).round() as usize]
}

fn ms(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 100_000.0).round() / 100.0
}

fn rate(count: u32, took: Duration) -> f64 {
    (f64::from(count) / took.as_secs_f64()).round()
}

/// Faults 1 and 13. Figures of the first webhook of a call, of many copies of it, and of the jobs after it. However
/// many copies there are, they open one call and have one answer.
async fn the_figures_of_webhooks_and_jobs() {
    let world = World::with(acceptance::WorldConfig {
        business: |new| {
            new.business.max_concurrent_calls = 10_000;
            new.settings.policies.record_calls = false;
        },
        ..acceptance::WorldConfig::default()
    })
    .await;
    let inbound = HttpSandbox::start(&world, "voice-inbound", &[("MAX_CONCURRENT_CALLS", "10000")]).await;
    let logged = log::text().len();
    inbound.receives(&world, &Webhook::inbound(&world, &sid(0, 0))).await;

    let mut times = vec![];
    for number in 0..SAMPLES {
        let webhook = Webhook::inbound(&world, &sid(1, number));
        let begun = Instant::now();
        let (_, twiml) = inbound.receives(&world, &webhook).await;
        times.push(begun.elapsed());
        assert!(twiml.contains("<Stream"), "{twiml}");
    }
    times.sort_unstable();

    let begun = Instant::now();
    let answers: Vec<(u16, String)> = stream::iter(0..SAMPLES)
        .map(|number| {
            let (webhook, inbound, world) = (Webhook::inbound(&world, &sid(2, number)), &inbound, &world);
            async move { inbound.receives(world, &webhook).await }
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let burst = begun.elapsed();
    assert!(answers.iter().all(|(_, twiml)| twiml.contains("<Stream")), "a burst is let in to the last call");

    let mut contention = vec![];
    for copies in [2u32, 10, 100] {
        let webhook = Webhook::inbound(&world, &sid(3, copies));
        let begun = Instant::now();
        let answers = join_all((0..copies).map(|_| inbound.receives(&world, &webhook))).await;
        let took = begun.elapsed();
        assert!(answers.iter().all(|answer| *answer == answers[0]), "equal answers");
        contention.push(json!({ "copies": copies, "all_answered_ms": ms(took) }));
    }
    let (found, compiled) = prompts(&log::text()[logged..]);
    let slots = world.system.aws.dynamodb.scan().table_name(world.system.name("LeasesTable").unwrap());
    let slots = slots.filter_expression("begins_with(pk, :slot)");
    let slot = aws_sdk_dynamodb::types::AttributeValue::S("slot#".into());
    let slots = slots.expression_attribute_values(":slot", slot).consistent_read(true).send().await.unwrap();
    assert_eq!(
        slots.count(),
        1 + 2 * i32::try_from(SAMPLES).unwrap() + 3,
        "a line for each call and no more"
    );

    let status = HttpSandbox::start(&world, "voice-status", &[sink(&world)]).await;
    for number in 0..SAMPLES {
        status.receives(&world, &Webhook::status(&world, &sid(1, number), "completed", 3)).await;
    }
    let step = QueueSandbox::start(&world, "transcript-step", &[sink(&world)]).await;
    let begun = Instant::now();
    for number in 0..SAMPLES {
        assert!(step.does(&json!({ "call": sid(1, number) }), 1).await);
    }
    let steps = begun.elapsed();

    let figures = json!({
        "voice_webhook_warm": { "p50_ms": ms(quantile(&times, 0.5)), "p99_ms": ms(quantile(&times, 0.99)) },
        "voice_webhooks_per_s": rate(SAMPLES, burst),
        "copies_of_one_webhook": contention,
        "prompt_cache_hit_rate": f64::from(found) / f64::from(found + compiled),
        "transcript_jobs_per_s_and_worker": rate(SAMPLES, steps),
        "profile": if cfg!(debug_assertions) { "debug" } else { "release" },
    });
    report(&format!("{figures:#}"));
}

/// The longest prompt that may be published is compiled in a fraction of the time that a read of the store takes, so a
/// call that does not find it in the cache waits no longer than the others.
fn the_figures_of_prompts() {
    const BAR: Duration = Duration::from_micros(100);
    let text = "Be kind to {{business_name}}. ".repeat(400);
    let business = domain::testing::business();
    let mut settings = domain::testing::settings();
    settings.prompts.inbound = Some(ChannelPrompt::new(&text[..MAX_INSTRUCTIONS_CHARS], "Hello."));
    settings.voice.languages = ["he", "en", "de-AT", "ar"].map(String::from).into();
    let week = Week::of(&DAYS.map(|(day, _)| day), &["09:00-17:00".parse().unwrap()]);
    let outside = Outside::Agent { instructions: "Take no orders.".into() };
    settings.hours = Some(OpeningHours { week, holidays: vec![], exceptions: vec![], outside });
    let caller = Caller::Hidden;
    let context =
        CallContext { caller: &caller, task: None, about: AboutCaller::default(), now: Timestamp(0) };
    let mut times: Vec<(Duration, Duration)> = (0..SAMPLES * 10)
        .map(|_| {
            let begun = Instant::now();
            let compiled = prompt::compile(&business, &settings, Channel::Inbound, None).unwrap();
            let compiling = begun.elapsed();
            let text = prompt::for_call(&compiled, &business, &settings, &context);
            assert!(text.len() > MAX_INSTRUCTIONS_CHARS);
            (compiling, begun.elapsed())
        })
        .collect();
    times.sort_unstable();
    let (compiling, whole) = times[times.len() / 2];
    let us = |time: Duration| (time.as_secs_f64() * 10_000_000.0).round() / 10.0;
    report(&format!(
        "a prompt of {MAX_INSTRUCTIONS_CHARS} characters: compiled in {} us, with its call in {} us",
        us(compiling),
        us(whole)
    ));
    assert!(cfg!(debug_assertions) || whole < BAR, "{whole:?}");
}

/// How many calls found their prompt compiled, and for how many it was. Those of tests that run meanwhile count too.
fn prompts(log: &str) -> (u32, u32) {
    log.lines().filter(|line| line.contains("\"PromptCacheHits\"")).fold((0, 0), |(found, compiled), line| {
        if line.contains("\"value\":1.0") { (found + 1, compiled) } else { (found, compiled + 1) }
    })
}

/// An hour of stereo at 8 kHz and 16 bits: 115 MB.
const HOUR: u32 = 3_600;
const BYTES_PER_S: u32 = 8_000 * 2 * 2;

/// What Twilio answers with for a long recording, made as it is read.
fn hour_of_audio() -> Body {
    let data = HOUR * BYTES_PER_S;
    let mut header = audio::STEREO.into_header_for_infinite_file();
    header[4..8].copy_from_slice(&(36 + data).to_le_bytes());
    header[40..44].copy_from_slice(&data.to_le_bytes());
    let second = Bytes::from(vec![0x11; BYTES_PER_S as usize]);
    let seconds = stream::iter((0..HOUR).map(move |_| Ok::<_, Infallible>(second.clone())));
    Body::from_stream(stream::iter([Ok(Bytes::from(header))]).chain(seconds))
}

/// The most memory that this process held while it was watched, looked at every few milliseconds.
struct Watch {
    most: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
}

impl Watch {
    fn begin() -> Self {
        let (most, over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let watch = Self { most: Arc::clone(&most), over: Arc::clone(&over) };
        std::thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                most.fetch_max(resident_kib(), Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        watch
    }

    fn end(self) -> u64 {
        self.over.store(true, Ordering::Relaxed);
        self.most.load(Ordering::Relaxed)
    }
}

/// 0 where there is no `/proc`.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

/// Fault 34. An hour of stereo is archived as it comes. The figure is an upper bound: the worker, Twilio's end and S3's
/// are one process here.
async fn the_memory_that_an_hour_of_recording_takes(world: World) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let twilio = format!("http://{}", listener.local_addr().unwrap());
    let length = (44 + u64::from(HOUR * BYTES_PER_S)).to_string();
    let media = get(move || async move {
        ([("content-type", "audio/wav".to_owned()), ("content-length", length)], hour_of_audio())
            .into_response()
    });
    let server = tokio::spawn(async move { axum::serve(listener, Router::new().fallback(media)).await });

    // Only the worker below does the job.
    let nobody = world.system.name("RecordingsDlq").unwrap();
    let ready = HttpSandbox::start(&world, "recording-ready", &[("QUEUE_RECORDINGS", nobody)]).await;
    let call = call_sid(1);
    Webhook::inbound(&world, &call).send(&world).await;
    let recording = format!("RE{}", "1".repeat(32));
    let announced = Webhook::inbound(&world, &call)
        .at("/twilio/recording")
        .field("RecordingSid", &recording)
        .field("RecordingStatus", "completed")
        .field("RecordingChannels", "2")
        .field("RecordingDuration", &HOUR.to_string());
    assert_eq!(ready.receives(&world, &announced).await.0, 204);
    let changes = [("TWILIO_API_URL", &*twilio), sink(&world)];
    let worker = QueueSandbox::start(&world, "recording-archive", &changes).await;

    let before = resident_kib();
    let (watch, begun) = (Watch::begin(), Instant::now());
    let job = json!({ "job": "archive", "call": call, "recording": recording });
    assert!(worker.does(&job, 1).await, "{}", log::troubles());
    let (took, most) = (begun.elapsed(), watch.end());

    let record = world.record(&call).await;
    assert_eq!(record.recording_state(), "archived", "{record:?}");
    assert_eq!(record.recording().duration_ms, Some(u64::from(HOUR) * 1_000));
    let figures = json!({
        "recording_mb": HOUR * BYTES_PER_S / 1_000_000,
        "resident_before_mib": before / 1_024,
        "resident_most_mib": most / 1_024,
        "took_s": took.as_secs_f64(),
        "profile": if cfg!(debug_assertions) { "debug" } else { "release" },
    });
    report(&format!("{figures:#}"));
    server.abort();
}

/// Messages to it are not worked.
fn sink(world: &World) -> (&'static str, &str) {
    ("QUEUE_TRANSCRIPTS", world.system.name("TranscriptsDlq").unwrap())
}

acceptance::tests![
    the_figures_of_webhooks_and_jobs,
    the_figures_of_prompts,
    the_memory_that_an_hour_of_recording_takes,
];
