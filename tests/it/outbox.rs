//! `call.completed` is told once per call, whole, in order, and never before everything is known; later runs are updates.

use acceptance::aws_proxy::{AwsProxy, Manner};
use acceptance::ended_calls::{EndedCalls, job};
use acceptance::record::{Message, Summary};
use acceptance::{World, WorldConfig};
use domain::Speaker::{Agent, Caller};
use futures_util::future::join_all;
use local::demo::story;
use serde_json::{Value, json};
use simulator::twilio::{CallFaults, RecordingFaults};

const SAID: [(domain::Speaker, &str); 2] = [(Agent, "Hello."), (Caller, "Half past ten is perfect.")];

async fn world() -> World {
    World::with(WorldConfig {
        business: |new| new.settings.policies.record_calls = false,
        ..WorldConfig::default()
    })
    .await
}

/// Historic failure 25. A business is told that a call is completed only when its facts are there.
async fn a_call_is_told_of_once_with_everything_that_is_known(world: World) {
    let outcome = world.call(story::caller()).await;
    let record = world.complete_record(&outcome.call_sid).await;
    let (status, page) = world.get("/v1/events?limit=100").await;
    let all = page["events"].as_array().unwrap();
    all.iter().for_each(super::events::fits);
    let completed: Vec<&Value> = all.iter().filter(|event| event["type"] == "call.completed").collect();
    let [event] = completed.as_slice() else { panic!("{page:#}") };
    assert_eq!((status, &page["next"]), (200, &Value::Null));
    let data = &event["data"];
    assert_eq!(data["call"]["sid"], record.sid.as_str());
    assert_eq!(data["call"]["status"], "completed");
    assert_eq!(data["transcript_source"], "realtime");
    assert_eq!(data["recording"]["state"], "archived");
    let summary: Option<Summary> = serde_json::from_value(data["summary"].clone()).unwrap();
    assert_eq!(summary, record.summary);
    assert_eq!(data["extraction"]["requested_time"]["value"], "10:30");
    assert_eq!(data["lead_status"], "booked");
    assert_eq!(data["cost"]["usd_micros"], record.cost().usd_micros);
    assert_eq!(data["call"]["from"], record.from.as_str());
    assert_eq!(data["call"]["to"], record.to.as_str());
    assert_eq!(data["call"]["from"], "+12025550178", "whom to call back");
    assert_eq!((&data["messages"], &data["messages_left_out"]), (&json!([]), &json!(0)));

    // Every job again: nothing more is told, and nothing more is asked.
    let asked = world.openai.requests().len();
    for queue in ["TranscriptsQueue", "InsightsQueue"] {
        for _ in 0..3 {
            let body = job(&outcome.call_sid).to_string();
            let send = world.system.aws.sqs.send_message().queue_url(world.system.name(queue).unwrap());
            send.message_body(body).send().await.unwrap();
        }
    }
    world.works_everything_off(&["TranscriptsQueue", "InsightsQueue"]).await;
    assert_eq!(world.get("/v1/events?limit=100").await.1, page);
    assert_eq!(world.openai.requests().len(), asked);
    assert_eq!(world.complete_record(&outcome.call_sid).await, record);
}

/// What a caller left with the agent is told with the call, and who it was as far as the caller let that be known.
async fn the_messages_of_a_call_and_a_withheld_caller_are_told_of() {
    let world = world().await;
    let calls = EndedCalls::of(&world).await;
    let sid = calls.call_from(1, "anonymous", &SAID).await;
    let turns = world.system.name("TurnsTable").unwrap();
    let put = |n: u32, text: String| {
        let body = json!({ "recipient": "Robin", "text": text, "callback": "+353 1 555 0178" }).to_string();
        let text = |value: String| aws_sdk_dynamodb::types::AttributeValue::S(value);
        let number = aws_sdk_dynamodb::types::AttributeValue::N(n.to_string());
        let put =
            world.system.aws.dynamodb.put_item().table_name(turns).item("pk", text(format!("call#{sid}")));
        put.item("sk", text(format!("message#000001#{n:04}")))
            .item("body", text(body))
            .item("at", number)
            .send()
    };
    put(1, "The red bicycle.".to_owned()).await.unwrap();
    put(2, "\u{1}".repeat(2_000)).await.unwrap();
    let insights = calls.insights(&[]).await;
    assert!(insights.does(&job(&sid), 1).await);
    let events = calls.events().await;
    let (data, record) = (&events[0]["data"], calls.record(&sid).await);
    assert_eq!(data["call"]["from"], "hidden");
    let told: Vec<Message> = serde_json::from_value(data["messages"].clone()).unwrap();
    assert_eq!(told, record.messages);
    assert_eq!(
        (&data["messages"][0]["for"], &data["messages"][0]["message"], &data["messages"][0]["callback"]),
        (&json!("Robin"), &json!("The red bicycle."), &json!("+353 1 555 0178"))
    );
    // More than an event holds is counted, and the event is told all the same.
    for n in 3..40 {
        put(n, "\u{1}".repeat(2_000)).await.unwrap();
    }
    assert!(insights.does(&json!({ "call": sid, "again": "run 2" }), 1).await);
    let events = calls.events().await;
    let data = &events[1]["data"];
    let told = data["messages"].as_array().unwrap().len();
    assert!(told > 0 && data["messages_left_out"] == 39 - told, "{told} told");
}

/// The recording's end belongs to what is told: until it is known, or can no longer come, nothing is.
async fn nothing_is_told_while_the_recording_is_awaited(world: World) {
    let silent = RecordingFaults { callback_lost: true, ..Default::default() };
    let faults = CallFaults { recording: silent, ..Default::default() };
    let outcome = world.call_with(story::caller(), faults).await;
    let record = world.record_when(&outcome.call_sid, |record| !record.transcript_source.is_empty()).await;
    assert_ne!(record.recording_state(), "archived");
    let calls = EndedCalls::of(&world).await;
    assert!(calls.insights(&[]).await.does(&job(&outcome.call_sid), 1).await, "it waits on the queue");
    assert!(calls.events().await.is_empty() && calls.asked().is_empty());
}

async fn fifty_copies_of_a_job_ask_once_and_tell_once() {
    let world = world().await;
    let calls = EndedCalls::of(&world).await;
    let sid = calls.call(1, &SAID).await;
    let workers = [calls.insights(&[]).await, calls.insights(&[]).await];
    let copy = job(&sid);
    join_all((0..50).map(|n| workers[n % 2].does(&copy, 1))).await;
    assert!(workers[0].does(&copy, 2).await, "who came too early comes back and finds it done");
    assert_eq!((calls.asked().len(), calls.events().await.len()), (1, 1));
    assert_eq!(calls.record(&sid).await.insights().run, 1);
}

/// The worker dies with the answer in its hands; and another time just behind the write that it never heard of.
async fn a_worker_that_dies_around_its_one_write_is_made_good() {
    let world = world().await;
    let calls = EndedCalls::of(&world).await;
    for (n, dies_at) in [(1, "TransactWriteItems"), (2, "UpdateItem")] {
        let sid = calls.call(n, &SAID).await;
        let proxy = AwsProxy::of(&world).await;
        let doomed = calls.insights(&[("AWS_ENDPOINT_URL_DYNAMODB", proxy.url.as_str())]).await;
        let copy = job(&sid);
        if dies_at == "UpdateItem" {
            // The lease is an update, too: hold only the one that finishes it.
            proxy.set(Manner::Holds("TransactWriteItems"));
            let work = doomed.does(&copy, 1);
            tokio::pin!(work);
            tokio::select! {
                _ = &mut work => panic!("it is held"),
                () = proxy.holds_one() => proxy.set(Manner::Holds("UpdateItem")),
            }
            tokio::select! { _ = &mut work => panic!("it is held"), () = proxy.holds("UpdateItem") => {} }
        } else {
            proxy.set(Manner::Holds("TransactWriteItems"));
            tokio::select! {
                _ = doomed.does(&copy, 1) => panic!("it is held"),
                () = proxy.holds_one() => {}
            }
        }
        // Dropped in the middle, as by the end of its sandbox; a late request may arrive all the same.
        proxy.set(Manner::Open);
        let told = calls.events().await.len();
        let heir = calls.insights(&[]).await;
        world.leases_lapse();
        assert!(heir.does(&copy, 2).await, "{dies_at}");
        let events = calls.events().await;
        assert_eq!(events.len(), usize::from(n), "{dies_at}: {told} before");
        assert_eq!(calls.record(&sid).await.insights().run, 1, "{dies_at}");
    }
}

/// Calls of one business that end together take their places one after the other.
async fn events_are_in_order_without_gaps_and_paged() {
    const CALLS: u8 = 12;
    let world = world().await;
    let calls = EndedCalls::of(&world).await;
    let mut sids = vec![];
    for n in 1..=CALLS {
        sids.push(calls.call(n, &SAID).await);
    }
    let insights = calls.insights(&[]).await;
    let jobs: Vec<Value> = sids.iter().map(|sid| job(sid)).collect();
    assert!(join_all(jobs.iter().map(|job| insights.does(job, 1))).await.into_iter().all(|done| done));
    // From the second event on, page by page, and then the first one alone.
    let (mut path, mut last, mut told) = ("/v1/events?after=1&limit=5".to_owned(), 1, vec![]);
    let completed = |event: &Value| {
        let sid = event["data"]["call"]["sid"].as_str().map(str::to_owned);
        sid.filter(|_| event["type"] == "call.completed")
    };
    loop {
        let (_, page) = world.get(&path).await;
        for event in page["events"].as_array().unwrap() {
            last += 1;
            assert_eq!(event["sequence"], last);
            told.extend(completed(event));
        }
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/events?after=1&limit=5&cursor={next}");
    }
    let (_, behind) = world.get(&format!("/v1/events?after={last}")).await;
    assert_eq!(behind["events"], json!([]));
    let (_, first) = world.get("/v1/events?limit=1").await;
    told.extend(completed(&first["events"][0]));
    told.sort();
    sids.sort();
    assert_eq!(told, sids, "each call once");
    let (status, problem) = world.get("/v1/events?limit=0").await;
    assert_eq!(status, 400, "{problem}");
    assert_eq!(world.http.get(world.url("/v1/events")).send().await.unwrap().status(), 401);
}

/// A call that cannot be summed up is over all the same.
async fn a_call_without_a_transcript_is_told_of_with_the_reason() {
    let world = world().await;
    let calls = EndedCalls::of(&world).await;
    let sid = calls.call(1, &[]).await;
    let insights = calls.insights(&[]).await;
    for attempt in 1..=2 {
        assert!(insights.does(&job(&sid), attempt).await);
    }
    let events = calls.events().await;
    assert_eq!(events.len(), 1);
    let data = &events[0]["data"];
    assert_eq!((&data["insights"], &data["transcript_source"]), (&json!("no_transcript"), &json!("failed")));
    assert!(calls.asked().is_empty());
}

/// Another run makes another version and is told as such; that the call is completed was said already.
async fn another_run_is_another_version_and_an_update() {
    let world = world().await;
    let calls = EndedCalls::of(&world).await;
    let sid = calls.call(1, &SAID).await;
    let insights = calls.insights(&[]).await;
    let again = json!({ "call": sid, "again": "run 2" });
    for job in [&job(&sid), &again, &again, &job(&sid)] {
        assert!(insights.does(job, 1).await);
    }
    let (events, record) = (calls.events().await, calls.record(&sid).await);
    assert_eq!((calls.asked().len(), events.len()), (2, 2), "copies of either ask and tell nothing");
    assert_eq!(record.insights().run, 2);
    let told: Vec<_> = events.iter().map(|event| (&event["type"], &event["data"]["run"])).collect();
    assert_eq!(told, [(&json!("call.completed"), &json!(1)), (&json!("call.updated"), &json!(2))]);
    assert_eq!(events[1]["data"]["cost"]["usd_micros"], record.cost().usd_micros);
    let paid = &record.cost().parts;
    assert_eq!(paid.iter().filter(|part| part.kind == "insights").count(), 2, "both runs were paid for");
}

acceptance::tests![
    a_call_is_told_of_once_with_everything_that_is_known,
    the_messages_of_a_call_and_a_withheld_caller_are_told_of,
    nothing_is_told_while_the_recording_is_awaited,
    fifty_copies_of_a_job_ask_once_and_tell_once,
    a_worker_that_dies_around_its_one_write_is_made_good,
    events_are_in_order_without_gaps_and_paged,
    a_call_without_a_transcript_is_told_of_with_the_reason,
    another_run_is_another_version_and_an_update,
];
