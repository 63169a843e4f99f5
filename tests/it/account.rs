//! Every call that its business wants recorded says what became of its recording.

use acceptance::crash_proxies::{CrashProxies, Cut, cuts};
use acceptance::lease::lapse;
use acceptance::record::RecordingRecord;
use acceptance::recorded::Recorded;
use acceptance::sandbox::{QueueSandbox, ScheduleSandbox};
use acceptance::webhook::{Webhook, call_sid};
use acceptance::{World, WorldConfig};
use domain::Announcement;
use domain::recording::{ARCHIVE_WITHIN, Due, MAX_SWEEPS};
use functions::edge::batch::MAX_ATTEMPTS;
use futures_util::future::join_all;
use futures_util::{StreamExt as _, stream};
use local::demo::story;
use serde_json::{Value, json};
use simulator::twilio::{CallFaults, CallerScript, CallerStep, RecordingFaults, RecordingSource};
use stores::recordings;

use super::recording::short_call;

fn not_recorded(reason: &str) -> Option<RecordingRecord> {
    let (kind, state) = ("call".to_owned(), "not_recorded".to_owned());
    Some(RecordingRecord { kind, state, reason: reason.to_owned(), ..RecordingRecord::default() })
}

/// Case B06. No callback ever came: the list is asked once, and the recording goes the ordinary way.
async fn a_recording_of_which_nothing_was_heard_is_found_in_the_list(world: World) {
    let call = Recorded::call(&world, RecordingFaults::default()).await;
    assert_eq!(call.if_told().await, None, "the call goes on, as far as is known");
    assert!(call.is_accounted_for().await, "a job that comes too early does nothing");
    assert_eq!((call.if_told().await, call.asked("Recordings.json")), (None, 0));
    call.ends("completed").await;
    join_all((0..10).map(|_| call.is_accounted_for())).await;
    assert!(call.is_accounted_for().await);
    assert_eq!(call.told().await.state, "announced");
    assert!(call.is_copied(1).await);
    let told = call.told().await;
    assert_eq!((&told.state, &told.source), (&"archived".into(), &"StartCallRecordingTwiML".into()));
    assert!(call.is_accounted_for().await, "and again when all is done");
    assert_eq!(call.told().await, told);
}

/// Case C08. Twilio began a recording and has none: by its callback or by its list, with its reason.
async fn an_absent_recording_says_why(world: World) {
    let absent = || RecordingFaults { absent: Some(31_924), ..Default::default() };
    let faults = CallFaults { recording: absent(), ..Default::default() };
    let outcome = world.call_with(short_call(), faults).await;
    let record = world.record_when(&outcome.call_sid, |record| record.recording_state() == "absent").await;
    assert_eq!(record.recording().error_code, Some(31_924));
    assert_eq!(world.get(&format!("/v1/calls/{}/recording", outcome.call_sid)).await.0, 410);

    let silent = Recorded::call(&world, absent()).await;
    silent.ends("completed").await;
    assert!(silent.is_accounted_for().await);
    let told = silent.told().await;
    assert_eq!((told.state.as_str(), told.error_code), ("absent", Some(31_924)));
}

/// Cases B06 and C08. No recording of ours is listed, beside those of other programs: the call says so, and Twilio is
/// asked once.
async fn a_call_that_was_not_recorded_says_so_beside_other_recordings(world: World) {
    for foreign in [vec![], vec![RecordingSource::OutboundApi, RecordingSource::Trunking]] {
        let others = foreign.len();
        let faults = RecordingFaults { never_begins: true, foreign, ..Default::default() };
        let call = Recorded::call(&world, faults).await;
        assert_eq!(world.twilio.recordings(&call.call).len(), others);
        call.ends("completed").await;
        for _ in 0..3 {
            assert!(call.is_accounted_for().await);
        }
        assert_eq!(call.if_told().await, not_recorded("not_begun"));
        assert_eq!(call.asked("Recordings.json"), 1, "once");
        assert_eq!(world.get(&format!("/v1/calls/{}/recording", call.call)).await.0, 404);
        assert_eq!(world.recordings(&call.call).await, []);
    }
}

/// Case C08. Another program's recording of a call neither prevents ours nor is shown in its place.
async fn ours_is_made_and_found_beside_other_programs_recordings(world: World) {
    let foreign = vec![RecordingSource::Trunking, RecordingSource::OutboundApi];
    let call = Recorded::call(&world, RecordingFaults { foreign, ..Default::default() }).await;
    let sources: Vec<_> = world.twilio.recordings(&call.call).iter().map(|found| found.source).collect();
    assert!(sources.contains(&RecordingSource::StartCallRecordingTwiml), "{sources:?}");
    call.ends("completed").await;
    assert!(call.is_accounted_for().await);
    let told = call.told().await;
    assert_eq!((&told.state, &told.source), (&"announced".into(), &"StartCallRecordingTwiML".into()));
    // The trunk's is announced to us as well: it is a recording of the call, and not the call's.
    call.is_announced("completed", &[]).await;
    assert_eq!(call.told().await.sid, told.sid);
    let all = world.recordings(&call.call).await;
    assert_eq!(all.len(), 2, "{all:?}");
}

/// A callback that comes hours late is taken all the same.
async fn a_recording_that_is_announced_after_all_takes_the_place_of_the_reason(world: World) {
    let call = Recorded::call(&world, RecordingFaults { withheld: true, ..Default::default() }).await;
    call.ends("completed").await;
    assert!(call.is_accounted_for().await);
    assert_eq!(call.if_told().await, not_recorded("not_begun"), "the list lags behind");
    world.twilio.release_recording(&call.sid());
    call.is_announced("in-progress", &[]).await;
    assert_eq!(call.told().await.state, "in_progress");
    call.is_announced("completed", &[]).await;
    assert!(call.is_copied(1).await);
    assert!(call.is_accounted_for().await);
    assert_eq!(call.told().await.state, "archived");
}

/// A call that was refused or never answered has no recording, which is known without asking Twilio. Over the real
/// queue.
async fn an_unanswered_call_says_so_at_once() {
    let world = World::with(WorldConfig {
        business: |new| new.business.max_concurrent_calls = 0,
        ..WorldConfig::default()
    })
    .await;
    let outcome = world.call(CallerScript::new(vec![])).await;
    let record = world.record_when(&outcome.call_sid, |record| record.recording.is_some()).await;
    assert_eq!((&record.refusal, &record.recording), (&"at_capacity".into(), &not_recorded("refused")));
    drop(world);

    let world = World::start().await;
    for (seed, status) in (1..).zip(["busy", "no-answer", "canceled", "failed"]) {
        let sid = call_sid(seed);
        Webhook::inbound(&world, &sid).send(&world).await;
        Webhook::status(&world, &sid, status, 1).send(&world).await;
        let record = world.record_when(&sid, |record| record.recording.is_some()).await;
        assert_eq!(record.recording, not_recorded("not_answered"), "{status}");
    }
    assert!(world.twilio.requests().iter().all(|request| !request.path.contains("Recordings")));
}

/// A caller who hangs up during the consent was not recorded, and Twilio lists no recording.
async fn a_call_that_ended_during_the_consent_was_over_before_its_recording() {
    let world = World::with(WorldConfig {
        business: |new| {
            new.settings.policies.consent =
                Announcement::say(&"This call is recorded. ".repeat(20), "en").ok();
        },
        ..WorldConfig::default()
    })
    .await;
    let hangs_up = CallerScript::new(vec![CallerStep::Pause { ms: 300 }, CallerStep::HangUp]);
    let call = Recorded::call_of(&world, hangs_up, RecordingFaults::default()).await;
    assert!(world.twilio.recordings(&call.call).is_empty());
    call.ends("completed").await;
    assert!(call.is_accounted_for().await);
    assert_eq!(call.if_told().await, not_recorded("ended_first"));
}

/// A business that records nothing is not told that nothing was recorded.
async fn a_call_that_was_not_to_be_recorded_needs_no_reason() {
    let world = World::with(WorldConfig {
        business: |new| new.settings.policies.record_calls = false,
        ..WorldConfig::default()
    })
    .await;
    let call = Recorded::call(&world, RecordingFaults::default()).await;
    call.ends("completed").await;
    assert!(call.is_accounted_for().await);
    assert_eq!((call.if_told().await, call.asked("Recordings.json")), (None, 0));
}

/// Twilio cannot be asked: it stands on the call that it is to be, the sweep asks again, and in the end that is said, too.
async fn a_call_about_which_twilio_cannot_be_asked_is_asked_about_by_the_sweep(world: World) {
    let (found, never) = (
        Recorded::call(&world, RecordingFaults::default()).await,
        Recorded::call(&world, RecordingFaults::default()).await,
    );
    let deaf = [("TWILIO_API_URL", "http://127.0.0.1:1")];
    let worker = QueueSandbox::start(&world, "recording-archive", &deaf).await;
    for call in [&found, &never] {
        call.ends("completed").await;
        assert!(!worker.does(&json!({ "job": "account", "call": call.call }), 1).await);
        assert_eq!(call.told().await.state, "looked_for");
    }
    // The job that the sweep sends is the one that was lost.
    let nobody = [("QUEUE_RECORDINGS", world.system.name("RecordingsDlq").unwrap())];
    let sweep = ScheduleSandbox::start(&world, "recording-sweep", &nobody).await;
    let mut due = world.now().plus(ARCHIVE_WITHIN);
    assert!(sweep.ticks(due).await);
    assert!(found.is_accounted_for().await && found.is_copied(1).await);
    assert_eq!(found.told().await.state, "archived");
    for sweeps in 0..MAX_SWEEPS {
        assert_eq!(never.told().await.state, "looked_for");
        due = due.plus(Due::pause(sweeps));
        assert!(sweep.ticks(due).await);
    }
    assert_eq!(never.if_told().await, not_recorded("unconfirmed"));
    // An operator redrives the job.
    assert!(never.is_accounted_for().await && never.is_copied(1).await);
    assert_eq!(never.told().await.state, "archived");
}

/// The recording is part of the answer: no request to Twilio's API starts it, before or during a call.
async fn no_request_asks_twilio_to_record(world: World) {
    let outcome = world.call(short_call()).await;
    let record = world.complete_record(&outcome.call_sid).await;
    assert_eq!(record.recording().source, "StartCallRecordingTwiML");
    let started = |request: &simulator::twilio::RestRequest| {
        request.method == "POST" && request.path.contains("Recordings")
    };
    assert!(!world.twilio.requests().iter().any(started));
    assert_eq!(world.twilio.recordings(&outcome.call_sid).len(), 1);
}

/// Case C22. A trunk's recording has the agent first: its words are still the agent's.
async fn the_words_of_a_trunks_recording_are_whose_they_are() {
    let world = World::with(WorldConfig {
        business: |new| {
            new.settings.policies.transcript = domain::business::TranscriptPolicy::RecordingUpgrade;
        },
        ..WorldConfig::default()
    })
    .await;
    let mut spec = world.spec(story::caller());
    let foreign = vec![RecordingSource::Trunking];
    spec.faults.recording = RecordingFaults { never_begins: true, foreign, ..Default::default() };
    let outcome = world.twilio.call(spec).finished().await;
    let trunk = &world.twilio.recordings(&outcome.call_sid)[0];
    assert_eq!(trunk.source, RecordingSource::Trunking);
    let announced = Webhook::inbound(&world, &outcome.call_sid)
        .at("/twilio/recording")
        .field("RecordingSid", &trunk.sid)
        .field("RecordingStatus", "completed")
        .field("RecordingSource", "Trunking");
    assert_eq!(announced.send(&world).await.0, 204);
    let record = world.record_when(&outcome.call_sid, |record| record.transcript_source == "recording").await;
    let said = |who: &str, what: &str| {
        let lines = record.lines();
        lines.iter().any(|line| line.speaker == who && line.text.contains(what))
    };
    let turns = &record.turns;
    for who in ["caller", "agent"] {
        let turn = turns.iter().find(|turn| turn.speaker == who && turn.state == "complete").unwrap();
        let first = turn.text.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
        assert!(said(who, &first), "{who}: {first}\n{record:?}");
    }
}

/// One call of whose recording nothing was heard, accounted for by a worker that dies at the chosen change, and by
/// another one after it. What is left of it, and how much the first one changed.
async fn a_life(world: &World, number: usize, chosen: Option<(usize, Cut)>) -> (Value, usize) {
    let call = Recorded::call(world, RecordingFaults::default()).await;
    call.ends("completed").await;
    let mut queues = vec![];
    for (name, kind) in [("QUEUE_RECORDINGS", "recordings"), ("QUEUE_TRANSCRIPTS", "transcripts")] {
        let created = world.system.aws.sqs.create_queue().queue_name(format!("{kind}-{number}"));
        queues.push((name.to_owned(), created.send().await.unwrap().queue_url.unwrap()));
    }
    let proxies = CrashProxies::of(world, chosen).await;
    let start = async |environment: Vec<&(String, String)>| {
        let changes: Vec<_> =
            environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        QueueSandbox::start(world, "recording-archive", &changes).await
    };
    let doomed = start(proxies.environment.iter().chain(&queues).collect()).await;
    let healthy = start(queues.iter().collect()).await;
    let mut jobs = vec![json!({ "job": "account", "call": call.call })];
    while let Some(job) = jobs.pop() {
        let mut done = false;
        for attempt in 1..=MAX_ATTEMPTS {
            let worker = if proxies.is_dead() { &healthy } else { &doomed };
            let alive = !proxies.is_dead();
            // What the dead process sent did not arrive.
            done = worker.does(&job, attempt).await && (!alive || !proxies.is_dead());
            if done {
                break;
            }
            lapse(world, "recording-archive", &call.sid()).await;
        }
        assert!(done, "{chosen:?}: {job} is never done: {}", acceptance::log::troubles());
        let sqs = &world.system.aws.sqs;
        let received = sqs.receive_message().queue_url(&queues[0].1).send().await.unwrap();
        for message in received.messages.unwrap_or_default() {
            jobs.push(serde_json::from_str(&message.body.unwrap()).unwrap());
            let receipt = message.receipt_handle.unwrap();
            sqs.delete_message().queue_url(&queues[0].1).receipt_handle(receipt).send().await.unwrap();
        }
    }
    let reader = recordings::Reader::new(&world.system.aws, world.system.name("RecordingsTable").unwrap());
    let known = reader.for_call(&domain::CallSid::parse(&call.call).unwrap()).await.unwrap();
    let bucket = world.system.name("RecordingsBucket").unwrap();
    let objects = world.system.aws.s3.list_objects_v2().bucket(bucket).send().await.unwrap();
    let own = objects.contents().iter().filter(|object| object.key().unwrap().contains(&call.call)).count();
    let left = json!({
        "state": call.told().await.state,
        "rows": known.all.len(),
        "search": format!("{:?}", known.search),
        "objects": own,
    });
    (left, proxies.changes())
}

/// Faults 17, 18 and 24. The worker dies at each change that it makes, before and after it took effect, or does not hear
/// the answer: the call comes to the same account.
async fn wherever_a_worker_dies_a_call_comes_to_the_same_account() {
    const AT_ONCE: usize = 4;
    let world = World::with(WorldConfig {
        business: |new| new.business.max_concurrent_calls = 100,
        ..WorldConfig::default()
    })
    .await;
    let (expected, changes) = a_life(&world, 0, None).await;
    assert_eq!(expected, json!({ "state": "archived", "rows": 1, "search": "Some(Found)", "objects": 1 }));
    assert!(changes >= 8, "the whole way was gone: {changes}");
    let lives = cuts(changes).into_iter().enumerate();
    stream::iter(lives)
        .for_each_concurrent(AT_ONCE, |(number, chosen)| {
            let life = a_life(&world, number + 1, Some(chosen));
            let expected = &expected;
            async move { assert_eq!(life.await.0, *expected, "{chosen:?}") }
        })
        .await;
}

acceptance::tests![
    a_recording_of_which_nothing_was_heard_is_found_in_the_list,
    an_absent_recording_says_why,
    a_call_that_was_not_recorded_says_so_beside_other_recordings,
    ours_is_made_and_found_beside_other_programs_recordings,
    a_recording_that_is_announced_after_all_takes_the_place_of_the_reason,
    an_unanswered_call_says_so_at_once,
    a_call_that_ended_during_the_consent_was_over_before_its_recording,
    a_call_that_was_not_to_be_recorded_needs_no_reason,
    a_call_about_which_twilio_cannot_be_asked_is_asked_about_by_the_sweep,
    no_request_asks_twilio_to_record,
    the_words_of_a_trunks_recording_are_whose_they_are,
    wherever_a_worker_dies_a_call_comes_to_the_same_account,
];
