//! One business's call and the pieces it is made of.

use std::time::Duration;

use domain::{CallPlan, CallSid, Secret, StreamSid, testing};
use session::Input;

pub(crate) fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn call() -> CallSid {
    testing::call_sid(1)
}

pub(crate) fn start() -> Input<'static> {
    Input::StreamStarted {
        call: call(),
        stream: StreamSid::parse(&format!("MZ{}", "2".repeat(32))).unwrap(),
        token: Secret::new("1.token"),
    }
}

/// SIGTERM, with the time that ECS gives.
pub(crate) fn drain() -> Input<'static> {
    Input::Drain { within: secs(100) }
}

/// A model that is configured and lasts its usual hour.
pub(crate) fn ready() -> Input<'static> {
    Input::ModelReady { lifetime: Some(secs(3_600)) }
}

pub(crate) fn plan() -> CallPlan {
    testing::plan(1)
}

/// Base64 that plays for `millis`.
pub(crate) fn audio(millis: u64) -> Vec<u8> {
    let bytes = millis as usize * 8;
    let mut payload = vec![b'/'; bytes.div_ceil(3) * 4];
    let padding = bytes.div_ceil(3) * 3 - bytes;
    let end = payload.len();
    payload[end - padding..].fill(b'=');
    payload
}
