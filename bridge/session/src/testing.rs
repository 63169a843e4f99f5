//! What tests inside the crate share.

use std::time::{Duration, Instant};

use domain::business::ConversationPolicy;
use domain::{CallPlan, Direction, Timestamp, testing};

use crate::facts::Facts;
use crate::input::ModelAudio;

/// Some moment to count from: an `Instant` cannot be made of nothing.
#[expect(clippy::disallowed_methods, reason = "the tests' one look at a clock; all times are relative to it")]
pub(crate) fn origin() -> Instant {
    Instant::now()
}

pub(crate) const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn plan(conversation: ConversationPolicy) -> CallPlan {
    CallPlan { direction: Direction::Outbound, greeting: None, conversation, ..testing::plan(1) }
}

/// The facts of a conversation that begins at `now` under this policy.
pub(crate) fn facts(now: Instant, conversation: ConversationPolicy) -> Facts {
    let plan = plan(conversation);
    let mut facts = Facts::new(now, Timestamp(0));
    facts.call.start(now, plan.call.clone());
    facts.call.plan_claimed(Box::new(plan));
    facts.leg.attempt(now);
    facts.leg.configured(None);
    facts.leg.go_over(now);
    facts
}

/// The agent says something for a second, as the response `r`.
pub(crate) fn agent_speaks(now: Instant, facts: &mut Facts) {
    let payload = vec![b'/'; 8_000 / 3 * 4];
    let audio = ModelAudio { response: "r", item: "i", content_index: 0, payload: &payload };
    facts.gate.saw(now, "r", true, false);
    assert!(facts.playback.send(now, &audio).is_some());
}
