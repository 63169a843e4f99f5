//! A recording goes when its time is over or its business says so, unless it is held; a tombstone stays.

use std::time::Duration;

use acceptance::sandbox::ScheduleSandbox;
use acceptance::{World, WorldConfig};
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use domain::recording::Retention;
use http::Method;
use serde_yaml_ng::Value;
use simulator::twilio::{CallOutcome, RecordingStatus};

use super::recording::short_call;

/// A world that keeps recordings for 30 days, with one in it.
async fn recorded() -> (World, std::sync::Arc<CallOutcome>) {
    let world = World::with(WorldConfig {
        business: |new| new.settings.policies.recording.retention = Retention::Days30,
        ..WorldConfig::default()
    })
    .await;
    let outcome = world.call(short_call()).await;
    world.complete_record(&outcome.call_sid).await;
    (world, outcome)
}

async fn asks(world: &World, method: Method, path: &str) -> u16 {
    let request = world.http.request(method, world.url(path)).bearer_auth(world.identity.api_key.expose());
    request.send().await.unwrap().status().as_u16()
}

/// The tags of the one object; empty without an object.
async fn tag(world: &World) -> Option<String> {
    let (s3, bucket) = (&world.system.aws.s3, world.system.name("RecordingsBucket").unwrap());
    let listed = s3.list_objects_v2().bucket(bucket).send().await.unwrap();
    let key = listed.contents().first()?.key()?.to_owned();
    let tags = match s3.get_object_tagging().bucket(bucket).key(key).send().await {
        // Deleted since it was listed.
        Err(error) if error.code() == Some("NoSuchKey") => return None,
        tags => tags.unwrap(),
    };
    tags.tag_set().iter().find(|tag| tag.key() == Retention::TAG).map(|tag| tag.value().to_owned())
}

async fn is_erased(world: &World, sid: &str) {
    let erased = || async {
        let there = tag(world).await.is_some();
        let at_twilio = world.twilio.recordings(sid)[0].status != RecordingStatus::Deleted;
        (!there && !at_twilio).then_some(())
    };
    world.until(erased).await;
}

async fn what_was_kept_long_enough_is_deleted_and_what_is_held_is_not() {
    let (world, outcome) = recorded().await;
    let recording = format!("/v1/calls/{}/recording", outcome.call_sid);
    let sweep = ScheduleSandbox::start(&world, "recording-sweep", &[]).await;
    assert_eq!(tag(&world).await.as_deref(), Some("30-days"));
    let day = |n: u32| world.now().plus(Duration::from_secs(24 * 3_600) * n);
    assert!(sweep.ticks(day(29)).await);
    assert_eq!(world.record(&outcome.call_sid).await.recording_state(), "archived");

    for _ in 0..2 {
        assert_eq!(asks(&world, Method::PUT, &format!("{recording}/hold")).await, 204);
    }
    assert_eq!(tag(&world).await.as_deref(), Some("hold"), "no lifecycle rule matches it");
    assert!(sweep.ticks(day(31)).await);
    assert_eq!(asks(&world, Method::DELETE, &recording).await, 409, "not even its business deletes it");
    let held = world.record(&outcome.call_sid).await;
    assert_eq!((held.recording_state(), held.recording().legal_hold), ("archived", true));

    assert_eq!(asks(&world, Method::DELETE, &format!("{recording}/hold")).await, 204);
    assert_eq!(tag(&world).await.as_deref(), Some("30-days"));
    assert!(sweep.ticks(day(31)).await);
    let gone = world.record(&outcome.call_sid).await;
    assert_eq!(gone.recording_state(), "deleted");
    assert_eq!(gone.recording().reason, "retention_over");
    assert!(!gone.recording().deleted_at.is_empty());
    assert_eq!(world.get(&recording).await.0, 410);
    is_erased(&world, &outcome.call_sid).await;
}

async fn a_business_deletes_its_recording_here_and_at_twilio() {
    let (world, outcome) = recorded().await;
    let recording = format!("/v1/calls/{}/recording", outcome.call_sid);
    let nobody = world.http.delete(world.url(&recording)).bearer_auth("another's key").send().await.unwrap();
    assert_eq!(nobody.status(), 401);
    for _ in 0..2 {
        assert_eq!(asks(&world, Method::DELETE, &recording).await, 204);
        assert_eq!(world.get(&recording).await.0, 410, "from this moment on");
    }
    is_erased(&world, &outcome.call_sid).await;
    let record =
        world.record_when(&outcome.call_sid, |record| !record.recording().deleted_at_twilio.is_empty()).await;
    assert_eq!(record.recording().reason, "requested");
    assert_eq!(
        asks(&world, Method::PUT, &format!("{recording}/hold")).await,
        409,
        "there is nothing to hold"
    );
}

/// A class of retention that no rule of the bucket knows would keep its objects for ever.
fn each_class_of_retention_is_a_lifecycle_rule() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml");
    let template: Value = serde_yaml_ng::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let rules = &template["Resources"]["RecordingsBucket"]["Properties"]["LifecycleConfiguration"]["Rules"];
    let mut expiring = vec![];
    for rule in rules.as_sequence().unwrap().iter().filter(|rule| !rule["ExpirationInDays"].is_null()) {
        assert_eq!(rule["Status"], "Enabled");
        assert_eq!(rule["TagFilters"][0]["Key"], Retention::TAG);
        let value = rule["TagFilters"][0]["Value"].as_str().unwrap().to_owned();
        assert_ne!(value, Retention::HOLD);
        expiring.push((value, rule["ExpirationInDays"].as_u64().unwrap()));
    }
    let classes = Retention::ALL
        .iter()
        .filter_map(|class| class.days().map(|days| (class.as_str().to_owned(), u64::from(days))));
    // What came with a text is kept as long as the text, for which a business has no choice.
    let of_texts = ("400-days".to_owned(), 400);
    assert_eq!(expiring, Vec::from_iter(classes.chain([of_texts])));
    // Fault 34: parts that are neither completed nor aborted are not billed for ever.
    let aborts = |rule: &Value| !rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"].is_null();
    assert!(rules.as_sequence().unwrap().iter().any(aborts));
}

acceptance::tests![
    what_was_kept_long_enough_is_deleted_and_what_is_held_is_not,
    a_business_deletes_its_recording_here_and_at_twilio,
    each_class_of_retention_is_a_lifecycle_rule,
];
