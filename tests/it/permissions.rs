//! What each function asks of DynamoDB, S3 and SQS is what the template lets its role do: no more, and no less.

pub(crate) mod campaigns;
pub(crate) mod contacts;
pub(crate) mod endpoints;
pub(crate) mod leads;
pub(crate) mod limits;
pub(crate) mod messages;
pub(crate) mod notifications;
mod orders;
pub(crate) mod person_exports;
pub(crate) mod persons;
pub(crate) mod reminders;
pub(crate) mod setting_up;
pub(crate) mod sign_in;
pub(crate) mod test_calls;
pub(crate) mod texts;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use acceptance::actions::post_at;
use acceptance::aws_proxy::{ASIDE, Access, AwsProxy, BUSINESS_SECRETS, rows};
use acceptance::bucket::{CutShort, remove};
use acceptance::lease::fill_deployment;
use acceptance::record::with_everything;
use acceptance::sandbox::{HttpSandbox, QueueSandbox, ScheduleSandbox};
use acceptance::webhook::{Webhook, call_sid};
use acceptance::{World, WorldConfig};
use domain::recording::MAX_SWEEPS;
use http::Method;
use serde_json::json;
use serde_yaml_ng::Value;
use simulator::openai::{HttpFault, Transcription};
use simulator::twilio::{CallFaults, CallOutcome, CallerScript, CallerStep, RecordingFaults};
use stores::requests::AUDIT_KEYS;
use stores::sign_ins::SIGN_IN_KEYS;

/// The actions that a function's role has, per table, family of rows, index, queue, bucket or objects in it.
fn allowed(function: &str) -> BTreeSet<Access> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml");
    let template: Value = serde_yaml_ng::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut allowed = BTreeSet::new();
    for statement in &super::ownership::of_function(&template, &template["Resources"][function]) {
        let actions: Vec<String> = super::structure::strings(&statement["Action"]);
        if actions.iter().any(|action| action.starts_with("secretsmanager:") || action.starts_with("kms:")) {
            // The deployment's own secret comes from the environment here. Those of businesses are reached by their prefix.
            let resources = super::structure::strings(&statement["Resource"]);
            if resources.iter().any(|resource| resource.ends_with("secret:${AWS::StackName}/businesses/*")) {
                allowed.extend(actions.into_iter().map(|action| (action, BUSINESS_SECRETS.to_owned())));
            }
            continue;
        }
        // SES is asked beside the proxy.
        if actions.iter().all(|action| action == "ses:SendEmail") {
            continue;
        }
        for resource in super::structure::strings(&statement["Resource"]) {
            // `CallsTable.Arn`, or `${CallsTable.Arn}/index/by_business`.
            let resource = resource.replace("${", "").replace(".Arn}", "").replace(".Arn", "");
            // An index can only be queried; a statement for both says so once.
            let index = resource.contains("/index/");
            for action in actions.iter().filter(|action| !index || *action == "dynamodb:Query") {
                match super::ownership::leading_keys(statement) {
                    Some(keys) => {
                        allowed.extend(keys.iter().map(|keys| (action.clone(), rows(&resource, keys))))
                    }
                    None => drop(allowed.insert((action.clone(), resource.clone()))),
                }
            }
        }
    }
    allowed
}

/// A queue without a worker, in the place of another.
pub(crate) async fn aside(world: &World, queue: &str) -> String {
    let name = format!("{queue}{ASIDE}");
    let created = world.system.aws.sqs.create_queue().queue_name(name).send().await.unwrap();
    created.queue_url.unwrap()
}

fn pairs(all: &[(String, String)]) -> Vec<(&str, &str)> {
    all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// Compares what passed with what the template allows.
fn compare(function: &str, proxy: &AwsProxy) {
    let (used, allowed) = (proxy.seen(), allowed(function));
    let refused: Vec<_> = used.difference(&allowed).collect();
    assert!(refused.is_empty(), "{function} would be refused: {refused:?}");
    // An index cannot be read otherwise; nothing is decided by what it says.
    let stale = proxy.stale_reads();
    assert!(
        stale.iter().all(|(_, table)| table.contains("/index/")),
        "{function} may read what is past: {stale:?}"
    );
    // What every function of the API may do is one policy, and not every one has something to put into the log or is asked
    // by a person who is signed in. So is the reading of businesses' secrets, and not every function here meets a business
    // that has one.
    let shared = [("PutItem", AUDIT_KEYS), ("GetItem", SIGN_IN_KEYS), ("UpdateItem", SIGN_IN_KEYS)]
        .map(|(action, keys)| (format!("dynamodb:{action}"), rows("RequestsTable", keys)));
    let secrets = ("secretsmanager:GetSecretValue".to_owned(), BUSINESS_SECRETS.to_owned());
    let is_shared = |access: &&Access| shared.contains(access) || **access == secrets;
    let idle: Vec<_> = allowed.difference(&used).filter(|access| !is_shared(access)).collect();
    assert!(idle.is_empty(), "{function} may do what it never does: {idle:?}");
}

/// A business with one line that upgrades its transcripts, so that every step of the pipeline has work.
async fn world() -> World {
    World::with(WorldConfig {
        business: |new| {
            new.business.max_concurrent_calls = 1;
            new.business.caps.minutes = Some(1_000_000); // Without a cap no sum is read.
            new.settings.policies.when_no_agent.text = Some("We will call you back.".into());
            new.settings.policies.transcript = domain::business::TranscriptPolicy::RecordingUpgrade;
        },
        schedules: false,
        ..WorldConfig::default()
    })
    .await
}

/// Fault 25, as every comparison here. The functions that a call in progress meets: early callbacks, quarantine, capacity, resumption, the read API.
async fn the_roles_of_the_voice_functions_and_the_api_fit() {
    let world = world().await;
    let mut proxies = BTreeMap::new();
    let mut sandboxes = BTreeMap::new();
    // Texts to refused callers stay where they are.
    let texts = aside(&world, "TextsQueue").await;
    for binary in
        ["voice-inbound", "voice-outbound", "voice-status", "voice-after-stream", "calls", "call-actions"]
    {
        let proxy = AwsProxy::of(&world).await;
        // One call fills the deployment, so that its slots are searched as well as the business's.
        let changes =
            [&[("MAX_CONCURRENT_CALLS", "1"), ("QUEUE_TEXTS", texts.as_str())][..], &proxy.everywhere()]
                .concat();
        sandboxes.insert(binary, HttpSandbox::start(&world, binary, &changes).await);
        proxies.insert(binary, proxy);
    }
    let [inbound, status, after] =
        ["voice-inbound", "voice-status", "voice-after-stream"].map(|binary| &sandboxes[binary]);
    let (first, second) = (call_sid(1), call_sid(2));
    for number in [local::demo::business::CALLER, acceptance::outbound::CALLEE] {
        super::contacts::booked_for(&world, number).await;
    }

    fill_deployment(&world, true).await;
    let full = inbound.receives(&world, &Webhook::inbound(&world, &call_sid(5))).await.1;
    assert!(full.contains("lines are busy"), "{full}");
    fill_deployment(&world, false).await;
    let early = Webhook::status(&world, &first, "initiated", 0);
    assert_eq!(status.receives(&world, &early).await.0, 204);
    // Of a call that is not open, in an account that no business brought, the owner of the number is looked for.
    let stranger = Webhook::inbound(&world, &call_sid(6)).field("AccountSid", acceptance::OWN_ACCOUNTS[0].0);
    assert_eq!(status.receives(&world, &stranger.at("/twilio/voice/status")).await.0, 403);
    let ringing = Webhook::inbound(&world, &first);
    assert!(inbound.receives(&world, &ringing).await.1.contains("<Stream"), "the call is opened");
    let busy = inbound.receives(&world, &Webhook::inbound(&world, &second)).await.1;
    assert!(busy.contains("lines are busy"), "{busy}");
    let nobodys = Webhook::inbound(&world, &call_sid(3)).field("To", "+12025550199");
    assert!(inbound.receives(&world, &nobodys).await.1.contains("not in service"));

    let stream = format!("MZ{}", "1".repeat(32));
    let began = ringing.clone().at("/twilio/stream/status").field("StreamSid", &stream);
    let began = began.field("StreamEvent", "stream-started");
    assert_eq!(status.receives(&world, &began).await.0, 204);
    let act = &sandboxes["call-actions"].url;
    let actions = async |key, body| post_at(&world, act, (&first, "actions"), key, &body).await.0;
    assert_eq!(actions("end", json!({ "action": "end" })).await, 202);
    assert_eq!(actions("transfer", json!({ "action": "transfer", "to": "nowhere" })).await, 422);
    // What its agent was told is asked for once more.
    super::contacts::lose_the_plan(&world, &first).await;
    let lost = ringing.clone().field("CallStatus", "in-progress").at("/twilio/voice/after-stream?epoch=1");
    assert_eq!(after.receives(&world, &lost).await.0, 200);
    // What is offered to a refused call is its business's.
    let refused = Webhook::inbound(&world, &second).field("CallStatus", "in-progress");
    let refused = after.receives(&world, &refused.at("/twilio/voice/after-stream?epoch=1")).await.1;
    assert!(refused.contains("lines are busy"), "{refused}");
    let completed = Webhook::status(&world, &first, "completed", 3);
    assert_eq!(status.receives(&world, &completed).await.0, 204);

    super::contacts::merged_away(&world).await;
    let recording = format!("/v1/calls/{first}/recording");
    for path in ["/v1/calls".to_owned(), with_everything(&first), recording] {
        let url = sandboxes["calls"].url.join(&path).unwrap();
        let key = world.identity.api_key.expose();
        let answer = world.http.get(url).bearer_auth(key).send().await.unwrap();
        assert_ne!(answer.status(), 503, "{path}");
    }
    orders::outbound_calls(&world, &sandboxes["voice-outbound"], status).await;
    // Calls that the sweep asks Twilio about, and that Twilio does not know; one of them was placed, and one is a test call.
    acceptance::browser::begun(&world, "test").await;
    let proxy = AwsProxy::of(&world).await;
    let sweep = ScheduleSandbox::start(&world, "call-sweep", &proxy.everywhere()).await;
    assert!(sweep.ticks(world.now().plus(std::time::Duration::from_secs(25 * 60 * 60))).await);
    compare("CallSweepFunction", &proxy);
    compare("VoiceInboundFunction", &proxies["voice-inbound"]);
    compare("VoiceOutboundFunction", &proxies["voice-outbound"]);
    compare("VoiceStatusFunction", &proxies["voice-status"]);
    compare("VoiceAfterStreamFunction", &proxies["voice-after-stream"]);
    compare("CallActionsFunction", &proxies["call-actions"]);
}

/// A call of whose recording Twilio says that it was begun, and nothing else.
async fn unannounced(world: &World) -> Arc<CallOutcome> {
    let outcome = unheard_of(world).await;
    let begun = Webhook::inbound(world, &outcome.call_sid)
        .at("/twilio/recording")
        .field("RecordingSid", &world.twilio.recordings(&outcome.call_sid)[0].sid)
        .field("RecordingStatus", "in-progress");
    assert_eq!(begun.send(world).await.0, 204);
    outcome
}

/// A call of whose recording Twilio says nothing.
async fn unheard_of(world: &World) -> Arc<CallOutcome> {
    let silent = RecordingFaults { callback_lost: true, ..Default::default() };
    let script = CallerScript::new(vec![CallerStep::BargeIn { after_agent_ms: 1_200 }, CallerStep::HangUp]);
    world.call_with(script, CallFaults { recording: silent, ..Default::default() }).await
}

/// The functions that find, lend and delete recordings.
async fn the_roles_of_what_becomes_of_a_recording_fit() {
    let world = world().await;
    let script = CallerScript::new(vec![CallerStep::BargeIn { after_agent_ms: 1_200 }, CallerStep::HangUp]);
    let outcome = world.call(script).await;
    world.complete_record(&outcome.call_sid).await;
    let sink = aside(&world, "RecordingsQueue").await;
    let sink = ("QUEUE_RECORDINGS", sink.as_str());
    let at = format!("/v1/calls/{}/recording", outcome.call_sid);
    let key = world.identity.api_key.expose();

    let proxy = AwsProxy::of(&world).await;
    let changes = [&[sink][..], &proxy.everywhere()].concat();
    let api = HttpSandbox::start(&world, "recordings", &changes).await;
    let asked = |method: Method, path: String| {
        world.http.request(method, api.url.join(&path).unwrap()).bearer_auth(key)
    };
    let shared = asked(Method::POST, format!("{at}/shares")).json(&json!({})).send().await.unwrap();
    let shared: serde_json::Value = shared.json().await.unwrap();
    let share = shared["id"].as_str().unwrap();

    let open = AwsProxy::of(&world).await;
    let public = HttpSandbox::start(&world, "recording-share", &open.everywhere()).await;
    let token = shared["url"].as_str().unwrap().rsplit('/').next().unwrap();
    let visit =
        async || world.http.post(public.url.join(&format!("/s/{token}")).unwrap()).send().await.unwrap();
    assert_eq!(visit().await.status(), 200, "the link led to the recording");
    let done = async |method: Method, path: &str| {
        let answer = asked(method, path.to_owned()).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
    };
    done(Method::PUT, &format!("{at}/hold")).await;
    done(Method::DELETE, &format!("{at}/hold")).await;

    // An object that went by another hand is missed, and the bucket says that it is not there.
    remove(&world, &outcome.call_sid).await;
    assert_eq!(visit().await.status(), 410);
    let again = asked(Method::POST, format!("{at}/shares")).json(&json!({})).send().await.unwrap();
    assert!(again.status().is_client_error(), "{}", again.status());
    compare("RecordingShareFunction", &open);
    done(Method::GET, &format!("{at}/shares")).await;
    done(Method::DELETE, &format!("{at}/shares/{share}")).await;
    done(Method::DELETE, &at).await;
    compare("RecordingsFunction", &proxy);

    // What the sweep asks for is not answered, so that in the end it gives the callback up.
    let proxy = AwsProxy::of(&world).await;
    let changes = [&[sink][..], &proxy.everywhere()].concat();
    let sweep = ScheduleSandbox::start(&world, "recording-sweep", &changes).await;
    let unheard = unannounced(&world).await;
    for tick in 1..=MAX_SWEEPS + 1 {
        assert!(sweep.ticks(world.now().plus(Duration::from_secs(48 * 3_600) * tick)).await);
    }
    compare("RecordingSweepFunction", &proxy);
    let given_up = world.record(&unheard.call_sid).await;
    assert_eq!(given_up.recording_state(), "failed");
}

/// The functions behind a call: its recording and its transcript.
async fn the_roles_of_the_pipeline_fit() {
    let world = world().await;
    // The recording is never announced, so this test is the only one who works on it.
    let unheard = unannounced(&world).await;
    let missed = world.twilio.recordings(&unheard.call_sid)[0].sid.clone();
    let outcome = unannounced(&world).await;
    let recording = world.twilio.recordings(&outcome.call_sid)[0].sid.clone();
    world.record_when(&outcome.call_sid, |record| !record.transcript_source.is_empty()).await;

    let broken = CutShort::call(&world).await;

    // What the sandboxes send goes to queues without workers.
    let mut sinks = vec![];
    for (variable, queue) in [
        ("QUEUE_RECORDINGS", "RecordingsQueue"),
        ("QUEUE_TRANSCRIPTS", "TranscriptsQueue"),
        ("QUEUE_INSIGHTS", "InsightsQueue"),
        ("DLQ_RECORDINGS", "RecordingsDlq"),
        ("DLQ_TRANSCRIPTS", "TranscriptsDlq"),
        ("DLQ_INSIGHTS", "InsightsDlq"),
    ] {
        sinks.push((variable, aside(&world, queue).await));
    }
    let sinks: Vec<_> = sinks.iter().map(|(variable, queue)| (*variable, queue.as_str())).collect();
    let proxy = AwsProxy::of(&world).await;
    let changes = [&sinks[..], &proxy.everywhere()].concat();
    let ready = HttpSandbox::start(&world, "recording-ready", &changes).await;
    let announced = Webhook::inbound(&world, &outcome.call_sid)
        .at("/twilio/recording")
        .field("RecordingSid", &recording)
        .field("RecordingStatus", "completed")
        .field("RecordingChannels", "2");
    for _ in 0..2 {
        assert_eq!(ready.receives(&world, &announced).await.0, 204);
    }
    let announced = Webhook::inbound(&world, &broken.call)
        .at("/twilio/recording")
        .field("RecordingSid", &broken.recording)
        .field("RecordingStatus", "completed")
        .field("RecordingChannels", "2");
    assert_eq!(ready.receives(&world, &announced).await.0, 204);
    let stranger = Webhook::inbound(&world, &call_sid(9)).at("/twilio/recording");
    let stranger = stranger.field("AccountSid", acceptance::OWN_ACCOUNTS[0].0);
    assert_eq!(ready.receives(&world, &stranger).await.0, 403);
    compare("RecordingReadyFunction", &proxy);

    let proxy = AwsProxy::of(&world).await;
    let changes = [&sinks[..], &proxy.everywhere()].concat();
    let archive = QueueSandbox::start(&world, "recording-archive", &changes).await;
    let no_job = json!("no job of ours");
    let silent = unheard_of(&world).await;
    world.record_when(&silent.call_sid, |record| record.status == "completed").await;
    assert!(archive.does(&json!({ "job": "account", "call": silent.call_sid }), 1).await);
    let copy = json!({ "job": "archive", "call": outcome.call_sid, "recording": recording });
    assert!(archive.does(&copy, 1).await);
    let find = json!({ "job": "find", "call": unheard.call_sid, "recording": missed });
    assert!(archive.does(&find, 1).await);
    assert!(archive.does(&no_job, 1).await, "it is buried");
    let copy = json!({ "job": "archive", "call": broken.call, "recording": broken.recording });
    assert!(!archive.does(&copy, 1).await, "it breaks off among its parts");

    let proxy_of_api = AwsProxy::of(&world).await;
    let to_api = [&sinks[..], &proxy_of_api.everywhere()].concat();
    let api = HttpSandbox::start(&world, "transcripts", &to_api).await;
    let key = world.identity.api_key.expose();
    let reprocess = async |call: &str| {
        let request = world.http.post(api.url.join(&format!("{call}/reprocess")).unwrap());
        let stages = json!({ "stages": ["recording", "transcript"] });
        request.bearer_auth(key).json(&stages).send().await.unwrap().status().as_u16()
    };
    assert_eq!(reprocess(&format!("/v1/calls/{}", broken.call)).await, 202, "it is copied again");

    let proxy_of_step = AwsProxy::of(&world).await;
    let changes = [&sinks[..], &proxy_of_step.everywhere()].concat();
    let step = QueueSandbox::start(&world, "transcript-step", &changes).await;
    crate::messages::leave(&world, &outcome.call_sid).await;
    // The second run looks for what the first one heard.
    let busy = HttpFault::rate_limited(Duration::from_secs(110));
    world.openai.transcribe_as(Transcription::Fault(busy));
    assert!(!step.does(&json!({ "call": outcome.call_sid }), 1).await, "the model is busy");
    world.leases_lapse();
    assert!(step.does(&json!({ "call": outcome.call_sid }), 2).await);
    assert!(step.does(&json!({ "call": broken.call }), 1).await, "it looks again when there is a recording");
    assert!(step.does(&no_job, 1).await, "it is buried");

    let proxy_of_insights = AwsProxy::of(&world).await;
    let changes = [&sinks[..], &proxy_of_insights.everywhere()].concat();
    let insights = QueueSandbox::start(&world, "call-insights", &changes).await;
    assert!(insights.does(&json!({ "call": broken.call }), 1).await, "it waits for the recording");

    // Something else is where the recording should be: the two are compared.
    broken.put_another(&world).await;
    world.leases_lapse();
    assert!(archive.does(&copy, 1).await, "it is buried: another attempt would find the same");
    // One that was never stored, and one that was: what the business keeps is counted again.
    let found = json!({ "job": "archive", "call": unheard.call_sid, "recording": missed });
    assert!(archive.does(&found, 1).await);
    for (call, recording) in [(&broken.call, &broken.recording), (&unheard.call_sid, &missed)] {
        let url = world.system.api_url.join(&format!("/v1/calls/{call}/recording")).unwrap();
        let deleted = world.http.delete(url).bearer_auth(key).send().await.unwrap();
        assert!(deleted.status().is_success(), "{}", deleted.status());
        assert!(archive.does(&json!({ "job": "erase", "call": call, "recording": recording }), 1).await);
    }
    compare("RecordingArchiveFunction", &proxy);

    let one = format!("/v1/calls/{}", outcome.call_sid);
    assert_eq!(reprocess(&one).await, 202);
    let read = world.http.get(api.url.join(&format!("{one}/transcript")).unwrap());
    assert_eq!(read.bearer_auth(key).send().await.unwrap().status(), 200);
    assert!(step.does(&json!({ "call": outcome.call_sid }), 1).await);
    let unrecorded = crate::opt_outs::unrecorded(&world).await;
    assert!(step.does(&json!({ "call": unrecorded }), 1).await, "a wish is recorded");
    compare("TranscriptStepFunction", &proxy_of_step);

    assert!(insights.does(&json!({ "call": outcome.call_sid }), 1).await);
    contacts::speaks(&world, &outcome.call_sid).await;
    assert!(insights.does(&json!({ "call": outcome.call_sid, "again": "1" }), 1).await);
    assert_eq!(world.record(&outcome.call_sid).await.outcome(), "done", "there is something to learn");
    assert!(!insights.does(&json!({ "call": call_sid(99) }), 1).await, "nobody rang with this one");
    assert!(insights.does(&no_job, 1).await, "it is buried");
    compare("CallInsightsFunction", &proxy_of_insights);
    let proxy = AwsProxy::of(&world).await;
    let events = HttpSandbox::start(&world, "events", &proxy.everywhere()).await;
    let key = world.identity.api_key.expose();
    let list = events.url.join("/v1/events").unwrap();
    // An event that no job tells of waits for its number.
    world.works_everything_off(&["EndpointsQueue"]).await;
    crate::endpoints::Happens::in_world(&world).quietly(1, "usage.warning", None).await;
    assert_eq!(world.http.get(list).bearer_auth(key).send().await.unwrap().status(), 200);
    compare("EventsFunction", &proxy);
    let record = world.complete_record(&outcome.call_sid).await;
    assert_eq!(record.transcript_source, "recording", "the pipeline had work to do");
    let transcript = api.url.join(&format!("{one}/transcript")).unwrap();
    let seen = world.http.get(transcript.clone()).bearer_auth(key).send().await.unwrap();
    let edited = json!({ "lines": [{ "speaker": "caller", "text": "Half past ten is perfect." }] });
    let edit =
        world.http.put(transcript).bearer_auth(key).header("if-match", &seen.headers()["etag"]).json(&edited);
    assert_eq!(edit.send().await.unwrap().status(), 200);
    compare("TranscriptsFunction", &proxy_of_api);

    // The contact of the call has gone into another one, which is looked up by itself.
    super::contacts::merged_away(&world).await;
    let proxy = AwsProxy::of(&world).await;
    let calls = HttpSandbox::start(&world, "calls", &proxy.everywhere()).await;
    let one = format!("/v1/calls/{}", outcome.call_sid);
    let beside = "/v1/calls?end_reason=agent_hang_up&lead_status=booked&has_recording=true";
    let (whole, recording) = (with_everything(&outcome.call_sid), format!("{one}/recording"));
    for path in ["/v1/calls", "/v1/calls?status=live", beside, &one, &whole, &recording] {
        let url = calls.url.join(path).unwrap();
        let answer = world.http.get(url).bearer_auth(world.identity.api_key.expose()).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
    }
    compare("CallsFunction", &proxy);
}

acceptance::tests![
    the_roles_of_the_voice_functions_and_the_api_fit,
    the_roles_of_what_becomes_of_a_recording_fit,
    the_roles_of_the_pipeline_fit,
];
