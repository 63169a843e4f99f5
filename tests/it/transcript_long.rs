//! A recording that is larger than any one request may be.

use std::collections::BTreeMap;
use std::time::Duration;

use acceptance::audio;
use acceptance::crash_proxies::{CrashProxies, Cut, cuts};
use acceptance::ended_calls::{job, sinks};
use acceptance::record::CallRecord;
use acceptance::sandbox::{HttpSandbox, QueueSandbox};
use acceptance::suite::report;
use acceptance::webhook::{Webhook, call_sid};
use acceptance::{World, WorldConfig};
use domain::recording::{Archived, object_key, wav_header};
use domain::{CallSid, Recording, RecordingSid, RecordingState};
use functions::edge::batch::MAX_ATTEMPTS;
use futures_util::future::join_all;
use openai::transcription::MAX_FILE_BYTES;
use platform::objects::{NewObject, Objects};
use sha2::{Digest as _, Sha256};
use simulator::audio::{mulaw, speech};
use simulator::openai::{ApiRequest, HttpFault, OpenAiConfig, Transcription};
use stores::recordings::Writer;

const RATE: usize = 8_000;

type Said = (&'static str, &'static str, usize);

/// Agent and caller in turn, for a quarter of an hour.
fn conversation() -> (Vec<u8>, Vec<Said>) {
    let clips = [
        ("agent", &speech::AGENT_GREETING),
        ("caller", &speech::CALLER_SERVICE),
        ("agent", &speech::AGENT_SLOTS),
        ("caller", &speech::CALLER_BARGE_IN),
        ("agent", &speech::AGENT_CONFIRM),
        ("caller", &speech::CALLER_BYE),
    ];
    recording(&clips, 30, 28)
}

/// The same for a minute.
fn short_conversation() -> (Vec<u8>, Vec<Said>) {
    let clips = [
        ("agent", &speech::AGENT_BYE),
        ("caller", &speech::CALLER_BYE),
        ("agent", &speech::AGENT_CONFIRM),
        ("caller", &speech::CALLER_BARGE_IN),
    ];
    recording(&clips, 6, 10)
}

/// A recording with `turns` turns at an even distance; and who said what when.
fn recording(
    clips: &[(&'static str, &'static speech::Clip)],
    every_s: usize,
    turns: usize,
) -> (Vec<u8>, Vec<Said>) {
    let mut samples = vec![0_i16; every_s * turns * RATE * 2];
    let mut said = vec![];
    for (n, (who, clip)) in clips.iter().cycle().take(turns).enumerate() {
        let (start, channel) = (1 + n * every_s, usize::from(*who == "agent"));
        for (i, sample) in mulaw::decode_all(clip.mulaw()).into_iter().enumerate() {
            samples[(start * RATE + i) * 2 + channel] = sample;
        }
        said.push((*who, clip.text, start));
    }
    (audio::wav(&samples), said)
}

/// A call with that recording in the bucket.
async fn recorded(world: &World, number: u8, wav: Vec<u8>) -> String {
    let text = call_sid(number);
    let (call, sid) =
        (CallSid::parse(&text).unwrap(), RecordingSid::parse(&text.replace("CA", "RE")).unwrap());
    let key = object_key(&world.business.business.id, &call, &sid);
    let sha256 = hex::encode(Sha256::digest(&wav));
    let format = wav_header(&wav[..64], wav.len() as u64, None).unwrap();
    let archived = Archived {
        key: key.clone(),
        bytes: wav.len() as u64,
        sha256: sha256.clone(),
        format,
        at: world.now(),
        retention: Default::default(),
    };
    let objects = Objects::new(&world.system.aws, world.system.name("RecordingsBucket").unwrap());
    let object = NewObject { key, content_type: "audio/wav", metadata: BTreeMap::new(), tag: None };
    objects.put_if_absent(&object, wav.into(), &sha256).await.unwrap();
    let recordings = Writer::new(&world.system.aws, world.system.name("RecordingsTable").unwrap());
    let business = world.business.business.id.clone();
    let announced =
        Recording::new(sid.clone(), call.clone(), business, RecordingState::Announced, world.now());
    recordings.announce(&announced).await.unwrap();
    recordings.archived(&sid, &archived, None, None).await.unwrap();

    Webhook::inbound(world, &text).send(world).await;
    text
}

/// The end of the call, and so the job that looks at its transcript.
async fn ended(world: &World, sid: &str) {
    Webhook::status(world, sid, "completed", 3).send(world).await;
}

/// Ends the call in its own row only.
async fn ended_unheard(world: &World, sid: &str) {
    let status = HttpSandbox::start(world, "voice-status", &sinks(world)).await;
    assert_eq!(status.receives(world, &Webhook::status(world, sid, "completed", 3)).await.0, 204);
}

/// The record once it has a transcript, which must be of the recording and hold everything that was said.
async fn transcribed(world: &World, sid: &str, said: &[Said]) {
    let final_ = |record: &CallRecord| !record.transcript_source.is_empty();
    let record = world.record_when(sid, final_).await;
    assert_eq!(record.transcript_source, "recording", "{}", acceptance::log::troubles());
    let lines = record.lines();
    let heard: Vec<_> = lines
        .iter()
        .map(|line| {
            let start = line.start_ms.unwrap().div_ceil(1_000) as usize;
            (line.speaker.as_str(), line.text.as_str(), start)
        })
        .collect();
    assert_eq!(heard, said);
}

fn requests(world: &World) -> Vec<ApiRequest> {
    let all = world.openai.requests().into_iter();
    all.filter(|request| request.path.ends_with("transcriptions")).collect()
}

/// Fault 43. Every request is far below the limit, every turn has its speaker and its time, and none is said twice.
async fn a_recording_over_the_limit_of_a_request_is_transcribed_turn_by_turn(world: World) {
    let (wav, said) = conversation();
    assert!(wav.len() as u64 > MAX_FILE_BYTES);
    let sid = recorded(&world, 3, wav).await;
    ended(&world, &sid).await;
    transcribed(&world, &sid, &said).await;
    for request in requests(&world) {
        assert_eq!(request.status, 200);
        assert!(request.body["file"]["bytes"].as_u64().unwrap() < MAX_FILE_BYTES / 10);
    }
}

/// Faults 17 and 44. A model that is busy again and again lets each run hear a few turns only. There are more such runs
/// than a message has attempts, each goes on behind the one before it, and no turn is paid for twice.
async fn a_transcription_that_needs_many_runs_goes_on_where_it_stopped() {
    // Longer than a run may take.
    let busy = Transcription::Fault(HttpFault::rate_limited(Duration::from_secs(110)));
    let stretch = [vec![Transcription::Heard; 3], vec![busy]].concat();
    let interruptions = usize::try_from(MAX_ATTEMPTS).unwrap() + 1;
    let transcriptions = vec![stretch; interruptions].concat();
    let openai = OpenAiConfig { transcriptions, ..OpenAiConfig::default() };
    let world = World::with(WorldConfig { openai, ..WorldConfig::default() }).await;
    let (wav, said) = conversation();
    let sid = recorded(&world, 3, wav).await;
    ended_unheard(&world, &sid).await;
    // The messages between the runs wait as long as the model asks; the test does not.
    let step = QueueSandbox::start(&world, "transcript-step", &sinks(&world)).await;
    let mut handed_on = 0;
    while world.record(&sid).await.transcript_source.is_empty() {
        // A run whose every request meets the busy model hears nothing: it fails, and is tried again after its lease.
        match step.does(&job(&sid), 1).await {
            true => handed_on += 1,
            false => world.leases_lapse(),
        }
    }
    assert!(handed_on >= MAX_ATTEMPTS, "{handed_on} runs came further");
    transcribed(&world, &sid, &said).await;
    let answered = |status| requests(&world).iter().filter(|request| request.status == status).count();
    assert_eq!((answered(200), answered(429)), (said.len(), interruptions));
}

/// Fault 17. A run begins no turn that it has no time for, waits for those under way, and leaves the rest to the next
/// one.
async fn a_run_that_is_out_of_time_leaves_the_rest_to_the_next_one() {
    let slow = Transcription::After(Duration::from_millis(10_500), "Hello, you have reached us.".to_owned());
    let openai = OpenAiConfig { transcriptions: vec![slow], ..OpenAiConfig::default() };
    let world = World::with(WorldConfig { openai, ..WorldConfig::default() }).await;
    let (wav, said) = short_conversation();
    let sid = recorded(&world, 3, wav).await;
    ended_unheard(&world, &sid).await;
    // Time for the levels, which are soon found in so short a recording, and for one slow turn; after it less is left
    // than a turn may need. A busy machine has some nine seconds for everything else.
    let changes = [&sinks(&world)[..], &[("TRANSCRIBE_SECONDS", "20")]].concat();
    let step = QueueSandbox::start(&world, "transcript-step", &changes).await;
    assert!(step.does(&job(&sid), MAX_ATTEMPTS).await, "it is handed on, not failed");
    assert!(world.record(&sid).await.transcript_source.is_empty());
    assert_eq!(requests(&world).len(), 1);
    let step = QueueSandbox::start(&world, "transcript-step", &sinks(&world)).await;
    assert!(step.does(&job(&sid), 1).await);
    let record = world.record(&sid).await;
    let lines = record.lines();
    assert_eq!(lines[0].text, "Hello, you have reached us.", "as the first run heard it");
    assert_eq!((lines.len(), requests(&world).len()), (said.len(), said.len()), "each turn once");
}

/// One transcription whose first run meets its fate, and another one after it if it did not come to its end. How much
/// the first one changed, and how many turns were heard in all.
async fn life(
    world: &World,
    number: u8,
    wav: &[u8],
    said: &[Said],
    chosen: Option<(usize, Cut)>,
) -> (usize, usize) {
    let sid = recorded(world, number, wav.to_vec()).await;
    ended_unheard(world, &sid).await;
    let heard = || requests(world).iter().filter(|request| request.status == 200).count();
    let before = heard();
    let proxies = CrashProxies::of(world, chosen).await;
    let ways = proxies.environment.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let changes: Vec<_> = sinks(world).into_iter().chain(ways).collect();
    let doomed = QueueSandbox::start(world, "transcript-step", &changes).await;
    if !doomed.does(&job(&sid), 1).await || proxies.is_dead() {
        world.leases_lapse();
        let heir = QueueSandbox::start(world, "transcript-step", &sinks(world)).await;
        assert!(heir.does(&job(&sid), 2).await, "{chosen:?}");
    }
    transcribed(world, &sid, said).await;
    assert_eq!(world.transcript(&sid).await.versions.len(), 1, "{chosen:?}");
    (proxies.changes(), heard() - before)
}

/// Faults 17, 18 and 24. A run dies at each change that it makes anywhere, before and after it took effect, or does not
/// hear the answer. The next one hears what is missing and no more: twice only what was under way just then.
async fn wherever_a_run_is_cut_off_the_next_one_goes_on_behind_it() {
    /// Requests at a time.
    const UNDER_WAY: usize = 4;
    /// Worlds beside each other: what was heard is counted in each.
    const WORLDS: usize = 4;
    let world = World::start().await;
    let (wav, said) = short_conversation();
    let (changes, heard) = life(&world, 10, &wav, &said, None).await;
    assert_eq!(heard, said.len());
    assert!(changes > 2 * said.len(), "{changes}");
    drop(world);

    let fates = cuts(changes);
    let (wav, said) = (&wav, &said);
    let worlds = fates.chunks(fates.len().div_ceil(WORLDS)).map(|fates| async move {
        let (world, mut twice) = (World::start().await, 0);
        for (number, chosen) in (11..).zip(fates) {
            let (_, heard) = life(&world, number, wav, said, Some(*chosen)).await;
            assert!((said.len()..=said.len() + UNDER_WAY).contains(&heard), "{chosen:?}: {heard}");
            twice += heard - said.len();
        }
        twice
    });
    let twice: usize = join_all(worlds).await.into_iter().sum();
    report(&format!("{changes} changes cut in three ways, {twice} turns heard twice"));
}

acceptance::tests![
    a_recording_over_the_limit_of_a_request_is_transcribed_turn_by_turn,
    a_transcription_that_needs_many_runs_goes_on_where_it_stopped,
    a_run_that_is_out_of_time_leaves_the_rest_to_the_next_one,
    wherever_a_run_is_cut_off_the_next_one_goes_on_behind_it,
];
