//! The bucket behind the product's back, and a recording that is hard to bring there.

use domain::recording::object_key;
use domain::{CallSid, RecordingSid};
use platform::objects::PART_BYTES;
use simulator::twilio::{CallFaults, CallerScript, CallerStep, LineRecording, MediaFault, RecordingFaults};

use crate::World;

/// A recording that is longer than one part of an upload, that breaks off when it is fetched first, and of which no
/// callback tells.
pub struct CutShort {
    pub call: String,
    pub recording: String,
}

impl CutShort {
    /// The call that leaves it behind; its realtime transcript is there.
    pub async fn call(world: &World) -> Self {
        let media = vec![MediaFault::Cut(0.95)];
        let recording = RecordingFaults { callback_lost: true, media, ..Default::default() };
        let script =
            CallerScript::new(vec![CallerStep::BargeIn { after_agent_ms: 1_200 }, CallerStep::HangUp]);
        let outcome = world.call_with(script, CallFaults { recording, ..Default::default() }).await;
        let call = outcome.call_sid.clone();
        world.record_when(&call, |record| !record.transcript_source.is_empty()).await;
        let recording = world.twilio.recordings(&call)[0].sid.clone();
        // Two channels of two bytes, 8,000 times a second.
        let silence = vec![0xFF; PART_BYTES / 4 + 80_000];
        world.twilio.replace_recording(&recording, LineRecording { caller: silence.clone(), agent: silence });
        Self { call, recording }
    }

    /// Puts something else where the recording will be.
    pub async fn put_another(&self, world: &World) {
        let call = CallSid::parse(&self.call).expect("a call");
        let recording = RecordingSid::parse(&self.recording).expect("a recording");
        let key = object_key(&world.business.business.id, &call, &recording);
        let bucket = world.system.name("RecordingsBucket").expect("a bucket");
        let put = world.system.aws.s3.put_object().bucket(bucket).key(key);
        put.body(b"another".to_vec().into()).send().await.expect("S3 takes it");
    }
}

/// Takes all objects of a call out of the bucket.
pub async fn remove(world: &World, call: &str) {
    let bucket = world.system.name("RecordingsBucket").expect("a bucket");
    let s3 = &world.system.aws.s3;
    let listed = s3.list_objects_v2().bucket(bucket).send().await.expect("S3 lists it");
    let keys: Vec<_> = listed.contents().iter().filter_map(|object| object.key()).collect();
    assert!(keys.iter().any(|key| key.contains(call)), "{keys:?}");
    for key in keys.iter().filter(|key| key.contains(call)) {
        s3.delete_object().bucket(bucket).key(*key).send().await.expect("S3 deletes it");
    }
}
