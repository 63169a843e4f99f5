//! What happens in the demonstration call: a customer books a service and interrupts the agent once.

use simulator::audio::speech::{self, Clip};
use simulator::openai::{Fact, Reply, Script, Step};
use simulator::twilio::{CallerScript, CallerStep};

/// How long the agent must be quiet before the caller takes it for the end of a turn.
const QUIET_MS: u64 = 700;
/// The caller does not wait for an answer for ever.
const PATIENCE_MS: u64 = 15_000;
/// How much of the long answer the caller listens to before interrupting.
const LISTENS_MS: u64 = 4_000;

/// The caller's part.
pub fn caller() -> CallerScript {
    CallerScript::new(vec![
        listen(),
        say(&speech::CALLER_SERVICE),
        CallerStep::BargeIn { after_agent_ms: LISTENS_MS },
        say(&speech::CALLER_BARGE_IN),
        listen(),
        say(&speech::CALLER_BYE),
    ])
}

/// The simulated model's part.
pub fn model() -> Script {
    Script::new(
        Reply::say(&speech::AGENT_GREETING),
        vec![
            Step::clip(&speech::CALLER_SERVICE, Reply::say(&speech::AGENT_SLOTS)),
            Step::clip(&speech::CALLER_BARGE_IN, Reply::say(&speech::AGENT_CONFIRM)),
            Step::clip(&speech::CALLER_BYE, Reply::say(&speech::AGENT_BYE).and_call("end_call", "{}")),
        ],
    )
}

/// What the simulated model understands of that conversation. The caller gives no name, so no name is extracted.
pub fn facts() -> Vec<Fact> {
    vec![
        Fact::new("service", "bicycle service", "I would like to bring my bicycle in for a service"),
        Fact::new("requested_time", "10:30", "half past ten is perfect"),
        Fact::new("lead_status", "booked", "Half past ten on Thursday, I have noted that"),
    ]
}

/// A caller who says one recording of the user's own and then listens until the agent hangs up.
///
/// The simulated model cannot know what was said, and its transcript says so.
pub fn own_recording(mulaw: Vec<u8>) -> CallerScript {
    CallerScript::new(vec![
        listen(),
        CallerStep::Say { mulaw, label: "your recording".into() },
        listen(),
        CallerStep::HangUp,
    ])
}

/// The simulated model's part when the caller's words are not known in advance.
pub fn model_for_own_recording() -> Script {
    let unknown = "[the simulated model does not understand speech: words unknown]";
    Script::new(
        Reply::say(&speech::AGENT_GREETING),
        vec![Step::text(unknown, Reply::say(&speech::AGENT_CONFIRM))],
    )
}

fn listen() -> CallerStep {
    CallerStep::WaitForAgent { quiet_ms: QUIET_MS, max_ms: PATIENCE_MS }
}

fn say(clip: &Clip) -> CallerStep {
    CallerStep::Say { mulaw: clip.mulaw().to_vec(), label: clip.text.into() }
}
